#include "audit/verify_parts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A ring of what is to be said, in order: findings, and signatures that say one if they do not verify. Threads take
 * the signatures; the thread that reads the ledger alone takes from the front what is ready, and says it. While the
 * ring is full it checks signatures itself. */

#define RING 256 /* a power of two */

struct job {
  bool is_done, is_good;
  struct vcheck check;
};

struct vjobs {
  pthread_mutex_t lock;
  pthread_cond_t work, done;
  /* Counts, from the first: said, taken by somebody, put there. */
  size_t said, taken, put;
  bool is_over;
  struct job ring[RING];
  size_t thread_count;
  pthread_t threads[VERIFY_JOBS_MAX];
};

static bool is_good(struct vcurve *curve, const struct vcheck *c) {
  return vkey_verify_hash(curve, &c->key, c->hash, c->signature, c->signature_len);
}

static void say_conflict(struct verify *v, const struct vcheck *c) {
  if (v->conflict_count < VERIFY_CONFLICTS_MAX)
    v->conflicts[v->conflict_count++] = c->conflict;
  vlist(v, &c->good);
}

/* Where nothing is to be checked, what is said is what would be said of a bad signature. */
static void say(struct verify *v, const struct vcheck *c, bool good) {
  if (!good)
    vlist(v, &c->bad);
  else if (c->conflict.size)
    say_conflict(v, c);
  else if (c->good.sentence[0])
    vlist(v, &c->good);
  else if (c->vouch.size)
    vwitness_vouch(v, &c->vouch);
}

/* ---- the threads; the lock is held, but not while a signature is checked ---- */

static struct job *at(struct vjobs *j, size_t count) {
  return &j->ring[count & (RING - 1)];
}

static void take_one(struct vjobs *j, struct vcurve *curve) {
  struct job *job = at(j, j->taken++);
  if (job->is_done)
    return;
  pthread_mutex_unlock(&j->lock);
  bool good = is_good(curve, &job->check);
  pthread_mutex_lock(&j->lock);
  job->is_good = good;
  job->is_done = true;
  pthread_cond_signal(&j->done);
}

static void *run(void *of) {
  struct vjobs *j = of;
  struct vcurve *curve = vcurve_new();
  pthread_mutex_lock(&j->lock);
  while (!j->is_over) {
    if (j->taken < j->put)
      take_one(j, curve);
    else
      pthread_cond_wait(&j->work, &j->lock);
  }
  pthread_mutex_unlock(&j->lock);
  vcurve_free(curve);
  return NULL;
}

static void say_what_is_ready(struct verify *v, struct vjobs *j) {
  for (; j->said < j->put && at(j, j->said)->is_done; j->said++)
    say(v, &at(j, j->said)->check, at(j, j->said)->is_good);
  if (j->taken < j->said)
    j->taken = j->said;
}

/* Until at most so many are waiting. */
static void work_off(struct verify *v, struct vjobs *j, size_t waiting_max) {
  for (say_what_is_ready(v, j); j->put - j->said > waiting_max; say_what_is_ready(v, j)) {
    if (j->taken < j->put)
      take_one(j, v->curve);
    else
      pthread_cond_wait(&j->done, &j->lock);
  }
}

/* ---- what the reader of the ledger does ---- */

enum outcome { OPEN, GOOD, BAD };

static void put(struct verify *v, const struct vcheck *c, enum outcome outcome) {
  struct vjobs *j = v->jobs;
  pthread_mutex_lock(&j->lock);
  work_off(v, j, RING - 1);
  *at(j, j->put++) = (struct job){.is_done = outcome != OPEN, .is_good = outcome == GOOD, .check = *c};
  if (outcome != OPEN)
    say_what_is_ready(v, j);
  else
    pthread_cond_signal(&j->work);
  pthread_mutex_unlock(&j->lock);
}

void vjob_check(struct verify *v, const struct vcheck *c) {
  if (v->is_trusting)
    say(v, c, true);
  else if (v->jobs)
    put(v, c, OPEN);
  else
    say(v, c, is_good(v->curve, c));
}

void vjob_finding(struct verify *v, const struct verify_finding *f) {
  struct vcheck c = {.bad = *f};
  if (v->jobs)
    put(v, &c, BAD);
  else
    vlist(v, f);
}

void vjob_conflict(struct verify *v, const struct verify_conflict *conflict, const struct verify_finding *f) {
  struct vcheck c = {.good = *f, .conflict = *conflict};
  if (v->jobs)
    put(v, &c, GOOD);
  else
    say_conflict(v, &c);
}

struct vcheck vcheck_of(const struct vkey *k, struct verify_text message, const uint8_t *signature, size_t len) {
  struct vcheck c = {.key = *k};
  vhash(message.at, message.len, c.hash);
  /* One that is too long to be a signature is kept as one that cannot verify. */
  c.signature_len = len <= VKEY_SIGNATURE_MAX ? len : 1;
  memcpy(c.signature, signature, c.signature_len);
  return c;
}

void vjobs_start(struct verify *v, unsigned count) {
  if (count <= 1)
    return;
  struct vjobs *j = vtext_alloc(sizeof *j);
  pthread_mutex_init(&j->lock, NULL);
  pthread_cond_init(&j->work, NULL);
  pthread_cond_init(&j->done, NULL);
  v->jobs = j;
  /* The reader is one of them. Where the machine gives fewer threads than were asked for, it does their work. */
  while (j->thread_count + 1 < count && j->thread_count < VERIFY_JOBS_MAX &&
         pthread_create(&j->threads[j->thread_count], NULL, run, j) == 0)
    j->thread_count++;
}

static void stop(struct vjobs *j) {
  pthread_mutex_lock(&j->lock);
  j->is_over = true;
  pthread_cond_broadcast(&j->work);
  pthread_mutex_unlock(&j->lock);
  for (size_t i = 0; i < j->thread_count; i++)
    pthread_join(j->threads[i], NULL);
  pthread_cond_destroy(&j->done);
  pthread_cond_destroy(&j->work);
  pthread_mutex_destroy(&j->lock);
  free(j);
}

void vjobs_end(struct verify *v) {
  if (v->jobs == NULL)
    return;
  pthread_mutex_lock(&v->jobs->lock);
  work_off(v, v->jobs, 0);
  pthread_mutex_unlock(&v->jobs->lock);
  vjobs_drop(v);
}

void vjobs_drop(struct verify *v) {
  if (v->jobs)
    stop(v->jobs);
  v->jobs = NULL;
}
