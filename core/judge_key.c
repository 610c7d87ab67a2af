/* The keys that an act introduces: the node's own, handed over, and those of people and machines, certified. */
#include "core/accept_parts.h"

/* ---- new keys of the node ---- */

/* The ledger's key that is in force signs the one that is to take its place. */
static enum err check_endorsement(struct door *d, const struct entry *e) {
  struct directory_log log = {0};
  struct buf new_key = {0}, signature = {0};
  struct key *ledger = NULL;
  enum err err = directory_log_at(d->s, door_number(d), &log);
  if (err == OK)
    err = text_base64_decode(entry_key(e, "ledger"), &new_key);
  if (err == OK)
    err = text_base64_decode(entry_fact(e, "endorsed"), &signature);
  if (err == OK)
    err = key_from_spki(buf_bytes(&log.ledger_key), &ledger);
  if (err == OK) {
    struct hash id = hash_of(buf_bytes(&new_key));
    err = handover_verify(&log.ledger, &id, ledger, buf_bytes(&signature));
  }
  key_free(ledger);
  buf_release(&new_key);
  buf_release(&signature);
  directory_log_release(&log);
  return err;
}

/* Also of a handover that has a number: what it says must be understood in the same way everywhere. */
static enum err check_handover(struct door *d, size_t i) {
  const struct entry *e = &d->entries[i];
  bool has_ledger = entry_key(e, "ledger").len > 0, is_endorsed = entry_fact(e, "endorsed").len > 0;
  if (!d->author.is_node)
    return err_set(ERR_KEY, "new keys of the node are named by somebody else than the node");
  if (d->in->size != 1)
    return err_set(ERR_FORM, "new keys of the node are not named alone in an act");
  if (!has_ledger && entry_key(e, "operating").len == 0 && e->cert.len == 0)
    return err_set(ERR_FORM, "log.keys names no key and no authority");
  if (has_ledger != is_endorsed)
    return err_set(ERR_SIGNATURE, "a new key of the ledger, and only that, is endorsed by the one before");
  const struct act_entry *from = &d->in->entries[i];
  enum err err =
      from->is_lost || from->is_erased ? kind_check_header(d->kinds[i], e) : kind_check(d->kinds[i], e, d->contents[i]);
  if (err != OK)
    return err;
  return has_ledger ? check_endorsement(d, e) : OK;
}

/* The ledger has one name at a time, and none twice: a name says which history a checkpoint is of. */
static enum err check_anew(struct door *d, size_t i) {
  const struct entry *e = &d->entries[i];
  struct directory_log log = {0};
  struct bytes origin = entry_fact(e, "origin");
  uint64_t kept = 0;
  if (!d->author.is_node || d->in->size != 1)
    return err_set(ERR_KEY, "the ledger is opened anew by the node, with an act of its own");
  enum err err = directory_log_at(d->s, door_number(d), &log);
  if (err == OK && (!text_is_origin(origin) || !bytes_equal(entry_fact(e, "former"), buf_bytes(&log.origin)) ||
                    bytes_equal(origin, buf_bytes(&log.origin)) || directory_is_former_origin(d->s, origin)))
    err = err_set(ERR_FORM, "the ledger's new name is no name, or one that it had");
  if (err == OK && (text_number(entry_fact(e, "kept"), &kept) != OK || kept == 0 || kept >= door_number(d)))
    err = err_set(ERR_FORM, "a ledger that is opened anew keeps what is before that, or less");
  directory_log_release(&log);
  return err;
}

enum err judge_handover(struct door *d) {
  enum err err = OK;
  for (size_t i = 0; err == OK && i < d->in->count; i++)
    if (bytes_equal_str(d->entries[i].kind, "log.keys"))
      err = check_handover(d, i);
    else if (bytes_equal_str(d->entries[i].kind, "log.anew"))
      err = check_anew(d, i);
  return err;
}

/* ---- certificates that an entry introduces ---- */

/* A key to seal to is never certified: nothing that it signs counts. */
static enum err subject_has_key(const struct entry *subject, const struct cert_facts *cert) {
  struct buf spki = {0};
  bool has = text_base64_decode(entry_key(subject, cert->use == CERT_PERSON ? "sign" : "replica"), &spki) == OK &&
             bytes_equal(buf_bytes(&spki), bytes_of(cert->spki, cert->spki_len));
  buf_release(&spki);
  return has ? OK : err_set(ERR_KEY, "a certificate is for another key than the one that was introduced");
}

static enum err check_subject(struct door *d, size_t i, const struct cert_facts *cert) {
  struct named n = {0};
  enum err e = judge_find_named(d, i, &cert->subject, &n);
  if (e == OK)
    e = n.entry ? subject_has_key(n.entry, cert)
                : err_set(ERR_KEY, "a certificate is for someone who is not in the directory");
  header_free(n.header);
  return e;
}

static enum err check_issued(struct door *d, size_t i, struct bytes der) {
  struct directory_log log = {0};
  struct cert_facts cert = {0};
  const struct hash *subject = entry_ref(&d->entries[i], "subject");
  enum err e = directory_log_at(d->s, door_number(d), &log);
  if (e == OK)
    e = cert_cache_read(&d->s->certs, der, &cert);
  if (e == OK)
    e = cert_check(buf_bytes(&log.authority), der, cert.use, &cert);
  if (e == OK && (subject == NULL || !hash_equal(subject, &cert.subject)))
    e = err_set(ERR_KEY, "a certificate is for another than the entry says");
  if (e == OK)
    e = check_subject(d, i, &cert);
  directory_log_release(&log);
  return e;
}

static bool names_authority(const struct entry *e) {
  return bytes_equal_str(e->kind, "log.open") || bytes_equal_str(e->kind, "log.keys");
}

enum err judge_certificates(struct door *d) {
  enum err err = OK;
  for (size_t i = 0; err == OK && i < d->in->count; i++) {
    struct buf der = {0};
    const struct entry *e = &d->entries[i];
    if (e->cert.len == 0 || d->kinds[i] == NULL)
      continue;
    err = text_base64_decode(e->cert, &der);
    if (err == OK)
      err = names_authority(e) ? cert_check_authority(buf_bytes(&der)) : check_issued(d, i, buf_bytes(&der));
    if ((err == ERR_KEY || err == ERR_SIGNATURE || err == ERR_FORM) && d->in->how == ACCEPT_TAKE)
      err = judge_name_violation(d, i, err, err_words(err));
    buf_release(&der);
  }
  return err;
}
