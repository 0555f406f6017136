/*
 * run_gateway.c - the day's end, the clock, snapshots, stopping.
 */
#include <inttypes.h>

#include "admin/ask.h"
#include "admin/handlers.h"
#include "admin/when.h"
#include "protocol/message.h"

void
run_cutover(struct command_call *call)
{
	struct ledger_request request;
	struct ledger_answer answer;
	char day[WHEN_BYTES];

	ask_init(call, &request, REQUEST_CUTOVER);
	if (!ask_ledger(call, &request, &answer))
		return;
	command_done(call, "business_date=%s record=%" PRIu64,
		     when_day(call->host->business_date(call->host->context), day),
		     answer.sequence);
}

/* utc_ms: 0 to accept the wall clock. */
static void
set_clock(struct command_call *call, int64_t utc_ms)
{
	struct ledger_request request;
	struct ledger_answer answer;
	const struct console_host *host = call->host;
	enum tg_status status;
	char day[WHEN_BYTES];
	int64_t now_ms;

	ask_init(call, &request, REQUEST_CLOCK);
	request.clock_utc_ms = utc_ms;
	status = host->set_clock(host->context, &request, &answer);
	if (status == TG_FORBIDDEN) {
		command_fail(call, utc_ms == 0 ? "a stepped clock is moved by clock step" :
						 "only a stepped clock is moved (clock.source)");
		return;
	}
	if (!ask_judge(call, status, &answer))
		return;
	now_ms = host->utc_ms(host->context);
	command_done(call, "utc_ms=%" PRId64 " business_date=%s record=%" PRIu64, now_ms,
		     when_day(host->business_date(host->context), day), answer.sequence);
}

void
run_clock_accept(struct command_call *call)
{
	set_clock(call, 0);
}

void
run_clock_step(struct command_call *call)
{
	int64_t utc_ms;

	if (!when_parse_utc(call->arguments[0], &utc_ms) || utc_ms < 1) {
		command_fail(call, "\"%.40s\" is no time: say milliseconds since 1970, 1997-01-31, "
				   "or 1997-01-31T08:15:00Z", call->arguments[0]);
		return;
	}
	set_clock(call, utc_ms);
}

void
run_snapshot(struct command_call *call)
{
	uint64_t sequence = 0;
	enum tg_status status;

	/* A full disk is a reason for a snapshot, which lets old segments go. */
	ask_note_if_able(call, "snapshot");
	status = call->host->snapshot(call->host->context, &sequence);
	if (status == TG_OUT_OF_TURN)
		command_fail(call, "a snapshot is being made already");
	else if (status != TG_OK)
		ask_fail(call, status);
	else
		command_done(call, "sequence=%" PRIu64 " record=%" PRIu64, sequence,
			     call->sequence);
}

void
run_shutdown(struct command_call *call)
{
	ask_note_if_able(call, "shutdown");
	call->host->shutdown(call->host->context);
	call->wants_close = true;
	command_done(call, "stopping record=%" PRIu64, call->sequence);
}

void
run_quit(struct command_call *call)
{
	call->wants_close = true;
	command_done(call, "bye");
}
