#include "tests/lib/attack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void attack_codes(const struct verify_result *r, const char *about, char out[ATTACK_CODES_MAX]) {
  size_t len = 0;
  bool has[VERIFY_CODE_COUNT] = {false};
  for (size_t i = 0; i < r->finding_count; i++)
    has[r->findings[i].code] = true;
  out[0] = '\0';
  for (int c = 0; c < VERIFY_CODE_COUNT; c++) {
    const char *text = verify_code_text((enum verify_code)c);
    if (has[c] && strchr(about, text[0]) && len < ATTACK_CODES_MAX)
      len += (size_t)snprintf(out + len, ATTACK_CODES_MAX - len, "%s%s", len ? " " : "", text);
  }
}

bool attack_compare(const char *what, const char *expected, const char *found) {
  bool is_so = strcmp(expected, found) == 0;
  printf("%s %s: expected %s, found %s\n", is_so ? "ok    " : "FAILED", what, *expected ? expected : "nothing",
         *found ? found : "nothing");
  return is_so;
}

static void print_findings(const struct verify_result *r) {
  for (size_t i = 0; i < r->finding_count; i++)
    printf("         %s %llu %s\n", verify_code_text(r->findings[i].code), (unsigned long long)r->findings[i].entry,
           r->findings[i].sentence);
}

bool attack_expect(struct verify *v, const char *about, const char *what, const char *codes) {
  char found[ATTACK_CODES_MAX];
  const struct verify_result *r = verify_end(v);
  attack_codes(r, about, found);
  bool is_so = attack_compare(what, codes, found);
  if (!is_so)
    print_findings(r);
  verify_free(v);
  return is_so;
}

static void *copy_of(struct bytes b) {
  void *copy = mem_alloc(b.len);
  if (b.len)
    memcpy(copy, b.at, b.len);
  return copy;
}

struct verify *attack_judge(const struct verify_facts *facts, struct bytes leaves, struct bytes note) {
  const char *why = "";
  struct verify *v = verify_new(facts, &why);
  if (v == NULL) {
    fprintf(stderr, "attack: %s\n", why);
    abort();
  }
  void *l = copy_of(leaves), *n = copy_of(note);
  verify_leaves(v, l, leaves.len);
  verify_checkpoint(v, n, note.len);
  free(l);
  free(n);
  return v;
}

/* Some finding with this code, which an attack's codes begin with, says so. */
static bool is_said(const struct verify_result *r, const struct attack *a) {
  size_t len = strcspn(a->codes, " ");
  bool is = a->says == NULL;
  for (size_t i = 0; !is && i < r->finding_count; i++) {
    const char *text = verify_code_text(r->findings[i].code);
    is = strlen(text) == len && memcmp(text, a->codes, len) == 0 && strstr(r->findings[i].sentence, a->says);
  }
  return is;
}

static bool is_found(const struct attack *a, const char *about) {
  struct ledger l;
  char found[ATTACK_CODES_MAX];
  ledger_init(&l, &a->how);
  char *vkey = ledger_vkey(&l, LEDGER_ORIGIN, WHO_LEDGER);
  struct verify *v = attack_judge(&(struct verify_facts){.vkey = vkey}, buf_bytes(&l.file), buf_bytes(&l.note));
  const struct verify_result *r = verify_end(v);
  attack_codes(r, about, found);
  bool is_so = attack_compare(a->what, a->codes, found) && is_said(r, a);
  if (!is_so)
    print_findings(r);
  verify_free(v);
  free(vkey);
  ledger_release(&l);
  return is_so;
}

int attack_all(const struct attack *rows, size_t count, const char *about) {
  int missed = 0;
  for (size_t i = 0; i < count; i++)
    missed += !is_found(&rows[i], about);
  return missed;
}
