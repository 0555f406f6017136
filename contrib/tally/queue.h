/*
 * queue.h - a till's queue on the command line: what is stored until the gateway has answered it.
 */
#ifndef TG_CONTRIB_TALLY_QUEUE_H
#define TG_CONTRIB_TALLY_QUEUE_H

#include <stdbool.h>

#include "contrib/common/failure.h"
#include "contrib/tally/answer.h"
#include "contrib/tally/order.h"
#include "contrib/tally/settings.h"
#include "protocol/tallygate.h"

/* The queue of one run. */
struct till_queue {
	const struct settings *settings; /* borrowed */
	struct tg_queue	      *queue;	 /* owned; NULL: --queue was not given */
	const struct order    *order;	 /* borrowed; its outcome is printed whole; NULL: none */
	enum tally_exit	       exit;	 /* of the order, once it is told */
	bool		       is_told;
};

/* Does this word begin a command about the queue itself? */
bool queue_is_command(const char *word);

/*
 * Open the file that --queue names, if it does.
 *
 * is_needed: wait, as long as --timeout says, for another process that has it open; else go on
 * without it.  TALLY_DONE; else the reason.
 */
enum tally_exit queue_open(struct till_queue *q, const struct settings *settings, bool is_needed,
			   struct failure *failure);

/* Close what is open. */
void queue_close(struct till_queue *q);

/* Is this an order to store before it is sent? */
bool queue_wants(const struct till_queue *q, const struct order *order);

/* Have the client send what waits along with its own request. */
void queue_attach(struct till_queue *q, struct tg_client *client);

/*
 * Store an order that has its id and time, send all that waits if is_open, and print what became of
 * the order.  How it ended; a reason when it could not be stored.
 */
enum tally_exit queue_order(struct till_queue *q, struct tg_client *client,
			    const struct order *order, bool is_open, struct failure *failure);

/*
 * Carry out the words after "queue".
 *
 * ret_is_send: they ask for sending what waits: then nothing is done here but queue_send().
 */
enum tally_exit queue_command(struct till_queue *q, int word_count, char *const words[],
			      bool *ret_is_send, struct failure *failure);

/* Send what waits, and print what became of each. */
enum tally_exit queue_send(struct till_queue *q, struct tg_client *client, struct failure *failure);

#endif
