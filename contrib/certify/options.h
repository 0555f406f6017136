/*
 * options.h - what tally-certify is told.
 */
#ifndef TG_CONTRIB_CERTIFY_OPTIONS_H
#define TG_CONTRIB_CERTIFY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "contrib/common/failure.h"

#define OPTIONS_CASES_MAX 64

struct options {
	const char *run;    /* command, with words in braces; NULL: by hand */
	const char *folder; /* for keys and certificates; NULL: one of our own */
	const char *json;   /* file for the report, "-" for standard output; NULL: none */
	uint32_t terminal;  /* number of the terminal under test */
	uint16_t port;	    /* 0: any */
	uint32_t seconds;   /* that a case may take */
	bool is_plain, is_wire_shown, is_list, is_help, is_version;
	const char *cases[OPTIONS_CASES_MAX]; /* names; none: all */
	uint32_t case_count;
};

/* Read the command line.  False with the reason. */
bool options_read(struct options *options, int argc, char *argv[], struct failure *failure);

void options_print_help(FILE *file);

#endif
