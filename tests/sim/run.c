/* Carries out a list of events, then lets everything heal and checks it. */
#include <stdlib.h>
#include <string.h>

#include "core/recovery.h"
#include "tests/sim/sim.h"

#define DAY_S 86400

/* ---- events ---- */

static void trouble(struct sim *s, size_t side, enum sim_trouble what) {
  struct sim_side *x = &s->sides[side];
  x->trouble = what;
  x->trouble_at = 1 + sim_below(&s->chance, sim_percent(&s->chance, 50) ? 12 : 60);
  x->trouble_seed = sim_draw(&s->chance);
}

static void jump(struct sim *s, size_t side) {
  s->sides[side].clock_s = ((int64_t)sim_below(&s->chance, 40) - 20) * DAY_S / (sim_percent(&s->chance, 50) ? 1 : 24);
}

static void back_up(struct sim *s, size_t member) {
  struct sim_side *x = &s->sides[member];
  free(x->backup);
  x->has_no_backup = false;
  sim_save(s, member, &x->backup, &x->backup_len);
  x->backup_acts = s->act_count;
}

/* What was recorded since then and has not been sent went with the disk; no program can bring it back. */
void sim_restore(struct sim *s, size_t member) {
  struct sim_side *x = &s->sides[member];
  if (x->has_no_backup)
    return;
  for (size_t i = x->backup_acts; i < s->act_count; i++)
    s->acts[i].went_with_disk = s->acts[i].went_with_disk || s->acts[i].member == member;
  if (x->backup)
    sim_replace(s, member, x->backup, x->backup_len);
  else
    sim_replace_with_first(s, member);
  x->taken++;
  x->is_second = true;
  sim_met[MET_RESTORED]++;
}

/* Another machine with the same keys, as a disk image that was started twice. */
static void copy(struct sim *s, size_t member) {
  size_t at = s->w.count;
  char path[128];
  uint8_t *file = NULL;
  size_t len;
  if (at == WORLD_MEMBERS_MAX || at > 7)
    return;
  sim_save(s, member, &file, &len);
  s->w.members[at] = s->w.members[member];
  s->w.members[at].store = NULL;
  snprintf(path, sizeof path, "%s/replica-%zu.db", s->w.folder, at);
  s->w.members[at].path = mem_copy_string(path);
  s->sides[member].is_second = true;
  s->sides[at] = s->sides[member];
  s->sides[at].backup = NULL;
  s->sides[at].has_no_backup = true;
  s->w.count++;
  sim_replace(s, at, file, len);
  sim_met[MET_COPIED]++;
  free(file);
}

static void carry_out(struct sim *s, const struct sim_event *e) {
  const size_t who = e->who % s->w.count, which = s->queued ? sim_below(&s->chance, s->queued) : 0;
  switch (e->verb) {
  case SIM_WRITE: sim_write(s, who); break;
  case SIM_EXCHANGE:
    sim_exchange(s, who);
    if (sim_percent(&s->chance, 50))
      sim_discard(s, who);
    break;
  case SIM_SEND:
    if (s->sides[who].parted_until <= s->step)
      sim_send(s, who);
    break;
  case SIM_DELIVER:
    if (s->queued)
      sim_deliver(s, which);
    break;
  case SIM_LOSE:
    if (s->queued)
      sim_queue_drop(s, which);
    break;
  case SIM_REPEAT:
    if (s->queued)
      sim_queue_repeat(s, which);
    break;
  case SIM_TRUNCATE:
  case SIM_CORRUPT:
    if (s->queued)
      sim_spoil(s, which, e->verb == SIM_TRUNCATE);
    break;
  case SIM_PART: s->sides[who].parted_until = s->step + 1 + sim_below(&s->chance, 12); break;
  case SIM_CRASH: trouble(s, who, SIM_ENDS); break;
  case SIM_POWER: trouble(s, who, SIM_POWER_FAILS); break;
  case SIM_NODE_CRASH: trouble(s, SIM_NODE, SIM_ENDS); break;
  case SIM_NODE_POWER: trouble(s, SIM_NODE, SIM_POWER_FAILS); break;
  case SIM_WRITE_FAILS: trouble(s, sim_percent(&s->chance, 30) ? SIM_NODE : who, SIM_FAILS_ONCE); break;
  case SIM_DISK_FULL: trouble(s, who, SIM_IS_FULL); break;
  case SIM_NODE_FULL: trouble(s, SIM_NODE, SIM_IS_FULL); break;
  case SIM_CLOCK: jump(s, who); break;
  case SIM_NODE_CLOCK: jump(s, SIM_NODE); break;
  case SIM_NODE_RESTORE:
    if (!s->sides[SIM_NODE].has_no_backup)
      sim_restore_node(s);
    break;
  case SIM_BACKUP: back_up(s, sim_percent(&s->chance, 40) ? SIM_NODE : who); break;
  case SIM_RESTORE:
    if (!sim_is_officer(who))
      sim_restore(s, who);
    break;
  case SIM_CLONE:
    if (!sim_is_officer(who))
      copy(s, who);
    break;
  case SIM_REVOKE:
    if (!sim_is_officer(who))
      sim_revoke(s, who);
    break;
  case SIM_RENEW:
    if ((s->sides[who].is_shut_out || sim_percent(&s->chance, 20)) && !sim_is_officer(who))
      sim_renew(s, who);
    break;
  case SIM_KEYS: sim_change_keys(s, who); break;
  case SIM_NODE_KEYS: sim_change_node_keys(s); break;
  case SIM_BUNDLE_OUT: sim_bundle(s, who); break;
  case SIM_LOOK: sim_check_store(s, sim_percent(&s->chance, 20) ? SIM_NODE : who); break;
  case SIM_VERB_COUNT: break;
  }
}

/* ---- healing ---- */

/* A certificate that the node made while its clock was fast is not valid before that time has come. */
static void end_troubles(struct sim *s) {
  if (s->sides[SIM_NODE].clock_s > 0)
    s->now_s += s->sides[SIM_NODE].clock_s;
  for (size_t i = 0; i < SIM_SIDES; i++) {
    s->sides[i].trouble = SIM_NO_TROUBLE;
    s->sides[i].parted_until = 0;
    s->sides[i].clock_s = 0;
  }
  while (s->queued) /* the network gives back what it still has, late */
    sim_deliver(s, sim_below(&s->chance, s->queued));
}

static void heal_one(struct sim *s, size_t member) {
  for (size_t tries = 0; tries < 3; tries++) {
    if (sim_exchange(s, member))
      return;
    if (!s->sides[member].is_shut_out || sim_is_officer(member) || !sim_renew(s, member))
      break;
  }
  if (!sim_exchange(s, member))
    sim_fail(s, "when all is well again, every machine syncs", "%s: %s", sim_name(s, member), err_words(ERR_CHAIN));
}

static void rebuild_node(struct sim *s) {
  const size_t changes = s->former_count;
  for (size_t rounds = 0; rounds <= changes && recovery_is_on(s->w.node.store); rounds++) {
    for (size_t i = 0; i < s->w.count; i++)
      sim_offer(s, i);
    for (size_t i = 0; i < s->w.count; i++)
      if (!s->sides[i].has_offered)
        sim_offer(s, i);
    sim_administer(s);
  }
}

struct whole {
  uint64_t size, lost, begun; /* begun: of so many machines the feed goes on, or is followed anew */
};

static struct whole how_whole(struct sim *s) {
  struct recovery_status st = {0};
  uint64_t begun = 0;
  sim_must(s, recovery_status(s->w.node.store, &st), "the status");
  for (size_t i = 0; i < s->w.count; i++)
    begun += store_meta_number(s->w.members[i].store, FEED_GOES_ON) != 0;
  return (struct whole){st.size, st.lost, begun};
}

static bool is_as_before(const struct whole *a, const struct whole *b) {
  return a->size == b->size && a->lost == b->lost && a->begun == b->begun;
}

/* Until a round in which all have synced has left the ledger as it was. */
static void sync_all(struct sim *s) {
  for (struct whole before = {0}, now = how_whole(s); !is_as_before(&before, &now);) {
    before = now;
    for (size_t i = 0; i < s->w.count; i++)
      heal_one(s, i);
    now = how_whole(s);
  }
}

/* Some people leave it in the outbox. */
static void deal_with_refused(struct sim *s) {
  for (size_t i = 0; i < s->w.count; i++)
    for (uint64_t n = store_outbox_count(sim_store(s, i), "refused"); n > 0 && sim_percent(&s->chance, 70); n--)
      sim_discard(s, i);
}

static void heal(struct sim *s) {
  sim_tell(s, "all is well again");
  end_troubles(s);
  s->is_calm = true;
  rebuild_node(s);
  sync_all(s);
  deal_with_refused(s);
  sync_all(s);
}

static bool loses_node(const struct sim_event *events, const bool *is_left_out, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (events[i].verb == SIM_NODE_RESTORE && !(is_left_out && is_left_out[i]))
      return true;
  return false;
}

void sim_run(struct sim *s, const struct sim_event *events, const bool *is_left_out, size_t count) {
  s->is_publishing = loses_node(events, is_left_out, count);
  for (size_t i = 0; i < count; i++) {
    if (is_left_out && is_left_out[i])
      continue;
    s->step = i + 1;
    s->chance = events[i].seed;
    s->now_s += 1 + (int64_t)sim_below(&s->chance, 7200);
    sim_tell(s, "%zu: %s: %s", i, sim_name(s, events[i].who % s->w.count), sim_verb_word(events[i].verb));
    carry_out(s, &events[i]);
    if (sim_percent(&s->chance, 50))
      sim_publish(s);
  }
  s->step = count + 1;
  s->chance = s->seed;
  heal(s);
  sim_publish(s);
  sim_check_all(s);
}
