/*
 * completion.h - what the word under way at a prompt may become.
 *
 * Owns what the console said of its commands: the lines of `help` after `format json`, so that the
 * client knows no command by itself.  Pure.
 */
#ifndef TG_ADMIN_COMPLETION_H
#define TG_ADMIN_COMPLETION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMPLETION_CHOICES_MAX 128
#define COMPLETION_WORD_BYTES 64

struct completion {
	void	*rows;			/* owned JSON array of commands */
};

/* False: out of memory. */
bool completion_init(struct completion *completion);
void completion_deinit(struct completion *completion);

/* Take what the console said of one command, an object; lines that are none are passed over. */
void completion_take(struct completion *completion, const char *line);

/* What may stand at the end of a line. */
struct completion_answer {
	size_t	 typed_bytes;		/* of the word under way, at the end of the line */
	uint32_t count;			/* of words: all of them begin as typed */
	char	 words[COMPLETION_CHOICES_MAX][COMPLETION_WORD_BYTES];
	bool	 is_file;		/* the path of a file may stand here */
	char	 hint[COMPLETION_WORD_BYTES]; /* what somebody has to know, "<number>"; or "" */
};

/* line[0..bytes): what stands before the cursor. */
void completion_find(const struct completion *completion, const char *line, size_t bytes,
		     struct completion_answer *ret_answer);

#endif
