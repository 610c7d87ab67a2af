#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/home.h"
#include "core/cert.h"
#include "core/directory.h"

struct looking {
  struct home *h;
  struct out *out;
};

/* ---- show ---- */

static enum err show(struct home *h, const struct cmd_line *line, struct out *out) {
  struct record r = {0};
  struct hash id;
  enum err e = home_resolve_any(h, cmd_nth(line, "", 0), &id);
  if (e == OK)
    e = store_find(h->store, &id, &r);
  if (e == OK)
    e = cmd_flag(line, "as-written") ? home_print_entry(h, &r, out) : home_print_record(h, &r, out);
  record_release(&r);
  return e;
}

static enum err run_show(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, show);
}

/* ---- list, timeline ---- */

static enum err print_row(void *of, const struct record *r) {
  struct looking *l = of;
  return home_print_row(l->h, r, l->out);
}

static enum err print_rows(struct home *h, const struct store_filter *f, const char *none, struct out *out) {
  struct looking l = {h, out};
  out_table_begin(out, NULL, none);
  enum err e = store_each(h->store, f, &l, print_row);
  out_table_end(out);
  return e;
}

static bool has_first_word(const struct kind *k, const char *word) {
  size_t n = strlen(word);
  return strncmp(k->name, word, n) == 0 && (k->name[n] == '\0' || k->name[n] == '.');
}

static bool begins_a_kind(const char *word) {
  const struct kind *k;
  for (size_t i = 0; (k = kind_at(i)); i++)
    if (has_first_word(k, word))
      return true;
  return false;
}

static enum err list(struct home *h, const struct cmd_line *line, struct out *out) {
  struct store_filter f = {.kind = cmd_nth(line, "", 0)};
  const struct kind *k;
  enum err e = f.kind && !begins_a_kind(f.kind) ? home_find_kind(f.kind, &k) : OK;
  return e == OK ? print_rows(h, &f, "Nothing is recorded here.", out) : e;
}

static enum err run_list(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, list);
}

static enum err timeline(struct home *h, const struct cmd_line *line, struct out *out) {
  struct hash child;
  struct store_filter f = {.child = &child};
  enum err e = home_resolve(h, cmd_nth(line, "", 0), "child.add", &child);
  return e == OK ? print_rows(h, &f, "Nothing is recorded about this child.", out) : e;
}

static enum err run_timeline(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, timeline);
}

/* ---- status ---- */

static void title_of_meta(struct home *h, const char *name, struct buf *out) {
  struct hash id;
  if (store_meta_hash(h->store, name, &id) == OK)
    home_add_title(h, &id, out);
}

#define SOON_S ((int64_t)30 * 86400)

/* Until when the certificates hold, and whether that is soon. */
static void print_validity(struct home *h, struct out *out) {
  static const struct {
    enum err (*find)(struct home *h, struct buf *out);
    const char *field;
  } certs[] = {{home_person_certificate, "your-certificate-until"},
               {home_machine_certificate, "machine-certificate-until"}};
  bool is_soon = false;
  for (size_t i = 0; i < sizeof certs / sizeof *certs; i++) {
    struct buf der = {0};
    struct cert_facts facts;
    if (certs[i].find(h, &der) == OK && cert_read(buf_bytes(&der), &facts) == OK) {
      out_field(out, certs[i].field, text_time_format(facts.until_s).s);
      is_soon = is_soon || facts.until_s - home_now_s() < SOON_S;
    }
    buf_release(&der);
  }
  out_field_bool(out, "certificate-about-to-expire", is_soon);
}

static enum err status(struct home *h, const struct cmd_line *line, struct out *out) {
  struct buf person = {0}, machine = {0}, host = {0}, note = {0}, synced = {0};
  struct hash root;
  uint64_t size = 0;
  (void)line;
  title_of_meta(h, "person", &person);
  title_of_meta(h, "replica", &machine);
  store_meta(h->store, "host", &host);
  store_meta(h->store, "synced", &synced);
  enum err e = store_checkpoint_newest(h->store, &size, &root, &note);
  out_begin(out, NULL);
  out_field_bytes(out, "person", buf_bytes(&person));
  out_field_bytes(out, "machine", buf_bytes(&machine));
  out_field(out, "fingerprint-of-this-machine", hash_hex(&h->replica_id).s);
  out_field_bytes(out, "node", buf_bytes(&host));
  out_field_number(out, "port", store_meta_number(h->store, "port"));
  out_field_bytes(out, "last-synced", buf_bytes(&synced));
  print_validity(h, out);
  out_field_number(out, "newest-entry", store_size(h->store));
  out_field_number(out, "checkpoint-size", size);
  if (e == OK)
    out_field(out, "checkpoint-root", hash_hex(&root).s);
  out_field_number(out, "unsent", store_outbox_count(h->store, "unsent") + store_outbox_count(h->store, "sent"));
  out_field_number(out, "refused", store_outbox_count(h->store, "refused"));
  out_field_number(out, "held", store_outbox_count(h->store, "held"));
  out_field_number(out, "later", store_outbox_count(h->store, "later"));
  home_print_waiting(h, out);
  home_print_reviews(h, out);
  out_end(out);
  buf_release(&person);
  buf_release(&machine);
  buf_release(&host);
  buf_release(&note);
  buf_release(&synced);
  return OK;
}

static enum err run_status(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, status);
}

/* ---- rebuild ---- */

static enum err rebuild(struct home *h, const struct cmd_line *line, struct out *out) {
  struct hash before, after;
  (void)line;
  home_read_for_all(h);
  enum err e = store_begin(h->store);
  if (e == OK)
    e = store_views_digest(h->store, &before);
  if (e == OK)
    e = store_rebuild(h->store);
  if (e == OK)
    e = store_views_digest(h->store, &after);
  if (e == OK)
    e = store_commit(h->store);
  if (e != OK)
    return e;
  out_begin(out, NULL);
  out_field_bool(out, "same-as-before", hash_equal(&before, &after));
  out_end(out);
  return OK;
}

static enum err run_rebuild(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, rebuild);
}

/* ---- kinds ---- */

static const char *const place_words[] = {[IN_CONTENT] = "content", [IN_FACT] = "fact", [IN_REF] = "ref",
                                          [IN_CHILD] = "child",     [IN_KEY] = "key",   [IN_CERT] = "cert"};
static const char *const type_words[] = {[FIELD_TEXT] = "text",   [FIELD_CODE] = "code", [FIELD_TOKEN] = "token",
                                         [FIELD_DATE] = "date",   [FIELD_TIME] = "time", [FIELD_ENTRY] = "entry",
                                         [FIELD_WHOLE] = "whole", [FIELD_KEY] = "key",   [FIELD_CERT] = "cert"};

static void add_writers(const struct kind *k, struct buf *out) {
  for (size_t i = 0; i < k->writer_count; i++) {
    buf_add_str(out, i ? ", " : "");
    directory_add_writer(&k->writers[i], out);
  }
}

static void print_kind_fields(const struct kind *k, struct out *out) {
  struct buf writers = {0};
  add_writers(k, &writers);
  out_begin(out, NULL);
  out_field(out, "kind", k->name);
  out_field(out, "help", k->help);
  out_field(out, "audience", audience_word(k->audience));
  out_field_bytes(out, "written-by", buf_bytes(&writers));
  out_table_begin(out, "fields", "no fields");
  for (const struct field *f = k->fields; f->name; f++) {
    out_begin(out, NULL);
    out_field(out, "field", f->name);
    out_field(out, "type", type_words[f->type]);
    out_field(out, "place", place_words[f->place]);
    out_field_number(out, "least", f->count_min);
    out_field_number(out, "most", f->count_max);
    if (f->size_max)
      out_field_number(out, "bytes", f->size_max);
    else
      out_field(out, "bytes", NULL);
    out_field(out, "of", f->of);
    out_field(out, "help", f->help);
    out_end(out);
  }
  out_table_end(out);
  out_end(out);
  buf_release(&writers);
}

static enum err run_kinds(void *program, const struct cmd_line *line, struct out *out) {
  const char *name = cmd_nth(line, "", 0);
  const struct kind *k = kind_find(bytes_str(name ? name : ""));
  enum err e = name && !k && !begins_a_kind(name) ? home_find_kind(name, &k) : OK;
  (void)program;
  if (e != OK)
    return e;
  if (k) {
    print_kind_fields(k, out);
    return OK;
  }
  out_table_begin(out, NULL, NULL);
  for (size_t i = 0; (k = kind_at(i)); i++) {
    if (name && !has_first_word(k, name))
      continue;
    out_begin(out, NULL);
    out_field(out, "kind", k->name);
    out_field(out, "audience", audience_word(k->audience));
    out_field(out, "help", k->help);
    out_end(out);
  }
  out_table_end(out);
  return OK;
}

static const struct cmd_opt show_opts[] = {
    {"as-written", CMD_FLAG, NULL, "the entry alone, as it was signed"},
    {0},
};

const struct cmd home_look_commands[] = {
    {"show", "ENTRY", 1, 1, show_opts, "a record as it is now, with its history; or all that one entry says",
     "ENTRY is the first digits of its id, or a name. Of a record that was changed, each field says what holds now; "
     "where "
     "changes\n"
     "contradict each other, what each says and who wrote it (cairn conflicts, cairn resolve).",
     run_show},
    {"list", "[KIND]", 0, 1, NULL, "what is recorded here, or what of one kind",
     "KIND is as in cairn kinds, or its first word: cairn list child", run_list},
    {"timeline", "CHILD", 1, 1, NULL, "all that is recorded about a child, in order",
     "CHILD is the child's name, or the first digits of the child's id. Where the child was recorded twice and the "
     "records were joined (cairn child same), what stands in any of them is shown.",
     run_timeline},
    {"status", "", 0, 0, NULL, "what this replica is, what it holds, what is unsent", NULL, run_status},
    {"rebuild", "", 0, 0, NULL, "make the views again from the log, and say whether they were the same", NULL,
     run_rebuild},
    {"kinds", "[KIND]", 0, 1, NULL, "what can be recorded, or the fields of one kind",
     "Of a first word its kinds are listed: cairn kinds family", run_kinds},
    {0},
};
