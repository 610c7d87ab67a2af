/* What the files audit/verify_conform*.c share: what is kept of the entries by which later ones are judged, and where
 * one is looked up (audit/FORMAT.md section 4.5). Nothing else includes this, but for their test. */
#ifndef CAIRN_AUDIT_VERIFY_CONFORM_H
#define CAIRN_AUDIT_VERIFY_CONFORM_H

#include "audit/verify_parts.h"

/* At most so many entries are followed one by one about a meeting or an item, and about anything else: what is asked
 * of them takes no longer than a signature. */
#define VCONFORM_LIST_MAX 1024
#define VCONFORM_SHORT_LIST_MAX 64
#define VCONFORM_SAME_MAX 64 /* records of one child */
#define VCONFORM_REFS_MAX 5

/* Types of agencies that the rules know, and the agencies that a writer's role is asked of. */
enum vagency_type {
  VAGENCY_NONE,
  VAGENCY_SOCIAL_WORK,
  VAGENCY_HEALTH,
  VAGENCY_POLICE,
  VAGENCY_EDUCATION,
  VAGENCY_HOUSING,
  VAGENCY_THIRD_SECTOR,
  VAGENCY_REPORTER,
  VAGENCY_ARMED_FORCES,
  VAGENCY_OTHER,
};

/* Kinds whose entries are kept, or are judged by more than their author and references. */
enum vconform_kind {
  VKIND_OTHER,
  VKIND_AGENCY,
  VKIND_PROFILE,
  VKIND_CHILD,
  VKIND_INVOLVEMENT,
  VKIND_INVOLVEMENT_END,
  VKIND_SAME,
  VKIND_DISTINCT,
  VKIND_MEETING,
  VKIND_MEETING_CHANGE,
  VKIND_CLOSE,
  VKIND_ATTENDANCE,
  VKIND_ATTENDANCE_CHANGE,
  VKIND_EXCLUSION,
  VKIND_EXCLUSION_CHANGE,
  VKIND_INVITATION,
  VKIND_DECISION,
  VKIND_ADD,
  VKIND_TEMPORARY,
  VKIND_AMEND,
  VKIND_CORRECT,
  VKIND_CONTINUE,
  VKIND_REMOVE,
  VKIND_TEMPORARY_END,
  VKIND_INDICATOR,
  VKIND_CONFIRM,
  VKIND_EXPLAIN,
  VKIND_OVERRIDE,
  VKIND_VOID,
  VKIND_ERASE,
  VKIND_REPORT,
  VKIND_APPROVE,
  VKIND_COPY_PARTICIPANTS,
  VKIND_COPY_PROFESSIONALS,
  VKIND_COPY_FAMILY,
  VKIND_ITEM,
  VKIND_PERMIT,
  VKIND_PERMIT_REASON,
  VKIND_PERMIT_END,
  VKIND_LIFT,
  VKIND_OPEN,
  VKIND_BREAK_GLASS,
  VKIND_REVIEW,
  VKIND_FAULT,
  VKIND_COUNT
};
#define VKIND(k) (1ull << VKIND_##k)

/* A reference that a kind has, and to what. */
enum vref_to { VREF_PERSON = 1, VREF_AGENCY };
struct vref {
  const char *name; /* NULL ends the list */
  uint64_t kinds;   /* VKIND(…) | …, of which one is demanded; 0: a person or an agency of the directory */
  enum vref_to to;
  bool shares_child; /* what is named is about each child of the entry */
  bool is_needed;    /* stands exactly once; otherwise it may be absent, and stand more than once */
};

/* A kind that people, or the node, write into the record; those of section 4.2 are not here. */
struct vkind {
  const char *name;
  enum vconform_kind kind;
  enum verify_code code; /* under which a writer without the role is found; 0: D-ROLE */
  unsigned any;          /* VROLE_…, in any agency */
  unsigned social_work;  /* in social work only */
  unsigned elsewhere;    /* in health and police, too */
  bool is_nodes;         /* may be the node's */
  int child_min, child_max;
  struct vref refs[VCONFORM_REFS_MAX];
};
/* ---- verify_conform_kind.c ---- */

/* NULL: not known. The i-th, or NULL past the end. */
const struct vkind *vkind_find(struct verify_text name);
const struct vkind *vkind_at(size_t i);
/* It is one of these, or of those of section 4.2. */
bool vkind_is_known(struct verify_text name);
bool vkind_may_write(const struct vkind *k, unsigned held, enum vagency_type type, bool is_node);

/* ---- what is kept ---- */

/* A place in a map and one; 0: none. */
typedef uint32_t vplace;

/* An entry that later ones are judged by. What rests on it hangs in two lists, newest first: `newest` and `before`. */
struct vobject {
  uint8_t id[VHASH_SIZE];
  uint64_t number;
  int64_t admitted_s;
  int64_t on_s;            /* of a meeting, or a change of it: when it is to be held, or 0 */
  uint64_t voided, erased; /* the first entry that did, or 0 */
  uint8_t kind, audience;  /* enum vconform_kind; the length of its word, which tells the audiences apart */
  uint8_t child_count;
  uint8_t says[3];    /* as its kind demands: see enum vsays */
  uint16_t counts[2]; /* of the lists */
  vplace by;          /* the person who wrote it, or 0 */
  vplace child;       /* the first of those it is about */
  vplace of;          /* what it is about: its meeting, registration, item, attendance; of child.same the one child */
  vplace ground;      /* the decision; of child.same the other child */
  vplace people[2];   /* chair and minute-taker; who attended, and of which agency; the authoriser. Of
                         a profile: the next one; of an agency: its newest role key, in seals; see VCHILD_ */
  vplace newest[2], before[2];
};

/* Of a child: its meetings, in the map of what is about whom; how many are `on_s`. */
#define VCHILD_MEETINGS 0

_Static_assert(sizeof(struct vobject) <= 128, "a million of them fit 128 MiB");

/* Codes of facts: the place of the token in the list of the kind, 0 for absent or another. */
enum {
  SAYS_TYPE = 0,     /* of a meeting: 2 is review */
  SAYS_RISK = 0,     /* of a decision: 1 yes, 2 no */
  SAYS_PLAN = 1,     /* as above */
  SAYS_QUORATE = 0,  /* of a close: as above */
  SAYS_ROLE = 0,     /* of an attendance: the role */
  SAYS_ATTENDED = 1, /* 1 all, 2 part, 3 none */
  SAYS_AGENCY = 0,   /* enum vagency_type */
  SAYS_BASIS = 0,    /* of an invitation: on what ground */
  SAYS_RULE = 0,     /* of an answer to a rule: 1 is R-134 */
};

/* What an act must hold when all of it was read. */
struct vasked {
  const struct vkind *kind;
  uint64_t number;
  vplace object, target; /* the entry; what it voids or erases */
};
/* A key to seal to, and whose it is. */
enum vseal_what { VSEAL_PERSON, VSEAL_AGENCY, VSEAL_ESCROW };
struct vseal {
  uint8_t id[VHASH_SIZE];
  uint8_t entry[VHASH_SIZE]; /* that introduced it */
  uint64_t number;
  vplace owner;  /* a person's, or an agency's, place among the people */
  vplace before; /* of an agency's and the keeper's: the one before */
  uint8_t what;  /* enum vseal_what */
  uint16_t depth;
};
/* What is only looked for. */
struct vperson {
  uint8_t id[VHASH_SIZE];
};
/* By the commitment: the item, and a permit of it. */
struct vcontent {
  uint8_t id[VHASH_SIZE];
  vplace item, permit;
};
/* By object and child, or whatever else belongs to the object, together: that it does. */
struct vabout {
  uint8_t id[VHASH_SIZE];
  vplace object, before; /* of a meeting: it, and the child's meeting before, among these */
};

struct vconform_act {
  struct vasked checks[VLEAF_ACT_MAX];
  size_t count, entries;
  uint8_t profile[VHASH_SIZE]; /* of its first entry; zeros: none */
  bool is_profile_wrong;       /* that was said */
};

/* ---- verify_conform.c ---- */

struct vobject *vobject_at(const struct verify *v, vplace p);
/* 0 if there is none. */
vplace vobject_find(const struct verify *v, const uint8_t id[VHASH_SIZE]);
/* What the only reference of this name leads to; 0 if there is none. Of vpeople_ref, among the people. */
vplace vpeople_ref(struct verify *v, const struct verify_entry *e, const char *name);
vplace vobject_ref(const struct verify *v, const struct verify_entry *e, const char *name);
/* It is there, and was neither voided nor erased. */
bool vobject_counts(const struct verify *v, vplace p);
/* Hangs an object into its parent's list 0 or 1. */
void vobject_hang(struct verify *v, vplace object, vplace parent, int list);
/* That something belongs to the object: a child, or a person whom it is sealed to. NULL: beyond the limit. */
struct vabout *vabout_add(struct verify *v, const struct vobject *o, const uint8_t other[VHASH_SIZE]);
bool vabout_has(const struct verify *v, const struct vobject *o, const uint8_t other[VHASH_SIZE]);
bool vobject_has_child(const struct verify *v, const struct vobject *o, const uint8_t child[VHASH_SIZE]);
/* The person behind a place among the people, or NULL. */
const struct vrow *vpeople_row(const struct verify *v, vplace p);
vplace vpeople_place(struct verify *v, const uint8_t id[VHASH_SIZE]);
enum vagency_type vagency_type_of(const struct verify *v, const struct vrow *agency);
/* Of an agency's place among the people. */
enum vagency_type vagency_type_at(const struct verify *v, vplace p);
/* The author is this person, by whatever key. */
bool vconform_is_by(struct verify *v, const struct vauthor *a, vplace person);
/* The place of the fact's value among the words, from 1; 0: absent, twice, or another. */
uint8_t vfact_code(const struct verify_entry *e, const char *name, const char *const *words);
void vconform_tell(struct verify *v, enum vtell what, uint64_t entry);
void vconform_limit(struct verify *v, uint64_t entry, const char *what);
/* core/FORMAT.md section 1: a time as seconds; -1 if it is none. */
int64_t vtime_seconds(struct verify_text t);

/* ---- verify_conform_register.c: children, meetings, decisions, registrations ---- */

void vregister_keep(struct verify *v, const struct vleaf *leaf, vplace object);
void vregister_judge(struct verify *v, const struct vasked *c);
/* Does the person attend a meeting that is the item's, or is about one of its children, for the family or to observe?
 */
bool vregister_is_for_family(struct verify *v, vplace person, const struct vobject *item);
/* Is the person kept out of the case of one of the children, or of another record of it? */
bool vregister_is_barred(struct verify *v, const struct vrow *person, const struct vobject *o);
vplace vmeeting_chair(const struct verify *v, vplace meeting);
/* What ended it and was not voided, or NULL. */
const struct vobject *vregistration_end(const struct verify *v, const struct vobject *r);
/* The newest object of the kinds in the list that counts, or 0; and the next one. */
vplace vobject_first(const struct verify *v, vplace of, int list, uint64_t kinds);
vplace vobject_next(const struct verify *v, vplace p, int list, uint64_t kinds);

/* ---- verify_conform_record.c: what is voided, erased and approved ---- */

/* What it voids or erases counts no more, and stands in c->target. Judged by its author, unless that is NULL: false if
 * something is wrong. */
bool vrecord_read(struct verify *v, const struct vleaf *leaf, const struct vauthor *a, struct vasked *c);
void vrecord_judge(struct verify *v, const struct vasked *c);

/* ---- verify_conform_restricted.c ---- */

/* Keys to seal to are introduced by entries of the directory. */
void vrestricted_keys(struct verify *v, const struct vleaf *leaf);
void vrestricted_keep(struct verify *v, const struct vleaf *leaf, vplace object);
/* False if something is wrong: then the act's end does not ask again. */
bool vrestricted_judge(struct verify *v, const struct vleaf *leaf, const struct vauthor *a, vplace object);
/* Its provider; once they have left, their agency's designated lead, of whom it is told that the profile says more. */
bool vrestricted_may_decide(struct verify *v, const struct vauthor *a, const struct vobject *item, uint64_t number);
void vrestricted_judge_end(struct verify *v, const struct vasked *c);

#endif
