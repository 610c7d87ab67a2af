#include "core/domain/domain.h"

#define ABOUT                                                                                                          \
  ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child of the meeting"),                           \
      ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting"),                                                     \
      TOKEN("rule", IN_FACT, 1, "the number of the rule, as cairn check shows it")
#define ANSWERED                                                                                                       \
  "INSERT INTO answer(object, number, meeting, rule, answer, words, by) VALUES(:id, :entry_number, :meeting, :rule, "

/* What people say to the rules of a meeting: that good practice was followed, why something was not, and that the chair
 * goes on all the same. */
const struct kind check_kinds[] = {
    {
        .name = "check.confirm",
        .help = "that what a rule of good practice asks for was done, was not, or does not apply",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_MINUTE_TAKER)),
        FIELDS(ABOUT, CODE("answer", IN_FACT, "yes|no|not-applicable", 1, 1, "was it done?"),
               TEXT("words", IN_CONTENT, 2000, 0, 1, "how, or why not")),
        .views = "answer",
        .project = {ANSWERED ":answer, :words, :by)"},
        .line = "rule answer words",
    },
    {
        .name = "check.explain",
        .help = "why a rule that asks for a reason was not kept, or a date not met",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL)),
        FIELDS(ABOUT, TEXT("reason", IN_CONTENT, 2000, 1, 1, "why")),
        .views = "answer",
        .project = {ANSWERED "'explained', :reason, :by)"},
        .line = "rule reason",
    },
    {
        .name = "check.override",
        .help = "the chair goes on although a rule refuses, and says why",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR)),
        FIELDS(ABOUT, TEXT("reason", IN_CONTENT, 2000, 1, 1, "why")),
        .views = "answer",
        .project = {ANSWERED "'overridden', :reason, :by)"},
        .line = "rule reason",
    },
    {0},
};

const struct rule check_rules[] = {
    {
        .number = "K-001",
        .class = RULE_HARD,
        .gates = "check.override",
        .words = "only the chair of the meeting may override a rule",
        .remedy = "ask the chair of this meeting to record it",
        .source = "the catalogue's caution on gates: overridable with a signed reason by the chair",
        .query = "SELECT 'broken' FROM answer a JOIN meeting m ON m.object = a.meeting "
                 "WHERE a.number BETWEEN :first AND :last AND a.answer = 'overridden' AND NOT EXISTS "
                 "(SELECT 1 FROM person_key k JOIN certificate c ON c.subject = k.object "
                 "WHERE k.person = m.chair AND c.key = a.by)",
    },
    {0},
};
