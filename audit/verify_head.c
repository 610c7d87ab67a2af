#include "audit/verify_parts.h"

#include <stdlib.h>
#include <string.h>

/* Heads that machines have signed and agencies hand over (core/FORMAT.md section 5.1): what the machine had sent, what
 * it was told of it, and the checkpoint that it verified. They are read before the ledger, so that of the ledger only
 * what they ask for is kept. */

/* What the ledger says of an act that a head tells of. */
struct asked {
  uint8_t id[VHASH_SIZE]; /* of the act */
  uint64_t entry;         /* its first entry; 0: it does not stand there */
  bool is_refused, is_held;
};

/* ---- the form ---- */

static const char *const outcomes[] = {
    [VTOLD_ACCEPTED] = "accepted", [VTOLD_REFUSED] = "refused", [VTOLD_HELD] = "held"};
#define OUTCOME_COUNT (sizeof outcomes / sizeof *outcomes)

static bool read_outcome(struct verify_text word, struct verify_text rest, struct vtold *out) {
  for (size_t i = 0; i < OUTCOME_COUNT; i++)
    if (vtext_is(word, outcomes[i])) {
      out->outcome = (enum vtold_outcome)i;
      return vtext_is(rest, "-") ||
             (i == VTOLD_ACCEPTED ? vtext_number(rest, &out->entry) && out->entry > 0 : vtext_is_token(rest));
    }
  return false;
}

/* "NUMBER HASH OUTCOME DETAIL", the numbers rising. */
static bool read_told(struct vlines *l, struct vhead *h) {
  struct verify_text rest = vlines_field(l, "told"), number, act, outcome;
  struct vtold *t = &h->told[h->told_count];
  uint64_t last = h->told_count ? t[-1].number : 0;
  if (l->failed || !vtext_cut(&rest, ' ', &number) || !vtext_cut(&rest, ' ', &act) ||
      !vtext_cut(&rest, ' ', &outcome) || !vtext_number(number, &t->number) || t->number <= last ||
      t->number > h->position.number || !vtext_hex(act, t->act, VHASH_SIZE) || !read_outcome(outcome, rest, t))
    return false;
  h->told_count++;
  return true;
}

static bool read_note(struct vlines *l, struct vhead *h) {
  struct verify_text t = vlines_field(l, "note"), text;
  h->note = vtext_alloc(VERIFY_NOTE_MAX);
  return !l->failed && vtext_base64(t, h->note, VERIFY_NOTE_MAX, &h->note_len) &&
         vnote_split(vtext_of(h->note, h->note_len), &text) == VNOTE_GOOD &&
         vnote_checkpoint_parse(text, &h->checkpoint);
}

/* A machine that has sent nothing has position 0, of no act. */
static bool is_position(const struct vhead *h) {
  static const uint8_t none[VHASH_SIZE];
  bool has_act = !vsame(h->act, none), has_previous = !vsame(h->position.previous, none);
  return has_act == (h->position.number > 0) && has_previous == (h->position.number > 1);
}

static bool read_position(struct vlines *l, struct vhead *h) {
  struct verify_text replica = vlines_field(l, "replica"), time = vlines_field(l, "time");
  struct verify_text number = vlines_field(l, "number"), previous = vlines_field(l, "previous");
  struct verify_text act = vlines_field(l, "act");
  if (l->failed || !vtext_hex(replica, h->position.replica, VHASH_SIZE) || !vtext_is_time(time) ||
      !vtext_number(number, &h->position.number) || !vtext_hex(previous, h->position.previous, VHASH_SIZE) ||
      !vtext_hex(act, h->act, VHASH_SIZE) || !is_position(h))
    return false;
  vtext_copy(h->time, sizeof h->time, time);
  return true;
}

static bool read_head(struct vhead *h) {
  struct vlines l = {vtext_of(h->text, h->text_len), false};
  struct verify_text first = vlines_next(&l), origin = vlines_field(&l, "origin");
  if (l.failed || !vtext_is(first, "cairn head 1") || !vtext_is_origin(origin) || !read_position(&l, h))
    return false;
  vtext_copy(h->origin, sizeof h->origin, origin);
  if (vlines_at(&l, "note") && !read_note(&l, h))
    return false;
  while (h->told_count < VHEAD_TOLD_MAX && vlines_at(&l, "told"))
    if (!read_told(&l, h))
      return false;
  h->signed_len = h->text_len - l.rest.len;
  struct verify_text signature = vlines_field(&l, "signature");
  return !l.failed && l.rest.len == 0 && vtext_base64(signature, h->signature, sizeof h->signature, &h->signature_len);
}

bool vhead_read(struct verify_text text, struct vhead *out) {
  *out = (struct vhead){.text_len = text.len};
  if (text.len == 0 || text.len > VERIFY_HEAD_MAX)
    return false;
  out->text = vtext_alloc(text.len);
  memcpy(out->text, text.at, text.len);
  out->told = vtext_alloc(VHEAD_TOLD_MAX * sizeof *out->told);
  bool good = read_head(out);
  if (good)
    vposition_id(&out->position, out->act, out->position_id);
  else
    vhead_release(out);
  return good;
}

void vhead_release(struct vhead *h) {
  free(h->text);
  free(h->told);
  free(h->note);
  *h = (struct vhead){0};
}

bool vhead_is_signed(struct vcurve *c, const struct vhead *h, const struct vkey *k) {
  return vkey_verify(c, k, vtext_of(h->text, h->signed_len), h->signature, h->signature_len);
}

/* ---- before the ledger ---- */

const char *vheads_take(struct verify *v, const struct verify_text *heads, size_t count) {
  struct vheads *all = &v->heads;
  all->asked.row_size = sizeof(struct asked);
  if (count > VHEADS_MAX)
    return "there are more heads than this program takes";
  for (; all->count < count; all->count++) {
    struct vhead *h = &all->at[all->count];
    if (!vhead_read(heads[all->count], h))
      return "this is no head as cairn head writes one, or it was cut off or changed on its way";
    for (size_t i = 0; i < h->told_count; i++)
      vmap_add(&all->asked, h->told[i].act);
  }
  return NULL;
}

void vheads_release(struct vheads *all) {
  for (size_t i = 0; i < all->count; i++)
    vhead_release(&all->at[i]);
  vmap_release(&all->asked);
}

/* ---- as the ledger is read ---- */

void vheads_meet_position(struct verify *v, const struct vleaf_position *p, const uint8_t id[VHASH_SIZE],
                          uint64_t entry) {
  for (size_t i = 0; i < v->heads.count; i++) {
    struct vhead *h = &v->heads.at[i];
    if (h->position.number != p->number || !vsame(h->position.replica, p->replica))
      continue;
    h->is_met |= vsame(h->position_id, id);
    if (h->other_at == 0 && !vsame(h->position_id, id))
      h->other_at = entry;
  }
}

void vheads_meet_act(struct verify *v, const uint8_t act[VHASH_SIZE], uint64_t entry) {
  struct asked *a = vmap_find(&v->heads.asked, act);
  if (a && a->entry == 0)
    a->entry = entry;
}

void vheads_meet_refusal(struct verify *v, const uint8_t act[VHASH_SIZE], bool is_hold) {
  struct asked *a = vmap_find(&v->heads.asked, act);
  if (a && is_hold)
    a->is_held = true;
  else if (a)
    a->is_refused = true;
}

/* root: of the leaves at its size; NULL: there are not so many. */
static enum vhead_history judge_note(struct verify *v, const struct vhead *h, const uint8_t *root) {
  struct verify_text text, note = vtext_of(h->note, h->note_len);
  if (vnote_open(v->curve, note, &v->ledger, &text) != VNOTE_GOOD)
    return VHEAD_UNSIGNED;
  return root && vsame(h->checkpoint.root, root) ? VHEAD_SAME : VHEAD_OTHER;
}

/* By the ledger's key in force then. */
void vheads_meet_root(struct verify *v) {
  uint8_t root[VHASH_SIZE];
  for (size_t i = 0; i < v->heads.count; i++) {
    struct vhead *h = &v->heads.at[i];
    if (h->note_len == 0 || h->checkpoint.size != v->tree.size)
      continue;
    vtree_root(&v->tree, root);
    h->history = judge_note(v, h, root);
  }
}

/* ---- after it ---- */

static const char *find_fault(struct verify *v, const struct vhead *h, const struct vkey *k) {
  if (strcmp(h->origin, v->ledger.name) != 0 || (h->note_len && strcmp(h->checkpoint.origin, v->ledger.name) != 0))
    return "is of another ledger";
  if (k == NULL)
    return "is of no machine of this ledger";
  if (!vhead_is_signed(v->curve, h, k))
    return "is not signed by the machine";
  if (h->history == VHEAD_UNSIGNED)
    return "has a checkpoint that the ledger's key has not signed";
  return NULL;
}

static void judge_position(struct verify *v, const struct vhead *h) {
  uint64_t newest = vchain_newest(v, h->position.replica);
  unsigned long long from = newest + 1, to = h->position.number;
  struct vshort machine = vshort(h->position.replica);
  if (h->position.number > newest && from == to)
    vfind(v, VERIFY_M_TAIL, 0, "the act with the number %llu of the machine %s, which it had sent, is missing", to,
          machine.s);
  else if (h->position.number > newest)
    vfind(v, VERIFY_M_TAIL, 0,
          "the acts with the numbers %llu to %llu of the machine %s, which it had sent, are missing", from, to,
          machine.s);
  else if (h->other_at && !h->is_met)
    vfind(v, VERIFY_M_FORK, h->other_at, "the machine %s had signed for another act with the number %llu", machine.s,
          to);
}

static void judge_told(struct verify *v, const struct vhead *h, const struct vtold *t) {
  const struct asked *a = vmap_find(&v->heads.asked, t->act);
  struct vshort machine = vshort(h->position.replica), act = vshort(t->act);
  if (t->outcome == VTOLD_ACCEPTED && a->entry == 0)
    vfind(v, VERIFY_M_RECEIPT, t->entry, "the machine %s was told that its act %s was accepted, and it is not there",
          machine.s, act.s);
  else if (t->outcome == VTOLD_ACCEPTED && t->entry && a->entry != t->entry)
    vfind(v, VERIFY_M_RECEIPT, t->entry, "the machine %s was told of its act %s here, and it stands at %llu", machine.s,
          act.s, (unsigned long long)a->entry);
  else if (t->outcome == VTOLD_REFUSED && !a->is_refused)
    vfind(v, VERIFY_M_REFUSAL, 0, "the machine %s was told that its act %s was refused, and no entry says so",
          machine.s, act.s);
  else if (t->outcome == VTOLD_HELD && !a->is_held)
    vfind(v, VERIFY_M_REFUSAL, 0, "the machine %s was told that its act %s is held, and no entry says so", machine.s,
          act.s);
}

static void judge_checkpoint(struct verify *v, const struct vhead *h) {
  unsigned long long size = h->checkpoint.size;
  struct vshort machine = vshort(h->position.replica);
  if (h->history == VHEAD_SAME) {
    vwitness_vouch_head(v, h->position.replica, h->checkpoint.size, h->time);
    return;
  }
  bool is_beyond = h->checkpoint.size > v->tree.size;
  const struct verify_conflict conflict = {.code = is_beyond ? VERIFY_N_ROLLBACK : VERIFY_N_FORK,
                                           .size = h->checkpoint.size,
                                           .note = h->note,
                                           .note_len = h->note_len};
  struct verify_finding f;
  if (is_beyond)
    vfinding(&f, VERIFY_N_ROLLBACK, v->tree.size, "the ledger has %llu entries, and the machine %s has verified %llu",
             (unsigned long long)v->tree.size, machine.s, size);
  else
    vfinding(&f, VERIFY_N_FORK, h->checkpoint.size,
             "the first %llu entries are not those of the checkpoint that the machine %s has verified", size,
             machine.s);
  vjob_conflict(v, &conflict, &f);
}

static void judge_head(struct verify *v, struct vhead *h) {
  const struct vkey *k = vtable_owner(&v->table, h->position.replica, VCERT_REPLICA, v->admitted).key;
  if (h->note_len && h->history == VHEAD_UNMET)
    h->history = judge_note(v, h, NULL);
  const char *fault = find_fault(v, h, k);
  if (fault) {
    vfind(v, VERIFY_M_HEAD, 0, "the head of %s %s", vshort(h->position.replica).s, fault);
    return;
  }
  if (h->note_len)
    judge_checkpoint(v, h);
  /* What could not be read may have been what is missed. */
  if (v->blind_count)
    return;
  judge_position(v, h);
  for (size_t i = 0; i < h->told_count; i++)
    judge_told(v, h, &h->told[i]);
}

void vheads_end(struct verify *v) {
  for (size_t i = 0; v->is_open && i < v->heads.count; i++)
    judge_head(v, &v->heads.at[i]);
}
