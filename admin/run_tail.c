/*
 * run_tail.c - durable records as they come, and operators' records as they lie.
 *
 * A tail reads the journal behind the ledger, as the sink does, so it slows down nobody.  Who reads
 * too slowly misses records, and is told how many.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/ask.h"
#include "admin/grammar.h"
#include "admin/handlers.h"
#include "admin/text_table.h"
#include "admin/when.h"

#define TAIL_PAUSE_MS 100
#define TAIL_BEHIND_MAX 20000		/* records; then those up to the newest are dropped */
#define TAIL_RUN_MAX 4096		/* records between two looks at the operator */
#define AUDIT_COUNT_DEFAULT 20
#define AUDIT_SPAN 65536		/* records of one step back */
#define AUDIT_LOOK_MAX 4194304		/* records looked at in all */

/* Which records are shown; 0 and -1: all. */
struct tail_filter {
	uint64_t partner, store, terminal;
	struct ledger_request member;	/* named by member or identifier */
	uint64_t member_reference;
	int32_t	 kind;
	int32_t	 status;		/* enum tg_status */
};

static bool
find_kind(const char *word, int32_t *ret_kind)
{
	for (int32_t kind = 0; kind <= UINT8_MAX; kind++) {
		if (strcasecmp(record_kind_name((uint8_t)kind), word) == 0) {
			*ret_kind = kind;
			return true;
		}
	}
	return false;
}

static bool
find_status(const char *word, int32_t *ret_status)
{
	for (int32_t status = 0; status <= UINT16_MAX; status++) {
		if (strcasecmp(tg_status_name((enum tg_status)status), word) == 0) {
			*ret_status = status;
			return true;
		}
	}
	return false;
}

/* The reference of a member that may be named by an identifier. */
static bool
find_member(struct command_call *call, const char *text, uint64_t *ret_reference)
{
	struct ledger_request request;
	struct ledger_answer answer;

	ask_init(call, &request, REQUEST_SHOW_MEMBER);
	if (!ask_member(call, text, &request) || !ask_ledger(call, &request, &answer))
		return false;
	*ret_reference = answer.member;
	return true;
}

/* In the order of take_filter(). */
static const char *const filter_words[] = { "partner", "store", "terminal",
					    "member",  "kind",	"status" };
#define FILTERS (sizeof(filter_words) / sizeof(filter_words[0]))

/* One word=value of the command. */
static bool
take_filter(struct command_call *call, const char *argument, struct tail_filter *filter)
{
	const char *value = strchr(argument, '=');
	const size_t bytes = value != NULL ? (size_t)(value - argument) : 0;

	switch (grammar_find(filter_words, FILTERS, argument, bytes)) {
	case 0:
		return ask_number(call, value + 1, 1, UINT32_MAX, &filter->partner);
	case 1:
		return ask_number(call, value + 1, 1, UINT32_MAX, &filter->store);
	case 2:
		return ask_number(call, value + 1, 1, UINT32_MAX, &filter->terminal);
	case 3:
		return find_member(call, value + 1, &filter->member_reference);
	case 4:
		if (find_kind(value + 1, &filter->kind))
			return true;
		break;
	case 5:
		if (find_status(value + 1, &filter->status))
			return true;
		break;
	default:
		break;
	}
	command_fail(call, "\"%.40s\" is no filter: partner=, store=, terminal=, member=, kind=, "
			   "status=", argument);
	return false;
}

static bool
is_shown(const struct tail_filter *filter, const struct record *record)
{
	const bool has_who = RECORD_HAS(record, PRINCIPAL);

	return (filter->partner == 0 || (has_who && record->partner == filter->partner)) &&
	       (filter->store == 0 || (has_who && record->store == filter->store)) &&
	       (filter->terminal == 0 || (has_who && record->terminal == filter->terminal)) &&
	       (filter->member_reference == 0 ||
		(RECORD_HAS(record, MEMBER) && record->member == filter->member_reference)) &&
	       (filter->kind < 0 || record->kind == filter->kind) &&
	       (filter->status < 0 || record->status == filter->status);
}

static const char *const tail_titles[] = { ">record", "booked at", "kind",    "status",
					   ">partner", ">store",   ">terminal", ">member",
					   ">points",  "operator" };
#define TAIL_COLUMNS (sizeof(tail_titles) / sizeof(tail_titles[0]))

static void
print_row(struct text_table *table, const struct record *record)
{
	const bool has_who = RECORD_HAS(record, PRINCIPAL);
	char when[WHEN_BYTES];

	text_table_cell(table, "%" PRIu64, record->sequence);
	text_table_cell(table, "%s", when_utc(record->booked_at_utc_ms, when));
	text_table_cell(table, "%s", record_kind_name(record->kind));
	text_table_cell(table, "%s", tg_status_name((enum tg_status)record->status));
	text_table_cell(table, "%" PRIu32, has_who ? record->partner : 0);
	text_table_cell(table, "%" PRIu32, has_who ? record->store : 0);
	text_table_cell(table, "%" PRIu32, has_who ? record->terminal : 0);
	text_table_cell(table, "%" PRIu64, RECORD_HAS(record, MEMBER) ? record->member : 0);
	text_table_cell(table, "%" PRId64, RECORD_HAS(record, AMOUNT) ? record->points : 0);
	text_table_cell(table, "%.*s", RECORD_HAS(record, OPERATOR) ? OPERATOR_BYTES : 0,
			(const char *)record->operator_name);
}

/* A tail under way. */
struct tail {
	struct tail_filter filter;
	struct text_table table;
	struct record record;
	void	*reader;		/* of the host; NULL: to be opened at next */
	uint64_t next;			/* sequence read next */
	uint64_t shown, dropped;
};

/* Leave out what the operator is too slow for.  False: the journal cannot be read. */
static void
skip(struct command_call *call, struct tail *tail)
{
	const struct console_host *host = call->host;
	const uint64_t durable = host->durable_sequence(host->context);

	if (durable < tail->next + TAIL_BEHIND_MAX)
		return;
	tail->dropped += durable + 1 - tail->next;
	tail->next = durable + 1;
	host->close_records(host->context, tail->reader);
	tail->reader = NULL;
}

/* Read and show what there is, a bounded part.  TG_OK also when there is nothing. */
static enum tg_status
read_on(struct command_call *call, struct tail *tail)
{
	const struct console_host *host = call->host;
	enum tg_status status = TG_OK;

	if (tail->reader == NULL)
		status = host->open_records(host->context, tail->next, &tail->reader);
	for (uint32_t i = 0; status == TG_OK && i < TAIL_RUN_MAX; i++) {
		const uint8_t *bytes;
		uint32_t count;
		size_t used;

		status = host->next_record(host->context, tail->reader, &bytes, &count);
		if (status != TG_OK || count == 0)
			break;
		status = record_decode(bytes, count, &tail->record, &used);
		if (status != TG_OK)
			break;
		tail->next = tail->record.sequence + 1;
		if (!is_shown(&tail->filter, &tail->record))
			continue;
		print_row(&tail->table, &tail->record);
		tail->shown++;
	}
	return status;
}

static void
follow(struct command_call *call, struct tail *tail)
{
	uint64_t told = 0;
	enum tg_status status;

	do {
		skip(call, tail);
		if (tail->dropped != told)
			output_print(call->out, "dropped=%" PRIu64 " records: read faster\n",
				     tail->dropped - told);
		told = tail->dropped;
		status = read_on(call, tail);
		text_table_flush(&tail->table);
		output_write_out(call->out);
	} while (status == TG_OK && !call->out->is_broken &&
		 call->pause(call->pause_context, TAIL_PAUSE_MS));
	if (status != TG_OK)
		ask_fail(call, status);
	else
		command_done(call, "shown=%" PRIu64 " dropped=%" PRIu64, tail->shown,
			     tail->dropped);
}

void
run_tail(struct command_call *call)
{
	const struct console_host *host = call->host;
	struct tail *tail = calloc(1, sizeof(*tail));
	bool is_good = tail != NULL;

	if (tail == NULL) {
		command_fail(call, "out of memory");
		return;
	}
	tail->filter.kind = -1;
	tail->filter.status = -1;
	for (uint32_t i = 0; is_good && i < call->argument_count; i++)
		is_good = take_filter(call, call->arguments[i], &tail->filter);
	if (is_good) {
		text_table_init(&tail->table, call->out, tail_titles, TAIL_COLUMNS);
		tail->next = host->durable_sequence(host->context) + 1;
		follow(call, tail);
		if (tail->reader != NULL)
			host->close_records(host->context, tail->reader);
	}
	free(tail);
}

/* An operator's record, kept to be printed in order. */
struct audit_row {
	uint64_t sequence;
	int64_t	 booked_at_utc_ms;
	uint8_t	 kind;
	uint16_t status;
	uint64_t member;
	char	 name[OPERATOR_BYTES + 1];
	char	 origin[ORIGIN_BYTES + 1];
	char	 text[RECORD_TEXT_BYTES_MAX + 1];
};

#define AUDIT_ROWS_MAX 1000

/* A ring of the newest rows of a span. */
struct audit {
	uint32_t wanted;		/* rows, at most AUDIT_ROWS_MAX */
	uint32_t count;			/* of rows */
	struct audit_row rows[AUDIT_ROWS_MAX]; /* newest first */
	uint32_t span_count;		/* of span, counted on: those before are overwritten */
	struct audit_row span[AUDIT_ROWS_MAX];
	struct record record;
};

/* What the record was about, where it has no text of its own. */
static void
describe(const struct record *r, char *text, size_t bytes)
{
	text[0] = '\0';
	if (RECORD_HAS(r, TEXT))
		snprintf(text, bytes, "%.*s", (int)r->text_bytes, (const char *)r->text);
	else if (RECORD_HAS(r, PROPOSAL))
		snprintf(text, bytes, "%.*s", (int)r->proposal.text_bytes,
			 (const char *)r->proposal.text);
	else if (RECORD_HAS(r, PARTNER))
		snprintf(text, bytes, "partner %" PRIu32, r->partner_image.number);
	else if (RECORD_HAS(r, FUNDING))
		snprintf(text, bytes, "partner %" PRIu32 " version %" PRIu32, r->funding.partner,
			 r->funding.version);
	else if (RECORD_HAS(r, FUNDED))
		snprintf(text, bytes, "partner %" PRIu32 " %+" PRId64, r->funded_partner,
			 r->kind == RECORD_FUND ? r->funded_points : -r->funded_points);
	else if (RECORD_HAS(r, RULE))
		snprintf(text, bytes, "partner %" PRIu32 " version %" PRIu32, r->rule.partner,
			 r->rule.version);
	else if (RECORD_HAS(r, STORE))
		snprintf(text, bytes, "store %" PRIu32, r->store_image.number);
	else if (RECORD_HAS(r, CLOSED))
		snprintf(text, bytes, "partner %" PRIu32 " cycle %" PRIu32, r->closed.partner,
			 r->closed.number);
	else if (RECORD_HAS(r, CYCLE))
		snprintf(text, bytes, "partner %" PRIu32, r->cycle_image.partner);
	else if (RECORD_HAS(r, STATEMENT))
		snprintf(text, bytes, "partner %" PRIu32 " cycle %" PRIu32, r->statement_partner,
			 r->statement_cycle);
	else if (RECORD_HAS(r, TERMINAL))
		snprintf(text, bytes, "terminal %" PRIu32, r->terminal_image.number);
}

static void
keep(struct audit *audit, const struct record *r)
{
	struct audit_row *row = &audit->span[audit->span_count++ % AUDIT_ROWS_MAX];

	row->sequence = r->sequence;
	row->booked_at_utc_ms = r->booked_at_utc_ms;
	row->kind = r->kind;
	row->status = r->status;
	row->member = RECORD_HAS(r, MEMBER) ? r->member : 0;
	snprintf(row->name, sizeof(row->name), "%.*s", OPERATOR_BYTES,
		 (const char *)r->operator_name);
	snprintf(row->origin, sizeof(row->origin), "%.*s", ORIGIN_BYTES, (const char *)r->origin);
	describe(r, row->text, sizeof(row->text));
}

/* The note of an import stands for its rows: they would leave room for nothing else. */
static bool
is_imported(const struct record *r)
{
	return memcmp(r->origin, ORIGIN_OF_IMPORT, strlen(ORIGIN_OF_IMPORT)) == 0;
}

/* Keep the operators' records of [first, last], the newest of them. */
static enum tg_status
read_span(struct command_call *call, struct audit *audit, uint64_t first, uint64_t last)
{
	const struct console_host *host = call->host;
	const uint8_t *bytes;
	uint32_t count = 1;
	size_t used;
	void *reader;
	enum tg_status status = host->open_records(host->context, first, &reader);

	if (status != TG_OK)
		return status;
	audit->span_count = 0;
	while (status == TG_OK && first <= last) {
		status = host->next_record(host->context, reader, &bytes, &count);
		if (status != TG_OK || count == 0)
			break;
		status = record_decode(bytes, count, &audit->record, &used);
		if (status != TG_OK)
			break;
		if (RECORD_HAS(&audit->record, OPERATOR) && audit->record.sequence <= last &&
		    !is_imported(&audit->record))
			keep(audit, &audit->record);
		first = audit->record.sequence + 1;
	}
	host->close_records(host->context, reader);
	return status;
}

/* Move the span's rows behind those that are newer. */
static void
take_span(struct audit *audit)
{
	for (uint32_t i = audit->span_count; i > 0 && audit->count < audit->wanted &&
					     audit->span_count - i < AUDIT_ROWS_MAX; i--)
		audit->rows[audit->count++] = audit->span[(i - 1) % AUDIT_ROWS_MAX];
}

static void
print_audit(struct command_call *call, const struct audit *audit)
{
	static const char *const titles[] = { ">record", "booked at", "operator", "origin",
					      "kind",	 "status",    ">member",  "what" };
	struct text_table table;
	char when[WHEN_BYTES];

	text_table_init(&table, call->out, titles, 8);
	for (uint32_t i = audit->count; i > 0; i--) {
		const struct audit_row *row = &audit->rows[i - 1];

		text_table_cell(&table, "%" PRIu64, row->sequence);
		text_table_cell(&table, "%s", when_utc(row->booked_at_utc_ms, when));
		text_table_cell(&table, "%s", row->name);
		text_table_cell(&table, "%s", row->origin);
		text_table_cell(&table, "%s", record_kind_name(row->kind));
		text_table_cell(&table, "%s", tg_status_name((enum tg_status)row->status));
		text_table_cell(&table, "%" PRIu64, row->member);
		text_table_cell(&table, "%s", row->text);
	}
	text_table_end(&table);
}

/* Look back from the newest record, span by span, until there are enough rows. */
static void
look_back(struct command_call *call, struct audit *audit, uint64_t last)
{
	const uint64_t from = last;
	enum tg_status status = TG_OK;

	while (last > 0 && audit->count < audit->wanted && from - last < AUDIT_LOOK_MAX) {
		const uint64_t first = last >= AUDIT_SPAN ? last - AUDIT_SPAN + 1 : 1;

		status = read_span(call, audit, first, last);
		if (status != TG_OK)
			break;
		take_span(audit);
		last = first - 1;
	}
	/* What the operator's retention has taken away is no fault. */
	if (status != TG_OK && audit->count == 0) {
		ask_fail(call, status);
		return;
	}
	print_audit(call, audit);
	command_done(call, "%" PRIu32 " records; looked back to record %" PRIu64, audit->count,
		     last + 1);
}

void
run_show_audit(struct command_call *call)
{
	const struct console_host *host = call->host;
	uint64_t wanted = AUDIT_COUNT_DEFAULT, before = 0;
	const uint64_t durable = host->durable_sequence(host->context);
	struct audit *audit;

	if ((call->argument_count > 0 &&
	     !ask_number(call, call->arguments[0], 1, AUDIT_ROWS_MAX, &wanted)) ||
	    (call->argument_count > 1 &&
	     !ask_number(call, call->arguments[1], 1, INT64_MAX, &before)))
		return;
	audit = calloc(1, sizeof(*audit));
	if (audit == NULL) {
		command_fail(call, "out of memory");
		return;
	}
	audit->wanted = (uint32_t)wanted;
	look_back(call, audit, before != 0 && before <= durable ? before - 1 : durable);
	free(audit);
}
