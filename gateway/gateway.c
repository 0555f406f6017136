/*
 * gateway.c - the daemon: what everything hangs off, how it starts and how it ends.
 *
 * The start is a list of steps; each leaves its part in struct gateway or tells why not.  The end
 * takes them down in the opposite order and is fine with a start that went half-way.
 */
#include "gateway/gateway.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin/console.h"
#include "gateway/address.h"
#include "gateway/console_host.h"
#include "gateway/control.h"
#include "gateway/errand.h"
#include "gateway/monitor.h"
#include "gateway/network.h"
#include "gateway/originals.h"
#include "gateway/pipeline.h"
#include "gateway/programme.h"
#include "gateway/reload.h"
#include "gateway/settlement.h"
#include "gateway/sink_thread.h"
#include "gateway/snapshot_driver.h"
#include "gateway/timers.h"
#include "gateway/upkeep.h"
#include "gateway/zone.h"
#include "protocol/assert.h"
#include "storage/sink.h"

#define END_LOOK_MS 20
#define DRAIN_EXTRA_MS 2000	/* beyond gateway.drain_ms, then connections are cut */
#define SNAPSHOT_AT_END_MS 60000
#define END_EXTRA_MS 30000	/* of the end after that, at most; for the service manager */

int
gateway_exit_code(enum tg_status status)
{
	if (status == TG_OK)
		return EX_OK;
	if (status == TG_CONFIG)
		return EX_CONFIG;
	if (status == TG_CORRUPT || status == TG_TOO_NEW)
		return EX_DATAERR;
	if (status == TG_FENCED)
		return EX_TEMPFAIL;
	if (status == TG_IO || status == TG_JOURNAL_FULL)
		return EX_IOERR;
	if (status == TG_NO_MEMORY)
		return EX_OSERR;
	return EX_SOFTWARE;
}

/* Keep why a step failed, and return its status. */
static enum tg_status __attribute__((format(printf, 3, 4)))
fail(struct gateway *gateway, enum tg_status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(gateway->error, sizeof(gateway->error), format, arguments);
	va_end(arguments);
	return status;
}

/* The journal's thread, when the journal is lost: nothing may be answered any more. */
static void
on_dead(void *context, const struct storage_error *error)
{
	struct gateway *gateway = context;

	log_event(gateway->log, LEVEL_ERROR, "journal_lost",
		  "status=%s error=%s: stopping at once, recovery will find what is on disk",
		  tg_status_name(error->status), error->text);
	_exit(gateway_exit_code(TG_IO));
}

static bool
between(void *context, struct ledger *ledger)
{
	struct gateway *gateway = context;

	return gateway->snapshots != NULL &&
	       snapshot_driver_run(gateway->snapshots, ledger,
				   pipeline_durable_sequence(gateway->pipeline));
}

/* What the service manager hands over, before anybody opens sockets. */
static enum tg_status
meet_supervisor(struct gateway *gateway)
{
	struct config_error error = { "" };
	enum tg_status status = supervisor_init(&gateway->supervisor, &error);

	return status == TG_OK ? TG_OK : fail(gateway, status, "%s", error.text);
}

/* Paths that have a default beside the data, and the zone. */
static enum tg_status
prepare(struct gateway *gateway)
{
	const struct config *config = gateway->config;
	struct config_error error;
	enum tg_status status = zone_new(config->programme_zone, &gateway->zone);

	if (status != TG_OK)
		return fail(gateway, status, "programme.zone: no time zone %s",
			    config->programme_zone);
	(void)snprintf(gateway->archive_directory, sizeof(gateway->archive_directory), "%s%s",
		       config->data_archive_directory[0] != '\0' ? config->data_archive_directory :
								   config->data_directory,
		       config->data_archive_directory[0] != '\0' ? "" : "/archive");
	(void)snprintf(gateway->console_path, sizeof(gateway->console_path), "%s%s",
		       config->console_socket[0] != '\0' ? config->console_socket :
							   config->data_directory,
		       config->console_socket[0] != '\0' ? "" : "/console.sock");
	gateway->programme = programme_of(config);
	storage_io_posix(&gateway->io);
	if (!config->sink_enabled)
		return TG_OK;
	status = database_options_init(&gateway->database, config, &error);
	if (status != TG_OK)
		return fail(gateway, status, "%s", error.text);
	return database_setup();
}

/* What came of comparing the journal with its mirror. */
static void
log_mirror(const struct gateway *gateway, const struct journal_mirror_report *mirror)
{
	static const char *const verdicts[] = {
		[JOURNAL_MIRROR_NONE] = "none",
		[JOURNAL_MIRROR_EQUAL] = "equal",
		[JOURNAL_MIRROR_BEHIND] = "mirror completed from the journal",
		[JOURNAL_MIRROR_AHEAD] = "journal completed from the mirror",
		[JOURNAL_MIRROR_LOST] = "mirror cannot be had, going on alone",
	};

	if (mirror->verdict == JOURNAL_MIRROR_NONE)
		return;
	log_event(gateway->log, mirror->verdict == JOURNAL_MIRROR_EQUAL ? LEVEL_INFO : LEVEL_WARN,
		  "journal_mirror",
		  "verdict=\"%s\" sequence=%" PRIu64 " mirror_sequence=%" PRIu64
		  " segments_copied=%" PRIu64 " damage=%s",
		  verdicts[mirror->verdict], mirror->sequence, mirror->mirror_sequence,
		  mirror->segments,
		  mirror->damage.status != TG_OK ? mirror->damage.text : "none");
}

static void
log_recovery(const struct gateway *gateway)
{
	const struct recovery *r = &gateway->recovery;

	if (r->snapshots_skipped > 0)
		log_event(gateway->log, LEVEL_ERROR, "snapshot_skipped", "count=%u error=%s",
			  r->snapshots_skipped, r->skipped.text);
	if (r->opened.cut_bytes > 0)
		log_event(gateway->log, LEVEL_WARN, "journal_tail_cut",
			  "bytes=%" PRIu64 " offset=%" PRIu64, r->opened.cut_bytes,
			  r->opened.cut_offset);
	log_mirror(gateway, &r->opened.mirror);
	log_event(gateway->log, LEVEL_INFO, "recovered",
		  "sequence=%" PRIu64 " snapshot=%" PRIu64 " records=%" PRIu64 " marks=%" PRIu64
		  " incarnation=%" PRIu64 " journal_ms=%u snapshot_ms=%u records_ms=%u",
		  ledger_sequence(r->ledger), r->snapshot_sequence, r->records, r->marks,
		  r->opened.incarnation, r->journal_ms, r->snapshot_ms, r->records_ms);
}

/*
 * What a programme is from its first record on it stays, whatever the configuration says: points of
 * customers and points for trying out never meet, and what was paid for when it was issued is not
 * paid for again when it is burned.
 */
static enum tg_status
check_programme(struct gateway *gateway)
{
	const struct config *config = gateway->config;
	const struct programme_config *present = ledger_programme(gateway->recovery.ledger);
	const struct {
		const char *key;
		uint32_t flag;
		bool is_wanted;
	} kept[] = { { "sandbox", PROGRAMME_SANDBOX, config->programme_sandbox },
		     { "traced", PROGRAMME_TRACED, config->programme_traced } };

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		bool is_set = (present->flags & kept[i].flag) != 0;

		if (present->version != 0 && is_set != kept[i].is_wanted)
			return fail(gateway, TG_CONFIG,
				    "programme.%s is %s, but %s began otherwise", kept[i].key,
				    is_set ? "false" : "true", config->data_directory);
	}
	return programme_fits_members(config, gateway->recovery.ledger) ? TG_OK :
		fail(gateway, TG_CONFIG, "programme.expiry_shape is not that of the members");
}

static enum tg_status
recover(struct gateway *gateway)
{
	const struct config *config = gateway->config;
	struct storage_error error = { 0 };
	struct recovery_config recovery = {
		.journal = {
			.io = &gateway->io,
			.directory = config->data_directory,
			.archive_directory = gateway->archive_directory,
			.mirror_directory = config->journal_mirror_directory[0] != '\0' ?
						    config->journal_mirror_directory :
						    NULL,
			.mirror_goes_on_alone =
				config->journal_mirror_failure == MIRROR_FAILURE_ALONE,
			.instance = config->gateway_instance,
			.epoch = GATEWAY_EPOCH,
			.segment_bytes = (uint64_t)config->journal_segment_bytes,
			.batch_bytes_max = (uint32_t)config->journal_batch_bytes,
			.low_water_bytes = (uint64_t)config->journal_low_water_bytes,
			.reserve_bytes = (uint64_t)config->journal_reserve_bytes,
			.sink_sequence = settlement_sequence(gateway),
		},
		.is_memory = config->journal_backend == JOURNAL_BACKEND_MEMORY,
		.limits = ledger_limits_of(config),
	};
	enum tg_status status;

	if (getrandom(&recovery.journal.salt, sizeof(recovery.journal.salt), 0) !=
	    (ssize_t)sizeof(recovery.journal.salt))
		return fail(gateway, TG_IO, "no random numbers from the system");
	status = recovery_run(&recovery, &gateway->recovery, &error);
	if (status != TG_OK)
		return fail(gateway, status, "%s (sequence %" PRIu64 ", offset %" PRIu64 ")",
			    error.text, error.sequence, error.offset);
	log_recovery(gateway);
	status = check_programme(gateway);
	if (status != TG_OK)
		return status;
	clock_start(&gateway->clock, clock_source_system(),
		    config->clock_source == CLOCK_SOURCE_STEPPED,
		    ledger_booked_at_utc_ms(gateway->recovery.ledger),
		    config->clock_start_utc_ms != 0 ? config->clock_start_utc_ms : INT64_MIN);
	gateway->alarm = CLOCK_FINE;
	return TG_OK;
}

static enum tg_status
make_pipeline(struct gateway *gateway)
{
	const struct config *config = gateway->config;
	const struct snapshot_config snapshot = {
		.io = journal_io(gateway->recovery.journal),
		.directory = config->data_directory,
		.instance = config->gateway_instance,
		.set = ledger_tables(gateway->recovery.ledger),
	};
	const struct pipeline_config pipeline = {
		.ledger = gateway->recovery.ledger,
		.journal = gateway->recovery.journal,
		.clock = &gateway->clock,
		.zone = gateway->zone,
		.io_threads = (uint32_t)config->gateway_io_threads,
		.is_inline = config->gateway_ledger_thread == LEDGER_THREAD_INLINE,
		.requests_max = (uint32_t)config->queue_requests,
		.requests_reserved = (uint32_t)config->queue_reserved,
		.batch_items_max = (uint32_t)config->queue_batch_items,
		.queue_delay_ms_max = config->queue_delay_ms,
		.idle_mark_ms = config->journal_idle_mark_ms,
		.between = between,
		.archive = gateway->originals != NULL ? originals_fetch : NULL,
		.page = originals_page,
		.archive_context = gateway->originals,
		.archive_max = config->originals_enabled ? (uint32_t)config->originals_requests : 0,
		.pages_max = config->history_enabled ? (uint32_t)config->history_pages : 0,
		.on_dead = on_dead,
		.context = gateway,
	};
	enum tg_status status;

	if (config->journal_backend == JOURNAL_BACKEND_FILE) {
		gateway->snapshots = snapshot_driver_new(&snapshot);
		if (gateway->snapshots == NULL)
			return TG_NO_MEMORY;
	}
	status = pipeline_new(&pipeline, &gateway->pipeline);
	if (status != TG_OK)
		return fail(gateway, status, "journal.batch_bytes or queue.reserved do not fit");
	return pipeline_start(gateway->pipeline);
}

/* Does the ledger have the programme of the configuration? */
static bool
is_programme_new(struct gateway *gateway)
{
	const struct programme_config *present = ledger_programme(gateway->recovery.ledger);

	gateway->programme.version = present->version;
	/* The one thing of the programme that is not configured but switched. */
	gateway->programme.flags |= present->flags & PROGRAMME_BURN_OFF;
	return present->version == 0 ||
	       memcmp(&gateway->programme, present, sizeof(*present)) != 0;
}

/* The parts of the control thread; then programme and business date before any terminal. */
static enum tg_status
make_control(struct gateway *gateway)
{
	bool is_new = is_programme_new(gateway);
	struct timers_config timers = {
		.pipeline = gateway->pipeline,
		.log = gateway->log,
		.zone = gateway->zone,
		.cut_off_minutes = gateway->config->programme_cut_off,
		.programme = is_new ? &gateway->programme : NULL,
	};

	gateway->control = control_new(gateway->pipeline, gateway->base);
	if (gateway->control == NULL)
		return TG_NO_MEMORY;
	timers.control = gateway->control;
	gateway->timers = timers_new(&timers, gateway->base);
	if (gateway->timers == NULL)
		return TG_NO_MEMORY;
	timers_catch_up(gateway->timers);
	return timers_start(gateway->timers);
}

static enum tg_status
make_network(struct gateway *gateway)
{
	const struct network_options options = {
		.config = gateway->config,
		.pipeline = gateway->pipeline,
		.log = gateway->log,
		.supervisor = &gateway->supervisor,
	};
	struct config_error error = { "" };
	enum tg_status status = network_new(&options, &error, &gateway->network);

	return status == TG_OK ? TG_OK : fail(gateway, status, "%s", error.text);
}

static enum tg_status
start_helpers(struct gateway *gateway)
{
	const struct config *config = gateway->config;
	struct upkeep_config upkeep = {
		.log = gateway->log,
		.pipeline = gateway->pipeline,
		.journal = gateway->recovery.journal,
		.driver = gateway->snapshots,
		.io = journal_io(gateway->recovery.journal),
		.directory = config->data_directory,
		.snapshot_ms = config->data_snapshot_ms,
		.snapshots_kept = (uint32_t)config->data_snapshots_kept,
		.snapshot_sequence = gateway->recovery.snapshot_sequence,
	};

	if (gateway->sink != NULL) {
		upkeep.confirmed = sink_thread_confirmed;
		upkeep.context = gateway->sink;
	}
	if (gateway->snapshots == NULL)
		return TG_OK;
	gateway->upkeep = upkeep_start(&upkeep);
	return gateway->upkeep != NULL ? TG_OK : TG_NO_MEMORY;
}

/* Answer those who watch, before anything that takes its time. */
static enum tg_status
start_monitor(struct gateway *gateway)
{
	struct config_error error = { "" };
	enum tg_status status =
		monitor_start(gateway->config, &gateway->supervisor, gateway->log, &error,
			      &gateway->monitor);

	return status == TG_OK ? TG_OK : fail(gateway, status, "%s", error.text);
}

static enum tg_status
start_console(struct gateway *gateway)
{
	const struct config *config = gateway->config;
	struct console_config console = {
		.socket_path = gateway->console_path,
		.mode = (mode_t)config->console_mode,
		.idle_ms = (int32_t)config->console_idle_ms,
		.operators_file = config->console_operators_file,
		.failures_max = (uint32_t)config->console_failures,
		.lockout_ms = (int32_t)config->console_lockout_ms,
	};
	struct address address;
	char text[ADDRESS_TEXT_BYTES];
	enum tg_status status;

	if (config->console_tcp[0] != '\0' &&
	    address_parse(config->console_tcp, &address) == TG_OK) {
		console.tcp_address = &address.storage.any;
		console.tcp_address_bytes = address.bytes;
		/* The paths of this configuration, which is kept until the end. */
		console.certificate_file =
			config->console_tls ? config->tls_certificate_file : NULL;
		console.key_file = config->tls_key_file;
	}
	gateway->errands = errands_new(gateway->base);
	if (gateway->errands == NULL)
		return TG_NO_MEMORY;
	gateway->host = console_host_of(gateway);
	console.socket_fd = supervisor_take(&gateway->supervisor, "console");
	status = console_start(&console, &gateway->host, &gateway->console);
	if (status != TG_OK)
		return fail(gateway, status, "console: %s, or console.tcp %s: %m",
			    gateway->console_path, config->console_tcp);
	if (console.tcp_address == NULL)
		return TG_OK;
	address.storage.four.sin_port = htons(console_port(gateway->console));
	address_print(&address, text);
	log_event(gateway->log, LEVEL_INFO, "console_listening", "address=%s tls=%s", text,
		  config->console_tls ? "yes" : "no");
	return TG_OK;
}

void
gateway_shut_down(struct gateway *gateway)
{
	event_active(gateway->end_event, EV_READ, 0);
}

static void
enter_phase(struct gateway *gateway, enum gateway_phase phase, int64_t at_most_ms)
{
	gateway->phase = phase;
	monitor_enter(gateway->monitor, phase);
	gateway->phase_until_us = clock_mono_us() + at_most_ms * 1000;
	supervisor_enter(phase, at_most_ms + SNAPSHOT_AT_END_MS +
					gateway->config->gateway_sink_flush_ms + END_EXTRA_MS);
}

enum tg_status
gateway_serve(struct gateway *gateway, uint32_t partner, bool is_served)
{
	enum tg_status status;

	if (!gateway_phase_is_steady(gateway->phase))
		return TG_SHUTTING_DOWN;
	status = network_serve(gateway->network, partner, is_served);
	if (status == TG_OK && partner == 0)
		enter_phase(gateway, is_served ? GATEWAY_SERVING : GATEWAY_DRAINED, 0);
	return status;
}

/* How far is the end?  Made active to begin it, then looks again each END_LOOK_MS. */
static void
on_end(evutil_socket_t fd, short what, void *context)
{
	struct gateway *gateway = context;
	const struct timeval look = { 0, END_LOOK_MS * 1000 };
	bool is_late = clock_mono_us() >= gateway->phase_until_us;

	(void)fd;
	if (gateway_phase_is_steady(gateway->phase)) {
		log_event(gateway->log, LEVEL_INFO, "draining", "drain_ms=%" PRId64,
			  gateway->config->gateway_drain_ms);
		enter_phase(gateway, GATEWAY_DRAINING,
			    gateway->config->gateway_drain_ms + DRAIN_EXTRA_MS);
		network_drain(gateway->network);
		pipeline_drain(gateway->pipeline);
		event_add(gateway->end_event, &look);
		return;
	}
	if ((what & EV_TIMEOUT) == 0)
		return; /* told to stop once more */
	if (gateway->phase == GATEWAY_DRAINING &&
	    (is_late || network_is_drained(gateway->network))) {
		enter_phase(gateway, GATEWAY_KEEPING, SNAPSHOT_AT_END_MS);
		is_late = false;
		if (gateway->config->gateway_snapshot_at_end && gateway->snapshots != NULL) {
			snapshot_driver_want(gateway->snapshots);
			upkeep_hurry(gateway->upkeep);
		}
	}
	if (gateway->phase == GATEWAY_KEEPING &&
	    (is_late || gateway->snapshots == NULL || !snapshot_driver_is_busy(gateway->snapshots)))
		event_base_loopbreak(gateway->base);
	else
		event_add(gateway->end_event, &look);
}

static void
on_signal(evutil_socket_t number, short what, void *context)
{
	struct gateway *gateway = context;
	struct config_error error;

	(void)what;
	log_event(gateway->log, LEVEL_INFO, "signal", "number=%d", (int)number);
	if (number == SIGHUP)
		(void)reload_file(gateway, &error); /* the log says why not */
	else
		gateway_shut_down(gateway);
}

/* Each second: what has changed and someone should know. */
static void
on_second(evutil_socket_t fd, short what, void *context)
{
	struct gateway *gateway = context;
	enum clock_alarm alarm = clock_alarm(&gateway->clock);
	uint32_t stuck[NETWORK_THREADS_MAX];

	(void)fd;
	(void)what;
	log_tick(gateway->log);
	if (gateway_phase_is_steady(gateway->phase))
		monitor_beat(gateway->monitor);
	if (network_stuck(gateway->network, stuck) == 0)
		supervisor_beat(&gateway->supervisor);
	if (gateway->sink != NULL)
		sink_thread_watch(gateway->sink);
	if (alarm == gateway->alarm)
		return;
	gateway->alarm = alarm;
	log_event(gateway->log, alarm == CLOCK_FINE ? LEVEL_INFO : LEVEL_ERROR, "clock",
		  "alarm=%s utc_ms=%" PRId64 " %s", clock_alarm_name(alarm),
		  clock_peek_utc_ms(&gateway->clock),
		  alarm == CLOCK_FINE ? "" : "waits for the console's `clock accept`");
}

static enum tg_status
make_loop(struct gateway *gateway)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	const struct timeval second = { 1, 0 };

	if (evthread_use_pthreads() != 0)
		return TG_NO_MEMORY;
	gateway->base = event_base_new();
	if (gateway->base == NULL)
		return TG_NO_MEMORY;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		gateway->signal_events[i] =
			evsignal_new(gateway->base, numbers[i], on_signal, gateway);
		if (gateway->signal_events[i] == NULL ||
		    event_add(gateway->signal_events[i], NULL) != 0)
			return TG_NO_MEMORY;
	}
	gateway->end_event = event_new(gateway->base, -1, 0, on_end, gateway);
	gateway->second_event = event_new(gateway->base, -1, EV_PERSIST, on_second, gateway);
	if (gateway->end_event == NULL || gateway->second_event == NULL ||
	    event_add(gateway->second_event, &second) != 0)
		return TG_NO_MEMORY;
	return TG_OK;
}

static enum tg_status
start_network(struct gateway *gateway)
{
	const char *left_over = supervisor_left_over(&gateway->supervisor);
	enum tg_status status;
	char address[ADDRESS_TEXT_BYTES];
	bool is_tls;

	if (left_over != NULL)
		return fail(gateway, TG_CONFIG,
			    "socket %s of the service manager: no such name, or its key is empty",
			    left_over);
	status = network_start(gateway->network);
	if (status != TG_OK)
		return status;
	for (uint32_t i = 0;
	     network_address(gateway->network, i, address, sizeof(address), &is_tls); i++)
		log_event(gateway->log, LEVEL_INFO, "listening", "address=%s tls=%s", address,
			  is_tls ? "yes" : "no");
	monitor_attach(gateway->monitor, &(struct monitor_parts){
						 .pipeline = gateway->pipeline,
						 .network = gateway->network,
						 .journal = gateway->recovery.journal,
						 .clock = &gateway->clock,
						 .sink = gateway->sink,
						 .originals = gateway->originals,
						 .snapshots = gateway->snapshots });
	return TG_OK;
}

/* Take down whatever is there, in the opposite order.  TG_IO: the journal was lost. */
static enum tg_status
end(struct gateway *gateway)
{
	enum tg_status status = TG_OK;

	enter_phase(gateway, GATEWAY_ENDING, 0);
	monitor_detach(gateway->monitor);
	if (gateway->control != NULL)
		control_end(gateway->control);
	if (gateway->timers != NULL)
		timers_end(gateway->timers);
	if (gateway->snapshots != NULL)
		snapshot_driver_end(gateway->snapshots);
	errands_end(gateway->errands);
	console_stop(gateway->console);
	errands_free(gateway->errands);
	if (gateway->timers != NULL)
		timers_stop(gateway->timers);
	if (gateway->network != NULL)
		network_stop(gateway->network);
	upkeep_stop(gateway->upkeep);
	originals_cut(gateway->originals);
	if (gateway->pipeline != NULL)
		status = pipeline_stop(gateway->pipeline);
	sink_thread_stop(gateway->sink, gateway->config->gateway_sink_flush_ms);
	network_free(gateway->network);
	control_free(gateway->control);
	timers_free(gateway->timers);
	snapshot_driver_free(gateway->snapshots);
	if (gateway->recovery.ledger != NULL)
		log_event(gateway->log, LEVEL_INFO, "stopped", "sequence=%" PRIu64,
			  ledger_sequence(gateway->recovery.ledger));
	pipeline_free(gateway->pipeline);
	originals_free(gateway->originals);
	if (gateway->recovery.journal != NULL)
		journal_close(gateway->recovery.journal);
	ledger_free(gateway->recovery.ledger);
	monitor_stop(gateway->monitor);
	return status;
}

/* What is left when no part runs any more. */
static void
deinit(struct gateway *gateway)
{
	supervisor_deinit(&gateway->supervisor);
	zone_free(gateway->zone);
	database_options_deinit(&gateway->database);
	for (size_t i = 0; i < 3; i++) {
		if (gateway->signal_events[i] != NULL)
			event_free(gateway->signal_events[i]);
	}
	if (gateway->second_event != NULL)
		event_free(gateway->second_event);
	if (gateway->end_event != NULL)
		event_free(gateway->end_event);
	if (gateway->base != NULL)
		event_base_free(gateway->base);
	while (gateway->old_configs != NULL) {
		struct gateway_old_config *old = gateway->old_configs;

		gateway->old_configs = old->next;
		config_free(old->config);
		free(old);
	}
	config_free(gateway->config);
}

int
gateway_run(struct config *config, struct log *log)
{
	static const struct {
		const char *name;
		enum tg_status (*run)(struct gateway *gateway);
	} steps[] = {
		{ "supervisor", meet_supervisor }, { "loop", make_loop },
		{ "prepare", prepare },		   { "http", start_monitor },
		{ "recover", recover },		   { "sink", settlement_start },
		{ "pipeline", make_pipeline },	   { "control", make_control },
		{ "network", make_network },	   { "helpers", start_helpers },
		{ "console", start_console },	   { "listen", start_network },
	};
	struct gateway gateway = { .config = config, .log = log };
	enum tg_status status = TG_OK, end_status;

	gateway.started_utc_ms = clock_source_system().wall_ms(NULL);
	for (size_t i = 0; status == TG_OK && i < sizeof(steps) / sizeof(steps[0]); i++) {
		supervisor_step(steps[i].name);
		status = steps[i].run(&gateway);
		if (status != TG_OK)
			log_event(log, LEVEL_ERROR, "start_failed", "step=%s status=%s error=%s",
				  steps[i].name, tg_status_name(status), gateway.error);
	}
	if (status == TG_OK) {
		enter_phase(&gateway, GATEWAY_SERVING, 0);
		log_event(log, LEVEL_INFO, "ready", "instance=%s sequence=%" PRIu64,
			  gateway.config->gateway_instance,
			  pipeline_durable_sequence(gateway.pipeline));
		event_base_loop(gateway.base, EVLOOP_NO_EXIT_ON_EMPTY);
	}
	end_status = end(&gateway);
	if (status != TG_OK)
		supervisor_failed(gateway.error);
	deinit(&gateway);
	return gateway_exit_code(status != TG_OK ? status : end_status);
}
