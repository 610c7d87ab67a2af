#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cosign.h"
#include "core/directory.h"
#include "core/parts.h"
#include "core/recovery.h"
#include "sync/cosigned.h"
#include "sync/duty.h"
#include "sync/page.h"

#define RENEW_MACHINE "your agency's officer can give the machine a new identity: cairn machine renew"

int exchange_status(enum err e) {
  switch (e) {
  case OK: return 200;
  case ERR_FORM:
  case ERR_LIMIT:
  case ERR_SIGNATURE:
  case ERR_PROOF:
  case ERR_USAGE:
  case ERR_PASSPHRASE:
  case ERR_AMBIGUOUS:
  case ERR_UNKNOWN_KIND: return 400;
  case ERR_KEY: return 401;
  case ERR_REFUSED:
  case ERR_CONFLICT:
  case ERR_CHAIN:
  case ERR_HAD: return 409;
  case ERR_ABSENT: return 410;
  case ERR_DISK:
  case ERR_BUSY: return 503;
  case ERR_NETWORK:
  case ERR_NOT_OURS:
  case ERR_NEWER:
  case ERR_IO: return 500;
  }
  return 500;
}

/* ---- the node's own entries ---- */

enum err exchange_node_write(struct exchange_node *n, const struct draft *drafts, size_t count, int64_t now_s,
                             struct verdict *out) {
  struct author_by by = {.key = n->operating, .replica = key_id(n->operating), .replica_key = n->operating};
  struct verdict v = {0};
  enum err e = recovery_check_off(n->store);
  if (e == OK)
    e = author_write(n->store, &by, drafts, count, ACCEPT_ADMIT, now_s, &v);
  if (e == OK && v.code != VERDICT_ACCEPTED)
    e = err_set_remedy(ERR_REFUSED, v.remedy, "%s: %s", v.rule, v.words);
  if (e == OK)
    *out = v;
  return e;
}

enum err exchange_node_checkpoint(struct exchange_node *n) {
  struct directory_log log = {0};
  struct buf text = {0}, note = {0};
  struct act_record act = {0};
  struct checkpoint c = {0};
  struct hash old_root;
  uint64_t old_size = 0, first = 0;
  int64_t at_s = 0;
  enum err e = duty_tell_changes(n);
  if (e != OK)
    goto out;
  c.size = store_size(n->store);
  e = store_checkpoint_newest(n->store, &old_size, &old_root, &note);
  if (e == ERR_ABSENT)
    e = OK;
  if (e != OK || old_size == c.size)
    goto out;
  buf_clear(&note);
  e = directory_log(n->store, &log);
  if (e == OK)
    e = store_tree_flush(n->store);
  if (e == OK)
    e = store_tree_root(n->store, c.size, &c.root);
  if (e == OK)
    e = store_act_of(n->store, c.size, &first);
  if (e == OK)
    e = store_find_act(n->store, first, &act);
  if (e != OK)
    goto out;
  c.time = act.admitted;
  snprintf(c.origin, sizeof c.origin, "%s", buf_cstr(&log.origin));
  checkpoint_format(&text, &c);
  e = note_sign(buf_bytes(&text), c.origin, n->ledger, &note);
  if (e == OK && n->former_ledger)
    e = note_cosign(buf_bytes(&text), c.origin, n->former_ledger, &note);
  if (e == OK)
    e = text_time_parse(bytes_str(c.time.s), &at_s);
  if (e == OK)
    e = cosignature_carry(n->store, at_s, &note);
  if (e == OK)
    e = store_checkpoint_add(n->store, c.size, &c.root, buf_bytes(&note));
out:
  act_record_release(&act);
  directory_log_release(&log);
  buf_release(&text);
  buf_release(&note);
  return e;
}

enum err exchange_node_hand_over(const struct exchange_node *n, const struct exchange_handover *h, int64_t now_s,
                                 struct verdict *out) {
  struct exchange_node after = *n;
  struct directory_log log = {0};
  struct buf ledger = {0}, operating = {0}, authority = {0}, signature = {0}, endorsed = {0};
  struct draft_value values[5];
  struct draft draft = {kind_find(bytes_str("log.keys")), values, 0, NULL, 0};
  enum err e = directory_log(n->store, &log);
  if (e == OK && h->ledger) {
    struct hash id = key_id(h->ledger);
    e = handover_sign(&log.ledger, &id, n->ledger, &signature);
    text_base64_encode(&endorsed, buf_bytes(&signature));
    text_base64_encode(&ledger, key_spki(h->ledger));
    values[draft.count++] = (struct draft_value){"ledger", buf_cstr(&ledger)};
    values[draft.count++] = (struct draft_value){"endorsed", buf_cstr(&endorsed)};
    after.former_ledger = n->ledger;
    after.ledger = h->ledger;
  }
  if (h->operating) {
    text_base64_encode(&operating, key_spki(h->operating));
    values[draft.count++] = (struct draft_value){"operating", buf_cstr(&operating)};
  }
  if (h->authority.len) {
    text_base64_encode(&authority, h->authority);
    values[draft.count++] = (struct draft_value){"authority", buf_cstr(&authority)};
  }
  if (h->reason)
    values[draft.count++] = (struct draft_value){"reason", h->reason};
  if (e == OK)
    e = exchange_node_write(&after, &draft, 1, now_s, out);
  if (e == OK)
    e = exchange_node_checkpoint(&after);
  directory_log_release(&log);
  buf_release(&ledger);
  buf_release(&operating);
  buf_release(&authority);
  buf_release(&signature);
  buf_release(&endorsed);
  return e;
}

/* ---- the acts of a request ---- */

struct judging {
  struct exchange_node *n;
  const struct hash *replica;
  const struct msg_request *m;
  int64_t now_s;
  bool is_receipt_due; /* what it signed about its feed is to be told */
  struct hash machine; /* its entry */
  bool is_shut_out;    /* the replica: what it sends is held, and it receives nothing */
  bool is_guarded;     /* each act has a savepoint of its own */
  bool has_traces;     /* one had none, and did not get through when it had entered: it is all to be done again */
  uint64_t feed;       /* of the replica's agency */
  uint64_t handover;   /* the entry that handed over from the ledger's key that the replica knows; 0: it is in force */
  uint64_t handover_place; /* its place in the feed */
  struct verdict *verdicts;
  uint64_t *positions;
  struct ahead *ahead;
};

/* The head is a signature over the position of the request's last act. */
static enum err check_head(const struct judging *j) {
  const struct msg_act *last = &j->m->acts[j->m->act_count - 1];
  struct machine machine;
  struct act_text text;
  enum err e = act_text_of(last->entries, last->count, &text);
  if (e == OK)
    e = directory_machine(j->n->store, j->replica, &machine);
  if (e != OK)
    return e;
  struct position p = {*j->replica, last->position, last->previous, act_id(&text)};
  if (position_verify(&p, machine.key, j->m->head) != OK)
    return err_set(ERR_SIGNATURE, "the replica's signature over its newest position does not verify");
  return OK;
}

static enum err judge_act(struct judging *j, uint32_t i) {
  const struct msg_act *a = &j->m->acts[i];
  struct verdict *v = &j->verdicts[i];
  uint64_t newest;
  struct hash position;
  struct machine machine; /* as it is now: an act before this one may have revoked it */
  struct accept_act in = {.how = ACCEPT_ADMIT,
                          .entries = a->entries,
                          .count = a->count,
                          .size = a->count,
                          .signature = a->signature,
                          .machine = &machine,
                          .replica = *j->replica,
                          .position = a->position,
                          .previous = a->previous,
                          .head = i + 1 == j->m->act_count ? j->m->head : bytes_of(NULL, 0),
                          .ahead = j->ahead,
                          .ahead_index = i,
                          .is_bare = !j->is_guarded,
                          .now_s = j->now_s};
  j->positions[i] = a->position;
  enum err e = store_chain(j->n->store, j->replica, &newest, &position);
  if (e == OK)
    e = directory_machine(j->n->store, j->replica, &machine);
  if (e == OK)
    e = accept_act(j->n->store, &in, v);
  if (e == OK && v->has_traces) {
    j->has_traces = true;
    return ERR_REFUSED;
  }
  if (e == ERR_KEY) /* 401 is for replicas */
    e = err_set(ERR_SIGNATURE, "act %" PRIu64 ": %s", a->position, err_words(ERR_KEY));
  if (e == OK && v->code == VERDICT_HAD && v->first)
    e = recovery_give_back(j->n->store, v->first, a->entries, a->count);
  if (e == OK && v->code == VERDICT_HELD && a->position <= newest)
    e = duty_hold_again(j->n, a, &v->act);
  if (e != OK || a->position <= newest)
    return e;
  if (v->code == VERDICT_ACCEPTED)
    return duty_follow(j->n, a, j->now_s);
  bool is_turned_away = v->code == VERDICT_REFUSED || v->code == VERDICT_HELD || (v->code == VERDICT_HAD && v->rule[0]);
  struct duty_turned_away t = {
      .act = a, .position = {*j->replica, a->position, a->previous, v->act}, .head = in.head, .verdict = v};
  return is_turned_away ? duty_turn_away(j->n, &t, j->now_s) : OK;
}

/* Behind an act that the node does not understand yet nothing is looked at: the chain must not get a gap. */
static void put_off(const struct judging *j, uint32_t from) {
  for (uint32_t i = from; i < j->m->act_count; i++) {
    struct act_text text;
    j->positions[i] = j->m->acts[i].position;
    j->verdicts[i] = j->verdicts[from - 1];
    if (act_text_of(j->m->acts[i].entries, j->m->acts[i].count, &text) == OK)
      j->verdicts[i].act = act_id(&text);
  }
}

/* With its large contents, if they have come; those of an act that is put off are waited for. */
static enum err judge_whole(struct judging *j, uint32_t i) {
  struct parts_gathered g = {0};
  const struct msg_act *a = &j->m->acts[i];
  enum err e = parts_gather(j->n->store, j->replica, a->entries, a->count, &g);
  if (e == OK)
    e = judge_act(j, i);
  if (e == OK && j->verdicts[i].code != VERDICT_LATER)
    e = parts_settle(j->n->store, &g);
  parts_release(&g);
  return e;
}

static enum err judge_all(struct judging *j) {
  enum err e = j->m->act_count ? check_head(j) : OK;
  for (uint32_t i = 0; e == OK && i < j->m->act_count; i++) {
    e = judge_whole(j, i);
    if (e == OK && j->verdicts[i].code == VERDICT_LATER) {
      put_off(j, i + 1);
      break;
    }
  }
  return e;
}

/* With their signatures verified on another processor, as far as that gets ahead. */
static enum err judge_ahead(struct judging *j) {
  struct ahead_act *acts = mem_alloc_array(j->m->act_count, sizeof *acts);
  for (uint32_t i = 0; i < j->m->act_count; i++)
    acts[i] = (struct ahead_act){j->m->acts[i].entries, j->m->acts[i].count, j->m->acts[i].signature};
  j->ahead = ahead_begin(acts, j->m->act_count);
  enum err e = judge_all(j);
  ahead_end(j->ahead);
  j->ahead = NULL;
  free(acts);
  return e;
}

/* One transaction: all of the request, or nothing. */
static enum err admit_all(struct judging *j, bool is_newer, bool is_due) {
  enum err e = store_begin(j->n->store);
  if (e != OK)
    return e;
  e = judge_ahead(j);
  if (e == OK && j->is_receipt_due)
    e = duty_put_receipt(j->n, &j->machine, &j->m->have, j->m->receipt, j->now_s);
  if (e == OK && is_newer)
    e = cosigned_keep(j->n, j->replica, j->m);
  if (e == OK && is_due)
    e = duty_renew(j->n, j->replica, j->now_s);
  if (e == OK)
    e = exchange_node_checkpoint(j->n);
  return store_end(j->n->store, e);
}

/* Mostly all acts get through, and need no savepoints for that. */
static enum err admit(struct judging *j) {
  bool is_due = false, is_newer = false;
  enum err e = j->is_shut_out ? OK : duty_is_renewal_due(j->n, j->replica, j->now_s, &is_due);
  if (e == OK && !j->is_shut_out)
    e = cosigned_is_newer(j->n, j->replica, j->m, &is_newer);
  if (e != OK || (j->m->act_count == 0 && !is_due && !is_newer && !j->is_receipt_due))
    return e;
  e = admit_all(j, is_newer, is_due);
  if (!j->has_traces)
    return e;
  j->is_guarded = true;
  j->has_traces = false;
  return admit_all(j, is_newer, is_due);
}

/* ---- the answer ---- */

/* The checkpoint of the handover that the replica has not heard of, or the newest. */
static enum err find_checkpoint(const struct judging *j, uint64_t *size_out, struct buf *note) {
  struct hash root;
  if (j->handover == 0)
    return store_checkpoint_newest(j->n->store, size_out, &root, note);
  *size_out = j->handover;
  return store_checkpoint_at(j->n->store, j->handover, note);
}

/* What the machine knows when it has taken the answer. */
static enum err set_course(const struct judging *j, const struct msg_answer *out, uint64_t size,
                           struct exchange_course *course) {
  const struct msg_request *m = j->m;
  struct directory_log log = {0};
  struct exchange_place upto = {out->upto, size, m->root, m->key};
  enum err e = size > m->size ? store_tree_root(j->n->store, size, &upto.root) : OK;
  bool is_over = e == OK && j->handover && out->upto.place >= j->handover_place;
  if (is_over)
    e = directory_log_at(j->n->store, j->handover + 1, &log);
  if (e == OK && is_over)
    upto.key = hash_of(buf_bytes(&log.ledger_key));
  course->is_put_off = false;
  for (uint32_t i = 0; i < out->verdict_count; i++)
    course->is_put_off = course->is_put_off || out->verdicts[i].code == VERDICT_LATER;
  course->is_begun = true;
  course->from = (struct exchange_place){m->have, m->size, m->root, m->key};
  course->upto = upto;
  course->has_more = out->has_more;
  directory_log_release(&log);
  return e;
}

/* Of its own act all is told as lost while any of it is (page.c): following anew would lead to nothing else. */
static enum err waits_for_rest(const struct judging *j, uint64_t number, bool *out) {
  uint64_t act = 0;
  *out = false;
  if (j->m->flags & MSG_WANTS_OWN)
    return OK;
  enum err e = store_act_of(j->n->store, number, &act);
  return e == OK ? recovery_is_own_in_part(j->n->store, act, j->replica, out) : e;
}

/* Is anything here of what the machine noted as lost, and was it told of before? A node that was lost twice may have it
 * from somebody since, in a feed that looks the same. */
static enum err find_noted(const struct judging *j, bool *out) {
  struct reader r = reader_of(j->m->noted);
  bool is_lost = false, waits = false;
  enum err e = OK;
  *out = false;
  for (size_t i = 0; e == OK && !*out && i < j->m->noted.len / 8; i++) {
    uint64_t number = reader_u64(&r), place = 0, again = 0;
    e = recovery_is_lost(j->n->store, number, &is_lost);
    if (e == OK && !is_lost)
      e = feed_present(j->n->store, j->feed, number, 0, &place);
    if (e == OK && place > 0)
      e = feed_present(j->n->store, j->feed, number, j->m->have.place, &again);
    if (e == OK && place > 0 && again == 0)
      e = waits_for_rest(j, number, &waits);
    *out = place > 0 && again == 0 && !waits;
  }
  return e;
}

/* A note with its cosignatures, and the proof for a recipient who sees all: two ways down the tree at most. */
#define TAIL_ROOM 32768

static enum err write_answer(struct exchange_node *n, const struct judging *j, struct exchange_course *course,
                             struct buf *answer) {
  struct page page = {.store = n->store,
                      .m = j->m,
                      .replica = *j->replica,
                      .agency = j->feed,
                      .upto = j->m->have,
                      .room = MSG_PAGE_MAX,
                      .proof_max = MERKLE_PROOF_MAX};
  struct buf begun = {0}, note = {0}, proof = {0};
  struct feed_end end = {0};
  uint64_t size = 0;
  struct msg_answer out = {.verdict_count = j->m->act_count, .positions = j->positions, .verdicts = j->verdicts};
  buf_init(&page.bytes, MSG_ANSWER_MAX);
  enum err e = find_checkpoint(j, &size, &note);
  if (e == OK)
    e = feed_end(n->store, j->feed, &end);
  page.place_max = j->handover ? j->handover_place : end.place;
  const bool is_question = (j->m->flags & MSG_OF_FORMER) != 0; /* a checkpoint and its proof answer it */
  if (is_question)
    page.place_max = j->m->have.place;
  msg_answer_begin(&begun, &out);
  page.room -= begun.len + TAIL_ROOM < page.room ? begun.len + TAIL_ROOM : page.room;
  if (e == OK)
    e = page_fill(&page);
  if (e == OK)
    e = page_prove(&page, size, &proof);
  if (e == OK)
    e = find_noted(j, &out.follow_anew);
  if (e == OK) {
    out.upto = page.upto;
    /* Behind a handover there may be a newer checkpoint, and nothing more for this agency. */
    bool is_over = j->handover_place > 0 && page.upto.place >= j->handover_place && size < store_size(n->store);
    out.has_more = !is_question && (page.upto.place < end.place || is_over);
    out.wants_lost = recovery_has_lost(n->store);
    out.follow_anew = out.follow_anew && !out.has_more;
    out.event_count = page.count;
    out.checkpoint = buf_bytes(&note);
    out.proof = buf_bytes(&proof);
    msg_answer_begin(answer, &out);
    buf_add(answer, buf_bytes(&page.bytes));
    msg_answer_end(answer, &out);
    e = buf_err(answer) == OK ? buf_err(&page.bytes) : buf_err(answer);
  }
  if (e == OK && course)
    e = set_course(j, &out, size, course);
  buf_release(&begun);
  page_release(&page);
  buf_release(&note);
  buf_release(&proof);
  return e;
}

/* A replica that knows the ledger by a key that was handed over gets the checkpoint that both keys have signed, with
 * all up to the handover; then it knows the next one. */
static enum err find_handover(struct judging *j) {
  enum err e = directory_handed_over(j->n->store, &j->m->key, &j->handover);
  if (e == ERR_ABSENT)
    return err_set_remedy(ERR_CHAIN, "ask the administrator of the node for the fingerprint of the ledger's key",
                          "this replica knows the ledger by a key that it never had");
  /* The first time that it is delivered: when it was lost, and is here again, it is once more, behind what is behind it
   * in the ledger. */
  if (e == OK && j->handover)
    e = feed_present(j->n->store, j->feed, j->handover, 0, &j->handover_place);
  /* An agency that was revoked is told of nothing any more. */
  bool has_passed = j->handover_place && j->m->have.place >= j->handover_place;
  if (e == OK && j->handover && (has_passed || j->m->size > j->handover))
    e = err_set(ERR_CHAIN, "this replica has seen how the ledger's key was handed over, and does not follow");
  return e;
}

/* The replica says how far it has followed its agency's feed, and signs it. */
static enum err check_feed(struct judging *j, const struct directory_log *log, const struct machine *machine) {
  const struct msg_request *m = j->m;
  struct feed_end there;
  enum err e = feed_of_agency(j->n->store, &machine->agency, &j->feed);
  if (e == OK)
    e = feed_at(j->n->store, j->feed, m->have.place, &there);
  if (e == ERR_ABSENT || (e == OK && !hash_equal(&there.digest, &m->have.digest)))
    return err_set_remedy(ERR_CHAIN, "tell the administrator: the node, or this replica, was restored from a backup",
                          "the replica has been told of more than this node knows of");
  if (e == OK && m->have.place > 0 &&
      feed_receipt_verify(&(struct feed_receipt){log->ledger, m->have}, machine->key, m->receipt) != OK)
    e = err_set(ERR_SIGNATURE, "the replica's signature over its place in the feed does not verify");
  j->machine = machine->entry;
  if (e == OK && !j->is_shut_out)
    e = feed_is_receipt_due(j->n->store, j->feed, &j->machine, m->have.place, &j->is_receipt_due);
  return e;
}

/* Whoever follows asks for the proof that this ledger goes on from what they had verified. */
static enum err check_former(struct store *s, const struct msg_request *m) {
  struct hash root = {{0}};
  enum err e = m->size <= store_size(s) ? store_tree_root(s, m->size, &root) : OK;
  return e == OK && !hash_equal(&root, &m->root)
             ? err_set(ERR_CHAIN, "this ledger does not go on from the first %" PRIu64 " entries of the former one",
                       m->size)
             : e;
}

/* What was verified before the ledger was opened anew is of another history, also where it is the same so far: by which
 * entry, or 0. */
static enum err find_opening(struct store *s, const struct msg_request *m, uint64_t *number_out) {
  uint64_t anew = 0;
  struct hash root = m->root;
  *number_out = 0;
  enum err e = directory_opened_anew(s, &anew);
  if (e != OK || anew == 0 || m->size == 0)
    return e;
  if (m->size >= anew && m->size <= store_size(s))
    e = store_tree_root(s, m->size, &root);
  if (e == OK && (m->size < anew || !hash_equal(&root, &m->root)))
    *number_out = anew;
  return e;
}

enum err exchange_find_opening(struct store *s, struct bytes request, struct hash *entry_out) {
  struct msg_request m = {0};
  uint64_t number = 0;
  enum err e = msg_request_decode(request, &m);
  if (e == OK)
    e = find_opening(s, &m, &number);
  if (e == OK)
    e = number ? author_id_of(s, number, entry_out) : ERR_ABSENT;
  msg_request_release(&m);
  return e;
}

static enum err check_history(struct store *s, const struct msg_request *m) {
  uint64_t opening = 0;
  if (m->flags & MSG_OF_FORMER)
    return check_former(s, m);
  enum err e = find_opening(s, m, &opening);
  return e == OK && opening ? err_set_remedy(ERR_CHAIN, "ask the node's administrator why; then: cairn sync --new-log",
                                             "the ledger was opened anew since this replica last synced")
                            : e;
}

/* What the request says of its place was checked, and the machine will be further than that. */
static enum err go_on(struct judging *j, struct msg_request *m, const struct exchange_place *at) {
  m->have = at->have;
  m->size = at->size;
  m->root = at->root;
  m->key = at->key;
  return find_handover(j);
}

enum err exchange_ask_again(struct bytes request, struct buf *out) {
  struct msg_request m = {0};
  enum err e = msg_request_decode(request, &m);
  if (e == OK) {
    struct msg_request bare = m;
    bare.act_count = 0;
    bare.head = bytes_of(NULL, 0);
    msg_request_encode(out, &bare);
    e = buf_err(out);
  }
  msg_request_release(&m);
  return e;
}

enum err exchange_answer(struct exchange_node *n, const struct hash *replica, struct bytes request, int64_t now_s,
                         struct buf *answer) {
  return exchange_answer_on(n, replica, request, now_s, NULL, answer);
}

enum err exchange_answer_on(struct exchange_node *n, const struct hash *replica, struct bytes request, int64_t now_s,
                            struct exchange_course *course, struct buf *answer) {
  struct msg_request m = {0};
  struct directory_log log = {0};
  struct machine machine = {0};
  struct judging j = {.n = n, .replica = replica, .m = &m, .now_s = now_s};
  enum err e = recovery_check_off(n->store);
  if (e == OK)
    e = directory_machine(n->store, replica, &machine);
  j.is_shut_out = machine.is_revoked || !machine_is_valid(&machine, now_s);
  if (e == OK)
    e = msg_request_decode(request, &m);
  if (e == OK)
    e = directory_log(n->store, &log);
  if (e == OK && !hash_equal(&log.ledger, &m.ledger))
    e = err_set(ERR_CHAIN, "this replica follows another ledger");
  if (e == OK)
    e = check_history(n->store, &m);
  if (e == OK && m.size > store_size(n->store))
    e = err_set_remedy(
        ERR_CHAIN,
        "the node was put back to an old copy; its administrator takes what the machine has: cairn offer "
        "FILE, and cairnd rebuild --offer FILE",
        "the replica has seen a larger ledger than this node has");
  if (e == OK)
    e = directory_machine(n->store, replica, &machine);
  if (e == OK)
    e = check_feed(&j, &log, &machine);
  if (e == OK)
    e = find_handover(&j);
  if (e == OK)
    e = cosigned_check(n, replica, &m);
  if (e == OK) {
    j.verdicts = mem_alloc_array(m.act_count, sizeof *j.verdicts);
    j.positions = mem_alloc_array(m.act_count, sizeof *j.positions);
    e = admit(&j);
  }
  if (e == OK && j.is_shut_out)
    e = err_set_remedy(ERR_KEY, "what it sent is held for the Keeper of the Register; nothing is lost; " RENEW_MACHINE,
                       machine.is_revoked ? "this machine was revoked"
                                          : "the certificate of this machine is not valid any more");
  if (e == OK && course && course->is_begun)
    e = go_on(&j, &m, &course->upto);
  if (e == OK)
    e = write_answer(n, &j, course, answer);
  free(j.verdicts);
  free(j.positions);
  directory_log_release(&log);
  msg_request_release(&m);
  return e;
}
