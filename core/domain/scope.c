#include "core/domain/domain.h"

#define BY_NODE_FOR_KEEPER .is_for_keeper = true, WRITERS(ANY(ROLE_NODE))
/* clang-format off */
/* What an agency is to hold has grown or, with a minus before the number of entries, shrunk. */
#define CHANGED_BY(sign) \
  BY_NODE_FOR_KEEPER, \
  FIELDS(ENTRY("child", IN_CHILD, "child.add", 0, ENTRY_CHILDREN_MAX, "each child whose record it is"), \
         ENTRY("agency", IN_REF, "agency.add", 1, 1, "the agency"), \
         ENTRY("because", IN_REF, NULL, 1, 1, "the entry that changed who may see it"), \
         WHOLE("entries", IN_FACT, 1, "how many earlier entries"), \
         WHOLE("place", IN_FACT, 1, "where the agency's feed stood then"), \
         TOKEN("digest", IN_FACT, 1, "the feed's digest there")), \
  .views = "scope_change", \
  .project = {"INSERT INTO scope_change(object, number, agency, because, entries, place, at) " \
              "VALUES(:id, :entry_number, :agency, :because, " sign ":entries, :place, :admitted)"}, \
  .line = "agency entries"
/* clang-format on */

/* What the node did because who may see what had changed, and what machines said they did. */
const struct kind scope_kinds[] = {
    {
        .name = "scope.grow",
        .help = "an agency was sent what had been recorded before",
        .audience = AUDIENCE_CASE,
        CHANGED_BY(""),
    },
    {
        .name = "scope.shrink",
        .help = "an agency's machines were told to hold no longer what they had been sent",
        .audience = AUDIENCE_CASE,
        CHANGED_BY("-"),
    },
    {
        .name = "scope.grow-named",
        .help = "an agency was sent what is for people by name; for whoever moved it, and the keeper",
        .audience = AUDIENCE_NAMED,
        CHANGED_BY(""),
    },
    {
        .name = "scope.shrink-named",
        .help =
            "an agency was told to hold no longer what was for people by name; for whoever moved it, and the keeper",
        .audience = AUDIENCE_NAMED,
        CHANGED_BY("-"),
    },
    {
        .name = "feed.receipt",
        .help = "a machine signed that it has followed its agency's feed, and holds no longer what was taken back",
        .audience = AUDIENCE_CASE,
        BY_NODE_FOR_KEEPER,
        FIELDS(ENTRY("replica", IN_REF, "replica.add", 1, 1, "the machine"),
               WHOLE("place", IN_FACT, 1, "how far it has followed the feed"),
               TOKEN("digest", IN_FACT, 1, "the feed's digest there"),
               TOKEN("signature", IN_FACT, 1, "the machine's signature, in base64")),
        .views = "feed_receipt",
        .project = {"INSERT INTO feed_receipt(object, number, replica, place, at) "
                    "VALUES(:id, :entry_number, :replica, :place, :admitted)"},
        .line = "replica place",
    },
    {0},
};
