/* What must hold, each property a function with a name. Those of one store hold at any time; those of all of them once
 * the network is quiet and every machine has synced. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/verify_parts.h"
#include "core/recheck.h"
#include "core/recovery.h"
#include "core/version.h"
#include "tests/lib/oracle.h"
#include "tests/sim/sim.h"

/* ---- of one store ---- */

/* The numbers of what was lost with the node, as it tells them. */
struct lost {
  uint64_t at[64];
  size_t count;
};

static enum err add_lost(void *of, uint64_t first, uint64_t last) {
  struct lost *l = of;
  for (uint64_t n = first; n <= last && l->count < sizeof l->at / sizeof *l->at; n++)
    l->at[l->count++] = n;
  return OK;
}

static struct lost lost_with_node(struct sim *s) {
  struct lost l = {.count = 0};
  sim_must(s, recovery_each_lost(s->w.node.store, &l, add_lost), "what was lost");
  return l;
}

static bool is_lost(const struct lost *l, uint64_t number) {
  for (size_t i = 0; i < l->count; i++)
    if (l->at[i] == number)
      return true;
  return false;
}

struct sounding {
  struct sim *s;
  size_t side;
  struct lost lost;
};

/* A machine that is one of two, or was restored, and has not noticed: what it takes for its own chain is not. */
static void judge_finding(void *of, const struct recheck_finding *f) {
  const struct sounding *x = of;
  if ((f->about == RECHECK_CONTENT || f->about == RECHECK_LOST) && is_lost(&x->lost, f->number))
    return;
  if (f->about != RECHECK_CHAIN || !x->s->sides[x->side].is_second)
    sim_fail(x->s, "a store is sound", "%s: %s %llu: %s", sim_name(x->s, x->side), recheck_word(f->about),
             (unsigned long long)f->number, f->words);
}

/* Commitments, signatures, chains, feeds, and views against the log: all that a store can check of itself. */
static void every_store_is_sound(struct sim *s, size_t side) {
  struct sounding x = {s, side, lost_with_node(s)};
  struct recheck r = {.store = sim_store(s, side), .of = &x, .found = judge_finding};
  struct recheck_result result;
  sim_must(s, recheck_all(&r, &result), "checking a store again");
}

static void views_rebuilt_equal_views_kept(struct sim *s, size_t side) {
  struct hash kept, rebuilt;
  struct store *store = sim_store(s, side);
  sim_must(s, store_begin(store), "a transaction");
  sim_must(s, store_views_digest(store, &kept), "a digest");
  sim_must(s, store_rebuild(store), "rebuilding");
  sim_must(s, store_views_digest(store, &rebuilt), "a digest");
  store_rollback(store);
  if (!hash_equal(&kept, &rebuilt))
    sim_fail(s, "views rebuilt equal views kept", "%s", sim_name(s, side));
}

/* Versions by the entries alone. */
struct change {
  struct hash object, id, bases[ENTRY_BASES_MAX];
  size_t base_count;
};
struct changes {
  struct store *store;
  struct change at[512];
  size_t count;
};

static enum err add_change(void *of, const struct record *r) {
  struct changes *c = of;
  const struct kind *k = kind_find(r->entry.kind);
  const struct hash *object = k && k->is_change ? store_object_of(k, &r->entry) : NULL;
  bool is_voided = false, object_is_voided = false;
  if (object == NULL || r->is_erased || c->count == 512)
    return OK;
  enum err e = version_is_voided(c->store, &r->entry.id, &is_voided);
  if (e == OK)
    e = version_is_voided(c->store, object, &object_is_voided);
  if (e != OK || is_voided || object_is_voided)
    return e;
  struct change *n = &c->at[c->count++];
  *n = (struct change){.object = *object, .id = r->entry.id, .base_count = r->entry.base_count};
  memcpy(n->bases, r->entry.bases, r->entry.base_count * sizeof *n->bases);
  return OK;
}

static bool is_replaced(const struct changes *c, const struct hash *id) {
  for (size_t i = 0; i < c->count; i++)
    for (size_t b = 0; b < c->at[i].base_count; b++)
      if (hash_equal(&c->at[i].bases[b], id))
        return true;
  return false;
}

static bool is_among(const struct version_set *set, const struct hash *id) {
  for (size_t i = 0; i < set->count; i++)
    if (hash_equal(&set->entries[i], id))
      return true;
  return false;
}

struct listed {
  struct hash object;
  size_t count;
};

static enum err look_for(void *of, const struct version_set *set) {
  struct listed *l = of;
  if (hash_equal(&set->object, &l->object))
    l->count = set->count;
  return OK;
}

static bool is_here(struct store *s, const struct hash *id) {
  struct record r = {0};
  const bool is = store_find(s, id, &r) == OK;
  record_release(&r);
  return is;
}

/* Whatever nobody replaced is shown; where that is more than one, the object is listed as in conflict, if it is here:
 * the changes that its own people made an agency keeps when the rest has gone. */
static void both_values_of_every_conflict_are_visible(struct sim *s, size_t side) {
  static struct changes c;
  struct store_filter all = {0};
  c.store = sim_store(s, side);
  c.count = 0;
  sim_must(s, store_each(c.store, &all, &c, add_change), "all entries");
  for (size_t i = 0; i < c.count; i++) {
    const struct change *v = &c.at[i];
    struct version_set held;
    struct listed listed = {.object = v->object};
    sim_must(s, version_find(c.store, &v->object, &held), "the versions");
    if (is_replaced(&c, &v->id) == is_among(&held, &v->id) && held.count < ENTRY_BASES_MAX)
      sim_fail(s, "both values of every conflict are visible", "%s: version %.8s of %.8s", sim_name(s, side),
               hash_hex(&v->id).s, hash_hex(&v->object).s);
    sim_must(s, version_each_conflict(c.store, &listed, look_for), "conflicts");
    sim_met[MET_CONFLICT] += listed.count > 1;
    if (listed.count != (held.count > 1 && is_here(c.store, &v->object) ? held.count : 0))
      sim_fail(s, "both values of every conflict are visible", "%s: %.8s is%s listed as in conflict", sim_name(s, side),
               hash_hex(&v->object).s, listed.count ? "" : " not");
  }
}

/* ---- the log ---- */

struct log_entry {
  struct hash id, root; /* root: of the tree that ends with it */
  bool has_content;
};
struct log {
  struct log_entry *at; /* from 0; entry N is at[N - 1] */
  uint64_t size;
};

static struct hash id_of(struct sim *s, uint64_t number) {
  struct query q;
  struct hash id = {{0}};
  query_start_once(&q, s->w.node.store->db, "SELECT id FROM entry WHERE number = ?1");
  query_int(&q, 1, (int64_t)number);
  if (query_row(&q))
    id = hash_from(query_get(&q, 0));
  sim_must(s, query_end(&q), "an entry");
  return id;
}

/* The auditor's own tree over the node's leaves. */
static void read_log(struct sim *s, struct log *log) {
  struct store *node = s->w.node.store;
  struct vtree tree = {0};
  log->size = store_size(node);
  log->at = mem_alloc_array(log->size, sizeof *log->at);
  for (uint64_t n = 1; n <= log->size; n++) {
    struct buf leaf = {0};
    log->at[n - 1].id = id_of(s, n);
    sim_must(s, store_leaf(node, n, &leaf), "a leaf");
    vtree_push(&tree, leaf.at, leaf.len);
    vtree_root(&tree, log->at[n - 1].root.at);
    buf_release(&leaf);
  }
}

static bool is_root(const struct log *log, uint64_t size, const struct hash *root) {
  return size > 0 && size <= log->size && hash_equal(&log->at[size - 1].root, root);
}

/* What anybody ever verified or signed is a beginning of what there is now. */
static void every_checkpoint_seen_is_a_prefix(struct sim *s, const struct log *log) {
  for (size_t i = 0; i < s->seen_count; i++)
    if (!is_root(log, s->seen[i].size, &s->seen[i].root))
      sim_fail(s, "every checkpoint seen is a prefix of the ledger", "%s saw one of size %llu",
               sim_name(s, s->seen[i].side), (unsigned long long)s->seen[i].size);
}

static void every_store_has_the_same_root(struct sim *s, const struct log *log, size_t side) {
  struct hash root;
  struct buf note = {0};
  uint64_t size = 0;
  enum err e = store_checkpoint_newest(sim_store(s, side), &size, &root, &note);
  buf_release(&note);
  if (e != OK || size != log->size || !is_root(log, size, &root))
    sim_fail(s, "every store has the same root", "%s: size %llu of %llu", sim_name(s, side), (unsigned long long)size,
             (unsigned long long)log->size);
}

static void every_store_has_the_same_order(struct sim *s, const struct log *log, size_t side) {
  struct query q;
  query_start_once(&q, sim_store(s, side)->db, "SELECT number, id FROM entry WHERE number < 4611686018427387904");
  while (query_row(&q)) {
    const uint64_t n = (uint64_t)query_get_int(&q, 0);
    const struct hash id = hash_from(query_get(&q, 1));
    if (n == 0 || n > log->size || !hash_equal(&id, &log->at[n - 1].id))
      sim_fail(s, "every store has the same order", "%s has another entry %llu", sim_name(s, side),
               (unsigned long long)n);
  }
  sim_must(s, query_end(&q), "the entries");
}

/* A node that is being rebuilt answers nobody. */
void sim_check_receipts(struct sim *s) {
  if (recovery_is_on(s->w.node.store))
    return;
  for (size_t i = 0; i < s->act_count; i++) {
    uint64_t first = 0;
    const struct sim_act *a = &s->acts[i];
    if (a->number && (store_find_act_id(s->w.node.store, &a->id, &first) != OK || first != a->number))
      sim_fail(s, "no receipt is broken", "%s was told that act %.8s (%s) is %llu", sim_name(s, a->member),
               hash_hex(&a->id).s, a->kind->name, (unsigned long long)a->number);
  }
}

/* ---- where entries are ---- */

static bool has_content(struct sim *s, size_t side, uint64_t number) {
  struct query q;
  query_start_once(&q, sim_store(s, side)->db, "SELECT 1 FROM content WHERE number = ?1");
  query_int(&q, 1, (int64_t)number);
  bool is = query_row(&q);
  sim_must(s, query_end(&q), "a content");
  return is;
}

/* The node has the content of every entry that was not erased, or tells its number. */
static void nothing_is_absent_in_silence(struct sim *s, const struct oracle *o, const struct lost *lost) {
  for (size_t i = 0; i < o->count; i++) {
    const uint64_t number = o->facts[i].number;
    const bool is_told = is_lost(lost, number);
    if (has_content(s, SIM_NODE, number) == (is_told || o->facts[i].record.is_erased))
      sim_fail(s, "what nobody holds is told by its number", "%llu is%s told", (unsigned long long)number,
               is_told ? "" : " not");
  }
}

static void what_was_lost_comes_back(struct sim *s, const struct lost *lost) {
  for (size_t i = 0; i < lost->count; i++)
    for (size_t m = 0; m < s->w.count; m++)
      if (has_content(s, m, lost->at[i]))
        sim_fail(s, "what was lost comes back from whoever holds it", "%s holds %llu", sim_name(s, m),
                 (unsigned long long)lost->at[i]);
}

/* Where its audience says, and nowhere else: by the plain oracle, which knows neither views nor feeds. */
static void every_entry_is_where_it_belongs(struct sim *s) {
  const struct lost lost = lost_with_node(s);
  struct oracle o;
  bool belongs = false;
  oracle_open(&o, s->w.node.store);
  for (size_t i = 0; i < o.count; i++)
    sim_met[MET_HELD] += bytes_equal_str(o.facts[i].record.entry.kind, "act.hold");
  for (size_t i = 0; i < o.count; i++)
    sim_counts[sim_kind_index(o.facts[i].kind)].entries += o.facts[i].number > s->begun;
  nothing_is_absent_in_silence(s, &o, &lost);
  what_was_lost_comes_back(s, &lost);
  for (size_t i = 0; i < o.count; i++)
    for (size_t m = 0; m < s->w.count; m++) {
      const struct hash *agency = &s->w.members[m].agency;
      const bool is_same = m > 0 && hash_equal(agency, &s->w.members[m - 1].agency);
      belongs = is_same ? belongs : oracle_goes_to(&o, agency, i) && !o.facts[i].record.is_erased;
      if (belongs != has_content(s, m, o.facts[i].number) && !is_lost(&lost, o.facts[i].number))
        sim_fail(s, "every accepted entry is where it belongs and only there", "%s %s %s %llu", sim_name(s, m),
                 belongs ? "lacks" : "holds", o.facts[i].kind->name, (unsigned long long)o.facts[i].number);
    }
  oracle_close(&o);
}

/* ---- what became of acts ---- */

enum fate { IS_LOST, IS_ACCEPTED, IS_REFUSED, IS_HELD, IS_WAITING };

static bool is_named_by(struct sim *s, const char *kind, const struct hash *act) {
  struct query q;
  struct hash_hex hex = hash_hex(act);
  bool is = false;
  query_start_once(&q, s->w.node.store->db, "SELECT 1 FROM entry WHERE kind = ?1 AND instr(header, ?2) > 0");
  query_text(&q, 1, bytes_str(kind));
  query_blob(&q, 2, bytes_str(hex.s));
  is = query_row(&q);
  sim_must(s, query_end(&q), "refusals");
  return is;
}

struct looking {
  struct store *store;
  const struct hash *act;
  char state[16];
  bool has_reason;
};

static enum err look_at_row(void *of, const struct outbox_row *row) {
  struct looking *l = of;
  struct act_record a = {0};
  enum err e = store_find_act(l->store, row->act, &a);
  if (e == OK && hash_equal(&a.position.act, l->act)) {
    memcpy(l->state, row->state, sizeof l->state);
    l->has_reason = row->rule.len > 0 && row->words.len > 0;
  }
  act_record_release(&a);
  return e;
}

static enum fate fate_of(struct sim *s, const struct sim_act *a) {
  uint64_t first;
  if (store_find_act_id(s->w.node.store, &a->id, &first) == OK)
    return IS_ACCEPTED;
  struct looking l = {.store = s->w.members[a->member].store, .act = &a->id};
  sim_must(s, store_outbox_each(l.store, &l, look_at_row), "an outbox");
  const bool is_refused = is_named_by(s, "act.refuse", &a->id), is_held = is_named_by(s, "act.hold", &a->id);
  if (a->went_with_disk && l.state[0] == '\0')
    return is_held ? IS_HELD : is_refused ? IS_REFUSED : IS_WAITING;
  if (a->is_discarded && l.state[0] == '\0' && (is_refused || is_held))
    return IS_REFUSED;
  if (strcmp(l.state, "refused") == 0 && l.has_reason && (is_refused || is_held))
    return IS_REFUSED;
  if (strcmp(l.state, "held") == 0 && l.has_reason && is_held)
    return IS_HELD;
  if (strcmp(l.state, "unsent") == 0 || strcmp(l.state, "later") == 0)
    return IS_WAITING;
  sim_tell(s, "  outbox: \"%s\"%s, refused %d, held %d", l.state, l.has_reason ? ", with a reason" : "", is_refused,
           is_held);
  return IS_LOST;
}

/* Accepted, refused or held with a reason, and the writer shown so, until they discard what was refused; or still in
 * the outbox. */
static void no_act_is_lost(struct sim *s) {
  for (size_t i = 0; i < s->act_count; i++) {
    const struct sim_act *a = &s->acts[i];
    struct sim_count *c = &sim_counts[sim_kind_index(a->kind)];
    sim_met[MET_RESTRICTED] += a->kind->audience == AUDIENCE_RESTRICTED;
    sim_met[MET_PERMITTED] += strcmp(a->kind->name, "restricted.permit") == 0;
    switch (fate_of(s, a)) {
    case IS_ACCEPTED: c->accepted++; break;
    case IS_REFUSED:
      c->refused++;
      sim_met[MET_REFUSED]++;
      break;
    case IS_HELD: c->held++; break;
    case IS_WAITING: c->waiting++; break;
    case IS_LOST:
      sim_fail(s, "no act is lost", "%s recorded act %.8s (%s)", sim_name(s, a->member), hash_hex(&a->id).s,
               a->kind->name);
    }
  }
}

/* Nothing waits where nothing is in the way. */
static void every_outbox_is_dealt_with(struct sim *s) {
  static const char *const states[] = {"unsent", "sent", "later"};
  for (size_t m = 0; m < s->w.count; m++)
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
      if (store_outbox_count(s->w.members[m].store, states[i]) > 0)
        sim_fail(s, "every outbox is dealt with", "%s: something is %s", sim_name(s, m), states[i]);
}

/* ---- the auditor ---- */

static void judge_verdicts(struct sim *s, const struct verify_result *r) {
  for (size_t i = 0; i < r->finding_count; i++)
    if (verify_code_subject(r->findings[i].code) != VERIFY_ANCHORING &&
        (verify_code_subject(r->findings[i].code) != VERIFY_PUBLICATION || s->published))
      sim_fail(s, "the auditor finds nothing", "%s %llu: %s", verify_code_text(r->findings[i].code),
               (unsigned long long)r->findings[i].entry, r->findings[i].sentence);
  if (r->verdicts[VERIFY_INTEGRITY] != VERIFY_HOLDS || r->verdicts[VERIFY_COMPLETENESS] == VERIFY_FAILS)
    sim_fail(s, "the auditor finds nothing", "and yet the ledger does not hold");
}

static void the_auditor_finds_nothing(struct sim *s, const struct log *log) {
  static const struct verify_facts none;
  struct store *node = s->w.node.store;
  struct buf leaves = {0}, note = {0};
  const char *why = NULL;
  struct verify *v = verify_new(&none, &why);
  for (uint64_t n = 1; n <= log->size; n++) {
    sim_must(s, store_leaf(node, n, &leaves), "a leaf");
    buf_u8(&leaves, '\n');
  }
  sim_must(s, store_checkpoint_at(node, log->size, &note), "the newest checkpoint");
  verify_leaves(v, leaves.at, leaves.len);
  verify_checkpoint(v, note.at, note.len);
  judge_verdicts(s, verify_end(v));
  verify_free(v);
  buf_release(&leaves);
  buf_release(&note);
}

/* ---- */

void sim_check_store(struct sim *s, size_t side) {
  views_rebuilt_equal_views_kept(s, side);
  both_values_of_every_conflict_are_visible(s, side);
}

void sim_check_lost(struct sim *s) {
  const struct lost lost = lost_with_node(s);
  struct oracle o;
  oracle_open(&o, s->w.node.store);
  nothing_is_absent_in_silence(s, &o, &lost);
  oracle_close(&o);
  sim_met[MET_LOST] += lost.count;
}

void sim_check_all(struct sim *s) {
  struct log log = {0};
  read_log(s, &log);
  sim_check_receipts(s);
  every_checkpoint_seen_is_a_prefix(s, &log);
  every_outbox_is_dealt_with(s);
  no_act_is_lost(s);
  for (size_t side = 0; side < SIM_SIDES; side++) {
    if (sim_store(s, side) == NULL)
      continue;
    every_store_has_the_same_root(s, &log, side);
    every_store_has_the_same_order(s, &log, side);
    both_values_of_every_conflict_are_visible(s, side);
  }
  every_entry_is_where_it_belongs(s);
  /* The dearest; chance gets round to all. */
  const size_t one = sim_below(&s->chance, 2 * (s->w.count + 1));
  if (one <= s->w.count)
    every_store_is_sound(s, one < s->w.count ? one : SIM_NODE);
  if (s->published)
    sim_audit_published(s, judge_verdicts);
  else
    the_auditor_finds_nothing(s, &log);
  world_search(&s->w); /* restricted information is nowhere in clear */
  free(log.at);
}
