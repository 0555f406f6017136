/*
 * import.h - configuration rows from a CSV file.
 *
 * The first line names the columns: fields of the noun (admin/field.h), in any order, each at most
 * once; the key and, for new rows, what must be said are needed.  Every other line is a row: it
 * adds what is not there and changes what is; an empty cell stands for the default of a new row and
 * for no change of an old one.  Lines that begin with # and empty lines are passed over.
 *
 * Owns the rows read.  Nothing here talks to the ledger.
 */
#ifndef TG_ADMIN_IMPORT_H
#define TG_ADMIN_IMPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "admin/config_noun.h"
#include "protocol/status.h"

#define IMPORT_ROWS_MAX 1000000
#define IMPORT_FILE_BYTES_MAX (256 * 1024 * 1024)
#define IMPORT_ERRORS_SHOWN 20

enum import_verdict { IMPORT_UNSEEN, IMPORT_ADD, IMPORT_CHANGE, IMPORT_SAME };

struct import_row {
	uint32_t line;			/* of the file, from 1 */
	uint32_t given;			/* bits of the fields that the line says */
	enum import_verdict verdict;	/* against the ledger */
	uint32_t missing;		/* index of a field that a new row lacks; 0: none */
	enum tg_status refusal;		/* what the ledger would answer; TG_OK: it takes it */
	union config_image image;	/* as said; after the look at the ledger, whole */
};

/* What is wrong with a file, for the operator: column is NULL where it is the whole line. */
typedef void import_error_fn(void *context, uint32_t line, const char *column, const char *why);

/* Invariant: row_count <= rows_capacity. */
struct import {
	const struct config_noun *noun;
	struct import_row *rows;	/* owned */
	uint32_t row_count;
	uint32_t rows_capacity;
	uint32_t error_count;		/* all, also those that were not shown */
	import_error_fn *on_error;	/* called for the first IMPORT_ERRORS_SHOWN */
	void	*context;		/* of on_error */
};

void import_init(struct import *import, const struct config_noun *noun, import_error_fn *on_error,
		 void *context);
void import_deinit(struct import *import);

/* Note something wrong; shown while there are few. */
void import_complain(struct import *import, uint32_t line, const char *column, const char *why);

/*
 * Read and check every line; what is wrong is told to on_error and counted.  Blocks for reading.
 * TG_OK: read to the end, error_count says whether it is good; TG_IO; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status import_read(struct import *import, FILE *file);

#endif
