/* New keys: of people, who go on with them and revoke the old ones, and of the node. */
#include <string.h>

#include "core/keyring.h"
#include "core/recovery.h"
#include "tests/lib/handover.h"
#include "tests/sim/sim.h"

/* ---- people ---- */

struct looking {
  struct hash sign, entry;
};

static enum err look_at(void *of, const struct keyring_row *row) {
  struct looking *l = of;
  if (hash_equal(&row->sign, &l->sign))
    l->entry = row->entry;
  return OK;
}

static bool write_one(struct sim *s, size_t member, struct draft d) {
  struct verdict v = {0};
  sim_begin(s, member);
  enum err e = world_write(&s->w, &s->w.members[member], &d, 1, ACCEPT_WRITE, &v);
  const bool is_broken = sim_end(s, member);
  sim_judge_disk(s, member, e, is_broken);
  const bool is_recorded = e == OK && v.code == VERDICT_ACCEPTED;
  if (is_recorded && s->act_count < SIM_ACTS_MAX)
    s->acts[s->act_count++] = (struct sim_act){.id = v.act, .member = member, .kind = d.kind};
  return is_recorded;
}

static bool introduce(struct sim *s, size_t member, const struct key *sign, const struct key *seal) {
  struct hash_hex person = hash_hex(&s->w.members[member].person);
  struct buf sign_text = {0}, seal_text = {0};
  text_base64_encode(&sign_text, key_spki(sign));
  text_base64_encode(&seal_text, key_spki(seal));
  const bool ok = write_one(
      s, member,
      WORLD_DRAFT("person.key", {"person", person.s}, {"sign", buf_cstr(&sign_text)}, {"seal", buf_cstr(&seal_text)}));
  buf_release(&sign_text);
  buf_release(&seal_text);
  return ok;
}

/* They take their keys to all machines of theirs. */
static void use(struct sim *s, const struct hash *person, struct key *sign, struct key *seal) {
  for (size_t i = 0; i < s->w.count; i++) {
    struct world_member *m = &s->w.members[i];
    if (!hash_equal(&m->person, person))
      continue;
    s->sides[i].seal_before = m->seal_key;
    m->key = sign;
    m->seal_key = seal;
  }
}

void sim_change_keys(struct sim *s, size_t member) {
  struct world_member *m = &s->w.members[member];
  struct looking old = {.sign = key_id(m->key)};
  struct buf cert = {0};
  if (s->key_count + 2 > SIM_KEYS_MAX || keyring_each(m->store, &m->person, 0, &old, look_at) != OK ||
      hash_is_zero(&old.entry))
    return;
  struct key *sign = s->keys[s->key_count++] = key_new(), *seal = s->keys[s->key_count++] = key_new();
  const struct hash id = key_id(sign);
  struct hash_hex entry = hash_hex(&old.entry);
  if (introduce(s, member, sign, seal) && sim_exchange(s, member) &&
      directory_certificate(m->store, &id, &cert) == OK) {
    use(s, &m->person, sign, seal);
    write_one(s, member, WORLD_DRAFT("key.revoke", {"key", entry.s}, {"why", "replaced"}));
    sim_met[MET_KEYS]++;
    sim_tell(s, "  %s goes on with new keys", sim_name(s, member));
  }
  buf_release(&cert);
}

/* ---- the node ---- */

void sim_change_node_keys(struct sim *s) {
  static const unsigned choices[] = {TURN_LEDGER, TURN_OPERATING, TURN_AUTHORITY, TURN_LEDGER | TURN_OPERATING};
  const unsigned parts = choices[sim_below(&s->chance, sizeof choices / sizeof *choices)];
  struct former before;
  struct world *w = &s->w;
  if (recovery_is_on(w->node.store) || s->sides[SIM_NODE].trouble != SIM_NO_TROUBLE || s->key_count + 2 > SIM_KEYS_MAX)
    return;
  s->former[s->former_count++] = (struct sim_node_keys){w->authority, w->operating, w->ledger, w->authority_cert};
  w->now_s = s->now_s;
  handover_turn(w, parts, &before);
  struct key *const made[] = {before.ledger ? w->ledger : NULL, before.operating ? w->operating : NULL,
                              before.authority ? w->authority : NULL};
  for (size_t i = 0; i < sizeof made / sizeof *made; i++)
    if (made[i])
      s->keys[s->key_count++] = made[i];
  if (before.authority)
    s->certs[s->cert_count++] = w->authority_cert;
  sim_note_checkpoint(s, SIM_NODE);
  sim_met[MET_NODE_KEYS]++;
}

bool sim_take_node_keys_back(struct sim *s) {
  struct world *w = &s->w;
  if (s->former_count == 0)
    return false;
  const struct sim_node_keys *k = &s->former[--s->former_count];
  w->node.authority = w->authority = k->authority;
  w->node.operating = w->operating = k->operating;
  w->node.ledger = w->ledger = k->ledger;
  w->authority_cert = k->authority_cert;
  store_read_as(w->node.store, &(struct scope_recipient){.replica = key_id(w->operating)});
  sim_tell(s, "  nobody has heard of the node's newest keys");
  return true;
}
