#include "tests/bench/site.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/home.h"
#include "sync/client.h"

#define PASSPHRASE "a passphrase for the bench"
#define PUBLISHED_S 60

/* What a program printed as the value of this name, of its JSON. */
static void ask(char *out, size_t size, const char *name, const char *command) {
  char line[4096], quoted[64];
  FILE *f = popen(command, "r");
  bench_must(f != NULL, command);
  snprintf(quoted, sizeof quoted, "\"%s\": ", name);
  out[0] = '\0';
  while (fgets(line, sizeof line, f)) {
    const char *at = strstr(line, quoted);
    if (at == NULL || out[0])
      continue;
    at += strlen(quoted);
    at += *at == '"';
    snprintf(out, size, "%.*s", (int)strcspn(at, "\",}\n"), at);
  }
  bench_must(pclose(f) == 0 && out[0], command);
}

static void ask_node(const struct site *s, char *out, size_t size, const char *name, const char *words) {
  char command[1024];
  snprintf(command, sizeof command, "'%s/cairnd' --node %s/live/node --passphrase-file %s/passphrase %s --json",
           bench_programs(), s->folder, s->folder, words);
  ask(out, size, name, command);
}

void site_start(struct site *s) {
  char program[600], node[96], passphrase[96], port[8], line[256] = "";
  int ends[2];
  snprintf(program, sizeof program, "%s/cairnd", bench_programs());
  snprintf(node, sizeof node, "%s/live/node", s->folder);
  snprintf(passphrase, sizeof passphrase, "%s/passphrase", s->folder);
  snprintf(port, sizeof port, "%u", s->port);
  bench_must(pipe(ends) == 0, "a pipe");
  s->node = fork();
  bench_must(s->node >= 0, "a process");
  if (s->node == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* a bench that fails leaves no node behind */
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execl(program, program, "--node", node, "--passphrase-file", passphrase, "serve", "--port", port, (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
  FILE *f = fdopen(ends[0], "r");
  bench_must(f && fgets(line, sizeof line, f) && strrchr(line, ':'), "starting the node");
  s->port = (uint16_t)atoi(strrchr(line, ':') + 1);
  fclose(f);
}

struct bench_used site_stop(struct site *s) {
  pid_t node = s->node;
  s->node = 0;
  kill(node, SIGTERM);
  return bench_wait(node);
}

static void join(const struct site *s, const char *name, const char *agency) {
  char words[256], token[512];
  snprintf(words, sizeof words, "invite %s --person %s --role practitioner --role chair", agency, name);
  ask_node(s, token, sizeof token, "token", words);
  bench_run("'%s/cairn' --home %s/live/%s --passphrase-file %s/passphrase join %s --machine %s > /dev/null",
            bench_programs(), s->folder, name, s->folder, token, name);
}

static void first_sync(const struct site *s, const char *name) {
  bench_run("'%s/cairn' --home %s/live/%s --passphrase-file %s/passphrase sync > /dev/null", bench_programs(),
            s->folder, name, s->folder);
}

void site_open(struct site *s) {
  static const char *const names[] = {"a", "b"};
  char agency[128];
  *s = (struct site){.folder = "/tmp/cairn-bench-XXXXXX"};
  bench_must(mkdtemp(s->folder) != NULL, "a temporary folder");
  bench_run("cd %s && mkdir live && umask 077 && echo '" PASSPHRASE "' > passphrase", s->folder);
  ask_node(s, s->vkey, sizeof s->vkey, "verifier-key",
           "init --authority Bench --ledger bench.example/register --host 127.0.0.1 --port 0");
  site_start(s);
  ask_node(s, agency, sizeof agency, "agency", "agency add 'Social Work' --type social-work");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    join(s, names[i], agency);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    first_sync(s, names[i]);
}

void site_close(struct site *s) {
  if (s->node)
    site_stop(s);
  bench_run("rm -rf %s", s->folder);
}

void site_keep(const struct site *s) {
  bench_run("cd %s && rm -rf kept && cp -a live kept", s->folder);
}

/* What is to be written to the disk is written before anything is timed. */
void site_restore(const struct site *s) {
  bench_run("cd %s && rm -rf live && cp -a kept live && sync -f live", s->folder);
}

void site_wait_published(const struct site *s) {
  char entries[64], published[64] = "", command[256];
  ask_node(s, entries, sizeof entries, "entries", "status");
  snprintf(command, sizeof command, "git -C %s/live/node/ledger.git show main:checkpoint 2>/dev/null | sed -n 2p",
           s->folder);
  const double until_s = bench_now_s() + PUBLISHED_S;
  while (strcmp(entries, published) != 0 && bench_now_s() < until_s) {
    FILE *f = popen(command, "r");
    if (f && fgets(published, sizeof published, f))
      published[strcspn(published, "\n")] = '\0';
    if (f)
      pclose(f);
    usleep(100000);
  }
  bench_must(strcmp(entries, published) == 0, "publishing");
}

/* ---- machines ---- */

static struct key *load_key(const struct machine_home *m, const char *file) {
  char path[256];
  struct key *key = NULL;
  snprintf(path, sizeof path, "%s/live/%s/%s", m->site->folder, m->name, file);
  bench_ok(key_load(path, bytes_str(PASSPHRASE), &key), path);
  return key;
}

void machine_hold(struct machine_home *m) {
  char path[256];
  snprintf(path, sizeof path, "%s/live/%s/" HOME_STORE, m->site->folder, m->name);
  bench_ok(store_open(path, 0, &m->store), path);
  store_read_as(m->store, &(struct scope_recipient){.replica = m->replica});
}

void machine_let_go(struct machine_home *m) {
  store_close(m->store);
  m->store = NULL;
}

void machine_open(struct machine_home *m, const struct site *s, const char *name) {
  char person_file[HOME_FILE_SIZE];
  *m = (struct machine_home){.site = s, .name = name, .port = s->port};
  m->replica_key = load_key(m, HOME_REPLICA_KEY);
  m->replica = key_id(m->replica_key);
  machine_hold(m);
  bench_ok(store_meta(m->store, "authority", &m->authority), "the authority");
  bench_ok(store_meta(m->store, "replica-cert", &m->certificate), "the machine's certificate");
  bench_ok(store_meta_hash(m->store, "person", &m->person), "the person");
  snprintf(person_file, sizeof person_file, HOME_PERSON_KEY);
  m->person_key = load_key(m, person_file);
}

void machine_close(struct machine_home *m) {
  machine_let_go(m);
  key_free(m->person_key);
  key_free(m->replica_key);
  buf_release(&m->authority);
  buf_release(&m->certificate);
}

void machine_request(struct machine_home *m, struct buf *request) {
  size_t sent;
  machine_hold(m);
  struct exchange_replica r = {m->store, m->replica_key, time(NULL)};
  bench_ok(exchange_request(&r, request, &sent), "a request");
  machine_let_go(m);
}

void machine_post(struct machine_home *m, struct bytes request, struct buf *answer) {
  const struct client_settings settings = {.host = "127.0.0.1",
                                           .port = m->port,
                                           .ca = buf_bytes(&m->authority),
                                           .certificate = buf_bytes(&m->certificate),
                                           .key = m->replica_key,
                                           .is_packed = true,
                                           .answer_max = MSG_ANSWER_MAX};
  buf_init(answer, MSG_ANSWER_MAX);
  bench_ok(client_post(&settings, "/v1/sync", request, answer, NULL), "the node's answer");
}

void machine_take(struct machine_home *m, struct bytes answer, struct exchange_report *report) {
  machine_hold(m);
  struct exchange_replica r = {m->store, m->replica_key, time(NULL)};
  bench_ok(exchange_take(&r, answer, report), "taking the answer");
  machine_let_go(m);
}

void machine_exchange(struct machine_home *m, struct exchange_report *report) {
  struct buf request = {0}, answer = {0};
  machine_request(m, &request);
  machine_post(m, buf_bytes(&request), &answer);
  machine_take(m, buf_bytes(&answer), report);
  buf_release(&request);
  buf_release(&answer);
}

size_t machine_sync(struct machine_home *m, struct exchange_report *report) {
  size_t count = 0;
  do {
    machine_exchange(m, report);
    count++;
  } while (report->has_more);
  bench_must(report->refused == 0 && report->held == 0 && report->later == 0, "having all admitted");
  return count;
}
