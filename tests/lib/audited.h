/* The stories of the rules before the auditor: what the node admitted is found in order, and what it refused is found
 * by its code where a node that lets everything in writes it into the ledger all the same (audit/FORMAT.md section
 * 4.5).
 *
 * What all stories begin with is read once. Each question goes on from there in a process of its own, so that the next
 * one begins where it did. Signatures of acts are left out: they take all the time, and authorship is not asked here.
 */
#ifndef CAIRN_TESTS_LIB_AUDITED_H
#define CAIRN_TESTS_LIB_AUDITED_H

#include "tests/lib/story.h"

/* First of all, before a story is opened: begins the auditor's process. */
void audited_start(void);
/* From here on each story is audited: what is not as it should be is its problem. */
void audited_open(struct story *s);
void audited_close(struct story *s);

/* What the auditor finds of all that is in the node's store with this act behind it, written by a node that asks
 * nothing: a line for each, CODE NUMBER: WORDS. profile: written under it; NULL: under the one in force. by NULL: the
 * node. */
struct audited_act {
  const struct draft *drafts;
  size_t count;
  const struct world_member *by;
  const struct hash *profile;
};
/* All leaves of the node's store, those of stories without signatures; appended. */
void audited_leaves(const struct story *s, struct buf *out);
void audited_find(struct story *s, const struct audited_act *act, char *out, size_t size);

#endif
