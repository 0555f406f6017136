/*
 * fuzz_main.c - runs a fuzz target where there is no libFuzzer, so that `make check` runs it too.
 *
 * Without arguments: every file of the target's corpus (corpus_frame/ for fuzz_frame) and the seeds
 * from its tables, then inputs made from them by mutation from a fixed seed, so that a failing run
 * fails again.  With arguments: these files only.  The input under way is always in
 * <program>.input, also after a crash.
 */
#include "tests/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	INPUT_BYTES_MAX = 64 * 1024,
	CORPUS_MAX = 4096,
	MUTATION_COUNT = 50000,
	PATH_BYTES = 1024,
};

struct input {
	uint8_t	*data;			/* owned */
	size_t	 data_bytes;
};

struct fuzz_run {
	struct input *corpus;		/* owned; CORPUS_MAX of them, corpus_count in use */
	size_t	 corpus_count;
	struct input *words;		/* owned; CORPUS_MAX of them, word_count in use */
	size_t	 word_count;
	uint8_t	*current;		/* INPUT_BYTES_MAX bytes of a file, for after a crash */
	int	 current_file;
	uint64_t random_state;		/* of xorshift64, never 0 */
};

static void
die(const char *what, const char *name)
{
	fprintf(stderr, "%s: ", name);
	perror(what);
	exit(2);
}

static size_t
random_below(struct fuzz_run *run, size_t limit)
{
	run->random_state ^= run->random_state << 13;
	run->random_state ^= run->random_state >> 7;
	run->random_state ^= run->random_state << 17;
	return (size_t)(run->random_state % limit);
}

static struct input
read_input(const char *path)
{
	struct input input = { .data = malloc(INPUT_BYTES_MAX) };
	FILE *file = fopen(path, "rb");

	if (file == NULL || input.data == NULL)
		die("open", path);
	input.data_bytes = fread(input.data, 1, INPUT_BYTES_MAX, file);
	fclose(file);
	return input;
}

/* The target gets a copy of exactly its size, so that ASan sees the first byte read too many. */
static void
feed(struct fuzz_run *run, size_t input_bytes)
{
	uint8_t *exact = malloc(input_bytes > 0 ? input_bytes : 1);

	if (exact == NULL || ftruncate(run->current_file, (off_t)input_bytes) != 0)
		die("feed", "input");
	memcpy(exact, run->current, input_bytes);
	LLVMFuzzerTestOneInput(exact, input_bytes);
	free(exact);
	if (ftruncate(run->current_file, INPUT_BYTES_MAX) != 0)
		die("feed", "input");
}

static void
feed_file(struct fuzz_run *run, const struct input *input)
{
	memcpy(run->current, input->data, input->data_bytes);
	feed(run, input->data_bytes);
}

/* Push bytes into the current input.  Returns its new length. */
static size_t
insert(struct fuzz_run *run, size_t input_bytes, size_t at, const uint8_t *bytes, size_t count)
{
	if (input_bytes + count > INPUT_BYTES_MAX)
		return input_bytes;
	memmove(run->current + at + count, run->current + at, input_bytes - at);
	memcpy(run->current + at, bytes, count);
	return input_bytes + count;
}

/* Change the current input in one place.  Returns its new length, 0 .. INPUT_BYTES_MAX. */
static size_t
mutate(struct fuzz_run *run, size_t input_bytes)
{
	static const uint8_t telling[] = {
		0x00, 0x01, 0x7f, 0x80, 0xc0, 0xc1, 0xcf, 0xd3, 0xdf, 0xff,
	};
	size_t at = random_below(run, input_bytes + 1);
	size_t run_bytes = 1 + random_below(run, 8);
	const struct input *other = &run->corpus[random_below(run, run->corpus_count)];
	uint8_t some[8];

	switch (random_below(run, run->word_count > 0 ? 7 : 6)) {
	case 0:				/* flip a bit */
		if (at < input_bytes)
			run->current[at] ^= (uint8_t)(1u << random_below(run, 8));
		return input_bytes;
	case 1:				/* a byte that means something */
		if (at < input_bytes)
			run->current[at] = telling[random_below(run, sizeof(telling))];
		return input_bytes;
	case 2:				/* any byte */
		if (at < input_bytes)
			run->current[at] = (uint8_t)random_below(run, 256);
		return input_bytes;
	case 3:				/* cut */
		return at;
	case 4:				/* push in some bytes */
		for (size_t i = 0; i < run_bytes; i++)
			some[i] = telling[random_below(run, sizeof(telling))];
		return insert(run, input_bytes, at, some, run_bytes);
	case 5:				/* go on as another input does */
		if (at >= other->data_bytes)
			return input_bytes;
		memcpy(run->current + at, other->data + at, other->data_bytes - at);
		return other->data_bytes;
	default:			/* push in a word */
		other = &run->words[random_below(run, run->word_count)];
		return insert(run, input_bytes, at, other->data, other->data_bytes);
	}
}

static void
run_mutations(struct fuzz_run *run)
{
	for (size_t i = 0; i < MUTATION_COUNT; i++) {
		const struct input *input = &run->corpus[random_below(run, run->corpus_count)];
		size_t input_bytes = input->data_bytes;

		memcpy(run->current, input->data, input_bytes);
		for (size_t n = 1 + random_below(run, 4); n > 0; n--)
			input_bytes = mutate(run, input_bytes);
		feed(run, input_bytes);
	}
}

static void
keep(struct input *inputs, size_t *count, const void *data, size_t bytes)
{
	struct input *input = &inputs[*count];

	if (*count == CORPUS_MAX || bytes > INPUT_BYTES_MAX)
		return;
	input->data = malloc(bytes + 1);
	if (input->data == NULL)
		die("memory", "seeds");
	memcpy(input->data, data, bytes);
	input->data_bytes = bytes;
	(*count)++;
}

static void
keep_seed(void *context, const void *data, size_t bytes)
{
	struct fuzz_run *run = context;

	keep(run->corpus, &run->corpus_count, data, bytes);
}

static void
keep_word(void *context, const void *data, size_t bytes)
{
	struct fuzz_run *run = context;

	keep(run->words, &run->word_count, data, bytes);
}

/* The corpus beside the source of the program, and one empty input. */
static void
load_corpus(struct fuzz_run *run, const char *program)
{
	const char *root = getenv("top_srcdir");
	const char *from = strstr(program, "tests/");
	const char *name = strstr(program, "fuzz_");
	const char *end = strstr(program, ".libs/"); /* where libtool keeps what it wraps */
	char folder[PATH_BYTES], path[PATH_BYTES];
	struct dirent *entry;
	DIR *directory;

	run->corpus[run->corpus_count++] = (struct input){ .data = calloc(1, 1) };
	if (from == NULL || name == NULL)
		return;
	if (end == NULL)
		end = name;
	snprintf(folder, sizeof(folder), "%s/%.*scorpus_%s", root != NULL ? root : ".",
		 (int)(end - from), from, name + strlen("fuzz_"));
	directory = opendir(folder);
	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL && run->corpus_count < CORPUS_MAX) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >= PATH_BYTES)
			die("name too long", entry->d_name);
		run->corpus[run->corpus_count++] = read_input(path);
	}
	closedir(directory);
}

/* Mutations of a corpus must not depend on the order in which a directory is read. */
static int
compare_inputs(const void *left, const void *right)
{
	const struct input *a = left, *b = right;
	size_t common_bytes = a->data_bytes < b->data_bytes ? a->data_bytes : b->data_bytes;
	int order = memcmp(a->data, b->data, common_bytes);

	if (order != 0)
		return order;
	return (a->data_bytes > b->data_bytes) - (a->data_bytes < b->data_bytes);
}

/* Where the input under way is kept. */
static void
open_current(struct fuzz_run *run, const char *path)
{
	run->current_file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (run->current_file < 0 || ftruncate(run->current_file, INPUT_BYTES_MAX) != 0)
		die("open", path);
	run->current = mmap(NULL, INPUT_BYTES_MAX, PROT_READ | PROT_WRITE, MAP_SHARED,
			    run->current_file, 0);
	if (run->current == MAP_FAILED)
		die("mmap", path);
}

static void
free_inputs(struct input *inputs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(inputs[i].data);
	free(inputs);
}

int
main(int argc, char **argv)
{
	struct fuzz_run run = { .random_state = UINT64_C(0x9e3779b97f4a7c15) };
	const struct fuzz_sink sink = { keep_seed, keep_word, &run };
	char path[PATH_BYTES];

	/* The arguments first: one of them may be the input that is left from a crash. */
	run.corpus = calloc(CORPUS_MAX, sizeof(run.corpus[0]));
	run.words = calloc(CORPUS_MAX, sizeof(run.words[0]));
	if (run.corpus == NULL || run.words == NULL)
		die("memory", argv[0]);
	for (int i = 1; i < argc && i <= CORPUS_MAX; i++)
		run.corpus[run.corpus_count++] = read_input(argv[i]);
	if (argc == 1) {
		load_corpus(&run, argv[0]);
		fuzz_seeds(&sink);
	}
	qsort(run.corpus, run.corpus_count, sizeof(run.corpus[0]), compare_inputs);
	snprintf(path, sizeof(path), "%s.input", argv[0]);
	open_current(&run, path);

	printf("1..2\n");
	for (size_t i = 0; i < run.corpus_count; i++)
		feed_file(&run, &run.corpus[i]);
	printf("ok 1 - %zu inputs as they are\n", run.corpus_count);
	fflush(stdout);
	if (argc == 1)
		run_mutations(&run);
	printf("ok 2 - %d inputs by mutation\n", argc == 1 ? MUTATION_COUNT : 0);

	unlink(path);
	free_inputs(run.corpus, run.corpus_count);
	free_inputs(run.words, run.word_count);
	return 0;
}
