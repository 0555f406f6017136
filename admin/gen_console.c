/*
 * gen_console.c - prints admin/CONSOLE.md from the command table and the tables of fields.
 */
#include <stdio.h>
#include <string.h>

#include "admin/command.h"
#include "admin/console.h"
#include "admin/field.h"
#include "protocol/message.h"

/* Print a cell of a table: a bar would end it. */
static void
print_cell(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			putchar('\\');
		putchar(*text);
	}
}

static void
print_introduction(void)
{
	printf("# The console\n\n"
	       "Printed by `admin/gen_console` from the command table; `make check` compares.\n\n"
	       "The gateway listens on a Unix socket (`console.socket`, mode 0660). Root and the "
	       "gateway's own user may do everything\n"
	       "there, without a password; other users log in. Where `console.tcp` names a "
	       "loopback address, `telnet` reaches the same\n"
	       "console there, and everybody logs in; with `console.tls` the port speaks TLS "
	       "instead.\n\n"
	       "    tally-console                       # a prompt with history and completion\n"
	       "    tally-console show partners         # one command; the exit status says how it "
	       "ended\n"
	       "    tally-console -c 7412 -u ann        # by the port; also with TLS\n"
	       "    telnet 127.0.0.1 7412               # the port\n"
	       "    openssl s_client -quiet -connect 127.0.0.1:7412   # the port with TLS\n\n"
	       "Operators are made by `tally-passwd` in the file `console.operators_file`: a name, "
	       "a role (viewer, operator or admin;\n"
	       "each includes the ones before it) and a hashed password. After %d wrong passwords "
	       "in a row (`console.failures`) a name\n"
	       "is locked for %d minutes (`console.lockout_ms`); the answer to a refused login is "
	       "always the same, the log says why.\n"
	       "Name and origin of the operator go into every record and into the log. The file is "
	       "read before each command: a\n"
	       "role that is changed holds at once, also for who is logged in, and who is removed "
	       "is out.\n\n"
	       "A line is a command. Words may be shortened while they are unique, also names of "
	       "fields and filters, not what confirms:\n"
	       "`show sta` is `show stats`. Double quotes hold blanks together, also after `=`: "
	       "`name=\"Book shop\"`. Lines are UTF-8, at\n"
	       "most 1024 bytes.\n\n"
	       "What a command prints is indented by two blanks. The line that ends it is not: it "
	       "begins with `ok` or with `error`,\n"
	       "followed by words and `name=value` facts. So a program sends a line and reads "
	       "until such a line. `error %s`\n"
	       "begins the end of a line that is none of the commands below, or may be several.\n\n"
	       "`tail` and `every` go on until something is said, or until Ctrl-C: telnet's "
	       "interrupt or the byte 3, which end them and\n"
	       "are nothing said otherwise.\n\n"
	       "At most %d sessions are open at once, %d of them by the port; a session ends when "
	       "nothing is said for %d minutes\n"
	       "(`console.idle_ms`), when its output is not read for %d seconds, or when a line "
	       "looks like a browser's.\n\n",
	       CONSOLE_FAILURES_DEFAULT, CONSOLE_LOCKOUT_MS_DEFAULT / 60000, COMMAND_UNKNOWN,
	       CONSOLE_SESSIONS_MAX, CONSOLE_TCP_SESSIONS_MAX, CONSOLE_IDLE_MS_DEFAULT / 60000,
	       CONSOLE_WRITE_MS_DEFAULT / 1000);
}

static void
print_commands(void)
{
	printf("## Commands\n\n"
	       "Arguments in `<>` are needed, in `[]` not; `...` allows more of the last one; `|` "
	       "stands between alternatives; other\n"
	       "words are said as they are: `yes` confirms what cannot be taken back. `help show` "
	       "lists the commands that begin so.\n"
	       "With `console.second_rates`, what says `two` is proposed only, until another "
	       "operator of that right approves it.\n\n"
	       "| command | arguments | right | |\n| --- | --- | --- | --- |\n");
	for (uint32_t i = 0; i < command_row_count; i++) {
		const struct command *row = &command_rows[i];

		printf("| `%s` | ", row->words);
		if (row->arguments[0] != '\0') {
			printf("`");
			print_cell(row->arguments);
			printf("`");
		}
		printf(" | %s%s | ", command_right_name(COMMAND_RIGHT(row)),
		       (row->right & RIGHT_SECOND) != 0 ? ", two" : "");
		print_cell(row->help);
		printf(" |\n");
	}
	printf("\nEach command that changes something is a record of the ledger and names its "
	       "operator: `show audit` reads them back,\n"
	       "`entry.operator` and `entry.note` in MariaDB tell them, too. Every command, "
	       "refused ones too, is in the log.\n\n"
	       "After `format json` each line that a command prints is a JSON object, a row of a "
	       "table by its titles or `{\"text\"}`, still\n"
	       "indented; the line that ends the answer stays as it is. `help` then tells of each "
	       "command what its arguments may begin\n"
	       "with (`choices`, a list for each; `has_more`: the last one may come again), for "
	       "clients that complete.\n\n");
}

static void
print_fields(const struct field_set *set)
{
	char bounds[FIELD_TEXT_BYTES];

	printf("### %s\n\n| field | value | default | |\n| --- | --- | --- | --- |\n", set->noun);
	for (uint32_t i = 0; i < set->count; i++) {
		const struct field *field = &set->fields[i];

		field_bounds(field, bounds);
		printf("| `%s` | ", field->name);
		print_cell(bounds);
		if (field->fallback == NULL)
			printf(" | must be said | ");
		else if (field->fallback[0] == '\0')
			printf(" | empty | ");
		else
			printf(" | `%s` | ", field->fallback);
		print_cell(field->help);
		printf(" |\n");
	}
	printf("\n");
}

static void
print_import(void)
{
	printf("## Fields, and CSV files\n\n"
	       "`partner add 7 name=\"Book shop\" group=2` and a CSV file use the same fields. The "
	       "first line of a file names the\n"
	       "columns, in any order; each other line is one row. A row adds what is not there "
	       "and changes what is; an empty cell\n"
	       "is the default of a new row, and no change of an old one. Lines that begin with "
	       "`#` are passed over. The file is\n"
	       "UTF-8, cells with commas stand in double quotes, and each number stands once. The "
	       "gateway reads the file itself, so\n"
	       "its path begins with `/`.\n\n"
	       "    number,partner,store,name,rights\n"
	       "    1001,1,11,\"Till 1, ground floor\",enroll+inquiry+earn+burn\n"
	       "    1002,1,11,Till 2,\n\n"
	       "A file is checked whole, and against the ledger, before its first row is set; what "
	       "is wrong is told by line and\n"
	       "column. Rows that say nothing new are no records, so an import that was cut short "
	       "is simply repeated. For rules a\n"
	       "row is a new version of the partner's rule.\n\n");
}

int
main(void)
{
	const struct field_set *const sets[] = { &partner_field_set, &rule_field_set,
						 &store_field_set, &terminal_field_set,
							&cycle_field_set };

	print_introduction();
	print_commands();
	print_import();
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		print_fields(sets[i]);
	printf("Rights of terminals:\n\n| word | |\n| --- | --- |\n");
#define PRINT_RIGHT(name, word, bit, text) printf("| `%s` | %s |\n", #word, text);
	TG_RIGHT_LIST(PRINT_RIGHT)
#undef PRINT_RIGHT
	return fflush(stdout) == 0 ? 0 : 1;
}
