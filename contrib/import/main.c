/*
 * main.c - tally-import: members and opening balances from a file.
 */
#include <signal.h>
#include <stdio.h>

#include "contrib/import/run.h"

static void
print_help(void)
{
	puts("usage: tally-import [OPTION...] COMMAND FILE\n\n"
	     "Members and opening balances from a CSV file.\n\n"
	     "Commands:\n"
	     "  check FILE    find what is wrong with the file; send nothing\n"
	     "  import FILE   check the file whole, then make the members and give the balances\n"
	     "  compare FILE  list where balances of the file and of the ledger differ");
	settings_print_help(&import_setting_table, stdout);
}

int
main(int argc, char *argv[])
{
	struct import_settings settings;
	struct failure failure = { "" };
	enum import_exit exit = IMPORT_DONE;
	int first = argc;
	void *file;

	signal(SIGPIPE, SIG_IGN);
	if (!settings_load(&import_setting_table, &settings, argc, argv, &first, &file, &failure))
		exit = IMPORT_USAGE;
	else if (settings.is_help)
		print_help();
	else if (settings.is_version)
		puts("tally-import " PACKAGE_VERSION);
	else
		exit = import_run(&settings, argc - first, argv + first, &failure);
	settings_file_free(file);
	if (exit > IMPORT_REFUSED)
		fprintf(stderr, "tally-import: %s\n", failure.text);
	if (exit == IMPORT_USAGE)
		fprintf(stderr, "tally-import --help tells more\n");
	return (int)exit;
}
