/*
 * console_host.c - what the console may ask of the gateway, filled in.
 *
 * Called by any console thread.  Each function only joins parts that are made for other threads.
 */
#include "gateway/console_host.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/console_figures.h"
#include "gateway/control.h"
#include "gateway/errand.h"
#include "gateway/fleet.h"
#include "gateway/gateway.h"
#include "gateway/network.h"
#include "gateway/pipeline.h"
#include "gateway/reload.h"
#include "gateway/snapshot_driver.h"
#include "gateway/timers.h"
#include "gateway/upkeep.h"
#include "protocol/assert.h"

static uint32_t
host_figures(void *context, enum host_topic topic, struct host_figure *figures)
{
	return console_figures(context, topic, figures);
}

static enum tg_status
host_submit(void *context, const struct ledger_request *request, struct ledger_answer *ret_answer)
{
	struct gateway *gateway = context;

	return control_ask(gateway->control, request, ret_answer);
}

static enum tg_status
host_submit_bulk(void *context, const struct ledger_request *requests, uint32_t count,
		 struct ledger_answer *ret_answers)
{
	struct gateway *gateway = context;

	return control_ask_bulk(gateway->control, requests, count, ret_answers);
}

static enum tg_status
host_set_clock(void *context, const struct ledger_request *request,
	       struct ledger_answer *ret_answer)
{
	struct gateway *gateway = context;
	enum tg_status status;

	TG_ASSERT(request->kind == REQUEST_CLOCK);
	if ((request->clock_utc_ms != 0) != gateway->clock.is_stepped)
		return TG_FORBIDDEN;
	status = control_ask(gateway->control, request, ret_answer);
	if (status != TG_OK || ret_answer->status != TG_OK)
		return status;
	return timers_await_date(gateway->timers);
}

static enum tg_status
host_run_on_ledger(void *context, host_ledger_fn *fn, void *argument)
{
	struct gateway *gateway = context;

	return control_read(gateway->control, fn, argument);
}

static enum tg_status
host_hash_identifier(void *context, uint8_t type, const char *text,
		     struct identifier_hash *ret_hash)
{
	struct gateway *gateway = context;

	return network_hash_identifier(gateway->network, type, text, ret_hash);
}

static enum tg_status
host_make_code(void *context, uint32_t terminal, char *ret_code, uint8_t *ret_hash)
{
	const struct gateway *gateway = context;

	return network_make_code(gateway->network, terminal, ret_code, ret_hash);
}

/* Opens a reader for the one record: the console asks seldom. */
static enum tg_status
host_read_record(void *context, uint64_t sequence, uint8_t *bytes, uint32_t capacity,
		 uint32_t *ret_bytes)
{
	struct gateway *gateway = context;
	struct journal *journal = gateway->recovery.journal;
	struct storage_error error;
	struct journal_reader *reader;
	struct journal_item item;
	enum tg_status status;

	if (sequence > journal_durable_sequence(journal))
		return TG_UNKNOWN_TRANSACTION;
	status = journal_read_from(journal, sequence, &reader, &error);
	if (status != TG_OK)
		return status == TG_CORRUPT ? TG_UNKNOWN_TRANSACTION : status;
	do {
		status = journal_reader_next(reader, &item, &error);
	} while (status == TG_OK && item.kind == JOURNAL_MARK);
	if (status == TG_OK && (item.kind != JOURNAL_RECORD || item.sequence != sequence ||
				item.bytes_count > capacity))
		status = TG_UNKNOWN_TRANSACTION;
	if (status == TG_OK) {
		memcpy(bytes, item.bytes, item.bytes_count);
		*ret_bytes = item.bytes_count;
	}
	journal_reader_close(reader);
	return status;
}

static uint64_t
host_durable_sequence(void *context)
{
	struct gateway *gateway = context;

	return journal_durable_sequence(gateway->recovery.journal);
}

static enum tg_status
host_open_records(void *context, uint64_t sequence, void **ret_reader)
{
	struct gateway *gateway = context;
	struct storage_error error;
	struct journal_reader *reader = NULL;
	enum tg_status status =
		journal_read_from(gateway->recovery.journal, sequence, &reader, &error);

	*ret_reader = reader;
	return status == TG_CORRUPT ? TG_UNKNOWN_TRANSACTION : status;
}

static enum tg_status
host_next_record(void *context, void *reader, const uint8_t **ret_bytes, uint32_t *ret_count)
{
	struct storage_error error;
	struct journal_item item;
	enum tg_status status;

	(void)context;
	do {
		status = journal_reader_next(reader, &item, &error);
	} while (status == TG_OK && item.kind == JOURNAL_MARK);
	if (status != TG_OK)
		return status;
	*ret_count = item.kind == JOURNAL_RECORD ? item.bytes_count : 0;
	*ret_bytes = item.bytes;
	return TG_OK;
}

static void
host_close_records(void *context, void *reader)
{
	(void)context;
	journal_reader_close(reader);
}

static uint32_t
host_sessions(void *context, uint64_t after_id, struct host_session *rows, uint32_t rows_max)
{
	struct gateway *gateway = context;

	return network_sessions(gateway->network, after_id, rows, rows_max);
}

static void
host_kill_session(void *context, uint64_t id)
{
	struct gateway *gateway = context;

	network_kill(gateway->network, id);
}

/* Keys on their way from the control thread, which alone may look at the configuration in force. */
struct looking {
	struct gateway *gateway;
	uint32_t first, rows_max, count;
	struct host_setting *rows;
};

static void
look_there(void *argument)
{
	struct looking *looking = argument;

	for (uint32_t i = looking->first;
	     i < CONFIG_KEY_COUNT && looking->count < looking->rows_max; i++) {
		const struct config_key *key = config_key((enum config_key_index)i);
		struct host_setting *row = &looking->rows[looking->count++];

		snprintf(row->name, sizeof(row->name), "%s.%s", key->group, key->name);
		config_value_text(looking->gateway->config, key, row->value, sizeof(row->value));
		row->unit = key->unit;
		row->is_reloadable = key->reloadable == CONFIG_SWAP;
	}
}

static uint32_t
host_settings(void *context, uint32_t first, struct host_setting *rows, uint32_t rows_max)
{
	struct gateway *gateway = context;
	struct looking looking = { gateway, first, rows_max, 0, rows };

	return errands_run(gateway->errands, look_there, &looking) == TG_OK ? looking.count : 0;
}

/* A reload, on its way to the control thread. */
struct reloading {
	struct gateway *gateway;
	const char *key;		/* NULL: the whole file */
	const char *value;
	struct config_error error;
	enum tg_status status;
};

static void
reload_there(void *argument)
{
	struct reloading *r = argument;

	r->status = r->key == NULL ? reload_file(r->gateway, &r->error) :
				     reload_key(r->gateway, r->key, r->value, &r->error);
}

static enum tg_status
reload_by_errand(struct gateway *gateway, const char *key, const char *value, char *why)
{
	struct reloading reloading = { .gateway = gateway, .key = key, .value = value };
	const enum tg_status status = errands_run(gateway->errands, reload_there, &reloading);

	if (status != TG_OK)
		return status;
	if (reloading.status != TG_OK)
		snprintf(why, HOST_WHY_BYTES, "%s", reloading.error.text);
	return reloading.status;
}

static enum tg_status
host_reload(void *context, char *why)
{
	return reload_by_errand(context, NULL, NULL, why);
}

static enum tg_status
host_set(void *context, const char *key, const char *value, char *why)
{
	return reload_by_errand(context, key, value, why);
}

static bool
host_terminal_row(void *context, uint32_t number, struct host_terminal *ret_row)
{
	struct gateway *gateway = context;

	return fleet_find(network_fleet(gateway->network), number, ret_row);
}

static enum tg_status
host_snapshot(void *context, uint64_t *ret_sequence)
{
	struct gateway *gateway = context;

	if (gateway->snapshots == NULL)
		return TG_FORBIDDEN;
	if (snapshot_driver_is_busy(gateway->snapshots))
		return TG_OUT_OF_TURN;
	snapshot_driver_want(gateway->snapshots);
	upkeep_hurry(gateway->upkeep);
	return snapshot_driver_await(gateway->snapshots, ret_sequence);
}

/* A change of who is served, on its way to the control thread. */
struct serving {
	struct gateway *gateway;
	uint32_t partner;
	bool	 is_served;
	enum tg_status status;
};

static void
serve_there(void *argument)
{
	struct serving *serving = argument;

	serving->status =
		gateway_serve(serving->gateway, serving->partner, serving->is_served);
}

static enum tg_status
host_serve(void *context, uint32_t partner, bool is_served)
{
	struct gateway *gateway = context;
	struct serving serving = { gateway, partner, is_served, TG_OK };
	const enum tg_status status = errands_run(gateway->errands, serve_there, &serving);

	return status != TG_OK ? status : serving.status;
}

static struct host_service
host_service(void *context, uint32_t partner)
{
	struct gateway *gateway = context;
	struct host_service service = { .drain_ms = gateway->config->gateway_drain_ms };

	service.is_drained =
		network_is_out(gateway->network, partner, &service.connections);
	return service;
}

static void
host_shutdown(void *context)
{
	gateway_shut_down(context);
}

static int64_t
host_utc_ms(void *context)
{
	struct gateway *gateway = context;

	return pipeline_utc_ms(gateway->pipeline);
}

static int32_t
host_business_date(void *context)
{
	struct gateway *gateway = context;

	return pipeline_business_date(gateway->pipeline);
}

static void
host_audit(void *context, const struct host_audit *audit)
{
	struct gateway *gateway = context;

	log_event(gateway->log, LEVEL_INFO, LOG_OPERATOR_EVENT,
		  "name=%s origin=%s command=%s result=%s sequence=%" PRIu64,
		  audit->operator_name, audit->origin, audit->command, audit->result,
		  audit->sequence);
}

struct console_host
console_host_of(struct gateway *gateway)
{
	return (struct console_host){
		.context = gateway,
		.is_sandbox = gateway->config->programme_sandbox,
		.second_points = gateway->config->console_second_points,
		.needs_second_for_rates = gateway->config->console_second_rates,
		.proposal_ms = gateway->config->console_proposal_hours * INT64_C(3600000),
		.submit = host_submit,
		.submit_bulk = host_submit_bulk,
		.set_clock = host_set_clock,
		.run_on_ledger = host_run_on_ledger,
		.hash_identifier = host_hash_identifier,
		.make_code = host_make_code,
		.read_record = host_read_record,
		.durable_sequence = host_durable_sequence,
		.open_records = host_open_records,
		.next_record = host_next_record,
		.close_records = host_close_records,
		.figures = host_figures,
		.sessions = host_sessions,
		.kill_session = host_kill_session,
		.settings = host_settings,
		.reload = host_reload,
		.set = host_set,
		.terminal = host_terminal_row,
		.snapshot = host_snapshot,
		.serve = host_serve,
		.service = host_service,
		.shutdown = host_shutdown,
		.utc_ms = host_utc_ms,
		.business_date = host_business_date,
		.audit = host_audit,
	};
}
