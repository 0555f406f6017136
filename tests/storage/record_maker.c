/*
 * record_maker.c - random records of every kind, sound but without sense.
 */
#include "tests/storage/record_maker.h"

#include <string.h>

#include "ledger/request.h"
#include "protocol/assert.h"
#include "tests/storage/record_maker_private.h"

#define FIRST_DAY 20779		/* 2026-11-22 */
#define DAY_MS INT64_C(86400000)

const uint8_t record_maker_kinds[] = {
#define KIND_NUMBER(name, number, text) number,
	RECORD_KIND_LIST(KIND_NUMBER)
#undef KIND_NUMBER
	0,
};

/* Texts at the edges: quotes, more than one byte a character, cut and wrong bytes, nothing. */
static const char *const texts[] = {
	"Bakery", "O'Brien \"& Sons\" \\ 100%", "B\xc3\xa4" "ckerei \xe2\x82\xac",
	"\xf0\x9f\xa5\x96",
	"cut \xe2\x82", "\xff\xfe", "a|b;c -- '", "1234567890123456789012345678901",
};

void
record_maker_init(struct record_maker *maker, uint64_t seed)
{
	memset(maker, 0, sizeof *maker);
	maker->random = seed;
	maker->booked_at_utc_ms = FIRST_DAY * DAY_MS + 1;
	maker->business_date = DAY_NONE;
	maker->members = MAKER_MEMBERS;
	maker->records_per_day = 400;
}

/* SplitMix64. */
static uint64_t
draw(struct record_maker *maker)
{
	uint64_t z = (maker->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t
record_maker_random(struct record_maker *maker, uint64_t bound)
{
	return draw(maker) % bound;
}

static int64_t
balance(struct record_maker *maker)
{
	return one_in(maker, 30) ? TG_BALANCE_MAX : quantity(maker);
}

static void
fill_bytes(struct record_maker *maker, uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)draw(maker);
}

/* A zero-padded text of at most capacity bytes, perhaps cut; returns its length. */
static size_t
fill_text(struct record_maker *maker, uint8_t *bytes, size_t capacity)
{
	const char *text = texts[pick(maker, sizeof texts / sizeof texts[0])];
	size_t length = strlen(text);

	if (length > capacity)
		length = capacity;
	memset(bytes, 0, capacity);
	memcpy(bytes, text, length);
	return length;
}

static void
begin(struct record_maker *maker, enum record_kind kind, struct record *record)
{
	memset(record, 0x5a, sizeof *record); /* what is not set must not be read */
	record_init(record);
	maker->sequence++;
	maker->booked_at_utc_ms += pick(maker, 2000);
	record->sequence = maker->sequence;
	record->booked_at_utc_ms = maker->booked_at_utc_ms;
	record->business_date = maker->business_date;
	record->kind = (uint8_t)kind;
	record->status = TG_OK;
}

static void
add_principal(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(PRINCIPAL));
	record->partner = 1 + pick(maker, MAKER_PARTNERS);
	record->store = one_in(maker, 8) ? 0 : record->partner * 100 + pick(maker, 8);
	record->terminal = record->partner * 1000 + pick(maker, 40);
}

static void
add_operator(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(OPERATOR));
	fill_text(maker, record->operator_name, OPERATOR_BYTES);
	fill_text(maker, record->origin, ORIGIN_BYTES);
}

/* A request of a terminal about a member. */
static void
add_request(struct record_maker *maker, struct record *record)
{
	add_principal(maker, record);
	add(record, RECORD_HAS_BIT(TRANSACTION) | RECORD_HAS_BIT(MEMBER));
	fill_bytes(maker, record->transaction_id, sizeof record->transaction_id);
	fill_bytes(maker, record->fingerprint, sizeof record->fingerprint);
	record->business_time_utc_ms = record->booked_at_utc_ms - pick(maker, 100000);
	record->transaction_row = 1 + pick(maker, 1000);
	record->member = 1 + pick(maker, maker->members);
	if (one_in(maker, 10))
		record->flags |= (uint16_t)(1u << pick(maker, 7));
	if (one_in(maker, 12))
		record->status = TG_NO_POINTS;
}

static void
add_amount(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(AMOUNT));
	record->amount = quantity(maker);
	record->points = quantity(maker);
	record->rule_version = pick(maker, 3);
}

static void
add_till(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(TILL));
	record->till_day = one_in(maker, 4) ? DAY_NONE : FIRST_DAY - (int32_t)pick(maker, 3);
	record->till = pick(maker, 5);
	record->receipt_bytes = (uint8_t)fill_text(maker, record->receipt, sizeof record->receipt);
	if (one_in(maker, 4))
		record->receipt_bytes = 0;
	fill_bytes(maker, record->receipt_key, sizeof record->receipt_key);
}

static void
add_details(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(DETAILS));
	record->covered = quantity(maker);
	record->base_points = quantity(maker);
	record->bonus_points = quantity(maker);
	record->bonus_sponsor = pick(maker, MAKER_PARTNERS);
	record->campaign = one_in(maker, 2) ? 0 : UINT32_MAX;
	record->tender = (uint8_t)pick(maker, 5);
	record->channel = one_in(maker, 9) ? 255 : (uint8_t)pick(maker, 5);
	record->reason = (uint8_t)pick(maker, 5);
}

static void
add_original(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(ORIGINAL));
	memset(record->original_id, 0, sizeof record->original_id);
	memset(record->original_burn_id, 0, sizeof record->original_burn_id);
	record->original_time_utc_ms = 0;
	if (!one_in(maker, 5)) {
		fill_bytes(maker, record->original_id, sizeof record->original_id);
		record->original_time_utc_ms = record->booked_at_utc_ms - pick(maker, 1000000);
	}
	if (one_in(maker, 3))
		fill_bytes(maker, record->original_burn_id, sizeof record->original_burn_id);
	record->original_row = pick(maker, 1000);
	record->original_burn_row = pick(maker, 1000);
}

static void
add_refunded(struct record_maker *maker, struct record *record)
{
	int64_t *const figures[] = {
		&record->returned_money, &record->returned_covered, &record->taken_points,
		&record->absorbed_points, &record->debt_points, &record->restored_points,
		&record->restored_regular_points, &record->lost_points, &record->paid_debt_points,
	};

	add(record, RECORD_HAS_BIT(REFUNDED));
	for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
		*figures[i] = quantity(maker);
}

static void
add_hold(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(HOLD));
	record->hold_row = 1 + pick(maker, 1000);
	record->hold_deadline_utc_ms = record->booked_at_utc_ms + pick(maker, 1000000);
	record->captured_points = quantity(maker);
}

static void
add_after(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(AFTER));
	record->available_points = balance(maker);
	record->regular_points = balance(maker);
	record->next_expiry_day = one_in(maker, 3) ? INT32_MAX :
						     FIRST_DAY + (int32_t)pick(maker, 500);
	record->next_expiry_points = quantity(maker);
	if (one_in(maker, 3)) {
		add(record, RECORD_HAS_BIT(AFTER_OTHER));
		record->pending_points = balance(maker);
		record->held_points = balance(maker);
		record->debt_after_points = balance(maker);
	}
	if (one_in(maker, 2)) {
		add(record, RECORD_HAS_BIT(REGULAR_DAY));
		record->regular_last_day = one_in(maker, 20) ? INT32_MAX : FIRST_DAY + 365;
	}
}

/* Postings that sum to zero: pairs of any two accounts. */
static void
add_postings(struct record_maker *maker, struct record *record, uint32_t pairs)
{
	add(record, RECORD_HAS_BIT(POSTINGS));
	for (uint32_t i = 0; i < pairs; i++) {
		int64_t points = balance(maker);

		for (int side = 0; side < 2; side++) {
			struct posting *posting = &record->postings[record->posting_count++];

			posting->account = (uint8_t)(1 + pick(maker, 9));
			posting->unit = UNIT_POINTS;
			posting->partner = posting->account >= ACCOUNT_DEBT &&
					   posting->account <= ACCOUNT_REDEEMED ?
						   1 + pick(maker, MAKER_PARTNERS) : 0;
			posting->points = side == 0 ? points : -points;
		}
	}
}

static void
add_moves(struct record_maker *maker, struct record *record, uint32_t count)
{
	add(record, RECORD_HAS_BIT(MOVES));
	for (uint32_t i = 0; i < count; i++) {
		struct move *move = &record->moves[record->move_count++];

		move->kind = (uint8_t)(1 + pick(maker, 7));
		move->flags = move->kind == MOVE_REGULAR ? 0 : (uint8_t)pick(maker, 8);
		if (move->kind >= MOVE_COVER)
			move->flags &= MOVE_GONE;
		move->row = move->kind == MOVE_REGULAR ? 0 : 1 + pick(maker, 1000);
		move->points = balance(maker) - balance(maker);
		move->serial = move->kind == MOVE_COVER ? sold_block(maker) :
							  record->sequence << 8 | i;
		move->last_day = one_in(maker, 9) ? INT32_MAX : FIRST_DAY + 30;
		move->matures_day = one_in(maker, 9) ? INT32_MAX : FIRST_DAY + 14;
		move->life_days = one_in(maker, 2) ? 0 : 90;
		move->usable_at = one_in(maker, 2) ? USABLE_ANYWHERE :
				  one_in(maker, 2) ? 1 + pick(maker, MAKER_PARTNERS) :
						     USABLE_AT_STORE | pick(maker, 600);
		move->partner = move->kind == MOVE_COVER ?
					1 + (uint32_t)(move->serial % MAKER_PARTNERS) :
					pick(maker, MAKER_PARTNERS);
		move->lot_flags = (uint16_t)pick(maker, 2);
		move->campaign = one_in(maker, 2) ? 0 : 1 + pick(maker, 40);
	}
}

static void
add_lines(struct record_maker *maker, struct record *record, uint8_t count)
{
	size_t length = 0;

	add(record, RECORD_HAS_BIT(LINES));
	record->line_count = count;
	for (uint8_t i = 0; i < count; i++) {
		uint8_t item[LINE_ITEM_BYTES_MAX];
		struct purchase_line line = {
			.item = item,
			.item_bytes = (uint8_t)fill_text(maker, item, sizeof item),
			.category = pick(maker, 50),
			.quantity = one_in(maker, 20) ? UINT32_MAX : 1000,
			.amount = quantity(maker) - (one_in(maker, 5) ? TG_AMOUNT_MAX : 0),
		};

		length += record_line_append(maker->lines + length, sizeof maker->lines - length,
					     &line);
	}
	record->lines = maker->lines;
	record->lines_bytes = (uint16_t)length;
}

static void
add_identifiers(struct record_maker *maker, struct record *record, uint8_t count)
{
	add(record, RECORD_HAS_BIT(IDENTIFIERS));
	record->identifier_count = count;
	for (uint8_t i = 0; i < count; i++) {
		struct identifier_image *image = &record->identifiers[i];

		image->row = (uint32_t)record->member * 2 + i;
		image->type = (uint8_t)(1 + pick(maker, 3));
		image->key = (uint8_t)(1 + pick(maker, 2));
		fill_bytes(maker, image->hash, sizeof image->hash);
	}
}

/* A transaction: which sections come besides those of every request. */
static void
make_transaction(struct record_maker *maker, struct record *record)
{
	add_request(maker, record);
	add_amount(maker, record);
	add_till(maker, record);
	add_details(maker, record);
	if (record->kind >= RECORD_CAPTURE && record->kind <= RECORD_CONFIRM)
		add_original(maker, record);
	if (record->kind >= RECORD_HOLD && record->kind <= RECORD_RELEASE)
		add_hold(maker, record);
	if (record->kind == RECORD_REFUND || record->kind == RECORD_REVERSE)
		add_refunded(maker, record);
	if (record->kind == RECORD_EXCHANGE ||
	    (record->kind == RECORD_REVERSE && one_in(maker, 4)))
		record_maker_exchange(maker, record);
	record_maker_value(maker, record);
	if (record->kind == RECORD_REVERSE && one_in(maker, 4))
		record->status = TG_ORIGINAL_UNKNOWN;
	add_after(maker, record);
	if ((record->kind == RECORD_EARN || record->kind == RECORD_REFUND) && one_in(maker, 2))
		record_maker_components(maker, record);
	if (record->status != TG_OK)
		return;
	add_postings(maker, record, one_in(maker, 50) ? RECORD_POSTINGS_MAX / 2 :
							1 + pick(maker, 3));
	if (!one_in(maker, 4))
		add_moves(maker, record, one_in(maker, 50) ? RECORD_MOVES_MAX : pick(maker, 5));
	if (one_in(maker, 3))
		add_lines(maker, record, one_in(maker, 20) ? TG_LINES_MAX :
							     (uint8_t)(1 + pick(maker, 6)));
}

static void
make_programme(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(PROGRAMME));
	record->programme = (struct programme_config){
		.version = (uint32_t)record->sequence,
		.flags = pick(maker, 8), /* not traced: nothing made here can be matched */
		.window_ms = 3 * DAY_MS,
		.clock_ahead_ms = 600000,
		.burn_clock_ms = 300000,
		.point_value_num = 1,
		.point_value_den = 1 + quantity(maker),
		.expiry_months = 12,
		.expiry_shape = (uint8_t)pick(maker, 3),
		.vintage_months = (uint8_t)pick(maker, 13),
		.sweep_month = (uint8_t)pick(maker, 13),
		.sweep_day = (uint8_t)pick(maker, 32),
		.hold_seconds_default = 300,
		.hold_seconds_max = 3024000,
		.declines_per_terminal_day = 200,
		.debt_days = (int32_t)pick(maker, 2) * 90,
		.debt_cycles = (int32_t)pick(maker, 8),
		.member_day_earn_points = limit(maker),
		.member_day_burn_points = limit(maker), .value_bearer_max = quantity(maker),
		.value_day_max = limit(maker),
	};
}

static void
make_partner(struct record_maker *maker, struct record *record)
{
	struct partner_config *image = &record->partner_image;

	add(record, RECORD_HAS_BIT(PARTNER));
	record->config_row = 1;
	*image = (struct partner_config){
		.number = 1 + pick(maker, MAKER_PARTNERS),
		.group = pick(maker, 3),
		.flags = pick(maker, 1024),
		.pending_days = one_in(maker, 3) ? PENDING_UNTIL_CONFIRMED : 14,
		.return_days = one_in(maker, 3) ? INT32_MAX : 30,
		.restored_days = 30,
		.burn_minimum_points = quantity(maker),
		.burn_step_points = quantity(maker),
		.earn_transaction_points = limit(maker),
		.burn_transaction_points = limit(maker),
		.terminal_day_earn_points = limit(maker),
		.terminal_day_burn_points = limit(maker),
		.bonus_member_day_points = limit(maker),
		.joined_day = one_in(maker, 2) ? 0 : FIRST_DAY,
		.last_earn_day = one_in(maker, 2) ? 0 : FIRST_DAY + 30,
		.last_burn_day = one_in(maker, 2) ? 0 : FIRST_DAY + 60,
	};
	fill_text(maker, image->name, NAME_BYTES);
}

static void
make_rule(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(RULE));
	record->config_row = 1;
	record->rule = (struct rule_config){
		.partner = 1 + pick(maker, MAKER_PARTNERS),
		.version = (uint32_t)record->sequence,
		.base_num = 1,
		.base_den = 200,
		.bonus_num = quantity(maker),
		.bonus_den = 1 + quantity(maker),
		.bonus_threshold_amount = quantity(maker),
		.bonus_fixed_points = quantity(maker),
		.bonus_sponsor = pick(maker, MAKER_PARTNERS),
		.bonus_days = (int32_t)pick(maker, 2) * 90,
		.bonus_usable_at = one_in(maker, 2) ? USABLE_ANYWHERE :
				   one_in(maker, 2) ? 3 : USABLE_AT_STORE | 300,
	};
}

static void
make_store_or_terminal(struct record_maker *maker, struct record *record)
{
	record->config_row = 1;
	if (record->kind == RECORD_STORE) {
		add(record, RECORD_HAS_BIT(STORE));
		record->store_image = (struct store_config){
			.number = 100 + pick(maker, 20), .partner = 1, .flags = pick(maker, 2),
		};
		fill_text(maker, record->store_image.name, NAME_BYTES);
		return;
	}
	add(record, RECORD_HAS_BIT(TERMINAL));
	record->terminal_image = (struct terminal_config){
		.number = 1000 + pick(maker, 40),
		.partner = 1,
		.store = pick(maker, 2) * 100,
		.flags = pick(maker, 4),
		.key_generation = (uint16_t)(1 + pick(maker, 9)),
		.key_generation_old = (uint16_t)pick(maker, 2),
		.rights = pick(maker, 2 * TG_RIGHT_VALUE),
	};
	if (record->terminal_image.number % 2 == 0)
		record->terminal_image.old_key_until_utc_ms = INT64_C(1772445600000);
	fill_text(maker, record->terminal_image.name, NAME_BYTES);
	if (one_in(maker, 3)) {
		add(record, RECORD_HAS_BIT(ACTIVATION));
		record->activation_row = 1;
		record->activation = (struct activation){
			.terminal = record->terminal_image.number,
			.key_generation = record->terminal_image.key_generation,
			.is_used = (uint16_t)pick(maker, 2),
			.expires_utc_ms = record->booked_at_utc_ms + pick(maker, 10000),
		};
	}
}

/* What an operator does to a member, with a reason or without. */
static void
make_block(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(MEMBER) | RECORD_HAS_BIT(BLOCK));
	record->member = 1 + pick(maker, maker->members);
	if (record->kind == RECORD_REPLACE)
		add_identifiers(maker, record, 1);
	record->block_target = one_in(maker, 3) ? BLOCK_IDENTIFIER : BLOCK_MEMBER;
	record->is_blocked = (uint8_t)pick(maker, 2);
	record->blocked_row =
		record->block_target == BLOCK_IDENTIFIER ? (uint32_t)record->member * 2 : 0;
	add_operator(maker, record);
	if (one_in(maker, 2)) {
		add(record, RECORD_HAS_BIT(TEXT));
		record->text_bytes = 4;
		memcpy(record->text, "lost", 4);
	}
	add_after(maker, record);
}

static void
make_member_change(struct record_maker *maker, struct record *record)
{
	add_request(maker, record);
	add_identifiers(maker, record, (uint8_t)(1 + pick(maker, 2)));
	if (one_in(maker, 3))
		add_details(maker, record);
	if (record->kind == RECORD_ENROLL && one_in(maker, 2))
		return;
	add_after(maker, record);
}

/* What falls due: no request, no principal. */
static void
make_due(struct record_maker *maker, struct record *record)
{
	add(record, RECORD_HAS_BIT(MEMBER));
	record->member = 1 + pick(maker, maker->members);
	if (record->kind == RECORD_HOLD_EXPIRE)
		add_hold(maker, record);
	add_postings(maker, record, 1);
	add_moves(maker, record, 1 + pick(maker, 3));
	add_after(maker, record);
}

static void
make_reopen(struct record_maker *maker, struct record *record)
{
	add_request(maker, record);
	add_amount(maker, record);
	add_details(maker, record);
	add_refunded(maker, record);
	add(record, RECORD_HAS_BIT(REOPENED));
	record->reopened_sequence = 1 + pick(maker, 1000);
	record->reopened_kind = RECORD_EARN;
	if (one_in(maker, 2))
		record_maker_components(maker, record);
	record->reopened_booked_at_utc_ms = 1;
}

static void
make_cycle(struct record_maker *maker, struct record *record)
{
	const int32_t date = maker->business_date == DAY_NONE ? FIRST_DAY : maker->business_date;

	add(record, RECORD_HAS_BIT(CYCLE));
	record->cycle_row = 1;
	record->cycle_image = (struct cycle_config){
		.partner = 1 + pick(maker, MAKER_PARTNERS),
		.period = CYCLE_WEEKLY,
		.ends_on = 1 + pick(maker, 7),
		.calendar = pick(maker, 2),
		.flags = pick(maker, 4),
		.minimum_amount = quantity(maker),
	};
	record->cycle_open = (struct cycle){
		.partner = record->cycle_image.partner,
		.number = (uint32_t)record->sequence + 1,
		.first_day = one_in(maker, 3) ? DAY_NONE : date,
		.last_day = date + (int32_t)pick(maker, 7),
	};
}

static void
make_settlement(struct record_maker *maker, struct record *record)
{
	const int32_t date = maker->business_date == DAY_NONE ? FIRST_DAY : maker->business_date;
	const uint32_t partner = 1 + pick(maker, MAKER_PARTNERS);

	if (record->kind == RECORD_CYCLE) {
		make_cycle(maker, record);
	} else if (record->kind == RECORD_HOLIDAY) {
		add(record, RECORD_HAS_BIT(HOLIDAY));
		record->holiday_row = 1;
		record->holiday = (struct holiday){ .calendar = 1 + pick(maker, 2),
						    .day = date + (int32_t)pick(maker, 9),
						    .is_rest = pick(maker, 2) };
	} else if (record->kind == RECORD_CYCLE_CLOSED) {
		make_cycle(maker, record);
		add(record, RECORD_HAS_BIT(CLOSED));
		record->statement_row = 1;
		record->closed = (struct cycle){ .partner = record->cycle_image.partner,
						 .number = (uint32_t)record->sequence,
						 .first_day = one_in(maker, 4) ? DAY_NONE :
										 date - 2,
						 .last_day = date - 1 };
		record->terms = (struct settlement_terms){ .issued_num = 1,
							   .issued_den = 1 + pick(maker, 3),
							   .redeemed_num = 1,
							   .redeemed_den = 1 + pick(maker, 3),
							   .minimum_amount = quantity(maker) };
	} else if (record->kind == RECORD_STATEMENT) {
		add(record, RECORD_HAS_BIT(STATEMENT));
		record->statement_partner = partner;
		record->statement_cycle = 1 + pick(maker, 9);
		record->statement_state = (uint8_t)(2 + pick(maker, 3));
	} else {
		add(record, RECORD_HAS_BIT(ITEM));
		record->item = (struct settlement_item){ .partner = partner,
							 .other = pick(maker, 2),
							 .amount = 1 - quantity(maker),
							 .about = pick(maker, 2) };
	}
	add_operator(maker, record);
}

static void
make_programmes_own(struct record_maker *maker, struct record *record)
{
	if (record->kind == RECORD_CUTOVER) {
		add(record, RECORD_HAS_BIT(DATE));
		record->next_business_date =
			maker->business_date == DAY_NONE ? FIRST_DAY : maker->business_date + 1;
		maker->business_date = record->next_business_date;
	} else if (record->kind == RECORD_CLOCK) {
		add(record, RECORD_HAS_BIT(CLOCK));
		record->clock_utc_ms = record->booked_at_utc_ms + pick(maker, 10000);
		add_operator(maker, record);
	} else if (record->kind == RECORD_NOTE) {
		add_operator(maker, record);
	} else {
		add(record, RECORD_HAS_BIT(SWEEP));
		record->sweep_day = FIRST_DAY - 1;
		record->sweep_phase = 1;
		record->sweep_row = pick(maker, 1000);
		record->sweep_before_utc_ms = 1;
		record->forget_count = pick(maker, 256);
	}
}

void
record_maker_make(struct record_maker *maker, enum record_kind kind, struct record *ret_record)
{
	begin(maker, kind, ret_record);
	if (kind <= RECORD_TERMINAL)
		add_operator(maker, ret_record);
	if (kind == RECORD_PROGRAMME)
		make_programme(maker, ret_record);
	else if (kind == RECORD_PARTNER)
		make_partner(maker, ret_record);
	else if (kind == RECORD_RULE)
		make_rule(maker, ret_record);
	else if (kind == RECORD_STORE || kind == RECORD_TERMINAL)
		make_store_or_terminal(maker, ret_record);
	else if ((kind >= RECORD_ENROLL && kind <= RECORD_UNLINK) || kind == RECORD_RELINK)
		make_member_change(maker, ret_record);
	else if ((kind >= RECORD_EARN && kind <= RECORD_EXCHANGE) ||
		 (kind >= RECORD_TOP_UP && kind <= RECORD_SET_VALUE))
		make_transaction(maker, ret_record);
	else if ((kind >= RECORD_EXPIRE && kind <= RECORD_HOLD_EXPIRE) || kind == RECORD_WRITE_OFF)
		make_due(maker, ret_record);
	else if (kind == RECORD_REOPEN)
		make_reopen(maker, ret_record);
	else if (kind == RECORD_BLOCK || kind == RECORD_REPLACE)
		make_block(maker, ret_record);
	else if (kind >= RECORD_MERGE && kind <= RECORD_TRANSFER)
		record_maker_make_merge(maker, ret_record);
	else if (kind >= RECORD_DAY_PROOF && kind <= RECORD_DISPUTE_END)
		record_maker_make_matter(maker, ret_record);
	else if (kind >= RECORD_CYCLE && kind <= RECORD_ITEM)
		make_settlement(maker, ret_record);
	else if (kind >= RECORD_EARN_RULE && kind <= RECORD_BIRTHDAY)
		record_maker_rulebook(maker, ret_record);
	else if (kind == RECORD_FUNDING)
		record_maker_funding(maker, ret_record);
	else if (kind == RECORD_FUND || kind == RECORD_UNFUND)
		record_maker_funds(maker, ret_record);
	else
		make_programmes_own(maker, ret_record);
}

void
record_maker_next(struct record_maker *maker, struct record *ret_record)
{
	enum record_kind kind = RECORD_EARN;

	if (maker->records_per_day != 0 && one_in(maker, maker->records_per_day)) {
		kind = RECORD_CUTOVER;
	} else if (one_in(maker, 2)) {
		do {
			kind = (enum record_kind)record_maker_kinds[pick(
				maker, sizeof record_maker_kinds - 1)];
		} while (kind == RECORD_CUTOVER);
	} else if (one_in(maker, 3)) {
		kind = RECORD_BURN;
	}
	record_maker_make(maker, kind, ret_record);
}

void
record_maker_earn(struct record_maker *maker, struct record *ret_record)
{
	struct record *record = ret_record;

	begin(maker, RECORD_EARN, record);
	add_request(maker, record);
	record->status = TG_OK;
	record->flags = 0;
	add(record, RECORD_HAS_BIT(AMOUNT) | RECORD_HAS_BIT(REGULAR_DAY) | RECORD_HAS_BIT(AFTER) |
			    RECORD_HAS_BIT(POSTINGS) | RECORD_HAS_BIT(MOVES));
	record->amount = (int64_t)record_maker_random(maker, 20000);
	record->points = record->amount / 200;
	record->rule_version = 1;
	record->regular_last_day = FIRST_DAY + 364;
	record->available_points = record->regular_points = record->points * 7;
	record->next_expiry_day = FIRST_DAY + 364;
	record->next_expiry_points = record->points * 7;
	record->posting_count = 2;
	record->postings[0] = (struct posting){ ACCOUNT_ISSUED, UNIT_POINTS, record->partner,
						-record->points };
	record->postings[1] = (struct posting){ ACCOUNT_AVAILABLE, UNIT_POINTS, 0, record->points };
	record->move_count = 1;
	record->moves[0] = (struct move){ .kind = MOVE_REGULAR, .points = record->points };
	TG_ASSERT(record->partner != 0);
}
