/*
 * answer.h - shows the gateway's answer: a line and a table for people, or JSON.
 */
#ifndef TG_CONTRIB_TALLY_ANSWER_H
#define TG_CONTRIB_TALLY_ANSWER_H

#include <stdbool.h>
#include <stdio.h>

#include "contrib/tally/order.h"
#include "protocol/value.h"

/* What became of an order. */
struct result {
	const struct order	*order;
	bool			 is_open; /* there was a session to send it in */
	bool			 is_stored; /* it waits in the queue; status: why, or TG_OK */
	enum tg_status		 status; /* as the client library returned it */
	const struct tg_message *answer; /* NULL: there is none from the gateway */
	const char		*error;	 /* of the library; "" for none */
};

/* How the program ends; scripts go by these. */
enum tally_exit {
	TALLY_DONE = 0,
	TALLY_DECLINED = 1, /* decided against, and remembered: the same again gives the same */
	TALLY_USAGE = 2,    /* the command line is wrong; nothing was sent */
	TALLY_REFUSED = 3,  /* not done, and it takes another request */
	TALLY_LATER = 4,    /* not done now; the same again may succeed */
	TALLY_UNKNOWN = 5,  /* sent, not answered: it may have been done; repeat it */
	TALLY_UNREACHED = 6, /* no session with the gateway; nothing was sent */
	TALLY_STORED = 7,    /* it waits in the queue, to be sent later */
};

/* The exit status that belongs to a result. */
enum tally_exit answer_exit(const struct result *result);

/* Print a result for people, or as one JSON object. */
void answer_print(const struct result *result, FILE *file);
void answer_print_json(const struct result *result, FILE *file);

/* One of the two. */
void answer_show(const struct result *result, bool is_json, FILE *file);

#endif
