/*
 * tally_journal_statement.c - statements and netting, from the journal alone or by MariaDB.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/calendar.h"
#include "ledger/record.h"
#include "ledger/request.h"
#include "protocol/assert.h"
#include "storage/statement.h"
#include "storage/statement_entries.h"
#include "storage/statement_print.h"
#include "storage/tally_journal.h"

#define SQL_BYTES_MAX 512

/* What a partner's last statement left to the next one. */
struct partner_end {
	uint32_t partner;
	int64_t	 carried_amount;
	uint8_t	 digest[STATEMENT_DIGEST_BYTES];
};

/* What an issuer owes for its points that were burned at another partner. */
struct obligation {
	uint32_t issuer;
	uint32_t redeemer;		/* partner, or 0: the operator */
	int64_t	 points;
	int64_t	 amount;		/* minor units */
};

/* What is wanted of all statements, and what is found. */
struct search {
	/* One partner's statement; or the payable amounts of a date. */
	uint32_t partner;		/* 0: a date's */
	uint32_t cycle;			/* 0: the last one */
	int32_t	 date;
	/* Of the journal. */
	struct record *record;		/* owned */
	struct clearing *clearing;	/* owned */
	bool	 is_traced;
	struct partner_end *ends;	/* owned */
	uint32_t end_count;
	/* Found. */
	bool	 is_found;
	struct signed_statement found;	/* owned lines */
	struct statement_entries entries; /* owned; of the partner, where they are wanted */
	struct netting_balance *balances; /* owned; without those that are 0 */
	uint32_t balance_count;
	uint32_t balance_capacity;
	int64_t	 balance_sum;
	struct obligation *obligations;	/* owned; by issuer, as its statements came */
	uint32_t obligation_count;
	uint32_t obligation_capacity;
};

static struct partner_end *
end_of(struct search *search, uint32_t partner)
{
	struct partner_end *ends;

	for (uint32_t i = 0; i < search->end_count; i++) {
		if (search->ends[i].partner == partner)
			return &search->ends[i];
	}
	ends = realloc(search->ends, (search->end_count + 1) * sizeof *ends);
	if (ends == NULL)
		return NULL;
	search->ends = ends;
	ends[search->end_count] = (struct partner_end){ .partner = partner };
	return &ends[search->end_count++];
}

static enum tg_status
add_balance(struct search *search, uint32_t party, int64_t amount)
{
	if (search->balance_count + 1 >= search->balance_capacity) {
		const uint32_t capacity = search->balance_capacity * 2 + 64;
		struct netting_balance *balances =
			realloc(search->balances, capacity * sizeof *balances);

		if (balances == NULL)
			return TG_NO_MEMORY;
		search->balances = balances;
		search->balance_capacity = capacity;
	}
	search->balance_sum += amount;
	if (amount != 0)
		search->balances[search->balance_count++] =
			(struct netting_balance){ party, amount };
	return TG_OK;
}

/* Where an issuer's obligation to a redeemer is summed; those before first are others'. */
static struct obligation *
obligation_of(struct search *search, uint32_t first, uint32_t issuer, uint32_t redeemer)
{
	for (uint32_t i = first; i < search->obligation_count; i++) {
		if (search->obligations[i].redeemer == redeemer)
			return &search->obligations[i];
	}
	if (search->obligation_count == search->obligation_capacity) {
		const uint32_t capacity = search->obligation_capacity * 2 + 64;
		struct obligation *obligations =
			realloc(search->obligations, capacity * sizeof *obligations);

		if (obligations == NULL)
			return NULL;
		search->obligations = obligations;
		search->obligation_capacity = capacity;
	}
	search->obligations[search->obligation_count] =
		(struct obligation){ .issuer = issuer, .redeemer = redeemer };
	return &search->obligations[search->obligation_count++];
}

static enum tg_status
add_obligations(struct search *search, const struct statement *s)
{
	const uint32_t first = search->obligation_count;

	for (uint32_t i = 0; i < s->line_count; i++) {
		struct obligation *of;

		if (s->lines[i].item != CLEARING_OWES)
			continue;
		of = obligation_of(search, first, s->cycle.partner, s->lines[i].other);
		if (of == NULL)
			return TG_NO_MEMORY;
		of->points += s->lines[i].points;
		of->amount += s->lines[i].amount;
	}
	return TG_OK;
}

/* A statement has been made or read: keep it, if it is wanted, and what follows from it. */
static enum tg_status
take_statement(struct search *search, struct statement *s)
{
	struct partner_end *end = end_of(search, s->cycle.partner);
	enum tg_status status = TG_OK;

	if (end == NULL)
		return TG_NO_MEMORY;
	end->carried_amount = s->carried_amount;
	if (search->partner == 0 && s->cycle.last_day == search->date)
		status = add_balance(search, s->cycle.partner, s->payable_amount);
	if (status == TG_OK && search->partner == 0 && s->cycle.last_day == search->date)
		status = add_obligations(search, s);
	if (search->partner != s->cycle.partner) {
		statement_deinit(s);
		return status;
	}
	statement_digest(s, end->digest, end->digest);
	statement_entries_close(&search->entries, s->cycle.last_day,
				search->cycle == 0 || search->cycle == s->cycle.number);
	if (search->cycle != 0 && search->cycle != s->cycle.number) {
		statement_deinit(s);
		return status;
	}
	statement_deinit(&search->found.statement);
	search->found.statement = *s;
	memcpy(search->found.digest, end->digest, sizeof end->digest);
	search->is_found = true;
	return status;
}

static enum tg_status
take_record(struct search *search, const struct record *r, struct storage_error *error)
{
	struct statement s;
	const struct partner_end *end;
	enum tg_status status;

	if (RECORD_HAS(r, PROGRAMME))
		search->is_traced = (r->programme.flags & PROGRAMME_TRACED) != 0;
	status = clearing_add(search->clearing, r, search->is_traced, error);
	if (status != TG_OK || !RECORD_HAS(r, CLOSED))
		return status;
	end = end_of(search, r->closed.partner);
	if (end == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a statement");
	status = statement_make(search->clearing, r, end->carried_amount, &s);
	if (status == TG_OK)
		status = take_statement(search, &s);
	return status == TG_OK ? TG_OK :
				 storage_fail(error, status, "no memory for a statement");
}

static enum tg_status
on_item(void *context, const struct journal_reader *reader, const struct journal_item *item,
	struct storage_error *error)
{
	struct search *search = context;
	size_t bytes_count;
	enum tg_status status;

	(void)reader;
	if (item->kind != JOURNAL_RECORD)
		return TG_OK;
	status = record_decode(item->bytes, item->bytes_count, search->record, &bytes_count);
	if (status != TG_OK)
		return storage_fail(error, status, "record %" PRIu64 ": %s", item->sequence,
				    tg_status_text(status));
	return take_record(search, search->record, error);
}

static enum tg_status
search_journal(struct search *search, const struct tool_options *options,
	       struct storage_error *error)
{
	struct tool_options whole = *options;

	/* A statement follows from all that was before. */
	whole.filter = record_filter_all();
	search->record = malloc(sizeof *search->record);
	search->clearing = clearing_new();
	if (search->record == NULL || search->clearing == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for statements");
	search->entries.partner = search->partner;
	if (options->has_entries)
		clearing_watch(search->clearing, statement_entries_add, &search->entries);
	return tool_walk(&whole, on_item, search, error);
}

/* Statements to be read from MariaDB. */
struct keys {
	struct cycle *cycles;		/* owned */
	uint32_t count;
	bool	 has_failed;
};

static void
on_key(void *context, const struct database_cell *cells)
{
	struct keys *keys = context;
	struct cycle *cycles = realloc(keys->cycles, (keys->count + 1) * sizeof *cycles);

	if (cycles == NULL) {
		keys->has_failed = true;
		return;
	}
	keys->cycles = cycles;
	cycles[keys->count++] = (struct cycle){
		.partner = (uint32_t)database_cell_u64(&cells[0]),
		.number = (uint32_t)database_cell_u64(&cells[1]),
	};
}

/* What the statement before left is in its own row. */
static enum tg_status
read_one(struct search *search, struct database *database, const struct cycle *cycle,
	 struct storage_error *error)
{
	struct partner_end *end;
	struct statement s;
	enum tg_status status =
		statement_read(database, cycle->partner, cycle->number, &s, error);

	if (status != TG_OK)
		return status;
	end = end_of(search, cycle->partner);
	if (end == NULL) {
		statement_deinit(&s);
		return storage_fail(error, TG_NO_MEMORY, "no memory for statements");
	}
	memcpy(end->digest, s.digest_before, sizeof end->digest);
	if (take_statement(search, &s) != TG_OK)
		return storage_fail(error, TG_NO_MEMORY, "no memory for statements");
	return TG_OK;
}

static enum tg_status
read_all(struct search *search, struct database *database, struct keys *keys,
	 struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	const struct civil_date date = calendar_date(search->date);
	enum tg_status status;

	if (search->partner != 0)
		(void)snprintf(sql, sizeof sql,
			       "SELECT partner, cycle FROM statement WHERE partner = %" PRIu32
			       " AND %" PRIu32 " IN (0, cycle) ORDER BY cycle DESC LIMIT 1",
			       search->partner, search->cycle);
	else
		(void)snprintf(sql, sizeof sql,
			       "SELECT s.partner, s.cycle FROM statement s JOIN closed_cycle c"
			       " ON c.partner = s.partner AND c.cycle = s.cycle"
			       " WHERE c.last_date = '%04d-%02d-%02d' ORDER BY s.partner, s.cycle",
			       (int)date.year, (int)date.month, (int)date.day);
	status = database_query(database, sql, on_key, keys, error);
	if (status == TG_OK && keys->has_failed)
		status = storage_fail(error, TG_NO_MEMORY, "no memory for statements");
	for (uint32_t i = 0; status == TG_OK && i < keys->count; i++)
		status = read_one(search, database, &keys->cycles[i], error);
	return status;
}

static enum tg_status
search_database(struct search *search, const struct tool_options *options,
		struct storage_error *error)
{
	struct keys keys = { .cycles = NULL };
	struct database *database;
	enum tg_status status = database_open(&options->database, &database, error);

	if (status != TG_OK)
		return status;
	status = read_all(search, database, &keys, error);
	free(keys.cycles);
	database_close(database);
	return status;
}

static enum tg_status
run_search(struct search *search, const struct tool_options *options, struct storage_error *error)
{
	return options->is_in_database ? search_database(search, options, error) :
					 search_journal(search, options, error);
}

static void
end_search(struct search *search)
{
	statement_deinit(&search->found.statement);
	statement_entries_deinit(&search->entries);
	clearing_free(search->clearing);
	free(search->record);
	free(search->ends);
	free(search->balances);
	free(search->obligations);
}

static enum tool_exit
print_statement(const struct tool_options *options, const struct search *search)
{
	const struct signed_statement *statement = &search->found;

	if (options->has_entries)
		statement_entries_print(&search->entries, statement->statement.cycle.number);
	else if (options->is_csv)
		statement_print_csv(stdout, statement);
	else if (options->is_html)
		statement_print_html(stdout, statement);
	else
		return tool_print(options, statement_json(statement));
	return fflush(stdout) == 0 ? TOOL_OK : TOOL_FAILED;
}

enum tool_exit
run_statement(const struct tool_options *options)
{
	struct search search = { .cycle = options->cycle };
	struct storage_error error = { 0 };
	enum tool_exit result;
	enum tg_status status;
	char *end;

	search.partner = (uint32_t)strtoul(options->argument, &end, 10);
	if (search.partner == 0 || *end != '\0')
		status = storage_fail(&error, TG_CONFIG, "%s is no number of a partner",
				      options->argument);
	else if (options->has_entries && options->is_in_database)
		status = storage_fail(&error, TG_CONFIG, "--entries are told out of the journal");
	else
		status = run_search(&search, options, &error);
	if (status == TG_OK && !search.is_found)
		status = storage_fail(&error, TG_UNKNOWN_STATEMENT,
				      "partner %" PRIu32 " has no closed cycle of that number",
				      search.partner);
	result = status == TG_OK ? print_statement(options, &search) : tool_complain(&error);
	end_search(&search);
	return result;
}

/* "2026-11-22" as days since 1970.  False: it is none. */
static bool
parse_date(const char *text, int32_t *ret_day)
{
	int64_t utc_ms;

	if (strlen(text) != strlen("2026-11-22") || !record_filter_parse_time(text, &utc_ms))
		return false;
	*ret_day = (int32_t)(utc_ms / INT64_C(86400000));
	return true;
}

static json_t *
balances_json(const struct search *search)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < search->balance_count; i++)
		(void)json_array_append_new(
			rows, json_pack("{s:I, s:I}", "partner",
					(json_int_t)search->balances[i].party, "amount",
					(json_int_t)search->balances[i].amount));
	return rows;
}

static json_t *
payments_json(const struct netting_payment *payments, uint32_t count)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < count; i++)
		(void)json_array_append_new(
			rows, json_pack("{s:I, s:I, s:I}", "from", (json_int_t)payments[i].from,
					"to", (json_int_t)payments[i].to, "amount",
					(json_int_t)payments[i].amount));
	return rows;
}

static json_t *
obligations_json(const struct search *search)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < search->obligation_count; i++) {
		const struct obligation *of = &search->obligations[i];

		(void)json_array_append_new(
			rows, json_pack("{s:I, s:I, s:I, s:I}", "issuer", (json_int_t)of->issuer,
					"redeemer", (json_int_t)of->redeemer, "points",
					(json_int_t)of->points, "amount", (json_int_t)of->amount));
	}
	return rows;
}

/* The operator takes what the others' balances leave; then all sum to zero. */
static enum tool_exit
print_netting(const struct tool_options *options, struct search *search)
{
	const uint32_t parties = search->balance_count + 1;
	struct netting_payment *payments = calloc(parties, sizeof *payments);
	const int64_t rest = search->balance_sum;
	json_t *balances;
	uint32_t count;

	if (payments == NULL || add_balance(search, 0, -rest) != TG_OK) {
		free(payments);
		return tool_print(options, NULL);
	}
	balances = balances_json(search);
	count = netting_run(search->balances, search->balance_count, payments);
	balances = json_pack("{s:s, s:I, s:I, s:o, s:o, s:o}", "date", options->argument,
			     "operator_amount", (json_int_t)-rest, "payments_count",
			     (json_int_t)count, "obligations", obligations_json(search),
			     "balances", balances, "payments", payments_json(payments, count));
	free(payments);
	return tool_print(options, balances);
}

enum tool_exit
run_netting(const struct tool_options *options)
{
	struct search search = { .partner = 0 };
	struct storage_error error = { 0 };
	enum tool_exit result;
	enum tg_status status;

	if (!parse_date(options->argument, &search.date))
		status = storage_fail(&error, TG_CONFIG, "%s is no date", options->argument);
	else
		status = run_search(&search, options, &error);
	result = status == TG_OK ? print_netting(options, &search) : tool_complain(&error);
	end_search(&search);
	return result;
}
