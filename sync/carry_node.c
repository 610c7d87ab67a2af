/* The node's side of carrying large contents: who may put what, and who may get what. */
#include "core/directory.h"
#include "core/feed.h"
#include "core/recovery.h"
#include "sync/carry.h"

/* The number of an entry that commits to the content and that this agency is to hold. */
static enum err find_for(struct store *s, const struct hash *agency, const struct hash *content, uint64_t *number_out) {
  uint64_t feed = 0, number = 0;
  bool is_held = false;
  enum err e = feed_of_agency(s, agency, &feed);
  while (e == OK && !is_held) {
    e = parts_next_entry(s, content, number, &number);
    if (e == OK)
      e = feed_holds(s, feed, number, &is_held);
  }
  if (e == OK)
    *number_out = number;
  return e;
}

static enum err get(struct store *s, const struct hash *agency, const struct carry_request *m, struct buf *part) {
  uint64_t number;
  enum err e = find_for(s, agency, &m->content, &number);
  if (e == OK)
    e = parts_cut(s, number, m->number, part);
  /* One error for all that this agency does not get, in the same words. */
  if (e == ERR_ABSENT || (e == OK && part->len != parts_length(m->size, m->number)))
    e = err_set(ERR_ABSENT, "there is no such part here");
  return e;
}

static enum err put(struct store *s, const struct hash *replica, const struct carry_request *m, int64_t now_s,
                    uint32_t *there_out) {
  struct parts_name n = {*replica, m->content, m->size};
  if (parts_is_accepted(s, replica, &m->content)) {
    *there_out = parts_all(m->size);
    return OK;
  }
  enum err e = store_begin(s);
  if (e != OK)
    return e;
  e = m->verb == CARRY_OFFER ? parts_begin(s, &n, now_s, there_out)
                             : parts_put(s, &n, m->number, m->part, now_s, there_out);
  return store_end(s, e);
}

enum err carry_serve(struct exchange_node *n, const struct hash *replica, struct bytes request, int64_t now_s,
                     struct buf *answer) {
  struct carry_request m;
  struct machine machine = {0};
  struct carry_answer out = {0};
  struct buf part = {0};
  enum err e = recovery_check_off(n->store);
  if (e == OK)
    e = directory_machine(n->store, replica, &machine);
  bool is_shut_out = machine.is_revoked || !machine_is_valid(&machine, now_s);
  if (e == OK)
    e = carry_request_decode(request, &m);
  /* What a machine sends that does not count any more is held for the keeper, and so are its documents. */
  if (e == OK && is_shut_out && m.verb == CARRY_GET)
    e = err_set(ERR_KEY, "this machine does not count any more");
  if (e == OK)
    e = m.verb == CARRY_GET ? get(n->store, &machine.agency, &m, &part) : put(n->store, replica, &m, now_s, &out.there);
  out.part = buf_bytes(&part);
  if (e == OK)
    carry_answer_encode(answer, &out);
  buf_release(&part);
  return e == OK ? buf_err(answer) : e;
}
