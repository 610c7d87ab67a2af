/* A word of a field's list, as people type it behind an option: the same answer in every command. */
#ifndef CAIRN_CLI_CODE_H
#define CAIRN_CLI_CODE_H

#include "core/kind.h"

/* ERR_USAGE, with the option, the words that are known, and the one that was probably meant. */
enum err code_check(const struct field *f, const char *typed);
/* The same, of the field of a kind whose command has another table of options. */
enum err code_check_in(const char *kind, const char *field, const char *typed);

#endif
