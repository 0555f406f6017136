/*
 * sink_clearing.c - sums days, matches obligations, writes statements.
 */
#include "storage/sink_clearing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/record.h"
#include "storage/clearing.h"
#include "storage/sink_provenance.h"

#define SQL_BYTES_MAX 8192
#define DATE_BYTES 16

/* A day to clear, and its sequences. */
struct clearing_day {
	char	 date[DATE_BYTES];	/* empty: there is none */
	uint64_t first;			/* sequence of its first posting; 0: it has none */
	uint64_t last;
	bool	 is_traced;
};

static void
on_day(void *context, const struct database_cell *cells)
{
	struct clearing_day *day = context;

	(void)snprintf(day->date, sizeof day->date, "%s", cells[0].text);
	day->is_traced = database_cell_u64(&cells[1]) != 0;
}

static void
on_bounds(void *context, const struct database_cell *cells)
{
	struct clearing_day *day = context;

	day->first = database_cell_u64(&cells[0]);
	day->last = database_cell_u64(&cells[1]);
}

/*
 * The oldest day that has ended and is not cleared, among those that a cycle or the next one of a
 * partner needs; the records before the first business date come first.
 */
static enum tg_status
next_day(struct database *database, struct clearing_day *ret_day, struct storage_error *error)
{
	static const char sql[] =
		"SELECT d.business_date, (SELECT COALESCE(MAX(FIND_IN_SET('traced', flags) > 0), 0)"
		" FROM programme) FROM (SELECT DATE '1000-01-01' AS business_date"
		" WHERE EXISTS (SELECT 1 FROM business_day)"
		" UNION ALL SELECT business_date FROM business_day) d"
		" WHERE NOT EXISTS (SELECT 1 FROM clearing_day c"
		" WHERE c.business_date = d.business_date)"
		" AND (EXISTS (SELECT 1 FROM settlement_cycle)"
		" OR d.business_date <= (SELECT MAX(last_date) FROM closed_cycle))"
		" ORDER BY d.business_date LIMIT 1";
	char bounds[SQL_BYTES_MAX];
	enum tg_status status;

	*ret_day = (struct clearing_day){ .first = 0 };
	status = database_query(database, sql, on_day, ret_day, error);
	if (status != TG_OK || ret_day->date[0] == '\0')
		return status;
	(void)snprintf(bounds, sizeof bounds,
		       "SELECT MIN(sequence), MAX(sequence) FROM posting"
		       " WHERE business_date = '%s'",
		       ret_day->date);
	return database_query(database, bounds, on_bounds, ret_day, error);
}

/* What partners issued and redeemed, and what members came to owe, of some of a day's records. */
static enum tg_status
sum_postings(struct database *database, const struct clearing_day *day, uint64_t first,
	     uint64_t last, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(
		sql, sizeof sql,
		"INSERT INTO clearing (business_date, partner, item, other, records, points)"
		" SELECT '%s', o.partner, CASE WHEN o.account = %d THEN IF(o.points < 0, %d, %d)"
		" WHEN o.account = %d THEN IF(o.points > 0, %d, %d)"
		" ELSE IF(o.points < 0, %d, %d) END AS item_number, 0, COUNT(*),"
		" SUM(ABS(o.points)) FROM posting o WHERE o.business_date = '%s'"
		" AND o.sequence BETWEEN %" PRIu64 " AND %" PRIu64
		" AND o.account IN (%d, %d, %d) AND o.unit = %d AND o.is_test = 0"
		" AND o.points <> 0 GROUP BY o.partner, item_number"
		" ON DUPLICATE KEY UPDATE records = records + VALUES(records),"
		" points = points + VALUES(points)",
		day->date, ACCOUNT_ISSUED, CLEARING_ISSUED, CLEARING_TAKEN, ACCOUNT_REDEEMED,
		CLEARING_REDEEMED, CLEARING_RESTORED, CLEARING_DEBT, CLEARING_DEBT_PAID, day->date,
		first, last, ACCOUNT_ISSUED, ACCOUNT_REDEEMED, ACCOUNT_DEBT, UNIT_POINTS);
	return database_run(database, sql, NULL, error);
}

static enum tg_status
clear_day(struct database *database, const struct clearing_day *day, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	enum tg_status status = TG_OK;

	for (uint64_t first = day->first; status == TG_OK && first != 0 && first <= day->last;
	     first += CLEARING_CHUNK) {
		const uint64_t last = first + CLEARING_CHUNK - 1;

		status = sum_postings(database, day, first, last, error);
		if (status == TG_OK && day->is_traced)
			status = sink_provenance_run(database, day->date, first, last, error);
	}
	(void)snprintf(sql, sizeof sql, "INSERT INTO clearing_day VALUES ('%s')", day->date);
	return status == TG_OK ? database_run(database, sql, NULL, error) : status;
}

/* A closed cycle that has no statement yet. */
struct closed {
	bool	 is_there;
	uint32_t partner;
	uint32_t cycle;
};

static void
on_closed(void *context, const struct database_cell *cells)
{
	struct closed *closed = context;

	closed->is_there = true;
	closed->partner = (uint32_t)database_cell_u64(&cells[0]);
	closed->cycle = (uint32_t)database_cell_u64(&cells[1]);
}

/* The money of a line: a CASE over its items, by the sign of each under the cycle's terms. */
static size_t
append_amount(char *sql, size_t bytes)
{
	size_t used = (size_t)snprintf(sql, bytes, "CASE l.item + 0");

#define AMOUNT_CASE(name, number, word, pooled, traced, is_redeemed, text)                         \
	if ((number) != CLEARING_CORRECTION)                                                       \
		used += (size_t)snprintf(sql + used, bytes - used,                                 \
					 " WHEN %d THEN IF(c.is_traced, %d, %d)"                   \
					 " * (l.points * c.%s_num DIV c.%s_den)",                  \
					 number, traced, pooled,                                   \
					 (is_redeemed) ? "redeemed" : "issued",                    \
					 (is_redeemed) ? "redeemed" : "issued");
	CLEARING_ITEM_LIST(AMOUNT_CASE)
#undef AMOUNT_CASE
	used += (size_t)snprintf(sql + used, bytes - used, " ELSE 0 END");
	return used;
}

static enum tg_status
write_lines(struct database *database, const struct closed *closed, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	size_t used = (size_t)snprintf(
		sql, sizeof sql,
		"INSERT INTO statement_line SELECT c.partner, c.cycle, l.business_date, l.item,"
		" l.other, l.records, l.points, ");
	enum tg_status status;

	used += append_amount(sql + used, sizeof sql - used);
	(void)snprintf(sql + used, sizeof sql - used,
		       " FROM closed_cycle c JOIN clearing l ON l.partner = c.partner"
		       " AND l.business_date BETWEEN COALESCE(c.first_date, '1000-01-01')"
		       " AND c.last_date WHERE c.partner = %" PRIu32 " AND c.cycle = %" PRIu32,
		       closed->partner, closed->cycle);
	status = database_run(database, sql, NULL, error);
	if (status != TG_OK)
		return status;
	/* A correction is an item of both parties, and its money is said. */
	(void)snprintf(sql, sizeof sql,
		       "INSERT INTO statement_line SELECT c.partner, c.cycle, i.business_date, %d,"
		       " i.other, COUNT(*), 0, SUM(i.amount) FROM closed_cycle c JOIN"
		       " (SELECT business_date, partner, other, amount FROM settlement_item"
		       " UNION ALL SELECT business_date, other, partner, -amount"
		       " FROM settlement_item WHERE other <> 0) i ON i.partner = c.partner"
		       " AND i.business_date BETWEEN COALESCE(c.first_date, '1000-01-01')"
		       " AND c.last_date WHERE c.partner = %" PRIu32 " AND c.cycle = %" PRIu32
		       " GROUP BY i.business_date, i.other",
		       CLEARING_CORRECTION, closed->partner, closed->cycle);
	return database_run(database, sql, NULL, error);
}

static enum tg_status
write_statement(struct database *database, const struct closed *closed,
		struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	size_t used = (size_t)snprintf(
		sql, sizeof sql,
		"INSERT INTO statement SELECT t.partner, t.cycle, t.opening");

#define PUT_SUM(name, number, word, pooled, traced, is_redeemed, text)                             \
	if ((number) != CLEARING_CORRECTION)                                                       \
		used += (size_t)snprintf(sql + used, sizeof sql - used, ", t." #word "_points");   \
	used += (size_t)snprintf(sql + used, sizeof sql - used, ", t." #word "_amount");
	CLEARING_ITEM_LIST(PUT_SUM)
#undef PUT_SUM
	used += (size_t)snprintf(sql + used, sizeof sql - used,
				 ", t.net, IF(ABS(t.net) < t.least, t.net, 0),"
				 " IF(ABS(t.net) < t.least, 0, t.net) FROM (SELECT c.partner,"
				 " c.cycle, c.minimum_amount AS least,"
				 " COALESCE(MAX(b.carried_amount), 0) AS opening,"
				 " COALESCE(MAX(b.carried_amount), 0)"
				 " + COALESCE(SUM(l.amount), 0) AS net");
#define ADD_SUM(name, number, word, pooled, traced, is_redeemed, text)                             \
	if ((number) != CLEARING_CORRECTION)                                                       \
		used += (size_t)snprintf(sql + used, sizeof sql - used,                            \
					 ", COALESCE(SUM(IF(l.item = '" #word                      \
					 "', l.points, 0)), 0) AS " #word "_points");              \
	used += (size_t)snprintf(sql + used, sizeof sql - used,                                    \
				 ", COALESCE(SUM(IF(l.item = '" #word                              \
				 "', l.amount, 0)), 0) AS " #word "_amount");
	CLEARING_ITEM_LIST(ADD_SUM)
#undef ADD_SUM
	(void)snprintf(sql + used, sizeof sql - used,
		       " FROM closed_cycle c LEFT JOIN statement_line l ON l.partner = c.partner"
		       " AND l.cycle = c.cycle LEFT JOIN statement b ON b.partner = c.partner"
		       " AND b.cycle + 1 = c.cycle WHERE c.partner = %" PRIu32
		       " AND c.cycle = %" PRIu32
		       " GROUP BY c.partner, c.cycle, c.minimum_amount) t",
		       closed->partner, closed->cycle);
	return database_run(database, sql, NULL, error);
}

static enum tg_status
write_statements(struct database *database, struct storage_error *error)
{
	static const char sql[] =
		"SELECT c.partner, c.cycle FROM closed_cycle c LEFT JOIN statement s"
		" ON s.partner = c.partner AND s.cycle = c.cycle WHERE s.partner IS NULL"
		" ORDER BY c.closed_sequence LIMIT 1";
	enum tg_status status = TG_OK;

	while (status == TG_OK) {
		struct closed closed = { .is_there = false };

		status = database_query(database, sql, on_closed, &closed, error);
		if (status != TG_OK || !closed.is_there)
			return status;
		status = write_lines(database, &closed, error);
		if (status == TG_OK)
			status = write_statement(database, &closed, error);
	}
	return status;
}

enum tg_status
sink_clearing_run(struct database *database, struct storage_error *error)
{
	enum tg_status status = TG_OK;

	while (status == TG_OK) {
		struct clearing_day day;

		status = next_day(database, &day, error);
		if (status == TG_OK && day.date[0] == '\0')
			return write_statements(database, error);
		if (status == TG_OK)
			status = clear_day(database, &day, error);
	}
	return status;
}
