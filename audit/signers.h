/* OpenSSH's forms of a public key (RFC 5656 3.1) and of the allowed-signers file (ssh-keygen(1)), with which stock git
 * judges the commits of a published ledger (audit/FORMAT.md section 3.1). Pure, and without any cryptography: the
 * auditor's program uses it, too. */
#ifndef CAIRN_AUDIT_SIGNERS_H
#define CAIRN_AUDIT_SIGNERS_H

#include "core/bytes.h"

#define SIGNERS_ALGORITHM "ecdsa-sha2-nistp256"

/* Appends the key's blob; point is the uncompressed one of P-256. */
void signers_key(struct buf *b, struct bytes point);

/* The address of a ledger's commits, appended: ledger@ORIGIN, any `/` written as `-`. */
void signers_address(struct buf *b, const char *origin);

/* One line of the file: the key signs commits of the ledger of this name, from and until these times, both included;
 * until is "" for the key that is in force. */
struct signers_line {
  const char *origin;
  struct bytes point;
  const char *from, *until; /* core/FORMAT.md section 1: YYYY-MM-DDTHH:MM:SSZ */
};
void signers_format(struct buf *b, const struct signers_line *l);

#endif
