/*
 * run_matters.c - what waits for a decision: proposals of other operators, disputes of partners.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/handlers.h"
#include "admin/text_table.h"
#include "admin/when.h"

#define SLICE 64

/* Some of the open proposals, by number. */
struct proposals {
	uint64_t after;
	uint32_t count;
	struct proposal rows[SLICE];
};

static void
fill_proposals(const struct ledger *ledger, void *argument)
{
	struct proposals *list = argument;

	for (list->count = 0; list->count < SLICE; list->count++) {
		uint64_t next = ledger_proposal_after(ledger, list->after,
						      &list->rows[list->count]);

		if (next == 0)
			return;
		list->after = next;
	}
}

void
run_show_proposals(struct command_call *call)
{
	static const char *const titles[] = { ">proposal", "by", "expires", "command" };
	struct proposals list = { .after = 0 };
	struct text_table table;
	char when[WHEN_BYTES];
	bool is_good;

	text_table_init(&table, call->out, titles, 4);
	do {
		is_good = ask_look(call, fill_proposals, &list);
		for (uint32_t i = 0; is_good && i < list.count; i++) {
			const struct proposal *row = &list.rows[i];

			text_table_cell(&table, "%" PRIu64, row->number);
			text_table_cell(&table, "%.*s", OPERATOR_BYTES,
					(const char *)row->proposer);
			text_table_cell(&table, "%s", when_utc(row->expires_utc_ms, when));
			text_table_cell(&table, "%.*s", (int)row->text_bytes,
					(const char *)row->text);
		}
	} while (is_good && list.count == SLICE);
	text_table_end(&table);
	if (is_good)
		command_done(call, "%s", "");
}

/* One of the open proposals. */
struct proposal_look {
	uint64_t number;
	bool	 is_found;
	struct proposal proposal;
};

static void
look_at_proposal(const struct ledger *ledger, void *argument)
{
	struct proposal_look *look = argument;

	look->is_found = ledger_proposal_after(ledger, look->number - 1, &look->proposal) ==
			 look->number;
}

void
run_approve(struct command_call *call)
{
	struct proposal_look look = { .number = 0 };
	char line[PROPOSAL_TEXT_BYTES + 1];

	if (!ask_number(call, call->arguments[0], 1, INT64_MAX, &look.number) ||
	    !ask_look(call, look_at_proposal, &look))
		return;
	if (!look.is_found) {
		ask_fail(call, TG_UNKNOWN_MATTER);
		return;
	}
	/* The ledger says so, too: here before a command of several records has begun. */
	if (call->operator_name != NULL &&
	    strncmp(call->operator_name, (const char *)look.proposal.proposer, OPERATOR_BYTES) ==
		    0) {
		ask_fail(call, TG_SAME_OPERATOR);
		return;
	}
	if (call->host->utc_ms(call->host->context) >= look.proposal.expires_utc_ms) {
		ask_fail(call, TG_PROPOSAL_EXPIRED);
		return;
	}
	memcpy(line, look.proposal.text, look.proposal.text_bytes);
	line[look.proposal.text_bytes] = '\0';
	call->approves = look.number;
	command_run_approved(call, line);
	call->approves = 0;
}

void
run_reject(struct command_call *call)
{
	struct ledger_request request;
	struct ledger_answer answer;

	ask_init(call, &request, REQUEST_END_PROPOSAL);
	if (ask_number(call, call->arguments[0], 1, INT64_MAX, &request.matter) &&
	    take_reason(call, 1, &request) && ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}

static const char *
reason_text(uint8_t reason)
{
	switch (reason) {
#define REASON_TEXT(name, number, text) \
	case number: \
		return text;
		DISPUTE_REASON_LIST(REASON_TEXT)
#undef REASON_TEXT
	default:
		return "";
	}
}

/* Some of the open disputes, by number. */
struct disputes {
	uint64_t after;
	uint32_t count;
	struct dispute rows[SLICE];
};

static void
fill_disputes(const struct ledger *ledger, void *argument)
{
	struct disputes *list = argument;

	for (list->count = 0; list->count < SLICE; list->count++) {
		uint64_t next =
			ledger_dispute_after(ledger, list->after, &list->rows[list->count]);

		if (next == 0)
			return;
		list->after = next;
	}
}

static void
print_id(const uint8_t *id, char text[33])
{
	for (int i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
}

void
run_show_disputes(struct command_call *call)
{
	static const char *const titles[] = { ">dispute", ">partner", ">record",
					      ">member",  ">claimed", "reason",
					      "transaction" };
	struct disputes list = { .after = 0 };
	struct text_table table;
	char id[33];
	bool is_good;

	text_table_init(&table, call->out, titles, 7);
	do {
		is_good = ask_look(call, fill_disputes, &list);
		for (uint32_t i = 0; is_good && i < list.count; i++) {
			const struct dispute *row = &list.rows[i];

			print_id(row->original_id, id);
			text_table_cell(&table, "%" PRIu64, row->number);
			text_table_cell(&table, "%" PRIu32, row->partner);
			text_table_cell(&table, "%" PRIu64, row->about);
			text_table_cell(&table, "%" PRIu64, row->member);
			text_table_cell(&table, "%" PRId64, row->amount);
			text_table_cell(&table, "%s", reason_text(row->reason));
			text_table_cell(&table, "%s", id);
		}
	} while (is_good && list.count == SLICE);
	text_table_end(&table);
	if (is_good)
		command_done(call, "%s", "");
}

struct dispute_look {
	uint64_t number;
	bool	 is_found;
	struct dispute dispute;
};

static void
look_at_dispute(const struct ledger *ledger, void *argument)
{
	struct dispute_look *look = argument;

	look->is_found =
		ledger_dispute_after(ledger, look->number - 1, &look->dispute) == look->number;
}

/* The evidence: the record with its terminal, rule and lots, and what became of it since. */
void
run_dispute_show(struct command_call *call)
{
	struct dispute_look look = { .number = 0 };
	char partner[16], id[33], sequence[24];
	const char *const record[] = { "record", sequence };
	const char *const transaction[] = { "transaction", partner, id };

	if (!ask_number(call, call->arguments[0], 1, INT64_MAX, &look.number) ||
	    !ask_look(call, look_at_dispute, &look))
		return;
	if (!look.is_found) {
		ask_fail(call, TG_UNKNOWN_MATTER);
		return;
	}
	output_print(call->out, "dispute %" PRIu64 " of partner %" PRIu32 ": %s, claims %" PRId64
		     "\n", look.number, look.dispute.partner, reason_text(look.dispute.reason),
		     look.dispute.amount);
	snprintf(sequence, sizeof(sequence), "%" PRIu64, look.dispute.about);
	snprintf(partner, sizeof(partner), "%" PRIu32, look.dispute.partner);
	print_id(look.dispute.original_id, id);
	if (command_run_look(call, transaction, 3))
		(void)command_run_look(call, record, 2);
}

void
run_dispute_decide(struct command_call *call)
{
	struct ledger_request request;
	struct ledger_answer answer;
	const bool is_upheld = strcmp(call->arguments[0], "uphold") == 0;
	uint64_t amount = 0;

	ask_init(call, &request, REQUEST_END_DISPUTE);
	request.is_upheld = is_upheld;
	if (!ask_number(call, call->arguments[1], 1, INT64_MAX, &request.matter) ||
	    !ask_number(call, call->arguments[2], 0, TG_AMOUNT_MAX, &amount) ||
	    !take_reason(call, 3, &request))
		return;
	request.amount = (int64_t)amount;
	if (ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}
