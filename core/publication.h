/* What the node has published: the finished commits of the ledger's repository, kept before they are published, so that
 * after a crash, or when the repository is gone, the same ones are published again; and the mirrors of the repository.
 * The commits' bytes are opaque here (audit/publish.h). */
#ifndef CAIRN_CORE_PUBLICATION_H
#define CAIRN_CORE_PUBLICATION_H

#include "core/store.h"
#include "core/text.h"

/* The commit with this number, from 0, and the size of its checkpoint. In a transaction of the caller's, or of its own.
 * ERR_HAD if there is one of this number. */
enum err publication_keep(struct store *s, uint64_t number, uint64_t size, struct bytes commit);
/* ERR_ABSENT. The commit is appended. */
enum err publication_find(struct store *s, uint64_t number, uint64_t *size_out, struct buf *commit_out);

#define MIRRORS_MAX 8
#define MIRROR_URL_MAX 1024

/* state, its word, and what it says to people */
#define MIRROR_STATES(X)                                                                                               \
  X(MIRROR_NEW, "new", "not pushed to yet")                                                                            \
  X(MIRROR_SAME, "same", "has what is published")                                                                      \
  X(MIRROR_APART, "apart", "went its own way, and is left as it is")                                                   \
  X(MIRROR_UNREACHABLE, "unreachable", "could not be reached; it is tried again")

enum mirror_state {
#define X(state, word, says) state,
  MIRROR_STATES(X)
#undef X
};

struct mirror {
  char url[MIRROR_URL_MAX + 1];
  char credentials[MIRROR_URL_MAX + 1]; /* the path of a file of the administrator's, or "" */
  enum mirror_state state;
  uint64_t size;   /* of the checkpoint that was last pushed */
  int64_t at_s;    /* when it was last tried */
  char words[512]; /* what was said then, or "" */
};

const char *mirror_state_word(enum mirror_state state);
const char *mirror_state_says(enum mirror_state state);

/* ERR_HAD; ERR_LIMIT if there are as many as may be. credentials: see above. */
enum err mirror_add(struct store *s, const char *url, const char *credentials);
/* ERR_ABSENT. */
enum err mirror_remove(struct store *s, const char *url);
/* What came of the last attempt. Nothing if the mirror was removed meanwhile. */
enum err mirror_mark(struct store *s, const struct mirror *m);
/* All of them, in the order of their URLs; how many. */
enum err mirror_list(struct store *s, struct mirror out[MIRRORS_MAX], size_t *count_out);

#endif
