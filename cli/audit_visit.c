#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/clone.h"
#include "audit/url.h"
#include "cli/audit.h"
#include "cli/clock.h"
#include "core/text.h"

static const char *folder_of(const struct cmd_line *line, size_t operand) {
  const char *folder = cmd_nth(line, "", operand);
  return folder ? folder : AUDIT_FOLDER;
}

/* What was brought on this command line takes the place of what was brought before. */
static enum err bring(const struct cmd_line *line, struct audit_memory *m) {
  const char *vkey = cmd_value(line, "key"), *fingerprint = cmd_value(line, "fingerprint"), *why;
  if (vkey)
    audit_memory_set(&m->vkey, vkey);
  if (fingerprint)
    audit_memory_set(&m->fingerprint, fingerprint);
  struct verify_facts facts = {m->vkey, m->fingerprint, NULL, NULL, 0};
  struct verify *v = verify_new(&facts, &why);
  if (v == NULL)
    return err_set(ERR_USAGE, "%s", why);
  verify_free(v);
  return OK;
}

/* ---- init ---- */

static void print_url(struct out *out, const char *url) {
  struct buf shown = {0};
  url_show(&shown, url);
  out_field(out, "ledger", buf_cstr(&shown));
  buf_release(&shown);
}

static enum err fetch(const char *folder, struct audit_memory *m, const char *credentials,
                      enum clone_change *change_out) {
  const struct text_time began = text_time_format(clock_now_s());
  struct buf path = {0};
  struct clone *clone = NULL;
  audit_path(&path, folder, "ledger.git");
  enum err e = clone_open(buf_cstr(&path), &clone);
  if (e == OK) {
    clone_credentials(clone, credentials);
    e = clone_fetch(clone, m->url, change_out);
  }
  if (e == OK) {
    m->fetched = began;
    e = audit_memory_save(folder, m);
  }
  clone_close(clone);
  buf_release(&path);
  return e;
}

static enum err make_folder(const char *folder) {
  if (mkdir(folder, 0700) == 0)
    return OK;
  return errno == EEXIST ? err_set_remedy(ERR_USAGE,
                                          "name another folder; for a ledger that was fetched there before: "
                                          "cairn-audit fetch FOLDER",
                                          "\"%s\" is there already; nothing was changed", folder)
                         : err_set(ERR_IO, "cannot make the folder \"%s\": %s", folder, strerror(errno));
}

static enum err fill_folder(const char *folder, struct audit_memory *m, const char *credentials) {
  struct buf path = {0};
  enum clone_change change;
  audit_path(&path, folder, "ledger.git");
  enum err e = clone_make(buf_cstr(&path));
  if (e == OK)
    e = audit_memory_save(folder, m);
  if (e == OK)
    e = fetch(folder, m, credentials, &change);
  buf_release(&path);
  return e;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
  (void)st, (void)type, (void)at;
  remove(path);
  return 0;
}

/* A folder that this program has just made: after a failure it can be made again. */
static void remove_folder(const char *folder) {
  nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void say_open(const char *url, struct out *out) {
  if (url_is_open(url))
    out_say(out, "Nothing says who answers at this URL: somebody on the way can hold back what is new, which only a "
                 "head or a mirror shows. Use https:// or ssh:// where you can.");
}

static enum err run_init(void *program, const struct cmd_line *line, struct out *out) {
  const char *folder = folder_of(line, 1);
  struct audit_memory m = {.url = audit_whole_url(cmd_nth(line, "", 0))};
  (void)program;
  enum err e = url_check(m.url);
  if (e == OK)
    e = url_check_folder(m.url);
  if (e == OK)
    e = bring(line, &m);
  if (e == OK)
    e = make_folder(folder);
  if (e == OK && (e = fill_folder(folder, &m, cmd_value(line, "credentials"))) != OK)
    remove_folder(folder);
  if (e == OK) {
    out_begin(out, NULL);
    out_field(out, "folder", folder);
    print_url(out, m.url);
    out_end(out);
    say_open(m.url, out);
    out_say(out, "Now: cairn-audit verify%s%s", cmd_nth(line, "", 1) ? " " : "", cmd_nth(line, "", 1) ? folder : "");
  }
  audit_memory_release(&m);
  return e;
}

/* ---- fetch ---- */

/* The ledger's new place must have all that was fetched at the one before: another history is a matter for verify. */
static enum err compare_places(const char *folder, const char *url, const char *credentials) {
  struct buf path = {0}, shown = {0};
  struct clone *clone = NULL;
  enum clone_mirror outcome = CLONE_MIRROR_SAME;
  audit_path(&path, folder, "ledger.git");
  url_show(&shown, url);
  enum err e = clone_open(buf_cstr(&path), &clone);
  if (e == OK) {
    clone_credentials(clone, credentials);
    e = clone_compare(clone, url, &outcome);
  }
  if (e == OK && (outcome == CLONE_MIRROR_BEHIND || outcome == CLONE_MIRROR_APART))
    e = err_set_remedy(
        ERR_REFUSED,
        "the place stays as it was; cairn-audit verify --mirror URL judges what is there, and cairn-audit "
        "init begins anew, with the key that was brought",
        "at \"%s\" is %s", buf_cstr(&shown),
        outcome == CLONE_MIRROR_BEHIND ? "less than was fetched before"
                                       : "another history than the one that was fetched before");
  clone_close(clone);
  buf_release(&path);
  buf_release(&shown);
  return e;
}

static enum err move_to(const char *folder, const struct cmd_line *line, struct audit_memory *m) {
  char *url = audit_whole_url(cmd_value(line, "url"));
  enum err e = url_check(url);
  if (e == OK)
    e = url_check_folder(url);
  if (e == OK)
    e = compare_places(folder, url, cmd_value(line, "credentials"));
  if (e == OK)
    audit_memory_set(&m->url, url);
  free(url);
  return e;
}

static enum err run_fetch(void *program, const struct cmd_line *line, struct out *out) {
  static const char *const words[] = {
      [CLONE_SAME] = "Nothing new has been published.",
      [CLONE_FORWARD] = "There are new entries.",
      [CLONE_REWRITTEN] =
          "The published history is NOT the one that was there before. Both are kept. cairn-audit verify judges."};
  static const char *const codes[] = {
      [CLONE_SAME] = "same", [CLONE_FORWARD] = "forward", [CLONE_REWRITTEN] = "rewritten"};
  struct audit *audit = program;
  struct audit_memory m = {0};
  enum clone_change change;
  enum err e = audit_memory_load(folder_of(line, 0), &m);
  if (e == OK && cmd_value(line, "url"))
    e = move_to(folder_of(line, 0), line, &m);
  if (e == OK)
    e = fetch(folder_of(line, 0), &m, cmd_value(line, "credentials"), &change);
  if (e == OK) {
    audit->status = change == CLONE_REWRITTEN;
    out_begin(out, NULL);
    out_field(out, "folder", folder_of(line, 0));
    print_url(out, m.url);
    out_field(out, "change", codes[change]);
    out_end(out);
    out_say(out, "%s", words[change]);
    if (cmd_value(line, "url")) {
      say_open(m.url, out);
      out_say(out, "From now on the ledger is fetched from there.");
    }
  }
  audit_memory_release(&m);
  return e;
}

/* ---- verify ---- */

/* What is kept as evidence for others. */
struct kept {
  const char *folder;
  struct {
    enum verify_code code;
    char name[AUDIT_FILE_SIZE];
  } at[VERIFY_CONFLICTS_MAX];
  size_t count;
};

static enum err keep_evidence(const char *folder, const char *repository, const struct verify_result *r,
                              struct bytes seen, struct kept *out) {
  enum err e = OK;
  out->folder = folder;
  for (size_t i = 0; e == OK && i < r->conflict_count; i++) {
    out->at[out->count].code = r->conflicts[i].code;
    e = audit_keep_evidence(folder, repository, &r->conflicts[i], seen, out->at[out->count].name);
    out->count += e == OK && out->at[out->count].name[0];
  }
  return e;
}

static void print_findings(struct out *out, const struct verify_result *r) {
  out_table_begin(out, "findings", NULL);
  for (size_t i = 0; i < r->finding_count; i++) {
    const struct verify_finding *f = &r->findings[i];
    out_begin(out, NULL);
    out_field(out, "code", verify_code_text(f->code));
    if (f->entry)
      out_field_number(out, "number", f->entry);
    else
      out_field(out, "number", NULL);
    out_field(out, "finding", f->sentence);
    out_end(out);
  }
  out_table_end(out);
}

/* What the headers do not tell, and what was done and is allowed. */
static void print_notes(struct out *out, const struct verify_result *r) {
  out_table_begin(out, "notes", NULL);
  for (size_t i = 0; i < r->note_count; i++) {
    out_begin(out, NULL);
    out_field(out, "judged", r->notes[i].is_unknown ? "not told" : "allowed");
    out_field_number(out, "count", r->notes[i].count);
    out_field_number(out, "first", r->notes[i].first);
    out_field(out, "what", r->notes[i].sentence);
    out_end(out);
  }
  out_table_end(out);
}

/* Whoever vouches for a size vouches for all smaller ones, so each row counts those above it, too. */
static void print_witnesses(struct out *out, const struct verify_result *r) {
  size_t agencies = 0;
  out_table_begin(out, "witnessed", "by no machine");
  for (size_t i = 0; i < r->witness_count; i++) {
    agencies += r->witnesses[i].is_first;
    if (i + 1 < r->witness_count && r->witnesses[i + 1].size == r->witnesses[i].size)
      continue;
    out_begin(out, NULL);
    out_field_number(out, "size", r->witnesses[i].size);
    out_field_number(out, "machines", i + 1);
    out_field_number(out, "agencies", agencies);
    out_end(out);
  }
  out_table_end(out);
}

static void print_evidence(struct out *out, const struct kept *k) {
  if (k->count == 0)
    return;
  out_table_begin(out, "evidence", NULL);
  for (size_t i = 0; i < k->count; i++) {
    out_begin(out, NULL);
    out_field(out, "code", verify_code_text(k->at[i].code));
    out_field(out, "file", k->at[i].name);
    out_end(out);
  }
  out_table_end(out);
}

/* What the numbers and the notes mean, which are no findings. */
static void say_what_they_mean(struct out *out, const struct verify_result *r, uint64_t quorum) {
  const bool is_one = r->held_count == 1;
  if (r->held_count)
    out_say(out, "%llu %s held and %s for the keeper, which is no finding: cairn-audit holds",
            (unsigned long long)r->held_count, is_one ? "act is" : "acts are", is_one ? "waits" : "wait");
  if (r->quorum_size)
    out_say(out, "%llu %s for the first %llu entries (quorum size), or for more.", (unsigned long long)quorum,
            quorum == 1 ? "agency vouches" : "agencies vouch", (unsigned long long)r->quorum_size);
  if (r->note_count)
    out_say(out,
            "Notes are no findings. \"not told\": whether it was as it should be stands in the content, and not in "
            "the ledger. \"allowed\": it went another way, and may. COUNT is of entries, FIRST the number of the "
            "first.");
}

static void print_result(struct out *out, const struct audit_look *l, const struct kept *k, const char *folder) {
  const struct verify_result *r = l->result;
  out_begin(out, NULL);
  out_field(out, "folder", folder);
  out_field(out, "ledger", r->origin);
  out_field(out, "fingerprint", r->fingerprint);
  out_field_number(out, "entries", r->entry_count);
  out_field(out, "newest", r->time);
  out_field(out, "root", r->root);
  out_field(out, "short-form", r->short_form);
  for (int s = 0; s < VERIFY_SUBJECTS; s++)
    out_field(out, verify_subject_text((enum verify_subject)s), verify_verdict_text(r->verdicts[s]));
  out_field_number(out, "held-undecided", r->held_count);
  print_witnesses(out, r);
  if (r->quorum_size)
    out_field_number(out, "quorum-size", r->quorum_size);
  audit_mirrors_print(out, l);
  print_findings(out, r);
  print_evidence(out, k);
  if (r->findings_beyond)
    out_field_number(out, "further-findings", r->findings_beyond);
  if (l->not_again)
    out_field_number(out, "not-read-again", l->not_again);
  print_notes(out, r);
  out_end(out);
}

static bool has_verdict(const struct verify_result *r, enum verify_verdict verdict) {
  for (int s = 0; s < VERIFY_SUBJECTS; s++)
    if (r->verdicts[s] == verdict)
      return true;
  return false;
}

static bool has_code(const struct verify_result *r, enum verify_code code) {
  for (size_t i = 0; i < r->finding_count; i++)
    if (r->findings[i].code == code)
      return true;
  return false;
}

/* What it was compared with: that is all that "holds" can say. */
static void say_that_it_holds(struct out *out, const struct audit_look *l) {
  out_say(out, "The ledger holds: all %llu entries are there, signed by whom they say, and it is %s.",
          (unsigned long long)l->result->entry_count,
          l->had_visit ? "the ledger known before" : "by the key that was brought");
  if (!l->had_key)
    audit_say_no_key(out);
  if (l->not_again)
    out_say(out, "The first %llu were read at the last good visit, and not again: --full reads all.",
            (unsigned long long)l->not_again);
}

/* Nothing was found but that a head knows more than this copy has, as it does where the copy is older. */
static bool is_behind_head(const struct verify_result *r) {
  size_t others = 0;
  for (size_t i = 0; i < r->finding_count; i++) {
    const enum verify_code c = r->findings[i].code;
    others += c != VERIFY_M_TAIL && c != VERIFY_M_RECEIPT && c != VERIFY_M_REFUSAL && c != VERIFY_N_ROLLBACK &&
              c != VERIFY_N_NONE && c != VERIFY_N_QUORUM && c != VERIFY_N_ANEW;
  }
  for (size_t i = 0; i < r->conflict_count; i++)
    others += r->conflicts[i].note == NULL; /* what was seen at a visit is not there any more */
  return others == 0 && (has_code(r, VERIFY_M_TAIL) || has_code(r, VERIFY_N_ROLLBACK));
}

static int conclude(struct out *out, const struct audit_look *l, const struct kept *k) {
  const struct verify_result *r = l->result;
  if (k->count)
    out_say(out,
            "Both signed checkpoints are kept. What they show, and what they do not, is said to anybody by: cairn "
            "evidence check %s/%s --key VKEY",
            k->folder, k->at[0].name);
  if (is_behind_head(r)) {
    out_say(out,
            "The ledger does NOT hold against this head. Perhaps the copy is only older than the head: cairn-audit "
            "fetch adds what is new, and takes nothing away. Then verify with the same head again; what is still "
            "missing then, the ledger lacks: show the findings to whoever asked for the audit.");
    return 1;
  }
  if (has_verdict(r, VERIFY_FAILS)) {
    out_say(out,
            "The ledger does NOT hold. Keep this copy as it is, and show the findings to whoever asked for the audit.");
    return 1;
  }
  if (has_code(r, VERIFY_M_HEAD)) {
    out_say(out,
            "Nothing fails, but a head that was handed over says nothing of this ledger. Ask its agency for it again: "
            "cairn head FILE");
    return 3;
  }
  if (has_code(r, VERIFY_N_ANEW)) {
    out_say(out,
            "Nothing fails, but the ledger was opened anew since it was last seen: ask the node's administrator, and "
            "the agencies, why, and what is missing (N-ANEW; the entry's content says it: cairn disclose). From now on "
            "it is known under its new name. Keep the copy of before: it is the evidence of what there was.");
    return 3;
  }
  if (has_code(r, VERIFY_N_QUORUM) && !has_code(r, VERIFY_N_NONE)) {
    out_say(out,
            "Nothing fails, but not so many agencies vouch for it. Visit again when their machines have synced, or "
            "ask them for their heads: cairn head FILE, then cairn-audit verify --head FILE");
    return 3;
  }
  if (r->verdicts[VERIFY_ANCHORING] != VERIFY_UNKNOWN && has_verdict(r, VERIFY_UNKNOWN)) {
    out_say(out, "Nothing fails, but not everything could be judged. Is there a newer cairn-audit?");
    return 3;
  }
  if (has_verdict(r, VERIFY_UNKNOWN)) {
    out_say(out, "Nothing fails, but " AUDIT_NOTHING_BROUGHT);
    return 3;
  }
  say_that_it_holds(out, l);
  return 0;
}

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
                                  struct audit_look *out, struct kept *kept) {
  struct audit_memory m = {0};
  enum err e = bring(line, &m);
  struct verify_facts facts = facts_of(&m, b);
  if (e == OK)
    e = audit_look(repository, &facts, NULL, NULL, out);
  if (e == OK)
    e = keep_evidence(b->evidence ? b->evidence : ".", repository, out->result, buf_bytes(&m.seen_note), kept);
  audit_memory_release(&m);
  return e;
}

/* Of an older copy a head shows nothing but that it is older, and no verdict and no evidence comes of it. */
static enum err check_fetched(struct audit_look *l, const struct brought *b, const struct audit_memory *m) {
  if (!is_behind_head(l->result) || !audit_heads_are_after(&b->heads, &m->fetched, clock_now_s()))
    return OK;
  l->result = NULL;
  return err_set_remedy(
      ERR_IO, "cairn-audit fetch, then verify with the same head again",
      "this copy was last fetched at %s, before the head was written, and has less than the head tells "
      "of",
      m->fetched.s);
}

static enum err verify_folder(const char *folder, const struct cmd_line *line, const struct brought *b,
                              struct audit_look *out, struct kept *kept) {
  struct audit_memory m = {0};
  struct buf path = {0};
  audit_path(&path, folder, "ledger.git");
  enum err e = audit_memory_load(folder, &m);
  if (e == OK)
    e = bring(line, &m);
  struct verify_facts facts = facts_of(&m, b);
  out->apart = m.apart;
  out->apart_count = m.apart_count;
  if (e == OK)
    e = audit_look(buf_cstr(&path), &facts, NULL, NULL, out);
  if (e == OK)
    e = check_fetched(out, b, &m);
  if (e == OK)
    e = keep_evidence(b->evidence ? b->evidence : folder, buf_cstr(&path), out->result, buf_bytes(&m.seen_note), kept);
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
  struct kept kept = {0};
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
                   : verify_folder(folder_of(line, 0), line, &brought, &look, &kept);
  if (look.result) {
    print_result(out, &look, &kept, repository ? NULL : folder_of(line, 0));
    say_what_they_mean(out, look.result, brought.quorum);
    audit->status = conclude(out, &look, &kept);
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

#define CREDENTIALS                                                                                                    \
  { "credentials", CMD_VALUE, "FILE", "USER:PASSWORD for https://, in a file that only you can read; it is not kept" }
static const struct cmd_opt fetch_opts[] = {
    {"url", CMD_VALUE, "URL", "the ledger's new place, from now on: as for init"}, CREDENTIALS, {0}};
static const struct cmd_opt init_opts[] = {
    {"key", CMD_VALUE, "VKEY", "the ledger's verifier key, NAME+HASH+BASE64, as you were told it"},
    {"fingerprint", CMD_VALUE, "HEX", "the fingerprint of the ledger's key, as you were told it"},
    CREDENTIALS,
    {0}};
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
    CREDENTIALS,
    {0}};

const struct cmd audit_visit_commands[] = {
    {"init", "URL [FOLDER]", 1, 2, init_opts, "make a folder for a ledger, and fetch the ledger into it",
     "Bring the key or its fingerprint from somewhere else than the ledger itself: without one, the first visit\n"
     "cannot tell this ledger from another. URL is a path on this machine, https://HOST/PATH, or\n"
     "ssh://USER@HOST/PATH with the keys of your ssh-agent; no password stands in it.",
     run_init},
    {"fetch", "[FOLDER]", 0, 1, fetch_opts, "fetch what has been published since",
     "Where the ledger has moved, --url says where it is now. All that was fetched before must be there.", run_fetch},
    {"verify", "[FOLDER]", 0, 1, verify_opts,
     "judge integrity, authorship, anchoring, completeness, conformance and publication",
     "Remembers the checkpoint of a good visit, and compares with it at the next. Two checkpoints that do not go\n"
     "together are kept in the folder as evidence-*.txt, for others.",
     run_verify},
    {0}};
