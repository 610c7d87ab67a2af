#include "core/entry.h"

#include <stdlib.h>
#include <string.h>

static const char *const audience_words[] = {
#define X(code, word) word,
    AUDIENCE_TABLE(X)
#undef X
};
#define AUDIENCE_COUNT (sizeof audience_words / sizeof *audience_words)

const char *audience_word(enum audience a) {
  return audience_words[a];
}

/* The lines of one word, as often as it comes next: each in ascending order and not more than max. */
struct repeated {
  struct reader *r;
  const char *word;
  size_t max;
  size_t count;
  struct bytes before;
};

static bool next_repeated(struct repeated *p, struct bytes *value) {
  if (!text_next_is(p->r, p->word))
    return false;
  *value = text_field(p->r, p->word);
  if (p->count == p->max || (p->count > 0 && bytes_compare(p->before, *value) >= 0))
    reader_fail(p->r);
  p->before = *value;
  p->count++;
  return p->r->err == OK;
}

/* No hash that a header may name is all zeros; `struct entry` says absence with them. */
static void read_hash(struct reader *r, struct bytes text, struct hash *out) {
  if (hash_parse(text, out) != OK || hash_is_zero(out))
    reader_fail(r);
}

static size_t read_hashes(struct reader *r, const char *word, struct hash *out, size_t max) {
  struct repeated p = {r, word, max, 0, {0}};
  struct bytes value;
  while (next_repeated(&p, &value))
    read_hash(r, value, &out[p.count - 1]);
  return p.count;
}

static bool is_base64(struct bytes b) {
  struct buf decoded = {0};
  bool good = b.len > 0 && text_base64_decode(b, &decoded) == OK;
  buf_release(&decoded);
  return good;
}

static void read_keys(struct reader *r, struct entry *e) {
  struct repeated p = {r, "key", ENTRY_KEYS_MAX, 0, {0}};
  struct bytes value, name;
  while (next_repeated(&p, &value)) {
    bool again = false;
    if (!text_split(&value, ' ', &name) || !text_is_name(name) || !is_base64(value))
      reader_fail(r);
    else
      again = p.count > 1 && bytes_equal(e->keys[p.count - 2].name, name);
    if (again)
      reader_fail(r);
    e->keys[p.count - 1] = (struct entry_pair){name, value};
  }
  e->key_count = p.count;
}

static void read_refs(struct reader *r, struct entry *e) {
  struct repeated p = {r, "ref", ENTRY_REFS_MAX, 0, {0}};
  struct bytes value, name;
  while (next_repeated(&p, &value)) {
    struct entry_ref *ref = &e->refs[p.count - 1];
    if (!text_split(&value, ' ', &name) || !text_is_name(name))
      reader_fail(r);
    else
      read_hash(r, value, &ref->id);
    ref->name = name;
  }
  e->ref_count = p.count;
}

static void read_facts(struct reader *r, struct entry *e) {
  struct repeated p = {r, "fact", ENTRY_FACTS_MAX, 0, {0}};
  struct bytes value, name;
  while (next_repeated(&p, &value)) {
    if (!text_split(&value, ' ', &name) || !text_is_name(name) || !text_is_token(value))
      reader_fail(r);
    e->facts[p.count - 1] = (struct entry_pair){name, value};
  }
  e->fact_count = p.count;
}

static enum audience read_audience(struct reader *r) {
  struct bytes word = text_field(r, "audience");
  for (size_t i = 0; i < AUDIENCE_COUNT; i++)
    if (bytes_equal_str(word, audience_words[i]))
      return (enum audience)i;
  reader_fail(r);
  return AUDIENCE_DIRECTORY;
}

struct bytes entry_kind(struct bytes header) {
  struct reader r = reader_of(header);
  text_line(&r);
  struct bytes kind = text_field(&r, "kind");
  return r.err == OK ? kind : bytes_of(NULL, 0);
}

enum err entry_decode(struct bytes header, struct entry *e) {
  struct reader r = reader_of(header);
  if (header.len > ENTRY_HEADER_MAX)
    return err_set(ERR_LIMIT, "a header is larger than 16 KiB");
  entry_init(e);
  e->header = header;
  if (!bytes_equal_str(text_line(&r), "cairn entry 1"))
    reader_fail(&r);
  e->kind = text_field(&r, "kind");
  if (!text_is_kind(e->kind))
    reader_fail(&r);
  read_hash(&r, text_field(&r, "by"), &e->by);
  e->at = text_field(&r, "at");
  if (!text_is_time(e->at))
    reader_fail(&r);
  if (text_next_is(&r, "profile"))
    read_hash(&r, text_field(&r, "profile"), &e->profile);
  read_keys(&r, e);
  if (text_next_is(&r, "cert")) {
    e->cert = text_field(&r, "cert");
    if (!is_base64(e->cert))
      reader_fail(&r);
  }
  e->child_count = read_hashes(&r, "child", e->children, ENTRY_CHILDREN_MAX);
  read_refs(&r, e);
  e->base_count = read_hashes(&r, "base", e->bases, ENTRY_BASES_MAX);
  read_facts(&r, e);
  e->audience = read_audience(&r);
  e->to_count = read_hashes(&r, "to", e->to, ENTRY_RECIPIENTS_MAX);
  e->media = text_field(&r, "media");
  if (!text_is_media(e->media))
    reader_fail(&r);
  read_hash(&r, text_field(&r, "content"), &e->content);
  bool is_sealed = text_next_is(&r, "sealed");
  if (is_sealed)
    read_hash(&r, text_field(&r, "sealed"), &e->sealed);
  bool is_addressed = e->audience == AUDIENCE_NAMED || e->audience == AUDIENCE_RESTRICTED;
  if (is_addressed != (e->to_count > 0) || is_sealed != (e->audience == AUDIENCE_RESTRICTED))
    reader_fail(&r);
  if (reader_end(&r) != OK)
    return err_set(ERR_FORM, "a header is not of the form of a \"cairn entry 1\"");
  e->id = hash_of(header);
  return OK;
}

void entry_init(struct entry *e) {
  e->header = e->kind = e->at = e->cert = e->media = bytes_of(NULL, 0);
  memset(&e->id, 0, sizeof e->id);
  memset(&e->by, 0, sizeof e->by);
  memset(&e->profile, 0, sizeof e->profile);
  memset(&e->content, 0, sizeof e->content);
  memset(&e->sealed, 0, sizeof e->sealed);
  e->audience = AUDIENCE_DIRECTORY;
  e->key_count = e->child_count = e->ref_count = e->base_count = e->fact_count = e->to_count = 0;
}

static int compare_hashes(const void *a, const void *b) {
  return memcmp(a, b, sizeof(struct hash));
}

/* As the lines' bytes compare: the name, the space (which sorts before any byte of a name), the value. */
static int compare_pairs(const void *a, const void *b) {
  const struct entry_pair *p = a, *q = b;
  int c = bytes_compare(p->name, q->name);
  return c ? c : bytes_compare(p->value, q->value);
}

static int compare_refs(const void *a, const void *b) {
  const struct entry_ref *p = a, *q = b;
  int c = bytes_compare(p->name, q->name);
  return c ? c : compare_hashes(&p->id, &q->id);
}

static void write_line(struct buf *b, const char *word, struct bytes value) {
  buf_add_str(b, word);
  buf_add_str(b, " ");
  buf_add(b, value);
  buf_add_str(b, "\n");
}

static void write_hash(struct buf *b, const char *word, const struct hash *h) {
  buf_add_str(b, word);
  buf_add_str(b, " ");
  hash_format(b, h);
  buf_add_str(b, "\n");
}

static void write_pair(struct buf *b, const char *word, struct bytes name, struct bytes value) {
  buf_add_str(b, word);
  buf_add_str(b, " ");
  buf_add(b, name);
  buf_add_str(b, " ");
  buf_add(b, value);
  buf_add_str(b, "\n");
}

static void write_hashes(struct buf *b, const char *word, struct hash *list, size_t count) {
  qsort(list, count, sizeof *list, compare_hashes);
  for (size_t i = 0; i < count; i++)
    write_hash(b, word, &list[i]);
}

static void write_pairs(struct buf *b, const char *word, struct entry_pair *list, size_t count) {
  qsort(list, count, sizeof *list, compare_pairs);
  for (size_t i = 0; i < count; i++)
    write_pair(b, word, list[i].name, list[i].value);
}

static void write_refs(struct buf *b, struct entry *e) {
  qsort(e->refs, e->ref_count, sizeof *e->refs, compare_refs);
  for (size_t i = 0; i < e->ref_count; i++) {
    struct hash_hex hex = hash_hex(&e->refs[i].id);
    write_pair(b, "ref", e->refs[i].name, bytes_str(hex.s));
  }
}

enum err entry_encode(struct entry *e, struct buf *out) {
  size_t start = out->len;
  buf_add_str(out, "cairn entry 1\n");
  write_line(out, "kind", e->kind);
  write_hash(out, "by", &e->by);
  write_line(out, "at", e->at);
  if (!hash_is_zero(&e->profile))
    write_hash(out, "profile", &e->profile);
  write_pairs(out, "key", e->keys, e->key_count);
  if (e->cert.len)
    write_line(out, "cert", e->cert);
  write_hashes(out, "child", e->children, e->child_count);
  write_refs(out, e);
  write_hashes(out, "base", e->bases, e->base_count);
  write_pairs(out, "fact", e->facts, e->fact_count);
  write_line(out, "audience", bytes_str(audience_word(e->audience)));
  write_hashes(out, "to", e->to, e->to_count);
  write_line(out, "media", e->media);
  write_hash(out, "content", &e->content);
  if (!hash_is_zero(&e->sealed))
    write_hash(out, "sealed", &e->sealed);
  if (buf_err(out) != OK)
    return err_set(ERR_LIMIT, "an entry is too large");
  /* Reading it back refuses what e should not have said, doubles included. */
  return entry_decode(bytes_of(out->at + start, out->len - start), e);
}

struct hash entry_commitment(const uint8_t salt[ENTRY_SALT_SIZE], struct bytes content) {
  struct bytes parts[] = {bytes_str("cairn content 1\n"), bytes_of(salt, ENTRY_SALT_SIZE), content};
  return hash_of_parts(parts, 3);
}

static struct bytes find_pair(const struct entry_pair *list, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (bytes_equal_str(list[i].name, name))
      return list[i].value;
  return bytes_of(NULL, 0);
}

struct bytes entry_fact(const struct entry *e, const char *name) {
  return find_pair(e->facts, e->fact_count, name);
}

struct bytes entry_key(const struct entry *e, const char *name) {
  return find_pair(e->keys, e->key_count, name);
}

const struct hash *entry_ref(const struct entry *e, const char *name) {
  for (size_t i = 0; i < e->ref_count; i++)
    if (bytes_equal_str(e->refs[i].name, name))
      return &e->refs[i].id;
  return NULL;
}
