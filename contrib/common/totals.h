/*
 * totals.h - sums of a file's outcomes by business date, terminal and kind, and those of the
 * gateway beside them.
 */
#ifndef TG_CONTRIB_COMMON_TOTALS_H
#define TG_CONTRIB_COMMON_TOTALS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "contrib/common/failure.h"
#include "protocol/tallygate.h"

/* Sums of one kind.  As TOTALS has them, points of refunds and reversals are signed. */
struct total_sum {
	int32_t day;	   /* business date */
	uint32_t terminal; /* that the transactions are of */
	uint32_t kind;	   /* operation */
	bool is_declined;
	int64_t count, points, amount;
};

/* All zero is an empty one. */
struct totals {
	struct total_sum *sums; /* owned */
	uint32_t count;
	uint32_t last; /* where the last addition went */
};

void totals_deinit(struct totals *totals);

/* Add what sum says. */
void totals_add(struct totals *totals, const struct total_sum *sum);

/* Whose totals of which business date are asked for. */
struct total_scope {
	int32_t day;
	enum tg_scope scope;
	uint32_t terminal; /* of TG_SCOPE_TERMINAL: which; else 0 */
	uint32_t own;	   /* that asks */
};

/* Add the gateway's totals.  False with the reason when they cannot be had. */
bool totals_ask(struct totals *totals, struct tg_client *client, const struct total_scope *scope,
		uint32_t timeout_ms, struct failure *failure);

/* Write them as CSV: a line for each kind, those declined apart. */
void totals_write(const struct totals *totals, FILE *file);

/*
 * Print both sides, kind by kind, in order.  Returns how many lines are not equal; points of what
 * was declined are not compared.
 */
uint32_t totals_print(struct totals *ours, struct totals *theirs, FILE *file);

/*
 * Ask the gateway for its totals of every day and terminal here, and print both, kind by kind.
 * own: number of the terminal that asks.  ret_differences: lines that are not equal; points of what
 * was declined are not compared.  False with the reason when they cannot be had.
 */
bool totals_compare(struct totals *totals, struct tg_client *client, uint32_t own,
		    uint32_t timeout_ms, FILE *file, uint32_t *ret_differences,
		    struct failure *failure);

#endif
