/* A node that lies: hostile NODE PASSPHRASE-FILE FOLDER ATTACK…, each into FOLDER/ATTACK.git. It has the node's
 * certification authority, its operating key and its ledger key, and asks no door: it signs what the attack wants,
 * extends the published ledger with it, and signs the checkpoint. The node must not be running; its store is only read.
 */
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/publish.h"
#include "audit/sshsig.h"
#include "core/act.h"
#include "core/cert.h"
#include "core/directory.h"
#include "core/merkle.h"
#include "core/note.h"
#include "core/store.h"

#define LEAVES_MAX 64
#define DAY_S 86400

static void must(enum err e, const char *what) {
  if (e == OK)
    return;
  fprintf(stderr, "hostile: %s: %s\n", what, err_words(e));
  exit(3);
}

enum who { NODE, MALLORY, SOUTHERN, MACHINE, STRANGER, AUTHORITY, LEDGER, WHO_COUNT };

struct chain {
  uint64_t number;
  struct hash newest;
};

struct hostile {
  struct store *store;
  struct directory_log log;
  struct key *keys[WHO_COUNT];
  struct chain chains[WHO_COUNT];
  struct merkle tree;
  uint64_t before; /* entries that were there */
  struct buf leaves[LEAVES_MAX];
  size_t count;
  int64_t now_s;
  struct text_time admitted;
  struct hash north, south, machine, mallory;
  struct buf victim; /* the first person's key, base64 */
};

/* ---- writing ---- */

/* Signs an act of these headers and appends its leaves. */
static void sign_act(struct hostile *h, enum who by, enum who machine, const struct buf *headers, size_t count) {
  struct act_entry entries[2] = {{.header = buf_bytes(&headers[0])}};
  struct chain *chain = &h->chains[machine];
  struct act_text text;
  struct buf signature = {0}, head = {0};
  if (count == 2)
    entries[1] = (struct act_entry){.index = 1, .header = buf_bytes(&headers[1])};
  must(act_text_of(entries, count, &text), "an act");
  must(act_sign(&text, h->keys[by], &signature), "a signature");
  struct position p = {key_id(h->keys[machine]), ++chain->number, chain->newest, act_id(&text)};
  must(position_sign(&p, h->keys[machine], &head), "a head");
  for (size_t i = 0; i < count; i++) {
    struct buf *leaf = &h->leaves[h->count++];
    struct leaf l = {.number = h->tree.size + 1,
                     .admitted = bytes_str(h->admitted.s),
                     .position = &p,
                     .index = (uint32_t)i,
                     .size = (uint32_t)count,
                     .signature = buf_bytes(&signature),
                     .head = buf_bytes(&head),
                     .header = buf_bytes(&headers[i])};
    leaf_format(leaf, &l);
    struct hash hash = merkle_leaf(buf_bytes(leaf));
    must(merkle_push(&h->tree, &hash, 0), "the tree");
  }
  chain->newest = position_id(&p);
  buf_release(&signature);
  buf_release(&head);
}

static struct hash compose(struct hostile *h, enum who by, const char *kind, const char *lines, size_t nth,
                           struct buf *header) {
  struct hash author = key_id(h->keys[by]);
  if (h->count + 1 >= LEAVES_MAX)
    must(ERR_LIMIT, "too many entries");
  buf_addf(header, "cairn entry 1\nkind %s\nby %s\nat %s\n%s", kind, hash_hex(&author).s, h->admitted.s, lines);
  buf_addf(header, "audience directory\nmedia application/json\ncontent %064zu\n", h->count + 1 + nth);
  return hash_of(buf_bytes(header));
}

static struct hash write_entry(struct hostile *h, enum who by, const char *kind, const char *lines) {
  struct buf header = {0};
  struct hash id = compose(h, by, kind, lines, 0, &header);
  sign_act(h, by, by == NODE ? NODE : MACHINE, &header, 1);
  buf_release(&header);
  return id;
}

/* The node enrols by invitation only. */
static struct hash invite(struct hostile *h, const struct hash *agency) {
  struct buf lines = {0};
  struct text_time until = text_time_format(h->now_s + DAY_S);
  buf_addf(&lines, "ref agency %s\nfact role officer\nfact role practitioner\nfact secret %064zu\nfact until %s\n",
           hash_hex(agency).s, h->count + 1, until.s);
  struct hash id = write_entry(h, NODE, "invite.person", buf_cstr(&lines));
  buf_release(&lines);
  return id;
}

static struct hash add_with_key(struct hostile *h, enum who by, const char *kind, const char *key,
                                const char *key_base64, const struct hash *agency) {
  struct buf lines = {0};
  bool is_invited = by == NODE && strcmp(kind, "person.add") == 0;
  struct hash invitation = is_invited ? invite(h, agency) : (struct hash){{0}};
  buf_addf(&lines, "key %s %s\nref agency %s\n", key, key_base64, hash_hex(agency).s);
  if (is_invited)
    buf_addf(&lines, "ref invitation %s\n", hash_hex(&invitation).s);
  struct hash id = write_entry(h, by, kind, buf_cstr(&lines));
  buf_release(&lines);
  return id;
}

static struct hash add(struct hostile *h, enum who by, const char *kind, const char *key, enum who whose,
                       const struct hash *agency) {
  struct buf spki = {0};
  text_base64_encode(&spki, key_spki(h->keys[whose]));
  struct hash id = add_with_key(h, by, kind, key, buf_cstr(&spki), agency);
  buf_release(&spki);
  return id;
}

static void about(struct hostile *h, enum who by, const char *kind, const char *ref, const struct hash *id,
                  const char *facts) {
  struct buf lines = {0};
  buf_addf(&lines, "ref %s %s\n%s", ref, hash_hex(id).s, facts);
  write_entry(h, by, kind, buf_cstr(&lines));
  buf_release(&lines);
}

/* ---- certificates ---- */

struct wanted {
  const struct key *key; /* NULL: Mallory's */
  enum cert_use use;
  enum who issuer; /* NODE: the authority */
  const char *issuer_name;
  int64_t from_s, until_s;          /* from now; 0: the usual ones */
  int nid;                          /* an extension that is replaced; 0: none */
  const char *value;                /* NULL: left out */
  const struct hash *ref, *subject; /* NULL: Mallory */
};

static void replace_extension(X509 *x, int nid, const char *value) {
  int at = X509_get_ext_by_NID(x, nid, -1);
  if (at >= 0)
    X509_EXTENSION_free(X509_delete_ext(x, at));
  X509_EXTENSION *e = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;
  if (e)
    X509_add_ext(x, e, -1);
  X509_EXTENSION_free(e);
}

static void forge(struct buf *der, const struct key *signer, int nid, const char *value) {
  const uint8_t *at = der->at;
  uint8_t *again = NULL;
  X509 *x = d2i_X509(NULL, &at, (long)der->len);
  replace_extension(x, nid, value);
  int len = X509_sign(x, key_native(signer), EVP_sha256()) > 0 ? i2d_X509(x, &again) : -1;
  must(len > 0 ? OK : ERR_IO, "a forged certificate");
  buf_clear(der);
  buf_add(der, bytes_of(again, (size_t)len));
  OPENSSL_free(again);
  X509_free(x);
}

static void issue(struct hostile *h, const struct wanted *w) {
  struct buf authority = {0}, der = {0}, lines = {0};
  const struct key *issuer = h->keys[w->issuer == NODE ? AUTHORITY : w->issuer];
  const struct hash *subject = w->subject ? w->subject : &h->mallory, *ref = w->ref ? w->ref : subject;
  int64_t from_s = h->now_s + (w->from_s ? w->from_s : -DAY_S), until_s = h->now_s + (w->until_s ? w->until_s : DAY_S);
  if (w->issuer == NODE)
    buf_add(&authority, buf_bytes(&h->log.authority));
  else
    must(cert_make_authority(issuer, w->issuer_name, from_s, until_s, &authority), "an authority");
  must(cert_issue(issuer, buf_bytes(&authority), w->key ? w->key : h->keys[MALLORY], w->use, subject, NULL, from_s,
                  until_s, &der),
       "a certificate");
  if (w->nid)
    forge(&der, issuer, w->nid, w->value);
  buf_add_str(&lines, "cert ");
  text_base64_encode(&lines, buf_bytes(&der));
  buf_addf(&lines, "\nref subject %s\n", hash_hex(ref).s);
  write_entry(h, NODE, "cert.issue", buf_cstr(&lines));
  buf_release(&authority);
  buf_release(&der);
  buf_release(&lines);
}

/* ---- the attacks ---- */

static void good(struct hostile *h) {
  issue(h, &(struct wanted){.use = CERT_PERSON});
}

static void self_signed(struct hostile *h) {
  issue(h, &(struct wanted){.issuer = MALLORY, .issuer_name = "Mallory"});
}

static void wrong_issuer(struct hostile *h) {
  issue(h, &(struct wanted){.issuer = STRANGER, .issuer_name = "North Lanarkshire Council"});
}

static void issued_by_a_machine(struct hostile *h) {
  issue(h, &(struct wanted){.issuer = MACHINE, .issuer_name = "North Lanarkshire Council"});
}

static void usage(struct hostile *h) {
  issue(h, &(struct wanted){.nid = NID_key_usage, .value = "critical,keyEncipherment"});
}

static void no_usage(struct hostile *h) {
  issue(h, &(struct wanted){.nid = NID_key_usage});
}

static void extended_usage(struct hostile *h) {
  issue(h, &(struct wanted){.nid = NID_ext_key_usage, .value = "serverAuth"});
}

static void machines_usage(struct hostile *h) {
  issue(h, &(struct wanted){.use = CERT_REPLICA});
}

static void ca_for_a_person(struct hostile *h) {
  issue(h, &(struct wanted){.nid = NID_basic_constraints, .value = "critical,CA:TRUE,pathlen:0"});
}

static void expired(struct hostile *h) {
  issue(h, &(struct wanted){.from_s = -2 * DAY_S, .until_s = -1});
}

static void not_yet_valid(struct hostile *h) {
  issue(h, &(struct wanted){.from_s = 3600, .until_s = DAY_S});
}

static void revoked(struct hostile *h) {
  good(h);
  about(h, NODE, "person.revoke", "person", &h->mallory, "fact why left\n");
}

static void revoked_key(struct hostile *h) {
  good(h);
  about(h, NODE, "key.revoke", "key", &h->mallory, "fact why lost\n");
}

static void other_subject(struct hostile *h) {
  issue(h, &(struct wanted){.ref = &h->machine});
}

static void unknown_subject(struct hostile *h) {
  issue(h, &(struct wanted){.key = h->keys[STRANGER]});
}

/* The officer of the south enrols somebody in the north. */
static void other_agency(struct hostile *h) {
  struct hash officer = add(h, NODE, "person.add", "sign", SOUTHERN, &h->south);
  issue(h, &(struct wanted){.key = h->keys[SOUTHERN], .subject = &officer});
  about(h, NODE, "role.give", "person", &officer, "fact from 2020-01-01\nfact role officer\n");
  add(h, SOUTHERN, "person.add", "sign", STRANGER, &h->north);
  good(h);
}

static struct key *victims_key(const struct hostile *h) {
  struct buf spki = {0};
  struct key *key = NULL;
  must(text_base64_decode(buf_bytes(&h->victim), &spki), "the victim's key");
  must(key_from_spki(buf_bytes(&spki), &key), "the victim's key");
  buf_release(&spki);
  return key;
}

/* Somebody's own key is certified in Mallory's name. */
static void swapped(struct hostile *h) {
  struct key *key = victims_key(h);
  issue(h, &(struct wanted){.key = key});
  key_free(key);
  good(h);
}

/* The same by way of a second entry that introduces it. */
static void second_person(struct hostile *h) {
  struct key *key = victims_key(h);
  struct hash again = add_with_key(h, NODE, "person.add", "sign", buf_cstr(&h->victim), &h->north);
  issue(h, &(struct wanted){.key = key, .subject = &again});
  key_free(key);
  good(h);
}

static void malformed(struct hostile *h) {
  about(h, NODE, "cert.issue", "subject", &h->mallory, "");
}

static const struct attack {
  const char *name;
  void (*run)(struct hostile *h);
  bool from_the_start; /* a ledger of its own, of which the first entry is the attack */
  int nid;             /* in the authority's certificate */
  const char *value;
  bool has_expired_machine;
} attacks[] = {
    {.name = "none", .run = good},
    {.name = "none-from-the-start", .run = good, .from_the_start = true},
    {.name = "self-signed", .run = self_signed},
    {.name = "wrong-issuer", .run = wrong_issuer},
    {.name = "issued-by-a-machine", .run = issued_by_a_machine},
    {.name = "no-ca", .run = good, .from_the_start = true, .nid = NID_basic_constraints, .value = "critical,CA:FALSE"},
    {.name = "no-constraints", .run = good, .from_the_start = true, .nid = NID_basic_constraints},
    {.name = "ca-that-signs",
     .run = good,
     .from_the_start = true,
     .nid = NID_key_usage,
     .value = "critical,digitalSignature,keyCertSign,cRLSign"},
    {.name = "usage", .run = usage},
    {.name = "no-usage", .run = no_usage},
    {.name = "extended-usage", .run = extended_usage},
    {.name = "machines-usage", .run = machines_usage},
    {.name = "ca-for-a-person", .run = ca_for_a_person},
    {.name = "expired", .run = expired},
    {.name = "not-yet-valid", .run = not_yet_valid},
    {.name = "expired-machine", .run = good, .has_expired_machine = true},
    {.name = "revoked", .run = revoked},
    {.name = "revoked-key", .run = revoked_key},
    {.name = "other-agency", .run = other_agency},
    {.name = "other-subject", .run = other_subject},
    {.name = "unknown-subject", .run = unknown_subject},
    {.name = "swapped", .run = swapped},
    {.name = "second-person", .run = second_person},
    {.name = "malformed", .run = malformed},
};

/* ---- the ledger so far ---- */

static void load_keys(struct hostile *h, const char *folder, const char *passphrase_file) {
  static const struct {
    const char *file;
    enum who who;
  } files[] = {{"operating.key", NODE}, {"authority.key", AUTHORITY}, {"ledger.key", LEDGER}};
  char passphrase[256] = "", path[4096];
  FILE *f = fopen(passphrase_file, "r");
  must(f && fgets(passphrase, sizeof passphrase, f) ? OK : ERR_IO, "the passphrase");
  fclose(f);
  passphrase[strcspn(passphrase, "\n")] = '\0';
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, files[i].file);
    must(key_load(path, bytes_str(passphrase), &h->keys[files[i].who]), files[i].file);
  }
  for (enum who w = 0; w < WHO_COUNT; w++)
    if (h->keys[w] == NULL)
      h->keys[w] = key_new();
}

static enum err note_victim(void *of, const struct record *r) {
  struct hostile *h = of;
  if (h->victim.len == 0)
    buf_add(&h->victim, entry_key(&r->entry, "sign"));
  return OK;
}

static void read_ledger(struct hostile *h, const char *folder) {
  char path[4096];
  struct store_filter people = {.kind = "person.add"};
  snprintf(path, sizeof path, "%s/node.db", folder);
  must(store_open(path, 1000, &h->store), "the node's store");
  must(directory_log(h->store, &h->log), "the ledger's first entry");
  store_read_as(h->store, &(struct scope_recipient){.replica = h->log.operating_id});
  must(store_each(h->store, &people, h, note_victim), "the people");
}

static void go_on(struct hostile *h) {
  h->before = store_size(h->store);
  for (uint64_t n = 1; n <= h->before; n++) {
    struct buf leaf = {0};
    must(store_leaf(h->store, n, &leaf), "a leaf");
    struct hash hash = merkle_leaf(buf_bytes(&leaf));
    must(merkle_push(&h->tree, &hash, 0), "the tree");
    buf_release(&leaf);
  }
  must(store_chain(h->store, &h->log.operating_id, &h->chains[NODE].number, &h->chains[NODE].newest), "the chain");
}

static void begin_anew(struct hostile *h, const struct attack *a) {
  struct buf lines = {0}, authority = {0};
  buf_add(&authority, buf_bytes(&h->log.authority));
  if (a->nid)
    forge(&authority, h->keys[AUTHORITY], a->nid, a->value);
  buf_add_str(&lines, "key ledger ");
  text_base64_encode(&lines, key_spki(h->keys[LEDGER]));
  buf_add_str(&lines, "\nkey operating ");
  text_base64_encode(&lines, key_spki(h->keys[NODE]));
  buf_add_str(&lines, "\ncert ");
  text_base64_encode(&lines, buf_bytes(&authority));
  buf_addf(&lines, "\nfact origin %s\n", buf_cstr(&h->log.origin));
  write_entry(h, NODE, "log.open", buf_cstr(&lines));
  buf_release(&lines);
  buf_release(&authority);
}

/* Mallory joins with an invitation, on a machine of the north. */
static void enrol(struct hostile *h) {
  struct buf lines[2] = {{0}}, headers[2] = {{0}};
  struct hash invitation = invite(h, &h->north);
  for (size_t i = 0; i < 2; i++) {
    buf_add_str(&lines[i], i == 0 ? "key sign " : "key replica ");
    text_base64_encode(&lines[i], key_spki(h->keys[i == 0 ? MALLORY : MACHINE]));
    buf_addf(&lines[i], "\nref agency %s\n", hash_hex(&h->north).s);
  }
  buf_addf(&lines[0], "ref invitation %s\n", hash_hex(&invitation).s);
  h->mallory = compose(h, NODE, "person.add", buf_cstr(&lines[0]), 0, &headers[0]);
  h->machine = compose(h, NODE, "replica.add", buf_cstr(&lines[1]), 1, &headers[1]);
  sign_act(h, NODE, NODE, headers, 2);
  for (size_t i = 0; i < 2; i++) {
    buf_release(&lines[i]);
    buf_release(&headers[i]);
  }
}

static void set_the_scene(struct hostile *h, bool has_expired_machine) {
  h->north = write_entry(h, NODE, "agency.add", "fact type social-work\n");
  h->south = write_entry(h, NODE, "agency.add", "fact type police\n");
  enrol(h);
  struct wanted machines = {.key = h->keys[MACHINE], .use = CERT_REPLICA, .subject = &h->machine};
  if (has_expired_machine)
    machines.until_s = -1;
  issue(h, &machines);
  about(h, NODE, "role.give", "person", &h->mallory, "fact from 2020-01-01\nfact role practitioner\n");
}

/* ---- publishing ---- */

static enum err leaf_of(void *of, uint64_t number, struct buf *out) {
  struct hostile *h = of;
  buf_add(out, buf_bytes(&h->leaves[number - h->before - 1]));
  return OK;
}

static enum err finish(void *of, uint64_t number, struct bytes draft, struct buf *out) {
  const struct hostile *h = of;
  (void)number;
  return sshsig_sign_commit(h->keys[LEDGER], draft, out);
}

static void publish(struct hostile *h, const char *path) {
  const struct publish_source source = {h, leaf_of, finish};
  struct checkpoint c = {.size = h->tree.size, .root = merkle_root(&h->tree), .time = h->admitted};
  struct buf text = {0}, note = {0};
  struct publish *p = NULL;
  snprintf(c.origin, sizeof c.origin, "%s", buf_cstr(&h->log.origin));
  checkpoint_format(&text, &c);
  must(note_sign(buf_bytes(&text), c.origin, h->keys[LEDGER], &note), "the checkpoint");
  must(publish_open(path, &p), "the published ledger");
  must(publish_commit(p, &c, buf_bytes(&note), &source), "publishing");
  publish_close(p);
  buf_release(&text);
  buf_release(&note);
}

static void release(struct hostile *h) {
  for (enum who w = 0; w < WHO_COUNT; w++)
    key_free(h->keys[w]);
  buf_release(&h->victim);
  directory_log_release(&h->log);
  store_close(h->store);
}

static const struct attack *find_attack(const char *name) {
  for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
    if (strcmp(attacks[i].name, name) == 0)
      return &attacks[i];
  fprintf(stderr, "hostile: no attack is called %s\n", name);
  exit(2);
}

static void make(const struct hostile *begun, const char *folder, const struct attack *a) {
  struct hostile *h = mem_alloc(sizeof *h);
  char path[4096];
  *h = *begun;
  merkle_init(&h->tree);
  snprintf(path, sizeof path, "%s/%s.git", folder, a->name);
  if (a->from_the_start)
    begin_anew(h, a);
  else
    go_on(h);
  set_the_scene(h, a->has_expired_machine);
  a->run(h);
  write_entry(h, MALLORY, "child.add", "");
  publish(h, path);
  for (size_t i = 0; i < h->count; i++)
    buf_release(&h->leaves[i]);
  free(h);
}

int main(int argc, char **argv) {
  static struct hostile begun;
  if (argc < 5) {
    fprintf(stderr, "usage: hostile NODE PASSPHRASE-FILE FOLDER ATTACK...\n");
    return 2;
  }
  begun.now_s = (int64_t)time(NULL);
  begun.admitted = text_time_format(begun.now_s);
  load_keys(&begun, argv[1], argv[2]);
  read_ledger(&begun, argv[1]);
  for (int i = 4; i < argc; i++)
    make(&begun, argv[3], find_attack(argv[i]));
  release(&begun);
  return 0;
}
