#include "core/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACTS_MIN 16
#define AUTHORS_MAX 16

enum state { OPEN, UNDER_WAY, VERIFIED, LEFT }; /* left to the door, or done by it */

struct ahead_one {
  enum state state;
  struct act_text text; /* VERIFIED: that its author has signed */
};

struct ahead {
  const struct ahead_act *acts;
  struct ahead_one *ones;
  size_t count;
  size_t next; /* the thread has been at all before it */
  struct key *authors[AUTHORS_MAX];
  size_t author_count;
  bool is_over;
  pthread_t thread;
  pthread_mutex_t lock; /* of all that is above but acts, and count */
  pthread_cond_t done, known;
};

static const struct key *find_author(const struct ahead *a, const struct hash *id) {
  for (size_t i = 0; i < a->author_count; i++) {
    const struct hash known = key_id(a->authors[i]);
    if (hash_equal(&known, id))
      return a->authors[i];
  }
  return NULL;
}

/* The lock is held, but not while a signature is verified. */
static void verify_one(struct ahead *a, size_t i) {
  const struct ahead_act *act = &a->acts[i];
  struct ahead_one *one = &a->ones[i];
  const struct key *author = NULL;
  one->state = UNDER_WAY;
  pthread_mutex_unlock(&a->lock);
  enum err e = act_text_of(act->entries, act->count, &one->text);
  pthread_mutex_lock(&a->lock);
  if (e == OK)
    author = find_author(a, &one->text.by);
  if (author) {
    pthread_mutex_unlock(&a->lock);
    e = act_verify(&one->text, author, act->signature);
    pthread_mutex_lock(&a->lock);
  }
  one->state = author && e == OK ? VERIFIED : LEFT;
  pthread_cond_signal(&a->done);
}

static void *run(void *of) {
  struct ahead *a = of;
  pthread_mutex_lock(&a->lock);
  while (!a->is_over && a->author_count == 0)
    pthread_cond_wait(&a->known, &a->lock);
  for (; !a->is_over && a->next < a->count; a->next++)
    if (a->ones[a->next].state == OPEN)
      verify_one(a, a->next);
  pthread_mutex_unlock(&a->lock);
  hash_leave_thread();
  return NULL;
}

/* Signals are the other thread's to hear. */
static int start(struct ahead *a) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = pthread_create(&a->thread, NULL, run, a);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failed;
}

static void release(struct ahead *a) {
  for (size_t i = 0; i < a->author_count; i++)
    key_free(a->authors[i]);
  pthread_mutex_destroy(&a->lock);
  pthread_cond_destroy(&a->done);
  pthread_cond_destroy(&a->known);
  free(a->ones);
  free(a);
}

struct ahead *ahead_begin(const struct ahead_act *acts, size_t count) {
  if (count < ACTS_MIN || sysconf(_SC_NPROCESSORS_ONLN) < 2)
    return NULL;
  struct ahead *a = mem_alloc(sizeof *a);
  a->acts = acts;
  a->count = count;
  a->ones = mem_alloc_array(count, sizeof *a->ones);
  pthread_mutex_init(&a->lock, NULL);
  pthread_cond_init(&a->done, NULL);
  pthread_cond_init(&a->known, NULL);
  if (start(a) == 0)
    return a;
  release(a);
  return NULL;
}

/* A key of its own for the thread: keys come and go with the store's certificates. */
static void remember(struct ahead *a, const struct key *author) {
  const struct hash id = key_id(author);
  struct key *own;
  if (a->author_count == AUTHORS_MAX || find_author(a, &id) || key_from_spki(key_spki(author), &own) != OK)
    return;
  a->authors[a->author_count++] = own;
  pthread_cond_signal(&a->known);
}

static bool is_same(const struct act_text *a, const struct act_text *b) {
  return hash_equal(&a->by, &b->by) && a->size == b->size && hash_equal(&a->root, &b->root);
}

/* Was this text verified with this key, and this signature? Waits for what is under way. */
static bool was_verified(struct ahead *a, size_t i, const struct act_text *text, const struct key *author,
                         struct bytes signature) {
  struct ahead_one *one = &a->ones[i];
  const struct hash id = key_id(author);
  pthread_mutex_lock(&a->lock);
  while (one->state == UNDER_WAY)
    pthread_cond_wait(&a->done, &a->lock);
  bool was = one->state == VERIFIED && is_same(&one->text, text) && hash_equal(&id, &text->by) &&
             bytes_equal(signature, a->acts[i].signature);
  one->state = LEFT;
  pthread_mutex_unlock(&a->lock);
  return was;
}

enum err ahead_verify(struct ahead *a, size_t i, const struct act_text *text, const struct key *author,
                      struct bytes signature) {
  if (a && was_verified(a, i, text, author, signature))
    return OK;
  enum err e = act_verify(text, author, signature);
  if (a && e == OK) {
    pthread_mutex_lock(&a->lock);
    remember(a, author);
    pthread_mutex_unlock(&a->lock);
  }
  return e;
}

void ahead_end(struct ahead *a) {
  if (a == NULL)
    return;
  pthread_mutex_lock(&a->lock);
  a->is_over = true;
  pthread_cond_signal(&a->known);
  pthread_mutex_unlock(&a->lock);
  pthread_join(a->thread, NULL);
  release(a);
}
