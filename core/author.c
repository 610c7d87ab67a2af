#include "core/author.h"

#include <stdlib.h>
#include <string.h>

#include "core/keyring.h"
#include "core/profile.h"
#include "core/seal.h"
#include "core/store_parts.h"
#include "core/version.h"

/* One entry being composed. The header's texts borrow from the draft and from scratch. */
struct composing {
  const struct draft *draft;
  struct entry entry;
  struct json *content_json;
  struct buf header, content;
  uint8_t salt[ENTRY_SALT_SIZE];
};

static enum err find_hash(const struct composing *all, size_t self, const char *field, const char *value,
                          struct hash *out) {
  uint64_t n;
  if (value[0] == '@') {
    if (text_number(bytes_str(value + 1), &n) != OK || n < 1 || n > self)
      return err_set(ERR_USAGE, "\"%s\": \"%s\" must name an entry that stands before it in the same act", field,
                     value);
    *out = all[n - 1].entry.id;
    return OK;
  }
  if (hash_parse(bytes_str(value), out) != OK)
    return err_set(ERR_USAGE, "\"%s\" must be an id: \"%s\"", field, value);
  return OK;
}

static enum err too_many(const char *field) {
  return err_set(ERR_LIMIT, "\"%s\" is given too often", field);
}

static enum err put_in_content(struct composing *c, const struct field *f, const char *value) {
  uint64_t n;
  if (f->count_max == 1 && json_get(c->content_json, f->name))
    return too_many(f->name); /* or the last one would count, and nobody would hear of the others */
  if (f->type == FIELD_WHOLE) {
    if (text_number(bytes_str(value), &n) != OK)
      return err_set(ERR_USAGE, "\"%s\" must be a whole number: \"%s\"", f->name, value);
    json_set_whole(c->content_json, f->name, (int64_t)n);
    return OK;
  }
  return f->count_max > 1 ? json_add_text(c->content_json, f->name, bytes_str(value))
                          : json_set_text(c->content_json, f->name, bytes_str(value));
}

static enum err put_value(struct composing *all, size_t self, const struct field *f, const char *value) {
  struct entry *e = &all[self].entry;
  struct hash h;
  enum err err;
  switch (f->place) {
  case IN_CONTENT: return put_in_content(&all[self], f, value);
  case IN_FACT:
    if (e->fact_count == ENTRY_FACTS_MAX)
      return too_many(f->name);
    e->facts[e->fact_count++] = (struct entry_pair){bytes_str(f->name), bytes_str(value)};
    return OK;
  case IN_REF:
    if (e->ref_count == ENTRY_REFS_MAX)
      return too_many(f->name);
    if ((err = find_hash(all, self, f->name, value, &h)) == OK)
      e->refs[e->ref_count++] = (struct entry_ref){bytes_str(f->name), h};
    return err;
  case IN_CHILD:
    if (e->child_count == ENTRY_CHILDREN_MAX)
      return too_many(f->name);
    if ((err = find_hash(all, self, f->name, value, &h)) == OK)
      e->children[e->child_count++] = h;
    return err;
  case IN_KEY:
    if (e->key_count == ENTRY_KEYS_MAX)
      return too_many(f->name);
    e->keys[e->key_count++] = (struct entry_pair){bytes_str(f->name), bytes_str(value)};
    return OK;
  case IN_CERT:
    if (e->cert.len)
      return too_many(f->name);
    e->cert = bytes_str(value);
    return OK;
  }
  return OK;
}

/* What a person changes is what they see: the version that no later one replaced. */
static enum err find_base(struct store *s, struct entry *e, const struct kind *k) {
  const struct hash *object = store_object_of(k, e);
  struct version_set held;
  if (object == NULL)
    return OK; /* the kind's fields will be missed at the door */
  enum err err = version_find(s, object, &held);
  if (err == OK && held.count > 1)
    err = err_set_remedy(ERR_CONFLICT, "cairn conflicts shows both, cairn resolve says what holds",
                         "this record is in conflict: it was changed in two places");
  if (err == OK)
    e->bases[e->base_count++] = held.count ? held.entries[0] : *object;
  return err;
}

/* The newest change of the same object that stands before this one in the act; NULL if there is none. */
static const struct entry *find_earlier(const struct composing *all, size_t self) {
  const struct hash *object = store_object_of(all[self].draft->kind, &all[self].entry);
  for (size_t i = self; object && i-- > 0;) {
    const struct hash *other = store_object_of(all[i].draft->kind, &all[i].entry);
    if (all[i].draft->kind->is_change && other && hash_equal(object, other))
      return &all[i].entry;
  }
  return NULL;
}

static enum err put_bases(struct store *s, struct composing *all, size_t self) {
  struct composing *c = &all[self];
  const struct draft *d = c->draft;
  const struct entry *earlier = find_earlier(all, self);
  if (d->base_count > ENTRY_BASES_MAX)
    return too_many("base");
  for (size_t i = 0; i < d->base_count; i++)
    c->entry.bases[c->entry.base_count++] = d->bases[i];
  if (d->base_count == 0 && earlier)
    c->entry.bases[c->entry.base_count++] = earlier->id;
  return c->entry.base_count ? OK : find_base(s, &c->entry, d->kind);
}

/* Voiding goes before the eyes of those who may see what is voided, and into the same files. */
static void follow_voided(struct entry *e, const struct entry *voided) {
  e->audience = voided->audience;
  e->to_count = voided->to_count;
  memcpy(e->to, voided->to, voided->to_count * sizeof *voided->to);
  if (e->child_count)
    return;
  e->child_count = voided->child_count;
  memcpy(e->children, voided->children, voided->child_count * sizeof *voided->children);
  if (bytes_equal_str(voided->kind, "child.add"))
    e->children[e->child_count++] = voided->id;
}

static enum err follow_target(struct store *s, struct composing *c) {
  const struct hash *target = store_object_of(c->draft->kind, &c->entry);
  struct record r = {0};
  enum err e = target ? store_find(s, target, &r) : OK;
  if (e == OK && target)
    follow_voided(&c->entry, &r.entry);
  record_release(&r);
  return e;
}

/* The entries of the directory, and the node's own, are written under no profile. */
static enum err put_context(struct store *s, struct composing *all, size_t self, const struct author_by *by) {
  struct composing *c = &all[self];
  const struct kind *k = c->draft->kind;
  enum err e = k->is_change ? put_bases(s, all, self) : OK;
  if (e == OK && k->is_about_entry)
    e = follow_target(s, c);
  return e == OK && k->audience != AUDIENCE_DIRECTORY && by->replica_key == NULL ? profile_current(s, &c->entry.profile)
                                                                                 : e;
}

/* What is sealed is looked at here, for the last time that somebody can. */
static enum err check_before_sealing(const struct composing *c) {
  const bool is_new = c->draft->media == NULL && c->draft->passes_on == NULL;
  return is_new ? kind_check(c->draft->kind, &c->entry, c->content_json) : OK;
}

/* The envelope, for the keys on the `to` lines, takes the content's place. */
static enum err seal(struct store *s, struct composing *c) {
  struct key *keys[ENTRY_RECIPIENTS_MAX] = {0};
  struct buf envelope = {0};
  enum err e = check_before_sealing(c);
  if (e == OK && c->content.len > SEAL_CONTENT_MAX)
    e = err_set(ERR_LIMIT, "restricted information, with its file, is at most 512 KiB");
  for (size_t i = 0; e == OK && i < c->entry.to_count; i++)
    e = keyring_find_seal(s, &c->entry.to[i], &keys[i]);
  if (e == OK)
    e = seal_make(c->salt, buf_bytes(&c->content), (const struct key *const *)keys, c->entry.to_count, &envelope);
  if (e == OK)
    c->entry.sealed = hash_of(buf_bytes(&envelope));
  buf_release_secret(&c->content);
  c->content = envelope;
  memset(c->salt, 0, sizeof c->salt);
  for (size_t i = 0; i < c->entry.to_count; i++)
    key_free(keys[i]);
  return e;
}

static enum err compose(struct composing *all, size_t self, struct store *s, const struct author_by *by,
                        const struct text_time *at) {
  struct composing *c = &all[self];
  enum err e = OK;
  entry_init(&c->entry);
  c->content_json = json_new_record();
  c->entry.kind = bytes_str(c->draft->kind->name);
  c->entry.by = key_id(by->key);
  c->entry.at = bytes_of(at->s, TEXT_TIME_SIZE);
  c->entry.audience = c->draft->kind->audience;
  c->entry.media = bytes_str(c->draft->media ? c->draft->media : "application/json");
  if (c->draft->to_count > ENTRY_RECIPIENTS_MAX)
    return too_many("to");
  for (size_t i = 0; i < c->draft->to_count; i++)
    c->entry.to[c->entry.to_count++] = c->draft->to[i];
  for (size_t i = 0; e == OK && i < c->draft->count; i++) {
    const struct draft_value *v = &c->draft->values[i];
    const struct field *f = kind_field(c->draft->kind, bytes_str(v->name));
    if (f == NULL)
      return err_set(ERR_USAGE, "%s has no field \"%s\"", c->draft->kind->name, v->name);
    if (f->type != FIELD_ENTRY) /* put_value reads ids itself: "@2" is none yet */
      e = field_check(f, bytes_str(v->value));
    if (e == OK)
      e = put_value(all, self, f, v->value);
  }
  if (e == OK)
    e = put_context(s, all, self, by);
  if (e != OK)
    return e;
  if (c->draft->media || c->draft->passes_on)
    buf_add(&c->content, c->draft->file);
  else
    json_write(&c->content, c->content_json);
  if (c->draft->passes_on)
    memcpy(c->salt, c->draft->passes_on, sizeof c->salt);
  else
    key_random(c->salt, sizeof c->salt);
  c->entry.content = entry_commitment(c->salt, buf_bytes(&c->content));
  if (c->entry.audience == AUDIENCE_RESTRICTED)
    e = seal(s, c);
  return e == OK ? entry_encode(&c->entry, &c->header) : e;
}

static enum err pass_on(struct store *s, const struct author_by *by, const struct composing *all, size_t count,
                        enum accept_how how, int64_t now_s, struct verdict *out) {
  struct act_entry *entries = mem_alloc_array(count, sizeof *entries);
  struct buf signature = {0}, head = {0};
  struct act_text text;
  struct position p = {.replica = by->replica};
  enum err e = store_chain(s, &by->replica, &p.number, &p.previous);
  p.number++;
  for (size_t i = 0; i < count; i++) {
    entries[i] = (struct act_entry){
        .index = (uint32_t)i, .header = buf_bytes(&all[i].header), .content = buf_bytes(&all[i].content)};
    memcpy(entries[i].salt, all[i].salt, sizeof entries[i].salt);
  }
  if (e == OK)
    e = act_text_of(entries, count, &text);
  if (e == OK)
    e = act_sign(&text, by->key, &signature);
  if (e == OK && by->replica_key) {
    p.act = act_id(&text);
    e = position_sign(&p, by->replica_key, &head);
  }
  struct accept_act in = {.how = how,
                          .entries = entries,
                          .count = count,
                          .size = (uint32_t)count,
                          .signature = buf_bytes(&signature),
                          .replica = p.replica,
                          .position = p.number,
                          .previous = p.previous,
                          .head = buf_bytes(&head),
                          .now_s = now_s};
  if (e == OK)
    e = accept_act(s, &in, out);
  buf_release(&signature);
  buf_release(&head);
  free(entries);
  return e;
}

enum err author_write(struct store *s, const struct author_by *by, const struct draft *drafts, size_t count,
                      enum accept_how how, int64_t now_s, struct verdict *out) {
  if (count == 0 || count > ACT_ENTRIES_MAX)
    return err_set(ERR_LIMIT, "an act has 1 to %d entries", ACT_ENTRIES_MAX);
  struct composing *all = mem_alloc_array(count, sizeof *all);
  struct text_time at = text_time_format(now_s);
  enum err e = OK;
  for (size_t i = 0; e == OK && i < count; i++) {
    all[i].draft = &drafts[i];
    e = compose(all, i, s, by, &at);
  }
  if (e == OK)
    e = pass_on(s, by, all, count, how, now_s, out);
  for (size_t i = 0; i < count; i++) {
    if (all[i].content_json)
      json_free(all[i].content_json);
    buf_release(&all[i].header);
    buf_release(&all[i].content);
  }
  free(all);
  return e;
}

enum err author_id_of(struct store *s, uint64_t number, struct hash *out) {
  struct record r = {0};
  enum err e = store_find_number(s, number, &r);
  if (e == OK)
    *out = r.entry.id;
  record_release(&r);
  return e;
}
