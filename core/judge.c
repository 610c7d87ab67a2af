/* What can be wrong with an act that is an act: its form, who may write it, under which settings, and what the rules
 * say. Each check asks the domain's tables and the store. What it names is judge_reference.c, the keys that it
 * introduces judge_key.c, what was taken from the node judge_taken.c. */
#include <stdio.h>

#include "core/accept_parts.h"
#include "core/feed.h"
#include "core/profile.h"
#include "core/rule.h"
#include "core/seal.h"
#include "core/second.h"
#include "core/staff.h"

enum { HELD, IS_LOST };

static const char *const sql[] = {
    [HELD] = "SELECT max(state = 'rejected') FROM hold WHERE act = ?1",
    [IS_LOST] = "SELECT 1 FROM hold WHERE object = ?1 AND state = 'held' "
                "AND NOT EXISTS (SELECT 1 FROM held WHERE hold = ?1)",
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

/* A restricted entry stands with nothing that goes to others than people by name, and its envelope is for exactly those
 * whom the header names. */
enum err judge_sealed(struct door *d) {
  bool is_any = false;
  for (size_t i = 0; i < d->in->count; i++)
    is_any = is_any || d->entries[i].audience == AUDIENCE_RESTRICTED;
  for (size_t i = 0; is_any && i < d->in->count; i++) {
    const struct entry *e = &d->entries[i];
    if (e->audience != AUDIENCE_RESTRICTED && e->audience != AUDIENCE_NAMED)
      return door_give(d, VERDICT_REFUSED, "restricted", "restricted information stands in one act with what is not",
                       "record each in an act of its own");
    enum err err = e->audience == AUDIENCE_RESTRICTED ? seal_check(d->in->entries[i].content, e) : OK;
    if (err != OK)
      return door_give(d, VERDICT_REFUSED, "sealed", err_words(err),
                       "what was sealed was changed on its way or made by a faulty program: record it again, and tell "
                       "the administrator");
  }
  return OK;
}

/* ---- permission ---- */

/* Whom an entry is about: itself, or what its references lead to. */
static enum err find_about(struct door *d, size_t i, const struct entry *e, int depth, struct author_about *out) {
  static const char *const leads[] = {"person", "replica", "role", "key", "bar", "agency", "invitation"};
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
    enum err err = judge_find_named(d, i, id, &n);
    if (err == OK && n.entry)
      err = find_about(d, i, n.entry, depth - 1, out);
    header_free(n.header);
    return err;
  }
  return OK;
}

/* Which roles are given or taken: the entry says, or the one that gave it. */
static enum err judge_grant(struct door *d, size_t i, const struct author_about *about) {
  struct named given = {0};
  const struct entry *e = &d->entries[i];
  const struct hash *role_entry = entry_ref(e, "role");
  char words[256];
  enum err err = role_entry ? judge_find_named(d, i, role_entry, &given) : OK;
  if (given.entry)
    e = given.entry;
  bool is_own = !hash_is_zero(&about->agency) && hash_equal(&about->agency, &d->author.agency);
  for (size_t f = 0; err == OK && f < e->fact_count; f++) {
    struct bytes role = e->facts[f].value;
    if (!bytes_equal_str(e->facts[f].name, "role") || role_may_be_given(role, d->author.roles, is_own))
      continue;
    snprintf(words, sizeof words, "the role \"%.*s\" is not yours to give or to take there", (int)role.len,
             (const char *)role.at);
    err = door_give(d, VERDICT_REFUSED, "permission", words, "cairn roles says who may give which");
  }
  header_free(given.header);
  return err;
}

/* An act that was decided against stays out, also under another position. */
static enum err judge_decided(struct door *d) {
  struct query q;
  struct hash_hex act = hash_hex(&d->position.act);
  query_start(&q, d->s->db, sql[HELD]);
  query_text(&q, 1, bytes_str(act.s));
  bool is_rejected = query_row(&q) && query_get_int(&q, 0) != 0;
  d->was_never_held = query_is_null(&q, 0);
  enum err e = query_end(&q);
  return e == OK && is_rejected
             ? door_give(d, VERDICT_REFUSED, "held", "this act was held, and it was decided against it",
                         "record it anew if it is right, and say so to whoever decided")
             : e;
}

/* What was held is in no ledger: a node that was rebuilt may not have it. To let it through would lose it. */
static enum err judge_release(struct door *d, const struct entry *e) {
  const struct hash *hold = entry_ref(e, "hold");
  struct query q;
  if (d->in->how != ACCEPT_ADMIT || hold == NULL || !bytes_equal_str(e->kind, "held.release"))
    return OK;
  query_start(&q, d->s->db, sql[IS_LOST]);
  query_blob(&q, 1, hash_bytes(hold));
  bool is_lost = query_row(&q);
  enum err err = query_end(&q);
  return err == OK && is_lost
             ? door_give(d, VERDICT_REFUSED, "held", "what is held is not at the node, which lost it",
                         "let it through once the machine that recorded it has synced; or decide against it")
             : err;
}

/* Signed by someone whose certificate counts no more: held, not lost. The keeper decides. */
static enum err judge_author(struct door *d) {
  static const char remedy[] = "the Keeper of the Register decides whether it is let through";
  if (d->in->is_released)
    return OK;
  if (d->in->machine && d->in->machine->is_revoked)
    return door_give(d, VERDICT_HELD, "revoked", "the machine that sent it had been revoked", remedy);
  if (d->in->machine && !machine_is_valid(d->in->machine, d->judged_s))
    return door_give(d, VERDICT_HELD, "certificate", "the certificate of the machine that sent it was not valid",
                     remedy);
  if (d->author.is_revoked)
    return door_give(d, VERDICT_HELD, "revoked", "its author had been revoked when it arrived", remedy);
  if (d->judged_s < d->author.from_s || d->judged_s > d->author.until_s)
    return door_give(d, VERDICT_HELD, "certificate", "its author's certificate was not valid when it arrived", remedy);
  return OK;
}

/* What is written under settings that were superseded long ago is for the keeper to look at. Entries of the directory
 * and the node's own are written under none. */
enum err judge_profile(struct door *d) {
  enum err e = OK;
  bool is_current = true, was_found = false;
  for (size_t i = 0; e == OK && is_current && i < d->in->count; i++) {
    if (!hash_equal(&d->entries[i].profile, &d->entries[0].profile))
      return door_give(d, VERDICT_REFUSED, "profile", "an act's entries are written under different profiles",
                       "record them one by one");
    if (was_found || d->kinds[i]->audience == AUDIENCE_DIRECTORY || d->author.is_node)
      continue;
    was_found = true;
    e = profile_is_current(d->s, &d->entries[i].profile, d->judged_s, &is_current);
  }
  if (e == ERR_ABSENT)
    return door_give(d, VERDICT_REFUSED, "profile", err_words(e), "sync, and record it again");
  return e == OK && !is_current && !d->in->is_released
             ? door_give(d, VERDICT_HELD, "profile",
                         "it was written under a profile of rules that was superseded more than 30 days ago",
                         "the Keeper of the Register decides whether it is let through")
             : e;
}

/* Someone who is kept out of a child's case records nothing about the child. What is written here counts at once. Of
 * what was taken a replica may know the bar, and not yet its end. */
static enum err judge_barred(struct door *d, const struct entry *e) {
  uint64_t before = door_is_write(d) ? INT64_MAX : door_number(d);
  bool is_barred = false;
  enum err err = OK;
  if (d->in->how == ACCEPT_TAKE && !d->in->is_unproved)
    return OK;
  for (size_t i = 0; err == OK && !is_barred && i < e->child_count; i++)
    err = staff_is_barred(d->s, &d->author.person, &e->children[i], before, &is_barred);
  return err == OK && is_barred ? door_give(d, VERDICT_REFUSED, "barred", "its author is kept out of this child's case",
                                            "a colleague records it; the Keeper of the Register can say more")
                                : err;
}

enum err judge_writer(struct door *d, size_t i) {
  struct author_about about = {0};
  enum err e = find_about(d, i, &d->entries[i], 3, &about);
  if (e == OK)
    e = second_find_decider(d->s, &d->entries[i], &d->author, door_number(d), &about);
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
  for (size_t i = 0; e == OK && i < d->in->count; i++)
    e = judge_release(d, &d->entries[i]);
  if (e == OK && d->in->how == ACCEPT_ADMIT && !d->in->is_released)
    e = judge_decided(d);
  return e == OK ? judge_author(d) : e;
}

/* ---- rules ---- */

static bool is_gate(const struct rule *r, struct bytes kind) {
  return text_list_has(r->gates, ' ', kind);
}

/* Where what a rule says would tell the author of what was never sent to their agency, it says nothing. */
static enum err refuse_unseen(struct door *d) {
  return d->in->is_released
             ? door_give(d, VERDICT_REFUSED, "unseen", "what else is recorded stands in its way",
                         "the Keeper of the Register can say more")
             : door_give(d, VERDICT_HELD, "unseen", "it is to be seen together with what else is recorded",
                         "the Keeper of the Register decides");
}

static enum err refuse_by_rule(struct door *d, const struct rule *r, const struct rule_result *result) {
  char words[512], remedy[512];
  bool knows_all = true;
  enum err e = OK;
  if (d->in->how == ACCEPT_ADMIT && !d->author.is_node)
    e = feed_knows_all(d->s, &d->author.agency, d->verdict.first, d->verdict.last, &knows_all);
  if (e != OK)
    return e;
  if (!knows_all)
    return refuse_unseen(d);
  snprintf(words, sizeof words, "%s%s%s", r->words, result->detail[0] ? ": " : "", result->detail);
  snprintf(remedy, sizeof remedy, "%s%s%s", r->remedy,
           result->class == RULE_REASON ? "; or say why not: cairn check explain --rule " : "",
           result->class == RULE_REASON ? r->number : "");
  return door_give(d, VERDICT_REFUSED, r->number, words, remedy);
}

/* For a rule about a meeting: the one that entry i is about. NULL if it is about none. */
static const struct hash *meeting_of(const struct entry *e) {
  const struct hash *named = entry_ref(e, "meeting");
  return named || !bytes_equal_str(e->kind, "meeting.convene") ? named : &e->id;
}

static enum err ask_rule(struct door *d, const struct rule *r, const struct hash *meeting) {
  struct rule_result result;
  const struct rule_asked asked = {d->verdict.first, d->verdict.last, meeting, d->entries[0].profile, d->judged_s};
  bool refuses;
  enum err e = rule_ask_refusal(d->s, r, &asked, &result, &refuses);
  return e == OK && refuses ? refuse_by_rule(d, r, &result) : e;
}

/* Was the same question asked for an entry that stands before this one? Those of one meeting follow each other. */
static bool was_asked(const struct door *d, const struct rule *r, size_t before, const struct hash *meeting) {
  for (size_t i = before; i-- > 0;) {
    const struct hash *other = meeting_of(&d->entries[i]);
    if (other && hash_equal(meeting, other) && is_gate(r, d->entries[i].kind))
      return true;
  }
  return false;
}

static enum err ask_for_act(struct door *d, const struct rule *r) {
  enum err e = OK;
  bool is_gated = false;
  for (size_t i = 0; e == OK && i < d->in->count; i++) {
    if (i == 0 || d->kinds[i] != d->kinds[i - 1])
      is_gated = is_gate(r, d->entries[i].kind);
    if (is_gated && r->about == ABOUT_ACT)
      return ask_rule(d, r, NULL);
    const struct hash *meeting = is_gated ? meeting_of(&d->entries[i]) : NULL;
    if (meeting && !was_asked(d, r, i, meeting))
      e = ask_rule(d, r, meeting);
  }
  return e;
}

enum err judge_taken_rules(struct door *d) {
  enum err e = OK;
  const struct rule *r;
  for (r = rule_after(NULL); e == OK && r; r = rule_after(r))
    for (size_t i = 0; e == OK && r->is_witnessed && i < d->in->count; i++) {
      if (!is_gate(r, d->entries[i].kind))
        continue;
      e = ask_rule(d, r, NULL);
      if (e == ERR_REFUSED)
        e = judge_name_violation(d, i, ERR_KEY, d->verdict.words);
    }
  return e;
}

static bool is_of_one_kind(const struct door *d) {
  for (size_t i = 1; i < d->in->count; i++)
    if (d->kinds[i] != d->kinds[0])
      return false;
  return true;
}

/* In the order of the tables, whatever the act is made of: the first one that refuses has the word. */
enum err judge_rules(struct door *d) {
  enum err e = OK;
  const struct rule *r;
  if (is_of_one_kind(d)) {
    const struct rule *const *gated = rule_gated_by(d->s, d->kinds[0]);
    for (size_t i = 0; e == OK && gated[i]; i++)
      e = ask_for_act(d, gated[i]);
    return e;
  }
  for (r = rule_after(NULL); e == OK && r; r = rule_after(r))
    if (r->gates)
      e = ask_for_act(d, r);
  return e;
}
