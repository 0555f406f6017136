/*
 * monitor.h - what those who watch the gateway are told: health, readiness, metrics over HTTP.
 *
 * Owns the HTTP server and the phase of the gateway's life.  It is there before recovery and after
 * the last connection: parts that come and go are attached and detached.
 *
 * All functions are the control thread's; a monitor that is NULL (http.listen is empty) is fine.
 */
#ifndef TG_GATEWAY_MONITOR_H
#define TG_GATEWAY_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/config.h"
#include "gateway/phase.h"
#include "protocol/status.h"

struct clock;
struct journal;
struct log;
struct monitor;
struct network;
struct originals;
struct pipeline;
struct sink_thread;
struct snapshot_driver;
struct supervisor;

/* What there is to watch.  Borrowed until monitor_detach(). */
struct monitor_parts {
	const struct pipeline *pipeline;
	const struct network *network;
	const struct journal *journal;
	const struct clock *clock;
	struct sink_thread *sink;	/* NULL: there is none */
	struct originals *originals;	/* NULL: there are none */
	struct snapshot_driver *snapshots; /* NULL: there is none */
};

/*
 * Listen and answer from now on.  config: its texts outlive the monitor.  supervisor: borrowed for
 * the call, may hand sockets over.  ret_monitor: NULL when http.listen is empty.  TG_OK;
 * TG_CONFIG with *error filled: an address cannot be listened on; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status monitor_start(const struct config *config,
					   struct supervisor *supervisor, struct log *log,
					   struct config_error *error,
					   struct monitor **ret_monitor);

/* The gateway has come so far. */
void monitor_enter(struct monitor *monitor, enum gateway_phase phase);

/* The control thread lives; each second while it serves. */
void monitor_beat(struct monitor *monitor);

/* The parts run.  Once. */
void monitor_attach(struct monitor *monitor, const struct monitor_parts *parts);

/* The parts are about to end: nobody looks at them from now on.  Without parts nothing happens. */
void monitor_detach(struct monitor *monitor);

/* End the server and free.  NULL is fine. */
void monitor_stop(struct monitor *monitor);

#endif
