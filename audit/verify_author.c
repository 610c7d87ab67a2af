#include <string.h>

#include "audit/verify_conform.h"
#include "audit/verify_parts.h"

static void name(const struct vrow *row, char out[65]) {
  if (row)
    vtext_to_hex(row->id, VHASH_SIZE, out);
}

void verify_owner(const struct verify *v, struct verify_text key, char person_out[65]) {
  uint8_t id[VHASH_SIZE];
  person_out[0] = '\0';
  if (vtext_hex(key, id, sizeof id))
    name(vtable_owner(&v->table, id, VCERT_PERSON, v->admitted).row, person_out);
}

bool verify_knows_kind(const char *kind) {
  return vkind_is_known(vtext_of(kind, strlen(kind)));
}

void verify_author(const struct verify *v, struct verify_author *out) {
  const struct vact *act = &v->act;
  const struct vauthor *a = &act->author;
  const struct vowner machine = vtable_owner(&v->table, act->position.replica, VCERT_REPLICA, act->admitted);
  *out = (struct verify_author){0};
  if (!act->open || act->broken || a->owner.key == NULL)
    return;
  out->is_known = true;
  out->is_node = a->is_node;
  name(a->person, out->person);
  name(a->agency, out->agency);
  name(machine.row, out->machine);
  name(a->second, out->second);
  vdirectory_role_words(a->held, out->roles, sizeof out->roles);
  memcpy(out->from, a->owner.from, sizeof out->from);
  memcpy(out->until, a->owner.until, sizeof out->until);
  out->is_valid = a->owner.is_valid && a->is_machine_valid;
  out->is_revoked = a->owner.is_revoked || a->is_machine_revoked;
  out->is_released = a->is_released;
}
