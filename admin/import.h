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
#include <stddef.h>
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
	uint8_t	 verdict;		/* enum import_verdict: against the ledger */
	uint8_t	 missing;		/* index of a field that a new row lacks; 0: none */
	uint16_t refusal;		/* what the ledger would answer; TG_OK: it takes it */
	/* last: kept as far as the noun's goes; as said, after the look at the ledger whole */
	union config_image image;
};

/* What is wrong with a file, for the operator: column is NULL where it is the whole line. */
typedef void import_error_fn(void *context, uint32_t line, const char *column, const char *why);

/* Invariant: row_count <= rows_capacity. */
struct import {
	const struct config_noun *noun;
	uint8_t	*rows;			/* owned; row_bytes each, see import_row() */
	size_t	 row_bytes;
	uint32_t row_count;
	uint32_t rows_capacity;
	uint32_t error_count;		/* all, also those that were not shown */
	import_error_fn *on_error;	/* called for the first IMPORT_ERRORS_SHOWN */
	void	*context;		/* of on_error */
};

void import_init(struct import *import, const struct config_noun *noun, import_error_fn *on_error,
		 void *context);
void import_deinit(struct import *import);

/* Copy row i out, or back in.  i < row_count. */
void import_row(const struct import *import, uint32_t i, struct import_row *ret_row);
void import_set_row(struct import *import, uint32_t i, const struct import_row *row);

/* Note something wrong; shown while there are few. */
void import_complain(struct import *import, uint32_t line, const char *column, const char *why);

/*
 * Read and check every line; what is wrong is told to on_error and counted.  Blocks for reading.
 * TG_OK: read to the end, error_count says whether it is good; TG_IO; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status import_read(struct import *import, FILE *file);

#endif
