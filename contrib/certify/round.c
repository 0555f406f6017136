/*
 * round.c - connections, the opening of sessions, and the end of a round.
 */
#include "contrib/certify/round.h"

#include <errno.h>
#include <openssl/rand.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contrib/certify/command.h"
#include "contrib/certify/serve.h"
#include "protocol/decode.h"
#include "protocol/tallygate.h"

#define TURN_MS 50
#define QUIET_MS 4000	  /* after which a terminal that has what it wants asks no more */
#define UNTRUSTED_MS 8000 /* for rounds in which nothing should come */
#define ENDED_MS 150	  /* for a connection that waits while the command has ended */
#define STORE 11
#define PARTNER 1

static int64_t
now_ms(const struct round *round)
{
	return wire_now_ms() - round->trace.began_ms;
}

static struct connection *
present(struct round *round)
{
	return &round->connections[round->wire.number - 1];
}

/* The connection is gone. */
static void
forget_connection(struct round *round)
{
	if (present(round)->closed_ms < 0)
		present(round)->closed_ms = now_ms(round);
	round->has_hello = round->is_proved = false;
	round->in_flight = 0;
}

void
round_cut(struct round *round, const char *why)
{
	trace_event(&round->trace, round->wire.number, "%s", why);
	wire_cut(&round->wire);
	forget_connection(round);
}

static void
hang_up(struct round *round)
{
	wire_close(&round->wire);
	forget_connection(round);
}

/* Which certificate this round shows. */
static SSL_CTX *
face_of(const struct round *round)
{
	enum authority_face face = FACE_TRUE;

	if (round->options.is_plain)
		return NULL;
	if (round->options.fault == FAULT_STRANGER)
		face = FACE_STRANGER;
	else if (round->options.fault == FAULT_OTHER_NAME)
		face = FACE_OTHER;
	return round->options.authority->faces[face];
}

/* A connection waits: take it; an older one is given up, as its terminal has given it up. */
static void
take_connection(struct round *round)
{
	int fd = accept4(round->options.listener, NULL, NULL, SOCK_CLOEXEC);
	struct connection *connection;
	bool is_accepted;

	if (fd < 0)
		return;
	if (round->wire.fd >= 0)
		round_cut(round, "another connection came: this one is given up");
	if (round->connection_count == ROUND_CONNECTIONS_MAX) {
		close(fd);
		return;
	}
	connection = &round->connections[round->connection_count++];
	*connection = (struct connection){ .opened_ms = now_ms(round), .closed_ms = -1 };
	round->wire.number = round->connection_count;
	if (round->options.fault == FAULT_HANG_UP && round->hits > 0 &&
	    round->hits <= ROUND_HANG_UPS) {
		round->hits++;
		round->wire.fd = fd;
		round_cut(round, "closed at once");
		return;
	}
	is_accepted = wire_accept(&round->wire, fd, face_of(round));
	trace_event(&round->trace, round->wire.number, "%s",
		    !is_accepted	   ? "connected, and broke off the TLS handshake"
		    : round->wire.ssl == NULL ? "connected"
					      : SSL_get_version(round->wire.ssl));
	if (round->options.fault == FAULT_STRANGER || round->options.fault == FAULT_OTHER_NAME)
		round->hits++;
	if (!is_accepted)
		forget_connection(round);
}

/* HELLO. */
static void
greet(struct round *round, const struct tg_message *request)
{
	struct breaches *breaches = round->breaches;
	const uint8_t *nonce = request->values[TG_FIELD_CLIENT_NONCE].data;
	struct tg_message answer;

	breach_look(breaches, RULE_NONCE);
	for (uint32_t i = 0; i < breaches->nonce_count; i++) {
		if (memcmp(breaches->nonces[i], nonce, TG_NONCE_BYTES) == 0)
			breach_note(breaches, RULE_NONCE,
				    "connection %u uses the nonce of an earlier one",
				    round->wire.number);
	}
	if (breaches->nonce_count < BREACH_NONCES_MAX)
		memcpy(breaches->nonces[breaches->nonce_count++], nonce, TG_NONCE_BYTES);
	memset(&round->input, 0, sizeof(round->input));
	round->input.version = TG_PROTOCOL_VERSION;
	memcpy(round->input.client_nonce, nonce, TG_NONCE_BYTES);
	(void)RAND_bytes(round->input.server_nonce, TG_NONCE_BYTES);
	(void)wire_exporter(&round->wire, round->input.exporter);
	round->has_hello = true;

	tg_message_init(&answer, request->request_id, TG_OK);
	tg_message_set_integer(&answer, TG_FIELD_VERSION, TG_PROTOCOL_VERSION);
	tg_message_set_bytes(&answer, TG_FIELD_SERVER_NONCE, round->input.server_nonce,
			     TG_NONCE_BYTES);
	tg_message_set_text(&answer, TG_FIELD_INSTANCE, AUTHORITY_INSTANCE);
	tg_message_set_integer(&answer, TG_FIELD_FRAME_BYTES_MAX, TG_FRAME_BYTES_MAX);
	tg_message_set_integer(&answer, TG_FIELD_IN_FLIGHT_MAX, SERVE_IN_FLIGHT_MAX);
	tg_message_set_integer(&answer, TG_FIELD_SERVER_TIME, tg_utc_ms());
	tg_message_set_integer(&answer, TG_FIELD_SANDBOX, 1);
	serve_send(round, &answer);
}

/* Why the terminal has not proved itself; NULL: it has. */
static const char *
find_fault(struct round *round, const struct tg_message *request)
{
	const struct authority *authority = round->options.authority;

	round->input.terminal = (uint32_t)tg_message_integer(request, TG_FIELD_TERMINAL, 0);
	round->input.generation =
		(uint16_t)tg_message_integer(request, TG_FIELD_KEY_GENERATION, 0);
	if (round->input.terminal != authority->terminal)
		return "TERMINAL is not the number it was given";
	if (!tg_message_has(request, TG_FIELD_PROOF))
		return round->wire.named == authority->terminal
			       ? NULL
			       : "there is neither a PROOF nor the terminal's certificate";
	if (round->input.generation != AUTHORITY_GENERATION)
		return "KEY_GENERATION is not that of its key";
	return tg_auth_check_proof(TG_AUTH_TERMINAL, authority->key, &round->input,
				   request->values[TG_FIELD_PROOF].data)
		       ? NULL
		       : "PROOF is wrong";
}

/* AUTH. */
static void
admit(struct round *round, const struct tg_message *request)
{
	const char *fault = find_fault(round, request);
	uint8_t proof[TG_PROOF_BYTES];
	struct tg_message answer;

	breach_look(round->breaches, RULE_IDENTITY);
	tg_message_init(&answer, request->request_id, fault == NULL ? TG_OK : TG_AUTH_FAILED);
	if (fault != NULL) {
		breach_note(round->breaches, RULE_IDENTITY, "%s", fault);
		serve_send(round, &answer);
		hang_up(round);
		return;
	}
	round->is_proved = present(round)->is_authenticated = true;
	tg_message_set_integer(&answer, TG_FIELD_TERMINAL, round->input.terminal);
	tg_message_set_integer(&answer, TG_FIELD_PARTNER, PARTNER);
	tg_message_set_integer(&answer, TG_FIELD_STORE, STORE);
	tg_message_set_integer(&answer, TG_FIELD_RIGHTS, 0x3f);
	tg_message_set_integer(&answer, TG_FIELD_SERVER_TIME, tg_utc_ms());
	tg_message_set_integer(&answer, TG_FIELD_SANDBOX, 1);
	if (tg_message_has(request, TG_FIELD_PROOF) &&
	    tg_auth_make_proof(TG_AUTH_SERVER, round->options.authority->key, &round->input,
			       proof) == TG_OK) {
		if (round->options.fault == FAULT_BAD_PROOF) {
			proof[0] ^= 1;
			round->hits++;
		}
		tg_message_set_bytes(&answer, TG_FIELD_PROOF, proof, sizeof(proof));
	}
	serve_send(round, &answer);
}

/* A request that has no place here; an answer is due all the same. */
static void
refuse(struct round *round, const struct tg_message *request, enum tg_status status,
       const char *what)
{
	struct tg_message answer;

	breach_note(round->breaches, RULE_OPENING, "%s %s", tg_operation_name(request->code), what);
	tg_message_init(&answer, request->request_id, (uint32_t)status);
	serve_send(round, &answer);
}

/* One request. */
static void
take_request(struct round *round, const struct tg_frame *frame, const struct tg_message *request)
{
	bool is_opening = request->code == TG_OP_HELLO || request->code == TG_OP_AUTH;

	breach_look(round->breaches, RULE_OPENING);
	if (round->is_proved)
		present(round)->frames_after_proof++;
	if (!round->has_hello && request->code != TG_OP_HELLO)
		refuse(round, request, TG_AUTH_REQUIRED, "came before HELLO");
	else if (!round->has_hello)
		greet(round, request);
	else if (!round->is_proved && request->code == TG_OP_AUTH)
		admit(round, request);
	else if (is_opening)
		refuse(round, request, TG_OUT_OF_TURN, "came a second time");
	else if (!round->is_proved && request->code != TG_OP_PING)
		refuse(round, request, TG_AUTH_REQUIRED, "came before the answer to AUTH");
	else
		serve_request(round, frame, request);
}

/* One frame.  False: the connection is over. */
static bool
take_frame(struct round *round)
{
	struct tg_message request;
	struct tg_frame frame;
	enum tg_frame_state state = wire_peek(&round->wire, TG_FRAME_BYTES_MAX, &frame);
	enum tg_status status;
	uint32_t field;

	if (state == TG_FRAME_MORE)
		return false;
	breach_look(round->breaches, RULE_FRAMES);
	breach_look(round->breaches, RULE_BOUNDS);
	present(round)->is_heard = true;
	if (state != TG_FRAME_WHOLE) {
		breach_note(round->breaches,
			    state == TG_FRAME_OVERSIZE ? RULE_BOUNDS : RULE_FRAMES,
			    "a frame's length is 0, or above %d bytes", TG_FRAME_BYTES_MAX);
		round_cut(round, "a frame of an impossible length: closed");
		return false;
	}
	trace_frame(&round->trace, TRACE_TERMINAL, round->wire.number, frame.payload,
		    frame.payload_bytes);
	status = tg_decode_request(frame.payload, frame.payload_bytes, &request, &field);
	if (status == TG_OK) {
		take_request(round, &frame, &request);
	} else {
		breach_note(round->breaches, RULE_FRAMES, "%s: %s%s%s",
			    status == TG_BAD_FRAME ? "a frame" : tg_operation_name(request.code),
			    tg_status_name(status), field != 0 ? " " : "",
			    field != 0 ? tg_field_name(field) : "");
		serve_refusal(round, &request, status, field);
		if (status == TG_BAD_FRAME)
			hang_up(round);
	}
	if (round->wire.fd < 0)
		return false;
	wire_take(&round->wire, frame.frame_bytes);
	return true;
}

/* What the terminal has sent, or that it has gone. */
static void
hear(struct round *round)
{
	bool is_open = wire_read(&round->wire);

	serve_count_waiting(round);
	while (round->wire.fd >= 0 && take_frame(round))
		continue;
	if (!is_open && round->wire.fd >= 0) {
		trace_event(&round->trace, round->wire.number, "closed by the terminal");
		hang_up(round);
	}
}

/* Wait for something to happen, and see to it.  False: nothing has. */
static bool
turn(struct round *round, int wait_ms)
{
	struct pollfd waiting[2] = {
		{ .fd = round->options.listener, .events = POLLIN },
		{ .fd = round->wire.fd, .events = POLLIN },
	};

	if (round->wire.fd >= 0 && wire_is_pending(&round->wire))
		wait_ms = 0;
	(void)poll(waiting, round->wire.fd >= 0 ? 2 : 1, wait_ms);
	if (round->wire.fd >= 0 && (waiting[1].revents != 0 || wire_is_pending(&round->wire)))
		hear(round);
	else if ((waiting[0].revents & POLLIN) != 0)
		take_connection(round);
	else
		return false;
	return true;
}

/* May the round end, as the terminal has been quiet for so long? */
static bool
is_settled(const struct round *round, int64_t quiet_ms)
{
	bool is_hit = round->options.fault == FAULT_NONE || round->hits > 0;

	if (!is_hit || round->sighting_count == 0 || quiet_ms < QUIET_MS)
		return false;
	for (uint32_t i = 0; i < round->sighting_count; i++) {
		if (round->sightings[i].is_hit && !serve_is_resolved(round, i))
			return false;
	}
	return true;
}

/* Until it is over. */
static void
play(struct round *round)
{
	const struct round_options *options = &round->options;
	bool is_untrusted = options->fault == FAULT_STRANGER ||
			    options->fault == FAULT_OTHER_NAME ||
			    options->fault == FAULT_BAD_PROOF;
	int64_t until_ms = is_untrusted && options->command != NULL ? UNTRUSTED_MS
								   : options->at_most_ms;
	int64_t heard_ms = 0;

	while (now_ms(round) < until_ms) {
		if (turn(round, TURN_MS)) {
			heard_ms = now_ms(round);
			continue;
		}
		if (round->child != 0 && command_has_ended(round->child, &round->exit_status)) {
			round->child = 0;
			while (turn(round, ENDED_MS))
				continue;
		}
		if (options->command != NULL && round->child == 0 && round->wire.fd < 0)
			return;
		if (is_settled(round, now_ms(round) - heard_ms))
			return;
	}
	round->is_out_of_time = true;
}

void
round_run(struct round *round, const struct round_options *options, struct breaches *breaches)
{
	memset(round, 0, offsetof(struct round, sightings));
	round->options = *options;
	round->breaches = breaches;
	round->wire.fd = -1;
	round->exit_status = -1;
	round->child = 0;
	round->is_out_of_time = false;
	book_init(&round->book);
	trace_begin(&round->trace);
	if (options->command != NULL) {
		trace_event(&round->trace, 0, "started: %s", options->command);
		round->child = command_start(options->command);
	}
	play(round);
	if (round->child != 0) {
		trace_event(&round->trace, 0, "the command still ran: stopped");
		command_stop(round->child);
		round->child = 0;
	} else if (options->command != NULL) {
		trace_event(&round->trace, 0, "the command ended with %d", round->exit_status);
	}
	if (round->wire.fd >= 0)
		hang_up(round);
	while (turn(round, 0)) /* what waited for a round that is over */
		round_cut(round, "the round is over");
}
