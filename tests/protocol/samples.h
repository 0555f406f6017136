/*
 * samples.h - messages made from the message table, for tests of whatever reads or writes them.
 */
#ifndef TG_TESTS_PROTOCOL_SAMPLES_H
#define TG_TESTS_PROTOCOL_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/message.h"
#include "protocol/value.h"
#include "protocol/writer.h"

/* Which of its allowed values each field gets. */
enum sample_at {
	SAMPLE_LOW,  /* the lower bound */
	SAMPLE_HIGH, /* the upper bound; a batch has few items all the same */
};

/* A message and the bytes its fields point to.  Too large for a small stack: make it static. */
struct sample {
	struct tg_message message;
	struct tg_writer writer;
	uint8_t bytes[32 * 1024];
};

/* A request of the operation with all its fields; by_identifier: so the member is named. */
void sample_request(struct sample *sample, uint32_t operation, enum sample_at at,
		    bool by_identifier);

/* An answer with all fields that the operation's answers may have. */
void sample_answer(struct sample *sample, uint32_t operation, uint32_t status, enum sample_at at);

/* Set one field to one of its bounds. */
void sample_set(struct sample *sample, enum tg_field field, enum sample_at at);

/* Take a field out of a message. */
void sample_remove(struct tg_message *message, enum tg_field field);

/* Do both messages have the same fields with the same values, byte for byte? */
bool sample_is_equal(const struct tg_message *a, const struct tg_message *b);

/*
 * Bytes from text: hex digits with blanks between, "x*n" for n times the byte before the star, as
 * in "91*10000 c0".  Returns how many, at most capacity.
 */
size_t sample_hex(const char *text, uint8_t *bytes, size_t capacity);

#endif
