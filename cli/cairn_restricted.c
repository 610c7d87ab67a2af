#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/code.h"
#include "cli/form.h"
#include "cli/home.h"
#include "cli/restricted_parts.h"
#include "core/directory.h"
#include "core/restricted.h"
#include "core/seal.h"

/* Restricted information: marking it, letting it go further, and what is said about it later. Who holds it is
 * cairn_restricted_look.c; opening it is cairn_open.c. */

#define VALUES_MAX 512

/* ---- drafts ---- */

struct drafting {
  struct home *h;
  struct author me;
  size_t count;
  struct draft_value values[VALUES_MAX];
  struct buf texts[VALUES_MAX]; /* what does not stand on the command line; wiped */
  struct restricted_to to;
};

static void drafting_release(struct drafting *d) {
  for (size_t i = 0; i < d->count; i++)
    buf_release_secret(&d->texts[i]);
  free(d);
}

static enum err add(struct drafting *d, const char *name, struct bytes value) {
  if (d->count == VALUES_MAX)
    return err_set(ERR_LIMIT, "that is more than one item can say");
  buf_add(&d->texts[d->count], value);
  d->values[d->count] = (struct draft_value){name, buf_cstr(&d->texts[d->count])};
  d->count++;
  return OK;
}

static enum err add_id(struct drafting *d, const char *name, const struct hash *id) {
  return add(d, name, bytes_str(hash_hex(id).s));
}

static enum err add_children_of(struct drafting *d, const struct hash *entry) {
  struct record r = {0};
  enum err e = store_find(d->h->store, entry, &r);
  for (size_t i = 0; e == OK && i < r.entry.child_count; i++)
    e = add_id(d, "child", &r.entry.children[i]);
  record_release(&r);
  return e;
}

/* Borrows from what was gathered. */
static struct draft draft_of(const struct drafting *d, const char *kind) {
  return (struct draft){.kind = kind_find(bytes_str(kind)),
                        .values = d->values,
                        .count = d->count,
                        .to = d->to.keys,
                        .to_count = d->to.count};
}

static enum err record(struct home *h, const struct drafting *d, const char *kind, struct out *out) {
  const struct draft draft = draft_of(d, kind);
  return home_record(h, &draft, 1, ACCEPT_WRITE, out);
}

/* ---- restrict ---- */

/* Options that are fields of the same name. */
static const char *const plain[] = {"category", "basis", "reason", "source"};
static const char *const lists[] = {"address", "postcode", "school", "name", "telephone", "other"};

static enum err add_text(struct drafting *d, const struct cmd_line *line) {
  const char *text = cmd_value(line, "what"), *file = cmd_value(line, "what-file");
  struct buf read = {0};
  enum err e = OK;
  if ((text == NULL) == (file == NULL))
    return err_set(ERR_USAGE, "--what or --what-file is needed: the information itself");
  if (text)
    return add(d, "what", bytes_str(text));
  e = form_read_file(file, &read);
  while (e == OK && read.len && read.at[read.len - 1] == '\n')
    read.len--;
  if (e == OK)
    e = add(d, "what", buf_bytes(&read));
  buf_release_secret(&read);
  return e;
}

static enum err add_attachment(struct drafting *d, const char *path) {
  struct buf file = {0}, text = {0};
  const char *slash = path ? strrchr(path, '/') : NULL;
  if (path == NULL)
    return OK;
  enum err e = folder_read(path[0] == '/' ? "" : ".", path, SEAL_CONTENT_MAX * 3 / 4 - 16384, &file);
  if (e == ERR_ABSENT)
    e = err_set(ERR_USAGE, "there is no file \"%s\"", path);
  if (e == ERR_LIMIT)
    e = err_set_remedy(ERR_LIMIT, "save it with smaller pictures, or say in words what matters",
                       "what is attached to restricted information is at most 368 KiB");
  if (e == OK) {
    text_base64_encode(&text, buf_bytes(&file));
    e = add(d, "file", buf_bytes(&text));
  }
  if (e == OK)
    e = add(d, "file-name", bytes_str(slash ? slash + 1 : path));
  buf_release_secret(&file);
  buf_release_secret(&text);
  return e;
}

/* The meeting or the report, and the children: those typed, else theirs. */
static enum err add_about(struct drafting *d, const struct cmd_line *line, struct hash *meeting_out) {
  static const struct {
    const char *option, *field, *kind;
  } subjects[] = {{"meeting", "meeting", "meeting.convene"},
                  {"report", "document", "document.add"},
                  {"exclusion", "exclusion", "exclusion.record"}};
  const size_t before = d->count;
  struct hash about = {{0}}, child;
  enum err e = OK;
  for (size_t i = 0; e == OK && i < sizeof subjects / sizeof *subjects; i++) {
    const char *typed = cmd_value(line, subjects[i].option);
    if (typed == NULL)
      continue;
    e = home_resolve(d->h, typed, subjects[i].kind, &about);
    if (e == OK)
      e = add_id(d, subjects[i].field, &about);
    if (e == OK && i == 0)
      *meeting_out = about;
  }
  const size_t subject_count = d->count - before;
  for (size_t i = 0; e == OK && cmd_nth(line, "child", i); i++) {
    e = home_resolve(d->h, cmd_nth(line, "child", i), "child.add", &child);
    if (e == OK)
      e = add_id(d, "child", &child);
  }
  if (e == OK && d->count == before + subject_count)
    e = hash_is_zero(&about) ? err_set(ERR_USAGE, "--meeting, --report or --child is needed: what it is about")
                             : add_children_of(d, &about);
  return e;
}

static enum err add_person(void *of, const struct hash *person) {
  struct drafting *d = of;
  return restricted_add_owner(d->h->store, person, &d->to);
}

/* The professionals who took part in the meeting, and whom the provider names. */
static enum err add_recipients(struct drafting *d, const struct cmd_line *line, const struct hash *meeting) {
  struct hash person;
  const bool is_named = cmd_nth(line, "to", 0) != NULL;
  enum err e = OK;
  if (!is_named && !hash_is_zero(meeting))
    e = restricted_each_participant(d->h->store, meeting, d, add_person);
  if (e == OK && d->to.count == 0 && !is_named && !cmd_flag(line, "nobody-else"))
    e = err_set_remedy(ERR_USAGE,
                       "name them with --to, once for each; or --nobody-else, to keep it to yourself, your agency's "
                       "role key and the keeper's escrow key",
                       "for whom is it? Nobody's attendance is recorded, so there are no participants to take");
  for (size_t i = 0; e == OK && cmd_nth(line, "to", i); i++) {
    e = home_resolve(d->h, cmd_nth(line, "to", i), "person.add", &person);
    if (e == OK)
      e = restricted_add_owner(d->h->store, &person, &d->to);
  }
  return e == OK ? restricted_add_standing(d->h->store, &d->me.person, &d->me.agency, &d->to) : e;
}

static enum err fill_item(struct drafting *d, const struct cmd_line *line) {
  struct hash meeting = {{0}};
  const char *category = cmd_value(line, "category");
  enum err e = category ? code_check_in("restricted.add", "category", category) : OK;
  if (e == OK)
    e = add_about(d, line, &meeting);
  if (e == OK && category && strcmp(category, "other") == 0 && cmd_value(line, "reason") == NULL)
    e = err_set(ERR_USAGE, "--reason is needed with the category other: why it is restricted (R-100)");
  for (size_t i = 0; e == OK && i < sizeof plain / sizeof *plain; i++)
    e = cmd_value(line, plain[i]) ? add(d, plain[i], bytes_str(cmd_value(line, plain[i]))) : OK;
  for (size_t i = 0; e == OK && i < sizeof lists / sizeof *lists; i++)
    for (size_t n = 0; e == OK && cmd_nth(line, lists[i], n); n++)
      e = add(d, lists[i], bytes_str(cmd_nth(line, lists[i], n)));
  if (e == OK && (category == NULL || cmd_value(line, "basis") == NULL))
    e = err_set(ERR_USAGE, "--%s is needed: %s", category ? "basis" : "category",
                category ? "why it is proportionate to share it with them (R-092)"
                         : "sub-judice, third-party, private, at-risk or other");
  if (e == OK)
    e = add_text(d, line);
  if (e == OK)
    e = add_attachment(d, cmd_value(line, "attach"));
  return e == OK ? add_recipients(d, line, &meeting) : e;
}

static enum err run_restrict(void *program, const struct cmd_line *line, struct out *out) {
  struct drafting *d = mem_alloc(sizeof *d);
  d->h = program;
  enum err e = home_open_with_passphrase(d->h, line, &d->me);
  if (e == OK)
    e = fill_item(d, line);
  if (e == OK)
    e = record(d->h, d, "restricted.add", out);
  if (e == OK)
    out_say(out,
            "Sealed to %zu key%s. Nobody else can read it, whatever they hold: cairn restricted show says who can.",
            d->to.count, d->to.count == 1 ? "" : "s");
  home_close(d->h);
  drafting_release(d);
  return e;
}

/* ---- permit ---- */

struct permitting {
  struct home *h;
  struct author me;
  struct restricted_item item;
  struct hash recipient;
  struct restricted_to sealed, named;
  uint8_t salt[ENTRY_SALT_SIZE];
  struct buf content;
};

static enum err find_item(struct home *h, const char *typed, struct restricted_item *out) {
  struct hash id;
  enum err e = home_resolve(h, typed, "restricted.add|restricted.permit", &id);
  return e == OK ? restricted_find(h->store, &id, out) : e;
}

static enum err record_permit(struct permitting *p, const struct cmd_line *line, struct out *out) {
  struct drafting *permit = mem_alloc(sizeof *permit), *why = mem_alloc(sizeof *why);
  enum err e = add_id(permit, "item", &p->item.item);
  if (e == OK)
    e = add(why, "permit", bytes_str("@1"));
  if (e == OK)
    e = add(why, "purpose", bytes_str(cmd_value(line, "purpose")));
  if (e == OK && cmd_value(line, "reason"))
    e = add(why, "reason", bytes_str(cmd_value(line, "reason")));
  permit->to = p->sealed;
  why->to = p->named;
  struct draft drafts[] = {draft_of(permit, "restricted.permit"), draft_of(why, "restricted.reason")};
  drafts[0].file = buf_bytes(&p->content);
  drafts[0].passes_on = p->salt;
  if (e == OK)
    e = home_record(p->h, drafts, 2, ACCEPT_WRITE, out);
  drafting_release(permit);
  drafting_release(why);
  return e;
}

static enum err prepare_permit(struct permitting *p, const struct cmd_line *line) {
  struct key *key = NULL;
  struct hash has;
  enum err e = find_item(p->h, cmd_nth(line, "", 0), &p->item);
  if (e == OK && p->item.is_lifted)
    e = err_set(ERR_REFUSED, "this is restricted no more");
  if (e == OK)
    e = home_resolve(p->h, cmd_value(line, "to"), "person.add", &p->recipient);
  if (e == OK && restricted_find_permit(p->h->store, &p->item.item, &p->recipient, &has) == OK)
    e = err_set(ERR_HAD, "they have a permit already");
  if (e == OK)
    e = restricted_add_owner(p->h->store, &p->recipient, &p->sealed);
  if (e == OK)
    e = restricted_add_signing(p->h->store, &p->recipient, &p->named);
  if (e == OK)
    e = restricted_add_signing(p->h->store, &p->item.provider, &p->named);
  if (e == OK)
    e = home_sealed_key(p->h, line, &p->me, &p->item.item, HOME_ANY_KEY, &key);
  if (e == OK)
    e = restricted_open(p->h->store, &p->item.item, key, p->salt, &p->content);
  key_free(key);
  return e;
}

static enum err run_permit(void *program, const struct cmd_line *line, struct out *out) {
  struct permitting *p = mem_alloc(sizeof *p);
  p->h = program;
  enum err e = OK;
  if (cmd_value(line, "to") == NULL || cmd_value(line, "purpose") == NULL)
    e = err_set(ERR_USAGE, "--to and --purpose are needed: to whom, and what for (R-093)");
  if (e == OK)
    e = home_open_with_passphrase(p->h, line, &p->me);
  if (e == OK)
    e = prepare_permit(p, line);
  if (e == OK)
    e = record_permit(p, line, out);
  home_close(p->h);
  buf_release_secret(&p->content);
  mem_free_secret(p, sizeof *p);
  return e;
}

/* ---- what is said about an item or a permit ---- */

/* An entry of the audience named about `object`, to these keys, with the option --reason. */
static enum err say(struct home *h, const char *kind, const char *field, const struct hash *object,
                    const struct restricted_to *to, const struct cmd_line *line, struct out *out) {
  struct drafting *d = mem_alloc(sizeof *d);
  enum err e = add_id(d, field, object);
  if (e == OK)
    e = add(d, "reason", bytes_str(cmd_value(line, "reason")));
  d->to = *to;
  if (e == OK)
    e = record(h, d, kind, out);
  drafting_release(d);
  return e;
}

static enum err need_reason(const struct cmd_line *line) {
  return cmd_value(line, "reason") ? OK : err_set(ERR_USAGE, "--reason is needed: why, without what the item says");
}

static enum err run_withdraw(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct author me;
  struct restricted_item item;
  struct restricted_to to = {0};
  struct hash person, permit;
  enum err e = need_reason(line);
  if (e == OK && cmd_value(line, "from") == NULL)
    e = err_set(ERR_USAGE, "--from is needed: who is no longer to have it");
  if (e == OK)
    e = home_open_with_passphrase(h, line, &me);
  if (e == OK)
    e = find_item(h, cmd_nth(line, "", 0), &item);
  if (e == OK)
    e = home_resolve(h, cmd_value(line, "from"), "person.add", &person);
  if (e == OK)
    e = restricted_find_permit(h->store, &item.item, &person, &permit);
  if (e == OK)
    e = restricted_add_signing(h->store, &person, &to);
  if (e == OK)
    e = restricted_add_signing(h->store, &item.provider, &to);
  if (e == OK)
    e = say(h, "restricted.withdraw", "permit", &permit, &to, line, out);
  if (e == OK)
    out_say(out, "It goes from their machines at the next sync. What they have read they know.");
  home_close(h);
  return e;
}

/* Those to whom it is sealed: an entry that is addressed to persons may name their sealing keys, too. */
static enum err run_unrestrict(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct author me;
  struct restricted_item item;
  struct restricted_to to = {0};
  struct record r = {0};
  enum err e = need_reason(line);
  if (e == OK)
    e = home_open_with_passphrase(h, line, &me);
  if (e == OK)
    e = find_item(h, cmd_nth(line, "", 0), &item);
  if (e == OK)
    e = store_find(h->store, &item.item, &r);
  for (size_t i = 0; e == OK && i < r.entry.to_count; i++)
    e = restricted_add_key(&to, &r.entry.to[i]);
  if (e == OK)
    e = say(h, "restricted.lift", "item", &item.item, &to, line, out);
  if (e == OK)
    out_say(out, "Record now, openly, what may be known: what was sealed stays sealed.");
  record_release(&r);
  home_close(h);
  return e;
}

/* ---- review ---- */

static enum err run_review(void *program, const struct cmd_line *line, struct out *out) {
  struct drafting *d = mem_alloc(sizeof *d);
  struct home *h = program;
  struct record r = {0};
  struct hash opening;
  enum err e = OK;
  if (cmd_value(line, "outcome") == NULL || cmd_value(line, "finding") == NULL)
    e = err_set(ERR_USAGE, "--outcome and --finding are needed: was it right, and what was found?");
  if (e == OK)
    e = home_open_with_passphrase(h, line, &d->me);
  if (e == OK)
    e = home_resolve(h, cmd_nth(line, "", 0), "restricted.break-glass", &opening);
  if (e == OK)
    e = store_find(h->store, &opening, &r);
  if (e == OK)
    e = add_id(d, "opening", &opening);
  if (e == OK)
    e = add(d, "outcome", bytes_str(cmd_value(line, "outcome")));
  if (e == OK)
    e = add(d, "finding", bytes_str(cmd_value(line, "finding")));
  for (size_t i = 0; e == OK && i < r.entry.to_count; i++)
    e = restricted_add_key(&d->to, &r.entry.to[i]);
  if (e == OK)
    e = restricted_add_key(&d->to, &r.entry.by);
  if (e == OK)
    e = record(h, d, "restricted.review", out);
  record_release(&r);
  home_close(h);
  drafting_release(d);
  return e;
}

/* ---- the table ---- */

static const struct cmd_opt restrict_opts[] = {
    {"meeting", CMD_VALUE, "MEETING", "the meeting that it is for"},
    {"report", CMD_VALUE, "DOCUMENT", "the report that it belongs to"},
    {"exclusion", CMD_VALUE, "EXCLUSION", "the exclusion of a parent or carer whose reasons it says"},
    {"child", CMD_LIST, "NAME|ID", "the child whom it concerns (default: those of the meeting or the report)"},
    {"category", CMD_VALUE, "sub-judice|third-party|private|at-risk|other", "why it cannot be shared freely", true},
    {"what", CMD_VALUE, "TEXT", "the information; others on this machine may see command lines: better --what-file"},
    {"what-file", CMD_VALUE, "FILE", "the same from a file; - is what is typed, or piped, into the command"},
    {"basis", CMD_VALUE, "TEXT", "why it is proportionate to share it with them", true},
    {"reason", CMD_VALUE, "TEXT", "of the category other: why it is restricted"},
    {"source", CMD_VALUE, "TEXT", "from whom you have it"},
    {"to", CMD_LIST, "NAME|ID", "for whom it is, in place of the professionals who took part in the meeting"},
    {"nobody-else", CMD_FLAG, NULL, "for nobody but you, your agency's role key and the keeper's escrow key"},
    {"address", CMD_LIST, "TEXT", "an address in it; these are looked for before a family copy is approved"},
    {"postcode", CMD_LIST, "TEXT", "a postcode in it"},
    {"school", CMD_LIST, "TEXT", "a school in it"},
    {"name", CMD_LIST, "TEXT", "a name in it that must not be known"},
    {"telephone", CMD_LIST, "TEXT", "a telephone number in it"},
    {"other", CMD_LIST, "TEXT", "other words in it that must not be known"},
    {"attach", CMD_VALUE, "FILE", "a file that belongs to it, at most 368 KiB"},
    {0},
};

static const struct cmd_opt permit_opts[] = {
    {"to", CMD_VALUE, "NAME|ID", "to whom", true},
    {"purpose", CMD_VALUE, "TEXT", "what for, without what the item says", true},
    {"reason", CMD_VALUE, "TEXT", "of the designated lead, where the provider has left: why"},
    {0},
};

/* A permit is taken back from somebody; an item is unrestricted for everybody, which takes the reason alone. */
static const struct cmd_opt withdraw_opts[] = {
    {"from", CMD_VALUE, "NAME|ID", "who is no longer to have it", true},
    {"reason", CMD_VALUE, "TEXT", "why, without what the item says", true},
    {0},
};

static const struct cmd_opt review_opts[] = {
    {"outcome", CMD_VALUE, "justified|not-justified", "was it right?", true},
    {"finding", CMD_VALUE, "TEXT", "what was found, without what the item says", true},
    {0},
};

const struct cmd home_restricted_commands[] = {
    {"restrict", "", 0, 0, restrict_opts, "record information that only you can let go further",
     "It is sealed on this machine to the professionals who took part in the meeting (or --to), to you, to your "
     "agency's\nrole key and to the keeper's escrow key. Nobody else can read it: not the node, nor whoever holds the "
     "disk. Never\nthe child, a parent or carer, anyone who supports them, or an observer.",
     run_restrict},
    {"permit", "ITEM", 1, 1, permit_opts, "let restricted information that you provided go to one more person",
     "Only its provider can; where they have left, their agency's designated lead, with a reason.", run_permit},
    {"permit withdraw", "ITEM", 1, 1, withdraw_opts, "take a permit back", NULL, run_withdraw},
    {"unrestrict", "ITEM", 1, 1, &withdraw_opts[1], "say that an item is restricted no more",
     "What was sealed stays sealed; record openly what may be known.", run_unrestrict},
    {"restricted list", "", 0, 0, NULL, "restricted information that you may see", NULL, restricted_run_list},
    {"restricted show", "ITEM", 1, 1, NULL, "who holds an item, by whose permission, and who opened it when",
     "What it says is shown by: cairn open ITEM", restricted_run_show},
    {"restricted reviews", "", 0, 0, NULL, "openings for a risk of harm that nobody has reviewed yet", NULL,
     restricted_run_reviews},
    {"restricted review", "OPENING", 1, 1, review_opts, "review an opening for a risk of harm",
     "By the keeper or the provider; within a working day.", run_review},
    {0},
};
