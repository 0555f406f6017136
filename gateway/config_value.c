/*
 * config_value.c - one key's value, by the type of its row.
 *
 * Members are reached by offset: the one place where the table's type and the struct's member must
 * agree, which they do by construction (both come from the type column).
 */
#include "gateway/config_value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

static void *
member(struct config *config, const struct config_key *key)
{
	return (uint8_t *)config + key->offset;
}

static const void *
member_const(const struct config *config, const struct config_key *key)
{
	return (const uint8_t *)config + key->offset;
}

/* The value of a member of the type that the row says. */
#define VALUE(type, config, key) (*(const CONFIG_C_##type *)member_const(config, key))

static bool
is_within(const struct config_key *key, int64_t value)
{
	return value >= key->low && value <= key->high;
}

enum tg_status
config_value_set_int(struct config *config, const struct config_key *key, int64_t value)
{
	if (key->type != CONFIG_OF_INT || !is_within(key, value))
		return TG_CONFIG;
	*(CONFIG_C_INT *)member(config, key) = value;
	return TG_OK;
}

enum tg_status
config_value_set_bool(struct config *config, const struct config_key *key, bool value)
{
	if (key->type != CONFIG_OF_BOOL)
		return TG_CONFIG;
	*(CONFIG_C_BOOL *)member(config, key) = value;
	return TG_OK;
}

/* Index of text among words separated by |, or -1. */
static int32_t
find_word(const char *words, const char *text)
{
	size_t text_bytes = strlen(text);

	for (int32_t index = 0;; index++) {
		size_t word_bytes = strcspn(words, "|");

		if (word_bytes == text_bytes && memcmp(words, text, word_bytes) == 0)
			return index;
		if (words[word_bytes] == '\0')
			return -1;
		words += word_bytes + 1;
	}
}

/* Minutes after midnight of "hh:mm", or -1. */
static int32_t
parse_time(const char *text)
{
	int32_t hours, minutes;

	if (strlen(text) != 5 || text[2] != ':' || strspn(text, "0123456789:") != 5 ||
	    text[0] == ':' || text[1] == ':' || text[3] == ':' || text[4] == ':')
		return -1;
	hours = (text[0] - '0') * 10 + (text[1] - '0');
	minutes = (text[3] - '0') * 10 + (text[4] - '0');
	return hours < 24 && minutes < 60 ? hours * 60 + minutes : -1;
}

/* Bits of octal "0660", or -1. */
static int64_t
parse_mode(const char *text)
{
	if (strlen(text) < 3 || strlen(text) > 4 || strspn(text, "01234567") != strlen(text))
		return -1;
	return (int64_t)strtol(text, NULL, 8);
}

/* Replace an owned text. */
static enum tg_status
set_string(char **string, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return TG_NO_MEMORY;
	free(*string);
	*string = copy;
	return TG_OK;
}

enum tg_status
config_value_set_text(struct config *config, const struct config_key *key, const char *text)
{
	int32_t choice;
	int64_t mode;

	switch (key->type) {
	case CONFIG_OF_TEXT:
		if (!is_within(key, (int64_t)strlen(text)))
			return TG_CONFIG;
		return set_string(member(config, key), text);
	case CONFIG_OF_CHOICE:
		choice = find_word(key->unit, text);
		if (choice < 0)
			return TG_CONFIG;
		*(CONFIG_C_CHOICE *)member(config, key) = choice;
		return TG_OK;
	case CONFIG_OF_TIME:
		choice = parse_time(text);
		if (choice < 0)
			return TG_CONFIG;
		*(CONFIG_C_TIME *)member(config, key) = choice;
		return TG_OK;
	case CONFIG_OF_MODE:
		mode = parse_mode(text);
		if (!is_within(key, mode))
			return TG_CONFIG;
		*(CONFIG_C_MODE *)member(config, key) = (uint32_t)mode;
		return TG_OK;
	case CONFIG_OF_INT:
	case CONFIG_OF_BOOL:
	case CONFIG_OF_LIST:
		break;
	}
	return TG_CONFIG;
}

void
config_value_clear_list(struct config *config, const struct config_key *key)
{
	CONFIG_C_LIST *list = member(config, key);

	TG_ASSERT(key->type == CONFIG_OF_LIST);
	for (uint32_t i = 0; i < list->count; i++)
		free(list->entries[i]);
	memset(list, 0, sizeof(*list));
}

enum tg_status
config_value_add_entry(struct config *config, const struct config_key *key, const char *text)
{
	CONFIG_C_LIST *list = member(config, key);
	enum tg_status status;

	TG_ASSERT(key->type == CONFIG_OF_LIST && key->high <= CONFIG_LIST_ENTRIES_MAX);
	if (list->count >= (uint64_t)key->high)
		return TG_CONFIG;
	status = set_string(&list->entries[list->count], text);
	if (status == TG_OK)
		list->count++;
	return status;
}

enum tg_status
config_value_set_default(struct config *config, const struct config_key *key)
{
	enum tg_status status;

	switch (key->type) {
	case CONFIG_OF_INT:
		status = config_value_set_int(config, key, strtoll(key->fallback, NULL, 10));
		break;
	case CONFIG_OF_BOOL:
		status = config_value_set_bool(config, key, strcmp(key->fallback, "true") == 0);
		break;
	case CONFIG_OF_LIST:
		config_value_clear_list(config, key);
		status = TG_OK;
		if (key->fallback[0] != '\0')
			status = config_value_add_entry(config, key, key->fallback);
		break;
	case CONFIG_OF_TEXT:
	case CONFIG_OF_CHOICE:
	case CONFIG_OF_TIME:
	case CONFIG_OF_MODE:
	default:
		status = config_value_set_text(config, key, key->fallback);
		break;
	}
	TG_ASSERT(status != TG_CONFIG);
	return status;
}

void
config_value_clear(struct config *config, const struct config_key *key)
{
	if (key->type == CONFIG_OF_LIST) {
		config_value_clear_list(config, key);
	} else if (key->type == CONFIG_OF_TEXT) {
		CONFIG_C_TEXT *text = member(config, key);

		free(*text);
		*text = NULL;
	}
}

static bool
is_list_equal(const CONFIG_C_LIST *a, const CONFIG_C_LIST *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		if (strcmp(a->entries[i], b->entries[i]) != 0)
			return false;
	}
	return true;
}

bool
config_value_is_equal(const struct config *a, const struct config *b, const struct config_key *key)
{
	switch (key->type) {
	case CONFIG_OF_INT:
		return VALUE(INT, a, key) == VALUE(INT, b, key);
	case CONFIG_OF_BOOL:
		return VALUE(BOOL, a, key) == VALUE(BOOL, b, key);
	case CONFIG_OF_TEXT:
		return strcmp(VALUE(TEXT, a, key), VALUE(TEXT, b, key)) == 0;
	case CONFIG_OF_CHOICE:
		return VALUE(CHOICE, a, key) == VALUE(CHOICE, b, key);
	case CONFIG_OF_TIME:
		return VALUE(TIME, a, key) == VALUE(TIME, b, key);
	case CONFIG_OF_MODE:
		return VALUE(MODE, a, key) == VALUE(MODE, b, key);
	case CONFIG_OF_LIST:
		break;
	}
	return is_list_equal(&VALUE(LIST, a, key), &VALUE(LIST, b, key));
}

enum tg_status
config_value_copy(struct config *to, const struct config *from, const struct config_key *key)
{
	const CONFIG_C_LIST *list;
	enum tg_status status = TG_OK;

	switch (key->type) {
	case CONFIG_OF_INT:
		return config_value_set_int(to, key, VALUE(INT, from, key));
	case CONFIG_OF_BOOL:
		return config_value_set_bool(to, key, VALUE(BOOL, from, key));
	case CONFIG_OF_TEXT:
		return config_value_set_text(to, key, VALUE(TEXT, from, key));
	case CONFIG_OF_CHOICE:
		*(CONFIG_C_CHOICE *)member(to, key) = VALUE(CHOICE, from, key);
		return TG_OK;
	case CONFIG_OF_TIME:
		*(CONFIG_C_TIME *)member(to, key) = VALUE(TIME, from, key);
		return TG_OK;
	case CONFIG_OF_MODE:
		*(CONFIG_C_MODE *)member(to, key) = VALUE(MODE, from, key);
		return TG_OK;
	case CONFIG_OF_LIST:
		break;
	}
	list = &VALUE(LIST, from, key);
	config_value_clear_list(to, key);
	for (uint32_t i = 0; i < list->count && status == TG_OK; i++)
		status = config_value_add_entry(to, key, list->entries[i]);
	return status;
}

/* Print a text between quotes, as libconfig reads it. */
static void
print_string(const char *text, FILE *file)
{
	fputc('"', file);
	for (const char *at = text; *at != '\0'; at++) {
		unsigned char byte = (unsigned char)*at;

		if (byte == '"' || byte == '\\')
			fprintf(file, "\\%c", byte);
		else if (byte < 0x20 || byte == 0x7f)
			fprintf(file, "\\x%02x", byte);
		else
			fputc(byte, file);
	}
	fputc('"', file);
}

/* Print the word of a CHOICE. */
static void
print_word(const char *words, int32_t index, FILE *file)
{
	while (index-- > 0)
		words += strcspn(words, "|") + 1;
	fprintf(file, "\"%.*s\"", (int)strcspn(words, "|"), words);
}

void
config_value_print(const struct config *config, const struct config_key *key, FILE *file)
{
	const CONFIG_C_LIST *list;

	switch (key->type) {
	case CONFIG_OF_INT:
		fprintf(file, "%" PRId64 "%s", VALUE(INT, config, key),
			VALUE(INT, config, key) > INT32_MAX ? "L" : "");
		break;
	case CONFIG_OF_BOOL:
		fputs(VALUE(BOOL, config, key) ? "true" : "false", file);
		break;
	case CONFIG_OF_TEXT:
		print_string(VALUE(TEXT, config, key), file);
		break;
	case CONFIG_OF_CHOICE:
		print_word(key->unit, VALUE(CHOICE, config, key), file);
		break;
	case CONFIG_OF_TIME:
		fprintf(file, "\"%02d:%02d\"", VALUE(TIME, config, key) / 60,
			VALUE(TIME, config, key) % 60);
		break;
	case CONFIG_OF_MODE:
		fprintf(file, "\"%04o\"", VALUE(MODE, config, key));
		break;
	case CONFIG_OF_LIST:
		list = &VALUE(LIST, config, key);
		fputs("[", file);
		for (uint32_t i = 0; i < list->count; i++) {
			fputs(i == 0 ? " " : ", ", file);
			print_string(list->entries[i], file);
		}
		fputs(list->count == 0 ? "]" : " ]", file);
		break;
	}
}

void
config_value_print_bounds(const struct config_key *key, FILE *file)
{
	switch (key->type) {
	case CONFIG_OF_INT:
		if (key->high == INT64_MAX)
			fprintf(file, "%" PRId64 " or more", key->low);
		else
			fprintf(file, "%" PRId64 "..%" PRId64, key->low, key->high);
		if (key->unit[0] != '\0')
			fprintf(file, " %s", key->unit);
		break;
	case CONFIG_OF_BOOL:
		fputs("true or false", file);
		break;
	case CONFIG_OF_TEXT:
		fprintf(file, "%s, %s%" PRId64 " bytes", key->unit[0] == '\0' ? "text" : key->unit,
			key->low == 0 ? "may be empty, at most " : "at most ", key->high);
		break;
	case CONFIG_OF_LIST:
		fprintf(file, "list of at most %" PRId64 " %s", key->high, key->unit);
		break;
	case CONFIG_OF_CHOICE:
		for (const char *at = key->unit; *at != '\0'; at++) {
			if (*at == '|')
				fputs(" or ", file);
			else
				fputc(*at, file);
		}
		break;
	case CONFIG_OF_TIME:
	case CONFIG_OF_MODE:
		fputs(key->unit, file);
		break;
	}
}
