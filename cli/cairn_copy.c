#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/home.h"
#include "core/copy.h"
#include "core/directory.h"
#include "core/slip.h"

/* Minutes of meetings, and reports: shown as they would read, approved in three renderings, handed out. */

static enum err resolve_subject(struct home *h, const struct cmd_line *line, struct hash *out) {
  const bool is_report = strncmp(line->cmd->words, "report", 6) == 0;
  return home_resolve(h, cmd_nth(line, "", 0), is_report ? "report.record" : "meeting.convene", out);
}

static enum err read_rendering(const struct cmd_line *line, enum minute_rendering *out) {
  const char *typed = cmd_value(line, "copy");
  return typed ? minute_rendering_parse(typed, out) : err_set(ERR_USAGE, "--copy is needed: " MINUTE_RENDERING_WORDS);
}

/* ---- show ---- */

static void print_page(const struct sheet *p, enum minute_rendering r, bool as_html, struct out *out) {
  const struct bytes document = buf_bytes(as_html ? &p->html : &p->text);
  if (out->form == OUT_TEXT) {
    buf_add(&out->text, document);
    return;
  }
  out_begin(out, NULL);
  out_field(out, "copy", minute_rendering_word(r));
  out_field_bool(out, "approved", false);
  out_field_bytes(out, as_html ? "html" : "text", document);
  out_end(out);
}

static enum err show(struct home *h, const struct cmd_line *line, struct out *out) {
  enum minute_rendering r;
  struct hash subject;
  struct sheet page = {0};
  enum err e = read_rendering(line, &r);
  if (e == OK)
    e = resolve_subject(h, line, &subject);
  if (e == OK)
    e = minute_compose(h->store, &subject, r, MINUTE_DRAFT, &page);
  if (e == OK)
    print_page(&page, r, cmd_flag(line, "html"), out);
  sheet_release(&page);
  return e;
}

static enum err run_show(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, show);
}

/* ---- approve ---- */

struct searching {
  struct slip *slip;
  uint64_t item_count;
};

static enum err add_item(void *of, const struct hash *item, const struct json *said) {
  struct searching *s = of;
  s->item_count++;
  return slip_add_item(s->slip, item, said);
}

/* --explain WORDS=REASON, once for each. */
static enum err explain(struct slip *slip, const char *typed) {
  const char *sign = strchr(typed, '=');
  if (sign == NULL || sign == typed || sign[1] == '\0')
    return err_set(ERR_USAGE, "--explain takes the words, an equals sign, and why they may stand there: \"%s\"", typed);
  enum err e = slip_explain(slip, bytes_of(typed, (size_t)(sign - typed)), bytes_str(sign + 1));
  return e == ERR_ABSENT
             ? err_set(ERR_USAGE, "--explain: nothing that was found says \"%.*s\"", (int)(sign - typed), typed)
             : e;
}

static void print_hits(const struct slip *slip, struct out *out) {
  out_table_begin(out, NULL, NULL);
  for (size_t i = 0; i < slip->hit_count; i++) {
    const struct slip_hit *hit = &slip->hits[i];
    if (hit->reason)
      continue;
    out_begin(out, NULL);
    out_field_number(out, "line", hit->line);
    out_field_bytes(out, "before", hit->before);
    out_field_bytes(out, "found", hit->said);
    out_field_bytes(out, "after", hit->after);
    out_field(out, "is", scan_kind_word(hit->kind));
    out_field(out, "how", scan_how_words(hit->how));
    out_field_id(out, "item", hash_hex(&hit->item).s);
    out_end(out);
  }
  out_table_end(out);
}

/* That the approver looked and decided stays: for them and the keeper, because it tells that there is such a thing. */
static enum err record_explained(struct home *h, const struct slip *slip, const struct hash *meeting,
                                 const struct author *me) {
  struct author_by by = {.key = h->person, .replica = h->replica_id};
  const struct hash_hex id = hash_hex(meeting);
  enum err e = store_begin(h->store);
  if (e != OK)
    return e;
  for (size_t i = 0; e == OK && i < slip->hit_count; i++) {
    struct verdict v = {0};
    char *said = bytes_copy_string(slip->hits[i].said);
    const struct draft_value values[] = {{"meeting", id.s}, {"said", said}, {"reason", slip->hits[i].reason}};
    const struct draft draft = {
        .kind = kind_find(bytes_str("copy.explain")), .values = values, .count = 3, .to = &me->key_id, .to_count = 1};
    e = author_write(h->store, &by, &draft, 1, ACCEPT_WRITE, home_now_s(), &v);
    if (e == OK && v.code != VERDICT_ACCEPTED)
      e = err_set_remedy(ERR_REFUSED, v.remedy, "not recorded (%s): %s", v.rule, v.words);
    free(said);
  }
  return store_end(h->store, e);
}

/* Nothing slips through free text: what the approver can open is looked for in all that the family is to read. */
static enum err search_family_copy(struct home *h, const struct cmd_line *line, const struct author *me,
                                   const struct copy_approval *a, struct out *out) {
  struct searching s = {.slip = slip_new()};
  const struct scan_text text = {"the family copy", buf_bytes(&a->pages[MINUTE_FAMILY].text)};
  enum err e = home_each_opened(h, line, me, &a->meeting, &s, add_item);
  if (e == OK)
    e = slip_search(s.slip, &text, 1);
  for (size_t i = 0; e == OK && cmd_nth(line, "explain", i); i++)
    e = explain(s.slip, cmd_nth(line, "explain", i));
  if (e == OK && !slip_is_clear(s.slip)) {
    print_hits(s.slip, out);
    e = err_set_remedy(ERR_REFUSED,
                       "change what is recorded, so that it does not say so; or, where it may stand there, say why: "
                       "--explain 'WORDS=why'",
                       "not approved: in %zu places the family copy says what is restricted%s", slip_remaining(s.slip),
                       s.slip->is_cut ? ", and there are more" : "");
  }
  if (e == OK && s.slip->hit_count)
    e = record_explained(h, s.slip, &a->meeting, me);
  if (e == OK)
    out_say(out, "Looked for what %" PRIu64 " restricted items say that you can open%s.", s.item_count,
            s.slip->unsearched_count ? "; some of their words are too short to be looked for" : "");
  slip_free(s.slip);
  return e;
}

/* Between what is prepared and its act nothing is composed anew: what is looked at here is what is approved. */
static enum err approve(struct home *h, const struct cmd_line *line, const struct author *me, struct out *out) {
  struct copy_approval *a = mem_alloc(sizeof *a);
  struct copy_act *act = mem_alloc(sizeof *act);
  struct hash subject;
  enum err e = resolve_subject(h, line, &subject);
  if (e == OK)
    e = copy_prepare(h->store, &subject, a);
  if (e == OK)
    e = search_family_copy(h, line, me, a, out);
  if (e == OK)
    e = copy_act_make(h->store, a, act);
  if (e == OK)
    e = home_record(h, act->drafts, COPY_ACT_ENTRIES, ACCEPT_WRITE, out);
  copy_act_release(act);
  copy_approval_release(a);
  free(act);
  free(a);
  return e;
}

static enum err run_approve(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct author me;
  enum err e = home_open_with_passphrase(h, line, &me);
  if (e == OK)
    e = approve(h, line, &me, out);
  home_close(h);
  return e;
}

/* ---- copy ---- */

static enum err find_form(const char *path, enum copy_form *out) {
  const char *ending = strrchr(path, '.');
  if (ending && strcmp(ending, ".html") == 0)
    *out = COPY_HTML;
  else if (ending && strcmp(ending, ".txt") == 0)
    *out = COPY_TEXT;
  else
    return err_set(ERR_USAGE, "the file's name must end with .html (a page) or .txt (plain text): \"%s\"", path);
  return OK;
}

/* What cannot be written whole is not left half. */
static enum err write_new(const char *folder, const char *name, struct bytes content) {
  struct buf path = {0};
  char words[512];
  enum err e = OK;
  if (access(folder_path(&path, folder, name), F_OK) == 0)
    e = err_set(ERR_USAGE, "\"%s\" is there already: name another file", name);
  if (e == OK)
    e = folder_write(folder, name, content);
  if (e == ERR_DISK) {
    snprintf(words, sizeof words, "%s", err_words(e));
    unlink(buf_cstr(&path));
    e = err_set(e, "%s", words);
  }
  buf_release(&path);
  return e;
}

static enum err write_copy(struct home *h, const struct copy *c, enum copy_form form, const char *folder,
                           const char *name) {
  struct buf document = {0};
  enum err e = copy_write(h->store, c, form, &document);
  if (e == OK)
    e = write_new(folder, name, buf_bytes(&document));
  buf_release(&document);
  return e;
}

static void print_copy(const struct copy *c, const char *path, struct out *out) {
  out_begin(out, NULL);
  out_field(out, "copy", minute_rendering_word(c->rendering));
  out_field_id(out, "approval", hash_hex(&c->approval.entry.id).s);
  out_field(out, "file", path);
  out_end(out);
  out_say(out,
          "Whoever has it can prove what it is: cairn-audit copy FILE --key KEY. It is outside of the record now.");
}

static enum err save_copy(struct home *h, const struct cmd_line *line, struct out *out) {
  enum minute_rendering r;
  enum copy_form form = COPY_HTML;
  struct hash subject;
  struct copy c = {0};
  const char *path = cmd_value(line, "file");
  enum err e = path ? find_form(path, &form) : err_set(ERR_USAGE, "--file is needed: where to write the copy");
  if (e == OK)
    e = read_rendering(line, &r);
  if (e == OK)
    e = resolve_subject(h, line, &subject);
  if (e == OK)
    e = copy_find(h->store, &subject, r, &c);
  if (e == OK)
    e = write_copy(h, &c, form, path[0] == '/' ? "" : ".", path);
  if (e == OK)
    print_copy(&c, path, out);
  copy_release(&c);
  return e;
}

static enum err run_copy(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, save_copy);
}

/* ---- pack ---- */

struct packing {
  struct home *h;
  const char *folder;
  enum minute_rendering rendering;
  struct out *out;
};

static void print_file(const struct packing *p, const char *name) {
  out_begin(p->out, NULL);
  out_field(p->out, "file", name);
  out_end(p->out);
}

static enum err add_document(const struct packing *p, const struct copy *c, const char *name) {
  static const char *const endings[] = {[COPY_HTML] = ".html", [COPY_TEXT] = ".txt"};
  enum err e = OK;
  for (enum copy_form form = COPY_HTML; e == OK && form <= COPY_TEXT; form++) {
    char file[64];
    snprintf(file, sizeof file, "%s%s", name, endings[form]);
    e = write_copy(p->h, c, form, p->folder, file);
    if (e == OK)
      print_file(p, file);
  }
  return e;
}

static enum err add_report(void *of, const struct hash *report) {
  const struct packing *p = of;
  struct copy c = {0};
  char name[32];
  snprintf(name, sizeof name, "report-%.8s", hash_hex(report).s);
  enum err e = copy_find(p->h->store, report, p->rendering, &c);
  if (e == OK && c.approval.number < STORE_PENDING)
    e = add_document(p, &c, name);
  copy_release(&c);
  return e == ERR_ABSENT ? OK : e; /* not approved */
}

static enum err add_envelope(void *of, const struct hash *item, struct bytes envelope) {
  const struct packing *p = of;
  char name[32];
  snprintf(name, sizeof name, "sealed-%.8s.cms", hash_hex(item).s);
  enum err e = write_new(p->folder, name, envelope);
  if (e == OK)
    print_file(p, name);
  return e;
}

static enum err resolve_person(struct home *h, const char *typed, struct hash *out) {
  return typed ? home_resolve(h, typed, "person.add|family.add|child.add", out)
               : err_set(ERR_USAGE, "--for is needed: who receives the pack");
}

static enum err pack(struct home *h, const struct cmd_line *line, struct out *out) {
  struct packing p = {.h = h, .folder = cmd_value(line, "folder"), .out = out};
  struct hash meeting, who;
  struct copy minute = {0};
  enum err e = p.folder ? OK : err_set(ERR_USAGE, "--folder is needed: the folder to make");
  if (e == OK)
    e = resolve_subject(h, line, &meeting);
  if (e == OK)
    e = resolve_person(h, cmd_value(line, "for"), &who);
  if (e == OK)
    e = copy_rendering_for(h->store, &meeting, &who, &p.rendering);
  if (e == OK)
    e = copy_find(h->store, &meeting, p.rendering, &minute);
  if (e == OK && minute.approval.number >= STORE_PENDING)
    e = err_set_remedy(ERR_ABSENT, "cairn sync", "the approval was not accepted yet, so there is no copy to hand out");
  if (e == OK)
    e = folder_make(p.folder);
  if (e == OK) {
    out_table_begin(out, NULL, NULL);
    e = add_document(&p, &minute, "minute");
    if (e == OK)
      e = copy_each_report(h->store, &meeting, &p, add_report);
    if (e == OK)
      e = copy_each_attachment(h->store, &meeting, &who, &p, add_envelope);
    out_table_end(out);
  }
  if (e == OK)
    out_say(out, "The pack is %s. It is outside of the record now.", minute_rendering_words(p.rendering));
  copy_release(&minute);
  return e;
}

static enum err run_pack(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, pack);
}

static const struct cmd_opt show_opts[] = {
    {"copy", CMD_VALUE, MINUTE_RENDERING_WORDS, "for whom", true},
    {"html", CMD_FLAG, NULL, "as a page, in place of plain text"},
    {0},
};
static const struct cmd_opt copy_opts[] = {
    {"copy", CMD_VALUE, MINUTE_RENDERING_WORDS, "for whom", true},
    {"file", CMD_VALUE, "FILE.html|FILE.txt", "where to write it, as a page or as plain text", true},
    {0},
};
static const struct cmd_opt approve_opts[] = {
    {"explain", CMD_LIST, "WORDS=WHY", "why words that restricted information has, too, may stand in the family copy"},
    {0},
};
static const struct cmd_opt pack_opts[] = {
    {"for", CMD_VALUE, "PERSON", "who receives it: a colleague, a member of the family, or the child", true},
    {"folder", CMD_VALUE, "FOLDER", "the folder to make", true},
    {0},
};

#define SHOW(of) "what " of " says to participants, other professionals, or the family; a draft"
#define SHOW_MORE                                                                                                      \
  "It is composed from what is recorded. Nothing but what is for everybody stands in the family's copy, and it does "  \
  "not tell whether anything was left out."
#define APPROVE_MORE                                                                                                   \
  "The one approval is of all three documents, as cairn minute show and report show give them; each goes to those "    \
  "whom it is for. Of a minute: when the meeting has been closed. The addresses, postcodes, schools, names and "       \
  "telephone "                                                                                                         \
  "numbers of the restricted items that you can open are looked for in the family copy first; what is found must be "  \
  "mended, or explained."
#define COPY_MORE                                                                                                      \
  "The file ends with its proof: whoever has it can show, with cairn-audit copy, that the chair approved exactly "     \
  "this."

const struct cmd home_copy_commands[] = {
    {"minute show", "MEETING", 1, 1, show_opts, SHOW("the minute of a meeting"), SHOW_MORE, run_show},
    {"minute approve", "MEETING", 1, 1, approve_opts,
     "the chair approves the minute of a meeting, in its three renderings", APPROVE_MORE, run_approve},
    {"minute copy", "MEETING", 1, 1, copy_opts, "write an approved minute, with its proof, to be handed out", COPY_MORE,
     run_copy},
    {"report show", "REPORT", 1, 1, show_opts, SHOW("a report"), SHOW_MORE, run_show},
    {"report approve", "REPORT", 1, 1, approve_opts,
     "the chair of its meeting approves a report, in its three renderings", APPROVE_MORE, run_approve},
    {"report copy", "REPORT", 1, 1, copy_opts, "write an approved report, with its proof, to be handed out", COPY_MORE,
     run_copy},
    {"pack", "MEETING", 1, 1, pack_opts, "all that one person receives after a meeting, in a new folder",
     "Who took part receives the participants' rendering of the minute and of the approved reports, and restricted "
     "items "
     "that are sealed to them; who was invited and did not come the professionals'; the child and the family theirs.",
     run_pack},
    {0},
};
