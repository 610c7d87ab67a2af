/* What the files of the door share: accept.c leads an act through, judge*.c say what is wrong with it, second.c whether
 * it waits for a second person. Included by them only. */
#ifndef CAIRN_CORE_ACCEPT_PARTS_H
#define CAIRN_CORE_ACCEPT_PARTS_H

#include "core/accept.h"
#include "core/directory.h"
#include "core/store_parts.h"

/* One act on its way through the door. */
struct door {
  struct store *s;
  const struct accept_act *in;
  struct entry *entries;
  struct json **contents;    /* NULL where there is none that can be read */
  const struct kind **kinds; /* NULL: unknown */
  struct act_text text;
  struct position position;
  struct author author;
  int64_t judged_s;
  struct text_time admitted;
  uint64_t first;
  bool is_for_second;           /* one person may not record it alone, and nobody has confirmed it */
  bool was_never_held;          /* ADMIT: it was looked for, and there is no act.hold about it */
  bool is_entering;             /* from here on there are rows of it */
  bool is_done;                 /* the verdict is there without the act having to enter */
  bool is_known;                /* TAKE: a part of the act is here already */
  enum store_presence *present; /* TAKE of an act that is known: of each entry */
  bool *has_rows;               /* TAKE of an act that was written here: of each entry, are its rows in the views? */
  uint16_t *places; /* of its entries by their ids (judge_reference.c): one more than the index, 0 is free */
  size_t placed;    /* so many of them have theirs */
  size_t looked_at; /* so many have been looked at for what decides who sees what */
  bool moves_scope; /* one of those does */
  struct verdict verdict;
};

/* Sets the verdict and returns ERR_REFUSED. */
enum err door_give(struct door *d, enum verdict_code code, const char *rule, const char *words, const char *remedy);
bool door_is_write(const struct door *d);
/* The number by which it is decided which of the node's keys are in force: that of the act's first entry. */
uint64_t door_number(const struct door *d);
/* Is there enough of entry i for the views, and is what was taken of the form of its kind? */
bool door_enters_views(const struct door *d, size_t i);

/* All that judge: OK, or ERR_REFUSED with the verdict set, or another error with words. */

/* judge.c */
enum err judge_kinds(struct door *d);            /* known kinds, their fields */
enum err judge_sealed(struct door *d);           /* restricted entries: their envelopes, and what they stand with */
enum err judge_profile(struct door *d);          /* written under settings that count now */
enum err judge_permission(struct door *d);       /* a valid certificate, the right roles */
enum err judge_writer(struct door *d, size_t i); /* may the author write this entry? */
enum err judge_rules(struct door *d);            /* after the act has entered the views */
/* Of what was taken: that it does not break the rules that are witnessed. As judge_taken. */
enum err judge_taken_rules(struct door *d);

/* judge_reference.c: each entry is new; what it names is there, of the right kind, about the same child. The second: of
 * entry i, that what its fields name is. */
enum err judge_references(struct door *d);
enum err judge_references_of(struct door *d, size_t i);
/* Of entry i, if it voids or erases another one that is here: may that be, and is it said before the right people? */
enum err judge_voiding(struct door *d, size_t i);

/* An entry that another one names: it stands before entry `before` of this act, or in the store. */
struct named {
  const struct entry *entry; /* NULL: there is none */
  struct header *header;     /* of one in the store: the caller frees it in any case */
};
/* For whoever sent the act, what their agency was never sent does not exist, whatever its id: hidden and absent are the
 * same. What it was sent once it may name also when it arrives late. */
enum err judge_find_named(struct door *d, size_t before, const struct hash *id, struct named *out);

/* judge_key.c */
enum err judge_handover(struct door *d);     /* new keys of the node: by whom, and endorsed by the ledger's key */
enum err judge_certificates(struct door *d); /* certificates that an entry introduces */

/* judge_taken.c. Of what was taken: that its authors may write the entries that are witnessed (core/kind.h), by the
 * ledger as it stood before the act. ERR_KEY with the number and what was tried. */
enum err judge_taken(struct door *d);
/* Of what was taken and must not be there: e, with words that say which entry, so that nothing of the answer is taken.
 */
enum err judge_name_violation(struct door *d, size_t i, enum err e, const char *what);

/* second.c: whether the act needs a second person, before it enters the views; and then, when nothing else is wrong
 * with it, holds it. Of what was taken: was entry i confirmed, if it needs a second person? */
enum err judge_second(struct door *d);
enum err hold_for_second(struct door *d);
enum err judge_taken_second(struct door *d, size_t i);

#endif
