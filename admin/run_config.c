/*
 * run_config.c - add, change and show one partner, rule, store or terminal.
 *
 * A change reads the row, changes fields and sets it whole; the console's change lock keeps another
 * session from doing the same in between.  Nothing but the console sets these rows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/config_noun.h"
#include "admin/handlers.h"
#include "admin/text_table.h"

/* A row as the ledger has it now. */
struct row_look {
	const struct config_noun *noun;
	uint32_t key;
	bool	 is_found;
	union config_image image;
};

static void
look_at_row(const struct ledger *ledger, void *argument)
{
	struct row_look *look = argument;
	const void *image = look->noun->find(ledger, look->key);

	look->is_found = image != NULL;
	if (image != NULL)
		memcpy(&look->image, image, look->noun->fields->image_bytes);
}

/* The key in the first argument. */
static bool
parse_key(struct command_call *call, const struct config_noun *noun, uint32_t *ret_key)
{
	const struct field *field = &noun->fields->fields[0];
	uint64_t key;

	if (!ask_number(call, call->arguments[0], (uint64_t)field->low, (uint64_t)field->high,
			&key))
		return false;
	*ret_key = (uint32_t)key;
	return true;
}

/*
 * Take field=value arguments from the second on; *ret_given: a bit for each field that was named.
 */
static bool
assign_arguments(struct command_call *call, const struct config_noun *noun,
		 union config_image *image, uint32_t *ret_given)
{
	const struct field_set *fields = noun->fields;
	char name[32];
	char why[FIELD_TEXT_BYTES];

	*ret_given = 1;
	for (uint32_t i = 1; i < call->argument_count; i++) {
		const char *argument = call->arguments[i];
		const char *equals = strchr(argument, '=');
		uint32_t index;

		snprintf(name, sizeof(name), "%.*s",
			 (int)(equals != NULL ? equals - argument : 0), argument);
		index = field_match(fields, name);
		if (index == fields->count || index == 0) {
			command_fail(call, "\"%.40s\" is no field=value of a %s; see help",
				     argument, fields->noun);
			return false;
		}
		if ((*ret_given & (UINT32_C(1) << index)) != 0) {
			command_fail(call, "%s is said twice", name);
			return false;
		}
		*ret_given |= UINT32_C(1) << index;
		if (!field_assign(&fields->fields[index], image, equals + 1, why)) {
			command_fail(call, "%s: %s", name, why);
			return false;
		}
	}
	return true;
}

/* Has everything been said that a new row needs? */
static bool
check_required(struct command_call *call, const struct field_set *fields, uint32_t given)
{
	for (uint32_t i = 0; i < fields->count; i++) {
		if (fields->fields[i].fallback == NULL && (given & (UINT32_C(1) << i)) == 0) {
			command_fail(call, "%s= must be said", fields->fields[i].name);
			return false;
		}
	}
	return true;
}

static void
set_row(struct command_call *call, const struct config_noun *noun, const union config_image *image)
{
	struct ledger_request request;
	struct ledger_answer answer;

	ask_init(call, &request, noun->request_kind);
	config_noun_fill(noun, image, &request);
	if (ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}

/* Between taking and giving back the change lock. */
static void
change_locked(struct command_call *call, const struct config_noun *noun, enum change_kind kind)
{
	struct row_look look = { .noun = noun };
	uint32_t given;

	if (!parse_key(call, noun, &look.key) || !ask_look(call, look_at_row, &look))
		return;
	if (!noun->is_added_to && look.is_found != (kind == CHANGE_CHANGE)) {
		command_fail(call, "there is %s %s %" PRIu32, look.is_found ? "already a" : "no",
			     noun->fields->noun, look.key);
		return;
	}
	if (!look.is_found) {
		char why[FIELD_TEXT_BYTES];

		field_set_defaults(noun->fields, &look.image);
		(void)field_assign(&noun->fields->fields[0], &look.image, call->arguments[0], why);
	}
	if (!assign_arguments(call, noun, &look.image, &given) ||
	    (!look.is_found && !check_required(call, noun->fields, given)))
		return;
	set_row(call, noun, &look.image);
}

void
change_config(struct command_call *call, const struct config_noun *noun, enum change_kind kind)
{
	if (!command_change_begin(call))
		return;
	change_locked(call, noun, kind);
	command_change_end(call);
}

void
run_partner_add(struct command_call *call)
{
	change_config(call, &partner_noun, CHANGE_ADD);
}

void
run_partner_change(struct command_call *call)
{
	change_config(call, &partner_noun, CHANGE_CHANGE);
}

void
run_partner_terms(struct command_call *call)
{
	change_config(call, &funding_noun, CHANGE_ADD);
}

void
run_rule_add(struct command_call *call)
{
	change_config(call, &rule_noun, CHANGE_ADD);
}

void
run_store_add(struct command_call *call)
{
	change_config(call, &store_noun, CHANGE_ADD);
}

void
run_store_change(struct command_call *call)
{
	change_config(call, &store_noun, CHANGE_CHANGE);
}

void
run_terminal_add(struct command_call *call)
{
	uint64_t hours;

	if (!take_code_hours(call, &hours))
		return;
	change_config(call, &terminal_noun, CHANGE_ADD);
	if (call->is_done && hours > 0)
		give_first_code(call, hours);
}

void
run_terminal_change(struct command_call *call)
{
	change_config(call, &terminal_noun, CHANGE_CHANGE);
}

static void
change_flag_locked(struct command_call *call, const struct config_noun *noun, const char *field,
		   bool is_set)
{
	const struct field_set *fields = noun->fields;
	struct row_look look = { .noun = noun };
	char why[FIELD_TEXT_BYTES];

	if (!parse_key(call, noun, &look.key) || !ask_look(call, look_at_row, &look))
		return;
	if (!look.is_found) {
		command_fail(call, "there is no %s %" PRIu32, fields->noun, look.key);
		return;
	}
	(void)field_assign(&fields->fields[field_find(fields, field)], &look.image,
			   is_set ? "yes" : "no", why);
	set_row(call, noun, &look.image);
}

void
change_flag(struct command_call *call, const struct config_noun *noun, const char *field,
	    bool is_set)
{
	if (!command_change_begin(call))
		return;
	change_flag_locked(call, noun, field, is_set);
	command_change_end(call);
}

/*
 * The next generation, with the present one accepted besides, for so many hours if not 0; or only
 * no old one any more.
 */
static void
rotate_locked(struct command_call *call, bool is_end, uint64_t hours)
{
	const struct console_host *host = call->host;
	struct row_look look = { .noun = &terminal_noun };
	struct terminal_config *terminal = &look.image.terminal;

	if (!parse_key(call, &terminal_noun, &look.key) || !ask_look(call, look_at_row, &look))
		return;
	if (!look.is_found) {
		command_fail(call, "there is no terminal %" PRIu32, look.key);
		return;
	}
	if (!is_end && terminal->key_generation == UINT16_MAX) {
		command_fail(call, "the terminal has had all generations of keys");
		return;
	}
	terminal->key_generation_old = is_end ? 0 : terminal->key_generation;
	terminal->key_generation = (uint16_t)(terminal->key_generation + (is_end ? 0 : 1));
	terminal->old_key_until_utc_ms =
		hours == 0 ? 0 : host->utc_ms(host->context) + (int64_t)hours * MS_PER_HOUR;
	set_row(call, &terminal_noun, &look.image);
	if (call->is_done)
		command_done(call, "generation=%u generation_old=%u record=%" PRIu64,
			     (unsigned)terminal->key_generation,
			     (unsigned)terminal->key_generation_old, call->sequence);
}

void
run_terminal_rotate(struct command_call *call)
{
	const bool has_word = call->argument_count == 2;
	const bool is_end = has_word && strcmp(call->arguments[1], "end-old") == 0;
	uint64_t hours = 0;

	if (has_word && !is_end && !ask_number(call, call->arguments[1], 1, HOURS_MAX, &hours))
		return;
	if (!command_change_begin(call))
		return;
	rotate_locked(call, is_end, hours);
	command_change_end(call);
}

static void
print_fields(struct command_call *call, const struct field_set *fields, const void *image)
{
	static const char *const titles[] = { "field", "value", "" };
	struct text_table table;
	char text[FIELD_TEXT_BYTES];

	text_table_init(&table, call->out, titles, 3);
	for (uint32_t i = 0; i < fields->count; i++) {
		field_format(&fields->fields[i], image, text);
		text_table_cell(&table, "%s", fields->fields[i].name);
		text_table_cell(&table, "%s", text);
		text_table_cell(&table, "%s", fields->fields[i].help);
	}
	text_table_end(&table);
}

bool
show_config(struct command_call *call, const struct config_noun *noun)
{
	struct row_look look = { .noun = noun };

	if (!parse_key(call, noun, &look.key) || !ask_look(call, look_at_row, &look))
		return false;
	if (!look.is_found) {
		command_fail(call, "there is no %s %" PRIu32, noun->fields->noun, look.key);
		return false;
	}
	print_fields(call, noun->fields, &look.image);
	command_done(call, "%s", "");
	return true;
}

void
run_partner_show(struct command_call *call)
{
	struct row_look rule = { .noun = &rule_noun };
	struct row_look terms = { .noun = &funding_noun };

	if (!show_config(call, &partner_noun) || !parse_key(call, &partner_noun, &rule.key))
		return;
	terms.key = rule.key;
	if (!ask_look(call, look_at_row, &rule) || !ask_look(call, look_at_row, &terms))
		return;
	if (rule.is_found) {
		output_print(call->out, "earning rule, version %" PRIu32 "\n",
			     rule.image.rule.version);
		print_fields(call, &rule_field_set, &rule.image);
	}
	if (terms.is_found) {
		output_print(call->out, "funding terms, version %" PRIu32 "\n",
			     terms.image.funding.version);
		print_fields(call, &funding_field_set, &terms.image);
	}
}

void
run_store_show(struct command_call *call)
{
	(void)show_config(call, &store_noun);
}

void
run_terminal_show(struct command_call *call)
{
	if (show_config(call, &terminal_noun))
		print_code_state(call);
}
