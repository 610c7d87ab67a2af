#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/noded_mirror.h"
#include "core/moment.h"
#include "sync/carry.h"
#include "sync/join.h"
#include "sync/recover.h"

struct serving {
  struct noded *n;
  const char *folder;
  uint64_t published; /* the size last published */
  bool has_no_room;   /* on the disk, at the last request that wanted some */
  struct noded_mirrors mirrors;
};

/* The node's disk is the administrator's business, who hears of it once until something can be stored again; a
 * replica's people would take it for their own. */
static void reply_no_room(struct serving *s, struct node_reply *reply) {
  buf_add_str(&reply->body, "the node's disk is full, or it fails; nothing was stored there, and nothing is lost here; "
                            "try again later, or tell the administrator of the node");
  if (!s->has_no_room)
    fprintf(stderr, "cairnd: %s a request was not stored: %s\n", text_time_format(noded_now_s()).s,
            err_words(ERR_DISK));
  s->has_no_room = true;
}

static void reply_error(struct serving *s, struct node_reply *reply, enum err e) {
  reply->status = exchange_status(e);
  buf_clear(&reply->body);
  if (e == ERR_DISK) {
    reply_no_room(s, reply);
    return;
  }
  buf_add_str(&reply->body, err_words(e));
  if (err_remedy()[0])
    buf_addf(&reply->body, "; %s", err_remedy());
}

static void answered(struct serving *s, struct node_reply *reply, enum err e) {
  if (e != OK) {
    reply_error(s, reply, e);
    return;
  }
  reply->status = 200;
  s->has_no_room = false;
}

/* What a request had to say to the administrator. */
static void pass_on(struct serving *s, struct buf *told) {
  if (told->len)
    fprintf(stderr, "cairnd: %s %s", text_time_format(noded_now_s()).s, buf_cstr(told));
  s->n->exchange.told = NULL;
  buf_release(told);
}

static void on_sync(void *of, const struct hash *replica, struct bytes body, struct node_reply *reply) {
  struct serving *s = of;
  struct buf told = {0};
  s->n->exchange.told = &told;
  enum err e = exchange_answer(&s->n->exchange, replica, body, noded_now_s(), &reply->body);
  answered(s, reply, e);
  pass_on(s, &told);
}

static void on_part(void *of, const struct hash *replica, struct bytes body, struct node_reply *reply) {
  struct serving *s = of;
  enum err e = carry_serve(&s->n->exchange, replica, body, noded_now_s(), &reply->body);
  answered(s, reply, e);
}

static void on_recover(void *of, const struct hash *replica, struct bytes body, struct node_reply *reply) {
  struct serving *s = of;
  struct buf told = {0};
  s->n->exchange.told = &told;
  enum err e = recover_serve(&s->n->exchange, replica, body, noded_now_s(), &reply->body);
  reply->status = 200;
  if (e != OK)
    reply_error(s, reply, e);
  pass_on(s, &told);
}

static void on_join(void *of, struct bytes body, struct node_reply *reply) {
  struct serving *s = of;
  struct buf told = {0};
  s->n->exchange.told = &told;
  enum err e = join_answer(&s->n->exchange, body, noded_now_s(), &reply->body);
  answered(s, reply, e);
  pass_on(s, &told);
}

static int on_control(void *of, int argc, char **argv, struct buf *out, struct buf *err) {
  struct serving *s = of;
  s->n->status = 0;
  int status = cmd_run(s->n->program, s->n, argc, argv, out, err);
  return status ? status : s->n->status;
}

/* What was erased leaves no trace in the node's file either; not in the middle of a request, which others wait for. */
static void scrub(struct serving *s) {
  enum err e = feed_needs_scrub(s->n->store) ? feed_scrub(s->n->store) : OK;
  if (e != OK)
    fprintf(stderr, "cairnd: what was erased is not out of the file yet: %s\n", err_words(e));
}

/* A ledger that cannot be published now is published later: the store has it. Said once, and not each second. */
static void publish(struct serving *s) {
  if (store_size(s->n->store) == s->published)
    return;
  moment_comes(MOMENT_BEFORE_PUBLISH);
  enum err e = noded_publish(s->n, s->folder, &s->published);
  const char *words = e == OK ? "" : err_words(e);
  if (e != OK && strcmp(words, s->n->unpublished) != 0)
    fprintf(stderr, "cairnd: the ledger could not be published: %s%s%s\n", words, err_remedy()[0] ? "; " : "",
            err_remedy());
  snprintf(s->n->unpublished, sizeof s->n->unpublished, "%s", words);
}

static void on_tick(void *of) {
  struct serving *s = of;
  scrub(s);
  if (parts_expire(s->n->store, noded_now_s()) != OK)
    fprintf(stderr, "cairnd: documents that never came whole could not be thrown away: %s\n", err_words(ERR_IO));
  if (recovery_is_on(s->n->store))
    return; /* what would be published is behind what was */
  publish(s);
  noded_mirrors_tick(&s->mirrors, s->n, s->folder, s->published);
}

static void say_listening(const struct serving *s, uint16_t port, bool json) {
  const char *host = buf_cstr(&s->n->host);
  if (json)
    printf("{\"host\":\"%s\",\"port\":%u}\n", host, port);
  else
    printf("listening on %s:%u\n", host, port);
  fflush(stdout);
}

static enum err serve(struct serving *s, const struct cmd_line *line, bool json) {
  struct noded *n = s->n;
  struct buf control = {0};
  struct noded_identity identity = {0};
  const char *port = cmd_value(line, "port"), *listen_on = cmd_value(line, "listen");
  uint64_t number = n->port;
  struct node *server = NULL;
  enum err e = OK;
  if (port && (text_number(bytes_str(port), &number) != OK || number > UINT16_MAX))
    e = err_set(ERR_USAGE, "not a port: \"%s\"", port);
  if (e == OK)
    e = noded_identity(n, &identity);
  struct node_settings settings = {.listen_host = listen_on ? listen_on : buf_cstr(&n->host),
                                   .port = (uint16_t)number,
                                   .control_path = folder_path(&control, s->folder, NODED_CONTROL),
                                   .ca = buf_bytes(&identity.authority),
                                   .certificate = buf_bytes(&identity.certificate),
                                   .key = n->tls,
                                   .former = identity.former,
                                   .former_count = identity.former_count,
                                   .body_max = MSG_PAGE_MAX,
                                   .timeout_s = 30};
  struct node_handlers handlers = {s, on_sync, on_join, on_control, on_tick, on_part, on_recover};
  if (e == OK)
    e = node_open(&settings, &handlers, &server);
  if (e == OK) {
    n->server = server;
    n->port = node_port(server);
    on_tick(s);
    if (recovery_is_on(n->store))
      fprintf(stderr, "cairnd: the node is being rebuilt, and takes nothing but what machines offer: cairnd rebuild\n");
    say_listening(s, n->port, json);
    e = node_run(server);
  }
  noded_mirrors_stop(&s->mirrors);
  node_close(server);
  n->server = NULL;
  noded_identity_release(&identity);
  buf_release(&control);
  return e;
}

static enum err run_serve(void *program, const struct cmd_line *line, struct out *out) {
  struct noded *n = program;
  struct serving s = {.n = n, .folder = noded_folder(line)};
  if (n->server)
    return err_set(ERR_USAGE, "the node serves already");
  enum err e = noded_open(n, line, NODED_KEYS);
  if (e == OK)
    e = serve(&s, line, out->form == OUT_JSON);
  noded_close(n);
  return e;
}

static const struct cmd_opt serve_opts[] = {
    {"listen", CMD_VALUE, "ADDRESS", "the address to listen on (default: the node's host)"},
    {"port", CMD_VALUE, "PORT", "another port than the one given to init; 0: any free one"},
    {0},
};

const struct cmd noded_serve_commands[] = {
    {"serve", "", 0, 0, serve_opts, "serve replicas until the program is told to end (SIGTERM)",
     "Says the address once it listens. Publishes the ledger to ledger.git in the node's folder.", run_serve},
    {0},
};
