/*
 * roll_call.h - the console asks an I/O thread which sessions it has, and waits for the answer.
 *
 * Who asks may give up waiting; the question then lives until the thread has answered it.
 */
#ifndef TG_GATEWAY_ROLL_CALL_H
#define TG_GATEWAY_ROLL_CALL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "admin/host.h"

struct io;

struct roll_call {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	uint32_t references; /* the two sides; under lock */
	bool is_answered;    /* under lock */
	uint64_t after_id;   /* sessions with a number above this */
	uint32_t rows_max;
	uint32_t row_count;
	struct host_session rows[]; /* rows_max of them, lowest numbers first */
};

/* NULL: out of memory.  Two references: of who asks, and of who answers. */
struct roll_call *roll_call_new(uint64_t after_id, uint32_t rows_max);
void roll_call_unref(struct roll_call *call);

/* The asking side: wait.  False: no answer in time. */
bool roll_call_wait(struct roll_call *call, int64_t timeout_ms);

/* The I/O thread: fill in and wake who asked. */
void roll_call_answer(struct roll_call *call, struct io *io);

#endif
