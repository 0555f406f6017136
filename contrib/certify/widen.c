/*
 * widen.c - rewriting msgpack, value by value.
 */
#include "contrib/certify/widen.h"

#include <string.h>

#include "protocol/cursor.h"

#define DEPTH_MAX 8

static void
put(struct widened *w, const void *bytes, size_t count)
{
	if (w->bytes + count > sizeof(w->base)) {
		w->is_full = true;
		return;
	}
	memcpy(w->base + w->bytes, bytes, count);
	w->bytes += count;
}

/* A first byte, and an integer of so many bytes, big endian. */
static void
put_wide(struct widened *w, uint8_t first, uint64_t value, unsigned bytes)
{
	put(w, &first, 1);
	while (bytes-- > 0) {
		uint8_t byte = (uint8_t)(value >> (8 * bytes));

		put(w, &byte, 1);
	}
}

/* Recursion is bounded by DEPTH_MAX. */
static bool
copy_wide(struct widened *w, struct tg_cursor *cursor, unsigned depth)
{
	const uint8_t *first = cursor->at;
	struct tg_head head;
	uint32_t parts = 0;

	if (depth > DEPTH_MAX || !tg_cursor_head(cursor, &head))
		return false;
	switch (head.kind) {
	case TG_HEAD_INT:
		put_wide(w, head.integer < 0 ? 0xd3 : 0xcf, (uint64_t)head.integer, 8);
		break;
	case TG_HEAD_STR:
	case TG_HEAD_BIN:
		if (tg_cursor_left(cursor) < head.length)
			return false;
		put_wide(w, head.kind == TG_HEAD_STR ? 0xdb : 0xc6, head.length, 4);
		put(w, cursor->at, head.length);
		cursor->at += head.length;
		break;
	case TG_HEAD_ARRAY:
		put_wide(w, 0xdd, head.length, 4);
		parts = head.length;
		break;
	case TG_HEAD_MAP:
		put_wide(w, 0xdf, head.length, 4);
		parts = 2 * head.length;
		break;
	case TG_HEAD_NIL:
	case TG_HEAD_BOOL:
		put(w, first, 1);
		break;
	case TG_HEAD_HUGE_INT:
	case TG_HEAD_FLOAT:
	case TG_HEAD_REFUSED:
		return false;
	}
	while (parts-- > 0) {
		if (!copy_wide(w, cursor, depth + 1))
			return false;
	}
	return true;
}

bool
widen_integers(const uint8_t *payload, size_t bytes, struct widened *ret_widened)
{
	struct tg_cursor cursor = { payload, payload + bytes };

	ret_widened->bytes = 0;
	ret_widened->is_full = false;
	return copy_wide(ret_widened, &cursor, 0) && tg_cursor_left(&cursor) == 0 &&
	       !ret_widened->is_full;
}

bool
widen_fields(const uint8_t *payload, size_t bytes, struct widened *ret_widened)
{
	/* 200: -1, 201: true, 202: "new", 203: 3 bytes, 204: [1, [2, "x"]], 255: 2^40 */
	static const uint8_t more[] = {
		0xcc, 200, 0xff, 0xcc, 201, 0xc3, 0xcc, 202, 0xa3, 'n', 'e',  'w', 0xcc,
		203,  0xc4, 3, 1, 2, 3, 0xcc, 204, 0x92, 1, 0x92, 2, 0xa1, 'x', 0xcc,
		255,  0xcf, 0, 0, 1, 0, 0, 0, 0, 0,
	};
	struct tg_cursor cursor = { payload, payload + bytes };
	struct tg_head head;

	ret_widened->bytes = 0;
	ret_widened->is_full = false;
	if (!tg_cursor_head(&cursor, &head) || head.kind != TG_HEAD_ARRAY || head.length != 3 ||
	    !tg_cursor_skip(&cursor) || !tg_cursor_skip(&cursor))
		return false;
	put(ret_widened, payload, (size_t)(cursor.at - payload));
	if (!tg_cursor_head(&cursor, &head) || head.kind != TG_HEAD_MAP)
		return false;
	put_wide(ret_widened, 0xdf, head.length + 6, 4);
	put(ret_widened, cursor.at, tg_cursor_left(&cursor));
	put(ret_widened, more, sizeof(more));
	return !ret_widened->is_full;
}
