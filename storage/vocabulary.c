/*
 * vocabulary.c - the tables of names: kinds, statuses and accounts, from the program's own lists.
 */
#include "storage/vocabulary.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ledger/record.h"
#include "protocol/assert.h"

#define TEXT_BYTES_MAX 255
#define SQL_BYTES_MAX (32 * 1024)

/* A row of any of the three tables. */
struct word {
	uint32_t number;
	const char *name;
	const char *text;
	int	 is_per_partner;	/* account only; -1: the table has no such column */
};

static const struct word kinds[] = {
#define WORD_KIND(kind, number, text) { number, #kind, text, -1 },
	RECORD_KIND_LIST(WORD_KIND)
#undef WORD_KIND
};

static const struct word statuses[] = {
#define WORD_STATUS(status, number, retry, recorded, text) { number, #status, text, -1 },
	TG_STATUS_LIST(WORD_STATUS)
#undef WORD_STATUS
};

static const struct word accounts[] = {
#define WORD_ACCOUNT(account, number, sign, per_partner, text)                                     \
	{ number, #account, text, per_partner },
	ACCOUNT_LIST(WORD_ACCOUNT)
#undef WORD_ACCOUNT
};

/* The values of one row; returns their length. */
static int
word_values(struct database *database, const struct word *word, char *ret_values, size_t capacity)
{
	const char *name = strncmp(word->name, "TG_", 3) == 0 ? word->name + 3 : word->name;
	char text[2 * TEXT_BYTES_MAX + 3];

	TG_ASSERT(strlen(word->text) <= TEXT_BYTES_MAX);
	(void)database_quote(database, word->text, strlen(word->text), text);
	return snprintf(ret_values, capacity, "(%u, '%s', %s%s)", word->number, name, text,
			word->is_per_partner < 0  ? "" :
			word->is_per_partner == 1 ? ", 1" :
						    ", 0");
}

/* All rows of a table in one statement. */
static enum tg_status
fill_table(struct database *database, const char *table, const struct word *words,
	   size_t word_count, struct storage_error *error)
{
	const bool is_account = words[0].is_per_partner >= 0;
	const char *separator = "";
	char sql[SQL_BYTES_MAX];
	int length = snprintf(sql, sizeof sql, "INSERT INTO %s (number, name, text%s) VALUES ",
			      table, is_account ? ", is_per_partner" : "");

	for (size_t i = 0; i < word_count; i++) {
		if (words == statuses &&
		    !tg_status_is_recorded((enum tg_status)words[i].number))
			continue;
		length += snprintf(sql + length, sizeof sql - (size_t)length, "%s", separator);
		length += word_values(database, &words[i], sql + length,
				      sizeof sql - (size_t)length);
		TG_ASSERT((size_t)length < sizeof sql);
		separator = ", ";
	}
	length += snprintf(sql + length, sizeof sql - (size_t)length,
			   " ON DUPLICATE KEY UPDATE name = VALUES(name), text = VALUES(text)");
	TG_ASSERT((size_t)length < sizeof sql);
	return database_run(database, sql, NULL, error);
}

enum tg_status
vocabulary_fill(struct database *database, struct storage_error *error)
{
	enum tg_status status = fill_table(database, "record_kind", kinds,
					   sizeof kinds / sizeof kinds[0], error);

	if (status == TG_OK)
		status = fill_table(database, "record_status", statuses,
				    sizeof statuses / sizeof statuses[0], error);
	if (status == TG_OK)
		status = fill_table(database, "account", accounts,
				    sizeof accounts / sizeof accounts[0], error);
	return status;
}
