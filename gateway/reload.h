/*
 * reload.h - another configuration in force, without a pause.
 *
 * From the file (SIGHUP, the console's `reload`), or one key of it set from the console, which
 * holds until the next reload.  What is wrong with it changes nothing.
 */
#ifndef TG_GATEWAY_RELOAD_H
#define TG_GATEWAY_RELOAD_H

#include "gateway/config.h"

struct gateway;

/* Control thread.  Statuses and *error as network_reload(); told to the log, too. */
enum tg_status reload_file(struct gateway *gateway, struct config_error *error);

/* Control thread: name: "limits.in_flight".  TG_CONFIG also for keys that need a restart. */
enum tg_status reload_key(struct gateway *gateway, const char *name, const char *value,
			  struct config_error *error);

#endif
