#include "core/domain/domain.h"

const struct kind people_kinds[] = {
    {
        .name = "child.add",
        .help = "a child, born or unborn, about whom records are kept",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR), ANY(ROLE_KEEPER)),
        FIELDS(TEXT("name", IN_CONTENT, 200, 1, 1, "the child's full name; of an unborn baby as it is known"),
               DATE("born", IN_CONTENT, 0, "date of birth"),
               DATE("due", IN_CONTENT, 0, "expected date of birth of an unborn baby"),
               TEXT("address", IN_CONTENT, 500, 0, 1, "where the child lives")),
        .views = "child",
        .project = {"INSERT INTO child(object, number, name, born, due, address) "
                    "VALUES(:id, :entry_number, :name, :born, :due, :address)"},
        .line = "name",
    },
    {
        .name = "involvement.start",
        .help = "an agency starts to work with a child, and from then on receives the child's record",
        .audience = AUDIENCE_CASE,
        WRITERS(IN("social-work", ROLE_PRACTITIONER), IN("social-work", ROLE_LEAD_PROFESSIONAL),
                IN("social-work", ROLE_CHAIR), ANY(ROLE_KEEPER)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY("agency", IN_REF, "agency.add", 1, 1, "the agency"),
               TEXT("reason", IN_CONTENT, 1000, 0, 1, "why")),
        .views = "involvement",
        .project = {"INSERT INTO involvement(object, number, child, agency, reason, started) "
                    "VALUES(:id, :entry_number, :child, :agency, :reason, :admitted)"},
        .line = "agency",
    },
    {
        .name = "involvement.end",
        .help = "an agency no longer works with a child",
        .audience = AUDIENCE_CASE,
        WRITERS(IN("social-work", ROLE_PRACTITIONER), IN("social-work", ROLE_LEAD_PROFESSIONAL),
                IN("social-work", ROLE_CHAIR), ANY(ROLE_KEEPER)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY_OF_CHILD("involvement", "involvement.start", "the involvement that ends"),
               TEXT("reason", IN_CONTENT, 1000, 1, 1, "why")),
        .object = "involvement",
        .project = {"UPDATE involvement SET ended_by = :id, ended = :admitted WHERE object = :object"},
        .line = "reason",
    },
    {0},
};
