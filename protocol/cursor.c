/*
 * cursor.c - reads msgpack from bytes, one head at a time.
 */
#include "protocol/cursor.h"

/* How the bytes 0xc0 to 0xdf go on: kind, and how many bytes of big-endian integer follow. */
static const struct wide_head {
	uint8_t kind;	   /* enum tg_head_kind */
	uint8_t bytes;	   /* that follow: of the integer, or of the length */
	uint8_t is_signed; /* the integer is in two's complement */
} wide_heads[32] = {
	[0x00] = { TG_HEAD_NIL, 0, 0 },	    [0x01] = { TG_HEAD_REFUSED, 0, 0 },
	[0x02] = { TG_HEAD_BOOL, 0, 0 },    [0x03] = { TG_HEAD_BOOL, 0, 0 },
	[0x04] = { TG_HEAD_BIN, 1, 0 },	    [0x05] = { TG_HEAD_BIN, 2, 0 },
	[0x06] = { TG_HEAD_BIN, 4, 0 },	    [0x07] = { TG_HEAD_REFUSED, 0, 0 },
	[0x08] = { TG_HEAD_REFUSED, 0, 0 }, [0x09] = { TG_HEAD_REFUSED, 0, 0 },
	[0x0a] = { TG_HEAD_FLOAT, 4, 0 },   [0x0b] = { TG_HEAD_FLOAT, 8, 0 },
	[0x0c] = { TG_HEAD_INT, 1, 0 },	    [0x0d] = { TG_HEAD_INT, 2, 0 },
	[0x0e] = { TG_HEAD_INT, 4, 0 },	    [0x0f] = { TG_HEAD_INT, 8, 0 },
	[0x10] = { TG_HEAD_INT, 1, 1 },	    [0x11] = { TG_HEAD_INT, 2, 1 },
	[0x12] = { TG_HEAD_INT, 4, 1 },	    [0x13] = { TG_HEAD_INT, 8, 1 },
	[0x14] = { TG_HEAD_REFUSED, 0, 0 }, [0x15] = { TG_HEAD_REFUSED, 0, 0 },
	[0x16] = { TG_HEAD_REFUSED, 0, 0 }, [0x17] = { TG_HEAD_REFUSED, 0, 0 },
	[0x18] = { TG_HEAD_REFUSED, 0, 0 }, [0x19] = { TG_HEAD_STR, 1, 0 },
	[0x1a] = { TG_HEAD_STR, 2, 0 },	    [0x1b] = { TG_HEAD_STR, 4, 0 },
	[0x1c] = { TG_HEAD_ARRAY, 2, 0 },   [0x1d] = { TG_HEAD_ARRAY, 4, 0 },
	[0x1e] = { TG_HEAD_MAP, 2, 0 },	    [0x1f] = { TG_HEAD_MAP, 4, 0 },
};

/* Give an integer read from so many bytes its sign, or find that int64_t cannot hold it. */
static void
set_integer(const struct wide_head *wide, uint64_t raw, struct tg_head *ret_head)
{
	switch (wide->is_signed ? wide->bytes : 0) {
	case 1:
		ret_head->integer = (int8_t)raw;
		break;
	case 2:
		ret_head->integer = (int16_t)raw;
		break;
	case 4:
		ret_head->integer = (int32_t)raw;
		break;
	case 8:
		ret_head->integer = (int64_t)raw;
		break;
	default:
		if (raw > INT64_MAX)
			ret_head->kind = TG_HEAD_HUGE_INT;
		else
			ret_head->integer = (int64_t)raw;
		break;
	}
}

bool
tg_cursor_wide_head(struct tg_cursor *cursor, uint8_t first, struct tg_head *ret_head)
{
	const struct wide_head *wide = &wide_heads[first - 0xc0];
	uint64_t raw = 0;

	if (tg_cursor_left(cursor) < wide->bytes)
		return false;
	for (unsigned i = 0; i < wide->bytes; i++)
		raw = raw << 8 | *cursor->at++;
	ret_head->kind = (enum tg_head_kind)wide->kind;
	if (ret_head->kind == TG_HEAD_INT)
		set_integer(wide, raw, ret_head);
	else if (ret_head->kind == TG_HEAD_BOOL)
		ret_head->integer = first & 1;
	else
		ret_head->length = (uint32_t)raw;
	return true;
}

bool
tg_cursor_skip(struct tg_cursor *cursor)
{
	uint64_t pending = 1;
	struct tg_head head;

	while (pending-- > 0) {
		if (!tg_cursor_head(cursor, &head) || head.kind == TG_HEAD_REFUSED)
			return false;
		if (head.kind == TG_HEAD_STR || head.kind == TG_HEAD_BIN) {
			if (head.length > tg_cursor_left(cursor))
				return false;
			cursor->at += head.length;
		} else if (head.kind == TG_HEAD_ARRAY) {
			pending += head.length;
		} else if (head.kind == TG_HEAD_MAP) {
			pending += 2 * (uint64_t)head.length;
		}
		if (pending > tg_cursor_left(cursor))
			return false;
	}
	return true;
}
