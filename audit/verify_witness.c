#include "audit/verify_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cosignatures (audit/FORMAT.md section 1.1): machines vouch for older checkpoints than the one that carries their
 * lines, so the root of every size at which an act ends is kept until the end: 40 bytes for each act. */

#define TYPE "cairn.cosignature/1" /* behind the byte 0xff */
#define KEY_HASH_SIZE 4
#define TIME_SIZE 20
#define FIXED_SIZE (KEY_HASH_SIZE + TIME_SIZE + 8 + VHASH_SIZE + TIME_SIZE)

/* The newest good cosignature of a machine, and the last line that was looked at, so that each is judged once. */
struct vwitness {
  uint8_t id[VHASH_SIZE]; /* of the machine's key */
  uint8_t line[VHASH_SIZE];
  uint64_t size; /* 0: none was good */
  char time[TIME_SIZE + 1];
};

/* ---- the roots ---- */

static struct vroot *root_at(const struct vwitnesses *w, size_t i) {
  return varea_at(&w->roots, i * sizeof(struct vroot));
}

static void add_root(struct vwitnesses *w, const struct vroot *root) {
  size_t size = (w->root_count + 1) * sizeof *root;
  if (size > w->roots.size)
    varea_grow(&w->roots, w->roots.size ? 2 * w->roots.size : 64 * sizeof *root);
  *root_at(w, w->root_count++) = *root;
}

void vwitness_root(struct verify *v) {
  struct vroot root = {.size = v->tree.size};
  vtree_root(&v->tree, root.root);
  add_root(&v->witnesses, &root);
}

/* They stand in the order of their sizes. */
static const struct vroot *find_root(const struct vwitnesses *w, uint64_t size) {
  size_t from = 0, to = w->root_count;
  while (from < to) {
    size_t middle = from + (to - from) / 2;
    if (root_at(w, middle)->size < size)
      from = middle + 1;
    else
      to = middle;
  }
  return from < w->root_count && root_at(w, from)->size == size ? root_at(w, from) : NULL;
}

bool vwitness_had_root(const struct verify *v, uint64_t size, const uint8_t root[VHASH_SIZE]) {
  const struct vroot *r = find_root(&v->witnesses, size);
  return r && vsame(r->root, root);
}

/* ---- one line ---- */

struct cosignature {
  uint8_t id[VHASH_SIZE], key_hash[KEY_HASH_SIZE], root[VHASH_SIZE];
  uint64_t size;
  char time[TIME_SIZE + 1], checkpoint_time[TIME_SIZE + 1];
  const uint8_t *signature;
  size_t signature_len;
};

static bool read_time(const uint8_t *at, char out[TIME_SIZE + 1]) {
  vtext_copy(out, TIME_SIZE + 1, vtext_of(at, TIME_SIZE));
  return vtext_is_time(vtext_of(at, TIME_SIZE));
}

static bool read_line(struct verify_text name, const uint8_t *bytes, size_t len, struct cosignature *out) {
  const uint8_t *at = bytes;
  if (!vtext_hex(name, out->id, VHASH_SIZE) || len <= FIXED_SIZE || len > FIXED_SIZE + VKEY_SIGNATURE_MAX)
    return false;
  memcpy(out->key_hash, at, KEY_HASH_SIZE);
  at += KEY_HASH_SIZE;
  if (!read_time(at, out->time) || !read_time(at + TIME_SIZE + 8 + VHASH_SIZE, out->checkpoint_time))
    return false;
  at += TIME_SIZE;
  out->size = 0;
  for (int i = 0; i < 8; i++)
    out->size = out->size << 8 | *at++;
  memcpy(out->root, at, VHASH_SIZE);
  out->signature = bytes + FIXED_SIZE;
  out->signature_len = len - FIXED_SIZE;
  return true;
}

static bool is_of_key(const struct cosignature *c, const struct vkey *k) {
  char text[2 * VHASH_SIZE + 2 + sizeof TYPE + VKEY_SPKI_SIZE];
  uint8_t h[VHASH_SIZE];
  size_t at = 2 * VHASH_SIZE;
  vtext_to_hex(k->id, VHASH_SIZE, text);
  text[at++] = '\n';
  text[at++] = (char)0xff;
  memcpy(text + at, TYPE, sizeof TYPE - 1);
  at += sizeof TYPE - 1;
  memcpy(text + at, k->spki, VKEY_SPKI_SIZE);
  vhash(text, at + VKEY_SPKI_SIZE, h);
  return memcmp(h, c->key_hash, KEY_HASH_SIZE) == 0;
}

static struct vcheck check_of(const struct cosignature *c, const char *origin, const struct vkey *k) {
  char root[(VHASH_SIZE + 2) / 3 * 4 + 1], text[512];
  vtext_to_base64(c->root, VHASH_SIZE, root);
  int len = snprintf(text, sizeof text, "cairn cosignature 1\ntime %s\n%s\n%llu\n%s\ntime %s\n", c->time, origin,
                     (unsigned long long)c->size, root, c->checkpoint_time);
  return vcheck_of(k, vtext_of(text, (size_t)len), c->signature, c->signature_len);
}

/* ---- judging ---- */

void vwitness_init(struct vwitnesses *w, struct vscratch *scratch) {
  vmap_init(&w->rows, sizeof(struct vwitness), scratch);
  w->roots.scratch = scratch;
}

/* The newest one counts. */
void vwitness_vouch(struct verify *v, const struct vvouch *vouch) {
  struct vwitness *row = vmap_find(&v->witnesses.rows, vouch->machine);
  if (row == NULL || vouch->size < row->size)
    return;
  row->size = vouch->size;
  memcpy(row->time, vouch->time, sizeof row->time);
}

struct reading {
  struct verify *v;
  const struct vnote_checkpoint *carrier;
};

/* Another history than the one that is published, or none that there is. */
static void keep_conflict(struct vcheck *check, const struct reading *r, const struct cosignature *c,
                          const struct vkey *k) {
  check->conflict = (struct verify_conflict){.code = VERIFY_N_WITNESS, .size = c->size, .carrier = r->carrier->size};
  memcpy(check->conflict.spki, k->spki, sizeof check->conflict.spki);
}

static void judge_line(struct reading *r, const struct cosignature *c, const struct vkey *k) {
  struct verify *v = r->v;
  struct vcheck check = check_of(c, r->carrier->origin, k);
  const struct vroot *root = find_root(&v->witnesses, c->size);
  unsigned long long size = c->size;
  vfinding(&check.bad, VERIFY_N_COSIGNATURE, r->carrier->size, "the cosignature of the machine %s does not verify",
           vshort(c->id).s);
  if (c->size > r->carrier->size) {
    vfinding(&check.good, VERIFY_N_WITNESS, r->carrier->size,
             "the machine %s vouches for %llu entries, and here were %llu", vshort(c->id).s, size,
             (unsigned long long)r->carrier->size);
  } else if (root == NULL || !vsame(root->root, c->root)) {
    keep_conflict(&check, r, c, k);
    vfinding(&check.good, VERIFY_N_WITNESS, c->size,
             "the machine %s vouches for another history of the first %llu entries", vshort(c->id).s, size);
  }
  memcpy(check.vouch.machine, c->id, VHASH_SIZE);
  memcpy(check.vouch.time, c->time, sizeof check.vouch.time);
  check.vouch.size = c->size;
  vjob_check(v, &check);
}

static void take_line(void *of, struct verify_text name, const uint8_t *bytes, size_t len) {
  struct reading *r = of;
  struct cosignature c;
  uint8_t line[VHASH_SIZE];
  if (!read_line(name, bytes, len, &c))
    return;
  /* A line of a key that the ledger has not certified is one of an unknown key. */
  struct vowner machine = vtable_owner(&r->v->table, c.id, VCERT_REPLICA, r->v->admitted);
  if (machine.key == NULL || !is_of_key(&c, machine.key))
    return;
  struct vwitness *row = vmap_add(&r->v->witnesses.rows, c.id);
  vhash(bytes, len, line);
  if (row == NULL || vsame(line, row->line)) /* there are at most as many as certified machines */
    return;
  memcpy(row->line, line, VHASH_SIZE);
  judge_line(r, &c, machine.key);
}

void vwitness_vouch_head(struct verify *v, const uint8_t machine[VHASH_SIZE], uint64_t size, const char *time) {
  struct vwitness *row = vmap_add(&v->witnesses.rows, machine);
  if (row == NULL || size < row->size)
    return;
  row->size = size;
  memcpy(row->time, time, sizeof row->time);
}

void vwitness_read(struct verify *v, struct verify_text note, const struct vnote_checkpoint *carrier) {
  struct reading r = {v, carrier};
  vnote_each_line(note, &r, take_line);
}

/* ---- what came of it ---- */

static bool list_one(const struct verify *v, const struct vwitness *row, struct verify_witness *out) {
  struct vowner machine = vtable_owner(&v->table, row->id, VCERT_REPLICA, v->admitted);
  const struct vrow *agency = vrow_agency(machine.row);
  if (row->size == 0 || machine.key == NULL || !machine.is_valid || machine.is_revoked || agency == NULL)
    return false;
  vtext_to_hex(row->id, VHASH_SIZE, out->machine);
  vtext_to_hex(agency->id, VHASH_SIZE, out->agency);
  memcpy(out->time, row->time, sizeof row->time);
  out->size = row->size;
  return true;
}

static int largest_first(const void *a, const void *b) {
  const struct verify_witness *p = a, *q = b;
  return p->size != q->size ? (p->size < q->size ? 1 : -1) : strcmp(p->machine, q->machine);
}

/* One officer can enrol as many machines as they like: an agency counts with the first. */
static void mark_agencies(struct verify_witness *list, size_t count) {
  struct vmap agencies;
  uint8_t id[VHASH_SIZE];
  vmap_init(&agencies, sizeof id, NULL);
  for (size_t i = 0; i < count; i++) {
    vtext_hex(vtext_of(list[i].agency, 2 * sizeof id), id, sizeof id);
    list[i].is_first = vmap_find(&agencies, id) == NULL;
    vmap_add(&agencies, id);
  }
  vmap_release(&agencies);
}

size_t vwitness_list(struct verify *v, const struct verify_witness **out) {
  struct vwitnesses *w = &v->witnesses;
  size_t count = 0;
  w->listed = vtext_alloc((w->rows.count + 1) * sizeof *w->listed);
  for (size_t i = 0; i < w->rows.count; i++)
    count += list_one(v, vmap_at(&w->rows, i), &w->listed[count]);
  qsort(w->listed, count, sizeof *w->listed, largest_first);
  mark_agencies(w->listed, count);
  *out = w->listed;
  return count;
}

void vwitness_io(struct vwitnesses *w, struct vio *io) {
  size_t count = vio_count(io, w->root_count, SIZE_MAX);
  for (size_t i = 0; i < count && !io->failed; i++) {
    struct vroot root = io->is_reading ? (struct vroot){0} : *root_at(w, i);
    vio_raw(io, &root, sizeof root);
    io->failed |= io->is_reading && i > 0 && root.size <= root_at(w, i - 1)->size;
    if (io->is_reading && !io->failed)
      add_root(w, &root);
  }
  vio_map(io, &w->rows);
  for (size_t i = 0; io->is_reading && i < w->rows.count; i++)
    io->failed |= ((const struct vwitness *)vmap_at(&w->rows, i))->time[TIME_SIZE] != '\0';
}

/* size 0: not so many agencies vouch for anything. */
static void find_no_quorum(struct verify *v, unsigned long long agencies, unsigned long long size,
                           unsigned long long wanted) {
  unsigned long long quorum = v->quorum;
  bool is_one = quorum == 1;
  if (size == 0)
    vfind(v, VERIFY_N_QUORUM, 0,
          "agencies that vouch for any part of the ledger: %llu; that were to vouch for the first %llu entries: %llu",
          agencies, wanted, quorum);
  else
    vfind(v, VERIFY_N_QUORUM, size, "%llu %s for the first %llu entries, and %s to vouch for the first %llu", quorum,
          is_one ? "agency vouches" : "agencies vouch", size, is_one ? "was" : "were", wanted);
}

uint64_t vwitness_judge_quorum(struct verify *v, const struct verify_witness *witnesses, size_t count) {
  uint64_t agencies = 0, size = 0, wanted = v->has_seen ? v->seen.size : v->tree.size;
  for (size_t i = 0; i < count && v->quorum && agencies < v->quorum; i++) {
    agencies += witnesses[i].is_first;
    size = agencies == v->quorum ? witnesses[i].size : 0;
  }
  if (v->quorum && size < wanted)
    find_no_quorum(v, agencies, size, wanted);
  return size;
}

void vwitness_release(struct vwitnesses *w) {
  vmap_release(&w->rows);
  varea_release(&w->roots);
  free(w->listed);
}
