/*
 * config_number.c - finds integers in a configuration text that libconfig would cut.
 *
 * Knows as much of libconfig's grammar as that needs: comments, texts, names and numbers.
 */
#include "gateway/config_number.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Skip a comment or a text that begins at text, or nothing. */
static const char *
skip_quiet(const char *text)
{
	const char *end;

	if (text[0] == '#' || (text[0] == '/' && text[1] == '/'))
		return text + strcspn(text, "\n");
	if (text[0] == '/' && text[1] == '*') {
		end = strstr(text + 2, "*/");
		return end == NULL ? text + strlen(text) : end + 2;
	}
	if (text[0] != '"')
		return text;
	for (text++; *text != '\0' && *text != '"'; text++) {
		if (text[0] == '\\' && text[1] != '\0')
			text++;
	}
	return *text == '"' ? text + 1 : text;
}

/* Is the number from text to its end one that libconfig reads as it stands? */
static bool
is_sound(const char *text, size_t bytes)
{
	char digits[32];
	char *end;
	bool is_long;
	long long value;

	if (memchr(text, '.', bytes) != NULL)
		return true; /* a float: the table has none, so its type is refused */
	if (bytes >= sizeof(digits))
		return false;
	memcpy(digits, text, bytes);
	digits[bytes] = '\0';
	errno = 0;
	value = strtoll(digits, &end, digits[0] == '0' && tolower(digits[1]) == 'x' ? 16 : 10);
	is_long = *end == 'L';
	return errno == 0 && (is_long || (value >= INT32_MIN && value <= INT32_MAX));
}

enum tg_status
config_number_check(const char *text, const char *name, struct config_error *error)
{
	unsigned line = 1;

	while (*text != '\0') {
		const char *after = skip_quiet(text);
		size_t bytes;

		if (after != text) {
			for (; text < after; text++)
				line += *text == '\n';
			continue;
		}
		if (isalpha((unsigned char)*text) || *text == '_') {
			while (isalnum((unsigned char)*text) || *text == '_' || *text == '-')
				text++;
			continue;
		}
		if (!isdigit((unsigned char)*text)) {
			line += *text++ == '\n';
			continue;
		}
		for (bytes = 0; isalnum((unsigned char)text[bytes]) || text[bytes] == '.';)
			bytes++;
		if (!is_sound(text, bytes)) {
			snprintf(error->text, sizeof(error->text),
				 "%s:%u: a number of more than 32 bits ends in L (%.*sL)", name,
				 line, (int)(bytes > 24 ? 24 : bytes), text);
			return TG_CONFIG;
		}
		text += bytes;
	}
	return TG_OK;
}

enum tg_status
config_number_check_file(const char *path, struct config_error *error)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t capacity = 0;
	ssize_t bytes;
	enum tg_status status;

	if (file == NULL) {
		snprintf(error->text, sizeof(error->text), "%s: cannot be read", path);
		return TG_CONFIG;
	}
	bytes = getdelim(&text, &capacity, '\0', file);
	if (bytes < 0)
		status = feof(file) ? TG_OK : TG_NO_MEMORY;
	else
		status = config_number_check(text, path, error);
	free(text);
	fclose(file);
	return status;
}
