/*
 * gen_config.c - prints the configuration's reference, its sample file or its manual page, from the
 * key table.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/config.h"

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "reference") == 0) {
		config_print_reference(stdout);
	} else if (argc == 2 && strcmp(argv[1], "sample") == 0) {
		config_print_sample(stdout);
	} else if (argc == 2 && strcmp(argv[1], "manual") == 0) {
		config_print_manual(stdout);
	} else {
		fprintf(stderr, "usage: %s reference|sample|manual\n", argv[0]);
		return 2;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
