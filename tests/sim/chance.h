/*
 * chance.h - numbers that look random and come from a seed: the same seed, the same run.
 */
#ifndef TG_TESTS_SIM_CHANCE_H
#define TG_TESTS_SIM_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
	uint64_t state;
};

/* The nth of many streams that have nothing to do with each other. */
static inline struct chance
chance_of(uint64_t seed, uint64_t nth)
{
	return (struct chance){ seed * UINT64_C(0xd1342543de82ef95) ^
				(nth + 1) * UINT64_C(0x2545f4914f6cdd1d) };
}

/* splitmix64 */
static inline uint64_t
chance_next(struct chance *chance)
{
	uint64_t mixed = chance->state += UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ mixed >> 31;
}

/* 0..bound - 1; bound > 0. */
static inline int64_t
chance_below(struct chance *chance, int64_t bound)
{
	return (int64_t)(chance_next(chance) % (uint64_t)bound);
}

/* low..high. */
static inline int64_t
chance_between(struct chance *chance, int64_t low, int64_t high)
{
	return low + chance_below(chance, high - low + 1);
}

/* Once in so many. */
static inline bool
chance_once_in(struct chance *chance, int64_t times)
{
	return chance_below(chance, times) == 0;
}

#endif
