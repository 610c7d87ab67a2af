/* Bundles (sync/PROTOCOL.md section 12): the exchange in files, for a machine that has no network. A bundle is sealed
 * to one key, page by page, and signed as a whole by another one; nothing of it is opened before all of it was found to
 * be what was signed. At most a page is in memory at once. This is the form of the file; what is in it is for
 * sync/bundle_carry.h. Reads and writes a file that the caller has opened, and draws randomness for the sealing. */
#ifndef CAIRN_SYNC_BUNDLE_H
#define CAIRN_SYNC_BUNDLE_H

#include <stdio.h>

#include "core/key.h"
#include "core/text.h"

#define BUNDLE_MAX ((uint64_t)256 << 20)
#define BUNDLE_PAGES_MAX 4096

enum bundle_kind { BUNDLE_REQUEST = 1, BUNDLE_ANSWER = 2 };

/* What can be read without a key. */
struct bundle_label {
  enum bundle_kind kind;
  struct hash ledger;  /* the id of its entry 1 */
  struct hash machine; /* the id of its key: it signs a request, and an answer is sealed to it */
  struct hash node;    /* the id of the key of the node's authority: the other way round */
  uint64_t number;     /* of the machine's requests; an answer has its request's */
  struct text_time at; /* by the writer's clock */
};

/* ---- writing ---- */

struct bundle_writer {
  FILE *file;
  struct bundle_label label;
  const struct key *to; /* public */
  struct buf pages;     /* as the label lists them */
  uint32_t page_count;
  uint64_t size, size_max; /* of what was written, and of what may be */
};

/* The file is empty; it, and the key, are borrowed until bundle_writer_release. size_max is at most BUNDLE_MAX. */
enum err bundle_begin(struct bundle_writer *w, FILE *file, const struct bundle_label *label, const struct key *to,
                      uint64_t size_max);
/* One message more. ERR_LIMIT, and nothing is written, if the bundle would be too large; ERR_DISK. */
enum err bundle_add(struct bundle_writer *w, struct bytes message);
/* The label, signed. ERR_DISK, also if anything before could not be written. The caller syncs the file. */
enum err bundle_end(struct bundle_writer *w, const struct key *signer);
void bundle_writer_release(struct bundle_writer *w);

/* ---- reading ---- */

struct bundle_reader {
  FILE *file;
  struct bundle_label label;
  struct buf text;                            /* the label as it was signed, and the signature behind it */
  struct bytes pages, signed_text, signature; /* in text */
  uint32_t page_count, at;                    /* at: how many were given out */
};

/* Reads all of the file and checks its form, and that the pages are those that the label names. ERR_FORM, ERR_LIMIT,
 * ERR_IO. Who signed it is not known yet. The caller releases it in any case. */
enum err bundle_open(struct bundle_reader *r, FILE *file);
/* OK or ERR_SIGNATURE. */
enum err bundle_verify(const struct bundle_reader *r, const struct key *signer);
/* Has all been given out? */
bool bundle_is_done(const struct bundle_reader *r);
/* Appends the next message, opened with the private key. ERR_PROOF if it does not open. */
enum err bundle_next(struct bundle_reader *r, const struct key *own, struct buf *message);
void bundle_reader_release(struct bundle_reader *r);

#endif
