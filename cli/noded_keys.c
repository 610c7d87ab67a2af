/* The files of the node's keys. The store decides which key is in force; a file that was prepared for a rotation stands
 * beside the one in force until then. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/noded.h"
#include "core/cert.h"
#include "core/directory.h"
#include "core/recovery.h"

static const char *const files[] = {[NODED_AUTHORITY_KEY] = "authority.key",
                                    [NODED_LEDGER_KEY] = "ledger.key",
                                    [NODED_OPERATING_KEY] = "operating.key",
                                    [NODED_TLS_KEY] = "tls.key"};

struct key **noded_key(struct noded *n, enum noded_part part) {
  struct key **keys[] = {[NODED_AUTHORITY_KEY] = &n->authority,
                         [NODED_LEDGER_KEY] = &n->ledger,
                         [NODED_OPERATING_KEY] = &n->operating,
                         [NODED_TLS_KEY] = &n->tls};
  return keys[part];
}

const char *noded_key_file(enum noded_part part) {
  return files[part];
}

bool noded_is_key_file(const char *name) {
  size_t len = strlen(name);
  bool is = (len > 4 && strcmp(name + len - 4, ".key") == 0) || (len > 8 && strcmp(name + len - 8, ".key.new") == 0);
  return is && name[0] != '.' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len;
}

bool noded_is_key(struct bytes content) {
  return bytes_starts(content, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
}

static const char *prepared_path(struct buf *b, const char *folder, enum noded_part part) {
  buf_clear(b);
  buf_addf(b, "%s/%s.new", folder, files[part]);
  return buf_cstr(b);
}

const char *noded_former_file(struct buf *b, const struct hash *key_id) {
  buf_addf(b, "authority-%.16s.key", hash_hex(key_id).s);
  return buf_cstr(b);
}

static const char *former_path(struct buf *b, const char *folder, const struct hash *key_id) {
  buf_clear(b);
  buf_addf(b, "%s/", folder);
  return noded_former_file(b, key_id);
}

static enum err drop_prepared(const char *folder, enum noded_part part) {
  struct buf path = {0};
  enum err e = OK;
  if (unlink(prepared_path(&path, folder, part)) != 0 && errno != ENOENT)
    e = err_set(ERR_DISK, "\"%s\" could not be removed: %s", buf_cstr(&path), strerror(errno));
  buf_release(&path);
  return e;
}

enum err noded_key_prepare(struct noded *n, const char *folder, enum noded_part part, struct key **out) {
  struct buf path = {0};
  struct key *key = key_new();
  enum err e = drop_prepared(folder, part); /* of an attempt that failed */
  if (e == OK)
    e = key_save(key, prepared_path(&path, folder, part), buf_bytes(&n->passphrase));
  if (e == OK)
    *out = key;
  else
    key_free(key);
  buf_release(&path);
  return e;
}

/* Both names are there for a moment, so that the key is under one of them whatever happens. */
static enum err keep_authority(struct noded *n, const char *folder) {
  struct buf from = {0}, to = {0};
  struct hash id = key_id(n->authority);
  enum err e = OK;
  folder_path(&from, folder, files[NODED_AUTHORITY_KEY]);
  if (link(buf_cstr(&from), former_path(&to, folder, &id)) != 0 && errno != EEXIST)
    e = err_set(ERR_DISK, "\"%s\" could not be made: %s", buf_cstr(&to), strerror(errno));
  buf_release(&from);
  buf_release(&to);
  return e;
}

enum err noded_key_place(struct noded *n, const char *folder, enum noded_part part) {
  struct buf from = {0}, to = {0};
  enum err e = part == NODED_AUTHORITY_KEY ? keep_authority(n, folder) : OK;
  if (e == OK)
    e = folder_finish(prepared_path(&from, folder, part), folder_path(&to, folder, files[part]));
  buf_release(&from);
  buf_release(&to);
  return e;
}

/* ---- which keys should be there ---- */

static enum err find_wanted(struct noded *n, struct hash wanted[NODED_PARTS]) {
  struct directory_log log = {0};
  enum err e = directory_log(n->store, &log);
  if (e == OK) {
    wanted[NODED_LEDGER_KEY] = hash_of(buf_bytes(&log.ledger_key));
    wanted[NODED_OPERATING_KEY] = log.operating_id;
    e = cert_authority_key_id(buf_bytes(&log.authority), &wanted[NODED_AUTHORITY_KEY]);
  }
  if (e == OK)
    e = store_meta_hash(n->store, "tls-key", &wanted[NODED_TLS_KEY]);
  directory_log_release(&log);
  return e;
}

static bool has_id(const struct key *k, const struct hash *wanted) {
  struct hash id = key_id(k);
  return hash_equal(&id, wanted);
}

/* The rotation was interrupted after the store had said so. */
static enum err go_on(struct noded *n, const char *folder, enum noded_part part, const struct hash *wanted) {
  struct buf path = {0};
  struct key *prepared = NULL;
  struct key **in_force = noded_key(n, part);
  enum err e = key_load(prepared_path(&path, folder, part), buf_bytes(&n->passphrase), &prepared);
  if (e == ERR_ABSENT || (e == OK && !has_id(prepared, wanted)))
    e = err_set_remedy(ERR_IO, "look for the file in the backups of the node's folder",
                       "\"%s/%s\" is not the key that this node's ledger and store name", folder, files[part]);
  if (e == OK)
    e = noded_key_place(n, folder, part);
  if (e == OK) {
    key_free(*in_force);
    *in_force = prepared;
    prepared = NULL;
  }
  key_free(prepared);
  buf_release(&path);
  return e;
}

enum err noded_settle(struct noded *n, const char *folder) {
  struct hash wanted[NODED_PARTS];
  enum err e = find_wanted(n, wanted);
  for (enum noded_part part = 0; e == OK && part < NODED_PARTS; part++)
    e = has_id(*noded_key(n, part), &wanted[part]) ? drop_prepared(folder, part)
                                                   : go_on(n, folder, part, &wanted[part]);
  return e;
}

enum err noded_other_keys(struct noded *n, struct buf *names) {
  struct hash wanted[NODED_PARTS];
  enum err e = find_wanted(n, wanted);
  for (enum noded_part part = 0; e == OK && part < NODED_PARTS; part++)
    if (!has_id(*noded_key(n, part), &wanted[part]))
      buf_addf(names, "%s%s", names->len ? ", " : "", files[part]);
  return e;
}

enum err noded_former_key_of(struct noded *n, const char *folder, const struct hash *id, struct key **out) {
  struct buf path = {0};
  enum err e = key_load(former_path(&path, folder, id), buf_bytes(&n->passphrase), out);
  buf_release(&path);
  return e;
}

/* ---- what is shown over TLS ---- */

const char *noded_former_name(struct buf *b, const struct hash *authority) {
  buf_clear(b);
  buf_addf(b, "tls-cert %s", hash_hex(authority).s);
  return buf_cstr(b);
}

struct gathering {
  struct noded *n;
  struct noded_identity *out;
  size_t seen;
  bool has_own; /* the one whose key is here is among them */
};

static enum err count_authority(void *of, const struct authority_row *row) {
  (void)row;
  ++*(size_t *)of;
  return OK;
}

static enum err add_authority(void *of, const struct authority_row *row) {
  struct gathering *g = of;
  struct noded_identity *i = g->out;
  struct buf name = {0};
  struct hash id;
  g->has_own = g->has_own || (cert_authority_key_id(row->cert, &id) == OK && has_id(g->n->authority, &id));
  if (g->seen++ == 0) { /* the one in force */
    buf_add(&i->authority, row->cert);
    return store_meta(g->n->store, NODED_TLS_CERT, &i->certificate);
  }
  struct buf *ca = &i->former_bufs[2 * i->former_count], *certificate = ca + 1;
  buf_add(ca, row->cert);
  enum err e = store_meta(g->n->store, noded_former_name(&name, &row->id), certificate);
  i->former[i->former_count++] = (struct tls_former){buf_bytes(ca), buf_bytes(certificate)};
  buf_release(&name);
  return e == ERR_ABSENT ? OK : e;
}

/* The authority that came after the last one of the log, which is not as far yet. */
static enum err add_ahead(struct gathering *g) {
  struct buf cert = {0};
  if (g->has_own)
    return OK;
  enum err e = noded_authority_ahead(g->n, &cert);
  struct authority_row row = {.cert = buf_bytes(&cert), .id = hash_of(buf_bytes(&cert))};
  if (e == OK)
    e = add_authority(g, &row);
  buf_release(&cert);
  return e == ERR_ABSENT ? OK : e;
}

static enum err check_shown(const struct noded_identity *i) {
  struct hash id = {{0}};
  if (i->certificate.len)
    return OK;
  cert_authority_key_id(buf_bytes(&i->authority), &id);
  char remedy[200];
  snprintf(remedy, sizeof remedy,
           "put authority-%.16s.key into the node's folder, or the tls.key that was in force when the backup was made",
           hash_hex(&id).s);
  return err_set_remedy(ERR_IO, remedy, "the node has no certificate to show, for its keys are newer than its store");
}

enum err noded_identity(struct noded *n, struct noded_identity *out) {
  struct gathering g = {.n = n, .out = out};
  size_t count = 0;
  enum err e = directory_each_authority(n->store, &count, count_authority);
  if (e == OK && count == 0) { /* a node that was lost, and has no log yet */
    e = store_meta(n->store, "authority", &out->authority);
    return e == OK ? store_meta(n->store, NODED_TLS_CERT, &out->certificate) : e;
  }
  if (e != OK)
    return e;
  out->former_bufs = mem_alloc_array(2 * (count + 1), sizeof *out->former_bufs);
  out->former = mem_alloc_array(count + 1, sizeof *out->former);
  e = directory_each_authority(n->store, &g, add_authority);
  if (e == OK && recovery_is_on(n->store))
    e = add_ahead(&g);
  return e == OK ? check_shown(out) : e;
}

void noded_identity_release(struct noded_identity *i) {
  for (size_t k = 0; k < 2 * i->former_count; k++)
    buf_release(&i->former_bufs[k]);
  free(i->former_bufs);
  free(i->former);
  buf_release(&i->authority);
  buf_release(&i->certificate);
  *i = (struct noded_identity){0};
}

enum err noded_identify(struct noded *n) {
  struct noded_identity identity = {0};
  enum err e = OK;
  if (n->server == NULL)
    return OK;
  e = noded_identity(n, &identity);
  struct node_settings settings = {.ca = buf_bytes(&identity.authority),
                                   .certificate = buf_bytes(&identity.certificate),
                                   .key = n->tls,
                                   .former = identity.former,
                                   .former_count = identity.former_count};
  if (e == OK)
    e = node_identify(n->server, &settings);
  noded_identity_release(&identity);
  return e;
}
