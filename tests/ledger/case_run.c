/*
 * case_run.c - the lines of a money case.
 *
 * Of each request more is proved than its line says: deciding twice gives the same and changes
 * nothing; a refusal leaves a record exactly when its status says so; and what was recorded is
 * answered again, figure by figure, to a copy of the request.
 */
#include "tests/ledger/case_run.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>
#include <xxhash.h>

#include "ledger/calendar.h"
#include "tests/ledger/case_words.h"

#define MS_PER_DAY INT64_C(86400000)

void
case_complain(const struct case_run *run, const char *format, ...)
{
	char text[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fail_msg("%s:%u: %s", run->money_case->file, run->line, text);
	abort();
}

int64_t
case_number(const struct case_run *run, const char *text)
{
	int64_t value;

	if (!words_number(text, &value))
		case_complain(run, "not a number or date: %s", text);
	return value;
}

int64_t
case_time(const struct case_run *run, const char *text)
{
	int64_t utc_ms;

	if (!words_time(text, &utc_ms))
		case_complain(run, "not a time: %s", text);
	return utc_ms;
}

void
case_check_answer(struct case_run *run, const struct ledger_answer *a, char *words[],
		  unsigned count)
{
	const char *status = tg_status_name((enum tg_status)a->status);

	run->is_status_seen[a->status] = true;
	if (count == 0)
		case_complain(run, "nothing is expected here");
	if (strcasecmp(words[0], status) != 0)
		case_complain(run, "status is %s, not %s", status, words[0]);
	for (unsigned i = 1; i < count; i++) {
		const struct named_field *field = words_field(&answer_words, words[i]);

		if (field == NULL)
			case_complain(run, "no such figure: %s", words[i]);
		if (words_load(a, field) != case_number(run, strchr(words[i], '=') + 1))
			case_complain(run, "%s is %" PRId64 ", expected %s", field->name,
				      words_load(a, field), words[i]);
	}
}

/* Every field but the id, the repeat and late marks and the till is part of the meaning. */
static void
make_fingerprint(struct ledger_request *q)
{
	struct ledger_request printed = *q;
	XXH128_hash_t hash;

	memset(printed.transaction_id, 0, sizeof(printed.transaction_id));
	printed.is_late = printed.is_repeat = false;
	printed.principal = printed.terminal = printed.store = 0;
	printed.lines = NULL;
	hash = XXH3_128bits(&printed, sizeof(printed));
	memcpy(q->fingerprint, &hash, sizeof(q->fingerprint));
}

/* The identifier under a newer key, with the one it was stored under as the older. */
static void
rotate_key(struct identifier_hash *identifier)
{
	if (identifier->type == 0)
		return;
	identifier->key_old = identifier->key++;
	memcpy(identifier->hash_old, identifier->hash, sizeof(identifier->hash_old));
	identifier->hash[15] ^= 0xff;
}

/* "02-29", any two numbers; "none" */
static uint16_t
read_month_day(struct case_run *run, const char *text)
{
	uint16_t month = 0, day = 0;

	if (strcmp(text, "none") != 0 && sscanf(text, "%2hu-%2hu", &month, &day) != 2)
		case_complain(run, "a birthday is MM-DD, or none: %s", text);
	return CALENDAR_MONTH_DAY(month, day);
}

/* Words that are no number for a field of the request; false: the word is not one of these. */
static bool
read_special_word(struct case_run *run, struct ledger_request *q, const char *word)
{
	const char *value;

	if (strcmp(word, "late") == 0) {
		q->is_late = true;
	} else if (strcmp(word, "repeat") == 0) {
		q->is_repeat = true;
	} else if (strcmp(word, "skip_limited") == 0) {
		q->skip_limited = true;
	} else if (strcmp(word, "of_value") == 0) {
		q->is_of_value = true;
	} else if (strcmp(word, "in") == 0) {
		q->direction = TG_DIRECTION_IN;
	} else if (strcmp(word, "out") == 0) {
		q->direction = TG_DIRECTION_OUT;
	} else if ((value = words_value(word, "id")) != NULL) {
		fixture_id(q->transaction_id, value);
	} else if ((value = words_value(word, "of")) != NULL) {
		fixture_id(q->original_id, value);
		q->has_original = true;
	} else if ((value = words_value(word, "burn")) != NULL) {
		fixture_id(q->original_burn_id, value);
		q->has_original_burn = true;
	} else if ((value = words_value(word, "time")) != NULL) {
		q->business_time_utc_ms = case_time(run, value);
		q->business_day = (int32_t)(q->business_time_utc_ms / MS_PER_DAY);
		q->business_minute = (uint16_t)(q->business_time_utc_ms % MS_PER_DAY / 60000);
	} else if ((value = words_value(word, "goods")) != NULL) {
		case_read_goods(run, q, value);
	} else if ((value = words_value(word, "of_time")) != NULL) {
		q->original_time_utc_ms = case_time(run, value);
	} else if ((value = words_value(word, "card")) != NULL) {
		q->member = 0;
		q->identifier = fixture_identifier(value);
	} else if ((value = words_value(word, "link")) != NULL) {
		q->new_identifier = fixture_identifier(value);
	} else if ((value = words_value(word, "birthday")) != NULL) {
		q->birthday = read_month_day(run, value);
	} else if ((value = words_value(word, "receipt")) != NULL) {
		q->receipt_bytes = (uint8_t)strlen(value);
		memcpy(q->receipt, value, q->receipt_bytes);
	} else {
		return false;
	}
	return true;
}

static void
read_request_word(struct case_run *run, struct ledger_request *q, const char *word)
{
	const struct named_field *field;

	if (read_special_word(run, q, word))
		return;
	field = words_field(&request_words, word);
	if (field == NULL)
		case_complain(run, "no such field: %s", word);
	words_store(q, field, case_number(run, strchr(word, '=') + 1));
	q->has_points = q->has_points || words_value(word, "points") != NULL;
	q->has_own_units = q->has_own_units || words_value(word, "units") != NULL;
}

static bool
is_transaction(uint8_t kind)
{
	return kind == REQUEST_ENROLL || kind == REQUEST_LINK || kind == REQUEST_UNLINK ||
	       (kind >= REQUEST_EARN && kind <= REQUEST_EXCHANGE) || kind == REQUEST_TOP_UP ||
	       kind == REQUEST_PAY;
}

/* What operators do to members: recorded when it is done, and never a duplicate. */
static bool
is_order(uint8_t kind)
{
	return (kind >= REQUEST_ADJUST && kind <= REQUEST_UNMERGE) || kind == REQUEST_SET_BIRTHDAY;
}

/* Decide into memory full of something else: no change of state, and nothing left over in it. */
static void
decide_beforehand(struct case_run *run, const struct ledger_request *q)
{
	struct ledger_fixture *f = &run->ledger;
	struct state_hash before = ledger_state_hash(f->ledger);

	memset(&run->again->answer, 0xa5, sizeof(run->again->answer));
	memset(run->again->records, 0xa5, 3 * sizeof(struct record));
	ledger_decide(f->ledger, q, &f->now, run->again);
	if (!state_hash_equal(before, ledger_state_hash(f->ledger)))
		case_complain(run, "deciding changed the state");
}

/* What was recorded is answered again with every figure, and makes no record. */
static void
check_replay(struct case_run *run, const struct ledger_request *q)
{
	struct ledger_answer *a = &run->ledger.decision->answer;
	struct ledger_answer *copy = &run->again->answer;

	ledger_decide(run->ledger.ledger, q, &run->ledger.now, run->again);
	if (run->again->record_count != 0 || !copy->is_replay)
		case_complain(run, "a copy of the request is not taken for one");
	copy->is_replay = a->is_replay;
	for (size_t i = 0; i < answer_words.count; i++) {
		const struct named_field *field = &answer_words.fields[i];

		if (words_load(copy, field) != words_load(a, field))
			case_complain(run, "a copy is answered %s=%" PRId64 ", not %" PRId64,
				      field->name, words_load(copy, field), words_load(a, field));
	}
	if (memcmp(copy, a, offsetof(struct ledger_answer, expiries)) != 0)
		case_complain(run, "a copy is answered otherwise");
}

static const struct ledger_answer *
ask(struct case_run *run, const struct ledger_request *q)
{
	struct decision *d = run->ledger.decision;
	const struct ledger_answer *a;
	bool is_recorded;

	decide_beforehand(run, q);
	a = fixture_ask(&run->ledger, q);
	fixture_compare(run->again, d, true);
	for (uint32_t i = 0; i < d->record_count; i++)
		case_archive_add(&run->archive, &d->records[i]);
	is_recorded = is_transaction(q->kind) && tg_status_is_recorded((enum tg_status)a->status);
	if (is_recorded && !a->is_replay && d->record_count == 0)
		case_complain(run, "nothing was recorded");
	if (!is_recorded && d->record_count > 0 && !(is_order(q->kind) && a->status == TG_OK))
		case_complain(run, "a refusal or a look left records");
	if (is_recorded)
		check_replay(run, q);
	return a;
}

/* What comes out of the archive. */
enum evidence {
	EVIDENCE_NONE,
	EVIDENCE_SOUND,
	EVIDENCE_STALE,		/* of a time before the window */
	EVIDENCE_FALSE,		/* says otherwise in one field */
};

static void
spoil(struct case_run *run, struct archived_transaction *t, enum evidence evidence,
      const char *said)
{
	const struct named_field *field = words_field(&archived_words, said);

	t->as_of_utc_ms = run->ledger.now.utc_ms;
	if (evidence == EVIDENCE_STALE)
		t->as_of_utc_ms -= ledger_programme(run->ledger.ledger)->window_ms + 1;
	if (evidence == EVIDENCE_FALSE && field == NULL)
		case_complain(run, "evidence has no such field: %s", said);
	else if (evidence == EVIDENCE_FALSE)
		words_store(t, field, case_number(run, strchr(said, '=') + 1));
}

/* Ask, and once more with evidence when the ledger wants some. */
static const struct ledger_answer *
ask_with_archive(struct case_run *run, struct ledger_request *q, enum evidence evidence,
		 const char *said)
{
	struct archived_transaction earn, burn;
	const struct ledger_answer *a = ask(run, q);

	if (!a->wants_archive)
		case_complain(run, "no evidence is wanted");
	earn = case_archive_find(&run->archive, q->original_id);
	burn = case_archive_find(&run->archive, q->original_burn_id);
	spoil(run, &earn, evidence, said);
	spoil(run, &burn, evidence, said);
	q->archived = q->has_original ? &earn : NULL;
	q->archived_burn = q->has_original_burn ? &burn : NULL;
	return ask(run, q);
}

static uint64_t
member_reference(const struct case_run *run, const char *name)
{
	for (unsigned i = 0; i < run->member_count; i++) {
		if (strcmp(run->members[i], name) == 0)
			return run->references[i];
	}
	return 0;
}

/* OPERATION MEMBER field=value ... = status figure=value ... */
static void
run_request(struct case_run *run, char *words[], unsigned count)
{
	struct ledger_request q =
		fixture_request(&run->ledger, words_request_kind(words[0]), "");
	const struct ledger_answer *a;
	enum evidence evidence = EVIDENCE_NONE;
	bool is_rotated = false;
	const char *name = "", *said = "";
	unsigned i = 1;

	if (is_order(q.kind)) {
		q.principal = 0;
		memcpy(q.operator_name, "test", sizeof("test"));
	}
	if (q.kind == REQUEST_QUOTE && count > 1) {
		q.quoted_kind = words_request_kind(words[1]);
		i = 2;
	}
	snprintf((char *)q.transaction_id, sizeof(q.transaction_id), "line %u",
		 ++run->request_count);
	if (i < count && strchr(words[i], '=') == NULL) {
		name = words[i++];
		q.member = member_reference(run, name);
		if (q.member == 0 || q.kind == REQUEST_ENROLL)
			q.identifier = fixture_identifier(name);
	}
	for (; i < count && strcmp(words[i], "=") != 0; i++) {
		if (strcmp(words[i], "archived") == 0)
			evidence = EVIDENCE_SOUND;
		else if (strcmp(words[i], "stale") == 0)
			evidence = EVIDENCE_STALE;
		else if (strncmp(words[i], "false:", 6) == 0) {
			evidence = EVIDENCE_FALSE;
			said = words[i] + 6;
		} else if (strcmp(words[i], "rotated") == 0)
			is_rotated = true;
		else
			read_request_word(run, &q, words[i]);
	}
	if (is_rotated) {
		rotate_key(&q.identifier);
		rotate_key(&q.new_identifier);
	}
	make_fingerprint(&q);
	a = evidence != EVIDENCE_NONE ? ask_with_archive(run, &q, evidence, said) : ask(run, &q);
	case_check_answer(run, a, words + i + (i < count ? 1 : 0), i < count ? count - i - 1 : 0);
	if (q.kind == REQUEST_ENROLL && a->status == TG_OK &&
	    run->member_count < CASE_MEMBERS_MAX) {
		snprintf(run->members[run->member_count], sizeof(run->members[0]), "%s", name);
		run->references[run->member_count++] = a->member;
	}
}

static void
cut_over(struct case_run *run)
{
	struct ledger_request q = { .kind = REQUEST_CUTOVER, .operator_name = "test" };

	if (fixture_ask(&run->ledger, &q)->status != TG_OK)
		case_complain(run, "no cut-over");
}

/* What has fallen due, until nothing more is; the archive hears of it. */
static void
tick(struct case_run *run)
{
	const struct ledger_request q = { .kind = REQUEST_TICK };
	const struct decision *d = run->ledger.decision;

	do {
		assert_int_equal(fixture_ask(&run->ledger, &q)->status, TG_OK);
		for (uint32_t i = 0; i < d->record_count; i++)
			case_archive_add(&run->archive, &d->records[i]);
	} while (d->answer.has_more);
}

static void
run_words(struct case_run *run, char *words[], unsigned count)
{
	uint8_t kind = words_request_kind(words[0]);

	if (strcmp(words[0], "times") == 0 && count > 2) {
		for (int64_t left = case_number(run, words[1]); left > 0; left--)
			run_words(run, words + 2, count - 2);
	} else if (strcmp(words[0], "at") == 0 && count == 2) {
		fixture_set_time(&run->ledger, case_time(run, words[1]));
	} else if (strcmp(words[0], "tick") == 0) {
		tick(run);
	} else if (strcmp(words[0], "cutover") == 0) {
		cut_over(run);
	} else if (kind != 0 && (kind < REQUEST_TICK || is_order(kind))) {
		run_request(run, words, count);
	} else if (!case_config_line(run, words, count) && !case_look_line(run, words, count)) {
		case_complain(run, "not understood: %s", words[0]);
	}
}

static void
run_line(struct case_run *run, const char *text)
{
	char line[600];
	char *words[CASE_WORDS_MAX];
	char *rest = NULL;
	unsigned count = 0;

	snprintf(line, sizeof(line), "%s", text);
	for (char *word = strtok_r(line, " \t", &rest); word != NULL && count < CASE_WORDS_MAX;
	     word = strtok_r(NULL, " \t", &rest))
		words[count++] = word;
	if (count > 0 && words[0][0] != '#' && strcmp(words[0], "because") != 0)
		run_words(run, words, count);
}

void
case_run(const struct money_case *c, bool *is_status_seen)
{
	struct case_run *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	run->money_case = c;
	run->line = c->first_line;
	run->is_status_seen = is_status_seen;
	run->programme = fixture_programme();
	run->again = decision_new();
	assert_non_null(run->again);
	fixture_init(&run->ledger);
	if (!c->has_reason)
		case_complain(run, "a case says which decision it shows: because ...");
	for (unsigned i = 0; i < c->line_count; i++) {
		run->line = c->first_line + 1 + i;
		run_line(run, c->lines[i]);
	}
	fixture_audit(&run->ledger);
	fixture_deinit(&run->ledger);
	case_archive_deinit(&run->archive);
	decision_free(run->again);
	free(run);
}
