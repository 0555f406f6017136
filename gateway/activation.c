/*
 * activation.c - codes and their hashes, and the key that is told for one.
 */
#include "gateway/activation.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "gateway/census.h"
#include "gateway/io.h"
#include "gateway/log.h"
#include "gateway/output.h"
#include "protocol/assert.h"

#define LABEL "tallygate activation code v1"
#define SIGNS_COUNT 12
#define SIGNS_IN_GROUP 4

/* Crockford's base 32: what is left out looks like another sign, or makes words. */
static const char signs[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static_assert(sizeof(signs) == 32 + 1, "a sign is five bits");
static_assert(ACTIVATION_CODE_BYTES == SIGNS_COUNT + SIGNS_COUNT / SIGNS_IN_GROUP,
	      "a hyphen between groups, and the final zero");

/* The sign that somebody meant; 0: none. */
static char
meant_sign(uint8_t typed)
{
	uint8_t upper = typed >= 'a' && typed <= 'z' ? (uint8_t)(typed - 'a' + 'A') : typed;

	if (upper == 'O')
		return '0';
	if (upper == 'I' || upper == 'L')
		return '1';
	return upper != 0 && strchr(signs, upper) != NULL ? (char)upper : 0;
}

/* The signs of what was typed, without what is between them.  False: that is no code. */
static bool
read_signs(const uint8_t *text, size_t bytes, char ret_signs[SIGNS_COUNT])
{
	size_t count = 0;

	for (size_t i = 0; i < bytes; i++) {
		char sign = meant_sign(text[i]);

		if (text[i] == '-' || text[i] == ' ')
			continue;
		if (sign == 0 || count == SIGNS_COUNT)
			return false;
		ret_signs[count++] = sign;
	}
	return count == SIGNS_COUNT;
}

enum tg_status
activation_hash_code(const struct auth_keys *keys, uint32_t terminal, const uint8_t *text,
		     size_t bytes, uint8_t ret_hash[ACTIVATION_HASH_BYTES])
{
	uint8_t input[sizeof(LABEL) - 1 + TG_INSTANCE_BYTES_MAX + 4 + SIGNS_COUNT];
	size_t instance_bytes = strlen(keys->instance);
	uint8_t *at = input;
	char code[SIGNS_COUNT];
	uint8_t mac[32];
	size_t mac_bytes;
	bool is_made;

	/* As much work as for a code; no code has the hash of zeros. */
	if (!read_signs(text, bytes, code))
		memset(code, 0, sizeof(code));
	memcpy(at, LABEL, sizeof(LABEL) - 1);
	at += sizeof(LABEL) - 1;
	memcpy(at, keys->instance, instance_bytes);
	at += instance_bytes;
	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(terminal >> shift);
	memcpy(at, code, sizeof(code));
	at += sizeof(code);
	is_made = EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, keys->master.base,
			    keys->master.bytes, input, (size_t)(at - input), mac, sizeof(mac),
			    &mac_bytes) != NULL;
	OPENSSL_cleanse(input, sizeof(input));
	OPENSSL_cleanse(code, sizeof(code));
	if (!is_made)
		return TG_NO_MEMORY;
	memcpy(ret_hash, mac, ACTIVATION_HASH_BYTES);
	return TG_OK;
}

enum tg_status
activation_make_code(const struct auth_keys *keys, uint32_t terminal,
		     char ret_code[ACTIVATION_CODE_BYTES],
		     uint8_t ret_hash[ACTIVATION_HASH_BYTES])
{
	uint8_t random[SIGNS_COUNT];
	size_t bytes = 0;

	if (RAND_priv_bytes(random, sizeof(random)) != 1)
		return TG_NO_MEMORY;
	for (size_t i = 0; i < SIGNS_COUNT; i++) {
		if (i > 0 && i % SIGNS_IN_GROUP == 0)
			ret_code[bytes++] = '-';
		ret_code[bytes++] = signs[random[i] % 32];
	}
	ret_code[bytes] = '\0';
	OPENSSL_cleanse(random, sizeof(random));
	return activation_hash_code(keys, terminal, (const uint8_t *)ret_code, bytes, ret_hash);
}

void
activation_request(struct session *session, const struct tg_message *request)
{
	const struct tg_value *code = &request->values[TG_FIELD_ACTIVATION_CODE];
	struct io *io = session->io;
	uint32_t terminal = (uint32_t)request->values[TG_FIELD_TERMINAL].integer;
	struct pipeline_job *job;

	session->hello->input.terminal = terminal;
	if (!session->is_tls) {
		output_status(session, request->request_id, TG_FORBIDDEN, 0);
		return;
	}
	if (auth_is_limited(session, request->request_id))
		return;
	job = pipeline_job_take(io->options.port, REQUEST_ACTIVATE);
	if (job == NULL ||
	    activation_hash_code(io->options.auth_keys, terminal, code->data, code->bytes,
				 job->request.activation.code_hash) != TG_OK) {
		if (job != NULL)
			pipeline_job_give(io->options.port, job);
		output_status(session, request->request_id, TG_BUSY, 0);
		return;
	}
	memcpy(job->request.activation.nonce, request->values[TG_FIELD_ACTIVATION_NONCE].data,
	       sizeof(job->request.activation.nonce));
	(void)auth_submit(session, job, request->request_id);
}

/* Tell the key, for the only time to anybody but this till. */
static void
tell_key(struct session *session, const struct pipeline_job *job)
{
	struct io *io = session->io;
	const struct auth_keys *keys = io->options.auth_keys;
	const struct ledger_answer *answer = &job->answer;
	uint32_t terminal = session->hello->input.terminal;
	struct tg_message *reply = &io->reply;
	uint8_t key[TG_KEY_BYTES];

	if (tg_auth_derive_key(keys->master.base, keys->master.bytes, keys->instance, terminal,
			       answer->key_generation, key) != TG_OK) {
		output_status(session, job->request_id, TG_BUSY, 0);
		return;
	}
	tg_message_init(reply, job->request_id, TG_OK);
	tg_message_set_integer(reply, TG_FIELD_TERMINAL, terminal);
	tg_message_set_bytes(reply, TG_FIELD_KEY, key, sizeof(key));
	tg_message_set_integer(reply, TG_FIELD_KEY_GENERATION, answer->key_generation);
	tg_message_set_text(reply, TG_FIELD_INSTANCE, keys->instance);
	tg_message_set_integer(reply, TG_FIELD_PARTNER, answer->partner);
	if (answer->store != 0)
		tg_message_set_integer(reply, TG_FIELD_STORE, answer->store);
	if (answer->is_replay)
		tg_message_set_integer(reply, TG_FIELD_REPLAY, 1);
	if (answer->marks != 0)
		tg_message_set_integer(reply, TG_FIELD_SANDBOX, 1);
	tg_message_set_integer(reply, TG_FIELD_SERVER_TIME, pipeline_utc_ms(io->options.pipeline));
	output_message(session, reply);
	tg_auth_clear(key, sizeof(key));
	OPENSSL_cleanse(io->reply_scratch, sizeof(key) + 256);
	io->options.census->activations++;
	session_log(session, LEVEL_INFO, "activated", "claimed=%u generation=%u again=%s", terminal,
		    answer->key_generation, answer->is_replay ? "yes" : "no");
}

/* Refuse for good: the session ends.  message: for who has the right code; NULL: it is wrong. */
static void
refuse(struct session *session, const struct pipeline_job *job, const char *why,
       const char *message)
{
	session->io->options.census->activation_failures++;
	auth_fail(session, job->request_id, why, message);
}

void
activation_answered(struct session *session, const struct pipeline_job *job)
{
	enum tg_status status = (enum tg_status)job->answer.status;

	if (session->state != SESSION_AUTH) {
		output_status(session, job->request_id, TG_SHUTTING_DOWN, 0);
	} else if (status == TG_AUTH_FAILED) {
		refuse(session, job, "wrong code", NULL);
	} else if (status == TG_TOO_OLD) {
		refuse(session, job, "expired code", "the code has expired");
	} else if (status == TG_CONFLICT) {
		refuse(session, job, "used code", "the code has been used, or the key was changed");
	} else if (status == TG_BLOCKED) {
		session_log(session, LEVEL_WARN, "auth_blocked", "claimed=%u",
			    session->hello->input.terminal);
		output_status(session, job->request_id, TG_BLOCKED, 0);
		session_finish(session, NULL);
	} else {
		session_unindex(session);
		session_enter(session, SESSION_CHALLENGE);
		if (status == TG_OK)
			tell_key(session, job);
		else
			output_status(session, job->request_id, status, 0);
	}
	session_answered(session);
	session_resume(session);
}
