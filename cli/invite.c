#include "cli/invite.h"

#include <string.h>

#include "cli/code.h"
#include "core/directory.h"

#define INVITATION_DAYS 7
#define DAYS_MAX 60
#define DAY_S 86400

static enum err read_roles(const struct cmd_line *line, struct buf *roles) {
  const char *role, *trained = cmd_value(line, "trained");
  if (trained && !text_is_date(bytes_str(trained)))
    return err_set(ERR_USAGE, "--trained takes a date that exists, as 2026-03-01: \"%s\"", trained);
  for (size_t i = 0; (role = cmd_nth(line, "role", i)); i++) {
    enum err e = code_check_in("invite.person", "role", role);
    if (e != OK)
      return e;
    bool is_minute_taker = strcmp(role, role_word(ROLE_MINUTE_TAKER)) == 0;
    if (is_minute_taker && trained == NULL)
      return err_set(ERR_USAGE, "--trained is needed for a minute-taker: the day of training (R-133)");
    buf_addf(roles, "%s%s%s%s", i ? " " : "", role, is_minute_taker ? ":" : "", is_minute_taker ? trained : "");
  }
  return roles->len ? OK : err_set(ERR_USAGE, "--role is needed at least once");
}

static enum err read_until(const struct cmd_line *line, int64_t now_s, int64_t *until_s_out) {
  const char *days = cmd_value(line, "days"), *until = cmd_value(line, "until");
  uint64_t count = INVITATION_DAYS;
  if (days && until)
    return err_set(ERR_USAGE, "either --days or --until, not both");
  if (until && (text_time_parse(bytes_str(until), until_s_out) != OK || *until_s_out <= now_s))
    return err_set(ERR_USAGE, "--until takes a time to come, as 2026-12-01T17:00:00Z: \"%s\"", until);
  if (until)
    return *until_s_out - now_s <= DAYS_MAX * DAY_S
               ? OK
               : err_set(ERR_USAGE, "--until: an invitation holds for at most %d days: \"%s\"", DAYS_MAX, until);
  if (days && (text_number(bytes_str(days), &count) != OK || count < 1 || count > DAYS_MAX))
    return err_set(ERR_USAGE, "--days takes 1 to %d: \"%s\"", DAYS_MAX, days);
  *until_s_out = now_s + (int64_t)count * DAY_S;
  return OK;
}

enum err invite_read(const struct cmd_line *line, int64_t now_s, struct buf *roles, struct join_invite *out) {
  struct join_invite i = {.person = cmd_value(line, "person"), .post = cmd_value(line, "post")};
  enum err e = i.person ? read_roles(line, roles) : err_set(ERR_USAGE, "--person is needed: their name");
  if (e == OK)
    e = read_until(line, now_s, &i.until_s);
  if (e == OK) {
    i.roles = buf_cstr(roles);
    *out = i;
  }
  return e;
}

void invite_print(const struct join_token *token, const struct join_invite *i, const char *sentence, struct out *out) {
  struct buf text = {0};
  join_token_format(&text, token);
  out_begin(out, NULL);
  out_field(out, "token", buf_cstr(&text));
  out_field(out, "person", i->person);
  out_field(out, "until", text_time_format(i->until_s).s);
  out_end(out);
  out_say(out, "%s", sentence);
  out_say(out,
          "It works once. Hand it over safely: whoever has it can join as this person. On their machine: cairn join "
          "TOKEN");
  buf_release(&text);
}

struct listing {
  struct store *s;
  struct out *out;
};

static void print_hash(struct out *out, const char *name, const struct hash *h) {
  out_field(out, name, hash_is_zero(h) ? NULL : hash_hex(h).s);
}

static enum err print_invitation(void *of, const struct invitation *i) {
  const struct listing *l = of;
  struct buf by = {0};
  directory_name(l->s, &i->by, &by);
  out_begin(l->out, NULL);
  out_field_id(l->out, "invitation", hash_hex(&i->id).s);
  out_field(l->out, "state", i->is_pending ? "not accepted yet" : invitation_state_word(i->state));
  out_field_bytes(l->out, "person", buf_bytes(&i->name));
  out_field_bytes(l->out, "agency", buf_bytes(&i->agency_name));
  out_field_bytes(l->out, "roles", buf_bytes(&i->roles));
  out_field_bytes(l->out, "until", buf_bytes(&i->until));
  out_field_bytes(l->out, "by", buf_bytes(&by));
  print_hash(l->out, "fingerprint-of-their-key", &i->key);
  print_hash(l->out, "fingerprint-of-their-machine", &i->machine);
  out_end(l->out);
  buf_release(&by);
  return OK;
}

enum err invite_list(struct store *s, int64_t now_s, struct out *out) {
  struct listing l = {s, out};
  out_table_begin(out, NULL, "Nobody was invited.");
  enum err e = invitation_each(s, now_s, &l, print_invitation);
  out_table_end(out);
  return e;
}
