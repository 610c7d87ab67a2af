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
  if (t->count == VERIFY_DIRECTORY_MAX)
    return false;
  struct vrow *row = vtext_alloc(sizeof *row + key_count * sizeof *row->keys);
  memcpy(row->id, id, VHASH_SIZE);
  row->kind = kind;
  row->key_count = key_count;
  insert(&t->rows, row);
  *(t->last ? &t->last->next : &t->first) = row;
  t->last = row;
  row->place = ++t->row_count;
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
  if (t->count == VERIFY_DIRECTORY_MAX)
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
  if (row || t->count == VERIFY_DIRECTORY_MAX)
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
  if (row == NULL || row->span_count == VTABLE_CERTS_MAX || t->count == VERIFY_DIRECTORY_MAX)
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
  t->count++;
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

/* ---- as bytes: a pointer to a row is the row's place ---- */

/* Rows by place while they are read: what a pointer leads to may come later. */
struct places {
  struct vio *io;
  struct vrow **at;
  size_t count;
  uint8_t last[VHASH_SIZE]; /* the key that was read last: they stand in their order */
};

/* Those that are followed one after the other lead back in the order, so that no damaged file makes a ring. */
static void io_row(struct places *p, const struct vrow **row, size_t max) {
  size_t place = vio_count(p->io, *row ? (*row)->place : 0, max);
  if (p->io->is_reading)
    *row = place && p->at ? p->at[place - 1] : NULL;
}

static void io_mutable(struct places *p, struct vrow **row, size_t max) {
  const struct vrow *r = *row;
  io_row(p, &r, max);
  *row = (struct vrow *)r;
}

static void io_fields(struct places *p, struct vrow *r) {
  struct vio *io = p->io;
  const size_t before = r->place - 1;
  vio_bool(io, &r->is_over);
  vio_bool(io, &r->are_keys_over);
  io_mutable(p, &r->of, before);
  vio_bool(io, &r->is_social_work);
  vio_raw(io, &r->enrolled, sizeof r->enrolled);
  vio_raw(io, &r->invited, sizeof r->invited);
  vio_bool(io, &r->is_for_second);
  vio_bool(io, &r->is_in_time);
  vio_bool(io, &r->is_let_through);
  io_row(p, &r->second, p->count);
  vio_raw(io, &r->second_roles, sizeof r->second_roles);
  vio_raw(io, &r->since, sizeof r->since);
  vio_raw(io, &r->bar_count, sizeof r->bar_count);
  vio_raw(io, r->child, sizeof r->child);
  io_mutable(p, &r->roles, r->kind == VROW_ROLE ? before : p->count);
  io->failed |= r->roles && r->roles->kind != VROW_ROLE;
  vio_raw(io, &r->role_count, sizeof r->role_count);
  size_t role = vio_count(io, vrole_place(r->role), SIZE_MAX);
  r->role = vrole_at(role);
  io->failed |= role > 0 && r->role == NULL;
  vio_text(io, r->from, sizeof r->from);
  vio_text(io, r->until, sizeof r->until);
  io_row(p, &r->by, p->count);
  vio_text(io, r->until_time, sizeof r->until_time);
  vio_raw(io, r->act, sizeof r->act);
  vio_raw(io, r->keys, r->key_count * sizeof *r->keys);
}

/* Id, kind and keys first: with them a row can be made. */
static bool io_begin(struct places *p, struct vtable *t, struct vrow **row) {
  struct vrow start = {.kind = VROW_NONE};
  if (*row)
    start = (struct vrow){.kind = (*row)->kind, .key_count = (*row)->key_count};
  if (*row)
    memcpy(start.id, (*row)->id, VHASH_SIZE);
  vio_raw(p->io, start.id, sizeof start.id);
  size_t kind = vio_count(p->io, start.kind, VROW_SETTING);
  size_t key_count = vio_count(p->io, start.key_count, VLEAF_KEYS_MAX);
  if (!p->io->is_reading)
    return true;
  if (p->io->failed || !vtable_add(t, start.id, (enum vrow_kind)kind, key_count, row) || *row == NULL)
    p->io->failed = true;
  return !p->io->failed;
}

static void io_rows(struct places *p, struct vtable *t) {
  struct vrow *row = t->first;
  for (size_t i = 0; i < p->count && !p->io->failed; i++) {
    if (io_begin(p, t, &row) && p->at)
      p->at[i] = row;
    row = p->at || row == NULL ? NULL : row->next;
  }
  row = t->first;
  for (; row && !p->io->failed; row = row->next)
    io_fields(p, row);
}

static void write_introduced(const void *node, VISIT when, void *of) {
  struct introduced *key = *(struct introduced *const *)node;
  struct places *p = of;
  if (when != postorder && when != leaf)
    return;
  vio_raw(p->io, key->id, sizeof key->id);
  io_row(p, &key->row, p->count);
}

static void check_order(struct places *p, const uint8_t id[VHASH_SIZE]) {
  p->io->failed |= memcmp(p->last, id, VHASH_SIZE) > 0;
  memcpy(p->last, id, VHASH_SIZE);
}

static void read_introduced(struct places *p, struct vtable *t) {
  uint8_t id[VHASH_SIZE];
  const struct vrow *row = NULL;
  vio_raw(p->io, id, sizeof id);
  check_order(p, id);
  io_row(p, &row, p->count);
  if (row == NULL || vtable_introducer(t, id) || !vtable_introduce(t, id, row))
    p->io->failed = true;
}

static void io_span(struct places *p, const struct vkey *key, struct vcert *c, const struct vrow **subject) {
  uint8_t use = c->use == VCERT_REPLICA;
  c->key = *key;
  vio_raw(p->io, &use, 1);
  p->io->failed |= use > 1;
  vio_text(p->io, c->from, sizeof c->from);
  vio_text(p->io, c->until, sizeof c->until);
  io_row(p, subject, p->count);
  c->use = use ? VCERT_REPLICA : VCERT_PERSON;
}

static void write_certified(const void *node, VISIT when, void *of) {
  struct certified *key = *(struct certified *const *)node;
  struct places *p = of;
  if (when != postorder && when != leaf)
    return;
  vio_raw(p->io, &key->key, sizeof key->key);
  vio_count(p->io, key->span_count, VTABLE_CERTS_MAX);
  for (size_t i = 0; i < key->span_count; i++) {
    struct vcert c = {.use = key->spans[i].use};
    memcpy(c.from, key->spans[i].from, sizeof c.from);
    memcpy(c.until, key->spans[i].until, sizeof c.until);
    io_span(p, &key->key, &c, &key->spans[i].subject);
  }
}

static void read_certified(struct places *p, struct vtable *t) {
  struct vkey key;
  vio_raw(p->io, &key, sizeof key);
  check_order(p, key.id);
  size_t count = vio_count(p->io, 0, VTABLE_CERTS_MAX);
  p->io->failed |= count == 0 || find(&t->certified, key.id);
  for (size_t i = 0; i < count && !p->io->failed; i++) {
    struct vcert c = {.use = VCERT_PERSON};
    const struct vrow *subject = NULL;
    io_span(p, &key, &c, &subject);
    if (!p->io->failed && !vtable_certify(t, &c, subject))
      p->io->failed = true;
  }
}

struct counting {
  size_t count;
};

static void count_one(const void *node, VISIT when, void *of) {
  struct counting *c = of;
  (void)node;
  c->count += when == postorder || when == leaf;
}

static void io_tree(struct places *p, struct vtable *t, void *tree, void (*write)(const void *, VISIT, void *),
                    void (*read)(struct places *, struct vtable *)) {
  struct counting c = {0};
  twalk_r(tree, count_one, &c);
  c.count = vio_count(p->io, c.count, VERIFY_DIRECTORY_MAX);
  memset(p->last, 0, sizeof p->last);
  if (!p->io->is_reading)
    twalk_r(tree, write, p);
  for (size_t i = 0; p->io->is_reading && i < c.count && !p->io->failed; i++)
    read(p, t);
}

void vtable_io(struct vtable *t, struct vio *io) {
  struct places p = {.io = io, .count = vio_count(io, t->row_count, VERIFY_DIRECTORY_MAX)};
  if (io->is_reading)
    p.at = vtext_alloc(p.count * sizeof *p.at);
  io_rows(&p, t);
  io_tree(&p, t, t->introduced, write_introduced, read_introduced);
  io_tree(&p, t, t->certified, write_certified, read_certified);
  free(p.at);
}
