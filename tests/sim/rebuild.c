/* The node is restored from an old copy: machines show and offer what they hold, over a bad line; the administrator
 * brings what a mirror has, and ends it (sync/PROTOCOL.md section 13). What nobody holds is told by its number. */
#include <stdlib.h>
#include <string.h>

#include "sync/recover.h"
#include "tests/sim/sim.h"

static const struct hash somebody = {{7}}; /* whoever has the leaves that no machine has */

/* ---- the loss ---- */

void sim_forget_lost(struct sim *s) {
  for (size_t i = 0; i < s->lost.size; i++)
    buf_release(&s->lost.leaves[i]);
  free(s->lost.leaves);
  s->lost = (struct sim_lost){0};
}

/* The ledger as it was; and there may be a mirror, which has what was published. */
static void keep_ledger(struct sim *s) {
  struct store *node = s->w.node.store;
  struct sim_lost *l = &s->lost;
  sim_forget_lost(s);
  l->size = store_size(node);
  l->leaves = mem_alloc_array(l->size, sizeof *l->leaves);
  memset(l->leaves, 0, l->size * sizeof *l->leaves);
  for (uint64_t n = 1; n <= l->size; n++)
    sim_must(s, store_leaf(node, n, &l->leaves[n - 1]), "a leaf");
  if (!sim_percent(&s->chance, 60))
    sim_lose_published(s);
}

/* The day since the copy: somebody records, and the node takes it; not everybody hears the answer, and yet others hear
 * how far the ledger has gone. Returns who recorded last. */
static size_t live_on(struct sim *s) {
  size_t member = 0;
  for (size_t n = 1 + sim_below(&s->chance, 2); n > 0 && !recovery_is_on(s->w.node.store); n--) {
    const size_t waiting = s->queued;
    member = sim_below(&s->chance, s->w.count);
    sim_write(s, member);
    if (sim_percent(&s->chance, 30))
      sim_exchange(s, member);
    else if (s->sides[member].parted_until <= s->step)
      sim_send(s, member);
    if (s->queued > waiting)
      sim_deliver(s, waiting);
  }
  if (!recovery_is_on(s->w.node.store))
    sim_exchange(s, sim_below(&s->chance, s->w.count));
  return member;
}

static void wait_for_all(struct sim *s) {
  for (size_t i = 0; i < SIM_SIDES; i++)
    s->sides[i].has_offered = false;
}

/* As cairnd restore does. All lines to the node are gone with it, and what was on them. */
void sim_restore_node(struct sim *s) {
  struct sim_side *x = &s->sides[SIM_NODE];
  struct store *node;
  const size_t member = live_on(s);
  if (!recovery_is_on(s->w.node.store))
    keep_ledger(s);
  if (!sim_is_officer(member)) /* the same fire: what only this one had, nobody has */
    sim_restore(s, member);
  while (s->queued)
    sim_queue_drop(s, 0);
  if (x->backup)
    sim_replace(s, SIM_NODE, x->backup, x->backup_len);
  else
    sim_replace_with_first(s, SIM_NODE);
  node = s->w.node.store;
  sim_must(s, store_begin(node), "a transaction");
  sim_must(s, recovery_begin(node), "beginning a recovery");
  sim_must(s, store_commit(node), "beginning a recovery");
  wait_for_all(s);
  sim_met[MET_NODE_RESTORED] += store_size(node) < s->lost.size;
  sim_tell(s, "  of %llu entries it has %llu", (unsigned long long)s->lost.size, (unsigned long long)store_size(node));
}

/* ---- machines offer ---- */

static bool goes_wrong(struct sim *s, unsigned percent) {
  return !s->is_calm && s->transcript == NULL && sim_percent(&s->chance, percent);
}

static enum err serve(struct sim *s, size_t member, struct bytes request, struct buf *answer, bool *is_cut) {
  sim_begin(s, SIM_NODE);
  enum err e = recover_serve(&s->w.node, &s->w.members[member].replica, request, s->w.now_s, answer);
  bool is_broken = sim_end(s, SIM_NODE);
  sim_judge_disk(s, SIM_NODE, e, is_broken);
  *is_cut = *is_cut || is_broken;
  return e;
}

/* Cut on its way, it is refused; come twice, it is answered as it was the first time. */
static enum err serve_badly(struct sim *s, size_t member, struct bytes request, struct buf *answer, bool *is_cut) {
  struct buf again = {.max = MSG_ANSWER_MAX};
  if (goes_wrong(s, 10) &&
      serve(s, member, bytes_of(request.at, sim_below(&s->chance, request.len)), &again, is_cut) == OK)
    sim_fail(s, "a request that was cut is refused", "%s offers", sim_name(s, member));
  enum err e = *is_cut ? ERR_NETWORK : serve(s, member, request, answer, is_cut);
  bool is_repeated = e == OK && !*is_cut && goes_wrong(s, 10);
  buf_clear(&again);
  if (is_repeated && serve(s, member, request, &again, is_cut) != OK && !*is_cut)
    sim_fail(s, "what is offered can be offered again", "%s: %s", sim_name(s, member), err_words(ERR_FORM));
  *is_cut = *is_cut || goes_wrong(s, 8);
  buf_release(&again);
  return e;
}

/* One request, one answer; is_cut: the line broke, or somebody's process ended. */
static enum err offer_once(struct sim *s, size_t member, struct recover_round *r, bool *is_cut) {
  struct store *store = s->w.members[member].store;
  struct buf request = {0}, answer = {.max = MSG_ANSWER_MAX};
  sim_begin(s, member);
  enum err e = recover_next(r, store, &request);
  *is_cut = sim_end(s, member) || goes_wrong(s, 8);
  sim_judge_disk(s, member, e, *is_cut);
  if (e == OK && !*is_cut && !recover_is_done(r))
    e = serve_badly(s, member, buf_bytes(&request), &answer, is_cut);
  if (e == OK && !*is_cut && !recover_is_done(r)) {
    sim_begin(s, member);
    e = recover_take(r, s->w.members[member].store, buf_bytes(&answer));
    *is_cut = sim_end(s, member);
    sim_judge_disk(s, member, e, *is_cut);
  }
  buf_release(&request);
  buf_release(&answer);
  return e;
}

static uint64_t goal_of(struct sim *s) {
  struct recovery_status st = {0};
  sim_must(s, recovery_status(s->w.node.store, &st), "the status");
  return st.goal;
}

/* Who came before somebody showed how far the ledger goes was not asked for all of it: the node may know by a key of
 * its own alone. */
static void ask_again(struct sim *s, uint64_t goal_before) {
  const bool is_further = goal_of(s) > goal_before;
  for (size_t i = 0; is_further && i < s->w.count; i++)
    s->sides[i].has_offered = false;
}

enum sim_behind sim_offer(struct sim *s, size_t member) {
  const uint64_t goal_before = goal_of(s);
  struct recover_round r = {0};
  bool is_cut = false, follows_anew = false;
  enum err e = OK;
  while (e == OK && !is_cut && !recover_is_done(&r)) {
    e = offer_once(s, member, &r, &is_cut);
    follows_anew = follows_anew || r.follows_anew;
  }
  bool is_on = r.is_on;
  ask_again(s, goal_before);
  sim_tell(s, "  %s offers %llu entries%s%s", sim_name(s, member), (unsigned long long)r.offered,
           is_cut ? ", and is cut off" : "", e != OK ? ", and is refused" : "");
  recover_round_release(&r);
  s->sides[member].taken += follows_anew;
  if (follows_anew)
    return SIM_FOLLOWS_ANEW;
  if (is_cut)
    return SIM_CUT_OFF;
  const bool is_revoked = e == ERR_KEY && s->sides[member].is_revoked;
  s->sides[member].has_offered |= is_revoked; /* nobody waits for it */
  if (e != OK && recovery_is_on(s->w.node.store) && !is_revoked)
    sim_fail(s, "what a machine offers is taken", "%s: %s: %s", sim_name(s, member), err_text(e), err_words(e));
  if (e != OK || !is_on)
    return SIM_NOT_BEHIND;
  s->sides[member].has_offered = true;
  return SIM_BEHIND;
}

/* ---- the administrator ---- */

static bool all_have_offered(const struct sim *s) {
  for (size_t i = 0; i < s->w.count; i++)
    if (!s->sides[i].has_offered)
      return false;
  return true;
}

static enum err stage_leaves(struct sim *s, uint64_t size) {
  struct hash wanted;
  uint64_t number;
  enum err e = OK;
  for (uint64_t n = 0; e == OK && n < size; n++) {
    const struct recovery_item item = {.leaf = buf_bytes(&s->lost.leaves[n])};
    e = recovery_offer(s->w.node.store, &somebody, &item, &number, &wanted);
  }
  return e;
}

/* Of somebody who has no more than the leaves. */
static enum err stage_rest(struct sim *s, uint64_t size) {
  enum err e = store_begin(s->w.node.store);
  return e == OK ? store_end(s->w.node.store, stage_leaves(s, size)) : e;
}

/* False: the node's process ended in it. */
static bool is_staged(struct sim *s, enum err e) {
  if (sim_end(s, SIM_NODE))
    return false;
  sim_must(s, e, "a mirror's leaves are taken");
  return true;
}

static bool stage_all(struct sim *s) {
  struct recovery_status st;
  if (s->published) {
    sim_begin(s, SIM_NODE);
    if (!is_staged(s, sim_take_published(s)))
      return false;
    sim_met[MET_MIRROR]++;
  }
  sim_must(s, recovery_status(s->w.node.store, &st), "the status");
  if (st.missing == 0)
    return true;
  sim_begin(s, SIM_NODE);
  return is_staged(s, stage_rest(s, st.goal));
}

static bool is_held(struct sim *s, uint64_t number) {
  bool is = false;
  for (size_t i = 0; i < s->w.count && !is; i++) {
    struct query q;
    query_start_once(&q, s->w.members[i].store->db, "SELECT 1 FROM entry WHERE number = ?1");
    query_int(&q, 1, (int64_t)number);
    is = query_row(&q);
    sim_must(s, query_end(&q), "an entry");
  }
  return is;
}

struct listing {
  struct sim *s;
  uint64_t count;
};

static enum err judge_missing(void *of, uint64_t first, uint64_t last) {
  struct listing *l = of;
  for (uint64_t n = first; n <= last; n++, l->count++)
    if (is_held(l->s, n))
      sim_fail(l->s, "what is missing is what nobody holds", "somebody holds %llu", (unsigned long long)n);
  return OK;
}

/* Of what machines alone have offered. */
static void check_missing(struct sim *s, const struct recovery_status *st) {
  struct listing l = {.s = s};
  sim_must(s, recovery_each_missing(s->w.node.store, &l, judge_missing), "what is missing");
  if (l.count != st->missing)
    sim_fail(s, "what is missing is what nobody holds", "%llu of %llu are listed", (unsigned long long)l.count,
             (unsigned long long)st->missing);
}

/* Nobody who is left has seen more: what a machine had seen before it was restored itself, nobody knows. */
static void forget_what_nobody_has(struct sim *s) {
  const uint64_t size = store_size(s->w.node.store);
  size_t kept = 0;
  for (size_t i = 0; i < s->seen_count; i++)
    if (s->seen[i].size <= size)
      s->seen[kept++] = s->seen[i];
  s->seen_count = kept;
  for (size_t i = 0; i < s->act_count; i++) {
    struct sim_act *a = &s->acts[i];
    uint64_t first = 0;
    if (a->number > size &&
        (store_find_act_id(s->w.members[a->member].store, &a->id, &first) != OK || first != a->number))
      a->number = 0;
  }
}

static void check_end(struct sim *s) {
  struct store *node = s->w.node.store;
  for (size_t i = 0; i < s->w.count; i++) {
    struct hash seen, root;
    struct buf note = {0};
    uint64_t size = 0;
    sim_must(s, store_checkpoint_newest(s->w.members[i].store, &size, &seen, &note), "a checkpoint");
    buf_release(&note);
    if (size > store_size(node) || store_tree_root(node, size, &root) != OK || !hash_equal(&root, &seen))
      sim_fail(s, "a rebuilt ledger reaches whatever anybody has seen", "%s has seen %llu, the node has %llu",
               sim_name(s, i), (unsigned long long)size, (unsigned long long)store_size(node));
  }
}

void sim_administer(struct sim *s) {
  struct store *node = s->w.node.store;
  struct recovery_status st;
  const bool is_all = all_have_offered(s);
  const bool is_whole = s->published == s->lost.size;
  if (!recovery_is_on(node) || !(is_all || (is_whole && sim_percent(&s->chance, 50))))
    return;
  sim_must(s, recovery_status(node, &st), "the status");
  if (is_all)
    check_missing(s, &st);
  if (!stage_all(s))
    return;
  sim_must(s, recovery_status(s->w.node.store, &st), "the status");
  sim_begin(s, SIM_NODE);
  enum err e = recover_finish(&s->w.node, RECOVERY_WITHOUT_THE_REST);
  const bool is_broken = sim_end(s, SIM_NODE);
  if (e == ERR_REFUSED && is_all && sim_take_node_keys_back(s)) {
    wait_for_all(s);
    return;
  }
  sim_tell(s, "  the administrator ends the rebuilding at %llu: %s", (unsigned long long)st.goal,
           e == OK ? "done" : err_words(e));
  if (e != OK && !is_broken && is_all)
    sim_fail(s, "a rebuilding comes to an end", "%s: %s", err_text(e), err_words(e));
  if (recovery_is_on(s->w.node.store))
    return;
  check_end(s);
  sim_check_lost(s);
  forget_what_nobody_has(s);
  sim_met[MET_REBUILT]++;
}
