/*
 * run_help.c - help, printed from the rows of the command table and of the fields.
 */
#include <stdio.h>
#include <string.h>

#include "admin/field.h"
#include "admin/handlers.h"
#include "admin/text_table.h"

static void
list_commands(struct command_call *call)
{
	static const char *const titles[] = { "command", "arguments", "about" };
	struct text_table table;

	text_table_init(&table, call->out, titles, 3);
	for (uint32_t i = 0; i < command_row_count; i++) {
		text_table_cell(&table, "%s", command_rows[i].words);
		text_table_cell(&table, "%s", command_rows[i].arguments);
		text_table_cell(&table, "%s", command_rows[i].help);
	}
	text_table_end(&table);
	output_text(call->out, "Words may be shortened while they are unique.\n");
}

/* The fields that a command takes, if it takes any. */
static const struct field_set *
fields_of(const struct command *command)
{
	static const struct field_set *const sets[] = { &partner_field_set, &rule_field_set,
							&store_field_set, &terminal_field_set };
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

void
run_help(struct command_call *call)
{
	struct command_search search;
	const struct field_set *fields;

	if (call->argument_count == 0) {
		list_commands(call);
		command_done(call, "%s", "");
		return;
	}
	command_find(call->arguments, call->argument_count, &search);
	if (search.command == NULL) {
		command_fail(call, "%s", search.why);
		return;
	}
	output_print(call->out, "%s %s\n", search.command->words, search.command->arguments);
	output_print(call->out, "%s (right: %s)\n", search.command->help,
		     command_right_name(search.command->right));
	fields = fields_of(search.command);
	if (fields != NULL)
		list_fields(call, fields);
	command_done(call, "%s", "");
}
