/*
 * terminals.c - the terminals that the load plays, from a file.
 */
#include "contrib/load/terminals.h"

#include <csv.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "contrib/load/map.h"
#include "protocol/assert.h"

/* What a column holds. */
enum column {
	COLUMN_NUMBER,
	COLUMN_STORE,
	COLUMN_PARTNER,
	COLUMN_GENERATION,
	COLUMN_KEY,
	COLUMN_NONE
};

/* Without a line of names the columns stand in this order. */
static const struct {
	const char *name;	/* as in a file of ours */
	const char *other_name; /* as the gateway writes it */
} names[] = {
	[COLUMN_NUMBER] = { "number", "terminal" },
	[COLUMN_STORE] = { "store", "store" },
	[COLUMN_PARTNER] = { "partner", "partner" },
	[COLUMN_GENERATION] = { "generation", "key_generation" },
	[COLUMN_KEY] = { "key", "key" },
};

#define COLUMNS_MAX 32

/* A file being read. */
struct reader {
	struct terminals *terminals;
	struct terminal row;		  /* being filled */
	enum column columns[COLUMNS_MAX]; /* what each column holds */
	uint32_t at;			  /* column of the row */
	uint32_t row_number;		  /* from 1, blank lines not counted */
	bool has_begun;			  /* a row that is no comment was seen */
	bool is_header;			  /* this row names the columns */
	bool is_empty;			  /* nothing in this row so far, or a comment */
	const char *name;		  /* of the file */
	struct failure *failure;
	bool has_failed;
};

/* Note the first failure. */
static void
fail(struct reader *reader, const char *what, const char *text)
{
	if (!reader->has_failed)
		failure_set(reader->failure, "%s: row %u: %s: \"%.70s\"", reader->name,
			    reader->row_number, what, text);
	reader->has_failed = true;
}

/* Read a number from low to high. */
static bool
parse_number(const char *text, unsigned long low, unsigned long high, unsigned long *ret_number)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*ret_number = strtoul(text, &end, 10);
	return errno == 0 && *end == '\0' && *ret_number >= low && *ret_number <= high;
}

static int
hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Read a key of exactly TG_KEY_BYTES. */
static bool
parse_key(const char *text, uint8_t ret_key[TG_KEY_BYTES])
{
	if (strlen(text) != 2 * TG_KEY_BYTES)
		return false;
	for (size_t i = 0; i < TG_KEY_BYTES; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret_key[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* A name of a column. */
static void
take_name(struct reader *reader, const char *text)
{
	enum column column = COLUMN_NONE;

	for (int i = 0; i < COLUMN_NONE; i++)
		if (strcasecmp(text, names[i].name) == 0 ||
		    strcasecmp(text, names[i].other_name) == 0)
			column = (enum column)i;
	reader->columns[reader->at] = column;
}

/* A value of a row. */
static void
take_value(struct reader *reader, const char *text)
{
	struct terminal *row = &reader->row;
	unsigned long number = 0;

	switch (reader->columns[reader->at]) {
	case COLUMN_NUMBER:
		if (!parse_number(text, 1, UINT32_MAX, &number))
			fail(reader, "not a terminal's number", text);
		row->number = (uint32_t)number;
		break;
	case COLUMN_STORE:
		if (text[0] != '\0' && !parse_number(text, 0, UINT32_MAX, &number))
			fail(reader, "not a store's number", text);
		row->store = (uint32_t)number;
		break;
	case COLUMN_PARTNER:
		if (text[0] != '\0' && !parse_number(text, 0, UINT32_MAX, &number))
			fail(reader, "not a partner's number", text);
		row->partner = (uint32_t)number;
		break;
	case COLUMN_GENERATION:
		if (text[0] == '\0')
			break;
		if (!parse_number(text, 1, UINT16_MAX, &number))
			fail(reader, "not a key's generation", text);
		row->generation = (uint16_t)number;
		break;
	case COLUMN_KEY:
		if (text[0] == '\0')
			break;
		if (!parse_key(text, row->key))
			fail(reader, "not a key of 64 hexadecimal digits", "...");
		row->has_key = true;
		break;
	case COLUMN_NONE:
		break;
	}
}

/* One field of the file, with a zero at its end (CSV_APPEND_NULL). */
static void
on_field(void *field, size_t bytes, void *context)
{
	struct reader *reader = context;
	const char *text = field != NULL ? field : "";

	(void)bytes;
	if (reader->at == 0) {
		reader->is_empty = text[0] == '\0' || text[0] == '#';
		if (!reader->has_begun && !reader->is_empty) {
			reader->has_begun = true;
			reader->is_header = text[0] < '0' || text[0] > '9';
		}
		if (reader->is_header)
			for (int i = 0; i < COLUMNS_MAX; i++)
				reader->columns[i] = COLUMN_NONE;
	}
	if (reader->at < COLUMNS_MAX && !reader->has_failed) {
		if (reader->is_header)
			take_name(reader, text);
		else if (!reader->is_empty)
			take_value(reader, text);
	}
	reader->at++;
}

/* The end of a line. */
static void
on_row(int end, void *context)
{
	struct reader *reader = context;
	struct terminals *terminals = reader->terminals;

	(void)end;
	if (!reader->is_header && !reader->is_empty && !reader->has_failed) {
		if (reader->row.number == 0)
			fail(reader, "no terminal's number in this line", "");
		terminals->items = reallocarray(terminals->items, terminals->count + 1,
						sizeof(*terminals->items));
		TG_ASSERT(terminals->items != NULL);
		terminals->items[terminals->count++] = reader->row;
	}
	memset(&reader->row, 0, sizeof(reader->row));
	reader->row.generation = 1;
	reader->at = 0;
	reader->row_number++;
	reader->is_header = false;
	reader->is_empty = true;
}

/* A terminal, and how many of its partner stood before it in the file. */
struct turn {
	struct terminal terminal;
	uint32_t round;
	uint32_t row; /* in the file */
};

static int
compare_turns(const void *left, const void *right)
{
	const struct turn *a = left, *b = right;

	if (a->round != b->round)
		return a->round < b->round ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

/* Have the partners take turns. */
static void
interleave(struct terminals *terminals)
{
	struct turn *turns = calloc(terminals->count, sizeof(*turns));
	struct map rounds = { .places = NULL };

	TG_ASSERT(turns != NULL);
	for (uint32_t i = 0; i < terminals->count; i++) {
		uint64_t round = 0;

		map_get(&rounds, terminals->items[i].partner, &round);
		map_put(&rounds, terminals->items[i].partner, round + 1);
		turns[i].terminal = terminals->items[i];
		turns[i].round = (uint32_t)round;
		turns[i].row = i;
	}
	qsort(turns, terminals->count, sizeof(*turns), compare_turns);
	for (uint32_t i = 0; i < terminals->count; i++)
		terminals->items[i] = turns[i].terminal;
	tg_auth_clear(turns, terminals->count * sizeof(*turns));
	free(turns);
	map_deinit(&rounds);
}

bool
terminals_read(FILE *file, const char *name, struct terminals *ret_terminals,
	       struct failure *failure)
{
	struct terminals terminals = { .items = NULL };
	struct reader reader = { .terminals = &terminals,
				 .row.generation = 1,
				 .row_number = 1,
				 .is_empty = true,
				 .name = name,
				 .failure = failure };
	struct csv_parser parser;
	char bytes[4096];
	size_t count;

	for (int i = 0; i < COLUMNS_MAX; i++)
		reader.columns[i] = i < COLUMN_NONE ? (enum column)i : COLUMN_NONE;
	if (csv_init(&parser, CSV_APPEND_NULL) != 0)
		return failure_set(failure, "%s: the CSV reader does not start", name);
	while ((count = fread(bytes, 1, sizeof(bytes), file)) > 0)
		if (csv_parse(&parser, bytes, count, on_field, on_row, &reader) != count)
			fail(&reader, "not CSV", csv_strerror(csv_error(&parser)));
	csv_fini(&parser, on_field, on_row, &reader);
	csv_free(&parser);
	if (!reader.has_failed && ferror(file) == 0 && terminals.count > 0) {
		interleave(&terminals);
		*ret_terminals = terminals;
		return true;
	}
	if (!reader.has_failed)
		failure_set(failure, "%s: %s", name,
			    ferror(file) != 0 ? "cannot be read" : "no terminals");
	terminals_deinit(&terminals);
	return false;
}

bool
terminals_read_master(struct terminals *terminals, const char *path, struct failure *failure)
{
	FILE *file = fopen(path, "rbe");

	if (file == NULL)
		return failure_set_errno(failure, errno, "master key %s", path);
	terminals->master_bytes = fread(terminals->master, 1, sizeof(terminals->master), file);
	fclose(file);
	if (terminals->master_bytes < TG_MASTER_KEY_BYTES_MIN)
		return failure_set(failure, "master key %s: shorter than %d bytes", path,
				   TG_MASTER_KEY_BYTES_MIN);
	return true;
}

void
terminals_deinit(struct terminals *terminals)
{
	if (terminals->items != NULL)
		tg_auth_clear(terminals->items, terminals->count * sizeof(*terminals->items));
	free(terminals->items);
	tg_auth_clear(terminals->master, sizeof(terminals->master));
	memset(terminals, 0, sizeof(*terminals));
}

bool
terminals_key(const struct terminals *terminals, const struct terminal *terminal,
	      const char *instance, uint8_t ret_key[TG_KEY_BYTES], struct failure *failure)
{
	enum tg_status status;

	if (terminal->has_key) {
		memcpy(ret_key, terminal->key, TG_KEY_BYTES);
		return true;
	}
	if (terminals->master_bytes == 0)
		return failure_set(failure, "terminal %u has no key, and there is no master key",
				   terminal->number);
	status = tg_auth_derive_key(terminals->master, terminals->master_bytes, instance,
				    terminal->number, terminal->generation, ret_key);
	if (status != TG_OK)
		return failure_set(failure, "key of terminal %u: %s", terminal->number,
				   tg_status_text(status));
	return true;
}
