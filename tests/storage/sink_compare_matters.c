/*
 * sink_compare_matters.c - are the tables of countersigned days, proposals and disputes what the
 * records said?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/record.h"
#include "tests/storage/expected_text.h"
#include "tests/storage/sink_compare.h"
#include "tests/storage/sink_fixture.h"

#define NUMBERS_MAX 64

static const char proof_sql[] =
	"SELECT sequence, signed_at, scope + 0, owner, basis + 0, day, transactions, HEX(digest),"
	" HEX(chain) FROM day_proof ORDER BY sequence";
static const char proposal_sql[] = "SELECT proposal, last_sequence, state + 0, proposed_by,"
				   " expires_at, command, decided_by FROM proposal"
				   " ORDER BY proposal";
static const char dispute_sql[] =
	"SELECT dispute, last_sequence, partner, about, HEX(transaction_id), member, reason + 0,"
	" claimed_amount, state + 0, opened_at, decided_at FROM dispute ORDER BY dispute";

struct matters {
	struct expected_table proofs, proposals, disputes;
	int64_t opened_utc_ms[NUMBERS_MAX], decided_utc_ms[NUMBERS_MAX]; /* 0: not */
};

static void
expect_proof(struct matters *m, const struct record *r)
{
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, r->sequence);
	line_ms(&line, r->booked_at_utc_ms);
	line_u64(&line, r->day_proof.scope);
	line_u64(&line, r->day_proof.owner);
	line_u64(&line, r->day_proof.basis);
	line_day(&line, r->day_proof.day);
	line_i64(&line, r->day_proof.count);
	line_hex(&line, r->day_proof.digest);
	line_hex(&line, r->day_proof.chain);
	expected_add(&m->proofs, &line);
}

static void
expect_proposal(struct matters *m, const struct record *r)
{
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, r->proposal.number);
	line_u64(&line, r->sequence);
	line_u64(&line, r->proposal.state);
	line_text(&line, r->proposal.proposer, sizeof r->proposal.proposer);
	line_ms(&line, r->proposal.expires_utc_ms);
	line_text(&line, r->proposal.text, r->proposal.text_bytes < 96 ? r->proposal.text_bytes
								       : 96);
	line_null(&line);
	expected_set(&m->proposals, r->proposal.number, &line);
}

static void
line_ms_unless_0(struct expected_line *line, int64_t utc_ms)
{
	if (utc_ms == 0)
		line_null(line);
	else
		line_ms(line, utc_ms);
}

static void
expect_dispute(struct matters *m, const struct record *r)
{
	const struct dispute *dispute = &r->dispute;
	struct expected_line line = { .bytes = 0 };

	assert_true(dispute->number < NUMBERS_MAX);
	if (dispute->state == 1)
		m->opened_utc_ms[dispute->number] = r->booked_at_utc_ms;
	else
		m->decided_utc_ms[dispute->number] = r->booked_at_utc_ms;
	line_u64(&line, dispute->number);
	line_u64(&line, r->sequence);
	line_u64(&line, dispute->partner);
	line_u64(&line, dispute->about);
	line_hex(&line, dispute->original_id);
	line_u64_unless_0(&line, true, dispute->member);
	line_u64(&line, dispute->reason);
	line_i64(&line, dispute->amount);
	line_u64(&line, dispute->state);
	line_ms_unless_0(&line, m->opened_utc_ms[dispute->number]);
	line_ms_unless_0(&line, m->decided_utc_ms[dispute->number]);
	expected_set(&m->disputes, dispute->number, &line);
}

static void
expect(void *context, const struct record *r)
{
	struct matters *m = context;

	if (r->kind == RECORD_DAY_PROOF)
		expect_proof(m, r);
	if (r->kind == RECORD_PROPOSAL || r->kind == RECORD_PROPOSAL_END)
		expect_proposal(m, r);
	if (r->kind == RECORD_DISPUTE || r->kind == RECORD_DISPUTE_END)
		expect_dispute(m, r);
}

void
sink_compare_matters(struct database *database, const struct made_records *made)
{
	struct matters m = { 0 };

	sink_compare_each(made, expect, &m);
	expected_compare(&m.proofs, database, "day_proof", proof_sql);
	expected_compare(&m.proposals, database, "proposal", proposal_sql);
	expected_compare(&m.disputes, database, "dispute", dispute_sql);
}
