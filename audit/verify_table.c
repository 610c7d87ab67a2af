#include "audit/verify_parts.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* glibc's tsearch is a red-black tree: no choice of keys by a hostile ledger makes it slow. */

struct span {
  char from[21], until[21];
  enum vcert_use use;
  const struct vrow *subject;
};

struct introduced {
  uint8_t id[VHASH_SIZE]; /* of the key */
  const struct vrow *row;
};

struct certified {
  uint8_t id[VHASH_SIZE];
  struct vkey key;
  size_t span_count;
  struct span *spans;
};

/* Rows and keys begin with their id. */
static int compare(const void *a, const void *b) {
  return memcmp(a, b, VHASH_SIZE);
}

static void free_certified(void *row) {
  struct certified *c = row;
  free(c->spans);
  free(c);
}

void vtable_release(struct vtable *t) {
  tdestroy(t->rows, free);
  tdestroy(t->introduced, free);
  tdestroy(t->certified, free_certified);
  *t = (struct vtable){0};
}

static void insert(void **tree, void *row) {
  if (tsearch(row, tree, compare) == NULL)
    abort(); /* out of memory */
}

static void *find(void *const *tree, const uint8_t id[VHASH_SIZE]) {
  void *node = tfind(id, tree, compare);
  return node ? *(void **)node : NULL;
}

/* ---- rows ---- */

static const struct vrow *find_up(const struct vrow *r, enum vrow_kind kind) {
  while (r && r->kind != kind)
    r = r->of;
  return r;
}

const struct vrow *vrow_agency(const struct vrow *r) {
  return find_up(r, VROW_AGENCY);
}

const struct vrow *vrow_person(const struct vrow *r) {
  return find_up(r, VROW_PERSON);
}

bool vrow_is_revoked(const struct vrow *r) {
  bool is_revoked = r && r->are_keys_over;
  for (; r; r = r->of)
    is_revoked |= r->is_over;
  return is_revoked;
}

bool vrow_has_key(const struct vrow *r, const uint8_t key_id[VHASH_SIZE]) {
  for (size_t i = 0; i < r->key_count; i++)
    if (memcmp(r->keys[i], key_id, VHASH_SIZE) == 0)
      return true;
  return false;
}

const struct vrow *vrow_owner(const struct vrow *r) {
  const struct vrow *person = vrow_person(r);
  return person ? person : r;
}

bool vtable_add(struct vtable *t, const uint8_t id[VHASH_SIZE], enum vrow_kind kind, size_t key_count,
                struct vrow **new_out) {
  *new_out = NULL;
  if (find(&t->rows, id))
    return true;
  if (t->count == VERIFY_ROWS_MAX)
    return false;
  struct vrow *row = vtext_alloc(sizeof *row + key_count * sizeof *row->keys);
  memcpy(row->id, id, VHASH_SIZE);
  row->kind = kind;
  row->key_count = key_count;
  insert(&t->rows, row);
  t->count++;
  *new_out = row;
  return true;
}

struct vrow *vtable_find(const struct vtable *t, const uint8_t id[VHASH_SIZE], unsigned kinds) {
  struct vrow *row = find(&t->rows, id);
  return row && kinds >> row->kind & 1 ? row : NULL;
}

/* ---- introduced keys ---- */

bool vtable_introduce(struct vtable *t, const uint8_t key_id[VHASH_SIZE], const struct vrow *row) {
  if (find(&t->introduced, key_id))
    return true;
  if (t->count == VERIFY_ROWS_MAX)
    return false;
  struct introduced *key = vtext_alloc(sizeof *key);
  memcpy(key->id, key_id, VHASH_SIZE);
  key->row = row;
  insert(&t->introduced, key);
  t->count++;
  return true;
}

const struct vrow *vtable_introducer(const struct vtable *t, const uint8_t key_id[VHASH_SIZE]) {
  const struct introduced *key = find(&t->introduced, key_id);
  return key ? key->row : NULL;
}

/* ---- certified keys ---- */

static struct certified *find_or_add(struct vtable *t, const struct vcert *c) {
  struct certified *row = find(&t->certified, c->key.id);
  if (row || t->count == VERIFY_ROWS_MAX)
    return row;
  row = vtext_alloc(sizeof *row);
  memcpy(row->id, c->key.id, VHASH_SIZE);
  row->key = c->key;
  insert(&t->certified, row);
  t->count++;
  return row;
}

bool vtable_certify(struct vtable *t, const struct vcert *c, const struct vrow *subject) {
  struct certified *row = find_or_add(t, c);
  if (row == NULL || row->span_count == VTABLE_CERTS_MAX)
    return false;
  struct span *spans = vtext_alloc((row->span_count + 1) * sizeof *spans), *newest = &spans[row->span_count];
  if (row->span_count)
    memcpy(spans, row->spans, row->span_count * sizeof *spans);
  *newest = (struct span){.use = c->use, .subject = subject};
  memcpy(newest->from, c->from, sizeof c->from);
  memcpy(newest->until, c->until, sizeof c->until);
  free(row->spans);
  row->spans = spans;
  row->span_count++;
  return true;
}

static struct vowner owner_by(const struct certified *row, const struct span *s, const char *time) {
  struct vowner o = {.key = &row->key,
                     .row = s->subject,
                     .is_valid = strcmp(s->from, time) <= 0 && strcmp(time, s->until) <= 0,
                     .is_revoked = vrow_is_revoked(s->subject)};
  memcpy(o.from, s->from, sizeof o.from);
  memcpy(o.until, s->until, sizeof o.until);
  return o;
}

struct vowner vtable_owner(const struct vtable *t, const uint8_t key_id[VHASH_SIZE], enum vcert_use use,
                           const char *time) {
  const struct certified *row = find(&t->certified, key_id);
  struct vowner newest = {0};
  for (size_t i = row ? row->span_count : 0; i > 0; i--) {
    if (row->spans[i - 1].use != use)
      continue;
    struct vowner o = owner_by(row, &row->spans[i - 1], time);
    if (o.is_valid && !o.is_revoked)
      return o;
    if (newest.key == NULL)
      newest = o;
  }
  return newest;
}
