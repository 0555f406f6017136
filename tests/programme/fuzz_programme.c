/*
 * fuzz_programme.c - a programme file of any bytes: refused with a reason, or sensible rules.
 */
#include "tests/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "programme/programme.h"
#include "protocol/assert.h"

/* What ASan asks for: leaks are not told, as libconfig loses a string that does not end. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

static void
on_error(void *context, unsigned line, const char *text)
{
	(void)line;
	TG_ASSERT(text[0] != '\0');
	(*(uint32_t *)context)++;
}

/* Rates come first, then campaigns, then exchanges; what each of them must have. */
static void
check_rule(const struct programme_file *file, uint32_t i)
{
	const struct earn_rule *rule = &file->rules[i].rule;
	const uint32_t kinds = EARN_RULE_RATE | EARN_RULE_EXCHANGE;
	uint64_t weights = 0;

	TG_ASSERT(rule->position == i && file->rules[i].line > 0);
	TG_ASSERT(rule->rate_den >= 1 && rule->rate_num >= 0 && rule->fixed_points >= 0);
	TG_ASSERT(rule->from_day <= rule->until_day);
	TG_ASSERT(rule->from_minute < 1440 && rule->until_minute <= 1440);
	TG_ASSERT(rule->category_from <= rule->category_to);
	TG_ASSERT(rule->sponsor_count <= SPONSORS_MAX && rule->sponsor_count != 1);
	for (uint32_t s = 0; s < rule->sponsor_count; s++)
		weights += rule->sponsors[s].weight;
	TG_ASSERT(rule->sponsor_count == 0 || weights >= rule->sponsor_count);
	TG_ASSERT((rule->flags & kinds) == 0 || rule->partner != 0);
	TG_ASSERT((rule->flags & kinds) != 0 || rule->number != 0);
	TG_ASSERT(i == 0 || (rule->flags & EARN_RULE_RATE) == 0 ||
		  (file->rules[i - 1].rule.flags & EARN_RULE_RATE) != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	const int fd = memfd_create("programme", MFD_CLOEXEC);
	struct programme_file file;
	uint32_t error_count = 0;
	enum tg_status status;
	char path[64];

	TG_ASSERT(fd >= 0 && write(fd, data, data_bytes) == (ssize_t)data_bytes);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	/* Another file's text would not be the input's any more. */
	if (memmem(data, data_bytes, "@include", 8) == NULL) {
		status = programme_file_read(path, on_error, &error_count, &file);
		TG_ASSERT((status == TG_OK) == (error_count == 0));
		TG_ASSERT(status == TG_OK || status == TG_CONFIG);
		if (status == TG_OK) {
			for (uint32_t i = 0; i < file.rule_count; i++)
				check_rule(&file, i);
			for (uint32_t i = 0; i < file.grouped_count; i++)
				TG_ASSERT(programme_store_groups(&file, file.grouped[i].store) !=
					  0);
			programme_file_deinit(&file);
		}
	}
	close(fd);
	return 0;
}

/* Each key in each list, with a value as its form shows it. */
void
fuzz_seeds(const struct fuzz_sink *sink)
{
	static const char *const lists[] = {
		"rates = ( { partner = 1; store = 1; rate = \"1/50\"",
		"campaigns = ( { number = 7; points = 5",
		"exchanges = ( { partner = 4; direction = \"in\"; rate = \"4/5\"",
	};
	const struct programme_key *key;
	char text[400];

	for (size_t nth = 0; (key = programme_key_at(nth)) != NULL; nth++) {
		const char *value = strncmp(key->form, "a number", 8) == 0 ? "2" :
				    strncmp(key->form, "true", 4) == 0	   ? "true" :
				    strcmp(key->form, "a text") == 0	   ? "\"n\"" :
									     key->form;
		/* Of two forms, as "in" or "out", the first. */
		const char *other = strstr(value, " or ");
		const int bytes = other != NULL ? (int)(other - value) : (int)strlen(value);
		char first[128];

		snprintf(first, sizeof(first), "%.*s", bytes, value);
		for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
			snprintf(text, sizeof(text), "%s; %s = %s; } );\n", lists[k], key->name,
				 first);
			fuzz_seed_text(sink, text);
		}
		fuzz_word_text(sink, key->name);
		fuzz_word_text(sink, first);
	}
}
