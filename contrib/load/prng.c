/*
 * prng.c - random numbers that a seed repeats.
 *
 * xoshiro256** of Blackman and Vigna, seeded with splitmix64 as they advise.
 */
#include "contrib/load/prng.h"

#include "protocol/assert.h"

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15)

static uint64_t
rotate_left(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

uint64_t
prng_scatter(uint64_t value)
{
	value += GOLDEN_GAMMA;
	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

void
prng_init(struct prng *prng, uint64_t seed)
{
	for (unsigned i = 0; i < 4; i++)
		prng->words[i] = prng_scatter(seed + i * GOLDEN_GAMMA);
}

uint64_t
prng_next(struct prng *prng)
{
	uint64_t *words = prng->words;
	uint64_t result = rotate_left(words[1] * 5, 7) * 9;
	uint64_t shifted = words[1] << 17;

	words[2] ^= words[0];
	words[3] ^= words[1];
	words[1] ^= words[2];
	words[0] ^= words[3];
	words[2] ^= shifted;
	words[3] = rotate_left(words[3], 45);
	return result;
}

uint64_t
prng_below(struct prng *prng, uint64_t bound)
{
	uint64_t limit, value;

	TG_ASSERT(bound >= 1);
	/* The largest multiple of bound that fits; what lies beyond would favour small numbers. */
	limit = UINT64_MAX - UINT64_MAX % bound;
	do
		value = prng_next(prng);
	while (value >= limit);
	return value % bound;
}

bool
prng_chance(struct prng *prng, uint32_t ppm)
{
	return ppm > 0 && prng_below(prng, 1000000) < ppm;
}
