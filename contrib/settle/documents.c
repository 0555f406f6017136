/*
 * documents.c - a partner's statements and disputes: read, acknowledged, opened.
 */
#include "contrib/settle/documents.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "contrib/common/word.h"
#include "contrib/settle/ask.h"
#include "protocol/assert.h"

#define PATH_BYTES 4096
#define TEXT_BYTES_MAX (256u << 20) /* more than any statement has */
#define TRIES 3			    /* a list may change while it is read */

/* A text of the gateway's. */
struct text {
	char *bytes; /* owned */
	size_t byte_count;
	uint8_t digest[TG_DIGEST_BYTES]; /* of the whole, as the gateway told */
	uint8_t chain[TG_DIGEST_BYTES];	 /* of a statement */
	int64_t state;			 /* ... 0: none told */
};

static uint32_t
timeout_of(const struct settle_settings *settings)
{
	return (uint32_t)settings->identity.timeout * 1000;
}

/* Take an answer's piece.  False: the text is another one than that of the pieces before. */
static bool
take_piece(struct text *text, const struct tg_message *answer)
{
	const struct tg_value *piece = &answer->values[TG_FIELD_DOCUMENT];
	const struct tg_value *digest = &answer->values[TG_FIELD_DIGEST];

	if (text->byte_count > 0 && memcmp(text->digest, digest->data, sizeof(text->digest)) != 0)
		return false;
	memcpy(text->digest, digest->data, sizeof(text->digest));
	if (tg_message_has(answer, TG_FIELD_CHAIN))
		memcpy(text->chain, answer->values[TG_FIELD_CHAIN].data, sizeof(text->chain));
	text->state = tg_message_integer(answer, TG_FIELD_STATEMENT_STATE, 0);
	text->bytes = realloc(text->bytes, text->byte_count + piece->bytes + 1);
	TG_ASSERT(text->bytes != NULL);
	memcpy(text->bytes + text->byte_count, piece->data, piece->bytes);
	text->byte_count += piece->bytes;
	return true;
}

/* Is it all of it, as it was written? */
static bool
is_whole(const struct text *text)
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	return EVP_Digest(text->bytes, text->byte_count, digest, NULL, EVP_sha256(), NULL) == 1 &&
	       memcmp(digest, text->digest, sizeof(text->digest)) == 0;
}

/* Ask for all pieces. */
static bool
read_pieces(struct tg_client *client, struct tg_message *request, uint32_t timeout_ms,
	    struct text *text, bool *ret_is_whole, struct failure *failure)
{
	struct tg_message answer;

	*ret_is_whole = false;
	do {
		if (text->byte_count > 0)
			tg_message_set_integer(request, TG_FIELD_OFFSET,
					       (int64_t)text->byte_count);
		if (!ask_gateway(client, request, timeout_ms, &answer, failure))
			return false;
		if (!tg_message_has(&answer, TG_FIELD_DOCUMENT) ||
		    !tg_message_has(&answer, TG_FIELD_DIGEST))
			return failure_set(failure, "the gateway's answer has no text");
		if (!take_piece(text, &answer))
			return true;
		if (text->byte_count > TEXT_BYTES_MAX)
			return failure_set(failure, "the gateway's text does not end");
	} while (tg_message_integer(&answer, TG_FIELD_MORE, 0) != 0);
	*ret_is_whole = is_whole(text);
	return true;
}

/* cycle: 0 for a list. */
static bool
read_text(struct tg_client *client, enum tg_operation operation, uint32_t cycle, int64_t form,
	  uint32_t timeout_ms, struct text *text, struct failure *failure)
{
	struct tg_message request;
	bool is_read = false;

	for (int try = 0; try < TRIES && !is_read; try++) {
		free(text->bytes);
		memset(text, 0, sizeof(*text));
		tg_message_init(&request, 0, operation);
		if (cycle != 0) {
			tg_message_set_integer(&request, TG_FIELD_CYCLE, cycle);
			tg_message_set_integer(&request, TG_FIELD_FORM, form);
		}
		if (!read_pieces(client, &request, timeout_ms, text, &is_read, failure))
			return false;
	}
	return is_read || failure_set(failure, "the text changed while it was read");
}

static bool
read_cycle(const char *word, uint32_t *ret_cycle, struct failure *failure)
{
	int64_t number;

	if (!word_number(word, 1, UINT32_MAX, &number))
		return failure_set(failure, "\"%.40s\" is no number of a cycle", word);
	*ret_cycle = (uint32_t)number;
	return true;
}

enum settle_exit
documents_list(const struct settle_settings *settings, struct tg_client *client,
	       enum tg_operation operation, struct failure *failure)
{
	struct text text = { .bytes = NULL };
	const bool is_read =
		read_text(client, operation, 0, 0, timeout_of(settings), &text, failure);

	if (is_read)
		fwrite(text.bytes, 1, text.byte_count, stdout);
	free(text.bytes);
	return is_read ? SETTLE_DONE : SETTLE_UNFINISHED;
}

/* Write the file beside, make it durable, and put it into its place. */
static bool
write_file(const char *path, const struct text *text, struct failure *failure)
{
	char beside[PATH_BYTES];
	bool is_ok;
	FILE *file;

	if (snprintf(beside, sizeof(beside), "%s.part", path) >= (int)sizeof(beside))
		return failure_set(failure, "%.100s...: the path is too long", path);
	file = fopen(beside, "wbe");
	if (file == NULL)
		return failure_set_errno(failure, errno, "%s", beside);
	is_ok = fwrite(text->bytes, 1, text->byte_count, file) == text->byte_count &&
		fflush(file) == 0 && fsync(fileno(file)) == 0;
	is_ok = fclose(file) == 0 && is_ok;
	is_ok = is_ok && rename(beside, path) == 0;
	if (!is_ok) {
		failure_set_errno(failure, errno, "%s", path);
		unlink(beside);
	}
	return is_ok;
}

static const char *
state_text(int64_t state)
{
	static const char *const texts[] = { "not told", "closed", "acknowledged", "disputed",
					     "paid" };

	return state >= 1 && state <= 4 ? texts[state] : texts[0];
}

enum settle_exit
documents_fetch(const struct settle_settings *settings, struct tg_client *client,
		const char *cycle, const char *path, struct failure *failure)
{
	static const char *const forms[] = { "csv", "json", "html" };
	struct text text = { .bytes = NULL };
	enum settle_exit exit = SETTLE_DONE;
	uint32_t number = 0;
	int64_t form = TG_FORM_CSV;

	while (form <= TG_FORM_HTML && strcasecmp(settings->form, forms[form - 1]) != 0)
		form++;
	if (form > TG_FORM_HTML) {
		failure_set(failure, "--form: say csv, json or html");
		return SETTLE_USAGE;
	}
	if (!read_cycle(cycle, &number, failure))
		return SETTLE_USAGE;
	if (!read_text(client, TG_OP_STATEMENT, number, form, timeout_of(settings), &text,
		       failure) ||
	    !write_file(path, &text, failure))
		exit = SETTLE_UNFINISHED;
	else
		printf("cycle %" PRIu32 ", %zu bytes, %s\n", number, text.byte_count,
		       state_text(text.state));
	free(text.bytes);
	return exit;
}

/* The form that a file has, by how it begins. */
static int64_t
form_of(const char *path, char **ret_bytes, size_t *ret_count, struct failure *failure)
{
	FILE *file = fopen(path, "rbe");
	size_t room = 65536, count = 0, more;
	char *bytes = NULL;

	if (file == NULL) {
		failure_set_errno(failure, errno, "%s", path);
		return 0;
	}
	do {
		room *= 2;
		bytes = realloc(bytes, room);
		TG_ASSERT(bytes != NULL);
		more = fread(bytes + count, 1, room - count, file);
		count += more;
	} while (count == room && count < TEXT_BYTES_MAX);
	fclose(file);
	*ret_bytes = bytes;
	*ret_count = count;
	return count > 0 && bytes[0] == '{' ? TG_FORM_JSON :
	       count > 0 && bytes[0] == '<' ? TG_FORM_HTML :
					      TG_FORM_CSV;
}

static enum settle_exit
acknowledge(struct tg_client *client, uint32_t cycle, const struct text *text,
	    uint32_t timeout_ms, struct failure *failure)
{
	struct tg_message request, answer;

	tg_message_init(&request, 0, TG_OP_ACKNOWLEDGE);
	tg_message_set_integer(&request, TG_FIELD_CYCLE, cycle);
	tg_message_set_bytes(&request, TG_FIELD_CHAIN, text->chain, sizeof(text->chain));
	if (!ask_gateway(client, &request, timeout_ms, &answer, failure))
		return SETTLE_UNFINISHED;
	if (tg_message_has(&answer, TG_FIELD_SEQUENCE))
		printf("cycle %" PRIu32 " acknowledged as record %" PRId64 "\n", cycle,
		       answer.values[TG_FIELD_SEQUENCE].integer);
	else
		printf("cycle %" PRIu32 " was acknowledged before\n", cycle);
	return SETTLE_DONE;
}

enum settle_exit
documents_acknowledge(const struct settle_settings *settings, struct tg_client *client,
		      const char *cycle, const char *path, struct failure *failure)
{
	struct text text = { .bytes = NULL };
	enum settle_exit exit = SETTLE_UNFINISHED;
	char *own = NULL;
	size_t own_count = 0;
	uint32_t number = 0;
	int64_t form;

	if (!read_cycle(cycle, &number, failure))
		return SETTLE_USAGE;
	form = form_of(path, &own, &own_count, failure);
	if (form == 0)
		return SETTLE_BAD_FILE;
	if (read_text(client, TG_OP_STATEMENT, number, form, timeout_of(settings), &text,
		      failure)) {
		if (text.byte_count == own_count && memcmp(text.bytes, own, own_count) == 0) {
			exit = acknowledge(client, number, &text, timeout_of(settings), failure);
		} else {
			printf("%s is not the gateway's statement of cycle %" PRIu32
			       "; nothing is acknowledged\n",
			       path, number);
			exit = SETTLE_REFUSED;
		}
	}
	free(text.bytes);
	free(own);
	return exit;
}

/* A word of the protocol's list, or its number. */
static bool
read_reason(const char *word, int64_t *ret_reason, struct failure *failure)
{
	static const char *const words[] = { "duplicate",  "not_ours", "amount", "points",
					     "not_undone", "too_late", "fraud",	 "other" };

	if (word_number(word, 1, 8, ret_reason))
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(words[i], word) == 0) {
			*ret_reason = (int64_t)i + 1;
			return true;
		}
	}
	return failure_set(failure, "\"%.40s\" is none of duplicate, not_ours, amount, points, "
			   "not_undone, too_late, fraud, other", word);
}

enum settle_exit
documents_dispute(const struct settle_settings *settings, struct tg_client *client,
		  const char *transaction, const char *reason, const char *amount,
		  struct failure *failure)
{
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	struct tg_message request, answer;
	int64_t time_ms, number = 0, claimed;

	if (!word_transaction(transaction, id, &time_ms, failure) ||
	    !read_reason(reason, &number, failure))
		return SETTLE_USAGE;
	tg_message_init(&request, 0, TG_OP_DISPUTE);
	tg_message_set_bytes(&request, TG_FIELD_ORIGINAL, id, sizeof(id));
	tg_message_set_integer(&request, TG_FIELD_ORIGINAL_TIME, time_ms);
	tg_message_set_integer(&request, TG_FIELD_DISPUTE_REASON, number);
	if (amount != NULL) {
		if (!word_number(amount, 0, TG_AMOUNT_MAX, &claimed)) {
			failure_set(failure, "\"%.40s\" is no amount in minor units", amount);
			return SETTLE_USAGE;
		}
		tg_message_set_integer(&request, TG_FIELD_AMOUNT, claimed);
	}
	if (!ask_gateway(client, &request, timeout_of(settings), &answer, failure))
		return SETTLE_UNFINISHED;
	printf("dispute %" PRId64 "%s\n", tg_message_integer(&answer, TG_FIELD_SEQUENCE, 0),
	       tg_message_integer(&answer, TG_FIELD_REPLAY, 0) != 0 ? ", opened before" : "");
	return SETTLE_DONE;
}
