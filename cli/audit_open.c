#include <stdio.h>
#include <string.h>

#include "audit/verify_open.h"
#include "cli/audit.h"

/* What an agency disclosed: is it exactly what the ledger commits to, and may it still be there? */

#define SHOWN_MAX ((size_t)65536)

struct opening {
  const struct verify_open *opened;
  uint64_t number;             /* 0: it does not stand in this ledger */
  uint64_t erased_by, void_by; /* entries; 0: none */
  char admitted[21];
};

static void note(uint64_t *at, const struct opening *o, const struct verify_entry *e, const char *kind) {
  char id[65];
  if (*at == 0 && audit_is(e->kind, kind) && audit_find_ref(e, "entry", id) && strcmp(id, o->opened->entry) == 0)
    *at = e->number;
}

static void look_for(void *of, const struct verify_entry *e) {
  struct opening *o = of;
  note(&o->erased_by, o, e, "entry.erase");
  note(&o->void_by, o, e, "entry.void");
  if (o->number || strcmp(e->id, o->opened->entry) != 0)
    return;
  o->number = e->number;
  audit_copy(o->admitted, sizeof o->admitted, e->admitted);
}

static void conclude(struct verify_open *v, enum verify_open_code code, const char *sentence) {
  v->code = code;
  snprintf(v->sentence, sizeof v->sentence, "%s", sentence);
}

static void judge(struct verify_open *v, const struct opening *o, const struct verify_result *r) {
  char words[160];
  if (!audit_is_sound(r)) {
    conclude(v, VERIFY_OPEN_LEDGER, "the ledger does not hold: cairn-audit verify says why");
  } else if (o->number == 0) {
    conclude(v, VERIFY_OPEN_LEDGER, "the entry does not stand in this ledger; fetch what was published since");
  } else if (o->erased_by) {
    snprintf(words, sizeof words,
             "entry %llu erased this content, and whoever handed it out still has it: it is to be nowhere any more",
             (unsigned long long)o->erased_by);
    conclude(v, VERIFY_OPEN_ERASED, words);
  } else if (r->verdicts[VERIFY_ANCHORING] != VERIFY_HOLDS) {
    conclude(v, VERIFY_OPEN_NONE, "nothing was brought to compare the ledger itself with");
  }
}

static int status_of(enum verify_open_code code) {
  return code == VERIFY_OPEN_GOOD ? 0 : code == VERIFY_OPEN_NONE ? 3 : 1;
}

static bool is_shown(const struct verify_open *v) {
  const struct bytes content = bytes_of(v->content, v->content_len);
  const bool is_text = strcmp(v->media, "application/json") == 0 || strncmp(v->media, "text/", 5) == 0;
  return is_text && content.len <= SHOWN_MAX && text_is_utf8(content);
}

static void print(const struct verify_open *v, const struct opening *o, bool is_saved, struct out *out) {
  static const char *const words[] = {"holds", "does not hold", "", "unknown"};
  const int status = status_of(v->code);
  out_begin(out, NULL);
  out_field(out, "content-is-as-committed", words[status]);
  out_field(out, "code", verify_open_code_text(v->code));
  out_field(out, "finding", v->sentence);
  out_field(out, "entry", v->entry);
  if (o->number)
    out_field_number(out, "number", o->number);
  out_field(out, "kind", v->kind);
  out_field(out, "written", v->at);
  out_field(out, "admitted", o->admitted);
  out_field(out, "key", v->key);
  out_field(out, "media", v->media);
  if (o->erased_by)
    out_field_number(out, "erased-by", o->erased_by);
  if (o->void_by)
    out_field_number(out, "voided-by", o->void_by);
  if (status != 1 && !is_saved && is_shown(v))
    out_field_bytes(out, "content", bytes_of(v->content, v->content_len));
  out_end(out);
  if (status == 0)
    out_say(out, "This is exactly what was committed to as entry %llu.", (unsigned long long)o->number);
  if (status == 0 && o->void_by)
    out_say(out, "It was voided since, by entry %llu.", (unsigned long long)o->void_by);
  if (status != 1 && !is_saved && !is_shown(v))
    out_say(out, "It is no short text: write it to a file with --save FILE.");
}

static enum err look_at_ledger(const char *folder, struct verify_open *v, struct opening *o) {
  struct audit_look look = {0};
  enum err e = audit_look_in(folder, o, look_for, &look);
  if (e == OK)
    judge(v, o, look.result);
  audit_look_release(&look);
  return e;
}

static enum err run_open(void *program, const struct cmd_line *line, struct out *out) {
  struct audit *audit = program;
  struct verify_open v = {0};
  struct opening o = {.opened = &v};
  struct buf file = {0};
  const char *save = cmd_value(line, "save");
  enum err e = audit_read_file(cmd_nth(line, "", 0), VERIFY_OPEN_MAX, &file);
  if (e == OK)
    verify_open(file.at, file.len, &v);
  if (e == OK && v.code == VERIFY_OPEN_GOOD)
    e = look_at_ledger(cmd_nth(line, "", 1), &v, &o);
  if (e == OK && save && status_of(v.code) != 1)
    e = audit_write_new(save, bytes_of(v.content, v.content_len));
  if (e == OK) {
    print(&v, &o, save != NULL, out);
    audit->status = status_of(v.code);
  }
  verify_open_release(&v);
  buf_release(&file);
  return e;
}

static const struct cmd_opt open_opts[] = {
    {"save", CMD_VALUE, "FILE", "write the content to a file instead of showing it"}, {0}};

const struct cmd audit_open_commands[] = {
    {"open", "FILE [FOLDER]", 1, 2, open_opts, "is disclosed content exactly what the ledger commits to?",
     "FILE is what an agency wrote with cairn disclose. Ends with 1, too, if the ledger says that the content was "
     "erased.",
     run_open},
    {0}};
