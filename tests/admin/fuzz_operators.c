/*
 * fuzz_operators.c - any bytes as the file of operators: refused, or operators that make sense.
 */
#include "tests/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/operators.h"
#include "protocol/assert.h"

#define COST_N_MIN 16384

static void
check_entry(struct operators *operators, uint32_t i)
{
	const struct operator_entry *entry = &operators->entries[i];

	TG_ASSERT(operators_is_name(entry->name));
	TG_ASSERT(operators_find(operators, entry->name) == entry);
	TG_ASSERT(entry->right <= RIGHT_ADMIN);
	TG_ASSERT(entry->cost.n >= COST_N_MIN && (entry->cost.n & (entry->cost.n - 1)) == 0);
	TG_ASSERT(entry->cost.r >= 1 && entry->cost.p >= 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	struct operators *operators = malloc(sizeof(*operators));
	const int fd = memfd_create("operators", MFD_CLOEXEC);
	char path[64], why[OPERATORS_WHY_BYTES] = "";
	enum tg_status status;

	TG_ASSERT(operators != NULL && fd >= 0 && fchmod(fd, 0600) == 0);
	TG_ASSERT(write(fd, data, data_bytes) == (ssize_t)data_bytes);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	status = operators_read(path, operators, why);
	TG_ASSERT(status == TG_OK || (status == TG_CONFIG && why[0] != '\0'));
	TG_ASSERT(operators->count <= OPERATORS_MAX);
	for (uint32_t i = 0; i < operators->count; i++)
		check_entry(operators, i);
	/* The whole file is text: what stands behind a zero byte would not be read. */
	TG_ASSERT(status != TG_OK || data_bytes == 0 || memchr(data, '\0', data_bytes) == NULL);
	close(fd);
	free(operators);
	return 0;
}

/* An operator of each role, what a hash may cost, and the words of a line. */
void
fuzz_seeds(const struct fuzz_sink *sink)
{
	static const char *const words[] = { "ann", ":", "scrypt", "\n", "#", "16384", "0", "x" };
	static const char salt_and_hash[] =
		"00112233445566778899aabbccddeeff:"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	char line[256];

	for (uint64_t n = COST_N_MIN / 2; n <= COST_N_MIN * 256; n *= 2) {
		for (enum command_right right = RIGHT_VIEWER; right <= RIGHT_ADMIN; right++) {
			snprintf(line, sizeof(line), "ann:%s:scrypt:%llu:8:1:%s\n",
				 command_right_name(right), (unsigned long long)n, salt_and_hash);
			fuzz_seed_text(sink, line);
		}
	}
	for (enum command_right right = RIGHT_VIEWER; right <= RIGHT_ADMIN; right++)
		fuzz_word_text(sink, command_right_name(right));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		fuzz_word_text(sink, words[i]);
	fuzz_word_text(sink, salt_and_hash);
}
