/*
 * prng.h - random numbers that a seed repeats (xoshiro256**), for draws; not for secrets.
 */
#ifndef TG_CONTRIB_LOAD_PRNG_H
#define TG_CONTRIB_LOAD_PRNG_H

#include <stdbool.h>
#include <stdint.h>

/* A stream of numbers. */
struct prng {
	uint64_t words[4]; /* never all zero */
};

/* Begin the stream that belongs to the seed. */
void prng_init(struct prng *prng, uint64_t seed);

/* The next 64 bits. */
uint64_t prng_next(struct prng *prng);

/* A number from 0 to bound - 1, all equally likely.  bound: >= 1. */
uint64_t prng_below(struct prng *prng, uint64_t bound);

/* True with a probability of ppm millionths. */
bool prng_chance(struct prng *prng, uint32_t ppm);

/* A number that depends on nothing but value: spreads numbers that follow each other. */
uint64_t prng_scatter(uint64_t value);

#endif
