/*
 * snapshot_driver.c - when the ledger's thread works on a snapshot, and how much at a time.
 *
 * The pace: as much as COPY_BYTES_PER_MS allows for the time that has passed, a slice between two
 * rounds of requests.  So requests wait for one slice at most, some 10 us, and a machine without
 * requests does not spend itself on copying.
 */
#include "gateway/snapshot_driver.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "protocol/assert.h"

#define COPY_BYTES_PER_MS (512 * 1024)
#define COPY_BYTES_SAVED_MAX (4 * 1024 * 1024)	/* of time not used */

struct snapshot_driver {
	struct snapshot *snapshot;	/* owned; the ledger's thread's */
	int64_t	 paced_mono_us;		/* the ledger's thread's; time already spent on copying */
	_Atomic bool is_wanted;
	_Atomic bool is_made;		/* begun and not ended */
	_Atomic int64_t pause_us_max;	/* longest that requests waited for a slice */
	pthread_mutex_t lock;		/* over the rest */
	pthread_cond_t ended;
	struct snapshot_result result;
	uint64_t ended_count;
	bool	 is_ending;
};

struct snapshot_driver *
snapshot_driver_new(const struct snapshot_config *config)
{
	struct snapshot_driver *driver = calloc(1, sizeof(*driver));

	if (driver == NULL)
		return NULL;
	driver->snapshot = snapshot_new(config);
	if (driver->snapshot == NULL) {
		free(driver);
		return NULL;
	}
	pthread_mutex_init(&driver->lock, NULL);
	pthread_cond_init(&driver->ended, NULL);
	return driver;
}

void
snapshot_driver_free(struct snapshot_driver *driver)
{
	if (driver == NULL)
		return;
	snapshot_free(driver->snapshot);
	pthread_cond_destroy(&driver->ended);
	pthread_mutex_destroy(&driver->lock);
	free(driver);
}

/* Keep the result, and tell those who wait. */
static void
note_end(struct snapshot_driver *driver, const struct snapshot_result *result)
{
	pthread_mutex_lock(&driver->lock);
	driver->result = *result;
	driver->ended_count++;
	atomic_store(&driver->is_made, false);
	pthread_cond_broadcast(&driver->ended);
	pthread_mutex_unlock(&driver->lock);
}

static void
begin(struct snapshot_driver *driver, const struct ledger *ledger)
{
	struct snapshot_result failed = { .sequence = ledger_sequence(ledger) };

	/* In this order, so that it is seen busy all the time. */
	atomic_store(&driver->is_made, true);
	atomic_store(&driver->is_wanted, false);
	driver->paced_mono_us = clock_mono_us();
	failed.status = snapshot_begin(driver->snapshot, failed.sequence, NULL, 0);
	if (failed.status != TG_OK) {
		failed.error.status = failed.status;
		note_end(driver, &failed);
	}
}

/* Bytes that may be copied now: 0, or a slice. */
static size_t
take_allowance(struct snapshot_driver *driver)
{
	const int64_t slice_us = SNAPSHOT_SLICE_BYTES * INT64_C(1000) / COPY_BYTES_PER_MS;
	const int64_t saved_us = COPY_BYTES_SAVED_MAX * INT64_C(1000) / COPY_BYTES_PER_MS;
	int64_t now_us = clock_mono_us();

	if (driver->paced_mono_us < now_us - saved_us)
		driver->paced_mono_us = now_us - saved_us;
	if (driver->paced_mono_us + slice_us > now_us)
		return 0;
	driver->paced_mono_us += slice_us;
	return SNAPSHOT_SLICE_BYTES;
}

/* Do a slice.  True: there is more to do at once. */
static bool
run_slice(struct snapshot_driver *driver, const struct ledger *ledger, uint64_t durable_sequence)
{
	enum snapshot_phase phase;
	size_t bytes;

	if (!atomic_load(&driver->is_made)) {
		begin(driver, ledger);
		return true;
	}
	bytes = take_allowance(driver);
	if (bytes == 0)
		return false;
	snapshot_finish(driver->snapshot, durable_sequence);
	phase = snapshot_step(driver->snapshot, bytes);
	if (phase == SNAPSHOT_IDLE)
		note_end(driver, snapshot_result(driver->snapshot));
	return phase == SNAPSHOT_COPYING;
}

bool
snapshot_driver_run(struct snapshot_driver *driver, const struct ledger *ledger,
		    uint64_t durable_sequence)
{
	int64_t begun_us, pause_us;
	bool has_more;

	if (!snapshot_driver_is_busy(driver))
		return false;
	begun_us = clock_mono_us();
	has_more = run_slice(driver, ledger, durable_sequence);
	pause_us = clock_mono_us() - begun_us;
	if (pause_us > atomic_load(&driver->pause_us_max))
		atomic_store(&driver->pause_us_max, pause_us);
	return has_more;
}

int64_t
snapshot_driver_pause_us_max(const struct snapshot_driver *driver)
{
	return atomic_load(&driver->pause_us_max);
}

void
snapshot_driver_want(struct snapshot_driver *driver)
{
	atomic_store(&driver->is_wanted, true);
}

bool
snapshot_driver_is_busy(const struct snapshot_driver *driver)
{
	return atomic_load(&driver->is_wanted) || atomic_load(&driver->is_made);
}

struct snapshot_result
snapshot_driver_result(struct snapshot_driver *driver, uint64_t *ret_ended_count)
{
	struct snapshot_result result;

	pthread_mutex_lock(&driver->lock);
	result = driver->result;
	*ret_ended_count = driver->ended_count;
	pthread_mutex_unlock(&driver->lock);
	return result;
}

enum tg_status
snapshot_driver_await(struct snapshot_driver *driver, uint64_t *ret_sequence)
{
	enum tg_status status = TG_SHUTTING_DOWN;

	pthread_mutex_lock(&driver->lock);
	while (snapshot_driver_is_busy(driver) && !driver->is_ending)
		pthread_cond_wait(&driver->ended, &driver->lock);
	if (!driver->is_ending) {
		status = driver->result.status;
		if (status == TG_OK)
			*ret_sequence = driver->result.sequence;
	}
	pthread_mutex_unlock(&driver->lock);
	return status;
}

void
snapshot_driver_end(struct snapshot_driver *driver)
{
	pthread_mutex_lock(&driver->lock);
	driver->is_ending = true;
	pthread_cond_broadcast(&driver->ended);
	pthread_mutex_unlock(&driver->lock);
}
