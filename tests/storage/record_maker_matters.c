/*
 * record_maker_matters.c - random countersigned days, proposals and disputes.
 */
#include <string.h>

#include "tests/storage/record_maker.h"

#define NUMBERS 20 /* different proposals and disputes, so that rows meet */

static uint32_t
pick(struct record_maker *maker, uint32_t bound)
{
	return (uint32_t)record_maker_random(maker, bound);
}

static void
make_proof(struct record_maker *maker, struct record *record)
{
	struct day_proof *proof = &record->day_proof;

	record->sections |= RECORD_HAS_BIT(DAY_PROOF);
	record->proof_row = 1;
	memset(proof, 0, sizeof *proof);
	proof->owner = 1 + pick(maker, MAKER_PARTNERS);
	proof->day = 20000 + (int32_t)pick(maker, 100);
	proof->scope = (uint8_t)(1 + pick(maker, 3));
	proof->basis = (uint8_t)(1 + pick(maker, 2));
	proof->count = pick(maker, 1000000);
	for (int i = 0; i < 16; i++) {
		proof->digest[i] = (uint8_t)pick(maker, 256);
		proof->chain[i] = (uint8_t)pick(maker, 256);
	}
}

static void
make_proposal(struct record_maker *maker, struct record *record)
{
	struct proposal *proposal = &record->proposal;

	record->sections |= RECORD_HAS_BIT(PROPOSAL);
	record->proposal_row = 1;
	memset(proposal, 0, sizeof *proposal);
	proposal->number = 1 + pick(maker, NUMBERS);
	proposal->expires_utc_ms = record->booked_at_utc_ms + pick(maker, 100000);
	proposal->state = record->kind == RECORD_PROPOSAL ? PROPOSAL_OPEN
							   : (uint8_t)(3 + pick(maker, 2));
	proposal->text_bytes = (uint8_t)(1 + pick(maker, PROPOSAL_TEXT_BYTES));
	memset(proposal->text, 'a' + (int)pick(maker, 26), proposal->text_bytes);
	memset(proposal->proposer, 'A' + (int)pick(maker, 26), 1 + pick(maker, OPERATOR_BYTES));
}

static void
make_dispute(struct record_maker *maker, struct record *record)
{
	struct dispute *dispute = &record->dispute;

	record->sections |= RECORD_HAS_BIT(DISPUTE);
	record->dispute_row = 1;
	memset(dispute, 0, sizeof *dispute);
	dispute->number = 1 + pick(maker, NUMBERS);
	dispute->about = 1 + pick(maker, 1000);
	dispute->member = pick(maker, 3);
	dispute->amount = pick(maker, 1000);
	dispute->partner = 1 + pick(maker, MAKER_PARTNERS);
	dispute->reason = (uint8_t)(1 + pick(maker, 8));
	dispute->state = record->kind == RECORD_DISPUTE ? DISPUTE_OPEN
							 : (uint8_t)(2 + pick(maker, 2));
	for (int i = 0; i < 16; i++)
		dispute->original_id[i] = (uint8_t)pick(maker, 256);
}

void
record_maker_other(struct record_maker *maker, struct record *record)
{
	record->sections |= RECORD_HAS_BIT(OTHER) | RECORD_HAS_BIT(SHARED);
	record->other_member = 1 + record->member % maker->members;
	record->extension_rows[0] = 1;
	record->extension_rows[1] = 2;
	record->shared = (struct member_sums){
		.available_points = (int64_t)record_maker_random(maker, 100000),
		.regular_points = (int64_t)record_maker_random(maker, 1000),
		.pending_points = (int64_t)record_maker_random(maker, 1000),
		.held_points = (int64_t)record_maker_random(maker, 1000),
		.debt_points = (int64_t)record_maker_random(maker, 1000),
		.next_expiry_points = (int64_t)record_maker_random(maker, 1000),
		.next_expiry_day = record_maker_random(maker, 2) == 0 ? INT32_MAX : 20000,
	};
}

/* Members that are joined or parted, or of which one lends. */
void
record_maker_make_merge(struct record_maker *maker, struct record *record)
{
	record->sections |= RECORD_HAS_BIT(MEMBER) | RECORD_HAS_BIT(AFTER);
	record->member = 1 + record_maker_random(maker, maker->members);
	record_maker_other(maker, record);
	record->available_points = (int64_t)record_maker_random(maker, 100000);
	record->regular_points = record->available_points / 2;
	record->next_expiry_day = INT32_MAX;
	record->next_expiry_points = 0;
	if (record->kind != RECORD_TRANSFER)
		return;
	/* Of nothing: what it lends would have to be there. */
	record->sections |= RECORD_HAS_BIT(AMOUNT);
	record->amount = record->points = 0;
	record->rule_version = 0;
}

void
record_maker_make_matter(struct record_maker *maker, struct record *record)
{
	if (record->kind == RECORD_DAY_PROOF)
		make_proof(maker, record);
	else if (record->kind == RECORD_PROPOSAL || record->kind == RECORD_PROPOSAL_END)
		make_proposal(maker, record);
	else
		make_dispute(maker, record);
}
