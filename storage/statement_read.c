/*
 * statement_read.c - a statement out of MariaDB's tables.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/calendar.h"
#include "ledger/request.h"
#include "storage/archive_internal.h"
#include "storage/civil.h"
#include "storage/statement.h"

#define SQL_BYTES_MAX 4096

/* One reading. */
struct reading {
	struct statement *statement;
	uint32_t capacity;	/* of its lines */
	bool	 is_found;
	bool	 has_failed;	/* out of memory */
	uint8_t	 digest[STATEMENT_DIGEST_BYTES]; /* as its row has it */
};

/* A cell that holds a number of days since 1970; 1000-01-01 and NULL: none. */
static int32_t
cell_day(const struct database_cell *cell)
{
	const int64_t day = database_cell_i64(cell);

	return cell->text == NULL || day == CIVIL_DAY_MIN ? DAY_NONE : (int32_t)day;
}

static void
on_statement(void *context, const struct database_cell *cells)
{
	struct reading *reading = context;
	struct statement *s = reading->statement;
	uint32_t at = 14;

	reading->is_found = true;
	s->cycle.first_day = cell_day(&cells[0]);
	s->cycle.last_day = cell_day(&cells[1]);
	s->closed_sequence = database_cell_u64(&cells[2]);
	s->closed_at_utc_ms = database_cell_i64(&cells[3]);
	s->terms = (struct settlement_terms){
		.is_traced = (uint32_t)database_cell_u64(&cells[4]),
		.issued_num = database_cell_i64(&cells[5]),
		.issued_den = database_cell_i64(&cells[6]),
		.redeemed_num = database_cell_i64(&cells[7]),
		.redeemed_den = database_cell_i64(&cells[8]),
		.minimum_amount = database_cell_i64(&cells[9]),
	};
	s->opening_amount = database_cell_i64(&cells[10]);
	s->net_amount = database_cell_i64(&cells[11]);
	s->carried_amount = database_cell_i64(&cells[12]);
	s->payable_amount = database_cell_i64(&cells[13]);
#define TAKE_ITEM(name, number, word, pooled, traced, by, text)                           \
	if ((number) != CLEARING_CORRECTION)                                                       \
		s->points[number] = database_cell_i64(&cells[at++]);                               \
	s->amounts[number] = database_cell_i64(&cells[at++]);
	CLEARING_ITEM_LIST(TAKE_ITEM)
#undef TAKE_ITEM
	(void)archive_cell_bytes(&cells[at], reading->digest, sizeof reading->digest);
	(void)archive_cell_bytes(&cells[at + 1], s->digest_before, sizeof s->digest_before);
}

static void
on_line(void *context, const struct database_cell *cells)
{
	struct reading *reading = context;
	struct statement *s = reading->statement;

	if (s->line_count == reading->capacity) {
		const uint32_t capacity = reading->capacity * 2 + 64;
		struct clearing_line *lines = realloc(s->lines, capacity * sizeof *lines);

		if (lines == NULL) {
			reading->has_failed = true;
			return;
		}
		s->lines = lines;
		reading->capacity = capacity;
	}
	s->lines[s->line_count++] = (struct clearing_line){
		.business_date = cell_day(&cells[0]),
		.partner = s->cycle.partner,
		.item = (uint8_t)database_cell_u64(&cells[1]),
		.other = (uint32_t)database_cell_u64(&cells[2]),
		.terms = { .version = (uint32_t)database_cell_u64(&cells[3]) },
		.records = database_cell_u64(&cells[4]),
		.points = database_cell_i64(&cells[5]),
		.amount = database_cell_i64(&cells[6]),
	};
}

/* Days since 1970 of a date. */
#define SQL_DAY(column) "DATEDIFF(" column ", '1970-01-01')"

static enum tg_status
read_lines(struct database *database, struct reading *reading, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	enum tg_status status;

	(void)snprintf(sql, sizeof sql,
		       "SELECT " SQL_DAY("business_date")
		       ", item + 0, other, terms, records, points, amount FROM statement_line"
		       " WHERE partner = %" PRIu32 " AND cycle = %" PRIu32
		       " ORDER BY business_date, item + 0, other, terms",
		       reading->statement->cycle.partner, reading->statement->cycle.number);
	status = database_query(database, sql, on_line, reading, error);
	if (status == TG_OK && reading->has_failed)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a statement");
	return status;
}

/* Read all of it into what is there, to be deinitialised whatever is returned. */
static enum tg_status
read_statement(struct database *database, struct reading *reading, struct storage_error *error)
{
	const uint32_t partner = reading->statement->cycle.partner;
	const uint32_t cycle = reading->statement->cycle.number;
	char sql[SQL_BYTES_MAX];
	size_t used = (size_t)snprintf(
		sql, sizeof sql,
		"SELECT " SQL_DAY("c.first_date") ", " SQL_DAY("c.last_date")
		", c.closed_sequence, " SQL_MS("c.closed_at") ", c.is_traced, c.issued_num,"
		" c.issued_den, c.redeemed_num, c.redeemed_den, c.minimum_amount,"
		" s.opening_amount, s.net_amount, s.carried_amount, s.payable_amount");
	enum tg_status status;

#define PUT_ITEM(name, number, word, pooled, traced, by, text)                            \
	if ((number) != CLEARING_CORRECTION)                                                       \
		used += (size_t)snprintf(sql + used, sizeof sql - used, ", s." #word "_points");   \
	used += (size_t)snprintf(sql + used, sizeof sql - used, ", s." #word "_amount");
	CLEARING_ITEM_LIST(PUT_ITEM)
#undef PUT_ITEM
	(void)snprintf(sql + used, sizeof sql - used,
		       ", HEX(s.digest), HEX(b.digest)"
		       " FROM closed_cycle c JOIN statement s ON s.partner = c.partner"
		       " AND s.cycle = c.cycle LEFT JOIN statement b ON b.partner = c.partner"
		       " AND b.cycle + 1 = c.cycle WHERE c.partner = %" PRIu32
		       " AND c.cycle = %" PRIu32,
		       partner, cycle);
	status = database_query(database, sql, on_statement, reading, error);
	if (status == TG_OK && !reading->is_found)
		return storage_fail(error, TG_UNKNOWN_STATEMENT,
				    "partner %" PRIu32 " has no statement of cycle %" PRIu32,
				    partner, cycle);
	return status == TG_OK ? read_lines(database, reading, error) : status;
}

enum tg_status
statement_read(struct database *database, uint32_t partner, uint32_t cycle,
	       struct statement *ret_statement, struct storage_error *error)
{
	struct statement s = { .cycle = { .partner = partner, .number = cycle } };
	struct reading reading = { .statement = &s };
	enum tg_status status = read_statement(database, &reading, error);
	uint8_t digest[STATEMENT_DIGEST_BYTES];

	if (status == TG_OK) {
		statement_digest(&s, s.digest_before, digest);
		if (memcmp(digest, reading.digest, sizeof digest) != 0)
			status = storage_fail(error, TG_CORRUPT,
					      "the statement of partner %" PRIu32 ", cycle %" PRIu32
					      " is not what its digest was made of",
					      partner, cycle);
	}
	if (status != TG_OK)
		statement_deinit(&s);
	else
		*ret_statement = s;
	return status;
}

enum tg_status
statement_sign(struct database *database, uint32_t partner, uint32_t cycle,
	       struct storage_error *error)
{
	struct statement s = { .cycle = { .partner = partner, .number = cycle } };
	struct reading reading = { .statement = &s };
	enum tg_status status = read_statement(database, &reading, error);
	uint8_t digest[STATEMENT_DIGEST_BYTES];
	char sql[SQL_BYTES_MAX];
	size_t used;

	if (status == TG_OK) {
		statement_digest(&s, s.digest_before, digest);
		used = (size_t)snprintf(sql, sizeof sql, "UPDATE statement SET digest = X'");
		for (size_t i = 0; i < sizeof digest; i++)
			used += (size_t)snprintf(sql + used, sizeof sql - used, "%02x", digest[i]);
		(void)snprintf(sql + used, sizeof sql - used,
			       "' WHERE partner = %" PRIu32 " AND cycle = %" PRIu32, partner,
			       cycle);
		status = database_run(database, sql, NULL, error);
	}
	statement_deinit(&s);
	return status;
}
