#include "core/domain/domain.h"

const struct kind decision_kinds[] = {
    {
        .name = "decision.record",
        .help = "what a planning meeting decided for one child; recorded by the chair",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting"),
               CODE("risk", IN_FACT, "yes|no", 0, 1, "is the child at risk of significant harm?"),
               CODE("plan", IN_FACT, "yes|no", 0, 1, "does the child require a Child Protection Plan?"),
               TEXT("reasons", IN_CONTENT, 4000, 1, 1, "the reasons for the decision")),
        .views = "decision",
        .project = {"INSERT INTO decision(object, number, child, meeting, risk, plan, reasons, by) "
                    "VALUES(:id, :entry_number, :child, :meeting, :risk, :plan, :reasons, :by)"},
        .line = "reasons",
    },
    {0},
};

const struct rule decision_rules[] = {
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
        .words = "the meeting decided that a Child Protection Plan is required, "
                 "so the child's name must be added to the Child Protection Register in the same act",
        .remedy = "record the registration together with the decision: "
                  "cairn decision record ... + registration add --decision @1 ...",
        .source = "Child Protection Planning Meetings procedure, purpose of the meeting",
        .query = "SELECT 'broken' FROM decision d WHERE d.number BETWEEN :first AND :last AND d.plan = 'yes' "
                 "AND NOT EXISTS (SELECT 1 FROM registration r WHERE r.child = d.child AND r.number <= :last)",
    },
    {0},
};
