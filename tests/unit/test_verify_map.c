/* Rows that go into a file when they are many: all are found again, memory holds a few windows of them, and where there
 * is no folder they stay in memory. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "audit/verify_parts.h"

#define ROWS 20000

struct row {
  uint8_t id[VHASH_SIZE];
  uint64_t number;
  uint8_t more[88]; /* as long as those of conformance */
};

static char folder[] = "/tmp/test_verify_map.XXXXXX";

static int set_up(void **state) {
  (void)state;
  return mkdtemp(folder) ? 0 : 1;
}

static int tear_down(void **state) {
  (void)state;
  return rmdir(folder); /* nothing is left in it */
}

static void make_id(uint64_t number, uint8_t id[VHASH_SIZE]) {
  vhash(&number, sizeof number, id);
}

static void fill(struct vmap *m) {
  uint8_t id[VHASH_SIZE];
  for (uint64_t n = 0; n < ROWS; n++) {
    make_id(n, id);
    struct row *row = vmap_add(m, id);
    assert_non_null(row);
    assert_int_equal(row->number, 0);
    row->number = n;
  }
}

static void expect_all(const struct vmap *m) {
  uint8_t id[VHASH_SIZE];
  for (uint64_t n = 0; n < 2 * ROWS; n++) {
    make_id(n, id);
    const struct row *row = vmap_find(m, id);
    assert_int_equal(row != NULL, n < ROWS);
    assert_true(m->rows.met == NULL || m->rows.scratch->window_count <= VAREA_WINDOWS_MAX);
    assert_true(row == NULL || (row->number == n && vmap_index(m, row) == n && vmap_at(m, n) == row));
  }
}

/* Of a file's pages those of a few windows are in memory; of one that was let go the content comes back. */
static size_t held_kib(void) {
  char line[256];
  size_t all = 0, kib;
  bool is_ours = false;
  FILE *f = fopen("/proc/self/smaps", "r");
  assert_non_null(f);
  while (fgets(line, sizeof line, f)) {
    if (strchr(line, '/') || strstr(line, "-xp") || strstr(line, "rw-"))
      is_ours = strstr(line, "/.verify-") != NULL;
    if (is_ours && sscanf(line, "Rss: %zu", &kib) == 1)
      all += kib;
  }
  fclose(f);
  return all;
}

static void test_many_rows_are_in_a_file(void **state) {
  struct vscratch s = {.folder = folder};
  struct vmap m;
  (void)state;
  vmap_init(&m, sizeof(struct row), &s);
  fill(&m);
  assert_non_null(m.rows.met);
  assert_non_null(m.places.met);
  expect_all(&m);
  assert_in_range(held_kib(), 4, VAREA_WINDOWS_MAX << (VAREA_WINDOW_BITS - 10));
  vmap_release(&m);
  assert_null(s.areas);
}

/* A row that was got is good until the next one is added, whatever else is looked at. */
static void test_a_row_outlives_its_window(void **state) {
  struct vscratch s = {.folder = folder};
  struct vmap m;
  (void)state;
  vmap_init(&m, sizeof(struct row), &s);
  fill(&m);
  struct row *row = vmap_at(&m, 7);
  row->number = 7007;
  for (size_t i = 0; i < ROWS; i++)
    vmap_at(&m, i);
  assert_int_equal(row->number, 7007);
  row->number = 7;
  expect_all(&m);
  vmap_release(&m);
}

static void test_without_a_folder_they_stay_in_memory(void **state) {
  const char *folders[] = {NULL, "/nowhere/at/all"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct vscratch s = {.folder = folders[i]};
    struct vmap m;
    vmap_init(&m, sizeof(struct row), &s);
    fill(&m);
    assert_null(m.rows.met);
    expect_all(&m);
    vmap_release(&m);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_many_rows_are_in_a_file),
      cmocka_unit_test(test_a_row_outlives_its_window),
      cmocka_unit_test(test_without_a_folder_they_stay_in_memory),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
