#include "core/kind.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/key.h"

static const struct text_word roles[] = {ROLE_TABLE(TEXT_WORD)};

const char *role_word(enum role r) {
  return roles[r].word;
}

const char *role_words(enum role r) {
  return roles[r].words;
}

bool role_may_be_given(struct bytes role, unsigned giver_roles, bool is_own_agency) {
  if (giver_roles >> ROLE_NODE & 1)
    return true;
  for (const struct role_grant *g = role_grants; g->giver != ROLE_NODE; g++)
    if (bytes_equal_str(role, role_word(g->role)) && (giver_roles >> g->giver & 1) &&
        (is_own_agency || !g->is_own_agency))
      return true;
  return false;
}

const struct kind *kind_at(size_t i) {
  for (const struct area *a = areas; a->name; a++)
    for (const struct kind *k = a->kinds; k->name; k++)
      if (i-- == 0)
        return k;
  return NULL;
}

const struct rule *rule_at(size_t i) {
  for (const struct area *a = areas; a->name; a++)
    for (const struct rule *r = a->rules; r && r->number; r++)
      if (i-- == 0)
        return r;
  return NULL;
}

const struct rule *rule_after(const struct rule *before) {
  bool is_past = before == NULL;
  if (before && before[1].number)
    return before + 1;
  for (const struct area *a = areas; a->name; a++) {
    if (is_past && a->rules && a->rules->number)
      return a->rules;
    for (const struct rule *r = a->rules; !is_past && r && r->number; r++)
      is_past = r == before;
  }
  return NULL;
}

/* Asked several times for each entry: nearly all are told apart by their first three bytes. */
const struct kind *kind_find(struct bytes name) {
  if (name.len < 3)
    return NULL;
  for (const struct area *a = areas; a->name; a++)
    for (const struct kind *k = a->kinds; k->name; k++)
      if (k->name[0] == name.at[0] && k->name[1] == name.at[1] && k->name[2] == name.at[2] &&
          bytes_equal_str(name, k->name))
        return k;
  return NULL;
}

bool kind_stands_alone(const struct kind *k) {
  return k && k->stands_alone;
}

const struct field *kind_field(const struct kind *k, struct bytes name) {
  for (const struct field *f = k->fields; f->name; f++)
    if (bytes_equal_str(name, f->name))
      return f;
  return NULL;
}

bool field_has_code(const struct field *f, struct bytes code) {
  return text_list_has(f->of, '|', code);
}

static bool has_media(const struct kind *k, struct bytes media) {
  return text_list_has(k->media ? k->media : "application/json", '|', media);
}

static bool is_hash(struct bytes b) {
  struct hash ignored;
  return hash_parse(b, &ignored) == OK;
}

static enum err bad(const struct field *f, const char *what) {
  return err_set(ERR_FORM, "\"%s\" %s", f->name, what);
}

static enum err check_text(const struct field *f, struct bytes text) {
  if (text.len == 0)
    return bad(f, "is empty: leave it out instead");
  if (text.len > f->size_max)
    return err_set(ERR_LIMIT, "\"%s\" is longer than %" PRIu32 " bytes", f->name, f->size_max);
  return text_is_plain_lines(text) ? OK : bad(f, "is not plain text in UTF-8");
}

static enum err check_key(const struct field *f, struct bytes base64) {
  struct buf spki = {0};
  struct key *key = NULL;
  enum err e = text_base64_decode(base64, &spki);
  if (e == OK)
    e = key_from_spki(buf_bytes(&spki), &key);
  key_free(key);
  buf_release(&spki);
  return e == OK ? OK : bad(f, "is not a P-256 public key");
}

enum err field_check(const struct field *f, struct bytes text) {
  uint64_t number;
  switch (f->type) {
  case FIELD_TEXT: return check_text(f, text);
  case FIELD_CODE:
    if (field_has_code(f, text))
      return OK;
    return err_set(ERR_FORM, "\"%s\" must be one of: %s", f->name, f->of);
  case FIELD_TOKEN: return text_is_token(text) ? OK : bad(f, "is not a token");
  case FIELD_DATE: return text_is_date(text) ? OK : bad(f, "must be a date that exists, as 2026-11-21");
  case FIELD_TIME: return text_is_time(text) ? OK : bad(f, "must be a time that exists, as 2026-11-21T10:03:00Z");
  case FIELD_ENTRY: return is_hash(text) ? OK : bad(f, "must be the id of an entry");
  case FIELD_WHOLE: return text_number(text, &number) == OK ? OK : bad(f, "must be a whole number");
  case FIELD_KEY: return check_key(f, text);
  case FIELD_CERT: return OK; /* that it is base64 is part of the header's form; accept_act checks what it is */
  }
  return OK;
}

static enum err check_value(void *of, struct bytes value) {
  return field_check(of, value);
}

static struct bytes json_value_text(const struct json *j, char *room, size_t room_size) {
  if (json_get_type(j) == JSON_TEXT)
    return json_get_text(j);
  snprintf(room, room_size, "%" PRId64, json_get_whole(j));
  return bytes_str(room);
}

static enum err each_in_content(const struct field *f, const struct json *content, void *of,
                                enum err (*each)(void *of, struct bytes value)) {
  const struct json *j = content ? json_get(content, f->name) : NULL;
  char room[32];
  if (j == NULL)
    return OK;
  if (json_get_type(j) != JSON_LIST)
    return each(of, json_value_text(j, room, sizeof room));
  enum err e = OK;
  for (size_t i = 0; e == OK && i < json_count(j); i++)
    e = each(of, json_value_text(json_at(j, i), room, sizeof room));
  return e;
}

enum err kind_each_value(const struct field *f, const struct entry *e, const struct json *content, void *of,
                         enum err (*each)(void *of, struct bytes value)) {
  enum err err = OK;
  struct hash_hex hex;
  switch (f->place) {
  case IN_CONTENT: return each_in_content(f, content, of, each);
  case IN_FACT:
    for (size_t i = 0; err == OK && i < e->fact_count; i++)
      if (bytes_equal_str(e->facts[i].name, f->name))
        err = each(of, e->facts[i].value);
    return err;
  case IN_REF:
    for (size_t i = 0; err == OK && i < e->ref_count; i++)
      if (bytes_equal_str(e->refs[i].name, f->name)) {
        hex = hash_hex(&e->refs[i].id);
        err = each(of, bytes_str(hex.s));
      }
    return err;
  case IN_CHILD:
    for (size_t i = 0; err == OK && i < e->child_count; i++) {
      hex = hash_hex(&e->children[i]);
      err = each(of, bytes_str(hex.s));
    }
    return err;
  case IN_KEY:
    for (size_t i = 0; err == OK && i < e->key_count; i++)
      if (bytes_equal_str(e->keys[i].name, f->name))
        err = each(of, e->keys[i].value);
    return err;
  case IN_CERT: return e->cert.len ? each(of, e->cert) : OK;
  }
  return err;
}

static enum err add_one(void *of, struct bytes value) {
  (void)value;
  ++*(size_t *)of;
  return OK;
}

static enum err check_count(const struct field *f, size_t count) {
  if (count < f->count_min)
    return err_set(ERR_FORM, f->count_min == 1 ? "\"%s\" is missing" : "\"%s\" has too few values", f->name);
  if (count > f->count_max)
    return err_set(ERR_LIMIT, "\"%s\" may occur at most %u times", f->name, f->count_max);
  return OK;
}

/* A value that may occur once is a string (or an integer), one that may occur more often a list of them. */
static enum err check_json_shape(const struct field *f, const struct json *j) {
  enum json_type wanted = f->type == FIELD_WHOLE ? JSON_WHOLE : JSON_TEXT;
  if (f->count_max == 1)
    return json_get_type(j) == wanted ? OK : bad(f, "is of the wrong type");
  if (json_get_type(j) != JSON_LIST || json_count(j) == 0)
    return bad(f, "must be a list");
  for (size_t i = 0; i < json_count(j); i++)
    if (json_get_type(json_at(j, i)) != wanted)
      return bad(f, "has a value of the wrong type");
  return OK;
}

static enum err check_content_keys(const struct kind *k, const struct json *content) {
  void *cursor = NULL;
  const char *key;
  const struct json *value;
  enum err e = OK;
  while (e == OK && json_next(content, &cursor, &key, &value)) {
    const struct field *f = kind_field(k, bytes_str(key));
    if (f == NULL || f->place != IN_CONTENT)
      return err_set(ERR_FORM, "\"%s\" is not a field of %s", key, k->name);
    e = check_json_shape(f, value);
  }
  return e;
}

static enum err superfluous(const struct kind *k, const char *word, struct bytes name) {
  return err_set(ERR_FORM, "a %s \"%.*s\" does not belong to %s", word, (int)name.len, (const char *)name.at, k->name);
}

static bool has_in(const struct kind *k, struct bytes name, enum field_place place) {
  const struct field *f = kind_field(k, name);
  return f != NULL && f->place == place;
}

static bool has_place(const struct kind *k, enum field_place place) {
  for (const struct field *f = k->fields; f->name; f++)
    if (f->place == place)
      return true;
  return false;
}

static enum err check_superfluous(const struct kind *k, const struct entry *e) {
  for (size_t i = 0; i < e->fact_count; i++)
    if (!has_in(k, e->facts[i].name, IN_FACT))
      return superfluous(k, "fact", e->facts[i].name);
  for (size_t i = 0; i < e->ref_count; i++)
    if (!has_in(k, e->refs[i].name, IN_REF))
      return superfluous(k, "ref", e->refs[i].name);
  for (size_t i = 0; i < e->key_count; i++)
    if (!has_in(k, e->keys[i].name, IN_KEY))
      return superfluous(k, "key", e->keys[i].name);
  if (e->child_count && !has_place(k, IN_CHILD))
    return superfluous(k, "line", bytes_str("child"));
  if (e->cert.len && !has_place(k, IN_CERT))
    return superfluous(k, "line", bytes_str("cert"));
  if (e->base_count && !k->is_change)
    return superfluous(k, "line", bytes_str("base"));
  if (e->base_count == 0 && k->is_change)
    return err_set(ERR_FORM, "\"base\" is missing: the version that was seen");
  if (!hash_is_zero(&e->profile) && k->audience == AUDIENCE_DIRECTORY)
    return superfluous(k, "line", bytes_str("profile"));
  return OK;
}

/* is_shut: the content cannot be looked at. */
static enum err check_entry(const struct kind *k, const struct entry *e, const struct json *content, bool is_shut) {
  if (e->audience != k->audience && !k->is_about_entry)
    return err_set(ERR_FORM, "the audience of %s is \"%s\"", k->name, audience_word(k->audience));
  if (!has_media(k, e->media))
    return err_set(ERR_FORM, "the media type of %s must be one of: %s", k->name,
                   k->media ? k->media : "application/json");
  enum err err = check_superfluous(k, e);
  if (err == OK && content == NULL && k->media == NULL && !is_shut)
    err = err_set(ERR_FORM, "the content of %s must be JSON", k->name);
  if (err == OK && k->media == NULL && !is_shut)
    err = check_content_keys(k, content);
  for (const struct field *f = k->fields; err == OK && f->name; f++) {
    size_t count = 0;
    if (is_shut && f->place == IN_CONTENT)
      continue;
    kind_each_value(f, e, content, &count, add_one);
    err = check_count(f, count);
    if (err == OK)
      err = kind_each_value(f, e, content, (void *)(uintptr_t)f, check_value);
  }
  return err;
}

enum err kind_check(const struct kind *k, const struct entry *e, const struct json *content) {
  return check_entry(k, e, content, e->audience == AUDIENCE_RESTRICTED && content == NULL);
}

enum err kind_check_header(const struct kind *k, const struct entry *e) {
  return check_entry(k, e, NULL, true);
}
