/*
 * statement_print.h - a statement for programs and for people.
 */
#ifndef TG_STORAGE_STATEMENT_PRINT_H
#define TG_STORAGE_STATEMENT_PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "storage/statement.h"

/* A statement with the digest that its partner countersigns. */
struct signed_statement {
	struct statement statement;
	uint8_t digest[STATEMENT_DIGEST_BYTES];
};

/* As JSON; NULL: out of memory. */
json_t *statement_json(const struct signed_statement *statement);

/* The JSON on one line. */
void statement_print_json(FILE *file, const struct signed_statement *statement);

/* A row for each line, then sums and what is to be paid. */
void statement_print_csv(FILE *file, const struct signed_statement *statement);

/* One page that needs no other file. */
void statement_print_html(FILE *file, const struct signed_statement *statement);

#endif
