/*
 * sink_thread.h - the thread that brings durable records to MariaDB, from start to stop.
 *
 * Owns the thread, storage's sink and the time that its end may take.  MariaDB may be away or die
 * at any moment: nothing else of the gateway notices.
 */
#ifndef TG_GATEWAY_SINK_THREAD_H
#define TG_GATEWAY_SINK_THREAD_H

#include <stdint.h>

#include "gateway/log.h"
#include "protocol/status.h"
#include "storage/database.h"
#include "storage/journal.h"
#include "storage/sink.h"

struct sink_thread;

/*
 * Start.  Does not connect yet.  config: texts of its database outlive the thread, as do journal
 * and log.  TG_OK; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status sink_thread_start(const struct sink_config *config,
					       struct journal *journal, struct log *log,
					       struct sink_thread **ret_thread);

/*
 * Last sequence that MariaDB has for sure; 0: not known.  Any thread; for upkeep.  context: the
 * sink_thread.
 */
uint64_t sink_thread_confirmed(void *context);

/* Any thread. */
struct sink_status sink_thread_status(struct sink_thread *thread);

/* Any thread: processor time of the thread since its start, us; -1: not known. */
int64_t sink_thread_cpu_us(const struct sink_thread *thread);

/* Control thread, each second: log what has changed. */
void sink_thread_watch(struct sink_thread *thread);

/*
 * Give it up to flush_ms to write what is durable, then end it, cutting the connection if need be.
 * Blocks.  NULL is fine.
 */
void sink_thread_stop(struct sink_thread *thread, int64_t flush_ms);

#endif
