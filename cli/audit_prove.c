#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/clone.h"
#include "audit/verify_proof.h"
#include "cli/audit.h"

/* One entry for somebody who has no copy of the ledger: a file that shows it, and what such a file shows. */

/* ---- prove ---- */

/* Where the entry stands, and whose it is. */
struct proving {
  struct audit_wanted wanted;
  uint64_t number;
  char by[65], admitted[21];
};

static void look_for(void *of, const struct verify_entry *e) {
  struct proving *p = of;
  if (!audit_is_wanted(&p->wanted, e->id, e->number))
    return;
  p->number = e->number;
  audit_copy(p->by, sizeof p->by, e->by);
  audit_copy(p->admitted, sizeof p->admitted, e->admitted);
}

struct gathering {
  struct verify_prover *prover;
  struct buf note;
};

static void take_leaves(void *of, struct bytes file) {
  struct gathering *g = of;
  verify_prover_leaves(g->prover, file.at, file.len);
}

static void take_checkpoint(void *of, struct bytes note) {
  struct gathering *g = of;
  buf_clear(&g->note);
  buf_add(&g->note, note);
}

/* The ledger was verified just before, and what is written is checked once more. */
static void take_fault(void *of, enum clone_fault fault, const char *sentence) {
  (void)of;
  (void)fault;
  (void)sentence;
}

static enum err read_again(const char *folder, struct gathering *g) {
  struct buf path = {0};
  struct clone *clone = NULL;
  const struct clone_reader reader = {g, take_leaves, take_checkpoint, take_fault};
  audit_path(&path, folder ? folder : AUDIT_FOLDER, "ledger.git");
  enum err e = clone_open(buf_cstr(&path), &clone);
  if (e == OK)
    e = clone_read(clone, &reader);
  clone_close(clone);
  buf_release(&path);
  return e;
}

/* What does not check is not handed out: an act with a finding, say, cannot be proved. */
static enum err check_text(const char *text, size_t len, const struct verify_result *r, struct verify_proof *out) {
  const char *why = NULL;
  if (text == NULL)
    return err_set_remedy(ERR_PROOF, "cairn-audit who ENTRY says what is known of its author",
                          "nothing in the ledger says whose key signed this entry");
  if (!verify_proof(text, len, r->vkey, r->fingerprint, out, &why))
    return err_set(ERR_PROOF, "%s", why);
  if (out->code != VERIFY_PROOF_GOOD)
    return err_set_remedy(ERR_PROOF, "cairn-audit verify says what does not hold",
                          "the entry cannot be proved: %s (%s)", out->sentence, verify_proof_code_text(out->code));
  return OK;
}

static enum err write_proof(const struct proving *p, const char *folder, const char *path,
                            const struct verify_result *r, struct verify_proof *out) {
  struct gathering g = {.prover = verify_prover_new(p->number, p->by, p->admitted)};
  size_t len = 0;
  char *text = NULL;
  enum err e = read_again(folder, &g);
  if (e == OK) {
    text = verify_prover_text(g.prover, r->vkey, g.note.at, g.note.len, &len);
    e = check_text(text, len, r, out);
  }
  if (e == OK)
    e = audit_write_new(path, bytes_of(text, len));
  free(text);
  verify_prover_free(g.prover);
  buf_release(&g.note);
  return e;
}

static enum err prove(const struct proving *p, const struct cmd_line *line, const struct verify_result *r,
                      struct out *out) {
  struct buf name = {0};
  struct verify_proof proof;
  const char *path = cmd_value(line, "out");
  buf_addf(&name, "entry-%.8s.proof", p->wanted.id);
  path = path ? path : buf_cstr(&name);
  enum err e = write_proof(p, cmd_nth(line, "", 1), path, r, &proof);
  if (e == OK) {
    out_begin(out, NULL);
    out_field(out, "file", path);
    out_field_number(out, "number", proof.number);
    out_field(out, "entry", proof.entry);
    out_field_number(out, "checkpoint-size", proof.size);
    out_field(out, "fingerprint", proof.fingerprint);
    out_end(out);
    out_say(out, "Whoever knows the fingerprint checks it without a network: cairn-audit check %s --fingerprint HEX",
            path);
  }
  buf_release(&name);
  return e;
}

static enum err run_prove(void *program, const struct cmd_line *line, struct out *out) {
  struct audit *audit = program;
  struct audit_look look = {0};
  struct proving p = {0};
  enum err e = audit_want_entry(cmd_nth(line, "", 0), &p.wanted);
  if (e == OK)
    e = audit_look_in(cmd_nth(line, "", 1), &p, look_for, &look);
  if (e == OK && !audit_is_sound(look.result)) {
    audit_print_unsound(out, look.result, "what stands in it");
    audit->status = 3;
  } else if (e == OK && (e = audit_wanted_end(&p.wanted)) == OK) {
    e = prove(&p, line, look.result, out);
  }
  audit_look_release(&look);
  return e;
}

/* ---- check ---- */

struct comparing {
  const char *id;
  uint64_t number; /* where it stands there; 0: nowhere */
};

static void find_entry(void *of, const struct verify_entry *e) {
  struct comparing *c = of;
  if (strcmp(e->id, c->id) == 0)
    c->number = e->number;
}

static void conclude(struct verify_proof *p, enum verify_proof_code code, const char *sentence) {
  p->code = code;
  snprintf(p->sentence, sizeof p->sentence, "%s", sentence);
}

static enum err compare_with_ledger(const char *folder, struct verify_proof *p) {
  struct audit_look look = {0};
  struct comparing c = {.id = p->entry};
  enum err e = audit_look_in(folder, &c, find_entry, &look);
  if (e == OK && !audit_is_sound(look.result))
    conclude(p, VERIFY_PROOF_LEDGER, "the ledger does not hold: cairn-audit verify says why");
  else if (e == OK && (c.number != p->number || strcmp(look.result->origin, p->ledger) != 0))
    conclude(p, VERIFY_PROOF_LEDGER, "the entry does not stand there in this ledger; fetch what was published since");
  else if (e == OK && !verify_had(look.verify, p->size, p->root, p->fingerprint))
    conclude(p, VERIFY_PROOF_LEDGER,
             "the checkpoint in the file is not one of this ledger's; fetch what was published since");
  else if (e == OK && look.result->verdicts[VERIFY_ANCHORING] == VERIFY_HOLDS)
    conclude(p, VERIFY_PROOF_GOOD, "");
  else if (e == OK)
    conclude(p, VERIFY_PROOF_NONE, "nothing was brought to compare the ledger itself with");
  audit_look_release(&look);
  return e;
}

static int status_of(enum verify_proof_code code) {
  return code == VERIFY_PROOF_GOOD ? 0 : code == VERIFY_PROOF_NONE ? 3 : 1;
}

static void print_proved(const struct verify_proof *p, struct out *out) {
  out_field_number(out, "number", p->number);
  out_field(out, "entry", p->entry);
  out_field(out, "kind", p->kind);
  out_field(out, "written", p->at);
  out_field(out, "admitted", p->admitted);
  out_field(out, "key", p->key);
  out_field(out, "by", p->person[0] ? p->person : "node");
  out_field(out, "certificate-from", p->from);
  out_field(out, "certificate-until", p->until);
  out_field_bool(out, "certificate-valid-then", p->is_valid);
  out_field(out, "ledger", p->ledger);
  out_field_number(out, "checkpoint-size", p->size);
  out_field(out, "checkpoint-time", p->time);
  out_field(out, "fingerprint", p->fingerprint);
}

static void print_check(const struct verify_proof *p, struct out *out) {
  static const char *const words[] = {"holds", "does not hold", "", "unknown"};
  const int status = status_of(p->code);
  out_begin(out, NULL);
  out_field(out, "proof", words[status]);
  out_field(out, "code", verify_proof_code_text(p->code));
  out_field(out, "finding", p->sentence);
  if (status != 1)
    print_proved(p, out);
  out_end(out);
  if (status == 0)
    out_say(out, "This entry stands in the ledger, and its author signed it. What became of it since, and whether the "
                 "author had been revoked, only the whole ledger can tell.");
  if (status == 0 && !p->is_valid)
    out_say(out, "The author's certificate was NOT valid then: the keeper must have let it through (cairn-audit who).");
}

static enum err run_check(void *program, const struct cmd_line *line, struct out *out) {
  struct audit *audit = program;
  struct verify_proof p;
  struct buf file = {0};
  const char *folder = cmd_nth(line, "", 1), *key = cmd_value(line, "key"), *hex = cmd_value(line, "fingerprint");
  const char *why = "";
  if (folder && (key || hex))
    return err_set(ERR_USAGE, "either a folder, or --key or --fingerprint, not both");
  enum err e = audit_read_file(cmd_nth(line, "", 0), VERIFY_PROOF_MAX, &file);
  if (e == OK && bytes_starts(buf_bytes(&file), "cairn evidence 1\n"))
    e = err_set_remedy(ERR_USAGE, "cairn evidence check FILE --key VKEY says what it shows",
                       "\"%s\" is evidence, and no proof of an entry", cmd_nth(line, "", 0));
  if (e == OK && !verify_proof(file.at, file.len, key, hex, &p, &why))
    e = err_set(ERR_USAGE, "%s", why);
  if (e == OK && folder && status_of(p.code) != 1)
    e = compare_with_ledger(folder, &p);
  if (e == OK) {
    print_check(&p, out);
    audit->status = status_of(p.code);
  }
  buf_release(&file);
  return e;
}

static const struct cmd_opt prove_opts[] = {
    {"out", CMD_VALUE, "FILE", "the file to write (default: entry-DIGITS.proof)"}, {0}};
static const struct cmd_opt check_opts[] = {
    {"key", CMD_VALUE, "VKEY", "the ledger's verifier key, NAME+HASH+BASE64, as you were told it"},
    {"fingerprint", CMD_VALUE, "HEX", "the fingerprint of the ledger's key, as you were told it"},
    {0}};

const struct cmd audit_prove_commands[] = {
    {"prove", "ENTRY [FOLDER]", 1, 2, prove_opts, "write a file that shows one entry to somebody without the ledger",
     "ENTRY is its number, or the first eight digits of its id, or more. The file has the entry's header and no "
     "content.",
     run_prove},
    {"check", "FILE [FOLDER]", 1, 2, check_opts, "say what such a file shows",
     "Bring the ledger's key or its fingerprint, or name a FOLDER of cairn-audit init: without any it cannot be known\n"
     "that it is of that ledger, and the answer is unknown (3). Needs no network; audit/FORMAT.md section 6 has the\n"
     "commands for stock tools.",
     run_check},
    {0}};
