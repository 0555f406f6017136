/*
 * client_opening.c - what is said while a session opens: HELLO and AUTH, and their answers.
 */
#include "protocol/client_opening.h"

#include <openssl/rand.h>

enum tg_status
client_opening_hello(struct client_opening *opening, const struct tg_options *options,
		     struct client_error *error, struct tg_message *ret_request)
{
	memset(&opening->input, 0, sizeof(opening->input));
	opening->input.terminal = options->terminal;
	opening->input.generation = options->key_generation;
	if (RAND_bytes(opening->input.client_nonce, TG_NONCE_BYTES) != 1) {
		client_error_set(error, "no random bytes");
		return TG_IO;
	}
	tg_message_init(ret_request, 0, TG_OP_HELLO);
	tg_message_set_integer(ret_request, TG_FIELD_VERSION, TG_PROTOCOL_VERSION);
	tg_message_set_bytes(ret_request, TG_FIELD_CLIENT_NONCE, opening->input.client_nonce,
			     TG_NONCE_BYTES);
	if (options->software != NULL && options->software[0] != '\0')
		tg_message_set_text(ret_request, TG_FIELD_SOFTWARE, options->software);
	return TG_OK;
}

/* Say that the gateway refused, and why. */
static enum tg_status
refused(const char *operation, const struct tg_message *answer, struct client_error *error)
{
	enum tg_status status = (enum tg_status)answer->code;
	const struct tg_value *text = &answer->values[TG_FIELD_MESSAGE];
	bool has_text = tg_message_has(answer, TG_FIELD_MESSAGE);

	client_error_set(error, "the gateway refused %s: %s (%s)%s%.*s", operation,
			 tg_status_name(status), tg_status_text(status), has_text ? ": " : "",
			 has_text ? (int)text->bytes : 0, has_text ? (const char *)text->data : "");
	return status;
}

/* Say that an answer is not what it must be. */
static enum tg_status
not_understood(const char *what, struct client_error *error)
{
	client_error_set(error, "the other side does not speak the protocol: %s", what);
	return TG_BAD_FRAME;
}

/* An integer of an answer, within bounds; low when it is absent or out of bounds. */
static int64_t
bounded(const struct tg_message *answer, enum tg_field field, int64_t low, int64_t high)
{
	int64_t value = tg_message_integer(answer, field, low);

	return value < low || value > high ? low : value;
}

/* Note limits that both answers may tell. */
static void
note_limits(const struct tg_message *answer, struct tg_session *session)
{
	if (tg_message_has(answer, TG_FIELD_FRAME_BYTES_MAX))
		session->frame_bytes_max = (uint32_t)bounded(answer, TG_FIELD_FRAME_BYTES_MAX, 1024,
							     TG_FRAME_BYTES_MAX_BATCH);
	if (tg_message_has(answer, TG_FIELD_IN_FLIGHT_MAX))
		session->in_flight_max =
			(uint32_t)bounded(answer, TG_FIELD_IN_FLIGHT_MAX, 1, UINT16_MAX);
	if (tg_message_has(answer, TG_FIELD_BUSINESS_DATE))
		session->business_date =
			(int32_t)bounded(answer, TG_FIELD_BUSINESS_DATE, 0, TG_DAY_MAX);
}

enum tg_status
client_opening_greeted(struct client_opening *opening, const struct tg_options *options,
		       const struct tg_message *answer, struct client_error *error,
		       struct tg_session *session)
{
	const struct tg_value *nonce = &answer->values[TG_FIELD_SERVER_NONCE];
	const struct tg_value *name = &answer->values[TG_FIELD_INSTANCE];

	if (answer->code != TG_OK)
		return refused("HELLO", answer, error);
	if (!tg_message_has(answer, TG_FIELD_SERVER_NONCE) ||
	    !tg_message_has(answer, TG_FIELD_INSTANCE) ||
	    name->bytes > TG_CLIENT_INSTANCE_BYTES_MAX)
		return not_understood("no nonce or no instance in the answer to HELLO", error);
	if (tg_message_integer(answer, TG_FIELD_VERSION, 0) != TG_PROTOCOL_VERSION) {
		client_error_set(error, "the gateway speaks protocol version %d, not %d",
				 (int)bounded(answer, TG_FIELD_VERSION, 0, UINT8_MAX),
				 TG_PROTOCOL_VERSION);
		return TG_BAD_VERSION;
	}
	memset(session, 0, sizeof(*session));
	memcpy(session->instance, name->data, name->bytes);
	if (options->instance != NULL && strcmp(options->instance, session->instance) != 0) {
		client_error_set(error, "the gateway is of instance %s, not %s", session->instance,
				 options->instance);
		return TG_AUTH_FAILED;
	}
	opening->input.version = TG_PROTOCOL_VERSION;
	memcpy(opening->input.server_nonce, nonce->data, TG_NONCE_BYTES);
	session->frame_bytes_max = TG_FRAME_BYTES_MAX;
	session->in_flight_max = 1;
	session->business_date = INT32_MIN;
	if (tg_message_has(answer, TG_FIELD_SERVER_TIME))
		session->clock_ahead_ms =
			bounded(answer, TG_FIELD_SERVER_TIME, 0, TG_TIME_MS_MAX) - tg_utc_ms();
	session->is_clock_stepped = tg_message_integer(answer, TG_FIELD_STEPPED_CLOCK, 0) != 0;
	session->is_sandbox = tg_message_integer(answer, TG_FIELD_SANDBOX, 0) != 0;
	note_limits(answer, session);
	return TG_OK;
}

enum tg_status
client_opening_auth(struct client_opening *opening, const struct tg_options *options,
		    struct client_error *error, struct tg_message *ret_request)
{
	tg_message_init(ret_request, 0, TG_OP_AUTH);
	tg_message_set_integer(ret_request, TG_FIELD_TERMINAL, options->terminal);
	if (options->key_generation == 0)
		return TG_OK;
	if (tg_auth_make_proof(TG_AUTH_TERMINAL, options->key, &opening->input, opening->proof) !=
	    TG_OK) {
		client_error_set(error, "the proof could not be made");
		return TG_NO_MEMORY;
	}
	tg_message_set_integer(ret_request, TG_FIELD_KEY_GENERATION, options->key_generation);
	tg_message_set_bytes(ret_request, TG_FIELD_PROOF, opening->proof, sizeof(opening->proof));
	return TG_OK;
}

enum tg_status
client_opening_proved(struct client_opening *opening, const struct tg_options *options,
		      const struct tg_message *answer, struct client_error *error,
		      struct tg_session *session)
{
	if (answer->code != TG_OK)
		return refused("AUTH", answer, error);
	if (options->key_generation != 0 &&
	    (!tg_message_has(answer, TG_FIELD_PROOF) ||
	     !tg_auth_check_proof(TG_AUTH_SERVER, options->key, &opening->input,
				  answer->values[TG_FIELD_PROOF].data))) {
		client_error_set(error, "the gateway did not prove that it knows the key");
		return TG_AUTH_FAILED;
	}
	session->terminal = options->terminal;
	session->partner = (uint32_t)bounded(answer, TG_FIELD_PARTNER, 0, UINT32_MAX);
	session->store = (uint32_t)bounded(answer, TG_FIELD_STORE, 0, UINT32_MAX);
	session->rights = (uint32_t)bounded(answer, TG_FIELD_RIGHTS, 0, UINT16_MAX);
	if (tg_message_integer(answer, TG_FIELD_SANDBOX, 0) != 0)
		session->is_sandbox = true;
	note_limits(answer, session);
	return TG_OK;
}

void
client_opening_activate(const struct client_activation *activation,
			const struct tg_options *options, struct tg_message *ret_request)
{
	tg_message_init(ret_request, 0, TG_OP_ACTIVATE);
	tg_message_set_integer(ret_request, TG_FIELD_TERMINAL, options->terminal);
	tg_message_set_text(ret_request, TG_FIELD_ACTIVATION_CODE, activation->code);
	tg_message_set_bytes(ret_request, TG_FIELD_ACTIVATION_NONCE, activation->nonce,
			     TG_ACTIVATION_NONCE_BYTES);
}

enum tg_status
client_opening_activated(struct client_activation *activation, const struct tg_options *options,
			 const struct tg_message *answer, struct client_error *error)
{
	const struct tg_value *name = &answer->values[TG_FIELD_INSTANCE];
	struct tg_activation *result = &activation->result;

	if (answer->code != TG_OK)
		return refused("ACTIVATE", answer, error);
	if (!tg_message_has(answer, TG_FIELD_KEY) || !tg_message_has(answer, TG_FIELD_INSTANCE) ||
	    name->bytes > TG_CLIENT_INSTANCE_BYTES_MAX)
		return not_understood("no key or no instance in the answer to ACTIVATE", error);
	memset(result, 0, sizeof(*result));
	result->terminal = options->terminal;
	result->key_generation =
		(uint16_t)bounded(answer, TG_FIELD_KEY_GENERATION, 0, UINT16_MAX);
	memcpy(result->key, answer->values[TG_FIELD_KEY].data, sizeof(result->key));
	memcpy(result->instance, name->data, name->bytes);
	result->partner = (uint32_t)bounded(answer, TG_FIELD_PARTNER, 0, UINT32_MAX);
	result->store = (uint32_t)bounded(answer, TG_FIELD_STORE, 0, UINT32_MAX);
	result->is_sandbox = tg_message_integer(answer, TG_FIELD_SANDBOX, 0) != 0;
	return TG_OK;
}
