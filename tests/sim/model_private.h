/*
 * model_private.h - what the files of the model share.
 */
#ifndef TG_TESTS_SIM_MODEL_PRIVATE_H
#define TG_TESTS_SIM_MODEL_PRIVATE_H

#include <stdio.h>

#include "tests/sim/model.h"

#define MODEL_MEMBERS 512
#define MODEL_CARDS 1024
#define MODEL_CARD_BYTES 80
#define MODEL_LOTS 96
#define MODEL_PENDINGS 96
#define MODEL_DEBTS 16
#define MODEL_PARTNERS 16
#define MODEL_RULES 256
#define MODEL_STATUSES 256
#define MODEL_RATES 512
#define MODEL_RULEBOOKS 64
#define MODEL_CAMPAIGNS 512
#define MODEL_BUDGETS 16
#define MODEL_RECEIPT_BYTES 40

/* Points with a last day of their own. */
struct lot {
	uint64_t origin;     /* record that made them */
	int	 part;	     /* which of its parts */
	int32_t	 last_day;   /* inclusive */
	uint32_t usable_at;  /* partner or store; 0: anywhere */
	bool	 is_at_store;
	bool	 is_redated; /* came back past its day once */
	int64_t	 points;
};

/* Earned, not yet to be spent. */
struct pending {
	uint64_t origin;
	int32_t	 from_day;   /* first day available; MODEL_NEVER: until confirmed */
	int32_t	 life_days;  /* 0: regular points then */
	uint32_t usable_at;
	bool	 is_at_store;
	int	 part;
	int64_t	 points;
};

/* A transaction that something may be done to later, or a hold. */
enum deal_state { DEAL_STANDING, DEAL_REVERSED, DEAL_OPEN, DEAL_CAPTURED, DEAL_RELEASED,
		  DEAL_EXPIRED };

/* A part of an earn by the rulebook, and what returns have left of it. */
struct deal_part {
	const struct model_campaign *campaign, *rate; /* NULL: base; the partner's own */
	int	 refusal;
	int64_t	 kept;	 /* money that still counts */
	int64_t	 points, taken;
};

struct deal {
	int	 kind;		/* operation; TG_OP_REVERSE of a tombstone, with is_tombstone */
	bool	 is_tombstone;	/* an original that was reversed before it came */
	uint32_t partner;
	uint8_t	 id[MODEL_ID_BYTES];
	uint64_t sequence;
	uint64_t member;	/* 0: none */
	int	 status;
	enum deal_state state;
	int64_t	 booked_ms, till_ms;
	int32_t	 date;		/* business date */
	bool	 is_late;
	bool	 is_of_value;	/* a hold or capture of stored value: amount */
	/* An earn. */
	int64_t	 amount, covered, points, bonus;
	bool	 is_gross, is_capped;
	const struct model_rule *rule;
	int64_t	 returned_money, returned_covered;
	struct deal_part parts[MODEL_PARTS]; /* by the rulebook */
	uint32_t part_count;
	int64_t	 expired;	/* of its own lots, that no refund has met */
	uint8_t	 receipt[16 + MODEL_RECEIPT_BYTES]; /* what makes it one of its kind */
	size_t	 receipt_bytes; /* 0: none */
	/* A burn, a capture, a hold: what it was taken from, in that order; then regular points. */
	struct lot portions[MODEL_LOTS];
	int	 portion_count;
	int64_t	 regular;
	int64_t	 undone;	/* given back, or lost in coming back */
	/* An exchange. */
	bool	 is_out;
	int64_t	 own_units;
	/* A hold. */
	int64_t	 deadline_ms;
	uint32_t regular_life;
};

/* What somebody did on a day, for limits. */
struct counter {
	uint64_t who;		/* member's reference, or a till's number */
	bool	 is_till;
	int32_t	 day;
	int64_t	 earned, burned;
	bool	 is_blurred;	/* some of it was undone, or came late: no exact figure */
};

struct debt {
	uint32_t partner;
	int32_t	 since_day; /* business date of the first of it */
	int64_t	 points;
};

struct member {
	uint64_t reference;
	struct member *other; /* that it is joined with; NULL: none */
	bool	 is_blocked, is_test;
	int64_t	 regular;
	int32_t	 regular_last_day; /* 0: there never were any */
	uint32_t regular_life;	   /* counts how often they ended and began anew */
	struct lot lots[MODEL_LOTS];
	int	 lot_count;
	struct pending pendings[MODEL_PENDINGS];
	int	 pending_count;
	struct debt debts[MODEL_DEBTS];
	int	 debt_count;
	int64_t	 held;
	int64_t	 value;	     /* stored */
	bool	 is_registered, is_frozen; /* it */
};

/* What a partner has bought and used of the right to issue. */
struct funds {
	bool	 has_terms;
	int64_t	 overdraft;
	int64_t	 cover, used;
	bool	 is_stopped;
	int64_t	 stopped_ms;
};

/* From when on a version of the rulebook holds. */
struct rulebook_start {
	uint32_t version;
	uint32_t count;		/* of its rules */
	int64_t	 from_ms;
};

/* How much of a campaign a member has had. */
struct cycle_end {
	uint32_t partner;
	int32_t	 last_day;
};

struct share {
	uint64_t member;
	uint32_t campaign;
	uint32_t times;
	int64_t	 points;
	int32_t	 day;
	int64_t	 day_points;
};

struct budget {
	struct model_budget budget;
	int64_t	 used;
};

struct card {
	char	 text[MODEL_CARD_BYTES]; /* "": free */
	uint64_t member;
	bool	 is_blocked;
};

struct model {
	struct model_programme programme;
	struct model_partner partners[MODEL_PARTNERS];
	int	 partner_count;
	struct model_rule rules[MODEL_RULES];
	int	 rule_count;
	struct member members[MODEL_MEMBERS];
	int	 member_count;
	struct card cards[MODEL_CARDS];
	int	 card_count;
	struct deal *deals;	     /* owned; deal_count of them, oldest first */
	int	 deal_count, deal_capacity;
	struct counter *counters;    /* owned */
	int	 counter_count, counter_capacity;
	struct funds funds[MODEL_BOOKS]; /* by the partner's number */
	int64_t	 adjusted; /* given by operators, in all */
	struct cycle_end *cycle_ends; /* owned; oldest first */
	int	 cycle_end_count;
	struct model_rate rates[MODEL_RATES];
	int	 rate_count;
	struct rulebook_start rulebooks[MODEL_RULEBOOKS];
	int	 rulebook_count;
	struct model_campaign campaigns[MODEL_CAMPAIGNS];
	int	 campaign_count;
	struct budget budgets[MODEL_BUDGETS];
	int	 budget_count;
	struct share *shares; /* owned */
	int	 share_count, share_capacity;
	/* Of the event under way. */
	struct model_books books[MODEL_BOOKS]; /* what it should do to the partners' accounts */
	uint32_t issuers[MODEL_BOOKS]; /* whose points it makes or takes, as they come first */
	int	 issuer_count;
	int64_t	 owed;			 /* new debt */
	bool	 reasons[MODEL_STATUSES]; /* that speak against it */
	bool	 excuses[MODEL_STATUSES]; /* that may: a refusal is right, and so is none */
	const struct model_event *event;
	struct member *member;	     /* NULL: nobody */
	const struct model_partner *partner;
	bool	 is_judged_late;     /* it counts for the day when it happened */
	int64_t	 judged_ms;	     /* when it happened, as the rules see it */
	int32_t	 judged_day;
	char	*why;
	size_t	 why_bytes;
};

/* ---- model.c ---- */

/* Say what is not right; returns false. */
bool model_object(struct model *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Is what came out what should have? */
bool model_same(struct model *m, const char *what, int64_t told, int64_t right);

int64_t model_least(int64_t a, int64_t b);
int64_t model_most(int64_t a, int64_t b);

/* floor(amount * num / den), amount >= 0. */
int64_t model_share(int64_t amount, int64_t num, int64_t den);

/* The event becomes a deal that can be named later; the pointer is good until the next one. */
struct deal *model_remember(struct model *m);

/* The deal of that id at the event's partner, or, for a refund, at one of its group. */
struct deal *model_find_deal(struct model *m, const uint8_t *id, bool is_refund);

/* Does the partner take part on the day that the event counts for? */
bool model_may_earn(const struct model *m, const struct model_partner *partner);
bool model_may_burn(const struct model *m);

/* NULL: there is none. */
struct member *model_find_member(struct model *m, uint64_t reference);
const struct model_partner *model_partner_of(const struct model *m, uint32_t number);

/* Did what is asked outgrow a limit of the day?  May say so only where it is not sure. */
void model_check_days(struct model *m, int64_t earned, int64_t burned);
void model_count_day(struct model *m, int64_t earned, int64_t burned);
void model_blur_day(struct model *m);

/* ---- model_fund.c ---- */

/* May a partner issue so many points more?  Its status says why not. */
int model_refuse_issue(const struct model *m, uint32_t partner, int64_t points);
bool model_may_issue(const struct model *m, uint32_t partner, int64_t points);

/* Who puts points into the world (or, < 0, takes them out of it again). */
void model_issue(struct model *m, uint32_t partner, int64_t points);

/* A refusal for want of cover: from now on it is known. */
void model_note_stop(struct model *m, uint32_t partner);

/* At the event's end: cover moves with what was issued; everything as the record says? */
bool model_close_books(struct model *m);

bool model_fund(struct model *m);

/* ---- model_exchange.c ---- */

/* The version of the rulebook by which the event is judged; NULL: there is none. */
const struct rulebook_start *model_rulebook(const struct model *m);

bool model_exchange(struct model *m);

/* ---- model_value.c ---- */

/* Did it move stored value, so that a refund may name it? */
bool model_is_value(const struct deal *deal);

/* A hold of it; what pays with one; what was held goes back, the hold being resolved. */
bool model_hold_value(struct model *m, struct deal *hold);
bool model_capture_value(struct model *m, struct deal *hold);
bool model_free_value(struct model *m, const struct deal *hold);

bool model_top_up(struct model *m);
bool model_pay(struct model *m);
bool model_set_value(struct model *m);

/* Of a deal that was done and stands, by the same member. */
bool model_refund_value(struct model *m, struct deal *deal);
bool model_reverse_value(struct model *m, struct deal *deal);

/* ---- model_points.c ---- */

int32_t model_day(int64_t utc_ms);

/* Last day of regular points after an activity on day. */
int32_t model_last_day(const struct model *m, int32_t day);

/* An activity of the member, or points that come to life, on day. */
void model_renew(struct model *m, int32_t day);

/* What the member can spend; at the event's store, or anywhere. */
int64_t model_available(const struct member *who, int32_t day);
int64_t model_usable(const struct model *m, int32_t day);
int64_t model_pending(const struct member *who);
int64_t model_debt(const struct member *who);
int32_t model_next_expiry(const struct member *who, int32_t day, int64_t *ret_points);

/* Pay debts, the oldest first.  Returns how much went there. */
int64_t model_pay_debt(struct model *m, int64_t points);

void model_give_lot(struct model *m, const struct lot *like, int64_t points);

/* Take points as a burn does, on that day; deal keeps from where.  NULL: nobody keeps it. */
void model_take_points(struct model *m, int64_t points, int32_t day, struct deal *deal);

/* Lots that are bound to no place, the soonest last day first.  Returns how much was taken. */
int64_t model_take_unbound(struct model *m, int64_t points, int32_t day);

/* Points of a lot have expired: its earn may want to know. */
void model_note_expired(struct model *m, uint64_t origin, int64_t points);

/* What falls due. */
bool model_expire(struct model *m);
bool model_mature(struct model *m);
bool model_confirm(struct model *m);

/* ---- model_spend.c ---- */

bool model_burn(struct model *m);
bool model_hold(struct model *m);
bool model_capture(struct model *m);
bool model_release(struct model *m);
bool model_hold_expire(struct model *m);

/* What limits say to spending so many points, whatever for. */
void model_check_spending(struct model *m, int64_t points);

/* Resolve an open hold: some of it is captured, the rest goes back.  Returns what expired. */
int64_t model_resolve(struct model *m, struct deal *hold, struct deal *capture, int64_t captured,
		      int32_t day);

/* ---- model_merge.c ---- */

bool model_merge(struct model *m);
bool model_unmerge(struct model *m);
bool model_lend(struct model *m);

/* Could the member that the event's is joined with lend it so much? */
bool model_may_borrow(struct model *m, int64_t points);

/* Is the event about something that the member began whom it was booked for, not who was named? */
bool model_is_of_other(struct model *m, uint64_t named);

/* Is what the other has told as it is, where it is to be told? */
bool model_check_other(struct model *m);

/* ---- model_earn.c ---- */

struct parts {
	int64_t base, bonus;
	int64_t campaigns;	/* by the rulebook */
};

/* What a rule gives for an amount; each part is its own floor. */
struct parts model_parts(const struct model_rule *rule, int64_t amount, bool is_capped);

/* How points of a part of an earn live. */
struct gift {
	int	 part;
	int32_t	 days;	/* 0: regular points */
	uint32_t usable_at;
	bool	 is_at_store;
};

void model_give(struct model *m, const struct gift *gift, int64_t points);

bool model_earn(struct model *m);

/* ---- model_rulebook.c ---- */

/* What campaigns give at the most, and the base; of an earn that was refused nothing is told. */
struct judged {
	int64_t	 base;
	int64_t	 campaigns;	/* as told; of a refused earn 0 */
	int64_t	 campaigns_most;
};

/*
 * Judge a purchase by the rulebook that holds: are the parts that the ledger tells those that its
 * rules give?  False: they are not, or others.
 */
bool model_judge(struct model *m, struct deal *deal, const struct model_rule *own, int64_t amount,
		 struct judged *judged);

/* Issue them, and give what debt leaves of them. */
void model_give_parts(struct model *m, const struct deal *deal, int64_t paid);

/*
 * What of the parts goes back when of the amount that counted only now is kept; taken: base by the
 * partner's own rule, corrected, and what campaigns gave.
 */
bool model_take_parts(struct model *m, struct deal *deal, int64_t before, int64_t now,
		      struct parts *taken);

/* ... to their issuers; absorbed: of that, expired already. */
void model_return_parts(struct model *m, const struct deal *deal, int64_t absorbed);

/* ---- model_return.c ---- */

/* Does anything speak against the event? */
bool model_has_reason(const struct model *m);

bool model_refund(struct model *m);
bool model_reverse(struct model *m);

#endif
