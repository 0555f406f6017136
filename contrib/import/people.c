/*
 * people.c - lines of an old system's file as members.
 */
#include "contrib/import/people.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "contrib/common/day.h"
#include "contrib/common/word.h"
#include "protocol/assert.h"

enum { KIND_NONE, KIND_IDENTIFIER, KIND_BALANCE, KIND_EXPIRES, KIND_SKIP };

static const struct {
	const char *name;
	uint8_t kind, type;
} names[] = {
	{ "card", KIND_IDENTIFIER, 1 }, { "phone", KIND_IDENTIFIER, 2 },
	{ "app", KIND_IDENTIFIER, 3 },	{ "balance", KIND_BALANCE, 0 },
	{ "expires", KIND_EXPIRES, 0 }, { "skip", KIND_SKIP, 0 },
};

/* What a name of the map stands for; KIND_NONE: nothing. */
static uint8_t
kind_of(const char *name, uint8_t *ret_type)
{
	int64_t type;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(names[i].name, name) == 0) {
			*ret_type = names[i].type;
			return names[i].kind;
		}
	}
	if (strncasecmp(name, "type:", 5) != 0 || !word_number(name + 5, 1, 255, &type))
		return KIND_NONE;
	*ret_type = (uint8_t)type;
	return KIND_IDENTIFIER;
}

/* Read the map. */
static bool
read_map(struct people *people, const char *map, struct failure *failure)
{
	char *copy = strdup(map), *rest = copy, *pair;
	bool is_ok = true;

	TG_ASSERT(copy != NULL);
	while (is_ok && (pair = strsep(&rest, ",")) != NULL) {
		char *equals = strchr(pair, '=');
		uint8_t type = 0, kind;
		uint32_t column;

		if (pair[0] == '\0')
			continue;
		if (equals != NULL)
			*equals = '\0';
		kind = kind_of(pair, &type);
		column = equals != NULL ? table_column(people->table, equals + 1) : UINT32_MAX;
		if (equals == NULL || kind == KIND_NONE)
			is_ok = failure_set(failure,
					    "--map: \"%s\" is not card, phone, app, type:N, "
					    "balance, expires or skip with = and a column",
					    pair);
		else if (column == people->table->column_count)
			is_ok = failure_set(failure, "--map: %s has no column \"%s\"",
					    people->table->path, equals + 1);
		else if (people->kinds[column] != KIND_NONE)
			is_ok = failure_set(failure, "--map: column \"%s\" stands twice",
					    equals + 1);
		if (is_ok) {
			people->kinds[column] = kind;
			people->types[column] = type;
		}
	}
	free(copy);
	return is_ok;
}

/* What the columns are: as the map says, else as their names do. */
static bool
find_columns(struct people *people, const char *map, struct failure *failure)
{
	const struct table *table = people->table;
	uint32_t counts[KIND_SKIP + 1] = { 0 };

	if (!read_map(people, map, failure))
		return false;
	for (uint32_t i = 0; i < table->column_count; i++) {
		if (people->kinds[i] == KIND_NONE)
			people->kinds[i] = kind_of(table->columns[i], &people->types[i]);
		counts[people->kinds[i]]++;
	}
	for (int kind = KIND_BALANCE; kind <= KIND_SKIP; kind++)
		if (counts[kind] > 1)
			return failure_set(failure, "%s: two columns are %s", table->path,
					   kind == KIND_BALANCE	  ? "balance"
					   : kind == KIND_EXPIRES ? "expires"
								  : "skip");
	if (counts[KIND_IDENTIFIER] == 0 || counts[KIND_IDENTIFIER] > PERSON_IDENTIFIERS_MAX)
		return failure_set(failure,
				   "%s: none of its columns, or more than %d, is an identifier: "
				   "say which with --map card=COLUMN",
				   table->path, PERSON_IDENTIFIERS_MAX);
	return true;
}

static bool
take_cell(const struct people *people, uint32_t column, const char *cell, struct person *person,
	  struct failure *why)
{
	switch (people->kinds[column]) {
	case KIND_IDENTIFIER:
		if (strlen(cell) > TG_IDENTIFIER_BYTES_MAX)
			return failure_set(why, "has more than %d bytes", TG_IDENTIFIER_BYTES_MAX);
		person->types[person->identifier_count] = people->types[column];
		snprintf(person->identifiers[person->identifier_count++],
			 sizeof(person->identifiers[0]), "%s", cell);
		return true;
	case KIND_BALANCE:
		if (!word_number(cell, 0, TG_AMOUNT_MAX, &person->balance))
			return failure_set(why,
					   "\"%.40s\" is no whole number of points from 0 to "
					   "%" PRId64,
					   cell, TG_AMOUNT_MAX);
		return true;
	case KIND_EXPIRES:
		return day_parse(cell, &person->expires_day) ||
		       failure_set(why, "\"%.40s\" is no day as in 1997-01-31", cell);
	case KIND_SKIP:
		person->is_skipped = strcasecmp(cell, "yes") == 0;
		return person->is_skipped || strcasecmp(cell, "no") == 0 ||
		       failure_set(why, "\"%.40s\" is neither yes nor no", cell);
	default:
		return true;
	}
}

/* Read a line.  False: *ret_column, NULL for the whole line, and why tell what is wrong. */
static bool
read_person(const struct people *people, uint32_t index, struct person *person,
	    const char **ret_column, struct failure *why)
{
	const struct table *table = people->table;
	struct csv_row row;

	*ret_column = NULL;
	person->identifier_count = 0;
	person->balance = 0;
	person->expires_day = PERSON_NO_DAY;
	person->is_skipped = false;
	if (table_row(table, index, &row) != CSV_ROW) {
		if (row.bad_cell < table->column_count)
			*ret_column = table->columns[row.bad_cell];
		return failure_set(why, "%s", row.why);
	}
	for (uint32_t i = 0; i < row.count; i++) {
		*ret_column = table->columns[i];
		if (row.cells[i][0] != '\0' && !take_cell(people, i, row.cells[i], person, why))
			return false;
	}
	*ret_column = NULL;
	if (person->identifier_count == 0)
		return failure_set(why, "has no identifier");
	return true;
}

/* An identifier by its hash, and where it stands. */
struct place {
	uint64_t hash;
	uint32_t index;
	uint32_t nth; /* identifier of that line */
};

static int
compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return a->nth < b->nth ? -1 : a->nth > b->nth;
}

/* FNV-1a; equal hashes are compared by their text afterwards. */
static uint64_t
hash_of(const struct person *person, uint32_t nth)
{
	uint64_t hash =
		(UINT64_C(14695981039346656037) ^ person->types[nth]) * UINT64_C(1099511628211);

	for (const char *at = person->identifiers[nth]; *at != '\0'; at++)
		hash = (hash ^ (uint8_t)*at) * UINT64_C(1099511628211);
	return hash;
}

/* An identifier that stands twice belongs to one member only. */
static void
find_doubles(const struct people *people, struct place *places, uint64_t count,
	     struct mistakes *mistakes)
{
	struct person *pair = calloc(2, sizeof(*pair));
	const char *column;
	struct failure why;

	TG_ASSERT(pair != NULL);
	if (count > 0) /* else there are no places, and qsort() takes no NULL */
		qsort(places, count, sizeof(*places), compare_places);
	for (uint64_t i = 1; i < count; i++) {
		const struct place *a = &places[i - 1], *b = &places[i];

		if (a->hash != b->hash || !read_person(people, a->index, &pair[0], &column, &why) ||
		    !read_person(people, b->index, &pair[1], &column, &why) ||
		    pair[0].types[a->nth] != pair[1].types[b->nth] ||
		    strcmp(pair[0].identifiers[a->nth], pair[1].identifiers[b->nth]) != 0)
			continue;
		failure_set(&why, "identifier \"%s\" stands in line %u already",
			    pair[1].identifiers[b->nth], people->table->lines[a->index].number);
		mistakes_add(mistakes, people->table->lines[b->index].number, NULL, why.text);
	}
	free(pair);
}

/* Note a good line. */
static void
count_person(struct people *people, const struct person *person)
{
	if (person->is_skipped) {
		people->skipped_count++;
		return;
	}
	people->identifier_count += person->identifier_count;
	if (person->identifier_count > people->identifiers_most)
		people->identifiers_most = person->identifier_count;
	people->sum += person->balance;
	people->with_day_count += person->balance > 0 && person->expires_day != PERSON_NO_DAY;
}

bool
people_check(struct people *people, const struct table *table, const char *map,
	     struct mistakes *mistakes, struct failure *failure)
{
	uint64_t capacity = 0, count = 0;
	struct place *places = NULL;
	struct person person;
	struct failure why;
	const char *column;

	memset(people, 0, sizeof(*people));
	people->table = table;
	if (!find_columns(people, map, failure))
		return false;
	for (uint32_t i = 0; i < table->line_count; i++) {
		if (!read_person(people, i, &person, &column, &why)) {
			mistakes_add(mistakes, table->lines[i].number, column, why.text);
			continue;
		}
		count_person(people, &person);
		if (count + person.identifier_count > capacity) {
			capacity = capacity * 2 + 4096;
			places = reallocarray(places, capacity, sizeof(*places));
			TG_ASSERT(places != NULL);
		}
		for (uint32_t k = 0; !person.is_skipped && k < person.identifier_count; k++)
			places[count++] = (struct place){ hash_of(&person, k), i, k };
	}
	find_doubles(people, places, count, mistakes);
	free(places);
	return true;
}

void
people_get(const struct people *people, uint32_t index, struct person *ret_person)
{
	struct failure why;
	const char *column;

	const bool is_read = read_person(people, index, ret_person, &column, &why);

	TG_ASSERT(is_read);
}
