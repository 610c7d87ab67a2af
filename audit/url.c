#include "audit/url.h"

#include <string.h>

/* A password may hold an @ itself: the last one before the path counts. */
void url_show(struct buf *b, const char *url) {
  const char *mark = strstr(url, "://"), *host = mark ? mark + 3 : url;
  const char *at = mark ? memrchr(host, '@', strcspn(host, "/")) : NULL;
  buf_add(b, bytes_of(url, (size_t)(host - url)));
  if (at)
    buf_add_str(b, "***");
  buf_add_str(b, at ? at : host);
}

void url_hide(struct buf *b, const char *words, const char *url) {
  for (const char *found; url[0] && (found = strstr(words, url)) != NULL; words = found + strlen(url)) {
    buf_add(b, bytes_of(words, (size_t)(found - words)));
    url_show(b, url);
  }
  buf_add_str(b, words);
}
