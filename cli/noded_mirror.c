#include "cli/noded_mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/url.h"

#define PUSH_MAX_S 600
#define RETRY_S 60
#define LOOK_S 3600

/* ---- one push ---- */

/* The program itself, for `mirror push`. The URL goes in by standard input: the words of a command are there for
 * everybody to see. */
static void become_push(const char *folder, const char *credentials, int in, int words) {
  int nowhere = open("/dev/null", O_WRONLY);
  if (dup2(in, 0) < 0 || dup2(nowhere, 1) < 0 || dup2(words, 2) < 0 || close_range(3, ~0U, 0) != 0)
    _exit(127);
  signal(SIGTERM, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  alarm(PUSH_MAX_S);
  /* Whatever ends the node ends this, too. */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
    execl("/proc/self/exe", "cairnd", "--node", folder, "mirror", "push", "-",
          credentials[0] ? "--credentials" : (char *)NULL, credentials, (char *)NULL);
  _exit(127);
}

static bool write_url(int fd, const char *url) {
  size_t len = strlen(url); /* fits the pipe */
  return write(fd, url, len) == (ssize_t)len;
}

static void start_push(struct noded_push *p, const char *folder, const struct mirror *m, uint64_t size) {
  int in[2], words[2];
  if (pipe2(in, O_CLOEXEC) != 0)
    return;
  if (pipe2(words, O_CLOEXEC) != 0 || !write_url(in[1], m->url))
    words[0] = words[1] = -1;
  pid_t pid = words[0] < 0 ? -1 : fork();
  if (pid == 0)
    become_push(folder, m->credentials, in[0], words[1]);
  close(in[0]);
  close(in[1]);
  close(words[1]);
  if (pid > 0)
    *p = (struct noded_push){pid, words[0], size, *m};
  else
    close(words[0]);
}

/* The first line of what it said, without the program's name. */
static void read_words(struct noded_push *p, char *out, size_t max) {
  static const char name[] = "cairnd: ";
  char said[512];
  ssize_t n = read(p->words, said, sizeof said - 1);
  said[n > 0 ? n : 0] = '\0';
  said[strcspn(said, "\n")] = '\0';
  snprintf(out, max, "%s", strncmp(said, name, sizeof name - 1) == 0 ? said + sizeof name - 1 : said);
}

static enum mirror_state state_of(int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return MIRROR_SAME;
  return WIFEXITED(status) && WEXITSTATUS(status) == 1 ? MIRROR_APART : MIRROR_UNREACHABLE;
}

static void tell(const struct mirror *m) {
  struct buf url = {0};
  url_show(&url, m->url);
  fprintf(stderr, "cairnd: %s the mirror \"%s\" %s%s%s\n", text_time_format(m->at_s).s, buf_cstr(&url),
          mirror_state_says(m->state), m->words[0] ? ": " : "", m->words);
  buf_release(&url);
}

static void finish_push(struct noded_push *p, struct noded *n, int status) {
  struct mirror *m = &p->mirror;
  enum mirror_state before = m->state;
  m->state = state_of(status);
  m->at_s = noded_now_s();
  m->words[0] = '\0';
  if (m->state == MIRROR_SAME)
    m->size = p->size;
  else if (WIFSIGNALED(status))
    snprintf(m->words, sizeof m->words, "it took longer than %d s, or was ended", PUSH_MAX_S);
  else
    read_words(p, m->words, sizeof m->words);
  close(p->words);
  if (m->state != before && (m->state != MIRROR_SAME || before != MIRROR_NEW))
    tell(m);
  if (mirror_mark(n->store, m) != OK)
    fprintf(stderr, "cairnd: what came of a mirror could not be written down: %s\n", err_words(ERR_DISK));
  p->pid = 0;
}

/* ---- all of them ---- */

static struct noded_push *find_push(struct noded_mirrors *m, const char *url) {
  for (size_t i = 0; i < MIRRORS_MAX; i++)
    if (m->pushes[i].pid && strcmp(m->pushes[i].mirror.url, url) == 0)
      return &m->pushes[i];
  return NULL;
}

static struct noded_push *find_free(struct noded_mirrors *m) {
  for (size_t i = 0; i < MIRRORS_MAX; i++)
    if (m->pushes[i].pid == 0)
      return &m->pushes[i];
  return NULL;
}

static bool is_due(const struct noded_mirrors *m, const struct mirror *one, uint64_t published) {
  int64_t waited_s = noded_now_s() - one->at_s;
  if (!m->has_begun || one->state == MIRROR_NEW)
    return true;
  if (one->state == MIRROR_SAME && one->size < published)
    return true;
  return waited_s >= (one->state == MIRROR_SAME ? LOOK_S : RETRY_S);
}

static void take_up(struct noded_mirrors *m, struct noded *n) {
  for (size_t i = 0; i < MIRRORS_MAX; i++) {
    struct noded_push *p = &m->pushes[i];
    int status;
    if (p->pid && waitpid(p->pid, &status, WNOHANG) == p->pid)
      finish_push(p, n, status);
  }
}

void noded_mirrors_tick(struct noded_mirrors *m, struct noded *n, const char *folder, uint64_t published) {
  struct mirror all[MIRRORS_MAX];
  size_t count = 0;
  take_up(m, n);
  if (published == 0 || mirror_list(n->store, all, &count) != OK)
    return;
  for (size_t i = 0; i < count; i++) {
    struct noded_push *p = find_free(m); /* none: those of mirrors that were removed are still going on */
    if (p && find_push(m, all[i].url) == NULL && is_due(m, &all[i], published))
      start_push(p, folder, &all[i], published);
  }
  m->has_begun = true;
}

void noded_mirrors_stop(struct noded_mirrors *m) {
  for (size_t i = 0; i < MIRRORS_MAX; i++) {
    struct noded_push *p = &m->pushes[i];
    if (p->pid == 0)
      continue;
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
    close(p->words);
    p->pid = 0;
  }
}
