#include "cli/home.h"

/* One entry's content for somebody who is to check it against the ledger (audit/FORMAT.md section 7). */

static void compose(const struct record *r, struct buf *out) {
  buf_add_str(out, "cairn disclosed 1\nheader ");
  text_base64_encode(out, r->entry.header);
  buf_add_str(out, "\nsalt ");
  text_hex_encode(out, bytes_of(r->salt, ENTRY_SALT_SIZE));
  if (r->content.len) {
    buf_add_str(out, "\ncontent ");
    text_base64_encode(out, buf_bytes(&r->content));
  }
  buf_add_str(out, "\n");
}

/* Whoever may see it may show it; what is sealed goes further by its provider alone, whoever can open it. */
static enum err may_disclose(const struct record *r) {
  if (r->entry.audience == AUDIENCE_RESTRICTED)
    return err_set_remedy(ERR_REFUSED, "its provider lets somebody read it: cairn permit",
                          "restricted information is not disclosed in this way");
  if (r->is_erased)
    return err_set(ERR_ABSENT, "the content of this entry was erased");
  if (!r->has_content)
    return err_set(ERR_ABSENT, "the content of this entry is not here any more");
  if (r->number >= STORE_PENDING)
    return err_set_remedy(ERR_REFUSED, "cairn sync first", "this entry does not stand in the ledger yet");
  return OK;
}

static enum err disclose(struct home *h, const struct cmd_line *line, struct out *out) {
  struct hash id;
  struct record r = {0};
  struct buf text = {0};
  const char *path = cmd_value(line, "out");
  if (path == NULL)
    return err_set(ERR_USAGE, "--out FILE is needed: the file to write");
  enum err e = home_resolve_any(h, cmd_nth(line, "", 0), &id);
  if (e == OK)
    e = store_find(h->store, &id, &r);
  if (e == OK)
    e = may_disclose(&r);
  if (e == OK) {
    compose(&r, &text);
    e = folder_save(path, buf_bytes(&text));
  }
  if (e == OK) {
    out_begin(out, NULL);
    out_field(out, "file", path);
    out_field_number(out, "number", r.number);
    out_field(out, "entry", hash_hex(&id).s);
    out_field_bytes(out, "kind", r.entry.kind);
    out_end(out);
    out_say(out, "The content is outside of the record now, readable by whoever has the file. The auditor checks it "
                 "with cairn-audit open.");
  }
  buf_release(&text);
  record_release(&r);
  return e;
}

static enum err run_disclose(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, disclose);
}

static const struct cmd_opt disclose_opts[] = {{"out", CMD_VALUE, "FILE", "the file to write"}, {0}};

const struct cmd home_disclose_commands[] = {
    {"disclose", "ENTRY", 1, 1, disclose_opts, "write an entry's content to be checked against the ledger",
     "ENTRY is the first digits of its id, or a name. The file has the header, the salt and the content; with it the\n"
     "auditor sees that nothing was changed. Restricted information is not disclosed so: only its provider lets it go\n"
     "further (cairn permit).",
     run_disclose},
    {0},
};
