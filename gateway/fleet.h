/*
 * fleet.h - what the terminals tell of themselves in HELLO and PING, one row each.
 *
 * Kept in memory only, from a terminal's first session to the end of the process: after a restart
 * rows fill again with the first heartbeats.  Nothing here is believed by the ledger.
 *
 * Any thread may call.  The lock is held for one row, or for a slice of them.
 */
#ifndef TG_GATEWAY_FLEET_H
#define TG_GATEWAY_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/host.h"
#include "gateway/figure.h"
#include "protocol/status.h"
#include "protocol/value.h"

struct fleet;
struct principal;

/* terminals_max: different terminals ever; more are not noted.  TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status fleet_new(uint32_t terminals_max, struct fleet **ret_fleet);

/* NULL is fine. */
void fleet_free(struct fleet *fleet);

/* A session of a terminal was opened, or has ended.  utc_ms: the time now. */
void fleet_open(struct fleet *fleet, const struct principal *principal, uint16_t key_generation,
		int64_t utc_ms);
void fleet_close(struct fleet *fleet, uint32_t terminal);

/* Software and version, as text of so many bytes: cut where too long. */
void fleet_software(struct fleet *fleet, uint32_t terminal, const uint8_t *text, size_t bytes);

/* A PING: take what it tells; fields that it lacks stay as they were. */
void fleet_ping(struct fleet *fleet, uint32_t terminal, const struct tg_message *ping,
		int64_t utc_ms);

/*
 * The ledger's totals of the day that a PING told counts of, as they stand after that PING.  They
 * are compared with the newest counts, if those are still of that day.
 */
void fleet_compare(struct fleet *fleet, uint32_t terminal, int32_t day, int64_t transactions,
		   int64_t points);

/* The row of a terminal.  False: it has had no session. */
bool fleet_find(struct fleet *fleet, uint32_t terminal, struct host_terminal *ret_row);

/* Copy rows from the first-th on, in order of appearance; returns how many, rows_max at most. */
uint32_t fleet_rows(struct fleet *fleet, uint32_t first, struct host_terminal *rows,
		    uint32_t rows_max);

/* Distances of clocks, by PING, as bounds in us: 10 ms to 1 day. */
extern const int64_t fleet_skew_us[HISTOGRAM_BOUNDS];

/* Add the distances told so far to a view. */
void fleet_skews(struct fleet *fleet, struct histogram_view *view);

#endif
