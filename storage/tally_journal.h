/*
 * tally_journal.h - what the files of the program tally-journal share.
 */
#ifndef TG_STORAGE_TALLY_JOURNAL_H
#define TG_STORAGE_TALLY_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/journal_file.h"

/* Exit statuses of the program. */
enum tool_exit {
	TOOL_OK = 0,
	TOOL_DAMAGED = 1, /* something is not as it should be */
	TOOL_FAILED = 2,  /* wrong use, or files could not be read */
};

/* The command line, understood. */
struct tool_options {
	struct storage_io io;
	char	 directory[STORAGE_PATH_BYTES_MAX]; /* of segments and snapshots */
	char	 archive[STORAGE_PATH_BYTES_MAX];   /* of compressed segments */
	const char *instance;	/* NULL: any */
	bool	 is_json;	/* JSON in place of text */
	bool	 is_all;	/* also a last batch that nothing confirms */
	bool	 is_following;	/* go on as records come */
	bool	 has_marks;	/* show marks too */
	uint64_t from_sequence; /* 0: the oldest */
	uint64_t to_sequence;	/* UINT64_MAX: to the end */
	uint64_t member;	/* 0: of any */
	uint8_t	 kind;		/* enum record_kind; 0: any */
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

/* The commands. */
enum tool_exit run_list(const struct tool_options *options);
enum tool_exit run_dump(const struct tool_options *options);
enum tool_exit run_verify(const struct tool_options *options);
enum tool_exit run_statistics(const struct tool_options *options);

#endif
