/* Signatures on git commits, as OpenSSH makes them and git carries them (audit/FORMAT.md section 3.1; PROTOCOL.sshsig
 * of OpenSSH). Values in, values out; what is signed can be told from all else that the ledger's key signs by its first
 * byte. */
#ifndef CAIRN_AUDIT_SSHSIG_H
#define CAIRN_AUDIT_SSHSIG_H

#include "core/bytes.h"
#include "core/key.h"

/* Appends the finished commit: the draft with the signature's header in its place. Two calls give two commits: ECDSA
 * draws a number each time. ERR_FORM if the draft has no message. */
enum err sshsig_sign_commit(const struct key *k, struct bytes draft, struct buf *commit);

/* Appends what was signed: the commit without its signature's header. The signature itself is not looked at. */
enum err sshsig_draft(struct bytes commit, struct buf *draft);

#endif
