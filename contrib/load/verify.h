/*
 * verify.h - proves that the gateway holds what a log says was acknowledged.
 *
 * For every account: acknowledged <= found <= acknowledged + unknown; every transaction applied
 * once or not at all, acknowledged ones exactly once; every outcome and balance right by the
 * model; the partners' totals equal to the log's sums.
 */
#ifndef TG_CONTRIB_LOAD_VERIFY_H
#define TG_CONTRIB_LOAD_VERIFY_H

#include <stdbool.h>

#include "contrib/common/failure.h"
#include "contrib/load/stage.h"

/* How a proof ended. */
enum verify_end {
	VERIFY_PROVED,
	VERIFY_DIFFERS,	 /* differences were printed */
	VERIFY_UNUSABLE, /* log or gateway cannot be used; see failure */
};

/* Read the log that the options name, ask the gateway, print the findings. */
enum verify_end verify_run(struct stage *stage, struct failure *failure);

#endif
