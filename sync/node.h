/* The node's rim: an HTTPS server (sync/PROTOCOL.md section 1) over libevent, and a control socket for the
 * administrator's commands. It moves opaque bytes: what a request means is for the handlers. One thread; a handler runs
 * to its end before the next request is looked at. */
#ifndef CAIRN_SYNC_NODE_H
#define CAIRN_SYNC_NODE_H

#include "core/bytes.h"
#include "core/hash.h"
#include "core/key.h"
#include "sync/tls.h"

/* What a handler answers: an HTTP status, and the body (application/cairn if 200, else one line of plain words). */
struct node_reply {
  int status;
  struct buf body;
};

struct node_handlers {
  void *of;
  /* POST /v1/sync: replica is the key id of the client certificate, which the authority has issued; it may have ended.
   */
  void (*sync)(void *of, const struct hash *replica, struct bytes body, struct node_reply *reply);
  /* POST /v1/join: no client certificate. */
  void (*join)(void *of, struct bytes body, struct node_reply *reply);
  /* The control socket: words of a command; out gets what it prints to standard output and err what it prints to
   * standard error. Returns the exit status. */
  int (*control)(void *of, int argc, char **argv, struct buf *out, struct buf *err);
  /* About once a second, and once before the server stops. */
  void (*tick)(void *of);
  /* POST /v1/part: as sync. */
  void (*part)(void *of, const struct hash *replica, struct bytes body, struct node_reply *reply);
  /* POST /v1/recover: as sync. */
  void (*recover)(void *of, const struct hash *replica, struct bytes body, struct node_reply *reply);
};

struct node_settings {
  const char *listen_host;         /* "127.0.0.1" */
  uint16_t port;                   /* 0: any free one; node_port tells */
  const char *control_path;        /* unix socket, made with mode 0600; an old one that nobody listens on is replaced */
  struct bytes ca;                 /* the authority's certificate, DER */
  struct bytes certificate;        /* the node's TLS certificate, DER */
  const struct key *key;           /* its key */
  const struct tls_former *former; /* authorities of before (sync/tls.h); former_count of them */
  size_t former_count;
  size_t body_max; /* bytes; PROTOCOL: 4 MiB */
  int timeout_s;   /* PROTOCOL: 30 */
};

struct node;

/* Listens; ERR_IO with words if the address is taken, ERR_BUSY if another node listens on the control socket. Borrows
 * settings' bytes and the handlers until node_close. Ignores SIGPIPE. */
enum err node_open(const struct node_settings *settings, const struct node_handlers *handlers, struct node **out);
uint16_t node_port(const struct node *n);
/* Other certificates, authorities and another key (ca, certificate, key, former) for the connections to come. What
 * fails changes nothing. */
enum err node_identify(struct node *n, const struct node_settings *settings);
/* Serves until SIGTERM or SIGINT, finishes the request it is at, calls tick once more. */
enum err node_run(struct node *n);
void node_close(struct node *n);

/* The other end of the control socket. ERR_ABSENT if nobody listens there. Sends words, gets the output and the exit
 * status. */
enum err node_control(const char *control_path, int argc, char *const *argv, struct buf *out, struct buf *err,
                      int *status_out);

#endif
