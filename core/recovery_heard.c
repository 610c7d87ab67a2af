/* Who has shown how far the ledger goes: a checkpoint that nobody has shown yet may be larger than all that were. And
 * whom the administrator does without. */
#include <inttypes.h>
#include <string.h>

#include "core/recovery_parts.h"

enum { MACHINES, MIRROR, SOURCES, FIND, WITHOUT, LARGEST };

#define IS_WITHOUT(key) "EXISTS(SELECT 1 FROM meta WHERE name = '" RECOVERY_WITHOUT "' || lower(hex(" key ")))"

static const char *const sql[] = {
    [MACHINES] = "SELECT r.object, r.name, a.name, EXISTS(SELECT 1 FROM certificate c JOIN recover_machine m "
                 "ON m.source = c.key WHERE c.subject = r.object), EXISTS(SELECT 1 FROM certificate c WHERE "
                 "c.subject = r.object AND " IS_WITHOUT(
                     "c.key") ") FROM replica r JOIN agency a ON a.object = r.agency "
                              "WHERE r.number < ?1 AND EXISTS(SELECT 1 FROM certificate c WHERE c.subject = r.object) "
                              "AND NOT EXISTS(SELECT 1 FROM revocation v WHERE v.target IN (r.object, a.object)) ORDER "
                              "BY r.number",
    [SOURCES] = "SELECT s.source, (SELECT r.name FROM certificate c JOIN replica r ON r.object = c.subject "
                "WHERE c.key = s.source LIMIT 1), count(*), sum(EXISTS(SELECT 1 FROM recover_said o "
                "WHERE o.number = s.number AND o.hash <> s.hash)) FROM recover_said s GROUP BY s.source "
                "ORDER BY 4 DESC, s.source",
    [FIND] = "WITH known(source) AS (SELECT source FROM recover_machine UNION SELECT source FROM recover_said "
             "UNION SELECT c.key FROM certificate c JOIN replica r ON r.object = c.subject) "
             "SELECT source FROM known WHERE (length(?1) >= 8 AND lower(hex(source)) GLOB ?1 || '*') "
             "OR source IN (SELECT c.key FROM certificate c JOIN replica r ON r.object = c.subject "
             "WHERE r.name = ?1) LIMIT 2",
    [WITHOUT] = "SELECT substr(name, 9), value FROM meta WHERE name GLOB '" RECOVERY_WITHOUT "*' ORDER BY name",
    [MIRROR] = "SELECT 1 FROM recover_machine WHERE source = zeroblob(32)",
    [LARGEST] = "SELECT source, size FROM recover_machine WHERE size > ?1 AND NOT " IS_WITHOUT(
        "source") " ORDER BY size DESC LIMIT 1",
};

const char *const *recovery_heard_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err recovery_each_machine(struct store *s, void *of,
                               enum err (*each)(void *of, const struct recovery_machine *m)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[MACHINES]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  while (e == OK && query_row(&q)) {
    struct recovery_machine m = {hash_from(query_get(&q, 0)), query_get(&q, 1), query_get(&q, 2),
                                 query_get_int(&q, 3) != 0, query_get_int(&q, 4) != 0};
    e = each(of, &m);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

bool recovery_has_mirror(struct store *s) {
  struct query q;
  query_start(&q, s->db, sql[MIRROR]);
  bool has = query_row(&q);
  return query_end(&q) == OK && has;
}

enum err recovery_each_source(struct store *s, void *of, enum err (*each)(void *of, const struct recovery_source *x)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[SOURCES]);
  while (e == OK && query_row(&q)) {
    struct recovery_source x = {hash_from(query_get(&q, 0)), query_get(&q, 1), (uint64_t)query_get_int(&q, 2),
                                (uint64_t)query_get_int(&q, 3)};
    e = each(of, &x);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* ---- whom the administrator does without ---- */

enum err recovery_find_source(struct store *s, struct bytes typed, struct hash *out) {
  struct query q;
  struct hash found = {{0}};
  int count = 0;
  query_start(&q, s->db, sql[FIND]);
  query_text(&q, 1, typed);
  for (; query_row(&q); count++)
    found = hash_from(query_get(&q, 0));
  enum err e = query_end(&q);
  if (e == OK && count != 1)
    e = err_set_remedy(count ? ERR_AMBIGUOUS : ERR_ABSENT,
                       "cairnd rebuild --status lists who has offered something; name it with its digits",
                       count ? "\"%.*s\" fits more than one machine" : "nobody who takes part or offered is \"%.*s\"",
                       (int)(typed.len < 80 ? typed.len : 80), (const char *)typed.at);
  if (e == OK)
    *out = found;
  return e;
}

static const char *without_name(struct buf *b, const struct hash *source) {
  buf_addf(b, RECOVERY_WITHOUT "%s", hash_hex(source).s);
  return buf_cstr(b);
}

enum err recovery_do_without(struct store *s, const struct hash *source, struct bytes reason) {
  struct buf name = {0};
  enum err e = recovery_is_on(s) ? OK : err_set(ERR_REFUSED, "the node is not being rebuilt");
  if (e == OK)
    e = store_meta_set(s, without_name(&name, source), reason);
  if (e == OK)
    e = recovery_forget_offers(s, source);
  buf_release(&name);
  return e;
}

bool recovery_is_without(struct store *s, const struct hash *source) {
  struct buf name = {0}, reason = {0};
  bool is = store_meta(s, without_name(&name, source), &reason) == OK;
  buf_release(&name);
  buf_release(&reason);
  return is;
}

enum err recovery_each_without(struct store *s, void *of,
                               enum err (*each)(void *of, struct bytes source, struct bytes reason)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[WITHOUT]);
  while (e == OK && query_row(&q))
    e = each(of, query_get(&q, 0), query_get(&q, 1));
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* ---- may it end? ---- */

enum err recovery_check_reached(struct store *s) {
  struct query q;
  struct hash source = {{0}};
  uint64_t size = 0;
  query_start(&q, s->db, sql[LARGEST]);
  query_int(&q, 1, (int64_t)store_size(s));
  if (query_row(&q)) {
    source = hash_from(query_get(&q, 0));
    size = (uint64_t)query_get_int(&q, 1);
  }
  enum err e = query_end(&q);
  return e == OK && size ? err_set_remedy(ERR_REFUSED,
                                          "let it sync again, or name the mirror or file again: what it shows counts "
                                          "with the keys that the node has now; or do without it: --without",
                                          "%.8s has shown a ledger of %" PRIu64
                                          " entries, by a key of before the one that the node had then",
                                          hash_hex(&source).s, size)
                         : e;
}

#define NAMED_MAX 5 /* in an error's words; all of them are in the status */

struct counting {
  struct recovery_heard heard;
  struct buf names;
};

static enum err count_machine(void *of, const struct recovery_machine *m) {
  struct counting *c = of;
  if (m->is_without)
    return OK;
  c->heard.machines++;
  c->heard.heard += m->is_heard;
  uint64_t missing = c->heard.machines - c->heard.heard;
  if (!m->is_heard && missing <= NAMED_MAX)
    buf_addf(&c->names, "%s\"%.*s\" of \"%.*s\"", missing > 1 ? ", " : "", (int)(m->name.len < 40 ? m->name.len : 40),
             (const char *)m->name.at, (int)(m->agency.len < 40 ? m->agency.len : 40), (const char *)m->agency.at);
  return OK;
}

enum err recovery_count_heard(struct store *s, struct recovery_heard *out) {
  struct counting c = {0};
  enum err e = recovery_each_machine(s, &c, count_machine);
  if (e == OK)
    *out = c.heard;
  buf_release(&c.names);
  return e;
}

enum err recovery_check_heard(struct store *s) {
  struct counting c = {0};
  enum err e = recovery_each_machine(s, &c, count_machine);
  uint64_t missing = c.heard.machines - c.heard.heard;
  if (e == OK && missing)
    e = err_set_remedy(
        ERR_REFUSED,
        "let them sync, or bring what they write with cairn offer: what they hold may go further; only if "
        "they are gone for good: --without-the-rest",
        "heard: %llu of %llu machines; not heard: %s%s", (unsigned long long)c.heard.heard,
        (unsigned long long)c.heard.machines, buf_cstr(&c.names), missing > NAMED_MAX ? " and more" : "");
  buf_release(&c.names);
  return e;
}
