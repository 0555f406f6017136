/*
 * sink_provenance.c - entries in, obligations and queues out.
 */
#include "storage/sink_provenance.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ledger/record.h"
#include "storage/clearing.h"
#include "storage/provenance.h"

#define SQL_BYTES_MAX 2048
#define INSERT_BYTES_MAX 65536	/* of one INSERT of many rows */
#define VALUES_BYTES_MAX 320	/* of one row of it */

/* Members whose points the records moved: conditions on entry e. */
#define MOVED_POINTS                                                                               \
	" e.business_date = '%s' AND e.sequence BETWEEN %" PRIu64 " AND %" PRIu64                  \
	" AND e.posting_count > 0 AND e.member IS NOT NULL AND NOT FIND_IN_SET('test', e.flags)"

/* One run of the matching. */
struct matching {
	struct database *database;
	const char *date;
	uint64_t first;			/* sequence of the first record */
	struct clearing *clearing;	/* owned */
	enum tg_status status;		/* of what rows led to */
	/* The record whose legs are being read. */
	uint64_t sequence;		/* 0: none */
	uint64_t member;
	uint32_t leg_count;
	struct provenance_leg legs[RECORD_POSTINGS_MAX];
	/* An INSERT being put together. */
	const char *insert_head;
	const char *insert_tail;
	char	*insert;		/* owned; INSERT_BYTES_MAX */
	size_t	 insert_bytes;		/* 0: no row yet */
	struct storage_error *error;
};

static void
on_run(void *context, const struct database_cell *cells)
{
	struct matching *m = context;
	const struct provenance_run run = {
		.issuer = (uint32_t)database_cell_u64(&cells[2]),
		.redeemer = (uint32_t)database_cell_u64(&cells[3]),
		.points = database_cell_i64(&cells[4]),
	};

	if (m->status == TG_OK)
		m->status = provenance_put(clearing_provenance(m->clearing),
					   database_cell_u64(&cells[0]),
					   (enum provenance_place)database_cell_u64(&cells[1]),
					   &run);
}

/* The record whose legs were read is whole. */
static void
end_record(struct matching *m)
{
	if (m->status == TG_OK && m->sequence != 0)
		m->status = clearing_trace(m->clearing, 0, m->member, m->legs, m->leg_count);
	m->leg_count = 0;
}

static void
on_leg(void *context, const struct database_cell *cells)
{
	struct matching *m = context;
	const uint64_t sequence = database_cell_u64(&cells[0]);

	if (sequence != m->sequence) {
		end_record(m);
		if (m->status == TG_OK)
			m->sequence = sequence;
	}
	if (m->status != TG_OK || m->leg_count == RECORD_POSTINGS_MAX)
		return;
	m->member = database_cell_u64(&cells[1]);
	m->legs[m->leg_count++] = (struct provenance_leg){
		.account = (uint8_t)database_cell_u64(&cells[2]),
		.partner = (uint32_t)database_cell_u64(&cells[3]),
		.points = database_cell_i64(&cells[4]),
	};
}

static enum tg_status
read_runs(struct matching *m, uint64_t first, uint64_t last)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(sql, sizeof sql,
		       "SELECT v.member, v.place + 0, v.issuer, v.redeemer, v.points"
		       " FROM (SELECT DISTINCT e.member FROM entry e WHERE" MOVED_POINTS ") t"
		       " JOIN provenance v ON v.member = t.member"
		       " ORDER BY v.member, v.place, v.position",
		       m->date, first, last);
	return database_query(m->database, sql, on_run, m, m->error);
}

static enum tg_status
read_legs(struct matching *m, uint64_t first, uint64_t last)
{
	char sql[SQL_BYTES_MAX];
	enum tg_status status;

	(void)snprintf(sql, sizeof sql,
		       "SELECT e.sequence, e.member, o.account, o.partner, o.points FROM entry e"
		       " JOIN posting o ON o.business_date = e.business_date"
		       " AND o.sequence = e.sequence WHERE" MOVED_POINTS
		       " AND o.unit = %d AND o.account IN (%d, %d, %d, %d, %d, %d)"
		       " ORDER BY e.sequence, o.line",
		       m->date, first, last, UNIT_POINTS, ACCOUNT_DEBT, ACCOUNT_ISSUED,
		       ACCOUNT_REDEEMED, ACCOUNT_BREAKAGE, ACCOUNT_WRITTEN_OFF,
		       ACCOUNT_ADJUSTMENTS);
	status = database_query(m->database, sql, on_leg, m, m->error);
	end_record(m);
	return status;
}

/* Send the INSERT that was put together. */
static enum tg_status
flush_rows(struct matching *m)
{
	enum tg_status status;

	if (m->insert_bytes == 0)
		return TG_OK;
	(void)snprintf(m->insert + m->insert_bytes, INSERT_BYTES_MAX - m->insert_bytes, "%s",
		       m->insert_tail);
	status = database_run(m->database, m->insert, NULL, m->error);
	m->insert_bytes = 0;
	return status;
}

static enum tg_status __attribute__((format(printf, 2, 3)))
add_row(struct matching *m, const char *format, ...)
{
	va_list arguments;
	enum tg_status status = TG_OK;

	if (m->insert_bytes + 2 * (size_t)VALUES_BYTES_MAX > INSERT_BYTES_MAX)
		status = flush_rows(m);
	if (m->insert_bytes == 0)
		m->insert_bytes = (size_t)snprintf(m->insert, INSERT_BYTES_MAX, "%s",
						   m->insert_head);
	else
		m->insert[m->insert_bytes++] = ',';
	va_start(arguments, format);
	m->insert_bytes += (size_t)vsnprintf(m->insert + m->insert_bytes,
					     INSERT_BYTES_MAX - m->insert_bytes, format, arguments);
	va_end(arguments);
	return status;
}

static enum tg_status
write_run(void *context, uint64_t member, enum provenance_place place, uint32_t nth,
	  const struct provenance_run *run)
{
	return add_row(context, "(%" PRIu64 ",%d,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRId64 ")",
		       member, (int)place, nth, run->issuer, run->redeemer, run->points);
}

static enum tg_status
write_line(void *context, const struct clearing_line *line)
{
	struct matching *m = context;

	return add_row(m,
		       "('%s',%" PRIu32 ",%u,%" PRIu32 ",COALESCE((SELECT MAX(version) FROM"
		       " partner_terms WHERE partner = %" PRIu32 " AND last_sequence < %" PRIu64
		       "),0),%" PRIu64 ",%" PRId64 ")",
		       m->date, line->partner, line->item, line->other, line->partner, m->first,
		       line->records, line->points);
}

static enum tg_status
write_all(struct matching *m, uint64_t first, uint64_t last)
{
	char sql[SQL_BYTES_MAX];
	enum tg_status status;

	(void)snprintf(sql, sizeof sql,
		       "DELETE v FROM provenance v JOIN"
		       " (SELECT DISTINCT e.member FROM entry e WHERE"
		       MOVED_POINTS ") t ON t.member = v.member",
		       m->date, first, last);
	status = database_run(m->database, sql, NULL, m->error);
	m->insert_head = "INSERT INTO provenance VALUES ";
	m->insert_tail = "";
	if (status == TG_OK)
		status = provenance_each(clearing_provenance(m->clearing), write_run, m);
	if (status == TG_OK)
		status = flush_rows(m);
	m->insert_head = "INSERT INTO clearing VALUES ";
	m->insert_tail = " ON DUPLICATE KEY UPDATE records = records + VALUES(records),"
			 " points = points + VALUES(points)";
	if (status == TG_OK)
		status = clearing_each(m->clearing, write_line, m);
	return status == TG_OK ? flush_rows(m) : status;
}

enum tg_status
sink_provenance_run(struct database *database, const char *date, uint64_t first, uint64_t last,
		    struct storage_error *error)
{
	struct matching m = { .database = database, .date = date, .first = first,
			      .clearing = clearing_new(),
			      .insert = malloc(INSERT_BYTES_MAX), .error = error };
	enum tg_status status = TG_OK;

	if (m.clearing == NULL || m.insert == NULL)
		status = storage_fail(error, TG_NO_MEMORY, "no memory to match obligations");
	if (status == TG_OK)
		status = read_runs(&m, first, last);
	if (status == TG_OK)
		status = read_legs(&m, first, last);
	if (status == TG_OK && m.status != TG_OK)
		status = storage_fail(error, m.status,
				      "record %" PRIu64 " cannot be settled: %s", m.sequence,
				      m.status == TG_CORRUPT ? "more leaves a member than came" :
							       tg_status_text(m.status));
	if (status == TG_OK)
		status = write_all(&m, first, last);
	free(m.insert);
	clearing_free(m.clearing);
	return status;
}
