#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/verify_parts.h"
#include "audit/verify_proof.h"

/* A leaf that goes into the proof, and its path as it grows. */
struct shown {
  char *text; /* owned; NULL: not met yet */
  size_t len;
  struct vpath path;
};

struct verify_prover {
  uint64_t number;
  uint8_t by[VHASH_SIZE];
  char admitted[21];
  struct vcurve *curve;
  struct vtree tree;
  struct vtree act_tree; /* of the act that is being read */
  uint64_t act_first;
  bool is_in_act; /* that one is the entry's */
  char act_text[VACT_TEXT_MAX];
  size_t act_len;
  uint8_t signature[VKEY_SIGNATURE_MAX];
  size_t signature_len;
  struct vpath act_path;
  struct shown entry, signer, authority; /* authority: of the signer's certificate */
  struct shown in_force;                 /* the newest entry with an authority's certificate */
  struct vcert_authority issuer;         /* and that */
  bool is_valid;                         /* the certificate that signer is was valid when the entry was admitted */
};

struct verify_prover *verify_prover_new(uint64_t number, const char *by, const char *admitted) {
  struct verify_prover *p = vtext_alloc(sizeof *p);
  p->number = number;
  vtext_hex(vtext_of(by, strlen(by)), p->by, VHASH_SIZE);
  vtext_copy(p->admitted, sizeof p->admitted, vtext_of(admitted, strlen(admitted)));
  p->curve = vcurve_new();
  return p;
}

void verify_prover_free(struct verify_prover *p) {
  if (p == NULL)
    return;
  free(p->entry.text);
  free(p->signer.text);
  free(p->authority.text);
  free(p->in_force.text);
  vcert_release_authority(&p->issuer);
  vcurve_free(p->curve);
  free(p);
}

/* ---- gathering ---- */

static void show(struct shown *s, struct verify_text leaf, uint64_t index) {
  free(s->text);
  s->text = vtext_alloc(leaf.len);
  s->len = leaf.len;
  memcpy(s->text, leaf.at, leaf.len);
  s->path = (struct vpath){.index = index};
}

static void show_again(struct shown *to, const struct shown *from) {
  show(to, vtext_of(from->text, from->len), 0);
  to->path = from->path;
}

static bool read_cert(const struct vleaf *leaf, uint8_t *der, size_t max, size_t *len_out) {
  return leaf->cert.len > 0 && vtext_base64(leaf->cert, der, max, len_out);
}

static void read_nodes(struct verify_prover *p, const struct vleaf *leaf, struct verify_text text) {
  uint8_t der[VLEAF_HEADER_MAX];
  size_t len;
  struct vcert_authority issuer = {0};
  for (size_t i = 0; i < leaf->key_count; i++)
    if (vtext_is(leaf->keys[i].name, "operating") && vsame(leaf->keys[i].key.id, p->by))
      show(&p->signer, text, p->tree.size);
  if (!read_cert(leaf, der, sizeof der, &len) || vcert_read_authority(p->curve, der, len, &issuer).words)
    return;
  vcert_release_authority(&p->issuer);
  p->issuer = issuer;
  show(&p->in_force, text, p->tree.size);
}

/* Of several certificates for the key the newest that was valid then; without one, the newest. */
static void read_issued(struct verify_prover *p, const struct vleaf *leaf, struct verify_text text) {
  uint8_t der[VLEAF_HEADER_MAX];
  size_t len;
  struct vcert cert;
  if (p->in_force.text == NULL || !read_cert(leaf, der, sizeof der, &len) ||
      vcert_read(p->curve, &p->issuer, der, len, &cert).words || cert.use != VCERT_PERSON || !vsame(cert.key.id, p->by))
    return;
  const bool is_valid = strcmp(cert.from, p->admitted) <= 0 && strcmp(p->admitted, cert.until) <= 0;
  if (p->is_valid && !is_valid)
    return;
  p->is_valid = is_valid;
  show(&p->signer, text, p->tree.size);
  show_again(&p->authority, &p->in_force);
}

/* The text that was signed: it is hashed to the act's id, which the checker compares. */
static void end_act(struct verify_prover *p) {
  uint8_t root[VHASH_SIZE];
  char by[65], hex[65];
  vtree_root(&p->act_tree, root);
  vtext_to_hex(root, VHASH_SIZE, hex);
  vtext_to_hex(p->by, VHASH_SIZE, by);
  p->act_len = (size_t)snprintf(p->act_text, sizeof p->act_text, "cairn act 1\nby %s\nsize %llu\nroot %s\n", by,
                                (unsigned long long)p->act_tree.size, hex);
  p->is_in_act = false;
}

static void read_act(struct verify_prover *p, const struct vleaf *leaf) {
  const uint64_t number = leaf->entry.number;
  uint8_t hash[VHASH_SIZE];
  if (leaf->index == 0 && number <= p->number && p->number - number < leaf->size) {
    p->is_in_act = true;
    p->act_tree = (struct vtree){0};
    p->act_path = (struct vpath){.index = p->number - number};
    memcpy(p->signature, leaf->signature, leaf->signature_len);
    p->signature_len = leaf->signature_len;
  }
  if (!p->is_in_act)
    return;
  vtree_leaf(leaf->header.at, leaf->header.len, hash);
  vpath_push(&p->act_path, &p->act_tree, hash);
  vtree_push(&p->act_tree, leaf->header.at, leaf->header.len);
  if (leaf->index + 1 == leaf->size)
    end_act(p);
}

/* What stands behind the entry's act is needed for the paths alone. */
static void read_content(struct verify_prover *p, struct verify_text text) {
  struct vleaf leaf;
  if ((p->tree.size >= p->number && !p->is_in_act) || vleaf_parse(text, &leaf) != VLEAF_GOOD)
    return;
  if (leaf.entry.number == p->number)
    show(&p->entry, text, p->tree.size);
  if (leaf.entry.number <= p->number &&
      (vtext_is(leaf.entry.kind, "log.open") || vtext_is(leaf.entry.kind, "log.keys")))
    read_nodes(p, &leaf, text);
  else if (leaf.entry.number < p->number && vtext_is(leaf.entry.kind, "cert.issue"))
    read_issued(p, &leaf, text);
  read_act(p, &leaf);
}

static void push(struct verify_prover *p, struct verify_text text) {
  struct shown *all[] = {&p->entry, &p->signer, &p->authority, &p->in_force};
  uint8_t hash[VHASH_SIZE];
  vtree_leaf(text.at, text.len, hash);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i]->text)
      vpath_push(&all[i]->path, &p->tree, hash);
  vtree_push(&p->tree, text.at, text.len);
}

void verify_prover_leaves(struct verify_prover *p, const void *at, size_t len) {
  struct verify_text rest = vtext_of(at, len);
  for (const char *end; (end = memmem(rest.at, rest.len, "\n\n", 2)) != NULL;) {
    const struct verify_text leaf = vtext_of(rest.at, (size_t)(end + 1 - rest.at));
    rest = vtext_of(end + 2, rest.len - leaf.len - 1);
    read_content(p, leaf);
    push(p, leaf);
  }
}

/* ---- writing ---- */

static void write_line(FILE *f, const char *word, const void *at, size_t len) {
  char *text = vtext_alloc((len + 2) / 3 * 4 + 1);
  vtext_to_base64(at, len, text);
  if (len > 0)
    fprintf(f, "%s %s\n", word, text);
  free(text);
}

static void write_path(FILE *f, const char *word, const struct vpath *path) {
  uint8_t hashes[VPATH_BYTES_MAX];
  for (size_t i = 0; i < path->count; i++)
    memcpy(hashes + i * VHASH_SIZE, path->pieces[i].hash, VHASH_SIZE);
  write_line(f, word, hashes, path->count * VHASH_SIZE);
}

static void write_shown(FILE *f, const char *word, const char *path, const struct shown *s) {
  write_line(f, word, s->text, s->len);
  write_path(f, path, &s->path);
}

/* Others who signed the checkpoint prove nothing to whoever reads this. */
struct stripping {
  const struct vnote_key *key;
  FILE *to;
};

static void keep_ledgers_line(void *of, struct verify_text name, const uint8_t *bytes, size_t len) {
  const struct stripping *s = of;
  if (!vtext_is(name, s->key->name) || memcmp(bytes, s->key->key.id, 4) != 0)
    return;
  char *text = vtext_alloc((len + 2) / 3 * 4 + 1);
  vtext_to_base64(bytes, len, text);
  fprintf(s->to, "\xe2\x80\x94 %s %s\n", s->key->name, text);
  free(text);
}

static void write_note(FILE *f, const char *vkey, struct verify_text note) {
  struct vnote_key key;
  struct verify_text text;
  char *stripped = NULL;
  size_t len = 0;
  if (!vnote_key_parse(vtext_of(vkey, strlen(vkey)), &key) || vnote_split(note, &text) != VNOTE_GOOD)
    return;
  FILE *to = open_memstream(&stripped, &len);
  if (to == NULL)
    abort(); /* out of memory */
  const struct stripping s = {&key, to};
  fprintf(to, "%.*s\n", (int)text.len, text.at);
  vnote_each_line(note, (void *)(uintptr_t)&s, keep_ledgers_line);
  if (fclose(to) != 0)
    abort(); /* out of memory */
  write_line(f, "note", stripped, len);
  free(stripped);
}

char *verify_prover_text(const struct verify_prover *p, const char *vkey, const void *note, size_t note_len,
                         size_t *len_out) {
  char *text = NULL;
  if (p->entry.text == NULL || p->signer.text == NULL || p->act_len == 0)
    return NULL;
  FILE *f = open_memstream(&text, len_out);
  if (f == NULL)
    abort(); /* out of memory */
  fprintf(f, "cairn entry proof 1\nvkey %s\n", vkey);
  write_note(f, vkey, vtext_of(note, note_len));
  write_shown(f, "leaf", "path", &p->entry);
  write_line(f, "act", p->act_text, p->act_len);
  write_path(f, "act-path", &p->act_path);
  write_line(f, "signature", p->signature, p->signature_len);
  write_shown(f, "signer", "signer-path", &p->signer);
  if (p->authority.text)
    write_shown(f, "authority", "authority-path", &p->authority);
  if (fclose(f) != 0)
    abort(); /* out of memory */
  return text;
}
