#include "core/domain/domain.h"

const struct kind register_kinds[] = {
    {
        .name = "registration.add",
        .help = "a child's name is added to the Child Protection Register; stands in the act of the decision",
        .audience = AUDIENCE_REGISTER,
        WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_KEEPER)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY("decision", IN_REF, "decision.record", 1, 1, "the decision that a plan is required"),
               TEXT("concern", IN_CONTENT, 500, 1, 16, "each area of concern"),
               DATE("review", IN_FACT, 0, "date of the next review")),
        .views = "registration",
        .project = {"INSERT INTO registration(object, number, child, decision, concerns, since, review) "
                    "VALUES(:id, :entry_number, :child, :decision, :concern, :admitted, :review)"},
        .line = "concern",
    },
    {0},
};

const struct rule register_rules[] = {
    {
        .number = "R-009",
        .class = RULE_HARD,
        .gates = "registration.add",
        .words = "the deciding meeting did not decide that this child requires a Child Protection Plan, "
                 "so it gives no ground for a registration",
        .remedy = "name the decision for this child that says a plan is required, or record one",
        .source = "Child Protection Planning Meetings procedure, purpose of the meeting (implied)",
        .query = "SELECT 'broken' FROM registration r LEFT JOIN decision d ON d.object = r.decision "
                 "WHERE r.number BETWEEN :first AND :last "
                 "AND (d.object IS NULL OR d.child <> r.child OR d.plan IS NOT 'yes')",
    },
    {0},
};
