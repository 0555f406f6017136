/*
 * fuzz_seeds.c - seeds and dictionaries that fuzz targets make from tables, into files.
 *
 * A target run under libFuzzer with TG_FUZZ_SEEDS=FOLDER in its environment writes them there and
 * ends: a file for each seed, and one named dictionary, as -dict takes it.
 */
#include "tests/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES 1024

struct folder {
	const char *path;
	FILE *dictionary;
	unsigned seed_count;
};

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A target without tables has these: none. */
__attribute__((weak)) void
fuzz_seeds(const struct fuzz_sink *sink)
{
	(void)sink;
}

void
fuzz_seed_text(const struct fuzz_sink *sink, const char *text)
{
	sink->seed(sink->context, text, strlen(text));
}

void
fuzz_word_text(const struct fuzz_sink *sink, const char *text)
{
	sink->word(sink->context, text, strlen(text));
}

static FILE *
open_in(const struct folder *folder, const char *name)
{
	char path[PATH_BYTES];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	file = fopen(path, "wb");
	if (file == NULL) {
		perror(path);
		exit(2);
	}
	return file;
}

static void
write_seed(void *context, const void *data, size_t bytes)
{
	struct folder *folder = context;
	char name[32];
	FILE *file;

	snprintf(name, sizeof(name), "table-%05u", folder->seed_count++);
	file = open_in(folder, name);
	fwrite(data, 1, bytes, file);
	fclose(file);
}

static void
write_word(void *context, const void *data, size_t bytes)
{
	struct folder *folder = context;
	const uint8_t *octets = data;

	if (bytes == 0)
		return;
	fputc('"', folder->dictionary);
	for (size_t i = 0; i < bytes; i++)
		fprintf(folder->dictionary, "\\x%02x", octets[i]);
	fputs("\"\n", folder->dictionary);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct folder folder = { .path = getenv("TG_FUZZ_SEEDS") };
	const struct fuzz_sink sink = { write_seed, write_word, &folder };

	(void)argc;
	(void)argv;
	if (folder.path == NULL)
		return 0;
	mkdir(folder.path, 0700);
	folder.dictionary = open_in(&folder, "dictionary");
	fputs("# Words of the tables.\n", folder.dictionary); /* an empty one is refused */
	fuzz_seeds(&sink);
	fclose(folder.dictionary);
	exit(0);
}
