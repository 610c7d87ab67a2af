/* Many machines at once: crowd HOME PASSPHRASE-FILE MACHINES EVERY RUDE. The officer whose replica is in HOME enrols so
 * many machines of their agency, each with a key and a certificate of its own; then all of them ask the node at the
 * same moment over TLS, every EVERY-th with an act. Meanwhile RUDE connections stay open that say nothing, half a
 * hello, or a byte every now and then. Each machine must be answered, and none long after the others. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/author.h"
#include "core/directory.h"
#include "core/store.h"
#include "sync/client.h"
#include "sync/exchange.h"

#define MACHINES_MAX 1000
#define RUDE_MAX 256
#define TRIES_MAX 20

struct machine_of_crowd {
  struct crowd *crowd;
  struct key *key;
  struct buf certificate, request, answer;
  pthread_t thread;
  int64_t took_ms;
  size_t busy;
  enum err err;
  char words[256];
};

struct crowd {
  struct store *store;
  struct key *person, *replica;
  struct buf host, authority, certificate;
  uint16_t port;
  struct hash person_entry, agency;
  int64_t now_s;
  size_t count;
  struct machine_of_crowd *all;
  pthread_barrier_t gate;
  int rude[RUDE_MAX];
  size_t rude_count;
};

static void must(enum err e, const char *what) {
  if (e == OK)
    return;
  fprintf(stderr, "crowd: %s: %s: %s\n", what, err_text(e), err_words(e));
  exit(3);
}

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the officer's replica ---- */

static struct key *load_key(const char *home, const char *name, const char *passphrase) {
  char path[4096];
  struct key *key = NULL;
  snprintf(path, sizeof path, "%s/%s", home, name);
  must(key_load(path, bytes_str(passphrase), &key), name);
  return key;
}

static void open_home(struct crowd *c, const char *home, const char *passphrase_file) {
  char path[4096], passphrase[256] = "";
  struct author author;
  FILE *f = fopen(passphrase_file, "r");
  must(f && fgets(passphrase, sizeof passphrase, f) ? OK : ERR_IO, "the passphrase");
  fclose(f);
  passphrase[strcspn(passphrase, "\n")] = '\0';
  snprintf(path, sizeof path, "%s/cairn.db", home);
  must(store_open(path, 1000, &c->store), "the replica");
  c->person = load_key(home, "person.key", passphrase);
  c->replica = load_key(home, "replica.key", passphrase);
  struct hash id = key_id(c->replica), by = key_id(c->person);
  store_read_as(c->store, &(struct scope_recipient){.replica = id});
  must(directory_author(c->store, &by, c->now_s, &author), "the officer");
  c->agency = author.agency;
  must(store_meta(c->store, "host", &c->host), "the node's address");
  must(store_meta(c->store, "authority", &c->authority), "the authority");
  must(directory_certificate(c->store, &id, &c->certificate), "the machine's certificate");
  c->port = (uint16_t)store_meta_number(c->store, "port");
}

static struct client_settings settings_of(struct crowd *c, const struct buf *certificate, const struct key *key) {
  return (struct client_settings){.host = buf_cstr(&c->host),
                                  .port = c->port,
                                  .ca = buf_bytes(&c->authority),
                                  .certificate = buf_bytes(certificate),
                                  .key = key,
                                  .is_packed = true,
                                  .answer_max = MSG_ANSWER_MAX};
}

static void sync_own(struct crowd *c) {
  const struct client_settings settings = settings_of(c, &c->certificate, c->replica);
  struct exchange_replica r = {c->store, c->replica, c->now_s};
  struct exchange_report report = {.has_more = true};
  while (report.has_more) {
    struct buf request = {0}, answer = {.max = MSG_ANSWER_MAX};
    size_t sent;
    report = (struct exchange_report){0};
    must(exchange_request(&r, &request, &sent), "the officer's request");
    must(client_post(&settings, "/v1/sync", buf_bytes(&request), &answer, NULL), "the officer's sync");
    must(exchange_take(&r, buf_bytes(&answer), &report), "the officer's answer");
    if (report.refused || report.held)
      must(ERR_REFUSED, "the machines were not enrolled");
    buf_release(&request);
    buf_release(&answer);
  }
}

/* ---- the machines ---- */

static void write_act(struct crowd *c, const struct key *replica, const struct draft *drafts, size_t count) {
  const struct author_by by = {.key = c->person, .replica = key_id(replica)};
  struct verdict v;
  must(author_write(c->store, &by, drafts, count, ACCEPT_WRITE, c->now_s, &v), "writing");
  if (v.code != VERDICT_ACCEPTED)
    must(err_set(ERR_REFUSED, "%s: %s", v.rule, v.words), "writing");
}

/* What the entry about one machine says. */
struct enrolment {
  struct hash_hex agency;
  struct buf key;
  char name[32];
  struct draft_value values[3];
};

static struct draft enrol_one(struct crowd *c, size_t i, struct enrolment *e) {
  c->all[i].crowd = c;
  c->all[i].key = key_new();
  e->agency = hash_hex(&c->agency);
  text_base64_encode(&e->key, key_spki(c->all[i].key));
  snprintf(e->name, sizeof e->name, "laptop %zu", i);
  e->values[0] = (struct draft_value){"agency", e->agency.s};
  e->values[1] = (struct draft_value){"replica", buf_cstr(&e->key)};
  e->values[2] = (struct draft_value){"name", e->name};
  return (struct draft){.kind = kind_find(bytes_str("replica.add")), .values = e->values, .count = 3};
}

/* In one act. */
static void enrol_all(struct crowd *c) {
  struct enrolment *enrolments = mem_alloc_array(c->count, sizeof *enrolments);
  struct draft *drafts = mem_alloc_array(c->count, sizeof *drafts);
  for (size_t i = 0; i < c->count; i++)
    drafts[i] = enrol_one(c, i, &enrolments[i]);
  must(store_begin(c->store), "enrolling");
  write_act(c, c->replica, drafts, c->count);
  must(store_commit(c->store), "enrolling");
  sync_own(c);
  for (size_t i = 0; i < c->count; i++) {
    struct hash id = key_id(c->all[i].key);
    must(directory_certificate(c->store, &id, &c->all[i].certificate), "a machine's certificate");
    buf_release(&enrolments[i].key);
  }
  free(enrolments);
  free(drafts);
}

/* All of them are of one agency, so they follow one feed: each asks as the officer's replica would, with its own key.
 */
static void prepare_one(struct crowd *c, struct machine_of_crowd *m, bool is_writing) {
  struct exchange_replica r = {c->store, m->key, c->now_s};
  const struct draft_value values[] = {{"name", "One of many"}};
  size_t sent;
  must(store_begin(c->store), "a request");
  if (is_writing)
    write_act(c, m->key, &(struct draft){.kind = kind_find(bytes_str("child.add")), .values = values, .count = 1}, 1);
  must(exchange_request(&r, &m->request, &sent), "a request");
  store_rollback(c->store);
  if (sent != is_writing)
    must(ERR_FORM, "a request");
  buf_init(&m->answer, MSG_ANSWER_MAX);
}

/* ---- the others ---- */

static void come_rudely(struct crowd *c, size_t number) {
  static const char half_hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(c->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0 ? OK : ERR_NETWORK, "a connection");
  if (number % 3 == 1 && send(fd, half_hello, sizeof half_hello - 1, MSG_NOSIGNAL) < 0)
    must(ERR_NETWORK, "half a hello");
  c->rude[c->rude_count++] = fd;
}

/* A byte of a hello to each third. */
static void drip(const struct crowd *c) {
  static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
  static size_t at;
  for (size_t i = 2; i < c->rude_count && at < sizeof hello - 1; i += 3) {
    ssize_t n = send(c->rude[i], hello + at, 1, MSG_NOSIGNAL);
    (void)n;
  }
  at++;
}

/* ---- at once ---- */

static void *ask(void *of) {
  struct machine_of_crowd *m = of;
  const struct client_settings settings = settings_of(m->crowd, &m->certificate, m->key);
  pthread_barrier_wait(&m->crowd->gate);
  const int64_t start = now_ms();
  do {
    m->err = client_post(&settings, "/v1/sync", buf_bytes(&m->request), &m->answer, NULL);
    m->busy += m->err == ERR_BUSY;
  } while (m->err == ERR_BUSY && m->busy < TRIES_MAX);
  m->took_ms = now_ms() - start;
  snprintf(m->words, sizeof m->words, "%s", m->err == OK ? "" : err_words(m->err));
  return NULL;
}

static void check_answer(const struct machine_of_crowd *m, size_t number, bool is_writing) {
  struct msg_answer answer = {0};
  if (m->err != OK) {
    fprintf(stderr, "crowd: machine %zu: %s\n", number, m->words);
    exit(1);
  }
  must(msg_answer_decode(buf_bytes(&m->answer), &answer), "an answer");
  if (answer.verdict_count != is_writing || (is_writing && answer.verdicts[0].code != VERDICT_ACCEPTED))
    must(ERR_REFUSED, "an act was not accepted");
  msg_answer_release(&answer);
}

static int by_time(const void *a, const void *b) {
  const int64_t *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

static void run_all(struct crowd *c) {
  int64_t *took = mem_alloc_array(c->count, sizeof *took);
  size_t busy = 0;
  pthread_barrier_init(&c->gate, NULL, (unsigned)c->count + 1);
  for (size_t i = 0; i < c->count; i++)
    must(pthread_create(&c->all[i].thread, NULL, ask, &c->all[i]) == 0 ? OK : ERR_LIMIT, "a thread");
  pthread_barrier_wait(&c->gate);
  for (size_t i = 0; i < c->count; i++) {
    drip(c);
    pthread_join(c->all[i].thread, NULL);
    took[i] = c->all[i].took_ms;
    busy += c->all[i].busy;
  }
  qsort(took, c->count, sizeof *took, by_time);
  printf("median_ms %lld\nmax_ms %lld\nbusy %zu\n", (long long)took[c->count / 2], (long long)took[c->count - 1], busy);
  free(took);
  pthread_barrier_destroy(&c->gate);
}

static void release(struct crowd *c) {
  for (size_t i = 0; i < c->count; i++) {
    key_free(c->all[i].key);
    buf_release(&c->all[i].certificate);
    buf_release(&c->all[i].request);
    buf_release(&c->all[i].answer);
  }
  for (size_t i = 0; i < c->rude_count; i++)
    close(c->rude[i]);
  free(c->all);
  key_free(c->person);
  key_free(c->replica);
  buf_release(&c->host);
  buf_release(&c->authority);
  buf_release(&c->certificate);
  store_close(c->store);
}

int main(int argc, char **argv) {
  static struct crowd c;
  if (argc != 6) {
    fprintf(stderr, "usage: crowd HOME PASSPHRASE-FILE MACHINES EVERY RUDE\n");
    return 2;
  }
  const size_t every = strtoul(argv[4], NULL, 10), rude = strtoul(argv[5], NULL, 10);
  c.count = strtoul(argv[3], NULL, 10);
  if (c.count == 0 || c.count > MACHINES_MAX || every == 0 || rude > RUDE_MAX)
    return 2;
  c.now_s = (int64_t)time(NULL);
  c.all = mem_alloc_array(c.count, sizeof *c.all);
  open_home(&c, argv[1], argv[2]);
  enrol_all(&c);
  for (size_t i = 0; i < c.count; i++)
    prepare_one(&c, &c.all[i], i % every == 0);
  for (size_t i = 0; i < rude; i++)
    come_rudely(&c, i);
  run_all(&c);
  for (size_t i = 0; i < c.count; i++)
    check_answer(&c.all[i], i, i % every == 0);
  release(&c);
  return 0;
}
