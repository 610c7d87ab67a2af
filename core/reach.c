#include "core/reach.h"

#include <stdlib.h>
#include <string.h>

#include "core/child.h"
#include "core/store_parts.h"

enum {
  AGENCIES,
  AGENCY_OF_KEY,
  PERMIT_ENDED,
  AGENCY_OF_PERSON,
  INVOLVED_ALONE,
  INVOLVED,
  INVITED,
  VIA_OBJECT,
  HOLD_OF,
  ENTRIES_OF,
};

#define INVITED_TO(meetings)                                                                                           \
  "SELECT i.agency FROM invitee i WHERE i.meeting IN " meetings " AND i.agency IS NOT NULL UNION "                     \
  "SELECT p.agency FROM meeting m JOIN person p ON p.object IN (m.chair, m.minute_taker) WHERE m.object IN " meetings

static const char *const sql[] = {
    [AGENCIES] =
        "SELECT a.object, a.number, a.type, (SELECT e.may FROM entitlement e WHERE e.agency = a.object "
        "ORDER BY e.number DESC LIMIT 1), EXISTS (SELECT 1 FROM role r JOIN person p ON p.object = r.person "
        "WHERE p.agency = a.object AND r.role = 'keeper' AND r.taken_by IS NULL AND NOT EXISTS (SELECT 1 FROM "
        "revocation o "
        "JOIN entry oe ON oe.number = o.number WHERE o.target = p.object AND oe.kind = 'person.revoke')) FROM agency a "
        "WHERE NOT EXISTS (SELECT 1 FROM revocation v WHERE v.target = a.object AND v.number < ?1) "
        "ORDER BY a.number",
    [AGENCY_OF_KEY] = "SELECT p.agency FROM person_key k JOIN person p ON p.object = k.person "
                      "WHERE k.sign_id = ?1 OR k.seal_id = ?1 UNION ALL "
                      "SELECT agency FROM agency_key WHERE seal_id = ?1 UNION ALL "
                      "SELECT agency FROM escrow_key WHERE seal_id = ?1",
    [PERMIT_ENDED] = "SELECT 1 FROM restricted_permit WHERE object = ?1 AND ended_by IS NOT NULL",
    [AGENCY_OF_PERSON] = "SELECT agency FROM person WHERE object = ?1",
    /* NULL: there may be other records of the child. */
    [INVOLVED_ALONE] = "SELECT NULL FROM child_pair WHERE a = ?1 UNION ALL SELECT NULL FROM child_pair WHERE b = ?1 "
                       "UNION ALL SELECT agency FROM involvement WHERE ended_by IS NULL AND child = ?1",
    [INVOLVED] = "SELECT DISTINCT agency FROM involvement WHERE ended_by IS NULL AND child IN " SAME_CHILDREN("?1"),
    [INVITED] = INVITED_TO("(?1)"),
    /* ?1 is an object: a child, or somebody of the family. */
    [VIA_OBJECT] = INVITED_TO("(SELECT m.object FROM meeting m JOIN entry_child c ON c.number = m.number "
                              "WHERE c.child IN " SAME_CHILDREN(
                                  "?1") " UNION SELECT meeting FROM meeting_invitation "
                                        "WHERE family = ?1 UNION SELECT meeting FROM attendance WHERE family = ?1)"),
    [HOLD_OF] = "SELECT act FROM hold WHERE object = ?1",
    [ENTRIES_OF] = "SELECT e.number, e.kind FROM act a JOIN entry e ON e.act = a.first WHERE a.id = ?1",
};

const char *const *reach_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* Agencies that consult the register in the night as well as by day. */
static const char *const entitled_types[] = {"social-work", "health", "police", "education", "reporter"};

struct agency {
  struct hash id;
  uint64_t number;
  bool is_social_work, is_entitled, has_keeper;
};

/* What is kept is found by the first two bytes of what was asked about. */
#define PLACES 1024

enum asked_about { OF_CHILDREN, OF_MEETING, OF_OBJECT, OF_KEY, ASKED_COUNT };

struct answer {
  struct hash asked;
  unsigned *ties; /* NULL: the place is free */
};

struct reach {
  struct store *s;
  struct agency *agencies;
  size_t count;
  bool *goes;
  unsigned *ties;
  struct answer answers[ASKED_COUNT][PLACES];
};

static bool is_entitled(struct bytes type, struct bytes may) {
  if (may.len)
    return bytes_equal_str(may, "yes");
  for (size_t i = 0; i < sizeof entitled_types / sizeof *entitled_types; i++)
    if (bytes_equal_str(type, entitled_types[i]))
      return true;
  return false;
}

static void close_reach(struct reach *r) {
  if (r == NULL)
    return;
  free(r->agencies);
  free(r->goes);
  free(r->ties);
  for (size_t i = 0; i < ASKED_COUNT * PLACES; i++)
    free(r->answers[i / PLACES][i % PLACES].ties);
  free(r);
}

void reach_forget(struct store *s) {
  close_reach(s->reach);
  s->reach = NULL;
}

enum err reach_open(struct store *s, uint64_t before, struct reach **out) {
  if (s->reach) {
    *out = s->reach;
    return OK;
  }
  struct reach *r = mem_alloc(sizeof *r);
  struct buf all = {0};
  struct query q;
  r->s = s;
  query_start(&q, s->db, sql[AGENCIES]);
  query_int(&q, 1, (int64_t)before);
  while (query_row(&q)) {
    struct agency a = {.id = hash_from(query_get(&q, 0)),
                       .number = (uint64_t)query_get_int(&q, 1),
                       .is_social_work = bytes_equal_str(query_get(&q, 2), "social-work"),
                       .is_entitled = is_entitled(query_get(&q, 2), query_get(&q, 3)),
                       .has_keeper = query_get_int(&q, 4) != 0};
    buf_add(&all, bytes_of(&a, sizeof a));
  }
  enum err e = query_end(&q);
  r->count = all.len / sizeof(struct agency);
  r->agencies = mem_alloc_array(r->count, sizeof *r->agencies);
  if (all.len)
    memcpy(r->agencies, all.at, all.len);
  r->goes = mem_alloc_array(r->count, sizeof *r->goes);
  r->ties = mem_alloc_array(r->count, sizeof *r->ties);
  buf_release(&all);
  if (e == OK)
    *out = s->reach = r;
  else
    close_reach(r);
  return e;
}

size_t reach_count(const struct reach *r) {
  return r->count;
}

uint64_t reach_agency(const struct reach *r, size_t i) {
  return r->agencies[i].number;
}

static void add_tie(const struct reach *r, struct bytes agency, enum scope_tie tie, unsigned *ties) {
  for (size_t i = 0; i < r->count; i++)
    if (bytes_equal(agency, hash_bytes(&r->agencies[i].id)))
      ties[i] |= tie;
}

/* Adds the tie to each agency that the query gives. */
static enum err add_ties(struct reach *r, const char *statement, const struct hash *of, enum scope_tie tie,
                         unsigned *ties) {
  struct query q;
  query_start(&q, r->s->db, statement);
  query_blob(&q, 1, hash_bytes(of));
  while (query_row(&q))
    add_tie(r, query_get(&q, 0), tie, ties);
  return query_end(&q);
}

static enum err find_involved(struct reach *r, const struct hash *children, size_t count, unsigned *out);

static enum err find_answer(struct reach *r, enum asked_about about, const struct hash *of, size_t count,
                            unsigned *out) {
  switch (about) {
  case OF_CHILDREN: return find_involved(r, of, count, out);
  case OF_MEETING: return add_ties(r, sql[INVITED], of, SCOPE_INVITED, out);
  case OF_OBJECT: return add_ties(r, sql[VIA_OBJECT], of, SCOPE_INVITED, out);
  case OF_KEY: return add_ties(r, sql[AGENCY_OF_KEY], of, SCOPE_AUTHOR, out);
  case ASKED_COUNT: break;
  }
  return OK;
}

/* Adds the ties of what is asked about, as they were found before or are found now. */
static enum err add_kept(struct reach *r, enum asked_about about, const struct hash *of, size_t count) {
  struct hash asked = count == 1 ? *of : hash_of(bytes_of(of, count * sizeof *of));
  struct answer *a = &r->answers[about][((size_t)asked.at[0] << 8 | asked.at[1]) % PLACES];
  enum err e = OK;
  if (a->ties == NULL || !hash_equal(&a->asked, &asked)) {
    free(a->ties);
    *a = (struct answer){asked, mem_alloc_array(r->count, sizeof *a->ties)};
    e = find_answer(r, about, of, count, a->ties);
  }
  for (size_t i = 0; e == OK && i < r->count; i++)
    r->ties[i] |= a->ties[i];
  if (e != OK) {
    free(a->ties);
    a->ties = NULL;
  }
  return e;
}

/* ---- children ---- */

/* Most children have one record, and then it is quicker to see that first. */
static enum err add_involved_with(struct reach *r, const struct hash *child, unsigned *ties) {
  struct query q;
  bool is_joined = false;
  query_start(&q, r->s->db, sql[INVOLVED_ALONE]);
  query_blob(&q, 1, hash_bytes(child));
  while (!is_joined && query_row(&q)) {
    is_joined = query_is_null(&q, 0);
    add_tie(r, query_get(&q, 0), SCOPE_INVOLVED, ties);
  }
  enum err e = query_end(&q);
  return e == OK && is_joined ? add_ties(r, sql[INVOLVED], child, SCOPE_INVOLVED, ties) : e;
}

/* Involved with each of them. */
static enum err find_involved(struct reach *r, const struct hash *children, size_t count, unsigned *out) {
  unsigned *one = mem_alloc_array(r->count, sizeof *one);
  enum err e = OK;
  for (size_t i = 0; i < r->count; i++)
    out[i] = count > 0 || r->agencies[i].is_social_work ? SCOPE_INVOLVED : 0;
  for (size_t c = 0; e == OK && c < count; c++) {
    memset(one, 0, r->count * sizeof *one);
    e = add_involved_with(r, &children[c], one);
    for (size_t i = 0; i < r->count; i++)
      if (!r->agencies[i].is_social_work)
        out[i] &= one[i];
  }
  free(one);
  return e;
}

static enum err add_involved(struct reach *r, const struct entry *first) {
  bool is_child = bytes_equal_str(first->kind, "child.add");
  return add_kept(r, OF_CHILDREN, is_child ? &first->id : first->children, is_child ? 1 : first->child_count);
}

/* ---- meetings ---- */

static enum err meeting_of(struct store *s, const struct entry *first, struct hash *out) {
  static const char *const leads[] = {"decision", "consideration"};
  const struct hash *named = entry_ref(first, "meeting");
  enum err e = OK;
  *out = (struct hash){{0}};
  if (bytes_equal_str(first->kind, "meeting.convene"))
    named = &first->id;
  if (named)
    *out = *named;
  for (size_t i = 0; e == OK && hash_is_zero(out) && i < sizeof leads / sizeof *leads; i++) {
    const struct hash *lead = entry_ref(first, leads[i]);
    struct header *other = NULL;
    if (lead)
      e = store_header_of(s, lead, &other);
    if (e == ERR_ABSENT)
      e = OK;
    named = other ? entry_ref(&other->entry, "meeting") : NULL;
    if (named)
      *out = *named;
    header_free(other);
  }
  return e;
}

static bool may_belong_by_object(const struct entry *first) {
  return bytes_equal_str(first->kind, "child.add") || bytes_equal_str(first->kind, "family.add");
}

static enum err add_invited(struct reach *r, const struct entry *first) {
  struct hash meeting;
  if (may_belong_by_object(first))
    return add_kept(r, OF_OBJECT, &first->id, 1);
  enum err e = meeting_of(r->s, first, &meeting);
  return e == OK && !hash_is_zero(&meeting) ? add_kept(r, OF_MEETING, &meeting, 1) : e;
}

/* ---- the rest ---- */

static enum err find_held_act(struct reach *r, const struct hash *hold, struct hash *act_out, bool *found_out) {
  struct query q;
  query_start(&q, r->s->db, sql[HOLD_OF]);
  query_blob(&q, 1, hash_bytes(hold));
  *found_out = query_row(&q) && hash_parse(query_get(&q, 0), act_out) == OK;
  return query_end(&q);
}

/* Those who receive an erasure see that it was let through. */
static enum err add_witnesses_of(struct reach *r, uint64_t erasure) {
  unsigned *ties = mem_alloc_array(r->count, sizeof *ties);
  const bool *goes = NULL;
  memcpy(ties, r->ties, r->count * sizeof *ties);
  enum err e = reach_goes_to(r, erasure, &goes);
  for (size_t i = 0; e == OK && i < r->count; i++)
    ties[i] |= goes[i] ? SCOPE_WITNESS : 0;
  memcpy(r->ties, ties, r->count * sizeof *ties);
  free(ties);
  return e;
}

/* Was what is held let into the directory, or does it erase? */
static enum err add_witnesses(struct reach *r, const struct entry *first) {
  struct hash act = {{0}};
  struct buf erasures = {0};
  struct query q;
  bool is_held = false, is_for_all = false;
  enum err e = find_held_act(r, &first->id, &act, &is_held);
  if (e != OK || !is_held)
    return e;
  query_start(&q, r->s->db, sql[ENTRIES_OF]);
  query_blob(&q, 1, hash_bytes(&act));
  while (query_row(&q)) {
    const struct kind *k = kind_find(query_get(&q, 1));
    const uint64_t number = (uint64_t)query_get_int(&q, 0);
    is_for_all = is_for_all || (k && k->audience == AUDIENCE_DIRECTORY);
    if (k && k->is_erasure)
      buf_add(&erasures, bytes_of(&number, sizeof number));
  }
  e = query_end(&q);
  for (size_t i = 0; is_for_all && i < r->count; i++)
    r->ties[i] |= SCOPE_WITNESS;
  const uint64_t *numbers = (const uint64_t *)(const void *)erasures.at;
  for (size_t i = 0; e == OK && i < erasures.len / sizeof *numbers; i++)
    e = add_witnesses_of(r, numbers[i]);
  buf_release(&erasures);
  return e;
}

/* Whoever wrote what is voided or erased hears of it, too. */
static enum err add_author_of_named(struct reach *r, const struct entry *entry) {
  const struct kind *k = kind_find(entry->kind);
  struct header *named = NULL;
  enum err e = OK;
  if (k && k->is_about_entry && entry_ref(entry, k->object))
    e = store_header_of(r->s, entry_ref(entry, k->object), &named);
  if (e == OK && named)
    e = add_ties(r, sql[AGENCY_OF_KEY], &named->entry.by, SCOPE_AUTHOR, r->ties);
  header_free(named);
  return e == ERR_ABSENT ? OK : e;
}

/* A permit that was withdrawn names nobody any more. */
static enum err add_named(struct reach *r, const struct entry *entry) {
  struct query q;
  if (entry->to_count == 0)
    return OK;
  query_start(&q, r->s->db, sql[PERMIT_ENDED]);
  query_blob(&q, 1, hash_bytes(&entry->id));
  bool is_ended = query_row(&q);
  enum err e = query_end(&q);
  for (size_t i = 0; e == OK && !is_ended && i < entry->to_count; i++)
    e = add_ties(r, sql[AGENCY_OF_KEY], &entry->to[i], SCOPE_NAMED, r->ties);
  return e;
}

static enum err find_ties(struct reach *r, const struct entry *first, const struct entry *entry) {
  enum audience a = first->audience;
  enum err e = OK;
  for (size_t i = 0; i < r->count; i++)
    r->ties[i] = SCOPE_ENROLLED | (r->agencies[i].is_entitled ? SCOPE_ENTITLED : 0);
  if (a == AUDIENCE_DIRECTORY)
    return OK;
  e = add_kept(r, OF_KEY, &entry->by, 1);
  if (e == OK)
    e = add_author_of_named(r, entry);
  if (e == OK)
    e = add_named(r, entry);
  const struct kind *k = kind_find(entry->kind);
  for (size_t i = 0; k && k->is_for_keeper && i < r->count; i++)
    r->ties[i] |= r->agencies[i].has_keeper ? SCOPE_KEEPER : 0;
  if (a == AUDIENCE_RESTRICTED)
    return e;
  if (a == AUDIENCE_NAMED && e == OK)
    return add_witnesses(r, first);
  if (e == OK)
    e = add_involved(r, first);
  if (e == OK)
    e = add_invited(r, first);
  if (e == OK && bytes_equal_str(first->kind, "staff.bar") && entry_ref(first, "person"))
    e = add_ties(r, sql[AGENCY_OF_PERSON], entry_ref(first, "person"), SCOPE_BARRED, r->ties);
  return e;
}

/* An entry, and the one that began its object: the same one, where it is its own. */
struct loaded {
  struct header *headers[2];
  const struct entry *entry, *first;
};

static enum err load(struct store *s, uint64_t number, struct loaded *l) {
  *l = (struct loaded){0};
  enum err e = store_header(s, number, &l->headers[0]);
  if (e == OK && l->headers[0]->has_object)
    e = store_header_of(s, &l->headers[0]->object, &l->headers[1]);
  if (e != OK)
    return e;
  l->entry = &l->headers[0]->entry;
  l->first = l->headers[1] ? &l->headers[1]->entry : l->entry;
  return OK;
}

static void unload(struct loaded *l) {
  for (int i = 0; i < 2; i++)
    header_free(l->headers[i]);
}

static enum err find_goes(struct reach *r, const struct entry *first, const struct entry *entry, const bool **out) {
  enum err e = find_ties(r, first, entry);
  for (size_t i = 0; e == OK && i < r->count; i++)
    r->goes[i] = scope_goes_to(first->audience, r->ties[i]);
  if (e == OK)
    *out = r->goes;
  return e;
}

enum err reach_goes_to(struct reach *r, uint64_t number, const bool **out) {
  struct loaded l;
  enum err e = load(r->s, number, &l);
  if (e == OK)
    e = find_goes(r, l.first, l.entry, out);
  unload(&l);
  return e;
}

static bool is_own_object(const struct entry *e) {
  const struct kind *k = kind_find(e->kind);
  return k && store_object_of(k, e) == NULL;
}

enum err reach_goes_to_of(struct reach *r, const struct entry *e, uint64_t number, const bool **out) {
  return is_own_object(e) ? find_goes(r, e, e, out) : reach_goes_to(r, number, out);
}

enum err reach_meeting_of(struct store *s, const struct entry *e, uint64_t number, struct hash *out) {
  return is_own_object(e) ? meeting_of(s, e, out) : reach_meeting(s, number, out);
}

enum err reach_meeting(struct store *s, uint64_t number, struct hash *out) {
  struct loaded l;
  enum err e = load(s, number, &l);
  if (e == OK)
    e = meeting_of(s, l.first, out);
  unload(&l);
  return e;
}
