/*
 * run_operator.c - what operators do to members: points given and taken, identifiers, merges,
 * blocks; the kill switch of burns.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/config_noun.h"
#include "admin/handlers.h"
#include "ledger/calendar.h"

bool
take_reason(struct command_call *call, uint32_t first, struct ledger_request *request)
{
	char text[COMMAND_LINE_BYTES_MAX] = "";
	size_t used = 0;

	for (uint32_t i = first; i < call->argument_count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
					 i > first ? " " : "", call->arguments[i]);
	if (used > RECORD_TEXT_BYTES_MAX) {
		command_fail(call, "a reason has at most %d bytes", RECORD_TEXT_BYTES_MAX);
		return false;
	}
	request->text_bytes = (uint8_t)used;
	memcpy(request->text, text, used);
	return true;
}

/* Does an adjustment of so many points need a second operator, and is this not the second? */
static bool
needs_second(const struct command_call *call, int64_t points)
{
	return call->host->second_points > 0 && points > call->host->second_points &&
	       call->approves == 0;
}

/* By the member's reference: what is proposed is recorded, and identifiers are not. */
static void
propose_adjustment(struct command_call *call, const struct ledger_request *adjust)
{
	struct ledger_request request = *adjust;
	struct ledger_answer answer;
	char bearer[sizeof(" partner=") + 10] = "";

	if (adjust->partner != 0)
		snprintf(bearer, sizeof(bearer), " partner=%" PRIu32, adjust->partner);
	for (uint32_t i = 0; i < adjust->text_bytes; i++) {
		if (strchr("\"\\", adjust->text[i]) == NULL)
			continue;
		command_fail(call, "the reason may have no quotes, as a second operator needs it");
		return;
	}
	request.kind = REQUEST_SHOW_MEMBER;
	if (ask_ledger(call, &request, &answer))
		ask_proposal(call, "adjust %" PRIu64 " %c%" PRId64 "%s \"%.*s\"", answer.member,
			     adjust->is_debit ? '-' : '+', adjust->points, bearer,
			     (int)adjust->text_bytes, (const char *)adjust->text);
}

/* "partner=N" before the reason: who bears it; 0 is the operator. */
static bool
take_bearer(struct command_call *call, uint32_t *at, struct ledger_request *request)
{
	static const char word[] = "partner=";
	uint64_t number;

	if (call->argument_count <= *at ||
	    strncmp(call->arguments[*at], word, sizeof(word) - 1) != 0)
		return true;
	if (!ask_number(call, call->arguments[*at] + sizeof(word) - 1, 0, INT32_MAX, &number))
		return false;
	request->partner = (uint32_t)number;
	++*at;
	return true;
}

void
run_adjust(struct command_call *call)
{
	struct ledger_request request;
	struct ledger_answer answer;
	const char *points = call->arguments[1];
	uint32_t reason = 2;
	uint64_t number;

	ask_init(call, &request, REQUEST_ADJUST);
	if (points[0] != '+' && points[0] != '-') {
		command_fail(call, "say +N to give points, -N to take them");
		return;
	}
	if (!ask_member(call, call->arguments[0], &request) ||
	    !ask_number(call, points + 1, 1, TG_AMOUNT_MAX, &number) ||
	    !take_bearer(call, &reason, &request) || !take_reason(call, reason, &request))
		return;
	request.points = (int64_t)number;
	request.is_debit = points[0] == '-';
	if (needs_second(call, request.points)) {
		propose_adjustment(call, &request);
		return;
	}
	if (ask_ledger(call, &request, &answer))
		command_done(call, "available=%" PRId64 " debt=%" PRId64 " record=%" PRIu64,
			     answer.available_points, answer.debt_points, answer.sequence);
}

/* Say what a request names by identifier, not by reference.  False: the call says how. */
static bool
names_identifier(struct command_call *call, const char *text)
{
	if (strchr(text, ':') != NULL)
		return true;
	command_fail(call, "say the identifier: card:..., phone:..., app:...");
	return false;
}

static void
block(struct command_call *call, enum block_target target, bool is_blocked)
{
	struct ledger_request request;
	struct ledger_answer answer;

	ask_init(call, &request, REQUEST_BLOCK);
	request.block_target = (uint8_t)target;
	request.is_blocked = is_blocked;
	if (target == BLOCK_IDENTIFIER && !names_identifier(call, call->arguments[0]))
		return;
	if (ask_member(call, call->arguments[0], &request) && take_reason(call, 1, &request) &&
	    ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}

void
run_block_member(struct command_call *call)
{
	block(call, BLOCK_MEMBER, true);
}

void
run_unblock_member(struct command_call *call)
{
	block(call, BLOCK_MEMBER, false);
}

void
run_block_identifier(struct command_call *call)
{
	block(call, BLOCK_IDENTIFIER, true);
}

void
run_unblock_identifier(struct command_call *call)
{
	block(call, BLOCK_IDENTIFIER, false);
}

/* "02-29", or "none". */
static bool
take_birthday(struct command_call *call, const char *text, uint16_t *ret_birthday)
{
	unsigned month, day;
	int used = 0;

	if (strcmp(text, "none") == 0) {
		*ret_birthday = 0;
		return true;
	}
	if (strlen(text) == 5 && strspn(text, "0123456789-") == 5 &&
	    sscanf(text, "%2u-%2u%n", &month, &day, &used) == 2 && used == 5 &&
	    calendar_is_month_day(CALENDAR_MONTH_DAY(month, day))) {
		*ret_birthday = CALENDAR_MONTH_DAY(month, day);
		return true;
	}
	command_fail(call, "say a day of the year: 02-29, or none");
	return false;
}

void
run_birthday(struct command_call *call)
{
	struct ledger_request request;
	struct ledger_answer answer;

	ask_init(call, &request, REQUEST_SET_BIRTHDAY);
	if (ask_member(call, call->arguments[0], &request) &&
	    take_birthday(call, call->arguments[1], &request.birthday) &&
	    take_reason(call, 2, &request) && ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}

/* The member, or its identifier, and behind it a new identifier unless at is 0; then a reason. */
static void
change_identifier(struct command_call *call, uint8_t kind, bool is_by_identifier, uint32_t at)
{
	struct ledger_request request, other;
	struct ledger_answer answer;

	ask_init(call, &request, kind);
	ask_init(call, &other, kind);
	if ((is_by_identifier && !names_identifier(call, call->arguments[0])) ||
	    !ask_member(call, call->arguments[0], &request) ||
	    (at != 0 && (!names_identifier(call, call->arguments[at]) ||
			 !ask_member(call, call->arguments[at], &other))) ||
	    !take_reason(call, at + 1, &request))
		return;
	request.new_identifier = other.identifier;
	if (ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}

void
run_link_identifier(struct command_call *call)
{
	change_identifier(call, REQUEST_LINK_FOR, false, 1);
}

void
run_unlink_identifier(struct command_call *call)
{
	change_identifier(call, REQUEST_UNLINK_FOR, true, 0);
}

void
run_replace_identifier(struct command_call *call)
{
	change_identifier(call, REQUEST_REPLACE, true, 1);
}

void
run_merge_members(struct command_call *call)
{
	struct ledger_request request, other;
	struct ledger_answer answer;

	ask_init(call, &request, REQUEST_MERGE);
	ask_init(call, &other, REQUEST_MERGE);
	if (!ask_member(call, call->arguments[0], &request) ||
	    !ask_member(call, call->arguments[1], &other) || !take_reason(call, 2, &request))
		return;
	request.other_member = other.member;
	request.new_identifier = other.identifier;
	if (ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}

void
run_unmerge_member(struct command_call *call)
{
	struct ledger_request request;
	struct ledger_answer answer;

	ask_init(call, &request, REQUEST_UNMERGE);
	if (ask_member(call, call->arguments[0], &request) && take_reason(call, 1, &request) &&
	    ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}

static void
set_value(struct command_call *call, uint8_t on, uint8_t off)
{
	struct ledger_request request;
	struct ledger_answer answer;

	ask_init(call, &request, REQUEST_SET_VALUE);
	request.value_flags_on = on;
	request.value_flags_off = off;
	if (ask_member(call, call->arguments[0], &request) && take_reason(call, 1, &request) &&
	    ask_ledger(call, &request, &answer))
		command_done(call, "value=%" PRId64 " record=%" PRIu64, answer.value_after,
			     answer.sequence);
}

void
run_value_register(struct command_call *call)
{
	set_value(call, VALUE_REGISTERED, 0);
}

void
run_value_bearer(struct command_call *call)
{
	set_value(call, 0, VALUE_REGISTERED);
}

void
run_value_freeze(struct command_call *call)
{
	set_value(call, VALUE_FROZEN, 0);
}

void
run_value_free(struct command_call *call)
{
	set_value(call, 0, VALUE_FROZEN);
}

/* The kill switch of the whole programme: a version of it that differs in the one flag. */
static void
switch_programme_locked(struct command_call *call, bool is_off)
{
	struct ledger_request request;
	struct ledger_answer answer;

	ask_init(call, &request, REQUEST_SET_PROGRAMME);
	if (!ask_programme(call, &request.programme))
		return;
	request.programme.flags =
		(request.programme.flags & ~PROGRAMME_BURN_OFF) | (is_off ? PROGRAMME_BURN_OFF : 0);
	if (ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}

static void
switch_programme(struct command_call *call, bool is_off)
{
	if (!command_change_begin(call))
		return;
	switch_programme_locked(call, is_off);
	command_change_end(call);
}

static void
switch_burn(struct command_call *call, bool is_off)
{
	if (strcmp(call->arguments[0], "all") == 0)
		switch_programme(call, is_off);
	else
		change_flag(call, &partner_noun, "burn_off", is_off);
}

void
run_burn_off(struct command_call *call)
{
	switch_burn(call, true);
}

void
run_burn_on(struct command_call *call)
{
	switch_burn(call, false);
}

void
run_block_terminal(struct command_call *call)
{
	change_flag(call, &terminal_noun, "blocked", true);
}

void
run_unblock_terminal(struct command_call *call)
{
	change_flag(call, &terminal_noun, "blocked", false);
}

void
run_block_store(struct command_call *call)
{
	change_flag(call, &store_noun, "blocked", true);
}

void
run_unblock_store(struct command_call *call)
{
	change_flag(call, &store_noun, "blocked", false);
}

void
run_block_partner(struct command_call *call)
{
	change_flag(call, &partner_noun, "blocked", true);
}

void
run_unblock_partner(struct command_call *call)
{
	change_flag(call, &partner_noun, "blocked", false);
}
