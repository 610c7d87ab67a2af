/* Normal conversations, one after the other, compared with what stands in tests/sim/golden: they are the protocol's
 * examples. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/version.h"
#include "sync/join.h"
#include "tests/lib/blank.h"
#include "tests/sim/sim.h"

enum { ANNA, SAM, HUGH, HANA };

static void narrate(struct sim *s, const char *what) {
  fprintf(s->transcript, "# %s\n", what);
}

static struct hash record(struct sim *s, size_t who, struct draft d) {
  s->w.now_s = s->now_s;
  return world_record(&s->w, &s->w.members[who], d);
}

static struct hash find_child(struct sim *s, const char *name) {
  struct hash id = {{0}};
  sim_must(s, store_find_typed(s->w.node.store, bytes_str(name), "child.add", &id), name);
  return id;
}

/* A machine with an invitation, up to where it asks for its feed. */
static size_t join(struct sim *s) {
  struct world_member *m = &s->w.members[s->w.count];
  struct buf request = {0}, answer = {0};
  struct join_token t = {.host = "127.0.0.1", .port = 8443, .authority = hash_of(buf_bytes(&s->w.authority_cert))};
  const struct join_invite invite = {
      .agency = s->w.members[HUGH].agency, .person = "Dina", .roles = "practitioner", .until_s = s->now_s + 3600};
  char path[96];
  *m = s->w.members[HUGH];
  m->key = s->keys[s->key_count++] = key_new();
  m->seal_key = s->keys[s->key_count++] = key_new();
  m->replica_key = s->keys[s->key_count++] = key_new();
  m->replica = key_id(m->replica_key);
  snprintf(path, sizeof path, "%s/dina.db", s->w.folder);
  m->path = mem_copy_string(path);
  const struct join_keys keys = {m->key, m->seal_key, m->replica_key};
  sim_must(s, store_begin(s->w.node.store), "inviting");
  sim_must(s, join_invite(&s->w.node, &invite, s->now_s, t.secret), "inviting");
  sim_must(s, exchange_node_checkpoint(&s->w.node), "inviting");
  sim_must(s, store_commit(s->w.node.store), "inviting");
  sim_must(s, join_request(&t, &(struct join_who){"Dina", NULL}, &keys, "laptop", &request), "joining");
  sim_must(s, join_answer(&s->w.node, buf_bytes(&request), s->now_s, &answer), "joining");
  sim_must(s, blank_store(m->path, &m->store), "a store");
  store_read_as(m->store, &(struct scope_recipient){.replica = m->replica});
  sim_must(s, store_begin(m->store), "joining");
  sim_must(s, join_take(m->store, &t, &keys, buf_bytes(&answer)), "joining");
  sim_must(s, store_commit(m->store), "joining");
  buf_release(&request);
  buf_release(&answer);
  return s->w.count++;
}

static void first_sync(struct sim *s) {
  narrate(s, "Dina, of the health board, has joined with an invitation. Her machine syncs for the first time.");
  sim_exchange(s, join(s));
}

static void one_act(struct sim *s) {
  narrate(s, "Anna records a child, and syncs.");
  record(s, ANNA, WORLD_DRAFT("child.add", {"name", "Ava Lennox"}, {"born", "2017-05-02"}));
  sim_exchange(s, ANNA);
  narrate(s, "Once more, with nothing new.");
  sim_exchange(s, ANNA);
  narrate(s, "Sam, of the same agency, syncs.");
  sim_exchange(s, SAM);
}

static void refused(struct sim *s) {
  struct verdict v;
  struct draft d = WORLD_DRAFT("agency.add", {"type", "other"}, {"name", "Of my own"});
  narrate(s, "Hugh adds an agency all the same, which is not his to do, and records a child.");
  s->w.now_s = s->now_s;
  sim_must(s, world_write(&s->w, &s->w.members[HUGH], &d, 1, ACCEPT_WRITE_ANYWAY, &v), "an agency");
  record(s, HUGH, WORLD_DRAFT("child.add", {"name", "Ben Lennox"}));
  sim_exchange(s, HUGH);
}

static void conflict(struct sim *s) {
  struct hash isla = find_child(s, "Isla Reid");
  struct hash_hex child = hash_hex(&isla);
  struct version_set both;
  narrate(s, "Anna and Sam change what is recorded of the same child, and have not heard of each other.");
  record(s, ANNA, WORLD_DRAFT("child.change", {"child", child.s}, {"name", "Isla Reid-Orr"}));
  record(s, SAM, WORLD_DRAFT("child.change", {"child", child.s}, {"name", "Isla Orr"}));
  sim_exchange(s, ANNA);
  sim_exchange(s, SAM);
  sim_exchange(s, ANNA);
  sim_must(s, version_find(s->w.members[ANNA].store, &isla, &both), "the versions");
  fprintf(s->transcript, "# Anna sees %zu versions, and settles it.\n", both.count);
  struct draft d = WORLD_DRAFT("child.change", {"child", child.s}, {"name", "Isla Reid-Orr"});
  d.bases = both.entries;
  d.base_count = both.count;
  record(s, ANNA, d);
  sim_exchange(s, ANNA);
  sim_must(s, version_find(s->w.members[ANNA].store, &isla, &both), "the versions");
  fprintf(s->transcript, "# Now there is %zu.\n", both.count);
}

static void scope(struct sim *s) {
  struct hash finn = find_child(s, "Finn Orr");
  struct hash_hex child = hash_hex(&finn), agency = hash_hex(&s->w.members[HUGH].agency);
  narrate(s, "The health board is involved with another child; its machine is sent what was recorded before.");
  struct hash start = record(s, ANNA, WORLD_DRAFT("involvement.start", {"child", child.s}, {"agency", agency.s}));
  sim_exchange(s, ANNA);
  sim_exchange(s, HUGH);
  narrate(s, "The involvement ends; its machine is told to hold it no longer, and signs for that with the next sync.");
  struct hash_hex involvement = hash_hex(&start);
  record(s, ANNA,
         WORLD_DRAFT("involvement.end", {"child", child.s}, {"involvement", involvement.s}, {"reason", "over"}));
  sim_exchange(s, ANNA);
  sim_exchange(s, HUGH);
  sim_exchange(s, HUGH);
}

static void document(struct sim *s) {
  struct hash isla = find_child(s, "Isla Reid");
  struct hash_hex child = hash_hex(&isla);
  struct buf file = {0};
  struct verdict v;
  memset(buf_extend(&file, ENTRY_LARGE + 1000), 'a', ENTRY_LARGE + 1000);
  struct draft drafts[] = {WORLD_DRAFT("document.add", {"child", child.s}, {"type", "other"}, {"title", "A report"}),
                           WORLD_DRAFT("document.file", {"child", child.s}, {"document", "@1"})};
  drafts[1].file = buf_bytes(&file);
  drafts[1].media = "application/pdf";
  narrate(s, "Anna records a document of more than 1 MiB: it goes before the act, in parts.");
  s->w.now_s = s->now_s;
  sim_must(s, world_write(&s->w, &s->w.members[ANNA], drafts, 2, ACCEPT_WRITE, &v), "a document");
  sim_exchange(s, ANNA);
  narrate(s, "Hugh's machine hears of it, fetches the parts, and asks once more.");
  sim_exchange(s, HUGH);
  buf_release(&file);
}

static const struct {
  const char *name;
  void (*tell)(struct sim *s);
} conversations[] = {
    {"first-sync", first_sync}, {"one-act", one_act}, {"refused", refused},
    {"conflict", conflict},     {"scope", scope},     {"document", document},
};

/* ---- comparing ---- */

static void path_of(const char *name, char out[128]) {
  snprintf(out, 128, "tests/sim/golden/%s.txt", name);
}

static bool is_as_it_stands(const char *name, const char *said, size_t len) {
  char path[128], *kept = mem_alloc(len + 1);
  path_of(name, path);
  FILE *f = fopen(path, "r");
  const bool is = f && fread(kept, 1, len + 1, f) == len && memcmp(kept, said, len) == 0;
  if (f)
    fclose(f);
  free(kept);
  return is;
}

static void keep(const char *name, const char *said, size_t len) {
  char path[128];
  path_of(name, path);
  FILE *f = fopen(path, "w");
  if (f == NULL || fwrite(said, 1, len, f) != len)
    fprintf(stderr, "%s cannot be written\n", path);
  if (f)
    fclose(f);
}

size_t sim_golden(struct sim *s, bool is_update) {
  size_t differing = 0;
  for (size_t i = 0; i < sizeof conversations / sizeof *conversations; i++) {
    const char *name = conversations[i].name;
    char *said = NULL;
    size_t len = 0;
    s->transcript = open_memstream(&said, &len);
    sim_open(s, 1);
    conversations[i].tell(s);
    sim_close(s);
    fclose(s->transcript);
    s->transcript = NULL;
    if (is_update)
      keep(name, said, len);
    else if (!is_as_it_stands(name, said, len)) {
      printf("%s is not as tests/sim/golden/%s.txt says; what was said:\n%s", name, name, said);
      differing++;
    }
    free(said);
  }
  return differing;
}
