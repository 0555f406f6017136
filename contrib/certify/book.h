/*
 * book.h - a ledger just large enough to answer a terminal under test.
 *
 * Every identifier names a member, who has points to begin with; 100 minor units earn a point, a
 * unit of the partner's own currency is one.  An
 * id is booked once: the same again gets the first answer, another content CONFLICT.  It knows no
 * rules, no days and no partners: what terminals must get right does not depend on them.
 */
#ifndef TG_CONTRIB_CERTIFY_BOOK_H
#define TG_CONTRIB_CERTIFY_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/value.h"

#define BOOK_MEMBERS_MAX 256
#define BOOK_ENTRIES_MAX 1024
#define BOOK_POINTS_AT_FIRST 10000
#define BOOK_PRINT_BYTES 16

/* A transaction that was booked, or reversed before it came. */
struct book_entry {
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	uint8_t print[BOOK_PRINT_BYTES]; /* fingerprint; of one reversed before it came: none */
	uint32_t operation;
	uint32_t member;   /* index */
	int64_t points;	   /* change of what is available */
	uint8_t direction; /* of an exchange, enum tg_direction; 0: it is none */
	int64_t available; /* after it */
	uint32_t status;
	bool is_reversed;
};

struct book {
	uint32_t member_count, entry_count;
	struct {
		char identifier[72]; /* type and text; "" for one named by its reference */
		int64_t available;
	} members[BOOK_MEMBERS_MAX];
	struct book_entry entries[BOOK_ENTRIES_MAX];
};

void book_init(struct book *book);

/* What is known of an id; NULL: nothing. */
struct book_entry *book_find(struct book *book, const uint8_t *id);

/*
 * Book and answer.  request: decoded, of any operation but HELLO, AUTH, ACTIVATE and BATCH.
 * decline: refuse a transaction that is not booked yet with this status, and keep that; TG_OK: no.
 */
void book_answer(struct book *book, const struct tg_message *request, enum tg_status decline,
		 struct tg_message *ret_answer);

#endif
