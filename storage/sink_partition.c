/*
 * sink_partition.c - monthly partitions by business date, made before they are needed.
 */
#include "storage/sink_partition.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "storage/civil.h"

#define MONTHS_AHEAD_MAX 24
#define SQL_BYTES_MAX 4096
#define NAME_BYTES_MAX 65 /* of a partition, with its final zero */
#define REST_PREFIX "p_rest"

static const char *const partitioned_tables[] = {
	"entry", "posting", "lot_move", "purchase", "purchase_line", "component",
};

int32_t
sink_partition_month(int32_t day)
{
	struct civil_date date;

	return civil_from_day(day, &date) ? date.year * 12 + date.month - 1 : -1;
}

/* What a table's partitions are. */
struct partitions {
	int32_t	 bound_day;		/* highest bound: dates before it have a partition */
	char	 rest[NAME_BYTES_MAX];	/* which takes all other dates, to be split; empty: none */
};

/* The day in a bound, written as '2026-12-01' with its quotes. */
static int32_t
bound_day(const char *text)
{
	struct civil_date date = { 0, 0, 0 };

	if (strlen(text) < 12)
		return CIVIL_DAY_MIN;
	date.year = (int32_t)strtol(text + 1, NULL, 10);
	date.month = (int32_t)strtol(text + 6, NULL, 10);
	date.day = (int32_t)strtol(text + 9, NULL, 10);
	if (date.year < 1000 || date.year > 9999 || date.month < 1 || date.month > 12 ||
	    date.day < 1 || date.day > 31)
		return CIVIL_DAY_MIN;
	return calendar_day(date);
}

static void
on_partition(void *context, const struct database_cell *cells)
{
	struct partitions *partitions = context;
	int32_t day;

	if (cells[1].text == NULL)
		return;
	if (strcmp(cells[1].text, "MAXVALUE") == 0) {
		if (strncmp(cells[0].text, REST_PREFIX, sizeof REST_PREFIX - 1) == 0)
			(void)snprintf(partitions->rest, sizeof partitions->rest, "%s",
				       cells[0].text);
		return;
	}
	day = bound_day(cells[1].text);
	if (day > partitions->bound_day)
		partitions->bound_day = day;
}

/*
 * Split months off the rest: those of first..first + months - 1 whose bound lies behind bound_day.
 *
 * What is left of it gets a name that there was not before.  Under the old one, a MariaDB that is
 * killed meanwhile and recovers would rename the new partition over the old one that is still
 * there, would fail, and the table would be lost (error 1932, in 1 of 25 kills).
 */
static enum tg_status
split_rest(struct database *database, const char *table, const struct partitions *partitions,
	   struct civil_date first, int32_t months, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	int length = snprintf(sql, sizeof sql, "ALTER TABLE %s REORGANIZE PARTITION %s INTO (",
			      table, partitions->rest);
	struct civil_date last = first;
	int count = 0;

	for (int32_t i = 0; i < months; i++) {
		struct civil_date month = civil_month_after(first, i);
		struct civil_date bound = civil_month_after(first, i + 1);

		if (bound.year > 9999 || calendar_day(bound) <= partitions->bound_day)
			continue;
		count++;
		last = bound;
		length += snprintf(sql + length, sizeof sql - (size_t)length,
				   "PARTITION p_%04d_%02d VALUES LESS THAN ('%04d-%02d-01'), ",
				   month.year, month.month, bound.year, bound.month);
	}
	length += snprintf(sql + length, sizeof sql - (size_t)length,
			   "PARTITION " REST_PREFIX "_%04d_%02d VALUES LESS THAN (MAXVALUE))",
			   last.year, last.month);
	TG_ASSERT((size_t)length < sizeof sql);
	return count == 0 ? TG_OK : database_run(database, sql, NULL, error);
}

/* One table. */
static enum tg_status
partition_table(struct database *database, const char *table, struct civil_date first,
		int32_t months, struct storage_error *error)
{
	struct partitions partitions = { .bound_day = CIVIL_DAY_MIN };
	char sql[SQL_BYTES_MAX];
	enum tg_status status;

	(void)snprintf(sql, sizeof sql,
		       "SELECT partition_name, partition_description"
		       " FROM information_schema.partitions"
		       " WHERE table_schema = DATABASE() AND table_name = '%s'"
		       " AND partition_name IS NOT NULL",
		       table);
	status = database_query(database, sql, on_partition, &partitions, error);
	if (status != TG_OK || partitions.rest[0] == '\0')
		return status; /* without it someone else takes care of the partitions */
	return split_rest(database, table, &partitions, first, months, error);
}

enum tg_status
sink_partition_ahead(struct database *database, int32_t day, uint32_t months_ahead,
		     struct storage_error *error)
{
	struct civil_date first;
	enum tg_status status = TG_OK;

	TG_ASSERT(months_ahead <= MONTHS_AHEAD_MAX);
	if (!civil_from_day(day, &first))
		return TG_OK;
	first.day = 1;
	for (size_t i = 0; status == TG_OK && i < sizeof partitioned_tables /
							  sizeof partitioned_tables[0]; i++)
		status = partition_table(database, partitioned_tables[i], first,
					 (int32_t)months_ahead + 1, error);
	return status == TG_CORRUPT ? TG_DATABASE : status;
}
