/*
 * database_options.c - how to reach MariaDB, from the configuration.
 */
#include "gateway/database_options.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

/* First line of the file, without its end. */
static enum tg_status
read_password(struct database_options *options, const char *path, struct config_error *error)
{
	FILE *file = fopen(path, "re");
	bool is_read = false;
	size_t length;

	if (file != NULL) {
		(void)setvbuf(file, NULL, _IONBF, 0); /* no copy in a buffer */
		is_read = fgets(options->password, sizeof(options->password), file) != NULL;
		fclose(file);
	}
	if (!is_read) {
		(void)snprintf(error->text, sizeof(error->text),
			       "mariadb.password_file: %.300s: %s", path,
			       file == NULL ? strerror(errno) : "nothing in it");
		return TG_CONFIG;
	}
	length = strcspn(options->password, "\r\n");
	if (length == sizeof(options->password) - 1) {
		(void)snprintf(error->text, sizeof(error->text),
			       "mariadb.password_file: %.300s: line too long", path);
		return TG_CONFIG;
	}
	options->password[length] = '\0';
	return TG_OK;
}

/* A text of the configuration, NULL when it is empty. */
static const char *
text_or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

enum tg_status
database_options_init(struct database_options *options, const struct config *config,
		      struct config_error *error)
{
	uint32_t timeout_s = (uint32_t)((config->mariadb_timeout_ms + 999) / 1000);
	enum tg_status status = TG_OK;

	memset(options, 0, sizeof(*options));
	if (config->mariadb_password_file[0] != '\0')
		status = read_password(options, config->mariadb_password_file, error);
	options->config = (struct database_config){
		.socket_path = text_or_null(config->mariadb_socket),
		.host = text_or_null(config->mariadb_host),
		.port = (uint16_t)config->mariadb_port,
		.user = text_or_null(config->mariadb_user),
		.password = text_or_null(options->password),
		.database = config->mariadb_database,
		.use_tls = config->mariadb_tls,
		.tls_ca_path = text_or_null(config->mariadb_ca_file),
		.connect_timeout_s = timeout_s,
		.io_timeout_s = timeout_s,
	};
	return status;
}

void
database_options_deinit(struct database_options *options)
{
	OPENSSL_cleanse(options->password, sizeof(options->password));
}
