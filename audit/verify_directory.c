#include "audit/verify_parts.h"

#include <string.h>

/* ---- roles (core/FORMAT.md section 8, role.give) ---- */

/* Who somebody is in regard to an entry: by a role that counts here, as the person whom it is about, or as the node. */
enum { NODE = 1, SELF = 2, OFFICER = 4, KEEPER = 8, ADMINISTRATOR = 16, LEAD = 32 };

struct vrole {
  const char *word;
  unsigned who;    /* what it makes somebody; 0 for the roles that give no right to write what is judged here */
  unsigned givers; /* besides the node; an officer in their own agency only */
};

static const struct vrole roles[] = {
    {"practitioner", 0, OFFICER},
    {"chair", 0, OFFICER},
    {"minute-taker", 0, OFFICER},
    {"lead-professional", 0, OFFICER},
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

/* ---- the author of an act ---- */

static unsigned roles_on(const struct vrow *person, const char *time) {
  char day[VDATE_SIZE + 1];
  unsigned who = 0;
  vtext_copy(day, sizeof day, vtext_of(time, VDATE_SIZE));
  for (const struct vrow *r = person ? person->roles : NULL; r; r = r->roles)
    if (r->role && !r->is_over && strcmp(r->from, day) <= 0 && strcmp(day, r->until) <= 0)
      who |= r->role->who;
  return who;
}

void vdirectory_author(const struct verify *v, struct vact *act) {
  struct vauthor *a = &act->author;
  *a = (struct vauthor){.is_released = vtable_find(&v->table, act->id, VROW(RELEASED)) != NULL,
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
  a->roles = roles_on(a->person, act->admitted);
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
  return person && person == a->person ? who | SELF : who;
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

static void give_role(struct verify *v, const struct vleaf *leaf, struct vrow *row, bool may) {
  struct vrow *person = row->of;
  row->role = find_role(&leaf->entry);
  row->is_over = !may;
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

/* The first decision about a hold is the one that counts: after a rejection it is over. */
static void release(struct verify *v, const struct vleaf *leaf, const struct vrow *about) {
  struct vrow *released;
  if (!about->is_over && !vtable_add(&v->table, about->act, VROW_RELEASED, 0, &released))
    vfind(v, VERIFY_I_LIMIT, leaf->entry.number, "more acts are held than this program takes");
}

/* ---- the kinds ---- */

static const struct kind {
  const char *name;
  enum verify_code code; /* where the author may not write it */
  unsigned writers;      /* 0: those who give the role */
  const char *words;     /* who that is */
  const char *about;     /* the reference that leads to a person and an agency */
  unsigned about_kinds;
  enum { ADDS, ENDS, ENDS_KEYS, RELEASES } effect;
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
    {"held.release", VERIFY_A_ROLE, KEEPER, "the keeper", "hold", VROW(HOLD), RELEASES, VROW_NONE},
    {"held.reject", VERIFY_A_ROLE, KEEPER, "the keeper", "hold", VROW(HOLD), ENDS, VROW_NONE},
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

/* What is wrong with the act as a whole is said there; here it has no effect. */
static bool judge_writer(struct verify *v, const struct kind *k, const struct vleaf *leaf, const struct vrow *about,
                         const struct vauthor *a) {
  if (a == NULL || !counts(a))
    return false;
  if (may_write(k, leaf, about, who_is(a, about)))
    return true;
  vfind(v, k->code, leaf->entry.number, "%s takes %s, and its author is %s", k->name, k->words, vshort(leaf->by).s);
  return false;
}

/* ---- invitations ---- */

static void invite(const struct vleaf *leaf, const struct vauthor *a, struct vrow *row, bool may) {
  struct verify_text until;
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
static void judge_enrolment(struct verify *v, const struct vleaf *leaf, const struct vrow *agency, bool is_node) {
  bool names_any;
  struct vrow *invitation = find_invitation(v, &leaf->entry, &names_any);
  const char *wrong = is_node ? wrong_with(invitation, agency, leaf->entry.admitted) : NULL;
  if (wrong)
    vfind(v, VERIFY_A_AGENCY, leaf->entry.number, "the node enrolled somebody %s", wrong);
  if (!is_node && names_any)
    vfind(v, VERIFY_A_AGENCY, leaf->entry.number, "somebody else than the node enrolled with an invitation");
  if (is_node && invitation)
    invitation->is_over = true;
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
    give_role(v, leaf, row, may);
  if (k->adds == VROW_INVITATION)
    invite(leaf, author, row, may);
}

void vdirectory_read(struct verify *v, const struct vleaf *leaf, const struct vauthor *author) {
  const struct kind *k = find_kind(leaf->entry.kind);
  if (k == NULL)
    return;
  struct vrow *about = find_about(v, k, &leaf->entry);
  bool may = judge_writer(v, k, leaf, about, author);
  if (k->effect == ADDS)
    add_row(v, k, leaf, about, author, may);
  if (may && k->adds == VROW_PERSON)
    judge_enrolment(v, leaf, about, author->is_node);
  if (!may || about == NULL)
    return;
  switch (k->effect) {
  case ADDS: break;
  case ENDS: about->is_over = true; break;
  case ENDS_KEYS: about->are_keys_over = true; break;
  case RELEASES: release(v, leaf, about); break;
  }
}
