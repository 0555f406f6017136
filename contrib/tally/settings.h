/*
 * settings.h - what tally is told.
 */
#ifndef TG_CONTRIB_TALLY_SETTINGS_H
#define TG_CONTRIB_TALLY_SETTINGS_H

#include "contrib/common/identity.h"
#include "contrib/common/settings.h"

/* Rows for SETTING_ROW(settings, ...); columns as there. */
/* clang-format off */
#define SETTING_LIST(X) \
	X(heading_2, "", HEADING, ONCE, NULL, 0, 0, 0, "", "The request") \
	X(id, "id", TEXT, ONCE, NULL, 0, 0, 0, "TRANSACTION", "send this one again: ID@TIME as printed before") \
	X(time, "time", NUMBER, ONCE, NULL, 0, TG_TIME_MS_MAX, 0, "MS", "when it happened at the till, ms UTC; else now") \
	X(is_late, "late", FLAG, ONCE, NULL, 0, 0, TG_FIELD_LATE, "", "from store and forward") \
	X(amount, "amount", NUMBER, ONCE, NULL, 0, TG_AMOUNT_MAX, TG_FIELD_AMOUNT, "N", "burn, hold, capture: money, minor units") \
	X(covered, "covered", NUMBER, ONCE, NULL, 0, TG_AMOUNT_MAX, TG_FIELD_COVERED, "N", "part of the amount that points pay for") \
	X(points, "points", NUMBER, ONCE, NULL, 0, TG_AMOUNT_MAX, TG_FIELD_POINTS, "N", "refund: points to give back; exchange: quoted") \
	X(own_units, "own-units", NUMBER, ONCE, NULL, 0, TG_AMOUNT_MAX, TG_FIELD_OWN_UNITS, "N", "exchange: own units quoted") \
	X(burn, "burn", TEXT, ONCE, NULL, 0, 0, TG_FIELD_ORIGINAL_BURN, "ID", "refund: the burn that paid a part") \
	X(reason, "reason", TEXT, ONCE, NULL, 0, 0, TG_FIELD_REASON, "WORD", "timeout, voided, returned or other") \
	X(seconds, "seconds", NUMBER, ONCE, NULL, 1, 3024000, TG_FIELD_HOLD_SECONDS, "N", "hold: how long it may stay open") \
	X(skip_limited, "skip-limited", FLAG, ONCE, NULL, 0, 0, TG_FIELD_SKIP_LIMITED, "", "leave limited points alone") \
	X(receipt, "receipt", TEXT, ONCE, NULL, 0, 0, TG_FIELD_RECEIPT, "TEXT", "receipt number") \
	X(till, "till", NUMBER, ONCE, NULL, 1, UINT32_MAX, TG_FIELD_TILL, "N", "till number within the store") \
	X(till_day, "till-day", DAY, ONCE, NULL, 0, 0, TG_FIELD_TILL_DAY, "DAY", "the till's own day") \
	X(lines, "line", LINES, ONCE, NULL, 0, 0, TG_FIELD_LINES, "LINE", "a line: ITEM:CATEGORY:PIECES:AMOUNT; again for more") \
	X(tender, "tender", NUMBER, ONCE, NULL, 0, 255, TG_FIELD_TENDER, "N", "payment: 1 cash, 2 card, 3 wallet, 4 points") \
	X(channel, "channel", NUMBER, ONCE, NULL, 0, 255, TG_FIELD_CHANNEL, "N", "1 store, 2 web, 3 app, 4 phone, 5 card ... 9 hotline") \
	X(campaign, "campaign", NUMBER, ONCE, NULL, 1, UINT32_MAX, TG_FIELD_CAMPAIGN, "N", "campaign that led here") \
	X(link, "link", TEXT, ONCE, NULL, 0, 0, TG_FIELD_NEW_IDENTIFIER, "IDENTIFIER", "enroll: a second identifier") \
	X(entries, "entries", NUMBER, ONCE, NULL, 0, 20, TG_FIELD_ENTRIES_WANTED, "N", "inquiry: last entries to tell") \
	X(rows, "rows", NUMBER, ONCE, NULL, 1, TG_HISTORY_MAX, TG_FIELD_ROWS_WANTED, "N", "history, entries: how many to tell") \
	X(before, "before", NUMBER, ONCE, NULL, 1, INT64_MAX, TG_FIELD_BEFORE, "RECORD", "history: only those before this record") \
	X(after, "after", NUMBER, ONCE, NULL, 0, INT64_MAX, TG_FIELD_AFTER, "RECORD", "entries: only those after this record") \
	X(scope, "scope", TEXT, ONCE, NULL, 0, 0, TG_FIELD_SCOPE, "WORD", "totals of: terminal, store or partner") \
	X(basis, "basis", TEXT, ONCE, NULL, 0, 0, TG_FIELD_BASIS, "WORD", "totals by: business or till (day)") \
	X(for_terminal, "for-terminal", NUMBER, ONCE, NULL, 1, UINT32_MAX, TG_FIELD_TERMINAL, "N", "partner's system: for this terminal") \
	X(for_store, "for-store", NUMBER, ONCE, NULL, 1, UINT32_MAX, TG_FIELD_STORE, "N", "partner's system: for this store") \
	X(write, "write", TEXT, ONCE, NULL, 0, 0, 0, "FILE", "activate: the settings to make, instead of ~/.tally") \
	X(queue, "queue", TEXT, KEPT, NULL, 0, 0, 0, "FILE", "store what may come late here until it is answered") \
	X(heading_3, "", HEADING, ONCE, NULL, 0, 0, 0, "", "Output") \
	X(is_json, "json", FLAG, ONCE, NULL, 0, 0, 0, "", "the answer as JSON") \
	X(is_quiet, "quiet", FLAG, ONCE, NULL, 0, 0, 0, "", "do not tell the transaction before it is sent") \
	X(is_help, "help", FLAG, ONCE, NULL, 0, 0, 0, "", "this text") \
	X(is_version, "version", FLAG, ONCE, NULL, 0, 0, 0, "", "the version")
/* clang-format on */

struct settings {
	struct identity identity;
	SETTING_LIST(SETTING_MEMBER)
};

extern const struct setting_table tally_settings;

#endif
