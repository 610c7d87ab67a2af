/* What is kept when a node's answer breaks what it must keep to (sync/PROTOCOL.md section 9): enough for a third person
 * to see that this node's key signed it, and nothing of any content. Text; the file is the caller's to write. */
#ifndef CAIRN_SYNC_EVIDENCE_H
#define CAIRN_SYNC_EVIDENCE_H

#include "sync/msg.h"

struct evidence {
  const char *words;   /* what is wrong */
  uint64_t known_size; /* the checkpoint that the proof goes on from */
  struct hash known_root;
  const struct msg_answer *answer;  /* with the acts of form MSG_YOURS filled in */
  const struct msg_event *delivery; /* the act that must not be there */
};
void evidence_format(struct buf *b, const struct evidence *e);

/* Two checkpoints that do not go together: the one that was verified before, and the one that came. */
struct evidence_notes {
  const char *words;
  struct bytes before, checkpoint; /* signed notes */
  struct bytes witness;            /* the key of the machine that vouches for another history than `before`, in the
                                    * checkpoint's note; or empty */
};
void evidence_notes_format(struct buf *b, const struct evidence_notes *e);
/* "WORD LENGTH", so many bytes, LF. */
void evidence_add_part(struct buf *b, const char *word, struct bytes text);

/* ---- reading it, also as somebody who has nothing but the ledger's key ---- */

/* Texts are borrowed from what was read. */
struct evidence_text {
  struct bytes what;
  bool is_of_notes; /* two checkpoints; else an act */
  struct bytes checkpoint;
  /* of an act */
  uint64_t entry, known_size;
  struct hash known_root;
  struct buf indices, hashes, proof; /* uint64_t, struct hash, bytes: of all leaves of the answer */
  struct buf acts;                   /* struct bytes each: the act's leaves */
  /* of two checkpoints */
  struct bytes before;
  struct buf witness; /* SubjectPublicKeyInfo, or empty */
};
/* ERR_FORM unless it is exactly of the form. */
enum err evidence_read(struct bytes text, struct evidence_text *out);
void evidence_text_release(struct evidence_text *e);

enum evidence_outcome {
  EVIDENCE_PROVES, /* the ledger's key has signed what it says */
  EVIDENCE_ASKS,   /* what it says is signed, and only the node, or the whole ledger, can tell whether it is wrong */
  EVIDENCE_FAILS,  /* it proves nothing */
};
struct note_vkey;
/* Judges it by one of these keys; what came of it in words is appended. */
enum evidence_outcome evidence_check(const struct evidence_text *e, const struct note_vkey *keys, size_t key_count,
                                     struct buf *words);

#endif
