/*
 * till.c - a till, or a partner's system.
 */
#include "tests/sim/till.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/auth.h"
#include "protocol/assert.h"
#include "protocol/auth.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/rows.h"
#include "tests/sim/audit.h"
#include "tests/sim/coalition.h"
#include "tests/sim/node.h"
#include "tests/sim/sim.h"

#define MS 1000
#define OPENING_US (8000 * MS)
#define TRIES_MAX 4 /* of what was refused, but may do later */
#define BLOCKED_US INT64_C(30000000)
#define HELLO_ID 0x7ffffff0u
#define AUTH_ID 0x7ffffff1u
#define BATCH_ID 0x7ffffff2u
#define BABBLE_ID 0x7ffffff3u
#define NO_OPERATION 99

static const uint8_t nonce_text[TG_NONCE_BYTES] = "a till's nonce 1";

void
till_init(struct sim *sim, struct till *till, uint32_t index)
{
	const struct terminal_config *terminal = &sim->coalition->terminals[index];
	const struct secret *master = &sim->node->auth_keys.master;
	enum tg_status status;

	*till = (struct till){
		.index = index,
		.terminal = terminal->number,
		.partner = terminal->partner,
		.store = terminal->store,
		.rights = terminal->rights,
		.wire = { .fd = -1 },
	};
	memcpy(till->client_nonce, nonce_text, sizeof(till->client_nonce));
	status = tg_auth_derive_key(master->base, master->bytes, "sim", till->terminal,
				    terminal->key_generation, till->key);
	TG_ASSERT(status == TG_OK);
}

void
till_deinit(struct till *till)
{
	wire_close(&till->wire);
}

int64_t
till_time_ms(const struct sim *sim, const struct till *till)
{
	return sim_wall_ms(sim) + till->clock_off_ms;
}

struct asked *
till_new_request(struct sim *sim, struct till *till, uint32_t operation)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	uint64_t salt = chance_next(&sim->chance);

	TG_ASSERT(asked != NULL);
	if (sim->asked_count == sim->asked_capacity) {
		sim->asked_capacity = 2 * sim->asked_capacity + 64;
		sim->asked = realloc(sim->asked, sim->asked_capacity * sizeof(*sim->asked));
		TG_ASSERT(sim->asked != NULL);
	}
	asked->index = sim->asked_count;
	sim->asked[sim->asked_count++] = asked;
	asked->till = till->index;
	memcpy(asked->id, &asked->index, sizeof(asked->index));
	memcpy(asked->id + 8, &salt, sizeof(salt));
	tg_message_init(&asked->message, 1, operation);
	asked->has_id = tg_operation_info(operation)->has_transaction_id;
	if (asked->has_id) {
		tg_message_set_bytes(&asked->message, TG_FIELD_TRANSACTION_ID, asked->id,
				     sizeof(asked->id));
		tg_message_set_integer(&asked->message, TG_FIELD_BUSINESS_TIME,
				       till_time_ms(sim, till));
	}
	return asked;
}

const uint8_t *
asked_keep(struct asked *asked, const void *bytes, size_t count)
{
	uint8_t *place = asked->text + asked->text_bytes;

	TG_ASSERT(count <= sizeof(asked->text) - asked->text_bytes);
	memcpy(place, bytes, count);
	asked->text_bytes += count;
	return place;
}

void
asked_finish(struct asked *asked)
{
	if (asked->has_id)
		tg_fingerprint(&asked->message, asked->fingerprint);
}

static void
send_message(struct sim *sim, struct till *till, const struct tg_message *message)
{
	static uint8_t frame[TG_FRAME_BYTES_MAX + TG_FRAME_HEADER_BYTES];
	struct tg_writer writer;
	bool is_encoded;

	tg_writer_init(&writer, frame, sizeof(frame));
	is_encoded = tg_encode(&writer, message);
	TG_ASSERT(is_encoded);
	wire_send(sim, &till->wire, frame, writer.used_bytes);
}

/* A request is on its way, for the first time or again. */
static void
note_sent(struct sim *sim, struct asked *asked)
{
	asked->message.request_id = asked->index + 1;
	if (asked->attempts > 0 && asked->has_id)
		tg_message_set_integer(&asked->message, TG_FIELD_REPEAT, 1);
	if (asked->attempts == 0) {
		asked->first_sent_us = sim->now_us;
		sim->figures->requests++;
	}
	asked->attempts++;
	asked->is_sent = true;
	asked->due_us = sim->now_us + chance_between(&sim->chance, 3000, 20000) * MS;
}

void
till_babble(struct sim *sim, struct till *till)
{
	struct tg_message message;

	if (till->state != TILL_OPEN)
		return;
	sim_tell(sim, "till %u: asks for an operation that there is not", till->terminal);
	tg_message_init(&message, BABBLE_ID, NO_OPERATION);
	send_message(sim, till, &message);
}

static void
send_asked(struct sim *sim, struct till *till, struct asked *asked)
{
	note_sent(sim, asked);
	send_message(sim, till, &asked->message);
}

/* What waits goes out as one BATCH, if the till may, and there is enough of it. */
static void
send_batch(struct sim *sim, struct till *till)
{
	static uint8_t frame[TG_FRAME_BYTES_MAX + TG_FRAME_HEADER_BYTES];
	struct tg_batch_writer batch;
	struct tg_writer writer;
	uint32_t count = 0;
	bool is_whole;

	if ((till->rights & TG_RIGHT_BATCH) == 0 || till->batch_count > 0)
		return;
	for (uint32_t i = 0; i < till->pending_count && count < TILL_BATCH_MAX; i++) {
		struct asked *asked = till->pending[i];

		if (!asked->is_sent && asked->has_id && asked->due_us <= sim->now_us)
			till->batch[count++] = asked;
	}
	if (count < 2 || !chance_once_in(&sim->chance, 2))
		return;
	tg_writer_init(&writer, frame, sizeof(frame));
	tg_batch_begin(&batch, &writer, BATCH_ID, TG_OP_BATCH, count);
	for (uint32_t i = 0; i < count; i++) {
		note_sent(sim, till->batch[i]);
		tg_batch_add(&batch, &till->batch[i]->message);
	}
	is_whole = tg_batch_end(&batch);
	TG_ASSERT(is_whole);
	till->batch_count = count;
	sim_tell(sim, "till %u: a batch of %u", till->terminal, count);
	wire_send(sim, &till->wire, frame, writer.used_bytes);
}

/* Before the next call; nobody is in a hurry while hours pass. */
static int64_t
wait_us(struct sim *sim)
{
	int64_t ms = chance_between(&sim->chance, 200, 5000);

	return sim->is_leaping ? ms * MS * 400 : ms * MS;
}

static void
hang_up(struct sim *sim, struct till *till)
{
	wire_close(&till->wire);
	till->state = TILL_CLOSED;
	till->due_us = sim->now_us + wait_us(sim);
	till->batch_count = 0;
	for (uint32_t i = 0; i < till->pending_count; i++)
		till->pending[i]->is_sent = false;
}

static void
call(struct sim *sim, struct till *till)
{
	struct tg_message hello;

	if (!wire_open(sim, &till->wire, "192.0.2.1:4711")) {
		till->due_us = sim->now_us + wait_us(sim);
		return;
	}
	till->state = TILL_HELLO;
	till->due_us = sim->now_us + OPENING_US;
	tg_message_init(&hello, HELLO_ID, TG_OP_HELLO);
	tg_message_set_integer(&hello, TG_FIELD_VERSION, TG_PROTOCOL_VERSION);
	tg_message_set_bytes(&hello, TG_FIELD_CLIENT_NONCE, till->client_nonce,
			     sizeof(till->client_nonce));
	send_message(sim, till, &hello);
}

/* HELLO was answered: prove who speaks. */
static void
prove(struct sim *sim, struct till *till, const struct tg_message *answer)
{
	struct tg_auth_input input = { .version = TG_PROTOCOL_VERSION,
				       .terminal = till->terminal,
				       .generation = 1 };
	uint8_t proof[TG_PROOF_BYTES];
	struct tg_message auth;
	enum tg_status status;

	if (answer->code != TG_OK || !tg_message_has(answer, TG_FIELD_SERVER_NONCE)) {
		hang_up(sim, till);
		return;
	}
	memcpy(input.client_nonce, till->client_nonce, TG_NONCE_BYTES);
	memcpy(input.server_nonce, answer->values[TG_FIELD_SERVER_NONCE].data, TG_NONCE_BYTES);
	status = tg_auth_make_proof(TG_AUTH_TERMINAL, till->key, &input, proof);
	TG_ASSERT(status == TG_OK);
	tg_message_init(&auth, AUTH_ID, TG_OP_AUTH);
	tg_message_set_integer(&auth, TG_FIELD_TERMINAL, till->terminal);
	tg_message_set_integer(&auth, TG_FIELD_KEY_GENERATION, 1);
	tg_message_set_bytes(&auth, TG_FIELD_PROOF, proof, sizeof(proof));
	till->state = TILL_AUTH;
	send_message(sim, till, &auth);
}

static void
drop_pending(struct till *till, const struct asked *asked)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < till->pending_count; i++) {
		if (till->pending[i] != asked)
			till->pending[kept++] = till->pending[i];
	}
	till->pending_count = kept;
}

static bool
is_pending(const struct till *till, const struct asked *asked)
{
	for (uint32_t i = 0; i < till->pending_count; i++) {
		if (till->pending[i] == asked)
			return true;
	}
	return false;
}

/* The outcome of a request, alone or in a batch. */
static void
take_outcome(struct sim *sim, struct till *till, struct asked *asked,
	     const struct tg_message *answer)
{
	bool is_final;

	sim->figures->answers++;
	if (answer->code < SIM_STATUSES)
		sim->figures->statuses[answer->code]++;
	sim_tell(sim, "till %u: #%u %s is %s", till->terminal, asked->index,
		 tg_operation_name(asked->message.code),
		 tg_status_name((enum tg_status)answer->code));
	is_final = audit_answer(sim, asked, answer);
	if (is_final || ++asked->refusals >= TRIES_MAX)
		drop_pending(till, asked);
	else if (is_pending(till, asked)) {
		asked->is_sent = false;
		asked->due_us = sim->now_us + chance_between(&sim->chance, 500, 5000) * MS;
	}
}

/* The outcomes of a batch, in its order; or it was refused as a whole. */
static void
take_batch(struct sim *sim, struct till *till, const struct tg_message *answer)
{
	struct tg_rows rows;
	struct tg_cursor item;
	uint32_t count = till->batch_count, at = 0, field;

	till->batch_count = 0;
	if (answer->code < SIM_STATUSES)
		sim->figures->statuses[answer->code]++;
	if (answer->code != TG_OK || !tg_message_has(answer, TG_FIELD_ITEMS)) {
		for (uint32_t i = 0; i < count; i++)
			till->batch[i]->is_sent = false;
		return;
	}
	tg_rows_start(&answer->values[TG_FIELD_ITEMS], &rows);
	while (at < count && tg_rows_next_item(&rows, &item)) {
		static struct tg_message outcome;

		if (tg_decode_item_answer(item, &outcome, &field) != TG_OK)
			sim_fail(sim, "till %u: item %u cannot be decoded", till->terminal, at);
		else
			take_outcome(sim, till, till->batch[at], &outcome);
		at++;
	}
	if (at != count)
		sim_fail(sim, "till %u: %u outcomes of %u", till->terminal, at, count);
}

/* An answer to a request. */
static void
take_answer(struct sim *sim, struct till *till, const struct tg_message *answer)
{
	struct asked *asked;

	if (answer->request_id == 0 || answer->request_id > sim->asked_count) {
		if (answer->request_id == 0) {
			sim_count_status(sim, answer);
			sim_tell(sim, "till %u: notice %u", till->terminal, answer->code);
		} else
			sim_fail(sim, "till %u: an answer to request %u, which nobody sent",
				 till->terminal, answer->request_id);
		return;
	}
	asked = sim->asked[answer->request_id - 1];
	if (asked->till != till->index) {
		sim_fail(sim, "till %u: the answer to request %u of another", till->terminal,
			 answer->request_id);
		return;
	}
	take_outcome(sim, till, asked, answer);
}

static void
take_message(struct sim *sim, struct till *till, const struct tg_message *message)
{
	if (message->request_id == HELLO_ID && till->state == TILL_HELLO) {
		prove(sim, till, message);
	} else if (message->request_id == AUTH_ID && till->state == TILL_AUTH) {
		if (message->code < SIM_STATUSES)
			sim->figures->statuses[message->code]++;
		if (message->code != TG_OK) {
			/* Blocked: the store asks on the telephone what is wrong. */
			hang_up(sim, till);
			till->due_us += BLOCKED_US;
			return;
		}
		till->state = TILL_OPEN;
		till->due_us = INT64_MAX;
	} else if (message->request_id == BABBLE_ID) {
		sim_count_status(sim, message);
		/* Behind a request that was refused for now nothing is looked at any more. */
		if (message->code != TG_UNKNOWN_OPERATION && message->code != TG_BUSY &&
		    message->code != TG_SHUTTING_DOWN)
			sim_fail(sim, "till %u: no operation is answered %u", till->terminal,
				 message->code);
	} else if (message->request_id == BATCH_ID) {
		if (till->batch_count > 0)
			take_batch(sim, till, message);
	} else if (message->request_id != HELLO_ID && message->request_id != AUTH_ID)
		take_answer(sim, till, message);
}

/* Send what was not sent on this connection; give the connection up when an answer is overdue. */
static void
send_pending(struct sim *sim, struct till *till)
{
	send_batch(sim, till);
	for (uint32_t i = 0; i < till->pending_count; i++) {
		struct asked *asked = till->pending[i];

		if (asked->is_sent && asked->due_us <= sim->now_us) {
			sim_tell(sim, "till %u: no answer to #%u in time", till->terminal,
				 asked->index);
			hang_up(sim, till);
			return;
		}
		if (!asked->is_sent && asked->due_us <= sim->now_us)
			send_asked(sim, till, asked);
	}
}

void
till_run(struct sim *sim, struct till *till)
{
	const uint8_t *payload;
	struct tg_message message;
	uint32_t field;
	size_t bytes;
	bool is_open;

	if (till->state == TILL_CLOSED) {
		if (till->due_us <= sim->now_us && till->pending_count > 0)
			call(sim, till);
		return;
	}
	is_open = wire_run(sim, &till->wire);
	while (till->state != TILL_CLOSED &&
	       (payload = wire_take(&till->wire, &bytes)) != NULL) {
		if (tg_decode_answer(payload, bytes, &message, &field) == TG_OK)
			take_message(sim, till, &message);
		else
			sim_fail(sim, "till %u: an answer that cannot be decoded", till->terminal);
	}
	if (!is_open || (till->state != TILL_OPEN && till->due_us <= sim->now_us)) {
		if (till->state != TILL_CLOSED)
			hang_up(sim, till);
	} else if (till->state == TILL_OPEN)
		send_pending(sim, till);
}

bool
till_ask(struct sim *sim, struct till *till, struct asked *asked)
{
	if (till->pending_count == TILL_PENDING_MAX)
		return false;
	asked->due_us = sim->now_us;
	asked->is_sent = false;
	till->pending[till->pending_count++] = asked;
	return true;
}

int64_t
till_next_us(const struct till *till)
{
	int64_t next_us = wire_next_us(&till->wire);

	if (till->state == TILL_CLOSED)
		return till->pending_count > 0 ? till->due_us : INT64_MAX;
	if (till->state != TILL_OPEN)
		return till->due_us < next_us ? till->due_us : next_us;
	for (uint32_t i = 0; i < till->pending_count; i++) {
		if (till->pending[i]->due_us < next_us)
			next_us = till->pending[i]->due_us;
	}
	return next_us;
}
