/* What it costs the node to admit restricted items, sealed to 8 people, from their arrival in one request to the
 * commit: against entries of the audience named with the same text, and against OpenSSL's own CMS sealing the same
 * for 8. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/restricted.h"
#include "tests/bench/bench.h"
#include "tests/lib/cms.h"
#include "tests/lib/world.h"

#define PEOPLE 8
#define ACTS 64
#define ROUNDS 5
#define TEXT_SIZE 400

struct bench {
  struct world w;
  struct world_member *writer;
  struct restricted_to to;
  struct hash child, item;
  char text[TEXT_SIZE + 1];
};

static void prepare(struct bench *b) {
  char name[32];
  world_open(&b->w, 7);
  struct hash agency = world_agency(&b->w, "Police", "police");
  for (int i = 0; i < PEOPLE; i++) {
    snprintf(name, sizeof name, "Person %d", i);
    world_join(&b->w, &agency, name, "practitioner chair");
  }
  b->writer = &b->w.members[0];
  world_sync(&b->w, b->writer);
  for (int i = 0; i < PEOPLE; i++)
    world_must(restricted_add_owner(b->writer->store, &b->w.members[i].person, &b->to), "a key to seal to");
  memset(b->text, 'x', TEXT_SIZE);
  b->child = world_record(&b->w, b->writer, WORLD_DRAFT("child.add", {"name", "Ava"}));
  world_sync(&b->w, b->writer);
}

static void write_sealed(struct bench *b) {
  struct hash_hex child = hash_hex(&b->child);
  struct draft d = WORLD_DRAFT("restricted.add", {"child", child.s}, {"category", "private"}, {"basis", "needed"},
                               {"what", b->text});
  d.to = b->to.keys;
  d.to_count = b->to.count;
  b->item = world_record(&b->w, b->writer, d);
}

static void write_named(struct bench *b) {
  struct restricted_to to = {0};
  struct hash_hex item = hash_hex(&b->item);
  struct draft d = WORLD_DRAFT("restricted.open", {"item", item.s}, {"how", "own-key"}, {"reason", b->text});
  world_must(restricted_add_signing(b->writer->store, &b->writer->person, &to), "a key to sign with");
  d.to = to.keys;
  d.to_count = to.count;
  world_record(&b->w, b->writer, d);
}

/* The node's part alone, for each act. */
static double admit_us(struct bench *b, void (*write)(struct bench *b)) {
  struct exchange_replica r = {b->writer->store, b->writer->replica_key, b->w.now_s};
  struct exchange_report report = {0};
  struct buf request = {0}, answer = {0};
  size_t sent;
  for (int i = 0; i < ACTS; i++)
    write(b);
  buf_init(&answer, MSG_ANSWER_MAX);
  world_must(exchange_request(&r, &request, &sent), "the request");
  double start = bench_cpu_s() * 1e6;
  world_must(exchange_answer(&b->w.node, &b->writer->replica, buf_bytes(&request), b->w.now_s, &answer), "the answer");
  double us = (bench_cpu_s() * 1e6 - start) / ACTS;
  world_must(exchange_take(&r, buf_bytes(&answer), &report), "taking the answer");
  if (sent != ACTS || report.accepted != ACTS)
    world_must(ERR_REFUSED, "not all were admitted, which is");
  buf_release(&request);
  buf_release(&answer);
  return us;
}

static double cms_us(struct cms_carrier **carriers) {
  static uint8_t zeros[1024 + 35];
  double start = bench_cpu_s() * 1e6;
  for (int i = 0; i < ACTS; i++) {
    struct buf out = {0};
    cms_seal(bytes_of(zeros, sizeof zeros), carriers, PEOPLE, &out);
    buf_release(&out);
  }
  return (bench_cpu_s() * 1e6 - start) / ACTS;
}

int main(void) {
  struct bench b = {0};
  struct cms_carrier *carriers[PEOPLE];
  double sealed[ROUNDS], named[ROUNDS], theirs[ROUNDS];
  prepare(&b);
  for (int i = 0; i < PEOPLE; i++)
    carriers[i] = cms_carrier_new(b.w.members[i].seal_key);
  for (int i = 0; i < ROUNDS; i++) {
    sealed[i] = admit_us(&b, write_sealed);
    named[i] = admit_us(&b, write_named);
    theirs[i] = cms_us(carriers);
  }
  double one = bench_median(sealed, ROUNDS), open = bench_median(named, ROUNDS), cms = bench_median(theirs, ROUNDS);
  bench_print("admit_sealed", one, "us of processor/act sealed to 8");
  bench_print("admit_named", open, "us of processor/act of the audience named");
  bench_print("admit_sealed_ratio", one / open, "times admit_named");
  bench_print("floor_cms_seal", cms, "us, OpenSSL's CMS for 8");
  for (int i = 0; i < PEOPLE; i++)
    cms_carrier_free(carriers[i]);
  world_close(&b.w);
  return 0;
}
