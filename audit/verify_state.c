#include "audit/verify_parts.h"

#include <stdlib.h>
#include <string.h>

/* The verifier's state in a file of the auditor's own: what it was written by, the commit that it stands at, section
 * after section in the form that memory has on this machine, and 32 bytes of SHA-256 over all that. It is read by the
 * program that wrote it or not at all, so that no rule that is newer than a file is thought to have been
 * applied. */

/* One more for each change of what the verifier checks, finds or keeps. */
#define VERSION 2

/* ---- both ways through one function ---- */

static void flush(struct vio *io) {
  if (io->len == 0)
    return;
  vhasher_add(io->hasher, io->piece, io->len);
  io->failed |= !io->sink->write(io->sink->of, io->piece, io->len);
  io->len = 0;
}

static bool read_source(const struct verify_source *s, uint64_t from, void *at, size_t len) {
  if (s->read)
    return s->read(s->of, from, at, len);
  memcpy(at, (const uint8_t *)s->of + from, len);
  return true;
}

static void fill(struct vio *io) {
  io->len = io->end - io->next < VIO_SIZE ? (size_t)(io->end - io->next) : VIO_SIZE;
  io->failed |= io->len == 0 || !read_source(io->source, io->next, io->piece, io->len);
  io->next += io->len;
  io->at = 0;
}

static void write_piece(struct vio *io, const uint8_t **p, size_t *n) {
  if (io->len == VIO_SIZE)
    flush(io);
  size_t part = *n < VIO_SIZE - io->len ? *n : VIO_SIZE - io->len;
  memcpy(io->piece + io->len, *p, part);
  io->len += part;
  *p += part;
  *n -= part;
}

static void read_piece(struct vio *io, uint8_t **p, size_t *n) {
  if (io->at == io->len)
    fill(io);
  if (io->failed)
    return;
  size_t part = *n < io->len - io->at ? *n : io->len - io->at;
  memcpy(*p, io->piece + io->at, part);
  io->at += part;
  *p += part;
  *n -= part;
}

void vio_raw(struct vio *io, void *p, size_t n) {
  uint8_t *to = p;
  const uint8_t *from = p;
  if (!io->is_reading) {
    while (n > 0 && !io->failed)
      write_piece(io, &from, &n);
    return;
  }
  const size_t all = n;
  while (n > 0 && !io->failed)
    read_piece(io, &to, &n);
  if (io->failed && all)
    memset(p, 0, all);
}

void vio_bool(struct vio *io, bool *b) {
  uint8_t byte = *b;
  vio_raw(io, &byte, 1);
  io->failed |= byte > 1;
  *b = byte == 1;
}

size_t vio_count(struct vio *io, size_t count, size_t max) {
  uint64_t n = count;
  vio_raw(io, &n, sizeof n);
  if (n > max)
    io->failed = true;
  return io->failed ? 0 : (size_t)n;
}

void vio_text(struct vio *io, char *s, size_t size) {
  vio_raw(io, s, size);
  if (s[size - 1] != '\0')
    io->failed = true;
  s[size - 1] = '\0';
}

/* Fails if another value is read. */
static void keep_same(struct vio *io, uint64_t value) {
  uint64_t n = value;
  vio_raw(io, &n, sizeof n);
  io->failed |= n != value;
}

void vio_map(struct vio *io, struct vmap *m) {
  keep_same(io, m->row_size);
  size_t count = vio_count(io, m->count, m->count_max ? m->count_max : VERIFY_ROWS_MAX);
  uint8_t *row = vtext_alloc(m->row_size);
  for (size_t i = 0; i < count && !io->failed; i++) {
    if (!io->is_reading) {
      vio_raw(io, vmap_at(m, i), m->row_size);
      continue;
    }
    vio_raw(io, row, m->row_size);
    uint8_t *added = vmap_add(m, row);
    if (added && m->count == i + 1)
      memcpy(added, row, m->row_size);
    else
      io->failed = true;
  }
  free(row);
}

static void io_checkpoint(struct vio *io, struct vnote_checkpoint *c) {
  vio_text(io, c->origin, sizeof c->origin);
  vio_raw(io, &c->size, sizeof c->size);
  vio_raw(io, c->root, sizeof c->root);
  vio_text(io, c->time, sizeof c->time);
}

static void io_key(struct vio *io, struct vnote_key *k) {
  vio_text(io, k->name, sizeof k->name);
  vio_raw(io, &k->key, sizeof k->key);
}

/* ---- the sections ---- */

static void io_keys(struct verify *v, struct vio *io) {
  vio_bool(io, &v->is_open);
  vio_raw(io, v->opening, sizeof v->opening);
  io_key(io, &v->ledger);
  vio_raw(io, &v->operating, sizeof v->operating);
  io_key(io, &v->former_ledger);
  vio_raw(io, &v->handed_over_at, sizeof v->handed_over_at);
  vio_raw(io, &v->unendorsed, sizeof v->unendorsed);
  vio_raw(io, &v->anew.entry, sizeof v->anew.entry);
  vio_raw(io, &v->anew.kept, sizeof v->anew.kept);
  vio_raw(io, &v->anew.size, sizeof v->anew.size);
  vio_text(io, v->anew.origin, sizeof v->anew.origin);
  vio_text(io, v->anew.former, sizeof v->anew.former);
  v->former_count = (uint32_t)vio_count(io, v->former_count, VFORMER_MAX);
  for (uint32_t i = 0; i < v->former_count; i++)
    vio_text(io, v->formers[i], sizeof v->formers[i]);
  vio_map(io, &v->ledger_keys);
}

static void io_authority(struct verify *v, struct vio *io) {
  struct vcert_authority *a = &v->authority;
  vio_bool(io, &v->has_authority);
  vio_raw(io, &a->key, sizeof a->key);
  size_t len = vio_count(io, a->name_len, VLEAF_HEADER_MAX);
  if (io->is_reading) {
    a->name = vtext_alloc(len);
    a->name_len = len;
  }
  vio_raw(io, a->name, len);
}

static void io_place(struct verify *v, struct vio *io) {
  vio_raw(io, &v->tree, sizeof v->tree);
  vio_raw(io, &v->expected, sizeof v->expected);
  vio_text(io, v->admitted, sizeof v->admitted);
  vio_bool(io, &v->has_newest);
  io_checkpoint(io, &v->newest);
  vio_raw(io, &v->covered, sizeof v->covered);
}

static void io_second(struct vsecond *s, struct vio *io) {
  s->count = vio_count(io, s->count, VERIFY_FACTS_MAX);
  for (size_t i = 0; i < s->count; i++)
    vio_text(io, s->kinds[i], sizeof s->kinds[i]);
}

static void io_seconds(struct verify *v, struct vio *io) {
  io_second(&v->second, io);
  io_second(&v->next_second, io);
}

static void io_table(struct verify *v, struct vio *io) {
  vtable_io(&v->table, io);
}

static void io_witnesses(struct verify *v, struct vio *io) {
  vwitness_io(&v->witnesses, io);
}

static void io_chains(struct verify *v, struct vio *io) {
  vchain_io(&v->chains, io);
}

static void io_conform(struct verify *v, struct vio *io) {
  vconform_io(&v->conform, io);
}

static void io_commits(struct verify *v, struct vio *io) {
  vcommit_io(&v->commits, io);
}

/* What was found and did not make a verdict fail. What is about the auditor's own knowledge is found again. */
static void io_findings(struct verify *v, struct vio *io) {
  struct verify_finding f;
  size_t kept = 0;
  for (size_t i = 0; !io->is_reading && i < v->finding_count; i++)
    kept += verify_code_subject(v->findings[i].code) != VERIFY_ANCHORING;
  kept = vio_count(io, kept, VERIFY_FINDINGS_MAX);
  for (size_t i = 0; kept > 0 && !io->failed; i++) {
    if (!io->is_reading && verify_code_subject(v->findings[i].code) == VERIFY_ANCHORING)
      continue;
    f = io->is_reading ? (struct verify_finding){0} : v->findings[i];
    size_t code = vio_count(io, f.code, VERIFY_CODE_COUNT - 1);
    vio_raw(io, &f.entry, sizeof f.entry);
    vio_text(io, f.sentence, sizeof f.sentence);
    f.code = (enum verify_code)code;
    io->failed |= verify_code_subject(f.code) == VERIFY_ANCHORING;
    if (io->is_reading && !io->failed)
      vlist(v, &f);
    kept--;
  }
  io->failed |= v->findings_beyond > 0;
}

/* All that survives an act, each by its owner. */
static void (*const sections[])(struct verify *v, struct vio *io) = {
    io_keys, io_authority, io_place, io_seconds, io_table, io_witnesses, io_chains, io_conform, io_commits, io_findings,
};
#define SECTIONS (sizeof sections / sizeof *sections)

static void io_sections(struct verify *v, struct vio *io) {
  for (size_t i = 0; i < SECTIONS; i++) {
    keep_same(io, i);
    sections[i](v, io);
  }
}

/* ---- the whole ---- */

static void io_program(struct vio *io) {
  keep_same(io, UINT64_C(0x0102030405060708));
  keep_same(io, VERSION);
  keep_same(io, VERIFY_CODE_COUNT);
  keep_same(io, SECTIONS);
  keep_same(io, sizeof(struct verify));
  keep_same(io, sizeof(struct vrow));
}

static void io_commit(struct vio *io, struct verify_place *p) {
  vio_text(io, p->commit, sizeof p->commit);
  vio_raw(io, &p->number, sizeof p->number);
}

/* A finding about a head is about what was brought for that visit alone. */
bool verify_is_worth_keeping(const struct verify *v) {
  bool fails =
      v->findings_beyond > 0 || !v->has_newest || !v->is_open || v->is_unjudged || v->counts[VERIFY_M_HEAD] > 0;
  for (int s = 0; s < VERIFY_SUBJECTS; s++)
    fails |= v->result.verdicts[s] == VERIFY_FAILS;
  return !fails && v->result.verdicts[VERIFY_INTEGRITY] == VERIFY_HOLDS;
}

bool verify_save(struct verify *v, const struct verify_place *place, const struct verify_sink *sink) {
  uint8_t hash[VHASH_SIZE];
  struct vio io = {.sink = sink, .hasher = vhasher_new()};
  struct verify_place p = *place;
  io_program(&io);
  io_commit(&io, &p);
  io_sections(v, &io);
  if (!io.failed)
    flush(&io);
  vhasher_end(io.hasher, hash);
  return !io.failed && sink->write(sink->of, hash, sizeof hash);
}

/* All of it comes out as the hash behind it says. */
static bool is_whole(const struct verify_source *source) {
  uint8_t stated[VHASH_SIZE], hash[VHASH_SIZE], piece[VIO_SIZE];
  struct vhasher *hasher = vhasher_new();
  uint64_t end = source->size < VHASH_SIZE ? 0 : source->size - VHASH_SIZE;
  bool good = end > 0 && read_source(source, end, stated, VHASH_SIZE);
  for (uint64_t at = 0; good && at < end; at += VIO_SIZE) {
    size_t len = end - at < VIO_SIZE ? (size_t)(end - at) : VIO_SIZE;
    good = read_source(source, at, piece, len);
    if (good)
      vhasher_add(hasher, piece, len);
  }
  vhasher_end(hasher, hash);
  return good && vsame(stated, hash);
}

const char *vstate_read(struct verify *v, const struct verify_source *source, struct verify_place *place) {
  static const char damaged[] = "the state of the last visit is damaged";
  if (!is_whole(source))
    return damaged;
  struct vio io = {.is_reading = true, .source = source, .end = source->size - VHASH_SIZE};
  io_program(&io);
  if (io.failed)
    return "the state of the last visit was written by another version of this program";
  io_commit(&io, place);
  io_sections(v, &io);
  return io.failed || io.next < io.end || io.at < io.len ? damaged : NULL;
}

/* The state is that of the checkpoint which is remembered, by the same key. */
static bool is_of_seen(const struct verify *v) {
  uint8_t root[VHASH_SIZE];
  vtree_root(&v->tree, root);
  return v->has_seen && v->is_open && v->has_newest && v->tree.size == v->seen.size && v->newest.size == v->seen.size &&
         v->covered == v->seen.size && vsame(root, v->seen.root) && vsame(v->newest.root, v->seen.root) &&
         strcmp(v->newest.time, v->seen.time) == 0 && strcmp(v->newest.origin, v->seen.origin) == 0 &&
         vsame(v->ledger.key.id, v->seen_key.key.id);
}

struct verify *verify_resume(const struct verify_facts *facts, struct verify_place *place_out, const char **why_out) {
  struct verify *v = verify_new(facts, why_out);
  if (v == NULL)
    return NULL;
  const char *why = vstate_read(v, &facts->state, place_out);
  if (why == NULL && !is_of_seen(v))
    why = "the state of the last visit is not of the checkpoint that is remembered";
  if (why) {
    verify_free(v);
    *why_out = why;
    return NULL;
  }
  vhandover_remember(v);
  return v;
}

bool verify_trust(struct verify *v) {
  v->is_trusting = v->has_seen;
  return v->is_trusting;
}
