/* What mirrors and machines offer, side by side until it is decided. */
#include <string.h>

#include "core/cert.h"
#include "core/parts.h"
#include "core/recovery_parts.h"
#include "core/seal.h"

enum {
  LEAF_ADD,
  SAY,
  SAID,
  CONTENT_ADD,
  CONTENT_HAS,
  STAGED_LEAF,
  NUMBER_OF,
  KEYS,
  FORGET_SAID,
  FORGET_LEAVES,
  FORGET_CONTENT,
};

static const char *const sql[] = {
    [LEAF_ADD] = "INSERT OR IGNORE INTO recover_leaf(number, hash, entry, leaf) VALUES(?1, ?2, ?3, ?4)",
    [SAY] = "INSERT OR IGNORE INTO recover_said(number, source, hash) VALUES(?1, ?2, ?3)",
    [SAID] = "SELECT 1 FROM recover_said WHERE number = ?1 AND source = ?2 AND hash = ?3",
    [CONTENT_ADD] = "INSERT OR IGNORE INTO recover_content(entry, salt, bytes) VALUES(?1, ?2, ?3)",
    [CONTENT_HAS] = "SELECT 1 FROM recover_content WHERE entry = ?1",
    [STAGED_LEAF] = "SELECT leaf FROM recover_leaf WHERE entry = ?1 LIMIT 1",
    [NUMBER_OF] = "SELECT number FROM entry WHERE id = ?1",
    [KEYS] = "SELECT leaf FROM recover_leaf WHERE instr(leaf, CAST('kind log.' AS BLOB)) > 0 ORDER BY number DESC",
    [FORGET_SAID] = "DELETE FROM recover_said WHERE source = ?1",
    [FORGET_LEAVES] = "DELETE FROM recover_leaf WHERE NOT EXISTS (SELECT 1 FROM recover_said s "
                      "WHERE s.number = recover_leaf.number AND s.hash = recover_leaf.hash)",
    [FORGET_CONTENT] = "DELETE FROM recover_content WHERE entry NOT IN (SELECT entry FROM recover_leaf)",
};

const char *const *recovery_stage_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static enum err has_row(struct query *q, bool *out) {
  *out = query_row(q);
  return query_end(q);
}

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

/* ---- room ---- */

static const char *room_name(struct buf *b, const struct hash *source) {
  buf_addf(b, RECOVERY_STAGED "%s", hash_hex(source).s);
  return buf_cstr(b);
}

/* How many more bytes of this source are kept. */
static uint64_t room_of(struct store *s, const struct hash *source) {
  struct buf name = {0};
  uint64_t room = recovery_room(s), used = store_meta_number(s, room_name(&name, source));
  buf_release(&name);
  return used < room ? room - used : 0;
}

static enum err take_room(struct store *s, const struct hash *source, uint64_t len) {
  struct buf name = {0};
  uint64_t used = store_meta_number(s, room_name(&name, source));
  enum err e = store_meta_set_number(s, buf_cstr(&name), used + len);
  buf_release(&name);
  return e;
}

/* An eighth is left for leaves: without them nothing can be rebuilt, and contents may come afterwards. */
static bool has_room_for_content(struct store *s, const struct hash *source, uint64_t len) {
  uint64_t left = room_of(s, source), kept_free = recovery_room(s) / 8;
  return left > kept_free && len <= left - kept_free;
}

uint64_t recovery_room(struct store *s) {
  uint64_t set = store_meta_number(s, RECOVERY_ROOM);
  return set ? set : RECOVERY_ROOM_DEFAULT;
}

/* What has no room is counted, and comes back when the ledger is whole (recovery_lost.c). */
static enum err pass_over(struct store *s) {
  return store_meta_set_number(s, RECOVERY_UNKEPT, store_meta_number(s, RECOVERY_UNKEPT) + 1);
}

/* ---- leaves and contents ---- */

static enum err stage_content(struct store *s, const struct hash *source, const struct entry *e,
                              const struct act_entry *given) {
  struct query q;
  if (!has_room_for_content(s, source, given->content.len))
    return pass_over(s);
  query_start(&q, s->db, sql[CONTENT_ADD]);
  query_blob(&q, 1, hash_bytes(&e->id));
  query_blob(&q, 2, bytes_of(given->salt, ENTRY_SALT_SIZE));
  query_blob(&q, 3, given->content);
  enum err err = query_run(&q);
  return err == OK && db_changes(s->db) > 0 ? take_room(s, source, given->content.len) : err;
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
  if (leaf.len > room_of(s, source))
    return err_set_remedy(ERR_BUSY, "the administrator can give more room: cairnd rebuild --room",
                          "what this machine has offered fills the room that the node keeps for one machine");
  query_start(&q, s->db, sql[LEAF_ADD]);
  query_int(&q, 1, (int64_t)number);
  query_blob(&q, 2, hash_bytes(&hash));
  query_blob(&q, 3, hash_bytes(&e->id));
  query_blob(&q, 4, leaf);
  err = query_run(&q);
  return err == OK && db_changes(s->db) > 0 ? take_room(s, source, leaf.len) : err;
}

static enum err has_content(struct store *s, const struct hash *entry, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[CONTENT_HAS]);
  query_blob(&q, 1, hash_bytes(entry));
  return has_row(&q, out);
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
    err = recovery_find_goal(s, &goal, &root);
  if (err == OK && number <= store_size(s)) {
    err = recovery_wants_lost(s, number, e, &lost);
    *wanted_out = lost && item->parts_size;
    return err == OK && lost && item->has_content ? recovery_take_again(s, number, &given) : err;
  }
  if (err != OK || number > goal)
    return err;
  err = stage_leaf(s, source, number, e, item->leaf, &is_kept);
  if (err == OK && is_kept && item->has_content)
    err = stage_content(s, source, e, &given);
  if (err == OK && item->parts_size)
    err = has_content(s, &e->id, &has);
  bool lacks = err == OK && is_kept && item->parts_size && !has;
  *wanted_out = lacks && has_room_for_content(s, source, item->parts_size);
  return lacks && !*wanted_out ? pass_over(s) : err;
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
    err = recovery_wants_lost(s, number, &e, &lost);
  return err == OK && lost ? recovery_take_again(s, number, given) : err;
}

/* The parts are what their sender says; whether they are the entry's, its own header says. */
static enum err whole_of_staged(struct store *s, const struct hash *source, const struct recovery_part *part,
                                const struct act_entry *given) {
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
    e = stage_content(s, source, &entry, given);
  leaf_read_release(&l);
  buf_release(&leaf);
  return e;
}

static enum err whole_part(struct store *s, const struct hash *source, const struct recovery_part *part,
                           struct bytes whole) {
  struct act_entry given = {.content = bytes_of(whole.at + ENTRY_SALT_SIZE, whole.len - ENTRY_SALT_SIZE)};
  memcpy(given.salt, whole.at, ENTRY_SALT_SIZE);
  enum err e = whole_of_log(s, part, &given);
  return e == ERR_ABSENT ? whole_of_staged(s, source, part, &given) : e;
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
      e = whole_part(s, source, part, buf_bytes(&whole));
    if (e == OK)
      e = parts_drop(s, &name);
  }
  buf_release(&whole);
  return e;
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

static enum err pass_ledger_key(struct bytes leaf, void *of, enum err (*each)(void *of, struct bytes spki)) {
  struct leaf_read l = {0};
  struct buf spki = {0};
  struct entry e;
  enum err err = OK;
  if (leaf_parse(leaf, &l) == OK && entry_decode(l.leaf.header, &e) == OK && entry_key(&e, "ledger").len > 0 &&
      text_base64_decode(entry_key(&e, "ledger"), &spki) == OK)
    err = each(of, buf_bytes(&spki));
  leaf_read_release(&l);
  buf_release(&spki);
  return err;
}

enum err recovery_each_ledger_key(struct store *s, void *of, enum err (*each)(void *of, struct bytes spki)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[KEYS]);
  while (e == OK && query_row(&q))
    e = pass_ledger_key(query_get(&q, 0), of, each);
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* ---- doing without somebody ---- */

enum err recovery_forget_offers(struct store *s, const struct hash *source) {
  struct query q;
  query_start(&q, s->db, sql[FORGET_SAID]);
  query_blob(&q, 1, hash_bytes(source));
  enum err e = query_run(&q);
  query_start(&q, s->db, sql[FORGET_LEAVES]);
  enum err leaves = query_run(&q);
  query_start(&q, s->db, sql[FORGET_CONTENT]);
  enum err contents = query_run(&q);
  return e != OK ? e : leaves != OK ? leaves : contents;
}
