/*
 * value.h - one message in memory: which fields are present and their values.
 *
 * Decoder and encoder, server and client share it.  It owns nothing: bytes point into the frame
 * that was decoded or into memory of whoever fills it, and live no longer than those.  Values of
 * absent fields are not initialised.
 */
#ifndef TG_PROTOCOL_VALUE_H
#define TG_PROTOCOL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "protocol/message.h"

/* A value; which member holds it follows from the field's type. */
struct tg_value {
	union {
		int64_t integer; /* INT; BOOL as 0 or 1 */
		struct {
			const uint8_t
				*data;	/* borrowed: BIN and STR their bytes, array types msgpack */
			uint32_t bytes; /* length of data */
			uint32_t count; /* array types: rows */
		};
	};
};

/* A request, an answer or a message of the server's own. */
struct tg_message {
	uint32_t request_id; /* >= 1; 0 for the server's own messages */
	uint32_t code;	     /* request, server's own: operation; answer: status; <= 65535 */
	struct tg_field_set present; /* fields whose values are set */
	struct tg_value values[TG_FIELD_COUNT];
};

/* Begin a message without fields. */
static inline void
tg_message_init(struct tg_message *message, uint32_t request_id, uint32_t code)
{
	message->request_id = request_id;
	message->code = code;
	memset(&message->present, 0, sizeof(message->present));
}

/* Is the field there? */
static inline bool
tg_message_has(const struct tg_message *message, enum tg_field field)
{
	return tg_field_set_has(&message->present, field);
}

/* Set a field of type INT or BOOL. */
static inline void
tg_message_set_integer(struct tg_message *message, enum tg_field field, int64_t integer)
{
	message->values[field].integer = integer;
	tg_field_set_add(&message->present, field);
}

/* Set a field of type BIN or STR.  data is borrowed until the message is encoded. */
static inline void
tg_message_set_bytes(struct tg_message *message, enum tg_field field, const void *data,
		     size_t bytes)
{
	message->values[field].data = (const uint8_t *)data;
	message->values[field].bytes = (uint32_t)bytes;
	message->values[field].count = 0;
	tg_field_set_add(&message->present, field);
}

/* Set a field of type STR from a string that ends in NUL, borrowed until the message is encoded. */
static inline void
tg_message_set_text(struct tg_message *message, enum tg_field field, const char *text)
{
	tg_message_set_bytes(message, field, text, strlen(text));
}

/* The integer or boolean in the field, or absent when it is not there. */
static inline int64_t
tg_message_integer(const struct tg_message *message, enum tg_field field, int64_t absent)
{
	return tg_message_has(message, field) ? message->values[field].integer : absent;
}

#endif
