/* Versions of what is recorded, and conflicts between them: changes on the same base, made in two places. */
#ifndef CAIRN_CORE_VERSION_H
#define CAIRN_CORE_VERSION_H

#include "core/store.h"

struct version_set {
  struct hash object;
  struct hash entries[ENTRY_BASES_MAX]; /* the versions that no later one replaced, oldest first */
  size_t count;                         /* 0: it was never changed; more than 1: it is in conflict */
};

/* What holds for an object: at most ENTRY_BASES_MAX versions. */
enum err version_find(struct store *s, const struct hash *object, struct version_set *out);

/* Calls each for every object that is in conflict and that the store's reader may see. */
enum err version_each_conflict(struct store *s, void *of, enum err (*each)(void *of, const struct version_set *set));

/* Was the entry voided (entry.void)? */
enum err version_is_voided(struct store *s, const struct hash *entry, bool *out);

/* What voids it; ERR_ABSENT if nothing does. */
enum err version_find_void(struct store *s, const struct hash *entry, struct hash *void_out);

/* The kind with which objects that began with this kind are changed, or NULL. */
const struct kind *version_change_kind(const struct kind *begun);

#endif
