/* Checkpoints: C2SP tlog-checkpoint in C2SP signed notes (audit/FORMAT.md section 1), and verifier keys. ECDSA P-256
 * notes (type 0x02) are signed and verified; Ed25519 verifier keys (type 0x01) are read and verified, too, so that
 * notes of others can be checked. */
#ifndef CAIRN_CORE_NOTE_H
#define CAIRN_CORE_NOTE_H

#include "core/hash.h"
#include "core/key.h"
#include "core/text.h"

#define NOTE_MAX 65536
#define NOTE_SIGNATURES_MAX 64
#define NOTE_NAME_MAX 96

/* NAME+HASH+BASE64 */
struct note_vkey {
  char name[256];
  uint8_t hash[4];
  uint8_t type;            /* 0x01 Ed25519, 0x02 ECDSA */
  uint8_t public_key[256]; /* 32 bytes, or a SubjectPublicKeyInfo */
  size_t public_key_len;
};

/* ERR_FORM with words that say what is wrong. */
enum err note_vkey_parse(struct bytes text, struct note_vkey *out);
/* Appends the text form of a key's ECDSA verifier key. */
void note_vkey_format(struct buf *b, const char *name, const struct key *k);

/* Appends a signed note: text (which ends with LF), an empty line, one signature line. */
enum err note_sign(struct bytes text, const char *name, const struct key *k, struct buf *out);
/* Appends one more signature line to a note whose text is this. */
enum err note_cosign(struct bytes text, const char *name, const struct key *k, struct buf *note);
/* Checks a note's form alone; nothing is verified. text_out, borrowed from note, ends with LF. */
enum err note_text(struct bytes note, struct bytes *text_out);
/* Checks a note against one key: ERR_FORM if it is not of the form, ERR_SIGNATURE if the key's line is missing or does
 * not verify, or if a second line of the same key does not. An ECDSA signature counts in the one form of core/FORMAT.md
 * section 1 only (strict DER, low s), whoever made it. text_out, borrowed from note, ends with LF. */
enum err note_open(struct bytes note, const struct note_vkey *vkey, struct bytes *text_out);

/* One signature line; borrowed from the note, but for the bytes, which are there during the call only. */
struct note_line {
  struct bytes whole; /* with its LF */
  struct bytes name;
  struct bytes bytes; /* the key hash, 4 bytes, and the signature */
};
/* Calls each for the signature lines of a note whose form was checked. An error of each ends it. */
enum err note_each_line(struct bytes note, void *of, enum err (*each)(void *of, const struct note_line *line));
/* Appends one signature line. */
void note_add_line(struct buf *note, const char *name, struct bytes bytes);

#define CHECKPOINT_SHORT_SIZE 72
/* What people compare over the telephone (audit/FORMAT.md section 1.2): "SIZE: " and eight groups of five digits. */
struct checkpoint_short {
  char s[CHECKPOINT_SHORT_SIZE];
};

struct checkpoint {
  char origin[NOTE_NAME_MAX + 1];
  uint64_t size;
  struct hash root;
  struct text_time time;
};

/* Appends the checkpoint's text (four lines). */
void checkpoint_format(struct buf *b, const struct checkpoint *c);
/* From a note's text; exactly this form. */
enum err checkpoint_parse(struct bytes text, struct checkpoint *out);

struct checkpoint_short checkpoint_short(const struct checkpoint *c);
/* A short form as somebody types it: the digits may be grouped by spaces, points and dashes as they like; the size ends
 * with a colon, or is the first group. Gives the size and the form as checkpoint_short writes it. ERR_FORM. */
enum err checkpoint_short_parse(struct bytes typed, uint64_t *size_out, struct checkpoint_short *out);

#endif
