/*
 * completion.c - follows the words of a line through the table, as the console itself does.
 */
#include "admin/completion.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/grammar.h"

#define WORDS_MAX 32
#define ROWS_MAX 256

/* The words of a line; the last one is under way, and may be empty. */
struct typed {
	struct {
		const char *text;
		size_t bytes;
	} words[WORDS_MAX];
	size_t count;
};

bool
completion_init(struct completion *completion)
{
	completion->rows = json_array();
	return completion->rows != NULL;
}

void
completion_deinit(struct completion *completion)
{
	json_decref(completion->rows);
	completion->rows = NULL;
}

void
completion_take(struct completion *completion, const char *line)
{
	json_t *row = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_string(json_object_get(row, "command")) &&
	    json_array_size(completion->rows) < ROWS_MAX)
		(void)json_array_append(completion->rows, row);
	json_decref(row);
}

/* Cut at blanks.  A word in quotes is a value, which is not completed.  False: nothing to do. */
static bool
split(const char *line, size_t bytes, struct typed *typed)
{
	size_t at = 0;

	typed->count = 0;
	if (memchr(line, '"', bytes) != NULL)
		return false;
	for (;;) {
		const size_t start = at;

		if (typed->count == WORDS_MAX)
			return false;
		while (at < bytes && line[at] != ' ')
			at++;
		if (at > start || at == bytes) {
			typed->words[typed->count].text = line + start;
			typed->words[typed->count++].bytes = at - start;
		}
		if (at == bytes)
			return true;
		at++;
	}
}

/* Word i of a command's words.  False: it has fewer. */
static bool
row_word(const json_t *row, size_t i, struct grammar_word *ret_word)
{
	const char *at = json_string_value(json_object_get(row, "command"));

	do {
		if (!grammar_next(&at, ret_word))
			return false;
	} while (i-- > 0);
	return true;
}

static bool
begins(const char *text, size_t bytes, const struct typed *typed, size_t i)
{
	return typed->words[i].bytes <= bytes &&
	       strncasecmp(text, typed->words[i].text, typed->words[i].bytes) == 0;
}

/* A choice, once; those that are too long to be kept are left out. */
static void
add(struct completion_answer *answer, const char *text, size_t bytes)
{
	if (bytes >= COMPLETION_WORD_BYTES || answer->count == COMPLETION_CHOICES_MAX)
		return;
	for (uint32_t i = 0; i < answer->count; i++) {
		if (strlen(answer->words[i]) == bytes &&
		    strncmp(answer->words[i], text, bytes) == 0)
			return;
	}
	snprintf(answer->words[answer->count++], COMPLETION_WORD_BYTES, "%.*s", (int)bytes, text);
}

/*
 * Keep the rows whose word i is typed there, whole before shortened.  False: none, or they do not
 * agree on a word.
 */
static bool
narrow(const json_t **rows, size_t *count, const struct typed *typed, size_t first, size_t i)
{
	struct grammar_word word, agreed = { .bytes = 0 };
	bool has_whole = false;
	size_t kept = 0;

	for (size_t k = 0; k < *count; k++)
		has_whole = has_whole || (row_word(rows[k], i, &word) &&
					  word.bytes == typed->words[first + i].bytes &&
					  begins(word.text, word.bytes, typed, first + i));
	for (size_t k = 0; k < *count; k++) {
		if (!row_word(rows[k], i, &word) ||
		    !begins(word.text, word.bytes, typed, first + i) ||
		    (has_whole && word.bytes != typed->words[first + i].bytes))
			continue;
		if (kept > 0 && (agreed.bytes != word.bytes ||
				 strncmp(agreed.text, word.text, word.bytes) != 0))
			return false;
		agreed = word;
		rows[kept++] = rows[k];
	}
	*count = kept;
	return kept > 0;
}

/* What one thing that an argument may begin with gives. */
static void
take_choice(const char *choice, const struct typed *typed, struct completion_answer *answer)
{
	if (strcmp(choice, "<file>") == 0)
		answer->is_file = true;
	if (choice[0] == '<')
		snprintf(answer->hint, sizeof(answer->hint), "%s", choice);
	else if (begins(choice, strlen(choice), typed, typed->count - 1))
		add(answer, choice, strlen(choice));
}

static void find(const struct completion *completion, const struct typed *typed, size_t first,
		 struct completion_answer *answer);

/* The last word is an argument of this command, whose arguments begin at word first. */
static void
find_argument(const struct completion *completion, const json_t *row, const struct typed *typed,
	      size_t first, struct completion_answer *answer)
{
	const json_t *all = json_object_get(row, "choices");
	const bool has_more = json_is_true(json_object_get(row, "has_more"));
	const size_t last = json_array_size(all);

	for (size_t word = first; word < typed->count; word++) {
		const size_t argument = word - first;
		const json_t *choices = json_array_get(
			all, argument >= last && has_more ? last - 1 : argument);

		for (size_t i = 0; i < json_array_size(choices); i++) {
			const char *choice = json_string_value(json_array_get(choices, i));

			if (choice != NULL && strcmp(choice, "<command>") == 0) {
				find(completion, typed, word, answer);
				return;
			}
			if (choice != NULL && word == typed->count - 1)
				take_choice(choice, typed, answer);
		}
	}
}

/* The words from first on are a command, as far as they go. */
static void
find(const struct completion *completion, const struct typed *typed, size_t first,
     struct completion_answer *answer)
{
	const json_t *rows[ROWS_MAX];
	struct grammar_word word;
	size_t count = json_array_size(completion->rows);

	for (size_t i = 0; i < count; i++)
		rows[i] = json_array_get(completion->rows, i);
	for (size_t i = 0; count > 0 && first + i < typed->count; i++) {
		if (!row_word(rows[0], i, &word)) {
			find_argument(completion, rows[0], typed, first + i, answer);
			return;
		}
		if (first + i < typed->count - 1) {
			if (!narrow(rows, &count, typed, first, i))
				return;
			continue;
		}
		for (size_t k = 0; k < count; k++) {
			if (row_word(rows[k], i, &word) &&
			    begins(word.text, word.bytes, typed, first + i))
				add(answer, word.text, word.bytes);
		}
	}
}

void
completion_find(const struct completion *completion, const char *line, size_t bytes,
		struct completion_answer *ret_answer)
{
	struct typed typed;

	memset(ret_answer, 0, sizeof(*ret_answer));
	if (!split(line, bytes, &typed))
		return;
	ret_answer->typed_bytes = typed.words[typed.count - 1].bytes;
	find(completion, &typed, 0, ret_answer);
}
