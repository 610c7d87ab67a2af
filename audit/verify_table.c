#include "audit/verify_parts.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* glibc's tsearch is a red-black tree: no choice of keys by a hostile ledger makes it slow. */

struct introduced {
  uint8_t entry_and_key[2 * VHASH_SIZE];
  enum vtable_kind kind;
};

struct span {
  char from[21], until[21];
};

struct certified {
  uint8_t id[VHASH_SIZE];
  struct vkey key;
  bool is_person, is_replica;
  size_t span_count;
  struct span *spans;
};

static int compare_introduced(const void *a, const void *b) {
  return memcmp(a, b, 2 * VHASH_SIZE);
}

static int compare_certified(const void *a, const void *b) {
  return memcmp(a, b, VHASH_SIZE);
}

static void free_certified(void *row) {
  struct certified *c = row;
  free(c->spans);
  free(c);
}

void vtable_release(struct vtable *t) {
  tdestroy(t->introduced, free);
  tdestroy(t->certified, free_certified);
  *t = (struct vtable){0};
}

/* The row that compares equal, which is `row` itself if there was none before. */
static void *insert(void **tree, void *row, int (*compare)(const void *, const void *)) {
  void *node = tsearch(row, tree, compare);
  if (node == NULL)
    abort(); /* out of memory */
  return *(void **)node;
}

static void pair(uint8_t out[2 * VHASH_SIZE], const uint8_t *entry, const uint8_t *key_id) {
  memcpy(out, entry, VHASH_SIZE);
  memcpy(out + VHASH_SIZE, key_id, VHASH_SIZE);
}

bool vtable_introduce(struct vtable *t, const uint8_t entry[VHASH_SIZE], const uint8_t key_id[VHASH_SIZE],
                      enum vtable_kind kind) {
  if (t->count == VERIFY_KEYS_MAX)
    return false;
  struct introduced *row = vtext_alloc(sizeof *row);
  pair(row->entry_and_key, entry, key_id);
  row->kind = kind;
  if (insert(&t->introduced, row, compare_introduced) == row)
    t->count++;
  else
    free(row);
  return true;
}

static struct certified *find(const struct vtable *t, const uint8_t key_id[VHASH_SIZE]) {
  void *node = tfind(key_id, (void *const *)&t->certified, compare_certified);
  return node ? *(struct certified **)node : NULL;
}

static struct certified *find_or_add(struct vtable *t, const struct vcert *c) {
  struct certified *row = find(t, c->key.id);
  if (row || t->count == VERIFY_KEYS_MAX)
    return row;
  row = vtext_alloc(sizeof *row);
  memcpy(row->id, c->key.id, VHASH_SIZE);
  row->key = c->key;
  t->count++;
  return insert(&t->certified, row, compare_certified);
}

bool vtable_certify(struct vtable *t, const struct vcert *c) {
  struct certified *row = find_or_add(t, c);
  if (row == NULL || row->span_count == VTABLE_CERTS_MAX)
    return false;
  struct span *spans = vtext_alloc((row->span_count + 1) * sizeof *spans);
  if (row->span_count)
    memcpy(spans, row->spans, row->span_count * sizeof *spans);
  memcpy(spans[row->span_count].from, c->from, sizeof c->from);
  memcpy(spans[row->span_count].until, c->until, sizeof c->until);
  free(row->spans);
  row->spans = spans;
  row->span_count++;
  row->is_replica |= c->use == VCERT_REPLICA;
  row->is_person |= c->use == VCERT_PERSON;
  return true;
}

bool vtable_find_introduced(const struct vtable *t, const uint8_t entry[VHASH_SIZE], const uint8_t key_id[VHASH_SIZE],
                            enum vtable_kind *out) {
  uint8_t wanted[2 * VHASH_SIZE];
  pair(wanted, entry, key_id);
  void *node = tfind(wanted, (void *const *)&t->introduced, compare_introduced);
  if (node)
    *out = (*(struct introduced **)node)->kind;
  return node != NULL;
}

const struct vkey *vtable_find_person(const struct vtable *t, const uint8_t key_id[VHASH_SIZE]) {
  struct certified *row = find(t, key_id);
  return row && row->is_person ? &row->key : NULL;
}

const struct vkey *vtable_find_replica(const struct vtable *t, const uint8_t key_id[VHASH_SIZE]) {
  struct certified *row = find(t, key_id);
  return row && row->is_replica ? &row->key : NULL;
}

bool vtable_valid(const struct vtable *t, const uint8_t key_id[VHASH_SIZE], const char *time) {
  const struct certified *row = find(t, key_id);
  for (size_t i = 0; row && i < row->span_count; i++)
    if (strcmp(row->spans[i].from, time) <= 0 && strcmp(time, row->spans[i].until) <= 0)
      return true;
  return false;
}
