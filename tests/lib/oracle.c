#include "tests/lib/oracle.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/store_parts.h"
#include "tests/lib/world.h"

static bool is(const struct oracle_fact *f, const char *kind) {
  return bytes_equal_str(f->record.entry.kind, kind);
}

static bool names(const struct oracle_fact *f, const char *ref, const struct hash *id) {
  const struct entry *e = &f->record.entry;
  for (size_t i = 0; i < e->ref_count; i++)
    if (bytes_equal_str(e->refs[i].name, ref) && hash_equal(&e->refs[i].id, id))
      return true;
  return false;
}

static const struct oracle_fact *find(const struct oracle *o, const struct hash *id) {
  for (size_t i = 0; id && i < o->count; i++)
    if (hash_equal(&o->facts[i].record.entry.id, id))
      return &o->facts[i];
  return NULL;
}

static const struct oracle_fact *find_ref(const struct oracle *o, const struct oracle_fact *f, const char *ref) {
  return f ? find(o, entry_ref(&f->record.entry, ref)) : NULL;
}

/* ---- reading ---- */

static const struct oracle_fact *find_first(const struct oracle *o, const struct oracle_fact *f) {
  const struct field *of = f->kind && f->kind->object ? kind_field(f->kind, bytes_str(f->kind->object)) : NULL;
  const struct oracle_fact *named;
  if (of == NULL)
    return f;
  named = of->place == IN_CHILD ? find(o, &f->record.entry.children[0]) : find_ref(o, f, f->kind->object);
  return f->kind->is_about_entry ? find_first(o, named) : named;
}

static bool is_voided(const struct oracle *o, const struct hash *id) {
  for (size_t i = 0; i < o->count; i++)
    if (o->facts[i].kind->is_void && names(&o->facts[i], "entry", id))
      return true;
  return false;
}

/* Of what was lost with a node there is the header alone, which is shown to nobody. */
static enum err read_record(struct store *node, uint64_t number, struct record *out) {
  struct query q;
  enum err e = store_find_number(node, number, out);
  if (e != ERR_ABSENT)
    return e;
  *out = (struct record){.number = number};
  query_start_once(&q, node->db, "SELECT header, act FROM entry WHERE number = ?1");
  query_int(&q, 1, (int64_t)number);
  if (query_row(&q)) {
    buf_add(&out->header, query_get(&q, 0));
    out->act_first = (uint64_t)query_get_int(&q, 1);
  }
  e = query_end(&q);
  return e == OK ? entry_decode(buf_bytes(&out->header), &out->entry) : e;
}

void oracle_open(struct oracle *o, struct store *node) {
  *o = (struct oracle){.count = (size_t)store_size(node)};
  o->facts = mem_alloc_array(o->count, sizeof *o->facts);
  for (size_t i = 0; i < o->count; i++) {
    struct oracle_fact *f = &o->facts[i];
    struct act_record a = {0};
    f->number = i + 1;
    world_must(read_record(node, f->number, &f->record), "an entry");
    world_must(store_find_act(node, f->record.act_first, &a), "an act");
    f->kind = kind_find(f->record.entry.kind);
    f->act = a.position.act;
    act_record_release(&a);
  }
  for (size_t i = 0; i < o->count; i++) {
    struct oracle_fact *f = &o->facts[i];
    f->first = find_first(o, f);
    f->counts = f->record.has_content && !is_voided(o, &f->record.entry.id) &&
                (f->kind->is_void || !is_voided(o, &f->first->record.entry.id));
  }
}

void oracle_close(struct oracle *o) {
  for (size_t i = 0; i < o->count; i++)
    record_release(&o->facts[i].record);
  free(o->facts);
}

/* ---- people and agencies ---- */

/* Of people, and of what an agency or its keeper holds. */
static bool has_keys(const struct oracle_fact *f) {
  return is(f, "person.add") || is(f, "person.key") || is(f, "agency.key") || is(f, "escrow.key");
}

static const struct oracle_fact *agency_of_key(const struct oracle *o, const struct hash *key) {
  static const char *const keys[] = {"sign", "seal"};
  for (size_t i = 0; i < o->count; i++)
    for (size_t k = 0; has_keys(&o->facts[i]) && k < 2; k++) {
      struct buf der = {0};
      const struct oracle_fact *f = &o->facts[i];
      world_must(text_base64_decode(entry_key(&f->record.entry, keys[k]), &der), "a key");
      struct hash id = hash_of(buf_bytes(&der));
      buf_release(&der);
      if (hash_equal(&id, key) && !is(f, "person.add") && !is(f, "person.key"))
        return find_ref(o, f, "agency");
      if (hash_equal(&id, key))
        return find_ref(o, is(f, "person.key") ? find_ref(o, f, "person") : f, "agency");
    }
  return NULL;
}

static bool is_agency(const struct oracle_fact *f, const struct hash *agency) {
  return f && hash_equal(&f->record.entry.id, agency);
}

static bool has_type(const struct oracle *o, const struct hash *agency, const char *type) {
  return bytes_equal_str(entry_fact(&find(o, agency)->record.entry, "type"), type);
}

bool oracle_is_revoked(const struct oracle *o, const struct hash *agency) {
  for (size_t i = 0; i < o->count; i++)
    if (is(&o->facts[i], "agency.revoke") && names(&o->facts[i], "agency", agency))
      return true;
  return false;
}

static bool is_entitled(const struct oracle *o, const struct hash *agency) {
  for (size_t i = o->count; i-- > 0;)
    if (is(&o->facts[i], "register.entitle") && names(&o->facts[i], "agency", agency))
      return bytes_equal_str(entry_fact(&o->facts[i].record.entry, "may"), "yes");
  return has_type(o, agency, "social-work") || has_type(o, agency, "health") || has_type(o, agency, "police") ||
         has_type(o, agency, "education") || has_type(o, agency, "reporter");
}

/* ---- children ---- */

static bool has_child(const struct oracle_fact *f, const struct hash *child) {
  for (size_t i = 0; i < f->record.entry.child_count; i++)
    if (hash_equal(&f->record.entry.children[i], child))
      return true;
  return false;
}

static bool is_taken_back(const struct oracle *o, const struct oracle_fact *f) {
  const struct hash *pair = f->record.entry.children;
  for (size_t i = 0; i < o->count; i++) {
    const struct oracle_fact *t = &o->facts[i];
    if (t->counts && (is(t, "child.same") || is(t, "child.distinct")) && has_child(t, &pair[0]) &&
        has_child(t, &pair[1]) && names(t, "instead", &f->record.entry.id))
      return true;
  }
  return false;
}

/* Every record that statements join with this one, one step after the other. */
static size_t same_child(const struct oracle *o, const struct hash *child, struct hash out[64]) {
  size_t count = 1;
  out[0] = *child;
  for (size_t n = 0; n < count; n++)
    for (size_t i = 0; i < o->count; i++) {
      const struct oracle_fact *f = &o->facts[i];
      if (!f->counts || !is(f, "child.same") || !has_child(f, &out[n]) || is_taken_back(o, f))
        continue;
      const struct hash *pair = f->record.entry.children, *other = &pair[hash_equal(&pair[0], &out[n])];
      bool has = false;
      for (size_t k = 0; k < count; k++)
        has = has || hash_equal(&out[k], other);
      if (!has && count < 64)
        out[count++] = *other;
    }
  return count;
}

static bool has_ended(const struct oracle *o, const struct oracle_fact *start) {
  for (size_t i = 0; i < o->count; i++)
    if (o->facts[i].counts && is(&o->facts[i], "involvement.end") && o->facts[i].first == start)
      return true;
  return false;
}

static bool is_involved_with(const struct oracle *o, const struct hash *agency, const struct hash *child) {
  struct hash same[64];
  size_t count = same_child(o, child, same);
  for (size_t i = 0; i < o->count; i++) {
    const struct oracle_fact *f = &o->facts[i];
    for (size_t k = 0; f->counts && is(f, "involvement.start") && names(f, "agency", agency) && k < count; k++)
      if (has_child(f, &same[k]) && !has_ended(o, f))
        return true;
  }
  return false;
}

static bool is_involved(const struct oracle *o, const struct hash *agency, const struct oracle_fact *first) {
  const struct entry *e = &first->record.entry;
  if (has_type(o, agency, "social-work"))
    return true;
  if (is(first, "child.add"))
    return is_involved_with(o, agency, &e->id);
  for (size_t i = 0; i < e->child_count; i++)
    if (!is_involved_with(o, agency, &e->children[i]))
      return false;
  return e->child_count > 0;
}

/* ---- meetings ---- */

static bool clears(const struct oracle_fact *f, const char *field) {
  struct json *content = NULL;
  bool does = false;
  if (json_parse_record(buf_bytes(&f->record.content), &content) != OK)
    return false;
  const struct json *cleared = json_get(content, "clear");
  for (size_t i = 0; cleared && i < json_count(cleared); i++)
    does |= bytes_equal_str(json_get_text(json_at(cleared, i)), field);
  json_free(content);
  return does;
}

/* What the newest one of a meeting's entries says that gives or clears it; NULL if nothing. */
static const struct hash *arranged(const struct oracle *o, const struct oracle_fact *meeting, const char *ref) {
  for (size_t i = o->count; i-- > 0;)
    if (o->facts[i].counts && o->facts[i].first == meeting && !o->facts[i].kind->is_void &&
        (is(&o->facts[i], "meeting.convene") || is(&o->facts[i], "meeting.change")) &&
        (entry_ref(&o->facts[i].record.entry, ref) || clears(&o->facts[i], ref)))
      return entry_ref(&o->facts[i].record.entry, ref);
  return NULL;
}

static bool is_invited(const struct oracle *o, const struct hash *agency, const struct oracle_fact *meeting) {
  static const char *const posts[] = {"chair", "minute-taker"};
  const struct hash *id = &meeting->record.entry.id;
  for (size_t i = 0; i < o->count; i++) {
    const struct oracle_fact *f = &o->facts[i];
    if (!f->counts || !is(f, "invitation.send") || !names(f, "meeting", id))
      continue;
    const struct oracle_fact *person = find_ref(o, f, "person");
    if (person ? names(person, "agency", agency) : names(f, "agency", agency))
      return true;
  }
  for (size_t i = 0; i < 2 && meeting->counts; i++) {
    const struct hash *person = arranged(o, meeting, posts[i]);
    if (person && is_agency(find_ref(o, find(o, person), "agency"), agency))
      return true;
  }
  return false;
}

static const struct oracle_fact *meeting_of(const struct oracle *o, const struct oracle_fact *first) {
  if (is(first, "meeting.convene"))
    return first;
  const struct oracle_fact *m = find_ref(o, first, "meeting");
  if (m == NULL)
    m = find_ref(o, find_ref(o, first, "decision"), "meeting");
  if (m == NULL)
    m = find_ref(o, find_ref(o, first, "consideration"), "meeting");
  return m;
}

static bool is_child_of(const struct oracle *o, const struct oracle_fact *meeting, const struct hash *child) {
  struct hash same[64];
  size_t count = same_child(o, child, same);
  for (size_t k = 0; meeting->counts && k < count; k++)
    if (has_child(meeting, &same[k]))
      return true;
  return false;
}

/* Does the meeting lead to this child, or this member of the family? */
static bool leads_to(const struct oracle *o, const struct oracle_fact *meeting, const struct oracle_fact *first) {
  const struct hash *id = &first->record.entry.id;
  if (is(first, "child.add"))
    return is_child_of(o, meeting, id);
  for (size_t i = 0; is(first, "family.add") && i < o->count; i++) {
    const struct oracle_fact *f = &o->facts[i];
    if (f->counts && (is(f, "invitation.send") || is(f, "attendance.record")) && names(f, "family", id) &&
        names(f, "meeting", &meeting->record.entry.id))
      return true;
  }
  return false;
}

static bool belongs_to_one_with(const struct oracle *o, const struct hash *agency, const struct oracle_fact *first) {
  const struct oracle_fact *meeting = meeting_of(o, first);
  if (is(first, "child.add") || is(first, "family.add")) {
    for (size_t i = 0; i < o->count; i++)
      if (is(&o->facts[i], "meeting.convene") && leads_to(o, &o->facts[i], first) &&
          is_invited(o, agency, &o->facts[i]))
        return true;
    return false;
  }
  return meeting && is_invited(o, agency, meeting);
}

/* ---- the answer ---- */

static bool is_named(const struct oracle *o, const struct hash *agency, const struct oracle_fact *f) {
  for (size_t i = 0; i < f->record.entry.to_count; i++)
    if (is_agency(agency_of_key(o, &f->record.entry.to[i]), agency))
      return true;
  return false;
}

/* A hold whose act was let into the directory, or erases something before this agency. */
static bool is_witnessed(const struct oracle *o, const struct hash *agency, const struct oracle_fact *first) {
  struct hash act;
  if (!is(first, "act.hold") || hash_parse(entry_fact(&first->record.entry, "act"), &act) != OK)
    return false;
  for (size_t i = 0; i < o->count; i++)
    if (hash_equal(&o->facts[i].act, &act) && (o->facts[i].kind->audience == AUDIENCE_DIRECTORY ||
                                               (is(&o->facts[i], "entry.erase") && oracle_goes_to(o, agency, i))))
      return true;
  return false;
}

static bool is_taken(const struct oracle *o, const struct hash *role) {
  for (size_t i = 0; i < o->count; i++)
    if (is(&o->facts[i], "role.take") && names(&o->facts[i], "role", role))
      return true;
  return false;
}

static bool is_revoked(const struct oracle *o, const struct oracle_fact *person) {
  for (size_t i = 0; person && i < o->count; i++)
    if (is(&o->facts[i], "person.revoke") && names(&o->facts[i], "person", &person->record.entry.id))
      return true;
  return false;
}

static bool has_keeper(const struct oracle *o, const struct hash *agency) {
  for (size_t i = 0; i < o->count; i++) {
    const struct oracle_fact *f = &o->facts[i];
    if (is(f, "role.give") && bytes_equal_str(entry_fact(&f->record.entry, "role"), "keeper") &&
        !is_taken(o, &f->record.entry.id) && !is_revoked(o, find_ref(o, f, "person")) &&
        is_agency(find_ref(o, find_ref(o, f, "person"), "agency"), agency))
      return true;
  }
  return false;
}

static bool is_for_keeper(const struct oracle_fact *f) {
  return is(f, "act.hold") || is(f, "held.release") || is(f, "held.reject") || is(f, "register.enquire") ||
         is(f, "scope.grow") || is(f, "scope.shrink") || is(f, "scope.grow-named") || is(f, "scope.shrink-named") ||
         is(f, "feed.receipt") || is(f, "restricted.break-glass") || is(f, "restricted.review") ||
         is(f, "copy.explain");
}

/* A permit that was withdrawn is for nobody any more. */
static bool is_withdrawn(const struct oracle *o, const struct oracle_fact *f) {
  for (size_t i = 0; i < o->count; i++)
    if (o->facts[i].counts && is(&o->facts[i], "restricted.withdraw") &&
        names(&o->facts[i], "permit", &f->record.entry.id))
      return true;
  return false;
}

bool oracle_goes_to(const struct oracle *o, const struct hash *agency, size_t i) {
  const struct oracle_fact *f = &o->facts[i], *first = f->first;
  const struct oracle_fact *named = f->kind->is_about_entry ? find_ref(o, f, f->kind->object) : NULL;
  bool wrote = is_agency(agency_of_key(o, &f->record.entry.by), agency) ||
               (named && is_agency(agency_of_key(o, &named->record.entry.by), agency));
  switch (first->record.entry.audience) {
  case AUDIENCE_DIRECTORY: return true;
  case AUDIENCE_REGISTER: return wrote || is_entitled(o, agency) || is_involved(o, agency, first);
  case AUDIENCE_CASE:
    if (is(first, "staff.bar") && is_agency(find_ref(o, find_ref(o, first, "person"), "agency"), agency))
      return true;
    return wrote || (is_for_keeper(f) && has_keeper(o, agency)) || is_involved(o, agency, first) ||
           belongs_to_one_with(o, agency, first);
  case AUDIENCE_PROFESSIONALS: return wrote || is_involved(o, agency, first) || belongs_to_one_with(o, agency, first);
  case AUDIENCE_NAMED:
    return wrote || (is_for_keeper(f) && has_keeper(o, agency)) || is_named(o, agency, f) ||
           is_witnessed(o, agency, first);
  case AUDIENCE_RESTRICTED: return wrote || (is_named(o, agency, f) && !is_withdrawn(o, f));
  }
  return false;
}
