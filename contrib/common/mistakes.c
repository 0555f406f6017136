/*
 * mistakes.c - what is wrong with a file.
 */
#include "contrib/common/mistakes.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "contrib/common/cell.h"

void
mistakes_init(struct mistakes *mistakes, const char *path, FILE *shown)
{
	memset(mistakes, 0, sizeof(*mistakes));
	mistakes->shown = shown;
	snprintf(mistakes->path, sizeof(mistakes->path), "%s.bad.csv", path);
	unlink(mistakes->path);
}

void
mistakes_add(struct mistakes *mistakes, uint32_t line, const char *column, const char *why)
{
	if (mistakes->count++ < MISTAKES_SHOWN && mistakes->shown != NULL)
		fprintf(mistakes->shown, "line %" PRIu32 "%s%s: %s\n", line,
			column != NULL ? ", column " : "", column != NULL ? column : "", why);
	if (mistakes->count == MISTAKES_SHOWN + 1 && mistakes->shown != NULL)
		fprintf(mistakes->shown, "... all of them are in %s\n", mistakes->path);
	if (mistakes->file == NULL && mistakes->errno_value == 0) {
		mistakes->file = fopen(mistakes->path, "we");
		if (mistakes->file == NULL) {
			mistakes->errno_value = errno;
			return;
		}
		fputs("line,column,reason\n", mistakes->file);
	}
	if (mistakes->file == NULL)
		return;
	fprintf(mistakes->file, "%" PRIu32 ",", line);
	cell_write(mistakes->file, column != NULL ? column : "");
	fputc(',', mistakes->file);
	cell_write(mistakes->file, why);
	fputc('\n', mistakes->file);
}

bool
mistakes_close(struct mistakes *mistakes, struct failure *failure)
{
	if (mistakes->file != NULL &&
	    (ferror(mistakes->file) != 0) + (fclose(mistakes->file) != 0) > 0)
		mistakes->errno_value = errno;
	mistakes->file = NULL;
	return mistakes->errno_value == 0 ||
	       failure_set_errno(failure, mistakes->errno_value, "%s", mistakes->path);
}
