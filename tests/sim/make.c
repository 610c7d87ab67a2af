/* Entries and acts, drawn from the tables of core/domain and from what the machine shows. What comes of them is for the
 * node to say; a good share is to be accepted, or nothing is tested. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/profile.h"
#include "core/rule.h"
#include "core/version.h"
#include "tests/sim/write.h"

#define VALUE_SIZE 320
#define DAY_S 86400

static void release(struct made *m) {
  for (size_t i = 0; i < m->count; i++)
    free((char *)m->values[i].value);
  buf_release_secret(&m->file);
  memset(m, 0, sizeof *m);
}

static void release_composed(struct writing *w) {
  if (w->copies)
    copy_act_release(w->copies);
  if (w->approval)
    copy_approval_release(w->approval);
  if (w->read)
    draft_read_release(w->read);
  free(w->copies);
  free(w->approval);
  free(w->read);
  w->copies = NULL;
  w->approval = NULL;
  w->read = NULL;
}

void writing_clear(struct writing *w) {
  for (size_t i = 0; i < MADE_MAX; i++)
    release(&w->made[i]);
  release_composed(w);
  w->count = 0;
}

struct writing *writing_new(struct sim *s, size_t member) {
  struct writing *w = mem_alloc(sizeof *w);
  memset(w, 0, sizeof *w);
  w->s = s;
  w->member = member;
  w->who = &s->w.members[member];
  return w;
}

void writing_free(struct writing *w) {
  writing_clear(w);
  free(w);
}

bool made_says(const struct made *m, const char *field) {
  for (size_t i = 0; i < m->count; i++)
    if (strcmp(m->values[i].name, field) == 0)
      return true;
  return false;
}

void made_say(struct made *m, const char *field, const char *value) {
  if (m->count == MADE_VALUES_MAX)
    return;
  for (size_t i = 0; i < m->count; i++)
    if (strcmp(m->values[i].name, field) == 0 && strcmp(m->values[i].value, value) == 0)
      return;
  m->values[m->count++] = (struct draft_value){field, mem_copy_string(value)};
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

/* Of an entry about several children one or two, or all that a kind about one child has room for. */
static void take_children(struct writing *w, struct made *m, const struct hash *id) {
  const struct field *f = kind_field(m->kind, bytes_str("child"));
  struct record r = {0};
  if (f && m->child_count == 0 && store_find(w->who->store, id, &r) == OK && r.entry.child_count > 0) {
    const size_t all = r.entry.child_count, wanted = all < 2 ? all : 1 + sim_below(&w->s->chance, 2);
    m->child_count = wanted < f->count_max ? wanted : f->count_max;
    const size_t skip = sim_below(&w->s->chance, all - m->child_count + 1);
    memcpy(m->children, r.entry.children + skip, m->child_count * sizeof *m->children);
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

/* What nobody else has. */
static void draw_secret(const struct writing *w, char out[VALUE_SIZE]) {
  const uint64_t drawn = sim_draw(&w->s->chance);
  const struct hash h = hash_of(bytes_of(&drawn, sizeof drawn));
  snprintf(out, VALUE_SIZE, "%s", hash_hex(&h).s);
}

static void draw_token(const struct writing *w, const struct field *f, char out[VALUE_SIZE]) {
  if (strcmp(f->name, "secret") == 0)
    draw_secret(w, out);
  else
    draw_rule(w, out);
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

const char *made_kinds_of(const struct field *f) {
  return f->of ? f->of : "view.record|attendance.record|family-view.record|report.record|child.add";
}

bool made_has_any(struct store *s, const char *kinds) {
  struct found f;
  find(s, kinds, NULL, &f);
  return f.count > 0;
}

static bool refer(struct writing *w, struct made *m, const struct field *f) {
  const struct hash *child = f->shares_child && m->child_count ? &m->children[0] : NULL;
  struct hash id;
  if (w->object && strcmp(f->name, m->kind->object) == 0)
    id = *w->object;
  else if (!draw_entry(w, made_kinds_of(f), child, &id))
    return false;
  if (f->shares_child)
    take_children(w, m, &id);
  made_say(m, f->name, hash_hex(&id).s);
  return true;
}

static bool draw_value(struct writing *w, struct made *m, const struct field *f) {
  char value[VALUE_SIZE];
  switch (f->type) {
  case FIELD_ENTRY: return refer(w, m, f);
  case FIELD_TEXT: draw_text(w, m, f, value); break;
  case FIELD_CODE: draw_code(w, f->of, value); break;
  case FIELD_TOKEN: draw_token(w, f, value); break;
  case FIELD_DATE: draw_time(w, TEXT_DATE_SIZE, value); break;
  case FIELD_TIME: draw_time(w, TEXT_TIME_SIZE, value); break;
  case FIELD_WHOLE: snprintf(value, sizeof value, "%zu", sim_below(&w->s->chance, 30)); break;
  case FIELD_KEY: draw_key(w, value); break;
  case FIELD_CERT: return false;
  }
  made_say(m, f->name, value);
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

static void take_said(struct writing *w, struct made *m, bool are_children) {
  struct hash id;
  for (size_t i = 0; i < m->count; i++) {
    const struct field *f = kind_field(m->kind, bytes_str(m->values[i].name));
    if (f->type != FIELD_ENTRY || hash_parse(bytes_str(m->values[i].value), &id) != OK)
      continue;
    if (are_children && f->place == IN_CHILD)
      m->children[m->child_count++] = id;
    else if (!are_children && f->shares_child)
      take_children(w, m, &id);
  }
}

/* Where it is not said which, those of the entry before. */
static void take_said_children(struct writing *w, struct made *m) {
  take_said(w, m, true);
  take_said(w, m, false);
  if (m->child_count == 0 && m > w->made && kind_field(m->kind, bytes_str("child"))) {
    m->child_count = m[-1].child_count;
    memcpy(m->children, m[-1].children, m->child_count * sizeof *m->children);
  }
}

/* Fields that say which children it is about come before those that do not. */
static bool draw_fields(struct writing *w, struct made *m, bool are_leading) {
  for (const struct field *f = m->kind->fields; f->name; f++) {
    bool leads = f->shares_child && f->count_min > 0;
    if (leads != are_leading || f->place == IN_CHILD || made_says(m, f->name))
      continue;
    size_t count = f->count_min ? f->count_min : !m->is_bare && sim_percent(&w->s->chance, 25);
    for (size_t i = 0; i < count; i++)
      if (!draw_value(w, m, f) && f->count_min)
        return false;
  }
  return true;
}

/* Now and then the author had seen only how it began: what others did meanwhile stands against it. */
static void draw_base(struct writing *w, struct made *m) {
  for (size_t i = 0; m->kind->is_change && m->base_count == 0 && i < m->count; i++)
    if (strcmp(m->values[i].name, m->kind->object) == 0 && sim_percent(&w->s->chance, 50))
      m->base_count = hash_parse(bytes_str(m->values[i].value), &m->bases[0]) == OK;
}

/* Whoever provided, or permitted, what a restricted entry's notice is about is told of it. */
static enum err add_provider(struct writing *w, struct made *m) {
  static const char *const fields[] = {"item", "permit", "opening"};
  struct restricted_item item;
  struct hash id;
  for (size_t i = 0; i < m->count; i++)
    for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
      if (strcmp(m->values[i].name, fields[k]) == 0 && hash_parse(bytes_str(m->values[i].value), &id) == OK &&
          restricted_find(w->who->store, &id, &item) == OK)
        return restricted_add_signing(w->who->store, &item.provider, &m->to);
  return OK;
}

static bool add_recipients(struct writing *w, struct made *m) {
  struct store *s = w->who->store;
  const struct hash *other = &w->s->w.members[sim_below(&w->s->chance, w->s->w.count)].person;
  if (m->kind->audience == AUDIENCE_NAMED)
    return restricted_add_signing(s, other, &m->to) == OK && add_provider(w, m) == OK &&
           restricted_add_signing(s, &w->who->person, &m->to) == OK;
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

bool made_complete(struct writing *w, struct made *m) {
  take_said_children(w, m);
  if (!draw_fields(w, m, true) || !draw_children(w, m) || !draw_fields(w, m, false) || !add_recipients(w, m))
    return false;
  for (size_t i = 0; !m->kind->is_about_entry && i < m->child_count; i++)
    made_say(m, "child", hash_hex(&m->children[i]).s);
  draw_base(w, m);
  note_change(w, m);
  return true;
}

bool make_one(struct writing *w, const struct kind *k) {
  struct made *m = &w->made[w->count];
  m->kind = k;
  if (!made_complete(w, m))
    return false;
  w->count++;
  return true;
}

/* ---- acts with something of their own in them ---- */

/* Now and then larger than what travels in one piece. */
bool make_document(struct writing *w) {
  const struct kind *add = kind_find(bytes_str("document.add"));
  if (!make_one(w, add))
    return false;
  struct made *m = &w->made[w->count++], *described = &w->made[w->count - 2];
  m->kind = kind_find(bytes_str(add->file));
  for (size_t i = 0; i < described->child_count; i++)
    made_say(m, "child", hash_hex(&described->children[i]).s);
  made_say(m, "document", "@1");
  size_t len = sim_percent(&w->s->chance, 30) ? ENTRY_LARGE + 1 + sim_below(&w->s->chance, 1000) : 300;
  memset(buf_extend(&m->file, len), 'a', len);
  return true;
}

/* With whichever of the person's keys it opens. */
static bool open_item(struct writing *w, const struct hash *item, struct made *m) {
  struct world_member *who = w->who;
  if (restricted_open(who->store, item, who->seal_key, m->salt, &m->file) == OK)
    return true;
  const struct key *before = w->s->sides[w->member].seal_before;
  return before && restricted_open(who->store, item, before, m->salt, &m->file) == OK;
}

/* The provider passes on what an item says; only they can. */
bool make_permit(struct writing *w, const struct hash *wanted) {
  struct hash item;
  struct made *m = &w->made[0];
  if (wanted)
    item = *wanted;
  else if (!draw_entry(w, "restricted.add", NULL, &item))
    return false;
  if (!open_item(w, &item, m))
    return false;
  m->kind = kind_find(bytes_str("restricted.permit"));
  m->passes_on = true;
  made_say(m, "item", hash_hex(&item).s);
  if (!add_recipients(w, m))
    return false;
  struct made *reason = &w->made[1];
  reason->kind = kind_find(bytes_str("restricted.reason"));
  made_say(reason, "permit", "@1");
  made_say(reason, "purpose", "the review");
  w->count = 2;
  return restricted_add_signing(w->who->store, &w->who->person, &reason->to) == OK;
}

/* Somebody else changes what was just changed, and may not have heard of it. */
bool make_change(struct writing *w) {
  struct record r = {0};
  const struct hash object = w->s->changed;
  w->object = &object;
  const bool is_here = w->s->changed_with && store_find(w->who->store, &object, &r) == OK;
  record_release(&r);
  const bool is_made = is_here && make_one(w, w->s->changed_with);
  w->object = NULL;
  return is_made;
}

static enum err note_conflict(void *of, const struct version_set *set) {
  *(struct version_set *)of = *set;
  return OK;
}

/* A change that knows of all that stands against each other. */
bool make_settlement(struct writing *w) {
  struct version_set both = {.count = 0};
  struct record begun = {0};
  struct store *store = w->who->store;
  world_must(version_each_conflict(store, &both, note_conflict), "conflicts");
  const struct kind *k = NULL;
  if (both.count > 1 && store_find(store, &both.object, &begun) == OK)
    k = version_change_kind(kind_find(begun.entry.kind));
  record_release(&begun);
  if (k == NULL)
    return false;
  w->made[0].base_count = both.count;
  memcpy(w->made[0].bases, both.entries, both.count * sizeof *both.entries);
  w->object = &both.object;
  const bool is_made = make_one(w, k);
  w->object = NULL;
  return is_made;
}

/* The three documents, as the product composes them. */
bool make_approval(struct writing *w, const struct hash *meeting) {
  w->approval = mem_alloc(sizeof *w->approval);
  w->copies = mem_alloc(sizeof *w->copies);
  memset(w->approval, 0, sizeof *w->approval);
  memset(w->copies, 0, sizeof *w->copies);
  return copy_prepare(w->who->store, meeting, w->approval) == OK &&
         copy_act_make(w->who->store, w->approval, w->copies) == OK;
}

bool make_profile(struct writing *w) {
  w->read = mem_alloc(sizeof *w->read);
  sim_lenient_profile(w->read);
  return true;
}

/* ---- recording ---- */

/* Everybody has all roles here; so it is the agency that decides. */
bool may_write(const struct writing *w, const struct kind *k) {
  struct author a;
  const struct hash own = key_id(w->who->key);
  if (k->is_erasure && w->member != SIM_KEEPER)
    return false;
  if (directory_author(w->who->store, &own, w->s->now_s, &a) != OK)
    return false;
  for (size_t i = 0; i < k->writer_count; i++)
    if (k->writers[i].role == ROLE_SELF ||
        (k->writers[i].role == ROLE_SECOND && (a.roles & 1u << ROLE_ADMINISTRATOR)) ||
        (k->writers[i].role != ROLE_NODE && (a.roles & 1u << k->writers[i].role) &&
         (k->writers[i].agency == NULL || strcmp(k->writers[i].agency, a.agency_type) == 0)))
      return true;
  return false;
}

static size_t to_drafts(struct writing *w, struct draft *drafts) {
  if (w->copies) {
    memcpy(drafts, w->copies->drafts, sizeof w->copies->drafts);
    return COPY_ACT_ENTRIES;
  }
  if (w->read) {
    drafts[0] = w->read->draft;
    return 1;
  }
  for (size_t i = 0; i < w->count; i++) {
    struct made *m = &w->made[i];
    drafts[i] = (struct draft){.kind = m->kind, .values = m->values, .count = m->count};
    drafts[i].to = m->to.keys;
    drafts[i].to_count = m->to.count;
    drafts[i].bases = m->bases;
    drafts[i].base_count = m->base_count;
    drafts[i].file = buf_bytes(&m->file);
    drafts[i].media = m->kind->media ? "text/plain" : NULL;
    drafts[i].passes_on = m->passes_on ? m->salt : NULL;
  }
  return w->count;
}

static void note_act(struct sim *s, size_t member, const struct kind *k, const struct verdict *v) {
  if (s->act_count < SIM_ACTS_MAX)
    s->acts[s->act_count++] = (struct sim_act){.id = v->act, .member = member, .kind = k};
}

bool record_made(struct writing *w, enum accept_how how) {
  struct sim *s = w->s;
  struct draft drafts[MADE_MAX];
  struct verdict v = {0};
  const size_t count = to_drafts(w, drafts);
  sim_begin(s, w->member);
  enum err e = world_write(&s->w, w->who, drafts, count, how, &v);
  bool is_broken = sim_end(s, w->member);
  const bool is_recorded = e == OK && v.code == VERDICT_ACCEPTED;
  struct sim_count *c = &sim_counts[sim_kind_index(drafts[0].kind)];
  c->written += is_recorded;
  c->not_written += !is_recorded;
  sim_judge_disk(s, w->member, e, is_broken);
  sim_tell(s, "  %s: %s: %s", sim_name(s, w->member), drafts[0].kind->name,
           is_recorded ? "recorded"
           : e != OK   ? err_words(e)
                       : v.words);
  if (is_recorded)
    note_act(s, w->member, drafts[0].kind, &v);
  return is_recorded;
}
