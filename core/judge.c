/* What can be wrong with an act that is an act: each check asks the domain's tables and the store. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/accept_parts.h"
#include "core/feed.h"
#include "core/profile.h"
#include "core/rule.h"
#include "core/seal.h"
#include "core/second.h"
#include "core/staff.h"

enum { HEADER_OF, ADMITTED_BEFORE, VALID_AT, RELEASED, REJECTED };

static const char *const sql[] = {
    [HEADER_OF] = "SELECT header, number FROM entry WHERE id = ?1",
    [REJECTED] = "SELECT 1 FROM hold WHERE act = ?1 AND state = 'rejected' LIMIT 1",
    [ADMITTED_BEFORE] = "SELECT admitted FROM act WHERE first < ?1 ORDER BY first DESC LIMIT 1",
    [VALID_AT] = "SELECT 1 FROM certificate WHERE key = ?1 AND number < ?2 AND from_s <= ?3 AND until_s >= ?3 LIMIT 1",
    [RELEASED] = "SELECT h.rule, h.entry, (SELECT a.admitted FROM entry he JOIN act a ON a.first = he.act "
                 "WHERE he.number = h.entry) FROM hold h JOIN entry e ON e.object = h.object "
                 "WHERE h.act = ?1 AND e.kind = 'held.release' AND e.number = (SELECT min(o.number) FROM entry o "
                 "WHERE o.object = h.object AND o.number < ?2) ORDER BY h.rule = '" SECOND_RULE "' LIMIT 1",
};

const char *const *judge_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err judge_kinds(struct door *d) {
  char words[256];
  for (size_t i = 0; i < d->in->count; i++) {
    const struct entry *e = &d->entries[i];
    if (d->kinds[i] == NULL) {
      snprintf(words, sizeof words, "the kind \"%.*s\" is not known here yet", (int)e->kind.len,
               (const char *)e->kind.at);
      return door_give(d, VERDICT_LATER, "kind", words,
                       "it is sent again by itself; upgrade the program that does not know it");
    }
    enum err err = kind_check(d->kinds[i], e, d->contents[i]);
    if (err != OK) {
      snprintf(words, sizeof words, "%s: %s", d->kinds[i]->name, err_words(err));
      return door_give(d, VERDICT_REFUSED, "fields", words, "record it again with the right fields");
    }
  }
  return OK;
}

/* A restricted entry stands with nothing that goes to others than people by name, and its envelope is for exactly those
 * whom the header names. */
enum err judge_sealed(struct door *d) {
  bool is_any = false;
  for (size_t i = 0; i < d->in->count; i++)
    is_any = is_any || d->entries[i].audience == AUDIENCE_RESTRICTED;
  for (size_t i = 0; is_any && i < d->in->count; i++) {
    const struct entry *e = &d->entries[i];
    if (e->audience != AUDIENCE_RESTRICTED && e->audience != AUDIENCE_NAMED)
      return door_give(d, VERDICT_REFUSED, "restricted", "restricted information stands in one act with what is not",
                       "record each in an act of its own");
    enum err err = e->audience == AUDIENCE_RESTRICTED ? seal_check(d->in->entries[i].content, e) : OK;
    if (err != OK)
      return door_give(d, VERDICT_REFUSED, "sealed", err_words(err),
                       "what was sealed was changed on its way or made by a faulty program: record it again, and tell "
                       "the administrator");
  }
  return OK;
}

/* An entry that another one names: it stands before entry `before` of this act, or in the store. */
struct named {
  bool is_found;
  struct buf header;
  struct entry entry;
};

static bool find_in_act(struct door *d, size_t before, const struct hash *id, struct named *out) {
  for (size_t i = 0; i < before && !out->is_found; i++)
    if (hash_equal(&d->entries[i].id, id)) {
      out->is_found = true;
      buf_add(&out->header, d->entries[i].header);
    }
  return out->is_found;
}

static enum err find_in_store(struct door *d, const struct hash *id, struct named *out, uint64_t *number_out) {
  struct query q;
  query_start(&q, d->s->db, sql[HEADER_OF]);
  query_blob(&q, 1, hash_bytes(id));
  out->is_found = query_row(&q);
  if (out->is_found) {
    buf_add(&out->header, query_get(&q, 0));
    *number_out = (uint64_t)query_get_int(&q, 1);
  }
  return query_end(&q);
}

/* What decides who sees what names what the agency is to hold now: nobody gets back by themselves what was taken back.
 */
static enum err is_to_be_named(struct door *d, uint64_t number, bool *out) {
  bool moves_scope = false;
  for (size_t i = 0; i < d->in->count; i++)
    moves_scope = moves_scope || (d->kinds[i] && (d->kinds[i]->moves_scope || d->kinds[i]->is_about_entry));
  return moves_scope ? feed_is_held(d->s, &d->author.agency, number, out)
                     : feed_has_known(d->s, &d->author.agency, number, out);
}

/* For whoever sent the act, what their agency was never sent does not exist, whatever its id: hidden and absent are the
 * same. What it was sent once it may name also when it arrives late. */
static enum err find_named(struct door *d, size_t before, const struct hash *id, struct named *out) {
  uint64_t number = 0;
  bool is_known = true;
  enum err e = find_in_act(d, before, id, out) ? OK : find_in_store(d, id, out, &number);
  if (e == OK && number && d->in->how == ACCEPT_ADMIT && !d->author.is_node)
    e = is_to_be_named(d, number, &is_known);
  out->is_found = out->is_found && is_known;
  return e == OK && out->is_found ? entry_decode(buf_bytes(&out->header), &out->entry) : e;
}

static bool has_child(const struct entry *e, const struct hash *child) {
  for (size_t i = 0; i < e->child_count; i++)
    if (hash_equal(&e->children[i], child))
      return true;
  return false;
}

static enum err check_named(struct door *d, size_t i, const struct field *f, const struct hash *id,
                            const struct named *n) {
  const struct entry *e = &d->entries[i];
  char words[256];
  if (!n->is_found || (f->of && !field_has_code(f, n->entry.kind))) {
    snprintf(words, sizeof words, "\"%s\" names %.8s, and there is no such %s%s", f->name, hash_hex(id).s,
             f->of ? f->of : "entry", door_is_write(d) ? " here" : " that was accepted");
    return door_give(d, VERDICT_REFUSED, "reference", words,
                     "name an entry that was accepted, or deal with the refused one first");
  }
  for (size_t c = 0; f->shares_child && c < e->child_count; c++)
    if (!has_child(&n->entry, &e->children[c])) {
      snprintf(words, sizeof words, "\"%s\" names %.8s, which is not about this child", f->name, hash_hex(id).s);
      return door_give(d, VERDICT_REFUSED, "reference", words, "name the one that is about this child");
    }
  return OK;
}

static enum err check_reference(struct door *d, size_t i, const struct field *f, const struct hash *id) {
  struct named n = {0};
  enum err e = find_named(d, i, id, &n);
  if (e == OK)
    e = check_named(d, i, f, id, &n);
  buf_release(&n.header);
  return e;
}

/* An entry is in the log once: neither twice in an act nor in two acts. */
static enum err check_new(struct door *d, size_t i) {
  struct named n = {0};
  uint64_t ignored;
  enum err e = find_in_act(d, i, &d->entries[i].id, &n) ? OK : find_in_store(d, &d->entries[i].id, &n, &ignored);
  buf_release(&n.header);
  return e == OK && n.is_found
             ? door_give(d, VERDICT_REFUSED, "double", "an entry of this act was recorded before", "leave it out")
             : e;
}

/* A base is the entry that began the object, or one that changed it. */
static enum err check_base(struct door *d, size_t i, const struct hash *base) {
  const struct hash *object = store_object_of(d->kinds[i], &d->entries[i]);
  struct named n = {0};
  enum err e = find_named(d, i, base, &n);
  const struct kind *k = n.is_found ? kind_find(n.entry.kind) : NULL;
  const struct hash *of = k && k->is_change ? store_object_of(k, &n.entry) : base;
  if (e == OK && (!n.is_found || object == NULL || !hash_equal(of, object)))
    e = door_give(d, VERDICT_REFUSED, "base", "a version that this change is based on is not one of what it changes",
                  "look at what is recorded now, and record the change again");
  buf_release(&n.header);
  return e;
}

static bool same_hashes(const struct hash *a, size_t a_count, const struct hash *b, size_t b_count) {
  return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof *a) == 0);
}

/* What people wrote into a child's file: not the directory, not who looked and what was held, and neither a voiding nor
 * an erasure. */
static bool may_be_voided(const struct entry *e) {
  const struct kind *k = kind_find(e->kind);
  bool is_nodes = k && k->writer_count == 1 && k->writers[0].role == ROLE_NODE;
  return !is_nodes && e->audience != AUDIENCE_DIRECTORY && e->audience != AUDIENCE_NAMED && !(k && k->is_about_entry);
}

/* Whoever voids an entry says so in the files in which it stands, to all who may see it, and to no others. */
static enum err check_voided(struct door *d, const struct entry *e, const struct entry *voided) {
  bool is_child = bytes_equal_str(voided->kind, "child.add");
  if (!may_be_voided(voided))
    return door_give(d, VERDICT_REFUSED, "void",
                     "only what stands in a child's file can be voided or erased, and no voiding or erasure",
                     "record again what was voided in error");
  if (voided->audience != e->audience || !same_hashes(voided->to, voided->to_count, e->to, e->to_count))
    return door_give(d, VERDICT_REFUSED, "audience", "an entry is voided or erased before those who may see it",
                     "record it again with the same audience");
  if (!same_hashes(is_child ? &voided->id : voided->children, is_child ? 1 : voided->child_count, e->children,
                   e->child_count))
    return door_give(d, VERDICT_REFUSED, "void",
                     "an entry is voided or erased in the file of each child that it is about",
                     "leave out --child: the right ones are taken by themselves");
  return OK;
}

static enum err check_voiding(struct door *d, size_t i) {
  const struct entry *e = &d->entries[i];
  struct named n = {0};
  enum err err = find_named(d, i, entry_ref(e, d->kinds[i]->object), &n);
  if (err == OK && n.is_found)
    err = check_voided(d, e, &n.entry);
  buf_release(&n.header);
  return err;
}

static enum err check_references(struct door *d, size_t i) {
  const struct entry *e = &d->entries[i];
  enum err err = OK;
  for (const struct field *f = d->kinds[i]->fields; f->name; f++) {
    for (size_t j = 0; err == OK && f->place == IN_CHILD && j < e->child_count; j++)
      err = check_reference(d, i, f, &e->children[j]);
    for (size_t j = 0; err == OK && f->place == IN_REF && j < e->ref_count; j++)
      if (bytes_equal_str(e->refs[j].name, f->name))
        err = check_reference(d, i, f, &e->refs[j].id);
  }
  return err;
}

enum err judge_references(struct door *d) {
  enum err err = OK;
  for (size_t i = 0; err == OK && i < d->in->count; i++) {
    const struct entry *e = &d->entries[i];
    err = check_new(d, i);
    for (size_t j = 0; err == OK && j < e->base_count; j++)
      err = check_base(d, i, &e->bases[j]);
    if (err == OK && d->kinds[i]->is_about_entry)
      err = check_voiding(d, i);
    if (err == OK)
      err = check_references(d, i);
  }
  return err;
}

/* ---- what must not be there ---- */

/* Of what was taken: an error that says which entry, so that nothing of the answer is taken. */
static enum err name_violation(struct door *d, size_t i, enum err e, const char *what) {
  struct buf author = {0};
  char words[512];
  snprintf(words, sizeof words, "%s", what);
  directory_name(d->s, &d->entries[i].by, &author);
  err_set_remedy(e, "nothing was taken; tell the auditor, and the administrator by telephone",
                 "the node's ledger has an entry that must not be in it: %" PRIu64 ", %.*s by %s: %.300s",
                 d->in->first + d->in->entries[i].index, (int)d->entries[i].kind.len,
                 (const char *)d->entries[i].kind.at, buf_cstr(&author), words);
  buf_release(&author);
  return e;
}

/* ---- permission ---- */

/* Whom an entry is about: itself, or what its references lead to. */
static enum err find_about(struct door *d, size_t i, const struct entry *e, int depth, struct author_about *out) {
  static const char *const leads[] = {"person", "replica", "role", "key", "bar", "agency", "invitation"};
  const struct hash *agency = entry_ref(e, "agency");
  if (bytes_equal_str(e->kind, "person.add"))
    out->person = e->id;
  if (bytes_equal_str(e->kind, "agency.add"))
    agency = &e->id;
  if (agency || depth == 0) {
    out->agency = agency ? *agency : out->agency;
    return OK;
  }
  for (size_t l = 0; l < sizeof leads / sizeof *leads; l++) {
    const struct hash *id = entry_ref(e, leads[l]);
    struct named n = {0};
    if (id == NULL)
      continue;
    enum err err = find_named(d, i, id, &n);
    if (err == OK && n.is_found)
      err = find_about(d, i, &n.entry, depth - 1, out);
    buf_release(&n.header);
    return err;
  }
  return OK;
}

/* Which roles are given or taken: the entry says, or the one that gave it. */
static enum err judge_grant(struct door *d, size_t i, const struct author_about *about) {
  struct named given = {0};
  const struct entry *e = &d->entries[i];
  const struct hash *role_entry = entry_ref(e, "role");
  char words[256];
  enum err err = role_entry ? find_named(d, i, role_entry, &given) : OK;
  if (given.is_found)
    e = &given.entry;
  bool is_own = !hash_is_zero(&about->agency) && hash_equal(&about->agency, &d->author.agency);
  for (size_t f = 0; err == OK && f < e->fact_count; f++) {
    struct bytes role = e->facts[f].value;
    if (!bytes_equal_str(e->facts[f].name, "role") || role_may_be_given(role, d->author.roles, is_own))
      continue;
    snprintf(words, sizeof words, "the role \"%.*s\" is not yours to give or to take there", (int)role.len,
             (const char *)role.at);
    err = door_give(d, VERDICT_REFUSED, "permission", words, "cairn roles says who may give which");
  }
  buf_release(&given.header);
  return err;
}

/* An act that was decided against stays out, also under another position. */
static enum err judge_decided(struct door *d) {
  struct query q;
  struct hash_hex act = hash_hex(&d->position.act);
  query_start(&q, d->s->db, sql[REJECTED]);
  query_text(&q, 1, bytes_str(act.s));
  bool is_rejected = query_row(&q);
  enum err e = query_end(&q);
  return e == OK && is_rejected
             ? door_give(d, VERDICT_REFUSED, "held", "this act was held, and it was decided against it",
                         "record it anew if it is right, and say so to whoever decided")
             : e;
}

/* Signed by someone whose certificate counts no more: held, not lost. The keeper decides. */
static enum err judge_author(struct door *d) {
  static const char remedy[] = "the Keeper of the Register decides whether it is let through";
  if (d->in->is_released)
    return OK;
  if (d->in->machine && d->in->machine->is_revoked)
    return door_give(d, VERDICT_HELD, "revoked", "the machine that sent it had been revoked", remedy);
  if (d->in->machine && !machine_is_valid(d->in->machine, d->judged_s))
    return door_give(d, VERDICT_HELD, "certificate", "the certificate of the machine that sent it was not valid",
                     remedy);
  if (d->author.is_revoked)
    return door_give(d, VERDICT_HELD, "revoked", "its author had been revoked when it arrived", remedy);
  if (d->judged_s < d->author.from_s || d->judged_s > d->author.until_s)
    return door_give(d, VERDICT_HELD, "certificate", "its author's certificate was not valid when it arrived", remedy);
  return OK;
}

/* What is written under settings that were superseded long ago is for the keeper to look at. Entries of the directory
 * and the node's own are written under none. */
enum err judge_profile(struct door *d) {
  enum err e = OK;
  bool is_current = true;
  for (size_t i = 0; e == OK && is_current && i < d->in->count; i++) {
    if (!hash_equal(&d->entries[i].profile, &d->entries[0].profile))
      return door_give(d, VERDICT_REFUSED, "profile", "an act's entries are written under different profiles",
                       "record them one by one");
    if (d->kinds[i]->audience != AUDIENCE_DIRECTORY && !d->author.is_node)
      e = profile_is_current(d->s, &d->entries[i].profile, d->judged_s, &is_current);
  }
  if (e == ERR_ABSENT)
    return door_give(d, VERDICT_REFUSED, "profile", err_words(e), "sync, and record it again");
  return e == OK && !is_current && !d->in->is_released
             ? door_give(d, VERDICT_HELD, "profile",
                         "it was written under a profile of rules that was superseded more than 30 days ago",
                         "the Keeper of the Register decides whether it is let through")
             : e;
}

/* Someone who is kept out of a child's case records nothing about the child. What is written here counts at once. */
static enum err judge_barred(struct door *d, const struct entry *e) {
  uint64_t before = door_is_write(d) ? INT64_MAX : door_number(d);
  bool is_barred = false;
  enum err err = OK;
  for (size_t i = 0; err == OK && !is_barred && i < e->child_count; i++)
    err = staff_is_barred(d->s, &d->author.person, &e->children[i], before, &is_barred);
  return err == OK && is_barred ? door_give(d, VERDICT_REFUSED, "barred", "its author is kept out of this child's case",
                                            "a colleague records it; the Keeper of the Register can say more")
                                : err;
}

enum err judge_writer(struct door *d, size_t i) {
  struct author_about about = {0};
  enum err e = find_about(d, i, &d->entries[i], 3, &about);
  if (e == OK)
    e = second_find_decider(d->s, &d->entries[i], &d->author, door_number(d), &about);
  if (e == OK && directory_may_write(&d->author, d->kinds[i], &about) != OK)
    e = door_give(d, VERDICT_REFUSED, "permission", err_words(ERR_REFUSED),
                  "ask somebody with one of these roles to record it");
  if (e == OK && d->kinds[i]->is_grant)
    e = judge_grant(d, i, &about);
  return e == OK ? judge_barred(d, &d->entries[i]) : e;
}

enum err judge_permission(struct door *d) {
  enum err e = OK;
  for (size_t i = 0; e == OK && i < d->in->count; i++)
    e = judge_writer(d, i);
  if (e == OK && d->in->how == ACCEPT_ADMIT && !d->in->is_released)
    e = judge_decided(d);
  return e == OK ? judge_author(d) : e;
}

/* ---- what was taken ---- */

/* The node holds the operating key and could write what it likes, or let through what it likes: what makes people,
 * keys and powers is therefore checked by everyone. What the program does not know, or what is not of the form of its
 * kind, enters no view and makes nothing. */
static bool is_witnessed(const struct door *d, size_t i) {
  const struct kind *k = d->kinds[i];
  return k && (k->audience == AUDIENCE_DIRECTORY || k->is_witnessed) && d->contents[i] &&
         kind_check(k, &d->entries[i], d->contents[i]) == OK;
}

static enum err ask(struct query *q, bool *out) {
  *out = query_row(q);
  return query_end(q);
}

static enum err was_valid(struct door *d, uint64_t number, int64_t at_s, bool *out) {
  struct query q;
  *out = d->author.is_node;
  if (*out)
    return OK;
  query_start(&q, d->s->db, sql[VALID_AT]);
  query_blob(&q, 1, hash_bytes(&d->author.key_id));
  query_int(&q, 2, (int64_t)number);
  query_int(&q, 3, at_s);
  return ask(&q, out);
}

/* Did the author count when the act arrived, and was held? */
static enum err counted_then(struct door *d, uint64_t hold, int64_t at_s, bool *out) {
  struct author then;
  enum err e = directory_author_of(d->s, &d->author.key_id, hold, at_s, &then);
  if (e == OK && then.is_revoked)
    *out = false;
  return e == OK && !then.is_revoked ? was_valid(d, hold, at_s, out) : e;
}

/* The keeper let this act through, and that stands before it; or a second person did, and its author counted when it
 * came to wait for one. */
static enum err is_let_through(struct door *d, bool *out) {
  struct query q;
  struct hash_hex act = hash_hex(&d->position.act);
  bool is_for_second = false;
  uint64_t hold = 0;
  int64_t held_s = 0;
  query_start(&q, d->s->db, sql[RELEASED]);
  query_text(&q, 1, bytes_str(act.s));
  query_int(&q, 2, (int64_t)d->in->first);
  *out = query_row(&q);
  if (*out) {
    is_for_second = bytes_equal_str(query_get(&q, 0), SECOND_RULE);
    hold = (uint64_t)query_get_int(&q, 1);
    *out = text_time_parse(query_get(&q, 2), &held_s) == OK;
  }
  enum err e = query_end(&q);
  return e == OK && *out && is_for_second ? counted_then(d, hold, held_s, out) : e;
}

static enum err judge_taken_author(struct door *d) {
  bool is_valid = false, is_released = false;
  enum err e = was_valid(d, d->in->first, d->judged_s, &is_valid);
  if (e == OK && (!is_valid || d->author.is_revoked))
    e = is_let_through(d, &is_released);
  if (e != OK || (is_valid && !d->author.is_revoked) || is_released)
    return e;
  return door_give(d, VERDICT_HELD, "revoked",
                   d->author.is_revoked
                       ? "its author had been revoked, and the keeper had not let it through"
                       : "its author's certificate was not valid, and the keeper had not let it through",
                   "");
}

/* A role counts by the day of admission, so that must not go back. */
static enum err judge_time(struct door *d) {
  struct query q;
  int64_t before_s = INT64_MIN;
  query_start(&q, d->s->db, sql[ADMITTED_BEFORE]);
  query_int(&q, 1, (int64_t)d->in->first);
  if (query_row(&q))
    text_time_parse(query_get(&q, 0), &before_s);
  enum err e = query_end(&q);
  if (e == OK && d->judged_s < before_s)
    e = door_give(d, VERDICT_REFUSED, "time", "it was admitted earlier than what stands before it", "");
  return e;
}

static enum err judge_witnessed(struct door *d, size_t i) {
  bool is_directory = d->kinds[i]->audience == AUDIENCE_DIRECTORY;
  enum err e = is_directory ? check_references(d, i) : OK;
  if (e == OK)
    e = judge_writer(d, i);
  if (e == OK)
    e = judge_taken_second(d, i);
  if (e == OK)
    e = judge_time(d);
  return e == OK ? judge_taken_author(d) : e;
}

/* What the node writes about itself is known from the tables, whatever else a replica cannot check: it does not let
 * what is restricted go further, nor record anything else in the place of people. */
static enum err judge_written_by_node(struct door *d, size_t i) {
  const struct author_about nobody = {0};
  if (!d->author.is_node || d->kinds[i] == NULL || directory_may_write(&d->author, d->kinds[i], &nobody) == OK)
    return OK;
  return door_give(d, VERDICT_REFUSED, "permission", err_words(ERR_REFUSED), "");
}

enum err judge_taken(struct door *d) {
  enum err e = OK;
  for (size_t i = 0; e == OK && i < d->in->count; i++) {
    e = is_witnessed(d, i) ? judge_witnessed(d, i) : judge_written_by_node(d, i);
    if (e == ERR_REFUSED)
      e = name_violation(d, i, ERR_KEY, d->verdict.words);
  }
  return e;
}

/* ---- new keys of the node ---- */

/* The ledger's key that is in force signs the one that is to take its place. */
static enum err check_endorsement(struct door *d, const struct entry *e) {
  struct directory_log log = {0};
  struct buf new_key = {0}, signature = {0};
  struct key *ledger = NULL;
  enum err err = directory_log_at(d->s, door_number(d), &log);
  if (err == OK)
    err = text_base64_decode(entry_key(e, "ledger"), &new_key);
  if (err == OK)
    err = text_base64_decode(entry_fact(e, "endorsed"), &signature);
  if (err == OK)
    err = key_from_spki(buf_bytes(&log.ledger_key), &ledger);
  if (err == OK) {
    struct hash id = hash_of(buf_bytes(&new_key));
    err = handover_verify(&log.ledger, &id, ledger, buf_bytes(&signature));
  }
  key_free(ledger);
  buf_release(&new_key);
  buf_release(&signature);
  directory_log_release(&log);
  return err;
}

/* Also of a handover that has a number: what it says must be understood in the same way everywhere. */
static enum err check_handover(struct door *d, size_t i) {
  const struct entry *e = &d->entries[i];
  bool has_ledger = entry_key(e, "ledger").len > 0, is_endorsed = entry_fact(e, "endorsed").len > 0;
  if (!d->author.is_node)
    return err_set(ERR_KEY, "new keys of the node are named by somebody else than the node");
  if (d->in->size != 1)
    return err_set(ERR_FORM, "new keys of the node are not named alone in an act");
  if (!has_ledger && entry_key(e, "operating").len == 0 && e->cert.len == 0)
    return err_set(ERR_FORM, "log.keys names no key and no authority");
  if (has_ledger != is_endorsed)
    return err_set(ERR_SIGNATURE, "a new key of the ledger, and only that, is endorsed by the one before");
  enum err err = kind_check(d->kinds[i], e, d->contents[i]);
  if (err != OK)
    return err;
  return has_ledger ? check_endorsement(d, e) : OK;
}

enum err judge_handover(struct door *d) {
  enum err err = OK;
  for (size_t i = 0; err == OK && i < d->in->count; i++)
    if (bytes_equal_str(d->entries[i].kind, "log.keys"))
      err = check_handover(d, i);
  return err;
}

/* ---- certificates that an entry introduces ---- */

/* A key to seal to is never certified: nothing that it signs counts. */
static enum err subject_has_key(const struct entry *subject, const struct cert_facts *cert) {
  struct buf spki = {0};
  bool has = text_base64_decode(entry_key(subject, cert->use == CERT_PERSON ? "sign" : "replica"), &spki) == OK &&
             bytes_equal(buf_bytes(&spki), bytes_of(cert->spki, cert->spki_len));
  buf_release(&spki);
  return has ? OK : err_set(ERR_KEY, "a certificate is for another key than the one that was introduced");
}

static enum err check_subject(struct door *d, size_t i, const struct cert_facts *cert) {
  struct named n = {0};
  enum err e = find_named(d, i, &cert->subject, &n);
  if (e == OK)
    e = n.is_found ? subject_has_key(&n.entry, cert)
                   : err_set(ERR_KEY, "a certificate is for someone who is not in the directory");
  buf_release(&n.header);
  return e;
}

static enum err check_issued(struct door *d, size_t i, struct bytes der) {
  struct directory_log log = {0};
  struct cert_facts cert = {0};
  const struct hash *subject = entry_ref(&d->entries[i], "subject");
  enum err e = directory_log_at(d->s, door_number(d), &log);
  if (e == OK)
    e = cert_read(der, &cert);
  if (e == OK)
    e = cert_check(buf_bytes(&log.authority), der, cert.use, &cert);
  if (e == OK && (subject == NULL || !hash_equal(subject, &cert.subject)))
    e = err_set(ERR_KEY, "a certificate is for another than the entry says");
  if (e == OK)
    e = check_subject(d, i, &cert);
  directory_log_release(&log);
  return e;
}

static bool names_authority(const struct entry *e) {
  return bytes_equal_str(e->kind, "log.open") || bytes_equal_str(e->kind, "log.keys");
}

enum err judge_certificates(struct door *d) {
  enum err err = OK;
  for (size_t i = 0; err == OK && i < d->in->count; i++) {
    struct buf der = {0};
    const struct entry *e = &d->entries[i];
    if (e->cert.len == 0 || d->kinds[i] == NULL)
      continue;
    err = text_base64_decode(e->cert, &der);
    if (err == OK)
      err = names_authority(e) ? cert_check_authority(buf_bytes(&der)) : check_issued(d, i, buf_bytes(&der));
    if ((err == ERR_KEY || err == ERR_SIGNATURE || err == ERR_FORM) && d->in->how == ACCEPT_TAKE)
      err = name_violation(d, i, err, err_words(err));
    buf_release(&der);
  }
  return err;
}

/* ---- rules ---- */

static bool is_gate(const struct rule *r, struct bytes kind) {
  return text_list_has(r->gates, ' ', kind);
}

/* Where what a rule says would tell the author of what was never sent to their agency, it says nothing. */
static enum err refuse_unseen(struct door *d) {
  return d->in->is_released
             ? door_give(d, VERDICT_REFUSED, "unseen", "what else is recorded stands in its way",
                         "the Keeper of the Register can say more")
             : door_give(d, VERDICT_HELD, "unseen", "it is to be seen together with what else is recorded",
                         "the Keeper of the Register decides");
}

static enum err refuse_by_rule(struct door *d, const struct rule *r, const struct rule_result *result) {
  char words[512], remedy[512];
  bool knows_all = true;
  enum err e = OK;
  if (d->in->how == ACCEPT_ADMIT && !d->author.is_node)
    e = feed_knows_all(d->s, &d->author.agency, d->verdict.first, d->verdict.last, &knows_all);
  if (e != OK)
    return e;
  if (!knows_all)
    return refuse_unseen(d);
  snprintf(words, sizeof words, "%s%s%s", r->words, result->detail[0] ? ": " : "", result->detail);
  snprintf(remedy, sizeof remedy, "%s%s%s", r->remedy,
           result->class == RULE_REASON ? "; or say why not: cairn check explain --rule " : "",
           result->class == RULE_REASON ? r->number : "");
  return door_give(d, VERDICT_REFUSED, r->number, words, remedy);
}

/* For a rule about a meeting: the one that entry i is about. NULL if it is about none. */
static const struct hash *meeting_of(const struct entry *e) {
  const struct hash *named = entry_ref(e, "meeting");
  return named || !bytes_equal_str(e->kind, "meeting.convene") ? named : &e->id;
}

static enum err ask_rule(struct door *d, const struct rule *r, const struct hash *meeting) {
  struct rule_result result;
  const struct rule_asked asked = {d->verdict.first, d->verdict.last, meeting, d->entries[0].profile, d->judged_s};
  enum err e = rule_ask(d->s, r, &asked, &result);
  return e == OK && rule_refuses(&result) ? refuse_by_rule(d, r, &result) : e;
}

/* Was the same question asked for an entry that stands before this one? */
static bool was_asked(const struct door *d, const struct rule *r, size_t before, const struct hash *meeting) {
  for (size_t i = 0; i < before; i++) {
    const struct hash *other = meeting_of(&d->entries[i]);
    if (is_gate(r, d->entries[i].kind) && (meeting == NULL || (other && hash_equal(meeting, other))))
      return true;
  }
  return false;
}

static enum err ask_for_act(struct door *d, const struct rule *r) {
  enum err e = OK;
  for (size_t i = 0; e == OK && i < d->in->count; i++) {
    const struct hash *meeting = r->about == ABOUT_MEETING ? meeting_of(&d->entries[i]) : NULL;
    if (is_gate(r, d->entries[i].kind) && (meeting || r->about == ABOUT_ACT) && !was_asked(d, r, i, meeting))
      e = ask_rule(d, r, meeting);
  }
  return e;
}

enum err judge_accepted(struct store *s, const struct accepted *a) {
  const struct kind *k = a->kind;
  struct json *content = a->content;
  struct act_entry from = {.index = (uint32_t)(a->number - a->act)};
  struct accept_act in = {.how = ACCEPT_TAKE, .entries = &from, .count = 1, .first = a->act};
  struct door d = {.s = s, .in = &in, .entries = a->entry, .contents = &content, .kinds = &k};
  d.position.act = a->act_id;
  if (!is_witnessed(&d, 0) || bytes_equal_str(a->entry->kind, "log.open"))
    return OK;
  enum err e = text_time_parse(a->admitted, &d.judged_s);
  if (e == OK)
    e = directory_author_of(s, &a->entry->by, a->act, d.judged_s, &d.author);
  return e == OK ? judge_taken(&d) : e;
}

enum err judge_taken_rules(struct door *d) {
  enum err e = OK;
  const struct rule *r;
  for (size_t n = 0; e == OK && (r = rule_at(n)); n++)
    for (size_t i = 0; e == OK && r->is_witnessed && i < d->in->count; i++) {
      if (!is_gate(r, d->entries[i].kind))
        continue;
      e = ask_rule(d, r, NULL);
      if (e == ERR_REFUSED)
        e = name_violation(d, i, ERR_KEY, d->verdict.words);
    }
  return e;
}

enum err judge_rules(struct door *d) {
  enum err e = OK;
  const struct rule *r;
  for (size_t i = 0; e == OK && (r = rule_at(i)); i++)
    if (r->gates)
      e = ask_for_act(d, r);
  return e;
}
