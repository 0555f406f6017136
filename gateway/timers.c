/*
 * timers.c - what the gateway asks of the ledger by itself as time passes.
 *
 * What to ask next is seen anew each time from the state of the pipeline: the programme, then
 * missed business dates, then a TICK.  So a refusal needs no handling: the next second asks
 * again.
 */
#include "gateway/timers.h"

#include <event2/event.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cut_off.h"
#include "protocol/assert.h"

#define CATCH_UP_POLL_MS 1000

struct timers {
	struct timers_config config;
	struct event *beat;		/* owned; each second, and when hurried */
	struct control_request request;	/* the one on its way */
	bool	 is_asking;		/* it is */
	bool	 is_stopped;
	uint8_t	 asked_kind;		/* its kind */
	bool	 was_refused;		/* the last one: wait for the next beat */
	bool	 is_ticked;		/* in this beat, with nothing more due */
	bool	 wants_programme;	/* not set yet */
	pthread_mutex_t lock;		/* over the rest */
	pthread_cond_t settled;
	uint64_t settled_count;		/* how often there was nothing to ask, or it was refused */
	bool	 wants_tick;		/* who stepped the clock waits for one from now on */
	bool	 is_ending;
};

static void ask_next(struct timers *timers);

/* Is the business date behind the time? */
static bool
is_date_behind(const struct timers *timers)
{
	const struct timers_config *config = &timers->config;
	int32_t date = pipeline_business_date(config->pipeline);

	return date == DAY_NONE ||
	       date < cut_off_date(config->zone, config->cut_off_minutes,
				   pipeline_utc_ms(config->pipeline));
}

/* One line for what changes the programme or its date, or is refused. */
static void
log_answer(const struct timers *timers, const struct ledger_answer *answer)
{
	struct log *log = timers->config.log;

	if (answer->status != TG_OK)
		log_event(log, LEVEL_WARN, "timer_refused", "kind=%u status=%s", answer->kind,
			  tg_status_name((enum tg_status)answer->status));
	else if (answer->kind == REQUEST_CUTOVER)
		log_event(log, LEVEL_INFO, "cutover", "business_date=%d sequence=%" PRIu64,
			  pipeline_business_date(timers->config.pipeline), answer->sequence);
	else if (answer->kind == REQUEST_SET_PROGRAMME)
		log_event(log, LEVEL_INFO, "programme_set", "sequence=%" PRIu64, answer->sequence);
}

static void
on_done(void *context, const struct ledger_answer *answer)
{
	struct timers *timers = context;

	TG_ASSERT(timers->is_asking);
	timers->is_asking = false;
	timers->was_refused = answer->status != TG_OK;
	log_answer(timers, answer);
	if (answer->status == TG_OK && timers->asked_kind == REQUEST_SET_PROGRAMME)
		timers->wants_programme = false;
	if (timers->asked_kind == REQUEST_TICK)
		timers->is_ticked = timers->was_refused || !answer->has_more;
	ask_next(timers);
}

/* Programme and date are as they should be, or cannot be brought there now. */
static void
note_settled(struct timers *timers)
{
	pthread_mutex_lock(&timers->lock);
	timers->settled_count++;
	pthread_cond_broadcast(&timers->settled);
	pthread_mutex_unlock(&timers->lock);
}

/* Does somebody wait for a TICK?  It is seen to. */
static bool
take_wanted_tick(struct timers *timers)
{
	bool is_wanted;

	pthread_mutex_lock(&timers->lock);
	is_wanted = timers->wants_tick;
	timers->wants_tick = false;
	pthread_mutex_unlock(&timers->lock);
	return is_wanted;
}

/* Is there nothing more to ask in this beat?  Tells those who wait. */
static bool
is_settled(struct timers *timers)
{
	if (take_wanted_tick(timers))
		timers->is_ticked = false;
	/* By the wall clock much falls due at a cut-off, and nobody waits for all of that. */
	if (timers->is_ticked || !pipeline_is_stepped(timers->config.pipeline))
		note_settled(timers);
	return timers->is_ticked;
}

/* Submit the next request, if one is due and none is on its way. */
static void
ask_next(struct timers *timers)
{
	struct ledger_request request = { .operator_name = "gateway" };

	if (timers->is_asking || timers->is_stopped)
		return;
	if (timers->was_refused || !pipeline_may_record(timers->config.pipeline)) {
		note_settled(timers);
		return;
	}
	if (timers->wants_programme) {
		request.kind = REQUEST_SET_PROGRAMME;
		request.programme = *timers->config.programme;
	} else if (is_date_behind(timers)) {
		request.kind = REQUEST_CUTOVER;
	} else {
		if (is_settled(timers))
			return;
		request.kind = REQUEST_TICK;
	}
	timers->asked_kind = request.kind;
	timers->is_asking = control_submit(timers->config.control, &timers->request, &request) ==
			    TG_OK;
}

static void
on_beat(evutil_socket_t fd, short what, void *context)
{
	struct timers *timers = context;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0)
		timers->is_ticked = false;
	timers->was_refused = false;
	ask_next(timers);
}

struct timers *
timers_new(const struct timers_config *config, struct event_base *base)
{
	struct timers *timers = calloc(1, sizeof(*timers));

	if (timers == NULL)
		return NULL;
	timers->config = *config;
	timers->request.done = on_done;
	timers->request.context = timers;
	timers->wants_programme = config->programme != NULL;
	pthread_mutex_init(&timers->lock, NULL);
	pthread_cond_init(&timers->settled, NULL);
	timers->beat = event_new(base, -1, EV_PERSIST, on_beat, timers);
	if (timers->beat != NULL)
		return timers;
	pthread_cond_destroy(&timers->settled);
	pthread_mutex_destroy(&timers->lock);
	free(timers);
	return NULL;
}

void
timers_free(struct timers *timers)
{
	if (timers == NULL)
		return;
	event_free(timers->beat);
	pthread_cond_destroy(&timers->settled);
	pthread_mutex_destroy(&timers->lock);
	free(timers);
}

void
timers_catch_up(struct timers *timers)
{
	timers->is_ticked = true; /* not before terminals are served */
	ask_next(timers);
	while (timers->is_asking)
		control_turn_alone(timers->config.control, CATCH_UP_POLL_MS);
}

enum tg_status
timers_start(struct timers *timers)
{
	const struct timeval second = { 1, 0 };

	return event_add(timers->beat, &second) == 0 ? TG_OK : TG_NO_MEMORY;
}

void
timers_stop(struct timers *timers)
{
	timers->is_stopped = true;
	event_del(timers->beat);
}

enum tg_status
timers_await_date(struct timers *timers)
{
	uint64_t count;
	bool is_ending;

	pthread_mutex_lock(&timers->lock);
	count = timers->settled_count;
	timers->wants_tick = pipeline_is_stepped(timers->config.pipeline);
	event_active(timers->beat, EV_READ, 0);
	while (timers->settled_count == count && !timers->is_ending)
		pthread_cond_wait(&timers->settled, &timers->lock);
	is_ending = timers->is_ending;
	pthread_mutex_unlock(&timers->lock);
	if (is_ending)
		return TG_SHUTTING_DOWN;
	return is_date_behind(timers) ? TG_BUSY : TG_OK;
}

void
timers_end(struct timers *timers)
{
	pthread_mutex_lock(&timers->lock);
	timers->is_ending = true;
	pthread_cond_broadcast(&timers->settled);
	pthread_mutex_unlock(&timers->lock);
}
