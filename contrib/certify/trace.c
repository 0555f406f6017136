/*
 * trace.c - frames in words.
 *
 * Reads msgpack without the message table's judgement: what a faulty terminal sends is shown too.
 */
#include "contrib/certify/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "contrib/certify/wire.h"
#include "protocol/cursor.h"
#include "protocol/message.h"
#include "protocol/status.h"

#define DEPTH_MAX 4
#define HEX_BYTES_SHOWN 24 /* of a bin, in the words */

/* A line being written: cut at its end. */
struct text {
	char *base;
	size_t capacity, used;
};

static void print(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
print(struct text *text, const char *format, ...)
{
	va_list arguments;
	int bytes;

	if (text->used + 1 >= text->capacity)
		return;
	va_start(arguments, format);
	bytes = vsnprintf(text->base + text->used, text->capacity - text->used, format, arguments);
	va_end(arguments);
	text->used += bytes > 0 ? (size_t)bytes : 0;
	if (text->used >= text->capacity)
		text->used = text->capacity - 1;
}

/* Bytes of a STR or BIN.  False: they are cut off. */
static bool
print_bytes(struct text *text, struct tg_cursor *cursor, const struct tg_head *head)
{
	if (tg_cursor_left(cursor) < head->length)
		return false;
	if (head->kind == TG_HEAD_STR) {
		print(text, "\"");
		for (uint32_t i = 0; i < head->length; i++)
			print(text, cursor->at[i] < ' ' || cursor->at[i] == 0x7f ? "\\x%02x" : "%c",
			      cursor->at[i]);
		print(text, "\"");
	} else {
		for (uint32_t i = 0; i < head->length && i < HEX_BYTES_SHOWN; i++)
			print(text, "%02x", cursor->at[i]);
		if (head->length > HEX_BYTES_SHOWN)
			print(text, "...");
	}
	cursor->at += head->length;
	return true;
}

static bool print_value(struct text *text, struct tg_cursor *cursor, unsigned depth);

/* The fields of a body, or a map that should not be there. */
static bool
print_map(struct text *text, struct tg_cursor *cursor, uint32_t count, unsigned depth)
{
	print(text, "{");
	for (uint32_t i = 0; i < count; i++) {
		struct tg_cursor before = *cursor;
		struct tg_head key;

		print(text, i > 0 ? ", " : "");
		if (!tg_cursor_head(cursor, &key))
			return false;
		if (key.kind == TG_HEAD_INT && tg_field_info((uint64_t)key.integer) != NULL) {
			print(text, "%s=", tg_field_name((uint64_t)key.integer));
		} else {
			*cursor = before;
			if (!print_value(text, cursor, depth + 1))
				return false;
			print(text, "=");
		}
		if (key.kind == TG_HEAD_INT &&
		    (key.integer == TG_FIELD_PROOF || key.integer == TG_FIELD_KEY)) {
			print(text, "(not shown)");
			if (!tg_cursor_skip(cursor))
				return false;
		} else if (!print_value(text, cursor, depth + 1)) {
			return false;
		}
	}
	print(text, "}");
	return true;
}

/* Recursion is bounded by DEPTH_MAX. */
static bool
print_value(struct text *text, struct tg_cursor *cursor, unsigned depth)
{
	struct tg_head head;

	if (depth > DEPTH_MAX || !tg_cursor_head(cursor, &head))
		return false;
	switch (head.kind) {
	case TG_HEAD_NIL:
		print(text, "nil");
		return true;
	case TG_HEAD_BOOL:
		print(text, head.integer != 0 ? "true" : "false");
		return true;
	case TG_HEAD_INT:
		print(text, "%" PRId64, head.integer);
		return true;
	case TG_HEAD_HUGE_INT:
		print(text, "(above 2^63)");
		return true;
	case TG_HEAD_STR:
	case TG_HEAD_BIN:
		return print_bytes(text, cursor, &head);
	case TG_HEAD_ARRAY:
		print(text, "[");
		for (uint32_t i = 0; i < head.length; i++) {
			print(text, i > 0 ? ", " : "");
			if (!print_value(text, cursor, depth + 1))
				return false;
		}
		print(text, "]");
		return true;
	case TG_HEAD_MAP:
		return print_map(text, cursor, head.length, depth);
	case TG_HEAD_FLOAT:
		print(text, "(floating point)");
		return true;
	case TG_HEAD_REFUSED:
		break;
	}
	return false;
}

/* What a frame says: EARN #3 {...}, or OK #3 {...}. */
static bool
print_frame(struct text *text, enum trace_side side, struct tg_cursor *cursor)
{
	struct tg_head array, id, code;

	if (!tg_cursor_head(cursor, &array) || array.kind != TG_HEAD_ARRAY || array.length != 3 ||
	    !tg_cursor_head(cursor, &id) || id.kind != TG_HEAD_INT ||
	    !tg_cursor_head(cursor, &code) || code.kind != TG_HEAD_INT)
		return false;
	if (side == TRACE_TERMINAL || id.integer == 0)
		print(text, "%s", tg_operation_name((uint64_t)code.integer));
	else if (strcmp(tg_status_name((enum tg_status)code.integer), "?") == 0)
		print(text, "status %" PRId64, code.integer);
	else
		print(text, "%s", tg_status_name((enum tg_status)code.integer));
	print(text, " #%" PRId64 " ", id.integer);
	return print_value(text, cursor, 0) && tg_cursor_left(cursor) == 0;
}

void
trace_begin(struct trace *trace)
{
	trace->began_ms = wire_now_ms();
	trace->count = trace->lost = 0;
}

/* The next line; NULL: there are enough. */
static struct trace_line *
next_line(struct trace *trace, enum trace_side side, uint32_t connection)
{
	struct trace_line *line;

	if (trace->count == TRACE_LINES_MAX) {
		trace->lost++;
		return NULL;
	}
	line = &trace->lines[trace->count++];
	line->at_ms = wire_now_ms() - trace->began_ms;
	line->connection = connection;
	line->side = (uint8_t)side;
	line->text[0] = line->hex[0] = '\0';
	return line;
}

void
trace_frame(struct trace *trace, enum trace_side side, uint32_t connection, const uint8_t *payload,
	    size_t bytes)
{
	struct trace_line *line = next_line(trace, side, connection);
	struct tg_cursor cursor = { payload, payload + bytes };
	struct text text;

	if (line == NULL)
		return;
	text = (struct text){ line->text, sizeof(line->text), 0 };
	if (!print_frame(&text, side, &cursor))
		print(&text, " (malformed)");
	for (size_t i = 0; i < bytes && 2 * i + 2 < sizeof(line->hex); i++)
		snprintf(line->hex + 2 * i, 3, "%02x", payload[i]);
}

void
trace_event(struct trace *trace, uint32_t connection, const char *format, ...)
{
	struct trace_line *line = next_line(trace, TRACE_EVENT, connection);
	va_list arguments;

	if (line == NULL)
		return;
	va_start(arguments, format);
	vsnprintf(line->text, sizeof(line->text), format, arguments);
	va_end(arguments);
}
