#include "sync/carry.h"

#include <string.h>

#define REQUEST "cairn part 1\n"
#define ANSWER "cairn parts 1\n"

static enum err finished(const struct reader *r, const char *what) {
  return reader_end(r) == OK ? OK : err_set(ERR_FORM, "the %s is not of the form of sync/PROTOCOL.md", what);
}

/* What a request of each verb may say. */
static bool is_sound(const struct carry_request *m) {
  bool is_put = m->verb == CARRY_PUT;
  if (m->size < PARTS_SIZE_MIN || m->size > PARTS_SIZE_MAX || m->number >= parts_count(m->size))
    return false;
  return m->part.len == (is_put ? parts_length(m->size, m->number) : 0) && (m->verb != CARRY_OFFER || m->number == 0);
}

enum err carry_request_decode(struct bytes b, struct carry_request *out) {
  struct reader r = reader_of(b);
  struct carry_request m = {0};
  reader_expect(&r, REQUEST);
  uint8_t verb = reader_u8(&r);
  m.verb = (enum carry_verb)verb;
  m.content = hash_from(reader_take(&r, HASH_SIZE));
  m.size = reader_u32(&r);
  m.number = reader_u32(&r);
  m.part = reader_string(&r, PARTS_PART_SIZE);
  if (verb < CARRY_OFFER || verb > CARRY_GET || !is_sound(&m))
    reader_fail(&r);
  enum err e = finished(&r, "request");
  if (e == OK)
    *out = m;
  return e;
}

void carry_request_encode(struct buf *b, const struct carry_request *m) {
  buf_add_str(b, REQUEST);
  buf_u8(b, (uint8_t)m->verb);
  buf_add(b, hash_bytes(&m->content));
  buf_u32(b, m->size);
  buf_u32(b, m->number);
  buf_string(b, m->part);
}

enum err carry_answer_decode(struct bytes b, struct carry_answer *out) {
  struct reader r = reader_of(b);
  struct carry_answer m = {0};
  reader_expect(&r, ANSWER);
  m.there = reader_u32(&r);
  m.part = reader_string(&r, PARTS_PART_SIZE);
  if (m.there >> PARTS_COUNT_MAX)
    reader_fail(&r);
  enum err e = finished(&r, "answer");
  if (e == OK)
    *out = m;
  return e;
}

void carry_answer_encode(struct buf *b, const struct carry_answer *m) {
  buf_add_str(b, ANSWER);
  buf_u32(b, m->there);
  buf_string(b, m->part);
}

/* ---- the replica ---- */

static const struct hash from_node = {{0}};

static enum err add_down(void *of, const struct parts_name *n, uint32_t there) {
  struct carry_round *r = of;
  if (there != parts_all(n->size) && r->count < ACT_LARGE_MAX)
    r->works[r->count++] = (struct carry_work){.name = *n, .there = there, .is_down = true};
  return OK;
}

struct adding {
  struct carry_round *r;
  struct store *s;
  uint32_t large, in_act;
};

static enum err count_one(void *of, uint64_t number, const struct parts_name *n) {
  struct adding *a = of;
  (void)number;
  (void)n;
  a->in_act++;
  return OK;
}

static enum err add_one(void *of, uint64_t number, const struct parts_name *n) {
  struct adding *a = of;
  a->r->works[a->r->count++] = (struct carry_work){.name = *n, .number = number};
  return OK;
}

/* The same acts as those of the next request, as far as their contents go: the outbox in order, up to the first act
 * with which there would be too many. */
static enum err add_up(void *of, const struct outbox_row *row) {
  struct adding *a = of;
  if (strcmp(row->state, "unsent") != 0 && strcmp(row->state, "later") != 0)
    return OK;
  a->in_act = 0;
  enum err e = parts_each_of_act(a->s, row->act, a, count_one);
  a->large += a->in_act;
  if (a->large > ACT_LARGE_MAX)
    e = ERR_LIMIT;
  return e == OK && a->in_act ? parts_each_of_act(a->s, row->act, a, add_one) : e;
}

enum err carry_begin(struct carry_round *r, struct store *s, int64_t now_s) {
  struct adding a = {.r = r, .s = s};
  *r = (struct carry_round){0};
  enum err e = parts_expire(s, now_s);
  if (e == OK)
    e = parts_each(s, &from_node, r, add_down);
  if (e == OK)
    e = store_outbox_each(s, &a, add_up);
  return e == ERR_LIMIT ? OK : e;
}

bool carry_is_done(const struct carry_round *r) {
  return r->at == r->count;
}

static uint32_t first_missing(const struct carry_work *w) {
  uint32_t k = 0;
  while (w->there >> k & 1)
    k++;
  return k;
}

enum err carry_next(const struct carry_round *r, struct store *s, struct buf *request) {
  const struct carry_work *w = &r->works[r->at];
  struct carry_request m = {
      .verb = w->is_down ? CARRY_GET : CARRY_PUT, .content = w->name.content, .size = w->name.size};
  struct buf part = {0};
  enum err e = OK;
  if (w->is_down || w->is_offered)
    m.number = first_missing(w);
  else
    m.verb = CARRY_OFFER;
  if (m.verb == CARRY_PUT)
    e = parts_cut(s, w->number, m.number, &part);
  m.part = buf_bytes(&part);
  if (e == OK)
    carry_request_encode(request, &m);
  buf_release(&part);
  return e == OK ? buf_err(request) : e;
}

static enum err take_down(struct carry_work *w, struct store *s, struct bytes part, int64_t now_s) {
  enum err e = store_begin(s);
  if (e != OK)
    return e;
  e = store_end(s, parts_put(s, &w->name, first_missing(w), part, now_s, &w->there));
  if (e == OK && w->there == 0)
    e = err_set(ERR_PROOF, "the parts of a document that the node sent are not what its entry commits to");
  return e;
}

enum err carry_take(struct carry_round *r, struct store *s, struct bytes answer, int64_t now_s) {
  struct carry_work *w = &r->works[r->at];
  struct carry_answer m;
  uint32_t all = parts_all(w->name.size);
  enum err e = carry_answer_decode(answer, &m);
  if (e != OK)
    return e;
  if (w->is_down) {
    e = take_down(w, s, m.part, now_s);
  } else if (w->is_offered && m.there <= w->there) {
    e = err_set(ERR_PROOF, "the node did not keep the parts of a document that were sent to it; the document here may "
                           "have been damaged");
  } else {
    w->there = m.there & all;
    w->is_offered = true;
  }
  if (e == OK && w->there == all)
    r->at++;
  return e;
}

void carry_refused(struct carry_round *r) {
  r->lacks_down = r->lacks_down || r->works[r->at].is_down;
  r->at++;
}
