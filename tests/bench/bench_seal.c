/* Sealing to 8 people and opening, against OpenSSL's own CMS over the same padded bytes in the same run, with
 * everything that belongs to it: the keys made for each recipient, the commitment's check. The certificates that
 * OpenSSL's CMS needs for recipients are made beforehand and not counted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/seal.h"
#include "tests/bench/bench.h"
#include "tests/lib/cms.h"

#define PEOPLE 8
#define ROUNDS 9
#define CLEAR_START 35 /* core/FORMAT.md section 12.1 */

static struct key *people[PEOPLE];
static struct cms_carrier *carriers[PEOPLE];
static const uint8_t salt[ENTRY_SALT_SIZE];

/* What the timed calls work on: sealed by one, opened by both. */
struct item {
  struct bytes content, clear;
  struct buf envelope;
  struct entry header;
};

static void must(bool ok, const char *what) {
  if (ok)
    return;
  fprintf(stderr, "%s failed: %s\n", what, err_words(ERR_PROOF));
  exit(1);
}

static void seal_ours(struct item *i) {
  struct buf out = {0};
  must(seal_make(salt, i->content, (const struct key *const *)people, PEOPLE, &out) == OK, "sealing");
  buf_release(&out);
}

static void seal_theirs(struct item *i) {
  struct buf out = {0};
  cms_seal(i->clear, carriers, PEOPLE, &out);
  buf_release(&out);
}

static void open_ours(struct item *i) {
  struct buf out = {0};
  uint8_t found[ENTRY_SALT_SIZE];
  must(seal_open(buf_bytes(&i->envelope), &i->header, people[PEOPLE / 2], found, &out) == OK, "opening");
  buf_release_secret(&out);
}

static void open_theirs(struct item *i) {
  struct buf out = {0};
  must(cms_open(buf_bytes(&i->envelope), people[PEOPLE / 2], carriers[PEOPLE / 2], &out), "CMS_decrypt");
  buf_release_secret(&out);
}

static void check_ours(struct item *i) {
  must(seal_check(buf_bytes(&i->envelope), &i->header) == OK, "checking");
}

static double now_us(void) {
  return bench_cpu_s() * 1e6;
}

static double round_us(void (*run)(struct item *), struct item *i, size_t calls) {
  double start = now_us();
  for (size_t n = 0; n < calls; n++)
    run(i);
  return (now_us() - start) / (double)calls;
}

/* seal_8_1024, seal_8_1024_cms: how many bytes are sealed. */
static void print(const char *name, const char *ending, size_t size, double value, const char *unit) {
  char label[48];
  snprintf(label, sizeof label, "%s_%zu%s", name, size, ending);
  bench_print(label, value, unit);
}

/* The medians of rounds that alternate, so that a machine that changes its pace changes both. */
static void compare(const char *name, void (*ours)(struct item *), void (*theirs)(struct item *), struct item *i,
                    size_t calls) {
  double us[2][ROUNDS];
  for (size_t n = 0; n < ROUNDS; n++) {
    us[0][n] = round_us(ours, i, calls);
    us[1][n] = round_us(theirs, i, calls);
  }
  double one = bench_median(us[0], ROUNDS), other = bench_median(us[1], ROUNDS);
  print(name, "", i->content.len, one, "us of processor");
  print(name, "_cms", i->content.len, other, "us of processor, OpenSSL's CMS");
  print(name, "_ratio", i->content.len, one / other, "times OpenSSL's CMS");
}

static void prepare(struct item *i, const uint8_t *zeros, size_t size) {
  memset(i, 0, sizeof *i);
  i->content = bytes_of(zeros, size);
  i->clear = bytes_of(zeros, size + CLEAR_START);
  must(seal_make(salt, i->content, (const struct key *const *)people, PEOPLE, &i->envelope) == OK, "sealing");
  i->header.content = entry_commitment(salt, i->content);
  i->header.sealed = hash_of(buf_bytes(&i->envelope));
  i->header.to_count = PEOPLE;
  for (size_t n = 0; n < PEOPLE; n++)
    i->header.to[n] = key_id(people[n]);
}

int main(void) {
  static const struct { size_t size, calls; } sizes[] = {{1024, 100}, {(size_t)1 << 20, 10}, {ENTRY_CONTENT_MAX, 2}};
  uint8_t *zeros = mem_alloc(ENTRY_CONTENT_MAX + CLEAR_START);
  for (size_t n = 0; n < PEOPLE; n++) {
    people[n] = key_new();
    carriers[n] = cms_carrier_new(people[n]);
  }
  for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
    struct item i;
    prepare(&i, zeros, sizes[n].size);
    compare("seal_8", seal_ours, seal_theirs, &i, sizes[n].calls);
    compare("open", open_ours, open_theirs, &i, sizes[n].calls);
    print("check_8", "", sizes[n].size, round_us(check_ours, &i, sizes[n].calls), "us of processor");
    buf_release(&i.envelope);
  }
  for (size_t n = 0; n < PEOPLE; n++) {
    key_free(people[n]);
    cms_carrier_free(carriers[n]);
  }
  free(zeros);
  return 0;
}
