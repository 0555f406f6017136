/*
 * programme.h - a programme file: rates, campaigns, exchanges, groups of stores.
 *
 * Reads the file (libconfig) into rows of the ledger's rulebook, and says what is wrong with it,
 * line by line.  Knows nothing of what the ledger holds: whether partners, stores and budgets that
 * the file names are there, the ledger says when the rows are set.
 */
#ifndef TG_PROGRAMME_PROGRAMME_H
#define TG_PROGRAMME_PROGRAMME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/request.h"

#define PROGRAMME_RULES_MAX 4096
#define PROGRAMME_GROUPED_MAX 65536	/* stores in groups, each counted once a group */

/* What is wrong and where; line 0: the whole file. */
typedef void programme_error_fn(void *context, unsigned line, const char *text);

/* A rule and the line where it begins. */
struct programme_rule {
	struct earn_rule rule;		/* its version is the ledger's to give */
	unsigned line;
};

/* A store in a group of stores. */
struct programme_grouped {
	uint32_t store;
	uint32_t group;			/* 1..64 */
	unsigned line;
};

/* A file that was read.  Rates come first, then campaigns, then exchanges, in the file's order. */
struct programme_file {
	uint32_t rule_count;
	uint32_t grouped_count;
	struct programme_rule *rules;	/* owned */
	struct programme_grouped *grouped; /* owned */
};

/*
 * Read a file whole; what is wrong is told to on_error, everything that can be found at once.
 * ret_file: ended by programme_file_deinit(), set with TG_OK only.  Blocks for reading.
 * TG_OK; TG_CONFIG: on_error was told; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status programme_file_read(const char *path, programme_error_fn *on_error,
						 void *context, struct programme_file *ret_file);
void programme_file_deinit(struct programme_file *file);

/* The groups that the file puts a store into, as store_config.groups. */
uint64_t programme_store_groups(const struct programme_file *file, uint32_t store);

/* A key of the lists, for the reference and the sample.  NULL: there is none at nth. */
struct programme_key {
	const char *name;
	const char *form;		/* how it is written: "3/100", "2024-04-01" */
	const char *text;
};
const struct programme_key *programme_key_at(size_t nth);

#endif
