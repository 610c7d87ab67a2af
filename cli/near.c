#include "cli/near.h"

#include <stdint.h>

#include "core/text.h"

#define NEAR_SIZE 48 /* longer words are not compared */

static size_t smallest(size_t a, size_t b) {
  return a < b ? a : b;
}

/* How many letters must be inserted, removed, replaced or exchanged with their neighbour to make a into b. */
static size_t distance(struct bytes a, struct bytes b) {
  size_t d[NEAR_SIZE + 1][NEAR_SIZE + 1];
  if (a.len > NEAR_SIZE || b.len > NEAR_SIZE)
    return SIZE_MAX;
  for (size_t i = 0; i <= a.len; i++)
    for (size_t j = 0; j <= b.len; j++) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      size_t replaced = d[i - 1][j - 1] + (a.at[i - 1] != b.at[j - 1]);
      d[i][j] = smallest(replaced, smallest(d[i - 1][j], d[i][j - 1]) + 1);
      if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
        d[i][j] = smallest(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.len][b.len];
}

struct near near_start(struct bytes typed) {
  /* One slip in three letters; words of one or two letters mean what they say. */
  return (struct near){.typed = typed, .best_distance = smallest(typed.len / 3, 3) + 1};
}

void near_try(struct near *n, struct bytes candidate) {
  size_t d = distance(n->typed, candidate);
  if (d < n->best_distance) {
    n->best = candidate;
    n->best_distance = d;
  }
}

void near_try_each(struct near *n, const char *candidates) {
  struct bytes rest = bytes_str(candidates), one;
  while (text_split(&rest, '|', &one))
    near_try(n, one);
  near_try(n, rest);
}

void near_add(const struct near *n, struct buf *out) {
  if (n->best.len)
    buf_addf(out, "; did you mean \"%.*s\"?", (int)n->best.len, (const char *)n->best.at);
}
