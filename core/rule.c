#include "core/rule.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store_parts.h"

enum { CLASS, ANSWER, ANSWER_IN_ACT };

static const char *const sql[] = {
    [CLASS] = "SELECT t.name FROM setting t, json_each(t.value) v WHERE t.object = ?1 "
              "AND t.name IN ('hard', 'reason', 'remind', 'off') AND v.value = ?2",
    /* The newest answer counts. */
    [ANSWER] = "SELECT answer, object FROM answer WHERE meeting = ?1 AND rule = ?2 ORDER BY number DESC LIMIT 1",
    [ANSWER_IN_ACT] = "SELECT answer, object FROM answer WHERE rule = ?3 AND number BETWEEN ?1 AND ?2 "
                      "ORDER BY number DESC LIMIT 1",
};

const char *const *rule_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static const char *const state_words[] = {
#define X(code, words) words,
    RULE_STATE_TABLE(X)
#undef X
};

static const char *const class_words[] = {
#define X(code, words) words,
    RULE_CLASS_TABLE(X)
#undef X
};

const char *rule_state_words(enum rule_state s) {
  return state_words[s];
}

const char *rule_class_words(enum rule_class c) {
  return class_words[c];
}

const struct rule *rule_find(struct bytes number) {
  const struct rule *r;
  for (size_t i = 0; (r = rule_at(i)); i++)
    if (bytes_equal_str(number, r->number))
      return r;
  return NULL;
}

/* Rules of the record's own order (K) and of identity (A) are no matter of practice. */
static bool is_for_profiles(const struct rule *r) {
  return r->number[0] != 'K' && r->number[0] != 'A' && !r->is_fixed;
}

/* The profile may make a rule of the catalogue stricter or milder than the table says. */
static enum err find_class(struct store *s, const struct rule *r, const struct hash *profile, enum rule_class *out) {
  static const struct {
    const char *setting;
    enum rule_class class;
  } classes[] = {{"hard", RULE_HARD}, {"reason", RULE_REASON}, {"remind", RULE_CHECKLIST}, {"off", RULE_OFF}};
  struct query q;
  *out = r->class;
  if (hash_is_zero(profile) || !is_for_profiles(r))
    return OK;
  query_start(&q, s->db, sql[CLASS]);
  query_blob(&q, 1, hash_bytes(profile));
  query_text(&q, 2, bytes_str(r->number));
  if (query_row(&q))
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
      if (bytes_equal_str(query_get(&q, 0), classes[i].setting))
        *out = classes[i].class;
  return query_end(&q);
}

static void bind(struct query *q, int i, const struct rule_asked *a, const struct text_time *now) {
  const char *name = query_param_name(q, i);
  if (strcmp(name, "first") == 0)
    query_int(q, i, (int64_t)a->first);
  else if (strcmp(name, "last") == 0)
    query_int(q, i, (int64_t)a->last);
  else if (strcmp(name, "meeting") == 0)
    query_blob(q, i, hash_bytes(a->meeting));
  else if (strcmp(name, "at_door") == 0)
    query_int(q, i, a->is_at_door);
  else if (strcmp(name, "now") == 0)
    query_text(q, i, bytes_of(now->s, TEXT_TIME_SIZE));
  else if (strcmp(name, "today") == 0)
    query_text(q, i, bytes_of(now->s, TEXT_DATE_SIZE));
  else {
    assert(strcmp(name, "profile") == 0);
    if (hash_is_zero(&a->profile))
      query_null(q, i);
    else
      query_blob(q, i, hash_bytes(&a->profile));
  }
}

static enum rule_state state_of(struct bytes word) {
  if (bytes_equal_str(word, "broken"))
    return RULE_BROKEN;
  if (bytes_equal_str(word, "open"))
    return RULE_OPEN;
  if (bytes_equal_str(word, "na"))
    return RULE_NOT_APPLICABLE;
  assert(bytes_equal_str(word, "unknown"));
  return RULE_UNKNOWN;
}

/* As much of the words as there is room for, without a part of a character at the end. */
static void keep_detail(struct rule_result *out, struct bytes words) {
  size_t n = words.len < sizeof out->detail ? words.len : sizeof out->detail - 1;
  while (n > 0 && n < words.len && (words.at[n] & 0xc0) == 0x80)
    n--;
  snprintf(out->detail, sizeof out->detail, "%.*s", (int)n, (const char *)words.at);
}

static enum err ask_query(struct store *s, const struct rule *r, const struct rule_asked *a, struct rule_result *out) {
  struct query q;
  struct text_time now = text_time_format(a->now_s);
  out->state = RULE_MET;
  query_start(&q, s->db, r->query);
  for (int i = 1; i <= query_param_count(&q); i++)
    bind(&q, i, a, &now);
  if (query_row(&q)) {
    out->state = state_of(query_get(&q, 0));
    if (query_column_count(&q) > 1)
      keep_detail(out, query_get(&q, 1));
  }
  return query_end(&q);
}

/* What is not kept may have been confirmed, explained or overridden. */
static void weigh(struct rule_result *out, const struct rule *r, struct bytes answer) {
  if (bytes_equal_str(answer, "overridden")) {
    if (out->class == RULE_REASON || (out->class == RULE_HARD && r->may_override))
      out->state = RULE_OVERRIDDEN;
  } else if (out->class == RULE_HARD) {
    return;
  } else if (bytes_equal_str(answer, "explained") || bytes_equal_str(answer, "no")) {
    out->state = RULE_EXPLAINED;
  } else if (out->class == RULE_CHECKLIST) {
    out->state = bytes_equal_str(answer, "yes") ? RULE_MET : RULE_NOT_APPLICABLE;
  }
}

static enum err find_answer(struct store *s, const struct rule *r, const struct rule_asked *a,
                            struct rule_result *out) {
  struct query q;
  query_start(&q, s->db, sql[a->meeting ? ANSWER : ANSWER_IN_ACT]);
  if (a->meeting) {
    query_blob(&q, 1, hash_bytes(a->meeting));
    query_text(&q, 2, bytes_str(r->number));
  } else {
    query_int(&q, 1, (int64_t)a->first);
    query_int(&q, 2, (int64_t)a->last);
    query_text(&q, 3, bytes_str(r->number));
  }
  if (query_row(&q)) {
    out->answer = hash_from(query_get(&q, 1));
    weigh(out, r, query_get(&q, 0));
  }
  return query_end(&q);
}

enum err rule_ask(struct store *s, const struct rule *r, const struct rule_asked *asked, struct rule_result *out) {
  struct rule_result result = {.state = RULE_OPEN};
  enum err e = find_class(s, r, &asked->profile, &result.class);
  if (e == OK && result.class == RULE_OFF)
    result.state = RULE_NOT_APPLICABLE;
  else if (e == OK && r->query)
    e = ask_query(s, r, asked, &result);
  if (e == OK && (result.state == RULE_BROKEN || result.state == RULE_OPEN))
    e = find_answer(s, r, asked, &result);
  if (e == OK)
    *out = result;
  return e;
}

static bool may_refuse(enum rule_class c) {
  return c == RULE_HARD || c == RULE_REASON;
}

enum err rule_ask_refusal(struct store *s, const struct rule *r, const struct rule_asked *asked,
                          struct rule_result *out, bool *refuses_out) {
  struct rule_asked at_door = *asked;
  at_door.is_at_door = true;
  *out = (struct rule_result){.state = RULE_MET};
  *refuses_out = false;
  enum err e = find_class(s, r, &asked->profile, &out->class);
  if (e != OK || !may_refuse(out->class) || r->query == NULL)
    return e;
  e = ask_query(s, r, &at_door, out);
  if (e == OK && out->state == RULE_BROKEN)
    e = find_answer(s, r, &at_door, out);
  *refuses_out = e == OK && rule_refuses(out);
  return e;
}

/* ---- which rules have which gates ---- */

#define GATES 256 /* a power of two, more than there are kinds */

struct gate {
  const struct kind *kind; /* NULL: the place is free */
  const struct rule **rules;
};

struct gates {
  struct gate at[GATES];
};

static const struct rule **list_gated_by(const struct kind *k) {
  const struct rule *r;
  size_t count = 0;
  for (r = rule_after(NULL); r; r = rule_after(r))
    count += r->gates != NULL;
  const struct rule **rules = mem_alloc_array(count + 1, sizeof *rules);
  count = 0;
  for (r = rule_after(NULL); r; r = rule_after(r))
    if (r->gates && text_list_has(r->gates, ' ', bytes_str(k->name)))
      rules[count++] = r;
  return rules;
}

const struct rule *const *rule_gated_by(struct store *s, const struct kind *k) {
  if (s->gates == NULL)
    s->gates = mem_alloc(sizeof *s->gates);
  size_t i = (uintptr_t)k / sizeof *k % GATES;
  while (s->gates->at[i].kind && s->gates->at[i].kind != k)
    i = (i + 1) % GATES;
  struct gate *g = &s->gates->at[i];
  if (g->kind == NULL)
    *g = (struct gate){k, list_gated_by(k)};
  return g->rules;
}

void rule_gates_release(struct store *s) {
  for (size_t i = 0; s->gates && i < GATES; i++)
    free(s->gates->at[i].rules);
  free(s->gates);
  s->gates = NULL;
}

bool rule_refuses(const struct rule_result *r) {
  return r->state == RULE_BROKEN && may_refuse(r->class);
}
