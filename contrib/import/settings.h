/*
 * settings.h - what tally-import is told.
 */
#ifndef TG_CONTRIB_IMPORT_SETTINGS_H
#define TG_CONTRIB_IMPORT_SETTINGS_H

#include "contrib/common/identity.h"
#include "contrib/common/settings.h"

/* Rows for SETTING_ROW(import_settings, ...); columns as there. */
/* clang-format off */
#define IMPORT_SETTING_LIST(X) \
	X(heading_2, "", HEADING, ONCE, NULL, 0, 0, 0, "", "The file") \
	X(map, "map", TEXT, ONCE, "", 0, 0, 0, "NAME=COLUMN,...", "which column is what; card=CardNo,balance=Points") \
	X(delimiter, "delimiter", TEXT, ONCE, ",", 0, 0, 0, "CHARACTER", "between cells (,); tab for a tabulator") \
	X(expires, "expires", DAY, ONCE, NULL, 0, 0, 0, "DAY", "only balances whose last day this is; no members") \
	X(heading_3, "", HEADING, ONCE, NULL, 0, 0, 0, "", "Output") \
	X(is_quiet, "quiet", FLAG, ONCE, NULL, 0, 0, 0, "", "no progress") \
	X(is_help, "help", FLAG, ONCE, NULL, 0, 0, 0, "", "this text") \
	X(is_version, "version", FLAG, ONCE, NULL, 0, 0, 0, "", "the version")
/* clang-format on */

struct import_settings {
	struct identity identity;
	IMPORT_SETTING_LIST(SETTING_MEMBER)
};

extern const struct setting_table import_setting_table;

#endif
