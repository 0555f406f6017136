/*
 * field.c - values of fields, from text and to text.
 */
#include "admin/field.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/grammar.h"
#include "admin/when.h"
#include "protocol/assert.h"
#include "protocol/message.h"

#define MS_PER_DAY INT64_C(86400000)

static const char word_anywhere[] = "anywhere";
static const char word_partner[] = "partner:";
static const char word_store[] = "store:";

uint32_t
field_find(const struct field_set *set, const char *name)
{
	uint32_t i = 0;

	while (i < set->count && strcmp(set->fields[i].name, name) != 0)
		i++;
	return i;
}

uint32_t
field_match(const struct field_set *set, const char *typed)
{
	const char *names[FIELDS_MAX];

	for (uint32_t i = 0; i < set->count; i++)
		names[i] = set->fields[i].name;
	return (uint32_t)grammar_find(names, set->count, typed, strlen(typed));
}

/* A whole decimal number, nothing before or after it. */
static bool
parse_int(const char *text, const char *end, int64_t *ret_value)
{
	char *stop;
	long long value;

	if (text == end || !((*text >= '0' && *text <= '9') || *text == '-'))
		return false;
	errno = 0;
	value = strtoll(text, &stop, 10);
	if (errno != 0 || stop != end)
		return false;
	*ret_value = value;
	return true;
}

/* The INT member of an image, and setting it.  Members have 2, 4 or 8 bytes. */
static int64_t
get_int(const struct field *field, const void *image)
{
	const uint8_t *at = (const uint8_t *)image + field->offset;
	int64_t whole;
	uint32_t half;
	uint16_t quarter;

	if (field->bytes == sizeof(whole)) {
		memcpy(&whole, at, sizeof(whole));
		return whole;
	}
	if (field->bytes == sizeof(half)) {
		memcpy(&half, at, sizeof(half));
		return field->is_signed ? (int64_t)(int32_t)half : (int64_t)half;
	}
	TG_ASSERT(field->bytes == sizeof(quarter));
	memcpy(&quarter, at, sizeof(quarter));
	return field->is_signed ? (int64_t)(int16_t)quarter : (int64_t)quarter;
}

static void
set_int(const struct field *field, void *image, int64_t value)
{
	uint8_t *at = (uint8_t *)image + field->offset;
	const uint32_t half = (uint32_t)value;
	const uint16_t quarter = (uint16_t)value;

	if (field->bytes == sizeof(value)) {
		memcpy(at, &value, sizeof(value));
	} else if (field->bytes == sizeof(half)) {
		memcpy(at, &half, sizeof(half));
	} else {
		TG_ASSERT(field->bytes == sizeof(quarter));
		memcpy(at, &quarter, sizeof(quarter));
	}
}

static bool
assign_int(const struct field *field, void *image, const char *value, char *why)
{
	int64_t number;

	if (field->word != NULL && strcasecmp(value, field->word) == 0) {
		set_int(field, image, field->word_value);
		return true;
	}
	if (!parse_int(value, value + strlen(value), &number) || number < field->low ||
	    number > field->high) {
		snprintf(why, FIELD_TEXT_BYTES, "not %" PRId64 "..%" PRId64 "%s%s", field->low,
			 field->high, field->word != NULL ? " or " : "",
			 field->word != NULL ? field->word : "");
		return false;
	}
	set_int(field, image, number);
	return true;
}

static bool
assign_flag(const struct field *field, void *image, const char *value, char *why)
{
	uint32_t flags;

	memcpy(&flags, (uint8_t *)image + field->offset, sizeof(flags));
	if (strcasecmp(value, "yes") == 0) {
		flags |= (uint32_t)field->low;
	} else if (strcasecmp(value, "no") == 0) {
		flags &= ~(uint32_t)field->low;
	} else {
		snprintf(why, FIELD_TEXT_BYTES, "not yes or no");
		return false;
	}
	memcpy((uint8_t *)image + field->offset, &flags, sizeof(flags));
	return true;
}

static bool
assign_ratio(const struct field *field, void *image, const char *value, char *why)
{
	const char *end = value + strlen(value);
	const char *slash = strchr(value, '/');
	int64_t ratio[2] = { 0, 1 };

	if (!parse_int(value, slash != NULL ? slash : end, &ratio[0]) ||
	    (slash != NULL && !parse_int(slash + 1, end, &ratio[1])) || ratio[0] < field->low ||
	    ratio[0] > field->high || ratio[1] < 1 || ratio[1] > field->high) {
		snprintf(why, FIELD_TEXT_BYTES, "not a ratio as 1/100, both at most %" PRId64,
			 field->high);
		return false;
	}
	memcpy((uint8_t *)image + field->offset, ratio, sizeof(ratio));
	return true;
}

static bool
assign_name(const struct field *field, void *image, const char *value, char *why)
{
	const size_t bytes = strlen(value);
	uint8_t *at = (uint8_t *)image + field->offset;

	if (bytes > field->bytes) {
		snprintf(why, FIELD_TEXT_BYTES, "longer than %zu bytes", field->bytes);
		return false;
	}
	memset(at, 0, field->bytes);
	memcpy(at, value, bytes);
	return true;
}

static uint32_t
all_rights(void)
{
	uint32_t rights = 0;

#define FIELD_RIGHT(name, word, bit, text) rights |= (bit);
	TG_RIGHT_LIST(FIELD_RIGHT)
#undef FIELD_RIGHT
	return rights;
}

static bool
assign_rights(const struct field *field, void *image, const char *value, char *why)
{
	uint32_t rights = 0;
	char word[16];

	if (strcasecmp(value, "all") == 0) {
		set_int(field, image, (int64_t)all_rights());
		return true;
	}
	if (strcasecmp(value, "none") == 0) {
		set_int(field, image, 0);
		return true;
	}
	for (const char *at = value; at != NULL; at = strchr(at, '+')) {
		size_t bytes;
		uint32_t right;

		at += *at == '+' ? 1 : 0;
		bytes = strcspn(at, "+");
		snprintf(word, sizeof(word), "%.*s", (int)bytes, at);
		right = bytes < sizeof(word) ? tg_right_by_name(word) : 0;
		if (right == 0) {
			snprintf(why, FIELD_TEXT_BYTES, "\"%.*s\" is no right", (int)bytes, at);
			return false;
		}
		rights |= right;
	}
	set_int(field, image, (int64_t)rights);
	return true;
}

static bool
assign_place(const struct field *field, void *image, const char *value, char *why)
{
	const bool is_store = strncasecmp(value, word_store, sizeof(word_store) - 1) == 0;
	const bool is_partner = strncasecmp(value, word_partner, sizeof(word_partner) - 1) == 0;
	const char *number = strchr(value, ':');
	int64_t place = USABLE_ANYWHERE;

	if (strcasecmp(value, word_anywhere) != 0 &&
	    (!(is_store || is_partner) || !parse_int(number + 1, value + strlen(value), &place) ||
	     place < 1 || place > INT32_MAX)) {
		snprintf(why, FIELD_TEXT_BYTES, "not anywhere, partner:N or store:N");
		return false;
	}
	set_int(field, image, is_store ? place | USABLE_AT_STORE : place);
	return true;
}

/* The nth word of a choice, from 1; its length 0: there are no more. */
static const char *
choice_word(const struct field *field, int64_t nth, size_t *ret_bytes)
{
	const char *at = field->word;

	for (int64_t i = 1; i < nth && *at != '\0'; i++) {
		at += strcspn(at, "|");
		at += *at == '|' ? 1 : 0;
	}
	*ret_bytes = nth >= 1 ? strcspn(at, "|") : 0;
	return at;
}

static bool
assign_choice(const struct field *field, void *image, const char *value, char *why)
{
	size_t bytes;

	for (int64_t nth = 1;; nth++) {
		const char *word = choice_word(field, nth, &bytes);

		if (bytes == 0)
			break;
		if (strlen(value) != bytes || strncasecmp(value, word, bytes) != 0)
			continue;
		set_int(field, image, nth);
		return true;
	}
	snprintf(why, FIELD_TEXT_BYTES, "not one of %s", field->word);
	return false;
}

static void
format_choice(const struct field *field, const void *image, char *text)
{
	size_t bytes;
	const char *word = choice_word(field, get_int(field, image), &bytes);

	snprintf(text, FIELD_TEXT_BYTES, "%.*s", (int)bytes, word);
}

static bool
assign_day(const struct field *field, void *image, const char *value, char *why)
{
	int64_t utc_ms = 0;

	if (strcasecmp(value, "none") != 0 &&
	    (strchr(value, '-') == NULL || !when_parse_utc(value, &utc_ms) || utc_ms < 0 ||
	     utc_ms % MS_PER_DAY != 0)) {
		snprintf(why, FIELD_TEXT_BYTES, "not a day as 1997-01-31, or none");
		return false;
	}
	set_int(field, image, utc_ms / MS_PER_DAY);
	return true;
}

bool
field_assign(const struct field *field, void *image, const char *value, char *why)
{
	switch (field->kind) {
	case FIELD_INT:
		return assign_int(field, image, value, why);
	case FIELD_FLAG:
		return assign_flag(field, image, value, why);
	case FIELD_RATIO:
		return assign_ratio(field, image, value, why);
	case FIELD_NAME:
		return assign_name(field, image, value, why);
	case FIELD_RIGHTS:
		return assign_rights(field, image, value, why);
	case FIELD_PLACE:
		return assign_place(field, image, value, why);
	case FIELD_CHOICE:
		return assign_choice(field, image, value, why);
	case FIELD_DAY:
		return assign_day(field, image, value, why);
	}
	TG_ASSERT(false);
}

void
field_set_defaults(const struct field_set *set, void *image)
{
	char why[FIELD_TEXT_BYTES];

	memset(image, 0, set->image_bytes);
	for (uint32_t i = 0; i < set->count; i++) {
		const struct field *field = &set->fields[i];
		const bool is_good =
			field->fallback == NULL || field_assign(field, image, field->fallback, why);

		TG_ASSERT(is_good);
	}
}

void
field_name_text(const uint8_t name[NAME_BYTES], char *text)
{
	memcpy(text, name, NAME_BYTES);
	text[NAME_BYTES] = '\0';
}

static void
format_rights(uint32_t rights, char *text)
{
	size_t used = 0;

	snprintf(text, FIELD_TEXT_BYTES, "none");
	if (rights == all_rights()) {
		snprintf(text, FIELD_TEXT_BYTES, "all");
		return;
	}
	for (uint32_t bit = 1; bit != 0; bit <<= 1) {
		if ((rights & bit) == 0)
			continue;
		used += (size_t)snprintf(text + used, FIELD_TEXT_BYTES - used, "%s%s",
					 used > 0 ? "+" : "", tg_right_name(bit));
		TG_ASSERT(used < FIELD_TEXT_BYTES);
	}
}

static void
format_place(uint32_t place, char *text)
{
	if (place == USABLE_ANYWHERE)
		snprintf(text, FIELD_TEXT_BYTES, "%s", word_anywhere);
	else
		snprintf(text, FIELD_TEXT_BYTES, "%s%" PRIu32,
			 (place & USABLE_AT_STORE) != 0 ? word_store : word_partner,
			 USABLE_NUMBER(place));
}

void
field_format(const struct field *field, const void *image, char *text)
{
	const uint8_t *at = (const uint8_t *)image + field->offset;
	int64_t ratio[2];
	uint32_t flags;

	switch (field->kind) {
	case FIELD_INT:
		if (field->word != NULL && get_int(field, image) == field->word_value)
			snprintf(text, FIELD_TEXT_BYTES, "%s", field->word);
		else
			snprintf(text, FIELD_TEXT_BYTES, "%" PRId64, get_int(field, image));
		break;
	case FIELD_FLAG:
		memcpy(&flags, at, sizeof(flags));
		snprintf(text, FIELD_TEXT_BYTES, "%s",
			 (flags & (uint32_t)field->low) != 0 ? "yes" : "no");
		break;
	case FIELD_RATIO:
		memcpy(ratio, at, sizeof(ratio));
		snprintf(text, FIELD_TEXT_BYTES, "%" PRId64 "/%" PRId64, ratio[0], ratio[1]);
		break;
	case FIELD_NAME:
		field_name_text(at, text);
		break;
	case FIELD_RIGHTS:
		format_rights((uint32_t)get_int(field, image), text);
		break;
	case FIELD_PLACE:
		format_place((uint32_t)get_int(field, image), text);
		break;
	case FIELD_CHOICE:
		format_choice(field, image, text);
		break;
	case FIELD_DAY:
		if (get_int(field, image) == 0)
			snprintf(text, FIELD_TEXT_BYTES, "none");
		else
			when_day((int32_t)get_int(field, image), text);
		break;
	}
}

void
field_flags_text(const struct field_set *set, const void *image, char *text)
{
	char value[FIELD_TEXT_BYTES];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < set->count; i++) {
		if (set->fields[i].kind != FIELD_FLAG)
			continue;
		field_format(&set->fields[i], image, value);
		if (strcmp(value, "yes") == 0)
			used += (size_t)snprintf(text + used, FIELD_TEXT_BYTES - used, "%s%s",
						 used > 0 ? " " : "", set->fields[i].name);
	}
}

void
field_copy(const struct field_set *set, uint32_t mask, const void *from, void *to)
{
	char text[FIELD_TEXT_BYTES];
	char why[FIELD_TEXT_BYTES];

	for (uint32_t i = 0; i < set->count; i++) {
		bool is_good;

		if ((mask & (UINT32_C(1) << i)) == 0)
			continue;
		field_format(&set->fields[i], from, text);
		is_good = field_assign(&set->fields[i], to, text, why);
		TG_ASSERT(is_good);
	}
}

void
field_bounds(const struct field *field, char *text)
{
	switch (field->kind) {
	case FIELD_INT:
		snprintf(text, FIELD_TEXT_BYTES, "%" PRId64 "..%" PRId64 "%s%s", field->low,
			 field->high, field->word != NULL ? " or " : "",
			 field->word != NULL ? field->word : "");
		break;
	case FIELD_FLAG:
		snprintf(text, FIELD_TEXT_BYTES, "yes or no");
		break;
	case FIELD_RATIO:
		snprintf(text, FIELD_TEXT_BYTES, "a ratio: 1/100");
		break;
	case FIELD_NAME:
		snprintf(text, FIELD_TEXT_BYTES, "text, at most %zu bytes", field->bytes);
		break;
	case FIELD_RIGHTS:
		snprintf(text, FIELD_TEXT_BYTES, "words joined by +, all, or none");
		break;
	case FIELD_PLACE:
		snprintf(text, FIELD_TEXT_BYTES, "anywhere, partner:N or store:N");
		break;
	case FIELD_CHOICE:
		snprintf(text, FIELD_TEXT_BYTES, "%s", field->word);
		break;
	case FIELD_DAY:
		snprintf(text, FIELD_TEXT_BYTES, "a day as 1997-01-31, or none");
		break;
	}
}
