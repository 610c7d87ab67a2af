#include "core/second.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/accept_parts.h"

enum { IS_SET, IS_NEEDED, EACH_KIND, KEYS, IS_INVITED, CONFIRMED };

#define IN_FORCE(before)                                                                                               \
  "json_each((SELECT kinds FROM two_persons WHERE number < " before " ORDER BY number DESC LIMIT 1))"

static const char *const sql[] = {
    [IS_SET] = "SELECT 1 FROM two_persons LIMIT 1",
    [IS_NEEDED] = "SELECT 1 FROM " IN_FORCE("?3") " WHERE value = ?1 OR value = ?1 || ':' || ?2 LIMIT 1",
    [EACH_KIND] = "SELECT value FROM " IN_FORCE("4611686018427387904"),
    [KEYS] = "SELECT DISTINCT c.key FROM role r JOIN person_key k ON k.person = r.person "
             "JOIN certificate c ON c.subject = k.object WHERE r.taken_by IS NULL ORDER BY k.number",
    [IS_INVITED] = "SELECT 1 FROM person p JOIN invitation i ON i.object = p.invitation JOIN json_each(i.roles) r "
                   "WHERE p.object = ?1 AND r.value = ?2 LIMIT 1",
    [CONFIRMED] = "SELECT e.number, e.act, (SELECT a.admitted FROM act a WHERE a.first = e.act), "
                  "EXISTS (SELECT 1 FROM content c WHERE c.number = h.entry) "
                  "FROM hold h JOIN entry e ON e.object = h.object WHERE h.act = ?1 "
                  "AND h.rule = '" SECOND_RULE "' AND e.kind = 'held.release' AND e.number = (SELECT min(o.number) "
                  "FROM entry o WHERE o.object = h.object AND o.number < ?2) LIMIT 1",
};

const char *const *second_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static enum err find_unset(struct store *s) {
  struct query q;
  query_start(&q, s->db, sql[IS_SET]);
  bool is_set = query_row(&q);
  enum err e = query_end(&q);
  s->settings.is_second_unset = e == OK && !is_set;
  return e;
}

enum err second_is_needed(struct store *s, struct bytes kind, struct bytes role, uint64_t before, bool *out) {
  struct query q;
  enum err e = s->settings.is_second_unset ? OK : find_unset(s);
  *out = false;
  if (e != OK || s->settings.is_second_unset)
    return e;
  query_start(&q, s->db, sql[IS_NEEDED]);
  query_text(&q, 1, kind);
  if (role.len)
    query_text(&q, 2, role);
  query_int(&q, 3, (int64_t)before);
  *out = query_row(&q);
  return query_end(&q);
}

enum err second_each_kind(struct store *s, void *of, enum err (*each)(void *of, struct bytes what)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[EACH_KIND]);
  while (e == OK && query_row(&q))
    e = each(of, query_get(&q, 0));
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* ---- who there is ---- */

/* The certified keys of all who have a role, hash after hash. */
static enum err find_keys(struct store *s, struct buf *out) {
  struct query q;
  query_start(&q, s->db, sql[KEYS]);
  while (query_row(&q))
    buf_add(out, query_get(&q, 0));
  return query_end(&q);
}

/* Calls each for every key of somebody who takes part. */
static enum err each_author(struct store *s, int64_t at_s, void *of,
                            enum err (*each)(void *of, const struct author *a)) {
  struct buf keys = {0};
  enum err e = find_keys(s, &keys);
  for (size_t i = 0; e == OK && i + HASH_SIZE <= keys.len; i += HASH_SIZE) {
    struct hash key = hash_from(bytes_of(keys.at + i, HASH_SIZE));
    struct author a;
    e = directory_author(s, &key, at_s, &a);
    if (e == OK && !a.is_revoked && a.from_s <= at_s && at_s <= a.until_s)
      e = each(of, &a);
  }
  buf_release(&keys);
  return e;
}

/* By what stands before the entry with this number. */
static enum err may_write_all(struct store *s, struct entry *entries, size_t count, const struct author *a,
                              uint64_t number, bool *out) {
  struct accept_act in = {
      .how = ACCEPT_TAKE, .is_unproved = true, .first = number, .count = count, .size = (uint32_t)count};
  struct door d = {.s = s, .in = &in, .entries = entries, .author = *a};
  enum err e = OK;
  d.kinds = mem_alloc_array(count, sizeof *d.kinds);
  for (size_t i = 0; e == OK && i < count; i++) {
    d.kinds[i] = kind_find(entries[i].kind);
    e = d.kinds[i] ? judge_writer(&d, i) : ERR_REFUSED;
  }
  free(d.kinds);
  *out = e == OK;
  return e == ERR_REFUSED ? OK : e;
}

/* ---- who may decide ---- */

struct choosing {
  struct store *s;
  struct entry *entries;
  size_t count;
  struct hash author; /* the person */
  struct hash *out;
  size_t max, found;
};

static enum err choose(void *of, const struct author *a) {
  struct choosing *c = of;
  bool may = false;
  if (c->found == c->max || hash_equal(&a->person, &c->author))
    return OK;
  enum err e = may_write_all(c->s, c->entries, c->count, a, STORE_PENDING, &may);
  if (may)
    c->out[c->found++] = a->key_id;
  return e;
}

enum err second_deciders(struct store *s, struct entry *entries, size_t count, const struct hash *author_key,
                         int64_t at_s, struct hash *out, size_t max, size_t *count_out) {
  struct author author;
  struct choosing c = {.s = s, .entries = entries, .count = count, .out = out, .max = max};
  enum err e = directory_author(s, author_key, at_s, &author);
  c.author = author.person;
  if (e == OK)
    e = each_author(s, at_s, &c, choose);
  *count_out = c.found;
  return e;
}

static bool is_named(const struct entry *e, const struct hash *key) {
  for (size_t i = 0; i < e->to_count; i++)
    if (hash_equal(&e->to[i], key))
      return true;
  return false;
}

/* What the hold shows was lost with a node, and not whom it was for. Whether they may write what was held is looked at
 * when that comes (judge_taken_second). */
static enum err find_decider_by_header(struct store *s, const struct entry *e, const struct author *a,
                                       struct author_about *about) {
  const struct hash *id = entry_ref(e, "hold");
  struct record hold = {0};
  struct author author;
  struct hash key;
  enum err err = id ? store_find(s, id, &hold) : ERR_ABSENT;
  bool is_for_second = err == OK && hold.is_lost && bytes_equal_str(hold.entry.kind, "act.hold") &&
                       bytes_equal_str(entry_fact(&hold.entry, "rule"), SECOND_RULE);
  if (is_for_second)
    err = hash_parse(entry_fact(&hold.entry, "author"), &key);
  if (is_for_second && err == OK)
    err = directory_author(s, &key, 0, &author);
  if (is_for_second && err == OK) {
    about->takes_second = true;
    about->is_second =
        is_named(&hold.entry, &a->key_id) && !hash_is_zero(&a->person) && !hash_equal(&a->person, &author.person);
  }
  record_release(&hold);
  return err == ERR_ABSENT ? OK : err;
}

static enum err find_decider(struct store *s, const struct entry *e, const struct author *a, uint64_t number,
                             struct author_about *about) {
  struct second_act held = {0};
  struct author author;
  enum err err = second_act_load(s, entry_ref(e, "hold"), &held);
  if (err == ERR_ABSENT)
    return find_decider_by_header(s, e, a, about);
  about->takes_second = true;
  if (err == OK)
    err = directory_author(s, &held.author, 0, &author);
  if (err == OK && !hash_is_zero(&a->person) && !hash_equal(&a->person, &author.person))
    err = may_write_all(s, held.entries, held.count, a, number, &about->is_second);
  second_act_release(&held);
  return err == ERR_PROOF ? OK : err;
}

enum err second_find_decider(struct store *s, const struct entry *e, const struct author *a, uint64_t number,
                             struct author_about *about) {
  bool decides = bytes_equal_str(e->kind, "held.release") || bytes_equal_str(e->kind, "held.reject");
  return decides ? find_decider(s, e, a, number, about) : OK;
}

/* ---- what a hold shows ---- */

static enum err read_said(struct bytes base64, const struct entry *e, struct json **out) {
  struct buf both = {0};
  enum err err = OK;
  if (bytes_equal_str(base64, "-"))
    return OK;
  if (text_base64_decode(base64, &both) != OK || both.len < ENTRY_SALT_SIZE)
    err = ERR_PROOF;
  if (err == OK) {
    struct bytes content = bytes_of(both.at + ENTRY_SALT_SIZE, both.len - ENTRY_SALT_SIZE);
    struct hash commitment = entry_commitment(both.at, content);
    err = hash_equal(&commitment, &e->content) && json_parse_record(content, out) == OK ? OK : ERR_PROOF;
  }
  buf_release(&both);
  return err;
}

/* The headers must lead to the act that is held, and what is said to what the headers commit to. */
static enum err read_shown(struct second_act *a, const struct json *headers, const struct json *said) {
  struct act_entry *shown = mem_alloc_array(a->count, sizeof *shown);
  struct act_text text;
  enum err e = OK;
  for (size_t i = 0; e == OK && i < a->count; i++) {
    buf_add(&a->headers[i], json_get_text(json_at(headers, i)));
    e = entry_decode(buf_bytes(&a->headers[i]), &a->entries[i]);
    shown[i] = (struct act_entry){.index = (uint32_t)i, .header = buf_bytes(&a->headers[i])};
    if (e == OK && said && i < json_count(said))
      e = read_said(json_get_text(json_at(said, i)), &a->entries[i], &a->said[i]);
  }
  if (e == OK)
    e = act_text_of(shown, a->count, &text);
  if (e == OK) {
    struct hash id = act_id(&text);
    e = hash_equal(&id, &a->act) && hash_equal(&text.by, &a->author) ? OK : ERR_PROOF;
  }
  free(shown);
  return e == OK ? OK : err_set(ERR_PROOF, "what the node shows is not the act that it holds");
}

static enum err read_hold(struct second_act *a) {
  struct json *content = NULL;
  enum err e = hash_parse(entry_fact(&a->hold.entry, "act"), &a->act);
  if (e == OK)
    e = hash_parse(entry_fact(&a->hold.entry, "author"), &a->author);
  if (e == OK)
    e = a->hold.has_content ? json_parse_record(buf_bytes(&a->hold.content), &content) : ERR_ABSENT;
  const struct json *headers = content ? json_get(content, "header") : NULL;
  if (e == OK && (headers == NULL || json_count(headers) > SECOND_ENTRIES_MAX))
    e = err_set(ERR_PROOF, "the node does not show what it holds");
  if (e == OK) {
    a->count = json_count(headers);
    a->headers = mem_alloc_array(a->count, sizeof *a->headers);
    a->entries = mem_alloc_array(a->count, sizeof *a->entries);
    a->said = mem_alloc_array(a->count, sizeof *a->said);
    e = read_shown(a, headers, json_get(content, "said"));
  }
  if (content)
    json_free(content);
  return e;
}

enum err second_act_load(struct store *s, const struct hash *hold, struct second_act *out) {
  struct second_act a = {0};
  enum err e = hold ? store_find(s, hold, &a.hold) : ERR_ABSENT;
  if (e == OK && (!bytes_equal_str(a.hold.entry.kind, "act.hold") ||
                  !bytes_equal_str(entry_fact(&a.hold.entry, "rule"), SECOND_RULE)))
    e = err_set(ERR_ABSENT, "this is not held for a second person");
  if (e == OK)
    e = read_hold(&a);
  if (e == OK)
    *out = a;
  else
    second_act_release(&a);
  return e;
}

void second_act_release(struct second_act *a) {
  for (size_t i = 0; i < a->count; i++) {
    buf_release(&a->headers[i]);
    if (a->said[i])
      json_free(a->said[i]);
  }
  free(a->headers);
  free(a->entries);
  free(a->said);
  record_release(&a->hold);
  *a = (struct second_act){0};
}

/* ---- the setting ---- */

struct counting {
  const struct kind *kind;
  struct bytes role;
  struct hash first; /* the person who was met first */
  bool is_enough;
};

/* As if it were about the author's own agency: whom it will be about is not known yet. */
static enum err count_writer(void *of, const struct author *a) {
  struct counting *c = of;
  struct author_about about = {.agency = a->agency};
  if (directory_may_write(a, c->kind, &about) != OK || (c->role.len && !role_may_be_given(c->role, a->roles, true)))
    return OK;
  if (hash_is_zero(&c->first))
    c->first = a->person;
  c->is_enough = c->is_enough || !hash_equal(&c->first, &a->person);
  return OK;
}

static bool is_for_people(const struct kind *k) {
  for (size_t i = 0; i < k->writer_count; i++)
    if (k->writers[i].role == ROLE_SECOND)
      return false;
  return k->writer_count != 1 || k->writers[0].role != ROLE_NODE;
}

static enum err refuse_setting(struct door *d, const char *rule, struct bytes what, const char *words,
                               const char *remedy) {
  char text[256];
  snprintf(text, sizeof text, "\"%.*s\": %s", (int)what.len, (const char *)what.at, words);
  return door_give(d, VERDICT_REFUSED, rule, text, remedy);
}

static enum err check_setting(struct door *d, struct bytes what) {
  struct bytes role = what, name;
  struct counting c = {0};
  bool has_role = text_split(&role, ':', &name);
  const struct kind *k = kind_find(has_role ? name : what);
  const struct field *f = kind_field(kind_find(bytes_str("role.give")), bytes_str("role"));
  if (k == NULL || !is_for_people(k))
    return refuse_setting(d, "fields", what, "there is no such kind, or people do not record it",
                          "cairn kinds lists them");
  if (has_role && (!k->is_grant || !field_has_code(f, role)))
    return refuse_setting(d, "fields", what, "a role stands behind role.give or role.take only",
                          "cairn roles lists them");
  c.kind = k;
  c.role = has_role ? role : bytes_of(NULL, 0);
  enum err e = each_author(d->s, d->judged_s, &c, count_writer);
  if (e == OK && !c.is_enough)
    e = refuse_setting(d, SECOND_RULE, what, "fewer than two people may record it, so nobody could confirm it",
                       "give a second person the role first");
  return e;
}

static enum err check_settings(struct door *d, const struct entry *e) {
  enum err err = OK;
  for (size_t i = 0; err == OK && i < e->fact_count; i++)
    err = check_setting(d, e->facts[i].value);
  return err;
}

/* ---- judging an act ---- */

/* The role that an entry gives, or takes; the act's earlier entries and the store know who gave it. */
static enum err find_role(struct door *d, size_t i, struct buf *out) {
  const struct entry *e = &d->entries[i];
  const struct hash *given = entry_ref(e, "role");
  struct record r = {0};
  buf_add(out, entry_fact(e, "role"));
  if (given == NULL)
    return OK;
  for (size_t k = 0; k < i; k++)
    if (hash_equal(&d->entries[k].id, given)) {
      buf_add(out, entry_fact(&d->entries[k], "role"));
      return OK;
    }
  enum err err = store_find(d->s, given, &r);
  if (err == OK)
    buf_add(out, entry_fact(&r.entry, "role"));
  record_release(&r);
  return err == ERR_ABSENT ? OK : err;
}

/* An invitation gives what the node will write when somebody joins with it. */
static enum err find_need_of_invitation(struct door *d, const struct entry *e, bool *out) {
  static const char *const gives[] = {"invite.person", "person.add", "replica.add", "role.give"};
  enum err err = OK;
  for (size_t f = 0; f < e->fact_count; f++)
    for (size_t g = 0; err == OK && !*out && g < sizeof gives / sizeof *gives; g++)
      if (bytes_equal_str(e->facts[f].name, "role"))
        err = second_is_needed(d->s, bytes_str(gives[g]), e->facts[f].value, door_number(d), out);
  return err;
}

/* Does the node write this because somebody joins, with an invitation that was confirmed where that was needed? */
static enum err is_by_invitation(struct door *d, size_t i, bool *out) {
  const struct entry *e = &d->entries[i];
  const struct hash *person = entry_ref(e, "person");
  struct query q;
  *out = false;
  if (!d->author.is_node)
    return OK;
  if (bytes_equal_str(e->kind, "person.add"))
    *out = entry_ref(e, "invitation") != NULL;
  if (bytes_equal_str(e->kind, "replica.add"))
    *out = i > 0 && entry_ref(&d->entries[i - 1], "invitation") != NULL;
  if (!bytes_equal_str(e->kind, "role.give") || person == NULL)
    return OK;
  query_start(&q, d->s->db, sql[IS_INVITED]);
  query_blob(&q, 1, hash_bytes(person));
  query_text(&q, 2, entry_fact(e, "role"));
  *out = query_row(&q);
  return query_end(&q);
}

static enum err find_need_of(struct door *d, size_t i, bool *out) {
  struct buf role = {0};
  bool is_invited = false;
  if (bytes_equal_str(d->entries[i].kind, "invite.person"))
    return find_need_of_invitation(d, &d->entries[i], out);
  enum err e = is_by_invitation(d, i, &is_invited);
  if (e == OK && d->kinds[i]->is_grant)
    e = find_role(d, i, &role);
  if (e == OK && !is_invited)
    e = second_is_needed(d->s, d->entries[i].kind, buf_bytes(&role), door_number(d), out);
  buf_release(&role);
  return e;
}

static enum err find_need(struct door *d, bool *out) {
  enum err e = OK;
  *out = false;
  for (size_t i = 0; e == OK && !*out && i < d->in->count; i++)
    e = find_need_of(d, i, out);
  return e;
}

/* A hold shows the headers of its whole act to all who receive what it erases. */
static bool erases_among_others(const struct door *d) {
  for (size_t i = 0; d->in->count > 1 && i < d->in->count; i++)
    if (d->kinds[i]->is_erasure)
      return true;
  return false;
}

static enum err refuse_without_second(struct door *d) {
  struct hash someone;
  size_t count = 0;
  enum err e = OK;
  if (d->author.is_node)
    return door_give(d, VERDICT_REFUSED, SECOND_RULE, "this needs two persons, and the node is neither",
                     "record it with cairn, as somebody who may; another person confirms it");
  if (d->in->count > SECOND_ENTRIES_MAX)
    return door_give(d, VERDICT_REFUSED, SECOND_RULE,
                     "this needs a second person, and has more entries than can be decided about at once",
                     "record it in several acts");
  if (erases_among_others(d))
    return door_give(d, VERDICT_REFUSED, SECOND_RULE, "this needs a second person, and erases among other things",
                     "record each erasure in an act of its own");
  e = second_deciders(d->s, d->entries, d->in->count, &d->author.key_id, d->judged_s, &someone, 1, &count);
  return e == OK && count == 0
             ? door_give(d, VERDICT_REFUSED, SECOND_RULE,
                         "this needs a second person, and there is nobody else who may record all of it",
                         "record its entries apart, or give a second person the role first")
             : e;
}

enum err judge_second(struct door *d) {
  bool is_needed = false;
  enum err e = OK;
  bool is_judged = d->in->how != ACCEPT_WRITE_ANYWAY;
  for (size_t i = 0; is_judged && e == OK && i < d->in->count; i++)
    if (bytes_equal_str(d->entries[i].kind, "two-persons.require"))
      e = check_settings(d, &d->entries[i]);
  if (e == OK && !d->in->is_confirmed)
    e = find_need(d, &is_needed);
  if (e == OK && is_needed && is_judged)
    e = refuse_without_second(d);
  if (e == OK && is_needed && d->in->how == ACCEPT_ADMIT)
    d->is_for_second = true;
  d->verdict.waits = e == OK && is_needed && door_is_write(d);
  return e;
}

enum err hold_for_second(struct door *d) {
  return d->is_for_second
             ? door_give(d, VERDICT_HELD, SECOND_RULE, "this needs a second person, who confirms it or does not",
                         "another person who may record it decides: cairn held list")
             : OK;
}

/* Who wrote the entry with this number, in the act that was admitted then: could they write what is judged now? */
static enum err could_write_all(struct door *d, uint64_t number, uint64_t first, int64_t at_s, bool *out) {
  struct header *h = NULL;
  struct author a;
  enum err e = store_header(d->s, number, &h);
  if (e == OK)
    e = directory_author_of(d->s, &h->entry.by, first, at_s, &a);
  if (e == OK)
    e = may_write_all(d->s, d->entries, d->in->count, &a, first, out);
  header_free(h);
  return e;
}

/* That a second person may write it was judged with what confirms it, unless what was held is lost. */
static enum err was_confirmed(struct door *d, bool *out) {
  struct query q;
  struct hash_hex act = hash_hex(&d->position.act);
  uint64_t number = 0, first = 0;
  int64_t at_s = 0;
  query_start(&q, d->s->db, sql[CONFIRMED]);
  query_text(&q, 1, bytes_str(act.s));
  query_int(&q, 2, (int64_t)d->in->first);
  *out = query_row(&q);
  bool is_judged = *out && query_get_int(&q, 3) != 0;
  if (*out) {
    number = (uint64_t)query_get_int(&q, 0);
    first = (uint64_t)query_get_int(&q, 1);
    *out = text_time_parse(query_get(&q, 2), &at_s) == OK;
  }
  enum err e = query_end(&q);
  return e == OK && *out && !is_judged ? could_write_all(d, number, first, at_s, out) : e;
}

enum err judge_taken_second(struct door *d, size_t i) {
  bool is_needed = false, is_confirmed = false;
  enum err e = find_need_of(d, i, &is_needed);
  if (e != OK || !is_needed)
    return e;
  e = was_confirmed(d, &is_confirmed);
  return e == OK && !is_confirmed
             ? door_give(d, VERDICT_REFUSED, SECOND_RULE, "this needs two persons, and no second one confirmed it", "")
             : e;
}
