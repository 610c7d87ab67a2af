/* verify: what is brought for a visit, the look, and what is remembered of it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/audit.h"
#include "cli/clock.h"
#include "core/text.h"

static bool write_state(const void *of, const struct verify_sink *sink) {
  const struct audit_look *l = of;
  return verify_save(l->verify, &l->place, sink);
}

/* What was read now need not be read at the next visit. */
static enum err remember_state(const char *folder, const struct audit_look *l) {
  if (l->is_same || !verify_is_worth_keeping(l->verify))
    return OK;
  return audit_save_pieces(folder, "state", &(struct audit_content){l, write_state});
}

/* Only what is whole, and no other ledger than the one known, is remembered. */
static enum err remember(const char *folder, struct audit_memory *m, const struct audit_look *l) {
  const struct verify_result *r = l->result;
  if (r->verdicts[VERIFY_INTEGRITY] != VERIFY_HOLDS || r->verdicts[VERIFY_ANCHORING] == VERIFY_FAILS)
    return OK;
  audit_memory_set(&m->seen_vkey, r->vkey);
  buf_clear(&m->seen_note);
  buf_add(&m->seen_note, buf_bytes(&l->note));
  enum err e = audit_memory_save(folder, m);
  return e == OK ? remember_state(folder, l) : e;
}

/* 0: as many threads as the machine has processors. */
static enum err read_jobs(const struct cmd_line *line, unsigned *out) {
  const char *jobs = cmd_value(line, "jobs");
  uint64_t n = 0;
  if (jobs && (text_number(bytes_str(jobs), &n) != OK || n < 1 || n > VERIFY_JOBS_MAX))
    return err_set(ERR_USAGE, "--jobs takes a number from 1 to %d", VERIFY_JOBS_MAX);
  *out = (unsigned)n;
  return OK;
}

/* What is brought for this visit alone. */
struct brought {
  struct audit_heads heads;
  uint64_t quorum;
  unsigned jobs;
  bool is_full;
  const char *evidence; /* where to write it; NULL: the auditor's folder, or the current one */
};

static enum err read_brought(const struct cmd_line *line, struct brought *out) {
  const char *quorum = cmd_value(line, "quorum");
  if (quorum && (text_number(bytes_str(quorum), &out->quorum) != OK || out->quorum == 0))
    return err_set(ERR_USAGE, "--quorum takes a number of agencies: \"%s\"", quorum);
  out->is_full = cmd_value(line, "full") != NULL;
  out->evidence = cmd_value(line, "evidence");
  if (out->evidence && access(out->evidence, W_OK | X_OK) != 0)
    return err_set(ERR_USAGE, "--evidence: \"%s\": %s", out->evidence, strerror(errno));
  enum err e = read_jobs(line, &out->jobs);
  return e == OK ? audit_heads_read(line, &out->heads) : e;
}

/* A head is held against every entry, so that with one all is read. */
static struct verify_facts facts_of(const struct audit_memory *m, const struct brought *b) {
  struct verify_facts facts = audit_memory_facts(m);
  facts.heads = b->heads.texts;
  facts.head_count = b->heads.count;
  facts.quorum = b->quorum;
  facts.jobs = b->jobs;
  if (b->is_full || b->heads.count > 0)
    facts.state.size = 0;
  return facts;
}

/* A repository alone: nothing is remembered. */
static enum err verify_repository(const char *repository, const struct cmd_line *line, const struct brought *b,
                                  struct audit_look *out, struct audit_kept *kept) {
  struct audit_memory m = {0};
  enum err e = audit_memory_bring(&m, line);
  struct verify_facts facts = facts_of(&m, b);
  if (e == OK)
    e = audit_look(repository, &facts, NULL, NULL, out);
  if (e == OK)
    e = audit_keep_evidence(b->evidence ? b->evidence : ".", repository, out->result, buf_bytes(&m.seen_note), kept);
  audit_memory_release(&m);
  return e;
}

/* Of an older copy a head shows nothing but that it is older, and no verdict and no evidence comes of it. */
static enum err check_fetched(struct audit_look *l, const struct brought *b, const struct audit_memory *m) {
  if (!audit_is_behind_head(l->result) || !audit_heads_are_after(&b->heads, &m->fetched, clock_now_s()))
    return OK;
  l->result = NULL;
  return err_set_remedy(
      ERR_IO, "cairn-audit fetch, then verify with the same head again",
      "this copy was last fetched at %s, before the head was written, and has less than the head tells "
      "of",
      m->fetched.s);
}

static enum err verify_folder(const char *folder, const struct cmd_line *line, const struct brought *b,
                              struct audit_look *out, struct audit_kept *kept) {
  struct audit_memory m = {0};
  struct buf path = {0};
  audit_path(&path, folder, "ledger.git");
  enum err e = audit_memory_load(folder, &m);
  if (e == OK)
    e = audit_memory_bring(&m, line);
  struct verify_facts facts = facts_of(&m, b);
  out->apart = m.apart;
  out->apart_count = m.apart_count;
  if (e == OK)
    e = audit_look(buf_cstr(&path), &facts, NULL, NULL, out);
  if (e == OK)
    e = check_fetched(out, b, &m);
  if (e == OK)
    e = audit_keep_evidence(b->evidence ? b->evidence : folder, buf_cstr(&path), out->result, buf_bytes(&m.seen_note),
                            kept);
  if (e == OK)
    e = audit_mirrors_remember(out, folder, &m);
  if (e == OK)
    e = remember(folder, &m, out);
  out->apart_count = 0;
  audit_memory_release(&m);
  buf_release(&path);
  return e;
}

static enum err run_verify(void *program, const struct cmd_line *line, struct out *out) {
  struct audit *audit = program;
  struct audit_mirror mirrors[AUDIT_MIRRORS_MAX];
  struct audit_look look = {.mirrors = mirrors};
  struct brought brought = {0};
  struct audit_kept kept = {0};
  const char *repository = cmd_value(line, "repository");
  size_t mirror_count;
  enum err e = audit_mirrors_read(line, mirrors, &mirror_count);
  look.mirror_count = mirror_count;
  look.credentials = cmd_value(line, "credentials");
  if (e == OK && repository && cmd_nth(line, "", 0))
    e = err_set(ERR_USAGE, "either a folder or --repository, not both");
  if (e == OK && repository && mirror_count)
    e = err_set(ERR_USAGE, "a mirror is compared with the copy in a folder, and not with --repository");
  if (e == OK)
    e = read_brought(line, &brought);
  if (e == OK)
    e = repository ? verify_repository(repository, line, &brought, &look, &kept)
                   : verify_folder(audit_folder(line, 0), line, &brought, &look, &kept);
  if (look.result) {
    audit_verdict_print(out, &look, &kept, repository ? NULL : audit_folder(line, 0));
    audit_verdict_explain(out, look.result, brought.quorum);
    audit->status = audit_verdict_conclude(out, &look, &kept);
    if (audit->status == 0)
      audit->status = audit_mirrors_conclude(out, &look);
  }
  if (look.result && look.why_all_was_read)
    out_say(out, "All was read, and not only what is new: %s.", look.why_all_was_read);
  audit_look_release(&look);
  audit_heads_release(&brought.heads);
  audit_mirrors_release(mirrors, mirror_count);
  return e;
}

static const struct cmd_opt verify_opts[] = {
    {"key", CMD_VALUE, "VKEY", "the ledger's verifier key, NAME+HASH+BASE64, as you were told it"},
    {"fingerprint", CMD_VALUE, "HEX", "the fingerprint of the ledger's key, as you were told it"},
    {"mirror", CMD_LIST, "URL", "another repository that should hold the same ledger; may be repeated"},
    {"repository", CMD_VALUE, "PATH", "a bare repository on this machine instead of a folder; nothing is remembered"},
    {"full", CMD_FLAG, NULL, "read all from the first entry on, and not only what is new since the last good visit"},
    {"jobs", CMD_VALUE, "N", "check signatures on so many threads, instead of one for each processor"},
    {"head", CMD_LIST, "FILE", "what a machine has sent and was told of it, as its agency handed it over: cairn head"},
    {"quorum", CMD_VALUE, "N", "so many agencies are to vouch for what was there at the last visit, or else for all"},
    {"evidence", CMD_VALUE, "DIR", "where to write evidence (default: the folder; with --repository where you are)"},
    AUDIT_CREDENTIALS,
    {0}};

const struct cmd audit_verify_commands[] = {
    {"verify", "[FOLDER]", 0, 1, verify_opts,
     "judge integrity, authorship, anchoring, completeness, conformance and publication",
     "Remembers the checkpoint of a good visit, and compares with it at the next. Two checkpoints that do not go\n"
     "together are kept in the folder as evidence-*.txt, for others.",
     run_verify},
    {0}};
