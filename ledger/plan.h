/*
 * plan.h - a decision in the making: the request, the view of its member, the records so far.
 *
 * For the files of this folder only.  A handler checks first, then builds its record between
 * plan_begin() and plan_finish(); on a refusal it returns the status and the dispatcher throws away
 * or replaces what was built.
 */
#ifndef TG_LEDGER_PLAN_H
#define TG_LEDGER_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/points.h"
#include "ledger/state.h"
#include "ledger/view.h"

struct plan {
	const struct ledger *ledger;
	const struct ledger_request *request;
	const struct ledger_now *now;
	const struct programme_config *programme;
	struct decision *decision;
	struct record *record;		/* open record; NULL between finish and begin */
	struct view view;		/* of the request's member; member_row 0: none named */
	/*
	 * Originals that this decision opens again: the rows that REOPEN records will make.
	 */
	struct transaction_row reopened[2];
	struct detail_row reopened_details[2];
	struct portion_row reopened_portions[ARCHIVED_PORTIONS_MAX];
	uint32_t reopened_portion_rows[ARCHIVED_PORTIONS_MAX]; /* their numbers */
	struct component_row reopened_components[RECORD_COMPONENTS_MAX]; /* of one earn */
	uint32_t reopened_component_rows[RECORD_COMPONENTS_MAX];

	/*
	 * An earn's parts by the rulebook (rulebook.c): part_count of them.
	 */
	struct record_component parts[RECORD_COMPONENTS_MAX];

	/* Who asks; NULL and 0 for operator and gateway. */
	const struct partner_config *partner;
	const struct partner_row *partner_row; /* the same one's */
	const struct terminal_row *terminal; /* the till that acts */
	uint32_t store;			/* where: number, 0 for none */

	/* What time the rules look at: the till's for late requests, else the gateway's. */
	int64_t	 judged_utc_ms;
	int32_t	 judged_day;
	bool	 is_judged_late;

	/* by which the member was found; TABLE_NONE: by reference */
	uint32_t identifier_row;
	bool	 is_old_key;		/* found under the older identifier key */
	bool	 may_use_reserve;	/* resolves or undoes, so the last rows are for it, too */
	uint32_t kept_hold;		/* a late capture's hold: not to be expired as due */
	uint32_t reopened_count, reopened_portion_count, reopened_component_count;
	uint32_t reopened_rows[2];	/* numbers of the rows in reopened */
	uint32_t rulebook_version;	/* the earn was judged by; 0: there was none */
	uint32_t part_count;
	bool	 is_campaign_capped;	/* a campaign that fits gave nothing */
	bool	 has_carried;		/* what the earn makes of the member's fraction is below */
	struct carried carried;
	bool	 is_out_of_room;	/* no room for the parts of the base */
	bool	 has_shared;		/* of the member merged with the view's, after it lent */
	struct member_sums shared;
	int64_t	 lacking_points;	/* to what is to be burned or held; 0: none of that */

	/*
	 * Rows planned in this decision, by table: the next claim's number for table_free_peek().
	 */
	uint32_t lots_planned, pendings_planned, debts_planned, portions_planned;
	uint32_t transactions_planned;
};

/*
 * Is there room for another row of a table beside those planned?  1 in RESERVE_PART is kept for
 * what resolves or undoes: RELEASE, REVERSE, CAPTURE.
 */
#define RESERVE_PART 20
bool plan_has_room(const struct plan *p, const struct table *table, uint32_t planned);

/* The earliest business time of which every transaction is still remembered. */
int64_t plan_window_start(const struct plan *p);

/* Has the till room for another recorded decline or tombstone today? */
bool plan_may_decline(const struct plan *p);

/* Is it a reversal that leaves a tombstone: of unknown outcome, and the original never came? */
bool plan_is_burial(const struct plan *p);

/* First day on which points that ended on a day are turned into breakage by sweep or due items. */
int32_t plan_sweep_day(const struct plan *p);

/* Last day of regular points after an activity on day (domain decision 3). */
int32_t plan_regular_last_day(const struct plan *p, int32_t day);

/*
 * Regular points are about to be given on day: they get a new last day, never an earlier one.  What
 * had ended does not live again.  Where points end by vintages, those of an older one become a lot
 * of their own first.  TG_OK, TG_LOTS_FULL, TG_TABLE_FULL.
 */
TG_MUST_CHECK enum tg_status plan_renew_regular(struct plan *p, int32_t day);

/* The request takes points and is an activity (domain decision 3). */
void plan_activity(struct plan *p);

/*
 * Serial of lots of regular points of an older vintage, or given back to it: of no record, as
 * several may have made them.  Such a lot has no issuer, and its last day tells it apart.
 */
#define VINTAGE_SERIAL (UINT64_C(1) << 62)

/* The day whose limits the request counts for: a late one for the day it happened. */
int32_t plan_counted_day(const struct plan *p);

/* Does the day that the request counts for lie in first..last, business dates?  0: no bound. */
static inline bool
plan_is_alive(const struct plan *p, int32_t first_day, int32_t last_day)
{
	int32_t day;

	if (first_day == 0 && last_day == 0)
		return true;
	day = plan_counted_day(p);
	return day >= first_day && (last_day == 0 || day <= last_day);
}

/* Open the next record of the decision, with the member if there is one. */
struct record *plan_begin(struct plan *p, enum record_kind kind);

/* Add the operator that a console command names, if any, and what it is for, if that was said. */
void plan_add_operator(struct plan *p);

/* Both: an operator's record, without principal and transaction. */
struct record *plan_begin_order(struct plan *p, enum record_kind kind);

/* Add what the request says: principal, transaction, amounts, till, details, original. */
void plan_add_request(struct plan *p);

/* Key by which a receipt earns once: partner, store, till, till's day, number (decision 13). */
void plan_receipt_key(const struct plan *p, uint8_t ret_key[16]);

/* Post to an account; postings to the same account are added up. */
void plan_post(struct plan *p, enum account account, uint32_t partner, int64_t points);

/* A move that the view does not make: portions. */
struct move *plan_move(struct plan *p, enum move_kind kind);

/*
 * Close the open record: moves from what changed in the view, what is shown after it.
 *
 * TG_OK; TG_LOTS_FULL, TG_TABLE_FULL: a table has no room; TG_LIMIT_BALANCE: a balance would leave
 * its bounds.
 */
TG_MUST_CHECK enum tg_status plan_finish(struct plan *p);

/*
 * What has fallen due for the member, as records of their own (due.c).  TG_OK or as plan_finish().
 */
TG_MUST_CHECK enum tg_status plan_due(struct plan *p, bool is_activity);

/*
 * The points that the view's member lacks come from the one that it is merged with, as a record of
 * its own (merge.c).  TG_OK; TG_NO_POINTS: it has not so many either, or nothing was to be burned;
 * or as plan_finish().
 */
TG_MUST_CHECK enum tg_status plan_borrow(struct plan *p);

/* What the member has that the view's is merged with, after what this decision borrowed. */
struct member_sums plan_shared(const struct plan *p);

/* Pay debts with up to points, oldest first; posts and returns what was paid. */
int64_t plan_pay_debt(struct plan *p, int64_t points);

/* Take points in burn order, remembered as portions; the caller has checked that they suffice. */
TG_MUST_CHECK enum tg_status plan_take(struct plan *p, int64_t points, uint8_t portion_flags);

/*
 * Take up to left points of a lot of the view, and of those that other sponsors gave with it; no
 * portion is kept.  Returns how many.
 */
int64_t plan_drain_lot(struct plan *p, uint32_t at, int64_t left);

/* A portion's points are kept with the transaction (flags 0) or the hold (MOVE_OF_HOLD). */
TG_MUST_CHECK enum tg_status plan_keep_portion(struct plan *p, const struct view_lot *lot,
					       int64_t points, uint8_t flags);

/* Where this request may use limited points. */
struct view_place plan_place(const struct plan *p);

/* Give matured pending points their form: regular or a lot.  day: first day available. */
TG_MUST_CHECK enum tg_status plan_mature(struct plan *p, struct view_pending *pending, int32_t day);

/*
 * Points of a hold: burn `captured` of them, give the rest back (burn.c); what ended before day
 * expires there and then.
 */
TG_MUST_CHECK enum tg_status plan_resolve_hold(struct plan *p, uint32_t hold, int64_t captured,
					       int32_t day);

/*
 * May the partner issue points more (funding.c)?  TG_OK; TG_EARN_OFF: its life forbids it on the
 * day that the request counts for; TG_NO_COVER: they would go past its stop.  A late earn that
 * happened before the stop was met goes past it.
 */
TG_MUST_CHECK enum tg_status plan_may_issue(const struct plan *p,
					    const struct partner_row *partner, int64_t points);

/*
 * May so many points be given for a partner that has not issued them?  Where issuers pay redeemers
 * they come out of its cover.  TG_OK; TG_NO_COVER.
 */
TG_MUST_CHECK enum tg_status plan_may_bear(const struct plan *p, const struct partner_row *partner,
					   int64_t points);

/*
 * Divide points over the sponsors of a joint promotion: weights[i] >= 0, 1..SPONSORS_MAX of them,
 * their sum above 0 and a balance.  ret_points sum to points.  Each has the floor of its share;
 * what that leaves goes point by point to whoever is furthest behind its share, the first stated on
 * a tie (d'Hondt's rule).  With fewer points no sponsor ever has more: so a refund, which divides
 * what is kept and takes the difference, takes from no sponsor less than nothing.  With points no
 * more than the weights' sum, no sponsor has more than its weight.
 */
void sponsors_divide(int64_t points, const int64_t *weights, uint32_t count,
		     int64_t ret_points[SPONSORS_MAX]);

/*
 * Who issues a part of an earn, with their weights: one partner, or those of the campaign whose row
 * is given.  sponsor: of the part; 0: several.  Returns how many.
 */
uint32_t sponsors_of(const struct ledger *l, uint32_t sponsor, uint32_t campaign_row,
		     struct sponsor_share ret_shares[SPONSORS_MAX]);

/* What of points that a campaign gives falls to a partner; own: the partner of the purchase. */
int64_t sponsors_part(const struct earn_rule *rule, uint32_t own, uint32_t partner,
		      int64_t points);

/*
 * Limited points of a joint promotion are a lot for each sponsor, of one campaign and one record.
 * What leaves one of them leaves all, divided by what each has left, so that a partner's share of
 * what is burned, held or expires is its share of what there is.
 *
 * Of lot `at` and the lots beside it take up to points: ret_shares name lots of the view and what
 * of each; in the order of their serials.  Returns how many.
 */
struct lot_share {
	uint32_t lot;			/* index in the view */
	int64_t	 points;		/* >= 0 */
};
uint32_t sponsors_share_lots(const struct view *v, uint32_t at, int64_t points,
			     struct lot_share ret_shares[SPONSORS_MAX]);

/* The same for portions, rows of which follow each other as taken; from rows[0] on. */
uint32_t sponsors_share_portions(const struct plan *p, const uint32_t *rows, uint32_t count,
				 int64_t points, int64_t ret_points[SPONSORS_MAX]);

/*
 * Post what the sponsors of a component issue, each its part of `points` (> 0: given, < 0: taken
 * back, as the difference between what was kept before and is kept now, both >= 0).
 */
void sponsors_post(struct plan *p, const struct sponsor_share *shares, uint32_t count,
		   int64_t kept_before_points, int64_t kept_now_points);

/*
 * The same for points taken back of which some are gone already, as breakage: each sponsor stays
 * charged with its part of those.  absorbed_points: at most what is taken.
 */
void sponsors_return(struct plan *p, const struct sponsor_share *shares, uint32_t count,
		     int64_t kept_before_points, int64_t kept_now_points, int64_t absorbed_points);

/*
 * Take what the open record issues from the issuers' cover, or give it back; plan_finish() does.
 * Where issuers pay redeemers also what a partner comes to owe without issuing it: debts of members
 * to it for what others had issued, and points that an operator gives for it.
 */
void plan_cover_issued(struct plan *p);

/* The open record is an earn that met the stop of the asking partner. */
void plan_note_stop(struct plan *p);

/* Handlers, one per request kind: TG_OK with the record built, or the refusal. */
TG_MUST_CHECK enum tg_status plan_earn(struct plan *p);
TG_MUST_CHECK enum tg_status plan_burn(struct plan *p);
TG_MUST_CHECK enum tg_status plan_hold(struct plan *p);
TG_MUST_CHECK enum tg_status plan_capture(struct plan *p);
TG_MUST_CHECK enum tg_status plan_release(struct plan *p);
TG_MUST_CHECK enum tg_status plan_refund(struct plan *p);
TG_MUST_CHECK enum tg_status plan_reverse(struct plan *p);
TG_MUST_CHECK enum tg_status plan_confirm(struct plan *p);
/* Stored value (value.c): is it a kind of it alone?  Is it such a transaction to be given back? */
bool value_is_kind(uint8_t kind);
bool value_is_transaction(const struct transaction_row *transaction);

/*
 * May the amount that the request names be paid or held?  Then the open record takes it from the
 * member, and from the one that it is merged with, and posts it to an account; partner: whose.
 */
TG_MUST_CHECK enum tg_status value_check_spending(const struct plan *p);
TG_MUST_CHECK enum tg_status value_spend(struct plan *p, enum account account, uint32_t partner);

/* As plan_resolve_hold(), of a hold of stored value; and a capture that comes after its end. */
TG_MUST_CHECK enum tg_status value_resolve_hold(struct plan *p, uint32_t hold_row,
						int64_t captured);
TG_MUST_CHECK enum tg_status value_capture_expired(struct plan *p, uint32_t hold_row);

/* Undo a part of a top-up or of what was paid, or all of it; row: of its transaction. */
TG_MUST_CHECK enum tg_status plan_refund_value(struct plan *p, uint32_t row);
TG_MUST_CHECK enum tg_status plan_reverse_value(struct plan *p, uint32_t row);

/* Tell what the member has of it. */
void answer_value(struct plan *p);

TG_MUST_CHECK enum tg_status plan_top_up(struct plan *p);
TG_MUST_CHECK enum tg_status plan_pay(struct plan *p);
TG_MUST_CHECK enum tg_status plan_set_value(struct plan *p);
TG_MUST_CHECK enum tg_status plan_enroll(struct plan *p);
TG_MUST_CHECK enum tg_status plan_link(struct plan *p);
TG_MUST_CHECK enum tg_status plan_unlink(struct plan *p);
TG_MUST_CHECK enum tg_status plan_replace(struct plan *p);
TG_MUST_CHECK enum tg_status plan_merge(struct plan *p);
TG_MUST_CHECK enum tg_status plan_unmerge(struct plan *p);
TG_MUST_CHECK enum tg_status plan_tick(struct plan *p);
TG_MUST_CHECK enum tg_status plan_cutover(struct plan *p);
TG_MUST_CHECK enum tg_status plan_setup(struct plan *p);
TG_MUST_CHECK enum tg_status plan_set_earn_rule(struct plan *p);
TG_MUST_CHECK enum tg_status plan_start_rulebook(struct plan *p);
TG_MUST_CHECK enum tg_status plan_budget(struct plan *p);
TG_MUST_CHECK enum tg_status plan_note(struct plan *p);
TG_MUST_CHECK enum tg_status plan_activate(struct plan *p);
TG_MUST_CHECK enum tg_status plan_adjust(struct plan *p);
TG_MUST_CHECK enum tg_status plan_block(struct plan *p);
TG_MUST_CHECK enum tg_status plan_set_birthday(struct plan *p);
TG_MUST_CHECK enum tg_status plan_settlement(struct plan *p);

TG_MUST_CHECK enum tg_status plan_exchange(struct plan *p);

/* The open record is an exchange as it was asked for: with neither rate nor units so far. */
void plan_add_exchange(struct plan *p);

/*
 * The open record is the reversal of an exchange: the units go back that it moved, too.
 */
void plan_return_own_units(struct plan *p, const struct transaction_row *exchange);

/*
 * May so many points be earned, or burned, by the switches, the partner's life, and the limits of
 * transaction, member and terminal?  TG_OK or the refusal.
 */
TG_MUST_CHECK enum tg_status plan_check_earn_limits(const struct plan *p, int64_t points);
TG_MUST_CHECK enum tg_status plan_may_burn(const struct plan *p);
TG_MUST_CHECK enum tg_status plan_check_burn_limits(struct plan *p, int64_t points);

/*
 * The row of the first partner, from a number on, whose cycle ends before a business date
 * (settlement.c); TABLE_NONE: there is none.  By number: where rows lie decides nothing.
 */
uint32_t plan_due_cycle(const struct ledger *l, uint32_t from, int32_t date);

/*
 * Close cycles that have ended, from a partner's number on, as many as fit.
 * ret_from: where to go on; 0: all are closed.
 */
TG_MUST_CHECK enum tg_status plan_close_cycles(struct plan *p, uint32_t from, uint32_t *ret_from);
TG_MUST_CHECK enum tg_status plan_set_funding(struct plan *p);
TG_MUST_CHECK enum tg_status plan_fund(struct plan *p);

TG_MUST_CHECK enum tg_status plan_countersign(struct plan *p);
TG_MUST_CHECK enum tg_status plan_dispute(struct plan *p);
TG_MUST_CHECK enum tg_status answer_document(struct plan *p);
TG_MUST_CHECK enum tg_status plan_acknowledge(struct plan *p);
TG_MUST_CHECK enum tg_status plan_end_dispute(struct plan *p);
TG_MUST_CHECK enum tg_status plan_propose(struct plan *p);
TG_MUST_CHECK enum tg_status plan_end_proposal(struct plan *p);

/* The proposal that the request approves: is it there, in time, and of another operator? */
TG_MUST_CHECK enum tg_status plan_check_approval(const struct plan *p);

/* The request's approval becomes part of the open record, with both names. */
void plan_add_approval(struct plan *p);

/* Record the end of a proposal that nobody approved in time.  False: there is none. */
bool plan_expire_proposal(struct plan *p);

/* Questions: fill the answer, make no record. */
TG_MUST_CHECK enum tg_status answer_auth(struct plan *p);
TG_MUST_CHECK enum tg_status answer_inquiry(struct plan *p);
TG_MUST_CHECK enum tg_status answer_show_member(struct plan *p);
TG_MUST_CHECK enum tg_status answer_status(struct plan *p);
TG_MUST_CHECK enum tg_status answer_totals(struct plan *p);
TG_MUST_CHECK enum tg_status answer_history(struct plan *p);
TG_MUST_CHECK enum tg_status answer_entries(struct plan *p);

TG_MUST_CHECK enum tg_status answer_day_end(struct plan *p);
TG_MUST_CHECK enum tg_status answer_buckets(struct plan *p);

/* Parts of them.  Whose totals are asked for: TOTAL_* bits and number. */
TG_MUST_CHECK enum tg_status answer_find_owner(struct plan *p, uint32_t *ret_bits,
					       uint32_t *ret_owner);
/* Count, points and amount of a total; zeros when there is none. */
void answer_read_total(const struct ledger *l, uint64_t key, struct answer_total *total);
/* Who asks may see it; what it tells comes from the archive, of the asking partner alone. */
TG_MUST_CHECK enum tg_status answer_page(struct plan *p);

/* Answers from what is kept: a record just made, or a transaction's row. */
void answer_from_record(struct ledger_answer *answer, const struct record *r);
void answer_from_row(struct ledger_answer *answer, const struct ledger *l, uint32_t row);

/*
 * Components of an earn of base amount under a partner's rule; is_capped leaves the bonus out.
 * Campaigns are added by rulebook_judge().
 */
struct components {
	int64_t base_points;
	int64_t bonus_points;		/* of the partner's rule */
	int64_t campaign_points;	/* of all campaigns; a refund's: of its parts */
};
struct components earn_components(const struct rule_config *rule, int64_t base_amount,
				  bool is_capped);

/*
 * May each sponsor issue its part of what a campaign would give (gains, each of them divided on its
 * own) beside what the purchase has of it already?  Is there room in the record for all of them?
 */
enum component_refusal sponsors_check(const struct plan *p, const struct rule_config *own_rule,
				      const struct earn_rule *rule, const int64_t *gains,
				      uint32_t gain_count, const struct components *c);

/*
 * Judge a purchase by the rulebook that held at its time: fills the plan's parts, replaces the base
 * where rates took a part of it, and adds up what campaigns give.  own: the partner's rule.
 * bonus_left: what the partner's cap leaves to bonuses.
 */
void rulebook_judge(struct plan *p, const struct rule_config *own, int64_t base_amount,
		    int64_t bonus_left, struct components *c);

/* The version that held at the time the request is judged by; TABLE_NONE: none did. */
uint32_t rulebook_find(const struct plan *p);

/*
 * Points of amount by a campaign on a rate (NULL: the partner's own), or of the rate itself
 * (campaign NULL).
 */
int64_t rulebook_points(const struct earn_rule *campaign, const struct earn_rule *rate,
			const struct rule_config *own, int64_t amount);

/* Place of an earn rule's row in its version; EARN_RULE_NONE: there is none. */
uint16_t rulebook_position(const struct ledger *l, uint32_t row);

/* Room for another part of the earn, with a row of its own; NULL: there is none. */
struct record_component *rulebook_add_part(struct plan *p);

/* Counters that the parts so far will make: those of one campaign have one, side by side. */
uint32_t rulebook_planned_counters(const struct plan *p);

/*
 * Fractions of base points that are carried (carry.c).  Judge: the base of an earn at a partner
 * that carries, once the rulebook has been asked; it becomes a part of its own.  Points: base of so
 * much money after a fraction.  Take back: what a refund leaves of the fraction, once it is known
 * what it takes of the part.
 */
void carry_judge(struct plan *p, const struct rule_config *rule, int64_t base_amount,
		 struct components *c);
int64_t carry_points(int64_t carried, int64_t amount, const struct rule_config *rule);
void carry_take_back(struct plan *p, const struct transaction_row *earn,
		     const struct component_row *part, const struct rule_config *rule,
		     const struct record_component *taken);

/* Does the rule count goods of a category? */
bool rulebook_fits_category(const struct earn_rule *rule, uint32_t category);

/*
 * What goes back of an earn with parts, once its base amount falls from before to now, by the goods
 * that the refund names (rulebook_refund.c): adds them to the open record, and their points to
 * *taken.  Base parts replace taken->base_points.
 */
void rulebook_take_back(struct plan *p, const struct transaction_row *earn,
			const struct rule_config *own, int64_t before, int64_t now,
			struct components *taken);

/* Are the parts that an earn was made of at hand, if it was? */
static inline bool
plan_has_parts(const struct transaction_row *earn)
{
	return (earn->flags & RECORD_PARTS) == 0 || earn->first_component != TABLE_NONE;
}

/* Amount that earned, once so much of the purchase's money and covered part has gone back. */
int64_t earn_kept_base(const struct plan *p, const struct transaction_row *earn, int64_t money_back,
		       int64_t covered_back);

/*
 * The transaction of that id of the asking partner; for a refund also of one of its group
 * (original.c).
 *
 * TG_OK; TG_UNKNOWN_ORIGINAL; TG_ORIGINAL_ARCHIVED: it would be older than the window, and evidence
 * has to be fetched.  With evidence at hand a REOPEN record makes it a row again; that row, its
 * portions and parts are to be read by plan_original(), plan_detail(), plan_portion() and
 * plan_part() only.
 */
TG_MUST_CHECK enum tg_status plan_find_original(struct plan *p, const uint8_t *id,
						const struct archived_transaction *archived,
						uint32_t *ret_row);
const struct transaction_row *plan_original(const struct plan *p, uint32_t row);
const struct detail_row *plan_detail(const struct plan *p, const struct transaction_row *t);
const struct portion_row *plan_portion(const struct plan *p, uint32_t row);
const struct component_row *plan_part(const struct plan *p, uint32_t row);

/*
 * Take back points of an earn (refund.c): pending, own lots, regular, unlimited lots, then debt.
 * Fills the open record's REFUNDED members and posts.
 */
TG_MUST_CHECK enum tg_status plan_take_back(struct plan *p, const struct transaction_row *earn,
					    struct components taken, uint32_t sponsor);

/*
 * Give back points of a burn, last taken first (refund.c).  is_void: by the till itself, else goods
 * returned.  Fills the open record's REFUNDED members, posts, pays debt first.
 */
TG_MUST_CHECK enum tg_status plan_give_back(struct plan *p, const struct transaction_row *burn,
					    int64_t points, bool is_void);

/*
 * Set the one-time code of the terminal that the record under way sets.  False: no room for it.
 */
TG_MUST_CHECK bool plan_add_activation(struct plan *p, const struct activation *activation);

#endif
