/* What recording, exchanging and keeping the record costs: with a real node and real machines over TLS, against floors
 * that are measured in turns with it. Prints name, value, unit. With names of parts ("single", "10k", "100k") it
 * measures those only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/decisions.h"
#include "tests/bench/floor.h"
#include "tests/bench/meter.h"
#include "tests/bench/site.h"

#define SINGLES 1000
#define VERIFICATIONS 5000
#define IN_ACT 256
#define TIMES 21 /* a sync with nothing new, or one act, is made */
#define ROUNDS_S                                                                                                       \
  100 /* so long further rounds of a relay are begun: on a slow machine there are fewer than BENCH_ROUNDS */

struct job {
  struct site *site;
  const char *machine;
  size_t count;
  char path[128]; /* of a request */
};

static void send_what_there_is(struct decisions *d, void *of) {
  struct machine_home *m = of;
  struct exchange_report report = {0};
  machine_let_go(m);
  machine_sync(m, &report);
  machine_hold(m);
  d->store = m->store;
}

/* Children and meetings are recorded, and sent. */
static void begin_decisions(struct decisions *d, struct machine_home *m, size_t count) {
  *d = (struct decisions){.store = m->store,
                          .by = {.key = m->person_key, .replica = m->replica},
                          .person = m->person,
                          .chance = m->replica.at[0],
                          .pause = send_what_there_is,
                          .of = m};
  decisions_prepare(d, count);
  send_what_there_is(d, m);
}

/* ---- acts of one ---- */

/* Children and meetings are sent; then so many acts of one are recorded and not. */
static void write_singles(void *of, double values[BENCH_VALUES]) {
  const struct job *j = of;
  struct machine_home m;
  struct decisions d;
  machine_open(&m, j->site, j->machine);
  begin_decisions(&d, &m, j->count);
  double start_s = bench_now_s(), start_cpu_s = bench_cpu_s();
  decisions_write(&d, j->count, 1);
  values[0] = (double)j->count / (bench_now_s() - start_s);
  values[1] = (bench_cpu_s() - start_cpu_s) / (double)j->count;
  values[2] = floor_sqlite_single(j->site->folder, j->count);
  decisions_release(&d);
  machine_close(&m);
}

static void keep_request(void *of, double values[BENCH_VALUES]) {
  const struct job *j = of;
  struct machine_home m;
  struct buf request = {0};
  (void)values;
  machine_open(&m, j->site, j->machine);
  machine_let_go(&m);
  machine_request(&m, &request);
  FILE *f = fopen(j->path, "wb");
  bench_must(f && fwrite(request.at, 1, request.len, f) == request.len && fclose(f) == 0, j->path);
  buf_release(&request);
  machine_close(&m);
}

static void read_request(const struct job *j, struct buf *request) {
  static char room[1 << 16];
  size_t n;
  FILE *f = fopen(j->path, "rb");
  bench_must(f != NULL, j->path);
  while ((n = fread(room, 1, sizeof room, f)) > 0)
    buf_add(request, bytes_of(room, n));
  fclose(f);
}

/* From the request's leaving to the answer's having come. */
static void post_request(void *of, double values[BENCH_VALUES]) {
  const struct job *j = of;
  struct machine_home m;
  struct buf request = {0}, answer = {0};
  struct exchange_report report = {0};
  machine_open(&m, j->site, j->machine);
  machine_let_go(&m);
  read_request(j, &request);
  values[0] = bench_now_s();
  machine_post(&m, buf_bytes(&request), &answer);
  values[1] = bench_now_s();
  machine_take(&m, buf_bytes(&answer), &report);
  bench_must(report.accepted == j->count, "having all admitted");
  buf_release(&request);
  buf_release(&answer);
  machine_close(&m);
}

/* Two machines at once; the node's time, and what it used for each. */
static double admit(struct site *s, struct job jobs[2], double *cpu_s_out) {
  double values[2][BENCH_VALUES];
  struct bench_child posting[2];
  for (int i = 0; i < 2; i++)
    bench_do(keep_request, &jobs[i], values[i]);
  double start_cpu_s = bench_cpu_of_s(s->node);
  for (int i = 0; i < 2; i++)
    posting[i] = bench_begin(post_request, &jobs[i]);
  for (int i = 0; i < 2; i++)
    bench_end(&posting[i], values[i]);
  *cpu_s_out = (bench_cpu_of_s(s->node) - start_cpu_s) / (2.0 * SINGLES);
  site_stop(s);
  double from_s = values[0][0] < values[1][0] ? values[0][0] : values[1][0];
  double until_s = values[0][1] > values[1][1] ? values[0][1] : values[1][1];
  return 2.0 * SINGLES / (until_s - from_s);
}

static void measure_singles(struct site *s) {
  struct job jobs[2] = {{s, "a", SINGLES, ""}, {s, "b", SINGLES, ""}};
  double written[BENCH_ROUNDS], cpu[BENCH_ROUNDS], floors[BENCH_ROUNDS], ratios[BENCH_ROUNDS];
  double admitted[BENCH_ROUNDS], admitted_cpu[BENCH_ROUNDS], verified[BENCH_ROUNDS], admit_ratios[BENCH_ROUNDS];
  for (int i = 0; i < 2; i++)
    snprintf(jobs[i].path, sizeof jobs[i].path, "%s/request-%s", s->folder, jobs[i].machine);
  for (int i = 0; i < BENCH_ROUNDS; i++) {
    double values[BENCH_VALUES];
    site_restore(s);
    site_start(s);
    bench_do(write_singles, &jobs[1], values);
    bench_do(write_singles, &jobs[0], values);
    written[i] = values[0];
    cpu[i] = values[1] * 1e6;
    floors[i] = values[2];
    ratios[i] = written[i] / floors[i];
    verified[i] = floor_p256_verify(VERIFICATIONS);
    admitted[i] = admit(s, jobs, &admitted_cpu[i]);
    admit_ratios[i] = admitted[i] / verified[i];
    admitted_cpu[i] *= 1e6;
  }
  bench_print("write_single", bench_median(written, BENCH_ROUNDS), "acts/s");
  bench_print("write_single_cpu", bench_median(cpu, BENCH_ROUNDS), "us of processor/act");
  bench_print("floor_sqlite_single", bench_median(floors, BENCH_ROUNDS), "rows/s");
  bench_print("write_single_ratio", bench_median(ratios, BENCH_ROUNDS), "of floor_sqlite_single");
  bench_print("admit_single", bench_median(admitted, BENCH_ROUNDS), "acts/s");
  bench_print("admit_single_cpu", bench_median(admitted_cpu, BENCH_ROUNDS), "us of the node's processor/act");
  bench_print("floor_p256_verify", bench_median(verified, BENCH_ROUNDS), "signatures/s of one core");
  bench_print("admit_single_ratio", bench_median(admit_ratios, BENCH_ROUNDS), "of floor_p256_verify");
}

/* ---- the whole way ---- */

/* Children and meetings are everywhere; so many decisions are in a's outbox. */
static void write_backlog(void *of, double values[BENCH_VALUES]) {
  const struct job *j = of;
  struct machine_home m;
  struct decisions d;
  machine_open(&m, j->site, j->machine);
  (void)values;
  begin_decisions(&d, &m, j->count);
  decisions_write(&d, j->count, IN_ACT);
  decisions_release(&d);
  machine_close(&m);
}

/* Seconds; what was received; bytes on the wire if they are to be counted; processor time. */
static void sync_all(void *of, double values[BENCH_VALUES]) {
  const struct job *j = of;
  struct machine_home m;
  struct exchange_report report = {0};
  machine_open(&m, j->site, j->machine);
  machine_let_go(&m);
  if (j->path[0])
    m.port = meter_start(j->site->port);
  double start_s = bench_now_s(), start_cpu_s = bench_cpu_s();
  machine_sync(&m, &report);
  values[0] = bench_now_s() - start_s;
  values[1] = (double)report.received;
  values[2] = (double)meter_bytes();
  values[3] = bench_cpu_s() - start_cpu_s;
  machine_close(&m);
}

static void prepare_relay(struct site *s, const char *from, size_t count) {
  struct job a = {s, "a", count, ""}, b = {s, "b", 0, ""};
  double values[BENCH_VALUES];
  bench_run("cd %s && rm -rf live && cp -a %s live", s->folder, from);
  site_start(s);
  bench_do(write_backlog, &a, values);
  bench_do(sync_all, &b, values);
  site_stop(s);
  site_keep(s);
}

struct relayed {
  double rate;
  double cpu_a_us, cpu_node_us, cpu_b_us; /* for each entry */
  double up_s, down_s, up_bytes, down_bytes;
  double rss_replica;
};

/* Leaves the node running. */
static void relay(struct site *s, size_t count, bool is_metered, struct relayed *out) {
  struct job a = {s, "a", count, ""}, b = {s, "b", count, ""};
  double up[BENCH_VALUES], down[BENCH_VALUES];
  snprintf(a.path, sizeof a.path, "%s", is_metered ? "metered" : "");
  snprintf(b.path, sizeof b.path, "%s", is_metered ? "metered" : "");
  site_restore(s);
  site_start(s);
  double start_cpu_s = bench_cpu_of_s(s->node);
  struct bench_used sent = bench_do(sync_all, &a, up);
  struct bench_used received = bench_do(sync_all, &b, down);
  bench_must((size_t)down[1] >= count, "having received all");
  *out = (struct relayed){.rate = (double)count / (up[0] + down[0]),
                          .cpu_a_us = up[3] * 1e6 / (double)count,
                          .cpu_node_us = (bench_cpu_of_s(s->node) - start_cpu_s) * 1e6 / (double)count,
                          .cpu_b_us = down[3] * 1e6 / (double)count,
                          .up_s = up[0],
                          .down_s = down[0],
                          .up_bytes = up[2] / (double)count,
                          .down_bytes = down[2] / (double)count,
                          .rss_replica = sent.rss_mib > received.rss_mib ? sent.rss_mib : received.rss_mib};
}

/* Milliseconds of one exchange, handshake included. */
static void time_small(void *of, double values[BENCH_VALUES]) {
  const struct job *j = of;
  struct machine_home m;
  struct decisions d;
  struct exchange_report report = {0};
  double idle[TIMES], one[TIMES], cpu[TIMES];
  machine_open(&m, j->site, j->machine);
  begin_decisions(&d, &m, TIMES);
  machine_let_go(&m);
  machine_sync(&m, &report);
  machine_sync(&m, &report);
  for (int i = 0; i < TIMES; i++) {
    double start_s = bench_now_s(), start_cpu_s = bench_cpu_s();
    machine_exchange(&m, &report);
    idle[i] = (bench_now_s() - start_s) * 1e3;
    cpu[i] = (bench_cpu_s() - start_cpu_s) * 1e3;
  }
  for (int i = 0; i < TIMES; i++) {
    machine_hold(&m);
    d.store = m.store;
    decisions_write(&d, 1, 1);
    machine_let_go(&m);
    double start_s = bench_now_s();
    machine_exchange(&m, &report);
    one[i] = (bench_now_s() - start_s) * 1e3;
  }
  values[0] = bench_median(idle, TIMES);
  values[1] = bench_median(one, TIMES);
  values[2] = bench_median(cpu, TIMES);
  decisions_release(&d);
  machine_close(&m);
}

/* Once the node has published what was relayed before, and all of it is written: else it is their work beside it that
 * is measured. */
static void measure_small(struct site *s, const char *ending) {
  struct job a = {s, "a", 0, ""};
  double values[BENCH_VALUES];
  char name[32];
  site_wait_published(s);
  bench_run("sync -f %s", s->folder);
  bench_do(time_small, &a, values);
  snprintf(name, sizeof name, "sync_idle%s", ending);
  bench_print(name, values[0], "ms");
  snprintf(name, sizeof name, "sync_one%s", ending);
  bench_print(name, values[1], "ms");
  snprintf(name, sizeof name, "sync_idle%s_cpu", ending);
  bench_print(name, values[2], "ms of the replica's processor");
}

static void rebuild_views(void *of, double values[BENCH_VALUES]) {
  const struct job *j = of;
  struct machine_home m;
  double rates[BENCH_ROUNDS], cpu[BENCH_ROUNDS];
  machine_open(&m, j->site, j->machine);
  for (int i = 0; i < BENCH_ROUNDS; i++) {
    double start_s = bench_now_s(), start_cpu_s = bench_cpu_s();
    bench_ok(store_begin(m.store), "rebuilding");
    bench_ok(store_rebuild(m.store), "rebuilding");
    bench_ok(store_commit(m.store), "rebuilding");
    rates[i] = (double)store_size(m.store) / (bench_now_s() - start_s);
    cpu[i] = (bench_cpu_s() - start_cpu_s) * 1e6 / (double)store_size(m.store);
  }
  values[0] = bench_median(rates, BENCH_ROUNDS);
  values[1] = bench_median(cpu, BENCH_ROUNDS);
  machine_close(&m);
}

static double audit_rss_mib(const struct site *s) {
  char program[600], ledger[128];
  snprintf(program, sizeof program, "%s/cairn-audit", bench_programs());
  snprintf(ledger, sizeof ledger, "%s/live/node/ledger.git", s->folder);
  pid_t pid = fork();
  bench_must(pid >= 0, "a process");
  if (pid == 0) {
    bench_must(freopen("/dev/null", "w", stdout) != NULL, "being silent");
    execl(program, program, "verify", "--repository", ledger, "--key", s->vkey, (char *)NULL);
    _exit(127);
  }
  return bench_wait(pid).rss_mib;
}

struct floors {
  double rate[BENCH_ROUNDS], cpu_us[BENCH_ROUNDS];
};

static double median_of(const struct relayed *r, int rounds, double (*value)(const struct relayed *r)) {
  double values[BENCH_ROUNDS];
  for (int i = 0; i < rounds; i++)
    values[i] = value(&r[i]);
  return bench_median(values, (size_t)rounds);
}

#define VALUE(field)                                                                                                   \
  static double get_##field(const struct relayed *r) {                                                                 \
    return r->field;                                                                                                   \
  }
VALUE(rate)
VALUE(up_s)
VALUE(down_s)
VALUE(cpu_a_us)
VALUE(cpu_node_us)
VALUE(cpu_b_us)

static void print_relay(const char *name, size_t count, const struct relayed *r, int rounds) {
  const struct {
    const char *ending;
    double value;
    const char *unit;
  } figures[] = {
      {"", median_of(r, rounds, get_rate), "entries/s"},
      {"_up", (double)count / median_of(r, rounds, get_up_s), "entries/s to the node"},
      {"_down", (double)count / median_of(r, rounds, get_down_s), "entries/s from the node"},
      {"_cpu_sender", median_of(r, rounds, get_cpu_a_us), "us of processor/entry"},
      {"_cpu_node", median_of(r, rounds, get_cpu_node_us), "us of processor/entry"},
      {"_cpu_receiver", median_of(r, rounds, get_cpu_b_us), "us of processor/entry"},
  };
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
    char label[48];
    snprintf(label, sizeof label, "%s%s", name, figures[i].ending);
    bench_print(label, figures[i].value, figures[i].unit);
  }
}

/* With floors by turns, if they are wanted. Leaves the node of the last round running. */
static void measure_relay(struct site *s, const char *from, size_t count, const char *name, struct floors *f,
                          double *rss_replica_out) {
  struct relayed r[BENCH_ROUNDS];
  double ratios[BENCH_ROUNDS];
  int rounds = 0;
  prepare_relay(s, from, count);
  for (double start_s = bench_now_s(); rounds < BENCH_ROUNDS && bench_now_s() - start_s < ROUNDS_S; rounds++) {
    const int i = rounds;
    if (f)
      f->rate[i] = floor_relay(s->folder, count, &f->cpu_us[i]);
    if (i > 0)
      site_stop(s);
    relay(s, count, false, &r[i]);
    ratios[i] = f ? r[i].rate / f->rate[i] : 0;
  }
  *rss_replica_out = r[rounds - 1].rss_replica;
  print_relay(name, count, r, rounds);
  if (f == NULL)
    return;
  bench_print("floor_relay_100k", bench_median(f->rate, (size_t)rounds), "records/s");
  bench_print("floor_relay_cpu", bench_median(f->cpu_us, (size_t)rounds) * 1e6, "us of processor/record");
  bench_print("relay_ratio", bench_median(ratios, (size_t)rounds), "of floor_relay_100k");
  bench_print("relay_rounds", rounds, "rounds of relay_100k");
}

static void measure_10k(struct site *s, const char *from) {
  struct relayed r;
  double rss_replica;
  measure_relay(s, from, 10000, "relay_10k", NULL, &rss_replica);
  bench_print("rss_replica_10k", rss_replica, "MiB");
  measure_small(s, "_10k");
  site_stop(s);
  relay(s, 10000, true, &r);
  site_stop(s);
  bench_print("wire_bytes", (r.up_bytes + r.down_bytes) / 2, "bytes/entry and leg");
  bench_print("wire_bytes_up", r.up_bytes, "bytes/entry");
  bench_print("wire_bytes_down", r.down_bytes, "bytes/entry");
}

static void measure_100k(struct site *s, const char *from) {
  struct floors f;
  struct job b = {s, "b", 0, ""};
  double values[BENCH_VALUES], rss_replica;
  measure_relay(s, from, 100000, "relay_100k", &f, &rss_replica);
  measure_small(s, "");
  bench_do(rebuild_views, &b, values);
  bench_print("rebuild", values[0], "entries/s");
  bench_print("rebuild_cpu", values[1], "us of processor/entry");
  site_wait_published(s);
  bench_print("rss_auditor", audit_rss_mib(s), "MiB");
  bench_print("rss_replica", rss_replica, "MiB");
  bench_print("rss_node", site_stop(s).rss_mib, "MiB");
}

static bool is_wanted(int argc, char **argv, const char *part) {
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], part) == 0)
      return true;
  return argc == 1;
}

int main(int argc, char **argv) {
  struct site s;
  site_open(&s);
  site_stop(&s);
  bench_run("cd %s && cp -a live joined && cp -a live kept", s.folder);
  if (is_wanted(argc, argv, "single"))
    measure_singles(&s);
  if (is_wanted(argc, argv, "10k"))
    measure_10k(&s, "joined");
  if (is_wanted(argc, argv, "100k"))
    measure_100k(&s, "joined");
  site_close(&s);
  return 0;
}
