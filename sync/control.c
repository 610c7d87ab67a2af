/* The control socket of a node, and its other end. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sync/node_parts.h"

/* The control socket: sizes of what travels, each way. */
#define WORD_COUNT_MAX 256
#define WORDS_MAX ((size_t)1 << 20)
#define OUTPUT_MAX ((size_t)16 << 20)
#define CONTROL_HEAD 4

/* ---- the control socket ----
 *
 * One request for each connection. Numbers are u32, big-endian; a string is its length and its bytes.
 *   request: length of the rest, count, count times a string
 *   answer:  length of the rest, exit status, string for standard output, string for standard error */

static void on_control_event(struct bufferevent *bev, short what, void *of) {
  (void)what;
  bufferevent_free(bev);
  node_peer_free(of);
}

static void on_control_written(struct bufferevent *bev, void *of) {
  on_control_event(bev, BEV_EVENT_WRITING, of);
}

/* The command's words, NULL-terminated; NULL if they are not of the form. */
static char **decode_words(struct bytes request, int *count_out) {
  struct reader r = reader_of(request);
  uint32_t count = reader_count(&r, WORD_COUNT_MAX, 4);
  char **words = mem_alloc_array(WORD_COUNT_MAX + 1, sizeof *words);
  for (uint32_t i = 0; i < count; i++) {
    struct bytes w = reader_string(&r, WORDS_MAX);
    if (w.len != 0 && memchr(w.at, '\0', w.len) != NULL)
      reader_fail(&r);
    words[i] = bytes_copy_string(w);
  }
  *count_out = (int)count;
  if (reader_end(&r) == OK)
    return words;
  for (char **w = words; *w != NULL; w++)
    free(*w);
  free(words);
  return NULL;
}

static int run_words(struct node *n, struct bytes request, struct buf *out, struct buf *err) {
  int count = 0, status = 2;
  char **words = decode_words(request, &count);
  if (words == NULL) {
    buf_add_str(err, "the command did not arrive whole\n");
    return status;
  }
  status = n->handlers->control(n->handlers->of, count, words, out, err);
  for (int i = 0; i < count; i++)
    free(words[i]);
  free(words);
  if (buf_err(out) == OK && buf_err(err) == OK)
    return status;
  buf_clear(out);
  buf_clear(err);
  buf_add_str(err, "the command was carried out, but its output is too large to show\n");
  return 3;
}

static void answer_control(struct peer *p, struct bytes request) {
  struct buf out, err, answer;
  buf_init(&out, OUTPUT_MAX);
  buf_init(&err, OUTPUT_MAX);
  buf_init(&answer, 0);
  int status = run_words(p->node, request, &out, &err);
  node_catch_up(p->node);
  buf_u32(&answer, (uint32_t)(12 + out.len + err.len));
  buf_u32(&answer, (uint32_t)status);
  buf_string(&answer, buf_bytes(&out));
  buf_string(&answer, buf_bytes(&err));
  p->answering = true;
  p->seconds_left = NODE_ANSWER_FACTOR * p->node->settings.timeout_s;
  bufferevent_disable(p->bev, EV_READ);
  bufferevent_setcb(p->bev, NULL, on_control_written, on_control_event, p);
  bufferevent_write(p->bev, answer.at, answer.len);
  buf_release(&answer);
  buf_release(&err);
  buf_release(&out);
}

static void on_control_readable(struct bufferevent *bev, void *of) {
  uint8_t head[CONTROL_HEAD];
  struct evbuffer *in = bufferevent_get_input(bev);
  if (evbuffer_copyout(in, head, sizeof head) < CONTROL_HEAD)
    return;
  struct reader r = reader_of(bytes_of(head, sizeof head));
  size_t len = reader_u32(&r);
  if (len > WORDS_MAX)
    on_control_event(bev, BEV_EVENT_ERROR, of);
  else if (evbuffer_get_length(in) >= CONTROL_HEAD + len)
    answer_control(of, bytes_of(evbuffer_pullup(in, (ev_ssize_t)(CONTROL_HEAD + len)) + CONTROL_HEAD, len));
}

static void on_control(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int from_len, void *of) {
  (void)l, (void)from, (void)from_len;
  struct node *n = of;
  struct peer *p = node_peer_new(n);
  p->bev = bufferevent_socket_new(n->base, fd, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_setcb(p->bev, on_control_readable, NULL, on_control_event, p);
  bufferevent_enable(p->bev, EV_READ);
}

static enum err control_address(const char *path, struct sockaddr_un *out) {
  *out = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof out->sun_path)
    return err_set(ERR_LIMIT, "the path of the control socket, '%s', is longer than %zu bytes", path,
                   sizeof out->sun_path - 1);
  memcpy(out->sun_path, path, strlen(path));
  return OK;
}

/* A connected socket; ERR_ABSENT if nobody listens. */
static enum err connect_control(const char *path, int *fd_out) {
  struct sockaddr_un a;
  enum err e = control_address(path, &a);
  if (e != OK)
    return e;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return err_set(ERR_IO, "no socket can be opened: %s", strerror(errno));
  if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) {
    *fd_out = fd;
    return OK;
  }
  int failed = errno;
  close(fd);
  if (failed == ENOENT || failed == ENOTDIR || failed == ECONNREFUSED)
    return err_set(ERR_ABSENT, "no node listens at '%s'", path);
  return err_set(ERR_IO, "the control socket '%s': %s", path, strerror(failed));
}

/* Removes the socket that a node which was killed has left behind. Two nodes that start at the same moment are told
 * apart by their store, not here. */
static enum err clear_control_path(const char *path) {
  struct stat st;
  int fd = -1;
  if (lstat(path, &st) != 0)
    return OK;
  if (!S_ISSOCK(st.st_mode))
    return err_set(ERR_IO, "'%s' is there already, and is not a socket", path);
  enum err e = connect_control(path, &fd);
  if (e == OK) {
    close(fd);
    return err_set(ERR_BUSY, "another node listens at '%s'", path);
  }
  if (e != ERR_ABSENT)
    return e;
  return unlink(path) == 0 ? OK : err_set(ERR_IO, "'%s' cannot be removed: %s", path, strerror(errno));
}

enum err node_control_open(struct node *n) {
  const char *path = n->settings.control_path;
  struct sockaddr_un a;
  enum err e = control_address(path, &a);
  if (e == OK)
    e = clear_control_path(path);
  if (e != OK)
    return e;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  mode_t before = umask(0177);
  n->control_bound = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0;
  int failed = errno;
  umask(before);
  if (n->control_bound)
    n->control = evconnlistener_new(n->base, on_control, n, LEV_OPT_CLOSE_ON_FREE, NODE_BACKLOG, fd);
  if (n->control == NULL) {
    if (fd >= 0)
      close(fd);
    return err_set(ERR_IO, "the control socket '%s' cannot be made: %s", path, strerror(failed));
  }
  evconnlistener_set_error_cb(n->control, node_pause_accepting);
  return OK;
}

void node_control_close(struct node *n) {
  struct peer *p, *next;
  if (n->control != NULL)
    evconnlistener_free(n->control);
  if (n->control_bound)
    unlink(n->settings.control_path);
  n->control = NULL;
  for (p = LIST_FIRST(&n->peers); p != NULL; p = next) {
    next = LIST_NEXT(p, link);
    if (bufferevent_openssl_get_ssl(p->bev) == NULL)
      on_control_event(p->bev, BEV_EVENT_EOF, p);
  }
}

/* ---- the other end of the control socket ---- */

static bool send_all(int fd, struct bytes b) {
  while (b.len > 0) {
    ssize_t n = send(fd, b.at, b.len, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR)
      return false;
    if (n > 0)
      b = bytes_of(b.at + n, b.len - (size_t)n);
  }
  return true;
}

static bool receive(int fd, uint8_t *at, size_t len) {
  while (len > 0) {
    ssize_t n = recv(fd, at, len, 0);
    if (n == 0 || (n < 0 && errno != EINTR))
      return false;
    if (n > 0) {
      at += n;
      len -= (size_t)n;
    }
  }
  return true;
}

static void encode_words(struct buf *b, int argc, char *const *argv) {
  size_t len = 4;
  for (int i = 0; i < argc; i++)
    len += 4 + strlen(argv[i]);
  buf_u32(b, (uint32_t)len);
  buf_u32(b, (uint32_t)argc);
  for (int i = 0; i < argc; i++)
    buf_string(b, bytes_str(argv[i]));
}

/* The answer without its length. */
static enum err receive_answer(int fd, const char *path, struct buf *answer) {
  uint8_t head[CONTROL_HEAD] = {0};
  bool arrived = receive(fd, head, sizeof head);
  struct reader r = reader_of(bytes_of(head, sizeof head));
  uint8_t *at = arrived ? buf_extend(answer, reader_u32(&r)) : NULL;
  if (at == NULL || !receive(fd, at, answer->len))
    return err_set(ERR_IO, "the node at '%s' broke off; look whether it still runs, and what was done", path);
  return OK;
}

enum err node_control(const char *control_path, int argc, char *const *argv, struct buf *out, struct buf *err,
                      int *status_out) {
  int fd = -1;
  struct buf request, answer;
  buf_init(&request, CONTROL_HEAD + WORDS_MAX);
  buf_init(&answer, 12 + 2 * OUTPUT_MAX);
  encode_words(&request, argc, argv);
  enum err e = buf_err(&request) != OK || argc > WORD_COUNT_MAX
                   ? err_set(ERR_LIMIT, "the command is longer than the node takes")
                   : connect_control(control_path, &fd);
  if (e == OK && !send_all(fd, buf_bytes(&request)))
    e = err_set(ERR_IO, "the node at '%s' broke off; nothing was done", control_path);
  if (e == OK)
    e = receive_answer(fd, control_path, &answer);
  if (e == OK) {
    struct reader r = reader_of(buf_bytes(&answer));
    uint32_t status = reader_u32(&r);
    struct bytes printed = reader_string(&r, OUTPUT_MAX);
    struct bytes complaint = reader_string(&r, OUTPUT_MAX);
    e = reader_end(&r);
    if (e == OK) {
      buf_add(out, printed);
      buf_add(err, complaint);
      *status_out = (int)status;
    }
  }
  if (fd >= 0)
    close(fd);
  buf_release(&answer);
  buf_release(&request);
  return e;
}
