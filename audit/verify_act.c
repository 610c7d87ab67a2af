#include "audit/verify_parts.h"

#include <stdio.h>
#include <string.h>

#define ACT_BYTES_MAX ((size_t)2 << 20)

bool vsame(const uint8_t a[VHASH_SIZE], const uint8_t b[VHASH_SIZE]) {
  return memcmp(a, b, VHASH_SIZE) == 0;
}

struct vshort vshort(const uint8_t id[VHASH_SIZE]) {
  struct vshort out;
  vtext_to_hex(id, 4, out.s);
  return out;
}

/* ---- who signed an act ---- */

void vact_judge_head(struct verify *v, uint64_t entry, const struct vleaf_position *p, const uint8_t act[VHASH_SIZE],
                     const uint8_t *head, size_t len) {
  const struct vkey *k = vsame(p->replica, v->operating.id)
                             ? &v->operating
                             : vtable_owner(&v->table, p->replica, VCERT_REPLICA, v->admitted).key;
  char text[VLEAF_POSITION_MAX];
  size_t text_len = vleaf_position_text(p, act, text);
  if (k == NULL)
    return;
  struct vcheck c = vcheck_of(k, vtext_of(text, text_len), head, len);
  vfinding(&c.bad, VERIFY_A_HEAD, entry, "the signature of the replica %s over its position does not verify",
           vshort(p->replica).s);
  vjob_check(v, &c);
}

/* By the order of the ledger: what stands before the act decides. What the keeper let through is judged as if it had
 * come in time. */
static void judge_arrival(struct verify *v, const struct vact *a) {
  if (a->author.is_released)
    return;
  if (a->author.owner.is_revoked)
    vfind(v, VERIFY_A_REVOKED, a->first, "the author's key %s had been revoked when the act was admitted",
          vshort(a->by).s);
  if (a->author.is_machine_revoked)
    vfind(v, VERIFY_A_REVOKED, a->first, "the replica %s, which sent the act, had been revoked when it was admitted",
          vshort(a->position.replica).s);
  if (!a->author.is_machine_valid)
    vfind(v, VERIFY_A_VALIDITY, a->first, "no certificate of the replica %s, which sent the act, was valid at %s",
          vshort(a->position.replica).s, a->admitted);
  if (!a->author.owner.is_valid)
    vfind(v, VERIFY_A_VALIDITY, a->first, "no certificate of the author's key %s was valid at %s", vshort(a->by).s,
          a->admitted);
}

/* Keys that are handed over count from the next act on, so that there the answer is waited for. */
static bool judge_signature(struct verify *v, const struct vact *a, const struct vkey *k, struct verify_text text) {
  struct vcheck c = vcheck_of(k, text, a->signature, a->signature_len);
  vfinding(&c.bad, VERIFY_A_SIGNATURE, a->first, "the act's signature by the key %s does not verify", vshort(a->by).s);
  if (v->handover.entry == 0) {
    vjob_check(v, &c);
    return true;
  }
  bool is_signed = vkey_verify_hash(v->curve, k, c.hash, c.signature, c.signature_len);
  if (!is_signed)
    vjob_finding(v, &c.bad);
  return is_signed;
}

/* True if the author signed it, or nobody waits for the answer. */
static bool judge_author(struct verify *v, const struct vact *a, const char *text, size_t len) {
  const struct vkey *k = a->author.owner.key;
  if (k == NULL) {
    vfind(v, VERIFY_A_KEY, a->first, "no certificate for the author's key %s stands before the act", vshort(a->by).s);
    return false;
  }
  bool is_signed = judge_signature(v, a, k, vtext_of(text, len));
  judge_arrival(v, a);
  return is_signed;
}

/* All leaves are there: does the act's id fit the headers, and who signed it (core/FORMAT.md section 4)? */
static void finish_act(struct verify *v, const struct vact *a) {
  char by[65], root_hex[65], text[256];
  uint8_t root[VHASH_SIZE], id[VHASH_SIZE];
  vtree_root(&a->headers, root);
  vtext_to_hex(root, VHASH_SIZE, root_hex);
  vtext_to_hex(a->by, VHASH_SIZE, by);
  int len = snprintf(text, sizeof text, "cairn act 1\nby %s\nsize %llu\nroot %s\n", by, (unsigned long long)a->size,
                     root_hex);
  vhash(text, (size_t)len, id);
  if (!vsame(id, a->id)) {
    vfind(v, VERIFY_I_ACT, a->first, "the id of the act %s does not fit its headers", vshort(a->id).s);
    return;
  }
  if (!v->is_open)
    return;
  vchain_act(v, a);
  bool is_signed = judge_author(v, a, text, (size_t)len);
  if (a->head_len > 0)
    vact_judge_head(v, a->first, &a->position, a->id, a->head, a->head_len);
  if (is_signed)
    vhandover_apply(v);
}

/* ---- leaves to acts ---- */

static void begin_act(struct verify *v, const struct vleaf *leaf) {
  struct vact *a = &v->act;
  vhandover_drop(v); /* of an act that was not found good */
  *a = (struct vact){.open = true, .first = leaf->entry.number, .size = leaf->size, .position = leaf->position};
  memcpy(a->id, leaf->act, VHASH_SIZE);
  memcpy(a->by, leaf->by, VHASH_SIZE);
  vtext_copy(a->admitted, sizeof a->admitted, leaf->entry.admitted);
  memcpy(a->signature, leaf->signature, leaf->signature_len);
  a->signature_len = leaf->signature_len;
  memcpy(a->head, leaf->head, leaf->head_len);
  a->head_len = leaf->head_len;
  vdirectory_begin_act(v);
  vdirectory_author(v, a);
  vconform_begin_act(v);
}

static void check_continues(struct verify *v, const struct vleaf *leaf, bool is_header_good) {
  struct vact *a = &v->act;
  uint64_t n = leaf->entry.number;
  if (!vsame(a->id, leaf->act) || a->index != leaf->index || a->size != leaf->size) {
    vfind(v, VERIFY_I_ACT, n, "the entry does not continue the act %s", vshort(a->id).s);
    a->broken = true;
  } else if (is_header_good && !a->broken && !vsame(a->by, leaf->by)) {
    vfind(v, VERIFY_I_ACT, n, "the entry has another author than its act %s", vshort(a->id).s);
    a->broken = true;
  }
  if (!vtext_is(leaf->entry.admitted, a->admitted))
    vfind(v, VERIFY_I_TIME, n, "the entry was admitted at another time than its act");
}

/* True if the leaf is part of the act that is open now. */
static bool place_in_act(struct verify *v, const struct vleaf *leaf, bool is_header_good) {
  struct vact *a = &v->act;
  bool is_first = leaf->index == 0;
  if (is_first && a->open)
    vfind(v, VERIFY_I_ACT, a->first, "the act %s ends after %llu of its %llu entries", vshort(a->id).s,
          (unsigned long long)a->index, (unsigned long long)a->size);
  if (!is_first && !a->open) {
    if (!v->lost)
      vfind(v, VERIFY_I_ACT, leaf->entry.number, "the act %s has no first entry here", vshort(leaf->act).s);
    v->lost = true;
    return false;
  }
  v->lost = false;
  if (is_first)
    begin_act(v, leaf);
  else
    check_continues(v, leaf, is_header_good);
  return true;
}

static void add_to_act(struct verify *v, const struct vleaf *leaf, bool is_header_good) {
  struct vact *a = &v->act;
  a->broken |= !is_header_good;
  vtree_push(&a->headers, leaf->header.at, leaf->header.len);
  if (leaf->header.len > ACT_BYTES_MAX - a->header_bytes && !a->broken) {
    vfind(v, VERIFY_I_LIMIT, leaf->entry.number, "the act %s is larger than 2 MiB", vshort(a->id).s);
    a->broken = true;
  }
  a->header_bytes = a->broken ? 0 : a->header_bytes + leaf->header.len;
  a->index++;
  if (a->index < a->size)
    return;
  a->open = false;
  if (!a->broken)
    vconform_end_act(v);
  if (!a->broken)
    finish_act(v, a);
}

/* ---- one leaf ---- */

static void check_number_and_time(struct verify *v, const struct verify_entry *e) {
  if (e->number != v->expected)
    vfind(v, VERIFY_I_NUMBER, v->expected, "the entry has the number %llu", (unsigned long long)e->number);
  char admitted[21];
  vtext_copy(admitted, sizeof admitted, e->admitted);
  if (strcmp(admitted, v->admitted) < 0)
    vfind(v, VERIFY_I_TIME, e->number, "the entry was admitted at %s, before the one before it", admitted);
  memcpy(v->admitted, admitted, sizeof admitted);
}

static void lose(struct verify *v, enum verify_code code, const char *why) {
  vfind(v, code, v->expected, "%s", why);
  v->act.open = false;
  v->lost = true;
  v->expected++;
}

static const struct vauthor *find_author(const struct verify *v, const struct vleaf *leaf) {
  const struct vact *a = &v->act;
  return a->open && !a->broken && vsame(a->by, leaf->by) ? &a->author : NULL;
}

static void read_leaf(struct verify *v, const struct vleaf *leaf, bool is_header_good) {
  check_number_and_time(v, &leaf->entry);
  v->expected = leaf->entry.number + 1;
  if (!is_header_good)
    vfind(v, VERIFY_I_HEADER, leaf->entry.number, "the header is not of its form");
  if (v->tree.size == 1) {
    const char *missing = is_header_good ? ventry_open(v, leaf) : "entry 1 is not a log.open";
    if (missing)
      vfind(v, VERIFY_I_OPEN, leaf->entry.number, "%s", missing);
  }
  bool is_in_act = place_in_act(v, leaf, is_header_good);
  if (is_header_good)
    ventry_read(v, leaf, find_author(v, leaf));
  if (is_in_act)
    add_to_act(v, leaf, is_header_good);
}

void vact_leaf(struct verify *v, struct verify_text text) {
  struct vleaf leaf;
  switch (vleaf_parse(text, &leaf)) {
  case VLEAF_GOOD: read_leaf(v, &leaf, true); break;
  case VLEAF_HEADER_FORM: read_leaf(v, &leaf, false); break;
  case VLEAF_FORM: lose(v, VERIFY_I_LEAF, "the leaf is not of its form"); break;
  case VLEAF_LIMIT: lose(v, VERIFY_I_LIMIT, "the leaf, its header or its act is larger than it may be"); break;
  }
  if (v->tree.size == 1 && !v->is_open && v->counts[VERIFY_I_OPEN] == 0)
    vfind(v, VERIFY_I_OPEN, 1, "entry 1 is not a log.open");
}

void vact_end(struct verify *v) {
  vhandover_drop(v);
  if (v->act.open)
    vfind(v, VERIFY_I_ACT, v->act.first, "the act %s is not complete when the ledger ends", vshort(v->act.id).s);
}
