#include "audit/signers.h"

#include "core/text.h"

void signers_key(struct buf *b, struct bytes point) {
  buf_string(b, bytes_str(SIGNERS_ALGORITHM));
  buf_string(b, bytes_str("nistp256"));
  buf_string(b, point);
}

void signers_address(struct buf *b, const char *origin) {
  buf_add_str(b, "ledger@");
  for (const char *s = origin; *s; s++)
    buf_u8(b, *s == '/' ? '-' : (uint8_t)*s);
}

/* YYYYMMDDHHMMSSZ: without the Z OpenSSH takes it for local time. */
static void add_time(struct buf *b, const char *name, const char *time) {
  if (time[0] == '\0')
    return;
  buf_addf(b, ",%s=\"", name);
  for (const char *s = time; *s; s++)
    if ((*s >= '0' && *s <= '9') || *s == 'Z')
      buf_u8(b, (uint8_t)*s);
  buf_add_str(b, "\"");
}

void signers_format(struct buf *b, const struct signers_line *l) {
  struct buf key = {0};
  signers_key(&key, l->point);
  signers_address(b, l->origin);
  buf_add_str(b, " namespaces=\"git\"");
  add_time(b, "valid-after", l->from);
  add_time(b, "valid-before", l->until);
  buf_add_str(b, " " SIGNERS_ALGORITHM " ");
  text_base64_encode(b, buf_bytes(&key));
  buf_add_str(b, "\n");
  buf_release(&key);
}
