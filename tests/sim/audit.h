/*
 * audit.h - reads the journal as it becomes durable, and holds everything against everything else.
 *
 * Each record is applied to a ledger of the audit's own (replay equality), turned into plain words
 * for the model, and noted with the request that it came from (exactly once).  Each answer that a
 * till gets must be what a durable record says (no acknowledged loss).
 */
#ifndef TG_TESTS_SIM_AUDIT_H
#define TG_TESTS_SIM_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/value.h"

struct asked;
struct ledger;
struct sim;

struct audit *audit_new(struct sim *sim);
void audit_free(struct audit *audit);

/* The gateway has recovered: does it hold what was durable?  Before anything else is asked. */
void audit_begin(struct sim *sim);

/* Records may have become durable. */
void audit_follow(struct sim *sim);

/* The gateway is about to end. */
void audit_end(struct sim *sim);

/* A till got an answer.  True: it is final, the request need not be sent again. */
bool audit_answer(struct sim *sim, struct asked *asked, const struct tg_message *answer);

/*
 * A ledger that was recovered from damaged files, not to be used further: it must be one that there
 * was, and at least up to the record before the last batch.
 */
void audit_judge(struct sim *sim, struct ledger *ledger, uint64_t least_sequence);

/* Everything at rest: rows against accounts, model against ledger. */
void audit_rest(struct sim *sim);

#endif
