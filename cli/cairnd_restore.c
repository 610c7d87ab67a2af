/* restore: a node's folder made of a backup, or of its keys alone. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/noded_recover.h"
#include "core/backup.h"
#include "core/cert.h"
#include "core/directory.h"
#include "core/recovery.h"

#define WAIT_MS 5000
#define YEAR_S ((int64_t)365 * 86400)
#define TLS_YEARS 5

struct restoring {
  struct noded *n;
  const struct cmd_line *line;
  const char *folder; /* under its temporary name */
  const char *file, *keys;
};

static enum err copy_file(const char *from, const char *to) {
  uint8_t block[65536];
  struct stat st;
  ssize_t n = 0;
  enum err e = OK;
  int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK), out = -1;
  if (in < 0)
    return err_set(errno == ENOENT ? ERR_USAGE : ERR_IO, "\"%s\": %s", from, strerror(errno));
  if (fstat(in, &st) != 0 || !S_ISREG(st.st_mode)) {
    close(in);
    return err_set(ERR_USAGE, "\"%s\" is not a file", from);
  }
  out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  while (out >= 0 && e == OK && (n = read(in, block, sizeof block)) > 0)
    for (ssize_t done = 0, one; e == OK && done < n; done += one) {
      one = write(out, block + done, (size_t)(n - done));
      e = one > 0 ? OK : err_set(ERR_DISK, "\"%s\" could not be written: %s", to, strerror(errno));
    }
  if (e == OK && n < 0)
    e = err_set(ERR_IO, "\"%s\" could not be read: %s", from, strerror(errno));
  if (e == OK && (out < 0 || fsync(out) != 0))
    e = err_set(ERR_DISK, "\"%s\" could not be written: %s", to, strerror(errno));
  if (out >= 0)
    close(out);
  close(in);
  return e;
}

static enum err write_file(void *of, struct bytes name, struct bytes content) {
  struct restoring *r = of;
  char *text = bytes_copy_string(name);
  enum err e = noded_is_key_file(text) ? folder_write(r->folder, text, content)
                                       : err_set(ERR_FORM, "the backup has a file \"%s\", which is no key's", text);
  free(text);
  return e;
}

static enum err replace_file(const struct restoring *r, const char *name) {
  struct buf content = {0}, path = {0};
  enum err e = folder_read(r->keys, name, BACKUP_FILE_MAX, &content);
  if (e == OK) {
    unlink(folder_path(&path, r->folder, name));
    e = folder_write(r->folder, name, buf_bytes(&content));
  }
  buf_release(&content);
  buf_release(&path);
  return e;
}

/* The authority's key of the backup is wanted beside a newer one: by it the node shows itself to machines that have not
 * heard of the change. */
static enum err keep_authority(const struct restoring *r) {
  struct directory_log log = {0};
  struct buf was = {0}, now = {0}, kept = {0};
  struct hash id;
  const char *name = noded_key_file(NODED_AUTHORITY_KEY);
  enum err e = r->n->store && store_size(r->n->store) > 0 ? directory_log(r->n->store, &log) : ERR_ABSENT;
  if (e == OK)
    e = cert_authority_key_id(buf_bytes(&log.authority), &id);
  if (e == OK)
    e = folder_read(r->folder, name, BACKUP_FILE_MAX, &was);
  if (e == OK)
    e = folder_read(r->keys, name, BACKUP_FILE_MAX, &now);
  if (e == OK && !bytes_equal(buf_bytes(&was), buf_bytes(&now))) {
    noded_former_file(&kept, &id);
    e = folder_write(r->folder, buf_cstr(&kept), buf_bytes(&was));
  }
  directory_log_release(&log);
  buf_release(&was);
  buf_release(&now);
  buf_release(&kept);
  return e == ERR_ABSENT ? OK : e;
}

/* Those that the administrator keeps elsewhere count, whatever the backup has. */
static enum err take_keys(const struct restoring *r) {
  DIR *d = r->keys ? opendir(r->keys) : NULL;
  struct dirent *entry;
  enum err e = r->keys && d == NULL ? err_set(ERR_IO, "\"%s\": %s", r->keys, strerror(errno)) : OK;
  if (e == OK && d)
    e = keep_authority(r);
  while (e == OK && d && (entry = readdir(d)) != NULL)
    if (noded_is_key_file(entry->d_name))
      e = replace_file(r, entry->d_name);
  if (d)
    closedir(d);
  return e;
}

/* Which of the four is missing, or is no file of a key; shown: where they come from, as it was named. */
static enum err check_keys(const char *folder, const char *shown) {
  enum err e = OK;
  for (enum noded_part part = 0; e == OK && part < NODED_PARTS; part++) {
    struct buf content = {0};
    const char *name = noded_key_file(part);
    e = folder_read(folder, name, BACKUP_FILE_MAX, &content);
    if (e == ERR_ABSENT)
      e = err_set(ERR_USAGE, "there is no \"%s\" in \"%s\"", name, shown);
    else if (e == OK && !noded_is_key(buf_bytes(&content)))
      e = err_set_remedy(ERR_FORM, "take the file from another place where you keep it",
                         "\"%s\" in \"%s\" is no key's file", name, shown);
    buf_release(&content);
  }
  return e;
}

static enum err unpack(struct restoring *r) {
  struct store *s = r->n->store;
  enum err e = backup_each(s, r, write_file);
  if (e == OK)
    e = take_keys(r);
  if (e == OK)
    e = store_begin(s);
  if (e == OK)
    e = backup_clear(s);
  if (e == OK)
    e = recovery_begin(s);
  return e == OK ? store_commit(s) : e;
}

#define OTHER_BACKUP "take another backup, an older one; without any: restore --keys FOLDER, with --mirror or --offer"

/* In place of the words for a store that is in use. What cannot be read of a copy that was just made is damaged. */
static enum err say_damaged(enum err e) {
  char words[512];
  snprintf(words, sizeof words, "%s", err_words(e));
  return e == ERR_REFUSED || e == ERR_IO ? err_set_remedy(ERR_REFUSED, OTHER_BACKUP, "the backup is damaged: %s", words)
                                         : e;
}

/* With the keys from elsewhere, a copy of a node's store does. */
static enum err check_is_backup(const struct restoring *r) {
  struct hash tls;
  enum err e = store_meta_hash(r->n->store, "tls-key", &tls);
  if (e == OK && r->keys == NULL)
    e = backup_check(r->n->store);
  char words[512];
  snprintf(words, sizeof words, "%s", err_words(e));
  if (e == ERR_ABSENT)
    return err_set_remedy(ERR_REFUSED, "name a file that cairnd backup wrote", "\"%s\" is not a node's backup",
                          r->file);
  return e == ERR_FORM
             ? err_set_remedy(e, "give those that you keep elsewhere with --keys, or take another backup", "%s", words)
             : say_damaged(e);
}

static enum err open_backup(struct restoring *r, const char *path) {
  enum err e = store_open(path, WAIT_MS, &r->n->store);
  if (e == ERR_NOT_OURS)
    return err_set_remedy(ERR_REFUSED, "name a file that cairnd backup wrote", "\"%s\" is not a node's backup",
                          r->file);
  return e == OK ? check_is_backup(r) : say_damaged(e);
}

/* Where a passphrase is named the keys are tried. Those that were named beside the backup may be newer than it. */
static enum err try_keys(struct restoring *r, struct out *out) {
  struct buf others = {0};
  if (cmd_value(r->line, "passphrase-file") == NULL && cmd_value(r->line, "passphrase-fd") == NULL)
    return OK;
  enum err e = noded_load_keys(r->n, r->line, r->folder);
  if (e == OK && store_size(r->n->store) > 0)
    e = r->keys ? noded_other_keys(r->n, &others) : noded_settle(r->n, r->folder);
  if (e == OK && others.len)
    out_say(
        out,
        "Not the keys of the backup: %s. They count if they are newer; cairnd rebuild ends when they are those that "
        "the ledger names last.",
        buf_cstr(&others));
  buf_release(&others);
  return e;
}

static enum err restore_backup(struct restoring *r, struct out *out) {
  struct buf path = {0};
  struct recheck_result result = {0};
  enum err e = copy_file(r->file, folder_path(&path, r->folder, NODED_STORE));
  if (e == OK)
    e = open_backup(r, buf_cstr(&path));
  if (e == OK)
    e = say_damaged(noded_check_backup(r->n->store, &result));
  if (e == OK) {
    out_begin(out, NULL);
    out_field(out, "node", noded_folder(r->line));
    noded_print_store(r->n->store, &result, out);
    out_end(out);
    e = unpack(r);
  }
  if (e == OK)
    e = check_keys(r->folder, r->keys ? r->keys : r->file);
  if (e == OK)
    e = try_keys(r, out);
  buf_release(&path);
  return e;
}

/* A node whose log is empty can be reached, so that machines can offer what they hold. */
static enum err make_reachable(struct restoring *r) {
  static const struct hash none;
  struct noded *n = r->n;
  struct buf authority = {0}, cert = {0};
  const char *host = cmd_value(r->line, "host"), *port = cmd_value(r->line, "port");
  const int64_t now_s = noded_now_s();
  uint64_t number = 8443;
  struct hash id = key_id(n->authority), tls = key_id(n->tls);
  enum err e = port && (text_number(bytes_str(port), &number) != OK || number > UINT16_MAX)
                   ? err_set(ERR_USAGE, "not a port: \"%s\"", port)
                   : recovery_find_authority(n->store, &id, &authority);
  if (e == OK)
    e = cert_issue(n->authority, buf_bytes(&authority), n->tls, CERT_NODE_TLS, &none, host, now_s - 3600,
                   now_s + TLS_YEARS * YEAR_S, &cert);
  if (e == OK)
    e = store_begin(n->store);
  if (e == OK)
    e = store_meta_set(n->store, "host", bytes_str(host));
  if (e == OK)
    e = store_meta_set_number(n->store, "port", number);
  if (e == OK)
    e = store_meta_set(n->store, "authority", buf_bytes(&authority));
  if (e == OK)
    e = store_meta_set(n->store, "tls-cert", buf_bytes(&cert));
  if (e == OK)
    e = store_meta_set(n->store, "tls-key", hash_bytes(&tls));
  if (e == OK)
    e = store_meta_set(n->store, "tls-since", bytes_str(text_time_format(now_s).s));
  if (e == OK)
    e = store_commit(n->store);
  buf_release(&authority);
  buf_release(&cert);
  return e;
}

static enum err begin_empty(struct store *s) {
  enum err e = store_begin(s);
  if (e == OK)
    e = recovery_begin(s);
  return e == OK ? store_commit(s) : e;
}

/* No backup: the keys, and what somebody has shown of the ledger. */
static enum err restore_keys(struct restoring *r, struct out *out) {
  struct noded *n = r->n;
  struct buf path = {0};
  const char *mirror = cmd_value(r->line, "mirror"), *offer = cmd_value(r->line, "offer");
  const struct noded_mirror_at at = {mirror, ""};
  enum err e = cmd_value(r->line, "host") && (mirror || offer)
                   ? OK
                   : err_set_remedy(ERR_USAGE,
                                    "no machine can reach the node before it has the authority's certificate, which "
                                    "stands in the ledger: let one write cairn offer",
                                    "without a backup, --host and one of --mirror and --offer are needed");
  if (e == OK)
    e = take_keys(r);
  if (e == OK)
    e = check_keys(r->folder, r->keys);
  if (e == OK)
    e = noded_load_keys(n, r->line, r->folder);
  if (e == OK)
    e = store_create(folder_path(&path, r->folder, NODED_STORE), &n->store);
  if (e == OK)
    e = begin_empty(n->store);
  n->exchange = (struct exchange_node){
      .store = n->store, .operating = n->operating, .ledger = n->ledger, .authority = n->authority};
  if (e == OK && mirror)
    e = noded_stage_mirror(n, r->folder, &at);
  for (size_t i = 0; e == OK && (offer = cmd_nth(r->line, "offer", i)) != NULL; i++)
    e = noded_stage_offer(n, offer);
  if (e == OK)
    e = make_reachable(r);
  if (e == OK) {
    out_begin(out, NULL);
    out_field(out, "node", noded_folder(r->line));
    out_field(out, "host", cmd_value(r->line, "host"));
    out_field_number(out, "port", store_meta_number(n->store, "port"));
    e = noded_print_recovery(n, out);
    out_end(out);
  }
  buf_release(&path);
  return e;
}

static enum err restore(struct restoring *r, struct out *out) {
  char words[512], remedy[512];
  const char *folder = noded_folder(r->line);
  folder_remove_all(r->folder); /* of an attempt that was cut off */
  enum err e = folder_make(r->folder);
  if (e == OK)
    e = r->file ? restore_backup(r, out) : restore_keys(r, out);
  store_close(r->n->store);
  r->n->store = NULL;
  if (e == OK)
    e = folder_finish(r->folder, folder);
  snprintf(words, sizeof words, "%s", err_words(e));
  snprintf(remedy, sizeof remedy, "%s", err_remedy());
  if (e != OK) {
    out_take_back(out);
    folder_remove_all(r->folder);
  }
  return e == OK ? OK : err_set_remedy(e, remedy, "%s", words);
}

/* What stands in a backup, or is said to cairnd rebuild afterwards, would have no effect here. */
static enum err check_restore(const struct restoring *r) {
  static const char *const without_backup[] = {"mirror", "offer", "host", "port"};
  struct stat st;
  if (r->file == NULL)
    return r->keys ? OK : err_set(ERR_USAGE, "name a backup, or the folder of the keys with --keys");
  for (size_t i = 0; i < sizeof without_backup / sizeof *without_backup; i++)
    if (cmd_value(r->line, without_backup[i]))
      return err_set_remedy(ERR_USAGE, "leave it out; mirrors and offers are named to cairnd rebuild afterwards",
                            "--%s is for restoring without a backup", without_backup[i]);
  return stat(r->file, &st) == 0 && S_ISDIR(st.st_mode)
             ? err_set(ERR_USAGE, "\"%s\" is a folder: name the backup in it", r->file)
             : OK;
}

static enum err run_restore(void *program, const struct cmd_line *line, struct out *out) {
  struct restoring r = {.n = program, .line = line, .file = cmd_nth(line, "", 0), .keys = cmd_value(line, "keys")};
  const char *folder = noded_folder(line);
  struct buf temporary = {0};
  enum err e = r.n->server ? err_set(ERR_USAGE, "the node serves") : OK;
  if (e == OK)
    e = check_restore(&r);
  if (e == OK && folder_check(folder) != ERR_ABSENT)
    e = err_set(ERR_USAGE, "\"%s\" is there already; nothing was changed", folder);
  r.folder = folder_beside(&temporary, folder, ".unfinished");
  if (e == OK)
    e = restore(&r, out);
  if (e == OK)
    out_say(
        out,
        "It may be behind what machines hold, so it takes nothing until that is settled: let it serve, let machines "
        "sync, and end it with: cairnd --node %s rebuild",
        folder);
  noded_close(r.n);
  buf_release(&temporary);
  return e;
}

static const struct cmd_opt restore_opts[] = {
    {"keys", CMD_VALUE, "FOLDER", "take the keys' files from there: alone, or in place of those of the backup"},
    {"mirror", CMD_VALUE, "URL", "without a backup: a mirror of the published ledger"},
    {"offer", CMD_LIST, "FILE", "without a backup: what a machine wrote with cairn offer; may be repeated"},
    {"host", CMD_VALUE, "HOST", "without a backup: as for init"},
    {"port", CMD_VALUE, "PORT", "without a backup: where the machines know the node (default 8443)"},
    {0},
};

const struct cmd noded_restore_commands[] = {
    {"restore", "[FILE]", 0, 1, restore_opts, "make a node's folder of a backup, or of its keys alone",
     "The folder (--node) must not be there. The node takes and signs nothing before cairnd rebuild has been done.\n"
     "Without a backup the keys are needed, and what somebody holds of the ledger: --mirror and --offer take whole\n"
     "paths. After the node was lost:\n"
     "  cairnd --node NEW-FOLDER restore BACKUP\n"
     "  cairnd --node NEW-FOLDER serve\n"
     "  cairnd --node NEW-FOLDER rebuild --status    again and again, while the agencies' machines sync",
     run_restore},
    {0},
};
