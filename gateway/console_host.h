/*
 * console_host.h - what the console may ask of the gateway, filled in.
 */
#ifndef TG_GATEWAY_CONSOLE_HOST_H
#define TG_GATEWAY_CONSOLE_HOST_H

#include "admin/host.h"

struct gateway;

/* Functions on this gateway, which outlives their use; all its parts are there. */
struct console_host console_host_of(struct gateway *gateway);

#endif
