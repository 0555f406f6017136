/*
 * serve.c - answering, well or as the fault has it.
 */
#include "contrib/certify/serve.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/fingerprint.h"
#include "protocol/tallygate.h"

#define TRICKLE_MS 2
#define NOTICE_MS 300
#define CUT_MS 50
#define AHEAD_MS (10 * 60000)
#define LATE_MS (2 * 60000)
#define UNASKED_ID 1000003
#define UNASKED_POINTS 424242

static int64_t
now_ms(const struct round *round)
{
	return wire_now_ms() - round->trace.began_ms;
}

/* Write one frame; a peer that is gone is noticed when it is read from. */
static void
write_frame(struct round *round, const uint8_t *payload, size_t bytes)
{
	uint8_t header[TG_FRAME_HEADER_BYTES];
	struct wire *wire = &round->wire;

	tg_frame_put_header(header, bytes);
	trace_frame(&round->trace, TRACE_HARNESS, wire->number, payload, bytes);
	if (round->options.fault != FAULT_TRICKLE) {
		(void)(wire_write(wire, header, sizeof(header)) &&
		       wire_write(wire, payload, bytes));
		return;
	}
	for (size_t i = 0; i < sizeof(header) + bytes; i++) {
		const uint8_t *byte =
			i < sizeof(header) ? header + i : payload + i - sizeof(header);

		if (!wire_write(wire, byte, 1))
			return;
		wire_sleep_ms(TRICKLE_MS);
	}
}

/* An answer as a payload, in the round's form.  ret_bytes: 0 when it does not fit. */
static const uint8_t *
encode(struct round *round, const struct tg_message *answer, uint8_t *room, size_t room_bytes,
       size_t *ret_bytes)
{
	enum fault fault = round->options.fault;
	const uint8_t *payload = room + TG_FRAME_HEADER_BYTES;
	struct tg_writer writer;

	tg_writer_init(&writer, room, room_bytes);
	*ret_bytes = 0;
	if (!tg_encode(&writer, answer))
		return payload;
	*ret_bytes = writer.used_bytes - TG_FRAME_HEADER_BYTES;
	if ((fault == FAULT_WIDE && widen_integers(payload, *ret_bytes, &round->widened)) ||
	    (fault == FAULT_NEW_FIELDS && widen_fields(payload, *ret_bytes, &round->widened))) {
		*ret_bytes = round->widened.bytes;
		return round->widened.base;
	}
	return payload;
}

void
serve_send(struct round *round, const struct tg_message *answer)
{
	uint8_t room[TG_FRAME_BYTES_MAX];
	size_t bytes;
	const uint8_t *payload = encode(round, answer, room, sizeof(room), &bytes);

	if (bytes == 0 || round->wire.fd < 0)
		return;
	write_frame(round, payload, bytes);
	if (round->options.fault == FAULT_DUPLICATE)
		write_frame(round, payload, bytes);
}

void
serve_refusal(struct round *round, const struct tg_message *request, enum tg_status status,
	      uint32_t field)
{
	struct tg_message answer;

	if (request->request_id == 0) {
		tg_message_init(&answer, 0, TG_OP_NOTICE);
		tg_message_set_integer(&answer, TG_FIELD_OUTCOME, status);
	} else {
		tg_message_init(&answer, request->request_id, (uint32_t)status);
		if (field != 0)
			tg_message_set_integer(&answer, TG_FIELD_FIELD, field);
	}
	serve_send(round, &answer);
}

bool
serve_is_same(const struct sighting *one, const struct sighting *other)
{
	return one->operation != TG_OP_STATUS && other->operation != TG_OP_STATUS &&
	       memcmp(one->id, other->id, sizeof(one->id)) == 0;
}

bool
serve_undoes(const struct sighting *reversal, const struct sighting *original)
{
	const struct tg_value *named = &reversal->message.values[TG_FIELD_ORIGINAL];

	return reversal->operation == TG_OP_REVERSE &&
	       tg_message_has(&reversal->message, TG_FIELD_ORIGINAL) &&
	       memcmp(named->data, original->id, sizeof(original->id)) == 0;
}

bool
serve_is_resolved(const struct round *round, uint32_t index)
{
	const struct sighting *subject = &round->sightings[index];

	for (uint32_t i = index; i < round->sighting_count; i++) {
		const struct sighting *s = &round->sightings[i];

		if (s->is_final && (serve_is_same(s, subject) || serve_undoes(s, subject)))
			return true;
	}
	return false;
}

void
serve_count_waiting(struct round *round)
{
	const struct wire *wire = &round->wire;
	size_t at_bytes = 0;
	uint32_t count = round->in_flight;
	struct tg_frame frame;

	while (at_bytes < wire->in_bytes &&
	       tg_frame_peek(wire->in + at_bytes, wire->in_bytes - at_bytes, TG_FRAME_BYTES_MAX,
			     &frame) == TG_FRAME_WHOLE) {
		at_bytes += frame.frame_bytes;
		count++;
	}
	if (count > SERVE_IN_FLIGHT_MAX)
		breach_note(round->breaches, RULE_BOUNDS,
			    "%u requests are unanswered, told were %d", count,
			    SERVE_IN_FLIGHT_MAX);
}

/* Names of fields that two requests under one id do not have in common. */
static void
name_differences(const struct tg_message *one, const struct tg_message *other, char *ret_text,
		 size_t bytes)
{
	const struct tg_field_set *counts = &tg_operation_info(one->code)->printed;
	size_t used = 0;

	snprintf(ret_text, bytes, "the operation");
	if (one->code != other->code)
		return;
	for (enum tg_field f = tg_field_set_next(counts, 0); f < TG_FIELD_COUNT;
	     f = tg_field_set_next(counts, (unsigned)f + 1)) {
		const struct tg_value *a = &one->values[f], *b = &other->values[f];
		bool has = tg_message_has(one, f);
		bool is_number = tg_field_info(f)->type == TG_TYPE_INT ||
				 tg_field_info(f)->type == TG_TYPE_BOOL;

		if (has == tg_message_has(other, f) &&
		    (!has || (is_number ? a->integer == b->integer
					: a->bytes == b->bytes &&
						  memcmp(a->data, b->data, a->bytes) == 0)))
			continue;
		if (used < bytes)
			used += (size_t)snprintf(ret_text + used, bytes - used, "%s%s",
						 used > 0 ? ", " : "", tg_field_name(f));
	}
}

/* What was sent again: the same, and said to be? */
static void
look_at_repetition(struct round *round, const struct sighting *first, const struct sighting *again)
{
	int64_t attempt = tg_message_integer(&again->message, TG_FIELD_ATTEMPT, -1);
	int64_t before = tg_message_integer(&first->message, TG_FIELD_ATTEMPT, -1);
	uint8_t prints[2][TG_FINGERPRINT_BYTES];
	char names[128];

	tg_fingerprint(&first->message, prints[0]);
	tg_fingerprint(&again->message, prints[1]);
	if (memcmp(prints[0], prints[1], sizeof(prints[0])) != 0) {
		name_differences(&first->message, &again->message, names, sizeof(names));
		breach_note(round->breaches, RULE_CONTENT,
			    "a %s came again under its id, but %s differs",
			    tg_operation_name(first->operation), names);
		return;
	}
	breach_look(round->breaches, RULE_REPEAT);
	if (tg_message_integer(&again->message, TG_FIELD_REPEAT, 0) == 0)
		breach_note(round->breaches, RULE_REPEAT, "a %s came again without REPEAT",
			    tg_operation_name(first->operation));
	else if (attempt >= 0 && attempt <= before)
		breach_note(round->breaches, RULE_REPEAT,
			    "ATTEMPT of a %s was %" PRId64 " and then %" PRId64,
			    tg_operation_name(first->operation), before, attempt);
}

/* Rules that a transaction can break by itself. */
static void
look_at_times(struct round *round, const struct sighting *s)
{
	int64_t ahead_ms =
		tg_message_integer(&s->message, TG_FIELD_BUSINESS_TIME, 0) - tg_utc_ms();
	bool is_late = tg_message_integer(&s->message, TG_FIELD_LATE, 0) != 0;
	const char *name = tg_operation_name(s->operation);

	breach_look(round->breaches, RULE_TIME);
	if (ahead_ms > AHEAD_MS)
		breach_note(round->breaches, RULE_TIME, "BUSINESS_TIME of a %s is %" PRId64
							" s ahead", name, ahead_ms / 1000);
	else if (ahead_ms < -LATE_MS && !is_late)
		breach_note(round->breaches, RULE_TIME,
			    "a %s of %" PRId64 " s ago came without LATE", name, -ahead_ms / 1000);
	breach_look(round->breaches, RULE_ONLINE);
	if (is_late &&
	    (s->operation == TG_OP_BURN || s->operation == TG_OP_HOLD ||
	     tg_message_integer(&s->message, TG_FIELD_DIRECTION, 0) == TG_DIRECTION_OUT))
		breach_note(round->breaches, RULE_ONLINE, "a %s came with LATE", name);
}

/* Note a transaction or a STATUS; NULL: there are enough. */
static struct sighting *
see(struct round *round, const struct tg_frame *frame, const struct tg_message *request)
{
	bool is_status = request->code == TG_OP_STATUS;
	struct sighting *s;
	uint32_t field;

	if (round->sighting_count == ROUND_SIGHTINGS_MAX ||
	    frame->payload_bytes > ROUND_PAYLOAD_BYTES)
		return NULL;
	s = &round->sightings[round->sighting_count];
	s->at_ms = now_ms(round);
	s->answered_ms = -1;
	s->answer = NOT_ANSWERED;
	s->connection = round->wire.number;
	s->operation = request->code;
	s->is_hit = s->is_final = false;
	s->payload_bytes = (uint32_t)frame->payload_bytes;
	memcpy(s->payload, frame->payload, frame->payload_bytes);
	if (tg_decode_request(s->payload, s->payload_bytes, &s->message, &field) != TG_OK)
		return NULL;
	memcpy(s->id,
	       s->message.values[is_status ? TG_FIELD_ORIGINAL : TG_FIELD_TRANSACTION_ID].data,
	       sizeof(s->id));
	round->sighting_count++;
	if (is_status)
		return s;
	look_at_times(round, s);
	breach_look(round->breaches, RULE_CONTENT);
	for (uint32_t i = round->sighting_count - 1; i-- > 0;) {
		if (serve_is_same(&round->sightings[i], s)) {
			look_at_repetition(round, &round->sightings[i], s);
			break;
		}
	}
	return s;
}

/* Book, and send what is to be told. */
static void
answer_soundly(struct round *round, struct sighting *s, const struct tg_message *request,
	       enum tg_status decline)
{
	struct tg_message answer;

	book_answer(&round->book, request, decline, &answer);
	tg_message_set_integer(&answer, TG_FIELD_SANDBOX, 1);
	serve_send(round, &answer);
	if (s == NULL)
		return;
	s->answer = answer.code;
	s->answered_ms = now_ms(round);
	s->is_final = !tg_status_is_retryable((enum tg_status)answer.code) &&
		      request->code != TG_OP_STATUS;
}

/* Book, and tell nothing, or the first half. */
static void
lose_answer(struct round *round, const struct tg_message *request, bool is_half_told)
{
	uint8_t room[TG_FRAME_BYTES_MAX];
	struct tg_message answer;
	size_t bytes;

	book_answer(&round->book, request, TG_OK, &answer);
	(void)encode(round, &answer, room, sizeof(room), &bytes);
	if (is_half_told && bytes > 0) {
		(void)wire_write(&round->wire, room, (TG_FRAME_HEADER_BYTES + bytes) / 2);
		wire_sleep_ms(CUT_MS);
	}
}

/* BUSY, or a status that nobody knows. */
static void
answer_status(struct round *round, struct sighting *s, uint32_t status, int64_t retry_after_ms)
{
	struct tg_message answer;

	tg_message_init(&answer, s->message.request_id, status);
	if (retry_after_ms > 0)
		tg_message_set_integer(&answer, TG_FIELD_RETRY_AFTER, retry_after_ms);
	serve_send(round, &answer);
	s->answer = status;
	s->answered_ms = now_ms(round);
}

/* NOTICE instead of the answer. */
static void
take_leave(struct round *round, struct sighting *s)
{
	struct tg_message notice;

	tg_message_init(&notice, 0, TG_OP_NOTICE);
	tg_message_set_integer(&notice, TG_FIELD_OUTCOME, TG_SHUTTING_DOWN);
	tg_message_set_integer(&notice, TG_FIELD_RETRY_AFTER, ROUND_RETRY_AFTER_MS);
	serve_send(round, &notice);
	s->answered_ms = now_ms(round);
	wire_sleep_ms(NOTICE_MS);
	round_cut(round, "closed after NOTICE");
}

/* Do what the round is for. */
static void
do_fault(struct round *round, struct sighting *s, const struct tg_message *request)
{
	struct tg_message unasked;

	s->is_hit = true;
	round->hits++;
	switch (round->options.fault) {
	case FAULT_LOSE_ANSWER:
	case FAULT_CUT_ANSWER:
	case FAULT_HANG_UP:
		lose_answer(round, request, round->options.fault == FAULT_CUT_ANSWER);
		round_cut(round, "booked, and cut");
		return;
	case FAULT_LOSE_REQUEST:
		round_cut(round, "not booked, and cut");
		return;
	case FAULT_SILENCE:
		lose_answer(round, request, false);
		trace_event(&round->trace, s->connection, "booked, and not answered");
		round->in_flight++;
		return;
	case FAULT_SLOW:
		wire_sleep_ms(ROUND_SLOW_MS);
		break;
	case FAULT_UNASKED:
		tg_message_init(&unasked, request->request_id + UNASKED_ID, TG_OK);
		tg_message_set_integer(&unasked, TG_FIELD_POINTS, UNASKED_POINTS);
		serve_send(round, &unasked);
		break;
	case FAULT_BUSY:
		answer_status(round, s, TG_BUSY, ROUND_RETRY_AFTER_MS);
		return;
	case FAULT_BUSY_BARE:
		answer_status(round, s, TG_BUSY, 0);
		return;
	case FAULT_DECLINE:
		answer_soundly(round, s, request, TG_MEMBER_BLOCKED);
		return;
	case FAULT_STRANGE_STATUS:
		lose_answer(round, request, false);
		answer_status(round, s, ROUND_STRANGE_STATUS, 0);
		s->is_final = true; /* what comes next is not waited for */
		return;
	case FAULT_NOTICE:
		take_leave(round, s);
		return;
	case FAULT_NONE:
	case FAULT_TRICKLE:
	case FAULT_DUPLICATE:
	case FAULT_WIDE:
	case FAULT_NEW_FIELDS:
	case FAULT_STRANGER:
	case FAULT_OTHER_NAME:
	case FAULT_BAD_PROOF:
		break;
	}
	answer_soundly(round, s, request, TG_OK);
}

/* How often the fault is done to transactions. */
static uint32_t
times_of(enum fault fault)
{
	return fault == FAULT_BUSY_BARE ? ROUND_BUSY_TIMES : 1;
}

void
serve_request(struct round *round, const struct tg_frame *frame, const struct tg_message *request)
{
	const struct tg_operation_info *info = tg_operation_info(request->code);
	bool is_opening_fault = round->options.fault == FAULT_STRANGER ||
				round->options.fault == FAULT_OTHER_NAME ||
				round->options.fault == FAULT_BAD_PROOF;
	struct sighting *s = NULL;

	breach_look(round->breaches, RULE_REQUEST_IDS);
	for (uint32_t i = 0; i < round->sighting_count; i++) {
		const struct sighting *other = &round->sightings[i];

		if (round->options.fault == FAULT_SILENCE && other->is_hit &&
		    other->connection == round->wire.number &&
		    other->message.request_id == request->request_id)
			breach_note(round->breaches, RULE_REQUEST_IDS,
				    "%s has request id %u, which is still unanswered", info->name,
				    request->request_id);
	}
	if (request->code == TG_OP_BATCH || request->code == TG_OP_ACTIVATE) {
		serve_refusal(round, request, TG_FORBIDDEN, 0);
		return;
	}
	if (request->code == TG_OP_QUOTE || request->code == TG_OP_INQUIRY)
		breach_look(round->breaches, RULE_ONLINE);
	if (info->has_transaction_id || request->code == TG_OP_STATUS)
		s = see(round, frame, request);
	if (s != NULL && info->has_transaction_id && !is_opening_fault &&
	    round->hits < times_of(round->options.fault))
		do_fault(round, s, request);
	else
		answer_soundly(round, s, request, TG_OK);
}
