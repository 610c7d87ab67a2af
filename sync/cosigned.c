#include "sync/cosigned.h"

#include <inttypes.h>
#include <string.h>

#include "core/cosign.h"
#include "core/directory.h"
#include "core/recovery.h"

/* ---- the node ---- */

static void tell(struct exchange_node *n, const struct hash *replica, uint64_t size, const char *what) {
  if (n->told)
    buf_addf(n->told, "the machine %.8s vouches for a ledger of %" PRIu64 " entries %s\n", hash_hex(replica).s, size,
             what);
}

static enum err find_own(struct exchange_node *n, const struct hash *replica, const struct msg_request *m,
                         struct buf *note, struct bytes *text, struct checkpoint *out) {
  enum err e = store_checkpoint_at(n->store, m->size, note);
  if (e == ERR_ABSENT && recovery_checkpoint(n->store, m->size, &m->root, note) == OK) {
    *text = buf_bytes(note);
    return checkpoint_parse(*text, out);
  }
  if (e == ERR_ABSENT) {
    tell(n, replica, m->size, "that this node never signed");
    return err_set_remedy(ERR_CHAIN, "tell the node's administrator: its ledger was restored, or is not the same",
                          "the replica has verified a ledger of %" PRIu64 " entries that this node never signed",
                          m->size);
  }
  if (e == OK)
    e = note_text(buf_bytes(note), text);
  if (e == OK)
    e = checkpoint_parse(*text, out);
  if (e == OK && !hash_equal(&out->root, &m->root)) {
    tell(n, replica, m->size, "with other contents than this node's");
    e = err_set_remedy(ERR_CHAIN, "compare with others: cairn checkpoint; and tell the node's administrator",
                       "the replica has verified another history of the ledger's first %" PRIu64 " entries", m->size);
  }
  return e;
}

static struct cosignature of_request(const struct hash *replica, const struct msg_request *m,
                                     const struct checkpoint *checkpoint) {
  struct cosignature c = {.replica = *replica, .checkpoint = *checkpoint, .signature = m->cosignature};
  memcpy(c.at.s, m->cosigned.at, TEXT_TIME_SIZE);
  return c;
}

enum err cosigned_check(struct exchange_node *n, const struct hash *replica, const struct msg_request *m) {
  struct buf note = {0};
  struct bytes text;
  struct checkpoint own;
  struct machine machine;
  if (m->size == 0 || (m->flags & MSG_OF_FORMER))
    return OK;
  enum err e = find_own(n, replica, m, &note, &text, &own);
  if (e == OK)
    e = directory_machine(n->store, replica, &machine);
  if (e == OK) {
    struct cosignature c = of_request(replica, m, &own);
    if (cosignature_verify(machine.key, &c.at, text, c.signature) != OK)
      e = err_set(ERR_SIGNATURE, "the replica's signature over the checkpoint that it verified does not verify");
  }
  buf_release(&note);
  return e;
}

enum err cosigned_is_newer(struct exchange_node *n, const struct hash *replica, const struct msg_request *m,
                           bool *out) {
  uint64_t kept;
  enum err e = cosignature_size(n->store, replica, &kept);
  if (e == OK)
    *out = m->size > kept && !(m->flags & MSG_OF_FORMER);
  return e;
}

enum err cosigned_keep(struct exchange_node *n, const struct hash *replica, const struct msg_request *m) {
  struct buf note = {0};
  struct bytes text;
  struct checkpoint own;
  struct machine machine;
  enum err e = find_own(n, replica, m, &note, &text, &own);
  if (e == OK)
    e = directory_machine(n->store, replica, &machine);
  if (e == OK) {
    struct cosignature c = of_request(replica, m, &own);
    e = cosignature_keep(n->store, machine.key, &c);
  }
  buf_release(&note);
  return e;
}

/* ---- a replica ---- */

struct comparing {
  struct store *store;
  struct buf *spki, *known;
};

/* Only a signature by a machine that the directory has certified says anything. */
static enum err compare_one(void *of, const struct cosignature *c) {
  struct comparing *k = of;
  struct buf note = {0};
  struct bytes text;
  struct checkpoint own;
  struct machine machine;
  enum err e = store_checkpoint_at(k->store, c->checkpoint.size, &note);
  if (e == OK)
    e = note_text(buf_bytes(&note), &text);
  if (e == OK)
    e = checkpoint_parse(text, &own);
  bool is_other = e == OK && !hash_equal(&own.root, &c->checkpoint.root) &&
                  directory_machine(k->store, &c->replica, &machine) == OK && cosignature_check(c, machine.key) == OK;
  if (is_other) {
    buf_add(k->spki, key_spki(machine.key));
    buf_add(k->known, buf_bytes(&note));
    e = err_set_remedy(ERR_PROOF, "compare over the telephone, with them and with others: cairn checkpoint",
                       "the machine %.8s was shown another history of the ledger's first %" PRIu64
                       " entries than this replica",
                       hash_hex(&c->replica).s, c->checkpoint.size);
  }
  buf_release(&note);
  return e == ERR_ABSENT ? OK : e;
}

enum err cosigned_compare(struct store *s, struct bytes note, struct buf *spki_out, struct buf *known_out) {
  struct comparing k = {s, spki_out, known_out};
  return cosignature_each(note, &k, compare_one);
}
