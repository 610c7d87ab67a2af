#include "cli/home.h"
#include "cli/restricted_parts.h"
#include "core/calendar.h"
#include "core/restricted.h"

/* Restricted information looked at: which items there are, who holds one and who opened it, what waits for a review.
 * What an item says is shown by cairn_open.c alone. */

struct looking {
  struct home *h;
  struct out *out;
};

static enum err list_item(void *of, const struct record *r) {
  struct looking *l = of;
  struct restricted_item item;
  struct buf provider = {0}, children = {0};
  if (restricted_find(l->h->store, &r->entry.id, &item) != OK)
    return OK;
  home_add_title(l->h, &item.provider, &provider);
  home_add_children(l->h, &r->entry, &children);
  out_begin(l->out, NULL);
  out_field_id(l->out, "item", hash_hex(&r->entry.id).s);
  out_field(l->out, "state", r->state);
  out_field_bytes(l->out, "category", entry_fact(&r->entry, "category"));
  out_field_bytes(l->out, "children", buf_bytes(&children));
  out_field_bytes(l->out, "provider", buf_bytes(&provider));
  out_field(l->out, "standing",
            item.is_lifted      ? "restricted no more"
            : item.is_withdrawn ? "withdrawn"
            : r->has_content    ? "sealed"
                                : "not here any more");
  out_end(l->out);
  buf_release(&provider);
  buf_release(&children);
  return OK;
}

static enum err list(struct home *h, const struct cmd_line *line, struct out *out) {
  struct looking l = {h, out};
  (void)line;
  out_table_begin(out, NULL, "There is no restricted information that you may see.");
  enum err e = store_each(h->store, &(struct store_filter){.kind = "restricted.add"}, &l, list_item);
  if (e == OK)
    e = store_each(h->store, &(struct store_filter){.kind = "restricted.permit"}, &l, list_item);
  out_table_end(out);
  return e;
}

enum err restricted_run_list(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, list);
}

static enum err print_holder(void *of, const struct restricted_holder *row) {
  struct looking *l = of;
  static const char *const kinds[][2] = {{"agency", "role key"}, {"escrow", "keeper's escrow key"}};
  const char *as = NULL;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (bytes_equal_str(row->kind, kinds[i][0]))
      as = kinds[i][1];
  out_begin(l->out, NULL);
  out_field_bytes(l->out, "who", row->who);
  out_field_bytes(l->out, "agency", row->agency);
  out_field(l->out, "as", as ? as : "person");
  out_field_id(l->out, "permit", hash_is_zero(&row->permit) ? NULL : hash_hex(&row->permit).s);
  if (row->by.len)
    out_field_bytes(l->out, "permitted-by", row->by);
  else
    out_field(l->out, "permitted-by", "the provider, with the item");
  out_field_bytes(l->out, "purpose", row->purpose);
  out_field_bytes(l->out, "since", row->since);
  out_field(l->out, "withdrawn", row->is_over ? "yes" : NULL);
  out_end(l->out);
  return OK;
}

static enum err print_opening(void *of, const struct restricted_opening *row) {
  struct looking *l = of;
  struct calendar_date day = {{0}};
  out_begin(l->out, NULL);
  out_field_id(l->out, "opening", hash_hex(&row->opening).s);
  out_field_bytes(l->out, "by", row->by);
  out_field_bytes(l->out, "how", row->how);
  out_field_bytes(l->out, "when", row->at);
  out_field_bytes(l->out, "reason", row->reason);
  if (row->needs_review && restricted_review_day(l->h->store, row->at, &day) == OK)
    out_field(l->out, "review-due", day.s);
  out_field_bytes(l->out, "review", row->outcome);
  out_end(l->out);
  return OK;
}

static enum err show(struct home *h, const struct cmd_line *line, struct out *out) {
  struct looking l = {h, out};
  struct restricted_item item;
  struct record r = {0};
  struct hash id;
  struct buf provider = {0}, children = {0};
  enum err e = home_resolve(h, cmd_nth(line, "", 0), "restricted.add|restricted.permit", &id);
  if (e == OK)
    e = restricted_find(h->store, &id, &item);
  if (e == OK)
    e = store_find(h->store, &id, &r);
  if (e == OK) {
    home_add_title(h, &item.provider, &provider);
    home_add_children(h, &r.entry, &children);
    out_begin(out, NULL);
    out_field(out, "item", hash_hex(&item.item).s);
    out_field(out, "state", r.state);
    out_field_bytes(out, "category", entry_fact(&r.entry, "category"));
    out_field_bytes(out, "children", buf_bytes(&children));
    out_field_bytes(out, "provider", buf_bytes(&provider));
    out_field_bytes(out, "written", r.entry.at);
    out_field(out, "standing", item.is_lifted ? "restricted no more" : item.is_withdrawn ? "withdrawn" : "sealed");
    out_field(out, "commitment", hash_hex(&r.entry.content).s);
    out_table_begin(out, "held-by", "");
    e = restricted_each_holder(h->store, &item.item, &l, print_holder);
    out_table_end(out);
    out_table_begin(out, "openings", "Nobody has opened it, as far as is known here.");
    if (e == OK)
      e = restricted_each_opening(h->store, &item.item, &l, print_opening);
    out_table_end(out);
    out_end(out);
  }
  record_release(&r);
  buf_release(&provider);
  buf_release(&children);
  return e;
}

enum err restricted_run_show(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, show);
}

static enum err print_if_due(void *of, const struct restricted_opening *row) {
  return row->needs_review ? print_opening(of, row) : OK;
}

static enum err reviews(struct home *h, const struct cmd_line *line, struct out *out) {
  struct looking l = {h, out};
  (void)line;
  out_table_begin(out, NULL, "No opening waits for a review.");
  enum err e = restricted_each_opening(h->store, NULL, &l, print_if_due);
  out_table_end(out);
  return e;
}

enum err restricted_run_reviews(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, reviews);
}

static enum err count_if_due(void *of, const struct restricted_opening *row) {
  *(uint64_t *)of += row->needs_review;
  return OK;
}

void home_print_reviews(struct home *h, struct out *out) {
  uint64_t count = 0;
  restricted_each_opening(h->store, NULL, &count, count_if_due);
  out_field_number(out, "openings-to-review", count);
}
