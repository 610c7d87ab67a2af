#include "cli/cmd.h"

#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define ARGS_MAX 16

static enum err show_line(void *program, const struct cmd_line *line, struct out *out) {
  assert_ptr_equal(program, &show_line);
  out_begin(out, NULL);
  out_field(out, "command", line->cmd->words);
  for (size_t i = 0; i < line->count; i++) {
    char name[64];
    snprintf(name, sizeof name, "%zu %s", i, line->values[i].name);
    out_field(out, name, line->values[i].value[0] ? line->values[i].value : "-");
  }
  out_end(out);
  return OK;
}

static enum err refuse(void *program, const struct cmd_line *line, struct out *out) {
  (void)program;
  out_say(out, "looked at it");
  if (cmd_flag(line, "document")) {
    out_begin(out, NULL);
    out_field(out, "verdict", "does not hold");
    out_end(out);
  }
  if (cmd_flag(line, "half")) {
    out_begin(out, NULL);
    out_field(out, "verdict", "unfinished");
  }
  if (cmd_flag(line, "bare"))
    return ERR_PROOF;
  return err_set_remedy(ERR_REFUSED, "ask the chair", "refused: \x1b[2J \"%s\"", "rule 8");
}

static enum err silent(void *program, const struct cmd_line *line, struct out *out) {
  (void)program, (void)line, (void)out;
  return OK;
}

static enum err misuse(void *program, const struct cmd_line *line, struct out *out) {
  (void)program, (void)line, (void)out;
  return err_set(ERR_USAGE, "the date is none");
}

static enum err flood(void *program, const struct cmd_line *line, struct out *out) {
  (void)program, (void)line;
  char *wide = mem_alloc(1 << 20);
  memset(wide, 'x', (1 << 20) - 1);
  for (int i = 0; i < 65; i++)
    out_say(out, "%s", wide);
  free(wide);
  return OK;
}

static const struct cmd_program program;

/* Parses what it is left against options that only it knows. */
static enum err record(void *of, const struct cmd_line *line, struct out *out) {
  static const struct cmd_opt fields[] = {{"child", CMD_VALUE, "ID", "the child"}, {NULL, CMD_FLAG, NULL, NULL}};
  const struct cmd late = {
      .words = "record", .operands = "KIND", .operands_min = 1, .operands_max = 1, .opts = fields, .help = "late help"};
  char *words[ARGS_MAX];
  int count = 0;
  struct cmd_line parsed = {0};
  for (const char *word; (word = cmd_nth(line, "", (size_t)count)) != NULL; count++)
    words[count] = (char *)word;
  enum err e = cmd_parse(&late, program.opts, count, words, &parsed);
  if (e == OK && cmd_flag(&parsed, "help"))
    cmd_help(&program, &late, out);
  else if (e == OK)
    e = show_line(of, &parsed, out);
  cmd_line_release(&parsed);
  return e;
}

static const struct cmd_opt convene_opts[] = {
    {"child", CMD_LIST, "ID", "a child that it is about", true},
    {"on", CMD_VALUE, "TIME", "when it is held", true},
    {"urgent", CMD_FLAG, NULL, "it cannot wait"},
    {NULL, CMD_FLAG, NULL, NULL},
};
static const struct cmd_opt refuse_opts[] = {
    {"document", CMD_FLAG, NULL, "print one first"},
    {"half", CMD_FLAG, NULL, "print half of one first"},
    {"bare", CMD_FLAG, NULL, "without words"},
    {NULL, CMD_FLAG, NULL, NULL},
};
static const struct cmd meetings[] = {
    {"meeting convene", "[CHAIR]", 0, 1, convene_opts, "call a meeting", "It is told to all.", show_line},
    {"meeting list", "", 0, 0, NULL, "list the meetings", NULL, show_line},
    {0},
};
static const struct cmd others[] = {
    {"show", "ID [FILE]", 1, 2, NULL, "show an entry", NULL, show_line},
    {"log", "", 0, 0, NULL, "print the log", NULL, show_line},
    {"log show", "NUMBER", 1, 1, NULL, "print one entry of the log", NULL, show_line},
    {"record", "KIND", 1, CMD_REST, NULL, "record anything", NULL, record},
    {"refuse", "", 0, 0, refuse_opts, "refuse", NULL, refuse},
    {"silent", "", 0, 0, NULL, "say nothing", NULL, silent},
    {"misuse", "", 0, 0, NULL, "fail", NULL, misuse},
    {"flood", "", 0, 0, NULL, "print too much", NULL, flood},
    {0},
};
static const struct cmd *const tables[] = {meetings, others, NULL};
static const struct cmd_opt common[] = {
    {"home", CMD_VALUE, "DIR", "where the replica is"},
    {"quiet", CMD_FLAG, NULL, "say less"},
    {NULL, CMD_FLAG, NULL, NULL},
};
static const struct cmd_program program = {
    .name = "cairn", .what = "the record", .tables = tables, .opts = common, .more = "See the manual."};

struct answer {
  int status;
  struct buf out, err;
};

static void answer_release(struct answer *a) {
  buf_release(&a->out);
  buf_release(&a->err);
}

/* Words as a user types them, parted by spaces; none of the tests' words contain any. */
static int split(char *line, char **argv) {
  int argc = 0;
  for (char *save, *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
    assert_true(argc < ARGS_MAX - 1);
    argv[argc++] = word;
  }
  argv[argc] = NULL;
  return argc;
}

static void take(int fd, struct buf *out) {
  char part[4096];
  lseek(fd, 0, SEEK_SET);
  for (ssize_t n; (n = read(fd, part, sizeof part)) > 0;)
    buf_add(out, bytes_of(part, (size_t)n));
  close(fd);
}

static struct answer run(const char *line) {
  struct answer a = {0};
  char *argv[ARGS_MAX], *copy = mem_copy_string(line);
  int argc = split(copy, argv);
  fflush(stdout);
  int out = memfd_create("out", 0), err = memfd_create("err", 0), old_out = dup(1), old_err = dup(2);
  dup2(out, 1);
  dup2(err, 2);
  a.status = cmd_main(&program, &show_line, argc, argv);
  fflush(stdout);
  dup2(old_out, 1);
  dup2(old_err, 2);
  close(old_out);
  close(old_err);
  take(out, &a.out);
  take(err, &a.err);
  free(copy);
  return a;
}

static void test_lines(void **state) {
  (void)state;
  static const struct {
    const char *line;
    int status;
    const char *out, *err;
  } cases[] = {
      {"cairn meeting list", 0, "command: meeting list\n", ""},
      {"cairn meeting convene --child a --child=b --on x --urgent me", 0,
       "command:  meeting convene\n0 child:  a\n1 child:  b\n2 on:     x\n3 urgent: -\n4 :       me\n", ""},
      {"cairn --home h meeting --quiet convene", 0, "command: meeting convene\n0 home:  h\n1 quiet: -\n", ""},
      {"cairn --home=h=i log", 0, "command: log\n0 home:  h=i\n", ""},
      {"cairn show -- --json", 0, "command: show\n0 :      --json\n", ""},
      {"cairn show - -- -x", 0, "command: show\n0 :      -\n1 :      -x\n", ""},
      {"cairn meeting convene --on=--json", 0, "command: meeting convene\n0 on:    --json\n", ""},
      {"cairn meeting convene --on -5", 0, "command: meeting convene\n0 on:    -5\n", ""},
      {"cairn meeting convene --on=", 0, "command: meeting convene\n0 on:    -\n", ""},
      {"cairn log", 0, "command: log\n", ""},
      {"cairn log show 5", 0, "command: log show\n0 :      5\n", ""},
      {"cairn record view --child a", 0, "command: record\n0 :      view\n1 child: a\n", ""},
      {"cairn --quiet record view --child=a --home h", 0, "command: record\n0 :      view\n1 child: a\n2 home:  h\n",
       ""},
      {"cairn silent", 0, "", ""},
      {"cairn --version", 0, "cairn 0.1\n", ""},
      {"cairn", 2, "", "cairn: no command is given\ncairn --help explains how it is used\n"},
      {"cairn metting list", 2, "",
       "cairn: \"metting\" is not a command; did you mean \"meeting\"?\ncairn --help explains how it is used\n"},
      {"cairn meeting lits", 2, "",
       "cairn: \"meeting lits\" is not a command; did you mean \"meeting list\"?\n"
       "cairn meeting --help explains how it is used\n"},
      {"cairn meeting fly", 2, "",
       "cairn: \"meeting fly\" is not a command\ncairn meeting --help explains how it is used\n"},
      {"cairn xyzzy", 2, "", "cairn: \"xyzzy\" is not a command\ncairn --help explains how it is used\n"},
      {"cairn meeting", 2, "",
       "cairn: \"meeting\" needs a further word: convene, list\ncairn meeting --help explains how it is used\n"},
      {"cairn meeting convene --chidl a", 2, "",
       "cairn: \"--chidl\" is not an option of \"meeting convene\"; did you mean \"--child\"?\n"
       "cairn meeting convene --help explains how it is used\n"},
      {"cairn meeting convene --urgnet=x", 2, "",
       "cairn: \"--urgnet\" is not an option of \"meeting convene\"; did you mean \"--urgent\"?\n"
       "cairn meeting convene --help explains how it is used\n"},
      {"cairn --jsno log", 2, "",
       "cairn: \"--jsno\" is not an option of \"cairn\"; did you mean \"--json\"?\n"
       "cairn --help explains how it is used\n"},
      {"cairn log -q", 2, "", "cairn: \"-q\" is not an option of \"log\"\ncairn log --help explains how it is used\n"},
      {"cairn log -quiet", 2, "",
       "cairn: \"-quiet\" is not an option of \"log\"; did you mean \"--quiet\"?\n"
       "cairn log --help explains how it is used\n"},
      {"cairn log --version", 2, "",
       "cairn: \"--version\" is not an option of \"log\"\ncairn log --help explains how it is used\n"},
      {"cairn meeting convene --on a --on b", 2, "",
       "cairn: the option --on is given twice\ncairn meeting convene --help explains how it is used\n"},
      {"cairn meeting convene --on", 2, "",
       "cairn: the option --on needs a value: --on=TIME\ncairn meeting convene --help explains how it is used\n"},
      {"cairn meeting convene --on --urgent", 2, "",
       "cairn: the option --on needs a value: --on=TIME\ncairn meeting convene --help explains how it is used\n"},
      {"cairn meeting convene --urgent=yes", 2, "",
       "cairn: the option --urgent takes no value\ncairn meeting convene --help explains how it is used\n"},
      {"cairn meeting convene a b", 2, "",
       "cairn: \"b\" is one word too many for \"meeting convene\"\n"
       "cairn meeting convene --help explains how it is used\n"},
      {"cairn show", 2, "", "cairn: \"show\" needs ID [FILE]\ncairn show --help explains how it is used\n"},
      {"cairn record view --chidl a", 2, "",
       "cairn: \"--chidl\" is not an option of \"record\"; did you mean \"--child\"?\n"
       "cairn record --help explains how it is used\n"},
      {"cairn misuse", 2, "", "cairn: the date is none\ncairn misuse --help explains how it is used\n"},
      {"cairn refuse", 1, "looked at it\n", "cairn: refused: \xef\xbf\xbd[2J \"rule 8\"\nask the chair\n"},
      {"cairn refuse --document", 1, "looked at it\nverdict: does not hold\n",
       "cairn: refused: \xef\xbf\xbd[2J \"rule 8\"\nask the chair\n"},
      {"cairn refuse --half", 1, "looked at it\n", "cairn: refused: \xef\xbf\xbd[2J \"rule 8\"\nask the chair\n"},
      {"cairn refuse --bare", 1, "looked at it\n", "cairn: the proof does not check\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct answer a = run(cases[i].line);
    if (a.status != cases[i].status || !bytes_equal_str(buf_bytes(&a.out), cases[i].out) ||
        !bytes_equal_str(buf_bytes(&a.err), cases[i].err))
      fail_msg("%s: %d\n%s\n%s", cases[i].line, a.status, buf_cstr(&a.out), buf_cstr(&a.err));
    answer_release(&a);
  }
}

static void test_help(void **state) {
  (void)state;
  static const struct {
    const char *line, *out;
  } cases[] = {
      {"cairn --help", "cairn: the record\n\nusage: cairn COMMAND [OPTIONS]\n\n"
                       "  meeting convene [CHAIR]  call a meeting\n"
                       "  meeting list             list the meetings\n\n"
                       "  show ID [FILE]           show an entry\n"
                       "  log                      print the log\n"
                       "  log show NUMBER          print one entry of the log\n"
                       "  record KIND              record anything\n"
                       "  refuse                   refuse\n"
                       "  silent                   say nothing\n"
                       "  misuse                   fail\n"
                       "  flood                    print too much\n\n"
                       "options of every command:\n"
                       "  --home DIR  where the replica is\n"
                       "  --quiet     say less\n"
                       "  --json      print JSON for machines\n"
                       "  --help      explain, and do nothing\n\n"
                       "See the manual.\n"},
      {"cairn meeting --help", "usage: cairn meeting ... [OPTIONS]\n\n"
                               "  meeting convene [CHAIR]  call a meeting\n"
                               "  meeting list             list the meetings\n\n"
                               "options of every command:\n"
                               "  --home DIR  where the replica is\n"
                               "  --quiet     say less\n"
                               "  --json      print JSON for machines\n"
                               "  --help      explain, and do nothing\n"},
      {"cairn meeting convene a b c --on --wrong --help",
       "cairn meeting convene: call a meeting\n\nusage: cairn meeting convene [CHAIR] [OPTIONS]\n"
       "needed: --child, --on\n\n"
       "options:\n"
       "  --child ID ...  a child that it is about\n"
       "  --on TIME       when it is held\n"
       "  --urgent        it cannot wait\n\n"
       "options of every command:\n"
       "  --home DIR  where the replica is\n"
       "  --quiet     say less\n"
       "  --json      print JSON for machines\n"
       "  --help      explain, and do nothing\n\n"
       "It is told to all.\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct answer a = run(cases[i].line);
    if (a.status != 0 || a.err.len > 0 || !bytes_equal_str(buf_bytes(&a.out), cases[i].out))
      fail_msg("%s: %d\n%s\n%s", cases[i].line, a.status, buf_cstr(&a.out), buf_cstr(&a.err));
    answer_release(&a);
  }
}

static void test_help_says(void **state) {
  (void)state;
  static const struct {
    const char *line, *says;
  } cases[] = {
      {"cairn metting --help", "usage: cairn COMMAND [OPTIONS]"},
      {"cairn meeting lits --help", "usage: cairn meeting ... [OPTIONS]"},
      {"cairn --nonsense --help", "usage: cairn COMMAND [OPTIONS]"},
      {"cairn --help show", "usage: cairn show ID [FILE] [OPTIONS]"},
      {"cairn log --help", "usage: cairn log [OPTIONS]"},
      {"cairn log --help", "log show NUMBER"},
      {"cairn record --help", "record anything"},
      {"cairn record view --help", "late help"},
      {"cairn record view --help", "--child ID"},
      {"cairn --quiet record view --help", "late help"},
      {"cairn --help record view", "record anything"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct answer a = run(cases[i].line);
    if (a.status != 0 || a.err.len > 0 || strstr(buf_cstr(&a.out), cases[i].says) == NULL)
      fail_msg("%s: %d\n%s\n%s", cases[i].line, a.status, buf_cstr(&a.out), buf_cstr(&a.err));
    answer_release(&a);
  }
}

/* With --json, wherever it stands, standard output is one JSON document, come what may. */
static void test_json(void **state) {
  (void)state;
  static const struct {
    const char *line;
    int status;
    const char *member, *value; /* of the document; NULL: none */
  } cases[] = {
      {"cairn --json log", 0, "command", "log"},
      {"cairn log --json", 0, "command", "log"},
      {"cairn record view --json --child a", 0, "2 child", "a"},
      {"cairn log show 5 --json", 0, "0 ", "5"},
      {"cairn silent --json", 0, "error", NULL},
      {"cairn --json --version", 0, "version", CMD_VERSION},
      {"cairn --json", 2, "code", "ERR_USAGE"},
      {"cairn metting --json", 2, "error", "\"metting\" is not a command; did you mean \"meeting\"?"},
      {"cairn metting --json", 2, "remedy", "cairn --help explains how it is used"},
      {"cairn refuse --json", 1, "remedy", "ask the chair"},
      {"cairn refuse --json", 1, "code", "ERR_REFUSED"},
      {"cairn refuse --json --half", 1, "verdict", NULL},
      {"cairn refuse --json --half", 1, "code", "ERR_REFUSED"},
      {"cairn refuse --json --document", 1, "verdict", "does not hold"},
      {"cairn refuse --json --document", 1, "code", NULL},
      {"cairn refuse --json --bare", 1, "remedy", NULL},
      {"cairn refuse --json --bare", 1, "error", "the proof does not check"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct answer a = run(cases[i].line);
    json_t *v = json_loadb((const char *)a.out.at, a.out.len, JSON_REJECT_DUPLICATES, NULL);
    const char *value = json_string_value(json_object_get(v, cases[i].member));
    bool as_wanted = cases[i].value ? value && strcmp(value, cases[i].value) == 0 : value == NULL;
    if (a.status != cases[i].status || v == NULL || !as_wanted || (a.err.len > 0) != (a.status != 0))
      fail_msg("%s: %d\n%s\n%s", cases[i].line, a.status, buf_cstr(&a.out), buf_cstr(&a.err));
    json_decref(v);
    answer_release(&a);
  }
  struct answer help = run("cairn --help --json");
  json_t *v = json_loadb((const char *)help.out.at, help.out.len, 0, NULL);
  assert_non_null(strstr(json_string_value(json_object_get(v, "help")), "usage: cairn COMMAND"));
  json_decref(v);
  answer_release(&help);
}

static void test_values(void **state) {
  (void)state;
  char line[] = "--child a --urgent --child b x --on c y";
  char *argv[ARGS_MAX];
  const struct cmd two = {.words = "w", .operands_max = 2, .opts = convene_opts};
  struct cmd_line l;
  assert_int_equal(cmd_parse(&two, NULL, split(line, argv), argv, &l), OK);
  assert_string_equal(cmd_nth(&l, "child", 0), "a");
  assert_string_equal(cmd_nth(&l, "child", 1), "b");
  assert_null(cmd_nth(&l, "child", 2));
  assert_string_equal(cmd_value(&l, "child"), "b");
  assert_string_equal(cmd_value(&l, "on"), "c");
  assert_null(cmd_value(&l, "home"));
  assert_true(cmd_flag(&l, "urgent"));
  assert_false(cmd_flag(&l, "json"));
  assert_string_equal(cmd_nth(&l, "", 0), "x");
  assert_string_equal(cmd_nth(&l, "", 1), "y");
  assert_null(cmd_nth(&l, "", 2));
  cmd_line_release(&l);
  cmd_line_release(&l);
}

static void test_too_much(void **state) {
  (void)state;
  struct answer a = run("cairn flood");
  assert_int_equal(a.status, 3);
  assert_non_null(strstr(buf_cstr(&a.err), "more to print"));
  answer_release(&a);
}

/* In a process of its own, because the C library keeps what it could not write. */
static void test_full_disk(void **state) {
  (void)state;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    char line[] = "cairn log", *argv[ARGS_MAX];
    int argc = split(line, argv);
    dup2(open("/dev/full", O_WRONLY), 1);
    dup2(open("/dev/null", O_WRONLY), 2);
    _exit(cmd_main(&program, &show_line, argc, argv));
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines),     cmocka_unit_test(test_help),   cmocka_unit_test(test_help_says),
      cmocka_unit_test(test_json),      cmocka_unit_test(test_values), cmocka_unit_test(test_too_much),
      cmocka_unit_test(test_full_disk),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
