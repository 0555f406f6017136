/*
 * reload.c - makes the next configuration, then hands it round.
 */
#include "gateway/reload.h"

#include <stdlib.h>

#include "gateway/gateway.h"
#include "gateway/network.h"
#include "gateway/pipeline.h"
#include "gateway/supervisor.h"
#include "gateway/upkeep.h"

static void
log_changes(struct gateway *gateway, const struct config_changes *changes)
{
	for (uint32_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = config_key((enum config_key_index)i);

		if (changes->is_applied[i] || changes->is_kept[i])
			log_event(gateway->log, changes->is_kept[i] ? LEVEL_WARN : LEVEL_INFO,
				  "reload_key", "key=%s.%s in_force=%s", key->group, key->name,
				  changes->is_kept[i] ? "after a restart" : "now");
	}
}

/* Hand it round.  On failure next is freed and the old one stays. */
static enum tg_status
put_in_force(struct gateway *gateway, struct config *next, struct config_error *error)
{
	struct gateway_old_config *old = calloc(1, sizeof(*old));
	enum tg_status status = TG_NO_MEMORY;

	if (old != NULL)
		status = network_reload(gateway->network, next, error);
	if (status != TG_OK) {
		config_free(next);
		free(old);
		return status;
	}
	old->config = gateway->config;
	old->next = gateway->old_configs;
	gateway->old_configs = old;
	gateway->config = next;
	log_set_level(gateway->log, (enum log_level)next->log_level);
	pipeline_set_queue_delay(gateway->pipeline, next->queue_delay_ms);
	if (gateway->upkeep != NULL)
		upkeep_reload(gateway->upkeep, next->data_snapshot_ms,
			      (uint32_t)next->data_snapshots_kept);
	return TG_OK;
}

enum tg_status
reload_file(struct gateway *gateway, struct config_error *error)
{
	struct config_changes changes;
	struct config *next = NULL;
	enum tg_status status;

	supervisor_reloading();
	error->text[0] = '\0';
	status = config_reload(gateway->config, error, &changes, &next);
	if (status == TG_OK)
		status = put_in_force(gateway, next, error);
	supervisor_reloaded(gateway->phase, status == TG_OK);
	if (status != TG_OK) {
		log_event(gateway->log, LEVEL_ERROR, "reload_failed", "status=%s error=%s",
			  tg_status_name(status), error->text);
		return status;
	}
	log_changes(gateway, &changes);
	log_event(gateway->log, LEVEL_INFO, "reloaded", "file=%s", next->path);
	return TG_OK;
}

enum tg_status
reload_key(struct gateway *gateway, const char *name, const char *value,
	   struct config_error *error)
{
	struct config *next = NULL;
	enum tg_status status;

	error->text[0] = '\0';
	status = config_with(gateway->config, name, value, error, &next);
	if (status == TG_OK)
		status = put_in_force(gateway, next, error);
	if (status == TG_OK)
		log_event(gateway->log, LEVEL_INFO, "set", "key=%s value=%s", name, value);
	return status;
}
