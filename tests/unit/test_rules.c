/* The rules of the domain's tables, each with a story that keeps it and one that breaks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/verify.h"
#include "core/draft.h"
#include "core/profile.h"
#include "core/rule.h"
#include "tests/lib/story.h"

static struct story s;

/* ---- what the node admitted, the auditor finds in order ----
 *
 * What all stories begin with is read once. Each story goes on from there in a process of its own, so that the next one
 * begins where it did. Its acts' signatures are left out: they take all the time, and authorship is not asked here. */

static struct verify *audited;
static uint64_t audited_size;

static void add_leaf(uint64_t number, bool is_signed, struct buf *out) {
  static const char word[] = "\nsignature ";
  struct buf leaf = {0};
  world_must(store_leaf(s.world.node.store, number, &leaf), "a leaf");
  const uint8_t *at = is_signed ? NULL : memmem(leaf.at, leaf.len, word, strlen(word));
  if (at) {
    size_t before = (size_t)(at - leaf.at) + strlen(word);
    const uint8_t *end = memchr(leaf.at + before, '\n', leaf.len - before);
    buf_add(out, bytes_of(leaf.at, before));
    buf_add_str(out, "AAAA");
    buf_add(out, bytes_of(end, leaf.len - (size_t)(end - leaf.at)));
  } else {
    buf_add(out, buf_bytes(&leaf));
  }
  buf_add_str(out, "\n");
  buf_release(&leaf);
}

static uint64_t leaves_from(uint64_t first, bool is_signed, struct buf *out) {
  uint64_t size = store_size(s.world.node.store);
  for (uint64_t n = first; n <= size; n++)
    add_leaf(n, is_signed, out);
  return size;
}

static bool is_of_conformance(const struct verify_finding *f) {
  return verify_code_subject(f->code) == VERIFY_CONFORMANCE;
}

/* Writes the first finding about conformance, if there is any. */
static void audit_here(const struct buf *leaves, int out) {
  char words[400];
  verify_leaves(audited, leaves->at, leaves->len);
  const struct verify_result *r = verify_end(audited);
  for (size_t i = 0; i < r->finding_count; i++) {
    const struct verify_finding *f = &r->findings[i];
    if (!is_of_conformance(f) && f->code != VERIFY_I_LIMIT && f->code != VERIFY_I_HEADER)
      continue;
    int len = snprintf(words, sizeof words, "the auditor finds %s at %llu: %s", verify_code_text(f->code),
                       (unsigned long long)f->entry, f->sentence);
    _exit(write(out, words, (size_t)len) != len);
  }
  _exit(0);
}

static bool audit(struct story *story) {
  struct buf leaves = {0};
  int ends[2], status;
  leaves_from(audited_size + 1, false, &leaves);
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0)
    audit_here(&leaves, ends[1]);
  close(ends[1]);
  ssize_t len = read(ends[0], story->problem, sizeof story->problem - 1);
  assert_true(len >= 0);
  story->problem[len] = '\0';
  close(ends[0]);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  buf_release(&leaves);
  return len == 0;
}

static void read_beginning(void) {
  static const struct verify_facts none;
  struct buf leaves = {0};
  const char *why;
  audited = verify_new(&none, &why);
  audited_size = leaves_from(1, true, &leaves);
  verify_leaves(audited, leaves.at, leaves.len);
  buf_release(&leaves);
}

static int open_story(void **state) {
  (void)state;
  story_open(&s, 7);
  read_beginning();
  s.told = audit;
  return 0;
}

static int close_story(void **state) {
  (void)state;
  verify_free(audited);
  story_close(&s);
  return 0;
}

static void stories_go_as_told(void **state) {
  (void)state;
  size_t failed = 0;
  for (const struct story_set *set = story_sets; set->area; set++)
    failed += story_test(&s, set);
  assert_int_equal(failed, 0);
}

static bool has_story(const struct rule *r, bool breaks) {
  for (const struct story_set *set = story_sets; set->area; set++)
    for (const struct rule_story *story = set->stories; story->rule; story++)
      if (strcmp(story->rule, r->number) == 0 && story_breaks(story) == breaks)
        return true;
  return false;
}

/* Each rule of the tables has a story that keeps it and one that breaks it; those about held acts and about keys are in
 * test_held.c, what a CHECKLIST asks for without a query is the same for all. */
static void every_rule_has_examples(void **state) {
  const struct rule *r;
  size_t lacking = 0;
  (void)state;
  for (size_t i = 0; (r = rule_at(i)); i++) {
    if (strncmp(r->number, "A-", 2) == 0 || r->query == NULL)
      continue;
    for (int breaks = 0; breaks < 2; breaks++)
      if (!has_story(r, breaks)) {
        print_error("%s has no story that %s it\n", r->number, breaks ? "breaks" : "keeps");
        lacking++;
      }
  }
  assert_int_equal(lacking, 0);
}

static bool is_list(const char *setting) {
  return strcmp(setting, "hard") == 0 || strcmp(setting, "reason") == 0 || strcmp(setting, "remind") == 0 ||
         strcmp(setting, "off") == 0;
}

static size_t count_of(const struct draft_read *d, const char *number) {
  size_t count = 0;
  for (size_t i = 0; i < d->draft.count; i++)
    count += is_list(d->values[i].name) && strcmp(d->values[i].value, number) == 0;
  return count;
}

/* What a profile says about a rule, it says about one that there is, and once. */
static void profiles_name_rules(void **state) {
  size_t wrong = 0, named = 0;
  (void)state;
  for (const struct profile_file *p = profile_files; p->name; p++) {
    struct draft_read d = {0};
    assert_int_equal(draft_read(kind_find(bytes_str("profile.adopt")), bytes_str(p->text), &d), OK);
    for (size_t i = 0; i < d.draft.count; i++) {
      const char *number = d.values[i].value;
      if (!is_list(d.values[i].name))
        continue;
      named++;
      if (rule_find(bytes_str(number)) == NULL || count_of(&d, number) != 1) {
        print_error("%s: %s %s\n", p->name, d.values[i].name, number);
        wrong++;
      }
    }
    draft_read_release(&d);
  }
  assert_int_equal(wrong, 0);
  assert_true(named > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(profiles_name_rules),
      cmocka_unit_test(stories_go_as_told),
      cmocka_unit_test(every_rule_has_examples),
  };
  return cmocka_run_group_tests(tests, open_story, close_story);
}
