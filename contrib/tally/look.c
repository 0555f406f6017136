/*
 * look.c - how the numbers of an answer look.
 */
#include "contrib/tally/look.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "contrib/common/day.h"
#include "contrib/common/when.h"

/* Kinds of entries, operations and what happens by itself. */
static const struct {
	uint32_t kind;
	const char *word;
} kinds[] = {
	{ TG_OP_ENROLL, "enroll" },
	{ TG_OP_LINK, "link" },
	{ TG_OP_UNLINK, "unlink" },
	{ TG_OP_EARN, "earn" },
	{ TG_OP_BURN, "burn" },
	{ TG_OP_HOLD, "hold" },
	{ TG_OP_CAPTURE, "capture" },
	{ TG_OP_RELEASE, "release" },
	{ TG_OP_REFUND, "refund" },
	{ TG_OP_REVERSE, "reverse" },
	{ TG_OP_CONFIRM, "confirm" },
	{ TG_OP_EXCHANGE, "exchange" },
	{ TG_OP_TOP_UP, "topup" },
	{ TG_OP_PAY, "pay" },
	{ 30, "expired" },
	{ 31, "matured" },
	{ 32, "lapsed" },
};

enum look
look_of(enum tg_field field)
{
	if (tg_field_info(field)->type == TG_TYPE_BOOL)
		return LOOK_FLAG;
	switch ((int)field) {
	case TG_FIELD_BUSINESS_DATE:
	case TG_FIELD_EXPIRES_DAY:
	case TG_FIELD_TILL_DAY:
	case TG_FIELD_DAY:
		return LOOK_DAY;
	case TG_FIELD_BOOKED_AT:
	case TG_FIELD_SERVER_TIME:
	case TG_FIELD_DEADLINE:
	case TG_FIELD_BUSINESS_TIME:
	case TG_FIELD_ORIGINAL_TIME:
		return LOOK_TIME;
	case TG_FIELD_OUTCOME:
		return LOOK_STATUS;
	case TG_FIELD_KIND:
		return LOOK_KIND;
	case TG_FIELD_STATE:
		return LOOK_STATE;
	case TG_FIELD_RIGHTS:
		return LOOK_RIGHTS;
	case TG_FIELD_FIELD:
		return LOOK_FIELD;
	default:
		return LOOK_NUMBER;
	}
}

void
look_name(enum tg_field field, char *ret_text, size_t bytes)
{
	snprintf(ret_text, bytes, "%s", tg_field_info(field)->name);
	for (char *at = ret_text; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
}

void
look_day(int64_t day, char ret_text[LOOK_TEXT_BYTES])
{
	char text[DAY_TEXT_BYTES] = "?";

	if (day >= 0 && day <= TG_DAY_MAX)
		day_format((int32_t)day, text);
	snprintf(ret_text, LOOK_TEXT_BYTES, "%s", text);
}

void
look_time(int64_t utc_ms, char ret_text[LOOK_TEXT_BYTES])
{
	char text[WHEN_TEXT_BYTES] = "?";

	if (utc_ms >= 0 && utc_ms <= TG_TIME_MS_MAX)
		when_format(utc_ms, text);
	snprintf(ret_text, LOOK_TEXT_BYTES, "%s", text);
}

const char *
look_kind(uint32_t kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].kind == kind)
			return kinds[i].word;
	return "?";
}

const char *
look_state(int64_t state)
{
	static const char *const words[] = {
		[TG_STATE_STANDING] = "standing", [TG_STATE_REVERSED] = "reversed",
		[TG_STATE_OPEN] = "open",	  [TG_STATE_CAPTURED] = "captured",
		[TG_STATE_RELEASED] = "released", [TG_STATE_EXPIRED] = "expired",
	};

	return state >= 0 && state < (int64_t)(sizeof(words) / sizeof(words[0])) ? words[state]
										 : "?";
}

/* Names of all bits that are set. */
static void
look_rights(int64_t rights, char ret_text[LOOK_TEXT_BYTES])
{
	size_t used = 0;

	ret_text[0] = '\0';
	for (uint32_t bit = 1; bit != 0 && bit <= 0x8000; bit <<= 1) {
		if ((rights & bit) == 0 || used + 16 > LOOK_TEXT_BYTES)
			continue;
		used += (size_t)snprintf(ret_text + used, LOOK_TEXT_BYTES - used, "%s%s",
					 used > 0 ? "+" : "", tg_right_name(bit));
	}
}

void
look_integer(enum tg_field field, int64_t integer, char ret_text[LOOK_TEXT_BYTES])
{
	switch (look_of(field)) {
	case LOOK_FLAG:
		snprintf(ret_text, LOOK_TEXT_BYTES, "%s", integer != 0 ? "yes" : "no");
		break;
	case LOOK_DAY:
		look_day(integer, ret_text);
		break;
	case LOOK_TIME:
		look_time(integer, ret_text);
		break;
	case LOOK_STATUS:
		snprintf(ret_text, LOOK_TEXT_BYTES, "%s: %s",
			 tg_status_name((enum tg_status)integer),
			 tg_status_text((enum tg_status)integer));
		break;
	case LOOK_KIND:
		snprintf(ret_text, LOOK_TEXT_BYTES, "%s", look_kind((uint32_t)integer));
		break;
	case LOOK_STATE:
		snprintf(ret_text, LOOK_TEXT_BYTES, "%s", look_state(integer));
		break;
	case LOOK_RIGHTS:
		look_rights(integer, ret_text);
		break;
	case LOOK_FIELD:
		snprintf(ret_text, LOOK_TEXT_BYTES, "%" PRId64 " %s", integer,
			 tg_field_name((uint64_t)integer));
		break;
	case LOOK_NUMBER:
		snprintf(ret_text, LOOK_TEXT_BYTES, "%" PRId64, integer);
		break;
	}
}
