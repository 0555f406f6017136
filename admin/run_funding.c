/*
 * run_funding.c - what partners may issue: cover sold, released, and what is left.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/handlers.h"
#include "admin/text_table.h"
#include "admin/when.h"

/* Partners shown at most; far above what a coalition has. */
#define FUNDING_ROWS_MAX 16384

struct funding_list {
	uint64_t sequence;		/* of the last record in it */
	uint32_t count;
	struct {
		struct funding_config config;
		struct funding_state state;
	} rows[FUNDING_ROWS_MAX];
};

static void
copy_fundings(const struct ledger *ledger, void *argument)
{
	struct funding_list *list = argument;
	const struct partner_config *partner;

	for (uint32_t i = 0; (partner = ledger_partner_at(ledger, i)) != NULL; i++) {
		const struct funding_config *c = ledger_funding_find(ledger, partner->number);

		if (c == NULL || list->count == FUNDING_ROWS_MAX)
			continue;
		list->rows[list->count].config = *c;
		list->rows[list->count++].state = ledger_funding_state(ledger, partner->number);
	}
	list->sequence = ledger_sequence(ledger);
}

static const char *
level_word(enum funding_level level)
{
	switch (level) {
	case FUNDING_FREE:
		return "no stop";
	case FUNDING_GOOD:
		return "good";
	case FUNDING_LOW:
		return "low";
	case FUNDING_STOPPED:
		return "stopped";
	case FUNDING_LEVEL_COUNT:
		break;
	}
	return "?";
}

static void
print_limit(struct text_table *table, int64_t points)
{
	if (points == LIMIT_NONE)
		text_table_cell(table, "none");
	else
		text_table_cell(table, "%" PRId64, points);
}

void
run_show_funding(struct command_call *call)
{
	static const char *const titles[] = { ">partner",   "pays",   "state",   ">cover",
					      ">overdraft", ">left",  ">alert",  ">issued",
					      ">blocks",    "stopped" };
	struct funding_list *list = calloc(1, sizeof(*list));
	struct text_table table;
	char text[WHEN_BYTES];

	if (list == NULL) {
		command_fail(call, "out of memory");
		return;
	}
	if (!ask_look(call, copy_fundings, list)) {
		free(list);
		return;
	}
	text_table_init(&table, call->out, titles, 10);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct funding_config *c = &list->rows[i].config;
		const struct funding_state *s = &list->rows[i].state;

		text_table_cell(&table, "%" PRIu32, c->partner);
		text_table_cell(&table, "%s",
				(c->flags & FUNDING_PREPAID) != 0 ? "before" : "after");
		text_table_cell(&table, "%s", level_word(s->level));
		text_table_cell(&table, "%" PRId64, s->cover_points);
		print_limit(&table, c->overdraft_points);
		print_limit(&table, s->left_points);
		text_table_cell(&table, "%" PRId64, c->alert_points);
		text_table_cell(&table, "%" PRId64, s->used_points);
		text_table_cell(&table, "%" PRIu32, s->block_count);
		text_table_cell(&table, "%s",
				s->stopped_utc_ms != 0 ? when_utc(s->stopped_utc_ms, text) : "");
	}
	text_table_end(&table);
	command_done(call, "partners=%" PRIu32 " record=%" PRIu64, list->count, list->sequence);
	free(list);
}

static bool
take_partner(struct command_call *call, struct ledger_request *request)
{
	uint64_t number;

	ask_init(call, request, REQUEST_FUND);
	request->price_micro = -1;
	if (!ask_number(call, call->arguments[0], 1, INT32_MAX, &number))
		return false;
	request->partner = (uint32_t)number;
	return true;
}

static void
ask_funds(struct command_call *call, const struct ledger_request *request)
{
	struct ledger_answer answer;

	if (ask_ledger(call, request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}

void
run_partner_fund(struct command_call *call)
{
	static const char word_price[] = "price=";
	struct ledger_request request;
	uint64_t points, price;
	uint32_t reason = 2;

	if (!take_partner(call, &request) ||
	    !ask_number(call, call->arguments[1], 1, TG_AMOUNT_MAX, &points))
		return;
	request.points = (int64_t)points;
	if (call->argument_count > 2 &&
	    strncmp(call->arguments[2], word_price, sizeof(word_price) - 1) == 0) {
		if (!ask_number(call, call->arguments[2] + sizeof(word_price) - 1, 0,
				UINT64_C(1000000000000), &price))
			return;
		request.price_micro = (int64_t)price;
		reason++;
	}
	if (take_reason(call, reason, &request))
		ask_funds(call, &request);
}

void
run_partner_release(struct command_call *call)
{
	struct ledger_request request;
	uint64_t points = 0;

	if (!take_partner(call, &request))
		return;
	if (strcmp(call->arguments[1], "all") != 0 &&
	    !ask_number(call, call->arguments[1], 1, TG_AMOUNT_MAX, &points))
		return;
	request.points = (int64_t)points;
	request.is_debit = true;
	if (take_reason(call, 2, &request))
		ask_funds(call, &request);
}
