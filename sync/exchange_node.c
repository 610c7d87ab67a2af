#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/directory.h"
#include "core/note.h"
#include "core/parts.h"
#include "sync/duty.h"

#define ACTS_AT_ONCE 256
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
  enum err e = author_write(n->store, &by, drafts, count, ACCEPT_ADMIT, now_s, &v);
  if (e == OK && v.code != VERDICT_ACCEPTED)
    e = err_set_remedy(ERR_REFUSED, v.remedy, "%s: %s", v.rule, v.words);
  if (e == OK)
    *out = v;
  return e;
}

enum err exchange_node_checkpoint(struct exchange_node *n) {
  struct directory_log log = {0};
  struct buf text = {0}, note = {0};
  struct record newest = {0};
  struct act_record act = {0};
  struct checkpoint c = {.size = store_size(n->store)};
  struct hash old_root;
  uint64_t old_size = 0;
  enum err e = store_checkpoint_newest(n->store, &old_size, &old_root, &note);
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
    e = store_find_number(n->store, c.size, &newest);
  if (e == OK)
    e = store_find_act(n->store, newest.act_first, &act);
  if (e != OK)
    goto out;
  c.time = act.admitted;
  snprintf(c.origin, sizeof c.origin, "%s", buf_cstr(&log.origin));
  checkpoint_format(&text, &c);
  e = note_sign(buf_bytes(&text), c.origin, n->ledger, &note);
  if (e == OK && n->former_ledger)
    e = note_cosign(buf_bytes(&text), c.origin, n->former_ledger, &note);
  if (e == OK)
    e = store_checkpoint_add(n->store, c.size, &c.root, buf_bytes(&note));
out:
  act_record_release(&act);
  record_release(&newest);
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
  bool is_shut_out;  /* the replica: what it sends is held, and it receives nothing */
  uint64_t handover; /* the entry that handed over from the ledger's key that the replica knows; 0: it is in force */
  struct verdict *verdicts;
  uint64_t *positions;
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

static enum err judge_act(const struct judging *j, uint32_t i) {
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
                          .now_s = j->now_s};
  j->positions[i] = a->position;
  enum err e = store_chain(j->n->store, j->replica, &newest, &position);
  if (e == OK)
    e = directory_machine(j->n->store, j->replica, &machine);
  if (e == OK)
    e = accept_act(j->n->store, &in, v);
  if (e == ERR_KEY) /* 401 is for replicas */
    e = err_set(ERR_SIGNATURE, "act %" PRIu64 ": %s", a->position, err_words(ERR_KEY));
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
static enum err judge_whole(const struct judging *j, uint32_t i) {
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

static enum err judge_all(const struct judging *j) {
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

static enum err admit(const struct judging *j) {
  bool is_due = false;
  enum err e = j->is_shut_out ? OK : duty_is_renewal_due(j->n, j->replica, j->now_s, &is_due);
  if (e != OK || (j->m->act_count == 0 && !is_due))
    return e;
  e = store_begin(j->n->store);
  if (e != OK)
    return e;
  e = judge_all(j);
  if (e == OK && is_due)
    e = duty_renew(j->n, j->replica, j->now_s);
  if (e == OK)
    e = exchange_node_checkpoint(j->n);
  if (e == OK)
    return store_commit(j->n->store);
  char words[512];
  snprintf(words, sizeof words, "%s", err_words(e));
  store_rollback(j->n->store);
  return err_set(e, "%s", words);
}

/* ---- the deliveries ---- */

struct delivering {
  struct store *store;
  const struct msg_request *m;
  struct scope_recipient who;
  size_t room; /* bytes left on the page */
  struct buf bytes;
  uint32_t count;
  struct buf indices; /* uint64_t each: the leaves that the reader will have */
  uint64_t upto;      /* the last entry that was looked at */
  uint64_t size;      /* of the answer's checkpoint: what comes after it is for the next answer */
  uint64_t delivered; /* the last entry of the last delivery's act */
  bool is_full;
};

struct leaf_hashes {
  const struct hash *at;
};

static enum err hash_of_leaves(void *of, unsigned level, uint64_t index, struct hash *out) {
  const struct leaf_hashes *l = of;
  *out = merkle_root_of(l->at + (index << level), (size_t)1 << level);
  return OK;
}

/* The proof for the entries of an act that this recipient may not see. */
static enum err prove_siblings(const struct act_record *a, const struct act_entry *seen, uint32_t seen_count,
                               struct buf *out) {
  struct hash leaves[ACT_ENTRIES_MAX];
  uint64_t indices[ACT_ENTRIES_MAX];
  struct leaf_hashes all = {leaves};
  struct merkle_source source = {&all, hash_of_leaves};
  for (size_t i = 0; i < a->count; i++)
    leaves[i] = merkle_leaf(a->entries[i].entry.header);
  for (uint32_t i = 0; i < seen_count; i++)
    indices[i] = seen[i].index;
  return merkle_prove(&source, 0, a->text.size, indices, seen_count, out);
}

static uint32_t pick_visible(const struct delivering *d, const struct act_record *a, struct act_entry *out) {
  uint32_t count = 0;
  for (size_t i = 0; i < a->count; i++) {
    const struct record *r = &a->entries[i];
    if (!scope_may_see(&d->who, &r->entry))
      continue;
    out[count++] = record_act_entry(r);
  }
  parts_detach(out, count);
  return count;
}

/* An act whose contents travel in parts is alone on its page: what stands before it need not wait for them, and what
 * comes behind is not sent twice. */
static bool has_parts(const struct msg_delivery *out) {
  for (uint32_t i = 0; i < out->count; i++)
    if (out->entries[i].parts_size)
      return true;
  return false;
}

static enum err deliver_act(struct delivering *d, const struct act_record *a) {
  struct act_entry *seen = mem_alloc_array(a->count, sizeof *seen);
  struct buf siblings = {0}, encoded = {0};
  bool is_theirs = hash_equal(&a->position.replica, &d->who.replica) && !(d->m->flags & MSG_WANTS_OWN);
  struct msg_delivery out = {.form = is_theirs ? MSG_YOURS : MSG_FULL,
                             .first = a->first,
                             .admitted = bytes_str(a->admitted.s),
                             .position = a->position,
                             .head = buf_bytes(&a->head),
                             .signature = buf_bytes(&a->signature),
                             .size = a->text.size,
                             .entries = seen};
  out.count = pick_visible(d, a, seen);
  enum err e = out.count < a->text.size ? prove_siblings(a, seen, out.count, &siblings) : OK;
  out.siblings = buf_bytes(&siblings);
  bool is_alone = out.form == MSG_FULL && has_parts(&out);
  if (e == OK && out.count > 0) {
    msg_delivery_encode(&encoded, &out);
    d->is_full = d->count > 0 && (encoded.len > d->room || is_alone);
  }
  if (e == OK && out.count > 0 && !d->is_full) {
    buf_add(&d->bytes, buf_bytes(&encoded));
    d->room = encoded.len > d->room ? 0 : d->room - encoded.len;
    d->count++;
    d->delivered = a->first + a->text.size - 1;
    for (uint32_t i = 0; i < out.count; i++) {
      uint64_t index = a->first + seen[i].index - 1;
      buf_add(&d->indices, bytes_of(&index, sizeof index));
    }
  }
  if (e == OK && !d->is_full)
    d->upto = a->first + a->text.size - 1;
  d->is_full = d->is_full || is_alone;
  buf_release(&encoded);
  buf_release(&siblings);
  free(seen);
  return e;
}

static enum err deliver(struct delivering *d) {
  uint64_t firsts[ACTS_AT_ONCE];
  size_t count = 1;
  enum err e = OK;
  while (e == OK && count > 0 && !d->is_full) {
    e = store_acts_after(d->store, d->upto, firsts, ACTS_AT_ONCE, &count);
    for (size_t i = 0; e == OK && i < count && !d->is_full; i++) {
      struct act_record a = {0};
      if (firsts[i] > d->size)
        return OK;
      e = store_find_act(d->store, firsts[i], &a);
      if (e == OK)
        e = deliver_act(d, &a);
      act_record_release(&a);
      d->is_full = d->is_full || d->count == MSG_DELIVERIES_MAX;
    }
  }
  return e;
}

/* The checkpoint of the handover that the replica has not heard of, or the newest. */
static enum err find_checkpoint(const struct judging *j, uint64_t *size_out, struct buf *note) {
  struct hash root;
  if (j->handover == 0)
    return store_checkpoint_newest(j->n->store, size_out, &root, note);
  *size_out = j->handover;
  return store_checkpoint_at(j->n->store, j->handover, note);
}

/* A note with two signatures, and the proof for a recipient who sees all: two ways down the tree at most. */
#define TAIL_ROOM 8192

static enum err write_answer(struct exchange_node *n, const struct judging *j, struct buf *answer) {
  struct delivering d = {
      .store = n->store, .m = j->m, .who = {.replica = *j->replica}, .upto = j->m->have, .room = MSG_PAGE_MAX};
  struct buf begun = {0}, note = {0}, proof = {0};
  struct merkle_source tree = store_tree(n->store);
  struct msg_answer out = {.verdict_count = j->m->act_count, .positions = j->positions, .verdicts = j->verdicts};
  buf_init(&d.bytes, MSG_ANSWER_MAX);
  enum err e = find_checkpoint(j, &d.size, &note);
  msg_answer_begin(&begun, &out);
  d.room -= begun.len + TAIL_ROOM < d.room ? begun.len + TAIL_ROOM : d.room;
  if (e == OK)
    e = deliver(&d);
  if (e == OK)
    e = merkle_prove(&tree, j->m->size, d.size, (const uint64_t *)(const void *)d.indices.at,
                     d.indices.len / sizeof(uint64_t), &proof);
  if (e == OK) {
    out.upto = d.is_full ? d.delivered : d.upto;
    out.has_more = d.is_full || d.size < store_size(n->store);
    out.delivery_count = d.count;
    out.checkpoint = buf_bytes(&note);
    out.proof = buf_bytes(&proof);
    msg_answer_begin(answer, &out);
    buf_add(answer, buf_bytes(&d.bytes));
    msg_answer_end(answer, &out);
    e = buf_err(answer) == OK ? buf_err(&d.bytes) : buf_err(answer);
  }
  buf_release(&begun);
  buf_release(&d.bytes);
  buf_release(&d.indices);
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
  if (e == OK && j->handover && (j->m->have >= j->handover || j->m->size > j->handover))
    e = err_set(ERR_CHAIN, "this replica has seen how the ledger's key was handed over, and does not follow");
  return e;
}

enum err exchange_answer(struct exchange_node *n, const struct hash *replica, struct bytes request, int64_t now_s,
                         struct buf *answer) {
  struct msg_request m = {0};
  struct directory_log log = {0};
  struct machine machine = {0};
  struct judging j = {.n = n, .replica = replica, .m = &m, .now_s = now_s};
  enum err e = directory_machine(n->store, replica, &machine);
  j.is_shut_out = machine.is_revoked || !machine_is_valid(&machine, now_s);
  if (e == OK)
    e = msg_request_decode(request, &m);
  if (e == OK)
    e = directory_log(n->store, &log);
  if (e == OK && !hash_equal(&log.ledger, &m.ledger))
    e = err_set(ERR_CHAIN, "this replica follows another ledger");
  if (e == OK && (m.size > store_size(n->store) || m.have > store_size(n->store)))
    e = err_set(ERR_CHAIN, "the replica has seen a larger ledger than this node has");
  if (e == OK)
    e = find_handover(&j);
  if (e == OK) {
    j.verdicts = mem_alloc_array(m.act_count, sizeof *j.verdicts);
    j.positions = mem_alloc_array(m.act_count, sizeof *j.positions);
    e = admit(&j);
  }
  if (e == OK && j.is_shut_out)
    e = err_set_remedy(ERR_KEY, "what it sent is held for the Keeper of the Register; nothing is lost; " RENEW_MACHINE,
                       machine.is_revoked ? "this machine was revoked"
                                          : "the certificate of this machine is not valid any more");
  if (e == OK)
    e = write_answer(n, &j, answer);
  free(j.verdicts);
  free(j.positions);
  directory_log_release(&log);
  msg_request_release(&m);
  return e;
}
