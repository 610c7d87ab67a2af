#include "audit/clone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "audit/publish.h"
#include "audit/sshsig.h"

#define COMMITS 3

/* Stock git breaks what we published; it must not see the settings of whoever runs the test. */
#define GIT "GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null git "
#define AS_CAIRN                                                                                                       \
  "GIT_AUTHOR_NAME=cairn GIT_AUTHOR_EMAIL=ledger@cairn.test-north GIT_AUTHOR_DATE='2026-11-21T10:00:02+0000' "         \
  "GIT_COMMITTER_NAME=cairn GIT_COMMITTER_EMAIL=ledger@cairn.test-north "                                              \
  "GIT_COMMITTER_DATE='2026-11-21T10:00:02+0000' " GIT

static char folder[] = "/tmp/test_clone.XXXXXX";

/* Runs a command of the shell in the test's folder, where git is stock git, and cairn is git as the ledger's author. */
static void shell(const char *command) {
  struct buf b = {0};
  buf_addf(&b, "set -e; cd %s; exec >log 2>&1; git() { env " GIT "\"$@\"; }; cairn() { env " AS_CAIRN "\"$@\"; }; ",
           folder);
  buf_add_str(&b, command);
  if (system(buf_cstr(&b)) != 0)
    fail_msg("%s", command);
  buf_release(&b);
}

struct path {
  char s[128];
};

static struct path in_folder(const char *name) {
  struct path p;
  snprintf(p.s, sizeof p.s, "%s/%s", folder, name);
  return p;
}

/* ---- a published repository: the clone does not judge leaves, so any text will do ---- */

static enum err leaf(void *of, uint64_t number, struct buf *out) {
  (void)of;
  buf_addf(out, "leaf %llu\n", (unsigned long long)number);
  return buf_err(out);
}

static struct key *key;

static enum err finish(void *of, uint64_t number, struct bytes draft, struct buf *out) {
  (void)of, (void)number;
  return sshsig_sign_commit(key, draft, out);
}

static void add_note(struct buf *b, int commit) {
  buf_addf(b, "cairn.test/north\n%d\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\ntime 2026-11-21T10:00:0%dZ\n",
           2 * (commit + 1), commit);
  buf_add_str(b, "\n\xe2\x80\x94 cairn.test/north AAAAAAAA\n");
}

/* The commits first … last, of two leaves each. */
static void publish_commits(const char *name, int first, int last) {
  static const struct publish_source source = {NULL, leaf, finish};
  struct publish *p;
  assert_int_equal(publish_open(in_folder(name).s, &p), OK);
  for (int i = first; i <= last; i++) {
    struct checkpoint c = {.origin = "cairn.test/north", .size = 2 * (uint64_t)(i + 1)};
    struct buf note = {0};
    snprintf(c.time.s, sizeof c.time.s, "2026-11-21T10:00:0%dZ", i);
    add_note(&note, i);
    assert_int_equal(publish_commit(p, &c, buf_bytes(&note), &source), OK);
    buf_release(&note);
  }
  publish_close(p);
}

static int set_up(void **state) {
  (void)state;
  assert_non_null(mkdtemp(folder));
  key = key_new();
  publish_commits("good.git", 0, COMMITS - 1);
  return 0;
}

static int tear_down(void **state) {
  char command[64];
  (void)state;
  key_free(key);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

/* ---- a reader that keeps all it is given ---- */

struct kept {
  struct buf text;
  size_t faults[CLONE_FAULTS];
  size_t commits;
  struct buf words;
};

static void keep_leaves(void *of, struct bytes file) {
  struct kept *k = of;
  buf_add_str(&k->text, "leaves\n");
  buf_add(&k->text, file);
}

static void keep_checkpoint(void *of, struct bytes note) {
  struct kept *k = of;
  buf_add_str(&k->text, "checkpoint\n");
  buf_add(&k->text, note);
}

static void keep_commit(void *of, struct bytes object) {
  struct kept *k = of;
  assert_true(bytes_starts(object, "tree "));
  k->commits++;
}

static void keep_fault(void *of, enum clone_fault fault, const char *sentence) {
  struct kept *k = of;
  k->faults[fault]++;
  buf_addf(&k->words, "%s\n", sentence);
}

static enum err read_all(const char *name, struct kept *k) {
  struct clone *c;
  struct clone_reader reader = {k, keep_leaves, keep_checkpoint, keep_fault, keep_commit};
  *k = (struct kept){0};
  assert_int_equal(clone_open(in_folder(name).s, &c), OK);
  enum err e = clone_read(c, &reader);
  clone_close(c);
  return e;
}

static void release(struct kept *k) {
  buf_release(&k->text);
  buf_release(&k->words);
}

static void expect_good(const char *name, int commits) {
  struct kept k;
  struct buf wanted = {0};
  for (int i = 0; i < commits; i++) {
    buf_addf(&wanted, "leaves\nleaf %d\n\nleaf %d\n\ncheckpoint\n", 2 * i + 1, 2 * i + 2);
    add_note(&wanted, i);
  }
  assert_int_equal(read_all(name, &k), OK);
  assert_string_equal(buf_cstr(&k.words), "");
  assert_string_equal(buf_cstr(&k.text), buf_cstr(&wanted));
  assert_int_equal(k.commits, commits);
  buf_release(&wanted);
  release(&k);
}

static void pass_bytes(void *of, struct bytes file) {
  (void)of, (void)file;
}

/* ---- tests ---- */

static void test_what_was_published_is_read(void **state) {
  (void)state;
  expect_good("good.git", COMMITS);
  shell("cp -r good.git packed.git; git -C packed.git gc -q");
  expect_good("packed.git", COMMITS);
}

static enum err read_behind(const char *name, const struct clone_place *from, struct kept *k,
                            struct clone_place *newest) {
  struct clone *c;
  struct clone_reader reader = {k, keep_leaves, keep_checkpoint, keep_fault};
  *k = (struct kept){0};
  assert_int_equal(clone_open(in_folder(name).s, &c), OK);
  enum err e = clone_read_from(c, from, &reader, newest);
  assert_int_equal(from ? clone_find(c, from) : OK, e);
  clone_close(c);
  return e;
}

/* Only what is behind a place is read, and its layout is compared with the commit there. */
static void test_reading_goes_on_behind_a_place(void **state) {
  static const struct clone_place nonsense = {"../main", 0};
  struct clone_place first, newest;
  struct kept k;
  struct buf wanted = {0};
  (void)state;
  shell("cp -r good.git one.git; git -C one.git update-ref refs/heads/main $(git -C one.git rev-list --max-parents=0 "
        "main)");
  assert_int_equal(read_behind("one.git", NULL, &k, &first), OK);
  assert_int_equal(first.number, 0);
  release(&k);
  assert_int_equal(read_behind("good.git", &first, &k, &newest), OK);
  for (int i = 1; i < COMMITS; i++) {
    buf_addf(&wanted, "leaves\nleaf %d\n\nleaf %d\n\ncheckpoint\n", 2 * i + 1, 2 * i + 2);
    add_note(&wanted, i);
  }
  assert_string_equal(buf_cstr(&k.text), buf_cstr(&wanted));
  assert_string_equal(buf_cstr(&k.words), "");
  assert_int_equal(newest.number, COMMITS - 1);
  release(&k);
  assert_int_equal(read_behind("good.git", &newest, &k, &first), OK);
  assert_int_equal(k.text.len, 0);
  assert_string_equal(first.commit, newest.commit);
  assert_int_equal(first.number, newest.number);
  release(&k);
  assert_int_equal(read_behind("one.git", &newest, &k, &first), ERR_ABSENT);
  assert_int_equal(k.text.len, 0);
  release(&k);
  assert_int_equal(read_behind("good.git", &nonsense, &k, &first), ERR_ABSENT);
  release(&k);
  shell("rm -rf work bad.git; cp -r good.git bad.git; git clone -q bad.git work; cd work; "
        "echo a >> leaves/00/00/00/01; git add -A; cairn commit -q --amend --no-edit; git push -q --force origin main");
  shell("cp -r good.git two.git; git -C two.git update-ref refs/heads/main $(git -C two.git rev-list --reverse main | "
        "sed -n 2p)");
  assert_int_equal(read_behind("two.git", NULL, &k, &first), OK);
  release(&k);
  assert_int_equal(read_behind("bad.git", &first, &k, &newest), OK);
  assert_true(k.faults[CLONE_TREE] > 0);
  release(&k);
  buf_release(&wanted);
}

/* More commits than one folder of leaves has room for. */
static void test_folders_of_256(void **state) {
  struct kept k;
  (void)state;
  shell("git init -q --bare -b main many.git; for i in $(seq 0 300); do p=$(printf '%08x' $i | sed "
        "'s/../&\\//g;s/.$//'); "
        "s=$((i+1)); m=\"cairn.test/north $s\"; printf 'commit refs/heads/main\\nauthor cairn "
        "<ledger@cairn.test-north> 1795255200 "
        "+0000\\ncommitter cairn <ledger@cairn.test-north> 1795255200 +0000\\ndata <<E\\n%s\\nE\\nM 100644 inline "
        "leaves/%s\\ndata "
        "<<E\\nleaf\\n\\nE\\nM 100644 inline checkpoint\\ndata <<E\\ncairn.test/north\\n%s\\nroot\\ntime "
        "2026-11-21T10:00:00Z\\nE\\n' "
        "\"$m\" $p $s; done > stream; git -C many.git fast-import --quiet < stream");
  assert_int_equal(read_all("many.git", &k), OK);
  assert_string_equal(buf_cstr(&k.words), "");
  release(&k);
}

static const struct {
  const char *what;
  const char *command; /* in a working copy; the last commit is then made anew */
  enum clone_fault fault;
} layouts[] = {
    {"a file more at the top", "echo a > note", CLONE_TREE},
    {"a folder more at the top", "mkdir more; echo a > more/a", CLONE_TREE},
    {"a file more among the leaves", "echo a > leaves/00/00/00/03", CLONE_TREE},
    {"a file more beside the folders", "echo a > leaves/00/a", CLONE_TREE},
    {"an older file that was changed", "echo a >> leaves/00/00/00/01", CLONE_TREE},
    {"an older file that is gone", "rm leaves/00/00/00/01", CLONE_TREE},
    {"a file under another number", "mv leaves/00/00/00/02 leaves/00/00/00/03", CLONE_LAYOUT},
    {"a file that may be run", "chmod +x leaves/00/00/00/02", CLONE_LAYOUT},
    {"a link instead of a file", "rm checkpoint; ln -s leaves/00/00/00/02 checkpoint", CLONE_LAYOUT},
    {"a folder instead of the checkpoint", "rm checkpoint; mkdir checkpoint; echo a > checkpoint/a", CLONE_LAYOUT},
    {"no checkpoint", "rm checkpoint", CLONE_LAYOUT},
    {"no leaves", "rm -r leaves", CLONE_LAYOUT},
};

static void expect_fault(const char *what, const char *name, enum clone_fault fault) {
  struct kept k;
  assert_int_equal(read_all(name, &k), OK);
  if (k.faults[fault] == 0)
    fail_msg("%s: %s", what, buf_cstr(&k.words));
  release(&k);
}

static void test_other_layouts_are_faults(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
    struct buf b = {0};
    buf_addf(&b,
             "rm -rf bad.git work; cp -r good.git bad.git; git clone -q bad.git work; cd work; %s; git add -A; "
             "cairn commit -q --amend --no-edit; git push -q --force origin main",
             layouts[i].command);
    shell(buf_cstr(&b));
    expect_fault(layouts[i].what, "bad.git", layouts[i].fault);
    buf_release(&b);
  }
}

/* Files of leaves that were published before are handed over as they were and as they are; all else is named. */
static void keep_changed(void *of, const struct clone_changed *c) {
  struct kept *k = of;
  buf_addf(&k->text, "changed %d of %d\n", (int)c->earlier, (int)c->commit);
  buf_add(&k->text, c->before);
  buf_add_str(&k->text, "now\n");
  buf_add(&k->text, c->after);
}

static void test_what_a_commit_changed_is_told(void **state) {
  static const struct {
    const char *command, *text, *words;
  } cases[] = {
      {"echo a >> leaves/00/00/00/01", "changed 1 of 2\nleaf 3\n\nleaf 4\n\nnow\nleaf 3\n\nleaf 4\n\na\n", ""},
      {"rm leaves/00/00/00/00", "changed 0 of 2\nleaf 1\n\nleaf 2\n\nnow\n", ""},
      {"echo a > leaves/00/a", "", "commit 2 adds \"leaves/00/a\"\n"},
      {"mkdir leaves/01; echo a > leaves/01/b", "", "commit 2 adds \"leaves/01/b\"\n"},
      {"chmod +x leaves/00/00/00/01", "", "commit 2 changes \"leaves/00/00/00/01\"\n"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct kept k = {0};
    const struct clone_reader reader = {&k, pass_bytes, pass_bytes, keep_fault, NULL, keep_changed};
    struct clone *c;
    struct buf b = {0};
    buf_addf(&b,
             "rm -rf bad.git work; cp -r good.git bad.git; git clone -q bad.git work; cd work; %s; git add -A; "
             "cairn commit -q --amend --no-edit; git push -q --force origin main",
             cases[i].command);
    shell(buf_cstr(&b));
    assert_int_equal(clone_open(in_folder("bad.git").s, &c), OK);
    assert_int_equal(clone_read(c, &reader), OK);
    clone_close(c);
    assert_string_equal(buf_cstr(&k.text), cases[i].text);
    assert_string_equal(buf_cstr(&k.words), cases[i].words);
    release(&k);
    buf_release(&b);
  }
}

static void test_a_commit_that_adds_nothing(void **state) {
  (void)state;
  shell("rm -rf bad.git work; cp -r good.git bad.git; git clone -q bad.git work; cd work; "
        "cairn commit -q --allow-empty -m 'cairn.test/north 6'; git push -q --force origin main");
  expect_fault("a commit that adds nothing", "bad.git", CLONE_LAYOUT);
}

/* What makes git show another history than the objects': each is a fault, has no effect, and nothing is fetched. */
static void test_detours(void **state) {
  static const struct {
    const char *what, *command;
    enum clone_fault fault;
  } table[] = {
      {"a replace ref", "git replace $(git rev-parse main) $(git rev-parse main~1)", CLONE_REPLACE},
      {"a packed replace ref", "git replace $(git rev-parse main) $(git rev-parse main~1); git pack-refs --all",
       CLONE_REPLACE},
      {"grafts", "echo $(git rev-parse main) > info/grafts", CLONE_GRAFT},
      {"a shallow file", "git rev-parse main > shallow", CLONE_SHALLOW},
      {"alternates", "mkdir -p objects/info; echo ../../good.git/objects > objects/info/alternates", CLONE_ALTERNATES},
      {"alternates of HTTP", "mkdir -p objects/info; echo /x > objects/info/http-alternates", CLONE_ALTERNATES},
      {"another folder", "echo ../good.git > commondir", CLONE_ALTERNATES},
      {"another repository in its place", "echo 'gitdir: ../good.git' > .git", CLONE_ALTERNATES},
  };
  enum clone_change change;
  (void)state;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct clone *c;
    struct kept k;
    struct buf b = {0};
    buf_addf(&b, "rm -rf bad.git detour.git; cp -r good.git bad.git; cd bad.git; %s", table[i].command);
    shell(buf_cstr(&b));
    assert_int_equal(read_all("bad.git", &k), OK);
    if (k.faults[table[i].fault] != 1 || k.commits != COMMITS || strchr(buf_cstr(&k.words), '\n')[1] != '\0')
      fail_msg("%s: %s", table[i].what, buf_cstr(&k.words));
    assert_int_equal(clone_make(in_folder("detour.git").s), OK);
    assert_int_equal(clone_open(in_folder("detour.git").s, &c), OK);
    if (clone_fetch(c, in_folder("bad.git").s, &change) != ERR_FORM)
      fail_msg("%s: it was fetched", table[i].what);
    clone_close(c);
    release(&k);
    buf_release(&b);
  }
  shell("rm -rf bad.git; cp -r good.git bad.git; cd bad.git; mkdir -p objects/info; "
        "echo ../../good.git/objects > objects/info/alternates; rm -f objects/$(git rev-parse main | sed "
        "'s#^..#&/#')");
  expect_fault("an object of somewhere else", "bad.git", CLONE_OBJECT);
}

/* The library takes these for a folder of this machine, too: only one that is plain to see is looked at before. */
static void test_urls_that_hide_a_folder(void **state) {
  static const struct {
    const char *before, *after;
    enum err outcome;
  } urls[] = {{"file://localhost", "/good.git", ERR_USAGE},
              {"file://", "/goo%64.git", ERR_USAGE},
              {"file://", "/good.git", OK}};
  (void)state;
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
    enum clone_change change;
    struct clone *c;
    char url[160];
    snprintf(url, sizeof url, "%s%s%s", urls[i].before, folder, urls[i].after);
    shell("rm -rf plain.git");
    assert_int_equal(clone_make(in_folder("plain.git").s), OK);
    assert_int_equal(clone_open(in_folder("plain.git").s, &c), OK);
    if (clone_fetch(c, url, &change) != urls[i].outcome)
      fail_msg("%s", url);
    clone_close(c);
  }
}

/* Each object of the repository, one after the other: gone, cut, with a bit changed, and another in its place. */
static void test_damaged_objects_are_faults(void **state) {
  static const char *const damage[] = {"rm -f $o", "chmod u+w $o; truncate -s 5 $o",
                                       "chmod u+w $o; printf '\\377' | dd of=$o bs=1 seek=9 conv=notrunc",
                                       "rm -f $o; cp good.git/objects/$other $o"};
  (void)state;
  shell("(cd good.git/objects; find . -type f | grep -v -e pack -e info | sort) > objects; test $(wc -l < objects) -gt "
        "20");
  FILE *f = fopen(in_folder("objects").s, "r");
  char line[128];
  assert_non_null(f);
  for (int i = 0; fgets(line, sizeof line, f); i++) {
    struct buf b = {0};
    line[strcspn(line, "\n")] = '\0';
    buf_addf(&b,
             "rm -rf bad.git; cp -r good.git bad.git; o=bad.git/objects/%s; other=$(grep -v %s objects | tail -1); %s",
             line, line, damage[i % 4]);
    shell(buf_cstr(&b));
    expect_fault(line, "bad.git", CLONE_OBJECT);
    buf_release(&b);
  }
  fclose(f);
}

static void test_too_large_is_a_fault(void **state) {
  (void)state;
  shell("rm -rf bad.git work; cp -r good.git bad.git; git clone -q bad.git work; cd work; head -c 70000 /dev/zero > "
        "checkpoint; "
        "git add -A; cairn commit -q --amend --no-edit; git push -q --force origin main");
  expect_fault("a checkpoint of 70,000 bytes", "bad.git", CLONE_LIMIT);
}

static enum err fetch(const char *name, enum clone_change *change) {
  struct clone *c;
  assert_int_equal(clone_open(in_folder("copy.git").s, &c), OK);
  enum err e = clone_fetch(c, in_folder(name).s, change);
  clone_close(c);
  return e;
}

static void test_fetching(void **state) {
  enum clone_change change;
  struct kept k;
  (void)state;
  assert_int_equal(clone_make(in_folder("copy.git").s), OK);
  assert_int_equal(clone_make(in_folder("copy.git").s), ERR_IO);
  assert_int_equal(read_all("copy.git", &k), ERR_IO);
  release(&k);
  shell("git init -q --bare -b main empty.git");
  assert_int_equal(fetch("empty.git", &change), ERR_NETWORK);
  assert_int_equal(fetch("nowhere.git", &change), ERR_NETWORK);

  publish_commits("growing.git", 0, 0);
  assert_int_equal(fetch("growing.git", &change), OK);
  assert_int_equal(change, CLONE_FORWARD);
  expect_good("copy.git", 1);
  assert_int_equal(fetch("growing.git", &change), OK);
  assert_int_equal(change, CLONE_SAME);
  publish_commits("growing.git", 1, 2);
  assert_int_equal(fetch("growing.git", &change), OK);
  assert_int_equal(change, CLONE_FORWARD);
  expect_good("copy.git", 3);

  shell("git -C copy.git rev-parse main > before; rm -rf work; git clone -q growing.git work; cd work; cairn commit -q "
        "--amend -m "
        "other; git push -q --force origin main");
  assert_int_equal(fetch("growing.git", &change), OK);
  assert_int_equal(change, CLONE_REWRITTEN);
  shell("test $(git -C copy.git rev-parse refs/cairn/kept/$(cat before)) = $(cat before); "
        "test $(git -C copy.git rev-parse main) = $(git -C growing.git rev-parse main); git -C copy.git fsck --strict");
  expect_fault("a history that was replaced", "copy.git", CLONE_FORCED);
  shell("git -C growing.git update-ref refs/heads/main $(cat before)");
  assert_int_equal(fetch("growing.git", &change), OK);
  shell("rm -rf again.git; cp -r copy.git again.git; git -C again.git for-each-ref refs/cairn/kept | grep -v $(cat "
        "before) | cut -f 2 | xargs git -C again.git update-ref -d");
  expect_good("again.git", 3); /* what was kept is the history again */
}

static void test_what_is_no_repository(void **state) {
  struct clone *c;
  (void)state;
  assert_int_equal(clone_open(in_folder("nowhere").s, &c), ERR_IO);
  shell("mkdir plain");
  assert_int_equal(clone_open(in_folder("plain").s, &c), ERR_IO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_was_published_is_read),
      cmocka_unit_test(test_reading_goes_on_behind_a_place),
      cmocka_unit_test(test_folders_of_256),
      cmocka_unit_test(test_other_layouts_are_faults),
      cmocka_unit_test(test_what_a_commit_changed_is_told),
      cmocka_unit_test(test_a_commit_that_adds_nothing),
      cmocka_unit_test(test_detours),
      cmocka_unit_test(test_urls_that_hide_a_folder),
      cmocka_unit_test(test_damaged_objects_are_faults),
      cmocka_unit_test(test_too_large_is_a_fault),
      cmocka_unit_test(test_fetching),
      cmocka_unit_test(test_what_is_no_repository),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
