/*
 * gateway.h - the daemon: what everything hangs off, how it starts and how it ends.
 *
 * Owns every part and the order in which they begin and end.  The thread that calls gateway_run()
 * is the control thread: signals, timers, the console's questions to the ledger.
 */
#ifndef TG_GATEWAY_GATEWAY_H
#define TG_GATEWAY_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/host.h"
#include "gateway/clock.h"
#include "gateway/config.h"
#include "gateway/database_options.h"
#include "gateway/log.h"
#include "gateway/phase.h"
#include "gateway/recovery.h"
#include "gateway/supervisor.h"
#include "storage/io.h"

struct console;
struct control;
struct errands;
struct event;
struct event_base;
struct monitor;
struct network;
struct originals;
struct pipeline;
struct sink_thread;
struct snapshot_driver;
struct timers;
struct upkeep;
struct zone;

#define GATEWAY_PATH_BYTES_MAX 448
#define GATEWAY_EPOCH 1		/* one machine: ownership never moves */

/* Files that a reload made, kept because other threads may still look into them. */
struct gateway_old_config {
	struct gateway_old_config *next;
	struct config *config;		/* owned */
};

/* Pointers are owned and NULL while there is no such part. */
struct gateway {
	struct config *_Atomic config;	/* in force; a reload replaces it while others look */
	struct gateway_old_config *old_configs;
	struct log *log;		/* borrowed */
	struct supervisor supervisor;
	struct event_base *base;	/* the control thread's loop */
	struct event *signal_events[3]; /* SIGTERM, SIGINT, SIGHUP */
	struct event *second_event;	/* log, sink, state of the clock */
	struct event *end_event;	/* made active to begin the end, then looks how far */
	enum gateway_phase phase;	/* the control thread's */
	int64_t	 phase_until_us;	/* when the phase is given up, CLOCK_MONOTONIC */
	enum clock_alarm alarm;		/* when last looked */
	struct zone *zone;
	struct clock clock;
	int64_t	 started_utc_ms;	/* wall clock */
	struct storage_io io;
	char	 archive_directory[GATEWAY_PATH_BYTES_MAX];
	char	 console_path[GATEWAY_PATH_BYTES_MAX];
	struct programme_config programme; /* of the configuration, next version */
	struct database_options database;
	struct recovery recovery;	/* its ledger and journal are owned here */
	struct sink_thread *sink;
	struct originals *originals;
	struct snapshot_driver *snapshots;
	struct pipeline *pipeline;
	struct control *control;
	struct timers *timers;
	struct upkeep *upkeep;
	struct network *network;
	struct monitor *monitor;	/* NULL also without http.listen */
	struct console *console;
	struct console_host host;	/* what the console calls */
	struct errands *errands;	/* of console threads on this one */
	char	 error[1024];		/* why it did not start */
};

/*
 * Start, serve until told to stop, end in order.  config: owned from here on.  log: borrowed.
 * The process must have one thread.  Returns the exit code, see gateway_exit_code().
 */
int gateway_run(struct config *config, struct log *log);

/* Any thread: begin to drain and stop, as SIGTERM does.  Returns at once. */
void gateway_shut_down(struct gateway *gateway);

/*
 * Control thread: take a partner, or everybody (0), out of service, or back in; network_serve()
 * says what that means.  Of everybody, /readyz says it, too.
 * TG_OK; TG_SHUTTING_DOWN: not at work (any more); TG_TABLE_FULL.
 */
TG_MUST_CHECK enum tg_status gateway_serve(struct gateway *gateway, uint32_t partner,
					   bool is_served);

/*
 * Exit codes, as in sysexits.h: 0 ended in order; 65 data damaged or too new; 71 no memory;
 * 74 disk; 75 another process has the data; 78 configuration; 70 a bug.
 */
int gateway_exit_code(enum tg_status status);

#endif
