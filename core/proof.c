#include "core/proof.h"

#include <stdlib.h>
#include <string.h>

#include "core/directory.h"
#include "core/note.h"
#include "core/store_parts.h"

enum { KEEP, FIND };

static const char *const sql[] = {
    [KEEP] = "INSERT OR IGNORE INTO proof(number, size, path) VALUES(?1, ?2, ?3)",
    [FIND] = "SELECT p.size, c.note, p.path FROM proof p JOIN checkpoint c ON c.size = p.size WHERE p.number = ?1",
};

const char *const *proof_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* ---- in the act ---- */

/* The entries of the act that came together with this one. */
struct together {
  uint64_t indices[ACT_ENTRIES_MAX];
  struct hash leaves[ACT_ENTRIES_MAX];
  size_t count;
};

static bool is_among(const struct buf *indices, uint32_t index) {
  struct reader r = reader_of(buf_bytes(indices));
  while (r.rest.len > 0)
    if (reader_u32(&r) == index)
      return true;
  return indices->len == 0;
}

enum err proof_in_act(struct store *s, const struct record *r, const struct act_record *act, struct buf *out) {
  struct together *t = mem_alloc(sizeof *t);
  struct buf indices = {0}, siblings = {0};
  enum err e = OK;
  if (act->count != act->text.size)
    e = store_find_act_part(s, act->first, r->index, &indices, &siblings);
  for (size_t i = 0; e == OK && i < act->count; i++)
    if (is_among(&indices, act->entries[i].index)) {
      t->indices[t->count] = act->entries[i].index;
      t->leaves[t->count++] = merkle_leaf(act->entries[i].entry.header);
    }
  const struct merkle_part part = {act->text.size, t->indices, t->leaves, t->count, buf_bytes(&siblings)};
  if (e == OK)
    e = merkle_narrow(&part, 0, r->index, out);
  buf_release(&indices);
  buf_release(&siblings);
  free(t);
  return e;
}

/* ---- in the ledger ---- */

void proof_leaf(const struct record *r, const struct act_record *act, struct buf *out) {
  struct position p = act->position;
  p.act = act_id(&act->text);
  const struct leaf l = {.number = r->number,
                         .admitted = bytes_str(act->admitted.s),
                         .position = &p,
                         .index = r->index,
                         .size = act->text.size,
                         .signature = buf_bytes(&act->signature),
                         .head = buf_bytes(&act->head),
                         .header = r->entry.header};
  leaf_format(out, &l);
}

bool proof_is_kept(struct bytes header) {
  return bytes_equal_str(entry_kind(header), "copy.approve");
}

enum err proof_keep(struct store *s, uint64_t number, uint64_t size, struct bytes path) {
  struct query q;
  query_start(&q, s->db, sql[KEEP]);
  query_int(&q, 1, (int64_t)number);
  query_int(&q, 2, (int64_t)size);
  query_blob(&q, 3, path);
  return query_run(&q);
}

struct keeping {
  const struct note_vkey *vkey;
  struct buf *out;
};

static enum err keep_ledgers_line(void *of, const struct note_line *line) {
  const struct keeping *k = of;
  if (bytes_equal_str(line->name, k->vkey->name) && line->bytes.len > sizeof k->vkey->hash &&
      memcmp(line->bytes.at, k->vkey->hash, sizeof k->vkey->hash) == 0)
    buf_add(k->out, line->whole);
  return OK;
}

/* Others who signed it are nobody's business who reads a copy, and would prove nothing to them. */
static enum err strip_note(struct store *s, uint64_t size, struct bytes note, struct buf *out) {
  struct note_vkey vkey;
  struct bytes text;
  const struct keeping k = {&vkey, out};
  enum err e = directory_vkey(s, size, &vkey);
  if (e == OK)
    e = note_open(note, &vkey, &text);
  if (e != OK)
    return e;
  buf_add(out, text);
  buf_add_str(out, "\n");
  return note_each_line(note, (void *)(uintptr_t)&k, keep_ledgers_line);
}

enum err proof_in_ledger(struct store *s, uint64_t number, struct buf *note_out, struct buf *path_out) {
  struct query q;
  enum err e = ERR_ABSENT;
  query_start(&q, s->db, sql[FIND]);
  query_int(&q, 1, (int64_t)number);
  if (query_row(&q)) {
    e = strip_note(s, (uint64_t)query_get_int(&q, 0), query_get(&q, 1), note_out);
    buf_add(path_out, query_get(&q, 2));
  }
  enum err query_error = query_end(&q);
  return query_error == OK ? e : query_error;
}
