/*
 * settings.c - what tally-import is told.
 */
#include "contrib/import/settings.h"

#define ROW(...) SETTING_ROW(import_settings, __VA_ARGS__)

static const struct setting_row rows[] = { IDENTITY_SETTING_ROWS IMPORT_SETTING_LIST(ROW) };

const struct setting_table import_setting_table = { rows, sizeof(rows) / sizeof(rows[0]),
						    "tally_import" };
