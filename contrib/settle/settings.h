/*
 * settings.h - what tally-settle is told.
 */
#ifndef TG_CONTRIB_SETTLE_SETTINGS_H
#define TG_CONTRIB_SETTLE_SETTINGS_H

#include "contrib/common/identity.h"
#include "contrib/common/settings.h"

/* Rows for SETTING_ROW(settle_settings, ...); columns as there. */
/* clang-format off */
#define SETTLE_SETTING_LIST(X) \
	X(heading_2, "", HEADING, ONCE, NULL, 0, 0, 0, "", "The file") \
	X(delimiter, "delimiter", TEXT, ONCE, ",", 0, 0, 0, "CHARACTER", "between cells (,); tab for a tabulator") \
	X(result, "result", TEXT, ONCE, NULL, 0, 0, 0, "FILE", "outcomes, instead of FILE.result.csv") \
	X(quarantine, "quarantine", TEXT, ONCE, NULL, 0, 0, 0, "FILE", "refused lines, instead of FILE.quarantine.csv") \
	X(is_skip_bad, "skip-bad", FLAG, ONCE, NULL, 0, 0, 0, "", "send the good lines though there are bad ones") \
	X(columns, "columns", TEXT, ONCE, NULL, 0, 0, 0, "MAP", "columns under other names, NAME=COLUMN,...") \
	X(layout, "layout", TEXT, ONCE, NULL, 0, 0, 0, "FILE", "how lines are written, see the manual; upload and check") \
	X(heading_day, "", HEADING, ONCE, NULL, 0, 0, 0, "", "The end of a day") \
	X(is_till_day, "till-day", FLAG, ONCE, NULL, 0, 0, 0, "", "by the till's own day, not by business date") \
	X(scope, "scope", TEXT, ONCE, NULL, 0, 0, 0, "WHOSE", "terminal or partner; a partner's system: partner") \
	X(is_sign, "sign", FLAG, ONCE, NULL, 0, 0, 0, "", "countersign the day if nothing differs") \
	X(heading_statement, "", HEADING, ONCE, NULL, 0, 0, 0, "", "Statements") \
	X(form, "form", TEXT, ONCE, "csv", 0, 0, 0, "FORM", "csv, json or html") \
	X(heading_3, "", HEADING, ONCE, NULL, 0, 0, 0, "", "Output") \
	X(is_quiet, "quiet", FLAG, ONCE, NULL, 0, 0, 0, "", "no progress") \
	X(is_help, "help", FLAG, ONCE, NULL, 0, 0, 0, "", "this text") \
	X(is_version, "version", FLAG, ONCE, NULL, 0, 0, 0, "", "the version")
/* clang-format on */

struct settle_settings {
	struct identity identity;
	SETTLE_SETTING_LIST(SETTING_MEMBER)
};

extern const struct setting_table settle_setting_table;

#endif
