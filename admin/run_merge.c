/*
 * run_merge.c - two members of one person joined, and parted again.
 *
 * Where changes need a second operator, what is proposed names members by reference: it is
 * recorded, and identifiers are not.
 */
#include <inttypes.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/handlers.h"

static bool
needs_second(const struct command_call *call)
{
	return call->host->needs_second_for_rates && call->approves == 0;
}

/* The reference of whom the words name. */
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

/* A proposal is spelled as it is said again: the reason in quotes. */
static bool
is_reason_plain(struct command_call *call, const struct ledger_request *request)
{
	for (uint32_t i = 0; i < request->text_bytes; i++) {
		if (strchr("\"\\", request->text[i]) == NULL)
			continue;
		command_fail(call, "the reason may have no quotes, as a second operator needs it");
		return false;
	}
	return true;
}

void
run_merge_members(struct command_call *call)
{
	struct ledger_request request;
	struct ledger_answer answer;

	ask_init(call, &request, REQUEST_MERGE);
	if (!take_reason(call, 2, &request) ||
	    !find_member(call, call->arguments[0], &request.member) ||
	    !find_member(call, call->arguments[1], &request.other_member))
		return;
	if (!needs_second(call)) {
		if (ask_ledger(call, &request, &answer))
			command_done(call, "record=%" PRIu64, answer.sequence);
	} else if (is_reason_plain(call, &request)) {
		ask_proposal(call, "merge members %" PRIu64 " %" PRIu64 " \"%.*s\"", request.member,
			     request.other_member, (int)request.text_bytes,
			     (const char *)request.text);
	}
}

void
run_unmerge_member(struct command_call *call)
{
	struct ledger_request request;
	struct ledger_answer answer;

	ask_init(call, &request, REQUEST_UNMERGE);
	if (!take_reason(call, 1, &request) ||
	    !find_member(call, call->arguments[0], &request.member))
		return;
	if (!needs_second(call)) {
		if (ask_ledger(call, &request, &answer))
			command_done(call, "record=%" PRIu64, answer.sequence);
	} else if (is_reason_plain(call, &request)) {
		ask_proposal(call, "unmerge member %" PRIu64 " \"%.*s\"", request.member,
			     (int)request.text_bytes, (const char *)request.text);
	}
}
