/* Entries of the log on their way back into the views, read in order: what a row says is taken out of its bytes here,
 * of many of them by a second thread while the ones before them enter. The thread knows no store. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/store_parts.h"

#define BATCH_ROWS 32
#define BATCH_SIZE ((size_t)256 << 10) /* of headers and contents: a larger one has a batch of its own */

/* What a VIEW_ROW statement gives; the bytes are the statement's until its next row. */
static void take(const struct query *q, struct view_row *r) {
  r->number = (uint64_t)query_get_int(q, 0);
  r->header = query_get(q, 1);
  r->has_content = !query_is_null(q, 2);
  r->content = query_get(q, 2);
  r->admitted = query_get(q, 3);
  r->object = hash_from(query_get(q, 4));
  r->act = (uint64_t)query_get_int(q, 5);
  r->act_id = hash_from(query_get(q, 6));
  r->is_read = r->is_whole = false;
}

static void own(struct view_row *r) {
  struct bytes *parts[] = {&r->header, &r->content, &r->admitted};
  buf_clear(&r->own);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    buf_add(&r->own, *parts[i]);
  const uint8_t *at = r->own.at;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    parts[i]->at = at;
    at += parts[i]->len;
  }
}

static bool is_json(const struct view_row *r) {
  return r->kind->media == NULL && r->entry.audience != AUDIENCE_RESTRICTED;
}

/* As its kind is known today: it may not have been when the entry came. */
static enum err read_row(struct view_row *r) {
  enum err e = entry_decode(r->header, &r->entry);
  if (e != OK)
    return e;
  r->is_read = true;
  r->kind = kind_find(r->entry.kind);
  if (r->kind && r->has_content && (!is_json(r) || json_parse_record(r->content, &r->json) == OK))
    r->is_whole = kind_check(r->kind, &r->entry, r->json) == OK;
  return OK;
}

static void finish(struct view_row *r) {
  json_free(r->json);
  r->json = NULL;
}

/* What could not be read is read here, for the words. */
static enum err give(struct view_row *r, void *of, enum err (*each)(void *of, struct view_row *r)) {
  enum err e = r->is_read ? OK : read_row(r);
  if (e == OK)
    e = each(of, r);
  finish(r);
  return e;
}

enum err view_rows_each(struct query *q, void *of, enum err (*each)(void *of, struct view_row *r)) {
  struct view_row *r = mem_alloc(sizeof *r);
  enum err e = OK;
  while (e == OK && query_row(q)) {
    take(q, r);
    e = give(r, of, each);
  }
  free(r);
  enum err query_error = query_end(q);
  return e == OK ? query_error : e;
}

/* ---- many ---- */

/* One is filled and used by the caller while the thread has the other. */
struct batch {
  struct view_row rows[BATCH_ROWS];
  size_t count;
};

struct forerunner {
  struct batch batches[2];
  bool has_thread;
  pthread_t thread;
  pthread_mutex_t lock;
  struct batch *given; /* the thread's, until it is read */
  bool is_over;
  pthread_cond_t comes, is_done;
};

static void read_batch(struct batch *b) {
  for (size_t i = 0; i < b->count; i++)
    read_row(&b->rows[i]);
}

static void *run(void *of) {
  struct forerunner *r = of;
  pthread_mutex_lock(&r->lock);
  while (!r->is_over) {
    if (r->given == NULL) {
      pthread_cond_wait(&r->comes, &r->lock);
      continue;
    }
    struct batch *b = r->given;
    pthread_mutex_unlock(&r->lock);
    read_batch(b);
    pthread_mutex_lock(&r->lock);
    r->given = NULL;
    pthread_cond_signal(&r->is_done);
  }
  pthread_mutex_unlock(&r->lock);
  hash_leave_thread();
  return NULL;
}

/* Signals are the other thread's to hear. Without the thread what it would have read is read when it is used. */
static void start(struct forerunner *r) {
  sigset_t all, before;
  if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
    return;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  r->has_thread = pthread_create(&r->thread, NULL, run, r) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void hand_over(struct forerunner *r, struct batch *b) {
  pthread_mutex_lock(&r->lock);
  r->given = r->has_thread ? b : NULL;
  pthread_cond_signal(&r->comes);
  pthread_mutex_unlock(&r->lock);
}

static void wait_for(struct forerunner *r) {
  pthread_mutex_lock(&r->lock);
  while (r->given)
    pthread_cond_wait(&r->is_done, &r->lock);
  pthread_mutex_unlock(&r->lock);
}

static void stop(struct forerunner *r) {
  wait_for(r);
  pthread_mutex_lock(&r->lock);
  r->is_over = true;
  pthread_cond_signal(&r->comes);
  pthread_mutex_unlock(&r->lock);
  if (r->has_thread)
    pthread_join(r->thread, NULL);
}

static struct forerunner *begin(void) {
  struct forerunner *r = mem_alloc(sizeof *r);
  pthread_mutex_init(&r->lock, NULL);
  pthread_cond_init(&r->comes, NULL);
  pthread_cond_init(&r->is_done, NULL);
  return r;
}

static void end(struct forerunner *r) {
  stop(r);
  for (size_t b = 0; b < sizeof r->batches / sizeof *r->batches; b++)
    for (size_t i = 0; i < BATCH_ROWS; i++) {
      finish(&r->batches[b].rows[i]);
      buf_release(&r->batches[b].rows[i].own);
    }
  pthread_mutex_destroy(&r->lock);
  pthread_cond_destroy(&r->comes);
  pthread_cond_destroy(&r->is_done);
  free(r);
}

/* false: nothing comes behind it. */
static bool fill(struct batch *b, struct query *q) {
  bool more = true;
  size_t size = 0;
  b->count = 0;
  while (b->count < BATCH_ROWS && size < BATCH_SIZE && (more = query_row(q))) {
    struct view_row *r = &b->rows[b->count++];
    take(q, r);
    own(r);
    size += r->own.len;
  }
  return more;
}

static enum err use(struct batch *b, void *of, enum err (*each)(void *of, struct view_row *r)) {
  enum err e = OK;
  for (size_t i = 0; e == OK && i < b->count; i++)
    e = give(&b->rows[i], of, each);
  return e;
}

enum err view_rows_each_of_many(struct query *q, void *of, enum err (*each)(void *of, struct view_row *r)) {
  struct forerunner *r = begin();
  struct batch *now = &r->batches[0], *next = &r->batches[1];
  enum err e = OK;
  bool more = fill(now, q);
  if (more)
    start(r);
  while (e == OK && more) {
    more = fill(next, q);
    hand_over(r, next);
    e = use(now, of, each);
    wait_for(r);
    struct batch *used = now;
    now = next;
    next = used;
  }
  if (e == OK)
    e = use(now, of, each);
  end(r);
  enum err query_error = query_end(q);
  return e == OK ? query_error : e;
}
