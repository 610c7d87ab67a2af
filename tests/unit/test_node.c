/* The network's rim over real loopback sockets: a node in a child process, the client against it and against servers
 * that are no nodes, and raw TLS clients that misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/cert.h"
#include "core/text.h"
#include "sync/client.h"
#include "sync/node.h"

#define HOST "127.0.0.1"
#define LARGE ((size_t)4 << 20)
#define DAY 86400

/* ---- identities, made once ---- */

struct identity {
  struct key *key;
  struct buf cert;
};

static struct identity authority, stranger; /* two authorities */
static struct identity node, node_stranger, node_expired, node_future, node_elsewhere;
static struct identity replica, replica_stranger, replica_expired, person;
static char folder[] = "/tmp/cairn-node-XXXXXX";
static char control[64];
static pid_t living;       /* the child of a test under way */
static bool failed_before; /* what a failed test has left behind is not a leak of the next one's child */

static void issue(struct identity *id, const struct identity *by, enum cert_use use, const char *host,
                  int64_t from_days, int64_t until_days) {
  int64_t now = time(NULL);
  struct hash subject = hash_of(bytes_str("a replica"));
  id->key = key_new();
  assert_int_equal(cert_issue(by->key, buf_bytes(&by->cert), id->key, use, use == CERT_NODE_TLS ? NULL : &subject, host,
                              now + from_days * DAY, now + until_days * DAY, &id->cert),
                   OK);
}

static void make_authority(struct identity *id) {
  int64_t now = time(NULL);
  id->key = key_new();
  assert_int_equal(cert_make_authority(id->key, "test", now - 90 * DAY, now + 90 * DAY, &id->cert), OK);
}

static int make_identities(void **state) {
  (void)state;
  make_authority(&authority);
  make_authority(&stranger);
  issue(&node, &authority, CERT_NODE_TLS, HOST, -1, 1);
  issue(&node_stranger, &stranger, CERT_NODE_TLS, HOST, -1, 1);
  issue(&node_expired, &authority, CERT_NODE_TLS, HOST, -2, -1);
  issue(&node_future, &authority, CERT_NODE_TLS, HOST, 1, 2);
  issue(&node_elsewhere, &authority, CERT_NODE_TLS, "localhost", -1, 1);
  issue(&replica, &authority, CERT_REPLICA, NULL, -1, 1);
  issue(&replica_stranger, &stranger, CERT_REPLICA, NULL, -1, 1);
  issue(&replica_expired, &authority, CERT_REPLICA, NULL, -2, -1);
  issue(&person, &authority, CERT_PERSON, NULL, -1, 1);
  assert_non_null(mkdtemp(folder));
  snprintf(control, sizeof control, "%s/control", folder);
  return 0;
}

static int release_identities(void **state) {
  struct identity *all[] = {&authority,      &stranger, &node,   &node_stranger,    &node_expired,   &node_future,
                            &node_elsewhere, &replica,  &person, &replica_stranger, &replica_expired};
  (void)state;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    key_free(all[i]->key);
    buf_release(&all[i]->cert);
  }
  return rmdir(folder);
}

/* After a failure no node is left that the next test could meet. */
static int end_child(void **state) {
  (void)state;
  if (living != 0) {
    kill(living, SIGKILL);
    waitpid(living, NULL, 0);
    unlink(control);
    failed_before = true;
  }
  living = 0;
  return 0;
}

/* ---- the node in a child ---- */

struct served { /* in the child */
  int ticks, requests;
  bool ticked_last;
};

/* The TCP connections that this process holds: how many, and whether all have TCP_NODELAY. */
static int count_connections(bool *no_delay_out) {
  int count = 0;
  struct sockaddr_storage a;
  DIR *d = opendir("/proc/self/fd");
  *no_delay_out = true;
  for (struct dirent *f = readdir(d); f != NULL; f = readdir(d)) {
    int fd = atoi(f->d_name), on = 0;
    socklen_t len = sizeof a, on_len = sizeof on;
    if (f->d_name[0] == '.' || getpeername(fd, (struct sockaddr *)&a, &len) != 0 || a.ss_family != AF_INET)
      continue;
    count++;
    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &on_len);
    *no_delay_out = *no_delay_out && on;
  }
  closedir(d);
  return count;
}

static int begun[2]; /* a pipe: a byte for each long request that the test's node is at */

/* What a request asks the test's node for: "status N", "who", "delay?", "long", "stop", or anything else, to get it
 * back. A long one takes longer than the peers of a node with a timeout of a second may be silent. */
static void on_sync(void *of, const struct hash *who, struct bytes body, struct node_reply *reply) {
  struct served *s = of;
  bool no_delay = false;
  s->requests++;
  s->ticked_last = false;
  reply->status = 200;
  if (bytes_starts(body, "status ")) {
    char *text = bytes_copy_string(body);
    reply->status = atoi(text + strlen("status "));
    free(text);
    buf_addf(&reply->body, "words for %d", reply->status);
  } else if (bytes_equal_str(body, "who")) {
    hash_format(&reply->body, who);
  } else if (bytes_equal_str(body, "delay?")) {
    int n = count_connections(&no_delay);
    buf_add_str(&reply->body, n == 1 && no_delay ? "no delay" : "delay");
  } else {
    buf_add(&reply->body, body);
    if (bytes_equal_str(body, "long")) {
      assert_int_equal(write(begun[1], "", 1), 1);
      usleep(3500000);
    }
    if (bytes_starts(body, "stop"))
      kill(getpid(), SIGTERM);
  }
}

static void on_join(void *of, struct bytes body, struct node_reply *reply) {
  struct served *s = of;
  s->requests++;
  s->ticked_last = false;
  reply->status = 200;
  buf_add(&reply->body, body);
}

static void on_part(void *of, const struct hash *who, struct bytes body, struct node_reply *reply) {
  struct served *s = of;
  s->requests++;
  s->ticked_last = false;
  reply->status = 200;
  buf_addf(&reply->body, "part of %s: ", hash_hex(who).s);
  buf_add(&reply->body, body);
}

static void on_recover(void *of, const struct hash *who, struct bytes body, struct node_reply *reply) {
  on_part(of, who, body, reply);
  buf_add_str(&reply->body, " offered");
}

static int on_command(void *of, int argc, char **argv, struct buf *out, struct buf *err) {
  struct served *s = of;
  bool no_delay = false;
  s->ticked_last = false;
  if (argc == 1 && strcmp(argv[0], "connections") == 0)
    return count_connections(&no_delay);
  if (argc == 1 && strcmp(argv[0], "requests") == 0)
    return s->requests;
  if (argc == 1 && strcmp(argv[0], "flood") == 0)
    while (buf_err(out) == OK)
      buf_add_str(out, "more and more and more and more ");
  for (int i = 0; i < argc; i++)
    buf_addf(out, "<%s>", argv[i]);
  buf_add_str(err, "complaint");
  return 7;
}

static void on_tick(void *of) {
  struct served *s = of;
  s->ticks++;
  s->ticked_last = true;
}

struct child {
  pid_t pid;
  uint16_t port;
};

struct node_options {
  const struct identity *id; /* NULL: node */
  size_t body_max;           /* 0: LARGE */
  int timeout_s;             /* 0: 30 */
  int files_max;             /* 0: as many as the system gives */
};

static struct node_settings settings_of(struct node_options o) {
  const struct identity *id = o.id ? o.id : &node;
  return (struct node_settings){.listen_host = HOST,
                                .control_path = control,
                                .ca = buf_bytes(&authority.cert),
                                .certificate = buf_bytes(&id->cert),
                                .key = id->key,
                                .body_max = o.body_max ? o.body_max : LARGE,
                                .timeout_s = o.timeout_s ? o.timeout_s : 30};
}

static int serve(struct node_options o, int port_fd) {
  struct served s = {0};
  struct node_handlers h = {.of = &s,
                            .sync = on_sync,
                            .join = on_join,
                            .control = on_command,
                            .tick = on_tick,
                            .part = on_part,
                            .recover = on_recover};
  struct node_settings settings = settings_of(o);
  struct rlimit before, low;
  struct node *n = NULL;
  getrlimit(RLIMIT_NOFILE, &before);
  low = before;
  enum err e = node_open(&settings, &h, &n);
  if (e != OK) {
    fprintf(stderr, "node_open: %s\n", err_words(e));
    return 8;
  }
  uint16_t port = node_port(n);
  if (write(port_fd, &port, sizeof port) != sizeof port)
    return 8;
  close(port_fd);
  if (o.files_max)
    low.rlim_cur = (rlim_t)o.files_max;
  setrlimit(RLIMIT_NOFILE, &low);
  e = node_run(n);
  setrlimit(RLIMIT_NOFILE, &before);
  node_close(n);
  return e == OK && s.ticked_last ? 0 : 9;
}

static struct child start_node(struct node_options o) {
  struct child c = {0};
  int fds[2];
  assert_int_equal(pipe(fds), 0);
  fflush(NULL);
  c.pid = living = fork();
  if (c.pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(fds[0]);
    int status = serve(o, fds[1]);
    if (failed_before)
      _exit(status);
    exit(status);
  }
  close(fds[1]);
  assert_int_equal(read(fds[0], &c.port, sizeof c.port), sizeof c.port);
  close(fds[0]);
  return c;
}

/* The child has ended by itself, in order, without a leak, and ticked last. */
static void assert_ended(struct child c) {
  int status = -1;
  assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
  living = 0;
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  assert_int_not_equal(access(control, F_OK), 0);
}

static void stop_node(struct child c) {
  kill(c.pid, SIGTERM);
  assert_ended(c);
}

/* ---- the client ---- */

static struct client_settings client_of(uint16_t port, const struct identity *id) {
  return (struct client_settings){.host = HOST,
                                  .port = port,
                                  .ca = buf_bytes(&authority.cert),
                                  .certificate = id ? buf_bytes(&id->cert) : bytes_of(NULL, 0),
                                  .key = id ? id->key : NULL,
                                  .timeout_s = 20,
                                  .answer_max = 2 * LARGE};
}

static void assert_post(uint16_t port, const char *body, const char *answer) {
  struct client_settings s = client_of(port, &replica);
  struct buf out = {0};
  int status = 0;
  enum err e = client_post(&s, "/v1/sync", bytes_str(body), &out, &status);
  if (e != OK)
    fail_msg("'%s': %s", body, err_words(e));
  assert_int_equal(status, 200);
  assert_string_equal(buf_cstr(&out), answer);
  buf_release(&out);
}

static void check_words(const char *what, enum err e, enum err expected, const char *words) {
  if (e != expected || strstr(err_words(e), words) == NULL)
    fail_msg("%s: got %d '%s', expected %d with '%s'", what, e, err_words(e), expected, words);
}

static void test_mutual_tls(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){0});
  struct hash id = key_id(replica.key);
  assert_post(c.port, "who", hash_hex(&id).s);
  assert_post(c.port, "", "");
  assert_post(c.port, "delay?", "no delay");
  stop_node(c);
}

static void test_join(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){0});
  struct hash good = hash_of(buf_bytes(&authority.cert)), other = hash_of(buf_bytes(&stranger.cert)),
              leaf = hash_of(buf_bytes(&node.cert));
  const struct {
    const char *what;
    const struct hash *print;
    enum err err;
    const char *words;
  } cases[] = {
      {"the authority's print", &good, OK, ""},
      {"another authority's print", &other, ERR_NETWORK, "the authority that the invitation names"},
      {"the print of the node's own certificate", &leaf, ERR_NETWORK, "not from this authority"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct client_settings s = client_of(c.port, NULL);
    struct buf out = {0};
    s.ca = bytes_of(NULL, 0);
    s.ca_print = cases[i].print;
    enum err e = client_post(&s, "/v1/join", bytes_str("let me in"), &out, NULL);
    if (cases[i].err != OK)
      check_words(cases[i].what, e, cases[i].err, cases[i].words);
    else
      assert_int_equal(e, OK);
    assert_string_equal(buf_cstr(&out), cases[i].err == OK ? "let me in" : "");
    buf_release(&out);
  }
  stop_node(c);
}

static void test_node_certificates(void **state) {
  (void)state;
  const struct {
    const char *what;
    const struct identity *id;
    const char *host, *words;
  } cases[] = {
      {"another authority", &node_stranger, HOST, "not from this authority"},
      {"expired", &node_expired, HOST, "has expired"},
      {"not valid yet", &node_future, HOST, "not valid yet"},
      {"wrong host, asked by address", &node_elsewhere, HOST, "for another host"},
      {"wrong host, asked by name", &node, "localhost", "for another host"},
      {"a replica's certificate", &replica, HOST, "not one for a node"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct child c = start_node((struct node_options){.id = cases[i].id});
    struct client_settings s = client_of(c.port, &replica);
    struct buf out = {0};
    int status = -1;
    s.host = cases[i].host;
    check_words(cases[i].what, client_post(&s, "/v1/sync", bytes_str("who"), &out, &status), ERR_NETWORK,
                cases[i].words);
    assert_int_equal(status, 0);
    stop_node(c);
  }
  struct child c = start_node((struct node_options){.id = &node_elsewhere});
  struct client_settings s = client_of(c.port, &replica);
  struct buf out = {0};
  s.host = "localhost";
  assert_int_equal(client_post(&s, "/v1/sync", bytes_str("by name"), &out, NULL), OK);
  buf_release(&out);
  stop_node(c);
}

/* The number that the node's control command answers with. */
static int ask_node(const char *command) {
  char *argv[] = {(char *)(uintptr_t)command};
  struct buf out = {0}, err = {0};
  int status = -1;
  assert_int_equal(node_control(control, 1, argv, &out, &err, &status), OK);
  buf_release(&out);
  buf_release(&err);
  return status;
}

static void test_replica_certificates(void **state) {
  (void)state;
  const struct {
    const char *what;
    const struct identity *id;
  } cases[] = {
      {"another authority", &replica_stranger},
      {"the node's own, which is for servers", &node},
      {"a person's, which is not for TLS", &person},
  };
  struct child c = start_node((struct node_options){0});
  struct buf large = {0}, who = {0};
  /* Whether a machine whose certificate has ended takes part is not for TLS to say. */
  struct client_settings expired = client_of(c.port, &replica_expired);
  struct hash id = key_id(replica_expired.key);
  assert_int_equal(client_post(&expired, "/v1/sync", bytes_str("who"), &who, NULL), OK);
  assert_string_equal(buf_cstr(&who), hash_hex(&id).s);
  buf_release(&who);
  memset(buf_extend(&large, LARGE), 'x', LARGE);
  /* The refusal comes after the client has begun to send, and is heard all the same. */
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (int join = 0; join < 2; join++) {
      struct client_settings s = client_of(c.port, cases[i].id);
      struct buf out = {0};
      int status = -1;
      enum err e =
          client_post(&s, join ? "/v1/join" : "/v1/sync", join ? buf_bytes(&large) : bytes_str("who"), &out, &status);
      check_words(cases[i].what, e, ERR_NETWORK, "certificate of this replica");
      assert_int_equal(status, 0);
    }
  buf_release(&large);
  assert_int_equal(ask_node("requests"), 1);
  assert_post(c.port, "still there", "still there");
  stop_node(c);
}

static void test_statuses(void **state) {
  (void)state;
  static const struct {
    int status;
    enum err err;
  } cases[] = {{400, ERR_REFUSED}, {401, ERR_REFUSED}, {409, ERR_REFUSED}, {410, ERR_REFUSED}, {413, ERR_REFUSED},
               {500, ERR_IO},      {503, ERR_BUSY},    {403, ERR_NETWORK}, {502, ERR_NETWORK}};
  struct child c = start_node((struct node_options){0});
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct client_settings s = client_of(c.port, &replica);
    struct buf out = {0};
    char body[32], words[32];
    int status = 0;
    snprintf(body, sizeof body, "status %d", cases[i].status);
    snprintf(words, sizeof words, cases[i].err == ERR_NETWORK ? "%d" : "words for %d", cases[i].status);
    check_words(body, client_post(&s, "/v1/sync", bytes_str(body), &out, &status), cases[i].err, words);
    assert_int_equal(status, cases[i].status);
    assert_int_equal(out.len, 0);
  }
  stop_node(c);
}

static void test_sizes(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){0});
  struct client_settings s = client_of(c.port, &replica);
  struct buf body = {0}, out = {0};
  memset(buf_extend(&body, LARGE), 'x', LARGE);
  assert_int_equal(client_post(&s, "/v1/sync", buf_bytes(&body), &out, NULL), OK);
  assert_true(bytes_equal(buf_bytes(&out), buf_bytes(&body)));
  buf_clear(&out);
  s.answer_max = LARGE;
  assert_int_equal(client_post(&s, "/v1/sync", buf_bytes(&body), &out, NULL), OK);
  buf_clear(&out);
  s.answer_max = LARGE - 1;
  check_words("one byte over answer_max", client_post(&s, "/v1/sync", buf_bytes(&body), &out, NULL), ERR_NETWORK,
              "larger");
  s.answer_max = 2 * LARGE;
  buf_add_str(&body, "y");
  check_words("one byte over body_max", client_post(&s, "/v1/sync", buf_bytes(&body), &out, NULL), ERR_REFUSED,
              "larger than the node takes");
  memset(buf_extend(&body, 2 * LARGE), 'x', 2 * LARGE);
  check_words("far over body_max", client_post(&s, "/v1/sync", buf_bytes(&body), &out, NULL), ERR_REFUSED,
              "larger than the node takes");
  assert_int_equal(out.len, 0);
  assert_int_equal(ask_node("requests"), 3);
  buf_release(&body);
  buf_release(&out);
  stop_node(c);
}

/* ---- raw clients ---- */

struct raw {
  int fd;
  SSL_CTX *context;
  SSL *ssl;
};

static int connect_tcp(uint16_t port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct timeval patience = {.tv_sec = 20};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
  return fd;
}

static void use_identity(SSL_CTX *c, const struct identity *id) {
  assert_int_equal(SSL_CTX_use_certificate_ASN1(c, (int)id->cert.len, id->cert.at), 1);
  assert_int_equal(SSL_CTX_use_PrivateKey(c, key_native(id->key)), 1);
}

/* Without verification: what a hostile client would do. False if the handshake fails. */
static bool raw_open(struct raw *r, uint16_t port, int version_max, const struct identity *id) {
  r->fd = connect_tcp(port);
  r->context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_max_proto_version(r->context, version_max);
  SSL_CTX_set_options(r->context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  if (id != NULL)
    use_identity(r->context, id);
  r->ssl = SSL_new(r->context);
  SSL_set_fd(r->ssl, r->fd);
  return SSL_connect(r->ssl) == 1;
}

static void raw_close(struct raw *r) {
  SSL_free(r->ssl);
  SSL_CTX_free(r->context);
  close(r->fd);
}

/* Ends the connection with a reset instead of an orderly end. */
static void reset_socket(int fd) {
  struct linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* Sends the text and reads until the node closes. */
static void raw_talk(struct raw *r, const char *text, char *answer, size_t size) {
  size_t len = 0;
  int n = 0;
  assert_int_equal(SSL_write(r->ssl, text, (int)strlen(text)), (int)strlen(text));
  while (len < size - 1 && (n = SSL_read(r->ssl, answer + len, (int)(size - 1 - len))) > 0)
    len += (size_t)n;
  answer[len] = '\0';
}

#define CAIRN_TYPE "Content-Type: application/cairn\r\n"
#define PACKED_TYPE "Content-Type: application/cairn+zstd\r\n"
#define CLOSE "Host: x\r\nConnection: close\r\n"

static void test_parts(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){0});
  struct client_settings s = client_of(c.port, &replica);
  struct buf out = {0}, expected = {0};
  struct hash id = key_id(replica.key);
  buf_addf(&expected, "part of %s: abc", hash_hex(&id).s);
  assert_int_equal(client_post(&s, "/v1/part", bytes_str("abc"), &out, NULL), OK);
  assert_string_equal(buf_cstr(&out), buf_cstr(&expected));
  buf_clear(&out);
  buf_add_str(&expected, " offered");
  assert_int_equal(client_post(&s, "/v1/recover", bytes_str("abc"), &out, NULL), OK);
  assert_string_equal(buf_cstr(&out), buf_cstr(&expected));
  buf_release(&out);
  buf_release(&expected);
  stop_node(c);
}

/* Both ways compressed, and the limits are those of what is unpacked. */
static void test_compression(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){0});
  struct client_settings s = client_of(c.port, &replica);
  struct buf body = {0}, out = {0};
  s.is_packed = true;
  assert_post(c.port, "short", "short");
  memset(buf_extend(&body, LARGE), 'x', LARGE);
  assert_int_equal(client_post(&s, "/v1/sync", buf_bytes(&body), &out, NULL), OK);
  assert_true(bytes_equal(buf_bytes(&out), buf_bytes(&body)));
  buf_clear(&out);
  s.answer_max = LARGE - 1;
  check_words("one byte over answer_max", client_post(&s, "/v1/sync", buf_bytes(&body), &out, NULL), ERR_LIMIT,
              "more than it may");
  s.answer_max = 2 * LARGE;
  buf_add_str(&body, "y");
  int status = 0;
  check_words("one byte over body_max", client_post(&s, "/v1/sync", buf_bytes(&body), &out, &status), ERR_REFUSED,
              "more than it may");
  assert_int_equal(status, 413);
  assert_int_equal(out.len, 0);
  assert_int_equal(ask_node("requests"), 3);
  /* Only who says so gets it compressed. */
  for (int asks = 0; asks < 2; asks++) {
    struct raw r;
    char request[1024], answer[4096];
    snprintf(request, sizeof request,
             "POST /v1/sync HTTP/1.1\r\n" CLOSE CAIRN_TYPE "%sContent-Length: 600\r\n\r\n%0600d",
             asks ? "Accept: application/cairn+zstd\r\n" : "", 7);
    assert_true(raw_open(&r, c.port, 0, &replica));
    raw_talk(&r, request, answer, sizeof answer);
    assert_true((strstr(answer, "Content-Type: application/cairn+zstd\r\n") != NULL) == asks);
    raw_close(&r);
  }
  /* A refusal is words, whatever was asked for. */
  check_words("a refusal", client_post(&s, "/v1/sync", bytes_str("status 409"), &out, &status), ERR_REFUSED,
              "words for 409");
  buf_release(&body);
  buf_release(&out);
  stop_node(c);
}

static void test_http(void **state) {
  (void)state;
  static const struct {
    const char *what, *request;
    bool with_certificate;
    const char *status, *has;
  } cases[] = {
      {"good", "POST /v1/sync HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Content-Length: 3\r\n\r\nabc", true, "200",
       "Content-Type: application/cairn\r\n"},
      {"no certificate", "POST /v1/sync HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Content-Length: 3\r\n\r\nabc", false, "401",
       "no certificate was shown\n"},
      {"a part, without a certificate", "POST /v1/part HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Content-Length: 3\r\n\r\nabc",
       false, "401", "no certificate was shown\n"},
      {"compressed, it says", "POST /v1/sync HTTP/1.1\r\n" CLOSE PACKED_TYPE "Content-Length: 3\r\n\r\nabc", true,
       "400", "a compressed body"},
      {"compressed, without a certificate",
       "POST /v1/join HTTP/1.1\r\n" CLOSE PACKED_TYPE "Content-Length: 3\r\n\r\nabc", false, "400",
       "a compressed body"},
      {"join without certificate", "POST /v1/join HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Content-Length: 3\r\n\r\nabc", false,
       "200", "abc"},
      {"other path", "POST /v1/other HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Content-Length: 3\r\n\r\nabc", true, "404",
       "Content-Type: text/plain"},
      {"path with a query", "POST /v1/sync?a HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Content-Length: 3\r\n\r\nabc", true, "404",
       ""},
      {"GET", "GET /v1/sync HTTP/1.1\r\n" CLOSE "\r\n", true, "405", "Allow: POST\r\n"},
      {"HEAD", "HEAD /v1/sync HTTP/1.1\r\n" CLOSE "\r\n", true, "405", "Allow: POST\r\n"},
      {"PUT", "PUT /v1/join HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Content-Length: 3\r\n\r\nabc", true, "405",
       "Allow: POST\r\n"},
      {"OPTIONS", "OPTIONS /v1/join HTTP/1.1\r\n" CLOSE "\r\n", true, "405", "Allow: POST\r\n"},
      {"wrong type", "POST /v1/sync HTTP/1.1\r\n" CLOSE "Content-Type: text/html\r\nContent-Length: 3\r\n\r\nabc", true,
       "400", "application/cairn\n"},
      {"no type", "POST /v1/sync HTTP/1.1\r\n" CLOSE "Content-Length: 3\r\n\r\nabc", true, "400", ""},
      {"no length", "POST /v1/sync HTTP/1.1\r\n" CLOSE CAIRN_TYPE "\r\n", true, "400", "Content-Length\n"},
      {"chunked", "POST /v1/sync HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true,
       "400", "Content-Length\n"},
      {"chunked, with a length",
       "POST /v1/sync HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       true, "400", ""},
      {"negative length", "POST /v1/sync HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Content-Length: -3\r\n\r\nabc", true, "400",
       ""},
      {"no HTTP at all", "\x16\x03\x01 what\r\n\r\n", true, "400", ""},
      {"body too large", "POST /v1/sync HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Content-Length: 11\r\n\r\n01234567890", true,
       "413", ""},
  };
  struct child c = start_node((struct node_options){.body_max = 10});
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct raw r;
    char answer[4096], status[16];
    assert_true(raw_open(&r, c.port, 0, cases[i].with_certificate ? &replica : NULL));
    raw_talk(&r, cases[i].request, answer, sizeof answer);
    snprintf(status, sizeof status, "HTTP/1.1 %s ", cases[i].status);
    if (strncmp(answer, status, strlen(status)) != 0 || strstr(answer, cases[i].has) == NULL)
      fail_msg("%s: %s", cases[i].what, answer);
    raw_close(&r);
  }
  assert_int_equal(ask_node("requests"), 2);
  stop_node(c);
}

static void test_large_headers(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){0});
  struct buf text = {0};
  char answer[4096];
  struct raw r;
  buf_add_str(&text, "POST /v1/sync HTTP/1.1\r\nX: ");
  memset(buf_extend(&text, 17 << 10), 'x', 17 << 10);
  buf_add_str(&text, "\r\n\r\n");
  assert_true(raw_open(&r, c.port, 0, &replica));
  raw_talk(&r, buf_cstr(&text), answer, sizeof answer);
  assert_non_null(strstr(answer, "HTTP/1.1 400 "));
  raw_close(&r);
  buf_release(&text);
  stop_node(c);
}

/* Two requests on one connection, the second one sent before the first is answered. */
static void test_keep_alive(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){0});
  struct raw r;
  char answer[4096];
  assert_true(raw_open(&r, c.port, 0, &replica));
  raw_talk(&r,
           "POST /v1/sync HTTP/1.1\r\nHost: x\r\n" CAIRN_TYPE "Content-Length: 5\r\n\r\nfirst"
           "POST /v1/sync HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Content-Length: 6\r\n\r\nsecond",
           answer, sizeof answer);
  assert_non_null(strstr(answer, "first"));
  assert_non_null(strstr(answer, "second"));
  raw_close(&r);
  stop_node(c);
}

static void test_tls_1_2_refused(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){0});
  struct raw r;
  assert_false(raw_open(&r, c.port, TLS1_2_VERSION, &replica));
  raw_close(&r);
  assert_post(c.port, "1.3", "1.3");
  stop_node(c);
}

static void test_silent_and_rude_clients(void **state) {
  (void)state;
  static const char half_hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
  static const char half_body[] = "POST /v1/sync HTTP/1.1\r\nHost: x\r\n" CAIRN_TYPE "Content-Length: 1000\r\n\r\nabc";
  struct child c = start_node((struct node_options){0});
  struct raw silent, slow, rude;
  int nothing = connect_tcp(c.port), gone = connect_tcp(c.port), halfway = connect_tcp(c.port);
  assert_true(raw_open(&silent, c.port, 0, &replica));
  assert_true(raw_open(&slow, c.port, 0, &replica));
  assert_true(raw_open(&rude, c.port, 0, &replica));
  assert_true(SSL_write(slow.ssl, half_body, sizeof half_body - 1) > 0);
  assert_true(SSL_write(rude.ssl, half_body, sizeof half_body - 1) > 0);
  assert_int_equal(write(halfway, half_hello, sizeof half_hello - 1), sizeof half_hello - 1);
  assert_post(c.port, "while they wait", "while they wait");
  reset_socket(gone);
  reset_socket(halfway);
  reset_socket(rude.fd);
  close(gone);
  close(halfway);
  raw_close(&rude);
  assert_post(c.port, "after the resets", "after the resets");
  raw_close(&silent);
  raw_close(&slow);
  close(nothing);
  stop_node(c);
}

/* A client that sends a byte again and again is cut off all the same; so is one that says nothing. */
static void test_slow_clients_are_cut_off(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){.timeout_s = 1});
  struct raw r;
  char byte, answer[1024] = "";
  int sent = 0, nothing = connect_tcp(c.port);
  assert_true(raw_open(&r, c.port, 0, &replica));
  struct pollfd closed = {.fd = r.fd, .events = POLLIN};
  while (sent < 200 && poll(&closed, 1, 50) == 0 && SSL_write(r.ssl, "P", 1) == 1)
    sent++;
  assert_true(sent > 0 && sent < 200);
  assert_true(SSL_read(r.ssl, answer, sizeof answer - 1) > 0);
  assert_non_null(strstr(answer, "HTTP/1.1 408 "));
  assert_true(SSL_read(r.ssl, &byte, 1) <= 0);
  assert_true(read(nothing, &byte, 1) <= 0);
  raw_close(&r);
  close(nothing);
  assert_post(c.port, "x", "x");
  stop_node(c);
}

/* What the node itself takes its time over is not the silence of who waits for it, nor of who asks meanwhile. */
static void test_long_work_is_answered(void **state) {
  (void)state;
  static const char ask_long[] = "POST /v1/sync HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Content-Length: 4\r\n\r\nlong",
                    ask[] = "POST /v1/sync HTTP/1.1\r\n" CLOSE CAIRN_TYPE "Content-Length: 9\r\n\r\nmeanwhile";
  assert_int_equal(pipe(begun), 0);
  struct child c = start_node((struct node_options){.timeout_s = 1});
  struct raw at_work, waiting;
  char answer[1024] = "", byte;
  assert_true(raw_open(&waiting, c.port, 0, &replica));
  assert_true(raw_open(&at_work, c.port, 0, &replica));
  assert_true(SSL_write(at_work.ssl, ask_long, sizeof ask_long - 1) > 0);
  assert_int_equal(read(begun[0], &byte, 1), 1);
  raw_talk(&waiting, ask, answer, sizeof answer);
  assert_non_null(strstr(answer, "meanwhile"));
  assert_true(SSL_read(at_work.ssl, answer, sizeof answer - 1) > 0);
  assert_true(strncmp(answer, "HTTP/1.1 200 ", 13) == 0);
  raw_close(&at_work);
  raw_close(&waiting);
  close(begun[0]);
  close(begun[1]);
  stop_node(c);
}

#define CROWD 300

static void test_crowd(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){0});
  int fds[CROWD], seen = 0;
  for (int i = 0; i < CROWD; i++)
    fds[i] = connect_tcp(c.port);
  for (int i = 0; i < 1000 && seen < 256; i++)
    seen = ask_node("connections");
  for (int i = 0; i < 10; i++)
    assert_int_equal(ask_node("connections"), 256);
  for (int i = 0; i < CROWD; i++)
    close(fds[i]);
  assert_post(c.port, "at last", "at last");
  stop_node(c);
}

/* Whoever says nothing, or half a hello, gives up the place after a second here: who is at work waits no longer than
 * for those who came before. */
static void test_served_behind_a_crowd(void **state) {
  (void)state;
  static const char half_hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
  struct child c = start_node((struct node_options){.timeout_s = 1});
  int fds[CROWD];
  for (int i = 0; i < CROWD; i++) {
    fds[i] = connect_tcp(c.port);
    if (i % 2)
      assert_int_equal(write(fds[i], half_hello, sizeof half_hello - 1), sizeof half_hello - 1);
  }
  assert_post(c.port, "behind them all", "behind them all");
  for (int i = 0; i < CROWD; i++)
    close(fds[i]);
  stop_node(c);
}

/* Seconds of processor time that a process has used. */
static double cpu_of(pid_t pid) {
  char path[64], line[1024] = "";
  unsigned long user = 0, system = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  assert_non_null(fgets(line, sizeof line, f));
  fclose(f);
  assert_int_equal(sscanf(strrchr(line, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system),
                   2);
  return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* While no descriptor is left the node waits; it does not spin. What the crowd holds is let go after two seconds. */
static void test_no_descriptors_left(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){.timeout_s = 2, .files_max = 32});
  int fds[64];
  char byte;
  for (int i = 0; i < 64; i++)
    fds[i] = connect_tcp(c.port);
  double before = cpu_of(c.pid);
  assert_true(read(fds[0], &byte, 1) <= 0);
  double used = cpu_of(c.pid) - before;
  if (used > 0.5)
    fail_msg("used %.2f s of processor time", used);
  for (int i = 0; i < 64; i++)
    close(fds[i]);
  assert_post(c.port, "again", "again");
  stop_node(c);
}

/* ---- servers that are no nodes ---- */

struct false_server {
  const char *answer;         /* what it sends to whoever has said something */
  const struct identity *tls; /* NULL: no TLS */
};

static void speak_plain(int fd, const char *answer) {
  char heard[4096];
  if (read(fd, heard, sizeof heard) > 0 && write(fd, answer, strlen(answer)) > 0)
    shutdown(fd, SHUT_WR);
  while (read(fd, heard, sizeof heard) > 0)
    ;
}

static void speak_tls(int fd, const char *answer, const struct identity *id) {
  char heard[4096];
  SSL_CTX *c = SSL_CTX_new(TLS_server_method());
  use_identity(c, id);
  SSL *ssl = SSL_new(c);
  SSL_set_fd(ssl, fd);
  if (SSL_accept(ssl) == 1 && SSL_read(ssl, heard, sizeof heard) > 0)
    SSL_write(ssl, answer, (int)strlen(answer));
  SSL_shutdown(ssl);
  SSL_free(ssl);
  SSL_CTX_free(c);
}

/* Serves one connection in a child. */
static struct child start_false_server(struct false_server s) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof a;
  struct child c = {0};
  int l = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof a), 0);
  assert_int_equal(listen(l, 1), 0);
  getsockname(l, (struct sockaddr *)&a, &len);
  c.port = ntohs(a.sin_port);
  fflush(NULL);
  c.pid = living = fork();
  if (c.pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int fd = accept(l, NULL, NULL);
    if (s.tls)
      speak_tls(fd, s.answer, s.tls);
    else
      speak_plain(fd, s.answer);
    close(fd);
    exit(0);
  }
  close(l);
  return c;
}

#define PORTAL "<html>please sign in</html>"
#define OURS "Content-Type: application/cairn\r\n"

static void test_answers_that_are_not_ours(void **state) {
  (void)state;
  const struct {
    const char *what;
    struct false_server server;
    enum err err;
    int status;
    const char *words;
  } cases[] = {
      {"plain HTTP",
       {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 27\r\n\r\n" PORTAL, NULL},
       ERR_NETWORK,
       0,
       "not a Cairn node"},
      {"a page with status 200",
       {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 27\r\n\r\n" PORTAL, &node},
       ERR_NETWORK,
       200,
       "another media type"},
      {"no media type",
       {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", &node},
       ERR_NETWORK,
       200,
       "another media type"},
      {"a media type that only begins like ours",
       {"HTTP/1.1 200 OK\r\nContent-Type: application/cairns\r\nContent-Length: 3\r\n\r\nabc", &node},
       ERR_NETWORK,
       200,
       "another media type"},
      {"compressed, and nobody asked for that",
       {"HTTP/1.1 200 OK\r\nContent-Type: application/cairn+zstd\r\nContent-Length: 3\r\n\r\nabc", &node},
       ERR_NETWORK,
       200,
       "was not to be"},
      {"redirect",
       {"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", &node},
       ERR_NETWORK,
       302,
       "redirects"},
      {"cut off", {"HTTP/1.1 200 OK\r\n" OURS "Content-Length: 30\r\n\r\nabc", &node}, ERR_NETWORK, 200, "cut off"},
      {"no HTTP", {"SSH-2.0-OpenSSH_9.2\r\n", &node}, ERR_NETWORK, 0, "not a Cairn node"},
      {"nothing at all", {"", &node}, ERR_NETWORK, 0, "closed the connection"},
      {"too large",
       {"HTTP/1.1 200 OK\r\n" OURS "Content-Length: 65\r\n\r\n"
        "0123456789012345678901234567890123456789012345678901234567890123!",
        &node},
       ERR_NETWORK,
       200,
       "larger than an answer may be"},
      {"too large, without a length",
       {"HTTP/1.1 200 OK\r\n" OURS "Connection: close\r\n\r\n"
        "0123456789012345678901234567890123456789012345678901234567890123!",
        &node},
       ERR_NETWORK,
       200,
       "larger than an answer may be"},
      {"a refusal as a page",
       {"HTTP/1.1 410 Gone\r\nContent-Type: text/html\r\nContent-Length: 27\r\n\r\n" PORTAL, &node},
       ERR_REFUSED,
       410,
       "the invitation was withdrawn or used"},
      {"a refusal with escape sequences",
       {"HTTP/1.1 410 Gone\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\n\033[2Jx\n", &node},
       ERR_REFUSED,
       410,
       "the invitation was withdrawn or used"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct child c = start_false_server(cases[i].server);
    struct client_settings s = client_of(c.port, &replica);
    struct buf out = {0};
    int status = -1;
    s.answer_max = 64;
    check_words(cases[i].what, client_post(&s, "/v1/sync", bytes_str("x"), &out, &status), cases[i].err,
                cases[i].words);
    if (status != cases[i].status || out.len != 0)
      fail_msg("%s: status %d, %zu bytes", cases[i].what, status, out.len);
    assert_int_equal(waitpid(c.pid, NULL, 0), c.pid);
    living = 0;
  }
}

static void test_nobody_there(void **state) {
  (void)state;
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof a;
  struct buf out = {0};
  int l = socket(AF_INET, SOCK_STREAM, 0); /* holds a port that nobody listens at */
  assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof a), 0);
  getsockname(l, (struct sockaddr *)&a, &len);
  struct client_settings s = client_of(ntohs(a.sin_port), &replica);
  check_words("closed port", client_post(&s, "/v1/sync", bytes_str("x"), &out, NULL), ERR_NETWORK, "nobody listens");
  assert_string_not_equal(err_remedy(), "");
  /* A label longer than 63 bytes: refused without asking anybody. */
  s.host = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.invalid";
  check_words("unknown name", client_post(&s, "/v1/sync", bytes_str("x"), &out, NULL), ERR_NETWORK,
              "name is not known");
  s.host = "a@b/c";
  check_words("no name", client_post(&s, "/v1/sync", bytes_str("x"), &out, NULL), ERR_NETWORK, "not the name");
  assert_int_equal(listen(l, 1), 0);
  s.host = HOST;
  s.timeout_s = 1;
  check_words("silence", client_post(&s, "/v1/sync", bytes_str("x"), &out, NULL), ERR_NETWORK,
              "did not answer in time");
  close(l);
}

/* An administrator's proxy variables have no say. */
static void test_no_proxy(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){0});
  setenv("https_proxy", "http://127.0.0.1:1", 1);
  setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  assert_post(c.port, "direct", "direct");
  unsetenv("https_proxy");
  unsetenv("ALL_PROXY");
  stop_node(c);
}

/* ---- the control socket ---- */

static void test_control(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){0});
  char *argv[] = {(char[]){"backup"}, (char[]){""}, (char[]){"to there"}};
  char *flood[] = {(char[]){"flood"}};
  struct buf out = {0}, err = {0};
  struct stat st;
  int status = 0;
  assert_int_equal(stat(control, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
  assert_int_equal(node_control(control, 3, argv, &out, &err, &status), OK);
  assert_int_equal(status, 7);
  assert_string_equal(buf_cstr(&out), "<backup><><to there>");
  assert_string_equal(buf_cstr(&err), "complaint");
  buf_clear(&out);
  buf_clear(&err);
  assert_int_equal(node_control(control, 1, flood, &out, &err, &status), OK);
  assert_int_equal(status, 3);
  assert_int_equal(out.len, 0);
  buf_release(&out);
  buf_release(&err);
  stop_node(c);
  assert_int_equal(node_control(control, 3, argv, &out, &err, &status), ERR_ABSENT);
}

static int connect_unix(void) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  struct timeval patience = {.tv_sec = 20};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  snprintf(a.sun_path, sizeof a.sun_path, "%s", control);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
  return fd;
}

static void test_control_refuses(void **state) {
  (void)state;
  static const struct {
    const char *what;
    struct bytes frame;
    bool answered;
  } cases[] = {
      {"longer than it may be", {(const uint8_t *)"\xff\xff\xff\xff", 4}, false},
      {"no count", {(const uint8_t *)"\0\0\0\0", 4}, true},
      {"more words than there are", {(const uint8_t *)"\0\0\0\4\0\0\0\2", 8}, true},
      {"too many words", {(const uint8_t *)"\0\0\0\4\0\1\0\0", 8}, true},
      {"a NUL in a word", {(const uint8_t *)"\0\0\0\12\0\0\0\1\0\0\0\2a\0", 14}, true},
      {"bytes left over", {(const uint8_t *)"\0\0\0\12\0\0\0\1\0\0\0\1ab", 14}, true},
  };
  struct child c = start_node((struct node_options){0});
  int silent = connect_unix();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t answer[64] = {0};
    int fd = connect_unix();
    assert_int_equal(write(fd, cases[i].frame.at, cases[i].frame.len), cases[i].frame.len);
    ssize_t n = read(fd, answer, sizeof answer);
    if (cases[i].answered ? n < 8 || answer[7] != 2 : n != 0)
      fail_msg("%s: %zd bytes, status %d", cases[i].what, n, answer[7]);
    close(fd);
  }
  char word[] = "x", *many[300];
  struct buf out = {0}, err = {0};
  int status = 0;
  for (size_t i = 0; i < 300; i++)
    many[i] = word;
  assert_int_equal(node_control(control, 300, many, &out, &err, &status), ERR_LIMIT);
  stop_node(c);
  close(silent);
}

static enum err open_second(uint16_t port, const char *control_path) {
  struct served s = {0};
  struct node_handlers h = {.of = &s, .sync = on_sync, .join = on_join, .control = on_command, .tick = on_tick};
  struct node_settings settings = settings_of((struct node_options){0});
  struct node *n = NULL;
  settings.port = port;
  settings.control_path = control_path;
  enum err e = node_open(&settings, &h, &n);
  node_close(n);
  return e;
}

static void test_second_node(void **state) {
  (void)state;
  char other[80], longer[200];
  struct child c = start_node((struct node_options){0});
  snprintf(other, sizeof other, "%s/other", folder);
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  check_words("control socket in use", open_second(0, control), ERR_BUSY, "another node");
  check_words("port in use", open_second(c.port, other), ERR_IO, "Address already in use");
  assert_int_not_equal(access(other, F_OK), 0);
  check_words("path too long", open_second(0, longer), ERR_LIMIT, "longer than");
  assert_int_equal(open_second(0, other), OK);
  assert_post(c.port, "the first one", "the first one");
  stop_node(c);
}

static void test_control_path_in_use(void **state) {
  (void)state;
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  snprintf(a.sun_path, sizeof a.sun_path, "%s", control);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
  close(fd);
  struct child c = start_node((struct node_options){0});
  assert_int_equal(ask_node("requests"), 0);
  stop_node(c);
  fd = open(control, O_CREAT | O_WRONLY, 0600);
  close(fd);
  check_words("a file is there", open_second(0, control), ERR_IO, "not a socket");
  assert_int_equal(unlink(control), 0);
}

static void test_wrong_key(void **state) {
  (void)state;
  struct node_handlers h = {.tick = on_tick};
  struct node_settings s = settings_of((struct node_options){0});
  struct node *n = NULL;
  s.key = replica.key;
  check_words("another key", node_open(&s, &h, &n), ERR_KEY, "do not belong together");
  s = settings_of((struct node_options){0});
  s.certificate.len--;
  check_words("a cut certificate", node_open(&s, &h, &n), ERR_FORM, "not an X.509 certificate");
  assert_null(n);
}

/* A request that stops the node while it is handled is answered in full. */
static void test_stop(void **state) {
  (void)state;
  struct child c = start_node((struct node_options){0});
  struct client_settings s = client_of(c.port, &replica);
  struct buf body = {0}, out = {0};
  buf_add_str(&body, "stop");
  memset(buf_extend(&body, LARGE - 4), 'x', LARGE - 4);
  assert_int_equal(client_post(&s, "/v1/sync", buf_bytes(&body), &out, NULL), OK);
  assert_true(bytes_equal(buf_bytes(&out), buf_bytes(&body)));
  buf_release(&body);
  buf_release(&out);
  assert_ended(c);
  c = start_node((struct node_options){0});
  kill(c.pid, SIGINT);
  assert_ended(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_mutual_tls, end_child),
      cmocka_unit_test_teardown(test_join, end_child),
      cmocka_unit_test_teardown(test_node_certificates, end_child),
      cmocka_unit_test_teardown(test_replica_certificates, end_child),
      cmocka_unit_test_teardown(test_statuses, end_child),
      cmocka_unit_test_teardown(test_sizes, end_child),
      cmocka_unit_test_teardown(test_parts, end_child),
      cmocka_unit_test_teardown(test_compression, end_child),
      cmocka_unit_test_teardown(test_http, end_child),
      cmocka_unit_test_teardown(test_large_headers, end_child),
      cmocka_unit_test_teardown(test_keep_alive, end_child),
      cmocka_unit_test_teardown(test_tls_1_2_refused, end_child),
      cmocka_unit_test_teardown(test_silent_and_rude_clients, end_child),
      cmocka_unit_test_teardown(test_slow_clients_are_cut_off, end_child),
      cmocka_unit_test_teardown(test_long_work_is_answered, end_child),
      cmocka_unit_test_teardown(test_crowd, end_child),
      cmocka_unit_test_teardown(test_served_behind_a_crowd, end_child),
      cmocka_unit_test_teardown(test_no_descriptors_left, end_child),
      cmocka_unit_test_teardown(test_answers_that_are_not_ours, end_child),
      cmocka_unit_test_teardown(test_nobody_there, end_child),
      cmocka_unit_test_teardown(test_no_proxy, end_child),
      cmocka_unit_test_teardown(test_control, end_child),
      cmocka_unit_test_teardown(test_control_refuses, end_child),
      cmocka_unit_test_teardown(test_second_node, end_child),
      cmocka_unit_test_teardown(test_control_path_in_use, end_child),
      cmocka_unit_test_teardown(test_wrong_key, end_child),
      cmocka_unit_test_teardown(test_stop, end_child),
  };
  signal(SIGPIPE, SIG_IGN);
  alarm(300);
  return cmocka_run_group_tests_name("node", tests, make_identities, release_identities);
}
