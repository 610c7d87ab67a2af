/* The world of every run: an authority, a node, the social work of a council with two machines, a health board with
 * two. It is made once by the product's own functions; each run begins with copies of its files. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/folder.h"
#include "core/draft.h"
#include "core/profile.h"
#include "core/rule.h"
#include "tests/lib/faultvfs.h"
#include "tests/sim/sim.h"

#define TEMPLATE_SEED 1
#define DAY_S 86400

/* The first one of each agency is its officer, whose machine never loses its identity. Few roles, so that there is
 * little to read anew each time. */
static const struct {
  const char *name, *agency, *type, *roles;
} cast[] = {
    {"anna", "Social Work", "social-work", "practitioner chair officer keeper administrator"},
    {"sam", "Social Work", "social-work", "practitioner minute-taker:2026-01-15 designated-lead"},
    {"hugh", "Health Board", "health", "practitioner officer"},
    {"hana", "Health Board", "health", "practitioner designated-lead administrator"},
};
#define CAST_SIZE (sizeof cast / sizeof *cast)

struct file {
  uint8_t *at;
  size_t len;
};

static struct world template;
static struct file files[CAST_SIZE], node_file;

/* ---- files ---- */

static void read_file(const char *path, uint8_t **out, size_t *len_out) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  bool ok = fd >= 0 && fstat(fd, &st) == 0;
  *out = ok ? mem_alloc((size_t)st.st_size + 1) : NULL;
  *len_out = ok ? (size_t)st.st_size : 0;
  if (!ok || read(fd, *out, *len_out) != st.st_size)
    world_must(err_set(ERR_IO, "\"%s\" cannot be read", path), "a copy of a store");
  close(fd);
}

static void write_file(const char *path, const uint8_t *at, size_t len) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || write(fd, at, len) != (ssize_t)len)
    world_must(err_set(ERR_IO, "\"%s\" cannot be written", path), "a copy of a store");
  close(fd);
}

static void remove_with(const char *path, const char *suffix) {
  char name[192];
  snprintf(name, sizeof name, "%s%s", path, suffix);
  unlink(name);
}

/* ---- the template ---- */

/* What rules there are is said anew; and there are no police here. */
static bool is_dropped(const struct kind *adopt, const struct draft_value *v) {
  return kind_field(adopt, bytes_str(v->name))->count_max == 300 ||
         (strcmp(v->name, "quorum") == 0 && strcmp(v->value, "police") == 0);
}

static void add_off(struct draft_read *d, const char *rule) {
  d->texts[d->draft.count] = mem_copy_string(rule);
  d->values[d->draft.count] = (struct draft_value){"off", d->texts[d->draft.count]};
  d->draft.count++;
}

/* Those of the record itself still apply, and those that no profile switches off. */
void sim_lenient_profile(struct draft_read *out) {
  const struct kind *adopt = kind_find(bytes_str("profile.adopt"));
  world_must(draft_read(adopt, bytes_str(profile_files[0].text), out), "a profile");
  const size_t count = out->draft.count;
  out->draft.count = 0;
  for (size_t i = 0; i < count; i++)
    if (is_dropped(adopt, &out->values[i])) {
      free(out->texts[i]);
    } else {
      out->values[out->draft.count] = out->values[i];
      out->texts[out->draft.count++] = out->texts[i];
    }
  for (size_t i = 0; rule_at(i); i++)
    add_off(out, rule_at(i)->number);
}

static void adopt_lenient(struct world *w) {
  struct draft_read profile;
  struct verdict v;
  sim_lenient_profile(&profile);
  world_must(world_node_write(w, &profile.draft, 1, &v), "adopting a profile");
  draft_read_release(&profile);
}

/* Something to speak of: two children, health involved with one of them, a meeting. */
static void begin_cases(struct world *w) {
  struct world_member *anna = &w->members[0], *hugh = &w->members[2];
  struct hash_hex health = hash_hex(&hugh->agency), chair = hash_hex(&anna->person);
  struct hash isla = world_record(w, anna, WORLD_DRAFT("child.add", {"name", "Isla Reid"}, {"born", "2019-03-01"}));
  struct hash_hex child = hash_hex(&isla);
  world_record(w, anna, WORLD_DRAFT("child.add", {"name", "Finn Orr"}, {"born", "2021-07-09"}));
  world_record(w, anna, WORLD_DRAFT("involvement.start", {"child", child.s}, {"agency", health.s}));
  world_record(w, anna,
               WORLD_DRAFT("meeting.convene", {"child", child.s}, {"type", "initial"}, {"on", "2026-12-01T10:00:00Z"},
                           {"chair", chair.s}));
}

/* A meeting that both agencies attended. */
static struct hash hold_meeting(struct world *w, const char *child, const char *type, const char *on) {
  struct world_member *anna = &w->members[0];
  struct hash_hex chair = hash_hex(&anna->person);
  struct hash held = world_record(
      w, anna, WORLD_DRAFT("meeting.convene", {"child", child}, {"type", type}, {"on", on}, {"chair", chair.s}));
  struct hash_hex meeting = hash_hex(&held);
  for (size_t i = 1; i < 3; i++) {
    struct hash_hex person = hash_hex(&w->members[i].person);
    world_record(w, anna,
                 WORLD_DRAFT("attendance.record", {"child", child}, {"meeting", meeting.s}, {"person", person.s},
                             {"role", "agency-participant"}, {"attended", "all"}, {"basis", "need-to-know"}));
  }
  return held;
}

static void enquire(struct world *w) {
  struct hash told = key_id(w->members[0].key);
  struct draft enquiry = WORLD_DRAFT("register.enquire", {"name", "Finn"}, {"reason", "seen at the hospital"});
  enquiry.to = &told;
  enquiry.to_count = 1;
  world_record(w, &w->members[0], enquiry);
}

/* One of the two children is on the register by an initial meeting, and a review has been held. */
static void begin_register(struct world *w) {
  struct world_member *anna = &w->members[0];
  struct hash finn = {{0}};
  struct verdict v;
  world_must(store_find_typed(anna->store, bytes_str("Finn Orr"), "child.add", &finn), "a child");
  struct hash_hex child = hash_hex(&finn);
  struct hash initial = hold_meeting(w, child.s, "initial", "2026-11-20T10:00:00Z");
  struct hash_hex meeting = hash_hex(&initial);
  const struct draft decided[] = {WORLD_DRAFT("decision.record", {"child", child.s}, {"meeting", meeting.s},
                                              {"risk", "yes"}, {"plan", "yes"}, {"reasons", "neglect"}),
                                  WORLD_DRAFT("registration.add", {"child", child.s}, {"decision", "@1"},
                                              {"name", "Finn Orr"}, {"impact", "neglect"}),
                                  WORLD_DRAFT("indicator.record", {"child", child.s}, {"registration", "@2"},
                                              {"category", "impact"}, {"indicator", "neglect"},
                                              {"evidence", "weight loss"})};
  world_must(world_write(w, anna, decided, 3, ACCEPT_WRITE, &v), "a decision");
  world_record(w, anna, WORLD_DRAFT("meeting.close", {"child", child.s}, {"meeting", meeting.s}, {"quorate", "yes"}));
  hold_meeting(w, child.s, "review", "2026-11-21T10:00:00Z");
}

/* Each agency has something that only its provider lets go further. */
static void begin_restricted(struct world *w, struct world_member *provider, const struct world_member *reader) {
  struct hash isla = {{0}};
  world_must(store_find_typed(provider->store, bytes_str("Isla Reid"), "child.add", &isla), "a child");
  struct hash_hex child = hash_hex(&isla);
  struct draft d = WORLD_DRAFT("restricted.add", {"child", child.s}, {"category", "at-risk"}, {"what", "kestrel"},
                               {"basis", "needed to keep her safe"});
  struct hash to[] = {key_id(provider->seal_key), key_id(reader->seal_key)};
  d.to = to;
  d.to_count = 2;
  world_record(w, provider, d);
}

static struct hash find_agency(const struct world *w, size_t i) {
  for (size_t j = 0; j < i; j++)
    if (strcmp(cast[j].agency, cast[i].agency) == 0)
      return w->members[j].agency;
  return (struct hash){{0}};
}

void sim_template_open(void) {
  struct world *w = &template;
  world_open(w, TEMPLATE_SEED);
  for (size_t i = 0; i < CAST_SIZE; i++) {
    struct hash agency = find_agency(w, i);
    if (hash_is_zero(&agency))
      agency = world_agency(w, cast[i].agency, cast[i].type);
    world_join(w, &agency, cast[i].name, cast[i].roles);
  }
  adopt_lenient(w);
  world_sync(w, &w->members[0]);
  begin_cases(w);
  begin_register(w);
  enquire(w);
  for (size_t i = 0; i < w->count; i++)
    world_sync(w, &w->members[i]);
  begin_restricted(w, &w->members[0], &w->members[1]);
  begin_restricted(w, &w->members[3], &w->members[2]);
  for (size_t i = 0; i < 2 * w->count; i++)
    world_sync(w, &w->members[i % w->count]);
  store_close(w->node.store);
  w->node.store = NULL;
  read_file(w->path, &node_file.at, &node_file.len);
  for (size_t i = 0; i < w->count; i++) {
    store_close(w->members[i].store);
    w->members[i].store = NULL;
    read_file(w->members[i].path, &files[i].at, &files[i].len);
  }
}

void sim_template_close(void) {
  for (size_t i = 0; i < CAST_SIZE; i++)
    free(files[i].at);
  free(node_file.at);
  world_close(&template);
}

/* ---- a run ---- */

const struct key *sim_first_authority(void) {
  return template.authority;
}

struct store *sim_store(struct sim *s, size_t side) {
  return side == SIM_NODE ? s->w.node.store : s->w.members[side].store;
}

const char *sim_path(struct sim *s, size_t side) {
  return side == SIM_NODE ? s->w.path : s->w.members[side].path;
}

const char *sim_name(struct sim *s, size_t side) {
  static const char *const copies[] = {"copy-1", "copy-2", "copy-3", "copy-4", "copy-5"};
  (void)s;
  return side == SIM_NODE ? "node" : side < CAST_SIZE ? cast[side].name : copies[(side - CAST_SIZE) % 5];
}

static void set_store(struct sim *s, size_t side, struct store *store) {
  *(side == SIM_NODE ? &s->w.node.store : &s->w.members[side].store) = store;
}

static void open_store(struct sim *s, size_t side) {
  struct store *store = NULL;
  struct hash id = side == SIM_NODE ? key_id(s->w.operating) : s->w.members[side].replica;
  enum err e = store_open(sim_path(s, side), 0, &store);
  if (e != OK)
    sim_fail(s, "a store opens whatever happened", "%s: %s: %s", sim_name(s, side), err_text(e), err_words(e));
  store_read_as(store, &(struct scope_recipient){.replica = id});
  set_store(s, side, store);
}

static void close_store(struct sim *s, size_t side) {
  store_close(sim_store(s, side));
  set_store(s, side, NULL);
}

static char *path_in(const struct sim *s, const char *file, size_t i) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s-%zu.db", s->w.folder, file, i);
  return mem_copy_string(path);
}

/* Where the template's is. */
static void make_folder(struct sim *s) {
  memcpy(s->w.folder, template.folder, sizeof s->w.folder);
  memset(s->w.folder + strlen(s->w.folder) - 6, 'X', 6);
  if (mkdtemp(s->w.folder) == NULL)
    world_must(ERR_IO, "a temporary folder");
}

void sim_open(struct sim *s, uint64_t seed) {
  bool is_told = s->is_told;
  FILE *transcript = s->transcript;
  memset(s, 0, sizeof *s);
  s->is_told = is_told;
  s->transcript = transcript;
  s->seed = seed;
  s->w = template;
  s->now_s = template.now_s + DAY_S;
  faultvfs_power(seed);
  world_seed(~seed); /* not what the template drew */
  make_folder(s);
  s->w.path = path_in(s, "node", 0);
  write_file(s->w.path, node_file.at, node_file.len);
  open_store(s, SIM_NODE);
  s->begun = store_size(s->w.node.store);
  for (size_t i = 0; i < CAST_SIZE; i++) {
    s->w.members[i].path = path_in(s, "replica", i);
    write_file(s->w.members[i].path, files[i].at, files[i].len);
    open_store(s, i);
  }
}

void sim_close(struct sim *s) {
  faultvfs_arm(FAULTVFS_DEAD, 1); /* nobody reads what would reach the disk now */
  close_store(s, SIM_NODE);
  for (size_t i = 0; i < s->w.count; i++) {
    close_store(s, i);
    unlink(s->w.members[i].path);
    remove_with(s->w.members[i].path, "-wal");
    free(s->w.members[i].path);
    free(s->sides[i].backup);
  }
  free(s->sides[SIM_NODE].backup);
  sim_forget_lost(s);
  unlink(s->w.path);
  remove_with(s->w.path, "-wal");
  free(s->w.path);
  folder_remove_all(s->w.folder);
  for (size_t i = 0; i < s->cert_count; i++)
    buf_release(&s->certs[i]);
  for (size_t i = 0; i < s->key_count; i++)
    key_free(s->keys[i]);
  while (s->queued)
    sim_queue_drop(s, 0);
  faultvfs_disarm();
  faultvfs_power_end();
}

/* ---- trouble ---- */

void sim_begin(struct sim *s, size_t side) {
  static const enum faultvfs_fault faults[] = {[SIM_ENDS] = FAULTVFS_DEAD,
                                               [SIM_POWER_FAILS] = FAULTVFS_DEAD,
                                               [SIM_FAILS_ONCE] = FAULTVFS_ONCE,
                                               [SIM_IS_FULL] = FAULTVFS_FULL};
  const struct sim_side *x = &s->sides[side];
  s->w.now_s = s->now_s + x->clock_s;
  if (x->trouble != SIM_NO_TROUBLE)
    faultvfs_arm(faults[x->trouble], x->trouble_at);
}

/* The process ends as it stands; what it does on its way out reaches no disk. */
static void end_process(struct sim *s, size_t side) {
  const struct sim_side *x = &s->sides[side];
  faultvfs_arm(FAULTVFS_DEAD, 1);
  close_store(s, side);
  if (x->trouble == SIM_POWER_FAILS)
    sim_met[MET_UNSYNCED] += faultvfs_lose_power(sim_path(s, side), x->trouble_seed);
  faultvfs_disarm();
  open_store(s, side);
  if (side == SIM_NODE)
    sim_check_receipts(s);
}

bool sim_end(struct sim *s, size_t side) {
  struct sim_side *x = &s->sides[side];
  bool is_broken = faultvfs_disarm();
  if (x->trouble == SIM_NO_TROUBLE)
    return false;
  sim_tell(s, "  %s: %s%s", sim_name(s, side),
           x->trouble == SIM_ENDS          ? "its process ends"
           : x->trouble == SIM_POWER_FAILS ? "its power fails"
                                           : "its disk fails",
           is_broken ? " in the middle of it" : "");
  sim_met[MET_END] += is_broken && x->trouble == SIM_ENDS;
  sim_met[MET_POWER] += is_broken && x->trouble == SIM_POWER_FAILS;
  sim_met[MET_DISK] += is_broken && x->trouble > SIM_POWER_FAILS;
  if (x->trouble == SIM_ENDS || x->trouble == SIM_POWER_FAILS)
    end_process(s, side);
  x->trouble = SIM_NO_TROUBLE;
  return is_broken;
}

void sim_save(struct sim *s, size_t side, uint8_t **out, size_t *len_out) {
  close_store(s, side);
  read_file(sim_path(s, side), out, len_out);
  open_store(s, side);
}

void sim_replace(struct sim *s, size_t side, const uint8_t *file, size_t len) {
  if (sim_store(s, side))
    close_store(s, side);
  faultvfs_replace(sim_path(s, side));
  remove_with(sim_path(s, side), "-wal");
  write_file(sim_path(s, side), file, len);
  open_store(s, side);
}

void sim_replace_with_first(struct sim *s, size_t side) {
  const struct file *f = side == SIM_NODE ? &node_file : &files[side];
  sim_replace(s, side, f->at, f->len);
}
