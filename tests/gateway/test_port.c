/*
 * test_port.c - when a port refuses requests for having waited too long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/clock.h"
#include "gateway/port.h"

#define DELAY_US 1000000

static void
start(struct pipeline_port *port)
{
	const struct port_config config = { .jobs = 16,
					    .batch_jobs = 8,
					    .reserve = 2,
					    .queue_delay_us_max = DELAY_US };

	assert_int_equal(port_init(port, NULL, &config), TG_OK);
}

static enum tg_status
submit(struct pipeline_port *port, uint8_t kind)
{
	struct pipeline_job *job = port_take(port, kind);
	enum tg_status status;

	assert_non_null(job);
	status = port_submit(port, job);
	if (status != TG_OK)
		port_give(port, job);
	return status;
}

/* What: a lane whose front waits beyond the bound takes only what frees something.
 * How:  the time since which it waits is set back. */
static void
a_lane_that_waits_too_long_is_busy(void **state)
{
	struct pipeline_port port;

	(void)state;
	start(&port);
	assert_int_equal(submit(&port, REQUEST_EARN), TG_OK);
	assert_int_equal(submit(&port, REQUEST_EARN), TG_OK);
	atomic_store(&port.waiting_since_us, clock_mono_us() - DELAY_US - 1);
	assert_int_equal(submit(&port, REQUEST_EARN), TG_BUSY);
	assert_int_equal(submit(&port, REQUEST_CAPTURE), TG_BUSY);
	assert_int_equal(submit(&port, REQUEST_RELEASE), TG_OK);
	assert_int_equal(submit(&port, REQUEST_REVERSE), TG_OK);
	assert_int_equal(atomic_load(&port.busy_count), 2);
	assert_int_equal(port.in_flight, 4);
	port_deinit(&port);
}

/* What: an empty lane has no delay, however long ago its last request came. */
static void
an_empty_lane_has_no_delay(void **state)
{
	struct pipeline_port port;
	struct pipeline_job *job;

	(void)state;
	start(&port);
	assert_int_equal(submit(&port, REQUEST_EARN), TG_OK);
	job = port_next(&port, PIPELINE_TERMINAL);
	assert_non_null(job);
	atomic_store(&port.waiting_since_us, clock_mono_us() - DELAY_US * 100);
	assert_int_equal(submit(&port, REQUEST_EARN), TG_OK);
	assert_int_equal(submit(&port, REQUEST_EARN), TG_OK);
	port_deinit(&port);
}

/* What: batch items wait as long as it takes. */
static void
batch_items_have_no_bound(void **state)
{
	struct pipeline_port port;

	(void)state;
	start(&port);
	atomic_store(&port.waiting_since_us, clock_mono_us() - DELAY_US * 100);
	for (int i = 0; i < 8; i++) {
		struct pipeline_job *job = port_take(&port, REQUEST_EARN);

		job->lane = PIPELINE_BATCH;
		assert_int_equal(port_submit(&port, job), TG_OK);
	}
	assert_true(port_has_work(&port));
	port_deinit(&port);
}

/* What: a job given back and taken again has nothing of its former life. */
static void
a_taken_job_is_blank(void **state)
{
	struct pipeline_port port;
	struct pipeline_job *job;

	(void)state;
	start(&port);
	job = port_take(&port, REQUEST_EARN);
	job->session = 1;
	job->item_index = 2;
	job->lane = PIPELINE_BATCH;
	job->has_archive = true;
	job->request.points = 3;
	port_give(&port, job);
	assert_ptr_equal(port_take(&port, REQUEST_BURN), job);
	assert_int_equal(job->session, 0);
	assert_int_equal(job->item_index, 0);
	assert_int_equal(job->lane, PIPELINE_TERMINAL);
	assert_false(job->has_archive);
	assert_int_equal(job->request.points, 0);
	assert_int_equal(job->request.kind, REQUEST_BURN);
	port_deinit(&port);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lane_that_waits_too_long_is_busy),
		cmocka_unit_test(an_empty_lane_has_no_delay),
		cmocka_unit_test(batch_items_have_no_bound),
		cmocka_unit_test(a_taken_job_is_blank),
	};

	return cmocka_run_group_tests_name("port", tests, NULL, NULL);
}
