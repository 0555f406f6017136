/*
 * test_cases.c - money cases, written as text, run against the real ledger.
 *
 * The cases stand in cases/NAME.txt; cases/README.md says how to read and write them.  Each file is
 * a program run of its own kind of case; each case is a test whose name is the claim.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <xxhash.h>

#include "ledger/calendar.h"
#include "tests/ledger/fixture.h"

#define MS_PER_DAY INT64_C(86400000)
#define CASES_MAX 1000
#define LINES_MAX 120
#define WORDS_MAX 40
#define MEMBERS_MAX 40

struct money_case {
	char name[800];
	char file[NAME_MAX + 1];
	unsigned first_line; /* of the file, for messages */
	bool has_reason;     /* a `because` line names the decision */
	unsigned line_count;
	char *lines[LINES_MAX]; /* owned */
};

struct run {
	struct ledger_fixture ledger;
	const struct money_case *money_case;
	unsigned line;		       /* of the file */
	char members[MEMBERS_MAX][24]; /* names in order of enrolment */
	uint64_t references[MEMBERS_MAX];
	unsigned member_count;
	struct programme_config programme;
	struct partner_config partners[10]; /* by number */
};

static void
complain(const struct run *run, const char *format, ...)
{
	char text[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fail_msg("%s:%u: %s", run->money_case->file, run->line, text);
}

/* "1234", "1e12", a date "2024-04-01" (as a day), "none" (no limit), "-5". */
static int64_t
parse_number(const struct run *run, const char *text)
{
	struct civil_date date;
	char *end;
	long long value;
	int used = 0;

	if (strcmp(text, "none") == 0)
		return LIMIT_NONE / 2;
	if (strcmp(text, "always") == 0 || strcmp(text, "confirmed") == 0 ||
	    strcmp(text, "never") == 0)
		return INT32_MAX;
	if (sscanf(text, "%d-%d-%d%n", &date.year, &date.month, &date.day, &used) == 3 &&
	    text[used] == '\0')
		return calendar_day(date);
	errno = 0;
	value = strtoll(text, &end, 10);
	if (*end == 'e')
		for (long zeros = strtol(end + 1, &end, 10); zeros > 0; zeros--)
			value *= 10;
	if (*end != '\0' || errno != 0)
		complain(run, "not a number or date: %s", text);
	return value;
}

/* "2024-04-01T12:30:00" or "2024-04-01" (noon). */
static int64_t
parse_time(const struct run *run, const char *text)
{
	struct civil_date date;
	int hour = 12, minute = 0, second = 0;

	if (sscanf(text, "%d-%d-%dT%d:%d:%d", &date.year, &date.month, &date.day, &hour, &minute,
		   &second) < 3)
		complain(run, "not a time: %s", text);
	return calendar_day(date) * MS_PER_DAY +
	       ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
}

struct named_field {
	const char *name;
	size_t offset;
	size_t bytes;
};

#define FIELD(type, shown, member) \
	{ \
		shown, offsetof(struct type, member), sizeof(((struct type *)0)->member) \
	}

static const struct named_field request_fields[] = {
	FIELD(ledger_request, "amount", amount),
	FIELD(ledger_request, "covered", covered),
	FIELD(ledger_request, "points", points),
	FIELD(ledger_request, "terminal", principal),
	FIELD(ledger_request, "for", terminal),
	FIELD(ledger_request, "store", store),
	FIELD(ledger_request, "reason", reason),
	FIELD(ledger_request, "till", till),
	FIELD(ledger_request, "till_day", till_day),
	FIELD(ledger_request, "seconds", hold_seconds),
	FIELD(ledger_request, "day", total_day),
	FIELD(ledger_request, "basis", total_basis),
	FIELD(ledger_request, "scope", total_scope),
	FIELD(ledger_request, "entries", entries_wanted),
	FIELD(ledger_request, "tender", tender),
	FIELD(ledger_request, "partner", partner),
};

static const struct named_field answer_fields[] = {
	FIELD(ledger_answer, "points", points),
	FIELD(ledger_answer, "base", base_points),
	FIELD(ledger_answer, "bonus", bonus_points),
	FIELD(ledger_answer, "taken", taken_points),
	FIELD(ledger_answer, "restored", restored_points),
	FIELD(ledger_answer, "lost", lost_points),
	FIELD(ledger_answer, "paid", paid_debt_points),
	FIELD(ledger_answer, "money", money_returned),
	FIELD(ledger_answer, "available", available_points),
	FIELD(ledger_answer, "usable", usable_points),
	FIELD(ledger_answer, "pending", pending_points),
	FIELD(ledger_answer, "held", held_points),
	FIELD(ledger_answer, "debt", debt_points),
	FIELD(ledger_answer, "expires", next_expiry_day),
	FIELD(ledger_answer, "expiring", next_expiry_points),
	FIELD(ledger_answer, "replay", is_replay),
	FIELD(ledger_answer, "capped", is_capped),
	FIELD(ledger_answer, "date", business_date),
	FIELD(ledger_answer, "state", outcome_state),
	FIELD(ledger_answer, "kind", outcome_kind),
	FIELD(ledger_answer, "totals", total_count),
	FIELD(ledger_answer, "wants_archive", wants_archive),
	FIELD(ledger_answer, "entries", entry_count),
};

static const struct named_field programme_fields[] = {
	FIELD(programme_config, "window_ms", window_ms),
	FIELD(programme_config, "flags", flags),
	FIELD(programme_config, "months", expiry_months),
	FIELD(programme_config, "declines", declines_per_terminal_day),
	FIELD(programme_config, "member_earn", member_day_earn_points),
	FIELD(programme_config, "member_burn", member_day_burn_points),
	FIELD(programme_config, "hold_max", hold_seconds_max),
	FIELD(programme_config, "value_num", point_value_num),
	FIELD(programme_config, "value_den", point_value_den),
};

static const struct named_field partner_fields[] = {
	FIELD(partner_config, "group", group),
	FIELD(partner_config, "flags", flags),
	FIELD(partner_config, "pending", pending_days),
	FIELD(partner_config, "return_days", return_days),
	FIELD(partner_config, "restored_days", restored_days),
	FIELD(partner_config, "minimum", burn_minimum_points),
	FIELD(partner_config, "step", burn_step_points),
	FIELD(partner_config, "earn_max", earn_transaction_points),
	FIELD(partner_config, "burn_max", burn_transaction_points),
	FIELD(partner_config, "terminal_earn", terminal_day_earn_points),
	FIELD(partner_config, "terminal_burn", terminal_day_burn_points),
	FIELD(partner_config, "bonus_cap", bonus_member_day_points),
};

static const struct named_field rule_fields[] = {
	FIELD(rule_config, "base", base_num),
	FIELD(rule_config, "per", base_den),
	FIELD(rule_config, "bonus", bonus_num),
	FIELD(rule_config, "bonus_per", bonus_den),
	FIELD(rule_config, "threshold", bonus_threshold_amount),
	FIELD(rule_config, "fixed", bonus_fixed_points),
	FIELD(rule_config, "sponsor", bonus_sponsor),
	FIELD(rule_config, "days", bonus_days),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct named_field *
find_field(const struct named_field *fields, size_t count, const char *name, size_t name_bytes)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(fields[i].name) == name_bytes &&
		    strncmp(fields[i].name, name, name_bytes) == 0)
			return &fields[i];
	}
	return NULL;
}

static void
store_number(void *base, const struct named_field *field, int64_t value)
{
	memcpy((uint8_t *)base + field->offset, &value, field->bytes);
}

static int64_t
load_number(const void *base, const struct named_field *field)
{
	int64_t value = 0;
	size_t unused = sizeof(value) - field->bytes;

	memcpy(&value, (const uint8_t *)base + field->offset, field->bytes);
	/* Sign-extend what is narrower; the unsigned ones are small. */
	return (int64_t)((uint64_t)value << (8 * unused)) >> (8 * unused);
}

/* Read "name=value" into a struct; complains about a name that is not in the list. */
static void
read_pair(const struct run *run, void *base, const struct named_field *fields, size_t count,
	  const char *word)
{
	const char *equals = strchr(word, '=');
	const struct named_field *field =
		equals == NULL ? NULL : find_field(fields, count, word, (size_t)(equals - word));

	if (field == NULL)
		complain(run, "no such field: %s", word);
	else
		store_number(base, field, parse_number(run, equals + 1));
}

static const char *
value_of(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static uint64_t
member_reference(const struct run *run, const char *name)
{
	for (unsigned i = 0; i < run->member_count; i++) {
		if (strcmp(run->members[i], name) == 0)
			return run->references[i];
	}
	return 0;
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
	hash = XXH3_128bits(&printed, sizeof(printed));
	memcpy(q->fingerprint, &hash, sizeof(q->fingerprint));
}

static void
read_request_word(struct run *run, struct ledger_request *q, const char *word)
{
	const char *value;

	if (strcmp(word, "late") == 0) {
		q->is_late = true;
	} else if (strcmp(word, "repeat") == 0) {
		q->is_repeat = true;
	} else if (strcmp(word, "skip_limited") == 0) {
		q->skip_limited = true;
	} else if ((value = value_of(word, "id")) != NULL) {
		fixture_id(q->transaction_id, value);
	} else if ((value = value_of(word, "of")) != NULL) {
		fixture_id(q->original_id, value);
		q->has_original = true;
	} else if ((value = value_of(word, "burn")) != NULL) {
		fixture_id(q->original_burn_id, value);
		q->has_original_burn = true;
	} else if ((value = value_of(word, "time")) != NULL) {
		q->business_time_utc_ms = parse_time(run, value);
		q->business_day = (int32_t)(q->business_time_utc_ms / MS_PER_DAY);
	} else if ((value = value_of(word, "of_time")) != NULL) {
		q->original_time_utc_ms = parse_time(run, value);
	} else if ((value = value_of(word, "card")) != NULL) {
		q->member = 0;
		q->identifier = fixture_identifier(value);
	} else if ((value = value_of(word, "link")) != NULL) {
		q->new_identifier = fixture_identifier(value);
	} else if ((value = value_of(word, "receipt")) != NULL) {
		q->receipt_bytes = (uint8_t)strlen(value);
		memcpy(q->receipt, value, q->receipt_bytes);
	} else {
		read_pair(run, q, request_fields, COUNT(request_fields), word);
		q->has_points = q->has_points || value_of(word, "points") != NULL;
	}
}

/* "ok" or a status name, then name=value of what is to be seen. */
static void
check_answer(struct run *run, const struct ledger_answer *a, char *const words[], unsigned count)
{
	const char *status = tg_status_name((enum tg_status)a->status);

	if (count == 0)
		complain(run, "nothing is expected here");
	if (strcasecmp(words[0], status) != 0)
		complain(run, "status is %s, not %s", status, words[0]);
	for (unsigned i = 1; i < count; i++) {
		const char *equals = strchr(words[i], '=');
		const struct named_field *field =
			equals == NULL ? NULL
				       : find_field(answer_fields, COUNT(answer_fields), words[i],
						    (size_t)(equals - words[i]));

		if (field == NULL)
			complain(run, "no such figure: %s", words[i]);
		else if (load_number(a, field) != parse_number(run, equals + 1))
			complain(run, "%s is %" PRId64 ", expected %s", field->name,
				 load_number(a, field), equals + 1);
	}
}

static uint8_t
request_kind(const char *word)
{
#define MATCH_KIND(name, number, text) \
	if (strcasecmp(word, #name) == 0) \
		return number;
	LEDGER_REQUEST_LIST(MATCH_KIND)
#undef MATCH_KIND
	return 0;
}

/* OPERATION MEMBER field=value ... = status figure=value ... */
static void
run_request(struct run *run, char *words[], unsigned count)
{
	struct ledger_request q = fixture_request(&run->ledger, request_kind(words[0]), "");
	const struct ledger_answer *a;
	unsigned i = 1;

	if (q.kind == REQUEST_QUOTE) {
		q.quoted_kind = request_kind(words[1]);
		i = 2;
	}
	snprintf((char *)q.transaction_id, sizeof(q.transaction_id), "line %u", run->line);
	if (i < count && strchr(words[i], '=') == NULL) {
		const char *name = words[i++];

		q.member = member_reference(run, name);
		if (q.kind == REQUEST_ENROLL)
			q.identifier = fixture_identifier(name);
		else if (q.member == 0 && q.kind != REQUEST_TOTALS)
			q.identifier = fixture_identifier(name);
	}
	for (; i < count && strcmp(words[i], "=") != 0; i++)
		read_request_word(run, &q, words[i]);
	make_fingerprint(&q);
	a = fixture_ask(&run->ledger, &q);
	check_answer(run, a, words + i + (i < count ? 1 : 0), i < count ? count - i - 1 : 0);
	if (q.kind == REQUEST_ENROLL && a->status == TG_OK && run->member_count < MEMBERS_MAX) {
		snprintf(run->members[run->member_count], sizeof(run->members[0]), "%s", words[1]);
		run->references[run->member_count++] = a->member;
	}
}

static void
set_config(struct run *run, struct ledger_request *q)
{
	const struct ledger_answer *a;

	memcpy(q->operator_name, "test", 4);
	a = fixture_ask(&run->ledger, q);
	if (a->status != TG_OK)
		complain(run, "not accepted: %s", tg_status_name((enum tg_status)a->status));
}

/* programme, partner N, rule N, store N, terminal N: change what fixture_init() set. */
static void
run_config(struct run *run, char *words[], unsigned count)
{
	struct ledger_request q = { 0 };
	uint32_t number = count > 1 ? (uint32_t)strtoul(words[1], NULL, 10) : 0;

	if (strcmp(words[0], "programme") == 0) {
		q.kind = REQUEST_SET_PROGRAMME;
		for (unsigned i = 1; i < count; i++)
			read_pair(run, &run->programme, programme_fields, COUNT(programme_fields),
				  words[i]);
		q.programme = run->programme;
	} else if (strcmp(words[0], "partner") == 0 && number > 0 && number < 10) {
		struct partner_config *partner = &run->partners[number];

		if (partner->number == 0)
			*partner = fixture_partner(number);
		q.kind = REQUEST_SET_PARTNER;
		for (unsigned i = 2; i < count; i++)
			read_pair(run, partner, partner_fields, COUNT(partner_fields), words[i]);
		q.partner_image = *partner;
	} else if (strcmp(words[0], "rule") == 0) {
		q.kind = REQUEST_ADD_RULE;
		q.rule = fixture_rule(number);
		for (unsigned i = 2; i < count; i++) {
			if (value_of(words[i], "only") != NULL)
				q.rule.bonus_usable_at = (uint32_t)parse_number(run, words[i] + 5);
			else if (value_of(words[i], "only_store") != NULL)
				q.rule.bonus_usable_at = USABLE_AT_STORE |
							 (uint32_t)parse_number(run, words[i] + 11);
			else
				read_pair(run, &q.rule, rule_fields, COUNT(rule_fields), words[i]);
		}
	} else if (strcmp(words[0], "store") == 0) {
		q.kind = REQUEST_SET_STORE;
		q.store_image.number = number;
		for (unsigned i = 2; i < count; i++) {
			if (value_of(words[i], "partner") != NULL)
				q.store_image.partner = (uint32_t)parse_number(run, words[i] + 8);
			else
				q.store_image.flags = strcmp(words[i], "blocked") == 0;
		}
	} else {
		q.kind = REQUEST_SET_TERMINAL;
		q.terminal_image = (struct terminal_config){ .number = number,
							     .key_generation = 1,
							     .rights = 0xffff };
		for (unsigned i = 2; i < count; i++) {
			if (value_of(words[i], "partner") != NULL)
				q.terminal_image.partner =
					(uint32_t)parse_number(run, words[i] + 8);
			else if (value_of(words[i], "store") != NULL)
				q.terminal_image.store = (uint32_t)parse_number(run, words[i] + 6);
			else
				q.terminal_image.flags = strcmp(words[i], "blocked") == 0;
		}
	}
	set_config(run, &q);
}

/* account NAME PARTNER = points */
static void
run_account(struct run *run, char *words[], unsigned count)
{
	uint8_t account = 0;
	int64_t points;

	if (count != 5)
		complain(run, "account NAME PARTNER = POINTS");
#define MATCH_ACCOUNT(name, number, sign, per_partner, text) \
	if (strcasecmp(words[1], #name) == 0) \
		account = number;
	ACCOUNT_LIST(MATCH_ACCOUNT)
#undef MATCH_ACCOUNT
	points = ledger_account_points(run->ledger.ledger, (enum account)account, UNIT_POINTS,
				       (uint32_t)parse_number(run, words[2]));
	if (points != parse_number(run, words[4]))
		complain(run, "%s of %s holds %" PRId64 ", expected %s", words[1], words[2], points,
			 words[4]);
}

static void
run_line(struct run *run, char *words[], unsigned count)
{
	if (strcmp(words[0], "at") == 0) {
		fixture_set_time(&run->ledger, parse_time(run, words[1]));
	} else if (strcmp(words[0], "tick") == 0) {
		fixture_tick(&run->ledger);
	} else if (strcmp(words[0], "cutover") == 0) {
		struct ledger_request q = { .kind = REQUEST_CUTOVER };

		set_config(run, &q);
	} else if (strcmp(words[0], "account") == 0) {
		run_account(run, words, count);
	} else if (request_kind(words[0]) != 0 && request_kind(words[0]) < REQUEST_TICK) {
		run_request(run, words, count);
	} else if (strcmp(words[0], "programme") == 0 || strcmp(words[0], "partner") == 0 ||
		   strcmp(words[0], "rule") == 0 || strcmp(words[0], "store") == 0 ||
		   strcmp(words[0], "terminal") == 0) {
		run_config(run, words, count);
	} else {
		complain(run, "not understood: %s", words[0]);
	}
}

static void
run_case(void **state)
{
	const struct money_case *c = *state;
	struct run *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	run->money_case = c;
	run->line = c->first_line;
	run->programme = fixture_programme();
	fixture_init(&run->ledger);
	if (!c->has_reason)
		complain(run, "a case says which decision it shows: because ...");
	for (unsigned i = 0; i < c->line_count; i++) {
		char line[600];
		char *words[WORDS_MAX];
		char *rest = NULL;
		unsigned count = 0;

		run->line = c->first_line + 1 + i;
		snprintf(line, sizeof(line), "%s", c->lines[i]);
		for (char *word = strtok_r(line, " \t", &rest); word != NULL && count < WORDS_MAX;
		     word = strtok_r(NULL, " \t", &rest))
			words[count++] = word;
		if (count > 0 && words[0][0] != '#' && strcmp(words[0], "because") != 0)
			run_line(run, words, count);
	}
	fixture_audit(&run->ledger);
	fixture_deinit(&run->ledger);
	free(run);
}

static unsigned
read_file(const char *path, const char *name, struct money_case *cases, unsigned count)
{
	FILE *file = fopen(path, "r");
	struct money_case *c = NULL;
	char line[600];
	unsigned number = 0;

	if (file == NULL)
		return count;
	while (fgets(line, sizeof(line), file) != NULL) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "case ", 5) == 0 && count < CASES_MAX) {
			c = &cases[count++];
			memset(c, 0, sizeof(*c));
			snprintf(c->name, sizeof(c->name), "%.*s: %s", (int)strcspn(name, "."),
				 name, line + 5);
			snprintf(c->file, sizeof(c->file), "%s", name);
			c->first_line = number;
		} else if (c != NULL && c->line_count < LINES_MAX) {
			c->has_reason = c->has_reason || strncmp(line, "because ", 8) == 0;
			c->lines[c->line_count++] = strdup(line);
		}
	}
	fclose(file);
	return count;
}

static int
is_case_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 4 && strcmp(entry->d_name + length - 4, ".txt") == 0;
}

int
main(void)
{
	const char *top = getenv("top_srcdir");
	struct money_case *cases = calloc(CASES_MAX, sizeof(*cases));
	struct CMUnitTest *tests = calloc(CASES_MAX, sizeof(*tests));
	struct dirent **files;
	char folder[4000];
	unsigned count = 0;
	int file_count, failed;

	snprintf(folder, sizeof(folder), "%s/tests/ledger/cases", top != NULL ? top : ".");
	file_count = scandir(folder, &files, is_case_file, alphasort);
	if (cases == NULL || tests == NULL || file_count <= 0) {
		fprintf(stderr, "no cases in %s\n", folder);
		return 1;
	}
	for (int i = 0; i < file_count; i++) {
		char path[4400];

		snprintf(path, sizeof(path), "%s/%s", folder, files[i]->d_name);
		count = read_file(path, files[i]->d_name, cases, count);
		free(files[i]);
	}
	free(files);
	for (unsigned i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){ cases[i].name, run_case, NULL, NULL, &cases[i] };
	failed = _cmocka_run_group_tests("money cases", tests, count, NULL, NULL);
	for (unsigned i = 0; i < count; i++) {
		for (unsigned j = 0; j < cases[i].line_count; j++)
			free(cases[i].lines[j]);
	}
	free(cases);
	free(tests);
	return failed;
}
