/* The domain as data: kinds of entries, their fields, who may write them, the rules, and the functions that walk these
 * tables. The tables stand in core/domain/, one file for each area, and hold no logic; fields and places are those
 * of core/FORMAT.md section 8. */
#ifndef CAIRN_CORE_KIND_H
#define CAIRN_CORE_KIND_H

#include "core/entry.h"
#include "core/json.h"

/* role, its word, in plain words */
#define ROLE_TABLE(X)                                                                                                  \
  X(ROLE_NODE, "node", "the node itself")                                                                              \
  X(ROLE_SELF, "self", "the person whom it is about")                                                                  \
  X(ROLE_SECOND, "second-person", "another person who may record what is held for a second one")                       \
  X(ROLE_PRACTITIONER, "practitioner", "works with the child")                                                         \
  X(ROLE_CHAIR, "chair", "chairs planning meetings")                                                                   \
  X(ROLE_MINUTE_TAKER, "minute-taker", "takes the minute of planning meetings")                                        \
  X(ROLE_LEAD_PROFESSIONAL, "lead-professional", "lead professional for a child")                                      \
  X(ROLE_OFFICER, "officer", "enrols the agency's people and machines")                                                \
  X(ROLE_DESIGNATED_LEAD, "designated-lead", "holds the agency's role key")                                            \
  X(ROLE_KEEPER, "keeper", "Keeper of the Register")                                                                   \
  X(ROLE_BUSINESS_SUPPORT, "business-support", "updates the register for its keeper")                                  \
  X(ROLE_ADMINISTRATOR, "administrator", "runs the node")                                                              \
  X(ROLE_AUDITOR, "auditor", "checks the ledger")

enum role {
#define X(code, word, words) code,
  ROLE_TABLE(X)
#undef X
      ROLE_COUNT
};

const char *role_word(enum role r);
const char *role_words(enum role r);

/* Who may give a role, and take it away. The node may give any, which is how the first people get theirs. */
struct role_grant {
  enum role role, giver;
  bool is_own_agency; /* only to people of the giver's own agency */
};
extern const struct role_grant role_grants[]; /* core/domain/roles.c; ends where giver is ROLE_NODE */
bool role_may_be_given(struct bytes role, unsigned giver_roles, bool is_own_agency);

/* An act that waits for a second person: how many entries it may have, and how much of one's content (in base64) is
 * shown to whoever decides. */
#define SECOND_ENTRIES_MAX 32
#define SECOND_SAID_MAX 16384

#define AGENCY_TYPES "social-work|health|police|education|housing|third-sector|reporter|armed-forces|other"
#define ROLES                                                                                                          \
  "practitioner|chair|minute-taker|lead-professional|officer|designated-lead|keeper|business-support|administrator|"   \
  "auditor"

enum field_type {
  FIELD_TEXT,
  FIELD_CODE,
  FIELD_TOKEN,
  FIELD_DATE,
  FIELD_TIME,
  FIELD_ENTRY,
  FIELD_WHOLE,
  FIELD_KEY,
  FIELD_CERT,
};

enum field_place { IN_CONTENT, IN_FACT, IN_REF, IN_CHILD, IN_KEY, IN_CERT };

struct field {
  const char *name; /* NULL ends a list of fields */
  enum field_type type;
  enum field_place place;
  const char *of;    /* FIELD_CODE: the codes, joined by |. FIELD_ENTRY: the kinds it may be, joined by |; NULL: any */
  uint32_t size_max; /* FIELD_TEXT: bytes */
  uint16_t count_min, count_max;
  const char *help;
  bool shares_child; /* FIELD_ENTRY: the entry that is named concerns each child that this one concerns */
};

/* Someone who may write a kind: anyone with this role, in an agency of this type (NULL: any), perhaps only about people
 * and machines of their own agency. */
struct writer {
  enum role role;
  const char *agency;
  bool is_own_agency;
};

#define KIND_PROJECTIONS_MAX 3

struct kind {
  const char *name; /* NULL ends a list of kinds */
  const char *help; /* one line: what is recorded */
  enum audience audience;
  const struct writer *writers; /* writer_count of them */
  size_t writer_count;
  const struct field *fields;
  const char *object; /* the field (a ref or a child) that names its object; NULL: it begins an object of its own */
  const char *views;  /* for a kind that begins an object: the view tables with the object's rows, joined by spaces */
  /* How it enters the views: SQL with the parameters :id :object :entry_number :at :by :admitted, and one for each
   * field, named as the field with _ for -; a field that may occur more than once is a JSON array. :commitment is the
   * `content` line, :recipients the `to` lines in digits, a JSON array. For `cert` also
   * :cert_key :cert_use :cert_from :cert_until; for a key or certificate :NAME_id, its hash. */
  const char *project[KIND_PROJECTIONS_MAX];
  const char *line;     /* the fields, joined by spaces, that a line in a list shows; or NULL */
  const char *searched; /* the fields, joined by spaces, with names by which its object is found (core/enquiry.h) */
  const char *media;    /* its content is not JSON but a document of one of these media types, joined by |; or NULL */
  const char *file; /* it comes with a file, in an entry of this kind about the same children that names it; or NULL */
  /* The fields, joined by spaces, that are those of its child as they are now, where whoever types it leaves them out;
   * or NULL. */
  const char *as_child;
  bool is_grant;  /* it gives a role, or takes one: role_grants says who may */
  bool is_change; /* it says anew what its object is: `base` lines name the versions that its author had seen */
  /* Of a kind that is no change: the field of its object that it says anew all the same, or NULL. */
  const char *says_anew;
  /* Its object field names an entry, of whatever object, whose audience, recipients and children it has. */
  bool is_about_entry;
  bool is_void;    /* and that entry counts no more */
  bool is_erasure; /* and that entry's content is to go, everywhere */
  /* Its header alone says what others depend on, and nobody can erase it: it counts without its content, too, which can
   * be lost with a node (core/recovery.h). So does all of the directory that has no settings. */
  bool stands_alone;
  bool is_for_keeper; /* whoever is Keeper of the Register receives it, also if they were not when it was written */
  bool moves_scope;   /* who may see what was recorded before may change with it */
  bool keeps_out;     /* it keeps somebody out of a case */
  /* Every replica that receives it checks who wrote it, as it does of all kinds of the audience directory. */
  bool is_witnessed;
  /* The words of its command; NULL: those of its name (`child add`); "": it has none made from this table. */
  const char *command;
  const char *operand; /* the field that is typed without its name, or NULL */
};

/* HARD refuses; REASON is admitted with a recorded reason; DEADLINE and CHECKLIST are shown until they are met,
 * confirmed or explained. Of the rules of the catalogue, a profile may say otherwise (settings hard, reason, remind,
 * off); not of the record's own (K) and those of identity (A). */
#define RULE_CLASS_TABLE(X)                                                                                            \
  X(RULE_HARD, "refuses")                                                                                              \
  X(RULE_REASON, "needs a reason")                                                                                     \
  X(RULE_DEADLINE, "deadline")                                                                                         \
  X(RULE_CHECKLIST, "checklist")                                                                                       \
  X(RULE_OFF, "does not apply")

enum rule_class {
#define X(code, words) code,
  RULE_CLASS_TABLE(X)
#undef X
};

/* What a rule is asked about: an act as a whole, or one planning meeting with all that is recorded about it. */
enum rule_about { ABOUT_ACT, ABOUT_MEETING };

struct rule {
  const char *number; /* of the catalogue; NULL ends a list of rules */
  enum rule_class class;
  enum rule_about about;
  /* The kinds, joined by spaces, with which it is asked at the door; NULL: it is only shown. ABOUT_MEETING: the
   * meeting is the one that the entry's `meeting` names, or the entry itself. */
  const char *gates;
  const char *words; /* what is wrong when it is broken; of a CHECKLIST what is to be confirmed */
  const char *remedy;
  const char *source;
  /* SQL over the views, after an act has entered them. The first row's first column is 'broken', 'open' (not yet, and
   * it is not too late), 'unknown' where this store cannot know, or 'na' where it does not apply; no row: kept. A
   * second column says in words what of it. Parameters: :first and :last, the act's numbers (ABOUT_ACT), :meeting
   * (ABOUT_MEETING), :profile, the profile of rules (NULL: none), :now and :today; :at_door, 1 where an act is judged,
   * and what is open need not be found. NULL for a CHECKLIST that is met when it is confirmed. */
  const char *query;
  bool may_override; /* HARD: the chair may override it with a signed reason (check.override) */
  bool is_witnessed; /* asked by every replica, too, of what has a number */
  bool is_fixed;     /* of the catalogue, and no profile says otherwise: it is promised, or an auditor judges by it */
};

struct area {
  const char *name; /* NULL ends the list of areas */
  const struct kind *kinds;
  const struct rule *rules; /* may be NULL */
};

extern const struct area areas[]; /* core/domain/areas.c */

const struct kind *kind_find(struct bytes name);
/* NULL: no. */
bool kind_stands_alone(const struct kind *k);
/* The i-th kind or rule of all areas in order, or NULL past the end. */
const struct kind *kind_at(size_t i);
const struct rule *rule_at(size_t i);
/* For whoever walks through all of them: the first one after NULL, NULL after the last one. */
const struct rule *rule_after(const struct rule *before);

const struct field *kind_field(const struct kind *k, struct bytes name);
/* Is code one of the codes joined by |? */
bool field_has_code(const struct field *f, struct bytes code);
/* Is text a good value of this field, for one occurrence? ERR_FORM with words; of FIELD_ENTRY only the form is checked.
 */
enum err field_check(const struct field *f, struct bytes text);

/* Has the entry exactly the lines, and the content exactly the keys, that its kind demands? content is NULL if it could
 * not be read, or is not JSON; of an entry whose content is sealed, the lines alone are looked at then. ERR_FORM or
 * ERR_LIMIT with words that name the field. */
enum err kind_check(const struct kind *k, const struct entry *e, const struct json *content);
/* The lines alone, of an entry whose content is not here. */
enum err kind_check_header(const struct kind *k, const struct entry *e);

/* Calls each with every value of a field in the entry; keys and certificates in base64. Stops at the first that is not
 * OK. */
enum err kind_each_value(const struct field *f, const struct entry *e, const struct json *content, void *of,
                         enum err (*each)(void *of, struct bytes value));

#endif
