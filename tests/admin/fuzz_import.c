/*
 * fuzz_import.c - a CSV file of any bytes.
 */
#include <stdlib.h>

#include "admin/import.h"
#include "tests/fuzz.h"

static void
ignore(void *context, uint32_t line, const char *column, const char *why)
{
	(void)context;
	(void)line;
	(void)column;
	(void)why;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	const struct config_noun *const nouns[] = { &partner_noun, &rule_noun, &store_noun,
						    &terminal_noun };
	struct import import;
	FILE *file;

	if (data_bytes < 2)
		return 0;
	file = fmemopen((void *)(uintptr_t)(data + 1), data_bytes - 1, "r");
	if (file == NULL)
		return 0;
	import_init(&import, nouns[data[0] % 4], ignore, NULL);
	if (import_read(&import, file) != TG_OK && import.row_count > IMPORT_ROWS_MAX)
		abort();
	import_deinit(&import);
	fclose(file);
	return 0;
}
