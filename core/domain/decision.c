#include "core/domain/domain.h"
#include "core/domain/meeting_sql.h"

/* A meeting's decisions that a plan is required. */
#define PLANS "FROM decision d WHERE d.meeting = :meeting AND d.plan = 'yes' "
/* Good practice where a child's name is added: met by what the decision says, or confirmed. */
#define SAID_WITH_A_PLAN(column)                                                                                       \
  "SELECT 'na' WHERE NOT EXISTS (SELECT 1 " PLANS ") UNION ALL SELECT 'open' " PLANS "AND d." column " IS NULL"

/* Each significantly involved participant's view for each child. */
#define VIEW_ON(number_, column, words_)                                                                               \
  {                                                                                                                    \
    .number = number_, .class = RULE_REASON, .about = ABOUT_MEETING, .gates = "meeting.close",                         \
    .words = "every participant with significant involvement contributes a view on " words_,                           \
    .remedy = "ask them for it, and record it: cairn view record --meeting M --child C ...",                           \
    .source = "Child Protection Planning Meetings procedure, reaching decisions",                                      \
    .query = "SELECT " UNTIL_CLOSED ", 'not yet ' || p.name FROM attendance a JOIN person p ON p.object = a.person "   \
             "JOIN meeting_child c ON c.meeting = a.meeting WHERE a.meeting = :meeting AND a.significant = 'yes' "     \
             "AND a.attended <> 'none' AND NOT EXISTS (SELECT 1 FROM participant_view v "                              \
             "WHERE v.meeting = :meeting AND v.child = c.child AND v." column " IS NOT NULL "                          \
             "AND " SQL_IS_KEY_OF("v.by", "a.person") ")",                                                             \
  }

const struct kind decision_kinds[] = {
    {
        .name = "decision.record",
        .help = "what a planning meeting decided for one child; recorded by the chair",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting"),
               CODE("risk", IN_FACT, "yes|no", 0, 1, "is the child at risk of significant harm? (R-006)"),
               CODE("plan", IN_FACT, "yes|no", 0, 1, "does the child require a Child Protection Plan? (R-007)"),
               CODE("consensus", IN_FACT, "yes|no", 0, 1, "did all agree? (R-106)"),
               TEXT("reasons", IN_CONTENT, 4000, 1, 1, "the reasons for the decision (R-108)"),
               TEXT("analysis", IN_CONTENT, 8000, 0, 1,
                    "the chair's analysis of information and discussion, where not all agreed (R-107)"),
               TEXT("explained", IN_CONTENT, 4000, 0, 1,
                    "how, when and by whom the parents were told why, and what they understood (R-118)"),
               TEXT("changes", IN_CONTENT, 4000, 0, 1,
                    "support for the parents, and what they need to change, in plain language (R-119)"),
               TEXT("interpreter", IN_CONTENT, 1000, 0, 1,
                    "the parents' advocate or interpreter, or why none is needed (R-120)"),
               TEXT("strengths", IN_CONTENT, 4000, 0, 1, "the parents' strengths (R-121, R-123)"),
               TEXT("tool", IN_CONTENT, 1000, 0, 1, "the assessment tools that were used (R-122)")),
        .views = "decision",
        .project = {"INSERT INTO decision(object, number, child, meeting, risk, plan, consensus, reasons, analysis, "
                    "explained, changes, interpreter, strengths, tool, by) "
                    "VALUES(:id, :entry_number, :child, :meeting, :risk, :plan, :consensus, :reasons, :analysis, "
                    ":explained, :changes, :interpreter, :strengths, :tool, :by)"},
        .line = "risk plan reasons",
    },
    {
        .name = "dissent.record",
        .help = "somebody does not agree with a decision, which stands all the same (R-108, N-46)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY_OF_CHILD("decision", "decision.record", "the decision"),
               ENTRY("person", IN_REF, "person.add", 0, 1, "who does not agree; left out, whoever records it"),
               CODE("about", IN_FACT, "risk|plan|registration|removal", 1, 4, "each answer that it is about"),
               TEXT("nature", IN_CONTENT, 4000, 1, 1, "with what exactly, and why")),
        .views = "dissent",
        .project = {"INSERT INTO dissent(object, number, child, decision, person, about, nature, by) "
                    "VALUES(:id, :entry_number, :child, :decision, :person, :about, :nature, :by)"},
        .line = "nature",
    },
    {0},
};

const struct rule decision_rules[] = {
    {
        .number = "R-006",
        .class = RULE_HARD,
        .is_fixed = true,
        .about = ABOUT_MEETING,
        .gates = "decision.record meeting.close",
        .words = "the meeting must decide for each child whether it is at risk of significant harm, and has not",
        .remedy = "record a decision for each child, with --risk yes or --risk no",
        .source = "Child Protection Planning Meetings procedure, purpose of the meeting",
        .query = "SELECT 'broken' FROM decision WHERE meeting = :meeting AND risk IS NULL "
                 "UNION ALL SELECT " UNTIL_CLOSED " FROM meeting_child c WHERE c.meeting = :meeting "
                 "AND " UNLESS_OPEN_AT_THE_DOOR " AND NOT EXISTS "
                 "(SELECT 1 FROM decision d WHERE d.meeting = :meeting AND d.child = c.child)",
    },
    {
        .number = "R-007",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "decision.record",
        .words = "the meeting must decide whether the child requires a co-ordinated Child Protection Plan, "
                 "and this decision does not say",
        .remedy = "record the answer with --plan yes or --plan no",
        .source = "Child Protection Planning Meetings procedure, purpose of the meeting",
        .query = "SELECT 'broken' FROM decision WHERE number BETWEEN :first AND :last AND plan IS NULL",
    },
    {
        .number = "R-008",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "decision.record",
        .words =
            "the meeting decided that a Child Protection Plan is required, so the child's name must be added to the "
            "Child Protection Register, or its registration continued, in the same act",
        .remedy = "record the registration together with the decision: cairn decision record ... + registration add "
                  "--decision @1 ..., or + registration continue --decision @1 ... for a child on the register",
        .source = "Child Protection Planning Meetings procedure, purpose of the meeting",
        .query = "SELECT 'broken' FROM decision d WHERE d.number BETWEEN :first AND :last AND d.plan = 'yes' "
                 "AND NOT EXISTS (SELECT 1 FROM registration_event v JOIN registration r ON r.object = v.object "
                 "WHERE v.decision = d.object AND v.what IN ('add', 'continue') AND v.number <= :last "
                 "AND r.removed_number IS NULL AND r.child IN " SAME_CHILDREN("d.child") ")",
    },
    {
        .number = "R-106",
        .class = RULE_HARD,
        .is_fixed = true,
        .gates = "decision.record",
        .words = "the final decision of a meeting is its chair's to make and to record",
        .remedy = "ask the chair of this meeting to record it",
        .source = "Child Protection Planning Meetings procedure, reaching decisions",
        .query = "SELECT 'broken' FROM decision d JOIN meeting m ON m.object = d.meeting "
                 "WHERE d.number BETWEEN :first AND :last AND NOT " SQL_IS_KEY_OF("d.by", "m.chair"),
    },
    {
        .number = "R-107",
        .class = RULE_HARD,
        .gates = "decision.record",
        .words = "where not all agreed, the chair's decision rests on an analysis of what the agencies brought and "
                 "discussed, and there is none",
        .remedy = "record it with --analysis",
        .source = "Child Protection Planning Meetings procedure, reaching decisions",
        .query = "SELECT 'broken' FROM decision WHERE number BETWEEN :first AND :last AND consensus = 'no' "
                 "AND analysis IS NULL",
        .may_override = true,
    },
    {
        .number = "R-108",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words =
            "decisions are recorded with their reasons and with any dissent, and a decision on which not all agreed "
            "has none",
        .remedy = "record who does not agree, and with what: cairn dissent record --decision D ...",
        .source = "Child Protection Planning Meetings procedure, CPPM record",
        .query = "SELECT " UNTIL_CLOSED " FROM decision d WHERE d.meeting = :meeting AND d.consensus = 'no' "
                 "AND NOT EXISTS (SELECT 1 FROM dissent s WHERE s.decision = d.object)",
        .may_override = true,
    },
    {
        .number = "N-46",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words =
            "a disagreement suspends nothing: the name is added and stays until a review meeting removes it, and a "
            "child for whom this meeting required a plan is not on the register",
        .remedy = "record the registration: cairn registration add --decision D ...",
        .source = "National Guidance practice on dissent, dispute and complaint",
        .query = "SELECT 'broken' " PLANS "AND EXISTS (SELECT 1 FROM dissent s WHERE s.decision = d.object) "
                 "AND NOT EXISTS (SELECT 1 FROM registration_event v WHERE v.decision = d.object)",
    },
    VIEW_ON("R-102", "risk", "the level of risk"),
    VIEW_ON("R-103", "plan", "the need for a Child Protection Plan"),
    VIEW_ON("R-104", "register", "whether to place the child's name on the register"),
    {
        .number = "R-118",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "the parents clearly understand why their child's name is on the register",
        .remedy = "say who explained it, when, and what was understood: cairn decision record --explained ..., or "
                  "cairn check confirm",
        .source = "Participating in Child Protection Planning Meetings practice note, reasons for registration",
        .query = SAID_WITH_A_PLAN("explained"),
    },
    {
        .number = "R-119",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "support, and the changes the parents need to make, are clear and explained in plain language",
        .remedy = "write them down: cairn decision record --changes ..., or cairn check confirm",
        .source = "Participating in Child Protection Planning Meetings practice note, reasons for registration",
        .query = SAID_WITH_A_PLAN("changes"),
    },
    {
        .number = "R-120",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "the parents have an advocate or interpreter if they require one",
        .remedy = "say who, or why none is needed: cairn decision record --interpreter ..., or cairn check confirm",
        .source = "Participating in Child Protection Planning Meetings practice note, reasons for registration",
        .query = SAID_WITH_A_PLAN("interpreter"),
    },
    {
        .number = "R-121",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "the parents' strengths are identified and acknowledged",
        .remedy = "write them down: cairn decision record --strengths ..., or cairn check confirm",
        .source = "Participating in Child Protection Planning Meetings practice note, reasons for registration",
        .query = SAID_WITH_A_PLAN("strengths"),
    },
    {
        .number = "R-122",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "an assessment tool such as the Resilience Matrix was used to show strengths and vulnerabilities",
        .remedy = "say which: cairn decision record --tool ..., or cairn check confirm",
        .source = "Participating in Child Protection Planning Meetings practice note, reasons for registration",
        .query = SAID_WITH_A_PLAN("tool"),
    },
    {0},
};
