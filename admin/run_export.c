/*
 * run_export.c - configuration rows as a CSV file that import takes.
 *
 * Written beside the file and renamed, so that a reader never sees half of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/ask.h"
#include "admin/config_noun.h"
#include "admin/handlers.h"

#define EXPORT_SLICE 256
#define EXPORT_TOLD 50000		/* rows between two words of progress */

/* Rows copied on the ledger's thread. */
struct export_slice {
	const struct config_noun *noun;
	uint32_t next;			/* row looked at next */
	bool	 is_over;
	uint32_t count;
	union config_image rows[EXPORT_SLICE];
};

static void
fill_slice(const struct ledger *ledger, void *argument)
{
	struct export_slice *slice = argument;
	const struct config_noun *noun = slice->noun;

	slice->count = 0;
	for (uint32_t looked = 0; looked < EXPORT_SLICE && !slice->is_over; looked++) {
		const void *image = noun->at(ledger, slice->next++, &slice->is_over);

		if (image != NULL)
			memcpy(&slice->rows[slice->count++], image, noun->fields->image_bytes);
	}
}

/* A cell, in quotes where it needs them. */
static void
write_cell(FILE *file, const char *text)
{
	const bool is_quoted = strpbrk(text, ",\"") != NULL || text[0] == ' ' || text[0] == '#';

	if (!is_quoted) {
		fputs(text, file);
		return;
	}
	fputc('"', file);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', file);
		fputc(*text, file);
	}
	fputc('"', file);
}

static void
write_row(FILE *file, const struct field_set *fields, const union config_image *image)
{
	char text[FIELD_TEXT_BYTES];

	for (uint32_t i = 0; i < fields->count; i++) {
		field_format(&fields->fields[i], image, text);
		if (i > 0)
			fputc(',', file);
		write_cell(file, text);
	}
	fputc('\n', file);
}

/* False: the call says why. */
static bool
write_rows(struct command_call *call, FILE *file, struct export_slice *slice, uint32_t *ret_count)
{
	const struct field_set *fields = slice->noun->fields;
	uint32_t told = 0;

	for (uint32_t i = 0; i < fields->count; i++)
		fprintf(file, "%s%s", i > 0 ? "," : "", fields->fields[i].name);
	fputc('\n', file);
	while (!slice->is_over) {
		if (!ask_look(call, fill_slice, slice))
			return false;
		for (uint32_t i = 0; i < slice->count; i++)
			write_row(file, fields, &slice->rows[i]);
		*ret_count += slice->count;
		if (*ret_count - told < EXPORT_TOLD)
			continue;
		told = *ret_count;
		output_print(call->out, "%" PRIu32 " rows\n", told);
		output_write_out(call->out);
	}
	return true;
}

static void
export_to(struct command_call *call, const char *path, struct export_slice *slice)
{
	char beside[COMMAND_LINE_BYTES_MAX + 8];
	uint32_t count = 0;
	bool is_good;
	FILE *file;
	int fd;

	if (!ask_note(call, "export %ss %s", slice->noun->fields->noun, path))
		return;
	snprintf(beside, sizeof(beside), "%s.XXXXXX", path);
	fd = mkostemp(beside, O_CLOEXEC);
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL) {
		command_fail(call, "%.150s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	is_good = write_rows(call, file, slice, &count);
	if (is_good && (fchmod(fd, 0640) != 0 || fflush(file) != 0 || ferror(file))) {
		command_fail(call, "%.150s: %s", path, strerror(errno));
		is_good = false;
	}
	/* link() refuses where rename() would replace: an operator's file is never overwritten. */
	if (fclose(file) != 0 || (is_good && link(beside, path) != 0)) {
		command_fail(call, "%.150s: %s", path, strerror(errno));
		is_good = false;
	}
	(void)unlink(beside);
	if (is_good)
		command_done(call, "rows=%" PRIu32 " record=%" PRIu64, count, call->sequence);
}

static void
run_export(struct command_call *call, const struct config_noun *noun)
{
	struct export_slice *slice;
	const char *path = call->arguments[0];

	if (path[0] != '/') {
		command_fail(call,
			     "the file's path must begin with / (it is written by the gateway)");
		return;
	}
	slice = calloc(1, sizeof(*slice));
	if (slice == NULL) {
		command_fail(call, "out of memory");
		return;
	}
	slice->noun = noun;
	export_to(call, path, slice);
	free(slice);
}

void
run_export_partners(struct command_call *call)
{
	run_export(call, &partner_noun);
}

void
run_export_rules(struct command_call *call)
{
	run_export(call, &rule_noun);
}

void
run_export_stores(struct command_call *call)
{
	run_export(call, &store_noun);
}

void
run_export_terminals(struct command_call *call)
{
	run_export(call, &terminal_noun);
}
