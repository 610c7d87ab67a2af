/* What an auditor's visit costs: published ledgers of acts of one and of four entries, each entry with a header like a
 * decision's, read from a packed repository and judged; against mbedTLS's own verification, against reading and hashing
 * the same bytes, and against stock git verifying signed commits. Prints name, value, unit. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <git2.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/sha256.h>

#include "audit/clone.h"
#include "audit/publish.h"
#include "audit/sshsig.h"
#include "audit/verify_parts.h"
#include "cli/audit.h"
#include "core/act.h"
#include "core/cert.h"
#include "core/merkle.h"

#define ORIGIN "bench.example/register"
#define FROM_S 1793491200  /* 2026-11-01 */
#define UNTIL_S 1951257600 /* 2031-11-01 */
#define ACTS 600
#define ACTS_A_COMMIT 8
#define MANY 6250  /* acts, for memory */
#define COMMITS 40 /* for git verify-commit */
#define FLOOR_ROUNDS 300
#define ROUNDS 3 /* the floor and the visit by turns, so that both meet the same machine */

static void must(bool good, const char *what) {
  if (good)
    return;
  fprintf(stderr, "bench_verify: %s failed\n", what);
  exit(1);
}

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of all threads: another program's load changes it least. */
static double spent(void) {
  return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static void print(const char *name, double value, const char *unit) {
  printf("%s\t%.3f\t%s\n", name, value, unit);
  fflush(stdout);
}

/* ---- a ledger: the node, one agency, one person on one machine, and acts of theirs ---- */

enum { AUTHORITY, LEDGER, NODE, PERSON, MACHINE, KEYS };

struct ledger {
  struct key *keys[KEYS];
  struct buf spki[KEYS], authority_cert;
  struct {
    uint64_t number;
    struct hash newest;
  } chains[2]; /* of the node, of the machine */
  struct merkle tree;
  struct buf *leaves;
  size_t leaf_max;
  int64_t now_s;
  struct publish *publish;
  char path[64];
  struct buf vkey;
  size_t acts_a_commit;
  struct hash child;
  struct buf same_signature; /* of every act, where nobody looks at it; else empty */
  bool is_followed;          /* every other entry is one that conformance follows */
};

static struct hash add_header(struct buf *b, const char *kind, const struct key *by, const char *lines,
                              const char *audience) {
  static unsigned content;
  struct hash id = key_id(by);
  buf_addf(b, "cairn entry 1\nkind %s\nby %s\nat 2026-11-21T09:59:30Z\n%saudience %s\nmedia application/json\ncontent ",
           kind, hash_hex(&id).s, lines, audience);
  char number[32];
  snprintf(number, sizeof number, "%u", ++content);
  id = hash_of(bytes_str(number));
  buf_addf(b, "%s\n", hash_hex(&id).s);
  return hash_of(buf_bytes(b));
}

static void add_leaf(struct ledger *l, const struct leaf *leaf) {
  if (l->tree.size == l->leaf_max) {
    l->leaf_max = l->leaf_max ? 2 * l->leaf_max : 1024;
    l->leaves = realloc(l->leaves, l->leaf_max * sizeof *l->leaves);
    must(l->leaves != NULL, "memory");
  }
  struct buf *b = &l->leaves[l->tree.size];
  *b = (struct buf){0};
  leaf_format(b, leaf);
  struct hash h = merkle_leaf(buf_bytes(b));
  must(merkle_push(&l->tree, &h, 0) == OK, "the tree");
}

static struct text_time time_of(int64_t s) {
  struct text_time t = {{0}};
  struct tm tm;
  time_t at = (time_t)s;
  gmtime_r(&at, &tm);
  strftime(t.s, sizeof t.s, "%Y-%m-%dT%H:%M:%SZ", &tm);
  return t;
}

static void add_act(struct ledger *l, int by, int machine, struct buf *headers, size_t count) {
  struct act_entry entries[8];
  struct act_text text;
  struct buf signature = {0};
  struct text_time now = time_of(l->now_s);
  bool is_machine = machine == MACHINE;
  for (size_t i = 0; i < count; i++)
    entries[i] = (struct act_entry){.index = (uint32_t)i, .header = buf_bytes(&headers[i])};
  must(act_text_of(entries, count, &text) == OK, "the act");
  if (l->same_signature.len)
    buf_add(&signature, buf_bytes(&l->same_signature));
  else
    must(act_sign(&text, l->keys[by], &signature) == OK, "signing");
  struct position p = {key_id(l->keys[machine]), ++l->chains[is_machine].number, l->chains[is_machine].newest,
                       act_id(&text)};
  l->chains[is_machine].newest = position_id(&p);
  for (size_t i = 0; i < count; i++) {
    struct leaf leaf = {.number = l->tree.size + 1,
                        .admitted = bytes_str(now.s),
                        .position = &p,
                        .index = (uint32_t)i,
                        .size = (uint32_t)count,
                        .signature = buf_bytes(&signature),
                        .header = buf_bytes(&headers[i])};
    add_leaf(l, &leaf);
    buf_release(&headers[i]);
  }
  buf_release(&signature);
}

static enum err give_leaf(void *of, uint64_t number, struct buf *out) {
  const struct ledger *l = of;
  buf_add(out, buf_bytes(&l->leaves[number - 1]));
  return buf_err(out);
}

static enum err sign_commit(void *of, uint64_t commit_number, struct bytes draft, struct buf *out) {
  const struct ledger *l = of;
  (void)commit_number;
  return sshsig_sign_commit(l->keys[LEDGER], draft, out);
}

static void publish(struct ledger *l) {
  struct checkpoint c = {.origin = ORIGIN, .size = l->tree.size, .root = merkle_root(&l->tree)};
  struct buf text = {0}, note = {0};
  c.time = time_of(l->now_s++);
  checkpoint_format(&text, &c);
  must(note_sign(buf_bytes(&text), ORIGIN, l->keys[LEDGER], &note) == OK, "the checkpoint");
  const struct publish_source source = {l, give_leaf, sign_commit};
  must(publish_commit(l->publish, &c, buf_bytes(&note), &source) == OK, "publishing");
  buf_release(&note);
  buf_release(&text);
}

/* One after the other in an act of the node's. */
static struct hash add_nodes(struct ledger *l, struct buf *header, const char *kind, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static struct hash add_nodes(struct ledger *l, struct buf *header, const char *kind, const char *fmt, ...) {
  char lines[4096];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(lines, sizeof lines, fmt, ap);
  va_end(ap);
  return add_header(header, kind, l->keys[NODE], lines, "directory");
}

static struct hash certify(struct ledger *l, struct buf *header, int whose, const struct hash *subject) {
  struct buf der = {0}, cert = {0};
  must(cert_issue(l->keys[AUTHORITY], buf_bytes(&l->authority_cert), l->keys[whose],
                  whose == MACHINE ? CERT_REPLICA : CERT_PERSON, subject, NULL, FROM_S, UNTIL_S, &der) == OK,
       "a certificate");
  text_base64_encode(&cert, buf_bytes(&der));
  struct hash id =
      add_nodes(l, header, "cert.issue", "cert %s\nref subject %s\n", buf_cstr(&cert), hash_hex(subject).s);
  buf_release(&cert);
  buf_release(&der);
  return id;
}

static void open_ledger(struct ledger *l, const char *path) {
  struct buf h[5] = {0}, cert = {0};
  *l = (struct ledger){.now_s = FROM_S + 86400, .acts_a_commit = ACTS_A_COMMIT};
  snprintf(l->path, sizeof l->path, "%s", path);
  merkle_init(&l->tree);
  for (int i = 0; i < KEYS; i++) {
    l->keys[i] = key_new();
    text_base64_encode(&l->spki[i], key_spki(l->keys[i]));
  }
  must(cert_make_authority(l->keys[AUTHORITY], "bench", FROM_S, UNTIL_S, &l->authority_cert) == OK, "the authority");
  note_vkey_format(&l->vkey, ORIGIN, l->keys[LEDGER]);
  text_base64_encode(&cert, buf_bytes(&l->authority_cert));
  must(publish_open(l->path, &l->publish) == OK, "the repository");
  add_nodes(l, &h[0], "log.open", "key ledger %s\nkey operating %s\ncert %s\nfact origin " ORIGIN "\n",
            buf_cstr(&l->spki[LEDGER]), buf_cstr(&l->spki[NODE]), buf_cstr(&cert));
  add_act(l, NODE, NODE, h, 1);
  struct hash agency = add_nodes(l, &h[0], "agency.add", "fact type social-work\n");
  struct hash invitation =
      add_nodes(l, &h[1], "invite.person",
                "ref agency %s\nfact role practitioner\nfact secret %s\nfact until 2026-12-28T10:00:00Z\n",
                hash_hex(&agency).s, hash_hex(&agency).s);
  struct hash person = add_nodes(l, &h[2], "person.add", "key sign %s\nref agency %s\nref invitation %s\n",
                                 buf_cstr(&l->spki[PERSON]), hash_hex(&agency).s, hash_hex(&invitation).s);
  struct hash machine = add_nodes(l, &h[3], "replica.add", "key replica %s\nref agency %s\n",
                                  buf_cstr(&l->spki[MACHINE]), hash_hex(&agency).s);
  add_nodes(l, &h[4], "role.give", "ref person %s\nfact from 2026-11-02\nfact role practitioner\n",
            hash_hex(&person).s);
  add_act(l, NODE, NODE, h, 5);
  certify(l, &h[0], PERSON, &person);
  certify(l, &h[1], MACHINE, &machine);
  add_act(l, NODE, NODE, h, 2);
  l->child = add_header(&h[0], "child.add", l->keys[PERSON], "", "case");
  add_act(l, PERSON, MACHINE, h, 1);
  publish(l);
  buf_release(&cert);
}

static void close_ledger(struct ledger *l) {
  publish_close(l->publish);
  for (int i = 0; i < KEYS; i++) {
    key_free(l->keys[i]);
    buf_release(&l->spki[i]);
  }
  for (uint64_t i = 0; i < l->tree.size; i++)
    buf_release(&l->leaves[i]);
  free(l->leaves);
  buf_release(&l->authority_cert);
  buf_release(&l->same_signature);
  buf_release(&l->vkey);
}

/* Headers as long as those of a decision with its rules, in so many acts of so many entries. */
static void add_acts(struct ledger *l, size_t acts, size_t size) {
  struct buf h[8] = {0};
  struct hash meeting = hash_of(bytes_str("a meeting"));
  char lines[1024];
  snprintf(lines, sizeof lines,
           "child %s\nref investigation %s\nref meeting %s\nref report %s\nfact considered R-008\nfact plan yes\n"
           "fact risk yes\n",
           hash_hex(&l->child).s, hash_hex(&meeting).s, hash_hex(&meeting).s, hash_hex(&l->child).s);
  for (size_t i = 1; i <= acts; i++) {
    for (size_t k = 0; k < size; k++)
      add_header(&h[k], l->is_followed && k % 2 ? "child.add" : "safety-plan.record", l->keys[PERSON],
                 l->is_followed && k % 2 ? "" : lines, "case");
    add_act(l, PERSON, MACHINE, h, size);
    if (i % l->acts_a_commit == 0 || i == acts)
      publish(l);
  }
}

static void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void run(const char *fmt, ...) {
  char command[2048];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(command, sizeof command, fmt, ap);
  va_end(ap);
  must(system(command) == 0, command);
}

static void pack(const struct ledger *l) {
  run("git -C %s gc -q", l->path);
}

/* ---- visits ---- */

static void count_entry(void *of, const struct verify_entry *e) {
  (void)e;
  ++*(uint64_t *)of;
}

static void visit(const char *path, const struct verify_facts *facts, uint64_t *listed, struct audit_look *out) {
  *out = (struct audit_look){0};
  if (audit_look(path, facts, listed, listed ? count_entry : NULL, out) != OK)
    must(false, err_words(ERR_IO));
  for (int s = 0; s < VERIFY_SUBJECTS; s++)
    if (out->result->verdicts[s] != VERIFY_HOLDS)
      must(false, out->result->finding_count ? out->result->findings[0].sentence : "the verdict");
}

struct memory {
  struct buf note, state;
  char vkey[256];
};

static struct verify_facts facts_of(const struct ledger *l, const struct memory *m) {
  struct verify_facts f = {.vkey = buf_cstr((struct buf *)&l->vkey), .jobs = 1};
  if (m && m->state.len) {
    f.seen_vkey = m->vkey;
    f.seen_note = m->note.at;
    f.seen_note_len = m->note.len;
    f.state = (struct verify_source){m->state.at, m->state.len, NULL};
  }
  return f;
}

static bool add_piece(void *of, const void *at, size_t len) {
  buf_add(of, bytes_of(at, len));
  return buf_err(of) == OK;
}

static void remember(struct memory *m, const struct audit_look *l) {
  buf_clear(&m->state);
  must(verify_is_worth_keeping(l->verify) &&
           verify_save(l->verify, &l->place, &(struct verify_sink){&m->state, add_piece}),
       "keeping the state");
  snprintf(m->vkey, sizeof m->vkey, "%s", l->result->vkey);
  buf_clear(&m->note);
  buf_add(&m->note, buf_bytes(&l->note));
}

static void forget(struct memory *m) {
  buf_release(&m->state);
  buf_release(&m->note);
}

/* The processor's time of a visit on one thread. */
static double visit_s(const struct ledger *l, struct memory *m, uint64_t *listed) {
  struct audit_look look;
  struct verify_facts f = facts_of(l, m);
  double start = spent();
  visit(l->path, &f, listed, &look);
  double s = spent() - start;
  if (m && listed == NULL)
    remember(m, &look);
  audit_look_release(&look);
  return s;
}

static double visit_on_all_s(const struct ledger *l, unsigned jobs) {
  struct audit_look look;
  struct verify_facts f = facts_of(l, NULL);
  f.jobs = jobs;
  double start = seconds(CLOCK_MONOTONIC);
  visit(l->path, &f, NULL, &look);
  double s = seconds(CLOCK_MONOTONIC) - start;
  audit_look_release(&look);
  return s;
}

/* ---- floors ---- */

/* One verification by mbedTLS: its own function, on a key that was read once, as fast as it gets. */
static double floor_verify_s(void) {
  struct key *k = key_new();
  struct buf der = {0};
  mbedtls_ecp_group group;
  mbedtls_ecp_point point;
  mbedtls_mpi r, s;
  uint8_t hash[32];
  mbedtls_ecp_group_init(&group);
  mbedtls_ecp_point_init(&point);
  mbedtls_mpi_init(&r);
  mbedtls_mpi_init(&s);
  must(key_sign(k, bytes_str("a text"), &der) == OK, "signing");
  const size_t r_len = der.at[3];
  must(mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
           mbedtls_ecp_point_read_binary(&group, &point, key_spki(k).at + key_spki(k).len - 65, 65) == 0 &&
           mbedtls_mpi_read_binary(&r, der.at + 4, r_len) == 0 &&
           mbedtls_mpi_read_binary(&s, der.at + 6 + r_len, der.at[5 + r_len]) == 0 &&
           mbedtls_sha256_ret((const uint8_t *)"a text", 6, hash, 0) == 0,
       "mbedTLS");
  double start = spent();
  for (int i = 0; i < FLOOR_ROUNDS; i++)
    must(mbedtls_ecdsa_verify(&group, hash, sizeof hash, &point, &r, &s) == 0, "verification");
  double one = (spent() - start) / FLOOR_ROUNDS;
  mbedtls_mpi_free(&s);
  mbedtls_mpi_free(&r);
  mbedtls_ecp_point_free(&point);
  mbedtls_ecp_group_free(&group);
  buf_release(&der);
  key_free(k);
  return one;
}

/* The commits, trees, leaves and checkpoints of the repository, read by libgit2 in the order in which the auditor reads
 * them; and mbedTLS's SHA-256 over each leaf, each header as an entry and as a part of its act, as the format asks. */
struct floor {
  struct clone_reader reader;
  uint64_t bytes;
};

static void hash_once(const uint8_t *at, size_t len) {
  uint8_t out[32];
  must(mbedtls_sha256_ret(at, len, out, 0) == 0, "SHA-256");
}

static void hash_leaves(void *of, struct bytes file) {
  struct floor *f = of;
  const uint8_t *at = file.at, *end = file.at + file.len;
  f->bytes += file.len;
  while (at < end) {
    const uint8_t *stop = memmem(at, (size_t)(end - at), "\n\n", 2);
    const uint8_t *header = memmem(at, (size_t)(end - at), "\ncairn entry 1\n", 15);
    must(stop && header, "a leaf");
    hash_once(at, (size_t)(stop + 1 - at));
    hash_once(header + 1, (size_t)(stop - header));
    hash_once(header + 1, (size_t)(stop - header));
    at = stop + 2;
  }
}

static void pass_over_note(void *of, struct bytes note) {
  (void)of;
  (void)note;
}

static void pass_over_fault(void *of, enum clone_fault fault, const char *sentence) {
  (void)of;
  (void)fault;
  must(false, sentence);
}

static double floor_read_s(const struct ledger *l) {
  struct floor f = {{&f, hash_leaves, pass_over_note, pass_over_fault, NULL}, 0};
  struct clone *c;
  double start = spent();
  must(clone_open(l->path, &c) == OK && clone_read(c, &f.reader) == OK, "reading");
  double s = spent() - start;
  clone_close(c);
  return s;
}

/* ---- memory: another process makes the visit ---- */

static double visit_rss_mib(const struct ledger *l) {
  char command[1024], self[256] = "";
  double kib = 0;
  must(readlink("/proc/self/exe", self, sizeof self - 1) > 0, "finding this program");
  snprintf(command, sizeof command, "'%s' %s %s", self, l->path, buf_cstr((struct buf *)&l->vkey));
  FILE *f = popen(command, "r");
  must(f && fscanf(f, "%lf", &kib) == 1 && pclose(f) == 0, "the visit of another process");
  return kib / 1024;
}

/* The most that this process ever had. */
static void print_peak(void) {
  char line[256];
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f))
    if (strncmp(line, "VmHWM:", 6) == 0)
      fputs(line + 6, stdout);
  if (f)
    fclose(f);
}

static void give_leaves(void *of, struct bytes file) {
  verify_leaves(of, file.at, file.len);
}

static void give_checkpoint(void *of, struct bytes note) {
  verify_checkpoint(of, note.at, note.len);
}

static void give_commit(void *of, struct bytes object) {
  verify_commit(of, object.at, object.len);
}

static bool drop_piece(void *of, const void *at, size_t len) {
  (void)of;
  (void)at;
  (void)len;
  return true;
}

static int visit_alone(const char *path, const char *vkey) {
  struct verify_facts f = {.vkey = vkey, .folder = "/var/tmp"};
  struct clone *c;
  const char *why;
  struct verify *v = verify_new(&f, &why);
  struct clone_reader reader = {v, give_leaves, give_checkpoint, pass_over_fault, give_commit};
  must(v != NULL, "the verifier");
  v->is_trusting = true;
  must(clone_open(path, &c) == OK && clone_read(c, &reader) == OK, "reading");
  v->is_trusting = false;
  const struct verify_result *r = verify_end(v);
  must(r->finding_count == 0, r->finding_count ? r->findings[0].sentence : "");
  must(verify_save(v, &(struct verify_place){.number = 1}, &(struct verify_sink){NULL, drop_piece}), "the state");
  verify_free(v);
  clone_close(c);
  print_peak();
  return 0;
}

/* ---- stock git ---- */

/* One commit, by one process that verifies many. */
static double git_verify_commit_s(const char *folder) {
  run("cd %s && export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null && ssh-keygen -q -t ecdsa -b 256 -N '' "
      "-f key && git init -q -b main signed && cd signed && git config user.name cairn && "
      "git config user.email ledger@bench && git config gpg.format ssh && git config user.signingkey ../key && "
      "git config gpg.ssh.allowedSignersFile ../allowed && echo \"ledger@bench $(cat ../key.pub)\" > ../allowed && "
      "for i in $(seq %d); do git commit -q -S --allow-empty -m $i; done",
      folder, COMMITS);
  struct rusage before, after;
  getrusage(RUSAGE_CHILDREN, &before);
  run("cd %s/signed && GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null git verify-commit $(git rev-list main) 2>log",
      folder);
  getrusage(RUSAGE_CHILDREN, &after);
  run("test $(grep -c '^Good' %s/signed/log) = 40", folder);
  double s = 0;
  const struct timeval *times[] = {&after.ru_utime, &after.ru_stime, &before.ru_utime, &before.ru_stime};
  for (int i = 0; i < 4; i++)
    s += (i < 2 ? 1 : -1) * ((double)times[i]->tv_sec + (double)times[i]->tv_usec / 1e6);
  return s / COMMITS;
}

/* ---- what is printed ---- */

/* Acts of one: each has a signature, and each commit two more, its checkpoint's and its own. */
static void measure_signatures(struct ledger *l) {
  add_acts(l, ACTS, 1);
  pack(l);
  double floor = 0, s = 0;
  for (int i = 0; i < ROUNDS; i++) {
    floor += floor_verify_s() / ROUNDS;
    s += visit_s(l, NULL, NULL) / ROUNDS;
  }
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  const unsigned jobs = processors > 1 ? (unsigned)processors : 1;
  const double signatures = ACTS + 2.0 * ACTS / ACTS_A_COMMIT;
  print("verify_signed", ACTS / s, "acts/s of one thread");
  print("floor_mbedtls_verify", 1 / floor, "signatures/s");
  print("verify_signed_ratio", signatures * floor / s, "of the floor");
  double one = visit_on_all_s(l, 1), all = visit_on_all_s(l, jobs);
  print("verify_signed_jobs", ACTS / all, "acts/s of all threads");
  print("verify_jobs_gain", one / all, "times one thread");
}

/* The time of one entry. */
static double measure_fours(struct ledger *l) {
  struct memory m = {0};
  uint64_t listed = 0;
  add_acts(l, 4 * ACTS, 4);
  pack(l);
  double full = visit_s(l, &m, NULL), read = 0, floor = 0;
  for (int i = 0; i < ROUNDS; i++) {
    listed = 0;
    read += visit_s(l, &m, &listed) / ROUNDS;
    floor += floor_read_s(l) / ROUNDS;
  }
  const double entries = (double)l->tree.size;
  must(listed == l->tree.size, "listing");
  add_acts(l, 4 * ACTS / 100, 4);
  double again = visit_s(l, &m, NULL);
  print("verify_fours", entries / full, "entries/s of one thread");
  print("verify_leaves", entries / read, "entries/s of one thread");
  print("verify_leaves_ratio", floor / read, "of reading and hashing the same bytes");
  print("verify_again_1pct", again / full, "of the full time");
  print("verify_state", (double)m.state.len / 1024, "KiB");
  forget(&m);
  return full / entries;
}

/* Without the signatures, which need no memory. */
static void measure_memory(struct ledger *l) {
  l->acts_a_commit = 100;
  l->is_followed = true;
  must(key_sign(l->keys[PERSON], bytes_str("another text"), &l->same_signature) == OK, "signing");
  add_acts(l, MANY, 4);
  pack(l);
  double small = visit_rss_mib(l);
  add_acts(l, 3 * MANY, 4);
  pack(l);
  double large = visit_rss_mib(l);
  print("verify_rss", small, "MiB at 25,000 entries");
  print("verify_rss_4n", large, "MiB at 100,000 entries");
}

int main(int argc, char **argv) {
  char folder[] = "/tmp/bench_verify.XXXXXX", path[64];
  struct ledger ones, fours, many;
  if (argc == 3)
    return visit_alone(argv[1], argv[2]);
  must(mkdtemp(folder) != NULL, "a folder");
  snprintf(path, sizeof path, "%s/ones.git", folder);
  open_ledger(&ones, path);
  measure_signatures(&ones);
  close_ledger(&ones);
  snprintf(path, sizeof path, "%s/fours.git", folder);
  open_ledger(&fours, path);
  double entry = measure_fours(&fours);
  close_ledger(&fours);
  snprintf(path, sizeof path, "%s/many.git", folder);
  open_ledger(&many, path);
  measure_memory(&many);
  close_ledger(&many);
  print("vs_git_verify_commit", git_verify_commit_s(folder) / entry, "times a commit for each entry");
  run("rm -rf %s", folder);
  return 0;
}
