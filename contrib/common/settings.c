/*
 * settings.c - what a client is told: options, environment, ~/.tally.
 *
 * The file is libconfig's: host = "gateway.example"; terminal = 1001; names as those of the
 * options, with _ for -.
 */
#include "contrib/common/settings.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contrib/common/day.h"
#include "protocol/assert.h"

#define HELP_COLUMN 26
#define NAME_BYTES 64
#define PATH_BYTES 4096
#define ROWS_MAX 64
#define OPTION_BASE 256 /* above what getopt_long() returns for itself: '?' and ':' */

/* What is being read, and from where. */
struct loading {
	const struct setting_table *table;
	void *settings;
	int argc;
	char **argv;
	void **file; /* the parsed file, for the caller to free */
};

static bool
parse_number(const struct setting_row *row, const char *text, int64_t *ret_number)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*ret_number = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' && *ret_number >= row->low && *ret_number <= row->high;
}

/* Set the row's member from text; source names where the text stands. */
static bool
set_member(const struct setting_row *row, const char *text, const char *source, void *settings,
	   struct failure *failure)
{
	void *member = (char *)settings + row->offset;
	struct setting_lines *lines = member;
	int64_t number;
	int32_t day;

	switch (row->kind) {
	case SETTING_TEXT:
		memcpy(member, &text, sizeof(text));
		return true;
	case SETTING_FLAG:
		*(bool *)member = true;
		return true;
	case SETTING_NUMBER:
		if (!parse_number(row, text, &number))
			return failure_set(failure,
					   "%s: \"%s\" is no whole number from %lld to %lld",
					   source, text, (long long)row->low, (long long)row->high);
		memcpy(member, &number, sizeof(number));
		return true;
	case SETTING_DAY:
		if (!day_parse(text, &day))
			return failure_set(failure, "%s: \"%s\" is no day as in 1997-01-31", source,
					   text);
		number = day;
		memcpy(member, &number, sizeof(number));
		return true;
	case SETTING_LINES:
		if (lines->count == SETTINGS_LINES_MAX)
			return failure_set(failure, "%s: more than %d lines", source,
					   SETTINGS_LINES_MAX);
		lines->texts[lines->count++] = text;
		return true;
	case SETTING_HEADING:
		break;
	}
	return true;
}

/* The name in the environment (TALLY_SERVER_NAME) or in a file (server_name). */
static void
other_name(const char *prefix, const char *name, bool is_upper, char ret_name[NAME_BYTES])
{
	size_t used = strlen(prefix);

	memcpy(ret_name, prefix, used);
	for (; *name != '\0' && used < NAME_BYTES - 1; name++)
		ret_name[used++] = *name == '-' ? '_'
				   : is_upper	? (char)toupper((unsigned char)*name)
						: *name;
	ret_name[used] = '\0';
}

/* The row of a name in a file; NULL when none may stand there. */
static const struct setting_row *
row_by_file_name(const struct loading *l, const char *file_name)
{
	for (size_t i = 0; i < l->table->count; i++) {
		const struct setting_row *row = &l->table->rows[i];
		char name[NAME_BYTES];

		other_name("", row->name, false, name);
		if (row->place == SETTING_KEPT && strcmp(name, file_name) == 0)
			return row;
	}
	return NULL;
}

/* Take one setting of the file. */
static bool
take_file_setting(const struct loading *l, const config_setting_t *setting, const char *path,
		  struct failure *failure)
{
	const struct setting_row *row = row_by_file_name(l, config_setting_name(setting));
	char source[PATH_BYTES + NAME_BYTES];
	const char *text = config_setting_get_string(setting);
	int type = config_setting_type(setting);
	int64_t number;

	if (row == NULL)
		return failure_set(failure, "%s:%u: no setting is called \"%s\"", path,
				   config_setting_source_line(setting),
				   config_setting_name(setting));
	snprintf(source, sizeof(source), "%s:%u: %s", path, config_setting_source_line(setting),
		 config_setting_name(setting));
	if (row->kind == SETTING_FLAG && type == CONFIG_TYPE_BOOL) {
		*(bool *)((char *)l->settings + row->offset) =
			config_setting_get_bool(setting) != 0;
		return true;
	}
	if (row->kind == SETTING_NUMBER && (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64)) {
		number = config_setting_get_int64(setting);
		if (number < row->low || number > row->high)
			return failure_set(failure, "%s: not from %lld to %lld", source,
					   (long long)row->low, (long long)row->high);
		memcpy((char *)l->settings + row->offset, &number, sizeof(number));
		return true;
	}
	if (row->kind == SETTING_FLAG || text == NULL)
		return failure_set(failure, "%s: not %s", source,
				   row->kind == SETTING_FLAG	 ? "true or false"
				   : row->kind == SETTING_NUMBER ? "a number"
								 : "a text in quotes");
	return set_member(row, text, source, l->settings, failure);
}

/* Is this the group of a client in the file? */
static bool
is_program(const config_setting_t *setting)
{
#define PROGRAM_NAME(name) #name,
	static const char *const programs[] = { PROGRAM_LIST(PROGRAM_NAME) };
#undef PROGRAM_NAME

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strcmp(config_setting_name(setting), programs[i]) == 0)
			return config_setting_is_group(setting) == CONFIG_TRUE;
	return false;
}

/* Take the settings of a group; groups of programs within it are passed over. */
static bool
take_group(const struct loading *l, const config_setting_t *group, const char *path,
	   struct failure *failure)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);

		if (!is_program(setting) && !take_file_setting(l, setting, path, failure))
			return false;
	}
	return true;
}

/* Read the file.  A default file that is not there is none. */
static bool
read_file(const struct loading *l, const char *path, bool must_exist, struct failure *failure)
{
	const config_setting_t *own;
	config_t *file;

	if (access(path, R_OK) != 0)
		return !must_exist && errno == ENOENT
			       ? true
			       : failure_set_errno(failure, errno, "%s", path);
	file = calloc(1, sizeof(*file));
	TG_ASSERT(file != NULL);
	config_init(file);
	*l->file = file;
	if (config_read_file(file, path) != CONFIG_TRUE)
		return failure_set(failure, "%s:%d: %s", path, config_error_line(file),
				   config_error_text(file));
	if (!take_group(l, config_root_setting(file), path, failure))
		return false;
	own = config_lookup(file, l->table->program);
	return own == NULL || take_group(l, own, path, failure);
}

/* Read the file that --config or $HOME names. */
static bool
read_settings_file(const struct loading *l, const char *named, struct failure *failure)
{
	const char *home = getenv("HOME");
	char path[PATH_BYTES];

	if (named != NULL)
		return read_file(l, named, true, failure);
	if (home == NULL || (size_t)snprintf(path, sizeof(path), "%s/.tally", home) >= sizeof(path))
		return true;
	return read_file(l, path, false, failure);
}

static bool
read_environment(const struct loading *l, struct failure *failure)
{
	for (size_t i = 0; i < l->table->count; i++) {
		const struct setting_row *row = &l->table->rows[i];
		char name[NAME_BYTES];
		const char *text;

		other_name("TALLY_", row->name, true, name);
		text = row->place == SETTING_KEPT ? getenv(name) : NULL;
		if (text == NULL || text[0] == '\0')
			continue;
		if (!set_member(row, text, name, l->settings, failure))
			return false;
	}
	return true;
}

/* Read the options.  Without is_all only --config is looked for. */
static bool
read_options(const struct loading *l, bool is_all, const char **ret_config, int *ret_first,
	     struct failure *failure)
{
	const struct setting_row *rows = l->table->rows;
	struct option longs[ROWS_MAX + 1];
	size_t count = 0;
	int found;

	memset(longs, 0, sizeof(longs));
	TG_ASSERT(l->table->count <= ROWS_MAX);
	for (size_t i = 0; i < l->table->count; i++) {
		if (rows[i].kind == SETTING_HEADING)
			continue;
		longs[count].name = rows[i].name;
		longs[count].has_arg =
			rows[i].kind == SETTING_FLAG ? no_argument : required_argument;
		longs[count++].val = OPTION_BASE + (int)i;
	}
	optind = 0;
	while ((found = getopt_long(l->argc, l->argv, ":", longs, NULL)) != -1) {
		const struct setting_row *row;
		char source[NAME_BYTES];

		if (found == '?' || found == ':')
			return failure_set(failure, "%s: %s", l->argv[optind - 1],
					   found == ':' ? "needs an argument"
							: "no such option, or not clear which");
		TG_ASSERT(found >= OPTION_BASE && (size_t)(found - OPTION_BASE) < l->table->count);
		row = &rows[found - OPTION_BASE];
		if (strcmp(row->name, "config") == 0)
			*ret_config = optarg;
		snprintf(source, sizeof(source), "--%s", row->name);
		if (is_all && !set_member(row, optarg, source, l->settings, failure))
			return false;
	}
	*ret_first = optind;
	return true;
}

/* Every setting as it is when it is not given. */
static bool
set_defaults(const struct loading *l, struct failure *failure)
{
	static const int64_t not_given = -1;

	for (size_t i = 0; i < l->table->count; i++) {
		const struct setting_row *row = &l->table->rows[i];
		void *member = (char *)l->settings + row->offset;

		if (row->kind == SETTING_TEXT)
			memcpy(member, &row->value, sizeof(row->value));
		else if (row->kind == SETTING_NUMBER || row->kind == SETTING_DAY)
			memcpy(member, &not_given, sizeof(not_given));
		else if (row->kind == SETTING_FLAG)
			*(bool *)member = false;
		else if (row->kind == SETTING_LINES)
			((struct setting_lines *)member)->count = 0;
		if (row->kind == SETTING_NUMBER && row->value != NULL &&
		    !set_member(row, row->value, row->name, l->settings, failure))
			return false;
	}
	return true;
}

bool
settings_load(const struct setting_table *table, void *settings, int argc, char *argv[],
	      int *ret_first, void **ret_file, struct failure *failure)
{
	const struct loading l = { table, settings, argc, argv, ret_file };
	const char *config = NULL;

	*ret_file = NULL;
	return set_defaults(&l, failure) && read_options(&l, false, &config, ret_first, failure) &&
	       read_settings_file(&l, config, failure) && read_environment(&l, failure) &&
	       read_options(&l, true, &config, ret_first, failure);
}

void
settings_file_free(void *file)
{
	if (file != NULL)
		config_destroy(file);
	free(file);
}

void
settings_print_help(const struct setting_table *table, FILE *file)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct setting_row *row = &table->rows[i];
		int used;

		if (row->kind == SETTING_HEADING) {
			fprintf(file, "\n%s:\n", row->help);
			continue;
		}
		used = fprintf(file, "  --%s%s%s", row->name, row->word[0] != '\0' ? " " : "",
			       row->word);
		fprintf(file, "%*s%s\n", used < HELP_COLUMN ? HELP_COLUMN - used : 1, "",
			row->help);
	}
}

/* Was the row's member given? */
static bool
is_given(const struct setting_row *row, const void *member)
{
	switch (row->kind) {
	case SETTING_TEXT:
		return *(const char *const *)member != NULL;
	case SETTING_FLAG:
		return *(const bool *)member;
	case SETTING_NUMBER:
	case SETTING_DAY:
		return *(const int64_t *)member != -1;
	case SETTING_LINES:
		return ((const struct setting_lines *)member)->count > 0;
	case SETTING_HEADING:
		break;
	}
	return false;
}

bool
settings_nth_field(const struct setting_table *table, const void *settings, uint32_t nth,
		   struct setting_field *ret_field)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct setting_row *row = &table->rows[i];
		const void *member = (const char *)settings + row->offset;

		if (row->field == 0 || !is_given(row, member) || nth-- > 0)
			continue;
		ret_field->name = row->name;
		ret_field->kind = row->kind;
		ret_field->field = row->field;
		ret_field->value = member;
		return true;
	}
	return false;
}
