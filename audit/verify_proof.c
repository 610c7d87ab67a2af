#include "audit/verify_proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/verify_parts.h"

#define FIRST_LINE "cairn entry proof 1"

static const char *const codes[] = {
#define X(code, text) text,
    VERIFY_PROOF_CODES(X)
#undef X
};

const char *verify_proof_code_text(enum verify_proof_code code) {
  return codes[code];
}

bool vact_text_parse(struct verify_text text, struct vact_text *out) {
  struct vlines l = {text, false};
  const struct verify_text first = vlines_next(&l), by = vlines_field(&l, "by"), size = vlines_field(&l, "size"),
                           root = vlines_field(&l, "root");
  if (l.failed || l.rest.len > 0 || !vtext_is(first, "cairn act 1") || !vtext_hex(by, out->by, VHASH_SIZE) ||
      !vtext_number(size, &out->size) || out->size > VLEAF_ACT_MAX || !vtext_hex(root, out->root, VHASH_SIZE))
    return false;
  vhash(text.at, text.len, out->id);
  return true;
}

/* A leaf of the ledger, and its way to the checkpoint's root. */
struct standing {
  struct vblob text, path;
  struct vleaf leaf;
};

struct proving {
  struct vcurve *curve;
  struct vnote_key key;
  struct vblob note, act, act_path, signature;
  struct standing entry, signer, authority;
  struct vnote_checkpoint checkpoint;
  struct verify_proof *out;
};

static bool wrong(struct proving *p, enum verify_proof_code code, const char *sentence) {
  p->out->code = code;
  snprintf(p->out->sentence, sizeof p->out->sentence, "%s", sentence);
  return false;
}

/* ---- the form ---- */

#define NO_PROOF "this is no proof of an entry as cairn-audit prove writes one, or it was cut off or changed on its way"

static void read_standing(struct vlines *l, const char *word, const char *path, struct standing *out) {
  vlines_base64(l, word, VLEAF_MAX, &out->text);
  vlines_base64_maybe(l, path, VPATH_BYTES_MAX, &out->path);
}

static bool read_file(struct proving *p, struct verify_text file) {
  struct vlines l = {file, false};
  if (file.len > VERIFY_PROOF_MAX || !vtext_is(vlines_next(&l), FIRST_LINE) ||
      !vnote_key_parse(vlines_field(&l, "vkey"), &p->key))
    return wrong(p, VERIFY_PROOF_FORM, NO_PROOF);
  vlines_base64(&l, "note", VERIFY_NOTE_MAX, &p->note);
  read_standing(&l, "leaf", "path", &p->entry);
  vlines_base64(&l, "act", VACT_TEXT_MAX, &p->act);
  vlines_base64_maybe(&l, "act-path", VPATH_BYTES_MAX, &p->act_path);
  vlines_base64(&l, "signature", VKEY_SIGNATURE_MAX, &p->signature);
  read_standing(&l, "signer", "signer-path", &p->signer);
  if (vlines_at(&l, "authority"))
    read_standing(&l, "authority", "authority-path", &p->authority);
  return (!l.failed && l.rest.len == 0) || wrong(p, VERIFY_PROOF_FORM, NO_PROOF);
}

/* ---- the entry and its act ---- */

static bool read_leaf(struct standing *s) {
  return vleaf_parse(vblob_text(&s->text), &s->leaf) == VLEAF_GOOD;
}

static bool judge_leaf(struct proving *p) {
  const struct verify_entry *e = &p->entry.leaf.entry;
  struct verify_proof *out = p->out;
  if (!read_leaf(&p->entry))
    return wrong(p, VERIFY_PROOF_LEAF, "the leaf is not of its form");
  memcpy(out->entry, e->id, sizeof out->entry);
  out->number = e->number;
  vtext_copy(out->kind, sizeof out->kind, e->kind);
  vtext_copy(out->at, sizeof out->at, e->at);
  vtext_copy(out->admitted, sizeof out->admitted, e->admitted);
  vtext_to_hex(p->entry.leaf.by, VHASH_SIZE, out->key);
  return true;
}

static bool judge_act(struct proving *p) {
  const struct vleaf *leaf = &p->entry.leaf;
  struct vact_text act;
  uint8_t root[VHASH_SIZE];
  if (!vact_text_parse(vblob_text(&p->act), &act))
    return wrong(p, VERIFY_PROOF_ACT, "the act is not of its form");
  if (!vsame(act.id, leaf->act) || !vsame(act.by, leaf->by) || act.size != leaf->size)
    return wrong(p, VERIFY_PROOF_ACT, "the act is another one than the leaf names");
  if (!vtree_prove(leaf->header, leaf->index, act.size, p->act_path.at, p->act_path.len, root) ||
      !vsame(root, act.root))
    return wrong(p, VERIFY_PROOF_ACT, "the entry does not stand in the act that was signed");
  if (leaf->index == 0 && !vblob_is(&p->signature, vtext_of(leaf->signature, leaf->signature_len)))
    return wrong(p, VERIFY_PROOF_ACT, "the signature is another one than the leaf has");
  return true;
}

/* ---- whose key it is ---- */

static bool is_kind(const struct standing *s, const char *kind) {
  return vtext_is(s->leaf.entry.kind, kind);
}

static bool names_node(const struct standing *s) {
  return is_kind(s, "log.open") || is_kind(s, "log.keys");
}

/* The node's own: an entry before it (or itself, the first) names the operating key. */
static const char *find_operating(const struct proving *p, struct vkey *out) {
  const struct vleaf *signer = &p->signer.leaf;
  if (p->authority.text.len > 0)
    return "an entry of the node needs no authority";
  for (size_t i = 0; i < signer->key_count; i++)
    if (vtext_is(signer->keys[i].name, "operating") && vsame(signer->keys[i].key.id, p->entry.leaf.by)) {
      *out = signer->keys[i].key;
      p->out->is_valid = true;
      return signer->entry.number <= p->entry.leaf.entry.number ? NULL : "the key was named after the entry";
    }
  return "the entry that is to name the author's key names another one";
}

static const char *read_certificate(struct proving *p, const uint8_t *der, size_t len, const uint8_t *issuer,
                                    size_t issuer_len, struct vkey *out) {
  struct vcert_authority authority = {0};
  struct vcert cert;
  struct vwrong w = vcert_read_authority(p->curve, issuer, issuer_len, &authority);
  if (w.words == NULL)
    w = vcert_read(p->curve, &authority, der, len, &cert);
  vcert_release_authority(&authority);
  if (w.words)
    return w.words;
  if (cert.use != VCERT_PERSON || !vsame(cert.key.id, p->entry.leaf.by))
    return "the certificate is not that of the entry's author";
  struct verify_proof *o = p->out;
  vtext_to_hex(cert.subject, VHASH_SIZE, o->person);
  memcpy(o->from, cert.from, sizeof o->from);
  memcpy(o->until, cert.until, sizeof o->until);
  o->is_valid = strcmp(cert.from, o->admitted) <= 0 && strcmp(o->admitted, cert.until) <= 0;
  *out = cert.key;
  return NULL;
}

static const char *find_certified(struct proving *p, struct vkey *out) {
  uint8_t der[VLEAF_HEADER_MAX], issuer[VLEAF_HEADER_MAX];
  size_t len, issuer_len;
  const struct vleaf *signer = &p->signer.leaf, *authority = &p->authority.leaf;
  if (!is_kind(&p->signer, "cert.issue") || !read_leaf(&p->authority) || !names_node(&p->authority))
    return "the entries that are to certify the author's key are none that can";
  if (authority->entry.number >= signer->entry.number || signer->entry.number >= p->entry.leaf.entry.number)
    return "the author's key was certified after the entry, or before there was the authority";
  if (!vtext_base64(signer->cert, der, sizeof der, &len) ||
      !vtext_base64(authority->cert, issuer, sizeof issuer, &issuer_len))
    return "there is no certificate";
  return read_certificate(p, der, len, issuer, issuer_len, out);
}

static bool judge_signer(struct proving *p) {
  struct vkey key;
  const char *words = "the entry that is to name the author's key is not of its form";
  if (read_leaf(&p->signer))
    words = names_node(&p->signer) ? find_operating(p, &key) : find_certified(p, &key);
  if (words)
    return wrong(p, VERIFY_PROOF_SIGNER, words);
  if (!vkey_verify(p->curve, &key, vblob_text(&p->act), p->signature.at, p->signature.len))
    return wrong(p, VERIFY_PROOF_SIGNATURE, "the author's signature does not verify");
  return true;
}

/* ---- does it stand in the ledger ---- */

static bool judge_checkpoint(struct proving *p) {
  struct verify_text text;
  if (vnote_open(p->curve, vblob_text(&p->note), &p->key, &text) != VNOTE_GOOD ||
      !vnote_checkpoint_parse(text, &p->checkpoint) || strcmp(p->checkpoint.origin, p->key.name) != 0)
    return wrong(p, VERIFY_PROOF_CHECKPOINT, "the checkpoint is not of its form, or not signed by the key in the file");
  memcpy(p->out->ledger, p->checkpoint.origin, sizeof p->out->ledger);
  memcpy(p->out->time, p->checkpoint.time, sizeof p->out->time);
  vtext_to_hex(p->checkpoint.root, VHASH_SIZE, p->out->root);
  p->out->size = p->checkpoint.size;
  return true;
}

static bool is_in_tree(const struct proving *p, const struct standing *s) {
  uint8_t root[VHASH_SIZE];
  const uint64_t number = s->leaf.entry.number;
  return vtree_prove(vblob_text(&s->text), number - 1, p->checkpoint.size, s->path.at, s->path.len, root) &&
         vsame(root, p->checkpoint.root);
}

static bool judge_paths(struct proving *p) {
  if (!is_in_tree(p, &p->entry))
    return wrong(p, VERIFY_PROOF_PATH, "the path does not lead from the entry to the checkpoint");
  if (!is_in_tree(p, &p->signer) || (p->authority.text.len > 0 && !is_in_tree(p, &p->authority)))
    return wrong(p, VERIFY_PROOF_PATH, "the path does not lead from what certifies the author to the checkpoint");
  return true;
}

/* What the reader knows. */
struct known {
  bool has_key, has_fingerprint;
  struct vnote_key key;
  uint8_t fingerprint[VHASH_SIZE];
};

static bool judge_key(struct proving *p, const struct known *k) {
  const bool is_other = k->has_key && (!vsame(k->key.key.id, p->key.key.id) || strcmp(k->key.name, p->key.name) != 0);
  if (is_other || (k->has_fingerprint && !vsame(k->fingerprint, p->key.key.id)))
    return wrong(p, VERIFY_PROOF_KEY,
                 "the checkpoint is signed by another key, or of another ledger, than was brought");
  return k->has_key || k->has_fingerprint ||
         wrong(p, VERIFY_PROOF_NONE,
               "the file is in order in itself; bring the ledger's key, its fingerprint, or an auditor's copy of the "
               "ledger, to know that it is of that ledger");
}

static const char *read_known(const char *vkey, const char *fingerprint, struct known *k) {
  *k = (struct known){vkey != NULL, fingerprint != NULL, {{0}}, {0}};
  if (vkey && !vnote_key_parse(vtext_of(vkey, strlen(vkey)), &k->key))
    return "the key is not a verifier key, NAME+HASH+BASE64";
  if (fingerprint && !vtext_hex(vtext_of(fingerprint, strlen(fingerprint)), k->fingerprint, VHASH_SIZE))
    return "the fingerprint is not 64 lower-case hexadecimal digits";
  return NULL;
}

static void release(struct proving *p) {
  struct vblob *all[] = {&p->note,       &p->act,         &p->act_path,    &p->signature,      &p->entry.text,
                         &p->entry.path, &p->signer.text, &p->signer.path, &p->authority.text, &p->authority.path};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    vblob_release(all[i]);
  vcurve_free(p->curve);
  free(p);
}

bool verify_proof(const void *file, size_t len, const char *vkey, const char *fingerprint, struct verify_proof *out,
                  const char **why_out) {
  struct known known;
  *out = (struct verify_proof){.code = VERIFY_PROOF_GOOD};
  *why_out = read_known(vkey, fingerprint, &known);
  if (*why_out)
    return false;
  struct proving *p = vtext_alloc(sizeof *p);
  p->out = out;
  p->curve = vcurve_new();
  if (read_file(p, vtext_of(file, len)) && judge_leaf(p) && judge_act(p) && judge_signer(p) && judge_checkpoint(p) &&
      judge_paths(p)) {
    vtext_to_hex(p->key.key.id, VHASH_SIZE, out->fingerprint);
    judge_key(p, &known);
  }
  release(p);
  return true;
}
