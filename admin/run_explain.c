/*
 * run_explain.c - why a member's balance is what it is, now or at a past moment: by record and lot.
 *
 * Read from the journal and its archive, which have all that ever happened: the ledger knows only
 * what is there now.  It takes as long as reading them does, and nobody else waits for it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/handlers.h"
#include "admin/text_table.h"
#include "admin/when.h"

#define LOTS_MAX 512		/* that a member had points in at any time and not yet used up */

/* Limited points as records moved them, by their row: another lot's once they are gone. */
struct explained_lot {
	uint32_t row;
	uint64_t origin;		/* record that made them */
	int64_t	 points;
	int32_t	 last_day;
};

struct explanation {
	uint64_t member;
	uint64_t last;			/* up to this record, ... */
	int64_t	 until_utc_ms;		/* ... and to what was booked then */
	int64_t	 available, pending, held, debt; /* so far */
	int64_t	 value;			/* stored, minor units */
	int64_t	 regular;
	int32_t	 regular_last_day;
	int32_t	 business_date;		/* then; DAY_NONE: before the first one */
	uint32_t row_count, lot_count;
	bool	 has_all_lots;
	struct explained_lot lots[LOTS_MAX];
	struct text_table table;
};

static void
move_lot(struct explanation *e, const struct move *move)
{
	uint32_t i = 0;

	while (i < e->lot_count && e->lots[i].row != move->row)
		i++;
	if (i == LOTS_MAX) {
		e->has_all_lots = false;
		return;
	}
	if (i == e->lot_count) {
		e->lots[e->lot_count++] = (struct explained_lot){ .row = move->row,
								  .origin = move->serial >> 8,
								  .last_day = move->last_day };
	}
	e->lots[i].points += move->points;
	if (e->lots[i].points == 0)
		e->lots[i] = e->lots[--e->lot_count];
}

/* What a record did to the member's stored value, as its own or as what it lent. */
static int64_t
value_change(const struct explanation *e, const struct record *r)
{
	if (!RECORD_HAS(r, VALUE))
		return 0;
	return r->member == e->member ? r->value.change : -r->value.lent;
}

static bool
is_about(const struct explanation *e, const struct record *r)
{
	return (RECORD_HAS(r, MEMBER) && r->member == e->member) ||
	       (RECORD_HAS(r, VALUE) && r->value.lent > 0 && r->other_member == e->member);
}

/* Add what a record did to the member, and print it. */
static enum tg_status
explain_record(void *context, const struct record *r)
{
	struct explanation *e = context;
	const int64_t available = record_posted_points(r, ACCOUNT_AVAILABLE);
	const int64_t pending = record_posted_points(r, ACCOUNT_PENDING);
	const int64_t held = record_posted_points(r, ACCOUNT_HELD);
	const int64_t debt = record_posted_points(r, ACCOUNT_DEBT);
	const int64_t value = value_change(e, r);
	char when[WHEN_BYTES];

	if (r->booked_at_utc_ms > e->until_utc_ms)
		return TG_OK;
	e->business_date = RECORD_HAS(r, DATE) ? r->next_business_date : r->business_date;
	if (!is_about(e, r))
		return TG_OK;
	if (RECORD_HAS(r, REGULAR_DAY))
		e->regular_last_day = r->regular_last_day;
	for (uint32_t i = 0; i < r->move_count; i++) {
		if (r->moves[i].kind == MOVE_LOT)
			move_lot(e, &r->moves[i]);
		else if (r->moves[i].kind == MOVE_REGULAR)
			e->regular += r->moves[i].points;
	}
	if (available == 0 && pending == 0 && held == 0 && debt == 0 && value == 0)
		return TG_OK;
	e->available += available;
	e->pending += pending;
	e->held += held;
	e->debt -= debt;
	e->value += value;
	e->row_count++;
	text_table_cell(&e->table, "%" PRIu64, r->sequence);
	text_table_cell(&e->table, "%s", when_utc(r->booked_at_utc_ms, when));
	text_table_cell(&e->table, "%s", record_kind_name(r->kind));
	text_table_cell(&e->table, "%" PRIu32, RECORD_HAS(r, PRINCIPAL) ? r->partner : 0);
	text_table_cell(&e->table, "%+" PRId64, value);
	text_table_cell(&e->table, "%+" PRId64, available);
	text_table_cell(&e->table, "%+" PRId64, pending);
	text_table_cell(&e->table, "%+" PRId64, held);
	text_table_cell(&e->table, "%+" PRId64, -debt);
	text_table_cell(&e->table, "%" PRId64, e->available);
	return TG_OK;
}

/*
 * Points past their last day are no longer the member's, but stay in the books until no late
 * request can reach back to them.
 */
static int64_t
lapsed_points(const struct explanation *e)
{
	int64_t sum = e->regular_last_day < e->business_date ? e->regular : 0;

	for (uint32_t i = 0; i < e->lot_count; i++)
		sum += e->lots[i].last_day < e->business_date ? e->lots[i].points : 0;
	return sum;
}

static void
print_lots(struct command_call *call, const struct explanation *e)
{
	static const char *const titles[] = { "points of", "last day", ">points" };
	struct text_table table;
	char day[WHEN_BYTES];

	text_table_init(&table, call->out, titles, 3);
	text_table_cell(&table, "regular");
	text_table_cell(&table, "%s", e->regular == 0 ? "" : when_day(e->regular_last_day, day));
	text_table_cell(&table, "%" PRId64, e->regular);
	for (uint32_t i = 0; i < e->lot_count; i++) {
		text_table_cell(&table, "record %" PRIu64, e->lots[i].origin);
		text_table_cell(&table, "%s", when_day(e->lots[i].last_day, day));
		text_table_cell(&table, "%" PRId64, e->lots[i].points);
	}
	text_table_end(&table);
	if (!e->has_all_lots)
		output_print(call->out, "more lots than %d: not all are shown\n", LOTS_MAX);
}

static void
explain(struct command_call *call, struct explanation *e)
{
	static const char *const titles[] = { ">record", "booked at", "kind", ">partner",
					      ">stored value", ">available", ">pending",
					      ">held", ">debt", ">balance" };
	enum tg_status status;

	text_table_init(&e->table, call->out, titles, 10);
	status = ask_records(call, e->last, explain_record, e);
	text_table_end(&e->table);
	if (status != TG_OK) {
		ask_fail(call, status);
		return;
	}
	print_lots(call, e);
	command_done(call, "records=%" PRIu32 " available=%" PRId64 " pending=%" PRId64
		     " held=%" PRId64 " debt=%" PRId64 " lapsed=%" PRId64 " value=%" PRId64,
		     e->row_count, e->available - lapsed_points(e), e->pending, e->held, e->debt,
		     lapsed_points(e), e->value);
}

/* A record by its number, or all that was booked up to a time. */
static bool
take_moment(struct command_call *call, struct explanation *e)
{
	const char *word = call->argument_count < 2 ? "" : call->arguments[1];

	if (word[strspn(word, "0123456789")] == '\0')
		return word[0] == '\0' || ask_number(call, word, 1, INT64_MAX, &e->last);
	if (when_parse_utc(word, &e->until_utc_ms))
		return true;
	command_fail(call, "\"%.40s\" is neither a record's number nor a time: "
			   "2024-04-01T00:00:00Z", word);
	return false;
}

void
run_explain_member(struct command_call *call)
{
	struct explanation *e = calloc(1, sizeof(*e));
	struct ledger_request request;
	struct ledger_answer answer;

	if (e == NULL) {
		command_fail(call, "out of memory");
		return;
	}
	e->has_all_lots = true;
	e->business_date = DAY_NONE;
	e->last = call->host->durable_sequence(call->host->context);
	ask_init(call, &request, REQUEST_SHOW_MEMBER);
	e->until_utc_ms = INT64_MAX;
	if (ask_member(call, call->arguments[0], &request) && take_moment(call, e) &&
	    ask_ledger(call, &request, &answer)) {
		e->member = answer.member;
		explain(call, e);
	}
	free(e);
}
