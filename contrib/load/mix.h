/*
 * mix.h - which kinds of work a load is made of, by weights.
 */
#ifndef TG_CONTRIB_LOAD_MIX_H
#define TG_CONTRIB_LOAD_MIX_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"
#include "contrib/load/prng.h"

/* Columns: name, word in --mix, weight when --mix is not given, text. */
/* clang-format off */
#define MIX_LIST(X) \
	X(ENROLL,  enroll,   1, "a new member with a card") \
	X(INQUIRY, inquiry, 15, "balances of a member") \
	X(QUOTE,   quote,    4, "what an earn or a burn would do") \
	X(EARN,    earn,    50, "a purchase") \
	X(BURN,    burn,    15, "paying with points") \
	X(CAPTURE, capture,  5, "a hold and its capture, whole or part") \
	X(RELEASE, release,  3, "a hold and its release") \
	X(REFUND,  refund,   3, "an earlier purchase comes back, whole or part") \
	X(REVERSE, reverse,  2, "an earlier earn or burn is undone, or one that never was") \
	X(STATUS,  status,   2, "what became of an earlier transaction") \
	X(EXCHANGE, exchange, 0, "own currency for points, or back: needs rates and the right")
/* clang-format on */

enum mix_kind {
#define MIX_ENUM(name, word, weight, text) MIX_##name,
	MIX_LIST(MIX_ENUM)
#undef MIX_ENUM
	MIX_COUNT,
};

/* Invariant: total is the sum of weights and at least 1. */
struct mix {
	uint32_t weights[MIX_COUNT];
	uint32_t total;
};

/* The weights of the list. */
void mix_init(struct mix *mix);

/*
 * Read "earn=60,burn=20,inquiry=20"; kinds that are not named get no weight. False, with the
 * reason in failure and mix untouched, when a word is not in the list, named twice, without a
 * number, or when nothing has weight.
 */
bool mix_parse(const char *text, struct mix *ret_mix, struct failure *failure);

/* Draw a kind by weight. */
enum mix_kind mix_draw(const struct mix *mix, struct prng *prng);

/* What the list says of a kind. */
const char *mix_word(enum mix_kind kind);
uint32_t mix_weight(enum mix_kind kind);
const char *mix_text(enum mix_kind kind);

#endif
