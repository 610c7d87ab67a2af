/* The messages of sync/PROTOCOL.md as bytes: round trips, every cut and every flipped bit, and every limit. */
#include "sync/msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/cert.h"
#include "core/note.h"
#include "core/parts.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define BYTES(text) bytes_of(text, sizeof text - 1)

/* ---- how much a decoder allocates: known under the address sanitizer only, with which the tests are run ---- */

static size_t allocated;

#ifdef __SANITIZE_ADDRESS__
/* Of the sanitizer's own header, which gcc does not bring. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *at, size_t n),
                                              void (*on_free)(const volatile void *at));

static void count_malloc(const volatile void *at, size_t n) {
  (void)at;
  allocated += n;
}

static void ignore_free(const volatile void *at) {
  (void)at;
}
#endif

static int count_allocations(void **state) {
  (void)state;
  hash_of(bytes_of(NULL, 0)); /* OpenSSL makes itself ready once */
#ifdef __SANITIZE_ADDRESS__
  assert_true(__sanitizer_install_malloc_and_free_hooks(count_malloc, ignore_free) > 0);
  free(mem_alloc(100));
  assert_true(allocated >= 100);
#endif
  return 0;
}

/* ---- samples ---- */

static struct hash fill(uint8_t byte) {
  struct hash h;
  memset(h.at, byte, sizeof h.at);
  return h;
}

static struct feed_end end(uint64_t place, uint8_t byte) {
  return (struct feed_end){place, fill(byte)};
}

static struct act_entry entry(uint32_t index, const char *header, const char *content) {
  struct act_entry e = {.index = index, .header = bytes_str(header), .content = bytes_str(content)};
  memset(e.salt, 0xa0 + (int)index, sizeof e.salt);
  return e;
}

/* One whose last line follows from salt and content, and one whose content travels in parts. */
static struct act_entry short_entry(uint32_t index) {
  static struct buf header;
  struct act_entry e = entry(index, "", "{\"x\":1}");
  struct hash commitment = entry_commitment(e.salt, e.content);
  buf_clear(&header);
  buf_addf(&header, "media application/json\ncontent %s\n", hash_hex(&commitment).s);
  e.header = buf_bytes(&header);
  return e;
}

static struct act_entry large_entry(uint32_t index) {
  return (struct act_entry){.index = index, .header = bytes_str("h1"), .parts_size = 2 << 20};
}

static struct act_entry erased(uint32_t index, const char *header) {
  return (struct act_entry){.index = index, .header = bytes_str(header), .is_erased = true};
}

struct request_sample {
  struct act_entry entries[3];
  struct msg_act acts[2];
  struct msg_request m;
};

static void make_request(struct request_sample *s) {
  *s = (struct request_sample){.entries = {large_entry(0), entry(1, "h2", ""), short_entry(0)}};
  s->acts[0] = (struct msg_act){7, fill(1), BYTES("sig"), 2, &s->entries[0]};
  s->acts[1] = (struct msg_act){8, fill(2), BYTES("other sig"), 1, &s->entries[2]};
  s->m = (struct msg_request){.flags = MSG_WANTS_OWN,
                              .ledger = fill(3),
                              .have = end(0x0102030405060708, 6),
                              .receipt = BYTES("receipt"),
                              .size = 0x1112131415161718,
                              .root = fill(4),
                              .cosigned = BYTES("2026-11-21T09:00:00Z"),
                              .cosignature = BYTES("vouched"),
                              .key = fill(5),
                              .head = BYTES("head"),
                              .act_count = 2,
                              .acts = s->acts};
}

static void write_request(struct buf *b, const struct msg_request *m) {
  msg_request_encode(b, m);
  for (uint32_t i = 0; i < m->act_count; i++)
    msg_act_encode(b, &m->acts[i]);
}

struct answer_sample {
  uint64_t positions[5];
  struct verdict verdicts[5];
  struct act_entry entries[6];
  struct hash siblings[2], proof[3];
  struct msg_event events[7];
  struct msg_answer m;
};

enum { YOURS, WHOLE, ERASED, PART, PASSED, WITHDRAWN, GONE, EVENTS }; /* the sample's events */

static void make_verdicts(struct answer_sample *s) {
  static const enum verdict_code codes[] = {VERDICT_ACCEPTED, VERDICT_HAD, VERDICT_REFUSED, VERDICT_HELD,
                                            VERDICT_LATER};
  for (size_t i = 0; i < 5; i++) {
    s->positions[i] = 10 + i;
    s->verdicts[i] = (struct verdict){.code = codes[i], .act = fill((uint8_t)i), .first = 20 + i, .last = 30 + i};
    snprintf(s->verdicts[i].rule, sizeof s->verdicts[i].rule, "R-%zu", i);
    snprintf(s->verdicts[i].words, sizeof s->verdicts[i].words, "words %zu, \xc3\xa9", i);
    snprintf(s->verdicts[i].remedy, sizeof s->verdicts[i].remedy, "remedy %zu", i);
  }
}

/* One of each form; of form MSG_FULL one with its act's first entry, one that is erased, and one without the first. */
static void make_events(struct answer_sample *s) {
  struct bytes admitted = BYTES("2026-11-21T09:00:00Z"), siblings = bytes_of(s->siblings, sizeof s->siblings);
  const struct msg_event full = {.form = MSG_FULL, .admitted = admitted, .signature = BYTES("sig")};
  for (size_t i = WHOLE; i <= PART; i++)
    s->events[i] = full;
  s->events[YOURS] = (struct msg_event){
      .form = MSG_YOURS, .first = 20, .admitted = admitted, .position = {fill(5), 1, fill(6), fill(7)}};
  s->events[WHOLE].first = 21;
  s->events[WHOLE].position = (struct position){fill(8), 2, fill(9), {{0}}};
  s->events[WHOLE].head = BYTES("head");
  s->events[WHOLE].size = 4;
  s->events[WHOLE].count = 2;
  s->events[WHOLE].entries = &s->entries[0];
  s->events[WHOLE].siblings = siblings;
  s->events[ERASED].first = STORE_PENDING - 1;
  s->events[ERASED].position = (struct position){fill(10), STORE_PENDING - 1, fill(11), {{0}}};
  s->events[ERASED].size = 2;
  s->events[ERASED].count = 2;
  s->events[ERASED].entries = &s->entries[2];
  s->events[PART].first = 40;
  s->events[PART].size = 4;
  s->events[PART].count = 2;
  s->events[PART].entries = &s->entries[4];
  s->events[PART].siblings = siblings;
  s->events[PASSED] = (struct msg_event){.form = MSG_PASSED, .first = 50};
  s->events[WITHDRAWN] = (struct msg_event){.form = MSG_WITHDRAWN, .first = 51};
  s->events[GONE] = (struct msg_event){.form = MSG_ERASED, .first = 52};
}

static void make_answer(struct answer_sample *s) {
  *s = (struct answer_sample){.entries = {short_entry(0), entry(2, "h2", "c2"), entry(0, "h3", "c3"), erased(1, "h4"),
                                          large_entry(1), entry(3, "h6", "c6")},
                              .siblings = {fill(0x11), fill(0x12)},
                              .proof = {fill(0x21), fill(0x22), fill(0x23)}};
  make_verdicts(s);
  make_events(s);
  s->m = (struct msg_answer){.verdict_count = 5,
                             .positions = s->positions,
                             .verdicts = s->verdicts,
                             .upto = end(0x2122232425262728, 12),
                             .has_more = true,
                             .event_count = EVENTS,
                             .events = s->events,
                             .checkpoint = BYTES("a note"),
                             .proof = bytes_of(s->proof, sizeof s->proof)};
}

static void write_answer(struct buf *b, const struct msg_answer *m) {
  msg_answer_begin(b, m);
  for (uint32_t i = 0; i < m->event_count; i++)
    msg_event_encode(b, &m->events[i]);
  msg_answer_end(b, m);
}

static const uint8_t secret[MSG_SECRET_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static struct msg_join make_join(void) {
  return (struct msg_join){.secret = bytes_of(secret, sizeof secret),
                           .person_request = BYTES("person"),
                           .seal_request = BYTES("seal"),
                           .replica_request = BYTES("replica"),
                           .machine = BYTES("a laptop"),
                           .name = BYTES("Ann"),
                           .agency = BYTES("Health")};
}

static struct msg_joined make_joined(void) {
  return (struct msg_joined){fill(1), BYTES("authority"), BYTES("vkey"), fill(2), BYTES("cert 1"), fill(3), BYTES("2")};
}

static struct msg_ask make_ask(void) {
  return (struct msg_ask){bytes_of(secret, sizeof secret), BYTES("Ann"), BYTES("Health")};
}

static struct msg_invited make_invited(void) {
  return (struct msg_invited){BYTES("Ann"), BYTES("nurse"), BYTES("Health"), BYTES("officer, chair"),
                              BYTES("2026-11-28T10:00:00Z")};
}

/* ---- decoding and encoding again ---- */

static enum err recode_request(struct bytes b, struct buf *again) {
  struct msg_request m = {0};
  enum err e = msg_request_decode(b, &m);
  if (e == OK)
    write_request(again, &m);
  msg_request_release(&m);
  return e;
}

static enum err recode_answer(struct bytes b, struct buf *again) {
  struct msg_answer m = {0};
  enum err e = msg_answer_decode(b, &m);
  if (e == OK)
    write_answer(again, &m);
  msg_answer_release(&m);
  return e;
}

static enum err recode_join(struct bytes b, struct buf *again) {
  struct msg_join m = {0};
  enum err e = msg_join_decode(b, &m);
  if (e == OK)
    msg_join_encode(again, &m);
  else
    assert_true(m.secret.at == NULL && m.machine.at == NULL); /* nothing is written but on OK */
  return e;
}

static enum err recode_joined(struct bytes b, struct buf *again) {
  struct msg_joined m = {0};
  enum err e = msg_joined_decode(b, &m);
  if (e == OK)
    msg_joined_encode(again, &m);
  else
    assert_true(m.authority.at == NULL && hash_is_zero(&m.ledger));
  return e;
}

static enum err recode_ask(struct bytes b, struct buf *again) {
  struct msg_ask m = {0};
  enum err e = msg_ask_decode(b, &m);
  if (e == OK) {
    assert_true(msg_is_ask(b));
    msg_ask_encode(again, &m);
  } else {
    assert_true(m.secret.at == NULL);
  }
  return e;
}

static enum err recode_invited(struct bytes b, struct buf *again) {
  struct msg_invited m = {0};
  enum err e = msg_invited_decode(b, &m);
  if (e == OK)
    msg_invited_encode(again, &m);
  else
    assert_true(m.name.at == NULL);
  return e;
}

static const struct form {
  const char *what;
  enum err (*recode)(struct bytes b, struct buf *again);
} forms[] = {{"request", recode_request}, {"answer", recode_answer}, {"join", recode_join},
             {"joined", recode_joined},   {"ask", recode_ask},       {"invited", recode_invited}};
enum { REQUEST, ANSWER, JOIN, JOINED, ASK, INVITED, FORMS };

static void sample(size_t form, struct buf *out) {
  struct request_sample request;
  struct answer_sample answer;
  struct msg_join join = make_join();
  struct msg_joined joined = make_joined();
  struct msg_ask ask = make_ask();
  struct msg_invited invited = make_invited();
  make_request(&request);
  make_answer(&answer);
  switch (form) {
  case REQUEST: write_request(out, &request.m); break;
  case ANSWER: write_answer(out, &answer.m); break;
  case JOIN: msg_join_encode(out, &join); break;
  case JOINED: msg_joined_encode(out, &joined); break;
  case ASK: msg_ask_encode(out, &ask); break;
  case INVITED: msg_invited_encode(out, &invited); break;
  }
  assert_int_equal(buf_err(out), OK);
}

/* On a heap copy of exactly the input's size. What is not refused must be the one way to write what it says, and a
 * decoder may allocate a small multiple of what there is to read. */
static enum err try_bytes(size_t form, struct bytes b, const char *what, size_t at) {
  struct buf again = {0};
  uint8_t *copy = mem_alloc(b.len);
  if (b.len)
    memcpy(copy, b.at, b.len);
  buf_extend(&again, 64 << 10); /* so that the growing of `again` is not counted for short messages */
  buf_clear(&again);
  allocated = 0;
  enum err e = forms[form].recode(bytes_of(copy, b.len), &again);
  if (b.len < 64 << 10 && allocated > 24 * b.len + 4096)
    fail_msg("%s, %s %zu: %zu bytes allocated for %zu", forms[form].what, what, at, allocated, b.len);
  if (e != OK && e != ERR_FORM)
    fail_msg("%s, %s %zu: %s", forms[form].what, what, at, err_text(e));
  if (e == OK && !bytes_equal(buf_bytes(&again), bytes_of(copy, b.len)))
    fail_msg("%s, %s %zu: is read, but would be written otherwise", forms[form].what, what, at);
  buf_release(&again);
  free(copy);
  return e;
}

static void test_samples_and_cuts(void **state) {
  (void)state;
  for (size_t form = 0; form < FORMS; form++) {
    struct buf b = {0};
    sample(form, &b);
    size_t len = b.len;
    assert_int_equal(try_bytes(form, buf_bytes(&b), "whole", 0), OK);
    for (size_t cut = 0; cut < len; cut++)
      if (try_bytes(form, bytes_of(b.at, cut), "cut at", cut) == OK)
        fail_msg("%s: cut at %zu and still read", forms[form].what, cut);
    buf_u8(&b, 0);
    assert_int_equal(try_bytes(form, buf_bytes(&b), "a byte more", len), ERR_FORM);
    for (size_t other = 0; other < FORMS; other++)
      if (other != form && try_bytes(other, bytes_of(b.at, len), "as another message", form) == OK)
        fail_msg("a %s is read as a %s", forms[form].what, forms[other].what);
    buf_release(&b);
  }
}

static void test_flips(void **state) {
  (void)state;
  for (size_t form = 0; form < FORMS; form++) {
    struct buf b = {0};
    size_t good = 0;
    sample(form, &b);
    for (size_t bit = 0; bit < 8 * b.len; bit++) {
      b.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
      good += try_bytes(form, buf_bytes(&b), "bit", bit) == OK;
      b.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(good > 0 && good < 8 * b.len);
    buf_release(&b);
  }
}

/* ---- every field arrives ---- */

static void assert_end(const struct feed_end *a, const struct feed_end *b) {
  assert_int_equal(a->place, b->place);
  assert_true(hash_equal(&a->digest, &b->digest));
}

static void assert_entry(const struct act_entry *a, const struct act_entry *b) {
  assert_int_equal(a->index, b->index);
  assert_int_equal(a->is_erased, b->is_erased);
  assert_true(bytes_equal(a->header, b->header));
  assert_memory_equal(a->salt, b->salt, sizeof a->salt);
  assert_true(bytes_equal(a->content, b->content));
  assert_int_equal(a->parts_size, b->parts_size);
}

static void test_request_fields(void **state) {
  (void)state;
  struct request_sample s;
  struct msg_request m;
  struct buf b = {0};
  make_request(&s);
  write_request(&b, &s.m);
  assert_int_equal(msg_request_decode(buf_bytes(&b), &m), OK);
  assert_int_equal(m.flags, s.m.flags);
  assert_true(hash_equal(&m.ledger, &s.m.ledger));
  assert_end(&m.have, &s.m.have);
  assert_true(bytes_equal(m.receipt, s.m.receipt));
  assert_int_equal(m.size, s.m.size);
  assert_true(hash_equal(&m.root, &s.m.root));
  assert_true(bytes_equal(m.cosigned, s.m.cosigned));
  assert_true(bytes_equal(m.cosignature, s.m.cosignature));
  assert_true(hash_equal(&m.key, &s.m.key));
  assert_true(bytes_equal(m.head, s.m.head));
  assert_int_equal(m.act_count, s.m.act_count);
  for (uint32_t i = 0; i < m.act_count; i++) {
    assert_int_equal(m.acts[i].position, s.acts[i].position);
    assert_true(hash_equal(&m.acts[i].previous, &s.acts[i].previous));
    assert_true(bytes_equal(m.acts[i].signature, s.acts[i].signature));
    assert_int_equal(m.acts[i].count, s.acts[i].count);
    for (uint32_t k = 0; k < m.acts[i].count; k++)
      assert_entry(&m.acts[i].entries[k], &s.acts[i].entries[k]);
  }
  msg_request_release(&m);
  buf_release(&b);
}

static void assert_event(const struct msg_event *a, const struct msg_event *b) {
  assert_int_equal(a->form, b->form);
  assert_int_equal(a->first, b->first);
  assert_true(bytes_equal(a->admitted, b->admitted));
  assert_true(hash_equal(&a->position.replica, &b->position.replica));
  assert_int_equal(a->position.number, b->position.number);
  assert_true(hash_equal(&a->position.previous, &b->position.previous));
  assert_true(hash_equal(&a->position.act, &b->position.act));
  assert_true(bytes_equal(a->head, b->head));
  assert_true(bytes_equal(a->signature, b->signature));
  assert_int_equal(a->size, b->size);
  assert_int_equal(a->count, b->count);
  for (uint32_t k = 0; k < a->count; k++)
    assert_entry(&a->entries[k], &b->entries[k]);
  assert_true(bytes_equal(a->siblings, b->siblings));
}

static void test_answer_fields(void **state) {
  (void)state;
  struct answer_sample s;
  struct msg_answer m;
  struct buf b = {0};
  make_answer(&s);
  write_answer(&b, &s.m);
  assert_int_equal(msg_answer_decode(buf_bytes(&b), &m), OK);
  assert_int_equal(m.verdict_count, s.m.verdict_count);
  for (uint32_t i = 0; i < m.verdict_count; i++) {
    assert_int_equal(m.positions[i], s.positions[i]);
    assert_int_equal(m.verdicts[i].code, s.verdicts[i].code);
    assert_true(hash_equal(&m.verdicts[i].act, &s.verdicts[i].act));
    assert_int_equal(m.verdicts[i].first, s.verdicts[i].first);
    assert_int_equal(m.verdicts[i].last, s.verdicts[i].last);
    assert_string_equal(m.verdicts[i].rule, s.verdicts[i].rule);
    assert_string_equal(m.verdicts[i].words, s.verdicts[i].words);
    assert_string_equal(m.verdicts[i].remedy, s.verdicts[i].remedy);
  }
  assert_end(&m.upto, &s.m.upto);
  assert_int_equal(m.has_more, s.m.has_more);
  assert_int_equal(m.event_count, s.m.event_count);
  for (uint32_t i = 0; i < m.event_count; i++)
    assert_event(&m.events[i], &s.events[i]);
  assert_true(bytes_equal(m.checkpoint, s.m.checkpoint));
  assert_true(bytes_equal(m.proof, s.m.proof));
  msg_answer_release(&m);
  buf_release(&b);
}

static void test_join_fields(void **state) {
  (void)state;
  struct msg_join join = make_join(), join_again;
  struct msg_joined joined = make_joined(), again;
  struct buf b = {0};
  msg_join_encode(&b, &join);
  assert_int_equal(msg_join_decode(buf_bytes(&b), &join_again), OK);
  assert_true(bytes_equal(join.secret, join_again.secret));
  assert_true(bytes_equal(join.person_request, join_again.person_request));
  assert_true(bytes_equal(join.replica_request, join_again.replica_request));
  assert_true(bytes_equal(join.machine, join_again.machine));
  assert_true(bytes_equal(join.name, join_again.name) && bytes_equal(join.agency, join_again.agency));
  assert_false(msg_is_ask(buf_bytes(&b)));
  buf_clear(&b);
  msg_joined_encode(&b, &joined);
  assert_int_equal(msg_joined_decode(buf_bytes(&b), &again), OK);
  assert_true(hash_equal(&joined.ledger, &again.ledger));
  assert_true(bytes_equal(joined.authority, again.authority));
  assert_true(bytes_equal(joined.vkey, again.vkey));
  assert_true(hash_equal(&joined.person, &again.person));
  assert_true(bytes_equal(joined.person_cert, again.person_cert));
  assert_true(hash_equal(&joined.replica, &again.replica));
  assert_true(bytes_equal(joined.replica_cert, again.replica_cert));
  buf_release(&b);
}

/* The fuzz targets begin with messages that are read: when the form changes, so must these files. Run from the top of
 * the tree. */
static void test_corpora(void **state) {
  (void)state;
  static const struct {
    size_t form;
    const char *path;
  } files[] = {
      {REQUEST, "request/idle"},    {REQUEST, "request/own"},  {REQUEST, "request/one"},
      {REQUEST, "request/three"},   {REQUEST, "exchange/one"}, {REQUEST, "exchange/three"},
      {ANSWER, "answer/idle"},      {ANSWER, "answer/yours"},  {ANSWER, "answer/part"},
      {ANSWER, "answer/withdrawn"}, {ANSWER, "answer/passed"}, {REQUEST, "request/from-the-start"},
  };
  for (size_t i = 0; i < COUNT(files); i++) {
    char path[128], bytes[32768];
    snprintf(path, sizeof path, "tests/fuzz/corpus/%s", files[i].path);
    FILE *f = fopen(path, "rb");
    size_t len = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (f)
      fclose(f);
    if (try_bytes(files[i].form, bytes_of(bytes, len), "corpus", i) != OK)
      fail_msg("%s is not of the form of the messages any more, or not here", path);
  }
}

/* ---- limits: the largest value is read, one more is not ---- */

static uint8_t many[ENTRY_CONTENT_MAX + 1]; /* as bytes of a field: letters */

static void change_request(struct request_sample *s, const char *what, size_t n) {
  struct bytes b = bytes_of(many, n);
  if (strcmp(what, "receipt") == 0)
    s->m.receipt = b;
  else if (strcmp(what, "head") == 0)
    s->m.head = b;
  else if (strcmp(what, "cosignature") == 0)
    s->m.cosignature = b;
  else if (strcmp(what, "signature") == 0)
    s->acts[1].signature = b;
  else if (strcmp(what, "header") == 0)
    s->entries[1].header = b;
  else if (strcmp(what, "content") == 0)
    s->entries[1].content = b;
}

static void test_request_limits(void **state) {
  (void)state;
  static const struct {
    const char *what;
    size_t most;
  } cases[] = {{"receipt", KEY_SIGNATURE_MAX},   {"cosignature", KEY_SIGNATURE_MAX}, {"head", KEY_SIGNATURE_MAX},
               {"signature", KEY_SIGNATURE_MAX}, {"header", ENTRY_HEADER_MAX},       {"content", ENTRY_LARGE}};
  for (size_t i = 0; i < 2 * COUNT(cases); i++) {
    struct request_sample s;
    struct buf b = {0};
    make_request(&s);
    change_request(&s, cases[i / 2].what, cases[i / 2].most + i % 2);
    write_request(&b, &s.m);
    if ((try_bytes(REQUEST, buf_bytes(&b), cases[i / 2].what, i % 2) == OK) != (i % 2 == 0))
      fail_msg("%s: %zu bytes", cases[i / 2].what, cases[i / 2].most + i % 2);
    buf_release(&b);
  }
}

/* One entry in each of its forms, and what none of them may say. */
static void test_entry_forms(void **state) {
  (void)state;
  struct act_entry computed = short_entry(0), whole = entry(0, "media a/b\n", "c"), large = large_entry(0),
                   gone = erased(0, "media a/b\n");
  const struct {
    const char *what;
    uint8_t form;
    const struct act_entry *e;
    size_t cut; /* of the header's end */
    uint32_t parts_size;
    bool good;
  } cases[] = {
      {"short", 0, &computed, 73, 0, true},
      {"whole, and could be short", 2, &computed, 0, 0, false},
      {"whole", 2, &whole, 0, 0, true},
      {"in parts", 1, &large, 0, 2 << 20, true},
      {"in parts, the smallest", 1, &large, 0, PARTS_SIZE_MIN, true},
      {"in parts, and not large", 1, &large, 0, PARTS_SIZE_MIN - 1, false},
      {"in parts, the largest", 1, &large, 0, PARTS_SIZE_MAX, true},
      {"in parts, and too large", 1, &large, 0, PARTS_SIZE_MAX + 1, false},
      {"erased, and sent", 3, &gone, 0, 0, false},
      {"in no form", 4, &whole, 0, 0, false},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    const struct act_entry *e = cases[i].e;
    struct hash previous = fill(1);
    struct buf b = {0}, again = {0};
    struct msg_act a = {0};
    buf_u64(&b, 1);
    buf_add(&b, hash_bytes(&previous));
    buf_string(&b, BYTES("sig"));
    buf_u32(&b, 1);
    buf_u8(&b, cases[i].form);
    buf_string(&b, bytes_of(e->header.at, e->header.len - cases[i].cut));
    if (cases[i].form == 1) {
      buf_u32(&b, cases[i].parts_size);
    } else if (!e->is_erased) {
      buf_add(&b, bytes_of(e->salt, sizeof e->salt));
      buf_string(&b, e->content);
    }
    if ((msg_act_decode(buf_bytes(&b), &a) == OK) != cases[i].good)
      fail_msg("%s", cases[i].what);
    if (cases[i].good) {
      assert_true(bytes_equal(a.entries[0].header, e->header));
      assert_int_equal(a.entries[0].parts_size, cases[i].parts_size);
      msg_act_encode(&again, &a);
      assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&b)));
    }
    msg_act_release(&a);
    buf_release(&b);
    buf_release(&again);
  }
}

/* A head goes with acts, and acts with a head. */
static void test_request_flags(void **state) {
  (void)state;
  static const struct {
    const char *what;
    unsigned flags;
    bool has_size, has_acts, vouches, is_good;
  } cases[] = {
      {"an ordinary one", 0, true, true, true, true},
      {"my own in full", MSG_WANTS_OWN, true, true, true, true},
      {"of the former ledger", MSG_OF_FORMER, true, false, false, true},
      {"of the former ledger, with acts", MSG_OF_FORMER, true, true, false, false},
      {"of the former ledger, and vouched for", MSG_OF_FORMER, true, false, true, false},
      {"of nothing of the former ledger", MSG_OF_FORMER, false, false, false, false},
      {"another bit", 8, true, true, true, false},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct request_sample s;
    struct buf b = {0};
    make_request(&s);
    s.m.flags = (uint8_t)cases[i].flags;
    if (!cases[i].has_size)
      s.m.size = 0;
    if (!cases[i].has_acts) {
      s.m.act_count = 0;
      s.m.head = bytes_of(NULL, 0);
    }
    if (!cases[i].vouches)
      s.m.cosigned = s.m.cosignature = bytes_of(NULL, 0);
    write_request(&b, &s.m);
    if ((try_bytes(REQUEST, buf_bytes(&b), cases[i].what, 0) == OK) != cases[i].is_good)
      fail_msg("%s", cases[i].what);
    buf_release(&b);
  }
}

static void test_request_head(void **state) {
  (void)state;
  for (int with_acts = 0; with_acts < 2; with_acts++)
    for (int with_head = 0; with_head < 2; with_head++) {
      struct request_sample s;
      struct buf b = {0};
      make_request(&s);
      if (!with_acts)
        s.m.act_count = 0;
      if (!with_head)
        s.m.head = bytes_of(NULL, 0);
      write_request(&b, &s.m);
      if ((try_bytes(REQUEST, buf_bytes(&b), "head", 0) == OK) != (with_acts == with_head))
        fail_msg("acts: %d, head: %d", with_acts, with_head);
      buf_release(&b);
    }
}

/* A place has a digest and is signed for; the beginning of a feed has neither. */
static void test_places(void **state) {
  (void)state;
  for (unsigned bits = 0; bits < 8; bits++) {
    struct request_sample r;
    struct answer_sample a;
    struct buf request = {0}, answer = {0};
    struct feed_end e = {.place = bits & 1, .digest = bits & 2 ? fill(6) : fill(0)};
    make_request(&r);
    make_answer(&a);
    r.m.have = a.m.upto = e;
    r.m.receipt = bits & 4 ? BYTES("receipt") : BYTES("");
    write_request(&request, &r.m);
    write_answer(&answer, &a.m);
    if ((try_bytes(REQUEST, buf_bytes(&request), "place", bits) == OK) != (bits == 0 || bits == 7))
      fail_msg("request: place %u, digest %u, receipt %u", bits & 1, bits >> 1 & 1, bits >> 2);
    if ((try_bytes(ANSWER, buf_bytes(&answer), "place", bits) == OK) != ((bits & 1) == (bits >> 1 & 1)))
      fail_msg("answer: place %u, digest %u", bits & 1, bits >> 1 & 1);
    buf_release(&request);
    buf_release(&answer);
  }
}

/* Whoever has verified a checkpoint vouches for it, with a time; and nobody vouches for none. */
static void test_request_cosignature(void **state) {
  (void)state;
  static const struct {
    uint64_t size;
    const char *cosigned, *cosignature;
    bool is_good;
  } cases[] = {{0, "", "", true},     {0, "2026-11-21T09:00:00Z", "sig", false}, {0, "2026-11-21T09:00:00Z", "", false},
               {0, "", "sig", false}, {1, "2026-11-21T09:00:00Z", "sig", true},  {1, "2026-11-21T09:00:00Z", "", false},
               {1, "", "sig", false}, {1, "2026-11-31T09:00:00Z", "sig", false}, {1, "2026-11-21", "sig", false}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct request_sample s;
    struct buf b = {0};
    make_request(&s);
    s.m.size = cases[i].size;
    s.m.cosigned = bytes_str(cases[i].cosigned);
    s.m.cosignature = bytes_str(cases[i].cosignature);
    write_request(&b, &s.m);
    if ((try_bytes(REQUEST, buf_bytes(&b), "cosignature", i) == OK) != cases[i].is_good)
      fail_msg("case %zu", i);
    buf_release(&b);
  }
}

/* A list of so many items that are really there. */
static enum err try_request_lists(uint32_t acts, uint32_t entries) {
  struct request_sample s;
  struct buf b = {0};
  make_request(&s);
  s.m.act_count = acts;
  s.m.acts = mem_alloc_array(acts, sizeof *s.m.acts);
  struct act_entry *list = mem_alloc_array(entries, sizeof *list);
  for (uint32_t i = 0; i < acts; i++)
    s.m.acts[i] = (struct msg_act){.position = i + 1, .count = i == 0 ? entries : 0, .entries = list};
  write_request(&b, &s.m);
  enum err e = try_bytes(REQUEST, buf_bytes(&b), "items", acts);
  buf_release(&b);
  free(list);
  free(s.m.acts);
  return e;
}

static void test_request_lists(void **state) {
  (void)state;
  assert_int_equal(try_request_lists(MSG_ACTS_MAX, 1), OK);
  assert_int_equal(try_request_lists(MSG_ACTS_MAX + 1, 1), ERR_FORM);
  assert_int_equal(try_request_lists(1, ACT_ENTRIES_MAX), OK);
  assert_int_equal(try_request_lists(1, ACT_ENTRIES_MAX + 1), ERR_FORM);
}

enum { FORM, FIRST, NAMED, ADMITTED, NUMBER, HEAD, SIGNATURE, SIZE, ENTRIES, INDEX, AGAIN, CODE, CHECKPOINT, PROOF };

static void change_answer(struct answer_sample *s, int field, uint64_t n) {
  struct bytes b = bytes_of(many, field == CHECKPOINT || n < 128 ? (size_t)n : 0);
  struct msg_event *d = &s->events[WHOLE];
  switch (field) {
  case FORM: d->form = (enum msg_form)n; break;
  case FIRST: d->first = n; break;
  case NAMED: s->events[WITHDRAWN].first = n; break;
  case ADMITTED: d->admitted = b; break;
  case NUMBER: d->position.number = n; break;
  case HEAD: d->head = b; break;
  case SIGNATURE: d->signature = b; break;
  case SIZE: d->size = (uint32_t)n; break;
  case ENTRIES: d->count = (uint32_t)n; break;
  case INDEX: s->entries[1].index = (uint32_t)n; break;
  case AGAIN: s->entries[4].index = (uint32_t)n; break;
  case CODE: s->verdicts[2].code = (enum verdict_code)n; break;
  case CHECKPOINT: s->m.checkpoint = b; break;
  case PROOF: s->m.proof = bytes_of(many, (size_t)n * HASH_SIZE); break;
  }
}

static void test_answer_limits(void **state) {
  (void)state;
  static const struct {
    const char *what;
    int field;
    uint64_t value;
    bool good;
  } cases[] = {
      {"passed over", FORM, MSG_PASSED, true},
      {"withdrawn", FORM, MSG_WITHDRAWN, true},
      {"erased", FORM, MSG_ERASED, true},
      {"lost", FORM, MSG_LOST, true},
      {"a form that is none", FORM, MSG_LOST + 1, false},
      {"no number", FIRST, 0, false},
      {"the first number", FIRST, 1, true},
      {"the last number", FIRST, STORE_PENDING - 1, true},
      {"a number of what is pending", FIRST, STORE_PENDING, false},
      {"a number with the sign's bit", FIRST, UINT64_MAX, false},
      {"no number to withdraw", NAMED, 0, false},
      {"the first number to withdraw", NAMED, 1, true},
      {"the last number to withdraw", NAMED, STORE_PENDING - 1, true},
      {"a number of what is pending to withdraw", NAMED, STORE_PENDING, false},
      {"a time's length", ADMITTED, TEXT_TIME_SIZE, true},
      {"longer than a time", ADMITTED, TEXT_TIME_SIZE + 1, false},
      {"no position", NUMBER, 0, false},
      {"the last position", NUMBER, STORE_PENDING - 1, true},
      {"a position too large", NUMBER, STORE_PENDING, false},
      {"the longest head", HEAD, KEY_SIGNATURE_MAX, true},
      {"a longer head", HEAD, KEY_SIGNATURE_MAX + 1, false},
      {"the longest signature", SIGNATURE, KEY_SIGNATURE_MAX, true},
      {"a longer signature", SIGNATURE, KEY_SIGNATURE_MAX + 1, false},
      {"an act of nothing", SIZE, 0, false},
      {"an act of fewer than it brings", SIZE, 1, false},
      {"an act that ends with the last that it brings", SIZE, 3, true},
      {"an act that ends before that", SIZE, 2, false},
      {"the largest act", SIZE, ACT_ENTRIES_MAX, true},
      {"an act too large", SIZE, ACT_ENTRIES_MAX + 1, false},
      {"no entries", ENTRIES, 0, false},
      {"one of four", ENTRIES, 1, true},
      {"the last index", INDEX, 3, true},
      {"an index behind the act", INDEX, 4, false},
      {"an index twice", INDEX, 0, false},
      {"a part from another index", AGAIN, 2, true},
      {"a part's index twice", AGAIN, 3, false},
      {"indices that fall", AGAIN, 4, false},
      {"no verdict", CODE, 0, false},
      {"the last verdict", CODE, VERDICT_LATER, true},
      {"a verdict that is none", CODE, VERDICT_LATER + 1, false},
      {"the largest checkpoint", CHECKPOINT, NOTE_MAX, true},
      {"a larger one", CHECKPOINT, NOTE_MAX + 1, false},
      {"the longest proof", PROOF, MERKLE_PROOF_MAX, true},
      {"a longer one", PROOF, MERKLE_PROOF_MAX + 1, false},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct answer_sample s;
    struct buf b = {0};
    make_answer(&s);
    change_answer(&s, cases[i].field, cases[i].value);
    write_answer(&b, &s.m);
    if ((try_bytes(ANSWER, buf_bytes(&b), cases[i].what, 0) == OK) != cases[i].good)
      fail_msg("%s", cases[i].what);
    buf_release(&b);
  }
}

/* The position is in the leaf of the act's first entry and nowhere else: with it there is one, without it nothing of
 * one. What comes back as ours is always whole. */
static void test_positions(void **state) {
  (void)state;
  static const struct {
    const char *what;
    int event;
    uint64_t number;
    uint8_t replica, previous;
    bool has_head, good;
  } cases[] = {
      {"with the first entry", WHOLE, 1, 1, 1, true, true},
      {"the first of its chain", WHOLE, 1, 1, 0, true, true},
      {"with the first entry, in the middle of a request", WHOLE, 1, 1, 1, false, true},
      {"with the first entry, of no replica", WHOLE, 1, 0, 1, true, false},
      {"with the first entry, and none", WHOLE, 0, 0, 0, false, false},
      {"a part, and none", PART, 0, 0, 0, false, true},
      {"a part, and one", PART, 1, 1, 1, true, false},
      {"a part, and a number", PART, 1, 0, 0, false, false},
      {"a part, and a replica", PART, 0, 1, 0, false, false},
      {"a part, and one before", PART, 0, 0, 1, false, false},
      {"a part, and a head", PART, 0, 0, 0, true, false},
      {"ours", YOURS, 1, 1, 0, false, true},
      {"ours, of no replica", YOURS, 1, 0, 0, false, false},
      {"ours, and none", YOURS, 0, 0, 0, false, false},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct answer_sample s;
    struct buf b = {0};
    make_answer(&s);
    struct msg_event *d = &s.events[cases[i].event];
    d->position.number = cases[i].number;
    d->position.replica = fill(cases[i].replica);
    d->position.previous = fill(cases[i].previous);
    d->head = cases[i].has_head ? BYTES("head") : BYTES("");
    write_answer(&b, &s.m);
    if ((try_bytes(ANSWER, buf_bytes(&b), cases[i].what, 0) == OK) != cases[i].good)
      fail_msg("%s", cases[i].what);
    buf_release(&b);
  }
}

/* Of an erased entry neither salt nor content travels, whatever the encoder is given. */
static void test_erased_entry(void **state) {
  (void)state;
  struct answer_sample s;
  struct buf b = {0}, again = {0};
  make_answer(&s);
  write_answer(&b, &s.m);
  s.entries[3].content = BYTES("what nobody may read any more");
  memset(s.entries[3].salt, 'x', sizeof s.entries[3].salt);
  write_answer(&again, &s.m);
  assert_true(bytes_equal(buf_bytes(&b), buf_bytes(&again)));
  buf_release(&b);
  buf_release(&again);
}

/* A verdict's three texts, written by hand: the encoder cannot write what does not fit a struct verdict. */
static void test_verdict_texts(void **state) {
  (void)state;
  static const struct verdict v;
  static const struct {
    const char *what;
    int text;
    struct bytes value;
    bool good;
  } cases[] = {
      {"the longest rule", 0, {many, sizeof v.rule - 1}, true},
      {"a longer rule", 0, {many, sizeof v.rule}, false},
      {"the longest words", 1, {many, sizeof v.words - 1}, true},
      {"longer words", 1, {many, sizeof v.words}, false},
      {"the longest remedy", 2, {many, sizeof v.remedy - 1}, true},
      {"a longer remedy", 2, {many, sizeof v.remedy}, false},
      {"a line feed", 1, {(const uint8_t *)"a\nb", 3}, false},
      {"a zero", 1, {(const uint8_t *)"a\0b", 3}, false},
      {"an escape", 1, {(const uint8_t *)"\033[2J", 4}, false},
      {"half a character", 1, {(const uint8_t *)"\xc3", 1}, false},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct buf b = {0};
    struct hash act = fill(9);
    buf_add_str(&b, "cairn answer 1\n");
    buf_u32(&b, 1);
    buf_u64(&b, 1);
    buf_add(&b, hash_bytes(&act));
    buf_u8(&b, VERDICT_REFUSED);
    buf_u64(&b, 0);
    buf_u64(&b, 0);
    for (int t = 0; t < 3; t++)
      buf_string(&b, t == cases[i].text ? cases[i].value : BYTES("x"));
    struct hash nothing = fill(0);
    buf_u64(&b, 0);
    buf_add(&b, hash_bytes(&nothing));
    buf_u8(&b, 0);
    buf_u32(&b, 0);
    buf_string(&b, BYTES("a note"));
    buf_u32(&b, 0);
    if ((try_bytes(ANSWER, buf_bytes(&b), cases[i].what, 0) == OK) != cases[i].good)
      fail_msg("%s", cases[i].what);
    buf_release(&b);
  }
}

static enum err try_answer_lists(uint32_t verdicts, uint32_t events, int form) {
  struct answer_sample s;
  struct buf b = {0};
  make_answer(&s);
  struct msg_answer m = s.m;
  m.verdicts = mem_alloc_array(verdicts, sizeof *m.verdicts);
  m.positions = mem_alloc_array(verdicts, sizeof *m.positions);
  m.events = mem_alloc_array(events, sizeof *m.events);
  m.verdict_count = verdicts;
  m.event_count = events;
  for (uint32_t i = 0; i < verdicts; i++)
    m.verdicts[i].code = VERDICT_HAD;
  for (uint32_t i = 0; i < events; i++)
    m.events[i] = s.events[form];
  write_answer(&b, &m);
  enum err e = try_bytes(ANSWER, buf_bytes(&b), "items", verdicts);
  buf_release(&b);
  free(m.verdicts);
  free(m.positions);
  free(m.events);
  return e;
}

static void test_answer_lists(void **state) {
  (void)state;
  assert_int_equal(try_answer_lists(MSG_ACTS_MAX, 0, YOURS), OK);
  assert_int_equal(try_answer_lists(MSG_ACTS_MAX + 1, 0, YOURS), ERR_FORM);
  for (int form = YOURS; form < EVENTS; form++) {
    assert_int_equal(try_answer_lists(0, MSG_EVENTS_MAX, form), OK);
    assert_int_equal(try_answer_lists(0, MSG_EVENTS_MAX + 1, form), ERR_FORM);
  }
}

static void test_join_limits(void **state) {
  (void)state;
  static const struct {
    const char *what;
    size_t secret, person, seal, replica, machine;
    bool good;
  } cases[] = {
      {"all that fits", MSG_SECRET_SIZE, CERT_MAX, CERT_MAX, CERT_MAX, MSG_TEXT_MAX, true},
      {"a short secret", MSG_SECRET_SIZE - 1, 1, 1, 1, 1, false},
      {"a long secret", MSG_SECRET_SIZE + 1, 1, 1, 1, 1, false},
      {"a long request for the person", MSG_SECRET_SIZE, CERT_MAX + 1, 1, 1, 1, false},
      {"a long request for the key to seal to", MSG_SECRET_SIZE, 1, CERT_MAX + 1, 1, 1, false},
      {"a long request for the replica", MSG_SECRET_SIZE, 1, 1, CERT_MAX + 1, 1, false},
      {"a long name", MSG_SECRET_SIZE, 1, 1, 1, MSG_TEXT_MAX + 1, false},
      {"no name", MSG_SECRET_SIZE, 1, 1, 1, 0, false},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct buf b = {0};
    struct msg_join m = {.secret = bytes_of(many, cases[i].secret),
                         .person_request = bytes_of(many, cases[i].person),
                         .seal_request = bytes_of(many, cases[i].seal),
                         .replica_request = bytes_of(many, cases[i].replica),
                         .machine = bytes_of(many, cases[i].machine)};
    msg_join_encode(&b, &m);
    if ((try_bytes(JOIN, buf_bytes(&b), cases[i].what, 0) == OK) != cases[i].good)
      fail_msg("%s", cases[i].what);
    buf_release(&b);
  }
}

/* A count of the largest size with nothing behind it is refused before anything is allocated for it: try_bytes
 * measures. The counts are found by their value in the samples. */
static void test_counts_with_nothing_behind(void **state) {
  (void)state;
  static const uint32_t counts[] = {1, 2, 3, 16, 1024, 8192, 65536, 0x7fffffff, UINT32_MAX};
  for (size_t form = 0; form < FORMS; form++) {
    struct buf b = {0};
    sample(form, &b);
    for (size_t at = 0; at + 4 <= b.len; at++)
      for (size_t i = 0; i < COUNT(counts); i++) {
        struct buf changed = {0};
        buf_add(&changed, bytes_of(b.at, at));
        buf_u32(&changed, counts[i]);
        try_bytes(form, buf_bytes(&changed), "a count at", at);
        buf_add(&changed, bytes_of(b.at + at + 4, b.len - at - 4));
        try_bytes(form, buf_bytes(&changed), "a count in", at);
        buf_release(&changed);
      }
    buf_release(&b);
  }
}

static enum err decode_noted(const uint64_t *numbers, size_t count) {
  struct request_sample sample;
  struct msg_request m;
  struct buf noted = {0}, b = {0};
  make_request(&sample);
  for (size_t i = 0; i < count; i++)
    buf_u64(&noted, numbers[i]);
  sample.m.flags = MSG_NOTES_LOST;
  sample.m.noted = buf_bytes(&noted);
  write_request(&b, &sample.m);
  enum err e = msg_request_decode(buf_bytes(&b), &m);
  if (e == OK) {
    assert_true(bytes_equal(m.noted, sample.m.noted));
    assert_int_equal(m.act_count, sample.m.act_count);
    msg_request_release(&m);
  }
  buf_release(&noted);
  buf_release(&b);
  return e;
}

/* What a request says of what it was told is lost: ascending numbers, at least one and not too many. */
static void test_noted(void **state) {
  (void)state;
  uint64_t ascending[MSG_NOTED_MAX + 1];
  for (size_t i = 0; i < MSG_NOTED_MAX + 1; i++)
    ascending[i] = i + 1;
  assert_int_equal(decode_noted(ascending, 1), OK);
  assert_int_equal(decode_noted(ascending, MSG_NOTED_MAX), OK);
  assert_int_equal(decode_noted(ascending, MSG_NOTED_MAX + 1), ERR_FORM);
  assert_int_equal(decode_noted(ascending, 0), ERR_FORM);
  assert_int_equal(decode_noted((const uint64_t[]){0}, 1), ERR_FORM);
  assert_int_equal(decode_noted((const uint64_t[]){4, 4}, 2), ERR_FORM);
  assert_int_equal(decode_noted((const uint64_t[]){4, 3}, 2), ERR_FORM);
  assert_int_equal(decode_noted((const uint64_t[]){4, STORE_PENDING - 1}, 2), OK);
  assert_int_equal(decode_noted((const uint64_t[]){4, STORE_PENDING}, 2), ERR_FORM);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_samples_and_cuts),
      cmocka_unit_test(test_flips),
      cmocka_unit_test(test_request_fields),
      cmocka_unit_test(test_answer_fields),
      cmocka_unit_test(test_join_fields),
      cmocka_unit_test(test_corpora),
      cmocka_unit_test(test_request_limits),
      cmocka_unit_test(test_request_head),
      cmocka_unit_test(test_places),
      cmocka_unit_test(test_request_lists),
      cmocka_unit_test(test_answer_limits),
      cmocka_unit_test(test_positions),
      cmocka_unit_test(test_erased_entry),
      cmocka_unit_test(test_verdict_texts),
      cmocka_unit_test(test_answer_lists),
      cmocka_unit_test(test_join_limits),
      cmocka_unit_test(test_counts_with_nothing_behind),
      cmocka_unit_test(test_request_cosignature),
      cmocka_unit_test(test_entry_forms),
      cmocka_unit_test(test_noted),
      cmocka_unit_test(test_request_flags),
  };
  memset(many, 'a', sizeof many);
  return cmocka_run_group_tests_name("msg", tests, count_allocations, NULL);
}
