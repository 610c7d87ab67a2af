/* A record's history: the entry that began it and all that was said of it later; from these, field by field, what holds
 * now. Two versions that did not know each other may both say what a field is: then both hold, until a version that is
 * based on both says it anew. Which came first decides nothing. */
#ifndef CAIRN_CORE_HISTORY_H
#define CAIRN_CORE_HISTORY_H

#include "core/version.h"

struct history_step {
  struct record record;
  const struct kind *kind;
  struct json *content;
  bool is_version;               /* a change that counts; otherwise it began the record, or something became of it */
  bool is_head;                  /* a version that no later one replaced */
  size_t bases[ENTRY_BASES_MAX]; /* places in the history of what it is based on, as far as that is here */
  size_t base_count;
};

struct history {
  struct hash object;
  struct history_step *steps; /* in the order of their numbers; the first one began the record */
  size_t count, room;
};

/* All that counts and that the store's reader may see. ERR_ABSENT if what began the record is not here, or the entry
 * began none. The caller releases it in any case. */
enum err history_load(struct store *s, const struct hash *object, struct history *out);
void history_release(struct history *h);

/* Whether anything was said of the record after it began, without the cost of loading it. */
enum err history_is_there(struct store *s, const struct hash *object, bool *out);

/* The steps that say what the field is, by place, oldest first: at least one, of which none knew another; if that is
 * the first step, which began the record, nobody said it anew. Only what these versions say, and what they rest on, is
 * looked at; NULL: all. */
size_t history_sayers(const struct history *h, const struct version_set *of, const char *field,
                      size_t places_out[ENTRY_BASES_MAX]);
/* What the step says a field is: its values joined by commas, appended; nothing where it holds no more, or where there
 * is no such field. */
void history_value(const struct history_step *step, const char *field, struct buf *out);
/* Do these steps say the same of it? True of one. */
bool history_is_agreed(const struct history *h, const size_t *places, size_t count, const char *field);

#endif
