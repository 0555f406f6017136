/*
 * outcome.h - outcomes and operations as files of a partner have them: by name.
 */
#ifndef TG_CONTRIB_COMMON_OUTCOME_H
#define TG_CONTRIB_COMMON_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OUTCOME_NONE 65536

/* Write a status by its name, or by its number when it is of a newer gateway. */
void outcome_write(FILE *file, uint32_t status);

/* The number of a status by what was written; OUTCOME_NONE: none. */
uint32_t outcome_read(const char *text);

/* An outcome that the day's totals have among those that succeeded. */
bool outcome_is_done(uint32_t status);

/* The number of an operation by its name; OUTCOME_NONE: none. */
uint32_t outcome_operation(const char *name);

#endif
