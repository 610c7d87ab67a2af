/* The stories of the rules before the auditor: what the node admitted is found in order, and what it refused is found
 * by its code where a node that lets everything in writes it into the ledger all the same (audit/FORMAT.md section
 * 4.5).
 *
 * What all stories begin with is read once. Each question goes on from there in a process of its own, so that the next
 * one begins where it did. Signatures of acts are left out: they take all the time, and authorship is not asked here. */
#ifndef CAIRN_TESTS_LIB_AUDITED_H
#define CAIRN_TESTS_LIB_AUDITED_H

#include "tests/lib/story.h"

/* From here on each story is audited: what is not as it should be is its problem. */
void audited_open(struct story *s);
void audited_close(struct story *s);

#endif
