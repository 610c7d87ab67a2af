#include "tests/lib/audited.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/verify.h"
#include "core/act.h"
#include "core/profile.h"

static uint64_t audited_size;
static int auditor = -1; /* the socket to the process that has read the beginning */
static pid_t auditor_pid;

/* ---- leaves ---- */

static void add_without_signature(struct buf *out, struct bytes leaf) {
  static const char word[] = "\nsignature ";
  const uint8_t *at = memmem(leaf.at, leaf.len, word, strlen(word));
  size_t before = at ? (size_t)(at - leaf.at) + strlen(word) : leaf.len;
  const uint8_t *end = at ? memchr(leaf.at + before, '\n', leaf.len - before) : NULL;
  buf_add(out, bytes_of(leaf.at, before));
  if (end) {
    buf_add_str(out, "AAAA");
    buf_add(out, bytes_of(end, leaf.len - (size_t)(end - leaf.at)));
  }
  buf_add_str(out, "\n");
}

static void add_leaf(struct store *store, uint64_t number, struct buf *out, bool is_signed) {
  struct buf leaf = {0};
  world_must(store_leaf(store, number, &leaf), "a leaf");
  if (is_signed)
    buf_addf(out, "%s\n", buf_cstr(&leaf));
  else
    add_without_signature(out, buf_bytes(&leaf));
  buf_release(&leaf);
}

static void add_leaves(struct store *store, uint64_t first, struct buf *out, bool is_signed) {
  for (uint64_t n = first; n <= store_size(store); n++)
    add_leaf(store, n, out, is_signed);
}

void audited_leaves(const struct story *s, struct buf *out) {
  for (uint64_t n = 1; n <= store_size(s->world.node.store); n++)
    add_leaf(s->world.node.store, n, out, n <= audited_size);
}

/* ---- asking ---- */

/* The auditor's process is begun while there is little in memory, since each question is a copy of it. */

static bool send_all(int to, const void *at, size_t len) {
  for (ssize_t n; len > 0; at = (const uint8_t *)at + n, len -= (size_t)n)
    if ((n = write(to, at, len)) <= 0)
      return false;
  return true;
}

static bool take_all(int from, void *at, size_t len) {
  for (ssize_t n; len > 0; at = (uint8_t *)at + n, len -= (size_t)n)
    if ((n = read(from, at, len)) <= 0)
      return false;
  return true;
}

static bool send_text(int to, const void *at, size_t len) {
  uint64_t size = len;
  return send_all(to, &size, sizeof size) && send_all(to, at, len);
}

/* False at the end. The caller frees. */
static bool take_text(int from, char **out, size_t *len_out) {
  uint64_t size;
  if (!take_all(from, &size, sizeof size))
    return false;
  *out = mem_alloc(size + 1);
  *len_out = size;
  return take_all(from, *out, size);
}

/* What is found about conformance, each as CODE NUMBER: WORDS and LF. */
static void find_here(struct verify *v, const char *leaves, size_t len, int out) {
  struct buf found = {0};
  verify_leaves(v, leaves, len);
  const struct verify_result *r = verify_end(v);
  for (size_t i = 0; i < r->finding_count; i++) {
    const struct verify_finding *f = &r->findings[i];
    if (verify_code_subject(f->code) == VERIFY_CONFORMANCE || f->code == VERIFY_I_LIMIT || f->code == VERIFY_I_HEADER)
      buf_addf(&found, "%s %llu: %s\n", verify_code_text(f->code), (unsigned long long)f->entry, f->sentence);
  }
  _exit(!send_text(out, found.at, found.len));
}

static void answer_questions(int socket) {
  static const struct verify_facts none;
  const char *why;
  char *leaves;
  size_t len;
  struct verify *v = verify_new(&none, &why);
  if (!take_text(socket, &leaves, &len))
    _exit(0);
  verify_leaves(v, leaves, len);
  free(leaves);
  while (take_text(socket, &leaves, &len)) {
    int status = 1;
    pid_t child = fork();
    if (child == 0)
      find_here(v, leaves, len, socket);
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
      _exit(1);
    free(leaves);
  }
  _exit(0);
}

void audited_start(void) {
  int ends[2];
  world_must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 ? OK : ERR_IO, "a pair of sockets");
  auditor_pid = fork();
  world_must(auditor_pid >= 0 ? OK : ERR_IO, "a process");
  close(ends[auditor_pid == 0 ? 0 : 1]);
  if (auditor_pid == 0)
    answer_questions(ends[1]);
  auditor = ends[0];
}

static void ask(const struct buf *leaves, char *out, size_t size) {
  char *found = NULL;
  size_t len;
  bool ok = send_text(auditor, leaves->at, leaves->len) && take_text(auditor, &found, &len);
  world_must(ok ? OK : ERR_IO, "the auditor");
  snprintf(out, size, "%s", found);
  free(found);
}

static bool told(struct story *s) {
  struct buf leaves = {0};
  char found[4096];
  add_leaves(s->world.node.store, audited_size + 1, &leaves, false);
  ask(&leaves, found, sizeof found);
  buf_release(&leaves);
  if (found[0])
    snprintf(s->problem, sizeof s->problem, "it was admitted, and the auditor finds: %.900s", found);
  return found[0] == '\0';
}

/* ---- what the node refused, in the ledger all the same ---- */

static void random_hash(struct hash *out) {
  key_random(out->at, sizeof out->at);
}

static struct hash hash_value(const struct hash *ids, const char *value) {
  struct hash h = {{0}};
  if (value[0] == '@')
    return ids[atoi(value + 1) - 1];
  world_must(hash_parse(bytes_str(value), &h), "an id");
  return h;
}

static void put_value(struct entry *e, const struct field *f, const struct hash *ids, const char *value) {
  switch (f->place) {
  case IN_FACT: e->facts[e->fact_count++] = (struct entry_pair){bytes_str(f->name), bytes_str(value)}; break;
  case IN_REF: e->refs[e->ref_count++] = (struct entry_ref){bytes_str(f->name), hash_value(ids, value)}; break;
  case IN_CHILD: e->children[e->child_count++] = hash_value(ids, value); break;
  case IN_CONTENT:
  case IN_KEY:
  case IN_CERT: break;
  }
}

/* As the author's program would: before the same people, in the same files. */
static void follow_target(struct store *store, struct entry *e) {
  struct record r = {0};
  const struct hash *target = entry_ref(e, "entry");
  if (target == NULL || store_find(store, target, &r) != OK)
    return;
  e->audience = r.entry.audience;
  e->to_count = r.entry.to_count;
  memcpy(e->to, r.entry.to, r.entry.to_count * sizeof *e->to);
  if (e->child_count == 0) {
    e->child_count = r.entry.child_count;
    memcpy(e->children, r.entry.children, r.entry.child_count * sizeof *e->children);
    if (bytes_equal_str(r.entry.kind, "child.add"))
      e->children[e->child_count++] = r.entry.id;
  }
  record_release(&r);
}

static void compose(const struct story *s, const struct audited_act *act, struct hash *ids, size_t i,
                    struct buf *header) {
  const struct draft *d = &act->drafts[i];
  struct store *store = s->world.node.store;
  struct text_time now = text_time_format(s->world.now_s);
  struct entry *e = mem_alloc(sizeof *e);
  entry_init(e);
  e->kind = bytes_str(d->kind->name);
  e->by = key_id(act->by ? act->by->key : s->world.operating);
  e->at = bytes_of(now.s, TEXT_TIME_SIZE);
  e->audience = d->kind->audience;
  e->media = bytes_str("application/json");
  for (size_t t = 0; t < d->to_count; t++)
    e->to[e->to_count++] = d->to[t];
  for (size_t v = 0; v < d->count; v++) {
    const struct field *f = kind_field(d->kind, bytes_str(d->values[v].name));
    if (f)
      put_value(e, f, ids, d->values[v].value);
  }
  if (d->kind->is_about_entry)
    follow_target(store, e);
  if (act->profile)
    e->profile = *act->profile;
  else if (d->kind->audience != AUDIENCE_DIRECTORY)
    world_must(profile_current(store, &e->profile), "the profile");
  random_hash(&e->content);
  if (d->passes_on)
    e->content = entry_commitment(d->passes_on, d->file);
  if (e->audience == AUDIENCE_RESTRICTED)
    random_hash(&e->sealed);
  world_must(entry_encode(e, header), "a header");
  ids[i] = e->id;
  free(e);
}

/* Each act is a first one on a chain of its own: what is asked here is not completeness. */
static void add_forged(const struct story *s, const struct audited_act *act, struct buf *out) {
  static const uint8_t none[1];
  struct text_time now = text_time_format(s->world.now_s);
  struct hash *ids = mem_alloc_array(act->count, sizeof *ids);
  struct position p = {.replica = act->by ? act->by->replica : key_id(s->world.operating), .number = 1};
  random_hash(&p.act);
  for (size_t i = 0; i < act->count; i++) {
    struct buf header = {0}, leaf = {0};
    compose(s, act, ids, i, &header);
    struct leaf l = {.number = store_size(s->world.node.store) + 1 + i,
                     .admitted = bytes_of(now.s, TEXT_TIME_SIZE),
                     .position = &p,
                     .index = (uint32_t)i,
                     .size = (uint32_t)act->count,
                     .signature = bytes_of(none, sizeof none),
                     .header = buf_bytes(&header)};
    leaf_format(&leaf, &l);
    buf_addf(out, "%s\n", buf_cstr(&leaf));
    buf_release(&leaf);
    buf_release(&header);
  }
  free(ids);
}

/* Joined by |: what is broken may break another rule, too. With a ? at the end, the content of an entry or of the
 * profile may say it instead. */
static const struct {
  const char *rule, *codes;
} expected[] = {
    {"permission", "D-ROLE"},
    {"reference", "D-REFERENCE"},
    {"void", "D-VOID|D-ERASURE"},
    {"R-001", "D-ANSWERS?"},
    {"R-006", "D-ANSWERS"},
    {"R-007", "D-ANSWERS"},
    {"R-008", "D-REGISTER|D-DECISION"},
    {"R-009", "D-ANSWERS|D-DECISION|D-BEFORE"},
    {"R-016", "D-QUORUM"},
    {"R-017", "D-QUORUM"},
    {"R-018", "D-QUORUM"},
    {"R-050", "D-CHAIR"},
    {"R-091", "D-PERMIT"},
    {"R-093", "D-PERMIT?"},
    {"R-106", "D-CHAIR"},
    {"R-112", "D-CHAIR?"},
    {"R-126", "D-AUTHORISER"},
    {"R-134", "D-SAME"},
    {"N-03", "D-DECISION"},
    {"N-04", "D-ANSWERS"},
    {"N-09", "D-ANSWERS|D-BEFORE"},
    {"N-10", "D-MEETING|D-QUORUM"},
    {"N-12", "D-REGISTER"},
    {"N-29", "D-QUORUM"},
    {"N-37", "D-QUORUM"},
    {"K-001", "D-OVERRIDE"},
    {"K-010", "D-VOID"},
    {"K-013", "D-VOID"},
    {"K-014", "D-VOID"},
    {"K-015", "D-ERASURE"},
    {"K-018", "D-ERASURE"},
    {"K-030", "D-CHAIR"},
    {"K-040", "D-REGISTER"},
    {"K-060", "D-PERMIT"},
    {"K-061", "D-PERMIT"},
    {"K-062", "D-PERMIT"},
    {"K-063", "D-PERMIT"},
    {"K-064", "D-PERMIT"},
    {"K-065", "D-PERMIT"},
    {"K-067", "D-OPENING"},
    {"K-068", "D-OPENING"},
    {"K-069", "D-OPENING"},
    {"K-070", "D-CHAIR"},
    {"K-071", "D-COPY?"},
    {"K-072", "D-COPY"},
    {"K-073", "D-COPY"},
    {"K-074", "D-VOID"},
    {"K-075", "D-OPENING"},
};

static const char *codes_of(const char *rule) {
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    if (strcmp(expected[i].rule, rule) == 0)
      return expected[i].codes;
  return "?";
}

static bool is_one_of(const char *codes, const char *code, size_t len) {
  for (const char *at = codes; *at; at += *at == '|') {
    size_t n = strcspn(at, "|?");
    if (n == len && strncmp(at, code, n) == 0)
      return true;
    at += n;
    if (*at == '?')
      break;
  }
  return false;
}

/* Each line begins with one of the codes. */
static bool is_as_expected(const char *found, const char *codes) {
  for (const char *at = found; *at; at = strchr(at, '\n') + 1)
    if (!is_one_of(codes, at, strcspn(at, " ")))
      return false;
  return found[0] != '\0' || codes[strlen(codes) - 1] == '?';
}

void audited_find(struct story *s, const struct audited_act *act, char *out, size_t size) {
  struct buf leaves = {0};
  add_leaves(s->world.node.store, audited_size + 1, &leaves, false);
  add_forged(s, act, &leaves);
  ask(&leaves, out, size);
  buf_release(&leaves);
}

static bool refused(struct story *s, const struct draft *drafts, size_t count, const struct world_member *by,
                    const char *rule) {
  const struct audited_act act = {.drafts = drafts, .count = count, .by = by};
  char found[4096];
  const char *codes = codes_of(rule);
  audited_find(s, &act, found, sizeof found);
  bool is_right = is_as_expected(found, codes);
  if (!is_right)
    snprintf(s->problem, sizeof s->problem, "it was refused by %s, and the auditor finds not %s but: %.800s", rule,
             codes, found);
  return is_right;
}

void audited_open(struct story *s) {
  struct buf leaves = {0};
  add_leaves(s->world.node.store, 1, &leaves, true);
  audited_size = store_size(s->world.node.store);
  world_must(send_text(auditor, leaves.at, leaves.len) ? OK : ERR_IO, "the auditor");
  buf_release(&leaves);
  s->told = told;
  s->refused = refused;
}

void audited_close(struct story *s) {
  int status;
  s->told = NULL;
  s->refused = NULL;
  close(auditor);
  waitpid(auditor_pid, &status, 0);
}
