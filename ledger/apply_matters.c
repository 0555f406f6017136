/*
 * apply_matters.c - days countersigned, proposals and disputes as records set them; members joined.
 *
 * Those that have ended leave memory: what became of them stands in the journal and in MariaDB.
 */
#include "ledger/apply.h"

static void
set_proof(struct ledger *l, const struct record *r)
{
	const bool is_new = !table_is_live(&l->proofs, r->proof_row);
	struct proof_row *row = is_new ? table_claim(&l->proofs, r->proof_row) :
					 table_edit(&l->proofs, r->proof_row);

	row->key = state_proof_key(r->day_proof.scope, r->day_proof.basis, r->day_proof.owner);
	row->proof = r->day_proof;
	row->sequence = r->sequence;
	if (is_new)
		index_insert(&l->proofs_by_owner, state_hash_u64(row->key), r->proof_row);
}

static void
set_proposal(struct ledger *l, const struct record *r)
{
	const uint64_t hash = state_hash_u64(r->proposal.number);
	struct proposal_row *row;

	if (r->proposal.state != PROPOSAL_OPEN) {
		index_remove(&l->proposals_by_number, hash, r->proposal_row);
		table_release(&l->proposals, r->proposal_row);
		return;
	}
	row = table_claim(&l->proposals, r->proposal_row);
	row->key = r->proposal.number;
	row->proposal = r->proposal;
	index_insert(&l->proposals_by_number, hash, r->proposal_row);
}

static void
set_dispute(struct ledger *l, const struct record *r)
{
	const uint64_t hash = state_hash_u64(r->dispute.number);
	struct dispute_row *row;

	if (r->dispute.state != DISPUTE_OPEN) {
		index_remove(&l->disputes_by_number, hash, r->dispute_row);
		table_release(&l->disputes, r->dispute_row);
		return;
	}
	row = table_claim(&l->disputes, r->dispute_row);
	row->key = r->dispute.number;
	row->dispute = r->dispute;
	index_insert(&l->disputes_by_number, hash, r->dispute_row);
}

void
apply_matters(struct ledger *l, const struct record *r)
{
	if (RECORD_HAS(r, DAY_PROOF))
		set_proof(l, r);
	if (RECORD_HAS(r, PROPOSAL))
		set_proposal(l, r);
	if (RECORD_HAS(r, DISPUTE))
		set_dispute(l, r);
}

static void
join(struct ledger *l, const struct record *r, uint32_t row, uint32_t member, uint32_t other)
{
	struct extension_row *extension = table_claim(&l->extensions, row);
	struct member_row *owner = table_edit(&l->members, member);

	extension->key = state_extension_key(member, EXTENSION_MERGED);
	extension->sequence = r->sequence;
	extension->other_row = other;
	index_insert(&l->extensions_by_key, state_hash_u64(extension->key), row);
	owner->flags |= MEMBER_MERGED;
}

static void
part(struct ledger *l, uint32_t row, uint32_t member)
{
	struct member_row *owner = table_edit(&l->members, member);

	index_remove(&l->extensions_by_key,
		     state_hash_u64(state_extension_key(member, EXTENSION_MERGED)), row);
	table_release(&l->extensions, row);
	owner->flags &= (uint16_t)~MEMBER_MERGED;
}

void
apply_merge(struct ledger *l, const struct record *r)
{
	const uint32_t member = (uint32_t)r->member, other = (uint32_t)r->other_member;

	if (r->kind == RECORD_MERGE) {
		join(l, r, r->extension_rows[0], member, other);
		join(l, r, r->extension_rows[1], other, member);
	} else if (r->kind == RECORD_UNMERGE) {
		part(l, r->extension_rows[0], member);
		part(l, r->extension_rows[1], other);
	}
}
