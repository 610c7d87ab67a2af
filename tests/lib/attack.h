/* Attacks on a ledger, as rows of a table: what the attacker does, and exactly the codes that the auditor must find.
 *
 * Of the findings those count whose code begins with one of the letters in `about`: a table says which questions of
 * audit/FORMAT.md section 4 it answers, and everything that is found of these. The auditor brings the ledger's key. */
#ifndef CAIRN_TESTS_ATTACK_H
#define CAIRN_TESTS_ATTACK_H

#include "tests/lib/ledger.h"

#define ATTACK_CODES_MAX 512

struct attack {
  const char *what;
  const char *codes; /* those that are found, in the order of audit/FORMAT.md, joined by spaces; "": none */
  const char *says;  /* part of a sentence with the first of them; NULL: any */
  struct ledger_break how;
};

/* What, codes, where, entry, from, to, and anything else that is wrong. */
#define ATTACK(w, c, at, n, f, t, ...)                                                                                 \
  { .what = w, .codes = c, .how.where = at, .how.entry = n, .how.from = f, .how.to = t, __VA_ARGS__ }

/* What is found about these questions, as the codes of a row. */
void attack_codes(const struct verify_result *r, const char *about, char out[ATTACK_CODES_MAX]);

/* Prints the attack, the codes expected and those found; true if they are the same. */
bool attack_compare(const char *what, const char *expected, const char *found);
/* The same for a ledger that was fed and is judged now; v is freed. */
bool attack_expect(struct verify *v, const char *about, const char *what, const char *codes);

/* Judges by what is known; the inputs come as heap copies of exactly their size, so that one byte too far is seen. */
struct verify *attack_judge(const struct verify_facts *facts, struct bytes leaves, struct bytes note);

/* Makes each ledger, and judges it; how many were not found as the rows say. */
int attack_all(const struct attack *rows, size_t count, const char *about);

#endif
