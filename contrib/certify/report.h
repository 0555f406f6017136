/*
 * report.h - the outcome of a run, for people and as JSON.
 */
#ifndef TG_CONTRIB_CERTIFY_REPORT_H
#define TG_CONTRIB_CERTIFY_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "contrib/certify/judge.h"

struct report {
	FILE *out;	     /* for people; borrowed */
	const char *command; /* as given; NULL: by hand */
	bool is_wire_shown;  /* the transcripts of what passed, too */
	json_t *cases;	     /* owned */
	uint32_t counts[3];  /* by enum verdict */
};

/* out: borrowed.  False: there is no memory. */
bool report_init(struct report *report, FILE *out);
void report_deinit(struct report *report);

/* Tell of a case, as soon as it is judged.  round: the last one that was played of it. */
void report_case(struct report *report, const struct judge_case *judge_case,
		 const struct judgement *judgement, const struct round *round);

/* Tell of a rule that was watched over all cases. */
void report_rule(struct report *report, const struct breaches *breaches, enum rule rule);

/* The last line. */
void report_end(const struct report *report);

/* Write all of it as JSON.  False with errno. */
bool report_write(const struct report *report, FILE *file);

#endif
