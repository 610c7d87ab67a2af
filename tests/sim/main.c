/* sim [--seeds FROM-TO | --seed N] [--steps K] [--without 3,4] [--verbose] [--count]
 *                                                   runs, and checks what must hold; --count: what became of each kind
 * sim --shrink N [--steps K]                                                 the fewest events with which seed N fails
 * sim --golden | --update-golden                                             normal conversations, compared or written
 *
 * tests/sim/README.md says more. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/faultvfs.h"
#include "tests/sim/sim.h"

static struct sim sim;
static struct sim_event events[SIM_STEPS_MAX];
static bool is_left_out[SIM_STEPS_MAX];
static size_t steps = SIM_STEPS;
static const char *program;
static bool is_counted;

/* ---- saying what is wrong ---- */

static void say_where(FILE *out) {
  size_t shown = sim.step < steps ? sim.step : steps;
  fprintf(out, "seed %llu, step %zu; this repeats it:\n  %s --seed %llu --steps %zu --verbose",
          (unsigned long long)sim.seed, sim.step, program, (unsigned long long)sim.seed,
          sim.step > steps ? steps : shown);
  for (size_t i = 0, n = 0; i < steps; i++)
    if (is_left_out[i])
      fprintf(out, "%s%zu", n++ ? "," : " --without ", i);
  fprintf(out, "\n");
  fflush(out);
}

static _Noreturn void end(struct sim *s) {
  say_where(stdout);
  sim_close(s);
  sim_template_close();
  _exit(1);
}

void sim_fail(struct sim *s, const char *property, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  printf("does not hold: %s: ", property);
  vprintf(fmt, args);
  printf("\n");
  va_end(args);
  end(s);
}

void sim_must(struct sim *s, enum err e, const char *what) {
  if (e != OK)
    sim_fail(s, what, "%s: %s", err_text(e), err_words(e));
}

void sim_tell(struct sim *s, const char *fmt, ...) {
  va_list args;
  if (!s->is_told)
    return;
  va_start(args, fmt);
  vprintf(fmt, args);
  printf("\n");
  va_end(args);
  fflush(stdout);
}

/* What ends the program by itself: world_must, an assertion, the sanitizers. */
static void say_where_at_last(int signal) {
  (void)signal;
  say_where(stderr);
}

/* ---- running ---- */

static void run(uint64_t seed) {
  sim_open(&sim, seed);
  sim_plan(seed, events, steps);
  sim_run(&sim, events, is_left_out, steps);
  sim_close(&sim);
}

static void print_counts(void) {
  struct sim_count all = {0};
  for (size_t i = 0; kind_at(i); i++) {
    const struct sim_count *c = &sim_counts[i];
    printf("%-26s %4zu recorded, %4zu not; %4zu accepted, %4zu refused, %3zu held, %3zu waiting; %4zu entries\n",
           kind_at(i)->name, c->written, c->not_written, c->accepted, c->refused, c->held, c->waiting, c->entries);
    all.written += c->written;
    all.not_written += c->not_written;
    all.accepted += c->accepted;
    all.refused += c->refused;
    all.held += c->held;
    all.waiting += c->waiting;
  }
  printf("all: %zu recorded, %zu not; %zu accepted, %zu refused, %zu held, %zu waiting\n", all.written, all.not_written,
         all.accepted, all.refused, all.held, all.waiting);
}

size_t sim_met[MET_COUNT];
#define SEEDS_TO_MEET_ALL 150

/* What people here cannot bring about. */
static bool is_excepted(const char *kind) {
  static const char *const kinds[] = {
      "log.anew",         /* a lost node's last resort: tests/unit/test_new_log.c */
      "log.open",         /* begins a ledger: each run goes on from one */
      "scope.grow-named", /* of what is for people by name nothing is given back: a taking back is not voided */
  };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kind, kinds[i]) == 0)
      return true;
  return false;
}

static int print_never_accepted(uint64_t seeds) {
  int lacking = 0;
  for (size_t i = 0; seeds >= SEEDS_TO_MEET_ALL && kind_at(i); i++)
    if (sim_counts[i].entries == 0 && !is_excepted(kind_at(i)->name)) {
      printf("in %llu runs no %s was accepted\n", (unsigned long long)seeds, kind_at(i)->name);
      lacking++;
    }
  return lacking;
}

static int print_met(uint64_t seeds) {
  static const char *const words[] = {
#define X(code, words) words,
      SIM_MEETINGS(X)
#undef X
  };
  int lacking = print_never_accepted(seeds);
  for (size_t i = 0; i < MET_COUNT; i++) {
    const bool is_lacking = sim_met[i] == 0 && seeds >= SEEDS_TO_MEET_ALL;
    if (sim.is_told || seeds > 1)
      printf("%6zu %s\n", sim_met[i], words[i]);
    if (is_lacking)
      printf("in %llu runs it never was that %s\n", (unsigned long long)seeds, words[i]);
    lacking += is_lacking;
  }
  return lacking > 0;
}

/* ---- shrinking ---- */

static bool fails(uint64_t seed) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
      _exit(2);
    run(seed);
    _exit(0);
  }
  return child > 0 && waitpid(child, &status, 0) == child && status != 0;
}

/* Leaves out a run of events if it fails without them, too. */
static bool leave_out(uint64_t seed, size_t from, size_t count) {
  bool before[SIM_STEPS_MAX];
  memcpy(before, is_left_out, sizeof before);
  bool is_any = false;
  for (size_t i = from; i < from + count && i < steps; i++) {
    is_any = is_any || !is_left_out[i];
    is_left_out[i] = true;
  }
  if (is_any && fails(seed))
    return true;
  memcpy(is_left_out, before, sizeof before);
  return false;
}

/* ddmin (Zeller and Hildebrandt), from halves down to single events, until none can go. */
static int shrink(uint64_t seed) {
  if (!fails(seed)) {
    printf("seed %llu holds\n", (unsigned long long)seed);
    return 0;
  }
  while (steps > 1) { /* what comes after the failure is not needed */
    steps--;
    if (!fails(seed)) {
      steps++;
      break;
    }
  }
  for (size_t size = steps / 2 ? steps / 2 : 1, is_last = 0; !is_last; size = size > 1 ? size / 2 : 1) {
    bool is_less = false;
    for (size_t from = 0; from < steps; from += size)
      is_less = leave_out(seed, from, size) || is_less;
    is_last = size == 1 && !is_less;
  }
  sim.is_told = true;
  run(seed);
  return 1;
}

/* ---- the command line ---- */

static uint64_t number(const char *text) {
  return text ? strtoull(text, NULL, 10) : 0;
}

static void read_left_out(const char *text) {
  while (text && *text) {
    char *rest;
    unsigned long long i = strtoull(text, &rest, 10);
    if (i < SIM_STEPS_MAX)
      is_left_out[i] = true;
    text = *rest == ',' ? rest + 1 : NULL;
  }
}

static int run_all(uint64_t from, uint64_t to) {
  for (uint64_t seed = from; seed <= to; seed++)
    run(seed);
  if (is_counted)
    print_counts();
  printf("%llu seeds of %zu steps hold, in %.1f CPU seconds\n", (unsigned long long)(to - from + 1), steps,
         (double)clock() / CLOCKS_PER_SEC);
  return print_met(to - from + 1);
}

int main(int argc, char **argv) {
  uint64_t from = 1, to = 20, shrinks = 0;
  int golden = 0, status = 0;
  program = argv[0];
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;
    const char *dash = value ? strchr(value, '-') : NULL;
    if (strcmp(argv[i], "--verbose") == 0) {
      sim.is_told = true;
      continue;
    }
    if (strcmp(argv[i], "--count") == 0) {
      is_counted = true;
      continue;
    }
    if (strcmp(argv[i], "--golden") == 0 || strcmp(argv[i], "--update-golden") == 0) {
      golden = 1 + (argv[i][2] == 'u');
      continue;
    }
    if (strcmp(argv[i], "--seeds") == 0 && dash) {
      from = number(value);
      to = number(dash + 1);
    } else if (strcmp(argv[i], "--seed") == 0 && value) {
      from = to = number(value);
    } else if (strcmp(argv[i], "--steps") == 0 && value && number(value) <= SIM_STEPS_MAX) {
      steps = (size_t)number(value);
    } else if (strcmp(argv[i], "--without") == 0 && value) {
      read_left_out(value);
    } else if (strcmp(argv[i], "--shrink") == 0 && value) {
      shrinks = number(value);
    } else {
      fprintf(stderr, "usage: sim [--seeds FROM-TO | --seed N] [--steps K] [--without 3,4] [--verbose] [--count]\n"
                      "       sim --shrink N [--steps K]\n       sim --golden | --update-golden\n");
      return 2;
    }
    i++;
  }
  sim_memory();
  faultvfs_install();
  signal(SIGABRT, say_where_at_last);
  sim_template_open();
  if (golden)
    status = sim_golden(&sim, golden == 2) > 0;
  else
    status = shrinks ? shrink(shrinks) : run_all(from, to);
  sim_template_close();
  return status;
}
