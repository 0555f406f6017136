/*
 * compare.c - balances of an old system beside those of the ledger.
 *
 * One INQUIRY for each line, as many under way as the gateway lets.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "contrib/common/cell.h"
#include "contrib/common/gauge.h"
#include "contrib/import/run.h"
#include "protocol/assert.h"
#include "protocol/rows.h"

#define SHOWN_MAX 20
#define WAIT_MS 1000

/* A question on its way. */
struct question {
	uint32_t request_id;
	uint32_t index;
};

struct comparing {
	struct import_run *run;
	struct question *questions; /* owned; asked_count, in any order */
	uint32_t asked_count, asked_max;
	uint32_t next; /* line to ask about */
	uint64_t compared_count, different_count, unknown_count;
	int64_t file_points, ledger_points;
	FILE *file; /* owned; NULL: no difference so far */
	char path[MISTAKES_PATH_BYTES];
	struct person person;
};

/* List a difference. */
static bool
differ(struct comparing *c, uint32_t index, int64_t available, const char *why)
{
	const uint32_t line = c->run->table.lines[index].number;
	const struct person *person = &c->person;

	if (++c->different_count <= SHOWN_MAX)
		printf("line %" PRIu32 ": %s: file %" PRId64 ", ledger %" PRId64 ": %s\n", line,
		       person->identifiers[0], person->balance, available, why);
	if (c->file == NULL) {
		c->file = fopen(c->path, "we");
		if (c->file == NULL)
			return failure_set(c->run->failure, "%s: cannot be written", c->path);
		fputs("line,identifier,file,ledger,difference,reason\n", c->file);
	}
	fprintf(c->file, "%" PRIu32 ",", line);
	cell_write(c->file, person->identifiers[0]);
	fprintf(c->file, ",%" PRId64 ",%" PRId64 ",%" PRId64 ",", person->balance, available,
		available - person->balance);
	cell_write(c->file, why);
	fputc('\n', c->file);
	return true;
}

/* Do so many points expire on the day? */
static bool
has_expiry(const struct tg_message *answer, int32_t day, int64_t points)
{
	struct tg_expiry expiry;
	struct tg_rows rows;

	if (!tg_message_has(answer, TG_FIELD_EXPIRIES))
		return false;
	tg_rows_start(&answer->values[TG_FIELD_EXPIRIES], &rows);
	while (tg_rows_next_expiry(&rows, &expiry))
		if (expiry.day == day)
			return expiry.points == points;
	return false;
}

/* Look at an answer. */
static bool
judge(struct comparing *c, uint32_t index, const struct tg_message *answer)
{
	const int64_t available = tg_message_integer(answer, TG_FIELD_AVAILABLE, 0);
	struct person *person = &c->person;

	people_get(&c->run->people, index, person);
	c->compared_count++;
	c->file_points += person->balance;
	if (answer->code == TG_UNKNOWN_MEMBER) {
		c->unknown_count++;
		return differ(c, index, 0, "no such member");
	}
	if (answer->code != TG_OK)
		return failure_set(c->run->failure, "line %u: %s",
				   c->run->table.lines[index].number,
				   tg_status_text((enum tg_status)answer->code));
	c->ledger_points += available;
	if (available != person->balance)
		return differ(c, index, available, "balance");
	if (person->balance > 0 && person->expires_day != PERSON_NO_DAY &&
	    !has_expiry(answer, person->expires_day, person->balance))
		return differ(c, index, available, "last day");
	return true;
}

/* Ask about the next line, if there is one. */
static enum tg_status
ask(struct comparing *c)
{
	struct question *question = &c->questions[c->asked_count];
	struct person *person = &c->person;
	struct tg_message request;
	enum tg_status status;

	people_get(&c->run->people, c->next, person);
	if (person->is_skipped) {
		c->next++;
		return TG_OK;
	}
	tg_message_init(&request, 0, TG_OP_INQUIRY);
	tg_message_set_integer(&request, TG_FIELD_IDENTIFIER_TYPE, person->types[0]);
	tg_message_set_text(&request, TG_FIELD_IDENTIFIER, person->identifiers[0]);
	status = tg_client_send(c->run->client, &request, &question->request_id);
	if (status == TG_OK) {
		question->index = c->next++;
		c->asked_count++;
	}
	return status;
}

/* Take one answer. */
static bool
take_answer(struct comparing *c)
{
	struct tg_client *client = c->run->client;
	struct tg_message answer;
	uint32_t at = 0, index;
	enum tg_status status = tg_client_receive(client, c->run->timeout_ms, &answer);

	if (status != TG_OK)
		return failure_set(c->run->failure, "%s", tg_client_error(client));
	while (at < c->asked_count && c->questions[at].request_id != answer.request_id)
		at++;
	if (at == c->asked_count)
		return true;
	index = c->questions[at].index;
	c->questions[at] = c->questions[--c->asked_count];
	if (answer.code == TG_BUSY)
		return failure_set(c->run->failure, "the gateway is busy; compare again later");
	return judge(c, index, &answer);
}

static bool
compare_all(struct comparing *c, struct gauge *gauge)
{
	const struct import_run *run = c->run;

	while (c->next < run->table.line_count || c->asked_count > 0) {
		while (c->next < run->table.line_count && c->asked_count < c->asked_max) {
			const enum tg_status status = ask(c);

			if (status != TG_OK && c->asked_count > 0)
				break;
			if (status != TG_OK)
				return failure_set(run->failure, "%s",
						   tg_client_error(run->client));
		}
		if (c->asked_count > 0 && !take_answer(c))
			return false;
		gauge_set(gauge, c->compared_count);
	}
	return true;
}

enum import_exit
import_compare(struct import_run *run)
{
	struct comparing *c = calloc(1, sizeof(*c));
	enum import_exit exit;
	struct gauge gauge;
	double seconds;
	bool is_ok;

	TG_ASSERT(c != NULL);
	c->run = run;
	c->asked_max = tg_client_session(run->client)->in_flight_max;
	c->questions = calloc((size_t)c->asked_max + 1, sizeof(*c->questions));
	TG_ASSERT(c->questions != NULL);
	import_path(run, "differences", c->path);
	unlink(c->path);
	gauge_begin(&gauge, run->settings->is_quiet ? NULL : stderr, "comparing", 0,
		    run->table.line_count - run->people.skipped_count);
	is_ok = compare_all(c, &gauge);
	seconds = gauge_end(&gauge, c->compared_count);
	if (c->different_count > SHOWN_MAX)
		printf("... all of them are in %s\n", c->path);
	printf("compared %" PRIu64 " in %.1f s (%.0f/s), different %" PRIu64
	       ", of them no members %" PRIu64 "\n",
	       c->compared_count, seconds, seconds > 0 ? (double)c->compared_count / seconds : 0,
	       c->different_count, c->unknown_count);
	printf("points: file %" PRId64 ", ledger %" PRId64 ", difference %" PRId64 "\n",
	       c->file_points, c->ledger_points, c->ledger_points - c->file_points);
	exit = !is_ok ? IMPORT_UNFINISHED : c->different_count > 0 ? IMPORT_REFUSED : IMPORT_DONE;
	if (c->file != NULL && fclose(c->file) != 0 && is_ok) {
		failure_set(run->failure, "%s: cannot be written", c->path);
		exit = IMPORT_UNFINISHED;
	}
	free(c->questions);
	free(c);
	return exit;
}
