/* Acts, positions, leaves and handovers: the texts of core/FORMAT.md sections 4, 5, 7 and 8. Pure. */
#ifndef CAIRN_CORE_ACT_H
#define CAIRN_CORE_ACT_H

#include "core/entry.h"
#include "core/key.h"

#define ACT_ENTRIES_MAX 1024
#define ACT_SIZE_MAX ((size_t)2 << 20) /* headers and contents together, without large contents */
#define ACT_LARGE_MAX 4                /* how many large contents */

/* One entry as it travels: borrowed bytes. */
struct act_entry {
  uint32_t index; /* its place in the act */
  struct bytes header;
  uint8_t salt[ENTRY_SALT_SIZE];
  struct bytes content;
  uint32_t parts_size; /* of salt and content together, where they travel in parts and are not here; else 0 */
  bool is_erased;      /* salt and content are gone */
  bool is_lost;        /* nobody has them who could be asked: TAKE on a node that is rebuilt (core/recovery.h) */
};

/* The text that an act's author signs, and its id. */
struct act_text {
  struct hash by;
  uint32_t size;
  struct hash root;
};
void act_text_format(struct buf *b, const struct act_text *a);
struct hash act_id(const struct act_text *a);
/* The root of an act of which these entries are here, ascending by index; siblings: the partial proof
 * (core/FORMAT.md 6.3, m = 0) for the others. ERR_PROOF if it does not fit. */
enum err act_root_of_part(const struct act_entry *entries, size_t count, uint32_t size, struct bytes siblings,
                          struct hash *root_out);
/* The text of such an act. ERR_FORM if the first header is not of the form. */
enum err act_text_of_part(const struct act_entry *entries, size_t count, uint32_t size, struct bytes siblings,
                          struct act_text *out);
/* The same for an act whose entries are all here. */
enum err act_text_of(const struct act_entry *entries, size_t count, struct act_text *out);
enum err act_sign(const struct act_text *a, const struct key *author, struct buf *signature_out);
enum err act_verify(const struct act_text *a, const struct key *author, struct bytes signature);

struct position {
  struct hash replica;
  uint64_t number;
  struct hash previous; /* position id of number - 1, or zeros */
  struct hash act;
};
void position_format(struct buf *b, const struct position *p);
struct hash position_id(const struct position *p);
enum err position_sign(const struct position *p, const struct key *replica, struct buf *signature_out);
enum err position_verify(const struct position *p, const struct key *replica, struct bytes signature);
/* Is it an act.refuse or act.hold? And the position that one repeats; ERR_FORM. */
bool position_is_told(const struct entry *e);
enum err position_told(const struct entry *e, struct position *out);

struct leaf {
  uint64_t number;
  struct bytes admitted;
  const struct position *position; /* its act is the leaf's act */
  uint32_t index, size;
  struct bytes signature; /* of the act; written on the first leaf only */
  struct bytes head;      /* may be empty; written on the first leaf only */
  struct bytes header;
};
void leaf_format(struct buf *b, const struct leaf *l);

/* A leaf as it was read; its texts borrow from what was read, signature and head from the buffers. */
struct leaf_read {
  struct leaf leaf;
  struct position position;
  struct buf signature, head;
};
/* ERR_FORM if it is not exactly of the form; of the header only that it may be one. The caller releases out. */
enum err leaf_parse(struct bytes text, struct leaf_read *out);
void leaf_read_release(struct leaf_read *l);

/* What the ledger's key signs when it hands over to another one (core/FORMAT.md section 8, log.keys). ledger is the id
 * of the ledger's first entry, key_id that of the new key. */
enum err handover_sign(const struct hash *ledger, const struct hash *key_id, const struct key *k,
                       struct buf *signature);
/* OK or ERR_SIGNATURE. */
enum err handover_verify(const struct hash *ledger, const struct hash *key_id, const struct key *k,
                         struct bytes signature);

#endif
