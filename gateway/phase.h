/*
 * phase.h - how far the gateway has come in its life.
 */
#ifndef TG_GATEWAY_PHASE_H
#define TG_GATEWAY_PHASE_H

#include <stdbool.h>

/* Columns: name, word, why it is not ready (NULL: it is, if its parts are). */
/* clang-format off */
#define GATEWAY_PHASE_LIST(X) \
	X(STARTING, "starting", "starting: recovery is not done") \
	X(SERVING,  "serving",  NULL) \
	X(DRAINED,  "drained",  "drained: taken out of service by an operator") \
	X(DRAINING, "draining", "draining: no new connections, answers go out") \
	X(KEEPING,  "keeping",  "stopping: a last snapshot is made") \
	X(ENDING,   "ending",   "stopping: records are made durable")
/* clang-format on */

enum gateway_phase {
#define GATEWAY_PHASE_ENUM(name, word, unready) GATEWAY_##name,
	GATEWAY_PHASE_LIST(GATEWAY_PHASE_ENUM)
#undef GATEWAY_PHASE_ENUM
		GATEWAY_PHASE_COUNT,
};

/* Neither starting nor ending: the control thread turns, and may be watched for it. */
static inline bool
gateway_phase_is_steady(enum gateway_phase phase)
{
	return phase == GATEWAY_SERVING || phase == GATEWAY_DRAINED;
}

#endif
