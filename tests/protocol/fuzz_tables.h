/*
 * fuzz_tables.h - seeds and words for whatever reads frames, made from the message table.
 */
#ifndef TG_TESTS_PROTOCOL_FUZZ_TABLES_H
#define TG_TESTS_PROTOCOL_FUZZ_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/fuzz.h"

/* How a target wants its frames. */
struct fuzz_form {
	const uint8_t *heads;	/* bytes before the frame; a seed for each of them */
	uint32_t head_count;	/* 0: nothing stands before the frame */
	uint32_t request_id;
	bool has_length;	/* with the length that stands before a frame on the wire */
};

/* A request of every operation, with all of its fields at their lower, then upper bounds. */
void fuzz_seed_requests(const struct fuzz_sink *sink, const struct fuzz_form *form);

/* The same with the answers. */
void fuzz_seed_answers(const struct fuzz_sink *sink, const struct fuzz_form *form);

/* Fields with a value, operations, statuses, and the heads of all types and widths. */
void fuzz_word_frames(const struct fuzz_sink *sink);

#endif
