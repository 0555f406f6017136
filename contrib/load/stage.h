/*
 * stage.h - everything a run needs, set up from the command line: connections, members, log,
 * meter.
 */
#ifndef TG_CONTRIB_LOAD_STAGE_H
#define TG_CONTRIB_LOAD_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"
#include "contrib/common/transaction_id.h"
#include "contrib/load/endpoint.h"
#include "contrib/load/engine.h"
#include "contrib/load/members.h"
#include "contrib/load/meter.h"
#include "contrib/load/options.h"
#include "contrib/load/report.h"
#include "contrib/load/terminals.h"
#include "contrib/load/trace.h"

/* All zero is one that owns nothing. */
struct stage {
	const struct load_options *options; /* borrowed */
	uint64_t		   seed;    /* drawn where none was given */
	struct endpoint		   endpoint;
	struct terminals	   terminals;
	struct members		   members;
	struct meter		   meter;
	struct transaction_ids	   ids;
	struct trace_writer	  *trace; /* NULL: nothing is logged */
	struct progress		   progress;
	struct engine		  *engine; /* NULL until stage_connect() */
};

/* Read files, look up the gateway, open the log.  False with the reason; deinit in either case. */
bool stage_init(struct stage *stage, const struct load_options *options, struct failure *failure);

void stage_deinit(struct stage *stage);

/* Make the engine and connect.  depth_min: in flight on a connection, if the options say less. */
bool stage_connect(struct stage *stage, uint32_t depth_min, struct failure *failure);

/*
 * Run a source, with progress under the label.  ret_seconds: how long it took.
 * False with the reason when the run did not end well: the log failed, or requests were given up.
 */
bool stage_run(struct stage *stage, const char *label, const struct source *source,
	       const struct engine_bounds *bounds, double *ret_seconds, struct failure *failure);

/* Enrol all members that are not; then the meter begins anew. */
bool stage_enroll(struct stage *stage, struct failure *failure);

/* Print the summary as the options want it. */
void stage_report(const struct stage *stage, const char *title, double seconds,
		  uint64_t never_sent);

#endif
