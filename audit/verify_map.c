#include "audit/verify_map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "audit/verify_parts.h"

#define FIRST_PLACES 64
#define STEP_MAX ((size_t)64 << 20)

/* Ids are chosen by whoever writes the ledger: without a secret of this process, they could be chosen so that all
 * fall on one place. */
static uint64_t secret[4];

static void make_secret(void) {
  while (secret[0] == 0)
    if (getrandom(secret, sizeof secret, 0) != sizeof secret)
      abort();
}

/* Multiply-shift over the four words, each with its own secret factor. */
static uint64_t mix(const uint8_t id[VHASH_SIZE]) {
  uint64_t words[4], sum = 0;
  memcpy(words, id, sizeof words);
  for (size_t i = 0; i < 4; i++) {
    __uint128_t product = (__uint128_t)(words[i] ^ secret[i]) * (secret[(i + 1) % 4] | 1);
    sum ^= (uint64_t)product ^ (uint64_t)(product >> 64);
  }
  return sum;
}

/* The row's number and one, or 0; and a part of its hash, so that hardly another row is looked at on the way. */
static uint64_t *place_at(const struct vmap *m, size_t i) {
  return varea_at(&m->places, i * sizeof(uint64_t));
}

static void *row_of(const struct vmap *m, uint64_t place) {
  return vmap_at(m, (uint32_t)place - 1);
}

/* Where the row stands, or the free place where it would. */
static uint64_t *seek(const struct vmap *m, const uint8_t id[VHASH_SIZE], uint64_t hash) {
  for (size_t i = (size_t)hash;; i++) {
    uint64_t *place = place_at(m, i & (m->place_count - 1));
    if (*place == 0 || (*place >> 32 == hash >> 32 && memcmp(row_of(m, *place), id, VHASH_SIZE) == 0))
      return place;
  }
}

void *vmap_find(const struct vmap *m, const uint8_t id[VHASH_SIZE]) {
  if (m->count == 0)
    return NULL;
  uint64_t place = *seek(m, id, mix(id));
  return place ? row_of(m, place) : NULL;
}

static uint64_t place_of(uint64_t hash, size_t row) {
  return (hash >> 32) << 32 | ((uint32_t)row + 1);
}

static void grow_places(struct vmap *m) {
  m->place_count = m->place_count ? 2 * m->place_count : FIRST_PLACES;
  varea_release(&m->places);
  varea_grow(&m->places, m->place_count * sizeof(uint64_t));
  for (size_t i = 0; i < m->count; i++) {
    const uint8_t *id = vmap_at(m, i);
    uint64_t hash = mix(id);
    *seek(m, id, hash) = place_of(hash, i);
  }
}

void vmap_init(struct vmap *m, size_t row_size, struct vscratch *scratch) {
  *m = (struct vmap){.row_size = row_size, .rows.scratch = scratch, .places.scratch = scratch};
}

static void grow_rows(struct vmap *m) {
  size_t more = m->rows.size < STEP_MAX ? m->rows.size : STEP_MAX;
  varea_grow(&m->rows, more ? m->rows.size + more : FIRST_PLACES * m->row_size);
}

void *vmap_add(struct vmap *m, const uint8_t id[VHASH_SIZE]) {
  make_secret();
  if (2 * (m->count + 1) > m->place_count)
    grow_places(m);
  uint64_t hash = mix(id), *place = seek(m, id, hash);
  if (*place)
    return row_of(m, *place);
  if (m->count >= (m->count_max ? m->count_max : VERIFY_ROWS_MAX))
    return NULL;
  *place = place_of(hash, m->count);
  if ((m->count + 1) * m->row_size > m->rows.size)
    grow_rows(m);
  uint8_t *row = vmap_at(m, m->count++);
  memcpy(row, id, VHASH_SIZE);
  return row;
}

void vmap_release(struct vmap *m) {
  varea_release(&m->rows);
  varea_release(&m->places);
  vmap_init(m, m->row_size, m->rows.scratch);
}
