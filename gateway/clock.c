/*
 * clock.c - the one time that the ledger decides by.
 *
 * time = boot_ms + offset_ms, and never below floor_utc_ms.  Only the owner's thread writes; the
 * others may see one of the two a moment old, which is as good as having asked a moment earlier.
 */
#include "gateway/clock.h"

#include <time.h>

#include "protocol/assert.h"

static int64_t
read_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t
system_wall_ms(void *context)
{
	(void)context;
	return read_ms(CLOCK_REALTIME);
}

static int64_t
system_boot_ms(void *context)
{
	(void)context;
	return read_ms(CLOCK_BOOTTIME);
}

struct clock_source
clock_source_system(void)
{
	return (struct clock_source){ system_wall_ms, system_boot_ms, NULL };
}

int64_t
clock_mono_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_cpu_us(pthread_t thread)
{
	struct timespec used;
	clockid_t id;

	if (pthread_getcpuclockid(thread, &id) != 0 || clock_gettime(id, &used) != 0)
		return -1;
	return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

static int64_t
wall_ms(const struct clock *clock)
{
	return clock->source.wall_ms(clock->source.context);
}

static int64_t
boot_ms(const struct clock *clock)
{
	return clock->source.boot_ms(clock->source.context);
}

/* Where a stepped clock begins. */
static int64_t
stepped_start(const struct clock *clock, int64_t last_utc_ms, int64_t first_utc_ms)
{
	if (last_utc_ms == INT64_MIN && first_utc_ms == INT64_MIN)
		return wall_ms(clock);
	return last_utc_ms > first_utc_ms ? last_utc_ms : first_utc_ms;
}

void
clock_start(struct clock *clock, struct clock_source source, bool is_stepped, int64_t last_utc_ms,
	    int64_t first_utc_ms)
{
	enum clock_alarm alarm = CLOCK_FINE;
	int64_t start_utc_ms;

	clock->source = source;
	clock->is_stepped = is_stepped;
	clock->slewed_at_boot_ms = boot_ms(clock);
	start_utc_ms = wall_ms(clock);
	if (is_stepped)
		start_utc_ms = stepped_start(clock, last_utc_ms, first_utc_ms);
	else if (last_utc_ms != INT64_MIN) {
		if (start_utc_ms - last_utc_ms > CLOCK_START_GAP_MS_MAX)
			alarm = CLOCK_START_GAP;
		else if (last_utc_ms - start_utc_ms > CLOCK_STEP_MS_MAX)
			alarm = CLOCK_WALL_STEPPED;
		if (alarm == CLOCK_START_GAP || last_utc_ms > start_utc_ms)
			start_utc_ms = last_utc_ms;
	}
	atomic_init(&clock->offset_ms, start_utc_ms - clock->slewed_at_boot_ms);
	atomic_init(&clock->floor_utc_ms, start_utc_ms);
	atomic_init(&clock->alarm, (int)alarm);
}

/* Bring the offset nearer to wall time, by what the time since the last call allows. */
static void
slew(struct clock *clock, int64_t now_boot_ms)
{
	int64_t offset_ms = atomic_load(&clock->offset_ms);
	int64_t gap_ms = wall_ms(clock) - (now_boot_ms + offset_ms);
	int64_t allowed_ms = (now_boot_ms - clock->slewed_at_boot_ms) / CLOCK_SLEW_DIVISOR;

	if (gap_ms > CLOCK_STEP_MS_MAX || gap_ms < -CLOCK_STEP_MS_MAX) {
		atomic_store(&clock->alarm, (int)CLOCK_WALL_STEPPED);
		clock->slewed_at_boot_ms = now_boot_ms;
		return;
	}
	if (allowed_ms == 0)
		return;
	if (gap_ms > allowed_ms)
		gap_ms = allowed_ms;
	else if (gap_ms < -allowed_ms)
		gap_ms = -allowed_ms;
	atomic_store(&clock->offset_ms, offset_ms + gap_ms);
	clock->slewed_at_boot_ms = now_boot_ms;
}

int64_t
clock_now_utc_ms(struct clock *clock)
{
	int64_t now_boot_ms, utc_ms;

	if (!clock->is_stepped && clock_may_record(clock)) {
		now_boot_ms = boot_ms(clock);
		slew(clock, now_boot_ms);
		utc_ms = now_boot_ms + atomic_load(&clock->offset_ms);
		if (utc_ms > atomic_load(&clock->floor_utc_ms))
			atomic_store(&clock->floor_utc_ms, utc_ms);
	}
	return atomic_load(&clock->floor_utc_ms);
}

int64_t
clock_peek_utc_ms(const struct clock *clock)
{
	int64_t floor_utc_ms = atomic_load(&clock->floor_utc_ms);
	int64_t utc_ms;

	if (clock->is_stepped || !clock_may_record(clock))
		return floor_utc_ms;
	utc_ms = boot_ms(clock) + atomic_load(&clock->offset_ms);
	return utc_ms > floor_utc_ms ? utc_ms : floor_utc_ms;
}

enum clock_alarm
clock_alarm(const struct clock *clock)
{
	return (enum clock_alarm)atomic_load(&clock->alarm);
}

bool
clock_may_record(const struct clock *clock)
{
	return clock_alarm(clock) != CLOCK_START_GAP;
}

enum tg_status
clock_accept(struct clock *clock)
{
	if (clock->is_stepped)
		return TG_FORBIDDEN;
	clock->slewed_at_boot_ms = boot_ms(clock);
	atomic_store(&clock->offset_ms, wall_ms(clock) - clock->slewed_at_boot_ms);
	atomic_store(&clock->alarm, (int)CLOCK_FINE);
	return TG_OK;
}

enum tg_status
clock_step(struct clock *clock, int64_t utc_ms)
{
	if (!clock->is_stepped)
		return TG_FORBIDDEN;
	if (utc_ms < atomic_load(&clock->floor_utc_ms))
		return TG_BAD_FIELD;
	atomic_store(&clock->floor_utc_ms, utc_ms);
	return TG_OK;
}

const char *
clock_alarm_name(enum clock_alarm alarm)
{
	switch (alarm) {
	case CLOCK_FINE:
		return "fine";
	case CLOCK_WALL_STEPPED:
		return "wall-stepped";
	case CLOCK_START_GAP:
		return "start-gap";
	}
	TG_ASSERT(false);
	return NULL;
}
