/*
 * run_language.c - how a session is talked to: its format, and commands that repeat.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/handlers.h"

#define EVERY_MS_MIN 100
#define EVERY_MS_MAX 3600000

void
run_format(struct command_call *call)
{
	call->out->is_json = strcmp(call->arguments[0], "json") == 0;
	command_done(call, "%s", call->arguments[0]);
}

/* "500ms", "2s", "1m", "2": ms. */
static bool
parse_interval(const char *text, int32_t *ret_ms)
{
	static const struct {
		const char *unit;
		unsigned long ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "", 1000 } };
	char *end;
	const unsigned long number = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || number > EVERY_MS_MAX)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const unsigned long ms = number * units[i].ms;

		if (strcmp(end, units[i].unit) == 0 && ms >= EVERY_MS_MIN && ms <= EVERY_MS_MAX) {
			*ret_ms = (int32_t)ms;
			return true;
		}
	}
	return false;
}

void
run_every(struct command_call *call)
{
	const char *words[COMMAND_WORDS_MAX];
	const uint32_t count = call->argument_count - 1;
	uint64_t runs = 0;
	int32_t ms;

	if (!parse_interval(call->arguments[0], &ms)) {
		command_fail(call, "an interval is 100ms to 60m, as 2s");
		return;
	}
	memcpy(words, call->arguments + 1, count * sizeof(words[0]));
	do {
		if (runs > 0)
			output_text(call->out, "\n");
		if (!command_run_look(call, words, count))
			return;
		output_write_out(call->out);
		runs++;
	} while (!call->out->is_broken && call->pause(call->pause_context, ms));
	command_done(call, "runs=%" PRIu64, runs);
}
