/*
 * case_archive.h - what MariaDB would know: all records of a case, as evidence for the ledger.
 */
#ifndef TG_TESTS_LEDGER_CASE_ARCHIVE_H
#define TG_TESTS_LEDGER_CASE_ARCHIVE_H

#include "ledger/ledger.h"

struct archive_note;

struct case_archive {
	struct archive_note *notes;	/* owned; of every transaction, in order */
	uint32_t count;
	uint32_t capacity;
};

void case_archive_deinit(struct case_archive *archive);

/* Keep what a record says of a transaction, if it is about one. */
void case_archive_add(struct case_archive *archive, const struct record *r);

/* The transaction of that id with all that was undone of it since. */
struct archived_transaction case_archive_find(const struct case_archive *archive,
					      const uint8_t id[TG_TRANSACTION_ID_BYTES]);

#endif
