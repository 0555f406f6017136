/*
 * output.c - indents, and hands over full buffers.
 *
 * Bounded by the buffer: a command that prints more than the reader takes waits in write, and ends
 * when that gives up.
 */
#include "admin/output.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

static const char indent[] = "  ";

void
output_init(struct output *out, output_write_fn *write, void *context)
{
	out->write = write;
	out->context = context;
	out->used_bytes = 0;
	out->is_line_begun = false;
	out->is_broken = false;
	out->is_crlf = false;
	out->is_json = false;
	out->line_bytes = 0;
}

void
output_write_out(struct output *out)
{
	if (!out->is_broken && out->used_bytes > 0 &&
	    !out->write(out->context, out->buffer, out->used_bytes))
		out->is_broken = true;
	out->used_bytes = 0;
}

static void
put(struct output *out, char byte)
{
	if (byte == '\n' && out->is_crlf)
		put(out, '\r');
	if (out->used_bytes == OUTPUT_BUFFER_BYTES)
		output_write_out(out);
	TG_ASSERT(out->used_bytes < OUTPUT_BUFFER_BYTES);
	out->buffer[out->used_bytes++] = byte;
}

void
output_json(struct output *out, const char *object)
{
	output_raw(out, indent);
	output_raw(out, object);
	output_raw(out, "\n");
}

/* A line of text as an object; an empty one says nothing. */
static void
end_json_line(struct output *out)
{
	json_t *object;
	char *text = NULL;

	out->line[out->line_bytes] = '\0';
	object = out->line_bytes > 0 ? json_pack("{s:s}", "text", out->line) : NULL;
	if (object != NULL)
		text = json_dumps(object, JSON_COMPACT);
	if (text != NULL)
		output_json(out, text);
	free(text);
	json_decref(object);
	out->line_bytes = 0;
}

static void
put_in_json(struct output *out, char byte)
{
	out->is_line_begun = byte != '\n';
	if (byte == '\n')
		end_json_line(out);
	else if (out->line_bytes < sizeof(out->line) - 1)
		out->line[out->line_bytes++] = byte;
}

/* Put one character of a command's output. */
static void
put_inside(struct output *out, char byte)
{
	if (out->is_json) {
		put_in_json(out, byte);
		return;
	}
	if (byte == '\n') {
		out->is_line_begun = false;
		put(out, '\n');
		return;
	}
	if (!out->is_line_begun) {
		for (size_t i = 0; i < sizeof(indent) - 1; i++)
			put(out, indent[i]);
		out->is_line_begun = true;
	}
	put(out, (unsigned char)byte < ' ' || byte == 0x7f ? '?' : byte);
}

void
output_text(struct output *out, const char *text)
{
	for (; *text != '\0' && !out->is_broken; text++)
		put_inside(out, *text);
}

void
output_print(struct output *out, const char *format, ...)
{
	char piece[OUTPUT_PIECE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(piece, sizeof(piece), format, arguments) < 0)
		piece[0] = '\0';
	va_end(arguments);
	output_text(out, piece);
}

void
output_blanks(struct output *out, size_t count)
{
	for (size_t i = 0; i < count && !out->is_broken; i++)
		put_inside(out, ' ');
}

void
output_end(struct output *out, const char *word, const char *text)
{
	if (out->is_line_begun)
		put_inside(out, '\n');
	for (; *word != '\0'; word++)
		put(out, *word);
	if (*text != '\0')
		put(out, ' ');
	for (; *text != '\0'; text++)
		put(out, (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
	put(out, '\n');
	output_write_out(out);
}

void
output_raw(struct output *out, const char *text)
{
	for (; *text != '\0'; text++)
		put(out, *text);
}
