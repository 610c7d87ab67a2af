/* What can be wrong with an act that is an act: each check asks the domain's tables and the store. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/accept_parts.h"
#include "core/second.h"
#include "core/staff.h"

enum { HEADER_OF };

static const char *const sql[] = {
    [HEADER_OF] = "SELECT header FROM entry WHERE id = ?1",
};

const char *const *judge_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err judge_kinds(struct door *d) {
  char words[256];
  for (size_t i = 0; i < d->in->count; i++) {
    const struct entry *e = &d->entries[i];
    if (d->kinds[i] == NULL) {
      snprintf(words, sizeof words, "the kind \"%.*s\" is not known here yet", (int)e->kind.len,
               (const char *)e->kind.at);
      return door_give(d, VERDICT_LATER, "kind", words,
                       "it is sent again by itself; upgrade the program that does not know it");
    }
    enum err err = kind_check(d->kinds[i], e, d->contents[i]);
    if (err != OK) {
      snprintf(words, sizeof words, "%s: %s", d->kinds[i]->name, err_words(err));
      return door_give(d, VERDICT_REFUSED, "fields", words, "record it again with the right fields");
    }
  }
  return OK;
}

/* An entry that another one names: it stands before entry `before` of this act, or in the store. */
struct named {
  bool is_found;
  struct buf header;
  struct entry entry;
};

static enum err find_named(struct door *d, size_t before, const struct hash *id, struct named *out) {
  struct query q;
  for (size_t i = 0; i < before && !out->is_found; i++)
    if (hash_equal(&d->entries[i].id, id)) {
      out->is_found = true;
      buf_add(&out->header, d->entries[i].header);
    }
  if (!out->is_found) {
    query_start(&q, d->s->db, sql[HEADER_OF]);
    query_blob(&q, 1, hash_bytes(id));
    out->is_found = query_row(&q);
    if (out->is_found)
      buf_add(&out->header, query_get(&q, 0));
    enum err e = query_end(&q);
    if (e != OK)
      return e;
  }
  return out->is_found ? entry_decode(buf_bytes(&out->header), &out->entry) : OK;
}

static bool has_child(const struct entry *e, const struct hash *child) {
  for (size_t i = 0; i < e->child_count; i++)
    if (hash_equal(&e->children[i], child))
      return true;
  return false;
}

static enum err check_named(struct door *d, size_t i, const struct field *f, const struct hash *id,
                            const struct named *n) {
  const struct entry *e = &d->entries[i];
  char words[256];
  if (!n->is_found || (f->of && !bytes_equal_str(n->entry.kind, f->of))) {
    snprintf(words, sizeof words, "\"%s\" names %.8s, and there is no such %s%s", f->name, hash_hex(id).s,
             f->of ? f->of : "entry", door_is_write(d) ? " here" : " that was accepted");
    return door_give(d, VERDICT_REFUSED, "reference", words,
                     "name an entry that was accepted, or deal with the refused one first");
  }
  for (size_t c = 0; f->shares_child && c < e->child_count; c++)
    if (!has_child(&n->entry, &e->children[c])) {
      snprintf(words, sizeof words, "\"%s\" names %.8s, which is not about this child", f->name, hash_hex(id).s);
      return door_give(d, VERDICT_REFUSED, "reference", words, "name the one that is about this child");
    }
  return OK;
}

static enum err check_reference(struct door *d, size_t i, const struct field *f, const struct hash *id) {
  struct named n = {0};
  enum err e = find_named(d, i, id, &n);
  if (e == OK)
    e = check_named(d, i, f, id, &n);
  buf_release(&n.header);
  return e;
}

/* An entry is in the log once: neither twice in an act nor in two acts. */
static enum err check_new(struct door *d, size_t i) {
  struct named n = {0};
  enum err e = find_named(d, i, &d->entries[i].id, &n);
  buf_release(&n.header);
  return e == OK && n.is_found
             ? door_give(d, VERDICT_REFUSED, "double", "an entry of this act was recorded before", "leave it out")
             : e;
}

enum err judge_references(struct door *d) {
  enum err err = OK;
  for (size_t i = 0; err == OK && i < d->in->count; i++) {
    const struct entry *e = &d->entries[i];
    err = check_new(d, i);
    for (const struct field *f = d->kinds[i]->fields; f->name; f++) {
      for (size_t j = 0; err == OK && f->place == IN_CHILD && j < e->child_count; j++)
        err = check_reference(d, i, f, &e->children[j]);
      for (size_t j = 0; err == OK && f->place == IN_REF && j < e->ref_count; j++)
        if (bytes_equal_str(e->refs[j].name, f->name))
          err = check_reference(d, i, f, &e->refs[j].id);
    }
  }
  return err;
}

/* ---- permission ---- */

/* Whom an entry is about: itself, or what its references lead to. */
static enum err find_about(struct door *d, size_t i, const struct entry *e, int depth, struct author_about *out) {
  static const char *const leads[] = {"person", "replica", "role", "key", "bar", "agency"};
  const struct hash *agency = entry_ref(e, "agency");
  if (bytes_equal_str(e->kind, "person.add"))
    out->person = e->id;
  if (bytes_equal_str(e->kind, "agency.add"))
    agency = &e->id;
  if (agency || depth == 0) {
    out->agency = agency ? *agency : out->agency;
    return OK;
  }
  for (size_t l = 0; l < sizeof leads / sizeof *leads; l++) {
    const struct hash *id = entry_ref(e, leads[l]);
    struct named n = {0};
    if (id == NULL)
      continue;
    enum err err = find_named(d, i, id, &n);
    if (err == OK && n.is_found)
      err = find_about(d, i, &n.entry, depth - 1, out);
    buf_release(&n.header);
    return err;
  }
  return OK;
}

/* Which role is given or taken: the entry says, or the one that gave it. */
static enum err judge_grant(struct door *d, size_t i, const struct author_about *about) {
  struct named given = {0};
  const struct entry *e = &d->entries[i];
  const struct hash *role_entry = entry_ref(e, "role");
  char words[256];
  enum err err = role_entry ? find_named(d, i, role_entry, &given) : OK;
  if (given.is_found)
    e = &given.entry;
  struct bytes role = entry_fact(e, "role");
  bool is_own = !hash_is_zero(&about->agency) && hash_equal(&about->agency, &d->author.agency);
  if (err == OK && !role_may_be_given(role, d->author.roles, is_own)) {
    snprintf(words, sizeof words, "the role \"%.*s\" is not yours to give or to take there", (int)role.len,
             (const char *)role.at);
    err = door_give(d, VERDICT_REFUSED, "permission", words, "cairn roles says who may give which");
  }
  buf_release(&given.header);
  return err;
}

/* Signed by someone whose certificate counts no more: held, not lost. The keeper decides. */
static enum err judge_author(struct door *d) {
  static const char remedy[] = "the Keeper of the Register decides whether it is let through";
  if (d->in->is_released)
    return OK;
  if (d->in->is_from_revoked)
    return door_give(d, VERDICT_HELD, "revoked", "the machine that sent it had been revoked", remedy);
  if (d->author.is_revoked)
    return door_give(d, VERDICT_HELD, "revoked", "its author had been revoked when it arrived", remedy);
  if (d->judged_s < d->author.from_s || d->judged_s > d->author.until_s)
    return door_give(d, VERDICT_HELD, "certificate", "its author's certificate was not valid when it arrived", remedy);
  return OK;
}

/* Someone who is kept out of a child's case records nothing about the child. */
static enum err judge_barred(struct door *d, const struct entry *e) {
  bool is_barred = false;
  enum err err = OK;
  for (size_t i = 0; err == OK && !is_barred && i < e->child_count; i++)
    err = staff_is_barred(d->s, &d->author.person, &e->children[i], &is_barred);
  return err == OK && is_barred ? door_give(d, VERDICT_REFUSED, "barred", "its author is kept out of this child's case",
                                            "a colleague records it; the Keeper of the Register can say more")
                                : err;
}

enum err judge_writer(struct door *d, size_t i) {
  struct author_about about = {0};
  enum err e = find_about(d, i, &d->entries[i], 3, &about);
  if (e == OK)
    e = second_find_decider(d->s, &d->entries[i], &d->author, &about);
  if (e == OK && directory_may_write(&d->author, d->kinds[i], &about) != OK)
    e = door_give(d, VERDICT_REFUSED, "permission", err_words(ERR_REFUSED),
                  "ask somebody with one of these roles to record it");
  if (e == OK && d->kinds[i]->is_grant)
    e = judge_grant(d, i, &about);
  return e == OK ? judge_barred(d, &d->entries[i]) : e;
}

enum err judge_permission(struct door *d) {
  enum err e = OK;
  for (size_t i = 0; e == OK && i < d->in->count; i++)
    e = judge_writer(d, i);
  return e == OK ? judge_author(d) : e;
}

/* ---- certificates that an entry introduces ---- */

static enum err subject_has_key(const struct entry *subject, const struct cert_facts *cert) {
  bool has = false;
  for (size_t i = 0; i < subject->key_count; i++) {
    struct buf spki = {0};
    if (text_base64_decode(subject->keys[i].value, &spki) == OK)
      has = has || bytes_equal(buf_bytes(&spki), bytes_of(cert->spki, cert->spki_len));
    buf_release(&spki);
  }
  return has ? OK : err_set(ERR_KEY, "a certificate is for another key than the one that was introduced");
}

static enum err check_subject(struct door *d, size_t i, const struct cert_facts *cert) {
  struct named n = {0};
  enum err e = find_named(d, i, &cert->subject, &n);
  if (e == OK)
    e = n.is_found ? subject_has_key(&n.entry, cert)
                   : err_set(ERR_KEY, "a certificate is for someone who is not in the directory");
  buf_release(&n.header);
  return e;
}

static enum err check_issued(struct door *d, size_t i, struct bytes der) {
  struct directory_log log = {0};
  struct cert_facts cert = {0};
  const struct hash *subject = entry_ref(&d->entries[i], "subject");
  enum err e = directory_log(d->s, &log);
  if (e == OK)
    e = cert_read(der, &cert);
  if (e == OK)
    e = cert_check(buf_bytes(&log.authority), der, cert.use, &cert);
  if (e == OK && (subject == NULL || !hash_equal(subject, &cert.subject)))
    e = err_set(ERR_KEY, "a certificate is for another than the entry says");
  if (e == OK)
    e = check_subject(d, i, &cert);
  directory_log_release(&log);
  return e;
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
      err = bytes_equal_str(e->kind, "log.open") ? cert_check_authority(buf_bytes(&der))
                                                 : check_issued(d, i, buf_bytes(&der));
    buf_release(&der);
  }
  return err;
}

/* ---- rules ---- */

static bool has_kind(const struct door *d, const char *kind) {
  for (size_t i = 0; i < d->in->count; i++)
    if (bytes_equal_str(d->entries[i].kind, kind))
      return true;
  return false;
}

static enum err ask_rule(struct door *d, const struct rule *r) {
  struct query q;
  bool broken = false;
  query_start(&q, d->s->db, r->query);
  for (int i = 1; i <= query_param_count(&q); i++)
    query_int(&q, i, (int64_t)(strcmp(query_param_name(&q, i), "first") == 0 ? d->verdict.first : d->verdict.last));
  if (query_row(&q))
    broken = bytes_equal_str(query_get(&q, 0), "broken");
  enum err e = query_end(&q);
  return e == OK && broken ? door_give(d, VERDICT_REFUSED, r->number, r->words, r->remedy) : e;
}

enum err judge_rules(struct door *d) {
  enum err e = OK;
  const struct rule *r;
  for (size_t i = 0; e == OK && (r = rule_at(i)); i++)
    if (r->class == RULE_HARD && has_kind(d, r->kind))
      e = ask_rule(d, r);
  return e;
}
