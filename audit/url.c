#include "audit/url.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/text.h"

/* A colon in what stands before the @ of the host; but for ssh anything there, which may be a token. */
static bool has_password(const char *url) {
  const char *mark = strstr(url, "://"), *host = mark ? mark + 3 : url;
  const char *at = mark ? memrchr(host, '@', strcspn(host, "/")) : NULL;
  return at && (strncmp(url, "ssh://", 6) != 0 || memchr(host, ':', (size_t)(at - host)));
}

enum err url_check(const char *url) {
  if (has_password(url))
    return err_set_remedy(
        ERR_USAGE,
        "use ssh:// with the keys of your ssh-agent, or write USER:PASSWORD into a file that only you "
        "can read, and name it with --credentials",
        "a password stands in the URL, or may, and would be kept in clear");
  return url[0] == '\0' || url[0] == '-' || !text_is_plain(bytes_str(url))
             ? err_set(ERR_USAGE, "not a URL: \"%s\"", url)
             : OK;
}

bool url_is_open(const char *url) {
  return strncmp(url, "http://", 7) == 0 || strncmp(url, "git://", 6) == 0;
}

/* A host, too, may stand before a colon: git@host:a.git. */
static const char *path_on_this_machine(const char *url) {
  if (strncmp(url, "file://", 7) == 0)
    return url + 7;
  return url[0] == '/' || url[0] == '.' || strchr(url, ':') == NULL ? url : NULL;
}

enum err url_check_folder(const char *url) {
  const char *path = path_on_this_machine(url);
  struct stat st;
  if (path == NULL)
    return OK;
  if (stat(path, &st) != 0)
    return errno == ENOENT || errno == ENOTDIR
               ? err_set_remedy(ERR_NETWORK,
                                "give the path of a git repository, https://HOST/PATH or ssh://USER@HOST/PATH",
                                "there is no folder \"%s\"", path)
               : err_set(ERR_NETWORK, "\"%s\": %s", path, strerror(errno));
  return S_ISDIR(st.st_mode) ? OK : err_set(ERR_NETWORK, "\"%s\" is not a folder", path);
}

/* A password may hold an @ itself: the last one before the path counts. */
void url_show(struct buf *b, const char *url) {
  const char *mark = strstr(url, "://"), *host = mark ? mark + 3 : url;
  const char *at = has_password(url) ? memrchr(host, '@', strcspn(host, "/")) : NULL;
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
