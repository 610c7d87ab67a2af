/* Non-interference: what is for persons by name tells nobody else anything but that the ledger has grown. The same
 * history is told twice, with one difference: what is restricted or named is about Ava, or in its place, as long and to
 * as many, about Ben. Of the observers one agency is involved with Ava, one with Ben, one with both, one with neither;
 * all that they can see is then the same: each message, their files row by row, what their people are shown and find,
 * and what becomes of acts that name the entry by its id. And to name it is as if it did not exist.
 *
 * The kinds are those of the tables, and what is recorded is made from their fields: a new kind of these audiences is
 * covered as it comes. SHOW=1 prints of each who recorded it, and what it took. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/enquiry.h"
#include "core/seal.h"
#include "core/store_parts.h"
#include "tests/lib/observe.h"
#include "tests/lib/world.h"

#define SEED 6
#define VALUES_MAX 64
#define VALUE_SIZE 160
#define POOL_MAX 512
#define KINDS_MAX 128
#define OBSERVERS 5
#define INSIDERS 4
#define TOLD_ROLES "practitioner chair lead-professional designated-lead"

/* ---- one telling ---- */

enum { AVA, BEN };
enum { ANNA, LEAD, KEEPER, HUGH };

static const struct {
  const char *person, *agency;
  bool is_with[2];
} observers[OBSERVERS] = {
    {"pete", "police", {true, false}},   {"edie", "education", {false, true}},  {"tess", "third-sector", {true, true}},
    {"hope", "housing", {false, false}}, {"sean", "social-work", {true, true}}, /* another authority's */
};

static const char *const child_names[] = {[AVA] = "Ava Reid", [BEN] = "Ben Reid"};

/* An entry that others can name. */
struct known {
  const struct kind *kind;
  struct hash id, child; /* child: zeros for whom it concerns is all the same */
};

struct telling {
  struct world world;
  struct world_member *insiders[INSIDERS], *observers[OBSERVERS];
  struct hash children[2], agencies[OBSERVERS + 2];
  struct known pool[POOL_MAX];
  size_t known_count;
  int about;          /* AVA or BEN */
  struct hash target; /* what is voided or erased, whatever it is; zeros: nothing */
  struct {
    const char *kind;
    struct buf seen[OBSERVERS];
    struct buf sizes; /* on the node's disk, and so on the wire */
  } told[KINDS_MAX];
  size_t told_count;
};

static void know(struct telling *t, const struct kind *k, struct hash id, struct hash child) {
  if (t->known_count == POOL_MAX)
    world_must(ERR_LIMIT, "the pool");
  t->pool[t->known_count++] = (struct known){k, id, child};
}

static void sync_all(struct telling *t) {
  for (size_t round = 0; round < 2; round++) {
    for (size_t i = 0; i < INSIDERS; i++)
      world_sync(&t->world, t->insiders[i]);
    for (size_t i = 0; i < OBSERVERS; i++)
      world_sync(&t->world, t->observers[i]);
  }
}

/* ---- what is recorded, made from the tables ---- */

struct made {
  struct draft draft;
  struct draft_value values[VALUES_MAX];
  char texts[VALUES_MAX][VALUE_SIZE];
  struct hash to[2];
  struct record passed_on; /* the item, and what it says */
  struct buf content;
  uint8_t salt[ENTRY_SALT_SIZE];
};

static void made_free(struct made *m) {
  record_release(&m->passed_on);
  buf_release_secret(&m->content);
  free(m);
}

static void say(struct made *m, const char *field, const char *value) {
  size_t i = m->draft.count++;
  if (i == VALUES_MAX)
    world_must(ERR_LIMIT, "values");
  snprintf(m->texts[i], VALUE_SIZE, "%s", value);
  m->values[i] = (struct draft_value){field, m->texts[i]};
}

static const struct known *find_known(const struct telling *t, const struct field *f, const struct hash *child) {
  for (size_t i = t->known_count; i-- > 0;) {
    const struct known *n = &t->pool[i];
    if ((f->of == NULL || field_has_code(f, bytes_str(n->kind->name))) &&
        (hash_is_zero(&n->child) || hash_equal(&n->child, child)))
      return n;
  }
  return NULL;
}

/* Only what is sealed bears the mark that is looked for in all files (world_search). */
static void value_of(const struct telling *t, const struct kind *k, const struct field *f, char out[VALUE_SIZE]) {
  const char *word = k->audience == AUDIENCE_RESTRICTED && f->place == IN_CONTENT ? "kestrel" : "lapwing";
  switch (f->type) {
  case FIELD_TEXT:
    snprintf(out, f->size_max < VALUE_SIZE - 1 ? f->size_max + 1 : VALUE_SIZE, "%s",
             strcmp(f->name, "name") == 0 ? child_names[t->about] : word);
    if (strcmp(f->name, "name") != 0 && f->size_max > 40)
      snprintf(out, VALUE_SIZE, "%s %s %s", child_names[t->about], word, f->name);
    break;
  case FIELD_CODE: snprintf(out, VALUE_SIZE, "%.*s", (int)strcspn(f->of, "|"), f->of); break;
  case FIELD_TOKEN: snprintf(out, VALUE_SIZE, "%s", word); break;
  case FIELD_DATE: snprintf(out, VALUE_SIZE, "2026-11-20"); break;
  case FIELD_TIME: snprintf(out, VALUE_SIZE, "2026-12-01T10:00:00Z"); break;
  case FIELD_WHOLE: snprintf(out, VALUE_SIZE, "1"); break;
  case FIELD_KEY:
  case FIELD_CERT:
  case FIELD_ENTRY: break;
  }
}

/* What is sealed is longer about Ben: its length is for those who can open it. */
static bool is_longer(const struct telling *t, const struct kind *k, const struct field *f) {
  return t->about == BEN && k->audience == AUDIENCE_RESTRICTED && f->type == FIELD_TEXT && f->size_max > VALUE_SIZE;
}

/* What a field of an entry about the child says; false if it must say something and cannot. */
static bool fill(const struct telling *t, struct made *m, const struct field *f, const struct kind *companion_of) {
  char value[VALUE_SIZE] = "";
  const struct known *n;
  if (f->place == IN_CHILD)
    snprintf(value, sizeof value, "%s", hash_hex(&t->children[t->about]).s);
  else if (f->type == FIELD_ENTRY && companion_of && f->of && field_has_code(f, bytes_str(companion_of->name)))
    snprintf(value, sizeof value, "@1");
  else if (f->type == FIELD_ENTRY && f->of == NULL && !hash_is_zero(&t->target))
    snprintf(value, sizeof value, "%s", hash_hex(&t->target).s);
  else if (f->type == FIELD_ENTRY && (n = find_known(t, f, &t->children[t->about])))
    snprintf(value, sizeof value, "%s", hash_hex(&n->id).s);
  else
    value_of(t, m->draft.kind, f, value);
  if (value[0] && is_longer(t, m->draft.kind, f))
    strcat(value, " and more words");
  if (value[0])
    say(m, f->name, value);
  return value[0] || f->count_min == 0;
}

/* Every field once, or only those that must be there. NULL if one of them cannot be said. */
static struct made *make(const struct telling *t, const struct kind *k, bool is_full, const struct kind *companion_of) {
  struct made *m = mem_alloc(sizeof *m);
  m->draft = (struct draft){.kind = k, .values = m->values, .to = m->to};
  for (const struct field *f = k->fields; f->name; f++)
    if ((f->count_min || is_full) && !fill(t, m, f, companion_of)) {
      made_free(m);
      return NULL;
    }
  return m;
}

/* ---- to whom ---- */

enum { TO_BOTH, TO_ONE, TO_WAYS };

static void address(const struct telling *t, struct made *m, int way) {
  const struct world_member *anna = t->insiders[ANNA], *hugh = t->insiders[HUGH];
  bool is_sealed = m->draft.kind->audience == AUDIENCE_RESTRICTED;
  m->draft.to_count = 0;
  if (m->draft.kind->audience != AUDIENCE_NAMED && !is_sealed)
    return;
  m->to[m->draft.to_count++] = key_id(is_sealed ? hugh->seal_key : hugh->key);
  if (way == TO_BOTH)
    m->to[m->draft.to_count++] = key_id(is_sealed ? anna->seal_key : anna->key);
}

static bool is_restricted(struct bytes kind) {
  const struct kind *k = kind_find(kind);
  return k && k->audience == AUDIENCE_RESTRICTED;
}

/* What is sealed and names what is sealed passes on what that says. */
static void pass_on(struct made *m, const struct world_member *by) {
  struct hash id;
  for (size_t i = 0; m->draft.kind->audience == AUDIENCE_RESTRICTED && i < m->draft.count; i++) {
    const struct field *f = kind_field(m->draft.kind, bytes_str(m->draft.values[i].name));
    record_release(&m->passed_on);
    if (f->place != IN_REF || hash_parse(bytes_str(m->draft.values[i].value), &id) != OK ||
        store_find(by->store, &id, &m->passed_on) != OK || !is_restricted(m->passed_on.entry.kind))
      continue;
    if (seal_open(buf_bytes(&m->passed_on.content), &m->passed_on.entry, by->seal_key, m->salt, &m->content) != OK)
      continue;
    m->draft.passes_on = m->salt;
    m->draft.file = buf_bytes(&m->content);
    return;
  }
}

/* ---- recording ---- */

static void read_as(struct world_member *m, bool is_person) {
  store_read_as(m->store,
                &(struct scope_recipient){.replica = m->replica, .person = is_person ? m->person : (struct hash){{0}}});
}

/* As the node accepted it, the id of the first entry; false if it was refused somewhere. */
static bool record_act(struct telling *t, struct world_member *m, const struct draft *drafts, size_t count) {
  struct verdict v = {0};
  uint64_t before = store_outbox_count(m->store, "refused");
  if (world_write(&t->world, m, drafts, count, ACCEPT_WRITE, &v) != OK || v.code != VERDICT_ACCEPTED)
    return false;
  for (size_t i = 0; i < count; i++) {
    struct hash id;
    world_must(author_id_of(m->store, v.first + i, &id), "an id");
    know(t, drafts[i].kind, id, t->children[t->about]);
  }
  for (size_t i = 0; i < INSIDERS; i++)
    world_sync(&t->world, t->insiders[i]);
  return store_outbox_count(m->store, "refused") == before;
}

static bool names(const struct kind *k, const struct kind *named) {
  for (const struct field *f = k->fields; f->name; f++)
    if (f->type == FIELD_ENTRY && f->place == IN_REF && f->count_min && f->of && strcmp(f->of, named->name) == 0)
      return true;
  return false;
}

struct way {
  size_t writer;
  int to;
  bool is_full;
  const struct kind *companion; /* stands with it in one act; or NULL */
};

static bool try_way(struct telling *t, const struct kind *k, const struct way *way) {
  struct made *m = make(t, k, way->is_full, NULL);
  struct made *beside = way->companion ? make(t, way->companion, false, k) : NULL;
  struct draft drafts[2];
  bool is_done = false;
  if (m && (beside || way->companion == NULL)) {
    address(t, m, way->to);
    pass_on(m, t->insiders[way->writer]);
    drafts[0] = m->draft;
    if (beside) {
      address(t, beside, TO_BOTH);
      drafts[1] = beside->draft;
    }
    is_done = record_act(t, t->insiders[way->writer], drafts, beside ? 2 : 1);
  }
  if (m)
    made_free(m);
  if (beside)
    made_free(beside);
  return is_done;
}

static bool try_ways(struct telling *t, const struct kind *k, const struct kind *companion, struct way *out) {
  for (int full = 1; full >= 0; full--)
    for (int to = 0; to < TO_WAYS; to++)
      for (size_t writer = 0; writer < INSIDERS; writer++) {
        *out = (struct way){writer, to, full, companion};
        if (try_way(t, k, out))
          return true;
      }
  return false;
}

/* Records an entry of this kind about the child, by whoever may, in whatever way it is let through. */
static bool record_kind(struct telling *t, const struct kind *k, struct way *out) {
  const struct kind *companion;
  if (try_ways(t, k, NULL, out))
    return true;
  for (size_t i = 0; (companion = kind_at(i)); i++)
    if (names(companion, k) && try_ways(t, k, companion, out))
      return true;
  return false;
}

static void must_record(struct telling *t, const char *kind) {
  struct way way;
  if (!record_kind(t, kind_find(bytes_str(kind)), &way))
    world_must(err_set(ERR_REFUSED, "%s", err_words(ERR_REFUSED)), kind);
}

/* ---- the history that both have ---- */

static void record_document(struct telling *t, const char *title) {
  char child[80];
  snprintf(child, sizeof child, "%s", hash_hex(&t->children[t->about]).s);
  struct draft drafts[2] = {
      WORLD_DRAFT("document.add", {"child", child}, {"title", title}, {"type", "report"}),
      WORLD_DRAFT("document.file", {"child", child}, {"document", "@1"}),
  };
  drafts[1].file = bytes_str(title);
  drafts[1].media = "text/plain";
  if (!record_act(t, t->insiders[ANNA], drafts, 2))
    world_must(ERR_REFUSED, "a document");
}

static void involve(struct telling *t, const struct hash *agency) {
  char child[80], id[80];
  snprintf(child, sizeof child, "%s", hash_hex(&t->children[t->about]).s);
  snprintf(id, sizeof id, "%s", hash_hex(agency).s);
  world_record(&t->world, t->insiders[ANNA], WORLD_DRAFT("involvement.start", {"child", child}, {"agency", id}));
}

static void join_all(struct telling *t) {
  struct hash social_work = world_agency(&t->world, "Social work", "social-work");
  struct hash health = world_agency(&t->world, "Health", "health");
  t->insiders[ANNA] = world_join(&t->world, &social_work, "Anna", "practitioner lead-professional chair");
  t->insiders[LEAD] = world_join(&t->world, &social_work, "Lena", "designated-lead");
  t->insiders[KEEPER] = world_join(&t->world, &social_work, "Karl", "keeper");
  t->insiders[HUGH] = world_join(&t->world, &health, "Hugh", "practitioner");
  t->agencies[OBSERVERS] = health;
  for (size_t i = 0; i < OBSERVERS; i++) {
    t->agencies[i] = world_agency(&t->world, observers[i].agency, observers[i].agency);
    t->observers[i] = world_join(&t->world, &t->agencies[i], observers[i].person, TOLD_ROLES);
  }
  know(t, kind_find(bytes_str("person.add")), t->insiders[ANNA]->person, (struct hash){{0}});
}

static void begin(struct telling *t) {
  static const char *const before[] = {"meeting.convene"};
  world_open(&t->world, SEED);
  join_all(t);
  sync_all(t);
  for (t->about = AVA; t->about <= BEN; t->about++) {
    t->children[t->about] =
        world_record(&t->world, t->insiders[ANNA],
                     WORLD_DRAFT("child.add", {"name", child_names[t->about]}, {"born", "2017-05-02"}));
    involve(t, &t->agencies[OBSERVERS]);
    for (size_t i = 0; i < OBSERVERS; i++)
      if (observers[i].is_with[t->about])
        involve(t, &t->agencies[i]);
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
      must_record(t, before[i]);
    record_document(t, "a report");
  }
  sync_all(t);
}

static void end(struct telling *t) {
  for (size_t i = 0; i < t->told_count; i++) {
    buf_release(&t->told[i].sizes);
    for (size_t o = 0; o < OBSERVERS; o++)
      buf_release(&t->told[i].seen[o]);
  }
  world_close(&t->world);
  free(t);
}

/* ---- what an observer sees ---- */

/* One sync, with the bytes that travel. */
static void watch_sync(struct telling *t, struct world_member *m, struct observed *o) {
  struct exchange_report report = {.has_more = true};
  while (report.has_more) {
    struct exchange_replica r = {m->store, m->replica_key, t->world.now_s};
    struct buf request = {0}, answer = {0};
    size_t sent;
    report = (struct exchange_report){0};
    buf_init(&answer, MSG_ANSWER_MAX);
    world_must(exchange_request(&r, &request, &sent), "a request");
    observe_request(o, buf_bytes(&request));
    world_must(exchange_answer(&t->world.node, &m->replica, buf_bytes(&request), t->world.now_s, &answer), "an answer");
    observe_answer(o, buf_bytes(&answer));
    world_must(exchange_take(&r, buf_bytes(&answer), &report), "taking an answer");
    observe_number(o, "received", report.received);
    observe_number(o, "withdrawn", report.withdrawn);
    observe_number(o, "ledger", report.size);
    buf_release(&request);
    buf_release(&answer);
  }
}

static enum err list_one(void *of, const struct record *r) {
  struct observed *o = of;
  observe_number(o, "listed", r->number);
  observe_words(o, "header", buf_bytes(&r->header));
  observe_value(o, "content", buf_bytes(&r->content));
  observe_words(o, "state", bytes_str(r->state));
  return OK;
}

static void search(struct world_member *m, const char *name, struct observed *o) {
  static const char *const kinds[] = {"child.add", "family.add", NULL};
  struct enquiry asked = {.name = bytes_str(name), .kinds = kinds};
  struct enquiry_hit hits[ENQUIRY_HITS_MAX];
  size_t count = 0;
  world_must(enquiry_find(m->store, &asked, hits, &count), "a search");
  observe_number(o, name, count);
  for (size_t i = 0; i < count; i++)
    observe_value(o, "hit", hash_bytes(&hits[i].object));
}

/* What a person who sits there is shown. */
static void look(struct telling *t, struct world_member *m, struct observed *o) {
  struct store_filter any = {0};
  read_as(m, true);
  world_must(store_each(m->store, &any, o, list_one), "a list");
  for (int c = AVA; c <= BEN; c++) {
    struct store_filter f = {.child = &t->children[c]};
    world_must(store_each(m->store, &f, o, list_one), "a child's list");
    search(m, child_names[c], o);
  }
  search(m, "kestrel", o);
  search(m, "lapwing", o);
  read_as(m, false);
}

/* ---- naming what is hidden ---- */

static void add_outcome(struct observed *o, const char *what, enum err e, const struct verdict *v) {
  observe_words(o, what, bytes_str(err_text(e)));
  observe_words(o, "because", bytes_str(e == OK ? "" : err_words(e)));
  observe_number(o, "verdict", v->code);
  observe_words(o, v->rule, bytes_str(v->words));
  observe_words(o, "remedy", bytes_str(v->remedy));
}

static void find_by_id(struct world_member *m, const struct hash *id, struct observed *o) {
  struct verdict none = {0};
  struct record r = {0};
  struct hash found;
  struct hash_hex hex = hash_hex(id);
  read_as(m, true);
  add_outcome(o, "find", store_find(m->store, id, &r), &none);
  record_release(&r);
  add_outcome(o, "prefix", store_find_prefix(m->store, bytes_of(hex.s, 8), NULL, &found), &none);
  add_outcome(o, "whole", store_find_prefix(m->store, bytes_str(hex.s), NULL, &found), &none);
  read_as(m, false);
}

static bool may_be_written(const struct kind *k) {
  for (size_t i = 0; i < k->writer_count; i++)
    if (k->writers[i].role != ROLE_NODE)
      return true;
  return false;
}

/* The field of the kind that may name what is hidden; NULL if it has none. */
static const struct field *find_naming(const struct kind *k, const char *hidden) {
  for (const struct field *f = k->fields; f->name; f++)
    if (f->type == FIELD_ENTRY && f->place == IN_REF && (f->of == NULL || field_has_code(f, bytes_str(hidden))))
      return f;
  return NULL;
}

static struct made *make_naming(struct telling *t, const struct kind *k, const struct field *naming,
                                const struct hash *id) {
  struct made *m = mem_alloc(sizeof *m);
  int about = t->about;
  t->about = AVA; /* what the observer says is the same in both tellings */
  m->draft = (struct draft){.kind = k, .values = m->values, .to = m->to};
  for (const struct field *f = k->fields; f->name; f++)
    if (f == naming)
      say(m, f->name, hash_hex(id).s);
    else if (f->count_min && f->type == FIELD_ENTRY && f->place == IN_REF)
      say(m, f->name, hash_hex(&t->children[AVA]).s);
    else if (f->count_min)
      fill(t, m, f, NULL);
  if (k->is_change) {
    m->draft.bases = id;
    m->draft.base_count = 1;
  }
  address(t, m, TO_BOTH);
  t->about = about;
  return m;
}

/* What the node says to an act made by hand, which the observer's own program would not have let through; nothing of it
 * stays. What voids or erases takes after what it names, so whoever does not know that cannot write it. */
static void name_at_node(struct telling *t, const struct world_member *m, const struct draft *d, struct observed *o) {
  struct author_by by = {.key = m->key, .replica = m->replica};
  struct store *node = t->world.node.store;
  struct verdict v = {0};
  if (d->kind->is_about_entry)
    return;
  world_must(store_begin(node), "an act made by hand");
  enum err e = author_write(node, &by, d, 1, ACCEPT_ADMIT, t->world.now_s, &v);
  store_rollback(node);
  v.first = v.last = 0;
  add_outcome(o, "node", e, &v);
}

/* Everything in which the observer may name it. The id is #0, whatever it is. */
static void name_it(struct telling *t, struct world_member *m, const struct hash *id, const char *kind,
                    struct observed *o) {
  const struct kind *k;
  size_t count = 0;
  observe_value(o, "id", hash_bytes(id));
  find_by_id(m, id, o);
  for (size_t i = 0; (k = kind_at(i)); i++) {
    const struct field *naming = may_be_written(k) ? find_naming(k, kind) : NULL;
    if (naming == NULL)
      continue;
    struct made *made = make_naming(t, k, naming, id);
    struct verdict v = {0};
    add_outcome(o, k->name, world_write(&t->world, m, &made->draft, 1, ACCEPT_WRITE, &v), &v);
    name_at_node(t, m, &made->draft, o);
    made_free(made);
    count++;
  }
  assert_true(count > 0);
}

/* ---- telling ---- */

/* All that an observer can see; none of the count entries is named in it. */
static void watch(struct telling *t, size_t observer, const struct known *hidden, size_t count, struct buf *out) {
  struct world_member *m = t->observers[observer];
  struct observed o = {0};
  watch_sync(t, m, &o);
  observe_store(&o, m->store);
  look(t, m, &o);
  for (size_t i = 0; i < count; i++)
    if (observed_names(&o, &hidden[i].id))
      fail_msg("%s sees the name of a hidden %s", observers[observer].person, hidden[i].kind->name);
  buf_add(out, buf_bytes(&o.text));
  observed_release(&o);
}

/* Naming it, and naming what there is not: fails unless both end alike. */
static void watch_naming(struct telling *t, size_t observer, const struct known *hidden, struct buf *out) {
  struct hash absent = hash_of(hash_bytes(&hidden->id));
  struct observed said[2] = {{{0}}};
  name_it(t, t->observers[observer], &hidden->id, hidden->kind->name, &said[0]);
  name_it(t, t->observers[observer], &absent, hidden->kind->name, &said[1]);
  if (!bytes_equal(buf_bytes(&said[0].text), buf_bytes(&said[1].text)))
    fail_msg("%s can tell a hidden %s from one that there is not:\n%s\n-- and:\n%s", observers[observer].person,
             hidden->kind->name, buf_cstr(&said[0].text), buf_cstr(&said[1].text));
  buf_add(out, buf_bytes(&said[0].text));
  observed_release(&said[0]);
  observed_release(&said[1]);
}

/* An approval's copy for the participants stands in one act with the copies for everybody in the case: there is nothing
 * about it that they do not see. */
static bool is_told(const struct kind *k) {
  return (k->audience == AUDIENCE_RESTRICTED || k->audience == AUDIENCE_NAMED) && may_be_written(k) &&
         strcmp(k->name, "copy.participants") != 0;
}

static bool is_held(struct world_member *m, const struct hash *id) {
  struct record r = {0};
  bool is = store_find(m->store, id, &r) == OK && r.has_content;
  record_release(&r);
  return is;
}

static void add_sizes(struct store *node, uint64_t after, struct buf *out) {
  for (uint64_t n = after + 1; n <= store_size(node); n++) {
    struct record r = {0};
    world_must(store_find_number(node, n, &r), "an entry");
    buf_addf(out, "%.*s: %zu and %zu bytes\n", (int)r.entry.kind.len, (const char *)r.entry.kind.at, r.header.len,
             r.content.len);
    record_release(&r);
  }
}

static bool tell_kind(struct telling *t, const struct kind *k) {
  struct way way;
  size_t before = t->known_count, at = t->told_count++;
  uint64_t size = store_size(t->world.node.store);
  if (t->told_count == KINDS_MAX)
    world_must(ERR_LIMIT, "kinds");
  t->told[at].kind = k->name;
  bool is_recorded = record_kind(t, k, &way);
  if (t->known_count == before) { /* it went nowhere */
    t->told_count--;
    return false;
  }
  if (getenv("SHOW"))
    printf("%s: %s%s%s\n", k->name, is_recorded ? "recorded" : "refused", is_recorded && way.companion ? " with " : "",
           is_recorded && way.companion ? way.companion->name : "");
  if (is_recorded && !k->is_about_entry)
    assert_true(is_held(t->insiders[HUGH], &t->pool[before].id) || is_held(t->insiders[ANNA], &t->pool[before].id));
  add_sizes(t->world.node.store, size, &t->told[at].sizes);
  for (size_t i = 0; i < OBSERVERS; i++) {
    watch(t, i, t->pool + before, t->known_count - before, &t->told[at].seen[i]);
    if (t->known_count > before)
      watch_naming(t, i, &t->pool[before], &t->told[at].seen[i]);
  }
  return is_recorded;
}

/* What voids or erases something is for whom that was for. */
static size_t tell_of_entry(struct telling *t, const struct known *target) {
  const struct kind *k;
  size_t count = 0;
  t->target = target->id;
  for (size_t i = 0; (k = kind_at(i)); i++)
    if (k->is_about_entry && may_be_written(k))
      count += tell_kind(t, k);
  t->target = (struct hash){{0}};
  return count;
}

static enum err know_hold(void *of, const struct record *r) {
  struct telling *t = of;
  know(t, kind_find(r->entry.kind), r->entry.id, t->children[t->about]);
  return OK;
}

/* What Hugh sends once he counts no more is held, and the keeper hears of it. */
static void have_held(struct telling *t) {
  const struct store_filter holds = {.kind = "act.hold"};
  struct made *m = make(t, kind_find(bytes_str("restricted.add")), true, NULL);
  struct world_member *hugh = t->insiders[HUGH];
  struct verdict v;
  address(t, m, TO_ONE);
  world_must(world_write(&t->world, hugh, &m->draft, 1, ACCEPT_WRITE_ANYWAY, &v), "what is to be held");
  made_free(m);
  world_sync(&t->world, hugh);
  world_sync(&t->world, t->insiders[KEEPER]);
  world_must(store_each(t->insiders[KEEPER]->store, &holds, t, know_hold), "what is held");
}

static void revoke_hugh(struct telling *t) {
  struct verdict v;
  char id[80];
  snprintf(id, sizeof id, "%s", hash_hex(&t->insiders[HUGH]->person).s);
  struct draft draft = WORLD_DRAFT("person.revoke", {"person", id}, {"why", "left"});
  world_must(world_node_write(&t->world, &draft, 1, &v), "revoking");
}

/* Each kind by itself; what voids or erases that; and what can be recorded only of what is held. */
static struct telling *tell(int about) {
  struct telling *t = mem_alloc(sizeof *t);
  const struct kind *k, *left[KINDS_MAX];
  struct known told[KINDS_MAX];
  size_t told_count = 0, left_count = 0;
  begin(t);
  t->about = about;
  for (size_t i = 0; (k = kind_at(i)); i++) {
    size_t first = t->known_count;
    if (is_told(k) && tell_kind(t, k))
      told[told_count++] = t->pool[first];
    else if (is_told(k))
      left[left_count++] = k;
  }
  for (size_t i = 0, count = 0; i < told_count; i++)
    if ((count += tell_of_entry(t, &told[i])) == 0)
      fail_msg("nothing was voided or erased");
  revoke_hugh(t);
  for (size_t i = 0; i < left_count; i++) {
    have_held(t);
    if (!tell_kind(t, left[i]))
      fail_msg("no entry of the kind %s could be made", left[i]->name);
  }
  return t;
}

/* ---- what must hold ---- */

static void show_difference(struct bytes a, struct bytes b, char *out, size_t size) {
  struct bytes x = {0}, y = {0};
  while (bytes_equal(x, y) && text_split(&a, '\n', &x) && text_split(&b, '\n', &y))
    ;
  snprintf(out, size, "  %.*s\n  %.*s", (int)x.len, (const char *)x.at, (int)y.len, (const char *)y.at);
}

static void must_be_equal(const char *kind, const char *who, const struct buf *ava, const struct buf *ben) {
  char difference[4096];
  show_difference(buf_bytes(ava), buf_bytes(ben), difference, sizeof difference);
  if (ava->len == 0 || !bytes_equal(buf_bytes(ava), buf_bytes(ben)))
    fail_msg("%s: %s sees a difference:\n%s", kind, who, difference);
}

static void others_learn_nothing(void **state) {
  struct telling *ava = tell(AVA), *ben = tell(BEN);
  (void)state;
  assert_int_equal(ava->told_count, ben->told_count);
  assert_int_equal(store_size(ava->world.node.store), store_size(ben->world.node.store));
  for (size_t i = 0; i < ava->told_count; i++) {
    must_be_equal(ava->told[i].kind, "whoever has the node's disk", &ava->told[i].sizes, &ben->told[i].sizes);
    for (size_t o = 0; o < OBSERVERS; o++)
      must_be_equal(ava->told[i].kind, observers[o].person, &ava->told[i].seen[o], &ben->told[i].seen[o]);
  }
  end(ava);
  end(ben);
}

/* The same eyes see what is shared with them: whoever is involved with one of the two sees which of them it is about.
 */
static void what_is_shared_is_seen(void **state) {
  struct buf seen[2][OBSERVERS] = {{{0}}};
  char difference[4096];
  (void)state;
  for (int about = AVA; about <= BEN; about++) {
    struct telling *t = mem_alloc(sizeof *t);
    begin(t);
    t->about = about;
    record_document(t, "another report");
    for (size_t o = 0; o < OBSERVERS; o++)
      watch(t, o, NULL, 0, &seen[about][o]);
    end(t);
  }
  for (size_t o = 0; o < OBSERVERS; o++) {
    bool sees = observers[o].is_with[AVA] || observers[o].is_with[BEN];
    show_difference(buf_bytes(&seen[AVA][o]), buf_bytes(&seen[BEN][o]), difference, sizeof difference);
    if (bytes_equal(buf_bytes(&seen[AVA][o]), buf_bytes(&seen[BEN][o])) == sees)
      fail_msg("%s sees %s:\n%s", observers[o].person, sees ? "no difference" : "a difference", difference);
    buf_release(&seen[AVA][o]);
    buf_release(&seen[BEN][o]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(others_learn_nothing), cmocka_unit_test(what_is_shared_is_seen)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
