/*
 * database_arguments.c - how to reach MariaDB, as options of a program's command line.
 */
#include "storage/database_arguments.h"

#include <stdlib.h>
#include <string.h>

bool
database_argument(struct database_config *config, const char *name, const char *value)
{
	if (strcmp(name, "defaults-file") == 0)
		config->defaults_path = value;
	else if (strcmp(name, "socket") == 0)
		config->socket_path = value;
	else if (strcmp(name, "host") == 0)
		config->host = value;
	else if (strcmp(name, "port") == 0)
		config->port = (uint16_t)strtoul(value, NULL, 10);
	else if (strcmp(name, "user") == 0)
		config->user = value;
	else if (strcmp(name, "database") == 0)
		config->database = value;
	else if (strcmp(name, "ca") == 0)
		config->tls_ca_path = value;
	else
		return false;
	config->use_tls = config->tls_ca_path != NULL;
	return true;
}
