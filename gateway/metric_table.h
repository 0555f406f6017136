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
	X(tallygate_build_info, GAUGE, COUNT, "version,instance", FAMILY(tell_build), \
	  "1; labels tell the program's version and the coalition's instance") \
	X(tallygate_uptime_seconds, GAUGE, SECONDS, "", NUMBER(true, v->uptime_us), \
	  "time since the start") \
	X(tallygate_phase, GAUGE, COUNT, "phase", FAMILY(tell_phase), \
	  "1 for the present phase of the gateway's life, 0 for the others") \
	X(tallygate_ready, GAUGE, COUNT, "", NUMBER(true, v->is_ready), \
	  "1 if /readyz says so: connections are accepted and records can be made") \
	/* connections */ \
	X(tallygate_connections, GAUGE, COUNT, "", NUMBER(v->has_parts, v->network.connections), \
	  "connections open now") \
	X(tallygate_connections_max, GAUGE, COUNT, "", NUMBER(v->has_parts, v->connections_max), \
	  "connections that may be open at once (limits.connections)") \
	X(tallygate_connections_accepted_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->network.accepted), \
	  "connections accepted") \
	X(tallygate_connections_refused_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->network.refused), \
	  "connections closed at once, there were too many") \
	X(tallygate_handshakes_failed_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->network.handshake_failures), \
	  "TLS handshakes that did not come about") \
	X(tallygate_authentications_failed_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->network.auth_failures), \
	  "AUTH requests answered AUTH_FAILED") \
	/* the ledger */ \
	X(tallygate_requests_received_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->network.requests), \
	  "frames received, a BATCH as one") \
	X(tallygate_requests_decided_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->pipeline.requests), \
	  "requests decided by the ledger step; items of a BATCH and the gateway's own count") \
	X(tallygate_records_total, COUNTER, COUNT, "", NUMBER(v->has_parts, v->pipeline.records), \
	  "records made") \
	/* the journal */ \
	X(tallygate_journal_durable_sequence, GAUGE, COUNT, "", NUMBER(v->has_parts, v->pipeline.durable_sequence), \
	  "records up to this one are durable")
/* clang-format on */

#endif
