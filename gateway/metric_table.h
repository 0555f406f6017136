/*
 * metric_table.h - the one list of metrics.
 *
 * A row is the whole truth about a metric: what /metrics prints, and the reference METRICS.md.
 *
 * Columns: name, type, unit, labels, source, help.  Types and units as in admin/exposition.h; a
 * name ends in its unit, a counter's in _total.  The source is evaluated in metrics.c, where v is
 * the struct metrics_view: NUMBER(if, value) is one sample, told if the condition holds;
 * FAMILY(function) tells samples with labels.  Seconds are told in us, ratios in millionths.
 */
#ifndef TG_GATEWAY_METRIC_TABLE_H
#define TG_GATEWAY_METRIC_TABLE_H

/* clang-format off */
#define METRIC_LIST(X) \
	/* the process */ \
	X(tallygate_build_info, GAUGE, COUNT, "version,coalition", FAMILY(tell_build), \
	  "1; labels tell the program's version and the coalition (gateway.instance)") \
	X(tallygate_uptime_seconds, GAUGE, SECONDS, "", NUMBER(true, v->uptime_us), \
	  "time since the start") \
	X(tallygate_phase, GAUGE, COUNT, "phase", FAMILY(tell_phase), \
	  "1 for the present phase of the gateway's life, 0 for the others") \
	X(tallygate_ready, GAUGE, COUNT, "", NUMBER(true, v->is_ready), \
	  "1 if /readyz says so: connections are accepted and records can be made") \
	X(process_cpu_seconds_total, COUNTER, SECONDS, "", NUMBER(true, v->process_cpu_us), \
	  "processor time of the whole process") \
	X(process_resident_memory_bytes, GAUGE, BYTES, "", NUMBER(v->resident_bytes > 0, v->resident_bytes), \
	  "memory of the process that is in RAM") \
	/* connections */ \
	X(tallygate_connections, GAUGE, COUNT, "", NUMBER(v->has_parts, v->network.connections), \
	  "connections open now") \
	X(tallygate_connections_max, GAUGE, COUNT, "", NUMBER(v->has_parts, v->connections_max), \
	  "connections that may be open at once (limits.connections)") \
	X(tallygate_sessions, GAUGE, COUNT, "state", FAMILY(tell_sessions), \
	  "connections by the state of their session") \
	X(tallygate_connections_accepted_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->network.accepted), \
	  "connections accepted") \
	X(tallygate_connections_refused_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->network.refused), \
	  "connections closed at once, because there were too many") \
	X(tallygate_handshakes_failed_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->network.handshake_failures), \
	  "TLS handshakes that did not come about") \
	X(tallygate_authentications_failed_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->network.auth_failures), \
	  "AUTH requests answered AUTH_FAILED") \
	X(tallygate_activations_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->network.activations), \
	  "keys told to tills for one-time codes, again too") \
	X(tallygate_activations_failed_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->network.activation_failures), \
	  "one-time codes that were wrong, expired or used") \
	X(tallygate_notices_total, COUNTER, COUNT, "outcome", FAMILY(tell_notices), \
	  "NOTICEs sent to peers: frames refused, sessions ended, draining") \
	/* requests */ \
	X(tallygate_requests_received_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->network.requests), \
	  "frames received, a BATCH as one") \
	X(tallygate_batch_items_received_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->network.items), \
	  "items of BATCH frames received") \
	X(tallygate_answers_total, COUNTER, COUNT, "operation,status", FAMILY(tell_answers), \
	  "answers given, by operation and status; each item of a BATCH, and the BATCH itself") \
	X(tallygate_answer_seconds, HISTOGRAM, SECONDS, "operation", FAMILY(tell_times), \
	  "time from the moment a frame was complete until its answer was written; not of items") \
	X(tallygate_requests_decided_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->pipeline.requests), \
	  "requests decided by the ledger step; items of a BATCH and the gateway's own count") \
	X(tallygate_requests_refused_total, COUNTER, COUNT, "reason", FAMILY(tell_refused), \
	  "requests that could not be decided: queue (BUSY), disk (JOURNAL_FULL), clock (BUSY)") \
	X(tallygate_queue_waiting, GAUGE, COUNT, "thread,lane", FAMILY(tell_queues), \
	  "requests that wait for the ledger step, by the thread that asks and the lane") \
	X(tallygate_queue_seconds, HISTOGRAM, SECONDS, "", BUCKETS(v->has_parts, v->pipeline.delays, histogram_us), \
	  "wait for the ledger step, of the first request of each turn of a lane") \
	X(tallygate_records_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->pipeline.records), \
	  "records made") \
	/* partners */ \
	X(tallygate_partners_drained, GAUGE, COUNT, "", NUMBER(v->has_parts, census_drained_count(v->census)), \
	  "partners that an operator has taken out of service, each for itself") \
	X(tallygate_partners_cover_low, GAUGE, COUNT, "", NUMBER(v->has_parts, v->partners_low), \
	  "partners with no more points left to issue than their soft alert says") \
	X(tallygate_partners_stopped, GAUGE, COUNT, "", NUMBER(v->has_parts, v->partners_stopped), \
	  "partners with no points left to issue, or that met their stop: `show funding`") \
	X(tallygate_partner_answers_total, COUNTER, COUNT, "partner", FAMILY(tell_partner_answers), \
	  "answers to a partner; of those not told by number under other (http.partners_named)") \
	X(tallygate_partner_refusals_total, COUNTER, COUNT, "partner", FAMILY(tell_partner_refusals), \
	  "of these, with another status than OK") \
	X(tallygate_partner_connections, GAUGE, COUNT, "partner", FAMILY(tell_partner_connections), \
	  "connections of a partner") \
	X(tallygate_partner_in_flight, GAUGE, COUNT, "partner", FAMILY(tell_partner_in_flight), \
	  "requests of a partner without an answer") \
	/* the fleet, as terminals tell in HELLO and PING */ \
	X(tallygate_terminals, GAUGE, COUNT, "", NUMBER(v->has_fleet, v->fleet.known), \
	  "terminals that had a session since the start") \
	X(tallygate_terminals_connected, GAUGE, COUNT, "", NUMBER(v->has_fleet, v->fleet.connected), \
	  "of these, terminals with a session now") \
	X(tallygate_terminal_software, GAUGE, COUNT, "software", FAMILY(tell_software), \
	  "terminals by software and version; the rare ones as other (http.software_named)") \
	X(tallygate_terminals_queueing, GAUGE, COUNT, "", NUMBER(v->has_fleet, v->fleet.queueing), \
	  "terminals with requests in store and forward") \
	X(tallygate_terminal_queue_requests, GAUGE, COUNT, "", NUMBER(v->has_fleet, v->fleet.queued), \
	  "requests in store and forward of all terminals") \
	X(tallygate_terminal_queue_requests_max, GAUGE, COUNT, "", NUMBER(v->has_fleet, v->fleet.queue_max), \
	  "the most that one terminal has") \
	X(tallygate_terminal_queue_age_max_seconds, GAUGE, SECONDS, "", NUMBER(v->has_fleet, v->fleet.queue_age_max_s * 1000000), \
	  "age of the oldest of these requests, when last told") \
	X(tallygate_terminal_clock_skew_seconds, HISTOGRAM, SECONDS, "", BUCKETS(v->has_fleet, v->skews, fleet_skew_us), \
	  "how far off a terminal's clock was, either way, at each PING that told") \
	X(tallygate_terminals_clock_off, GAUGE, COUNT, "", NUMBER(v->has_fleet, v->fleet.clock_off), \
	  "terminals whose clock is further off than a burn may be (programme.burn_clock_s)") \
	X(tallygate_terminal_settled_day_min_timestamp_seconds, GAUGE, SECONDS, "", NUMBER(v->has_settled_day, v->settled_day_us), \
	  "earliest of the last settled days of terminals connected, as midnight UTC, since 1970") \
	X(tallygate_terminals_differing, GAUGE, COUNT, "", NUMBER(v->has_fleet, v->fleet.differing), \
	  "terminals whose own counts of their day differ from the ledger's") \
	X(tallygate_partner_difference_transactions, GAUGE, COUNT, "partner", FAMILY(tell_difference_transactions), \
	  "transactions by which they differ, added up without signs") \
	X(tallygate_partner_difference_points, GAUGE, COUNT, "partner", FAMILY(tell_difference_points), \
	  "points by which they differ, added up without signs") \
	/* threads */ \
	X(tallygate_turn_seconds, HISTOGRAM, SECONDS, "thread", FAMILY(tell_turns), \
	  "event loop delay: how long a turn of an I/O thread kept new events waiting") \
	X(tallygate_thread_cpu_seconds_total, COUNTER, SECONDS, "thread", FAMILY(tell_cpu), \
	  "processor time of a thread") \
	X(tallygate_thread_busy_ratio, GAUGE, RATIO, "thread", FAMILY(tell_busy), \
	  "share of the last minute in which a thread used a processor") \
	/* the journal and its disk */ \
	X(tallygate_journal_durable_sequence, GAUGE, COUNT, "", NUMBER(v->has_parts, v->pipeline.durable_sequence), \
	  "records up to this one are durable") \
	X(tallygate_journal_append_seconds, HISTOGRAM, SECONDS, "", BUCKETS(v->has_parts, v->pipeline.append_us, histogram_us), \
	  "time to write a batch and sync it (fdatasync)") \
	X(tallygate_journal_writing_ratio, GAUGE, RATIO, "", NUMBER(v->has_parts && v->writing >= 0, v->writing), \
	  "share of the last minute in which a batch was being written; at 1 batches only grow") \
	X(tallygate_journal_batch_records, HISTOGRAM, COUNT, "", BUCKETS(v->has_parts, v->pipeline.batch_records, histogram_counts), \
	  "records in a batch") \
	X(tallygate_journal_record_bytes_total, COUNTER, BYTES, "", NUMBER(v->has_parts, v->pipeline.batch_bytes), \
	  "bytes of the records made durable") \
	X(tallygate_journal_written_bytes_total, COUNTER, BYTES, "", NUMBER(v->has_parts, v->journal.bytes), \
	  "bytes written to the journal, with what fills up its batches") \
	X(tallygate_journal_marks_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->journal.marks), \
	  "marks with the state hash written while idle") \
	X(tallygate_journal_segments_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->journal.segments), \
	  "segments begun") \
	X(tallygate_journal_writable, GAUGE, COUNT, "", NUMBER(v->has_parts, v->journal.has_room && !v->journal.is_dead), \
	  "1 while records can be made") \
	X(tallygate_journal_mirror_synced, GAUGE, COUNT, "", NUMBER(v->has_parts && v->journal.has_mirror, !v->journal.is_mirror_lost), \
	  "1 while batches are synced in the mirror, too; 0: it has failed; absent: none") \
	X(tallygate_disk_free_bytes, GAUGE, BYTES, "", NUMBER(v->has_parts, v->journal.free_bytes), \
	  "free space of the journal's disk") \
	X(tallygate_disk_low_water_bytes, GAUGE, BYTES, "", NUMBER(v->has_parts, v->low_water_bytes), \
	  "free space below which new records are refused (journal.low_water_bytes)") \
	X(tallygate_disk_size_bytes, GAUGE, BYTES, "", NUMBER(v->has_parts, v->disk_bytes), \
	  "size of the journal's disk") \
	/* snapshots */ \
	X(tallygate_snapshots_total, COUNTER, COUNT, "", NUMBER(v->has_snapshots, v->snapshots_ended), \
	  "snapshots that came to an end, good or bad") \
	X(tallygate_snapshot_ok, GAUGE, COUNT, "", NUMBER(v->snapshots_ended > 0, v->is_snapshot_ok), \
	  "1 if the last snapshot was written") \
	X(tallygate_snapshot_sequence, GAUGE, COUNT, "", NUMBER(v->snapshots_ended > 0, v->snapshot_sequence), \
	  "last record in the last snapshot") \
	X(tallygate_snapshot_size_bytes, GAUGE, BYTES, "", NUMBER(v->snapshots_ended > 0, v->snapshot_bytes), \
	  "size of the last snapshot") \
	X(tallygate_snapshot_pause_max_seconds, GAUGE, SECONDS, "", NUMBER(v->has_snapshots, v->snapshot_pause_us), \
	  "longest that requests waited for a slice of a snapshot, since the start") \
	/* the ledger's tables */ \
	X(tallygate_table_rows, GAUGE, COUNT, "table", FAMILY(tell_table_rows), \
	  "rows in use") \
	X(tallygate_table_rows_max, GAUGE, COUNT, "table", FAMILY(tell_table_rows_max), \
	  "rows that the table may hold (ledger.*_max)") \
	X(tallygate_table_memory_bytes, GAUGE, BYTES, "table", FAMILY(tell_table_memory), \
	  "memory of the rows that were ever in use, without indexes") \
	/* time */ \
	X(tallygate_clock_alarm, GAUGE, COUNT, "", NUMBER(v->has_parts, v->is_clock_alarmed), \
	  "1 while the wall clock waits for the console's clock accept") \
	X(tallygate_clock_timestamp_seconds, GAUGE, SECONDS, "", NUMBER(v->has_parts, v->clock_utc_ms * 1000), \
	  "the ledger's time, since 1970") \
	X(tallygate_business_date_timestamp_seconds, GAUGE, SECONDS, "", NUMBER(v->has_business_date, v->business_date_us), \
	  "the business date, as midnight UTC, since 1970") \
	/* MariaDB */ \
	X(tallygate_sink_state, GAUGE, COUNT, "state", FAMILY(tell_sink_state), \
	  "1 for the present state of the sink, 0 for the others") \
	X(tallygate_sink_lag_records, GAUGE, COUNT, "", NUMBER(v->has_sink && v->sink.has_position, v->sink.lag_records), \
	  "durable records that MariaDB does not have") \
	X(tallygate_sink_lag_seconds, GAUGE, SECONDS, "", NUMBER(v->has_sink && v->sink.has_position, v->sink_lag_us), \
	  "age of the oldest record that MariaDB does not have") \
	X(tallygate_sink_records_total, COUNTER, COUNT, "", NUMBER(v->has_sink, v->sink.records), \
	  "records written to MariaDB") \
	X(tallygate_sink_transactions_total, COUNTER, COUNT, "", NUMBER(v->has_sink, v->sink.batches), \
	  "transactions committed in MariaDB") \
	X(tallygate_sink_connects_total, COUNTER, COUNT, "", NUMBER(v->has_sink, v->sink.connects), \
	  "connections made to MariaDB") \
	X(tallygate_sink_failures_total, COUNTER, COUNT, "", NUMBER(v->has_sink, v->sink.failures), \
	  "batches and connections that had to be tried again") \
	X(tallygate_originals_total, COUNTER, COUNT, "outcome", FAMILY(tell_originals), \
	  "originals older than the window looked up: found, unknown; the others were refused") \
	X(tallygate_originals_waiting, GAUGE, COUNT, "", NUMBER(v->has_originals, v->pipeline.archive_waiting[PIPELINE_ORIGINALS]), \
	  "requests that wait for such an original") \
	X(tallygate_history_pages_total, COUNTER, COUNT, "outcome", FAMILY(tell_pages), \
	  "pages of entries asked of MariaDB: told; the others were refused") \
	X(tallygate_history_pages_waiting, GAUGE, COUNT, "", NUMBER(v->has_originals, v->pipeline.archive_waiting[PIPELINE_PAGES]), \
	  "requests that wait for such a page") \
	/* headroom */ \
	X(tallygate_request_rate, GAUGE, COUNT, "", NUMBER(v->has_parts, v->request_rate), \
	  "requests decided a second, over the last minute") \
	X(tallygate_request_rate_reachable, GAUGE, COUNT, "", NUMBER(v->reachable_rate >= 0, v->reachable_rate), \
	  "the same if the busiest I/O thread, ledger or journal had no rest; absent if idle") \
	X(tallygate_headroom_ratio, GAUGE, RATIO, "resource", FAMILY(tell_headroom), \
	  "what is left of a resource: rate, journal, connections, disk, window, or a table")
/* clang-format on */

#endif
