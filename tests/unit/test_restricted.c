/* Restricted information between replicas and the node: who holds an item, who can open it, what a node refuses
 * however a request was made, what a node can try that has every key of its own, and how an item is permitted, taken
 * back and erased. Which rule says what is for test_rules.c. */
#include "core/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/feed.h"
#include "core/recheck.h"
#include "core/restricted.h"
#include "core/store_parts.h"
#include "tests/lib/cms.h"
#include "tests/lib/world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define SECRET "kestrel-41"
static const char content[] = "{\"basis\":\"x\",\"what\":\"" SECRET "\"}";

/* ---- the world of every test ---- */

static struct world w;
/* Hana provides; Anna may read it; Pete does not, Tess supports the family, Gone has left, Kin is kept out. Hand is of
 * Hana's agency and on a machine whose requests are made by hand. */
static struct world_member *anna, *keeper, *admin, *hana, *lead, *officer, *hand, *pete, *other_lead, *gone, *kin,
    *tess;
static struct key *role_key, *escrow_key;
static struct hash child, meeting;

static void sync_all(void) {
  for (int round = 0; round < 2; round++)
    for (size_t i = 0; i < w.count; i++)
      if (&w.members[i] != hand && &w.members[i] != gone)
        world_sync(&w, &w.members[i]);
}

static void introduce(struct world_member *m, const char *kind, const struct key *k) {
  struct hash_hex agency = hash_hex(&m->agency);
  struct buf base64 = {0};
  text_base64_encode(&base64, key_spki(k));
  world_record(&w, m, WORLD_DRAFT(kind, {"agency", agency.s}, {"seal", buf_cstr(&base64)}));
  buf_release(&base64);
}

static void join_all(void) {
  struct hash social = world_agency(&w, "Social Work", "social-work"), health = world_agency(&w, "Health", "health"),
              police = world_agency(&w, "Police", "police"), third = world_agency(&w, "Aid", "third-sector");
  anna = world_join(&w, &social, "Anna", "practitioner lead-professional chair");
  keeper = world_join(&w, &social, "Kay", "keeper");
  admin = world_join(&w, &social, "Adam", "administrator designated-lead officer");
  hana = world_join(&w, &health, "Hana", "practitioner");
  lead = world_join(&w, &health, "Lena", "designated-lead");
  officer = world_join(&w, &health, "Olga", "officer");
  hand = world_join(&w, &health, "Hand", "practitioner");
  pete = world_join(&w, &police, "Pete", "practitioner");
  other_lead = world_join(&w, &police, "Lou", "designated-lead");
  gone = world_join(&w, &police, "Gone", "practitioner");
  kin = world_join(&w, &police, "Kin", "practitioner");
  tess = world_join(&w, &third, "Tess", "practitioner");
}

static int open_world(void **state) {
  (void)state;
  if (world_again(&w))
    return 0;
  world_open(&w, 7);
  join_all();
  role_key = key_new();
  escrow_key = key_new();
  for (size_t i = 0; i < w.count; i++)
    world_sync(&w, &w.members[i]);
  introduce(lead, "agency.key", role_key);
  introduce(keeper, "escrow.key", escrow_key);
  child = world_record(&w, anna, WORLD_DRAFT("child.add", {"name", "Isla Reid"}));
  struct hash_hex c = hash_hex(&child), chair = hash_hex(&anna->person), left = hash_hex(&gone->person),
                  barred = hash_hex(&kin->person), supporter = hash_hex(&tess->person);
  const struct hash agencies[] = {hana->agency, pete->agency, tess->agency};
  for (size_t i = 0; i < COUNT(agencies); i++)
    world_record(&w, anna, WORLD_DRAFT("involvement.start", {"child", c.s}, {"agency", hash_hex(&agencies[i]).s}));
  meeting = world_record(&w, anna,
                         WORLD_DRAFT("meeting.convene", {"child", c.s}, {"type", "initial"},
                                     {"on", "2026-12-01T10:00:00Z"}, {"chair", chair.s}));
  struct hash_hex m = hash_hex(&meeting);
  world_record(&w, anna,
               WORLD_DRAFT("attendance.record", {"child", c.s}, {"meeting", m.s}, {"person", supporter.s},
                           {"role", "support"}, {"attended", "all"}));
  world_sync(&w, anna);
  world_sync(&w, keeper);
  world_record(&w, keeper, WORLD_DRAFT("staff.bar", {"child", c.s}, {"person", barred.s}, {"reason", "x"}));
  world_record(&w, admin, WORLD_DRAFT("person.revoke", {"person", left.s}, {"why", "left"}));
  sync_all();
  world_sync(&w, hand);
  world_keep(&w);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

static int free_keys(void **state) {
  (void)state;
  key_free(role_key);
  key_free(escrow_key);
  return 0;
}

/* ---- recording as the programs do ---- */

#define KEYS_MAX 8

static size_t ids_of(const struct key *const *keys, struct hash *out) {
  size_t n = 0;
  for (; n < KEYS_MAX && keys[n]; n++)
    out[n] = key_id(keys[n]);
  return n;
}

/* Hana's item for Anna. */
static struct hash add_item(void) {
  struct hash_hex c = hash_hex(&child), m = hash_hex(&meeting);
  struct hash to[KEYS_MAX];
  struct draft d = WORLD_DRAFT("restricted.add", {"child", c.s}, {"meeting", m.s}, {"category", "at-risk"},
                               {"basis", "x"}, {"what", SECRET});
  d.to_count = ids_of((const struct key *const[]){hana->seal_key, anna->seal_key, role_key, escrow_key, NULL}, to);
  d.to = to;
  return world_record(&w, hana, d);
}

static enum err open_with(struct store *s, const struct hash *id, const struct key *k, uint8_t *salt, struct buf *out) {
  struct record r = {0};
  enum err e = store_find(s, id, &r);
  if (e == OK)
    e = r.has_content ? seal_open(buf_bytes(&r.content), &r.entry, k, salt, out) : ERR_ABSENT;
  record_release(&r);
  return e;
}

/* The content of an item, as somebody who can open it passes it on, and why. */
static enum err write_permit(struct world_member *m, const struct key *with, const struct hash *item,
                             struct world_member *to, const char *reason, struct verdict *v) {
  struct hash sealed_to = key_id(to->seal_key), told = key_id(to->key);
  struct hash_hex i = hash_hex(item);
  uint8_t salt[ENTRY_SALT_SIZE];
  struct buf clear = {0};
  struct draft drafts[] = {WORLD_DRAFT("restricted.permit", {"item", i.s}),
                           WORLD_DRAFT("restricted.reason", {"permit", "@1"}, {"purpose", "x"}, {"reason", reason})};
  drafts[1].count -= reason ? 0 : 1;
  drafts[0].to = &sealed_to;
  drafts[1].to = &told;
  drafts[0].to_count = drafts[1].to_count = 1;
  enum err e = open_with(m->store, item, with, salt, &clear);
  drafts[0].file = buf_bytes(&clear);
  drafts[0].passes_on = salt;
  if (e == OK)
    e = world_write(&w, m, drafts, 2, ACCEPT_WRITE, v);
  buf_release_secret(&clear);
  return e;
}

static struct hash permit(struct world_member *m, const struct key *with, const struct hash *item,
                          struct world_member *to, const char *reason) {
  struct verdict v = {0};
  struct hash id;
  world_must(write_permit(m, with, item, to, reason, &v), "a permit");
  if (v.code != VERDICT_ACCEPTED)
    fail_msg("a permit: %s: %s", v.rule, v.words);
  world_must(author_id_of(m->store, v.first, &id), "a permit");
  return id;
}

/* ---- what is where ---- */

static bool is_in_file(const char *path, const char *tail, struct bytes what) {
  char name[256];
  struct buf all = {0};
  uint8_t page[4096];
  bool is_found = false;
  snprintf(name, sizeof name, "%s%s", path, tail);
  FILE *f = fopen(name, "rb");
  for (size_t n; f && (n = fread(page, 1, sizeof page, f)) > 0;)
    buf_add(&all, bytes_of(page, n));
  for (size_t i = 0; !is_found && i + what.len <= all.len; i++)
    is_found = memcmp(all.at + i, what.at, what.len) == 0;
  if (f)
    fclose(f);
  buf_release(&all);
  return is_found;
}

static bool is_on_disk(const char *path, struct bytes what) {
  return is_in_file(path, "", what) || is_in_file(path, "-wal", what);
}

static bool has_trace(const struct world_member *m, const struct hash *id) {
  struct hash_hex hex = hash_hex(id);
  return is_on_disk(m->path, hash_bytes(id)) || is_on_disk(m->path, bytes_str(hex.s));
}

static bool has_content(struct store *s, const struct hash *id) {
  struct record r = {0};
  bool has = store_find(s, id, &r) == OK && r.has_content;
  record_release(&r);
  return has;
}

/* Whatever is shown of it. */
static bool has_header(struct store *s, const struct hash *id) {
  struct query q;
  query_start_once(&q, s->db, "SELECT 1 FROM entry WHERE id = ?1");
  query_blob(&q, 1, hash_bytes(id));
  bool has = query_row(&q);
  assert_int_equal(query_end(&q), OK);
  return has;
}

static void expect_opens(struct world_member *m, const struct key *k, const struct hash *id) {
  uint8_t salt[ENTRY_SALT_SIZE];
  struct buf clear = {0};
  assert_int_equal(open_with(m->store, id, k, salt, &clear), OK);
  assert_true(bytes_equal_str(buf_bytes(&clear), content));
  buf_release_secret(&clear);
}

static void check_views(struct store *s) {
  struct hash kept, rebuilt;
  assert_int_equal(store_views_digest(s, &kept), OK);
  assert_int_equal(store_begin(s), OK);
  assert_int_equal(store_rebuild(s), OK);
  assert_int_equal(store_commit(s), OK);
  assert_int_equal(store_views_digest(s, &rebuilt), OK);
  assert_true(hash_equal(&kept, &rebuilt));
}

/* ---- an item, from its provider to those it is for ---- */

static void who_holds_an_item(void **state) {
  (void)state;
  struct hash item = add_item();
  sync_all();
  for (size_t i = 0; i < w.count; i++) {
    struct world_member *m = &w.members[i];
    bool is_for = hash_equal(&m->agency, &hana->agency) || hash_equal(&m->agency, &anna->agency);
    if (m == hand || m == gone)
      continue;
    if (has_content(m->store, &item) != is_for || has_header(m->store, &item) != is_for ||
        has_trace(m, &item) != is_for)
      fail_msg("member %zu holds what is not for their agency, or not what is", i);
    if (is_on_disk(m->path, bytes_str(SECRET)))
      fail_msg("member %zu has it in clear", i);
    check_views(m->store);
  }
  assert_true(has_content(w.node.store, &item));
  assert_false(is_on_disk(w.path, bytes_str(SECRET)));
  assert_true(is_on_disk(w.path, bytes_str("Isla Reid"))); /* the search finds what is there */
  check_views(w.node.store);
}

static void who_can_open_it(void **state) {
  (void)state;
  struct hash item = add_item();
  uint8_t salt[ENTRY_SALT_SIZE];
  struct buf clear = {0};
  sync_all();
  expect_opens(anna, anna->seal_key, &item);
  expect_opens(hana, hana->seal_key, &item);
  expect_opens(lead, role_key, &item);
  expect_opens(keeper, escrow_key, &item);
  const struct key *nodes[] = {w.authority, w.operating, w.ledger};
  for (size_t i = 0; i < COUNT(nodes); i++)
    assert_int_equal(open_with(w.node.store, &item, nodes[i], salt, &clear), ERR_ABSENT);
  for (size_t i = 0; i < w.count; i++) {
    const struct world_member *m = &w.members[i];
    const struct key *keys[] = {m->key, m->replica_key, m == anna || m == hana ? m->key : m->seal_key};
    for (size_t k = 0; k < COUNT(keys); k++)
      assert_int_equal(open_with(w.node.store, &item, keys[k], salt, &clear), ERR_ABSENT);
  }
  assert_int_equal(clear.len, 0);
}

/* ---- requests made by hand ---- */

#define HAND_MAX 3

struct hand {
  const struct key *by;
  struct entry e[HAND_MAX];
  struct buf content[HAND_MAX], header[HAND_MAX];
  struct act_entry entries[HAND_MAX];
  uint32_t count;
};

static struct hand h;

static struct entry *begin(const char *kind, enum audience a) {
  struct entry *e = &h.e[h.count];
  entry_init(e);
  e->kind = bytes_str(kind);
  e->by = key_id(h.by);
  e->at = bytes_str("2026-11-21T09:00:00Z");
  e->audience = a;
  e->media = bytes_str("application/json");
  const struct kind *k = kind_find(e->kind);
  if (k == NULL || kind_field(k, bytes_str("child"))) /* what is about an item names no child */
    e->children[e->child_count++] = child;
  return e;
}

static void add_ref(struct entry *e, const char *name, const struct hash *id) {
  e->refs[e->ref_count++] = (struct entry_ref){bytes_str(name), *id};
}

static void finish(struct entry *e) {
  struct act_entry *out = &h.entries[h.count];
  assert_int_equal(entry_encode(e, &h.header[h.count]), OK);
  out->index = h.count;
  out->header = buf_bytes(&h.header[h.count]);
  out->content = buf_bytes(&h.content[h.count]);
  h.count++;
}

static void say(struct entry *e, const char *json) {
  struct act_entry *out = &h.entries[h.count];
  buf_add_str(&h.content[h.count], json);
  key_random(out->salt, sizeof out->salt);
  e->content = entry_commitment(out->salt, bytes_str(json));
  finish(e);
}

/* The envelope is made for one list of keys, the header names another one. */
static void seal_and_name(struct entry *e, const uint8_t *salt, struct bytes said, const struct key *const *keys,
                          const struct key *const *named) {
  struct buf *out = &h.content[h.count];
  size_t n = 0;
  while (keys[n])
    n++;
  e->content = entry_commitment(salt, said);
  assert_int_equal(seal_make(salt, said, keys, n, out), OK);
  e->sealed = hash_of(buf_bytes(out));
  e->to_count = ids_of(named, e->to);
}

static void seal_for(struct entry *e, const uint8_t *salt, struct bytes said, const struct key *const *keys) {
  seal_and_name(e, salt, said, keys, keys);
  finish(e);
}

static const uint8_t fresh[ENTRY_SALT_SIZE] = {41};
#define TO(...) ((const struct key *const[]){__VA_ARGS__, NULL})
#define RIGHT TO(h.by == hand->key ? hand->seal_key : hana->seal_key, role_key, escrow_key, anna->seal_key)

static struct entry *begin_item(void) {
  struct entry *e = begin("restricted.add", AUDIENCE_RESTRICTED);
  add_ref(e, "meeting", &meeting);
  e->facts[e->fact_count++] = (struct entry_pair){bytes_str("category"), bytes_str("at-risk")};
  return e;
}

/* Sends the act as a machine would, behind what the node knows of the machine. */
static struct verdict post(const struct world_member *m, enum err *out) {
  struct position p = {.replica = m->replica};
  struct msg_request r = {.act_count = 1, .key = key_id(w.ledger)};
  struct msg_act wire;
  struct msg_answer answer;
  struct act_text text;
  struct buf signature = {0}, head = {0}, receipt = {0}, request = {0}, bytes = {0};
  struct verdict v = {0};
  buf_init(&bytes, MSG_ANSWER_MAX);
  assert_int_equal(act_text_of(h.entries, h.count, &text), OK);
  assert_int_equal(act_sign(&text, h.by, &signature), OK);
  assert_int_equal(store_chain(w.node.store, &m->replica, &p.number, &p.previous), OK);
  p.number++;
  p.act = act_id(&text);
  assert_int_equal(position_sign(&p, m->replica_key, &head), OK);
  wire = (struct msg_act){p.number, p.previous, buf_bytes(&signature), h.count, h.entries};
  r.acts = &wire;
  r.head = buf_bytes(&head);
  assert_int_equal(store_meta_hash(m->store, "ledger", &r.ledger), OK);
  assert_int_equal(feed_end(m->store, FEED_OWN, &r.have), OK);
  assert_int_equal(feed_receipt_sign(&(struct feed_receipt){r.ledger, r.have}, m->replica_key, &receipt), OK);
  r.receipt = buf_bytes(&receipt);
  msg_request_encode(&request, &r);
  msg_act_encode(&request, &wire);
  *out = exchange_answer(&w.node, &m->replica, buf_bytes(&request), w.now_s, &bytes);
  if (*out == OK) {
    assert_int_equal(msg_answer_decode(buf_bytes(&bytes), &answer), OK);
    v = answer.verdicts[0];
    msg_answer_release(&answer);
  }
  buf_release(&signature);
  buf_release(&head);
  buf_release(&receipt);
  buf_release(&request);
  buf_release(&bytes);
  return v;
}

static void hand_clear(void) {
  for (size_t i = 0; i < HAND_MAX; i++) {
    buf_release(&h.content[i]);
    buf_release(&h.header[i]);
  }
  memset(&h, 0, sizeof h);
}

/* An item of Hana's that everybody has who is to have it, and what is in it. */
static struct hash item, another;
static uint8_t item_salt[ENTRY_SALT_SIZE], another_salt[ENTRY_SALT_SIZE];
static const struct bytes said = {(const uint8_t *)content, sizeof content - 1};

static void right(void) {
  seal_for(begin_item(), fresh, said, RIGHT);
}
static void without_provider(void) {
  seal_for(begin_item(), fresh, said, TO(role_key, escrow_key, anna->seal_key));
}
static void without_role_key(void) {
  seal_for(begin_item(), fresh, said, TO(hand->seal_key, escrow_key, anna->seal_key));
}
static void without_escrow_key(void) {
  seal_for(begin_item(), fresh, said, TO(hand->seal_key, role_key, anna->seal_key));
}
static void to_supporter(void) {
  seal_for(begin_item(), fresh, said, TO(hand->seal_key, role_key, escrow_key, tess->seal_key));
}
static void to_revoked(void) {
  seal_for(begin_item(), fresh, said, TO(hand->seal_key, role_key, escrow_key, gone->seal_key));
}
static void to_barred(void) {
  seal_for(begin_item(), fresh, said, TO(hand->seal_key, role_key, escrow_key, kin->seal_key));
}
static void to_a_key_of_nobody(void) {
  seal_for(begin_item(), fresh, said, TO(hand->seal_key, role_key, escrow_key, w.operating));
}
static void to_a_signing_key(void) {
  seal_for(begin_item(), fresh, said, TO(hand->seal_key, role_key, escrow_key, pete->key));
}
static void same_commitment(void) {
  seal_for(begin_item(), item_salt, said, TO(anna->seal_key, escrow_key, pete->seal_key));
}
static void with_an_open_one(void) {
  right();
  struct entry *e = begin("whereabouts.record", AUDIENCE_CASE);
  e->facts[e->fact_count++] = (struct entry_pair){bytes_str("state"), bytes_str("unknown")};
  e->facts[e->fact_count++] = (struct entry_pair){bytes_str("on"), bytes_str("2026-11-20")};
  say(e, "{}");
}
static void in_the_open(void) {
  struct entry *e = begin_item();
  e->audience = AUDIENCE_CASE;
  say(e, content);
}
static void open_kind_sealed(void) {
  struct entry *e = begin("whereabouts.record", AUDIENCE_RESTRICTED);
  e->facts[e->fact_count++] = (struct entry_pair){bytes_str("state"), bytes_str("unknown")};
  e->facts[e->fact_count++] = (struct entry_pair){bytes_str("on"), bytes_str("2026-11-20")};
  seal_for(e, fresh, said, RIGHT);
}
static void readdressed(void) {
  struct entry *e = begin_item();
  seal_and_name(e, fresh, said, TO(hand->seal_key, role_key, escrow_key, pete->seal_key),
                TO(hand->seal_key, role_key, escrow_key, anna->seal_key));
  finish(e);
}
static void for_one_more(void) {
  struct entry *e = begin_item();
  seal_and_name(e, fresh, said, TO(hand->seal_key, role_key, escrow_key, anna->seal_key, pete->seal_key),
                TO(hand->seal_key, role_key, escrow_key, anna->seal_key));
  finish(e);
}
static void another_envelope(void) {
  struct entry *e = begin_item();
  struct buf other = {0};
  seal_and_name(e, fresh, said, RIGHT, RIGHT);
  assert_int_equal(seal_make(fresh, said, RIGHT, 4, &other), OK);
  buf_clear(&h.content[h.count]);
  buf_add(&h.content[h.count], buf_bytes(&other));
  buf_release(&other);
  finish(e);
}
static void downgraded(void) {
  struct entry *e = begin_item();
  const struct key *const keys[] = {hand->seal_key, role_key, escrow_key, anna->seal_key};
  struct cms_carrier *carriers[COUNT(keys)];
  for (size_t i = 0; i < COUNT(keys); i++) {
    carriers[i] = cms_carrier_new(keys[i]);
    e->to[e->to_count++] = key_id(keys[i]);
  }
  e->content = entry_commitment(fresh, said);
  cms_seal_weakly(said, carriers, COUNT(keys), &h.content[h.count]);
  e->sealed = hash_of(buf_bytes(&h.content[h.count]));
  for (size_t i = 0; i < COUNT(keys); i++)
    cms_carrier_free(carriers[i]);
  finish(e);
}
/* The tag is what stands last; three lengths of two bytes are around it. */
static void short_tagged(void) {
  static const size_t lengths[] = {2, 19, 23};
  struct entry *e = begin_item();
  struct buf *b = &h.content[h.count];
  seal_and_name(e, fresh, said, RIGHT, RIGHT);
  assert_int_equal(b->at[b->len - 17], 16);
  b->at[b->len - 17] = 12;
  b->len -= 4;
  for (size_t i = 0; i < COUNT(lengths); i++) {
    unsigned n = (unsigned)b->at[lengths[i]] << 8 | b->at[lengths[i] + 1];
    assert_int_equal(b->at[lengths[i] - 1], 0x82);
    assert_int_equal(lengths[i] + 2 + n, b->len + 4);
    b->at[lengths[i]] = (uint8_t)((n - 4) >> 8);
    b->at[lengths[i] + 1] = (uint8_t)(n - 4);
  }
  e->sealed = hash_of(buf_bytes(b));
  finish(e);
}
static void no_envelope(void) {
  struct entry *e = begin_item();
  seal_and_name(e, fresh, said, RIGHT, RIGHT);
  buf_clear(&h.content[h.count]);
  buf_add_str(&h.content[h.count], content);
  e->sealed = hash_of(said);
  finish(e);
}

static void permit_of(const struct hash *of, const uint8_t *salt, const struct key *to, const struct key *told) {
  struct entry *e = begin("restricted.permit", AUDIENCE_RESTRICTED);
  add_ref(e, "item", of);
  seal_for(e, salt, said, TO(to));
  struct hash id = e->id;
  e = begin("restricted.reason", AUDIENCE_NAMED);
  add_ref(e, "permit", &id);
  e->to[e->to_count++] = key_id(told);
  say(e, "{\"purpose\":\"x\",\"reason\":\"x\"}");
}
static void permit_right(void) {
  permit_of(&item, item_salt, pete->seal_key, pete->key);
}
static void permit_of_other_content(void) {
  permit_of(&another, item_salt, pete->seal_key, pete->key);
}
static void permit_with_new_salt(void) {
  permit_of(&item, fresh, pete->seal_key, pete->key);
}
static void permit_without_purpose(void) {
  struct entry *e = begin("restricted.permit", AUDIENCE_RESTRICTED);
  add_ref(e, "item", &item);
  seal_for(e, item_salt, said, TO(pete->seal_key));
}

enum by { HAND, HANA, ANNA, LEAD, OTHER_LEAD, ADMIN, PETE, OPERATING, AUTHORITY };
static const struct key *key_by(enum by by) {
  const struct key *const keys[] = {hand->key,  hana->key, anna->key,   lead->key,  other_lead->key,
                                    admin->key, pete->key, w.operating, w.authority};
  return keys[by];
}

/* As in the table of roles: who signed; which rule or check refuses it. An empty one: it is accepted. */
static const struct {
  const char *what;
  enum by by;
  void (*make)(void);
  const char *rule;
} attempts[] = {
    {"without its provider", HAND, without_provider, "K-061"},
    {"without the agency's role key", HAND, without_role_key, "K-061"},
    {"without the escrow key", HAND, without_escrow_key, "K-061"},
    {"to whoever supports the family", HAND, to_supporter, "R-091"},
    {"to a key that was revoked", HAND, to_revoked, "K-060"},
    {"to a key of the node's", HAND, to_a_key_of_nobody, "K-060"},
    {"to a key that signs", HAND, to_a_signing_key, "K-060"},
    {"to somebody who is kept out", HAND, to_barred, "K-062"},
    {"together with what is open", HAND, with_an_open_one, "restricted"},
    {"in the open", HAND, in_the_open, "fields"},
    {"another kind, sealed", HAND, open_kind_sealed, "fields"},
    {"an envelope to another person", HAND, readdressed, "sealed"},
    {"an envelope to one person more", HAND, for_one_more, "sealed"},
    {"another envelope of the same", HAND, another_envelope, "sealed"},
    {"an envelope that nothing protects", HAND, downgraded, "sealed"},
    {"a tag of 12 bytes", HAND, short_tagged, "sealed"},
    {"no envelope", HAND, no_envelope, "sealed"},
    {"a recipient records the same for others", ANNA, same_commitment, "K-065"},
    {"a recipient permits", ANNA, permit_right, "R-093"},
    {"the provider's colleague permits", HAND, permit_right, "R-093"},
    {"the provider's lead permits, while the provider is there", LEAD, permit_right, "R-093"},
    {"whoever never had it permits", PETE, permit_right, "reference"},
    {"another agency's lead permits", OTHER_LEAD, permit_right, "reference"},
    {"an administrator permits", ADMIN, permit_right, "R-093"},
    {"the node's operating key permits", OPERATING, permit_right, "permission"},
    {"what another item says", HANA, permit_of_other_content, "K-064"},
    {"the same words, but not the same content", HANA, permit_with_new_salt, "K-064"},
    {"without a purpose", HANA, permit_without_purpose, "K-063"},
};

static const struct world_member *machine_of(enum by by) {
  const struct world_member *const members[] = {hand, hand, anna, lead, other_lead, admin, pete, hand, hand};
  return members[by];
}

static void make_items(void) {
  struct buf clear = {0};
  item = add_item();
  another = add_item();
  sync_all();
  assert_int_equal(open_with(hana->store, &item, hana->seal_key, item_salt, &clear), OK);
  buf_clear(&clear);
  assert_int_equal(open_with(hana->store, &another, hana->seal_key, another_salt, &clear), OK);
  buf_release_secret(&clear);
}

static uint64_t count_of(struct store *s, const char *sql) {
  struct query q;
  query_start_once(&q, s->db, sql);
  assert_true(query_row(&q));
  uint64_t n = (uint64_t)query_get_int(&q, 0);
  assert_int_equal(query_end(&q), OK);
  return n;
}

#define SEALED_ENTRIES "SELECT count(*) FROM entry WHERE kind IN ('restricted.add', 'restricted.permit')"
#define REFUSALS "SELECT count(*) FROM entry WHERE kind = 'act.refuse'"

static void what_the_node_refuses(void **state) {
  (void)state;
  make_items();
  uint64_t sealed = count_of(w.node.store, SEALED_ENTRIES);
  for (size_t i = 0; i < COUNT(attempts); i++) {
    enum err e;
    hand_clear();
    h.by = key_by(attempts[i].by);
    attempts[i].make();
    uint64_t before = count_of(w.node.store, REFUSALS);
    struct verdict v = post(machine_of(attempts[i].by), &e);
    if (e != OK)
      fail_msg("%s: the whole request: %s", attempts[i].what, err_words(e));
    if (v.code != VERDICT_REFUSED || strcmp(v.rule, attempts[i].rule) != 0)
      fail_msg("%s: %d %s: %s", attempts[i].what, v.code, v.rule, v.words);
    if (count_of(w.node.store, SEALED_ENTRIES) != sealed || count_of(w.node.store, REFUSALS) != before + 1)
      fail_msg("%s: something stays of it", attempts[i].what);
  }
  uint64_t heard = count_of(lead->store, REFUSALS);
  world_sync(&w, officer); /* the provider's agency hears of what was tried in its name */
  assert_true(count_of(officer->store, REFUSALS) > heard);
  hand_clear();
}

/* The same, but for what is wrong: it is that alone for which the others are refused. */
static void what_the_node_takes(void **state) {
  (void)state;
  enum err e;
  make_items();
  hand_clear();
  h.by = hand->key;
  right();
  struct verdict v = post(hand, &e);
  assert_int_equal(e, OK);
  assert_string_equal(v.rule, "");
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  hand_clear();
  h.by = hana->key;
  permit_right();
  v = post(hand, &e);
  assert_int_equal(e, OK);
  assert_string_equal(v.rule, "");
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  hand_clear();
}

/* ---- what its provider's machine hears ---- */

struct heard {
  size_t count;
  char state[16], rule[32];
};

static enum err note_row(void *of, const struct outbox_row *row) {
  struct heard *r = of;
  r->count++;
  snprintf(r->state, sizeof r->state, "%s", row->state);
  snprintf(r->rule, sizeof r->rule, "%.*s", (int)row->rule.len, (const char *)row->rule.at);
  return OK;
}

static void expect_refused(struct world_member *m, const char *rule) {
  struct heard r = {0};
  assert_int_equal(store_outbox_each(m->store, &r, note_row), OK);
  assert_int_equal(r.count, 1);
  assert_string_equal(r.state, "refused");
  assert_string_equal(r.rule, rule);
}

static void envelope_of(struct store *s, const struct hash *id, struct buf *out) {
  struct record r = {0};
  assert_int_equal(store_find(s, id, &r), OK);
  buf_clear(out);
  buf_add(out, buf_bytes(&r.content));
  record_release(&r);
}

static uint8_t *find_bytes(const struct buf *in, struct bytes what) {
  for (size_t i = 0; i + what.len <= in->len; i++)
    if (memcmp(in->at + i, what.at, what.len) == 0)
      return in->at + i;
  return NULL;
}

/* Changed between the machine and the node: the machine hears that it was refused, and as what. */
static void changed_on_its_way(void **state) {
  (void)state;
  struct exchange_replica r = {hana->store, hana->replica_key, w.now_s};
  struct exchange_report report = {0};
  struct buf request = {0}, answer = {0}, envelope = {0};
  struct hash id = add_item();
  size_t sent;
  buf_init(&answer, MSG_ANSWER_MAX);
  envelope_of(hana->store, &id, &envelope);
  assert_int_equal(exchange_request(&r, &request, &sent), OK);
  uint8_t *at = find_bytes(&request, buf_bytes(&envelope));
  assert_non_null(at);
  at[envelope.len - 1] ^= 1;
  assert_int_equal(exchange_answer(&w.node, &hana->replica, buf_bytes(&request), w.now_s, &answer), OK);
  assert_int_equal(exchange_take(&r, buf_bytes(&answer), &report), OK);
  assert_int_equal(report.refused, 1);
  expect_refused(hana, "sealed");
  assert_false(has_header(w.node.store, &id));
  buf_release(&request);
  buf_release(&answer);
  buf_release(&envelope);
}

/* Two machines that have not heard of each other: the rule is broken at the node alone. */
static void refused_at_the_node_alone(void **state) {
  (void)state;
  struct hash_hex c = hash_hex(&child), p = hash_hex(&anna->person);
  world_record(&w, keeper, WORLD_DRAFT("staff.bar", {"child", c.s}, {"person", p.s}, {"reason", "x"}));
  world_sync(&w, keeper);
  add_item();
  world_sync(&w, hana);
  expect_refused(hana, "K-062");
  check_views(hana->store);
}

/* ---- a permit, and its end ---- */

static struct hash withdraw(struct world_member *m, const struct hash *permit_id) {
  struct hash_hex p = hash_hex(permit_id);
  struct hash to = key_id(m->key);
  struct draft d = WORLD_DRAFT("restricted.withdraw", {"permit", p.s}, {"reason", "x"});
  d.to = &to;
  d.to_count = 1;
  return world_record(&w, m, d);
}

static void scrub(struct world_member *m) {
  if (feed_needs_scrub(m->store))
    assert_int_equal(feed_scrub(m->store), OK);
}

static void a_permit_and_its_end(void **state) {
  (void)state;
  struct buf envelope = {0};
  make_items();
  assert_false(has_trace(pete, &item));
  struct hash p = permit(hana, hana->seal_key, &item, pete, NULL);
  assert_false(has_header(pete->store, &p));
  sync_all();
  expect_opens(pete, pete->seal_key, &p);
  assert_false(has_header(pete->store, &item)); /* the permit is all that they get */
  assert_false(has_header(anna->store, &p));    /* and nobody else gets it */
  assert_false(has_trace(tess, &p));
  envelope_of(pete->store, &p, &envelope);
  assert_true(is_on_disk(pete->path, buf_bytes(&envelope)));
  struct hash end = withdraw(hana, &p);
  sync_all();
  scrub(pete);
  assert_true(has_header(pete->store, &p));
  assert_false(has_content(pete->store, &p));
  assert_false(is_on_disk(pete->path, buf_bytes(&envelope)));
  assert_true(has_content(hana->store, &p));
  assert_true(has_header(hana->store, &end));
  for (size_t i = 0; i < w.count; i++) { /* nobody of the case is told of it */
    bool is_its = hash_equal(&w.members[i].agency, &hana->agency);
    if (&w.members[i] != hand && &w.members[i] != gone && has_header(w.members[i].store, &end) != is_its)
      fail_msg("member %zu is told of the end, or is not", i);
    if (&w.members[i] != hand && &w.members[i] != gone && !is_its &&
        count_of(w.members[i].store, "SELECT count(*) FROM entry WHERE kind = 'scope.shrink'") > 0)
      fail_msg("member %zu is told what it changed", i);
  }
  check_views(pete->store);
  check_views(hana->store);
  check_views(w.node.store);
  buf_release(&envelope);
}

static void once_the_provider_has_left(void **state) {
  (void)state;
  struct verdict v = {0};
  make_items();
  struct hash_hex who = hash_hex(&hana->person);
  world_record(&w, officer, WORLD_DRAFT("person.revoke", {"person", who.s}, {"why", "left"}));
  world_sync(&w, officer);
  sync_all();
  assert_int_equal(write_permit(lead, role_key, &item, pete, NULL, &v), OK);
  assert_string_equal(v.rule, "K-066");
  assert_int_equal(write_permit(admin, escrow_key, &item, pete, "x", &v), OK); /* another agency's lead */
  assert_string_equal(v.rule, "R-093");
  struct hash p = permit(lead, role_key, &item, pete, "the provider has left");
  sync_all();
  expect_opens(pete, pete->seal_key, &p);
  struct restricted_item found; /* whom pete's machine tells of the opening: the node must take that */
  struct restricted_to told = {0};
  struct hash_hex id = hash_hex(&p);
  struct draft d = WORLD_DRAFT("restricted.open", {"item", id.s}, {"how", "own-key"});
  assert_int_equal(restricted_find(pete->store, &p, &found), OK);
  assert_int_equal(restricted_add_signing(pete->store, &found.provider, &told), OK);
  d.to = told.keys;
  d.to_count = told.count;
  world_record(&w, pete, d);
  sync_all();
  assert_int_equal(count_of(w.node.store, "SELECT count(*) FROM restricted_opening"), 1);
}

/* ---- what takes it back everywhere ---- */

static struct hash about(struct world_member *m, const char *kind, const struct hash *id) {
  struct hash_hex e = hash_hex(id);
  if (strcmp(kind, "entry.erase") == 0)
    return world_record(&w, m, WORLD_DRAFT(kind, {"entry", e.s}, {"ground", "request"}, {"reason", SECRET}));
  return world_record(&w, m, WORLD_DRAFT(kind, {"entry", e.s}, {"reason", SECRET}));
}

static void voided(void **state) {
  (void)state;
  make_items();
  struct hash v = about(hana, "entry.void", &item);
  sync_all();
  assert_int_equal(count_of(w.node.store, "SELECT count(*) FROM restricted_item"), 1);
  assert_int_equal(count_of(anna->store, "SELECT count(*) FROM restricted_item"), 1);
  assert_true(has_content(anna->store, &v));
  assert_false(has_trace(pete, &v));
  for (size_t i = 0; i < w.count; i++)
    if (is_on_disk(w.members[i].path, bytes_str(SECRET)))
      fail_msg("member %zu has in clear why it was voided", i);
  check_views(w.node.store);
  check_views(anna->store);
}

static void erased(void **state) {
  (void)state;
  struct buf envelope = {0};
  make_items();
  envelope_of(hana->store, &item, &envelope);
  struct hash e = about(keeper, "entry.erase", &item);
  sync_all();
  if (feed_needs_scrub(w.node.store))
    assert_int_equal(feed_scrub(w.node.store), OK);
  assert_true(has_header(w.node.store, &item));
  assert_false(has_content(w.node.store, &item));
  assert_false(is_on_disk(w.path, buf_bytes(&envelope)));
  for (size_t i = 0; i < w.count; i++) {
    struct world_member *m = &w.members[i];
    scrub(m);
    if (has_content(m->store, &item) || is_on_disk(m->path, buf_bytes(&envelope)) ||
        is_on_disk(m->path, bytes_str(SECRET)))
      fail_msg("member %zu has what was erased", i);
  }
  assert_false(has_trace(pete, &e));
  assert_false(has_trace(pete, &item));
  check_views(w.node.store);
  check_views(anna->store);
  buf_release(&envelope);
}

/* ---- somebody with every key and every file of the node ---- */

/* In the node's file, past its triggers. */
static void change_envelope(struct store *s, const struct hash *id, struct bytes with) {
  struct query q;
  assert_int_equal(db_exec(s->db, "DROP TRIGGER IF EXISTS content_fixed"), OK);
  query_start_once(&q, s->db, "UPDATE content SET bytes = ?1 WHERE number = (SELECT number FROM entry WHERE id = ?2)");
  query_blob(&q, 1, with);
  query_blob(&q, 2, hash_bytes(id));
  assert_int_equal(query_run(&q), OK);
}

static size_t findings;
static void note_finding(void *of, const struct recheck_finding *f) {
  (void)of;
  if (f->about == RECHECK_CONTENT && strstr(f->words, "envelope"))
    findings++;
}

static size_t envelopes_found(struct store *s) {
  const struct recheck all = {.store = s, .found = note_finding};
  struct recheck_result result = {0};
  findings = 0;
  assert_int_equal(recheck_all(&all, &result), OK);
  return findings;
}

/* Another envelope in an answer, also one that holds the same: the whole answer is refused, and nothing has changed. */
static void a_substituted_envelope(void **state) {
  (void)state;
  struct buf other = {0};
  struct hash id = add_item();
  world_sync(&w, hana);
  uint8_t salt[ENTRY_SALT_SIZE];
  struct buf clear = {0};
  assert_int_equal(open_with(hana->store, &id, hana->seal_key, salt, &clear), OK);
  assert_int_equal(
      seal_make(salt, buf_bytes(&clear), TO(hana->seal_key, anna->seal_key, role_key, escrow_key), 4, &other), OK);
  struct buf real = {0};
  envelope_of(w.node.store, &id, &real);
  assert_int_equal(envelopes_found(w.node.store), 0);
  change_envelope(w.node.store, &id, buf_bytes(&other));
  assert_int_equal(envelopes_found(w.node.store), 1);
  struct hash before = world_digest(anna->store);
  assert_int_not_equal(world_exchange(&w, anna, NULL), OK);
  struct hash after = world_digest(anna->store);
  assert_true(hash_equal(&before, &after));
  change_envelope(w.node.store, &id, buf_bytes(&real));
  world_sync(&w, anna); /* it was that alone */
  expect_opens(anna, anna->seal_key, &id);
  buf_release_secret(&clear);
  buf_release(&other);
  buf_release(&real);
}

/* Past the door, into the log, the tree and the feeds: signed, numbered, and judged by nobody. */
static void let_in(void) {
  struct store *s = w.node.store;
  const uint64_t first = store_size(s) + 1;
  struct position p = {.replica = key_id(w.operating)};
  struct act_text text;
  struct buf signature = {0};
  struct text_time admitted = text_time_format(w.now_s);
  assert_int_equal(act_text_of(h.entries, h.count, &text), OK);
  assert_int_equal(act_sign(&text, h.by, &signature), OK);
  assert_int_equal(store_chain(s, &p.replica, &p.number, &p.previous), OK);
  p.number++;
  p.act = act_id(&text);
  struct act_row row = {.first = first,
                        .text = &text,
                        .position = &p,
                        .signature = buf_bytes(&signature),
                        .admitted = bytes_str(admitted.s)};
  assert_int_equal(store_put_act(s, &row), OK);
  for (uint32_t i = 0; i < h.count; i++) {
    struct buf leaf_text = {0};
    const struct leaf leaf = {.number = first + i,
                              .admitted = row.admitted,
                              .position = &p,
                              .index = i,
                              .size = h.count,
                              .signature = row.signature,
                              .header = h.entries[i].header};
    assert_int_equal(store_put_entry(s, first + i, first, i, &h.e[i], NULL), OK);
    assert_int_equal(store_put_content(s, first + i, &h.e[i], &h.entries[i]), OK);
    leaf_format(&leaf_text, &leaf);
    struct hash hashed = merkle_leaf(buf_bytes(&leaf_text));
    buf_add(&s->new_leaves, hash_bytes(&hashed));
    buf_release(&leaf_text);
  }
  assert_int_equal(store_put_chain(s, &p), OK);
  assert_int_equal(feed_follow(s, &(struct feed_act){.first = first, .entries = h.e, .count = h.count}), OK);
  assert_int_equal(exchange_node_checkpoint(&w.node), OK);
  buf_release(&signature);
}

static struct buf forged_keys[2];

static struct entry *begin_directory(const char *kind, const char *ref, const struct hash *of) {
  struct entry *e = begin(kind, AUDIENCE_DIRECTORY);
  e->child_count = 0;
  add_ref(e, ref, of);
  return e;
}

static void add_new_key(struct entry *e, const char *name) {
  struct key *k = key_new();
  struct buf *base64 = &forged_keys[e->key_count];
  buf_clear(base64);
  text_base64_encode(base64, key_spki(k));
  e->keys[e->key_count++] = (struct entry_pair){bytes_str(name), buf_bytes(base64)};
  key_free(k);
}

static void new_keys_for(const struct world_member *m) {
  struct entry *e = begin_directory("person.key", "person", &m->person);
  add_new_key(e, "seal");
  add_new_key(e, "sign");
  say(e, "{}");
}
static void keys_for_provider(void) {
  new_keys_for(hana);
}
static void keys_for_recipient(void) {
  new_keys_for(anna);
}
static void key_for_agency(void) {
  struct entry *e = begin_directory("agency.key", "agency", &hana->agency);
  add_new_key(e, "seal");
  say(e, "{}");
}
static void key_for_keeper(void) {
  struct entry *e = begin_directory("escrow.key", "agency", &keeper->agency);
  add_new_key(e, "seal");
  say(e, "{}");
}
static void purpose_alone(void) {
  struct entry *e = begin("restricted.reason", AUDIENCE_NAMED);
  add_ref(e, "permit", &item);
  e->to[e->to_count++] = key_id(pete->key);
  say(e, "{\"purpose\":\"x\"}");
}
static void end_of_permit(void) {
  struct entry *e = begin("restricted.lift", AUDIENCE_NAMED);
  add_ref(e, "item", &item);
  e->to[e->to_count++] = key_id(pete->key);
  say(e, "{\"reason\":\"x\"}");
}

/* What the node lets into its own ledger under its own key, and to whom it gives it; certificates for other keys are in
 * test_witness.c. Even a permit that carries the right content is refused: the node has not got it from itself. */
static const struct {
  const char *what;
  void (*make)(void);
  const char *words;
} forgeries[] = {
    {"a permit", permit_right, "restricted.permit may be written by"},
    {"what a permit is for", purpose_alone, "restricted.reason may be written by"},
    {"that an item is restricted no more", end_of_permit, "restricted.lift may be written by"},
    {"other keys of the provider's", keys_for_provider, "person.key may be written by"},
    {"other keys of a recipient's", keys_for_recipient, "person.key may be written by"},
    {"a role key of the provider's agency", key_for_agency, "agency.key may be written by"},
    {"an escrow key", key_for_keeper, "escrow.key may be written by"},
};

static void what_no_replica_takes(void **state) {
  (void)state;
  make_items();
  sync_all();
  for (size_t i = 0; i < COUNT(forgeries); i++) {
    hand_clear();
    h.by = w.operating;
    forgeries[i].make();
    assert_int_equal(store_begin(w.node.store), OK);
    let_in();
    struct hash before = world_digest(pete->store);
    enum err e = world_exchange(&w, pete, NULL);
    char words[512];
    snprintf(words, sizeof words, "%s", err_words(e));
    struct hash after = world_digest(pete->store);
    if (e != ERR_KEY || strstr(words, forgeries[i].words) == NULL)
      fail_msg("%s: %s: %s", forgeries[i].what, err_text(e), words);
    if (!hash_equal(&before, &after))
      fail_msg("%s: something was taken", forgeries[i].what);
    store_rollback(w.node.store);
  }
  for (size_t i = 0; i < COUNT(forged_keys); i++)
    buf_release(&forged_keys[i]);
  hand_clear();
  world_sync(&w, pete);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(who_holds_an_item, open_world, close_world),
      cmocka_unit_test_setup_teardown(who_can_open_it, open_world, close_world),
      cmocka_unit_test_setup_teardown(what_the_node_refuses, open_world, close_world),
      cmocka_unit_test_setup_teardown(what_the_node_takes, open_world, close_world),
      cmocka_unit_test_setup_teardown(changed_on_its_way, open_world, close_world),
      cmocka_unit_test_setup_teardown(refused_at_the_node_alone, open_world, close_world),
      cmocka_unit_test_setup_teardown(a_permit_and_its_end, open_world, close_world),
      cmocka_unit_test_setup_teardown(once_the_provider_has_left, open_world, close_world),
      cmocka_unit_test_setup_teardown(voided, open_world, close_world),
      cmocka_unit_test_setup_teardown(erased, open_world, close_world),
      cmocka_unit_test_setup_teardown(a_substituted_envelope, open_world, close_world),
      cmocka_unit_test_setup_teardown(what_no_replica_takes, open_world, close_world),
  };
  return cmocka_run_group_tests(tests, NULL, free_keys);
}
