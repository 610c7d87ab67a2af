/* backup: a node in one file. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/noded_recover.h"
#include "core/backup.h"

#define WAIT_MS 5000
#define COPY "copy-store"

/* ---- what is checked, and how it is told ---- */

#define TOLD_MAX 3 /* findings that are told by name */

struct looking {
  bool is_strict; /* what does not touch the ledger counts, too */
  uint64_t grave;
  char words[400];
};

static bool is_grave(const struct looking *l, enum recheck_about about) {
  return about != RECHECK_LOST &&
         (l->is_strict || (about != RECHECK_VIEW && about != RECHECK_CONTENT && about != RECHECK_FEED));
}

static void on_finding(void *of, const struct recheck_finding *f) {
  struct looking *l = of;
  size_t len = strlen(l->words);
  char number[32] = "";
  if (!is_grave(l, f->about) || l->grave++ >= (l->is_strict ? TOLD_MAX : 1))
    return;
  if (f->number && f->number < STORE_PENDING)
    snprintf(number, sizeof number, " of entry %" PRIu64, f->number);
  snprintf(l->words + len, sizeof l->words - len, "%s%s%s: %s", len ? "; " : "", recheck_word(f->about), number,
           f->words);
}

static enum err check_store(struct store *s, bool is_strict, struct recheck_result *out) {
  struct looking l = {.is_strict = is_strict};
  struct buf note = {0};
  struct hash root;
  uint64_t size = 0;
  enum err e = recheck_all(&(struct recheck){s, &l, on_finding, NULL}, out);
  if (e == OK && l.grave)
    e = err_set_remedy(ERR_REFUSED, "cairnd verify says what is wrong with the store that it was made of", "%s%s",
                       l.words, l.grave > TOLD_MAX ? "; and more" : "");
  if (e == OK)
    e = store_checkpoint_newest(s, &size, &root, &note);
  if (e == OK && out->rebuilt != size)
    e = err_set(ERR_REFUSED, "the root of its newest checkpoint does not come out of its entries");
  buf_release(&note);
  return e;
}

enum err noded_check_store(struct store *s, struct recheck_result *out) {
  return check_store(s, false, out);
}

enum err noded_check_backup(struct store *s, struct recheck_result *out) {
  return check_store(s, true, out);
}

void noded_print_store(struct store *s, const struct recheck_result *r, struct out *out) {
  struct buf note = {0};
  struct hash root = {{0}};
  uint64_t size = 0;
  store_checkpoint_newest(s, &size, &root, &note);
  out_field_number(out, "entries", r->entries);
  out_field_number(out, "contents", r->contents);
  out_field_number(out, "key-files", backup_count(s));
  out_field_number(out, "checkpoint-size", size);
  out_field(out, "checkpoint-root", hash_hex(&root).s);
  out_field_number(out, "findings", r->findings);
  buf_release(&note);
}

/* ---- the copy, made by whoever has the store ---- */

static enum err put_file(struct store *copy, const char *folder, const char *name) {
  struct buf content = {0};
  enum err e = folder_read(folder, name, BACKUP_FILE_MAX, &content);
  if (e == OK)
    e = backup_put(copy, name, buf_bytes(&content));
  buf_release(&content);
  return e;
}

static enum err put_files(struct store *copy, const char *folder) {
  DIR *d = opendir(folder);
  struct dirent *entry;
  enum err e = d ? store_begin(copy) : err_set(ERR_IO, "\"%s\": %s", folder, strerror(errno));
  while (e == OK && (entry = readdir(d)) != NULL)
    if (noded_is_key_file(entry->d_name))
      e = put_file(copy, folder, entry->d_name);
  if (d)
    closedir(d);
  if (e == OK)
    e = backup_seal(copy);
  return e == OK ? store_commit(copy) : e;
}

/* Made here, so that it is written to no place that somebody's link names, and read by nobody else. */
static enum err make_empty(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0)
    close(fd);
  else if (errno == EEXIST)
    return err_set(ERR_USAGE, "\"%s\" is there already; nothing was changed", path);
  return fd >= 0 ? OK : err_set(ERR_IO, "\"%s\" could not be made: %s", path, strerror(errno));
}

static enum err copy_into(struct noded *n, const char *path) {
  struct store *copy = NULL;
  enum err e = make_empty(path);
  if (e == OK)
    e = backup_copy(n->store, path);
  if (e == OK)
    e = store_open(path, 0, &copy);
  if (e == OK)
    e = put_files(copy, n->folder);
  store_close(copy);
  return e;
}

static enum err copy_store(struct noded *n, const struct cmd_line *line, struct out *out) {
  const char *path = cmd_nth(line, "", 0);
  (void)out;
  if (path[0] != '/')
    return err_set_remedy(ERR_USAGE, "cairnd backup does it all", "\"%s\" is not a whole path", path);
  return copy_into(n, path);
}

static enum err run_copy_store(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_STORE_ONLY, copy_store);
}

/* ---- backup ---- */

struct backing {
  struct noded *n;
  const struct cmd_line *line;
  struct buf path, unfinished; /* whole paths */
};

/* A name in a folder that is there, or the file itself. */
static enum err find_path(struct backing *b, const char *given) {
  struct stat st;
  char *real = NULL, *above = mem_copy_string(given), *slash;
  bool is_folder = stat(given, &st) == 0 && S_ISDIR(st.st_mode);
  enum err e = OK;
  if (!is_folder && (slash = strrchr(above, '/')) != NULL)
    slash[slash == above] = '\0';
  else if (!is_folder)
    snprintf(above, strlen(above) + 1, "%s", strlen(above) ? "." : "");
  real = realpath(above, NULL);
  if (real == NULL || given[0] == '\0')
    e = err_set(ERR_IO, "\"%s\": %s", above, strerror(errno));
  const char *name = strrchr(given, '/') ? strrchr(given, '/') + 1 : given;
  struct text_time now = text_time_format(noded_now_s());
  for (char *c = now.s; *c; c++)
    if (*c == ':')
      *c = '-';
  if (e == OK && is_folder)
    buf_addf(&b->path, "%s/" NODED_BACKUP_NAME "%s.backup", real, now.s);
  else if (e == OK)
    buf_addf(&b->path, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name);
  buf_addf(&b->unfinished, "%s.unfinished", buf_cstr(&b->path));
  free(real);
  free(above);
  return e;
}

/* The serving node, which has the store, is held up for the copy alone. */
static enum err make_copy(struct backing *b) {
  struct noded *n = b->n;
  char *words[] = {(char *)"cairnd", (char *)"--node", (char *)noded_folder(b->line), (char *)COPY,
                   (char *)buf_cstr(&b->unfinished)};
  struct out said;
  int argc = n->argc;
  char **argv = n->argv;
  enum err e = OK;
  noded_remove_unfinished(buf_cstr(&b->unfinished)); /* of an attempt that was cut off */
  out_init(&said, OUT_TEXT);
  n->argc = sizeof words / sizeof *words;
  n->argv = words;
  bool is_done = noded_relay(n, b->line, &said, &e);
  n->argc = argc;
  n->argv = argv;
  out_release(&said);
  if (is_done && e == OK && n->status != 0)
    e = err_set(ERR_DISK, "the serving node could not copy its store; nothing was written");
  n->status = 0;
  if (is_done || e != OK)
    return e;
  e = noded_open(n, b->line, NODED_STORE_ONLY);
  if (e == OK)
    e = copy_into(n, buf_cstr(&b->unfinished));
  noded_close(n);
  return e;
}

static enum err note_key(void *of, struct bytes name, struct bytes content) {
  bool *has = of;
  for (enum noded_part part = 0; part < NODED_PARTS; part++)
    has[part] = has[part] || (bytes_equal_str(name, noded_key_file(part)) && noded_is_key(content));
  return OK;
}

/* The files of keys that it should have and has not, by name. */
static enum err find_lacking(struct store *copy, struct buf *out) {
  bool has[NODED_PARTS] = {false};
  enum err e = backup_each(copy, has, note_key);
  for (enum noded_part part = 0; part < NODED_PARTS; part++)
    if (!has[part])
      buf_addf(out, "%s%s", out->len ? ", " : "", noded_key_file(part));
  return e;
}

static enum err print_backup(struct backing *b, struct store *copy, const struct recheck_result *r, struct out *out) {
  struct stat st = {0};
  struct buf lacking = {0};
  stat(buf_cstr(&b->unfinished), &st);
  enum err e = find_lacking(copy, &lacking);
  out_begin(out, NULL);
  out_field(out, "backup", buf_cstr(&b->path));
  out_field_number(out, "bytes", (uint64_t)st.st_size);
  noded_print_store(copy, r, out);
  out_field_bytes(out, "lacks", buf_bytes(&lacking));
  out_end(out);
  out_say(out, "Opened again, and checked: its entries give the root of its newest checkpoint.");
  out_say(out,
          "It holds the record in clear, and what is erased after today: keep it as closely as the node, and delete "
          "it by a date that you set.");
  if (r->findings)
    out_say(out, "There are findings that do not touch the ledger, and restore may refuse this backup for them: cairnd "
                 "verify lists them. Keep the backups of before.");
  if (lacking.len) {
    out_say(out, "It lacks %s, without which nothing can be restored of it alone: put it back into the node's folder.",
            buf_cstr(&lacking));
    b->n->status = 1;
  }
  buf_release(&lacking);
  return e;
}

static enum err backup(struct backing *b, struct out *out) {
  struct store *copy = NULL;
  struct recheck_result result = {0};
  enum err e = make_copy(b);
  if (e == OK)
    e = store_open(buf_cstr(&b->unfinished), WAIT_MS, &copy);
  if (e == OK)
    e = noded_check_store(copy, &result);
  if (e == OK)
    e = print_backup(b, copy, &result, out);
  store_close(copy);
  if (e == OK && access(buf_cstr(&b->path), F_OK) == 0)
    e = err_set(ERR_USAGE, "\"%s\" is there already; nothing was changed", buf_cstr(&b->path));
  if (e == OK)
    e = folder_finish(buf_cstr(&b->unfinished), buf_cstr(&b->path));
  return e;
}

static void say_left(struct noded_left *l, struct out *out) {
  if (l->removed)
    out_say(out, "Removed: %" PRIu64 " copies of the node that earlier backups had not finished.", l->removed);
  if (l->others.len)
    out_say(
        out,
        "These look like copies that a backup did not finish, and hold the record in clear if they are; delete them: "
        "%s",
        buf_cstr(&l->others));
}

static enum err run_backup(void *program, const struct cmd_line *line, struct out *out) {
  struct backing b = {.n = program, .line = line};
  struct noded_left left = {.lock = -1};
  char words[512], remedy[512];
  enum err e = b.n->server ? err_set(ERR_USAGE, "the serving node does not back itself up") : OK;
  if (e == OK)
    e = find_path(&b, cmd_nth(line, "", 0));
  if (e == OK && access(buf_cstr(&b.path), F_OK) == 0)
    e = err_set(ERR_USAGE, "\"%s\" is there already; nothing was changed", buf_cstr(&b.path));
  else if (e == OK && (e = noded_find_left(buf_cstr(&b.unfinished), &left)) == OK) {
    e = backup(&b, out);
    if (e == OK)
      say_left(&left, out);
    snprintf(words, sizeof words, "%s", err_words(e));
    snprintf(remedy, sizeof remedy, "%s", err_remedy());
    if (e != OK) {
      out_take_back(out);
      noded_remove_unfinished(buf_cstr(&b.unfinished));
    }
    e = e == OK ? OK : err_set_remedy(e, remedy, "%s", words);
  }
  buf_release(&b.path);
  buf_release(&b.unfinished);
  noded_left_release(&left);
  return e;
}

const struct cmd noded_backup_commands[] = {
    {"backup", "FILE", 1, 1, NULL, "write the whole node into one file, also while it serves, and check it",
     "FILE must not be there; in a folder, a file named by the time is made. It has the store and the files of the\n"
     "keys, which stay encrypted; the published ledger is not in it, since it is made again. All else is in clear,\n"
     "and what is erased later stays in it: keep it as closely as the node, and delete old ones by a date.",
     run_backup},
    {"copy-store", "FILE", 1, 1, NULL, "what backup has the serving node do: copy its store, without checking it", NULL,
     run_copy_store},
    {0},
};
