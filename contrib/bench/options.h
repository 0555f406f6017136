/*
 * options.h - the command line of bench-load.
 */
#ifndef TG_CONTRIB_BENCH_OPTIONS_H
#define TG_CONTRIB_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"

#define BENCH_BATCH_MAX 8190

/* Columns: member, name after "--", kind, value when it is not given, bounds of a COUNT, help. */
/* clang-format off */
#define BENCH_OPTION_LIST(X) \
	X(system,      "system",      TEXT,  0,    0, 0,          "echo, tallygate, redis, tarantool or mariadb") \
	X(host,        "host",        TEXT,  0,    0, 0,          "address of the server (127.0.0.1)") \
	X(port,        "port",        TEXT,  0,    0, 0,          "its port; of mariadb, its socket") \
	X(ca,          "ca",          TEXT,  0,    0, 0,          "PEM of the authority that vouches for it; none: plain") \
	X(terminals,   "terminals",   TEXT,  0,    0, 0,          "CSV of terminals that speak (tallygate)") \
	X(master_key,  "master-key",  TEXT,  0,    0, 0,          "file with the key that theirs come from (tallygate)") \
	X(connections, "connections", COUNT, 1000, 1, 100000,     "connections") \
	X(depth,       "depth",       COUNT, 1,    1, 4096,       "requests in flight on each") \
	X(batch,       "batch",       COUNT, 1,    1, BENCH_BATCH_MAX, "earns in a request") \
	X(rate,        "rate",        COUNT, 0,    0, 100000000,  "open loop: requests due a second; 0: closed loop") \
	X(members,     "members",     COUNT, 1000000, 1, UINT32_MAX, "members that earn") \
	X(seconds,     "seconds",     COUNT, 10,   1, 86400,      "measure for so long") \
	X(warm_up,     "warm-up",     COUNT, 2,    0, 86400,      "seconds before that") \
	X(bytes,       "bytes",       COUNT, 120,  8, 1048576,    "size of a frame (echo)") \
	X(seed,        "seed",        COUNT, 0,    0, INT64_MAX,  "of the draws; 0: from the clock") \
	X(enroll,      "enroll",      FLAG,  0,    0, 0,          "make the members instead, once each (tallygate)")
/* clang-format on */

#define BENCH_TYPE_TEXT const char *
#define BENCH_TYPE_COUNT uint64_t
#define BENCH_TYPE_FLAG bool

struct bench_options {
#define BENCH_MEMBER(member, name, kind, value, low, high, help) BENCH_TYPE_##kind member;
	BENCH_OPTION_LIST(BENCH_MEMBER)
#undef BENCH_MEMBER
};

/* Read the command line.  False with the reason; --help prints and ends the program. */
bool bench_options_read(struct bench_options *options, int argc, char *argv[],
			struct failure *failure);

#endif
