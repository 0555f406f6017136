/*
 * settle.c - what tally-settle does: check a file, upload it, compare totals, fetch entries.
 */
#include "contrib/settle/settle.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "contrib/common/day.h"
#include "contrib/settle/day_end.h"
#include "contrib/settle/documents.h"
#include "contrib/settle/entries.h"
#include "contrib/settle/quarantine.h"
#include "contrib/settle/results.h"
#include "contrib/settle/rows.h"
#include "protocol/auth.h"

#define PATH_BYTES 4096

/* A file on its way. */
struct run {
	const struct settle_settings *settings;
	char delimiter;
	char result_path[PATH_BYTES], quarantine_path[PATH_BYTES];
	struct layout layout;
	struct table table;
	struct rows rows;
	struct mistakes mistakes;
	struct results results;
	struct tg_client *client;
	uint32_t rights; /* of the terminal, as told when the session opened */
};

/* The character that parts cells. */
static bool
take_delimiter(const char *text, char *ret_delimiter, struct failure *failure)
{
	*ret_delimiter = strcasecmp(text, "tab") == 0 ? '\t' : text[0];
	if (*ret_delimiter != '\t' && (strlen(text) != 1 || strchr("\"#\r\n", text[0]) != NULL))
		return failure_set(failure, "--delimiter: \"%s\" is not one character, or tab",
				   text);
	return true;
}

/* A file beside the one that is sent, unless it is named. */
static bool
take_path(const char *named, const char *path, const char *suffix, char ret_path[PATH_BYTES],
	  struct failure *failure)
{
	const int bytes = snprintf(ret_path, PATH_BYTES, "%s%s", named != NULL ? named : path,
				   named != NULL ? "" : suffix);

	return bytes < PATH_BYTES || failure_set(failure, "%.100s...: the path is too long", path);
}

/* How the file is written. */
static bool
take_layout(struct run *run, struct failure *failure)
{
	const struct settle_settings *settings = run->settings;

	if (settings->layout == NULL)
		return layout_init(&run->layout, run->delimiter, settings->columns, failure);
	if (settings->columns != NULL)
		return failure_set(failure, "--layout says what --columns would; give one");
	if (!layout_read(&run->layout, settings->layout, failure))
		return false;
	run->delimiter = run->layout.delimiter;
	return true;
}

/* Read and check the whole file. */
static enum settle_exit
check(struct run *run, const char *path, struct failure *failure)
{
	struct failure list;
	bool is_listed;

	if (!take_delimiter(run->settings->delimiter, &run->delimiter, failure) ||
	    !take_path(run->settings->result, path, ".result.csv", run->result_path, failure) ||
	    !take_path(run->settings->quarantine, path, ".quarantine.csv", run->quarantine_path,
		       failure))
		return SETTLE_USAGE;
	if (!take_layout(run, failure))
		return SETTLE_USAGE;
	if (!layout_open(&run->layout, &run->table, path, failure))
		return SETTLE_BAD_FILE;
	mistakes_init(&run->mistakes, path, stderr);
	if (!rows_check(&run->rows, &run->layout, &run->table, &run->mistakes, failure))
		return SETTLE_BAD_FILE;
	is_listed = mistakes_close(&run->mistakes, &list);
	printf("lines %u, bad %u\n", run->table.line_count, run->rows.bad_count);
	fflush(stdout);
	if (!is_listed)
		fprintf(stderr, "tally-settle: %s\n", list.text);
	if (run->rows.bad_count > 0 && !run->settings->is_skip_bad) {
		failure_set(failure, "%s: %u bad lines; nothing is sent", path,
			    run->rows.bad_count);
		return SETTLE_BAD_FILE;
	}
	return SETTLE_DONE;
}

static bool
on_make(void *context, uint32_t index, struct upload_item *item)
{
	struct run *run = context;

	if (!run->rows.facts[index].is_good || run->results.marks[index] != RESULT_NONE)
		return false;
	rows_make(&run->rows, index, item);
	return true;
}

static void
on_took(void *context, uint32_t index, const struct upload_item *item,
	const struct tg_message *answer)
{
	struct run *run = context;

	results_add(&run->results, index, item, answer);
}

static bool
on_kept(void *context, struct failure *failure)
{
	struct run *run = context;

	return results_flush(&run->results, failure);
}

/* Open the session. */
static bool
connect(struct run *run, struct failure *failure)
{
	const struct identity *identity = &run->settings->identity;
	struct tg_options options;
	enum tg_status status;

	if (!identity_options(identity, "tally-settle/" PACKAGE_VERSION, &options, failure))
		return false;
	status = tg_client_new(&options, failure->text, sizeof(failure->text), &run->client);
	tg_auth_clear(options.key, sizeof(options.key));
	if (status != TG_OK && status != TG_CONFIG)
		failure_set(failure, "%s", tg_status_text(status));
	return status == TG_OK;
}

static bool
open_session(struct run *run, uint32_t rights, struct failure *failure)
{
	const uint32_t timeout_ms = (uint32_t)run->settings->identity.timeout * 1000;
	uint32_t missing;

	if (tg_client_open(run->client, timeout_ms) != TG_OK)
		return failure_set(failure, "%s", tg_client_error(run->client));
	run->rights = tg_client_session(run->client)->rights;
	missing = rights & ~run->rights;
	if (missing != 0)
		return failure_set(failure, "this terminal lacks the right \"%s\"",
				   tg_right_name(missing & (~missing + 1)));
	return true;
}

/* Print what came of it. */
static void
tell(const struct run *run, const struct upload_end *end, double seconds)
{
	const uint32_t good = run->table.line_count - run->rows.bad_count;

	printf("sent %u in %.1f s (%.0f/s), known before %u\n", end->sent_count, seconds,
	       seconds > 0 ? end->sent_count / seconds : 0,
	       run->results.known_count - end->answered_count);
	printf("accepted %u, refused %u, without outcome %u\n",
	       run->results.known_count - run->results.refused_count, run->results.refused_count,
	       good - run->results.known_count);
}

/* Compare with the day's totals: for people; other files of the day are in them, too. */
static void
compare(struct run *run)
{
	struct failure failure;
	uint32_t differences;

	if ((run->rights & TG_RIGHT_INQUIRY) == 0) {
		puts("totals are not compared: that needs the right inquiry");
		return;
	}
	if (!totals_compare(&run->results.totals, run->client,
			    (uint32_t)run->settings->identity.terminal,
			    (uint32_t)run->settings->identity.timeout * 1000, stdout, &differences,
			    &failure))
		fprintf(stderr, "tally-settle: %s\n", failure.text);
	else if (differences > 0)
		puts("the day has more than this file, or less: compare all files of the day, "
		     "with totals");
	else
		puts("totals agree");
}

/* Send what has no outcome yet. */
static enum settle_exit
send_lines(struct run *run, struct failure *failure)
{
	const struct upload_source source = { run, on_make, on_took, on_kept };
	const uint32_t good = run->table.line_count - run->rows.bad_count;
	struct upload_end end;
	struct gauge gauge;
	uint32_t quarantined;
	double seconds;
	bool is_ok;

	gauge_begin(&gauge, run->settings->is_quiet ? NULL : stderr, "sending",
		    run->results.known_count, good);
	is_ok = upload_run(run->client, &source, run->table.line_count,
			   (uint32_t)run->settings->identity.timeout * 1000, &gauge, &end, failure);
	seconds = gauge_end(&gauge, run->results.known_count);
	tell(run, &end, seconds);
	if (!is_ok)
		return SETTLE_UNFINISHED;
	if (!quarantine_write(run->quarantine_path, &run->rows, &run->results, run->delimiter,
			      &quarantined, failure))
		return SETTLE_UNFINISHED;
	if (quarantined > 0)
		printf("quarantined %u in %s\n", quarantined, run->quarantine_path);
	compare(run);
	return quarantined > 0 ? SETTLE_REFUSED : SETTLE_DONE;
}

static enum settle_exit
upload(struct run *run, const char *path, struct failure *failure)
{
	enum settle_exit exit;
	struct failure close_failure;

	if (!connect(run, failure))
		return SETTLE_USAGE;
	exit = check(run, path, failure);
	if (exit != SETTLE_DONE)
		return exit;
	if (!results_open(&run->results, run->result_path, &run->table, &run->layout,
			  (uint32_t)run->settings->identity.terminal, failure)) {
		exit = SETTLE_BAD_FILE;
	} else if (!open_session(run, TG_RIGHT_BATCH, failure)) {
		exit = SETTLE_UNREACHED;
	} else {
		exit = send_lines(run, failure);
	}
	if (!results_close(&run->results, &close_failure) && exit <= SETTLE_REFUSED) {
		*failure = close_failure;
		exit = SETTLE_UNFINISHED;
	}
	return exit;
}

/* Compare the sums of all results files given with the gateway's totals. */
static enum settle_exit
compare_files(struct run *run, int count, char *const paths[], struct failure *failure)
{
	struct totals totals = { .sums = NULL };
	enum settle_exit exit = SETTLE_DONE;
	uint32_t differences = 0;

	if (!connect(run, failure))
		return SETTLE_USAGE;
	for (int i = 0; exit == SETTLE_DONE && i < count; i++)
		if (!results_sum(paths[i], &totals, failure))
			exit = SETTLE_BAD_FILE;
	if (exit == SETTLE_DONE &&
	    (!open_session(run, TG_RIGHT_INQUIRY, failure) ||
	     !totals_compare(&totals, run->client, (uint32_t)run->settings->identity.terminal,
			     (uint32_t)run->settings->identity.timeout * 1000, stdout, &differences,
			     failure)))
		exit = SETTLE_UNREACHED;
	if (exit == SETTLE_DONE)
		printf("totals %s\n", differences > 0 ? "differ" : "agree");
	totals_deinit(&totals);
	return exit == SETTLE_DONE && differences > 0 ? SETTLE_REFUSED : exit;
}

/* The partner's totals of a day, as the gateway has them now. */
static bool
ask_partner(struct run *run, int32_t day, struct totals *totals, struct failure *failure)
{
	const struct total_scope scope = { .day = day, .scope = TG_SCOPE_PARTNER };

	return totals_ask(totals, run->client, &scope,
			  (uint32_t)run->settings->identity.timeout * 1000, failure);
}

/* How many transactions that is. */
static uint64_t
count_of(const struct totals *totals)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < totals->count; i++)
		count += (uint64_t)totals->sums[i].count;
	return count;
}

/* Print what came of it, and say whether that is all. */
static enum settle_exit
judge_entries(struct entries *entries, struct totals *theirs, struct failure *failure)
{
	uint32_t differences = 0;

	printf("archived up to record %lld; behind by %lld records, %.1f s\n",
	       (long long)entries->held_sequence, (long long)entries->lag_records,
	       (double)entries->lag_ms / 1000);
	if (theirs->count > 0)
		differences = totals_print(&entries->totals, theirs, stdout);
	if (!entries->is_complete) {
		if (entries->business_date > entries->day)
			failure_set(failure, "lagging: the day is closed, but the archive has not "
					     "all of it yet; run it again");
		else
			failure_set(failure, "the day is not over; run it again after its cut-off");
		return SETTLE_UNFINISHED;
	}
	if (theirs->count == 0 && entries->totals.count > 0)
		puts("complete; the gateway keeps no totals of this day any more");
	else
		puts(differences > 0 ? "complete, but totals differ" : "complete: totals agree");
	return differences > 0 ? SETTLE_REFUSED : SETTLE_DONE;
}

/* Fetch what the file lacks of a day. */
static enum settle_exit
fetch_entries(struct run *run, struct entries *entries, struct failure *failure)
{
	struct totals expected = { .sums = NULL }, theirs = { .sums = NULL };
	enum settle_exit exit = SETTLE_UNFINISHED;
	struct gauge gauge;
	double seconds;
	bool is_ok;

	if (!ask_partner(run, entries->day, &expected, failure))
		return SETTLE_UNREACHED;
	gauge_begin(&gauge, run->settings->is_quiet ? NULL : stderr, "fetching",
		    entries->known_count, count_of(&expected));
	totals_deinit(&expected);
	is_ok = entries_fetch(entries, run->client,
			      (uint32_t)run->settings->identity.timeout * 1000, &gauge, failure);
	seconds = gauge_end(&gauge, entries->count);
	printf("entries %llu, known before %llu, in %.1f s\n", (unsigned long long)entries->count,
	       (unsigned long long)entries->known_count, seconds);
	if (is_ok && ask_partner(run, entries->day, &theirs, failure))
		exit = judge_entries(entries, &theirs, failure);
	totals_deinit(&theirs);
	return exit;
}

/* Fetch the partner's entries of a business date into a file. */
static enum settle_exit
download(struct run *run, const char *day_text, const char *path, struct failure *failure)
{
	struct failure close_failure;
	struct entries entries;
	enum settle_exit exit;
	int32_t day;

	if (!day_parse(day_text, &day)) {
		failure_set(failure, "\"%s\" is no day as in 1997-01-31", day_text);
		return SETTLE_USAGE;
	}
	if (!connect(run, failure))
		return SETTLE_USAGE;
	if (!open_session(run, TG_RIGHT_INQUIRY, failure))
		return SETTLE_UNREACHED;
	if (tg_client_session(run->client)->store != 0) {
		failure_set(failure, "entries are for a partner's system, not for a till");
		return SETTLE_UNREACHED;
	}
	exit = entries_open(&entries, path, day, tg_client_session(run->client), failure)
		       ? fetch_entries(run, &entries, failure)
		       : SETTLE_BAD_FILE;
	if (!entries_close(&entries, &close_failure) && exit <= SETTLE_REFUSED) {
		*failure = close_failure;
		exit = SETTLE_UNFINISHED;
	}
	return exit;
}

/* Print the partner's figures of a business date as CSV. */
static enum settle_exit
print_figures(struct run *run, const char *day, struct failure *failure)
{
	struct totals totals = { .sums = NULL };
	enum settle_exit exit = SETTLE_DONE;
	int32_t number;

	if (!day_parse(day, &number)) {
		failure_set(failure, "\"%s\" is no day as in 1997-01-31", day);
		return SETTLE_USAGE;
	}
	if (!connect(run, failure))
		return SETTLE_USAGE;
	if (!open_session(run, TG_RIGHT_INQUIRY, failure) ||
	    !ask_partner(run, number, &totals, failure))
		exit = SETTLE_UNREACHED;
	else
		totals_write(&totals, stdout);
	totals_deinit(&totals);
	return exit;
}

/* Prove a till's own log of a day. */
static enum settle_exit
prove_day(struct run *run, const char *day, const char *path, struct failure *failure)
{
	if (!connect(run, failure))
		return SETTLE_USAGE;
	if (!open_session(run, TG_RIGHT_INQUIRY, failure))
		return SETTLE_UNREACHED;
	return day_end_run(run->settings, run->client, day, path, failure);
}

/* What is for the partner as a whole: its statements and disputes. */
static enum settle_exit
run_document(struct run *run, int word_count, char *const words[], struct failure *failure)
{
	const struct settle_settings *settings = run->settings;

	if (!connect(run, failure))
		return SETTLE_USAGE;
	if (!open_session(run, TG_RIGHT_INQUIRY, failure))
		return SETTLE_UNREACHED;
	if (strcasecmp(words[0], "statements") == 0)
		return documents_list(settings, run->client, TG_OP_STATEMENT, failure);
	if (strcasecmp(words[0], "disputes") == 0)
		return documents_list(settings, run->client, TG_OP_DISPUTES, failure);
	if (strcasecmp(words[0], "statement") == 0)
		return documents_fetch(settings, run->client, words[1], words[2], failure);
	if (strcasecmp(words[0], "acknowledge") == 0)
		return documents_acknowledge(settings, run->client, words[1], words[2], failure);
	return documents_dispute(settings, run->client, words[1], words[2],
				 word_count == 4 ? words[3] : NULL, failure);
}

/* Is it a command about statements and disputes? */
static bool
is_document(int word_count, char *const words[])
{
	static const struct {
		const char *word;
		int least, most;
	} commands[] = { { "statements", 1, 1 }, { "statement", 3, 3 }, { "acknowledge", 3, 3 },
			 { "disputes", 1, 1 },	 { "dispute", 3, 4 } };

	for (size_t i = 0; word_count > 0 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcasecmp(words[0], commands[i].word) == 0)
			return word_count >= commands[i].least && word_count <= commands[i].most;
	}
	return false;
}

enum settle_exit
settle_run(const struct settle_settings *settings, int word_count, char *const words[],
	   struct failure *failure)
{
	struct run run = { .settings = settings };
	enum settle_exit exit = SETTLE_USAGE;

	if (word_count == 2 && strcasecmp(words[0], "check") == 0)
		exit = check(&run, words[1], failure);
	else if (word_count == 2 && strcasecmp(words[0], "upload") == 0)
		exit = upload(&run, words[1], failure);
	else if (word_count >= 2 && strcasecmp(words[0], "totals") == 0)
		exit = compare_files(&run, word_count - 1, words + 1, failure);
	else if (word_count == 2 && strcasecmp(words[0], "figures") == 0)
		exit = print_figures(&run, words[1], failure);
	else if (word_count == 3 && strcasecmp(words[0], "entries") == 0)
		exit = download(&run, words[1], words[2], failure);
	else if (word_count == 3 && strcasecmp(words[0], "day-end") == 0)
		exit = prove_day(&run, words[1], words[2], failure);
	else if (is_document(word_count, words))
		exit = run_document(&run, word_count, words, failure);
	else
		failure_set(failure, "say check FILE, upload FILE, totals RESULTS..., figures DAY, "
				     "entries DAY FILE, day-end DAY LOG, statements, statement "
				     "CYCLE FILE, acknowledge CYCLE FILE, disputes or dispute "
				     "TRANSACTION REASON [AMOUNT]");
	tg_client_free(run.client);
	rows_deinit(&run.rows);
	layout_deinit(&run.layout);
	table_deinit(&run.table);
	return exit;
}
