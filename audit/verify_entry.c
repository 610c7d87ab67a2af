#include "audit/verify_parts.h"

#include <string.h>

static const struct vkey *find_key(const struct vleaf *leaf, const char *name) {
  for (size_t i = 0; i < leaf->key_count; i++)
    if (vtext_is(leaf->keys[i].name, name))
      return &leaf->keys[i].key;
  return NULL;
}

static bool read_cert(const struct vleaf *leaf, uint8_t *der, size_t max, size_t *len_out) {
  return leaf->cert.len > 0 && vtext_base64(leaf->cert, der, max, len_out);
}

static void read_authority(struct verify *v, const struct vleaf *leaf) {
  uint8_t der[VLEAF_HEADER_MAX];
  size_t len;
  struct vwrong wrong = {VERIFY_A_AUTHORITY, "there is no certificate of an authority"};
  if (read_cert(leaf, der, sizeof der, &len))
    wrong = vcert_read_authority(v->curve, der, len, &v->authority);
  v->has_authority = wrong.words == NULL;
  if (wrong.words)
    vfind(v, wrong.code, leaf->entry.number, "%s", wrong.words);
}

/* What is missing in the first entry, or NULL. */
const char *ventry_open(struct verify *v, const struct vleaf *leaf) {
  const struct vkey *ledger = find_key(leaf, "ledger"), *operating = find_key(leaf, "operating");
  struct verify_text origin;
  if (!vtext_is(leaf->entry.kind, "log.open"))
    return "entry 1 is not a log.open";
  if (leaf->size != 1 || leaf->position.number != 1 || !vsame(leaf->position.replica, leaf->by))
    return "entry 1 is not alone in its act, or not the first position of its author";
  if (operating == NULL || !vsame(operating->id, leaf->by))
    return "entry 1 is not by the operating key that it names";
  if (ledger == NULL)
    return "entry 1 does not name the ledger's key";
  if (!vleaf_find(leaf->entry.facts, leaf->entry.fact_count, "origin", &origin) || !vtext_is_origin(origin))
    return "entry 1 does not name the ledger's origin";
  v->operating = *operating;
  v->ledger.key = *ledger;
  vtext_copy(v->ledger.name, sizeof v->ledger.name, origin);
  memcpy(v->opening, leaf->id, VHASH_SIZE);
  v->is_open = true;
  vhandover_meet(v);
  vcommit_signer(v);
  read_authority(v, leaf);
  return NULL;
}

/* Whose key it is was said when it was introduced; the node's own keys are the node's. */
static bool is_swapped(const struct verify *v, const struct vcert *c, const struct vrow *subject) {
  const struct vrow *first = vtable_introducer(&v->table, c->key.id);
  bool is_nodes = vsame(c->key.id, v->operating.id) || vsame(c->key.id, v->ledger.key.id);
  return is_nodes || (first && vrow_owner(first) != vrow_owner(subject));
}

static struct vwrong judge_subject(const struct verify *v, const struct vleaf *leaf, const struct vcert *c,
                                   const struct vrow *row) {
  struct verify_text ref;
  uint8_t subject[VHASH_SIZE];
  if (!vleaf_find(leaf->entry.refs, leaf->entry.ref_count, "subject", &ref) || !vtext_hex(ref, subject, VHASH_SIZE) ||
      !vsame(subject, c->subject))
    return (struct vwrong){VERIFY_A_SUBJECT, "the certificate names another subject than the entry that issues it"};
  if (is_swapped(v, c, row))
    return (struct vwrong){VERIFY_A_SWAPPED,
                           "the certificate gives a key to another than the one whose entry introduced it"};
  if (row == NULL || !vrow_has_key(row, c->key.id))
    return (struct vwrong){VERIFY_A_SUBJECT, "the entry that the certificate names did not introduce its key"};
  if ((row->kind == VROW_REPLICA) != (c->use == VCERT_REPLICA))
    return (struct vwrong){VERIFY_A_USAGE, "the certificate's use does not fit what it names"};
  return (struct vwrong){0};
}

static struct vwrong judge_issued(struct verify *v, const struct vleaf *leaf) {
  uint8_t der[VLEAF_HEADER_MAX];
  size_t len;
  struct vcert c;
  if (!read_cert(leaf, der, sizeof der, &len))
    return (struct vwrong){VERIFY_A_CERT, "there is no certificate"};
  struct vwrong wrong = vcert_read(v->curve, &v->authority, der, len, &c);
  if (wrong.words)
    return wrong;
  const struct vrow *row = vtable_find(&v->table, c.subject, VROW(PERSON) | VROW(KEYS) | VROW(REPLICA));
  wrong = judge_subject(v, leaf, &c, row);
  if (wrong.words == NULL && !vtable_certify(&v->table, &c, row))
    vfind(v, VERIFY_I_LIMIT, leaf->entry.number, "there are more certificates than this program takes");
  return wrong;
}

/* Where the authority itself is not in order that was said once, at entry 1. */
static void read_issued(struct verify *v, const struct vleaf *leaf) {
  struct vwrong wrong = {0};
  if (v->has_authority && vsame(leaf->by, v->operating.id))
    wrong = judge_issued(v, leaf);
  if (wrong.words)
    vfind(v, wrong.code, leaf->entry.number, "%s", wrong.words);
}

static bool fact_hash(const struct verify_entry *e, const char *name, uint8_t out[VHASH_SIZE]) {
  struct verify_text t;
  return vleaf_find(e->facts, e->fact_count, name, &t) && vtext_hex(t, out, VHASH_SIZE);
}

static bool read_position(const struct verify_entry *e, struct vleaf_position *p, uint8_t act[VHASH_SIZE]) {
  struct verify_text number;
  return fact_hash(e, "replica", p->replica) && fact_hash(e, "previous", p->previous) && fact_hash(e, "act", act) &&
         vleaf_find(e->facts, e->fact_count, "number", &number) && vtext_number(number, &p->number) && p->number > 0;
}

/* The position of an act that was refused or held, repeated in facts, with the replica's signature over it. */
static void read_turned_away(struct verify *v, const struct vleaf *leaf) {
  const struct verify_entry *e = &leaf->entry;
  struct vleaf_position p;
  struct verify_text head;
  uint8_t act[VHASH_SIZE], signature[VKEY_SIGNATURE_MAX];
  size_t len;
  bool has_head = false;
  for (size_t i = 0; i < e->fact_count; i++)
    has_head |= vtext_is(e->facts[i].name, "head");
  bool is_good = read_position(e, &p, act), is_nodes = vsame(leaf->by, v->operating.id);
  if (!is_good && (has_head || is_nodes))
    vfind(v, has_head ? VERIFY_A_HEAD : VERIFY_M_POSITION, e->number, "the position of an act is not of its form");
  if (!is_good)
    return;
  if (is_nodes)
    vchain_turned_away(v, leaf, &p, act, has_head);
  if (!has_head)
    return;
  if (!vleaf_find(e->facts, e->fact_count, "head", &head) || !vtext_base64(head, signature, sizeof signature, &len))
    vfind(v, VERIFY_A_HEAD, e->number, "the signature over the position of an act is not of its form");
  else
    vact_judge_head(v, e->number, &p, act, signature, len);
}

static void read_held(struct verify *v, const struct vleaf *leaf) {
  uint8_t act[VHASH_SIZE];
  struct vrow *row;
  read_turned_away(v, leaf);
  if (!vsame(leaf->by, v->operating.id) || !fact_hash(&leaf->entry, "act", act))
    return;
  if (!vtable_add(&v->table, leaf->id, VROW_HOLD, 0, &row))
    vfind(v, VERIFY_I_LIMIT, leaf->entry.number, "more acts are held than this program takes");
  if (row)
    vdirectory_hold(v, &leaf->entry, act, row);
}

static void read_open_again(struct verify *v, const struct vleaf *leaf) {
  if (v->tree.size > 1)
    vfind(v, VERIFY_I_OPEN, leaf->entry.number, "a log.open stands where only entry 1 may be one");
}

static const struct {
  const char *kind;
  void (*read)(struct verify *v, const struct vleaf *leaf);
} node_kinds[] = {{"log.open", read_open_again}, {"log.keys", vhandover_read},     {"log.anew", vhandover_read_anew},
                  {"cert.issue", read_issued},   {"act.refuse", read_turned_away}, {"act.hold", read_held}};

/* What the node may write, and what it may not that the directory says (verify_directory.c). */
static const char *const told_elsewhere[] = {
    "agency.add",  "person.add",          "person.key",       "replica.add",        "agency.key",
    "escrow.key",  "role.give",           "role.take",        "invite.person",      "invite.withdraw",
    "key.revoke",  "person.revoke",       "replica.revoke",   "agency.revoke",      "held.release",
    "held.reject", "two-persons.require", "staff.bar",        "staff.unbar",        "profile.adopt",
    "scope.grow",  "scope.shrink",        "scope.grow-named", "scope.shrink-named", "feed.receipt"};

static bool is_for_node(struct verify_text kind) {
  bool is = false;
  for (size_t i = 0; i < sizeof node_kinds / sizeof *node_kinds; i++)
    is |= vtext_is(kind, node_kinds[i].kind);
  for (size_t i = 0; i < sizeof told_elsewhere / sizeof *told_elsewhere; i++)
    is |= vtext_is(kind, told_elsewhere[i]);
  return is;
}

/* The node records nothing in the place of people. */
static void judge_node_writes(struct verify *v, const struct vleaf *leaf) {
  struct verify_text kind = leaf->entry.kind;
  if (vsame(leaf->by, v->operating.id) && !is_for_node(kind))
    vfind(v, VERIFY_A_NODE, leaf->entry.number, "the node wrote %.*s, which people write",
          (int)(kind.len > 64 ? 64 : kind.len), kind.at);
}

static void read_node_kinds(struct verify *v, const struct vleaf *leaf) {
  for (size_t i = 0; i < sizeof node_kinds / sizeof *node_kinds; i++) {
    if (!vtext_is(leaf->entry.kind, node_kinds[i].kind))
      continue;
    if (!vsame(leaf->by, v->operating.id))
      vfind(v, VERIFY_A_NODE, leaf->entry.number, "only the node may write %s, and the author is %s",
            node_kinds[i].kind, vshort(leaf->by).s);
    node_kinds[i].read(v, leaf);
  }
}

void ventry_read(struct verify *v, const struct vleaf *leaf, const struct vauthor *author) {
  if (v->is_open) {
    read_node_kinds(v, leaf);
    judge_node_writes(v, leaf);
    vdirectory_read(v, leaf, author);
    vconform_read(v, leaf, author);
  }
  if (v->entry)
    v->entry(v->of, &leaf->entry);
}
