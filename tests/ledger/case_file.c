/*
 * case_file.c - reading files of money cases.
 */
#include "tests/ledger/case_file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned
read_file(const char *path, const char *name, struct money_case *cases, unsigned count,
	  unsigned cases_max)
{
	FILE *file = fopen(path, "r");
	struct money_case *c = NULL;
	char line[600];
	unsigned number = 0;

	if (file == NULL)
		return count;
	while (fgets(line, sizeof(line), file) != NULL) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "case ", 5) == 0 && count < cases_max) {
			c = &cases[count++];
			memset(c, 0, sizeof(*c));
			snprintf(c->name, sizeof(c->name), "%.*s: %s", (int)strcspn(name, "."),
				 name, line + 5);
			snprintf(c->file, sizeof(c->file), "%s", name);
			c->first_line = number;
		} else if (c != NULL && c->line_count < CASE_LINES_MAX) {
			c->has_reason = c->has_reason || strncmp(line, "because ", 8) == 0;
			c->lines[c->line_count++] = strdup(line);
		}
	}
	fclose(file);
	return count;
}

static int
is_case_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 4 && strcmp(entry->d_name + length - 4, ".txt") == 0;
}

unsigned
case_files_read(const char *folder, struct money_case *cases, unsigned cases_max)
{
	struct dirent **files;
	int file_count = scandir(folder, &files, is_case_file, alphasort);
	unsigned count = 0;

	if (file_count < 0)
		return 0;
	for (int i = 0; i < file_count; i++) {
		char path[4400];

		snprintf(path, sizeof(path), "%s/%s", folder, files[i]->d_name);
		count = read_file(path, files[i]->d_name, cases, count, cases_max);
		free(files[i]);
	}
	free(files);
	return count;
}

void
case_files_free(struct money_case *cases, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		for (unsigned j = 0; j < cases[i].line_count; j++)
			free(cases[i].lines[j]);
	}
}
