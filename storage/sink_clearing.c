/*
 * sink_clearing.c - sums days, matches obligations, writes statements.
 */
#include "storage/sink_clearing.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/calendar.h"
#include "ledger/record.h"
#include "ledger/request.h"
#include "storage/clearing.h"
#include "storage/sink_provenance.h"
#include "storage/statement.h"

#define SQL_BYTES_MAX 16384
#define DATE_BYTES 16

/* The item of the fee for what is issued or redeemed; as numbers, see the assertion. */
#define FEE_ITEM "IF(l.item = 'issued', 14, 15)"
static_assert(CLEARING_ISSUE_FEE == 14 && CLEARING_REDEEM_FEE == 15, "FEE_ITEM says them");

/* A day to clear, and its sequences. */
struct clearing_day {
	char	 date[DATE_BYTES];	/* empty: there is none */
	uint64_t first;			/* its first record that is not summed; 0: none */
	uint64_t last;
	bool	 is_traced;
	bool	 is_whole;		/* it has ended */
};

static void
on_day(void *context, const struct database_cell *cells)
{
	struct clearing_day *day = context;

	(void)snprintf(day->date, sizeof day->date, "%s", cells[0].text);
	day->is_traced = database_cell_u64(&cells[1]) != 0;
	day->first = database_cell_u64(&cells[2]);
}

static void
on_bounds(void *context, const struct database_cell *cells)
{
	struct clearing_day *day = context;
	const uint64_t first = database_cell_u64(&cells[0]);

	day->first = first > day->first ? first : day->first;
	day->last = database_cell_u64(&cells[1]);
}

/* Where a day's records begin that are not summed yet, and end. */
static enum tg_status
find_bounds(struct database *database, struct clearing_day *day, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(sql, sizeof sql,
		       "SELECT MIN(sequence), MAX(sequence) FROM entry WHERE business_date = '%s'",
		       day->date);
	return database_query(database, sql, on_bounds, day, error);
}

/* Do issuers pay redeemers? */
#define IS_TRACED                                                                                  \
	"(SELECT COALESCE(MAX(FIND_IN_SET('traced', flags) > 0), 0) FROM programme)"

/*
 * The oldest day that has ended and is not cleared, among those that a cycle or the next one of a
 * partner needs; the records before the first business date come first.
 */
static enum tg_status
next_day(struct database *database, struct clearing_day *ret_day, struct storage_error *error)
{
	static const char sql[] =
		"SELECT d.business_date, " IS_TRACED ", COALESCE(c.next_sequence, 0)"
		" FROM (SELECT DATE '1000-01-01' AS business_date"
		" WHERE EXISTS (SELECT 1 FROM business_day)"
		" UNION ALL SELECT business_date FROM business_day) d"
		" LEFT JOIN clearing_day c ON c.business_date = d.business_date"
		" WHERE COALESCE(c.is_whole, 0) = 0"
		" AND (EXISTS (SELECT 1 FROM settlement_cycle)"
		" OR d.business_date <= (SELECT MAX(last_date) FROM closed_cycle))"
		" ORDER BY d.business_date LIMIT 1";
	enum tg_status status;

	*ret_day = (struct clearing_day){ .is_whole = true };
	status = database_query(database, sql, on_day, ret_day, error);
	return status == TG_OK && ret_day->date[0] != '\0' ? find_bounds(database, ret_day, error) :
							     status;
}

/* Terms in force for records from a sequence on: partner, version and fee of its own, as t. */
#define TERMS_IN_FORCE                                                                             \
	"(SELECT w.partner, w.version, w.transaction_fee_micro FROM partner_terms w JOIN"          \
	" (SELECT partner, MAX(version) AS version FROM partner_terms"                             \
	" WHERE last_sequence < %" PRIu64 " GROUP BY partner) v"                                   \
	" ON v.partner = w.partner AND v.version = w.version) t"

/* Add rows to what is there. */
#define ADDED                                                                                      \
	" ON DUPLICATE KEY UPDATE records = records + VALUES(records),"                            \
	" points = points + VALUES(points)"

/* What partners issued and redeemed, and what members came to owe, of some of a day's records. */
static enum tg_status
sum_postings(struct database *database, const struct clearing_day *day, uint64_t first,
	     uint64_t last, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(
		sql, sizeof sql,
		"INSERT INTO clearing (business_date, partner, item, other, terms, records, points)"
		" SELECT '%s', o.partner, CASE WHEN o.account = %d THEN IF(o.points < 0, %d, %d)"
		" WHEN o.account = %d THEN IF(o.points > 0, %d, %d) WHEN o.account = %d THEN %d"
		" WHEN o.points < 0 THEN %d WHEN EXISTS (SELECT 1 FROM posting g"
		" WHERE g.business_date = o.business_date AND g.sequence = o.sequence"
		" AND g.account = %d) THEN %d ELSE %d END AS item_number, 0,"
		" COALESCE(t.version, 0) AS terms_number, COUNT(*),"
		" SUM(IF(o.account = %d, -o.points, ABS(o.points)))"
		" FROM posting o LEFT JOIN " TERMS_IN_FORCE " ON t.partner = o.partner"
		" WHERE o.business_date = '%s' AND o.sequence BETWEEN %" PRIu64 " AND %" PRIu64
		" AND o.account IN (%d, %d, %d, %d) AND o.unit = %d AND o.is_test = 0"
		" AND o.points <> 0 AND (o.account <> %d OR o.partner <> 0)"
		" GROUP BY o.partner, item_number, terms_number" ADDED,
		day->date, ACCOUNT_ISSUED, CLEARING_ISSUED, CLEARING_TAKEN, ACCOUNT_REDEEMED,
		CLEARING_REDEEMED, CLEARING_RESTORED, ACCOUNT_ADJUSTMENTS, CLEARING_ADJUSTED,
		CLEARING_DEBT, ACCOUNT_WRITTEN_OFF, CLEARING_WRITTEN_OFF, CLEARING_DEBT_PAID,
		ACCOUNT_ADJUSTMENTS, first, day->date, first, last, ACCOUNT_ISSUED,
		ACCOUNT_REDEEMED, ACCOUNT_DEBT, ACCOUNT_ADJUSTMENTS, UNIT_POINTS,
		ACCOUNT_ADJUSTMENTS);
	return database_run(database, sql, NULL, error);
}

/* What exchanges issued and redeemed of that: those records also post the partner's own units. */
static enum tg_status
sum_exchanges(struct database *database, const struct clearing_day *day, uint64_t first,
	      uint64_t last, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(
		sql, sizeof sql,
		"INSERT INTO clearing (business_date, partner, item, other, terms, records, points)"
		" SELECT '%s', o.partner, IF(o.account = %d, %d, %d) AS item_number, 0,"
		" COALESCE(t.version, 0) AS terms_number, COUNT(*),"
		" SUM(IF(o.account = %d, -o.points, o.points))"
		" FROM posting x STRAIGHT_JOIN posting o ON o.business_date = x.business_date"
		" AND o.sequence = x.sequence AND o.account IN (%d, %d) LEFT JOIN " TERMS_IN_FORCE
		" ON t.partner = o.partner"
		" WHERE x.business_date = '%s' AND x.sequence BETWEEN %" PRIu64 " AND %" PRIu64
		" AND x.account = %d AND x.is_test = 0"
		" GROUP BY o.partner, item_number, terms_number" ADDED,
		day->date, ACCOUNT_ISSUED, CLEARING_EXCHANGED_IN, CLEARING_EXCHANGED_OUT,
		ACCOUNT_ISSUED, ACCOUNT_ISSUED, ACCOUNT_REDEEMED, first, day->date, first, last,
		ACCOUNT_OWN);
	return database_run(database, sql, NULL, error);
}

/* Stored value that partners took money for, and that was paid with at them. */
static enum tg_status
sum_values(struct database *database, const struct clearing_day *day, uint64_t first,
	   uint64_t last, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(
		sql, sizeof sql,
		"INSERT INTO clearing (business_date, partner, item, other, terms, records, points)"
		" SELECT '%s', o.partner, IF(o.account = %d, %d, %d) AS item_number, 0,"
		" COALESCE(t.version, 0) AS terms_number, COUNT(*),"
		" SUM(IF(o.account = %d, -o.points, o.points))"
		" FROM posting o LEFT JOIN " TERMS_IN_FORCE " ON t.partner = o.partner"
		" WHERE o.business_date = '%s' AND o.sequence BETWEEN %" PRIu64 " AND %" PRIu64
		" AND o.account IN (%d, %d) AND o.is_test = 0"
		" GROUP BY o.partner, item_number, terms_number" ADDED,
		day->date, ACCOUNT_VALUE_TAKEN, CLEARING_TOPPED_UP, CLEARING_PAID_VALUE,
		ACCOUNT_VALUE_TAKEN, first, day->date, first, last, ACCOUNT_VALUE_TAKEN,
		ACCOUNT_VALUE_PAID);
	return database_run(database, sql, NULL, error);
}

/* Transactions of partners that pay a fee for each. */
static enum tg_status
count_transactions(struct database *database, const struct clearing_day *day, uint64_t first,
		   uint64_t last, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(
		sql, sizeof sql,
		"INSERT INTO clearing (business_date, partner, item, other, terms, records, points)"
		" SELECT '%s', e.partner, %d, 0, t.version, COUNT(*), 0 FROM " TERMS_IN_FORCE
		" STRAIGHT_JOIN entry e ON e.partner = t.partner WHERE t.transaction_fee_micro > 0"
		" AND e.business_date = '%s' AND e.sequence BETWEEN %" PRIu64 " AND %" PRIu64
		" AND e.kind IN (%d, %d, %d) AND e.status = 0 AND NOT FIND_IN_SET('test', e.flags)"
		" AND NOT FIND_IN_SET('of_value', e.flags) GROUP BY e.partner, t.version" ADDED,
		day->date, CLEARING_TRANSACTION, first, day->date, first, last, RECORD_EARN,
		RECORD_BURN, RECORD_CAPTURE);
	return database_run(database, sql, NULL, error);
}

/* A month that ended with the day costs its fee under the terms of its end. */
static enum tg_status
end_month(struct database *database, const struct clearing_day *day, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(
		sql, sizeof sql,
		"INSERT INTO clearing (business_date, partner, item, other, terms, records, points)"
		" SELECT d.business_date, t.partner, %d, 0, t.version, 1, 0 FROM business_day d"
		" JOIN partner_terms t ON t.version = (SELECT MAX(u.version) FROM partner_terms u"
		" WHERE u.partner = t.partner AND u.last_sequence < d.closed_sequence)"
		" WHERE d.business_date = '%s' AND LAST_DAY(d.business_date) = d.business_date"
		" AND t.month_fee_micro > 0" ADDED,
		CLEARING_MONTH, day->date);
	return database_run(database, sql, NULL, error);
}

static void
on_sequence(void *context, const struct database_cell *cells)
{
	*(uint64_t *)context = database_cell_u64(&cells[0]);
}

/* Where those of at most so many records end among which no partner's terms change. */
static enum tg_status
end_of_chunk(struct database *database, uint64_t first, uint32_t records, uint64_t *ret_last,
	     struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];

	*ret_last = first + records - 1;
	(void)snprintf(sql, sizeof sql,
		       "SELECT COALESCE(MIN(last_sequence), %" PRIu64 ") FROM partner_terms"
		       " WHERE last_sequence BETWEEN %" PRIu64 " AND %" PRIu64,
		       *ret_last, first, *ret_last);
	return database_query(database, sql, on_sequence, ret_last, error);
}

static enum tg_status
clear_day(struct database *database, const struct clearing_day *day, uint32_t records,
	  struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	uint64_t first = day->first;
	enum tg_status status = TG_OK;

	while (status == TG_OK && first != 0 && first <= day->last) {
		uint64_t last;

		status = end_of_chunk(database, first, records, &last, error);
		last = last < day->last ? last : day->last;
		if (status == TG_OK)
			status = sum_postings(database, day, first, last, error);
		if (status == TG_OK)
			status = sum_exchanges(database, day, first, last, error);
		if (status == TG_OK)
			status = sum_values(database, day, first, last, error);
		if (status == TG_OK)
			status = count_transactions(database, day, first, last, error);
		if (status == TG_OK && day->is_traced)
			status = sink_provenance_run(database, day->date, first, last, error);
		first = last + 1;
	}
	if (status == TG_OK && day->is_whole)
		status = end_month(database, day, error);
	(void)snprintf(sql, sizeof sql,
		       "INSERT INTO clearing_day VALUES ('%s', %" PRIu64 ", %d) ON DUPLICATE KEY"
		       " UPDATE next_sequence = VALUES(next_sequence), is_whole = VALUES(is_whole)",
		       day->date, first, day->is_whole ? 1 : 0);
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

/* Money of a line for each way to reckon it: how many, what so many of them cost. */
static const struct {
	const char *count;
	const char *price;
	const char *of;
} reckoned[] = {
	[CLEARING_BY_ISSUED] = { "l.points",
				 "IF(FIND_IN_SET('prepaid', COALESCE(t.flags, '')) > 0, 0,"
				 " COALESCE(t.issue_price_micro, c.issued_num))",
				 "IF(t.partner IS NULL, c.issued_den, 1000000)" },
	[CLEARING_BY_DEBT] = { "l.points", "COALESCE(t.issue_price_micro, c.issued_num)",
			       "IF(t.partner IS NULL, c.issued_den, 1000000)" },
	[CLEARING_BY_REDEEMED] = { "l.points", "COALESCE(t.redeem_price_micro, c.redeemed_num)",
				   "IF(t.partner IS NULL, c.redeemed_den, 1000000)" },
	[CLEARING_BY_TRANSACTION] = { "l.records", "t.transaction_fee_micro", "1000000" },
	[CLEARING_BY_MONTH] = { "l.records", "t.month_fee_micro", "1000000" },
	[CLEARING_BY_ISSUE_FEE] = { "l.points", "t.issue_fee_micro", "1000000" },
	[CLEARING_BY_REDEEM_FEE] = { "l.points", "t.redeem_fee_micro", "1000000" },
	[CLEARING_BY_MONEY] = { "l.points", "1", "1" },
};

/* An item's money: towards zero, as whole as decimals are. */
static size_t
append_money(char *sql, size_t bytes, int item, int pooled, int traced, enum clearing_by by)
{
	const char *n = reckoned[by].count;
	const char *p = reckoned[by].price;
	const char *d = reckoned[by].of;

	return (size_t)snprintf(sql, bytes,
				" WHEN %d THEN IF(c.is_traced, %d, %d)"
				" * ((%s * %s - (%s * %s) %% %s) / %s)",
				item, traced, pooled, n, p, n, p, d, d);
}

/* Lines of the items that `item` chooses out of clearing, some of them as lines of another item. */
static enum tg_status
write_lines_of(struct database *database, const struct closed *closed, const char *item,
	       const char *condition, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	size_t used = (size_t)snprintf(
		sql, sizeof sql,
		"INSERT INTO statement_line SELECT c.partner, c.cycle, l.business_date, %s,"
		" l.other, l.terms, l.records, l.points, CASE %s", item, item);

#define AMOUNT_CASE(name, number, word, pooled, traced, by, text)                                  \
	if (CLEARING_BY_##by != CLEARING_BY_SAID)                                                  \
		used += append_money(sql + used, sizeof sql - used, number, pooled, traced,        \
				     CLEARING_BY_##by);
	CLEARING_ITEM_LIST(AMOUNT_CASE)
#undef AMOUNT_CASE
	(void)snprintf(sql + used, sizeof sql - used,
		       " ELSE 0 END FROM closed_cycle c JOIN clearing l ON l.partner = c.partner"
		       " AND l.business_date BETWEEN COALESCE(c.first_date, '1000-01-01')"
		       " AND c.last_date LEFT JOIN partner_terms t ON t.partner = l.partner"
		       " AND t.version = l.terms"
		       " WHERE c.partner = %" PRIu32 " AND c.cycle = %" PRIu32 "%s",
		       closed->partner, closed->cycle, condition);
	return database_run(database, sql, NULL, error);
}

/* A correction is an item of both parties, a block of who buys it; their money is said. */
static enum tg_status
write_corrections(struct database *database, const struct closed *closed,
		  struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(sql, sizeof sql,
		       "INSERT INTO statement_line SELECT c.partner, c.cycle, i.business_date,"
		       " IF(i.points IS NULL, %d, %d) AS item_number,"
		       " i.other, COALESCE((SELECT MAX(t.version) FROM partner_terms t"
		       " WHERE t.partner = c.partner AND t.last_sequence < i.sequence), 0) AS v,"
		       " COUNT(*), COALESCE(SUM(i.points), 0), SUM(i.amount)"
		       " FROM closed_cycle c JOIN"
		       " (SELECT business_date, sequence, partner, other, amount, points"
		       " FROM settlement_item UNION ALL"
		       " SELECT business_date, sequence, other, partner, -amount, NULL"
		       " FROM settlement_item WHERE other <> 0) i ON i.partner = c.partner"
		       " AND i.business_date BETWEEN COALESCE(c.first_date, '1000-01-01')"
		       " AND c.last_date WHERE c.partner = %" PRIu32 " AND c.cycle = %" PRIu32
		       " GROUP BY i.business_date, item_number, i.other, v",
		       CLEARING_CORRECTION, CLEARING_BLOCK, closed->partner, closed->cycle);
	return database_run(database, sql, NULL, error);
}

/* Points that cost a fee are a line of that fee, too. */
static enum tg_status
write_lines(struct database *database, const struct closed *closed, struct storage_error *error)
{
	enum tg_status status = write_lines_of(database, closed, "l.item + 0", "", error);

	if (status == TG_OK)
		status = write_lines_of(
			database, closed,
			FEE_ITEM,
			" AND ((l.item = 'issued' AND t.issue_fee_micro > 0)"
			" OR (l.item = 'redeemed' AND t.redeem_fee_micro > 0))",
			error);
	return status == TG_OK ? write_corrections(database, closed, error) : status;
}

static enum tg_status
write_statement(struct database *database, const struct closed *closed,
		struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	size_t used = (size_t)snprintf(
		sql, sizeof sql,
		"INSERT INTO statement SELECT t.partner, t.cycle, t.opening");

#define PUT_SUM(name, number, word, pooled, traced, by, text)                             \
	if ((number) != CLEARING_CORRECTION)                                                       \
		used += (size_t)snprintf(sql + used, sizeof sql - used, ", t." #word "_points");   \
	used += (size_t)snprintf(sql + used, sizeof sql - used, ", t." #word "_amount");
	CLEARING_ITEM_LIST(PUT_SUM)
#undef PUT_SUM
	used += (size_t)snprintf(sql + used, sizeof sql - used,
				 ", t.net, IF(ABS(t.net) < t.least, t.net, 0),"
				 " IF(ABS(t.net) < t.least, 0, t.net), '' FROM (SELECT c.partner,"
				 " c.cycle, c.minimum_amount AS least,"
				 " COALESCE(MAX(b.carried_amount), 0) AS opening,"
				 " COALESCE(MAX(b.carried_amount), 0)"
				 " + COALESCE(SUM(l.amount), 0) AS net");
#define ADD_SUM(name, number, word, pooled, traced, by, text)                             \
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
		if (status == TG_OK)
			status = statement_sign(database, closed.partner, closed.cycle, error);
	}
	return status;
}

enum tg_status
sink_clearing_run(struct database *database, uint32_t records, struct storage_error *error)
{
	enum tg_status status = TG_OK;

	while (status == TG_OK) {
		struct clearing_day day;

		status = next_day(database, &day, error);
		if (status == TG_OK && day.date[0] == '\0')
			return write_statements(database, error);
		if (status == TG_OK)
			status = clear_day(database, &day, records, error);
	}
	return status;
}

enum tg_status
sink_clearing_follow(struct database *database, uint32_t records, int32_t business_date,
		     uint64_t next_sequence, struct storage_error *error)
{
	struct clearing_day day = { .first = 0 };
	struct civil_date date = { .year = 1000, .month = 1, .day = 1 };
	/* Always the same records together, however they were written. */
	const uint64_t end = next_sequence / records * records;
	char sql[SQL_BYTES_MAX];
	enum tg_status status = sink_clearing_run(database, records, error);

	if (status != TG_OK)
		return status;
	if (business_date != DAY_NONE)
		date = calendar_date(business_date);
	(void)snprintf(sql, sizeof sql,
		       "SELECT d.business_date, " IS_TRACED ", COALESCE(c.next_sequence, 0)"
		       " FROM (SELECT DATE '%04d-%02d-%02d' AS business_date) d"
		       " LEFT JOIN clearing_day c ON c.business_date = d.business_date"
		       " WHERE EXISTS (SELECT 1 FROM settlement_cycle)",
		       (int)date.year, (int)date.month, (int)date.day);
	status = database_query(database, sql, on_day, &day, error);
	if (status != TG_OK || day.date[0] == '\0')
		return status;
	status = find_bounds(database, &day, error);
	if (status != TG_OK || day.first == 0 || day.first >= end)
		return status;
	day.last = end - 1;
	return clear_day(database, &day, records, error);
}
