/*
 * command.c - filling in, starting and ending a command.
 */
#include "contrib/certify/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contrib/certify/wire.h"

#define STOP_MS 3000
#define LOOK_MS 20

#define WORD_BYTES (AUTHORITY_PATH_BYTES + 32)

/* What a word between braces stands for.  False: it is none of ours. */
static bool
find_word(const struct command_words *words, const char *name, size_t bytes,
	  char ret_text[WORD_BYTES])
{
	const struct authority *authority = words->authority;
	const struct {
		const char *name, *text, *file; /* text, or a file of the folder */
		unsigned number;		/* where both are NULL */
	} known[] = {
		{ "host", "127.0.0.1", NULL, 0 },
		{ "port", NULL, NULL, words->port },
		{ "terminal", NULL, NULL, authority->terminal },
		{ "generation", NULL, NULL, AUTHORITY_GENERATION },
		{ "instance", AUTHORITY_INSTANCE, NULL, 0 },
		{ "case", words->round, NULL, 0 },
		{ "key", NULL, "key", 0 },
		{ "ca", NULL, "ca.pem", 0 },
		{ "cert", NULL, "terminal.pem", 0 },
		{ "cert_key", NULL, "terminal.key", 0 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) != bytes || memcmp(known[i].name, name, bytes) != 0)
			continue;
		if (known[i].text != NULL)
			snprintf(ret_text, WORD_BYTES, "%s", known[i].text);
		else if (known[i].file != NULL)
			snprintf(ret_text, WORD_BYTES, "%s/%s", authority->folder, known[i].file);
		else
			snprintf(ret_text, WORD_BYTES, "%u", known[i].number);
		return true;
	}
	return false;
}

bool
command_fill(const char *pattern, const struct command_words *words,
	     char ret_command[COMMAND_BYTES])
{
	char word[WORD_BYTES];
	size_t used = 0;

	while (*pattern != '\0') {
		const char *end = *pattern == '{' ? strchr(pattern, '}') : NULL;
		const char *from = pattern;
		size_t bytes = 1;

		pattern++;
		if (end != NULL && find_word(words, from + 1, (size_t)(end - from - 1), word)) {
			from = word;
			bytes = strlen(word);
			pattern = end + 1;
		}
		if (used + bytes >= COMMAND_BYTES)
			return false;
		memcpy(ret_command + used, from, bytes);
		used += bytes;
	}
	ret_command[used] = '\0';
	return true;
}

/* In the child; does not return. */
static void
become(const char *command)
{
	int nothing = open("/dev/null", O_RDONLY);

	(void)setpgid(0, 0);
	if (nothing >= 0)
		(void)dup2(nothing, STDIN_FILENO);
	/* What it says is for whoever looks at the harness, and never mixed with a report. */
	(void)dup2(STDERR_FILENO, STDOUT_FILENO);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

pid_t
command_start(const char *command)
{
	pid_t child = fork();

	if (child == 0)
		become(command);
	if (child < 0)
		return 0;
	(void)setpgid(child, child);
	return child;
}

bool
command_has_ended(pid_t child, int *ret_status)
{
	int status;

	if (waitpid(child, &status, WNOHANG) != child)
		return false;
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return true;
}

void
command_stop(pid_t child)
{
	int64_t until_ms = wire_now_ms() + STOP_MS;
	int status;

	(void)kill(-child, SIGTERM);
	while (!command_has_ended(child, &status)) {
		if (wire_now_ms() >= until_ms)
			(void)kill(-child, SIGKILL);
		wire_sleep_ms(LOOK_MS);
	}
	(void)kill(-child, SIGKILL); /* what it left behind */
}
