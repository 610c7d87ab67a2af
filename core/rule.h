/* Asking the rules of the domain's tables, at the door and for the checklist of a meeting. The one place that binds
 * their parameters and weighs what people said to them (check.confirm, check.explain, check.override). */
#ifndef CAIRN_CORE_RULE_H
#define CAIRN_CORE_RULE_H

#include "core/store.h"

#define RULE_DETAIL_MAX 256

/* state, in plain words */
#define RULE_STATE_TABLE(X)                                                                                            \
  X(RULE_MET, "met")                                                                                                   \
  X(RULE_OPEN, "open")                                                                                                 \
  X(RULE_BROKEN, "broken")                                                                                             \
  X(RULE_EXPLAINED, "explained")                                                                                       \
  X(RULE_OVERRIDDEN, "overridden")                                                                                     \
  X(RULE_NOT_APPLICABLE, "does not apply")                                                                             \
  X(RULE_UNKNOWN, "cannot be known here")

enum rule_state {
#define X(code, words) code,
  RULE_STATE_TABLE(X)
#undef X
};

const char *rule_state_words(enum rule_state s);
const char *rule_class_words(enum rule_class c);

struct rule_asked {
  uint64_t first, last;       /* ABOUT_ACT: the act's numbers */
  const struct hash *meeting; /* ABOUT_MEETING */
  struct hash profile;        /* zeros: none adopted */
  int64_t now_s;              /* the time it is judged at */
  bool is_at_door;            /* rule_ask_refusal sets it */
};

struct rule_result {
  enum rule_class class; /* under this profile */
  enum rule_state state;
  char detail[RULE_DETAIL_MAX]; /* what of it, in words; may be empty */
  struct hash answer;           /* the entry that confirms, explains or overrides; zeros: none */
};

/* What the rule says. A rule that is off under the profile is RULE_NOT_APPLICABLE. */
enum err rule_ask(struct store *s, const struct rule *r, const struct rule_asked *asked, struct rule_result *out);

/* The rules with this kind among their gates, in the order of the tables; NULL ends them. They are the store's. */
const struct rule *const *rule_gated_by(struct store *s, const struct kind *k);

/* Whether the rule refuses, asking no more than that needs: out has its class, state and detail where it does. */
enum err rule_ask_refusal(struct store *s, const struct rule *r, const struct rule_asked *asked,
                          struct rule_result *out, bool *refuses_out);

/* Does it stand in the way of an act? HARD that is broken and not overridden, REASON that is broken and not explained.
 */
bool rule_refuses(const struct rule_result *r);

const struct rule *rule_find(struct bytes number);

#endif
