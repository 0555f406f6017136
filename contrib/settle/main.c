/*
 * main.c - tally-settle: a partner's transactions from a file.
 */
#include <signal.h>
#include <stdio.h>

#include "contrib/settle/settle.h"

static void
print_help(void)
{
	puts("usage: tally-settle [OPTION...] COMMAND WORD...\n\n"
	     "Sends a partner's transactions from a CSV file, each of them once, however often it "
	     "is run; fetches what was booked.\n\n"
	     "Commands:\n"
	     "  check FILE         find what is wrong with the file; send nothing\n"
	     "  upload FILE        check the file whole, send it, compare with the day's totals\n"
	     "  totals RESULTS...  compare files of results with the totals of their days\n"
	     "  figures DAY        print the partner's totals of a business date as CSV\n"
	     "  day-end DAY LOG    prove a till's own log of a day, and name what differs\n"
	     "  entries DAY FILE   fetch the partner's entries of a business date, or what FILE "
	     "lacks");
	settings_print_help(&settle_setting_table, stdout);
}

int
main(int argc, char *argv[])
{
	struct settle_settings settings;
	struct failure failure = { "" };
	enum settle_exit exit = SETTLE_DONE;
	int first = argc;
	void *file;

	signal(SIGPIPE, SIG_IGN);
	if (!settings_load(&settle_setting_table, &settings, argc, argv, &first, &file, &failure))
		exit = SETTLE_USAGE;
	else if (settings.is_help)
		print_help();
	else if (settings.is_version)
		puts("tally-settle " PACKAGE_VERSION);
	else
		exit = settle_run(&settings, argc - first, argv + first, &failure);
	settings_file_free(file);
	if (exit > SETTLE_REFUSED)
		fprintf(stderr, "tally-settle: %s\n", failure.text);
	if (exit == SETTLE_USAGE)
		fprintf(stderr, "tally-settle --help tells more\n");
	return (int)exit;
}
