#include "sync/msg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cert.h"
#include "core/note.h"
#include "core/parts.h"

#define ENTRY_WIRE_MIN (1 + 4)
#define CONTENT_LINE_SIZE (8 + HASH_HEX_SIZE + 1)

/* How an entry travels (sync/PROTOCOL.md section 2.1). */
enum { ENTRY_SHORT = 0, ENTRY_IN_PARTS = 1, ENTRY_WHOLE = 2, ENTRY_ERASED = 3 };

static struct hash read_hash(struct reader *r) {
  return hash_from(reader_take(r, HASH_SIZE));
}

static struct bytes read_text(struct reader *r, size_t max) {
  struct bytes b = reader_string(r, max);
  if (!text_is_plain(b))
    reader_fail(r);
  return b;
}

/* Hashes in a list, as they stand. */
static struct bytes read_hashes(struct reader *r) {
  uint32_t count = reader_count(r, MERKLE_PROOF_MAX, HASH_SIZE);
  return reader_take(r, (size_t)count * HASH_SIZE);
}

static void write_hashes(struct buf *b, struct bytes hashes) {
  buf_u32(b, (uint32_t)(hashes.len / HASH_SIZE));
  buf_add(b, hashes);
}

static enum err finished(const struct reader *r, const char *what) {
  return reader_end(r) == OK ? OK : err_set(ERR_FORM, "the %s is not of the form of sync/PROTOCOL.md", what);
}

/* The header's last line, as it follows from salt and content. */
static void put_content_line(struct buf *b, const struct act_entry *e) {
  struct hash commitment = entry_commitment(e->salt, e->content);
  buf_add_str(b, "content ");
  hash_format(b, &commitment);
  buf_add_str(b, "\n");
}

static bool ends_as_computed(const struct act_entry *e) {
  struct buf line = {0};
  if (e->header.len < CONTENT_LINE_SIZE)
    return false;
  put_content_line(&line, e);
  struct bytes last = bytes_of(e->header.at + e->header.len - CONTENT_LINE_SIZE, CONTENT_LINE_SIZE);
  bool is = bytes_equal(last, buf_bytes(&line));
  buf_release(&line);
  return is;
}

/* What could be left out is left out: there is one way to write an entry. */
static uint8_t read_entry(struct reader *r, struct act_entry *e, size_t content_max) {
  uint8_t form = reader_u8(r);
  e->header = reader_string(r, form == ENTRY_SHORT ? ENTRY_HEADER_MAX - CONTENT_LINE_SIZE : ENTRY_HEADER_MAX);
  if (form == ENTRY_IN_PARTS) {
    e->parts_size = reader_u32(r);
    if (e->parts_size < PARTS_SIZE_MIN || e->parts_size > PARTS_SIZE_MAX)
      reader_fail(r);
    return form;
  }
  e->is_erased = form == ENTRY_ERASED;
  if (e->is_erased)
    return form;
  struct bytes salt = reader_take(r, ENTRY_SALT_SIZE);
  if (salt.len)
    memcpy(e->salt, salt.at, ENTRY_SALT_SIZE);
  e->content = reader_string(r, content_max);
  if (form > ENTRY_WHOLE || (form == ENTRY_WHOLE && r->err == OK && ends_as_computed(e)))
    reader_fail(r);
  return form;
}

/* Their memory is taken once, so that the entries can borrow from it. */
static void complete_headers(const struct reader *r, struct act_entry *entries, const uint8_t *forms, uint32_t count,
                             struct buf *out) {
  size_t size = 0, from = 0;
  for (uint32_t i = 0; i < count; i++)
    size += forms[i] == ENTRY_SHORT ? entries[i].header.len + CONTENT_LINE_SIZE : 0;
  if (r->err != OK || size == 0)
    return;
  buf_init(out, size);
  buf_extend(out, size);
  out->len = 0;
  for (uint32_t i = 0; i < count; i++, from = out->len) {
    if (forms[i] != ENTRY_SHORT)
      continue;
    buf_add(out, entries[i].header);
    put_content_line(out, &entries[i]);
    entries[i].header = bytes_of(out->at + from, out->len - from);
  }
}

static uint8_t form_of(const struct act_entry *e) {
  if (e->is_erased)
    return ENTRY_ERASED;
  if (e->parts_size)
    return ENTRY_IN_PARTS;
  return ends_as_computed(e) ? ENTRY_SHORT : ENTRY_WHOLE;
}

static void write_entry(struct buf *b, const struct act_entry *e) {
  uint8_t form = form_of(e);
  buf_u8(b, form);
  buf_string(b, bytes_of(e->header.at, e->header.len - (form == ENTRY_SHORT ? CONTENT_LINE_SIZE : 0)));
  if (form == ENTRY_IN_PARTS)
    buf_u32(b, e->parts_size);
  if (form == ENTRY_IN_PARTS || form == ENTRY_ERASED)
    return;
  buf_add(b, bytes_of(e->salt, ENTRY_SALT_SIZE));
  buf_string(b, e->content);
}

static struct feed_end read_end(struct reader *r) {
  struct feed_end end = {.place = reader_u64(r)};
  end.digest = read_hash(r);
  if ((end.place == 0) != hash_is_zero(&end.digest))
    reader_fail(r);
  return end;
}

static void write_end(struct buf *b, const struct feed_end *end) {
  buf_u64(b, end->place);
  buf_add(b, hash_bytes(&end->digest));
}

/* ---- request ---- */

static void read_act(struct reader *r, struct msg_act *a, size_t content_max) {
  uint8_t forms[ACT_ENTRIES_MAX];
  a->position = reader_u64(r);
  a->previous = read_hash(r);
  a->signature = reader_string(r, KEY_SIGNATURE_MAX);
  a->count = reader_count(r, ACT_ENTRIES_MAX, ENTRY_WIRE_MIN + 4);
  a->entries = mem_alloc_array(a->count, sizeof *a->entries);
  for (uint32_t i = 0; i < a->count; i++) {
    a->entries[i].index = i;
    forms[i] = read_entry(r, &a->entries[i], content_max);
    if (forms[i] == ENTRY_ERASED) /* what is sent was not there before */
      reader_fail(r);
  }
  complete_headers(r, a->entries, forms, a->count, &a->headers);
}

void msg_act_release(struct msg_act *a) {
  free(a->entries);
  buf_release(&a->headers);
  *a = (struct msg_act){0};
}

/* Whoever verified a checkpoint vouches for it. */
static void read_cosignature(struct reader *r, struct msg_request *m) {
  m->cosigned = reader_string(r, TEXT_TIME_SIZE);
  m->cosignature = reader_string(r, KEY_SIGNATURE_MAX);
  bool is_there = text_is_time(m->cosigned) && m->cosignature.len > 0;
  bool is_none = m->cosigned.len == 0 && m->cosignature.len == 0;
  if (m->size && !(m->flags & MSG_OF_FORMER) ? !is_there : !is_none)
    reader_fail(r);
}

static struct bytes read_numbers(struct reader *r) {
  uint32_t count = reader_count(r, MSG_NOTED_MAX, 8);
  struct bytes all = reader_take(r, (size_t)count * 8);
  struct reader each = reader_of(all);
  uint64_t last = 0;
  for (uint32_t i = 0; i < count && r->err == OK; i++) {
    uint64_t number = reader_u64(&each);
    if (number <= last || number >= STORE_PENDING)
      reader_fail(r);
    last = number;
  }
  if (count == 0)
    reader_fail(r);
  return all;
}

enum err msg_request_decode(struct bytes b, struct msg_request *out) {
  struct reader r = reader_of(b);
  struct msg_request m = {0};
  reader_expect(&r, "cairn sync 1\n");
  m.flags = reader_u8(&r);
  if (m.flags & ~(MSG_WANTS_OWN | MSG_OF_FORMER | MSG_NOTES_LOST))
    reader_fail(&r);
  m.ledger = read_hash(&r);
  m.have = read_end(&r);
  m.receipt = reader_string(&r, KEY_SIGNATURE_MAX);
  m.size = reader_u64(&r);
  m.root = read_hash(&r);
  read_cosignature(&r, &m);
  m.key = read_hash(&r);
  m.head = reader_string(&r, KEY_SIGNATURE_MAX);
  if (m.flags & MSG_NOTES_LOST)
    m.noted = read_numbers(&r);
  uint32_t count = reader_count(&r, MSG_ACTS_MAX, 8 + HASH_SIZE + 4 + 4);
  m.acts = mem_alloc_array(count, sizeof *m.acts);
  for (m.act_count = 0; m.act_count < count && r.err == OK; m.act_count++)
    read_act(&r, &m.acts[m.act_count], ENTRY_LARGE);
  if ((m.flags & MSG_OF_FORMER) && (m.size == 0 || m.act_count > 0))
    reader_fail(&r);
  if ((m.act_count > 0) != (m.head.len > 0) || (m.have.place > 0) != (m.receipt.len > 0))
    reader_fail(&r);
  enum err e = finished(&r, "request");
  if (e == OK)
    *out = m;
  else
    msg_request_release(&m);
  return e;
}

void msg_request_release(struct msg_request *m) {
  for (uint32_t i = 0; i < m->act_count; i++)
    msg_act_release(&m->acts[i]);
  free(m->acts);
  *m = (struct msg_request){0};
}

void msg_request_encode(struct buf *b, const struct msg_request *m) {
  buf_add_str(b, "cairn sync 1\n");
  buf_u8(b, m->flags);
  buf_add(b, hash_bytes(&m->ledger));
  write_end(b, &m->have);
  buf_string(b, m->receipt);
  buf_u64(b, m->size);
  buf_add(b, hash_bytes(&m->root));
  buf_string(b, m->cosigned);
  buf_string(b, m->cosignature);
  buf_add(b, hash_bytes(&m->key));
  buf_string(b, m->head);
  if (m->flags & MSG_NOTES_LOST) {
    buf_u32(b, (uint32_t)(m->noted.len / 8));
    buf_add(b, m->noted);
  }
  buf_u32(b, m->act_count);
}

enum err msg_act_decode(struct bytes b, struct msg_act *out) {
  struct reader r = reader_of(b);
  struct msg_act a = {0};
  read_act(&r, &a, ENTRY_CONTENT_MAX);
  enum err e = finished(&r, "act");
  if (e == OK)
    *out = a;
  else
    msg_act_release(&a);
  return e;
}

void msg_act_encode(struct buf *b, const struct msg_act *a) {
  buf_u64(b, a->position);
  buf_add(b, hash_bytes(&a->previous));
  buf_string(b, a->signature);
  buf_u32(b, a->count);
  for (uint32_t i = 0; i < a->count; i++)
    write_entry(b, &a->entries[i]);
}

/* ---- answer ---- */

/* What would have to be cut is refused: words are shown as they were sent. */
static void read_words(struct reader *r, char *to, size_t size) {
  struct bytes b = read_text(r, size - 1);
  snprintf(to, size, "%.*s", (int)b.len, b.at ? (const char *)b.at : "");
}

static void read_verdict(struct reader *r, uint64_t *position, struct verdict *v) {
  *position = reader_u64(r);
  v->act = read_hash(r);
  uint8_t code = reader_u8(r);
  if (code < VERDICT_ACCEPTED || code > VERDICT_LATER)
    reader_fail(r);
  v->code = (enum verdict_code)code;
  v->first = reader_u64(r);
  v->last = reader_u64(r);
  read_words(r, v->rule, sizeof v->rule);
  read_words(r, v->words, sizeof v->words);
  read_words(r, v->remedy, sizeof v->remedy);
}

static void write_verdict(struct buf *b, uint64_t position, const struct verdict *v) {
  buf_u64(b, position);
  buf_add(b, hash_bytes(&v->act));
  buf_u8(b, (uint8_t)v->code);
  buf_u64(b, v->first);
  buf_u64(b, v->last);
  buf_string(b, bytes_str(v->rule));
  buf_string(b, bytes_str(v->words));
  buf_string(b, bytes_str(v->remedy));
}

static void read_full(struct reader *r, struct msg_event *d) {
  uint8_t forms[ACT_ENTRIES_MAX];
  d->signature = reader_string(r, KEY_SIGNATURE_MAX);
  d->size = reader_u32(r);
  if (d->size < 1 || d->size > ACT_ENTRIES_MAX)
    reader_fail(r);
  d->count = reader_count(r, d->size, 4 + ENTRY_WIRE_MIN);
  d->entries = mem_alloc_array(d->count, sizeof *d->entries);
  for (uint32_t i = 0; i < d->count; i++) {
    d->entries[i].index = reader_u32(r);
    if (d->entries[i].index >= d->size || (i > 0 && d->entries[i].index <= d->entries[i - 1].index))
      reader_fail(r);
    forms[i] = read_entry(r, &d->entries[i], ENTRY_LARGE);
  }
  complete_headers(r, d->entries, forms, d->count, &d->headers);
  if (d->count == 0 || (d->entries[0].index == 0) != (d->position.number > 0))
    reader_fail(r);
  d->siblings = read_hashes(r);
}

static bool is_delivery(const struct msg_event *d) {
  return d->form == MSG_FULL || d->form == MSG_YOURS;
}

/* The position is proved by the act's first entry; without that there is none. */
static bool is_position(const struct msg_event *d) {
  const struct position *p = &d->position;
  if (p->number > 0)
    return p->number < STORE_PENDING && !hash_is_zero(&p->replica);
  return d->form == MSG_FULL && hash_is_zero(&p->replica) && hash_is_zero(&p->previous) && d->head.len == 0;
}

static void read_event(struct reader *r, struct msg_event *d) {
  uint8_t form = reader_u8(r);
  d->form = (enum msg_form)form;
  d->first = reader_u64(r);
  if (form > MSG_LOST || d->first < 1 || d->first >= STORE_PENDING)
    reader_fail(r);
  if (r->err != OK || !is_delivery(d))
    return;
  d->admitted = reader_string(r, TEXT_TIME_SIZE);
  d->position.replica = read_hash(r);
  d->position.number = reader_u64(r);
  d->position.previous = read_hash(r);
  d->head = reader_string(r, KEY_SIGNATURE_MAX);
  if (!is_position(d))
    reader_fail(r);
  if (d->form == MSG_YOURS)
    d->position.act = read_hash(r);
  else
    read_full(r, d);
}

enum { HAS_MORE = 1, WANTS_LOST = 2, FOLLOW_ANEW = 4 };

enum err msg_answer_decode(struct bytes b, struct msg_answer *out) {
  struct reader r = reader_of(b);
  struct msg_answer m = {0};
  reader_expect(&r, "cairn answer 1\n");
  uint32_t count = reader_count(&r, MSG_ACTS_MAX, 8 + HASH_SIZE + 1 + 16 + 12);
  m.verdicts = mem_alloc_array(count, sizeof *m.verdicts);
  m.positions = mem_alloc_array(count, sizeof *m.positions);
  for (; m.verdict_count < count && r.err == OK; m.verdict_count++)
    read_verdict(&r, &m.positions[m.verdict_count], &m.verdicts[m.verdict_count]);
  m.upto = read_end(&r);
  uint8_t more = reader_u8(&r);
  if (more > (HAS_MORE | WANTS_LOST | FOLLOW_ANEW))
    reader_fail(&r);
  m.has_more = more & HAS_MORE;
  m.wants_lost = more & WANTS_LOST;
  m.follow_anew = more & FOLLOW_ANEW;
  count = reader_count(&r, MSG_EVENTS_MAX, 1 + 8);
  m.events = mem_alloc_array(count, sizeof *m.events);
  for (; m.event_count < count && r.err == OK; m.event_count++)
    read_event(&r, &m.events[m.event_count]);
  m.checkpoint = reader_string(&r, NOTE_MAX);
  m.proof = read_hashes(&r);
  enum err e = finished(&r, "answer");
  if (e == OK)
    *out = m;
  else
    msg_answer_release(&m);
  return e;
}

void msg_answer_release(struct msg_answer *m) {
  for (uint32_t i = 0; i < m->event_count; i++) {
    free(m->events[i].entries);
    buf_release(&m->events[i].headers);
  }
  free(m->events);
  free(m->verdicts);
  free(m->positions);
  *m = (struct msg_answer){0};
}

void msg_answer_begin(struct buf *b, const struct msg_answer *m) {
  buf_add_str(b, "cairn answer 1\n");
  buf_u32(b, m->verdict_count);
  for (uint32_t i = 0; i < m->verdict_count; i++)
    write_verdict(b, m->positions[i], &m->verdicts[i]);
  write_end(b, &m->upto);
  buf_u8(b, (uint8_t)((m->has_more ? HAS_MORE : 0) | (m->wants_lost ? WANTS_LOST : 0) |
                      (m->follow_anew ? FOLLOW_ANEW : 0)));
  buf_u32(b, m->event_count);
}

void msg_event_encode(struct buf *b, const struct msg_event *d) {
  buf_u8(b, (uint8_t)d->form);
  buf_u64(b, d->first);
  if (!is_delivery(d))
    return;
  buf_string(b, d->admitted);
  buf_add(b, hash_bytes(&d->position.replica));
  buf_u64(b, d->position.number);
  buf_add(b, hash_bytes(&d->position.previous));
  buf_string(b, d->head);
  if (d->form == MSG_YOURS) {
    buf_add(b, hash_bytes(&d->position.act));
    return;
  }
  buf_string(b, d->signature);
  buf_u32(b, d->size);
  buf_u32(b, d->count);
  for (uint32_t i = 0; i < d->count; i++) {
    buf_u32(b, d->entries[i].index);
    write_entry(b, &d->entries[i]);
  }
  write_hashes(b, d->siblings);
}

void msg_answer_end(struct buf *b, const struct msg_answer *m) {
  buf_string(b, m->checkpoint);
  write_hashes(b, m->proof);
}

/* ---- joining ---- */

#define ASK "cairn invitation 1\n"
#define JOIN "cairn join 1\n"
#define JOINED "cairn joined 1\n"

bool msg_is_ask(struct bytes b) {
  return bytes_starts(b, ASK);
}

enum err msg_ask_decode(struct bytes b, struct msg_ask *out) {
  struct reader r = reader_of(b);
  struct msg_ask m = {0};
  reader_expect(&r, ASK);
  m.secret = reader_string(&r, MSG_SECRET_SIZE);
  m.name = read_text(&r, MSG_TEXT_MAX);
  m.agency = read_text(&r, MSG_TEXT_MAX);
  if (m.secret.len != MSG_SECRET_SIZE)
    reader_fail(&r);
  enum err e = finished(&r, "request");
  if (e == OK)
    *out = m;
  return e;
}

void msg_ask_encode(struct buf *b, const struct msg_ask *m) {
  buf_add_str(b, ASK);
  buf_string(b, m->secret);
  buf_string(b, m->name);
  buf_string(b, m->agency);
}

enum err msg_invited_decode(struct bytes b, struct msg_invited *out) {
  struct reader r = reader_of(b);
  struct msg_invited m = {0};
  reader_expect(&r, "cairn invited 1\n");
  m.name = read_text(&r, MSG_TEXT_MAX);
  m.post = read_text(&r, MSG_TEXT_MAX);
  m.agency = read_text(&r, MSG_TEXT_MAX);
  m.roles = read_text(&r, MSG_TEXT_MAX);
  m.until = read_text(&r, MSG_TEXT_MAX);
  if (m.name.len == 0 || m.agency.len == 0 || m.roles.len == 0 || !text_is_time(m.until))
    reader_fail(&r);
  enum err e = finished(&r, "answer");
  if (e == OK)
    *out = m;
  return e;
}

void msg_invited_encode(struct buf *b, const struct msg_invited *m) {
  buf_add_str(b, "cairn invited 1\n");
  buf_string(b, m->name);
  buf_string(b, m->post);
  buf_string(b, m->agency);
  buf_string(b, m->roles);
  buf_string(b, m->until);
}

enum err msg_join_decode(struct bytes b, struct msg_join *out) {
  struct reader r = reader_of(b);
  struct msg_join m = {0};
  reader_expect(&r, JOIN);
  m.secret = reader_string(&r, MSG_SECRET_SIZE);
  m.person_request = reader_string(&r, CERT_MAX);
  m.seal_request = reader_string(&r, CERT_MAX);
  m.replica_request = reader_string(&r, CERT_MAX);
  m.machine = read_text(&r, MSG_TEXT_MAX);
  m.name = read_text(&r, MSG_TEXT_MAX);
  m.agency = read_text(&r, MSG_TEXT_MAX);
  if (m.secret.len != MSG_SECRET_SIZE || m.machine.len == 0)
    reader_fail(&r);
  enum err e = finished(&r, "request");
  if (e == OK)
    *out = m;
  return e;
}

void msg_join_encode(struct buf *b, const struct msg_join *m) {
  buf_add_str(b, JOIN);
  buf_string(b, m->secret);
  buf_string(b, m->person_request);
  buf_string(b, m->seal_request);
  buf_string(b, m->replica_request);
  buf_string(b, m->machine);
  buf_string(b, m->name);
  buf_string(b, m->agency);
}

bool msg_is_join(struct bytes message) {
  return bytes_starts(message, JOIN);
}

bool msg_is_joined(struct bytes message) {
  return bytes_starts(message, JOINED);
}

enum err msg_joined_decode(struct bytes b, struct msg_joined *out) {
  struct reader r = reader_of(b);
  struct msg_joined m = {0};
  reader_expect(&r, JOINED);
  m.ledger = read_hash(&r);
  m.authority = reader_string(&r, CERT_MAX);
  m.vkey = read_text(&r, MSG_TEXT_MAX);
  m.person = read_hash(&r);
  m.person_cert = reader_string(&r, CERT_MAX);
  m.replica = read_hash(&r);
  m.replica_cert = reader_string(&r, CERT_MAX);
  enum err e = finished(&r, "answer");
  if (e == OK)
    *out = m;
  return e;
}

void msg_joined_encode(struct buf *b, const struct msg_joined *m) {
  buf_add_str(b, JOINED);
  buf_add(b, hash_bytes(&m->ledger));
  buf_string(b, m->authority);
  buf_string(b, m->vkey);
  buf_add(b, hash_bytes(&m->person));
  buf_string(b, m->person_cert);
  buf_add(b, hash_bytes(&m->replica));
  buf_string(b, m->replica_cert);
}
