/* The node's side of recovery: who may show and offer what, and the end of it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cert.h"
#include "core/directory.h"
#include "sync/recover.h"

/* Whoever the authority has certified, while the directory may not go far enough to say who counts; but nobody who was
 * revoked as far as it goes. */
static enum err check_machine(struct exchange_node *n, const struct hash *replica, int64_t now_s) {
  struct machine machine = {0};
  bool is_on = recovery_is_on(n->store);
  enum err e = directory_machine(n->store, replica, &machine);
  if (is_on && recovery_is_without(n->store, replica))
    return err_set_remedy(ERR_KEY, "ask the administrator of the node why",
                          "the node is being rebuilt without this machine");
  if (e == ERR_KEY && is_on)
    return OK;
  if (e == OK && (machine.is_revoked || (!is_on && !machine_is_valid(&machine, now_s))))
    e = err_set(ERR_KEY, "this machine does not take part any more");
  return e;
}

static enum err check_ledger(struct exchange_node *n, const struct hash *ledger) {
  struct directory_log log = {0};
  struct hash own = {{0}};
  enum err e = directory_log(n->store, &log);
  if (e == OK)
    own = log.ledger;
  else if (store_size(n->store) == 0)
    e = store_meta_hash(n->store, "ledger", &own);
  directory_log_release(&log);
  return e == OK && !hash_equal(&own, ledger) ? err_set(ERR_CHAIN, "this replica follows another ledger") : e;
}

/* Whose signature a note bears. Where the node was restored from a copy of before its key was changed, the key that it
 * has now is not the one that its log ends with, and machines may know yet others in between. */
enum signer { BY_THE_KEY, BY_ONE_BEFORE, BY_NONE };

static bool is_by(const struct key *k, const char *origin, struct bytes note) {
  struct buf formatted = {0};
  struct note_vkey vkey;
  struct bytes text;
  note_vkey_format(&formatted, origin, k);
  bool is = note_vkey_parse(buf_bytes(&formatted), &vkey) == OK && note_open(note, &vkey, &text) == OK;
  buf_release(&formatted);
  return is;
}

struct seeking {
  const struct checkpoint *c;
  struct bytes note;
  bool is_found;
};

static enum err try_key(void *of, struct bytes spki) {
  struct seeking *x = of;
  struct key *k = NULL;
  x->is_found = x->is_found || (key_from_spki(spki, &k) == OK && is_by(k, x->c->origin, x->note));
  key_free(k);
  return OK;
}

/* By the key that was the ledger's at that size, as far as the log goes; or by one that somebody has offered a leaf of.
 */
static enum err find_before(struct exchange_node *n, struct seeking *x) {
  struct directory_log log = {0};
  enum err e = directory_log_at(n->store, x->c->size + 1, &log);
  if (e == OK)
    e = try_key(x, buf_bytes(&log.ledger_key));
  directory_log_release(&log);
  e = e == ERR_ABSENT ? OK : e;
  return e == OK && !x->is_found ? recovery_each_ledger_key(n->store, x, try_key) : e;
}

static enum err open_note(struct exchange_node *n, struct bytes note, struct checkpoint *out, enum signer *signer_out) {
  struct checkpoint c;
  struct bytes text;
  struct seeking x = {.c = &c, .note = note};
  enum err e = note_text(note, &text);
  if (e == OK)
    e = checkpoint_parse(text, &c);
  if (e != OK)
    return e;
  *signer_out = BY_THE_KEY;
  if (!is_by(n->ledger, c.origin, note)) {
    e = find_before(n, &x);
    *signer_out = x.is_found ? BY_ONE_BEFORE : BY_NONE;
  }
  if (e == OK)
    *out = c;
  return e;
}

/* A feed that was made anew may not be the one that the replica has followed. A file follows none. */
static enum err compare_feed(struct exchange_node *n, const struct hash *replica, const struct feed_end *have,
                             bool *anew_out) {
  struct machine machine = {0};
  struct feed_end there = {0};
  uint64_t feed = 0;
  if (recovery_is_on(n->store) || store_meta_number(n->store, "rebuilt") == 0 || have->place == 0)
    return OK;
  enum err e = directory_machine(n->store, replica, &machine);
  if (e == ERR_KEY)
    return OK;
  if (e == OK)
    e = feed_of_agency(n->store, &machine.agency, &feed);
  if (e == OK)
    e = feed_at(n->store, feed, have->place, &there);
  *anew_out = e == ERR_ABSENT || (e == OK && !hash_equal(&there.digest, &have->digest));
  return e == ERR_ABSENT ? OK : e;
}

static void tell(struct exchange_node *n, const struct hash *replica, const struct checkpoint *c) {
  if (n->told)
    buf_addf(n->told,
             "the machine %.8s has shown a signed ledger of %" PRIu64 " entries, and this node has %" PRIu64
             ": it serves nobody until cairnd rebuild has ended that\n",
             hash_hex(replica).s, c->size, store_size(n->store));
}

/* ERR_HAD: it is of the ledger before it was opened anew, and says nothing of how far this one goes. */
static enum err check_is_of_this(struct exchange_node *n, const struct checkpoint *c) {
  if (!directory_is_former_origin(n->store, bytes_str(c->origin)))
    return OK;
  return err_set(ERR_HAD, "this is a checkpoint of \"%s\", which the ledger was before it was opened anew", c->origin);
}

static enum err not_signed(void) {
  return err_set_remedy(ERR_CHAIN, "tell the node's administrator",
                        "the checkpoint that this replica shows is not signed by the node's key for the ledger");
}

/* Behind the log, what a key of before has signed is no goal: the one that the node has now has signed a larger one. On
 * the way to that it is kept for those who know no later key. */
static enum err note_shown(struct exchange_node *n, const struct checkpoint *c, struct bytes note, enum signer signer) {
  const bool is_ahead = c->size > store_size(n->store);
  struct hash root;
  uint64_t goal = 0;
  if (signer == BY_NONE || (signer == BY_ONE_BEFORE && is_ahead && !recovery_is_on(n->store)))
    return not_signed();
  enum err e = recovery_find_goal(n->store, &goal, &root);
  bool is_wanted = signer == BY_THE_KEY || !is_ahead || c->size < goal;
  return e == OK && is_wanted ? recovery_show(n->store, c, note) : e;
}

enum err recover_hear(struct exchange_node *n, const struct hash *source, struct bytes note, struct checkpoint *out) {
  struct checkpoint c = {0};
  enum signer signer;
  bool was_on = recovery_is_on(n->store);
  enum err e = open_note(n, note, &c, &signer);
  if (e == OK)
    e = check_is_of_this(n, &c);
  if (e == OK)
    e = note_shown(n, &c, note, signer);
  if (e == OK && recovery_is_on(n->store))
    e = recovery_hear(n->store, source, c.size);
  if (e == OK && !was_on && recovery_is_on(n->store))
    tell(n, source, &c);
  if (e == OK)
    *out = c;
  return e;
}

/* While the node is being rebuilt it takes what such a machine offers, among which may be what names the key; then the
 * machine is heard the next time. */
static bool is_unknown(struct exchange_node *n, const struct hash *replica, struct bytes note) {
  struct checkpoint c;
  enum signer signer;
  if (!recovery_is_on(n->store) || open_note(n, note, &c, &signer) != OK || signer != BY_NONE)
    return false;
  if (n->told)
    buf_addf(n->told,
             "the machine %.8s shows a ledger of %" PRIu64 " entries that is signed by a key that is not here: if the "
             "ledger's key was changed after the backup, put the newer files of keys into the node's folder and start "
             "it again\n",
             hash_hex(replica).s, c.size);
  return true;
}

static enum err hear(struct exchange_node *n, const struct hash *replica, const struct recover_request *m,
                     struct recover_answer *out) {
  struct checkpoint c = {0};
  if (is_unknown(n, replica, m->note))
    return recovery_next(n->store, 0, &out->next);
  enum err e = recover_hear(n, replica, m->note, &c);
  if (e == ERR_HAD) {
    out->opened_anew = true;
    return OK;
  }
  if (e == OK)
    e = compare_feed(n, replica, &m->have, &out->follow_anew);
  return e == OK ? recovery_next(n->store, 0, &out->next) : e;
}

static enum err take_offers(struct exchange_node *n, const struct hash *replica, const struct recover_request *m,
                            struct recover_answer *out, struct buf *wanted) {
  uint64_t last = 0, number = 0;
  enum err e = OK;
  for (uint32_t i = 0; e == OK && i < m->count; i++) {
    struct hash entry;
    e = recovery_offer(n->store, replica, &m->items[i], &number, &entry);
    if (e == OK && number <= last)
      e = err_set(ERR_FORM, "what is offered is not in the order of its numbers");
    last = number;
    if (e == OK && !hash_is_zero(&entry))
      buf_add(wanted, hash_bytes(&entry));
  }
  out->wanted = buf_bytes(wanted);
  out->wanted_count = (uint32_t)(wanted->len / HASH_SIZE);
  return e == OK ? recovery_next(n->store, last, &out->next) : e;
}

static enum err handle(struct exchange_node *n, const struct hash *replica, const struct recover_request *m,
                       int64_t now_s, struct recover_answer *out, struct buf *wanted) {
  enum err e = OK;
  switch (m->what) {
  case RECOVER_SHOW: e = hear(n, replica, m, out); break;
  case RECOVER_OFFER: e = take_offers(n, replica, m, out, wanted); break;
  case RECOVER_PART: e = recovery_part(n->store, replica, &m->part, now_s); break;
  }
  out->is_on = recovery_is_on(n->store);
  /* What came back may have moved who is to hold what. */
  return e == OK && !out->is_on ? exchange_node_checkpoint(n) : e;
}

enum err recover_serve(struct exchange_node *n, const struct hash *replica, struct bytes request, int64_t now_s,
                       struct buf *answer) {
  enum err e = check_machine(n, replica, now_s);
  return e == OK ? recover_serve_file(n, replica, request, now_s, answer) : e;
}

enum err recover_serve_file(struct exchange_node *n, const struct hash *replica, struct bytes request, int64_t now_s,
                            struct buf *answer) {
  struct recover_request m = {0};
  struct recover_answer out = {0};
  struct buf wanted = {0};
  enum err e = recover_request_decode(request, &m);
  if (e == OK)
    e = check_ledger(n, &m.ledger);
  if (e == OK)
    e = store_begin(n->store);
  if (e == OK) {
    e = handle(n, replica, &m, now_s, &out, &wanted);
    e = store_end(n->store, e);
  }
  if (e == OK)
    recover_answer_encode(answer, &out);
  buf_release(&wanted);
  recover_request_release(&m);
  return e == OK ? buf_err(answer) : e;
}

/* ---- the end ---- */

struct looking {
  struct hash id;
  bool is_found;
};

static enum err look_at_authority(void *of, const struct authority_row *row) {
  struct looking *l = of;
  struct hash id;
  l->is_found = l->is_found || (cert_authority_key_id(row->cert, &id) == OK && hash_equal(&id, &l->id));
  return OK;
}

static bool was_ledger(struct store *s, const struct hash *id) {
  uint64_t number;
  return directory_handed_over(s, id, &number) == OK;
}

static bool was_authority(struct store *s, const struct hash *id) {
  struct looking l = {.id = *id};
  return directory_each_authority(s, &l, look_at_authority) == OK && l.is_found;
}

/* A key of before was changed since; one that the ledger never had was made after all that was offered. */
static enum err check_key(struct store *s, const struct key *k, const struct hash *wanted, const char *file,
                          bool (*was_in_force)(struct store *s, const struct hash *id)) {
  struct hash id = key_id(k);
  if (hash_equal(&id, wanted))
    return OK;
  if (was_in_force(s, &id))
    return err_set_remedy(ERR_REFUSED, "put the file of the newer key into the node's folder",
                          "\"%s\" is not the key that the ledger names at its end: it was changed since", file);
  return err_set_remedy(ERR_REFUSED,
                        "a mirror, or machines that were not heard, may have it; if nobody has, put the file of the "
                        "key before, which the backup has, into the node's folder",
                        "\"%s\" is a key that the ledger does not name: nobody has offered the entry that does", file);
}

static enum err check_keys(const struct exchange_node *n) {
  struct store *s = n->store;
  struct directory_log log = {0};
  struct hash authority, ledger;
  enum err e = directory_log(s, &log);
  if (e == OK) {
    ledger = hash_of(buf_bytes(&log.ledger_key));
    e = cert_authority_key_id(buf_bytes(&log.authority), &authority);
  }
  if (e == OK)
    e = check_key(s, n->ledger, &ledger, "ledger.key", was_ledger);
  if (e == OK)
    e = check_key(s, n->operating, &log.operating_id, "operating.key", directory_is_operating);
  if (e == OK)
    e = check_key(s, n->authority, &authority, "authority.key", was_authority);
  directory_log_release(&log);
  return e;
}

enum err recover_finish(struct exchange_node *n, enum recovery_rest rest) {
  enum err e = store_begin(n->store);
  if (e != OK)
    return e;
  e = recovery_finish(n->store, rest);
  if (e == OK)
    e = check_keys(n);
  if (e == OK)
    e = recovery_check_reached(n->store);
  e = store_end(n->store, e);
  /* Where it cannot be done now, the serving node does it within a second. */
  if (e == OK && feed_needs_scrub(n->store))
    feed_scrub(n->store);
  return e;
}

/* ---- the last resort ---- */

/* The name with a number behind it, or the next number. */
static enum err next_origin(struct bytes origin, struct buf *out) {
  const uint8_t *slash = memrchr(origin.at, '/', origin.len);
  struct bytes behind = slash ? bytes_of(slash + 1, origin.len - (size_t)(slash + 1 - origin.at)) : bytes_of(NULL, 0);
  uint64_t number = 1;
  bool has_number = behind.len > 0 && text_number(behind, &number) == OK && number < UINT32_MAX;
  buf_addf(out, "%.*s/%" PRIu64, (int)(origin.len - (has_number ? behind.len + 1 : 0)), (const char *)origin.at,
           (has_number ? number : 1) + 1);
  return text_is_origin(buf_bytes(out)) ? OK : err_set(ERR_LIMIT, "the ledger's name is too long for another number");
}

/* What the values are borrowed from. */
struct telling {
  struct buf origin, former, note;
  char kept[24], size[24], runs[RECOVERY_RUNS_MAX][48];
  struct hash_hex root;
  struct draft_value values[8 + RECOVERY_RUNS_MAX];
};

static void fill(struct telling *t, const struct recovery_anew *a, const char *reason, struct draft *d) {
  snprintf(t->kept, sizeof t->kept, "%" PRIu64, a->kept);
  snprintf(t->size, sizeof t->size, "%" PRIu64, a->size);
  t->root = hash_hex(&a->root);
  buf_add(&t->note, buf_bytes(&a->note));
  const struct draft_value fixed[] = {{"origin", buf_cstr(&t->origin)},
                                      {"former", buf_cstr(&t->former)},
                                      {"kept", t->kept},
                                      {"size", t->size},
                                      {"root", t->root.s},
                                      {"reason", reason},
                                      {"checkpoint", buf_cstr(&t->note)}};
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
    t->values[d->count++] = fixed[i];
  for (size_t i = 0; i < a->run_count; i++) {
    snprintf(t->runs[i], sizeof t->runs[i], "%" PRIu64 "-%" PRIu64, a->runs[i].first, a->runs[i].last);
    t->values[d->count++] = (struct draft_value){"missing", t->runs[i]};
  }
}

static enum err write_anew(struct exchange_node *n, const struct recovery_anew *a, const char *reason, int64_t now_s) {
  struct telling t = {0};
  struct draft d = {kind_find(bytes_str("log.anew")), t.values, 0, NULL, 0};
  struct directory_log log = {0};
  struct verdict v;
  enum err e = directory_log(n->store, &log);
  buf_add(&t.former, buf_bytes(&log.origin));
  if (e == OK)
    e = next_origin(buf_bytes(&log.origin), &t.origin);
  fill(&t, a, reason, &d);
  if (e == OK)
    e = exchange_node_write(n, &d, 1, now_s, &v);
  if (e == OK)
    e = exchange_node_checkpoint(n);
  directory_log_release(&log);
  buf_release(&t.origin);
  buf_release(&t.former);
  buf_release(&t.note);
  return e;
}

enum err recover_go_on_anew(struct exchange_node *n, enum recovery_rest rest, const char *reason, int64_t now_s,
                            struct recovery_anew *out) {
  struct recovery_anew a = {0};
  enum err e = store_begin(n->store);
  if (e != OK)
    return e;
  e = recovery_go_on_anew(n->store, rest, now_s, &a);
  if (e == OK)
    e = check_keys(n);
  if (e == OK)
    e = write_anew(n, &a, reason, now_s);
  e = store_end(n->store, e);
  if (e == OK && feed_needs_scrub(n->store))
    feed_scrub(n->store);
  if (e == OK)
    *out = a;
  else
    recovery_anew_release(&a);
  return e;
}
