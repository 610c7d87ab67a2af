/* An act while it is made: kinds and fields are walked as core/domain's tables have them (make.c); which kinds, and
 * what must be true of what they refer to, is for who works towards something (work.c), or for chance (people.c). */
#ifndef CAIRN_TESTS_SIM_WRITE_H
#define CAIRN_TESTS_SIM_WRITE_H

#include "core/copy.h"
#include "core/draft.h"
#include "core/restricted.h"
#include "tests/sim/sim.h"

#define MADE_MAX 4
#define MADE_VALUES_MAX 48

/* One entry of an act. */
struct made {
  const struct kind *kind;
  struct draft_value values[MADE_VALUES_MAX]; /* owned */
  size_t count;
  struct hash children[ENTRY_CHILDREN_MAX];
  size_t child_count;
  struct restricted_to to;
  struct hash bases[ENTRY_BASES_MAX];
  size_t base_count;
  struct buf file; /* a document, or what is passed on */
  uint8_t salt[ENTRY_SALT_SIZE];
  bool passes_on;
  bool is_bare; /* what is not demanded is not drawn */
};

struct writing {
  struct sim *s;
  size_t member;
  struct world_member *who;
  struct made made[MADE_MAX];
  size_t count;
  const struct hash *object; /* that is to be changed; NULL: any */
  /* Instead of what was made: drafts that the product composed by itself. */
  struct copy_approval *approval;
  struct copy_act *copies;
  struct draft_read *read;
};

struct writing *writing_new(struct sim *s, size_t member);
/* Nothing has been made yet. */
void writing_clear(struct writing *w);
void writing_free(struct writing *w);

/* ---- make.c ---- */

/* Says a value of a field; nothing if it was said before. */
void made_say(struct made *m, const char *field, const char *value);
bool made_says(const struct made *m, const char *field);
/* What is demanded and has not been said is drawn, and some of the rest; false if there is nothing to refer to. */
bool made_complete(struct writing *w, struct made *m);
/* An entry of a kind, all of it drawn, as the next one of the act. */
bool make_one(struct writing *w, const struct kind *k);
/* The kinds, joined by |, that a field of type FIELD_ENTRY may refer to. */
const char *made_kinds_of(const struct field *f);
/* Is there any of these kinds on this machine? */
bool made_has_any(struct store *s, const char *kinds);
/* Acts with something of their own in them: a document and its file, a permit and its reason, a conflict, the approval
 * of a minute, a profile. */
bool make_document(struct writing *w);
bool make_permit(struct writing *w, const struct hash *item);
bool make_change(struct writing *w);
bool make_settlement(struct writing *w);
bool make_approval(struct writing *w, const struct hash *meeting);
bool make_profile(struct writing *w);

/* May this person write the kind, as far as roles and agencies say? */
bool may_write(const struct writing *w, const struct kind *k);
/* Recorded on the machine, with all that can happen to it meanwhile: true if its writer was told so. */
bool record_made(struct writing *w, enum accept_how how);

/* ---- work.c ---- */

/* Goes on towards what the run is about, with what is missing first, as far as one person can in one go; whoever may do
 * the next thing does it. False if nobody can. */
bool sim_work(struct sim *s, size_t member);

#endif
