/*
 * auth.c - nonces, proofs, certificates, and what the ledger says of a principal.
 */
#include "gateway/auth.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/census.h"
#include "gateway/fleet.h"
#include "gateway/io.h"
#include "gateway/log.h"
#include "gateway/output.h"
#include "protocol/assert.h"

enum tg_status
auth_keys_init(struct auth_keys *keys, const struct config *config, struct config_error *error)
{
	memset(keys, 0, sizeof(*keys));
	TG_ASSERT(strlen(config->gateway_instance) <= TG_INSTANCE_BYTES_MAX);
	memcpy(keys->instance, config->gateway_instance, strlen(config->gateway_instance));
	return secret_read(config->keys_master_file, error, &keys->master);
}

void
auth_keys_deinit(struct auth_keys *keys)
{
	secret_deinit(&keys->master);
}

/* Nonces and exporter of a new session; NULL when there is no memory or no random number. */
static struct hello *
make_hello(const struct session *session, const struct tg_message *request)
{
	const struct tg_value *software = &request->values[TG_FIELD_SOFTWARE];
	struct hello *hello = calloc(1, sizeof(*hello));
	int64_t version = request->values[TG_FIELD_VERSION].integer;

	if (hello == NULL)
		return NULL;
	hello->input.version =
		(uint8_t)(version < TG_PROTOCOL_VERSION ? version : TG_PROTOCOL_VERSION);
	memcpy(hello->input.client_nonce, request->values[TG_FIELD_CLIENT_NONCE].data,
	       TG_NONCE_BYTES);
	if (tg_message_has(request, TG_FIELD_SOFTWARE) &&
	    software->bytes <= sizeof(hello->software)) {
		memcpy(hello->software, software->data, software->bytes);
		hello->software_bytes = software->bytes;
	}
	if (RAND_bytes(hello->input.server_nonce, TG_NONCE_BYTES) != 1 ||
	    !stream_exporter(&session->stream, hello->input.exporter)) {
		free(hello);
		return NULL;
	}
	return hello;
}

/* Put what HELLO, AUTH and PING tell of time into a reply. */
static void
tell_time(const struct io *io, struct tg_message *reply)
{
	int32_t date = pipeline_business_date(io->options.pipeline);

	tg_message_set_integer(reply, TG_FIELD_SERVER_TIME, pipeline_utc_ms(io->options.pipeline));
	if (date != DAY_NONE)
		tg_message_set_integer(reply, TG_FIELD_BUSINESS_DATE, date);
}

void
auth_hello(struct session *session, const struct tg_message *request)
{
	struct io *io = session->io;
	struct tg_message *reply = &io->reply;
	struct hello *hello = make_hello(session, request);

	if (hello == NULL) {
		session_close(session, "no nonce");
		return;
	}
	session->hello = hello;
	tg_message_init(reply, request->request_id, TG_OK);
	tg_message_set_integer(reply, TG_FIELD_VERSION, hello->input.version);
	tg_message_set_bytes(reply, TG_FIELD_SERVER_NONCE, hello->input.server_nonce,
			     TG_NONCE_BYTES);
	tg_message_set_text(reply, TG_FIELD_INSTANCE, io->options.auth_keys->instance);
	tg_message_set_integer(reply, TG_FIELD_FRAME_BYTES_MAX, TG_FRAME_BYTES_MAX);
	tg_message_set_integer(reply, TG_FIELD_BATCH_BYTES_MAX, TG_FRAME_BYTES_MAX_BATCH);
	tg_message_set_integer(reply, TG_FIELD_IN_FLIGHT_MAX, io->config->limits_in_flight);
	if (pipeline_is_stepped(io->options.pipeline))
		tg_message_set_integer(reply, TG_FIELD_STEPPED_CLOCK, 1);
	tell_time(io, reply);
	output_message(session, reply);
	session_enter(session, SESSION_CHALLENGE);
}

/* Check the proof by key and make the server's.  False: it is wrong. */
static bool
check_proof(const struct io *io, struct hello *hello, const uint8_t *proof)
{
	const struct auth_keys *keys = io->options.auth_keys;
	uint8_t key[TG_KEY_BYTES];
	bool is_good;

	if (tg_auth_derive_key(keys->master.base, keys->master.bytes, keys->instance,
			       hello->input.terminal, hello->input.generation, key) != TG_OK)
		return false;
	is_good = tg_auth_check_proof(TG_AUTH_TERMINAL, key, &hello->input, proof) &&
		  tg_auth_make_proof(TG_AUTH_SERVER, key, &hello->input, hello->server_proof) ==
			  TG_OK;
	tg_auth_clear(key, sizeof(key));
	return is_good;
}

/* Why a principal is not who it says it is; NULL: it is. */
static const char *
find_fault(struct session *session, const struct tg_message *request)
{
	struct hello *hello = session->hello;
	uint32_t named = 0;
	enum stream_identity identity = stream_identity(&session->stream, &named);

	hello->input.generation = (uint16_t)tg_message_integer(request, TG_FIELD_KEY_GENERATION, 0);
	hello->has_proof = tg_message_has(request, TG_FIELD_PROOF);
	if (identity == STREAM_EXPIRED)
		return "certificate expired";
	if (identity == STREAM_TERMINAL && named != hello->input.terminal)
		return "certificate of another terminal";
	if (!hello->has_proof)
		return identity == STREAM_TERMINAL ? NULL : "neither certificate nor proof";
	if (!check_proof(session->io, hello, request->values[TG_FIELD_PROOF].data))
		return "wrong proof";
	return NULL;
}

void
auth_fail(struct session *session, uint32_t request_id, const char *why, const char *message)
{
	struct io *io = session->io;
	struct tg_message *reply = &io->reply;

	failures_add(&io->failures, &session->peer, io_now_ms(io));
	io->options.census->auth_failures++;
	session_log(session, LEVEL_WARN, "auth_failed", "claimed=%u reason=%s",
		    session->hello->input.terminal, why);
	tg_message_init(reply, request_id, TG_AUTH_FAILED);
	if (message != NULL)
		tg_message_set_text(reply, TG_FIELD_MESSAGE, message);
	output_message(session, reply);
	session_finish(session, NULL);
}

/* The same, without a word of why. */
static void
fail(struct session *session, uint32_t request_id, const char *why)
{
	auth_fail(session, request_id, why, NULL);
}

bool
auth_is_limited(struct session *session, uint32_t request_id)
{
	struct io *io = session->io;

	if (!failures_is_over(&io->failures, &session->peer, io_now_ms(io),
			      (uint32_t)io->config->limits_auth_failures))
		return false;
	session_log(session, LEVEL_WARN, "auth_limited", "claimed=%u",
		    session->hello->input.terminal);
	output_status(session, request_id, TG_BUSY, 0);
	return true;
}

bool
auth_submit(struct session *session, struct pipeline_job *job, uint32_t request_id)
{
	struct io *io = session->io;
	enum tg_status status;

	job->session = session_id(session);
	job->request_id = request_id;
	job->lane = PIPELINE_TERMINAL;
	job->received_mono_us = io->turn_us;
	job->request.principal = session->hello->input.terminal;
	status = pipeline_submit(io->options.port, job);
	if (status != TG_OK) {
		pipeline_job_give(io->options.port, job);
		output_status(session, request_id, status, 0);
		return false;
	}
	session->hello->is_stale = false;
	session->in_flight++;
	session_enter(session, SESSION_AUTH);
	return true;
}

void
auth_request(struct session *session, const struct tg_message *request)
{
	struct io *io = session->io;
	struct pipeline_job *job;
	const char *fault;

	session->hello->input.terminal = (uint32_t)request->values[TG_FIELD_TERMINAL].integer;
	if (auth_is_limited(session, request->request_id))
		return;
	fault = find_fault(session, request);
	if (fault != NULL) {
		fail(session, request->request_id, fault);
		return;
	}
	job = pipeline_job_take(io->options.port, REQUEST_AUTH);
	if (job == NULL) {
		output_status(session, request->request_id, TG_BUSY, 0);
		return;
	}
	if (auth_submit(session, job, request->request_id))
		session_index(session, session->hello->input.terminal);
}

/* Largest payload that a principal with these rights may send. */
static size_t
frame_bytes_max(uint32_t rights)
{
	return (rights & TG_RIGHT_BATCH) != 0 ? TG_FRAME_BYTES_MAX_BATCH : TG_FRAME_BYTES_MAX;
}

/* Take the principal into the session and answer. */
static void
open_session(struct session *session, const struct pipeline_job *job)
{
	struct io *io = session->io;
	const struct ledger_answer *answer = &job->answer;
	struct hello *hello = session->hello;
	struct tg_message *reply = &io->reply;

	session->principal = (struct principal){ .terminal = hello->input.terminal,
						 .partner = answer->partner,
						 .store = answer->store,
						 .rights = answer->rights,
						 .marks = answer->marks };
	session->key_generation = hello->has_proof ? hello->input.generation : 0;
	session->by_certificate = !hello->has_proof;
	session->frame_bytes_max = frame_bytes_max(answer->rights);
	tg_message_init(reply, job->request_id, TG_OK);
	tg_message_set_integer(reply, TG_FIELD_TERMINAL, session->principal.terminal);
	tg_message_set_integer(reply, TG_FIELD_PARTNER, answer->partner);
	if (answer->store != 0)
		tg_message_set_integer(reply, TG_FIELD_STORE, answer->store);
	tg_message_set_integer(reply, TG_FIELD_RIGHTS, answer->rights);
	tg_message_set_integer(reply, TG_FIELD_FRAME_BYTES_MAX, (int64_t)session->frame_bytes_max);
	tg_message_set_integer(reply, TG_FIELD_IN_FLIGHT_MAX, io->config->limits_in_flight);
	if (hello->has_proof)
		tg_message_set_bytes(reply, TG_FIELD_PROOF, hello->server_proof, TG_PROOF_BYTES);
	tell_time(io, reply);
	output_message(session, reply);
	session_enter(session, SESSION_OPEN);
	fleet_open(io->options.fleet, &session->principal, session->key_generation,
		   pipeline_utc_ms(io->options.pipeline));
	if (hello->software_bytes > 0)
		fleet_software(io->options.fleet, session->principal.terminal, hello->software,
			       hello->software_bytes);
	free(hello);
	session->hello = NULL;
	session_log(session, LEVEL_INFO, "auth_ok", "by=%s tls=%s rights=%u",
		    session->by_certificate ? "certificate" : "key",
		    stream_version(&session->stream), session->principal.rights);
}

/* Count the session among its partner's.  False: the partner has too many. */
static bool
join_partner(struct session *session, uint32_t partner)
{
	struct io *io = session->io;

	session->share = census_find(io->options.census, partner);
	if (session->share == NULL ||
	    !census_enter(&session->share->connections,
			  (uint32_t)io->config->limits_partner_connections)) {
		session->share = NULL;
		return false;
	}
	return true;
}

void
auth_answered(struct session *session, const struct pipeline_job *job)
{
	const struct ledger_answer *answer = &job->answer;
	const struct tg_auth_input *input = &session->hello->input;
	bool is_right_key = !session->hello->has_proof ||
			    input->generation == answer->key_generation ||
			    input->generation == answer->key_generation_old;

	if (session->state != SESSION_AUTH) {
		output_status(session, job->request_id, TG_SHUTTING_DOWN, 0);
	} else if (answer->status == TG_UNKNOWN_TERMINAL) {
		fail(session, job->request_id, "unknown terminal");
	} else if (answer->status == TG_BLOCKED) {
		session_log(session, LEVEL_WARN, "auth_blocked", "claimed=%u", input->terminal);
		output_status(session, job->request_id, TG_BLOCKED, 0);
		session_finish(session, NULL);
	} else if (answer->status != TG_OK || session->hello->is_stale) {
		session_unindex(session);
		session_enter(session, SESSION_CHALLENGE);
		output_status(session, job->request_id,
			      answer->status != TG_OK ? (enum tg_status)answer->status : TG_BUSY,
			      0);
	} else if (!is_right_key) {
		fail(session, job->request_id, "retired key");
	} else if (census_is_drained(session->io->options.census, answer->partner)) {
		output_status(session, job->request_id, TG_SHUTTING_DOWN, 0);
		session_finish(session, NULL);
	} else if (!join_partner(session, answer->partner)) {
		session_log(session, LEVEL_WARN, "partner_full", "claimed=%u partner_wanted=%u",
			    input->terminal, answer->partner);
		output_status(session, job->request_id, TG_BUSY, 0);
		session_finish(session, NULL);
	} else {
		open_session(session, job);
	}
	session_answered(session);
	session_resume(session);
}

static void
set_mark(struct principal *principal, uint8_t mark, bool is_set)
{
	principal->marks = (uint8_t)((principal->marks & ~mark) | (is_set ? mark : 0));
}

/* A terminal was set: may its session go on, and as what? */
static void
apply_terminal(struct session *session, const struct pipeline_notice *notice)
{
	struct principal *principal = &session->principal;
	bool is_right_key = session->by_certificate ||
			    session->key_generation == notice->key_generation ||
			    session->key_generation == notice->key_generation_old;

	if (session->state == SESSION_AUTH) {
		session->hello->is_stale = true;
	} else if (session->state != SESSION_OPEN) {
		return;
	} else if (notice->is_blocked) {
		session_expel(session, TG_BLOCKED);
	} else if (principal->partner != notice->partner || !is_right_key) {
		session_expel(session, TG_AUTH_FAILED);
	} else {
		principal->store = notice->store;
		principal->rights = notice->rights;
		set_mark(principal, MARK_TEST_TERMINAL, notice->is_test);
		session->frame_bytes_max = frame_bytes_max(notice->rights);
	}
}

/* A partner or a store was set: end its sessions when it was blocked, else mark them as it is. */
static void
apply_place(struct session *session, const struct pipeline_notice *notice)
{
	uint32_t number = notice->kind == RECORD_PARTNER ? session->principal.partner
							 : session->principal.store;

	if (session->state == SESSION_AUTH)
		session->hello->is_stale = true;
	else if (session->state != SESSION_OPEN || number != notice->number)
		return;
	else if (notice->is_blocked)
		session_expel(session, TG_BLOCKED);
	else if (notice->kind == RECORD_PARTNER)
		set_mark(&session->principal, MARK_TEST_PARTNER, notice->is_test);
}

void
auth_noticed(struct io *io, const struct pipeline_notice *notice)
{
	struct session *session, *next;

	if (notice->kind == RECORD_TERMINAL) {
		for (session = session_first(&io->table, notice->number); session != NULL;
		     session = next) {
			next = session_next(session);
			apply_terminal(session, notice);
		}
	} else if (notice->is_blocked || notice->kind == RECORD_PARTNER) {
		for (uint32_t slot = 0; slot < io->table.used_slots; slot++)
			apply_place(&io->table.sessions[slot], notice);
	}
}
