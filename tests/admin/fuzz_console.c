/*
 * fuzz_console.c - bytes of a connection up to the row they mean.
 */
#include <string.h>

#include "admin/command.h"
#include "admin/line_reader.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	const char *words[COMMAND_WORDS_MAX], *why;
	struct command_search search;
	struct line_reader reader;
	uint32_t count;

	line_reader_init(&reader);
	for (size_t i = 0; i < data_bytes; i++) {
		if (line_reader_take(&reader, data[i]) == LINE_READY &&
		    command_split(reader.line, words, &count, &why))
			command_find(words, count, &search);
	}
	return 0;
}
