/* Who has seen an entry, as far as this store can tell: whoever voids what stands in the wrong file says with it who
 * has read what was not theirs to read. */
#ifndef CAIRN_CORE_SEEN_H
#define CAIRN_CORE_SEEN_H

#include "core/store.h"

/* Calls each with the name of every agency to which the entry went: its author's; and once it was accepted those that
 * worked with one of its children then or since, recorded anything about one, or were invited to its meeting; of
 * what stands in the register, all.
 * Rather one too many: a device that was away may not have it yet. */
enum err seen_each(struct store *s, const struct record *r, void *of, enum err (*each)(void *of, struct bytes agency));

#endif
