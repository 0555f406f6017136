/*
 * client_internal.h - what the files of the blocking client share.
 */
#ifndef TG_PROTOCOL_CLIENT_INTERNAL_H
#define TG_PROTOCOL_CLIENT_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/client_error.h"
#include "protocol/tallygate.h"

struct tg_client {
	struct tg_link *link;	     /* owned */
	uint32_t answer_timeout_ms;  /* from the options */
	uint32_t failures;	     /* attempts in a row that gave no answer */
	uint32_t refusals;	     /* answers in a row that asked to come later */
	int64_t not_before_ms;	     /* connect again then, on the clock of client_now_ms() */
	bool is_loss_told;	     /* the caller knows that answers are lost */
	struct tg_queue *queue;	     /* borrowed; drained along with calls; NULL: none */
	tg_queue_outcome on_outcome; /* with it */
	void *outcome_context;
	struct client_error error;
};

/*
 * A session is open and a call is about to use it: let the attached queue send some of what waits,
 * in a part of the time.  The session may be gone afterwards.
 */
void client_tend_queue(struct tg_client *client, int64_t until_ms);

/* A clock that never falls, ms. */
int64_t client_now_ms(void);

/* A random number of ms, 0 to bound_ms. */
uint32_t client_random_ms(uint32_t bound_ms);

/* Open the connection, tried once.  TG_OK or why not; nothing was sent. */
TG_MUST_CHECK enum tg_status client_open_once(struct tg_client *client, int64_t until_ms);

/* The same, tried again with pauses until the time is up or trying again is of no use. */
TG_MUST_CHECK enum tg_status client_open_until(struct tg_client *client, int64_t until_ms);

/* Wait for the answer to a request.  TG_OK; TG_TIMEOUT; else the connection is closed. */
TG_MUST_CHECK enum tg_status client_wait_answer(struct tg_client *client, uint32_t request_id,
						int64_t until_ms, struct tg_message *ret_answer);

/* An attempt gave no answer: close, and count it for the pause before the next. */
void client_give_up(struct tg_client *client);

/* An answer has come that is neither a loss nor a refusal for now: forget earlier ones. */
void client_settle(struct tg_client *client);

/* Is this answer one that passes by itself in seconds, so that waiting for it makes sense? */
bool client_is_passing(uint32_t status);

/*
 * Wait as a passing answer asks, or until the time is up; close the connection if it asks for that.
 * False: the time is up.
 */
bool client_wait_out(struct tg_client *client, const struct tg_message *answer, int64_t until_ms);

/* Put the answer's status, and what it says, into the client's error; TG_OK clears it. */
enum tg_status client_note_answer(struct tg_client *client, const struct tg_message *request,
				  const struct tg_message *answer);

#endif
