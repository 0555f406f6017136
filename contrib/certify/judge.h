/*
 * judge.h - the cases: what is played, what is expected, and whether that is what the terminal did.
 */
#ifndef TG_CONTRIB_CERTIFY_JUDGE_H
#define TG_CONTRIB_CERTIFY_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/certify/round.h"

enum verdict {
	VERDICT_PASSED,
	VERDICT_FAILED,
	VERDICT_NOT_EXERCISED, /* the terminal did nothing that could be judged */
};

#define JUDGE_TEXT_BYTES 320

struct judgement {
	enum verdict verdict;
	char text[JUDGE_TEXT_BYTES]; /* what was seen; "" when that was what was expected */
};

/* What a round without a fault was like; others are compared with it. */
struct plain_round {
	bool is_known;
	int exit_status; /* as of struct round */
};

typedef void judge_fn(const struct round *round, const struct plain_round *plain,
		      struct judgement *judgement);

struct judge_case {
	const char *name;     /* "lost-answer" */
	const char *expected; /* a sentence */
	enum fault fault;
	uint32_t rounds;     /* how often it is played before it is judged */
	bool needs_tls;
	judge_fn *judge;
};

extern const struct judge_case judge_cases[];
extern const uint32_t judge_case_count;

/* The word for a verdict: "passed". */
const char *judge_verdict_name(enum verdict verdict);

/*
 * Are the pauses between attempts to connect those of two rounds in which chance had a part?
 * pauses_ms: of the first and the second round, count of each.
 */
void judge_pauses(const int64_t *pauses_ms[2], const uint32_t counts[2],
		  struct judgement *judgement);

/* Pauses between connections that were closed at once; returns how many, at most max. */
uint32_t judge_pauses_of(const struct round *round, int64_t *ret_pauses_ms, uint32_t max);

#endif
