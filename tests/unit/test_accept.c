/* The one door. Acts are put together here as text, not by core/author.c, so that they can be wrong in every way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cert.h"
#include "core/store_parts.h"
#include "tests/lib/world.h"

#define DAY_S 86400
#define PARCEL_MAX 5

static const struct hash zeros;

/* ---- a world with a case in it ---- */

struct scene {
  struct world w;
  struct world_member *chair, *health;
  struct hash ava, ben, meeting; /* health is involved with Ava, the meeting is about both */
};

static struct hash start_involvement(struct scene *c, const struct hash *child) {
  struct hash_hex id = hash_hex(child), agency = hash_hex(&c->health->agency);
  struct hash start =
      world_record(&c->w, c->chair, WORLD_DRAFT("involvement.start", {"child", id.s}, {"agency", agency.s}));
  world_sync(&c->w, c->chair);
  return start;
}

static void scene_open(struct scene *c, uint64_t seed) {
  world_open(&c->w, seed);
  struct hash social_work = world_agency(&c->w, "Social Work Services", "social-work");
  struct hash health = world_agency(&c->w, "NHS Lanarkshire", "health");
  c->chair = world_join(&c->w, &social_work, "Morag Reid", "practitioner chair officer");
  c->health = world_join(&c->w, &health, "Dr Aileen Shah", "practitioner");
  c->ava = world_record(&c->w, c->chair, WORLD_DRAFT("child.add", {"name", "Ava Lennox"}, {"born", "2017-05-02"}));
  c->ben = world_record(&c->w, c->chair, WORLD_DRAFT("child.add", {"name", "Ben Lennox"}));
  struct hash_hex ava = hash_hex(&c->ava), ben = hash_hex(&c->ben), who = hash_hex(&c->chair->person);
  world_sync(&c->w, c->chair);
  c->meeting = world_record(&c->w, c->chair,
                            WORLD_DRAFT("meeting.convene", {"type", "initial"}, {"on", "2026-12-01T10:00:00Z"},
                                        {"chair", who.s}, {"child", ava.s}, {"child", ben.s}));
  start_involvement(c, &c->ava);
  world_sync(&c->w, c->health);
}

static void scene_close(struct scene *c) {
  world_close(&c->w);
}

/* ---- acts made by hand ---- */

struct parcel {
  struct buf headers[PARCEL_MAX], contents[PARCEL_MAX];
  struct act_entry entries[PARCEL_MAX];
  struct buf signature;
  struct accept_act in;
};

static void parcel_release(struct parcel *p) {
  for (size_t i = 0; i < PARCEL_MAX; i++) {
    buf_release(&p->headers[i]);
    buf_release(&p->contents[i]);
  }
  buf_release(&p->signature);
}

/* One more entry; lines are those between `at` and `audience`. */
static void add_entry(struct parcel *p, const struct key *by, const char *kind, const char *lines, const char *audience,
                      const char *media, struct bytes content) {
  size_t i = p->in.count++;
  struct act_entry *e = &p->entries[i];
  struct hash author = key_id(by);
  buf_add(&p->contents[i], content);
  e->index = (uint32_t)i;
  memset(e->salt, (int)i + 1, sizeof e->salt);
  struct hash commitment = entry_commitment(e->salt, content);
  buf_addf(&p->headers[i], "cairn entry 1\nkind %s\nby %s\nat 2026-11-21T09:30:00Z\n%s", kind, hash_hex(&author).s,
           lines);
  buf_addf(&p->headers[i], "audience %s\nmedia %s\ncontent %s\n", audience, media, hash_hex(&commitment).s);
  e->header = buf_bytes(&p->headers[i]);
  e->content = buf_bytes(&p->contents[i]);
  p->in.entries = p->entries;
  p->in.size = (uint32_t)p->in.count;
}

static void add(struct parcel *p, const struct key *by, const char *kind, const char *lines, const char *content) {
  add_entry(p, by, kind, lines, "case", "application/json", bytes_str(content));
}

static struct hash id_of(const struct parcel *p, size_t i) {
  return hash_of(buf_bytes(&p->headers[i]));
}

static void sign(struct parcel *p, const struct key *with) {
  struct act_text text;
  buf_clear(&p->signature);
  assert_int_equal(act_text_of(p->entries, p->in.count, &text), OK);
  assert_int_equal(act_sign(&text, with, &p->signature), OK);
  p->in.signature = buf_bytes(&p->signature);
}

/* The next position of this member's chain, as the store knows it. */
static void place(struct parcel *p, struct store *s, const struct world_member *m) {
  p->in.replica = m->replica;
  assert_int_equal(store_chain(s, &m->replica, &p->in.position, &p->in.previous), OK);
  p->in.position++;
}

/* ---- each check of the door ---- */

/* A way to get an act wrong: makes the parcel whole, signature and position included. */
typedef void make_fn(struct parcel *p, struct scene *c, struct store *s);

static void finish(struct parcel *p, struct scene *c, struct store *s) {
  sign(p, c->chair->key);
  place(p, s, c->chair);
}

static void make_child(struct parcel *p, struct scene *c, struct store *s) {
  add(p, c->chair->key, "child.add", "", "{\"name\":\"Cara Lennox\"}");
  finish(p, c, s);
}

static void make_three(struct parcel *p, struct scene *c, struct store *s) {
  add(p, c->chair->key, "child.add", "", "{\"name\":\"Cara Lennox\"}");
  add(p, c->chair->key, "child.add", "", "{\"name\":\"Dan Lennox\"}");
  add(p, c->chair->key, "child.add", "", "{\"name\":\"Eve Lennox\"}");
  finish(p, c, s);
}

static void flip_signature(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->signature.at[p->signature.len - 1] ^= 1;
}

static void no_signature(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->in.signature = bytes_of(NULL, 0);
}

static void signed_by_another(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  sign(p, c->health->key);
}

static void signed_for_another_size(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  struct act_text text;
  act_text_of(p->entries, 1, &text);
  text.size = 2;
  buf_clear(&p->signature);
  act_sign(&text, c->chair->key, &p->signature);
  p->in.signature = buf_bytes(&p->signature);
}

static void by_a_stranger(struct parcel *p, struct scene *c, struct store *s) {
  struct key *stranger = key_new();
  add(p, stranger, "child.add", "", "{\"name\":\"Cara\"}");
  sign(p, stranger);
  place(p, s, c->chair);
  key_free(stranger);
}

static void by_a_machine(struct parcel *p, struct scene *c, struct store *s) {
  add(p, c->chair->replica_key, "child.add", "", "{\"name\":\"Cara\"}");
  sign(p, c->chair->replica_key);
  place(p, s, c->chair);
}

static void by_the_authority(struct parcel *p, struct scene *c, struct store *s) {
  add(p, c->w.authority, "child.add", "", "{\"name\":\"Cara\"}");
  sign(p, c->w.authority);
  place(p, s, c->chair);
}

static void by_the_ledger_key(struct parcel *p, struct scene *c, struct store *s) {
  add(p, c->w.ledger, "child.add", "", "{\"name\":\"Cara\"}");
  sign(p, c->w.ledger);
  place(p, s, c->chair);
}

static void content_changed(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->contents[0].at[10] ^= 1;
}

static void content_cut(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->entries[0].content.len--;
}

static void content_gone(struct parcel *p, struct scene *c, struct store *s) {
  make_three(p, c, s);
  p->entries[1].is_erased = true;
}

static void salt_changed(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->entries[0].salt[15] ^= 0x80;
}

static void header_changed(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  memcpy(strstr(buf_cstr(&p->headers[0]), "09:30"), "09:31", 5);
}

static void header_cut(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->entries[0].header.len--;
}

static void two_authors(struct parcel *p, struct scene *c, struct store *s) {
  add(p, c->chair->key, "child.add", "", "{\"name\":\"Cara\"}");
  add(p, c->health->key, "child.add", "", "{\"name\":\"Dan\"}");
  finish(p, c, s);
}

static void swapped(struct parcel *p, struct scene *c, struct store *s) {
  make_three(p, c, s);
  struct act_entry first = p->entries[0];
  p->entries[0] = p->entries[1];
  p->entries[1] = first;
}

static void same_index_twice(struct parcel *p, struct scene *c, struct store *s) {
  make_three(p, c, s);
  p->entries[2].index = 1;
}

static void lacks_one(struct parcel *p, struct scene *c, struct store *s) {
  make_three(p, c, s);
  p->in.count = 2;
}

static void hash_left_over(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->in.siblings = hash_bytes(&zeros);
}

static void no_entries(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->in.count = p->in.size = 0;
}

static void too_many_entries(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->in.size = ACT_ENTRIES_MAX + 1;
}

static void too_large(struct parcel *p, struct scene *c, struct store *s) {
  struct buf large = {0};
  memset(buf_extend(&large, ENTRY_LARGE), ' ', ENTRY_LARGE);
  for (int i = 0; i < 2; i++)
    add_entry(p, c->chair->key, "child.add", "", "case", "application/json", buf_bytes(&large));
  finish(p, c, s);
  buf_release(&large);
}

static void too_many_large(struct parcel *p, struct scene *c, struct store *s) {
  struct buf large = {0};
  memset(buf_extend(&large, ENTRY_LARGE + 1), ' ', ENTRY_LARGE + 1);
  for (int i = 0; i < ACT_LARGE_MAX + 1; i++)
    add_entry(p, c->chair->key, "child.add", "", "case", "application/json", buf_bytes(&large));
  finish(p, c, s);
  buf_release(&large);
}

static void position_gap(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->in.position++;
}

static void position_none(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->in.position = 0;
}

static void position_huge(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->in.position = UINT64_MAX;
}

static void position_taken(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->in.position--;
}

static void previous_wrong(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->in.previous.at[31] ^= 1;
}

static void kind_unknown(struct parcel *p, struct scene *c, struct store *s) {
  add(p, c->chair->key, "horoscope.cast", "", "{}");
  finish(p, c, s);
}

static void kind_newer(struct parcel *p, struct scene *c, struct store *s) {
  add(p, c->chair->key, "child.add/2", "", "{\"name\":\"Cara\",\"gender\":\"x\"}");
  finish(p, c, s);
}

static void field_missing(struct parcel *p, struct scene *c, struct store *s) {
  add(p, c->chair->key, "child.add", "", "{\"born\":\"2020-01-01\"}");
  finish(p, c, s);
}

static void second_entry_bad(struct parcel *p, struct scene *c, struct store *s) {
  add(p, c->chair->key, "child.add", "", "{\"name\":\"Cara\"}");
  add(p, c->chair->key, "child.add", "", "{\"name\":\"\"}");
  finish(p, c, s);
}

static void not_json(struct parcel *p, struct scene *c, struct store *s) {
  add(p, c->chair->key, "child.add", "", "{\"name\":\"Cara\"} x");
  finish(p, c, s);
}

static void wrong_media(struct parcel *p, struct scene *c, struct store *s) {
  add_entry(p, c->chair->key, "child.add", "", "case", "application/pdf", bytes_str("{\"name\":\"Cara\"}"));
  finish(p, c, s);
}

static void wrong_audience(struct parcel *p, struct scene *c, struct store *s) {
  add_entry(p, c->chair->key, "child.add", "", "register", "application/json", bytes_str("{\"name\":\"Cara\"}"));
  finish(p, c, s);
}

static void with_profile(struct parcel *p, struct scene *c, struct store *s) {
  char lines[128];
  snprintf(lines, sizeof lines, "profile %s\n", hash_hex(&c->meeting).s);
  add(p, c->chair->key, "child.add", lines, "{\"name\":\"Cara\"}");
  finish(p, c, s);
}

/* What a node says of such a key must itself be something that it can write down. */
static void key_of_control_characters(struct parcel *p, struct scene *c, struct store *s) {
  add(p, c->chair->key, "child.add", "", "{\"name\":\"Cara\",\"\\u001b[2J\\r\\n\":\"x\"}");
  finish(p, c, s);
}

static void key_too_long(struct parcel *p, struct scene *c, struct store *s) {
  struct buf content = {0};
  buf_add_str(&content, "{\"name\":\"Cara\",\"x");
  for (int i = 0; i < 500; i++)
    buf_add_str(&content, "é");
  buf_add_str(&content, "\":1}");
  add(p, c->chair->key, "child.add", "", buf_cstr(&content));
  finish(p, c, s);
  buf_release(&content);
}

static void involve(struct parcel *p, struct scene *c, struct store *s, const struct hash *child,
                    const struct hash *agency) {
  char lines[256];
  snprintf(lines, sizeof lines, "child %s\nref agency %s\n", hash_hex(child).s, hash_hex(agency).s);
  add(p, c->chair->key, "involvement.start", lines, "{}");
  finish(p, c, s);
}

static void involve_well(struct parcel *p, struct scene *c, struct store *s) {
  involve(p, c, s, &c->ava, &c->health->agency);
}

static void ref_absent(struct parcel *p, struct scene *c, struct store *s) {
  involve(p, c, s, &c->ava, &c->chair->replica);
}

static void ref_of_wrong_kind(struct parcel *p, struct scene *c, struct store *s) {
  involve(p, c, s, &c->ava, &c->chair->person);
}

static void child_absent(struct parcel *p, struct scene *c, struct store *s) {
  involve(p, c, s, &c->chair->replica, &c->health->agency);
}

static void child_of_wrong_kind(struct parcel *p, struct scene *c, struct store *s) {
  involve(p, c, s, &c->meeting, &c->health->agency);
}

/* What is named must be about the same child: a meeting, or an involvement, of another one is none. */
static void meeting_of_another_child(struct parcel *p, struct scene *c, struct store *s) {
  char lines[256];
  add(p, c->chair->key, "child.add", "", "{\"name\":\"Cara\"}");
  struct hash cara = id_of(p, 0);
  snprintf(lines, sizeof lines, "child %s\nref meeting %s\n", hash_hex(&cara).s, hash_hex(&c->meeting).s);
  add(p, c->chair->key, "view.record", lines, "{\"risk\":\"x\",\"plan\":\"no\",\"register\":\"no\"}");
  finish(p, c, s);
}

static void involvement_of(struct parcel *p, struct scene *c, struct store *s, const struct hash *ended) {
  char lines[256];
  snprintf(lines, sizeof lines, "child %s\nref agency %s\n", hash_hex(&c->ava).s, hash_hex(&c->health->agency).s);
  add(p, c->chair->key, "involvement.start", lines, "{}");
  struct hash start = id_of(p, 0);
  snprintf(lines, sizeof lines, "child %s\nref involvement %s\n", hash_hex(ended).s, hash_hex(&start).s);
  add(p, c->chair->key, "involvement.end", lines, "{\"reason\":\"moved\"}");
  finish(p, c, s);
}

static void involvement_of_another_child(struct parcel *p, struct scene *c, struct store *s) {
  involvement_of(p, c, s, &c->ben);
}

static void involvement_of_this_child(struct parcel *p, struct scene *c, struct store *s) {
  involvement_of(p, c, s, &c->ava);
}

static void child_in_act(struct parcel *p, struct scene *c, struct store *s) {
  char lines[256];
  add(p, c->chair->key, "child.add", "", "{\"name\":\"Cara\"}");
  struct hash cara = id_of(p, 0);
  snprintf(lines, sizeof lines, "child %s\nref agency %s\n", hash_hex(&cara).s, hash_hex(&c->health->agency).s);
  add(p, c->chair->key, "involvement.start", lines, "{}");
  finish(p, c, s);
}

static void forward_reference(struct parcel *p, struct scene *c, struct store *s) {
  struct parcel later = {0};
  char lines[256];
  add(&later, c->chair->key, "child.add", "", "{\"name\":\"Before her time\"}");
  add(&later, c->chair->key, "child.add", "", "{\"name\":\"Cara\"}");
  struct hash cara = id_of(&later, 1);
  snprintf(lines, sizeof lines, "child %s\nref agency %s\n", hash_hex(&cara).s, hash_hex(&c->health->agency).s);
  add(p, c->chair->key, "involvement.start", lines, "{}");
  add(p, c->chair->key, "child.add", "", "{\"name\":\"Cara\"}");
  struct hash same = id_of(p, 1);
  assert_true(hash_equal(&same, &cara));
  finish(p, c, s);
  parcel_release(&later);
}

static void same_entry_twice(struct parcel *p, struct scene *c, struct store *s) {
  make_child(p, c, s);
  p->entries[1] = p->entries[0];
  p->entries[1].index = 1;
  p->in.count = p->in.size = 2;
  sign(p, c->chair->key);
}

static void entry_of_an_earlier_act(struct parcel *p, struct scene *c, struct store *s) {
  struct record r = {0};
  assert_int_equal(store_find(s, &c->ava, &r), OK);
  buf_add(&p->headers[0], buf_bytes(&r.header));
  buf_add(&p->contents[0], buf_bytes(&r.content));
  p->entries[0] = (struct act_entry){.header = buf_bytes(&p->headers[0]), .content = buf_bytes(&p->contents[0])};
  memcpy(p->entries[0].salt, r.salt, sizeof r.salt);
  p->in.count = 1;
  add(p, c->chair->key, "child.add", "", "{\"name\":\"Cara\"}");
  finish(p, c, s);
  record_release(&r);
}

static void open_again_as(struct parcel *p, struct scene *c, struct store *s, const struct key *by) {
  struct buf lines = {0};
  const struct key *keys[] = {c->w.ledger, by};
  const char *const names[] = {"ledger", "operating"};
  for (size_t i = 0; i < 2; i++) {
    buf_addf(&lines, "key %s ", names[i]);
    text_base64_encode(&lines, key_spki(keys[i]));
    buf_add_str(&lines, "\n");
  }
  buf_add_str(&lines, "cert ");
  text_base64_encode(&lines, buf_bytes(&c->w.authority_cert));
  buf_add_str(&lines, "\nfact origin nl.example/second\n");
  add_entry(p, by, "log.open", buf_cstr(&lines), "directory", "application/json",
            bytes_str("{\"authority-name\":\"x\"}"));
  sign(p, by);
  place(p, s, c->chair);
  buf_release(&lines);
}

static void open_again(struct parcel *p, struct scene *c, struct store *s) {
  open_again_as(p, c, s, c->w.operating);
}

static void open_for_oneself(struct parcel *p, struct scene *c, struct store *s) {
  open_again_as(p, c, s, c->chair->key);
}

static void open_without_keys(struct parcel *p, struct scene *c, struct store *s) {
  add_entry(p, c->chair->key, "log.open", "", "directory", "application/json", bytes_str("{}"));
  finish(p, c, s);
}

static void for_the_node_only(struct parcel *p, struct scene *c, struct store *s) {
  add_entry(p, c->chair->key, "agency.add", "fact type health\n", "directory", "application/json",
            bytes_str("{\"name\":\"Us\"}"));
  finish(p, c, s);
}

static void for_social_work_only(struct parcel *p, struct scene *c, struct store *s) {
  char lines[256];
  snprintf(lines, sizeof lines, "child %s\nref agency %s\n", hash_hex(&c->ava).s, hash_hex(&c->health->agency).s);
  add(p, c->health->key, "involvement.start", lines, "{}");
  sign(p, c->health->key);
  place(p, s, c->chair);
}

static const struct {
  const char *what;
  make_fn *make;
  enum err err;           /* what accept_act returns */
  enum verdict_code code; /* of OK */
  const char *rule;
  bool anyway; /* WRITE_ANYWAY records it all the same */
} cases[] = {
    {"a good act", make_child, OK, VERDICT_ACCEPTED, "", true},
    {"a good act of three", make_three, OK, VERDICT_ACCEPTED, "", true},
    {"a good reference", involve_well, OK, VERDICT_ACCEPTED, "", true},
    {"a child of the same act", child_in_act, OK, VERDICT_ACCEPTED, "", true},
    {"one bit of the signature", flip_signature, ERR_SIGNATURE, 0, NULL, false},
    {"no signature", no_signature, ERR_SIGNATURE, 0, NULL, false},
    {"another person's signature", signed_by_another, ERR_SIGNATURE, 0, NULL, false},
    {"a signature for another size", signed_for_another_size, ERR_SIGNATURE, 0, NULL, false},
    {"a key without certificate", by_a_stranger, ERR_KEY, 0, NULL, false},
    {"a machine as author", by_a_machine, ERR_KEY, 0, NULL, false},
    {"the authority as author", by_the_authority, ERR_KEY, 0, NULL, false},
    {"the ledger's key as author", by_the_ledger_key, ERR_KEY, 0, NULL, false},
    {"another content", content_changed, ERR_FORM, 0, NULL, false},
    {"a content cut short", content_cut, ERR_FORM, 0, NULL, false},
    {"a content that is gone", content_gone, ERR_FORM, 0, NULL, false},
    {"another salt", salt_changed, ERR_FORM, 0, NULL, false},
    {"another header", header_changed, ERR_SIGNATURE, 0, NULL, false},
    {"a header cut short", header_cut, ERR_FORM, 0, NULL, false},
    {"two authors", two_authors, ERR_FORM, 0, NULL, false},
    {"entries in another order", swapped, ERR_PROOF, 0, NULL, false},
    {"an index twice", same_index_twice, ERR_PROOF, 0, NULL, false},
    {"an entry lacking", lacks_one, ERR_FORM, 0, NULL, false},
    {"a proof left over", hash_left_over, ERR_PROOF, 0, NULL, false},
    {"no entries", no_entries, ERR_FORM, 0, NULL, false},
    {"1,025 entries", too_many_entries, ERR_FORM, 0, NULL, false},
    {"over 2 MiB", too_large, ERR_LIMIT, 0, NULL, false},
    {"five large contents", too_many_large, ERR_LIMIT, 0, NULL, false},
    {"a position left out", position_gap, ERR_CHAIN, 0, NULL, false},
    {"position 0", position_none, ERR_CHAIN, 0, NULL, false},
    {"position 2^64 - 1", position_huge, ERR_CHAIN, 0, NULL, false},
    {"a position that is taken", position_taken, ERR_CHAIN, 0, NULL, false},
    {"another position before", previous_wrong, ERR_CHAIN, 0, NULL, false},
    {"an unknown kind", kind_unknown, OK, VERDICT_LATER, "kind", false},
    {"a newer kind", kind_newer, OK, VERDICT_LATER, "kind", false},
    {"a field missing", field_missing, OK, VERDICT_REFUSED, "fields", false},
    {"the second entry is bad", second_entry_bad, OK, VERDICT_REFUSED, "fields", false},
    {"not JSON", not_json, OK, VERDICT_REFUSED, "fields", false},
    {"another media type", wrong_media, OK, VERDICT_REFUSED, "fields", false},
    {"another audience", wrong_audience, OK, VERDICT_REFUSED, "fields", false},
    {"a profile that nobody adopted", with_profile, OK, VERDICT_REFUSED, "profile", false},
    {"a key of control characters", key_of_control_characters, OK, VERDICT_REFUSED, "fields", false},
    {"a key of 1,000 bytes", key_too_long, OK, VERDICT_REFUSED, "fields", false},
    {"a reference to nothing", ref_absent, OK, VERDICT_REFUSED, "reference", false},
    {"a reference to another kind", ref_of_wrong_kind, OK, VERDICT_REFUSED, "reference", false},
    {"no such child", child_absent, OK, VERDICT_REFUSED, "reference", false},
    {"a child that is none", child_of_wrong_kind, OK, VERDICT_REFUSED, "reference", false},
    {"a meeting about another child", meeting_of_another_child, OK, VERDICT_REFUSED, "reference", false},
    {"another child's involvement", involvement_of_another_child, OK, VERDICT_REFUSED, "reference", false},
    {"this child's involvement", involvement_of_this_child, OK, VERDICT_ACCEPTED, "", true},
    {"a reference to a later entry", forward_reference, OK, VERDICT_REFUSED, "reference", false},
    {"the same entry twice", same_entry_twice, OK, VERDICT_REFUSED, "double", false},
    {"an entry of an earlier act", entry_of_an_earlier_act, OK, VERDICT_REFUSED, "double", false},
    {"a second log.open", open_again, ERR_KEY, 0, NULL, false},
    {"a log.open by a person", open_for_oneself, ERR_KEY, 0, NULL, false},
    {"a log.open without keys", open_without_keys, ERR_FORM, 0, NULL, false},
    {"the node's kind", for_the_node_only, OK, VERDICT_REFUSED, "permission", true},
    {"social work's kind by health", for_social_work_only, OK, VERDICT_REFUSED, "permission", true},
};

static void check_case(struct scene *c, size_t i, enum accept_how how) {
  struct store *s = how == ACCEPT_ADMIT ? c->w.node.store : c->chair->store;
  struct parcel p = {0};
  struct verdict v = {0};
  enum verdict_code wanted = how == ACCEPT_WRITE_ANYWAY && cases[i].anyway ? VERDICT_ACCEPTED : cases[i].code;
  struct hash before = world_digest(s);
  cases[i].make(&p, c, s);
  p.in.how = how;
  p.in.now_s = c->w.now_s;
  assert_int_equal(store_begin(s), OK);
  enum err e = accept_act(s, &p.in, &v);
  if (e != cases[i].err || (e == OK && v.code != wanted) ||
      (e == OK && wanted != VERDICT_ACCEPTED && strcmp(v.rule, cases[i].rule) != 0))
    fail_msg("%s (%d): %s (%s), verdict %d %s: %s", cases[i].what, how, err_text(e), err_words(e), v.code, v.rule,
             v.words);
  bool is_plain = text_is_plain(bytes_str(v.words)) && text_is_plain(bytes_str(v.remedy));
  if (e == OK && v.code != VERDICT_ACCEPTED &&
      (v.words[0] == '\0' || v.remedy[0] == '\0' || v.first || v.last || !is_plain))
    fail_msg("%s (%d): words \"%s\", remedy \"%s\"", cases[i].what, how, v.words, v.remedy);
  assert_true(db_in_transaction(s->db));
  if (e != OK || v.code != VERDICT_ACCEPTED)
    assert_int_equal(s->new_leaves.len, 0);
  struct hash after = world_digest(s);
  if (hash_equal(&before, &after) != (e != OK || v.code != VERDICT_ACCEPTED))
    fail_msg("%s (%d): the store %s", cases[i].what, how,
             hash_equal(&before, &after) ? "is as before" : "has a trace of it");
  store_rollback(s);
  after = world_digest(s);
  assert_true(hash_equal(&before, &after));
  parcel_release(&p);
}

static void every_check_of_the_door(void **state) {
  static const enum accept_how hows[] = {ACCEPT_ADMIT, ACCEPT_WRITE, ACCEPT_WRITE_ANYWAY};
  struct scene c;
  (void)state;
  scene_open(&c, 1);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (size_t h = 0; h < 3; h++)
      check_case(&c, i, hows[h]);
  scene_close(&c);
}

/* ---- what was had already ---- */

static struct verdict offer(struct scene *c, struct accept_act in, enum err wanted) {
  struct store *s = c->w.node.store;
  struct verdict v = {0};
  in.how = ACCEPT_ADMIT;
  in.now_s = c->w.now_s;
  assert_int_equal(store_begin(s), OK);
  enum err e = accept_act(s, &in, &v);
  if (e != wanted)
    fail_msg("%s: %s", err_text(e), err_words(e));
  if (e == OK)
    assert_int_equal(store_commit(s), OK);
  else
    store_rollback(s);
  return v;
}

static void same_act_again(void **state) {
  struct scene c;
  struct parcel p = {0}, next = {0};
  (void)state;
  scene_open(&c, 2);
  make_three(&p, &c, c.w.node.store);
  struct verdict v = offer(&c, p.in, OK), again;
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  assert_int_equal(v.last, v.first + 2);
  struct hash before = world_digest(c.w.node.store);
  again = offer(&c, p.in, OK);
  assert_int_equal(again.code, VERDICT_HAD);
  assert_int_equal(again.first, v.first);
  assert_int_equal(again.last, v.last);
  involve_well(&next, &c, c.w.node.store);
  struct hash after = world_digest(c.w.node.store);
  assert_true(hash_equal(&before, &after));
  assert_int_equal(offer(&c, next.in, OK).code, VERDICT_ACCEPTED);
  /* The later act under the earlier one's number: that number is another act's. */
  next.in.position = p.in.position;
  next.in.previous = p.in.previous;
  offer(&c, next.in, ERR_CHAIN);
  /* The act under a new number: it is not accepted twice. */
  place(&p, c.w.node.store, c.chair);
  again = offer(&c, p.in, OK);
  assert_int_equal(again.code, VERDICT_HAD);
  assert_int_equal(again.first, v.first);
  assert_string_equal(again.rule, "had");
  parcel_release(&p);
  parcel_release(&next);
  scene_close(&c);
}

static void refused_act_again(void **state) {
  struct scene c;
  struct verdict v, first = {0};
  struct exchange_report report = {0};
  (void)state;
  scene_open(&c, 3);
  struct hash_hex ava = hash_hex(&c.ava), meeting = hash_hex(&c.meeting);
  struct draft draft =
      WORLD_DRAFT("decision.record", {"child", ava.s}, {"meeting", meeting.s}, {"reasons", "none said"});
  assert_int_equal(world_write(&c.w, c.chair, &draft, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  struct act_record a = {0};
  assert_int_equal(store_find_act(c.chair->store, v.first, &a), OK);
  assert_int_equal(world_exchange(&c.w, c.chair, &report), OK);
  assert_int_equal(report.refused, 1);
  struct act_entry e = {.header = a.entries[0].entry.header, .content = buf_bytes(&a.entries[0].content)};
  memcpy(e.salt, a.entries[0].salt, sizeof e.salt);
  struct accept_act in = {.entries = &e,
                          .count = 1,
                          .size = 1,
                          .signature = buf_bytes(&a.signature),
                          .replica = a.position.replica,
                          .position = a.position.number,
                          .previous = a.position.previous};
  for (int i = 0; i < 2; i++) {
    v = offer(&c, in, OK);
    assert_int_equal(v.code, VERDICT_REFUSED);
    assert_string_equal(v.rule, "R-006");
    assert_true(v.words[0] && v.remedy[0]);
    if (i)
      assert_memory_equal(&v, &first, sizeof v);
    first = v;
  }
  /* Another act under the number of the refused one. */
  struct parcel p = {0};
  make_child(&p, &c, c.w.node.store);
  p.in.position = a.position.number;
  p.in.previous = a.position.previous;
  offer(&c, p.in, ERR_CHAIN);
  parcel_release(&p);
  act_record_release(&a);
  scene_close(&c);
}

/* ---- rules ---- */

enum { MAX_VALUES = 6, MAX_DRAFTS = 6 };

/* "AVA", "BEN", "CHAIR" and "MEETING" in a value stand for their ids; those of the drafts before are recorded and
 * accepted first. */
struct told {
  const char *kind;
  struct draft_value values[MAX_VALUES];
};

#define DECIDE(who, ...)                                                                                               \
  {                                                                                                                    \
    "decision.record", {                                                                                               \
      {"child", who}, {"meeting", "MEETING"}, {"reasons", "neglect"}, __VA_ARGS__                                      \
    }                                                                                                                  \
  }
#define PLAN(who) DECIDE(who, {"risk", "yes"}, {"plan", "yes"})
#define REGISTER(who, why)                                                                                             \
  {                                                                                                                    \
    "registration.add", {                                                                                              \
      {"child", who}, {"decision", why}, {"name", "Ava Lennox"}, {"impact", "neglect"}, {                              \
        "review", "2027-03-01"                                                                                         \
      }                                                                                                                \
    }                                                                                                                  \
  }
#define PROVE(who, registration)                                                                                       \
  {                                                                                                                    \
    "indicator.record", {                                                                                              \
      {"child", who}, {"registration", registration}, {"category", "impact"}, {"indicator", "neglect"}, {              \
        "evidence", "weight loss"                                                                                      \
      }                                                                                                                \
    }                                                                                                                  \
  }

#define GIVE(...)                                                                                                      \
  {                                                                                                                    \
    "role.give", {                                                                                                     \
      {"person", "CHAIR"}, {"from", "2026-11-21"}, __VA_ARGS__                                                         \
    }                                                                                                                  \
  }

static const struct {
  const char *what;
  struct told before[MAX_DRAFTS]; /* an act that is accepted; "EARLIER" stands for its first entry's id */
  struct told act[MAX_DRAFTS];
  const char *rule; /* NULL: kept */
} rule_cases[] = {
    {"R-006: no answer", {{0}}, {DECIDE("AVA", {"plan", "no"})}, "R-006"},
    {"R-007: no answer", {{0}}, {DECIDE("AVA", {"risk", "yes"})}, "R-007"},
    {"R-007: no answer in the second of two",
     {{0}},
     {DECIDE("BEN", {"risk", "no"}, {"plan", "no"}), DECIDE("AVA", {"risk", "yes"})},
     "R-007"},
    {"R-007: the answer is no", {{0}}, {DECIDE("AVA", {"risk", "yes"}, {"plan", "no"})}, NULL},
    {"R-007: only this act is asked", {{0}}, {DECIDE("BEN", {"risk", "no"}, {"plan", "no"})}, NULL},
    {"R-008: a plan alone", {{0}}, {PLAN("AVA")}, "R-008"},
    {"R-008: a plan with its registration", {{0}}, {PLAN("AVA"), REGISTER("AVA", "@1"), PROVE("AVA", "@2")}, NULL},
    {"R-008: the sibling's registration does not count",
     {PLAN("BEN"), REGISTER("BEN", "@1"), PROVE("BEN", "@2")},
     {PLAN("AVA")},
     "R-008"},
    {"R-008: two plans and one registration",
     {{0}},
     {PLAN("AVA"), REGISTER("AVA", "@1"), PROVE("AVA", "@2"), PLAN("BEN")},
     "R-008"},
    {"R-008: two plans and two registrations",
     {{0}},
     {PLAN("AVA"), PLAN("BEN"), REGISTER("BEN", "@2"), REGISTER("AVA", "@1"), PROVE("BEN", "@3"), PROVE("AVA", "@4")},
     NULL},
    {"R-008: both siblings, decisions swapped",
     {{0}},
     {PLAN("AVA"), PLAN("BEN"), REGISTER("AVA", "@2"), REGISTER("BEN", "@1")},
     "R-008"},
    {"R-008: registered already, and not continued",
     {PLAN("AVA"), REGISTER("AVA", "@1"), PROVE("AVA", "@2")},
     {PLAN("AVA")},
     "R-008"},
    {"R-009: the decision says no",
     {{0}},
     {DECIDE("AVA", {"risk", "yes"}, {"plan", "no"}), REGISTER("AVA", "@1"), PROVE("AVA", "@2")},
     "R-009"},
    {"R-009: an earlier decision says no",
     {DECIDE("AVA", {"risk", "yes"}, {"plan", "no"})},
     {REGISTER("AVA", "EARLIER"), PROVE("AVA", "@1")},
     "R-009"},
    {"R-009: the decision is the sibling's",
     {PLAN("BEN"), REGISTER("BEN", "@1"), PROVE("BEN", "@2")},
     {REGISTER("AVA", "EARLIER"), PROVE("AVA", "@1")},
     "R-009"},
    {"N-12: registered by the same decision before",
     {PLAN("AVA"), REGISTER("AVA", "@1"), PROVE("AVA", "@2")},
     {REGISTER("AVA", "EARLIER"), PROVE("AVA", "@1")},
     "N-12"},
    {"R-133: a minute-taker without training", {{0}}, {GIVE({"role", "minute-taker"})}, "R-133"},
    {"R-133: a minute-taker with training", {{0}}, {GIVE({"role", "minute-taker"}, {"trained", "2025-03-01"})}, NULL},
    {"R-133: other roles need none", {{0}}, {GIVE({"role", "lead-professional"})}, NULL},
};

/* Drafts with the stand-ins replaced; texts live in the scene's hex. */
struct drafted {
  struct draft drafts[MAX_DRAFTS];
  struct draft_value values[MAX_DRAFTS][MAX_VALUES];
  struct hash_hex ava, ben, meeting, earlier, who;
  size_t count;
};

static void draft_all(struct drafted *d, const struct scene *c, const struct told *told, const struct hash *earlier) {
  *d = (struct drafted){.ava = hash_hex(&c->ava), .ben = hash_hex(&c->ben), .meeting = hash_hex(&c->meeting)};
  d->earlier = hash_hex(earlier);
  d->who = hash_hex(&c->chair->person);
  const struct {
    const char *word, *id;
  } known[] = {
      {"AVA", d->ava.s}, {"BEN", d->ben.s}, {"MEETING", d->meeting.s}, {"EARLIER", d->earlier.s}, {"CHAIR", d->who.s}};
  for (; d->count < MAX_DRAFTS && told[d->count].kind; d->count++) {
    size_t n = 0;
    for (; n < MAX_VALUES && told[d->count].values[n].name; n++) {
      d->values[d->count][n] = told[d->count].values[n];
      for (size_t k = 0; k < 5; k++)
        if (strcmp(d->values[d->count][n].value, known[k].word) == 0)
          d->values[d->count][n].value = known[k].id;
    }
    d->drafts[d->count] = world_draft(told[d->count].kind, d->values[d->count], n);
  }
}

/* Written in a transaction that is rolled back; ADMIT: recorded anyway, carried to the node and judged there. */
static struct verdict judge(struct scene *c, const struct drafted *d, enum accept_how how) {
  struct author_by by = {.key = c->chair->key, .replica = c->chair->replica};
  struct store *s = c->chair->store;
  struct verdict v = {0};
  assert_int_equal(store_begin(s), OK);
  assert_int_equal(
      author_write(s, &by, d->drafts, d->count, how == ACCEPT_ADMIT ? ACCEPT_WRITE_ANYWAY : how, c->w.now_s, &v), OK);
  if (how == ACCEPT_ADMIT) {
    struct exchange_replica r = {s, c->chair->replica_key};
    struct buf request = {0};
    struct msg_request m;
    size_t sent;
    assert_int_equal(exchange_request(&r, &request, &sent), OK);
    assert_int_equal(msg_request_decode(buf_bytes(&request), &m), OK);
    assert_int_equal(m.act_count, 1);
    struct accept_act in = {.how = ACCEPT_ADMIT,
                            .entries = m.acts[0].entries,
                            .count = m.acts[0].count,
                            .size = m.acts[0].count,
                            .signature = m.acts[0].signature,
                            .replica = c->chair->replica,
                            .position = m.acts[0].position,
                            .previous = m.acts[0].previous,
                            .now_s = c->w.now_s};
    assert_int_equal(store_begin(c->w.node.store), OK);
    assert_int_equal(accept_act(c->w.node.store, &in, &v), OK);
    store_rollback(c->w.node.store);
    msg_request_release(&m);
    buf_release(&request);
  }
  store_rollback(s);
  return v;
}

static void check_rule(size_t i) {
  struct scene c;
  struct drafted d;
  struct verdict v;
  struct hash earlier = zeros;
  scene_open(&c, 100 + i);
  if (rule_cases[i].before[0].kind) {
    draft_all(&d, &c, rule_cases[i].before, &earlier);
    assert_int_equal(world_write(&c.w, c.chair, d.drafts, d.count, ACCEPT_WRITE, &v), OK);
    assert_int_equal(v.code, VERDICT_ACCEPTED);
    assert_int_equal(author_id_of(c.chair->store, v.first, &earlier), OK);
    world_sync(&c.w, c.chair);
  }
  draft_all(&d, &c, rule_cases[i].act, &earlier);
  for (enum accept_how how = ACCEPT_WRITE; how <= ACCEPT_ADMIT; how++) {
    v = judge(&c, &d, how);
    const char *rule = how == ACCEPT_WRITE_ANYWAY ? NULL : rule_cases[i].rule;
    if (v.code != (rule ? VERDICT_REFUSED : VERDICT_ACCEPTED) || (rule && strcmp(v.rule, rule) != 0))
      fail_msg("%s (%d): %s %s %s", rule_cases[i].what, how, world_verdict_word(v.code), v.rule, v.words);
    if (rule && (v.words[0] == '\0' || v.remedy[0] == '\0'))
      fail_msg("%s (%d): no words", rule_cases[i].what, how);
  }
  scene_close(&c);
}

static void every_rule(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rule_cases / sizeof *rule_cases; i++)
    check_rule(i);
}

/* ---- certificates ---- */

/* The chair records a child at this time; on the node the act is judged at the same time. */
static void check_validity(struct scene *c, int64_t at_s, const char *rule) {
  struct drafted d = {.count = 1};
  d.drafts[0] = WORLD_DRAFT("child.add", {"name", "Cara"});
  c->w.now_s = at_s;
  for (enum accept_how how = ACCEPT_WRITE; how <= ACCEPT_ADMIT; how++) {
    struct verdict v = judge(c, &d, how);
    const char *wanted = how == ACCEPT_WRITE_ANYWAY ? NULL : rule;
    if (v.code != (wanted ? VERDICT_HELD : VERDICT_ACCEPTED) || (wanted && strcmp(v.rule, wanted) != 0))
      fail_msg("at %s (%d): %s %s", text_time_format(at_s).s, how, world_verdict_word(v.code), v.words);
  }
}

static void validity_of_certificates(void **state) {
  struct scene c;
  struct author a;
  (void)state;
  scene_open(&c, 4);
  struct hash id = key_id(c.chair->key);
  assert_int_equal(directory_author(c.w.node.store, &id, c.w.now_s, &a), OK);
  check_validity(&c, a.until_s, NULL);
  check_validity(&c, a.until_s + 1, "certificate");
  check_validity(&c, a.until_s + 4000 * (int64_t)DAY_S, "certificate");
  scene_close(&c);
}

/* The node's time of admission never goes back, but a replica's clock may be behind. */
static void not_yet_valid(void **state) {
  struct scene c;
  struct author a;
  struct verdict v;
  (void)state;
  scene_open(&c, 5);
  struct hash id = key_id(c.chair->key);
  assert_int_equal(directory_author(c.w.node.store, &id, c.w.now_s, &a), OK);
  struct draft draft = WORLD_DRAFT("child.add", {"name", "Cara"});
  int64_t now_s = c.w.now_s;
  c.w.now_s = a.from_s - 1;
  assert_int_equal(world_write(&c.w, c.chair, &draft, 1, ACCEPT_WRITE, &v), OK);
  assert_int_equal(v.code, VERDICT_HELD);
  assert_string_equal(v.rule, "certificate");
  assert_int_equal(store_outbox_count(c.chair->store, NULL), 0);
  c.w.now_s = now_s - 5 * DAY_S;
  struct parcel p = {0};
  make_child(&p, &c, c.w.node.store);
  v = offer(&c, p.in, OK);
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  struct act_record a_record = {0};
  assert_int_equal(store_find_act(c.w.node.store, v.first, &a_record), OK);
  assert_string_equal(a_record.admitted.s, text_time_format(now_s).s);
  act_record_release(&a_record);
  parcel_release(&p);
  scene_close(&c);
}

struct issuing {
  const char *what;
  const struct key *authority, *key;
  const struct hash *named, *subject; /* in the certificate, in the entry */
  enum cert_use use;
  enum err err;
};

static void check_issuing(struct scene *c, const struct issuing *i) {
  struct buf cert = {0}, text = {0}, authority_cert = {0};
  struct verdict v;
  struct hash_hex subject = hash_hex(i->subject);
  if (i->authority == c->w.authority)
    buf_add(&authority_cert, buf_bytes(&c->w.authority_cert));
  else
    assert_int_equal(cert_make_authority(i->authority, "North Lanarkshire Council", c->w.now_s, c->w.now_s + 99 * DAY_S,
                                         &authority_cert),
                     OK);
  assert_int_equal(cert_issue(i->authority, buf_bytes(&authority_cert), i->key, i->use, i->named, NULL, c->w.now_s,
                              c->w.now_s + 9 * DAY_S, &cert),
                   OK);
  text_base64_encode(&text, buf_bytes(&cert));
  struct draft draft = WORLD_DRAFT("cert.issue", {"subject", subject.s}, {"cert", buf_cstr(&text)});
  struct hash before = world_digest(c->w.node.store);
  enum err e = world_node_write(&c->w, &draft, 1, &v);
  struct hash after = world_digest(c->w.node.store);
  if (e != i->err || hash_equal(&before, &after) != (e != OK))
    fail_msg("%s: %s (%s)", i->what, err_text(e), err_words(e));
  buf_release(&cert);
  buf_release(&text);
  buf_release(&authority_cert);
}

static void certificates_that_are_introduced(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 6);
  struct key *other = key_new();
  const struct issuing all[] = {
      {"a renewed certificate", c.w.authority, c.chair->key, &c.chair->person, &c.chair->person, CERT_PERSON, OK},
      {"a machine's", c.w.authority, c.chair->replica_key, &c.chair->machine, &c.chair->machine, CERT_REPLICA, OK},
      {"for another key", c.w.authority, other, &c.chair->person, &c.chair->person, CERT_PERSON, ERR_KEY},
      {"for the machine's key", c.w.authority, c.chair->replica_key, &c.chair->person, &c.chair->person, CERT_PERSON,
       ERR_KEY},
      {"for another subject than the entry says", c.w.authority, c.chair->key, &c.chair->person, &c.health->person,
       CERT_PERSON, ERR_KEY},
      {"for another person's key", c.w.authority, c.chair->key, &c.health->person, &c.health->person, CERT_PERSON,
       ERR_KEY},
      {"for something without keys", c.w.authority, c.chair->key, &c.ava, &c.ava, CERT_PERSON, ERR_REFUSED},
      {"for nobody known", c.w.authority, c.chair->key, &c.chair->replica, &c.chair->replica, CERT_PERSON, ERR_REFUSED},
      {"from another authority", other, c.chair->key, &c.chair->person, &c.chair->person, CERT_PERSON, ERR_SIGNATURE},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    check_issuing(&c, &all[i]);
  key_free(other);
  scene_close(&c);
}

/* ---- what the author's agency was never sent ---- */

/* Ways for somebody of health to name an entry. */
typedef void naming_fn(struct parcel *p, const struct key *by, const struct scene *c, const struct hash *id);

/* Salts are the same: the content is another one each time. */
static void name_child(struct parcel *p, const struct key *by, const struct scene *c, const struct hash *id) {
  char lines[256], content[64];
  snprintf(lines, sizeof lines, "child %s\nfact relation mother\nfact responsibilities yes\n", hash_hex(id).s);
  snprintf(content, sizeof content, "{\"name\":\"Mary %" PRIu64 "\"}", store_size(c->w.node.store));
  add(p, by, "family.add", lines, content);
}

static void name_meeting(struct parcel *p, const struct key *by, const struct scene *c, const struct hash *id) {
  char lines[256], content[64];
  snprintf(lines, sizeof lines, "child %s\nref meeting %s\n", hash_hex(&c->ava).s, hash_hex(id).s);
  snprintf(content, sizeof content, "{\"risk\":\"%" PRIu64 "\",\"plan\":\"no\",\"register\":\"no\"}",
           store_size(c->w.node.store));
  add(p, by, "view.record", lines, content);
}

static void name_base(struct parcel *p, const struct key *by, const struct scene *c, const struct hash *id) {
  char lines[256];
  snprintf(lines, sizeof lines, "child %s\nbase %s\n", hash_hex(&c->ava).s, hash_hex(id).s);
  add(p, by, "child.change", lines, "{\"gp\":\"Dr A\"}");
}

static void name_voided(struct parcel *p, const struct key *by, const struct scene *c, const struct hash *id) {
  char lines[256];
  snprintf(lines, sizeof lines, "child %s\nref entry %s\n", hash_hex(&c->ava).s, hash_hex(id).s);
  add(p, by, "entry.void", lines, "{\"reason\":\"in the wrong file\"}");
}

static struct verdict offer_naming(struct scene *c, naming_fn *naming, const struct hash *id) {
  struct parcel p = {0};
  naming(&p, c->health->key, c, id);
  sign(&p, c->health->key);
  place(&p, c->w.node.store, c->health);
  struct verdict v = offer(c, p.in, OK);
  parcel_release(&p);
  return v;
}

/* The words without the beginning of the id that they quote. */
static void mask(char *words, const struct hash *id) {
  char quoted[9];
  snprintf(quoted, sizeof quoted, "%.8s", hash_hex(id).s);
  for (char *at; (at = strstr(words, quoted));)
    memset(at, '-', 8);
}

/* Whoever tries ids learns nothing: the node answers as to an id that nobody has. */
static void hidden_is_absent(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 8);
  const struct {
    const char *what;
    naming_fn *naming;
    const struct hash *hidden;
  } all[] = {
      {"a child", name_child, &c.ben},         {"another kind of entry for a child", name_child, &c.meeting},
      {"a meeting", name_meeting, &c.meeting}, {"another kind of entry for a meeting", name_meeting, &c.ben},
      {"a version", name_base, &c.ben},        {"what is voided", name_voided, &c.ben},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct hash nobodys = hash_of(bytes_str(all[i].what));
    struct verdict hidden = offer_naming(&c, all[i].naming, all[i].hidden),
                   absent = offer_naming(&c, all[i].naming, &nobodys);
    mask(hidden.words, all[i].hidden);
    mask(absent.words, &nobodys);
    if (hidden.code != VERDICT_REFUSED || absent.code != VERDICT_REFUSED || strcmp(hidden.rule, absent.rule) != 0 ||
        strcmp(hidden.words, absent.words) != 0 || strcmp(hidden.remedy, absent.remedy) != 0)
      fail_msg("%s: hidden: %s: %s; absent: %s: %s", all[i].what, hidden.rule, hidden.words, absent.rule, absent.words);
  }
  scene_close(&c);
}

/* Once its agency was sent the entry it may be named, also when that arrives after the agency's part has ended. */
static void what_was_sent_may_be_named(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 9);
  assert_int_equal(offer_naming(&c, name_child, &c.ben).code, VERDICT_REFUSED);
  struct hash start = start_involvement(&c, &c.ben);
  assert_int_equal(offer_naming(&c, name_child, &c.ben).code, VERDICT_ACCEPTED);
  assert_int_equal(offer_naming(&c, name_meeting, &c.meeting).code, VERDICT_ACCEPTED);
  struct hash_hex child = hash_hex(&c.ben), involvement = hash_hex(&start);
  world_record(&c.w, c.chair,
               WORLD_DRAFT("involvement.end", {"child", child.s}, {"involvement", involvement.s}, {"reason", "x"}));
  world_sync(&c.w, c.chair);
  assert_int_equal(offer_naming(&c, name_child, &c.ben).code, VERDICT_ACCEPTED);
  assert_int_equal(offer_naming(&c, name_meeting, &c.meeting).code, VERDICT_ACCEPTED);
  scene_close(&c);
}

/* ---- taking ---- */

static int64_t count_of(struct store *s, const char *kind, const char *because) {
  struct query q;
  query_start_once(&q, s->db, "SELECT count(*) FROM entry WHERE kind = ?1 AND instr(header, ?2)");
  query_text(&q, 1, bytes_str(kind));
  query_text(&q, 2, bytes_str(because));
  assert_true(query_row(&q));
  int64_t count = query_get_int(&q, 0);
  assert_int_equal(query_end(&q), OK);
  return count;
}

static void own_act_comes_back(void **state) {
  struct scene c;
  struct record r = {0};
  (void)state;
  scene_open(&c, 7);
  struct hash_hex ben = hash_hex(&c.ben), health = hash_hex(&c.health->agency);
  struct hash start =
      world_record(&c.w, c.chair, WORLD_DRAFT("involvement.start", {"child", ben.s}, {"agency", health.s}));
  struct hash_hex involvement = hash_hex(&start);
  struct hash end = world_record(
      &c.w, c.chair,
      WORLD_DRAFT("involvement.end", {"child", ben.s}, {"involvement", involvement.s}, {"reason", "moved"}));
  assert_int_equal(store_outbox_count(c.chair->store, "unsent"), 2);
  assert_int_equal(store_find(c.chair->store, &end, &r), OK);
  assert_true(r.number >= STORE_PENDING);
  assert_string_equal(r.state, "unsent");
  record_release(&r);
  world_check_views(c.chair->store, "pending");
  world_sync(&c.w, c.chair);
  assert_int_equal(store_outbox_count(c.chair->store, NULL), 0);
  assert_int_equal(store_find(c.chair->store, &end, &r), OK);
  assert_true(r.number < STORE_PENDING);
  assert_string_equal(r.state, "accepted");
  struct hash_hex because = hash_hex(&end);
  assert_int_equal(count_of(c.chair->store, "scope.shrink", because.s), 1); /* health was told to forget Ben */
  record_release(&r);
  world_check_views(c.chair->store, "accepted");
  struct query q;
  query_start_once(&q, c.chair->store->db,
                   "SELECT started IS NOT NULL, ended IS NOT NULL, ended_by FROM involvement WHERE child = ?1");
  query_blob(&q, 1, hash_bytes(&c.ben));
  assert_true(query_row(&q));
  assert_true(query_get_int(&q, 0) && query_get_int(&q, 1));
  assert_true(bytes_equal(query_get(&q, 2), hash_bytes(&end)));
  assert_false(query_row(&q));
  assert_int_equal(query_end(&q), OK);
  scene_close(&c);
}

/* The first of two pending acts of one object comes back while the second still waits. */
static void half_comes_back(void **state) {
  struct scene c;
  struct exchange_report report = {0};
  (void)state;
  scene_open(&c, 8);
  struct hash_hex ava = hash_hex(&c.ava), health = hash_hex(&c.health->agency);
  struct hash start =
      world_record(&c.w, c.chair, WORLD_DRAFT("involvement.start", {"child", ava.s}, {"agency", health.s}));
  struct hash_hex involvement = hash_hex(&start);
  struct exchange_replica r = {c.chair->store, c.chair->replica_key};
  struct buf request = {0}, answer = {0};
  size_t sent;
  assert_int_equal(exchange_request(&r, &request, &sent), OK);
  world_record(&c.w, c.chair,
               WORLD_DRAFT("involvement.end", {"child", ava.s}, {"involvement", involvement.s}, {"reason", "moved"}));
  assert_int_equal(exchange_answer(&c.w.node, &c.chair->replica, buf_bytes(&request), c.w.now_s, &answer), OK);
  assert_int_equal(exchange_take(&r, buf_bytes(&answer), &report), OK);
  assert_int_equal(report.accepted, 1);
  assert_int_equal(store_outbox_count(c.chair->store, "unsent"), 1);
  world_check_views(c.chair->store, "one accepted, one pending");
  buf_release(&request);
  buf_release(&answer);
  scene_close(&c);
}

static void take_three(struct scene *c, struct parcel *p, struct verdict *v) {
  struct store *s = c->health->store;
  p->in.how = ACCEPT_TAKE;
  p->in.first = store_size(c->w.node.store) + 1;
  p->in.admitted = bytes_str("2026-11-21T10:00:00Z");
  assert_int_equal(store_begin(s), OK);
  assert_int_equal(accept_act(s, &p->in, v), OK);
  assert_int_equal(store_commit(s), OK);
  world_check_views(s, "after an act with an erased entry");
}

/* An entry whose content was erased everywhere is taken by its header and makes nothing; should a node bring the
 * content after all, it stays erased. */
static void erased_is_taken(void **state) {
  struct scene c;
  struct parcel p = {0};
  struct verdict v;
  struct record r = {0};
  (void)state;
  scene_open(&c, 10);
  content_gone(&p, &c, c.health->store);
  take_three(&c, &p, &v);
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  struct hash once = world_digest(c.health->store);
  for (size_t i = 0; i < 3; i++) {
    struct hash id = id_of(&p, i);
    assert_int_equal(store_find(c.health->store, &id, &r), OK);
    assert_int_equal(r.is_erased, i == 1);
    assert_int_equal(r.has_content, i != 1);
    assert_int_equal(r.content.len > 0, i != 1);
    record_release(&r);
  }
  struct query q;
  query_start_once(&q, c.health->store->db, "SELECT count(*) FROM child WHERE name LIKE '% Lennox'");
  assert_true(query_row(&q));
  assert_int_equal(query_get_int(&q, 0), 3); /* Ava, and two of the three */
  assert_int_equal(query_end(&q), OK);
  p.entries[1].is_erased = false;
  take_three(&c, &p, &v);
  assert_int_equal(v.code, VERDICT_HAD);
  struct hash again = world_digest(c.health->store);
  assert_true(hash_equal(&once, &again));
  parcel_release(&p);
  scene_close(&c);
}

/* What has a number is checked and projected, never judged: an act that the door would refuse is taken. */
static void taken_is_checked_not_judged(void **state) {
  struct scene c;
  (void)state;
  static const struct {
    const char *what;
    make_fn *make;
    enum err err;
  } takes[] = {
      {"a good act", make_child, OK},
      {"without permission", for_social_work_only, OK},
      {"an unknown kind", kind_unknown, OK},
      {"bad fields", field_missing, OK},
      {"not JSON", not_json, OK},
      {"a reference to nothing", ref_absent, OK},
      {"one bit of the signature", flip_signature, ERR_SIGNATURE},
      {"another person's signature", signed_by_another, ERR_SIGNATURE},
      {"a key without certificate", by_a_stranger, ERR_KEY},
      {"another content", content_changed, ERR_FORM},
      {"two authors", two_authors, ERR_FORM},
      {"a proof left over", hash_left_over, ERR_PROOF},
      {"an entry lacking, no proof", lacks_one, ERR_PROOF},
      {"a second log.open", open_again, ERR_KEY},
      {"a log.open by a person", open_for_oneself, ERR_KEY},
  };
  scene_open(&c, 9);
  for (size_t i = 0; i < sizeof takes / sizeof *takes; i++) {
    struct store *s = c.health->store;
    struct parcel p = {0};
    struct verdict v = {0};
    takes[i].make(&p, &c, s);
    p.in.how = ACCEPT_TAKE;
    p.in.first = store_size(s) + 1;
    p.in.admitted = bytes_str("2026-11-21T10:00:00Z");
    struct hash before = world_digest(s);
    assert_int_equal(store_begin(s), OK);
    enum err e = accept_act(s, &p.in, &v);
    if (e != takes[i].err || (e == OK && v.code != VERDICT_ACCEPTED))
      fail_msg("%s: %s (%s)", takes[i].what, err_text(e), err_words(e));
    struct hash after = world_digest(s);
    if (e == OK) {
      assert_int_equal(store_commit(s), OK);
      world_check_views(s, takes[i].what);
      struct hash without;
      assert_int_equal(store_begin(s), OK);
      assert_int_equal(accept_act(s, &p.in, &v), OK);
      assert_int_equal(v.code, VERDICT_HAD);
      without = world_digest(s);
      assert_true(hash_equal(&without, &after));
      p.in.first++;
      assert_int_equal(accept_act(s, &p.in, &v), ERR_PROOF);
      p.in.first--;
      p.in.admitted = bytes_str("2026-11-31T10:00:00Z");
      assert_int_equal(accept_act(s, &p.in, &v), ERR_FORM);
    } else {
      assert_true(hash_equal(&before, &after));
    }
    store_rollback(s);
    parcel_release(&p);
  }
  scene_close(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_check_of_the_door),
      cmocka_unit_test(same_act_again),
      cmocka_unit_test(refused_act_again),
      cmocka_unit_test(every_rule),
      cmocka_unit_test(validity_of_certificates),
      cmocka_unit_test(not_yet_valid),
      cmocka_unit_test(erased_is_taken),
      cmocka_unit_test(hidden_is_absent),
      cmocka_unit_test(what_was_sent_may_be_named),
      cmocka_unit_test(certificates_that_are_introduced),
      cmocka_unit_test(own_act_comes_back),
      cmocka_unit_test(half_comes_back),
      cmocka_unit_test(taken_is_checked_not_judged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
