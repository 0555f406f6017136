/*
 * settings.c - what tally-settle is told.
 */
#include "contrib/settle/settings.h"

#define ROW(...) SETTING_ROW(settle_settings, __VA_ARGS__)

static const struct setting_row rows[] = { IDENTITY_SETTING_ROWS SETTLE_SETTING_LIST(ROW) };

const struct setting_table settle_setting_table = { rows, sizeof(rows) / sizeof(rows[0]),
						    "tally_settle" };
