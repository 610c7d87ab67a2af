/* A node that loses its disk, and three machines that have what it had: what tests of rebuilding begin with. */
#ifndef CAIRN_TESTS_LIB_LOST_NODE_H
#define CAIRN_TESTS_LIB_LOST_NODE_H

#include "sync/recover.h"
#include "tests/lib/world.h"

/* In the order of the world's members: social work, who may do nearly everything and record a child; health, involved
 * with it; police, who are not. Nobody has synced since. */
enum { LOST_NODE_ANN, LOST_NODE_BEN, LOST_NODE_PAM };
void lost_node_open(struct world *w, uint64_t seed, struct hash *child_out);

/* Until all have what concerns them. */
void lost_node_sync_all(struct world *w);
/* Somebody of the child's family, recorded by the member. */
struct hash lost_node_note(struct world *w, struct world_member *m, const struct hash *child, const char *name);

/* A copy of the node's disk is made; and put in its place. */
void lost_node_back_up(struct world *w);
void lost_node_restore(struct world *w);

/* The member's machine shows and offers to the node what it has, as far as the node asks. The second: under a name and
 * by a function of the caller's. out may be NULL. */
typedef enum err lost_node_serve(struct exchange_node *n, const struct hash *source, struct bytes request,
                                 int64_t now_s, struct buf *answer);
enum err lost_node_recover(struct world *w, struct world_member *m, struct recover_round *out);
enum err lost_node_recover_by(struct world *w, struct world_member *m, const struct hash *source,
                              lost_node_serve *serve, struct recover_round *out);

#endif
