#include "core/head.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/note.h"
#include "core/store_parts.h"

enum { TOLD, TOLD_OF };

/* No act stands at the place that the row t tells of. */
#define NOT_HERE "NOT EXISTS (SELECT 1 FROM act a WHERE a.replica = ?1 AND a.position = t.position) "

static const char *const sql[] = {
    /* What has a number was accepted; of what waits the outbox says what the node last said. */
    [TOLD] = "SELECT a.position, a.id, a.previous, a.first, o.state, o.rule FROM act a LEFT JOIN outbox o "
             "ON o.act = a.first WHERE a.replica = ?1 AND (a.admitted IS NOT NULL OR o.state IN "
             "('sent', 'refused', 'held')) ORDER BY a.position DESC LIMIT ?2",
    /* Of what was refused and is not here any more: the entry that says so. */
    [TOLD_OF] = "SELECT t.rule, e.header FROM refusal t JOIN entry e ON e.number = t.entry "
                "WHERE t.replica = ?2 AND t.rule <> 'had' AND " NOT_HERE
                "UNION ALL SELECT 'held', e.header FROM hold t JOIN entry e ON e.number = t.entry "
                "WHERE t.replica = ?2 AND t.state = 'rejected' AND " NOT_HERE,
};

const char *const *head_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* One act of the machine's, and what the node said of it. */
struct told {
  struct position position;
  uint64_t first;
  char state[16], rule[32];
};

static void copy_text(char *out, size_t size, struct bytes text) {
  size_t len = text.len < size ? text.len : size - 1;
  if (len)
    memcpy(out, text.at, len);
  out[len] = '\0';
}

static enum err read_here(struct store *s, const struct hash *replica, struct buf *out) {
  struct query q;
  query_start(&q, s->db, sql[TOLD]);
  query_blob(&q, 1, hash_bytes(replica));
  query_int(&q, 2, HEAD_TOLD_MAX);
  while (query_row(&q)) {
    struct told t = {.position = {*replica, (uint64_t)query_get_int(&q, 0), hash_from(query_get(&q, 2)),
                                  hash_from(query_get(&q, 1))},
                     .first = (uint64_t)query_get_int(&q, 3)};
    copy_text(t.state, sizeof t.state, query_get(&q, 4));
    copy_text(t.rule, sizeof t.rule, query_get(&q, 5));
    buf_add(out, bytes_of(&t, sizeof t));
  }
  return query_end(&q);
}

static enum err read_gone(struct store *s, const struct hash *replica, struct buf *out) {
  struct hash_hex hex = hash_hex(replica);
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[TOLD_OF]);
  query_blob(&q, 1, hash_bytes(replica));
  query_text(&q, 2, bytes_str(hex.s));
  while (e == OK && query_row(&q)) {
    struct told t = {.first = STORE_PENDING, .state = "refused"};
    struct entry entry;
    copy_text(t.rule, sizeof t.rule, query_get(&q, 0));
    e = entry_decode(query_get(&q, 1), &entry);
    if (e == OK)
      e = position_told(&entry, &t.position);
    buf_add(out, bytes_of(&t, sizeof t));
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

static int newest_first(const void *a, const void *b) {
  const struct told *t = a, *u = b;
  return t->position.number > u->position.number ? -1 : t->position.number < u->position.number;
}

/* The newest first. */
static enum err read_told(struct store *s, const struct hash *replica, struct buf *out) {
  enum err e = read_here(s, replica, out);
  if (e == OK)
    e = read_gone(s, replica, out);
  if (e == OK && out->len)
    qsort(out->at, out->len / sizeof(struct told), sizeof(struct told), newest_first);
  if (out->len > HEAD_TOLD_MAX * sizeof(struct told))
    out->len = HEAD_TOLD_MAX * sizeof(struct told);
  return e;
}

static void format_told(struct buf *b, const struct told *t) {
  buf_addf(b, "told %" PRIu64 " %s ", t->position.number, hash_hex(&t->position.act).s);
  if (t->first < STORE_PENDING)
    buf_addf(b, "accepted %" PRIu64 "\n", t->first);
  else if (strcmp(t->state, "sent") == 0)
    buf_add_str(b, "accepted -\n");
  else
    buf_addf(b, "%s %s\n", t->state, t->rule[0] ? t->rule : "-");
}

/* The ledger's name, and the newest checkpoint with its size. */
static enum err read_ledger(struct store *s, struct note_vkey *vkey, uint64_t *size_out, struct buf *note) {
  struct buf text = {0};
  struct hash root;
  enum err e = store_meta(s, "vkey", &text);
  if (e == OK)
    e = note_vkey_parse(buf_bytes(&text), vkey);
  buf_release(&text);
  if (e == OK)
    e = store_checkpoint_newest(s, size_out, &root, note);
  return e == ERR_ABSENT && vkey->name[0] ? OK : e;
}

static void format(struct buf *b, const struct note_vkey *vkey, const struct position *newest, int64_t now_s) {
  struct text_time now = text_time_format(now_s);
  struct hash_hex replica = hash_hex(&newest->replica), previous = hash_hex(&newest->previous),
                  act = hash_hex(&newest->act);
  buf_addf(b, "cairn head 1\norigin %s\nreplica %s\ntime %s\n", vkey->name, replica.s, now.s);
  buf_addf(b, "number %" PRIu64 "\nprevious %s\nact %s\n", newest->number, previous.s, act.s);
}

static enum err sign(const struct key *replica, struct buf *text) {
  struct buf signature = {0};
  enum err e = key_sign(replica, buf_bytes(text), &signature);
  buf_add_str(text, "signature ");
  text_base64_encode(text, buf_bytes(&signature));
  buf_add_str(text, "\n");
  buf_release(&signature);
  return e == OK ? buf_err(text) : e;
}

enum err head_write(struct store *s, const struct key *replica, int64_t now_s, struct buf *text, struct head *out) {
  struct note_vkey vkey = {0};
  struct buf told = {0}, note = {0};
  struct position nothing = {.replica = key_id(replica)};
  *out = (struct head){0};
  enum err e = read_ledger(s, &vkey, &out->size, &note);
  if (e == OK)
    e = read_told(s, &nothing.replica, &told);
  if (e != OK)
    goto out;
  const struct told *all = (const struct told *)(const void *)told.at;
  out->told = told.len / sizeof *all;
  const struct position *newest = out->told ? &all[0].position : &nothing;
  out->number = newest->number;
  format(text, &vkey, newest, now_s);
  if (note.len) {
    buf_add_str(text, "note ");
    text_base64_encode(text, buf_bytes(&note));
    buf_add_str(text, "\n");
  }
  for (size_t i = out->told; i > 0; i--)
    format_told(text, &all[i - 1]);
  e = sign(replica, text);
out:
  buf_release(&told);
  buf_release(&note);
  return e;
}
