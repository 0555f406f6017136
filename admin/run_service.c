/*
 * run_service.c - taking a partner, or everybody, out of service and back in.
 *
 * A drain is kept in memory only: a gateway that starts is there to serve, and an operator's drain
 * that nobody remembers must not outlive the night.  For what lasts there is `block`.
 */
#include <inttypes.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/config_noun.h"
#include "admin/handlers.h"

#define LOOK_MS 20
#define CLOSE_MS 3000			/* what a peer may take to close, beyond draining */

struct partner_look {
	uint32_t number;
	bool	 is_there;
};

static void
look_at_partner(const struct ledger *ledger, void *argument)
{
	struct partner_look *look = argument;

	look->is_there = partner_noun.find(ledger, look->number) != NULL;
}

/* The partner that the first argument names. */
static bool
parse_partner(struct command_call *call, uint32_t *ret_partner)
{
	struct partner_look look;
	uint64_t number;

	if (!ask_number(call, call->arguments[0], 1, UINT32_MAX, &number))
		return false;
	look.number = (uint32_t)number;
	if (!ask_look(call, look_at_partner, &look))
		return false;
	if (!look.is_there) {
		command_fail(call, "there is no partner %" PRIu32, look.number);
		return false;
	}
	*ret_partner = look.number;
	return true;
}

/* Until the last connection is closed, or something is said. */
static void
await_closed(struct command_call *call, uint32_t partner)
{
	const struct console_host *host = call->host;
	struct host_service service = host->service(host->context, partner);
	const int64_t at_most_ms = service.drain_ms + CLOSE_MS;

	for (int64_t waited_ms = 0; service.connections > 0 && waited_ms < at_most_ms &&
				    call->pause(call->pause_context, LOOK_MS);
	     waited_ms += LOOK_MS)
		service = host->service(host->context, partner);
	command_done(call, "connections=%" PRIu32 " record=%" PRIu64, service.connections,
		     call->sequence);
}

/* Drain or resume.  partner 0: everybody. */
static void
serve(struct command_call *call, uint32_t partner, bool is_served)
{
	const struct console_host *host = call->host;
	const char *what = is_served ? "resume" : "drain";
	enum tg_status status;

	if (partner == 0)
		ask_note_if_able(call, "%s all", what);
	else
		ask_note_if_able(call, "%s partner %" PRIu32, what, partner);
	status = host->serve(host->context, partner, is_served);
	if (status != TG_OK)
		ask_fail(call, status);
	else if (is_served)
		command_done(call, "record=%" PRIu64, call->sequence);
	else
		await_closed(call, partner);
}

static void
serve_partner(struct command_call *call, bool is_served)
{
	uint32_t partner;

	if (parse_partner(call, &partner))
		serve(call, partner, is_served);
}

void
run_drain_all(struct command_call *call)
{
	serve(call, 0, false);
}

void
run_drain_partner(struct command_call *call)
{
	serve_partner(call, false);
}

void
run_resume_all(struct command_call *call)
{
	serve(call, 0, true);
}

void
run_resume_partner(struct command_call *call)
{
	serve_partner(call, true);
}
