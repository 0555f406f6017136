/*
 * run_activation.c - one-time codes, with which tills get their keys.
 *
 * A code is shown once, to who made it: the ledger has only its hash, the log only the command.
 */
#include <inttypes.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/config_noun.h"
#include "admin/handlers.h"
#include "admin/text_table.h"
#include "admin/when.h"

#define HOURS_DEFAULT 72
#define CODE_FIELD "code="

/* A terminal, and the code it has or had. */
struct code_look {
	uint32_t number;
	bool	 is_found, has_code;
	struct terminal_config terminal;
	struct activation code;
};

static void
look_at_code(const struct ledger *ledger, void *argument)
{
	struct code_look *look = argument;
	const struct terminal_config *terminal = ledger_terminal_find(ledger, look->number);
	const struct activation *code = ledger_activation_find(ledger, look->number);

	look->is_found = terminal != NULL;
	look->has_code = code != NULL;
	if (terminal != NULL)
		look->terminal = *terminal;
	if (code != NULL)
		look->code = *code;
}

/* The terminal that the first argument names. */
static bool
look_up(struct command_call *call, struct code_look *ret_look)
{
	uint64_t number;

	if (!ask_number(call, call->arguments[0], 1, UINT32_MAX, &number))
		return false;
	*ret_look = (struct code_look){ .number = (uint32_t)number };
	if (!ask_look(call, look_at_code, ret_look))
		return false;
	if (!ret_look->is_found)
		command_fail(call, "there is no terminal %" PRIu64, number);
	return ret_look->is_found;
}

/* Set the terminal as it is, with another code; ret_sequence: of the record. */
static bool
set_code(struct command_call *call, const struct code_look *look,
	 const struct activation *activation, uint64_t *ret_sequence)
{
	struct ledger_request request;
	struct ledger_answer answer;

	ask_init(call, &request, REQUEST_SET_TERMINAL);
	request.terminal_image = look->terminal;
	request.has_activation = true;
	request.activation = *activation;
	if (!ask_ledger(call, &request, &answer))
		return false;
	*ret_sequence = answer.sequence;
	return true;
}

static void
show_code(struct command_call *call, const struct code_look *look, const char *code,
	  int64_t expires_utc_ms)
{
	static const char *const titles[] = { ">terminal", "code", "expires" };
	struct text_table table;
	char when[WHEN_BYTES];

	text_table_init(&table, call->out, titles, 3);
	text_table_cell(&table, "%" PRIu32, look->number);
	text_table_cell(&table, "%s", code);
	text_table_cell(&table, "%s", when_utc(expires_utc_ms, when));
	text_table_end(&table);
}

/*
 * Make a code that gives the key of the present generation, or of the next: then the present one
 * is good until the code is used.
 */
static void
make_code_locked(struct command_call *call, uint64_t hours, bool is_next)
{
	const struct console_host *host = call->host;
	struct activation activation = { 0 };
	struct code_look look;
	char code[HOST_CODE_BYTES];
	uint64_t sequence;

	if (!look_up(call, &look))
		return;
	if (is_next && look.terminal.key_generation == UINT16_MAX) {
		command_fail(call, "the terminal has had all generations of keys");
		return;
	}
	if (host->make_code(host->context, look.number, code, activation.code_hash) != TG_OK) {
		command_fail(call, "there are no random numbers");
		return;
	}
	activation.key_generation =
		(uint16_t)(look.terminal.key_generation + (is_next ? 1 : 0));
	activation.expires_utc_ms = host->utc_ms(host->context) + (int64_t)hours * MS_PER_HOUR;
	if (set_code(call, &look, &activation, &sequence)) {
		show_code(call, &look, code, activation.expires_utc_ms);
		command_done(call, "generation=%u record=%" PRIu64,
			     (unsigned)activation.key_generation, sequence);
	}
	memset(code, 0, sizeof(code));
}

static void
end_code_locked(struct command_call *call)
{
	struct activation none = { 0 };
	struct code_look look;
	uint64_t sequence;

	if (!look_up(call, &look))
		return;
	none.key_generation = look.terminal.key_generation;
	if (set_code(call, &look, &none, &sequence))
		command_done(call, "record=%" PRIu64, sequence);
}

/* Under the change lock: hours 0 ends the code that there is. */
static void
change_code(struct command_call *call, uint64_t hours, bool is_next)
{
	if (pthread_mutex_trylock(&call->shared->change_lock) != 0) {
		command_fail(call, "another session is changing the configuration");
		return;
	}
	if (hours > 0)
		make_code_locked(call, hours, is_next);
	else
		end_code_locked(call);
	pthread_mutex_unlock(&call->shared->change_lock);
}

bool
take_code_hours(struct command_call *call, uint64_t *ret_hours)
{
	const char *last = call->arguments[call->argument_count - 1];

	*ret_hours = 0;
	if (strncmp(last, CODE_FIELD, sizeof(CODE_FIELD) - 1) != 0)
		return true;
	if (!ask_number(call, last + sizeof(CODE_FIELD) - 1, 1, HOURS_MAX, ret_hours))
		return false;
	call->argument_count--;
	return true;
}

void
give_first_code(struct command_call *call, uint64_t hours)
{
	change_code(call, hours, false);
}

void
run_terminal_code(struct command_call *call)
{
	uint64_t hours = HOURS_DEFAULT;

	if (call->argument_count == 2 && strcmp(call->arguments[1], "end") == 0)
		hours = 0;
	else if (call->argument_count == 2 &&
		 !ask_number(call, call->arguments[1], 1, HOURS_MAX, &hours))
		return;
	change_code(call, hours, true);
}

/* What became of a code. */
static const char *
code_state(const struct command_call *call, const struct activation *code)
{
	static const uint8_t none[sizeof(code->code_hash)];

	if (memcmp(code->code_hash, none, sizeof(none)) == 0)
		return "ended";
	if (code->is_used)
		return "used";
	return call->host->utc_ms(call->host->context) < code->expires_utc_ms ? "open" : "expired";
}

void
print_code_state(struct command_call *call)
{
	static const char *const titles[] = { "code", "generation", "expires" };
	struct text_table table;
	struct code_look look;
	char when[WHEN_BYTES];

	if (!look_up(call, &look) || !look.has_code)
		return;
	text_table_init(&table, call->out, titles, 3);
	text_table_cell(&table, "%s", code_state(call, &look.code));
	text_table_cell(&table, "%u", (unsigned)look.code.key_generation);
	text_table_cell(&table, "%s", when_utc(look.code.expires_utc_ms, when));
	text_table_end(&table);
}
