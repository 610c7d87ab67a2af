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
#include <unistd.h>

#include "core/moment.h"
#include "core/text.h"
#include "sync/node_parts.h"
#include "sync/tls.h"
#include "sync/zip.h"

#define HEADERS_MAX (16 << 10)
#define CONNECTION_MAX 256
/* How long who takes nothing of an answer may be silent; the others meet cut_off first. */
#define SILENCE_S(n) ((n)->settings.timeout_s + 2)
/* Work of this length would cut off who waits; what is shorter must not keep the idle connected under steady load. */
#define BUSY_S(n) (((n)->settings.timeout_s + 1) / 2)
struct peer *node_peer_new(struct node *n) {
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

void node_peer_free(struct peer *p) {
  struct node *n = p->node;
  LIST_REMOVE(p, link);
  free(p);
  stop_if_answered(n);
}

void node_catch_up(struct node *n) {
  const struct timeval silence = {.tv_sec = SILENCE_S(n)};
  struct timeval woken, now, took;
  event_base_gettimeofday_cached(n->base, &woken);
  evutil_gettimeofday(&now, NULL);
  evutil_timersub(&now, &woken, &took);
  if (took.tv_sec < BUSY_S(n))
    return;
  n->was_busy = true;
  event_base_update_cache_time(n->base);
  for (const struct peer *p = LIST_FIRST(&n->peers); p != NULL; p = LIST_NEXT(p, link))
    if (bufferevent_openssl_get_ssl(p->bev) != NULL)
      bufferevent_set_timeouts(p->bev, &silence, &silence);
}

/* A listener pauses when there are too many connections or no file descriptor is left for one more: who comes then
 * waits in the backlog. Without the pause the loop would spin on the connection that it cannot take. */
void node_pause_accepting(struct evconnlistener *listener, void *of) {
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

/* A client certificate is needed for all but joining. */
enum route_to { TO_SYNC, TO_PART, TO_RECOVER, TO_JOIN };

struct route {
  const char *path;
  enum route_to to;
};

static const struct route routes[] = {
    {"/v1/sync", TO_SYNC}, {"/v1/part", TO_PART}, {"/v1/recover", TO_RECOVER}, {"/v1/join", TO_JOIN}};

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

static bool is_packed(struct evhttp_request *req) {
  return strcmp(in_header(req, "Content-Type"), ZIP_MEDIA) == 0;
}

static void hand_on(struct node *n, const struct route *route, struct evhttp_request *req, struct bytes body,
                    struct node_reply *reply) {
  struct evhttp_connection *c = evhttp_request_get_connection(req);
  struct hash replica;
  if (route->to == TO_JOIN)
    n->handlers->join(n->handlers->of, body, reply);
  else if (!tls_peer(bufferevent_openssl_get_ssl(evhttp_connection_get_bufferevent(c)), &replica))
    refuse(reply, 401, "no certificate was shown");
  else if (route->to == TO_PART)
    n->handlers->part(n->handlers->of, &replica, body, reply);
  else if (route->to == TO_RECOVER)
    n->handlers->recover(n->handlers->of, &replica, body, reply);
  else
    n->handlers->sync(n->handlers->of, &replica, body, reply);
}

/* A packed body is unpacked here, so that the handlers know nothing of it; the limit is that of a plain one. */
static void hand_on_unpacked(struct node *n, const struct route *route, struct evhttp_request *req, struct bytes body,
                             struct node_reply *reply) {
  struct buf plain = {0};
  enum err e = zip_unpack(body, n->settings.body_max, &plain);
  if (e == OK)
    hand_on(n, route, req, buf_bytes(&plain), reply);
  else
    refuse(reply, e == ERR_LIMIT ? 413 : 400, err_words(e));
  buf_release(&plain);
}

/* Packs an answer for whoever says that they read it; true if it was. */
static bool pack(struct evhttp_request *req, struct node_reply *reply) {
  struct buf packed = {0};
  if (reply->status != 200 || strcmp(in_header(req, "Accept"), ZIP_MEDIA) != 0)
    return false;
  buf_init(&packed, reply->body.len);
  bool is_shorter = zip_pack(buf_bytes(&reply->body), &packed);
  if (is_shorter) {
    buf_release(&reply->body);
    reply->body = packed;
  } else {
    buf_release(&packed);
  }
  return is_shorter;
}

static void answer_request(struct node *n, struct evhttp_request *req, struct node_reply *reply) {
  const struct route *route = find_route(evhttp_request_get_uri(req));
  struct evbuffer *in = evhttp_request_get_input_buffer(req);
  if (route == NULL) {
    refuse(reply, 404, "there is nothing at this path");
  } else if (evhttp_request_get_command(req) != EVHTTP_REQ_POST) {
    evhttp_add_header(evhttp_request_get_output_headers(req), "Allow", "POST");
    refuse(reply, 405, "only POST is understood here");
  } else if (strcmp(in_header(req, "Content-Type"), "application/cairn") != 0 && !is_packed(req)) {
    refuse(reply, 400, "the body is not application/cairn");
  } else if (in_header(req, "Content-Length")[0] == '\0' || in_header(req, "Transfer-Encoding")[0] != '\0') {
    /* Newer libevents refuse a request that has both by themselves. */
    refuse(reply, 400, "the request does not say its Content-Length");
  } else {
    struct bytes body = bytes_of(evbuffer_pullup(in, -1), evbuffer_get_length(in));
    if (is_packed(req))
      hand_on_unpacked(n, route, req, body, reply);
    else
      hand_on(n, route, req, body, reply);
  }
  if (buf_err(&reply->body) != OK)
    refuse(reply, 500, "the answer is larger than it may be");
}

/* The whole answer has been handed to the kernel; what may follow on the connection is the next request. */
static void on_answered(struct evhttp_request *req, void *of) {
  struct peer *p = of;
  (void)req;
  moment_comes(MOMENT_AFTER_ANSWER);
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
  node_catch_up(n);
  /* The time that it took is not the peer's silence: that begins now, and the loop still has the time from before. */
  event_base_update_cache_time(n->base);
  evhttp_connection_set_timeout(evhttp_request_get_connection(req), SILENCE_S(n));
  moment_comes(MOMENT_BEFORE_ANSWER);
  const char *media = pack(req, &reply) ? ZIP_MEDIA : "application/cairn";
  evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Type",
                    reply.status == 200 ? media : "text/plain; charset=utf-8");
  if (reply.status != 200)
    buf_add_str(&reply.body, "\n");
  if (evhttp_request_get_command(req) != EVHTTP_REQ_HEAD)
    evbuffer_add(out, reply.body.at, reply.body.len);
  buf_release(&reply.body);
  p->answering = true;
  p->seconds_left = NODE_ANSWER_FACTOR * n->settings.timeout_s;
  evhttp_request_set_on_complete_cb(req, on_answered, p);
  evhttp_send_reply(req, reply.status, NULL, NULL);
}

static void on_connection_gone(void *of) {
  struct peer *p = of;
  struct node *n = p->node;
  n->connection_count--;
  node_peer_free(p);
  resume_accepting(n);
}

/* evhttp calls this for each connection that it has accepted. The connection's end is learned from that of its SSL,
 * which BEV_OPT_CLOSE_ON_FREE ties to it. While an answer is written evhttp goes on reading whatever comes, hence the
 * watermark: the body, the headers, and a bit. */
static struct bufferevent *on_connection(struct event_base *base, void *of) {
  struct node *n = of;
  struct peer *p = node_peer_new(n);
  void *ssl = tls_accept(n->tls, on_connection_gone, p);
  if (ssl == NULL) {
    node_peer_free(p);
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
  return evconnlistener_new_bind(base, NULL, NULL, flags, NODE_BACKLOG, a->ai_addr, (int)a->ai_addrlen);
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
  evconnlistener_set_error_cb(n->listener, node_pause_accepting);
  return OK;
}

static enum err open_http(struct node *n) {
  enum err e = open_listener(n);
  if (e != OK)
    return e;
  evhttp_set_bevcb(n->http, on_connection, n);
  evhttp_set_gencb(n->http, on_request, n);
  evhttp_set_timeout(n->http, SILENCE_S(n));
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
  node_catch_up(n);
  for (struct peer *p = LIST_FIRST(&n->peers); p != NULL && !n->was_busy; p = LIST_NEXT(p, link))
    if (p->seconds_left-- == 0)
      cut_off(p);
  n->was_busy = false;
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

static struct tls_settings identity_of(const struct node_settings *s) {
  return (struct tls_settings){.side = TLS_NODE,
                               .ca = s->ca,
                               .certificate = s->certificate,
                               .key = s->key,
                               .former = s->former,
                               .former_count = s->former_count};
}

enum err node_identify(struct node *n, const struct node_settings *settings) {
  const struct tls_settings identity = identity_of(settings);
  return tls_replace(n->tls, &identity);
}

enum err node_open(const struct node_settings *settings, const struct node_handlers *handlers, struct node **out) {
  struct node *n = mem_alloc(sizeof *n);
  *n = (struct node){.settings = *settings, .handlers = handlers};
  LIST_INIT(&n->peers);
  signal(SIGPIPE, SIG_IGN);
  event_set_log_callback(on_library_message);
  const struct tls_settings identity = identity_of(settings);
  enum err e = tls_open(&identity, &n->tls);
  if (e == OK)
    e = open_events(n);
  if (e == OK)
    e = node_control_open(n);
  if (e == OK)
    e = open_http(n);
  if (e != OK)
    node_close(n);
  else
    *out = n;
  return e;
}

uint16_t node_port(const struct node *n) {
  union {
    struct sockaddr_in6 six;
    struct sockaddr_in four;
    struct sockaddr any;
  } a = {0};
  socklen_t len = sizeof a;
  getsockname(evconnlistener_get_fd(n->listener), &a.any, &len);
  return ntohs(a.any.sa_family == AF_INET6 ? a.six.sin6_port : a.four.sin_port);
}

enum err node_run(struct node *n) {
  int failed = event_base_dispatch(n->base);
  n->handlers->tick(n->handlers->of);
  return failed < 0 ? err_set(ERR_IO, "the event loop broke: %s", strerror(errno)) : OK;
}

void node_close(struct node *n) {
  if (n == NULL)
    return;
  n->stopping = true;
  node_control_close(n);
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
