#include "core/domain/domain.h"

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
        .line = "reasons",
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
        .gates = "decision.record",
        .words = "the meeting must decide whether the child is at risk of significant harm, "
                 "and this decision does not say",
        .remedy = "record the answer with --risk yes or --risk no",
        .source = "Child Protection Planning Meetings procedure, purpose of the meeting",
        .query = "SELECT 'broken' FROM decision WHERE number BETWEEN :first AND :last AND risk IS NULL",
    },
    {
        .number = "R-007",
        .class = RULE_HARD,
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
        .gates = "decision.record",
        .words = "the meeting decided that a Child Protection Plan is required, so the child's name must be added to the "
                 "Child Protection Register, or its registration continued, in the same act",
        .remedy = "record the registration together with the decision: cairn decision record ... + registration add "
                  "--decision @1 ..., or + registration continue --decision @1 ... for a child on the register",
        .source = "Child Protection Planning Meetings procedure, purpose of the meeting",
        .query = "SELECT 'broken' FROM decision d WHERE d.number BETWEEN :first AND :last AND d.plan = 'yes' "
                 "AND NOT EXISTS (SELECT 1 FROM registration_event v JOIN registration r ON r.object = v.object "
                 "WHERE v.decision = d.object AND v.what IN ('add', 'continue') AND v.number <= :last "
                 "AND r.removed_number IS NULL AND r.child = d.child)",
    },
    {
        .number = "R-106",
        .class = RULE_HARD,
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
    {0},
};
