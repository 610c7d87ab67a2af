/* What a replica took from the node: what makes people, keys and powers is judged again, by the ledger as it stood. */
#include <inttypes.h>
#include <stdio.h>

#include "core/accept_parts.h"
#include "core/second.h"

enum { ADMITTED_BEFORE, VALID_AT, RELEASED };

static const char *const sql[] = {
    [ADMITTED_BEFORE] = "SELECT admitted FROM act WHERE first < ?1 ORDER BY first DESC LIMIT 1",
    [VALID_AT] = "SELECT 1 FROM certificate WHERE key = ?1 AND number < ?2 AND from_s <= ?3 AND until_s >= ?3 LIMIT 1",
    [RELEASED] = "SELECT h.rule, h.entry, (SELECT a.admitted FROM entry he JOIN act a ON a.first = he.act "
                 "WHERE he.number = h.entry) FROM hold h JOIN entry e ON e.object = h.object "
                 "WHERE h.act = ?1 AND e.kind = 'held.release' AND e.number = (SELECT min(o.number) FROM entry o "
                 "WHERE o.object = h.object AND o.number < ?2) ORDER BY h.rule = '" SECOND_RULE "' LIMIT 1",
};

const char *const *judge_taken_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err judge_name_violation(struct door *d, size_t i, enum err e, const char *what) {
  struct buf author = {0};
  char words[512];
  snprintf(words, sizeof words, "%s", what);
  directory_name(d->s, &d->entries[i].by, &author);
  err_set_remedy(e, "nothing was taken; tell the auditor, and the administrator by telephone",
                 "the node's ledger has an entry that must not be in it: %" PRIu64 ", %.*s by %s: %.300s",
                 d->in->first + d->in->entries[i].index, (int)d->entries[i].kind.len,
                 (const char *)d->entries[i].kind.at, buf_cstr(&author), words);
  buf_release(&author);
  return e;
}

/* What no checkpoint commits to, one machine alone may have made up: its form and its author are all there is.
 *
 * The node holds the operating key and could write what it likes, or let through what it likes: what makes people,
 * keys and powers, and what makes content go, is therefore checked by everyone. What the program does not know, or what
 * is not of the form of its kind, enters no view and makes nothing.
 *
 * A node that is rebuilt has judged an erasure once, and may not have again by what its author was allowed to. */
static bool is_witnessed(const struct door *d, size_t i) {
  const struct kind *k = d->kinds[i];
  if (k && d->in->is_unproved)
    return true;
  if (k == NULL || (k->is_erasure && d->in->is_rebuilt))
    return false;
  return (k->audience == AUDIENCE_DIRECTORY || k->is_witnessed) && door_enters_views(d, i);
}

static enum err ask(struct query *q, bool *out) {
  *out = query_row(q);
  return query_end(q);
}

static enum err was_valid(struct door *d, uint64_t number, int64_t at_s, bool *out) {
  struct query q;
  *out = d->author.is_node;
  if (*out)
    return OK;
  query_start(&q, d->s->db, sql[VALID_AT]);
  query_blob(&q, 1, hash_bytes(&d->author.key_id));
  query_int(&q, 2, (int64_t)number);
  query_int(&q, 3, at_s);
  return ask(&q, out);
}

/* Did the author count when the act arrived, and was held? */
static enum err counted_then(struct door *d, uint64_t hold, int64_t at_s, bool *out) {
  struct author then;
  enum err e = directory_author_of(d->s, &d->author.key_id, hold, at_s, &then);
  if (e == OK && then.is_revoked)
    *out = false;
  return e == OK && !then.is_revoked ? was_valid(d, hold, at_s, out) : e;
}

/* The keeper let this act through, and that stands before it; or a second person did, and its author counted when it
 * came to wait for one. */
static enum err is_let_through(struct door *d, bool *out) {
  struct query q;
  struct hash_hex act = hash_hex(&d->position.act);
  bool is_for_second = false;
  uint64_t hold = 0;
  int64_t held_s = 0;
  query_start(&q, d->s->db, sql[RELEASED]);
  query_text(&q, 1, bytes_str(act.s));
  query_int(&q, 2, (int64_t)d->in->first);
  *out = query_row(&q);
  if (*out) {
    is_for_second = bytes_equal_str(query_get(&q, 0), SECOND_RULE);
    hold = (uint64_t)query_get_int(&q, 1);
    *out = text_time_parse(query_get(&q, 2), &held_s) == OK;
  }
  enum err e = query_end(&q);
  return e == OK && *out && is_for_second ? counted_then(d, hold, held_s, out) : e;
}

static enum err judge_taken_author(struct door *d) {
  bool is_valid = false, is_released = false;
  enum err e = was_valid(d, d->in->first, d->judged_s, &is_valid);
  if (e == OK && (!is_valid || d->author.is_revoked))
    e = is_let_through(d, &is_released);
  if (e != OK || (is_valid && !d->author.is_revoked) || is_released)
    return e;
  return door_give(d, VERDICT_HELD, "revoked",
                   d->author.is_revoked
                       ? "its author had been revoked, and the keeper had not let it through"
                       : "its author's certificate was not valid, and the keeper had not let it through",
                   "");
}

/* A role counts by the day of admission, so that must not go back. */
static enum err judge_time(struct door *d) {
  struct query q;
  int64_t before_s = INT64_MIN;
  query_start(&q, d->s->db, sql[ADMITTED_BEFORE]);
  query_int(&q, 1, (int64_t)d->in->first);
  if (query_row(&q))
    text_time_parse(query_get(&q, 0), &before_s);
  enum err e = query_end(&q);
  if (e == OK && d->judged_s < before_s)
    e = door_give(d, VERDICT_REFUSED, "time", "it was admitted earlier than what stands before it", "");
  return e;
}

static enum err judge_witnessed(struct door *d, size_t i) {
  bool are_references_judged = d->in->is_unproved || d->kinds[i]->audience == AUDIENCE_DIRECTORY;
  enum err e = are_references_judged ? judge_references_of(d, i) : OK;
  if (e == OK)
    e = judge_voiding(d, i);
  if (e == OK)
    e = judge_writer(d, i);
  if (e == OK)
    e = judge_taken_second(d, i);
  if (e == OK)
    e = judge_time(d);
  return e == OK ? judge_taken_author(d) : e;
}

/* What the node writes about itself is known from the tables, whatever else a replica cannot check: it does not let
 * what is restricted go further, nor record anything else in the place of people. */
static enum err judge_written_by_node(struct door *d, size_t i) {
  const struct author_about nobody = {0};
  if (!d->author.is_node || d->kinds[i] == NULL || directory_may_write(&d->author, d->kinds[i], &nobody) == OK)
    return OK;
  return door_give(d, VERDICT_REFUSED, "permission", err_words(ERR_REFUSED), "");
}

enum err judge_taken(struct door *d) {
  enum err e = OK;
  for (size_t i = 0; e == OK && i < d->in->count; i++) {
    e = is_witnessed(d, i) ? judge_witnessed(d, i) : judge_written_by_node(d, i);
    if (e == ERR_REFUSED)
      e = judge_name_violation(d, i, ERR_KEY, d->verdict.words);
  }
  return e;
}

enum err judge_accepted(struct store *s, const struct accepted *a) {
  const struct kind *k = a->kind;
  struct json *content = a->content;
  struct act_entry from = {.index = (uint32_t)(a->number - a->act)};
  struct accept_act in = {.how = ACCEPT_TAKE, .entries = &from, .count = 1, .first = a->act};
  struct door d = {.s = s, .in = &in, .entries = a->entry, .contents = &content, .kinds = &k};
  d.position.act = a->act_id;
  /* An erasure was judged when it was taken: what has gone by it does not come back. */
  if (k->is_erasure || !is_witnessed(&d, 0) || bytes_equal_str(a->entry->kind, "log.open"))
    return OK;
  enum err e = text_time_parse(a->admitted, &d.judged_s);
  if (e == OK)
    e = directory_author_of(s, &a->entry->by, a->act, d.judged_s, &d.author);
  return e == OK ? judge_taken(&d) : e;
}
