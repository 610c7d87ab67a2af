#include "core/recheck.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/directory.h"
#include "core/feed.h"
#include "core/note.h"
#include "core/seal.h"
#include "core/store_parts.h"

#define PROGRESS_EVERY 256

enum {
  INTEGRITY,
  FOREIGN_KEYS,
  COUNT_ENTRIES,
  ACTS,
  ENTRIES,
  PARTS,
  FEED,
  HELD,
  NOT_FED,
  STRAY_ENTRIES,
  STRAY_CONTENTS,
  STRAY_CHILDREN,
  STRAY_LARGE,
  CHILDREN,
  ROOT_AT,
  CHECKPOINTS,
  NEWEST_ENTRY,
  NOT_IN_OUTBOX,
};

static const char *const sql[] = {
    [INTEGRITY] = "PRAGMA integrity_check(20)",
    [FOREIGN_KEYS] = "PRAGMA foreign_key_check",
    [COUNT_ENTRIES] = "SELECT count(*) FROM entry",
    [ACTS] = "SELECT first, id, by, size, signature, admitted, replica, position, previous, head FROM act "
             "ORDER BY first",
    [ENTRIES] = "SELECT e.number, e.id, e.idx, e.kind, e.header, e.object, c.salt, c.bytes, g.why FROM entry e "
                "LEFT JOIN content c ON c.number = e.number LEFT JOIN forgotten g ON g.number = e.number WHERE e.act = "
                "?1 AND e.number >= ?1 "
                "AND e.number < ?1 + 1024 ORDER BY e.number",
    [PARTS] = "SELECT indices, siblings FROM act_part WHERE act = ?1 ORDER BY part",
    [FEED] = "SELECT place, op, number, digest FROM feed WHERE agency = 0 ORDER BY place",
    [HELD] =
        "SELECT f.number, f.op, c.number IS NOT NULL, g.why, EXISTS (SELECT 1 FROM erasure r WHERE r.entry = e.id) "
        "FROM (SELECT number, op, max(place) FROM feed WHERE agency = 0 GROUP BY number) f "
        "LEFT JOIN entry e ON e.number = f.number LEFT JOIN content c ON c.number = f.number "
        "LEFT JOIN forgotten g ON g.number = f.number ORDER BY f.number",
    [NOT_FED] = "SELECT number FROM content c WHERE number < ?1 "
                "AND NOT EXISTS (SELECT 1 FROM feed f WHERE f.agency = 0 AND f.number = c.number)",
    [STRAY_ENTRIES] = "SELECT number FROM entry e WHERE NOT EXISTS (SELECT 1 FROM act a WHERE a.first = e.act) "
                      "OR number <> act + idx",
    [STRAY_CONTENTS] = "SELECT number FROM content WHERE number NOT IN (SELECT number FROM entry)",
    [STRAY_CHILDREN] = "SELECT DISTINCT number FROM entry_child WHERE number NOT IN (SELECT number FROM entry)",
    [STRAY_LARGE] =
        "SELECT c.number FROM content c JOIN entry e ON e.number = c.number "
        "LEFT JOIN large l ON l.number = c.number WHERE (length(c.bytes) > 1048576) <> (l.number IS NOT NULL) "
        "OR instr(e.header, lower(hex(l.content))) = 0",
    [CHILDREN] = "SELECT child FROM entry_child WHERE number = ?1 ORDER BY child",
    [ROOT_AT] = "SELECT root, note FROM checkpoint WHERE size = ?1",
    [CHECKPOINTS] = "SELECT size, root, note FROM checkpoint ORDER BY size",
    [NEWEST_ENTRY] = "SELECT max(number) FROM entry WHERE number < ?1",
    [NOT_IN_OUTBOX] = "SELECT first FROM act WHERE first >= ?1 "
                      "AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.act = act.first)",
};

const char *const *recheck_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

const char *recheck_word(enum recheck_about about) {
  static const char *const words[] = {
#define X(code, word) word,
      RECHECK_TABLE(X)
#undef X
  };
  return words[about];
}

struct checking {
  const struct recheck *r;
  struct recheck_result *result;
  struct store *s;
  uint64_t total;
  /* the leaves, as far as all are here from the first one on */
  struct merkle tree;
  bool is_dense;
  char admitted[TEXT_TIME_SIZE + 1]; /* of the act before */
  struct hash own;                   /* this machine's key */
  struct buf positions;              /* struct position each: those of its chain */
  struct buf kept, made;             /* struct view each: as they were, and made again */
};

static void found(struct checking *c, enum recheck_about about, uint64_t number, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void found(struct checking *c, enum recheck_about about, uint64_t number, const char *fmt, ...) {
  struct recheck_finding f = {.about = about, .number = number};
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(f.words, sizeof f.words, fmt, ap);
  va_end(ap);
  c->result->findings++;
  c->r->found(c->r->of, &f);
}

/* A finding for each row, which gives a number. */
static enum err found_rows(struct checking *c, int statement, enum recheck_about about, const char *words) {
  struct query q;
  query_start(&q, c->s->db, sql[statement]);
  while (query_row(&q))
    found(c, about, (uint64_t)query_get_int(&q, 0), "%s", words);
  return query_end(&q);
}

/* ---- the file ---- */

static enum err check_file(struct checking *c) {
  struct query q = {.db = c->s->db};
  query_start(&q, c->s->db, sql[INTEGRITY]);
  while (query_row(&q)) {
    struct bytes said = query_get(&q, 0);
    if (!bytes_equal_str(said, "ok"))
      found(c, RECHECK_FILE, 0, "SQLite: %.*s", (int)said.len, (const char *)said.at);
  }
  enum err e = query_end(&q);
  query_start(&q, c->s->db, sql[FOREIGN_KEYS]);
  while (query_row(&q)) {
    struct bytes from = query_get(&q, 0), to = query_get(&q, 2);
    found(c, RECHECK_FILE, 0, "a row of the table %.*s belongs to none of the table %.*s", (int)from.len,
          (const char *)from.at, (int)to.len, (const char *)to.at);
  }
  enum err keys_error = query_end(&q);
  return e == OK ? keys_error : e;
}

/* ---- the views: what follows goes by those that were made again; that they are as they were is told last ---- */

struct view {
  struct bytes name; /* the store's */
  struct hash digest;
};

static enum err add_view(void *of, struct bytes name, const struct hash *digest) {
  struct view v = {name, *digest};
  buf_add(of, bytes_of(&v, sizeof v));
  return OK;
}

static enum err make_views(struct checking *c) {
  enum err e = db_exec(c->s->db, "SAVEPOINT views");
  if (e == OK)
    e = store_views_each(c->s, &c->kept, add_view);
  if (e == OK && (e = store_rebuild(c->s)) == OK)
    e = store_views_each(c->s, &c->made, add_view);
  if (e != OK) {
    buf_clear(&c->made);
    db_exec(c->s->db, "ROLLBACK TO views");
  }
  return e;
}

static enum err check_views(struct checking *c) {
  const struct view *kept = (const void *)c->kept.at, *made = (const void *)c->made.at;
  for (size_t i = 0; i < c->made.len / sizeof *made; i++)
    if (!hash_equal(&kept[i].digest, &made[i].digest))
      found(c, RECHECK_VIEW, 0, "the view \"%.*s\" is not the one that the log gives", (int)kept[i].name.len,
            (const char *)kept[i].name.at);
  return OK;
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
    found(c, RECHECK_SIGNATURE, number, "no certificate of the machine %.8s that sent it is here",
          hash_hex(&p->replica).s);
  else if (position_verify(p, key, head) != OK)
    found(c, RECHECK_SIGNATURE, number, "the machine's signature over its position does not verify");
}

/* The node's entry about an act that it refused or held repeats its position, and the machine's signature over it. */
static void note_position(struct checking *c, uint64_t number, const struct entry *e) {
  struct position p = {0};
  struct buf head = {0};
  struct bytes text = entry_fact(e, "head");
  if (!bytes_equal_str(e->kind, "act.refuse") && !bytes_equal_str(e->kind, "act.hold"))
    return;
  bool is_one =
      hash_parse(entry_fact(e, "replica"), &p.replica) == OK && hash_parse(entry_fact(e, "act"), &p.act) == OK &&
      hash_parse(entry_fact(e, "previous"), &p.previous) == OK && text_number(entry_fact(e, "number"), &p.number) == OK;
  if (is_one)
    add_position(c, &p);
  if (text.len && (!is_one || text_base64_decode(text, &head) != OK))
    found(c, RECHECK_SIGNATURE, number, "what it says of an act's position is not of its form");
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
    found(c, RECHECK_ENTRY, number, "the list of the children whom it is about is not that of its header");
  return query_end(&q);
}

static void check_content(struct checking *c, uint64_t number, const struct entry *e, const struct query *q) {
  struct bytes salt = query_get(q, 6);
  if (!query_is_null(q, 8) && query_is_null(q, 7))
    return; /* gone on purpose: check_feed says whether rightly */
  if (query_is_null(q, 6) || query_is_null(q, 7)) {
    found(c, RECHECK_CONTENT, number, "its content is not here");
    return;
  }
  c->result->contents++;
  if (e->audience == AUDIENCE_RESTRICTED) {
    if (seal_check(query_get(q, 7), e) != OK)
      found(c, RECHECK_CONTENT, number, "its envelope is not the one that its header names");
    return;
  }
  struct hash commitment =
      salt.len == ENTRY_SALT_SIZE ? entry_commitment(salt.at, query_get(q, 7)) : (struct hash){{0}};
  if (!hash_equal(&commitment, &e->content))
    found(c, RECHECK_CONTENT, number, "its content or salt is not what its header commits to");
}

/* What its columns say besides the header: they are what is searched by. */
static void check_columns(struct checking *c, uint64_t number, const struct entry *e, const struct query *q) {
  const struct kind *k = kind_find(e->kind);
  const struct hash *object = k && !k->is_about_entry ? store_object_of(k, e) : NULL;
  struct bytes kept = query_get(q, 5);
  if (!bytes_equal(query_get(q, 1), hash_bytes(&e->id)))
    found(c, RECHECK_ENTRY, number, "its id is not that of its header");
  if (!bytes_equal(query_get(q, 3), e->kind))
    found(c, RECHECK_ENTRY, number, "its kind is not that of its header");
  if (kept.len && object && !bytes_equal(kept, hash_bytes(object)))
    found(c, RECHECK_ENTRY, number, "it is filed under another record than its header names");
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
    found(c, RECHECK_ENTRY, number, "its header is not of the form of one");
    return OK;
  }
  a->is_opening = a->first == 1 && bytes_equal_str(e.kind, "log.open");
  if (!hash_equal(&e.by, &a->by))
    found(c, RECHECK_ENTRY, number, "it is by another author than its act");
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
    found(c, RECHECK_LEDGER, 1, "this is not the ledger that this replica joined");
  buf_release(&spki);
  return err;
}

static void check_signature(struct checking *c, const struct act_read *a, const struct act_text *text) {
  struct author author = {0};
  struct key *opener = NULL;
  enum err e = a->is_opening ? find_opener(c, a, &opener)
                             : directory_author_of(c->s, &a->by, a->is_accepted ? a->first : STORE_PENDING, 0, &author);
  if (e != OK)
    found(c, RECHECK_SIGNATURE, a->first, "no certificate for its author's key %.8s is here", hash_hex(&a->by).s);
  else if (act_verify(text, opener ? opener : author.key, buf_bytes(&a->signature)) != OK)
    found(c, RECHECK_SIGNATURE, a->first, "the act's signature does not verify");
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
    found(c, RECHECK_ACT, a->first, "its time of admission is none");
    return;
  }
  memcpy(admitted, a->admitted.at, TEXT_TIME_SIZE);
  if (strcmp(admitted, c->admitted) < 0)
    found(c, RECHECK_ACT, a->first, "it was admitted before the act before it");
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
        found(c, RECHECK_CHECKPOINT, c->tree.size, "its time is not that at which its last entry was admitted");
    } else {
      found(c, RECHECK_LEDGER, c->tree.size,
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
    found(c, RECHECK_ACT, a->first, "entries of it are missing: %zu of %u are here", a->count, a->size);
    return false;
  }
  struct hash id = act_id(text);
  if (!hash_equal(&id, &a->id) || !hash_equal(&text->by, &a->by))
    found(c, RECHECK_ACT, a->first, "its id does not fit its entries");
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

static enum err check_acts(struct checking *c) {
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

/* Rows that belong to nothing. */
static enum err check_strays(struct checking *c) {
  enum err e = found_rows(c, STRAY_ENTRIES, RECHECK_ACT, "the entry's act is not here, or has another place for it");
  if (e == OK)
    e = found_rows(c, STRAY_CONTENTS, RECHECK_CONTENT, "a content is here without its entry");
  if (e == OK)
    e = found_rows(c, STRAY_CHILDREN, RECHECK_ENTRY, "it is filed under a child, and is not here");
  if (e == OK)
    e = found_rows(c, STRAY_LARGE, RECHECK_CONTENT, "it is not filed among the large contents as it should be");
  return e;
}

/* ---- this machine's own chain ---- */

static int by_number(const void *a, const void *b) {
  const struct position *p = a, *q = b;
  return p->number < q->number ? -1 : p->number > q->number;
}

/* While the feed has more to give, the node's word about an act may still be to come. */
static bool has_whole_feed(struct checking *c) {
  return store_meta_number(c->s, FEED_GOES_ON) == 0;
}

static enum err check_chain(struct checking *c) {
  struct position *p = (struct position *)(void *)c->positions.at;
  size_t count = c->positions.len / sizeof *p;
  struct position last = {0};
  struct hash last_id = {{0}}, kept_id;
  uint64_t kept;
  bool is_whole = has_whole_feed(c);
  if (count)
    qsort(p, count, sizeof *p, by_number);
  for (size_t i = 0; i < count; i++) {
    bool is_again = i > 0 && p[i].number == last.number;
    if (is_again && !hash_equal(&p[i].act, &last.act))
      found(c, RECHECK_CHAIN, 0, "two acts of this machine have the place %" PRIu64, last.number);
    if (is_again)
      continue;
    if (p[i].number != last.number + 1 && is_whole)
      found(c, RECHECK_CHAIN, 0, "the places %" PRIu64 " to %" PRIu64 " of this machine's acts are missing",
            last.number + 1, p[i].number - 1);
    if (p[i].number == last.number + 1 && !hash_equal(&p[i].previous, &last_id))
      found(c, RECHECK_CHAIN, 0, "this machine's act at the place %" PRIu64 " does not continue the one before it",
            p[i].number);
    last = p[i];
    last_id = position_id(&last);
  }
  enum err e = store_chain(c->s, &c->own, &kept, &kept_id);
  if (e == OK && is_whole && (kept != last.number || !hash_equal(&kept_id, &last_id)))
    found(c, RECHECK_CHAIN, 0, "the end of this machine's chain is kept as %" PRIu64 ", and is %" PRIu64, kept,
          last.number);
  return e;
}

/* ---- checkpoints ---- */

static void check_checkpoint(struct checking *c, const struct query *q, char time[TEXT_TIME_SIZE + 1]) {
  uint64_t size = (uint64_t)query_get_int(q, 0);
  struct note_vkey vkey;
  struct checkpoint checkpoint;
  struct bytes text;
  c->result->checkpoints++;
  if (directory_vkey(c->s, size, &vkey) != OK)
    found(c, RECHECK_CHECKPOINT, size, "the ledger's key that signed it is not known here");
  else if (note_open(query_get(q, 2), &vkey, &text) != OK)
    found(c, RECHECK_CHECKPOINT, size, "it is not signed by the ledger's key");
  else if (checkpoint_parse(text, &checkpoint) != OK || strcmp(checkpoint.origin, vkey.name) != 0)
    found(c, RECHECK_CHECKPOINT, size, "it is not a checkpoint of this ledger");
  else if (checkpoint.size != size || !bytes_equal(query_get(q, 1), hash_bytes(&checkpoint.root)))
    found(c, RECHECK_CHECKPOINT, size, "it is kept with another size or root than was signed");
  else if (strcmp(checkpoint.time.s, time) < 0)
    found(c, RECHECK_CHECKPOINT, size, "its time is before that of the one before it");
  else
    memcpy(time, checkpoint.time.s, TEXT_TIME_SIZE + 1);
}

static enum err check_checkpoints(struct checking *c) {
  char time[TEXT_TIME_SIZE + 1] = "";
  uint64_t newest = 0, entry = 0;
  struct query q;
  query_start(&q, c->s->db, sql[CHECKPOINTS]);
  while (query_row(&q)) {
    check_checkpoint(c, &q, time);
    newest = (uint64_t)query_get_int(&q, 0);
  }
  enum err e = query_end(&q);
  query_start(&q, c->s->db, sql[NEWEST_ENTRY]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  if (query_row(&q))
    entry = (uint64_t)query_get_int(&q, 0);
  enum err newest_error = query_end(&q);
  if (entry > newest)
    found(c, RECHECK_CHECKPOINT, newest, "the newest checkpoint here does not cover all entries that are here");
  return e == OK ? newest_error : e;
}

/* ---- the feed: exactly what it says is here ---- */

static enum err check_digests(struct checking *c) {
  struct feed_end end = {0};
  struct query q;
  bool is_good = true;
  query_start(&q, c->s->db, sql[FEED]);
  while (is_good && query_row(&q)) {
    struct hash digest = feed_digest(&end.digest, (enum feed_op)query_get_int(&q, 1), (uint64_t)query_get_int(&q, 2));
    is_good = (uint64_t)query_get_int(&q, 0) == end.place + 1 && bytes_equal(query_get(&q, 3), hash_bytes(&digest));
    end = (struct feed_end){end.place + 1, digest};
  }
  if (!is_good)
    found(c, RECHECK_FEED, 0, "the feed is not the one that was followed, from its event %" PRIu64 " on", end.place);
  return query_end(&q);
}

static void check_held(struct checking *c, const struct query *q) {
  uint64_t number = (uint64_t)query_get_int(q, 0);
  bool is_to_be_here = query_get_int(q, 1) == FEED_DELIVER, is_here = query_get_int(q, 2) != 0;
  bool is_erased = bytes_equal_str(query_get(q, 3), "erased"), has_ground = query_get_int(q, 4) != 0;
  if (is_to_be_here && !is_here && !is_erased)
    found(c, RECHECK_FEED, number, "its content is to be here, and is not");
  if (is_erased && !has_ground && query_get_int(q, 1) != FEED_WITHDRAW && has_whole_feed(c))
    found(c, RECHECK_FEED, number, "its content was erased, and no entry says so");
  if (!is_to_be_here && is_here)
    found(c, RECHECK_FEED, number, "its content is here, and was taken back");
}

static enum err check_feed(struct checking *c) {
  struct query q;
  if (hash_is_zero(&c->own)) /* the node follows no feed */
    return OK;
  enum err e = check_digests(c);
  query_start(&q, c->s->db, sql[HELD]);
  while (query_row(&q))
    check_held(c, &q);
  enum err held_error = query_end(&q);
  query_start(&q, c->s->db, sql[NOT_FED]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  while (has_whole_feed(c) && query_row(&q))
    found(c, RECHECK_FEED, (uint64_t)query_get_int(&q, 0), "its content is here, and was never delivered");
  enum err fed_error = query_end(&q);
  if (e == OK)
    e = held_error;
  return e == OK ? fed_error : e;
}

/* ---- the outbox ---- */

static enum err check_outbox(struct checking *c) {
  struct query q;
  query_start(&q, c->s->db, sql[NOT_IN_OUTBOX]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  while (query_row(&q))
    found(c, RECHECK_OUTBOX, (uint64_t)query_get_int(&q, 0), "what was recorded here would never be sent");
  return query_end(&q);
}

/* ---- all of it ---- */

/* In this order: what comes later goes by the views that were made again. */
static const struct step {
  enum err (*check)(struct checking *c);
  enum recheck_about about;
  const char *what;
  bool is_of_ledger; /* about what is signed, and not about this store */
} steps[] = {
    {check_file, RECHECK_FILE, "the file could not be read"},
    {make_views, RECHECK_VIEW, "the views cannot be made again from the log"},
    {check_acts, RECHECK_ACT, "the acts could not be read to the end", true},
    {check_strays, RECHECK_ENTRY, "the entries could not be read to the end"},
    {check_chain, RECHECK_CHAIN, "this machine's chain could not be read", true},
    {check_checkpoints, RECHECK_CHECKPOINT, "the checkpoints could not be read to the end", true},
    {check_feed, RECHECK_FEED, "the feed could not be read to the end"},
    {check_outbox, RECHECK_OUTBOX, "the outbox could not be read"},
    {check_views, RECHECK_VIEW, "the views could not be compared"},
};

/* What keeps a check from being made is no finding about the store. */
static bool is_hindered(enum err e) {
  return e == ERR_DISK || e == ERR_BUSY;
}

static enum err run_steps(struct checking *c, bool is_all) {
  enum err e = OK;
  for (size_t i = 0; !is_hindered(e) && i < sizeof steps / sizeof *steps; i++) {
    if (!is_all && !steps[i].is_of_ledger)
      continue;
    e = steps[i].check(c);
    if (e != OK && !is_hindered(e))
      found(c, steps[i].about, 0, "%s: %.150s", steps[i].what, err_words(e));
  }
  return is_hindered(e) ? e : OK;
}

static enum err check(const struct recheck *r, bool is_all, struct recheck_result *out) {
  struct recheck_result result = {0};
  struct checking c = {.r = r, .result = &result, .s = r->store, .is_dense = true};
  struct query q;
  merkle_init(&c.tree);
  store_forget_keys(r->store);
  store_meta_hash(r->store, "replica-key", &c.own);
  query_start(&q, r->store->db, sql[COUNT_ENTRIES]);
  if (query_row(&q))
    c.total = (uint64_t)query_get_int(&q, 0);
  query_end(&q);
  enum err e = run_steps(&c, is_all);
  buf_release(&c.positions);
  buf_release(&c.kept);
  buf_release(&c.made);
  if (e == OK)
    *out = result;
  return e;
}

enum err recheck_all(const struct recheck *r, struct recheck_result *out) {
  enum err e = store_begin(r->store);
  if (e != OK)
    return e;
  e = check(r, true, out);
  store_rollback(r->store);
  return e;
}

enum err recheck_ledger(const struct recheck *r, struct recheck_result *out) {
  return check(r, false, out);
}
