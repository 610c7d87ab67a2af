#include "core/domain/domain.h"
#include "core/domain/meeting_sql.h"

#define CHILDREN ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child whom it is about")
#define MEETING ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting")
#define SEGMENT(least, help)                                                                                           \
  { "segment", FIELD_ENTRY, IN_REF, "segment.record", 0, least, 1, help, true }
#define SHARED(least)                                                                                                  \
  ENTRY("agency", IN_REF, "agency.add", 0, 1, "the agency that shared it"),                                            \
      TEXT("summary", IN_CONTENT, 8000, least, 1, "what was shared, in summary (R-139)")
#define OPEN_PART "the part in which it was shared; not a closed one"
#define BY_CHAIR_AND_MINUTE_TAKER WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER))
/* clang-format off */
#define RECORDED(segment, is_closed_) \
  BY_CHAIR_AND_MINUTE_TAKER, \
  FIELDS(CHILDREN, MEETING, segment, SHARED(1)), \
  .views = "information", \
  .project = {"INSERT INTO information(object, number, meeting, segment, agency, summary, is_closed, said) " \
              "VALUES(:id, :entry_number, :meeting, :segment, :agency, :summary, " is_closed_ ", :entry_number)"}, \
  .line = "summary"
#define PUT_RIGHT(kind, segment, cleared) \
  BY_CHAIR_AND_MINUTE_TAKER, \
  FIELDS(CHILDREN, ENTRY_OF_CHILD("information", kind, "the summary"), segment, SHARED(0), CLEAR(cleared)), \
  .object = "information", \
  .is_change = true, \
  .project = {"UPDATE information SET " \
              CHANGED("segment", "segment", "segment") ", " \
              CHANGED("agency", "agency", "agency") ", " \
              "summary = coalesce(:summary, summary), said = :entry_number WHERE object = :object"}, \
  .line = "summary"
/* clang-format on */

/* What was shared at a meeting. What was said while the family was out has kinds of its own, whose audience no family
 * copy has. */
const struct kind information_kinds[] = {
    {
        .name = "information.record",
        .help = "a summary of what was shared at a meeting, for the family too (R-139)",
        .audience = AUDIENCE_CASE,
        RECORDED(SEGMENT(0, OPEN_PART), "0"),
    },
    {
        .name = "information.change",
        .help = "the summary of what was shared at a meeting is put right",
        .audience = AUDIENCE_CASE,
        PUT_RIGHT("information.record", SEGMENT(0, OPEN_PART), "segment|agency"),
    },
    {
        .name = "information.closed",
        .help = "what was said at a meeting while the family was out (R-094, R-139)",
        .audience = AUDIENCE_PROFESSIONALS,
        RECORDED(SEGMENT(1, "the closed part"), "1"),
    },
    {
        .name = "information.closed-change",
        .help = "the summary of what was said while the family was out is put right",
        .audience = AUDIENCE_PROFESSIONALS,
        PUT_RIGHT("information.closed", SEGMENT(0, "the closed part"), "agency"),
    },
    {0},
};

/* The closed parts g of the meeting, as people know them. */
#define CLOSED_PART "'the part from ' || coalesce(g.from_time, '?') || ' until ' || coalesce(g.until_time, '?')"
#define CLOSED_PARTS "FROM segment g WHERE g.meeting = :meeting AND g.family = 'closed' "
#define WHERE_CLOSED "SELECT 'na', '' WHERE NOT EXISTS (SELECT 1 " CLOSED_PARTS ") UNION ALL "
#define LACKING(column, words_) "iif(g." column " IS NULL, '; " words_ "', '')"
/* Of a row i of what was shared, or of the part g in which it was: what this act says anew. */
#define SAID_NOW "(i.said BETWEEN :first AND :last OR g.said BETWEEN :first AND :last)"

const struct rule information_rules[] = {
    {
        .number = "R-052",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words =
            "where a parent or carer is excluded from a part of the meeting, that part is recorded, with them as out",
        .remedy = "record it: cairn segment record --family closed --out",
        .source = FAMILY_NOTE "Exclusion of a parent or carer",
        .query = "SELECT 'na', '' WHERE NOT EXISTS (SELECT 1 FROM exclusion WHERE meeting = :meeting "
                 "AND form = 'excluded-in-part') UNION ALL " LACKS(
                     "'open'", "SELECT coalesce(f.name, 'someone') AS what FROM exclusion x LEFT JOIN family f "
                               "ON f.object = x.family WHERE x.meeting = :meeting AND x.form = 'excluded-in-part' "
                               "AND NOT EXISTS (SELECT 1 FROM segment g, json_each(g.out) o WHERE g.meeting = :meeting "
                               "AND g.family = 'closed' AND o.value = lower(hex(x.family)))"),
    },
    {
        .number = "R-094",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "where a part of the meeting is held without the family, the chair prepares them for it",
        .remedy = "record it: cairn segment change --prepared yes",
        .source = PROCEDURE "Restricted access to information",
        .query =
            WHERE_CLOSED LACKS("'open'", "SELECT " CLOSED_PART " AS what " CLOSED_PARTS "AND g.prepared IS NOT 'yes'"),
    },
    {
        .number = "R-095",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "where a part of the meeting is held without the family, the chair explains the reasons to them",
        .remedy = "record it: cairn segment change --explained yes",
        .source = PROCEDURE "Restricted access to information",
        .query =
            WHERE_CLOSED LACKS("'open'", "SELECT " CLOSED_PART " AS what " CLOSED_PARTS "AND g.explained IS NOT 'yes'"),
    },
    {
        .number = "K-080",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "a closed part of a meeting says from when until when it lasted, who was out, and why",
        .remedy = "record it: cairn segment change --from --until --out --reason",
        .source = "the record's own order: R-094, who was out and when",
        .query = WHERE_CLOSED LACKS(
            UNTIL_CLOSED,
            "SELECT substr(lacking, 3) AS what FROM (SELECT " LACKING("from_time", "when it began") " || " LACKING(
                "until_time",
                "when it ended") " || " LACKING("out", "who was out") " || " LACKING("reason",
                                                                                     "why") " AS lacking " CLOSED_PARTS
                                                                                            ") WHERE lacking <> ''"),
    },
    {
        .number = "K-081",
        .class = RULE_HARD,
        .gates = "information.record information.change segment.record segment.change",
        .words = "what is said in a closed part of a meeting is not recorded where the family may read it",
        .remedy =
            "record it for the professionals alone (cairn information closed), or, if only the provider may let it "
            "go further, as a restricted item of the meeting; what stands recorded is voided first: cairn void",
        .source = "the record's own order: R-091, R-094",
        .query = "SELECT 'broken', '' FROM information i JOIN segment g ON g.object = i.segment "
                 "WHERE NOT i.is_closed AND g.family = 'closed' AND " SAID_NOW,
    },
    {
        .number = "K-082",
        .class = RULE_HARD,
        .gates = "information.record information.change information.closed information.closed-change segment.change",
        .words = "what was shared in a part of a meeting names a part of that meeting, and what was said behind closed "
                 "doors a closed one",
        .remedy = "name the part: cairn meeting show lists them; or record it for everybody: cairn information record",
        .source = "the record's own order: R-094",
        .query = "SELECT 'broken', '' FROM information i JOIN segment g ON g.object = i.segment "
                 "WHERE (g.meeting <> i.meeting OR i.is_closed AND g.family <> 'closed') AND " SAID_NOW,
    },
    {0},
};
