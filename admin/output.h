/*
 * output.h - what a console command prints, on its way to the operator.
 *
 * Owns one buffer of fixed size.  Every line of a command's output is indented by two blanks, and
 * the line that ends it is not: a program reads lines until one begins with "ok" or "error".
 */
#ifndef TG_ADMIN_OUTPUT_H
#define TG_ADMIN_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#define OUTPUT_BUFFER_BYTES 8192
#define OUTPUT_PIECE_BYTES 2048		/* of one output_print(), at most; the rest is cut */

/* Takes bytes, all or none.  False: the reader is gone or too slow. */
typedef bool output_write_fn(void *context, const char *bytes, size_t count);

/* Invariant: used_bytes <= OUTPUT_BUFFER_BYTES. */
struct output {
	output_write_fn *write;
	void	*context;		/* borrowed; of write */
	size_t	 used_bytes;		/* of buffer */
	bool	 is_line_begun;		/* the next character is not the first of a line */
	bool	 is_broken;		/* write has failed: all else is dropped */
	bool	 is_crlf;		/* lines end with CR LF, as on telnet */
	bool	 is_json;		/* each line is a JSON object: a table's row, or {"text"} */
	size_t	 line_bytes;		/* of line */
	char	 line[OUTPUT_PIECE_BYTES]; /* the text of a JSON line, until it ends */
	char	 buffer[OUTPUT_BUFFER_BYTES];
};

void output_init(struct output *out, output_write_fn *write, void *context);

/* Print formatted text; control characters other than line ends become '?'. */
void output_print(struct output *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Print text as it is, of any length. */
void output_text(struct output *out, const char *text);

/* Print a line that is a JSON object already. */
void output_json(struct output *out, const char *object);

/* Print count blanks. */
void output_blanks(struct output *out, size_t count);

/* End an open line, print the line that ends a command's output, and send everything. */
void output_end(struct output *out, const char *word, const char *text);

/* Put text in that is no command's output: a prompt, a greeting.  Not indented. */
void output_raw(struct output *out, const char *text);

/* Send what there is. */
void output_write_out(struct output *out);

#endif
