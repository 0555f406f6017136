/*
 * settlement.c - the gateway's parts that speak to MariaDB, from its configuration.
 */
#include "gateway/settlement.h"

#include "gateway/gateway.h"
#include "gateway/originals.h"
#include "gateway/sink_thread.h"
#include "storage/sink.h"

#define CURSOR_WAIT_MAX_S 3	/* for MariaDB, at the start */

uint64_t
settlement_sequence(struct gateway *gateway)
{
	struct database_config database = gateway->database.config;
	struct storage_error error = { 0 };
	struct sink_cursor cursor;
	enum tg_status status;

	if (!gateway->config->sink_enabled)
		return 0;
	if (database.connect_timeout_s > CURSOR_WAIT_MAX_S)
		database.connect_timeout_s = CURSOR_WAIT_MAX_S;
	if (database.io_timeout_s > CURSOR_WAIT_MAX_S)
		database.io_timeout_s = CURSOR_WAIT_MAX_S;
	status = sink_read_cursor(&database, (uint16_t)gateway->config->ledger_shard, &cursor,
				  &error);
	if (status != TG_OK) {
		log_event(gateway->log, LEVEL_WARN, "sink_cursor",
			  "status=%s error=%s, starting without", tg_status_name(status),
			  error.text);
		return 0;
	}
	return cursor.is_there ? cursor.next_sequence - 1 : 0;
}

static struct sink_status
ask_sink(void *context)
{
	return sink_thread_status(context);
}

enum tg_status
settlement_start(struct gateway *gateway)
{
	const struct config *config = gateway->config;
	const struct sink_config sink = {
		.database = gateway->database.config,
		.shard = (uint16_t)config->ledger_shard,
		.epoch = GATEWAY_EPOCH,
		.batch_records = (uint32_t)config->sink_batch_records,
		.pause_ms = (uint32_t)config->sink_pause_ms,
		.months_ahead = (uint32_t)config->sink_months_ahead,
		.is_schema_foreign = !config->sink_migrate,
		.may_lose_commits = config->sink_allow_unflushed_commits,
	};
	struct originals_config originals = {
		.database = gateway->database.config,
		.shard = (uint16_t)config->ledger_shard,
		.timeout_ms = config->originals_timeout_ms,
		.sink_status = ask_sink,
		.log = gateway->log,
	};
	enum tg_status status;

	if (!config->sink_enabled)
		return TG_OK;
	status = sink_thread_start(&sink, gateway->recovery.journal, gateway->log, &gateway->sink);
	if (status != TG_OK || (!config->originals_enabled && !config->history_enabled))
		return status;
	originals.context = gateway->sink;
	gateway->originals = originals_new(&originals);
	return gateway->originals != NULL ? TG_OK : TG_NO_MEMORY;
}

