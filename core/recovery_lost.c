/* Entries whose content was lost: which they are, and how they get it back. */
#include <stdlib.h>
#include <string.h>

#include "core/accept.h"
#include "core/feed.h"
#include "core/recovery_parts.h"

enum {
  LOST_IS,
  LOST_KIND,
  LOST_OF_ACT,
  LOST_NEXT,
  HOLD_WITHOUT,
};

static const char *const sql[] = {
    [LOST_IS] = "SELECT 1 FROM forgotten WHERE number = ?1 AND why = 'lost'",
    [LOST_KIND] = "SELECT e.kind FROM forgotten f JOIN entry e ON e.number = f.number WHERE f.number = ?1 "
                  "AND f.why = 'lost'",
    [LOST_OF_ACT] = "SELECT e.kind FROM act a JOIN forgotten f ON f.number BETWEEN a.first AND a.first + a.size - 1 "
                    "AND f.why = 'lost' JOIN entry e ON e.number = f.number WHERE a.first = ?1 AND a.replica = ?2",
    [LOST_NEXT] = "SELECT min(number) FROM forgotten WHERE why = 'lost' AND number > ?1",
    [HOLD_WITHOUT] = "SELECT h.object FROM hold h WHERE h.act = ?1 AND h.state = 'held' "
                     "AND NOT EXISTS (SELECT 1 FROM held k WHERE k.hold = h.object)",
};

const char *const *recovery_lost_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err recovery_is_lost(struct store *s, uint64_t number, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[LOST_IS]);
  query_int(&q, 1, (int64_t)number);
  *out = query_row(&q);
  return query_end(&q);
}

enum err recovery_is_told_lost(struct store *s, uint64_t number, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[LOST_KIND]);
  query_int(&q, 1, (int64_t)number);
  *out = query_row(&q) && !kind_stands_alone(kind_find(query_get(&q, 0)));
  return query_end(&q);
}

enum err recovery_is_own_in_part(struct store *s, uint64_t act, const struct hash *replica, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[LOST_OF_ACT]);
  query_int(&q, 1, (int64_t)act);
  query_blob(&q, 2, hash_bytes(replica));
  *out = false;
  while (!*out && query_row(&q))
    *out = !kind_stands_alone(kind_find(query_get(&q, 0)));
  return query_end(&q);
}

enum err recovery_next_lost(struct store *s, uint64_t after, uint64_t *out) {
  struct query q;
  *out = 0;
  query_start(&q, s->db, sql[LOST_NEXT]);
  query_int(&q, 1, (int64_t)after);
  if (query_row(&q))
    *out = (uint64_t)query_get_int(&q, 0);
  return query_end(&q);
}

bool recovery_has_lost(struct store *s) {
  uint64_t n = 0;
  return recovery_next_lost(s, 0, &n) == OK && n > 0;
}

enum err recovery_wants_lost(struct store *s, uint64_t number, const struct entry *e, bool *out) {
  struct header *h = NULL;
  enum err err = recovery_is_lost(s, number, out);
  if (err != OK || !*out)
    return err;
  err = store_header(s, number, &h);
  *out = err == OK && hash_equal(&h->entry.id, &e->id);
  header_free(h);
  return err;
}

enum err recovery_take_again(struct store *s, uint64_t number, const struct act_entry *given) {
  struct act_record a = {0};
  struct verdict v;
  uint64_t first;
  enum err e = store_act_of(s, number, &first);
  if (e == OK)
    e = store_find_act(s, first, &a);
  if (e != OK)
    return e;
  struct act_entry *entries = mem_alloc_array(a.count, sizeof *entries);
  for (size_t i = 0; i < a.count; i++) {
    const struct record *r = &a.entries[i];
    entries[i] = record_act_entry(r);
    entries[i].is_erased = r->is_erased;
    entries[i].is_lost = !r->is_erased && !r->has_content;
    if (r->number == number) {
      entries[i].is_lost = false;
      entries[i].content = given->content;
      memcpy(entries[i].salt, given->salt, ENTRY_SALT_SIZE);
    }
  }
  struct accept_act in = {.how = ACCEPT_TAKE,
                          .is_rebuilt = true,
                          .entries = entries,
                          .count = a.count,
                          .size = a.text.size,
                          .signature = buf_bytes(&a.signature),
                          .replica = a.position.replica,
                          .position = a.position.number,
                          .previous = a.position.previous,
                          .head = buf_bytes(&a.head),
                          .first = first,
                          .admitted = bytes_str(a.admitted.s)};
  e = accept_act(s, &in, &v);
  /* All of the act, one after the other: whoever wrote it has it in the outbox, and takes it whole or not at all. */
  for (size_t i = 0; e == OK && i < a.count; i++)
    if (!entries[i].is_erased)
      e = feed_deliver_again(s, a.entries[i].number);
  free(entries);
  act_record_release(&a);
  return e;
}

enum err recovery_give_back(struct store *s, uint64_t first, const struct act_entry *entries, size_t count_) {
  bool lost = false;
  enum err e = OK;
  for (size_t i = 0; e == OK && i < count_; i++) {
    uint64_t number = first + entries[i].index;
    e = recovery_is_lost(s, number, &lost);
    if (e == OK && lost && !entries[i].parts_size && !entries[i].is_erased)
      e = recovery_take_again(s, number, &entries[i]);
  }
  return e;
}

enum err recovery_find_hold(struct store *s, const struct hash *act, struct hash *hold_out) {
  struct hash_hex hex = hash_hex(act);
  struct query q;
  query_start(&q, s->db, sql[HOLD_WITHOUT]);
  query_text(&q, 1, bytes_str(hex.s));
  bool found = query_row(&q);
  if (found)
    *hold_out = hash_from(query_get(&q, 0));
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "nothing is missing of what is held") : e;
}
