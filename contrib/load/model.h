/*
 * model.h - what an account must hold after its transactions, by the written rules of points.
 *
 * A second opinion: it shares no code with the ledger.  An account's transactions are played in
 * the order of their records; each outcome is judged by the state before it, each balance told by
 * the state after.  Knows regular points, holds, refunds, reversals, debt and expiry.  Accounts
 * that were told of pending points or of a bonus (whose lots expire on days of their own) are
 * judged by sums only.
 */
#ifndef TG_CONTRIB_LOAD_MODEL_H
#define TG_CONTRIB_LOAD_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"
#include "contrib/load/logbook.h"

#define MODEL_RATES_MAX 64

/* Points per minor unit of money. */
struct earn_rate {
	uint32_t partner; /* 0: all that have no row of their own */
	int64_t	 num;	  /* >= 0 */
	int64_t	 den;	  /* > 0 */
};

struct model_rules {
	struct earn_rate rates[MODEL_RATES_MAX];
	uint32_t	 rate_count;	/* 0: what purchases earn is not checked */
	int		 expiry_months; /* life of points after the last activity */
};

/* Read "1/100", "1=1/100,2=1/200" or "none" into the rules.  False with the reason. */
bool model_parse_rates(const char *text, struct model_rules *rules, struct failure *failure);

/* One account as the model has it. */
struct model_account {
	int64_t	  available, pending, held, debt;
	int64_t	  expired;	   /* points whose day has passed */
	int64_t	  acknowledged;	   /* net effect of acknowledged transactions */
	int64_t	  unknown_credit;  /* most that unknown ones may have added */
	int64_t	  unknown_debit;   /* most that they may have taken */
	int32_t	  last_day;	   /* of its points; 0: none yet */
	int32_t	  seen_day;	   /* of the last transaction played */
	bool	  is_blurred;	   /* pending or bonus points: judged by sums */
	uint32_t *open_holds;	   /* owned: transactions */
	uint32_t  open_hold_count;
	uint32_t  open_hold_capacity;
};

/* Told of each difference; transaction: NULL for one of the whole account. */
typedef void model_difference_fn(void *context, uint32_t account,
				 const struct transaction *transaction, const char *text);

struct model {
	const struct model_rules *rules;
	struct logbook		 *logbook; /* its transactions' state is the model's to change */
	model_difference_fn	 *differ;
	void			 *context; /* of differ */
};

void model_account_deinit(struct model_account *account);

/*
 * Play one transaction with an outcome on its account.  Transactions of an account come in the
 * order of their records.
 */
void model_play(const struct model *model, struct model_account *account,
		struct transaction *transaction);

/* Count a transaction without an outcome into the bounds. */
void model_bound(const struct model *model, struct model_account *account,
		 const struct transaction *transaction);

/* Bring about what has fallen due: holds past their deadline, points past their day. */
void model_settle(const struct model *model, struct model_account *account, int64_t now_ms);

/* The day of a time in the zone that the environment names (TZ). */
int32_t model_day(int64_t utc_ms);

#endif
