/*
 * tool_fixture.h - a real ledger whose records go to a journal, with marks and snapshots.
 *
 * On any disk.  Requests are random but the same for the same number of them.
 */
#ifndef TG_TESTS_STORAGE_TOOL_FIXTURE_H
#define TG_TESTS_STORAGE_TOOL_FIXTURE_H

#include "storage/journal_file.h"
#include "storage/snapshot.h"
#include "tests/ledger/fixture.h"

struct tool_fixture {
	struct ledger_fixture f;
	const struct storage_io *io;	/* borrowed */
	struct journal_config config;	/* of the journal */
	struct journal *journal;	/* owned; NULL: closed */
	struct snapshot *snapshot;	/* owned */
	struct storage_error error;
	uint64_t random;
	uint32_t asked;			/* requests so far */
	size_t	 batch_bytes;		/* records waiting for tool_fixture_commit() */
	uint32_t batch_count;
	uint64_t records;		/* appended */
	char	 directory[STORAGE_PATH_BYTES_MAX];
	char	 archive[STORAGE_PATH_BYTES_MAX];
	uint8_t	 batch[256 * 1024];
};

/*
 * Make a ledger with two partners, and open the journal.  directory: of journal and snapshots, with
 * the archive under it.
 */
void tool_fixture_init(struct tool_fixture *t, const struct storage_io *io, const char *directory);
void tool_fixture_deinit(struct tool_fixture *t);

/* Ask count random requests, a batch for every few of them. */
void tool_fixture_ask(struct tool_fixture *t, uint32_t count);

/* Ask one of the caller's; what it makes waits for tool_fixture_commit(). */
void tool_fixture_request(struct tool_fixture *t, const struct ledger_request *q);

/* Append what waits. */
void tool_fixture_commit(struct tool_fixture *t);

/* Write a mark, with the ledger's hash or a wrong one. */
void tool_fixture_mark(struct tool_fixture *t, bool is_wrong);

/* Make a snapshot of the present state. */
void tool_fixture_snapshot(struct tool_fixture *t);

/* Put a record into the batch that no ledger made. */
void tool_fixture_forge(struct tool_fixture *t, const struct record *record);

#endif
