#include "audit/mirror.h"

#include <git2.h>

#include "audit/credential.h"
#include "audit/url.h"

#define BRANCH "refs/heads/main"

struct attempt {
  struct credential credential;
  struct buf *words;
};

/* What the mirror's own side says of the branch; NULL: it took it. */
static int on_answer(const char *name, const char *status, void *of) {
  struct attempt *a = of;
  (void)name;
  if (status)
    buf_addf(a->words, "it was refused there: %s", status);
  return 0;
}

static int on_credential(git_credential **out, const char *url, const char *user, unsigned allowed, void *of) {
  struct attempt *a = of;
  return credential_give(out, url, user, allowed, &a->credential);
}

static int push(git_repository *repository, const char *url, const char *credentials, struct buf *words) {
  struct attempt attempt = {{credentials, false}, words};
  git_remote *remote = NULL;
  char refspec[] = BRANCH ":" BRANCH;
  char *specs[] = {refspec};
  git_strarray list = {specs, 1};
  git_push_options options;
  git_push_options_init(&options, GIT_PUSH_OPTIONS_VERSION);
  options.callbacks.payload = &attempt;
  options.callbacks.credentials = on_credential;
  options.callbacks.push_update_reference = on_answer;
  options.proxy_opts.type = GIT_PROXY_AUTO;
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE; /* what is sent is for the one that was named */
  git_remote_create_options create;
  git_remote_create_options_init(&create, GIT_REMOTE_CREATE_OPTIONS_VERSION);
  create.repository = repository;
  create.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF; /* the URL means what it says */
  int failed = git_remote_create_with_opts(&remote, url, &create);
  if (failed == 0)
    failed = git_remote_push(remote, &list, &options);
  git_remote_free(remote);
  return failed;
}

enum mirror_outcome mirror_push(const char *repository, const char *url, const char *credentials, struct buf *words) {
  git_repository *r = NULL;
  size_t before = words->len;
  enum err e = url_check_folder(url);
  if (e != OK) {
    buf_add_str(words, err_words(e));
    return MIRROR_FAILED;
  }
  git_libgit2_init();
  int failed = git_repository_open_bare(&r, repository);
  if (failed == 0)
    failed = push(r, url, credentials, words);
  const git_error *g = git_error_last();
  if (failed == GIT_ENONFASTFORWARD)
    buf_add_str(words, "it has commits that are not part of this ledger");
  else if (failed && words->len == before)
    url_hide(words, g && g->message ? g->message : "git gives no reason", url);
  git_repository_free(r);
  git_libgit2_shutdown();
  if (failed == GIT_ENONFASTFORWARD)
    return MIRROR_DIVERGED;
  return failed || words->len > before ? MIRROR_FAILED : MIRROR_PUSHED;
}
