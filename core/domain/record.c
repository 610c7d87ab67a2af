#include "core/domain/domain.h"

/* What concerns any entry, whatever it is about. */
const struct kind record_kinds[] = {
    {
        .name = "entry.void",
        .help = "an entry that was recorded in the wrong file counts no more; it stays in the ledger",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_KEEPER), ANY(ROLE_CHAIR), ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL),
                ANY(ROLE_BUSINESS_SUPPORT)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 0, ENTRY_CHILDREN_MAX, "each child in whose file it stands"),
               ENTRY("entry", IN_REF, NULL, 1, 1, "the entry"), TEXT("reason", IN_CONTENT, 2000, 1, 1, "why"),
               TEXT("seen-by", IN_CONTENT, 200, 0, 128, "each agency or person who saw it")),
        .object = "entry",
        .is_void = true,
        .project = {"INSERT INTO voided(object, entry, by) VALUES(:object, :entry, :id)"},
        .line = "reason",
    },
    {0},
};
