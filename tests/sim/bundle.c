/* Bundles: the same exchange in files that somebody carries (sync/PROTOCOL.md section 12), also where the line is cut.
 * They wait among the messages, so that they are lost, late, read twice and in another order; and now and then they are
 * read by whom they are not for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/recovery.h"
#include "sync/bundle_carry.h"
#include "tests/sim/sim.h"

/* ---- files in memory ---- */

struct stream {
  FILE *file;
  char *at;
  size_t len;
};

static void begin(struct stream *s) {
  *s = (struct stream){0};
  s->file = open_memstream(&s->at, &s->len);
  if (s->file == NULL)
    world_must(ERR_IO, "a file in memory");
}

static void finish(struct stream *s, struct buf *out) {
  fclose(s->file);
  buf_init(out, BUNDLE_MAX);
  buf_add(out, bytes_of(s->at, s->len));
  free(s->at);
}

static FILE *reading(struct bytes b) {
  FILE *f = fmemopen((void *)(b.len ? b.at : (const uint8_t *)""), b.len ? b.len : 1, "rb");
  if (f == NULL)
    world_must(ERR_IO, "a file in memory");
  return f;
}

/* ---- writing ---- */

void sim_bundle(struct sim *s, size_t member) {
  struct world_member *m = &s->w.members[member];
  struct bundle_made made;
  struct stream to;
  struct buf bundle = {0};
  begin(&to);
  sim_begin(s, member);
  struct exchange_replica r = {m->store, m->replica_key, s->w.now_s, 0};
  enum err e = bundle_request(&r, to.file, BUNDLE_MAX, &made);
  const bool is_broken = sim_end(s, member);
  finish(&to, &bundle);
  sim_judge_disk(s, member, e, is_broken);
  if (e == OK && !is_broken)
    sim_enqueue(s, SIM_BUNDLE, member, &bundle, s->sides[member].taken);
  buf_release(&bundle);
}

/* ---- at the node ---- */

/* An authority that the node has or had: all of them are the template's, or of this run. */
static enum err authority_key(void *of, const struct hash *id, const struct key **out) {
  const struct sim *s = of;
  const struct key *first = sim_first_authority();
  for (size_t i = 0; i <= s->key_count; i++) {
    const struct key *k = i < s->key_count ? s->keys[i] : first;
    const struct hash here = key_id(k);
    if (hash_equal(&here, id)) {
      *out = k;
      return OK;
    }
  }
  return ERR_ABSENT;
}

static enum err answer(struct sim *s, struct bytes asked, struct buf *told, bool *is_broken) {
  struct bundle_judged judged;
  struct stream to;
  begin(&to);
  FILE *from = reading(asked);
  sim_begin(s, SIM_NODE);
  const struct bundle_desk d = {&s->w.node, s->w.now_s, BUNDLE_MAX, s, authority_key};
  enum err e = bundle_answer(&d, from, to.file, &judged);
  *is_broken = sim_end(s, SIM_NODE);
  sim_judge_disk(s, SIM_NODE, e == OK ? judged.stopped : e, *is_broken);
  fclose(from);
  finish(&to, told);
  sim_note_checkpoint(s, SIM_NODE);
  return *is_broken && e == OK ? ERR_DISK : e;
}

/* Nobody but its reader makes anything of it. */
static bool is_outsider(const struct sim *s, const struct sim_message *m, size_t member) {
  return !hash_equal(&s->w.members[member].replica, &m->replica);
}

static bool is_level(const struct sim *s, const struct sim_message *m) {
  const struct sim_side *x = &s->sides[m->member];
  return m->taken == x->taken && hash_equal(&m->replica, &s->w.members[m->member].replica) && !x->is_second &&
         !x->is_shut_out && !x->is_revoked;
}

static bool is_touched(const struct sim_message *m) {
  const struct hash is = hash_of(buf_bytes(&m->bytes));
  return !hash_equal(&is, &m->sent);
}

static enum err take(struct sim *s, size_t member, struct bytes bundle, struct exchange_report *report) {
  struct world_member *m = &s->w.members[member];
  struct bundle_taken taken;
  FILE *from = reading(bundle);
  sim_begin(s, member);
  struct exchange_replica r = {m->store, m->replica_key, s->w.now_s, 0};
  enum err e = bundle_take(&r, from, report, &taken);
  const bool is_broken = sim_end(s, member);
  sim_judge_disk(s, member, e, is_broken);
  fclose(from);
  s->sides[member].taken += e == OK || is_broken || taken.taken > 0;
  sim_met[MET_BUNDLE_AGAIN] += e == OK && taken.taken == 0 && taken.passed > 0;
  sim_note_taken(s, member);
  return is_broken && e == OK ? ERR_DISK : e;
}

/* By a machine that it is not for, whichever way it was to go. */
static void read_by_outsider(struct sim *s, const struct sim_message *m, size_t member) {
  struct exchange_report report = {0};
  struct hash before, after;
  sim_must(s, store_views_digest(s->w.members[member].store, &before), "a digest");
  const bool is_in_trouble = s->sides[member].trouble != SIM_NO_TROUBLE;
  enum err e = take(s, member, buf_bytes(&m->bytes), &report);
  sim_must(s, store_views_digest(s->w.members[member].store, &after), "a digest");
  if (e == OK || !hash_equal(&before, &after))
    sim_fail(s, "a bundle is read by its recipient only", "%s took one of %s", sim_name(s, member),
             sim_name(s, m->member));
  sim_met[MET_OUTSIDER] += !is_in_trouble;
}

static void answer_bundle(struct sim *s, const struct sim_message *m) {
  struct buf told = {0};
  bool is_broken;
  const bool is_in_trouble = s->sides[SIM_NODE].trouble != SIM_NO_TROUBLE;
  enum err e = answer(s, buf_bytes(&m->bytes), &told, &is_broken);
  sim_tell(s, "  a bundle of %s: %s", sim_name(s, m->member), e == OK ? "answered" : err_words(e));
  if (is_touched(m) && e == OK)
    sim_fail(s, "a bundle that was touched is refused", "the node answered one of %s", sim_name(s, m->member));
  if (e == ERR_KEY) /* the clock has jumped behind the certificate's end */
    sim_note_refusal(s, m->member, &m->replica, e);
  const bool was_rebuilt = e == ERR_CHAIN && store_meta_number(s->w.node.store, "rebuilt"); /* it is asked to sync */
  if (e != OK && !is_touched(m) && is_level(s, m) && !is_in_trouble && !was_rebuilt && !recovery_is_on(s->w.node.store))
    sim_fail(s, "an honest bundle is answered", "%s: %s: %s", sim_name(s, m->member), err_text(e), err_words(e));
  if (e == OK)
    sim_enqueue(s, SIM_BUNDLE_BACK, m->member, &told, m->taken);
  if (e == OK)
    s->queue[s->queued - 1].replica = m->replica;
  buf_release(&told);
}

static void take_bundle(struct sim *s, const struct sim_message *m) {
  struct exchange_report report = {0};
  const bool is_in_trouble = s->sides[m->member].trouble != SIM_NO_TROUBLE, is_good = is_level(s, m);
  enum err e = take(s, m->member, buf_bytes(&m->bytes), &report);
  sim_tell(s, "  a bundle for %s: %s", sim_name(s, m->member), e == OK ? "taken" : err_words(e));
  if (is_touched(m) && e == OK)
    sim_fail(s, "a bundle that was touched is refused", "%s took it", sim_name(s, m->member));
  if (e != OK && !is_touched(m) && is_good && !is_in_trouble)
    sim_fail(s, "an honest bundle is taken", "%s: %s: %s", sim_name(s, m->member), err_text(e), err_words(e));
  sim_met[MET_BUNDLE] += e == OK;
}

void sim_deliver_bundle(struct sim *s, const struct sim_message *m) {
  const size_t anybody = sim_below(&s->chance, s->w.count);
  if (sim_percent(&s->chance, 20) && (m->form == SIM_BUNDLE || is_outsider(s, m, anybody)))
    read_by_outsider(s, m, anybody);
  if (m->form == SIM_BUNDLE)
    answer_bundle(s, m);
  else
    take_bundle(s, m);
}
