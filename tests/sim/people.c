/* People who record: what they work towards, and in between whatever comes up, as chance has it: any kind of the
 * tables, about what their machine shows, as a rule what they may. */
#include <string.h>

#include "core/discard.h"
#include "tests/sim/write.h"

struct sim_count sim_counts[SIM_KINDS_MAX];

size_t sim_kind_index(const struct kind *k) {
  size_t i = 0;
  while (kind_at(i) != k)
    i++;
  return i;
}

/* ---- which kind ---- */

/* Left to events and compositions of their own, or so that nobody locks themselves out: without officers no machine
 * gets a new identity. */
static bool is_left_alone(const struct kind *k) {
  static const char *const kinds[] = {"role.take",    "two-persons.require", "profile.adopt",
                                      "document.add", "restricted.permit",   "restricted.reason",
                                      "replica.add",  "person.add",          "person.key"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(k->name, kinds[i]) == 0)
      return true;
  return k->media || (k->views && strcmp(k->views, "revocation") == 0);
}

static const struct kind *draw_kind(const struct writing *w) {
  uint64_t *chance = &w->s->chance;
  size_t count = 0, wish = sim_below(chance, 100), tries = 0;
  while (kind_at(count))
    count++;
  for (;; tries++) {
    const struct kind *k = kind_at(sim_below(chance, count));
    if (is_left_alone(k) || (tries < 400 && !may_write(w, k)))
      continue;
    if (tries < 200 &&
        ((wish < 15 && k->audience != AUDIENCE_RESTRICTED) || (wish >= 15 && wish < 30 && !k->is_change) ||
         (wish >= 30 && wish < 40 && !k->moves_scope) || (wish >= 40 && wish < 45 && !k->is_void)))
      continue;
    return k;
  }
}

static bool make_something(struct writing *w) {
  size_t what = sim_below(&w->s->chance, 100);
  writing_clear(w);
  if (what < 6)
    return make_document(w);
  if (what < 13)
    return make_permit(w, NULL);
  if (what < 28)
    return make_change(w);
  if (what < 33)
    return make_settlement(w);
  const bool erases = what < 45 && w->member == SIM_KEEPER;
  return make_one(w, erases ? kind_find(bytes_str("entry.erase")) : draw_kind(w));
}

static void whatever_comes_up(struct sim *s, size_t member) {
  struct writing *w = writing_new(s, member);
  bool is_made = false;
  for (size_t tries = 0; tries < 12 && !is_made; tries++)
    is_made = make_something(w);
  if (is_made)
    record_made(w, sim_percent(&s->chance, 25) ? ACCEPT_WRITE_ANYWAY : ACCEPT_WRITE);
  writing_free(w);
}

/* What one has just changed somebody else changes, too, without having heard of it. */
static void contradict(struct sim *s, size_t member) {
  struct writing *w = writing_new(s, (member + 1 + sim_below(&s->chance, s->w.count - 1)) % s->w.count);
  if (make_change(w))
    record_made(w, ACCEPT_WRITE);
  writing_free(w);
}

void sim_write(struct sim *s, size_t member) {
  const struct hash before = s->changed;
  if (sim_percent(&s->chance, 25) || !sim_work(s, member))
    whatever_comes_up(s, member);
  if (!hash_equal(&before, &s->changed) && sim_percent(&s->chance, 50))
    contradict(s, member);
}

/* ---- what was refused ---- */

#define REFUSED_MAX 64

struct refused {
  uint64_t acts[REFUSED_MAX];
  size_t count;
};

static enum err add_refused(void *of, const struct outbox_row *row) {
  struct refused *r = of;
  if (r->count < REFUSED_MAX && strcmp(row->state, "refused") == 0)
    r->acts[r->count++] = row->act;
  return OK;
}

/* Whatever its process met with: what is not here any more was discarded. */
static void note_discarded(struct sim *s, size_t member, const struct hash *act) {
  uint64_t first;
  if (store_find_act_id(sim_store(s, member), act, &first) != ERR_ABSENT)
    return;
  sim_tell(s, "  %s has discarded act %.8s", sim_name(s, member), hash_hex(act).s);
  sim_met[MET_DISCARDED]++;
  for (size_t i = 0; i < s->act_count; i++)
    if (s->acts[i].member == member && hash_equal(&s->acts[i].id, act))
      s->acts[i].is_discarded = true;
  sim_check_store(s, member);
}

static void discard_one(struct sim *s, size_t member, uint64_t first) {
  struct store *store = sim_store(s, member);
  struct act_record a = {0};
  uint64_t named_by = 0;
  sim_must(s, store_find_act_alone(store, first, &a), "what was refused");
  sim_begin(s, member);
  enum err e = store_begin(store);
  if (e == OK)
    e = store_end(store, discard_act(store, first, &named_by));
  const bool is_broken = sim_end(s, member);
  sim_judge_disk(s, member, e, is_broken);
  if (e != OK && e != ERR_REFUSED && !is_broken)
    sim_fail(s, "what was refused can be discarded", "%s: %s", sim_name(s, member), err_words(e));
  note_discarded(s, member, &a.position.act);
  act_record_release(&a);
}

void sim_discard(struct sim *s, size_t member) {
  for (size_t i = 0; i < s->w.count; i++) {
    struct refused r = {.count = 0};
    const size_t who = (member + i) % s->w.count;
    sim_must(s, store_outbox_each(sim_store(s, who), &r, add_refused), "an outbox");
    if (r.count == 0)
      continue;
    discard_one(s, who, r.acts[sim_below(&s->chance, r.count)]);
    return;
  }
}
