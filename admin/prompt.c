/*
 * prompt.c - libedit, fed by a loop of our own.
 *
 * The history is $TALLYGATE_HISTORY, else tallygate/console_history under $XDG_STATE_HOME, else
 * under ~/.local/state; it is written after each line, since terminals are closed without a word.
 */
#include "admin/prompt.h"

#include <errno.h>
#include <glob.h>
#include <histedit.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#define HISTORY_LINES 500
#define PATH_BYTES 1024
#define LIST_COLUMNS 80

struct prompt {
	struct prompt_config config;
	EditLine *editor;		/* owned */
	History	*past;			/* owned */
	mbstate_t state;		/* of a character that has come in part */
	bool	 is_interrupted;	/* the line under way is given up */
	bool	 is_lost;		/* the connection has ended */
	char	 path[PATH_BYTES];	/* of the history; "": none is kept */
};

static struct prompt *
prompt_of(EditLine *editor)
{
	void *prompt = NULL;

	el_get(editor, EL_CLIENTDATA, &prompt);
	return prompt;
}

static char *
prompt_text(EditLine *editor)
{
	(void)editor;
	return (char *)(uintptr_t)"tallygate> "; /* libedit does not write there */
}

/* Make the folders of a path, for their owner alone. */
static void
make_folders(char *path)
{
	for (char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(path, 0700);
		*at = '/';
	}
}

static void
find_history(struct prompt *prompt)
{
	const char *given = getenv("TALLYGATE_HISTORY"), *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (given != NULL)
		snprintf(prompt->path, sizeof(prompt->path), "%s", given);
	else if (state != NULL && state[0] == '/')
		snprintf(prompt->path, sizeof(prompt->path), "%s/tallygate/console_history",
			 state);
	else if (home != NULL && home[0] == '/')
		snprintf(prompt->path, sizeof(prompt->path),
			 "%s/.local/state/tallygate/console_history", home);
	if (prompt->path[0] == '/')
		make_folders(prompt->path);
}

/* What the console says while nobody asked is why it ends.  False: it has. */
static bool
hear_console(struct prompt *prompt)
{
	struct talk *talk = prompt->config.talk;
	enum talk_event event;

	while ((event = talk_hear(talk, 0)) != TALK_NOTHING) {
		if (event == TALK_LOST) {
			prompt->is_lost = true;
			return false;
		}
		if (event == TALK_LINE && talk->line[0] != '\0')
			fprintf(stderr, "\n%s\n", talk->line);
	}
	return true;
}

/* One more byte of a character.  1: it is whole; 0: go on; -1: no character at all. */
static int
take_byte(struct prompt *prompt, char byte, wchar_t *ret_character)
{
	switch (mbrtowc(ret_character, &byte, 1, &prompt->state)) {
	case (size_t)-1:
		memset(&prompt->state, 0, sizeof(prompt->state));
		return 0;
	case (size_t)-2:
		return 0;
	default:
		return 1;
	}
}

/* el_rfunc_t: the next character; -1: the line is over, interrupted or the console is gone. */
static int
next_character(EditLine *editor, wchar_t *ret_character)
{
	struct prompt *prompt = prompt_of(editor);
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = prompt->config.talk->fd, .events = POLLIN },
		{ .fd = prompt->config.signal_fd, .events = POLLIN },
	};

	for (;;) {
		struct signalfd_siginfo info;
		char byte;
		ssize_t count;

		if (poll(fds, 3, -1) < 0) {
			/* Stopped and gone on, or the window has another size. */
			el_set(editor, EL_REFRESH);
			continue;
		}
		if (fds[2].revents != 0 &&
		    read(prompt->config.signal_fd, &info, sizeof(info)) > 0) {
			prompt->is_interrupted = true;
			return -1;
		}
		if (fds[1].revents != 0 && !hear_console(prompt))
			return -1;
		if (fds[0].revents == 0)
			continue;
		count = read(STDIN_FILENO, &byte, 1);
		if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN))
			return 0;
		if (count > 0 && take_byte(prompt, byte, ret_character) == 1)
			return 1;
	}
}

/* Add the files whose path begins as typed. */
static void
add_files(const char *typed, size_t bytes, struct completion_answer *answer)
{
	char pattern[COMPLETION_WORD_BYTES];
	glob_t found;

	if (bytes + 2 > sizeof(pattern))
		return;
	snprintf(pattern, sizeof(pattern), "%.*s*", (int)bytes, typed);
	if (glob(pattern, GLOB_MARK, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc && answer->count < COMPLETION_CHOICES_MAX; i++) {
		if (strlen(found.gl_pathv[i]) < COMPLETION_WORD_BYTES)
			snprintf(answer->words[answer->count++], COMPLETION_WORD_BYTES, "%s",
				 found.gl_pathv[i]);
	}
	globfree(&found);
}

/* How many bytes all words begin with. */
static size_t
common_bytes(const struct completion_answer *answer)
{
	size_t bytes = strlen(answer->words[0]);

	for (uint32_t i = 1; i < answer->count; i++) {
		size_t same = 0;

		while (same < bytes && answer->words[i][same] == answer->words[0][same])
			same++;
		bytes = same;
	}
	return bytes;
}

static void
list_words(const struct completion_answer *answer)
{
	size_t column = 0;

	putchar('\n');
	if (answer->count == 0)
		printf("%s", answer->hint);
	for (uint32_t i = 0; i < answer->count; i++) {
		const size_t bytes = strlen(answer->words[i]) + 2;

		if (column > 0 && column + bytes > LIST_COLUMNS) {
			putchar('\n');
			column = 0;
		}
		printf("%s  ", answer->words[i]);
		column += bytes;
	}
	putchar('\n');
	fflush(stdout);
}

/* A word that goes on: a field's value, a file in a folder. */
static bool
goes_on(const char *word)
{
	const char last = word[strlen(word) - 1];

	return last == '=' || last == '/';
}

/* The key that completes. */
static unsigned char
complete(EditLine *editor, int key)
{
	const struct prompt *prompt = prompt_of(editor);
	const LineInfo *line = el_line(editor);
	const size_t bytes = (size_t)(line->cursor - line->buffer);
	struct completion_answer answer;
	char rest[COMPLETION_WORD_BYTES + 1];
	size_t common;

	(void)key;
	completion_find(prompt->config.completion, line->buffer, bytes, &answer);
	if (answer.is_file)
		add_files(line->cursor - answer.typed_bytes, answer.typed_bytes, &answer);
	if (answer.count == 0 && answer.hint[0] == '\0')
		return CC_REFRESH_BEEP;
	common = answer.count > 0 ? common_bytes(&answer) : 0;
	if (answer.count != 1 && common <= answer.typed_bytes) {
		list_words(&answer);
		return CC_REDISPLAY;
	}
	/* What was typed in another case is the same word; it is written as it is called. */
	snprintf(rest, sizeof(rest), "%.*s%s", (int)common, answer.words[0],
		 answer.count == 1 && !goes_on(answer.words[0]) ? " " : "");
	el_deletestr(editor, (int)answer.typed_bytes);
	return el_insertstr(editor, rest) == 0 ? CC_REFRESH : CC_REFRESH_BEEP;
}

static void
set_up_editor(struct prompt *prompt)
{
	HistEvent event;

	history(prompt->past, &event, H_SETSIZE, HISTORY_LINES);
	history(prompt->past, &event, H_SETUNIQUE, 1);
	if (prompt->path[0] != '\0')
		history(prompt->past, &event, H_LOAD, prompt->path);
	el_set(prompt->editor, EL_CLIENTDATA, prompt);
	el_set(prompt->editor, EL_PROMPT, prompt_text);
	el_set(prompt->editor, EL_EDITOR, "emacs");
	el_set(prompt->editor, EL_HIST, history, prompt->past);
	el_set(prompt->editor, EL_SIGNAL, 1);
	el_set(prompt->editor, EL_GETCFN, next_character);
	/* The narrow form of this copies its texts and never frees them. */
	el_wset(prompt->editor, EL_ADDFN, L"complete", L"complete the word", complete);
	el_set(prompt->editor, EL_BIND, "^I", "complete", NULL);
	el_set(prompt->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
	el_source(prompt->editor, NULL);
}

struct prompt *
prompt_new(const struct prompt_config *config)
{
	struct prompt *prompt = calloc(1, sizeof(*prompt));

	if (prompt == NULL)
		return NULL;
	prompt->config = *config;
	prompt->editor = el_init("tally-console", stdin, stdout, stderr);
	prompt->past = history_init();
	if (prompt->editor == NULL || prompt->past == NULL) {
		prompt_free(prompt);
		return NULL;
	}
	find_history(prompt);
	set_up_editor(prompt);
	return prompt;
}

void
prompt_free(struct prompt *prompt)
{
	if (prompt == NULL)
		return;
	if (prompt->past != NULL)
		history_end(prompt->past);
	if (prompt->editor != NULL)
		el_end(prompt->editor);
	free(prompt);
}

/* Keep a line for next time. */
static void
remember(struct prompt *prompt, const char *line)
{
	HistEvent event;
	mode_t before;

	history(prompt->past, &event, H_ENTER, line);
	if (prompt->path[0] == '\0')
		return;
	before = umask(077);
	history(prompt->past, &event, H_SAVE, prompt->path);
	(void)umask(before);
}

enum prompt_event
prompt_next(struct prompt *prompt, char *line)
{
	for (;;) {
		const char *typed;
		int count = 0;

		prompt->is_interrupted = false;
		typed = el_gets(prompt->editor, &count);
		if (prompt->is_lost)
			return PROMPT_LOST;
		if (prompt->is_interrupted) {
			putchar('\n');
			el_reset(prompt->editor);
			continue;
		}
		if (typed == NULL || count <= 0)
			return PROMPT_END;
		if (strcspn(typed, "\n") >= PROMPT_LINE_BYTES) {
			fprintf(stderr, "the line is too long\n");
			continue;
		}
		snprintf(line, PROMPT_LINE_BYTES, "%.*s", (int)strcspn(typed, "\n"), typed);
		if (line[strspn(line, " ")] == '\0')
			continue;
		remember(prompt, typed);
		return PROMPT_LINE;
	}
}
