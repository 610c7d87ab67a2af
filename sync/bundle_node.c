/* The node's side of bundles. */
#include <stdio.h>
#include <string.h>

#include "core/directory.h"
#include "core/parts.h"
#include "sync/bundle_carry.h"
#include "sync/bundle_parts.h"
#include "sync/carry.h"
#include "sync/join.h"

#define STEP "cairn step 1\n"

/* ---- how an answer stands in a bundle ---- */

enum err bundle_step_decode(struct bytes b, struct bundle_step *out) {
  struct reader r = reader_of(b);
  struct bundle_step s = {0};
  reader_expect(&r, STEP);
  s.have.place = reader_u64(&r);
  s.have.digest = hash_from(reader_take(&r, HASH_SIZE));
  s.size = reader_u64(&r);
  s.root = hash_from(reader_take(&r, HASH_SIZE));
  s.parts = reader_u32(&r);
  s.answer = reader_string(&r, MSG_ANSWER_MAX);
  if (s.parts > ACT_LARGE_MAX * PARTS_COUNT_MAX)
    reader_fail(&r);
  if (reader_end(&r) != OK)
    return err_set(ERR_FORM, "a page of the bundle is not of the form of sync/PROTOCOL.md");
  *out = s;
  return OK;
}

void bundle_step_encode(struct buf *b, const struct bundle_step *s) {
  buf_add_str(b, STEP);
  buf_u64(b, s->have.place);
  buf_add(b, hash_bytes(&s->have.digest));
  buf_u64(b, s->size);
  buf_add(b, hash_bytes(&s->root));
  buf_u32(b, s->parts);
  buf_string(b, s->answer);
}

/* ---- answering ---- */

struct answering {
  const struct bundle_desk *d;
  struct bundle_writer w;
  struct hash machine;
  struct exchange_course course;
  struct buf bare; /* the first request without its acts */
  bool is_full;
  bool is_alone;    /* the request has one page */
  bool is_shut_out; /* the machine counts no more: what it sends is held, and not answered; why: */
  char words[512], remedy[512];
  struct bundle_judged *out;
};

/* A part of a document that an answer names, as the node would give it over the network. */
static enum err add_part(struct answering *a, const struct hash *content, uint32_t size, uint32_t number) {
  struct carry_request m = {.verb = CARRY_GET, .content = *content, .size = size, .number = number};
  struct carry_answer got = {0};
  struct buf request = {0}, answer = {0}, put = {0};
  carry_request_encode(&request, &m);
  enum err e = carry_serve(a->d->exchange, &a->machine, buf_bytes(&request), a->d->now_s, &answer);
  if (e == OK)
    e = carry_answer_decode(buf_bytes(&answer), &got);
  if (e == OK) {
    m.verb = CARRY_PUT;
    m.part = got.part;
    carry_request_encode(&put, &m);
    e = bundle_add(&a->w, buf_bytes(&put));
  }
  buf_release(&request);
  buf_release(&answer);
  buf_release(&put);
  return e;
}

static enum err each_document(const struct msg_answer *m, struct answering *a,
                              enum err (*each)(struct answering *a, const struct act_entry *entry)) {
  enum err e = OK;
  for (uint32_t i = 0; e == OK && i < m->event_count; i++)
    for (uint32_t k = 0; e == OK && m->events[i].form == MSG_FULL && k < m->events[i].count; k++)
      if (m->events[i].entries[k].parts_size)
        e = each(a, &m->events[i].entries[k]);
  return e;
}

static enum err add_document(struct answering *a, const struct act_entry *entry) {
  struct entry header;
  enum err e = entry_decode(entry->header, &header);
  for (uint32_t k = 0; e == OK && k < parts_count(entry->parts_size); k++)
    e = add_part(a, &header.content, entry->parts_size, k);
  return e;
}

static uint32_t count_parts(const struct msg_answer *m) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < m->event_count; i++)
    for (uint32_t k = 0; m->events[i].form == MSG_FULL && k < m->events[i].count; k++)
      if (m->events[i].entries[k].parts_size)
        count += parts_count(m->events[i].entries[k].parts_size);
  return count;
}

static void count_verdicts(const struct msg_answer *m, struct bundle_judged *out) {
  for (uint32_t i = 0; i < m->verdict_count; i++)
    switch (m->verdicts[i].code) {
    case VERDICT_ACCEPTED: out->accepted++; break;
    case VERDICT_HAD: out->had++; break;
    case VERDICT_REFUSED: out->refused++; break;
    case VERDICT_HELD: out->held++; break;
    case VERDICT_LATER: out->later++; break;
    }
}

static enum err add_step(struct answering *a, struct bytes answer, const struct msg_answer *m) {
  const struct exchange_place *from = &a->course.from;
  struct bundle_step step = {from->have, from->size, from->root, count_parts(m), answer};
  struct buf message = {.max = BUNDLE_STEP_MAX};
  bundle_step_encode(&message, &step);
  enum err e = buf_err(&message);
  if (e == OK)
    e = bundle_add(&a->w, buf_bytes(&message));
  if (e == OK)
    e = each_document(m, a, add_document);
  buf_release(&message);
  return e;
}

/* One request through the exchange, and its answer into the bundle. An answer without all of its documents is no use to
 * the machine, and does no harm. */
static enum err answer_one(struct answering *a, struct bytes request) {
  struct buf answer = {.max = MSG_ANSWER_MAX};
  struct msg_answer m = {0};
  const struct bundle_desk *d = a->d;
  enum err e = exchange_answer_on(d->exchange, &a->machine, request, d->now_s, &a->course, &answer);
  if (e == OK)
    e = msg_answer_decode(buf_bytes(&answer), &m);
  if (e == OK) {
    count_verdicts(&m, a->out);
    e = add_step(a, buf_bytes(&answer), &m);
    a->is_full = e == ERR_LIMIT;
    e = a->is_full ? OK : e;
  }
  msg_answer_release(&m);
  buf_release(&answer);
  return e;
}

/* What keeps the node from taking a part is no reason to judge nothing: the act's verdict tells. */
static enum err put_part(struct answering *a, struct bytes request) {
  struct buf ignored = {0};
  struct carry_request m;
  enum err e = carry_request_decode(request, &m);
  if (e == OK && m.verb == CARRY_GET)
    e = err_set(ERR_FORM, "a bundle does not ask for parts of documents");
  if (e == OK)
    e = carry_serve(a->d->exchange, &a->machine, request, a->d->now_s, &ignored);
  buf_release(&ignored);
  return e == ERR_BUSY || e == ERR_ABSENT ? OK : e;
}

/* A page that is no step: the function appends it. */
static enum err add_page(struct answering *a, struct bytes request,
                         enum err (*make)(const struct bundle_desk *d, const struct hash *machine, struct bytes request,
                                          struct buf *page)) {
  struct buf page = {.max = BUNDLE_STEP_MAX};
  enum err e = make(a->d, &a->machine, request, &page);
  if (e == OK)
    e = bundle_add(&a->w, buf_bytes(&page));
  buf_release(&page);
  return e;
}

static enum err answer_former(struct answering *a, struct bytes question) {
  enum err e = a->course.is_begun ? add_page(a, question, bundle_answer_former)
                                  : err_set(ERR_FORM, "such a question stands behind a request");
  a->is_full = e == ERR_LIMIT;
  return a->is_full ? OK : e;
}

/* Nothing that is in such a bundle can be judged; its people are told by the answer. */
static enum err answer_opened(struct answering *a, struct bytes request, enum err e) {
  enum err told = e == ERR_CHAIN && !a->course.is_begun ? add_page(a, request, bundle_answer_opened) : ERR_ABSENT;
  a->out->is_of_former = told == OK;
  return told == ERR_ABSENT ? e : told;
}

/* Certificates that an officer's enrolment has led to, for whoever asks with the keys; no invitation is used up by a
 * file that may be read twice. */
static enum err answer_joining(struct answering *a, struct bytes message) {
  struct buf answer = {.max = MSG_ANSWER_MAX};
  struct msg_join m;
  static const uint8_t none[MSG_SECRET_SIZE];
  enum err e = a->is_alone ? msg_join_decode(message, &m) : err_set(ERR_FORM, "such a request is alone in its bundle");
  if (e == OK && !bytes_equal(m.secret, bytes_of(none, sizeof none)))
    e = err_set(ERR_FORM, "nobody joins with an invitation by a bundle");
  if (e == OK)
    e = join_answer(a->d->exchange, message, a->d->now_s, &answer);
  if (e == OK)
    e = bundle_add(&a->w, buf_bytes(&answer));
  a->out->is_renewal = e == OK;
  buf_release(&answer);
  return e;
}

static enum err handle(struct answering *a, struct bytes message) {
  if (bytes_starts(message, "cairn part 1\n"))
    return put_part(a, message);
  if (msg_is_join(message))
    return answer_joining(a, message);
  if (bundle_asks_former(message))
    return answer_former(a, message);
  if (a->bare.len == 0) {
    enum err e = exchange_ask_again(message, &a->bare);
    if (e != OK)
      return e;
  }
  return answer_opened(a, message, answer_one(a, message));
}

/* All that such a machine sent is held, and not what stands in its first request alone. */
static enum err note_shut_out(struct answering *a, enum err e) {
  if (e != ERR_KEY)
    return e;
  a->is_shut_out = true;
  snprintf(a->words, sizeof a->words, "%s", err_words(e));
  snprintf(a->remedy, sizeof a->remedy, "%s", err_remedy());
  return OK;
}

static enum err handle_all(struct answering *a, struct bundle_reader *from, const struct key *own) {
  enum err e = OK;
  while (e == OK && !bundle_is_done(from) && !a->course.is_put_off && !a->is_full && !a->out->is_of_former) {
    struct buf message = {.max = MSG_ANSWER_MAX};
    e = bundle_next(from, own, &message);
    if (e == OK)
      e = note_shut_out(a, handle(a, buf_bytes(&message)));
    buf_release(&message);
  }
  if (e == OK && a->is_shut_out)
    e = err_set_remedy(ERR_KEY, a->remedy, "%s", a->words);
  if (e != OK && a->course.is_begun) {
    snprintf(a->out->words, sizeof a->out->words, "%s", err_words(e));
    a->out->stopped = e;
    e = OK;
  }
  while (e == OK && a->course.is_begun && a->course.has_more && !a->is_full && !a->is_shut_out)
    e = answer_one(a, buf_bytes(&a->bare));
  if (e == OK && !a->course.is_begun && !a->out->is_renewal && !a->out->is_of_former)
    e = err_set(ERR_FORM, "the bundle has no request in it");
  return e;
}

/* Who it is from, and that it is for this node: before any key is used. The label's signature is the machine's. */
static enum err check_label(const struct bundle_desk *d, const struct bundle_reader *r, const struct key **own_out,
                            struct machine *machine_out) {
  const struct bundle_label *label = &r->label;
  struct directory_log log = {0};
  enum err e = directory_log(d->exchange->store, &log);
  if (e == OK && label->kind == BUNDLE_ANSWER)
    e = err_set_remedy(ERR_REFUSED, "take it there: cairn take FILE",
                       "this is a node's answer, for the machine that asked");
  if (e == OK && !hash_equal(&log.ledger, &label->ledger))
    e = err_set(ERR_REFUSED, "this bundle is of another ledger than this node's");
  if (e == OK)
    e = d->authority_key(d->of, &label->node, own_out);
  if (e == ERR_ABSENT)
    e = err_set_remedy(ERR_REFUSED,
                       "where the machine has not heard of a new authority: put the file of the key before, "
                       "authority-*.key, back into the node's folder",
                       "this bundle is sealed to another node, or to the key %.16s of an authority that was taken away",
                       hash_hex(&label->node).s);
  if (e == OK)
    e = directory_machine(d->exchange->store, &label->machine, machine_out);
  if (e == OK)
    e = bundle_verify(r, machine_out->key);
  directory_log_release(&log);
  return e;
}

enum err bundle_answer(const struct bundle_desk *d, FILE *request, FILE *answer, struct bundle_judged *out) {
  struct answering a = {.d = d, .out = out};
  struct bundle_reader from = {0};
  struct machine machine = {0};
  const struct key *own = NULL;
  struct key *to = NULL;
  *out = (struct bundle_judged){0};
  enum err e = bundle_open(&from, request);
  if (e == OK)
    e = check_label(d, &from, &own, &machine);
  if (e == OK)
    e = key_from_spki(key_spki(machine.key), &to); /* the directory's own is borrowed until it is asked again */
  if (e != OK)
    goto out;
  a.machine = from.label.machine;
  a.is_alone = from.page_count == 1;
  out->label = from.label;
  struct bundle_label label = from.label;
  label.kind = BUNDLE_ANSWER;
  label.at = text_time_format(d->now_s);
  e = bundle_begin(&a.w, answer, &label, to, d->size_max);
  if (e == OK)
    e = handle_all(&a, &from, own);
  if (e == OK)
    e = bundle_end(&a.w, own);
  out->page_count = a.w.page_count;
  out->is_whole = !a.is_full;
out:
  buf_release(&a.bare);
  bundle_writer_release(&a.w);
  bundle_reader_release(&from);
  key_free(to);
  return e;
}
