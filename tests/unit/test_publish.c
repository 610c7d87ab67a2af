#include "audit/publish.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "audit/signers.h"
#include "audit/sshsig.h"
#include "core/text.h"

/* Stock git is the judge. It must not see the settings of whoever runs the test. */
#define GIT "GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null git "

static char *folder;

/* As a node does: what was finished once is given again. */
#define KEPT_MAX 64
static struct { struct buf draft, commit; } kept[KEPT_MAX];
static size_t kept_count;
static struct key *key;

static int make_folder(void **state) {
  (void)state;
  folder = mem_copy_string("/tmp/test_publish.XXXXXX");
  key = key_new();
  return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
  (void)state;
  char command[256];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  int status = system(command);
  for (size_t i = 0; i < kept_count; i++) {
    buf_release(&kept[i].draft);
    buf_release(&kept[i].commit);
  }
  key_free(key);
  free(folder);
  return status;
}

/* What the shell command prints, with the folder in FOLDER; fails the test unless its status is `status`. */
static void shell(struct buf *out, int status, const char *command) {
  struct buf b = {0};
  char chunk[4096];
  buf_addf(&b, "FOLDER=%s; cd $FOLDER; { %s ; } 2>&1", folder, command);
  FILE *f = popen(buf_cstr(&b), "r");
  assert_non_null(f);
  buf_clear(out);
  for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
    buf_add(out, bytes_of(chunk, n));
  int ended = pclose(f);
  if (!WIFEXITED(ended) || WEXITSTATUS(ended) != status)
    fail_msg("%s: status %d\n%s", command, WEXITSTATUS(ended), buf_cstr(out));
  buf_release(&b);
}

static void expect_output(const char *command, const char *wanted) {
  struct buf out = {0};
  shell(&out, 0, command);
  if (strcmp(buf_cstr(&out), wanted) != 0)
    fail_msg("%s:\n%s\ninstead of\n%s", command, buf_cstr(&out), wanted);
  buf_release(&out);
}

static void run(const char *command) {
  struct buf out = {0};
  shell(&out, 0, command);
  buf_release(&out);
}

/* The branch's commit id, or "" where there is none. */
struct branch {
  char s[41];
};

static struct branch branch_of(const char *name) {
  struct branch b = {{0}};
  struct buf out = {0};
  char command[256];
  snprintf(command, sizeof command, GIT "-C %s for-each-ref --format='%%(objectname)' refs/heads/main", name);
  shell(&out, 0, command);
  snprintf(b.s, sizeof b.s, "%.40s", buf_cstr(&out));
  buf_release(&out);
  return b;
}

static struct publish *open_repository(const char *name) {
  char path[128];
  struct publish *p = NULL;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  enum err e = publish_open(path, &p);
  if (e != OK)
    fail_msg("%s: %s", path, err_words(e));
  return p;
}

static enum err open_fails(const char *name) {
  char path[128];
  struct publish *p = NULL;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  enum err e = publish_open(path, &p);
  assert_null(p);
  return e;
}

static struct checkpoint checkpoint_of(uint64_t size) {
  struct checkpoint c = {.origin = "cairn.test/ledger", .size = size};
  memset(c.root.at, (int)size, HASH_SIZE);
  c.time = text_time_format(1795255380 + (int64_t)size);
  return c;
}

static void add_note(struct buf *b, const struct checkpoint *c) {
  checkpoint_format(b, c);
  buf_add_str(b, "\n\xe2\x80\x94 cairn.test/ledger AAAAAAA=\n");
}

/* What the leaf callback is to do wrong. */
struct leaves {
  uint64_t fail_at;
  uint64_t asked;
  const char *text;
  size_t padding;
};

static enum err give_leaf(void *of, uint64_t number, struct buf *out) {
  struct leaves *l = of;
  l->asked++;
  if (number == l->fail_at)
    return ERR_IO;
  if (l->text) {
    buf_add_str(out, l->text);
    return OK;
  }
  buf_addf(out, "cairn leaf 1\nnumber %llu\n", (unsigned long long)number);
  uint8_t *p = l->padding ? buf_extend(out, l->padding) : NULL;
  if (p) {
    memset(p, 'x', l->padding);
    p[l->padding - 1] = '\n';
  }
  return OK;
}

static enum err finish(void *of, uint64_t number, struct bytes draft, struct buf *out) {
  (void)of, (void)number;
  size_t i = 0;
  while (i < kept_count && !bytes_equal(buf_bytes(&kept[i].draft), draft))
    i++;
  if (i == kept_count) {
    assert_true(kept_count++ < KEPT_MAX);
    buf_add(&kept[i].draft, draft);
    assert_int_equal(sshsig_sign_commit(key, draft, &kept[i].commit), OK);
  }
  buf_add(out, buf_bytes(&kept[i].commit));
  return OK;
}

static enum err publish_checkpoint(struct publish *p, const struct checkpoint *c, struct leaves *l) {
  const struct publish_source source = {l, give_leaf, finish};
  struct buf note = {0};
  add_note(&note, c);
  enum err e = publish_commit(p, c, buf_bytes(&note), &source);
  buf_release(&note);
  return e;
}

static enum err publish_to(struct publish *p, uint64_t size) {
  struct leaves l = {0};
  struct checkpoint c = checkpoint_of(size);
  return publish_checkpoint(p, &c, &l);
}

static uint64_t size_of(struct publish *p) {
  struct publish_tip tip;
  assert_int_equal(publish_tip(p, &tip), OK);
  return tip.size;
}

static void publish_three(const char *name) {
  static const uint64_t sizes[] = {1, 4, 5};
  struct publish *p = open_repository(name);
  assert_int_equal(size_of(p), 0);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(publish_to(p, sizes[i]), OK);
    assert_int_equal(size_of(p), sizes[i]);
  }
  publish_close(p);
}

static void test_stock_git_reads_it(void **state) {
  (void)state;
  publish_three("read");
  expect_output(GIT "-C read fsck --strict --no-dangling --no-progress", "");
  expect_output(GIT "-C read rev-parse --is-bare-repository", "true\n");
  expect_output(GIT "-C read symbolic-ref HEAD", "refs/heads/main\n");
  expect_output(GIT "-C read for-each-ref --format='%(refname)'", "refs/heads/main\n");
  expect_output(GIT "-C read log --date=iso-strict --format='%an <%ae> %ad %cn <%ce> %cd|%B|'",
                "cairn <ledger@cairn.test-ledger> 2026-11-21T10:03:05+00:00 cairn <ledger@cairn.test-ledger> "
                "2026-11-21T10:03:05+00:00|cairn.test/ledger 5\n|\n"
                "cairn <ledger@cairn.test-ledger> 2026-11-21T10:03:04+00:00 cairn <ledger@cairn.test-ledger> "
                "2026-11-21T10:03:04+00:00|cairn.test/ledger 4\n|\n"
                "cairn <ledger@cairn.test-ledger> 2026-11-21T10:03:01+00:00 cairn <ledger@cairn.test-ledger> "
                "2026-11-21T10:03:01+00:00|cairn.test/ledger 1\n|\n");
  expect_output(GIT "-C read log --format=%s --name-status",
                "cairn.test/ledger 5\n\nM\tcheckpoint\nA\tleaves/00/00/00/02\n"
                "cairn.test/ledger 4\n\nM\tcheckpoint\nA\tleaves/00/00/00/01\n"
                "cairn.test/ledger 1\n\nA\tcheckpoint\nA\tleaves/00/00/00/00\n");
  expect_output(GIT "-C read cat-file blob main:leaves/00/00/00/01",
                "cairn leaf 1\nnumber 2\n\ncairn leaf 1\nnumber 3\n\ncairn leaf 1\nnumber 4\n\n");
  run(GIT "-C read log -p | grep '^+number 3$'");
  run(GIT "clone --quiet read copy && tail -1 copy/checkpoint | grep AAAAAAA=");
}

/* The same commits from stock git's own plumbing, but for the signature. */
static void test_commits_are_those_of_stock_git(void **state) {
  (void)state;
  struct buf note = {0};
  struct publish *p = open_repository("ids");
  struct checkpoint c = checkpoint_of(1);
  char path[128];
  assert_int_equal(publish_to(p, 1), OK);
  publish_close(p);
  add_note(&note, &c);
  snprintf(path, sizeof path, "%s/note", folder);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fwrite(note.at, 1, note.len, f);
  fclose(f);
  run(GIT "init --quiet plumbing && cp note plumbing/checkpoint && mkdir -p plumbing/leaves/00/00/00 && "
          "printf 'cairn leaf 1\\nnumber 1\\n\\n' >plumbing/leaves/00/00/00/00 && "
          "export GIT_AUTHOR_NAME=cairn GIT_AUTHOR_EMAIL=ledger@cairn.test-ledger GIT_AUTHOR_DATE=2026-11-21T10:03:01Z "
          "GIT_COMMITTER_NAME=cairn GIT_COMMITTER_EMAIL=ledger@cairn.test-ledger "
          "GIT_COMMITTER_DATE=2026-11-21T10:03:01Z && cd plumbing && " GIT "add . && " GIT
          "commit --quiet -m 'cairn.test/ledger 1' && " GIT "cat-file commit HEAD > wanted && " GIT
          "-C ../ids cat-file commit main > ../commit && sed '/^gpgsig /,/END SSH/d' ../commit | cmp - wanted");
  buf_release(&note);
}

static void test_second_repository_is_equal(void **state) {
  (void)state;
  publish_three("first");
  publish_three("second/");
  assert_string_equal(branch_of("first").s, branch_of("second").s);
  assert_int_equal(strlen(branch_of("first").s), 40);
}

static void test_nothing_new_does_nothing(void **state) {
  (void)state;
  struct publish *p = open_repository("nothing");
  struct leaves l = {0};
  struct checkpoint c = checkpoint_of(0);
  assert_int_equal(publish_checkpoint(p, &c, &l), OK);
  assert_string_equal(branch_of("nothing").s, "");
  assert_int_equal(publish_to(p, 3), OK);
  struct branch before = branch_of("nothing");
  c = checkpoint_of(3);
  assert_int_equal(publish_checkpoint(p, &c, &l), OK);
  assert_int_equal(l.asked, 0);
  assert_string_equal(branch_of("nothing").s, before.s);
  publish_close(p);
}

/* After every failure the branch is where it was; afterwards the same commit is made as without it. */
static void test_failing_leaves(void **state) {
  (void)state;
  static const struct {
    const char *what;
    struct leaves leaves;
    enum err wanted;
  } cases[] = {
      {"the first leaf fails", {.fail_at = 5}, ERR_IO},
      {"a leaf in the middle fails", {.fail_at = 7}, ERR_IO},
      {"the last leaf fails", {.fail_at = 9}, ERR_IO},
      {"an empty leaf", {.text = ""}, ERR_FORM},
      {"a leaf without LF", {.text = "a"}, ERR_FORM},
      {"a leaf with an empty line", {.text = "a\n\nb\n"}, ERR_FORM},
      {"a leaf that ends with an empty line", {.text = "a\n\n"}, ERR_FORM},
      {"a leaf that begins with an empty line", {.text = "\na\n"}, ERR_FORM},
      {"leaves larger than a file", {.padding = (size_t)14 << 20}, ERR_LIMIT},
  };
  struct publish *p = open_repository("failing");
  struct checkpoint c = checkpoint_of(9);
  assert_int_equal(publish_to(p, 4), OK);
  struct branch before = branch_of("failing");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct leaves l = cases[i].leaves;
    enum err e = publish_checkpoint(p, &c, &l);
    if (e != cases[i].wanted || strcmp(branch_of("failing").s, before.s) != 0 || size_of(p) != 4)
      fail_msg("%s: %s", cases[i].what, err_words(e));
  }
  assert_int_equal(publish_to(p, 9), OK);
  publish_close(p);
  p = open_repository("faultless");
  assert_int_equal(publish_to(p, 4), OK);
  assert_int_equal(publish_to(p, 9), OK);
  publish_close(p);
  assert_string_equal(branch_of("failing").s, branch_of("faultless").s);
}

/* In a child, whose files may not grow beyond `limit` bytes: the larger it is, the further publication gets. */
static bool publishes_under_limit(const char *name, rlim_t limit) {
  pid_t child = fork();
  if (child == 0) {
    struct rlimit r = {limit, limit};
    struct publish *p = NULL;
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    signal(SIGXFSZ, SIG_IGN);
    enum err e = publish_open(path, &p);
    if (e == OK && setrlimit(RLIMIT_FSIZE, &r) == 0)
      e = publish_to(p, 9);
    _exit(e == OK ? 0 : e == ERR_DISK ? 1 : 2);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
  return WEXITSTATUS(status) == 0;
}

static void test_full_disk(void **state) {
  (void)state;
  struct publish *p = open_repository("full");
  assert_int_equal(publish_to(p, 4), OK);
  publish_close(p);
  struct branch before = branch_of("full");
  size_t failures = 0;
  for (rlim_t limit = 0; !publishes_under_limit("full", limit); limit += 8, failures++)
    assert_string_equal(branch_of("full").s, before.s);
  assert_true(failures > 3);
  expect_output(GIT "-C full fsck --strict --no-dangling --no-progress", "");
  assert_string_equal(branch_of("full").s, branch_of("faultless").s);
}

/* A program that dies while it moves the branch leaves git's lock file behind. */
static void test_lock_left_behind(void **state) {
  (void)state;
  struct publish *p = open_repository("lock");
  assert_int_equal(publish_to(p, 4), OK);
  publish_close(p);
  run("touch lock/refs/heads/main.lock");
  p = open_repository("lock");
  assert_int_equal(publish_to(p, 5), OK);
  publish_close(p);
}

static void test_one_publisher_at_a_time(void **state) {
  (void)state;
  struct publish *p = open_repository("busy");
  assert_int_equal(open_fails("busy"), ERR_BUSY);
  publish_close(p);
  publish_close(open_repository("busy"));
}

/* A half-made repository of a crash is taken up again. */
static void test_crash_while_making(void **state) {
  (void)state;
  run("mkdir -p half.new/refs half.new/objects && touch half.new/config.lock half.new/HEAD.lock");
  publish_three("half");
  expect_output(GIT "-C half fsck --strict --no-dangling --no-progress", "");
  run("test ! -e half.new");
}

static void test_what_is_not_ours(void **state) {
  (void)state;
  static const struct {
    const char *what, *make;
    enum err wanted;
  } cases[] = {
      {"a file", "touch thing", ERR_NOT_OURS},
      {"a folder with something in it", "mkdir thing && touch thing/x", ERR_NOT_OURS},
      {"a repository with a working tree", GIT "init --quiet thing", ERR_NOT_OURS},
      {"a HEAD on another branch", GIT "init --quiet --bare -b other thing", ERR_NOT_OURS},
      {"a broken repository", GIT "init --quiet --bare -b main thing && echo x >thing/HEAD", ERR_NOT_OURS},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    run("rm -rf thing");
    run(cases[i].make);
    enum err e = open_fails("thing");
    if (e != cases[i].wanted)
      fail_msg("%s: %s", cases[i].what, err_words(e));
  }
  run("rm -rf thing; mkdir thing");
  publish_close(open_repository("thing"));
}

/* Each row changes the checked-out tree of a good repository, or its references. */
static void test_repository_that_holds_something_else(void **state) {
  (void)state;
  static const struct {
    const char *what, *change;
  } cases[] = {
      {"a checkpoint that is none", "echo hello >checkpoint"},
      {"a checkpoint that is too large", "head -c 70000 /dev/zero >checkpoint"},
      {"a checkpoint with a time that is none", "sed -i 's/^time 2026/time 1226/' checkpoint"},
      {"no checkpoint", "rm checkpoint && echo hello >other"},
      {"a folder for a checkpoint", "rm checkpoint && mkdir checkpoint && touch checkpoint/x"},
      {"another file", "touch other"},
      {"no leaves", "rm -r leaves"},
      {"a file for leaves", "rm -r leaves && touch leaves"},
      {"a file among folders", "touch leaves/00/01"},
      {"a folder among files", "mkdir leaves/00/00/00/03 && touch leaves/00/00/00/03/x"},
      {"a gap", "touch leaves/00/00/00/04"},
      {"another name", "touch leaves/00/00/00/0a"},
  };
  struct buf command = {0};
  publish_three("good");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct publish_tip tip;
    buf_clear(&command);
    buf_addf(&command,
             "rm -rf bad work && cp -r good bad && " GIT "clone --quiet bad work && cd work && %s && " GIT
             "add -A . && " GIT "-c user.name=x -c user.email=x commit --quiet -m x && " GIT "push --quiet origin main",
             cases[i].change);
    run(buf_cstr(&command));
    struct publish *p = open_repository("bad");
    if (publish_tip(p, &tip) != ERR_FORM || publish_to(p, 9) != ERR_FORM)
      fail_msg("%s", cases[i].what);
    publish_close(p);
  }
  run("rm -rf bad && cp -r good bad && " GIT "-C bad branch -m main other && " GIT
      "-C bad symbolic-ref HEAD refs/heads/main");
  struct publish *p = open_repository("bad");
  assert_int_equal(publish_to(p, 9), ERR_FORM);
  publish_close(p);
  buf_release(&command);
}

static void test_checkpoints_that_do_not_continue(void **state) {
  (void)state;
  struct publish *p = open_repository("continue");
  struct leaves l = {0};
  const struct publish_source source = {&l, give_leaf, finish};
  assert_int_equal(publish_to(p, 4), OK);
  struct branch before = branch_of("continue");
  struct checkpoint c = checkpoint_of(3);
  assert_int_equal(publish_checkpoint(p, &c, &l), ERR_REFUSED);
  c = checkpoint_of(4);
  c.root.at[0] ^= 1;
  assert_int_equal(publish_checkpoint(p, &c, &l), ERR_REFUSED);
  c = checkpoint_of(5);
  snprintf(c.origin, sizeof c.origin, "another.test");
  assert_int_equal(publish_checkpoint(p, &c, &l), ERR_REFUSED);
  struct buf note = {0};
  c = checkpoint_of(5);
  add_note(&note, &c);
  c = checkpoint_of(6);
  assert_int_equal(publish_commit(p, &c, buf_bytes(&note), &source), ERR_FORM);
  assert_int_equal(publish_commit(p, &c, bytes_str("no note"), &source), ERR_FORM);
  assert_int_equal(l.asked, 0);
  assert_string_equal(branch_of("continue").s, before.s);
  buf_release(&note);
  publish_close(p);
}

/* Someone else moves the branch between reading and moving: the leaf callback is in between. */
static enum err move_branch_away(void *of, uint64_t number, struct buf *out) {
  (void)of;
  run(GIT "-C raced update-ref refs/heads/main main~1");
  buf_addf(out, "number %llu\n", (unsigned long long)number);
  return OK;
}

static void test_branch_that_moves_meanwhile(void **state) {
  (void)state;
  publish_three("raced");
  struct publish *p = open_repository("raced");
  static const struct publish_source source = {NULL, move_branch_away, finish};
  struct checkpoint c = checkpoint_of(6);
  struct buf note = {0};
  add_note(&note, &c);
  assert_int_equal(publish_commit(p, &c, buf_bytes(&note), &source), ERR_BUSY);
  assert_int_equal(size_of(p), 4);
  buf_release(&note);
  publish_close(p);
}

/* A repository as it would be after so many commits, from stock git's plumbing: each full folder is the same one. */
#define FULL_FOLDER                                                                                                    \
  "full() { i=0; while [ $i -lt 256 ]; do printf \"$1 %%s\\t%%02x\\n\" $2 $i; i=$((i+1)); done | git mktree; }; "

static void make_after(const char *name, const char *folders) {
  struct buf command = {0};
  buf_addf(&command,
           "export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null; git init --quiet --bare -b main %s && cd %s && "
           "one() { printf \"$1 %%s\\t00\\n\" $2 | git mktree; }; " FULL_FOLDER
           "blob=$(printf 'x\\n\\n' | git hash-object -w --stdin); "
           "checkpoint=$(git -C ../good cat-file blob main:checkpoint | git hash-object -w --stdin); "
           "file='100644 blob' folder='040000 tree'; dd=$(full \"$file\" $blob); %s "
           "root=$(printf '100644 blob %%s\\tcheckpoint\\n040000 tree %%s\\tleaves\\n' $checkpoint $aa | git mktree); "
           "git update-ref refs/heads/main $(git -c user.name=x -c user.email=x commit-tree -m x $root)",
           name, name, folders);
  run(buf_cstr(&command));
  buf_release(&command);
}

static void test_folders_of_256(void **state) {
  (void)state;
  make_after("after256", "cc=$(one \"$folder\" $dd); bb=$(one \"$folder\" $cc); aa=$(one \"$folder\" $bb);");
  make_after("after65536", "cc=$(full \"$folder\" $dd); bb=$(one \"$folder\" $cc); aa=$(one \"$folder\" $bb);");
  struct publish *p = open_repository("after256");
  assert_int_equal(publish_to(p, 6), OK);
  assert_int_equal(publish_to(p, 7), OK);
  publish_close(p);
  expect_output(GIT "-C after256 diff --name-status main~2 main",
                "M\tcheckpoint\nA\tleaves/00/00/01/00\nA\tleaves/00/00/01/01\n");
  p = open_repository("after65536");
  assert_int_equal(publish_to(p, 6), OK);
  publish_close(p);
  expect_output(GIT "-C after65536 diff --name-status main~1 main", "M\tcheckpoint\nA\tleaves/00/01/00/00\n");
}

static void test_numbers_run_out(void **state) {
  (void)state;
  make_after("last", "cc=$(full \"$folder\" $dd); bb=$(full \"$folder\" $cc); aa=$(full \"$folder\" $bb);");
  struct publish *p = open_repository("last");
  assert_int_equal(size_of(p), 5);
  assert_int_equal(publish_to(p, 6), ERR_LIMIT);
  publish_close(p);
}

/* Names that libgit2 would trim are written as they are. */
static void test_origin_with_points(void **state) {
  (void)state;
  struct publish *p = open_repository("points");
  struct checkpoint c = checkpoint_of(1);
  struct leaves l = {0};
  snprintf(c.origin, sizeof c.origin, "a/b/c-.");
  assert_int_equal(publish_checkpoint(p, &c, &l), OK);
  publish_close(p);
  expect_output(GIT "-C points cat-file commit main | grep -o '<.*>' | sort -u", "<ledger@a-b-c-.>\n");
  expect_output(GIT "-C points fsck --strict --no-dangling --no-progress", "");
}

/* After stock git has packed everything, publication goes on where it was. */
static void test_packed_repository(void **state) {
  (void)state;
  publish_three("packed");
  publish_three("loose");
  run(GIT "-C packed gc --quiet --prune=now && test ! -e packed/refs/heads/main");
  struct publish *p = open_repository("packed");
  assert_int_equal(publish_to(p, 9), OK);
  publish_close(p);
  p = open_repository("loose");
  assert_int_equal(publish_to(p, 9), OK);
  publish_close(p);
  assert_string_equal(branch_of("packed").s, branch_of("loose").s);
}

/* As ssh-keygen(1) describes the file; stock git judges with it. */
static void write_allowed(const char *name, const struct signers_line *l) {
  struct buf line = {0};
  char path[128];
  signers_format(&line, l);
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fwrite(line.at, 1, line.len, f);
  fclose(f);
  buf_release(&line);
}

#define VERIFY GIT "-c gpg.format=ssh -c gpg.ssh.allowedSignersFile=$FOLDER/allowed -C signed verify-commit "

static void test_stock_git_verifies_it(void **state) {
  (void)state;
  static const char origin[] = "cairn.test/ledger", from[] = "2026-11-21T10:03:04Z", until[] = "2026-11-21T10:03:04Z";
  struct key *other = key_new();
  publish_three("signed");
  write_allowed("allowed", &(struct signers_line){origin, key_point(key), "", ""});
  run(VERIFY "main main~1 main~2 && " VERIFY "main 2>&1 | grep 'Good \"git\" signature for ledger@cairn.test-ledger '");
  write_allowed("allowed", &(struct signers_line){origin, key_point(key), from, ""});
  run(VERIFY "main main~1 && ! " VERIFY "main~2");
  write_allowed("allowed", &(struct signers_line){origin, key_point(key), "", until});
  run(VERIFY "main~1 main~2 && ! " VERIFY "main");
  write_allowed("allowed", &(struct signers_line){origin, key_point(other), "", ""});
  run("! " VERIFY "main");
  key_free(other);
}

/* A commit that was finished, and kept, and then the program died: the same one is published afterwards. */
static enum err finish_and_die(void *of, uint64_t number, struct bytes draft, struct buf *out) {
  assert_int_equal(finish(of, number, draft, out), OK);
  return ERR_IO;
}

static void test_crash_before_publication(void **state) {
  struct buf note = {0};
  struct leaves l = {0};
  const struct publish_source source = {&l, give_leaf, finish_and_die};
  struct checkpoint c = checkpoint_of(7);
  char again[256];
  (void)state;
  struct publish *p = open_repository("crash");
  assert_int_equal(publish_to(p, 4), OK);
  struct branch before = branch_of("crash");
  add_note(&note, &c);
  size_t count = kept_count;
  assert_int_equal(publish_commit(p, &c, buf_bytes(&note), &source), ERR_IO);
  assert_int_equal(kept_count, count + 1);
  assert_string_equal(branch_of("crash").s, before.s);
  assert_false(publish_is_newest(p, buf_bytes(&kept[count].commit)));
  assert_int_equal(publish_to(p, 7), OK);
  assert_int_equal(kept_count, count + 1);
  assert_true(publish_is_newest(p, buf_bytes(&kept[count].commit)));
  snprintf(again, sizeof again, GIT "-C crash rev-parse main~1 | grep %s", before.s);
  run(again);
  publish_close(p);
  buf_release(&note);
}

static enum err finish_another(void *of, uint64_t number, struct bytes draft, struct buf *out) {
  struct buf other = {0};
  (void)of, (void)number;
  buf_add(&other, draft);
  other.at[5] ^= 1; /* in the tree's id */
  enum err e = sshsig_sign_commit(key, buf_bytes(&other), out);
  buf_release(&other);
  return e;
}

static enum err finish_unsigned(void *of, uint64_t number, struct bytes draft, struct buf *out) {
  (void)of, (void)number;
  buf_add(out, draft);
  return OK;
}

static void test_what_was_finished_is_looked_at(void **state) {
  static enum err (*const wrong[])(void *, uint64_t, struct bytes, struct buf *) = {finish_another, finish_unsigned};
  struct buf note = {0};
  struct leaves l = {0};
  struct checkpoint c = checkpoint_of(7);
  (void)state;
  struct publish *p = open_repository("other");
  assert_int_equal(publish_to(p, 4), OK);
  add_note(&note, &c);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    const struct publish_source source = {&l, give_leaf, wrong[i]};
    assert_int_equal(publish_commit(p, &c, buf_bytes(&note), &source), ERR_FORM);
    assert_int_equal(size_of(p), 4);
  }
  publish_close(p);
  buf_release(&note);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stock_git_reads_it),
      cmocka_unit_test(test_commits_are_those_of_stock_git),
      cmocka_unit_test(test_second_repository_is_equal),
      cmocka_unit_test(test_nothing_new_does_nothing),
      cmocka_unit_test(test_failing_leaves),
      cmocka_unit_test(test_full_disk),
      cmocka_unit_test(test_lock_left_behind),
      cmocka_unit_test(test_one_publisher_at_a_time),
      cmocka_unit_test(test_crash_while_making),
      cmocka_unit_test(test_what_is_not_ours),
      cmocka_unit_test(test_repository_that_holds_something_else),
      cmocka_unit_test(test_checkpoints_that_do_not_continue),
      cmocka_unit_test(test_branch_that_moves_meanwhile),
      cmocka_unit_test(test_folders_of_256),
      cmocka_unit_test(test_numbers_run_out),
      cmocka_unit_test(test_origin_with_points),
      cmocka_unit_test(test_packed_repository),
      cmocka_unit_test(test_stock_git_verifies_it),
      cmocka_unit_test(test_crash_before_publication),
      cmocka_unit_test(test_what_was_finished_is_looked_at),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
