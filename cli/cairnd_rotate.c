#include <stdlib.h>
#include <string.h>

#include "cli/noded.h"
#include "core/cert.h"
#include "core/directory.h"
#include "core/note.h"

#define YEAR_S ((int64_t)365 * 86400)
#define AUTHORITY_YEARS 20

/* One rotation: a key was prepared, what follows from it is written in one transaction, then the files and what is in
 * memory follow. */
struct rotating {
  struct noded *n;
  const char *folder, *reason;
  struct key *key;          /* the new one */
  struct directory_log log; /* as it was before */
  struct verdict verdict;
  int64_t now_s;
};

/* ---- what is written ---- */

static enum err hand_over(struct rotating *r, struct exchange_handover h) {
  h.reason = r->reason;
  return exchange_node_hand_over(&r->n->exchange, &h, r->now_s, &r->verdict);
}

static enum err rotate_operating(struct rotating *r) {
  return hand_over(r, (struct exchange_handover){.operating = r->key});
}

static enum err rotate_ledger(struct rotating *r) {
  return hand_over(r, (struct exchange_handover){.ledger = r->key});
}

/* The TLS certificate from the old authority goes on being shown to replicas that have not heard of the new one. */
static enum err rotate_authority(struct rotating *r) {
  struct buf cert = {0}, tls = {0}, name = {0};
  struct hash old = hash_of(buf_bytes(&r->log.authority));
  enum err e = cert_make_authority(r->key, buf_cstr(&r->log.authority_name), r->now_s - 3600,
                                   r->now_s + AUTHORITY_YEARS * YEAR_S, &cert);
  if (e == OK)
    e = store_meta(r->n->store, NODED_TLS_CERT, &tls);
  if (e == OK)
    e = store_meta_set(r->n->store, noded_former_name(&name, &old), buf_bytes(&tls));
  if (e == OK)
    e = noded_certify_by(r->n, &(struct noded_authority){r->key, buf_bytes(&cert)}, r->n->tls, NODED_TLS_CERT,
                         r->now_s);
  if (e == OK)
    e = hand_over(r, (struct exchange_handover){.authority = buf_bytes(&cert)});
  buf_release(&cert);
  buf_release(&tls);
  buf_release(&name);
  return e;
}

static enum err rotate_tls(struct rotating *r) {
  return noded_certify(r->n, r->folder, r->key, r->now_s);
}

/* ---- what is said ---- */

static void say_ledger(const struct rotating *r, struct out *out) {
  struct buf vkey = {0}, origin = {0};
  buf_add(&origin, buf_bytes(&r->log.origin));
  note_vkey_format(&vkey, buf_cstr(&origin), r->key);
  out_field(out, "verifier-key", buf_cstr(&vkey));
  buf_release(&vkey);
  buf_release(&origin);
}

static enum err find_fingerprint(struct noded *n, enum noded_part part, struct hash *out) {
  struct directory_log log = {0};
  enum err e = directory_log(n->store, &log);
  *out = part == NODED_AUTHORITY_KEY ? hash_of(buf_bytes(&log.authority)) : key_id(*noded_key(n, part));
  directory_log_release(&log);
  return e;
}

static const struct rotation {
  const char *words; /* of the command */
  enum noded_part part;
  enum err (*write)(struct rotating *r);
  const char *fingerprint;
  void (*say)(const struct rotating *r, struct out *out);
  const char *next;
} rotations[] = {
    {"rotate authority", NODED_AUTHORITY_KEY, rotate_authority, "fingerprint-of-the-authority", NULL,
     "Replicas follow when they next sync. Invitations that were made before do not work any more: "
     "make them anew."},
    {"rotate ledger", NODED_LEDGER_KEY, rotate_ledger, "fingerprint-of-the-ledger-key", say_ledger,
     "Replicas and auditors follow by themselves. Read the fingerprint out to the auditor over the "
     "telephone all the same."},
    {"rotate operating", NODED_OPERATING_KEY, rotate_operating, "fingerprint-of-the-operating-key", NULL,
     "Replicas and auditors follow by themselves."},
    {"rotate tls", NODED_TLS_KEY, rotate_tls, "fingerprint-of-the-tls-key", NULL, "Replicas need not do anything."},
};

/* ---- the rotation ---- */

static enum err write_all(struct rotating *r, const struct rotation *what) {
  struct store *s = r->n->store;
  enum err e = store_begin(s);
  return e == OK ? store_end(s, what->write(r)) : e;
}

/* The serving node goes on with the new keys. The old one is freed only when nothing uses it any more. */
static enum err use_key(struct rotating *r, enum noded_part part) {
  struct noded *n = r->n;
  struct key **in_force = noded_key(n, part), *old = *in_force;
  *in_force = r->key;
  n->exchange.authority = n->authority;
  n->exchange.ledger = n->ledger;
  n->exchange.operating = n->operating;
  store_read_as(n->store, &(struct scope_recipient){.replica = key_id(n->operating)});
  enum err e = noded_identify(n);
  r->key = e == OK ? old : NULL;
  return e == OK ? OK : err_set_remedy(e, "start the node again", "the key was changed, but not for new connections");
}

static enum err rotate(struct rotating *r, const struct rotation *what, struct out *out) {
  struct hash fingerprint;
  enum err e = write_all(r, what);
  if (e != OK)
    return e;
  /* From here on the new key counts, whatever else fails: the file is put in place at the next start if not now. */
  enum err placed = noded_key_place(r->n, r->folder, what->part);
  out_begin(out, NULL);
  if (what->say)
    what->say(r, out);
  e = use_key(r, what->part);
  if (e == OK)
    e = find_fingerprint(r->n, what->part, &fingerprint);
  if (e == OK)
    out_field(out, what->fingerprint, hash_hex(&fingerprint).s);
  if (r->verdict.first)
    out_field_number(out, "number", r->verdict.first);
  out_end(out);
  out_say(out, "%s", what->next);
  return e == OK ? placed : e;
}

static enum err rotate_here(struct noded *n, const struct cmd_line *line, struct out *out) {
  const struct rotation *what = rotations;
  struct rotating r = {.n = n, .folder = n->folder, .reason = cmd_value(line, "reason"), .now_s = noded_now_s()};
  while (strcmp(what->words, line->cmd->words) != 0)
    what++;
  enum err e = directory_log(n->store, &r.log);
  if (e == OK)
    e = noded_key_prepare(n, r.folder, what->part, &r.key);
  if (e == OK)
    e = rotate(&r, what, out);
  key_free(r.key);
  directory_log_release(&r.log);
  return e;
}

static enum err run_rotate(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_KEYS, rotate_here);
}

static const struct cmd_opt handover_opts[] = {
    {"reason", CMD_VALUE, "TEXT", "why, for the record"},
    {0},
};

#define SURE "A rotation that is interrupted has either happened whole or not at all; the next command finds out."

const struct cmd noded_rotate_commands[] = {
    {"rotate tls", "", 0, 0, NULL, "a new key for the node's connections", SURE, run_rotate},
    {"rotate operating", "", 0, 0, handover_opts, "a new key for the node's own entries", SURE, run_rotate},
    {"rotate ledger", "", 0, 0, handover_opts, "a new key for the checkpoints, endorsed by the one before", SURE,
     run_rotate},
    {"rotate authority", "", 0, 0, handover_opts, "a new certification authority",
     "Certificates from the one before hold until they expire; its key is kept as authority-*.key, so that replicas "
     "that\n"
     "have not heard of the new one are still served.\n" SURE,
     run_rotate},
    {0},
};
