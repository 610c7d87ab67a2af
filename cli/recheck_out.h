/* What cairn verify and cairnd verify print: what was found in a store, and how much was looked at. */
#ifndef CAIRN_CLI_RECHECK_OUT_H
#define CAIRN_CLI_RECHECK_OUT_H

#include "cli/out.h"
#include "core/recheck.h"

/* Looks at all of it; the findings and the verdict as one object. The progress is told on standard error, at a
 * terminal.
 */
enum err recheck_print(struct store *s, struct out *out, struct recheck_result *result_out);

#endif
