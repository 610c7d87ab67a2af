#include "core/anew.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/accept.h"
#include "core/directory.h"
#include "core/feed.h"
#include "core/note.h"
#include "core/store_parts.h"

#define QUESTION "asks-former" /* meta: the note of the checkpoint whose root is to be asked for; empty: none */

enum {
  FACTS,
  OWN_FACTS,
  CONFIRMED,
  CONFIRM,
  KEYS,
  KEEP_KEY,
  KEPT,
  ACT_AT,
  IS_TOLD,
  OWN,
  CHAIN_END,
  AT_POSITION,
  TOLD_AT,
  NEWEST,
  OPENINGS,
  PROVED
};

static const char *const sql[] = {
    /* Not what the former store was in the middle of. */
    [FACTS] = "SELECT name, value FROM meta WHERE name NOT IN ('feed-goes-on', 'needs-scrub', 'apart', 'wants-own', "
              "'node-was-rebuilt', 'keys-shown', 'openings-shown', 'asks-former')",
    /* Those that people change; all others an exchange may have changed in the fresh store since. */
    [OWN_FACTS] = "SELECT name, value FROM meta WHERE name IN ('host', 'port', 'new-key-file', 'person', 'person-key', "
                  "'person-cert', 'seal-key', 'replica', 'replica-key', 'replica-cert')",
    [CONFIRMED] = "SELECT entry, at FROM confirmed",
    [CONFIRM] = "INSERT OR IGNORE INTO confirmed(entry, at) VALUES(?1, ?2)",
    [KEYS] = "SELECT replica, number, position FROM chain WHERE replica <> ?1",
    [KEEP_KEY] = "INSERT OR IGNORE INTO chain(replica, number, position) VALUES(?1, ?2, ?3)",
    [KEPT] = "SELECT first, id, size, replica IN (SELECT replica FROM chain) FROM act WHERE first <= ?1",
    [ACT_AT] = "SELECT id FROM act WHERE first = ?1",
    [IS_TOLD] = "SELECT 1 FROM forgotten WHERE number >= ?1 AND number < ?1 + ?2",
    /* Of every key that this machine has had, in the order in which one could rest on another. */
    [OWN] = "SELECT first, id FROM act WHERE first >= ?1 OR replica IN (SELECT replica FROM chain) ORDER BY first",
    [CHAIN_END] = "SELECT max(n) FROM (SELECT max(position) AS n FROM act WHERE replica = ?1 AND first < ?3 "
                  "UNION ALL SELECT max(position) FROM refusal WHERE replica = ?2 "
                  "UNION ALL SELECT max(position) FROM hold WHERE replica = ?2)",
    [AT_POSITION] = "SELECT id, previous, first, size FROM act WHERE replica = ?1 AND position = ?2",
    [TOLD_AT] = "SELECT e.header FROM refusal r JOIN entry e ON e.number = r.entry WHERE r.replica = ?1 "
                "AND r.position = ?2 UNION ALL SELECT e.header FROM hold h JOIN entry e ON e.number = h.entry "
                "WHERE h.replica = ?1 AND h.position = ?2",
    [NEWEST] = "SELECT e.header FROM log l JOIN entry e ON e.number = l.number WHERE l.number > 1 "
               "ORDER BY l.number DESC LIMIT 1",
    [OPENINGS] = "SELECT e.id, e.header FROM log l JOIN entry e ON e.number = l.number WHERE l.number > 1",
    [PROVED] = "SELECT size, root, note FROM checkpoint WHERE size <= ?1 ORDER BY size DESC LIMIT 1",
};

const char *const *anew_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* ---- the beginning ---- */

static enum err copy_facts(struct store *former, struct store *fresh, const char *which) {
  struct query q;
  enum err e = OK;
  query_start(&q, former->db, which);
  while (e == OK && query_row(&q)) {
    char *name = bytes_copy_string(query_get(&q, 0));
    e = store_meta_set(fresh, name, query_get(&q, 1));
    free(name);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

static enum err copy_confirmed(struct store *former, struct store *fresh) {
  struct query q, put;
  enum err e = OK;
  query_start(&q, former->db, sql[CONFIRMED]);
  while (e == OK && query_row(&q)) {
    query_start(&put, fresh->db, sql[CONFIRM]);
    query_blob(&put, 1, query_get(&q, 0));
    query_text(&put, 2, query_get(&q, 1));
    e = query_run(&put);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err anew_begin(struct store *former, struct store *fresh) {
  enum err e = copy_facts(former, fresh, sql[FACTS]);
  if (e == OK)
    e = copy_confirmed(former, fresh);
  if (e == OK)
    e = store_meta_set_number(fresh, ANEW_FOLLOWS, 1);
  return e == OK ? store_meta_set_number(fresh, "wants-own", 1) : e;
}

/* A bundle that was written meanwhile has a number of its own. */
static enum err count_bundles(struct store *former, struct store *fresh) {
  uint64_t count = store_meta_number(former, "bundles");
  return count > store_meta_number(fresh, "bundles") ? store_meta_set_number(fresh, "bundles", count) : OK;
}

enum err anew_catch_up(struct store *former, struct store *fresh) {
  enum err e = copy_facts(former, fresh, sql[OWN_FACTS]);
  if (e == OK)
    e = count_bundles(former, fresh);
  return e == OK ? copy_confirmed(former, fresh) : e;
}

bool anew_is_followed(struct store *fresh) {
  struct buf note = {0};
  struct hash root;
  uint64_t size = 0;
  bool is = store_checkpoint_newest(fresh, &size, &root, &note) == OK && store_meta_number(fresh, FEED_GOES_ON) == 0;
  buf_release(&note);
  return is;
}

/* ---- is it the one that followed? ---- */

static enum err read_anew(struct store *fresh, struct anew_report *out) {
  struct query q;
  struct entry entry;
  query_start(&q, fresh->db, sql[NEWEST]);
  bool found = query_row(&q);
  enum err e = found ? entry_decode(query_get(&q, 0), &entry) : OK;
  if (found && e == OK &&
      (text_number(entry_fact(&entry, "kept"), &out->kept) != OK ||
       text_number(entry_fact(&entry, "size"), &out->size) != OK))
    e = err_set(ERR_FORM, "the entry that opened the ledger anew is not of its form");
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

static enum err check_follows(struct store *former, struct store *fresh, struct anew_report *out) {
  struct note_vkey was, is;
  struct directory_log log = {0};
  struct buf note = {0};
  struct hash root;
  enum err e = directory_opened_anew(fresh, &out->number);
  if (e == OK)
    e = directory_vkey(former, STORE_PENDING - 1, &was);
  if (e == OK)
    e = directory_vkey(fresh, STORE_PENDING - 1, &is);
  if (e == OK)
    e = directory_log(fresh, &log);
  if (e == OK && (out->number == 0 || !directory_is_former_origin(fresh, bytes_str(was.name))))
    e = err_set_remedy(ERR_PROOF, "keep this machine as it is, and tell the node's administrator",
                       "no entry of the node's ledger says that it follows \"%s\"", was.name);
  if (e == OK)
    e = read_anew(fresh, out);
  if (e == OK && store_checkpoint_newest(former, &out->verified, &root, &note) == ERR_ABSENT)
    out->verified = 0;
  buf_release(&note);
  directory_log_release(&log);
  return e;
}

/* What is kept of the former ledger, however often it was opened anew since. */
static enum err find_kept(struct store *former, struct store *fresh, uint64_t *out) {
  struct query q;
  enum err e = OK;
  *out = INT64_MAX;
  query_start(&q, fresh->db, sql[OPENINGS]);
  while (e == OK && query_row(&q)) {
    const struct hash id = hash_from(query_get(&q, 0));
    struct entry entry;
    uint64_t kept = 0;
    bool is_known = false;
    e = store_has_entry(former, &id, &is_known);
    if (e == OK && !is_known)
      e = entry_decode(query_get(&q, 1), &entry);
    if (e == OK && !is_known)
      e = text_number(entry_fact(&entry, "kept"), &kept);
    if (e == OK && !is_known && kept < *out)
      *out = kept;
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err anew_find_proved(struct store *former, struct store *fresh, struct anew_proved *out) {
  struct query q;
  uint64_t kept;
  *out = (struct anew_proved){0};
  enum err e = find_kept(former, fresh, &kept);
  query_start(&q, former->db, sql[PROVED]);
  query_int(&q, 1, (int64_t)kept);
  if (e == OK && query_row(&q)) {
    out->size = (uint64_t)query_get_int(&q, 0);
    out->root = hash_from(query_get(&q, 1));
    buf_add(&out->note, query_get(&q, 2));
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

void anew_proved_release(struct anew_proved *p) {
  buf_release(&p->note);
}

enum err anew_ask_later(struct store *s, const struct anew_proved *p) {
  return store_meta_set(s, QUESTION, p->size ? buf_bytes(&p->note) : bytes_of(NULL, 0));
}

enum err anew_forget_question(struct store *s) {
  const struct anew_proved none = {0};
  enum err e = store_begin(s);
  return e == OK ? store_end(s, anew_ask_later(s, &none)) : e;
}

enum err anew_find_question(struct store *s, struct anew_proved *out) {
  struct checkpoint c = {0};
  struct bytes text;
  *out = (struct anew_proved){0};
  enum err e = store_meta(s, QUESTION, &out->note);
  if (e == OK && out->note.len == 0)
    e = ERR_ABSENT;
  if (e == OK)
    e = note_text(buf_bytes(&out->note), &text);
  if (e == OK)
    e = checkpoint_parse(text, &c);
  out->size = c.size;
  out->root = c.root;
  return e;
}

static enum err has_no_other(struct store *fresh, uint64_t first, const struct hash *id, bool *out) {
  struct query q;
  query_start(&q, fresh->db, sql[ACT_AT]);
  query_int(&q, 1, (int64_t)first);
  struct hash there = query_row(&q) ? hash_from(query_get(&q, 0)) : *id;
  *out = hash_equal(&there, id);
  return query_end(&q);
}

static enum err is_told(struct store *fresh, uint64_t first, uint64_t size, bool *out) {
  struct query q;
  query_start(&q, fresh->db, sql[IS_TOLD]);
  query_int(&q, 1, (int64_t)first);
  query_int(&q, 2, (int64_t)size);
  *out = query_row(&q);
  return query_end(&q);
}

/* The row is one of KEPT. */
static enum err is_kept(struct store *fresh, const struct query *row, bool *out) {
  struct hash id = hash_from(query_get(row, 1));
  uint64_t there, first = (uint64_t)query_get_int(row, 0);
  enum err e = store_find_act_id(fresh, &id, &there);
  if (e == OK)
    *out = there == first;
  if (e != ERR_ABSENT)
    return e;
  e = has_no_other(fresh, first, &id, out);
  return e == OK && *out && query_get_int(row, 3) ? is_told(fresh, first, (uint64_t)query_get_int(row, 2), out) : e;
}

/* What the log.anew says was kept has its number still; and of this machine's own acts each is there, or was told of
 * as lost. Else the node has gone on beside what it had signed, or takes something out of the ledger and calls it a
 * loss: which of them, people find out. */
static enum err count_contradicted(struct store *former, struct store *fresh, struct anew_report *out) {
  struct query q;
  enum err e = OK;
  query_start(&q, former->db, sql[KEPT]);
  query_int(&q, 1, (int64_t)out->kept);
  while (e == OK && query_row(&q)) {
    bool is_there = true;
    e = is_kept(fresh, &q, &is_there);
    out->contradicted += !is_there;
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* ---- what was recorded here ---- */

struct carrying {
  struct store *former, *fresh;
  struct hash replica;
  struct anew_report *out;
};

static enum err place_at(struct store *s, struct position *p, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[AT_POSITION]);
  query_blob(&q, 1, hash_bytes(&p->replica));
  query_int(&q, 2, (int64_t)p->number);
  *out = query_row(&q);
  if (*out) {
    p->act = hash_from(query_get(&q, 0));
    p->previous = hash_from(query_get(&q, 1));
  }
  return query_end(&q);
}

/* The same of an act that was refused, and discarded here since: what says so repeats its place. */
static enum err told_at(struct store *s, struct position *p, bool *out) {
  struct hash_hex replica = hash_hex(&p->replica);
  struct query q;
  struct entry entry;
  enum err e = OK;
  query_start(&q, s->db, sql[TOLD_AT]);
  query_text(&q, 1, bytes_str(replica.s));
  query_int(&q, 2, (int64_t)p->number);
  *out = query_row(&q);
  if (*out)
    e = entry_decode(query_get(&q, 0), &entry);
  if (*out && e == OK)
    e = position_told(&entry, p);
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

static enum err is_lost_at(struct carrying *c, const struct position *p, bool *out) {
  struct query q;
  query_start(&q, c->former->db, sql[AT_POSITION]);
  query_blob(&q, 1, hash_bytes(&p->replica));
  query_int(&q, 2, (int64_t)p->number);
  *out = query_row(&q) && (uint64_t)query_get_int(&q, 2) <= c->out->kept;
  uint64_t first = *out ? (uint64_t)query_get_int(&q, 2) : 0, size = *out ? (uint64_t)query_get_int(&q, 3) : 0;
  enum err e = query_end(&q);
  return e == OK && *out ? is_told(c->fresh, first, size, out) : e;
}

/* What the node has without its content is not delivered, and has its place in the chain. */
static enum err pass_lost(struct carrying *c, struct position *p) {
  bool is_lost = true;
  enum err e = OK;
  while (e == OK && is_lost) {
    struct position next = {.replica = p->replica, .number = p->number + 1};
    e = is_lost_at(c, &next, &is_lost);
    if (e == OK && is_lost)
      e = place_at(c->former, &next, &is_lost);
    if (e == OK && is_lost)
      *p = next;
  }
  return e;
}

/* Where the machine's chain ends, as the new ledger tells it. */
static enum err find_chain(struct carrying *c) {
  struct position p = {.replica = c->replica};
  struct hash_hex hex = hash_hex(&c->replica);
  struct query q;
  bool found = false;
  query_start(&q, c->fresh->db, sql[CHAIN_END]);
  query_blob(&q, 1, hash_bytes(&c->replica));
  query_text(&q, 2, bytes_str(hex.s));
  query_int(&q, 3, (int64_t)STORE_PENDING);
  if (query_row(&q) && !query_is_null(&q, 0))
    p.number = (uint64_t)query_get_int(&q, 0);
  enum err e = query_end(&q);
  if (e == OK && p.number)
    e = place_at(c->fresh, &p, &found);
  if (e == OK && p.number && !found)
    e = place_at(c->former, &p, &found);
  if (e == OK && p.number && !found)
    e = told_at(c->former, &p, &found);
  if (e == OK && p.number && !found)
    e = err_set_remedy(ERR_CHAIN, "your agency's officer can give the machine a new identity: cairn machine renew",
                       "the new ledger tells of an act of this machine that it does not know itself");
  if (e == OK)
    e = pass_lost(c, &p);
  return e == OK && p.number ? store_put_chain(c->fresh, &p) : e;
}

static enum err enter_act(struct carrying *c, const struct act_record *a) {
  struct act_entry *entries = mem_alloc_array(a->count, sizeof *entries);
  struct accept_act in = {.how = ACCEPT_WRITE_ANYWAY,
                          .entries = entries,
                          .count = a->count,
                          .size = (uint32_t)a->count,
                          .signature = buf_bytes(&a->signature),
                          .replica = c->replica};
  struct verdict v = {.code = VERDICT_REFUSED};
  bool is_whole = a->count == a->text.size;
  for (size_t i = 0; i < a->count; i++) {
    entries[i] = record_act_entry(&a->entries[i]);
    is_whole = is_whole && a->entries[i].has_content;
  }
  enum err e = store_chain(c->fresh, &c->replica, &in.position, &in.previous);
  in.position++;
  text_time_parse(a->entries[0].entry.at, &in.now_s);
  if (e == OK && is_whole)
    e = accept_act(c->fresh, &in, &v);
  free(entries);
  if (e == ERR_DISK || e == ERR_IO)
    return e;
  c->out->carried += e == OK && v.code == VERDICT_ACCEPTED;
  c->out->not_carried += e != OK || v.code != VERDICT_ACCEPTED;
  return OK;
}

static enum err carry_act(struct carrying *c, uint64_t first, const struct hash *id) {
  struct act_record a = {0};
  uint64_t there;
  enum err e = store_find_act_id(c->fresh, id, &there);
  if (e != ERR_ABSENT)
    return e;
  e = store_find_act(c->former, first, &a);
  if (e == OK)
    e = enter_act(c, &a);
  act_record_release(&a);
  return e;
}

/* The keys that the machine had before: should the ledger be opened anew again, what was sent under them counts. */
static enum err keep_keys(struct carrying *c) {
  struct query q, put;
  enum err e = OK;
  query_start(&q, c->former->db, sql[KEYS]);
  query_blob(&q, 1, hash_bytes(&c->replica));
  while (e == OK && query_row(&q)) {
    query_start(&put, c->fresh->db, sql[KEEP_KEY]);
    query_blob(&put, 1, query_get(&q, 0));
    query_int(&put, 2, query_get_int(&q, 1));
    query_blob(&put, 3, query_get(&q, 2));
    e = query_run(&put);
  }
  enum err query_error = query_end(&q);
  store_forget_keys(c->fresh);
  return e == OK ? query_error : e;
}

static enum err carry_all(struct carrying *c) {
  struct query q;
  enum err e = OK;
  query_start(&q, c->former->db, sql[OWN]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  while (e == OK && query_row(&q)) {
    struct hash id = hash_from(query_get(&q, 1));
    e = carry_act(c, (uint64_t)query_get_int(&q, 0), &id);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err anew_end(struct store *former, struct store *fresh, struct anew_report *out) {
  struct carrying c = {.former = former, .fresh = fresh, .out = out};
  *out = (struct anew_report){0};
  enum err e = store_meta_hash(former, "replica-key", &c.replica);
  if (e == OK)
    e = check_follows(former, fresh, out);
  if (e == OK)
    e = count_contradicted(former, fresh, out);
  if (e == OK)
    e = find_chain(&c);
  if (e == OK)
    e = carry_all(&c);
  if (e == OK)
    e = keep_keys(&c);
  if (e == OK)
    e = anew_catch_up(former, fresh);
  return e == OK ? store_meta_set_number(fresh, ANEW_FOLLOWS, 0) : e;
}

enum err anew_settle(struct store *s) {
  return db_settle(s->db);
}
