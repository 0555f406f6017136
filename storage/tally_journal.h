/*
 * tally_journal.h - what the files of the program tally-journal share.
 */
#ifndef TG_STORAGE_TALLY_JOURNAL_H
#define TG_STORAGE_TALLY_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/database.h"
#include "storage/journal_file.h"
#include "storage/record_filter.h"

#define TOOL_ARCHIVE_NAME "archive" /* of a data directory's archive, if nothing else is told */

struct verify_report;

/* Exit statuses of the program. */
enum tool_exit {
	TOOL_OK = 0,
	TOOL_DAMAGED = 1, /* something is not as it should be */
	TOOL_FAILED = 2,  /* wrong use, or files could not be read */
};

/* The command line, understood.  Texts live as long as the program. */
struct tool_options {
	struct storage_io io;
	char	 directory[STORAGE_PATH_BYTES_MAX]; /* of segments and snapshots */
	char	 archive[STORAGE_PATH_BYTES_MAX];   /* of compressed segments */
	const char *instance;	/* NULL: any */
	const char *argument;	/* after the command; NULL: none */
	bool	 has_archive;	/* archive was told */
	const char *from;	/* restore: directory of the backup; NULL: none */
	const char *mirror;	/* restore: the journal's mirror; NULL: none */
	bool	 is_json;	/* JSON in place of text */
	bool	 is_csv;	/* member: CSV in place of lines of JSON */
	bool	 is_html;	/* statement: a page to print */
	bool	 has_entries;	/* statement: the records behind its lines */
	bool	 is_in_database; /* statement, netting: as MariaDB has them */
	const char *programme;	/* shadow: file; NULL: none */
	const char *zone;	/* shadow: the programme's; NULL: UTC */
	uint32_t cycle;		/* statement: number, 0: the last that is closed */
	bool	 is_all;	/* also a last batch that nothing confirms */
	bool	 is_following;	/* go on as records come */
	bool	 has_marks;	/* show marks too */
	bool	 may_resume;	/* rebuild: go on with what is there */
	bool	 is_unverified;	/* backup: leave verify to the operator */
	bool	 is_without_database; /* restore: do not ask MariaDB */
	bool	 is_accepting;	/* restore: the operator's word */
	uint64_t skip_count;	/* restore: sequences left unused behind the last one known */
	struct record_filter filter;
	struct database_config database;
};

/* Where to read, by the options.  The answer borrows from options. */
struct journal_source tool_source(const struct tool_options *options);

/* Print error to standard error, with its place; returns the exit status for it. */
enum tool_exit tool_complain(const struct storage_error *error);

/*
 * Print result, and free it: as JSON, or as text: "name: value" lines, an array as a table.
 * NULL: out of memory.
 */
enum tool_exit tool_print(const struct tool_options *options, json_t *result);

/* Call each for the records and marks from the filter's first sequence to its last. */
typedef enum tg_status tool_item_fn(void *context, const struct journal_reader *reader,
				    const struct journal_item *item, struct storage_error *error);
TG_MUST_CHECK enum tg_status tool_walk(const struct tool_options *options, tool_item_fn *each,
				       void *context, struct storage_error *error);

/* Verify a copy of a journal, up to its last batch.  Results as journal_verify(). */
TG_MUST_CHECK enum tg_status tool_verify_copy(const struct tool_options *options,
					      const char *directory, const char *archive,
					      struct verify_report *ret_report,
					      struct storage_error *error);

/* The commands. */
enum tool_exit run_list(const struct tool_options *options);
enum tool_exit run_dump(const struct tool_options *options);
enum tool_exit run_follow(const struct tool_options *options);
enum tool_exit run_member(const struct tool_options *options);
enum tool_exit run_verify(const struct tool_options *options);
enum tool_exit run_statistics(const struct tool_options *options);
enum tool_exit run_backup(const struct tool_options *options);
enum tool_exit run_restore(const struct tool_options *options);
enum tool_exit run_rebuild(const struct tool_options *options);
enum tool_exit run_statement(const struct tool_options *options);
enum tool_exit run_netting(const struct tool_options *options);
enum tool_exit run_shadow(const struct tool_options *options);

#endif
