/* What the files of the independent verifier share. Nothing outside audit/verify*.c and its tests includes this. */
#ifndef CAIRN_AUDIT_VERIFY_PARTS_H
#define CAIRN_AUDIT_VERIFY_PARTS_H

#include "audit/verify.h"
#include "audit/verify_map.h"

/* ---- verify_text.c: the notation of core/FORMAT.md section 1 ---- */

/* Zeroed memory; ends the program if there is none. */
void *vtext_alloc(size_t n);

static inline struct verify_text vtext_of(const void *at, size_t len) {
  return (struct verify_text){(const char *)at, len};
}
bool vtext_is(struct verify_text t, const char *s);
bool vtext_equal(struct verify_text a, struct verify_text b);
int vtext_compare(struct verify_text a, struct verify_text b);
/* Copies t, at most size - 1 bytes, and ends it. */
void vtext_copy(char *out, size_t size, struct verify_text t);

bool vtext_is_token(struct verify_text t);
bool vtext_is_name(struct verify_text t);
bool vtext_is_kind(struct verify_text t);
bool vtext_is_media(struct verify_text t);
bool vtext_is_origin(struct verify_text t);
#define VDATE_SIZE 10 /* a time begins with its date */
bool vtext_is_date(struct verify_text t);
bool vtext_is_time(struct verify_text t);
bool vtext_number(struct verify_text t, uint64_t *out);
/* Exactly `size` bytes from lower-case digits. */
bool vtext_hex(struct verify_text t, uint8_t *out, size_t size);
/* 2 * size digits and a NUL. */
void vtext_to_hex(const uint8_t *at, size_t size, char *out);
/* At most `max` bytes; false for any but the one way to write them. */
bool vtext_base64(struct verify_text t, uint8_t *out, size_t max, size_t *len_out);
/* Writes the base64 and a NUL into out, which has room for (len + 2) / 3 * 4 + 1. */
void vtext_to_base64(const uint8_t *at, size_t len, char *out);

/* Lines of a text. The first failure sticks. */
struct vlines {
  struct verify_text rest;
  bool failed;
};
/* The next line without its LF; fails on a missing LF, an empty line, a control character, or a space at its end. */
struct verify_text vlines_next(struct vlines *l);
/* The next line is the word, a space, and something. */
bool vlines_at(const struct vlines *l, const char *word);
/* What follows the word on the next line, which must begin with it. */
struct verify_text vlines_field(struct vlines *l, const char *word);
/* What was decoded of a line in base64. Owned; zeroed, it is empty. */
struct vblob {
  uint8_t *at;
  size_t len;
};
void vblob_release(struct vblob *b);
static inline struct verify_text vblob_text(const struct vblob *b) {
  return vtext_of(b->at, b->len);
}
bool vblob_is(const struct vblob *b, struct verify_text t);
/* As vlines_field, decoded; at most max bytes, and at least one. The second reads nothing where the line is absent. */
void vlines_base64(struct vlines *l, const char *word, size_t max, struct vblob *out);
void vlines_base64_maybe(struct vlines *l, const char *word, size_t max, struct vblob *out);
/* Cuts what stands before the first space off *rest; false if there is no space. */
bool vtext_cut(struct verify_text *rest, char separator, struct verify_text *before);

/* ---- verify_tree.c: SHA-256 and RFC 6962 ---- */

void vhash(const void *at, size_t len, uint8_t out[VHASH_SIZE]);
/* Of what comes piece by piece. The end frees it. */
struct vhasher;
struct vhasher *vhasher_new(void);
void vhasher_add(struct vhasher *h, const void *at, size_t len);
void vhasher_end(struct vhasher *h, uint8_t out[VHASH_SIZE]);

/* A tree that grows from the left: one hash for each bit of its size. */
struct vtree {
  uint64_t size;
  uint8_t stack[64][VHASH_SIZE];
};
void vtree_push(struct vtree *t, const void *leaf, size_t len);
void vtree_root(const struct vtree *t, uint8_t out[VHASH_SIZE]);

/* The root that a partial proof (core/FORMAT.md 6.3, m = 0) for this leaf alone leads to; false if it is none: hashes
 * are missing or left over, or there is no such leaf. */
bool vtree_prove(struct verify_text leaf, uint64_t index, uint64_t size, const uint8_t *proof, size_t len,
                 uint8_t root[VHASH_SIZE]);

/* The hash of a leaf, which vpath_push takes. */
void vtree_leaf(const void *leaf, size_t len, uint8_t out[VHASH_SIZE]);
/* The partial proof for one leaf alone, gathered while the tree grows. */
#define VPATH_MAX 128
struct vpath {
  uint64_t index;
  size_t before, count; /* how many of the pieces stand before the leaf; of all */
  struct {
    uint8_t hash[VHASH_SIZE];
    uint64_t start;
    unsigned level;
  } pieces[VPATH_MAX];
};
/* Each leaf, before it is pushed into the tree. */
void vpath_push(struct vpath *p, const struct vtree *before, const uint8_t leaf[VHASH_SIZE]);

/* ---- verify_state.c: the state of a verification as bytes ---- */

/* Writes, or reads and checks bounds; the first failure sticks, and what is read after it is zeros. So one function
 * for each struct serves both ways. */
#define VIO_SIZE 16384
struct vio {
  bool is_reading, failed;
  const struct verify_source *source;
  const struct verify_sink *sink;
  struct vhasher *hasher; /* of what is written */
  uint64_t next, end;     /* what was not taken from the source yet */
  size_t at, len;         /* of the piece: how much was read, of how much; how much was written */
  uint8_t piece[VIO_SIZE];
};
void vio_raw(struct vio *io, void *p, size_t n);
void vio_bool(struct vio *io, bool *b);
/* Gives the count that was written or read; 0 after a failure. */
size_t vio_count(struct vio *io, size_t count, size_t max);
/* With its NUL in the last place at the latest. */
void vio_text(struct vio *io, char *s, size_t size);
/* Its row_size is set, and it is empty if it is read. */
void vio_map(struct vio *io, struct vmap *m);
/* Without asking of which checkpoint it is; what is wrong with it, or NULL. */
const char *vstate_read(struct verify *v, const struct verify_source *source, struct verify_place *place);

/* ---- verify_key.c: P-256 keys and signatures ---- */

#define VKEY_SPKI_SIZE 91
#define VKEY_SIGNATURE_MAX 72

struct vkey {
  uint8_t id[VHASH_SIZE];
  uint8_t spki[VKEY_SPKI_SIZE];
};
/* False unless it is the DER of an uncompressed point of the curve. */
bool vkey_read(const uint8_t *spki, size_t len, struct vkey *out);
/* The curve with what the library works out once for all signatures, which saves a third of the time of each. */
struct vcurve;
struct vcurve *vcurve_new(void);
void vcurve_free(struct vcurve *c);

/* Strict DER and low s, or it does not verify (core/FORMAT.md section 1). */
bool vkey_verify(struct vcurve *c, const struct vkey *k, struct verify_text message, const uint8_t *signature,
                 size_t len);
/* As vkey_verify, of a message whose SHA-256 this is. */
bool vkey_verify_hash(struct vcurve *c, const struct vkey *k, const uint8_t hash[VHASH_SIZE], const uint8_t *signature,
                      size_t len);
/* As vkey_verify, for the signature in a certificate, where RFC 5280 does not ask for low s. */
bool vkey_verify_any_s(struct vcurve *c, const struct vkey *k, struct verify_text message, const uint8_t *signature,
                       size_t len);

/* ---- verify_cert.c: certificates (core/FORMAT.md section 9) ---- */

enum vcert_use { VCERT_PERSON, VCERT_REPLICA };

struct vcert_authority {
  struct vkey key;
  uint8_t *name; /* its subject in DER; owned */
  size_t name_len;
};

struct vcert {
  enum vcert_use use;
  struct vkey key;
  uint8_t subject[VHASH_SIZE];
  char from[21], until[21]; /* both included; they compare as text */
};

/* What is wrong, and under which code it is found. words: NULL if nothing is. */
struct vwrong {
  enum verify_code code;
  const char *words;
};

/* Each gives no words and writes *out, or gives what is wrong; with the authority's it is always A-AUTHORITY. */
struct vwrong vcert_read_authority(struct vcurve *curve, const uint8_t *der, size_t len, struct vcert_authority *out);
void vcert_release_authority(struct vcert_authority *a);
struct vwrong vcert_read(struct vcurve *curve, const struct vcert_authority *a, const uint8_t *der, size_t len,
                         struct vcert *out);

/* ---- verify_note.c: verifier keys and checkpoints (audit/FORMAT.md section 1) ---- */

struct vnote_key {
  char name[129];
  struct vkey key;
};

struct vnote_checkpoint {
  char origin[97];
  uint64_t size;
  uint8_t root[VHASH_SIZE];
  char time[21];
};

enum vnote_outcome { VNOTE_GOOD, VNOTE_FORM, VNOTE_LIMIT, VNOTE_SIGNATURE };

bool vnote_key_parse(struct verify_text t, struct vnote_key *out);
/* 8 digits of the key hash between name and key; out has room for 256 bytes. */
void vnote_key_format(const struct vnote_key *k, char *out, size_t size);
/* Gives the signed text unless the form is wrong, also where the signature is. */
enum vnote_outcome vnote_open(struct vcurve *c, struct verify_text note, const struct vnote_key *k,
                              struct verify_text *text_out);
/* Only the form. */
enum vnote_outcome vnote_split(struct verify_text note, struct verify_text *text_out);
/* Only the form, and the signature of the key where the note has exactly one line of it; else *len_out is 0. */
enum vnote_outcome vnote_find(struct verify_text note, const struct vnote_key *k, struct verify_text *text_out,
                              uint8_t signature[VKEY_SIGNATURE_MAX], size_t *len_out);
bool vnote_checkpoint_parse(struct verify_text text, struct vnote_checkpoint *out);
/* Shows each signature line of a note of the right form: its name, and the key hash with the signature. */
void vnote_each_line(struct verify_text note, void *of,
                     void (*line)(void *of, struct verify_text name, const uint8_t *bytes, size_t len));
/* audit/FORMAT.md section 1.2. */
void vnote_short(const struct vnote_checkpoint *c, char out[VERIFY_SHORT_SIZE]);

/* ---- verify_leaf.c: leaves and headers (core/FORMAT.md sections 3 and 7) ---- */

#define VLEAF_HEADER_MAX 16384
#define VLEAF_MAX (VLEAF_HEADER_MAX + 2048)
#define VLEAF_KEYS_MAX 4
#define VLEAF_TO_MAX 128
#define VLEAF_ACT_MAX 1024

struct vleaf_position {
  uint8_t replica[VHASH_SIZE];
  uint64_t number;
  uint8_t previous[VHASH_SIZE];
};

struct vleaf {
  struct verify_entry entry;
  struct verify_text header;
  uint8_t id[VHASH_SIZE];
  uint8_t by[VHASH_SIZE];
  uint8_t act[VHASH_SIZE];
  uint64_t index, size;
  /* of an act's first leaf */
  uint8_t signature[VKEY_SIGNATURE_MAX];
  size_t signature_len;
  struct vleaf_position position;
  uint8_t head[VKEY_SIGNATURE_MAX];
  size_t head_len; /* 0: none */
  struct {
    struct verify_text name;
    struct vkey key;
  } keys[VLEAF_KEYS_MAX];
  size_t key_count;
  struct verify_text cert;    /* base64, or empty */
  struct verify_text profile; /* digits, or empty */
  struct verify_text to[VLEAF_TO_MAX];
  size_t to_count;
  struct verify_text media, content;
};

enum vleaf_outcome { VLEAF_GOOD, VLEAF_FORM, VLEAF_HEADER_FORM, VLEAF_LIMIT };

/* Borrows from text. After VLEAF_HEADER_FORM, all but the header's fields are written. */
enum vleaf_outcome vleaf_parse(struct verify_text text, struct vleaf *out);
/* A header alone: nothing that its leaf says is written. */
bool vleaf_parse_header(struct verify_text header, struct vleaf *out);
/* The value of a fact or reference that occurs exactly once; false otherwise. */
bool vleaf_find(const struct verify_pair *pairs, size_t count, const char *name, struct verify_text *out);
/* The text of a position (core/FORMAT.md section 5); its length. */
#define VLEAF_POSITION_MAX 512
size_t vleaf_position_text(const struct vleaf_position *p, const uint8_t act[VHASH_SIZE], char out[VLEAF_POSITION_MAX]);

/* ---- verify_proof.c: what shows one entry alone ---- */

/* The text of an act (core/FORMAT.md section 4). */
struct vact_text {
  uint8_t id[VHASH_SIZE], by[VHASH_SIZE], root[VHASH_SIZE];
  uint64_t size;
};
bool vact_text_parse(struct verify_text text, struct vact_text *out);
#define VPATH_BYTES_MAX (VPATH_MAX * VHASH_SIZE)
#define VACT_TEXT_MAX 512

/* ---- verify_table.c: the directory's entries, and the keys that were certified ---- */

#define VTABLE_CERTS_MAX 64   /* for one key */
#define VTABLE_ROLES_MAX 1024 /* of one person */

enum vrow_kind {
  VROW_NONE,
  VROW_AGENCY,
  VROW_PERSON,
  VROW_KEYS,
  VROW_REPLICA,
  VROW_ROLE,
  VROW_HOLD,
  VROW_RELEASED,
  VROW_INVITATION,
  VROW_BAR,
  VROW_BARRED,
  VROW_SETTING,
};
#define VROW(kind) (1u << VROW_##kind)

struct vrole;

/* What an entry created, and what became of it. VROW_KEYS are a person's further keys. */
struct vrow {
  uint8_t id[VHASH_SIZE]; /* of the entry; of VROW_RELEASED, of the act; of VROW_BARRED, of person and child together */
  size_t place;           /* in the order in which they were added, from 1 */
  struct vrow *next;
  enum vrow_kind kind;
  bool is_over;       /* revoked, taken away, decided about, used */
  bool are_keys_over; /* the keys that a person began with were revoked, and the person was not */
  /* A person's, machine's or invitation's agency; the person of further keys, of a role, of a hold's act, or who is
   * barred; NULL: nobody's. */
  struct vrow *of;
  bool is_social_work;       /* of an agency */
  uint64_t enrolled;         /* of an agency: the newest entry with which the node enrolled somebody there */
  unsigned invited;          /* of an invitation, and of whom the node enrolled with it: the roles, 1 << their place */
  bool is_for_second;        /* of a hold: a second person decides about it */
  bool is_in_time;           /* of a hold: its act's author counted when it arrived */
  bool is_let_through;       /* of VROW_RELEASED: what its author is now is not asked any more */
  const struct vrow *second; /* of VROW_RELEASED: the person who confirmed it, with what they were then; or NULL */
  unsigned second_roles;
  uint64_t since, bar_count; /* of VROW_BARRED: the entry that barred them, and how many bars there are */
  uint8_t child[VHASH_SIZE]; /* of VROW_BAR */
  struct vrow *roles;        /* a person's newest role; a role's predecessor */
  size_t role_count;         /* of a person */
  const struct vrole *role;  /* of a role, with its dates; NULL: of another name than those of the format */
  char from[VDATE_SIZE + 1], until[VDATE_SIZE + 1];
  const struct vrow *by;   /* of an invitation: whose keys signed it; NULL: the node's */
  char until_time[21];     /* of an invitation: its last moment */
  uint8_t act[VHASH_SIZE]; /* of a hold */
  size_t key_count;
  uint8_t keys[][VHASH_SIZE]; /* ids of the keys that the entry introduced */
};

/* What the row is or belongs to, or NULL. */
const struct vrow *vrow_agency(const struct vrow *r);
const struct vrow *vrow_person(const struct vrow *r);
/* The row, or what it belongs to, counts no more. */
bool vrow_is_revoked(const struct vrow *r);
bool vrow_has_key(const struct vrow *r, const uint8_t key_id[VHASH_SIZE]);
/* Whose keys a row's are: the person, or the machine. */
const struct vrow *vrow_owner(const struct vrow *r);

struct vtable {
  void *rows, *introduced, *certified; /* balanced trees */
  size_t count;                        /* of all together, and of certificates; at most VERIFY_DIRECTORY_MAX */
  struct vrow *first, *last;           /* the rows in order */
  size_t row_count;
};

void vtable_release(struct vtable *t);
/* False beyond the maximum. Writes NULL if there is a row of this id, which stays as it is. */
bool vtable_add(struct vtable *t, const uint8_t id[VHASH_SIZE], enum vrow_kind kind, size_t key_count,
                struct vrow **new_out);
void vtable_io(struct vtable *t, struct vio *io);
/* The row of this id if it is of one of the kinds (VROW(…) | …), or NULL. */
struct vrow *vtable_find(const struct vtable *t, const uint8_t id[VHASH_SIZE], unsigned kinds);
/* The row introduced this key to sign with; the first one that did stays. False beyond the maximum. */
bool vtable_introduce(struct vtable *t, const uint8_t key_id[VHASH_SIZE], const struct vrow *row);
/* The row that introduced the key first, or NULL. */
const struct vrow *vtable_introducer(const struct vtable *t, const uint8_t key_id[VHASH_SIZE]);
/* False beyond the maximum. */
bool vtable_certify(struct vtable *t, const struct vcert *c, const struct vrow *subject);

/* Whose key it is. One that was certified for several entries speaks for the newest that counts, if one does. */
struct vowner {
  const struct vkey *key; /* NULL: not certified for this use */
  const struct vrow *row; /* the entry that introduced it */
  bool is_valid, is_revoked;
  char from[21], until[21]; /* of the certificate that is_valid speaks of */
};
struct vowner vtable_owner(const struct vtable *t, const uint8_t key_id[VHASH_SIZE], enum vcert_use use,
                           const char *time);

/* Roles, 1 << their place in the table of verify_directory.c. */
enum {
  VROLE_PRACTITIONER = 1,
  VROLE_CHAIR = 2,
  VROLE_MINUTE_TAKER = 4,
  VROLE_LEAD_PROFESSIONAL = 8,
  VROLE_DESIGNATED_LEAD = 16,
  VROLE_BUSINESS_SUPPORT = 32,
  VROLE_OFFICER = 64,
  VROLE_KEEPER = 128,
  VROLE_ADMINISTRATOR = 256,
};

/* ---- verify.c: the state of a verification ---- */

/* Who wrote an act, as the ledger stood before it. */
struct vauthor {
  bool is_node;
  struct vowner owner;
  const struct vrow *person, *agency; /* NULL for the node */
  unsigned roles;
  unsigned held;                             /* which of the format's roles those are: VROLE_… */
  bool is_machine_revoked, is_machine_valid; /* the one in whose chain the act stands */
  bool is_released;                          /* it was held, and let through */
  const struct vrow *second;                 /* the person who confirmed it, and what they were then; or NULL */
  unsigned second_roles;
};

/* The act whose leaves are being read. */
struct vact {
  bool open;   /* its first leaf was read, its last one not yet */
  bool broken; /* something is wrong with it, so that nobody can say who signed it */
  uint64_t first, index, size;
  size_t header_bytes;
  uint8_t id[VHASH_SIZE], by[VHASH_SIZE];
  char admitted[21];
  struct vtree headers;
  struct vleaf_position position;
  uint8_t signature[VKEY_SIGNATURE_MAX], head[VKEY_SIGNATURE_MAX];
  size_t signature_len, head_len;
  struct vauthor author;
};

/* The newest log.anew: by which entry, and what it says of the ledger before. */
struct vanew {
  uint64_t entry, kept, size; /* entry 0: there is none */
  char origin[97], former[97];
};
#define VFORMER_MAX 16 /* names that the ledger had before */

/* A log.keys, or a log.anew, whose act is being read. */
struct vhandover {
  uint64_t entry; /* 0: there is none */
  bool has_ledger, has_operating, has_authority;
  struct vanew anew;
  struct vkey ledger, operating;
  struct vcert_authority authority;
};

/* What needs two persons: the facts of the newest two-persons.require. Counts from the next act on. */
#define VSECOND_TOKEN_MAX 129
struct vsecond {
  size_t count;
  char kinds[VERIFY_FACTS_MAX][VSECOND_TOKEN_MAX];
};

/* Machines that vouch for checkpoints: verify_witness.c. */
struct vroot {
  uint64_t size;
  uint8_t root[VHASH_SIZE];
};

struct vwitnesses {
  struct varea roots; /* struct vroot of each size at which an act ends, in order */
  size_t root_count;
  struct vmap rows;
  struct verify_witness *listed;
};

/* The machines' chains of acts: verify_chain.c. */
struct vchains {
  struct vmap chains; /* by the machine's key */
  struct vmap turned; /* by position: what was refused or held */
  struct vmap holds;  /* by the act.hold */
  struct vmap acts;   /* the id of each act */
};

/* Heads that were brought: verify_head.c. */
#define VHEADS_MAX 64
#define VHEAD_TOLD_MAX 1000

enum vtold_outcome { VTOLD_ACCEPTED, VTOLD_REFUSED, VTOLD_HELD };

/* What a machine was told of an act. */
struct vtold {
  uint64_t number; /* in its chain */
  uint8_t act[VHASH_SIZE];
  enum vtold_outcome outcome;
  uint64_t entry; /* accepted as; 0: it is not said */
};

/* How its checkpoint stands to the ledger: not met yet, not signed by the ledger's key, of its history or another. */
enum vhead_history { VHEAD_UNMET, VHEAD_UNSIGNED, VHEAD_SAME, VHEAD_OTHER };

struct vhead {
  char *text; /* owned; its first signed_len bytes are signed */
  size_t text_len, signed_len;
  char origin[97], time[21];
  struct vleaf_position position; /* number 0: nothing was sent */
  uint8_t act[VHASH_SIZE], position_id[VHASH_SIZE];
  uint8_t *note; /* owned; or NULL */
  size_t note_len;
  struct vnote_checkpoint checkpoint;
  struct vtold *told; /* owned */
  size_t told_count;
  uint8_t signature[VKEY_SIGNATURE_MAX];
  size_t signature_len;
  /* what the ledger says */
  bool is_met;       /* the position stands there */
  uint64_t other_at; /* an entry with another position of the same number; 0: none */
  enum vhead_history history;
};

struct vheads {
  struct vhead at[VHEADS_MAX];
  size_t count;
  struct vmap asked; /* the acts that they tell of */
};
struct vjobs;
/* What conformance is judged by: verify_conform.h says what the rows are. */
enum vtell {
  VTELL_CONTENT,
  VTELL_BY_KEEPER,
  VTELL_BY_LEAD,
  VTELL_MINUTE_TAKER,
  VTELL_VOIDED,
  VTELL_UNKNOWN_KIND,
  VTELL_EARLY,
  VTELL_OVERRIDDEN,
  VTELL_COUNT
};
struct vconform {
  struct vmap objects, people, about, seals, contents;
  uint32_t first_profile, profile; /* profile.adopt, and the newest; places in the map and one, 0 is none */
  uint32_t escrow;                 /* the newest escrow key, in seals */
  bool has_limit;                  /* it was said that something is too large */
  struct {
    uint64_t count, first;
  } notes[VTELL_COUNT];
};
struct vconform_act; /* what is judged at the end of the act that is open */

/* The repository's commits: verify_commit.c. */
#define VCOMMIT_ID_SIZE 20
struct vcommits {
  uint64_t count;
  uint8_t newest[VCOMMIT_ID_SIZE]; /* git's id of the one read last */
  struct vmap signers;
  struct verify_signer *listed;
};

struct verify {
  struct vscratch scratch; /* for what grows with the ledger */
  char *folder;            /* owned; where its files are */
  struct vcurve *curve;
  struct vjobs *jobs; /* NULL: there is one thread */
  bool is_trusting;   /* signatures are taken to be good, up to the checkpoint seen, */
  bool is_unjudged;   /* and it did not come out */
  /* what the auditor knows */
  bool has_brought_key, has_brought_fingerprint, has_seen;
  struct vnote_key brought_key, seen_key;
  uint8_t brought_fingerprint[VHASH_SIZE];
  struct vnote_checkpoint seen;
  /* what log.open says, and the handovers since: in force for the next entry */
  bool is_open;
  uint8_t opening[VHASH_SIZE]; /* the id of log.open */
  struct vnote_key ledger;     /* its name is the origin */
  struct vkey operating;
  bool has_authority;
  struct vcert_authority authority;
  struct vhandover handover;
  struct vmap ledger_keys;        /* the ids of all that were in force */
  struct vnote_key former_ledger; /* before the last handover of the ledger's key, */
  uint64_t handed_over_at;        /* which is this entry; 0: there was none */
  struct vanew anew;
  uint32_t former_count;
  char formers[VFORMER_MAX][97]; /* the names that the ledger had before */
  uint64_t unendorsed;           /* the first entry that names a key of the ledger and does not count; 0: none */
  bool met_brought_key, met_brought_fingerprint, met_seen_key; /* one of the ledger's keys was this one */
  /* where the reading is */
  struct vtree tree;
  uint64_t expected; /* the number of the next entry */
  char admitted[21]; /* of the last leaf; "" before the first */
  struct vact act;
  bool lost; /* a leaf could not be read: those that continue its act are not reported again */
  struct vtable table;
  struct vsecond second, next_second; /* for this act, and for the acts after it */
  bool has_newest;
  struct vnote_checkpoint newest;
  uint64_t covered; /* how many leaves there were at the newest checkpoint */
  struct vwitnesses witnesses;
  struct vchains chains;
  struct vheads heads;
  uint64_t quorum; /* that is demanded; 0: none */
  struct verify_conflict conflicts[VERIFY_CONFLICTS_MAX];
  size_t conflict_count;
  struct vconform conform;
  struct vconform_act *conform_act;
  struct verify_note notes[VTELL_COUNT];
  struct vcommits commits;
  /* what came of it */
  struct verify_finding *findings;
  size_t finding_count;
  uint64_t findings_beyond;
  uint64_t counts[VERIFY_CODE_COUNT];
  uint64_t blind_count; /* of those that leave acts unread */
  void *of;
  void (*entry)(void *of, const struct verify_entry *e);
  struct verify_result result;
};

/* What is found is said in the order of the ledger: behind the signatures that are still being checked, so that
 * `counts` is complete at the end only. */
void vfind(struct verify *v, enum verify_code code, uint64_t entry, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void vfinding(struct verify_finding *out, enum verify_code code, uint64_t entry, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* For verify_job.c alone: counts it, and keeps it if there is room. */
void vlist(struct verify *v, const struct verify_finding *f);

/* The first eight digits, as programs show ids. */
struct vshort {
  char s[9];
};
struct vshort vshort(const uint8_t id[VHASH_SIZE]);
bool vsame(const uint8_t a[VHASH_SIZE], const uint8_t b[VHASH_SIZE]);

/* ---- verify_job.c: signatures, checked by several threads ---- */

/* What a machine vouches for. */
struct vvouch {
  uint8_t machine[VHASH_SIZE];
  uint64_t size; /* 0: nothing */
  char time[21];
};

/* A signature whose result nobody waits for. Borrows nothing. */
struct vcheck {
  struct vkey key;
  uint8_t hash[VHASH_SIZE], signature[VKEY_SIGNATURE_MAX];
  size_t signature_len;
  struct verify_finding bad;       /* if it does not verify */
  struct verify_finding good;      /* if it does; no sentence: there is none */
  struct verify_conflict conflict; /* with the finding; size 0: none */
  struct vvouch vouch;             /* if it does, and there is no such finding */
};

/* With nothing to be said yet. */
struct vcheck vcheck_of(const struct vkey *k, struct verify_text message, const uint8_t *signature, size_t len);
void vjob_check(struct verify *v, const struct vcheck *c);
/* Says it in its turn. */
void vjob_finding(struct verify *v, const struct verify_finding *f);
/* The same, with the checkpoint that does not go together with the ledger; where there are enough of them, without. */
void vjob_conflict(struct verify *v, const struct verify_conflict *conflict, const struct verify_finding *f);
/* Up to VERIFY_JOBS_MAX threads besides the caller's; none for a count of 1 or 0. */
void vjobs_start(struct verify *v, unsigned count);
/* Waits for all, and ends the threads. */
void vjobs_end(struct verify *v);
/* Waits for nothing. */
void vjobs_drop(struct verify *v);

/* ---- verify_directory.c: who may write what, replayed from the directory's entries (core/FORMAT.md section 8) ---- */

/* What was set before this act counts from now on. */
void vdirectory_begin_act(struct verify *v);
/* Fills a->author from what the act's first leaf says. */
void vdirectory_author(const struct verify *v, struct vact *a);
/* The words of these roles, joined by spaces. */
void vdirectory_role_words(unsigned held, char *out, size_t size);
bool vdirectory_is_barred(const struct verify *v, const struct vrow *person, const uint8_t child[VHASH_SIZE]);
/* If the entry keeps somebody out, it does so no more. */
void vdirectory_void_bar(struct verify *v, const uint8_t id[VHASH_SIZE]);
/* The roles that count for the person at this time. */
unsigned vdirectory_roles(const struct vrow *person, const char *time);

/* An entry that is part of the act that is open now; author is NULL where nobody can say who wrote it. */
void vdirectory_read(struct verify *v, const struct vleaf *leaf, const struct vauthor *author);

/* A role's place in the table of roles, from 1; 0 for none. And back. */
size_t vrole_place(const struct vrole *role);
const struct vrole *vrole_at(size_t place);

/* A hold that the node has written: whose act it is, and who decides about it. */
void vdirectory_hold(const struct verify *v, const struct verify_entry *e, const uint8_t act[VHASH_SIZE],
                     struct vrow *hold);

/* ---- verify_entry.c: the kinds that only the node writes ---- */

/* The first entry of the ledger; what is missing in it, or NULL. */
const char *ventry_open(struct verify *v, const struct vleaf *leaf);
/* Any entry of the right form, and its author as above. */
void ventry_read(struct verify *v, const struct vleaf *leaf, const struct vauthor *author);

/* ---- verify_handover.c: new keys of the node ---- */

/* An entry of the kind log.keys, or log.anew, whose act is open now. */
void vhandover_read(struct verify *v, const struct vleaf *leaf);
void vhandover_read_anew(struct verify *v, const struct vleaf *leaf);
/* Did the ledger have this name before it was opened anew? */
bool vhandover_had_name(const struct verify *v, const char *name);
/* Its act is good: from now on its keys count. Nothing if there is none. */
void vhandover_apply(struct verify *v);
/* Its act is not. */
void vhandover_drop(struct verify *v);
/* Is the ledger's key one that the auditor knows? */
void vhandover_meet(struct verify *v);
/* Was one of the keys before? */
void vhandover_remember(struct verify *v);

/* ---- verify_witness.c: cosignatures (audit/FORMAT.md section 1.1) ---- */

void vwitness_init(struct vwitnesses *w, struct vscratch *scratch);
/* An act ends here: the root is one that somebody may vouch for. */
void vwitness_root(struct verify *v);
/* Judges the cosignatures that a checkpoint carries; each is judged once. */
void vwitness_read(struct verify *v, struct verify_text note, const struct vnote_checkpoint *carrier);
/* A cosignature of it was found good. */
void vwitness_vouch(struct verify *v, const struct vvouch *vouch);
void vwitness_io(struct vwitnesses *w, struct vio *io);
/* Those of machines that count at the end, largest size first; valid until vwitness_release. */
size_t vwitness_list(struct verify *v, const struct verify_witness **out);
/* A machine vouches in another way than by a cosignature: its head has a checkpoint of this size. */
void vwitness_vouch_head(struct verify *v, const uint8_t machine[VHASH_SIZE], uint64_t size, const char *time);
/* Did the leaves have this root at this size, at which an act ended? */
bool vwitness_had_root(const struct verify *v, uint64_t size, const uint8_t root[VHASH_SIZE]);
/* Do as many agencies vouch as is demanded? After vwitness_list; the largest size for which they do. */
uint64_t vwitness_judge_quorum(struct verify *v, const struct verify_witness *witnesses, size_t count);
void vwitness_release(struct vwitnesses *w);

/* ---- verify_chain.c: is everything there that the machines sent (audit/FORMAT.md section 4.4) ---- */

/* The position id. */
void vposition_id(const struct vleaf_position *p, const uint8_t act[VHASH_SIZE], uint8_t out[VHASH_SIZE]);
/* An act, all of whose leaves were read. */
void vchain_act(struct verify *v, const struct vact *a);
/* The node's act.refuse or act.hold, and the position that it repeats. */
void vchain_turned_away(struct verify *v, const struct vleaf *leaf, const struct vleaf_position *p,
                        const uint8_t act[VHASH_SIZE], bool has_head);
/* A held.release or held.reject, by somebody who may, of this act.hold. */
void vchain_decided(struct verify *v, const uint8_t hold[VHASH_SIZE], uint64_t entry, bool is_release);
/* How many held acts nobody has decided about. */
uint64_t vchain_end(struct verify *v);
/* The largest number of the machine's chain; 0 if there is none. */
uint64_t vchain_newest(const struct verify *v, const uint8_t replica[VHASH_SIZE]);
void vchain_init(struct vchains *c, struct vscratch *scratch);
void vchain_release(struct vchains *c);
void vchain_io(struct vchains *c, struct vio *io);

/* ---- verify_head.c: heads of machines (core/FORMAT.md section 5.1) ---- */

/* Only the form; vhead_release in any case where it is good. */
bool vhead_read(struct verify_text text, struct vhead *out);
void vhead_release(struct vhead *h);
bool vhead_is_signed(struct vcurve *c, const struct vhead *h, const struct vkey *k);
/* Those that were brought, before anything is read; what is wrong with one, or NULL. */
const char *vheads_take(struct verify *v, const struct verify_text *heads, size_t count);
void vheads_release(struct vheads *all);
/* What the ledger has: a position with its id, an act, one that was refused or held, the root of the leaves so far. */
void vheads_meet_position(struct verify *v, const struct vleaf_position *p, const uint8_t id[VHASH_SIZE],
                          uint64_t entry);
void vheads_meet_act(struct verify *v, const uint8_t act[VHASH_SIZE], uint64_t entry);
void vheads_meet_refusal(struct verify *v, const uint8_t act[VHASH_SIZE], bool is_hold);
void vheads_meet_root(struct verify *v);
/* Judges them, once all was read. */
void vheads_end(struct verify *v);
/* ---- verify_conform.c: were register and decisions made as the rules say (audit/FORMAT.md section 4.5)? ---- */

void vconform_init(struct verify *v);
void vconform_release(struct verify *v);
void vconform_io(struct vconform *c, struct vio *io);
void vconform_begin_act(struct verify *v);
/* Any entry of the right form, behind the directory's reading of it; author as there. */
void vconform_read(struct verify *v, const struct vleaf *leaf, const struct vauthor *author);
/* All entries of the act were read. */
void vconform_end_act(struct verify *v);
/* Fills v->notes; how many there are. */
size_t vconform_list_notes(struct verify *v);
/* Entries were of kinds that this program does not know: what they did is not known. */
bool vconform_is_partial(const struct verify *v);
/* ---- verify_commit.c: commits and their signatures (audit/FORMAT.md sections 3 and 3.1) ---- */

void vcommit_init(struct vcommits *c);
void vcommit_io(struct vcommits *c, struct vio *io);
/* The entry that was read last has made this key the ledger's. */
void vcommit_signer(struct verify *v);
/* Valid until vcommit_release. */
size_t vcommit_signers(struct verify *v, const struct verify_signer **out);
void vcommit_release(struct vcommits *c);

/* ---- verify_act.c: leaves to acts, and who signed them ---- */

void vact_judge_head(struct verify *v, uint64_t entry, const struct vleaf_position *p, const uint8_t act[VHASH_SIZE],
                     const uint8_t *head, size_t len);
void vact_leaf(struct verify *v, struct verify_text leaf);
/* The ledger ends here. */
void vact_end(struct verify *v);

#endif
