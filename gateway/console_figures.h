/*
 * console_figures.h - what the console tells of the gateway in numbers.
 */
#ifndef TG_GATEWAY_CONSOLE_FIGURES_H
#define TG_GATEWAY_CONSOLE_FIGURES_H

#include <stdint.h>

#include "admin/host.h"

struct gateway;

/*
 * Any console thread: fill figures[0..HOST_FIGURES_MAX) with what there is to say; returns how
 * many.  May wait for the ledger's thread.
 */
uint32_t console_figures(struct gateway *gateway, enum host_topic topic,
			 struct host_figure *figures);

#endif
