#include "core/domain/domain.h"

#define DECIDED_BY                                                                                                     \
  ANY(ROLE_KEEPER), OWN(ROLE_OFFICER), IN("social-work", ROLE_CHAIR), IN("social-work", ROLE_LEAD_PROFESSIONAL)

/* Members of staff who are kept out of a case: a relative's, a neighbour's, a colleague's. Who it is and which child
 * are pseudonyms in the header; why is content, and goes to the agencies of the case only. */
const struct kind staff_kinds[] = {
    {
        .name = "staff.bar",
        .help = "a person is kept out of a child's case: records nothing about the child, is shown nothing of it",
        .audience = AUDIENCE_CASE,
        WRITERS(DECIDED_BY, SELF),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY("person", IN_REF, "person.add", 1, 1, "who is kept out"),
               TEXT("reason", IN_CONTENT, 1000, 1, 1, "why")),
        .views = "staff_bar",
        .project = {"INSERT INTO staff_bar(object, number, child, person, by, reason, since) "
                    "VALUES(:id, :entry_number, :child, :person, :by, :reason, :admitted)"},
        .line = "person",
        .keeps_out = true,
    },
    {
        .name = "staff.unbar",
        .help = "a person is no longer kept out of a child's case; never recorded by that person",
        .audience = AUDIENCE_CASE,
        WRITERS(DECIDED_BY),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY_OF_CHILD("bar", "staff.bar", "the entry that keeps them out"),
               TEXT("reason", IN_CONTENT, 1000, 1, 1, "why")),
        .object = "bar",
        .project = {"UPDATE staff_bar SET lifted = coalesce(lifted, :entry_number), "
                    "lifted_by = coalesce(lifted_by, :by) WHERE object = :object"},
        .line = "reason",
    },
    {0},
};

const struct rule staff_rules[] = {
    {
        .number = "A-021",
        .class = RULE_HARD,
        .gates = "staff.unbar",
        .words = "nobody lets themselves into a case that they are kept out of",
        .remedy = "the Keeper of the Register decides, or somebody else who may",
        .source = "the record's own order",
        .query = "SELECT 'broken' FROM entry e JOIN act a ON a.first = e.act JOIN staff_bar b ON b.object = e.object "
                 "JOIN certificate c ON c.key = a.by JOIN person_key k ON k.object = c.subject "
                 "WHERE e.number BETWEEN :first AND :last AND e.kind = 'staff.unbar' AND k.person = b.person",
    },
    {
        .number = "A-022",
        .class = RULE_HARD,
        .gates = "staff.unbar",
        .words = "this was ended before",
        .remedy = "cairn staff list shows who is kept out of which case",
        .source = "the record's own order",
        .query = "SELECT 'broken' FROM entry e WHERE e.number BETWEEN :first AND :last AND e.kind = 'staff.unbar' "
                 "AND EXISTS (SELECT 1 FROM entry o WHERE o.object = e.object AND o.number < e.number)",
    },
    {0},
};
