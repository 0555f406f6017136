/*
 * archive_query.c - a transaction that has left the window, as MariaDB knows it.
 *
 * What was done to it is summed over the member's later entries that name it: those are few, and
 * need no index by originals, which every record would pay for.  What a burn took from lots stands
 * in its own moves; how much of that has gone back since, the ledger works out of the sums.
 * Entries beyond the cursor do not count: their other rows may not be there yet.
 */
#include "storage/archive_query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/archive_internal.h"
#include "storage/civil.h"

#define SQL_BYTES_MAX 2048
/* Lots that a member has at once, and portions: each with room for all of one earn's. */
#define SLOTS_MAX 256
#define ID_DIGITS (2 * TG_TRANSACTION_ID_BYTES)

struct archive_query *
archive_query_new(const struct database_config *config, uint16_t shard)
{
	struct archive_query *query = calloc(1, sizeof *query);

	if (query == NULL)
		return NULL;
	query->config = *config;
	query->shard = shard;
	return query;
}

void
archive_query_free(struct archive_query *query)
{
	if (query != NULL)
		database_close(query->database);
	archive_text_deinit(&query->text);
	free(query);
}

bool
archive_query_is_open(const struct archive_query *query)
{
	return query->database != NULL;
}

enum tg_status
archive_begin(struct archive_query *query, struct sink_cursor *ret_cursor,
	      struct storage_error *error)
{
	enum tg_status status = TG_OK;

	if (query->database == NULL)
		status = database_open(&query->config, &query->database, error);
	if (status == TG_OK)
		status = database_run(query->database,
				      "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", NULL,
				      error);
	if (status == TG_OK)
		status = database_run(query->database,
				      "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", NULL,
				      error);
	if (status == TG_OK)
		status = sink_cursor_read(query->database, query->shard, ret_cursor, error);
	if (status == TG_OK)
		query->next_sequence = ret_cursor->next_sequence;
	return status;
}

enum tg_status
archive_end(struct archive_query *query, enum tg_status status)
{
	if (status == TG_OK || status == TG_ORIGINAL_ARCHIVED) {
		struct storage_error ignored;

		if (database_run(query->database, "COMMIT", NULL, &ignored) == TG_OK)
			return status;
	}
	database_close(query->database);
	query->database = NULL;
	return status == TG_CORRUPT ? TG_DATABASE : status;
}

/* One digit of a hexadecimal number in capitals. */
static uint8_t
digit_value(char digit)
{
	return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'A' + 10);
}

bool
archive_cell_bytes(const struct database_cell *cell, uint8_t *ret_bytes, size_t bytes_count)
{
	memset(ret_bytes, 0, bytes_count);
	if (cell->text == NULL || cell->bytes != 2 * bytes_count)
		return false;
	for (size_t i = 0; i < bytes_count; i++)
		ret_bytes[i] = (uint8_t)(digit_value(cell->text[2 * i]) << 4 |
					 digit_value(cell->text[2 * i + 1]));
	return true;
}

/* What is being found. */
struct finding {
	struct archived_transaction *found;
	char business_date[16];		/* of its entry, as MariaDB writes it */
	bool is_damaged;		/* the rows are not what the sink writes */
};

static void
on_original(void *context, const struct database_cell *cells)
{
	struct finding *finding = context;
	struct archived_transaction *found = finding->found;

	found->is_found = true;
	found->sequence = database_cell_u64(&cells[0]);
	found->kind = (uint8_t)database_cell_u64(&cells[1]);
	found->status = (uint16_t)database_cell_u64(&cells[2]);
	found->partner = (uint32_t)database_cell_u64(&cells[3]);
	found->store = (uint32_t)database_cell_u64(&cells[4]);
	found->terminal = (uint32_t)database_cell_u64(&cells[5]);
	found->member = database_cell_u64(&cells[6]);
	(void)archive_cell_bytes(&cells[7], found->fingerprint, sizeof found->fingerprint);
	found->booked_at_utc_ms = database_cell_i64(&cells[8]);
	found->business_time_utc_ms = database_cell_i64(&cells[9]);
	found->amount = database_cell_i64(&cells[10]);
	found->covered = database_cell_i64(&cells[11]);
	found->points = database_cell_i64(&cells[12]);
	found->rule_version = (uint32_t)database_cell_u64(&cells[13]);
	found->flags = (uint16_t)database_cell_u64(&cells[14]);
	(void)snprintf(finding->business_date, sizeof finding->business_date, "%s",
		       cells[15].text);
}

/* The entry itself: the partner's own before one of its group, the later before the earlier. */
static enum tg_status
find_original(struct archive_query *query, const struct archive_question *question,
	      const char *id, struct finding *finding, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(sql, sizeof sql,
		       "SELECT e.sequence, e.kind, e.status, e.partner, e.store, e.terminal,"
		       " e.member, HEX(e.fingerprint), " SQL_MS("e.booked_at") ", "
		       SQL_MS("e.business_time") ", e.amount, e.covered, e.points, e.rule_version,"
		       " e.flags + 0, e.business_date"
		       " FROM entry e WHERE e.transaction_id = X'%s' AND e.kind <> %d"
		       " AND e.sequence < %" PRIu64
		       " AND (e.partner = %" PRIu32 " OR e.partner IN (SELECT b.partner"
		       " FROM partner a JOIN partner b ON b.group_number = a.group_number"
		       " WHERE a.partner = %" PRIu32 "))"
		       " ORDER BY e.partner = %" PRIu32 " DESC, e.sequence DESC LIMIT 1",
		       id, RECORD_REOPEN, query->next_sequence, question->partner,
		       question->partner, question->partner);
	return database_query(query->database, sql, on_original, finding, error);
}

static void
on_undone(void *context, const struct database_cell *cells)
{
	struct archived_transaction *found = context;

	found->returned_money = database_cell_i64(&cells[0]);
	found->returned_covered = database_cell_i64(&cells[1]);
	found->taken_points = database_cell_i64(&cells[2]);
	found->absorbed_points = database_cell_i64(&cells[3]);
	found->restored_points = database_cell_i64(&cells[4]);
	found->lost_points = database_cell_i64(&cells[5]);
	found->is_reversed = database_cell_u64(&cells[6]) != 0;
}

/*
 * What refunds and reversals did: an earn is their original, a burn may be the other one.  What
 * points had covered comes back of both.
 */
static enum tg_status
sum_undone(struct archive_query *query, const char *id, struct archived_transaction *found,
	   struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];

	(void)snprintf(sql, sizeof sql,
		       "SELECT SUM(IF(u.is_earn, u.returned_money, 0)),"
		       " SUM(u.returned_covered),"
		       " SUM(IF(u.is_earn, u.taken_points, 0)),"
		       " SUM(IF(u.is_earn, u.absorbed_points, 0)),"
		       " SUM(IF(u.is_burn, u.restored_points, 0)),"
		       " SUM(IF(u.is_burn, u.lost_points, 0)),"
		       " COALESCE(SUM(u.kind = %d), 0)"
		       " FROM (SELECT e.*, e.original_id = X'%s' AS is_earn,"
		       " COALESCE(e.original_burn_id = X'%s', 0)"
		       " OR (e.kind = %d AND e.original_id = X'%s') AS is_burn"
		       " FROM entry e WHERE e.member = %" PRIu64 " AND e.sequence > %" PRIu64
		       " AND e.sequence < %" PRIu64 " AND e.kind IN (%d, %d) AND e.status = %d"
		       " AND (e.original_id = X'%s' OR e.original_burn_id = X'%s')) u",
		       RECORD_REVERSE, id, id, RECORD_REVERSE, id, found->member, found->sequence,
		       query->next_sequence, RECORD_REFUND, RECORD_REVERSE, TG_OK, id, id);
	return database_query(query->database, sql, on_undone, found, error);
}

/* Where points may be used, of the two columns that say so. */
static uint32_t
usable_at(const struct database_cell *partner, const struct database_cell *store)
{
	if (store->text != NULL)
		return (uint32_t)database_cell_u64(store) | USABLE_AT_STORE;
	return (uint32_t)database_cell_u64(partner);
}

static void
on_portion(void *context, const struct database_cell *cells)
{
	struct finding *finding = context;
	struct archived_transaction *found = finding->found;
	int64_t last_day = database_cell_i64(&cells[2]);

	if (found->portion_count == ARCHIVED_PORTIONS_MAX || cells[0].text == NULL ||
	    cells[2].text == NULL) {
		finding->is_damaged = true;
		return;
	}
	found->portions[found->portion_count++] = (struct archived_portion){
		.serial = database_cell_u64(&cells[0]),
		.points = database_cell_i64(&cells[1]),
		.last_day = last_day == CIVIL_DAY_MAX ? INT32_MAX : (int32_t)last_day,
		.usable_at = usable_at(&cells[3], &cells[4]),
		.issuer = (uint32_t)database_cell_u64(&cells[5]),
		.lot_flags = (uint16_t)database_cell_u64(&cells[6]),
		.campaign = (uint32_t)database_cell_u64(&cells[7]),
	};
}

/* What a burn took from limited lots, in the order taken. */
static enum tg_status
find_portions(struct archive_query *query, struct finding *finding, struct storage_error *error)
{
	char sql[SQL_BYTES_MAX];
	enum tg_status status;

	(void)snprintf(sql, sizeof sql,
		       "SELECT lot, points, DATEDIFF(last_day, '1970-01-01'), usable_partner,"
		       " usable_store, partner, lot_flags, campaign FROM lot_move"
		       " WHERE business_date = '%s' AND sequence = %" PRIu64
		       " AND kind = %d AND flags + 0 = %u ORDER BY line",
		       finding->business_date, finding->found->sequence, MOVE_PORTION, MOVE_NEW);
	status = database_query(query->database, sql, on_portion, finding, error);
	if (status == TG_OK && finding->is_damaged)
		status = storage_fail(error, TG_DATABASE,
				      "lot_move of sequence %" PRIu64 " is not what was written",
				      finding->found->sequence);
	return status;
}

static void
on_component(void *context, const struct database_cell *cells)
{
	struct finding *finding = context;
	struct archived_transaction *found = finding->found;
	struct archived_component *c = &found->components[found->component_count];

	/* Lines count from 1 without gaps; so none is missing. */
	if (found->component_count == RECORD_COMPONENTS_MAX ||
	    database_cell_u64(&cells[0]) != found->component_count + 1) {
		finding->is_damaged = true;
		return;
	}
	found->rulebook_version = (uint32_t)database_cell_u64(&cells[1]);
	found->component_count++;
	*c = (struct archived_component){
		.campaign = (uint32_t)database_cell_u64(&cells[2]),
		.campaign_position = EARN_RULE_NONE,
		.rate_position = EARN_RULE_NONE,
		.sponsor = (uint32_t)database_cell_u64(&cells[5]),
		.refusal = (uint8_t)database_cell_u64(&cells[6]),
		.amount = database_cell_i64(&cells[7]),
		.points = database_cell_i64(&cells[8]),
		.undone.amount = database_cell_i64(&cells[9]),
		.undone.points = database_cell_i64(&cells[10]),
		.carried = database_cell_i64(&cells[11]),
		.carried_day = (int32_t)database_cell_i64(&cells[12]),
	};
	if (cells[3].text != NULL)
		c->campaign_position = (uint16_t)database_cell_u64(&cells[3]);
	if (cells[4].text != NULL)
		c->rate_position = (uint16_t)database_cell_u64(&cells[4]);
}

/* The parts of an earn by the rulebook, each with what refunds did to it. */
static enum tg_status
find_components(struct archive_query *query, const char *id, struct finding *finding,
		struct storage_error *error)
{
	const struct archived_transaction *found = finding->found;
	char sql[SQL_BYTES_MAX];
	enum tg_status status;

	(void)snprintf(sql, sizeof sql,
		       "SELECT c.line, c.rulebook_version, c.campaign, c.position,"
		       " c.rate_position, c.sponsor, c.refusal + 0, c.amount, c.points,"
		       " SUM(u.amount), SUM(u.points), c.carried,"
		       " DATEDIFF(c.carried_date, '1970-01-01') FROM component c LEFT JOIN"
		       " (SELECT r.line, r.amount, r.points FROM entry e JOIN component r"
		       " ON r.business_date = e.business_date AND r.sequence = e.sequence"
		       " WHERE e.member = %" PRIu64 " AND e.sequence > %" PRIu64
		       " AND e.sequence < %" PRIu64 " AND e.kind IN (%d, %d) AND e.status = %d"
		       " AND e.original_id = X'%s') u"
		       " ON u.line = c.line"
		       " WHERE c.business_date = '%s' AND c.sequence = %" PRIu64
		       " GROUP BY c.line ORDER BY c.line",
		       found->member, found->sequence, query->next_sequence, RECORD_REFUND,
		       RECORD_REVERSE, TG_OK, id, finding->business_date, found->sequence);
	status = database_query(query->database, sql, on_component, finding, error);
	if (status == TG_OK && finding->is_damaged)
		status = storage_fail(error, TG_DATABASE,
				      "component of sequence %" PRIu64 " is not what was written",
				      found->sequence);
	return status;
}

/* Rows of lots, or of portions, that hold points of one earn just now. */
struct slots {
	uint32_t slots[SLOTS_MAX];
	uint32_t count;
};

/* What has expired of an earn's own points. */
struct expiry {
	uint64_t sequence;		/* of the earn */
	struct slots lots, portions;
	int64_t	 points;
	bool	 is_damaged;
};

static bool
has_slot(const struct slots *slots, uint32_t slot)
{
	for (uint32_t i = 0; i < slots->count; i++) {
		if (slots->slots[i] == slot)
			return true;
	}
	return false;
}

static void
drop_slot(struct slots *slots, uint32_t slot)
{
	for (uint32_t i = 0; i < slots->count; i++) {
		if (slots->slots[i] == slot)
			slots->slots[i--] = slots->slots[--slots->count];
	}
}

/*
 * A move of the member's, in the order in which they happened: whose points it moves only the
 * beginning of its row tells.
 */
static void
on_lot_move(void *context, const struct database_cell *cells)
{
	struct expiry *expiry = context;
	const bool is_portion = database_cell_u64(&cells[2]) == MOVE_PORTION;
	const uint64_t flags = database_cell_u64(&cells[3]);
	const uint32_t slot = (uint32_t)database_cell_u64(&cells[4]);
	const int64_t points = database_cell_i64(&cells[5]);
	struct slots *slots = is_portion ? &expiry->portions : &expiry->lots;

	if ((flags & MOVE_NEW) != 0) {
		drop_slot(slots, slot);
		if (database_cell_u64(&cells[6]) >> 8 == expiry->sequence) {
			expiry->is_damaged |= slots->count == SLOTS_MAX;
			slots->slots[slots->count < SLOTS_MAX ? slots->count++ : 0] = slot;
		}
	}
	if (!has_slot(slots, slot))
		return;
	/* What left a hold, and neither was captured nor came back to a lot, has expired, too. */
	if ((database_cell_u64(&cells[0]) == RECORD_EXPIRE && !is_portion) ||
	    database_cell_u64(&cells[1]) != 0)
		expiry->points -= points;
	if ((flags & MOVE_GONE) != 0)
		drop_slot(slots, slot);
}

/* Of an earn's own limited points, what has expired since: a refund does not take that again. */
static enum tg_status
find_expired(struct archive_query *query, struct archived_transaction *found,
	     struct storage_error *error)
{
	struct expiry expiry = { .sequence = found->sequence };
	char sql[SQL_BYTES_MAX];
	enum tg_status status;

	(void)snprintf(sql, sizeof sql,
		       "SELECT e.kind, e.hold_deadline IS NOT NULL AND e.kind <> %d, m.kind + 0,"
		       " m.flags + 0, m.slot, m.points, m.lot FROM entry e JOIN lot_move m"
		       " ON m.business_date = e.business_date AND m.sequence = e.sequence"
		       " WHERE e.member = %" PRIu64 " AND e.sequence >= %" PRIu64
		       " AND m.kind IN (%d, %d) ORDER BY e.sequence, m.line",
		       RECORD_HOLD, found->member, found->sequence, MOVE_LOT, MOVE_PORTION);
	status = database_query(query->database, sql, on_lot_move, &expiry, error);
	if (status == TG_OK && expiry.is_damaged)
		status = storage_fail(error, TG_DATABASE,
				      "lot_move has too many rows of points of sequence %" PRIu64,
				      found->sequence);
	found->expired_points = expiry.points > 0 ? expiry.points : 0;
	return status;
}

/* All there is to know of it. */
static enum tg_status
find(struct archive_query *query, const struct archive_question *question,
     struct archived_transaction *found, struct storage_error *error)
{
	struct finding finding = { .found = found };
	char id[ID_DIGITS + 1];
	enum tg_status status;

	for (int i = 0; i < TG_TRANSACTION_ID_BYTES; i++)
		(void)snprintf(id + 2 * i, 3, "%02X", question->transaction_id[i]);
	status = find_original(query, question, id, &finding, error);
	if (status == TG_OK && found->is_found)
		status = sum_undone(query, id, found, error);
	if (status == TG_OK && found->is_found &&
	    (found->kind == RECORD_BURN || found->kind == RECORD_CAPTURE))
		status = find_portions(query, &finding, error);
	if (status == TG_OK && found->is_found && found->kind == RECORD_EARN)
		status = find_expired(query, found, error);
	if (status == TG_OK && found->is_found && found->kind == RECORD_EARN &&
	    (found->flags & RECORD_PARTS) != 0)
		status = find_components(query, id, &finding, error);
	return status;
}

/* One try, in one snapshot: the cursor first, so that all up to it is seen. */
static enum tg_status
ask(struct archive_query *query, const struct archive_question *question,
    struct archived_transaction *found, struct storage_error *error)
{
	struct sink_cursor cursor;
	enum tg_status status = archive_begin(query, &cursor, error);

	if (status == TG_OK && cursor.next_sequence <= question->through_sequence)
		status = storage_fail(error, TG_ORIGINAL_ARCHIVED,
				      "MariaDB has records before %" PRIu64 ", wanted up to %"
				      PRIu64, cursor.next_sequence, question->through_sequence);
	if (status == TG_OK)
		status = find(query, question, found, error);
	return archive_end(query, status);
}

enum tg_status
archive_query_transaction(struct archive_query *query, const struct archive_question *question,
			  struct archived_transaction *ret_transaction,
			  struct storage_error *error)
{
	struct archived_transaction found = { .is_found = false };
	enum tg_status status = ask(query, question, &found, error);

	if (status == TG_OK)
		*ret_transaction = found;
	return status;
}
