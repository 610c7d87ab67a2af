#include "audit/verify_conform.h"

#include <string.h>

/* ---- keys to seal to (core/FORMAT.md section 8) ---- */

static const struct {
  const char *kind, *owner; /* the reference that says whose it is; NULL: the entry's own person */
  enum vseal_what what;
} introductions[] = {{"person.add", NULL, VSEAL_PERSON},
                     {"person.key", "person", VSEAL_PERSON},
                     {"agency.key", "agency", VSEAL_AGENCY},
                     {"escrow.key", "agency", VSEAL_ESCROW}};

static vplace seal_find(const struct verify *v, const uint8_t key[VHASH_SIZE]) {
  const uint8_t *row = vmap_find(&v->conform.seals, key);
  return row ? (vplace)vmap_index(&v->conform.seals, row) + 1 : 0;
}

static const struct vseal *seal_at(const struct verify *v, vplace p) {
  return vmap_at(&v->conform.seals, p - 1);
}

/* Where the newest role key of an agency, or the newest escrow key, is kept. */
static vplace *newest_seal(struct verify *v, enum vseal_what what, const uint8_t agency[VHASH_SIZE]) {
  vplace p = what == VSEAL_AGENCY ? vobject_find(v, agency) : 0;
  if (what == VSEAL_ESCROW)
    return &v->conform.escrow;
  return p && vobject_at(v, p)->kind == VKIND_AGENCY ? &vobject_at(v, p)->people[0] : NULL;
}

static void keep_key(struct verify *v, const struct vleaf *leaf, enum vseal_what what, const uint8_t owner[VHASH_SIZE],
                     const struct vkey *key) {
  vplace place = vpeople_place(v, owner), *newest = newest_seal(v, what, owner);
  struct vseal *s = seal_find(v, key->id) ? NULL : vmap_add(&v->conform.seals, key->id);
  if (s == NULL)
    return;
  *s = (struct vseal){.number = leaf->entry.number, .owner = place, .what = what};
  memcpy(s->id, key->id, VHASH_SIZE);
  memcpy(s->entry, leaf->id, VHASH_SIZE);
  if (newest) {
    s->before = *newest;
    s->depth = *newest ? (uint16_t)(seal_at(v, *newest)->depth + 1) : 0;
    *newest = seal_find(v, key->id);
  }
  if (s->depth == VCONFORM_SHORT_LIST_MAX)
    vconform_limit(v, leaf->entry.number, "there are more role keys of one agency");
}

void vrestricted_keys(struct verify *v, const struct vleaf *leaf) {
  const struct verify_entry *e = &leaf->entry;
  for (size_t i = 0; i < sizeof introductions / sizeof *introductions && !v->conform.has_limit; i++) {
    struct verify_text ref;
    uint8_t owner[VHASH_SIZE];
    if (!vtext_is(e->kind, introductions[i].kind))
      continue;
    memcpy(owner, leaf->id, VHASH_SIZE);
    if (introductions[i].owner &&
        (!vleaf_find(e->refs, e->ref_count, introductions[i].owner, &ref) || !vtext_hex(ref, owner, VHASH_SIZE)))
      continue;
    for (size_t k = 0; k < leaf->key_count; k++)
      if (vtext_is(leaf->keys[k].name, "seal"))
        keep_key(v, leaf, introductions[i].what, owner, &leaf->keys[k].key);
  }
}

/* Neither it nor whose it is was revoked. Of the keeper's escrow keys the agency is not asked. */
static bool is_revoked(const struct verify *v, const struct vseal *s) {
  const struct vrow *row = vtable_find(&v->table, s->entry, VROW(PERSON) | VROW(KEYS));
  return row == NULL || (s->what == VSEAL_ESCROW ? row->are_keys_over : vrow_is_revoked(row));
}

/* The newest of its kind that was not revoked, looking back from here; 0 if there is none. */
static vplace in_force(const struct verify *v, vplace from) {
  while (from && is_revoked(v, seal_at(v, from)))
    from = seal_at(v, from)->before;
  return from;
}

static bool seal_counts(struct verify *v, vplace p) {
  const struct vseal *s = seal_at(v, p);
  const struct vrow *row = vtable_find(&v->table, s->entry, VROW(KEYS));
  const struct vrow *agency = row ? vrow_agency(row) : NULL;
  vplace *newest = s->what == VSEAL_PERSON ? NULL : newest_seal(v, s->what, agency ? agency->id : s->entry);
  return newest ? in_force(v, *newest) == p : !is_revoked(v, s);
}

/* ---- whose it is ---- */

static const uint8_t of_escrow[VHASH_SIZE]; /* in place of a person: the escrow key */

static const struct vobject *item_of(const struct verify *v, vplace p) {
  const struct vobject *o = p ? vobject_at(v, p) : NULL;
  if (o && (o->kind == VKIND_PERMIT_REASON || o->kind == VKIND_PERMIT_END))
    o = o->of ? vobject_at(v, o->of) : NULL;
  if (o && o->kind != VKIND_ITEM)
    o = o->of ? vobject_at(v, o->of) : NULL;
  if (o && o->kind == VKIND_PERMIT)
    o = o->of ? vobject_at(v, o->of) : NULL;
  return o;
}

/* The item's, or the permit's. */
bool vrestricted_may_decide(struct verify *v, const struct vauthor *a, const struct vobject *what, uint64_t number) {
  const struct vobject *item = what->kind == VKIND_PERMIT && what->of ? vobject_at(v, what->of) : what;
  const struct vrow *provider = vpeople_row(v, item->by);
  if (provider == NULL || a->person == provider)
    return true; /* of whom nobody knows who they are, authorship has said so */
  if (!(a->held & VROLE_DESIGNATED_LEAD) || a->agency != vrow_agency(provider) || !provider->is_over)
    return false;
  if (v->conform.profile)
    vconform_tell(v, VTELL_BY_LEAD, number);
  return true;
}

/* ---- what is kept ---- */

static void keep_item(struct verify *v, const struct vleaf *leaf, vplace object) {
  uint8_t key[VHASH_SIZE], content[VHASH_SIZE];
  const struct vobject *o = vobject_at(v, object);
  for (size_t i = 0; i < leaf->to_count; i++) {
    vplace p = vtext_hex(leaf->to[i], key, VHASH_SIZE) ? seal_find(v, key) : 0;
    const struct vrow *person = p ? vpeople_row(v, seal_at(v, p)->owner) : NULL;
    if (person)
      vabout_add(v, o, person->id);
    if (p && seal_at(v, p)->what == VSEAL_ESCROW)
      vabout_add(v, o, of_escrow);
  }
  if (vtext_hex(leaf->content, content, VHASH_SIZE) && o->kind == VKIND_ITEM)
    vabout_add(v, o, content);
}

/* What it is about, by the name of the reference. */
static const struct {
  enum vconform_kind kind;
  const char *of;
  bool hangs;
} links[] = {
    {VKIND_ITEM, "meeting", false},      {VKIND_PERMIT, "item", true},    {VKIND_PERMIT_REASON, "permit", true},
    {VKIND_PERMIT_END, "permit", false}, {VKIND_LIFT, "item", true},      {VKIND_OPEN, "item", false},
    {VKIND_BREAK_GLASS, "item", false},  {VKIND_REVIEW, "opening", true}, {VKIND_FAULT, "item", false},
};

void vrestricted_keep(struct verify *v, const struct vleaf *leaf, vplace object) {
  struct vobject *o = vobject_at(v, object);
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    if (links[i].kind != (enum vconform_kind)o->kind)
      continue;
    o->of = vobject_ref(v, &leaf->entry, links[i].of);
    if (links[i].hangs)
      vobject_hang(v, object, o->of, 0);
  }
  if (o->kind == VKIND_ITEM || o->kind == VKIND_PERMIT)
    keep_item(v, leaf, object);
}

/* ---- to whom it goes ---- */

static const char *wrong_with_recipient(struct verify *v, const struct vobject *item, vplace seal) {
  const struct vrow *person = vpeople_row(v, seal_at(v, seal)->owner);
  if (!seal_counts(v, seal))
    return "to a key that counts no more";
  if (person && vregister_is_barred(v, person, item))
    return "to somebody who is kept out of the case";
  if (person && seal_at(v, seal)->owner != item->by && vregister_is_for_family(v, seal_at(v, seal)->owner, item))
    return "to somebody who attends the meeting for the family, or to observe";
  return NULL;
}

static const char *wrong_with_recipients(struct verify *v, const struct vleaf *leaf, const struct vobject *item) {
  uint8_t key[VHASH_SIZE];
  const char *wrong = NULL;
  for (size_t i = 0; i < leaf->to_count && wrong == NULL; i++) {
    vplace p = vtext_hex(leaf->to[i], key, VHASH_SIZE) ? seal_find(v, key) : 0;
    wrong = p ? wrong_with_recipient(v, item, p) : "to a key that is nobody's";
  }
  return wrong;
}

static bool is_to(const struct vleaf *leaf, const struct vseal *s) {
  uint8_t key[VHASH_SIZE];
  for (size_t i = 0; i < leaf->to_count; i++)
    if (vtext_hex(leaf->to[i], key, VHASH_SIZE) && vsame(key, s->id))
      return true;
  return false;
}

/* The role key of the provider's agency and the escrow key, where they were there before the act. */
static bool lacks_key(struct verify *v, const struct vleaf *leaf, enum vseal_what what, const struct vrow *agency) {
  const vplace *newest = agency || what == VSEAL_ESCROW ? newest_seal(v, what, agency ? agency->id : NULL) : NULL;
  vplace p = newest ? in_force(v, *newest) : 0;
  return p && seal_at(v, p)->number < v->act.first && !is_to(leaf, seal_at(v, p));
}

static const char *wrong_with_item(struct verify *v, const struct vleaf *leaf, const struct vauthor *a, vplace object) {
  uint8_t content[VHASH_SIZE];
  const struct vobject *item = vobject_at(v, object);
  const char *wrong = wrong_with_recipients(v, leaf, item);
  if (wrong)
    return wrong;
  if (a->person && !vabout_has(v, item, a->person->id))
    return "and not to its provider";
  if (lacks_key(v, leaf, VSEAL_AGENCY, a->agency) || lacks_key(v, leaf, VSEAL_ESCROW, NULL))
    return "and not to the agency's role key and the escrow key";
  vtext_hex(leaf->content, content, VHASH_SIZE);
  struct vcontent *c = vmap_add(&v->conform.contents, content);
  bool was_there = c && (vobject_counts(v, c->item) || vobject_counts(v, c->permit));
  if (c && !was_there)
    c->item = object;
  return was_there ? "and says again what was recorded as restricted before" : NULL;
}

/* Exactly one person's keys. */
static bool is_for_one(const struct verify *v, const struct vleaf *leaf) {
  uint8_t key[VHASH_SIZE];
  vplace one = 0;
  for (size_t i = 0; i < leaf->to_count; i++) {
    vplace p = vtext_hex(leaf->to[i], key, VHASH_SIZE) ? seal_find(v, key) : 0;
    if (p == 0 || seal_at(v, p)->what != VSEAL_PERSON || (one && one != seal_at(v, p)->owner))
      return false;
    one = seal_at(v, p)->owner;
  }
  return one != 0;
}

static const char *wrong_with_permit(struct verify *v, const struct vleaf *leaf, vplace object) {
  uint8_t content[VHASH_SIZE];
  const struct vobject *o = vobject_at(v, object);
  const struct vobject *item = vobject_at(v, o->of);
  const char *wrong = wrong_with_recipients(v, leaf, item);
  if (wrong)
    return wrong;
  if (!is_for_one(v, leaf))
    return "and not to one person alone";
  if (!vobject_counts(v, o->of) || vobject_first(v, o->of, 0, VKIND(LIFT)))
    return "of an item that was voided or lifted";
  vtext_hex(leaf->content, content, VHASH_SIZE);
  struct vcontent *c = vabout_has(v, item, content) ? vmap_find(&v->conform.contents, content) : NULL;
  if (c && !vobject_counts(v, c->permit))
    c->permit = object;
  return vabout_has(v, item, content) ? NULL : "with another content than the item's";
}

/* ---- openings ---- */

static bool is_told(const struct verify *v, const struct vleaf *leaf, vplace person) {
  uint8_t key[VHASH_SIZE];
  const struct vrow *whom = vpeople_row(v, person);
  for (size_t i = 0; i < leaf->to_count; i++)
    if (vtext_hex(leaf->to[i], key, VHASH_SIZE) &&
        vrow_person(vtable_owner(&v->table, key, VCERT_PERSON, v->act.admitted).row) == whom)
      return true;
  return whom == NULL;
}

static const char *wrong_with_opening(struct verify *v, const struct vleaf *leaf, const struct vauthor *a,
                                      const struct vobject *o) {
  static const char *const ways[] = {"own-key", "escrow", NULL};
  const struct vobject *opened = vobject_at(v, o->of), *item = item_of(v, o->of);
  const struct vrow *provider = item ? vpeople_row(v, item->by) : NULL;
  if (provider && !is_told(v, leaf, item->by) && !is_told(v, leaf, opened->by))
    return "and its provider is not told";
  if (o->kind == VKIND_BREAK_GLASS)
    return provider && vrow_agency(provider) != a->agency ? "which another agency provided" : NULL;
  if (o->kind == VKIND_FAULT || !vobject_counts(v, o->of))
    return NULL;
  if (vfact_code(&leaf->entry, "how", ways) == 2)
    return a->held & VROLE_KEEPER && vabout_has(v, opened, of_escrow) ? NULL
                                                                      : "with an escrow key that is not the author's";
  return a->person && vabout_has(v, opened, a->person->id) ? NULL : "which is not sealed to the author";
}

static const char *wrong_with_review(struct verify *v, const struct vauthor *a, const struct vobject *o) {
  const struct vobject *opening = vobject_at(v, o->of), *item = item_of(v, o->of);
  if (vconform_is_by(v, a, opening->by))
    return "which the author made";
  if (opening->counts[0] > 1)
    return "which was reviewed before";
  return a->held & VROLE_KEEPER || (item && vconform_is_by(v, a, item->by)) ? NULL
                                                                            : "and is neither keeper nor provider";
}

/* Such an act has no entries but of these kinds, so that all of it is known before it is read. */
bool vrestricted_judge(struct verify *v, const struct vleaf *leaf, const struct vauthor *a, vplace object) {
  const struct vobject *o = vobject_at(v, object), *item = item_of(v, object);
  const uint64_t kind = 1ull << o->kind;
  const uint64_t decides = VKIND(PERMIT) | VKIND(PERMIT_REASON) | VKIND(PERMIT_END) | VKIND(LIFT);
  const uint64_t opens = VKIND(OPEN) | VKIND(BREAK_GLASS) | VKIND(FAULT);
  const char *wrong = NULL, *wrong_opening = NULL;
  if (kind & decides && item && !vrestricted_may_decide(v, a, item, o->number)) {
    vfind(v, VERIFY_D_PERMIT, o->number, "restricted information is decided about by somebody else than its provider");
    return false;
  }
  if (kind & VKIND(ITEM))
    wrong = wrong_with_item(v, leaf, a, object);
  if (kind & VKIND(PERMIT))
    wrong = wrong_with_permit(v, leaf, object);
  if (kind & opens)
    wrong_opening = wrong_with_opening(v, leaf, a, o);
  if (kind & VKIND(REVIEW))
    wrong_opening = wrong_with_review(v, a, o);
  if (wrong)
    vfind(v, VERIFY_D_PERMIT, o->number, "restricted information is sealed %s", wrong);
  if (wrong_opening)
    vfind(v, VERIFY_D_OPENING, o->number, "%s restricted information is %s, %s",
          kind & VKIND(REVIEW) ? "an opening of" : "", kind & VKIND(REVIEW) ? "reviewed" : "opened", wrong_opening);
  return wrong == NULL && wrong_opening == NULL;
}

/* What a permit is for stands in its act, once. */
void vrestricted_judge_end(struct verify *v, const struct vasked *c) {
  size_t count = 0;
  if (c->kind->kind != VKIND_PERMIT)
    return;
  for (vplace p = vobject_at(v, c->object)->newest[0]; p; p = vobject_at(v, p)->before[0])
    count += vobject_at(v, p)->kind == VKIND_PERMIT_REASON && vobject_at(v, p)->number >= v->act.first;
  if (count != 1)
    vfind(v, VERIFY_D_PERMIT, c->number, "a permit stands without exactly one reason in its act");
}
