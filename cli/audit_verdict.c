/* What a verification tells: the verdicts, what they mean, and what to do. */
#include "cli/audit.h"

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

static void print_evidence(struct out *out, const struct audit_kept *k) {
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

void audit_verdict_explain(struct out *out, const struct verify_result *r, uint64_t quorum) {
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

void audit_verdict_print(struct out *out, const struct audit_look *l, const struct audit_kept *k, const char *folder) {
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

bool audit_is_behind_head(const struct verify_result *r) {
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

int audit_verdict_conclude(struct out *out, const struct audit_look *l, const struct audit_kept *k) {
  const struct verify_result *r = l->result;
  if (k->count)
    out_say(out,
            "Both signed checkpoints are kept. What they show, and what they do not, is said to anybody by: cairn "
            "evidence check %s/%s --key VKEY",
            k->folder, k->at[0].name);
  if (audit_is_behind_head(r)) {
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
