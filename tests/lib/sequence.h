/* A node, and replicas of two agencies, to which bytes tell what they do one after the other: record, ask, answer,
 * take, lose, repeat, exchange under another's name, alter a byte, close and open again. Whatever they were, at the end
 * all can sync, nothing that was recorded is missing in the ledger, and views that are made again are those that were
 * kept. What does not hold ends the program with words. */
#ifndef CAIRN_TESTS_LIB_SEQUENCE_H
#define CAIRN_TESTS_LIB_SEQUENCE_H

#include "core/bytes.h"

/* Steps of three bytes: what, who or which, and how; those that come after the 64th, or cut short, are not done. */
void sequence_play(struct bytes steps);

#endif
