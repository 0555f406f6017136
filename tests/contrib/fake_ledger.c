/*
 * fake_ledger.c - points in memory, for a gateway that exists only in tests.
 */
#include "tests/contrib/fake_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "contrib/common/day.h"
#include "contrib/load/map.h"
#include "contrib/load/prng.h"
#include "protocol/assert.h"

#define ACCOUNTS_MAX 20000
#define ENTRIES_MAX 400000
#define PARTNERS_MAX 16
#define KINDS_MAX 32
#define HOLD_MS 300000
#define REFERENCE_SHIFT 8

struct fake_account {
	int64_t available, held, debt;
	int32_t last_day;
};

/* One transaction id. */
struct fake_entry {
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	uint32_t partner, account;
	uint8_t operation, state;
	bool is_tombstone;
	uint16_t status;
	int64_t booked_at_ms, amount, points, returned_amount, returned_points;
	int64_t taken, restored, paid;
	struct fake_account after; /* the account right after it */
};

struct fake_total {
	int64_t count, points, amount;
};

struct fake_ledger {
	enum fake_lie lie;
	uint32_t lie_every, lie_turn;
	struct fake_account accounts[ACCOUNTS_MAX];
	uint32_t account_count;
	struct fake_entry *entries; /* entry n has record number n + 1 */
	uint32_t entry_count;
	struct map by_text, by_id;
	struct fake_total totals[PARTNERS_MAX][KINDS_MAX][2];
	int64_t issued_points;
};

struct fake_ledger *
fake_ledger_new(enum fake_lie lie, uint32_t lie_every)
{
	struct fake_ledger *ledger = calloc(1, sizeof(*ledger));

	TG_ASSERT(ledger != NULL);
	ledger->lie = lie;
	ledger->lie_every = lie_every;
	ledger->entries = calloc(ENTRIES_MAX, sizeof(*ledger->entries));
	TG_ASSERT(ledger->entries != NULL);
	return ledger;
}

void
fake_ledger_free(struct fake_ledger *ledger)
{
	map_deinit(&ledger->by_text);
	map_deinit(&ledger->by_id);
	free(ledger->entries);
	free(ledger);
}

uint64_t
fake_ledger_done_count(const struct fake_ledger *ledger)
{
	return ledger->entry_count;
}

int64_t
fake_ledger_issued_points(const struct fake_ledger *ledger)
{
	return ledger->issued_points;
}

/* Is it time for this lie? */
static bool
lies(struct fake_ledger *ledger, enum fake_lie lie)
{
	return ledger->lie == lie && ++ledger->lie_turn % ledger->lie_every == 0;
}

static uint64_t
hash(const void *data, size_t bytes, uint64_t seed)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < bytes; i++)
		seed = prng_scatter(seed ^ at[i]);
	return seed;
}

static struct fake_entry *
find_entry(struct fake_ledger *ledger, uint32_t partner, const uint8_t *id)
{
	uint64_t found;

	if (!map_get(&ledger->by_id, hash(id, TG_TRANSACTION_ID_BYTES, partner), &found))
		return NULL;
	return &ledger->entries[found];
}

static uint64_t
text_key(const struct tg_message *request)
{
	const struct tg_value *text = &request->values[TG_FIELD_IDENTIFIER];

	return hash(text->data, text->bytes,
		    (uint64_t)tg_message_integer(request, TG_FIELD_IDENTIFIER_TYPE, 0));
}

/* The account that the request names; NULL when it is not known. */
static struct fake_account *
find_account(struct fake_ledger *ledger, const struct tg_message *request)
{
	uint64_t found;

	if (tg_message_has(request, TG_FIELD_MEMBER)) {
		int64_t index = (request->values[TG_FIELD_MEMBER].integer >> REFERENCE_SHIFT) - 1;

		return index >= 0 && index < ledger->account_count ? &ledger->accounts[index]
								   : NULL;
	}
	return map_get(&ledger->by_text, text_key(request), &found) ? &ledger->accounts[found]
								    : NULL;
}

static void
tell_balances(uint32_t index, const struct fake_account *account, struct tg_message *answer)
{
	tg_message_set_integer(answer, TG_FIELD_MEMBER, ((int64_t)index + 1) << REFERENCE_SHIFT);
	tg_message_set_integer(answer, TG_FIELD_AVAILABLE, account->available);
	tg_message_set_integer(answer, TG_FIELD_PENDING, 0);
	tg_message_set_integer(answer, TG_FIELD_HELD, account->held);
	tg_message_set_integer(answer, TG_FIELD_DEBT, account->debt);
	if (account->available > 0)
		tg_message_set_integer(answer, TG_FIELD_EXPIRES_DAY, account->last_day);
}

/* Tell the stored outcome of an entry. */
static void
tell_entry(const struct fake_ledger *ledger, const struct fake_entry *entry,
	   struct tg_message *answer)
{
	tg_message_set_integer(answer, TG_FIELD_SEQUENCE, entry - ledger->entries + 1);
	tg_message_set_integer(answer, TG_FIELD_BOOKED_AT, entry->booked_at_ms);
	tg_message_set_integer(answer, TG_FIELD_BUSINESS_DATE, day_of_utc_ms(entry->booked_at_ms));
	if (entry->status != TG_OK)
		return;
	if (entry->operation >= TG_OP_EARN && entry->operation <= TG_OP_CAPTURE)
		tg_message_set_integer(answer, TG_FIELD_POINTS, entry->points);
	if (entry->operation == TG_OP_EARN) {
		tg_message_set_integer(answer, TG_FIELD_BASE_POINTS, entry->points);
		tg_message_set_integer(answer, TG_FIELD_PAID_DEBT, entry->paid);
	}
	if (entry->operation == TG_OP_HOLD)
		tg_message_set_integer(answer, TG_FIELD_DEADLINE, entry->booked_at_ms + HOLD_MS);
	if (entry->operation == TG_OP_REFUND || entry->operation == TG_OP_REVERSE) {
		tg_message_set_integer(answer, TG_FIELD_TAKEN_POINTS, entry->taken);
		tg_message_set_integer(answer, TG_FIELD_RESTORED_POINTS, entry->restored);
	}
}

static int64_t
credit(struct fake_account *account, int64_t points)
{
	int64_t paid = points < account->debt ? points : account->debt;

	account->debt -= paid;
	account->available += points - paid;
	return paid;
}

static void
debit(struct fake_account *account, int64_t points)
{
	int64_t there = points < account->available ? points : account->available;

	account->available -= there;
	account->debt += points - there;
}

static void
extend(struct fake_account *account, int64_t now_ms)
{
	int32_t day = day_add_months(day_of_utc_ms(now_ms), 12) - 1;

	if (day > account->last_day)
		account->last_day = day;
}

static enum tg_status
do_earn(struct fake_ledger *ledger, struct fake_account *account, struct fake_entry *entry)
{
	entry->points = entry->amount / 100;
	if (entry->points > 0 && lies(ledger, FAKE_SKIMS))
		entry->points--;
	ledger->issued_points += entry->points;
	if (entry->points > 0 && lies(ledger, FAKE_FORGETS))
		return TG_OK;
	entry->paid = credit(account, entry->points);
	if (entry->points > 0)
		extend(account, entry->booked_at_ms);
	return TG_OK;
}

static enum tg_status
do_taking(struct fake_ledger *ledger, struct fake_account *account, struct fake_entry *entry)
{
	bool is_enough = account->available >= entry->points;

	if (is_enough && lies(ledger, FAKE_REFUSES))
		return TG_NO_POINTS;
	if (!is_enough && !lies(ledger, FAKE_OVERDRAWS))
		return TG_NO_POINTS;
	account->available -= entry->points;
	if (entry->operation == TG_OP_HOLD) {
		account->held += entry->points;
		entry->state = TG_STATE_OPEN;
	} else {
		extend(account, entry->booked_at_ms);
	}
	return TG_OK;
}

static enum tg_status
do_resolution(struct fake_account *account, struct fake_entry *entry, struct fake_entry *hold)
{
	if (hold == NULL)
		return TG_UNKNOWN_ORIGINAL;
	if (hold->state == TG_STATE_CAPTURED)
		return TG_HOLD_CAPTURED;
	if (hold->state == TG_STATE_RELEASED)
		return TG_HOLD_RELEASED;
	if (entry->operation == TG_OP_CAPTURE && entry->points > hold->points)
		return TG_HOLD_EXCEEDED;
	account->held -= hold->points;
	account->available += hold->points;
	hold->state = TG_STATE_RELEASED;
	if (entry->operation == TG_OP_CAPTURE) {
		account->available -= entry->points;
		hold->state = TG_STATE_CAPTURED;
		extend(account, entry->booked_at_ms);
	}
	return TG_OK;
}

static enum tg_status
do_refund(struct fake_account *account, struct fake_entry *entry, struct fake_entry *earn)
{
	int64_t left;

	if (earn == NULL || earn->operation != TG_OP_EARN || earn->status != TG_OK)
		return TG_UNKNOWN_ORIGINAL;
	if (earn->state == TG_STATE_REVERSED)
		return TG_ALREADY_REVERSED;
	left = earn->amount - earn->returned_amount - entry->amount;
	if (left < 0)
		return TG_OVER_REFUND;
	entry->taken = earn->points - left / 100 - earn->returned_points;
	if (entry->taken < 0)
		entry->taken = 0;
	earn->returned_amount += entry->amount;
	earn->returned_points += entry->taken;
	debit(account, entry->taken);
	return TG_OK;
}

static enum tg_status
do_reverse(struct fake_account *account, struct fake_entry *entry, struct fake_entry *original)
{
	if (original == NULL || original->is_tombstone)
		return TG_ORIGINAL_UNKNOWN;
	if (original->state == TG_STATE_REVERSED)
		return TG_ALREADY_REVERSED;
	if (original->returned_amount > 0)
		return TG_NOT_REVERSIBLE;
	if (original->status != TG_OK)
		return TG_OK;
	original->state = TG_STATE_REVERSED;
	if (original->operation == TG_OP_EARN) {
		entry->taken = original->points;
		debit(account, entry->taken);
	} else {
		entry->restored = original->points;
		credit(account, entry->restored);
	}
	return TG_OK;
}

/* Add an entry for a request, undecided. */
static struct fake_entry *
add_entry(struct fake_ledger *ledger, uint32_t partner, const struct tg_message *request,
	  const uint8_t *id, int64_t now_ms)
{
	struct fake_entry *entry = &ledger->entries[ledger->entry_count];

	TG_ASSERT(ledger->entry_count < ENTRIES_MAX);
	memcpy(entry->id, id, TG_TRANSACTION_ID_BYTES);
	entry->partner = partner;
	entry->operation = (uint8_t)request->code;
	entry->booked_at_ms = now_ms;
	entry->amount = tg_message_integer(request, TG_FIELD_AMOUNT, 0);
	entry->points = tg_message_integer(request, TG_FIELD_POINTS, 0);
	map_put(&ledger->by_id, hash(id, TG_TRANSACTION_ID_BYTES, partner), ledger->entry_count++);
	return entry;
}

/* Decide and do a transaction that was not seen before. */
static void
do_transaction(struct fake_ledger *ledger, const struct tg_message *request,
	       struct fake_account *account, struct fake_entry *entry)
{
	struct fake_entry *original = NULL;

	if (tg_message_has(request, TG_FIELD_ORIGINAL))
		original =
			find_entry(ledger, entry->partner, request->values[TG_FIELD_ORIGINAL].data);
	switch (request->code) {
	case TG_OP_EARN:
		entry->status = (uint16_t)do_earn(ledger, account, entry);
		break;
	case TG_OP_BURN:
	case TG_OP_HOLD:
		entry->status = (uint16_t)do_taking(ledger, account, entry);
		break;
	case TG_OP_CAPTURE:
	case TG_OP_RELEASE:
		entry->status = (uint16_t)do_resolution(account, entry, original);
		break;
	case TG_OP_REFUND:
		entry->status = (uint16_t)do_refund(account, entry, original);
		break;
	case TG_OP_REVERSE:
		entry->status = (uint16_t)do_reverse(account, entry, original);
		if (original == NULL) {
			original = add_entry(ledger, entry->partner, request,
					     request->values[TG_FIELD_ORIGINAL].data,
					     entry->booked_at_ms);
			original->status = TG_REVERSED_BEFORE;
			original->is_tombstone = true;
		}
		break;
	default:
		entry->status = TG_OK;
		break;
	}
}

static void
count(struct fake_ledger *ledger, const struct fake_entry *entry)
{
	struct fake_total *total =
		&ledger->totals[entry->partner % PARTNERS_MAX][entry->operation % KINDS_MAX]
			       [entry->status > TG_ORIGINAL_UNKNOWN];

	total->count++;
	total->points += entry->points;
	total->amount += entry->amount;
}

/* Give the first outcome again. */
static void
answer_again(struct fake_ledger *ledger, struct fake_entry *entry, struct fake_account *account,
	     struct tg_message *answer)
{
	answer->code = entry->status;
	if (entry->operation == TG_OP_EARN && entry->status == TG_OK &&
	    lies(ledger, FAKE_DOUBLES)) {
		credit(account, entry->points);
		extend(account, entry->booked_at_ms);
	}
	tell_entry(ledger, entry, answer);
	if (!entry->is_tombstone)
		tell_balances(entry->account, &entry->after, answer);
	tg_message_set_integer(answer, TG_FIELD_REPLAY, 1);
	if (lies(ledger, FAKE_RENUMBERS))
		tg_message_set_integer(answer, TG_FIELD_SEQUENCE,
				       (int64_t)ledger->entry_count + 1000000);
	if (lies(ledger, FAKE_REBALANCES))
		tg_message_set_integer(answer, TG_FIELD_AVAILABLE, entry->after.available + 1);
}

static void
answer_transaction(struct fake_ledger *ledger, uint32_t partner, const struct tg_message *request,
		   int64_t now_ms, struct tg_message *answer)
{
	const uint8_t *id = request->values[TG_FIELD_TRANSACTION_ID].data;
	struct fake_entry *entry = find_entry(ledger, partner, id);
	struct fake_account *account = find_account(ledger, request);

	if (request->code == TG_OP_ENROLL && account != NULL && entry == NULL) {
		answer->code = TG_IDENTIFIER_TAKEN;
		return;
	}
	if (request->code == TG_OP_ENROLL && account == NULL) {
		TG_ASSERT(ledger->account_count < ACCOUNTS_MAX);
		map_put(&ledger->by_text, text_key(request), ledger->account_count);
		account = &ledger->accounts[ledger->account_count++];
	}
	if (account == NULL) {
		answer->code = TG_UNKNOWN_MEMBER;
		return;
	}
	if (entry != NULL) {
		answer_again(ledger, entry, account, answer);
		return;
	}
	entry = add_entry(ledger, partner, request, id, now_ms);
	entry->account = (uint32_t)(account - ledger->accounts);
	do_transaction(ledger, request, account, entry);
	entry->after = *account;
	count(ledger, entry);
	answer->code = entry->status;
	tell_entry(ledger, entry, answer);
	tell_balances(entry->account, account, answer);
}

static void
answer_status(struct fake_ledger *ledger, uint32_t partner, const struct tg_message *request,
	      struct tg_message *answer)
{
	struct fake_entry *entry =
		find_entry(ledger, partner, request->values[TG_FIELD_ORIGINAL].data);

	if (entry == NULL || lies(ledger, FAKE_DENIES)) {
		answer->code = TG_UNKNOWN_TRANSACTION;
		return;
	}
	tell_entry(ledger, entry, answer);
	if (!entry->is_tombstone)
		tell_balances(entry->account, &entry->after, answer);
	tg_message_set_integer(answer, TG_FIELD_OUTCOME, entry->status);
	tg_message_set_integer(answer, TG_FIELD_KIND, entry->operation);
	tg_message_set_integer(answer, TG_FIELD_STATE, entry->state);
}

/* All days are one: the whole sums stand on the last. */
static void
answer_totals(struct fake_ledger *ledger, uint32_t partner, const struct tg_message *request,
	      int64_t now_ms, struct fake_room *room, struct tg_message *answer)
{
	struct tg_total rows[TG_TOTALS_MAX];
	struct tg_writer writer;
	uint32_t row_count = 0;
	bool is_written;

	if (tg_message_integer(request, TG_FIELD_DAY, 0) != day_of_utc_ms(now_ms))
		return;
	for (uint32_t kind = 0; kind < KINDS_MAX; kind++) {
		for (uint32_t declined = 0; declined < 2; declined++) {
			const struct fake_total *total =
				&ledger->totals[partner % PARTNERS_MAX][kind][declined];

			if (total->count == 0 || row_count == TG_TOTALS_MAX)
				continue;
			rows[row_count].kind = kind;
			rows[row_count].is_declined = declined != 0;
			rows[row_count].count = total->count;
			rows[row_count].points = total->points;
			rows[row_count++].amount = total->amount;
		}
	}
	tg_writer_init(&writer, room->totals, sizeof(room->totals));
	is_written = tg_totals_write(&writer, rows, row_count, answer);
	TG_ASSERT(is_written);
}

void
fake_ledger_answer(struct fake_ledger *ledger, uint32_t partner, const struct tg_message *request,
		   int64_t now_ms, struct fake_room *room, struct tg_message *answer)
{
	const struct fake_account *account = NULL;

	answer->code = TG_OK;
	switch (request->code) {
	case TG_OP_PING:
		tg_message_set_integer(answer, TG_FIELD_SERVER_TIME, now_ms);
		break;
	case TG_OP_INQUIRY:
	case TG_OP_QUOTE:
		account = find_account(ledger, request);
		if (account == NULL)
			answer->code = TG_UNKNOWN_MEMBER;
		else
			tell_balances((uint32_t)(account - ledger->accounts), account, answer);
		break;
	case TG_OP_STATUS:
		answer_status(ledger, partner, request, answer);
		break;
	case TG_OP_TOTALS:
		answer_totals(ledger, partner, request, now_ms, room, answer);
		break;
	default:
		answer_transaction(ledger, partner, request, now_ms, answer);
		break;
	}
}
