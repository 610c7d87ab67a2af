#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/home.h"
#include "core/directory.h"
#include "core/note.h"
#include "sync/evidence.h"

#define EVIDENCE_MAX ((size_t)16 << 20)
#define PREFIX "evidence-"
#define KEYS_MAX 8

enum err home_keep_evidence(const struct cmd_line *line, struct bytes evidence, char name_out[HOME_FILE_SIZE]) {
  struct buf folder = {0}, there = {0};
  struct hash id = hash_of(evidence);
  snprintf(name_out, HOME_FILE_SIZE, PREFIX "%.16s.txt", hash_hex(&id).s);
  const char *name = home_folder(line, &folder);
  enum err e = folder_read(name, name_out, evidence.len, &there);
  if (e != OK || !bytes_equal(buf_bytes(&there), evidence))
    e = folder_write(name, name_out, evidence);
  buf_release(&folder);
  buf_release(&there);
  return e;
}

/* ---- what is there ---- */

static int is_evidence(const struct dirent *d) {
  size_t n = strlen(d->d_name);
  return strncmp(d->d_name, PREFIX, strlen(PREFIX)) == 0 && n > 4 && strcmp(d->d_name + n - 4, ".txt") == 0;
}

static struct text_time when_kept(const char *folder, const char *name) {
  struct buf path = {0};
  struct stat st;
  struct text_time t = {""};
  if (stat(folder_path(&path, folder, name), &st) == 0)
    t = text_time_format((int64_t)st.st_mtime);
  buf_release(&path);
  return t;
}

static void print_one(const char *folder, const char *name, struct out *out) {
  struct buf text = {0};
  struct evidence_text e = {0};
  bool is_good = folder_read(folder, name, EVIDENCE_MAX, &text) == OK && evidence_read(buf_bytes(&text), &e) == OK;
  out_begin(out, NULL);
  out_field(out, "file", name);
  out_field(out, "kept", when_kept(folder, name).s);
  if (is_good && e.entry)
    out_field_number(out, "entry", e.entry);
  else
    out_field(out, "entry", NULL);
  if (is_good)
    out_field_bytes(out, "what", e.what);
  else
    out_field(out, "what", "this file is damaged");
  out_end(out);
  evidence_text_release(&e);
  buf_release(&text);
}

static enum err run_list(void *program, const struct cmd_line *line, struct out *out) {
  struct buf folder = {0};
  struct dirent **files = NULL;
  const char *name = home_folder(line, &folder);
  enum err e = home_check_folder(name);
  int count = e == OK ? scandir(name, &files, is_evidence, alphasort) : 0;
  (void)program;
  if (count < 0)
    e = err_set(ERR_IO, "the folder \"%s\" could not be read: %s", name, strerror(errno));
  if (e == OK) {
    out_table_begin(out, NULL, "No evidence was kept: whatever the node has sent was in order.");
    for (int i = 0; i < count; i++)
      print_one(name, files[i]->d_name, out);
    out_table_end(out);
  }
  for (int i = 0; i < count; i++)
    free(files[i]);
  free(files);
  buf_release(&folder);
  return e;
}

/* ---- one of them ---- */

/* In the replica's folder under its name, or anywhere. */
static enum err read_evidence(const struct cmd_line *line, struct buf *text, struct evidence_text *out) {
  struct buf folder = {0};
  const char *file = cmd_nth(line, "", 0);
  enum err e = folder_read(".", file, EVIDENCE_MAX, text);
  if (e == ERR_ABSENT && strchr(file, '/') == NULL)
    e = folder_read(home_folder(line, &folder), file, EVIDENCE_MAX, text);
  if (e == ERR_ABSENT)
    e = err_set_remedy(ERR_USAGE, "cairn evidence lists what was kept on this machine", "there is no file \"%s\"",
                       file);
  buf_release(&folder);
  return e == OK ? evidence_read(buf_bytes(text), out) : e;
}

static void print_checkpoint(struct bytes note, const char *key, struct out *out) {
  struct checkpoint c;
  struct bytes text;
  if (note_text(note, &text) != OK || checkpoint_parse(text, &c) != OK)
    return;
  out_begin(out, key);
  out_field_number(out, "size", c.size);
  out_field(out, "time", c.time.s);
  out_field(out, "short-form", checkpoint_short(&c).s);
  out_end(out);
}

static void print_evidence(const struct evidence_text *e, struct out *out) {
  out_field_bytes(out, "what", e->what);
  if (e->entry)
    out_field_number(out, "entry", e->entry);
  print_checkpoint(e->before, "verified-before", out);
  print_checkpoint(e->checkpoint, "came", out);
  if (e->witness.len) {
    struct hash id = hash_of(buf_bytes(&e->witness));
    out_field(out, "witness", hash_hex(&id).s);
  }
}

static void print_leaves(const struct evidence_text *e, struct out *out) {
  for (size_t i = 0; i < e->acts.len / sizeof(struct bytes); i++) {
    struct bytes leaf;
    char name[32];
    memcpy(&leaf, e->acts.at + i * sizeof leaf, sizeof leaf);
    snprintf(name, sizeof name, "leaf-%zu", i + 1);
    out_field_bytes(out, name, leaf);
  }
}

static enum err run_show(void *program, const struct cmd_line *line, struct out *out) {
  struct buf text = {0};
  struct evidence_text e = {0};
  (void)program;
  enum err err = read_evidence(line, &text, &e);
  if (err == OK) {
    out_begin(out, NULL);
    print_evidence(&e, out);
    print_leaves(&e, out);
    out_end(out);
  }
  evidence_text_release(&e);
  buf_release(&text);
  return err;
}

/* ---- checking ---- */

static enum err judge(struct home *h, const struct cmd_line *line, const struct note_vkey *keys, size_t count,
                      struct out *out) {
  static const char *const outcomes[] = {
      [EVIDENCE_PROVES] = "proves it", [EVIDENCE_ASKS] = "does not show it alone", [EVIDENCE_FAILS] = "proves nothing"};
  static const int status[] = {[EVIDENCE_PROVES] = 0, [EVIDENCE_ASKS] = 3, [EVIDENCE_FAILS] = 1};
  struct buf text = {0}, words = {0};
  struct evidence_text e = {0};
  enum err err = read_evidence(line, &text, &e);
  if (err == OK) {
    enum evidence_outcome outcome = evidence_check(&e, keys, count, &words);
    out_begin(out, NULL);
    print_evidence(&e, out);
    out_field(out, "verdict", outcomes[outcome]);
    out_field_bytes(out, "why", buf_bytes(&words));
    out_end(out);
    h->status = status[outcome];
  }
  evidence_text_release(&e);
  buf_release(&text);
  buf_release(&words);
  return err;
}

/* With the keys of this replica's ledger: the one that signed each of the checkpoints. */
static enum err check_here(struct home *h, const struct cmd_line *line, struct out *out) {
  struct note_vkey keys[2];
  struct buf text = {0};
  struct evidence_text e = {0};
  struct bytes notes[2], body;
  struct checkpoint c;
  enum err err = read_evidence(line, &text, &e);
  notes[0] = e.checkpoint;
  notes[1] = e.is_of_notes ? e.before : e.checkpoint;
  for (size_t i = 0; err == OK && i < 2; i++) {
    uint64_t size = note_text(notes[i], &body) == OK && checkpoint_parse(body, &c) == OK ? c.size : 0;
    err = directory_vkey(h->store, size, &keys[i]);
  }
  evidence_text_release(&e);
  buf_release(&text);
  return err == OK ? judge(h, line, keys, 2, out) : err;
}

/* Where no replica is, the key must be brought: nobody need join to look at a file. */
static enum err check_without_key(struct home *h, const struct cmd_line *line, struct out *out) {
  struct buf folder = {0}, path = {0};
  const bool is_here = access(folder_path(&path, home_folder(line, &folder), HOME_STORE), F_OK) == 0;
  buf_release(&folder);
  buf_release(&path);
  return is_here ? home_look(h, line, out, check_here)
                 : err_set_remedy(ERR_USAGE, "--key VKEY: the ledger's verifier key, as its administrator told it",
                                  "the ledger's key is needed, and there is no replica here that knows it");
}

static enum err run_check(void *program, const struct cmd_line *line, struct out *out) {
  struct note_vkey keys[KEYS_MAX];
  size_t count = 0;
  for (const char *brought; (brought = cmd_nth(line, "key", count)) != NULL; count++) {
    if (count == KEYS_MAX)
      return err_set(ERR_USAGE, "--key: at most %d keys", KEYS_MAX);
    if (note_vkey_parse(bytes_str(brought), &keys[count]) != OK)
      return err_set(ERR_USAGE, "--key: %s", err_words(ERR_FORM));
  }
  return count ? judge(program, line, keys, count, out) : check_without_key(program, line, out);
}

static const struct cmd_opt check_opts[] = {
    {"key", CMD_LIST, "VKEY",
     "the ledger's verifier key, NAME+HASH+BASE64, as you were told it; repeated where it was changed in between"},
    {0}};

const struct cmd home_evidence_commands[] = {
    {"evidence", "", 0, 0, NULL, "what this replica has kept as proof of what the node must not do", NULL, run_list},
    {"evidence show", "FILE", 1, 1, NULL, "what one of them says", NULL, run_show},
    {"evidence check", "FILE", 1, 1, check_opts, "does it prove what it says?",
     "Anybody can check it who has the ledger's key: --key; without it the key is that of the replica here. Ends with\n"
     "0 it does, 1 it proves nothing, 3 only the whole ledger can tell: it says what is shown, and what is not.",
     run_check},
    {0},
};
