/* Writing: from fields as text to a signed act that goes through the door. The one place that composes headers, draws
 * salts and signs acts; used by people's programs and by the node for its own entries. */
#ifndef CAIRN_CORE_AUTHOR_H
#define CAIRN_CORE_AUTHOR_H

#include "core/accept.h"

struct draft_value {
  const char *name; /* a field of the kind */
  const char
      *value; /* as in core/FORMAT.md section 8; of an entry the full id, or "@2" for the second draft of the act */
};

struct draft {
  const struct kind *kind;
  const struct draft_value *values;
  size_t count;
  const struct hash *to; /* recipients, for the audiences named and restricted */
  size_t to_count;
  /* For a change: the versions that the author had seen. None: the newest one, or ERR_CONFLICT if there are several. */
  const struct hash *bases;
  size_t base_count;
  struct bytes
      file; /* of a kind whose content is a document: its bytes, and which of the kind's media types they are */
  const char *media;
  /* Of a restricted entry that passes on what another one says: that one's salt, with `file` as its content. What is
   * restricted is sealed here for the keys of `to`. */
  const uint8_t *passes_on;
};

struct author_by {
  const struct key *key;         /* signs */
  struct hash replica;           /* whose chain it goes into */
  const struct key *replica_key; /* signs the head if not NULL (the node's own acts) */
};

/* Composes, signs and passes an act of these drafts through accept_act, under the profile of rules that is in force
 * here. ERR_USAGE with words for a field that the kind does not have; ERR_CONFLICT for a change without bases to what
 * is in conflict; else accept_act's errors and verdict. In a transaction of the caller's. */
enum err author_write(struct store *s, const struct author_by *by, const struct draft *drafts, size_t count,
                      enum accept_how how, int64_t now_s, struct verdict *out);

/* The id of the entry with this number, written before; for the ids of an act that was just accepted. */
enum err author_id_of(struct store *s, uint64_t number, struct hash *out);

#endif
