/* The clock of the programs: the only place where they ask what time it is. */
#ifndef CAIRN_CLI_CLOCK_H
#define CAIRN_CLI_CLOCK_H

#include <stdint.h>

/* Seconds since 1970. Builds for tests add what $CAIRN_CLOCK_AHEAD_S says (it may be negative); the programs as they
 * are installed do not know that variable. */
int64_t clock_now_s(void);

#endif
