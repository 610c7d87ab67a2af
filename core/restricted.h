/* Restricted information (core/domain/restricted.c, core/FORMAT.md section 12): to whom an item is sealed, opening it,
 * who holds it, and who opened it. Nothing that an item says is kept anywhere; what is opened is the caller's to wipe.
 *
 * The provider of an item is the person who recorded it. An item is sealed to them, to the role key of their agency, to
 * the keeper's escrow key, and to the people for whom it is; a permit to one more person. */
#ifndef CAIRN_CORE_RESTRICTED_H
#define CAIRN_CORE_RESTRICTED_H

#include "core/key.h"
#include "core/store.h"

/* Keys for the `to` lines of an entry. */
struct restricted_to {
  size_t count;
  struct hash keys[ENTRY_RECIPIENTS_MAX];
};

/* Nothing if it is there already; ERR_LIMIT. */
enum err restricted_add_key(struct restricted_to *to, const struct hash *key);
/* The keys that are sealed to today of a person or an agency (its newest role key). ERR_REFUSED, with what to do, if
 * one of them took another one's place and nobody here has compared it with its owner; ERR_ABSENT if there are none. */
enum err restricted_add_owner(struct store *s, const struct hash *owner, struct restricted_to *to);
/* What each item is sealed to by itself: its provider, their agency's role key, the escrow key; as far as there are
 * such keys. */
enum err restricted_add_standing(struct store *s, const struct hash *provider, const struct hash *agency,
                                 struct restricted_to *to);
/* The person's signing keys, for entries of the audience named. */
enum err restricted_add_signing(struct store *s, const struct hash *person, struct restricted_to *to);

/* The people who took part in a meeting as professionals, by what is recorded of its attendance: not who was
 * only invited, and nobody of the family, supporters or observers. */
enum err restricted_each_participant(struct store *s, const struct hash *meeting, void *of,
                                     enum err (*each)(void *of, const struct hash *person));

struct restricted_item {
  struct hash item, permit; /* permit: zeros unless it is one through which it is read */
  struct hash provider, provider_agency;
  bool is_lifted, is_withdrawn;
};
/* What an item or a permit is about. ERR_ABSENT for anything else, and for what the reader of the store may not see. */
enum err restricted_find(struct store *s, const struct hash *id, struct restricted_item *out);
/* The permit that counts by which this item goes to this person. ERR_ABSENT. */
enum err restricted_find_permit(struct store *s, const struct hash *item, const struct hash *person, struct hash *out);

/* Opens an item or a permit with a key: salt and content, appended; secret. Errors as those of seal_open; ERR_ABSENT,
 * too, if its envelope is not here any more. */
enum err restricted_open(struct store *s, const struct hash *id, const struct key *own,
                         uint8_t salt_out[ENTRY_SALT_SIZE], struct buf *content_out);

/* Who holds an item, by whose permission; as far as the reader may see it. Texts are borrowed until the call returns.
 */
struct restricted_holder {
  struct bytes who, kind; /* kind: "person", "agency" (its role key) or "escrow" */
  struct bytes agency;
  struct hash permit;       /* zeros: the provider gave it to them with the item itself */
  struct bytes by, purpose; /* of a permit: who gave it and what for */
  struct bytes since;       /* admitted; empty while it is not accepted */
  bool is_over;             /* the permit was withdrawn */
};
enum err restricted_each_holder(struct store *s, const struct hash *item, void *of,
                                enum err (*each)(void *of, const struct restricted_holder *row));

/* Openings of an item and of its permits, oldest first, and what did not open though it was sealed to somebody; NULL:
 * of all items. */
struct restricted_opening {
  uint64_t number;
  struct hash opening, item, key; /* key: with which whoever opened it signed that */
  struct bytes by, how, at, reason;
  bool needs_review;    /* it was opened for a risk of harm, and nobody has reviewed that yet */
  struct bytes outcome; /* of the review; empty: none */
};
enum err restricted_each_opening(struct store *s, const struct hash *item, void *of,
                                 enum err (*each)(void *of, const struct restricted_opening *row));

/* By which day an opening at this time is to be reviewed: within a working day, by the profile's holidays. */
struct calendar_date;
enum err restricted_review_day(struct store *s, struct bytes at, struct calendar_date *out);

#endif
