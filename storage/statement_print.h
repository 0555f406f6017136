/*
 * statement_print.h - a statement for programs and for people.
 */
#ifndef TG_STORAGE_STATEMENT_PRINT_H
#define TG_STORAGE_STATEMENT_PRINT_H

#include <jansson.h>

#include "storage/statement.h"

/* A statement with the digest that its partner countersigns. */
struct signed_statement {
	struct statement statement;
	uint8_t digest[STATEMENT_DIGEST_BYTES];
};

/* As JSON; NULL: out of memory. */
json_t *statement_json(const struct signed_statement *statement);

/* On standard output: a row for each line, then sums and what is to be paid. */
void statement_print_csv(const struct signed_statement *statement);

/* On standard output: one page that needs no other file. */
void statement_print_html(const struct signed_statement *statement);

#endif
