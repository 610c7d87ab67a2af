#include "audit/verify_parts.h"

#include <stdio.h>
#include <string.h>

/* New keys of the node, and a new name of the ledger (core/FORMAT.md section 8, log.keys and log.anew): read with the
 * entry, applied when its act is found good, so that the act itself is judged by the keys before it. */

static const struct vkey *find_key(const struct vleaf *leaf, const char *name) {
  for (size_t i = 0; i < leaf->key_count; i++)
    if (vtext_is(leaf->keys[i].name, name))
      return &leaf->keys[i].key;
  return NULL;
}

static const char *judge_endorsement(const struct verify *v, const struct vleaf *leaf, const struct vkey *key) {
  struct verify_text endorsed;
  uint8_t signature[VKEY_SIGNATURE_MAX];
  size_t len;
  char ledger[65], id[65], text[256];
  if (!vleaf_find(leaf->entry.facts, leaf->entry.fact_count, "endorsed", &endorsed) ||
      !vtext_base64(endorsed, signature, sizeof signature, &len))
    return "the ledger's new key is not endorsed";
  vtext_to_hex(v->opening, VHASH_SIZE, ledger);
  vtext_to_hex(key->id, VHASH_SIZE, id);
  int text_len = snprintf(text, sizeof text, "cairn ledger key 1\nledger %s\nkey %s\n", ledger, id);
  if (!vkey_verify(v->curve, &v->ledger.key, vtext_of(text, (size_t)text_len), signature, len))
    return "the ledger's new key is not endorsed by the one before";
  return NULL;
}

static const char *judge_authority(struct verify *v, const struct vleaf *leaf) {
  uint8_t der[VLEAF_HEADER_MAX];
  size_t len;
  if (!vtext_base64(leaf->cert, der, sizeof der, &len))
    return "the new authority's certificate is not of its form";
  struct vwrong wrong = vcert_read_authority(v->curve, der, len, &v->handover.authority);
  v->handover.has_authority = wrong.words == NULL;
  return wrong.words;
}

static const char *judge(struct verify *v, const struct vleaf *leaf) {
  const struct vkey *ledger = find_key(leaf, "ledger"), *operating = find_key(leaf, "operating");
  if (!vsame(leaf->by, v->operating.id))
    return "new keys are named by another than the operating key";
  if (leaf->size != 1)
    return "new keys are not named alone in an act";
  if (ledger == NULL && operating == NULL && leaf->cert.len == 0)
    return "neither a key nor an authority is named";
  const char *wrong = ledger ? judge_endorsement(v, leaf, ledger) : NULL;
  if (wrong == NULL && leaf->cert.len > 0)
    wrong = judge_authority(v, leaf);
  if (wrong)
    return wrong;
  v->handover.has_operating = operating != NULL;
  if (operating)
    v->handover.operating = *operating;
  if (ledger)
    v->handover.ledger = *ledger;
  return NULL;
}

void vhandover_read(struct verify *v, const struct vleaf *leaf) {
  v->handover = (struct vhandover){.entry = leaf->entry.number, .has_ledger = find_key(leaf, "ledger") != NULL};
  const char *wrong = judge(v, leaf);
  if (wrong == NULL)
    return;
  vfind(v, VERIFY_A_HANDOVER, leaf->entry.number, "%s", wrong);
  vhandover_drop(v);
}

/* ---- a new name ---- */

bool vhandover_had_name(const struct verify *v, const char *name) {
  for (uint32_t i = 0; i < v->former_count; i++)
    if (strcmp(v->formers[i], name) == 0)
      return true;
  return false;
}

static bool read_fact(const struct vleaf *leaf, const char *name, struct verify_text *out) {
  return vleaf_find(leaf->entry.facts, leaf->entry.fact_count, name, out);
}

static const char *judge_anew(const struct verify *v, const struct vleaf *leaf, struct vanew *out) {
  struct verify_text origin, former, kept, size;
  if (!vsame(leaf->by, v->operating.id))
    return "the ledger is opened anew by another than the operating key";
  if (leaf->size != 1)
    return "the ledger is not opened anew alone in an act";
  if (!read_fact(leaf, "origin", &origin) || !read_fact(leaf, "former", &former) || !read_fact(leaf, "kept", &kept) ||
      !read_fact(leaf, "size", &size) || !vtext_is_origin(origin) || !vtext_number(kept, &out->kept) ||
      !vtext_number(size, &out->size) || out->kept == 0 || out->kept >= leaf->entry.number)
    return "what opens the ledger anew is not of its form";
  vtext_copy(out->origin, sizeof out->origin, origin);
  vtext_copy(out->former, sizeof out->former, former);
  if (strcmp(out->former, v->ledger.name) != 0)
    return "what opens the ledger anew names another ledger as the former one";
  if (strcmp(out->origin, v->ledger.name) == 0 || vhandover_had_name(v, out->origin))
    return "the ledger is opened anew under a name that it had";
  return v->former_count == VFORMER_MAX ? "the ledger has had more names than this program takes" : NULL;
}

void vhandover_read_anew(struct verify *v, const struct vleaf *leaf) {
  struct vanew anew = {.entry = leaf->entry.number};
  const char *wrong = judge_anew(v, leaf, &anew);
  v->handover = (struct vhandover){.entry = leaf->entry.number};
  if (wrong)
    vfind(v, VERIFY_A_HANDOVER, leaf->entry.number, "%s", wrong);
  else
    v->handover.anew = anew;
}

static void apply_anew(struct verify *v, const struct vanew *anew) {
  memcpy(v->formers[v->former_count++], v->ledger.name, sizeof v->formers[0]);
  snprintf(v->ledger.name, sizeof v->ledger.name, "%s", anew->origin);
  v->anew = *anew;
}

void vhandover_drop(struct verify *v) {
  struct vhandover *h = &v->handover;
  if (h->has_ledger && v->unendorsed == 0)
    v->unendorsed = h->entry;
  if (h->has_authority)
    vcert_release_authority(&h->authority);
  *h = (struct vhandover){0};
}

void vhandover_apply(struct verify *v) {
  struct vhandover *h = &v->handover;
  if (h->has_operating)
    v->operating = h->operating;
  if (h->has_authority) {
    vcert_release_authority(&v->authority);
    v->authority = h->authority;
    v->has_authority = true;
  }
  if (h->has_ledger) {
    v->former_ledger = v->ledger;
    v->handed_over_at = h->entry;
    v->ledger.key = h->ledger;
    vhandover_meet(v);
    vcommit_signer(v);
  }
  if (h->anew.entry)
    apply_anew(v, &h->anew);
  *h = (struct vhandover){0};
}

void vhandover_meet(struct verify *v) {
  if (vmap_add(&v->ledger_keys, v->ledger.key.id) == NULL)
    vfind(v, VERIFY_I_LIMIT, v->expected, "the ledger has had more keys than this program takes");
  vhandover_remember(v);
}

void vhandover_remember(struct verify *v) {
  const struct vmap *keys = &v->ledger_keys;
  v->met_brought_key |= v->has_brought_key && vmap_find(keys, v->brought_key.key.id);
  v->met_brought_fingerprint |= v->has_brought_fingerprint && vmap_find(keys, v->brought_fingerprint);
  v->met_seen_key |= v->has_seen && vmap_find(keys, v->seen_key.key.id);
}
