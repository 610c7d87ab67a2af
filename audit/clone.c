#include "audit/clone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>

#include "audit/clone_parts.h"
#include "audit/credential.h"
#include "audit/detour.h"
#include "audit/loose.h"
#include "audit/url.h"

#define OBJECT_MAX (CLONE_LEAVES_MAX + 65536)
#define OBJECTS_MAX (8 * CLONE_COMMITS_MAX) /* leaves, checkpoint, commit and at most five folders each */
#define CACHE_MAX ((ssize_t)256 << 10)
#define WINDOW_SIZE ((size_t)256 << 10)
#define MAPPED_MAX ((size_t)1 << 20)

#define FETCHED "refs/cairn/fetched"
#define MIRRORS "refs/cairn/mirrors/"

enum err clone_failed(enum err e, const char *what, const char *url) {
  const git_error *g = git_error_last();
  struct buf shown = {0}, words = {0};
  url_show(&shown, url);
  url_hide(&words, g && g->message ? g->message : "git gives no reason", url);
  e = err_set(e, "%s \"%s\": %s", what, buf_cstr(&shown), buf_cstr(&words));
  buf_release(&words);
  buf_release(&shown);
  return e;
}

/* What a machine or a user has configured for git must not change what an auditor sees. */
static void start_git(void) {
  if (git_libgit2_init() != 1)
    return;
  for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
    git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
  git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
  git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, CACHE_MAX);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, WINDOW_SIZE);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, MAPPED_MAX);
  git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, OBJECTS_MAX);
  git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE, OBJECT_MAX);
}

enum err clone_make(const char *path) {
  git_repository *repository = NULL;
  git_repository_init_options options;
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_NO_REINIT | GIT_REPOSITORY_INIT_MKDIR;
  options.initial_head = "main";
  start_git();
  enum err e = git_repository_init_ext(&repository, path, &options) == 0
                   ? OK
                   : clone_failed(ERR_IO, "cannot make the repository", path);
  git_repository_free(repository);
  git_libgit2_shutdown();
  return e;
}

int clone_use_own_objects(git_repository *repository) {
  struct buf folder = {0};
  git_odb *objects = NULL;
  git_odb_backend *loose = NULL, *packs = NULL;
  buf_addf(&folder, "%sobjects", git_repository_path(repository));
  int failed = git_odb_new(&objects);
  if (failed == 0)
    failed = git_odb_backend_loose(&loose, buf_cstr(&folder), -1, 0, 0, 0);
  if (failed == 0)
    failed = git_odb_add_backend(objects, loose, 2);
  if (failed == 0)
    failed = git_odb_backend_pack(&packs, buf_cstr(&folder));
  if (failed == 0)
    failed = git_odb_add_backend(objects, packs, 1);
  if (failed == 0)
    failed = git_repository_set_odb(repository, objects);
  git_odb_free(objects);
  buf_release(&folder);
  return failed;
}

enum err clone_open(const char *path, struct clone **out) {
  git_repository *repository = NULL;
  start_git();
  if (git_repository_open_bare(&repository, path) != 0 || clone_use_own_objects(repository) != 0) {
    enum err e = clone_failed(ERR_IO, "there is no bare git repository in", path);
    git_repository_free(repository);
    git_libgit2_shutdown();
    return e;
  }
  *out = mem_alloc(sizeof **out);
  (*out)->repository = repository;
  return OK;
}

void clone_close(struct clone *c) {
  if (c == NULL)
    return;
  git_repository_free(c->repository);
  free(c);
  git_libgit2_shutdown();
}

/* ---- fetching ---- */

void clone_credentials(struct clone *c, const char *file) {
  c->credentials = file;
}

/* What the library would follow when it reads a repository on this machine. Where it is must be plain to see: the
 * library takes a host, and signs in the place of letters. */
static enum err check_source(const char *url) {
  if (strncmp(url, "file://", 7) == 0 && (url[7] != '/' || strchr(url, '%')))
    return err_set_remedy(ERR_USAGE, "give the path alone, from / on", "\"%s\" is no file:// and a plain path", url);
  enum err e = url_check_folder(url);
  if (e != OK)
    return e;
  if (!loose_all_are_safe(url))
    return err_set(ERR_FORM, "\"%s\" has a damaged object; nothing was fetched", url);
  for (enum detour d = 0; d < DETOUR_COUNT; d++)
    if (detour_is_there(url, d))
      return err_set(ERR_FORM, "\"%s\" has %s; nothing was fetched", url, detour_words(d));
  return OK;
}

static enum err nothing_yet(const char *url) {
  struct buf shown = {0};
  url_show(&shown, url);
  enum err e = err_set(ERR_NETWORK, "nothing has been published yet in \"%s\"", buf_cstr(&shown));
  buf_release(&shown);
  return e;
}

static enum err fetch_branch(const struct clone *c, const char *url, git_oid *id_out) {
  git_repository *repository = c->repository;
  struct credential credential = {c->credentials, false};
  git_remote *remote = NULL;
  char refspec[] = "+" CLONE_MAIN ":" FETCHED;
  char *specs[] = {refspec};
  git_strarray list = {specs, 1};
  git_fetch_options options;
  git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  options.update_fetchhead = 0;
  options.proxy_opts.type = GIT_PROXY_AUTO;
  options.callbacks.credentials = credential_give;
  options.callbacks.payload = &credential;
  if (c->credentials)
    options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  git_remote_create_options create;
  git_remote_create_options_init(&create, GIT_REMOTE_CREATE_OPTIONS_VERSION);
  create.repository = repository;
  create.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF; /* the URL means what it says */
  enum err e = check_source(url);
  if (e != OK)
    return e;
  git_reference_remove(repository, FETCHED); /* of a fetch that was interrupted */
  if (git_remote_create_with_opts(&remote, url, &create) != 0 || git_remote_fetch(remote, &list, &options, NULL) != 0)
    e = clone_failed(ERR_NETWORK, "cannot fetch from", url);
  else if (git_reference_name_to_id(id_out, repository, FETCHED) != 0)
    e = nothing_yet(url);
  git_remote_free(remote);
  return e;
}

static int point(git_repository *repository, const char *name, const git_oid *id) {
  git_reference *r = NULL;
  int failed = git_reference_create(&r, repository, name, id, 1, NULL);
  git_reference_free(r);
  return failed;
}

/* Evidence first: the old history gets a name before the branch leaves it. */
static int keep(git_repository *repository, const char *under, const git_oid *id) {
  char name[64 + GIT_OID_HEXSZ], hex[GIT_OID_HEXSZ + 1];
  snprintf(name, sizeof name, "%s%s", under, git_oid_tostr(hex, sizeof hex, id));
  return point(repository, name, id);
}

static enum clone_change compare(git_repository *repository, const git_oid *before, const git_oid *after) {
  if (git_oid_equal(before, after))
    return CLONE_SAME;
  return git_graph_descendant_of(repository, after, before) == 1 ? CLONE_FORWARD : CLONE_REWRITTEN;
}

enum err clone_fetch(struct clone *c, const char *url, enum clone_change *change_out) {
  git_oid before, after;
  enum clone_change change = CLONE_FORWARD;
  enum err e = fetch_branch(c, url, &after);
  if (e != OK)
    return e;
  if (git_reference_name_to_id(&before, c->repository, CLONE_MAIN) == 0)
    change = compare(c->repository, &before, &after);
  if ((change == CLONE_REWRITTEN && keep(c->repository, CLONE_KEPT, &before) != 0) ||
      point(c->repository, CLONE_MAIN, &after) != 0)
    return clone_failed(ERR_IO, "cannot take over what was fetched from", url);
  git_reference_remove(c->repository, FETCHED);
  *change_out = change;
  return OK;
}

/* ---- mirrors ---- */

static enum clone_mirror compare_histories(git_repository *repository, const git_oid *ours, const git_oid *theirs) {
  if (git_oid_equal(ours, theirs))
    return CLONE_MIRROR_SAME;
  if (git_graph_descendant_of(repository, ours, theirs) == 1)
    return CLONE_MIRROR_BEHIND;
  return git_graph_descendant_of(repository, theirs, ours) == 1 ? CLONE_MIRROR_AHEAD : CLONE_MIRROR_APART;
}

enum err clone_compare(struct clone *c, const char *url, enum clone_mirror *out) {
  git_oid ours, theirs;
  enum err e = fetch_branch(c, url, &theirs);
  if (e != OK)
    return e;
  if (git_reference_name_to_id(&ours, c->repository, CLONE_MAIN) != 0)
    return clone_failed(ERR_IO, "there is nothing to compare with", url);
  enum clone_mirror place = compare_histories(c->repository, &ours, &theirs);
  if (place == CLONE_MIRROR_APART && keep(c->repository, MIRRORS, &theirs) != 0)
    return clone_failed(ERR_IO, "cannot keep what was fetched from", url);
  git_reference_remove(c->repository, FETCHED);
  *out = place;
  return OK;
}
