#include <string.h>

#include "cli/home.h"
#include "core/child.h"
#include "core/directory.h"
#include "core/enquiry.h"

struct comparing {
  struct home *h;
  struct out *out;
};

/* One record of a child: as what it is known, and who made it. */
static void print_record(struct comparing *c, const struct hash *id) {
  struct record r = {0};
  struct buf name = {0}, born = {0}, by = {0};
  child_known_as(c->h->store, id, &name, &born);
  if (store_find(c->h->store, id, &r) == OK)
    directory_name(c->h->store, &r.entry.by, &by);
  out_field_id(c->out, "record", hash_hex(id).s);
  out_field_bytes(c->out, "name", buf_bytes(&name));
  out_field_bytes(c->out, "born-or-due", buf_bytes(&born));
  out_field_bytes(c->out, "recorded-by", buf_bytes(&by));
  record_release(&r);
  buf_release(&name);
  buf_release(&born);
  buf_release(&by);
}

/* ---- those that are recorded twice ---- */

static enum err print_twice(void *of, const struct hash *first, const struct hash *second) {
  struct comparing *c = of;
  out_begin(c->out, NULL);
  print_record(c, second);
  out_field_id(c->out, "like", hash_hex(first).s);
  out_end(c->out);
  return OK;
}

static enum err list_twice(struct home *h, struct out *out) {
  struct comparing c = {h, out};
  out_table_begin(out, NULL, "No two records have the same name and date of birth and wait for somebody to say.");
  enum err e = child_each_twice(h->store, &c, print_twice);
  out_table_end(out);
  return e;
}

/* ---- those that are like one ---- */

static bool is_among(const struct hash *id, const struct hash *ids, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (hash_equal(id, &ids[i]))
      return true;
  return false;
}

/* A brother or sister has a part of the name; so has the same child under another first name. */
static bool is_alike(const struct enquiry_hit *hit) {
  return hit->how != ENQUIRY_PART || hit->is_born_same;
}

/* The records that are like this one, itself and those joined with it among them. */
static enum err find_like(struct home *h, const struct hash *child, struct enquiry_hit *hits, size_t *count_out) {
  static const char *const kinds[] = {"child.add", NULL};
  struct buf name = {0}, born = {0};
  *count_out = 0;
  enum err e = child_known_as(h->store, child, &name, &born);
  const struct enquiry asked = {buf_bytes(&name), buf_bytes(&born), kinds};
  if (e == OK)
    e = enquiry_find(h->store, &asked, hits, count_out);
  buf_release(&name);
  buf_release(&born);
  return e;
}

void home_say_like(struct home *h, const struct hash *child, struct out *out) {
  struct enquiry_hit hits[ENQUIRY_HITS_MAX];
  struct hash same[CHILD_RECORDS_MAX];
  size_t count = 0, same_count = 0, others = 0;
  child_records(h->store, child, same, CHILD_RECORDS_MAX, &same_count);
  if (find_like(h, child, hits, &count) != OK)
    return;
  for (size_t i = 0; i < count; i++)
    others += is_alike(&hits[i]) && !is_among(&hits[i].object, same, same_count);
  if (others)
    out_say(out, "Another record here may be of this child: look with cairn child similar %.8s", hash_hex(child).s);
}

static enum err list_like(struct home *h, const struct hash *child, struct out *out) {
  struct comparing c = {h, out};
  struct enquiry_hit hits[ENQUIRY_HITS_MAX];
  struct hash same[CHILD_RECORDS_MAX];
  size_t hit_count = 0, same_count = 0;
  enum err e = child_records(h->store, child, same, CHILD_RECORDS_MAX, &same_count);
  if (e == OK)
    e = find_like(h, child, hits, &hit_count);
  out_table_begin(out, NULL, "No other child here has a name like this.");
  for (size_t i = 0; e == OK && i < hit_count; i++) {
    if (!is_alike(&hits[i]) || hash_equal(&hits[i].object, child))
      continue;
    out_begin(out, NULL);
    print_record(&c, &hits[i].object);
    out_field(out, "alike-by", enquiry_how_words(hits[i].how));
    out_field(out, "same-date", hits[i].is_born_same ? "yes" : "no");
    out_field(out, "joined", is_among(&hits[i].object, same, same_count) ? "yes" : "no");
    out_end(out);
  }
  out_table_end(out);
  return e;
}

static enum err similar(struct home *h, const struct cmd_line *line, struct out *out) {
  struct hash child;
  if (cmd_nth(line, "", 0) == NULL)
    return list_twice(h, out);
  enum err e = home_resolve(h, cmd_nth(line, "", 0), "child.add", &child);
  return e == OK ? list_like(h, &child, out) : e;
}

static enum err run_similar(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, similar);
}

const struct cmd home_child_commands[] = {
    {"child similar", "[CHILD]", 0, 1, NULL, "children who may be recorded twice, or the records that are like one",
     "Without CHILD: records with the same name and the same date of birth (or date due) of which nobody has said yet\n"
     "whether they are of one child. Say it with: cairn child same, or cairn child distinct.",
     run_similar},
    {0},
};
