/* What the two files of the node's rim share: node.c serves HTTPS, control.c the control socket. Included by them only.
 */
#ifndef CAIRN_SYNC_NODE_PARTS_H
#define CAIRN_SYNC_NODE_PARTS_H

#include <event2/listener.h>
#include <sys/queue.h>

#include "sync/node.h"

#define NODE_BACKLOG 128
/* How much longer than a request an answer may take: it can be larger, and whoever reads it has been heard. */
#define NODE_ANSWER_FACTOR 10

struct bufferevent;
struct event;
struct event_base;
struct evhttp;

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
  bool was_busy;           /* for long, since the last second was counted */
  bool stopping;
};

/* A connection that is watched until it ends. */
struct peer *node_peer_new(struct node *n);
void node_peer_free(struct peer *p);
/* After each handler: where that took long, whoever asked meanwhile has not been silent, and is not cut off. */
void node_catch_up(struct node *n);
/* When no file descriptor is left: waits until a connection has ended. */
void node_pause_accepting(struct evconnlistener *listener, void *of);

/* control.c */
enum err node_control_open(struct node *n);
void node_control_close(struct node *n);

#endif
