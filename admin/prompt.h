/*
 * prompt.h - lines from a person at a terminal: editing, history, completion.
 *
 * Owns the editor and the file of past lines.  Watches the connection while a line is typed, so
 * that its end is told at once.
 */
#ifndef TG_ADMIN_PROMPT_H
#define TG_ADMIN_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "admin/completion.h"
#include "admin/talk.h"

#define PROMPT_LINE_BYTES 1024

struct prompt;

/* Pointers are borrowed while the prompt lives. */
struct prompt_config {
	struct talk *talk;
	const struct completion *completion;
	int	 signal_fd;		/* a signalfd of SIGINT, which is blocked */
};

/* NULL: the terminal is no good for it. */
struct prompt *prompt_new(const struct prompt_config *config);
void prompt_free(struct prompt *prompt);

enum prompt_event {
	PROMPT_LINE,			/* not blank */
	PROMPT_END,			/* Ctrl-D */
	PROMPT_LOST,			/* the console has ended the connection */
};

/* The next line, without its end: PROMPT_LINE_BYTES. */
enum prompt_event prompt_next(struct prompt *prompt, char *line);

#endif
