/* Messages in words: what machine and node say to each other, without what differs from one world to the next. */
#include <inttypes.h>
#include <stdio.h>

#include "core/note.h"
#include "tests/sim/sim.h"

static void say_kind(FILE *out, struct bytes header) {
  struct entry e;
  if (entry_decode(header, &e) == OK)
    fprintf(out, "%.*s (%s)", (int)e.kind.len, (const char *)e.kind.at, audience_word(e.audience));
}

static void say_entries(FILE *out, const struct act_entry *entries, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    fprintf(out, i ? " + " : " ");
    say_kind(out, entries[i].header);
    if (entries[i].parts_size)
      fprintf(out, ", %" PRIu32 " bytes in parts", entries[i].parts_size);
    if (entries[i].is_erased)
      fprintf(out, ", erased");
  }
}

void sim_say_request(FILE *out, const char *who, struct bytes request) {
  struct msg_request m = {0};
  if (msg_request_decode(request, &m) != OK)
    return;
  fprintf(out, "%s -> node: sync\n  has followed %" PRIu64 " events of its agency's feed%s\n", who, m.have.place,
          m.receipt.len ? ", and signs for them" : "");
  fprintf(out, m.size ? "  vouches for the ledger's first %" PRIu64 " entries\n" : "  has verified no checkpoint yet\n",
          m.size);
  if (m.flags & MSG_WANTS_OWN)
    fprintf(out, "  asks for its own acts in full\n");
  for (uint32_t i = 0; i < m.act_count; i++) {
    fprintf(out, "  act %" PRIu64 ":", m.acts[i].position);
    say_entries(out, m.acts[i].entries, m.acts[i].count);
    fprintf(out, "\n");
  }
  if (m.head.len)
    fprintf(out, "  signs the position of the last act\n");
  msg_request_release(&m);
}

static void say_verdict(FILE *out, uint64_t position, const struct verdict *v) {
  fprintf(out, "  act %" PRIu64 ": %s", position, world_verdict_word(v->code));
  if (v->first)
    fprintf(out, " as %" PRIu64 " to %" PRIu64, v->first, v->last);
  if (v->rule[0])
    fprintf(out, "; %s: %s; %s", v->rule, v->words, v->remedy);
  fprintf(out, "\n");
}

static void say_event(FILE *out, const struct msg_event *e) {
  static const char *const forms[] = {[MSG_FULL] = "delivers",      [MSG_YOURS] = "accepted, your own:",
                                      [MSG_PASSED] = "passes over", [MSG_WITHDRAWN] = "withdraws",
                                      [MSG_ERASED] = "erased:",     [MSG_LOST] = "lost:"};
  fprintf(out, "  %s %" PRIu64, forms[e->form], e->first);
  say_entries(out, e->entries, e->count);
  if (e->form == MSG_FULL && e->count < e->size)
    fprintf(out, ", %" PRIu32 " of %" PRIu32 " entries of the act", e->count, e->size);
  fprintf(out, "\n");
}

void sim_say_answer(FILE *out, const char *who, struct bytes answer) {
  struct msg_answer m = {0};
  struct bytes text;
  struct checkpoint c;
  if (msg_answer_decode(answer, &m) != OK)
    return;
  fprintf(out, "node -> %s: answer\n", who);
  for (uint32_t i = 0; i < m.verdict_count; i++)
    say_verdict(out, m.positions[i], &m.verdicts[i]);
  for (uint32_t i = 0; i < m.event_count; i++)
    say_event(out, &m.events[i]);
  if (note_text(m.checkpoint, &text) == OK && checkpoint_parse(text, &c) == OK)
    fprintf(out, "  a checkpoint of %" PRIu64 " entries, and a proof of %zu hashes\n", c.size, m.proof.len / HASH_SIZE);
  fprintf(out, "  %" PRIu64 " events so far%s\n", m.upto.place, m.has_more ? ", and there are more" : "");
  msg_answer_release(&m);
}

void sim_say_part(FILE *out, const char *who, struct bytes asked, enum err e, struct bytes told) {
  static const char *const verbs[] = {"", "offers a document", "sends", "asks for"};
  struct carry_request m = {0};
  struct carry_answer a = {0};
  if (carry_request_decode(asked, &m) != OK)
    return;
  fprintf(out, "%s -> node: %s", who, verbs[m.verb]);
  fprintf(out, m.verb == CARRY_OFFER ? " of %" PRIu32 " bytes" : " part %" PRIu32,
          m.verb == CARRY_OFFER ? m.size : m.number);
  if (e != OK || carry_answer_decode(told, &a) != OK)
    fprintf(out, "; node: %s\n", err_text(e));
  else if (m.verb == CARRY_GET)
    fprintf(out, "; node: %zu bytes\n", a.part.len);
  else
    fprintf(out, "; node: has the parts %" PRIx32 "\n", a.there);
}
