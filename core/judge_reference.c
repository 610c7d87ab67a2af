/* What an act names: that it is there, of the right kind, about the same child, and for the author to name. */
#include <stdio.h>
#include <string.h>

#include "core/accept_parts.h"
#include "core/feed.h"

/* A place for each entry of the act, found by its id; several times as many as there can be, and a power of two. */
#define PLACES (4 * ACT_ENTRIES_MAX)

static size_t find_place(const struct door *d, const struct hash *id) {
  size_t place = ((size_t)id->at[0] << 8 | id->at[1]) % PLACES;
  while (d->places[place] && !hash_equal(&d->entries[d->places[place] - 1].id, id))
    place = (place + 1) % PLACES;
  return place;
}

/* Each entry that stands before the i-th one has its place by then; of two that are the same, the first. */
static void note_places(struct door *d, size_t before) {
  if (d->places == NULL)
    d->places = mem_alloc_array(PLACES, sizeof *d->places);
  for (; d->placed < before; d->placed++) {
    size_t place = find_place(d, &d->entries[d->placed].id);
    if (d->places[place] == 0)
      d->places[place] = (uint16_t)(d->placed + 1);
  }
}

static const struct entry *find_in_act(struct door *d, size_t before, const struct hash *id) {
  if (before == 0)
    return NULL;
  note_places(d, before);
  size_t found = d->places[find_place(d, id)];
  return found && found <= before ? &d->entries[found - 1] : NULL;
}

static bool moves_scope(struct door *d) {
  for (; d->looked_at < d->in->count && !d->moves_scope; d->looked_at++) {
    const struct kind *k = d->kinds[d->looked_at];
    d->moves_scope = k && (k->moves_scope || k->is_about_entry);
  }
  return d->moves_scope;
}

/* What decides who sees what names what the agency is to hold now: nobody gets back by themselves what was taken back.
 */
static enum err is_to_be_named(struct door *d, uint64_t number, bool *out) {
  *out = true;
  if (d->in->how != ACCEPT_ADMIT || d->author.is_node)
    return OK;
  return moves_scope(d) ? feed_is_held(d->s, &d->author.agency, number, out)
                        : feed_has_known(d->s, &d->author.agency, number, out);
}

enum err judge_find_named(struct door *d, size_t before, const struct hash *id, struct named *out) {
  bool is_known = true;
  out->entry = find_in_act(d, before, id);
  if (out->entry)
    return OK;
  enum err e = store_header_of(d->s, id, &out->header);
  if (e == OK)
    e = is_to_be_named(d, out->header->number, &is_known);
  if (e == OK && is_known)
    out->entry = &out->header->entry;
  return e == ERR_ABSENT ? OK : e;
}

static bool has_child(const struct entry *e, const struct hash *child) {
  for (size_t i = 0; i < e->child_count; i++)
    if (hash_equal(&e->children[i], child))
      return true;
  return false;
}

static enum err refuse_absent(struct door *d, const struct field *f, const struct hash *id) {
  char words[256];
  snprintf(words, sizeof words, "\"%s\" names %.8s, and there is no such %s%s", f->name, hash_hex(id).s,
           f->of ? f->of : "entry", door_is_write(d) ? " here" : " that was accepted");
  return door_give(d, VERDICT_REFUSED, "reference", words,
                   "name an entry that was accepted, or deal with the refused one first");
}

/* Of a child only the kind is asked, and there is one for nearly each entry: its header is not read for that. */
static enum err check_child(struct door *d, size_t i, const struct field *f, const struct hash *id) {
  const struct entry *in_act = find_in_act(d, i, id);
  const struct kind *k = in_act ? kind_find(in_act->kind) : NULL;
  uint64_t number = 0;
  bool is_known = true;
  enum err e = in_act ? OK : store_kind_of(d->s, id, &number, &k);
  if (e == OK && !in_act)
    e = is_to_be_named(d, number, &is_known);
  if (e != OK && e != ERR_ABSENT)
    return e;
  return e == OK && is_known && k && field_has_code(f, bytes_str(k->name)) ? OK : refuse_absent(d, f, id);
}

static enum err check_named(struct door *d, size_t i, const struct field *f, const struct hash *id,
                            const struct named *n) {
  const struct entry *e = &d->entries[i];
  char words[256];
  if (n->entry == NULL || (f->of && !field_has_code(f, n->entry->kind)))
    return refuse_absent(d, f, id);
  for (size_t c = 0; f->shares_child && c < e->child_count; c++)
    if (!has_child(n->entry, &e->children[c])) {
      snprintf(words, sizeof words, "\"%s\" names %.8s, which is not about this child", f->name, hash_hex(id).s);
      return door_give(d, VERDICT_REFUSED, "reference", words, "name the one that is about this child");
    }
  return OK;
}

/* What is to be erased may have been lost with a node, and not be here: the node knows whether there is such an entry.
 */
static bool is_for_the_node(const struct door *d, size_t i, const struct field *f) {
  return d->in->how == ACCEPT_WRITE_ANYWAY && d->kinds[i]->is_erasure && f->place == IN_REF;
}

static enum err check_reference(struct door *d, size_t i, const struct field *f, const struct hash *id) {
  struct named n = {0};
  enum err e = judge_find_named(d, i, id, &n);
  if (e == OK && (n.entry || !is_for_the_node(d, i, f)))
    e = check_named(d, i, f, id, &n);
  header_free(n.header);
  return e;
}

/* An entry is in the log once: neither twice in an act nor in two acts. */
static enum err check_new(struct door *d, size_t i) {
  bool is_there = find_in_act(d, i, &d->entries[i].id) != NULL;
  enum err e = is_there ? OK : store_has_entry(d->s, &d->entries[i].id, &is_there);
  return e == OK && is_there
             ? door_give(d, VERDICT_REFUSED, "double", "an entry of this act was recorded before", "leave it out")
             : e;
}

/* A base is the entry that began the object, or one that changed it. */
static enum err check_base(struct door *d, size_t i, const struct hash *base) {
  const struct hash *object = store_object_of(d->kinds[i], &d->entries[i]);
  struct named n = {0};
  enum err e = judge_find_named(d, i, base, &n);
  const struct kind *k = n.entry ? kind_find(n.entry->kind) : NULL;
  const struct hash *of = k && k->is_change ? store_object_of(k, n.entry) : base;
  if (e == OK && (n.entry == NULL || object == NULL || !hash_equal(of, object)))
    e = door_give(d, VERDICT_REFUSED, "base", "a version that this change is based on is not one of what it changes",
                  "look at what is recorded now, and record the change again");
  header_free(n.header);
  return e;
}

static bool same_hashes(const struct hash *a, size_t a_count, const struct hash *b, size_t b_count) {
  return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof *a) == 0);
}

/* What people wrote into a child's file: not the directory, not who looked and what was held, and neither a voiding nor
 * an erasure. */
static bool may_be_voided(const struct entry *e) {
  const struct kind *k = kind_find(e->kind);
  bool is_nodes = k && k->writer_count == 1 && k->writers[0].role == ROLE_NODE;
  return !is_nodes && e->audience != AUDIENCE_DIRECTORY && e->audience != AUDIENCE_NAMED && !(k && k->is_about_entry);
}

/* Whoever voids an entry says so in the files in which it stands, to all who may see it, and to no others. */
static enum err check_voided(struct door *d, const struct entry *e, const struct entry *voided) {
  bool is_child = bytes_equal_str(voided->kind, "child.add");
  if (!may_be_voided(voided))
    return door_give(d, VERDICT_REFUSED, "void",
                     "only what stands in a child's file can be voided or erased, and no voiding or erasure",
                     "record again what was voided in error");
  if (voided->audience != e->audience || !same_hashes(voided->to, voided->to_count, e->to, e->to_count))
    return door_give(d, VERDICT_REFUSED, "audience", "an entry is voided or erased before those who may see it",
                     "record it again with the same audience");
  if (!same_hashes(is_child ? &voided->id : voided->children, is_child ? 1 : voided->child_count, e->children,
                   e->child_count))
    return door_give(d, VERDICT_REFUSED, "void",
                     "an entry is voided or erased in the file of each child that it is about",
                     "leave out --child: the right ones are taken by themselves");
  return OK;
}

enum err judge_voiding(struct door *d, size_t i) {
  const struct entry *e = &d->entries[i];
  const struct hash *named = d->kinds[i]->is_about_entry ? entry_ref(e, d->kinds[i]->object) : NULL;
  struct named n = {0};
  enum err err = named ? judge_find_named(d, i, named, &n) : OK;
  if (err == OK && n.entry)
    err = check_voided(d, e, n.entry);
  header_free(n.header);
  return err;
}

enum err judge_references_of(struct door *d, size_t i) {
  const struct entry *e = &d->entries[i];
  enum err err = OK;
  for (const struct field *f = d->kinds[i]->fields; f->name; f++) {
    for (size_t j = 0; err == OK && f->place == IN_CHILD && j < e->child_count; j++)
      err = check_child(d, i, f, &e->children[j]);
    for (size_t j = 0; err == OK && f->place == IN_REF && j < e->ref_count; j++)
      if (bytes_equal_str(e->refs[j].name, f->name))
        err = check_reference(d, i, f, &e->refs[j].id);
  }
  return err;
}

enum err judge_references(struct door *d) {
  enum err err = OK;
  for (size_t i = 0; err == OK && i < d->in->count; i++) {
    const struct entry *e = &d->entries[i];
    err = check_new(d, i);
    for (size_t j = 0; err == OK && j < e->base_count; j++)
      err = check_base(d, i, &e->bases[j]);
    if (err == OK)
      err = judge_voiding(d, i);
    if (err == OK)
      err = judge_references_of(d, i);
  }
  return err;
}
