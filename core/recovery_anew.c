/* The last resort of a recovery: not every leaf up to the goal can be had. The ledger goes on under a new name, from
 * the largest checkpoint that can be reached; whole acts that are staged behind it are taken over under new numbers,
 * and what is not is told by the numbers that it had. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/accept.h"
#include "core/cosign.h"
#include "core/directory.h"
#include "core/feed.h"
#include "core/recovery_parts.h"

enum { CANDIDATES, BEST, GOAL_NOTE, HAS_ENTRY, CALL_LOST, FORGET_COSIGNATURES };

static const char *const sql[] = {
    [CANDIDATES] = "SELECT size, root FROM recover_checkpoint WHERE size > ?1 ORDER BY size DESC",
    [BEST] = "SELECT l.hash FROM recover_leaf l JOIN recover_said s ON s.number = l.number AND s.hash = l.hash "
             "WHERE l.number = ?1 GROUP BY l.hash ORDER BY max(s.source = zeroblob(32)) DESC, count(*) DESC, l.hash "
             "LIMIT 1",
    [GOAL_NOTE] = "SELECT note FROM recover_checkpoint ORDER BY size DESC LIMIT 1",
    [HAS_ENTRY] = "SELECT number FROM entry WHERE id = ?1 AND number < ?2",
    [CALL_LOST] = "UPDATE forgotten SET why = 'lost' WHERE number = ?1 AND why = 'withdrawn'",
    /* They are over checkpoints of another name. */
    [FORGET_COSIGNATURES] = "DELETE FROM cosignature",
};

const char *const *recovery_anew_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* ---- how far the ledger is what it was ---- */

struct candidate {
  uint64_t size;
  struct hash root;
};

static enum err find_candidates(struct store *s, struct buf *out) {
  struct query q;
  query_start(&q, s->db, sql[CANDIDATES]);
  query_int(&q, 1, (int64_t)store_size(s));
  while (query_row(&q)) {
    const struct candidate c = {(uint64_t)query_get_int(&q, 0), hash_from(query_get(&q, 1))};
    buf_add(out, bytes_of(&c, sizeof c));
  }
  return query_end(&q);
}

/* Up to the largest checkpoint whose root the leaves give; none of them: up to the log's end. */
static enum err take_what_is_proved(struct store *s) {
  struct buf candidates = {0};
  enum err e = find_candidates(s, &candidates);
  for (size_t at = 0; e == OK && at < candidates.len; at += sizeof(struct candidate)) {
    struct candidate c;
    memcpy(&c, candidates.at + at, sizeof c);
    enum err taken = recovery_take_to(s, c.size, &c.root);
    if (taken == OK)
      break;
    e = taken == ERR_ABSENT || taken == ERR_REFUSED ? OK : taken;
  }
  buf_release(&candidates);
  return e;
}

/* ---- what is behind it ---- */

struct going_on {
  struct recovery_choice choice;
  struct recovery_act *act;
  struct text_time admitted; /* of the newest entry that was taken over */
  struct text_time latest;   /* no time of admission is later than this */
  struct recovery_anew *out;
};

/* Nothing proves a number here: a mirror is believed before all, then what most have offered. */
static enum err choose_best(struct recovery_choice *f) {
  static const struct hash none = {{0}};
  enum err e = OK;
  for (uint64_t n = f->st.size + 1; e == OK && n <= f->st.goal; n++) {
    struct query q;
    query_start(&q, f->s->db, sql[BEST]);
    query_int(&q, 1, (int64_t)n);
    buf_add(&f->chosen, query_row(&q) ? query_get(&q, 0) : hash_bytes(&none));
    e = query_end(&q);
  }
  return e == OK ? buf_err(&f->chosen) : e;
}

static void note_missing(struct recovery_anew *out, uint64_t first, uint64_t last) {
  struct recovery_run *newest = out->run_count ? &out->runs[out->run_count - 1] : NULL;
  out->missing += last - first + 1;
  if (newest && (newest->last + 1 == first || out->run_count == RECOVERY_RUNS_MAX))
    newest->last = last;
  else
    out->runs[out->run_count++] = (struct recovery_run){first, last};
}

static enum err has_entry(struct store *s, const struct hash *id, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[HAS_ENTRY]);
  query_blob(&q, 1, hash_bytes(id));
  query_int(&q, 2, (int64_t)STORE_PENDING);
  *out = query_row(&q);
  return query_end(&q);
}

static bool is_of_act(const struct recovery_act *a, const struct hash *id) {
  for (size_t i = 0; i < a->count; i++) {
    struct hash own = hash_of(a->leaves[i].leaf.header);
    if (hash_equal(&own, id))
      return true;
  }
  return false;
}

/* An act that refers to what is missing shares its fate. */
static enum err rests_on_what_is_here(struct going_on *g, const struct entry *e, bool *out) {
  struct store *s = g->choice.s;
  enum err err = OK;
  *out = true;
  for (size_t i = 0; err == OK && *out && i < e->child_count; i++)
    err = is_of_act(g->act, &e->children[i]) ? OK : has_entry(s, &e->children[i], out);
  for (size_t i = 0; err == OK && *out && i < e->ref_count; i++)
    err = is_of_act(g->act, &e->refs[i].id) ? OK : has_entry(s, &e->refs[i].id, out);
  for (size_t i = 0; err == OK && *out && i < e->base_count; i++)
    err = is_of_act(g->act, &e->bases[i]) ? OK : has_entry(s, &e->bases[i], out);
  return err;
}

static enum err continues(struct store *s, const struct hash *replica, uint64_t number, bool *out) {
  uint64_t newest;
  struct hash previous;
  enum err e = store_chain(s, replica, &newest, &previous);
  *out = e == OK && number == newest + 1;
  return e;
}

/* What says of an act that it was refused or held takes that act's place in its machine's chain. What the node told of
 * feeds was of those that were. */
static enum err may_go_on(struct going_on *g, const struct entry *e, bool *out) {
  struct hash replica;
  uint64_t number;
  *out = !bytes_starts(e->kind, "scope.") && !bytes_equal_str(e->kind, "feed.receipt");
  if (!bytes_equal_str(e->kind, "act.refuse") && !bytes_equal_str(e->kind, "act.hold"))
    return OK;
  *out = hash_parse(entry_fact(e, "replica"), &replica) == OK && text_number(entry_fact(e, "number"), &number) == OK;
  return *out ? continues(g->choice.s, &replica, number, out) : OK;
}

static enum err may_be_taken_over(struct going_on *g, bool *out) {
  enum err e = OK;
  *out = true;
  for (size_t i = 0; e == OK && *out && i < g->act->count; i++) {
    struct entry entry;
    e = entry_decode(g->act->leaves[i].leaf.header, &entry);
    if (e == OK)
      e = rests_on_what_is_here(g, &entry, out);
    if (e == OK && *out)
      e = may_go_on(g, &entry, out);
  }
  return e;
}

/* Nobody but the people of its agency puts anything into a machine's chain: they receive what they wrote, and so the
 * machine knows where its chain ends. Anybody else could make it take a new identity. */
static enum err is_of_its_people(struct going_on *g, const struct hash *replica, bool *out) {
  struct store *s = g->choice.s;
  struct entry first;
  struct machine machine;
  struct author author;
  enum err e = entry_decode(g->act->leaves[0].leaf.header, &first);
  if (e == OK)
    e = directory_machine(s, replica, &machine);
  if (e == OK)
    e = directory_author(s, &first.by, 0, &author);
  *out = e == OK && hash_equal(&author.agency, &machine.agency);
  return e == ERR_KEY ? OK : e;
}

/* The node's own chain goes on without what is missing; a machine's must be whole. */
static enum err find_place(struct going_on *g, struct accept_act *in, bool *out) {
  struct position p = g->act->leaves[0].position;
  uint64_t newest;
  struct hash previous;
  enum err e = store_chain(g->choice.s, &p.replica, &newest, &previous);
  bool is_nodes = e == OK && directory_is_operating(g->choice.s, &p.replica), is_its = true;
  if (is_nodes) {
    p.number = newest + 1;
    p.previous = previous;
    in->head = bytes_of(NULL, 0);
  } else if (e == OK) {
    e = is_of_its_people(g, &p.replica, &is_its);
  }
  *out = e == OK && is_its && p.number == newest + 1 && hash_equal(&p.previous, &previous);
  in->replica = p.replica;
  in->position = p.number;
  in->previous = p.previous;
  return e;
}

/* What is admitted next is judged at the newest time: one that has not come yet would end every certificate. */
static void follow_time(struct going_on *g, struct bytes admitted) {
  if (admitted.len != TEXT_TIME_SIZE || memcmp(admitted.at, g->admitted.s, TEXT_TIME_SIZE) <= 0)
    return;
  bool has_come = memcmp(admitted.at, g->latest.s, TEXT_TIME_SIZE) <= 0;
  if (has_come)
    memcpy(g->admitted.s, admitted.at, TEXT_TIME_SIZE);
  else if (memcmp(g->latest.s, g->admitted.s, TEXT_TIME_SIZE) > 0)
    g->admitted = g->latest;
}

static void note_against(struct recovery_anew *out, uint64_t first, const char *rule) {
  struct recovery_against *a = &out->against[out->against_count];
  out->against_rules++;
  if (out->against_count == RECOVERY_RUNS_MAX)
    return;
  a->number = first;
  snprintf(a->rule, sizeof a->rule, "%s", rule);
  out->against_count++;
}

/* The node before had judged it by all that there was. Now a rule may speak against it for what is missing, and against
 * a name on the register as soon as against anything else: it is taken all the same, and told. */
static enum err take_over_told(struct going_on *g, struct accept_act *in, struct verdict *v) {
  char rule[sizeof v->rule] = "?";
  in->asks_rules = true;
  enum err e = accept_act(g->choice.s, in, v);
  if (e == ERR_DISK || e == ERR_IO || (e == OK && v->code == VERDICT_ACCEPTED))
    return e;
  if (e == OK)
    snprintf(rule, sizeof rule, "%s", v->rule);
  in->asks_rules = false;
  e = accept_act(g->choice.s, in, v);
  if (e == OK && v->code == VERDICT_ACCEPTED)
    note_against(g->out, in->first, rule);
  return e;
}

/* The act behind all that the log has; where it stands in its machine's chain, and when it came, is the caller's. */
static struct accept_act at_the_end(const struct going_on *g) {
  return (struct accept_act){.how = ACCEPT_TAKE,
                             .is_rebuilt = true,
                             .is_unproved = true,
                             .entries = g->act->entries,
                             .count = g->act->count,
                             .size = (uint32_t)g->act->count,
                             .signature = g->act->leaves[0].leaf.signature,
                             .first = store_size(g->choice.s) + 1};
}

/* ERR_ABSENT: it cannot be. */
static enum err take_over(struct going_on *g) {
  struct store *s = g->choice.s;
  const struct leaf *l = &g->act->leaves[0].leaf;
  struct accept_act in = at_the_end(g);
  in.head = l->head;
  struct verdict v;
  bool is_good = false;
  enum err e = may_be_taken_over(g, &is_good);
  if (e == OK && is_good)
    e = find_place(g, &in, &is_good);
  if (e != OK || !is_good)
    return e == OK ? ERR_ABSENT : e;
  follow_time(g, l->admitted);
  in.admitted = bytes_str(g->admitted.s);
  e = take_over_told(g, &in, &v);
  if (e == ERR_DISK || e == ERR_IO)
    return e;
  return e == OK && v.code == VERDICT_ACCEPTED ? store_tree_flush(s) : ERR_ABSENT;
}

/* ---- what was erased ---- */

/* Whether the act is one that its author may write; of the attempt nothing stays. Its place in the machine's chain says
 * when it came, and not whose it is. */
static enum err try_elsewhere(struct going_on *g, bool *out) {
  struct store *s = g->choice.s;
  const size_t leaves = s->new_leaves.len;
  struct accept_act in = at_the_end(g);
  struct verdict v;
  in.replica = g->act->leaves[0].position.replica;
  in.admitted = bytes_str(g->admitted.s);
  enum err e = store_chain(s, &in.replica, &in.position, &in.previous);
  in.position++;
  if (e == OK)
    e = db_exec(s->db, "SAVEPOINT attempt");
  if (e != OK)
    return e;
  enum err tried = accept_act(s, &in, &v);
  *out = tried == OK && v.code == VERDICT_ACCEPTED;
  s->new_leaves.len = leaves;
  store_forget_keys(s);
  if (tried == ERR_DISK || tried == ERR_IO)
    return tried;
  return db_exec(s->db, "ROLLBACK TO attempt; RELEASE attempt");
}

static enum err let_go(struct store *s, const struct hash *id, struct recovery_anew *out) {
  struct query q;
  query_start(&q, s->db, sql[HAS_ENTRY]);
  query_blob(&q, 1, hash_bytes(id));
  query_int(&q, 2, (int64_t)STORE_PENDING);
  bool found = query_row(&q);
  uint64_t number = found ? (uint64_t)query_get_int(&q, 0) : 0;
  enum err e = query_end(&q);
  if (e != OK || !found)
    return e;
  e = feed_forget(s, number, FEED_WITHDRAW);
  query_start(&q, s->db, sql[CALL_LOST]);
  query_int(&q, 1, (int64_t)number);
  enum err called = query_run(&q);
  out->erase_again++;
  return e == OK ? called : e;
}

/* What an erasure names that could not be taken over does not come back by that: it goes as if it were lost. */
static enum err let_erased_go(struct going_on *g) {
  enum err e = OK;
  bool is_good = false;
  for (size_t i = 0; e == OK && i < g->act->count; i++) {
    struct entry entry;
    if (entry_decode(g->act->leaves[i].leaf.header, &entry) != OK)
      continue;
    const struct kind *k = kind_find(entry.kind);
    if (k == NULL || !k->is_erasure)
      continue;
    if (!is_good)
      e = try_elsewhere(g, &is_good);
    if (e != OK || !is_good)
      return e;
    e = let_go(g->choice.s, entry_ref(&entry, "entry"), g->out);
  }
  return e;
}

static enum err take_over_all(struct going_on *g) {
  enum err e = choose_best(&g->choice);
  for (uint64_t n = g->choice.st.size + 1; e == OK && n <= g->choice.st.goal;) {
    uint64_t count = 1;
    enum err taken = recovery_gather(&g->choice, n, g->act);
    bool is_whole = taken == OK;
    if (is_whole) {
      count = g->act->count;
      taken = take_over(g);
    }
    if (taken == OK)
      g->out->taken_over += count;
    else
      note_missing(g->out, n, n + count - 1);
    e = taken == ERR_DISK || taken == ERR_IO ? taken : OK;
    if (e == OK && taken != OK && is_whole)
      e = let_erased_go(g);
    recovery_act_clear(g->act);
    n += count;
  }
  return e;
}

/* ---- all of it ---- */

static enum err read_goal(struct store *s, const struct recovery_status *st, struct recovery_anew *out) {
  struct query q;
  out->size = st->goal;
  out->root = st->root;
  query_start(&q, s->db, sql[GOAL_NOTE]);
  enum err stripped = query_row(&q) ? cosignature_strip(query_get(&q, 0), &out->note) : OK;
  enum err e = query_end(&q);
  return e == OK ? stripped : e;
}

static enum err check_is_needed(const struct recovery_status *st) {
  if (!st->is_on)
    return err_set(ERR_REFUSED, "the node is not being rebuilt");
  if (st->goal > st->size)
    return OK;
  return err_set_remedy(ERR_REFUSED, "cairnd rebuild ends it",
                        "nobody has shown a larger ledger than this node's: nothing is missing");
}

static enum err newest_admitted(struct store *s, struct text_time *out) {
  struct act_record a = {0};
  uint64_t first;
  enum err e = store_act_of(s, store_size(s), &first);
  if (e == OK)
    e = store_find_act(s, first, &a);
  if (e == OK)
    *out = a.admitted;
  act_record_release(&a);
  return e;
}

enum err recovery_go_on_anew(struct store *s, enum recovery_rest rest, int64_t now_s, struct recovery_anew *out) {
  struct going_on g = {.choice = {.s = s}, .latest = text_time_format(now_s), .out = out};
  struct query q;
  enum err e = recovery_status(s, &g.choice.st);
  if (e == OK)
    e = check_is_needed(&g.choice.st);
  if (e == OK)
    e = read_goal(s, &g.choice.st, out);
  if (e == OK)
    e = take_what_is_proved(s);
  out->kept = g.choice.st.size = store_size(s);
  if (e == OK && out->kept == 0)
    e = err_set_remedy(ERR_REFUSED, "a mirror, or any machine, has the beginning",
                       "not even the beginning of the ledger can be reached");
  if (e == OK && out->kept == out->size)
    e = err_set_remedy(ERR_REFUSED, "cairnd rebuild ends it", "nothing is missing");
  if (e == OK)
    e = newest_admitted(s, &g.admitted);
  g.act = mem_alloc(sizeof *g.act);
  memset(g.act, 0, sizeof *g.act);
  if (e == OK)
    e = take_over_all(&g);
  if (e == OK && rest == RECOVERY_WAIT_FOR_THE_REST)
    e = recovery_check_heard(s);
  query_start(&q, s->db, sql[FORGET_COSIGNATURES]);
  enum err forgotten = query_run(&q);
  if (e == OK)
    e = forgotten;
  if (e == OK)
    e = recovery_end(s);
  free(g.act);
  buf_release(&g.choice.chosen);
  return e;
}

void recovery_anew_release(struct recovery_anew *a) {
  buf_release(&a->note);
}
