/*
 * findings.h - what a proof found: sums, and the differences, and how they are shown.
 */
#ifndef TG_CONTRIB_LOAD_FINDINGS_H
#define TG_CONTRIB_LOAD_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "contrib/load/asker.h"
#include "contrib/load/logbook.h"
#include "contrib/load/members.h"

struct findings {
	uint64_t count;	    /* differences */
	uint32_t shown_max; /* of them kept to be shown */
	char   **texts;	    /* owned: the first shown_max */
	uint32_t text_count;
	/* net points over all accounts */
	int64_t acknowledged_points;
	int64_t found_points;
	int64_t unknown_credit_points;
	int64_t unknown_debit_points;
	int64_t expired_points; /* counted as found */
};

void findings_init(struct findings *findings, uint32_t shown_max);

void findings_deinit(struct findings *findings);

/* Note a difference of an account, maybe in one transaction (else NULL). */
void findings_add(struct findings *findings, const struct members *accounts, uint32_t account,
		  const struct transaction *transaction, const char *text);

/* Note a difference in words. */
void findings_add_text(struct findings *findings, const char *text);

/* Note what the log and STATUS told that contradicts itself. */
void findings_add_contradictions(struct findings *findings, const struct logbook *logbook);

/* Print for people, or as one JSON object. */
void findings_print(const struct findings *findings, const struct logbook *logbook,
		    const struct asker *asker, bool is_json, FILE *file);

#endif
