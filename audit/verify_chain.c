#include "audit/verify_parts.h"

#include <string.h>

/* The machines' chains of acts (core/FORMAT.md section 5, audit/FORMAT.md section 4.4). Positions come with acts, and
 * with the node's entries about acts that it refused or held. */

#define ACTS_MAX ((size_t)1 << 30) /* one id for each */

/* Where a chain has come to. */
struct line {
  uint64_t number;
  uint8_t position[VHASH_SIZE];
};

struct chain {
  uint8_t id[VHASH_SIZE]; /* of the machine's key, or of an operating key */
  struct line now, left; /* left: where it was before the last break, so that whatever goes on from there is no other */
  uint64_t signed_to;    /* the largest number over which the machine has signed */
  uint64_t blind_count;  /* what could not be read when it was met last: there may have been positions */
  uint8_t is_node, is_strange; /* 0 or 1; a file may say otherwise */
};

/* A position whose act was refused or held. */
struct turned {
  uint8_t id[VHASH_SIZE]; /* of the position */
  uint8_t act[VHASH_SIZE];
  enum { REFUSED, HELD, RELEASED, ADMITTED, REJECTED } state;
  uint64_t release; /* the entry by which it was let through */
};

struct hold {
  uint8_t id[VHASH_SIZE]; /* of the act.hold */
  uint8_t position[VHASH_SIZE];
};

struct act {
  uint8_t id[VHASH_SIZE];
};

/* One position as it is met. */
struct place {
  const struct vleaf_position *p;
  const uint8_t *act;
  uint8_t id[VHASH_SIZE];
  uint64_t entry;
  bool has_head; /* the machine's signature over it is there */
};

static struct place place_of(const struct vleaf_position *p, const uint8_t act[VHASH_SIZE], uint64_t entry,
                             bool has_head) {
  struct place out = {.p = p, .act = act, .entry = entry, .has_head = has_head};
  vposition_id(p, act, out.id);
  return out;
}

void vposition_id(const struct vleaf_position *p, const uint8_t act[VHASH_SIZE], uint8_t out[VHASH_SIZE]) {
  char text[VLEAF_POSITION_MAX];
  size_t len = vleaf_position_text(p, act, text);
  vhash(text, len, out);
}

static void *add_row(struct verify *v, struct vmap *m, const uint8_t id[VHASH_SIZE], uint64_t entry) {
  void *row = vmap_add(m, id);
  if (row == NULL)
    vfind(v, VERIFY_I_LIMIT, entry, "there are more machines or held acts than this program takes");
  return row;
}

/* ---- breaks ---- */

/* Two numbers are said as one where they are the same. */
static void find_gap(struct verify *v, const struct place *at, uint64_t last) {
  unsigned long long from = last + 1, to = at->p->number - 1;
  if (from == to)
    vfind(v, VERIFY_M_GAP, at->entry, "the act with the number %llu of the machine %s is missing", from,
          vshort(at->p->replica).s);
  else
    vfind(v, VERIFY_M_GAP, at->entry, "the acts with the numbers %llu to %llu of the machine %s are missing", from, to,
          vshort(at->p->replica).s);
}

static void find_again(struct verify *v, const struct place *at, const struct chain *c, bool is_known_act) {
  unsigned long long number = at->p->number;
  if (vmap_find(&v->chains.turned, at->id))
    vfind(v, VERIFY_M_REPEATED, at->entry,
          "the act with the number %llu of the machine %s, which was refused or held, stands there again", number,
          vshort(at->p->replica).s);
  else if (is_known_act)
    vfind(v, VERIFY_M_REPEATED, at->entry, "the act with the number %llu of the machine %s stands there again", number,
          vshort(at->p->replica).s);
  else if (at->has_head && c->signed_to >= at->p->number)
    vfind(v, VERIFY_M_FORK, at->entry, "the machine %s has signed for two different acts with the number %llu",
          vshort(at->p->replica).s, number);
  else
    vfind(v, VERIFY_M_REPEATED, at->entry, "another act of the machine %s has the number %llu already",
          vshort(at->p->replica).s, number);
}

static bool goes_on(const struct line *l, const struct place *at) {
  return at->p->number == l->number + 1 && vsame(at->p->previous, l->position);
}

static void judge_place(struct verify *v, struct chain *c, const struct place *at, bool is_known_act) {
  if (at->p->number <= c->now.number)
    find_again(v, at, c, is_known_act);
  else if (at->p->number > c->now.number + 1)
    find_gap(v, at, c->now.number);
  else
    vfind(v, VERIFY_M_PREVIOUS, at->entry,
          "the act with the number %llu of the machine %s does not continue the one before it",
          (unsigned long long)at->p->number, vshort(at->p->replica).s);
}

/* After a break the chain goes on from what broke it, or from where it was. */
static void follow(struct verify *v, struct chain *c, const struct place *at, bool is_known_act) {
  const struct line end = {.number = at->p->number};
  bool is_left_there = c->left.number > 0; /* it is a break to begin anew */
  if (is_left_there && goes_on(&c->left, at) && !goes_on(&c->now, at)) {
    c->left = c->now;
  } else if (!goes_on(&c->now, at)) {
    if (c->blind_count == v->blind_count)
      judge_place(v, c, at, is_known_act);
    c->left = c->now;
  }
  c->now = end;
  memcpy(c->now.position, at->id, VHASH_SIZE);
  c->blind_count = v->blind_count;
  if (at->has_head && at->p->number > c->signed_to)
    c->signed_to = at->p->number;
}

/* ---- whose chain it is ---- */

static struct chain *find_chain(struct verify *v, const struct place *at) {
  struct vchains *all = &v->chains;
  struct chain *c = vmap_find(&all->chains, at->p->replica);
  if (c)
    return c;
  c = add_row(v, &all->chains, at->p->replica, at->entry);
  if (c == NULL)
    return NULL;
  c->is_node = vsame(at->p->replica, v->operating.id);
  c->is_strange = !c->is_node && vtable_owner(&v->table, at->p->replica, VCERT_REPLICA, v->admitted).key == NULL;
  if (c->is_strange)
    vfind(v, VERIFY_M_MACHINE, at->entry, "the key %s, in whose chain an act stands, is no machine's",
          vshort(at->p->replica).s);
  return c;
}

/* The node writes in the chain of its operating key in force, and people in those of their machines. */
static void judge_author(struct verify *v, struct chain *c, const struct place *at, bool is_node) {
  bool is_its = is_node ? vsame(at->p->replica, v->operating.id) : !c->is_node;
  if (is_its || c->is_strange)
    return;
  vfind(v, VERIFY_M_MACHINE, at->entry,
        is_node ? "an act of the node stands in the chain of %s"
                : "an act that the operating key in force did not sign stands in the node's chain, %s",
        vshort(at->p->replica).s);
  c->is_strange = true;
}

static bool take(struct verify *v, const struct place *at, bool is_node, bool is_known_act) {
  struct chain *c = find_chain(v, at);
  if (c == NULL)
    return false;
  vheads_meet_position(v, at->p, at->id, at->entry);
  judge_author(v, c, at, is_node);
  follow(v, c, at, is_known_act);
  return true;
}

/* ---- acts ---- */

void vchain_act(struct verify *v, const struct vact *a) {
  struct place at = place_of(&a->position, a->id, a->first, a->head_len > 0);
  struct turned *t = vmap_find(&v->chains.turned, at.id);
  bool is_known = vmap_find(&v->chains.acts, a->id) != NULL;
  add_row(v, &v->chains.acts, a->id, a->first);
  vheads_meet_act(v, a->id, a->first);
  if (t && t->state == RELEASED) {
    t->state = ADMITTED; /* in the place that it was sent under */
    return;
  }
  const struct chain *c = vmap_find(&v->chains.chains, a->position.replica);
  if (is_known && (c == NULL || a->position.number > c->now.number))
    vfind(v, VERIFY_M_REPEATED, a->first, "the act %s stands in the ledger twice", vshort(a->id).s);
  take(v, &at, a->author.is_node, is_known);
}

void vchain_turned_away(struct verify *v, const struct vleaf *leaf, const struct vleaf_position *p,
                        const uint8_t act[VHASH_SIZE], bool has_head) {
  const bool is_hold = vtext_is(leaf->entry.kind, "act.hold");
  struct place at = place_of(p, act, leaf->entry.number, has_head);
  struct turned *t = vmap_find(&v->chains.turned, at.id);
  struct hold *h;
  bool is_second = t && t->state == RELEASED;
  vheads_meet_refusal(v, act, is_hold);
  if (!is_second)
    take(v, &at, false, vmap_find(&v->chains.acts, act) != NULL);
  if (t == NULL)
    t = add_row(v, &v->chains.turned, at.id, leaf->entry.number);
  if (t) {
    memcpy(t->act, act, VHASH_SIZE);
    t->state = is_hold ? HELD : REFUSED;
  }
  if (is_hold && (h = add_row(v, &v->chains.holds, leaf->id, leaf->entry.number)))
    memcpy(h->position, at.id, VHASH_SIZE);
}

void vchain_decided(struct verify *v, const uint8_t hold[VHASH_SIZE], uint64_t entry, bool is_release) {
  const struct hold *h = vmap_find(&v->chains.holds, hold);
  struct turned *t = h ? vmap_find(&v->chains.turned, h->position) : NULL;
  if (t == NULL || t->state != HELD)
    return;
  t->state = is_release ? RELEASED : REJECTED;
  t->release = entry;
  if (!is_release)
    vheads_meet_refusal(v, t->act, false);
}

/* ---- the end ---- */

uint64_t vchain_end(struct verify *v) {
  const struct vchains *all = &v->chains;
  uint64_t waiting = 0;
  for (size_t i = 0; i < all->turned.count; i++) {
    const struct turned *t = vmap_at(&all->turned, i);
    bool is_admitted = vmap_find(&all->acts, t->act) != NULL;
    waiting += t->state == HELD && !is_admitted;
    if (t->state == RELEASED && !is_admitted)
      vfind(v, VERIFY_M_RELEASE, t->release,
            "the act %s was let through, and neither stands in the ledger nor was refused", vshort(t->act).s);
  }
  return waiting;
}

uint64_t vchain_newest(const struct verify *v, const uint8_t replica[VHASH_SIZE]) {
  const struct chain *c = vmap_find(&v->chains.chains, replica);
  if (c == NULL)
    return 0;
  return c->now.number > c->left.number ? c->now.number : c->left.number;
}

void vchain_init(struct vchains *c, struct vscratch *scratch) {
  vmap_init(&c->chains, sizeof(struct chain), scratch);
  vmap_init(&c->turned, sizeof(struct turned), scratch);
  vmap_init(&c->holds, sizeof(struct hold), scratch);
  vmap_init(&c->acts, sizeof(struct act), scratch);
  c->acts.count_max = ACTS_MAX;
}

void vchain_io(struct vchains *c, struct vio *io) {
  vio_map(io, &c->chains);
  vio_map(io, &c->turned);
  vio_map(io, &c->holds);
  vio_map(io, &c->acts);
}

void vchain_release(struct vchains *c) {
  vmap_release(&c->chains);
  vmap_release(&c->turned);
  vmap_release(&c->holds);
  vmap_release(&c->acts);
}
