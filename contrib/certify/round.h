/*
 * round.h - one case played to the terminal under test: what is done to it, and what it did.
 *
 * The harness answers as a gateway does, but for one fault, which hits the first transaction of the
 * round, the opening, or the connections.  All that the terminal does is noted; whether that was
 * right is judged elsewhere (judge.h).  One connection is served at a time, the newest.
 */
#ifndef TG_CONTRIB_CERTIFY_ROUND_H
#define TG_CONTRIB_CERTIFY_ROUND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "contrib/certify/authority.h"
#include "contrib/certify/book.h"
#include "contrib/certify/breach.h"
#include "contrib/certify/trace.h"
#include "contrib/certify/widen.h"
#include "contrib/certify/wire.h"
#include "protocol/value.h"

/* What is done.  Columns: name, text for the transcript. */
/* clang-format off */
#define FAULT_LIST(X) \
	X(NONE,           "nothing") \
	X(LOSE_ANSWER,    "booked; the connection is cut before the answer") \
	X(LOSE_REQUEST,   "not booked; the connection is cut") \
	X(CUT_ANSWER,     "booked; the connection is cut in the middle of the answer") \
	X(SILENCE,        "booked; there is no answer, and the connection stays") \
	X(SLOW,           "the answer takes its time") \
	X(TRICKLE,        "every answer comes byte by byte") \
	X(DUPLICATE,      "every answer comes twice") \
	X(UNASKED,        "an answer to no request comes first") \
	X(BUSY,           "BUSY, with a time to wait") \
	X(BUSY_BARE,      "BUSY three times, without a time to wait") \
	X(DECLINE,        "declined for good") \
	X(STRANGE_STATUS, "a status that no version has yet") \
	X(NOTICE,         "NOTICE instead of the answer, and the end of the connection") \
	X(HANG_UP,        "booked and cut, and then connections are closed as soon as they are made") \
	X(WIDE,           "integers and lengths in their widest form") \
	X(NEW_FIELDS,     "every answer has fields that no version has yet") \
	X(STRANGER,       "a certificate signed by a stranger") \
	X(OTHER_NAME,     "a certificate for another name") \
	X(BAD_PROOF,      "the server's PROOF is wrong")
/* clang-format on */

enum fault {
#define FAULT_ENUM(name, text) FAULT_##name,
	FAULT_LIST(FAULT_ENUM)
#undef FAULT_ENUM
};

#define ROUND_RETRY_AFTER_MS 1500
#define ROUND_SLOW_MS 3000
#define ROUND_HANG_UPS 4
#define ROUND_BUSY_TIMES 3
#define ROUND_SIGHTINGS_MAX 64
#define ROUND_CONNECTIONS_MAX 64
#define ROUND_STRANGE_STATUS 9999
#define ROUND_PAYLOAD_BYTES 4096
#define NOT_ANSWERED UINT32_MAX

/* A transaction request, or a STATUS, that came. */
struct sighting {
	int64_t at_ms;	     /* since the round began, as all times here */
	int64_t answered_ms; /* -1: not answered */
	uint32_t answer;     /* the status that was sent, or NOT_ANSWERED */
	uint32_t connection;
	uint32_t operation;
	bool is_hit;   /* the fault was done to it */
	bool is_final; /* the answer settles it */
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	struct tg_message message; /* points into payload */
	uint32_t payload_bytes;
	uint8_t payload[ROUND_PAYLOAD_BYTES];
};

/* A connection that was made. */
struct connection {
	int64_t opened_ms;
	int64_t closed_ms;	     /* -1: at the end of the round */
	bool is_heard;		     /* a frame came */
	bool is_authenticated;
	uint32_t frames_after_proof; /* that came after the answer to AUTH */
};

/* How the round is played. */
struct round_options {
	const struct authority *authority; /* borrowed */
	int listener;			   /* the socket that listens; borrowed */
	bool is_plain;
	const char *command; /* for the shell, made; NULL: somebody works the terminal by hand */
	int64_t at_most_ms;  /* how long it may take */
	enum fault fault;
};

struct round {
	struct round_options options;
	struct breaches *breaches; /* borrowed; what is noted over all rounds */
	struct book book;
	struct trace trace;
	struct wire wire;
	struct tg_auth_input input; /* of the present connection, from HELLO */
	bool has_hello, is_proved;
	uint32_t in_flight;
	uint32_t hits; /* how often the fault was done */
	uint32_t sighting_count, connection_count;
	struct sighting sightings[ROUND_SIGHTINGS_MAX];
	struct connection connections[ROUND_CONNECTIONS_MAX];
	pid_t child;	 /* 0: none, or it has ended */
	int exit_status; /* of the command; -1: none, or it was stopped */
	bool is_out_of_time;
	struct widened widened; /* scratch */
};

/* Break the connection off, for a reason that the transcript tells. */
void round_cut(struct round *round, const char *why);

/* Play it.  Returns when it is over; round: anew each time, but for its memory. */
void round_run(struct round *round, const struct round_options *options, struct breaches *breaches);

#endif
