#include "audit/verify_conform.h"

/* What is kept, as bytes. Whoever can write the file can say anything in it, but each place leads to a row, and lists
 * lead back in the order in which the rows were added, so that none is a ring. */

#define TIME_MAX INT64_C(253402300799) /* the last second of the year 9999 */

static bool is_time(int64_t s) {
  return s >= -1 && s <= TIME_MAX;
}

/* By kind, what `people` are places among. */
static size_t people_max(const struct vconform *c, uint64_t kind) {
  if (kind & (VKIND(PROFILE) | VKIND(SAME) | VKIND(DISTINCT)))
    return c->objects.count;
  if (kind & VKIND(AGENCY))
    return c->seals.count;
  return kind & VKIND(CHILD) ? c->about.count : c->people.count;
}

static bool object_is_good(const struct vconform *c, size_t i) {
  const struct vobject *o = vmap_at(&c->objects, i);
  const size_t count = c->objects.count;
  if (o->kind >= VKIND_COUNT)
    return false;
  const size_t people = people_max(c, 1ull << o->kind);
  bool good = is_time(o->admitted_s) && is_time(o->on_s) && o->by <= c->people.count && o->child <= count &&
              o->of <= count && (o->kind == VKIND_PROFILE || o->ground <= count) &&
              o->child_count <= VERIFY_CHILDREN_MAX;
  for (int k = 0; k < 2; k++)
    good = good && o->people[k] <= people && o->newest[k] <= count && o->before[k] <= i;
  return good;
}

static bool about_is_good(const struct vconform *c, size_t i) {
  const struct vabout *a = vmap_at(&c->about, i);
  return a->object <= c->objects.count && a->before <= i && (a->before == 0 || a->object > 0);
}

static bool seal_is_good(const struct vconform *c, size_t i) {
  const struct vseal *s = vmap_at(&c->seals, i);
  return s->owner <= c->people.count && s->before <= i && s->what <= VSEAL_ESCROW;
}

static bool content_is_good(const struct vconform *c, size_t i) {
  const struct vcontent *t = vmap_at(&c->contents, i);
  return t->item <= c->objects.count && t->permit <= c->objects.count;
}

static void check(struct vio *io, const struct vconform *c) {
  bool good = c->first_profile <= c->objects.count && c->profile <= c->objects.count && c->escrow <= c->seals.count;
  for (size_t i = 0; good && i < c->objects.count; i++)
    good = object_is_good(c, i);
  for (size_t i = 0; good && i < c->about.count; i++)
    good = about_is_good(c, i);
  for (size_t i = 0; good && i < c->seals.count; i++)
    good = seal_is_good(c, i);
  for (size_t i = 0; good && i < c->contents.count; i++)
    good = content_is_good(c, i);
  io->failed |= !good;
}

void vconform_io(struct vconform *c, struct vio *io) {
  vio_map(io, &c->objects);
  vio_map(io, &c->people);
  vio_map(io, &c->about);
  vio_map(io, &c->seals);
  vio_map(io, &c->contents);
  vio_raw(io, &c->first_profile, sizeof c->first_profile);
  vio_raw(io, &c->profile, sizeof c->profile);
  vio_raw(io, &c->escrow, sizeof c->escrow);
  vio_bool(io, &c->has_limit);
  vio_raw(io, c->notes, sizeof c->notes);
  if (io->is_reading && !io->failed)
    check(io, c);
}
