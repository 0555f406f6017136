/*
 * day_command.c - the command that moves the gateway's clock and date before a day is replayed.
 */
#include "contrib/load/day_command.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contrib/common/day.h"

#define COMMAND_BYTES_MAX 4096

bool
day_command_expand(const char *command, int32_t day, char *ret_text, size_t bytes,
		   struct failure *failure)
{
	size_t used = 0;

	for (const char *at = command; *at != '\0'; at++) {
		char part[32] = { *at, '\0' };

		if (*at == '%') {
			at++;
			if (*at == 'd')
				day_format(day, part);
			else if (*at == 't')
				snprintf(part, sizeof(part), "%lld",
					 (long long)(day * DAY_MS + DAY_MS / 2));
			else if (*at != '%')
				return failure_set(failure,
						   "--day-command: %%d, %%t and %%%% are known, "
						   "not %%%c",
						   *at);
		}
		if (used + strlen(part) >= bytes)
			return failure_set(failure, "--day-command: too long");
		memcpy(ret_text + used, part, strlen(part) + 1);
		used += strlen(part);
	}
	if (used == 0)
		return failure_set(failure, "--day-command: empty");
	return true;
}

bool
day_command_run(const char *command, int32_t day, struct failure *failure)
{
	char text[COMMAND_BYTES_MAX];
	char shell[] = "sh", option[] = "-c";
	char *arguments[] = { shell, option, text, NULL };
	int status, error;
	pid_t pid;

	if (!day_command_expand(command, day, text, sizeof(text), failure))
		return false;
	error = posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ);
	if (error != 0)
		return failure_set_errno(failure, error, "--day-command");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return failure_set_errno(failure, errno, "--day-command");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return failure_set(failure, "the day command failed (status %d): %s",
				   WIFEXITED(status) ? WEXITSTATUS(status) : -1, text);
	return true;
}
