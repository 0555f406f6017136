/*
 * judge.c - what must and what must not be seen in each case.
 */
#include "contrib/certify/judge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "contrib/certify/serve.h"

#define TOLERANCE_MS 15 /* of clocks and schedulers */
#define BUSY_FIRST_MS 200
#define TIGHT_MS 300
#define ALIKE_MS 25
#define PAUSES_TO_JUDGE 3

static void say(struct judgement *j, enum verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
say(struct judgement *j, enum verdict verdict, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	j->verdict = verdict;
	vsnprintf(j->text, sizeof(j->text), format, arguments);
	va_end(arguments);
}

/* The transaction that the fault hit.  NULL, and the case is judged: there was none. */
static const struct sighting *
find_subject(const struct round *round, const struct plain_round *plain, struct judgement *j)
{
	for (uint32_t i = 0; i < round->sighting_count; i++) {
		if (round->sightings[i].is_hit)
			return &round->sightings[i];
	}
	if (plain->is_known && round->connection_count > 0)
		say(j, VERDICT_FAILED, "no transaction came, though one came in the case plain");
	else
		say(j, VERDICT_NOT_EXERCISED, "no transaction came");
	return NULL;
}

/* Have two requests the same in a field, or both nothing? */
static bool
is_alike(const struct sighting *one, const struct sighting *other, enum tg_field field)
{
	const struct tg_value *a = &one->message.values[field], *b = &other->message.values[field];
	bool has = tg_message_has(&one->message, field);

	if (has != tg_message_has(&other->message, field))
		return false;
	if (!has || tg_field_info(field)->type == TG_TYPE_INT)
		return !has || a->integer == b->integer;
	return a->bytes == b->bytes && memcmp(a->data, b->data, a->bytes) == 0;
}

/* Is it the same purchase under another id? */
static bool
is_double(const struct sighting *one, const struct sighting *other)
{
	static const enum tg_field fields[] = { TG_FIELD_MEMBER, TG_FIELD_IDENTIFIER,
						TG_FIELD_AMOUNT, TG_FIELD_POINTS,
						TG_FIELD_RECEIPT, TG_FIELD_ORIGINAL };

	if (one->operation != other->operation || serve_is_same(one, other))
		return false;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!is_alike(one, other, fields[i]))
			return false;
	}
	return true;
}

/* A reversal for want of an answer must say so, and name the original as it was. */
static bool
check_reversal(const struct sighting *reversal, const struct sighting *subject, struct judgement *j)
{
	if (tg_message_integer(&reversal->message, TG_FIELD_REASON, 0) != TG_REASON_TIME_OUT)
		say(j, VERDICT_FAILED, "the REVERSE does not say REASON 1, time-out");
	else if (tg_message_integer(&reversal->message, TG_FIELD_ORIGINAL_TIME, -1) !=
		 tg_message_integer(&subject->message, TG_FIELD_BUSINESS_TIME, -2))
		say(j, VERDICT_FAILED,
		    "ORIGINAL_TIME of the REVERSE is not the BUSINESS_TIME of the original");
	else
		return true;
	return false;
}

/*
 * What has no answer is sent again or undone until it is answered, and then no more.  The first
 * sighting that does so, NULL if the case is judged.
 */
static const struct sighting *
follow(const struct round *round, const struct sighting *subject, struct judgement *j)
{
	const struct sighting *next = NULL, *settled = NULL;

	for (uint32_t i = (uint32_t)(subject - round->sightings) + 1; i < round->sighting_count;
	     i++) {
		const struct sighting *s = &round->sightings[i];
		bool is_same = serve_is_same(s, subject), undoes = serve_undoes(s, subject);

		if (settled == NULL && is_double(s, subject)) {
			say(j, VERDICT_FAILED,
			    "a %s with an unknown outcome was sent again under a new id: it would "
			    "be booked twice",
			    tg_operation_name(s->operation));
			return NULL;
		}
		if (!is_same && !undoes)
			continue;
		if (settled != NULL && s->at_ms > settled->answered_ms + TOLERANCE_MS) {
			say(j, VERDICT_FAILED, "%s came again after its final answer",
			    tg_operation_name(s->operation));
			return NULL;
		}
		if (undoes && !check_reversal(s, subject, j))
			return NULL;
		if (next == NULL)
			next = s;
		if (s->is_final && settled == NULL)
			settled = s;
	}
	if (settled == NULL) {
		say(j, VERDICT_FAILED, "the %s was neither sent again nor reversed until it was "
				       "answered%s",
		    tg_operation_name(subject->operation),
		    round->exit_status >= 0 ? "; the command ended before" : "");
		return NULL;
	}
	return next;
}

static void
judge_unknown_outcome(const struct round *round, const struct plain_round *plain,
		      struct judgement *j)
{
	const struct sighting *subject = find_subject(round, plain, j);

	if (subject != NULL)
		(void)follow(round, subject, j);
}

static void
judge_plain(const struct round *round, const struct plain_round *plain, struct judgement *j)
{
	const struct sighting *subject = find_subject(round, plain, j);

	if (subject == NULL)
		return;
	for (uint32_t i = (uint32_t)(subject - round->sightings) + 1; i < round->sighting_count;
	     i++) {
		if (serve_is_same(&round->sightings[i], subject))
			say(j, VERDICT_FAILED, "%s came again after its final answer",
			    tg_operation_name(subject->operation));
	}
}

/* The answer is one like any other, only it looks different or comes differently. */
static void
judge_unharmed(const struct round *round, const struct plain_round *plain, struct judgement *j)
{
	const struct sighting *subject = find_subject(round, plain, j);

	if (subject == NULL)
		return;
	for (uint32_t i = (uint32_t)(subject - round->sightings) + 1; i < round->sighting_count;
	     i++) {
		const struct sighting *s = &round->sightings[i];
		bool is_after = s->at_ms > subject->answered_ms + TOLERANCE_MS;

		if (is_double(s, subject) && s->at_ms <= subject->answered_ms + ROUND_SLOW_MS &&
		    round->options.fault == FAULT_SLOW) {
			say(j, VERDICT_FAILED,
			    "while it waited, the %s was sent again under a new id",
			    tg_operation_name(s->operation));
			return;
		}
		if ((serve_is_same(s, subject) && is_after &&
		     s->connection == subject->connection) ||
		    serve_undoes(s, subject)) {
			say(j, VERDICT_FAILED, "the answer was not taken for one: %s followed",
			    tg_operation_name(s->operation));
			return;
		}
	}
	if (plain->exit_status >= 0 && round->exit_status >= 0 &&
	    round->exit_status != plain->exit_status)
		say(j, VERDICT_FAILED, "the command ended with %d; in the case plain it was %d",
		    round->exit_status, plain->exit_status);
}

/* After BUSY the same again, not sooner than told. */
static void
judge_busy(const struct round *round, const struct plain_round *plain, struct judgement *j)
{
	const struct sighting *subject = find_subject(round, plain, j);
	const struct sighting *next = subject != NULL ? follow(round, subject, j) : NULL;

	if (next != NULL &&
	    next->at_ms < subject->answered_ms + ROUND_RETRY_AFTER_MS - TOLERANCE_MS)
		say(j, VERDICT_FAILED,
		    "it came again after %" PRId64 " ms; RETRY_AFTER asked for %d",
		    next->at_ms - subject->answered_ms, ROUND_RETRY_AFTER_MS);
}

static void
judge_busy_bare(const struct round *round, const struct plain_round *plain, struct judgement *j)
{
	const struct sighting *subject = find_subject(round, plain, j);
	const struct sighting *last = subject;
	int64_t least_ms = BUSY_FIRST_MS;

	if (subject == NULL || follow(round, subject, j) == NULL)
		return;
	for (uint32_t i = (uint32_t)(subject - round->sightings) + 1; i < round->sighting_count;
	     i++) {
		const struct sighting *s = &round->sightings[i];

		if (!serve_is_same(s, subject) || last->answer != TG_BUSY)
			continue;
		if (s->at_ms - last->answered_ms < least_ms - TOLERANCE_MS) {
			say(j, VERDICT_FAILED,
			    "it came again after %" PRId64 " ms; %" PRId64 " are the least",
			    s->at_ms - last->answered_ms, least_ms);
			return;
		}
		last = s;
		least_ms *= 2;
	}
}

static void
judge_declined(const struct round *round, const struct plain_round *plain, struct judgement *j)
{
	const struct sighting *subject = find_subject(round, plain, j);

	if (subject == NULL)
		return;
	for (uint32_t i = (uint32_t)(subject - round->sightings) + 1; i < round->sighting_count;
	     i++) {
		if (serve_is_same(&round->sightings[i], subject)) {
			say(j, VERDICT_FAILED, "%s came again after it was declined for good",
			    tg_operation_name(subject->operation));
			return;
		}
	}
	if (plain->exit_status == 0 && round->exit_status == 0)
		say(j, VERDICT_FAILED, "the command ended with 0, as if it had been booked");
}

static void
judge_strange_status(const struct round *round, const struct plain_round *plain,
		     struct judgement *j)
{
	const struct sighting *subject = find_subject(round, plain, j);

	if (subject == NULL)
		return;
	for (uint32_t i = (uint32_t)(subject - round->sightings) + 1; i < round->sighting_count;
	     i++) {
		const struct sighting *s = &round->sightings[i];

		if (s->operation == TG_OP_STATUS)
			return;
		if (serve_is_same(s, subject) || serve_undoes(s, subject) ||
		    is_double(s, subject)) {
			say(j, VERDICT_FAILED, "%s followed, and no STATUS before it",
			    tg_operation_name(s->operation));
			return;
		}
	}
	if (plain->exit_status == 0 && round->exit_status == 0)
		say(j, VERDICT_FAILED, "the command ended with 0, as if it had been booked");
}

static void
judge_notice(const struct round *round, const struct plain_round *plain, struct judgement *j)
{
	const struct sighting *subject = find_subject(round, plain, j);
	const struct connection *next;

	if (subject == NULL || follow(round, subject, j) == NULL ||
	    subject->connection == round->connection_count)
		return;
	next = &round->connections[subject->connection]; /* the one after it: numbers from 1 */
	if (next->opened_ms < subject->answered_ms + ROUND_RETRY_AFTER_MS - TOLERANCE_MS)
		say(j, VERDICT_FAILED,
		    "it connected again %" PRId64 " ms after NOTICE; RETRY_AFTER asked for %d",
		    next->opened_ms - subject->answered_ms, ROUND_RETRY_AFTER_MS);
}

static void
judge_trust(const struct round *round, const struct plain_round *plain, struct judgement *j)
{
	(void)plain;
	if (round->hits == 0)
		say(j, VERDICT_NOT_EXERCISED, "no connection came");
	for (uint32_t i = 0; i < round->connection_count; i++) {
		if (round->connections[i].is_heard)
			say(j, VERDICT_FAILED, "it spoke to whoever showed that certificate");
	}
}

static void
judge_bad_proof(const struct round *round, const struct plain_round *plain, struct judgement *j)
{
	(void)plain;
	if (round->hits == 0)
		say(j, VERDICT_NOT_EXERCISED,
		    "no AUTH with a PROOF came; a certificate needs none");
	for (uint32_t i = 0; i < round->connection_count && round->hits > 0; i++) {
		if (round->connections[i].frames_after_proof > 0)
			say(j, VERDICT_FAILED,
			    "it went on with a server that does not know its key");
	}
}

uint32_t
judge_pauses_of(const struct round *round, int64_t *ret_pauses_ms, uint32_t max)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < round->sighting_count; i++) {
		if (!round->sightings[i].is_hit)
			continue;
		for (uint32_t c = round->sightings[i].connection;
		     c < round->connection_count && count < max; c++)
			ret_pauses_ms[count++] = round->connections[c].opened_ms -
						 round->connections[c - 1].closed_ms;
		break;
	}
	return count;
}

static void
judge_reconnecting(const struct round *round, const struct plain_round *plain, struct judgement *j)
{
	const struct sighting *subject = find_subject(round, plain, j);
	int64_t pauses_ms[ROUND_HANG_UPS + 1], sum_ms = 0;
	uint32_t count = judge_pauses_of(round, pauses_ms, ROUND_HANG_UPS + 1);

	if (subject == NULL)
		return;
	for (uint32_t i = 0; i < count; i++)
		sum_ms += pauses_ms[i];
	if (count >= PAUSES_TO_JUDGE && sum_ms < TIGHT_MS)
		say(j, VERDICT_FAILED, "%u times it connected anew within %" PRId64 " ms in all",
		    count, sum_ms);
	else if (count < PAUSES_TO_JUDGE)
		say(j, VERDICT_NOT_EXERCISED, "it connected anew only %u times", count);
	else
		(void)follow(round, subject, j);
}

void
judge_pauses(const int64_t *pauses_ms[2], const uint32_t counts[2], struct judgement *j)
{
	uint32_t count = counts[0] < counts[1] ? counts[0] : counts[1];
	uint32_t alike = 0;

	if (j->verdict != VERDICT_PASSED || count < PAUSES_TO_JUDGE)
		return;
	for (uint32_t i = 0; i < count; i++) {
		int64_t difference_ms = pauses_ms[0][i] - pauses_ms[1][i];

		alike += difference_ms > -ALIKE_MS && difference_ms < ALIKE_MS;
	}
	if (alike == count)
		say(j, VERDICT_FAILED,
		    "two times it connected anew after the same pauses (%" PRId64 ", %" PRId64
		    ", %" PRId64 " ms ...): there is no chance in them",
		    pauses_ms[0][0], pauses_ms[0][1], pauses_ms[0][2]);
}

/* clang-format off */
const struct judge_case judge_cases[] = {
	{ "plain", "a session is opened, a transaction sent, its answer taken",
	  FAULT_NONE, 1, false, judge_plain },
	{ "new-fields", "fields that it does not know are passed over, in every answer",
	  FAULT_NEW_FIELDS, 1, false, judge_unharmed },
	{ "wide-integers", "integers and lengths are read in any width",
	  FAULT_WIDE, 1, false, judge_unharmed },
	{ "trickle", "a frame that comes byte by byte is put together",
	  FAULT_TRICKLE, 1, false, judge_unharmed },
	{ "duplicate-answer", "the second copy of an answer is passed over",
	  FAULT_DUPLICATE, 1, false, judge_unharmed },
	{ "unasked-answer", "an answer to a request id that it has not sent is passed over",
	  FAULT_UNASKED, 1, false, judge_unharmed },
	{ "slow-answer", "it waits, or sends the same again under the same id",
	  FAULT_SLOW, 1, false, judge_unharmed },
	{ "lost-answer", "the same again under the same id, or REVERSE, until it is answered",
	  FAULT_LOSE_ANSWER, 1, false, judge_unknown_outcome },
	{ "lost-request", "the same again under the same id, or REVERSE, until it is answered",
	  FAULT_LOSE_REQUEST, 1, false, judge_unknown_outcome },
	{ "cut-answer", "half an answer is none: the same again, or REVERSE",
	  FAULT_CUT_ANSWER, 1, false, judge_unknown_outcome },
	{ "no-answer", "after a time of its own it sends the same again, or REVERSE",
	  FAULT_SILENCE, 1, false, judge_unknown_outcome },
	{ "busy", "the same again under the same id, not before RETRY_AFTER",
	  FAULT_BUSY, 1, false, judge_busy },
	{ "busy-again", "without RETRY_AFTER 200 ms at least, then twice as long each time",
	  FAULT_BUSY_BARE, 1, false, judge_busy_bare },
	{ "declined", "a refusal that is recorded is final: not again under that id",
	  FAULT_DECLINE, 1, false, judge_declined },
	{ "unknown-status", "a status that it does not know is a refusal; STATUS before all else",
	  FAULT_STRANGE_STATUS, 1, false, judge_strange_status },
	{ "notice", "after NOTICE it connects anew, not before RETRY_AFTER, and sends it again",
	  FAULT_NOTICE, 1, false, judge_notice },
	{ "reconnecting", "it waits before it connects anew, for a time that chance has a part in",
	  FAULT_HANG_UP, 2, false, judge_reconnecting },
	{ "strange-certificate", "it does not speak to a server that a stranger vouches for",
	  FAULT_STRANGER, 1, true, judge_trust },
	{ "other-name", "it does not speak to a server whose certificate is for another name",
	  FAULT_OTHER_NAME, 1, true, judge_trust },
	{ "server-proof", "it does not go on with a server whose PROOF is wrong",
	  FAULT_BAD_PROOF, 1, false, judge_bad_proof },
};
/* clang-format on */

const uint32_t judge_case_count = sizeof(judge_cases) / sizeof(judge_cases[0]);

const char *
judge_verdict_name(enum verdict verdict)
{
	static const char *const names[] = { "passed", "failed", "not exercised" };

	return names[verdict];
}
