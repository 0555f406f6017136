/*
 * proof.h - a day's transactions as counts, sums and digests, by which two sides find what differs.
 *
 * Both sides make the same of what they have: a digest of each transaction, added up over a set.
 * A set is divided by hour and kind, or by the next byte of each transaction's place; parts whose
 * sums are equal are left alone.  A place is a hash of the transaction id, so that parts are of
 * like size however ids are made.
 */
#ifndef TG_PROTOCOL_PROOF_H
#define TG_PROTOCOL_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/message.h"
#include "protocol/rows.h"

/* What both sides must know of a transaction that succeeded. */
struct tg_proof_item {
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	uint32_t kind;		      /* operation */
	int64_t business_time_utc_ms; /* by the till's clock */
	int64_t points;		      /* as TOTALS counts them */
	int64_t amount;		      /* minor units */
};

/* Which transactions are meant; all bytes zero: all. */
struct tg_selection {
	bool has_hour;			       /* of the business time, UTC ... */
	uint32_t hour;			       /* ... this one, 0..23 */
	uint32_t kind;			       /* of this operation; 0: of any */
	uint8_t prefix[TG_PREFIX_BYTES_MAX];   /* whose place begins so */
	uint32_t prefix_bytes;		       /* 0..TG_PREFIX_BYTES_MAX; 0: wherever */
};

/* Parts of the selected transactions.  Those that are empty are among them until compacted. */
struct tg_division {
	enum tg_divide divide;
	struct tg_selection selection;
	uint8_t digest[TG_DIGEST_BYTES]; /* of all that were selected */
	uint32_t bucket_count;
	struct tg_bucket buckets[TG_BUCKETS_MAX];
};

/* The kinds of transactions that a proof is about, and how many. */
#define TG_PROOF_KINDS 14
extern const uint8_t tg_proof_kinds[TG_PROOF_KINDS];

/* Is it one of them? */
bool tg_proof_has_kind(uint32_t kind);

/* The hour of a business time, UTC, 0..23. */
uint32_t tg_proof_hour(int64_t business_time_utc_ms);

/* Where a transaction lies among all: the first bytes of SHA-256 of its id. */
void tg_proof_place(const uint8_t id[TG_TRANSACTION_ID_BYTES],
		    uint8_t ret_place[TG_PREFIX_BYTES_MAX]);

/* Is the transaction selected? */
bool tg_selection_has(const struct tg_selection *selection, const struct tg_proof_item *item);

/* Add the item's digest to a sum, modulo 2^128, both big endian. */
void tg_proof_add(uint8_t sum[TG_DIGEST_BYTES], const struct tg_proof_item *item);

/*
 * The link that a day's digest adds to the chain of its owner: the first bytes of SHA-256 of all.
 * before: the link before, zeros for the first.  owner: number of the terminal, store or partner.
 */
struct tg_proof_link {
	uint8_t before[TG_DIGEST_BYTES];
	enum tg_scope scope;
	uint32_t owner;
	enum tg_basis basis;
	int32_t day;
	uint8_t digest[TG_DIGEST_BYTES];
};
void tg_proof_chain(const struct tg_proof_link *link, uint8_t ret_chain[TG_DIGEST_BYTES]);

/* Begin to divide the selected transactions; divide: TG_DIVIDE_HOURS or TG_DIVIDE_PARTS. */
void tg_division_init(struct tg_division *division, enum tg_divide divide,
		      const struct tg_selection *selection);

/* Add a transaction, if it is selected, and of a kind that a proof is about. */
void tg_division_add(struct tg_division *division, const struct tg_proof_item *item);

/* Close up the parts that are not empty; nothing is added after that. */
void tg_division_compact(struct tg_division *division);

#endif
