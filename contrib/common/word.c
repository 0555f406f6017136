/*
 * word.c - numbers, members and transactions as people write them.
 */
#include "contrib/common/word.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "contrib/common/transaction_id.h"

/* Identifier types that have a name. */
static const struct {
	const char *name;
	int64_t type;
} types[] = { { "card", 1 }, { "phone", 2 }, { "app", 3 } };

bool
word_number(const char *text, int64_t low, int64_t high, int64_t *ret_number)
{
	char *end;

	if (!isdigit((unsigned char)text[0]) && !(text[0] == '-' && low < 0))
		return false;
	errno = 0;
	*ret_number = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' && *ret_number >= low && *ret_number <= high;
}

bool
word_identifier(const char *text, int64_t *ret_type, const char **ret_identifier,
		struct failure *failure)
{
	const char *colon = strchr(text, ':');
	size_t bytes;

	*ret_type = 1;
	*ret_identifier = text;
	if (colon != NULL) {
		char type[16] = "";

		bytes = (size_t)(colon - text);
		if (bytes < sizeof(type))
			memcpy(type, text, bytes);
		*ret_type = 0;
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
			if (strcasecmp(type, types[i].name) == 0)
				*ret_type = types[i].type;
		if (*ret_type == 0 && !word_number(type, 1, 255, ret_type))
			return failure_set(failure,
					   "\"%s\": before the colon stands card, phone, app, "
					   "member or a number up to 255",
					   text);
		*ret_identifier = colon + 1;
	}
	bytes = strlen(*ret_identifier);
	if (bytes < 1 || bytes > TG_IDENTIFIER_BYTES_MAX)
		return failure_set(failure, "\"%s\": an identifier has 1 to %d bytes", text,
				   TG_IDENTIFIER_BYTES_MAX);
	return true;
}

bool
word_member(const char *text, struct tg_message *request, struct failure *failure)
{
	const char *identifier;
	int64_t number;

	if (strncasecmp(text, "member:", 7) == 0) {
		if (!word_number(text + 7, 1, INT64_MAX, &number))
			return failure_set(failure, "\"%s\": a member reference is a number", text);
		tg_message_set_integer(request, TG_FIELD_MEMBER, number);
		return true;
	}
	if (!word_identifier(text, &number, &identifier, failure))
		return false;
	tg_message_set_integer(request, TG_FIELD_IDENTIFIER_TYPE, number);
	tg_message_set_text(request, TG_FIELD_IDENTIFIER, identifier);
	return true;
}

bool
word_transaction(const char *text, uint8_t ret_id[TG_TRANSACTION_ID_BYTES], int64_t *ret_time_ms,
		 struct failure *failure)
{
	char id[TRANSACTION_ID_TEXT_BYTES] = "";
	size_t bytes = strcspn(text, "@");

	if (bytes == TRANSACTION_ID_TEXT_BYTES - 1)
		memcpy(id, text, bytes);
	if (!transaction_id_parse(id, ret_id))
		return failure_set(
			failure,
			"\"%s\": a transaction is 32 hexadecimal digits, @ and its time, "
			"as it was printed",
			text);
	if (text[bytes] != '@' || !word_number(text + bytes + 1, 0, TG_TIME_MS_MAX, ret_time_ms))
		return failure_set(failure,
				   "\"%s\": its time is missing: @ and milliseconds of UTC, as it "
				   "was printed",
				   text);
	return true;
}
