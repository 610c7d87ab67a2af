/* What the node shows itself with over TLS: a certificate of its key from each authority that some machine may trust,
 * as far as the authority's own key is here. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/noded.h"
#include "core/cert.h"
#include "core/directory.h"
#include "core/recovery.h"

#define YEAR_S ((int64_t)365 * 86400)
#define TLS_YEARS 5
#define AHEAD_YEARS 20
#define AHEAD "authority-ahead" /* in the store */

enum err noded_certify_by(struct noded *n, const struct noded_authority *by, const struct key *tls, const char *name,
                          int64_t now_s) {
  static const struct hash none;
  struct buf cert = {0};
  enum err e = cert_issue(by->key, by->cert, tls, CERT_NODE_TLS, &none, buf_cstr(&n->host), now_s - 3600,
                          now_s + TLS_YEARS * YEAR_S, &cert);
  if (e == OK)
    e = store_meta_set(n->store, name, buf_bytes(&cert));
  buf_release(&cert);
  return e;
}

struct certifying {
  struct noded *n;
  const char *folder;
  const struct key *tls;
  struct hash authority; /* the id of the key that is in authority.key */
  bool is_new;           /* another TLS key than the one so far */
  bool has_seen;
  int64_t now_s;
};

/* Of an authority whose key was taken away: what it has issued for this key is shown as long as there is no other. */
static enum err keep_if_it_fits(const struct certifying *c, const char *name) {
  return c->is_new ? store_meta_set(c->n->store, name, bytes_str("")) : OK;
}

static enum err certify_one(struct certifying *c, struct bytes authority, const char *name) {
  struct noded *n = c->n;
  struct key *former = NULL;
  struct hash id;
  enum err e = cert_authority_key_id(authority, &id);
  bool is_here = e == OK && hash_equal(&id, &c->authority);
  c->has_seen = c->has_seen || is_here;
  if (e == OK && !is_here)
    e = noded_former_key_of(n, c->folder, &id, &former);
  if (e == ERR_ABSENT)
    return keep_if_it_fits(c, name);
  const struct noded_authority by = {is_here ? n->authority : former, authority};
  if (e == OK)
    e = noded_certify_by(n, &by, c->tls, name, c->now_s);
  key_free(former);
  return e;
}

static enum err certify_row(void *of, const struct authority_row *row) {
  struct buf name = {0};
  enum err e = certify_one(of, row->cert, row->until.len ? noded_former_name(&name, &row->id) : NODED_TLS_CERT);
  buf_release(&name);
  return e;
}

/* Nobody has offered the authority's own certificate yet. Machines go by the one that they have: to them, one of the
 * same name and key is the same issuer. */
static enum err make_ahead(struct certifying *c, struct buf *cert) {
  struct directory_log log = {0};
  enum err e = directory_log(c->n->store, &log);
  if (e == OK)
    e = cert_make_authority(c->n->authority, buf_cstr(&log.authority_name), c->now_s - 3600,
                            c->now_s + AHEAD_YEARS * YEAR_S, cert);
  if (e == OK)
    e = store_meta_set(c->n->store, AHEAD, buf_bytes(cert));
  directory_log_release(&log);
  return e;
}

enum err noded_authority_ahead(struct noded *n, struct buf *cert) {
  struct hash key = key_id(n->authority), id;
  struct buf made = {0};
  enum err e = recovery_find_authority(n->store, &key, cert);
  if (e == ERR_ABSENT)
    e = store_meta(n->store, AHEAD, &made);
  if (e == OK && made.len && (cert_authority_key_id(buf_bytes(&made), &id) != OK || !hash_equal(&id, &key)))
    e = err_set(ERR_ABSENT, "it was made of another key");
  if (e == OK)
    buf_add(cert, buf_bytes(&made));
  buf_release(&made);
  return e;
}

/* Of a node that was restored from a copy of before the authority was changed, and is not as far yet. */
static enum err certify_ahead(struct certifying *c) {
  struct buf cert = {0}, name = {0};
  enum err e = noded_authority_ahead(c->n, &cert);
  if (e == ERR_ABSENT)
    e = make_ahead(c, &cert);
  struct hash id = hash_of(buf_bytes(&cert));
  if (e == OK)
    e = certify_one(c, buf_bytes(&cert), noded_former_name(&name, &id));
  buf_release(&cert);
  buf_release(&name);
  return e == ERR_ABSENT ? OK : e;
}

enum err noded_certify(struct noded *n, const char *folder, const struct key *tls, int64_t now_s) {
  struct certifying c = {.n = n, .folder = folder, .tls = tls, .authority = key_id(n->authority), .now_s = now_s};
  struct hash was, id = key_id(tls);
  c.is_new = store_meta_hash(n->store, "tls-key", &was) != OK || !hash_equal(&was, &id);
  enum err e = directory_each_authority(n->store, &c, certify_row);
  if (e == OK && !c.has_seen && recovery_is_on(n->store))
    e = certify_ahead(&c);
  if (e == OK && c.is_new)
    e = store_meta_set(n->store, "tls-key", hash_bytes(&id));
  return e == OK && c.is_new ? store_meta_set(n->store, "tls-since", bytes_str(text_time_format(now_s).s)) : e;
}

enum err noded_stand_in(struct noded *n) {
  char words[512];
  if (store_size(n->store) == 0)
    return OK;
  enum err e = store_begin(n->store);
  if (e == OK)
    e = noded_certify(n, n->folder, n->tls, noded_now_s());
  if (e == OK)
    e = store_commit(n->store);
  if (e == OK)
    return OK;
  snprintf(words, sizeof words, "%s", err_words(e));
  store_rollback(n->store);
  return err_set(e, "%s", words);
}
