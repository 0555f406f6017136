/*
 * load_fixture.h - runs the built tally-load against a gateway that exists only in tests.
 */
#ifndef TG_TESTS_CONTRIB_LOAD_FIXTURE_H
#define TG_TESTS_CONTRIB_LOAD_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/contrib/fake_gateway.h"

#define LOAD_FIXTURE_PATH_BYTES 128

struct json_t;

/* A directory of its own, with terminals, key, log and what was printed, and the gateway. */
struct load_fixture {
	char		     directory[LOAD_FIXTURE_PATH_BYTES];
	char		     terminals[LOAD_FIXTURE_PATH_BYTES];
	char		     master[LOAD_FIXTURE_PATH_BYTES];
	char		     log[LOAD_FIXTURE_PATH_BYTES];    /* for --log; not there at first */
	char		     output[LOAD_FIXTURE_PATH_BYTES]; /* what the last run printed */
	char		     errors[LOAD_FIXTURE_PATH_BYTES]; /* the same, on standard error */
	char		     port[8];
	struct fake_gateway *gateway; /* NULL: not started */
	struct json_t	    *json;    /* output, if it is JSON; else NULL */
	bool		     is_shown; /* runs show their progress, and print text for people */
};

/* A fixture as the state of a cmocka test, and its end. */
int load_fixture_setup(void **state);
int load_fixture_teardown(void **state);

/* Start the gateway. */
void load_fixture_start(struct load_fixture *fixture, const struct fake_options *options);

/*
 * Run tally-load from 8 connections with the fixture's files and more options, up to a NULL.
 * Returns its exit status.
 */
int load_fixture_run(struct load_fixture *fixture, const char *const more[]);

/* Run it with --verify on the fixture's log. */
int load_fixture_verify(struct load_fixture *fixture);

/* A whole number of what the last run printed as JSON, by its name. */
int64_t load_fixture_told(const struct load_fixture *fixture, const char *name);

/* A number of one of the histograms in it, as "latency" and "p99_ms". */
double load_fixture_told_ms(const struct load_fixture *fixture, const char *histogram,
			    const char *name);

/* The text in one of the fixture's files; to be freed. */
char *load_fixture_read(const char *path);

#endif
