/* What the administrator does about the published ledger: mirrors, and who may sign its commits. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/mirror.h"
#include "audit/signers.h"
#include "audit/url.h"
#include "cli/noded_mirror.h"
#include "cli/signers_out.h"
#include "core/directory.h"

/* ---- mirror add, mirror remove ---- */

/* The serving node has another working folder. What anybody on the way could put in the place of a mirror is none. */
static enum err check_url(const char *url) {
  static const char *const schemes[] = {"/", "https://", "ssh://", "file:///"};
  enum err e = url_check(url);
  for (size_t i = 0; e == OK && i < sizeof schemes / sizeof *schemes; i++)
    if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
      return OK;
  if (e == OK && url_is_open(url))
    e = err_set_remedy(ERR_USAGE, "give it as https:// or ssh://",
                       "nothing says who answers at \"%s\", and anybody on the way can change what it says", url);
  return e != OK
             ? e
             : err_set_remedy(ERR_USAGE, "give the whole path, from / on, or https://HOST/PATH or ssh://USER@HOST/PATH",
                              "\"%s\" is neither a whole path nor an https:// or ssh:// URL", url);
}

/* The same. Whether the other end takes what is in it is seen when it is needed. */
static enum err check_credentials(const char *file) {
  struct stat st;
  char remedy[512];
  if (file == NULL)
    return OK;
  if (file[0] != '/')
    return err_set_remedy(ERR_USAGE, "give the whole path, from / on", "--credentials: \"%s\" is no whole path", file);
  if (stat(file, &st) != 0)
    return err_set(errno == ENOENT ? ERR_USAGE : ERR_IO, "--credentials: \"%s\": %s", file, strerror(errno));
  if (!S_ISREG(st.st_mode))
    return err_set(ERR_USAGE, "--credentials: \"%s\" is not a file", file);
  snprintf(remedy, sizeof remedy, "chmod 600 %s", file);
  return st.st_mode & 077 ? err_set_remedy(ERR_IO, remedy, "--credentials: others may read \"%s\"", file) : OK;
}

static enum err add_mirror(struct noded *n, const struct cmd_line *line, struct out *out) {
  const char *url = cmd_nth(line, "", 0);
  struct buf shown = {0};
  const char *credentials = cmd_value(line, "credentials");
  enum err e = check_url(url);
  if (e == OK)
    e = check_credentials(credentials);
  if (e == OK)
    e = mirror_add(n->store, url, credentials ? credentials : "");
  if (e == OK) {
    url_show(&shown, url);
    out_begin(out, NULL);
    out_field(out, "mirror", buf_cstr(&shown));
    out_end(out);
    out_say(out, "The node pushes to it when it serves: cairnd mirror list");
  }
  buf_release(&shown);
  return e;
}

static enum err run_add(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_STORE_ONLY, add_mirror);
}

/* The one that was meant: by its URL, or by what of it is shown. */
static enum err find_mirror(struct noded *n, const char *typed, char out[MIRROR_URL_MAX + 1]) {
  struct mirror all[MIRRORS_MAX];
  size_t count = 0, found = 0;
  enum err e = mirror_list(n->store, all, &count);
  for (size_t i = 0; i < count; i++) {
    struct buf shown = {0};
    url_show(&shown, all[i].url);
    if (strcmp(all[i].url, typed) == 0 || strcmp(buf_cstr(&shown), typed) == 0) {
      snprintf(out, MIRROR_URL_MAX + 1, "%.*s", MIRROR_URL_MAX, all[i].url);
      found++;
    }
    buf_release(&shown);
  }
  if (e == OK && found == 0)
    e = err_set_remedy(ERR_ABSENT, "cairnd mirror list shows them", "\"%s\" is no mirror", typed);
  if (e == OK && found > 1)
    e = err_set_remedy(ERR_AMBIGUOUS, "give the whole URL", "\"%s\" is more than one mirror", typed);
  return e;
}

static enum err remove_mirror(struct noded *n, const struct cmd_line *line, struct out *out) {
  char url[MIRROR_URL_MAX + 1];
  enum err e = find_mirror(n, cmd_nth(line, "", 0), url);
  if (e == OK)
    e = mirror_remove(n->store, url);
  if (e == OK) {
    out_begin(out, NULL);
    out_field(out, "mirror", cmd_nth(line, "", 0));
    out_end(out);
    out_say(out, "It is not pushed to any more, and keeps what it has.");
  }
  return e;
}

static enum err run_remove(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_STORE_ONLY, remove_mirror);
}

/* ---- mirror list ---- */

static void print_mirror(const struct mirror *m, struct out *out) {
  struct buf shown = {0};
  url_show(&shown, m->url);
  out_begin(out, NULL);
  out_field(out, "mirror", buf_cstr(&shown));
  out_field(out, "state", mirror_state_word(m->state));
  out_field_number(out, "size", m->size);
  out_field(out, "tried", m->at_s ? text_time_format(m->at_s).s : "");
  out_field(out, "says", m->state == MIRROR_UNREACHABLE && m->words[0] ? m->words : mirror_state_says(m->state));
  out_end(out);
  buf_release(&shown);
}

enum err noded_mirrors_print(struct noded *n, const char *key, struct out *out) {
  struct mirror all[MIRRORS_MAX];
  size_t count = 0;
  enum err e = mirror_list(n->store, all, &count);
  out_table_begin(out, key, "There are no mirrors.");
  for (size_t i = 0; i < count; i++)
    print_mirror(&all[i], out);
  out_table_end(out);
  return e;
}

static enum err list_mirrors(struct noded *n, const struct cmd_line *line, struct out *out) {
  (void)line;
  return noded_mirrors_print(n, NULL, out);
}

static enum err run_list(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_STORE_ONLY, list_mirrors);
}

/* ---- mirror push ---- */

static enum err read_url(const char *given, struct buf *url) {
  uint8_t *room;
  ssize_t n;
  if (strcmp(given, "-") != 0) {
    buf_add_str(url, given);
    return OK;
  }
  buf_init(url, MIRROR_URL_MAX + 1);
  while ((room = buf_extend(url, 1)) != NULL && (n = read(0, room, 1)) != 0)
    if (n < 0)
      return err_set(ERR_IO, "cannot read the URL: %s", strerror(errno));
  if (room == NULL)
    return err_set(ERR_LIMIT, "a URL has at most %d bytes", MIRROR_URL_MAX);
  url->len--;
  return OK;
}

/* Needs neither the store nor a key, and so goes on beside a serving node. */
static enum err run_push(void *program, const struct cmd_line *line, struct out *out) {
  const char *folder = noded_folder(line);
  struct buf url = {0}, path = {0}, words = {0}, shown = {0};
  (void)program;
  enum err e = read_url(cmd_nth(line, "", 0), &url);
  if (e == OK)
    e = check_url(buf_cstr(&url));
  if (e == OK)
    e = folder_check(folder);
  if (e != OK)
    goto out;
  url_show(&shown, buf_cstr(&url));
  switch (
      mirror_push(folder_path(&path, folder, NODED_LEDGER), buf_cstr(&url), cmd_value(line, "credentials"), &words)) {
  case MIRROR_PUSHED:
    out_begin(out, NULL);
    out_field(out, "mirror", buf_cstr(&shown));
    out_field(out, "state", mirror_state_word(MIRROR_SAME));
    out_end(out);
    break;
  case MIRROR_DIVERGED:
    e = err_set_remedy(ERR_CONFLICT, "compare the two: cairn-audit verify --mirror URL", "%s", buf_cstr(&words));
    break;
  case MIRROR_FAILED: e = err_set(ERR_NETWORK, "%s", buf_cstr(&words)); break;
  }
out:
  buf_release(&url);
  buf_release(&path);
  buf_release(&words);
  buf_release(&shown);
  return e;
}

/* ---- allowed-signers ---- */

struct signing {
  struct buf origin, lines;
};

static enum err add_line(void *of, const struct ledger_key_row *row) {
  struct signing *s = of;
  struct key *key = NULL;
  enum err e = key_from_spki(row->spki, &key);
  if (e == OK) {
    struct signers_line line = {buf_cstr(&s->origin), key_point(key), row->from.s, row->until.s};
    signers_format(&s->lines, &line);
  }
  key_free(key);
  return e;
}

static enum err print_signers(struct noded *n, const struct cmd_line *line, struct out *out) {
  struct directory_log log = {0};
  struct signing s = {0};
  (void)line;
  enum err e = directory_log(n->store, &log);
  buf_add(&s.origin, buf_bytes(&log.origin));
  if (e == OK)
    e = directory_each_ledger_key(n->store, &s, add_line);
  if (e == OK)
    signers_out(out, buf_bytes(&s.lines));
  buf_release(&s.origin);
  buf_release(&s.lines);
  directory_log_release(&log);
  return e;
}

static enum err run_signers(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_STORE_ONLY, print_signers);
}

static const struct cmd_opt mirror_opts[] = {
    {"credentials", CMD_VALUE, "FILE", "a whole path: USER:PASSWORD for https://, in a file that only you can read"},
    {0}};

const struct cmd noded_publish_commands[] = {
    {"mirror add", "URL", 1, 1, mirror_opts, "push the published ledger to another bare repository, too",
     "URL is a whole path on this machine, https://HOST/PATH, or ssh://USER@HOST/PATH (with the keys of the\n"
     "ssh-agent of whoever serves). The repository must be there, and be empty (git init --bare makes one) or\n"
     "hold this ledger. No password stands in the URL.",
     run_add},
    {"mirror list", "", 0, 0, NULL, "the mirrors, and what came of them last", NULL, run_list},
    {"mirror remove", "URL", 1, 1, NULL, "do not push there any more", NULL, run_remove},
    {"mirror push", "URL", 1, 1, mirror_opts, "push the published ledger there once, now",
     "Never by force: ends with 1 if what is there is not part of the ledger's history, with 3 if it cannot be\n"
     "reached. - reads the URL from standard input.",
     run_push},
    {"allowed-signers", "", 0, 0, NULL, "the keys that sign the ledger's commits, for stock git verify-commit",
     "Write it to a file, and: git -c gpg.ssh.allowedSignersFile=FILE verify-commit main", run_signers},
    {0},
};
