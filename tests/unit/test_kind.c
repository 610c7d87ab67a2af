/* What the tables of kinds demand. For each kind an entry is made from its fields that is right, and then every way of
 * getting one field wrong is tried on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kind.h"

#define FIELDS_MAX 96
/* Made by `openssl ecparam -name prime256v1 -genkey`. */
#define P256                                                                                                           \
  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE41DZQ00Dp3LzWtATfcwLEEWvAlU0A7BcYhL5R0dwxTJFIR9BSafAYYwkCvkzPEaQnST3BsRI1jWLD4" \
  "+"                                                                                                                  \
  "tWyCn+g=="

/* What an entry of a kind says, field by field; the header and the content are made from it. */
struct said {
  const struct kind *kind;
  struct buf json[FIELDS_MAX];     /* IN_CONTENT: the value as JSON; empty: absent */
  size_t count[FIELDS_MAX];        /* elsewhere: how many values */
  const char *text[FIELDS_MAX];    /* elsewhere: the first one */
  const char *more_json;           /* behind the other members */
  void (*change)(struct entry *e); /* the last word on the header */
};

static const char *text_for(const struct field *f) {
  static char code[64];
  switch (f->type) {
  case FIELD_TEXT: return "some text";
  case FIELD_CODE: snprintf(code, sizeof code, "%.*s", (int)strcspn(f->of, "|"), f->of); return code;
  case FIELD_TOKEN: return "token.1";
  case FIELD_DATE: return "2024-02-29";
  case FIELD_TIME: return "2026-11-21T10:03:00Z";
  case FIELD_ENTRY: return "";
  case FIELD_WHOLE: return "7";
  case FIELD_KEY: return P256;
  case FIELD_CERT: return "MIIB";
  }
  return "";
}

static void say_json(struct said *s, size_t i, const char *json) {
  buf_clear(&s->json[i]);
  buf_add_str(&s->json[i], json);
}

/* The right value of a field of the content, n of them if it is a list. */
static void say_well(struct said *s, size_t i, size_t n) {
  const struct field *f = &s->kind->fields[i];
  struct buf *b = &s->json[i];
  buf_clear(b);
  buf_add_str(b, f->count_max > 1 ? "[" : "");
  for (size_t k = 0; k < n; k++) {
    static const char id[] = "1111111111111111111111111111111111111111111111111111111111111111";
    const char *text = f->type == FIELD_ENTRY ? id : text_for(f);
    buf_addf(b, f->type == FIELD_WHOLE ? "%s%s" : "%s\"%s\"", k ? "," : "", text);
  }
  buf_add_str(b, f->count_max > 1 ? "]" : "");
}

static size_t least_of(const struct field *f) {
  return f->count_min > 1 ? f->count_min : 1;
}

static void say_all(struct said *s, const struct kind *k) {
  *s = (struct said){.kind = k};
  for (size_t i = 0; k->fields[i].name; i++) {
    assert_in_range(i, 0, FIELDS_MAX - 1);
    if (k->fields[i].place == IN_CONTENT) {
      say_well(s, i, least_of(&k->fields[i]));
    } else {
      s->count[i] = least_of(&k->fields[i]);
      s->text[i] = k->fields[i].type == FIELD_CODE ? mem_copy_string(text_for(&k->fields[i])) : text_for(&k->fields[i]);
    }
  }
}

static void said_release(struct said *s) {
  for (size_t i = 0; s->kind->fields[i].name; i++) {
    buf_release(&s->json[i]);
    if (s->kind->fields[i].place != IN_CONTENT && s->kind->fields[i].type == FIELD_CODE)
      free((void *)(uintptr_t)s->text[i]);
  }
}

/* The n-th value: ids differ, texts are the same ones again. */
static void say_in_header(const struct said *s, size_t i, size_t n, struct entry *e) {
  const struct field *f = &s->kind->fields[i];
  struct hash h;
  memset(h.at, (int)(n + 1), sizeof h.at);
  switch (f->place) {
  case IN_CONTENT: break;
  case IN_FACT: e->facts[e->fact_count++] = (struct entry_pair){bytes_str(f->name), bytes_str(s->text[i])}; break;
  case IN_REF: e->refs[e->ref_count++] = (struct entry_ref){bytes_str(f->name), h}; break;
  case IN_CHILD: e->children[e->child_count++] = h; break;
  case IN_KEY: e->keys[e->key_count++] = (struct entry_pair){bytes_str(f->name), bytes_str(s->text[i])}; break;
  case IN_CERT: e->cert = bytes_str(s->text[i]); break;
  }
}

static enum err check(const struct said *s) {
  struct entry e;
  struct buf text = {0};
  struct json *content = NULL;
  entry_init(&e);
  e.kind = bytes_str(s->kind->name);
  e.audience = s->kind->audience;
  e.media = s->kind->media ? bytes_of(s->kind->media, strcspn(s->kind->media, "|")) : bytes_str("application/json");
  buf_add_str(&text, "{");
  for (size_t i = 0; s->kind->fields[i].name; i++) {
    if (s->json[i].len)
      buf_addf(&text, "%s\"%s\":%.*s", text.len > 1 ? "," : "", s->kind->fields[i].name, (int)s->json[i].len,
               (const char *)s->json[i].at);
    for (size_t n = 0; n < s->count[i]; n++)
      say_in_header(s, i, n, &e);
  }
  if (s->kind->is_change)
    e.bases[e.base_count++] = (struct hash){{1}};
  if (s->more_json)
    buf_addf(&text, "%s%s", text.len > 1 ? "," : "", s->more_json);
  buf_add_str(&text, "}");
  if (s->change)
    s->change(&e);
  enum err err = json_parse_record(buf_bytes(&text), &content);
  if (err != OK)
    fail_msg("the test's own JSON: %s: %s", buf_cstr(&text), err_words(err));
  err = kind_check(s->kind, &e, content);
  json_free(content);
  buf_release(&text);
  return err;
}

static void check_good(const struct said *s, const char *what, const char *which) {
  enum err e = check(s);
  if (e != OK)
    fail_msg("%s: %s %s: refused: %s", s->kind->name, what, which, err_words(e));
}

/* Refused, and the words name what was wrong. */
static void check_bad(const struct said *s, const char *what, const char *which) {
  enum err e = check(s);
  if (e != ERR_FORM && e != ERR_LIMIT)
    fail_msg("%s: %s %s: %s", s->kind->name, what, which, err_text(e));
  if (which[0] && strstr(err_words(e), which) == NULL)
    fail_msg("%s: %s %s: the words do not name it: %s", s->kind->name, what, which, err_words(e));
}

/* ---- each field ---- */

static void check_presence(struct said *s, size_t i) {
  const struct field *f = &s->kind->fields[i];
  struct buf kept = s->json[i];
  size_t count = s->count[i];
  s->json[i] = (struct buf){0};
  s->count[i] = 0;
  if (f->count_min > 0)
    check_bad(s, "without", f->name);
  else
    check_good(s, "without", f->name);
  s->json[i] = kept;
  s->count[i] = count;
}

static void check_header_counts(struct said *s, size_t i) {
  const struct field *f = &s->kind->fields[i];
  size_t most = f->place == IN_CHILD ? ENTRY_CHILDREN_MAX : f->place == IN_CERT ? 1 : f->place == IN_KEY ? 2 : 8;
  if (f->count_max < most) {
    s->count[i] = f->count_max + 1u;
    check_bad(s, "too many of", f->name);
  }
  s->count[i] = f->count_max < most ? f->count_max : least_of(f);
  check_good(s, "as many as may be of", f->name);
  if (f->count_min > 1) {
    s->count[i] = f->count_min - 1u;
    check_bad(s, "too few of", f->name);
  }
  s->count[i] = least_of(f);
}

/* JSON that no field of this sort may be. */
static void check_json_shapes(struct said *s, size_t i) {
  static const char *const never[] = {"null",   "\"\"",      "true", "{}",  "[]",   "[null]",
                                      "[\"\"]", "[[\"x\"]]", "[{}]", "1.0", "[1.5]"};
  const struct field *f = &s->kind->fields[i];
  struct buf kept = s->json[i];
  s->json[i] = (struct buf){0};
  for (size_t k = 0; k < sizeof never / sizeof *never; k++) {
    say_json(s, i, never[k]);
    check_bad(s, never[k], f->name);
  }
  say_json(s, i, f->type == FIELD_WHOLE ? "\"7\"" : "7");
  check_bad(s, "of the other type", f->name);
  say_json(s, i, f->type == FIELD_WHOLE ? "[\"7\"]" : "[7]");
  check_bad(s, "a list of the other type", f->name);
  buf_clear(&s->json[i]);
  buf_addf(&s->json[i], f->count_max > 1 ? "%.*s" : "[%.*s]", (int)kept.len - (f->count_max > 1 ? 2 : 0),
           (const char *)kept.at + (f->count_max > 1 ? 1 : 0));
  check_bad(s, "list or not", f->name);
  if (f->count_max > 1) {
    say_well(s, i, f->count_max);
    check_good(s, "as many as may be of", f->name);
    say_well(s, i, f->count_max + 1u);
    check_bad(s, "too many of", f->name);
  }
  buf_release(&s->json[i]);
  s->json[i] = kept;
}

static void try_json_text(struct said *s, size_t i, const char *text, bool is_good) {
  const struct field *f = &s->kind->fields[i];
  struct buf kept = s->json[i];
  s->json[i] = (struct buf){0};
  buf_addf(&s->json[i], f->count_max > 1 ? "[\"%s\"]" : "\"%s\"", text);
  if (is_good)
    check_good(s, text, f->name);
  else
    check_bad(s, text, f->name);
  buf_release(&s->json[i]);
  s->json[i] = kept;
}

static void check_text_values(struct said *s, size_t i) {
  static const char *const bad[] = {"\\u0001", "a\\rb", "a\\u001bb", "\\u007f",  "a\\u0085b",
                                    "\\u009f", "a\\bb", "a\\fb",     "\xc2\x80", "\x7f"};
  static const char *const good[] = {"a\\nb", "a\\tb", "\xc3\xa9", "\\ud83d\\ude00", "\\u00a0", "<b>&amp;</b>", " "};
  const struct field *f = &s->kind->fields[i];
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
    try_json_text(s, i, bad[k], false);
  for (size_t k = 0; k < sizeof good / sizeof *good; k++)
    try_json_text(s, i, good[k], true);
  for (size_t over = 0; over < 2; over++) {
    struct buf text = {0};
    for (size_t n = 0; n < f->size_max + over - 2; n++)
      buf_add_str(&text, "x");
    buf_add_str(&text, "\xc3\xa9"); /* counted in bytes */
    try_json_text(s, i, buf_cstr(&text), over == 0);
    buf_release(&text);
  }
}

/* Values of the other types, the same in content and header. */
static const struct {
  enum field_type type;
  const char *bad[16], *good[4];
} values[] = {
    {FIELD_CODE, {"zz", "YES", "|", "yes|no", "initial|review", "x", " yes"}, {0}},
    {FIELD_TOKEN, {" ", "a b", "-a", "a,b", "\xc3\xa9", "a\\\"b"}, {"a", "0", "a:b/c+d=e-f_g.h"}},
    {FIELD_DATE,
     {"2026-02-29", "2100-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-04-31", "1899-12-31", "10000-01-01",
      "2026-1-1", "2026-11-21T00:00:00Z", "20261121", "21.11.2026", "2026-11-2x"},
     {"1900-01-01", "9999-12-31", "2000-02-29"}},
    {FIELD_TIME,
     {"2026-11-21", "2026-11-21T10:03:00", "2026-11-21T10:03:00+00:00", "2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z",
      "2026-11-21T10:03:60Z", "2026-02-29T10:03:00Z", "2026-11-21 10:03:00Z", "2026-11-21T10:03Z",
      "2026-11-21T10:03:00.0Z"},
     {"1900-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}},
    {FIELD_WHOLE, {"-1", "9007199254740992", "07", "1e3", "0x1"}, {"0", "9007199254740991"}},
    {FIELD_KEY, {"AAAA", "MIIB", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"}, {0}},
};

static void try_value(struct said *s, size_t i, const char *value, bool is_good) {
  const struct field *f = &s->kind->fields[i];
  if (f->place == IN_CONTENT) {
    try_json_text(s, i, value, is_good);
    return;
  }
  const char *kept = s->text[i];
  s->text[i] = value;
  if (is_good)
    check_good(s, value, f->name);
  else
    check_bad(s, value, f->name);
  s->text[i] = kept;
}

static void check_values(struct said *s, size_t i) {
  const struct field *f = &s->kind->fields[i];
  for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
    if (values[v].type != f->type || (f->type == FIELD_WHOLE && f->place == IN_CONTENT))
      continue;
    for (size_t k = 0; values[v].bad[k]; k++)
      try_value(s, i, values[v].bad[k], false);
    for (size_t k = 0; k < 4 && values[v].good[k]; k++)
      try_value(s, i, values[v].good[k], true);
  }
  if (f->type == FIELD_TEXT)
    check_text_values(s, i);
}

static void every_field_of_every_kind(void **state) {
  const struct kind *k;
  (void)state;
  for (size_t n = 0; (k = kind_at(n)); n++) {
    struct said s;
    say_all(&s, k);
    check_good(&s, "all fields", "");
    for (size_t i = 0; k->fields[i].name; i++) {
      check_presence(&s, i);
      if (k->fields[i].place == IN_CONTENT)
        check_json_shapes(&s, i);
      else
        check_header_counts(&s, i);
      check_values(&s, i);
    }
    check_good(&s, "all fields again", "");
    said_release(&s);
  }
}

/* Every code of every list is good. */
static void every_code(void **state) {
  const struct kind *k;
  size_t count = 0;
  (void)state;
  for (size_t n = 0; (k = kind_at(n)); n++)
    for (const struct field *f = k->fields; f->name; f++)
      if (f->type == FIELD_CODE) {
        struct bytes rest = bytes_str(f->of), code;
        bool more = true;
        for (; more; count++) {
          more = text_split(&rest, '|', &code);
          assert_int_equal(field_check(f, more ? code : rest), OK);
          assert_true(text_is_token(more ? code : rest));
        }
        assert_int_equal(field_check(f, bytes_of("", 0)), ERR_FORM);
        assert_int_equal(field_check(f, bytes_str(f->of)), strchr(f->of, '|') ? ERR_FORM : OK);
      }
  assert_true(count > 20);
}

/* ---- what no kind has ---- */

static struct hash some_hash(void) {
  struct hash h;
  memset(h.at, 0x77, sizeof h.at);
  return h;
}

static void add_fact(struct entry *e) {
  e->facts[e->fact_count++] = (struct entry_pair){bytes_str("zz"), bytes_str("x")};
}
static void add_ref(struct entry *e) {
  e->refs[e->ref_count++] = (struct entry_ref){bytes_str("zz"), some_hash()};
}
static void add_key(struct entry *e) {
  e->keys[e->key_count++] = (struct entry_pair){bytes_str("zz"), bytes_str(P256)};
}
static void add_cert(struct entry *e) {
  e->cert = bytes_str("MIIB");
}
static void add_child(struct entry *e) {
  e->children[e->child_count++] = some_hash();
}
static void add_base(struct entry *e) {
  e->bases[e->base_count++] = some_hash();
}
static void add_profile(struct entry *e) {
  e->profile = some_hash();
}
static void other_audience(struct entry *e) {
  e->audience = e->audience == AUDIENCE_CASE ? AUDIENCE_PROFESSIONALS : AUDIENCE_CASE;
}
static void other_media(struct entry *e) {
  e->media = bytes_str("application/xml");
}
static void longer_media(struct entry *e) {
  e->media = bytes_str("application/json5");
}

static bool has_place(const struct kind *k, enum field_place place) {
  for (const struct field *f = k->fields; f->name; f++)
    if (f->place == place)
      return true;
  return false;
}

static bool has_cert(const struct kind *k) {
  return has_place(k, IN_CERT);
}
static bool has_child(const struct kind *k) {
  return has_place(k, IN_CHILD);
}
static bool is_change(const struct kind *k) {
  return k->is_change;
}
static bool is_about_entry(const struct kind *k) {
  return k->is_about_entry;
}
static bool is_under_profile(const struct kind *k) {
  return k->audience != AUDIENCE_DIRECTORY;
}
static void no_base(struct entry *e) {
  e->base_count = 0;
}

static void what_no_kind_has(void **state) {
  static const struct {
    const char *what;
    void (*change)(struct entry *e);
    bool (*unless)(const struct kind *k); /* what makes it good, or NULL */
  } changes[] = {{"a fact", add_fact, NULL},
                 {"a ref", add_ref, NULL},
                 {"a key", add_key, NULL},
                 {"a cert", add_cert, has_cert},
                 {"a child", add_child, has_child},
                 {"a base", add_base, is_change},
                 {"a profile", add_profile, is_under_profile},
                 {"another audience", other_audience, is_about_entry},
                 {"another media type", other_media, NULL},
                 {"a longer media type", longer_media, NULL}};
  static const char *const members[] = {"\"zz\":\"x\"", "\"zz\":null", "\"\":\"x\"", "\"Name\":\"x\"",
                                        "\"name \":\"x\""};
  const struct kind *k;
  (void)state;
  for (size_t n = 0; (k = kind_at(n)); n++) {
    struct said s;
    say_all(&s, k);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
      s.change = changes[i].change;
      if (changes[i].unless == NULL || !changes[i].unless(k))
        check_bad(&s, changes[i].what, "");
    }
    s.change = no_base;
    if (k->is_change)
      check_bad(&s, "no base", "base");
    s.change = NULL;
    for (size_t i = 0; k->media == NULL && i < sizeof members / sizeof *members; i++) {
      s.more_json = members[i];
      check_bad(&s, members[i], "");
    }
    /* A field in the wrong place. */
    for (const struct field *f = k->fields; f->name; f++) {
      char member[80];
      snprintf(member, sizeof member, "\"%s\":\"x\"", f->name);
      s.more_json = member;
      if (f->place != IN_CONTENT && k->media == NULL)
        check_bad(&s, "in the content", f->name);
    }
    said_release(&s);
  }
}

static void content_that_could_not_be_read(void **state) {
  const struct kind *k;
  (void)state;
  for (size_t n = 0; (k = kind_at(n)); n++) {
    struct entry e;
    entry_init(&e);
    e.audience = k->audience;
    e.media = bytes_str("application/json");
    assert_int_equal(kind_check(k, &e, NULL), ERR_FORM);
  }
}

/* ---- the tables themselves ---- */

static void check_kinds_of(const struct kind *k, const struct field *f) {
  struct bytes rest = bytes_str(f->of ? f->of : ""), one;
  while (text_split(&rest, '|', &one))
    if (kind_find(one) == NULL)
      fail_msg("%s: \"%s\" is of a kind that there is not", k->name, f->name);
  if (rest.len && kind_find(rest) == NULL)
    fail_msg("%s: \"%s\" is of a kind that there is not", k->name, f->name);
}

/* Are all of the words names of fields? */
static bool has_fields(const struct kind *k, const char *words) {
  struct bytes rest = bytes_str(words ? words : ""), one;
  for (bool more = rest.len > 0; more;) {
    more = text_split(&rest, ' ', &one);
    if (kind_field(k, more ? one : rest) == NULL)
      return false;
  }
  return true;
}

static void tables_are_sound(void **state) {
  const struct kind *k;
  const struct rule *r;
  (void)state;
  for (size_t n = 0; (k = kind_at(n)); n++) {
    size_t children = 0, certs = 0;
    if (!text_is_kind(bytes_str(k->name)) || kind_find(bytes_str(k->name)) != k)
      fail_msg("%s: not a kind, or twice in the tables", k->name);
    if (k->help == NULL || k->writer_count == 0 || k->project[0] == NULL || (k->views == NULL) == (k->object == NULL))
      fail_msg("%s: lacks something", k->name);
    for (const struct field *f = k->fields; f->name; f++) {
      if (!text_is_name(bytes_str(f->name)) || kind_field(k, bytes_str(f->name)) != f)
        fail_msg("%s: \"%s\" is not a name, or twice in the kind", k->name, f->name);
      if (f->help == NULL || f->count_max < 1 || f->count_min > f->count_max ||
          (f->type == FIELD_TEXT && f->size_max == 0) || (f->type == FIELD_TEXT && f->place != IN_CONTENT) ||
          (f->type == FIELD_CODE) != (f->of && f->type != FIELD_ENTRY))
        fail_msg("%s: \"%s\" is not sound", k->name, f->name);
      if (f->type == FIELD_ENTRY)
        check_kinds_of(k, f);
      children += f->place == IN_CHILD;
      certs += f->place == IN_CERT;
    }
    if (children > 1 || certs > 1)
      fail_msg("%s: two fields in a place without names", k->name);
    if (k->object &&
        (kind_field(k, bytes_str(k->object)) == NULL || kind_field(k, bytes_str(k->object))->count_max != 1 ||
         (kind_field(k, bytes_str(k->object))->place != IN_REF &&
          kind_field(k, bytes_str(k->object))->place != IN_CHILD)))
      fail_msg("%s: its object is neither one ref nor one child", k->name);
    if (!has_fields(k, k->line))
      fail_msg("%s: its line is no field", k->name);
  }
  for (size_t n = 0; (r = rule_at(n)); n++) {
    for (size_t other = 0; other < n; other++)
      assert_string_not_equal(rule_at(other)->number, r->number);
    if (!r->words || !r->remedy || !r->source)
      fail_msg("%s: lacks something", r->number);
  }
}

/* Whatever the views need of a content that may be lost, they have without it. */
static void check_alone(const struct kind *k, const struct field *f) {
  char param[64], excused[80];
  snprintf(param, sizeof param, ":%s", f->name);
  for (char *c = param; *c; c++)
    *c = *c == '-' ? '_' : *c;
  snprintf(excused, sizeof excused, "coalesce(%s,", param);
  for (size_t i = 0; i < KIND_PROJECTIONS_MAX && k->project[i]; i++)
    if (f->place == IN_CONTENT && f->count_min && strstr(k->project[i], param) && !strstr(k->project[i], excused))
      fail_msg("%s: \"%s\" may be lost, and its view needs it", k->name, f->name);
}

/* The directory is known by its headers: what rests on an entry of it is not refused because words of it are lost. */
static void what_stands_alone(void **state) {
  const struct kind *k;
  (void)state;
  for (size_t n = 0; (k = kind_at(n)); n++) {
    bool has_settings = strcmp(k->name, "profile.adopt") == 0;
    if (k->audience == AUDIENCE_DIRECTORY && k->stands_alone == has_settings)
      fail_msg("%s: of the directory what has no settings stands alone", k->name);
    for (const struct field *f = k->fields; k->stands_alone && f->name; f++)
      check_alone(k, f);
  }
}

static void kinds_that_are_none(void **state) {
  (void)state;
  assert_null(kind_find(bytes_str("child")));
  assert_null(kind_find(bytes_str("child.add/2")));
  assert_null(kind_find(bytes_str("child.ad")));
  assert_null(kind_find(bytes_of(NULL, 0)));
  assert_non_null(kind_find(bytes_str("child.add")));
  assert_null(kind_at(1000000));
  assert_null(rule_at(1000000));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_field_of_every_kind), cmocka_unit_test(every_code),
      cmocka_unit_test(what_no_kind_has),          cmocka_unit_test(content_that_could_not_be_read),
      cmocka_unit_test(tables_are_sound),          cmocka_unit_test(what_stands_alone),
      cmocka_unit_test(kinds_that_are_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
