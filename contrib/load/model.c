/*
 * model.c - what an account must hold after its transactions.
 */
#include "contrib/load/model.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "contrib/common/day.h"
#include "protocol/assert.h"

#define HOLD_STEP 16

/* One transaction being played. */
struct play {
	const struct model *model;
	struct model_account *account;
	struct transaction *transaction;
	struct transaction *original; /* NULL: none named, or not in the log */
};

void
model_account_deinit(struct model_account *account)
{
	free(account->open_holds);
	account->open_holds = NULL;
}

/* Read digits up to a million million. */
static bool
parse_number(const char **at, int64_t *ret_number)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	*ret_number = strtoll(*at, &end, 10);
	*at = end;
	return *ret_number <= TG_AMOUNT_MAX;
}

bool
model_parse_rates(const char *text, struct model_rules *rules, struct failure *failure)
{
	const char *at = text;

	rules->rate_count = 0;
	if (strcmp(text, "none") == 0)
		return true;
	for (;;) {
		struct earn_rate *rate = &rules->rates[rules->rate_count];
		int64_t partner = 0;
		bool is_ok = rules->rate_count < MODEL_RATES_MAX && parse_number(&at, &rate->num);

		if (is_ok && *at == '=') {
			partner = rate->num;
			at++;
			is_ok = parse_number(&at, &rate->num) && partner <= UINT32_MAX;
		}
		is_ok = is_ok && *at++ == '/' && parse_number(&at, &rate->den) && rate->den > 0;
		if (!is_ok || (*at != ',' && *at != '\0'))
			return failure_set(failure,
					   "--earn-rates: \"%s\" is not as in 1/100 or "
					   "1=1/100,2=1/200",
					   text);
		rate->partner = (uint32_t)partner;
		rules->rate_count++;
		if (*at++ == '\0')
			return true;
	}
}

int32_t
model_day(int64_t utc_ms)
{
	time_t seconds = (time_t)(utc_ms / 1000);
	struct civil_day civil;
	struct tm local;

	localtime_r(&seconds, &local);
	civil.year = local.tm_year + 1900;
	civil.month = local.tm_mon + 1;
	civil.day = local.tm_mday;
	return day_from_civil(civil);
}

/* Tell of a difference in a transaction. */
static void differ(const struct play *play, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
differ(const struct play *play, const char *format, ...)
{
	char text[200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	play->model->differ(play->model->context, play->transaction->account, play->transaction,
			    text);
}

/* Points that a purchase earns; -1 when no rate is known. */
static int64_t
earned(const struct model_rules *rules, uint32_t partner, int64_t amount)
{
	const struct earn_rate *rate = NULL;

	for (uint32_t i = 0; i < rules->rate_count; i++)
		if (rules->rates[i].partner == partner ||
		    (rules->rates[i].partner == 0 && rate == NULL))
			rate = &rules->rates[i];
	if (rate == NULL)
		return -1;
	if (amount < 0)
		amount = 0;
	return (int64_t)((unsigned __int128)amount * (unsigned __int128)rate->num /
			 (unsigned __int128)rate->den);
}

/* Activity: the points last for so many months from here, and never shorter than before. */
static void
extend(const struct play *play)
{
	int32_t day = model_day(play->transaction->outcome.booked_at_ms);
	int32_t last = day_add_months(day, play->model->rules->expiry_months) - 1;

	if (last > play->account->last_day)
		play->account->last_day = last;
}

/* Points come back to what is available, unless their day has passed. */
static void
give_back(struct model_account *account, int64_t points, int64_t now_ms)
{
	if (model_day(now_ms) > account->last_day)
		account->expired += points;
	else
		account->available += points;
}

/* Forget an open hold; its points are no longer held. */
static void
close_hold(struct model_account *account, const struct logbook *logbook,
	   const struct transaction *hold)
{
	for (uint32_t i = 0; i < account->open_hold_count; i++) {
		if (&logbook->transactions[account->open_holds[i]] != hold)
			continue;
		account->open_holds[i] = account->open_holds[--account->open_hold_count];
		account->held -= hold->points;
		return;
	}
}

void
model_settle(const struct model *model, struct model_account *account, int64_t now_ms)
{
	for (uint32_t i = account->open_hold_count; i > 0; i--) {
		struct transaction *hold =
			&model->logbook->transactions[account->open_holds[i - 1]];

		if (hold->outcome.deadline_ms == -1 || hold->outcome.deadline_ms > now_ms)
			continue;
		hold->state = TG_STATE_EXPIRED;
		close_hold(account, model->logbook, hold);
		give_back(account, hold->points, hold->outcome.deadline_ms);
	}
	if (account->available > 0 && !account->is_blurred &&
	    model_day(now_ms) > account->last_day) {
		account->expired += account->available;
		account->available = 0;
	}
}

/* Points come to the account: debt is paid first. */
static int64_t
credit(struct model_account *account, int64_t points)
{
	int64_t paid = points < account->debt ? points : account->debt;

	account->debt -= paid;
	account->available += points - paid;
	return paid;
}

/* Points are taken from the account: what is not there becomes debt. */
static void
debit(struct model_account *account, int64_t points)
{
	int64_t there = points < account->available ? points : account->available;

	if (there < 0)
		there = 0;
	account->available -= there;
	account->debt += points - there;
}

static void
play_earn(struct play *play)
{
	struct transaction *transaction = play->transaction;
	const struct outcome *outcome = &transaction->outcome;
	int64_t covered = transaction->covered > 0 ? transaction->covered : 0;
	int64_t base =
		earned(play->model->rules, transaction->partner, transaction->amount - covered);
	int64_t bonus = outcome->bonus_points > 0 ? outcome->bonus_points : 0;
	int64_t points = outcome->points != -1 ? outcome->points : base;
	int64_t paid;

	if (outcome->status == TG_REVERSED_BEFORE) {
		if (transaction->state != TG_STATE_REVERSED)
			differ(play, "refused as reversed before, which it was not");
		return;
	}
	if (outcome->status != TG_OK)
		return;
	if (transaction->state == TG_STATE_REVERSED)
		differ(play, "done although it was reversed before it arrived");
	if (base != -1 && points - bonus != base)
		differ(play, "%" PRId64 " points for %" PRId64 ", not %" PRId64, points - bonus,
		       transaction->amount - covered, base);
	if (bonus > 0)
		play->account->is_blurred = true;
	paid = credit(play->account, points);
	if (outcome->paid_points != -1 && outcome->paid_points != paid &&
	    !play->account->is_blurred)
		differ(play, "paid %" PRId64 " of debt, not %" PRId64, outcome->paid_points, paid);
	if (points > 0)
		extend(play);
}

/*
 * Points are to leave, of those that were asked for so many: there must be enough, and it is
 * refused only if there is not.
 */
static bool
play_taking(struct play *play, int64_t taken)
{
	const struct transaction *transaction = play->transaction;
	struct model_account *account = play->account;

	if (transaction->outcome.status == TG_NO_POINTS && !account->is_blurred &&
	    transaction->points <= account->available)
		differ(play, "refused for %" PRId64 " points while %" PRId64 " were there",
		       transaction->points, account->available);
	if (transaction->outcome.status != TG_OK)
		return false;
	if (transaction->state == TG_STATE_REVERSED)
		differ(play, "done although it was reversed before it arrived");
	if (!account->is_blurred && taken > account->available)
		differ(play, "took %" PRId64 " points where %" PRId64 " were there", taken,
		       account->available);
	account->available -= taken;
	return true;
}

/* Own currency becomes points, or back: how many tells the answer, as rates are not known here. */
static void
play_exchange(struct play *play)
{
	const struct transaction *transaction = play->transaction;
	const struct outcome *outcome = &transaction->outcome;
	int64_t points = outcome->points != -1 ? outcome->points : 0;
	int64_t paid;

	if (transaction->direction == TG_DIRECTION_OUT) {
		if (outcome->status == TG_OK && points > transaction->points)
			differ(play, "took %" PRId64 " points of %" PRId64 " offered", points,
			       transaction->points);
		if (play_taking(play, points))
			extend(play);
		return;
	}
	if (outcome->status != TG_OK)
		return;
	if (transaction->state == TG_STATE_REVERSED)
		differ(play, "done although it was reversed before it arrived");
	paid = credit(play->account, points);
	if (outcome->paid_points != -1 && outcome->paid_points != paid &&
	    !play->account->is_blurred)
		differ(play, "paid %" PRId64 " of debt, not %" PRId64, outcome->paid_points, paid);
	extend(play);
}

static void
play_hold(struct play *play)
{
	struct model_account *account = play->account;

	if (!play_taking(play, play->transaction->points))
		return;
	account->held += play->transaction->points;
	play->transaction->state = TG_STATE_OPEN;
	if (account->open_hold_count == account->open_hold_capacity) {
		account->open_hold_capacity += HOLD_STEP + account->open_hold_capacity / 2;
		account->open_holds = reallocarray(account->open_holds, account->open_hold_capacity,
						   sizeof(*account->open_holds));
		TG_ASSERT(account->open_holds != NULL);
	}
	account->open_holds[account->open_hold_count++] =
		(uint32_t)(play->transaction - play->model->logbook->transactions);
}

/* Is this the status that a hold in this state gives to what would resolve it? */
static bool
is_hold_refusal(uint16_t status, uint8_t state)
{
	switch (status) {
	case TG_HOLD_CAPTURED:
		return state == TG_STATE_CAPTURED;
	case TG_HOLD_RELEASED:
		return state == TG_STATE_RELEASED;
	case TG_HOLD_EXPIRED:
		return state == TG_STATE_EXPIRED;
	case TG_HOLD_EXCEEDED:
		return state == TG_STATE_OPEN;
	default:
		return true;
	}
}

/* A capture or a release: the hold must be open, and ends. */
static void
play_resolution(struct play *play, int64_t captured, uint8_t state)
{
	struct transaction *hold = play->original;
	const struct outcome *outcome = &play->transaction->outcome;

	if (hold == NULL)
		return;
	if (outcome->status != TG_OK) {
		if (!is_hold_refusal(outcome->status, hold->state))
			differ(play, "refused with %s while the hold was in state %u",
			       tg_status_name((enum tg_status)outcome->status), hold->state);
		return;
	}
	if (hold->state != TG_STATE_OPEN) {
		differ(play, "done although the hold was in state %u", hold->state);
		return;
	}
	if (captured > hold->points)
		differ(play, "captured %" PRId64 " of %" PRId64, captured, hold->points);
	close_hold(play->account, play->model->logbook, hold);
	hold->state = state;
	give_back(play->account, hold->points - captured, outcome->booked_at_ms);
	if (captured > 0)
		extend(play);
}

/* Points of the original that are to be taken for what comes back; -1 when it cannot be told. */
static int64_t
refund_taken(const struct play *play)
{
	const struct transaction *original = play->original;
	int64_t kept = original->amount - original->returned_amount - play->transaction->amount;
	int64_t kept_points = earned(play->model->rules, original->partner, kept);
	int64_t taken = original->outcome.points - kept_points - original->returned_points;

	if (kept_points == -1 || original->outcome.points == -1 || original->covered > 0 ||
	    original->outcome.bonus_points > 0 || play->account->expired > 0)
		return -1;
	return taken > 0 ? taken : 0;
}

static void
play_refund(struct play *play)
{
	struct transaction *original = play->original;
	const struct outcome *outcome = &play->transaction->outcome;
	int64_t taken, expected;

	if (original == NULL || original->operation != TG_OP_EARN)
		return;
	if (outcome->status == TG_OVER_REFUND &&
	    original->returned_amount + play->transaction->amount <= original->amount)
		differ(play, "refused as too much, with %" PRId64 " of %" PRId64 " left",
		       original->amount - original->returned_amount, original->amount);
	if (outcome->status != TG_OK)
		return;
	if (original->returned_amount + play->transaction->amount > original->amount)
		differ(play, "more came back than was bought");
	if (original->state == TG_STATE_REVERSED)
		differ(play, "refunded although it was reversed");
	expected = refund_taken(play);
	taken = outcome->taken_points != -1 ? outcome->taken_points : expected;
	if (expected != -1 && taken != expected)
		differ(play, "took %" PRId64 " points back, not %" PRId64, taken, expected);
	if (outcome->restored_points > 0)
		credit(play->account, outcome->restored_points);
	if (taken > 0)
		debit(play->account, taken);
	original->returned_amount += play->transaction->amount;
	original->returned_points += taken;
}

/* Did it bring points?  Then undoing it takes them. */
static bool
has_given(const struct transaction *transaction)
{
	return transaction->operation == TG_OP_EARN ||
	       (transaction->operation == TG_OP_EXCHANGE &&
		transaction->direction == TG_DIRECTION_IN);
}

/* Undo what the original did. */
static void
undo(struct play *play)
{
	struct transaction *original = play->original;
	const struct outcome *outcome = &play->transaction->outcome;
	int64_t points = original->outcome.points != -1 ? original->outcome.points : 0;

	if (original->operation == TG_OP_BURN || original->operation == TG_OP_CAPTURE)
		points = original->points;
	points -= original->returned_points;
	if (has_given(original)) {
		if (outcome->taken_points != -1) {
			if (outcome->taken_points != points && play->account->expired == 0)
				differ(play, "took %" PRId64 " points back, not %" PRId64,
				       outcome->taken_points, points);
			points = outcome->taken_points;
		}
		debit(play->account, points);
	} else if (original->operation == TG_OP_HOLD) {
		if (original->state == TG_STATE_OPEN) {
			close_hold(play->account, play->model->logbook, original);
			give_back(play->account, original->points, outcome->booked_at_ms);
		}
		original->state = TG_STATE_RELEASED;
		return;
	} else {
		if (outcome->restored_points != -1) {
			if (outcome->restored_points != points && play->account->expired == 0)
				differ(play, "gave %" PRId64 " points back, not %" PRId64,
				       outcome->restored_points, points);
			points = outcome->restored_points;
		}
		credit(play->account, points);
	}
	original->returned_points += points;
	original->state = TG_STATE_REVERSED;
}

static void
play_reverse(struct play *play)
{
	struct transaction *original = play->original;
	const struct outcome *outcome = &play->transaction->outcome;
	bool is_original_done = original != NULL && original->outcome.status == TG_OK &&
				original->outcome.sequence > 0 &&
				original->outcome.sequence < outcome->sequence;

	if (original == NULL)
		return;
	if (outcome->status == TG_ORIGINAL_UNKNOWN) {
		if (is_original_done)
			differ(play, "said that the original was never seen");
		original->state = TG_STATE_REVERSED;
	} else if (outcome->status == TG_ALREADY_REVERSED) {
		if (original->state != TG_STATE_REVERSED && original->state != TG_STATE_RELEASED)
			differ(play, "refused as reversed already, which it was not");
	} else if (outcome->status == TG_OK && is_original_done) {
		if (original->state == TG_STATE_REVERSED) {
			differ(play, "reversed a second time");
			return;
		}
		undo(play);
	}
}

/* Compare with the balances that the answer told, and go on from those. */
static void
compare(struct play *play)
{
	struct model_account *account = play->account;
	const struct outcome *outcome = &play->transaction->outcome;
	int32_t day = model_day(outcome->booked_at_ms);
	int64_t told_net, net;

	if (!outcome->has_after)
		return;
	if (outcome->pending != 0)
		account->is_blurred = true;
	told_net = outcome->available + outcome->pending + outcome->held - outcome->debt;
	net = account->available + account->pending + account->held - account->debt;
	if (!account->is_blurred &&
	    (outcome->available != account->available || outcome->held != account->held ||
	     outcome->debt != account->debt))
		differ(play,
		       "left available %" PRId64 ", held %" PRId64 ", debt %" PRId64
		       ", not %" PRId64 ", %" PRId64 ", %" PRId64,
		       outcome->available, outcome->held, outcome->debt, account->available,
		       account->held, account->debt);
	else if (account->is_blurred &&
		 (told_net > net || (told_net < net && account->seen_day == day)))
		differ(play, "left %" PRId64 " points in all, not %" PRId64, told_net, net);
	if (!account->is_blurred && outcome->available > 0 && outcome->expires_day != -1 &&
	    outcome->expires_day != account->last_day)
		differ(play, "points expire on day %d, not %d", outcome->expires_day,
		       account->last_day);
	if (account->is_blurred)
		account->expired += net - told_net;
	account->seen_day = day;
	account->available = outcome->available;
	account->pending = outcome->pending;
	account->held = outcome->held;
	account->debt = outcome->debt;
}

void
model_play(const struct model *model, struct model_account *account,
	   struct transaction *transaction)
{
	struct play play = { model, account, transaction, NULL };
	int64_t before, expired_before;

	if (transaction->has_original) {
		uint32_t index =
			logbook_find(model->logbook, transaction->partner, transaction->original);

		if (index != LOGBOOK_NONE)
			play.original = &model->logbook->transactions[index];
	}
	if (transaction->outcome.booked_at_ms != -1)
		model_settle(model, account, transaction->outcome.booked_at_ms);
	before = account->available + account->pending + account->held - account->debt;
	expired_before = account->expired;
	switch (transaction->operation) {
	case TG_OP_EARN:
		play_earn(&play);
		break;
	case TG_OP_BURN:
		if (play_taking(&play, transaction->points))
			extend(&play);
		break;
	case TG_OP_EXCHANGE:
		play_exchange(&play);
		break;
	case TG_OP_HOLD:
		play_hold(&play);
		break;
	case TG_OP_CAPTURE:
		play_resolution(&play, transaction->points, TG_STATE_CAPTURED);
		break;
	case TG_OP_RELEASE:
		play_resolution(&play, 0, TG_STATE_RELEASED);
		break;
	case TG_OP_REFUND:
		play_refund(&play);
		break;
	case TG_OP_REVERSE:
		play_reverse(&play);
		break;
	default:
		break;
	}
	compare(&play);
	if (transaction->certainty == CERTAIN_ACKNOWLEDGED)
		account->acknowledged += account->available + account->pending + account->held -
					 account->debt - before + account->expired - expired_before;
}

void
model_bound(const struct model *model, struct model_account *account,
	    const struct transaction *transaction)
{
	uint32_t index;

	switch (transaction->operation) {
	case TG_OP_EARN: {
		int64_t points = earned(model->rules, transaction->partner, transaction->amount);

		account->unknown_credit += points != -1 ? points : TG_AMOUNT_MAX;
		break;
	}
	case TG_OP_BURN:
	case TG_OP_CAPTURE:
		account->unknown_debit += transaction->points;
		break;
	case TG_OP_EXCHANGE:
		if (has_given(transaction))
			account->unknown_credit += TG_AMOUNT_MAX;
		else
			account->unknown_debit += transaction->points;
		break;
	case TG_OP_REFUND:
	case TG_OP_REVERSE:
		index = logbook_find(model->logbook, transaction->partner, transaction->original);
		if (index != LOGBOOK_NONE) {
			const struct transaction *original = &model->logbook->transactions[index];

			if (original->operation == TG_OP_EARN)
				account->unknown_debit +=
					earned(model->rules, original->partner, original->amount);
			else if (has_given(original))
				account->unknown_debit += original->outcome.points != -1 ?
								  original->outcome.points :
								  TG_AMOUNT_MAX;
			else
				account->unknown_credit += original->points;
		}
		break;
	default:
		break;
	}
}
