/*
 * kept.h - a file that grows while a program runs, and that the next run goes on with.
 *
 * Its first line says what the file is of.  One program at a time has it.
 */
#ifndef TG_CONTRIB_COMMON_KEPT_H
#define TG_CONTRIB_COMMON_KEPT_H

#include <stdbool.h>
#include <stdio.h>

#include "contrib/common/failure.h"

#define KEPT_HEAD_BYTES 192

/* What the file has to be. */
struct kept {
	const char *path;
	const char *head;   /* its first line with its end, shorter than KEPT_HEAD_BYTES */
	const char *kind;   /* "file of results": what it is */
	const char *advice; /* what to do about one of something else */
};

/*
 * Open a file, or make it; a torn last line is cut off.
 *
 * ret_file: closed by the caller, whatever this returns; NULL if it could not be opened.
 * ret_is_empty: there is nothing in it, or no more than the head: the caller writes it anew.
 * False with the reason, also when it is another file, or another program has it.
 */
bool kept_open(const struct kept *kept, FILE **ret_file, bool *ret_is_empty,
	       struct failure *failure);

/* Make it durable, and close.  NULL is fine. */
bool kept_close(const struct kept *kept, FILE *file, struct failure *failure);

#endif
