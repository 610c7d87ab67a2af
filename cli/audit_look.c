#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/clone.h"
#include "cli/audit.h"

static void take_leaves(void *of, struct bytes file) {
  struct audit_look *l = of;
  verify_leaves(l->verify, file.at, file.len);
}

/* On long work people are told how far it is, once a second. */
static void tell_progress(struct audit_look *l) {
  time_t now = time(NULL);
  if (l->told_at == 0)
    l->told_at = now;
  if (now == l->told_at || !isatty(STDERR_FILENO))
    return;
  l->told_at = now;
  l->has_told = true;
  fprintf(stderr, "\rread %" PRIu64 " entries …", verify_count(l->verify));
}

static void end_progress(const struct audit_look *l) {
  if (l->has_told)
    fputc('\n', stderr);
}

static void take_checkpoint(void *of, struct bytes note) {
  struct audit_look *l = of;
  tell_progress(l);
  verify_checkpoint(l->verify, note.at, note.len);
  buf_clear(&l->note);
  buf_add(&l->note, note);
}

static void take_commit(void *of, struct bytes object) {
  struct audit_look *l = of;
  verify_commit(l->verify, object.at, object.len);
}

static void take_fault(void *of, enum clone_fault fault, const char *sentence) {
  static const enum verify_code codes[CLONE_FAULTS] = {
      [CLONE_OBJECT] = VERIFY_I_OBJECT,   [CLONE_LAYOUT] = VERIFY_I_LAYOUT,         [CLONE_LIMIT] = VERIFY_I_LIMIT,
      [CLONE_TREE] = VERIFY_P_TREE,       [CLONE_REPLACE] = VERIFY_P_REPLACE,       [CLONE_GRAFT] = VERIFY_P_GRAFT,
      [CLONE_SHALLOW] = VERIFY_P_SHALLOW, [CLONE_ALTERNATES] = VERIFY_P_ALTERNATES, [CLONE_FORCED] = VERIFY_P_FORCED};
  struct audit_look *l = of;
  verify_report(l->verify, codes[fault], 0, sentence);
}

static void take_changed(void *of, const struct clone_changed *c) {
  struct audit_look *l = of;
  verify_changed(l->verify, &(struct verify_change){.commit = c->commit,
                                                    .earlier = c->earlier,
                                                    .before = c->before.at,
                                                    .before_len = c->before.len,
                                                    .after = c->after.at,
                                                    .after_len = c->after.len});
}

/* ---- from where to read ---- */

static struct clone_place clone_place_of(const struct verify_place *p) {
  struct clone_place out = {.number = p->number};
  memcpy(out.commit, p->commit, sizeof out.commit);
  return out;
}

static enum err read_from(struct audit_look *l, struct clone *clone, const struct verify_place *from) {
  struct clone_reader reader = {l, take_leaves, take_checkpoint, take_fault, take_commit, take_changed};
  struct clone_place last = from ? clone_place_of(from) : (struct clone_place){0}, newest;
  enum err e = clone_read_from(clone, from ? &last : NULL, &reader, &newest);
  if (e != OK)
    return e;
  l->is_same = from && newest.number == last.number;
  l->place.number = newest.number;
  memcpy(l->place.commit, newest.commit, sizeof l->place.commit);
  return OK;
}

/* OK also where the state is of no use: then there is still no verifier. */
static enum err look_at_what_is_new(struct audit_look *l, struct clone *clone, const struct verify_facts *facts) {
  struct verify_place from;
  l->verify = verify_resume(facts, &from, &l->why_all_was_read);
  if (l->verify == NULL)
    return OK;
  buf_add(&l->note, bytes_of(facts->seen_note, facts->seen_note_len));
  l->not_again = verify_count(l->verify);
  enum err e = read_from(l, clone, &from);
  if (e != ERR_ABSENT)
    return e;
  l->not_again = 0;
  l->why_all_was_read = "the published history is not the one that was there before";
  verify_free(l->verify);
  l->verify = NULL;
  buf_clear(&l->note);
  return OK;
}

/* Were the signatures up to the checkpoint seen checked, in this history? */
static bool is_known(struct clone *clone, const struct verify_facts *facts) {
  struct verify_place p;
  const char *why;
  struct verify *v = facts->state.size ? verify_resume(facts, &p, &why) : NULL;
  verify_free(v);
  if (v == NULL)
    return false;
  const struct clone_place place = clone_place_of(&p);
  return clone_find(clone, &place) == OK;
}

static enum err look_at_all(struct audit_look *l, struct clone *clone, const struct verify_facts *facts, void *of,
                            void (*entry)(void *of, const struct verify_entry *e)) {
  const char *why;
  l->verify = verify_new(facts, &why);
  if (l->verify == NULL)
    return err_set(ERR_USAGE, "%s", why);
  if (entry)
    verify_each(l->verify, of, entry);
  if (entry && is_known(clone, facts))
    verify_trust(l->verify);
  return read_from(l, clone, NULL);
}

static unsigned count_processors(void) {
  const long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n < 1 ? 1 : n > VERIFY_JOBS_MAX ? VERIFY_JOBS_MAX : (unsigned)n;
}

enum err audit_look(const char *repository, const struct verify_facts *facts, void *of,
                    void (*entry)(void *of, const struct verify_entry *e), struct audit_look *out) {
  struct verify_facts f = *facts;
  struct clone *clone = NULL;
  if (f.jobs == 0)
    f.jobs = count_processors();
  if (f.folder == NULL)
    f.folder = "/var/tmp"; /* which is a disk, where /tmp may be memory */
  *out = (struct audit_look){.mirrors = out->mirrors,
                             .mirror_count = out->mirror_count,
                             .credentials = out->credentials,
                             .apart = out->apart,
                             .apart_count = out->apart_count,
                             .had_key = f.vkey || f.fingerprint,
                             .had_visit = f.seen_vkey != NULL};
  enum err e = clone_open(repository, &clone);
  if (e == OK && f.state.size && entry == NULL)
    e = look_at_what_is_new(out, clone, &f);
  if (e == OK && out->verify == NULL)
    e = look_at_all(out, clone, &f, of, entry);
  end_progress(out);
  if (e == OK) {
    clone_credentials(clone, out->credentials);
    audit_mirrors_compare(out, clone);
    out->result = verify_end(out->verify);
  } else {
    audit_look_release(out);
  }
  clone_close(clone);
  return e;
}

const char *audit_folder(const struct cmd_line *line, size_t operand) {
  const char *folder = cmd_nth(line, "", operand);
  return folder ? folder : AUDIT_FOLDER;
}

enum err audit_look_in(const char *folder, void *of, void (*entry)(void *of, const struct verify_entry *e),
                       struct audit_look *out) {
  struct audit_memory m = {0};
  struct buf path = {0};
  audit_path(&path, folder ? folder : AUDIT_FOLDER, "ledger.git");
  enum err e = audit_memory_load(folder ? folder : AUDIT_FOLDER, &m);
  if (e == OK) {
    const struct verify_facts facts = audit_memory_facts(&m);
    out->apart = m.apart;
    out->apart_count = m.apart_count;
    e = audit_look(buf_cstr(&path), &facts, of, entry, out);
    out->apart_count = 0;
  }
  audit_memory_release(&m);
  buf_release(&path);
  return e;
}

void audit_look_release(struct audit_look *l) {
  verify_free(l->verify);
  buf_release(&l->note);
  *l = (struct audit_look){0};
}

bool audit_is_sound(const struct verify_result *r) {
  return r->verdicts[VERIFY_INTEGRITY] == VERIFY_HOLDS && r->verdicts[VERIFY_ANCHORING] != VERIFY_FAILS;
}

void audit_print_verdicts(struct out *out, const struct verify_result *r) {
  struct buf not_holding = {0};
  for (int s = 0; s < VERIFY_SUBJECTS; s++) {
    const char *subject = verify_subject_text((enum verify_subject)s), *verdict = verify_verdict_text(r->verdicts[s]);
    if (out->form == OUT_JSON)
      out_field(out, subject, verdict);
    else if (r->verdicts[s] != VERIFY_HOLDS)
      buf_addf(&not_holding, "%s%s %s", not_holding.len ? ", " : "", subject, verdict);
  }
  if (out->form == OUT_TEXT)
    out_field(out, "ledger", not_holding.len ? buf_cstr(&not_holding) : "holds");
  buf_release(&not_holding);
}

void audit_say_no_key(struct out *out) {
  out_say(out, "Nobody has brought its key: it is the ledger of your first visit, and no more is known. Ask the node's "
               "administrator for the fingerprint over the telephone, then: cairn-audit verify --fingerprint HEX");
}

bool audit_say_doubts(struct out *out, const struct audit_look *l) {
  const struct verify_result *r = l->result;
  const bool is_known = l->had_key || l->had_visit;
  bool is_any = false;
  for (int s = 0; s < VERIFY_SUBJECTS; s++)
    is_any |= r->verdicts[s] == VERIFY_FAILS;
  if (is_any)
    out_say(
        out,
        "Something in the ledger does NOT hold, and may be behind this answer: cairn-audit verify --full says what.");
  if (!is_known)
    out_say(out, "Whether this is the ledger that it should be is not known: " AUDIT_NOTHING_BROUGHT);
  else if (!l->had_key)
    audit_say_no_key(out);
  return is_any || !is_known;
}

const char *audit_by(const struct verify_author *a) {
  return a->is_node ? "node" : a->person[0] ? a->person : "unknown";
}

void audit_print_unsound(struct out *out, const struct verify_result *r, const char *cannot) {
  out_begin(out, NULL);
  audit_print_verdicts(out, r);
  out_end(out);
  out_say(out, "The ledger does NOT hold, so that it cannot say %s. cairn-audit verify --full says why.", cannot);
}
