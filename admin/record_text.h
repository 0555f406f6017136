/*
 * record_text.h - a record spelled out for people.
 */
#ifndef TG_ADMIN_RECORD_TEXT_H
#define TG_ADMIN_RECORD_TEXT_H

#include "admin/output.h"
#include "ledger/record.h"

/* Print everything that the record holds, section by section. */
void record_text_print(struct output *out, const struct record *record);

#endif
