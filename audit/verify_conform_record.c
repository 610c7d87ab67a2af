#include "audit/verify_conform.h"

#include <string.h>

/* ---- what is voided and erased (core/FORMAT.md section 8) ---- */

static enum verify_code code_of(const struct vasked *c) {
  return c->kind->kind == VKIND_VOID ? VERIFY_D_VOID : VERIFY_D_ERASURE;
}

static size_t audience_len(const char *word) {
  return strlen(word);
}

/* Only what people wrote into a child's file. */
static bool may_be_voided(const struct vobject *t) {
  return t->kind != VKIND_VOID && t->kind != VKIND_ERASE && t->audience != audience_len("directory") &&
         t->audience != audience_len("named");
}

static bool is_before_the_same(const struct verify *v, const struct vleaf *leaf, const struct vobject *t) {
  const struct verify_entry *e = &leaf->entry;
  uint8_t child[VHASH_SIZE];
  bool is_same = e->audience.len == t->audience && e->child_count == (t->kind == VKIND_CHILD ? 1 : t->child_count);
  for (size_t i = 0; is_same && i < e->child_count; i++)
    is_same = vtext_hex(e->children[i], child, VHASH_SIZE) && vobject_has_child(v, t, child);
  return is_same;
}

/* Its author, a chair or the keeper; what stands in the register the keeper alone; what is restricted its provider. */
static const char *wrong_with_author(struct verify *v, const struct vauthor *a, const struct vobject *t,
                                     uint64_t number) {
  const uint64_t of_the_register = VKIND(ADD) | VKIND(TEMPORARY) | VKIND(AMEND) | VKIND(CORRECT) | VKIND(CONTINUE) |
                                   VKIND(REMOVE) | VKIND(TEMPORARY_END) | VKIND(INDICATOR);
  uint64_t kind = 1ull << t->kind;
  if (kind & (VKIND(ITEM) | VKIND(PERMIT)))
    return vrestricted_may_decide(v, a, t, number) ? NULL : "and it is not its provider's";
  if (kind & of_the_register && !(a->held & VROLE_KEEPER))
    return "which stands in the register, and is the keeper's";
  if (!(a->held & (VROLE_CHAIR | VROLE_KEEPER)) && !vconform_is_by(v, a, t->by))
    return "which is another's";
  return NULL;
}

/* Of an entry that is not kept: of the directory, or not followed. */
static const char *wrong_with_other(struct verify *v, const struct vleaf *leaf, const struct vauthor *a,
                                    const struct vasked *c) {
  const unsigned of_the_directory =
      VROW(AGENCY) | VROW(PERSON) | VROW(KEYS) | VROW(REPLICA) | VROW(ROLE) | VROW(HOLD) | VROW(INVITATION);
  struct verify_text ref;
  uint8_t id[VHASH_SIZE];
  if (!vleaf_find(leaf->entry.refs, leaf->entry.ref_count, "entry", &ref) || !vtext_hex(ref, id, VHASH_SIZE))
    return "which it does not name";
  if (vtable_find(&v->table, id, of_the_directory))
    return "which does not stand in a child's file";
  if (c->kind->kind == VKIND_ERASE && vtable_find(&v->table, id, VROW(BAR)))
    return "which keeps somebody out";
  if (c->kind->kind == VKIND_VOID && !(a->held & (VROLE_CHAIR | VROLE_KEEPER)))
    vconform_tell(v, VTELL_VOIDED, c->number);
  return NULL;
}

static const char *wrong_with_target(struct verify *v, const struct vleaf *leaf, const struct vauthor *a,
                                     const struct vasked *c) {
  const struct vobject *t = c->target ? vobject_at(v, c->target) : NULL;
  if (t == NULL)
    return wrong_with_other(v, leaf, a, c);
  if (!may_be_voided(t))
    return "which does not stand in a child's file, or itself voids or erases";
  if (!is_before_the_same(v, leaf, t))
    return "which has other children or another audience";
  return c->kind->kind == VKIND_VOID ? wrong_with_author(v, a, t, c->number) : NULL;
}

static void void_bar(struct verify *v, const struct vleaf *leaf) {
  struct verify_text ref;
  uint8_t id[VHASH_SIZE];
  if (vleaf_find(leaf->entry.refs, leaf->entry.ref_count, "entry", &ref) && vtext_hex(ref, id, VHASH_SIZE))
    vdirectory_void_bar(v, id);
}

bool vrecord_read(struct verify *v, const struct vleaf *leaf, const struct vauthor *a, struct vasked *c) {
  if (c->kind->kind != VKIND_VOID && c->kind->kind != VKIND_ERASE)
    return a != NULL;
  c->target = vobject_ref(v, &leaf->entry, "entry");
  const char *wrong = a ? wrong_with_target(v, leaf, a, c) : NULL;
  if (wrong)
    vfind(v, code_of(c), c->number, "it %s an entry %s", c->kind->kind == VKIND_VOID ? "voids" : "erases", wrong);
  if (a && wrong == NULL && c->target == 0 && c->kind->kind == VKIND_VOID)
    void_bar(v, leaf);
  struct vobject *t = c->target && may_be_voided(vobject_at(v, c->target)) ? vobject_at(v, c->target) : NULL;
  if (t && c->kind->kind == VKIND_VOID && t->voided == 0)
    t->voided = c->number;
  if (t && c->kind->kind == VKIND_ERASE && t->erased == 0)
    t->erased = c->number;
  return a && wrong == NULL;
}

/* Nothing in the register stays without its ground. */
static void judge_void(struct verify *v, const struct vasked *c) {
  const uint64_t events = VKIND(ADD) | VKIND(CONTINUE) | VKIND(REMOVE);
  if (c->target == 0 || vobject_at(v, c->target)->kind != VKIND_DECISION)
    return;
  for (vplace p = vobject_first(v, c->target, 1, events); p; p = vobject_next(v, p, 1, events)) {
    vplace r = vobject_at(v, p)->kind == VKIND_ADD ? p : vobject_at(v, p)->of;
    if (!vobject_counts(v, r))
      continue;
    vfind(v, VERIFY_D_VOID, c->number, "it voids a decision on which the register rests");
    return;
  }
}

static bool is_on_the_register(const struct verify *v, const struct vobject *r) {
  return (r->kind == VKIND_ADD || r->kind == VKIND_TEMPORARY) && r->voided == 0 && vregistration_end(v, r) == NULL;
}

static bool has_name_on_the_register(const struct verify *v, const struct vobject *t) {
  bool is = is_on_the_register(v, t);
  for (vplace p = t->kind == VKIND_CHILD ? t->newest[0] : 0; p && !is; p = vobject_at(v, p)->before[0])
    is = is_on_the_register(v, vobject_at(v, p));
  return is;
}

static void judge_erasure(struct verify *v, const struct vasked *c) {
  const struct vobject *t = c->target ? vobject_at(v, c->target) : NULL;
  if (t == NULL)
    return;
  bool is_end = 1ull << t->kind & (VKIND(REMOVE) | VKIND(TEMPORARY_END) | VKIND(INVOLVEMENT_END));
  if (has_name_on_the_register(v, t))
    vfind(v, VERIFY_D_ERASURE, c->number, "it erases that by which a name is on the register");
  else if (t->kind == VKIND_DISTINCT || (is_end && (t->of == 0 || vobject_at(v, t->of)->erased == 0)))
    vfind(v, VERIFY_D_ERASURE, c->number, "it erases what ends something that is still there, or tells children apart");
}

/* ---- what is approved (core/FORMAT.md section 13) ---- */

/* How many copies of this kind for the approval stand in the act. */
static size_t copies_in_act(const struct verify *v, const struct vasked *c, enum vconform_kind kind) {
  const struct vconform_act *act = v->conform_act;
  const struct vobject *approval = vobject_at(v, c->object);
  size_t count = 0;
  for (size_t i = 0; i < act->count; i++) {
    const struct vobject *o = act->checks[i].object ? vobject_at(v, act->checks[i].object) : approval;
    count += o->kind == kind && o->of == c->object && o->ground == approval->of;
  }
  return count;
}

static const char *wrong_with_approval(const struct verify *v, const struct vasked *c) {
  const struct vobject *o = vobject_at(v, c->object), *report = o->ground ? vobject_at(v, o->ground) : NULL;
  if (v->act.size != 4 || copies_in_act(v, c, VKIND_COPY_PARTICIPANTS) != 1 ||
      copies_in_act(v, c, VKIND_COPY_PROFESSIONALS) != 1 || copies_in_act(v, c, VKIND_COPY_FAMILY) != 1)
    return "the approval does not stand in one act with its three documents alone";
  if (report == NULL && vobject_first(v, o->of, 0, VKIND(CLOSE)) == 0)
    return "a minute is approved before its meeting was closed";
  return report && (!vobject_counts(v, o->ground) || report->of != o->of)
             ? "a report is approved that is not for this meeting"
             : NULL;
}

static void judge_approval(struct verify *v, const struct vasked *c) {
  const struct vobject *o = vobject_at(v, c->object);
  const char *wrong = wrong_with_approval(v, c);
  if (vobject_counts(v, o->of) && !vconform_is_by(v, &v->act.author, vmeeting_chair(v, o->of)))
    vfind(v, VERIFY_D_CHAIR, o->number, "a minute or report is approved by somebody else than the meeting's chair");
  if (wrong)
    vfind(v, VERIFY_D_COPY, o->number, "%s", wrong);
}

static void judge_copy(struct verify *v, const struct vobject *o) {
  if (o->of == 0 || vobject_at(v, o->of)->number < v->act.first)
    vfind(v, VERIFY_D_COPY, o->number, "a document does not stand in the act that approves it");
}

void vrecord_judge(struct verify *v, const struct vasked *c) {
  const struct vobject *o = vobject_at(v, c->object);
  uint64_t kind = 1ull << c->kind->kind;
  if (kind & VKIND(VOID))
    judge_void(v, c);
  if (kind & VKIND(ERASE))
    judge_erasure(v, c);
  if (kind & VKIND(APPROVE))
    judge_approval(v, c);
  if (kind & (VKIND(COPY_PARTICIPANTS) | VKIND(COPY_PROFESSIONALS) | VKIND(COPY_FAMILY)))
    judge_copy(v, o);
}
