/*
 * cell.c - writes cells of a CSV file.
 */
#include "contrib/common/cell.h"

#include <string.h>

void
cell_write(FILE *file, const char *text)
{
	if (text[0] != ' ' && text[strcspn(text, ",;\"\n\r")] == '\0') {
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
