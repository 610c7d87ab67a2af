#include "tests/lib/sequence.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/world.h"

#define MEMBERS 3
#define SLOTS 4
#define STEPS_MAX 64

/* A message on its way: whose request, and what the node answered it. */
struct slot {
  size_t member;
  struct buf request, answer;
};

struct sequence {
  struct world w;
  struct slot slots[SLOTS];
  struct hash recorded[STEPS_MAX];
  size_t recorded_count;
};

static void must_hold(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "sequence: %s\n", what);
  abort();
}

static struct world_member *member_of(struct sequence *s, uint8_t which) {
  return &s->w.members[which % MEMBERS];
}

/* ---- what can be done; a says who or which, b how ---- */

static void record(struct sequence *s, uint8_t a, uint8_t b) {
  char name[32];
  snprintf(name, sizeof name, "Child %u of %zu", b, s->recorded_count);
  s->recorded[s->recorded_count++] = world_record(&s->w, member_of(s, a), WORLD_DRAFT("child.add", {"name", name}));
}

static void ask(struct sequence *s, uint8_t a, uint8_t b) {
  struct slot *slot = &s->slots[b % SLOTS];
  struct world_member *m = member_of(s, a);
  size_t sent;
  buf_clear(&slot->request);
  slot->member = a % MEMBERS;
  world_must(exchange_request(&(struct exchange_replica){m->store, m->replica_key, s->w.now_s}, &slot->request, &sent),
             "asking");
}

/* A request from the machine that a names, whoever made it. All or nothing. */
static void answer(struct sequence *s, uint8_t a, uint8_t b) {
  struct slot *slot = &s->slots[b % SLOTS];
  uint64_t size = store_size(s->w.node.store);
  buf_release(&slot->answer);
  buf_init(&slot->answer, MSG_ANSWER_MAX);
  enum err e =
      exchange_answer(&s->w.node, &member_of(s, a)->replica, buf_bytes(&slot->request), s->w.now_s, &slot->answer);
  must_hold(e == OK || (slot->answer.len == 0 && store_size(s->w.node.store) == size),
            "a refused request left a trace");
  must_hold(e == OK || a % MEMBERS != slot->member || e != ERR_DISK, "the node's disk");
}

static void alter(struct buf *b, uint8_t where) {
  if (b->len > 0)
    b->at[(size_t)where * b->len / 256] ^= 1;
}

static void alter_request(struct sequence *s, uint8_t a, uint8_t b) {
  alter(&s->slots[b % SLOTS].request, a);
}

static void alter_answer(struct sequence *s, uint8_t a, uint8_t b) {
  alter(&s->slots[b % SLOTS].answer, a);
}

static void take(struct sequence *s, uint8_t a, uint8_t b) {
  struct world_member *m = member_of(s, a);
  struct exchange_report report = {0};
  struct hash before, after;
  must_hold(store_views_digest(m->store, &before) == OK, "the views before");
  enum err e = exchange_take(&(struct exchange_replica){m->store, m->replica_key, s->w.now_s},
                             buf_bytes(&s->slots[b % SLOTS].answer), &report);
  must_hold(store_views_digest(m->store, &after) == OK, "the views after");
  must_hold(e == OK || hash_equal(&before, &after), "a refused answer left a trace");
}

static void sync_whole(struct sequence *s, uint8_t a, uint8_t b) {
  (void)b;
  world_sync(&s->w, member_of(s, a));
}

static void reopen(struct sequence *s, uint8_t a, uint8_t b) {
  (void)b;
  if (a % (MEMBERS + 1) == MEMBERS)
    world_reopen_node(&s->w);
  else
    world_reopen(member_of(s, a));
}

static void wait_a_while(struct sequence *s, uint8_t a, uint8_t b) {
  s->w.now_s += (int64_t)a * 60 + b;
}

static void (*const doings[])(struct sequence *s, uint8_t a, uint8_t b) = {
    record, ask, answer, take, alter_request, alter_answer, sync_whole, reopen, wait_a_while,
};

/* ---- the whole ---- */

static void check_views(struct store *s) {
  struct hash kept, again;
  must_hold(store_views_digest(s, &kept) == OK && store_begin(s) == OK && store_rebuild(s) == OK &&
                store_views_digest(s, &again) == OK,
            "making the views again");
  store_rollback(s);
  must_hold(hash_equal(&kept, &again), "the views that were kept are not those that are made again");
}

static void check_end(struct sequence *s) {
  struct record r;
  for (size_t i = 0; i < MEMBERS; i++)
    world_sync(&s->w, &s->w.members[i]);
  for (size_t i = 0; i < s->recorded_count; i++) {
    must_hold(store_find(s->w.node.store, &s->recorded[i], &r) == OK, "what was recorded is not in the ledger");
    record_release(&r);
  }
  for (size_t i = 0; i < MEMBERS; i++) {
    must_hold(store_outbox_count(s->w.members[i].store, NULL) == 0, "an outbox is not empty");
    check_views(s->w.members[i].store);
  }
  check_views(s->w.node.store);
}

static void begin(struct sequence *s) {
  static const char *const people[MEMBERS] = {"Ann", "Ben", "Cat"};
  world_open(&s->w, 7);
  struct hash agencies[] = {world_agency(&s->w, "Social Work", "social-work"), world_agency(&s->w, "Health", "health")};
  for (size_t i = 0; i < MEMBERS; i++)
    world_join(&s->w, &agencies[i % 2], people[i], "practitioner");
}

void sequence_play(struct bytes steps) {
  struct sequence s = {0};
  begin(&s);
  for (size_t i = 0; i < STEPS_MAX && steps.len - i * 3 >= 3 && steps.len >= i * 3; i++) {
    const uint8_t *step = steps.at + i * 3;
    doings[step[0] % (sizeof doings / sizeof *doings)](&s, step[1], step[2]);
  }
  check_end(&s);
  for (size_t i = 0; i < SLOTS; i++) {
    buf_release(&s.slots[i].request);
    buf_release(&s.slots[i].answer);
  }
  world_close(&s.w);
}
