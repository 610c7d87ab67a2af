#include "audit/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/signers.h"
#include "audit/sshsig.h"
#include "core/text.h"

#define BRANCH "refs/heads/main"
#define LEAVES_MAX ((size_t)64 << 20)
#define LEVELS 4    /* leaves/AA/BB/CC/DD */
#define FAN 256     /* entries of a folder */
#define NAME_SIZE 3 /* two digits and NUL */

/* The lock on the repository's folder keeps a second publisher out, so that a lock file on the branch that is found at
 * the start was left behind by a crash. */
struct publish {
  git_repository *repo;
  int folder_fd;
};

/* What the branch says now. A zeroed one is that of an empty repository. */
struct tip {
  bool exists;
  git_oid commit;
  git_tree *leaves;
  struct checkpoint checkpoint;
  uint64_t next_number;
};

static enum err git_failed(enum err e, const char *what) {
  const git_error *g = git_error_last();
  return err_set(e, "%s: %s", what, g && g->message ? g->message : "no reason given");
}

/* Objects and references are synced before the branch moves; memory does not grow with the history. */
static void set_library_options(void) {
  git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
  git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)2 << 20);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)4 << 20);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)32 << 20);
}

static bool is_absent_or_empty(const char *path) {
  DIR *d = opendir(path);
  if (d == NULL)
    return errno == ENOENT;
  size_t count = 0;
  while (readdir(d) != NULL)
    count++;
  closedir(d);
  return count <= 2;
}

/* What a program that died while making a repository left locked. */
static void remove_locks(const char *draft) {
  static const char *const names[] = {"config.lock", "HEAD.lock"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct buf path = {0};
    buf_addf(&path, "%s/%s", draft, names[i]);
    unlink(buf_cstr(&path));
    buf_release(&path);
  }
}

/* Made under another name first, so that a crash leaves no half repository at path; what it leaves is taken up again.
 */
static enum err make_repository(const char *path) {
  git_repository *repo = NULL;
  git_repository_init_options options = {.version = GIT_REPOSITORY_INIT_OPTIONS_VERSION};
  struct buf draft = {0};
  enum err e = OK;
  buf_addf(&draft, "%s.new", path);
  remove_locks(buf_cstr(&draft));
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
  options.initial_head = "main";
  if (git_repository_init_ext(&repo, buf_cstr(&draft), &options) != 0)
    e = git_failed(ERR_DISK, "making the repository");
  else if (rename(buf_cstr(&draft), path) != 0)
    e = err_set(ERR_DISK, "making the repository \"%s\": %s", path, strerror(errno));
  git_repository_free(repo);
  buf_release(&draft);
  return e;
}

static enum err lock_folder(struct publish *p, const char *path) {
  p->folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (p->folder_fd < 0)
    return err_set(errno == ENOTDIR ? ERR_NOT_OURS : ERR_IO, "opening the repository \"%s\": %s", path,
                   strerror(errno));
  if (flock(p->folder_fd, LOCK_EX | LOCK_NB) != 0)
    return err_set(ERR_BUSY, "another program publishes to \"%s\"", path);
  return OK;
}

static bool head_is_on_branch(git_repository *repo) {
  git_reference *head = NULL;
  bool is = git_reference_lookup(&head, repo, "HEAD") == 0 && git_reference_type(head) == GIT_REFERENCE_SYMBOLIC &&
            strcmp(git_reference_symbolic_target(head), BRANCH) == 0;
  git_reference_free(head);
  return is;
}

static enum err open_repository(struct publish *p, const char *path) {
  enum err e = lock_folder(p, path);
  if (e != OK)
    return e;
  if (git_repository_open_bare(&p->repo, path) != 0)
    return git_failed(ERR_NOT_OURS, "opening the repository");
  if (!head_is_on_branch(p->repo))
    return err_set(ERR_NOT_OURS, "\"%s\" is a repository whose HEAD is not on " BRANCH, path);
  if (unlinkat(p->folder_fd, BRANCH ".lock", 0) != 0 && errno != ENOENT)
    return err_set(ERR_DISK, "removing \"%s/" BRANCH ".lock\": %s", path, strerror(errno));
  return OK;
}

enum err publish_open(const char *path, struct publish **out) {
  struct publish *p = mem_alloc(sizeof *p);
  char *trimmed = mem_copy_string(path);
  enum err e = OK;
  for (size_t n = strlen(trimmed); n > 1 && trimmed[n - 1] == '/'; n--)
    trimmed[n - 1] = '\0';
  p->folder_fd = -1;
  git_libgit2_init();
  set_library_options();
  if (is_absent_or_empty(trimmed))
    e = make_repository(trimmed);
  if (e == OK)
    e = open_repository(p, trimmed);
  free(trimmed);
  if (e == OK)
    *out = p;
  else
    publish_close(p);
  return e;
}

void publish_close(struct publish *p) {
  if (p == NULL)
    return;
  git_repository_free(p->repo);
  if (p->folder_fd >= 0)
    close(p->folder_fd);
  free(p);
  git_libgit2_shutdown();
}

static enum err holds_something_else(const char *what) {
  return err_set(ERR_FORM, "the repository holds something else than a ledger: %s", what);
}

static void format_name(char name[NAME_SIZE], uint64_t number) {
  static const char digits[] = "0123456789abcdef";
  name[0] = digits[number >> 4 & 15];
  name[1] = digits[number & 15];
  name[2] = '\0';
}

/* The entry of a folder, which must be a blob or a tree; NULL if there is none such. */
static const git_tree_entry *find_entry(const git_tree *tree, const char *name, git_object_t type) {
  const git_tree_entry *entry = git_tree_entry_byname(tree, name);
  return entry && git_tree_entry_type(entry) == type ? entry : NULL;
}

static enum err load_checkpoint(struct publish *p, const git_tree *root, struct checkpoint *out) {
  const git_tree_entry *entry = find_entry(root, "checkpoint", GIT_OBJECT_BLOB);
  git_odb *odb = NULL;
  git_odb_object *object = NULL;
  git_object_t type;
  size_t size;
  struct bytes text;
  enum err e = OK;
  if (entry == NULL)
    return holds_something_else("there is no checkpoint");
  if (git_repository_odb(&odb, p->repo) != 0 || git_odb_read_header(&size, &type, odb, git_tree_entry_id(entry)) != 0)
    e = git_failed(ERR_IO, "reading the published checkpoint");
  else if (size > NOTE_MAX)
    e = holds_something_else("the checkpoint is too large");
  else if (git_odb_read(&object, odb, git_tree_entry_id(entry)) != 0)
    e = git_failed(ERR_IO, "reading the published checkpoint");
  else if (note_text(bytes_of(git_odb_object_data(object), git_odb_object_size(object)), &text) != OK ||
           checkpoint_parse(text, out) != OK)
    e = holds_something_else("its checkpoint is not a checkpoint");
  git_odb_object_free(object);
  git_odb_free(odb);
  return e;
}

static enum err load_tree(struct publish *p, const git_oid *id, git_tree **out) {
  return git_tree_lookup(out, p->repo, id) == 0 ? OK : git_failed(ERR_IO, "reading a published folder");
}

/* The last name of a folder whose names are 00, 01, 02 … without a gap. */
static enum err last_entry(const git_tree *tree, git_object_t type, uint64_t *number_out, git_oid *id_out) {
  size_t count = git_tree_entrycount(tree);
  char name[NAME_SIZE];
  if (count < 1 || count > FAN)
    return holds_something_else("a folder of leaves is empty or too full");
  format_name(name, count - 1);
  const git_tree_entry *entry = find_entry(tree, name, type);
  if (entry == NULL)
    return holds_something_else("the files of leaves are not numbered one after the other");
  *number_out = *number_out << 8 | (count - 1);
  git_oid_cpy(id_out, git_tree_entry_id(entry));
  return OK;
}

/* The newest commit's number is the name of its file of leaves: the last name on each level. */
static enum err find_newest(struct publish *p, const git_tree *leaves, uint64_t *number_out) {
  git_tree *folder = NULL, *parent = NULL;
  git_oid id;
  enum err e = last_entry(leaves, GIT_OBJECT_TREE, number_out, &id);
  for (int level = 1; e == OK && level < LEVELS; level++) {
    if ((e = load_tree(p, &id, &folder)) != OK)
      break;
    e = last_entry(folder, level < LEVELS - 1 ? GIT_OBJECT_TREE : GIT_OBJECT_BLOB, number_out, &id);
    git_tree_free(parent);
    parent = folder;
  }
  git_tree_free(parent);
  return e;
}

static enum err read_root(struct publish *p, const git_tree *root, struct tip *tip) {
  const git_tree_entry *leaves = find_entry(root, "leaves", GIT_OBJECT_TREE);
  uint64_t newest = 0;
  if (leaves == NULL || git_tree_entrycount(root) != 2)
    return holds_something_else("not a checkpoint and leaves alone");
  enum err e = load_checkpoint(p, root, &tip->checkpoint);
  if (e == OK)
    e = load_tree(p, git_tree_entry_id(leaves), &tip->leaves);
  if (e == OK)
    e = find_newest(p, tip->leaves, &newest);
  tip->next_number = newest + 1;
  return e;
}

/* No branch is right only where there is nothing at all. */
static enum err check_no_references(struct publish *p) {
  git_strarray names = {NULL, 0};
  if (git_reference_list(&names, p->repo) != 0)
    return git_failed(ERR_IO, "listing the repository's branches");
  bool none = names.count == 0;
  git_strarray_dispose(&names);
  return none ? OK : holds_something_else("there are branches or tags, but no " BRANCH);
}

static void tip_release(struct tip *tip) {
  git_tree_free(tip->leaves);
}

static enum err load_tip(struct publish *p, struct tip *tip) {
  git_commit *commit = NULL;
  git_tree *root = NULL;
  int found = git_reference_name_to_id(&tip->commit, p->repo, BRANCH);
  if (found == GIT_ENOTFOUND)
    return check_no_references(p);
  enum err e = OK;
  tip->exists = true;
  if (found != 0 || git_commit_lookup(&commit, p->repo, &tip->commit) != 0 || git_commit_tree(&root, commit) != 0)
    e = git_failed(ERR_IO, "reading the published ledger");
  else
    e = read_root(p, root, tip);
  git_tree_free(root);
  git_commit_free(commit);
  return e;
}

enum err publish_tip(struct publish *p, struct publish_tip *out) {
  struct tip tip = {0};
  enum err e = load_tip(p, &tip);
  if (e == OK) {
    *out = (struct publish_tip){tip.next_number, tip.checkpoint.size, ""};
    if (tip.exists)
      git_oid_tostr(out->id, sizeof out->id, &tip.commit);
  }
  tip_release(&tip);
  return e;
}

bool publish_is_newest(struct publish *p, struct bytes commit) {
  git_oid newest, id;
  return git_reference_name_to_id(&newest, p->repo, BRANCH) == 0 &&
         git_odb_hash(&id, commit.at, commit.len, GIT_OBJECT_COMMIT) == 0 && git_oid_equal(&newest, &id);
}

/* The note is what gets published: it must say what the checkpoint says. */
static enum err check_note_fits(const struct checkpoint *c, struct bytes note) {
  struct buf expected = {0};
  struct bytes text;
  checkpoint_format(&expected, c);
  enum err e = note_text(note, &text);
  if (e == OK && !bytes_equal(text, buf_bytes(&expected)))
    e = err_set(ERR_FORM, "the note is not that of the checkpoint of size %llu", (unsigned long long)c->size);
  buf_release(&expected);
  return e;
}

static enum err check_continues(const struct tip *tip, const struct checkpoint *c,
                                const struct publish_source *source) {
  const struct checkpoint *was = &tip->checkpoint;
  if (!tip->exists)
    return OK;
  bool may_follow = source->had_name && source->had_name(source->of, was->origin);
  if (strcmp(was->origin, c->origin) != 0 && !may_follow)
    return err_set(ERR_REFUSED, "the repository publishes another ledger, \"%s\"", was->origin);
  if (was->size > c->size)
    return err_set(ERR_REFUSED, "the repository's checkpoint has the size %llu and is ahead of this one, of size %llu",
                   (unsigned long long)was->size, (unsigned long long)c->size);
  if (was->size == c->size && !hash_equal(&was->root, &c->root))
    return err_set(ERR_REFUSED, "the repository's checkpoint of size %llu has another root",
                   (unsigned long long)c->size);
  return OK;
}

/* Leaves are told apart by the empty line after each. */
static bool is_leaf(struct bytes b) {
  return b.len > 0 && b.at[0] != '\n' && b.at[b.len - 1] == '\n' && memmem(b.at, b.len, "\n\n", 2) == NULL;
}

static enum err collect_leaves(uint64_t first, uint64_t last, const struct publish_source *source, struct buf *file) {
  for (uint64_t number = first; number <= last; number++) {
    size_t start = file->len;
    enum err e = source->leaf(source->of, number, file);
    if (buf_err(file) == OK && e != OK)
      return e;
    if (buf_err(file) == OK && !is_leaf(bytes_of(file->at + start, file->len - start)))
      return err_set(ERR_FORM, "leaf %llu is not lines of text without an empty one", (unsigned long long)number);
    buf_u8(file, '\n');
    if (buf_err(file) != OK)
      return err_set_remedy(ERR_LIMIT, "publish an earlier checkpoint first",
                            "the leaves %llu to %llu are larger than the %zu MiB of one file",
                            (unsigned long long)first, (unsigned long long)last, LEAVES_MAX >> 20);
  }
  return OK;
}

static enum err write_blob(struct publish *p, struct bytes content, git_oid *out) {
  return git_blob_create_from_buffer(out, p->repo, content.at, content.len) == 0
             ? OK
             : git_failed(ERR_DISK, "writing to the repository");
}

/* A folder as it was, or a new one, with one entry added or replaced. */
static enum err write_folder(struct publish *p, const git_tree *was, const char *name, const git_oid *id,
                             git_filemode_t mode, git_oid *out) {
  git_treebuilder *builder = NULL;
  enum err e = OK;
  if (git_treebuilder_new(&builder, p->repo, was) != 0 || git_treebuilder_insert(NULL, builder, name, id, mode) != 0 ||
      git_treebuilder_write(out, builder) != 0)
    e = git_failed(ERR_DISK, "writing to the repository");
  git_treebuilder_free(builder);
  return e;
}

/* Writes the folders on the way to file `number`, from the innermost out. folder is what stands at this level now, or
 * NULL. */
static enum err write_path(struct publish *p, const git_tree *folder, int level, uint64_t number, const git_oid *blob,
                           git_oid *out) {
  char name[NAME_SIZE];
  git_tree *inner = NULL;
  git_oid inner_id;
  format_name(name, number >> (8 * (LEVELS - 1 - level)));
  if (level == LEVELS - 1)
    return write_folder(p, folder, name, blob, GIT_FILEMODE_BLOB, out);
  const git_tree_entry *entry = folder ? find_entry(folder, name, GIT_OBJECT_TREE) : NULL;
  enum err e = entry ? load_tree(p, git_tree_entry_id(entry), &inner) : OK;
  if (e == OK)
    e = write_path(p, inner, level + 1, number, blob, &inner_id);
  if (e == OK)
    e = write_folder(p, folder, name, &inner_id, GIT_FILEMODE_TREE, out);
  git_tree_free(inner);
  return e;
}

static enum err write_root(struct publish *p, const git_oid *note, const git_oid *leaves, git_oid *out) {
  git_treebuilder *builder = NULL;
  enum err e = OK;
  if (git_treebuilder_new(&builder, p->repo, NULL) != 0 ||
      git_treebuilder_insert(NULL, builder, "checkpoint", note, GIT_FILEMODE_BLOB) != 0 ||
      git_treebuilder_insert(NULL, builder, "leaves", leaves, GIT_FILEMODE_TREE) != 0 ||
      git_treebuilder_write(out, builder) != 0)
    e = git_failed(ERR_DISK, "writing to the repository");
  git_treebuilder_free(builder);
  return e;
}

static enum err write_content(struct publish *p, const struct tip *tip, struct bytes file, struct bytes note,
                              git_oid *out) {
  git_oid file_id, note_id, leaves_id;
  enum err e = write_blob(p, file, &file_id);
  if (e == OK)
    e = write_blob(p, note, &note_id);
  if (e == OK)
    e = write_path(p, tip->leaves, 0, tip->next_number, &file_id, &leaves_id);
  if (e == OK)
    e = write_root(p, &note_id, &leaves_id, out);
  return e;
}

static void add_person(struct buf *b, const char *role, const struct checkpoint *c, int64_t unix_s) {
  buf_addf(b, "%s cairn <", role);
  signers_address(b, c->origin);
  buf_addf(b, "> %lld +0000\n", (long long)unix_s);
}

/* The commit's bytes are written here, and not by the library, which trims names: they must be those of audit/FORMAT.md
 * section 3, whatever the origin. */
static enum err add_draft(struct buf *b, const struct tip *tip, const struct checkpoint *c, const git_oid *tree) {
  char hex[GIT_OID_HEXSZ + 1];
  int64_t unix_s;
  enum err e = text_time_parse(bytes_str(c->time.s), &unix_s);
  if (e != OK)
    return e;
  buf_addf(b, "tree %s\n", git_oid_tostr(hex, sizeof hex, tree));
  if (tip->exists)
    buf_addf(b, "parent %s\n", git_oid_tostr(hex, sizeof hex, &tip->commit));
  add_person(b, "author", c, unix_s);
  add_person(b, "committer", c, unix_s);
  buf_addf(b, "\n%s %llu\n", c->origin, (unsigned long long)c->size);
  return buf_err(b);
}

/* What comes back is looked at, so that no kept commit of another history is published. */
static enum err finish(const struct publish_source *source, uint64_t number, struct bytes draft, struct buf *commit) {
  struct buf again = {0};
  enum err e = source->finish(source->of, number, draft, commit);
  if (e == OK)
    e = sshsig_draft(buf_bytes(commit), &again);
  if (e == OK && !bytes_equal(draft, buf_bytes(&again)))
    e = err_set(ERR_FORM, "commit %llu that was kept is another than the one that continues the repository",
                (unsigned long long)number);
  buf_release(&again);
  return e;
}

static enum err write_object(struct publish *p, struct bytes commit, git_oid *out) {
  git_odb *odb = NULL;
  enum err e = OK;
  if (git_repository_odb(&odb, p->repo) != 0 || git_odb_write(out, odb, commit.at, commit.len, GIT_OBJECT_COMMIT) != 0)
    e = git_failed(ERR_DISK, "writing to the repository");
  git_odb_free(odb);
  return e;
}

static enum err write_commit(struct publish *p, const struct tip *tip, const struct checkpoint *c, const git_oid *tree,
                             const struct publish_source *source, git_oid *out) {
  struct buf draft = {0}, commit = {0};
  enum err e = add_draft(&draft, tip, c, tree);
  if (e == OK)
    e = finish(source, tip->next_number, buf_bytes(&draft), &commit);
  if (e == OK)
    e = write_object(p, buf_bytes(&commit), out);
  buf_release(&draft);
  buf_release(&commit);
  return e;
}

/* Only from where it was when the new commit was made. */
static enum err move_branch(struct publish *p, const struct tip *tip, const git_oid *commit) {
  git_reference *branch = NULL;
  int r = git_reference_create_matching(&branch, p->repo, BRANCH, commit, tip->exists,
                                        tip->exists ? &tip->commit : NULL, NULL);
  git_reference_free(branch);
  if (r == GIT_EMODIFIED || r == GIT_EEXISTS)
    return err_set(ERR_BUSY, "another program moved " BRANCH " at the same time");
  return r == 0 ? OK : git_failed(ERR_DISK, "moving " BRANCH);
}

enum err publish_commit(struct publish *p, const struct checkpoint *checkpoint, struct bytes note,
                        const struct publish_source *source) {
  struct tip tip = {0};
  struct buf file;
  git_oid tree, commit;
  buf_init(&file, LEAVES_MAX);
  enum err e = check_note_fits(checkpoint, note);
  if (e == OK)
    e = load_tip(p, &tip);
  if (e == OK)
    e = check_continues(&tip, checkpoint, source);
  if (e != OK || tip.checkpoint.size == checkpoint->size)
    goto out;
  if (tip.next_number > UINT32_MAX)
    e = err_set(ERR_LIMIT, "the repository has as many commits as it can number");
  if (e == OK)
    e = collect_leaves(tip.checkpoint.size + 1, checkpoint->size, source, &file);
  if (e == OK)
    e = write_content(p, &tip, buf_bytes(&file), note, &tree);
  if (e == OK)
    e = write_commit(p, &tip, checkpoint, &tree, source, &commit);
  if (e == OK)
    e = move_branch(p, &tip, &commit);
out:
  tip_release(&tip);
  buf_release(&file);
  return e;
}
