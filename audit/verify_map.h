/* Rows by id: what the verifier keeps of a ledger, and finds again. */
#ifndef CAIRN_AUDIT_VERIFY_MAP_H
#define CAIRN_AUDIT_VERIFY_MAP_H

#include "audit/verify_area.h"

#define VHASH_SIZE 32

/* Rows of one size, in the order in which they were added; each begins with the id that it is found by, and holds no
 * pointer, so that the rows can be written to a file as they are. */
struct vmap {
  size_t row_size;  /* set before the first row is added */
  size_t count_max; /* 0: VERIFY_ROWS_MAX */
  size_t count;
  struct varea rows, places;
  size_t place_count; /* a power of two */
};
/* Empty; NULL for rows that stay in memory, for which zeros and the size of a row will do. */
void vmap_init(struct vmap *m, size_t row_size, struct vscratch *scratch);
/* Valid until the next row is added; NULL if there is none. */
void *vmap_find(const struct vmap *m, const uint8_t id[VHASH_SIZE]);
/* The row of this id, made of zeros if it is new; NULL beyond the maximum. */
void *vmap_add(struct vmap *m, const uint8_t id[VHASH_SIZE]);
static inline void *vmap_at(const struct vmap *m, size_t i) {
  return varea_at(&m->rows, i * m->row_size);
}
static inline size_t vmap_index(const struct vmap *m, const void *row) {
  return (size_t)((const uint8_t *)row - m->rows.at) / m->row_size;
}
void vmap_release(struct vmap *m);

#endif
