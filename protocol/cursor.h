/*
 * cursor.h - reads msgpack from bytes, one head at a time.
 *
 * A head is the first byte of a value and the integer or length that follows it.  Pre-scan and
 * decoder walk a frame with it.  Nothing is allocated, nothing is copied, no byte past the end is
 * touched.
 */
#ifndef TG_PROTOCOL_CURSOR_H
#define TG_PROTOCOL_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes not yet read.  Invariant: at <= end. */
struct tg_cursor {
	const uint8_t *at;  /* borrowed */
	const uint8_t *end; /* one past the last */
};

/* What a value is. */
enum tg_head_kind {
	TG_HEAD_NIL,
	TG_HEAD_BOOL,	  /* integer is 0 or 1 */
	TG_HEAD_INT,	  /* integer */
	TG_HEAD_HUGE_INT, /* above INT64_MAX; integer is not set */
	TG_HEAD_STR,	  /* length bytes follow */
	TG_HEAD_BIN,	  /* length bytes follow */
	TG_HEAD_ARRAY,	  /* length values follow */
	TG_HEAD_MAP,	  /* length pairs of values follow */
	TG_HEAD_FLOAT,	  /* its bytes are read over */
	TG_HEAD_REFUSED,  /* an extension or the byte that msgpack never uses */
};

struct tg_head {
	enum tg_head_kind kind;
	uint32_t length; /* STR, BIN, ARRAY, MAP */
	int64_t integer; /* BOOL, INT */
};

/* Bytes left. */
static inline size_t
tg_cursor_left(const struct tg_cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

/* The part of tg_cursor_head() for heads of which the first byte does not tell all. */
bool tg_cursor_wide_head(struct tg_cursor *cursor, uint8_t first, struct tg_head *ret_head);

/*
 * Read one head and move past it, not past the bytes or values that follow it.
 * False, with the cursor anywhere, when the head is cut off.
 */
static inline bool
tg_cursor_head(struct tg_cursor *cursor, struct tg_head *ret_head)
{
	uint8_t first;

	if (cursor->at == cursor->end)
		return false;
	first = *cursor->at++;
	if (first <= 0x7f || first >= 0xe0) {
		ret_head->kind = TG_HEAD_INT;
		ret_head->integer = (int8_t)first;
	} else if (first >= 0xc0) {
		return tg_cursor_wide_head(cursor, first, ret_head);
	} else if (first >= 0xa0) {
		ret_head->kind = TG_HEAD_STR;
		ret_head->length = first & 0x1fu;
	} else {
		ret_head->kind = first >= 0x90 ? TG_HEAD_ARRAY : TG_HEAD_MAP;
		ret_head->length = first & 0x0fu;
	}
	return true;
}

/*
 * Move past one whole value, whatever it is, and all in it.
 * False, with the cursor anywhere, when it is cut off or refused.  Does not recurse.
 */
bool tg_cursor_skip(struct tg_cursor *cursor);

#endif
