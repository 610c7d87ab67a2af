/* What the benchmarks share: clocks, medians, the one form in which a figure is printed, folders that do not outlive
 * the run, and work that is done in a process of its own, so that its memory and processor time are known. What must
 * work for a figure to make sense ends the program with words when it does not. */
#ifndef CAIRN_TESTS_BENCH_BENCH_H
#define CAIRN_TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

#define BENCH_ROUNDS 3
#define BENCH_VALUES 8

double bench_now_s(void);
/* Of all threads of this process. */
double bench_cpu_s(void);
/* Of another process, so far; in steps of 10 ms. */
double bench_cpu_of_s(pid_t pid);
double bench_median(double *values, size_t count);

/* name TAB value TAB unit, one line. */
void bench_print(const char *name, double value, const char *unit);

void bench_must(bool is_good, const char *what);
void bench_ok(enum err e, const char *what);

/* A command of the shell, which must succeed. */
void bench_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The folder of the programs that were built with this one. */
const char *bench_programs(void);

/* What a process used. */
struct bench_used {
  double cpu_s, rss_mib; /* the most memory it ever had */
};

/* Work in a process of its own. bench_end waits for it, and takes what it left in values. */
struct bench_child {
  pid_t pid;
  int values_fd;
};
typedef void bench_work(void *of, double values[BENCH_VALUES]);
struct bench_child bench_begin(bench_work *work, void *of);
struct bench_used bench_end(struct bench_child *c, double values[BENCH_VALUES]);
struct bench_used bench_do(bench_work *work, void *of, double values[BENCH_VALUES]);
/* The same for a process that was started otherwise; it must have ended well. */
struct bench_used bench_wait(pid_t pid);

#endif
