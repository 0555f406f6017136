/*
 * record_maker_funding.c - records of what partners pay, may issue, and exchange, and of stored
 * value.
 */
#include "tests/storage/record_maker_private.h"

void
record_maker_funding(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(FUNDING));
	record->config_row = 1;
	record->funding = (struct funding_config){
		.partner = 1 + pick(maker, MAKER_PARTNERS),
		.version = (uint32_t)record->sequence,
		.flags = pick(maker, 2),
		.issue_price_micro = quantity(maker),
		.redeem_price_micro = quantity(maker),
		.issue_fee_micro = quantity(maker),
		.redeem_fee_micro = quantity(maker),
		.transaction_fee_micro = quantity(maker),
		.month_fee_micro = quantity(maker),
		.overdraft_points = limit(maker),
		.alert_points = quantity(maker),
	};
}

/* Cover sold or released, and blocks used: those of few numbers, which may never have been sold. */
void
record_maker_funds(struct record_maker *maker, struct record *record)
{
	const int64_t points = 1 + quantity(maker);
	const int64_t sign = record->kind == RECORD_FUND ? 1 : -1;
	struct move *move = &record->moves[0];

	add(record, RECORD_HAS_BIT(FUNDED) | RECORD_HAS_BIT(POSTINGS) | RECORD_HAS_BIT(MOVES));
	record->funded_partner = 1 + pick(maker, MAKER_PARTNERS);
	record->cover_row = record->kind == RECORD_FUND ? pick(maker, 3) : 0;
	record->funded_points = points;
	record->funded_price_micro = quantity(maker);
	if (pick(maker, 2) == 0) {
		add(record, RECORD_HAS_BIT(ITEM));
		record->item = (struct settlement_item){ .partner = record->funded_partner,
							 .amount = sign * quantity(maker) };
	}
	record->posting_count = 2;
	record->postings[0] = (struct posting){ ACCOUNT_COVER, UNIT_COVER, record->funded_partner,
						sign * points };
	record->postings[1] = (struct posting){ ACCOUNT_COVER_SOLD, UNIT_COVER,
						record->funded_partner, -sign * points };
	record->move_count = 1;
	*move = (struct move){ .kind = MOVE_COVER, .row = 1 + pick(maker, 9) };
	move->serial = sold_block(maker);
	move->partner = 1 + (uint32_t)(move->serial % MAKER_PARTNERS);
	move->points = (int64_t)pick(maker, 2000) - 1000;
}

void
record_maker_exchange(struct record_maker *maker, struct record *record)
{
	const bool is_out = one_in(maker, 2);

	add(record, RECORD_HAS_BIT(EXCHANGE));
	if (is_out && record->kind == RECORD_EXCHANGE)
		record->flags |= RECORD_OUT;
	record->exchange = (struct exchange){
		.version = 1 + pick(maker, 9),
		.position = pick(maker, 9),
		.direction = is_out ? TG_DIRECTION_OUT : TG_DIRECTION_IN,
		.given = quantity(maker),
		.expected = quantity(maker) - 1,
		.own_units = quantity(maker),
		.rate_num = 1 + quantity(maker),
		.rate_den = 1 + quantity(maker),
	};
}

void
record_maker_value(struct record_maker *maker, struct record *record)
{
	if (record->kind < RECORD_TOP_UP && (record->kind != RECORD_REFUND || !one_in(maker, 4)))
		return;
	add(record, RECORD_HAS_BIT(VALUE));
	record->value = (struct record_value){
		.row = 1 + pick(maker, 9),
		.is_new = one_in(maker, 4),
		.flags = (uint8_t)pick(maker, 4),
		.change = quantity(maker) - quantity(maker),
		.after = quantity(maker),
		.shared = quantity(maker),
	};
	if (record->kind != RECORD_PAY || !one_in(maker, 4))
		return;
	record_maker_other(maker, record);
	record->value.other_row = 10;
	record->value.other_flags = (uint8_t)pick(maker, 4);
	record->value.lent = 1 + quantity(maker);
}
