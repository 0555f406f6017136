/*
 * bench.h - one load on several systems: connections, requests in flight, latency, counts.
 *
 * bench-load asks each system the same thing in its own words: an idempotent earn.  What differs
 * between systems is a struct bench_system; sockets, TLS, clocks, pacing and counting are shared,
 * so that a difference in the figures is one of the systems.  One thread, one event loop.
 */
#ifndef TG_CONTRIB_BENCH_BENCH_H
#define TG_CONTRIB_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contrib/bench/options.h"
#include "contrib/common/failure.h"
#include "contrib/load/endpoint.h"
#include "contrib/load/histogram.h"
#include "contrib/load/prng.h"
#include "contrib/load/terminals.h"
#include "protocol/client_opening.h"

struct event;
struct event_base;

#define BENCH_CARD_DIGITS 16
#define BENCH_DEPTH_MAX 4096 /* requests in flight on a connection */

/* Bytes from from_bytes to to_bytes wait to be sent or to be understood. */
struct bench_buffer {
	uint8_t *base; /* owned */
	size_t	 capacity_bytes;
	size_t	 from_bytes, to_bytes;
};

/*
 * One connection.  Requests of a connection are numbered from 1; every system answers in order, but
 * for what Tallygate refuses, which may come sooner.
 * Invariant: answered <= asked <= answered + depth.
 */
struct bench_connection {
	struct bench	   *bench;
	uint32_t	    index; /* among the connections, from 0 */
	int		    fd;
	SSL		   *tls; /* NULL: plain */
	struct event	   *read_event, *write_event;
	bool		    is_write_wanted;
	bool		    is_shaking; /* the TLS handshake goes on */
	bool		    is_open;	/* requests may be sent */
	uint32_t	    step;	/* of the opening; the system's */
	struct bench_buffer in, out;
	uint64_t	    asked, answered; /* requests */
	uint64_t	   *due_ns;	     /* owned; ring of depth: when each was due */
	struct client_opening opening;	     /* of a session with Tallygate */
	struct tg_options   speaker;	     /* in it */
};

/* One idempotent earn. */
struct bench_earn {
	uint8_t	 id[16];
	char	 card[BENCH_CARD_DIGITS + 1];
	int64_t	 amount; /* minor units */
};

/* What differs between systems. */
struct bench_system {
	const char *name;
	/*
	 * Go on opening the connection; called first with no bytes, then with what came, until it
	 * says that it is done.  Appends to conn->out.  *ret_used: bytes used up.  False with the
	 * reason: the system does not answer as it must.
	 */
	bool (*open)(struct bench_connection *conn, const uint8_t *bytes, size_t count,
		     size_t *ret_used, bool *ret_is_done, struct failure *failure);
	/* Append the next request of the connection, of options->batch earns, to conn->out. */
	void (*ask)(struct bench_connection *conn);
	/*
	 * Take whole answers from the front of bytes, each told by bench_answered().  *ret_used:
	 * bytes used up.  False with the reason: not an answer.
	 */
	bool (*take)(struct bench_connection *conn, const uint8_t *bytes, size_t count,
		     size_t *ret_used, struct failure *failure);
};

extern const struct bench_system bench_echo, bench_tallygate, bench_redis, bench_tarantool;

/* A request to Tallygate, and where in it the values stand that each one has of its own. */
struct bench_stamp {
	uint8_t *base; /* owned; NULL until it is made */
	size_t	 bytes;
	uint32_t request_id_at;
	uint32_t id_at, time_at, amount_at, card_at; /* in the first item */
	uint32_t stride;			     /* from an item to the next */
};

/* A run. */
struct bench {
	const struct bench_options *options;
	const struct bench_system  *system;
	struct endpoint		    endpoint;
	struct terminals	    terminals; /* for tallygate */
	struct bench_stamp	    stamp;     /* for tallygate */
	struct event_base	   *base;
	struct bench_connection	   *connections; /* owned */
	uint32_t		    open_count;
	struct prng		    prng;
	uint64_t		    next_card; /* to enrol */
	uint64_t		    started_ns, measured_ns, end_ns;
	uint64_t		    due_count;	/* open loop: requests that became due */
	uint32_t		    next_free;	/* open loop: where to look for a free one */
	bool			    is_measured; /* answers count */
	uint64_t		    ok_count, refused_count; /* earns answered, measured */
	struct histogram	    latency; /* of requests, from when they were due */
	bool			    has_failed;
	struct failure		    failure;
};

/* Open the connections, put the load on, fill the counts.  False with the reason. */
bool bench_run(struct bench *bench, struct failure *failure);

/* The same over MariaDB's own client library, without batches over TLS and without depth. */
bool bench_mariadb_run(struct bench *bench, struct failure *failure);

/* Nanoseconds of a clock that never goes back. */
uint64_t bench_now_ns(void);

/* Run the loop for so long, or until the run is given up: false with the reason. */
bool bench_run_for(struct bench *bench, double seconds, struct failure *failure);

/* Warm up and measure, the load being on. */
bool bench_measure(struct bench *bench, struct failure *failure);

/* The next earn: a new id, a member drawn at random. */
void bench_draw(struct bench *bench, struct bench_earn *ret_earn);

/* Room for so many more bytes to be sent. */
uint8_t *bench_room(struct bench_buffer *buffer, size_t bytes);

/* Append bytes, or text of at most BENCH_TEXT_BYTES_MAX. */
#define BENCH_TEXT_BYTES_MAX 128
void bench_put(struct bench_buffer *buffer, const void *data, size_t bytes);
void bench_print(struct bench_buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Append bytes as hexadecimal digits. */
void bench_put_hex(struct bench_buffer *buffer, const uint8_t *bytes, size_t count);

/* The oldest request without an answer is answered: so many of its earns done, so many refused. */
void bench_answered(struct bench_connection *conn, uint64_t ok, uint64_t refused);

/* Count what was answered at now_ns to a request that was due at due_ns. */
void bench_count(struct bench *bench, uint64_t due_ns, uint64_t now_ns, uint64_t ok,
		 uint64_t refused);

#endif
