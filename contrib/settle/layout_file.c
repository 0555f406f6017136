/*
 * layout_file.c - reading a layout from its file.
 *
 * Each key of a column is a row of a table; a key that it does not have is an error, so that a
 * misspelt one does not change what amounts mean.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libconfig.h>
#include <openssl/evp.h>

#include "contrib/settle/layout.h"
#include "contrib/settle/layout_value.h"
#include "protocol/assert.h"

#define DECIMALS_MAX 6
#define FROM_MAX CSV_LINE_BYTES_MAX

struct reading {
	struct layout *layout;
	const char *path;
	struct failure *failure;
};

/* What is wrong with a setting, by its line.  False. */
static bool
complain(const struct reading *r, const config_setting_t *at, const char *why)
{
	const char *name = config_setting_name(at);

	return failure_set(r->failure, "%s:%u: %s%s%s", r->path, config_setting_source_line(at),
			   name != NULL ? name : "", name != NULL ? ": " : "", why);
}

static bool
take_text(const struct reading *r, const config_setting_t *at, char text[LAYOUT_TEXT_BYTES])
{
	const char *value = config_setting_get_string(at);

	if (value == NULL || value[0] == '\0' || strlen(value) >= LAYOUT_TEXT_BYTES)
		return complain(r, at, "is a text of 1 to 63 bytes");
	snprintf(text, LAYOUT_TEXT_BYTES, "%s", value);
	return true;
}

static bool
take_number(const struct reading *r, const config_setting_t *at, uint32_t low, uint32_t high,
	    uint32_t *ret_number)
{
	const int type = config_setting_type(at);
	const long long value = config_setting_get_int64(at);

	if ((type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) || value < low || value > high) {
		char why[64];

		snprintf(why, sizeof(why), "is a number from %" PRIu32 " to %" PRIu32, low, high);
		return complain(r, at, why);
	}
	*ret_number = (uint32_t)value;
	return true;
}

static bool
take_flag(const struct reading *r, const config_setting_t *at, bool *ret_flag)
{
	if (config_setting_type(at) != CONFIG_TYPE_BOOL)
		return complain(r, at, "is true or false");
	*ret_flag = config_setting_get_bool(at) != 0;
	return true;
}

/* One character. */
static bool
take_sign(const struct reading *r, const config_setting_t *at, char *ret_sign)
{
	const char *value = config_setting_get_string(at);

	if (value == NULL || strlen(value) != 1 || strchr("0123456789-+\"#\r\n", value[0]) != NULL)
		return complain(r, at, "is one character");
	*ret_sign = value[0];
	return true;
}

/* [ from, bytes ] of a line. */
static bool
take_bytes(const struct reading *r, const config_setting_t *at, struct layout_place *place)
{
	if (!config_setting_is_aggregate(at) || config_setting_length(at) != 2)
		return complain(r, at, "is [ first byte from 1, number of bytes ]");
	return take_number(r, config_setting_get_elem(at, 0), 1, FROM_MAX, &place->from) &&
	       take_number(r, config_setting_get_elem(at, 1), 1, CSV_CELL_BYTES_MAX,
			   &place->bytes);
}

/* ( ("E", "earn"), ... ) */
static bool
take_words(const struct reading *r, const config_setting_t *at, struct layout_column *column)
{
	const int count = config_setting_is_aggregate(at) ? config_setting_length(at) : 0;

	if (count < 1 || count > LAYOUT_WORDS_MAX)
		return complain(r, at, "is a list of 1 to 32 pairs ( \"theirs\", \"ours\" )");
	column->words = calloc((size_t)count, sizeof(*column->words));
	TG_ASSERT(column->words != NULL);
	for (int i = 0; i < count; i++) {
		const config_setting_t *pair = config_setting_get_elem(at, (unsigned)i);

		if (!config_setting_is_aggregate(pair) || config_setting_length(pair) != 2)
			return complain(r, at, "is a list of pairs ( \"theirs\", \"ours\" )");
		if (!take_text(r, config_setting_get_elem(pair, 0), column->words[i].theirs) ||
		    !take_text(r, config_setting_get_elem(pair, 1), column->words[i].ours))
			return false;
		column->word_count++;
	}
	return true;
}

static bool
take_format(const struct reading *r, const config_setting_t *at, struct layout_column *column)
{
	struct failure why;

	return take_text(r, at, column->format) &&
	       (layout_format_check(column->format, &why) || complain(r, at, why.text));
}

static bool
take_key(const struct reading *r, const config_setting_t *at, struct layout_column *column)
{
	const char *name = config_setting_name(at);
	uint32_t number = 0;

	if (strcmp(name, "name") == 0)
		return take_text(r, at, column->name);
	if (strcmp(name, "column") == 0)
		return take_text(r, at, column->place.column);
	if (strcmp(name, "and_column") == 0)
		return take_text(r, at, column->second.column);
	if (strcmp(name, "bytes") == 0)
		return take_bytes(r, at, &column->place);
	if (strcmp(name, "and_bytes") == 0)
		return take_bytes(r, at, &column->second);
	if (strcmp(name, "constant") == 0)
		return take_text(r, at, column->constant);
	if (strcmp(name, "format") == 0)
		return take_format(r, at, column);
	if (strcmp(name, "prefix") == 0)
		return take_text(r, at, column->prefix);
	if (strcmp(name, "words") == 0)
		return take_words(r, at, column);
	if (strcmp(name, "decimal_sign") == 0)
		return take_sign(r, at, &column->decimal_sign);
	if (strcmp(name, "group_sign") == 0)
		return take_sign(r, at, &column->group_sign);
	if (strcmp(name, "drop_sign") == 0)
		return take_flag(r, at, &column->is_sign_lost);
	if (strcmp(name, "drop_zeros") == 0)
		return take_flag(r, at, &column->is_unpadded);
	if (strcmp(name, "decimals") != 0)
		return complain(r, at, "there is no such key of a column");
	if (!take_number(r, at, 0, DECIMALS_MAX, &number))
		return false;
	column->decimals = (int32_t)number;
	return true;
}

/* A column says what it is, and where it stands, in the way of the layout. */
static bool
check_column(const struct reading *r, const config_setting_t *at, struct layout_column *column)
{
	const bool has_place = r->layout->is_fixed ? column->place.bytes > 0 :
						     column->place.column[0] != '\0';
	const bool has_other = r->layout->is_fixed ? column->place.column[0] != '\0' ||
							     column->second.column[0] != '\0' :
						     column->place.bytes > 0 ||
							     column->second.bytes > 0;

	if (column->name[0] == '\0')
		return complain(r, at, "a column has a name");
	if (has_other || has_place == (column->constant[0] != '\0'))
		return complain(r, at, r->layout->is_fixed ?
					       "a column has either bytes or a constant" :
					       "a column has either column or constant");
	for (uint32_t i = 0; i + 1 < r->layout->column_count; i++)
		if (strcasecmp(r->layout->columns[i].name, column->name) == 0)
			return complain(r, at, "a column of that name stands above");
	if (column->decimals < 0 && (column->is_sign_lost || column->group_sign != '\0' ||
				     column->decimal_sign != '\0'))
		column->decimals = 0;
	if (column->decimal_sign == '\0')
		column->decimal_sign = '.';
	if (r->layout->is_fixed && column->place.bytes > 0)
		snprintf(column->source, sizeof(column->source),
			 "%s (bytes %" PRIu32 " to %" PRIu32 ")", column->name, column->place.from,
			 column->place.from + column->place.bytes - 1);
	else
		snprintf(column->source, sizeof(column->source), "%s",
			 has_place ? column->place.column : column->name);
	return true;
}

static bool
take_columns(const struct reading *r, const config_setting_t *at)
{
	const int count = config_setting_is_list(at) ? config_setting_length(at) : 0;

	if (count < 1 || count > CSV_CELLS_MAX)
		return complain(r, at, "is a list of 1 to 64 groups ( { name = ...; }, ... )");
	for (int i = 0; i < count; i++) {
		const config_setting_t *group = config_setting_get_elem(at, (unsigned)i);
		struct layout_column *column = &r->layout->columns[r->layout->column_count];
		int keys = config_setting_is_group(group) ? config_setting_length(group) : 0;

		if (keys == 0)
			return complain(r, at, "is a list of groups ( { name = ...; }, ... )");
		column->decimals = -1;
		r->layout->column_count++;
		for (int k = 0; k < keys; k++)
			if (!take_key(r, config_setting_get_elem(group, (unsigned)k), column))
				return false;
		if (!check_column(r, group, column))
			return false;
	}
	return true;
}

static bool
take_zone(const struct reading *r, const config_setting_t *at)
{
	struct failure why;

	return take_text(r, at, r->layout->zone) &&
	       (layout_zone_check(r->layout->zone, &why) || complain(r, at, why.text));
}

static bool
take_delimiter(const struct reading *r, const config_setting_t *at)
{
	const char *value = config_setting_get_string(at);

	if (value != NULL && strcasecmp(value, "tab") == 0) {
		r->layout->delimiter = '\t';
		return true;
	}
	return take_sign(r, at, &r->layout->delimiter);
}

static bool
take_setting(const struct reading *r, const config_setting_t *at)
{
	const char *name = config_setting_name(at);
	bool has_names = true;

	if (strcmp(name, "fixed") == 0)
		return true;
	if (strcmp(name, "columns") == 0)
		return take_columns(r, at);
	if (strcmp(name, "zone") == 0)
		return take_zone(r, at);
	if (strcmp(name, "skip_lines") == 0)
		return take_number(r, at, 0, 1000, &r->layout->skipped_lines);
	if (!r->layout->is_fixed && strcmp(name, "delimiter") == 0)
		return take_delimiter(r, at);
	if (!r->layout->is_fixed && strcmp(name, "names") == 0) {
		if (!take_flag(r, at, &has_names))
			return false;
		r->layout->has_no_names = !has_names;
		return true;
	}
	if (r->layout->is_fixed && strcmp(name, "record_bytes") == 0)
		return take_bytes(r, at, &r->layout->record);
	if (r->layout->is_fixed && strcmp(name, "record") == 0)
		return take_text(r, at, r->layout->record_text);
	return complain(r, at, "there is no such key of a layout");
}

static bool
take_root(const struct reading *r, const config_setting_t *root)
{
	const config_setting_t *fixed = config_setting_get_member(root, "fixed");
	const config_setting_t *columns = config_setting_get_member(root, "columns");

	if (fixed != NULL && !take_flag(r, fixed, &r->layout->is_fixed))
		return false;
	if (columns == NULL)
		return failure_set(r->failure, "%s: there are no columns", r->path);
	for (int i = 0; i < config_setting_length(root); i++)
		if (!take_setting(r, config_setting_get_elem(root, (unsigned)i)))
			return false;
	if ((r->layout->record.bytes == 0) != (r->layout->record_text[0] == '\0'))
		return failure_set(r->failure, "%s: record and record_bytes go together", r->path);
	return true;
}

/* A layout that was changed is another one: what was sent by the old one is not mixed with it. */
static bool
take_digest(struct layout *layout, const char *path, struct failure *failure)
{
	uint8_t digest[EVP_MAX_MD_SIZE], block[4096];
	FILE *file = fopen(path, "rbe");
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t bytes;
	bool is_ok = file != NULL && context != NULL &&
		     EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;

	while (is_ok && (bytes = fread(block, 1, sizeof(block), file)) > 0)
		is_ok = EVP_DigestUpdate(context, block, bytes) == 1;
	is_ok = is_ok && ferror(file) == 0 && EVP_DigestFinal_ex(context, digest, NULL) == 1;
	EVP_MD_CTX_free(context);
	if (file != NULL)
		fclose(file);
	if (!is_ok)
		return failure_set(failure, "%s: cannot be read", path);
	memcpy(layout->digest, digest, sizeof(layout->digest));
	return true;
}

bool
layout_read(struct layout *layout, const char *path, struct failure *failure)
{
	struct reading r = { layout, path, failure };
	config_t config;
	bool is_ok;

	if (!layout_init(layout, ',', NULL, failure) || !take_digest(layout, path, failure))
		return false;
	layout->path = path;
	config_init(&config);
	is_ok = config_read_file(&config, path) == CONFIG_TRUE ||
		failure_set(failure, "%s:%d: %s", path, config_error_line(&config),
			    config_error_text(&config));
	is_ok = is_ok && take_root(&r, config_root_setting(&config));
	config_destroy(&config);
	return is_ok;
}
