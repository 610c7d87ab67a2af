#include "core/moment.h"

#ifdef CAIRN_TEST_BUILD
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOMENT_NAME(name, text) text,
static const char *const names[] = {MOMENTS(MOMENT_NAME)};

void moment_comes(enum moment m) {
  static unsigned long passed;
  const char *at = getenv("CAIRN_END_AT");
  const size_t len = strlen(names[m]);
  if (at == NULL || strncmp(at, names[m], len) != 0 || (at[len] != '\0' && at[len] != ':'))
    return;
  if (++passed == (at[len] ? strtoul(at + len + 1, NULL, 10) : 1))
    kill(getpid(), SIGKILL);
}
#endif
