/*
 * model.h - what each member of the coalition may hold, worked out a second time.
 *
 * Written from the rules of points as people state them, with no code of ledger/: no rows, no
 * records, no decisions.  It is told, in order, what was asked and what came of it, and says
 * whether that is right: a refusal needs a reason that the model sees, too; an acceptance must have
 * none against it, and comes to exactly the points that the model gets.
 */
#ifndef TG_TESTS_SIM_MODEL_H
#define TG_TESTS_SIM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_ID_BYTES 16
#define MODEL_NEVER INT32_MAX
#define MODEL_BOOKS 8 /* partners' numbers are below */
#define MODEL_UNTOLD INT64_MIN
#define MODEL_PARTS 16
#define MODEL_SPONSORS 8

/* What can happen besides the operations of the wire, which have their numbers. */
enum model_kind {
	MODEL_EXPIRE = 201,	/* points past their day become the operator's */
	MODEL_MATURE,		/* pending points become available */
	MODEL_HOLD_EXPIRE,	/* a hold is past its deadline */
	MODEL_ADJUST,		/* an operator gives or takes */
	MODEL_BLOCK,		/* a member or an identifier is blocked, or no longer */
	MODEL_REPLACE,		/* a lost card is blocked, another linked in its place */
	MODEL_FUND,		/* a partner gets cover, or gives it back */
	MODEL_WRITE_OFF,	/* debt is given up */
	MODEL_MERGE,		/* two members are joined, or parted again */
	MODEL_UNMERGE,
	MODEL_LEND,		/* what a member lacks comes from the one it is joined with */
	MODEL_SET_VALUE,	/* stored value is registered, frozen or set free */
	MODEL_IDLE,		/* nothing about points */
};

/* What an event does to the accounts of a partner, signed as the account. */
struct model_books {
	int64_t	 issued, redeemed, cover, cover_used, own;
	int64_t	 value_taken, value_paid;
};

/* A part of an earn by the rulebook, as the ledger tells it; of a return, what of it goes back. */
struct model_part {
	uint32_t campaign;	/* 0: of the base */
	int	 campaign_position, rate_position; /* in the version; -1: none, the partner's own */
	uint32_t sponsor;	/* 0: several */
	/* 0: given; else for 1 the member's cap, 2 the partner's, 3 budget, 4 room, 5 cover */
	int	 refusal;
	int64_t	 amount, points;
};

/* What the ledger says came of it. */
struct model_outcome {
	int	 status;	/* as on the wire */
	int64_t	 points;
	int64_t	 base, bonus;
	int64_t	 taken, restored, lost, paid_debt, money;
	bool	 has_balances;
	int64_t	 available, pending, held, debt;
	int32_t	 next_day;	/* MODEL_NEVER: nothing expires */
	int64_t	 next_points;
	bool	 has_other;	/* what the one has that it is joined with */
	int64_t	 other_available, other_pending, other_held, other_debt;
	int64_t	 moved_available, moved_pending, moved_held, moved_debt; /* by its postings */
	int64_t	 moved_breakage;
	int64_t	 deadline_ms;	/* of the hold that it is about; 0: none */
	int64_t	 own_units;	/* exchanged */
	int64_t	 value_change, value_after; /* stored value */
	int64_t	 value_lent, value_shared; /* by the one it is joined with; what that one has */
	struct model_books books[MODEL_BOOKS]; /* by the partner's number */
	uint32_t rulebook;	/* version that an earn was judged by; 0: none */
	uint32_t part_count;
	struct model_part parts[MODEL_PARTS];
};

struct model_event {
	int	 kind;		/* operation on the wire, or enum model_kind */
	uint64_t sequence;
	int64_t	 utc_ms;	/* booked at */
	int32_t	 day;		/* of it */
	int32_t	 date;		/* business date */
	/* Who asked, at which till. */
	uint32_t partner, store, terminal;
	uint8_t	 id[MODEL_ID_BYTES];
	int64_t	 till_ms;	/* business time */
	bool	 is_late;
	/* About whom: as the ledger says, and as the till named it. */
	uint64_t member;
	uint64_t named_member;	/* 0: by card */
	uint64_t other_member;	/* that it is joined with, parted from, borrows of; 0: none of it */
	const char *card, *new_card; /* type and text; NULL: none */
	bool	 is_test;
	/* What. */
	int64_t	 amount, covered, points;
	bool	 has_points, skip_limited, is_debit, is_block, is_of_card, is_capped;
	bool	 has_original, has_burn;
	uint8_t	 original[MODEL_ID_BYTES], burn[MODEL_ID_BYTES];
	int64_t	 original_ms;
	int	 reason;
	const uint8_t *receipt;	/* NULL: none */
	size_t	 receipt_bytes;
	uint32_t till;
	int32_t	 till_day;	/* INT32_MIN: not told */
	int32_t	 hold_seconds;	/* 0: not told */
	bool	 is_out;	/* an exchange of points for the partner's own currency */
	int64_t	 own_units;	/* MODEL_UNTOLD: not told */
	uint32_t funded;	/* MODEL_FUND: the partner */
	bool	 is_registered, is_frozen; /* MODEL_SET_VALUE: from now on */
	bool	 is_of_value;	/* a hold or capture of stored value: amount */
	uint32_t tender;
	bool	 has_lines;
	struct model_outcome outcome;
};

/* What a partner has agreed; as the operator set it. */
struct model_partner {
	uint32_t number, group;
	bool	 is_test, is_earn_off, is_burn_off, is_gross, is_pro_rata, no_returned_burns,
		loses_expired;
	int32_t	 pending_days;	/* MODEL_NEVER: until confirmed */
	int32_t	 return_days, restored_days;
	int32_t	 joined_day, last_earn_day, last_burn_day; /* inclusive; 0: no bound */
	int64_t	 burn_minimum, burn_step;
	int64_t	 earn_limit, burn_limit, till_day_earn_limit, till_day_burn_limit, bonus_day_limit;
};

/* How a purchase at a partner earns, from a moment on. */
struct model_rule {
	uint32_t partner, version;
	int64_t	 from_ms;
	int64_t	 base_num, base_den, bonus_num, bonus_den, threshold, fixed;
	uint32_t sponsor;
	int32_t	 bonus_days;
	bool	 is_at_store;
	uint32_t usable_at;	/* 0: anywhere */
};

struct model_programme {
	int64_t	 window_ms;
	int32_t	 months;
	int32_t	 debt_days;	/* then it is given up; 0: never */
	int32_t	 debt_cycles;	/* or when so many cycles of its partner have closed; 0: never */
	bool	 is_endless;	/* regular points never expire */
	bool	 on_anniversary, is_burn_off, is_traced;
	int32_t	 hold_seconds;
	int64_t	 point_num, point_den;
	int64_t	 member_earn_limit, member_burn_limit;
	int64_t	 value_registered_max, value_bearer_max; /* the first 0: no stored value */
	int64_t	 value_day_limit;
};

/* What a partner may issue: its cover may fall to -overdraft. */
struct model_funding {
	uint32_t partner;
	int64_t	 overdraft;	/* INT64_MAX: no stop */
};

/* At which rate a partner's own currency becomes points, or points become it. */
struct model_rate {
	uint32_t version;	/* of the rulebook */
	uint32_t position;	/* in it: another one there replaces this */
	uint32_t partner;
	bool	 is_out;
	int32_t	 from_day, until_day; /* inclusive */
	int64_t	 least, step;	/* of what is given */
	int64_t	 num, den;	/* so many are got for so many given */
};

/* A rate or a campaign of the rulebook; 0 is any where nothing else is said. */
struct model_campaign {
	uint32_t version, position;
	uint32_t number;	/* 0: a rate, in place of the partner's own */
	uint32_t partner, store, tender;
	int32_t	 from_day, until_day;
	int	 from_minute, until_minute; /* of the day; the second exclusive */
	uint32_t weekdays;	/* bit 0 is Monday */
	bool	 has_category;	/* only some goods */
	bool	 is_multiplier, is_exclusive, is_first;
	int64_t	 threshold, num, den, fixed;
	uint32_t sponsor;	/* 0: the partner itself, or those below */
	int	 sponsor_count;
	struct { uint32_t partner; int64_t weight; } sponsors[MODEL_SPONSORS];
	int32_t	 days;
	bool	 is_at_store;
	uint32_t usable_at;
	uint32_t budget;
	uint32_t member_times;	/* 0: no cap */
	int64_t	 member_points, member_day_points;
};

/* A budget as the operators left it. */
struct model_budget {
	uint32_t number;
	bool	 is_stopped;
	int64_t	 granted, passed;
};

struct model;

struct model *model_new(void);
void model_free(struct model *model);

/* From now on. */
void model_set_programme(struct model *model, const struct model_programme *programme);

/* A cycle of a partner's settlement has closed. */
void model_close_cycle(struct model *model, uint32_t partner, int32_t last_day);
void model_set_partner(struct model *model, const struct model_partner *partner);
void model_add_rule(struct model *model, const struct model_rule *rule);
void model_set_funding(struct model *model, const struct model_funding *funding);

/* Rates of the rulebook's next version; and so many rules of that hold from a time on. */
void model_add_rate(struct model *model, const struct model_rate *rate);
void model_add_campaign(struct model *model, const struct model_campaign *campaign);
void model_set_budget(struct model *model, const struct model_budget *budget);
void model_start_rulebook(struct model *model, uint32_t version, uint32_t count, int64_t from_ms);

/* Take what happened.  False: it is not what the rules say; why says what is. */
bool model_take(struct model *model, const struct model_event *event, char *why, size_t why_bytes);

/* Balances of a member as of a day. */
struct model_balances {
	int64_t available, pending, held, debt;
};

/* The nth member, from 0.  False: there are fewer. */
bool model_member(const struct model *model, uint32_t nth, int32_t day, uint64_t *ret_reference,
		  struct model_balances *ret_balances);

#endif
