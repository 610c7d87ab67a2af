#include "tests/lib/differential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/verify.h"
#include "core/accept.h"
#include "core/directory.h"
#include "core/json.h"
#include "core/kind.h"
#include "core/merkle.h"
#include "core/note.h"
#include "core/recheck_parts.h"
#include "tests/lib/world.h"

struct differential {
  struct ledger honest;
  char *vkey;
  struct note_vkey known;
  char folder[32], path[48];
  struct store *store;
  size_t level; /* acts of the honest ledger that are in the store */
};

/* ---- the auditor ---- */

/* Findings about who still counts, at entries that only the node judges when it admits them. */
static bool is_for_door(const struct ledger *l, const struct verify_finding *f) {
  struct entry e;
  if (f->code == VERIFY_A_BARRED)
    return true;
  if (f->code != VERIFY_A_REVOKED && f->code != VERIFY_A_VALIDITY)
    return false;
  if (f->entry < 1 || f->entry > LEDGER_ENTRIES || entry_decode(buf_bytes(&l->headers[f->entry]), &e) != OK)
    return false;
  const struct kind *k = kind_find(e.kind);
  return k == NULL || (k->audience != AUDIENCE_DIRECTORY && !k->is_witnessed);
}

static bool is_in(const struct buf *text, const char *words) {
  return text->len && memmem(text->at, text->len, words, strlen(words)) != NULL;
}

/* Of completeness the node's own code judges this alone: who signed a position is no machine with a certificate. Where
 * nobody signed it, only the auditor asks whose chain it is, and tells of a chain once, the node of each signature. A
 * gap or a break in a chain of acts stops a replica before anything else is judged; what became of acts that were
 * refused or held it is told by the node, and believes. */
static bool is_signed_by_none(const struct ledger *l, const struct verify_finding *f, const struct opinion *node) {
  char key[9], position[32], fact[32], words[64];
  if (f->code != VERIFY_M_MACHINE || f->entry < 1 || f->entry > LEDGER_ENTRIES ||
      sscanf(f->sentence, "the key %8[0-9a-f], in whose chain an act stands", key) != 1)
    return false;
  snprintf(words, sizeof words, "no certificate of the machine %s", key);
  if (strstr(node->words, words))
    return true;
  const struct buf *leaf = &l->leaves[f->entry];
  snprintf(position, sizeof position, "\nposition %s", key);
  snprintf(fact, sizeof fact, "\nfact replica %s", key);
  return (is_in(leaf, position) && is_in(leaf, "\nhead ")) || (is_in(leaf, fact) && is_in(leaf, "\nfact head "));
}

static void judge_by_auditor(const struct differential *d, const struct ledger *l, struct opinions *both) {
  struct opinion *out = &both->auditor;
  const char *why;
  size_t len = 0;
  struct verify *v = verify_new(&(struct verify_facts){.vkey = d->vkey}, &why);
  verify_leaves(v, l->file.at, l->file.len);
  verify_checkpoint(v, l->note.at, l->note.len);
  const struct verify_result *r = verify_end(v);
  *out = (struct opinion){.accepts = true};
  both->is_for_door = true;
  for (size_t i = 0; i < r->finding_count; i++) {
    const struct verify_finding *f = &r->findings[i];
    enum verify_subject subject = verify_code_subject(f->code);
    if (subject != VERIFY_INTEGRITY && subject != VERIFY_AUTHORSHIP && subject != VERIFY_ANCHORING &&
        !is_signed_by_none(l, f, &both->node))
      continue;
    out->accepts = false;
    both->is_for_door = both->is_for_door && is_for_door(l, f);
    if (len < sizeof out->words)
      len += (size_t)snprintf(out->words + len, sizeof out->words - len, "%s%s %llu %s", len ? "; " : "",
                              verify_code_text(f->code), (unsigned long long)f->entry, f->sentence);
  }
  verify_free(v);
}

/* ---- the node's own code: leaves as the texts of core/act.h, acts through the door ---- */

struct taking {
  struct store *store;
  struct opinion *out;
  struct bytes rest; /* of the file */
  struct merkle tree;
  char admitted[TEXT_TIME_SIZE + 1];
};

static bool refuse(struct opinion *out, const char *what, enum err e) {
  out->accepts = false;
  snprintf(out->words, sizeof out->words, "%.60s: %s: %.400s", what, err_text(e), e == OK ? "" : err_words(e));
  return false;
}

/* Cut into fields here; that they are written as they must be is seen when the leaf is written again. */
struct read_leaf {
  struct bytes text, admitted, act, header;
  struct position position;
  uint64_t number, index, size;
  struct buf signature, head;
};

static void read_leaf_release(struct read_leaf *l) {
  buf_release(&l->signature);
  buf_release(&l->head);
}

static bool read_position(struct bytes text, struct position *out) {
  struct bytes replica, number;
  return text_split(&text, ' ', &replica) && text_split(&text, ' ', &number) &&
         hash_parse(replica, &out->replica) == OK && text_number(number, &out->number) == OK &&
         hash_parse(text, &out->previous) == OK;
}

static bool read_fields(struct reader *r, struct read_leaf *l) {
  struct bytes act, index;
  reader_expect(r, "cairn leaf 1\n");
  bool is_good = text_number(text_field(r, "number"), &l->number) == OK;
  l->admitted = text_field(r, "admitted");
  act = text_field(r, "act");
  is_good = is_good && text_split(&act, ' ', &l->act) && text_split(&act, ' ', &index) &&
            text_number(index, &l->index) == OK && text_number(act, &l->size) == OK;
  if (is_good && l->index == 0) {
    is_good = text_base64_decode(text_field(r, "signature"), &l->signature) == OK &&
              read_position(text_field(r, "position"), &l->position);
    if (is_good && text_next_is(r, "head"))
      is_good = text_base64_decode(text_field(r, "head"), &l->head) == OK && l->head.len > 0;
  }
  l->header = r->rest;
  return is_good && r->err == OK;
}

/* The next leaf of the file. */
static bool next_leaf(struct taking *t, struct read_leaf *l) {
  const uint8_t *end = t->rest.len ? memmem(t->rest.at, t->rest.len, "\n\n", 2) : NULL;
  if (end == NULL)
    return refuse(t->out, "the file does not end with a leaf", OK);
  l->text = bytes_of(t->rest.at, (size_t)(end + 1 - t->rest.at));
  t->rest = bytes_of(end + 2, t->rest.len - l->text.len - 1);
  struct reader r = reader_of(l->text);
  return read_fields(&r, l) || refuse(t->out, "a leaf cannot be read", OK);
}

static void find_content(struct act_entry *e) {
  struct entry entry;
  const char *content = entry_decode(e->header, &entry) == OK ? mutate_content(&entry.content, e->salt) : NULL;
  e->content = bytes_str(content);
  e->is_erased = content == NULL;
  if (content == NULL)
    memset(e->salt, 0, sizeof e->salt);
}

static bool write_again(struct taking *t, const struct read_leaf *leaves, uint32_t i, struct position *p,
                        uint64_t first) {
  struct buf text = {0};
  struct leaf leaf = {.number = first + i,
                      .admitted = leaves[0].admitted,
                      .position = p,
                      .index = i,
                      .size = (uint32_t)leaves[0].size,
                      .signature = buf_bytes(&leaves[0].signature),
                      .head = buf_bytes(&leaves[0].head),
                      .header = leaves[i].header};
  leaf_format(&text, &leaf);
  struct hash h = merkle_leaf(buf_bytes(&text));
  bool is_same = bytes_equal(buf_bytes(&text), leaves[i].text) && merkle_push(&t->tree, &h, 0) == OK;
  buf_release(&text);
  return is_same || refuse(t->out, "a leaf is not what its act says", OK);
}

static bool take_act(struct taking *t, const struct read_leaf *leaves, struct act_entry *entries) {
  struct verdict v;
  struct act_text text;
  const struct read_leaf *l = &leaves[0];
  uint64_t first = t->tree.size + 1;
  for (uint32_t i = 0; i < l->size; i++) {
    entries[i] = (struct act_entry){.index = i, .header = leaves[i].header};
    find_content(&entries[i]);
  }
  enum err e = act_text_of(entries, l->size, &text);
  if (e != OK)
    return refuse(t->out, "an act has no text", e);
  struct position p = l->position;
  p.act = act_id(&text);
  for (uint32_t i = 0; i < l->size; i++)
    if (!write_again(t, leaves, i, &p, first))
      return false;
  struct accept_act in = {.how = ACCEPT_TAKE,
                          .entries = entries,
                          .count = l->size,
                          .size = (uint32_t)l->size,
                          .signature = buf_bytes(&l->signature),
                          .replica = p.replica,
                          .position = p.number,
                          .previous = p.previous,
                          .head = buf_bytes(&l->head),
                          .first = first,
                          .admitted = l->admitted};
  e = accept_act(t->store, &in, &v);
  if (e != OK)
    return refuse(t->out, "an act is not taken", e);
  if (v.code != VERDICT_ACCEPTED)
    return refuse(t->out, v.words, OK);
  memcpy(t->admitted, l->admitted.at, TEXT_TIME_SIZE);
  return true;
}

/* The leaves of the next act. */
static bool next_act(struct taking *t) {
  static struct read_leaf leaves[LEDGER_ENTRIES + 1];
  static struct act_entry entries[LEDGER_ENTRIES + 1];
  memset(leaves, 0, sizeof leaves);
  bool is_good = next_leaf(t, &leaves[0]);
  if (is_good && (leaves[0].index != 0 || leaves[0].size == 0 || leaves[0].size > LEDGER_ENTRIES))
    is_good = refuse(t->out, "no act begins here", OK);
  for (uint64_t i = 1; is_good && i < leaves[0].size; i++)
    is_good = next_leaf(t, &leaves[i]);
  is_good = is_good && take_act(t, leaves, entries);
  for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
    read_leaf_release(&leaves[i]);
  return is_good;
}

/* As a replica opens one (sync/exchange_replica.c), of a ledger of which it has everything. */
static bool take_checkpoint(struct taking *t, const struct note_vkey *known, struct bytes note) {
  struct note_vkey vkey;
  struct bytes text;
  struct checkpoint c;
  struct hash root = merkle_root(&t->tree);
  enum err e = directory_vkey(t->store, t->tree.size, &vkey);
  if (e == OK && (strcmp(vkey.name, known->name) != 0 || vkey.public_key_len != known->public_key_len ||
                  memcmp(vkey.public_key, known->public_key, known->public_key_len) != 0))
    return refuse(t->out, "the ledger has another key than is known", OK);
  if (e == OK)
    e = note_open(note, &vkey, &text);
  if (e == OK)
    e = checkpoint_parse(text, &c);
  if (e != OK)
    return refuse(t->out, "the checkpoint cannot be opened", e);
  if (strcmp(c.origin, vkey.name) != 0 || c.size != t->tree.size || !hash_equal(&c.root, &root))
    return refuse(t->out, "the checkpoint is not of these leaves", OK);
  e = store_checkpoint_add(t->store, c.size, &c.root, note);
  return e == OK || refuse(t->out, "the checkpoint cannot be kept", e);
}

static void note_finding(void *of, const struct recheck_finding *f) {
  struct opinion *out = of;
  out->accepts = false;
  snprintf(out->words, sizeof out->words, "%s %llu: %s", recheck_word(f->about), (unsigned long long)f->number,
           f->words);
}

/* By the views as they are. */
static void check_again(struct taking *t) {
  struct recheck_result result = {0};
  const struct recheck r = {.store = t->store, .of = t->out, .found = note_finding};
  struct checking c;
  checking_init(&c, &r, &result);
  enum err e = recheck_acts(&c);
  if (e != OK)
    refuse(t->out, "it cannot be checked again", e);
  checking_release(&c);
  if (t->out->accepts && result.rebuilt != t->tree.size)
    refuse(t->out, "the root does not come out", OK);
}

/* ---- the store, with acts of the honest ledger in it ---- */

static void must(enum err e, const char *what) {
  world_must(e, what);
}

static void run(struct differential *d, const char *words, size_t level) {
  char statement[64];
  snprintf(statement, sizeof statement, "%s%zu", words, level);
  must(db_exec(d->store->db, statement), statement);
}

/* The leaves of so many acts. */
static struct bytes file_of(const struct ledger *l, size_t from, size_t count) {
  size_t start = 0, end = 0;
  for (size_t i = 0; i < count; i++)
    for (int n = l->acts[i].first; n <= l->acts[i].last; n++) {
      start += i < from ? l->leaves[n].len + 1 : 0;
      end += l->leaves[n].len + 1;
    }
  return bytes_of(l->file.at + start, end - start);
}

static void push_leaves(const struct differential *d, size_t acts, struct merkle *tree) {
  merkle_init(tree);
  for (size_t i = 0; i < acts; i++)
    for (int n = d->honest.acts[i].first; n <= d->honest.acts[i].last; n++) {
      struct hash h = merkle_leaf(buf_bytes(&d->honest.leaves[n]));
      must(merkle_push(tree, &h, 0), "a leaf");
    }
}

static void rewind_to(struct differential *d, size_t act) {
  struct opinion ignored = {.accepts = true};
  struct taking t = {.store = d->store, .out = &ignored};
  if (d->level > act)
    d->level = act;
  /* Begun again, because what a savepoint keeps is given back only with it. */
  run(d, "ROLLBACK TO level", d->level);
  run(d, "RELEASE level", d->level);
  run(d, "SAVEPOINT level", d->level);
  store_forget_keys(d->store);
  push_leaves(d, d->level, &t.tree);
  while (d->level < act) {
    t.rest = file_of(&d->honest, d->level, d->level + 1);
    if (!next_act(&t))
      must(ERR_FORM, ignored.words);
    run(d, "SAVEPOINT level", ++d->level);
  }
}

static void judge_by_node(struct differential *d, const struct ledger *l, size_t act, struct opinion *out) {
  struct taking t = {.store = d->store, .out = out};
  *out = (struct opinion){.accepts = true};
  rewind_to(d, act);
  push_leaves(d, act, &t.tree);
  t.rest = bytes_of(l->file.at, l->file.len);
  size_t skipped = file_of(&d->honest, 0, act).len;
  t.rest = bytes_of(l->file.at + skipped, l->file.len - skipped);
  if (act == 0) { /* whoever joined this ledger pinned its first entry */
    struct hash id = hash_of(buf_bytes(&l->headers[1]));
    must(store_meta_set(d->store, "ledger", hash_bytes(&id)), "the ledger's id");
  }
  if (t.rest.len == 0 && act == 0)
    refuse(out, "there is nothing", OK);
  while (out->accepts && t.rest.len > 0)
    if (!next_act(&t))
      break;
  if (out->accepts && take_checkpoint(&t, &d->known, buf_bytes(&l->note)))
    check_again(&t);
}

/* ---- where the two need not agree ---- */

/* An entry of a kind that is known, and not of its form, or whose content nobody can show: the node would refuse it; a
 * replica files it and makes nothing of it, and looks at a certificate that should not be there. The auditor has no
 * table of the kinds' forms, and judges by those of its lines that give somebody something. */
static bool has_bad_form(const struct ledger *l) {
  bool is = false;
  for (int i = 1; !is && i <= LEDGER_ENTRIES; i++) {
    struct entry e;
    uint8_t salt[ENTRY_SALT_SIZE];
    struct json *content = NULL;
    const struct kind *k = entry_decode(buf_bytes(&l->headers[i]), &e) == OK ? kind_find(e.kind) : NULL;
    const char *text = k ? mutate_content(&e.content, salt) : NULL;
    if (text && json_parse_record(bytes_str(text), &content) != OK)
      content = NULL;
    bool is_witnessed = k && (k->audience == AUDIENCE_DIRECTORY || k->is_witnessed);
    is = k && (text ? kind_check(k, &e, content) != OK : is_witnessed || e.cert.len > 0);
    json_free(content);
  }
  return is;
}

/* A later program may know it, and then know that the node writes it. */
static bool has_unknown_kind(const struct ledger *l) {
  struct entry e;
  bool is = false;
  for (int i = 1; !is && i <= LEDGER_ENTRIES; i++)
    is = entry_decode(buf_bytes(&l->headers[i]), &e) == OK && kind_find(e.kind) == NULL;
  return is;
}

static const struct {
  const char *words; /* the node's */
  const char *why;
} node_is_stricter[] = {
    {"\" names ", "what an entry of the directory names must be there: the auditor gives it no effect otherwise"},
    {"this key was introduced before", "the auditor refuses the certificate, and not the key"},
};

static const char *find_apart(const struct ledger *l, const struct opinions *o) {
  for (size_t i = 0; !o->node.accepts && i < sizeof node_is_stricter / sizeof *node_is_stricter; i++)
    if (strstr(o->node.words, node_is_stricter[i].words))
      return node_is_stricter[i].why;
  if (!o->auditor.accepts && o->is_for_door)
    return "whoever counts no more is turned away by the node, and found by the auditor; replicas cannot know all of "
           "it";
  if (has_unknown_kind(l))
    return "an entry is of a kind that is not known";
  return has_bad_form(l) ? "an entry is not of the form of its kind" : NULL;
}

bool differential_agrees(const struct opinions *o) {
  return o->apart || o->node.accepts == o->auditor.accepts;
}

void differential_judge(struct differential *d, const struct ledger *l, size_t act, struct opinions *out) {
  judge_by_node(d, l, act, &out->node);
  judge_by_auditor(d, l, out);
  out->apart = out->node.accepts == out->auditor.accepts ? NULL : find_apart(l, out);
}

static void print_changes(const struct differential *d, struct ledger *l) {
  for (int i = 1; i <= LEDGER_ENTRIES; i++)
    if (!bytes_equal(buf_bytes(&l->leaves[i]), buf_bytes(&d->honest.leaves[i])))
      fprintf(stderr, "--- leaf %d\n%s", i, buf_cstr(&l->leaves[i]));
  fprintf(stderr, "--- checkpoint\n%s---\n", buf_cstr(&l->note));
}

void differential_try(struct differential *d, size_t act, struct choices *c, struct opinions *out) {
  struct ledger l;
  mutate_begin(&l, &d->honest);
  mutate(&l, act, c);
  differential_judge(d, &l, act, out);
  if (!differential_agrees(out))
    print_changes(d, &l);
  mutate_end(&l);
}

/* ---- */

static const struct ledger_break nothing;

struct differential *differential_new(uint64_t seed) {
  struct differential *d = mem_alloc(sizeof *d);
  world_seed(seed);
  ledger_init(&d->honest, &nothing);
  /* One position that its machine signed is enough, and each costs every ledger its verification. */
  d->honest.acts[4].is_headed = false;
  ledger_sign(&d->honest);
  ledger_publish(&d->honest, LEDGER_ENTRIES);
  d->vkey = ledger_vkey(&d->honest, LEDGER_ORIGIN, WHO_LEDGER);
  must(note_vkey_parse(bytes_str(d->vkey), &d->known), "a verifier key");
  snprintf(d->folder, sizeof d->folder, "/tmp/cairn-differs-XXXXXX");
  if (mkdtemp(d->folder) == NULL)
    must(ERR_IO, "a temporary folder");
  snprintf(d->path, sizeof d->path, "%s/db", d->folder);
  must(store_create(d->path, &d->store), "a store");
  must(store_begin(d->store), "a transaction");
  struct hash id = hash_of(buf_bytes(&d->honest.headers[1]));
  must(store_meta_set(d->store, "ledger", hash_bytes(&id)), "the ledger's id");
  run(d, "SAVEPOINT level", 0);
  return d;
}

void differential_free(struct differential *d) {
  if (d == NULL)
    return;
  store_rollback(d->store);
  store_close(d->store);
  unlink(d->path);
  rmdir(d->folder);
  ledger_release(&d->honest);
  free(d->vkey);
  free(d);
}

const struct ledger *differential_ledger(const struct differential *d) {
  return &d->honest;
}
