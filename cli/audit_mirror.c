#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/clone.h"
#include "audit/url.h"
#include "cli/audit.h"

static const char unreachable[] = "unreachable", ahead[] = "ahead", apart[] = "apart";

enum err audit_mirrors_read(const struct cmd_line *line, struct audit_mirror out[AUDIT_MIRRORS_MAX],
                            size_t *count_out) {
  size_t count = 0;
  *count_out = 0;
  for (const char *url; (url = cmd_nth(line, "mirror", count)) != NULL; count++) {
    if (count == AUDIT_MIRRORS_MAX)
      return err_set(ERR_USAGE, "at most %d mirrors are compared at once", AUDIT_MIRRORS_MAX);
    enum err e = url_check(url);
    if (e != OK)
      return e;
    out[count] = (struct audit_mirror){.url = audit_whole_url(url)};
    *count_out = count + 1;
  }
  return OK;
}

void audit_mirrors_release(struct audit_mirror *all, size_t count) {
  for (size_t i = 0; i < count; i++)
    free(all[i].url);
}

static void report(struct audit_look *l, const char *url, const char *what) {
  struct buf words = {0}, shown = {0};
  url_show(&shown, url);
  buf_addf(&words, "the mirror \"%.100s\" %s", buf_cstr(&shown), what);
  verify_report(l->verify, VERIFY_P_MIRROR, 0, buf_cstr(&words));
  buf_release(&shown);
  buf_release(&words);
}

static void compare(struct audit_look *l, struct clone *clone, struct audit_mirror *m) {
  static const char *const states[] = {[CLONE_MIRROR_SAME] = "same",
                                       [CLONE_MIRROR_BEHIND] = "behind",
                                       [CLONE_MIRROR_AHEAD] = ahead,
                                       [CLONE_MIRROR_APART] = apart};
  enum clone_mirror outcome;
  enum err e = clone_compare(clone, m->url, &outcome);
  if (e != OK) {
    m->state = unreachable;
    snprintf(m->words, sizeof m->words, "%s", err_words(e));
    return;
  }
  m->state = states[outcome];
  if (outcome == CLONE_MIRROR_APART)
    report(l, m->url, "holds another history; both are kept");
}

/* Was it compared now, whatever came of it? */
static bool is_judged(const struct audit_look *l, const char *url) {
  for (size_t i = 0; i < l->mirror_count; i++)
    if (strcmp(l->mirrors[i].url, url) == 0 && l->mirrors[i].state != unreachable)
      return true;
  return false;
}

void audit_mirrors_compare(struct audit_look *l, struct clone *clone) {
  for (size_t i = 0; i < l->mirror_count; i++)
    compare(l, clone, &l->mirrors[i]);
  for (size_t i = 0; i < l->apart_count; i++)
    if (!is_judged(l, l->apart[i]))
      report(l, l->apart[i], "held another history at an earlier visit; --mirror looks at it again");
}

enum err audit_mirrors_remember(const struct audit_look *l, const char *folder, struct audit_memory *m) {
  struct audit_memory stored = {0};
  bool is_new = false;
  enum err e = l->mirror_count ? audit_memory_load(folder, &stored) : OK;
  for (size_t i = 0; e == OK && i < l->mirror_count; i++) {
    const struct audit_mirror *one = &l->mirrors[i];
    if (one->state == unreachable)
      continue;
    e = audit_memory_mirror(m, one->url, one->state == apart, &is_new);
    if (e == OK)
      e = audit_memory_mirror(&stored, one->url, one->state == apart, &is_new);
  }
  if (e == OK && is_new)
    e = audit_memory_save(folder, &stored);
  audit_memory_release(&stored);
  return e;
}

void audit_mirrors_print(struct out *out, const struct audit_look *l) {
  if (l->mirror_count == 0)
    return;
  out_table_begin(out, "mirrors", NULL);
  for (size_t i = 0; i < l->mirror_count; i++) {
    out_begin(out, NULL);
    struct buf shown = {0};
    url_show(&shown, l->mirrors[i].url);
    out_field(out, "mirror", buf_cstr(&shown));
    out_field(out, "state", l->mirrors[i].state);
    out_field(out, "says", l->mirrors[i].words);
    out_end(out);
    buf_release(&shown);
  }
  out_table_end(out);
}

int audit_mirrors_conclude(struct out *out, const struct audit_look *l) {
  for (size_t i = 0; i < l->mirror_count; i++) {
    if (l->mirrors[i].state == unreachable) {
      out_say(out, "But a mirror could not be compared.");
      return 3;
    }
    if (l->mirrors[i].state == ahead) {
      out_say(out, "But a mirror has commits that are not here. Fetch, and look again; if they are still not here, the "
                   "node shows you less than the mirror has: keep both.");
      return 3;
    }
  }
  return 0;
}
