#include "core/domain/domain.h"

/* What one person may not do alone. */
const struct kind second_kinds[] = {
    {
        .name = "two-persons.require",
        .help = "which kinds one person may not record alone, from the next act on; replaces the setting before it",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE), ANY(ROLE_ADMINISTRATOR)),
        FIELDS(TOKENS("kind", IN_FACT, 0, ENTRY_FACTS_MAX,
                      "a kind that needs two persons, or role.give:ROLE, role.take:ROLE; none: nothing does"),
               TEXT("reason", IN_CONTENT, 1000, 1, 1, "why")),
        .views = "two_persons",
        .project = {"INSERT INTO two_persons(object, number, kinds) VALUES(:id, :entry_number, :kind)"},
        .stands_alone = true,
        .line = "kind",
    },
    {0},
};
