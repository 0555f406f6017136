/*
 * kept.c - a file that grows while a program runs, and that the next run goes on with.
 */
#include "contrib/common/kept.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Cut off a torn last line; is there anything that counts? */
static bool
trim(const struct kept *kept, FILE *file, bool *ret_is_empty, struct failure *failure)
{
	char head[KEPT_HEAD_BYTES] = "";
	long whole = 0, at = 0;
	int byte;

	*ret_is_empty = true;
	rewind(file);
	while ((byte = getc(file)) != EOF) {
		if (at < KEPT_HEAD_BYTES - 1 && whole == 0)
			head[at] = (char)byte;
		at++;
		if (byte == '\n')
			whole = at;
	}
	if (ferror(file) != 0 || ftruncate(fileno(file), whole) != 0)
		return failure_set_errno(failure, errno, "%s", kept->path);
	if (whole == 0)
		return at == 0 || strncmp(head, kept->head, (size_t)at) == 0 ||
		       failure_set(failure, "%s: not a %s", kept->path, kept->kind);
	if (strncmp(head, kept->head, strlen(kept->head)) != 0)
		return failure_set(failure, "%s: %s", kept->path, kept->advice);
	*ret_is_empty = whole == (long)strlen(kept->head);
	if (*ret_is_empty && ftruncate(fileno(file), 0) != 0)
		return failure_set_errno(failure, errno, "%s", kept->path);
	return true;
}

bool
kept_open(const struct kept *kept, FILE **ret_file, bool *ret_is_empty, struct failure *failure)
{
	*ret_file = fopen(kept->path, "a+e");
	if (*ret_file == NULL)
		return failure_set_errno(failure, errno, "%s", kept->path);
	if (flock(fileno(*ret_file), LOCK_EX | LOCK_NB) != 0)
		return failure_set(failure, "%s: another tally-settle works on this file",
				   kept->path);
	return trim(kept, *ret_file, ret_is_empty, failure);
}

bool
kept_close(const struct kept *kept, FILE *file, struct failure *failure)
{
	bool is_ok;

	if (file == NULL)
		return true;
	is_ok = fflush(file) == 0 && ferror(file) == 0 && fsync(fileno(file)) == 0;
	is_ok = fclose(file) == 0 && is_ok;
	return is_ok || failure_set_errno(failure, errno, "%s", kept->path);
}
