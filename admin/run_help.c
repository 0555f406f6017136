/*
 * run_help.c - help, printed from the rows of the command table and of the fields.
 *
 * For programs (`format json`) each command comes with what its arguments may begin with: a list
 * for each argument, of literals, of words that end with "=", and of what stands in <>, which
 * somebody has to know.  So a client completes without knowing the commands.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/field.h"
#include "admin/grammar.h"
#include "admin/handlers.h"
#include "admin/text_table.h"

#define SLICE 16			/* settings asked for at once */

/* The fields that a command takes, if it takes any. */
static const struct field_set *
fields_of(const struct command *command)
{
	static const struct field_set *const sets[] = { &partner_field_set, &rule_field_set,
							&store_field_set, &terminal_field_set,
							&cycle_field_set };
	const char *is_import = strstr(command->words, "import ");

	if (is_import == NULL && strstr(command->arguments, "field=value") == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		const char *noun = is_import != NULL ? is_import + strlen("import ") :
						       command->words;

		if (strncmp(noun, sets[i]->noun, strlen(sets[i]->noun)) == 0)
			return sets[i];
	}
	return NULL;
}

static void
append(json_t *list, const char *text, size_t bytes, const char *end)
{
	(void)json_array_append_new(list, json_sprintf("%.*s%s", (int)bytes, text, end));
}

static void
append_fields(json_t *list, const struct command *command)
{
	const struct field_set *fields = fields_of(command);

	/* The first is the row's key, which is said without its name. */
	for (uint32_t i = 1; fields != NULL && i < fields->count; i++)
		append(list, fields->fields[i].name, strlen(fields->fields[i].name), "=");
}

/* The words of the help that end with "=". */
static void
append_filters(json_t *list, const struct command *command)
{
	for (const char *end = strchr(command->help, '='); end != NULL;
	     end = strchr(end + 1, '=')) {
		const char *start = end;

		while (start > command->help && start[-1] >= 'a' && start[-1] <= 'z')
			start--;
		append(list, start, (size_t)(end - start), "=");
	}
}

static void
append_keys(json_t *list, const struct console_host *host)
{
	struct host_setting rows[SLICE];
	uint32_t first = 0, count;

	do {
		count = host->settings(host->context, first, rows, SLICE);
		for (uint32_t i = 0; i < count; i++) {
			if (rows[i].is_reloadable)
				append(list, rows[i].name, strlen(rows[i].name), "");
		}
		first += count;
	} while (count == SLICE);
}

/* What an argument may begin with. */
static json_t *
choices_of(const struct command_call *call, const struct command *command,
	   const struct grammar_word *word)
{
	json_t *list = json_array();
	struct grammar_choice choice;

	for (size_t i = 0; grammar_choice(word, i, &choice); i++) {
		if (strncmp(choice.text, "<field=value>", choice.bytes) == 0)
			append_fields(list, command);
		else if (strncmp(choice.text, "<word=value>", choice.bytes) == 0)
			append_filters(list, command);
		else if (strncmp(choice.text, "<key>", choice.bytes) == 0)
			append_keys(list, call->host);
		else
			append(list, choice.text, choice.bytes, "");
	}
	return list;
}

static void
print_object(struct command_call *call, const struct command *command)
{
	json_t *choices = json_array(), *object;
	const char *at = command->arguments;
	struct grammar_word word = { .has_more = false };
	char *text;

	while (grammar_next(&at, &word))
		(void)json_array_append_new(choices, choices_of(call, command, &word));
	object = json_pack("{s:s, s:s, s:s, s:s, s:o, s:b}", "command", command->words,
			   "arguments", command->arguments, "right",
			   command_right_name(COMMAND_RIGHT(command)), "about", command->help,
			   "choices", choices, "has_more", word.has_more);
	text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
	if (text != NULL)
		output_json(call->out, text);
	free(text);
	json_decref(object);
}

/* count rows from first on. */
static void
list_commands(struct command_call *call, const struct command *first, uint32_t count)
{
	static const char *const titles[] = { "command", "arguments", "right", "about" };
	struct text_table table;

	if (call->out->is_json) {
		for (uint32_t i = 0; i < count; i++)
			print_object(call, &first[i]);
		return;
	}
	text_table_init(&table, call->out, titles, 4);
	for (uint32_t i = 0; i < count; i++) {
		text_table_cell(&table, "%s", first[i].words);
		text_table_cell(&table, "%s", first[i].arguments);
		text_table_cell(&table, "%s", command_right_name(COMMAND_RIGHT(&first[i])));
		text_table_cell(&table, "%s", first[i].help);
	}
	text_table_end(&table);
	output_text(call->out, "Words may be shortened while they are unique.\n");
}

static void
list_fields(struct command_call *call, const struct field_set *fields)
{
	static const char *const titles[] = { "field", "value", "default", "" };
	struct text_table table;
	char bounds[FIELD_TEXT_BYTES];

	text_table_init(&table, call->out, titles, 4);
	for (uint32_t i = 0; i < fields->count; i++) {
		const struct field *field = &fields->fields[i];

		field_bounds(field, bounds);
		text_table_cell(&table, "%s", field->name);
		text_table_cell(&table, "%s", bounds);
		text_table_cell(&table, "%s",
				field->fallback != NULL ? field->fallback : "(must be said)");
		text_table_cell(&table, "%s", field->help);
	}
	text_table_end(&table);
}

static void
explain(struct command_call *call, const struct command *command)
{
	const struct field_set *fields = fields_of(command);

	if (call->out->is_json) {
		print_object(call, command);
	} else {
		output_print(call->out, "%s %s\n", command->words, command->arguments);
		output_print(call->out, "%s (right: %s)\n", command->help,
			     command_right_name(COMMAND_RIGHT(command)));
	}
	if (fields != NULL)
		list_fields(call, fields);
}

void
run_help(struct command_call *call)
{
	struct command_search search;

	if (call->argument_count == 0) {
		list_commands(call, command_rows, command_row_count);
		command_done(call, "%s", "");
		return;
	}
	command_find(call->arguments, call->argument_count, &search);
	if (search.command != NULL) {
		explain(call, search.command);
	} else if (search.family != NULL) {
		list_commands(call, search.family, search.family_count);
	} else {
		command_fail(call, "%s", search.why);
		return;
	}
	command_done(call, "%s", "");
}
