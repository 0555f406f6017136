/*
 * gate_io.h - the real disk behind a gate: syncs wait, fail, and room vanishes as a test says.
 *
 * For tests that must see what happens while a batch is being made durable.
 */
#ifndef TG_TESTS_GATEWAY_GATE_IO_H
#define TG_TESTS_GATEWAY_GATE_IO_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/io.h"

struct gate_io {
	struct storage_io io;		/* give this to the journal */
	struct storage_io real;
	pthread_mutex_t lock;		/* over what follows */
	pthread_cond_t changed;
	bool	 is_shut;		/* syncs wait */
	bool	 is_broken;		/* syncs fail, from now on */
	uint32_t waiting;		/* syncs that wait at the shut gate */
	uint32_t syncs;			/* that returned TG_OK */
	uint32_t syncs_after_failure;	/* on a file whose sync failed */
	bool	 has_failed;
	uint64_t free_bytes;		/* of the disk, as told; UINT64_MAX: the real figure */
};

void gate_io_init(struct gate_io *gate);
void gate_io_deinit(struct gate_io *gate);

/* From now on syncs wait; let them all go. */
void gate_io_shut(struct gate_io *gate);
void gate_io_open(struct gate_io *gate);

/* Return when a sync waits at the shut gate. */
void gate_io_await_sync(struct gate_io *gate);

/* From now on syncs fail. */
void gate_io_break(struct gate_io *gate);

/* Tell this for the disk's free bytes. */
void gate_io_set_free_bytes(struct gate_io *gate, uint64_t bytes);

#endif
