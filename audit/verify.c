#include "audit/verify_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *text;
  enum verify_subject subject;
  bool blinds; /* leaves acts whose authorship nobody could judge */
} codes[] = {
#define X(code, text, subject, blinds) {text, subject, blinds},
    VERIFY_CODES(X)
#undef X
};

const char *verify_code_text(enum verify_code code) {
  return codes[code].text;
}

enum verify_subject verify_code_subject(enum verify_code code) {
  return codes[code].subject;
}

struct verify_short verify_short(const void *at, size_t len) {
  struct verify_short out;
  uint8_t hash[VHASH_SIZE];
  vhash(at, len, hash);
  vtext_to_hex(hash, 8, out.s);
  return out;
}

const char *verify_subject_text(enum verify_subject subject) {
  static const char *const words[] = {"integrity",    "authorship",  "anchoring",
                                      "completeness", "conformance", "publication"};
  return words[subject];
}

const char *verify_verdict_text(enum verify_verdict verdict) {
  static const char *const words[] = {"holds", "does not hold", "unknown"};
  return words[verdict];
}

/* The last places are for codes that were not met before, so that a flood of one finding hides no other. */
void vlist(struct verify *v, const struct verify_finding *f) {
  bool is_new = v->counts[f->code]++ == 0;
  if (v->finding_count >= VERIFY_FINDINGS_MAX - (is_new ? 0 : VERIFY_CODE_COUNT))
    v->findings_beyond++;
  else
    v->findings[v->finding_count++] = *f;
}

static void fill(struct verify_finding *out, enum verify_code code, uint64_t entry, const char *fmt, va_list ap) {
  *out = (struct verify_finding){.code = code, .entry = entry}; /* all of it is kept in the auditor's state */
  vsnprintf(out->sentence, sizeof out->sentence, fmt, ap);
}

void vfinding(struct verify_finding *out, enum verify_code code, uint64_t entry, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  fill(out, code, entry, fmt, ap);
  va_end(ap);
}

void vfind(struct verify *v, enum verify_code code, uint64_t entry, const char *fmt, ...) {
  struct verify_finding f;
  va_list ap;
  va_start(ap, fmt);
  fill(&f, code, entry, fmt, ap);
  va_end(ap);
  v->blind_count += codes[code].blinds;
  vjob_finding(v, &f);
}

void verify_report(struct verify *v, enum verify_code code, uint64_t entry, const char *sentence) {
  vfind(v, code, entry, "%s", sentence);
}

static struct verify_text of_string(const char *s) {
  return vtext_of(s, strlen(s));
}

/* What is wrong with the facts, or NULL. */
static const char *read_facts(struct verify *v, const struct verify_facts *f) {
  struct verify_text text;
  v->has_brought_key = f->vkey != NULL;
  v->has_brought_fingerprint = f->fingerprint != NULL;
  v->has_seen = f->seen_vkey != NULL;
  if (f->vkey && !vnote_key_parse(of_string(f->vkey), &v->brought_key))
    return "the verifier key is not NAME+HASH+BASE64 of an ECDSA P-256 key";
  if (f->fingerprint && !vtext_hex(of_string(f->fingerprint), v->brought_fingerprint, VHASH_SIZE))
    return "the fingerprint is not 64 lower-case hexadecimal digits";
  if (f->seen_vkey &&
      (!vnote_key_parse(of_string(f->seen_vkey), &v->seen_key) ||
       vnote_open(v->curve, vtext_of(f->seen_note, f->seen_note_len), &v->seen_key, &text) != VNOTE_GOOD ||
       !vnote_checkpoint_parse(text, &v->seen)))
    return "the remembered checkpoint is damaged";
  v->quorum = f->quorum;
  return vheads_take(v, f->heads, f->head_count);
}

struct verify *verify_new(const struct verify_facts *facts, const char **why_out) {
  struct verify *v = vtext_alloc(sizeof *v);
  v->findings = vtext_alloc(VERIFY_FINDINGS_MAX * sizeof *v->findings);
  v->curve = vcurve_new();
  v->expected = 1;
  v->folder = facts->folder ? strdup(facts->folder) : NULL;
  v->scratch.folder = v->folder;
  vmap_init(&v->ledger_keys, VHASH_SIZE, NULL);
  v->ledger_keys.count_max = VERIFY_SIGNERS_MAX;
  vwitness_init(&v->witnesses, &v->scratch);
  vchain_init(&v->chains, &v->scratch);
  vconform_init(v);
  vcommit_init(&v->commits);
  const char *why = read_facts(v, facts);
  if (why == NULL) {
    vjobs_start(v, facts->jobs);
    return v;
  }
  *why_out = why;
  verify_free(v);
  return NULL;
}

void verify_free(struct verify *v) {
  if (v == NULL)
    return;
  vjobs_drop(v);
  vcurve_free(v->curve);
  vtable_release(&v->table);
  vwitness_release(&v->witnesses);
  vchain_release(&v->chains);
  vheads_release(&v->heads);
  vconform_release(v);
  vcommit_release(&v->commits);
  vcert_release_authority(&v->authority);
  vhandover_drop(v);
  vmap_release(&v->ledger_keys);
  free(v->findings);
  free(v->folder);
  free(v);
}

void verify_each(struct verify *v, void *of, void (*entry)(void *of, const struct verify_entry *e)) {
  v->of = of;
  v->entry = entry;
}

uint64_t verify_count(const struct verify *v) {
  return v->tree.size;
}

/* Where the remembered checkpoint ends, its root must come out. */
static void compare_with_seen(struct verify *v) {
  uint8_t root[VHASH_SIZE];
  if (!v->has_seen || v->tree.size != v->seen.size)
    return;
  vtree_root(&v->tree, root);
  bool is_same = vsame(root, v->seen.root);
  v->is_unjudged |= v->is_trusting && !is_same;
  v->is_trusting = false;
  if (is_same)
    return;
  const struct verify_conflict conflict = {.code = VERIFY_N_FORK, .size = v->seen.size};
  struct verify_finding f;
  vfinding(&f, VERIFY_N_FORK, v->seen.size,
           "the first %llu entries are not those of the checkpoint that was seen before",
           (unsigned long long)v->seen.size);
  vjob_conflict(v, &conflict, &f);
}

static void read_leaf(struct verify *v, struct verify_text leaf) {
  vtree_push(&v->tree, leaf.at, leaf.len);
  vact_leaf(v, leaf);
  if (!v->act.open)
    vwitness_root(v);
  compare_with_seen(v);
  vheads_meet_root(v);
}

void verify_leaves(struct verify *v, const void *at, size_t len) {
  struct verify_text rest = vtext_of(at, len);
  if (len > VERIFY_FILE_MAX) {
    vfind(v, VERIFY_I_LIMIT, v->expected, "a file of leaves is larger than 64 MiB");
    return;
  }
  if (len == 0)
    vfind(v, VERIFY_I_LEAF, v->expected, "a file of leaves is empty");
  while (rest.len > 0) {
    const char *end = memmem(rest.at, rest.len, "\n\n", 2);
    if (end == NULL) {
      vfind(v, VERIFY_I_LEAF, v->expected, "a file of leaves ends in the middle of a leaf");
      return;
    }
    struct verify_text leaf = vtext_of(rest.at, (size_t)(end + 1 - rest.at));
    rest = vtext_of(end + 2, rest.len - leaf.len - 1);
    read_leaf(v, leaf);
  }
}

static void compare_with_leaves(struct verify *v, const struct vnote_checkpoint *c) {
  uint8_t root[VHASH_SIZE];
  if (c->size != v->tree.size) {
    vfind(v, VERIFY_I_SIZE, c->size, "the checkpoint is of size %llu, and there are %llu leaves",
          (unsigned long long)c->size, (unsigned long long)v->tree.size);
    return;
  }
  vtree_root(&v->tree, root);
  if (memcmp(root, c->root, VHASH_SIZE) != 0)
    vfind(v, VERIFY_I_ROOT, c->size, "the checkpoint's root is not the root of the leaves");
  if (v->tree.size > 0 && strcmp(c->time, v->admitted) != 0)
    vfind(v, VERIFY_I_TIME, c->size, "the checkpoint's time is not that of its last entry");
}

/* The checkpoint of a handover is signed by two keys. */
static void judge_handover(struct verify *v, struct verify_text note, uint64_t size) {
  struct verify_text text;
  if (vnote_open(v->curve, note, &v->ledger, &text) != VNOTE_GOOD)
    vfind(v, VERIFY_I_SIGNATURE, size, "the checkpoint is not signed by the ledger's key");
  else if (vnote_open(v->curve, note, &v->former_ledger, &text) != VNOTE_GOOD)
    vfind(v, VERIFY_I_SIGNATURE, size, "the checkpoint of the handover is not signed by the ledger's key before it");
}

static void judge_note(struct verify *v, struct verify_text note, struct verify_text text, uint64_t size,
                       const uint8_t *signature, size_t len) {
  if (v->handed_over_at && v->handed_over_at == v->tree.size) {
    judge_handover(v, note, size);
    return;
  }
  struct verify_finding bad;
  vfinding(&bad, VERIFY_I_SIGNATURE, size, "the checkpoint is not signed by the ledger's key");
  struct vcheck c = vcheck_of(&v->ledger.key, text, signature, len);
  c.bad = bad;
  if (len > 0)
    vjob_check(v, &c);
  else if (vnote_open(v->curve, note, &v->ledger, &text) != VNOTE_GOOD)
    vjob_finding(v, &bad);
}

void verify_checkpoint(struct verify *v, const void *at, size_t len) {
  struct verify_text text;
  struct vnote_checkpoint c;
  uint8_t signature[VKEY_SIGNATURE_MAX];
  size_t signature_len;
  enum vnote_outcome outcome = vnote_find(vtext_of(at, len), &v->ledger, &text, signature, &signature_len);
  v->covered = v->tree.size;
  v->has_newest = false;
  if (outcome == VNOTE_LIMIT) {
    vfind(v, VERIFY_I_LIMIT, v->covered, "the checkpoint is larger than 64 KiB or has more than 64 signatures");
    return;
  }
  if (outcome == VNOTE_FORM || !vnote_checkpoint_parse(text, &c)) {
    vfind(v, VERIFY_I_NOTE, v->covered, "the checkpoint is not of its form");
    return;
  }
  if (v->is_open)
    judge_note(v, vtext_of(at, len), text, c.size, signature, signature_len);
  if (v->is_open && strcmp(c.origin, v->ledger.name) != 0)
    vfind(v, VERIFY_I_OPEN, v->anew.entry ? v->anew.entry : 1, "the ledger has another name than the checkpoint");
  v->newest = c;
  v->has_newest = true;
  compare_with_leaves(v, &c);
  vwitness_read(v, vtext_of(at, len), &c);
}

/* ---- the verdicts: audit/FORMAT.md section 4 ---- */

static void finish_integrity(struct verify *v) {
  vact_end(v);
  if (v->tree.size == 0)
    vfind(v, VERIFY_I_OPEN, 0, "there are no entries");
  if (v->covered != v->tree.size)
    vfind(v, VERIFY_I_SIZE, v->tree.size, "the newest checkpoint does not cover the last leaves");
  else if (!v->has_newest && v->counts[VERIFY_I_NOTE] + v->counts[VERIFY_I_LIMIT] == 0)
    vfind(v, VERIFY_I_NOTE, 0, "there is no checkpoint");
}

static void compare_key(struct verify *v, bool has_met, const char *how) {
  if (!has_met)
    vfind(v, VERIFY_N_KEY, 1, "the ledger's key is not the one that was %s, nor was it handed over by that one", how);
}

static void compare_origin(struct verify *v, const char *known) {
  if (strcmp(v->ledger.name, known) != 0 && !vhandover_had_name(v, known))
    vfind(v, VERIFY_N_ORIGIN, 1, "the ledger calls itself %s, and was known as %s", v->ledger.name, known);
}

/* It is said until the auditor has seen the ledger under this name. */
static void tell_anew(struct verify *v) {
  const struct vanew *a = &v->anew;
  bool is_known = v->has_seen && strcmp(v->seen.origin, v->ledger.name) == 0;
  if (a->entry && !is_known)
    vfind(v, VERIFY_N_ANEW, a->entry,
          "the ledger was lost in part and opened anew as %.48s: of the %llu entries that %.48s had, those behind %llu "
          "are not here, or under other numbers",
          a->origin, (unsigned long long)a->size, a->former, (unsigned long long)a->kept);
}

static void finish_anchoring(struct verify *v) {
  uint64_t size = v->has_newest ? v->newest.size : v->tree.size;
  if (!v->has_brought_key && !v->has_brought_fingerprint && !v->has_seen)
    vfind(v, VERIFY_N_NONE, 0, "this is the first visit, and no key was brought: there is nothing to compare with");
  if (v->has_seen && size < v->seen.size) {
    const struct verify_conflict conflict = {.code = VERIFY_N_ROLLBACK, .size = v->seen.size};
    struct verify_finding f;
    vfinding(&f, VERIFY_N_ROLLBACK, size, "the ledger has %llu entries, and had %llu when it was seen before",
             (unsigned long long)size, (unsigned long long)v->seen.size);
    vjob_conflict(v, &conflict, &f);
  }
  if (!v->is_open)
    return;
  tell_anew(v);
  if (v->has_brought_key) {
    compare_key(v, v->met_brought_key, "brought");
    compare_origin(v, v->brought_key.name);
  }
  if (v->has_brought_fingerprint)
    compare_key(v, v->met_brought_fingerprint, "brought");
  if (v->has_seen) {
    compare_key(v, v->met_seen_key, "seen before");
    compare_origin(v, v->seen.origin);
  }
  if (v->unendorsed && v->counts[VERIFY_N_NONE] == 0)
    vfind(v, VERIFY_N_KEY, v->unendorsed, "the ledger's key was changed, and the key known does not lead to it");
}

static bool has_findings(const struct verify *v, enum verify_subject subject) {
  for (size_t i = 0; i < VERIFY_CODE_COUNT; i++)
    if (codes[i].subject == subject && v->counts[i] > 0 && i != VERIFY_N_NONE && i != VERIFY_N_QUORUM &&
        i != VERIFY_N_ANEW && i != VERIFY_M_HEAD)
      return true;
  return false;
}

static bool is_blind(const struct verify *v) {
  if (v->is_unjudged)
    return true;
  for (size_t i = 0; i < VERIFY_CODE_COUNT; i++)
    if (codes[i].blinds && v->counts[i] > 0)
      return true;
  return false;
}

/* Of the repository something could not be read: what else it holds nobody knows. */
static bool is_unread(const struct verify *v) {
  return v->counts[VERIFY_I_OBJECT] + v->counts[VERIFY_I_LAYOUT] + v->counts[VERIFY_I_LIMIT] > 0;
}

static void judge(const struct verify *v, enum verify_verdict verdicts[VERIFY_SUBJECTS]) {
  static const enum verify_subject needs_all_acts[] = {VERIFY_AUTHORSHIP, VERIFY_COMPLETENESS, VERIFY_CONFORMANCE};
  bool is_whole = !has_findings(v, VERIFY_INTEGRITY);
  for (int s = 0; s < VERIFY_SUBJECTS; s++)
    verdicts[s] = has_findings(v, (enum verify_subject)s) ? VERIFY_FAILS : VERIFY_HOLDS;
  for (size_t i = 0; i < sizeof needs_all_acts / sizeof *needs_all_acts; i++)
    if (verdicts[needs_all_acts[i]] == VERIFY_HOLDS && is_blind(v))
      verdicts[needs_all_acts[i]] = VERIFY_UNKNOWN;
  /* A head that is not of this ledger says nothing about it. */
  if (verdicts[VERIFY_COMPLETENESS] == VERIFY_HOLDS && v->counts[VERIFY_M_HEAD] > 0)
    verdicts[VERIFY_COMPLETENESS] = VERIFY_UNKNOWN;
  if (verdicts[VERIFY_CONFORMANCE] == VERIFY_HOLDS && vconform_is_partial(v))
    verdicts[VERIFY_CONFORMANCE] = VERIFY_UNKNOWN;
  if (verdicts[VERIFY_PUBLICATION] == VERIFY_HOLDS && (v->commits.count == 0 || !v->is_open || is_unread(v)))
    verdicts[VERIFY_PUBLICATION] = VERIFY_UNKNOWN;
  /* Leaves that no checkpoint vouches for are anchored to nothing. */
  if (verdicts[VERIFY_ANCHORING] == VERIFY_HOLDS &&
      (v->counts[VERIFY_N_NONE] + v->counts[VERIFY_N_QUORUM] + v->counts[VERIFY_N_ANEW] > 0 || !is_whole))
    verdicts[VERIFY_ANCHORING] = VERIFY_UNKNOWN;
}

const struct verify_result *verify_end(struct verify *v) {
  struct verify_result *r = &v->result;
  vjobs_end(v);
  v->is_unjudged |= v->is_trusting;
  finish_integrity(v);
  finish_anchoring(v);
  r->held_count = vchain_end(v);
  vheads_end(v);
  r->witness_count = vwitness_list(v, &r->witnesses);
  r->quorum_size = vwitness_judge_quorum(v, r->witnesses, r->witness_count);
  r->conflicts = v->conflicts;
  r->conflict_count = v->conflict_count;
  judge(v, r->verdicts);
  r->findings = v->findings;
  r->finding_count = v->finding_count;
  r->findings_beyond = v->findings_beyond;
  r->entry_count = v->tree.size;
  if (v->is_open) {
    vtext_copy(r->origin, sizeof r->origin, of_string(v->ledger.name));
    vnote_key_format(&v->ledger, r->vkey, sizeof r->vkey);
    vtext_to_hex(v->ledger.key.id, VHASH_SIZE, r->fingerprint);
  }
  if (v->has_newest) {
    r->size = v->newest.size;
    vtext_to_hex(v->newest.root, VHASH_SIZE, r->root);
    memcpy(r->time, v->newest.time, sizeof r->time);
    vnote_short(&v->newest, r->short_form);
  }
  r->notes = v->notes;
  r->note_count = vconform_list_notes(v);
  r->signer_count = vcommit_signers(v, &r->signers);
  return r;
}

bool verify_had(const struct verify *v, uint64_t size, const char *root, const char *fingerprint) {
  uint8_t hash[VHASH_SIZE], key[VHASH_SIZE];
  return vtext_hex(of_string(root), hash, sizeof hash) && vtext_hex(of_string(fingerprint), key, sizeof key) &&
         vwitness_had_root(v, size, hash) && vmap_find(&v->ledger_keys, key) != NULL;
}
