/*
 * tallygate.h - libtallygate, the client library of the Tallygate points gateway.
 *
 * Two ways to use it.  A struct tg_client blocks: it connects when it must, sends, waits, and sends
 * again under the same transaction id until there is an answer or the time is up.  A struct
 * tg_link is one connection under an event loop of the caller's; it never blocks, but to resolve a
 * host name. Requests and answers are struct tg_message (protocol/value.h), whose fields are those
 * of the protocol reference, PROTOCOL.md.
 *
 * No global state: clients and links are independent of each other, and each is for one thread at a
 * time.  No signal is raised; the library uses no signal handler and no thread.
 *
 *	struct tg_options options;
 *	struct tg_client *client;
 *	struct tg_message request, answer;
 *	uint8_t id[TG_TRANSACTION_ID_BYTES];
 *
 *	tg_options_init(&options);
 *	options.host = "gateway.example";
 *	options.ca_file = "/etc/tallygate/ca.pem";
 *	options.terminal = 1001;
 *	options.key_generation = 1;
 *	memcpy(options.key, key, sizeof(options.key));
 *	if (tg_client_new(&options, NULL, 0, &client) != TG_OK ||
 *	    tg_transaction_id_new(id) != TG_OK)
 *		...
 *	tg_message_init(&request, 0, TG_OP_EARN);
 *	tg_message_set_bytes(&request, TG_FIELD_TRANSACTION_ID, id, sizeof(id));
 *	tg_message_set_integer(&request, TG_FIELD_BUSINESS_TIME, tg_utc_ms());
 *	tg_message_set_integer(&request, TG_FIELD_IDENTIFIER_TYPE, 1);
 *	tg_message_set_text(&request, TG_FIELD_IDENTIFIER, "4900000012345");
 *	tg_message_set_integer(&request, TG_FIELD_AMOUNT, 1980);
 *	... write id and request to the disk, then:
 *	status = tg_client_transact(client, &request, 30000, &answer);
 *	if (status == TG_OK)
 *		points = tg_message_integer(&answer, TG_FIELD_POINTS, 0);
 *	else
 *		fprintf(stderr, "%s\n", tg_client_error(client));
 */
#ifndef TG_PROTOCOL_TALLYGATE_H
#define TG_PROTOCOL_TALLYGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "protocol/decode.h"
#include "protocol/message.h"
#include "protocol/queue.h"
#include "protocol/rows.h"
#include "protocol/status.h"
#include "protocol/value.h"

/* Bytes of a terminal's key. */
#define TG_TERMINAL_KEY_BYTES 32

/* Longest instance name, without NUL. */
#define TG_CLIENT_INSTANCE_BYTES_MAX 64

/* With whom to talk and as whom.  Strings are copied by tg_client_new() and tg_link_new(). */
struct tg_options {
	const char *host;	      /* HOST[:PORT],... names or addresses; must be set */
	const char *port;	      /* of those without one: number or service; "7411" */
	bool is_plain;		      /* without TLS: on loopback, where the operator allows it */
	const char *ca_file;	      /* PEM with the coalition's CA; NULL: the system's CAs */
	const char *server_name;      /* that the certificate must carry; NULL: its host */
	const char *certificate_file; /* PEM, own certificate and its chain; NULL: none */
	const char *key_file;	      /* PEM, its private key; NULL: in certificate_file */
	uint32_t terminal;	      /* own number, 1 or more */
	uint16_t key_generation;      /* of key; 0: no key, the certificate proves who speaks */
	uint8_t key[TG_TERMINAL_KEY_BYTES]; /* shared with the gateway */
	const char *instance;	    /* refuse a gateway that calls itself otherwise; NULL: any */
	const char *software;	    /* told to the gateway: name and version; NULL: none */
	uint32_t open_timeout_ms;   /* for connecting, TLS, HELLO and AUTH at one host; 10000 */
	uint32_t answer_timeout_ms; /* for one answer, then the connection is given up; 5000 */
};

/* What the gateway told when the session opened. */
struct tg_session {
	uint32_t terminal;	  /* own number */
	uint32_t partner;	  /* number */
	uint32_t store;		  /* number, 0 for a partner's system */
	uint32_t rights;	  /* bits of enum tg_right */
	uint32_t frame_bytes_max; /* largest payload that may be sent */
	uint32_t in_flight_max;	  /* requests that may be unanswered */
	int32_t business_date;	  /* days since 1970-01-01; INT32_MIN: not told */
	int64_t clock_ahead_ms;	  /* the gateway's clock less this machine's, at HELLO */
	bool is_clock_stepped;	  /* the gateway's clock is moved by hand */
	char instance[TG_CLIENT_INSTANCE_BYTES_MAX + 1]; /* name of the coalition's instance */
	bool is_sandbox; /* of the instance, or of this terminal: nothing done here counts */
};

#define TG_ACTIVATION_NONCE_BYTES 16

/* What a terminal gets for its one-time code. */
struct tg_activation {
	uint32_t terminal;		    /* own number */
	uint16_t key_generation;	    /* of key */
	uint8_t key[TG_TERMINAL_KEY_BYTES]; /* to be kept where nobody else can read it */
	uint32_t partner;		    /* number */
	uint32_t store;			    /* number, 0 for a partner's system */
	bool is_sandbox;		    /* nothing done here counts */
	char instance[TG_CLIENT_INSTANCE_BYTES_MAX + 1]; /* name of the coalition's instance */
};

/* Set every option to its default. */
void tg_options_init(struct tg_options *options);

/* Make a transaction id from random bytes.  TG_OK; TG_IO: there is no randomness. */
TG_MUST_CHECK enum tg_status tg_transaction_id_new(uint8_t ret_id[TG_TRANSACTION_ID_BYTES]);

/* Time of day, ms of UTC since 1970-01-01, for BUSINESS_TIME. */
int64_t tg_utc_ms(void);

/*
 * How long to wait before connecting or sending again: a random time up to 1 s, 2 s, 4 s ... 60 s.
 * failures: how many attempts in a row have failed, 1 or more.
 */
uint32_t tg_backoff_ms(uint32_t failures);

/*
 * Make the REVERSE that undoes a transaction whole: fields of request that name member, store and
 * terminal, its id as ORIGINAL, its time as ORIGINAL_TIME.
 *
 * id: of the REVERSE itself, borrowed as long as ret_reversal is used, as is what request borrows.
 */
void tg_reversal_of(const struct tg_message *request, const uint8_t id[TG_TRANSACTION_ID_BYTES],
		    enum tg_reason reason, struct tg_message *ret_reversal);

/* Make the STATUS that asks what became of a transaction.  Borrows what request borrows. */
void tg_status_request_of(const struct tg_message *request, struct tg_message *ret_request);

/*
 * Use a terminal's one-time code: get its key.  Blocks; tries again until there is an answer or the
 * time is up.  Over TLS only.
 *
 * options: terminal, host, ca_file and the like; their key is not looked at.  code: as the operator
 * told it; case, blanks and hyphens do not matter.  nonce: random bytes that the caller made and
 * keeps until the key is stored: with the same nonce the same code can be used again as long as it
 * lives, should the answer have been lost; with another it is used up.
 *
 * TG_OK: ret_activation is set; tg_activation_clear() it when the key is stored.  TG_AUTH_FAILED:
 * the code is wrong, used or expired, or the gateway is not who it should be.  TG_BLOCKED.
 * TG_TIMEOUT, TG_CLOSED, TG_IO: call again.  TG_CONFIG, TG_NO_MEMORY.  error_text, if not NULL,
 * says why in at most error_bytes with the NUL.
 */
TG_MUST_CHECK enum tg_status tg_activate(const struct tg_options *options, const char *code,
					 const uint8_t nonce[TG_ACTIVATION_NONCE_BYTES],
					 uint32_t timeout_ms, struct tg_activation *ret_activation,
					 char *error_text, size_t error_bytes);

/* Wipe the key. */
void tg_activation_clear(struct tg_activation *activation);

/*
 * A client that blocks.
 *
 * What its functions return: the status of the gateway's answer; or, when there is none:
 *   TG_TIMEOUT, TG_CLOSED	the request was sent, its outcome is unknown
 *   TG_IO			the gateway cannot be reached; nothing was sent
 *   TG_AUTH_FAILED		one of the two sides has not proved who it is; nothing was sent
 *   TG_MISSING_FIELD, TG_BAD_FIELD, TG_UNKNOWN_FIELD, TG_UNKNOWN_OPERATION
 *				the request is not as the message table says; nothing was sent
 *   TG_CONFIG, TG_NO_MEMORY, TG_OUT_OF_TURN
 *				see tg_client_error(); nothing was sent
 * An answer is set only when it came from the gateway: then its code is the status returned.  Its
 * text and bytes are good until the next call with the same client.
 */
struct tg_client;

/*
 * Make a client.  Does not connect.
 *
 * TG_OK; TG_CONFIG: options or the files they name cannot be used: error_text, if not NULL, says
 * why in at most error_bytes with the NUL; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status tg_client_new(const struct tg_options *options, char *error_text,
					   size_t error_bytes, struct tg_client **ret_client);

/* Close the connection and free everything.  NULL is allowed. */
void tg_client_free(struct tg_client *client);

/* What went wrong last: one line of English that names it.  Never NULL; "" if nothing did. */
const char *tg_client_error(const struct tg_client *client);

/* What the gateway told of the session; NULL while there is none. */
const struct tg_session *tg_client_session(const struct tg_client *client);

/* The gateway of options.host that is connected to, or was tried last; good until the next call. */
const char *tg_client_host(const struct tg_client *client);
const char *tg_client_port(const struct tg_client *client);

/* Open the connection now, or find it open; each gateway tried once.  TG_OK or as above. */
TG_MUST_CHECK enum tg_status tg_client_open(struct tg_client *client, uint32_t timeout_ms);

/* Close the connection; what was not answered has an unknown outcome. */
void tg_client_close(struct tg_client *client);

/*
 * Send one request once, and wait for its answer.  Its request id is chosen by the client.
 * The connection is opened if need be, each gateway tried once.  After TG_TIMEOUT it is closed.
 */
TG_MUST_CHECK enum tg_status tg_client_call(struct tg_client *client,
					    const struct tg_message *request, uint32_t timeout_ms,
					    struct tg_message *ret_answer);

/*
 * Send one transaction until there is a final answer or the time is up.
 *
 * The request has its TRANSACTION_ID, kept by the caller before this call.  It is sent again, with
 * REPEAT and ATTEMPT set, on a new connection where the old one failed, after answers that ask for
 * it (BUSY, SHUTTING_DOWN and others that pass by themselves), with growing random pauses.
 *
 * TG_TIMEOUT: it was sent at least once, and its outcome is unknown: call again, or reverse.  Any
 * answer of the gateway is final but those that tg_status_is_retryable() tells; nothing has
 * happened then, and the time was up or more time would not help (as with UNKNOWN_MEMBER).
 */
TG_MUST_CHECK enum tg_status tg_client_transact(struct tg_client *client,
						const struct tg_message *request,
						uint32_t timeout_ms, struct tg_message *ret_answer);

/*
 * Send a request and do not wait.  ret_request_id: to find its answer by.
 *
 * TG_OK; TG_BUSY: as many are unanswered as may be; TG_CLOSED: the connection is gone, and
 * TG_SHUTTING_DOWN: it will go soon: in these cases receive first; or as above.
 */
TG_MUST_CHECK enum tg_status tg_client_send(struct tg_client *client,
					    const struct tg_message *request,
					    uint32_t *ret_request_id);

/*
 * Wait for the next answer to requests sent with tg_client_send(), in whatever order they come.
 *
 * TG_OK: there is one; its status is ret_answer->code.  TG_TIMEOUT: none yet, wait on.  TG_CLOSED:
 * the connection is gone and with it all answers that are still missing.  TG_OUT_OF_TURN: nothing
 * is unanswered.
 */
TG_MUST_CHECK enum tg_status tg_client_receive(struct tg_client *client, uint32_t timeout_ms,
					       struct tg_message *ret_answer);

/* Requests sent with tg_client_send() and not answered yet. */
uint32_t tg_client_in_flight(const struct tg_client *client);

/*
 * What became of a transaction in a batch.
 *
 * index: of the request.  answer: its code is the status; borrowed for the call.  NULL: the
 * outcome is unknown, or the request was never sent.
 */
typedef void (*tg_batch_answer)(void *context, uint32_t index, const struct tg_message *answer);

/*
 * Send many transactions in batches until each has a final answer or the time is up.
 *
 * requests: count of them, each with its TRANSACTION_ID; in BATCH frames of as many as fit.
 * on_answer is called exactly once for each, in any order.  Needs the right TG_RIGHT_BATCH. TG_OK:
 * each has a final answer, which may be a refusal.  Else as above, and some have none.
 */
TG_MUST_CHECK enum tg_status tg_client_batch(struct tg_client *client,
					     const struct tg_message *const *requests,
					     uint32_t count, uint32_t timeout_ms,
					     tg_batch_answer on_answer, void *context);

/*
 * One connection, not blocking.
 *
 *	tg_link_new(&options, ..., &link);
 *	tg_link_open(link, now_ms);
 *	for (;;) {
 *		wait until tg_link_fd() is ready for tg_link_events(), or tg_link_deadline_ms()
 *		status = tg_link_step(link, now_ms);
 *		while (tg_link_receive(link, &answer)) ...
 *		if (status != TG_OK) the connection is closed: tg_link_error(), tg_link_open() again
 *		if (tg_link_is_ready(link)) tg_link_send(...), as often as it says TG_OK
 *	}
 */
struct tg_link;

/* Make a link.  Does not connect.  As tg_client_new(). */
TG_MUST_CHECK enum tg_status tg_link_new(const struct tg_options *options, char *error_text,
					 size_t error_bytes, struct tg_link **ret_link);

/* Close the connection and free everything.  NULL is allowed. */
void tg_link_free(struct tg_link *link);

/*
 * Begin to connect; the rest is done by tg_link_step().  An open connection is closed first.
 * The gateway is the one of the last session, and, when no session opened there, when it asked to
 * go, or was closed while it owed answers, the next of options.host.
 *
 * now_ms: of a clock that never falls, the same in all calls.  Blocks only to resolve a host name.
 * TG_OK; TG_IO: no such host, or no socket.
 */
TG_MUST_CHECK enum tg_status tg_link_open(struct tg_link *link, int64_t now_ms);

/* Close the connection at once.  Answers that have arrived can still be received. */
void tg_link_close(struct tg_link *link);

/* The socket to wait on, -1 while there is none; it changes while the link connects. */
int tg_link_fd(const struct tg_link *link);

/* What to wait for: POLLIN and POLLOUT of poll(2). */
short tg_link_events(const struct tg_link *link);

/* When tg_link_step() is due though the socket is silent; INT64_MAX: not at all. */
int64_t tg_link_deadline_ms(const struct tg_link *link);

/*
 * Do what can be done without waiting: connect, open the session, write, read.  Messages received
 * before lose their text and bytes.
 *
 * TG_OK; else the connection is closed: TG_IO: could not connect; TG_CLOSED: the other side closed;
 * TG_TIMEOUT: the session did not open in time; TG_AUTH_FAILED: the other side is not who it
 * should be, or says so of this one; TG_BAD_FRAME: it does not speak the protocol; or the status
 * with which the gateway refused the session.
 */
TG_MUST_CHECK enum tg_status tg_link_step(struct tg_link *link, int64_t now_ms);

/* May requests be sent?  False while the session opens, and after the gateway asked to go. */
bool tg_link_is_ready(const struct tg_link *link);

/* Is there a connection, ready or not? */
bool tg_link_is_open(const struct tg_link *link);

/* How long the gateway asked to stay away when it said it would close, ms; 0: it did not say. */
uint32_t tg_link_retry_after_ms(const struct tg_link *link);

/*
 * How long to wait before tg_link_open(): a short random time when another gateway has its turn;
 * else what the gateway asked for and tg_backoff_ms(failures) on top.
 *
 * failures: attempts in a row that gave no answer, 1 or more.
 */
uint32_t tg_link_pause_ms(const struct tg_link *link, uint32_t failures);

/* How many gateways have their turn, the next included, before all have been tried: 1 or more. */
uint32_t tg_link_untried(const struct tg_link *link);

/* The gateway of options.host that is connected to, or was tried last. */
const char *tg_link_host(const struct tg_link *link);
const char *tg_link_port(const struct tg_link *link);

/* What the gateway told of the session; valid from ready to the next tg_link_open(). */
const struct tg_session *tg_link_session(const struct tg_link *link);

/* What went wrong last, as tg_client_error(). */
const char *tg_link_error(const struct tg_link *link);

/*
 * Put a request into the link's buffer; tg_link_step() writes it.  Checked against the table first.
 *
 * TG_OK: *ret_request_id is set.  TG_BUSY: as many are unanswered or unwritten as may be: step,
 * receive, try again.  TG_SHUTTING_DOWN: the gateway asked to go.  TG_OUT_OF_TURN: not ready.
 * TG_FRAME_TOO_LARGE; or what is wrong with the request, see tg_link_error().
 */
TG_MUST_CHECK enum tg_status tg_link_send(struct tg_link *link, const struct tg_message *request,
					  uint32_t *ret_request_id);

/*
 * The same with a batch of as many of the requests as fit into one frame, in order, at least one.
 * ret_taken: how many.  Read the answer's items with tg_rows_next_item() and
 * tg_decode_item_answer().
 */
TG_MUST_CHECK enum tg_status tg_link_send_batch(struct tg_link *link,
						const struct tg_message *const *requests,
						uint32_t count, uint32_t *ret_taken,
						uint32_t *ret_request_id);

/* The next answer that has arrived; also after the connection is closed.  False: none. */
bool tg_link_receive(struct tg_link *link, struct tg_message *ret_answer);

/* Requests sent and not received an answer to. */
uint32_t tg_link_in_flight(const struct tg_link *link);

#ifdef __cplusplus
}
#endif

#endif
