#include "audit/verify_conform.h"

#include <string.h>

static const char *const yes_no[] = {"yes", "no", NULL};
static const char *const meeting_types[] = {"initial", "review", "pre-birth", "transfer", NULL};
static const char *const meeting_roles[] = {"chair",
                                            "minute-taker",
                                            "lead-professional",
                                            "senior-social-worker",
                                            "agency-participant",
                                            "child",
                                            "parent-carer",
                                            "family-member",
                                            "support",
                                            "advocate",
                                            "interpreter",
                                            "foster-carer",
                                            "reporter-observer",
                                            "service-representative",
                                            NULL};
static const char *const attended[] = {"all", "part", "none", NULL};
static const char *const core_agencies[] = {"social-work",  "health",   "police",       "education", "housing",
                                            "third-sector", "reporter", "armed-forces", "other",     NULL};
static const char *const bases[] = {"child", "family", "support", "observer", NULL};
static const char *const judged_rules[] = {"R-134", NULL};

enum { YES = 1, NO = 2, REVIEW = 2, ATTENDED_NONE = 3, R_134 = 1 };
enum { ROLE_CHAIR = 1, ROLE_MINUTE_TAKER = 2, ROLE_OBSERVER = 13, BASIS_OBSERVER = 4 };
/* Whoever attends as one of these represents their agency. */
#define REPRESENTS (1u << 3 | 1u << 4 | 1u << 5 | 1u << 14)
/* Or is there as the child or the family, or to support them. */
#define FOR_FAMILY (1u << 6 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 12)

/* ---- what is kept ---- */

static void keep_meeting(struct verify *v, const struct verify_entry *e, struct vobject *o) {
  struct verify_text on;
  o->says[SAYS_TYPE] = vfact_code(e, "type", meeting_types);
  o->people[0] = vpeople_ref(v, e, "chair");
  o->people[1] = vpeople_ref(v, e, "minute-taker");
  o->on_s = vleaf_find(e->facts, e->fact_count, "on", &on) ? vtime_seconds(on) : 0;
}

static void keep_invitation(struct verify *v, const struct verify_entry *e, struct vobject *o) {
  o->says[SAYS_BASIS] = vfact_code(e, "basis", bases);
  o->people[0] = vpeople_ref(v, e, "person");
}

static void keep_attendance(struct verify *v, const struct verify_entry *e, struct vobject *o) {
  o->says[SAYS_ROLE] = vfact_code(e, "role", meeting_roles);
  o->says[SAYS_ATTENDED] = vfact_code(e, "attended", attended);
  o->people[0] = vpeople_ref(v, e, "person");
  o->people[1] = vpeople_ref(v, e, "agency");
}

/* Which agencies a meeting needs, 1 << enum vagency_type, stands in `ground`. */
static void keep_quorum(const struct verify_entry *e, struct vobject *o) {
  for (size_t i = 0; i < e->fact_count; i++)
    for (unsigned t = 0; vtext_is(e->facts[i].name, "quorum") && core_agencies[t]; t++)
      if (vtext_is(e->facts[i].value, core_agencies[t]))
        o->ground |= 1u << (t + 1);
}

/* What was said before about the same two is taken back; by whom is kept for two, since those may be voided. */
static void keep_statement(struct verify *v, const struct verify_entry *e, vplace object) {
  uint8_t id[VHASH_SIZE];
  vplace children[2] = {0};
  for (size_t i = 0; i < e->child_count && i < 2; i++)
    if (vtext_hex(e->children[i], id, VHASH_SIZE))
      children[i] = vobject_find(v, id);
  vobject_at(v, object)->of = children[0];
  vobject_at(v, object)->ground = children[1];
  for (size_t i = 0; i < e->ref_count; i++) {
    vplace p =
        vtext_is(e->refs[i].name, "instead") && vtext_hex(e->refs[i].value, id, VHASH_SIZE) ? vobject_find(v, id) : 0;
    struct vobject *o = p ? vobject_at(v, p) : NULL;
    if (o && (o->kind == VKIND_SAME || o->kind == VKIND_DISTINCT))
      o->people[vobject_counts(v, o->people[0])] = object;
  }
}

/* What it is about and rests on, by the names of the references. */
static const struct {
  uint64_t kinds;
  const char *of, *ground;
  bool hangs[2];
} links[] = {
    {VKIND(MEETING_CHANGE) | VKIND(CLOSE) | VKIND(ATTENDANCE), "meeting", NULL, {true, false}},
    {VKIND(CONFIRM) | VKIND(EXPLAIN) | VKIND(OVERRIDE) | VKIND(INVITATION), NULL, "meeting", {false, true}},
    {VKIND(EXCLUSION) | VKIND(REPORT), "meeting", NULL, {false, false}},
    {VKIND(DECISION), "meeting", NULL, {true, false}},
    {VKIND(INVOLVEMENT_END), "involvement", NULL, {false, false}},
    {VKIND(ATTENDANCE_CHANGE), "attendance", NULL, {true, false}},
    {VKIND(EXCLUSION_CHANGE), "exclusion", NULL, {false, false}},
    {VKIND(CONTINUE) | VKIND(REMOVE) | VKIND(TEMPORARY_END), "registration", "decision", {true, true}},
    {VKIND(AMEND) | VKIND(CORRECT) | VKIND(INDICATOR), "registration", NULL, {false, false}},
    {VKIND(ADD), NULL, "decision", {true, true}},
    {VKIND(TEMPORARY) | VKIND(SAME) | VKIND(DISTINCT), NULL, NULL, {true, true}},
    {VKIND(APPROVE), "meeting", "report", {false, false}},
    {VKIND(COPY_PARTICIPANTS) | VKIND(COPY_PROFESSIONALS) | VKIND(COPY_FAMILY), "approval", "meeting", {false, false}},
};

static void link_up(struct verify *v, const struct verify_entry *e, vplace object) {
  struct vobject *o = vobject_at(v, object);
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    if (!(links[i].kinds >> o->kind & 1))
      continue;
    if (links[i].of)
      o->of = vobject_ref(v, e, links[i].of);
    if (links[i].ground)
      o->ground = vobject_ref(v, e, links[i].ground);
    if (links[i].hangs[0])
      vobject_hang(v, object, o->of, 0);
    if (links[i].hangs[1])
      vobject_hang(v, object, o->ground, 1);
  }
}

void vregister_keep(struct verify *v, const struct vleaf *leaf, vplace object) {
  const struct verify_entry *e = &leaf->entry;
  struct vobject *o = vobject_at(v, object);
  uint64_t kind = 1ull << o->kind;
  if (kind & (VKIND(MEETING) | VKIND(MEETING_CHANGE)))
    keep_meeting(v, e, o);
  if (kind & (VKIND(ATTENDANCE) | VKIND(ATTENDANCE_CHANGE)))
    keep_attendance(v, e, o);
  if (kind & VKIND(INVITATION))
    keep_invitation(v, e, o);
  if (kind & VKIND(PROFILE))
    keep_quorum(e, o);
  if (kind & (VKIND(SAME) | VKIND(DISTINCT)))
    keep_statement(v, e, object);
  if (kind & VKIND(CLOSE))
    o->says[SAYS_QUORATE] = vfact_code(e, "quorate", yes_no);
  if (kind & (VKIND(CONFIRM) | VKIND(EXPLAIN) | VKIND(OVERRIDE)))
    o->says[SAYS_RULE] = vfact_code(e, "rule", judged_rules);
  if (kind & VKIND(DECISION)) {
    o->says[SAYS_RISK] = vfact_code(e, "risk", yes_no);
    o->says[SAYS_PLAN] = vfact_code(e, "plan", yes_no);
  }
  if (kind & (VKIND(ADD) | VKIND(TEMPORARY)))
    o->of = o->child;
  if (kind &
      (VKIND(TEMPORARY) | VKIND(AMEND) | VKIND(CORRECT) | VKIND(CONTINUE) | VKIND(REMOVE) | VKIND(TEMPORARY_END)))
    o->people[0] = vpeople_ref(v, e, "authoriser");
  link_up(v, e, object);
}

/* ---- meetings ---- */

/* The newest object of the kinds in the list that counts and is not newer than `from`, or 0. */
static vplace next_of(const struct verify *v, vplace from, int list, uint64_t kinds) {
  while (from && !(kinds >> vobject_at(v, from)->kind & 1 && vobject_counts(v, from)))
    from = vobject_at(v, from)->before[list];
  return from;
}

vplace vobject_first(const struct verify *v, vplace of, int list, uint64_t kinds) {
  return of ? next_of(v, vobject_at(v, of)->newest[list], list, kinds) : 0;
}

vplace vobject_next(const struct verify *v, vplace p, int list, uint64_t kinds) {
  return next_of(v, vobject_at(v, p)->before[list], list, kinds);
}

/* The newest change that says it, or the meeting itself. */
static const struct vobject *meeting_saying_person(const struct verify *v, vplace meeting, int which) {
  vplace p = vobject_first(v, meeting, 0, VKIND(MEETING_CHANGE));
  while (p && vobject_at(v, p)->people[which] == 0)
    p = vobject_next(v, p, 0, VKIND(MEETING_CHANGE));
  return vobject_at(v, p ? p : meeting);
}

vplace vmeeting_chair(const struct verify *v, vplace meeting) {
  return meeting_saying_person(v, meeting, 0)->people[0];
}

static uint8_t meeting_type(const struct verify *v, vplace meeting) {
  vplace p = vobject_first(v, meeting, 0, VKIND(MEETING_CHANGE));
  while (p && vobject_at(v, p)->says[SAYS_TYPE] == 0)
    p = vobject_next(v, p, 0, VKIND(MEETING_CHANGE));
  return vobject_at(v, p ? p : meeting)->says[SAYS_TYPE];
}

static int64_t meeting_time(const struct verify *v, vplace meeting) {
  vplace p = vobject_first(v, meeting, 0, VKIND(MEETING_CHANGE));
  while (p && vobject_at(v, p)->on_s == 0)
    p = vobject_next(v, p, 0, VKIND(MEETING_CHANGE));
  return vobject_at(v, p ? p : meeting)->on_s;
}

static uint8_t attendance_says(const struct verify *v, vplace attendance, int what) {
  vplace p = vobject_first(v, attendance, 0, VKIND(ATTENDANCE_CHANGE));
  while (p && vobject_at(v, p)->says[what] == 0)
    p = vobject_next(v, p, 0, VKIND(ATTENDANCE_CHANGE));
  return vobject_at(v, p ? p : attendance)->says[what];
}

static bool attended_as(const struct verify *v, vplace meeting, vplace person, uint8_t role) {
  for (vplace p = vobject_first(v, meeting, 0, VKIND(ATTENDANCE)); person && p;
       p = vobject_next(v, p, 0, VKIND(ATTENDANCE)))
    if (vobject_at(v, p)->people[0] == person && attendance_says(v, p, SAYS_ROLE) == role)
      return true;
  return false;
}

static bool is_overridden(const struct verify *v, vplace meeting, uint8_t rule) {
  const uint64_t answers = VKIND(CONFIRM) | VKIND(EXPLAIN) | VKIND(OVERRIDE);
  vplace p = vobject_first(v, meeting, 1, answers);
  while (p && vobject_at(v, p)->says[SAYS_RULE] != rule)
    p = vobject_next(v, p, 1, answers);
  return p && vobject_at(v, p)->kind == VKIND_OVERRIDE;
}

/* That a change cleared the minute-taker would stand in its content. */
static bool may_be_cleared(const struct verify *v, vplace meeting, const struct vobject *saying) {
  vplace p = vobject_first(v, meeting, 0, VKIND(MEETING_CHANGE));
  return p && vobject_at(v, p)->number > saying->number;
}

static void judge_minute_taker(struct verify *v, uint64_t number, vplace meeting) {
  const struct vobject *saying = meeting_saying_person(v, meeting, 1);
  vplace chair = vmeeting_chair(v, meeting), taker = saying->people[1];
  bool is_same = attended_as(v, meeting, chair, ROLE_MINUTE_TAKER);
  bool is_named = taker && (taker == chair || attended_as(v, meeting, taker, ROLE_CHAIR));
  if ((!is_same && !is_named) || is_overridden(v, meeting, R_134))
    return;
  if (!is_same && may_be_cleared(v, meeting, saying))
    vconform_tell(v, VTELL_MINUTE_TAKER, number);
  else
    vfind(v, VERIFY_D_SAME, number, "the chair of the meeting also took its minute, and no override says why");
}

static unsigned represented(const struct verify *v, vplace meeting) {
  unsigned types = 0;
  for (vplace p = vobject_first(v, meeting, 0, VKIND(ATTENDANCE)); p; p = vobject_next(v, p, 0, VKIND(ATTENDANCE))) {
    const struct vobject *o = vobject_at(v, p);
    uint8_t how = attendance_says(v, p, SAYS_ATTENDED);
    if (!(REPRESENTS >> attendance_says(v, p, SAYS_ROLE) & 1) || how == 0 || how == ATTENDED_NONE)
      continue;
    const struct vrow *person = vpeople_row(v, o->people[0]);
    types |= 1u << (person ? vagency_type_of(v, vrow_agency(person)) : vagency_type_at(v, o->people[1]));
  }
  return types & ~(1u << VAGENCY_REPORTER);
}

/* The core agencies are those of the profile that the closing was written under. */
static void judge_quorum(struct verify *v, const struct vobject *close, vplace meeting) {
  vplace profile = vobject_find(v, v->conform_act->profile);
  unsigned core = profile && vobject_at(v, profile)->kind == VKIND_PROFILE ? vobject_at(v, profile)->ground : 0;
  bool is_quorate = (core & ~represented(v, meeting)) == 0;
  if (core && is_quorate != (close->says[SAYS_QUORATE] == YES))
    vfind(v, VERIFY_D_QUORUM, close->number, "the meeting is closed as %s, and the attendance says otherwise",
          is_quorate ? "one without a quorum" : "quorate");
}

/* Each child has its decision. */
static void judge_decided(struct verify *v, const struct vobject *close, vplace meeting) {
  vplace children[VERIFY_CHILDREN_MAX];
  size_t count = 0, i;
  for (vplace p = vobject_first(v, meeting, 0, VKIND(DECISION)); p; p = vobject_next(v, p, 0, VKIND(DECISION))) {
    for (i = 0; i < count && children[i] != vobject_at(v, p)->child; i++)
      ;
    if (i == count && count < VERIFY_CHILDREN_MAX)
      children[count++] = vobject_at(v, p)->child;
  }
  if (count < vobject_at(v, meeting)->child_count)
    vfind(v, VERIFY_D_ANSWERS, close->number, "the meeting is closed without a decision for each of its children");
}

static bool is_chair(struct verify *v, vplace meeting) {
  return vconform_is_by(v, &v->act.author, vmeeting_chair(v, meeting));
}

static void judge_close(struct verify *v, const struct vobject *o) {
  if (!vobject_counts(v, o->of))
    return;
  if (!is_chair(v, o->of))
    vfind(v, VERIFY_D_CHAIR, o->number, "the meeting is closed by somebody else than its chair");
  judge_minute_taker(v, o->number, o->of);
  judge_quorum(v, o, o->of);
  judge_decided(v, o, o->of);
}

static void judge_exclusion(struct verify *v, const struct vobject *o) {
  const struct vobject *x = o->kind == VKIND_EXCLUSION_CHANGE && o->of ? vobject_at(v, o->of) : o;
  if (vobject_counts(v, x->of) && !is_chair(v, x->of))
    vfind(v, VERIFY_D_CHAIR, o->number, "a parent or carer is excluded by somebody else than the meeting's chair");
}

static void judge_override(struct verify *v, const struct vobject *o) {
  if (vobject_counts(v, o->ground) && !is_chair(v, o->ground))
    vfind(v, VERIFY_D_OVERRIDE, o->number, "a rule is overridden by somebody else than the meeting's chair");
  else
    vconform_tell(v, VTELL_OVERRIDDEN, o->number);
}

/* ---- one child, several records ---- */

static bool stands(const struct verify *v, vplace statement) {
  const struct vobject *o = vobject_at(v, statement);
  return !vobject_counts(v, o->people[0]) && !vobject_counts(v, o->people[1]);
}

struct same {
  vplace at[VCONFORM_SAME_MAX];
  size_t count;
};

static bool has_record(const struct same *s, vplace child) {
  for (size_t i = 0; i < s->count; i++)
    if (s->at[i] == child)
      return true;
  return false;
}

static void add_record(struct verify *v, struct same *s, vplace child) {
  if (child == 0 || has_record(s, child))
    return;
  if (s->count == VCONFORM_SAME_MAX)
    vconform_limit(v, v->act.first, "one child has more records");
  else
    s->at[s->count++] = child;
}

/* The child itself and what statements that stand join to it, over any number of steps. */
static struct same same_children(struct verify *v, vplace child) {
  struct same s = {{child}, child ? 1 : 0};
  for (size_t i = 0; i < s.count; i++)
    for (int list = 0; list < 2; list++)
      for (vplace p = vobject_first(v, s.at[i], list, VKIND(SAME)); p; p = vobject_next(v, p, list, VKIND(SAME)))
        if (stands(v, p)) {
          add_record(v, &s, vobject_at(v, p)->of);
          add_record(v, &s, vobject_at(v, p)->ground);
        }
  return s;
}

static bool is_same_child(struct verify *v, vplace a, vplace b) {
  if (a == b)
    return a != 0;
  struct same s = same_children(v, a);
  return has_record(&s, b);
}

/* Of an item about several children the first is asked. */
bool vregister_is_barred(struct verify *v, const struct vrow *person, const struct vobject *o) {
  struct same s = same_children(v, o->child);
  bool is = false;
  for (size_t i = 0; i < s.count && !is; i++)
    is = vdirectory_is_barred(v, person, vobject_at(v, s.at[i])->id);
  return is;
}

/* ---- who is there for the family ---- */

/* Whether the Reporter who observes may have what is restricted stands in the profile's content. */
static bool attends_for_family(const struct verify *v, vplace meeting, vplace person, bool is_reporter_open) {
  const uint64_t attendance = VKIND(ATTENDANCE), invitation = VKIND(INVITATION);
  const struct vrow *row = vpeople_row(v, person);
  bool is_reporter = row && vagency_type_of(v, vrow_agency(row)) == VAGENCY_REPORTER;
  for (vplace p = vobject_first(v, meeting, 0, attendance); p; p = vobject_next(v, p, 0, attendance)) {
    uint8_t role = vobject_at(v, p)->people[0] == person ? attendance_says(v, p, SAYS_ROLE) : 0;
    if (FOR_FAMILY >> role & 1 || (role == ROLE_OBSERVER && !is_reporter_open))
      return true;
  }
  for (vplace p = vobject_first(v, meeting, 1, invitation); p; p = vobject_next(v, p, 1, invitation)) {
    uint8_t basis = vobject_at(v, p)->people[0] == person ? vobject_at(v, p)->says[SAYS_BASIS] : 0;
    if (basis && (basis != BASIS_OBSERVER || !is_reporter || !is_reporter_open))
      return true;
  }
  return false;
}

bool vregister_is_for_family(struct verify *v, vplace person, const struct vobject *item) {
  const bool is_reporter_open = v->conform.profile != 0;
  if (item->of)
    return vobject_counts(v, item->of) && attends_for_family(v, item->of, person, is_reporter_open);
  struct same s = same_children(v, item->child);
  for (size_t i = 0; i < s.count; i++)
    for (vplace a = vobject_at(v, s.at[i])->people[VCHILD_MEETINGS]; a;) {
      const struct vabout *row = vmap_at(&v->conform.about, a - 1);
      if (vobject_counts(v, row->object) && attends_for_family(v, row->object, person, is_reporter_open))
        return true;
      a = row->before;
    }
  return false;
}

/* ---- registrations ---- */

/* The number of the entry that ended it, or 0. */
static uint64_t ended_at(const struct verify *v, vplace registration) {
  const uint64_t ends = VKIND(REMOVE) | VKIND(TEMPORARY_END);
  uint64_t first = 0;
  for (vplace p = vobject_first(v, registration, 0, ends); p; p = vobject_next(v, p, 0, ends))
    first = vobject_at(v, p)->number; /* the list begins with the newest */
  return first;
}

/* A registration that counts, and has not been ended before the entry `before`. */
static bool is_on(const struct verify *v, vplace registration, uint64_t before) {
  uint64_t ended = ended_at(v, registration);
  return vobject_counts(v, registration) && (ended == 0 || ended >= before);
}

/* Calls back for each registration, temporary or not, of the child and of the records of the same. */
static bool any_registration(struct verify *v, const struct vobject *o, const struct vobject *decision,
                             bool (*is)(const struct verify *v, vplace r, const struct vobject *o,
                                        const struct vobject *decision)) {
  const uint64_t kinds = VKIND(ADD) | VKIND(TEMPORARY);
  struct same s = same_children(v, o->child);
  for (size_t i = 0; i < s.count; i++)
    for (vplace p = vobject_first(v, s.at[i], 0, kinds); p; p = vobject_next(v, p, 0, kinds))
      if (is(v, p, o, decision))
        return true;
  return false;
}

static bool stands_already(const struct verify *v, vplace r, const struct vobject *o, const struct vobject *decision) {
  const struct vobject *other = vobject_at(v, r);
  (void)decision;
  return other->number < o->number && other->kind == o->kind && is_on(v, r, o->number + 1);
}

/* It was taken off between the decision and what rests on it. */
static bool ended_since(const struct verify *v, vplace r, const struct vobject *o, const struct vobject *decision) {
  uint64_t ended = ended_at(v, r);
  return ended >= decision->number && ended <= o->number && ended > 0;
}

static void judge_twice(struct verify *v, const struct vobject *o) {
  if (any_registration(v, o, NULL, stands_already))
    vfind(v, VERIFY_D_REGISTER, o->number, "the child's name is on the register already");
}

static void judge_over(struct verify *v, const struct vobject *o) {
  if (!is_on(v, o->of, o->number))
    vfind(v, VERIFY_D_REGISTER, o->number, "the registration %s had ended before", vshort(vobject_at(v, o->of)->id).s);
}

/* The keeper, the chair of the deciding meeting, or somebody who names one of the two. */
static void judge_authoriser(struct verify *v, const struct vobject *o, vplace meeting) {
  const struct vauthor *a = &v->act.author;
  vplace chair = meeting ? vmeeting_chair(v, meeting) : 0, authoriser = o->people[0];
  if (a->held & VROLE_KEEPER || vconform_is_by(v, a, chair))
    return;
  bool is_entitled = authoriser && (authoriser == chair ||
                                    vdirectory_roles(vpeople_row(v, authoriser), v->act.admitted) & VROLE_KEEPER);
  if (!is_entitled || vconform_is_by(v, a, authoriser))
    vfind(v, VERIFY_D_AUTHORISER, o->number,
          "it is entered by somebody who is neither keeper nor the meeting's chair, and none of them authorised it");
}

/* The decision that it rests on, if that counts, is of this child and says this about the plan; or NULL. */
static const struct vobject *judge_ground(struct verify *v, const struct vobject *o, vplace child, uint8_t plan) {
  const struct vobject *d = vobject_counts(v, o->ground) ? vobject_at(v, o->ground) : NULL;
  if (d == NULL || !vobject_counts(v, d->of)) {
    vfind(v, VERIFY_D_DECISION, o->number, "the decision that it rests on, or its meeting, counts no more");
    return NULL;
  }
  if (!is_same_child(v, child, d->child)) {
    vfind(v, VERIFY_D_DECISION, o->number, "the decision that it rests on is about another child");
    return NULL;
  }
  if (d->says[SAYS_PLAN] != plan)
    vfind(v, VERIFY_D_ANSWERS, o->number, "the decision that it rests on does not say that a plan is %s",
          plan == YES ? "required" : "required no more");
  return d->says[SAYS_PLAN] == plan ? d : NULL;
}

static void judge_not_overtaken(struct verify *v, const struct vobject *o, const struct vobject *d) {
  if (any_registration(v, o, d, ended_since))
    vfind(v, VERIFY_D_BEFORE, o->number, "the decision that it rests on is from before the name was taken off");
}

static void judge_add(struct verify *v, const struct vobject *o) {
  const struct vauthor *a = &v->act.author;
  const struct vobject *d = judge_ground(v, o, o->child, YES);
  vconform_tell(v, VTELL_CONTENT, o->number);
  judge_twice(v, o);
  if (d == NULL)
    return;
  if (d->says[SAYS_RISK] != YES)
    vfind(v, VERIFY_D_ANSWERS, o->number, "the decision that it rests on does not say that the child is at risk");
  judge_not_overtaken(v, o, d);
  if (is_chair(v, d->of))
    return;
  if (!(a->held & VROLE_KEEPER))
    vfind(v, VERIFY_D_CHAIR, o->number, "the name is added by somebody who is neither the meeting's chair nor keeper");
  else if (v->conform.profile)
    vconform_tell(v, VTELL_BY_KEEPER, o->number);
}

static void judge_continue(struct verify *v, const struct vobject *o) {
  const struct vobject *d = judge_ground(v, o, vobject_at(v, o->of)->child, YES);
  if (d)
    judge_not_overtaken(v, o, d);
  judge_over(v, o);
  if (d)
    judge_authoriser(v, o, d->of);
}

static bool was_decided_since(const struct verify *v, vplace registration, uint64_t number) {
  vplace p = vobject_first(v, registration, 0, VKIND(CONTINUE));
  return vobject_at(v, registration)->number > number || (p && vobject_at(v, p)->number > number);
}

static void judge_remove(struct verify *v, const struct vobject *o) {
  const struct vobject *d = judge_ground(v, o, vobject_at(v, o->of)->child, NO);
  vconform_tell(v, VTELL_CONTENT, o->number);
  judge_over(v, o);
  if (d == NULL)
    return;
  if (was_decided_since(v, o->of, d->number))
    vfind(v, VERIFY_D_BEFORE, o->number,
          "the decision that it rests on is from before the name was added or continued");
  if (meeting_type(v, d->of) != REVIEW)
    vfind(v, VERIFY_D_MEETING, o->number, "the meeting that decided to take the name off is no review");
  vplace close = vobject_first(v, d->of, 0, VKIND(CLOSE));
  if (close == 0 || vobject_at(v, close)->says[SAYS_QUORATE] != YES)
    vfind(v, VERIFY_D_QUORUM, o->number, "the meeting that decided to take the name off was not closed as quorate");
  judge_authoriser(v, o, d->of);
}

/* ---- decisions ---- */

static bool is_registered(struct verify *v, vplace decision) {
  const struct vobject *d = vobject_at(v, decision);
  const uint64_t kinds = VKIND(ADD) | VKIND(CONTINUE);
  for (vplace p = vobject_first(v, decision, 1, kinds); p; p = vobject_next(v, p, 1, kinds)) {
    vplace r = vobject_at(v, p)->kind == VKIND_ADD ? p : vobject_at(v, p)->of;
    if (r && is_on(v, r, UINT64_MAX) && is_same_child(v, d->child, vobject_at(v, r)->child))
      return true;
  }
  return false;
}

static void judge_decision(struct verify *v, vplace decision) {
  const struct vobject *d = vobject_at(v, decision);
  if (d->says[SAYS_RISK] == 0 || d->says[SAYS_PLAN] == 0)
    vfind(v, VERIFY_D_ANSWERS, d->number, "the decision does not answer both questions: risk, and plan");
  if (vobject_counts(v, d->of) && !is_chair(v, d->of))
    vfind(v, VERIFY_D_CHAIR, d->number, "the decision is recorded by somebody else than the meeting's chair");
  if (d->says[SAYS_PLAN] == YES && !is_registered(v, decision))
    vfind(v, VERIFY_D_REGISTER, d->number,
          "a plan is required, and the name was neither added nor continued in the same act");
  if (d->of && d->admitted_s < meeting_time(v, d->of))
    vconform_tell(v, VTELL_EARLY, d->number);
}

/* By the ledger as it stands behind the act. What the act itself voids is not there. */
void vregister_judge(struct verify *v, const struct vasked *c) {
  const struct vobject *o = vobject_at(v, c->object);
  uint64_t kind = 1ull << o->kind;
  const uint64_t of_registration =
      VKIND(AMEND) | VKIND(CORRECT) | VKIND(CONTINUE) | VKIND(REMOVE) | VKIND(TEMPORARY_END);
  if (!vobject_counts(v, c->object) || (kind & of_registration && !vobject_counts(v, o->of)))
    return;
  if (kind & VKIND(DECISION))
    judge_decision(v, c->object);
  if (kind & VKIND(ADD))
    judge_add(v, o);
  if (kind & VKIND(CONTINUE))
    judge_continue(v, o);
  if (kind & VKIND(REMOVE))
    judge_remove(v, o);
  if (kind & VKIND(TEMPORARY))
    judge_twice(v, o);
  if (kind & (VKIND(AMEND) | VKIND(TEMPORARY_END)))
    judge_over(v, o);
  if (kind & (VKIND(TEMPORARY) | VKIND(AMEND) | VKIND(CORRECT) | VKIND(TEMPORARY_END)))
    judge_authoriser(v, o, 0);
  if (kind & VKIND(CLOSE))
    judge_close(v, o);
  if (kind & (VKIND(EXCLUSION) | VKIND(EXCLUSION_CHANGE)))
    judge_exclusion(v, o);
  if (kind & VKIND(OVERRIDE))
    judge_override(v, o);
}

/* ---- how long ---- */

const struct vobject *vregistration_end(const struct verify *v, const struct vobject *r) {
  const struct vobject *end = NULL;
  for (vplace p = r->newest[0]; p; p = vobject_at(v, p)->before[0]) {
    const struct vobject *o = vobject_at(v, p);
    if ((o->kind == VKIND_REMOVE || o->kind == VKIND_TEMPORARY_END) && o->voided == 0)
      end = o;
  }
  return end;
}
