/*
 * history.h - a purchase history: who bought when for how much.
 *
 * One purchase a line: customer number, day (YYYYMMDD), number of items, money with at most two
 * decimals; white space between them, line ends of either kind.  Owns its purchases.
 */
#ifndef TG_CONTRIB_LOAD_HISTORY_H
#define TG_CONTRIB_LOAD_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "contrib/common/failure.h"

/* One purchase. */
struct purchase {
	uint32_t customer;     /* number as in the file */
	uint32_t member;       /* index of the customer, dense from 0 in order of number */
	int32_t	 day;	       /* days since 1970-01-01 */
	uint32_t item_count;   /* pieces bought */
	int64_t	 amount_cents; /* money, >= 0 */
};

/* Invariant: purchases stand in order of day, those of one day as in the file. */
struct history {
	struct purchase *purchases;
	size_t		 purchase_count;
	uint32_t	*customers;	 /* number of the customer by member index */
	uint32_t	 member_count;	 /* different customers */
};

/* What to generate. */
struct history_shape {
	uint32_t customer_count; /* >= 1 */
	int32_t	 first_day;	 /* first purchases lie within 90 days from here */
	int32_t	 day_count;	 /* repeat purchases lie within these days; >= 90 */
	uint64_t seed;		 /* the same seed gives the same history */
};

/*
 * Read a history from an open file; name is for the reason of a failure.
 * False, with nothing to free, when a line is not a purchase or there is none.
 */
bool history_read(FILE *file, const char *name, struct history *ret_history,
		  struct failure *failure);

/* Free what history_read() or history_generate() made; all zero is fine. */
void history_deinit(struct history *history);

/*
 * Make a history of the shape of a real one: everybody first buys within a quarter, half never
 * come back, the others at growing intervals; baskets of one to many pieces at a few prices.
 */
void history_generate(const struct history_shape *shape, struct history *ret_history);

/* Write a history in the format that history_read() reads.  False when the file takes no more. */
bool history_write(const struct history *history, FILE *file);

#endif
