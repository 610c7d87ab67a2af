#include "core/domain/domain.h"
#include "core/domain/meeting_sql.h"

#define MEETING_ROLES                                                                                                  \
  "chair|minute-taker|lead-professional|senior-social-worker|agency-participant|child|parent-carer|family-member|"     \
  "support|advocate|interpreter|foster-carer|reporter-observer|service-representative"
#define CHILDREN ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child of the meeting")
#define CHILD ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child")
#define MEETING ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting")
#define ATTENDED(least)                                                                                                \
  CODE("role", IN_FACT, MEETING_ROLES, least, 1, "in which role (R-035, R-036, R-049)"),                               \
      CODE("attended", IN_FACT, "all|part|none", least, 1, "the whole meeting, a part of it, or not (R-065)"),         \
      CODE("significant", IN_FACT, YES_NO, 0, 1, "significantly involved with the child and family? (R-105)"),         \
      CODE("basis", IN_FACT, "need-to-know|essential-to-plan|other", 0, 1,                                             \
           "of someone who was not invited: on what ground they attended (R-037)"),                                    \
      CODE("views-represented", IN_FACT, YES_NO, 0, 1,                                                                 \
           "of someone who could not attend: were their views sought and given? (N-30)"),                              \
      ENTRY("supports", IN_REF, "family.add|child.add", 0, 1, "of a support person: whom (R-047)"),                    \
      TEXT("discipline", IN_CONTENT, 200, 0, 1, "as which profession (R-002)"),                                        \
      TEXT("reason", IN_CONTENT, 2000, 0, 1, "apologies, and the reason for them (R-020, N-32)")
#define EXCLUDED(least)                                                                                                \
  CODE("form", IN_FACT, "not-invited|excluded|excluded-in-part", least, 1, "which of them (R-052)"),                   \
      CODE("ground", IN_CONTENT, "bail-conditions|significant-risk-to-others|other", least, 1, "the ground (R-051)"),  \
      TEXT("reason", IN_CONTENT, 4000, 0, 1, "the reasons, as they stand in the minute (R-056)"),                      \
      TOKEN("restricted-reason", IN_CONTENT, 0,                                                                        \
            "where the reasons are themselves restricted: the commitment of the item that says them (C-9)"),           \
      TEXT("informed-by", IN_CONTENT, 200, 0, 1, "who tells the parent or carer that they will not attend (R-053)"),   \
      TEXT("views-by", IN_CONTENT, 200, 0, 1, "who asks for their views (R-054)"),                                     \
      TEXT("outcome-by", IN_CONTENT, 200, 0, 1, "who tells them the outcome (N-38)"),                                  \
      DATE("outcome-until", IN_FACT, 0, "by which day (N-38)")
#define DECIDED(least)                                                                                                 \
  CODE("attend", IN_FACT, "all|part|none", least, 1,                                                                   \
       "does the child attend the whole meeting, a part, or not? (R-065)"),                                            \
      CODE("core-group", IN_FACT, "yes|no|later", 0, 1, "does the child attend the core group? (R-069)"),              \
      CODE("older", IN_FACT, YES_NO, 0, 1, "is this an older child or young person? (R-070, C-14)"),                   \
      TEXT("impact", IN_CONTENT, 4000, 0, 1, "what attending would mean for the child emotionally (R-059)"),           \
      TEXT("reasons", IN_CONTENT, 4000, 0, 1, "the reasons for attending or not (R-057, R-070)"),                      \
      TEXT("factors", IN_CONTENT, 4000, 0, 1, "what led to the decision (R-071)"),                                     \
      TEXT("preparer", IN_CONTENT, 200, 0, 1, "who is best placed to prepare the child (R-063)"),                      \
      CODE("prepared", IN_FACT, YES_NO, 0, 1, "was the child prepared and supported? (R-062)"),                        \
      CODE("told", IN_FACT, YES_NO, 0, 1, "was the child told, in words, of not being invited? (R-061)"),              \
      TEXT("not-told-reason", IN_CONTENT, 2000, 0, 1, "why the child was not told (R-061)")
#define ATTENDED_CLEAR "significant|basis|views-represented|supports|discipline|reason"
#define EXCLUDED_CLEAR "reason|restricted-reason|informed-by|views-by|outcome-by|outcome-until"
#define DECIDED_CLEAR "core-group|older|impact|reasons|factors|preparer|prepared|told|not-told-reason"
/* clang-format off */
#define ATTENDED_SET \
  CHANGED("significant", "significant", "significant") ", " \
  CHANGED("basis", "basis", "basis") ", " \
  CHANGED("views_represented", "views_represented", "views-represented") ", " \
  CHANGED("supports", "supports", "supports") ", " \
  CHANGED("discipline", "discipline", "discipline") ", " \
  CHANGED("reason", "reason", "reason")
#define EXCLUDED_SET \
  CHANGED("reason", "reason", "reason") ", " \
  CHANGED("restricted_reason", "restricted_reason", "restricted-reason") ", " \
  CHANGED("informer", "informed_by", "informed-by") ", " \
  CHANGED("views_by", "views_by", "views-by") ", " \
  CHANGED("outcome_by", "outcome_by", "outcome-by") ", " \
  CHANGED("outcome_until", "outcome_until", "outcome-until")
#define DECIDED_SET \
  CHANGED("core_group", "core_group", "core-group") ", " \
  CHANGED("is_older", "older", "older") ", " \
  CHANGED("impact", "impact", "impact") ", " \
  CHANGED("reasons", "reasons", "reasons") ", " \
  CHANGED("factors", "factors", "factors") ", " \
  CHANGED("preparer", "preparer", "preparer") ", " \
  CHANGED("prepared", "prepared", "prepared") ", " \
  CHANGED("told", "told", "told") ", " \
  CHANGED("not_told", "not_told_reason", "not-told-reason")
/* clang-format on */
#define BY_THOSE_WHO_NOTE                                                                                              \
  WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER), ANY(ROLE_LEAD_PROFESSIONAL), IN("social-work", ROLE_PRACTITIONER))
#define BY_PRACTITIONERS WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL))

/* Who attends and who does not, and what the chair and others decided about it. */
const struct kind attendance_kinds[] = {
    {
        .name = "attendance.record",
        .help = "that someone attended a meeting, in which role, or did not (R-016 to R-020)",
        .audience = AUDIENCE_CASE,
        .moves_scope = true,
        BY_THOSE_WHO_NOTE,
        FIELDS(CHILDREN, MEETING, ENTRY("person", IN_REF, "person.add", 0, 1, "the practitioner"),
               ENTRY("family", IN_REF, "family.add", 0, 1, "or the member of the family, or who supports them"),
               ENTRY("agency", IN_REF, "agency.add", 0, 1, "or the agency of someone who does not work with Cairn"),
               TEXT("name", IN_CONTENT, 200, 0, 1, "and that one's name"), ATTENDED(1)),
        .views = "attendance",
        .project = {"INSERT INTO attendance(object, number, meeting, person, family, child, agency, name, discipline, "
                    "role, attended, significant, basis, supports, reason, views_represented) "
                    "SELECT :id, :entry_number, :meeting, :person, :family, CASE :role WHEN 'child' THEN "
                    "(SELECT child FROM entry_child WHERE number = :entry_number) END, :agency, :name, :discipline, "
                    ":role, :attended, :significant, :basis, :supports, :reason, :views_represented"},
        .line = "person family agency name role attended reason",
    },
    {
        .name = "attendance.change",
        .help = "what was recorded about someone's attendance is put right",
        .audience = AUDIENCE_CASE,
        BY_THOSE_WHO_NOTE,
        FIELDS(CHILDREN, ENTRY_OF_CHILD("attendance", "attendance.record", "what was recorded"), ATTENDED(0),
               CLEAR(ATTENDED_CLEAR)),
        .object = "attendance",
        .is_change = true,
        .project = {"UPDATE attendance SET role = coalesce(:role, role), attended = coalesce(:attended, "
                    "attended), " ATTENDED_SET " WHERE object = :object"},
        .line = "role attended reason",
    },
    {
        .name = "exclusion.record",
        .help = "the chair decides that a parent or carer is not invited, or is excluded (R-050)",
        .audience = AUDIENCE_PROFESSIONALS,
        WRITERS(ANY(ROLE_CHAIR)),
        FIELDS(CHILDREN, MEETING, ENTRY("family", IN_REF, "family.add", 1, 1, "the parent or carer"), EXCLUDED(1)),
        .views = "exclusion",
        .project =
            {"INSERT INTO exclusion(object, number, meeting, family, form, ground, reason, restricted_reason, "
             "informer, "
             "views_by, outcome_by, outcome_until, said, by) VALUES(:id, :entry_number, :meeting, :family, :form, "
             ":ground, :reason, :restricted_reason, :informed_by, :views_by, :outcome_by, :outcome_until, "
             ":entry_number, :by)"},
        .line = "family form reason",
    },
    {
        .name = "exclusion.change",
        .help = "the chair says more about an exclusion, or puts it right",
        .audience = AUDIENCE_PROFESSIONALS,
        WRITERS(ANY(ROLE_CHAIR)),
        FIELDS(CHILDREN, ENTRY_OF_CHILD("exclusion", "exclusion.record", "the exclusion"), EXCLUDED(0),
               CLEAR(EXCLUDED_CLEAR)),
        .object = "exclusion",
        .is_change = true,
        .project =
            {"UPDATE exclusion SET form = coalesce(:form, form), ground = coalesce(:ground, ground), " EXCLUDED_SET
             ", said = :entry_number, by = :by WHERE object = :object"},
        .line = "reason",
    },
    {
        .name = "support.decide",
        .help = "the chair decides whether a friend or relative may come to support someone (R-048)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR)),
        FIELDS(CHILDREN, MEETING, ENTRY("family", IN_REF, "family.add", 0, 1, "who would come"),
               TEXT("name", IN_CONTENT, 200, 0, 1, "or that one's name"),
               ENTRY("supports", IN_REF, "family.add|child.add", 0, 1, "to support whom (R-047)"),
               CODE("outcome", IN_FACT, "allowed|refused", 1, 1, "the decision"),
               TEXT("reason", IN_CONTENT, 2000, 0, 1, "why (R-048)")),
        .views = "support_decision",
        .project = {"INSERT INTO support_decision(object, number, meeting, family, name, supports, outcome, reason) "
                    "VALUES(:id, :entry_number, :meeting, :family, :name, :supports, :outcome, :reason)"},
        .line = "reason",
    },
    {
        .name = "child-attendance.decide",
        .help = "whether a child attends the meeting and the core group, and why (R-057 to R-072)",
        .audience = AUDIENCE_CASE,
        BY_PRACTITIONERS,
        FIELDS(CHILD, MEETING, DECIDED(1)),
        .views = "child_attendance",
        .project = {"INSERT INTO child_attendance(object, number, child, meeting, attend, core_group, is_older, "
                    "impact, reasons, factors, preparer, prepared, told, not_told) VALUES(:id, :entry_number, :child, "
                    ":meeting, :attend, :core_group, :older, :impact, :reasons, :factors, :preparer, :prepared, "
                    ":told, :not_told_reason)"},
        .line = "attend reasons",
    },
    {
        .name = "child-attendance.change",
        .help = "more is said about a child's attendance, or it is decided anew",
        .audience = AUDIENCE_CASE,
        BY_PRACTITIONERS,
        FIELDS(CHILD, ENTRY_OF_CHILD("decided", "child-attendance.decide", "what was decided"), DECIDED(0),
               CLEAR(DECIDED_CLEAR)),
        .object = "decided",
        .is_change = true,
        .project = {"UPDATE child_attendance SET attend = coalesce(:attend, attend), " DECIDED_SET
                    " WHERE object = :object"},
        .line = "reasons",
    },
    {0},
};

/* An exclusion should say it; the name of the parent or carer where it does not. */
#define EXCLUSION(number_, column, words_, option)                                                                     \
  {                                                                                                                    \
    .number = number_, .class = RULE_HARD, .about = ABOUT_MEETING, .gates = "meeting.close", .words = words_,          \
    .remedy = "record it: cairn exclusion change " option "; or the chair says why not: cairn check override",         \
    .source = FAMILY_NOTE "Exclusion of a parent or carer",                                                            \
    .query = LACKS(UNTIL_CLOSED, NOT_SAID("(" column ") IS NULL")), .may_override = true,                              \
  }
#define NOT_SAID(condition)                                                                                            \
  "SELECT coalesce(f.name, 'someone') AS what FROM exclusion x LEFT JOIN family f ON f.object = x.family "             \
  "WHERE x.meeting = :meeting AND " condition

/* Children of the meeting who were born and about whose attendance it was decided, or who attended. */
#define WITH_DECISION                                                                                                  \
  "FROM meeting_child c LEFT JOIN child_attendance d ON d.meeting = :meeting AND d.child = c.child "                   \
  "WHERE c.meeting = :meeting AND NOT c.is_unborn "
#define CHILD_ATTENDED                                                                                                 \
  "EXISTS (SELECT 1 FROM attendance a WHERE a.meeting = :meeting AND a.child = c.child AND a.attended <> 'none')"
/* By the age that the profile sets; where it sets none, by what was decided. */
#define IS_OLDER                                                                                                       \
  "CASE WHEN " SETTING(                                                                                                \
      "older-child") " IS NULL THEN d.is_older = 'yes' ELSE "                                                          \
                     "due(c.born, 12 * " SETTING(                                                                      \
                         "older-child") ", 'months', NULL) <= (SELECT substr(held_on, 1, 10) FROM meeting "            \
                                        "WHERE object = :meeting) END"

const struct rule attendance_rules[] = {
    CONFIRM("R-043",
            "parents and carers had time and support before, during and after the meeting to understand what "
            "was shared, the concerns and the decisions",
            FAMILY_NOTE "Parents and carers"),
    CONFIRM("R-044", "the chair met the family before the meeting", FAMILY_NOTE "Parents and carers"),
    CONFIRM("R-046",
            "parents and carers were told in advance how information and discussion would be presented and managed",
            FAMILY_NOTE "Parents and carers"),
    {
        .number = "R-048",
        .class = RULE_REASON,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "a friend or relative comes to support somebody at the chair's discretion, and no such decision is "
                 "recorded",
        .remedy = "the chair records it: cairn support decide",
        .source = FAMILY_NOTE "Parents and carers",
        .query =
            LACKS(UNTIL_CLOSED, "SELECT p.name AS what FROM participant p LEFT JOIN family f ON f.object = p.family "
                                "WHERE p.meeting = :meeting AND p.role = 'support' AND p.attended <> 'none' "
                                "AND p.person IS NULL AND p.agency IS NULL AND coalesce(f.relation, '') <> 'advocate' "
                                "AND NOT EXISTS (SELECT 1 FROM support_decision s WHERE s.meeting = :meeting "
                                "AND s.outcome = 'allowed' AND (s.family = p.family OR s.name = p.name))"),
    },
    {
        .number = "R-049",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "who comes to support somebody is there solely for that, and has no other role in the meeting",
        .remedy = "put the roles right: cairn attendance change --role, or cairn entry void",
        .source = FAMILY_NOTE "Parents and carers",
        .query = LACKS(
            UNTIL_CLOSED,
            "SELECT p.name || ' is also ' || q.role AS what FROM participant p JOIN participant q "
            "ON q.meeting = p.meeting AND q.role <> 'support' AND (q.person = p.person "
            "OR q.family = p.family OR q.agency = p.agency AND q.name = p.name AND p.person IS NULL) "
            "WHERE p.meeting = :meeting AND p.role = 'support' UNION "
            "SELECT p.name || ' gave a view' FROM participant p JOIN participant_view v "
            "ON v.meeting = p.meeting AND " PERSON_OF(
                "v.by") " = p.person "
                        "WHERE p.meeting = :meeting AND p.role = 'support' UNION "
                        "SELECT p.name || ' disagreed' FROM participant p JOIN decision e "
                        "ON e.meeting = p.meeting JOIN dissent d ON d.decision = e.object AND "
                        "coalesce(d.person, " PERSON_OF(
                            "d.by") ") = p.person "
                                    "WHERE p.meeting = :meeting AND p.role = 'support' UNION "
                                    "SELECT p.name || ' is the chair or takes the minute' FROM participant p "
                                    "JOIN meeting m ON m.object = p.meeting AND p.person IN (m.chair, m.minute_taker) "
                                    "WHERE p.meeting = :meeting AND p.role = 'support'"),
    },
    {
        .number = "R-050",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "exclusion.record exclusion.change",
        .words = "only the chair of the meeting may decide that a parent or carer does not attend",
        .remedy = "ask the chair of this meeting to record it",
        .source = FAMILY_NOTE "Exclusion of a parent or carer",
        .query = "SELECT 'broken' FROM exclusion x JOIN meeting m ON m.object = x.meeting "
                 "WHERE x.said BETWEEN :first AND :last AND m.chair IS NOT " PERSON_OF("x.by"),
    },
    EXCLUSION("R-053", "x.informer", "the chair names who tells the parent or carer that they will not attend",
              "--informed-by"),
    EXCLUSION("R-054", "x.views_by", "the chair names who asks the parent or carer for their views", "--views-by"),
    {
        .number = "R-055",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "the views of whoever was excluded are shared at the meeting",
        .remedy = "record them: cairn family-view record --presented yes",
        .source = FAMILY_NOTE "Exclusion of a parent or carer",
        .query = "SELECT 'na', '' WHERE NOT EXISTS (SELECT 1 FROM exclusion WHERE meeting = :meeting) UNION ALL " LACKS(
            "'open'", NOT_SAID("NOT EXISTS (SELECT 1 FROM family_view v WHERE v.meeting = :meeting "
                               "AND v.family = x.family AND v.presented = 'yes')")),
    },
    {
        .number = "R-056",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "copy.approve",
        .words = "the reasons for an exclusion must be clearly documented in the minute",
        .remedy = "record them: cairn exclusion change --reason",
        .source = FAMILY_NOTE "Exclusion of a parent or carer",
        .query = LACKS(UNTIL_APPROVED, NOT_SAID("x.reason IS NULL AND (x.restricted_reason IS NULL OR " SETTING(
                                           "exclusion-reason") " = 'open')")),
    },
    EXCLUSION("N-38", "x.outcome_by || x.outcome_until",
              "the chair names who tells the parent or carer the outcome, and by when", "--outcome-by --outcome-until"),
    {
        .number = "R-057",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "it is considered whether each child attends, and why",
        .remedy = "record it: cairn child-attendance decide --reasons",
        .source = FAMILY_NOTE "Children and young people",
        .query = LACKS("'open'", "SELECT DISTINCT c.name || CASE WHEN d.object IS NULL THEN '' ELSE ': no reasons' END "
                                 "AS what " WITH_DECISION "AND d.reasons IS NULL"),
    },
    CONFIRM("R-058", "children were told about the meeting in a way that helps them to understand and take part",
            FAMILY_NOTE "Children and young people"),
    {
        .number = "R-059",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "what attending would mean for the child emotionally must be considered",
        .remedy = "record it: cairn child-attendance decide --impact, or cairn child-attendance change --impact",
        .source = FAMILY_NOTE "Children and young people",
        .query = LACKS(UNTIL_CLOSED, "SELECT DISTINCT c.name AS what " WITH_DECISION "AND d.impact IS NULL"),
    },
    {
        .number = "R-061",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "a child who is not invited is told so in words, unless there are reasons not to",
        .remedy = "record it: cairn child-attendance change --told yes, or --told no --not-told-reason",
        .source = FAMILY_NOTE "Children and young people",
        .query = LACKS("'open'", "SELECT c.name AS what " WITH_DECISION "AND d.attend = 'none' "
                                 "AND d.told IS NOT 'yes' AND d.not_told IS NULL"),
    },
    {
        .number = "R-062",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "children who attend are prepared and supported beforehand",
        .remedy = "record it: cairn child-attendance change --prepared yes --preparer",
        .source = FAMILY_NOTE "Children and young people",
        .query = LACKS("'open'", "SELECT c.name AS what " WITH_DECISION
                                 "AND (d.attend IN ('all', 'part') OR " CHILD_ATTENDED ") AND d.prepared IS NOT 'yes'"),
    },
    CONFIRM("R-064", "the meeting was as friendly to the child and the family as could be",
            FAMILY_NOTE "Children and young people"),
    {
        .number = "R-069",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "the meeting considers whether the child attends the core group",
        .remedy = "record it: cairn child-attendance decide --core-group",
        .source = FAMILY_NOTE "Children and young people",
        .query = LACKS("'open'", "SELECT c.name AS what " WITH_DECISION "AND d.core_group IS NULL"),
    },
    {
        .number = "R-070",
        .class = RULE_REASON,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "the reasons why an older child attends the meeting or the core group, or does not, are noted",
        .remedy = "record them: cairn child-attendance change --reasons",
        .source = FAMILY_NOTE "Children and young people",
        .query = LACKS(UNTIL_CLOSED, "SELECT c.name AS what " WITH_DECISION "AND " IS_OLDER " AND d.reasons IS NULL"),
    },
    {
        .number = "R-072",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "copy.approve",
        .words = "for an older child the decision on attending, and what led to it, must be recorded",
        .remedy = "record it: cairn child-attendance decide --factors, or cairn child-attendance change --factors",
        .source = FAMILY_NOTE "Children and young people",
        .query = LACKS(UNTIL_APPROVED, "SELECT c.name AS what " WITH_DECISION "AND " IS_OLDER " AND d.factors IS NULL"),
    },
    {
        .number = "N-30",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "the views of those who cannot attend are sought and represented",
        .remedy = "record it: cairn attendance change --views-represented yes",
        .source = NATIONAL "participants",
        .query = LACKS("'open'", "SELECT p.name AS what FROM participant p WHERE p.meeting = :meeting "
                                 "AND p.attended = 'none' AND p.views_represented IS NOT 'yes' "
                                 "AND p.role NOT IN ('support', 'interpreter', 'reporter-observer')"),
    },
    {
        .number = "N-32",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "where a parent or carer does not attend, it is considered how to respond",
        .remedy =
            "record their reason (cairn attendance change --reason), or confirm it: cairn check confirm --rule N-32",
        .source = NATIONAL "parents and carers who refuse to attend",
        .query = "SELECT 'na', '' WHERE NOT EXISTS (SELECT 1 FROM attendance WHERE meeting = :meeting "
                 "AND role = 'parent-carer' AND attended = 'none') UNION ALL " LACKS(
                     "'open'", "SELECT p.name AS what FROM participant p WHERE p.meeting = :meeting "
                               "AND p.role = 'parent-carer' AND p.attended = 'none' AND p.reason IS NULL"),
    },
    {0},
};
