/* Profiles of rules: the settings under which entries are written and judged. A profile is adopted by an entry
 * (profile.adopt); its settings are the fields of that kind, in core/domain/profile.c. */
#ifndef CAIRN_CORE_PROFILE_H
#define CAIRN_CORE_PROFILE_H

#include "core/store.h"

/* How long after a profile was superseded what was written under it is still judged by it (design: 30 days). */
#define PROFILE_GRACE_DAYS 30

/* The profiles that come with the program, core/domain/profiles/: the content of a profile.adopt. */
struct profile_file {
  const char *name; /* NULL ends the list */
  const char *text;
};
extern const struct profile_file profile_files[];

/* The profile in force for what is written here: the one adopted last, pending ones included. Zeros if there is none.
 */
enum err profile_current(struct store *s, struct hash *out);

/* May an entry that names this profile (zeros: none) be judged now? If so *is_current_out; false if another one had
 * superseded it for longer than the grace. ERR_ABSENT if it is not a profile that was adopted. */
enum err profile_is_current(struct store *s, const struct hash *profile, int64_t now_s, bool *is_current_out);

/* A setting's value as text, appended; a list as a JSON array. ERR_ABSENT. */
enum err profile_setting(struct store *s, const struct hash *profile, const char *name, struct buf *out);

#endif
