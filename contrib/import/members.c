/*
 * members.c - enrols the members of a file and gives them their balances.
 *
 * In steps, each over the whole file: ENROLL with the first two identifiers, LINK for each further
 * one, EARN for the balance.  A row that one step refuses is left out by the next, so that no
 * balance goes to somebody else.  Transaction ids follow from the file and the line, and the time
 * of the first run is kept in <file>.import, so that a run again does nothing twice.  Balances with
 * a last day are given by runs of their own, which leave out what the first one refused.
 */
#include "contrib/import/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contrib/common/cell.h"
#include "contrib/common/day.h"
#include "contrib/common/totals.h"
#include "contrib/common/upload.h"
#include "contrib/common/word.h"
#include "protocol/assert.h"

#define STAMP_BYTES 160
#define COMPLETE "complete\n"
#define STEP_ENROLL 0
#define STEP_EARN 255 /* steps between: LINK of that identifier */

/* What became of a row. */
enum { ROW_NONE, ROW_ENROLLED, ROW_REFUSED };

struct importing {
	struct import_run *run;
	uint8_t *marks; /* owned; of each row */
	uint8_t step;
	int64_t time_ms;
	FILE *refused; /* owned; NULL: none so far */
	bool is_write_failed;
	bool is_complete; /* an earlier run has taken all steps */
	char stamp_path[MISTAKES_PATH_BYTES], refused_path[MISTAKES_PATH_BYTES];
	struct totals totals;
	uint64_t refused_count, enrolled_count, linked_count, given_count;
	int64_t given_points, refused_points;
	int64_t wrong_points; /* booked, but not what the file says */
	uint64_t answered_count;
	struct person person; /* being made or answered */
};

static uint64_t
row_count(const struct importing *im)
{
	return im->run->table.line_count - im->run->people.skipped_count;
}

/* Is the person's balance one of those that this run gives? */
static bool
is_given(const struct importing *im, const struct person *person)
{
	const int64_t day = im->run->settings->expires;

	return person->balance > 0 &&
	       (day == -1 ? person->expires_day == PERSON_NO_DAY : person->expires_day == day);
}

static void
set_new_identifier(struct upload_item *item, const struct person *person, uint32_t nth)
{
	memcpy(item->new_identifier, person->identifiers[nth], sizeof(item->new_identifier));
	tg_message_set_integer(&item->request, TG_FIELD_NEW_TYPE, person->types[nth]);
	tg_message_set_text(&item->request, TG_FIELD_NEW_IDENTIFIER, item->new_identifier);
}

static bool
on_make(void *context, uint32_t index, struct upload_item *item)
{
	struct importing *im = context;
	struct person *person = &im->person;
	struct tg_message *request = &item->request;

	if (im->marks[index] == ROW_REFUSED)
		return false;
	people_get(&im->run->people, index, person);
	if (person->is_skipped)
		return false;
	if (im->step == STEP_EARN ? !is_given(im, person)
				  : im->step != STEP_ENROLL && im->step >= person->identifier_count)
		return false;
	tg_message_init(request, 0,
			im->step == STEP_ENROLL ? TG_OP_ENROLL
			: im->step == STEP_EARN ? TG_OP_EARN
						: TG_OP_LINK);
	table_make_id(&im->run->table, index, "tallygate import row v1", im->step, NULL, item->id);
	memcpy(item->identifier, person->identifiers[0], sizeof(item->identifier));
	tg_message_set_bytes(request, TG_FIELD_TRANSACTION_ID, item->id, TG_TRANSACTION_ID_BYTES);
	tg_message_set_integer(request, TG_FIELD_BUSINESS_TIME, im->time_ms);
	tg_message_set_integer(request, TG_FIELD_IDENTIFIER_TYPE, person->types[0]);
	tg_message_set_text(request, TG_FIELD_IDENTIFIER, item->identifier);
	if (im->step == STEP_EARN)
		tg_message_set_integer(request, TG_FIELD_AMOUNT, person->balance);
	else if (im->step != STEP_ENROLL)
		set_new_identifier(item, person, im->step);
	else if (person->identifier_count > 1)
		set_new_identifier(item, person, 1);
	return true;
}

/* Note a row that was refused, with the points that are not given because of it. */
static void
refuse(struct importing *im, uint32_t index, const char *operation, const char *status,
       const char *why)
{
	im->marks[index] = ROW_REFUSED;
	im->refused_count++;
	people_get(&im->run->people, index, &im->person);
	if (is_given(im, &im->person))
		im->refused_points += im->person.balance;
	if (im->refused == NULL && !im->is_write_failed) {
		im->refused = fopen(im->refused_path, "we");
		im->is_write_failed = im->refused == NULL;
		if (im->refused != NULL)
			fputs("line,identifier,balance,operation,status,reason\n", im->refused);
	}
	if (im->refused == NULL)
		return;
	fprintf(im->refused, "%" PRIu32 ",", im->run->table.lines[index].number);
	cell_write(im->refused, im->person.identifiers[0]);
	fprintf(im->refused, ",%" PRId64 ",%s,%s,", im->person.balance, operation, status);
	cell_write(im->refused, why);
	fputc('\n', im->refused);
}

static void
on_took(void *context, uint32_t index, const struct upload_item *item,
	const struct tg_message *answer)
{
	struct importing *im = context;
	const uint32_t operation = item->request.code;
	const int64_t points = tg_message_integer(answer, TG_FIELD_POINTS, 0);
	const struct total_sum sum = {
		.day = (int32_t)tg_message_integer(answer, TG_FIELD_BUSINESS_DATE, 0),
		.terminal = (uint32_t)im->run->settings->identity.terminal,
		.kind = operation,
		.is_declined = answer->code != TG_OK,
		.count = 1,
		.points = operation == TG_OP_EARN ? points : 0,
		.amount = tg_message_integer(&item->request, TG_FIELD_AMOUNT, 0),
	};

	im->answered_count++;
	if (tg_message_has(answer, TG_FIELD_SEQUENCE))
		totals_add(&im->totals, &sum);
	if (answer->code != TG_OK) {
		refuse(im, index, tg_operation_name(operation),
		       tg_status_name((enum tg_status)answer->code),
		       tg_status_text((enum tg_status)answer->code));
		return;
	}
	if (operation == TG_OP_ENROLL) {
		im->marks[index] = ROW_ENROLLED;
		im->enrolled_count++;
	} else if (operation == TG_OP_LINK) {
		im->linked_count++;
	} else {
		im->given_count++;
		im->given_points += points;
		im->wrong_points += points != sum.amount;
	}
}

static bool
on_kept(void *context, struct failure *failure)
{
	struct importing *im = context;

	return !im->is_write_failed && (im->refused == NULL || fflush(im->refused) == 0)
		       ? true
		       : failure_set(failure, "%s: cannot be written", im->refused_path);
}

/* One step over the whole file.  False: the run's failure says why it broke off. */
static bool
take_step(struct importing *im, uint8_t step, const char *label)
{
	const struct upload_source source = { im, on_make, on_took, on_kept };
	const struct import_run *run = im->run;
	struct upload_end end;
	struct gauge gauge;
	double seconds;
	bool is_ok;

	im->step = step;
	im->answered_count = 0;
	gauge_begin(&gauge, run->settings->is_quiet ? NULL : stderr, label, 0, row_count(im));
	is_ok = upload_run(run->client, &source, run->table.line_count, run->timeout_ms, &gauge,
			   &end, run->failure);
	seconds = gauge_end(&gauge, im->answered_count);
	printf("%s: %" PRIu64 " in %.1f s (%.0f/s)\n", label, im->answered_count, seconds,
	       seconds > 0 ? (double)im->answered_count / seconds : 0);
	fflush(stdout);
	return is_ok;
}

/* What <file>.import begins with: whose it is. */
static size_t
make_stamp(const struct importing *im, char stamp[STAMP_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	size_t used = (size_t)snprintf(stamp, STAMP_BYTES, "tally-import 1 ");

	for (int i = 0; i < TABLE_DIGEST_BYTES; i++) {
		stamp[used++] = digits[im->run->table.digest[i] >> 4];
		stamp[used++] = digits[im->run->table.digest[i] & 15];
	}
	stamp[used++] = ' ';
	stamp[used] = '\0';
	return used;
}

/* Read a stamp: its time, and whether that run came to its end. */
static bool
read_stamp(const struct importing *im, const char *path, int64_t *ret_time_ms,
	   bool *ret_is_complete)
{
	char stamp[STAMP_BYTES], old[STAMP_BYTES];
	const size_t used = make_stamp(im, stamp);
	FILE *file = fopen(path, "re");
	bool is_ok;

	if (file == NULL)
		return false;
	is_ok = fgets(old, sizeof(old), file) != NULL && strncmp(old, stamp, used) == 0 &&
		sscanf(old + used, "%" SCNd64, ret_time_ms) == 1;
	*ret_is_complete =
		is_ok && fgets(old, sizeof(old), file) != NULL && strcmp(old, COMPLETE) == 0;
	fclose(file);
	return is_ok;
}

/* The time of the first run: kept, so that a run again asks for the same. */
static bool
take_time(struct importing *im)
{
	const struct tg_session *session = tg_client_session(im->run->client);
	struct failure *failure = im->run->failure;
	char stamp[STAMP_BYTES];
	FILE *file;
	bool is_ok;

	if (access(im->stamp_path, F_OK) == 0)
		return read_stamp(im, im->stamp_path, &im->time_ms, &im->is_complete) ||
		       failure_set(failure, "%s: of another file; move it away", im->stamp_path);
	im->time_ms = tg_utc_ms() + session->clock_ahead_ms;
	file = fopen(im->stamp_path, "wxe");
	if (file == NULL)
		return failure_set_errno(failure, errno, "%s", im->stamp_path);
	make_stamp(im, stamp);
	is_ok = fprintf(file, "%s%" PRId64 "\n", stamp, im->time_ms) > 0;
	is_ok = fclose(file) == 0 && is_ok;
	return is_ok || failure_set_errno(failure, errno, "%s", im->stamp_path);
}

/* Note that all steps were taken. */
static bool
note_complete(struct importing *im)
{
	FILE *file;
	bool is_ok;

	if (im->is_complete)
		return true;
	file = fopen(im->stamp_path, "ae");
	if (file == NULL)
		return failure_set_errno(im->run->failure, errno, "%s", im->stamp_path);
	is_ok = fputs(COMPLETE, file) >= 0;
	is_ok = fclose(file) == 0 && is_ok;
	return is_ok || failure_set_errno(im->run->failure, errno, "%s", im->stamp_path);
}

/* Leave out the rows that the run which made the members refused. */
static bool
leave_out_refused(struct importing *im)
{
	struct failure *failure = im->run->failure;
	char path[MISTAKES_PATH_BYTES];
	struct table table;
	struct csv_row row;
	int64_t line, time_ms;
	bool is_ok, is_complete;

	snprintf(path, sizeof(path), "%s.import", im->run->path);
	if (!read_stamp(im, path, &time_ms, &is_complete) || !is_complete)
		return failure_set(failure, "%s: import the members first, to the end",
				   im->run->path);
	import_path(im->run, "refused", path);
	if (access(path, F_OK) != 0)
		return true;
	is_ok = table_read(&table, path, ',', failure);
	for (uint32_t i = 0; is_ok && i < table.line_count; i++) {
		uint32_t index = im->run->table.line_count;

		if (table_row(&table, i, &row) == CSV_ROW &&
		    word_number(row.cells[0], 1, UINT32_MAX, &line))
			index = table_index(&im->run->table, (uint32_t)line);
		if (index == im->run->table.line_count)
			is_ok = failure_set(failure, "%s:%u: not a line of it", path,
					    table.lines[i].number);
		else
			refuse(im, index, "IMPORT", "REFUSED", "refused with the members");
	}
	table_deinit(&table);
	return is_ok;
}

/*
 * Ask what an earn of the largest balance would give: it must be the balance itself, or the
 * terminal's rule is not one for opening balances.
 */
static bool
check_rule(struct importing *im)
{
	const struct import_run *run = im->run;
	struct tg_message request, answer;
	int64_t largest = 0, points;
	uint32_t index = 0;
	enum tg_status status;

	for (uint32_t i = 0; i < run->table.line_count; i++) {
		if (im->marks[i] == ROW_REFUSED)
			continue;
		people_get(&run->people, i, &im->person);
		if (!im->person.is_skipped && is_given(im, &im->person) &&
		    im->person.balance > largest) {
			largest = im->person.balance;
			index = i;
		}
	}
	if (largest == 0)
		return true;
	people_get(&run->people, index, &im->person);
	tg_message_init(&request, 0, TG_OP_QUOTE);
	tg_message_set_integer(&request, TG_FIELD_QUOTED_OPERATION, TG_OP_EARN);
	tg_message_set_integer(&request, TG_FIELD_AMOUNT, largest);
	tg_message_set_integer(&request, TG_FIELD_IDENTIFIER_TYPE, im->person.types[0]);
	tg_message_set_text(&request, TG_FIELD_IDENTIFIER, im->person.identifiers[0]);
	status = tg_client_call(run->client, &request, run->timeout_ms, &answer);
	if (status != TG_OK)
		return failure_set(run->failure, "a quote for line %u: %s",
				   run->table.lines[index].number, tg_client_error(run->client));
	points = tg_message_integer(&answer, TG_FIELD_POINTS, 0);
	return points == largest ||
	       failure_set(run->failure,
			   "line %u: the rule of this terminal's partner gives %" PRId64
			   " points for a balance of %" PRId64
			   "; opening balances need a rule of 1/1",
			   run->table.lines[index].number, points, largest);
}

/* All steps.  False: broken off. */
static bool
take_steps(struct importing *im)
{
	const bool is_balances_only = im->run->settings->expires != -1;
	uint32_t most = is_balances_only ? 0 : im->run->people.identifiers_most;

	if (!is_balances_only && !take_step(im, STEP_ENROLL, "members"))
		return false;
	for (uint32_t nth = 2; nth < most; nth++)
		if (!take_step(im, (uint8_t)nth, "further identifiers"))
			return false;
	return check_rule(im) && take_step(im, STEP_EARN, "balances") && note_complete(im);
}

/* The balances of the file that this run is to give. */
static int64_t
wanted_points(struct importing *im)
{
	int64_t points = 0;

	for (uint32_t i = 0; i < im->run->table.line_count; i++) {
		people_get(&im->run->people, i, &im->person);
		if (!im->person.is_skipped && is_given(im, &im->person))
			points += im->person.balance;
	}
	return points;
}

/* Count and sum against the file; rows and points that nothing explains. */
static enum import_exit
tell(struct importing *im)
{
	const bool has_members = im->run->settings->expires == -1;
	const int64_t wanted = wanted_points(im);
	const int64_t rows_left =
		has_members ? (int64_t)row_count(im) - (int64_t)im->enrolled_count : 0;
	const int64_t points_left = wanted - im->given_points - im->refused_points;
	uint32_t differences = 0;

	printf("members %" PRIu64 ", further identifiers %" PRIu64 ", balances %" PRIu64
	       ", rows refused %" PRIu64 "\n",
	       im->enrolled_count, im->linked_count, im->given_count, im->refused_count);
	printf("points: file %" PRId64 ", booked %" PRId64 ", refused %" PRId64
	       ", unexplained %" PRId64 "\n",
	       wanted, im->given_points, im->refused_points, points_left);
	if (im->wrong_points > 0)
		printf("balances that were booked with other points: %" PRId64 "\n",
		       im->wrong_points);
	if (!totals_compare(&im->totals, im->run->client,
			    (uint32_t)im->run->settings->identity.terminal, im->run->timeout_ms,
			    stdout, &differences, im->run->failure))
		return IMPORT_UNFINISHED;
	printf("totals %s\n",
	       differences > 0 ? "differ: has this terminal done other things?" : "agree");
	return im->refused_count > 0 || points_left != 0 || im->wrong_points > 0 ||
			       rows_left > (int64_t)im->refused_count
		       ? IMPORT_REFUSED
		       : IMPORT_DONE;
}

/* Where this run keeps what: a run for one last day has files of its own. */
static void
name_files(struct importing *im)
{
	const int64_t expires = im->run->settings->expires;
	char suffix[DAY_TEXT_BYTES + 16] = "refused", day[DAY_TEXT_BYTES] = "";

	if (expires != -1) {
		day_format((int32_t)expires, day);
		snprintf(suffix, sizeof(suffix), "refused-%s", day);
	}
	snprintf(im->stamp_path, sizeof(im->stamp_path), "%s.import%s%s", im->run->path,
		 day[0] != '\0' ? "-" : "", day);
	import_path(im->run, suffix, im->refused_path);
	unlink(im->refused_path);
}

enum import_exit
import_members(struct import_run *run)
{
	struct importing *im = calloc(1, sizeof(*im));
	enum import_exit exit = IMPORT_UNFINISHED;

	TG_ASSERT(im != NULL);
	im->run = run;
	im->marks = calloc((size_t)run->table.line_count + 1, 1);
	TG_ASSERT(im->marks != NULL);
	name_files(im);
	if ((run->settings->expires != -1 && !leave_out_refused(im)) || !take_time(im))
		exit = IMPORT_BAD_FILE;
	else if (take_steps(im))
		exit = tell(im);
	if (im->refused != NULL)
		fclose(im->refused);
	totals_deinit(&im->totals);
	free(im->marks);
	free(im);
	return exit;
}
