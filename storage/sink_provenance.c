/*
 * sink_provenance.c - entries in, obligations and queues out.
 *
 * Entries and postings are read one after the other in the order of their keys and put together
 * here: a join costs the server more than all the rest.  A member's queue is one row.
 */
#include "storage/sink_provenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/calendar.h"
#include "ledger/record.h"
#include "protocol/assert.h"
#include "storage/clearing.h"
#include "storage/provenance.h"

#define SQL_BYTES_MAX 2048
#define NUMBER_BYTES_MAX 24	/* digits, sign, and what stands between two numbers */
#define RUN_BYTES_MAX (4 * NUMBER_BYTES_MAX)
#define SEND_BYTES 262144	/* rows are sent when there are so many bytes of them */
#define MEMBERS_AT_ONCE 500	/* longer lists MariaDB turns into a join */

/* A record that moved points of a member. */
struct moved {
	uint64_t sequence;
	uint64_t member;
	uint64_t other;			/* TRANSFER: who lends it points; 0: another record */
	int64_t	 points;		/* ... so many */
};

/* Limited points that a record moved. */
struct moved_limited {
	uint64_t sequence;
	struct provenance_leg leg;
};

/* An SQL statement that grows. */
struct text {
	char	*bytes;			/* owned; ends with a zero byte once flushed */
	size_t	 count;
	size_t	 capacity;
};

/* One run of the matching. */
struct matching {
	struct database *database;
	const char *date;
	int32_t	 business_date;		/* the same */
	uint64_t first;			/* sequence of the first record */
	uint64_t last;
	struct clearing *clearing;	/* owned */
	enum tg_status status;		/* of what rows led to */
	/* What there is to match, in order. */
	struct moved *moved;		/* owned */
	uint32_t moved_count;
	uint32_t moved_capacity;
	uint64_t *members;		/* owned; of moved, each once, ascending */
	uint32_t member_count;
	/* The record whose legs are being read: moved[at]. */
	uint32_t at;
	uint32_t leg_count;
	struct provenance_leg legs[PROVENANCE_LEGS_MAX];
	/* Of all records, in order; those before limited_at are done with. */
	struct moved_limited *limited;	/* owned */
	uint32_t limited_at;
	uint32_t limited_count;
	uint32_t limited_capacity;
	struct text insert;		/* being put together */
	const char *insert_head;
	const char *insert_tail;
	struct text held_limited;	/* of the member at work */
	struct text spent;		/* of the same */
	struct storage_error *error;
};

/* Make room for so many bytes and a zero byte. */
static enum tg_status
reserve(struct text *text, size_t bytes)
{
	size_t capacity = text->capacity * 2 + 1024;
	char *grown;

	if (text->count + bytes < text->capacity)
		return TG_OK;
	while (text->count + bytes >= capacity)
		capacity *= 2;
	grown = realloc(text->bytes, capacity);
	if (grown == NULL)
		return TG_NO_MEMORY;
	text->bytes = grown;
	text->capacity = capacity;
	return TG_OK;
}

/* There must be room. */
static void
put_text(struct text *text, const char *more)
{
	const size_t bytes = strlen(more);

	memcpy(text->bytes + text->count, more, bytes + 1);
	text->count += bytes;
}

/* Printing is most of the work here, and printf several times as slow. */
static void
put_number(struct text *text, uint64_t number)
{
	char digits[NUMBER_BYTES_MAX];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	memcpy(text->bytes + text->count, digits + at, sizeof digits - at);
	text->count += sizeof digits - at;
}

static void
on_moved(void *context, const struct database_cell *cells)
{
	struct matching *m = context;

	if (m->moved_count == m->moved_capacity) {
		const uint32_t capacity = m->moved_capacity * 2 + 4096;
		struct moved *moved = realloc(m->moved, capacity * sizeof *moved);

		if (moved == NULL) {
			m->status = TG_NO_MEMORY;
			return;
		}
		m->moved = moved;
		m->moved_capacity = capacity;
	}
	m->moved[m->moved_count++] = (struct moved){
		database_cell_u64(&cells[0]),
		database_cell_u64(&cells[1]),
		database_cell_u64(&cells[2]),
		database_cell_i64(&cells[3]),
	};
}

static enum tg_status
read_moved(struct matching *m)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(sql, sizeof sql,
		       "SELECT sequence, member, IF(kind = %d, other_member, 0),"
		       " COALESCE(points, 0) FROM entry WHERE business_date = '%s'"
		       " AND sequence BETWEEN %" PRIu64 " AND %" PRIu64
		       " AND (posting_count > 0 OR kind = %d) AND member IS NOT NULL"
		       " AND NOT FIND_IN_SET('test', flags) ORDER BY sequence",
		       RECORD_TRANSFER, m->date, m->first, m->last, RECORD_TRANSFER);
	return database_query(m->database, sql, on_moved, m, m->error);
}

static int
compare_members(const void *left, const void *right)
{
	const uint64_t *a = left;
	const uint64_t *b = right;

	return *a < *b ? -1 : *a > *b ? 1 : 0;
}

static enum tg_status
list_members(struct matching *m)
{
	uint32_t named = 0;
	uint32_t count = 0;

	m->members = malloc((2 * (size_t)m->moved_count + 1) * sizeof *m->members);
	if (m->members == NULL)
		return TG_NO_MEMORY;
	for (uint32_t i = 0; i < m->moved_count; i++) {
		m->members[named++] = m->moved[i].member;
		if (m->moved[i].other != 0)
			m->members[named++] = m->moved[i].other;
	}
	qsort(m->members, named, sizeof *m->members, compare_members);
	for (uint32_t i = 0; i < named; i++) {
		if (count == 0 || m->members[count - 1] != m->members[i])
			m->members[count++] = m->members[i];
	}
	m->member_count = count;
	return TG_OK;
}

/* The next number of a JSON text; false: there is none. */
static bool
take_number(const char **text, uint64_t *ret_number)
{
	const char *at = *text + strcspn(*text, "0123456789");
	char *end;

	if (*at == '\0')
		return false;
	*ret_number = strtoull(at, &end, 10);
	*text = end;
	return true;
}

static void
put_runs(struct matching *m, uint64_t member, enum provenance_place place, const char *text)
{
	uint64_t issuer;
	uint64_t redeemer = 0;
	uint64_t month;
	uint64_t points;

	while (m->status == TG_OK && take_number(&text, &issuer)) {
		if ((place == PROVENANCE_SPENT && !take_number(&text, &redeemer)) ||
		    !take_number(&text, &month) || !take_number(&text, &points)) {
			m->status = TG_CORRUPT;
			return;
		}
		m->status = provenance_put(clearing_provenance(m->clearing), member, place,
					   &(struct provenance_run){ (uint32_t)issuer,
								     (uint32_t)redeemer,
								     (uint32_t)month,
								     (int64_t)points });
	}
}

static void
on_queue(void *context, const struct database_cell *cells)
{
	struct matching *m = context;
	const uint64_t member = database_cell_u64(&cells[0]);

	put_runs(m, member, PROVENANCE_HELD, cells[1].text);
	put_runs(m, member, PROVENANCE_LIMITED, cells[2].text);
	put_runs(m, member, PROVENANCE_SPENT, cells[3].text);
}

static enum tg_status
read_queues(struct matching *m)
{
	char sql[MEMBERS_AT_ONCE * NUMBER_BYTES_MAX + 256];
	struct text text = { .bytes = sql, .capacity = sizeof sql };
	enum tg_status status = TG_OK;

	for (uint32_t i = 0; status == TG_OK && i < m->member_count; i++) {
		const bool is_first = i % MEMBERS_AT_ONCE == 0;

		if (is_first)
			text.count = 0;
		put_text(&text, is_first ? "SELECT member, held, limited, spent FROM provenance"
					   " WHERE member IN (" : ",");
		put_number(&text, m->members[i]);
		if ((i + 1) % MEMBERS_AT_ONCE != 0 && i + 1 < m->member_count)
			continue;
		put_text(&text, ")");
		status = database_query(m->database, sql, on_queue, m, m->error);
	}
	return status;
}

static void
on_prepaid(void *context, const struct database_cell *cells)
{
	struct matching *m = context;
	const struct funding_config terms = { .partner = (uint32_t)database_cell_u64(&cells[0]),
					      .flags = FUNDING_PREPAID };

	if (m->status == TG_OK)
		m->status = clearing_set_terms(m->clearing, &terms);
}

/* Who buys points ahead: no partner's terms change from the first record to the last. */
static enum tg_status
read_prepaid(struct matching *m)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(sql, sizeof sql,
		       "SELECT w.partner FROM partner_terms w JOIN"
		       " (SELECT partner, MAX(version) AS version FROM partner_terms"
		       " WHERE last_sequence < %" PRIu64 " GROUP BY partner) v"
		       " ON v.partner = w.partner AND v.version = w.version"
		       " WHERE FIND_IN_SET('prepaid', w.flags)",
		       m->first);
	return database_query(m->database, sql, on_prepaid, m, m->error);
}

static void
on_limited(void *context, const struct database_cell *cells)
{
	struct matching *m = context;

	if (m->limited_count == m->limited_capacity) {
		const uint32_t capacity = m->limited_capacity * 2 + 1024;
		struct moved_limited *limited = realloc(m->limited, capacity * sizeof *limited);

		if (limited == NULL) {
			m->status = TG_NO_MEMORY;
			return;
		}
		m->limited = limited;
		m->limited_capacity = capacity;
	}
	m->limited[m->limited_count++] = (struct moved_limited){
		database_cell_u64(&cells[0]),
		{ .account = PROVENANCE_LIMITED_LEG,
		  .partner = (uint32_t)database_cell_u64(&cells[1]),
		  .points = database_cell_i64(&cells[2]) }
	};
}

/* As MOVE_LIMITED_ISSUER() says of moves. */
static enum tg_status
read_limited(struct matching *m)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(sql, sizeof sql,
		       "SELECT sequence, partner, points FROM lot_move"
		       " WHERE business_date = '%s' AND sequence BETWEEN %" PRIu64 " AND %" PRIu64
		       " AND partner IS NOT NULL AND (kind = %d"
		       " OR (kind = %d AND COALESCE(life_days, 1) > 0)"
		       " OR (kind = %d AND FIND_IN_SET('of_hold', flags) > 0))"
		       " ORDER BY sequence, line",
		       m->date, m->first, m->last, MOVE_LOT, MOVE_PENDING, MOVE_PORTION);
	return database_query(m->database, sql, on_limited, m, m->error);
}

static void
take_limited(struct matching *m)
{
	const uint64_t sequence = m->moved[m->at].sequence;

	while (m->limited_at < m->limited_count &&
	       m->limited[m->limited_at].sequence <= sequence) {
		const struct moved_limited *l = &m->limited[m->limited_at++];

		if (l->sequence == sequence) {
			TG_ASSERT(m->leg_count < PROVENANCE_LEGS_MAX);
			m->legs[m->leg_count++] = l->leg;
		}
	}
}

/* The record whose legs were read is whole. */
static void
end_record(struct matching *m)
{
	const struct moved *moved = &m->moved[m->at];

	if (m->status == TG_OK && (m->leg_count > 0 || moved->other != 0))
		take_limited(m);
	if (m->status == TG_OK && moved->other != 0)
		m->status = clearing_lend(m->clearing, moved->other, moved->member, moved->points,
					  m->legs, m->leg_count);
	else if (m->status == TG_OK && m->leg_count > 0)
		m->status = clearing_trace(m->clearing, m->business_date, moved->member,
					   m->legs, m->leg_count);
	if (m->status == TG_OK)
		m->leg_count = 0;
}

static void
on_leg(void *context, const struct database_cell *cells)
{
	struct matching *m = context;
	const uint64_t sequence = database_cell_u64(&cells[0]);

	while (m->status == TG_OK && m->at < m->moved_count &&
	       m->moved[m->at].sequence < sequence) {
		end_record(m);
		m->at += m->status == TG_OK ? 1 : 0;
	}
	/* Postings of a record that moved no member's points. */
	if (m->status != TG_OK || m->at == m->moved_count || m->moved[m->at].sequence != sequence)
		return;
	TG_ASSERT(m->leg_count < PROVENANCE_LEGS_MAX);
	m->legs[m->leg_count++] = (struct provenance_leg){
		.account = (uint8_t)database_cell_u64(&cells[1]),
		.partner = (uint32_t)database_cell_u64(&cells[2]),
		.points = database_cell_i64(&cells[3]),
	};
}

static enum tg_status
read_legs(struct matching *m)
{
	char sql[SQL_BYTES_MAX];
	enum tg_status status;

	(void)snprintf(sql, sizeof sql,
		       "SELECT sequence, account, partner, points FROM posting"
		       " WHERE business_date = '%s' AND sequence BETWEEN %" PRIu64 " AND %" PRIu64
		       " AND unit = %d AND account IN (%d, %d, %d, %d, %d, %d) AND is_test = 0"
		       " ORDER BY sequence, line",
		       m->date, m->first, m->last, UNIT_POINTS, ACCOUNT_DEBT, ACCOUNT_ISSUED,
		       ACCOUNT_REDEEMED, ACCOUNT_BREAKAGE, ACCOUNT_WRITTEN_OFF,
		       ACCOUNT_ADJUSTMENTS);
	status = database_query(m->database, sql, on_leg, m, m->error);
	/* Behind the last leg there may be records without one. */
	while (status == TG_OK && m->status == TG_OK && m->at < m->moved_count) {
		end_record(m);
		m->at += m->status == TG_OK ? 1 : 0;
	}
	return status;
}

/* Send the INSERT that was put together. */
static enum tg_status
flush_rows(struct matching *m)
{
	enum tg_status status;

	if (m->insert.count == 0)
		return TG_OK;
	status = reserve(&m->insert, strlen(m->insert_tail));
	if (status != TG_OK)
		return status;
	put_text(&m->insert, m->insert_tail);
	status = database_run(m->database, m->insert.bytes, NULL, m->error);
	m->insert.count = 0;
	return status;
}

/* Begin a row, with room for so many bytes of it. */
static enum tg_status
begin_row(struct matching *m, size_t bytes)
{
	enum tg_status status = m->insert.count >= SEND_BYTES ? flush_rows(m) : TG_OK;

	if (status == TG_OK)
		status = reserve(&m->insert, strlen(m->insert_head) + bytes);
	if (status == TG_OK)
		put_text(&m->insert, m->insert.count == 0 ? m->insert_head : ",");
	return status;
}

/* A run of the member at work: held ones into the row, others beside, to follow later. */
static enum tg_status
write_run(void *context, enum provenance_place place, const struct provenance_run *run)
{
	struct matching *m = context;
	struct text *text = place == PROVENANCE_HELD ? &m->insert :
			    place == PROVENANCE_LIMITED ? &m->held_limited : &m->spent;
	enum tg_status status = reserve(text, RUN_BYTES_MAX);

	if (status != TG_OK)
		return status;
	put_text(text, text->bytes[text->count - 1] == ']' ? ",[" : "[");
	put_number(text, run->issuer);
	if (place == PROVENANCE_SPENT) {
		put_text(text, ",");
		put_number(text, run->redeemer);
	}
	put_text(text, ",");
	put_number(text, run->month);
	put_text(text, ",");
	put_number(text, (uint64_t)run->points);
	put_text(text, "]");
	return TG_OK;
}

static enum tg_status
write_queue(struct matching *m, uint64_t member)
{
	enum tg_status status = begin_row(m, 2 * NUMBER_BYTES_MAX);

	if (status != TG_OK)
		return status;
	put_text(&m->insert, "(");
	put_number(&m->insert, member);
	put_text(&m->insert, ",'[");
	m->spent.count = 0;
	m->held_limited.count = 0;
	status = reserve(&m->spent, 1);
	if (status == TG_OK)
		status = reserve(&m->held_limited, 1);
	if (status != TG_OK)
		return status;
	put_text(&m->spent, "[");
	put_text(&m->held_limited, "[");
	status = provenance_each(clearing_provenance(m->clearing), member, write_run, m);
	if (status == TG_OK)
		status = reserve(&m->insert,
				 m->spent.count + m->held_limited.count + NUMBER_BYTES_MAX);
	if (status != TG_OK)
		return status;
	put_text(&m->insert, "]','");
	put_text(&m->insert, m->held_limited.bytes);
	put_text(&m->insert, "]','");
	put_text(&m->insert, m->spent.bytes);
	put_text(&m->insert, "]')");
	return TG_OK;
}

static enum tg_status
write_line(void *context, const struct clearing_line *line)
{
	struct matching *m = context;
	enum tg_status status = begin_row(m, SQL_BYTES_MAX);

	if (status != TG_OK)
		return status;
	m->insert.count += (size_t)snprintf(
		m->insert.bytes + m->insert.count, SQL_BYTES_MAX,
		"('%s',%" PRIu32 ",%u,%" PRIu32 ",COALESCE((SELECT MAX(version) FROM"
		" partner_terms WHERE partner = %" PRIu32 " AND last_sequence < %" PRIu64
		"),0),%" PRIu64 ",%" PRId64 ")",
		m->date, line->partner, line->item, line->other, line->partner, m->first,
		line->records, line->points);
	return TG_OK;
}

static enum tg_status
write_all(struct matching *m)
{
	enum tg_status status = TG_OK;

	m->insert_head = "INSERT INTO provenance VALUES ";
	m->insert_tail = " ON DUPLICATE KEY UPDATE held = VALUES(held),"
			 " limited = VALUES(limited), spent = VALUES(spent)";
	for (uint32_t i = 0; status == TG_OK && i < m->member_count; i++)
		status = write_queue(m, m->members[i]);
	if (status == TG_OK)
		status = flush_rows(m);
	m->insert_head = "INSERT INTO clearing VALUES ";
	m->insert_tail = " ON DUPLICATE KEY UPDATE records = records + VALUES(records),"
			 " points = points + VALUES(points)";
	if (status == TG_OK)
		status = clearing_each(m->clearing, write_line, m);
	return status == TG_OK ? flush_rows(m) : status;
}

/* Rows that were read may have led to a failure. */
static enum tg_status
judge_rows(const struct matching *m, enum tg_status status)
{
	if (status != TG_OK || m->status == TG_OK)
		return status;
	if (m->status != TG_CORRUPT)
		return storage_fail(m->error, m->status, "obligations cannot be matched: %s",
				    tg_status_text(m->status));
	return storage_fail(m->error, TG_CORRUPT,
			    "record %" PRIu64 " cannot be settled: more leaves a member than came",
			    m->at < m->moved_count ? m->moved[m->at].sequence : m->first);
}

static enum tg_status
match(struct matching *m)
{
	enum tg_status status;

	m->clearing = clearing_new();
	if (m->clearing == NULL)
		return storage_fail(m->error, TG_NO_MEMORY, "no memory to match obligations");
	status = judge_rows(m, read_moved(m));
	if (status != TG_OK || m->moved_count == 0)
		return status;
	status = list_members(m);
	if (status == TG_OK)
		status = judge_rows(m, read_queues(m));
	if (status == TG_OK)
		status = judge_rows(m, read_prepaid(m));
	if (status == TG_OK)
		status = judge_rows(m, read_limited(m));
	if (status == TG_OK)
		status = judge_rows(m, read_legs(m));
	return status == TG_OK ? write_all(m) : status;
}

/* "2024-04-30"; 1000-01-01, before the first business date, is a date as any other here. */
static int32_t
day_of(const char *date)
{
	char *end;
	struct civil_date civil;

	civil.year = (int32_t)strtol(date, &end, 10);
	civil.month = (int32_t)strtol(end + 1, &end, 10);
	civil.day = (int32_t)strtol(end + 1, &end, 10);
	return calendar_day(civil);
}

enum tg_status
sink_provenance_run(struct database *database, const char *date, uint64_t first, uint64_t last,
		    struct storage_error *error)
{
	struct matching m = { .database = database, .date = date, .business_date = day_of(date),
			      .first = first, .last = last, .error = error };
	enum tg_status status = match(&m);

	if (status == TG_NO_MEMORY)
		status = storage_fail(error, status, "no memory to match obligations");
	clearing_free(m.clearing);
	free(m.moved);
	free(m.members);
	free(m.insert.bytes);
	free(m.spent.bytes);
	free(m.held_limited.bytes);
	free(m.limited);
	return status;
}
