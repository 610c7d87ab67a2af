/* What the two files of restricted information share: cairn_restricted.c writes and has the table of commands,
 * cairn_restricted_look.c shows. Included by them only. */
#ifndef CAIRN_CLI_RESTRICTED_PARTS_H
#define CAIRN_CLI_RESTRICTED_PARTS_H

#include "cli/cmd.h"

enum err restricted_run_list(void *program, const struct cmd_line *line, struct out *out);
enum err restricted_run_show(void *program, const struct cmd_line *line, struct out *out);
enum err restricted_run_reviews(void *program, const struct cmd_line *line, struct out *out);

#endif
