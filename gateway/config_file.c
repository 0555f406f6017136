/*
 * config_file.c - reading the configuration file.
 *
 * The only file that calls libconfig.  It walks what the file says and looks each setting up in the
 * table, so that a key the table does not have is found, wherever it stands.
 */
#include "gateway/config.h"

#include <errno.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/address.h"
#include "gateway/config_number.h"
#include "gateway/config_value.h"
#include "protocol/assert.h"

/* What the walk carries. */
struct reading {
	struct config *config;	    /* being filled */
	struct config_error *error; /* of the first failure */
	const char *name;	    /* of the file, where libconfig knows none */
	const char *checked_file;   /* whose numbers config_number_check() has seen */
	bool is_seen[CONFIG_KEY_COUNT];
};

/* Fill error and return TG_CONFIG. */
static enum tg_status fail(struct config_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static enum tg_status
fail(struct config_error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return TG_CONFIG;
}

/* Fill error with a complaint about a setting: file, line, key, what is wrong. */
static enum tg_status
fail_at(struct reading *reading, const config_setting_t *setting, const char *complaint)
{
	const config_setting_t *parent = config_setting_parent(setting);
	const char *file = config_setting_source_file(setting);
	const char *name = config_setting_name(setting);
	const char *group = parent == NULL ? NULL : config_setting_name(parent);

	return fail(reading->error, "%s:%u: %s%s%s: %s", file == NULL ? reading->name : file,
		    config_setting_source_line(setting), group == NULL ? "" : group,
		    group == NULL ? "" : ".", name == NULL ? "?" : name, complaint);
}

/* As fail_at(), telling what the key takes. */
static enum tg_status
fail_bounds(struct reading *reading, const config_setting_t *setting, const struct config_key *key)
{
	char complaint[256] = "wanted: ";
	size_t used = strlen(complaint);
	FILE *file = fmemopen(complaint + used, sizeof(complaint) - used, "w");

	if (file == NULL)
		return TG_NO_MEMORY;
	config_value_print_bounds(key, file);
	fclose(file);
	complaint[sizeof(complaint) - 1] = '\0';
	return fail_at(reading, setting, complaint);
}

/* Read a list or array of texts. */
static enum tg_status
read_list(struct reading *reading, const config_setting_t *setting, const struct config_key *key)
{
	config_value_clear_list(reading->config, key);
	for (int i = 0; i < config_setting_length(setting); i++) {
		const char *entry = config_setting_get_string_elem(setting, i);
		enum tg_status status = TG_CONFIG;

		if (entry != NULL)
			status = config_value_add_entry(reading->config, key, entry);
		if (status == TG_CONFIG)
			return fail_bounds(reading, setting, key);
		if (status != TG_OK)
			return status;
	}
	return TG_OK;
}

/* Read one setting into its key. */
static enum tg_status
read_value(struct reading *reading, const config_setting_t *setting, const struct config_key *key)
{
	enum tg_status status = TG_CONFIG;

	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT64:
	case CONFIG_TYPE_INT:
		status = config_value_set_int(reading->config, key,
					      config_setting_get_int64(setting));
		break;
	case CONFIG_TYPE_BOOL:
		status = config_value_set_bool(reading->config, key,
					       config_setting_get_bool(setting) != 0);
		break;
	case CONFIG_TYPE_STRING:
		status = config_value_set_text(reading->config, key,
					       config_setting_get_string(setting));
		break;
	default:
		if (key->type == CONFIG_OF_LIST &&
		    (config_setting_is_array(setting) || config_setting_is_list(setting)))
			return read_list(reading, setting, key);
		break;
	}
	return status == TG_CONFIG ? fail_bounds(reading, setting, key) : status;
}

/* The key of a group and a name, or NULL. */
static const struct config_key *
find_key(const char *group, const char *name, size_t *ret_index)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = config_key((enum config_key_index)i);

		if (strcmp(key->group, group) == 0 && strcmp(key->name, name) == 0) {
			*ret_index = i;
			return key;
		}
	}
	return NULL;
}

static bool
is_group(const char *name)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		if (strcmp(config_key((enum config_key_index)i)->group, name) == 0)
			return true;
	}
	return false;
}

/* Read all settings of one group. */
static enum tg_status
read_group(struct reading *reading, const config_setting_t *group)
{
	enum tg_status status = TG_OK;

	for (int i = 0; i < config_setting_length(group) && status == TG_OK; i++) {
		const config_setting_t *setting = config_setting_get_elem(group, (unsigned int)i);
		const char *file = config_setting_source_file(setting);
		const struct config_key *key;
		size_t index = 0;

		if (file != NULL && file != reading->checked_file) {
			reading->checked_file = file;
			status = config_number_check_file(file, reading->error);
			if (status != TG_OK)
				return status;
		}
		key = find_key(config_setting_name(group), config_setting_name(setting), &index);
		if (key == NULL)
			return fail_at(reading, setting, "unknown key");
		if (reading->is_seen[index])
			return fail_at(reading, setting, "stands here for the second time");
		reading->is_seen[index] = true;
		status = read_value(reading, setting, key);
	}
	return status;
}

/* Read all groups of the file. */
static enum tg_status
read_root(struct reading *reading, const config_setting_t *root)
{
	for (int i = 0; i < config_setting_length(root); i++) {
		const config_setting_t *group = config_setting_get_elem(root, (unsigned int)i);
		enum tg_status status;

		if (!is_group(config_setting_name(group)))
			return fail_at(reading, group, "unknown key");
		if (!config_setting_is_group(group))
			return fail_at(reading, group, "wanted: a group, name: { key = value; }");
		status = read_group(reading, group);
		if (status != TG_OK)
			return status;
	}
	return TG_OK;
}

/* Check every address of the list of a key. */
static enum tg_status
check_addresses(const char *key, const struct config_list *list, bool is_local,
		struct config_error *error)
{
	struct address address;

	for (uint32_t i = 0; i < list->count; i++) {
		if (address_parse(list->entries[i], &address) != TG_OK)
			return fail(error, "%s: \"%s\" is no numeric address with port", key,
				    list->entries[i]);
		if (is_local && !address_is_loopback(&address))
			return fail(error, "%s: \"%s\" is not a loopback address", key,
				    list->entries[i]);
	}
	return TG_OK;
}

/* Operators' passwords do not leave the machine, and somebody can log in. */
static enum tg_status
check_console(const struct config *config, struct config_error *error)
{
	struct address address;

	if (config->console_tcp[0] == '\0')
		return TG_OK;
	if (address_parse(config->console_tcp, &address) != TG_OK)
		return fail(error, "console.tcp: \"%s\" is no numeric address with port",
			    config->console_tcp);
	if (!address_is_loopback(&address))
		return fail(error, "console.tcp: \"%s\" is not a loopback address",
			    config->console_tcp);
	if (config->console_operators_file[0] == '\0')
		return fail(error, "console.tcp needs console.operators_file");
	if (config->console_tls && config->tls_certificate_file[0] == '\0')
		return fail(error, "console.tls needs tls.certificate_file and tls.key_file");
	return TG_OK;
}

/* Is every address of this machine only?  They are sound. */
static bool
is_loopback_only(const struct config *config)
{
	struct address address;

	for (uint32_t i = 0; i < config->listen_tls.count; i++) {
		if (address_parse(config->listen_tls.entries[i], &address) != TG_OK ||
		    !address_is_loopback(&address))
			return false;
	}
	return true;
}

/* Combinations that make no sense. */
static enum tg_status
check_whole(const struct config *config, struct config_error *error)
{
	enum tg_status status = check_addresses("listen.tls", &config->listen_tls, false, error);

	if (status == TG_OK)
		status = check_addresses("listen.plain", &config->listen_plain, true, error);
	if (status == TG_OK)
		status = check_addresses("http.listen", &config->http_listen, true, error);
	if (status == TG_OK)
		status = check_console(config, error);
	if (status != TG_OK)
		return status;
	if (config->listen_tls.count + config->listen_plain.count == 0)
		return fail(error, "listen: neither listen.tls nor listen.plain has an address");
	if (config->clock_source == CLOCK_SOURCE_STEPPED && !is_loopback_only(config))
		return fail(error, "clock.source: a stepped clock is for loopback addresses only");
	if (config->listen_tls.count > 0 &&
	    (config->tls_certificate_file[0] == '\0' || config->tls_key_file[0] == '\0'))
		return fail(error, "listen.tls needs tls.certificate_file and tls.key_file");
	if (config->tls_crl_file[0] != '\0' && config->tls_ca_file[0] == '\0')
		return fail(error, "tls.crl_file needs tls.ca_file");
	if (config->keys_master_file[0] == '\0')
		return fail(error, "keys.master_file is not set");
	if (config->keys_identifier_file[0] == '\0')
		return fail(error, "keys.identifier_file is not set");
	if ((config->keys_identifier_old_file[0] == '\0') !=
	    (config->keys_identifier_old_number == 0))
		return fail(error, "keys.identifier_old_file and keys.identifier_old_number are "
				   "set together or not at all");
	if (config->keys_identifier_old_number == config->keys_identifier_number)
		return fail(error, "keys.identifier_old_number equals keys.identifier_number");
	if (config->queue_reserved >= config->queue_requests)
		return fail(error, "queue.reserved leaves nothing of queue.requests");
	if (config->journal_batch_bytes > config->journal_segment_bytes / 2)
		return fail(error, "journal.batch_bytes is above half of journal.segment_bytes");
	if (config->programme_hold_s > config->programme_hold_max_s)
		return fail(error, "programme.hold_s is above programme.hold_max_s");
	if (config->mariadb_tls && config->mariadb_ca_file[0] == '\0')
		return fail(error, "mariadb.tls needs mariadb.ca_file");
	if (config->gateway_ledger_thread == LEDGER_THREAD_INLINE &&
	    config->gateway_io_threads != 1)
		return fail(error, "gateway.io_threads above 1 need gateway.ledger_thread = "
				   "\"own\"");
	return TG_OK;
}

/* Read what libconfig has parsed, or tell why it could not. */
static enum tg_status
load(config_t *parsed, bool is_parsed, const char *path, struct config_error *error,
     struct config **ret_config)
{
	struct reading reading = { .error = error, .name = path };
	enum tg_status status;

	if (!is_parsed && config_error_type(parsed) == CONFIG_ERR_FILE_IO)
		return fail(error, "%s: cannot be read", path);
	if (!is_parsed) {
		const char *file = config_error_file(parsed);

		return fail(error, "%s:%d: %s", file == NULL ? path : file,
			    config_error_line(parsed), config_error_text(parsed));
	}
	reading.config = config_new();
	if (reading.config == NULL)
		return TG_NO_MEMORY;
	status = read_root(&reading, config_root_setting(parsed));
	if (status == TG_OK)
		status = check_whole(reading.config, error);
	if (status == TG_OK) {
		reading.config->path = strdup(path);
		if (reading.config->path == NULL)
			status = TG_NO_MEMORY;
	}
	if (status != TG_OK) {
		config_free(reading.config);
		return status;
	}
	*ret_config = reading.config;
	return TG_OK;
}

enum tg_status
config_load(const char *path, struct config_error *error, struct config **ret_config)
{
	config_t parsed;
	enum tg_status status;

	TG_ASSERT(path != NULL && error != NULL && ret_config != NULL);
	config_init(&parsed);
	status = load(&parsed, config_read_file(&parsed, path) == CONFIG_TRUE, path, error,
		      ret_config);
	config_destroy(&parsed);
	return status;
}

enum tg_status
config_load_text(const char *text, const char *name, struct config_error *error,
		 struct config **ret_config)
{
	config_t parsed;
	enum tg_status status;

	TG_ASSERT(text != NULL && name != NULL && error != NULL && ret_config != NULL);
	status = config_number_check(text, name, error);
	if (status != TG_OK)
		return status;
	config_init(&parsed);
	status = load(&parsed, config_read_string(&parsed, text) == CONFIG_TRUE, name, error,
		      ret_config);
	config_destroy(&parsed);
	return status;
}

enum tg_status
config_reload(const struct config *current, struct config_error *error,
	      struct config_changes *ret_changes, struct config **ret_next)
{
	struct config_changes changes = { { false }, { false } };
	struct config *next = NULL;
	enum tg_status status = config_load(current->path, error, &next);

	for (size_t i = 0; i < CONFIG_KEY_COUNT && status == TG_OK; i++) {
		const struct config_key *key = config_key((enum config_key_index)i);

		if (config_value_is_equal(current, next, key))
			continue;
		if (key->reloadable == CONFIG_SWAP) {
			changes.is_applied[i] = true;
		} else {
			changes.is_kept[i] = true;
			status = config_value_copy(next, current, key);
		}
	}
	/* Old values among new ones are a combination that nobody has checked yet. */
	if (status == TG_OK)
		status = check_whole(next, error);
	if (status != TG_OK) {
		config_free(next);
		return status;
	}
	*ret_changes = changes;
	*ret_next = next;
	return TG_OK;
}

/* "limits.in_flight": the row of the table, NULL for none. */
static const struct config_key *
find_full_key(const char *name)
{
	char group[32];
	const char *dot = strchr(name, '.');
	size_t index;

	if (dot == NULL || (size_t)(dot - name) >= sizeof(group))
		return NULL;
	snprintf(group, sizeof(group), "%.*s", (int)(dot - name), name);
	return find_key(group, dot + 1, &index);
}

/* Set a key from what was typed.  TG_CONFIG also for a list. */
static enum tg_status
set_from_text(struct config *config, const struct config_key *key, const char *value)
{
	char *end;
	long long number;

	if (key->type == CONFIG_OF_INT) {
		errno = 0;
		number = strtoll(value, &end, 10);
		if (value[0] == '\0' || *end != '\0' || errno != 0)
			return TG_CONFIG;
		return config_value_set_int(config, key, number);
	}
	if (key->type == CONFIG_OF_BOOL) {
		if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
			return TG_CONFIG;
		return config_value_set_bool(config, key, value[0] == 't');
	}
	if (key->type == CONFIG_OF_LIST)
		return TG_CONFIG;
	return config_value_set_text(config, key, value);
}

static enum tg_status
copy_whole(const struct config *from, struct config *to)
{
	enum tg_status status = TG_OK;

	for (uint32_t i = 0; i < CONFIG_KEY_COUNT && status == TG_OK; i++)
		status = config_value_copy(to, from, config_key((enum config_key_index)i));
	if (status == TG_OK && from->path != NULL) {
		to->path = strdup(from->path);
		status = to->path != NULL ? TG_OK : TG_NO_MEMORY;
	}
	return status;
}

enum tg_status
config_with(const struct config *current, const char *name, const char *value,
	    struct config_error *error, struct config **ret_next)
{
	const struct config_key *key = find_full_key(name);
	struct config *next;
	enum tg_status status;

	if (key == NULL)
		return fail(error, "there is no key %s", name);
	if (key->reloadable != CONFIG_SWAP)
		return fail(error, "%s needs a restart", name);
	next = config_new();
	if (next == NULL)
		return TG_NO_MEMORY;
	status = copy_whole(current, next);
	if (status == TG_OK) {
		status = set_from_text(next, key, value);
		if (status == TG_CONFIG)
			(void)fail(error, "%s: \"%s\" is out of bounds; see CONFIG.md", name,
				   value);
	}
	if (status == TG_OK)
		status = check_whole(next, error);
	if (status != TG_OK) {
		config_free(next);
		return status;
	}
	*ret_next = next;
	return TG_OK;
}
