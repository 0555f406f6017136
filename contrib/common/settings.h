/*
 * settings.h - what a client is told: options, environment, ~/.tally.
 *
 * A table says which settings there are, and where in a struct of the program's each is kept.  An
 * option on the command line wins over the environment (TALLY_HOST for --host), that over the file,
 * that over the default.  Only KEPT settings may stand in environment and file; the others are
 * about one run.  The file is for all clients: what stands in the group of one, as in
 * "tally_settle: { terminal = 2000; };", is for that one alone, and wins over what is for all.
 */
#ifndef TG_CONTRIB_COMMON_SETTINGS_H
#define TG_CONTRIB_COMMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "contrib/common/failure.h"
#include "protocol/message.h"

#define SETTINGS_LINES_MAX TG_LINES_MAX

enum setting_kind {
	SETTING_HEADING, /* parts the help; no setting */
	SETTING_TEXT,	 /* const char *, NULL when not given */
	SETTING_FLAG,	 /* bool */
	SETTING_NUMBER,	 /* int64_t, -1 when not given */
	SETTING_DAY,	 /* int64_t, written 1997-01-31, -1 when not given */
	SETTING_LINES,	 /* struct setting_lines: may be given again and again */
};

enum setting_place { SETTING_ONCE, SETTING_KEPT };

/* Arguments of an option that may be given again, as they were given. */
struct setting_lines {
	const char *texts[SETTINGS_LINES_MAX]; /* borrowed */
	uint32_t    count;
};

/* A setting. */
struct setting_row {
	const char	  *name; /* of the option, without "--" */
	enum setting_kind  kind;
	enum setting_place place;
	size_t		   offset;    /* of the member that keeps it */
	const char	  *value;     /* when it is not given, as text; NULL: none */
	int64_t		   low, high; /* bounds of a NUMBER */
	enum tg_field	   field;     /* of the request that it sets; 0: none */
	const char	  *word;      /* for its argument; "" for a FLAG */
	const char	  *help;
};

/*
 * Makes a row of one line of a list.  Columns: member of the struct, name, kind, place, value,
 * lower and upper bound, field, word, help.
 */
#define SETTING_ROW(type, member, name, kind, place, value, low, high, field, word, help)          \
	{ name, SETTING_##kind, SETTING_##place, offsetof(struct type, member), value, low, high,  \
	  (enum tg_field)(field), word, help },

/* Declares the member of one line of a list; a HEADING has one, too, of no use. */
#define SETTING_MEMBER(member, name, kind, place, value, low, high, field, word, help)             \
	SETTING_TYPE_##kind member;
#define SETTING_TYPE_HEADING bool
#define SETTING_TYPE_TEXT const char *
#define SETTING_TYPE_FLAG bool
#define SETTING_TYPE_NUMBER int64_t
#define SETTING_TYPE_DAY int64_t
#define SETTING_TYPE_LINES struct setting_lines

/* The settings of a program, kept in one struct. */
struct setting_table {
	const struct setting_row *rows;
	size_t			  count;
	const char		 *program; /* its group in the file: a name of PROGRAM_LIST */
};

/* The programs that share a file. */
#define PROGRAM_LIST(X) X(tally) X(tally_import) X(tally_settle)

/*
 * Read settings.  settings: the program's struct; texts in it are borrowed from the command line
 * and the environment, or owned by ret_file, which settings_file_free() frees, in either case.
 * ret_first: index in argv of the first word that is no option; options and words may be mixed,
 * getopt puts the words last.  False with the reason.
 */
bool settings_load(const struct setting_table *table, void *settings, int argc, char *argv[],
		   int *ret_first, void **ret_file, struct failure *failure);

/* NULL is fine. */
void settings_file_free(void *file);

/* Print what the table says. */
void settings_print_help(const struct setting_table *table, FILE *file);

/* What of the settings belongs into a request. */
struct setting_field {
	const char	 *name;	 /* of the option */
	enum setting_kind kind;
	enum tg_field	  field; /* that it sets */
	const void	 *value; /* in the settings, of the kind's type */
};

/* The nth setting, from 0, that was given and sets a field.  False when there are no more. */
bool settings_nth_field(const struct setting_table *table, const void *settings, uint32_t nth,
			struct setting_field *ret_field);

#endif
