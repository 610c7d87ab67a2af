#include <stdlib.h>
#include <string.h>

#include "core/anew.h"
#include "core/cosign.h"
#include "core/directory.h"
#include "core/proof.h"
#include "sync/evidence.h"
#include "sync/exchange_parts.h"
#include "sync/join.h"

/* ---- the request ---- */

struct sending {
  struct store *store;
  struct buf acts;
  uint32_t count, large;
  uint64_t skip;
  struct position newest; /* of the acts that are sent */
};

static bool is_to_be_sent(const struct outbox_row *row) {
  return strcmp(row->state, "unsent") == 0 || strcmp(row->state, "later") == 0;
}

static void encode_act(const struct act_record *a, struct act_bytes *b, struct buf *out) {
  struct msg_act m = {.position = a->position.number,
                      .previous = a->position.previous,
                      .signature = buf_bytes(&a->signature),
                      .count = (uint32_t)b->count,
                      .entries = b->entries};
  parts_detach(m.entries, m.count);
  msg_act_encode(out, &m);
}

/* Room is left for the message's other fields. No more large contents than the node keeps for a replica: carry_begin
 * has sent those of the same acts before. */
static bool fits(const struct sending *s, const struct buf *act, uint32_t large) {
  return s->count < MSG_ACTS_MAX && s->large + large <= ACT_LARGE_MAX &&
         (s->count == 0 || s->acts.len + act->len <= MSG_PAGE_MAX - 4096);
}

static enum err send_act(void *of, const struct outbox_row *row) {
  struct sending *s = of;
  struct act_record a = {0};
  struct act_bytes b = {0};
  struct buf encoded = {0};
  if (!is_to_be_sent(row))
    return OK;
  if (s->skip > 0) {
    s->skip--;
    return OK;
  }
  enum err e = store_find_act_alone(s->store, row->act, &a);
  if (e == OK)
    e = store_act_bytes(s->store, row->act, &b);
  const uint32_t large = parts_count_large(b.entries, b.count);
  if (e == OK)
    encode_act(&a, &b, &encoded);
  if (e == OK && !fits(s, &encoded, large))
    e = ERR_LIMIT; /* the next request takes it */
  if (e == OK) {
    buf_add(&s->acts, buf_bytes(&encoded));
    s->count++;
    s->large += large;
    s->newest = a.position;
  }
  buf_release(&encoded);
  act_bytes_release(&b);
  act_record_release(&a);
  return e;
}

enum err exchange_load_vkey(struct store *s, struct note_vkey *out) {
  struct buf text = {0};
  enum err e = store_meta(s, "vkey", &text);
  if (e == OK)
    e = note_vkey_parse(buf_bytes(&text), out);
  buf_release(&text);
  return e;
}

static struct hash vkey_id(const struct note_vkey *v) {
  return hash_of(bytes_of(v->public_key, v->public_key_len));
}

/* Which ledger this is about, and the key that it is verified by here. */
static enum err name_ledger(struct store *s, struct msg_request *m) {
  struct note_vkey vkey;
  enum err e = store_meta_hash(s, "ledger", &m->ledger);
  if (e == OK)
    e = exchange_load_vkey(s, &vkey);
  if (e == OK)
    m->key = vkey_id(&vkey);
  return e;
}

/* How far the feed was followed, and the machine's word that it holds what the feed says and no more: nothing that was
 * taken back may be left in its file. */
static enum err sign_receipt(struct exchange_replica *r, struct msg_request *m, struct buf *out) {
  struct feed_receipt receipt = {.ledger = m->ledger};
  enum err e = feed_needs_scrub(r->store) ? feed_scrub(r->store) : OK;
  if (e == OK)
    e = feed_end(r->store, FEED_OWN, &receipt.end);
  m->have = receipt.end;
  if (e == OK && m->have.place > 0)
    e = feed_receipt_sign(&receipt, r->key, out);
  m->receipt = buf_bytes(out);
  return e;
}

/* The newest one that was verified here; none, and a size of 0, where there is none yet. */
static enum err newest_checkpoint(struct store *s, struct msg_request *m, struct buf *note) {
  enum err e = store_checkpoint_newest(s, &m->size, &m->root, note);
  return e == ERR_ABSENT ? OK : e;
}

/* The replica vouches for the newest checkpoint that it verified: whoever is shown another history can hear of it. */
static enum err cosign(struct exchange_replica *r, struct bytes note, struct text_time *at, struct buf *signature) {
  struct bytes text;
  enum err e = note_text(note, &text);
  *at = text_time_format(r->now_s);
  return e == OK ? cosignature_sign(r->key, at, text, signature) : e;
}

/* The node was rebuilt, and what it held for the keeper may be gone there. */
static enum err offer_held_again(struct exchange_replica *r) {
  const struct hash replica = key_id(r->key);
  if (store_meta_number(r->store, RECOVER_HELD) == 0)
    return OK;
  enum err e = store_begin(r->store);
  if (e != OK)
    return e;
  e = store_outbox_reoffer_held(r->store, &replica);
  if (e == OK)
    e = store_meta_set_number(r->store, RECOVER_HELD, 0);
  return store_end(r->store, e);
}

/* Of an act that was sent from here all is told as lost while any of it is, because the outbox takes it back whole or
 * not at all. Where nothing waits in it, what there is of the act is welcome. */
static bool wants_own(struct store *s, bool has_lost) {
  return store_meta_number(s, "wants-own") ||
         (has_lost && store_outbox_count(s, NULL) == store_outbox_count(s, "refused"));
}

enum err exchange_request(struct exchange_replica *r, struct buf *request, size_t *sent_out) {
  struct sending s = {.store = r->store, .skip = r->skip};
  struct msg_request m = {0};
  struct text_time at = {{0}};
  struct buf note = {0}, head = {0}, receipt = {0}, cosignature = {0}, noted = {0};
  enum err e = offer_held_again(r);
  if (e == OK)
    e = feed_noted_lost(r->store, MSG_NOTED_MAX, &noted);
  m.flags = (uint8_t)((wants_own(r->store, noted.len > 0) ? MSG_WANTS_OWN : 0) | (noted.len > 0 ? MSG_NOTES_LOST : 0));
  m.noted = buf_bytes(&noted);
  if (e == OK)
    e = name_ledger(r->store, &m);
  if (e == OK)
    e = newest_checkpoint(r->store, &m, &note);
  if (e == OK && m.size > 0)
    e = cosign(r, buf_bytes(&note), &at, &cosignature);
  if (e == OK)
    e = sign_receipt(r, &m, &receipt);
  if (e == OK) {
    m.cosigned = bytes_str(at.s);
    m.cosignature = buf_bytes(&cosignature);
    e = store_outbox_each(r->store, &s, send_act);
  }
  if (e == ERR_LIMIT && s.count > 0)
    e = OK;
  if (e == OK && s.count > 0)
    e = position_sign(&s.newest, r->key, &head);
  if (e == OK) {
    m.head = buf_bytes(&head);
    m.act_count = s.count;
    msg_request_encode(request, &m);
    buf_add(request, buf_bytes(&s.acts));
    *sent_out = s.count;
    e = buf_err(request);
  }
  buf_release(&noted);
  buf_release(&cosignature);
  buf_release(&head);
  buf_release(&receipt);
  buf_release(&note);
  buf_release(&s.acts);
  return e;
}

/* ---- the answer ---- */

static enum err store_proofs(struct taking *t) {
  enum err e = OK;
  for (size_t i = 0; e == OK && i < t->proof_count; i++)
    e = proof_keep(t->store, t->proofs[i].number, t->checkpoint.size, buf_bytes(&t->proofs[i].path));
  return e;
}

static void release_proofs(struct taking *t) {
  for (size_t i = 0; i < t->proof_count; i++)
    buf_release(&t->proofs[i].path);
  free(t->proofs);
}

static void note_change(struct exchange_change *c, uint64_t number, const struct hash *before, const struct hash *now) {
  if (c->number == 0)
    c->before = *before;
  c->number = number;
  c->now = *now;
}

/* The new key of the ledger, if it takes the place of the one that this replica goes by. Whoever joined later goes by a
 * newer one already. */
static enum err follow_ledger_key(struct taking *t, uint64_t number, const struct directory_log *before,
                                  const struct directory_log *after) {
  struct note_vkey vkey = {0};
  struct buf text = {0};
  struct key *key = NULL;
  struct hash replaced = hash_of(buf_bytes(&before->ledger_key)), now = hash_of(buf_bytes(&after->ledger_key));
  enum err e = exchange_load_vkey(t->store, &vkey);
  struct hash known = vkey_id(&vkey);
  if (e != OK || hash_equal(&replaced, &now) || !hash_equal(&replaced, &known))
    return e;
  e = key_from_spki(buf_bytes(&after->ledger_key), &key);
  if (e == OK) {
    note_vkey_format(&text, vkey.name, key);
    note_change(&t->report->ledger_key, number, &replaced, &now);
    e = store_meta_set(t->store, "vkey", buf_bytes(&text));
  }
  key_free(key);
  buf_release(&text);
  return e;
}

static enum err follow_authority(struct taking *t, uint64_t number, const struct directory_log *before,
                                 const struct directory_log *after) {
  struct buf known = {0};
  struct hash replaced = hash_of(buf_bytes(&before->authority)), now = hash_of(buf_bytes(&after->authority));
  enum err e = store_meta(t->store, "authority", &known);
  if (e == OK && !hash_equal(&replaced, &now) && bytes_equal(buf_bytes(&known), buf_bytes(&before->authority))) {
    note_change(&t->report->authority, number, &replaced, &now);
    e = store_meta_set(t->store, "authority", buf_bytes(&after->authority));
  }
  buf_release(&known);
  return e;
}

/* After an entry was taken: does it hand over from a key that this replica trusts? */
static enum err follow_handover(struct taking *t, const struct msg_event *d) {
  struct directory_log before = {0}, after = {0};
  struct entry entry;
  enum err e = entry_decode(d->entries[0].header, &entry);
  if (e != OK || !bytes_equal_str(entry.kind, "log.keys"))
    return e;
  e = directory_log_at(t->store, d->first, &before);
  if (e == OK)
    e = directory_log_at(t->store, d->first + 1, &after);
  if (e == OK)
    e = follow_ledger_key(t, d->first, &before, &after);
  if (e == OK)
    e = follow_authority(t, d->first, &before, &after);
  directory_log_release(&before);
  directory_log_release(&after);
  return e;
}

static enum err load_own(struct store *s, const struct hash *act, struct act_bytes *out) {
  uint64_t first;
  enum err e = store_find_act_id(s, act, &first);
  return e == OK ? store_act_bytes(s, first, out) : e;
}

static enum err take_delivery(struct taking *t, const struct msg_event *d) {
  struct verdict v;
  struct act_bytes own = {0};
  enum err e = d->form == MSG_YOURS ? load_own(t->store, &d->position.act, &own) : OK;
  struct accept_act in = {.how = ACCEPT_TAKE,
                          .entries = own.count ? own.entries : d->entries,
                          .count = d->count,
                          .size = d->size,
                          .siblings = d->siblings,
                          .signature = d->signature,
                          .replica = d->position.replica,
                          .position = d->position.number,
                          .previous = d->position.previous,
                          .head = d->head,
                          .first = d->first,
                          .admitted = d->admitted};
  if (e == OK)
    e = accept_act(t->store, &in, &v);
  if (e == OK && d->form == MSG_FULL && v.code == VERDICT_ACCEPTED)
    t->report->received += d->count;
  if (e == OK && d->form == MSG_YOURS)
    t->report->accepted++;
  act_bytes_release(&own);
  return e == OK ? follow_handover(t, d) : e;
}

/* The checkpoint commits to the act, and its form, signature, certificate or author is not what it must be: whoever
 * signed the checkpoint has let it in. */
static void keep_evidence(struct taking *t, const struct msg_event *d, enum err e) {
  bool is_violation = e == ERR_KEY || e == ERR_SIGNATURE || e == ERR_FORM || e == ERR_LIMIT || e == ERR_PROOF;
  if (is_violation && t->report->evidence)
    evidence_format(t->report->evidence, &(struct evidence){err_words(e), t->known_size, t->known, &t->m, d});
}

static enum err mark(struct taking *t, const struct verdict *v) {
  switch (v->code) {
  case VERDICT_ACCEPTED:
  case VERDICT_HAD: return store_outbox_mark(t->store, &v->act, "sent", "", "", "");
  case VERDICT_REFUSED:
    t->report->refused++;
    return store_outbox_mark(t->store, &v->act, "refused", v->rule, v->words, v->remedy);
  case VERDICT_HELD:
    t->report->held++;
    return store_outbox_mark(t->store, &v->act, "held", v->rule, v->words, v->remedy);
  case VERDICT_LATER:
    t->report->later++;
    return store_outbox_mark(t->store, &v->act, "later", v->rule, v->words, v->remedy);
  }
  return OK;
}

/* Said to be accepted, and yet the feed ended without it: no receipt. It is offered again next time, and the feed is
 * asked for from its beginning, for its delivery may have been passed over. */
static enum err offer_again(struct taking *t) {
  enum err e = store_outbox_reoffer(t->store, &t->report->unconfirmed);
  return e == OK && t->report->unconfirmed > 0 ? feed_restart(t->store) : e;
}

/* Each entry of a delivery is an event of its own. */
static enum err note_events(struct taking *t, const struct msg_event *d) {
  static const enum feed_op ops[] = {
      [MSG_FULL] = FEED_DELIVER, [MSG_YOURS] = FEED_DELIVER,      [MSG_PASSED] = FEED_DELIVER,
      [MSG_LOST] = FEED_DELIVER, [MSG_WITHDRAWN] = FEED_WITHDRAW, [MSG_ERASED] = FEED_ERASE};
  uint32_t count = exchange_is_delivery(d) ? d->count : 1;
  enum err e = OK;
  for (uint32_t i = 0; e == OK && i < count; i++)
    e = feed_note(t->store, ops[d->form], d->first + (exchange_is_delivery(d) ? d->entries[i].index : 0));
  return e;
}

/* A machine that does not know yet whose it is has nothing of its own. */
static enum err forget(struct taking *t, uint64_t number, enum feed_op op) {
  struct machine machine = {0};
  directory_machine(t->store, &t->replica, &machine);
  enum err e = feed_check_forget(t->store, number, op, &machine.agency);
  return e == OK ? feed_forget(t->store, number, op) : e;
}

static enum err take_event(struct taking *t, const struct msg_event *d) {
  enum err e = OK;
  switch (d->form) {
  case MSG_FULL:
  case MSG_YOURS:
    e = take_delivery(t, d);
    if (e != OK)
      keep_evidence(t, d, e);
    break;
  case MSG_PASSED: e = feed_pass(t->store, d->first); break;
  case MSG_LOST: e = feed_lose(t->store, d->first, &t->report->lost); break;
  case MSG_WITHDRAWN:
  case MSG_ERASED:
    e = forget(t, d->first, d->form == MSG_ERASED ? FEED_ERASE : FEED_WITHDRAW);
    t->report->withdrawn += d->form == MSG_WITHDRAWN;
    t->report->erased += d->form == MSG_ERASED;
    break;
  }
  return e == OK ? note_events(t, d) : e;
}

/* Both sides must have arrived at the same list. */
static enum err check_digest(const struct taking *t) {
  struct feed_end end;
  enum err e = feed_end(t->store, FEED_OWN, &end);
  if (e == OK && (end.place != t->m.upto.place || !hash_equal(&end.digest, &t->m.upto.digest)))
    e = err_set(ERR_PROOF, "the node's feed is not the one that it has told of before");
  return e;
}

/* What others vouch for has been compared, and would take more room than all else here. */
static enum err add_checkpoint(struct taking *t) {
  struct buf note = {0};
  enum err e = cosignature_strip(t->m.checkpoint, &note);
  if (e == OK)
    e = store_checkpoint_add(t->store, t->checkpoint.size, &t->checkpoint.root, buf_bytes(&note));
  buf_release(&note);
  return e;
}

/* The key stays, the name is another. */
static enum err rename_ledger(struct taking *t) {
  struct note_vkey vkey;
  struct key *key = NULL;
  struct buf text = {0};
  enum err e = t->is_renamed ? exchange_load_vkey(t->store, &vkey) : ERR_ABSENT;
  if (e == OK)
    e = key_from_spki(bytes_of(vkey.public_key, vkey.public_key_len), &key);
  if (e == OK) {
    note_vkey_format(&text, t->checkpoint.origin, key);
    e = store_meta_set(t->store, "vkey", buf_bytes(&text));
  }
  key_free(key);
  buf_release(&text);
  return e == ERR_ABSENT ? OK : e;
}

static enum err store_all(struct taking *t) {
  enum err e = rename_ledger(t);
  for (uint32_t i = 0; e == OK && i < t->m.verdict_count; i++)
    e = mark(t, &t->m.verdicts[i]);
  for (uint32_t i = 0; e == OK && i < t->m.event_count; i++)
    e = take_event(t, &t->m.events[i]);
  if (e == OK)
    e = check_digest(t);
  if (e == OK && !t->m.has_more)
    e = feed_check_whole(t->store);
  if (e == OK)
    e = add_checkpoint(t);
  if (e == OK)
    e = store_proofs(t);
  if (e == OK)
    e = store_meta_set_number(t->store, FEED_GOES_ON, t->m.has_more);
  if (e == OK && !t->m.has_more)
    e = store_meta_set_number(t->store, "wants-own", 0);
  if (e == OK && !t->m.has_more)
    e = join_check(t->store);
  t->report->wants_lost = t->m.wants_lost;
  t->report->has_more = t->m.has_more || store_outbox_count(t->store, "unsent") > 0;
  if (e == OK && !t->m.has_more)
    e = offer_again(t);
  return e == OK && t->m.follow_anew ? feed_restart(t->store) : e;
}

/* What was checked may name contents that are still to be fetched: then nothing is taken yet, and the same answer is
 * asked for again when they are here. */
static enum err gather_parts(struct taking *t, bool *is_whole_out) {
  const struct hash from_node = {{0}};
  enum err e = OK;
  t->parts.is_whole = true;
  for (uint32_t i = 0; e == OK && i < t->m.event_count; i++)
    e = parts_gather(t->store, &from_node, t->m.events[i].entries, t->m.events[i].count, &t->parts);
  *is_whole_out = t->parts.is_whole;
  return e == OK && !t->parts.is_whole ? parts_want(t->store, &t->parts) : e;
}

static enum err ask_for_own(struct store *s) {
  enum err e = store_begin(s);
  return e == OK ? store_end(s, store_meta_set_number(s, "wants-own", 1)) : e;
}

static enum err store_checked(struct taking *t) {
  enum err e = store_begin(t->store);
  if (e != OK)
    return e;
  e = store_all(t);
  if (e == OK)
    e = parts_settle(t->store, &t->parts);
  if (e == OK)
    e = feed_forget_fetched(t->store);
  return store_end(t->store, e);
}

static void release_taking(struct taking *t) {
  for (uint32_t i = 0; t->own && i < t->m.event_count; i++)
    buf_release(&t->own[i]);
  free(t->own);
  release_proofs(t);
  parts_release(&t->parts);
  msg_answer_release(&t->m);
}

enum err exchange_take(struct exchange_replica *r, struct bytes answer, struct exchange_report *report) {
  struct taking t = {.store = r->store, .report = report, .replica = key_id(r->key)};
  bool is_whole = false;
  enum err e = msg_answer_decode(answer, &t.m);
  if (e == OK) {
    t.own = mem_alloc_array(t.m.event_count, sizeof *t.own);
    e = exchange_check(&t);
  }
  if (e == OK)
    e = gather_parts(&t, &is_whole);
  if (e == OK && is_whole)
    e = store_checked(&t);
  report->lacks_parts = e == OK && !is_whole;
  report->has_more = report->has_more || report->lacks_parts;
  if (t.lacks_own)
    ask_for_own(r->store);
  /* Where it cannot be done now, the next request does it first: the machine signs for it there. */
  if (e == OK && feed_needs_scrub(r->store))
    feed_scrub(r->store);
  if (e == OK)
    report->size = t.checkpoint.size;
  release_taking(&t);
  return e;
}

/* ---- once, of a ledger that was opened anew ---- */

enum err exchange_former_request(struct exchange_replica *r, const struct anew_proved *former, struct buf *request) {
  struct msg_request m = {.flags = MSG_OF_FORMER, .size = former->size, .root = former->root};
  struct buf receipt = {0};
  enum err e = name_ledger(r->store, &m);
  if (e == OK)
    e = sign_receipt(r, &m, &receipt);
  if (e == OK) {
    msg_request_encode(request, &m);
    e = buf_err(request);
  }
  buf_release(&receipt);
  return e;
}

enum err exchange_former_check(struct exchange_replica *r, const struct anew_proved *former, struct bytes answer) {
  struct exchange_report report = {0};
  struct taking t = {.store = r->store, .report = &report, .replica = key_id(r->key), .former = former};
  enum err e = msg_answer_decode(answer, &t.m);
  if (e == OK) {
    t.own = mem_alloc_array(t.m.event_count, sizeof *t.own);
    e = exchange_check(&t);
  }
  release_taking(&t);
  return e;
}
