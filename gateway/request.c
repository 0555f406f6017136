/*
 * request.c - from a frame to a job, from a job to an answer.
 */
#include "gateway/request.h"

#include "gateway/activation.h"
#include "gateway/auth.h"
#include "gateway/batch.h"
#include "gateway/census.h"
#include "gateway/fleet.h"
#include "gateway/io.h"
#include "gateway/output.h"
#include "gateway/reply.h"
#include "gateway/translate.h"
#include "protocol/assert.h"
#include "protocol/decode.h"

/* In place of the place in a BATCH: the answer is for the fleet's row, no peer waits for it. */
#define ITEM_OF_FLEET UINT32_MAX

/* Refuse a request, and all that was read with it. */
static void
shed(struct session *session, uint32_t request_id, enum tg_status status)
{
	session->shed = status;
	output_status(session, request_id, status, 0);
}

/* Translate and submit a request. */
static void
submit(struct session *session, const struct tg_message *request)
{
	struct io *io = session->io;
	struct pipeline_job *job;
	enum tg_status status;
	uint32_t field = 0;

	if (!session_admits(session, request->code) ||
	    !census_enter(&session->share->in_flight,
			  (uint32_t)io->config->limits_partner_in_flight)) {
		shed(session, request->request_id, TG_BUSY);
		return;
	}
	job = pipeline_job_take(io->options.port, (uint8_t)request->code);
	if (job == NULL) {
		census_leave(&session->share->in_flight, 1);
		shed(session, request->request_id, TG_BUSY);
		return;
	}
	status = translate_request(&io->translator, &session->principal, request, job, &field);
	if (status == TG_OK) {
		job->session = session_id(session);
		job->request_id = request->request_id;
		job->lane = PIPELINE_TERMINAL;
		job->received_mono_us = io->turn_us;
		status = pipeline_submit(io->options.port, job);
		if (status == TG_OK) {
			session->in_flight++;
			return;
		}
		session->shed = status;
	}
	pipeline_job_give(io->options.port, job);
	census_leave(&session->share->in_flight, 1);
	output_status(session, request->request_id, status, field);
}

/*
 * A PING has told counts of a day: ask the ledger for its own, one question of a session at a time.
 * Without a free job it is left for the next PING.
 */
static void
ask_totals(struct session *session, const struct tg_message *ping)
{
	struct io *io = session->io;
	bool is_system = session->principal.store == 0;
	struct pipeline_job *job;
	struct tg_message totals;
	uint32_t field;

	if (!tg_message_has(ping, TG_FIELD_COUNTED_DAY) || session->is_comparing)
		return;
	job = pipeline_job_take(io->options.port, REQUEST_TOTALS);
	if (job == NULL)
		return;
	tg_message_init(&totals, 0, TG_OP_TOTALS);
	tg_message_set_integer(&totals, TG_FIELD_DAY,
			       ping->values[TG_FIELD_COUNTED_DAY].integer);
	tg_message_set_integer(&totals, TG_FIELD_BASIS, TG_BASIS_TILL_DAY);
	tg_message_set_integer(&totals, TG_FIELD_SCOPE,
			       is_system ? TG_SCOPE_PARTNER : TG_SCOPE_TERMINAL);
	job->session = session_id(session);
	job->item_index = ITEM_OF_FLEET;
	job->lane = PIPELINE_TERMINAL;
	if (translate_request(&io->translator, &session->principal, &totals, job, &field) ==
		    TG_OK &&
	    pipeline_submit(io->options.port, job) == TG_OK)
		session->is_comparing = true;
	else
		pipeline_job_give(io->options.port, job);
}

/* The ledger's totals are there: how do the terminal's own differ? */
static void
compare_totals(struct io *io, const struct pipeline_job *job)
{
	const struct ledger_answer *answer = &job->answer;
	struct session *session = session_find(&io->table, job->session);
	int64_t transactions = 0, points = 0;

	if (session != NULL)
		session->is_comparing = false;
	if (answer->status != TG_OK)
		return;
	for (uint32_t i = 0; i < answer->total_count; i++) {
		if (answer->totals[i].is_declined)
			continue;
		transactions += answer->totals[i].count;
		points += answer->totals[i].points;
	}
	fleet_compare(io->options.fleet, job->request.principal, job->request.total_day,
		      transactions, points);
}

/* Answer PING at once: the answer asks nothing of the ledger. */
static void
handle_ping(struct session *session, const struct tg_message *request)
{
	struct io *io = session->io;
	struct tg_message *reply = &io->reply;
	int32_t date = pipeline_business_date(io->options.pipeline);

	if (session->principal.terminal != 0) {
		fleet_ping(io->options.fleet, session->principal.terminal, request,
			   pipeline_utc_ms(io->options.pipeline));
		ask_totals(session, request);
	}
	tg_message_init(reply, request->request_id, TG_OK);
	tg_message_set_integer(reply, TG_FIELD_SERVER_TIME, pipeline_utc_ms(io->options.pipeline));
	if (date != DAY_NONE)
		tg_message_set_integer(reply, TG_FIELD_BUSINESS_DATE, date);
	output_message(session, reply);
}

/* A request for the ledger, of a session that may ask it. */
static void
handle_work(struct session *session, const struct tg_message *request)
{
	const struct tg_operation_info *operation = tg_operation_info(request->code);

	TG_ASSERT(operation != NULL);
	if ((session->principal.rights & operation->right) != operation->right)
		output_status(session, request->request_id, TG_FORBIDDEN, 0);
	else if (session->shed != TG_OK)
		output_status(session, request->request_id, session->shed, 0);
	else if (request->code == TG_OP_BATCH)
		batch_begin(session, request);
	else
		submit(session, request);
}

/* How a request is refused whatever it says, by the state of its session; TG_OK: it is not. */
static enum tg_status
refusal_by_state(const struct session *session, uint32_t operation)
{
	switch ((enum session_state)session->state) {
	case SESSION_HELLO:
		return operation == TG_OP_HELLO ? TG_OK : TG_AUTH_REQUIRED;
	case SESSION_CHALLENGE:
		if (operation == TG_OP_HELLO)
			return TG_OUT_OF_TURN;
		return operation == TG_OP_AUTH || operation == TG_OP_ACTIVATE ||
				       operation == TG_OP_PING
			       ? TG_OK
			       : TG_AUTH_REQUIRED;
	case SESSION_OPEN:
		return operation == TG_OP_HELLO || operation == TG_OP_AUTH ||
				       operation == TG_OP_ACTIVATE
			       ? TG_OUT_OF_TURN
			       : TG_OK;
	case SESSION_DRAINING:
		return operation == TG_OP_PING ? TG_OK : TG_SHUTTING_DOWN;
	case SESSION_FREE:
	case SESSION_HANDSHAKE:
	case SESSION_AUTH:
	case SESSION_LINGER:
	case SESSION_CLOSED:
	case SESSION_STATE_COUNT:
		break;
	}
	TG_ASSERT(false && "no frame is taken in this state");
	return TG_OUT_OF_TURN;
}

void
request_handle(struct session *session, const uint8_t *payload, size_t bytes)
{
	struct io *io = session->io;
	struct tg_message *request = &io->request;
	uint32_t field = 0;
	enum tg_status status = tg_decode_request(payload, bytes, request, &field);
	enum tg_status refusal;

	session->requests_count++;
	io->answering.operation = request->code;
	io->answering.since_us = io->turn_us;
	figure_add(&io->meter.requests, 1);
	if (status == TG_BAD_FRAME) {
		output_status(session, request->request_id, status, 0);
		session_finish(session, tg_status_text(status));
		return;
	}
	refusal = refusal_by_state(session, request->code);
	if (refusal != TG_OK)
		output_status(session, request->request_id, refusal, 0);
	else if (status != TG_OK)
		output_status(session, request->request_id, status, field);
	else if (request->code == TG_OP_HELLO)
		auth_hello(session, request);
	else if (request->code == TG_OP_AUTH)
		auth_request(session, request);
	else if (request->code == TG_OP_ACTIVATE)
		activation_request(session, request);
	else if (request->code == TG_OP_PING)
		handle_ping(session, request);
	else
		handle_work(session, request);
}

void
request_answered(struct io *io, const struct pipeline_job *job)
{
	struct session *session;
	uint32_t wait_ms;

	if (job->item_index == ITEM_OF_FLEET) {
		compare_totals(io, job);
		return;
	}
	session = session_find(&io->table, job->session);
	if (session == NULL)
		return;
	if (job->lane == PIPELINE_BATCH) {
		batch_answered(session, job);
		return;
	}
	io->answering.operation = job->request.kind;
	io->answering.since_us = job->received_mono_us;
	if (job->request.kind == REQUEST_AUTH) {
		auth_answered(session, job);
		return;
	}
	if (job->request.kind == REQUEST_ACTIVATE) {
		activation_answered(session, job);
		return;
	}
	reply_make(&job->answer, job->request.kind, job->request_id, io->rows_scratch,
		   sizeof(io->rows_scratch), &io->reply);
	wait_ms = output_retry_after_ms(io, (enum tg_status)job->answer.status);
	if (wait_ms != 0)
		tg_message_set_integer(&io->reply, TG_FIELD_RETRY_AFTER, wait_ms);
	output_message(session, &io->reply);
	census_leave(&session->share->in_flight, 1);
	session_answered(session);
}
