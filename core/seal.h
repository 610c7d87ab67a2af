/* Sealed content, core/FORMAT.md section 12: what restricted entries carry in place of their content. An envelope is
 * CMS AuthEnvelopedData for the public keys on the header's `to` lines. Pure, but for the randomness that OpenSSL
 * draws. There is one form; whatever is not of it is refused before a key is used. To whom may be sealed is for
 * core/scope.h.
 *
 * The content in clear and the keys made on the way are wiped here; the caller wipes what it passes in and is given. */
#ifndef CAIRN_CORE_SEAL_H
#define CAIRN_CORE_SEAL_H

#include "core/entry.h"
#include "core/key.h"

/* The largest content and the most recipients give an envelope that is smaller than this. */
#define SEAL_ENVELOPE_MAX (ENTRY_CONTENT_MAX + 32768)

/* The largest content of an entry, so that its envelope is no large content (core/parts.h). */
#define SEAL_CONTENT_MAX ((size_t)512 << 10)

/* Appends an envelope of the salt and the content for 1 to ENTRY_RECIPIENTS_MAX public keys, no two equal. The header
 * that goes with it has their ids as `to`, entry_commitment(salt, content) as `content`, and the envelope's hash as
 * `sealed`. ERR_LIMIT if the content or the list is too long, ERR_FORM if the list is empty or names a key twice. */
enum err seal_make(const uint8_t salt[ENTRY_SALT_SIZE], struct bytes content, const struct key *const *recipients,
                   size_t recipient_count, struct buf *out);

/* What can be checked without a key: the envelope is the one that the header names (its hash), is of the form, and is
 * for the header's recipients and nobody else. ERR_LIMIT, ERR_FORM if it is no envelope, ERR_PROOF if it is another
 * one than the header says; the words say why. */
enum err seal_check(struct bytes envelope, const struct entry *header);

/* Checks the envelope as seal_check does and opens it with the private key of one recipient: gives the salt, and
 * appends the content. Both are secret: buf_release_secret. ERR_ABSENT if the key is not one of the recipients';
 * ERR_PROOF if it does not open, or not to what the header commits to, without saying which. */
enum err seal_open(struct bytes envelope, const struct entry *header, const struct key *own,
                   uint8_t salt_out[ENTRY_SALT_SIZE], struct buf *content_out);

#endif
