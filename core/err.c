#include "core/err.h"

#undef err_set
#undef err_set_remedy

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct {
  enum err code;
  char words[512];
  char remedy[512];
} last;

static const struct {
  const char *words;
  int status;
} table[] = {
#define X(code, words, status) {words, status},
    ERR_TABLE(X)
#undef X
};

const char *err_text(enum err e) {
  return table[e].words;
}

int err_exit_status(enum err e) {
  return table[e].status;
}

enum err err_set(enum err e, const char *fmt, ...) {
  char words[sizeof last.words];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(words, sizeof words, fmt, ap);
  va_end(ap);
  last.code = e;
  last.remedy[0] = '\0';
  memcpy(last.words, words, sizeof words);
  return e;
}

enum err err_set_remedy(enum err e, const char *remedy, const char *fmt, ...) {
  char words[sizeof last.words];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(words, sizeof words, fmt, ap);
  va_end(ap);
  last.code = e;
  memcpy(last.words, words, sizeof words);
  snprintf(last.remedy, sizeof last.remedy, "%s", remedy);
  return e;
}

const char *err_words(enum err e) {
  return last.code == e && last.words[0] != '\0' ? last.words : err_text(e);
}

const char *err_remedy(void) {
  return last.remedy;
}
