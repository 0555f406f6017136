/*
 * database_arguments.h - how to reach MariaDB, as options of a program's command line.
 */
#ifndef TG_STORAGE_DATABASE_ARGUMENTS_H
#define TG_STORAGE_DATABASE_ARGUMENTS_H

#include <stdbool.h>

#include "storage/database.h"

#define DATABASE_NAME_DEFAULT "tallygate"

/* Options.  Columns: name, argument's name, help. */
/* clang-format off */
#define DATABASE_OPTION_LIST(X) \
	X("defaults-file", "FILE", "option file, read first: groups [client] and [tallygate]") \
	X("socket", "FILE", "Unix socket of the server") \
	X("host", "HOST", "host of the server, where there is no socket") \
	X("port", "PORT", "its port, 3306 if not told") \
	X("user", "NAME", "user there") \
	X("database", "NAME", "database there, tallygate if not told") \
	X("ca", "FILE", "speak TLS; who signed the server's certificate, PEM")
/* clang-format on */

/*
 * Put the value of an option where it belongs.  value: borrowed as long as config is in use.
 * False: there is no such option.
 */
bool database_argument(struct database_config *config, const char *name, const char *value);

#endif
