#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ec.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/floor.h"
#include "tests/bench/floor_parts.h"

#define BATCH 500
#define RECORD (32 + FLOOR_BODY)
#define SIGNATURE 80
#define FRAME_MAX (20 + BATCH * RECORD + SIGNATURE)

/* A frame: how many records, the number of the last one, the records, the signature's length, the signature. */
struct frame {
  uint32_t count, signature_len;
  uint64_t last;
  unsigned char records[BATCH * RECORD], signature[SIGNATURE];
};

enum { SEND = 'S', FETCH = 'F', END = 'E' };

struct relay {
  const char *folder;
  size_t count;
  EVP_PKEY *key; /* signs batches; and the one of both certificates */
  X509 *cert;
  int listener;
  struct sockaddr_in address;
};

struct end {
  sqlite3 *db;
  sqlite3_stmt *insert, *select;
  SSL_CTX *context;
  SSL *ssl;
};

static void make_certificate(struct relay *r) {
  r->key = EVP_EC_gen("P-256");
  r->cert = X509_new();
  X509_set_version(r->cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(r->cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(r->cert), -3600);
  X509_gmtime_adj(X509_getm_notAfter(r->cert), 86400);
  X509_set_pubkey(r->cert, r->key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(r->cert), "CN", MBSTRING_ASC, (const unsigned char *)"floor", -1, -1,
                             0);
  X509_set_issuer_name(r->cert, X509_get_subject_name(r->cert));
  bench_must(X509_sign(r->cert, r->key, EVP_sha256()) > 0, "a certificate");
}

static void open_end(struct end *e, const struct relay *r, const char *name, const SSL_METHOD *method) {
  e->db = floor_open(r->folder, name);
  e->insert = floor_prepare(e->db, FLOOR_INSERT);
  e->select = floor_prepare(e->db, "SELECT number, id, body FROM record WHERE number > ?1 ORDER BY number LIMIT 500");
  e->context = SSL_CTX_new(method);
  SSL_CTX_set_min_proto_version(e->context, TLS1_3_VERSION);
  bench_must(SSL_CTX_use_certificate(e->context, r->cert) == 1 && SSL_CTX_use_PrivateKey(e->context, r->key) == 1 &&
                 X509_STORE_add_cert(SSL_CTX_get_cert_store(e->context), r->cert) == 1,
             "TLS");
  SSL_CTX_set_verify(e->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static void close_end(struct end *e) {
  sqlite3_finalize(e->insert);
  sqlite3_finalize(e->select);
  sqlite3_close(e->db);
  SSL_CTX_free(e->context);
}

static void begin_tls(struct end *e, int fd, int (*shake)(SSL *ssl)) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  e->ssl = SSL_new(e->context);
  SSL_set_fd(e->ssl, fd);
  bench_must(shake(e->ssl) == 1, "a handshake");
}

static void end_tls(struct end *e) {
  int fd = SSL_get_fd(e->ssl);
  SSL_shutdown(e->ssl);
  SSL_free(e->ssl);
  close(fd);
}

static void connect_to(struct end *e, const struct relay *r) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  bench_must(connect(fd, (const struct sockaddr *)&r->address, sizeof r->address) == 0, "connecting");
  begin_tls(e, fd, SSL_connect);
}

static void put(struct end *e, const void *at, size_t len) {
  bench_must(SSL_write(e->ssl, at, (int)len) == (int)len, "writing");
}

static bool get(struct end *e, void *at, size_t len) {
  for (size_t done = 0; done < len;) {
    int n = SSL_read(e->ssl, (unsigned char *)at + done, (int)(len - done));
    if (n <= 0)
      return false;
    done += (size_t)n;
  }
  return true;
}

static void sign(struct frame *f, EVP_PKEY *key) {
  size_t len = SIGNATURE;
  EVP_MD_CTX *c = EVP_MD_CTX_new();
  bench_must(EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, key) == 1 &&
                 EVP_DigestSign(c, f->signature, &len, f->records, (size_t)f->count * RECORD) == 1,
             "signing");
  f->signature_len = (uint32_t)len;
  EVP_MD_CTX_free(c);
}

static void verify(const struct frame *f, EVP_PKEY *key) {
  EVP_MD_CTX *c = EVP_MD_CTX_new();
  bench_must(EVP_DigestVerifyInit(c, NULL, EVP_sha256(), NULL, key) == 1 &&
                 EVP_DigestVerify(c, f->signature, f->signature_len, f->records, (size_t)f->count * RECORD) == 1,
             "verifying");
  EVP_MD_CTX_free(c);
}

static void put_frame(struct end *e, const struct frame *f) {
  unsigned char room[FRAME_MAX], *at = room;
  const size_t records = (size_t)f->count * RECORD;
  memcpy(at, &f->count, 4);
  memcpy(at + 4, &f->last, 8);
  memcpy(at + 12, &f->signature_len, 4);
  memcpy(at + 16, f->records, records);
  memcpy(at + 16 + records, f->signature, f->signature_len);
  put(e, room, 16 + records + f->signature_len);
}

static void get_frame(struct end *e, struct frame *f) {
  unsigned char head[16];
  bench_must(get(e, head, sizeof head), "reading");
  memcpy(&f->count, head, 4);
  memcpy(&f->last, head + 4, 8);
  memcpy(&f->signature_len, head + 12, 4);
  bench_must(f->count <= BATCH && f->signature_len <= SIGNATURE, "a frame");
  bench_must(get(e, f->records, (size_t)f->count * RECORD) && get(e, f->signature, f->signature_len), "reading");
}

static void load(struct end *e, const struct relay *r, uint64_t after, struct frame *f) {
  f->count = f->signature_len = 0;
  f->last = after;
  sqlite3_bind_int64(e->select, 1, (sqlite3_int64)after);
  while (sqlite3_step(e->select) == SQLITE_ROW) {
    unsigned char *at = f->records + (size_t)f->count++ * RECORD;
    f->last = (uint64_t)sqlite3_column_int64(e->select, 0);
    memcpy(at, sqlite3_column_blob(e->select, 1), 32);
    memcpy(at + 32, sqlite3_column_blob(e->select, 2), FLOOR_BODY);
  }
  sqlite3_reset(e->select);
  if (f->count)
    sign(f, r->key);
}

static void store(struct end *e, const struct relay *r, const struct frame *f) {
  verify(f, r->key);
  floor_exec(e->db, "BEGIN IMMEDIATE");
  for (uint32_t i = 0; i < f->count; i++)
    floor_put(e->insert, f->records + (size_t)i * RECORD, f->records + (size_t)i * RECORD + 32, FLOOR_BODY);
  floor_exec(e->db, "COMMIT");
}

static bool serve_one(struct end *e, const struct relay *r, struct frame *f, bool *is_over) {
  unsigned char what = 0;
  uint64_t after;
  if (!get(e, &what, 1))
    return false;
  *is_over = what == END;
  if (what == SEND) {
    get_frame(e, f);
    store(e, r, f);
    put(e, "A", 1);
  } else if (what == FETCH) {
    bench_must(get(e, &after, sizeof after), "reading");
    load(e, r, after, f);
    put_frame(e, f);
  }
  return !*is_over;
}

static void serve(void *of, double values[BENCH_VALUES]) {
  static struct frame f;
  const struct relay *r = of;
  struct end e = {0};
  bool is_over = false;
  (void)values;
  open_end(&e, r, "relay-node", TLS_server_method());
  while (!is_over) {
    begin_tls(&e, accept(r->listener, NULL, NULL), SSL_accept);
    while (serve_one(&e, r, &f, &is_over))
      ;
    end_tls(&e);
  }
  close_end(&e);
}

static void fill(void *of, double values[BENCH_VALUES]) {
  const struct relay *r = of;
  struct end e = {0};
  unsigned char id[32], body[FLOOR_BODY];
  (void)values;
  open_end(&e, r, "relay-a", TLS_client_method());
  floor_exec(e.db, "BEGIN");
  for (size_t i = 0; i < r->count; i++) {
    floor_draw((unsigned)i, id, body);
    floor_put(e.insert, id, body, sizeof body);
  }
  floor_exec(e.db, "COMMIT");
  close_end(&e);
}

static void send_all(void *of, double values[BENCH_VALUES]) {
  static struct frame f;
  const struct relay *r = of;
  struct end e = {0};
  unsigned char ack;
  open_end(&e, r, "relay-a", TLS_client_method());
  double start_s = bench_now_s();
  connect_to(&e, r);
  for (load(&e, r, 0, &f); f.count; load(&e, r, f.last, &f)) {
    put(&e, (unsigned char[]){SEND}, 1);
    put_frame(&e, &f);
    bench_must(get(&e, &ack, 1), "the acknowledgement");
  }
  end_tls(&e);
  values[0] = bench_now_s() - start_s;
  close_end(&e);
}

static void fetch_all(void *of, double values[BENCH_VALUES]) {
  static struct frame f;
  const struct relay *r = of;
  struct end e = {0};
  uint64_t after = 0;
  size_t count = 0;
  open_end(&e, r, "relay-b", TLS_client_method());
  double start_s = bench_now_s();
  connect_to(&e, r);
  do {
    unsigned char ask[9] = {FETCH};
    memcpy(ask + 1, &after, sizeof after);
    put(&e, ask, sizeof ask);
    get_frame(&e, &f);
    if (f.count)
      store(&e, r, &f);
    count += f.count;
    after = f.last;
  } while (f.count);
  values[0] = bench_now_s() - start_s;
  bench_must(count == r->count, "the floor's relay");
  put(&e, (unsigned char[]){END}, 1);
  end_tls(&e);
  close_end(&e);
}

static void listen_on_any(struct relay *r) {
  socklen_t len = sizeof r->address;
  r->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  r->listener = socket(AF_INET, SOCK_STREAM, 0);
  bench_must(bind(r->listener, (struct sockaddr *)&r->address, len) == 0 && listen(r->listener, 8) == 0 &&
                 getsockname(r->listener, (struct sockaddr *)&r->address, &len) == 0,
             "listening");
}

double floor_relay(const char *folder, size_t count, double *cpu_s_out) {
  struct relay r = {.folder = folder, .count = count};
  double sent[BENCH_VALUES], fetched[BENCH_VALUES], none[BENCH_VALUES], cpu_s = 0;
  bench_run("rm -f %s/relay-*", folder);
  make_certificate(&r);
  listen_on_any(&r);
  bench_do(fill, &r, none);
  bench_run("sync -f %s", folder);
  struct bench_child node = bench_begin(serve, &r);
  cpu_s += bench_do(send_all, &r, sent).cpu_s;
  cpu_s += bench_do(fetch_all, &r, fetched).cpu_s;
  cpu_s += bench_end(&node, none).cpu_s;
  close(r.listener);
  X509_free(r.cert);
  EVP_PKEY_free(r.key);
  *cpu_s_out = cpu_s / (double)count;
  return (double)count / (sent[0] + fetched[0]);
}
