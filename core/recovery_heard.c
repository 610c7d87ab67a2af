/* Who has shown how far the ledger goes: a checkpoint that nobody has shown yet may be larger than all that were. */
#include <string.h>

#include "core/recovery.h"
#include "core/store_parts.h"

enum { MACHINES, MIRROR };

static const char *const sql[] = {
    [MACHINES] = "SELECT r.object, r.name, a.name, EXISTS(SELECT 1 FROM certificate c JOIN recover_machine m "
                 "ON m.source = c.key WHERE c.subject = r.object) FROM replica r JOIN agency a ON a.object = r.agency "
                 "WHERE r.number < ?1 AND EXISTS(SELECT 1 FROM certificate c WHERE c.subject = r.object) "
                 "AND NOT EXISTS(SELECT 1 FROM revocation v WHERE v.target IN (r.object, a.object)) ORDER BY r.number",
    [MIRROR] = "SELECT 1 FROM recover_machine WHERE source = zeroblob(32)",
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
                                 query_get_int(&q, 3) != 0};
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

/* ---- may it end? ---- */

#define NAMED_MAX 5 /* in an error's words; all of them are in the status */

struct counting {
  struct recovery_heard heard;
  struct buf names;
};

static enum err count_machine(void *of, const struct recovery_machine *m) {
  struct counting *c = of;
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
