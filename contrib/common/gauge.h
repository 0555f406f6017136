/*
 * gauge.h - shows how far a long run is: a bar on a terminal, else a line now and then.
 */
#ifndef TG_CONTRIB_COMMON_GAUGE_H
#define TG_CONTRIB_COMMON_GAUGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct gauge {
	FILE *file; /* borrowed; NULL: nothing is shown */
	bool is_terminal;
	bool is_standing;  /* a bar stands on the terminal's line */
	const char *label; /* what is being done, borrowed */
	uint64_t total;
	uint64_t first; /* done before the run */
	int64_t start_ms;
	int64_t shown_ms;
};

/* Begin: first of total are done already.  file: NULL shows nothing. */
void gauge_begin(struct gauge *gauge, FILE *file, const char *label, uint64_t first,
		 uint64_t total);

/* So many are done; shown if the last time is long enough ago. */
void gauge_set(struct gauge *gauge, uint64_t done);

/* Show the end of it, and leave the line.  Returns the seconds since gauge_begin(). */
double gauge_end(struct gauge *gauge, uint64_t done);

#endif
