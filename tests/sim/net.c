/* The network: messages that wait, in no order, until an event does something to them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/recovery.h"
#include "sync/zip.h"
#include "tests/sim/sim.h"

/* ---- what waits ---- */

void sim_queue_drop(struct sim *s, size_t which) {
  buf_release(&s->queue[which].bytes);
  s->queued--;
  memmove(&s->queue[which], &s->queue[which + 1], (s->queued - which) * sizeof s->queue[0]);
}

/* Where too many wait, the oldest is lost. */
static struct sim_message *enqueue(struct sim *s) {
  if (s->queued == SIM_QUEUE_MAX)
    sim_queue_drop(s, 0);
  s->queue[s->queued] = (struct sim_message){0};
  return &s->queue[s->queued++];
}

void sim_enqueue(struct sim *s, enum sim_form form, size_t member, struct buf *bytes, uint64_t taken) {
  struct sim_message *m = enqueue(s);
  *m = (struct sim_message){
      .form = form, .member = member, .replica = s->w.members[member].replica, .bytes = *bytes, .taken = taken};
  m->sent = hash_of(buf_bytes(bytes));
  *bytes = (struct buf){0};
}

/* As a body travels; whether it is packed is up to whoever sends it. */
static void pack(struct sim *s, struct sim_message *m) {
  struct buf packed = {.max = MSG_ANSWER_MAX};
  if (s->transcript == NULL && sim_percent(&s->chance, 60) && zip_pack(buf_bytes(&m->bytes), &packed)) {
    buf_release(&m->bytes);
    m->bytes = packed;
    m->is_packed = true;
    sim_met[MET_PACKED]++;
  } else {
    buf_release(&packed);
  }
}

static enum err unpack(const struct sim_message *m, size_t max, struct buf *out) {
  buf_release(out);
  *out = (struct buf){.max = MSG_ANSWER_MAX};
  if (m->is_packed)
    return zip_unpack(buf_bytes(&m->bytes), max, out);
  buf_add(out, buf_bytes(&m->bytes));
  return OK;
}

void sim_queue_repeat(struct sim *s, size_t which) {
  struct sim_message *again = enqueue(s), *first = &s->queue[which];
  if (again == first)
    return;
  *again = *first;
  sim_met[MET_AGAIN] += first->form == SIM_REQUEST;
  again->bytes = (struct buf){.max = first->bytes.max};
  buf_add(&again->bytes, buf_bytes(&first->bytes));
}

static bool is_same_verdict(const struct verdict *a, const struct verdict *b) {
  return a->code == b->code && hash_equal(&a->act, &b->act) && a->first == b->first && a->last == b->last &&
         strcmp(a->rule, b->rule) == 0 && strcmp(a->words, b->words) == 0 && strcmp(a->remedy, b->remedy) == 0;
}

/* What the node says of an act that it did not accept is bound to nothing but the line: where TLS would have noticed,
 * nothing else could. */
static bool only_the_line_would_notice(struct bytes before, struct bytes after) {
  struct msg_answer a = {0}, b = {0};
  bool is_so = msg_answer_decode(before, &a) == OK && msg_answer_decode(after, &b) == OK;
  bool is_same = is_so && a.verdict_count == b.verdict_count && a.has_more == b.has_more;
  for (uint32_t i = 0; is_same && i < a.verdict_count; i++)
    is_same = a.positions[i] == b.positions[i] && is_same_verdict(&a.verdicts[i], &b.verdicts[i]);
  msg_answer_release(&a);
  msg_answer_release(&b);
  return is_so && !is_same;
}

void sim_spoil(struct sim *s, size_t which, bool is_cut) {
  struct sim_message *m = &s->queue[which];
  struct buf before = {0}, after = {0};
  unpack(m, MSG_ANSWER_MAX, &before);
  if (is_cut)
    m->bytes.len = sim_below(&s->chance, m->bytes.len + 1);
  for (size_t n = is_cut ? 0 : 1 + sim_below(&s->chance, 4); n > 0 && m->bytes.len; n--)
    m->bytes.at[sim_below(&s->chance, m->bytes.len)] ^= (uint8_t)(1u << sim_below(&s->chance, 8));
  m->is_spoilt = true;
  if (m->form == SIM_ANSWER && unpack(m, MSG_ANSWER_MAX, &after) == OK &&
      only_the_line_would_notice(buf_bytes(&before), buf_bytes(&after)))
    sim_queue_drop(s, which);
  buf_release(&before);
  buf_release(&after);
}

/* ---- what machine and node do with messages ---- */

void sim_judge_disk(struct sim *s, size_t side, enum err e, bool is_broken) {
  if ((e == ERR_DISK || e == ERR_IO) && !is_broken)
    sim_fail(s, "a disk that works is worked with", "%s: %s", sim_name(s, side), err_words(e));
}

void sim_note_checkpoint(struct sim *s, size_t side) {
  struct sim_seen seen = {.side = side};
  struct buf note = {0};
  if (store_checkpoint_newest(sim_store(s, side), &seen.size, &seen.root, &note) == OK && s->seen_count < SIM_SEEN_MAX)
    s->seen[s->seen_count++] = seen;
  buf_release(&note);
}

/* Receipts: what the writer is shown as accepted, and under which number. */
static void note_receipts(struct sim *s, size_t member) {
  for (size_t i = 0; i < s->act_count; i++) {
    struct sim_act *a = &s->acts[i];
    uint64_t first = 0;
    if (a->member != member || a->number || store_find_act_id(sim_store(s, member), &a->id, &first) != OK)
      continue;
    if (first < STORE_PENDING)
      a->number = first;
  }
}

void sim_note_taken(struct sim *s, size_t member) {
  sim_note_checkpoint(s, member);
  note_receipts(s, member);
}

static enum err request(struct sim *s, size_t member, struct buf *out) {
  struct world_member *m = &s->w.members[member];
  size_t sent;
  sim_begin(s, member);
  struct exchange_replica r = {m->store, m->replica_key, s->w.now_s};
  enum err e = exchange_request(&r, out, &sent);
  sim_judge_disk(s, member, e, sim_end(s, member));
  if (e == OK && s->transcript)
    sim_say_request(s->transcript, sim_name(s, member), buf_bytes(out));
  return e;
}

static enum err answer(struct sim *s, const struct hash *replica, struct bytes asked, struct buf *out) {
  buf_init(out, MSG_ANSWER_MAX);
  sim_begin(s, SIM_NODE);
  enum err e = exchange_answer(&s->w.node, replica, asked, s->w.now_s, out);
  sim_judge_disk(s, SIM_NODE, e, sim_end(s, SIM_NODE));
  sim_note_checkpoint(s, SIM_NODE);
  return e;
}

static enum err take(struct sim *s, size_t member, struct bytes bytes, struct exchange_report *report) {
  struct world_member *m = &s->w.members[member];
  sim_begin(s, member);
  struct exchange_replica r = {m->store, m->replica_key, s->w.now_s};
  enum err e = exchange_take(&r, bytes, report);
  bool is_broken = sim_end(s, member);
  sim_judge_disk(s, member, e, is_broken);
  s->sides[member].taken += e == OK || is_broken;
  sim_note_taken(s, member);
  sim_met[MET_WITHDRAWN] += report->withdrawn;
  sim_met[MET_ERASED] += report->erased;
  sim_met[MET_PARTS] += report->lacks_parts;
  return is_broken && e == OK ? ERR_DISK : e;
}

/* Another history, or another identity is needed. */
void sim_note_refusal(struct sim *s, size_t member, const struct hash *replica, enum err e) {
  struct sim_side *x = &s->sides[member];
  if ((e == ERR_CHAIN || e == ERR_KEY) && hash_equal(replica, &s->w.members[member].replica)) {
    sim_tell(s, "  %s is turned away: %s", sim_name(s, member), err_words(e));
    x->is_shut_out = true;
    sim_met[MET_TURNED_AWAY]++;
  }
}

/* ---- large contents ---- */

/* One part, there and back. ERR_BUSY, ERR_KEY: as the node says; ERR_NETWORK: the way was cut off, or somebody's disk
 * failed. */
static enum err carry_one(struct sim *s, size_t member, struct carry_round *round) {
  struct world_member *m = &s->w.members[member];
  struct buf asked = {.max = MSG_ANSWER_MAX}, told = {.max = MSG_ANSWER_MAX};
  sim_begin(s, member);
  enum err e = carry_next(round, m->store, &asked);
  bool is_broken = sim_end(s, member);
  sim_judge_disk(s, member, e, is_broken);
  if (e == OK && !is_broken) {
    sim_begin(s, SIM_NODE);
    e = carry_serve(&s->w.node, &m->replica, buf_bytes(&asked), s->w.now_s, &told);
    is_broken = sim_end(s, SIM_NODE);
    sim_judge_disk(s, SIM_NODE, e, is_broken);
  }
  if (e == OK && !is_broken) {
    sim_begin(s, member);
    e = carry_take(round, m->store, buf_bytes(&told), s->w.now_s);
    is_broken = sim_end(s, member);
    sim_judge_disk(s, member, e, is_broken);
  }
  if (s->transcript)
    sim_say_part(s->transcript, sim_name(s, member), buf_bytes(&asked), e, buf_bytes(&told));
  if (e == ERR_ABSENT && !is_broken) {
    carry_refused(round);
    e = OK;
  }
  buf_release(&asked);
  buf_release(&told);
  return is_broken || (e != OK && e != ERR_BUSY && e != ERR_KEY) ? ERR_NETWORK : e;
}

static enum err carry(struct sim *s, size_t member, unsigned lost_percent) {
  struct carry_round round;
  sim_begin(s, member);
  enum err e = carry_begin(&round, s->w.members[member].store, s->w.now_s);
  bool is_broken = sim_end(s, member);
  sim_judge_disk(s, member, e, is_broken);
  e = e == OK && !is_broken ? OK : ERR_NETWORK;
  while (e == OK && !carry_is_done(&round)) {
    e = sim_percent(&s->chance, lost_percent) ? ERR_NETWORK : carry_one(s, member, &round);
    sim_met[MET_BROKEN_OFF] += e == ERR_NETWORK;
  }
  return e;
}

/* ---- a node that is behind ---- */

/* Turned away by a node that may be behind: what is here is offered to it. True: that was all; else the machine is told
 * what it was told before. */
static bool was_behind(struct sim *s, size_t member, enum err e, bool *has_more) {
  if ((e == ERR_BUSY) != recovery_is_on(s->w.node.store))
    sim_fail(s, "a node answers unless it is being rebuilt", "%s: %s", sim_name(s, member), err_text(e));
  if (e != ERR_BUSY && e != ERR_CHAIN)
    return false;
  enum sim_behind how = sim_offer(s, member);
  *has_more = how == SIM_FOLLOWS_ANEW;
  if (!s->is_calm)
    sim_administer(s);
  return how != SIM_NOT_BEHIND;
}

/* ---- events ---- */

void sim_send(struct sim *s, size_t member) {
  struct buf asked = {.max = MSG_ANSWER_MAX};
  bool has_more;
  enum err e = carry(s, member, 50);
  if (e == ERR_BUSY)
    was_behind(s, member, e, &has_more);
  if (e == OK && request(s, member, &asked) == OK) {
    sim_enqueue(s, SIM_REQUEST, member, &asked, s->sides[member].taken);
    pack(s, &s->queue[s->queued - 1]);
  }
  buf_release(&asked);
}

static void deliver_request(struct sim *s, struct sim_message *m) {
  struct buf told = {0}, asked = {0};
  enum err e = unpack(m, MSG_PAGE_MAX, &asked);
  if (e == OK)
    e = answer(s, &m->replica, buf_bytes(&asked), &told);
  buf_release(&asked);
  sim_tell(s, "  a request of %s: %s", sim_name(s, m->member), e == OK ? "answered" : err_words(e));
  sim_met[MET_SPOILT] += m->is_spoilt && e != OK;
  if (e == OK) {
    sim_enqueue(s, SIM_ANSWER, m->member, &told, m->taken);
    struct sim_message *back = &s->queue[s->queued - 1];
    back->replica = m->replica;
    back->is_spoilt = m->is_spoilt;
    pack(s, back);
    return;
  }
  buf_release(&told);
  bool has_more, is_here = hash_equal(&m->replica, &s->w.members[m->member].replica);
  if (is_here && e == ERR_CHAIN && m->taken != s->sides[m->member].taken) /* it has gone on meanwhile */
    return;
  if (is_here && (e == ERR_BUSY || e == ERR_CHAIN) && was_behind(s, m->member, e, &has_more))
    return;
  if (!m->is_spoilt)
    sim_note_refusal(s, m->member, &m->replica, e);
}

/* One that was restored, or is one of two, hears of acts of its own that it does not have: it takes nothing, and asks
 * for them in full the next time. */
static bool asks_for_its_own(struct sim *s, size_t member, enum err e) {
  return e == ERR_PROOF && s->sides[member].is_second && store_meta_number(sim_store(s, member), "wants-own");
}

/* An answer that nobody touched, to a machine that is where it was when it asked, is taken. */
static void deliver_answer(struct sim *s, const struct sim_message *m) {
  struct exchange_report report = {0};
  struct sim_side *x = &s->sides[m->member];
  bool is_good = !m->is_spoilt && m->taken == x->taken && hash_equal(&m->replica, &s->w.members[m->member].replica);
  bool is_in_trouble = x->trouble != SIM_NO_TROUBLE;
  struct buf told = {0};
  enum err e = unpack(m, MSG_ANSWER_MAX, &told);
  if (e == OK)
    e = take(s, m->member, buf_bytes(&told), &report);
  buf_release(&told);
  sim_tell(s, "  an answer to %s: %s", sim_name(s, m->member), e == OK ? "taken" : err_words(e));
  sim_met[MET_SPOILT] += m->is_spoilt && e != OK;
  sim_met[MET_LATE] += !m->is_spoilt && m->taken != x->taken - (e == OK);
  if (is_good && !is_in_trouble && e != OK && !asks_for_its_own(s, m->member, e))
    sim_fail(s, "an honest answer is taken", "%s: %s: %s", sim_name(s, m->member), err_text(e), err_words(e));
}

void sim_deliver(struct sim *s, size_t which) {
  struct sim_message m = s->queue[which];
  const bool is_bundle = m.form == SIM_BUNDLE || m.form == SIM_BUNDLE_BACK;
  if (s->sides[m.member].parted_until > s->step && !is_bundle)
    return;
  s->queue[which].bytes = (struct buf){0};
  sim_queue_drop(s, which);
  if (is_bundle)
    sim_deliver_bundle(s, &m);
  else if (m.form == SIM_REQUEST)
    deliver_request(s, &m);
  else
    deliver_answer(s, &m);
  buf_release(&m.bytes);
}

static bool exchange_once(struct sim *s, size_t member, bool *has_more) {
  const struct hash replica = s->w.members[member].replica;
  struct buf asked = {.max = MSG_ANSWER_MAX}, told = {0};
  struct exchange_report report = {0};
  bool is_in_trouble = s->sides[member].trouble != SIM_NO_TROUBLE || s->sides[SIM_NODE].trouble != SIM_NO_TROUBLE;
  enum err e = carry(s, member, s->is_calm || s->transcript ? 0 : 35);
  *has_more = false;
  if (e == ERR_BUSY)
    was_behind(s, member, e, has_more);
  sim_note_refusal(s, member, &replica, e);
  if (e == OK)
    e = request(s, member, &asked);
  if (e == OK) {
    e = answer(s, &replica, buf_bytes(&asked), &told);
    if (s->transcript && e == OK)
      sim_say_answer(s->transcript, sim_name(s, member), buf_bytes(&told));
    if (was_behind(s, member, e, has_more))
      goto out;
    sim_note_refusal(s, member, &replica, e);
    if (e != OK && !is_in_trouble && !s->sides[member].is_shut_out)
      sim_fail(s, "an honest request is answered", "%s: %s: %s", sim_name(s, member), err_text(e), err_words(e));
    if (e == OK)
      e = take(s, member, buf_bytes(&told), &report);
    if (asks_for_its_own(s, member, e)) {
      report.has_more = true;
      e = OK;
    }
    if (e != OK && !is_in_trouble && !s->sides[member].is_shut_out)
      sim_fail(s, "an honest answer is taken", "%s: %s: %s", sim_name(s, member), err_text(e), err_words(e));
  }
  if (e == OK && report.wants_lost && !report.has_more)
    report.has_more = sim_offer(s, member) == SIM_FOLLOWS_ANEW;
  *has_more = report.has_more;
out:
  buf_release(&asked);
  buf_release(&told);
  return e == OK || *has_more;
}

bool sim_exchange(struct sim *s, size_t member) {
  bool has_more = true;
  if (s->sides[member].parted_until > s->step)
    return false;
  for (size_t rounds = 0; has_more; rounds++) {
    if (!exchange_once(s, member, &has_more))
      return false;
    if (rounds == 50)
      sim_fail(s, "a sync comes to an end", "%s asks again and again", sim_name(s, member));
  }
  return true;
}

/* ---- identities ---- */

/* The agency's officer, if the node talks to their machine. */
static struct world_member *find_officer(struct sim *s, size_t member) {
  for (size_t i = 0; i < s->w.count; i++)
    if (sim_is_officer(i) && hash_equal(&s->w.members[i].agency, &s->w.members[member].agency) &&
        s->sides[i].parted_until <= s->step && sim_exchange(s, i))
      return &s->w.members[i];
  return NULL;
}

static bool officer_writes(struct sim *s, struct world_member *officer, const struct draft *drafts, size_t count) {
  struct verdict v;
  s->w.now_s = s->now_s;
  enum err e = world_write(&s->w, officer, drafts, count, ACCEPT_WRITE, &v);
  if (e != OK || v.code != VERDICT_ACCEPTED)
    sim_fail(s, "an officer can enrol and revoke machines", "%s", e == OK ? v.words : err_words(e));
  return sim_exchange(s, (size_t)(officer - s->w.members));
}

void sim_revoke(struct sim *s, size_t member) {
  struct hash_hex machine = hash_hex(&s->w.members[member].machine);
  struct world_member *officer = s->sides[member].is_revoked ? NULL : find_officer(s, member);
  struct draft draft = WORLD_DRAFT("replica.revoke", {"replica", machine.s}, {"why", "lost"});
  if (officer == NULL || !officer_writes(s, officer, &draft, 1))
    return;
  for (size_t i = 0; i < s->w.count; i++)
    if (hash_equal(&s->w.members[i].machine, &s->w.members[member].machine))
      s->sides[i].is_revoked = true;
}

static enum err become(struct sim *s, size_t member, struct key *key) {
  struct world_member *m = &s->w.members[member];
  struct buf asked = {0}, told = {0};
  struct join_token t;
  uint64_t moved = 0;
  enum err e = join_token_of(m->store, &t);
  if (e == OK)
    e = join_request(&t, &(struct join_who){0}, &(struct join_keys){.person = m->key, .replica = key}, "laptop",
                     &asked);
  if (e == OK)
    e = join_answer(&s->w.node, buf_bytes(&asked), s->w.now_s, &told);
  if (e == OK)
    e = store_begin(m->store);
  if (e == OK)
    e = join_take_renewed(m->store, m->key, key, buf_bytes(&told), &moved);
  if (e == OK)
    e = store_commit(m->store);
  else
    store_rollback(m->store);
  if (e == OK)
    e = store_meta_hash(m->store, "replica", &m->machine);
  buf_release(&asked);
  buf_release(&told);
  return e;
}

bool sim_renew(struct sim *s, size_t member) {
  struct world_member *m = &s->w.members[member];
  struct hash_hex agency = hash_hex(&m->agency);
  struct buf spki = {0};
  struct world_member *officer = find_officer(s, member);
  if (officer == NULL || s->key_count == SIM_KEYS_MAX || s->sides[member].parted_until > s->step)
    return false;
  if (!s->sides[member].is_revoked)
    sim_revoke(s, member);
  struct key *key = s->keys[s->key_count++] = key_new();
  text_base64_encode(&spki, key_spki(key));
  struct draft draft =
      WORLD_DRAFT("replica.add", {"agency", agency.s}, {"replica", buf_cstr(&spki)}, {"name", "laptop"});
  bool ok = officer_writes(s, officer, &draft, 1);
  buf_release(&spki);
  if (!ok)
    return false;
  sim_must(s, become(s, member, key), "a machine takes a new identity");
  m->replica_key = key;
  m->replica = key_id(key);
  store_read_as(m->store, &(struct scope_recipient){.replica = m->replica});
  struct sim_side *x = &s->sides[member];
  x->is_shut_out = x->is_revoked = x->is_second = false;
  x->taken++;
  free(x->backup);
  x->backup = NULL;
  x->has_no_backup = true;
  sim_met[MET_RENEWED]++;
  sim_tell(s, "  %s has a new identity", sim_name(s, member));
  return true;
}
