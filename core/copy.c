#include "core/copy.h"

#include <stdlib.h>
#include <string.h>

#include "core/directory.h"
#include "core/note.h"
#include "core/proof.h"
#include "core/store_parts.h"

/* Who takes part as a professional, and receives what participants receive. */
#define PROFESSIONAL_ROLES                                                                                             \
  "('chair', 'minute-taker', 'lead-professional', 'senior-social-worker', 'agency-participant', "                      \
  "'service-representative')"

enum { PARTICIPANTS, APPROVAL, COPY, TOOK_PART, CAME_OTHERWISE, INVITED, FAMILY, REPORTS, SEALED_TO };

static const char *const sql[] = {
    [PARTICIPANTS] = "SELECT chair AS person FROM meeting WHERE object = ?1 UNION SELECT minute_taker FROM meeting "
                     "WHERE object = ?1 AND minute_taker IS NOT NULL UNION SELECT person FROM attendance "
                     "WHERE meeting = ?1 AND person IS NOT NULL AND attended <> 'none' AND role IN " PROFESSIONAL_ROLES,
    [APPROVAL] = "SELECT object FROM approval WHERE meeting = ?1 AND report IS ?2 ORDER BY number DESC LIMIT 1",
    [COPY] = "SELECT object FROM copy WHERE approval = ?1 AND rendering = ?2 ORDER BY number LIMIT 1",
    [TOOK_PART] = "SELECT 1 FROM meeting WHERE object = ?1 AND ?2 IN (chair, minute_taker) UNION ALL "
                  "SELECT 1 FROM attendance WHERE meeting = ?1 AND person = ?2 AND attended <> 'none' "
                  "AND role IN " PROFESSIONAL_ROLES,
    [CAME_OTHERWISE] = "SELECT 1 FROM attendance WHERE meeting = ?1 AND ?2 IN (person, family) "
                       "AND role IN ('support', 'advocate', 'interpreter', 'reporter-observer') UNION ALL "
                       "SELECT 1 FROM family WHERE object = ?2 AND relation IN ('support-person', 'advocate')",
    [INVITED] = "SELECT 1 FROM meeting_invitation WHERE meeting = ?1 AND person = ?2 UNION ALL "
                "SELECT 1 FROM meeting_invitation i JOIN person p ON p.agency = i.agency "
                "WHERE i.meeting = ?1 AND i.person IS NULL AND p.object = ?2",
    [FAMILY] = "SELECT 1 FROM meeting_child WHERE meeting = ?1 AND child = ?2 UNION ALL SELECT 1 FROM meeting m "
               "JOIN entry_child me ON me.number = m.number JOIN entry_child fe ON fe.child = me.child "
               "JOIN family f ON f.number = fe.number WHERE m.object = ?1 AND f.object = ?2",
    [REPORTS] = "SELECT object FROM report WHERE meeting = ?1 ORDER BY number",
    [SEALED_TO] = "SELECT 1 FROM person_key WHERE seal_id = ?1 AND person = ?2",
};

const char *const *copy_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* ---- what is approved ---- */

static enum err add_key(void *of, const struct hash *key_id) {
  struct copy_approval *a = of;
  if (a->to_count == ENTRY_RECIPIENTS_MAX)
    return err_set(ERR_LIMIT, "more than %d keys of people took part in the meeting", ENTRY_RECIPIENTS_MAX);
  a->to[a->to_count++] = *key_id;
  return OK;
}

static enum err find_participants(struct store *s, struct copy_approval *a) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[PARTICIPANTS]);
  query_blob(&q, 1, hash_bytes(&a->meeting));
  while (e == OK && query_row(&q)) {
    const struct hash person = hash_from(query_get(&q, 0));
    e = directory_each_key(s, &person, a, add_key);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* The meeting and, if it is one, the report. */
static enum err find_subject(struct store *s, const struct hash *subject, struct hash *meeting, struct hash *report) {
  struct record r = {0};
  enum err e = store_find(s, subject, &r);
  *meeting = *subject;
  *report = (struct hash){{0}};
  if (e == OK && bytes_equal_str(r.entry.kind, "report.record")) {
    const struct hash *named = entry_ref(&r.entry, "meeting");
    if (named == NULL)
      e = err_set_remedy(ERR_USAGE, "record it anew with --meeting",
                         "this report is for no meeting, so no chair can "
                         "approve it");
    *report = *subject;
    *meeting = named ? *named : *subject;
  }
  record_release(&r);
  return e;
}

enum err copy_prepare(struct store *s, const struct hash *subject, struct copy_approval *out) {
  *out = (struct copy_approval){0};
  enum err e = find_subject(s, subject, &out->meeting, &out->report);
  for (enum minute_rendering r = 0; e == OK && r < MINUTE_RENDERINGS; r++)
    e = minute_compose(s, subject, r, MINUTE_TO_APPROVE, &out->pages[r]);
  return e == OK ? find_participants(s, out) : e;
}

void copy_approval_release(struct copy_approval *a) {
  for (size_t r = 0; r < MINUTE_RENDERINGS; r++)
    sheet_release(&a->pages[r]);
}

/* ---- its act ---- */

static void say(struct copy_act *act, size_t n, const char *field, char *value) {
  struct draft *d = &act->drafts[n];
  act->texts[n][d->count] = value;
  act->values[n][d->count++] = (struct draft_value){field, value};
}

static void say_hash(struct copy_act *act, size_t n, const char *field, const struct hash *h) {
  say(act, n, field, mem_copy_string(hash_hex(h).s));
}

static void start_draft(struct copy_act *act, size_t n, const char *kind, const struct entry *meeting) {
  act->drafts[n] = (struct draft){.kind = kind_find(bytes_str(kind)), .values = act->values[n]};
  for (size_t i = 0; i < meeting->child_count; i++)
    say_hash(act, n, "child", &meeting->children[i]);
  say_hash(act, n, "meeting", &meeting->id);
}

static void say_copy(struct copy_act *act, const struct copy_approval *a, enum minute_rendering r,
                     const struct entry *meeting) {
  const size_t n = 1 + (size_t)r;
  const struct copy_documents d = {buf_bytes(&a->pages[r].html), buf_bytes(&a->pages[r].text)};
  uint8_t salt[COPY_SALT_SIZE];
  struct buf hex = {0};
  char kind[32] = "copy.";
  key_random(salt, sizeof salt);
  text_hex_encode(&hex, bytes_of(salt, sizeof salt));
  const struct hash commitment = copy_commitment(salt, &d);
  say_hash(act, 0, minute_rendering_word(r), &commitment);
  strncat(kind, minute_rendering_word(r), sizeof kind - strlen(kind) - 1);
  start_draft(act, n, kind, meeting);
  say(act, n, "approval", mem_copy_string("@1"));
  say(act, n, "salt", bytes_copy_string(buf_bytes(&hex)));
  say(act, n, "html", bytes_copy_string(d.html));
  say(act, n, "text", bytes_copy_string(d.text));
  buf_release(&hex);
  if (act->drafts[n].kind->audience == AUDIENCE_NAMED) {
    act->drafts[n].to = a->to;
    act->drafts[n].to_count = a->to_count;
  }
}

enum err copy_act_make(struct store *s, const struct copy_approval *a, struct copy_act *out) {
  struct record meeting = {0};
  memset(out, 0, sizeof *out);
  enum err e = store_find(s, &a->meeting, &meeting);
  if (e == OK) {
    start_draft(out, 0, "copy.approve", &meeting.entry);
    if (!hash_is_zero(&a->report))
      say_hash(out, 0, "report", &a->report);
    for (enum minute_rendering r = 0; r < MINUTE_RENDERINGS; r++)
      say_copy(out, a, r, &meeting.entry);
  }
  record_release(&meeting);
  return e;
}

void copy_act_release(struct copy_act *a) {
  for (size_t n = 0; n < COPY_ACT_ENTRIES; n++)
    for (size_t i = 0; i < COPY_VALUES_MAX; i++)
      free(a->texts[n][i]);
}

/* ---- a copy as it stands ---- */

static enum err find_one(struct query *q, struct hash *out) {
  const bool found = query_row(q);
  if (found)
    *out = hash_from(query_get(q, 0));
  enum err e = query_end(q);
  return e == OK && !found ? ERR_ABSENT : e;
}

static enum err find_approval(struct store *s, const struct hash *subject, struct record *out) {
  struct hash meeting, report, approval;
  struct query q;
  enum err e = find_subject(s, subject, &meeting, &report);
  if (e != OK)
    return e;
  query_start(&q, s->db, sql[APPROVAL]);
  query_blob(&q, 1, hash_bytes(&meeting));
  if (hash_is_zero(&report))
    query_null(&q, 2);
  else
    query_blob(&q, 2, hash_bytes(&report));
  e = find_one(&q, &approval);
  return e == OK ? store_find(s, &approval, out) : e;
}

static enum err find_record(struct store *s, struct copy *c) {
  struct hash id;
  struct query q;
  query_start(&q, s->db, sql[COPY]);
  query_blob(&q, 1, hash_bytes(&c->approval.entry.id));
  query_text(&q, 2, bytes_str(minute_rendering_word(c->rendering)));
  enum err e = find_one(&q, &id);
  if (e == OK)
    e = store_find(s, &id, &c->record);
  return e == OK && !c->record.has_content ? ERR_ABSENT : e;
}

static struct bytes text_in(const struct json *content, const char *key) {
  const struct json *v = json_get(content, key);
  return v && json_get_type(v) == JSON_TEXT ? json_get_text(v) : bytes_of(NULL, 0);
}

static bool is_committed(const struct copy *c, struct bytes salt) {
  struct hash h;
  struct bytes fact = entry_fact(&c->approval.entry, minute_rendering_word(c->rendering));
  return copy_commitment_of(salt, &c->documents, &h) == OK && bytes_equal_str(fact, hash_hex(&h).s);
}

enum err copy_find(struct store *s, const struct hash *subject, enum minute_rendering r, struct copy *out) {
  *out = (struct copy){.rendering = r};
  enum err e = find_approval(s, subject, &out->approval);
  if (e == OK)
    e = find_record(s, out);
  if (e == ERR_ABSENT)
    return err_set_remedy(e, "the chair approves it with cairn minute approve, or cairn report approve",
                          "there is no approved copy of it here");
  if (e == OK)
    e = json_parse_record(buf_bytes(&out->record.content), &out->content);
  if (e != OK)
    return e;
  out->documents = (struct copy_documents){text_in(out->content, "html"), text_in(out->content, "text")};
  const struct bytes salt = text_in(out->content, "salt");
  if (!is_committed(out, salt))
    return err_set(ERR_PROOF, "the document that is here is not the one that the chair approved");
  return text_hex_decode(salt, out->salt);
}

void copy_release(struct copy *c) {
  record_release(&c->approval);
  record_release(&c->record);
  json_free(c->content);
  *c = (struct copy){0};
}

/* ---- its proof ---- */

static void add_base64(struct buf *b, const char *word, struct bytes v) {
  if (v.len == 0)
    return;
  buf_addf(b, "%s ", word);
  text_base64_encode(b, v);
  buf_add_str(b, "\n");
}

static enum err add_author(struct store *s, const struct act_record *act, struct buf *out) {
  struct buf cert = {0}, issuer = {0};
  enum err e = directory_certificate(s, &act->text.by, &cert);
  if (e == OK)
    e = directory_issuer(s, buf_bytes(&cert), &issuer);
  add_base64(out, "cert", buf_bytes(&cert));
  add_base64(out, "issuer", buf_bytes(&issuer));
  buf_release(&cert);
  buf_release(&issuer);
  return e;
}

static enum err add_act(struct store *s, const struct record *approval, const struct act_record *act, struct buf *out) {
  struct buf text = {0}, path = {0};
  act_text_format(&text, &act->text);
  enum err e = proof_in_act(s, approval, act, &path);
  add_base64(out, "header", approval->entry.header);
  add_base64(out, "act", buf_bytes(&text));
  buf_addf(out, "index %u\n", (unsigned)approval->index);
  add_base64(out, "path", buf_bytes(&path));
  add_base64(out, "signature", buf_bytes(&act->signature));
  buf_release(&text);
  buf_release(&path);
  return e;
}

/* Where this store has it: what shows, with the ledger's key alone, that the approval stands in the ledger. */
static enum err add_ledger(struct store *s, const struct record *approval, const struct act_record *act,
                           struct buf *out) {
  struct buf leaf = {0}, note = {0}, path = {0};
  enum err e = proof_in_ledger(s, approval->number, &note, &path);
  if (e == OK) {
    proof_leaf(approval, act, &leaf);
    add_base64(out, "leaf", buf_bytes(&leaf));
    add_base64(out, "note", buf_bytes(&note));
    add_base64(out, "proof", buf_bytes(&path));
  }
  buf_release(&leaf);
  buf_release(&note);
  buf_release(&path);
  return e == ERR_ABSENT ? OK : e;
}

static const struct {
  const char *word, *open, *close;
} forms[] = {
    [COPY_HTML] = {"html", "<!-- cairn proof 1\n", "-->\n"},
    [COPY_TEXT] = {"text", "---------------- cairn proof 1\n", "----------------\n"},
};

enum err copy_write(struct store *s, const struct copy *c, enum copy_form form, struct buf *out) {
  const struct hash other = hash_of(form == COPY_HTML ? c->documents.text : c->documents.html);
  struct act_record act = {0};
  if (c->approval.number >= STORE_PENDING)
    return err_set_remedy(ERR_ABSENT, "cairn sync",
                          "the approval was not accepted yet, so there is no copy to hand out");
  enum err e = store_find_act(s, c->approval.act_first, &act);
  buf_add(out, form == COPY_HTML ? c->documents.html : c->documents.text);
  buf_addf(out, "%srendering %s\nform %s\nsalt ", forms[form].open, minute_rendering_word(c->rendering),
           forms[form].word);
  text_hex_encode(out, bytes_of(c->salt, sizeof c->salt));
  buf_addf(out, "\nother %s\n", hash_hex(&other).s);
  if (e == OK)
    e = add_act(s, &c->approval, &act, out);
  if (e == OK)
    e = add_author(s, &act, out);
  if (e == OK)
    e = add_ledger(s, &c->approval, &act, out);
  buf_add_str(out, forms[form].close);
  act_record_release(&act);
  return e == OK ? buf_err(out) : e;
}

/* ---- who receives which ---- */

static bool is_so(struct store *s, const char *statement, const struct hash *meeting, const struct hash *who) {
  struct query q;
  query_start(&q, s->db, statement);
  query_blob(&q, 1, hash_bytes(meeting));
  query_blob(&q, 2, hash_bytes(who));
  const bool is = query_row(&q);
  return query_end(&q) == OK && is;
}

enum err copy_rendering_for(struct store *s, const struct hash *meeting, const struct hash *who,
                            enum minute_rendering *out) {
  if (is_so(s, sql[CAME_OTHERWISE], meeting, who))
    return err_set_remedy(ERR_REFUSED, "give it to the person whom they support",
                          "who supports, interprets or observes receives no copy of their own");
  if (is_so(s, sql[TOOK_PART], meeting, who))
    *out = MINUTE_PARTICIPANTS;
  else if (is_so(s, sql[FAMILY], meeting, who))
    *out = MINUTE_FAMILY;
  else if (is_so(s, sql[INVITED], meeting, who))
    *out = MINUTE_PROFESSIONALS;
  else
    return err_set(ERR_REFUSED, "they neither took part in the meeting nor were invited to it, and are not of the "
                                "family");
  return OK;
}

/* ---- what goes into a pack ---- */

enum err copy_each_report(struct store *s, const struct hash *meeting, void *of,
                          enum err (*each)(void *of, const struct hash *report)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[REPORTS]);
  query_blob(&q, 1, hash_bytes(meeting));
  while (e == OK && query_row(&q)) {
    const struct hash report = hash_from(query_get(&q, 0));
    e = each(of, &report);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

static bool is_sealed_to(struct store *s, const struct entry *e, const struct hash *who) {
  for (size_t i = 0; i < e->to_count; i++)
    if (is_so(s, sql[SEALED_TO], &e->to[i], who))
      return true;
  return false;
}

/* An envelope is what its header says it is, or it is none. */
static enum err give_envelope(struct store *s, uint64_t number, const struct hash *who, void *of,
                              enum err (*each)(void *of, const struct hash *item, struct bytes envelope)) {
  struct record r = {0};
  enum err e = store_find_number(s, number, &r);
  if (e == OK && r.entry.audience == AUDIENCE_RESTRICTED && r.has_content && is_sealed_to(s, &r.entry, who)) {
    const struct hash h = hash_of(buf_bytes(&r.content));
    if (hash_equal(&h, &r.entry.sealed))
      e = each(of, &r.entry.id, buf_bytes(&r.content));
  }
  record_release(&r);
  return e == ERR_ABSENT ? OK : e; /* hidden from the reader */
}

enum err copy_each_attachment(struct store *s, const struct hash *meeting, const struct hash *who, void *of,
                              enum err (*each)(void *of, const struct hash *item, struct bytes envelope)) {
  struct minute_entries entries = {0};
  enum err e = minute_collect(s, meeting, &entries);
  for (size_t i = 0; e == OK && i < entries.count; i++)
    e = give_envelope(s, entries.numbers[i], who, of, each);
  minute_entries_release(&entries);
  return e;
}
