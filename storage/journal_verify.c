/*
 * journal_verify.c - the two passes over a journal.
 *
 * The first also learns how large the ledger of the second must be: rows are named by number.
 */
#include "storage/journal_verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"
#include "protocol/assert.h"
#include "storage/snapshot.h"

#define MEMBER_ROW_BITS 48	      /* of a member reference; above it the shard */
#define TOTALS_EACH 8		      /* rows of totals that one record may add, at most */
#define TOTALS_MAX (16 * 1024 * 1024) /* as many as the gateway's largest sensible table */
#define SNAPSHOT_ROW_BYTES_MIN 16     /* a snapshot has no more rows than bytes / this */
#define WHY_BYTES 256

struct verification {
	const struct verify_config *config;
	struct verify_report report;
	struct ledger_limits limits;	/* highest rows named by a record so far */
	struct snapshot_list snapshots; /* newest first */
	struct record *record;		/* owned; the one at hand */
	struct ledger *ledger;		/* owned; of the second pass */
	int64_t booked_at_utc_ms;	/* of the record before */
};

/* The record at hand is wrong: say so, and where it is. */
static enum tg_status
fail_record(const struct journal_reader *reader, uint64_t sequence, const char *why,
	    struct storage_error *error)
{
	const char *path;
	uint64_t offset;

	(void)journal_file_reader_batch(reader, &path, &offset);
	(void)storage_fail(error, TG_CORRUPT,
			   "%s: sequence %" PRIu64 ", batch at offset %" PRIu64 ": %s", path,
			   sequence, offset, why);
	error->sequence = sequence;
	error->offset = offset;
	return TG_CORRUPT;
}

static void
raise_limit(uint32_t *limit, uint32_t row)
{
	if (row > *limit)
		*limit = row;
}

/* Of the rulebook.  Components are counted by portions, what members had of campaigns by lots. */
static void
take_rulebook_rows(struct ledger_limits *limits, const struct record *r)
{
	if (RECORD_HAS(r, EARN_RULE) || RECORD_HAS(r, RULEBOOK))
		raise_limit(&limits->rules_max, r->config_row);
	for (uint8_t i = 0; i < r->budget_count; i++)
		raise_limit(&limits->rules_max, r->budget_rows[i]);
	for (uint8_t i = 0; i < r->component_count; i++) {
		raise_limit(&limits->portions_max, r->components[i].row);
		raise_limit(&limits->lots_max, r->components[i].counter_row);
	}
	if (RECORD_HAS(r, CARRIED))
		raise_limit(&limits->lots_max, r->carried.row);
}

/* Learn from the record at hand which rows the second pass needs. */
static void
take_rows(struct ledger_limits *limits, const struct record *r)
{
	if (RECORD_HAS(r, MEMBER)) {
		raise_limit(&limits->members_max, (uint32_t)r->member);
		limits->shard = (uint16_t)(r->member >> MEMBER_ROW_BITS);
	}
	if (RECORD_HAS(r, TRANSACTION))
		raise_limit(&limits->transactions_max, r->transaction_row);
	if (RECORD_HAS(r, ORIGINAL)) {
		raise_limit(&limits->transactions_max, r->original_row);
		raise_limit(&limits->transactions_max, r->original_burn_row);
	}
	if (RECORD_HAS(r, HOLD))
		raise_limit(&limits->holds_max, r->hold_row);
	if (RECORD_HAS(r, PARTNER))
		raise_limit(&limits->partners_max, r->config_row);
	if (RECORD_HAS(r, RULE))
		raise_limit(&limits->rules_max, r->config_row);
	if (RECORD_HAS(r, STORE))
		raise_limit(&limits->stores_max, r->config_row);
	if (RECORD_HAS(r, TERMINAL))
		raise_limit(&limits->terminals_max, r->config_row);
	if (RECORD_HAS(r, DAY_PROOF))
		raise_limit(&limits->terminals_max, r->proof_row);
	if (RECORD_HAS(r, CYCLE))
		raise_limit(&limits->partners_max, r->cycle_row);
	if (RECORD_HAS(r, FUNDING))
		raise_limit(&limits->partners_max, r->config_row);
	/* Blocks are counted by partners: the table has at least as many rows. */
	if (RECORD_HAS(r, FUNDED))
		raise_limit(&limits->partners_max, r->cover_row);
	for (uint8_t i = 0; i < r->identifier_count; i++)
		raise_limit(&limits->identifiers_max, r->identifiers[i].row);
	/* The table of extensions is sized by members. */
	if (RECORD_HAS(r, OTHER)) {
		raise_limit(&limits->members_max, (uint32_t)r->other_member);
		raise_limit(&limits->members_max, 16 * r->extension_rows[0]);
		raise_limit(&limits->members_max, 16 * r->extension_rows[1]);
	}
	take_rulebook_rows(limits, r);
	for (uint32_t i = 0; i < r->move_count; i++) {
		uint32_t row = r->moves[i].row;

		switch ((enum move_kind)r->moves[i].kind) {
		case MOVE_LOT:
			raise_limit(&limits->lots_max, row);
			break;
		case MOVE_PENDING:
			raise_limit(&limits->pendings_max, row);
			break;
		case MOVE_DEBT:
			raise_limit(&limits->debts_max, row);
			break;
		case MOVE_PORTION:
			raise_limit(&limits->portions_max, row);
			break;
		case MOVE_REGULAR:
		case MOVE_COVER:
		case MOVE_STOPPED:
			break;
		}
	}
}

static enum tg_status
decode(struct verification *v, const struct journal_reader *reader, const struct journal_item *item,
       struct storage_error *error)
{
	size_t bytes_count;
	enum tg_status status =
		record_decode(item->bytes, item->bytes_count, v->record, &bytes_count);

	if (status == TG_TOO_NEW) {
		(void)fail_record(reader, item->sequence, "record is of a newer version", error);
		error->status = TG_TOO_NEW;
		return TG_TOO_NEW;
	}
	if (status != TG_OK || bytes_count != item->bytes_count)
		return fail_record(reader, item->sequence, "record cannot be decoded", error);
	return TG_OK;
}

/* First pass, one record. */
static enum tg_status
check_record(struct verification *v, const struct journal_reader *reader,
	     const struct journal_item *item, struct storage_error *error)
{
	enum tg_status status = decode(v, reader, item, error);

	if (status != TG_OK)
		return status;
	if (record_posting_sum(v->record, UNIT_POINTS) != 0 ||
	    record_posting_sum(v->record, UNIT_COVER) != 0 ||
	    record_posting_sum(v->record, UNIT_OWN) != 0 ||
	    record_posting_sum(v->record, UNIT_VALUE) != 0)
		return fail_record(reader, item->sequence, "postings do not sum to zero", error);
	if (v->report.records > 0 && v->record->booked_at_utc_ms < v->booked_at_utc_ms)
		return fail_record(reader, item->sequence, "booked before the record before it",
				   error);
	v->booked_at_utc_ms = v->record->booked_at_utc_ms;
	if (v->report.records++ == 0)
		v->report.first_sequence = item->sequence;
	v->report.last_sequence = item->sequence;
	take_rows(&v->limits, v->record);
	return TG_OK;
}

static enum tg_status
check_bytes(struct verification *v, struct storage_error *error)
{
	struct journal_reader *reader;
	struct journal_item item;
	enum tg_status status = journal_file_read_from(&v->config->source, 0, &reader, error);

	if (status != TG_OK)
		return status;
	do {
		status = journal_reader_next(reader, &item, error);
		if (status == TG_OK && item.kind == JOURNAL_RECORD)
			status = check_record(v, reader, &item, error);
		else if (status == TG_OK && item.kind == JOURNAL_MARK)
			v->report.marks++;
	} while (status == TG_OK && item.kind != JOURNAL_NOTHING);
	if (status == TG_OK)
		status = journal_file_reader_check_end(reader, &v->report.torn_bytes, error);
	journal_reader_close(reader);
	return status;
}

static enum tg_status
list_snapshots(struct verification *v, struct storage_error *error)
{
	const struct storage_io *io = v->config->source.io;
	const char *directory = v->config->snapshot_directory;
	struct storage_stat facts = { .exists = false };
	enum tg_status status = TG_OK;

	if (directory != NULL)
		status = io->stat(io->context, directory, &facts, error);
	if (status != TG_OK || !facts.exists)
		return status;
	return snapshot_list(io, directory, &v->snapshots, error);
}

/* The oldest snapshot from which the records there are lead on; 0: there is none. */
static uint64_t
choose_start(const struct verification *v)
{
	uint64_t chosen = 0;

	for (uint32_t i = 0; i < v->snapshots.count; i++) {
		uint64_t sequence = v->snapshots.sequences[i];

		if (sequence + 1 >= v->report.first_sequence && sequence <= v->report.last_sequence)
			chosen = sequence;
	}
	return chosen;
}

static void
add_limit(uint32_t *limit, uint64_t rows)
{
	uint64_t sum = (uint64_t)*limit + rows + 1;

	*limit = sum < UINT32_MAX / 2 ? (uint32_t)sum : UINT32_MAX / 2;
}

/* Make the ledger large enough for what the records name and a snapshot of that size holds. */
static enum tg_status
make_ledger(struct verification *v, uint64_t snapshot_bytes, struct storage_error *error)
{
	struct ledger_limits *limits = &v->limits;
	uint64_t rows = snapshot_bytes / SNAPSHOT_ROW_BYTES_MIN;
	uint64_t totals = v->report.records * TOTALS_EACH;

	add_limit(&limits->members_max, rows);
	add_limit(&limits->identifiers_max, rows);
	add_limit(&limits->lots_max, rows);
	add_limit(&limits->pendings_max, rows);
	add_limit(&limits->debts_max, rows);
	add_limit(&limits->holds_max, rows);
	add_limit(&limits->portions_max, rows);
	add_limit(&limits->transactions_max, rows);
	add_limit(&limits->partners_max, rows);
	add_limit(&limits->rules_max, rows);
	add_limit(&limits->stores_max, rows);
	add_limit(&limits->terminals_max, rows);
	add_limit(&limits->totals_max, rows + (totals < TOTALS_MAX ? totals : TOTALS_MAX));
	v->ledger = ledger_new(limits);
	if (v->ledger == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a ledger");
	return TG_OK;
}

/* Bring the ledger to where the replay begins. */
static enum tg_status
start_replay(struct verification *v, struct storage_error *error)
{
	struct snapshot_load_config load = { .io = v->config->source.io,
					     .directory = v->config->snapshot_directory,
					     .instance = v->config->source.instance };
	struct snapshot_info info;
	enum tg_status status;

	if (v->report.start_sequence == 0)
		return make_ledger(v, 0, error);
	status = snapshot_read_info(load.io, load.directory, load.instance,
				    v->report.start_sequence, &info, error);
	if (status == TG_OK)
		status = make_ledger(v, info.file_bytes, error);
	if (status != TG_OK)
		return status;
	load.set = ledger_tables(v->ledger);
	status = snapshot_load(&load, v->report.start_sequence, &info, error);
	if (status != TG_OK)
		return status;
	ledger_rebuild(v->ledger);
	return TG_OK;
}

/* Compare the snapshot of the sequence just reached, if there is one. */
static enum tg_status
compare_snapshot(struct verification *v, uint64_t sequence, struct storage_error *error)
{
	struct snapshot_info info;
	enum tg_status status;
	bool is_there = false;

	for (uint32_t i = 0; i < v->snapshots.count; i++)
		is_there |= v->snapshots.sequences[i] == sequence;
	if (!is_there)
		return TG_OK;
	status = snapshot_read_info(v->config->source.io, v->config->snapshot_directory,
				    v->config->source.instance, sequence, &info, error);
	if (status == TG_IO) /* removed since it was listed, by a gateway at work */
		return TG_OK;
	if (status != TG_OK)
		return status;
	if (!state_hash_equal(info.hash, ledger_state_hash(v->ledger))) {
		(void)storage_fail(error, TG_CORRUPT,
				   "%s: snapshot of sequence %" PRIu64
				   " has another state hash than the replay",
				   v->config->snapshot_directory, sequence);
		error->sequence = sequence;
		return TG_CORRUPT;
	}
	v->report.snapshots_compared++;
	return TG_OK;
}

/* Second pass, one record or mark. */
static enum tg_status
replay_item(struct verification *v, const struct journal_reader *reader,
	    const struct journal_item *item, struct storage_error *error)
{
	enum tg_status status;

	if (item->kind == JOURNAL_MARK) {
		if (!state_hash_equal(item->hash, ledger_state_hash(v->ledger)))
			return fail_record(reader, item->sequence,
					   "the mark has another state hash than the replay",
					   error);
		v->report.marks_compared++;
		return TG_OK;
	}
	status = decode(v, reader, item, error);
	if (status != TG_OK)
		return status;
	ledger_apply(v->ledger, v->record);
	return compare_snapshot(v, item->sequence, error);
}

/* What must hold of the state after the last record. */
static enum tg_status
check_state(struct verification *v, struct storage_error *error)
{
	const struct partner_config *partner;
	char why[WHY_BYTES];

	v->report.hash = ledger_state_hash(v->ledger);
	if (!state_hash_equal(v->report.hash, table_set_hash_recompute(ledger_tables(v->ledger))))
		return storage_fail(error, TG_CORRUPT,
				    "running state hash is not that of the rows");
	if (ledger_conservation(v->ledger, UNIT_POINTS) != 0 ||
	    ledger_conservation(v->ledger, UNIT_COVER) != 0 ||
	    ledger_conservation(v->ledger, UNIT_OWN) != 0 ||
	    ledger_conservation(v->ledger, UNIT_VALUE) != 0)
		return storage_fail(error, TG_CORRUPT, "accounts do not sum to zero");
	if (!ledger_audit(v->ledger, why, sizeof why))
		return storage_fail(error, TG_CORRUPT, "accounts and rows differ: %s", why);
	for (uint32_t nth = 0; (partner = ledger_partner_at(v->ledger, nth)) != NULL; nth++) {
		v->report.issued_points -= ledger_account_points(v->ledger, ACCOUNT_ISSUED,
								 UNIT_POINTS, partner->number);
		v->report.redeemed_points += ledger_account_points(v->ledger, ACCOUNT_REDEEMED,
								   UNIT_POINTS, partner->number);
	}
	v->report.is_state_verified = true;
	return TG_OK;
}

static enum tg_status
replay(struct verification *v, struct storage_error *error)
{
	struct journal_reader *reader;
	struct journal_item item;
	enum tg_status status = list_snapshots(v, error);

	if (status != TG_OK || v->report.records == 0)
		return status;
	if (v->report.first_sequence > 1)
		v->report.start_sequence = choose_start(v);
	if (v->report.first_sequence > 1 && v->report.start_sequence == 0)
		return TG_OK;
	status = start_replay(v, error);
	if (status == TG_OK)
		status = journal_file_read_from(&v->config->source, v->report.start_sequence + 1,
						&reader, error);
	if (status != TG_OK)
		return status;
	/* A gateway at work goes on writing: stop where the first pass ended. */
	do {
		status = journal_reader_next(reader, &item, error);
		if (item.kind == JOURNAL_NOTHING || item.sequence > v->report.last_sequence)
			break;
		if (status == TG_OK)
			status = replay_item(v, reader, &item, error);
	} while (status == TG_OK);
	journal_reader_close(reader);
	return status == TG_OK ? check_state(v, error) : status;
}

enum tg_status
journal_verify(const struct verify_config *config, struct verify_report *ret_report,
	       struct storage_error *error)
{
	struct verification v = { .config = config };
	enum tg_status status;

	v.record = malloc(sizeof *v.record);
	if (v.record == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a record");
	status = check_bytes(&v, error);
	if (status == TG_OK)
		status = replay(&v, error);
	ledger_free(v.ledger);
	free(v.record);
	*ret_report = v.report;
	return status;
}
