#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/home.h"
#include "core/directory.h"

/* Making, changing and handing on keys: a person's own pair, an agency's role key. */

/* ---- writing what introduces or revokes keys ---- */

static enum err write_draft(struct home *h, const struct key *key, const struct draft *d) {
  struct author_by by = {.key = key, .replica = h->replica_id};
  struct verdict v = {0};
  enum err e = author_write(h->store, &by, d, 1, ACCEPT_WRITE, home_now_s(), &v);
  return e == OK && v.code != VERDICT_ACCEPTED
             ? err_set_remedy(ERR_REFUSED, v.remedy, "not recorded (%s): %s", v.rule, v.words)
             : e;
}

/* In a transaction of its own. */
static enum err write_alone(struct home *h, const struct key *key, const struct draft *d) {
  enum err e = store_begin(h->store);
  return e == OK ? store_end(h->store, write_draft(h, key, d)) : e;
}

static enum err find_me(struct home *h, struct author *me) {
  struct hash key = key_id(h->person);
  enum err e = directory_author(h->store, &key, home_now_s(), me);
  return e == ERR_KEY ? err_set_remedy(ERR_KEY, "cairn sync", "who you are is not known here yet") : e;
}

enum err home_open_with_passphrase(struct home *h, const struct cmd_line *line, struct author *me) {
  h->keeps_passphrase = true;
  enum err e = home_open(h, line, HOME_PERSON);
  return e == OK ? find_me(h, me) : e;
}

/* ---- key change ---- */

struct changing {
  struct home *h;
  struct author me;
  const char *folder;
  struct hash key, by;         /* in use, and the one that signed its introduction */
  uint64_t number;             /* of its introduction */
  struct hash old;             /* the entry of that one, if it still counts */
  struct hash next, next_seal; /* keys that this one introduced and that have files here; zeros: none */
  struct hash seal;
  bool is_main; /* the folder's own person, whose files have the plain names */
};

static bool was_refused(struct store *s, const struct hash *entry) {
  struct record r = {0};
  bool was = store_find(s, entry, &r) == OK && strcmp(r.state, "refused") == 0;
  record_release(&r);
  return was;
}

static enum err find_own(void *of, const struct keyring_row *row) {
  struct changing *c = of;
  if (hash_equal(&row->sign, &c->key)) {
    c->by = row->by;
    c->number = row->number;
    c->seal = row->seal;
  }
  return OK;
}

static enum err find_others(void *of, const struct keyring_row *row) {
  struct changing *c = of;
  if (row->is_revoked)
    return OK;
  if (hash_equal(&row->sign, &c->by) && row->number < c->number)
    c->old = row->entry;
  if (row->number > c->number && hash_equal(&row->by, &c->key) && home_has_key(c->folder, "person", &row->sign) &&
      !was_refused(c->h->store, &row->entry)) {
    c->next = row->sign;
    c->next_seal = row->seal;
  }
  return OK;
}

static enum err look_around(struct changing *c) {
  c->key = key_id(c->h->person);
  c->old = c->next = (struct hash){{0}};
  enum err e = keyring_each(c->h->store, &c->me.person, 0, c, find_own);
  return e == OK ? keyring_each(c->h->store, &c->me.person, 0, c, find_others) : e;
}

static void print_change(const struct changing *c, const char *state, const struct hash *sign, const struct hash *seal,
                         struct out *out) {
  struct buf name = {0};
  home_add_title(c->h, &c->me.person, &name);
  out_begin(out, NULL);
  out_field_bytes(out, "person", buf_bytes(&name));
  out_field(out, "state", state);
  home_print_fingerprint(out, "fingerprint-of-your-key", sign);
  home_print_fingerprint(out, "fingerprint-of-your-sealing-key", seal);
  out_end(out);
  buf_release(&name);
}

static enum err introduce(struct changing *c, const struct key *sign, const struct key *seal, const char *reason) {
  struct buf sign_text = {0}, seal_text = {0};
  struct hash_hex person = hash_hex(&c->me.person);
  text_base64_encode(&sign_text, key_spki(sign));
  text_base64_encode(&seal_text, key_spki(seal));
  struct draft_value values[] = {
      {"person", person.s}, {"sign", buf_cstr(&sign_text)}, {"seal", buf_cstr(&seal_text)}, {"reason", reason}};
  struct draft d = {kind_find(bytes_str("person.key")), values, reason ? 4 : 3, NULL, 0};
  enum err e = write_alone(c->h, c->h->person, &d);
  buf_release(&sign_text);
  buf_release(&seal_text);
  return e;
}

static enum err start_change(struct changing *c, const char *reason, struct out *out) {
  struct key *sign = NULL, *seal = NULL;
  if (c->me.is_revoked)
    return err_set_remedy(ERR_REFUSED, "your agency's officer makes you new ones: cairn person key",
                          "your keys were revoked, and cannot introduce others");
  enum err e = home_make_key(c->folder, "person", buf_bytes(&c->h->passphrase), &sign);
  if (e == OK)
    e = home_make_key(c->folder, "seal", buf_bytes(&c->h->passphrase), &seal);
  if (e == OK)
    e = introduce(c, sign, seal, reason);
  if (e == OK) {
    struct hash sign_id = key_id(sign), seal_id = key_id(seal);
    print_change(c, "made", &sign_id, &seal_id, out);
    out_say(out, "Your new keys count after the next sync. Then once more: cairn key change");
  } else {
    home_unmake_key(c->folder, "person", sign);
    home_unmake_key(c->folder, "seal", seal);
  }
  key_free(sign);
  key_free(seal);
  return e;
}

static enum err replace_file(struct changing *c, const char *what, const struct hash *id, const char *plain) {
  char name[HOME_FILE_SIZE];
  home_key_name(what, id, name, sizeof name);
  return folder_rename(c->folder, name, plain);
}

/* The old key to seal to stays, under its own name: what was sealed to it can still be opened. Each step can be made
 * again. */
static enum err replace_seal(struct changing *c) {
  struct hash before;
  char name[HOME_FILE_SIZE];
  if (!home_has_key(c->folder, "seal", &c->seal))
    return OK;
  enum err e = store_meta_hash(c->h->store, "seal-key", &before);
  if (e == OK && !hash_equal(&before, &c->seal) && !home_has_key(c->folder, "seal", &before)) {
    home_key_name("seal", &before, name, sizeof name);
    e = folder_link(c->folder, HOME_SEAL_KEY, name);
  }
  return e == OK ? replace_file(c, "seal", &c->seal, HOME_SEAL_KEY) : e;
}

/* From here on the new key signs; the old one's file goes. */
static enum err take_next(struct changing *c) {
  struct key *key = NULL;
  struct buf path = {0};
  char name[HOME_FILE_SIZE];
  home_key_name("person", &c->next, name, sizeof name);
  enum err e = key_load(folder_path(&path, c->folder, name), buf_bytes(&c->h->passphrase), &key);
  if (e == OK && c->is_main)
    e = folder_rename(c->folder, name, HOME_PERSON_KEY);
  if (e == OK) {
    key_free(c->h->person);
    c->h->person = key;
    e = look_around(c);
  } else {
    key_free(key);
  }
  buf_release(&path);
  return e;
}

/* What the store notes of its own person, and the revocation of the old keys, in one transaction. */
static enum err settle(struct changing *c) {
  struct store *s = c->h->store;
  struct buf cert = {0};
  struct hash_hex old = hash_hex(&c->old);
  struct draft_value values[] = {{"key", old.s}, {"why", "replaced"}};
  struct draft d = {kind_find(bytes_str("key.revoke")), values, 2, NULL, 0};
  enum err e = directory_certificate(s, &c->key, &cert);
  if (e == OK && c->is_main)
    e = store_meta_set(s, "person-key", hash_bytes(&c->key));
  if (e == OK && c->is_main)
    e = store_meta_set(s, "seal-key", hash_bytes(&c->seal));
  if (e == OK && c->is_main)
    e = store_meta_set(s, "person-cert", buf_bytes(&cert));
  if (e == OK && !hash_is_zero(&c->old))
    e = write_draft(c->h, c->h->person, &d);
  buf_release(&cert);
  return e;
}

static enum err finish_change(struct changing *c, struct out *out) {
  enum err e = c->is_main ? replace_seal(c) : OK;
  if (e == OK)
    e = store_begin(c->h->store);
  if (e == OK)
    e = store_end(c->h->store, settle(c));
  if (e != OK)
    return e;
  print_change(c, "changed", &c->key, &c->seal, out);
  out_say(out, "Your new keys are in use, and the old ones are revoked with the next sync: cairn sync");
  return OK;
}

static bool is_certified(struct store *s, const struct hash *key_id) {
  struct buf cert = {0};
  bool is = directory_certificate(s, key_id, &cert) == OK;
  buf_release(&cert);
  return is;
}

/* The next step that is due, whichever it is. */
static enum err go_on(struct changing *c, const char *reason, struct out *out) {
  struct hash noted = {{0}};
  if (c->is_main)
    store_meta_hash(c->h->store, "person-key", &noted);
  enum err e = look_around(c);
  if (e == OK && !hash_is_zero(&c->next) && !is_certified(c->h->store, &c->next)) {
    print_change(c, "waiting", &c->next, &c->next_seal, out);
    out_say(out, "Your new keys count after a sync. Then once more: cairn key change");
    return OK;
  }
  if (e == OK && !hash_is_zero(&c->next))
    e = take_next(c);
  if (e ==
      ERR_PASSPHRASE) /* further keys of one's own under another passphrase, from cairn person key: they stay that */
    e = OK;
  if (e != OK)
    return e;
  bool is_unfinished = !hash_is_zero(&c->old) || (c->is_main && !hash_equal(&noted, &c->key));
  return is_unfinished ? finish_change(c, out) : start_change(c, reason, out);
}

static enum err run_key_change(void *program, const struct cmd_line *line, struct out *out) {
  struct buf folder = {0};
  struct changing *c = mem_alloc(sizeof *c);
  c->h = program;
  c->folder = home_folder(line, &folder);
  enum err e = home_open_with_passphrase(c->h, line, &c->me);
  c->is_main = strcmp(c->h->person_file, HOME_PERSON_KEY) == 0;
  if (e == OK)
    e = go_on(c, cmd_value(line, "reason"), out);
  home_close(c->h);
  buf_release(&folder);
  free(c);
  return e;
}

/* ---- agency key ---- */

static enum err introduce_role_key(struct home *h, const struct author *me, const struct key *key, const char *reason) {
  struct buf text = {0};
  struct hash_hex agency = hash_hex(&me->agency);
  text_base64_encode(&text, key_spki(key));
  struct draft_value values[] = {{"agency", agency.s}, {"seal", buf_cstr(&text)}, {"reason", reason}};
  struct draft d = {kind_find(bytes_str("agency.key")), values, reason ? 3 : 2, NULL, 0};
  enum err e = write_alone(h, h->person, &d);
  buf_release(&text);
  return e;
}

static void print_role_key(struct home *h, const struct author *me, const struct key *key, const char *file,
                           struct out *out) {
  struct buf agency = {0};
  struct hash id = key_id(key);
  home_add_title(h, &me->agency, &agency);
  out_begin(out, NULL);
  out_field_bytes(out, "agency", buf_bytes(&agency));
  out_field(out, "fingerprint-of-the-role-key", hash_hex(&id).s);
  out_field(out, "file", file);
  out_end(out);
  buf_release(&agency);
}

static enum err run_agency_key(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct buf folder = {0};
  struct author me;
  struct key *key = NULL;
  const char *name = home_folder(line, &folder);
  enum err e = home_open_with_passphrase(h, line, &me);
  if (e == OK)
    e = home_make_key(name, "agency", buf_bytes(&h->passphrase), &key);
  if (e == OK)
    e = introduce_role_key(h, &me, key, cmd_value(line, "reason"));
  if (e == OK) {
    print_role_key(h, &me, key, NULL, out);
    out_say(out, "Kept on this machine under your passphrase. It counts after the next sync.");
    out_say(out, "Hand it to your deputy: cairn agency key export FILE");
  } else {
    home_unmake_key(name, "agency", key);
  }
  key_free(key);
  home_close(h);
  buf_release(&folder);
  return e;
}

/* ---- agency key export, import ---- */

struct finding_role_key {
  const char *folder;    /* the newest that has a file here; NULL: any */
  const struct hash *id; /* this entry's, or this key's; NULL: any */
  struct hash key;
  bool is_found;
};

static enum err find_role_key(void *of, const struct keyring_row *row) {
  struct finding_role_key *f = of;
  if ((f->id && !hash_equal(f->id, &row->entry) && !hash_equal(f->id, &row->seal)) ||
      (f->folder && !home_has_key(f->folder, "agency", &row->seal)))
    return OK;
  f->key = row->seal;
  f->is_found = true;
  return OK;
}

enum err home_ask_file_passphrase(const struct cmd_line *line, bool is_new, struct buf *out) {
  const char *file = cmd_value(line, "file-passphrase-file");
  struct cmd_value value = {"passphrase-file", file};
  struct cmd_line only = {line->cmd, &value, file ? 1 : 0};
  return folder_passphrase(&only, is_new ? "a passphrase for the file" : "the file's passphrase", is_new, out);
}

enum err home_load_role_key(struct home *h, const char *folder, const struct hash *id, struct key **out) {
  struct buf path = {0};
  char name[HOME_FILE_SIZE];
  home_key_name("agency", id, name, sizeof name);
  enum err e = key_load(folder_path(&path, folder, name), buf_bytes(&h->passphrase), out);
  buf_release(&path);
  return e == ERR_PASSPHRASE
             ? err_set_remedy(e, "--as NAME says who", "somebody else keeps the role key on this machine")
             : e;
}

static enum err run_export(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct buf folder = {0}, passphrase = {0};
  struct author me;
  struct hash wanted;
  struct key *key = NULL;
  const char *typed = cmd_value(line, "key"), *file = cmd_nth(line, "", 0);
  struct finding_role_key f = {.folder = home_folder(line, &folder)};
  enum err e = home_open_with_passphrase(h, line, &me);
  if (e == OK && typed)
    e = home_resolve(h, typed, "agency.key", &wanted);
  if (e == OK && typed)
    f.id = &wanted;
  if (e == OK)
    e = keyring_each(h->store, &me.agency, 0, &f, find_role_key);
  if (e == OK && !f.is_found)
    e = err_set_remedy(ERR_ABSENT, "cairn agency key makes one, cairn agency key import takes one over",
                       "there is no such role key of your agency on this machine");
  if (e == OK)
    e = home_load_role_key(h, f.folder, &f.key, &key);
  if (e == OK)
    e = home_ask_file_passphrase(line, true, &passphrase);
  if (e == OK)
    e = key_save(key, file, buf_bytes(&passphrase));
  if (e == OK) {
    print_role_key(h, &me, key, file, out);
    out_say(out, "Hand over the file and, by another way, its passphrase. There: cairn agency key import FILE");
  }
  buf_release_secret(&passphrase);
  key_free(key);
  home_close(h);
  buf_release(&folder);
  return e;
}

static enum err keep_role_key(struct home *h, const char *folder, const struct author *me, const struct key *key) {
  struct hash id = key_id(key);
  struct finding_role_key f = {.id = &id};
  struct buf path = {0};
  char name[HOME_FILE_SIZE];
  enum err e = keyring_each(h->store, &me->agency, 0, &f, find_role_key);
  if (e == OK && !f.is_found)
    e = err_set_remedy(ERR_REFUSED, "cairn sync, if it was made only now",
                       "this is not a role key of your agency, as far as is known here");
  if (e == OK && home_has_key(folder, "agency", &id))
    e = err_set(ERR_HAD, "this role key is kept on this machine already");
  home_key_name("agency", &id, name, sizeof name);
  if (e == OK)
    e = key_save(key, folder_path(&path, folder, name), buf_bytes(&h->passphrase));
  buf_release(&path);
  return e;
}

static enum err run_import(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct buf folder = {0}, passphrase = {0};
  struct author me;
  struct key *key = NULL;
  const char *file = cmd_nth(line, "", 0), *name = home_folder(line, &folder);
  enum err e = home_open_with_passphrase(h, line, &me);
  if (e == OK)
    e = home_ask_file_passphrase(line, false, &passphrase);
  if (e == OK)
    e = key_load(file, buf_bytes(&passphrase), &key);
  if (e == OK)
    e = keep_role_key(h, name, &me, key);
  if (e == OK) {
    print_role_key(h, &me, key, NULL, out);
    out_say(out, "Kept on this machine under your passphrase. The file is of no more use: remove it.");
  }
  buf_release_secret(&passphrase);
  key_free(key);
  home_close(h);
  buf_release(&folder);
  return e;
}

static const struct cmd_opt reason_opts[] = {
    {"reason", CMD_VALUE, "TEXT", "why"},
    {0},
};

static const struct cmd_opt export_opts[] = {
    {"key", CMD_VALUE, "ID", "an older one, by its entry (default: the newest that is kept here)"},
    {"file-passphrase-file", CMD_VALUE, "FILE", "the file's own passphrase (else it is asked for)"},
    {0},
};

static const struct cmd_opt import_opts[] = {
    {"file-passphrase-file", CMD_VALUE, "FILE", "the file's own passphrase (else it is asked for)"},
    {0},
};

const struct cmd home_key_commands[] = {
    {"key change", "", 0, 0, reason_opts, "new keys of your own in place of those you have",
     "Makes them and signs them with the old one. After a sync, once more: then they are used, and the old ones are\n"
     "revoked. If it is interrupted, do it again: it goes on where it stopped.",
     run_key_change},
    {"agency key", "", 0, 0, reason_opts, "a role key for your agency, which its designated lead keeps",
     "What concerns the agency as a whole is sealed to the newest one. Older ones are kept, for what was sealed to "
     "them.",
     run_agency_key},
    {"agency key export", "FILE", 1, 1, export_opts, "your agency's role key in a file, for a deputy or a successor",
     NULL, run_export},
    {"agency key import", "FILE", 1, 1, import_opts, "keep your agency's role key from such a file", NULL, run_import},
    {0},
};
