/* What a minute or a report says to whom: composed from what is recorded, in one of three renderings. One table
 * (minute.c) names every kind and field that enters a document, and for which renderings; what it does not name is in
 * none of them. The family's has, whatever the table says, only entries of audiences that may stand there
 * (core/scope.h), and does not tell whether anything was left out: what it says of exclusions it says in every copy.
 *
 * Reads as the store's reader: what they may not see is not composed. */
#ifndef CAIRN_CORE_MINUTE_H
#define CAIRN_CORE_MINUTE_H

#include "core/sheet.h"
#include "core/store.h"

/* rendering, its word, for whom it is */
#define MINUTE_RENDERING_TABLE(X)                                                                                      \
  X(MINUTE_PARTICIPANTS, "participants", "for the professionals who took part in the meeting")                         \
  X(MINUTE_PROFESSIONALS, "professionals", "for professionals who did not take part in the meeting")                   \
  X(MINUTE_FAMILY, "family", "for the child and the family")

enum minute_rendering {
#define X(code, word, words) code,
  MINUTE_RENDERING_TABLE(X)
#undef X
};
#define MINUTE_RENDERINGS 3
#define MINUTE_RENDERING_WORDS "participants|professionals|family"

const char *minute_rendering_word(enum minute_rendering r);
const char *minute_rendering_words(enum minute_rendering r);
/* ERR_USAGE with the words that there are. */
enum err minute_rendering_parse(const char *word, enum minute_rendering *out);

/* A draft says on its face that nobody approved it. */
enum minute_state { MINUTE_DRAFT, MINUTE_TO_APPROVE };

/* The subject is a meeting (meeting.convene) or a report (report.record). The caller releases the page in any case. */
enum err minute_compose(struct store *s, const struct hash *subject, enum minute_rendering r, enum minute_state state,
                        struct sheet *out);

/* The numbers of the entries that belong to a meeting or a report and count, ascending: what names it, or names what
 * does. Whether the reader may see them is not asked. The caller releases them in any case. */
struct minute_entries {
  uint64_t *numbers;
  size_t count;
};
enum err minute_collect(struct store *s, const struct hash *subject, struct minute_entries *out);
void minute_entries_release(struct minute_entries *e);

/* The rows of the table, for the test that holds them against the kinds: false past the end. */
struct minute_row {
  const char *kind, *field;
  bool is_of_author; /* who wrote it, in place of a field */
  bool is_in[MINUTE_RENDERINGS];
};
bool minute_row_at(size_t i, struct minute_row *out);

#endif
