/* The random method that makes OpenSSL repeatable is the one of before 3.0. */
#define OPENSSL_API_COMPAT 10101

#include "tests/lib/world.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cert.h"
#include "core/cosign.h"
#include "core/recheck.h"
#include "core/store_parts.h"
#include "tests/lib/blank.h"
#include "tests/lib/chance.h"

#define YEAR_S ((int64_t)365 * 86400)
#define START_S ((int64_t)1795251600) /* 2026-11-21T09:00:00Z */

void world_must(enum err e, const char *what) {
  if (e == OK)
    return;
  fprintf(stderr, "world: %s: %s: %s\n", what, err_text(e), err_words(e));
  abort();
}

/* ---- what is drawn ---- */

static uint64_t drawn;

static int draw_bytes(unsigned char *out, int n) {
  for (int i = 0; i < n; i++)
    out[i] = (unsigned char)chance_draw(&drawn);
  return 1;
}

static int is_seeded(void) {
  return 1;
}

void world_seed(uint64_t seed) {
  static const RAND_METHOD method = {.bytes = draw_bytes, .pseudorand = draw_bytes, .status = is_seeded};
  drawn = seed;
  RAND_set_rand_method(&method);
}

/* ---- the node ---- */

static void make_authority(struct world *w) {
  w->authority = key_new();
  w->operating = key_new();
  w->ledger = key_new();
  world_must(cert_make_authority(w->authority, "North Lanarkshire Council", w->now_s - 3600, w->now_s + 20 * YEAR_S,
                                 &w->authority_cert),
             "the authority");
}

static void open_log(struct world *w) {
  struct buf ledger = {0}, operating = {0}, cert = {0};
  struct verdict v;
  text_base64_encode(&ledger, key_spki(w->ledger));
  text_base64_encode(&operating, key_spki(w->operating));
  text_base64_encode(&cert, buf_bytes(&w->authority_cert));
  struct draft draft = WORLD_DRAFT("log.open", {"origin", "nl.example/register"}, {"ledger", buf_cstr(&ledger)},
                                   {"operating", buf_cstr(&operating)}, {"authority", buf_cstr(&cert)},
                                   {"authority-name", "North Lanarkshire Council"});
  world_must(world_node_write(w, &draft, 1, &v), "log.open");
  buf_release(&ledger);
  buf_release(&operating);
  buf_release(&cert);
}

static char *path_in(const struct world *w, const char *file) {
  struct buf path = {0};
  buf_addf(&path, "%s/%s", w->folder, file);
  char *copy = bytes_copy_string(buf_bytes(&path));
  buf_release(&path);
  return copy;
}

static char *member_path(const struct world *w, size_t i) {
  char file[64];
  snprintf(file, sizeof file, "replica-%zu.db", i);
  return path_in(w, file);
}

static void read_as(struct store *s, const struct hash *replica) {
  store_read_as(s, &(struct scope_recipient){.replica = *replica});
}

/* Where tests/run.sh says; paths in tests have room for short names. */
static void make_folder(struct world *w) {
  const char *place = getenv("CAIRN_WORLDS");
  const char *name = "cairn-world-XXXXXX";
  if (place == NULL || strlen(place) + strlen(name) + 2 > sizeof w->folder)
    place = "/tmp";
  snprintf(w->folder, sizeof w->folder, "%s/%s", place, name);
  if (mkdtemp(w->folder) == NULL)
    world_must(ERR_IO, "a temporary folder");
}

void world_open(struct world *w, uint64_t seed) {
  *w = (struct world){.now_s = START_S};
  world_seed(seed);
  make_folder(w);
  make_authority(w);
  w->path = path_in(w, "node.db");
  world_must(blank_store(w->path, &w->node.store), "the node's store");
  w->node.operating = w->operating;
  w->node.ledger = w->ledger;
  w->node.authority = w->authority;
  struct hash id = key_id(w->operating);
  read_as(w->node.store, &id);
  open_log(w);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
  (void)st;
  (void)type;
  (void)at;
  return remove(path);
}

/* What every restricted value of the tests' data bears (tests/canaries.sh). */
static const char canary[] = "kestrel";

static int search_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  static uint8_t page[1 << 16];
  size_t kept = 0, n;
  (void)st, (void)ftw;
  FILE *f = type == FTW_F ? fopen(path, "rb") : NULL;
  while (f && (n = fread(page + kept, 1, sizeof page - kept, f)) > 0) {
    if (memmem(page, kept + n, canary, sizeof canary - 1)) {
      fprintf(stderr, "world: what is restricted is in clear in %s\n", path);
      abort();
    }
    const size_t all = kept + n;
    kept = all < sizeof canary ? all : sizeof canary - 1;
    memmove(page, page + all - kept, kept);
  }
  if (f)
    fclose(f);
  return 0;
}

/* While the stores are open, and their write-ahead logs are there. */
void world_search(const struct world *w) {
  if (w->folder[0])
    nftw(w->folder, search_one, 8, FTW_PHYS);
}

void world_close(struct world *w) {
  world_search(w);
  store_close(w->node.store);
  for (size_t i = 0; i < w->count; i++) {
    store_close(w->members[i].store);
    key_free(w->members[i].key);
    key_free(w->members[i].seal_key);
    key_free(w->members[i].replica_key);
    free(w->members[i].path);
  }
  free(w->path);
  key_free(w->authority);
  key_free(w->operating);
  key_free(w->ledger);
  buf_release(&w->authority_cert);
  if (w->folder[0])
    nftw(w->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  *w = (struct world){0};
}

/* ---- a world that many tests begin with ---- */

#define KEYS_OF_NODE 3
#define KEYS_OF_MEMBER 3

struct kept_key {
  uint8_t secret[KEY_SECRET_SIZE];
};
static struct {
  bool is_kept;
  uint64_t drawn;
  struct world world; /* of its pointers none is used */
  struct buf authority_cert;
  struct kept_key node_keys[KEYS_OF_NODE], keys[WORLD_MEMBERS_MAX][KEYS_OF_MEMBER];
  struct buf node, members[WORLD_MEMBERS_MAX];
} kept;

__attribute__((destructor)) static void forget(void) {
  buf_release(&kept.authority_cert);
  buf_release(&kept.node);
  for (size_t i = 0; i < kept.world.count; i++)
    buf_release(&kept.members[i]);
  kept.is_kept = false;
}

static struct kept_key keep_key(const struct key *k) {
  struct kept_key out;
  world_must(key_export_unlocked(k, out.secret), "keeping a key");
  return out;
}

static struct key *key_again(const struct kept_key *k) {
  struct key *out = NULL;
  world_must(key_import_unlocked(k->secret, &out), "a key that was kept");
  return out;
}

static void keep_file(const char *path, struct buf *out) {
  uint8_t page[1 << 14];
  size_t n;
  FILE *f = fopen(path, "rb");
  *out = (struct buf){0};
  while (f && (n = fread(page, 1, sizeof page, f)) > 0)
    buf_add(out, bytes_of(page, n));
  world_must(f && !ferror(f) && out->len > 0 ? buf_err(out) : ERR_IO, "keeping a store");
  fclose(f);
}

static struct store *store_again(const char *path, const struct buf *image, const struct hash *reader) {
  struct store *s = NULL;
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  bool ok = fd >= 0 && write(fd, image->at, image->len) == (ssize_t)image->len;
  ok = fd >= 0 && close(fd) == 0 && ok;
  world_must(ok ? store_open(path, 0, &s) : ERR_IO, "a store that was kept");
  read_as(s, reader);
  return s;
}

static void keep_member(struct world_member *m, size_t i) {
  store_close(m->store);
  m->store = NULL;
  keep_file(m->path, &kept.members[i]);
  world_reopen(m);
  kept.keys[i][0] = keep_key(m->key);
  kept.keys[i][1] = keep_key(m->seal_key);
  kept.keys[i][2] = keep_key(m->replica_key);
}

void world_keep(struct world *w) {
  forget();
  kept.world = *w;
  buf_add(&kept.authority_cert, buf_bytes(&w->authority_cert));
  kept.node_keys[0] = keep_key(w->authority);
  kept.node_keys[1] = keep_key(w->operating);
  kept.node_keys[2] = keep_key(w->ledger);
  store_close(w->node.store);
  w->node.store = NULL;
  keep_file(w->path, &kept.node);
  world_reopen_node(w);
  for (size_t i = 0; i < w->count; i++)
    keep_member(&w->members[i], i);
  kept.drawn = drawn;
  kept.is_kept = true;
}

static void member_again(struct world *w, size_t i) {
  struct world_member *m = &w->members[i];
  const struct world_member *of = &kept.world.members[i];
  *m =
      (struct world_member){.agency = of->agency, .person = of->person, .machine = of->machine, .replica = of->replica};
  m->key = key_again(&kept.keys[i][0]);
  m->seal_key = key_again(&kept.keys[i][1]);
  m->replica_key = key_again(&kept.keys[i][2]);
  m->path = member_path(w, i);
  m->store = store_again(m->path, &kept.members[i], &m->replica);
}

bool world_again(struct world *w) {
  if (!kept.is_kept)
    return false;
  *w = (struct world){.now_s = kept.world.now_s, .count = kept.world.count};
  world_seed(kept.drawn);
  make_folder(w);
  buf_add(&w->authority_cert, buf_bytes(&kept.authority_cert));
  w->authority = key_again(&kept.node_keys[0]);
  w->operating = key_again(&kept.node_keys[1]);
  w->ledger = key_again(&kept.node_keys[2]);
  struct hash id = key_id(w->operating);
  w->path = path_in(w, "node.db");
  w->node = (struct exchange_node){.store = store_again(w->path, &kept.node, &id),
                                   .operating = w->operating,
                                   .ledger = w->ledger,
                                   .authority = w->authority};
  for (size_t i = 0; i < w->count; i++)
    member_again(w, i);
  world_seed(kept.drawn);
  return true;
}

struct hash world_agency(struct world *w, const char *name, const char *type) {
  struct hash id;
  struct verdict v;
  struct draft draft = WORLD_DRAFT("agency.add", {"type", type}, {"name", name});
  world_must(world_node_write(w, &draft, 1, &v), "agency.add");
  world_must(author_id_of(w->node.store, v.first, &id), "the agency's id");
  return id;
}

void world_reopen_node(struct world *w) {
  struct hash id = key_id(w->operating);
  store_close(w->node.store);
  w->node.store = NULL;
  world_must(store_open(w->path, 0, &w->node.store), "opening the node's store again");
  read_as(w->node.store, &id);
}

/* ---- members ---- */

static void invite(struct world *w, const struct hash *agency, const char *person, const char *roles,
                   struct join_token *t) {
  struct join_invite i = {
      .agency = *agency, .person = person, .post = NULL, .roles = roles, .until_s = w->now_s + 3600};
  *t = (struct join_token){.host = "127.0.0.1", .port = 8443, .authority = hash_of(buf_bytes(&w->authority_cert))};
  world_must(store_begin(w->node.store), "inviting");
  world_must(join_invite(&w->node, &i, w->now_s, t->secret), "inviting");
  world_must(exchange_node_checkpoint(&w->node), "inviting");
  world_must(store_commit(w->node.store), "inviting");
}

static enum err fill(struct world_member *m, const struct join_token *t, struct bytes answer) {
  enum err e = join_take(m->store, t, &(struct join_keys){m->key, m->seal_key, m->replica_key}, answer);
  if (e == OK)
    e = store_meta_hash(m->store, "person", &m->person);
  return e == OK ? store_meta_hash(m->store, "replica", &m->machine) : e;
}

enum err world_settle(struct world_member *m, const struct join_token *t, struct bytes answer) {
  enum err e = store_begin(m->store);
  if (e == OK)
    e = fill(m, t, answer);
  if (e == OK)
    return store_commit(m->store);
  store_rollback(m->store);
  return e;
}

struct world_member *world_let_in(struct world *w, const struct hash *agency, const char *person, const char *roles,
                                  struct join_token *token_out, struct buf *answer) {
  struct world_member *m = &w->members[w->count];
  struct buf request = {0};
  if (w->count == WORLD_MEMBERS_MAX)
    world_must(ERR_LIMIT, "one member too many");
  *m = (struct world_member){.key = key_new(), .seal_key = key_new(), .replica_key = key_new(), .agency = *agency};
  m->replica = key_id(m->replica_key);
  m->path = member_path(w, w->count);
  w->count++;
  invite(w, agency, person, roles, token_out);
  world_must(join_request(token_out, &(struct join_who){person, NULL},
                          &(struct join_keys){m->key, m->seal_key, m->replica_key}, "laptop", &request),
             "a request to join");
  world_must(join_answer(&w->node, buf_bytes(&request), w->now_s, answer), "an answer to a request to join");
  buf_release(&request);
  return m;
}

struct world_member *world_join(struct world *w, const struct hash *agency, const char *person, const char *roles) {
  struct join_token token;
  struct buf answer = {0};
  struct world_member *m = world_let_in(w, agency, person, roles, &token, &answer);
  world_must(blank_store(m->path, &m->store), "a replica's store");
  read_as(m->store, &m->replica);
  world_must(world_settle(m, &token, buf_bytes(&answer)), "joining");
  buf_release(&answer);
  world_sync(w, m);
  return m;
}

void world_reopen(struct world_member *m) {
  store_close(m->store);
  m->store = NULL;
  world_must(store_open(m->path, 0, &m->store), "opening a replica's store again");
  read_as(m->store, &m->replica);
}

/* ---- writing ---- */

struct draft world_draft(const char *kind, const struct draft_value *values, size_t count) {
  struct draft d = {.kind = kind_find(bytes_str(kind)), .values = values, .count = count};
  if (d.kind == NULL)
    world_must(ERR_UNKNOWN_KIND, kind);
  return d;
}

enum err world_write(struct world *w, struct world_member *m, const struct draft *drafts, size_t count,
                     enum accept_how how, struct verdict *out) {
  struct author_by by = {.key = m->key, .replica = m->replica};
  enum err e = store_begin(m->store);
  if (e == OK)
    e = author_write(m->store, &by, drafts, count, how, w->now_s, out);
  if (e == OK)
    return store_commit(m->store);
  store_rollback(m->store);
  return e;
}

struct hash world_record(struct world *w, struct world_member *m, struct draft draft) {
  struct verdict v;
  struct hash id;
  world_must(world_write(w, m, &draft, 1, ACCEPT_WRITE, &v), draft.kind->name);
  if (v.code != VERDICT_ACCEPTED)
    world_must(err_set(ERR_REFUSED, "%s: %s", v.rule, v.words), draft.kind->name);
  world_must(author_id_of(m->store, v.first, &id), draft.kind->name);
  return id;
}

enum err world_node_write(struct world *w, const struct draft *drafts, size_t count, struct verdict *out) {
  struct store *s = w->node.store;
  enum err e = store_begin(s);
  if (e == OK)
    e = exchange_node_write(&w->node, drafts, count, w->now_s, out);
  if (e == OK)
    e = exchange_node_checkpoint(&w->node);
  if (e == OK)
    return store_commit(s);
  store_rollback(s);
  return e;
}

/* ---- exchanging ---- */

enum err world_carry(struct world *w, struct world_member *m, bool *lacks_out) {
  struct carry_round round;
  enum err e = carry_begin(&round, m->store, w->now_s);
  while (e == OK && !carry_is_done(&round)) {
    struct buf request = {0}, answer = {0};
    e = carry_next(&round, m->store, &request);
    if (e == OK)
      e = carry_serve(&w->node, &m->replica, buf_bytes(&request), w->now_s, &answer);
    if (e == OK)
      e = carry_take(&round, m->store, buf_bytes(&answer), w->now_s);
    if (e == ERR_ABSENT) {
      carry_refused(&round);
      e = OK;
    }
    buf_release(&request);
    buf_release(&answer);
  }
  *lacks_out = round.lacks_down;
  return e;
}

enum err world_exchange(struct world *w, struct world_member *m, struct exchange_report *report) {
  struct exchange_replica r = {m->store, m->replica_key, w->now_s};
  struct exchange_report ignored = {0};
  struct buf request = {0}, answer = {0};
  size_t sent;
  bool lacks = false;
  buf_init(&answer, MSG_ANSWER_MAX);
  if (report == NULL)
    report = &ignored;
  enum err e = world_carry(w, m, &lacks);
  if (e == OK)
    e = exchange_request(&r, &request, &sent);
  if (e == OK)
    e = exchange_answer(&w->node, &m->replica, buf_bytes(&request), w->now_s, &answer);
  if (e == OK)
    e = exchange_take(&r, buf_bytes(&answer), report);
  if (e == OK && lacks && report->lacks_parts)
    e = err_set(ERR_REFUSED, "the node names a document and does not give it");
  buf_release(&request);
  buf_release(&answer);
  return e;
}

void world_sync(struct world *w, struct world_member *m) {
  struct exchange_report report = {.has_more = true};
  while (report.has_more) {
    report = (struct exchange_report){0};
    world_must(world_exchange(w, m, &report), "syncing");
  }
}

struct feed_end world_upto(struct world_member *m, const struct msg_event *events, uint32_t count) {
  static const enum feed_op ops[] = {[MSG_FULL] = FEED_DELIVER,
                                     [MSG_YOURS] = FEED_DELIVER,
                                     [MSG_PASSED] = FEED_DELIVER,
                                     [MSG_WITHDRAWN] = FEED_WITHDRAW,
                                     [MSG_ERASED] = FEED_ERASE};
  struct feed_end end;
  world_must(feed_end(m->store, FEED_OWN, &end), "the feed");
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t k = 0; k < (events[i].count ? events[i].count : 1); k++) {
      uint64_t number = events[i].first + (events[i].count ? events[i].entries[k].index : 0);
      end = (struct feed_end){end.place + 1, feed_digest(&end.digest, ops[events[i].form], number)};
    }
  return end;
}

void world_vouch(struct world *w, const struct world_member *m, struct msg_request *request, struct buf *signature) {
  static const struct text_time at = {"2026-11-21T09:00:00Z"};
  struct buf note = {0};
  struct bytes text = bytes_str("a checkpoint that the node never signed\n");
  struct checkpoint c;
  request->cosigned = bytes_str(at.s);
  if (store_checkpoint_at(w->node.store, request->size, &note) == OK) {
    world_must(note_text(buf_bytes(&note), &text), "a checkpoint");
    world_must(checkpoint_parse(text, &c), "a checkpoint");
    request->root = c.root;
  }
  world_must(cosignature_sign(m->replica_key, &at, text, signature), "vouching");
  request->cosignature = buf_bytes(signature);
  buf_release(&note);
}

static void digest_table(struct db *db, const char *table, struct buf *out) {
  struct buf statement = {0};
  struct query q;
  buf_addf(&statement, "SELECT * FROM \"%s\" ORDER BY 1, 2", table);
  buf_add_str(out, table);
  query_start_once(&q, db, buf_cstr(&statement));
  while (query_row(&q))
    for (int i = 0; i < query_column_count(&q); i++) {
      buf_u8(out, query_is_null(&q, i));
      buf_string(out, query_get(&q, i));
    }
  world_must(query_end(&q), table);
  buf_release(&statement);
}

struct hash world_digest(struct store *s) {
  struct buf rows = {0};
  struct query q;
  query_start_once(&q, s->db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
  while (query_row(&q)) {
    char *table = bytes_copy_string(query_get(&q, 0));
    digest_table(s->db, table, &rows);
    free(table);
  }
  world_must(query_end(&q), "the list of tables");
  struct hash h = hash_of(buf_bytes(&rows));
  buf_release(&rows);
  return h;
}

void world_check_views(struct store *s, const char *what) {
  struct hash before, after;
  world_must(store_begin(s), what);
  world_must(store_views_digest(s, &before), what);
  world_must(store_rebuild(s), what);
  world_must(store_views_digest(s, &after), what);
  store_rollback(s);
  if (!hash_equal(&before, &after))
    world_must(err_set(ERR_CONFLICT, "the views differ from rebuilt ones"), what);
}

static void tell_finding(void *of, const struct recheck_finding *f) {
  (void)of;
  fprintf(stderr, "%s %llu: %s\n", recheck_word(f->about), (unsigned long long)f->number, f->words);
}

const char *world_verdict_word(enum verdict_code c) {
  switch (c) {
  case VERDICT_ACCEPTED: return "accepted";
  case VERDICT_HAD: return "had already";
  case VERDICT_REFUSED: return "refused";
  case VERDICT_HELD: return "held";
  case VERDICT_LATER: return "later";
  }
  return "";
}

uint64_t world_findings(struct store *s) {
  const struct recheck again = {.store = s, .found = tell_finding};
  struct recheck_result result;
  world_must(recheck_all(&again, &result), "checking again");
  return result.findings;
}

uint64_t world_count(struct store *s, const char *from) {
  char statement[160];
  struct query q;
  snprintf(statement, sizeof statement, "SELECT count(*) FROM %s", from);
  query_start_once(&q, s->db, statement);
  const uint64_t n = query_row(&q) ? (uint64_t)query_get_int(&q, 0) : 0;
  world_must(query_end(&q), from);
  return n;
}
