/*
 * pipeline_fixture.h - a pipeline over a ledger double and a file journal behind a gate.
 */
#ifndef TG_TESTS_GATEWAY_PIPELINE_FIXTURE_H
#define TG_TESTS_GATEWAY_PIPELINE_FIXTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "gateway/pipeline.h"
#include "gateway/zone.h"
#include "storage/journal.h"
#include "tests/gateway/gate_io.h"
#include "tests/gateway/ledger_double.h"

#define FIXTURE_NOW INT64_C(1700000000000)

/* Of every HISTORY. */
#define FIXTURE_MEMBER 99
#define FIXTURE_TIMEOUT_MS 30000

struct pipeline_fixture {
	struct gate_io gate;
	char	 directory[64];
	char	 archive_directory[96];
	struct journal *journal;
	struct ledger *ledger;
	struct clock clock;
	struct zone *zone;
	int64_t	 wall_ms;		/* what the clock's source tells, both clocks */
	struct pipeline_config config;
	struct pipeline *pipeline;
	struct pipeline_port *port;	/* of I/O thread 0 */
	struct pipeline_port *control;
	_Atomic bool is_dead;		/* on_dead was called */
	_Atomic uint32_t archive_calls;
	_Atomic uint32_t page_calls;
	_Atomic uint64_t archive_through; /* of the last question */
	_Atomic bool is_archive_shut;	/* while true the archive does not answer */
	enum tg_status archive_status;	/* what the archive answers */
};

/* Make everything but the pipeline; change config, then fixture_start(). */
struct pipeline_fixture *fixture_new(bool is_inline);
void fixture_start(struct pipeline_fixture *fixture);

/* Stop the pipeline, which has the given status, and free everything. */
void fixture_end(struct pipeline_fixture *fixture, enum tg_status status);

/* Take, fill and submit a request; asserts that it is taken.  Call pipeline_flush() later. */
struct pipeline_job *fixture_submit(struct pipeline_port *port, uint8_t kind, uint32_t request_id);

/* The next answer of the port, waiting for it.  The caller gives the job back. */
struct pipeline_job *fixture_await(struct pipeline_fixture *fixture, struct pipeline_port *port);

/* Submit, wait and give back: the answer. */
struct ledger_answer fixture_call(struct pipeline_fixture *fixture, struct pipeline_port *port,
				  uint8_t kind);

/* Assert that the port has no answer to tell now, the ledger step having had its turn. */
void fixture_expect_none(struct pipeline_port *port);

#endif
