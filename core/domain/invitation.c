#include "core/domain/domain.h"
#include "core/domain/meeting_sql.h"

/* Those whom the procedure lists as to be considered. */
#define CATEGORIES                                                                                                     \
  "child|family|support|social-work|police|foster-carer|education|health|adult-services|third-sector|housing|"         \
  "armed-forces|reporter|other"
#define CHILDREN ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child of the meeting")
#define MEETING ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting")
#define BY_THOSE_WHO_INVITE                                                                                            \
  WRITERS(ANY(ROLE_LEAD_PROFESSIONAL), IN("social-work", ROLE_PRACTITIONER), IN("social-work", ROLE_CHAIR),            \
          IN("social-work", ROLE_BUSINESS_SUPPORT))

/* Who was considered, and who was invited. */
const struct kind invitation_kinds[] = {
    {
        .name = "invitee.consider",
        .help = "that it was considered to invite someone, with the outcome (R-023 to R-035)",
        .audience = AUDIENCE_CASE,
        BY_THOSE_WHO_INVITE,
        FIELDS(CHILDREN, MEETING, CODE("category", IN_FACT, CATEGORIES, 1, 1, "who was considered"),
               CODE("outcome", IN_FACT, "invited|not-invited", 1, 1, "with what outcome"),
               ENTRY("agency", IN_REF, "agency.add", 0, 1, "the agency, where it was a certain one (R-020)"),
               TEXT("reason", IN_CONTENT, 2000, 0, 1, "why; of a child also what led to it (R-057)")),
        .views = "consideration",
        .project = {"INSERT INTO consideration(object, number, meeting, category, agency, outcome, reason) "
                    "VALUES(:id, :entry_number, :meeting, :category, :agency, :outcome, :reason)"},
        .line = "category outcome reason",
    },
    {
        .name = "invitation.send",
        .help = "an invitation to a meeting was sent (R-021: by the lead professional or the senior social worker, or "
                "for them; R-041)",
        .audience = AUDIENCE_CASE,
        .moves_scope = true,
        BY_THOSE_WHO_INVITE,
        FIELDS(CHILDREN, MEETING, ENTRY("person", IN_REF, "person.add", 0, 1, "the practitioner who is invited"),
               ENTRY("family", IN_REF, "family.add", 0, 1, "or the member of the family (R-024, R-042)"),
               ENTRY("agency", IN_REF, "agency.add", 0, 1, "or the agency of someone who does not work with Cairn"),
               TEXT("name", IN_CONTENT, 200, 0, 1, "and that one's name"),
               CODE("basis", IN_FACT, "need-to-know|essential-to-plan|child|family|support|observer|other", 1, 1,
                    "on what ground (R-037); child: the child itself is invited (R-023)"),
               CODE("category", IN_FACT, CATEGORIES, 0, 1,
                    "as which of those to be considered, where the invitee does not say it (R-023 to R-035)"),
               CODE("channel", IN_FACT, "email|post|telephone|in-person", 1, 1, "how it was sent (R-015)"),
               CODE("secure-address", IN_FACT, "yes|no", 0, 1, "has the agency a secure e-mail address? (R-015)"),
               DATE("sent", IN_FACT, 1, "the day on which it was sent (R-013, N-31)"),
               ENTRY("sent-for", IN_REF, "person.add", 0, 1, "for whom it was sent (R-021)"),
               TEXT("needs", IN_CONTENT, 2000, 0, 1, "the support that is needed to attend (R-028)"),
               TEXT("reason", IN_CONTENT, 2000, 0, 1, "of the ground \"other\": which (R-037)")),
        .views = "meeting_invitation",
        .project = {"INSERT INTO meeting_invitation(object, number, meeting, person, family, child, agency, name, "
                    "category, basis, channel, secure_address, sent, needs, reason, by) "
                    "SELECT :id, :entry_number, :meeting, :person, :family, CASE :basis WHEN 'child' THEN "
                    "(SELECT child FROM entry_child WHERE number = :entry_number) END, :agency, :name, :category, "
                    ":basis, :channel, :secure_address, :sent, :needs, :reason, :by"},
        .line = "person family agency name channel",
    },
    {0},
};

/* Of a child c of the meeting: was the category considered, considered with a result, or was somebody of it invited? */
#define CONSIDERED(category_) ABOUT_CHILD("consideration", "v.category = '" category_ "'")
#define CONCLUDED(category_)                                                                                           \
  ABOUT_CHILD("consideration", "v.category = '" category_ "' AND (v.outcome = 'invited' OR v.reason IS NOT NULL)")
#define IS_INVITED(category_) ABOUT_CHILD("invitee", "v.category = '" category_ "'")
/* Children for whom nobody of the category was; for who was not invited there must be a reason. */
#define NOT_CONSIDERED(category_, children)                                                                            \
  "SELECT c.name || CASE WHEN " CONSIDERED(                                                                            \
      category_) " THEN ': not invited, and no reason' ELSE '' END AS what " UNANSWERED(category_) " AND " children
#define UNANSWERED(category_)                                                                                          \
  "FROM meeting_child c WHERE c.meeting = :meeting AND NOT " CONCLUDED(category_) " AND NOT " IS_INVITED(category_)
#define CONSIDER(number_, category_, words_)                                                                           \
  {                                                                                                                    \
    .number = number_, .class = RULE_CHECKLIST, .about = ABOUT_MEETING, .words = "consider inviting " words_,          \
    .remedy = "record it: cairn invitee consider --category " category_ ", or cairn invitation send",                  \
    .source = PROCEDURE "Who should attend", .query = LACKS("'open'", NOT_CONSIDERED(category_, "1")),                 \
  }

/* Parents, carers and holders of parental responsibilities of the meeting's children, under whichever record of the
 * child they stand, who were neither invited nor excluded, and did not attend. Two agencies may each have recorded the
 * same parent: asked under one record is asked. */
#define NOT_ASKED(who)                                                                                                 \
  "SELECT DISTINCT f.name || ' (' || f.relation || ')' AS what FROM meeting_child c "                                  \
  "JOIN entry_child e ON e.child IN " SAME_CHILD " JOIN family f ON f.number = e.number "                              \
  "WHERE c.meeting = :meeting AND (" who ") AND NOT EXISTS (SELECT 1 FROM family s WHERE "                             \
  "(s.object = f.object OR (s.name = f.name COLLATE NOCASE AND s.relation = f.relation)) AND ("                        \
  "EXISTS (SELECT 1 FROM meeting_invitation i WHERE i.meeting = :meeting AND i.family = s.object) "                    \
  "OR EXISTS (SELECT 1 FROM exclusion x WHERE x.meeting = :meeting AND x.family = s.object) "                          \
  "OR EXISTS (SELECT 1 FROM attendance a WHERE a.meeting = :meeting AND a.family = s.object "                          \
  "AND a.attended <> 'none')))"

#define SHORT_NOTICE "FROM meeting m WHERE m.object = :meeting AND m.decided > " NOTICE_BY
/* Names exactly one: of the view table's rows of this act those that do not. */
#define NOT_ONE(table, is_child)                                                                                       \
  "SELECT t.object FROM " table " t WHERE t.number BETWEEN :first AND :last AND "                                      \
  "(t.person IS NOT NULL) + (t.family IS NOT NULL) + (t.agency IS NOT NULL AND t.name IS NOT NULL) + "                 \
  "(" is_child " AND (SELECT count(*) FROM entry_child e WHERE e.number = t.number) = 1) <> 1"

#define WITHOUT_DECISION                                                                                               \
  "NOT c.is_unborn AND NOT EXISTS (SELECT 1 FROM child_attendance d WHERE d.meeting = :meeting AND d.child = c.child)"
#define WITH_CONNECTION                                                                                                \
  "EXISTS (SELECT 1 FROM child d WHERE d.service_connection = 'yes' AND d.object IN " SAME_CHILD ")"
/* Children with whom the Police continue to work. */
#define POLICE_CONTINUE                                                                                                \
  "SELECT c.name || ': continues to be involved, and is not invited' FROM meeting_child c "                            \
  "JOIN involvement v ON v.child IN " SAME_CHILD " JOIN agency g ON g.object = v.agency WHERE c.meeting = :meeting "   \
  "AND g.type = 'police' AND v.continuing = 'yes' AND v.ended_by IS NULL AND NOT " IS_INVITED(                         \
      "police") " AND NOT " ABOUT_CHILD("consideration", "v.category = 'police' AND v.outcome = 'invited'")

const struct rule invitation_rules[] = {
    {
        .number = "R-013",
        .class = RULE_DEADLINE,
        .about = ABOUT_MEETING,
        .words = "where possible a meeting is convened with the notice that the profile asks for",
        .remedy = "hold it later, or say why it cannot wait: cairn meeting change --short-notice",
        .source = PROCEDURE "Invites and timescales",
        .query = "SELECT 'broken', 'decided on ' || m.decided || ', held on ' || substr(m.held_on, 1, 10) || "
                 "', notice was due by ' || " NOTICE_BY " " SHORT_NOTICE,
    },
    {
        .number = "R-014",
        .class = RULE_REASON,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "a meeting at short notice records why, and who approved it",
        .remedy = "record it: cairn meeting change --short-notice --short-notice-reason --short-notice-by",
        .source = PROCEDURE "Invites and timescales",
        .query = "SELECT 'broken', CASE WHEN m.short_notice IS NULL OR m.short_notice_reason IS NULL THEN 'the reason' "
                 "ELSE 'who approved it' END " SHORT_NOTICE " AND (m.short_notice IS NULL "
                 "OR m.short_notice_reason IS NULL OR m.short_notice_by IS NULL)",
    },
    {
        .number = "R-015",
        .class = RULE_HARD,
        .gates = "invitation.send",
        .words = "an invitation goes by e-mail only to an agency with a secure address",
        .remedy = "send it in another way; where the address is secure, say so: --secure-address yes; or the "
                  "chair sends it and says why, in the same act: + check override --rule R-015",
        .source = PROCEDURE "Invites and timescales (implied)",
        .query = "SELECT 'broken' FROM meeting_invitation WHERE number BETWEEN :first AND :last AND channel = 'email' "
                 "AND (person IS NOT NULL OR agency IS NOT NULL) AND secure_address IS NOT 'yes'",
        .may_override = true,
    },
    {
        .number = "R-022",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "the chair was consulted, so that everyone relevant is invited",
        .remedy = "record when: cairn meeting change --chair-consulted",
        .source = PROCEDURE "Who should attend",
        .query = "SELECT 'open' FROM meeting WHERE object = :meeting AND chair_consulted IS NULL",
    },
    {
        .number = "R-023",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "consider inviting the child",
        .remedy = "record it: cairn invitee consider --category child, or cairn child-attendance decide",
        .source = PROCEDURE "Who should attend",
        .query = LACKS("'open'", NOT_CONSIDERED("child", WITHOUT_DECISION)),
    },
    {
        .number = "R-024",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "consider inviting parents, carers and family, with all who have parental responsibilities",
        .remedy = "record it: cairn invitation send --family, cairn invitee consider --category family, or the chair's "
                  "cairn exclusion record",
        .source = PROCEDURE "Who should attend",
        .query = LACKS("'open'", NOT_CONSIDERED("family", "1") " UNION ALL " NOT_ASKED("f.responsibilities = 'yes'")),
    },
    CONSIDER("R-025", "support", "a support person or advocate for the child and the family"),
    CONSIDER("R-026", "social-work", "the social worker, and others of social work whom the plan needs"),
    {
        .number = "R-027",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "consider inviting the Police, and invite them where they continue to be involved",
        .remedy = "record it: cairn invitation send, or cairn invitee consider --category police",
        .source = PROCEDURE "Who should attend",
        .query = LACKS("'open'", NOT_CONSIDERED("police", "1") " UNION " POLICE_CONTINUE),
    },
    CONSIDER("R-028", "foster-carer", "foster carers, who may need support to attend"),
    CONSIDER("R-029", "education",
             "early learning and childcare staff, or the most appropriate education professional"),
    CONSIDER("R-030", "health", "primary and acute health professionals, or mental health services for children"),
    CONSIDER("R-031", "adult-services", "adult mental health and addiction services"),
    CONSIDER("R-032", "third-sector", "third sector organisations that support children and families"),
    CONSIDER("R-033", "housing", "housing and support workers"),
    {
        .number = "R-034",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "consider inviting a representative of the Armed Forces where there is a service connection",
        .remedy = "record it: cairn invitee consider --category armed-forces, or cairn invitation send",
        .source = PROCEDURE "Who should attend",
        .query = "SELECT 'na', '' WHERE NOT EXISTS "
                 "(SELECT 1 FROM meeting_child c WHERE c.meeting = :meeting AND " WITH_CONNECTION
                 ") UNION ALL " LACKS("'open'", NOT_CONSIDERED("armed-forces", WITH_CONNECTION)),
    },
    {
        .number = "R-037",
        .class = RULE_REASON,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words =
            "only those attend who need to know or whom an effective plan needs, and of these no ground is recorded",
        .remedy = "record the ground: cairn attendance change --basis, or a reason beside the ground \"other\"",
        .source = FAMILY_NOTE "Responsibilities of professionals",
        .query = LACKS(UNTIL_CLOSED,
                       "SELECT i.name AS what FROM invitee i WHERE i.meeting = :meeting AND i.basis = 'other' "
                       "AND i.reason IS NULL UNION SELECT p.name FROM participant p WHERE p.meeting = :meeting "
                       "AND p.attended <> 'none' AND p.role IN ('agency-participant', 'service-representative') "
                       "AND (p.basis IS NULL OR p.basis = 'other' AND p.reason IS NULL) AND NOT EXISTS "
                       "(SELECT 1 FROM invitee i WHERE i.meeting = :meeting AND (i.person = p.person "
                       "OR i.person IS NULL AND i.agency = p.agency AND i.name = p.name))"),
    },
    {
        .number = "R-042",
        .class = RULE_REASON,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "parents, carers and others with parental responsibilities should be invited",
        .remedy = "record the invitation (cairn invitation send --family) or the chair's cairn exclusion record",
        .source = FAMILY_NOTE "Parents and carers",
        .query =
            LACKS(UNTIL_CLOSED,
                  NOT_ASKED("f.responsibilities = 'yes' OR f.relation IN ('mother', 'father', 'parent', 'carer')")),
    },
    {
        .number = "N-31",
        .class = RULE_DEADLINE,
        .about = ABOUT_MEETING,
        .words = "wherever possible each participant has the notice that the profile asks for",
        .remedy = "hold the meeting later, or say why it cannot wait: cairn check explain --rule N-31",
        .source = NATIONAL "timescales",
        .query = LACKS("'broken'", "SELECT i.name || ' (' || i.sent || ')' AS what FROM meeting m "
                                   "JOIN invitee i ON i.meeting = m.object WHERE m.object = :meeting "
                                   "AND i.basis NOT IN ('child', 'family', 'support') AND i.sent > " NOTICE_BY),
    },
    {
        .number = "K-031",
        .class = RULE_HARD,
        .gates = "invitation.send attendance.record",
        .words = "one entry is about one person, and this one does not say clearly about whom",
        .remedy = "name a person, or a member of the family, or an agency with a name; or, as the child, one child",
        .source = "the record's own: who was invited and who attended can be counted",
        .query = "SELECT 'broken' WHERE EXISTS (" NOT_ONE(
            "meeting_invitation", "t.basis = 'child'") ") OR EXISTS (" NOT_ONE("attendance", "t.role = 'child'") ")",
    },
    {0},
};
