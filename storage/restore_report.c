/*
 * restore_report.c - what a restoring tells, in files of the restored directory.
 */
#include "storage/restore_report.h"

#include <stdlib.h>
#include <string.h>

#define UNFINISHED_NAME "unfinished"
#define REPORT_BYTES_MAX (64 * 1024)

enum tg_status
report_lines_open(struct report_lines *lines, const struct storage_io *io, const char *directory,
		  const char *name, struct storage_error *error)
{
	char path[STORAGE_PATH_BYTES_MAX];
	enum tg_status status = storage_path(path, directory, name, error);

	*lines = (struct report_lines){ .io = io, .file = -1 };
	if (status == TG_OK)
		status = io->open(io->context, path, STORAGE_CREATE, &lines->file, error);
	return status;
}

enum tg_status
report_lines_put(struct report_lines *lines, json_t *line, struct storage_error *error)
{
	char *text = line != NULL ? json_dumps(line, JSON_COMPACT) : NULL;
	enum tg_status status;
	size_t length;

	json_decref(line);
	if (text == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a line of the report");
	length = strlen(text);
	text[length++] = '\n'; /* in place of the final zero */
	status = storage_write(lines->io, lines->file, text, length, lines->offset_bytes, error);
	lines->offset_bytes += length;
	free(text);
	return status;
}

enum tg_status
report_lines_close(struct report_lines *lines, enum tg_status status, struct storage_error *error)
{
	if (lines->file < 0)
		return status;
	if (status == TG_OK)
		status = lines->io->sync(lines->io->context, lines->file, error);
	lines->io->close(lines->io->context, lines->file);
	lines->file = -1;
	return status;
}

/* The figures of a report.  Columns: member, as a whole number in JSON. */
#define REPORT_LIST(X)                                                                             \
	X(backup_sequence)                                                                         \
	X(mirror_sequence)                                                                         \
	X(last_sequence)                                                                           \
	X(snapshot_sequence)                                                                       \
	X(is_database_asked)                                                                       \
	X(database_sequence)                                                                       \
	X(lost_count)                                                                              \
	X(lost_members)                                                                            \
	X(next_sequence)                                                                           \
	X(booked_at_utc_ms)                                                                        \
	X(business_date)                                                                           \
	X(epoch)                                                                                   \
	X(segment_bytes)

json_t *
restore_report_json(const struct restore_report *report)
{
	json_t *json = json_object();
	int failed = 0;

#define PUT(name)                                                                                  \
	failed |= json_object_set_new(json, #name, json_integer((json_int_t)report->name));
	REPORT_LIST(PUT)
#undef PUT
	if (failed == 0)
		return json;
	json_decref(json);
	return NULL;
}

/* Write one line of JSON to a file that is whole or not there. */
static enum tg_status
write_file(const struct storage_io *io, const char *directory, const char *name, json_t *json,
	   struct storage_error *error)
{
	char unfinished[STORAGE_PATH_BYTES_MAX];
	char path[STORAGE_PATH_BYTES_MAX];
	struct report_lines lines;
	enum tg_status status = report_lines_open(&lines, io, directory, UNFINISHED_NAME, error);

	if (status == TG_OK)
		status = report_lines_put(&lines, json, error);
	else
		json_decref(json);
	status = report_lines_close(&lines, status, error);
	if (status == TG_OK)
		status = storage_path(unfinished, directory, UNFINISHED_NAME, error);
	if (status == TG_OK)
		status = storage_path(path, directory, name, error);
	if (status == TG_OK)
		status = io->rename(io->context, unfinished, path, error);
	if (status == TG_OK)
		status = io->sync_directory(io->context, directory, error);
	return status;
}

enum tg_status
restore_report_write(const struct storage_io *io, const char *directory,
		     const struct restore_report *report, struct storage_error *error)
{
	return write_file(io, directory, JOURNAL_RESTORED_NAME,
			  report != NULL ? restore_report_json(report) : json_object(), error);
}

/* The whole file as text.  TG_CONFIG: there is none. */
static enum tg_status
read_file(const struct storage_io *io, const char *path, char *text, struct storage_error *error)
{
	struct storage_stat facts;
	size_t read_bytes = 0;
	int file;
	enum tg_status status = io->stat(io->context, path, &facts, error);

	if (status == TG_OK && !facts.exists)
		return storage_fail(error, TG_CONFIG, "%s is not there: nothing waits for a word",
				    path);
	if (status == TG_OK)
		status = io->open(io->context, path, STORAGE_READ, &file, error);
	if (status != TG_OK)
		return status;
	status = storage_read(io, file, text, REPORT_BYTES_MAX - 1, 0, &read_bytes, error);
	io->close(io->context, file);
	text[read_bytes] = '\0';
	return status;
}

/* Take the figures out of JSON.  False: one is missing. */
static bool
take_figures(const json_t *json, struct restore_report *ret_report)
{
	bool is_whole = true;

#define TAKE(name)                                                                                 \
	is_whole = is_whole && json_is_integer(json_object_get(json, #name));                      \
	ret_report->name = (__typeof__(ret_report->name))json_integer_value(                       \
		json_object_get(json, #name));
	REPORT_LIST(TAKE)
#undef TAKE
	return is_whole;
}

enum tg_status
restore_report_read(const struct storage_io *io, const char *directory,
		    struct restore_report *ret_report, struct storage_error *error)
{
	char path[STORAGE_PATH_BYTES_MAX];
	struct restore_report report;
	char *text = malloc(REPORT_BYTES_MAX);
	json_t *json = NULL;
	enum tg_status status;

	if (text == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a report");
	status = storage_path(path, directory, JOURNAL_RESTORED_NAME, error);
	if (status == TG_OK)
		status = read_file(io, path, text, error);
	if (status == TG_OK) {
		json = json_loads(text, 0, NULL);
		if (json == NULL)
			status = storage_fail(error, TG_CORRUPT, "%s is damaged", path);
		else if (!take_figures(json, &report))
			status = storage_fail(error, TG_CONFIG,
					      "%s: the restoring was cut short.  Remove the "
					      "directory and restore again",
					      path);
		else
			*ret_report = report;
	}
	json_decref(json);
	free(text);
	return status;
}

enum tg_status
restore_report_accept(const struct storage_io *io, const char *directory,
		      struct storage_error *error)
{
	char from[STORAGE_PATH_BYTES_MAX];
	char to[STORAGE_PATH_BYTES_MAX];
	enum tg_status status = storage_path(from, directory, JOURNAL_RESTORED_NAME, error);

	if (status == TG_OK)
		status = storage_path(to, directory, RESTORE_ACCEPTED_NAME, error);
	if (status == TG_OK)
		status = io->rename(io->context, from, to, error);
	if (status == TG_OK)
		status = io->sync_directory(io->context, directory, error);
	return status;
}
