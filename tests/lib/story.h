/* Stories: what people record, line by line, and what becomes of it. A story is told to the node's store of a small
 * world whose people are there already, and forgotten at its end, so that the next story begins anew. The stories of an
 * area of rules, with what all of them begin with, are a set; the sets stand in tests/lib/stories_AREA.c.
 *
 *   on 2026-12-01T10:00:00Z                      from here on it is this time
 *   profile national off=R-011                   a profile that comes with the program is adopted, with other settings
 *   c1 = anna: child.add name="Isla Reid"        anna records; c1 names the entry from here on
 *   chair: meeting.convene child=c1 … => R-011   … and is refused by this rule or check ("permission", "fields", …)
 *   … => *                                       … and is not admitted, for whatever reason
 *   d, r = chair: decision.record … + registration.add decision=@1 …     two entries in one act
 *   check m1 R-023 open                          what the rule says about the meeting (the words of core/rule.h; "na"
 *                                                for what does not apply, "unknown" for what cannot be known)
 *   check m1 R-017 open "health: no attendance"  … and of what
 *
 * Values with spaces stand in double quotes; a value of a field that names an entry is a label, a person's short name,
 * or the type of an agency. `to=` names a recipient, by the key to seal to where the entry is restricted; `to=escrow`
 * and the other keys in the table of story.c are an agency's or the keeper's, and stand for themselves where a field is
 * a key (`seal=escrow`). `passes-on=i1` gives a restricted entry what i1 says, with its salt. Lines that begin with #
 * and blank ones are skipped. The people, with their agency and roles, are the table in story.c. */
#ifndef CAIRN_TESTS_LIB_STORY_H
#define CAIRN_TESTS_LIB_STORY_H

#include "tests/lib/world.h"

#define STORY_LABELS_MAX 256
#define STORY_KEYS 5

struct story {
  struct world world;
  struct hash agencies[16];
  struct key *keys[STORY_KEYS];
  size_t label_count;
  int64_t opened_s; /* the time at which stories begin */
  struct {
    char name[32];
    struct hash id;
  } labels[STORY_LABELS_MAX];
  char problem[1024]; /* why the story did not go as told; empty: it did */
  /* Asked of each story that went as told, before it is forgotten, and of each act that was refused; false, with a
   * problem, if something is wrong. May be NULL. */
  bool (*told)(struct story *s);
  bool (*refused)(struct story *s, const struct draft *drafts, size_t count, const struct world_member *by,
                  const char *rule);
};

void story_open(struct story *s, uint64_t seed);
void story_close(struct story *s);

/* What stories begin with, until story_end forgets it. False as for story_tell. */
bool story_begin(struct story *s, const char *text);
/* Tells more of it, not forgotten before story_end. */
bool story_go_on(struct story *s, const char *text);
void story_end(struct story *s);
/* Tells a story after the beginning and forgets it. True if all went as told, and the views are those that a rebuild
 * makes; otherwise s->problem says which line did not, and how. */
bool story_tell(struct story *s, const char *text);

struct rule_story {
  const char *rule; /* the number that it is about; NULL ends a set */
  const char *what;
  const char *story;
};

struct story_set {
  const char *area;      /* NULL ends the list of sets */
  const char *beginning; /* what each of its stories begins with */
  const struct rule_story *stories;
};
extern const struct story_set story_sets[]; /* tests/lib/stories.c */

/* Begins, tells each story of the set, prints those that did not go as told, and ends. How many those were. */
size_t story_test(struct story *s, const struct story_set *set);
/* Does the story break its rule: is it refused by it, or does it show it as broken or open? */
bool story_breaks(const struct rule_story *r);

/* The id behind a label, a person's short name or an agency's type; zeros if there is none. */
struct hash story_id(const struct story *s, const char *name);

#endif
