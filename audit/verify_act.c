#include "audit/verify_parts.h"

#include <stdio.h>
#include <string.h>

#define ACT_BYTES_MAX ((size_t)2 << 20)

static bool same(const uint8_t *a, const uint8_t *b) {
  return memcmp(a, b, VHASH_SIZE) == 0;
}

struct short_id {
  char s[9];
};

/* The first eight digits, as programs show ids. */
static struct short_id short_id(const uint8_t id[VHASH_SIZE]) {
  struct short_id out;
  vtext_to_hex(id, 4, out.s);
  return out;
}

/* ---- who signed an act ---- */

static void judge_head(struct verify *v, uint64_t entry, const struct vleaf_position *p, const uint8_t act[VHASH_SIZE],
                       const uint8_t *head, size_t len) {
  const struct vkey *k = same(p->replica, v->operating.id) ? &v->operating : vtable_find_replica(&v->keys, p->replica);
  char text[VLEAF_POSITION_MAX];
  size_t text_len = vleaf_position_text(p, act, text);
  if (k == NULL)
    vfind(v, VERIFY_A_HEAD, entry, "the replica %s, which signed its position, has no certificate",
          short_id(p->replica).s);
  else if (!vkey_verify(v->curve, k, vtext_of(text, text_len), head, len))
    vfind(v, VERIFY_A_HEAD, entry, "the signature of the replica %s over its position does not verify",
          short_id(p->replica).s);
}

static void judge_author(struct verify *v, const struct vact *a, const char *text, size_t len) {
  bool is_node = same(a->by, v->operating.id);
  const struct vkey *k = is_node ? &v->operating : vtable_find_person(&v->keys, a->by);
  if (k == NULL) {
    vfind(v, VERIFY_A_KEY, a->first, "no certificate for the author's key %s stands before the act", short_id(a->by).s);
    return;
  }
  if (!vkey_verify(v->curve, k, vtext_of(text, len), a->signature, a->signature_len))
    vfind(v, VERIFY_A_SIGNATURE, a->first, "the act's signature by the key %s does not verify", short_id(a->by).s);
  if (!is_node && !vtable_valid(&v->keys, a->by, a->admitted))
    vfind(v, VERIFY_A_VALIDITY, a->first, "no certificate of the author's key %s was valid at %s", short_id(a->by).s,
          a->admitted);
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
  if (!same(id, a->id)) {
    vfind(v, VERIFY_I_ACT, a->first, "the id of the act %s does not fit its headers", short_id(a->id).s);
    return;
  }
  if (!v->is_open)
    return;
  judge_author(v, a, text, (size_t)len);
  if (a->head_len > 0)
    judge_head(v, a->first, &a->position, a->id, a->head, a->head_len);
}

/* ---- leaves to acts ---- */

static void begin_act(struct verify *v, const struct vleaf *leaf) {
  struct vact *a = &v->act;
  *a = (struct vact){.open = true, .first = leaf->entry.number, .size = leaf->size, .position = leaf->position};
  memcpy(a->id, leaf->act, VHASH_SIZE);
  memcpy(a->by, leaf->by, VHASH_SIZE);
  vtext_copy(a->admitted, sizeof a->admitted, leaf->entry.admitted);
  memcpy(a->signature, leaf->signature, leaf->signature_len);
  a->signature_len = leaf->signature_len;
  memcpy(a->head, leaf->head, leaf->head_len);
  a->head_len = leaf->head_len;
}

static void check_continues(struct verify *v, const struct vleaf *leaf, bool is_header_good) {
  struct vact *a = &v->act;
  uint64_t n = leaf->entry.number;
  if (!same(a->id, leaf->act) || a->index != leaf->index || a->size != leaf->size) {
    vfind(v, VERIFY_I_ACT, n, "the entry does not continue the act %s", short_id(a->id).s);
    a->broken = true;
  } else if (is_header_good && !a->broken && !same(a->by, leaf->by)) {
    vfind(v, VERIFY_I_ACT, n, "the entry has another author than its act %s", short_id(a->id).s);
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
    vfind(v, VERIFY_I_ACT, a->first, "the act %s ends after %llu of its %llu entries", short_id(a->id).s,
          (unsigned long long)a->index, (unsigned long long)a->size);
  if (!is_first && !a->open) {
    if (!v->lost)
      vfind(v, VERIFY_I_ACT, leaf->entry.number, "the act %s has no first entry here", short_id(leaf->act).s);
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
  if (!place_in_act(v, leaf, is_header_good))
    return;
  a->broken |= !is_header_good;
  vtree_push(&a->headers, leaf->header.at, leaf->header.len);
  if (leaf->header.len > ACT_BYTES_MAX - a->header_bytes && !a->broken) {
    vfind(v, VERIFY_I_LIMIT, leaf->entry.number, "the act %s is larger than 2 MiB", short_id(a->id).s);
    a->broken = true;
  }
  a->header_bytes = a->broken ? 0 : a->header_bytes + leaf->header.len;
  a->index++;
  if (a->index < a->size)
    return;
  a->open = false;
  if (!a->broken)
    finish_act(v, a);
}

/* ---- the kinds that the verifier reads (core/FORMAT.md section 8) ---- */

static const struct vkey *find_key(const struct vleaf *leaf, const char *name) {
  for (size_t i = 0; i < leaf->key_count; i++)
    if (vtext_is(leaf->keys[i].name, name))
      return &leaf->keys[i].key;
  return NULL;
}

static const char *read_cert(const struct vleaf *leaf, uint8_t *der, size_t max, size_t *len_out) {
  if (leaf->cert.len == 0 || !vtext_base64(leaf->cert, der, max, len_out))
    return "there is no certificate";
  return NULL;
}

static void read_authority(struct verify *v, const struct vleaf *leaf) {
  uint8_t der[VLEAF_HEADER_MAX];
  size_t len;
  const char *wrong = read_cert(leaf, der, sizeof der, &len);
  if (wrong == NULL)
    wrong = vcert_read_authority(v->curve, der, len, &v->authority);
  v->has_authority = wrong == NULL;
  if (wrong)
    vfind(v, VERIFY_A_CERT, leaf->entry.number, "%s", wrong);
}

/* What is missing in the first entry, or NULL. */
static const char *read_open(struct verify *v, const struct vleaf *leaf) {
  const struct vkey *ledger = find_key(leaf, "ledger"), *operating = find_key(leaf, "operating");
  struct verify_text origin;
  if (!vtext_is(leaf->entry.kind, "log.open"))
    return "entry 1 is not a log.open";
  if (leaf->size != 1 || leaf->position.number != 1 || !same(leaf->position.replica, leaf->by))
    return "entry 1 is not alone in its act, or not the first position of its author";
  if (operating == NULL || !same(operating->id, leaf->by))
    return "entry 1 is not by the operating key that it names";
  if (ledger == NULL)
    return "entry 1 does not name the ledger's key";
  if (!vleaf_find(leaf->entry.facts, leaf->entry.fact_count, "origin", &origin) || !vtext_is_origin(origin))
    return "entry 1 does not name the ledger's origin";
  v->operating = *operating;
  v->ledger.key = *ledger;
  vtext_copy(v->ledger.name, sizeof v->ledger.name, origin);
  v->is_open = true;
  read_authority(v, leaf);
  return NULL;
}

static const char *judge_issued(struct verify *v, const struct vleaf *leaf) {
  uint8_t der[VLEAF_HEADER_MAX], subject[VHASH_SIZE];
  size_t len;
  struct vcert c;
  struct verify_text ref;
  enum vtable_kind kind;
  const char *wrong = read_cert(leaf, der, sizeof der, &len);
  if (wrong == NULL)
    wrong = vcert_read(v->curve, &v->authority, der, len, &c);
  if (wrong)
    return wrong;
  if (!vleaf_find(leaf->entry.refs, leaf->entry.ref_count, "subject", &ref) || !vtext_hex(ref, subject, VHASH_SIZE) ||
      !same(subject, c.subject))
    return "the certificate names another subject than the entry that issues it";
  if (!vtable_find_introduced(&v->keys, c.subject, c.key.id, &kind))
    return "the entry that the certificate names did not introduce its key";
  if (kind != (c.use == VCERT_REPLICA ? VTABLE_REPLICA : VTABLE_PERSON))
    return "the certificate's use does not fit what it names";
  if (!vtable_certify(&v->keys, &c))
    vfind(v, VERIFY_I_LIMIT, leaf->entry.number, "there are more certificates than this program takes");
  return NULL;
}

/* Where the authority itself is not in order that was said once, at entry 1. */
static void read_issued(struct verify *v, const struct vleaf *leaf) {
  const char *wrong = v->has_authority && same(leaf->by, v->operating.id) ? judge_issued(v, leaf) : NULL;
  if (wrong)
    vfind(v, VERIFY_A_CERT, leaf->entry.number, "%s", wrong);
}

static bool fact_hash(const struct verify_entry *e, const char *name, uint8_t out[VHASH_SIZE]) {
  struct verify_text t;
  return vleaf_find(e->facts, e->fact_count, name, &t) && vtext_hex(t, out, VHASH_SIZE);
}

/* The refused act's position, repeated in facts, with the replica's signature over it. */
static void read_refused(struct verify *v, const struct vleaf *leaf) {
  const struct verify_entry *e = &leaf->entry;
  struct vleaf_position p;
  struct verify_text number, head;
  uint8_t act[VHASH_SIZE], signature[VKEY_SIGNATURE_MAX];
  size_t len;
  bool has_head = false;
  for (size_t i = 0; i < e->fact_count; i++)
    has_head |= vtext_is(e->facts[i].name, "head");
  if (!has_head)
    return;
  if (!fact_hash(e, "replica", p.replica) || !fact_hash(e, "previous", p.previous) || !fact_hash(e, "act", act) ||
      !vleaf_find(e->facts, e->fact_count, "number", &number) || !vtext_number(number, &p.number) ||
      !vleaf_find(e->facts, e->fact_count, "head", &head) || !vtext_base64(head, signature, sizeof signature, &len))
    vfind(v, VERIFY_A_HEAD, e->number, "the refused act's position, or the signature over it, is not of its form");
  else
    judge_head(v, e->number, &p, act, signature, len);
}

static const struct {
  const char *kind;
  void (*read)(struct verify *v, const struct vleaf *leaf);
} node_kinds[] = {{"log.open", NULL}, {"cert.issue", read_issued}, {"act.refuse", read_refused}};

static void introduce_keys(struct verify *v, const struct vleaf *leaf) {
  enum vtable_kind kind = vtext_is(leaf->entry.kind, "person.add")    ? VTABLE_PERSON
                          : vtext_is(leaf->entry.kind, "replica.add") ? VTABLE_REPLICA
                                                                      : VTABLE_OTHER;
  for (size_t i = 0; i < leaf->key_count; i++)
    if (!vtable_introduce(&v->keys, leaf->id, leaf->keys[i].key.id, kind))
      vfind(v, VERIFY_I_LIMIT, leaf->entry.number, "the ledger introduces more keys than this program takes");
}

static void read_entry(struct verify *v, const struct vleaf *leaf) {
  uint64_t n = leaf->entry.number;
  for (size_t i = 0; v->is_open && i < sizeof node_kinds / sizeof *node_kinds; i++) {
    if (!vtext_is(leaf->entry.kind, node_kinds[i].kind))
      continue;
    if (!same(leaf->by, v->operating.id))
      vfind(v, VERIFY_A_NODE, n, "only the node may write %s, and the author is %s", node_kinds[i].kind,
            short_id(leaf->by).s);
    if (node_kinds[i].read)
      node_kinds[i].read(v, leaf);
    else if (v->tree.size > 1)
      vfind(v, VERIFY_I_OPEN, n, "a log.open stands where only entry 1 may be one");
  }
  introduce_keys(v, leaf);
  if (v->entry)
    v->entry(v->of, &leaf->entry);
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

static void read_leaf(struct verify *v, const struct vleaf *leaf, bool is_header_good) {
  check_number_and_time(v, &leaf->entry);
  v->expected = leaf->entry.number + 1;
  if (!is_header_good)
    vfind(v, VERIFY_I_HEADER, leaf->entry.number, "the header is not of its form");
  if (v->tree.size == 1) {
    const char *missing = is_header_good ? read_open(v, leaf) : "entry 1 is not a log.open";
    if (missing)
      vfind(v, VERIFY_I_OPEN, leaf->entry.number, "%s", missing);
  }
  if (is_header_good)
    read_entry(v, leaf);
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
  if (v->act.open)
    vfind(v, VERIFY_I_ACT, v->act.first, "the act %s is not complete when the ledger ends", short_id(v->act.id).s);
}
