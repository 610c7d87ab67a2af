/* What tests draw: the same numbers for the same beginning, on every machine. */
#ifndef CAIRN_TESTS_CHANCE_H
#define CAIRN_TESTS_CHANCE_H

#include <stdint.h>

/* The next 64 bits (SplitMix64, Vigna). The state may begin as anything: a seed. */
uint64_t chance_draw(uint64_t *state);

#endif
