#include <inttypes.h>
#include <string.h>

#include "cli/home.h"
#include "core/directory.h"
#include "core/feed.h"
#include "core/note.h"
#include "sync/evidence.h"

/* ---- one that is here ---- */

struct held {
  struct buf note;
  struct checkpoint checkpoint;
};

static enum err read_note(struct bytes note, struct checkpoint *out) {
  struct bytes text;
  enum err e = note_text(note, &text);
  return e == OK ? checkpoint_parse(text, out) : e;
}

static enum err find_newest(struct home *h, struct held *out) {
  uint64_t size;
  struct hash root;
  enum err e = store_checkpoint_newest(h->store, &size, &root, &out->note);
  if (e == ERR_ABSENT)
    return err_set_remedy(e, "cairn sync", "this replica has not verified any checkpoint yet");
  return e == OK ? read_note(buf_bytes(&out->note), &out->checkpoint) : e;
}

static enum err find_of_size(struct home *h, uint64_t size, struct held *out) {
  enum err e = store_checkpoint_at(h->store, size, &out->note);
  return e == OK ? read_note(buf_bytes(&out->note), &out->checkpoint) : e;
}

static void print_checkpoint(const struct checkpoint *c, struct out *out) {
  out_field(out, "ledger", c->origin);
  out_field_number(out, "size", c->size);
  out_field(out, "root", hash_hex(&c->root).s);
  out_field(out, "time", c->time.s);
  out_field(out, "short-form", checkpoint_short(c).s);
}

static enum err print_before(void *of, const struct feed_end *end) {
  struct out *out = of;
  out_begin(out, NULL);
  out_field_number(out, "place", end->place);
  out_field(out, "digest", hash_hex(&end->digest).s);
  out_end(out);
  return OK;
}

/* Which feeds this machine has followed and signed, before the node's was made anew. */
static enum err print_followed(struct home *h, struct out *out) {
  out_table_begin(out, "followed-before", NULL);
  enum err e = feed_each_before(h->store, out, print_before);
  out_table_end(out);
  return e;
}

static enum err show(struct home *h, const struct cmd_line *line, struct out *out) {
  const char *typed = cmd_value(line, "size"), *to = cmd_value(line, "to");
  struct held own = {0};
  uint64_t size = 0;
  if (typed && text_number(bytes_str(typed), &size) != OK)
    return err_set(ERR_USAGE, "--size takes a number of entries: \"%s\"", typed);
  enum err e = typed ? find_of_size(h, size, &own) : find_newest(h, &own);
  if (e == OK && to)
    e = folder_save(to, buf_bytes(&own.note));
  if (e == OK) {
    out_begin(out, NULL);
    print_checkpoint(&own.checkpoint, out);
    out_field(out, "written-to", to);
    e = print_followed(h, out);
    out_end(out);
    out_say(out, "Whoever has verified the same size must have the same short form.");
  }
  buf_release(&own.note);
  return e;
}

/* ---- comparing ---- */

enum outcome { SAME, OTHER, CANNOT_SAY };

/* What somebody else has seen: a short form, or a signed note. */
struct other {
  uint64_t size;
  struct checkpoint_short form;
  struct buf note; /* empty: it was typed */
};

static enum err is_no_checkpoint(const char *typed) {
  return err_set_remedy(ERR_USAGE, "a short form is typed in quotes, as cairn checkpoint prints it",
                        "\"%s\" is neither the short form of a checkpoint nor a file with a signed one", typed);
}

/* Only what the ledger's key has signed says anything. */
static enum err read_signed(struct home *h, const char *path, struct other *out) {
  struct checkpoint c;
  struct note_vkey vkey;
  struct bytes text;
  enum err e = folder_read(".", path, NOTE_MAX, &out->note);
  if (e == OK)
    e = read_note(buf_bytes(&out->note), &c);
  if (e == ERR_ABSENT || e == ERR_LIMIT || e == ERR_FORM)
    return is_no_checkpoint(path);
  if (e == OK)
    e = directory_vkey(h->store, c.size, &vkey);
  if (e == OK && (strcmp(c.origin, vkey.name) != 0 || note_open(buf_bytes(&out->note), &vkey, &text) != OK))
    return err_set_remedy(ERR_IO, "it says nothing, whatever it contains",
                          "the checkpoint in \"%s\" is not signed by the key of this replica's ledger", path);
  if (e == OK) {
    out->size = c.size;
    out->form = checkpoint_short(&c);
  }
  return e;
}

static enum err read_other(struct home *h, const char *typed, struct other *out) {
  if (checkpoint_short_parse(bytes_str(typed), &out->size, &out->form) == OK)
    return OK;
  return read_signed(h, typed, out);
}

static void print_comparison(enum outcome outcome, const struct other *other, const struct held *own, struct out *out) {
  static const char *const words[] = {"same", "other history", "cannot say"};
  out_begin(out, NULL);
  out_field(out, "comparison", words[outcome]);
  out_field_number(out, "size", other->size);
  out_field(out, "theirs", other->form.s);
  if (outcome != CANNOT_SAY)
    out_field(out, "ours", checkpoint_short(&own->checkpoint).s);
  out_end(out);
}

/* Two notes of one size that the ledger's key has signed: that proves what the node did. */
static enum err keep_proof(const struct cmd_line *line, const struct other *other, const struct held *own,
                           struct out *out) {
  struct buf text = {0};
  char name[HOME_FILE_SIZE];
  struct evidence_notes notes = {.words = "the node has signed two different histories of the same size",
                                 .before = buf_bytes(&own->note),
                                 .checkpoint = buf_bytes(&other->note)};
  evidence_notes_format(&text, &notes);
  enum err e = home_keep_evidence(line, buf_bytes(&text), name);
  if (e == OK)
    out_say(out, "Both are signed by the ledger's key. That proves it, and is kept in %s: cairn evidence check %s",
            name, name);
  buf_release(&text);
  return e;
}

static enum err say_comparison(const struct cmd_line *line, enum outcome outcome, const struct other *other,
                               const struct held *own, struct out *out) {
  switch (outcome) {
  case SAME: out_say(out, "The same: both were shown the same first %" PRIu64 " entries.", other->size); return OK;
  case CANNOT_SAY:
    out_say(out,
            "This replica has not verified a checkpoint of %" PRIu64
            " entries, so it cannot say. Sync on both sides, and "
            "compare at once; or ask for one of these sizes there: cairn checkpoint --size N.",
            other->size);
    return OK;
  case OTHER: break;
  }
  out_say(out, "NOT the same history of the first %" PRIu64 " entries.", other->size);
  if (other->note.len)
    return keep_proof(line, other, own, out);
  out_say(
      out,
      "Read it out once more: a digit may have been misheard. If it stays so, the node has shown one of you "
      "another history: exchange the signed checkpoints (cairn checkpoint --size N --to FILE), and tell the auditor.");
  return OK;
}

static enum err compare(struct home *h, const struct cmd_line *line, struct out *out) {
  static const int status[] = {[SAME] = 0, [OTHER] = 1, [CANNOT_SAY] = 3};
  struct other other = {0};
  struct held own = {0};
  enum outcome outcome = CANNOT_SAY;
  enum err e = read_other(h, cmd_value(line, "compare"), &other);
  if (e == OK) {
    e = find_of_size(h, other.size, &own);
    if (e == OK)
      outcome = strcmp(checkpoint_short(&own.checkpoint).s, other.form.s) == 0 ? SAME : OTHER;
    e = e == ERR_ABSENT ? OK : e;
  }
  if (e == OK) {
    print_comparison(outcome, &other, &own, out);
    h->status = status[outcome];
    e = say_comparison(line, outcome, &other, &own, out);
  }
  buf_release(&other.note);
  buf_release(&own.note);
  return e;
}

static enum err run_checkpoint(void *program, const struct cmd_line *line, struct out *out) {
  bool does_compare = cmd_value(line, "compare") != NULL;
  if (does_compare && (cmd_value(line, "size") || cmd_value(line, "to")))
    return err_set(ERR_USAGE, "--compare stands alone: it looks for the size of what it compares with");
  return home_look(program, line, out, does_compare ? compare : show);
}

static const struct cmd_opt checkpoint_opts[] = {
    {"compare", CMD_VALUE, "WHAT", "somebody else's: its short form in quotes, or a file with the signed one"},
    {"size", CMD_VALUE, "N", "not the newest one but that of N entries"},
    {"to", CMD_VALUE, "FILE", "also write it, as the node signed it, into FILE"},
    {0},
};

const struct cmd home_checkpoint_commands[] = {
    {"checkpoint", "", 0, 0, checkpoint_opts,
     "the newest state of the ledger that this replica has verified, to compare",
     "Read the short form out over the telephone: whoever has verified the same number of entries must have the same\n"
     "one, or the node has shown you different histories. Ends with 0 the same, 1 another history, 3 cannot say.",
     run_checkpoint},
    {0},
};
