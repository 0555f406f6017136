/*
 * fuzz_import.c - a CSV file of any bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/import.h"
#include "tests/fuzz.h"

static const struct config_noun *const nouns[] = { &partner_noun, &rule_noun,	 &store_noun,
						   &terminal_noun, &funding_noun, &cycle_noun };

#define NOUNS (sizeof(nouns) / sizeof(nouns[0]))

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
	struct import import;
	FILE *file;

	if (data_bytes < 2)
		return 0;
	file = fmemopen((void *)(uintptr_t)(data + 1), data_bytes - 1, "r");
	if (file == NULL)
		return 0;
	import_init(&import, nouns[data[0] % NOUNS], ignore, NULL);
	if (import_read(&import, file) != TG_OK && import.row_count > IMPORT_ROWS_MAX)
		abort();
	import_deinit(&import);
	fclose(file);
	return 0;
}

/* For each noun its columns, and a line of what they have where nothing is said. */
void
fuzz_seeds(const struct fuzz_sink *sink)
{
	for (uint8_t n = 0; n < NOUNS; n++) {
		const struct field_set *set = nouns[n]->fields;
		char text[4096] = { (char)n };
		size_t used = 1;

		for (uint32_t i = 0; i < 2 * set->count; i++) {
			const struct field *field = &set->fields[i % set->count];
			const char *value = field->fallback != NULL ? field->fallback : "1";

			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%c",
						 i < set->count ? field->name : value,
						 (i + 1) % set->count == 0 ? '\n' : ',');
			if (i < set->count)
				fuzz_word_text(sink, field->name);
			else
				fuzz_word_text(sink, value);
		}
		sink->seed(sink->context, text, used);
	}
}
