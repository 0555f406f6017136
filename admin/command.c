/*
 * command.c - from a line to the run of a row.
 */
#include "admin/command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "admin/ask.h"
#include "admin/file_digest.h"
#include "admin/grammar.h"
#include "protocol/assert.h"

#define CHANGE_WAIT_S 1
/* What a proposal says behind a command that reads a file. */
#define WORD_DIGEST "sha256="

static const char member_argument[] = "<member>";
static const char identifier_argument[] = "<type:identifier>";
static const char command_argument[] = "<command>";
static const char file_argument[] = "<file>"; /* the first one, where there is one */
static const char filter_argument[] = "<word=value>"; /* may be member=card:... */

void
command_shared_init(struct command_shared *shared)
{
	pthread_mutex_init(&shared->change_lock, NULL);
	pthread_mutex_init(&shared->import_lock, NULL);
	atomic_init(&shared->change_waiters, 0);
	roster_init(&shared->roster);
}

void
command_shared_deinit(struct command_shared *shared)
{
	roster_deinit(&shared->roster);
	pthread_mutex_destroy(&shared->import_lock);
	pthread_mutex_destroy(&shared->change_lock);
}

bool
command_change_begin(struct command_call *call)
{
	struct command_shared *shared = call->shared;
	struct timespec until;
	bool has_it;

	/* The lock's clock: a step of it makes the wait longer or shorter, and nothing worse. */
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += CHANGE_WAIT_S;
	atomic_fetch_add(&shared->change_waiters, 1);
	has_it = pthread_mutex_timedlock(&shared->change_lock, &until) == 0;
	atomic_fetch_sub(&shared->change_waiters, 1);
	if (!has_it)
		command_fail(call, "another session is changing the configuration");
	return has_it;
}

void
command_change_end(struct command_call *call)
{
	pthread_mutex_unlock(&call->shared->change_lock);
}

const char *
command_right_name(enum command_right right)
{
	switch (right) {
	case RIGHT_VIEWER:
		return "viewer";
	case RIGHT_OPERATOR:
		return "operator";
	case RIGHT_ADMIN:
		return "admin";
	}
	TG_ASSERT(false);
}

void
command_done(struct command_call *call, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(call->result, sizeof(call->result), format, arguments) < 0)
		call->result[0] = '\0';
	va_end(arguments);
	call->is_done = true;
}

void
command_fail(struct command_call *call, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(call->result, sizeof(call->result), format, arguments) < 0)
		call->result[0] = '\0';
	va_end(arguments);
	call->is_done = false;
}

/* The word of text that begins at *at or after blanks there; *at moves behind it.  0: no more. */
static size_t
next_word(const char **at, const char **ret_word)
{
	size_t bytes;

	*at += strspn(*at, " ");
	*ret_word = *at;
	bytes = strcspn(*at, " ");
	*at += bytes;
	return bytes;
}

struct command_arity
command_arity(const char *grammar)
{
	struct command_arity arity = { 0, 0 };
	struct grammar_word word;

	while (grammar_next(&grammar, &word)) {
		arity.least += word.is_optional ? 0 : 1;
		arity.most = word.has_more ? COMMAND_WORDS_MAX : arity.most + 1;
	}
	return arity;
}

bool
command_split(char *line, const char *words[COMMAND_WORDS_MAX], uint32_t *ret_count,
	      const char **ret_why)
{
	uint32_t count = 0;
	char *to = line;

	while (*line != '\0') {
		bool is_quoted = false;

		if (*line == ' ') {
			line++;
			continue;
		}
		if (count == COMMAND_WORDS_MAX) {
			*ret_why = "too many words";
			return false;
		}
		words[count++] = to;
		for (; *line != '\0' && (is_quoted || *line != ' '); line++) {
			if (*line == '"') {
				is_quoted = !is_quoted;
				continue;
			}
			if (is_quoted && *line == '\\' && line[1] != '\0')
				line++;
			*to++ = *line;
		}
		if (is_quoted) {
			*ret_why = "a quote is open";
			return false;
		}
		line += *line == ' ' ? 1 : 0;
		*to++ = '\0';
	}
	*ret_count = count;
	return true;
}

/* Word i of a row; 0 bytes when it has fewer. */
static size_t
row_word(const struct command *row, uint32_t i, const char **ret_word)
{
	const char *at = row->words;
	size_t bytes = 0;

	for (uint32_t k = 0; k <= i; k++)
		bytes = next_word(&at, ret_word);
	return bytes;
}

enum word_match { WORD_OTHER, WORD_PREFIX, WORD_WHOLE };

static enum word_match
match_word(const struct command *row, uint32_t i, const char *typed)
{
	const char *word;
	const size_t bytes = row_word(row, i, &word);
	const size_t typed_bytes = strlen(typed);

	if (typed_bytes == 0 || typed_bytes > bytes || strncasecmp(word, typed, typed_bytes) != 0)
		return WORD_OTHER;
	return typed_bytes == bytes ? WORD_WHOLE : WORD_PREFIX;
}

/* Add word i of a row to the list in why, unless it was the last one added: rows stand together. */
static void
list_word(struct command_search *search, const struct command *row, uint32_t i)
{
	const char *word;
	const size_t bytes = row_word(row, i, &word);
	const size_t used = strlen(search->why);
	const char *last = strrchr(search->why, ' ');

	if (last != NULL && strlen(last + 1) == bytes && strncmp(last + 1, word, bytes) == 0)
		return;
	snprintf(search->why + used, sizeof(search->why) - used, " %.*s", (int)bytes, word);
}

/*
 * Narrow candidates (a flag for each row) to those whose word i is typed, whole before prefix.
 * Returns true when they all have the same word there; else why says what is wrong.
 */
static bool
narrow(bool *candidates, uint32_t i, const char *typed, struct command_search *search)
{
	enum word_match best = WORD_OTHER;
	const struct command *first = NULL;
	bool is_unique = true;

	for (uint32_t row = 0; row < command_row_count; row++) {
		const enum word_match match =
			candidates[row] ? match_word(&command_rows[row], i, typed) : WORD_OTHER;

		best = match > best ? match : best;
	}
	snprintf(search->why, sizeof(search->why), COMMAND_UNKNOWN " yet, \"%.40s\" may be",
		 typed);
	for (uint32_t row = 0; row < command_row_count; row++) {
		const struct command *command = &command_rows[row];
		const char *word, *first_word;
		size_t bytes;

		candidates[row] = candidates[row] && best != WORD_OTHER &&
				  match_word(command, i, typed) == best;
		if (!candidates[row])
			continue;
		list_word(search, command, i);
		first = first != NULL ? first : command;
		bytes = row_word(command, i, &word);
		is_unique = is_unique && bytes == row_word(first, i, &first_word) &&
			    strncmp(word, first_word, bytes) == 0;
	}
	if (best == WORD_OTHER)
		snprintf(search->why, sizeof(search->why),
			 COMMAND_UNKNOWN " \"%.40s\" here; try help", typed);
	return best != WORD_OTHER && is_unique;
}

/* The first row left, and whether it has another word. */
static const struct command *
first_candidate(const bool *candidates)
{
	for (uint32_t row = 0; row < command_row_count; row++) {
		if (candidates[row])
			return &command_rows[row];
	}
	return NULL;
}

/* Words are missing: the rows that begin as typed, which stand together. */
static void
find_family(const bool *candidates, uint32_t i, struct command_search *search)
{
	snprintf(search->why, sizeof(search->why), COMMAND_UNKNOWN " yet, more is needed:");
	search->family = first_candidate(candidates);
	for (uint32_t row = 0; row < command_row_count; row++) {
		if (!candidates[row])
			continue;
		list_word(search, &command_rows[row], i);
		search->family_count++;
	}
}

void
command_find(const char *const *words, uint32_t count, struct command_search *ret_search)
{
	bool candidates[COMMAND_ROWS_MAX];
	const char *word;

	TG_ASSERT(command_row_count <= sizeof(candidates));
	memset(candidates, true, sizeof(candidates));
	memset(ret_search, 0, sizeof(*ret_search));
	for (uint32_t i = 0; i < COMMAND_NAME_WORDS_MAX; i++) {
		const struct command *command;

		if (i == count) {
			find_family(candidates, i, ret_search);
			return;
		}
		if (!narrow(candidates, i, words[i], ret_search))
			return;
		command = first_candidate(candidates);
		if (row_word(command, i + 1, &word) == 0) {
			ret_search->command = command;
			ret_search->word_count = i + 1;
			return;
		}
	}
}

/*
 * Set an argument to the literal of its grammar that it is, or begins where there are several: a
 * single one, such as "yes", is said whole.  False: it is none of them, or may be more than one.
 */
static bool
take_literal(struct command_call *call, const struct grammar_word *word, uint32_t argument)
{
	const char *typed = call->arguments[argument];
	const size_t typed_bytes = strlen(typed);
	struct grammar_choice choice, found = { .bytes = 0 };
	uint32_t count = 0;
	size_t i;

	for (i = 0; grammar_choice(word, i, &choice); i++) {
		if (!choice.is_literal)
			return true;
		if (typed_bytes == 0 || typed_bytes > choice.bytes ||
		    strncasecmp(choice.text, typed, typed_bytes) != 0)
			continue;
		found = choice;
		count++;
		if (typed_bytes == choice.bytes) {
			count = 1;
			break;
		}
	}
	if (count != 1 || (i == 1 && typed_bytes != found.bytes) ||
	    argument >= COMMAND_LITERALS_MAX)
		return false;
	snprintf(call->literals[argument], sizeof(call->literals[argument]), "%.*s",
		 (int)found.bytes, found.text);
	call->arguments[argument] = call->literals[argument];
	return true;
}

/* Are count and fixed words of the arguments as the grammar says? */
static bool
check_arguments(struct command_call *call, const struct command *command)
{
	const struct command_arity arity = command_arity(command->arguments);
	const char *at = command->arguments;
	struct grammar_word word;
	bool is_good = call->argument_count >= arity.least && call->argument_count <= arity.most;

	for (uint32_t i = 0; is_good && i < call->argument_count && grammar_next(&at, &word); i++)
		is_good = take_literal(call, &word, i);
	if (!is_good)
		command_fail(call, "say: %s %s", command->words, command->arguments);
	return is_good;
}

/* All but the last four characters of an identifier become stars. */
static void
mask_identifier(char *text)
{
	char *from = strchr(text, ':');
	const size_t bytes = from != NULL ? strlen(from + 1) : 0;

	for (size_t i = 0; bytes > 4 && i < bytes - 4; i++)
		from[1 + i] = '*';
}

/* Could the argument not be said again as it is? */
static bool
wants_quotes(const char *argument)
{
	return argument[0] == '\0' || strpbrk(argument, " \"\\") != NULL;
}

/* Behind used, which grows; what has no room is left out. */
static void
spell_argument(const char *argument, char *text, size_t bytes, size_t *used)
{
	if (!wants_quotes(argument)) {
		*used += (size_t)snprintf(text + *used, bytes - *used, " %s", argument);
		return;
	}
	*used += (size_t)snprintf(text + *used, bytes - *used, " \"");
	for (; *argument != '\0' && *used + 3 < bytes; argument++) {
		if (*argument == '"' || *argument == '\\')
			text[(*used)++] = '\\';
		text[(*used)++] = *argument;
	}
	if (*used < bytes)
		*used += (size_t)snprintf(text + *used, bytes - *used, "\"");
}

/* May what is said with the command name a member by an identifier? */
static bool
may_identify(const struct command *command)
{
	return strstr(command->arguments, member_argument) != NULL ||
	       strstr(command->arguments, identifier_argument) != NULL ||
	       strstr(command->arguments, command_argument) != NULL ||
	       strstr(command->arguments, filter_argument) != NULL;
}

/* Spell a command out as the operator meant it: for the log, masked, and to be said again. */
static void
spell(const struct command_call *call, const struct command *command, bool is_masked, char *text,
      size_t bytes)
{
	size_t used = (size_t)snprintf(text, bytes, "%s", command->words);

	for (uint32_t i = 0; i < call->argument_count && used < bytes; i++) {
		const size_t start = used;

		spell_argument(call->arguments[i], text, bytes, &used);
		if (is_masked && start < bytes)
			mask_identifier(text + start);
	}
}

/* Tell the host what was done. */
static void
audit(struct command_call *call, const char *text)
{
	const struct host_audit audit = {
		.operator_name = call->operator_name,
		.origin = call->origin,
		.command = text,
		.result = call->is_done ? "ok" : call->result,
		.sequence = call->sequence,
	};

	call->host->audit(call->host->context, &audit);
}

/* Put the references of the members that are named in place of how they were named. */
static bool
refer_to_members(struct command_call *call, const struct command *command)
{
	const char *at = command->arguments;
	struct ledger_request request;
	struct ledger_answer answer;
	struct grammar_word word;

	for (uint32_t i = 0; i < call->argument_count && grammar_next(&at, &word); i++) {
		if (word.bytes != sizeof(member_argument) - 1 ||
		    strncmp(word.text, member_argument, word.bytes) != 0)
			continue;
		TG_ASSERT(i < COMMAND_LITERALS_MAX);
		ask_init(call, &request, REQUEST_SHOW_MEMBER);
		if (!ask_member(call, call->arguments[i], &request) ||
		    !ask_ledger(call, &request, &answer))
			return false;
		snprintf(call->literals[i], sizeof(call->literals[i]), "%" PRIu64, answer.member);
		call->arguments[i] = call->literals[i];
	}
	return true;
}

/*
 * Let another operator decide.  What is proposed is recorded, and identifiers are not: it names
 * members by reference.  A file may be another by then, so the proposal says what was in it: who
 * approves, approves that.
 */
static void
propose(struct command_call *call, const struct command *command)
{
	char digest[FILE_DIGEST_TEXT_BYTES];
	char text[COMMAND_LINE_BYTES_MAX];

	if (!refer_to_members(call, command))
		return;
	spell(call, command, false, text, sizeof(text));
	if (strstr(command->arguments, file_argument) == NULL)
		ask_proposal(call, "%s", text);
	else if (!file_digest(call->arguments[0], digest))
		command_fail(call, "nothing proposed: no file can be read by that path, which "
				   "must begin with /");
	else
		ask_proposal(call, "%s " WORD_DIGEST "%s", text, digest);
}

/* Take the digest from behind the arguments.  False: the file is not what was proposed. */
static bool
take_digest(struct command_call *call, const struct command *command)
{
	const size_t word_bytes = sizeof(WORD_DIGEST) - 1;
	char digest[FILE_DIGEST_TEXT_BYTES];
	const char *proposed;

	if (strstr(command->arguments, file_argument) == NULL || call->argument_count == 0)
		return true;
	proposed = call->arguments[--call->argument_count];
	if (strncmp(proposed, WORD_DIGEST, word_bytes) == 0 &&
	    file_digest(call->arguments[0], digest) && strcmp(proposed + word_bytes, digest) == 0)
		return true;
	command_fail(call, "%.80s is not what was proposed: propose it again", call->arguments[0]);
	return false;
}

/* Run a row for who may, or propose it where a second operator is needed. */
static void
carry_out(struct command_call *call, const struct command *command)
{
	const bool needs_second = (command->right & RIGHT_SECOND) != 0 &&
				  call->host->needs_second_for_rates && call->approves == 0;

	if (COMMAND_RIGHT(command) > call->right)
		command_fail(call, "this needs the right of %s",
			     command_right_name(COMMAND_RIGHT(command)));
	else if (!check_arguments(call, command))
		return;
	else if (needs_second)
		propose(call, command);
	else
		command->run(call);
}

static void
find_and_run(struct command_call *call, const char *const *words, uint32_t count)
{
	struct command_search search;
	char text[COMMAND_LINE_BYTES_MAX];

	command_find(words, count, &search);
	if (search.command == NULL) {
		command_fail(call, "%s", search.why);
		return;
	}
	call->argument_count = count - search.word_count;
	memcpy(call->arguments, words + search.word_count,
	       call->argument_count * sizeof(call->arguments[0]));
	spell(call, search.command, may_identify(search.command), text, sizeof(text));
	carry_out(call, search.command);
	audit(call, text);
}

void
command_run_approved(struct command_call *call, char *line)
{
	const char *words[COMMAND_WORDS_MAX];
	struct command_search search;
	uint32_t count = 0;
	const char *why = "";

	if (!command_split(line, words, &count, &why)) {
		command_fail(call, "%s", why);
		return;
	}
	command_find(words, count, &search);
	if (search.command == NULL) {
		command_fail(call, "%s", search.why);
		return;
	}
	call->argument_count = count - search.word_count;
	memcpy(call->arguments, words + search.word_count,
	       call->argument_count * sizeof(call->arguments[0]));
	if (take_digest(call, search.command))
		carry_out(call, search.command);
}

bool
command_run_look(struct command_call *call, const char *const *words, uint32_t count)
{
	struct command_search search;
	const struct command *command;

	command_find(words, count, &search);
	command = search.command;
	if (command == NULL) {
		command_fail(call, "%s", search.why);
		return false;
	}
	if (command->right != RIGHT_VIEWER ||
	    strstr(command->arguments, command_argument) != NULL ||
	    strcmp(command->words, "quit") == 0 || strcmp(command->words, "tail") == 0) {
		command_fail(call, "%s cannot be repeated", command->words);
		return false;
	}
	call->argument_count = count - search.word_count;
	memcpy(call->arguments, words + search.word_count,
	       call->argument_count * sizeof(call->arguments[0]));
	call->is_done = false;
	call->result[0] = '\0';
	if (check_arguments(call, command))
		command->run(call);
	return call->is_done;
}

void
command_run(struct command_call *call, char *line)
{
	const char *words[COMMAND_WORDS_MAX];
	uint32_t count = 0;
	const char *why = "";

	call->is_done = false;
	call->wants_close = false;
	call->sequence = 0;
	call->approves = 0;
	call->argument_count = 0;
	call->result[0] = '\0';
	if (!command_split(line, words, &count, &why))
		command_fail(call, "%s", why);
	else if (count == 0)
		command_done(call, "%s", "");
	else
		find_and_run(call, words, count);
	output_end(call->out, call->is_done ? "ok" : "error", call->result);
}
