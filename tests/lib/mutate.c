#include "tests/lib/mutate.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cert.h"
#include "core/entry.h"
#include "core/kind.h"
#include "core/text.h"
#include "tests/lib/chance.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define FROM_S 1793491200  /* 2026-11-01 */
#define UNTIL_S 1951257600 /* 2031-11-01 */

uint64_t choose(struct choices *c, uint64_t n) {
  uint64_t v = 0;
  if (c->bytes.len == 0)
    return c->seed ? chance_draw(&c->seed) % n : 0;
  for (int i = 0; i < (n > 256 ? 2 : 1) && c->bytes.len > 0; i++) {
    v = v << 8 | c->bytes.at[0];
    c->bytes = bytes_of(c->bytes.at + 1, c->bytes.len - 1);
  }
  return v % n;
}

/* ---- entries about the directory that may stand in the place of another one ---- */

/* $N: the id of entry N; ^X: a key drawn; @role, @kind, @day: one of these. */
static const struct template {
  const char *kind, *lines, *audience, *content;
}
templates[] = {
    {"agency.add", "fact type police\n", "directory", "{\"name\":\"Police\"}"},
    {"invite.person", "ref agency $2\nfact role @role\nfact secret 1\nfact until @time\n", "directory",
     "{\"name\":\"Ben\"}"},
    {"invite.withdraw", "ref invitation $3\n", "directory", "{}"},
    {"person.add", "key seal ^\nkey sign ^\nref agency $2\nref invitation $3\n", "directory", "{\"name\":\"Cara\"}"},
    {"person.add", "key seal ^\nkey sign ^\nref agency $2\n", "directory", "{\"name\":\"Dan\"}"},
    {"person.key", "key seal ^\nkey sign ^\nref person $4\n", "directory", "{\"reason\":\"lost\"}"},
    {"replica.add", "key replica ^\nref agency $2\n", "directory", "{\"name\":\"another\"}"},
    {"agency.key", "key seal ^\nref agency $2\n", "directory", "{\"reason\":\"new\"}"},
    {"escrow.key", "key seal ^\nref agency $2\n", "directory", "{\"reason\":\"escrow\"}"},
    {"role.give", "ref person $4\nfact from @day\nfact role @role\n", "directory", "{}"},
    {"role.give", "ref person $4\nfact from @day\nfact role @role\nfact until @day\n", "directory", "{}"},
    {"role.take", "ref role $8\n", "directory", "{}"},
    {"key.revoke", "ref key $4\nfact why lost\n", "directory", "{}"},
    {"person.revoke", "ref person $4\nfact why left\n", "directory", "{}"},
    {"replica.revoke", "ref replica $5\nfact why lost\n", "directory", "{}"},
    {"agency.revoke", "ref agency $2\n", "directory", "{\"reason\":\"closed\"}"},
    {"two-persons.require", "fact kind @kind\n", "directory", "{\"reason\":\"two\"}"},
    {"staff.bar", "child $8\nref person $4\n", "case", "{\"reason\":\"kin\"}"},
    {"staff.bar", "child $9\nref person $4\n", "case", "{\"reason\":\"kin\"}"},
    {"staff.unbar", "child $8\nref bar $9\n", "case", "{\"reason\":\"over\"}"},
    {"held.release", "ref hold $12\n", "named\nto $4", "{\"reason\":\"let it\"}"},
    {"log.keys", "key operating ^\n", "directory", "{\"reason\":\"turn\"}"},
    {"child.add", "", "case", "{\"name\":\"Ava\"}"},
    {"child.change", "child $8\nbase $8\n", "case", "{\"name\":\"Eve\"}"},
};

static const char *const roles[] = {"practitioner", "officer", "keeper", "administrator", "chair", "manager", "node"};
static const char *const kind_words[] = {"role.give", "role.give:officer", "person.add", "replica.add", "child.add"};
static const char *const days[] = {"2026-11-20", "2026-11-21", "2026-11-24", "2026-11-25", "2027-01-01"};
static const char *const times[] = {"2026-11-21T10:00:00Z", "2026-11-21T10:05:00Z", "2026-11-25T15:00:00Z",
                                    "2026-10-01T00:00:00Z", "2031-11-01T00:00:01Z", "2026-11-31T00:00:00Z",
                                    "2026-11-25T24:00:00Z"};
static const char *const audiences[] = {"directory", "register", "case", "professionals", "named", "restricted"};

#define ONE_OF(c, words) ((words)[choose(c, COUNT(words))])

static void salt_of(const char *content, uint8_t salt[16]) {
  struct hash h = hash_of(bytes_str(content));
  memcpy(salt, h.at, 16);
}

static struct hash commit(const char *content) {
  uint8_t salt[16];
  salt_of(content, salt);
  return entry_commitment(salt, bytes_str(content));
}

const char *mutate_content(const struct hash *commitment, uint8_t salt[16]) {
  for (int i = 1; i <= LEDGER_ENTRIES; i++) {
    const char *content = ledger_content(i);
    ledger_salt(i, salt);
    struct hash h = content ? entry_commitment(salt, bytes_str(content)) : (struct hash){{0}};
    if (content && hash_equal(&h, commitment))
      return content;
  }
  for (size_t i = 0; i < COUNT(templates); i++) {
    struct hash h = commit(templates[i].content);
    salt_of(templates[i].content, salt);
    if (hash_equal(&h, commitment))
      return templates[i].content;
  }
  return NULL;
}

/* ---- texts ---- */

static void set(struct buf *b, struct bytes text) {
  buf_clear(b);
  buf_add(b, text);
}

/* What stands from `at` on for `len` bytes becomes `to`. */
static void splice(struct buf *b, size_t at, size_t len, struct bytes to) {
  struct buf out = {0};
  buf_add(&out, bytes_of(b->at, at));
  buf_add(&out, to);
  buf_add(&out, bytes_of(b->at + at + len, b->len - at - len));
  buf_release(b);
  *b = out;
}

static struct bytes line_at(const struct buf *b, size_t start) {
  const uint8_t *end = memchr(b->at + start, '\n', b->len - start);
  return bytes_of(b->at + start, end ? (size_t)(end + 1 - b->at) - start : b->len - start);
}

/* The start of a line drawn. */
static size_t draw_line(const struct buf *b, struct choices *c) {
  size_t count = 0, start = 0;
  for (size_t i = 0; i < b->len; i++)
    count += b->at[i] == '\n';
  for (uint64_t n = count ? choose(c, count) : 0; n > 0; n--)
    start += line_at(b, start).len;
  return start;
}

static void flip(struct buf *b, struct choices *c) {
  if (b->len == 0)
    return;
  size_t at = (size_t)choose(c, b->len);
  b->at[at] ^= (uint8_t)(1 << choose(c, 8));
}

static void edit_line(struct buf *b, const struct buf *other, struct choices *c) {
  size_t at = draw_line(b, c);
  struct bytes line = line_at(b, at);
  struct buf two = {0};
  switch (choose(c, 5)) {
  case 0: splice(b, at, line.len, bytes_of(NULL, 0)); break;
  case 1: buf_add(&two, line), splice(b, at, 0, buf_bytes(&two)); break;
  case 2:
    if (at + line.len < b->len) {
      struct bytes next = line_at(b, at + line.len);
      buf_add(&two, next), buf_add(&two, line);
      splice(b, at, line.len + next.len, buf_bytes(&two));
    }
    break;
  case 3: buf_add(&two, line_at(other, draw_line(other, c))), splice(b, at, 0, buf_bytes(&two)); break;
  case 4: buf_add(&two, line_at(other, draw_line(other, c))), splice(b, at, line.len, buf_bytes(&two)); break;
  }
  buf_release(&two);
}

/* A number in the text becomes another one. */
static void edit_number(struct buf *b, struct choices *c) {
  static const char *const numbers[] = {"0", "1", "2", "01", "1024", "1025", "9007199254740992", "-1"};
  size_t from = b->len ? (size_t)choose(c, b->len) : 0, n = 0;
  while (from < b->len && !(isdigit(b->at[from]) && (from == 0 || b->at[from - 1] == ' ')))
    from++;
  while (from + n < b->len && isdigit(b->at[from + n]))
    n++;
  if (n)
    splice(b, from, n, bytes_str(ONE_OF(c, numbers)));
}

static void edit_text(struct buf *b, const struct buf *other, struct choices *c) {
  switch (choose(c, 3)) {
  case 0: flip(b, c); break;
  case 1: edit_line(b, other, c); break;
  case 2: edit_number(b, c); break;
  }
}

/* ---- headers ---- */

static void add_id(const struct ledger *l, struct choices *c, struct buf *out) {
  if (choose(c, 4) == 0)
    buf_add_str(out, l->ids[choose(c, WHO_COUNT)]);
  else
    buf_add_str(out, ledger_id(l, 1 + (int)choose(c, LEDGER_ENTRIES)).s);
}

static enum ledger_who draw_who(struct choices *c) {
  return (enum ledger_who)choose(c, WHO_COUNT);
}

static void add_cert(const struct ledger *l, struct choices *c, int subject_entry, enum ledger_who whose,
                     struct buf *out) {
  static const int64_t begins[] = {FROM_S, 1795255500, 1795255501}, ends[] = {UNTIL_S, 1795255500, 1795255499};
  struct buf der = {0}, own = {0};
  struct hash subject;
  struct ledger_id id = ledger_id(l, subject_entry);
  enum ledger_who certifier = choose(c, 8) == 0 ? draw_who(c) : WHO_AUTHORITY;
  if (choose(c, 4) == 0)
    whose = draw_who(c);
  enum cert_use use = (whose == WHO_REPLICA) != (choose(c, 8) == 1) ? CERT_REPLICA : CERT_PERSON;
  int64_t from_s = choose(c, 2) ? FROM_S : ONE_OF(c, begins), until_s = choose(c, 2) ? UNTIL_S : ONE_OF(c, ends);
  if (certifier != WHO_AUTHORITY)
    cert_make_authority(l->keys[certifier], "test", FROM_S, UNTIL_S, &own);
  /* Where none can be made, of times that do not go together, none is there. */
  hash_parse(bytes_str(id.s), &subject);
  cert_issue(l->keys[certifier], buf_bytes(own.len ? &own : &l->authority_cert), l->keys[whose], use, &subject, NULL,
             from_s, until_s, &der);
  if (choose(c, 8) == 0)
    flip(&der, c);
  text_base64_encode(out, buf_bytes(&der));
  buf_release(&own);
  buf_release(&der);
}

/* What may stand behind this word; false if nothing is known. */
static bool add_value(const struct ledger *l, struct bytes line, struct choices *c, struct buf *out) {
  struct bytes rest = line, word, name = {0};
  if (!text_split(&rest, ' ', &word) || bytes_equal_str(word, "content") || bytes_equal_str(word, "cairn"))
    return false;
  buf_add(out, word);
  buf_u8(out, ' ');
  if (bytes_equal_str(word, "by")) {
    buf_add_str(out, l->ids[draw_who(c)]);
  } else if (bytes_equal_str(word, "kind")) {
    size_t count = 0;
    while (kind_at(count))
      count++;
    buf_add_str(out, kind_at((size_t)choose(c, count))->name);
  } else if (bytes_equal_str(word, "at")) {
    buf_add_str(out, ONE_OF(c, times));
  } else if (bytes_equal_str(word, "audience")) {
    buf_add_str(out, ONE_OF(c, audiences));
  } else if (bytes_equal_str(word, "child") || bytes_equal_str(word, "to")) {
    add_id(l, c, out);
  } else if (bytes_equal_str(word, "cert")) {
    add_cert(l, c, 1 + (int)choose(c, 7), choose(c, 2) ? WHO_PERSON : WHO_REPLICA, out);
  } else if (text_split(&rest, ' ', &name)) {
    buf_add(out, name);
    buf_u8(out, ' ');
    if (bytes_equal_str(word, "key"))
      buf_add(out, buf_bytes(&l->spki[draw_who(c)]));
    else if (bytes_equal_str(word, "ref"))
      add_id(l, c, out);
    else if (bytes_equal_str(name, "role"))
      buf_add_str(out, ONE_OF(c, roles));
    else if (bytes_equal_str(name, "until") && rest.len > 11)
      buf_add_str(out, ONE_OF(c, times));
    else if (bytes_equal_str(name, "until") || bytes_equal_str(name, "from"))
      buf_add_str(out, ONE_OF(c, days));
    else
      buf_add_str(out, "other");
  } else {
    return false;
  }
  buf_u8(out, '\n');
  return true;
}

static void edit_value(const struct ledger *l, struct buf *b, struct choices *c) {
  size_t at = draw_line(b, c);
  struct bytes line = line_at(b, at);
  struct buf out = {0};
  if (line.len > 1 && add_value(l, bytes_of(line.at, line.len - 1), c, &out))
    splice(b, at, line.len, buf_bytes(&out));
  buf_release(&out);
}

static void expand(const struct ledger *l, const char *lines, struct choices *c, struct buf *out) {
  while (*lines) {
    size_t n = strspn(lines + 1, "abcdefghijklmnopqrstuvwxyz0123456789");
    switch (*lines) {
    case '$': buf_add_str(out, ledger_id(l, atoi(lines + 1)).s); break;
    case '^': buf_add(out, buf_bytes(&l->spki[draw_who(c)])); break;
    case '@':
      buf_add_str(out, n == 4 && lines[1] == 'r'   ? ONE_OF(c, roles)
                       : n == 4 && lines[1] == 'k' ? ONE_OF(c, kind_words)
                       : n == 4                    ? ONE_OF(c, times)
                                                   : ONE_OF(c, days));
      break;
    default: buf_u8(out, (uint8_t)*lines); n = 0;
    }
    lines += 1 + n;
  }
}

static void write_template(const struct ledger *l, enum ledger_who by, struct choices *c, struct buf *b) {
  const struct template *t = &templates[choose(c, COUNT(templates))];
  struct hash content = commit(t->content);
  buf_clear(b);
  buf_addf(b, "cairn entry 1\nkind %s\nby %s\nat 2026-11-21T09:59:30Z\n", t->kind, l->ids[by]);
  expand(l, t->lines, c, b);
  buf_add_str(b, "audience ");
  expand(l, t->audience, c, b);
  buf_addf(b, "\nmedia application/json\ncontent %s\n", hash_hex(&content).s);
}

/* ---- what hangs together ---- */

/* The certificates that were for the entry are for it as it is now. */
static void certify_again(struct ledger *l, int entry, struct choices *c) {
  struct ledger_id id = ledger_id(l, entry);
  enum ledger_who whose = entry == 5 ? WHO_REPLICA : WHO_PERSON;
  struct buf line = {0};
  for (int i = entry + 1; i <= LEDGER_ENTRIES; i++) {
    struct buf *b = &l->headers[i];
    uint8_t *at = b->len ? memmem(b->at, b->len, "\ncert ", 6) : NULL;
    if (at == NULL || memmem(b->at, b->len, id.s, 64) == NULL)
      continue;
    struct choices as_before = {{0}};
    size_t start = (size_t)(at - b->at) + 1;
    buf_clear(&line);
    buf_add_str(&line, "cert ");
    add_cert(l, choose(c, 4) ? &as_before : c, entry, whose, &line);
    buf_u8(&line, '\n');
    splice(b, start, line_at(b, start).len, buf_bytes(&line));
  }
  buf_release(&line);
}

/* Whatever named the entry names it as it is now. */
static void follow(struct ledger *l, int entry, const struct ledger_id *before, struct choices *c) {
  struct ledger_id ids[LEDGER_ENTRIES + 1];
  for (int i = 1; i <= LEDGER_ENTRIES; i++)
    ids[i] = ledger_id(l, i);
  ids[entry] = *before;
  for (int from = entry; from < LEDGER_ENTRIES; from++) {
    struct ledger_id now = ledger_id(l, from);
    if (memcmp(now.s, ids[from].s, 64) == 0)
      continue;
    for (int i = from + 1; i <= LEDGER_ENTRIES; i++) {
      struct buf *b = &l->headers[i];
      uint8_t *at;
      while (b->len && (at = memmem(b->at, b->len, ids[from].s, 64)) != NULL)
        memcpy(at, now.s, 64);
    }
    certify_again(l, from, c);
  }
}

static void publish(struct ledger *l) {
  ledger_publish(l, LEDGER_ENTRIES);
}

/* Whose key the header says that it is by. */
static enum ledger_who author_of(const struct ledger *l, const struct ledger_act *a) {
  const struct buf *b = &l->headers[a->first];
  const uint8_t *at = b->len ? memmem(b->at, b->len, "\nby ", 4) : NULL;
  for (int i = 0; at && b->len - (size_t)(at - b->at) >= 68 && i < WHO_COUNT; i++)
    if (memcmp(at + 4, l->ids[i], 64) == 0)
      return (enum ledger_who)i;
  return a->by;
}

/* ---- the mutations ---- */

static void change_headers(struct ledger *l, struct ledger_act *a, struct choices *c) {
  for (uint64_t n = 1 + choose(c, 2); n > 0; n--) {
    int entry = a->first + (int)choose(c, (uint64_t)(a->last - a->first + 1));
    struct buf *b = &l->headers[entry];
    struct ledger_id before = ledger_id(l, entry);
    switch (choose(c, 6)) {
    case 0: flip(b, c); break;
    case 1: edit_line(b, &l->headers[1 + choose(c, LEDGER_ENTRIES)], c); break;
    default: edit_value(l, b, c);
    }
    if (choose(c, 2))
      follow(l, entry, &before, c);
  }
  if (choose(c, 4))
    a->by = author_of(l, a);
  ledger_sign(l);
  publish(l);
}

static void change_entry(struct ledger *l, struct ledger_act *a, struct choices *c) {
  int entry = a->first + (int)choose(c, (uint64_t)(a->last - a->first + 1));
  struct ledger_id before = ledger_id(l, entry);
  a->by = choose(c, 8) == 0 ? draw_who(c) : choose(c, 2) ? WHO_OPERATING : WHO_PERSON;
  write_template(l, a->by, c, &l->headers[entry]);
  if (choose(c, 2))
    follow(l, entry, &before, c);
  ledger_sign(l);
  publish(l);
}

static void join_acts(struct ledger *l, struct ledger_act *a) {
  size_t place = (size_t)(a - l->acts);
  if (place + 1 == l->act_count)
    return;
  a->last = a[1].last;
  memmove(a + 1, a + 2, (l->act_count - place - 2) * sizeof *a);
  l->act_count--;
}

static void part_act(struct ledger *l, struct ledger_act *a) {
  size_t place = (size_t)(a - l->acts);
  if (a->first == a->last || l->act_count == LEDGER_ACTS_MAX)
    return;
  memmove(a + 1, a, (l->act_count - place) * sizeof *a);
  l->act_count++;
  a->last = a->first;
  a[1].first = a->first + 1;
}

static void change_act(struct ledger *l, struct ledger_act *a, struct choices *c) {
  switch (choose(c, 6)) {
  case 0: a->by = draw_who(c); break;
  case 1: a->replica = draw_who(c); break;
  case 2: a->admitted = ONE_OF(c, times); break;
  case 3: a->is_headed = !a->is_headed; break;
  case 4: join_acts(l, a); break;
  case 5: part_act(l, a); break;
  }
  ledger_sign(l);
  publish(l);
}

/* The file alone; the checkpoint stays. */
static void write_file(struct ledger *l) {
  buf_clear(&l->file);
  for (int i = 1; i <= LEDGER_ENTRIES; i++) {
    buf_add(&l->file, buf_bytes(&l->leaves[i]));
    buf_add_str(&l->file, "\n");
  }
}

static void change_leaf(struct ledger *l, const struct ledger_act *a, struct choices *c) {
  int entry = a->first + (int)choose(c, (uint64_t)(a->last - a->first + 1));
  edit_text(&l->leaves[entry], &l->leaves[1 + choose(c, LEDGER_ENTRIES)], c);
  if (choose(c, 2))
    publish(l);
  else
    write_file(l);
}

/* Leaves that come again, are gone, or in another order. */
static void change_file(struct ledger *l, const struct ledger_act *a, struct choices *c) {
  size_t from = 0, rest;
  for (int i = 1; i < a->first; i++)
    from += l->leaves[i].len + 1;
  rest = l->file.len - from;
  struct buf part = {0};
  int other = a->first + (int)choose(c, (uint64_t)(LEDGER_ENTRIES - a->first + 1));
  buf_add(&part, buf_bytes(&l->leaves[other]));
  buf_add_str(&part, "\n");
  switch (choose(c, 5)) {
  case 0: l->file.at[from + choose(c, rest)] ^= (uint8_t)(1 << choose(c, 8)); break;
  case 1: splice(&l->file, from, l->leaves[a->first].len + 1, bytes_of(NULL, 0)); break;
  case 2: splice(&l->file, from, 0, buf_bytes(&part)); break;
  case 3: splice(&l->file, from, l->leaves[a->first].len + 1, buf_bytes(&part)); break;
  case 4: l->file.len = from + choose(c, rest); break;
  }
  buf_release(&part);
}

static void change_note(struct ledger *l, struct choices *c) {
  struct buf text = {0}, der = {0}, blob = {0};
  uint8_t *end = memmem(l->note.at, l->note.len, "\n\n", 2);
  struct hash id = key_id(l->keys[WHO_LEDGER]);
  if (choose(c, 2) || end == NULL) {
    edit_text(&l->note, &l->note, c);
    return;
  }
  buf_add(&text, bytes_of(l->note.at, (size_t)(end + 1 - l->note.at)));
  edit_text(&text, &l->note, c);
  if (key_sign(l->keys[choose(c, 8) ? WHO_LEDGER : draw_who(c)], buf_bytes(&text), &der) != OK)
    abort();
  buf_add(&blob, bytes_of(id.at, 4));
  buf_add(&blob, buf_bytes(&der));
  set(&l->note, buf_bytes(&text));
  buf_add_str(&l->note, "\n\xe2\x80\x94 " LEDGER_ORIGIN " ");
  text_base64_encode(&l->note, buf_bytes(&blob));
  buf_add_str(&l->note, "\n");
  buf_release(&text);
  buf_release(&der);
  buf_release(&blob);
}

void mutate(struct ledger *l, size_t act, struct choices *c) {
  if (act >= l->act_count) {
    change_note(l, c);
    return;
  }
  struct ledger_act *a = &l->acts[act];
  switch (choose(c, 8)) {
  case 0:
  case 1: change_headers(l, a, c); break;
  case 2: change_entry(l, a, c); break;
  case 3: change_act(l, a, c); break;
  case 4:
  case 5: change_leaf(l, a, c); break;
  case 6:
  case 7: change_file(l, a, c); break;
  }
}

void mutate_begin(struct ledger *l, const struct ledger *honest) {
  *l = *honest;
  l->file = l->note = (struct buf){0};
  set(&l->file, buf_bytes(&honest->file));
  set(&l->note, buf_bytes(&honest->note));
  for (int i = 0; i <= LEDGER_ENTRIES; i++) {
    l->headers[i] = l->leaves[i] = (struct buf){0};
    set(&l->headers[i], buf_bytes(&honest->headers[i]));
    set(&l->leaves[i], buf_bytes(&honest->leaves[i]));
  }
}

void mutate_end(struct ledger *l) {
  for (int i = 0; i <= LEDGER_ENTRIES; i++) {
    buf_release(&l->headers[i]);
    buf_release(&l->leaves[i]);
  }
  buf_release(&l->file);
  buf_release(&l->note);
}
