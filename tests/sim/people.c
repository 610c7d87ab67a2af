/* People who record: any kind of the tables, about what their machine shows, as a rule what they may. What comes of it
 * is for the node to say; a good share is to be accepted, or nothing is tested. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/restricted.h"
#include "tests/sim/sim.h"

#define DRAFTS_MAX 4
#define VALUES_MAX 48
#define VALUE_SIZE 320
#define DAY_S 86400

struct sim_count sim_counts[SIM_KINDS_MAX];

size_t sim_kind_index(const struct kind *k) {
  size_t i = 0;
  while (kind_at(i) != k)
    i++;
  return i;
}

/* One entry of an act. */
struct made {
  const struct kind *kind;
  struct draft_value values[VALUES_MAX];
  char texts[VALUES_MAX][VALUE_SIZE];
  size_t count;
  struct hash children[ENTRY_CHILDREN_MAX];
  size_t child_count;
  struct restricted_to to;
  struct hash base;
  bool has_base;
  struct buf file; /* a document, or what is passed on */
  uint8_t salt[ENTRY_SALT_SIZE];
  bool passes_on;
};

struct writing {
  struct sim *s;
  struct world_member *who;
  struct made made[DRAFTS_MAX];
  size_t count;
  const struct hash *object; /* that is to be changed; NULL: any */
};

static void say(struct made *m, const char *field, const char *value) {
  if (m->count == VALUES_MAX)
    return;
  for (size_t i = 0; i < m->count; i++)
    if (strcmp(m->values[i].name, field) == 0 && strcmp(m->values[i].value, value) == 0)
      return;
  snprintf(m->texts[m->count], VALUE_SIZE, "%s", value);
  m->values[m->count] = (struct draft_value){field, m->texts[m->count]};
  m->count++;
}

/* ---- what the machine shows ---- */

struct found {
  struct hash ids[24];
  size_t count;
};

/* The newest entries of these kinds (joined by |) here, about this child if it is not NULL. */
static void find(struct store *s, const char *kinds, const struct hash *child, struct found *out) {
  struct query q;
  struct buf sql = {0};
  buf_add_str(&sql, "SELECT id FROM entry e WHERE instr('|' || ?1 || '|', '|' || kind || '|')");
  if (child)
    buf_add_str(&sql, " AND EXISTS(SELECT 1 FROM entry_child c WHERE c.number = e.number AND c.child = ?2)");
  buf_add_str(&sql, " ORDER BY number DESC LIMIT 24");
  out->count = 0;
  query_start_once(&q, s->db, buf_cstr(&sql));
  query_text(&q, 1, bytes_str(kinds));
  if (child)
    query_blob(&q, 2, hash_bytes(child));
  while (query_row(&q))
    out->ids[out->count++] = hash_from(query_get(&q, 0));
  world_must(query_end(&q), "what there is to refer to");
  buf_release(&sql);
}

static bool draw_entry(const struct writing *w, const char *kinds, const struct hash *child, struct hash *out) {
  struct found f;
  find(w->who->store, kinds, child, &f);
  if (f.count)
    *out = f.ids[sim_below(&w->s->chance, f.count)];
  return f.count > 0;
}

static void take_children(struct writing *w, struct made *m, const struct hash *id) {
  struct record r = {0};
  if (m->child_count == 0 && store_find(w->who->store, id, &r) == OK) {
    m->child_count = r.entry.child_count < 2 ? r.entry.child_count : 1 + sim_below(&w->s->chance, 2);
    memcpy(m->children, r.entry.children, m->child_count * sizeof *m->children);
  }
  record_release(&r);
}

/* ---- values ---- */

static const char *const some_words[] = {"Isla", "Reid", "O'Neill", "Ùna", "said", "12", "Zoë", "at home"};

/* What is restricted bears the mark that is searched for everywhere (tests/canaries.sh). */
static void draw_text(const struct writing *w, const struct made *m, const struct field *f, char out[VALUE_SIZE]) {
  uint64_t *chance = &w->s->chance;
  const char *first = m->kind->audience == AUDIENCE_RESTRICTED ? "kestrel" : some_words[sim_below(chance, 8)];
  size_t max = f->size_max < VALUE_SIZE ? f->size_max : VALUE_SIZE - 1;
  snprintf(out, VALUE_SIZE, "%s %s %zu", first, some_words[sim_below(chance, 8)], sim_below(chance, 100));
  if (strlen(out) > max)
    snprintf(out, VALUE_SIZE, "%.*s", (int)max, "xxxx");
}

static void draw_code(const struct writing *w, const char *codes, char out[VALUE_SIZE]) {
  size_t count = 1;
  for (const char *c = codes; *c; c++)
    count += *c == '|';
  for (size_t skip = sim_below(&w->s->chance, count); skip > 0; skip--)
    codes = strchr(codes, '|') + 1;
  snprintf(out, VALUE_SIZE, "%.*s", (int)strcspn(codes, "|"), codes);
}

static void draw_rule(const struct writing *w, char out[VALUE_SIZE]) {
  size_t count = 0;
  while (rule_at(count))
    count++;
  snprintf(out, VALUE_SIZE, "%s", rule_at(sim_below(&w->s->chance, count))->number);
}

static void draw_key(struct writing *w, char out[VALUE_SIZE]) {
  struct buf base64 = {0};
  if (w->s->key_count < SIM_KEYS_MAX) {
    struct key *k = w->s->keys[w->s->key_count++] = key_new();
    text_base64_encode(&base64, key_spki(k));
  }
  snprintf(out, VALUE_SIZE, "%s", buf_cstr(&base64));
  buf_release(&base64);
}

static void draw_time(const struct writing *w, size_t size, char out[VALUE_SIZE]) {
  int64_t days = (int64_t)sim_below(&w->s->chance, 40) - 20;
  struct text_time t = text_time_format(w->s->now_s + days * DAY_S);
  snprintf(out, VALUE_SIZE, "%.*s", (int)size, t.s);
}

static bool refer(struct writing *w, struct made *m, const struct field *f) {
  const struct hash *child = f->shares_child && m->child_count ? &m->children[0] : NULL;
  struct hash id;
  const char *kinds = f->of ? f->of : "view.record|attendance.record|family-view.record|report.record|child.add";
  if (w->object && strcmp(f->name, m->kind->object) == 0)
    id = *w->object;
  else if (!draw_entry(w, kinds, child, &id))
    return false;
  if (f->shares_child)
    take_children(w, m, &id);
  say(m, f->name, hash_hex(&id).s);
  return true;
}

static bool draw_value(struct writing *w, struct made *m, const struct field *f) {
  char value[VALUE_SIZE];
  switch (f->type) {
  case FIELD_ENTRY: return refer(w, m, f);
  case FIELD_TEXT: draw_text(w, m, f, value); break;
  case FIELD_CODE: draw_code(w, f->of, value); break;
  case FIELD_TOKEN: draw_rule(w, value); break;
  case FIELD_DATE: draw_time(w, TEXT_DATE_SIZE, value); break;
  case FIELD_TIME: draw_time(w, TEXT_TIME_SIZE, value); break;
  case FIELD_WHOLE: snprintf(value, sizeof value, "%zu", sim_below(&w->s->chance, 30)); break;
  case FIELD_KEY: draw_key(w, value); break;
  case FIELD_CERT: return false;
  }
  say(m, f->name, value);
  return true;
}

/* ---- one entry ---- */

static bool draw_children(struct writing *w, struct made *m) {
  const struct field *f = kind_field(m->kind, bytes_str("child"));
  struct found children;
  if (f == NULL || f->place != IN_CHILD || m->child_count || m->kind->is_about_entry)
    return true;
  find(w->who->store, "child.add", NULL, &children);
  size_t wanted = f->count_min + (f->count_max > f->count_min && sim_percent(&w->s->chance, 15));
  for (size_t i = sim_below(&w->s->chance, children.count + 1); children.count && m->child_count < wanted; i++) {
    if (m->child_count == children.count)
      break;
    m->children[m->child_count++] = children.ids[i % children.count];
  }
  return m->child_count >= f->count_min;
}

/* Fields that say which children it is about come before those that do not. */
static bool draw_fields(struct writing *w, struct made *m, bool are_leading) {
  for (const struct field *f = m->kind->fields; f->name; f++) {
    bool leads = f->shares_child && f->count_min > 0;
    if (leads != are_leading || f->place == IN_CHILD)
      continue;
    size_t count = f->count_min ? f->count_min : sim_percent(&w->s->chance, 25);
    for (size_t i = 0; i < count; i++)
      if (!draw_value(w, m, f) && f->count_min)
        return false;
  }
  return true;
}

/* Now and then the author had seen only how it began: what others did meanwhile stands against it. */
static void draw_base(struct writing *w, struct made *m) {
  for (size_t i = 0; m->kind->is_change && i < m->count; i++)
    if (strcmp(m->values[i].name, m->kind->object) == 0 && sim_percent(&w->s->chance, 50))
      m->has_base = hash_parse(bytes_str(m->values[i].value), &m->base) == OK;
}

static bool add_recipients(struct writing *w, struct made *m) {
  struct store *s = w->who->store;
  const struct hash *other = &w->s->w.members[sim_below(&w->s->chance, w->s->w.count)].person;
  if (m->kind->audience == AUDIENCE_NAMED)
    return restricted_add_signing(s, other, &m->to) == OK && restricted_add_signing(s, &w->who->person, &m->to) == OK;
  if (m->kind->audience != AUDIENCE_RESTRICTED)
    return true;
  if (strcmp(m->kind->name, "restricted.add") == 0 &&
      restricted_add_standing(s, &w->who->person, &w->who->agency, &m->to) != OK)
    return false;
  return restricted_add_owner(s, other, &m->to) == OK;
}

static void note_change(struct writing *w, const struct made *m) {
  for (size_t i = 0; m->kind->is_change && i < m->count; i++)
    if (strcmp(m->values[i].name, m->kind->object) == 0 &&
        hash_parse(bytes_str(m->values[i].value), &w->s->changed) == OK)
      w->s->changed_with = m->kind;
}

static bool make(struct writing *w, const struct kind *k) {
  struct made *m = &w->made[w->count];
  m->kind = k;
  if (!draw_fields(w, m, true) || !draw_children(w, m) || !draw_fields(w, m, false) || !add_recipients(w, m))
    return false;
  for (size_t i = 0; !k->is_about_entry && i < m->child_count; i++)
    say(m, "child", hash_hex(&m->children[i]).s);
  draw_base(w, m);
  note_change(w, m);
  w->count++;
  return true;
}

/* ---- acts of several entries ---- */

/* Now and then larger than what travels in one piece. */
static bool make_document(struct writing *w) {
  const struct kind *add = kind_find(bytes_str("document.add"));
  if (!make(w, add))
    return false;
  struct made *m = &w->made[w->count++], *described = &w->made[w->count - 2];
  m->kind = kind_find(bytes_str(add->file));
  for (size_t i = 0; i < described->child_count; i++)
    say(m, "child", hash_hex(&described->children[i]).s);
  say(m, "document", "@1");
  size_t len = sim_percent(&w->s->chance, 30) ? ENTRY_LARGE + 1 + sim_below(&w->s->chance, 1000) : 300;
  memset(buf_extend(&m->file, len), 'a', len);
  return true;
}

/* The provider passes on what an item says; only they can. */
static bool make_permit(struct writing *w) {
  struct hash item;
  struct made *m = &w->made[0];
  if (!draw_entry(w, "restricted.add", NULL, &item) ||
      restricted_open(w->who->store, &item, w->who->seal_key, m->salt, &m->file) != OK)
    return false;
  m->kind = kind_find(bytes_str("restricted.permit"));
  m->passes_on = true;
  say(m, "item", hash_hex(&item).s);
  if (!add_recipients(w, m))
    return false;
  struct made *reason = &w->made[1];
  reason->kind = kind_find(bytes_str("restricted.reason"));
  say(reason, "permit", "@1");
  say(reason, "purpose", "the review");
  w->count = 2;
  return restricted_add_signing(w->who->store, &w->who->person, &reason->to) == OK;
}

/* Somebody else changes what was just changed, and may not have heard of it. */
static bool make_change(struct writing *w) {
  struct record r = {0};
  const struct hash object = w->s->changed;
  w->object = &object;
  const bool is_here = w->s->changed_with && store_find(w->who->store, &object, &r) == OK;
  record_release(&r);
  const bool is_made = is_here && make(w, w->s->changed_with);
  w->object = NULL;
  return is_made;
}

/* ---- which kind ---- */

/* Left to events of their own, or so that nobody locks themselves out: without officers no machine gets a new identity.
 */
static bool is_left_alone(const struct kind *k) {
  static const char *const kinds[] = {"role.take",         "two-persons.require", "profile.adopt", "document.add",
                                      "restricted.permit", "restricted.reason",   "replica.add",   "person.add"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(k->name, kinds[i]) == 0)
      return true;
  return k->media || (k->views && strcmp(k->views, "revocation") == 0);
}

/* Everybody has all roles here; so it is the agency that decides. */
static bool may_write(const struct writing *w, const struct kind *k) {
  struct author a;
  if (directory_author(w->who->store, &(struct hash){{0}}, w->s->now_s, &a) == OK)
    return false;
  const struct hash own = key_id(w->who->key);
  if (directory_author(w->who->store, &own, w->s->now_s, &a) != OK)
    return false;
  for (size_t i = 0; i < k->writer_count; i++)
    if (k->writers[i].role != ROLE_NODE && (a.roles & 1u << k->writers[i].role) &&
        (k->writers[i].agency == NULL || strcmp(k->writers[i].agency, a.agency_type) == 0))
      return true;
  return false;
}

static const struct kind *draw_kind(const struct writing *w) {
  uint64_t *chance = &w->s->chance;
  size_t count = 0, wish = sim_below(chance, 100), tries = 0;
  while (kind_at(count))
    count++;
  for (;; tries++) {
    const struct kind *k = kind_at(sim_below(chance, count));
    if (is_left_alone(k) || (tries < 400 && !may_write(w, k)))
      continue;
    if (tries < 200 &&
        ((wish < 15 && k->audience != AUDIENCE_RESTRICTED) || (wish >= 15 && wish < 30 && !k->is_change) ||
         (wish >= 30 && wish < 40 && !k->moves_scope) || (wish >= 40 && wish < 45 && !k->is_void)))
      continue;
    return k;
  }
}

static bool make_something(struct writing *w) {
  size_t what = sim_below(&w->s->chance, 100);
  for (size_t i = 0; i < DRAFTS_MAX; i++) {
    buf_release_secret(&w->made[i].file);
    memset(&w->made[i], 0, sizeof w->made[i]);
  }
  w->count = 0;
  if (what < 6)
    return make_document(w);
  if (what < 15)
    return make_permit(w);
  if (what < 30)
    return make_change(w);
  /* Only the keeper erases, who is the first of the cast. */
  const bool erases = what < 45 && w->who == &w->s->w.members[0];
  return make(w, erases ? kind_find(bytes_str("entry.erase")) : draw_kind(w));
}

/* ---- recording ---- */

static void to_drafts(struct writing *w, struct draft *drafts) {
  for (size_t i = 0; i < w->count; i++) {
    struct made *m = &w->made[i];
    drafts[i] = (struct draft){.kind = m->kind, .values = m->values, .count = m->count};
    drafts[i].to = m->to.keys;
    drafts[i].to_count = m->to.count;
    drafts[i].bases = &m->base;
    drafts[i].base_count = m->has_base;
    drafts[i].file = buf_bytes(&m->file);
    drafts[i].media = m->kind->media ? "text/plain" : NULL;
    drafts[i].passes_on = m->passes_on ? m->salt : NULL;
  }
}

static void note_act(struct sim *s, size_t member, const struct kind *k, const struct verdict *v) {
  if (s->act_count < SIM_ACTS_MAX)
    s->acts[s->act_count++] = (struct sim_act){v->act, member, k, false, 0};
}

static void record(struct writing *w, size_t member) {
  struct sim *s = w->s;
  struct draft drafts[DRAFTS_MAX];
  struct verdict v = {0};
  enum accept_how how = sim_percent(&s->chance, 25) ? ACCEPT_WRITE_ANYWAY : ACCEPT_WRITE;
  to_drafts(w, drafts);
  sim_begin(s, member);
  enum err e = world_write(&s->w, w->who, drafts, w->count, how, &v);
  bool is_broken = sim_end(s, member);
  const bool is_recorded = e == OK && v.code == VERDICT_ACCEPTED;
  struct sim_count *c = &sim_counts[sim_kind_index(drafts[0].kind)];
  c->written += is_recorded;
  c->not_written += !is_recorded;
  if ((e == ERR_DISK || e == ERR_IO) && !is_broken)
    sim_fail(s, "a disk that works is worked with", "%s: %s", sim_name(s, member), err_words(e));
  sim_tell(s, "  %s: %s", drafts[0].kind->name, is_recorded ? "recorded" : e != OK ? err_words(e) : v.words);
  if (is_recorded)
    note_act(s, member, drafts[0].kind, &v);
}

void sim_write(struct sim *s, size_t member) {
  struct writing *w = mem_alloc(sizeof *w);
  w->s = s;
  w->who = &s->w.members[member];
  bool is_made = false;
  for (size_t tries = 0; tries < 12 && !is_made; tries++)
    is_made = make_something(w);
  if (is_made)
    record(w, member);
  for (size_t i = 0; i < DRAFTS_MAX; i++)
    buf_release_secret(&w->made[i].file);
  free(w);
}
