#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "audit/verify_parts.h"

#define FIRST_PLACES 64

/* Ids are chosen by whoever writes the ledger: without a secret of this process, they could be chosen so that all
 * fall on one place. */
static uint64_t secret[4];

static void make_secret(void) {
  while (secret[0] == 0)
    if (getrandom(secret, sizeof secret, 0) != sizeof secret)
      abort();
}

/* Multiply-shift over the four words, each with its own secret factor. */
static size_t place_of(const struct vmap *m, const uint8_t id[VHASH_SIZE]) {
  uint64_t words[4], sum = 0;
  memcpy(words, id, sizeof words);
  for (size_t i = 0; i < 4; i++) {
    __uint128_t product = (__uint128_t)(words[i] ^ secret[i]) * (secret[(i + 1) % 4] | 1);
    sum ^= (uint64_t)product ^ (uint64_t)(product >> 64);
  }
  return (size_t)(sum & (m->place_count - 1));
}

/* Where the row stands, or the free place where it would. */
static uint32_t *seek(const struct vmap *m, const uint8_t id[VHASH_SIZE]) {
  size_t i = place_of(m, id);
  while (m->places[i] != 0 && memcmp(vmap_at(m, m->places[i] - 1), id, VHASH_SIZE) != 0)
    i = (i + 1) & (m->place_count - 1);
  return &m->places[i];
}

void *vmap_find(const struct vmap *m, const uint8_t id[VHASH_SIZE]) {
  if (m->count == 0)
    return NULL;
  uint32_t place = *seek(m, id);
  return place ? vmap_at(m, place - 1) : NULL;
}

static void grow_places(struct vmap *m) {
  free(m->places);
  m->place_count = m->place_count ? 2 * m->place_count : FIRST_PLACES;
  m->places = vtext_alloc(m->place_count * sizeof *m->places);
  for (size_t i = 0; i < m->count; i++)
    *seek(m, vmap_at(m, i)) = (uint32_t)i + 1;
}

static void grow_rows(struct vmap *m) {
  m->max = m->max ? 2 * m->max : FIRST_PLACES;
  m->rows = realloc(m->rows, m->max * m->row_size);
  if (m->rows == NULL)
    abort(); /* out of memory */
}

void *vmap_add(struct vmap *m, const uint8_t id[VHASH_SIZE]) {
  make_secret();
  if (2 * (m->count + 1) > m->place_count)
    grow_places(m);
  uint32_t *place = seek(m, id);
  if (*place)
    return vmap_at(m, *place - 1);
  if (m->count >= (m->count_max ? m->count_max : VERIFY_ROWS_MAX))
    return NULL;
  if (m->count == m->max)
    grow_rows(m);
  uint8_t *row = vmap_at(m, m->count);
  memset(row, 0, m->row_size);
  memcpy(row, id, VHASH_SIZE);
  *place = (uint32_t)++m->count;
  return row;
}

void vmap_release(struct vmap *m) {
  free(m->rows);
  free(m->places);
  *m = (struct vmap){.row_size = m->row_size};
}
