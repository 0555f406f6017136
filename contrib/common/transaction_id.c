/*
 * transaction_id.c - ids that a terminal makes, and their text.
 */
#include "contrib/common/transaction_id.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

static_assert(TG_TRANSACTION_ID_BYTES == 16, "an id is a random half and a counted half");

bool
transaction_ids_init(struct transaction_ids *ids)
{
	ids->count = 0;
	return getrandom(ids->run, sizeof(ids->run), 0) == (ssize_t)sizeof(ids->run);
}

void
transaction_ids_next(struct transaction_ids *ids, uint8_t ret_id[TG_TRANSACTION_ID_BYTES])
{
	uint64_t count = ++ids->count;

	memcpy(ret_id, ids->run, sizeof(ids->run));
	for (int i = 15; i >= 8; i--) {
		ret_id[i] = (uint8_t)count;
		count >>= 8;
	}
}

void
transaction_id_format(const uint8_t id[TG_TRANSACTION_ID_BYTES],
		      char ret_text[TRANSACTION_ID_TEXT_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < TG_TRANSACTION_ID_BYTES; i++) {
		ret_text[2 * i] = digits[id[i] >> 4];
		ret_text[2 * i + 1] = digits[id[i] & 0xf];
	}
	ret_text[TRANSACTION_ID_TEXT_BYTES - 1] = '\0';
}

/* The value of a hexadecimal digit, -1 for anything else. */
static int
digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

bool
transaction_id_parse(const char *text, uint8_t ret_id[TG_TRANSACTION_ID_BYTES])
{
	if (strlen(text) != TRANSACTION_ID_TEXT_BYTES - 1)
		return false;
	for (int i = 0; i < TG_TRANSACTION_ID_BYTES; i++) {
		int high = digit_value(text[2 * i]);
		int low = digit_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret_id[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
