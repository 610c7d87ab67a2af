#include "tests/lib/lost_node.h"

#include <stdio.h>

#include "tests/lib/files.h"

void lost_node_open(struct world *w, uint64_t seed, struct hash *child_out) {
  world_open(w, seed);
  const struct hash social_work = world_agency(w, "Social Work", "social-work"),
                    health = world_agency(w, "Health", "health"), police = world_agency(w, "Police", "police");
  struct world_member *ann = world_join(w, &social_work, "Ann", "practitioner keeper officer administrator");
  world_join(w, &health, "Ben", "practitioner");
  world_join(w, &police, "Pam", "practitioner");
  *child_out = world_record(w, ann, WORLD_DRAFT("child.add", {"name", "Isla Reid"}));
  const struct hash_hex c = hash_hex(child_out), a = hash_hex(&health);
  world_record(w, ann, WORLD_DRAFT("involvement.start", {"child", c.s}, {"agency", a.s}));
}

void lost_node_sync_all(struct world *w) {
  for (size_t i = 0; i < 3 * w->count; i++)
    world_sync(w, &w->members[i % w->count]);
}

struct hash lost_node_note(struct world *w, struct world_member *m, const struct hash *child, const char *name) {
  const struct hash_hex c = hash_hex(child);
  return world_record(w, m,
                      WORLD_DRAFT("family.add", {"child", c.s}, {"relation", "family-member"},
                                  {"responsibilities", "no"}, {"name", name}));
}

/* ---- the disk ---- */

struct path {
  char s[64];
};

static struct path copy_of(const struct world *w) {
  struct path p;
  snprintf(p.s, sizeof p.s, "%s/copy.db", w->folder);
  return p;
}

static void copy_closed(struct world *w, const char *from, const char *to) {
  store_close(w->node.store);
  w->node.store = NULL;
  files_copy(from, to);
  world_reopen_node(w);
}

void lost_node_back_up(struct world *w) {
  copy_closed(w, w->path, copy_of(w).s);
}

void lost_node_restore(struct world *w) {
  copy_closed(w, copy_of(w).s, w->path);
}

/* ---- what machines have ---- */

enum err lost_node_recover_by(struct world *w, struct world_member *m, const struct hash *source,
                              lost_node_serve *serve, struct recover_round *out) {
  struct recover_round r = {0};
  enum err e = OK;
  while (e == OK && !recover_is_done(&r)) {
    struct buf request = {0}, answer = {0};
    e = recover_next(&r, m->store, &request);
    if (e == OK && !recover_is_done(&r)) {
      e = serve(&w->node, source, buf_bytes(&request), w->now_s, &answer);
      if (e == OK)
        e = recover_take(&r, m->store, buf_bytes(&answer));
    }
    buf_release(&request);
    buf_release(&answer);
  }
  if (out)
    *out = r;
  recover_round_release(&r);
  return e;
}

enum err lost_node_recover(struct world *w, struct world_member *m, struct recover_round *out) {
  return lost_node_recover_by(w, m, &m->replica, recover_serve, out);
}
