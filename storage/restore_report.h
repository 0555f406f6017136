/*
 * restore_report.h - what a restoring tells, in files of the restored directory.
 */
#ifndef TG_STORAGE_RESTORE_REPORT_H
#define TG_STORAGE_RESTORE_REPORT_H

#include <jansson.h>

#include "storage/restore.h"

/* Lines of JSON, on their way to a file. */
struct report_lines {
	const struct storage_io *io;	/* borrowed */
	int	 file;			/* -1: closed */
	uint64_t offset_bytes;
};

TG_MUST_CHECK enum tg_status report_lines_open(struct report_lines *lines,
					       const struct storage_io *io, const char *directory,
					       const char *name, struct storage_error *error);
/* Write one line and free it.  line: NULL: out of memory. */
TG_MUST_CHECK enum tg_status report_lines_put(struct report_lines *lines, json_t *line,
					      struct storage_error *error);
/* Sync and close; status: what the caller has so far, returned if it is not TG_OK. */
TG_MUST_CHECK enum tg_status report_lines_close(struct report_lines *lines, enum tg_status status,
						struct storage_error *error);

/* The report as JSON, a new object; NULL: out of memory. */
json_t *restore_report_json(const struct restore_report *report);

/* Write the file that keeps a gateway from starting; report NULL: copying has begun only. */
TG_MUST_CHECK enum tg_status restore_report_write(const struct storage_io *io,
						  const char *directory,
						  const struct restore_report *report,
						  struct storage_error *error);

/* Read it.  TG_OK; TG_CONFIG: there is none, or the copying was cut short; TG_CORRUPT; TG_IO. */
TG_MUST_CHECK enum tg_status restore_report_read(const struct storage_io *io,
						 const char *directory,
						 struct restore_report *ret_report,
						 struct storage_error *error);

/* Give it the name of one that was accepted: a gateway may start. */
TG_MUST_CHECK enum tg_status restore_report_accept(const struct storage_io *io,
						   const char *directory,
						   struct storage_error *error);

#endif
