/* A small ledger, written by OpenSSL and the texts of the format pages, for tests of whoever judges one: honest, or
 * broken in one place as an attacker could break it who has the keys, so that all that is signed or hashed afterwards
 * fits what was broken.
 *
 * 1 log.open | 2 agency.add 3 invite.person 4 person.add 5 replica.add | 6 cert.issue (person) 7 cert.issue (replica) |
 * 8 child.add | 9 meeting.convene, head | 10 decision.record 11 registration.add, head | 12 act.refuse |
 * 13 cert.issue (person, again) */
#ifndef CAIRN_TESTS_LEDGER_H
#define CAIRN_TESTS_LEDGER_H

#include "audit/verify.h"
#include "core/hash.h"
#include "core/key.h"

struct x509_st;

#define LEDGER_ORIGIN "cairn.test/north"
#define LEDGER_ENTRIES 13
#define LEDGER_ACTS_MAX 16
#define LEDGER_TIME "2026-11-25T15:00:02Z" /* of the last act */

enum ledger_who {
  WHO_AUTHORITY,
  WHO_OPERATING,
  WHO_LEDGER,
  WHO_PERSON,
  WHO_REPLICA,
  WHO_SEAL, /* the person's key that is sealed to */
  WHO_STRANGER,
  WHO_COUNT
};

/* Where it is broken: a header before it is signed, a leaf after that, the checkpoint's text before it is signed, the
 * note after that, the file of leaves at the end. */
enum ledger_where { AT_NOWHERE, AT_HEADER, AT_LEAF, AT_TEXT, AT_NOTE, AT_FILE };

struct ledger_break {
  enum ledger_where where;
  int entry;
  const char *from, *to; /* the first occurrence is replaced; a `to` of NULL cuts the text off there */
  /* other things to do wrong; of WHO_AUTHORITY, as it should be */
  enum ledger_who note_signer, certifier, certified, author, writer;
  enum ledger_who act_signer; /* of the act of entry 8 */
  enum ledger_who head_signer;
  void (*resign)(struct buf *der); /* done to the signature of the act of entry 8 */
  void (*renote)(struct buf *der); /* and to that of the checkpoint */
  const char *origin;              /* NULL: LEDGER_ORIGIN */
  int published;                   /* how many entries; 0: all */
  bool wrong_use, wrong_subject, wrong_ref, authority_is_none;
  int64_t from_s, until_s;
  int certificate;                  /* the entry whose certificate is wrong; 0: 13, which nothing rests on */
  int subject_entry;                /* whom the certificate names, also in its entry */
  void (*forge)(struct x509_st *x); /* done to it before it is signed again */
  void (*forge_authority)(struct x509_st *x);
};

struct ledger_chain {
  uint64_t number;
  char previous[65];
};

struct ledger_act {
  enum ledger_who by, replica;
  const char *admitted;
  int first, last;
  bool is_headed; /* the replica signed its position */
};

/* Signatures are kept, so that a text that is signed again is signed in the same way. */
#define LEDGER_SIGNATURES_MAX 32
struct ledger_signature {
  struct hash of; /* who signed, and what */
  size_t len;
  uint8_t der[KEY_SIGNATURE_MAX];
};

struct ledger {
  const struct ledger_break *broken;
  struct key *keys[WHO_COUNT];
  char ids[WHO_COUNT][65];
  struct buf spki[WHO_COUNT]; /* base64 */
  struct buf authority_cert;
  struct buf headers[LEDGER_ENTRIES + 1], leaves[LEDGER_ENTRIES + 1]; /* from 1 on */
  struct ledger_act acts[LEDGER_ACTS_MAX];
  size_t act_count;
  struct ledger_signature signatures[LEDGER_SIGNATURES_MAX];
  size_t signature_count;
  struct ledger_chain chains[2]; /* of the operating key, of the replica */
  struct buf file, note;         /* as they are published */
};

/* All of it, and published. NULL: nothing is broken. */
void ledger_init(struct ledger *l, const struct ledger_break *broken);
void ledger_release(struct ledger *l);

/* The leaves anew, after headers or acts were changed. */
void ledger_sign(struct ledger *l);
/* A checkpoint of the first `count` leaves, and the file of them. */
void ledger_publish(struct ledger *l, int count);

/* The id of an entry as its header is now. */
struct ledger_id {
  char s[65];
};
struct ledger_id ledger_id(const struct ledger *l, int entry);

/* The content of an entry that is about the directory, and the salt that it is bound with; NULL for any other. */
const char *ledger_content(int entry);
void ledger_salt(int entry, uint8_t salt[16]);

/* NAME+HASH+BASE64; to be freed. */
char *ledger_vkey(const struct ledger *l, const char *name, enum ledger_who who);

/* The first occurrence, which must be there; a `to` of NULL cuts the text off there. */
void ledger_replace(struct buf *b, const char *from, const char *to);

#endif
