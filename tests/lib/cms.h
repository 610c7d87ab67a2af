/* OpenSSL's own CMS, as another hand's envelopes. It takes certificates for recipients, so that each key gets one that
 * says nothing but the key and its id. What cannot be done ends the program. */
#ifndef CAIRN_TESTS_LIB_CMS_H
#define CAIRN_TESTS_LIB_CMS_H

#include "core/key.h"

struct cms_carrier; /* a certificate of OpenSSL's */

struct cms_carrier *cms_carrier_new(const struct key *k);
void cms_carrier_free(struct cms_carrier *c);
/* Appends AuthEnvelopedData of the bytes, with the algorithms of core/FORMAT.md section 12. */
void cms_seal(struct bytes clear, struct cms_carrier *const *recipients, size_t recipient_count, struct buf *out);
/* The same, but EnvelopedData with AES-256-CBC: nothing says that the bytes are those that were sealed. */
void cms_seal_weakly(struct bytes clear, struct cms_carrier *const *recipients, size_t recipient_count,
                     struct buf *out);
/* False if it does not open. The carrier is the key's, or NULL: then every recipient is tried. */
bool cms_open(struct bytes envelope, const struct key *own, const struct cms_carrier *carrier, struct buf *clear_out);

#endif
