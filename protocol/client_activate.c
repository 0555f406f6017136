/*
 * client_activate.c - a one-time code becomes a key: HELLO and ACTIVATE, until there is an answer.
 */
#include <stdio.h>

#include "protocol/client_internal.h"
#include "protocol/client_link.h"
#include "protocol/tallygate.h"

void
tg_activation_clear(struct tg_activation *activation)
{
	tg_auth_clear(activation, sizeof(*activation));
}

/* Tell why there is no activation. */
static enum tg_status
tell(enum tg_status status, const char *why, char *error_text, size_t error_bytes)
{
	if (error_text != NULL && error_bytes > 0)
		snprintf(error_text, error_bytes, "%s", why);
	return status;
}

enum tg_status
tg_activate(const struct tg_options *options, const char *code,
	    const uint8_t nonce[TG_ACTIVATION_NONCE_BYTES], uint32_t timeout_ms,
	    struct tg_activation *ret_activation, char *error_text, size_t error_bytes)
{
	struct client_activation activation = { .code = code, .nonce = nonce };
	struct tg_options without_key = *options;
	struct tg_client *client;
	enum tg_status status;

	if (options->is_plain)
		return tell(TG_CONFIG, "a key is told over TLS only", error_text, error_bytes);
	/* No key is used: the options only want to have one. */
	without_key.key_generation = 1;
	memset(without_key.key, 0, sizeof(without_key.key));
	status = tg_client_new(&without_key, error_text, error_bytes, &client);
	if (status != TG_OK)
		return status;
	client->link->activation = &activation;
	status = client_open_until(client, client_now_ms() + timeout_ms);
	if (status == TG_OK)
		*ret_activation = activation.result;
	(void)tell(status, status == TG_OK ? "" : tg_client_error(client), error_text,
		   error_bytes);
	tg_client_free(client);
	tg_activation_clear(&activation.result);
	return status;
}
