#include "sync/zip.h"

#include <zstd.h>

#define LEVEL 3
/* Below this there is nothing to gain. */
#define PLAIN_MIN 256

bool zip_pack(struct bytes plain, struct buf *out) {
  size_t before = out->len, room = plain.len < PLAIN_MIN ? 0 : plain.len - 1;
  uint8_t *to = room ? buf_extend(out, room) : NULL;
  ZSTD_CCtx *z = to ? ZSTD_createCCtx() : NULL;
  size_t len = 0;
  if (z) {
    ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
    size_t got = ZSTD_compress2(z, to, room, plain.at, plain.len); /* it does not fit: it would not be shorter */
    len = ZSTD_isError(got) ? 0 : got;
  }
  ZSTD_freeCCtx(z);
  if (to)
    out->len = before + len;
  return len > 0;
}

static enum err malformed(const char *what) {
  return err_set(ERR_FORM, "a compressed body %s", what);
}

/* Does the frame want no larger window than we keep? RFC 8878 section 3.1.1.1.2; a frame without a window descriptor
 * has its content as window. zstd itself only looks where it would allocate one. */
static bool window_fits(struct bytes packed) {
  const uint8_t single_segment = 0x20;
  if (packed.len < 6 || packed.at[4] & single_segment)
    return true;
  unsigned log = 10 + (packed.at[5] >> 3), eighths = packed.at[5] & 7;
  return log < ZIP_WINDOW_LOG_MAX || (log == ZIP_WINDOW_LOG_MAX && eighths == 0);
}

/* As the bytes come out, so that nothing is allocated for what is only said to be there. */
static enum err stream(ZSTD_DCtx *z, struct bytes packed, size_t size, struct buf *out) {
  uint8_t chunk[16384];
  ZSTD_inBuffer in = {packed.at, packed.len, 0};
  size_t left = 1, before = out->len;
  while (left > 0) {
    ZSTD_outBuffer to = {chunk, sizeof chunk, 0};
    left = ZSTD_decompressStream(z, &to, &in);
    if (ZSTD_isError(left))
      return malformed("is not what it was");
    if (to.pos > size - (out->len - before))
      return malformed("holds more than it says");
    buf_add(out, bytes_of(chunk, to.pos));
    if (left > 0 && to.pos == 0 && in.pos == in.size)
      return malformed("is cut off");
  }
  if (out->len - before != size || in.pos != in.size)
    return malformed("holds less than it says");
  return buf_err(out);
}

enum err zip_unpack(struct bytes packed, size_t max, struct buf *out) {
  unsigned long long size = ZSTD_getFrameContentSize(packed.at, packed.len);
  size_t frame = ZSTD_findFrameCompressedSize(packed.at, packed.len);
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size == 0 || ZSTD_isError(frame) ||
      frame != packed.len)
    return malformed("is not one Zstandard frame that says its size");
  if (size > max || !window_fits(packed))
    return err_set(ERR_LIMIT, "a compressed body holds, or wants, more than it may");
  ZSTD_DCtx *z = ZSTD_createDCtx();
  enum err e = z ? OK : err_set(ERR_IO, "zstd cannot be set up");
  if (e == OK && ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, ZIP_WINDOW_LOG_MAX)))
    e = err_set(ERR_IO, "zstd cannot be set up");
  if (e == OK)
    e = stream(z, packed, (size_t)size, out);
  ZSTD_freeDCtx(z);
  return e;
}
