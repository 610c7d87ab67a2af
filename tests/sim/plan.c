/* What will happen: drawn before anything does. */
#include "tests/sim/sim.h"

#include "tests/lib/chance.h"

static const struct {
  const char *word;
  unsigned often;
} verbs[] = {
#define X(verb, word, often) {word, often},
    SIM_VERBS(X)
#undef X
};

const char *sim_verb_word(enum sim_verb v) {
  return verbs[v].word;
}

uint64_t sim_draw(uint64_t *state) {
  return chance_draw(state);
}

size_t sim_below(uint64_t *state, size_t n) {
  return (size_t)(sim_draw(state) % n);
}

bool sim_percent(uint64_t *state, unsigned percent) {
  return sim_below(state, 100) < percent;
}

static enum sim_verb draw_verb(uint64_t *state, unsigned all) {
  size_t left = sim_below(state, all);
  enum sim_verb v = 0;
  for (; left >= verbs[v].often; v++)
    left -= verbs[v].often;
  return v;
}

void sim_plan(uint64_t seed, struct sim_event *out, size_t count) {
  uint64_t state = seed;
  unsigned all = 0;
  for (size_t v = 0; v < SIM_VERB_COUNT; v++)
    all += verbs[v].often;
  for (size_t i = 0; i < count; i++) {
    out[i].verb = draw_verb(&state, all);
    out[i].who = (uint32_t)sim_below(&state, 1 << 16);
    out[i].seed = sim_draw(&state);
  }
}
