/*
 * trace.h - what went over the wire in one case, in words and in hex, for who looks for a mistake.
 */
#ifndef TG_CONTRIB_CERTIFY_TRACE_H
#define TG_CONTRIB_CERTIFY_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_LINES_MAX 200
#define TRACE_TEXT_BYTES 400
#define TRACE_HEX_BYTES 513 /* of the first 256 bytes of a frame, and a NUL */

enum trace_side {
	TRACE_TERMINAL, /* a frame that the terminal sent */
	TRACE_HARNESS,	/* a frame that was sent to it */
	TRACE_EVENT,	/* what happened otherwise */
};

struct trace_line {
	int64_t at_ms; /* since the case began */
	uint32_t connection;
	uint8_t side; /* enum trace_side */
	char text[TRACE_TEXT_BYTES];
	char hex[TRACE_HEX_BYTES]; /* of a frame, without its header; "" for an event */
};

struct trace {
	int64_t began_ms;     /* on the clock of wire_now_ms() */
	uint32_t count, lost; /* lines kept, and not kept any more */
	struct trace_line lines[TRACE_LINES_MAX];
};

void trace_begin(struct trace *trace);

/* Note a payload, decoded as far as it can be.  PROOF and KEY are left out of the words. */
void trace_frame(struct trace *trace, enum trace_side side, uint32_t connection,
		 const uint8_t *payload, size_t bytes);

/* Note something else. */
void trace_event(struct trace *trace, uint32_t connection, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
