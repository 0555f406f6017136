/*
 * statement.c - lines under a cycle's terms: sums, what is to be paid, the digest; netting.
 */
#include "storage/statement.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

#define TEXT_BYTES_MAX 512

/* Sums, and which part is paid. */
static void
sum_up(struct statement *s)
{
	int64_t size;

	s->net_amount = s->opening_amount;
	for (uint32_t i = 0; i < s->line_count; i++) {
		struct clearing_line *line = &s->lines[i];

		line->amount = clearing_amount(line, &s->terms);
		s->points[line->item] += line->points;
		s->amounts[line->item] += line->amount;
		s->net_amount += line->amount;
	}
	size = s->net_amount < 0 ? -s->net_amount : s->net_amount;
	s->carried_amount = size < s->terms.minimum_amount ? s->net_amount : 0;
	s->payable_amount = s->net_amount - s->carried_amount;
}

enum tg_status
statement_make(struct clearing *clearing, const struct record *closed,
	       int64_t opening_amount, struct statement *ret_statement)
{
	struct statement s = { .cycle = closed->closed,
			       .terms = closed->terms,
			       .closed_sequence = closed->sequence,
			       .closed_at_utc_ms = closed->booked_at_utc_ms,
			       .opening_amount = opening_amount };
	enum tg_status status = clearing_take(clearing, s.cycle.partner, s.cycle.last_day, &s.lines,
					      &s.line_count);

	if (status != TG_OK)
		return status;
	sum_up(&s);
	*ret_statement = s;
	return TG_OK;
}

void
statement_deinit(struct statement *s)
{
	free(s->lines);
	*s = (struct statement){ .lines = NULL };
}

static void
digest_text(EVP_MD_CTX *context, const char *text, int bytes)
{
	bool is_done;

	TG_ASSERT(bytes > 0 && bytes < TEXT_BYTES_MAX);
	is_done = EVP_DigestUpdate(context, text, (size_t)bytes) == 1;
	TG_ASSERT(is_done);
}

void
statement_digest(const struct statement *s, const uint8_t before[STATEMENT_DIGEST_BYTES],
		 uint8_t ret_digest[STATEMENT_DIGEST_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	char text[TEXT_BYTES_MAX];
	bool is_done = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		       EVP_DigestUpdate(context, before, STATEMENT_DIGEST_BYTES) == 1;

	TG_ASSERT(is_done);
	digest_text(context, text,
		    snprintf(text, sizeof text,
			     "%" PRIu32 ",%" PRIu32 ",%" PRId32 ",%" PRId32 ",%" PRIu64
			     ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "\n",
			     s->cycle.partner, s->cycle.number, s->cycle.first_day,
			     s->cycle.last_day, s->closed_sequence, s->opening_amount,
			     s->net_amount, s->carried_amount, s->payable_amount));
	for (uint32_t i = 0; i < s->line_count; i++) {
		const struct clearing_line *line = &s->lines[i];

		digest_text(context, text,
			    snprintf(text, sizeof text,
				     "%" PRId32 ",%s,%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",%" PRId64
				     ",%" PRId64 "\n",
				     line->business_date, clearing_item_word(line->item),
				     line->other, line->terms.version, line->records, line->points,
				     line->amount));
	}
	is_done = EVP_DigestFinal_ex(context, ret_digest, NULL) == 1;
	TG_ASSERT(is_done);
	EVP_MD_CTX_free(context);
}

/* Largest first, then by number. */
static int
compare_balances(const void *left, const void *right)
{
	const struct netting_balance *a = left;
	const struct netting_balance *b = right;

	if (a->amount != b->amount)
		return a->amount > b->amount ? -1 : 1;
	return a->party < b->party ? -1 : a->party > b->party ? 1 : 0;
}

uint32_t
netting_run(struct netting_balance *balances, uint32_t count, struct netting_payment *payments)
{
	uint32_t paid = 0;
	uint32_t debtor = 0;
	uint32_t creditor = count;

	qsort(balances, count, sizeof *balances, compare_balances);
	/* The largest debtor pays the largest creditor; one of the two is settled by it. */
	while (debtor < creditor && balances[debtor].amount > 0) {
		struct netting_balance *owes = &balances[debtor];
		struct netting_balance *due = &balances[creditor - 1];
		int64_t amount;

		TG_ASSERT(due->amount < 0);
		amount = owes->amount < -due->amount ? owes->amount : -due->amount;
		payments[paid++] = (struct netting_payment){ owes->party, due->party, amount };
		owes->amount -= amount;
		due->amount += amount;
		debtor += owes->amount == 0 ? 1 : 0;
		creditor -= due->amount == 0 ? 1 : 0;
	}
	return paid;
}
