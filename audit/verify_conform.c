#include "audit/verify_conform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- times ---- */

#define DAY_S 86400

/* Days since 1970-01-01 (the proleptic Gregorian calendar). */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = year / 400, of_era = year - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t digits(const char *at, size_t count) {
  int64_t n = 0;
  for (size_t i = 0; i < count; i++)
    n = n * 10 + (at[i] - '0');
  return n;
}

int64_t vtime_seconds(struct verify_text t) {
  if (!vtext_is_time(t))
    return -1;
  int64_t days = days_of(digits(t.at, 4), digits(t.at + 5, 2), digits(t.at + 8, 2));
  return days * DAY_S + digits(t.at + 11, 2) * 3600 + digits(t.at + 14, 2) * 60 + digits(t.at + 17, 2);
}

/* ---- what is kept ---- */

void vconform_init(struct verify *v) {
  struct vconform *c = &v->conform;
  vmap_init(&c->objects, sizeof(struct vobject), &v->scratch);
  vmap_init(&c->people, sizeof(struct vperson), &v->scratch);
  vmap_init(&c->about, sizeof(struct vabout), &v->scratch);
  vmap_init(&c->seals, sizeof(struct vseal), &v->scratch);
  vmap_init(&c->contents, sizeof(struct vcontent), &v->scratch);
  v->conform_act = vtext_alloc(sizeof *v->conform_act);
}

void vconform_release(struct verify *v) {
  vmap_release(&v->conform.objects);
  vmap_release(&v->conform.people);
  vmap_release(&v->conform.about);
  vmap_release(&v->conform.seals);
  vmap_release(&v->conform.contents);
  free(v->conform_act);
}

void vconform_tell(struct verify *v, enum vtell what, uint64_t entry) {
  if (v->conform.notes[what].count++ == 0)
    v->conform.notes[what].first = entry;
}

void vconform_limit(struct verify *v, uint64_t entry, const char *what) {
  if (!v->conform.has_limit)
    vfind(v, VERIFY_I_LIMIT, entry, "%s than this program takes", what);
  v->conform.has_limit = true;
}

static vplace place_in(const struct vmap *m, const uint8_t *row) {
  return row ? (vplace)vmap_index(m, row) + 1 : 0;
}

struct vobject *vobject_at(const struct verify *v, vplace p) {
  return vmap_at(&v->conform.objects, p - 1);
}

vplace vobject_find(const struct verify *v, const uint8_t id[VHASH_SIZE]) {
  return place_in(&v->conform.objects, vmap_find(&v->conform.objects, id));
}

bool vobject_counts(const struct verify *v, vplace p) {
  return p && vobject_at(v, p)->voided == 0 && vobject_at(v, p)->erased == 0;
}

static bool find_ref(const struct verify_entry *e, const char *name, uint8_t id[VHASH_SIZE]) {
  struct verify_text ref;
  return vleaf_find(e->refs, e->ref_count, name, &ref) && vtext_hex(ref, id, VHASH_SIZE);
}

vplace vobject_ref(const struct verify *v, const struct verify_entry *e, const char *name) {
  uint8_t id[VHASH_SIZE];
  return find_ref(e, name, id) ? vobject_find(v, id) : 0;
}

vplace vpeople_ref(struct verify *v, const struct verify_entry *e, const char *name) {
  uint8_t id[VHASH_SIZE];
  return find_ref(e, name, id) ? vpeople_place(v, id) : 0;
}

uint8_t vfact_code(const struct verify_entry *e, const char *name, const char *const *words) {
  struct verify_text value;
  if (!vleaf_find(e->facts, e->fact_count, name, &value))
    return 0;
  for (uint8_t i = 0; words[i]; i++)
    if (vtext_is(value, words[i]))
      return (uint8_t)(i + 1);
  return 0;
}

void vobject_hang(struct verify *v, vplace object, vplace parent, int list) {
  if (parent == 0 || parent == object)
    return;
  struct vobject *o = vobject_at(v, object), *p = vobject_at(v, parent);
  bool is_long = 1ull << p->kind & (VKIND(MEETING) | VKIND(ITEM) | VKIND(PERMIT));
  if (p->counts[list] == (is_long ? VCONFORM_LIST_MAX : VCONFORM_SHORT_LIST_MAX)) {
    vconform_limit(v, o->number, "there are more entries about one thing");
    return;
  }
  p->counts[list]++;
  o->before[list] = p->newest[list];
  p->newest[list] = object;
}

/* ---- people, agencies and children ---- */

vplace vpeople_place(struct verify *v, const uint8_t id[VHASH_SIZE]) {
  vplace p = place_in(&v->conform.people, vmap_add(&v->conform.people, id));
  if (p == 0)
    vconform_limit(v, v->act.first, "there are more people and agencies");
  return p;
}

const struct vrow *vpeople_row(const struct verify *v, vplace p) {
  const struct vperson *row = p ? vmap_at(&v->conform.people, p - 1) : NULL;
  return row ? vtable_find(&v->table, row->id, VROW(PERSON)) : NULL;
}

static vplace author_place(struct verify *v, const struct vauthor *a) {
  return a && a->person ? vpeople_place(v, a->person->id) : 0;
}

bool vconform_is_by(struct verify *v, const struct vauthor *a, vplace person) {
  return person && person == author_place(v, a);
}

enum vagency_type vagency_type_of(const struct verify *v, const struct vrow *agency) {
  vplace p = agency ? vobject_find(v, agency->id) : 0;
  return p ? (enum vagency_type)vobject_at(v, p)->says[SAYS_AGENCY] : VAGENCY_NONE;
}

enum vagency_type vagency_type_at(const struct verify *v, vplace p) {
  const struct vperson *row = p ? vmap_at(&v->conform.people, p - 1) : NULL;
  return row ? vagency_type_of(v, vtable_find(&v->table, row->id, VROW(AGENCY))) : VAGENCY_NONE;
}

static void id_of_both(const uint8_t object[VHASH_SIZE], const uint8_t child[VHASH_SIZE], uint8_t out[VHASH_SIZE]) {
  uint8_t both[2 * VHASH_SIZE];
  memcpy(both, object, VHASH_SIZE);
  memcpy(both + VHASH_SIZE, child, VHASH_SIZE);
  vhash(both, sizeof both, out);
}

struct vabout *vabout_add(struct verify *v, const struct vobject *o, const uint8_t other[VHASH_SIZE]) {
  uint8_t both[VHASH_SIZE];
  id_of_both(o->id, other, both);
  struct vabout *row = vmap_add(&v->conform.about, both);
  if (row == NULL)
    vconform_limit(v, o->number, "more is about several children");
  return row;
}

bool vabout_has(const struct verify *v, const struct vobject *o, const uint8_t other[VHASH_SIZE]) {
  uint8_t both[VHASH_SIZE];
  id_of_both(o->id, other, both);
  return vmap_find(&v->conform.about, both) != NULL;
}

bool vobject_has_child(const struct verify *v, const struct vobject *o, const uint8_t child[VHASH_SIZE]) {
  if (o->kind == VKIND_CHILD)
    return vsame(o->id, child);
  if (o->child && vsame(vobject_at(v, o->child)->id, child))
    return true;
  return o->child_count > 1 && vabout_has(v, o, child);
}

static void keep_meeting_of(struct verify *v, struct vabout *row, vplace meeting, vplace child) {
  struct vobject *c = child ? vobject_at(v, child) : NULL;
  if (row == NULL || c == NULL || c->kind != VKIND_CHILD)
    return;
  if (c->on_s++ == VCONFORM_SHORT_LIST_MAX)
    vconform_limit(v, vobject_at(v, meeting)->number, "there are more meetings about a child");
  row->object = meeting;
  row->before = c->people[VCHILD_MEETINGS];
  c->people[VCHILD_MEETINGS] = place_in(&v->conform.about, (const uint8_t *)row);
}

static void keep_children(struct verify *v, const struct verify_entry *e, vplace object) {
  uint8_t child[VHASH_SIZE];
  struct vobject *o = vobject_at(v, object);
  o->child_count = (uint8_t)e->child_count;
  for (size_t i = 0; i < e->child_count; i++) {
    vtext_hex(e->children[i], child, VHASH_SIZE);
    vplace p = vobject_find(v, child);
    if (i == 0 && p && vobject_at(v, p)->kind == VKIND_CHILD)
      o->child = p;
    struct vabout *row = e->child_count > 1 || o->kind == VKIND_MEETING ? vabout_add(v, o, child) : NULL;
    if (o->kind == VKIND_MEETING)
      keep_meeting_of(v, row, object, p);
  }
}

/* ---- profiles ---- */

#define GRACE_S ((int64_t)30 * DAY_S)

/* Whose place the newest takes is superseded from now on. */
static void keep_profile(struct verify *v, vplace object) {
  struct vconform *c = &v->conform;
  if (c->profile)
    vobject_at(v, c->profile)->people[0] = object;
  else
    c->first_profile = object;
  c->profile = object;
}

static const char *wrong_with_profile(const struct verify *v, const struct verify_text profile, bool is_released) {
  uint8_t id[VHASH_SIZE];
  vplace p = profile.len && vtext_hex(profile, id, VHASH_SIZE) ? vobject_find(v, id) : 0;
  if (profile.len && (p == 0 || vobject_at(v, p)->kind != VKIND_PROFILE || vobject_at(v, p)->number >= v->act.first))
    return "was written under a profile of rules that had not been adopted";
  vplace next = profile.len ? vobject_at(v, p)->people[0] : v->conform.first_profile;
  int64_t now_s = vtime_seconds(vtext_of(v->act.admitted, strlen(v->act.admitted)));
  if (is_released || next == 0 || now_s - vobject_at(v, next)->admitted_s <= GRACE_S)
    return NULL;
  return "was written under a profile of rules that was superseded more than 30 days before, and the keeper had not "
         "let it through";
}

static void judge_profile(struct verify *v, const struct vleaf *leaf, const struct vauthor *a) {
  struct vconform_act *act = v->conform_act;
  uint8_t profile[VHASH_SIZE] = {0};
  const char *wrong = NULL;
  if (leaf->profile.len)
    vtext_hex(leaf->profile, profile, VHASH_SIZE);
  if (act->entries++ == 0)
    memcpy(act->profile, profile, VHASH_SIZE);
  if (act->is_profile_wrong || a == NULL)
    return;
  if (!vsame(act->profile, profile))
    wrong = "is written under another profile of rules than its act";
  else if (!a->is_node && !vtext_is(leaf->entry.audience, "directory"))
    wrong = wrong_with_profile(v, leaf->profile, a->is_released);
  act->is_profile_wrong = wrong != NULL;
  if (wrong)
    vfind(v, VERIFY_D_PROFILE, leaf->entry.number, "the entry %s", wrong);
}

/* ---- who may write it, and what it names ---- */

static bool judge_writer(struct verify *v, const struct vleaf *leaf, const struct vkind *k, const struct vauthor *a) {
  if (!a->is_node && a->person == NULL)
    return false; /* whose key it is nobody knows: that was said */
  if (vkind_may_write(k, a->held, vagency_type_of(v, a->agency), a->is_node))
    return true;
  vfind(v, k->code ? k->code : VERIFY_D_ROLE, leaf->entry.number, "the author %s of %s has no role that may write it",
        vshort(leaf->by).s, k->name);
  return false;
}

static bool is_in_directory(const struct verify *v, const uint8_t id[VHASH_SIZE], enum vref_to to) {
  return vtable_find(&v->table, id, to == VREF_PERSON ? VROW(PERSON) : VROW(AGENCY)) != NULL;
}

/* What is wrong with what one line names, or NULL. */
static const char *wrong_with_named(const struct verify *v, const struct verify_entry *e, const struct vref *r,
                                    struct verify_text value) {
  uint8_t id[VHASH_SIZE], child[VHASH_SIZE];
  if (!vtext_hex(value, id, VHASH_SIZE))
    return "is not there before it";
  if (r->kinds == 0)
    return is_in_directory(v, id, r->to) ? NULL : "is not there before it";
  vplace p = vobject_find(v, id);
  if (p == 0 || !(r->kinds >> vobject_at(v, p)->kind & 1))
    return "is not there before it";
  for (size_t i = 0; r->shares_child && i < e->child_count; i++)
    if (vtext_hex(e->children[i], child, VHASH_SIZE) && !vobject_has_child(v, vobject_at(v, p), child))
      return "is about another child";
  return NULL;
}

static const char *wrong_with_reference(const struct verify *v, const struct verify_entry *e, const struct vref *r) {
  size_t count = 0;
  const char *wrong = NULL;
  for (size_t i = 0; i < e->ref_count && wrong == NULL; i++) {
    if (!vtext_is(e->refs[i].name, r->name))
      continue;
    count++;
    wrong = wrong_with_named(v, e, r, e->refs[i].value);
  }
  return wrong || !r->is_needed || count == 1 ? wrong : "does not stand there exactly once";
}

static const char *wrong_with_children(const struct verify *v, const struct verify_entry *e, const struct vkind *k) {
  uint8_t id[VHASH_SIZE];
  if (e->child_count < (size_t)k->child_min || e->child_count > (size_t)k->child_max)
    return "are too few or too many";
  for (size_t i = 0; i < e->child_count; i++) {
    vplace p = vtext_hex(e->children[i], id, VHASH_SIZE) ? vobject_find(v, id) : 0;
    if (p == 0 || vobject_at(v, p)->kind != VKIND_CHILD)
      return "are not all there before it";
  }
  return NULL;
}

/* What is wrong with what the entry names, and the name; or NULL. */
static const char *wrong_with_references(const struct verify *v, const struct vleaf *leaf, const struct vkind *k,
                                         const char **name_out) {
  const char *wrong = wrong_with_children(v, &leaf->entry, k);
  *name_out = "its children";
  for (const struct vref *r = k->refs; wrong == NULL && r < k->refs + VCONFORM_REFS_MAX && r->name; r++) {
    wrong = wrong_with_reference(v, &leaf->entry, r);
    *name_out = r->name;
  }
  if (wrong == NULL && vobject_find(v, leaf->id)) {
    *name_out = "the same entry";
    wrong = "stands in the ledger before it";
  }
  return wrong;
}

/* ---- an entry ---- */

static vplace keep(struct verify *v, const struct vleaf *leaf, enum vconform_kind kind, const struct vauthor *a) {
  const struct verify_entry *e = &leaf->entry;
  if (vobject_find(v, leaf->id))
    return 0;
  vplace by = author_place(v, a);
  struct vobject *o = vmap_add(&v->conform.objects, leaf->id);
  if (o == NULL) {
    vconform_limit(v, e->number, "there are more entries about the register");
    return 0;
  }
  o->number = e->number;
  o->admitted_s = vtime_seconds(e->admitted);
  o->kind = (uint8_t)kind;
  o->audience = (uint8_t)e->audience.len;
  o->by = by;
  vplace p = place_in(&v->conform.objects, (const uint8_t *)o);
  keep_children(v, e, p);
  return p;
}

static void keep_agency(struct verify *v, const struct vleaf *leaf, const struct vauthor *a) {
  static const char *const types[] = {"social-work",  "health",   "police",       "education", "housing",
                                      "third-sector", "reporter", "armed-forces", "other",     NULL};
  vplace p = keep(v, leaf, VKIND_AGENCY, a);
  if (p)
    vobject_at(v, p)->says[SAYS_AGENCY] = vfact_code(&leaf->entry, "type", types);
}

static void ask_at_the_end(struct verify *v, const struct vasked *c) {
  struct vconform_act *act = v->conform_act;
  if (act->count < VLEAF_ACT_MAX)
    act->checks[act->count++] = *c;
}

static void read_known(struct verify *v, const struct vleaf *leaf, const struct vkind *k, const struct vauthor *a) {
  struct vasked c = {.kind = k, .number = leaf->entry.number};
  const char *name, *wrong = wrong_with_references(v, leaf, k, &name);
  bool is_good = a && judge_writer(v, leaf, k, a);
  if (is_good && wrong)
    vfind(v, VERIFY_D_REFERENCE, c.number, "%s: what it names, %s, %s", k->name, name, wrong);
  is_good = is_good && wrong == NULL;
  if (k->kind != VKIND_OTHER)
    c.object = keep(v, leaf, k->kind, a);
  if (c.object == 0)
    return;
  if (k->kind == VKIND_PROFILE)
    keep_profile(v, c.object);
  if (wrong == NULL) { /* so that a place is of the kind that it should be */
    vregister_keep(v, leaf, c.object);
    vrestricted_keep(v, leaf, c.object);
  }
  if (is_good)
    is_good = vrestricted_judge(v, leaf, a, c.object);
  is_good = vrecord_read(v, leaf, is_good ? a : NULL, &c) && is_good;
  if (is_good)
    ask_at_the_end(v, &c);
}

void vconform_read(struct verify *v, const struct vleaf *leaf, const struct vauthor *author) {
  const struct vkind *k = vkind_find(leaf->entry.kind);
  bool is_of_directory = k == NULL && vkind_is_known(leaf->entry.kind);
  if (k || is_of_directory)
    judge_profile(v, leaf, author);
  if (vtext_is(leaf->entry.kind, "agency.add"))
    keep_agency(v, leaf, author);
  vrestricted_keys(v, leaf);
  if (k)
    read_known(v, leaf, k, author);
  else if (!is_of_directory)
    vconform_tell(v, VTELL_UNKNOWN_KIND, leaf->entry.number);
}

void vconform_begin_act(struct verify *v) {
  v->conform_act->count = v->conform_act->entries = 0;
  v->conform_act->is_profile_wrong = false;
}

void vconform_end_act(struct verify *v) {
  const struct vconform_act *act = v->conform_act;
  for (size_t i = 0; i < act->count && !v->conform.has_limit; i++) {
    vregister_judge(v, &act->checks[i]);
    vrecord_judge(v, &act->checks[i]);
    vrestricted_judge_end(v, &act->checks[i]);
  }
}

/* ---- what headers do not tell ---- */

static const struct {
  const char *sentence;
  bool is_unknown;
} tells[VTELL_COUNT] = {
    [VTELL_CONTENT] = {"names were put on the register or taken off: notice, indicators, evidence and reasons are in "
                       "the contents",
                       true},
    [VTELL_BY_KEEPER] = {"names were put on the register by its keeper: whether the profile lets the keeper is in its "
                         "content",
                         true},
    [VTELL_BY_LEAD] = {"restricted items were decided about by the designated lead after their provider had left: "
                       "whether the profile lets the lead is in its content",
                       true},
    [VTELL_MINUTE_TAKER] = {"meetings were closed whose chair was named to take the minute, too: whether that was "
                            "taken back is in a content",
                            true},
    [VTELL_VOIDED] = {"entries of other kinds were voided by somebody who is no chair and no keeper: whether they were "
                      "their own was not followed",
                      true},
    [VTELL_UNKNOWN_KIND] = {"entries are of kinds that this program does not know", true},
    [VTELL_EARLY] = {"decisions were admitted before the time for which their meeting was arranged", false},
    [VTELL_OVERRIDDEN] = {"rules were overridden by the chair of the meeting", false},
};

size_t vconform_list_notes(struct verify *v) {
  size_t count = 0;
  for (size_t i = 0; i < VTELL_COUNT; i++)
    if (v->conform.notes[i].count)
      v->notes[count++] = (struct verify_note){.sentence = tells[i].sentence,
                                               .count = v->conform.notes[i].count,
                                               .first = v->conform.notes[i].first,
                                               .is_unknown = tells[i].is_unknown};
  return count;
}

bool vconform_is_partial(const struct verify *v) {
  return v->conform.notes[VTELL_UNKNOWN_KIND].count > 0;
}
