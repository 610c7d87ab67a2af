/* What the parameters of a projection ask for: found by their names (core/kind.h) when it is first used, and kept while
 * the store is open. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store_parts.h"

#define PLANS_MAX 1024 /* a power of two, and several times as many as there are projections */
#define NAME_MAX_SIZE 64

/* Two kinds may share a statement's text, and its parameters are of other fields. */
struct view_plans {
  struct view_plan *at[PLANS_MAX];
};

static const struct {
  const char *name;
  enum view_param what;
} names[] = {
    {"id", PARAM_ID},
    {"object", PARAM_OBJECT},
    {"fields", PARAM_FIELDS},
    {"commitment", PARAM_COMMITMENT},
    {"recipients", PARAM_RECIPIENTS},
    {"entry_number", PARAM_NUMBER},
    {"by", PARAM_BY},
    {"at", PARAM_AT},
    {"admitted", PARAM_ADMITTED},
    {"cert_key", PARAM_CERT_KEY},
    {"cert_use", PARAM_CERT_USE},
    {"cert_from", PARAM_CERT_FROM},
    {"cert_until", PARAM_CERT_UNTIL},
};

/* :agency_type is the field agency-type, :ledger_id the hash of the key ledger. */
static struct view_bound find_field(const struct kind *k, const char *name) {
  char field_name[NAME_MAX_SIZE];
  snprintf(field_name, sizeof field_name, "%s", name);
  for (char *c = field_name; *c; c++)
    *c = *c == '_' ? '-' : *c;
  const struct field *f = kind_field(k, bytes_str(field_name));
  size_t len = strlen(field_name);
  if (f)
    return (struct view_bound){PARAM_FIELD, f};
  assert(len > 3 && strcmp(field_name + len - 3, "-id") == 0);
  f = kind_field(k, bytes_of(field_name, len - 3));
  assert(f != NULL && (f->place == IN_KEY || f->place == IN_CERT));
  return (struct view_bound){PARAM_FIELD_ID, f};
}

static struct view_bound find_bound(const struct kind *k, const char *name) {
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i].name) == 0)
      return (struct view_bound){names[i].what, NULL};
  return find_field(k, name);
}

static struct view_plan *make(const struct kind *k, const char *statement, const struct query *q) {
  struct view_plan *p = mem_alloc(sizeof *p);
  *p = (struct view_plan){.kind = k, .statement = statement, .count = query_param_count(q)};
  assert(p->count < VIEW_PARAMS_MAX);
  for (int i = 1; i <= p->count; i++)
    p->at[i] = find_bound(k, query_param_name(q, i));
  return p;
}

const struct view_plan *view_plan_of(struct store *s, const struct kind *k, const char *statement,
                                     const struct query *q) {
  if (s->plans == NULL)
    s->plans = mem_alloc(sizeof *s->plans);
  size_t i = ((uintptr_t)statement >> 3) * 2654435761u % PLANS_MAX;
  for (size_t tries = 0; s->plans->at[i]; tries++, i = (i + 1) % PLANS_MAX) {
    if (s->plans->at[i]->kind == k && s->plans->at[i]->statement == statement)
      return s->plans->at[i];
    assert(tries < PLANS_MAX);
  }
  return s->plans->at[i] = make(k, statement, q);
}

void view_plans_release(struct store *s) {
  for (size_t i = 0; s->plans && i < PLANS_MAX; i++)
    free(s->plans->at[i]);
  free(s->plans);
  s->plans = NULL;
}
