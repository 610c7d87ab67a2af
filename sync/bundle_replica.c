/* The machine's side of bundles. */
#include <string.h>

#include "core/cert.h"
#include "core/parts.h"
#include "sync/bundle_carry.h"
#include "sync/bundle_parts.h"
#include "sync/carry.h"

static const struct hash from_node = {{0}};

/* Whose bundles these are: the ledger, this machine, and the authority that it trusts, whose key is the node's. */
static enum err who_we_are(struct exchange_replica *r, struct bundle_label *label, struct key **node_out) {
  struct buf authority = {0};
  enum err e = store_meta_hash(r->store, "ledger", &label->ledger);
  if (e == OK)
    e = store_meta(r->store, "authority", &authority);
  if (e == OK)
    e = cert_authority_key(buf_bytes(&authority), node_out);
  if (e == OK) {
    label->machine = key_id(r->key);
    label->node = key_id(*node_out);
    label->at = text_time_format(r->now_s);
  }
  buf_release(&authority);
  return e == ERR_ABSENT ? err_set(ERR_REFUSED, "this machine has not joined a node") : e;
}

/* ---- the request ---- */

static enum err add_part(struct bundle_writer *w, const struct carry_request *m) {
  struct buf message = {0};
  carry_request_encode(&message, m);
  enum err e = buf_err(&message) == OK ? bundle_add(w, buf_bytes(&message)) : buf_err(&message);
  buf_release(&message);
  return e;
}

/* A document, offered and put, part by part. */
static enum err add_document(struct store *s, struct bundle_writer *w, const struct act_entry *entry) {
  struct record record = {0};
  struct hash id = hash_of(entry->header);
  enum err e = store_find(s, &id, &record);
  struct carry_request m = {.verb = CARRY_OFFER, .content = record.entry.content, .size = entry->parts_size};
  if (e == OK)
    e = add_part(w, &m);
  for (m.verb = CARRY_PUT; e == OK && m.number < parts_count(m.size); m.number++) {
    struct buf part = {0};
    e = parts_cut(s, record.number, m.number, &part);
    m.part = buf_bytes(&part);
    if (e == OK)
      e = add_part(w, &m);
    buf_release(&part);
  }
  record_release(&record);
  return e;
}

static enum err add_documents(struct store *s, struct bundle_writer *w, struct bytes request) {
  struct msg_request m = {0};
  enum err e = msg_request_decode(request, &m);
  for (uint32_t i = 0; e == OK && i < m.act_count; i++)
    for (uint32_t k = 0; e == OK && k < m.acts[i].count; k++)
      if (m.acts[i].entries[k].parts_size)
        e = add_document(s, w, &m.acts[i].entries[k]);
  msg_request_release(&m);
  return e;
}

/* Request after request, until the outbox is in them or the bundle is full. The first one is there in any case: it says
 * where the machine stands. */
static enum err add_requests(struct exchange_replica *r, struct bundle_writer *w, struct bundle_made *out) {
  struct exchange_replica next = *r;
  uint64_t waiting;
  enum err e;
  do {
    struct buf request = {0};
    size_t sent = 0;
    e = exchange_request(&next, &request, &sent);
    if (e == OK)
      e = add_documents(r->store, w, buf_bytes(&request));
    if (e == OK)
      e = bundle_add(w, buf_bytes(&request));
    next.skip += e == OK ? sent : 0;
    waiting = store_outbox_count(r->store, "unsent") + store_outbox_count(r->store, "later");
    buf_release(&request);
  } while (e == OK && next.skip < waiting);
  if (e == ERR_LIMIT && next.skip > r->skip)
    e = OK;
  out->act_count = next.skip;
  out->is_whole = next.skip == waiting;
  return e;
}

/* Where there is no room left, the next bundle has it. */
static enum err add_question(struct exchange_replica *r, struct bundle_writer *w) {
  struct buf question = {0};
  enum err e = bundle_ask_former(r, &question);
  if (e == OK)
    e = bundle_add(w, buf_bytes(&question));
  buf_release(&question);
  return e == ERR_ABSENT || e == ERR_LIMIT ? OK : e;
}

static enum err take_number(struct store *s, uint64_t *out) {
  uint64_t number = store_meta_number(s, "bundles") + 1;
  enum err e = store_begin(s);
  if (e == OK)
    e = store_end(s, store_meta_set_number(s, "bundles", number));
  *out = number;
  return e;
}

/* A bundle for the node, under the number that comes next: what goes into it stands between begin and end. */
struct asking {
  struct bundle_writer w;
  struct key *node;
  uint64_t number;
};

static enum err begin_asking(struct exchange_replica *r, FILE *file, uint64_t size_max, struct asking *out) {
  struct bundle_label label = {.kind = BUNDLE_REQUEST};
  enum err e = who_we_are(r, &label, &out->node);
  if (e == OK)
    e = take_number(r->store, &label.number);
  if (e == OK)
    e = bundle_begin(&out->w, file, &label, out->node, size_max);
  out->number = label.number;
  return e;
}

/* e: whether all of it went in. */
static enum err end_asking(struct exchange_replica *r, struct asking *a, enum err e, struct bundle_made *out) {
  if (e == OK)
    e = bundle_end(&a->w, r->key);
  out->number = a->number;
  out->page_count = a->w.page_count;
  bundle_writer_release(&a->w);
  key_free(a->node);
  return e;
}

enum err bundle_request(struct exchange_replica *r, FILE *file, uint64_t size_max, struct bundle_made *out) {
  struct asking a = {0};
  *out = (struct bundle_made){0};
  enum err e = begin_asking(r, file, size_max, &a);
  if (e == OK)
    e = add_requests(r, &a.w, out);
  if (e == OK && out->is_whole)
    e = add_question(r, &a.w);
  return end_asking(r, &a, e, out);
}

/* ---- the answer ---- */

#define ASK_ANEW "write a new bundle (cairn bundle FILE) and have it answered"

static enum err check_label(const struct bundle_label *mine, const struct bundle_label *label) {
  if (label->kind == BUNDLE_REQUEST)
    return err_set_remedy(ERR_REFUSED, "the administrator of the node takes it: cairnd take FILE --answer FILE",
                          "this is a bundle of a machine's, for the node, and no answer");
  if (!hash_equal(&label->ledger, &mine->ledger))
    return err_set(ERR_REFUSED, "this bundle is of another ledger than the one that this machine follows");
  if (!hash_equal(&label->machine, &mine->machine))
    return err_set_remedy(ERR_REFUSED,
                          "take it to the machine that it is for; where this machine has a new key since, " ASK_ANEW,
                          "this bundle is sealed to another machine");
  if (!hash_equal(&label->node, &mine->node))
    return err_set_remedy(ERR_REFUSED, ASK_ANEW,
                          "this bundle is from another authority than the one that this machine trusts");
  return OK;
}

static enum err where_we_stand(struct store *s, struct exchange_place *out) {
  struct buf note = {0};
  enum err e = feed_end(s, FEED_OWN, &out->have);
  if (e == OK)
    e = store_checkpoint_newest(s, &out->size, &out->root, &note);
  buf_release(&note);
  return e == ERR_ABSENT ? OK : e;
}

#define OF_A_RENEWAL "this bundle brings the certificate of a machine's new key"

enum standing { HERE, BEHIND, AHEAD };

/* Where an answer begins, seen from where this machine stands. */
static enum err compare_place(struct store *s, const struct bundle_step *step, enum standing *out) {
  struct exchange_place here = {0};
  enum err e = where_we_stand(s, &here);
  bool is_level = step->have.place == here.have.place && step->size == here.size;
  bool is_same = hash_equal(&step->have.digest, &here.have.digest) && hash_equal(&step->root, &here.root);
  bool is_ahead = step->have.place > here.have.place || step->size > here.size || (is_level && !is_same);
  *out = is_ahead ? AHEAD : is_level ? HERE : BEHIND;
  return e;
}

struct taking_bundle {
  struct exchange_replica *r;
  struct bundle_reader reader;
  struct exchange_report *report;
};

static enum err take_part(struct exchange_replica *r, struct bytes message) {
  struct carry_request m;
  uint32_t there;
  enum err e = carry_request_decode(message, &m);
  if (e == OK && m.verb != CARRY_PUT)
    e = err_set(ERR_FORM, "the bundle has a part of a document that is none");
  struct parts_name name = {from_node, m.content, m.size};
  if (e == OK)
    e = store_begin(r->store);
  if (e != OK)
    return e;
  e = store_end(r->store, parts_put(r->store, &name, m.number, m.part, r->now_s, &there));
  return e == ERR_ABSENT ? OK : e; /* it is here already */
}

/* The parts that stand behind a step, as far as they are there; where it is not taken they are passed over, so that
 * nothing that is not to be held any more comes back by an old bundle. */
static enum err take_parts(struct taking_bundle *t, uint32_t count, bool is_wanted) {
  enum err e = OK;
  for (uint32_t i = 0; e == OK && i < count && !bundle_is_done(&t->reader); i++) {
    struct buf message = {0};
    e = bundle_next(&t->reader, t->r->key, &message);
    if (e == OK && is_wanted)
      e = take_part(t->r, buf_bytes(&message));
    buf_release(&message);
  }
  return e;
}

/* An answer that names documents is taken when they are here: asked first, it says which ones are wanted. If the bundle
 * was full before they were all in it, the answer waits for the next bundle, and so do the parts that came. */
static enum err take_step(struct taking_bundle *t, const struct bundle_step *step) {
  enum err e = exchange_take(t->r, step->answer, t->report);
  bool lacks = e == OK && t->report->lacks_parts;
  if (e == OK)
    e = take_parts(t, step->parts, lacks);
  if (e == OK && lacks) {
    t->report->has_more = false;
    e = exchange_take(t->r, step->answer, t->report);
  }
  if (e == OK && t->report->lacks_parts && !bundle_is_done(&t->reader))
    e = err_set_remedy(ERR_REFUSED, ASK_ANEW, "the bundle names a document and does not have it");
  return e;
}

static enum err take_message(struct taking_bundle *t, struct bytes message, struct bundle_taken *out) {
  struct bundle_step step = {0};
  enum standing standing = HERE;
  enum err e = bundle_step_decode(message, &step);
  if (e == OK)
    e = compare_place(t->r->store, &step, &standing);
  if (e == OK && standing == AHEAD)
    e = err_set_remedy(ERR_CHAIN, ASK_ANEW, "the bundle goes on from a place that this machine has not come to yet");
  if (e == OK && standing == HERE) {
    e = take_step(t, &step);
    out->taken += e == OK && !t->report->lacks_parts;
  } else if (e == OK) {
    e = take_parts(t, step.parts, false);
    out->passed += e == OK;
  }
  return e;
}

static enum err take_former(struct taking_bundle *t, struct bytes page, struct bundle_taken *out) {
  bool was_taken = false;
  enum err e = bundle_take_former(t->r, page, out, &was_taken);
  out->taken += e == OK && was_taken;
  out->passed += e == OK && !was_taken;
  return e;
}

static enum err take_page(struct taking_bundle *t, struct bundle_taken *out) {
  struct buf message = {.max = BUNDLE_STEP_MAX};
  enum err e = bundle_next(&t->reader, t->r->key, &message);
  const struct bytes page = buf_bytes(&message);
  if (e == OK && msg_is_joined(page)) {
    e = err_set_remedy(ERR_REFUSED, "cairn machine renew --answer FILE", OF_A_RENEWAL);
  } else if (e == OK && bundle_is_opened(page)) {
    e = bundle_take_opened(t->r, page);
    out->passed += e == OK;
  } else if (e == OK && bundle_is_former(page)) {
    e = take_former(t, page, out);
  } else if (e == OK) {
    e = take_message(t, page, out);
  }
  buf_release(&message);
  return e;
}

/* Whose it is, and that it is what the node signed. */
static enum err open_answer(struct exchange_replica *r, FILE *file, struct bundle_reader *out) {
  struct bundle_label mine = {0};
  struct key *node = NULL;
  enum err e = who_we_are(r, &mine, &node);
  if (e == OK)
    e = bundle_open(out, file);
  if (e == OK)
    e = check_label(&mine, &out->label);
  if (e == OK)
    e = bundle_verify(out, node);
  key_free(node);
  return e;
}

enum err bundle_take(struct exchange_replica *r, FILE *file, struct exchange_report *report, struct bundle_taken *out) {
  struct taking_bundle t = {.r = r, .report = report};
  *out = (struct bundle_taken){0};
  enum err e = open_answer(r, file, &t.reader);
  if (e == OK)
    out->label = t.reader.label;
  while (e == OK && !bundle_is_done(&t.reader))
    e = take_page(&t, out);
  bundle_reader_release(&t.reader);
  return e;
}

/* ---- a new key ---- */

enum err bundle_renew_request(struct exchange_replica *r, struct bytes join_request, FILE *file,
                              struct bundle_made *out) {
  struct asking a = {0};
  *out = (struct bundle_made){.is_whole = true};
  enum err e = begin_asking(r, file, BUNDLE_MAX, &a);
  if (e == OK)
    e = bundle_add(&a.w, join_request);
  return end_asking(r, &a, e, out);
}

enum err bundle_renew_answer(struct exchange_replica *r, FILE *file, struct buf *join_answer) {
  struct bundle_reader reader = {0};
  enum err e = open_answer(r, file, &reader);
  if (e == OK && !bundle_is_done(&reader))
    e = bundle_next(&reader, r->key, join_answer);
  if (e == OK && !msg_is_joined(buf_bytes(join_answer)))
    e = err_set_remedy(ERR_REFUSED, "cairn take FILE", "this bundle does not bring the certificate of a new key");
  bundle_reader_release(&reader);
  return e;
}
