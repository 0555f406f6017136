/*
 * run_settlement.c - cycles of partners, holidays, states of statements, items between partners.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/config_noun.h"
#include "admin/handlers.h"
#include "admin/text_table.h"
#include "admin/when.h"

#define MS_PER_DAY INT64_C(86400000)
#define CYCLES_SLICE 128

void
run_cycle_add(struct command_call *call)
{
	change_config(call, &cycle_noun, CHANGE_ADD);
}

void
run_cycle_change(struct command_call *call)
{
	change_config(call, &cycle_noun, CHANGE_CHANGE);
}

/* An open cycle, as the ledger has it now. */
struct cycle_look {
	uint32_t partner;
	bool	 is_found;
	struct cycle open;
};

static void
look_at_cycle(const struct ledger *ledger, void *argument)
{
	struct cycle_look *look = argument;

	look->is_found = ledger_cycle_find(ledger, look->partner, &look->open) != NULL;
}

static const char *
state_text(uint32_t state)
{
	switch (state) {
#define STATE_TEXT(name, number, text) \
	case number: \
		return text;
		STATEMENT_STATE_LIST(STATE_TEXT)
#undef STATE_TEXT
	default:
		return "";
	}
}

void
run_cycle_show(struct command_call *call)
{
	struct cycle_look look = { .partner = 0 };
	char first[WHEN_BYTES], last[WHEN_BYTES];
	uint64_t partner;

	if (!show_config(call, &cycle_noun) ||
	    !ask_number(call, call->arguments[0], 1, UINT32_MAX, &partner))
		return;
	look.partner = (uint32_t)partner;
	if (ask_look(call, look_at_cycle, &look) && look.is_found)
		output_print(call->out, "open cycle %" PRIu32 ", from %s to %s\n", look.open.number,
			     when_day(look.open.first_day, first),
			     when_day(look.open.last_day, last));
}

void
run_cycle_close(struct command_call *call)
{
	struct ledger_request request;
	struct ledger_answer answer;
	uint64_t partner;

	ask_init(call, &request, REQUEST_CLOSE_CYCLE);
	if (!ask_number(call, call->arguments[0], 1, UINT32_MAX, &partner) ||
	    !take_reason(call, 1, &request))
		return;
	request.cycle_image.partner = (uint32_t)partner;
	if (ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}

/* Some of the open cycles, with what became of the one before each. */
struct cycles {
	uint32_t next;			/* from 0 */
	uint32_t count;
	struct cycle open[CYCLES_SLICE];
	uint32_t states[CYCLES_SLICE];	/* enum statement_state, 0: none */
};

static void
fill_cycles(const struct ledger *ledger, void *argument)
{
	struct cycles *cycles = argument;

	for (cycles->count = 0; cycles->count < CYCLES_SLICE; cycles->count++) {
		struct cycle *open = &cycles->open[cycles->count];

		if (ledger_cycle_at(ledger, cycles->next, open) == NULL)
			return;
		cycles->next++;
		cycles->states[cycles->count] =
			ledger_statement_state(ledger, open->partner, open->number - 1);
	}
}

void
run_show_cycles(struct command_call *call)
{
	static const char *const titles[] = { ">partner", ">cycle", "first day", "last day",
					      "statement before" };
	struct cycles *cycles = calloc(1, sizeof(*cycles));
	struct text_table table;
	char day[WHEN_BYTES];
	bool is_good = cycles != NULL;

	if (cycles == NULL)
		command_fail(call, "out of memory");
	text_table_init(&table, call->out, titles, 5);
	while (is_good) {
		is_good = ask_look(call, fill_cycles, cycles);
		for (uint32_t i = 0; is_good && i < cycles->count; i++) {
			const struct cycle *open = &cycles->open[i];

			text_table_cell(&table, "%" PRIu32, open->partner);
			text_table_cell(&table, "%" PRIu32, open->number);
			text_table_cell(&table, "%s", when_day(open->first_day, day));
			text_table_cell(&table, "%s", when_day(open->last_day, day));
			text_table_cell(&table, "%s", state_text(cycles->states[i]));
		}
		if (is_good && cycles->count < CYCLES_SLICE)
			break;
	}
	text_table_end(&table);
	if (is_good)
		command_done(call, "%" PRIu32 " partners", cycles->next);
	free(cycles);
}

static void
set_holiday(struct command_call *call, bool is_rest)
{
	struct ledger_request request;
	struct ledger_answer answer;
	uint64_t calendar;
	int64_t utc_ms;

	ask_init(call, &request, REQUEST_SET_HOLIDAY);
	if (!ask_number(call, call->arguments[0], 1, INT32_MAX, &calendar))
		return;
	if (!when_parse_utc(call->arguments[1], &utc_ms) || utc_ms % MS_PER_DAY != 0) {
		command_fail(call, "\"%s\" is no day: say 1997-01-31", call->arguments[1]);
		return;
	}
	request.holiday = (struct holiday){ .calendar = (uint32_t)calendar,
					    .day = (int32_t)(utc_ms / MS_PER_DAY),
					    .is_rest = is_rest ? 1 : 0 };
	if (ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}

void
run_calendar_add(struct command_call *call)
{
	set_holiday(call, true);
}

void
run_calendar_end(struct command_call *call)
{
	set_holiday(call, false);
}

void
run_statement_set(struct command_call *call)
{
	static const char *const words[] = { [STATEMENT_ACKNOWLEDGED] = "acknowledged",
					     [STATEMENT_DISPUTED] = "disputed",
					     [STATEMENT_PAID] = "paid" };
	struct ledger_request request;
	struct ledger_answer answer;
	uint64_t partner, cycle;

	ask_init(call, &request, REQUEST_SET_STATEMENT);
	for (uint8_t state = STATEMENT_ACKNOWLEDGED; state <= STATEMENT_PAID; state++) {
		if (strcmp(call->arguments[0], words[state]) == 0)
			request.statement_state = state;
	}
	if (!ask_number(call, call->arguments[1], 1, UINT32_MAX, &partner) ||
	    !ask_number(call, call->arguments[2], 1, UINT32_MAX, &cycle) ||
	    !take_reason(call, 3, &request))
		return;
	request.partner = (uint32_t)partner;
	request.statement_cycle = (uint32_t)cycle;
	if (ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}

void
run_item_add(struct command_call *call)
{
	struct ledger_request request;
	struct ledger_answer answer;
	const char *amount = call->arguments[2];
	uint64_t partner, other, number;

	ask_init(call, &request, REQUEST_ADD_ITEM);
	if (amount[0] != '+' && amount[0] != '-') {
		command_fail(call, "say +N when the partner owes, -N when it is owed");
		return;
	}
	if (!ask_number(call, call->arguments[0], 1, UINT32_MAX, &partner) ||
	    !ask_number(call, call->arguments[1], 0, UINT32_MAX, &other) ||
	    !ask_number(call, amount + 1, 1, TG_AMOUNT_MAX, &number) ||
	    !take_reason(call, 3, &request))
		return;
	request.item = (struct settlement_item){ .partner = (uint32_t)partner,
						 .other = (uint32_t)other,
						 .amount = amount[0] == '-' ? -(int64_t)number :
									      (int64_t)number };
	if (ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}
