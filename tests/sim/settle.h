/*
 * settle.h - the sink of a run, and the database that it writes to.
 *
 * The sink is real.  The database is a few tables in memory behind the functions of
 * storage/database.h and database_bulk.h: it knows transactions, keys and what an INSERT does to a
 * row that is there, and it may lose the connection before a statement, after it, or with the
 * answer of a COMMIT, refuse one, or be away.
 */
#ifndef TG_TESTS_SIM_SETTLE_H
#define TG_TESTS_SIM_SETTLE_H

#include <stdint.h>

struct settle;
struct settle_database;
struct sim;

struct settle *settle_new(struct sim *sim);
void settle_free(struct settle *settle);

/* A life of the gateway begins, and ends. */
void settle_begin(struct sim *sim);
void settle_end(struct sim *sim);

/* What it writes to. */
const struct settle_database *settle_database_of(const struct sim *sim);

/* The sink's turn, if it is due. */
void settle_run(struct sim *sim);
int64_t settle_next_us(const struct sim *sim);

/* The hours are over: nothing that was put off is put off any longer. */
void settle_hurry(struct sim *sim);

/* The database goes away for a while. */
void settle_fail_over(struct sim *sim);

/* A durable record, to be found in the tables. */
struct record;
void settle_expect(struct sim *sim, const struct record *record);

/* Is everything there, once? */
void settle_compare(struct sim *sim);

#endif
