#include "sync/node.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/text.h"
#include "sync/tls.h"

#define HEADERS_MAX (16 << 10)
#define CONNECTION_MAX 256
#define BACKLOG 128
/* How much longer than a request an answer may take: it can be larger, and whoever reads it has been heard. */
#define ANSWER_FACTOR 10
/* The control socket: sizes of what travels, each way. */
#define WORD_COUNT_MAX 256
#define WORDS_MAX ((size_t)1 << 20)
#define OUTPUT_MAX ((size_t)16 << 20)
#define CONTROL_HEAD 4

/* One connection, to the HTTPS server or to the control socket. */
struct peer {
  LIST_ENTRY(peer) link;
  struct node *node;
  struct bufferevent *bev;
  int seconds_left; /* until it is cut off, whatever it is doing: libevent's own timeouts begin anew with each byte */
  bool answering;   /* an answer is on its way to it */
};

struct node {
  struct node_settings settings; /* borrowed inside */
  const struct node_handlers *handlers;
  struct tls *tls;
  struct event_base *base;
  struct evhttp *http;
  struct evconnlistener *listener; /* belongs to http */
  struct evconnlistener *control;
  bool control_bound;
  struct event *second, *terminate, *interrupt;
  LIST_HEAD(, peer) peers;
  size_t connection_count; /* of the HTTPS server */
  bool stopping;
};

static struct peer *peer_new(struct node *n) {
  struct peer *p = mem_alloc(sizeof *p);
  *p = (struct peer){.node = n, .seconds_left = n->settings.timeout_s};
  LIST_INSERT_HEAD(&n->peers, p, link);
  return p;
}

static void stop_if_answered(struct node *n) {
  if (!n->stopping)
    return;
  for (const struct peer *p = LIST_FIRST(&n->peers); p != NULL; p = LIST_NEXT(p, link))
    if (p->answering)
      return;
  event_base_loopbreak(n->base);
}

static void peer_free(struct peer *p) {
  struct node *n = p->node;
  LIST_REMOVE(p, link);
  free(p);
  stop_if_answered(n);
}

/* A listener pauses when there are too many connections or no file descriptor is left for one more: who comes then
 * waits in the backlog. Without the pause the loop would spin on the connection that it cannot take. */
static void pause_accepting(struct evconnlistener *listener, void *of) {
  (void)of;
  evconnlistener_disable(listener);
}

static void resume_accepting(struct node *n) {
  if (n->stopping)
    return;
  if (n->listener != NULL && n->connection_count < CONNECTION_MAX)
    evconnlistener_enable(n->listener);
  if (n->control != NULL)
    evconnlistener_enable(n->control);
}

/* ---- HTTPS ---- */

struct route {
  const char *path;
  bool for_replicas; /* a client certificate is needed */
};

static const struct route routes[] = {{"/v1/sync", true}, {"/v1/join", false}};

static const struct route *find_route(const char *uri) {
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
    if (uri != NULL && strcmp(uri, routes[i].path) == 0)
      return &routes[i];
  return NULL;
}

static const char *in_header(struct evhttp_request *req, const char *name) {
  const char *value = evhttp_find_header(evhttp_request_get_input_headers(req), name);
  return value ? value : "";
}

static void refuse(struct node_reply *reply, int status, const char *words) {
  reply->status = status;
  buf_clear(&reply->body);
  buf_add_str(&reply->body, words);
}

static void answer_request(struct node *n, struct evhttp_request *req, struct node_reply *reply) {
  const struct route *route = find_route(evhttp_request_get_uri(req));
  struct evbuffer *in = evhttp_request_get_input_buffer(req);
  struct hash replica;
  if (route == NULL) {
    refuse(reply, 404, "there is nothing at this path");
  } else if (evhttp_request_get_command(req) != EVHTTP_REQ_POST) {
    evhttp_add_header(evhttp_request_get_output_headers(req), "Allow", "POST");
    refuse(reply, 405, "only POST is understood here");
  } else if (strcmp(in_header(req, "Content-Type"), "application/cairn") != 0) {
    refuse(reply, 400, "the body is not application/cairn");
  } else if (in_header(req, "Content-Length")[0] == '\0' || in_header(req, "Transfer-Encoding")[0] != '\0') {
    /* Newer libevents refuse a request that has both by themselves. */
    refuse(reply, 400, "the request does not say its Content-Length");
  } else {
    struct bytes body = bytes_of(evbuffer_pullup(in, -1), evbuffer_get_length(in));
    struct evhttp_connection *c = evhttp_request_get_connection(req);
    if (!route->for_replicas)
      n->handlers->join(n->handlers->of, body, reply);
    else if (tls_peer(bufferevent_openssl_get_ssl(evhttp_connection_get_bufferevent(c)), &replica))
      n->handlers->sync(n->handlers->of, &replica, body, reply);
    else
      refuse(reply, 401, "no certificate was shown");
  }
  if (buf_err(&reply->body) != OK)
    refuse(reply, 500, "the answer is larger than it may be");
}

/* The whole answer has been handed to the kernel; what may follow on the connection is the next request. */
static void on_answered(struct evhttp_request *req, void *of) {
  struct peer *p = of;
  (void)req;
  p->answering = false;
  p->seconds_left = p->node->settings.timeout_s;
  stop_if_answered(p->node);
}

static struct peer *find_peer(struct node *n, const struct bufferevent *bev) {
  struct peer *p = LIST_FIRST(&n->peers);
  while (p != NULL && p->bev != bev)
    p = LIST_NEXT(p, link);
  return p;
}

static void on_request(struct evhttp_request *req, void *of) {
  struct node *n = of;
  struct node_reply reply = {.status = 500};
  struct evbuffer *out = evhttp_request_get_output_buffer(req);
  struct peer *p = find_peer(n, evhttp_connection_get_bufferevent(evhttp_request_get_connection(req)));
  if (p == NULL) { /* tls_accept had no memory, so the connection is a plain one: nothing is served over that */
    evhttp_send_error(req, 503, NULL);
    return;
  }
  answer_request(n, req, &reply);
  evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Type",
                    reply.status == 200 ? "application/cairn" : "text/plain; charset=utf-8");
  if (reply.status != 200)
    buf_add_str(&reply.body, "\n");
  if (evhttp_request_get_command(req) != EVHTTP_REQ_HEAD)
    evbuffer_add(out, reply.body.at, reply.body.len);
  buf_release(&reply.body);
  p->answering = true;
  p->seconds_left = ANSWER_FACTOR * n->settings.timeout_s;
  evhttp_request_set_on_complete_cb(req, on_answered, p);
  evhttp_send_reply(req, reply.status, NULL, NULL);
}

static void on_connection_gone(void *of) {
  struct peer *p = of;
  struct node *n = p->node;
  n->connection_count--;
  peer_free(p);
  resume_accepting(n);
}

/* evhttp calls this for each connection that it has accepted. The connection's end is learned from that of its SSL,
 * which BEV_OPT_CLOSE_ON_FREE ties to it. While an answer is written evhttp goes on reading whatever comes, hence the
 * watermark: the body, the headers, and a bit. */
static struct bufferevent *on_connection(struct event_base *base, void *of) {
  struct node *n = of;
  struct peer *p = peer_new(n);
  void *ssl = tls_accept(n->tls, on_connection_gone, p);
  if (ssl == NULL) {
    peer_free(p);
    return NULL;
  }
  p->bev = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_setwatermark(p->bev, EV_READ, 0, n->settings.body_max + 2 * HEADERS_MAX);
  if (++n->connection_count >= CONNECTION_MAX)
    evconnlistener_disable(n->listener);
  return p->bev;
}

static struct evconnlistener *listen_at(struct event_base *base, const struct addrinfo *a) {
  const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
  return evconnlistener_new_bind(base, NULL, NULL, flags, BACKLOG, a->ai_addr, (int)a->ai_addrlen);
}

static enum err open_listener(struct node *n) {
  const char *host = n->settings.listen_host;
  const int on = 1;
  char port[8];
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
  struct addrinfo *found = NULL;
  snprintf(port, sizeof port, "%u", n->settings.port);
  int failed = getaddrinfo(host, port, &hints, &found);
  if (failed)
    return err_set(ERR_IO, "cannot listen at '%s': %s", host, gai_strerror(failed));
  for (const struct addrinfo *a = found; a != NULL && n->listener == NULL; a = a->ai_next)
    n->listener = listen_at(n->base, a);
  freeaddrinfo(found);
  if (n->listener == NULL)
    return err_set(ERR_IO, "cannot listen at '%s', port %s: %s", host, port, strerror(errno));
  /* Accepted sockets inherit it. Without it a small answer waits for the acknowledgement of its first part. */
  setsockopt(evconnlistener_get_fd(n->listener), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  evconnlistener_set_error_cb(n->listener, pause_accepting);
  return OK;
}

static enum err open_http(struct node *n) {
  enum err e = open_listener(n);
  if (e != OK)
    return e;
  evhttp_set_bevcb(n->http, on_connection, n);
  evhttp_set_gencb(n->http, on_request, n);
  /* Of silence, for those who take nothing of an answer; the others meet cut_off first. */
  evhttp_set_timeout(n->http, n->settings.timeout_s + 2);
  evhttp_set_max_headers_size(n->http, HEADERS_MAX);
  evhttp_set_max_body_size(n->http, (ev_ssize_t)n->settings.body_max);
  /* Who sends too large a body hears 413 only if the rest of the body is read, too: else the reset overtakes it. */
  evhttp_set_flags(n->http, EVHTTP_SERVER_LINGERING_CLOSE);
  evhttp_set_default_content_type(n->http, NULL);
  /* All that evhttp knows: it answers the others itself, without saying which one is allowed. */
  evhttp_set_allowed_methods(n->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
                                          EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
                                          EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
  return evhttp_bind_listener(n->http, n->listener) ? OK : err_set(ERR_IO, "the HTTPS server cannot be set up");
}

/* ---- the control socket ----
 *
 * One request for each connection. Numbers are u32, big-endian; a string is its length and its bytes.
 *   request: length of the rest, count, count times a string
 *   answer:  length of the rest, exit status, string for standard output, string for standard error */

static void on_control_event(struct bufferevent *bev, short what, void *of) {
  (void)what;
  bufferevent_free(bev);
  peer_free(of);
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
  buf_u32(&answer, (uint32_t)(12 + out.len + err.len));
  buf_u32(&answer, (uint32_t)status);
  buf_string(&answer, buf_bytes(&out));
  buf_string(&answer, buf_bytes(&err));
  p->answering = true;
  p->seconds_left = ANSWER_FACTOR * p->node->settings.timeout_s;
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
  struct peer *p = peer_new(n);
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
  if (failed == ENOENT || failed == ECONNREFUSED)
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

static enum err open_control(struct node *n) {
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
    n->control = evconnlistener_new(n->base, on_control, n, LEV_OPT_CLOSE_ON_FREE, BACKLOG, fd);
  if (n->control == NULL) {
    if (fd >= 0)
      close(fd);
    return err_set(ERR_IO, "the control socket '%s' cannot be made: %s", path, strerror(failed));
  }
  evconnlistener_set_error_cb(n->control, pause_accepting);
  return OK;
}

/* ---- life ---- */

static const char too_slow[] = "HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain; charset=utf-8\r\n"
                               "Content-Length: 36\r\nConnection: close\r\n\r\n"
                               "the request took too long to arrive\n";

/* Its bufferevent meets the end of the stream, and all else follows from that. evhttp cannot be made to answer before
 * the request is there, so this goes past it, while it has nothing to say itself. */
static void cut_off(struct peer *p) {
  void *ssl = bufferevent_openssl_get_ssl(p->bev);
  if (ssl != NULL && !p->answering && evbuffer_get_length(bufferevent_get_output(p->bev)) == 0)
    tls_say(ssl, bytes_str(too_slow));
  shutdown(bufferevent_getfd(p->bev), SHUT_RDWR);
}

static void on_second(evutil_socket_t fd, short what, void *of) {
  (void)fd, (void)what;
  struct node *n = of;
  n->handlers->tick(n->handlers->of);
  for (struct peer *p = LIST_FIRST(&n->peers); p != NULL; p = LIST_NEXT(p, link))
    if (p->seconds_left-- == 0)
      cut_off(p);
  resume_accepting(n);
}

static void on_stop_signal(evutil_socket_t number, short what, void *of) {
  (void)number, (void)what;
  struct node *n = of;
  n->stopping = true;
  evconnlistener_disable(n->listener);
  evconnlistener_disable(n->control);
  stop_if_answered(n);
}

/* libevent warns of what strangers send, which is none of the administrator's business; what ends the program is. */
static void on_library_message(int severity, const char *words) {
  if (severity == EVENT_LOG_ERR)
    fprintf(stderr, "libevent: %s\n", words);
}

static enum err open_events(struct node *n) {
  const struct timeval second = {.tv_sec = 1};
  n->base = event_base_new();
  n->http = n->base ? evhttp_new(n->base) : NULL;
  if (n->http == NULL)
    return err_set(ERR_IO, "the event loop cannot be set up: %s", strerror(errno));
  n->second = event_new(n->base, -1, EV_PERSIST, on_second, n);
  n->terminate = evsignal_new(n->base, SIGTERM, on_stop_signal, n);
  n->interrupt = evsignal_new(n->base, SIGINT, on_stop_signal, n);
  if (event_add(n->second, &second) != 0 || event_add(n->terminate, NULL) != 0 || event_add(n->interrupt, NULL) != 0)
    return err_set(ERR_IO, "the event loop cannot be set up: %s", strerror(errno));
  return OK;
}

enum err node_open(const struct node_settings *settings, const struct node_handlers *handlers, struct node **out) {
  struct node *n = mem_alloc(sizeof *n);
  *n = (struct node){.settings = *settings, .handlers = handlers};
  LIST_INIT(&n->peers);
  signal(SIGPIPE, SIG_IGN);
  event_set_log_callback(on_library_message);
  enum err e = tls_open(
      &(struct tls_settings){
          .side = TLS_NODE, .ca = settings->ca, .certificate = settings->certificate, .key = settings->key},
      &n->tls);
  if (e == OK)
    e = open_events(n);
  if (e == OK)
    e = open_control(n);
  if (e == OK)
    e = open_http(n);
  if (e != OK)
    node_close(n);
  else
    *out = n;
  return e;
}

uint16_t node_port(const struct node *n) {
  struct sockaddr_storage a = {0};
  socklen_t len = sizeof a;
  getsockname(evconnlistener_get_fd(n->listener), (struct sockaddr *)&a, &len);
  return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port : ((struct sockaddr_in *)&a)->sin_port);
}

enum err node_run(struct node *n) {
  int failed = event_base_dispatch(n->base);
  n->handlers->tick(n->handlers->of);
  return failed < 0 ? err_set(ERR_IO, "the event loop broke: %s", strerror(errno)) : OK;
}

static void close_control(struct node *n) {
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

void node_close(struct node *n) {
  if (n == NULL)
    return;
  n->stopping = true;
  close_control(n);
  if (n->second != NULL)
    event_free(n->second);
  if (n->terminate != NULL)
    event_free(n->terminate);
  if (n->interrupt != NULL)
    event_free(n->interrupt);
  if (n->http != NULL)
    evhttp_free(n->http);
  if (n->base != NULL)
    event_base_free(n->base); /* ends the connections' bufferevents, and by them the peers */
  tls_close(n->tls);
  free(n);
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
