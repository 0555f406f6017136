/*
 * cell.h - writes cells of a CSV file.
 */
#ifndef TG_CONTRIB_COMMON_CELL_H
#define TG_CONTRIB_COMMON_CELL_H

#include <stdio.h>

/* Write a text as a cell, in quotes where it needs them. */
void cell_write(FILE *file, const char *text);

#endif
