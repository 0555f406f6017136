/*
 * settings.h - what tally is told: options, environment, ~/.tally.
 *
 * One table.  An option on the command line wins over the environment (TALLY_HOST for --host),
 * that over the file, that over the default.  Only KEPT settings may stand in environment and
 * file; the others are about one request.
 */
#ifndef TG_CONTRIB_TALLY_SETTINGS_H
#define TG_CONTRIB_TALLY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "contrib/common/failure.h"
#include "protocol/message.h"

#define SETTINGS_LINES_MAX TG_LINES_MAX

/*
 * Columns: member of struct settings, name after "--", kind, where it may stand, value when it is
 * not given, lower and upper bound of a NUMBER, field of the request that it sets (0: none), word
 * for the argument, help.  HEADING rows part the help.
 *
 * Kinds: TEXT; FLAG; NUMBER; DAY (1997-01-31), kept as a number; LINES, may be given again and
 * again.
 */
/* clang-format off */
#define SETTING_LIST(X) \
	X(heading_1, "", HEADING, ONCE, 0, 0, 0, 0, "", "The gateway, and who speaks") \
	X(host, "host", TEXT, KEPT, "127.0.0.1", 0, 0, 0, "HOST", "name or address of the gateway") \
	X(port, "port", TEXT, KEPT, "7411", 0, 0, 0, "PORT", "its port") \
	X(is_plain, "plain", FLAG, KEPT, false, 0, 0, 0, "", "no TLS; on loopback only") \
	X(ca, "ca", TEXT, KEPT, NULL, 0, 0, 0, "FILE", "PEM of the authority that vouches for it") \
	X(server_name, "server-name", TEXT, KEPT, NULL, 0, 0, 0, "NAME", "name in its certificate, if not HOST") \
	X(terminal, "terminal", NUMBER, KEPT, -1, 1, UINT32_MAX, 0, "N", "number of this terminal") \
	X(key_file, "key-file", TEXT, KEPT, NULL, 0, 0, 0, "FILE", "its key: 32 bytes, or 64 hexadecimal digits") \
	X(master_key, "master-key", TEXT, KEPT, NULL, 0, 0, 0, "FILE", "or the key that all terminals' keys come from") \
	X(instance, "instance", TEXT, KEPT, NULL, 0, 0, 0, "NAME", "name of the coalition's instance (tallygate)") \
	X(generation, "generation", NUMBER, KEPT, 1, 1, 65535, 0, "N", "generation of the key") \
	X(cert, "cert", TEXT, KEPT, NULL, 0, 0, 0, "FILE", "PEM of a client certificate, instead of a key") \
	X(cert_key, "cert-key", TEXT, KEPT, NULL, 0, 0, 0, "FILE", "PEM of the certificate's key") \
	X(timeout, "timeout", NUMBER, KEPT, 30, 1, 86400, 0, "SECONDS", "try for so long") \
	X(config, "config", TEXT, ONCE, NULL, 0, 0, 0, "FILE", "settings, instead of ~/.tally") \
	X(heading_2, "", HEADING, ONCE, 0, 0, 0, 0, "", "The request") \
	X(id, "id", TEXT, ONCE, NULL, 0, 0, 0, "TRANSACTION", "send this one again: ID@TIME as printed before") \
	X(time, "time", NUMBER, ONCE, -1, 0, TG_TIME_MS_MAX, 0, "MS", "when it happened at the till, ms UTC; else now") \
	X(is_late, "late", FLAG, ONCE, false, 0, 0, TG_FIELD_LATE, "", "from store and forward") \
	X(amount, "amount", NUMBER, ONCE, -1, 0, TG_AMOUNT_MAX, TG_FIELD_AMOUNT, "N", "burn, hold, capture: money, minor units") \
	X(covered, "covered", NUMBER, ONCE, -1, 0, TG_AMOUNT_MAX, TG_FIELD_COVERED, "N", "part of the amount that points pay for") \
	X(points, "points", NUMBER, ONCE, -1, 0, TG_AMOUNT_MAX, TG_FIELD_POINTS, "N", "refund: points to give back") \
	X(burn, "burn", TEXT, ONCE, NULL, 0, 0, TG_FIELD_ORIGINAL_BURN, "ID", "refund: the burn that paid a part") \
	X(reason, "reason", TEXT, ONCE, NULL, 0, 0, TG_FIELD_REASON, "WORD", "timeout, voided, returned or other") \
	X(seconds, "seconds", NUMBER, ONCE, -1, 1, 3024000, TG_FIELD_HOLD_SECONDS, "N", "hold: how long it may stay open") \
	X(skip_limited, "skip-limited", FLAG, ONCE, false, 0, 0, TG_FIELD_SKIP_LIMITED, "", "leave limited points alone") \
	X(receipt, "receipt", TEXT, ONCE, NULL, 0, 0, TG_FIELD_RECEIPT, "TEXT", "receipt number") \
	X(till, "till", NUMBER, ONCE, -1, 1, UINT32_MAX, TG_FIELD_TILL, "N", "till number within the store") \
	X(till_day, "till-day", DAY, ONCE, -1, 0, 0, TG_FIELD_TILL_DAY, "DAY", "the till's own day") \
	X(lines, "line", LINES, ONCE, 0, 0, 0, TG_FIELD_LINES, "LINE", "a line: ITEM:CATEGORY:PIECES:AMOUNT; again for more") \
	X(tender, "tender", NUMBER, ONCE, -1, 0, 255, TG_FIELD_TENDER, "N", "payment: 1 cash, 2 card, 3 wallet, 4 points") \
	X(channel, "channel", NUMBER, ONCE, -1, 0, 255, TG_FIELD_CHANNEL, "N", "channel: 1 store, 2 web, 3 app, 4 phone") \
	X(campaign, "campaign", NUMBER, ONCE, -1, 1, UINT32_MAX, TG_FIELD_CAMPAIGN, "N", "campaign that led here") \
	X(link, "link", TEXT, ONCE, NULL, 0, 0, TG_FIELD_NEW_IDENTIFIER, "IDENTIFIER", "enroll: a second identifier") \
	X(entries, "entries", NUMBER, ONCE, -1, 0, 20, TG_FIELD_ENTRIES_WANTED, "N", "inquiry: last entries to tell") \
	X(scope, "scope", TEXT, ONCE, NULL, 0, 0, TG_FIELD_SCOPE, "WORD", "totals of: terminal, store or partner") \
	X(basis, "basis", TEXT, ONCE, NULL, 0, 0, TG_FIELD_BASIS, "WORD", "totals by: business or till (day)") \
	X(for_terminal, "for-terminal", NUMBER, ONCE, -1, 1, UINT32_MAX, TG_FIELD_TERMINAL, "N", "partner's system: for this terminal") \
	X(for_store, "for-store", NUMBER, ONCE, -1, 1, UINT32_MAX, TG_FIELD_STORE, "N", "partner's system: for this store") \
	X(heading_3, "", HEADING, ONCE, 0, 0, 0, 0, "", "Output") \
	X(is_json, "json", FLAG, ONCE, false, 0, 0, 0, "", "the answer as JSON") \
	X(is_quiet, "quiet", FLAG, ONCE, false, 0, 0, 0, "", "do not tell the transaction before it is sent") \
	X(is_help, "help", FLAG, ONCE, false, 0, 0, 0, "", "this text") \
	X(is_version, "version", FLAG, ONCE, false, 0, 0, 0, "", "the version")
/* clang-format on */

/* Arguments of --line, as they were given. */
struct setting_lines {
	const char *texts[SETTINGS_LINES_MAX]; /* borrowed */
	uint32_t    count;
};

/* Texts are borrowed from the command line and the environment, or owned by the file. */
struct settings {
#define SETTING_TYPE_HEADING bool
#define SETTING_TYPE_TEXT const char *
#define SETTING_TYPE_FLAG bool
#define SETTING_TYPE_NUMBER int64_t
#define SETTING_TYPE_DAY int64_t
#define SETTING_TYPE_LINES struct setting_lines
#define SETTING_MEMBER(member, name, kind, where, value, low, high, field, word, help)             \
	SETTING_TYPE_##kind member;
	SETTING_LIST(SETTING_MEMBER)
#undef SETTING_MEMBER
	void *file; /* owned; see settings_deinit() */
};

/*
 * Read settings.  ret_first: index in argv of the first word that is no option; options and words
 * may be mixed, getopt puts the words last. False with the reason; deinit in either case.
 */
bool settings_read(struct settings *settings, int argc, char *argv[], int *ret_first,
		   struct failure *failure);

void settings_deinit(struct settings *settings);

/* Print what the table says. */
void settings_help(FILE *file);

/* What of the settings belongs into a request. */
enum setting_kind {
	SETTING_HEADING,
	SETTING_TEXT,
	SETTING_FLAG,
	SETTING_NUMBER,
	SETTING_DAY,
	SETTING_LINES
};

struct setting_field {
	const char	 *name;	 /* of the option */
	enum setting_kind kind;
	enum tg_field	  field; /* that it sets */
	const void	 *value; /* in the settings, of the kind's type */
};

/* The nth setting, from 0, that was given and sets a field.  False when there are no more. */
bool settings_field(const struct settings *settings, uint32_t nth,
		    struct setting_field *ret_field);

#endif
