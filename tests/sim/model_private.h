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

struct debt {
	uint32_t partner;
	int64_t	 points;
};

struct member {
	uint64_t reference;
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
	/* Of the event under way. */
	bool	 reasons[MODEL_STATUSES]; /* that speak against it */
	const struct model_event *event;
	struct member *member;	     /* NULL: nobody */
	const struct model_partner *partner;
	int64_t	 judged_ms;	     /* when it happened, as the rules see it */
	int32_t	 judged_day;
	char	*why;
	size_t	 why_bytes;
};

/* Say what is not right; returns false. */
bool model_object(struct model *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Is what came out what should have? */
bool model_same(struct model *m, const char *what, int64_t told, int64_t right);

int32_t model_day(int64_t utc_ms);
int64_t model_least(int64_t a, int64_t b);

/* floor(amount * num / den), amount >= 0. */
int64_t model_share(int64_t amount, int64_t num, int64_t den);

/* Last day of regular points after an activity on day. */
int32_t model_last_day(const struct model *m, int32_t day);

#endif
