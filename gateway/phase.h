/*
 * phase.h - how far the gateway has come in its life.
 */
#ifndef TG_GATEWAY_PHASE_H
#define TG_GATEWAY_PHASE_H

/* Columns: name, word, why it is not ready (NULL: it is, if its parts are). */
/* clang-format off */
#define GATEWAY_PHASE_LIST(X) \
	X(STARTING, "starting", "starting: recovery is not done") \
	X(SERVING,  "serving",  NULL) \
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

#endif
