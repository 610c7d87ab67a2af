#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/home.h"
#include "core/directory.h"
#include "core/merkle.h"

/* One entry with all that a stranger needs to check it with openssl alone: the files, and the script of the commands.
 */
struct exporting {
  struct home *h;
  const char *folder;
  struct record record;
  struct act_record act;
  /* The entries of the act that came together with it, and what proves the others. */
  uint64_t indices[ACT_ENTRIES_MAX];
  struct hash leaves[ACT_ENTRIES_MAX];
  struct buf proof;
  struct merkle_part part;
  struct buf script;
  unsigned siblings;
};

static void add_pem(struct buf *b, const char *label, struct bytes der) {
  struct buf base64 = {0};
  text_base64_encode(&base64, der);
  buf_addf(b, "-----BEGIN %s-----\n", label);
  for (size_t i = 0; i < base64.len; i += 64) {
    buf_add(b, bytes_of(base64.at + i, base64.len - i < 64 ? base64.len - i : 64));
    buf_add_str(b, "\n");
  }
  buf_addf(b, "-----END %s-----\n", label);
  buf_release(&base64);
}

static enum err write_pem(const struct exporting *x, const char *name, const char *label, struct bytes der) {
  struct buf pem = {0};
  add_pem(&pem, label, der);
  enum err e = folder_write(x->folder, name, buf_bytes(&pem));
  buf_release(&pem);
  return e;
}

/* A person's key comes with a certificate; the operating key is named by the ledger's first entry itself. */
static enum err write_author(struct exporting *x) {
  struct directory_log log = {0};
  struct buf cert = {0}, authority = {0};
  /* log.open names the key that it is signed with itself. */
  enum err e = directory_log_at(x->h->store, x->act.first == 1 ? 2 : x->act.first, &log);
  if (e == OK && hash_equal(&log.operating_id, &x->act.text.by)) {
    e = write_pem(x, "authority.pem", "CERTIFICATE", buf_bytes(&log.authority));
    if (e == OK)
      e = write_pem(x, "author.pub", "PUBLIC KEY", buf_bytes(&log.operating_key));
    buf_add_str(&x->script,
                "# by the node: author.pub is the operating key that log.open or the log.keys before names\n");
  } else if (e == OK) {
    e = directory_certificate(x->h->store, &x->act.text.by, &cert);
    if (e == OK)
      e = directory_issuer(x->h->store, buf_bytes(&cert), &authority);
    if (e == OK)
      e = write_pem(x, "authority.pem", "CERTIFICATE", buf_bytes(&authority));
    if (e == OK)
      e = write_pem(x, "author.pem", "CERTIFICATE", buf_bytes(&cert));
    buf_add_str(&x->script, "# the certificate is the authority's, and the key in it is the author's\n"
                            "openssl verify -no_check_time -CAfile authority.pem author.pem\n"
                            "openssl x509 -in author.pem -pubkey -noout > author.pub\n");
  }
  directory_log_release(&log);
  buf_release(&cert);
  buf_release(&authority);
  return e;
}

/* The way from this entry's header to the root of its act: a sibling's hash at each step (RFC 6962 2.1.1). */
static enum err climb(struct exporting *x, size_t low, size_t high) {
  size_t k = 1, i = x->record.index;
  char name[32];
  if (high - low == 1) {
    buf_add_str(&x->script, "(printf '\\000'; cat header) | openssl dgst -sha256 -binary > hash\n");
    return OK;
  }
  while (2 * k < high - low)
    k *= 2;
  bool is_left = i < low + k;
  struct hash sibling;
  enum err e = is_left ? climb(x, low, low + k) : climb(x, low + k, high);
  if (e == OK)
    e = merkle_part_hash(&x->part, is_left ? low + k : low, is_left ? high : low + k, &sibling);
  snprintf(name, sizeof name, "sibling-%u", ++x->siblings);
  if (e == OK)
    e = folder_write(x->folder, name, hash_bytes(&sibling));
  buf_addf(&x->script, "(printf '\\001'; cat %s %s) | openssl dgst -sha256 -binary > hash.next && mv hash.next hash\n",
           is_left ? "hash" : name, is_left ? name : "hash");
  return e;
}

/* What is sealed goes out as it is: the header names the envelope, and only a recipient can check what is in it. */
static enum err write_content(struct exporting *x) {
  const bool is_sealed = x->record.entry.audience == AUDIENCE_RESTRICTED;
  enum err e = folder_write(x->folder, is_sealed ? "envelope" : "content", buf_bytes(&x->record.content));
  return e == OK && !is_sealed ? folder_write(x->folder, "salt", bytes_of(x->record.salt, ENTRY_SALT_SIZE)) : e;
}

static void add_content_check(struct exporting *x) {
  if (x->record.entry.audience == AUDIENCE_RESTRICTED)
    buf_add_str(&x->script, "# the envelope is the one that the header names\n"
                            "grep -qx \"sealed $(openssl dgst -sha256 -r envelope | cut -c1-64)\" header\n");
  else
    buf_add_str(&x->script, "# the content is the one that the header commits to\n"
                            "grep -qx \"content $( (printf 'cairn content 1\\n'; cat salt content) | openssl dgst "
                            "-sha256 -r | cut -c1-64)\" header\n");
}

static enum err write_files(struct exporting *x) {
  struct buf text = {0};
  enum err e = folder_write(x->folder, "header", x->record.entry.header);
  act_text_format(&text, &x->act.text);
  if (e == OK)
    e = folder_write(x->folder, "act", buf_bytes(&text));
  if (e == OK)
    e = folder_write(x->folder, "act.sig", buf_bytes(&x->act.signature));
  if (e == OK && x->record.has_content)
    e = write_content(x);
  buf_release(&text);
  return e;
}

static enum err write_checks(struct exporting *x) {
  struct hash_hex id = hash_hex(&x->record.entry.id);
  buf_add_str(&x->script, "set -e\n");
  enum err e = write_author(x);
  buf_add_str(&x->script, "# the author signed the act\n"
                          "openssl dgst -sha256 -verify author.pub -signature act.sig act\n"
                          "# the entry is in the act: its header leads to the act's root\n");
  if (e == OK)
    e = climb(x, 0, x->act.text.size);
  buf_add_str(&x->script, "grep -qx \"root $(od -An -v -tx1 hash | tr -d ' \\n')\" act\n");
  if (x->record.has_content)
    add_content_check(x);
  buf_addf(
      &x->script,
      "# the entry's id\ntest \"$(openssl dgst -sha256 -r header | cut -c1-64)\" = %s\necho \"all of it checks\"\n",
      id.s);
  return e == OK ? folder_write(x->folder, "check.sh", buf_bytes(&x->script)) : e;
}

static bool is_of_part(const struct buf *indices, uint32_t index) {
  struct reader r = reader_of(buf_bytes(indices));
  while (r.rest.len > 0)
    if (reader_u32(&r) == index)
      return true;
  return indices->len == 0;
}

/* Others of the act may have come apart from it, or not at all. */
static enum err find_part(struct exporting *x) {
  struct buf indices = {0};
  enum err e = OK;
  if (x->act.count != x->act.text.size)
    e = store_find_act_part(x->h->store, x->act.first, x->record.index, &indices, &x->proof);
  for (size_t i = 0; e == OK && i < x->act.count; i++)
    if (is_of_part(&indices, x->act.entries[i].index)) {
      x->indices[x->part.count] = x->act.entries[i].index;
      x->leaves[x->part.count++] = merkle_leaf(x->act.entries[i].entry.header);
    }
  x->part.size = x->act.text.size;
  x->part.indices = x->indices;
  x->part.leaf_hashes = x->leaves;
  x->part.proof = buf_bytes(&x->proof);
  buf_release(&indices);
  return e;
}

static enum err find(struct exporting *x, const char *prefix) {
  struct hash id;
  enum err e = home_resolve(x->h, prefix, NULL, &id);
  if (e == OK)
    e = store_find(x->h->store, &id, &x->record);
  if (e == OK)
    e = store_find_act(x->h->store, x->record.act_first, &x->act);
  return e == OK ? find_part(x) : e;
}

static enum err run_export(void *program, const struct cmd_line *line, struct out *out) {
  struct exporting *x = mem_alloc(sizeof *x);
  struct buf folder = {0};
  const char *given = cmd_value(line, "to");
  x->h = program;
  enum err e = home_open(x->h, line, HOME_NO_KEY);
  if (e == OK)
    e = find(x, cmd_nth(line, "", 0));
  if (e == OK) {
    buf_addf(&folder, "entry-%.8s", hash_hex(&x->record.entry.id).s);
    x->folder = given ? given : buf_cstr(&folder);
    e = folder_make(x->folder);
  }
  if (e == OK)
    e = write_files(x);
  if (e == OK)
    e = write_checks(x);
  if (e == OK) {
    out_begin(out, NULL);
    out_field(out, "folder", x->folder);
    out_end(out);
    out_say(out, "Check it there with stock tools (sh check.sh), or one by one:");
    out_say(out, "%s", buf_cstr(&x->script));
  }
  home_close(x->h);
  record_release(&x->record);
  act_record_release(&x->act);
  buf_release(&x->script);
  buf_release(&x->proof);
  buf_release(&folder);
  free(x);
  return e;
}

/* ---- disclose: one entry's content, to be checked against the ledger (audit/FORMAT.md section 7) ---- */

static void compose(const struct record *r, struct buf *out) {
  buf_add_str(out, "cairn disclosed 1\nheader ");
  text_base64_encode(out, r->entry.header);
  buf_add_str(out, "\nsalt ");
  text_hex_encode(out, bytes_of(r->salt, ENTRY_SALT_SIZE));
  if (r->content.len) {
    buf_add_str(out, "\ncontent ");
    text_base64_encode(out, buf_bytes(&r->content));
  }
  buf_add_str(out, "\n");
}

/* Whoever may see it may show it; what is sealed goes further by its provider alone, whoever can open it. */
static enum err may_disclose(const struct record *r) {
  if (r->entry.audience == AUDIENCE_RESTRICTED)
    return err_set_remedy(ERR_REFUSED, "its provider lets somebody read it: cairn permit",
                          "restricted information is not disclosed in this way");
  if (r->is_erased)
    return err_set(ERR_ABSENT, "the content of this entry was erased");
  if (!r->has_content)
    return err_set(ERR_ABSENT, "the content of this entry is not here any more");
  if (r->number >= STORE_PENDING)
    return err_set_remedy(ERR_REFUSED, "cairn sync first", "this entry does not stand in the ledger yet");
  return OK;
}

#define NUMBER_DIGITS_MAX 7

/* As cairn-audit takes it: a number of the ledger has seven digits at most. The first four of an id may look like one.
 */
static enum err find_disclosed(struct home *h, const char *typed, struct hash *out) {
  struct record by_number = {0};
  struct hash by_id = {{0}};
  uint64_t number;
  if (strlen(typed) > NUMBER_DIGITS_MAX || text_number(bytes_str(typed), &number) != OK)
    return home_resolve_any(h, typed, out);
  enum err found = store_find_number(h->store, number, &by_number), e = home_resolve_any(h, typed, &by_id);
  if (found == OK && e == OK && !hash_equal(&by_id, &by_number.entry.id))
    e = err_set_remedy(ERR_AMBIGUOUS, "type eight digits of its id",
                       "\"%s\" is the number of %.8s, and begins the id of %.8s", typed,
                       hash_hex(&by_number.entry.id).s, hash_hex(&by_id).s);
  else if (found == OK)
    e = OK;
  else if (e == ERR_USAGE)
    e = err_set(ERR_ABSENT, "there is no entry with the number %s here", typed);
  if (e == OK)
    *out = found == OK ? by_number.entry.id : by_id;
  record_release(&by_number);
  return e;
}

static enum err disclose(struct home *h, const struct cmd_line *line, struct out *out) {
  struct hash id;
  struct record r = {0};
  struct buf text = {0};
  const char *path = cmd_value(line, "out");
  if (path == NULL)
    return err_set(ERR_USAGE, "--out FILE is needed: the file to write");
  enum err e = find_disclosed(h, cmd_nth(line, "", 0), &id);
  if (e == OK)
    e = store_find(h->store, &id, &r);
  if (e == OK)
    e = may_disclose(&r);
  if (e == OK) {
    compose(&r, &text);
    e = folder_save(path, buf_bytes(&text));
  }
  if (e == OK) {
    out_begin(out, NULL);
    out_field(out, "file", path);
    out_field_number(out, "number", r.number);
    out_field(out, "entry", hash_hex(&id).s);
    out_field_bytes(out, "kind", r.entry.kind);
    out_end(out);
    out_say(out, "The content is outside of the record now, readable by whoever has the file. The auditor checks it "
                 "with cairn-audit open.");
  }
  buf_release(&text);
  record_release(&r);
  return e;
}

static enum err run_disclose(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, disclose);
}

static const struct cmd_opt disclose_opts[] = {{"out", CMD_VALUE, "FILE", "the file to write", true}, {0}};
static const struct cmd_opt export_opts[] = {
    {"to", CMD_VALUE, "FOLDER", "the folder to make (default: entry-ID)"},
    {0},
};

const struct cmd home_export_commands[] = {
    {"export", "ENTRY", 1, 1, export_opts,
     "write an entry's header, act, signature and certificate, to be checked with openssl",
     "Writes header, act, act.sig, author.pem, authority.pem, salt and content (of what is sealed, the envelope), and "
     "check.sh with the commands.",
     run_export},
    {"disclose", "ENTRY", 1, 1, disclose_opts, "write an entry's content to be checked against the ledger",
     "ENTRY is the ledger's number of it, the first digits of its id, or a name. The file has the header, the salt and "
     "the content; with it the\n"
     "auditor sees that nothing was changed. Restricted information is not disclosed so: only its provider lets it go\n"
     "further (cairn permit).",
     run_disclose},
    {0},
};
