/* How a program prints an allowed-signers file: as the file for people, so that it can be written to one; its lines in
 * JSON. */
#ifndef CAIRN_CLI_SIGNERS_OUT_H
#define CAIRN_CLI_SIGNERS_OUT_H

#include "cli/out.h"

void signers_out(struct out *o, struct bytes file);

#endif
