/*
 * identity.c - as whom a client speaks.
 */
#include "contrib/common/identity.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocol/auth.h"

#define INSTANCE_DEFAULT "tallygate"
#define FILE_BYTES_MAX 256

/* Read a small file whole. */
static bool
read_secret(const char *path, const char *what, uint8_t ret_bytes[FILE_BYTES_MAX],
	    size_t *ret_count, struct failure *failure)
{
	FILE *file = fopen(path, "rbe");

	if (file == NULL)
		return failure_set_errno(failure, errno, "%s %s", what, path);
	*ret_count = fread(ret_bytes, 1, FILE_BYTES_MAX, file);
	fclose(file);
	return true;
}

/* Digits of a key, blanks and line ends behind them passed over. */
static bool
parse_digits(const uint8_t *text, size_t count, uint8_t ret_key[TG_KEY_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	while (count > 0 && isspace(text[count - 1]))
		count--;
	if (count != (size_t)2 * TG_KEY_BYTES)
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *digit = strchr(digits, tolower(text[i]));

		if (digit == NULL || text[i] == '\0')
			return false;
		ret_key[i / 2] = (uint8_t)(ret_key[i / 2] << 4 | (digit - digits));
	}
	return true;
}

/* The key from the file of a terminal. */
static bool
read_key(const char *path, uint8_t ret_key[TG_KEY_BYTES], struct failure *failure)
{
	uint8_t bytes[FILE_BYTES_MAX];
	size_t count;
	bool is_ok;

	if (!read_secret(path, "key", bytes, &count, failure))
		return false;
	is_ok = count == TG_KEY_BYTES || parse_digits(bytes, count, ret_key);
	if (count == TG_KEY_BYTES)
		memcpy(ret_key, bytes, TG_KEY_BYTES);
	tg_auth_clear(bytes, sizeof(bytes));
	if (is_ok)
		return true;
	return failure_set(failure, "key %s: neither %d bytes nor %d hexadecimal digits", path,
			   TG_KEY_BYTES, 2 * TG_KEY_BYTES);
}

/* The key from the one that all terminals' keys come from. */
static bool
derive_key(const struct identity *identity, uint8_t ret_key[TG_KEY_BYTES], struct failure *failure)
{
	const char *instance = identity->instance != NULL ? identity->instance : INSTANCE_DEFAULT;
	uint8_t bytes[FILE_BYTES_MAX];
	enum tg_status status;
	size_t count;

	if (!read_secret(identity->master_key, "master key", bytes, &count, failure))
		return false;
	status = tg_auth_derive_key(bytes, count, instance, (uint32_t)identity->terminal,
				    (uint16_t)identity->generation, ret_key);
	tg_auth_clear(bytes, sizeof(bytes));
	if (status == TG_OK)
		return true;
	return failure_set(failure,
			   "master key %s: it needs %d bytes, and --instance 1 to %d letters",
			   identity->master_key, TG_MASTER_KEY_BYTES_MIN, TG_INSTANCE_BYTES_MAX);
}

bool
identity_place(const struct identity *identity, const char *software,
	       struct tg_options *ret_options, struct failure *failure)
{
	tg_options_init(ret_options);
	ret_options->host = identity->host;
	ret_options->port = identity->port;
	ret_options->is_plain = identity->is_plain;
	ret_options->ca_file = identity->ca;
	ret_options->server_name = identity->server_name;
	ret_options->certificate_file = identity->cert;
	ret_options->key_file = identity->cert_key;
	ret_options->instance = identity->instance;
	ret_options->software = software;
	if (identity->terminal == -1)
		return failure_set(failure, "--terminal N is needed: the number of this terminal");
	ret_options->terminal = (uint32_t)identity->terminal;
	return true;
}

bool
identity_options(const struct identity *identity, const char *software,
		 struct tg_options *ret_options, struct failure *failure)
{
	if (!identity_place(identity, software, ret_options, failure))
		return false;
	if (identity->cert != NULL)
		return true;
	ret_options->key_generation = (uint16_t)identity->generation;
	if (identity->key_file != NULL)
		return read_key(identity->key_file, ret_options->key, failure);
	if (identity->master_key != NULL)
		return derive_key(identity, ret_options->key, failure);
	return failure_set(failure,
			   "--key-file FILE is needed: the terminal's key (or --cert FILE)");
}
