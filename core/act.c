#include "core/act.h"

#include <inttypes.h>

#include "core/merkle.h"

void act_text_format(struct buf *b, const struct act_text *a) {
  struct hash_hex by = hash_hex(&a->by), root = hash_hex(&a->root);
  buf_addf(b, "cairn act 1\nby %s\nsize %" PRIu32 "\nroot %s\n", by.s, a->size, root.s);
}

struct hash act_id(const struct act_text *a) {
  struct buf text = {0};
  act_text_format(&text, a);
  struct hash id = hash_of(buf_bytes(&text));
  buf_release(&text);
  return id;
}

static enum err check_count(size_t count, uint32_t size) {
  return count < 1 || size > ACT_ENTRIES_MAX || count > size
             ? err_set(ERR_FORM, "an act has 1 to %d entries", ACT_ENTRIES_MAX)
             : OK;
}

enum err act_root_of_part(const struct act_entry *entries, size_t count, uint32_t size, struct bytes siblings,
                          struct hash *root_out) {
  struct hash leaves[ACT_ENTRIES_MAX], none;
  uint64_t indices[ACT_ENTRIES_MAX];
  enum err e = check_count(count, size);
  if (e != OK)
    return e;
  for (size_t i = 0; i < count; i++) {
    leaves[i] = merkle_leaf(entries[i].header);
    indices[i] = entries[i].index;
  }
  return merkle_check(0, size, indices, leaves, count, siblings, &none, root_out);
}

enum err act_text_of_part(const struct act_entry *entries, size_t count, uint32_t size, struct bytes siblings,
                          struct act_text *out) {
  struct entry first;
  struct act_text text = {.size = size};
  enum err e = check_count(count, size);
  if (e == OK)
    e = entry_decode(entries[0].header, &first);
  if (e == OK)
    e = act_root_of_part(entries, count, size, siblings, &text.root);
  if (e != OK)
    return e;
  text.by = first.by;
  *out = text;
  return OK;
}

enum err act_text_of(const struct act_entry *entries, size_t count, struct act_text *out) {
  return act_text_of_part(entries, count, (uint32_t)(count <= ACT_ENTRIES_MAX ? count : 0), bytes_of(NULL, 0), out);
}

enum err act_sign(const struct act_text *a, const struct key *author, struct buf *signature_out) {
  struct buf text = {0};
  act_text_format(&text, a);
  enum err e = key_sign(author, buf_bytes(&text), signature_out);
  buf_release(&text);
  return e;
}

enum err act_verify(const struct act_text *a, const struct key *author, struct bytes signature) {
  struct buf text = {0};
  act_text_format(&text, a);
  enum err e = key_verify(author, buf_bytes(&text), signature);
  buf_release(&text);
  return e;
}

void position_format(struct buf *b, const struct position *p) {
  struct hash_hex replica = hash_hex(&p->replica), previous = hash_hex(&p->previous), act = hash_hex(&p->act);
  buf_addf(b, "cairn position 1\nreplica %s\nnumber %" PRIu64 "\n", replica.s, p->number);
  buf_addf(b, "previous %s\nact %s\n", previous.s, act.s);
}

struct hash position_id(const struct position *p) {
  struct buf text = {0};
  position_format(&text, p);
  struct hash id = hash_of(buf_bytes(&text));
  buf_release(&text);
  return id;
}

enum err position_sign(const struct position *p, const struct key *replica, struct buf *signature_out) {
  struct buf text = {0};
  position_format(&text, p);
  enum err e = key_sign(replica, buf_bytes(&text), signature_out);
  buf_release(&text);
  return e;
}

enum err position_verify(const struct position *p, const struct key *replica, struct bytes signature) {
  struct buf text = {0};
  position_format(&text, p);
  enum err e = key_verify(replica, buf_bytes(&text), signature);
  buf_release(&text);
  return e;
}

bool position_is_told(const struct entry *e) {
  return bytes_equal_str(e->kind, "act.refuse") || bytes_equal_str(e->kind, "act.hold");
}

enum err position_told(const struct entry *e, struct position *out) {
  enum err err = hash_parse(entry_fact(e, "replica"), &out->replica);
  if (err == OK)
    err = hash_parse(entry_fact(e, "previous"), &out->previous);
  if (err == OK)
    err = hash_parse(entry_fact(e, "act"), &out->act);
  return err == OK ? text_number(entry_fact(e, "number"), &out->number) : err;
}

void leaf_format(struct buf *b, const struct leaf *l) {
  struct hash_hex act = hash_hex(&l->position->act);
  buf_addf(b, "cairn leaf 1\nnumber %" PRIu64 "\nadmitted ", l->number);
  buf_add(b, l->admitted);
  buf_addf(b, "\nact %s %" PRIu32 " %" PRIu32 "\n", act.s, l->index, l->size);
  if (l->index == 0) {
    struct hash_hex replica = hash_hex(&l->position->replica), previous = hash_hex(&l->position->previous);
    buf_add_str(b, "signature ");
    text_base64_encode(b, l->signature);
    buf_addf(b, "\nposition %s %" PRIu64 " %s\n", replica.s, l->position->number, previous.s);
    if (l->head.len) {
      buf_add_str(b, "head ");
      text_base64_encode(b, l->head);
      buf_add_str(b, "\n");
    }
  }
  buf_add(b, l->header);
}

/* Three fields of a line, with a space between. */
static void split_three(struct reader *r, struct bytes line, struct bytes out[3]) {
  bool is = text_split(&line, ' ', &out[0]) && text_split(&line, ' ', &out[1]);
  out[2] = line;
  if (!is)
    reader_fail(r);
}

static void read_hash(struct reader *r, struct bytes text, struct hash *out) {
  if (r->err == OK && hash_parse(text, out) != OK)
    reader_fail(r);
}

static uint64_t read_number(struct reader *r, struct bytes text) {
  uint64_t v = 0;
  if (r->err == OK && text_number(text, &v) != OK)
    reader_fail(r);
  return v;
}

static void read_base64(struct reader *r, struct bytes text, struct buf *out) {
  buf_init(out, KEY_SIGNATURE_MAX);
  if (r->err == OK && text_base64_decode(text, out) != OK)
    reader_fail(r);
}

/* What stands on the first leaf of an act only. */
static void read_place(struct reader *r, struct leaf_read *l) {
  struct bytes position[3] = {{0}};
  read_base64(r, text_field(r, "signature"), &l->signature);
  split_three(r, text_field(r, "position"), position);
  read_hash(r, position[0], &l->position.replica);
  l->position.number = read_number(r, position[1]);
  read_hash(r, position[2], &l->position.previous);
  if (text_next_is(r, "head"))
    read_base64(r, text_field(r, "head"), &l->head);
  l->leaf.signature = buf_bytes(&l->signature);
  l->leaf.head = buf_bytes(&l->head);
}

/* There is one way to write what was read. */
static bool is_as_written(struct bytes text, const struct leaf *l) {
  struct buf again = {0};
  leaf_format(&again, l);
  bool same = bytes_equal(text, buf_bytes(&again));
  buf_release(&again);
  return same;
}

enum err leaf_parse(struct bytes text, struct leaf_read *out) {
  struct reader r = reader_of(text);
  struct leaf_read l = {0};
  struct bytes act[3] = {{0}};
  reader_expect(&r, "cairn leaf 1\n");
  l.leaf.number = read_number(&r, text_field(&r, "number"));
  l.leaf.admitted = text_field(&r, "admitted");
  split_three(&r, text_field(&r, "act"), act);
  read_hash(&r, act[0], &l.position.act);
  uint64_t index = read_number(&r, act[1]), size = read_number(&r, act[2]);
  if (l.leaf.number == 0 || size > ACT_ENTRIES_MAX || index >= size || !text_is_time(l.leaf.admitted))
    reader_fail(&r);
  l.leaf.index = (uint32_t)index;
  l.leaf.size = (uint32_t)size;
  l.leaf.position = &l.position;
  if (r.err == OK && index == 0)
    read_place(&r, &l);
  l.leaf.header = r.rest;
  if (r.err != OK || r.rest.len > ENTRY_HEADER_MAX || !is_as_written(text, &l.leaf)) {
    leaf_read_release(&l);
    return err_set(ERR_FORM, "a leaf is not of its form");
  }
  *out = l;
  out->leaf.position = &out->position;
  return OK;
}

void leaf_read_release(struct leaf_read *l) {
  buf_release(&l->signature);
  buf_release(&l->head);
}

static void handover_format(struct buf *b, const struct hash *ledger, const struct hash *key_id) {
  buf_addf(b, "cairn ledger key 1\nledger %s\nkey %s\n", hash_hex(ledger).s, hash_hex(key_id).s);
}

enum err handover_sign(const struct hash *ledger, const struct hash *key_id, const struct key *k,
                       struct buf *signature) {
  struct buf text = {0};
  handover_format(&text, ledger, key_id);
  enum err e = key_sign(k, buf_bytes(&text), signature);
  buf_release(&text);
  return e;
}

enum err handover_verify(const struct hash *ledger, const struct hash *key_id, const struct key *k,
                         struct bytes signature) {
  struct buf text = {0};
  handover_format(&text, ledger, key_id);
  enum err e = key_verify(k, buf_bytes(&text), signature);
  buf_release(&text);
  return e == OK ? OK : err_set(ERR_SIGNATURE, "the ledger's new key is not endorsed by the one before");
}
