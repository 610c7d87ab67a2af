/* A ledger that was opened anew, followed by bundles (sync/PROTOCOL.md section 12.6): the pages of that, the node that
 * answers with them, and the machine that takes them. */
#include <string.h>

#include "core/anew.h"
#include "core/directory.h"
#include "core/note.h"
#include "sync/bundle_parts.h"

#define FORMER "cairn former 1\n"
#define OPENED "cairn anew 1\n"

/* ---- the pages ---- */

static enum err malformed(void) {
  return err_set(ERR_FORM, "a page of the bundle is not of the form of sync/PROTOCOL.md");
}

bool bundle_is_former(struct bytes page) {
  return bytes_starts(page, FORMER);
}

enum err bundle_former_decode(struct bytes b, struct bundle_former *out) {
  struct reader r = reader_of(b);
  struct bundle_former f = {0};
  reader_expect(&r, FORMER);
  f.size = reader_u64(&r);
  f.root = hash_from(reader_take(&r, HASH_SIZE));
  f.answer = reader_string(&r, MSG_ANSWER_MAX);
  if (reader_end(&r) != OK)
    return malformed();
  *out = f;
  return OK;
}

void bundle_former_encode(struct buf *b, const struct bundle_former *f) {
  buf_add_str(b, FORMER);
  buf_u64(b, f->size);
  buf_add(b, hash_bytes(&f->root));
  buf_string(b, f->answer);
}

bool bundle_is_opened(struct bytes page) {
  return bytes_starts(page, OPENED);
}

enum err bundle_opened_decode(struct bytes b, struct hash *entry_out) {
  struct reader r = reader_of(b);
  reader_expect(&r, OPENED);
  struct hash entry = hash_from(reader_take(&r, HASH_SIZE));
  if (reader_end(&r) != OK)
    return malformed();
  *entry_out = entry;
  return OK;
}

void bundle_opened_encode(struct buf *b, const struct hash *entry) {
  buf_add_str(b, OPENED);
  buf_add(b, hash_bytes(entry));
}

/* ---- the node ---- */

bool bundle_asks_former(struct bytes message) {
  struct msg_request m = {0};
  bool asks = msg_request_decode(message, &m) == OK && (m.flags & MSG_OF_FORMER);
  msg_request_release(&m);
  return asks;
}

/* That another request of this machine was answered stands before it: what is not as it was is the root. */
enum err bundle_answer_former(const struct bundle_desk *d, const struct hash *machine, struct bytes question,
                              struct buf *page) {
  struct buf answer = {.max = MSG_ANSWER_MAX};
  struct msg_request m = {0};
  enum err e = msg_request_decode(question, &m);
  struct bundle_former f = {.size = m.size, .root = m.root};
  if (e == OK)
    e = exchange_answer(d->exchange, machine, question, d->now_s, &answer);
  if (e == OK)
    f.answer = buf_bytes(&answer);
  if (e == OK || e == ERR_CHAIN) {
    bundle_former_encode(page, &f);
    e = buf_err(page);
  }
  msg_request_release(&m);
  buf_release(&answer);
  return e;
}

/* Whoever does not count any more is told nothing. */
static bool counts(const struct bundle_desk *d, const struct hash *machine) {
  struct machine m = {0};
  return directory_machine(d->exchange->store, machine, &m) == OK && !m.is_revoked && machine_is_valid(&m, d->now_s);
}

enum err bundle_answer_opened(const struct bundle_desk *d, const struct hash *machine, struct bytes request,
                              struct buf *page) {
  struct hash entry;
  if (!counts(d, machine) || exchange_find_opening(d->exchange->store, request, &entry) != OK)
    return ERR_ABSENT;
  bundle_opened_encode(page, &entry);
  return buf_err(page);
}

/* ---- the machine ---- */

enum err bundle_ask_former(struct exchange_replica *r, struct buf *question) {
  struct anew_proved proved = {0};
  enum err e = anew_find_question(r->store, &proved);
  if (e == OK)
    e = exchange_former_request(r, &proved, question);
  anew_proved_release(&proved);
  return e;
}

/* Of a bundle of before: it goes on to less than this machine has verified, which says nothing against it. */
static enum err is_older(struct store *s, struct bytes answer, bool *out) {
  struct msg_answer m = {0};
  struct checkpoint c = {0};
  struct bytes text;
  struct buf note = {0};
  struct hash root;
  uint64_t size = 0;
  enum err e = msg_answer_decode(answer, &m);
  if (e == OK)
    e = note_text(m.checkpoint, &text);
  if (e == OK)
    e = checkpoint_parse(text, &c);
  if (e == OK)
    e = store_checkpoint_newest(s, &size, &root, &note);
  *out = e == OK && c.size < size;
  buf_release(&note);
  msg_answer_release(&m);
  return e;
}

static enum err take_proof(struct exchange_replica *r, const struct anew_proved *proved, struct bytes answer,
                           enum bundle_root *out) {
  enum err e = answer.len ? exchange_former_check(r, proved, answer) : ERR_PROOF;
  if (e != OK && e != ERR_PROOF)
    return e;
  *out = e == OK ? BUNDLE_ROOT_SAME : BUNDLE_ROOT_OTHER;
  return anew_forget_question(r->store); /* told once */
}

enum err bundle_take_former(struct exchange_replica *r, struct bytes page, struct bundle_taken *out,
                            bool *was_taken_out) {
  struct anew_proved proved = {0};
  struct bundle_former f = {0};
  bool is_past = false;
  enum err e = bundle_former_decode(page, &f);
  if (e == OK)
    e = anew_find_question(r->store, &proved);
  if (e == OK && f.answer.len)
    e = is_older(r->store, f.answer, &is_past);
  bool is_ours = e == OK && !is_past && f.size == proved.size && hash_equal(&f.root, &proved.root);
  if (is_ours)
    e = take_proof(r, &proved, f.answer, &out->root);
  if (is_ours && e == OK) {
    out->root_of = f.size;
    *was_taken_out = true;
  }
  anew_proved_release(&proved);
  return e == ERR_ABSENT ? OK : e;
}

/* A person says that this machine is to follow; and one that follows already may have to begin again. */
enum err bundle_take_opened(struct exchange_replica *r, struct bytes page) {
  struct hash entry;
  struct record opening = {0};
  enum err e = bundle_opened_decode(page, &entry);
  if (e == OK)
    e = store_find(r->store, &entry, &opening);
  record_release(&opening);
  if (e != ERR_ABSENT)
    return e;
  if (store_meta_number(r->store, ANEW_FOLLOWS))
    return err_set_remedy(ERR_REFUSED, "begin again: cairn bundle FILE --new-log --begin-again",
                          "the node's ledger was opened anew once more since this machine began to follow it");
  return err_set_remedy(ERR_REFUSED,
                        "ask the node's administrator why, over the telephone; then: cairn bundle FILE --new-log; what "
                        "was recorded here stays in the outbox",
                        "the node's ledger was lost in part, and opened anew under another name");
}
