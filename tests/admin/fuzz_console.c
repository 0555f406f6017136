/*
 * fuzz_console.c - bytes of a connection up to the row they mean.
 */
#include <stdio.h>
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

/* A line for each command, as help shows it; its words. */
void
fuzz_seeds(const struct fuzz_sink *sink)
{
	char line[COMMAND_LINE_BYTES_MAX];

	for (uint32_t i = 0; i < command_row_count; i++) {
		snprintf(line, sizeof(line), "%s %s\n", command_rows[i].words,
			 command_rows[i].arguments);
		fuzz_seed_text(sink, line);
		fuzz_word_text(sink, command_rows[i].words);
	}
}
