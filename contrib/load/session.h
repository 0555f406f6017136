/*
 * session.h - one connection of a terminal to the gateway: socket, TLS, HELLO, AUTH, frames.
 *
 * Owns the socket and its buffers.  Knows nothing of what is asked: messages go out as they are
 * given, answers are handed up as they come.  Does not block; events come from libevent.  A
 * session can be opened again after it was closed, as often as wanted.
 */
#ifndef TG_CONTRIB_LOAD_SESSION_H
#define TG_CONTRIB_LOAD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contrib/load/endpoint.h"
#include "contrib/load/terminals.h"
#include "protocol/client_buffer.h"
#include "protocol/client_opening.h"
#include "protocol/message.h"
#include "protocol/value.h"

struct event;
struct event_base;

enum session_state {
	SESSION_CLOSED,	    /* no socket */
	SESSION_CONNECTING, /* TCP */
	SESSION_HANDSHAKE,  /* TLS */
	SESSION_HELLO,	    /* HELLO sent */
	SESSION_AUTH,	    /* AUTH sent */
	SESSION_READY,	    /* requests may be sent */
};

#define SESSION_REASON_BYTES 128

/* What a session tells its owner; context comes first.  None may free or open the session. */
struct session_hooks {
	/* Authenticated: session->... below are set. */
	void (*on_ready)(void *context);
	/*
	 * An answer, or a message of the server's own.  message points into payload, the frame
	 * without its header; both live for the call.  The owner may send and close.
	 */
	void (*on_answer)(void *context, const struct tg_message *message, const uint8_t *payload,
			  size_t payload_bytes);
	/* The connection ended, but not by session_close(). */
	void (*on_lost)(void *context, const char *reason);
};

struct session {
	/* set by session_init(), borrowed */
	struct event_base	   *base;
	const struct endpoint	   *endpoint;
	const struct terminals	   *terminals;
	const struct terminal	   *terminal; /* who speaks */
	const struct session_hooks *hooks;
	void			   *context;

	/* what the server told; valid from on_ready */
	struct tg_session told;
	int64_t		  server_time_ms; /* its clock at AUTH, ms UTC */

	enum session_state    state;
	uint64_t	      opened_ns; /* when connecting began, by the owner's clock */
	int		      fd;	 /* -1 while closed */
	SSL		     *tls;	 /* NULL on plain TCP or while closed */
	struct event	     *read_event, *write_event;
	bool		      is_write_wanted; /* write_event is added */
	struct client_buffer  in, out;
	struct client_opening opening;
	uint8_t		      key[TG_KEY_BYTES]; /* while the session opens */
	char		      reason[SESSION_REASON_BYTES];
};

/* What session_init() borrows; all must outlive the session. */
struct session_setup {
	struct event_base	   *base;
	const struct endpoint	   *endpoint;
	const struct terminals	   *terminals;
	const struct terminal	   *terminal;
	const struct session_hooks *hooks;
	void			   *context; /* for the hooks */
};

/* Make a closed session. */
void session_init(struct session *session, const struct session_setup *setup);

/* Close and free what it owns; all zero is fine. */
void session_deinit(struct session *session);

/*
 * Begin to connect.  The session is closed.  now_ns: kept as opened_ns.
 * on_ready or on_lost follows, on_lost perhaps before this returns.
 */
void session_open(struct session *session, uint64_t now_ns);

/* Close at once, whatever is in flight. */
void session_close(struct session *session);

/*
 * Append a message to what goes out with the next session_flush().  The session is ready.
 * ret_frame, ret_frame_bytes: the frame as it will be sent, valid until the next call.
 */
void session_send(struct session *session, const struct tg_message *message,
		  const uint8_t **ret_frame, size_t *ret_frame_bytes);

/*
 * Room for a frame that the owner writes itself (batches), of at most bytes; then session_sent().
 * Valid until the next call.
 */
uint8_t *session_room(struct session *session, size_t bytes);

/* So many bytes of the room are a frame to be sent. */
void session_sent(struct session *session, size_t bytes);

/* Bytes that wait to be sent. */
size_t session_waiting_bytes(const struct session *session);

/* Send what waits, as far as the socket takes it.  A failure ends in on_lost. */
void session_flush(struct session *session);

#endif
