#include "cli/clock.h"

#include <stdlib.h>
#include <time.h>

#include "core/text.h"

#ifdef CAIRN_TEST_BUILD
static int64_t ahead_s(void) {
  const char *text = getenv("CAIRN_CLOCK_AHEAD_S");
  const bool is_behind = text && text[0] == '-';
  uint64_t s = 0;
  if (text && text_number(bytes_str(text + is_behind), &s) != OK)
    abort(); /* a test that means something else */
  return is_behind ? -(int64_t)s : (int64_t)s;
}
#else
static int64_t ahead_s(void) {
  return 0;
}
#endif

int64_t clock_now_s(void) {
  return (int64_t)time(NULL) + ahead_s();
}
