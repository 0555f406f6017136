/*
 * run_member.c - a member, an identifier, a transaction, a record: what happened, and what is there
 * now.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/handlers.h"
#include "admin/record_text.h"
#include "admin/text_table.h"
#include "admin/when.h"

static void
print_balances(struct command_call *call, const struct ledger_answer *answer)
{
	static const char *const titles[] = { "what", ">points" };
	struct text_table table;

	output_print(call->out, "member %" PRIu64 ", %u identifier%s%s\n", answer->member,
		     answer->identifier_count, answer->identifier_count == 1 ? "" : "s",
		     answer->is_member_blocked ? ", blocked" : "");
	if (answer->merged_with != 0)
		output_print(call->out,
			     "merged with member %" PRIu64 ": points are those of both\n",
			     answer->merged_with);
	text_table_init(&table, call->out, titles, 2);
	text_table_cell(&table, "available");
	text_table_cell(&table, "%" PRId64, answer->available_points);
	text_table_cell(&table, "pending");
	text_table_cell(&table, "%" PRId64, answer->pending_points);
	text_table_cell(&table, "held");
	text_table_cell(&table, "%" PRId64, answer->held_points);
	text_table_cell(&table, "debt");
	text_table_cell(&table, "%" PRId64, answer->debt_points);
	text_table_end(&table);
	if (answer->has_value)
		output_print(call->out, "stored value %" PRId64 " minor units%s%s\n",
			     answer->value_after,
			     (answer->value_flags & VALUE_REGISTERED) != 0 ? ", registered" :
									      ", bearer",
			     (answer->value_flags & VALUE_FROZEN) != 0 ? ", frozen" : "");
}

static void
print_expiries(struct command_call *call, const struct ledger_answer *answer)
{
	static const char *const titles[] = { "last day", ">points" };
	struct text_table table;
	char day[WHEN_BYTES];

	if (answer->expiry_count == 0)
		return;
	text_table_init(&table, call->out, titles, 2);
	for (uint32_t i = 0; i < answer->expiry_count; i++) {
		text_table_cell(&table, "%s", when_day(answer->expiries[i].last_day, day));
		text_table_cell(&table, "%" PRId64, answer->expiries[i].points);
	}
	text_table_end(&table);
}

static void
print_entries(struct command_call *call, const struct ledger_answer *answer)
{
	static const char *const titles[] = { ">record", "booked at", "kind",	"status",
					      ">partner", ">store",   ">points" };
	struct text_table table;
	char time[WHEN_BYTES];

	if (answer->entry_count == 0)
		return;
	text_table_init(&table, call->out, titles, 7);
	for (uint32_t i = 0; i < answer->entry_count; i++) {
		const struct answer_entry *entry = &answer->entries[i];

		text_table_cell(&table, "%" PRIu64, entry->sequence);
		text_table_cell(&table, "%s", when_utc(entry->booked_at_utc_ms, time));
		text_table_cell(&table, "%s", record_kind_name(entry->kind));
		text_table_cell(&table, "%s", tg_status_name((enum tg_status)entry->status));
		text_table_cell(&table, "%" PRIu32, entry->partner);
		text_table_cell(&table, "%" PRIu32, entry->store);
		text_table_cell(&table, "%+" PRId64, entry->points);
	}
	text_table_end(&table);
}

void
run_member(struct command_call *call)
{
	struct ledger_request request;
	struct ledger_answer answer;

	ask_init(call, &request, REQUEST_SHOW_MEMBER);
	request.entries_wanted = ANSWER_ENTRIES_MAX;
	if (!ask_member(call, call->arguments[0], &request) ||
	    !ask_ledger(call, &request, &answer))
		return;
	print_balances(call, &answer);
	print_expiries(call, &answer);
	print_entries(call, &answer);
	command_done(call, "%s", "");
}

void
run_identifier(struct command_call *call)
{
	static const char *const titles[] = { "what", "is" };
	struct ledger_request request;
	struct ledger_answer answer;
	struct text_table table;

	ask_init(call, &request, REQUEST_SHOW_MEMBER);
	if (!ask_member(call, call->arguments[0], &request))
		return;
	if (request.member != 0) {
		command_fail(call, "an identifier is said as card:..., phone:... or app:...");
		return;
	}
	if (!ask_ledger(call, &request, &answer))
		return;
	text_table_init(&table, call->out, titles, 2);
	text_table_cell(&table, "member");
	text_table_cell(&table, "%" PRIu64, answer.member);
	text_table_cell(&table, "identifier");
	text_table_cell(&table, "%s", answer.is_identifier_blocked ? "blocked" : "good");
	text_table_cell(&table, "its member");
	text_table_cell(&table, "%s", answer.is_member_blocked ? "blocked" : "good");
	text_table_cell(&table, "key of its hash");
	text_table_cell(&table, "%u", answer.identifier_key);
	text_table_end(&table);
	command_done(call, "%s", "");
}

/* Read the record and print it.  False: the call says why. */
static bool
print_record(struct command_call *call, uint64_t sequence)
{
	uint8_t *bytes = malloc(RECORD_BYTES_MAX);
	struct record *record = malloc(sizeof(*record));
	uint32_t count = 0;
	size_t used;
	enum tg_status status = TG_NO_MEMORY;

	if (bytes != NULL && record != NULL)
		status = call->host->read_record(call->host->context, sequence, bytes,
						 RECORD_BYTES_MAX, &count);
	if (status == TG_OK)
		status = record_decode(bytes, count, record, &used);
	if (status == TG_OK)
		record_text_print(call->out, record);
	else if (status == TG_UNKNOWN_TRANSACTION)
		command_fail(call, "no record %" PRIu64 " in journal and archive", sequence);
	else
		ask_fail(call, status);
	free(record);
	free(bytes);
	return status == TG_OK;
}

void
run_record(struct command_call *call)
{
	uint64_t sequence;

	if (ask_number(call, call->arguments[0], 1, UINT64_MAX, &sequence) &&
	    print_record(call, sequence))
		command_done(call, "%s", "");
}

/* 32 hexadecimal digits; a time behind an @, as tally prints it, is passed over. */
static bool
parse_id(const char *text, uint8_t id[TG_TRANSACTION_ID_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 2 * (size_t)TG_TRANSACTION_ID_BYTES; i++) {
		const char lower = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] + ('a' - 'A') :
									     text[i]);
		const char *digit = lower != '\0' ? strchr(digits, lower) : NULL;

		if (digit == NULL)
			return false;
		id[i / 2] = (uint8_t)(id[i / 2] << 4 | (uint8_t)(digit - digits));
	}
	text += 2 * TG_TRANSACTION_ID_BYTES;
	return *text == '\0' || *text == '@';
}

static const char *
state_name(uint8_t state)
{
	static const char *const names[] = { "standing", "reversed", "open",
					     "captured", "released", "expired" };

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static void
print_outcome(struct command_call *call, const struct ledger_answer *answer)
{
	const enum tg_status outcome = (enum tg_status)answer->outcome;
	char time[WHEN_BYTES];

	output_print(call->out, "%s: %s (%s), now %s\n", record_kind_name(answer->outcome_kind),
		     tg_status_name(outcome), tg_status_text(outcome),
		     state_name(answer->outcome_state));
	output_print(call->out, "record %" PRIu64 " of %s\n", answer->sequence,
		     when_utc(answer->booked_at_utc_ms, time));
	if (answer->taken_points != 0 || answer->restored_points != 0)
		output_print(call->out,
			     "undone since: %" PRId64 " points taken, %" PRId64 " restored\n",
			     answer->taken_points, answer->restored_points);
}

void
run_transaction(struct command_call *call)
{
	struct ledger_request request;
	struct ledger_answer answer;
	uint64_t partner;

	ask_init(call, &request, REQUEST_SHOW_TRANSACTION);
	if (!ask_number(call, call->arguments[0], 1, UINT32_MAX, &partner))
		return;
	if (!parse_id(call->arguments[1], request.original_id)) {
		command_fail(call, "a transaction id is 32 hexadecimal digits");
		return;
	}
	request.partner = (uint32_t)partner;
	request.original_time_utc_ms = 1; /* when the ledger has forgotten it: ask MariaDB */
	if (!ask_ledger(call, &request, &answer))
		return;
	call->sequence = 0; /* of the transaction, not of this look at it */
	print_outcome(call, &answer);
	if (print_record(call, answer.sequence))
		command_done(call, "%s", "");
}
