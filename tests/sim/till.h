/*
 * till.h - a till, or a partner's system: keeps what it asks until it knows the outcome.
 *
 * A till makes its transaction id before it sends for the first time, sends again under the same id
 * whenever it has no answer, and remembers what it was told: another answer later is a failure.
 */
#ifndef TG_TESTS_SIM_TILL_H
#define TG_TESTS_SIM_TILL_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/fingerprint.h"
#include "protocol/value.h"
#include "tests/sim/wire.h"

#define TILL_PENDING_MAX 24
#define TILL_BATCH_MAX 8
#define ASKED_TEXT_BYTES 1024

struct sim;

/* What of an outcome may never be told otherwise. */
struct outcome {
	uint16_t status;
	uint64_t sequence;
	int64_t	 points;
	int64_t	 available;
};

/* One request, for ever. */
struct asked {
	uint32_t index;			/* in sim->asked */
	uint32_t till;
	struct tg_message message;	/* request id not set; bytes point to id and text */
	uint8_t	 id[TG_TRANSACTION_ID_BYTES];
	uint8_t	 original_id[TG_TRANSACTION_ID_BYTES];
	uint8_t	 original_burn_id[TG_TRANSACTION_ID_BYTES];
	uint8_t	 fingerprint[TG_FINGERPRINT_BYTES];
	uint8_t	 text[ASKED_TEXT_BYTES]; /* identifiers, receipts, lines */
	size_t	 text_bytes;
	bool	 has_id;
	bool	 is_stolen;		/* its id is another request's */
	int64_t	 first_sent_us;
	int64_t	 due_us;		/* answer, or the next try, is due */
	bool	 is_sent;		/* on the present connection */
	uint32_t attempts;
	uint32_t refusals;		/* that a later try might not meet */
	bool	 is_told;		/* told is final */
	struct outcome told;
	bool	 is_booked;		/* a durable record says so */
	struct outcome booked;
	uint64_t buried_by;		/* sequence of the reversal that came before; 0: none */
};

enum till_state { TILL_CLOSED, TILL_HELLO, TILL_AUTH, TILL_OPEN };

struct till {
	uint32_t index;
	uint32_t terminal, partner, store;
	uint32_t rights;
	enum till_state state;
	struct wire wire;
	int64_t	 clock_off_ms;		/* what its clock shows more than it should */
	int64_t	 due_us;		/* opening must be done, or is tried again */
	uint8_t	 client_nonce[TG_NONCE_BYTES];
	uint8_t	 key[32];
	struct asked *pending[TILL_PENDING_MAX]; /* without a final answer, oldest first */
	uint32_t pending_count;
	struct asked *batch[TILL_BATCH_MAX]; /* of the BATCH under way, by place */
	uint32_t batch_count;		     /* 0: none is */
};

void till_init(struct sim *sim, struct till *till, uint32_t index);
void till_deinit(struct till *till);

/* Ask: keep it and send it.  False: the till has enough to wait for. */
bool till_ask(struct sim *sim, struct till *till, struct asked *asked);

/* Do what is due: connect, open, send again, take answers. */
void till_run(struct sim *sim, struct till *till);

/* When it has something to do by itself. */
int64_t till_next_us(const struct till *till);

/* Its own clock, ms UTC. */
int64_t till_time_ms(const struct sim *sim, const struct till *till);

/* A new request with the next index; its fields are the caller's. */
struct asked *till_new_request(struct sim *sim, struct till *till, uint32_t operation);

/* Keep text for the message; the place it has. */
const uint8_t *asked_keep(struct asked *asked, const void *bytes, size_t count);

/* After the last field: the fingerprint. */
void asked_finish(struct asked *asked);

/* Ask for something that no gateway knows. */
void till_babble(struct sim *sim, struct till *till);

#endif
