/*
 * tally_schema.c - the program tally-schema: look at and migrate the schema in MariaDB.
 */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/database.h"
#include "storage/database_arguments.h"
#include "storage/migrate.h"
#include "storage/schema_page.h"

#define EXIT_USAGE 2

/* Commands.  Columns: name, does it need a server?, help. */
#define COMMAND_LIST(X)                                                                            \
	X(status, true, "say whether the schema is the one of this program")                       \
	X(migrate, true, "apply what is missing")                                                  \
	X(document, true, "print the tables and views as a page")                                  \
	X(print, false, "print the SQL of all migrations; needs no server")

static void
print_usage(FILE *file)
{
	fputs("usage: tally-schema [option ...] command\n\ncommands:\n", file);
#define HELP_COMMAND(name, needs_server, help) fprintf(file, "  %-24s %s\n", #name, help);
	COMMAND_LIST(HELP_COMMAND)
#undef HELP_COMMAND
	fputs("\noptions:\n", file);
#define HELP_OPTION(name, argument, help)                                                          \
	fprintf(file, "  --%s %-*s %s\n", name, (int)(21 - strlen(name)), argument, help);
	DATABASE_OPTION_LIST(HELP_OPTION)
#undef HELP_OPTION
	fputs("  -h, --help               this text\n"
	      "  -V, --version            the version\n",
	      file);
}

static int
complain(const struct storage_error *error)
{
	fprintf(stderr, "tally-schema: %s\n", error->text);
	return EXIT_FAILURE;
}

static int
run_status(struct database *database, struct storage_error *error)
{
	const struct migration_list list = migrate_builtin();

	if (migrate_run(database, &list, true, NULL, error) != TG_OK)
		return complain(error);
	printf("the schema is at migration %s, as this program wants it\n",
	       list.rows[list.count - 1].name);
	return EXIT_SUCCESS;
}

static int
run_migrate(struct database *database, struct storage_error *error)
{
	const struct migration_list list = migrate_builtin();
	uint32_t applied;

	if (migrate_run(database, &list, false, &applied, error) != TG_OK)
		return complain(error);
	printf("%u migrations applied, the schema is at %s\n", applied,
	       list.rows[list.count - 1].name);
	return EXIT_SUCCESS;
}

static int
run_document(struct database *database, struct storage_error *error)
{
	return schema_page_print(database, stdout, error) == TG_OK ? EXIT_SUCCESS :
								     complain(error);
}

static int
run_print(struct database *database, struct storage_error *error)
{
	const struct migration_list list = migrate_builtin();

	(void)database;
	(void)error;
	for (uint32_t i = 0; i < list.count; i++)
		fputs(list.rows[i].text, stdout);
	return EXIT_SUCCESS;
}

struct command {
	const char *name;
	int (*run)(struct database *database, struct storage_error *error);
	bool needs_server;
};

static const struct command commands[] = {
#define COMMAND(name, needs_server, help) { #name, run_##name, needs_server },
	COMMAND_LIST(COMMAND)
#undef COMMAND
};

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int
run_connected(const struct command *command, const struct database_config *config)
{
	struct storage_error error = { .status = TG_OK };
	struct database *database = NULL;
	int result;

	(void)signal(SIGPIPE, SIG_IGN);
	if (database_setup() != TG_OK)
		return EXIT_FAILURE;
	if (command->needs_server && database_open(config, &database, &error) != TG_OK)
		return complain(&error);
	result = command->run(database, &error);
	database_close(database);
	return result;
}

int
main(int argument_count, char **arguments)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
#define OPTION(name, argument, help) { name, required_argument, NULL, 0 },
		DATABASE_OPTION_LIST(OPTION)
#undef OPTION
		{ NULL, 0, NULL, 0 },
	};
	struct database_config config = { .database = DATABASE_NAME_DEFAULT };
	const struct command *command = NULL;
	int index = 0;
	int found;

	while ((found = getopt_long(argument_count, arguments, "hV", options, &index)) != -1) {
		if (found == 'h' || found == 'V') {
			if (found == 'h')
				print_usage(stdout);
			else
				puts("tally-schema " PACKAGE_VERSION);
			return EXIT_SUCCESS;
		}
		if (found != 0 || !database_argument(&config, options[index].name, optarg)) {
			print_usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argument_count - 1)
		command = find_command(arguments[optind]);
	if (command == NULL) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	return run_connected(command, &config);
}
