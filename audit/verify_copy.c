#include "audit/verify_copy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/verify_parts.h"

#define SALT_SIZE 16
#define CERT_MAX 4096
#define TAG "cairn copy 1\n"

static const char *const codes[] = {
#define X(code, text) text,
    VERIFY_COPY_CODES(X)
#undef X
};

const char *verify_copy_code_text(enum verify_copy_code code) {
  return codes[code];
}

static const struct {
  const char *form, *open, *close;
} forms[] = {
    {"html", "<!-- cairn proof 1\n", "-->\n"},
    {"text", "---------------- cairn proof 1\n", "----------------\n"},
};
#define FORM_COUNT (sizeof forms / sizeof *forms)

static const char *const renderings[] = {"participants", "professionals", "family"};
#define RENDERING_COUNT (sizeof renderings / sizeof *renderings)

struct copying {
  struct vcurve *curve;
  struct verify_text document;
  struct verify_text rendering, form;
  uint8_t salt[SALT_SIZE], other[VHASH_SIZE];
  uint64_t index, size;
  struct vblob header, act, path, signature, cert, issuer, leaf, note, proof;
  struct vleaf entry;
  uint8_t act_id[VHASH_SIZE];
  struct vleaf stands;
  struct verify_copy *out;
};

/* The first that does not hold is what is said. */
static bool wrong(struct copying *c, enum verify_copy_code code, const char *sentence) {
  c->out->code = code;
  snprintf(c->out->sentence, sizeof c->out->sentence, "%s", sentence);
  return false;
}

/* ---- the form ---- */

static bool starts(struct verify_text t, const char *with) {
  return t.len >= strlen(with) && memcmp(t.at, with, strlen(with)) == 0;
}

/* The last line that opens a proof, of either form: what stands before it is the document. */
static bool split(struct verify_text file, struct copying *c, struct verify_text *block) {
  for (size_t at = file.len; at-- > 1;)
    for (size_t f = 0; f < FORM_COUNT && file.at[at - 1] == '\n'; f++) {
      const struct verify_text rest = vtext_of(file.at + at, file.len - at);
      const size_t open = strlen(forms[f].open), close = strlen(forms[f].close);
      if (!starts(rest, forms[f].open))
        continue;
      if (rest.len < open + close || memcmp(rest.at + rest.len - close, forms[f].close, close) != 0)
        return false;
      c->document = vtext_of(file.at, at);
      *block = vtext_of(rest.at + open, rest.len - open - close);
      vtext_copy(c->out->form, sizeof c->out->form, vtext_of(forms[f].form, strlen(forms[f].form)));
      return true;
    }
  return false;
}

static void read_ledger(struct vlines *l, struct copying *c) {
  if (!vlines_at(l, "leaf"))
    return;
  vlines_base64(l, "leaf", VLEAF_MAX, &c->leaf);
  vlines_base64(l, "note", VERIFY_NOTE_MAX, &c->note);
  vlines_base64_maybe(l, "proof", VPATH_BYTES_MAX, &c->proof);
}

static bool read_block(struct copying *c, struct verify_text block) {
  struct vlines l = {block, false};
  c->rendering = vlines_field(&l, "rendering");
  c->form = vlines_field(&l, "form");
  const struct verify_text salt = vlines_field(&l, "salt"), other = vlines_field(&l, "other");
  vlines_base64(&l, "header", VLEAF_HEADER_MAX, &c->header);
  vlines_base64(&l, "act", VACT_TEXT_MAX, &c->act);
  const struct verify_text index = vlines_field(&l, "index");
  vlines_base64_maybe(&l, "path", VPATH_BYTES_MAX, &c->path);
  vlines_base64(&l, "signature", VKEY_SIGNATURE_MAX, &c->signature);
  vlines_base64(&l, "cert", CERT_MAX, &c->cert);
  vlines_base64(&l, "issuer", CERT_MAX, &c->issuer);
  read_ledger(&l, c);
  return !l.failed && l.rest.len == 0 && vtext_is(c->form, c->out->form) && vtext_hex(salt, c->salt, SALT_SIZE) &&
         vtext_hex(other, c->other, VHASH_SIZE) && vtext_number(index, &c->index);
}

/* ---- what it says ---- */

static void hex_of(const uint8_t id[VHASH_SIZE], char out[65]) {
  vtext_to_hex(id, VHASH_SIZE, out);
}

static bool find_hash(const struct verify_pair *pairs, size_t count, const char *name, char out[65]) {
  struct verify_text t;
  if (!vleaf_find(pairs, count, name, &t))
    return false;
  vtext_copy(out, 65, t);
  return true;
}

static bool judge_header(struct copying *c) {
  const struct verify_entry *e = &c->entry.entry;
  if (!vleaf_parse_header(vtext_of(c->header.at, c->header.len), &c->entry))
    return wrong(c, VERIFY_COPY_HEADER, "the approval is not of the form of an entry");
  if (!vtext_is(e->kind, "copy.approve") || !find_hash(e->refs, e->ref_count, "meeting", c->out->meeting))
    return wrong(c, VERIFY_COPY_HEADER, "the entry is no approval of a minute or a report");
  find_hash(e->refs, e->ref_count, "report", c->out->report);
  hex_of(c->entry.id, c->out->approval);
  hex_of(c->entry.by, c->out->key);
  vtext_copy(c->out->at, sizeof c->out->at, e->at);
  return true;
}

static void commit(const struct copying *c, uint8_t out[VHASH_SIZE]) {
  uint8_t text[sizeof TAG - 1 + SALT_SIZE + 2 * VHASH_SIZE], own[VHASH_SIZE];
  const bool is_html = vtext_is(c->form, forms[0].form);
  vhash(c->document.at, c->document.len, own);
  memcpy(text, TAG, sizeof TAG - 1);
  memcpy(text + sizeof TAG - 1, c->salt, SALT_SIZE);
  memcpy(text + sizeof TAG - 1 + SALT_SIZE, is_html ? own : c->other, VHASH_SIZE);
  memcpy(text + sizeof TAG - 1 + SALT_SIZE + VHASH_SIZE, is_html ? c->other : own, VHASH_SIZE);
  vhash(text, sizeof text, out);
}

static bool judge_document(struct copying *c) {
  uint8_t is[VHASH_SIZE];
  char digits[65];
  struct verify_text said;
  for (size_t r = 0; r < RENDERING_COUNT; r++)
    if (vtext_is(c->rendering, renderings[r]))
      vtext_copy(c->out->rendering, sizeof c->out->rendering, c->rendering);
  if (c->out->rendering[0] == '\0')
    return wrong(c, VERIFY_COPY_FORM, "there is no such rendering");
  commit(c, is);
  hex_of(is, digits);
  if (!vleaf_find(c->entry.entry.facts, c->entry.entry.fact_count, c->out->rendering, &said) || !vtext_is(said, digits))
    return wrong(c, VERIFY_COPY_DOCUMENT, "the document is not the one that was approved: something in it was changed");
  return true;
}

static bool judge_act(struct copying *c) {
  struct vact_text act;
  uint8_t is[VHASH_SIZE];
  if (!vact_text_parse(vblob_text(&c->act), &act))
    return wrong(c, VERIFY_COPY_ACT, "the act is not of its form");
  if (!vsame(act.by, c->entry.by))
    return wrong(c, VERIFY_COPY_ACT, "the act is another person's than the approval");
  if (!vtree_prove(vblob_text(&c->header), c->index, act.size, c->path.at, c->path.len, is) || !vsame(is, act.root))
    return wrong(c, VERIFY_COPY_ACT, "the approval does not stand in the act that was signed");
  c->size = act.size;
  memcpy(c->act_id, act.id, VHASH_SIZE);
  return true;
}

static bool judge_leaf(struct copying *c) {
  if (c->leaf.len == 0)
    return true;
  const struct vleaf *s = &c->stands;
  if (vleaf_parse(vtext_of(c->leaf.at, c->leaf.len), &c->stands) != VLEAF_GOOD || !vblob_is(&c->header, s->header) ||
      !vsame(s->act, c->act_id) || s->index != c->index || s->size != c->size ||
      (s->index == 0 && !vblob_is(&c->signature, vtext_of(s->signature, s->signature_len))))
    return wrong(c, VERIFY_COPY_LEAF, "the leaf is not that of the approval");
  c->out->number = s->entry.number;
  vtext_copy(c->out->admitted, sizeof c->out->admitted, s->entry.admitted);
  return true;
}

static bool judge_author(struct copying *c) {
  struct vcert_authority authority = {0};
  struct vcert cert;
  struct vwrong w = vcert_read_authority(c->curve, c->issuer.at, c->issuer.len, &authority);
  if (w.words == NULL)
    w = vcert_read(c->curve, &authority, c->cert.at, c->cert.len, &cert);
  if (w.words)
    wrong(c, VERIFY_COPY_CERT, w.words);
  else if (cert.use != VCERT_PERSON || !vsame(cert.key.id, c->entry.by))
    wrong(c, VERIFY_COPY_CERT, "the certificate is not that of the approval's author");
  else if (!vkey_verify(c->curve, &cert.key, vtext_of(c->act.at, c->act.len), c->signature.at, c->signature.len))
    wrong(c, VERIFY_COPY_SIGNATURE, "the author's signature does not verify");
  if (c->out->code == VERIFY_COPY_GOOD) {
    hex_of(cert.subject, c->out->person);
    hex_of(authority.key.id, c->out->authority);
  }
  vcert_release_authority(&authority);
  return c->out->code == VERIFY_COPY_GOOD;
}

/* ---- does it stand in the ledger ---- */

static bool judge_ledger(struct copying *c, const struct vnote_key *key) {
  const struct verify_text note = vtext_of(c->note.at, c->note.len);
  struct vnote_checkpoint checkpoint;
  struct verify_text text;
  uint8_t root[VHASH_SIZE];
  if (c->leaf.len == 0)
    return wrong(c, VERIFY_COPY_NONE,
                 "nothing in the copy shows that the approval stands in the ledger; compare it "
                 "with an auditor's copy of the ledger");
  const enum vnote_outcome o = key ? vnote_open(c->curve, note, key, &text) : vnote_split(note, &text);
  if (o == VNOTE_SIGNATURE)
    return wrong(c, VERIFY_COPY_KEY, "the checkpoint is not signed by the key that was brought");
  if (o != VNOTE_GOOD || !vnote_checkpoint_parse(text, &checkpoint))
    return wrong(c, VERIFY_COPY_PROOF, "the checkpoint is not of its form");
  if (key && strcmp(key->name, checkpoint.origin) != 0)
    return wrong(c, VERIFY_COPY_KEY, "the checkpoint is of another ledger");
  if (c->out->number == 0 ||
      !vtree_prove(vtext_of(c->leaf.at, c->leaf.len), c->out->number - 1, checkpoint.size, c->proof.at, c->proof.len,
                   root) ||
      !vsame(root, checkpoint.root))
    return wrong(c, VERIFY_COPY_PROOF, "the proof does not lead from the approval to the checkpoint");
  snprintf(c->out->ledger, sizeof c->out->ledger, "%s", checkpoint.origin);
  c->out->size = checkpoint.size;
  return key || wrong(c, VERIFY_COPY_NONE,
                      "the copy is in order in itself; bring the ledger's key, or an auditor's copy "
                      "of the ledger, to know that it is of that ledger");
}

static void release(struct copying *c) {
  struct vblob *all[] = {&c->header, &c->act,  &c->path, &c->signature, &c->cert,
                         &c->issuer, &c->leaf, &c->note, &c->proof};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    vblob_release(all[i]);
  vcurve_free(c->curve);
  free(c);
}

/* What is cheap to find comes first. */
static void judge(struct copying *c, struct verify_text file, const struct vnote_key *key) {
  struct verify_text block;
  if (file.len > VERIFY_COPY_MAX || !split(file, c, &block) || !read_block(c, block)) {
    wrong(c, VERIFY_COPY_FORM,
          "no proof stands at the end of this file, as cairn minute copy and report copy write one, or it was cut off "
          "or changed");
    return;
  }
  if (judge_header(c) && judge_document(c) && judge_act(c) && judge_leaf(c) && judge_author(c))
    judge_ledger(c, key);
}

bool verify_copy(const void *file, size_t len, const char *vkey, struct verify_copy *out, const char **why_out) {
  struct vnote_key key;
  *out = (struct verify_copy){.code = VERIFY_COPY_GOOD};
  if (vkey && !vnote_key_parse(vtext_of(vkey, strlen(vkey)), &key)) {
    *why_out = "the key is not a verifier key, NAME+HASH+BASE64";
    return false;
  }
  struct copying *c = vtext_alloc(sizeof *c);
  c->out = out;
  c->curve = vcurve_new();
  judge(c, vtext_of(file, len), vkey ? &key : NULL);
  release(c);
  return true;
}
