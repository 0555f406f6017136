/*
 * settings.c - what tally is told.
 */
#include "contrib/tally/settings.h"

#define ROW(...) SETTING_ROW(settings, __VA_ARGS__)

static const struct setting_row rows[] = { IDENTITY_SETTING_ROWS SETTING_LIST(ROW) };

const struct setting_table tally_settings = { rows, sizeof(rows) / sizeof(rows[0]), "tally" };
