#include "core/recovery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/accept.h"
#include "core/cert.h"
#include "core/directory.h"
#include "core/feed.h"
#include "core/parts.h"
#include "core/seal.h"
#include "core/store_parts.h"

enum {
  SHOW,
  SHOW_PUBLISHED,
  FORGET_HEARD,
  HEAR,
  MACHINES,
  GOAL,
  LEAVES,
  LEAF_ADD,
  SAY,
  SAID,
  CONTENT_ADD,
  CONTENT_HAS,
  STAGED_LEAF,
  NUMBER_OF,
  COMMIT_ADD,
  HOLD_WITHOUT,
  LOST_IS,
  LOST_EACH,
  LOST_COUNT,
  LOST_NEXT,
  STAGED,
  ADMITTED,
  KEYS,
  HELD_FROM,
  HELD_ID,
};

static const char *const sql[] = {
    [SHOW] = "INSERT OR IGNORE INTO recover_checkpoint(size, root, note) VALUES(?1, ?2, ?3)",
    [SHOW_PUBLISHED] = "INSERT INTO recover_checkpoint(size, root, note) VALUES(?1, ?2, ?3) "
                       "ON CONFLICT(size) DO UPDATE SET note = ?3 WHERE root = ?2",
    [FORGET_HEARD] = "DELETE FROM recover_machine",
    [HEAR] = "INSERT INTO recover_machine(source, size) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET size = ?2",
    [MACHINES] = "SELECT count(*) FROM recover_machine",
    [GOAL] = "SELECT size, root FROM recover_checkpoint ORDER BY size DESC LIMIT 1",
    [LEAVES] = "SELECT count(DISTINCT number) FROM recover_leaf WHERE number > ?1 AND number <= ?2",
    [LEAF_ADD] = "INSERT OR IGNORE INTO recover_leaf(number, hash, entry, leaf) VALUES(?1, ?2, ?3, ?4)",
    [SAY] = "INSERT OR IGNORE INTO recover_said(number, source, hash) VALUES(?1, ?2, ?3)",
    [SAID] = "SELECT 1 FROM recover_said WHERE number = ?1 AND source = ?2 AND hash = ?3",
    [CONTENT_ADD] = "INSERT OR IGNORE INTO recover_content(entry, salt, bytes) VALUES(?1, ?2, ?3)",
    [CONTENT_HAS] = "SELECT 1 FROM recover_content WHERE entry = ?1",
    [STAGED_LEAF] = "SELECT leaf FROM recover_leaf WHERE entry = ?1 LIMIT 1",
    [NUMBER_OF] = "SELECT number FROM entry WHERE id = ?1",
    [COMMIT_ADD] = "INSERT OR IGNORE INTO recover_commit(number, size, object) VALUES(?1, ?2, ?3)",
    [HOLD_WITHOUT] = "SELECT h.object FROM hold h WHERE h.act = ?1 AND h.state = 'held' "
                     "AND NOT EXISTS (SELECT 1 FROM held k WHERE k.hold = h.object)",
    [LOST_IS] = "SELECT 1 FROM forgotten WHERE number = ?1 AND why = 'lost'",
    [LOST_EACH] = "SELECT number FROM forgotten WHERE why = 'lost' ORDER BY number",
    [LOST_COUNT] = "SELECT count(*) FROM forgotten WHERE why = 'lost'",
    [LOST_NEXT] = "SELECT min(number) FROM forgotten WHERE why = 'lost' AND number > ?1",
    /* Is content there for each of the leaves that were offered for a number? */
    [STAGED] = "SELECT l.number, min(EXISTS(SELECT 1 FROM recover_content c WHERE "
               "c.entry = l.entry)) FROM recover_leaf l WHERE l.number > ?1 GROUP BY l.number ORDER BY l.number",
    [ADMITTED] = "SELECT a.admitted FROM entry e JOIN act a ON a.first = e.act WHERE e.number = ?1",
    [KEYS] = "SELECT leaf FROM recover_leaf WHERE instr(leaf, CAST('kind log.' AS BLOB)) > 0 ORDER BY number DESC",
    [HELD_FROM] = "SELECT e.number, c.salt, c.bytes FROM entry e LEFT JOIN content c ON c.number = e.number "
                  "WHERE e.number >= ?1 AND e.number < ?2 ORDER BY e.number",
    [HELD_ID] = "SELECT e.number, e.header, c.salt, c.bytes FROM entry e JOIN content c ON c.number = e.number "
                "WHERE e.id = ?1 AND e.number < ?2",
};

const char *const *recovery_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static const char is_on[] = "recovering";

bool recovery_is_on(struct store *s) {
  return store_meta_number(s, is_on) != 0;
}

enum err recovery_check_off(struct store *s) {
  return recovery_is_on(s) ? err_set_remedy(ERR_BUSY, "nothing that was recorded is lost; sync again later",
                                            "the node was restored from an old copy and is being rebuilt")
                           : OK;
}

/* Who was heard stays known until the next time. */
enum err recovery_begin(struct store *s) {
  struct query q;
  enum err e = OK;
  if (!recovery_is_on(s)) {
    query_start(&q, s->db, sql[FORGET_HEARD]);
    e = query_run(&q);
  }
  return e == OK ? store_meta_set_number(s, is_on, 1) : e;
}

static enum err count(struct store *s, int statement, uint64_t *out) {
  struct query q;
  query_start(&q, s->db, sql[statement]);
  *out = query_row(&q) ? (uint64_t)query_get_int(&q, 0) : 0;
  return query_end(&q);
}

static enum err has_row(struct query *q, bool *out) {
  *out = query_row(q);
  return query_end(q);
}

/* ---- checkpoints ---- */

static enum err show(struct store *s, int statement, const struct checkpoint *c, struct bytes note) {
  struct query q;
  struct hash root;
  bool is_larger = c->size > store_size(s);
  enum err e = is_larger ? OK : store_tree_root(s, c->size, &root);
  if (e == OK && !is_larger && !hash_equal(&root, &c->root))
    e = err_set_remedy(ERR_CHAIN, "compare with others: cairn checkpoint; and tell the node's administrator",
                       "this is another history of the ledger's first %" PRIu64 " entries", c->size);
  if (e == OK && is_larger)
    e = recovery_begin(s);
  if (e != OK || !recovery_is_on(s))
    return e;
  query_start(&q, s->db, sql[statement]);
  query_int(&q, 1, (int64_t)c->size);
  query_blob(&q, 2, hash_bytes(&c->root));
  query_blob(&q, 3, note);
  return query_run(&q);
}

enum err recovery_show(struct store *s, const struct checkpoint *c, struct bytes note) {
  return show(s, SHOW, c, note);
}

enum err recovery_show_published(struct store *s, const struct checkpoint *c, struct bytes note) {
  return show(s, SHOW_PUBLISHED, c, note);
}

enum err recovery_hear(struct store *s, const struct hash *source, uint64_t size) {
  struct query q;
  query_start(&q, s->db, sql[HEAR]);
  query_blob(&q, 1, hash_bytes(source));
  query_int(&q, 2, (int64_t)size);
  return query_run(&q);
}

static enum err find_goal(struct store *s, uint64_t *size_out, struct hash *root_out) {
  struct query q;
  uint64_t size = store_size(s);
  query_start(&q, s->db, sql[GOAL]);
  *size_out = size;
  if (query_row(&q) && (uint64_t)query_get_int(&q, 0) > size) {
    *size_out = (uint64_t)query_get_int(&q, 0);
    *root_out = hash_from(query_get(&q, 1));
  }
  return query_end(&q);
}

enum err recovery_checkpoint(struct store *s, uint64_t size, const struct hash *root, struct buf *text) {
  struct checkpoint c = {.size = size, .root = *root};
  struct directory_log log = {0};
  struct query q;
  struct hash own;
  if (size == 0 || size > store_meta_number(s, "rebuilt"))
    return err_set(ERR_ABSENT, "the ledger was not rebuilt as far as this");
  enum err e = store_tree_root(s, size, &own);
  if (e == OK && !hash_equal(&own, root))
    e = err_set(ERR_ABSENT, "the ledger has another root there");
  if (e == OK)
    e = directory_log(s, &log);
  if (e != OK)
    return e;
  snprintf(c.origin, sizeof c.origin, "%s", buf_cstr(&log.origin));
  query_start(&q, s->db, sql[ADMITTED]);
  query_int(&q, 1, (int64_t)size);
  if (query_row(&q) && query_get(&q, 0).len == TEXT_TIME_SIZE)
    memcpy(c.time.s, query_get(&q, 0).at, TEXT_TIME_SIZE);
  e = query_end(&q);
  if (e == OK)
    checkpoint_format(text, &c);
  directory_log_release(&log);
  return e;
}

enum err recovery_commit(struct store *s, uint64_t number, uint64_t size, struct bytes commit) {
  struct query q;
  query_start(&q, s->db, sql[COMMIT_ADD]);
  query_int(&q, 1, (int64_t)number);
  query_int(&q, 2, (int64_t)size);
  query_blob(&q, 3, commit);
  return query_run(&q);
}

/* ---- what was lost comes back ---- */

enum err recovery_is_lost(struct store *s, uint64_t number, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[LOST_IS]);
  query_int(&q, 1, (int64_t)number);
  return has_row(&q, out);
}

/* The act as it is here, with one content more. */
static enum err take_again(struct store *s, uint64_t number, const struct act_entry *given) {
  struct act_record a = {0};
  struct verdict v;
  uint64_t first;
  enum err e = store_act_of(s, number, &first);
  if (e == OK)
    e = store_find_act(s, first, &a);
  if (e != OK)
    return e;
  struct act_entry *entries = mem_alloc_array(a.count, sizeof *entries);
  for (size_t i = 0; i < a.count; i++) {
    const struct record *r = &a.entries[i];
    entries[i] = record_act_entry(r);
    entries[i].is_erased = r->is_erased;
    entries[i].is_lost = !r->is_erased && !r->has_content;
    if (r->number == number) {
      entries[i].is_lost = false;
      entries[i].content = given->content;
      memcpy(entries[i].salt, given->salt, ENTRY_SALT_SIZE);
    }
  }
  struct accept_act in = {.how = ACCEPT_TAKE,
                          .is_rebuilt = true,
                          .entries = entries,
                          .count = a.count,
                          .size = a.text.size,
                          .signature = buf_bytes(&a.signature),
                          .replica = a.position.replica,
                          .position = a.position.number,
                          .previous = a.position.previous,
                          .head = buf_bytes(&a.head),
                          .first = first,
                          .admitted = bytes_str(a.admitted.s)};
  e = accept_act(s, &in, &v);
  /* All of the act, one after the other: whoever wrote it has it in the outbox, and takes it whole or not at all. */
  for (size_t i = 0; e == OK && i < a.count; i++)
    if (!entries[i].is_erased)
      e = feed_deliver_again(s, a.entries[i].number);
  free(entries);
  act_record_release(&a);
  return e;
}

enum err recovery_give_back(struct store *s, uint64_t first, const struct act_entry *entries, size_t count_) {
  bool lost = false;
  enum err e = OK;
  for (size_t i = 0; e == OK && i < count_; i++) {
    uint64_t number = first + entries[i].index;
    e = recovery_is_lost(s, number, &lost);
    if (e == OK && lost && !entries[i].parts_size && !entries[i].is_erased)
      e = take_again(s, number, &entries[i]);
  }
  return e;
}

enum err recovery_find_hold(struct store *s, const struct hash *act, struct hash *hold_out) {
  struct hash_hex hex = hash_hex(act);
  struct query q;
  query_start(&q, s->db, sql[HOLD_WITHOUT]);
  query_text(&q, 1, bytes_str(hex.s));
  bool found = query_row(&q);
  if (found)
    *hold_out = hash_from(query_get(&q, 0));
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "nothing is missing of what is held") : e;
}

/* ---- what is offered ---- */

static enum err check_content(const struct entry *e, const struct act_entry *given) {
  static const uint8_t none[ENTRY_SALT_SIZE];
  if (given->content.len > ENTRY_CONTENT_MAX)
    return err_set(ERR_LIMIT, "an entry's content is larger than 8 MiB");
  if (e->audience == AUDIENCE_RESTRICTED)
    return memcmp(given->salt, none, sizeof none) == 0 ? seal_check(given->content, e)
                                                       : err_set(ERR_FORM, "a sealed entry has a salt outside");
  struct hash commitment = entry_commitment(given->salt, given->content);
  return hash_equal(&commitment, &e->content)
             ? OK
             : err_set(ERR_FORM, "an entry's content is not the one that its header commits to");
}

static enum err stage_content(struct store *s, const struct entry *e, const struct act_entry *given) {
  struct query q;
  query_start(&q, s->db, sql[CONTENT_ADD]);
  query_blob(&q, 1, hash_bytes(&e->id));
  query_blob(&q, 2, bytes_of(given->salt, ENTRY_SALT_SIZE));
  query_blob(&q, 3, given->content);
  return query_run(&q);
}

/* Who has offered another one before has had their say: a leaf for each number is all that anybody has room for. */
static enum err stage_leaf(struct store *s, const struct hash *source, uint64_t number, const struct entry *e,
                           struct bytes leaf, bool *is_kept_out) {
  struct hash hash = merkle_leaf(leaf);
  struct query q;
  query_start(&q, s->db, sql[SAY]);
  query_int(&q, 1, (int64_t)number);
  query_blob(&q, 2, hash_bytes(source));
  query_blob(&q, 3, hash_bytes(&hash));
  enum err err = query_run(&q);
  bool is_new = err == OK && db_changes(s->db) > 0;
  query_start(&q, s->db, sql[SAID]);
  query_int(&q, 1, (int64_t)number);
  query_blob(&q, 2, hash_bytes(source));
  query_blob(&q, 3, hash_bytes(&hash));
  enum err query_error = has_row(&q, is_kept_out);
  if (err != OK || query_error != OK || !is_new)
    return err == OK ? query_error : err;
  query_start(&q, s->db, sql[LEAF_ADD]);
  query_int(&q, 1, (int64_t)number);
  query_blob(&q, 2, hash_bytes(&hash));
  query_blob(&q, 3, hash_bytes(&e->id));
  query_blob(&q, 4, leaf);
  return query_run(&q);
}

static enum err has_content(struct store *s, const struct hash *entry, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[CONTENT_HAS]);
  query_blob(&q, 1, hash_bytes(entry));
  return has_row(&q, out);
}

/* Of a number that the log has, only what was lost is wanted, and only of the entry that has it. */
static enum err wants_lost(struct store *s, uint64_t number, const struct entry *e, bool *out) {
  struct header *h = NULL;
  enum err err = recovery_is_lost(s, number, out);
  if (err != OK || !*out)
    return err;
  err = store_header(s, number, &h);
  *out = err == OK && hash_equal(&h->entry.id, &e->id);
  header_free(h);
  return err;
}

static enum err take_item(struct store *s, const struct hash *source, const struct recovery_item *item, uint64_t number,
                          const struct entry *e, bool *wanted_out) {
  struct act_entry given = {.content = item->content};
  uint64_t goal = 0;
  struct hash root;
  bool has = false, lost = false, is_kept = false;
  memcpy(given.salt, item->salt, sizeof given.salt);
  enum err err = item->has_content ? check_content(e, &given) : OK;
  if (err == OK)
    err = find_goal(s, &goal, &root);
  if (err == OK && number <= store_size(s)) {
    err = wants_lost(s, number, e, &lost);
    *wanted_out = lost && item->parts_size;
    return err == OK && lost && item->has_content ? take_again(s, number, &given) : err;
  }
  if (err != OK || number > goal)
    return err;
  err = stage_leaf(s, source, number, e, item->leaf, &is_kept);
  if (err == OK && is_kept && item->has_content)
    err = stage_content(s, e, &given);
  if (err == OK && item->parts_size)
    err = has_content(s, &e->id, &has);
  *wanted_out = err == OK && is_kept && item->parts_size && !has;
  return err;
}

enum err recovery_offer(struct store *s, const struct hash *source, const struct recovery_item *item,
                        uint64_t *number_out, struct hash *wanted_out) {
  struct leaf_read l = {0};
  struct entry entry;
  bool wanted = false;
  enum err e = leaf_parse(item->leaf, &l);
  if (e != OK)
    return e;
  e = entry_decode(l.leaf.header, &entry);
  if (e == OK)
    e = take_item(s, source, item, l.leaf.number, &entry, &wanted);
  if (e == OK) {
    *number_out = l.leaf.number;
    *wanted_out = wanted ? entry.id : (struct hash){{0}};
  }
  leaf_read_release(&l);
  return e;
}

/* Of an entry of the log only what was lost is wanted; the door checks it. ERR_ABSENT. */
static enum err whole_of_log(struct store *s, const struct recovery_part *part, const struct act_entry *given) {
  const struct entry e = {.id = part->entry};
  struct query q;
  bool lost = false;
  query_start(&q, s->db, sql[NUMBER_OF]);
  query_blob(&q, 1, hash_bytes(&part->entry));
  uint64_t number = query_row(&q) ? (uint64_t)query_get_int(&q, 0) : 0;
  enum err err = query_end(&q);
  if (err == OK && number == 0)
    return err_set(ERR_ABSENT, "there is no such entry here");
  if (err == OK)
    err = wants_lost(s, number, &e, &lost);
  return err == OK && lost ? take_again(s, number, given) : err;
}

/* The parts are what their sender says; whether they are the entry's, its own header says. */
static enum err whole_of_staged(struct store *s, const struct recovery_part *part, const struct act_entry *given) {
  struct buf leaf = {0};
  struct leaf_read l = {0};
  struct entry entry;
  struct query q;
  query_start(&q, s->db, sql[STAGED_LEAF]);
  query_blob(&q, 1, hash_bytes(&part->entry));
  bool found = query_row(&q);
  if (found)
    buf_add(&leaf, query_get(&q, 0));
  enum err e = query_end(&q);
  if (e == OK && found)
    e = leaf_parse(buf_bytes(&leaf), &l);
  if (e == OK && found)
    e = entry_decode(l.leaf.header, &entry);
  if (e == OK && found)
    e = check_content(&entry, given);
  if (e == OK && found)
    e = stage_content(s, &entry, given);
  leaf_read_release(&l);
  buf_release(&leaf);
  return e;
}

static enum err whole_part(struct store *s, const struct recovery_part *part, struct bytes whole) {
  struct act_entry given = {.content = bytes_of(whole.at + ENTRY_SALT_SIZE, whole.len - ENTRY_SALT_SIZE)};
  memcpy(given.salt, whole.at, ENTRY_SALT_SIZE);
  enum err e = whole_of_log(s, part, &given);
  return e == ERR_ABSENT ? whole_of_staged(s, part, &given) : e;
}

enum err recovery_part(struct store *s, const struct hash *source, const struct recovery_part *part, int64_t now_s) {
  const struct parts_name name = {*source, part->content, part->size};
  struct buf whole = {0};
  uint32_t there = 0;
  enum err e = parts_begin(s, &name, now_s, &there);
  if (e == OK)
    e = parts_put(s, &name, part->number, part->part, now_s, &there);
  if (e == OK && there == parts_all(part->size)) {
    e = parts_load(s, &name, &whole);
    if (e == OK)
      e = whole_part(s, part, buf_bytes(&whole));
    if (e == OK)
      e = parts_drop(s, &name);
  }
  buf_release(&whole);
  return e;
}

/* ---- what is lacking ---- */

static enum err next_lost(struct store *s, uint64_t after, uint64_t *out) {
  struct query q;
  *out = 0;
  query_start(&q, s->db, sql[LOST_NEXT]);
  query_int(&q, 1, (int64_t)after);
  if (query_row(&q))
    *out = (uint64_t)query_get_int(&q, 0);
  return query_end(&q);
}

bool recovery_has_lost(struct store *s) {
  uint64_t n = 0;
  return next_lost(s, 0, &n) == OK && n > 0;
}

enum err recovery_next(struct store *s, uint64_t after, uint64_t *out) {
  struct query q;
  struct hash root;
  uint64_t goal = 0, size = store_size(s), at;
  enum err e = next_lost(s, after, out);
  if (e == OK)
    e = find_goal(s, &goal, &root);
  if (e != OK || *out || after >= goal)
    return e;
  at = (after > size ? after : size) + 1;
  query_start(&q, s->db, sql[STAGED]);
  query_int(&q, 1, (int64_t)at - 1);
  while (at <= goal && query_row(&q) && (uint64_t)query_get_int(&q, 0) == at && query_get_int(&q, 1))
    at++;
  *out = at <= goal ? at : 0;
  return query_end(&q);
}

enum err recovery_status(struct store *s, struct recovery_status *out) {
  struct recovery_status st = {.is_on = recovery_is_on(s), .size = store_size(s)};
  struct query q;
  enum err e = find_goal(s, &st.goal, &st.root);
  if (e == OK && st.goal == st.size && st.size > 0)
    e = store_tree_root(s, st.size, &st.root);
  if (e == OK)
    e = count(s, MACHINES, &st.machines);
  if (e == OK)
    e = count(s, LOST_COUNT, &st.lost);
  if (e != OK)
    return e;
  st.missing = st.goal - st.size;
  query_start(&q, s->db, sql[STAGED]);
  query_int(&q, 1, (int64_t)st.size);
  while (query_row(&q) && (uint64_t)query_get_int(&q, 0) <= st.goal) {
    st.missing--;
    st.without += query_get_int(&q, 1) == 0;
  }
  e = query_end(&q);
  if (e == OK)
    *out = st;
  return e;
}

struct runs {
  uint64_t first, last;
  void *of;
  enum err (*each)(void *of, uint64_t first, uint64_t last);
};

static enum err add_run(struct runs *r, uint64_t first, uint64_t last) {
  enum err e = OK;
  if (r->last && first == r->last + 1) {
    r->last = last;
    return OK;
  }
  if (r->last)
    e = r->each(r->of, r->first, r->last);
  r->first = first;
  r->last = last;
  return e;
}

enum err recovery_each_missing(struct store *s, void *of, enum err (*each)(void *of, uint64_t first, uint64_t last)) {
  struct query q;
  struct hash root;
  uint64_t at = store_size(s) + 1, goal = 0;
  enum err e = find_goal(s, &goal, &root);
  query_start(&q, s->db, sql[STAGED]);
  query_int(&q, 1, (int64_t)at - 1);
  while (e == OK && at <= goal) {
    uint64_t there = query_row(&q) ? (uint64_t)query_get_int(&q, 0) : goal + 1;
    if (there > goal)
      there = goal + 1;
    if (there > at)
      e = each(of, at, there - 1);
    at = there + 1;
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err recovery_each_lost(struct store *s, void *of, enum err (*each)(void *of, uint64_t first, uint64_t last)) {
  struct runs r = {.of = of, .each = each};
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[LOST_EACH]);
  while (e == OK && query_row(&q))
    e = add_run(&r, (uint64_t)query_get_int(&q, 0), (uint64_t)query_get_int(&q, 0));
  if (e == OK && r.last)
    e = each(of, r.first, r.last);
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

static bool names_authority(struct bytes leaf, const struct hash *key_id, struct buf *cert) {
  struct leaf_read l = {0};
  struct entry e;
  struct hash id;
  bool is = false;
  buf_clear(cert);
  if (leaf_parse(leaf, &l) == OK)
    is = entry_decode(l.leaf.header, &e) == OK && e.cert.len > 0 && text_base64_decode(e.cert, cert) == OK &&
         cert_authority_key_id(buf_bytes(cert), &id) == OK && hash_equal(&id, key_id);
  leaf_read_release(&l);
  return is;
}

enum err recovery_find_authority(struct store *s, const struct hash *key_id, struct buf *cert) {
  struct query q;
  bool found = false;
  query_start(&q, s->db, sql[KEYS]);
  while (!found && query_row(&q))
    found = names_authority(query_get(&q, 0), key_id, cert);
  enum err e = query_end(&q);
  return e == OK && !found ? err_set_remedy(ERR_ABSENT, "bring the keys that were in force last",
                                            "the ledger names no authority with the key that is in \"authority.key\"")
                           : e;
}

/* ---- a replica ---- */

enum err recovery_each_held(struct store *s, uint64_t from, void *of,
                            enum err (*each)(void *of, uint64_t number, const struct recovery_content *content)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[HELD_FROM]);
  query_int(&q, 1, (int64_t)from);
  query_int(&q, 2, (int64_t)STORE_PENDING);
  while (e == OK && query_row(&q)) {
    struct recovery_content content = {.bytes = query_get(&q, 2)};
    content.is_here = query_get(&q, 1).len == ENTRY_SALT_SIZE;
    if (content.is_here)
      memcpy(content.salt, query_get(&q, 1).at, ENTRY_SALT_SIZE);
    e = each(of, (uint64_t)query_get_int(&q, 0), &content);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err recovery_find_held(struct store *s, const struct hash *id, struct record *out) {
  struct record r = {.has_content = true};
  struct query q;
  query_start(&q, s->db, sql[HELD_ID]);
  query_blob(&q, 1, hash_bytes(id));
  query_int(&q, 2, (int64_t)STORE_PENDING);
  bool found = query_row(&q);
  if (found) {
    r.number = (uint64_t)query_get_int(&q, 0);
    buf_add(&r.header, query_get(&q, 1));
    memcpy(r.salt, query_get(&q, 2).at, ENTRY_SALT_SIZE);
    buf_add(&r.content, query_get(&q, 3));
  }
  enum err e = query_end(&q);
  if (e == OK)
    e = found ? entry_decode(buf_bytes(&r.header), &r.entry) : err_set(ERR_ABSENT, "there is no such entry here");
  if (e == OK)
    *out = r;
  else
    record_release(&r);
  return e;
}
