#include "sync/duty.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/recovery.h"
#include "core/rule.h"
#include "core/second.h"

#define CERT_DAYS 730
#define DAY_S 86400
#define VALUES_MAX (12 + 2 * SECOND_ENTRIES_MAX)
#define WHAT_MAX 2000

/* ---- what was not accepted ---- */

static bool is_for_second(const struct verdict *v) {
  return v->code == VERDICT_HELD && strcmp(v->rule, SECOND_RULE) == 0;
}

/* What an entry says, for whoever decides about it: only where it is for everyone to know, and not too long. */
static char *said_of(const struct act_entry *from) {
  struct entry e;
  struct buf both = {0}, base64 = {0};
  if (entry_decode(from->header, &e) == OK && e.audience == AUDIENCE_DIRECTORY) {
    buf_add(&both, bytes_of(from->salt, ENTRY_SALT_SIZE));
    buf_add(&both, from->content);
    text_base64_encode(&base64, buf_bytes(&both));
  }
  char *said = mem_copy_string(base64.len == 0 || base64.len > SECOND_SAID_MAX ? "-" : buf_cstr(&base64));
  buf_release(&both);
  buf_release(&base64);
  return said;
}

/* The act that waits, entry by entry: two values for each. The door lets no act wait that has more entries. */
static size_t show_act(const struct msg_act *a, struct draft_value *values) {
  size_t n = 0;
  for (uint32_t i = 0; i < a->count && i < SECOND_ENTRIES_MAX; i++) {
    values[n++] = (struct draft_value){"header", bytes_copy_string(a->entries[i].header)};
    values[n++] = (struct draft_value){"said", said_of(&a->entries[i])};
  }
  return n;
}

static void add_kinds(const struct msg_act *a, struct buf *what) {
  for (uint32_t i = 0; i < a->count; i++) {
    struct entry e;
    if (entry_decode(a->entries[i].header, &e) != OK || what->len + e.kind.len + 2 > WHAT_MAX)
      return;
    buf_add_str(what, i ? ", " : "");
    buf_add(what, e.kind);
  }
}

static enum err find_second_persons(struct exchange_node *n, const struct msg_act *a, const struct hash *author,
                                    int64_t now_s, struct hash *out, size_t max, size_t *count_out) {
  struct entry *entries = mem_alloc_array(a->count, sizeof *entries);
  enum err e = OK;
  for (uint32_t i = 0; e == OK && i < a->count; i++)
    e = entry_decode(a->entries[i].header, &entries[i]);
  if (e == OK)
    e = second_deciders(n->store, entries, a->count, author, now_s, out, max, count_out);
  free(entries);
  return e;
}

/* The author, and for a hold those who decide about it. */
static enum err find_recipients(struct exchange_node *n, const struct duty_turned_away *t, const struct hash *author,
                                int64_t now_s, struct hash *to, size_t *count_out) {
  size_t deciders = 0;
  enum err e = OK;
  to[0] = *author;
  if (is_for_second(t->verdict))
    e = find_second_persons(n, t->act, author, now_s, to + 1, ENTRY_RECIPIENTS_MAX - 1, &deciders);
  else if (t->verdict->code == VERDICT_HELD)
    e = directory_keys_with_role(n->store, ROLE_KEEPER, now_s, to + 1, ENTRY_RECIPIENTS_MAX - 1, &deciders);
  *count_out = 1;
  for (size_t i = 1; e == OK && i <= deciders; i++)
    if (!hash_equal(&to[i], author))
      to[(*count_out)++] = to[i];
  return e;
}

static enum err keep_held(struct exchange_node *n, const struct msg_act *a, uint64_t number) {
  struct buf message = {0};
  struct hash hold;
  msg_act_encode(&message, a);
  enum err e = author_id_of(n->store, number, &hold);
  if (e == OK)
    e = store_held_put(n->store, &hold, buf_bytes(&message));
  buf_release(&message);
  return e;
}

enum err duty_hold_again(struct exchange_node *n, const struct msg_act *a, const struct hash *act) {
  struct buf message = {0};
  struct hash hold;
  for (uint32_t i = 0; i < a->count; i++)
    if (a->entries[i].parts_size)
      return OK; /* its contents are not here */
  enum err e = recovery_find_hold(n->store, act, &hold);
  if (e != OK)
    return e == ERR_ABSENT ? OK : e;
  msg_act_encode(&message, a);
  e = store_held_put(n->store, &hold, buf_bytes(&message));
  buf_release(&message);
  return e;
}

/* In an entry that stays, the rule's own words: what of it was broken may name what is erased or taken back later. */
static const char *words_to_keep(const struct verdict *v) {
  const struct rule *r = rule_find(bytes_str(v->rule));
  return r ? r->words : v->words;
}

enum err duty_turn_away(struct exchange_node *n, const struct duty_turned_away *t, int64_t now_s) {
  const struct verdict *v = t->verdict;
  bool is_hold = v->code == VERDICT_HELD;
  struct act_text text;
  struct entry first;
  struct hash to[ENTRY_RECIPIENTS_MAX];
  struct buf head = {0}, what = {0}, written = {0};
  struct verdict own;
  char number[32];
  struct draft draft = {.kind = kind_find(bytes_str(is_hold ? "act.hold" : "act.refuse")), .to = to};
  enum err e = act_text_of(t->act->entries, t->act->count, &text);
  if (e == OK)
    e = entry_decode(t->act->entries[0].header, &first);
  if (e == OK)
    e = find_recipients(n, t, &text.by, now_s, to, &draft.to_count);
  if (e != OK)
    return e;
  struct hash_hex replica = hash_hex(&t->position.replica), previous = hash_hex(&t->position.previous),
                  act = hash_hex(&t->position.act), by = hash_hex(&text.by);
  snprintf(number, sizeof number, "%" PRIu64, t->position.number);
  text_base64_encode(&head, t->head);
  add_kinds(t->act, &what);
  buf_add(&written, first.at);
  struct draft_value values[VALUES_MAX] = {
      {"replica", replica.s}, {"number", number}, {"previous", previous.s},   {"act", act.s},
      {"author", by.s},       {"rule", v->rule},  {"words", words_to_keep(v)}};
  draft.count = 7;
  draft.values = values;
  if (head.len)
    values[draft.count++] = (struct draft_value){"head", buf_cstr(&head)};
  if (!is_hold && v->remedy[0])
    values[draft.count++] = (struct draft_value){"remedy", v->remedy};
  if (is_hold) {
    values[draft.count++] = (struct draft_value){"written", buf_cstr(&written)};
    values[draft.count++] = (struct draft_value){"what", buf_cstr(&what)};
  }
  size_t shown = draft.count;
  if (is_for_second(v))
    draft.count += show_act(t->act, values + shown);
  e = exchange_node_write(n, &draft, 1, now_s, &own);
  if (e == OK && is_hold)
    e = keep_held(n, t->act, own.first);
  for (; shown < draft.count; shown++)
    free((char *)(uintptr_t)values[shown].value);
  buf_release(&head);
  buf_release(&what);
  buf_release(&written);
  return e;
}

/* ---- certificates ---- */

enum err duty_certify(struct exchange_node *n, const struct key *key, enum cert_use use, const struct hash *subject,
                      int64_t now_s, struct buf *cert_out) {
  struct directory_log log = {0};
  struct buf cert = {0}, base64 = {0};
  struct hash_hex id = hash_hex(subject);
  struct verdict v;
  enum err e = directory_log(n->store, &log);
  /* A little back in time, for machines whose clocks are a little behind. */
  if (e == OK)
    e = cert_issue(n->authority, buf_bytes(&log.authority), key, use, subject, NULL, now_s - 3600,
                   now_s + (int64_t)CERT_DAYS * DAY_S, &cert);
  if (e == OK) {
    text_base64_encode(&base64, buf_bytes(&cert));
    struct draft_value values[] = {{"subject", id.s}, {"cert", buf_cstr(&base64)}};
    struct draft draft = {kind_find(bytes_str("cert.issue")), values, 2, NULL, 0};
    e = exchange_node_write(n, &draft, 1, now_s, &v);
  }
  if (e == OK && cert_out)
    buf_add(cert_out, buf_bytes(&cert));
  directory_log_release(&log);
  buf_release(&cert);
  buf_release(&base64);
  return e;
}

static enum err certify_introduced(struct exchange_node *n, const struct entry *e, int64_t now_s) {
  static const struct {
    const char *kind, *key;
    enum cert_use use;
  } introducing[] = {{"person.add", "sign", CERT_PERSON},
                     {"person.key", "sign", CERT_PERSON},
                     {"replica.add", "replica", CERT_REPLICA}};
  enum err err = OK;
  for (size_t i = 0; err == OK && i < sizeof introducing / sizeof *introducing; i++) {
    struct buf spki = {0};
    struct key *key = NULL;
    if (!bytes_equal_str(e->kind, introducing[i].kind))
      continue;
    err = text_base64_decode(entry_key(e, introducing[i].key), &spki);
    if (err == OK)
      err = key_from_spki(buf_bytes(&spki), &key);
    if (err == OK)
      err = duty_certify(n, key, introducing[i].use, &e->id, now_s, NULL);
    key_free(key);
    buf_release(&spki);
  }
  return err;
}

/* ---- renewal ---- */

#define RENEW_DAYS 90
#define RENEW_AT_ONCE 64 /* those that end first; the next sync takes the others */

static enum err find_due(struct exchange_node *n, const struct hash *replica, int64_t now_s, struct cert_facts *out,
                         size_t max, size_t *count_out) {
  return directory_due(n->store, replica, now_s, now_s + (int64_t)RENEW_DAYS * DAY_S, out, max, count_out);
}

enum err duty_is_renewal_due(struct exchange_node *n, const struct hash *replica, int64_t now_s, bool *out) {
  struct cert_facts first;
  size_t count = 0;
  enum err e = find_due(n, replica, now_s, &first, 1, &count);
  *out = count > 0;
  return e;
}

enum err duty_renew(struct exchange_node *n, const struct hash *replica, int64_t now_s) {
  struct cert_facts due[RENEW_AT_ONCE];
  size_t count = 0;
  enum err e = find_due(n, replica, now_s, due, RENEW_AT_ONCE, &count);
  for (size_t i = 0; e == OK && i < count; i++) {
    struct key *key = NULL;
    e = key_from_spki(bytes_of(due[i].spki, due[i].spki_len), &key);
    if (e == OK)
      e = duty_certify(n, key, due[i].use, &due[i].subject, now_s, NULL);
    key_free(key);
  }
  return e;
}

/* ---- who may see what ---- */

#define CHANGE_CHILDREN ENTRY_CHILDREN_MAX

static enum err note_one(void *of, const struct feed_change *c) {
  buf_add(of, bytes_of(c, sizeof *c));
  return OK;
}

/* That something moved which is for people by name is for the keeper and whoever moved it: others would learn that
 * there is such a thing. */
static void address_telling(struct draft *d, const char *kind, const struct entry *cause) {
  bool is_named = scope_is_for_named(cause->audience);
  char name[64];
  snprintf(name, sizeof name, "%s%s", kind, is_named ? "-named" : "");
  d->kind = kind_find(bytes_str(name));
  d->to = &cause->by;
  d->to_count = is_named;
}

/* The act of an entry, which has its header also where its content was lost. */
static enum err find_act_of(struct store *s, uint64_t number, struct act_record *out) {
  uint64_t first;
  enum err e = store_act_of(s, number, &first);
  return e == OK ? store_find_act(s, first, out) : e;
}

static enum err tell_one(struct exchange_node *n, const struct feed_change *c, const char *kind, uint64_t entries,
                         int64_t now_s) {
  struct act_record act = {0};
  struct record agency = {0};
  struct feed_end end;
  struct verdict v;
  struct draft_value values[CHANGE_CHILDREN + 5];
  struct hash_hex children[CHANGE_CHILDREN];
  struct draft draft = {.values = values};
  char count[32], place[32];
  enum err e = find_act_of(n->store, c->cause, &act);
  if (e == OK)
    e = store_find_number(n->store, c->agency, &agency);
  if (e == OK)
    e = feed_end(n->store, c->agency, &end);
  if (e == OK) {
    const struct entry *cause = &act.entries[c->cause - act.entries[0].number].entry;
    struct hash_hex because = hash_hex(&cause->id), who = hash_hex(&agency.entry.id), digest = hash_hex(&end.digest);
    address_telling(&draft, kind, cause);
    snprintf(count, sizeof count, "%" PRIu64, entries);
    snprintf(place, sizeof place, "%" PRIu64, end.place);
    for (size_t i = 0; i < cause->child_count; i++) {
      children[i] = hash_hex(&cause->children[i]);
      values[draft.count++] = (struct draft_value){"child", children[i].s};
    }
    values[draft.count++] = (struct draft_value){"agency", who.s};
    values[draft.count++] = (struct draft_value){"because", because.s};
    values[draft.count++] = (struct draft_value){"entries", count};
    values[draft.count++] = (struct draft_value){"place", place};
    values[draft.count++] = (struct draft_value){"digest", digest.s};
    e = exchange_node_write(n, &draft, 1, now_s, &v);
  }
  act_record_release(&act);
  record_release(&agency);
  return e;
}

/* Admitted with what is newest, which is what moved it. Its content may be lost (core/recovery.h). */
static enum err find_newest_time(struct store *s, int64_t *out) {
  struct act_record act = {0};
  enum err e = find_act_of(s, store_size(s), &act);
  if (e == OK)
    e = text_time_parse(bytes_str(act.admitted.s), out);
  act_record_release(&act);
  return e;
}

enum err duty_tell_changes(struct exchange_node *n) {
  struct buf changes = {0};
  int64_t now_s = 0;
  enum err e = feed_each_change(n->store, &changes, note_one);
  const struct feed_change *c = (const struct feed_change *)(const void *)changes.at;
  size_t count = changes.len / sizeof *c;
  if (e == OK && count)
    e = feed_forget_changes(n->store);
  if (e == OK && count)
    e = find_newest_time(n->store, &now_s);
  for (size_t i = 0; e == OK && i < count; i++) {
    if (c[i].delivered)
      e = tell_one(n, &c[i], "scope.grow", c[i].delivered, now_s);
    if (e == OK && c[i].withdrawn)
      e = tell_one(n, &c[i], "scope.shrink", c[i].withdrawn, now_s);
  }
  buf_release(&changes);
  return e;
}

enum err duty_put_receipt(struct exchange_node *n, const struct hash *machine, const struct feed_end *end,
                          struct bytes signature, int64_t now_s) {
  struct hash_hex who = hash_hex(machine), digest = hash_hex(&end->digest);
  struct buf base64 = {0};
  struct verdict v;
  char place[32];
  snprintf(place, sizeof place, "%" PRIu64, end->place);
  text_base64_encode(&base64, signature);
  struct draft_value values[] = {
      {"replica", who.s}, {"place", place}, {"digest", digest.s}, {"signature", buf_cstr(&base64)}};
  struct draft draft = {.kind = kind_find(bytes_str("feed.receipt")), .values = values, .count = 4};
  enum err e = exchange_node_write(n, &draft, 1, now_s, &v);
  buf_release(&base64);
  return e;
}

/* ---- held acts ---- */

static enum err let_through(struct exchange_node *n, const struct hash *hold, const struct msg_act *a, int64_t now_s) {
  struct record r = {0};
  struct verdict v = {0};
  struct accept_act in = {.how = ACCEPT_ADMIT,
                          .entries = a->entries,
                          .count = a->count,
                          .size = a->count,
                          .signature = a->signature,
                          .position = a->position,
                          .previous = a->previous,
                          .is_released = true,
                          .now_s = now_s};
  enum err e = store_find(n->store, hold, &r);
  if (e == OK)
    e = hash_parse(entry_fact(&r.entry, "replica"), &in.replica);
  in.is_confirmed = e == OK && bytes_equal_str(entry_fact(&r.entry, "rule"), SECOND_RULE);
  if (e == OK)
    e = accept_act(n->store, &in, &v);
  if (e == OK && (v.code == VERDICT_REFUSED || v.code == VERDICT_HELD)) {
    struct duty_turned_away t = {.act = a, .position = {in.replica, a->position, a->previous, v.act}, .verdict = &v};
    e = duty_turn_away(n, &t, now_s);
  } else if (e == OK && v.code == VERDICT_ACCEPTED) {
    e = duty_follow(n, a, now_s);
  }
  record_release(&r);
  return e;
}

static enum err decide_held(struct exchange_node *n, const struct entry *e, bool is_release, int64_t now_s) {
  const struct hash *hold = entry_ref(e, "hold");
  struct buf message = {0};
  struct msg_act a = {0};
  enum err err = is_release ? store_held_find(n->store, hold, &message) : OK;
  if (err == OK && is_release)
    err = msg_act_decode(buf_bytes(&message), &a);
  if (err == OK && is_release)
    err = let_through(n, hold, &a, now_s);
  if (err == OK)
    err = store_held_drop(n->store, hold);
  msg_act_release(&a);
  buf_release(&message);
  return err;
}

/* Most are of none of these, and are not decoded for it: the header was checked at the door. */
static bool is_followed(struct bytes kind) {
  static const char *const followed[] = {"person.add", "person.key", "replica.add", "held.release", "held.reject"};
  for (size_t i = 0; i < sizeof followed / sizeof *followed; i++)
    if (bytes_equal_str(kind, followed[i]))
      return true;
  return false;
}

enum err duty_follow(struct exchange_node *n, const struct msg_act *a, int64_t now_s) {
  enum err err = OK;
  for (uint32_t i = 0; err == OK && i < a->count; i++) {
    struct entry e;
    if (!is_followed(entry_kind(a->entries[i].header)))
      continue;
    err = entry_decode(a->entries[i].header, &e);
    if (err == OK)
      err = certify_introduced(n, &e, now_s);
    if (err == OK && bytes_equal_str(e.kind, "held.release"))
      err = decide_held(n, &e, true, now_s);
    else if (err == OK && bytes_equal_str(e.kind, "held.reject"))
      err = decide_held(n, &e, false, now_s);
  }
  return err;
}
