/*
 * statement.h - what a partner's closed cycle comes to.
 *
 * Made of the cycle's lines by one function, whether they come out of the journal or of MariaDB;
 * what MariaDB has made of them by itself must be the same.  Pure, but for statement_read().
 */
#ifndef TG_STORAGE_STATEMENT_H
#define TG_STORAGE_STATEMENT_H

#include <stdint.h>

#include "ledger/config_rows.h"
#include "protocol/status.h"
#include "storage/clearing.h"
#include "storage/database.h"
#include "storage/io.h"

#define STATEMENT_DIGEST_BYTES 32

struct statement {
	struct cycle cycle;
	struct settlement_terms terms;
	uint64_t closed_sequence;	/* of the record that closed the cycle */
	int64_t	 closed_at_utc_ms;
	struct clearing_line *lines;	/* owned; by date, item, other party */
	uint32_t line_count;
	/* By item; [0] is not used. */
	int64_t	 points[CLEARING_ITEMS + 1];
	int64_t	 amounts[CLEARING_ITEMS + 1]; /* minor units; > 0: the partner owes */
	int64_t	 opening_amount;	/* carried over from the cycle before */
	int64_t	 net_amount;		/* opening and all amounts */
	int64_t	 carried_amount;	/* all of it, or 0 */
	int64_t	 payable_amount;	/* the rest; > 0: by the partner, < 0: to it */
	/* As MariaDB has it: the digest of the partner's statement before; else all zero. */
	uint8_t	 digest_before[STATEMENT_DIGEST_BYTES];
};

/*
 * Make the statement of a CYCLE_CLOSED record out of the partner's lines, which it takes.
 * opening_amount: carried by the statement of the cycle before.  TG_OK, then deinit;
 * TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status statement_make(struct clearing *clearing,
					    const struct record *closed, int64_t opening_amount,
					    struct statement *ret_statement);
void statement_deinit(struct statement *statement);

/*
 * The statement as MariaDB has it, with its lines.  TG_OK, then deinit; TG_UNKNOWN_STATEMENT;
 * TG_CORRUPT: it is not what its digest was made of; results as database_query(); TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status statement_read(struct database *database, uint32_t partner,
					    uint32_t cycle, struct statement *ret_statement,
					    struct storage_error *error);

/*
 * Write the digest of a statement that was just made in MariaDB, whose predecessor has one.
 * Results as statement_read().
 */
TG_MUST_CHECK enum tg_status statement_sign(struct database *database, uint32_t partner,
					    uint32_t cycle, struct storage_error *error);

/*
 * SHA-256 over what the statement says, in a form of its own, behind the digest of the partner's
 * statement before (all zero: it is the first).  So the last digest stands for all days until then.
 */
void statement_digest(const struct statement *statement,
		      const uint8_t before[STATEMENT_DIGEST_BYTES],
		      uint8_t ret_digest[STATEMENT_DIGEST_BYTES]);

/* What one party pays another. */
struct netting_payment {
	uint32_t from;			/* partner, 0: the operator */
	uint32_t to;
	int64_t	 amount;		/* minor units, > 0 */
};

/*
 * Payments that settle balances: fewer than there are parties.  balances sum to zero; > 0: the
 * party owes.  They are used up.  payments: room for count - 1.  Returns how many there are; equal
 * balances give equal payments.
 */
struct netting_balance {
	uint32_t party;
	int64_t	 amount;
};
uint32_t netting_run(struct netting_balance *balances, uint32_t count,
		     struct netting_payment *payments);

#endif
