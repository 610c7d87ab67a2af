/* Compression of the exchange's bodies (sync/PROTOCOL.md section 1.1): one Zstandard frame (RFC 8878) that says its
 * size. The owner of zstd.h. Pure. */
#ifndef CAIRN_SYNC_ZIP_H
#define CAIRN_SYNC_ZIP_H

#include "core/bytes.h"

#define ZIP_MEDIA "application/cairn+zstd"
#define ZIP_WINDOW_LOG_MAX 23 /* 8 MiB: what a frame may make its reader keep at once */

/* Appends the frame if it is shorter than plain; false, and nothing is appended, if not. */
bool zip_pack(struct bytes plain, struct buf *out);
/* Appends what the frame holds. ERR_FORM: not exactly one frame, or it does not say its size or hold what it says.
 * ERR_LIMIT: it says, before anything is unpacked, that it holds more than max, or wants a larger window. */
enum err zip_unpack(struct bytes packed, size_t max, struct buf *out);

#endif
