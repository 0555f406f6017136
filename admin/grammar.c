/*
 * grammar.c - reads grammars, which are short: from the front each time.
 */
#include "admin/grammar.h"

#include <string.h>

static const char more[] = "...";

bool
grammar_next(const char **at, struct grammar_word *ret_word)
{
	struct grammar_word word = { .has_more = false };

	*at += strspn(*at, " ");
	word.text = *at;
	word.bytes = strcspn(*at, " ");
	*at += word.bytes;
	if (word.bytes == 0)
		return false;
	word.is_optional = word.text[0] == '[';
	if (word.is_optional && word.bytes > 2) {
		word.text++;
		word.bytes -= 2;
	}
	if (word.bytes > strlen(more) &&
	    strncmp(word.text + word.bytes - strlen(more), more, strlen(more)) == 0) {
		word.has_more = true;
		word.bytes -= strlen(more);
	}
	*ret_word = word;
	return true;
}

/* How many bytes the alternative at text takes of bytes: to the next | that is not inside <>. */
static size_t
choice_bytes(const char *text, size_t bytes)
{
	size_t depth = 0, i;

	for (i = 0; i < bytes && (text[i] != '|' || depth > 0); i++) {
		if (text[i] == '<')
			depth++;
		else if (text[i] == '>' && depth > 0)
			depth--;
	}
	return i;
}

bool
grammar_choice(const struct grammar_word *word, size_t i, struct grammar_choice *ret_choice)
{
	const char *text = word->text;
	size_t rest = word->bytes;

	for (;;) {
		const size_t bytes = choice_bytes(text, rest);

		if (i == 0) {
			*ret_choice = (struct grammar_choice){ text, bytes, text[0] != '<' };
			return bytes > 0;
		}
		if (bytes == rest)
			return false;
		text += bytes + 1;
		rest -= bytes + 1;
		i--;
	}
}

size_t
grammar_find(const char *const *words, size_t count, const char *typed, size_t bytes)
{
	size_t found = count, begun = 0;

	for (size_t i = 0; i < count && bytes > 0; i++) {
		if (strncmp(words[i], typed, bytes) != 0)
			continue;
		if (words[i][bytes] == '\0')
			return i;
		found = i;
		begun++;
	}
	return begun == 1 ? found : count;
}
