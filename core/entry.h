/* An entry's header: reading and writing the text of core/FORMAT.md section 3, and the commitment to its content
 * (section 2). Pure. A header that entry_decode accepts is the only way to write what it says. */
#ifndef CAIRN_CORE_ENTRY_H
#define CAIRN_CORE_ENTRY_H

#include "core/hash.h"
#include "core/text.h"

#define ENTRY_HEADER_MAX 16384
#define ENTRY_CONTENT_MAX ((size_t)8 << 20)
#define ENTRY_LARGE ((size_t)1 << 20) /* content of more bytes is large: it travels in parts (core/parts.h) */
#define ENTRY_SALT_SIZE 16
#define ENTRY_KEYS_MAX 4
#define ENTRY_CHILDREN_MAX 32
#define ENTRY_REFS_MAX 64
#define ENTRY_BASES_MAX 16
#define ENTRY_FACTS_MAX 32
#define ENTRY_RECIPIENTS_MAX 128

/* audience, its word */
#define AUDIENCE_TABLE(X)                                                                                              \
  X(AUDIENCE_DIRECTORY, "directory")                                                                                   \
  X(AUDIENCE_REGISTER, "register")                                                                                     \
  X(AUDIENCE_CASE, "case")                                                                                             \
  X(AUDIENCE_PROFESSIONALS, "professionals")                                                                           \
  X(AUDIENCE_NAMED, "named")                                                                                           \
  X(AUDIENCE_RESTRICTED, "restricted")

enum audience {
#define X(code, word) code,
  AUDIENCE_TABLE(X)
#undef X
};

const char *audience_word(enum audience a);

/* A name with a text (key, fact: the value) or with an id (ref). */
struct entry_pair {
  struct bytes name;
  struct bytes value;
};

struct entry_ref {
  struct bytes name;
  struct hash id;
};

/* What a header says. Texts borrow from the header's bytes. Lists hold what their counts say; the rest is undefined. */
struct entry {
  struct bytes header;
  struct hash id;
  struct bytes kind;
  struct hash by;
  struct bytes at;
  struct hash profile; /* zeros: absent */
  struct bytes cert;   /* base64; empty: absent */
  enum audience audience;
  struct bytes media;
  struct hash content;
  struct hash sealed; /* zeros: absent */
  size_t key_count, child_count, ref_count, base_count, fact_count, to_count;
  struct entry_pair keys[ENTRY_KEYS_MAX]; /* values in base64 */
  struct hash children[ENTRY_CHILDREN_MAX];
  struct entry_ref refs[ENTRY_REFS_MAX];
  struct hash bases[ENTRY_BASES_MAX];
  struct entry_pair facts[ENTRY_FACTS_MAX];
  struct hash to[ENTRY_RECIPIENTS_MAX];
};

/* The kind of a header that was decoded before, or will be; no bytes if it does not begin as one. */
struct bytes entry_kind(struct bytes header);
/* Reads a header. ERR_FORM if it is not exactly of the form, ERR_LIMIT if it is too large. out borrows from header. */
enum err entry_decode(struct bytes header, struct entry *out);

/* Starts an entry to be written: empty lists and texts. */
void entry_init(struct entry *e);
/* Appends the header's text to out and fills e->header (borrowed from out) and e->id. Sorts the lists. ERR_FORM if what
 * e says cannot be written, ERR_LIMIT if it is too large. */
enum err entry_encode(struct entry *e, struct buf *out);

/* The commitment of core/FORMAT.md section 2. */
struct hash entry_commitment(const uint8_t salt[ENTRY_SALT_SIZE], struct bytes content);

/* The first value with this name, or no bytes / NULL. */
struct bytes entry_fact(const struct entry *e, const char *name);
struct bytes entry_key(const struct entry *e, const char *name);
const struct hash *entry_ref(const struct entry *e, const char *name);

#endif
