/* On the node: what an act that entered the log moves in the feeds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/child.h"
#include "core/feed_parts.h"
#include "core/reach.h"
#include "core/store_parts.h"

enum {
  OF_CHILD,
  OF_MEETING,
  CHILDREN_OF_MEETING,
  FAMILY_OF_MEETING,
  OF_KINDS,
  HOLDS_OF_ACT,
  ACT_OF,
  OF_OBJECT,
  LETS_THROUGH,
  ERASES,
  PUT_MEETING,
  NUMBER_OF,
  HOLD,
  DROP,
  HOLDERS,
  CHANGED,
  CHANGES,
  FORGET_CHANGES,
};

#define ABOUT_CHILD "SELECT number FROM entry_child WHERE child IN " SAME_CHILDREN("?1")

static const char *const sql[] = {
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
    /* All of them: only when an agency or a keeper comes, or the keeper says who consults the register. */
    [OF_KINDS] = "SELECT number, kind FROM entry WHERE number < ?1 ORDER BY number",
    [HOLDS_OF_ACT] = "SELECT entry FROM hold WHERE act = ?1 UNION ALL SELECT e.number FROM hold h "
                     "JOIN entry e ON e.object = h.object WHERE h.act = ?1",
    [ACT_OF] = "SELECT id FROM act WHERE first = ?1",
    [OF_OBJECT] = "SELECT number FROM entry WHERE id = ?1 OR object = ?1",
    [LETS_THROUGH] = "SELECT 1 FROM hold WHERE state = 'released' LIMIT 1",
    [ERASES] = "SELECT lower(hex(a.id)) FROM entry e JOIN act a ON a.first = e.act "
               "WHERE e.number = ?1 AND e.kind = 'entry.erase'",
    [PUT_MEETING] = "INSERT OR IGNORE INTO entry_meeting(meeting, number) VALUES(?1, ?2)",
    [NUMBER_OF] = "SELECT number FROM entry WHERE id = ?1",
    [HOLD] = "INSERT INTO holding(number, agency) VALUES(?1, ?2)",
    [DROP] = "DELETE FROM holding WHERE number = ?1 AND agency = ?2",
    [HOLDERS] = "SELECT agency FROM holding WHERE number = ?1 ORDER BY agency",
    [CHANGED] = "INSERT INTO feed_change(cause, agency, delivered, withdrawn) VALUES(?1, ?2, ?3, ?4) "
                "ON CONFLICT DO UPDATE SET delivered = delivered + ?3, withdrawn = withdrawn + ?4",
    [CHANGES] = "SELECT agency, cause, delivered, withdrawn FROM feed_change ORDER BY cause, agency",
    [FORGET_CHANGES] = "DELETE FROM feed_change",
};

const char *const *feed_follow_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* An entry to look at, and because of which one. */
struct look {
  uint64_t number, cause;
};

struct following {
  struct store *s;
  uint64_t first;              /* the act's first number */
  const struct entry *entries; /* of the act */
  size_t count;
  bool is_new;       /* nobody holds any of the act yet */
  uint64_t cause;    /* the entry of the act because of which earlier ones are looked at; 0: none is told */
  struct buf looks;  /* struct look each */
  struct buf erased; /* the same: those whose content goes */
  struct buf seen;   /* hash after hash: children and meetings that were looked at */
  bool moves;        /* who is to hold what may be another after the act */
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
  struct header *h = NULL;
  enum err e = store_header_of(f->s, voided, &h);
  if (e == OK)
    e = look_at_named(f, &h->entry);
  header_free(h);
  return e;
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

static enum err was_any_let_through(struct store *s, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[LETS_THROUGH]);
  *out = query_row(&q);
  return query_end(&q);
}

static enum err look_at_holds_of(struct following *f, const struct look *look) {
  struct query q;
  struct hash_hex act = {{0}};
  query_start(&q, f->s->db, sql[ERASES]);
  query_int(&q, 1, (int64_t)look->number);
  bool erases = query_row(&q);
  if (erases)
    snprintf(act.s, sizeof act.s, "%.*s", (int)query_get(&q, 0).len, (const char *)query_get(&q, 0).at);
  enum err e = query_end(&q);
  f->cause = look->cause;
  return e == OK && erases ? look_at_all(f, sql[HOLDS_OF_ACT], bytes_str(act.s), true) : e;
}

/* Whoever comes to receive an erasure, or not any more, does so with the holds that led to it. */
static enum err look_at_holds_of_erasures(struct following *f) {
  const size_t end = f->looks.len;
  bool is_any = false;
  enum err e = f->moves ? was_any_let_through(f->s, &is_any) : OK;
  for (size_t at = 0; is_any && e == OK && at < end; at += sizeof(struct look)) {
    struct look look;
    memcpy(&look, f->looks.at + at, sizeof look);
    e = look_at_holds_of(f, &look);
  }
  return e;
}

static enum err note_meeting(struct following *f, const struct entry *entry, uint64_t number) {
  struct hash meeting;
  struct query q;
  enum err e = reach_meeting_of(f->s, entry, number, &meeting);
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

/* Everything but what is only recorded in a child's or a meeting's file: look_at_moved looks at nothing for that. */
static bool may_move(const struct kind *k) {
  bool is_of_file = k && (k->audience == AUDIENCE_CASE || k->audience == AUDIENCE_PROFESSIONALS);
  return !is_of_file || k->moves_scope || k->is_grant || k->is_about_entry || k->is_erasure;
}

static enum err look_at_entry(struct following *f, const struct entry *entry, uint64_t number) {
  enum err e = OK;
  const struct kind *k = kind_find(entry->kind);
  f->moves = f->moves || may_move(k);
  if (k && k->audience != AUDIENCE_DIRECTORY)
    e = note_meeting(f, entry, number);
  /* A new agency is sent what it is to have: nothing has changed for anybody. */
  f->cause = bytes_equal_str(entry->kind, "agency.add") ? 0 : number;
  if (e == OK && k)
    e = look_at_moved(f, k, entry, number);
  if (e == OK && k && k->is_erasure)
    e = note_erased(f, entry);
  look_at(f, number);
  return e;
}

/* The file in which an entry stands: all about its children and its meeting. */
static enum err look_at_file(struct following *f, uint64_t number) {
  struct header *h = NULL;
  struct hash meeting = {{0}};
  enum err e = store_header(f->s, number, &h);
  for (size_t i = 0; e == OK && i < h->entry.child_count; i++)
    e = look_at_child(f, &h->entry.children[i]);
  if (e == OK && h->entry.audience != AUDIENCE_DIRECTORY)
    e = reach_meeting(f->s, number, &meeting);
  if (e == OK && !hash_is_zero(&meeting))
    e = look_at_meeting(f, &meeting);
  header_free(h);
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
  bool is_of_act = number >= f->first && number - f->first < f->count;
  enum err e =
      is_of_act ? reach_goes_to_of(r, &f->entries[number - f->first], number, &goes) : reach_goes_to(r, number, &goes);
  for (size_t i = 0; e == OK && i < reach_count(r); i++) {
    uint64_t agency = reach_agency(r, i);
    bool has = false;
    if (!f->is_new || !is_of_act)
      e = feed_holds(f->s, agency, number, &has);
    if (e != OK || has == goes[i])
      continue;
    e = feed_add(f->s, agency, goes[i] ? FEED_DELIVER : FEED_WITHDRAW, number);
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
  if (f->moves)
    reach_forget(f->s);
  enum err e = reach_open(f->s, f->first, &r);
  for (size_t i = 0; e == OK && i < count; i++)
    if (i == 0 || looks[i].number != looks[i - 1].number)
      e = settle(f, r, &looks[i]);
  if (f->moves)
    reach_forget(f->s);
  return e;
}

static enum err find_holders(struct store *s, uint64_t number, struct buf *out) {
  struct query q;
  query_start(&q, s->db, sql[HOLDERS]);
  query_int(&q, 1, (int64_t)number);
  while (query_row(&q)) {
    uint64_t agency = (uint64_t)query_get_int(&q, 0);
    buf_add(out, bytes_of(&agency, sizeof agency));
  }
  return query_end(&q);
}

enum err feed_deliver_again(struct store *s, uint64_t number) {
  struct buf holders = {0};
  enum err e = find_holders(s, number, &holders);
  const uint64_t *agencies = (const uint64_t *)(const void *)holders.at;
  for (size_t i = 0; e == OK && i < holders.len / sizeof *agencies; i++)
    e = feed_add(s, agencies[i], FEED_DELIVER, number);
  buf_release(&holders);
  return e;
}

/* Those who still are to hold an entry are told that there is no more to hold than its header. */
static enum err tell_erased(struct following *f, const struct look *look) {
  const uint64_t number = look->number;
  struct buf holders = {0};
  enum err e = find_holders(f->s, number, &holders);
  const uint64_t *agencies = (const uint64_t *)(const void *)holders.at;
  for (size_t i = 0; e == OK && i < holders.len / sizeof *agencies; i++) {
    e = feed_add(f->s, agencies[i], FEED_ERASE, number);
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
  struct header *h = NULL;
  uint64_t number;
  enum err e = store_header(s, erasure, &h);
  if (e == OK)
    e = find_number(s, entry_ref(&h->entry, "entry"), &number);
  header_free(h);
  return e == OK ? feed_forget(s, number, FEED_ERASE) : e;
}

enum err feed_follow(struct store *s, const struct feed_act *a) {
  struct following f = {.s = s, .first = a->first, .entries = a->entries, .count = a->count, .is_new = a->is_new};
  enum err e = a->was_never_held ? OK : look_at_holds(&f);
  for (size_t i = 0; e == OK && i < a->count; i++)
    e = look_at_entry(&f, &a->entries[i], a->first + i);
  if (e == OK)
    e = look_at_holds_of_erasures(&f);
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

static enum err is_unknown(struct store *s, const struct hash *agency, uint64_t number, bool *out) {
  struct header *h = NULL;
  bool is_known = false;
  enum err e = store_header(s, number, &h);
  if (e == OK)
    e = feed_has_known(s, agency, number, &is_known);
  *out = e == OK && !is_known && kind_find(h->entry.kind) && !scope_is_for_named(h->entry.audience);
  header_free(h);
  return e;
}

enum err feed_knows_all(struct store *s, const struct hash *agency, uint64_t first, uint64_t last, bool *out) {
  struct following f = {.s = s, .first = first};
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

enum err feed_forget_changes(struct store *s) {
  struct query q;
  query_start(&q, s->db, sql[FORGET_CHANGES]);
  return query_run(&q);
}
