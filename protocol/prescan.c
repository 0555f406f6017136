/*
 * prescan.c - proves a frame harmless before anything else reads it.
 */
#include "protocol/prescan.h"

#include <assert.h>
#include <string.h>

/* A container whose end is not yet reached. */
struct level {
	uint32_t left;	 /* values still to come; a map counts its keys and its values */
	bool is_map;	 /* an even number left: the next is a key */
	uint64_t met[4]; /* map: keys met so far, a bit each */
};

/* The scan of one frame. */
struct scanner {
	struct tg_cursor cursor;
	unsigned depth; /* levels in use */
	struct level levels[TG_DEPTH_MAX];
};

static_assert(TG_FIELD_NUMBER_MAX < 4 * 64, "a bit for each possible key");

/* A map can be a body only: of the frame, in its array, or of an item: array, body, ITEMS, item. */
static bool
may_hold_map(unsigned depth)
{
	return depth == 1 || depth == 4;
}

/* Enter a container with so many values in it. */
static bool
enter(struct scanner *s, bool is_map, uint32_t length)
{
	struct level *level;
	uint32_t values = is_map ? 2 * length : length;

	if (length > (is_map ? TG_FIELD_NUMBER_MAX + 1 : TG_ARRAY_LENGTH_MAX))
		return false;
	if (values > tg_cursor_left(&s->cursor) || s->depth == TG_DEPTH_MAX)
		return false;
	if (is_map && !may_hold_map(s->depth))
		return false;
	level = &s->levels[s->depth++];
	level->left = values;
	level->is_map = is_map;
	if (is_map)
		memset(level->met, 0, sizeof(level->met));
	return true;
}

/* Read a key of the map; false when it is no small integer or was there before. */
static bool
scan_key(struct scanner *s, struct level *level)
{
	struct tg_head head;
	uint64_t *word;
	uint64_t bit;

	if (!tg_cursor_head(&s->cursor, &head) || head.kind != TG_HEAD_INT)
		return false;
	if (head.integer < 0 || head.integer > TG_FIELD_NUMBER_MAX)
		return false;
	word = &level->met[head.integer / 64];
	bit = UINT64_C(1) << (head.integer % 64);
	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}

/* Read a value, or the head of a container and enter it. */
static bool
scan_value(struct scanner *s)
{
	struct tg_head head;

	if (!tg_cursor_head(&s->cursor, &head))
		return false;
	switch (head.kind) {
	case TG_HEAD_NIL:
	case TG_HEAD_BOOL:
	case TG_HEAD_INT:
	case TG_HEAD_HUGE_INT:
		return true;
	case TG_HEAD_STR:
	case TG_HEAD_BIN:
		if (head.length > tg_cursor_left(&s->cursor))
			return false;
		s->cursor.at += head.length;
		return true;
	case TG_HEAD_ARRAY:
		return enter(s, false, head.length);
	case TG_HEAD_MAP:
		return enter(s, true, head.length);
	case TG_HEAD_FLOAT:
	case TG_HEAD_REFUSED:
		break;
	}
	return false;
}

/* Read values until the containers entered so far are complete. */
static bool
scan_levels(struct scanner *s)
{
	while (s->depth > 1) {
		struct level *level = &s->levels[s->depth - 1];

		if (level->left == 0) {
			s->depth--;
			continue;
		}
		level->left--;
		if (level->is_map && level->left % 2 == 1) {
			if (!scan_key(s, level))
				return false;
		} else if (!scan_value(s)) {
			return false;
		}
	}
	return true;
}

/* Read an unsigned integer up to a bound. */
static bool
scan_unsigned(struct scanner *s, int64_t bound, uint32_t *ret_value)
{
	struct tg_head head;

	if (!tg_cursor_head(&s->cursor, &head) || head.kind != TG_HEAD_INT)
		return false;
	if (head.integer < 0 || head.integer > bound)
		return false;
	*ret_value = (uint32_t)head.integer;
	return true;
}

enum tg_status
tg_prescan(const uint8_t *payload, size_t bytes, struct tg_scan *ret_scan)
{
	struct scanner s = { .cursor = { payload, payload + bytes }, .depth = 0 };
	struct tg_head head;
	uint32_t code;

	ret_scan->request_id = 0;
	if (!tg_cursor_head(&s.cursor, &head) || head.kind != TG_HEAD_ARRAY || head.length != 3)
		return TG_BAD_FRAME;
	s.depth = 1;
	if (!scan_unsigned(&s, UINT32_MAX, &ret_scan->request_id) ||
	    !scan_unsigned(&s, UINT16_MAX, &code))
		return TG_BAD_FRAME;
	if (!tg_cursor_head(&s.cursor, &head) || head.kind != TG_HEAD_MAP ||
	    !enter(&s, true, head.length))
		return TG_BAD_FRAME;
	ret_scan->body = s.cursor;
	if (!scan_levels(&s) || tg_cursor_left(&s.cursor) != 0)
		return TG_BAD_FRAME;
	ret_scan->code = code;
	ret_scan->field_count = head.length;
	return TG_OK;
}
