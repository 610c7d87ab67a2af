#include "tests/lib/handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cert.h"
#include "core/note.h"

#define YEAR_S ((int64_t)365 * 86400)
#define LEAVES_MAX 512

static const struct key *replace(struct key **in_force, struct key **before, bool turns) {
  if (!turns)
    return NULL;
  *before = *in_force;
  return *in_force = key_new();
}

uint64_t handover_turn(struct world *w, unsigned parts, struct former *before) {
  struct exchange_node n = w->node;
  struct verdict v;
  *before = (struct former){0};
  struct exchange_handover h = {.ledger = replace(&w->ledger, &before->ledger, parts & TURN_LEDGER),
                                .operating = replace(&w->operating, &before->operating, parts & TURN_OPERATING)};
  const struct key *authority = replace(&w->authority, &before->authority, parts & TURN_AUTHORITY);
  if (authority) {
    before->authority_cert = w->authority_cert;
    w->authority_cert = (struct buf){0};
    world_must(cert_make_authority(authority, "North Lanarkshire Council", w->now_s - 3600, w->now_s + 20 * YEAR_S,
                                   &w->authority_cert),
               "another authority");
    h.authority = buf_bytes(&w->authority_cert);
  }
  world_must(store_begin(n.store), "a handover");
  world_must(exchange_node_hand_over(&n, &h, w->now_s, &v), "a handover");
  world_must(store_commit(n.store), "a handover");
  w->node.ledger = w->ledger;
  w->node.operating = w->operating;
  w->node.authority = w->authority;
  return v.first;
}

void former_release(struct former *f) {
  key_free(f->ledger);
  key_free(f->operating);
  key_free(f->authority);
  buf_release(&f->authority_cert);
}

/* ---- forging ---- */

static void add_key(struct entry *e, const char *name, const struct key *k, struct buf *base64) {
  if (k == NULL)
    return;
  text_base64_encode(base64, key_spki(k));
  e->keys[e->key_count++] = (struct entry_pair){bytes_str(name), buf_bytes(base64)};
}

static void endorse(struct world *w, const struct forged_handover *f, struct buf *base64) {
  struct directory_log log = {0};
  struct buf signature = {0};
  struct hash id = f->ledger ? key_id(f->ledger) : (struct hash){{1}};
  world_must(directory_log(w->node.store, &log), "the log");
  world_must(handover_sign(&log.ledger, f->endorsed ? f->endorsed : &id, f->endorser, &signature), "an endorsement");
  text_base64_encode(base64, buf_bytes(&signature));
  directory_log_release(&log);
  buf_release(&signature);
}

static void compose(struct world *w, const struct forged_handover *f, struct act_entry *out, struct buf *header) {
  struct buf ledger = {0}, operating = {0}, cert = {0}, endorsed = {0};
  struct entry e;
  struct text_time at = text_time_format(w->now_s);
  entry_init(&e);
  e.kind = bytes_str("log.keys");
  e.by = key_id(f->by ? f->by : w->operating);
  e.at = bytes_str(at.s);
  e.audience = AUDIENCE_DIRECTORY;
  e.media = bytes_str("application/json");
  add_key(&e, "ledger", f->ledger, &ledger);
  add_key(&e, "operating", f->operating, &operating);
  text_base64_encode(&cert, f->authority);
  e.cert = buf_bytes(&cert);
  if (f->endorser) {
    endorse(w, f, &endorsed);
    e.facts[e.fact_count++] = (struct entry_pair){bytes_str("endorsed"), buf_bytes(&endorsed)};
  }
  out->content = bytes_str(f->content ? f->content : "{}");
  key_random(out->salt, sizeof out->salt);
  e.content = entry_commitment(out->salt, out->content);
  world_must(entry_encode(&e, header), "a forged header");
  out->header = buf_bytes(header);
  buf_release(&ledger);
  buf_release(&operating);
  buf_release(&cert);
  buf_release(&endorsed);
}

struct tree {
  struct hash leaves[LEAVES_MAX];
  uint64_t size;
};

static enum err hash_at(void *of, unsigned level, uint64_t index, struct hash *out) {
  const struct tree *t = of;
  *out = merkle_root_of(t->leaves + (index << level), (size_t)1 << level);
  return OK;
}

static void add_leaf(struct tree *t, struct bytes text, struct buf *published) {
  if (t->size == LEAVES_MAX)
    world_must(ERR_LIMIT, "one leaf too many");
  t->leaves[t->size++] = merkle_leaf(text);
  buf_add(published, text);
  buf_add_str(published, "\n");
}

static void sign_checkpoint(const struct world *w, const struct tree *t, const struct key *signer,
                            const struct key *cosigner, struct buf *note) {
  struct checkpoint c = {.origin = "nl.example/register",
                         .size = t->size,
                         .root = merkle_root_of(t->leaves, t->size),
                         .time = text_time_format(w->now_s)};
  struct buf text = {0};
  checkpoint_format(&text, &c);
  world_must(note_sign(buf_bytes(&text), c.origin, signer, note), "a checkpoint");
  if (cosigner)
    world_must(note_cosign(buf_bytes(&text), c.origin, cosigner, note), "a checkpoint");
  buf_release(&text);
}

static void write_answer(struct world *w, struct tree *t, uint64_t known, const struct msg_event *d, struct bytes note,
                         struct buf *out) {
  struct merkle_source source = {t, hash_at};
  struct buf proof = {0};
  uint64_t indices[2] = {d->first - 1, d->first};
  world_must(merkle_prove(&source, known, t->size, indices, d->count, &proof), "a proof");
  struct msg_answer m = {.event_count = 1, .checkpoint = note, .proof = buf_bytes(&proof)};
  if (w->count > 0)
    m.upto = world_upto(&w->members[0], d, 1);
  msg_answer_begin(out, &m);
  msg_event_encode(out, d);
  msg_answer_end(out, &m);
  buf_release(&proof);
}

void handover_forge(struct world *w, const struct forged_handover *f, const struct key *signer,
                    const struct key *cosigner, struct forged *out) {
  static struct tree t;
  struct act_entry entries[2] = {{0}};
  struct buf headers[2] = {{0}}, signature = {0}, head = {0};
  struct act_text text;
  struct position p = {.replica = key_id(f->by ? f->by : w->operating)};
  struct text_time admitted = text_time_format(w->now_s);
  uint64_t known = store_size(w->node.store);
  t.size = 0;
  for (uint64_t n = 1; n <= known; n++) {
    struct buf leaf = {0};
    world_must(store_leaf(w->node.store, n, &leaf), "a leaf");
    add_leaf(&t, buf_bytes(&leaf), &out->leaves);
    buf_release(&leaf);
  }
  uint32_t count = f->has_companion ? 2 : 1;
  for (uint32_t i = 0; i < count; i++) {
    compose(w, f, &entries[i], &headers[i]);
    entries[i].index = i;
  }
  const struct key *author = f->signer ? f->signer : w->operating;
  world_must(act_text_of(entries, count, &text), "an act");
  world_must(act_sign(&text, author, &signature), "an act");
  world_must(store_chain(w->node.store, &p.replica, &p.number, &p.previous), "a position");
  p.number++;
  p.act = act_id(&text);
  world_must(position_sign(&p, author, &head), "a position");
  out->number = known + 1;
  for (uint32_t i = 0; i < count; i++) {
    struct buf leaf = {0};
    struct leaf l = {out->number + i,  bytes_str(admitted.s), &p, i, count, buf_bytes(&signature),
                     buf_bytes(&head), entries[i].header};
    leaf_format(&leaf, &l);
    add_leaf(&t, buf_bytes(&leaf), &out->leaves);
    buf_release(&leaf);
  }
  sign_checkpoint(w, &t, signer, cosigner, &out->checkpoint);
  struct msg_event d = {.form = MSG_FULL,
                        .first = out->number,
                        .admitted = bytes_str(admitted.s),
                        .position = p,
                        .head = buf_bytes(&head),
                        .signature = buf_bytes(&signature),
                        .size = count,
                        .count = count,
                        .entries = entries};
  write_answer(w, &t, known, &d, buf_bytes(&out->checkpoint), &out->answer);
  buf_release(&headers[0]);
  buf_release(&headers[1]);
  buf_release(&signature);
  buf_release(&head);
}

void forged_release(struct forged *f) {
  buf_release(&f->leaves);
  buf_release(&f->checkpoint);
  buf_release(&f->answer);
  *f = (struct forged){0};
}
