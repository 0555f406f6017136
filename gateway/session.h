/*
 * session.h - one connection of a terminal or a partner's system, from accept to close.
 *
 * Owns the states and the only function that moves between them, the table of sessions of an I/O
 * thread, their deadlines and their ends.  Bytes in are input.h, bytes out output.h, what requests
 * mean request.h.  A session belongs to one I/O thread for life, and no other thread looks at it.
 *
 * A session lives across many requests; a request is a job of the pipeline that knows its session
 * by id only, slot and generation, so that its answer finds nobody when the session is gone.
 */
#ifndef TG_GATEWAY_SESSION_H
#define TG_GATEWAY_SESSION_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "gateway/address.h"
#include "gateway/stream.h"
#include "gateway/translate.h"
#include "gateway/wheel.h"
#include "protocol/status.h"

/* Columns: name, states that may follow (as bits), word for log and console. */
/* clang-format off */
#define SESSION_STATE_LIST(X) \
	X(FREE,      SESSION_BIT(HANDSHAKE), "free") \
	X(HANDSHAKE, SESSION_BIT(HELLO) | SESSION_BIT(CLOSED), "handshake") \
	X(HELLO,     SESSION_BIT(CHALLENGE) | SESSION_ENDS, "hello") \
	X(CHALLENGE, SESSION_BIT(AUTH) | SESSION_ENDS, "challenge") \
	X(AUTH,      SESSION_BIT(CHALLENGE) | SESSION_BIT(OPEN) | SESSION_ENDS, "auth") \
	X(OPEN,      SESSION_ENDS, "open") \
	X(DRAINING,  SESSION_BIT(LINGER) | SESSION_BIT(CLOSED), "draining") \
	X(LINGER,    SESSION_BIT(CLOSED), "linger") \
	X(CLOSED,    SESSION_BIT(FREE), "closed")
/* clang-format on */

/*
 * FREE: the slot is not in use.  HANDSHAKE: TLS is being set up.  HELLO: waits for HELLO.
 * CHALLENGE: waits for AUTH.  AUTH: the ledger is asked about the principal.  OPEN: at work.
 * DRAINING: takes no new work, tells the answers in flight.  LINGER: all is said; waits for the
 * peer to close, so that it reads what was sent last.  CLOSED: freed at the end of the turn.
 */
enum session_state {
#define SESSION_STATE_ENUM(name, next, word) SESSION_##name,
	SESSION_STATE_LIST(SESSION_STATE_ENUM)
#undef SESSION_STATE_ENUM
		SESSION_STATE_COUNT,
};

#define SESSION_BIT(state) (1u << SESSION_##state)
#define SESSION_ENDS (SESSION_BIT(DRAINING) | SESSION_BIT(LINGER) | SESSION_BIT(CLOSED))

/* A LINGER ends after this, whatever the peer does. */
#define SESSION_LINGER_MS 2000

/* While there are too many handshakes, one that takes longer than this makes room for another. */
#define SESSION_PRESSED_MS 2000

struct batch;
struct census_partner;
struct hello;
struct io;

/* On which list of its I/O thread a session is; on one at most. */
enum session_list {
	SESSION_ON_NONE,
	SESSION_ON_WORK,      /* has something to do at the end of this turn */
	SESSION_ON_HANDSHAKE, /* its TLS handshake can go on */
	SESSION_ON_CLOSED,    /* to be freed at the end of this turn */
};

struct session {
	struct wheel_entry deadline; /* first, so that the wheel's entries lead here */
	TAILQ_ENTRY(session) link;   /* of the list below */
	struct io *io;		     /* its I/O thread; for life */
	uint32_t slot;		     /* in the table; for life */
	uint32_t generation;	     /* counts the uses of the slot, from 1 */
	uint64_t number;	     /* of the connection, as in the log; never used again */
	uint8_t list;		     /* enum session_list */
	uint8_t state;		     /* enum session_state; session_enter() moves it */
	bool is_tls;
	bool wants_run;				 /* bytes to read or frames to take */
	bool wants_flush;			 /* bytes to write */
	bool is_mute;				 /* what the peer sends is thrown away */
	bool is_eof;				 /* the peer has closed its side */
	bool is_forgetful;			 /* answers in flight are not waited for */
	bool has_handshake;			 /* counted among the handshakes of the census */
	bool by_certificate;			 /* the principal; else by key */
	bool read_wants_write, write_wants_read; /* TLS has its own needs */
	short watched;				 /* events registered: EV_READ, EV_WRITE */
	struct stream stream;
	struct event event;
	struct address peer;
	const char *end_reason; /* static text for the log; NULL: as it should */

	/* Monotonic ms; 0: not running. */
	int64_t opened_ms;	 /* accepted */
	int64_t state_since_ms;	 /* entered the state; CHALLENGE and AUTH: entered HELLO */
	int64_t active_ms;	 /* last whole frame */
	int64_t frame_since_ms;	 /* first byte of the frame that is not whole */
	int64_t output_since_ms; /* the peer last took bytes, while some wait */

	/* Bytes read and not used up; memory only while there are some. */
	uint8_t *in;
	size_t in_bytes, in_capacity;
	size_t in_wanted; /* length of the frame that in begins with, as far as known */

	/* Bytes to write: out[out_start..out_end); memory only while there are some. */
	uint8_t *out;
	size_t out_start, out_end, out_capacity;

	/* Who speaks; zero before OPEN.  indexed: the terminal it says to be, from AUTH on. */
	LIST_ENTRY(session) by_terminal;
	uint32_t indexed; /* 0: not in the index */
	struct principal principal;
	uint16_t key_generation;      /* 0: by certificate */
	struct census_partner *share; /* the partner's entry; NULL before OPEN */

	/* Requests. */
	struct hello *hello;	/* owned; from HELLO to OPEN */
	struct batch *batch;	/* owned; the BATCH under way */
	uint32_t in_flight;	/* without an answer; a BATCH and AUTH count as one */
	enum tg_status shed;	/* TG_OK, or how everything read already is answered */
	size_t frame_bytes_max; /* payload of a frame that the peer may send */
	uint64_t requests_count;
	bool is_comparing; /* its totals are asked for, to compare them with its own */
};

/* Id of a session for jobs: never the same for two sessions. */
static inline uint64_t
session_id(const struct session *session)
{
	return (uint64_t)session->generation << 32 | session->slot;
}

/* The state's word. */
const char *session_state_name(enum session_state state);

/* May a session go from one state to the other? */
bool session_may_move(enum session_state from, enum session_state to);

/* The one function that changes a state. */
void session_enter(struct session *session, enum session_state next);

LIST_HEAD(session_bucket, session);

/* All sessions of an I/O thread. */
struct session_table {
	struct session *sessions; /* owned; slots of them, touched only as used */
	uint32_t slots;
	uint32_t used_slots;  /* of these the first so many were ever used */
	uint32_t *free_slots; /* owned; stack of slots used before */
	uint32_t free_count;
	uint32_t open_count;		/* in use */
	struct session_bucket *buckets; /* owned; bucket_mask + 1: index by terminal */
	uint32_t bucket_mask;
};

/* TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status session_table_init(struct session_table *table, uint32_t slots);
void session_table_deinit(struct session_table *table);

/* The session of that id; NULL when it is gone, or CLOSED already. */
struct session *session_find(struct session_table *table, uint64_t id);

/* Put a session into the index by terminal, or take it out, if it is in. */
void session_index(struct session *session, uint32_t terminal);
void session_unindex(struct session *session);

/* The sessions that say to be a terminal, one after the other; NULL at the end. */
struct session *session_first(struct session_table *table, uint32_t terminal);
struct session *session_next(struct session *session);

/*
 * Begin a session.  fd: a connected non-blocking socket, owned from here on, and counted among the
 * connections of the census.  Without a slot or memory it is closed.
 */
void session_open(struct io *io, int fd, const struct address *peer, bool is_tls);

/* Its peer may speak: say at once to one that would not be served that it should come later. */
void session_greet(struct session *session);

/* Put a session to work at the end of the turn: to read (run) or to write (flush). */
void session_want_run(struct session *session);
void session_want_flush(struct session *session);

/* Does the session take another frame now?  Not while it has too much unanswered or unread. */
bool session_is_taking(const struct session *session);

/* May its next request go to the ledger, by the rates of the configuration?  Some always may. */
bool session_admits(struct session *session, uint32_t operation);

/* One answer less is owed.  Reads on, if that was what it waited for, or ends when it drains. */
void session_answered(struct session *session);

/* It takes frames again, after it did not. */
void session_resume(struct session *session);

/* All that was to be written is: end a session that drains and owes no more. */
void session_flushed(struct session *session);

/*
 * Take nothing more, tell what is in flight, then close.  reason: static text for the log, NULL for
 * an orderly end.
 */
void session_finish(struct session *session, const char *reason);

/* The same, without waiting for answers in flight: of one that was blocked. */
void session_expel(struct session *session, enum tg_status outcome);

/* Tell the peer to reconnect (NOTICE), then finish. */
void session_drain(struct session *session);

/* Close at once.  Its memory is freed at the end of the turn.  Of a CLOSED one nothing happens. */
void session_close(struct session *session, const char *reason);

/* Register for the events that the session waits for, and set its deadline.  After every change. */
void session_settle(struct session *session);

/* A deadline may have come: look which, if any, and act. */
void session_expire(struct session *session);

/* Give back everything of a CLOSED session.  For the I/O thread, at the end of a turn. */
void session_free(struct session *session);

/* Write a log line with the connection in front. */
void session_log(const struct session *session, int level, const char *event, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));

#endif
