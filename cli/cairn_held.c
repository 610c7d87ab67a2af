#include <string.h>

#include "cli/home.h"
#include "core/second.h"

/* What waits for a second person, in words that can be decided about; and what needs one. */

/* ---- what an act would do ---- */

/* To follow "wants to"; %field stands for what a field says. Other kinds are told field by field. */
static const struct {
  const char *kind, *words;
} wishes[] = {
    {"agency.add", "add the agency %name (%type)"},
    {"agency.revoke", "revoke the agency %agency (%why)"},
    {"person.add", "enrol %name for %agency"},
    {"person.key", "add keys for %person"},
    {"person.revoke", "revoke the person %person (%why)"},
    {"key.revoke", "revoke the keys of %key (%why)"},
    {"invite.person", "invite %name to %agency as %role"},
    {"replica.add", "add the machine %name for %agency"},
    {"replica.revoke", "revoke the machine %replica (%why)"},
    {"role.give", "give the role %role to %person"},
    {"role.take", "take the role %role away"},
    {"two-persons.require", "require two persons for: %kind (%reason)"},
};

static enum err add_part(void *of, struct bytes value) {
  struct buf *b = of;
  buf_add_str(b, b->len ? ", " : "");
  buf_add(b, value);
  return OK;
}

/* What an entry of the same act is called, or one that is here. */
static void add_named(struct home *h, const struct second_act *a, const struct hash *id, struct buf *out) {
  size_t before = out->len;
  for (size_t i = 0; i < a->count; i++) {
    const struct kind *k = kind_find(a->entries[i].kind);
    const struct field *line = k && k->line ? kind_field(k, bytes_str(k->line)) : NULL;
    struct buf text = {0};
    if (hash_equal(&a->entries[i].id, id) && line && a->said[i])
      kind_each_value(line, &a->entries[i], a->said[i], &text, add_part);
    buf_add(out, buf_bytes(&text));
    buf_release(&text);
  }
  if (out->len == before)
    home_add_title(h, id, out);
  if (out->len == before)
    buf_addf(out, "%.8s", hash_hex(id).s);
}

/* role.take names the entry that gave the role: which role, and whose, is said there. */
static void add_role_taken(struct home *h, const struct hash *given, struct buf *out) {
  struct record r = {0};
  if (store_find(h->store, given, &r) == OK) {
    buf_add(out, entry_fact(&r.entry, "role"));
    buf_add_str(out, " of ");
    home_add_title(h, entry_ref(&r.entry, "person"), out);
  }
  record_release(&r);
}

static void add_value(struct home *h, const struct second_act *a, size_t i, const struct field *f, struct buf *out) {
  const struct entry *e = &a->entries[i];
  struct buf text = {0};
  const struct hash *id = f->place == IN_REF ? entry_ref(e, f->name) : NULL;
  if (id && bytes_equal_str(e->kind, "role.take"))
    add_role_taken(h, id, &text);
  else if (id)
    add_named(h, a, id, &text);
  else if (f->place == IN_CHILD)
    for (size_t c = 0; c < e->child_count; c++) {
      buf_add_str(&text, c ? ", " : "");
      home_add_title(h, &e->children[c], &text);
    }
  else if (f->place != IN_CONTENT || a->said[i])
    kind_each_value(f, e, a->said[i], &text, add_part);
  buf_add(out, text.len ? buf_bytes(&text) : bytes_str("nothing"));
  buf_release(&text);
}

static void add_in_words(struct home *h, const struct second_act *a, size_t i, const char *words, struct buf *out) {
  const struct kind *k = kind_find(a->entries[i].kind);
  while (*words) {
    size_t plain = strcspn(words, "%"), name = 0;
    buf_add(out, bytes_of(words, plain));
    words += plain;
    if (*words == '%')
      name = strspn(++words, "abcdefghijklmnopqrstuvwxyz-");
    const struct field *f = name ? kind_field(k, bytes_of(words, name)) : NULL;
    if (f)
      add_value(h, a, i, f, out);
    words += name;
  }
}

static void add_field_by_field(struct home *h, const struct second_act *a, size_t i, struct buf *out) {
  const struct kind *k = kind_find(a->entries[i].kind);
  buf_add_str(out, "record ");
  buf_add(out, a->entries[i].kind);
  for (const struct field *f = k ? k->fields : NULL; f && f->name; f++) {
    if (f->place == IN_KEY || f->place == IN_CERT || (f->place == IN_CONTENT && a->said[i] == NULL))
      continue;
    buf_addf(out, ", %s ", f->name);
    add_value(h, a, i, f, out);
  }
}

static void add_wish(struct home *h, const struct second_act *a, size_t i, struct buf *out) {
  const char *words = NULL;
  for (size_t w = 0; w < sizeof wishes / sizeof *wishes; w++)
    if (bytes_equal_str(a->entries[i].kind, wishes[w].kind))
      words = wishes[w].words;
  if (words)
    add_in_words(h, a, i, words, out);
  else
    add_field_by_field(h, a, i, out);
}

static void add_wishes(struct home *h, const struct second_act *a, struct buf *out) {
  for (size_t i = 0; i < a->count; i++) {
    buf_add_str(out, i ? "; " : "");
    add_wish(h, a, i, out);
  }
}

void home_add_held(struct home *h, const struct hash *hold, struct buf *out) {
  struct second_act a = {0};
  enum err e = second_act_load(h->store, hold, &a);
  if (e == OK)
    add_wishes(h, &a, out);
  else if (e == ERR_PROOF)
    buf_add_str(out, err_words(e));
  else
    home_add_title(h, hold, out);
  second_act_release(&a);
}

void home_say_waits(const struct verdict *v, struct out *out) {
  if (v->waits)
    out_say(out, "One person may not do this alone: after the next sync it waits until another person confirms it "
                 "(cairn held list).");
}

/* ---- held show ---- */

static enum err find_hold(void *of, const struct hold_row *row) {
  struct hold_row *found = of;
  if (hash_equal(&row->id, &found->id)) {
    found->state = bytes_equal_str(row->state, "held")       ? bytes_str("held")
                   : bytes_equal_str(row->state, "released") ? bytes_str("released")
                                                             : bytes_str("rejected");
  }
  return OK;
}

/* Since it was held, its author may have been revoked: whoever decides should know. */
static enum err print_author(struct home *h, struct bytes author, struct out *out) {
  struct buf name = {0}, agency = {0};
  struct author a;
  struct hash key;
  enum err e = hash_parse(author, &key);
  if (e == OK)
    e = directory_author(h->store, &key, home_now_s(), &a);
  if (e == OK) {
    directory_name(h->store, &key, &name);
    home_add_title(h, &a.agency, &agency);
    out_field_bytes(out, "by", buf_bytes(&name));
    out_field_bytes(out, "agency", buf_bytes(&agency));
    out_field_bool(out, "author-revoked-since", a.is_revoked);
  }
  buf_release(&name);
  buf_release(&agency);
  return e;
}

static void print_wants(struct home *h, const struct entry *hold, struct buf *wants, struct out *out) {
  struct buf name = {0};
  struct hash key;
  if (hash_parse(entry_fact(hold, "author"), &key) == OK)
    directory_name(h->store, &key, &name);
  buf_addf(&name, " wants to %s", buf_cstr(wants));
  out_field_bytes(out, "wish", buf_bytes(&name));
  buf_release(&name);
}

static enum err print_hold(struct home *h, const struct record *r, struct out *out) {
  struct hold_row row = {.id = r->entry.id};
  struct json *content = NULL;
  struct buf what = {0};
  bool is_for_second = bytes_equal_str(entry_fact(&r->entry, "rule"), SECOND_RULE);
  enum err e = directory_each_hold(h->store, &row, find_hold);
  if (e == OK && !r->has_content)
    e = err_set(ERR_ABSENT, "what says what is held was lost with the node");
  if (e == OK)
    e = json_parse_record(buf_bytes(&r->content), &content);
  if (e != OK)
    return e;
  home_add_held(h, &r->entry.id, &what);
  out_begin(out, NULL);
  out_field(out, "hold", hash_hex(&r->entry.id).s);
  out_field_bytes(out, "state", row.state);
  if (is_for_second)
    print_wants(h, &r->entry, &what, out);
  e = print_author(h, entry_fact(&r->entry, "author"), out);
  out_field_bytes(out, "what", buf_bytes(&what));
  out_field_bytes(out, "written", json_get_text(json_get(content, "written")));
  out_field_bytes(out, "arrived", r->entry.at);
  out_field_bytes(out, "why", json_get_text(json_get(content, "words")));
  out_field(out, "who-decides", is_for_second ? "another person who may record it" : "the Keeper of the Register");
  out_field_bytes(out, "act", entry_fact(&r->entry, "act"));
  out_end(out);
  json_free(content);
  buf_release(&what);
  return e;
}

static enum err run_held_show(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct record r = {0};
  struct hash id;
  enum err e = home_open(h, line, HOME_NO_KEY);
  if (e == OK)
    e = home_resolve(h, cmd_nth(line, "", 0), "act.hold", &id);
  if (e == OK)
    e = store_find(h->store, &id, &r);
  if (e == OK)
    e = print_hold(h, &r, out);
  record_release(&r);
  home_close(h);
  return e;
}

/* ---- what waits for whoever runs the command ---- */

struct waiting {
  struct home *h;
  struct buf keys; /* of the person, id after id */
  uint64_t count;
};

static enum err add_key(void *of, const struct hash *key_id) {
  buf_add(of, hash_bytes(key_id));
  return OK;
}

static bool is_among(const struct buf *keys, const struct hash *key) {
  for (size_t i = 0; i + HASH_SIZE <= keys->len; i += HASH_SIZE)
    if (bytes_equal(bytes_of(keys->at + i, HASH_SIZE), hash_bytes(key)))
      return true;
  return false;
}

static enum err count_hold(void *of, const struct hold_row *row) {
  struct waiting *w = of;
  struct record r = {0};
  struct hash author;
  bool is_mine = false;
  if (!bytes_equal_str(row->state, "held") || hash_parse(row->author, &author) != OK || is_among(&w->keys, &author))
    return OK;
  enum err e = store_find(w->h->store, &row->id, &r);
  for (size_t i = 0; e == OK && i < r.entry.to_count; i++)
    is_mine = is_mine || is_among(&w->keys, &r.entry.to[i]);
  w->count += is_mine;
  record_release(&r);
  return e;
}

static enum err add_kind(void *of, struct bytes what) {
  return add_part(of, what);
}

void home_print_waiting(struct home *h, struct out *out) {
  struct waiting w = {.h = h};
  struct buf kinds = {0};
  if (directory_each_key(h->store, &h->reader, &w.keys, add_key) == OK)
    directory_each_hold(h->store, &w, count_hold);
  second_each_kind(h->store, &kinds, add_kind);
  out_field_number(out, "held-for-you-to-decide", w.count);
  out_field_bytes(out, "needs-two-persons", buf_bytes(&kinds));
  buf_release(&w.keys);
  buf_release(&kinds);
}

/* ---- two-persons show ---- */

static enum err print_kind(void *of, struct bytes what) {
  struct bytes rest = what, name;
  const struct kind *k = kind_find(text_split(&rest, ':', &name) ? name : what);
  out_begin(of, NULL);
  out_field_bytes(of, "kind", what);
  out_field(of, "what", k ? k->help : NULL);
  out_end(of);
  return OK;
}

static enum err run_show(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  enum err e = home_open(h, line, HOME_NO_KEY);
  if (e == OK) {
    out_table_begin(out, NULL, "Nothing needs two persons.");
    e = second_each_kind(h->store, out, print_kind);
    out_table_end(out);
  }
  home_close(h);
  return e;
}

const struct cmd home_held_commands[] = {
    {"held show", "HOLD", 1, 1, NULL, "all that is known of one held act: who wants what, and who decides",
     "HOLD is the first digits of its id, as in cairn held list.", run_held_show},
    {"two-persons show", "", 0, 0, NULL, "what one person may not record alone", NULL, run_show},
    {0},
};
