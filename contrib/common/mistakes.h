/*
 * mistakes.h - what is wrong with a file: each by line, column and reason.
 *
 * The first ones are shown to the person, all stand in a file of their own, <file>.bad.csv, which
 * is there only when there are any.
 */
#ifndef TG_CONTRIB_COMMON_MISTAKES_H
#define TG_CONTRIB_COMMON_MISTAKES_H

#include <stdint.h>
#include <stdio.h>

#include "contrib/common/failure.h"

#define MISTAKES_SHOWN 20
#define MISTAKES_PATH_BYTES 4096

struct mistakes {
	char path[MISTAKES_PATH_BYTES]; /* of the list */
	FILE *file;			/* the list; NULL: none so far */
	FILE *shown;			/* borrowed; NULL: show none */
	uint64_t count;
	int errno_value; /* why the list could not be written; 0: it was */
};

/* Begin a list of what is wrong with a file; an older list of the same file is removed. */
void mistakes_init(struct mistakes *mistakes, const char *path, FILE *shown);

/* Note one.  column: NULL for the whole line.  why: as "is too long". */
void mistakes_add(struct mistakes *mistakes, uint32_t line, const char *column, const char *why);

/* Close the list.  False with the reason when it could not be written. */
bool mistakes_close(struct mistakes *mistakes, struct failure *failure);

#endif
