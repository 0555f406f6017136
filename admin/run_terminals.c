/*
 * run_terminals.c - the terminals, with what they tell of themselves: filtered and sorted.
 *
 * Configuration comes from the ledger in slices, the rest from the host, a terminal at a time.  As
 * they were added rows are printed as they come; in any other order they are collected first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/field.h"
#include "admin/grammar.h"
#include "admin/handlers.h"
#include "admin/text_table.h"
#include "admin/when.h"

#define SLICE 128
#define DAY_MS INT64_C(86400000)

/* A terminal, and what it told; seen.terminal is 0 if it had no session. */
struct terminal {
	struct terminal_config config;
	struct host_terminal seen;
};

/* Columns: name, word of sort=.  By all but number and software the worst comes first. */
/* clang-format off */
#define SORT_LIST(X) \
	X(ADDED,    "added") \
	X(NUMBER,   "number") \
	X(QUEUE,    "queue") \
	X(AGE,      "age") \
	X(SKEW,     "skew") \
	X(SETTLED,  "settled") \
	X(DIFFERS,  "differs") \
	X(HEARD,    "heard") \
	X(SOFTWARE, "software")
/* clang-format on */

enum sort {
#define SORT_ENUM(name, word) SORT_##name,
	SORT_LIST(SORT_ENUM)
#undef SORT_ENUM
		SORT_COUNT,
};

static const char *const sort_words[SORT_COUNT] = {
#define SORT_WORD(name, word) [SORT_##name] = word,
	SORT_LIST(SORT_WORD)
#undef SORT_WORD
};

/* What is asked for; -1 and NULL: all. */
struct wish {
	int64_t	 partner, store;
	int64_t	 queue, age_s, skew_ms;	/* at least */
	int64_t	 settled_day;		/* at most; those that told none, too */
	int64_t	 connected, differs, old_key; /* 0 or 1 */
	const char *software;		/* begins with */
	enum sort sort;
};

/* yes or no. */
static bool
take_flag(struct command_call *call, const char *value, int64_t *ret_flag)
{
	*ret_flag = strcmp(value, "yes") == 0;
	if (*ret_flag || strcmp(value, "no") == 0)
		return true;
	command_fail(call, "\"%.40s\" is neither yes nor no", value);
	return false;
}

static bool
take_day(struct command_call *call, const char *value, int64_t *ret_day)
{
	int64_t utc_ms;

	if (strlen(value) == strlen("1997-01-31") && when_parse_utc(value, &utc_ms)) {
		*ret_day = utc_ms / DAY_MS;
		return true;
	}
	command_fail(call, "\"%.40s\" is no day: say 1997-01-31", value);
	return false;
}

static bool
take_sort(struct command_call *call, const char *value, enum sort *ret_sort)
{
	for (int sort = 0; sort < SORT_COUNT; sort++) {
		if (strcmp(value, sort_words[sort]) == 0) {
			*ret_sort = (enum sort)sort;
			return true;
		}
	}
	command_fail(call, "\"%.40s\" is no order: added, number, queue, age, skew, settled, "
			   "differs, heard, software", value);
	return false;
}

/* In the order of take_argument(). */
static const char *const wish_words[] = { "partner", "store",	  "queue",   "age",
					  "skew",    "settled",	  "connected", "differs",
					  "oldkey",  "sort",	  "software" };
#define WISHES (sizeof(wish_words) / sizeof(wish_words[0]))

/* One argument: a partner's number, or word=value. */
static bool
take_argument(struct command_call *call, const char *argument, struct wish *wish)
{
	int64_t *const numbers[] = { &wish->partner, &wish->store, &wish->queue, &wish->age_s,
				     &wish->skew_ms };
	const char *equals = strchr(argument, '=');
	const char *value = equals != NULL ? equals + 1 : argument;
	const size_t word = equals == NULL ? 0 :
			    grammar_find(wish_words, WISHES, argument, (size_t)(equals - argument));
	uint64_t number;

	if (word < sizeof(numbers) / sizeof(numbers[0])) {
		if (!ask_number(call, value, 0, UINT32_MAX, &number))
			return false;
		*numbers[word] = (int64_t)number;
		return true;
	}
	switch (word) {
	case 5:
		return take_day(call, value, &wish->settled_day);
	case 6:
		return take_flag(call, value, &wish->connected);
	case 7:
		return take_flag(call, value, &wish->differs);
	case 8:
		return take_flag(call, value, &wish->old_key);
	case 9:
		return take_sort(call, value, &wish->sort);
	case 10:
		wish->software = value;
		return true;
	default:
		command_fail(call, "\"%.40s\": there are partner=, store=, software=, queue=, "
				   "age=, skew=, settled=, connected=, differs=, oldkey=, sort=",
			     argument);
		return false;
	}
}

static int64_t
distance(int64_t value)
{
	return value < 0 ? -value : value;
}

/* Does the terminal's own count of its day differ from the ledger's? */
static bool
differs(const struct host_terminal *seen)
{
	return seen->terminal != 0 && seen->compared_day != DAY_NONE &&
	       (seen->difference_transactions != 0 || seen->difference_points != 0);
}

/* Is an old key accepted, and may be needed: has the terminal not come with the new one yet? */
static bool
may_need_old_key(const struct terminal *terminal)
{
	return terminal->config.key_generation_old != 0 &&
	       (terminal->seen.terminal == 0 ||
		terminal->seen.key_generation == terminal->config.key_generation_old);
}

static bool
is_wanted(const struct wish *wish, const struct terminal *terminal)
{
	const struct host_terminal *seen = &terminal->seen;

	return (wish->partner < 0 || terminal->config.partner == wish->partner) &&
	       (wish->store < 0 || terminal->config.store == wish->store) &&
	       (wish->software == NULL ||
		strncmp(seen->software, wish->software, strlen(wish->software)) == 0) &&
	       (wish->queue < 0 || (seen->has_queue && seen->queue_depth >= wish->queue)) &&
	       (wish->age_s < 0 || (seen->has_queue && seen->queue_age_s >= wish->age_s)) &&
	       (wish->skew_ms < 0 ||
		(seen->has_skew && distance(seen->skew_ms) >= wish->skew_ms)) &&
	       (wish->settled_day < 0 || seen->settled_day <= wish->settled_day) &&
	       (wish->connected < 0 || (seen->session_count > 0) == wish->connected) &&
	       (wish->differs < 0 || differs(seen) == wish->differs) &&
	       (wish->old_key < 0 || may_need_old_key(terminal) == wish->old_key);
}

/* What a terminal is sorted by; larger comes first. */
static int64_t
weight(enum sort sort, const struct terminal *terminal)
{
	const struct host_terminal *seen = &terminal->seen;

	switch (sort) {
	case SORT_QUEUE:
		return seen->has_queue ? (int64_t)seen->queue_depth : -1;
	case SORT_AGE:
		return seen->has_queue ? (int64_t)seen->queue_age_s : -1;
	case SORT_SKEW:
		return seen->has_skew ? distance(seen->skew_ms) : -1;
	case SORT_SETTLED:
		return -(int64_t)seen->settled_day;
	case SORT_DIFFERS:
		return differs(seen) ? distance(seen->difference_points) : -1;
	case SORT_HEARD:
		return -seen->heard_utc_ms;
	case SORT_ADDED:
	case SORT_NUMBER:
	case SORT_SOFTWARE:
	case SORT_COUNT:
		break;
	}
	return 0;
}

/* All that match, to be sorted. */
struct collection {
	uint32_t count, capacity;
	struct terminal *rows;		/* owned */
};

static int
compare(const void *left, const void *right, void *argument)
{
	const struct terminal *a = left, *b = right;
	const enum sort sort = *(const enum sort *)argument;
	int64_t of_a = weight(sort, a), of_b = weight(sort, b);
	int by_text = sort == SORT_SOFTWARE ? strcmp(a->seen.software, b->seen.software) : 0;

	if (of_a != of_b)
		return of_a > of_b ? -1 : 1;
	if (by_text != 0)
		return by_text;
	return a->config.number < b->config.number ? -1 : 1;
}

/* False: out of memory. */
static bool
collect(struct collection *collection, const struct terminal *terminal)
{
	if (collection->count == collection->capacity) {
		uint32_t capacity = collection->capacity == 0 ? SLICE : 2 * collection->capacity;
		struct terminal *rows = realloc(collection->rows, capacity * sizeof(*rows));

		if (rows == NULL)
			return false;
		collection->rows = rows;
		collection->capacity = capacity;
	}
	collection->rows[collection->count++] = *terminal;
	return true;
}

/* A number if it was told, "-" if not. */
static void
print_told(struct text_table *table, bool is_told, int64_t number)
{
	if (is_told)
		text_table_cell(table, "%" PRId64, number);
	else
		text_table_cell(table, "-");
}

static void
print(struct text_table *table, const struct terminal *terminal)
{
	const struct host_terminal *seen = &terminal->seen;
	bool is_seen = seen->terminal != 0;
	char text[FIELD_TEXT_BYTES], when[WHEN_BYTES];

	text_table_cell(table, "%" PRIu32, terminal->config.number);
	text_table_cell(table, "%" PRIu32, terminal->config.partner);
	text_table_cell(table, "%" PRIu32, terminal->config.store);
	field_name_text(terminal->config.name, text);
	text_table_cell(table, "%s", text);
	text_table_cell(table, "%u", (unsigned)terminal->config.key_generation);
	text_table_cell(table, "%u", (unsigned)terminal->config.key_generation_old);
	print_told(table, is_seen, seen->key_generation);
	text_table_cell(table, "%s", seen->software);
	print_told(table, seen->has_queue, seen->queue_depth);
	print_told(table, seen->has_queue, seen->queue_age_s);
	print_told(table, seen->has_skew, seen->skew_ms);
	text_table_cell(table, "%s",
			seen->settled_day != DAY_NONE ? when_day(seen->settled_day, when) : "-");
	print_told(table, is_seen && seen->compared_day != DAY_NONE,
		   seen->difference_transactions);
	print_told(table, is_seen && seen->compared_day != DAY_NONE, seen->difference_points);
	text_table_cell(table, "%s", is_seen ? when_utc(seen->heard_utc_ms, when) : "-");
	field_flags_text(&terminal_field_set, &terminal->config, text);
	text_table_cell(table, "%s%s%s", seen->session_count > 0 ? "connected" : "",
			seen->session_count > 0 && text[0] != '\0' ? " " : "", text);
}

/* One slice, copied on the ledger's thread. */
struct slice {
	uint32_t next;			/* row to look at next; moves on */
	uint32_t count;
	struct terminal_config rows[SLICE];
};

static void
fill_slice(const struct ledger *ledger, void *argument)
{
	struct slice *slice = argument;

	for (slice->count = 0; slice->count < SLICE; slice->count++) {
		const struct terminal_config *row = ledger_terminal_at(ledger, slice->next);

		if (row == NULL)
			return;
		slice->rows[slice->count] = *row;
		slice->next++;
	}
}

/* Print, or collect, what of the slice is wanted.  Returns how many; -1: out of memory. */
static int64_t
take_slice(struct command_call *call, const struct slice *slice, const struct wish *wish,
	   struct text_table *table, struct collection *collection)
{
	const struct console_host *host = call->host;
	int64_t total = 0;

	for (uint32_t i = 0; i < slice->count; i++) {
		struct terminal terminal = { .config = slice->rows[i] };

		if (!host->terminal(host->context, terminal.config.number, &terminal.seen))
			terminal.seen = (struct host_terminal){ .settled_day = DAY_NONE };
		if (!is_wanted(wish, &terminal))
			continue;
		total++;
		if (wish->sort == SORT_ADDED)
			print(table, &terminal);
		else if (!collect(collection, &terminal))
			return -1;
	}
	return total;
}

/* Go through all terminals.  False: the call says why not. */
static bool
list(struct command_call *call, const struct wish *wish, struct text_table *table,
     struct collection *collection, int64_t *ret_total)
{
	struct slice *slice = calloc(1, sizeof(*slice));
	int64_t taken = slice != NULL ? 0 : -1;
	bool is_good = true;

	*ret_total = 0;
	while (taken >= 0) {
		is_good = ask_look(call, fill_slice, slice);
		if (!is_good || slice->count == 0 || call->out->is_broken)
			break;
		taken = take_slice(call, slice, wish, table, collection);
		*ret_total += taken;
	}
	free(slice);
	if (taken < 0)
		command_fail(call, "out of memory");
	return is_good && taken >= 0;
}

void
run_show_terminals(struct command_call *call)
{
	static const char *const titles[] = { ">number",  ">partner",  ">store",   "name",
					      ">key",	  ">old key",  ">used key", "software",
					      ">queue",	  ">queue s",  ">skew ms", "settled",
					      ">differs", ">points",   "heard",	   "flags" };
	struct wish wish = { .partner = -1, .store = -1, .queue = -1, .age_s = -1, .skew_ms = -1,
			     .settled_day = -1, .connected = -1, .differs = -1,
			     .old_key = -1 };
	struct collection collection = { .count = 0 };
	struct text_table table;
	int64_t total;

	for (uint32_t i = 0; i < call->argument_count; i++) {
		if (!take_argument(call, call->arguments[i], &wish))
			return;
	}
	text_table_init(&table, call->out, titles, sizeof(titles) / sizeof(titles[0]));
	if (list(call, &wish, &table, &collection, &total)) {
		if (collection.count > 0)
			qsort_r(collection.rows, collection.count, sizeof(*collection.rows),
				compare, &wish.sort);
		for (uint32_t i = 0; i < collection.count && !call->out->is_broken; i++)
			print(&table, &collection.rows[i]);
		text_table_end(&table);
		command_done(call, "%" PRId64 " terminals", total);
	}
	free(collection.rows);
}
