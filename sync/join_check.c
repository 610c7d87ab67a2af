/* What a joiner can only see once the ledger is here: that it says of them, and of their machine, what the node
 * answered. */
#include <stdlib.h>
#include <string.h>

#include "core/directory.h"
#include "sync/join.h"

struct checking {
  struct store *s;
  struct record person, machine, invitation;
  struct buf secret; /* the hash of the token's secret; empty if an officer enrolled this machine */
  bool is_put_off;   /* a name was lost with the node: it is compared when it is here */
};

static enum err is_wrong(const char *what) {
  return err_set_remedy(ERR_KEY, "do not work with this replica; ask the administrator of the node, and join again",
                        "the ledger does not say of you what the node said when you joined: %s", what);
}

static enum err find_own(struct store *s, const char *fact, struct record *out) {
  struct hash id;
  enum err e = store_meta_hash(s, fact, &id);
  if (e == OK)
    e = store_find(s, &id, out);
  return e == ERR_ABSENT ? is_wrong("your entry, or this machine's, is not in it") : e;
}

static bool has_key(const struct record *r, const char *name, const struct hash *key_id) {
  struct buf spki = {0};
  bool has = text_base64_decode(entry_key(&r->entry, name), &spki) == OK;
  if (has) {
    struct hash id = hash_of(buf_bytes(&spki));
    has = hash_equal(&id, key_id);
  }
  buf_release(&spki);
  return has;
}

static enum err check_keys(const struct checking *c) {
  struct hash person, seal, machine;
  enum err e = store_meta_hash(c->s, "person-key", &person);
  if (e == OK)
    e = store_meta_hash(c->s, "seal-key", &seal);
  if (e == OK)
    e = store_meta_hash(c->s, "replica-key", &machine);
  if (e != OK)
    return e;
  if (!has_key(&c->person, "sign", &person) || !has_key(&c->person, "seal", &seal))
    return is_wrong("your entry names another key than yours");
  if (!bytes_equal_str(c->machine.entry.kind, "replica.add") || !has_key(&c->machine, "replica", &machine))
    return is_wrong("this machine's entry names another key than its own");
  return OK;
}

/* Does a text of the record's content say what the joiner was told? Not told: it may be anything. */
static enum err check_text(struct checking *c, const struct record *r, const char *field, const char *fact) {
  struct json *content = NULL;
  struct buf told = {0}, line = {0};
  enum err e = store_meta(c->s, fact, &told);
  const bool is_told = e == OK && told.len > 0, is_lost = is_told && !r->has_content;
  c->is_put_off = c->is_put_off || is_lost;
  if (e == ERR_ABSENT || (e == OK && !is_told) || is_lost) {
    buf_release(&told);
    return OK;
  }
  if (e == OK)
    e = json_parse_record(buf_bytes(&r->content), &content);
  const struct json *is = e == OK ? json_get(content, field) : NULL;
  if (is)
    join_add_line(&line, json_get_text(is));
  if (e == OK && !bytes_equal(buf_bytes(&line), buf_bytes(&told)))
    e = is_wrong("it has another name, or another agency");
  json_free(content);
  buf_release(&line);
  buf_release(&told);
  return e;
}

static enum err check_agency(struct checking *c) {
  struct record agency = {0};
  const struct hash *of = entry_ref(&c->person.entry, "agency"), *machine = entry_ref(&c->machine.entry, "agency"),
                    *invited = entry_ref(&c->invitation.entry, "agency");
  if (of == NULL || machine == NULL || invited == NULL || !hash_equal(of, machine) || !hash_equal(of, invited))
    return is_wrong("you, this machine and the invitation are not of one agency");
  enum err e = store_find(c->s, of, &agency);
  if (e == OK)
    e = check_text(c, &agency, "name", "joined-agency");
  record_release(&agency);
  return e;
}

static enum err by_node(const struct checking *c, const struct record *r, bool *out) {
  struct author a;
  enum err e = directory_author_of(c->s, &r->entry.by, r->number, 0, &a);
  if (e == OK)
    *out = a.is_node;
  return e;
}

/* The node enrols by the invitation whose secret the token had. */
static enum err check_invited(struct checking *c) {
  struct hash secret = hash_from(buf_bytes(&c->secret));
  struct hash_hex hex = hash_hex(&secret);
  const struct hash *id = entry_ref(&c->person.entry, "invitation");
  bool is_node = false;
  enum err e = by_node(c, &c->person, &is_node);
  if (e == OK && (id == NULL || !is_node))
    e = is_wrong("you were not enrolled with your invitation");
  if (e == OK)
    e = store_find(c->s, id, &c->invitation);
  if (e == ERR_ABSENT || (e == OK && !bytes_equal_str(entry_fact(&c->invitation.entry, "secret"), hex.s)))
    e = is_wrong("you were enrolled with another invitation");
  if (e == OK)
    e = check_text(c, &c->person, "name", "joined-as");
  return e == OK ? check_agency(c) : e;
}

/* Without an invitation it is people who enrol, never the node. */
static enum err check_enrolled(const struct checking *c) {
  bool is_person_by_node = false, is_machine_by_node = false;
  enum err e = by_node(c, &c->person, &is_person_by_node);
  if (e == OK)
    e = by_node(c, &c->machine, &is_machine_by_node);
  return e == OK && (is_person_by_node || is_machine_by_node) ? is_wrong("you were not enrolled by an officer") : e;
}

enum err join_check(struct store *s) {
  struct checking c = {.s = s};
  if (store_meta_number(s, "unchecked") == 0)
    return OK;
  enum err e = find_own(s, "person", &c.person);
  if (e == OK)
    e = find_own(s, "replica", &c.machine);
  if (e == OK)
    e = check_keys(&c);
  if (e == OK)
    e = store_meta(s, "joined-with", &c.secret);
  if (e == OK)
    e = c.secret.len == HASH_SIZE ? check_invited(&c) : check_enrolled(&c);
  if (e == OK && !c.is_put_off)
    e = store_meta_set_number(s, "unchecked", 0);
  record_release(&c.person);
  record_release(&c.machine);
  record_release(&c.invitation);
  buf_release(&c.secret);
  return e;
}
