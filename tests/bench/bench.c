#include "tests/bench/bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double bench_now_s(void) {
  return seconds(CLOCK_MONOTONIC);
}

double bench_cpu_s(void) {
  return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double bench_cpu_of_s(pid_t pid) {
  char path[32], line[1024] = "";
  unsigned long user, system;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE *f = fopen(path, "r");
  bench_must(f && fgets(line, sizeof line, f) && strrchr(line, ')'), path);
  fclose(f);
  /* Behind the name: state, ten numbers, and the two. */
  bench_must(sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) ==
                 2,
             path);
  return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static int by_size(const void *a, const void *b) {
  const double *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

double bench_median(double *values, size_t count) {
  qsort(values, count, sizeof *values, by_size);
  return values[count / 2];
}

void bench_print(const char *name, double value, const char *unit) {
  printf("%s\t%.*f\t%s\n", name, value < 100 ? 3 : 0, value, unit);
  fflush(stdout);
}

void bench_must(bool is_good, const char *what) {
  if (is_good)
    return;
  fprintf(stderr, "bench: %s failed\n", what);
  exit(1);
}

void bench_ok(enum err e, const char *what) {
  if (e == OK)
    return;
  fprintf(stderr, "bench: %s: %s: %s\n", what, err_text(e), err_words(e));
  exit(1);
}

void bench_run(const char *format, ...) {
  char command[4096];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(command, sizeof command, format, args);
  va_end(args);
  bench_must(n > 0 && (size_t)n < sizeof command && system(command) == 0, command);
}

const char *bench_programs(void) {
  static char path[512];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  bench_must(n > 0, "finding this program");
  path[n] = '\0';
  *strrchr(path, '/') = '\0';
  return path;
}

struct bench_child bench_begin(bench_work *work, void *of) {
  int ends[2];
  bench_must(pipe(ends) == 0, "a pipe");
  fflush(NULL);
  struct bench_child c = {fork(), ends[0]};
  bench_must(c.pid >= 0, "a process");
  if (c.pid == 0) {
    double values[BENCH_VALUES] = {0};
    close(ends[0]);
    work(of, values);
    bench_must(write(ends[1], values, sizeof values) == (ssize_t)sizeof values, "telling the figures");
    exit(0);
  }
  close(ends[1]);
  return c;
}

struct bench_used bench_wait(pid_t pid) {
  struct rusage u;
  int status = 1;
  bench_must(wait4(pid, &status, 0, &u) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0, "another process");
  return (struct bench_used){(double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                                 (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6,
                             (double)u.ru_maxrss / 1024};
}

struct bench_used bench_end(struct bench_child *c, double values[BENCH_VALUES]) {
  bool is_told = read(c->values_fd, values, BENCH_VALUES * sizeof *values) == (ssize_t)(BENCH_VALUES * sizeof *values);
  close(c->values_fd);
  struct bench_used used = bench_wait(c->pid);
  bench_must(is_told, "hearing the figures");
  return used;
}

struct bench_used bench_do(bench_work *work, void *of, double values[BENCH_VALUES]) {
  struct bench_child c = bench_begin(work, of);
  return bench_end(&c, values);
}
