/*
 * report.h - shows what a run sees: a live line, then a table or JSON.
 */
#ifndef TG_CONTRIB_LOAD_REPORT_H
#define TG_CONTRIB_LOAD_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "contrib/load/load.h"
#include "contrib/load/meter.h"

/* The live line: on a terminal it is written over, elsewhere a line follows the other. */
struct progress {
	FILE	*file;	      /* borrowed; NULL: nothing is shown */
	bool	 is_terminal; /* file is one */
	char	 label[40];   /* what is being done now, "enrolling" */
	uint64_t start_ns;    /* when it began */
	uint64_t shown_ns;    /* when the last line was shown, or counting began */
	int	 width;	      /* columns of the line that stands there */
};

/* Begin to show on file; NULL: show nothing. */
void progress_init(struct progress *progress, FILE *file);

/* Begin to count time and rate. */
void progress_begin(struct progress *progress, uint64_t now_ns);

/* Say what is being done from now on. */
void progress_label(struct progress *progress, const char *label);

/*
 * Show the line if the last is a second old, however short the runs are, as the days of a history;
 * the recent counts of the meter then begin anew.
 */
void progress_tick(struct progress *progress, const struct load *load);

/* Leave the line standing, so that other text can follow. */
void progress_end(struct progress *progress);

/* What the summary is about. */
struct report {
	const char	   *title;	 /* "mix", "history", "verify" */
	const struct meter *meter;
	double		    seconds;	 /* from the first request to the last answer */
	uint32_t	    connections;
	uint32_t	    depth;
	uint32_t	    batch;
	double		    rate;	 /* open loop; 0: closed */
	bool		    is_tls;
	uint64_t	    seed;
	uint64_t	    never_sent;	    /* due, but not sent before the end */
};

/* Print the summary for people, or as one JSON object. */
void report_print(const struct report *report, FILE *file);
void report_print_json(const struct report *report, FILE *file);

#endif
