#include "audit/verify_parts.h"

#include <stdio.h>
#include <string.h>

/* ---- roles (core/FORMAT.md section 8, role.give) ---- */

/* Who somebody is in regard to an entry: by a role that counts here, as the person whom it is about, or as the node. */
enum {
  NODE = 1,
  SELF = 2,
  OFFICER = 4,
  KEEPER = 8,
  ADMINISTRATOR = 16,
  LEAD = 32,
  SOCIAL_WORK = 64,
  SECOND = 128,
  OWN_KEEPER = 256 /* in their own agency */
};

struct vrole {
  const char *word;
  unsigned who;    /* what it makes somebody; 0 for the roles that give no right to write what is judged here */
  unsigned givers; /* besides the node; an officer in their own agency only */
};

static const struct vrole roles[] = {
    {"practitioner", 0, OFFICER},
    {"chair", SOCIAL_WORK, OFFICER},
    {"minute-taker", 0, OFFICER},
    {"lead-professional", SOCIAL_WORK, OFFICER},
    {"designated-lead", LEAD, OFFICER},
    {"business-support", 0, OFFICER},
    {"officer", OFFICER, OFFICER | ADMINISTRATOR},
    {"keeper", KEEPER, ADMINISTRATOR},
    {"administrator", ADMINISTRATOR, ADMINISTRATOR},
    {"auditor", 0, ADMINISTRATOR},
};

static const struct vrole *find_role_called(struct verify_text word) {
  for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
    if (vtext_is(word, roles[i].word))
      return &roles[i];
  return NULL;
}

static const struct vrole *find_role(const struct verify_entry *e) {
  struct verify_text word;
  return vleaf_find(e->facts, e->fact_count, "role", &word) ? find_role_called(word) : NULL;
}

size_t vrole_place(const struct vrole *role) {
  return role ? (size_t)(role - roles) + 1 : 0;
}

const struct vrole *vrole_at(size_t place) {
  return place > 0 && place <= sizeof roles / sizeof *roles ? &roles[place - 1] : NULL;
}

static unsigned bit_of(const struct vrole *role) {
  return role ? 1u << (role - roles) : 0;
}

/* ---- the author of an act ---- */

void vdirectory_role_words(unsigned held, char *out, size_t size) {
  size_t len = 0;
  out[0] = '\0';
  for (size_t i = 0; i < sizeof roles / sizeof *roles && len < size; i++)
    if (held >> i & 1)
      len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " " : "", roles[i].word);
}

unsigned vdirectory_roles(const struct vrow *person, const char *time) {
  char day[VDATE_SIZE + 1];
  unsigned held = 0;
  vtext_copy(day, sizeof day, vtext_of(time, VDATE_SIZE));
  for (const struct vrow *r = person ? person->roles : NULL; r; r = r->roles)
    if (r->role && !r->is_over && strcmp(r->from, day) <= 0 && strcmp(day, r->until) <= 0)
      held |= bit_of(r->role);
  return held;
}

static unsigned who_by(unsigned held) {
  unsigned who = 0;
  for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
    if (held >> i & 1)
      who |= roles[i].who;
  return who;
}

void vdirectory_author(const struct verify *v, struct vact *act) {
  struct vauthor *a = &act->author;
  const struct vrow *released = vtable_find(&v->table, act->id, VROW(RELEASED));
  *a = (struct vauthor){.is_released = released && released->is_let_through,
                        .second = released ? released->second : NULL,
                        .second_roles = released ? released->second_roles : 0,
                        .is_node = vsame(act->by, v->operating.id)};
  struct vowner machine = vtable_owner(&v->table, act->position.replica, VCERT_REPLICA, act->admitted);
  a->is_machine_revoked = machine.is_revoked;
  a->is_machine_valid = machine.key == NULL || machine.is_valid;
  if (a->is_node) {
    a->owner = (struct vowner){.key = &v->operating, .is_valid = true};
    return;
  }
  a->owner = vtable_owner(&v->table, act->by, VCERT_PERSON, act->admitted);
  a->person = vrow_person(a->owner.row);
  a->agency = vrow_agency(a->owner.row);
  a->held = vdirectory_roles(a->person, act->admitted);
  a->roles = who_by(a->held);
}

/* What the author writes has an effect. */
static bool counts(const struct vauthor *a) {
  bool is_in_time = a->owner.is_valid && !a->owner.is_revoked && a->is_machine_valid && !a->is_machine_revoked;
  return a->owner.key && (is_in_time || a->is_released);
}

static unsigned who_is(const struct vauthor *a, const struct vrow *about) {
  const struct vrow *person = vrow_person(about), *agency = vrow_agency(about);
  unsigned who = a->is_node ? NODE : a->roles;
  if (agency == NULL || agency != a->agency)
    who &= ~(unsigned)(OFFICER | LEAD);
  else if (who & KEEPER)
    who |= OWN_KEEPER;
  if (a->agency == NULL || !a->agency->is_social_work)
    who &= ~(unsigned)SOCIAL_WORK;
  if (about && about->kind == VROW_HOLD && about->is_for_second && a->person && a->person != about->of)
    who |= SECOND;
  return person && person == a->person ? who | SELF : who;
}

static struct vowner find_owner(const struct verify *v, const struct verify_entry *e, const char *fact,
                                enum vcert_use use) {
  struct verify_text text;
  uint8_t key[VHASH_SIZE];
  bool is_key = vleaf_find(e->facts, e->fact_count, fact, &text) && vtext_hex(text, key, VHASH_SIZE);
  return is_key ? vtable_owner(&v->table, key, use, v->admitted) : (struct vowner){0};
}

void vdirectory_hold(const struct verify *v, const struct verify_entry *e, const uint8_t act[VHASH_SIZE],
                     struct vrow *hold) {
  struct verify_text rule;
  struct vowner author = find_owner(v, e, "author", VCERT_PERSON), machine = find_owner(v, e, "replica", VCERT_REPLICA);
  const struct vrow *person = vrow_person(author.row);
  memcpy(hold->act, act, VHASH_SIZE);
  hold->is_for_second = vleaf_find(e->facts, e->fact_count, "rule", &rule) && vtext_is(rule, "two-persons");
  hold->of = person ? vtable_find(&v->table, person->id, VROW(PERSON)) : NULL;
  hold->is_in_time =
      author.is_valid && !author.is_revoked && !machine.is_revoked && (machine.key == NULL || machine.is_valid);
}

/* ---- what the entries do ---- */

/* A role whose first or last day is no date, or stands twice, is nobody's. */
static void read_dates(const struct verify_entry *e, struct vrow *row) {
  struct verify_text from, until = {"9999-12-31", VDATE_SIZE};
  bool has_until = false;
  for (size_t i = 0; i < e->fact_count; i++)
    has_until |= vtext_is(e->facts[i].name, "until");
  if (!vleaf_find(e->facts, e->fact_count, "from", &from) || !vtext_is_date(from) ||
      (has_until && (!vleaf_find(e->facts, e->fact_count, "until", &until) || !vtext_is_date(until)))) {
    row->is_over = true;
    return;
  }
  vtext_copy(row->from, sizeof row->from, from);
  vtext_copy(row->until, sizeof row->until, until);
}

static void give_role(struct verify *v, const struct vleaf *leaf, struct vrow *row, bool may, bool is_node) {
  struct vrow *person = row->of;
  row->role = find_role(&leaf->entry);
  row->is_over = !may;
  if (may && is_node && person)
    person->invited &= ~bit_of(row->role);
  read_dates(&leaf->entry, row);
  if (person == NULL)
    return;
  if (person->role_count == VTABLE_ROLES_MAX) {
    vfind(v, VERIFY_I_LIMIT, leaf->entry.number, "a person has more roles than this program takes");
    return;
  }
  row->roles = person->roles;
  person->roles = row;
  person->role_count++;
}

/* The first decision about a hold is the one that counts: after one it is over. An act may be held twice, for the
 * keeper and for a second person. */
static void release(struct verify *v, const struct vleaf *leaf, struct vrow *about, const struct vauthor *author) {
  struct vrow *released = vtable_find(&v->table, about->act, VROW(RELEASED));
  if (about->is_over)
    return;
  about->is_over = true;
  vchain_decided(v, about->id, leaf->entry.number, true);
  if (released == NULL && !vtable_add(&v->table, about->act, VROW_RELEASED, 0, &released))
    vfind(v, VERIFY_I_LIMIT, leaf->entry.number, "more acts are held than this program takes");
  if (released == NULL)
    return;
  released->is_let_through |= !about->is_for_second || about->is_in_time;
  if (!about->is_for_second)
    return;
  released->second = author->person;
  released->second_roles = author->roles;
}

/* ---- who is kept out of whose case ---- */

static void id_of_barred(const uint8_t person[VHASH_SIZE], const uint8_t child[VHASH_SIZE], uint8_t out[VHASH_SIZE]) {
  uint8_t both[2 * VHASH_SIZE];
  memcpy(both, person, VHASH_SIZE);
  memcpy(both + VHASH_SIZE, child, VHASH_SIZE);
  vhash(both, sizeof both, out);
}

static struct vrow *find_barred(const struct verify *v, const struct vrow *person, const uint8_t child[VHASH_SIZE]) {
  uint8_t id[VHASH_SIZE];
  id_of_barred(person->id, child, id);
  return vtable_find(&v->table, id, VROW(BARRED));
}

bool vdirectory_is_barred(const struct verify *v, const struct vrow *person, const uint8_t child[VHASH_SIZE]) {
  const struct vrow *barred = find_barred(v, person, child);
  return barred && barred->bar_count > 0;
}

static void bar(struct verify *v, const struct vleaf *leaf, struct vrow *row, struct vrow *person) {
  uint8_t id[VHASH_SIZE];
  struct vrow *barred;
  if (leaf->entry.child_count != 1 || !vtext_hex(leaf->entry.children[0], row->child, VHASH_SIZE))
    return;
  id_of_barred(person->id, row->child, id);
  barred = vtable_find(&v->table, id, VROW(BARRED));
  if (barred == NULL && !vtable_add(&v->table, id, VROW_BARRED, 0, &barred))
    vfind(v, VERIFY_I_LIMIT, leaf->entry.number, "more people are kept out of cases than this program takes");
  if (barred && barred->bar_count++ == 0)
    barred->since = leaf->entry.number;
}

/* Nobody ends their own. */
static void unbar(struct verify *v, const struct vleaf *leaf, struct vrow *about, const struct vauthor *author) {
  struct vrow *barred = about->of ? find_barred(v, about->of, about->child) : NULL;
  if (about->of && about->of == author->person) {
    vfind(v, VERIFY_A_BARRED, leaf->entry.number, "the author %s lets themselves into a case that they are kept out of",
          vshort(leaf->by).s);
    return;
  }
  if (barred && !about->is_over && barred->bar_count > 0)
    barred->bar_count--;
  about->is_over = true;
}

void vdirectory_void_bar(struct verify *v, const uint8_t id[VHASH_SIZE]) {
  struct vrow *row = vtable_find(&v->table, id, VROW(BAR));
  struct vrow *barred = row && row->of && !row->is_over ? find_barred(v, row->of, row->child) : NULL;
  if (barred && barred->bar_count > 0)
    barred->bar_count--;
  if (row)
    row->is_over = true;
}

/* By the ledger as it stood before the act. */
static bool is_barred(struct verify *v, const struct vleaf *leaf, const struct vauthor *a) {
  uint8_t child[VHASH_SIZE];
  for (size_t i = 0; a && a->person && i < leaf->entry.child_count; i++) {
    const struct vrow *b =
        vtext_hex(leaf->entry.children[i], child, VHASH_SIZE) ? find_barred(v, a->person, child) : NULL;
    if (b && b->bar_count > 0 && b->since < v->act.first) {
      vfind(v, VERIFY_A_BARRED, leaf->entry.number, "the author %s is kept out of the case of the child %s",
            vshort(leaf->by).s, vshort(child).s);
      return true;
    }
  }
  return false;
}

/* ---- the kinds ---- */

static const struct kind {
  const char *name;
  enum verify_code code; /* where the author may not write it */
  unsigned writers;      /* 0: those who give the role */
  const char *words;     /* who that is */
  const char *about;     /* the reference that leads to a person and an agency */
  unsigned about_kinds;
  enum { ADDS, ENDS, ENDS_KEYS, RELEASES, UNBARS } effect;
  enum vrow_kind adds;
} kinds[] = {
    {"agency.add", VERIFY_A_AGENCY, NODE | ADMINISTRATOR, "the node or an administrator", NULL, 0, ADDS, VROW_AGENCY},
    {"person.add", VERIFY_A_AGENCY, NODE | OFFICER, "the node or an officer of the agency", "agency", VROW(AGENCY),
     ADDS, VROW_PERSON},
    {"invite.person", VERIFY_A_AGENCY, 0, "somebody who may give each of these roles there", "agency", VROW(AGENCY),
     ADDS, VROW_INVITATION},
    {"invite.withdraw", VERIFY_A_AGENCY, NODE | ADMINISTRATOR | OFFICER,
     "the node, an officer of the agency or an administrator", "invitation", VROW(INVITATION), ENDS, VROW_NONE},
    {"person.key", VERIFY_A_AGENCY, OFFICER | SELF, "the person or an officer of the agency", "person", VROW(PERSON),
     ADDS, VROW_KEYS},
    {"replica.add", VERIFY_A_AGENCY, NODE | OFFICER, "the node or an officer of the agency", "agency", VROW(AGENCY),
     ADDS, VROW_REPLICA},
    {"agency.key", VERIFY_A_AGENCY, OFFICER | LEAD, "an officer or the designated lead of the agency", "agency",
     VROW(AGENCY), ADDS, VROW_KEYS},
    {"escrow.key", VERIFY_A_AGENCY, OWN_KEEPER, "a keeper, for their agency", "agency", VROW(AGENCY), ADDS, VROW_KEYS},
    {"key.revoke", VERIFY_A_AGENCY, NODE | ADMINISTRATOR | OFFICER | SELF,
     "the node, the person, an officer of the agency or an administrator", "key", VROW(PERSON) | VROW(KEYS), ENDS_KEYS,
     VROW_NONE},
    {"person.revoke", VERIFY_A_AGENCY, NODE | ADMINISTRATOR | OFFICER | SELF,
     "the node, the person, an officer of the agency or an administrator", "person", VROW(PERSON), ENDS, VROW_NONE},
    {"replica.revoke", VERIFY_A_AGENCY, NODE | ADMINISTRATOR | OFFICER,
     "the node, an officer of the agency or an administrator", "replica", VROW(REPLICA), ENDS, VROW_NONE},
    {"agency.revoke", VERIFY_A_AGENCY, NODE | ADMINISTRATOR, "the node or an administrator", "agency", VROW(AGENCY),
     ENDS, VROW_NONE},
    {"role.give", VERIFY_A_ROLE, 0, "somebody who may give this role to this person", "person", VROW(PERSON), ADDS,
     VROW_ROLE},
    {"role.take", VERIFY_A_ROLE, 0, "somebody who may give this role to this person", "role", VROW(ROLE), ENDS,
     VROW_NONE},
    {"held.release", VERIFY_A_ROLE, KEEPER | SECOND, "the keeper, or a second person", "hold", VROW(HOLD), RELEASES,
     VROW_NONE},
    {"held.reject", VERIFY_A_ROLE, KEEPER | SECOND, "the keeper, or a second person", "hold", VROW(HOLD), ENDS,
     VROW_NONE},
    {"two-persons.require", VERIFY_A_AGENCY, NODE | ADMINISTRATOR, "the node or an administrator", NULL, 0, ADDS,
     VROW_SETTING},
    {"staff.bar", VERIFY_A_BARRED, KEEPER | OFFICER | SOCIAL_WORK | SELF,
     "the keeper, an officer of the agency, social work's chair or lead professional, or the person", "person",
     VROW(PERSON), ADDS, VROW_BAR},
    {"staff.unbar", VERIFY_A_BARRED, KEEPER | OFFICER | SOCIAL_WORK,
     "the keeper, an officer of the agency, or social work's chair or lead professional", "bar", VROW(BAR), UNBARS,
     VROW_NONE},
};

static const struct kind *find_kind(struct verify_text name) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (vtext_is(name, kinds[i].name))
      return &kinds[i];
  return NULL;
}

static struct vrow *find_about(const struct verify *v, const struct kind *k, const struct verify_entry *e) {
  struct verify_text ref;
  uint8_t id[VHASH_SIZE];
  if (k->about == NULL || !vleaf_find(e->refs, e->ref_count, k->about, &ref) || !vtext_hex(ref, id, VHASH_SIZE))
    return NULL;
  return vtable_find(&v->table, id, k->about_kinds);
}

static unsigned find_writers(const struct kind *k, const struct vleaf *leaf, const struct vrow *about) {
  if (about && about->kind == VROW_HOLD)
    return about->is_for_second ? SECOND : KEEPER;
  if (k->writers)
    return k->writers;
  const struct vrole *role = k->adds == VROW_ROLE ? find_role(&leaf->entry) : about ? about->role : NULL;
  return role ? NODE | role->givers : NODE;
}

static bool may_give_all(const struct verify_entry *e, unsigned who) {
  bool may = true;
  for (size_t i = 0; i < e->fact_count; i++) {
    if (!vtext_is(e->facts[i].name, "role"))
      continue;
    const struct vrole *role = find_role_called(e->facts[i].value);
    may = may && who & (role ? NODE | role->givers : NODE);
  }
  return may;
}

static bool may_write(const struct kind *k, const struct vleaf *leaf, const struct vrow *about, unsigned who) {
  return k->adds == VROW_INVITATION ? may_give_all(&leaf->entry, who) : who & find_writers(k, leaf, about);
}

/* Does the node write this because somebody joins? An invitation was confirmed where that was needed. */
static bool is_by_invitation(const struct verify *v, const struct kind *k, const struct vleaf *leaf,
                             const struct vrow *about, const struct vauthor *a) {
  if (!a->is_node || k == NULL || k->effect != ADDS)
    return false;
  if (k->adds == VROW_REPLICA)
    return about && about->enrolled >= v->act.first && about->enrolled + 1 == leaf->entry.number;
  return k->adds == VROW_PERSON || (k->adds == VROW_ROLE && about && about->invited & bit_of(find_role(&leaf->entry)));
}

/* What is wrong with the act as a whole is said there; here it has no effect. */
static bool judge_writer(struct verify *v, const struct kind *k, const struct vleaf *leaf, const struct vrow *about,
                         const struct vauthor *a) {
  if (a == NULL || !counts(a))
    return false;
  bool is_join = k->adds == VROW_REPLICA || k->adds == VROW_ROLE; /* the node's part in one */
  if (may_write(k, leaf, about, who_is(a, about)) &&
      (!a->is_node || !is_join || is_by_invitation(v, k, leaf, about, a)))
    return true;
  vfind(v, k->code, leaf->entry.number, "%s takes %s, and its author is %s", k->name, k->words, vshort(leaf->by).s);
  return false;
}

/* ---- invitations ---- */

static void invite(const struct vleaf *leaf, const struct vauthor *a, struct vrow *row, bool may) {
  struct verify_text until;
  for (size_t i = 0; i < leaf->entry.fact_count; i++)
    if (vtext_is(leaf->entry.facts[i].name, "role"))
      row->invited |= bit_of(find_role_called(leaf->entry.facts[i].value));
  row->by = a ? a->owner.row : NULL;
  row->is_over =
      !may || !vleaf_find(leaf->entry.facts, leaf->entry.fact_count, "until", &until) || !vtext_is_time(until);
  if (!row->is_over)
    vtext_copy(row->until_time, sizeof row->until_time, until);
}

/* The one invitation that the entry names, if it names any; NULL if it is none. */
static struct vrow *find_invitation(const struct verify *v, const struct verify_entry *e, bool *names_any_out) {
  struct verify_text ref;
  uint8_t id[VHASH_SIZE];
  *names_any_out = false;
  for (size_t i = 0; i < e->ref_count; i++)
    *names_any_out |= vtext_is(e->refs[i].name, "invitation");
  if (!vleaf_find(e->refs, e->ref_count, "invitation", &ref) || !vtext_hex(ref, id, VHASH_SIZE))
    return NULL;
  return vtable_find(&v->table, id, VROW(INVITATION));
}

static const char *wrong_with(const struct vrow *invitation, const struct vrow *agency, struct verify_text admitted) {
  if (invitation == NULL)
    return "without an invitation";
  if (invitation->of != agency)
    return "with an invitation to another agency";
  if (invitation->is_over)
    return "with an invitation that was used, was withdrawn, or was not its author's to write";
  if (vrow_is_revoked(invitation->by) || vrow_is_revoked(agency))
    return "with an invitation whose author or agency had been revoked";
  return vtext_compare(admitted, vtext_of(invitation->until_time, strlen(invitation->until_time))) > 0
             ? "with an invitation that had expired"
             : NULL;
}

/* The node enrols those who were invited, and an invitation is used once; an officer needs none. */
static void judge_enrolment(struct verify *v, const struct vleaf *leaf, struct vrow *agency, bool is_node) {
  bool names_any;
  struct vrow *person = vtable_find(&v->table, leaf->id, VROW(PERSON));
  struct vrow *invitation = find_invitation(v, &leaf->entry, &names_any);
  const char *wrong = is_node ? wrong_with(invitation, agency, leaf->entry.admitted) : NULL;
  if (wrong)
    vfind(v, VERIFY_A_AGENCY, leaf->entry.number, "the node enrolled somebody %s", wrong);
  if (!is_node && names_any)
    vfind(v, VERIFY_A_AGENCY, leaf->entry.number, "somebody else than the node enrolled with an invitation");
  if (is_node && invitation)
    invitation->is_over = true;
  if (is_node && agency)
    agency->enrolled = leaf->entry.number;
  if (is_node && !wrong && person)
    person->invited = invitation->invited;
}

/* ---- what needs two persons ---- */

/* Does the setting name the kind, or the kind with the role that is given or taken? */
static bool is_named(const struct vsecond *s, struct verify_text kind, const struct vrole *role) {
  for (size_t i = 0; i < s->count; i++) {
    struct verify_text rest = vtext_of(s->kinds[i], strlen(s->kinds[i])), before;
    if (vtext_equal(rest, kind))
      return true;
    if (role && vtext_cut(&rest, ':', &before) && vtext_equal(before, kind) && vtext_is(rest, role->word))
      return true;
  }
  return false;
}

/* What the second person was when they confirmed it; kinds that this program does not replay take anyone else. */
static bool may_confirm(const struct vauthor *a, const struct kind *k, const struct vleaf *leaf,
                        const struct vrow *about) {
  struct vauthor second = {.person = a->second, .agency = vrow_agency(a->second), .roles = a->second_roles};
  if (a->second == NULL || a->second == a->person)
    return false;
  return k == NULL || may_write(k, leaf, about, who_is(&second, about));
}

/* An invitation gives what the node will write when somebody joins with it. */
static bool is_invitation_named(const struct vsecond *s, const struct verify_entry *e) {
  static const char *const gives[] = {"invite.person", "person.add", "replica.add", "role.give"};
  bool is = false;
  for (size_t i = 0; i < e->fact_count; i++)
    for (size_t g = 0; g < sizeof gives / sizeof *gives && vtext_is(e->facts[i].name, "role"); g++)
      is |= is_named(s, vtext_of(gives[g], strlen(gives[g])), find_role_called(e->facts[i].value));
  return is;
}

/* Whoever confirms an act confirms all of it. */
static bool judge_second(struct verify *v, const struct kind *k, const struct vleaf *leaf, const struct vrow *about,
                         const struct vauthor *a) {
  bool is_role = k && (k->adds == VROW_ROLE || k->about_kinds == VROW(ROLE));
  const struct vrole *role = !is_role               ? NULL
                             : k->adds == VROW_ROLE ? find_role(&leaf->entry)
                             : about                ? about->role
                                                    : NULL;
  bool is_needed = k && k->adds == VROW_INVITATION ? is_invitation_named(&v->second, &leaf->entry)
                                                   : is_named(&v->second, leaf->entry.kind, role);
  if (a && is_by_invitation(v, k, leaf, about, a))
    return true;
  if (a == NULL || (!is_needed && a->second == NULL) || may_confirm(a, k, leaf, about))
    return true;
  vfind(v, VERIFY_A_SECOND, leaf->entry.number, "%.*s needs two persons, and %s wrote it alone",
        (int)(leaf->entry.kind.len > 64 ? 64 : leaf->entry.kind.len), leaf->entry.kind.at, vshort(leaf->by).s);
  return false;
}

static void read_setting(struct verify *v, const struct vleaf *leaf) {
  const struct verify_entry *e = &leaf->entry;
  struct vsecond *s = &v->next_second;
  s->count = 0;
  for (size_t i = 0; i < e->fact_count; i++)
    if (vtext_is(e->facts[i].name, "kind"))
      vtext_copy(s->kinds[s->count++], VSECOND_TOKEN_MAX, e->facts[i].value);
}

/* ---- what the kinds do ---- */

/* Keys to seal to are not kept: nothing that they sign counts, so none may be certified. */
static bool add_keys(struct verify *v, const struct vleaf *leaf, struct vrow *row) {
  bool fits = true;
  row->key_count = 0;
  for (size_t i = 0; i < leaf->key_count; i++) {
    if (!vtext_is(leaf->keys[i].name, row->kind == VROW_REPLICA ? "replica" : "sign"))
      continue;
    memcpy(row->keys[row->key_count], leaf->keys[i].key.id, VHASH_SIZE);
    fits &= vtable_introduce(&v->table, row->keys[row->key_count++], row);
  }
  return fits;
}

/* What is introduced is there even if its author may not: a certificate for it would otherwise be found wanting, too.
 */
static void add_row(struct verify *v, const struct kind *k, const struct vleaf *leaf, struct vrow *about,
                    const struct vauthor *author, bool may) {
  struct vrow *row;
  bool fits = vtable_add(&v->table, leaf->id, k->adds, leaf->key_count, &row);
  if (row)
    fits = add_keys(v, leaf, row);
  if (!fits)
    vfind(v, VERIFY_I_LIMIT, leaf->entry.number, "the directory is larger than this program takes");
  if (row == NULL)
    return;
  row->of = about;
  if (k->adds == VROW_ROLE)
    give_role(v, leaf, row, may, author && author->is_node);
  if (k->adds == VROW_INVITATION)
    invite(leaf, author, row, may);
  if (k->adds == VROW_BAR && may && about)
    bar(v, leaf, row, about);
  if (k->adds == VROW_AGENCY) {
    struct verify_text type;
    row->is_social_work =
        vleaf_find(leaf->entry.facts, leaf->entry.fact_count, "type", &type) && vtext_is(type, "social-work");
  }
  if (k->adds == VROW_SETTING && may)
    read_setting(v, leaf);
}

void vdirectory_read(struct verify *v, const struct vleaf *leaf, const struct vauthor *author) {
  const struct kind *k = find_kind(leaf->entry.kind);
  struct vrow *about = k ? find_about(v, k, &leaf->entry) : NULL;
  bool is_kept_out = is_barred(v, leaf, author), is_alone = !judge_second(v, k, leaf, about, author);
  if (k == NULL)
    return;
  bool may = judge_writer(v, k, leaf, about, author) && !is_kept_out && !is_alone;
  if (k->effect == ADDS)
    add_row(v, k, leaf, about, author, may);
  if (may && k->adds == VROW_PERSON)
    judge_enrolment(v, leaf, about, author->is_node);
  if (!may || about == NULL)
    return;
  switch (k->effect) {
  case ADDS: break;
  case ENDS:
    if (!about->is_over)
      vchain_decided(v, about->id, leaf->entry.number, false);
    about->is_over = true;
    break;
  case ENDS_KEYS: about->are_keys_over = true; break;
  case RELEASES: release(v, leaf, about, author); break;
  case UNBARS: unbar(v, leaf, about, author); break;
  }
}

void vdirectory_begin_act(struct verify *v) {
  v->second = v->next_second;
}
