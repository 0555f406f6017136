/*
 * gate_io.c - the real disk behind a gate: syncs wait, fail, and room vanishes as a test says.
 */
#include "tests/gateway/gate_io.h"

#include <string.h>

static enum tg_status
gate_sync(void *context, int file, struct storage_error *error)
{
	struct gate_io *gate = context;
	enum tg_status status;

	pthread_mutex_lock(&gate->lock);
	if (gate->has_failed)
		gate->syncs_after_failure++;
	gate->waiting++;
	pthread_cond_broadcast(&gate->changed);
	while (gate->is_shut)
		pthread_cond_wait(&gate->changed, &gate->lock);
	gate->waiting--;
	if (gate->is_broken) {
		gate->has_failed = true;
		pthread_mutex_unlock(&gate->lock);
		return storage_fail(error, TG_IO, "sync of file %d: broken by the test", file);
	}
	pthread_mutex_unlock(&gate->lock);
	status = gate->real.sync(gate->real.context, file, error);
	pthread_mutex_lock(&gate->lock);
	gate->syncs++;
	pthread_mutex_unlock(&gate->lock);
	return status;
}

static enum tg_status
gate_free_bytes(void *context, const char *path, uint64_t *ret_bytes, struct storage_error *error)
{
	struct gate_io *gate = context;
	uint64_t told;

	pthread_mutex_lock(&gate->lock);
	told = gate->free_bytes;
	pthread_mutex_unlock(&gate->lock);
	if (told == UINT64_MAX)
		return gate->real.free_bytes(gate->real.context, path, ret_bytes, error);
	*ret_bytes = told;
	return TG_OK;
}

void
gate_io_init(struct gate_io *gate)
{
	memset(gate, 0, sizeof(*gate));
	storage_io_posix(&gate->real);
	/* The real table needs no context, so its other functions may be called with ours. */
	gate->io = gate->real;
	gate->io.context = gate;
	gate->io.sync = gate_sync;
	gate->io.free_bytes = gate_free_bytes;
	gate->free_bytes = UINT64_MAX;
	pthread_mutex_init(&gate->lock, NULL);
	pthread_cond_init(&gate->changed, NULL);
}

void
gate_io_deinit(struct gate_io *gate)
{
	pthread_cond_destroy(&gate->changed);
	pthread_mutex_destroy(&gate->lock);
}

static void
set_shut(struct gate_io *gate, bool is_shut)
{
	pthread_mutex_lock(&gate->lock);
	gate->is_shut = is_shut;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

void
gate_io_shut(struct gate_io *gate)
{
	set_shut(gate, true);
}

void
gate_io_open(struct gate_io *gate)
{
	set_shut(gate, false);
}

void
gate_io_await_sync(struct gate_io *gate)
{
	pthread_mutex_lock(&gate->lock);
	while (gate->waiting == 0)
		pthread_cond_wait(&gate->changed, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

void
gate_io_break(struct gate_io *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->is_broken = true;
	pthread_mutex_unlock(&gate->lock);
}

void
gate_io_set_free_bytes(struct gate_io *gate, uint64_t bytes)
{
	pthread_mutex_lock(&gate->lock);
	gate->free_bytes = bytes;
	pthread_mutex_unlock(&gate->lock);
}
