/*
 * client_options.c - options of the client library, checked and copied.
 */
#include "protocol/client_options.h"

#include <assert.h>
#include <stdlib.h>

#include "protocol/auth.h"

static_assert(TG_TERMINAL_KEY_BYTES == TG_KEY_BYTES, "one length of key");
static_assert(TG_CLIENT_INSTANCE_BYTES_MAX == TG_INSTANCE_BYTES_MAX, "one length of instance name");

void
tg_options_init(struct tg_options *options)
{
	memset(options, 0, sizeof(*options));
	options->port = "7411";
	options->open_timeout_ms = 10000;
	options->answer_timeout_ms = 5000;
}

/* What is wrong with the options, NULL when nothing is. */
static const char *
find_fault(const struct tg_options *options)
{
	if (options->host == NULL || options->host[0] == '\0')
		return "option host is not set";
	if (options->port == NULL || options->port[0] == '\0')
		return "option port is not set";
	if (options->terminal == 0)
		return "option terminal is not set";
	if (options->key_generation == 0 && (options->is_plain || !options->certificate_file))
		return "neither a key nor a client certificate is set";
	if (options->is_plain && (options->ca_file || options->certificate_file))
		return "a connection without TLS has no use for certificates";
	if (options->key_file != NULL && options->certificate_file == NULL)
		return "option key_file is set, certificate_file is not";
	if (options->instance != NULL && strlen(options->instance) > TG_INSTANCE_BYTES_MAX)
		return "option instance is too long";
	if (options->software != NULL &&
	    strlen(options->software) > (size_t)tg_field_info(TG_FIELD_SOFTWARE)->high)
		return "option software is too long";
	if (options->open_timeout_ms == 0 || options->answer_timeout_ms == 0)
		return "a time-out of 0 leaves no time for anything";
	return NULL;
}

/* Replace a string by a copy; false when there is no memory. */
static bool
copy_string(const char **string)
{
	if (*string == NULL)
		return true;
	*string = strdup(*string);
	return *string != NULL;
}

enum tg_status
client_options_copy(const struct tg_options *options, struct client_error *error,
		    struct tg_options *ret_options)
{
	const char *fault = find_fault(options);
	struct tg_options copy = *options;
	bool is_copied = true;

	if (fault != NULL) {
		client_error_set(error, "%s", fault);
		return TG_CONFIG;
	}
	is_copied &= copy_string(&copy.host);
	is_copied &= copy_string(&copy.port);
	is_copied &= copy_string(&copy.ca_file);
	is_copied &= copy_string(&copy.server_name);
	is_copied &= copy_string(&copy.certificate_file);
	is_copied &= copy_string(&copy.key_file);
	is_copied &= copy_string(&copy.instance);
	is_copied &= copy_string(&copy.software);
	if (!is_copied) {
		client_options_deinit(&copy);
		client_error_set(error, "out of memory");
		return TG_NO_MEMORY;
	}
	*ret_options = copy;
	return TG_OK;
}

void
client_options_deinit(struct tg_options *options)
{
	free((char *)(uintptr_t)options->host);
	free((char *)(uintptr_t)options->port);
	free((char *)(uintptr_t)options->ca_file);
	free((char *)(uintptr_t)options->server_name);
	free((char *)(uintptr_t)options->certificate_file);
	free((char *)(uintptr_t)options->key_file);
	free((char *)(uintptr_t)options->instance);
	free((char *)(uintptr_t)options->software);
	tg_auth_clear(options->key, sizeof(options->key));
	memset(options, 0, sizeof(*options));
}
