/* The acts and their entries, one by one: headers, contents and signatures, and the leaves against the roots of
 * checkpoints. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/directory.h"
#include "core/note.h"
#include "core/recheck_parts.h"
#include "core/seal.h"

#define PROGRESS_EVERY 256

enum { ACTS, ENTRIES, PARTS, CHILDREN, ROOT_AT };

static const char *const sql[] = {
    [ACTS] = "SELECT first, id, by, size, signature, admitted, replica, position, previous, head FROM act "
             "ORDER BY first",
    [ENTRIES] = "SELECT e.number, e.id, e.idx, e.kind, e.header, e.object, c.salt, c.bytes, g.why FROM entry e "
                "LEFT JOIN content c ON c.number = e.number LEFT JOIN forgotten g ON g.number = e.number WHERE e.act = "
                "?1 AND e.number >= ?1 "
                "AND e.number < ?1 + 1024 ORDER BY e.number",
    [PARTS] = "SELECT indices, siblings FROM act_part WHERE act = ?1 ORDER BY part",
    [CHILDREN] = "SELECT child FROM entry_child WHERE number = ?1 ORDER BY child",
    [ROOT_AT] = "SELECT root, note FROM checkpoint WHERE size = ?1",
};

const char *const *recheck_act_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* ---- entries ---- */

/* One act as it is read: what its rows say, and its entries, headers first. */
struct act_read {
  uint64_t first;
  bool is_accepted;
  struct hash id, by;
  uint32_t size;
  struct position position;
  struct buf signature, head, admitted;
  size_t count;
  struct act_entry entries[ACT_ENTRIES_MAX];
  struct buf headers[ACT_ENTRIES_MAX];
  bool is_opening; /* log.open */
};

static void add_position(struct checking *c, const struct position *p) {
  if (hash_equal(&p->replica, &c->own))
    buf_add(&c->positions, bytes_of(p, sizeof *p));
}

/* The machine's, or the node's own. */
static void check_position(struct checking *c, uint64_t number, const struct position *p, struct bytes head) {
  struct author author;
  struct machine machine;
  const struct key *key = NULL;
  if (directory_author_of(c->s, &p->replica, number, 0, &author) == OK && author.is_node)
    key = author.key;
  else if (directory_machine(c->s, &p->replica, &machine) == OK)
    key = machine.key;
  if (key == NULL)
    recheck_found(c, RECHECK_SIGNATURE, number, "no certificate of the machine %.8s that sent it is here",
                  hash_hex(&p->replica).s);
  else if (position_verify(p, key, head) != OK)
    recheck_found(c, RECHECK_SIGNATURE, number, "the machine's signature over its position does not verify");
}

/* The node's entry about an act that it refused or held repeats its position, and the machine's signature over it. */
static void note_position(struct checking *c, uint64_t number, const struct entry *e) {
  struct position p = {0};
  struct buf head = {0};
  struct bytes text = entry_fact(e, "head");
  if (!position_is_told(e))
    return;
  bool is_one = position_told(e, &p) == OK;
  if (is_one)
    add_position(c, &p);
  if (text.len && (!is_one || text_base64_decode(text, &head) != OK))
    recheck_found(c, RECHECK_SIGNATURE, number, "what it says of an act's position is not of its form");
  else if (text.len)
    check_position(c, number, &p, buf_bytes(&head));
  buf_release(&head);
}

static enum err check_children(struct checking *c, uint64_t number, const struct entry *e) {
  struct query q;
  size_t count = 0;
  bool is_same = true;
  query_start(&q, c->s->db, sql[CHILDREN]);
  query_int(&q, 1, (int64_t)number);
  for (; query_row(&q); count++)
    is_same = is_same && count < e->child_count && bytes_equal(query_get(&q, 0), hash_bytes(&e->children[count]));
  if (!is_same || count != e->child_count)
    recheck_found(c, RECHECK_ENTRY, number, "the list of the children whom it is about is not that of its header");
  return query_end(&q);
}

static void check_content(struct checking *c, uint64_t number, const struct entry *e, const struct query *q) {
  struct bytes salt = query_get(q, 6);
  if (!query_is_null(q, 8) && query_is_null(q, 7))
    return; /* gone on purpose: check_feed says whether rightly */
  if (query_is_null(q, 6) || query_is_null(q, 7)) {
    recheck_found(c, RECHECK_CONTENT, number, "its content is not here");
    return;
  }
  c->result->contents++;
  if (e->audience == AUDIENCE_RESTRICTED) {
    if (seal_check(query_get(q, 7), e) != OK)
      recheck_found(c, RECHECK_CONTENT, number, "its envelope is not the one that its header names");
    return;
  }
  struct hash commitment =
      salt.len == ENTRY_SALT_SIZE ? entry_commitment(salt.at, query_get(q, 7)) : (struct hash){{0}};
  if (!hash_equal(&commitment, &e->content))
    recheck_found(c, RECHECK_CONTENT, number, "its content or salt is not what its header commits to");
}

/* What its columns say besides the header: they are what is searched by. */
static void check_columns(struct checking *c, uint64_t number, const struct entry *e, const struct query *q) {
  const struct kind *k = kind_find(e->kind);
  const struct hash *object = k && !k->is_about_entry ? store_object_of(k, e) : NULL;
  struct bytes kept = query_get(q, 5);
  if (!bytes_equal(query_get(q, 1), hash_bytes(&e->id)))
    recheck_found(c, RECHECK_ENTRY, number, "its id is not that of its header");
  if (!bytes_equal(query_get(q, 3), e->kind))
    recheck_found(c, RECHECK_ENTRY, number, "its kind is not that of its header");
  if (kept.len && object && !bytes_equal(kept, hash_bytes(object)))
    recheck_found(c, RECHECK_ENTRY, number, "it is filed under another record than its header names");
}

static enum err check_entry(struct checking *c, struct act_read *a, const struct query *q) {
  struct entry e;
  uint64_t number = (uint64_t)query_get_int(q, 0);
  struct buf *header = &a->headers[a->count];
  buf_add(header, query_get(q, 4));
  a->entries[a->count] = (struct act_entry){.index = (uint32_t)query_get_int(q, 2), .header = buf_bytes(header)};
  a->count++;
  if (++c->result->entries % PROGRESS_EVERY == 0 && c->r->progress)
    c->r->progress(c->r->of, c->result->entries, c->total);
  if (entry_decode(buf_bytes(header), &e) != OK) {
    recheck_found(c, RECHECK_ENTRY, number, "its header is not of the form of one");
    return OK;
  }
  a->is_opening = a->first == 1 && bytes_equal_str(e.kind, "log.open");
  if (!hash_equal(&e.by, &a->by))
    recheck_found(c, RECHECK_ENTRY, number, "it is by another author than its act");
  check_columns(c, number, &e, q);
  check_content(c, number, &e, q);
  note_position(c, number, &e);
  return check_children(c, number, &e);
}

/* ---- acts ---- */

/* Entry 1 names its own author's key, and is the one that this replica joined with. */
static enum err find_opener(struct checking *c, const struct act_read *a, struct key **out) {
  struct entry e;
  struct hash pinned;
  struct buf spki = {0};
  enum err err = entry_decode(a->entries[0].header, &e);
  if (err == OK)
    err = text_base64_decode(entry_key(&e, "operating"), &spki);
  if (err == OK)
    err = key_from_spki(buf_bytes(&spki), out);
  if (err == OK && store_meta_hash(c->s, "ledger", &pinned) == OK && !hash_equal(&pinned, &e.id))
    recheck_found(c, RECHECK_LEDGER, 1, "this is not the ledger that this replica joined");
  buf_release(&spki);
  return err;
}

static void check_signature(struct checking *c, const struct act_read *a, const struct act_text *text) {
  struct author author = {0};
  struct key *opener = NULL;
  enum err e = a->is_opening ? find_opener(c, a, &opener)
                             : directory_author_of(c->s, &a->by, a->is_accepted ? a->first : STORE_PENDING, 0, &author);
  if (e != OK)
    recheck_found(c, RECHECK_SIGNATURE, a->first, "no certificate for its author's key %.8s is here",
                  hash_hex(&a->by).s);
  else if (act_verify(text, opener ? opener : author.key, buf_bytes(&a->signature)) != OK)
    recheck_found(c, RECHECK_SIGNATURE, a->first, "the act's signature does not verify");
  key_free(opener);
}

static void check_head(struct checking *c, const struct act_read *a) {
  if (a->head.len > 0 && !a->is_opening)
    check_position(c, a->first, &a->position, buf_bytes(&a->head));
}

static void check_admitted(struct checking *c, const struct act_read *a) {
  char admitted[TEXT_TIME_SIZE + 1] = "";
  if (!a->is_accepted)
    return;
  if (!text_is_time(buf_bytes(&a->admitted))) {
    recheck_found(c, RECHECK_ACT, a->first, "its time of admission is none");
    return;
  }
  memcpy(admitted, a->admitted.at, TEXT_TIME_SIZE);
  if (strcmp(admitted, c->admitted) < 0)
    recheck_found(c, RECHECK_ACT, a->first, "it was admitted before the act before it");
  memcpy(c->admitted, admitted, sizeof admitted);
}

static void push_leaves(struct checking *c, const struct act_read *a) {
  c->is_dense = c->is_dense && a->first == c->tree.size + 1 && a->count == a->size;
  for (size_t i = 0; c->is_dense && i < a->count; i++) {
    struct buf text = {0};
    struct leaf leaf = {.number = a->first + i,
                        .admitted = buf_bytes(&a->admitted),
                        .position = &a->position,
                        .index = (uint32_t)i,
                        .size = a->size,
                        .signature = buf_bytes(&a->signature),
                        .head = buf_bytes(&a->head),
                        .header = a->entries[i].header};
    leaf_format(&text, &leaf);
    struct hash h = merkle_leaf(buf_bytes(&text));
    c->is_dense = merkle_push(&c->tree, &h, 0) == OK;
    buf_release(&text);
  }
}

static bool has_time(struct bytes note, const char *time) {
  struct bytes text;
  struct checkpoint c;
  return note_text(note, &text) == OK && checkpoint_parse(text, &c) == OK && strcmp(c.time.s, time) == 0;
}

/* What stands behind a root that did not come out cannot come out, either. */
static enum err compare_root(struct checking *c) {
  struct query q;
  struct hash root = merkle_root(&c->tree);
  query_start(&q, c->s->db, sql[ROOT_AT]);
  query_int(&q, 1, (int64_t)c->tree.size);
  if (query_row(&q)) {
    if (bytes_equal(query_get(&q, 0), hash_bytes(&root))) {
      c->result->rebuilt = c->tree.size;
      if (!has_time(query_get(&q, 1), c->admitted))
        recheck_found(c, RECHECK_CHECKPOINT, c->tree.size, "its time is not that at which its last entry was admitted");
    } else {
      recheck_found(c, RECHECK_LEDGER, c->tree.size,
                    "the entries from %" PRIu64 " to here are not those that the checkpoint commits to",
                    c->result->rebuilt + 1);
      c->is_dense = false;
    }
  }
  return query_end(&q);
}

static enum err check_ledger(struct checking *c, const struct act_read *a) {
  if (!a->is_accepted)
    return OK;
  push_leaves(c, a);
  return c->is_dense ? compare_root(c) : OK;
}

/* Entries that came together, with the proof for the others: those whose indices are named, or all. */
static bool check_group(struct checking *c, const struct act_read *a, const struct bytes *indices,
                        struct bytes siblings, struct act_text *text) {
  struct act_entry *entries = mem_alloc_array(a->count, sizeof *entries);
  struct reader r = reader_of(indices ? *indices : bytes_of(NULL, 0));
  size_t count = 0, named = indices ? indices->len / 4 : a->count;
  uint32_t next = indices ? reader_u32(&r) : 0;
  for (size_t i = 0; i < a->count; i++)
    if (indices == NULL || a->entries[i].index == next) {
      entries[count++] = a->entries[i];
      next = reader_u32(&r);
    }
  bool is_whole = count > 0 && count == named && act_text_of_part(entries, count, a->size, siblings, text) == OK;
  free(entries);
  if (!is_whole) {
    recheck_found(c, RECHECK_ACT, a->first, "entries of it are missing: %zu of %u are here", a->count, a->size);
    return false;
  }
  struct hash id = act_id(text);
  if (!hash_equal(&id, &a->id) || !hash_equal(&text->by, &a->by))
    recheck_found(c, RECHECK_ACT, a->first, "its id does not fit its entries");
  return true;
}

static enum err check_groups(struct checking *c, const struct act_read *a, struct act_text *text, bool *out) {
  struct query q;
  bool has_parts = false;
  *out = false;
  query_start(&q, c->s->db, sql[PARTS]);
  query_int(&q, 1, (int64_t)a->first);
  while (a->count < a->size && query_row(&q)) {
    struct bytes indices = query_get(&q, 0);
    *out = check_group(c, a, &indices, query_get(&q, 1), text);
    has_parts = true;
  }
  if (!has_parts)
    *out = check_group(c, a, NULL, bytes_of(NULL, 0), text);
  return query_end(&q);
}

static enum err check_act(struct checking *c, const struct act_read *a) {
  struct act_text text;
  bool has_text = false;
  c->result->acts++;
  check_admitted(c, a);
  enum err e = check_groups(c, a, &text, &has_text);
  if (has_text) {
    check_signature(c, a, &text);
    check_head(c, a);
  }
  add_position(c, &a->position);
  return e == OK ? check_ledger(c, a) : e;
}

static void read_act_row(const struct query *q, struct act_read *a) {
  a->first = (uint64_t)query_get_int(q, 0);
  a->is_accepted = a->first < STORE_PENDING;
  a->id = hash_from(query_get(q, 1));
  a->by = hash_from(query_get(q, 2));
  a->size = (uint32_t)query_get_int(q, 3);
  buf_add(&a->signature, query_get(q, 4));
  buf_add(&a->admitted, query_get(q, 5));
  a->position = (struct position){.act = a->id};
  if (!query_is_null(q, 6)) {
    a->position.replica = hash_from(query_get(q, 6));
    a->position.number = (uint64_t)query_get_int(q, 7);
    a->position.previous = hash_from(query_get(q, 8));
  }
  buf_add(&a->head, query_get(q, 9));
}

static void act_read_clear(struct act_read *a) {
  struct buf *const bufs[] = {&a->signature, &a->head, &a->admitted};
  for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
    buf_release(bufs[i]);
  for (size_t i = 0; i < a->count; i++)
    buf_release(&a->headers[i]);
  a->count = 0;
  a->is_opening = false;
}

static enum err check_entries(struct checking *c, struct act_read *a) {
  struct query q;
  enum err e = OK;
  query_start(&q, c->s->db, sql[ENTRIES]);
  query_int(&q, 1, (int64_t)a->first);
  while (e == OK && a->count < ACT_ENTRIES_MAX && query_row(&q))
    e = check_entry(c, a, &q);
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err recheck_acts(struct checking *c) {
  struct act_read *a = mem_alloc(sizeof *a);
  struct query q;
  enum err e = OK;
  query_start(&q, c->s->db, sql[ACTS]);
  while (e == OK && query_row(&q)) {
    read_act_row(&q, a);
    e = check_entries(c, a);
    if (e == OK)
      e = check_act(c, a);
    act_read_clear(a);
  }
  enum err query_error = query_end(&q);
  free(a);
  return e == OK ? query_error : e;
}
