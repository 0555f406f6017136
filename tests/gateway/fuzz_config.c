/*
 * fuzz_config.c - a configuration file of any bytes.
 *
 * What is accepted says the same when it is printed and read again; what is not, why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config.h"
#include "protocol/assert.h"
#include "tests/fuzz.h"

/* What ASan asks for: leaks are not told, as libconfig loses a string that does not end. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* The configuration as a file; owned by the caller. */
static char *
printed(const struct config *config)
{
	char *text = NULL;
	size_t bytes;
	FILE *file = open_memstream(&text, &bytes);

	TG_ASSERT(file != NULL);
	config_print(config, file);
	TG_ASSERT(fclose(file) == 0);
	return text;
}

static void
check_again(const struct config *config)
{
	struct config_error error;
	struct config *again;
	char *text = printed(config);
	char *text_again;

	TG_ASSERT(config_load_text(text, "again", &error, &again) == TG_OK);
	text_again = printed(again);
	TG_ASSERT(strcmp(text, text_again) == 0);
	config_free(again);
	free(text_again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	struct config_error error = { .text = "" };
	struct config *config;
	char *text = malloc(data_bytes + 1);
	enum tg_status status;

	TG_ASSERT(text != NULL);
	if (data_bytes > 0)
		memcpy(text, data, data_bytes);
	text[data_bytes] = '\0';
	/* Another file's text would not be the input's any more. */
	if (strstr(text, "@include") == NULL) {
		status = config_load_text(text, "fuzz", &error, &config);
		if (status == TG_OK) {
			check_again(config);
			config_free(config);
		} else {
			TG_ASSERT(status == TG_CONFIG && error.text[0] != '\0');
		}
	}
	free(text);
	return 0;
}

/* The sample; each key in its group, with its default. */
void
fuzz_seeds(const struct fuzz_sink *sink)
{
	char *sample = NULL, line[1024];
	size_t bytes;
	FILE *file = open_memstream(&sample, &bytes);

	TG_ASSERT(file != NULL);
	config_print_sample(file);
	TG_ASSERT(fclose(file) == 0);
	fuzz_seed_text(sink, sample);
	free(sample);
	for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = config_key((enum config_key_index)i);

		snprintf(line, sizeof(line), "%s: { %s = %s; };\n", key->group, key->name,
			 key->fallback[0] != '\0' ? key->fallback : "\"\"");
		fuzz_seed_text(sink, line);
		snprintf(line, sizeof(line), "%s: { %s = \"%s\"; };\n", key->group, key->name,
			 key->fallback);
		fuzz_seed_text(sink, line);
		fuzz_word_text(sink, key->name);
		fuzz_word_text(sink, key->group);
	}
}
