#include "tests/lib/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/draft.h"
#include "core/profile.h"
#include "core/rule.h"
#include "core/seal.h"
#include "core/store_parts.h"

#define WORDS_MAX 128
#define DRAFTS_MAX 32

static const struct {
  const char *name, *agency, *roles;
} cast[] = {
    {"anna", "social-work", "practitioner lead-professional"},
    {"senior", "social-work", "practitioner"},
    {"chair", "social-work", "chair"},
    {"other-chair", "social-work", "chair"},
    {"minute", "social-work", "minute-taker:2026-01-15 business-support"},
    {"keeper", "social-work", "keeper officer"},
    {"admin", "other", "administrator officer"},
    {"hugh", "health", "practitioner"},
    {"nurse-chair", "health", "chair"},
    {"pete", "police", "practitioner"},
    {"edie", "education", "practitioner"},
    {"tess", "third-sector", "practitioner"},
    {"hope", "housing", "practitioner"},
    {"ruth", "reporter", "practitioner chair"},
    {"lead", "social-work", "designated-lead"},
    {"health-lead", "health", "designated-lead"},
    {"health-officer", "health", "practitioner officer"},
};
#define CAST_SIZE (sizeof cast / sizeof *cast)

static const char *const agency_types[] = {"social-work", "health",       "police",   "education",
                                           "housing",     "third-sector", "reporter", "other"};
#define AGENCY_COUNT (sizeof agency_types / sizeof *agency_types)

/* Of agencies and of the keeper; a story introduces them by these names. */
static const char *const key_names[STORY_KEYS] = {"agency-role", "new-role", "health-role", "escrow", "new-escrow"};

static struct hash agency_of(const struct story *s, const char *type) {
  for (size_t i = 0; i < AGENCY_COUNT; i++)
    if (strcmp(agency_types[i], type) == 0)
      return s->agencies[i];
  return (struct hash){{0}};
}

void story_open(struct story *s, uint64_t seed) {
  memset(s, 0, sizeof *s);
  world_open(&s->world, seed);
  for (size_t i = 0; i < AGENCY_COUNT; i++)
    s->agencies[i] = world_agency(&s->world, agency_types[i], agency_types[i]);
  for (size_t i = 0; i < CAST_SIZE; i++) {
    struct hash agency = agency_of(s, cast[i].agency);
    world_join(&s->world, &agency, cast[i].name, cast[i].roles);
  }
  for (size_t i = 0; i < STORY_KEYS; i++)
    s->keys[i] = key_new();
  s->opened_s = s->world.now_s;
}

void story_close(struct story *s) {
  for (size_t i = 0; i < STORY_KEYS; i++)
    key_free(s->keys[i]);
  world_close(&s->world);
}

static const struct world_member *find_member(const struct story *s, const char *name) {
  for (size_t i = 0; i < CAST_SIZE; i++)
    if (strcmp(cast[i].name, name) == 0)
      return &s->world.members[i];
  return NULL;
}

struct hash story_id(const struct story *s, const char *name) {
  const struct world_member *m = find_member(s, name);
  for (size_t i = s->label_count; i-- > 0;)
    if (strcmp(s->labels[i].name, name) == 0)
      return s->labels[i].id;
  return m ? m->person : agency_of(s, name);
}

/* ---- a line ---- */

struct line {
  char *words[WORDS_MAX]; /* quotes taken off; each in memory of its own */
  size_t count;
};

static void add_word(struct line *l, const char *from, const char *to) {
  char *word = calloc(1, (size_t)(to - from) + 1), *out = word;
  for (const char *c = from; c < to; c++)
    if (*c != '"')
      *out++ = *c;
  if (l->count == WORDS_MAX)
    abort();
  l->words[l->count++] = word;
}

static void split(struct line *l, const char *at, const char *end) {
  l->count = 0;
  while (at < end) {
    bool is_quoted = false;
    const char *from = at;
    for (; at < end && (is_quoted || *at != ' '); at++)
      is_quoted = is_quoted != (*at == '"');
    if (at > from)
      add_word(l, from, at);
    at++;
  }
}

static void line_release(struct line *l) {
  for (size_t i = 0; i < l->count; i++)
    free(l->words[i]);
  l->count = 0;
}

static bool fail(struct story *s, const char *what, const char *words) {
  snprintf(s->problem, sizeof s->problem, "%s: %s", what, words);
  return false;
}

/* ---- what people record ---- */

struct recording {
  struct draft drafts[DRAFTS_MAX];
  struct draft_value values[DRAFTS_MAX][WORDS_MAX];
  struct hash_hex ids[WORDS_MAX];
  struct hash to[DRAFTS_MAX][ENTRY_RECIPIENTS_MAX];
  uint8_t salts[DRAFTS_MAX][ENTRY_SALT_SIZE];
  struct buf passed[DRAFTS_MAX]; /* content of restricted entries that is passed on */
  struct buf key;                /* a public key, in base64 */
  size_t count, id_count;
};

static void recording_free(struct recording *r) {
  for (size_t i = 0; i < DRAFTS_MAX; i++)
    buf_release_secret(&r->passed[i]);
  buf_release(&r->key);
  free(r);
}

static const struct key *find_key(const struct story *s, const char *name) {
  for (size_t i = 0; i < STORY_KEYS; i++)
    if (strcmp(key_names[i], name) == 0)
      return s->keys[i];
  return NULL;
}

/* The key by which a person, an agency or the keeper is named: what is restricted is sealed to it. */
static bool add_recipient(struct story *s, struct recording *r, const char *name) {
  struct draft *d = &r->drafts[r->count - 1];
  const struct world_member *m = find_member(s, name);
  const struct key *k = find_key(s, name);
  if (m)
    k = d->kind->audience == AUDIENCE_RESTRICTED ? m->seal_key : m->key;
  if (k == NULL)
    return fail(s, "nobody and no key is called", name);
  r->to[r->count - 1][d->to_count++] = key_id(k);
  d->to = r->to[r->count - 1];
  return true;
}

/* What a restricted entry says, and its salt, as one of those who can open it has them. */
static bool pass_on(struct story *s, struct recording *r, const char *name) {
  size_t i = r->count - 1;
  struct hash id = story_id(s, name);
  struct record item = {0};
  enum err e = store_find(s->world.node.store, &id, &item);
  bool is_open = false;
  for (size_t m = 0; e == OK && !is_open && m < s->world.count; m++)
    is_open = seal_open(buf_bytes(&item.content), &item.entry, s->world.members[m].seal_key, r->salts[i],
                        &r->passed[i]) == OK;
  record_release(&item);
  r->drafts[i].file = buf_bytes(&r->passed[i]);
  r->drafts[i].passes_on = r->salts[i];
  return is_open || fail(s, "nobody can open", name);
}

static bool add_value(struct story *s, struct recording *r, char *word) {
  struct draft *d = &r->drafts[r->count - 1];
  char *equals = strchr(word, '=');
  if (equals == NULL)
    return fail(s, "not a field", word);
  *equals = '\0';
  const struct field *f = kind_field(d->kind, bytes_str(word));
  struct draft_value *v = &r->values[r->count - 1][d->count];
  *v = (struct draft_value){word, equals + 1};
  d->values = r->values[r->count - 1];
  if (strcmp(word, "file") == 0 && d->kind->media) {
    d->file = bytes_str(equals + 1);
    d->media = "text/plain";
    return true;
  }
  if (strcmp(word, "to") == 0 && f == NULL)
    return add_recipient(s, r, equals + 1);
  if (strcmp(word, "passes-on") == 0 && f == NULL)
    return pass_on(s, r, equals + 1);
  d->count++;
  if (f && f->type == FIELD_KEY && find_key(s, equals + 1)) {
    buf_clear(&r->key);
    text_base64_encode(&r->key, key_spki(find_key(s, equals + 1)));
    v->value = buf_cstr(&r->key);
  }
  if (f && f->type == FIELD_ENTRY && equals[1] != '@') {
    struct hash id = story_id(s, equals + 1);
    if (hash_is_zero(&id))
      return fail(s, "nobody and nothing is called", equals + 1);
    r->ids[r->id_count] = hash_hex(&id);
    v->value = r->ids[r->id_count++].s;
  }
  return true;
}

static bool read_recording(struct story *s, struct recording *r, const struct line *l, size_t from, size_t to) {
  bool is_kind = true;
  for (size_t i = from; i < to; i++) {
    if (strcmp(l->words[i], "+") == 0) {
      is_kind = true;
      continue;
    }
    if (!is_kind && !add_value(s, r, l->words[i]))
      return false;
    if (is_kind) {
      const struct kind *k = kind_find(bytes_str(l->words[i]));
      if (k == NULL)
        return fail(s, "there is no kind", l->words[i]);
      r->drafts[r->count++] = (struct draft){.kind = k};
      is_kind = false;
    }
  }
  return true;
}

static void add_label(struct story *s, const char *name, const struct hash *id) {
  if (s->label_count == STORY_LABELS_MAX)
    abort();
  snprintf(s->labels[s->label_count].name, sizeof s->labels->name, "%.*s", (int)strcspn(name, ","), name);
  s->labels[s->label_count++].id = *id;
}

static bool check_outcome(struct story *s, enum err e, const struct verdict *v, const char *expected) {
  char words[700];
  const char *got = e != OK ? "an error" : v->code == VERDICT_ACCEPTED ? "" : v->rule;
  if (strcmp(got, expected) == 0 || (strcmp(expected, "*") == 0 && got[0]))
    return true;
  snprintf(words, sizeof words, "\"%s\" (%s), expected \"%s\"", got, e != OK ? err_words(e) : v->words, expected);
  return fail(s, "it ended with", words);
}

static bool record(struct story *s, const struct line *l, size_t who) {
  struct recording *r = calloc(1, sizeof *r);
  char name[32];
  size_t end = l->count;
  const char *expected = "";
  struct verdict v = {0};
  snprintf(name, sizeof name, "%.*s", (int)strcspn(l->words[who], ":"), l->words[who]);
  const struct world_member *m = find_member(s, name);
  if (end > 2 && strcmp(l->words[end - 2], "=>") == 0) {
    expected = l->words[end - 1];
    end -= 2;
  }
  bool ok = m ? read_recording(s, r, l, who + 1, end) : fail(s, "there is nobody called", name);
  if (ok) {
    struct author_by by = {.key = m->key, .replica = m->replica};
    enum err e = author_write(s->world.node.store, &by, r->drafts, r->count, ACCEPT_ADMIT, s->world.now_s, &v);
    ok = check_outcome(s, e, &v, expected);
    if (ok && expected[0] && s->refused && (v.code == VERDICT_REFUSED || expected[0] == '*'))
      ok = s->refused(s, r->drafts, r->count, m, expected);
  }
  for (size_t i = 0; ok && !expected[0] && i + 1 < who; i++) {
    struct hash id;
    world_must(author_id_of(s->world.node.store, v.first + i, &id), "an entry that was accepted");
    add_label(s, l->words[i], &id);
  }
  recording_free(r);
  return ok;
}

static bool check_rule(struct story *s, const struct line *l) {
  static const char *const words[] = {"met", "open", "broken", "explained", "overridden", "na", "unknown"};
  struct hash meeting = story_id(s, l->words[1]);
  const struct rule *r = rule_find(bytes_str(l->words[2]));
  struct rule_asked asked = {.meeting = &meeting, .now_s = s->world.now_s};
  struct rule_result result;
  if (r == NULL)
    return fail(s, "there is no rule", l->words[2]);
  if (hash_is_zero(&meeting))
    return fail(s, "there is no meeting", l->words[1]);
  world_must(profile_current(s->world.node.store, &asked.profile), "the profile");
  world_must(rule_ask(s->world.node.store, r, &asked, &result), "a rule's question");
  if (l->count == 5 && strcmp(result.detail, l->words[4]) != 0)
    return fail(s, "the rule says of it", result.detail);
  return strcmp(words[result.state], l->words[3]) == 0 || fail(s, "the rule says", words[result.state]);
}

/* The settings that the line gives take the place of the profile's own. */
static void change_settings(struct draft *d, const struct line *l, struct draft_value *values) {
  size_t count = 0;
  for (size_t i = 0; i < d->count; i++) {
    bool is_given = false;
    for (size_t g = 2; g < l->count; g++)
      is_given = is_given || strncmp(l->words[g], d->values[i].name, strcspn(l->words[g], "=")) == 0;
    if (!is_given)
      values[count++] = d->values[i];
  }
  for (size_t g = 2; g < l->count; g++) {
    char *equals = strchr(l->words[g], '=');
    if (equals == NULL)
      abort();
    *equals = '\0';
    values[count++] = (struct draft_value){l->words[g], equals + 1};
  }
  d->values = values;
  d->count = count;
}

static bool adopt(struct story *s, const struct line *l) {
  const struct world_member *m = find_member(s, "admin");
  struct author_by by = {.key = m->key, .replica = m->replica};
  struct verdict v = {0};
  for (const struct profile_file *f = profile_files; f->name; f++) {
    struct draft_read draft = {0};
    if (strcmp(f->name, l->words[1]) != 0)
      continue;
    enum err e = draft_read(kind_find(bytes_str("profile.adopt")), bytes_str(f->text), &draft);
    struct draft_value *values = calloc(draft.draft.count + l->count, sizeof *values);
    struct draft changed = draft.draft;
    change_settings(&changed, l, values);
    if (e == OK)
      e = author_write(s->world.node.store, &by, &changed, 1, ACCEPT_ADMIT, s->world.now_s, &v);
    free(values);
    draft_read_release(&draft);
    return check_outcome(s, e, &v, "");
  }
  return fail(s, "there is no profile", l->words[1]);
}

static bool tell_line(struct story *s, const struct line *l) {
  const char *first = l->words[0];
  if (strcmp(first, "on") == 0 && l->count == 2)
    return text_time_parse(bytes_str(l->words[1]), &s->world.now_s) == OK || fail(s, "not a time", l->words[1]);
  if (strcmp(first, "profile") == 0 && l->count >= 2)
    return adopt(s, l);
  if (strcmp(first, "check") == 0 && (l->count == 4 || l->count == 5))
    return check_rule(s, l);
  for (size_t i = 0; i < l->count; i++)
    if (l->words[i][strlen(l->words[i]) - 1] == ':')
      return record(s, l, i);
  return fail(s, "not a line of a story", first);
}

static bool tell(struct story *s, const char *text) {
  s->problem[0] = '\0';
  for (const char *at = text; *at;) {
    struct line l = {0};
    const char *end = at + strcspn(at, "\n");
    split(&l, at, end);
    bool ok = l.count == 0 || l.words[0][0] == '#' || tell_line(s, &l);
    line_release(&l);
    if (!ok) {
      size_t used = strlen(s->problem);
      snprintf(s->problem + used, sizeof s->problem - used, "\n  %.*s", (int)(end - at), at);
      return false;
    }
    at = *end ? end + 1 : end;
  }
  return true;
}

bool story_begin(struct story *s, const char *text) {
  world_must(store_begin(s->world.node.store), "a transaction");
  return tell(s, text);
}

bool story_go_on(struct story *s, const char *text) {
  return tell(s, text);
}

void story_end(struct story *s) {
  store_rollback(s->world.node.store);
  s->label_count = 0;
  s->world.now_s = s->opened_s;
}

/* Views that are made again from the log are as those that were kept. */
static bool check_rebuilt(struct story *s) {
  struct hash kept, rebuilt;
  world_must(store_views_digest(s->world.node.store, &kept), "the views");
  world_must(store_rebuild(s->world.node.store), "a rebuild");
  world_must(store_views_digest(s->world.node.store, &rebuilt), "the views");
  return hash_equal(&kept, &rebuilt) || fail(s, "the views", "made again they are others");
}

bool story_tell(struct story *s, const char *text) {
  struct store *store = s->world.node.store;
  size_t labels = s->label_count, leaves = store->new_leaves.len;
  int64_t now_s = s->world.now_s;
  world_must(db_exec(store->db, "SAVEPOINT story"), "a savepoint");
  bool ok = tell(s, text) && (s->told == NULL || s->told(s)) && check_rebuilt(s);
  world_must(db_exec(store->db, "ROLLBACK TO story; RELEASE story"), "a rollback");
  store_forget_keys(store);
  store->new_leaves.len = leaves;
  s->label_count = labels;
  s->world.now_s = now_s;
  return ok;
}

size_t story_test(struct story *s, const struct story_set *set) {
  size_t failed = 0;
  if (!story_begin(s, set->beginning)) {
    printf("%s, the beginning: %s\n", set->area, s->problem);
    story_end(s);
    return 1;
  }
  for (const struct rule_story *r = set->stories; r->rule; r++)
    if (!story_tell(s, r->story)) {
      printf("%s, %s: %s\n", r->rule, r->what, s->problem);
      failed++;
    }
  story_end(s);
  return failed;
}

bool story_breaks(const struct rule_story *r) {
  static const struct { const char *before, *after; } shapes[] = {{"=> ", ""}, {"", " broken"}, {"", " open"}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    char shown[64];
    size_t n = (size_t)snprintf(shown, sizeof shown, "%s%s%s", shapes[i].before, r->rule, shapes[i].after);
    for (const char *at = r->story; (at = strstr(at, shown)); at += n)
      if (at[n] == '\0' || at[n] == '\n' || at[n] == ' ')
        return true;
  }
  return false;
}
