#include "core/domain/domain.h"
#include "core/domain/meeting_sql.h"

#define BY_SOCIAL_WORK                                                                                                 \
  WRITERS(IN("social-work", ROLE_PRACTITIONER), IN("social-work", ROLE_LEAD_PROFESSIONAL),                             \
          IN("social-work", ROLE_CHAIR))
#define CHILDREN ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child it is about")
#define MEETING ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting")
/* What convening and a change of it say alike; type, time and chair only where least is 1 they must. */
#define CONVENED(least)                                                                                                \
  CODE("type", IN_FACT, "initial|review|pre-birth|transfer", least, 1, "what sort of meeting"),                        \
      TIME("on", IN_FACT, least, "when it is held"),                                                                   \
      ENTRY("chair", IN_REF, "person.add", least, 1, "who chairs it (R-011, R-012)"),                                  \
      ENTRY("minute-taker", IN_REF, "person.add", 0, 1, "who takes the minute; not the chair (R-134)"),                \
      ENTRY("investigation", IN_REF, "investigation.record", 0, 1, "the investigation that led to it (R-001, N-22)"),  \
      DATE("decided", IN_FACT, 0, "the day on which it was decided to convene it; otherwise today (R-013)"),           \
      DATE("chair-consulted", IN_FACT, 0, "the day on which the chair was consulted on whom to invite (R-022)"),       \
      CODE("format", IN_CONTENT, "physical|virtual|hybrid", 0, 1, "how people meet"),                                  \
      TEXT("place", IN_CONTENT, 300, 0, 1, "where it is held"),                                                        \
      TEXT("purpose", IN_CONTENT, 2000, 0, 1, "why it is convened"),                                                   \
      CODE("short-notice", IN_FACT, "nature-of-concern|perceived-risk|other", 0, 1,                                    \
           "why there is less notice than the profile asks for (R-014)"),                                              \
      TEXT("short-notice-reason", IN_CONTENT, 2000, 0, 1, "the same in words (R-014)"),                                \
      ENTRY("short-notice-by", IN_REF, "person.add", 0, 1, "who approved the short notice (R-014)")

#define HELD_APART(least)                                                                                              \
  CODE("family", IN_FACT, "open|closed", least, 1, "open to the family, or without them?"),                            \
      TEXT("from", IN_CONTENT, 20, 0, 1, "the time of day it began (R-094)"),                                          \
      TEXT("until", IN_CONTENT, 20, 0, 1, "the time of day it ended (R-094)"),                                         \
      ENTRY("out", IN_REF, "family.add", 0, 16, "each member of the family who was out (R-094)"),                      \
      TEXT("reason", IN_CONTENT, 2000, 0, 1, "why it was held without the family"),                                    \
      CODE("prepared", IN_FACT, YES_NO, 0, 1, "did the chair prepare the family for it? (R-094)"),                     \
      CODE("explained", IN_FACT, YES_NO, 0, 1, "did the chair explain the reasons to them? (R-095)")
#define HELD_APART_CLEAR "from|until|out|reason|prepared|explained"
#define CONVENED_CLEAR                                                                                                 \
  "minute-taker|investigation|chair-consulted|format|place|purpose|short-notice|short-notice-reason|short-notice-by"
/* clang-format off */
#define HELD_APART_SET \
  CHANGED("from_time", "from", "from") ", " \
  CHANGED("until_time", "until", "until") ", " \
  CHANGED("out", "out", "out") ", " \
  CHANGED("reason", "reason", "reason") ", " \
  CHANGED("prepared", "prepared", "prepared") ", " \
  CHANGED("explained", "explained", "explained")
#define CONVENED_SET \
  CHANGED("minute_taker", "minute_taker", "minute-taker") ", " \
  CHANGED("investigation", "investigation", "investigation") ", " \
  CHANGED("chair_consulted", "chair_consulted", "chair-consulted") ", " \
  CHANGED("format", "format", "format") ", " \
  CHANGED("place", "place", "place") ", " \
  CHANGED("purpose", "purpose", "purpose") ", " \
  CHANGED("short_notice", "short_notice", "short-notice") ", " \
  CHANGED("short_notice_reason", "short_notice_reason", "short-notice-reason") ", " \
  CHANGED("short_notice_by", "short_notice_by", "short-notice-by")
/* clang-format on */

const struct kind meeting_kinds[] = {
    {
        .name = "meeting.convene",
        .help = "a Child Protection Planning Meeting of several professions is convened (R-002; R-010: by social work)",
        .audience = AUDIENCE_CASE,
        .moves_scope = true,
        BY_SOCIAL_WORK,
        FIELDS(CHILDREN, CONVENED(1)),
        .views = "meeting",
        .project = {"INSERT INTO meeting(object, number, type, held_on, chair, minute_taker, investigation, convener, "
                    "decided, format, place, purpose, chair_consulted, short_notice, short_notice_reason, "
                    "short_notice_by) VALUES(:id, :entry_number, :type, :on, :chair, :minute_taker, :investigation, "
                    ":by, coalesce(:decided, substr(:at, 1, 10)), :format, :place, :purpose, :chair_consulted, "
                    ":short_notice, :short_notice_reason, :short_notice_by)"},
        .line = "purpose",
    },
    {
        .name = "meeting.change",
        .help = "what was arranged for a meeting is arranged anew: another time, chair, place",
        .audience = AUDIENCE_CASE,
        .moves_scope = true,
        BY_SOCIAL_WORK,
        FIELDS(CHILDREN, MEETING, CONVENED(0), CLEAR(CONVENED_CLEAR)),
        .object = "meeting",
        .is_change = true,
        .project = {"UPDATE meeting SET type = coalesce(:type, type), held_on = coalesce(:on, held_on), "
                    "chair = coalesce(:chair, chair), decided = coalesce(:decided, decided), " CONVENED_SET
                    " WHERE object = :object"},
        .line = "purpose",
    },
    {
        .name = "segment.record",
        .help = "a part of a meeting, open to the family or held without them (R-052)",
        .audience = AUDIENCE_PROFESSIONALS,
        WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER)),
        FIELDS(CHILDREN, MEETING, HELD_APART(1)),
        .views = "segment",
        .project = {"INSERT INTO segment(object, number, meeting, family, from_time, until_time, out, reason, "
                    "prepared, explained, said) VALUES(:id, :entry_number, :meeting, :family, :from, :until, :out, "
                    ":reason, :prepared, :explained, :entry_number)"},
        .line = "family reason",
    },
    {
        .name = "segment.change",
        .help = "more is said about a part of a meeting, or it is put right",
        .audience = AUDIENCE_PROFESSIONALS,
        WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER)),
        FIELDS(CHILDREN, ENTRY_OF_CHILD("segment", "segment.record", "the part"), HELD_APART(0),
               CLEAR(HELD_APART_CLEAR)),
        .object = "segment",
        .is_change = true,
        .project = {"UPDATE segment SET family = coalesce(:family, family), " HELD_APART_SET
                    ", said = :entry_number WHERE object = :object"},
        .line = "family reason",
    },
    {
        .name = "assessment.record",
        .help = "what a meeting found about the risk to a child, and the outline of the plan (R-004, R-005)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER), ANY(ROLE_LEAD_PROFESSIONAL)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"), MEETING,
               TEXT("risk", IN_CONTENT, 8000, 1, 1, "the risks, as the meeting assessed them together (R-004)"),
               TEXT("strengths", IN_CONTENT, 8000, 0, 1, "what protects the child"),
               TEXT("outline", IN_CONTENT, 8000, 0, 1, "the outline of the plan that was agreed (R-005)")),
        .views = "assessment",
        .project = {"INSERT INTO assessment(object, number, child, meeting, risk, strengths, outline) "
                    "VALUES(:id, :entry_number, :child, :meeting, :risk, :strengths, :outline)"},
        .line = "risk",
    },
    {
        .name = "view.record",
        .help = "a participant's view on risk, plan and registration (R-102 to R-104)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"), MEETING,
               TEXT("risk", IN_CONTENT, 4000, 1, 1, "view on the level of risk"),
               CODE("plan", IN_CONTENT, "yes|no|unsure", 1, 1, "is a Child Protection Plan needed?"),
               CODE("register", IN_CONTENT, "yes|no|unsure", 1, 1, "should the name be placed on the register?")),
        .views = "participant_view",
        .project = {"INSERT INTO participant_view(object, number, child, meeting, risk, plan, register, by) "
                    "VALUES(:id, :entry_number, :child, :meeting, :risk, :plan, :register, :by)"},
        .line = "risk plan register",
    },
    {
        .name = "meeting.close",
        .help = "the chair closes a meeting, and says whether it had a quorum (N-29, N-33, N-35)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR)),
        FIELDS(
            CHILDREN, MEETING,
            CODE("quorate", IN_FACT, "yes|no", 1, 1, "did every core agency of the profile attend? (R-016 to R-019)"),
            DATE("early-review", IN_FACT, 0, "of a meeting without quorum: when its early review is held (N-35)"),
            TEXT("reasons", IN_CONTENT, 4000, 0, 1, "why the meeting went on without a quorum (N-35)"),
            TEXT("safeguards", IN_CONTENT, 4000, 0, 1, "what keeps the child safe until the review (N-35)")),
        .views = "meeting_close",
        .project = {"INSERT INTO meeting_close(object, number, meeting, quorate, reasons, safeguards, early_review, "
                    "closed, by) VALUES(:id, :entry_number, :meeting, :quorate, :reasons, :safeguards, :early_review, "
                    ":admitted, :by)"},
        .line = "quorate reasons",
    },
    {0},
};

/* Core agencies of the profile whose practitioners did not attend. */
#define MISSING_AGENCIES                                                                                               \
  "SELECT q.value || ': no attendance' AS what FROM json_each(" SETTING(                                               \
      "quorum") ") q WHERE NOT EXISTS "                                                                                \
                "(SELECT 1 FROM represented r WHERE r.meeting = :meeting AND r.agency_type = q.value)"
#define LATEST_CLOSE(column)                                                                                           \
  "(SELECT " column " FROM meeting_close WHERE meeting = :meeting ORDER BY number DESC LIMIT 1)"
/* A meeting without quorum says so when it is closed; then N-35 asks for reasons and safeguards. */
#define CORE_AGENCY(number_, type, agency)                                                                             \
  {                                                                                                                    \
    .number = number_, .class = RULE_HARD, .about = ABOUT_MEETING, .gates = "meeting.close",                           \
    .words = "a planning meeting must include a representative of " agency,                                            \
    .remedy = "record the attendance of their practitioner (cairn attendance record), or close the meeting as one "    \
              "without quorum, with reasons, safeguards and an early review",                                          \
    .source = PROCEDURE "Who should attend",                                                                           \
    .query = "SELECT 'na', '' WHERE " SETTING(                                                                         \
        "quorum") " IS NOT NULL AND NOT EXISTS "                                                                       \
                  "(SELECT 1 FROM json_each(" SETTING("quorum") ") WHERE value = '" type "') UNION ALL " LACKS(        \
                      "CASE " LATEST_CLOSE("quorate") " WHEN 'yes' THEN 'broken' ELSE 'open' END",                     \
                      "SELECT what FROM (" MISSING_AGENCIES ") WHERE what = '" type ": no attendance'"),               \
  }

/* The newest closed meeting about c.child that was held before the meeting m. */
#define BEFORE(column)                                                                                                 \
  "(SELECT " column " FROM entry_child pe JOIN meeting pm ON pm.number = pe.number "                                   \
  "JOIN meeting_close pc ON pc.meeting = pm.object WHERE pe.child IN " SAME_CHILD " AND pm.object <> m.object "        \
  "AND pm.held_on < m.held_on ORDER BY pm.held_on DESC, pc.number DESC LIMIT 1)"
#define DUE_AGAIN "due(m.held_on, " SETTING("reconvene") ", " SETTING("reconvene-unit") ", " SETTING("holiday") ")"

/* What is after all that: what the investigation gave, and how late a senior manager allowed the meeting to be. */
#define DUE_AFTER_INVESTIGATION                                                                                        \
  "due(i.held_on, " SETTING("meeting-after-investigation") ", " SETTING(                                               \
      "meeting-after-investigation-unit") ", " SETTING("holiday") ")"
#define LATE_MEETING                                                                                                   \
  "SELECT i.held_on AS investigated, substr(m.held_on, 1, 10) AS held, " DUE_AFTER_INVESTIGATION " AS due, "           \
  "(SELECT max(d.until_date) FROM meeting_delay d WHERE d.investigation = i.object) AS allowed "                       \
  "FROM meeting m JOIN investigation i ON i.object = m.investigation WHERE m.object = :meeting AND held > due"

#define VIEWER PERSON_OF("v.by")
#define DISSENTER PERSON_OF("d.by")
/* Persons of the Reporter's agency who in this act give a view, disagree, are to chair or to take the minute, or are
 * named as a lead professional. */
#define REPORTER_INVOLVED                                                                                              \
  "SELECT 'broken', p.name FROM person p JOIN agency g ON g.object = p.agency WHERE g.type = 'reporter' AND "          \
  "p.object IN (SELECT " VIEWER " FROM participant_view v WHERE v.number BETWEEN :first AND :last "                    \
  "UNION ALL SELECT " DISSENTER " FROM dissent d WHERE d.number BETWEEN :first AND :last "                             \
  "UNION ALL SELECT d.person FROM dissent d WHERE d.number BETWEEN :first AND :last "                                  \
  "UNION ALL SELECT l.person FROM lead l WHERE l.number BETWEEN :first AND :last "                                     \
  "UNION ALL SELECT m.chair FROM meeting m WHERE m.number BETWEEN :first AND :last "                                   \
  "UNION ALL SELECT m.minute_taker FROM meeting m WHERE m.number BETWEEN :first AND :last "                            \
  "UNION ALL SELECT m.chair FROM meeting_close x JOIN meeting m ON m.object = x.meeting "                              \
  "WHERE x.number BETWEEN :first AND :last UNION ALL SELECT m.minute_taker FROM meeting_close x "                      \
  "JOIN meeting m ON m.object = x.meeting WHERE x.number BETWEEN :first AND :last)"
/* Who attended a meeting that this act closes for the Reporter, or as an observer, in another role. */
#define OBSERVER_INVOLVED                                                                                              \
  "SELECT 'broken', a.name || ' as ' || a.role FROM meeting_close x JOIN participant a ON a.meeting = x.meeting "      \
  "WHERE x.number BETWEEN :first AND :last AND a.role <> 'reporter-observer' AND (a.agency_type = 'reporter' "         \
  "OR a.person IN (SELECT o.person FROM attendance o WHERE o.meeting = x.meeting AND o.role = 'reporter-observer'))"

#define NOT_INVESTIGATED                                                                                               \
  "SELECT c.name AS what FROM meeting_child c JOIN meeting m ON m.object = c.meeting WHERE c.meeting = :meeting "      \
  "AND NOT EXISTS (SELECT 1 FROM investigation i JOIN entry_child e ON e.number = i.number "                           \
  "WHERE i.object = m.investigation AND e.child IN " SAME_CHILD ")"
/* Agencies that work with a child of the meeting, were not there, and gave no reason. */
#define NOT_REPRESENTED                                                                                                \
  "SELECT DISTINCT g.name || ' (' || c.name || ')' AS what FROM meeting_child c "                                      \
  "JOIN involvement i ON i.child IN " SAME_CHILD " JOIN agency g ON g.object = i.agency "                              \
  "WHERE c.meeting = :meeting AND i.ended_by IS NULL AND g.type <> 'reporter' "                                        \
  "AND NOT EXISTS (SELECT 1 FROM represented r WHERE r.meeting = :meeting AND r.agency = i.agency) "                   \
  "AND NOT EXISTS (SELECT 1 FROM participant p WHERE p.meeting = :meeting AND p.agency = i.agency "                    \
  "AND p.reason IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM consideration k WHERE k.meeting = :meeting "                \
  "AND k.agency = i.agency AND k.reason IS NOT NULL)"
#define CHAIR_BEFORE BEFORE("pm.chair")
#define QUORATE_BEFORE BEFORE("pc.quorate")
#define QUORATE LATEST_CLOSE("quorate")
#define OTHER_CHAIR                                                                                                    \
  "SELECT c.name || ': ' || p.name || ' chaired before' AS what FROM meeting_child c "                                 \
  "JOIN meeting m ON m.object = c.meeting JOIN person p ON p.object = " CHAIR_BEFORE                                   \
  " WHERE c.meeting = :meeting AND m.type = 'review' AND p.object <> m.chair"
#define SECOND_WITHOUT_QUORUM                                                                                          \
  "SELECT c.name AS what FROM meeting_child c JOIN meeting m ON m.object = c.meeting WHERE c.meeting = :meeting "      \
  "AND " QUORATE_BEFORE " = 'no' AND coalesce(" QUORATE " = 'no', EXISTS (" MISSING_AGENCIES "))"
#define NOT_RECONVENED                                                                                                 \
  "SELECT due, c.name || ': another meeting by ' || due AS what FROM (SELECT m.object AS object, m.held_on AS "        \
  "held_on, " DUE_AGAIN                                                                                                \
  " AS due FROM meeting m WHERE m.object = :meeting) m JOIN meeting_child c ON c.meeting = m.object "                  \
  "WHERE due IS NOT NULL AND NOT EXISTS (SELECT 1 FROM entry_child ne JOIN meeting nm ON nm.number = ne.number "       \
  "WHERE ne.child IN " SAME_CHILD " AND nm.held_on > m.held_on AND substr(nm.held_on, 1, 10) <= due)"
#define NOT_SAFE                                                                                                       \
  "SELECT NULL, c.name || ': an interim safety plan' FROM meeting_child c WHERE c.meeting = :meeting AND NOT EXISTS "  \
  "(SELECT 1 FROM safety_plan s JOIN entry_child se ON se.number = s.number WHERE se.child IN " SAME_CHILD ")"
#define CHAIR_AGENCIES SETTING("chair-agency")
#define CHAIR_POSTS SETTING("chair-post")
#define QUORUM SETTING("quorum")
#define WITHOUT(field) "SELECT '" field "' AS what WHERE " LATEST_CLOSE(field) " IS NULL"

const struct rule meeting_rules[] = {
    {
        .number = "R-001",
        .class = RULE_REASON,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "a planning meeting follows a child protection investigation, and this one names none for",
        .remedy = "name it: cairn meeting change --investigation",
        .source = PROCEDURE "What is the purpose of the meeting",
        .query = "SELECT 'na', '' FROM meeting WHERE object = :meeting AND type NOT IN ('initial', 'pre-birth') "
                 "UNION ALL " LACKS("'broken'", NOT_INVESTIGATED),
    },
    CONFIRM("R-003", "information was shared as far as was proportionate",
            PROCEDURE "What is the purpose of the meeting"),
    {
        .number = "R-004",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "the professions assess the risk together, for each child",
        .remedy = "record it: cairn assessment record",
        .source = PROCEDURE "What is the purpose of the meeting",
        .query = LACKS("'open'", "SELECT c.name AS what FROM meeting_child c WHERE c.meeting = :meeting AND NOT EXISTS "
                                 "(SELECT 1 FROM assessment a WHERE a.meeting = :meeting AND a.child = c.child)"),
    },
    {
        .number = "R-005",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "where a plan is required, its outline is agreed",
        .remedy = "record it: cairn assessment record --outline",
        .source = PROCEDURE "What is the purpose of the meeting",
        .query = LACKS("'open'", "SELECT c.name AS what FROM meeting_child c WHERE c.meeting = :meeting AND EXISTS "
                                 "(SELECT 1 FROM decision d WHERE d.meeting = :meeting AND d.child = c.child "
                                 "AND d.plan = 'yes') AND NOT EXISTS (SELECT 1 FROM assessment a "
                                 "WHERE a.meeting = :meeting AND a.child = c.child AND a.outline IS NOT NULL)"),
    },
    {
        .number = "R-011",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "the chair is not of an agency that chairs planning meetings here",
        .remedy = "name another chair (cairn meeting change --chair); or the chair says why: cairn "
                  "check override",
        .source = PROCEDURE "Who is responsible for convening the meeting",
        .query = "SELECT 'broken', p.name || ' is of ' || g.name FROM meeting m JOIN person p ON p.object = m.chair "
                 "JOIN agency g ON g.object = p.agency WHERE m.object = :meeting AND " CHAIR_AGENCIES
                 " IS NOT NULL AND g.type NOT IN (SELECT value FROM json_each(" CHAIR_AGENCIES "))",
        .may_override = true,
    },
    {
        .number = "R-012",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "the chair does not hold a post that chairs planning meetings here",
        .remedy = "name another chair (cairn meeting change --chair); or the chair says why: cairn "
                  "check override",
        .source = PROCEDURE "Who is responsible for convening the meeting",
        .query = "SELECT 'broken', p.name || ': ' || coalesce(p.post, 'no post is recorded') FROM meeting m "
                 "JOIN person p ON p.object = m.chair WHERE m.object = :meeting AND " CHAIR_POSTS
                 " IS NOT NULL AND coalesce(p.post, '') NOT IN (SELECT value FROM json_each(" CHAIR_POSTS "))",
        .may_override = true,
    },
    CORE_AGENCY("R-016", "social-work", "Social Work"),
    CORE_AGENCY("R-017", "health", "Health"),
    CORE_AGENCY("R-018", "police", "the Police"),
    CORE_AGENCY("R-019", "education", "Education"),
    {
        .number = "R-020",
        .class = RULE_REASON,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "an agency that works with the child and family was not represented",
        .remedy = "record who attended (cairn attendance record), or the reason why nobody did",
        .source = PROCEDURE "Who should attend",
        .query = LACKS(UNTIL_CLOSED, NOT_REPRESENTED),
    },
    {
        .number = "R-036",
        .class = RULE_HARD,
        .gates = "view.record dissent.record lead.name meeting.convene meeting.close",
        .words = "the Children's Reporter attends a planning meeting only to observe, and cannot be "
                 "involved",
        .remedy = "name somebody of another agency; the Reporter attends as reporter-observer and in "
                  "no other role",
        .source = PROCEDURE "Who should attend",
        .query = REPORTER_INVOLVED " UNION ALL " OBSERVER_INVOLVED,
    },
    CONFIRM("R-038", "participants took an active part, represented their agency and shared information",
            FAMILY_NOTE "Responsibilities of professionals"),
    CONFIRM("R-039",
            "participants shared what was relevant as far as was proportionate, and said what they did "
            "not share",
            FAMILY_NOTE "Responsibilities of professionals"),
    CONFIRM("R-040", "participants understood what the meeting is for and why their part in it matters",
            FAMILY_NOTE "Responsibilities of professionals"),
    {
        .number = "R-134",
        .class = RULE_HARD,
        .is_fixed = true,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "the chair of a meeting should not also take its minute",
        .remedy = "name another minute-taker (cairn meeting change --minute-taker); or the chair says why: "
                  "cairn check override",
        .source = PROCEDURE "Record of the meeting",
        .query = "SELECT 'broken', p.name FROM meeting m JOIN person p ON p.object = m.chair WHERE m.object "
                 "= :meeting "
                 "AND (m.minute_taker = m.chair OR EXISTS (SELECT 1 FROM attendance a WHERE a.meeting = "
                 ":meeting "
                 "AND a.person = m.chair AND a.role = 'minute-taker') OR EXISTS (SELECT 1 FROM attendance a "
                 "WHERE a.meeting = :meeting AND a.person = m.minute_taker AND a.role = 'chair'))",
        .may_override = true,
    },
    {
        .number = "N-22",
        .class = RULE_DEADLINE,
        .about = ABOUT_MEETING,
        .words = "the planning meeting is held within the time that the profile gives it after the "
                 "investigation",
        .remedy = "hold it earlier; or a senior manager agrees to a later day: cairn meeting delay",
        .source = NATIONAL "timescales",
        .query = "SELECT 'na', '' FROM meeting WHERE object = :meeting AND investigation IS NULL UNION ALL "
                 "SELECT 'broken', 'investigation on ' || investigated || ', meeting due by ' || due "
                 "|| ', held on ' || "
                 "held FROM (" LATE_MEETING ") WHERE allowed IS NULL OR held > allowed",
    },
    {
        .number = "N-23",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "the meeting is later than the profile allows, and no senior manager agreed to it "
                 "with an interim safety "
                 "plan in place",
        .remedy = "record what was agreed (cairn meeting delay); or the chair says why there is none: "
                  "cairn check override",
        .source = NATIONAL "planning meetings that are held later",
        .query = "SELECT 'broken', 'due by ' || due || ', held on ' || held || coalesce(', allowed "
                 "until ' || allowed, '') "
                 "FROM (" LATE_MEETING ") WHERE allowed IS NULL OR held > allowed",
        .may_override = true,
    },
    {
        .number = "N-27",
        .class = RULE_REASON,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "as far as possible the same person chairs the reviews as chaired the meeting before",
        .remedy = "name the same chair: cairn meeting change --chair",
        .source = NATIONAL "chairing planning meetings",
        .query = LACKS("'broken'", OTHER_CHAIR),
    },
    CONFIRM("N-28",
            "the chair confirmed who the lead professional is, helped to find agreement, and made sure "
            "that views "
            "and the Reporter were considered",
            NATIONAL "the chair's role"),
    {
        .number = "N-29",
        .class = RULE_HARD,
        .is_fixed = true,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "what the closing says about the quorum is not what the attendance says",
        .remedy = "record who attended (cairn attendance record), then close it with --quorate as it was",
        .source = NATIONAL "participants",
        .query = "SELECT CASE " QUORATE " WHEN 'yes' THEN 'broken' ELSE 'open' END, group_concat(what, '; ') "
                 "FROM (" MISSING_AGENCIES " ORDER BY what) HAVING count(*) > 0 UNION ALL "
                 "SELECT 'broken', 'every core agency attended' WHERE " QUORUM " IS NOT NULL AND " QUORATE
                 " = 'no' AND NOT EXISTS (" MISSING_AGENCIES ")",
    },
    {
        .number = "N-33",
        .class = RULE_REASON,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "parents and carers are prepared and involved: none attended, and the views of none "
                 "are recorded",
        .remedy = "record their attendance (cairn attendance record) or their views (cairn family-view "
                  "record)",
        .source = NATIONAL "quorum",
        .query = "SELECT " UNTIL_CLOSED ", 'parents and carers' WHERE NOT EXISTS (SELECT 1 FROM attendance "
                 "WHERE meeting = :meeting AND role = 'parent-carer' AND attended <> 'none') AND NOT EXISTS "
                 "(SELECT 1 FROM family_view WHERE meeting = :meeting AND whose IN ('parent', 'carer'))",
    },
    {
        .number = "N-34",
        .class = RULE_DEADLINE,
        .about = ABOUT_MEETING,
        .words = "after a meeting without quorum there is an interim safety plan, and another meeting "
                 "in time",
        .remedy = "convene it (cairn meeting convene), and record the plan (cairn safety-plan record)",
        .source = NATIONAL "quorum",
        .query = "SELECT 'na', '' WHERE " QUORATE " IS NOT 'no' UNION ALL SELECT CASE WHEN max(due) < :today "
                 "THEN 'broken' ELSE 'open' END, group_concat(what, '; ') FROM (" NOT_RECONVENED " UNION ALL " NOT_SAFE
                 " ORDER BY what) HAVING count(*) > 0",
    },
    {
        .number = "N-35",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "a meeting that goes on without a quorum records why, what keeps the child safe, and "
                 "its early review",
        .remedy = "close it with --reasons, --safeguards and --early-review",
        .source = NATIONAL "quorum",
        .query = "SELECT 'na', '' WHERE " QUORATE " IS NOT 'no' UNION ALL " LACKS(
            "'broken'", WITHOUT("reasons") " UNION ALL " WITHOUT("safeguards") " UNION ALL " WITHOUT("early_review")),
    },
    {
        .number = "N-36",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "two meetings in a row must not be held without a quorum",
        .remedy = "adjourn until the core agencies attend, and see that the interim safety plan holds "
                  "until then",
        .source = NATIONAL "quorum",
        .query = LACKS("CASE " QUORATE " WHEN 'no' THEN 'broken' ELSE 'open' END", SECOND_WITHOUT_QUORUM),
    },
    {
        .number = "K-030",
        .class = RULE_HARD,
        .gates = "meeting.close",
        .words = "only the chair of a meeting closes it",
        .remedy = "ask the chair of this meeting to record it; where another one chaired: cairn "
                  "meeting change --chair",
        .source = "the record's own: what a meeting came to is its chair's to say",
        .query = "SELECT 'broken', p.name || ' chairs it' FROM meeting_close c JOIN meeting m ON "
                 "m.object = c.meeting "
                 "LEFT JOIN person p ON p.object = m.chair WHERE c.number BETWEEN :first AND :last "
                 "AND m.chair IS NOT " PERSON_OF("c.by"),
    },
    {0},
};
