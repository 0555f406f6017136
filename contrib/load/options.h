/*
 * options.h - the command line of tally-load: one table, from which parsing and help come.
 */
#ifndef TG_CONTRIB_LOAD_OPTIONS_H
#define TG_CONTRIB_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "contrib/common/failure.h"

/*
 * Columns: member of struct load_options, name after "--", kind, value when it is not given, lower
 * and upper bound of a COUNT, word for the argument, help.  HEADING rows part the help.
 *
 * Kinds: TEXT; FLAG; COUNT, a whole number; SHARE, a percentage kept as millionths; REAL, >= 0.
 */
/* clang-format off */
#define LOAD_OPTION_LIST(X) \
	X(heading_1, "", HEADING, 0, 0, 0, "", "Where") \
	X(host, "host", TEXT, "127.0.0.1", 0, 0, "HOST", "name or address of the gateway") \
	X(port, "port", TEXT, "7411", 0, 0, "PORT", "its port") \
	X(is_plain, "plain", FLAG, false, 0, 0, "", "no TLS") \
	X(ca_file, "ca", TEXT, NULL, 0, 0, "FILE", "PEM of the authority that vouches for the gateway") \
	X(server_name, "server-name", TEXT, NULL, 0, 0, "NAME", "name in its certificate, if not HOST") \
	X(certificate_file, "cert", TEXT, NULL, 0, 0, "FILE", "PEM of a client certificate, instead of terminals' keys") \
	X(key_file, "key", TEXT, NULL, 0, 0, "FILE", "PEM of its key") \
	X(terminals_file, "terminals", TEXT, NULL, 0, 0, "FILE", "CSV of terminals: number, store, partner, generation, key") \
	X(master_file, "master-key", TEXT, NULL, 0, 0, "FILE", "key that terminals' keys are derived from") \
	X(heading_2, "", HEADING, 0, 0, 0, "", "How much") \
	X(connections, "connections", COUNT, 100, 1, 1000000, "N", "connections; terminals take turns") \
	X(connect_rate, "connect-rate", COUNT, 0, 0, 1000000, "N", "open so many a second; 0: all at once") \
	X(depth, "depth", COUNT, 1, 1, 65535, "N", "requests in flight on each connection") \
	X(batch, "batch", COUNT, 1, 1, 8190, "N", "transactions in a BATCH frame; 1: no batches") \
	X(rate, "rate", REAL, 0, 0, 0, "N", "open loop: requests due a second; 0: closed loop") \
	X(seconds, "seconds", COUNT, 0, 0, 31536000, "N", "make new requests for so long (10 when --requests is not given)") \
	X(requests, "requests", COUNT, 0, 0, INT64_MAX, "N", "make so many new requests") \
	X(idle_seconds, "idle", COUNT, 0, 0, 31536000, "N", "only connect, and stay connected for so long") \
	X(heading_3, "", HEADING, 0, 0, 0, "", "What") \
	X(mix, "mix", TEXT, NULL, 0, 0, "WEIGHTS", "kinds of work, as in earn=60,burn=20,inquiry=20 (see below)") \
	X(members, "members", COUNT, 10000, 1, 100000000, "N", "members, enrolled first") \
	X(card_prefix, "card-prefix", TEXT, "9", 0, 0, "TEXT", "what their card numbers begin with") \
	X(is_enrolled, "no-enroll", FLAG, false, 0, 0, "", "they are enrolled already") \
	X(hot_ppm, "hot", SHARE, 0, 0, 0, "PERCENT", "share of requests that go to the first member") \
	X(amount_max, "amount-max", COUNT, 20000, 1, 1000000000000, "N", "largest purchase, minor units of money") \
	X(hold_seconds, "hold-seconds", COUNT, 0, 0, 3024000, "N", "life of holds; 0: the programme's") \
	X(duplicates_ppm, "duplicates", SHARE, 0, 0, 0, "PERCENT", "share of transactions sent again under the same id") \
	X(duplicate_kinds, "duplicate-kinds", TEXT, "now=45,other=45,reconnect=10", 0, 0, "WEIGHTS", \
	  "how: at once, on another connection, after reconnecting") \
	X(seed, "seed", COUNT, 0, 0, INT64_MAX, "N", "repeat the draws of an earlier run; 0: draw a seed") \
	X(heading_4, "", HEADING, 0, 0, 0, "", "A purchase history instead") \
	X(history_file, "history", TEXT, NULL, 0, 0, "FILE", "replay it on its own days: customer, YYYYMMDD, pieces, money") \
	X(day_command, "day-command", TEXT, NULL, 0, 0, "COMMAND", "run for each new day; %d: YYYY-MM-DD, %t: its noon in ms UTC") \
	X(speed, "speed", REAL, 0, 0, 0, "N", "so many times as fast as it happened; 0: as fast as answers come") \
	X(burn_ppm, "burn", SHARE, 100000, 0, 0, "PERCENT", "share of receipts that also burn") \
	X(capture_ppm, "capture", SHARE, 50000, 0, 0, "PERCENT", "... that hold and capture") \
	X(release_ppm, "release", SHARE, 10000, 0, 0, "PERCENT", "... that hold and release") \
	X(refund_ppm, "refund", SHARE, 30000, 0, 0, "PERCENT", "... that come back in part") \
	X(repeat_ppm, "repeat", SHARE, 50000, 0, 0, "PERCENT", "... that are sent again under the same id") \
	X(generate, "generate", COUNT, 0, 0, 100000000, "N", "print a history of N customers, and do nothing else") \
	X(from, "from", TEXT, "1997-01-01", 0, 0, "DAY", "its first day") \
	X(days, "days", COUNT, 546, 90, 36500, "N", "its length") \
	X(heading_5, "", HEADING, 0, 0, 0, "", "Trouble") \
	X(timeout_ms, "timeout-ms", COUNT, 10000, 1, 3600000, "N", "give up a connection that has not answered for so long") \
	X(connect_seconds, "connect-seconds", COUNT, 60, 1, 3600, "N", "wait for connecting and authenticating") \
	X(drain_seconds, "drain-seconds", COUNT, 30, 0, 3600, "N", "wait at the end for what is not answered") \
	X(give_up_seconds, "give-up-seconds", COUNT, 60, 1, 86400, "N", "end when there is no connection at all for so long") \
	X(ping_seconds, "ping-seconds", COUNT, 30, 0, 3600, "N", "PING on a connection that has been silent; 0: never") \
	X(reconnect_ms, "reconnect-ms", COUNT, 50, 1, 60000, "N", "mean wait before reconnecting; doubles while it fails") \
	X(drop_ppm, "drops", SHARE, 0, 0, 0, "PERCENT", "share of requests behind which the connection is cut") \
	X(abandon_ppm, "abandon", SHARE, 0, 0, 0, "PERCENT", "share of lost requests that are not sent again") \
	X(heading_6, "", HEADING, 0, 0, 0, "", "Proof") \
	X(log_file, "log", TEXT, NULL, 0, 0, "FILE", "append every request before it is sent, and every answer") \
	X(verify_file, "verify", TEXT, NULL, 0, 0, "FILE", "prove that the gateway holds what this log says") \
	X(earn_rates, "earn-rates", TEXT, "1/100", 0, 0, "RATES", \
	  "points per minor unit: 1/100, or by partner 1=1/100,2=1/200; none: not checked") \
	X(zone, "zone", TEXT, "UTC", 0, 0, "NAME", "time zone of the programme's days") \
	X(expiry_months, "expiry-months", COUNT, 12, 1, 120, "N", "life of points after the last activity") \
	X(window_hours, "window-hours", COUNT, 72, 1, 8400, "N", "how long the gateway remembers transaction ids") \
	X(has_no_totals, "no-totals", FLAG, false, 0, 0, "", "leave the partners' totals alone: others used the gateway, too") \
	X(differences, "differences", COUNT, 20, 0, INT32_MAX, "N", "show so many differences at most") \
	X(heading_7, "", HEADING, 0, 0, 0, "", "Output") \
	X(is_json, "json", FLAG, false, 0, 0, "", "the summary as JSON") \
	X(is_quiet, "quiet", FLAG, false, 0, 0, "", "no progress") \
	X(is_help, "help", FLAG, false, 0, 0, "", "this text") \
	X(is_version, "version", FLAG, false, 0, 0, "", "the version")
/* clang-format on */

struct load_options {
#define LOAD_OPTION_TYPE_HEADING bool
#define LOAD_OPTION_TYPE_TEXT const char *
#define LOAD_OPTION_TYPE_FLAG bool
#define LOAD_OPTION_TYPE_COUNT uint64_t
#define LOAD_OPTION_TYPE_SHARE uint32_t
#define LOAD_OPTION_TYPE_REAL double
#define LOAD_OPTION_MEMBER(member, name, kind, value, low, high, word, help)                       \
	LOAD_OPTION_TYPE_##kind member;
	LOAD_OPTION_LIST(LOAD_OPTION_MEMBER)
#undef LOAD_OPTION_MEMBER
};

/*
 * Read the command line; texts are borrowed from it. False with the reason when an option is not
 * known, lacks its argument or is out of bounds, or when words that are no options follow.
 */
bool load_options_parse(int argc, char *const argv[], struct load_options *ret_options,
			struct failure *failure);

/* Print what the table says. */
void load_options_help(FILE *file);

/* Read "now=45,other=45,reconnect=10" into weights by enum repeat_kind. */
bool load_options_duplicate_kinds(const char *text, uint32_t ret_weights[4],
				  struct failure *failure);

#endif
