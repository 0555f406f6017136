/*
 * sink_map_matters.c - what records of countersigned days, proposals and disputes mean in their
 * tables.
 */
#include <assert.h>

#include "storage/sink_map.h"

static_assert(TG_SCOPE_TERMINAL == 1 && TG_SCOPE_STORE == 2 && TG_SCOPE_PARTNER == 3,
	      "day_proof.scope lists them in this order");
static_assert(TG_BASIS_BUSINESS_DATE == 1 && TG_BASIS_TILL_DAY == 2,
	      "day_proof.basis lists them in this order");
static_assert(PROPOSAL_OPEN == 1 && PROPOSAL_APPROVED == 2 && PROPOSAL_REJECTED == 3 &&
		      PROPOSAL_EXPIRED == 4,
	      "proposal.state lists them in this order");
static_assert(DISPUTE_OPEN == 1 && DISPUTE_UPHELD == 2 && DISPUTE_REJECTED == 3,
	      "dispute.state lists them in this order");
static_assert(DISPUTE_REASON_DUPLICATE == 1 && DISPUTE_REASON_NOT_OURS == 2 &&
		      DISPUTE_REASON_AMOUNT == 3 && DISPUTE_REASON_POINTS == 4 &&
		      DISPUTE_REASON_NOT_UNDONE == 5 && DISPUTE_REASON_TOO_LATE == 6 &&
		      DISPUTE_REASON_FRAUD == 7 && DISPUTE_REASON_OTHER == 8,
	      "dispute.reason lists them in this order");

static bool
map_proof(struct sink_day_proof_row *row, const struct record *record)
{
	const struct day_proof *proof = &record->day_proof;

	cell_set_u64(&row->sequence, record->sequence);
	cell_set_u8(&row->scope, proof->scope);
	cell_set_u32(&row->owner, proof->owner);
	cell_set_u8(&row->basis, proof->basis);
	cell_set_i64(&row->transactions, proof->count);
	cell_set_id(&row->digest, proof->digest);
	cell_set_id(&row->chain, proof->chain);
	return cell_set_time(&row->signed_at, record->booked_at_utc_ms) &&
	       cell_set_day(&row->day, proof->day);
}

static void
set_operator(struct cell_text *cell, const struct record *record)
{
	if (RECORD_HAS(record, OPERATOR))
		cell_set_text(cell, record->operator_name, OPERATOR_BYTES);
}

static bool
map_proposal(struct sink_proposal_row *row, const struct record *record)
{
	const struct proposal *proposal = &record->proposal;
	const size_t bytes = proposal->text_bytes < CELL_TEXT_BYTES_MAX ? proposal->text_bytes
									: CELL_TEXT_BYTES_MAX;

	cell_set_u64(&row->proposal, proposal->number);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u8(&row->state, proposal->state);
	cell_set_text(&row->proposed_by, proposal->proposer, sizeof proposal->proposer);
	cell_set_text(&row->command, proposal->text, bytes);
	if (proposal->state != PROPOSAL_OPEN)
		set_operator(&row->decided_by, record);
	return cell_set_time(&row->expires_at, proposal->expires_utc_ms);
}

static bool
map_dispute(struct sink_dispute_row *row, const struct record *record)
{
	const struct dispute *dispute = &record->dispute;

	cell_set_u64(&row->dispute, dispute->number);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u32(&row->partner, dispute->partner);
	cell_set_u64(&row->about, dispute->about);
	cell_set_id(&row->transaction_id, dispute->original_id);
	if (dispute->member != 0)
		cell_set_u64(&row->member, dispute->member);
	cell_set_u8(&row->reason, dispute->reason);
	cell_set_i64(&row->claimed_amount, dispute->amount);
	cell_set_u8(&row->state, dispute->state);
	if (dispute->state == DISPUTE_OPEN)
		return cell_set_time(&row->opened_at, record->booked_at_utc_ms);
	set_operator(&row->decided_by, record);
	return cell_set_time(&row->decided_at, record->booked_at_utc_ms);
}

bool
sink_map_matters(struct sink_batch *batch, const struct record *record)
{
	struct sink_rows *tables = batch->tables;
	bool is_ok = true;

	if (RECORD_HAS(record, DAY_PROOF))
		is_ok &= map_proof(sink_rows_claim(&tables[SINK_TABLE_day_proof]), record);
	if (RECORD_HAS(record, PROPOSAL))
		is_ok &= map_proposal(sink_rows_claim(&tables[SINK_TABLE_proposal]), record);
	if (RECORD_HAS(record, DISPUTE))
		is_ok &= map_dispute(sink_rows_claim(&tables[SINK_TABLE_dispute]), record);
	return is_ok;
}
