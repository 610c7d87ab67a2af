#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/home.h"
#include "core/calendar.h"
#include "core/child.h"
#include "core/directory.h"
#include "core/json.h"
#include "core/restricted.h"

/* Opening restricted information. Each opening is recorded before anything is shown, and what is opened is in memory
 * alone, and on the screen. */

/* ---- which key ---- */

struct looking {
  struct home *h;
  const struct cmd_line *line;
  const struct entry *entry;
  const char *folder, *what; /* "seal" or "agency" */
  struct key *key;
};

static bool is_sealed_to(const struct entry *e, const struct hash *key) {
  for (size_t i = 0; i < e->to_count; i++)
    if (hash_equal(&e->to[i], key))
      return true;
  return false;
}

static enum err load_file(struct looking *l, const char *name) {
  struct buf path = {0};
  enum err e = key_load(folder_path(&path, l->folder, name), buf_bytes(&l->h->passphrase), &l->key);
  buf_release(&path);
  return e;
}

/* The key of the one who joined stands under a plain name, those of others and older ones under their own. */
static enum err try_key(void *of, const struct keyring_row *row) {
  struct looking *l = of;
  char name[HOME_FILE_SIZE];
  if (l->key || !is_sealed_to(l->entry, &row->seal))
    return OK;
  home_key_name(l->what, &row->seal, name, sizeof name);
  if (load_file(l, name) == OK || strcmp(l->what, "seal") != 0 || load_file(l, HOME_SEAL_KEY) != OK)
    return OK;
  struct hash id = key_id(l->key);
  if (!hash_equal(&id, &row->seal)) {
    key_free(l->key);
    l->key = NULL;
  }
  return OK;
}

enum err home_sealed_key(struct home *h, const struct cmd_line *line, const struct author *me, const struct hash *entry,
                         enum home_sealed which, struct key **out) {
  struct buf folder = {0};
  struct record r = {0};
  struct looking l = {.h = h, .line = line, .entry = &r.entry, .folder = home_folder(line, &folder), .what = "seal"};
  enum err e = store_find(h->store, entry, &r);
  if (e == OK && which != HOME_ROLE_KEY)
    e = keyring_each(h->store, &me->person, 0, &l, try_key);
  l.what = "agency";
  if (e == OK && which != HOME_OWN_KEY)
    e = keyring_each(h->store, &me->agency, 0, &l, try_key);
  if (e == OK && l.key == NULL)
    e = which == HOME_ROLE_KEY
            ? err_set_remedy(ERR_ABSENT, "cairn agency key import takes it over from whoever keeps it",
                             "no role key to which it is sealed is kept on this machine under your passphrase")
            : err_set_remedy(ERR_ABSENT, "ask its provider to permit it",
                             "it is not sealed to you, or not to a key on this machine");
  if (e == OK)
    *out = l.key;
  record_release(&r);
  buf_release(&folder);
  return e;
}

/* ---- recording and showing ---- */

struct opening {
  struct home *h;
  const struct cmd_line *line;
  struct author me;
  struct hash entry; /* the item or permit that is opened */
  struct restricted_item item;
  const char *kind, *how; /* of the entry that records it; how: NULL if the kind says so */
};

static enum err write_notice(struct opening *o, const char *kind, const char *how, const char *reason) {
  struct restricted_to to = {0};
  const struct hash_hex item = hash_hex(&o->entry);
  struct draft_value values[3] = {{"item", item.s}};
  struct verdict v = {0};
  struct author_by by = {.key = o->h->person, .replica = o->h->replica_id};
  size_t count = 1;
  if (how)
    values[count++] = (struct draft_value){strcmp(kind, "restricted.break-glass") == 0 ? "ground" : "how", how};
  if (reason)
    values[count++] = (struct draft_value){"reason", reason};
  enum err e = restricted_add_signing(o->h->store, &o->item.provider, &to);
  const struct draft draft = {
      .kind = kind_find(bytes_str(kind)), .values = values, .count = count, .to = to.keys, .to_count = to.count};
  if (e == OK)
    e = author_write(o->h->store, &by, &draft, 1, ACCEPT_WRITE, home_now_s(), &v);
  if (e == OK && v.code != VERDICT_ACCEPTED)
    e = err_set_remedy(ERR_REFUSED, v.remedy, "not opened (%s): %s", v.rule, v.words);
  return e;
}

/* In a transaction of its own. */
static enum err record(struct opening *o, const char *kind, const char *how, const char *reason) {
  enum err e = store_begin(o->h->store);
  return e == OK ? store_end(o->h->store, write_notice(o, kind, how, reason)) : e;
}

static void print_list(struct out *out, const char *name, const struct json *list) {
  struct buf text = {0};
  for (size_t i = 0; i < json_count(list); i++) {
    buf_add_str(&text, i ? "; " : "");
    buf_add(&text, json_get_text(json_at(list, i)));
  }
  out_field_bytes(out, name, buf_bytes(&text));
  buf_release_secret(&text);
}

static enum err print_said(struct opening *o, struct bytes content, struct out *out) {
  struct json *said = NULL;
  void *cursor = NULL;
  const char *key;
  const struct json *value;
  struct buf provider = {0};
  enum err e = json_parse_record(content, &said);
  if (e != OK)
    return e;
  home_add_title(o->h, &o->item.provider, &provider);
  out_begin(out, NULL);
  out_field(out, "item", hash_hex(&o->item.item).s);
  out_field_bytes(out, "provider", buf_bytes(&provider));
  while (json_next(said, &cursor, &key, &value))
    if (json_get_type(value) == JSON_LIST)
      print_list(out, key, value);
    else if (strcmp(key, "file") != 0 || out->form == OUT_JSON)
      out_field_bytes(out, key, json_get_text(value));
  out_end(out);
  out_say(out, "Only its provider can let this go further. That you opened it is recorded.");
  json_free(said);
  buf_release(&provider);
  return OK;
}

/* The attached file itself, for another program to show. */
static enum err print_file(struct bytes content, struct out *out) {
  struct json *said = NULL;
  enum err e = json_parse_record(content, &said);
  const struct json *file = e == OK ? json_get(said, "file") : NULL;
  if (e == OK && file == NULL)
    e = err_set(ERR_ABSENT, "no file is attached to this");
  if (e == OK)
    e = text_base64_decode(json_get_text(file), &out->text);
  json_free(said);
  return e;
}

/* A recipient for whom it does not open tells the provider, who alone can put it right. */
static enum err report_fault(struct opening *o) {
  enum err e = record(o, "restricted.fault", NULL, NULL);
  return e == OK ? err_set_remedy(ERR_PROOF, "its provider is told at the next sync",
                                  "it does not open, or not to what its header commits to")
                 : e;
}

static enum err open_and_show(struct opening *o, const struct key *key, struct out *out) {
  struct buf content = {0};
  uint8_t salt[ENTRY_SALT_SIZE] = {0};
  enum err e = restricted_open(o->h->store, &o->entry, key, salt, &content);
  if (e == ERR_PROOF)
    e = report_fault(o);
  if (e == OK)
    e = record(o, o->kind, o->how, cmd_value(o->line, "reason"));
  if (e == OK)
    e = cmd_flag(o->line, "attachment") ? print_file(buf_bytes(&content), out)
                                        : print_said(o, buf_bytes(&content), out);
  buf_release_secret(&content);
  return e;
}

static enum err find(struct opening *o) {
  enum err e = home_resolve(o->h, cmd_nth(o->line, "", 0), "restricted.add|restricted.permit", &o->entry);
  if (e == OK)
    e = restricted_find(o->h->store, &o->entry, &o->item);
  return e == OK && o->item.is_withdrawn ? err_set_remedy(ERR_REFUSED, "ask its provider", "this permit was withdrawn")
                                         : e;
}

static enum err run_with(struct opening *o, enum home_sealed which, struct out *out) {
  struct key *key = NULL;
  enum err e = home_open_with_passphrase(o->h, o->line, &o->me);
  if (e == OK)
    e = find(o);
  if (e == OK)
    e = home_sealed_key(o->h, o->line, &o->me, &o->entry, which, &key);
  if (e == OK)
    e = open_and_show(o, key, out);
  key_free(key);
  home_close(o->h);
  return e;
}

static enum err run_open(void *program, const struct cmd_line *line, struct out *out) {
  struct opening o = {.h = program, .line = line, .kind = "restricted.open", .how = "own-key"};
  return run_with(&o, HOME_OWN_KEY, out);
}

static enum err run_break_glass(void *program, const struct cmd_line *line, struct out *out) {
  struct opening o = {.h = program, .line = line, .kind = "restricted.break-glass", .how = "risk-of-harm"};
  if (cmd_value(line, "reason") == NULL)
    return err_set(ERR_USAGE, "--reason is needed: what the risk of harm is");
  enum err e = run_with(&o, HOME_ROLE_KEY, out);
  if (e == OK)
    out_say(out, "Its provider and the Keeper of the Register are told at the next sync; a review is due within a "
                 "working day.");
  return e;
}

/* ---- without being shown ---- */

struct searching {
  struct home *h;
  const struct cmd_line *line;
  const struct author *me;
  struct record meeting;
  void *of;
  enum err (*each)(void *of, const struct hash *item, const struct json *said);
};

static bool has_child(const struct entry *e, const struct hash *child) {
  for (size_t i = 0; i < e->child_count; i++)
    if (hash_equal(&e->children[i], child))
      return true;
  return false;
}

/* Under whichever record of the child; where these cannot be told, it is searched. */
static bool has_child_of(struct store *s, const struct entry *e, const struct entry *meeting) {
  struct hash records[CHILD_RECORDS_MAX];
  for (size_t i = 0; i < meeting->child_count; i++) {
    size_t count = 0;
    if (child_records(s, &meeting->children[i], records, CHILD_RECORDS_MAX, &count) != OK)
      return true;
    for (size_t k = 0; k < count; k++)
      if (has_child(e, &records[k]))
        return true;
  }
  return false;
}

/* A permit names no child: what it says may concern this one. */
static bool may_concern(const struct searching *s, const struct entry *e) {
  return e->child_count == 0 || has_child_of(s->h->store, e, &s->meeting.entry);
}

static enum err pass_said(struct searching *s, const struct hash *item, struct bytes content) {
  struct json *said = NULL;
  enum err e = json_parse_record(content, &said);
  if (e == OK)
    e = s->each(s->of, item, said);
  json_free(said);
  return e;
}

static enum err search_item(void *of, const struct record *r) {
  struct searching *s = of;
  struct restricted_item item;
  struct key *key = NULL;
  struct buf content = {0};
  uint8_t salt[ENTRY_SALT_SIZE];
  if (!r->has_content || !may_concern(s, &r->entry) || restricted_find(s->h->store, &r->entry.id, &item) != OK ||
      item.is_lifted || item.is_withdrawn)
    return OK;
  enum err e = home_sealed_key(s->h, s->line, s->me, &r->entry.id, HOME_OWN_KEY, &key);
  if (e == ERR_ABSENT)
    return OK; /* it is not sealed to them */
  if (e == OK)
    e = restricted_open(s->h->store, &r->entry.id, key, salt, &content);
  if (e == OK)
    e = pass_said(s, &r->entry.id, buf_bytes(&content));
  else if (e == ERR_PROOF)
    e = OK; /* whoever opens it reports that */
  key_free(key);
  buf_release_secret(&content);
  return e;
}

enum err home_each_opened(struct home *h, const struct cmd_line *line, const struct author *me,
                          const struct hash *meeting, void *of,
                          enum err (*each)(void *of, const struct hash *item, const struct json *said)) {
  struct searching s = {.h = h, .line = line, .me = me, .of = of, .each = each};
  enum err e = store_find(h->store, meeting, &s.meeting);
  if (e == OK)
    e = store_each(h->store, &(struct store_filter){.kind = "restricted.add"}, &s, search_item);
  if (e == OK)
    e = store_each(h->store, &(struct store_filter){.kind = "restricted.permit"}, &s, search_item);
  record_release(&s.meeting);
  return e;
}

/* ---- escrow ---- */

static enum err introduce(struct opening *o, const struct key *key) {
  struct buf text = {0};
  struct hash_hex agency = hash_hex(&o->me.agency);
  struct author_by by = {.key = o->h->person, .replica = o->h->replica_id};
  struct verdict v = {0};
  text_base64_encode(&text, key_spki(key));
  const char *reason = cmd_value(o->line, "reason");
  const struct draft_value values[] = {{"agency", agency.s}, {"seal", buf_cstr(&text)}, {"reason", reason}};
  const struct draft draft = {.kind = kind_find(bytes_str("escrow.key")), .values = values, .count = reason ? 3 : 2};
  enum err e = store_begin(o->h->store);
  bool is_begun = e == OK;
  if (e == OK)
    e = author_write(o->h->store, &by, &draft, 1, ACCEPT_WRITE, home_now_s(), &v);
  if (e == OK && v.code != VERDICT_ACCEPTED)
    e = err_set_remedy(ERR_REFUSED, v.remedy, "not recorded (%s): %s", v.rule, v.words);
  if (is_begun)
    e = store_end(o->h->store, e);
  buf_release(&text);
  return e;
}

static enum err run_escrow_key(void *program, const struct cmd_line *line, struct out *out) {
  struct opening o = {.h = program, .line = line};
  struct buf passphrase = {0};
  const char *file = cmd_nth(line, "", 0);
  struct key *key = key_new();
  enum err e = home_open_with_passphrase(o.h, line, &o.me);
  if (e == OK)
    e = home_ask_file_passphrase(line, true, &passphrase);
  if (e == OK)
    e = key_save(key, file, buf_bytes(&passphrase));
  if (e == OK && (e = introduce(&o, key)) != OK)
    remove(file);
  if (e == OK) {
    struct hash id = key_id(key);
    out_begin(out, NULL);
    out_field(out, "fingerprint-of-the-escrow-key", hash_hex(&id).s);
    out_field(out, "file", file);
    out_end(out);
    out_say(out,
            "Keep the file where no network reaches it, and its passphrase elsewhere. It counts after the next sync.");
  }
  buf_release_secret(&passphrase);
  key_free(key);
  home_close(o.h);
  return e;
}

static enum err run_escrow_open(void *program, const struct cmd_line *line, struct out *out) {
  struct opening o = {.h = program, .line = line, .kind = "restricted.open", .how = "escrow"};
  struct buf passphrase = {0};
  struct key *key = NULL;
  enum err e = OK;
  if (cmd_value(line, "key") == NULL || cmd_value(line, "reason") == NULL)
    e = err_set(ERR_USAGE, "--key and --reason are needed: the file with the escrow key, and why");
  if (e == OK)
    e = home_open_with_passphrase(o.h, line, &o.me);
  if (e == OK)
    e = find(&o);
  if (e == OK)
    e = home_ask_file_passphrase(line, false, &passphrase);
  if (e == OK)
    e = key_load(cmd_value(line, "key"), buf_bytes(&passphrase), &key);
  if (e == OK)
    e = open_and_show(&o, key, out);
  buf_release_secret(&passphrase);
  key_free(key);
  home_close(o.h);
  return e;
}

/* ---- the table ---- */

static const struct cmd_opt open_opts[] = {
    {"attachment", CMD_FLAG, NULL, "print the attached file itself, for another program to show"},
    {0},
};

static const struct cmd_opt break_opts[] = {
    {"reason", CMD_VALUE, "TEXT", "what the risk of harm is, without what the item says", true},
    {"attachment", CMD_FLAG, NULL, "print the attached file itself, for another program to show"},
    {0},
};

#define FILE_PASSPHRASE                                                                                                \
  { "file-passphrase-file", CMD_VALUE, "FILE", "the key file's own passphrase (else it is asked for)" }

static const struct cmd_opt escrow_key_opts[] = {
    {"reason", CMD_VALUE, "TEXT", "why"},
    FILE_PASSPHRASE,
    {0},
};

static const struct cmd_opt escrow_open_opts[] = {
    {"key", CMD_VALUE, "FILE", "the file with the escrow key", true},
    {"reason", CMD_VALUE, "TEXT", "why, without what the item says", true},
    {"attachment", CMD_FLAG, NULL, "print the attached file itself, for another program to show"},
    FILE_PASSPHRASE,
    {0},
};

const struct cmd home_open_commands[] = {
    {"open", "ITEM", 1, 1, open_opts, "read restricted information that is sealed to you",
     "That you opened it is recorded, and its provider is told. Nothing of it is written to a file.", run_open},
    {"break-glass", "ITEM", 1, 1, break_opts, "for a risk of harm: open it as the designated lead on duty",
     "With your agency's role key. Its provider and the keeper are told at the next sync; a review is due within a "
     "working day.",
     run_break_glass},
    {"escrow key", "FILE", 1, 1, escrow_key_opts, "make a key in a file, which the keeper holds offline",
     "What is restricted from then on is sealed to it, too.", run_escrow_key},
    {"escrow open", "ITEM", 1, 1, escrow_open_opts, "open restricted information with the keeper's escrow key",
     "Its provider is told.", run_escrow_open},
    {0},
};
