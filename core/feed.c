#include "core/feed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/child.h"
#include "core/parts.h"
#include "core/reach.h"
#include "core/store_parts.h"

enum {
  END,
  AT,
  AFTER,
  NEWEST,
  ADD,
  AGENCY,
  KNOWN,
  HOLDS,
  HOLD,
  DROP,
  KIND_AND_HEADER,
  PUT_MEETING,
  OF_CHILD,
  OF_MEETING,
  CHILDREN_OF_MEETING,
  FAMILY_OF_MEETING,
  OF_KINDS,
  HOLDS_OF_ACT,
  ACT_OF,
  CHANGED,
  CHANGES,
  FORGET_CHANGES,
  RESTART,
  PASS,
  WITHHELD,
  FORGET,
  DROP_CONTENT,
  DROP_WORDS,
  OBJECT_OF,
  OF_OBJECT,
  NUMBER_OF,
  HOLDERS,
  RECEIPT_DUE,
  GROUNDLESS,
  HAS_GROUND,
  IS_OF_AGENCY,
  HEADER_OF,
};

#define ABOUT_CHILD "SELECT number FROM entry_child WHERE child IN " SAME_CHILDREN("?1")

static const char *const sql[] = {
    [END] = "SELECT place, digest FROM feed WHERE agency = ?1 ORDER BY place DESC LIMIT 1",
    [AT] = "SELECT place, digest FROM feed WHERE agency = ?1 AND place = ?2",
    [AFTER] = "SELECT place, op, number FROM feed WHERE agency = ?1 AND place > ?2 ORDER BY place LIMIT ?3",
    [NEWEST] = "SELECT place, op, number FROM feed WHERE agency = ?1 AND number = ?2 ORDER BY place DESC LIMIT 1",
    [ADD] = "INSERT INTO feed(agency, place, op, number, digest) VALUES(?1, ?2, ?3, ?4, ?5)",
    [AGENCY] = "SELECT number FROM agency WHERE object = ?1",
    [KNOWN] = "SELECT 1 FROM feed f JOIN agency a ON a.number = f.agency WHERE a.object = ?1 AND f.number = ?2 LIMIT 1",
    [HOLDS] = "SELECT 1 FROM holding WHERE number = ?1 AND agency = ?2",
    [HOLD] = "INSERT INTO holding(number, agency) VALUES(?1, ?2)",
    [DROP] = "DELETE FROM holding WHERE number = ?1 AND agency = ?2",
    [KIND_AND_HEADER] = "SELECT kind, header FROM entry WHERE number = ?1",
    [PUT_MEETING] = "INSERT OR IGNORE INTO entry_meeting(meeting, number) VALUES(?1, ?2)",
    [OF_CHILD] = "SELECT number FROM entry WHERE id IN " SAME_CHILDREN(
        "?1") " UNION " ABOUT_CHILD
              " UNION SELECT number FROM entry WHERE object IN " SAME_CHILDREN(
                  "?1") " UNION SELECT number FROM entry WHERE object IN (SELECT id FROM entry WHERE number IN "
                        "(" ABOUT_CHILD ")) ORDER BY 1",
    [OF_MEETING] = "SELECT number FROM entry_meeting WHERE meeting = ?1 ORDER BY number",
    [CHILDREN_OF_MEETING] = "SELECT DISTINCT c.child FROM meeting m JOIN entry_child c ON c.number = m.number "
                            "WHERE m.object = ?1",
    [FAMILY_OF_MEETING] = "WITH f(id) AS (SELECT family FROM meeting_invitation WHERE meeting = ?1 "
                          "UNION SELECT family FROM attendance WHERE meeting = ?1) "
                          "SELECT number FROM entry WHERE id IN (SELECT id FROM f) OR object IN (SELECT id FROM f)",
    /* All of them: only when an agency comes or the keeper says who consults the register. */
    [OF_KINDS] = "SELECT number, kind FROM entry WHERE number < ?1 ORDER BY number",
    [HOLDS_OF_ACT] = "SELECT entry FROM hold WHERE act = ?1 UNION SELECT e.number FROM hold h "
                     "JOIN entry e ON e.object = h.object WHERE h.act = ?1",
    [ACT_OF] = "SELECT id FROM act WHERE first = ?1",
    [CHANGED] = "INSERT INTO feed_change(cause, agency, delivered, withdrawn) VALUES(?1, ?2, ?3, ?4) "
                "ON CONFLICT DO UPDATE SET delivered = delivered + ?3, withdrawn = withdrawn + ?4",
    [CHANGES] = "SELECT agency, cause, delivered, withdrawn FROM feed_change ORDER BY cause, agency",
    [FORGET_CHANGES] = "DELETE FROM feed_change",
    [RESTART] = "DELETE FROM feed WHERE agency = 0",
    [PASS] = "INSERT OR IGNORE INTO forgotten(number, why) VALUES(?1, 'withdrawn')",
    [WITHHELD] = "SELECT g.number FROM forgotten g WHERE g.why = 'withdrawn' AND (SELECT f.op FROM feed f "
                 "WHERE f.agency = 0 AND f.number = g.number ORDER BY f.place DESC LIMIT 1) = 1 LIMIT 1",
    [FORGET] = "INSERT INTO forgotten(number, why) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET why = ?2 "
               "WHERE why = 'withdrawn'",
    /* Why an act of this machine was refused may name what goes now; the rule says it without names. */
    [DROP_WORDS] = "UPDATE outbox SET words = 'what it named is not here any more; cairn rules says what ' "
                   "|| coalesce(rule, 'it') || ' asks for' WHERE rule LIKE '_-%' AND state IN ('refused', 'held')",
    [DROP_CONTENT] = "DELETE FROM content WHERE number = ?1",
    [OF_OBJECT] = "SELECT number FROM entry WHERE id = ?1 OR object = ?1",
    [NUMBER_OF] = "SELECT number FROM entry WHERE id = ?1",
    [HOLDERS] = "SELECT agency FROM holding WHERE number = ?1 ORDER BY agency",
    [RECEIPT_DUE] = "SELECT 1 WHERE (SELECT max(place) FROM feed WHERE agency = ?1 AND op IN (2, 3) AND place <= ?3) > "
                    "coalesce((SELECT max(place) FROM feed_receipt WHERE replica = ?2), 0)",
    [HAS_GROUND] = "SELECT 1 FROM erasure e JOIN entry t ON t.id = e.entry WHERE t.number = ?1 LIMIT 1",
    [IS_OF_AGENCY] = "SELECT 1 FROM person_key k JOIN person p ON p.object = k.person "
                     "WHERE k.sign_id = ?1 AND p.agency = ?2 LIMIT 1",
    [GROUNDLESS] = "SELECT 1 FROM forgotten f JOIN entry t ON t.number = f.number WHERE f.why = 'erased' "
                   "AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.entry = t.id) "
                   "AND (SELECT o.op FROM feed o WHERE o.agency = 0 AND o.number = f.number "
                   "ORDER BY o.place DESC LIMIT 1) <> 2 LIMIT 1",
    [HEADER_OF] = "SELECT header FROM entry WHERE id = ?1",
    [OBJECT_OF] = "SELECT coalesce(object, id) FROM entry WHERE number = ?1",
};

const char *const *feed_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

struct hash feed_digest(const struct hash *before, enum feed_op op, uint64_t number) {
  struct buf b = {0};
  buf_add_str(&b, "cairn feed 1\n");
  buf_add(&b, hash_bytes(before));
  buf_u8(&b, (uint8_t)op);
  buf_u64(&b, number);
  struct hash digest = hash_of(buf_bytes(&b));
  buf_release(&b);
  return digest;
}

static void format_receipt(struct buf *b, const struct feed_receipt *r) {
  struct hash_hex ledger = hash_hex(&r->ledger), digest = hash_hex(&r->end.digest);
  buf_addf(b, "cairn receipt 1\nledger %s\nplace %" PRIu64 "\ndigest %s\n", ledger.s, r->end.place, digest.s);
}

enum err feed_receipt_sign(const struct feed_receipt *r, const struct key *replica, struct buf *signature_out) {
  struct buf text = {0};
  format_receipt(&text, r);
  enum err e = key_sign(replica, buf_bytes(&text), signature_out);
  buf_release(&text);
  return e;
}

enum err feed_receipt_verify(const struct feed_receipt *r, const struct key *replica, struct bytes signature) {
  struct buf text = {0};
  format_receipt(&text, r);
  enum err e = key_verify(replica, buf_bytes(&text), signature);
  buf_release(&text);
  return e;
}

/* ---- the lists ---- */

static enum err read_end(struct query *q, struct feed_end *out) {
  bool found = query_row(q);
  if (found)
    *out = (struct feed_end){(uint64_t)query_get_int(q, 0), hash_from(query_get(q, 1))};
  enum err e = query_end(q);
  return e == OK && !found ? err_set(ERR_ABSENT, "the feed has no such place") : e;
}

enum err feed_end(struct store *s, uint64_t agency, struct feed_end *out) {
  struct query q;
  *out = (struct feed_end){0};
  query_start(&q, s->db, sql[END]);
  query_int(&q, 1, (int64_t)agency);
  enum err e = read_end(&q, out);
  return e == ERR_ABSENT ? OK : e;
}

enum err feed_at(struct store *s, uint64_t agency, uint64_t place, struct feed_end *out) {
  struct query q;
  *out = (struct feed_end){0};
  if (place == 0)
    return OK;
  query_start(&q, s->db, sql[AT]);
  query_int(&q, 1, (int64_t)agency);
  query_int(&q, 2, (int64_t)place);
  return read_end(&q, out);
}

static struct feed_event event_of(const struct query *q) {
  return (struct feed_event){(uint64_t)query_get_int(q, 0), (enum feed_op)query_get_int(q, 1),
                             (uint64_t)query_get_int(q, 2)};
}

enum err feed_after(struct store *s, uint64_t agency, uint64_t place, struct feed_event *out, size_t max,
                    size_t *count_out) {
  struct query q;
  size_t count = 0;
  query_start(&q, s->db, sql[AFTER]);
  query_int(&q, 1, (int64_t)agency);
  query_int(&q, 2, (int64_t)place);
  query_int(&q, 3, (int64_t)max);
  while (count < max && query_row(&q))
    out[count++] = event_of(&q);
  *count_out = count;
  return query_end(&q);
}

enum err feed_newest(struct store *s, uint64_t agency, uint64_t number, struct feed_event *out) {
  struct query q;
  *out = (struct feed_event){0};
  query_start(&q, s->db, sql[NEWEST]);
  query_int(&q, 1, (int64_t)agency);
  query_int(&q, 2, (int64_t)number);
  if (query_row(&q))
    *out = event_of(&q);
  return query_end(&q);
}

enum err feed_of_agency(struct store *s, const struct hash *agency, uint64_t *number_out) {
  struct query q;
  query_start(&q, s->db, sql[AGENCY]);
  query_blob(&q, 1, hash_bytes(agency));
  bool found = query_row(&q);
  if (found)
    *number_out = (uint64_t)query_get_int(&q, 0);
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no such agency here") : e;
}

enum err feed_holds(struct store *s, uint64_t agency, uint64_t number, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[HOLDS]);
  query_int(&q, 1, (int64_t)number);
  query_int(&q, 2, (int64_t)agency);
  *out = query_row(&q);
  return query_end(&q);
}

enum err feed_is_held(struct store *s, const struct hash *agency, uint64_t number, bool *out) {
  uint64_t feed;
  enum err e = feed_of_agency(s, agency, &feed);
  return e == OK ? feed_holds(s, feed, number, out) : e;
}

enum err feed_has_known(struct store *s, const struct hash *agency, uint64_t number, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[KNOWN]);
  query_blob(&q, 1, hash_bytes(agency));
  query_int(&q, 2, (int64_t)number);
  *out = query_row(&q);
  return query_end(&q);
}

static enum err add(struct store *s, uint64_t agency, enum feed_op op, uint64_t number) {
  struct feed_end end;
  struct query q;
  enum err e = feed_end(s, agency, &end);
  if (e != OK)
    return e;
  struct hash digest = feed_digest(&end.digest, op, number);
  query_start(&q, s->db, sql[ADD]);
  query_int(&q, 1, (int64_t)agency);
  query_int(&q, 2, (int64_t)end.place + 1);
  query_int(&q, 3, op);
  query_int(&q, 4, (int64_t)number);
  query_blob(&q, 5, hash_bytes(&digest));
  return query_run(&q);
}

/* ---- what an act moves ---- */

/* An entry to look at, and because of which one. */
struct look {
  uint64_t number, cause;
};

struct following {
  struct store *s;
  uint64_t first, last; /* the act's numbers */
  uint64_t cause;       /* the entry of the act because of which earlier ones are looked at; 0: none is told */
  struct buf looks;     /* struct look each */
  struct buf erased;    /* the same: those whose content goes */
  struct buf seen;      /* hash after hash: children and meetings that were looked at */
};

static void look_at(struct following *f, uint64_t number) {
  const struct look look = {number, f->cause};
  buf_add(&f->looks, bytes_of(&look, sizeof look));
}

static enum err look_at_all(struct following *f, const char *statement, struct bytes of, bool is_text) {
  struct query q;
  query_start(&q, f->s->db, statement);
  if (is_text)
    query_text(&q, 1, of);
  else
    query_blob(&q, 1, of);
  while (query_row(&q))
    look_at(f, (uint64_t)query_get_int(&q, 0));
  return query_end(&q);
}

static bool is_seen(struct following *f, const struct hash *id) {
  for (size_t i = 0; i < f->seen.len; i += HASH_SIZE)
    if (memcmp(f->seen.at + i, id->at, HASH_SIZE) == 0)
      return true;
  buf_add(&f->seen, hash_bytes(id));
  return false;
}

static enum err look_at_child(struct following *f, const struct hash *child) {
  return is_seen(f, child) ? OK : look_at_all(f, sql[OF_CHILD], hash_bytes(child), false);
}

static enum err look_at_meeting(struct following *f, const struct hash *meeting) {
  struct query q;
  if (is_seen(f, meeting))
    return OK;
  enum err e = look_at_all(f, sql[OF_MEETING], hash_bytes(meeting), false);
  if (e == OK)
    e = look_at_all(f, sql[FAMILY_OF_MEETING], hash_bytes(meeting), false);
  query_start(&q, f->s->db, sql[CHILDREN_OF_MEETING]);
  query_blob(&q, 1, hash_bytes(meeting));
  while (e == OK && query_row(&q)) {
    const struct hash child = hash_from(query_get(&q, 0));
    e = look_at_child(f, &child);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* What is for the keeper goes to whoever is. */
static enum err look_at_keepers(struct following *f) {
  struct query q;
  query_start(&q, f->s->db, sql[OF_KINDS]);
  query_int(&q, 1, (int64_t)f->first);
  while (query_row(&q)) {
    const struct kind *k = kind_find(query_get(&q, 1));
    if (k && k->is_for_keeper)
      look_at(f, (uint64_t)query_get_int(&q, 0));
  }
  return query_end(&q);
}

/* Entries of the kinds that a new agency receives, or that those receive who consult the register; voided ones have the
 * audience of what they void. */
static enum err look_at_audience(struct following *f, bool has_directory, bool has_all) {
  struct query q;
  query_start(&q, f->s->db, sql[OF_KINDS]);
  query_int(&q, 1, (int64_t)f->first);
  while (query_row(&q)) {
    const struct kind *k = kind_find(query_get(&q, 1));
    if (k && (has_all || k->is_about_entry || k->audience == AUDIENCE_REGISTER ||
              (has_directory && (k->audience == AUDIENCE_DIRECTORY || k->is_witnessed))))
      look_at(f, (uint64_t)query_get_int(&q, 0));
  }
  return query_end(&q);
}

/* Who is named for a meeting becomes a part of what belongs to it. */
static enum err look_at_named(struct following *f, const struct entry *e) {
  enum err err = OK;
  for (size_t i = 0; err == OK && i < e->ref_count; i++)
    err = look_at_all(f, sql[OF_OBJECT], hash_bytes(&e->refs[i].id), false);
  return err;
}

/* And what is voided names no more whom it named. */
static enum err look_at_voided(struct following *f, const struct hash *voided) {
  struct entry *e = mem_alloc(sizeof *e);
  struct buf header = {0};
  struct query q;
  query_start(&q, f->s->db, sql[HEADER_OF]);
  query_blob(&q, 1, hash_bytes(voided));
  if (query_row(&q))
    buf_add(&header, query_get(&q, 0));
  enum err err = query_end(&q);
  if (err == OK)
    err = entry_decode(buf_bytes(&header), e);
  if (err == OK)
    err = look_at_named(f, e);
  free(e);
  buf_release(&header);
  return err;
}

/* What one entry may have changed for those before it. */
static enum err look_at_moved(struct following *f, const struct kind *k, const struct entry *e, uint64_t number) {
  struct hash meeting = {{0}};
  enum err err = OK;
  if (bytes_equal_str(e->kind, "agency.add"))
    return look_at_audience(f, true, bytes_equal_str(entry_fact(e, "type"), "social-work"));
  struct bytes role = entry_fact(e, "role"); /* role.take has none: it names the entry that gave it */
  if ((k->is_grant && (role.len == 0 || bytes_equal_str(role, role_word(ROLE_KEEPER)))) ||
      bytes_equal_str(e->kind, "person.revoke"))
    return look_at_keepers(f);
  if (bytes_equal_str(e->kind, "register.entitle"))
    return look_at_audience(f, false, false);
  if (!k->moves_scope && !k->is_about_entry)
    return OK;
  for (size_t i = 0; err == OK && i < e->child_count; i++)
    err = look_at_child(f, &e->children[i]);
  if (err == OK)
    err = k->is_about_entry ? look_at_voided(f, entry_ref(e, k->object)) : look_at_named(f, e);
  if (err == OK)
    err = reach_meeting(f->s, number, &meeting);
  return err == OK && !hash_is_zero(&meeting) ? look_at_meeting(f, &meeting) : err;
}

/* The holds that led to this act: whoever receives it must see that it was let through. */
static enum err look_at_holds(struct following *f) {
  struct query q;
  struct hash act = {{0}};
  query_start(&q, f->s->db, sql[ACT_OF]);
  query_int(&q, 1, (int64_t)f->first);
  if (query_row(&q))
    act = hash_from(query_get(&q, 0));
  enum err e = query_end(&q);
  struct hash_hex hex = hash_hex(&act);
  return e == OK ? look_at_all(f, sql[HOLDS_OF_ACT], bytes_str(hex.s), true) : e;
}

static enum err note_meeting(struct following *f, uint64_t number) {
  struct hash meeting;
  struct query q;
  enum err e = reach_meeting(f->s, number, &meeting);
  if (e != OK || hash_is_zero(&meeting))
    return e;
  query_start(&q, f->s->db, sql[PUT_MEETING]);
  query_blob(&q, 1, hash_bytes(&meeting));
  query_int(&q, 2, (int64_t)number);
  return query_run(&q);
}

static enum err find_number(struct store *s, const struct hash *id, uint64_t *out) {
  struct query q;
  query_start(&q, s->db, sql[NUMBER_OF]);
  query_blob(&q, 1, hash_bytes(id));
  bool found = query_row(&q);
  if (found)
    *out = (uint64_t)query_get_int(&q, 0);
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no such entry here") : e;
}

static enum err note_erased(struct following *f, const struct entry *e) {
  struct look look = {.cause = f->cause};
  enum err err = find_number(f->s, entry_ref(e, "entry"), &look.number);
  buf_add(&f->erased, bytes_of(&look, err == OK ? sizeof look : 0));
  return err;
}

static enum err look_at_entry(struct following *f, uint64_t number) {
  struct entry *entry = mem_alloc(sizeof *entry);
  struct buf header = {0};
  struct query q;
  query_start(&q, f->s->db, sql[KIND_AND_HEADER]);
  query_int(&q, 1, (int64_t)number);
  if (query_row(&q))
    buf_add(&header, query_get(&q, 1));
  enum err e = query_end(&q);
  if (e == OK)
    e = entry_decode(buf_bytes(&header), entry);
  const struct kind *k = e == OK ? kind_find(entry->kind) : NULL;
  if (e == OK && k && k->audience != AUDIENCE_DIRECTORY)
    e = note_meeting(f, number);
  /* A new agency is sent what it is to have: nothing has changed for anybody. */
  f->cause = bytes_equal_str(entry->kind, "agency.add") ? 0 : number;
  if (e == OK && k)
    e = look_at_moved(f, k, entry, number);
  if (e == OK && k && k->is_erasure)
    e = note_erased(f, entry);
  look_at(f, number);
  free(entry);
  buf_release(&header);
  return e;
}

/* The file in which an entry stands: all about its children and its meeting. */
static enum err look_at_file(struct following *f, uint64_t number) {
  struct entry *entry = mem_alloc(sizeof *entry);
  struct buf header = {0};
  struct hash meeting = {{0}};
  struct query q;
  query_start(&q, f->s->db, sql[KIND_AND_HEADER]);
  query_int(&q, 1, (int64_t)number);
  if (query_row(&q))
    buf_add(&header, query_get(&q, 1));
  enum err e = query_end(&q);
  if (e == OK)
    e = entry_decode(buf_bytes(&header), entry);
  for (size_t i = 0; e == OK && i < entry->child_count; i++)
    e = look_at_child(f, &entry->children[i]);
  if (e == OK && entry->audience != AUDIENCE_DIRECTORY)
    e = reach_meeting(f->s, number, &meeting);
  if (e == OK && !hash_is_zero(&meeting))
    e = look_at_meeting(f, &meeting);
  free(entry);
  buf_release(&header);
  return e;
}

static int compare_looks(const void *a, const void *b) {
  struct look x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return x.number != y.number ? (x.number > y.number) - (x.number < y.number)
                              : (x.cause > y.cause) - (x.cause < y.cause);
}

static enum err hold_or_drop(struct store *s, uint64_t number, uint64_t agency, bool goes) {
  struct query q;
  query_start(&q, s->db, sql[goes ? HOLD : DROP]);
  query_int(&q, 1, (int64_t)number);
  query_int(&q, 2, (int64_t)agency);
  return query_run(&q);
}

static enum err note_change(struct following *f, const struct look *look, uint64_t agency, bool goes) {
  struct query q;
  if (look->cause == 0 || look->number >= f->first)
    return OK;
  query_start(&q, f->s->db, sql[CHANGED]);
  query_int(&q, 1, (int64_t)look->cause);
  query_int(&q, 2, (int64_t)agency);
  query_int(&q, 3, goes);
  query_int(&q, 4, !goes);
  return query_run(&q);
}

static enum err settle(struct following *f, struct reach *r, const struct look *look) {
  const uint64_t number = look->number;
  const bool *goes;
  enum err e = reach_goes_to(r, number, &goes);
  for (size_t i = 0; e == OK && i < reach_count(r); i++) {
    uint64_t agency = reach_agency(r, i);
    bool has = false;
    e = feed_holds(f->s, agency, number, &has);
    if (e != OK || has == goes[i])
      continue;
    e = add(f->s, agency, goes[i] ? FEED_DELIVER : FEED_WITHDRAW, number);
    if (e == OK)
      e = hold_or_drop(f->s, number, agency, goes[i]);
    if (e == OK)
      e = note_change(f, look, agency, goes[i]);
  }
  return e;
}

static enum err settle_all(struct following *f) {
  struct reach *r = NULL;
  struct look *looks = (struct look *)(void *)f->looks.at;
  size_t count = f->looks.len / sizeof *looks;
  qsort(looks, count, sizeof *looks, compare_looks);
  enum err e = reach_open(f->s, f->first, &r);
  for (size_t i = 0; e == OK && i < count; i++)
    if (i == 0 || looks[i].number != looks[i - 1].number)
      e = settle(f, r, &looks[i]);
  reach_close(r);
  return e;
}

/* Those who still are to hold an entry are told that there is no more to hold than its header. */
static enum err tell_erased(struct following *f, const struct look *look) {
  const uint64_t number = look->number;
  struct buf holders = {0};
  struct query q;
  query_start(&q, f->s->db, sql[HOLDERS]);
  query_int(&q, 1, (int64_t)number);
  while (query_row(&q)) {
    uint64_t agency = (uint64_t)query_get_int(&q, 0);
    buf_add(&holders, bytes_of(&agency, sizeof agency));
  }
  enum err e = query_end(&q);
  const uint64_t *agencies = (const uint64_t *)(const void *)holders.at;
  for (size_t i = 0; e == OK && i < holders.len / sizeof *agencies; i++) {
    e = add(f->s, agencies[i], FEED_ERASE, number);
    if (e == OK)
      e = note_change(f, look, agencies[i], false);
  }
  buf_release(&holders);
  return e;
}

static enum err tell_all_erased(struct following *f) {
  const struct look *looks = (const struct look *)(const void *)f->erased.at;
  enum err e = OK;
  for (size_t i = 0; e == OK && i < f->erased.len / sizeof *looks; i++)
    e = tell_erased(f, &looks[i]);
  return e;
}

enum err feed_erase(struct store *s, uint64_t erasure) {
  struct record r = {0};
  uint64_t number;
  enum err e = store_find_number(s, erasure, &r);
  if (e == OK)
    e = find_number(s, entry_ref(&r.entry, "entry"), &number);
  record_release(&r);
  return e == OK ? feed_forget(s, number, FEED_ERASE) : e;
}

enum err feed_follow(struct store *s, uint64_t first, uint64_t last) {
  struct following f = {.s = s, .first = first, .last = last};
  enum err e = look_at_holds(&f);
  for (uint64_t n = first; e == OK && n <= last; n++)
    e = look_at_entry(&f, n);
  if (e == OK)
    e = buf_err(&f.looks);
  if (e == OK)
    e = settle_all(&f);
  if (e == OK)
    e = tell_all_erased(&f);
  buf_release(&f.looks);
  buf_release(&f.seen);
  buf_release(&f.erased);
  return e;
}

enum err feed_is_receipt_due(struct store *s, uint64_t agency, const struct hash *machine, uint64_t place, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[RECEIPT_DUE]);
  query_int(&q, 1, (int64_t)agency);
  query_blob(&q, 2, hash_bytes(machine));
  query_int(&q, 3, (int64_t)place);
  *out = query_row(&q);
  return query_end(&q);
}

static enum err is_unknown(struct store *s, const struct hash *agency, uint64_t number, bool *out) {
  struct entry *entry = mem_alloc(sizeof *entry);
  struct buf header = {0};
  struct query q;
  bool is_known = false;
  query_start(&q, s->db, sql[KIND_AND_HEADER]);
  query_int(&q, 1, (int64_t)number);
  if (query_row(&q))
    buf_add(&header, query_get(&q, 1));
  enum err e = query_end(&q);
  if (e == OK)
    e = entry_decode(buf_bytes(&header), entry);
  if (e == OK)
    e = feed_has_known(s, agency, number, &is_known);
  *out = !is_known && kind_find(entry->kind) && entry->audience != AUDIENCE_NAMED &&
         entry->audience != AUDIENCE_RESTRICTED;
  free(entry);
  buf_release(&header);
  return e;
}

enum err feed_knows_all(struct store *s, const struct hash *agency, uint64_t first, uint64_t last, bool *out) {
  struct following f = {.s = s, .first = first, .last = last};
  enum err e = OK;
  bool is_missing = false;
  for (uint64_t n = first; e == OK && n <= last; n++)
    e = look_at_file(&f, n);
  if (e == OK)
    e = buf_err(&f.looks);
  const struct look *looks = (const struct look *)(const void *)f.looks.at;
  for (size_t i = 0; e == OK && !is_missing && i < f.looks.len / sizeof *looks; i++)
    if (looks[i].number < first)
      e = is_unknown(s, agency, looks[i].number, &is_missing);
  buf_release(&f.looks);
  buf_release(&f.seen);
  *out = !is_missing;
  return e;
}

enum err feed_each_change(struct store *s, void *of, enum err (*each)(void *of, const struct feed_change *c)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[CHANGES]);
  while (e == OK && query_row(&q)) {
    const struct feed_change c = {(uint64_t)query_get_int(&q, 0), (uint64_t)query_get_int(&q, 1),
                                  (uint64_t)query_get_int(&q, 2), (uint64_t)query_get_int(&q, 3)};
    e = each(of, &c);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

static enum err run(struct store *s, int statement) {
  struct query q;
  query_start(&q, s->db, sql[statement]);
  return query_run(&q);
}

enum err feed_forget_changes(struct store *s) {
  return run(s, FORGET_CHANGES);
}

/* ---- a replica ---- */

enum err feed_note(struct store *s, enum feed_op op, uint64_t number) {
  return add(s, FEED_OWN, op, number);
}

enum err feed_restart(struct store *s) {
  enum err e = run(s, RESTART);
  return e == OK ? store_meta_set_number(s, FEED_GOES_ON, 1) : e;
}

static const char needs_scrub[] = "needs-scrub";

static enum err has_row(struct query *q, bool *out) {
  *out = query_row(q);
  return query_end(q);
}

static enum err check_ground(struct store *s, uint64_t number) {
  struct query q;
  bool has = false;
  query_start(&q, s->db, sql[HAS_GROUND]);
  query_int(&q, 1, (int64_t)number);
  enum err e = has_row(&q, &has);
  return e == OK && !has
             ? err_set(ERR_PROOF, "the node's feed says that an entry was erased, and no entry of the ledger does")
             : e;
}

static enum err check_may_go(struct store *s, const struct entry *e, const struct hash *agency) {
  struct query q;
  bool is_own = false;
  query_start(&q, s->db, sql[IS_OF_AGENCY]);
  query_blob(&q, 1, hash_bytes(&e->by));
  query_blob(&q, 2, hash_bytes(agency));
  enum err err = has_row(&q, &is_own);
  return err == OK && (is_own || e->audience == AUDIENCE_DIRECTORY)
             ? err_set(ERR_PROOF,
                       "the node's feed takes back what is for everybody, or what people here wrote themselves")
             : err;
}

enum err feed_check_forget(struct store *s, uint64_t number, enum feed_op op, const struct hash *agency) {
  struct entry *entry = mem_alloc(sizeof *entry);
  struct buf header = {0};
  struct query q;
  query_start(&q, s->db, sql[KIND_AND_HEADER]);
  query_int(&q, 1, (int64_t)number);
  bool is_here = query_row(&q);
  buf_add(&header, is_here ? query_get(&q, 1) : bytes_of(NULL, 0));
  enum err e = query_end(&q);
  if (e == OK && is_here)
    e = op == FEED_ERASE ? check_ground(s, number) : entry_decode(buf_bytes(&header), entry);
  if (e == OK && is_here && op != FEED_ERASE)
    e = check_may_go(s, entry, agency);
  free(entry);
  buf_release(&header);
  return e;
}

enum err feed_forget(struct store *s, uint64_t number, enum feed_op op) {
  struct query q;
  struct hash object;
  query_start(&q, s->db, sql[OBJECT_OF]);
  query_int(&q, 1, (int64_t)number);
  bool found = query_row(&q);
  if (found)
    object = hash_from(query_get(&q, 0));
  enum err e = query_end(&q);
  if (e != OK || !found)
    return e;
  query_start(&q, s->db, sql[FORGET]);
  query_int(&q, 1, (int64_t)number);
  query_text(&q, 2, bytes_str(op == FEED_ERASE ? "erased" : "withdrawn"));
  e = query_run(&q);
  query_start(&q, s->db, sql[DROP_CONTENT]);
  query_int(&q, 1, (int64_t)number);
  enum err dropped = query_run(&q);
  if (e == OK)
    e = dropped;
  if (e == OK)
    e = run(s, DROP_WORDS);
  if (e == OK)
    e = view_replay(s, &object);
  return e == OK ? store_meta_set_number(s, needs_scrub, 1) : e;
}

enum err feed_forget_fetched(struct store *s) {
  const struct hash from_node = {{0}};
  bool is_any = false;
  enum err e = parts_drop_all(s, &from_node, &is_any);
  return e == OK && is_any ? store_meta_set_number(s, needs_scrub, 1) : e;
}

enum err feed_pass(struct store *s, uint64_t number) {
  struct query q;
  query_start(&q, s->db, sql[PASS]);
  query_int(&q, 1, (int64_t)number);
  return query_run(&q);
}

static enum err check_none(struct store *s, int statement, const char *words) {
  struct query q;
  query_start(&q, s->db, sql[statement]);
  bool is = query_row(&q);
  enum err e = query_end(&q);
  return e == OK && is ? err_set(ERR_PROOF, "%s", words) : e;
}

enum err feed_check_whole(struct store *s) {
  enum err e = check_none(s, WITHHELD, "the node's feed passes over an entry and does not take it back");
  return e == OK ? check_none(s, GROUNDLESS,
                              "the node's feed says that an entry was erased, and no entry of the ledger does")
                 : e;
}

bool feed_needs_scrub(struct store *s) {
  return store_meta_number(s, needs_scrub) != 0;
}

enum err feed_scrub(struct store *s) {
  enum err e = db_scrub(s->db);
  if (e == OK)
    e = store_begin(s);
  if (e == OK)
    e = store_meta_set_number(s, needs_scrub, 0);
  return e == OK ? store_commit(s) : e;
}
