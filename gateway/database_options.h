/*
 * database_options.h - how to reach MariaDB, from the configuration.
 *
 * Owns the password, read from its file; it is wiped at the end and never printed.
 */
#ifndef TG_GATEWAY_DATABASE_OPTIONS_H
#define TG_GATEWAY_DATABASE_OPTIONS_H

#include "gateway/config.h"
#include "protocol/status.h"
#include "storage/database.h"

#define PASSWORD_BYTES_MAX 256 /* with its final zero */

struct database_options {
	struct database_config config;	   /* texts borrowed from the configuration and from here */
	char password[PASSWORD_BYTES_MAX]; /* first line of mariadb.password_file; "": none */
};

/*
 * Fill options from config, whose texts must live as long.  Blocks for reading a small file.
 * TG_OK; TG_CONFIG with *error filled: the password file cannot be read, or its line is too long.
 */
TG_MUST_CHECK enum tg_status database_options_init(struct database_options *options,
						   const struct config *config,
						   struct config_error *error);

/* Wipe the password. */
void database_options_deinit(struct database_options *options);

#endif
