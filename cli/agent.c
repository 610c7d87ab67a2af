#include "cli/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/home.h"
#include "core/text.h"

#define PROCESS_NAME "cairn-agent"
#define VERSION 1
#define TICK_MS 1000
#define SUSPENDED_MS 3000
#define PEERS_MAX 8
#define KEY_FILE_MAX 16384

enum { WANT_KEY = 'k', WANT_LOCK = 'l', GIVEN = 0 };

static const char *const key_files[AGENT_KEY_COUNT] = {HOME_PERSON_KEY, HOME_SEAL_KEY, HOME_REPLICA_KEY};

/* ---- what both sides need ---- */

static enum err open_folder(const char *folder, int *fd_out) {
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return err_set(ERR_IO, "\"%s\": %s", folder, strerror(errno));
  *fd_out = fd;
  return OK;
}

static void close_fd(int fd) {
  if (fd >= 0)
    close(fd);
}

/* By way of the open folder the address is short, however long the folder's path is. */
static struct sockaddr_un address_in(int folder) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/%s", folder, AGENT_SOCKET);
  return a;
}

/* Who is at the other end; false unless it is the same user. */
static bool is_same_user(int fd, struct ucred *out) {
  socklen_t len = sizeof *out;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, out, &len) == 0 && out->uid == geteuid();
}

static enum err digest_file(int folder, const char *name, struct hash *out) {
  uint8_t content[KEY_FILE_MAX];
  size_t len = 0;
  ssize_t n = 0;
  int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    return err_set(ERR_ABSENT, "\"%s\": %s", name, strerror(errno));
  while (len < sizeof content && (n = read(fd, content + len, sizeof content - len)) > 0)
    len += (size_t)n;
  close(fd);
  if (n < 0 || len == sizeof content)
    return err_set(ERR_IO, "\"%s\" could not be read", name);
  *out = hash_of(bytes_of(content, len));
  return OK;
}

enum err agent_parse_for(const char *typed, uint32_t *for_s_out) {
  static const struct {
    char name;
    uint32_t seconds;
  } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};
  size_t len = strlen(typed);
  uint64_t n = 0;
  if (len > 1 && text_number(bytes_of(typed, len - 1), &n) == OK && n > 0)
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
      if (typed[len - 1] == units[i].name && n <= AGENT_FOR_S_MAX / units[i].seconds) {
        *for_s_out = (uint32_t)n * units[i].seconds;
        return OK;
      }
  return err_set(ERR_USAGE, "how long is said as 45s, 30m or 8h, at most 24h: \"%s\"", typed);
}

/* ---- the keys ---- */

static enum err load_key(const char *folder, int fd, const char *name, struct bytes passphrase, struct agent_key *out) {
  struct buf path = {0};
  struct key *k = NULL;
  struct hash after;
  enum err e = digest_file(fd, name, &out->file);
  if (e == OK)
    e = key_load(folder_path(&path, folder, name), passphrase, &k);
  if (e == OK)
    e = digest_file(fd, name, &after);
  if (e == OK && !hash_equal(&after, &out->file))
    e = err_set(ERR_IO, "\"%s\" was replaced while it was read", name);
  if (e == OK)
    e = key_export_unlocked(k, out->secret);
  key_free(k);
  buf_release(&path);
  return e;
}

enum err agent_keys_load(const char *folder, struct bytes passphrase, struct agent_keys **out) {
  int fd = -1;
  struct agent_keys *keys = mmap(NULL, sizeof *keys, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (keys == MAP_FAILED)
    return err_set(ERR_IO, "there is no memory for the keys: %s", strerror(errno));
  /* Whether it is locked counts, and is told, in the agent: locks are not handed down to it. */
  mlock(keys, sizeof *keys);
  madvise(keys, sizeof *keys, MADV_DONTDUMP);
  enum err e = open_folder(folder, &fd);
  for (size_t i = 0; e == OK && i < AGENT_KEY_COUNT; i++)
    e = load_key(folder, fd, key_files[i], passphrase, &keys->of[i]);
  close_fd(fd);
  if (e == OK)
    *out = keys;
  else
    agent_keys_free(keys);
  return e;
}

void agent_keys_wipe(struct agent_keys *keys) {
  explicit_bzero(keys, sizeof *keys);
}

void agent_keys_free(struct agent_keys *keys) {
  if (keys == NULL)
    return;
  agent_keys_wipe(keys);
  munmap(keys, sizeof *keys);
}

/* ---- the agent ---- */

struct peer {
  int fd; /* -1: nobody */
  int64_t until_ms;
};

struct agent {
  struct agent_settings settings;
  struct agent_time began;
  struct stat socket; /* what our socket's file was when we bound it */
  struct peer peers[PEERS_MAX];
};

/* While our socket is open, the number of its file goes to no other. */
static bool has_socket(const struct agent *a) {
  struct stat st;
  return fstatat(a->settings.folder, AGENT_SOCKET, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == a->socket.st_dev &&
         st.st_ino == a->socket.st_ino;
}

static bool has_key_files(const struct agent *a) {
  struct hash h;
  for (size_t i = 0; i < AGENT_KEY_COUNT; i++)
    if (digest_file(a->settings.folder, key_files[i], &h) != OK || !hash_equal(&h, &a->settings.keys->of[i].file))
      return false;
  return true;
}

static struct agent_time now(const struct agent *a) {
  return a->settings.now(a->settings.of);
}

static int64_t left_ms(const struct agent *a) {
  return a->began.boot_ms + (int64_t)a->settings.for_s * 1000 - now(a).boot_ms;
}

static bool was_suspended(const struct agent *a) {
  struct agent_time t = now(a);
  return t.boot_ms - t.mono_ms - (a->began.boot_ms - a->began.mono_ms) > SUSPENDED_MS;
}

static bool is_over(const struct agent *a) {
  return left_ms(a) <= 0 || was_suspended(a) || !has_socket(a) || !has_key_files(a);
}

static void end(struct agent *a) {
  agent_keys_wipe(a->settings.keys);
  if (has_socket(a))
    unlinkat(a->settings.folder, AGENT_SOCKET, 0);
}

static void drop(struct peer *p) {
  close_fd(p->fd);
  p->fd = -1;
}

/* The key goes from its own memory to the kernel, with no copy in between. */
static void answer(int fd, const uint8_t *secret) {
  uint8_t status = GIVEN;
  struct iovec parts[] = {{&status, 1}, {(void *)secret, KEY_SECRET_SIZE}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void give_key(const struct agent *a, int fd, struct bytes file) {
  for (size_t i = 0; i < AGENT_KEY_COUNT; i++)
    if (bytes_equal(hash_bytes(&a->settings.keys->of[i].file), file))
      answer(fd, a->settings.keys->of[i].secret);
}

/* Whoever has sent something is answered, or not, and is gone. False if it was told to lock. */
static bool serve(struct agent *a, struct peer *p) {
  static const uint8_t zeros[KEY_SECRET_SIZE];
  uint8_t request[AGENT_REQUEST_SIZE + 1]; /* a byte more shows what is too long */
  ssize_t n = recv(p->fd, request, sizeof request, MSG_DONTWAIT);
  bool is_request = n == AGENT_REQUEST_SIZE && request[0] == VERSION;
  bool is_lock = is_request && request[1] == WANT_LOCK;
  if (is_request && request[1] == WANT_KEY)
    give_key(a, p->fd, bytes_of(request + 2, HASH_SIZE));
  if (is_lock) {
    end(a);
    answer(p->fd, zeros);
  }
  drop(p);
  return !is_lock;
}

/* If all places are taken, who has been silent longest leaves: whoever means it sends at once. */
static void take_in(struct agent *a) {
  struct ucred peer;
  struct peer *place = &a->peers[0];
  int fd = accept4(a->settings.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0)
    return;
  if (!is_same_user(fd, &peer)) {
    close(fd);
    return;
  }
  for (struct peer *p = a->peers; p < a->peers + PEERS_MAX; p++)
    if (place->fd >= 0 && (p->fd < 0 || p->until_ms < place->until_ms))
      place = p;
  drop(place);
  *place = (struct peer){fd, now(a).mono_ms + AGENT_WAIT_MS};
}

static void drop_silent(struct agent *a) {
  for (struct peer *p = a->peers; p < a->peers + PEERS_MAX; p++)
    if (p->fd >= 0 && now(a).mono_ms >= p->until_ms)
      drop(p);
}

bool agent_step(struct agent *a, int wait_ms) {
  struct pollfd fds[2 + PEERS_MAX] = {{a->settings.signals, POLLIN, 0}, {a->settings.listener, POLLIN, 0}};
  for (size_t i = 0; i < PEERS_MAX; i++)
    fds[2 + i] = (struct pollfd){a->peers[i].fd, POLLIN, 0};
  int64_t left = left_ms(a);
  poll(fds, 2 + PEERS_MAX, left < wait_ms ? (int)(left > 0 ? left : 0) : wait_ms);
  /* After waiting, which a suspension may have drawn out, and before anybody is answered. */
  bool goes_on = fds[0].revents == 0 && !is_over(a);
  if (!goes_on)
    end(a);
  for (size_t i = 0; goes_on && i < PEERS_MAX; i++)
    if (fds[2 + i].revents != 0)
      goes_on = serve(a, &a->peers[i]);
  if (goes_on)
    drop_silent(a);
  if (goes_on && fds[1].revents != 0)
    take_in(a);
  return goes_on;
}

/* False if there is something of that name that is not a socket. */
static bool clear_place(int folder) {
  struct stat st;
  if (fstatat(folder, AGENT_SOCKET, &st, AT_SYMLINK_NOFOLLOW) != 0)
    return true;
  return S_ISSOCK(st.st_mode) && unlinkat(folder, AGENT_SOCKET, 0) == 0;
}

enum err agent_bind(int folder, int *listener_out) {
  struct sockaddr_un a = address_in(folder);
  if (!clear_place(folder))
    return err_set(ERR_IO, "there is something else called \"%s\" in the replica's folder", AGENT_SOCKET);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  mode_t before = umask(0177);
  bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0;
  int failed = errno;
  umask(before);
  if (!bound) {
    close_fd(fd);
    return err_set(ERR_IO, "the agent's socket could not be made: %s", strerror(failed));
  }
  *listener_out = fd;
  return OK;
}

/* Whom commands see at the other end is who calls listen, so the agent itself does it. */
enum err agent_open(const struct agent_settings *settings, struct agent **out) {
  struct agent *a = mem_alloc(sizeof *a);
  a->settings = *settings;
  a->began = now(a);
  for (struct peer *p = a->peers; p < a->peers + PEERS_MAX; p++)
    p->fd = -1;
  if (fstatat(settings->folder, AGENT_SOCKET, &a->socket, AT_SYMLINK_NOFOLLOW) != 0 ||
      listen(settings->listener, PEERS_MAX) != 0) {
    free(a);
    return err_set(ERR_IO, "the agent cannot listen: %s", strerror(errno));
  }
  *out = a;
  return OK;
}

void agent_close(struct agent *a) {
  if (a == NULL)
    return;
  for (struct peer *p = a->peers; p < a->peers + PEERS_MAX; p++)
    drop(p);
  free(a);
}

/* ---- the process in the background ---- */

static int64_t clock_ms(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct agent_time real_time(void *of) {
  (void)of;
  return (struct agent_time){clock_ms(CLOCK_BOOTTIME), clock_ms(CLOCK_MONOTONIC)};
}

/* What else the caller has open, as a pipe that someone reads to its end, does not live on in here. */
static bool close_all_but(const int *kept, size_t count) {
  bool closed = true;
  for (unsigned from = 3, next; from < INT_MAX; from = next + 1) {
    next = INT_MAX;
    for (size_t i = 0; i < count; i++)
      if ((unsigned)kept[i] >= from && (unsigned)kept[i] < next)
        next = (unsigned)kept[i];
    closed = closed && (next == from || close_range(from, next - 1, 0) == 0);
  }
  return closed;
}

static bool leave_caller(const int *kept, size_t count) {
  int nothing = open("/dev/null", O_RDWR);
  umask(077);
  return nothing >= 0 && dup2(nothing, 0) == 0 && dup2(nothing, 1) == 1 && dup2(nothing, 2) == 2 &&
         close_all_but(kept, count) && chdir("/") == 0 && prctl(PR_SET_NAME, PROCESS_NAME) == 0 &&
         prctl(PR_SET_DUMPABLE, 0) == 0 && setrlimit(RLIMIT_CORE, &(struct rlimit){0}) == 0;
}

/* A descriptor that is readable when one of the signals has come that end the agent; -1. */
static int watch_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC) : -1;
}

/* If the caller has closed its standard input or output, what was opened since has taken their places. */
static int above_standard(int fd) {
  return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static _Noreturn void be_agent(struct agent_settings s, int ready) {
  struct agent *a = NULL;
  struct agent_started started = {.process = getpid()};
  s.folder = above_standard(s.folder);
  s.listener = above_standard(s.listener);
  ready = above_standard(ready);
  bool left = leave_caller((int[]){s.folder, s.listener, ready}, 3) && (s.signals = watch_signals()) >= 0;
  started.is_locked_in_memory = mlock(s.keys, sizeof *s.keys) == 0;
  if (left && agent_open(&s, &a) == OK && write(ready, &started, sizeof started) == sizeof started) {
    close(ready);
    while (agent_step(a, TICK_MS))
      ;
  }
  agent_keys_wipe(s.keys);
  _exit(0);
}

/* Twice, so that the agent is nobody's child here and can never get a terminal. */
static enum err fork_agent(const struct agent_settings *s, struct agent_started *out) {
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0)
    return err_set(ERR_IO, "no pipe can be opened: %s", strerror(errno));
  pid_t between = fork();
  if (between == 0) {
    if (setsid() > 0 && fork() == 0)
      be_agent(*s, ready[1]);
    _exit(0);
  }
  close(ready[1]);
  if (between > 0)
    waitpid(between, NULL, 0);
  bool is_ready = between > 0 && read(ready[0], out, sizeof *out) == sizeof *out;
  close(ready[0]);
  return is_ready ? OK : err_set(ERR_IO, "the agent could not be started");
}

/* ---- commands' side ---- */

/* Every step on it waits AGENT_WAIT_MS at most. */
static int open_patient_socket(void) {
  struct timeval wait = {.tv_sec = AGENT_WAIT_MS / 1000, .tv_usec = AGENT_WAIT_MS % 1000 * 1000};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) != 0 ||
                  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0)) {
    close(fd);
    fd = -1;
  }
  return fd;
}

/* A connection to the agent; ERR_ABSENT if nobody listens, or another user does; ERR_BUSY if it takes nobody in. */
static enum err reach(int folder, int *fd_out, struct ucred *agent) {
  struct sockaddr_un a = address_in(folder);
  int fd = open_patient_socket();
  if (fd < 0)
    return err_set(ERR_IO, "no socket can be opened: %s", strerror(errno));
  int failed = connect(fd, (struct sockaddr *)&a, sizeof a) == 0 ? 0 : errno;
  if (failed == 0 && is_same_user(fd, agent)) {
    *fd_out = fd;
    return OK;
  }
  close(fd);
  return failed == EAGAIN ? err_set_remedy(ERR_BUSY, "pkill -KILL -x " PROCESS_NAME, "the agent does not answer")
                          : err_set(ERR_ABSENT, "no agent listens");
}

/* One request, one answer. ERR_ABSENT if it went away without one, ERR_BUSY if it stays silent. */
static enum err exchange(int fd, char want, const struct hash *file, uint8_t *answer_out) {
  uint8_t request[AGENT_REQUEST_SIZE] = {VERSION, (uint8_t)want};
  memcpy(request + 2, file->at, HASH_SIZE);
  if (send(fd, request, sizeof request, MSG_NOSIGNAL) != sizeof request)
    return err_set(ERR_ABSENT, "the agent went away");
  ssize_t n = recv(fd, answer_out, AGENT_ANSWER_SIZE, MSG_TRUNC);
  if (n < 0 && errno == EAGAIN)
    return err_set(ERR_BUSY, "the agent does not answer");
  return n == AGENT_ANSWER_SIZE && answer_out[0] == GIVEN ? OK : err_set(ERR_ABSENT, "the agent does not give it");
}

enum err agent_ask(const char *folder, const char *key_file, struct key **out) {
  int folder_fd = -1, fd = -1;
  uint8_t given[AGENT_ANSWER_SIZE];
  struct ucred agent;
  struct hash file;
  enum err e = open_folder(folder, &folder_fd);
  if (e == OK)
    e = reach(folder_fd, &fd, &agent);
  if (e == OK)
    e = digest_file(folder_fd, key_file, &file);
  if (e == OK)
    e = exchange(fd, WANT_KEY, &file, given);
  if (e == OK)
    e = key_import_unlocked(given + 1, out);
  explicit_bzero(given, sizeof given);
  close_fd(fd);
  close_fd(folder_fd);
  return e == OK ? OK : ERR_ABSENT;
}

/* What must not be left to its own time: it has the keys, and does not hear. */
static enum err put_down(int folder, const struct ucred *agent) {
  if (agent->pid <= 1 || kill(agent->pid, SIGKILL) != 0)
    return err_set(ERR_BUSY, "the agent, process %d, does not answer and could not be ended", (int)agent->pid);
  unlinkat(folder, AGENT_SOCKET, 0);
  return OK;
}

static enum err lock(int folder, bool *was_unlocked_out) {
  int fd = -1;
  uint8_t answered[AGENT_ANSWER_SIZE];
  struct ucred agent;
  enum err e = reach(folder, &fd, &agent);
  *was_unlocked_out = e == OK;
  if (e == OK)
    e = exchange(fd, WANT_LOCK, &(struct hash){0}, answered);
  if (e == ERR_BUSY && fd >= 0)
    e = put_down(folder, &agent);
  close_fd(fd);
  return e == ERR_ABSENT ? OK : e;
}

/* One command at a time starts or ends the agent of a folder. The descriptor is of its own, and is not the agent's: so
 * the folder is free again when this command ends, however it ends. */
static enum err guard(const char *folder, int *fd_out) {
  enum err e = open_folder(folder, fd_out);
  if (e == OK && flock(*fd_out, LOCK_EX) != 0)
    e = err_set(ERR_IO, "\"%s\": %s", folder, strerror(errno));
  return e;
}

enum err agent_lock(const char *folder, bool *was_unlocked_out) {
  int guarded = -1;
  enum err e = guard(folder, &guarded);
  if (e == OK)
    e = lock(guarded, was_unlocked_out);
  close_fd(guarded);
  return e;
}

enum err agent_start(const char *folder, struct agent_keys *keys, uint32_t for_s, struct agent_started *out) {
  int guarded = -1;
  bool was_unlocked;
  struct agent_settings s = {
      .folder = -1, .listener = -1, .signals = -1, .keys = keys, .for_s = for_s, .now = real_time};
  enum err e = guard(folder, &guarded);
  if (e == OK)
    e = open_folder(folder, &s.folder);
  if (e == OK)
    e = lock(guarded, &was_unlocked);
  if (e == OK)
    e = agent_bind(s.folder, &s.listener);
  if (e == OK && (e = fork_agent(&s, out)) != OK)
    unlinkat(s.folder, AGENT_SOCKET, 0);
  close_fd(s.listener);
  close_fd(s.folder);
  close_fd(guarded);
  return e;
}
