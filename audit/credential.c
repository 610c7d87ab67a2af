#include "audit/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <git2.h>

#include "core/bytes.h"

#define FILE_MAX 1024

static int fail(const char *what, const char *file) {
  struct buf words = {0};
  buf_addf(&words, file ? "%s \"%s\"" : "%s", what, file);
  git_error_set_str(GIT_ERROR_CALLBACK, buf_cstr(&words));
  buf_release(&words);
  return GIT_EAUTH;
}

static int read_file(const char *path, char line[FILE_MAX + 1]) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fail(errno == ENOENT ? "there is no file of credentials" : "cannot read the credentials in", path);
  const bool is_own = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) == 0;
  const ssize_t n = is_own ? read(fd, line, FILE_MAX) : -1;
  close(fd);
  if (!is_own)
    return fail("others may read the credentials; chmod 600", path);
  line[n > 0 ? n : 0] = '\0';
  line[strcspn(line, "\r\n")] = '\0';
  return 0;
}

static int give_password(git_credential **out, const char *path) {
  char line[FILE_MAX + 1] = "";
  int failed = read_file(path, line);
  char *colon = strchr(line, ':');
  if (failed == 0 && colon == NULL)
    failed = fail("USER:PASSWORD is no first line of the credentials in", path);
  if (failed == 0) {
    *colon = '\0';
    failed = git_credential_userpass_plaintext_new(out, line, colon + 1);
  }
  explicit_bzero(line, sizeof line);
  return failed;
}

int credential_give(git_credential **out, const char *url, const char *user, unsigned allowed, void *payload) {
  struct credential *c = payload;
  if (c->was_asked)
    return fail(c->file ? "it does not take the credentials in" : "it does not take the keys of the ssh-agent",
                c->file);
  if (allowed & GIT_CREDENTIAL_USERNAME)
    return fail("a user is missing: ssh://USER@HOST/PATH", NULL);
  c->was_asked = true;
  if (allowed & GIT_CREDENTIAL_SSH_KEY)
    return git_credential_ssh_key_from_agent(out, user);
  if (c->file && strncmp(url, "https://", 8) == 0 && allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT)
    return give_password(out, c->file);
  return fail("it asks for a user and a password: --credentials FILE names them", NULL);
}
