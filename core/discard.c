#include "core/discard.h"

#include <stdio.h>
#include <string.h>

#include "core/store_parts.h"

enum { STATE, IS_TOLD, LATER_HEADERS };

static const char *const sql[] = {
    [STATE] = "SELECT state FROM outbox WHERE act = ?1",
    /* By the node's entry, or because somebody decided against what was held. That it had come before, at another
     * place, is no refusal of the act. */
    [IS_TOLD] = "SELECT 1 FROM refusal WHERE replica = ?1 AND position = ?2 AND act = ?3 AND rule <> 'had' UNION ALL "
                "SELECT 1 FROM hold WHERE act = ?3 AND state = 'rejected'",
    /* What stands before the act cannot name it. */
    [LATER_HEADERS] = "SELECT act, header FROM entry WHERE number >= ?1 + 1024 ORDER BY number DESC",
};

const char *const *discard_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static enum err check_state(struct store *s, uint64_t first) {
  struct query q;
  char state[16] = "";
  query_start(&q, s->db, sql[STATE]);
  query_int(&q, 1, (int64_t)first);
  if (query_row(&q))
    snprintf(state, sizeof state, "%.*s", (int)query_get(&q, 0).len, (const char *)query_get(&q, 0).at);
  enum err e = query_end(&q);
  if (e != OK || strcmp(state, "refused") == 0)
    return e;
  return state[0] == '\0' ? err_set(ERR_ABSENT, "there is no such act in the outbox")
                          : err_set_remedy(ERR_REFUSED, "what the node has not refused is sent, or decided about",
                                           "this act was not refused: it is %s", state);
}

/* The word of an answer is not enough: what proves it stands in the ledger, and takes the act's place in the chain. */
static enum err check_told(struct store *s, const struct position *p) {
  struct hash_hex replica = hash_hex(&p->replica), act = hash_hex(&p->act);
  struct query q;
  query_start(&q, s->db, sql[IS_TOLD]);
  query_text(&q, 1, bytes_str(replica.s));
  query_int(&q, 2, (int64_t)p->number);
  query_text(&q, 3, bytes_str(act.s));
  bool is_told = query_row(&q);
  enum err e = query_end(&q);
  return e == OK && !is_told ? err_set_remedy(ERR_REFUSED, "cairn sync first",
                                              "what the ledger says of this act's refusal has not come yet")
                             : e;
}

static bool is_of_act(const struct act_record *a, const struct hash *id) {
  for (size_t i = 0; i < a->count; i++)
    if (hash_equal(&a->entries[i].entry.id, id))
      return true;
  return false;
}

static bool names_act(const struct entry *e, const struct act_record *a) {
  bool does = false;
  for (size_t i = 0; !does && i < e->child_count; i++)
    does = is_of_act(a, &e->children[i]);
  for (size_t i = 0; !does && i < e->ref_count; i++)
    does = is_of_act(a, &e->refs[i].id);
  for (size_t i = 0; !does && i < e->base_count; i++)
    does = is_of_act(a, &e->bases[i]);
  return does;
}

static enum err find_naming(struct store *s, const struct act_record *a, uint64_t *out) {
  struct query q;
  struct entry entry;
  enum err e = OK;
  *out = 0;
  query_start(&q, s->db, sql[LATER_HEADERS]);
  query_int(&q, 1, (int64_t)a->first);
  while (e == OK && *out == 0 && query_row(&q)) {
    e = entry_decode(query_get(&q, 1), &entry);
    if (e == OK && names_act(&entry, a))
      *out = (uint64_t)query_get_int(&q, 0);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err discard_act(struct store *s, uint64_t first, uint64_t *named_by_out) {
  struct act_record a = {0};
  *named_by_out = 0;
  enum err e = check_state(s, first);
  if (e == OK)
    e = store_find_act(s, first, &a);
  if (e == OK)
    e = check_told(s, &a.position);
  if (e == OK)
    e = find_naming(s, &a, named_by_out);
  if (e == OK && *named_by_out)
    e = err_set_remedy(ERR_REFUSED, "discard that one first; if it was not refused yet: cairn sync",
                       "another act of the outbox refers to this one");
  if (e == OK)
    e = store_drop_pending(s, first);
  act_record_release(&a);
  return e;
}
