/* A bad line in front of a node: proxy FOLDER PORT listens on a free port of 127.0.0.1, writes it into FOLDER/port, and
 * passes on what comes to PORT and back. It sees TCP only: what is in it is TLS between the two. What it does to a
 * connection stands in FOLDER/fault when the connection comes:
 *
 *   clean                 nothing
 *   cut-up K, cut-down K  after K bytes to the node (back) both ends are closed; reset-up, reset-down: by a reset
 *   stall-up K MS, stall-down K MS  after K bytes there is silence for so long
 *   flip-up K, flip-down K  one bit of the byte with this number, from 0, is another one
 *   rate N                N bytes a second each way
 *   delay MS              everything comes so much later
 *   crumbs                byte by byte
 *   seed N                pieces and pauses of random length
 *   repeat                what the client said is said to the node once more, in a connection of its own
 *   page                  a web page instead of the node
 *   to PORT               another server instead of the node
 *
 * How many bytes went up and down is a line of FOLDER/seen for each connection that has ended. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/bytes.h"
#include "tests/lib/chance.h"

#define LINES_MAX 64
#define STEP_MS 5

enum what { CLEAN, CUT, RESET, STALL, FLIP, RATE, DELAY, CRUMBS, SEED, REPEAT, PAGE, TO };
enum way { BOTH, UP, DOWN };

static const struct name {
  const char *text;
  enum what what;
  enum way way;
} names[] = {
    {"clean", CLEAN, BOTH},      {"cut-up", CUT, UP},      {"cut-down", CUT, DOWN},     {"reset-up", RESET, UP},
    {"reset-down", RESET, DOWN}, {"stall-up", STALL, UP},  {"stall-down", STALL, DOWN}, {"flip-up", FLIP, UP},
    {"flip-down", FLIP, DOWN},   {"rate", RATE, BOTH},     {"delay", DELAY, BOTH},      {"crumbs", CRUMBS, BOTH},
    {"seed", SEED, BOTH},        {"repeat", REPEAT, BOTH}, {"page", PAGE, BOTH},        {"to", TO, BOTH},
};

struct fault {
  enum what what;
  enum way way;
  uint64_t a, b;
};

struct flow {
  int from, to;
  enum way way;
  struct buf queue;
  size_t passed; /* of the queue */
  int64_t not_before_ms;
  bool is_ended, is_done;
};

struct line {
  bool is_used;
  struct fault fault;
  struct flow up, down;
  uint64_t drawn;
};

static struct line lines[LINES_MAX];
static const char *folder;
static uint16_t node_port;

static void must(bool is_good, const char *what) {
  if (is_good)
    return;
  fprintf(stderr, "proxy: %s: %s\n", what, strerror(errno));
  exit(3);
}

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static FILE *open_in_folder(const char *name, const char *mode) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return fopen(path, mode);
}

static struct fault read_fault(void) {
  struct fault f = {CLEAN, BOTH, 0, 0};
  char word[32] = "clean";
  unsigned long long a = 0, b = 0;
  FILE *file = open_in_folder("fault", "r");
  must(file == NULL || fscanf(file, "%31s %llu %llu", word, &a, &b) >= 1, "what is wrong with the line");
  if (file)
    fclose(file);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i].text, word) == 0)
      return (struct fault){names[i].what, names[i].way, a, b};
  must(false, word);
  return f;
}

/* ---- sockets ---- */

static int connect_to(uint16_t port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int on = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(fd >= 0, "a socket");
  if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
    close(fd);
    return -1;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static int listen_anywhere(void) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof a;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 64) == 0 &&
           getsockname(fd, (struct sockaddr *)&a, &len) == 0,
       "a port to listen on");
  FILE *f = open_in_folder("port", "w");
  must(f && fprintf(f, "%u\n", ntohs(a.sin_port)) > 0 && fclose(f) == 0, "the file with the port");
  return fd;
}

static void reset_at_close(int fd) {
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* ---- the life of a line ---- */

static void say_again(const struct buf *said) {
  int fd = connect_to(node_port);
  if (fd < 0)
    return;
  ssize_t n = send(fd, said->at, said->len, MSG_NOSIGNAL);
  (void)n;
  shutdown(fd, SHUT_WR);
  close(fd);
}

static void end(struct line *l) {
  if (l->fault.what == RESET) {
    reset_at_close(l->up.from);
    reset_at_close(l->up.to);
  }
  close(l->up.from);
  close(l->up.to);
  FILE *f = open_in_folder("seen", "a");
  must(f && fprintf(f, "%zu %zu\n", l->up.passed, l->down.passed) > 0 && fclose(f) == 0, "what was seen");
  if (l->fault.what == REPEAT)
    say_again(&l->up.queue);
  buf_release(&l->up.queue);
  buf_release(&l->down.queue);
  *l = (struct line){0};
}

static void give_page(int fd) {
  static const char page[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 36\r\n\r\n"
                             "<h1>Welcome to the guest network</h1>";
  char ignored[4096];
  ssize_t n = read(fd, ignored, sizeof ignored);
  n = send(fd, page, sizeof page - 1, MSG_NOSIGNAL);
  (void)n;
  shutdown(fd, SHUT_WR);
  close(fd);
}

static void begin(int fd) {
  const int on = 1;
  struct fault fault = read_fault();
  size_t i = 0;
  if (fault.what == PAGE) {
    give_page(fd);
    return;
  }
  int node = connect_to(fault.what == TO ? (uint16_t)fault.a : node_port);
  if (node < 0) {
    close(fd);
    return;
  }
  while (i < LINES_MAX && lines[i].is_used)
    i++;
  must(i < LINES_MAX, "too many connections");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  lines[i] = (struct line){.is_used = true,
                           .fault = fault,
                           .up = {.from = fd, .to = node, .way = UP},
                           .down = {.from = node, .to = fd, .way = DOWN},
                           .drawn = fault.a};
}

/* ---- what passes ---- */

static bool concerns(const struct fault *f, const struct flow *flow) {
  return f->way == BOTH || f->way == flow->way;
}

/* How many bytes of what waits may pass now. */
static size_t allowed(struct line *l, struct flow *flow, int64_t now) {
  const struct fault *f = &l->fault;
  size_t n = flow->queue.len - flow->passed;
  if (n == 0 || now < flow->not_before_ms || !concerns(f, flow))
    return concerns(f, flow) ? 0 : n;
  switch (f->what) {
  case CUT:
  case RESET: return n < f->a - flow->passed ? n : f->a - flow->passed;
  case STALL:
    if (flow->passed == f->a && flow->not_before_ms == 0)
      flow->not_before_ms = now + (int64_t)f->b;
    return flow->not_before_ms       ? (now < flow->not_before_ms ? 0 : n)
           : n < f->a - flow->passed ? n
                                     : f->a - flow->passed;
  case RATE: flow->not_before_ms = now + STEP_MS; return n < 1 + f->a * STEP_MS / 1000 ? n : 1 + f->a * STEP_MS / 1000;
  case SEED:
    flow->not_before_ms = now + (int64_t)(chance_draw(&l->drawn) % (4 * STEP_MS));
    return 1 + chance_draw(&l->drawn) % n;
  case CRUMBS: return 1;
  case FLIP:
  case CLEAN:
  case DELAY:
  case REPEAT:
  case PAGE:
  case TO: return n;
  }
  return n;
}

static bool is_cut(const struct line *l, const struct flow *flow) {
  return (l->fault.what == CUT || l->fault.what == RESET) && concerns(&l->fault, flow) && flow->passed == l->fault.a;
}

/* False: the line has ended. */
static bool pass(struct line *l, struct flow *flow, int64_t now) {
  for (size_t n; !is_cut(l, flow) && (n = allowed(l, flow, now)) > 0;) {
    ssize_t sent = send(flow->to, flow->queue.at + flow->passed, n, MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    flow->passed += (size_t)sent;
  }
  if (is_cut(l, flow))
    return false;
  if (flow->is_ended && flow->passed == flow->queue.len && !flow->is_done) {
    shutdown(flow->to, SHUT_WR);
    flow->is_done = true;
  }
  return true;
}

static void take(struct line *l, struct flow *flow, int64_t now) {
  uint8_t some[65536];
  ssize_t n = read(flow->from, some, sizeof some);
  const size_t at = flow->queue.len;
  if (n <= 0) {
    flow->is_ended = true;
    return;
  }
  buf_add(&flow->queue, bytes_of(some, (size_t)n));
  if (l->fault.what == DELAY)
    flow->not_before_ms = now + (int64_t)l->fault.a;
  if (l->fault.what == FLIP && concerns(&l->fault, flow) && l->fault.a >= at && l->fault.a < flow->queue.len)
    flow->queue.at[l->fault.a] ^= 0x10;
}

static size_t ask_about(struct pollfd *fds, int listener) {
  size_t count = 1;
  fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
  for (size_t i = 0; i < LINES_MAX; i++)
    if (lines[i].is_used) {
      fds[count++] = (struct pollfd){.fd = lines[i].up.is_ended ? -1 : lines[i].up.from, .events = POLLIN};
      fds[count++] = (struct pollfd){.fd = lines[i].down.is_ended ? -1 : lines[i].down.from, .events = POLLIN};
    }
  return count;
}

static void serve(int listener) {
  static struct pollfd fds[2 * LINES_MAX + 1];
  size_t count = ask_about(fds, listener), at = 1;
  must(poll(fds, count, count > 1 ? STEP_MS : -1) >= 0 || errno == EINTR, "poll");
  const int64_t now = now_ms();
  for (size_t i = 0; i < LINES_MAX; i++) {
    struct line *l = &lines[i];
    if (!l->is_used)
      continue;
    if (fds[at++].revents)
      take(l, &l->up, now);
    if (fds[at++].revents)
      take(l, &l->down, now);
    if (!pass(l, &l->up, now) || !pass(l, &l->down, now) || (l->up.is_done && l->down.is_done))
      end(l);
  }
  if (fds[0].revents)
    begin(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: proxy FOLDER PORT\n");
    return 2;
  }
  folder = argv[1];
  node_port = (uint16_t)strtoul(argv[2], NULL, 10);
  signal(SIGPIPE, SIG_IGN);
  int listener = listen_anywhere();
  for (;;)
    serve(listener);
}
