/*
 * sink_fixture.h - a server, a journal in memory full of made-up records, and a sink between them.
 */
#ifndef TG_TESTS_STORAGE_SINK_FIXTURE_H
#define TG_TESTS_STORAGE_SINK_FIXTURE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/journal.h"
#include "storage/sink.h"
#include "tests/mariadb.h"
#include "tests/storage/record_maker.h"

/* Every record made, as bytes: number i has sequence i + 1. */
struct made_records {
	uint8_t **bytes;		/* owned, each too */
	size_t	*bytes_counts;		/* owned */
	size_t	 count;
	size_t	 capacity;
};

struct sink_fixture {
	struct mariadb *server;		/* owned by the group of tests */
	struct journal *journal;
	struct sink_journal reader;
	struct sink_source source;
	struct record_maker maker;
	struct made_records made;
	struct sink_config config;	/* for the next sink */
	struct sink *sink;		/* NULL: none runs */
	pthread_t thread;
	struct record *record;		/* room for one */
	enum tg_status result;		/* of the last sink_run() */
	struct storage_error error;	/* of the last sink_run() */
};

/*
 * setup and teardown of a test: from the server in *state a fixture with an empty database, an
 * empty journal and no sink; a sink that still runs is cut.
 */
int sink_fixture_setup(void **state);
int sink_fixture_teardown(void **state);

/* Begin anew, with other records. */
void sink_fixture_reset(struct sink_fixture *f, uint64_t seed);

/* An empty journal for other records, but the same database. */
void sink_fixture_replace_journal(struct sink_fixture *f, uint64_t seed);

/* Put records into the journal: random ones, one of each kind, plain earns, or the one given. */
void sink_fixture_add(struct sink_fixture *f, uint32_t count);
void sink_fixture_add_all_kinds(struct sink_fixture *f);
void sink_fixture_add_earns(struct sink_fixture *f, uint32_t count);
void sink_fixture_add_record(struct sink_fixture *f, const struct record *record);

/* Put a plain earn into the journal that says it is of a version not known here. */
void sink_fixture_add_unreadable(struct sink_fixture *f);

/* Start a sink's thread with f->config. */
void sink_fixture_start(struct sink_fixture *f);

/* Stop it after the transaction in hand; its result is in f. */
void sink_fixture_stop(struct sink_fixture *f);

/* Wait for a sink that ends by itself. */
void sink_fixture_join(struct sink_fixture *f);

/* Wait until everything made is in MariaDB; fails the test after a minute. */
void sink_fixture_await_all(struct sink_fixture *f);

/* Wait until the sink is in a state, or at least has written records; fails after a minute. */
void sink_fixture_await_state(struct sink_fixture *f, enum sink_state state);
void sink_fixture_await_records(struct sink_fixture *f, uint64_t records);

/* Start a sink, wait until everything is in MariaDB, stop it. */
void sink_fixture_run(struct sink_fixture *f);

/*
 * Fail the test unless every table is what the records made say, row by row, and all checks are 0.
 */
void sink_fixture_assert_equal(struct sink_fixture *f);

/* Let a little time pass: for what another process does. */
void sink_fixture_pause_ms(uint32_t ms);

/* setup and teardown of a group of tests: *state is the server. */
int sink_fixture_group_setup(void **state);
int sink_fixture_group_teardown(void **state);

#endif
