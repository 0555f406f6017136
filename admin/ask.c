/*
 * ask.c - requests of operators.
 */
#include "admin/ask.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistr.h>

#include "protocol/message.h"

/* Copy what fits of a text into a field that is padded with zero bytes. */
static void
copy_padded(uint8_t *field, size_t bytes, const char *text)
{
	const size_t length = strnlen(text, bytes);

	memset(field, 0, bytes);
	memcpy(field, text, length);
}

void
ask_init(const struct command_call *call, struct ledger_request *request, uint8_t kind)
{
	memset(request, 0, sizeof(*request));
	request->kind = kind;
	request->till_day = DAY_NONE;
	request->approves = call->approves;
	copy_padded(request->operator_name, sizeof(request->operator_name), call->operator_name);
	copy_padded(request->origin, sizeof(request->origin), call->origin);
}

enum tg_status
ask_records(struct command_call *call, uint64_t last, ask_record_fn *fn, void *context)
{
	const struct console_host *host = call->host;
	struct record *record = malloc(sizeof(*record));
	const uint8_t *bytes;
	uint32_t count = 1;
	uint64_t next = 1;
	size_t used;
	void *reader;
	enum tg_status status = TG_NO_MEMORY;

	if (record != NULL)
		status = host->open_records(host->context, next, &reader);
	if (status != TG_OK) {
		free(record);
		return status;
	}
	while (status == TG_OK && next <= last && !call->out->is_broken) {
		status = host->next_record(host->context, reader, &bytes, &count);
		if (status != TG_OK || count == 0)
			break;
		status = record_decode(bytes, count, record, &used);
		if (status != TG_OK)
			break;
		next = record->sequence + 1;
		if (record->sequence <= last)
			status = fn(context, record);
	}
	host->close_records(host->context, reader);
	free(record);
	return status;
}

void
ask_fail(struct command_call *call, enum tg_status status)
{
	command_fail(call, "%s: %s", tg_status_name(status), tg_status_text(status));
}

bool
ask_judge(struct command_call *call, enum tg_status status, const struct ledger_answer *answer)
{
	if (status != TG_OK) {
		ask_fail(call, status);
		return false;
	}
	call->sequence = answer->sequence;
	if (answer->status == TG_OK)
		return true;
	if (answer->field == 0)
		ask_fail(call, (enum tg_status)answer->status);
	else
		command_fail(call, "%s: %s (%s)", tg_status_name((enum tg_status)answer->status),
			     tg_status_text((enum tg_status)answer->status),
			     tg_field_name(answer->field));
	return false;
}

bool
ask_ledger(struct command_call *call, const struct ledger_request *request,
	   struct ledger_answer *ret_answer)
{
	const enum tg_status status =
		call->host->submit(call->host->context, request, ret_answer);

	return ask_judge(call, status, ret_answer);
}

void
ask_proposal(struct command_call *call, const char *format, ...)
{
	char text[COMMAND_LINE_BYTES_MAX];
	struct ledger_request request;
	struct ledger_answer answer;
	va_list arguments;
	int bytes;

	va_start(arguments, format);
	bytes = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (bytes < 1 || bytes > PROPOSAL_TEXT_BYTES) {
		command_fail(call, "a command that needs a second operator has at most %d bytes",
			     PROPOSAL_TEXT_BYTES);
		return;
	}
	ask_init(call, &request, REQUEST_PROPOSE);
	request.proposal_bytes = (uint8_t)bytes;
	memcpy(request.proposal, text, (size_t)bytes);
	request.expires_in_ms = call->host->proposal_ms;
	if (ask_ledger(call, &request, &answer))
		command_done(call, "proposed: another operator may say: approve %" PRIu64,
			     answer.sequence);
}

bool
ask_look(struct command_call *call, host_ledger_fn *fn, void *argument)
{
	const enum tg_status status =
		call->host->run_on_ledger(call->host->context, fn, argument);

	if (status != TG_OK)
		ask_fail(call, status);
	return status == TG_OK;
}

bool
ask_number(struct command_call *call, const char *text, uint64_t low, uint64_t high,
	   uint64_t *ret_number)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < low ||
	    number > high) {
		command_fail(call, "\"%.40s\" is no number from %" PRIu64 " to %" PRIu64, text, low,
			     high);
		return false;
	}
	*ret_number = number;
	return true;
}

/* The word before the colon of an identifier; others are numbers. */
static bool
identifier_type(const char *word, size_t bytes, uint8_t *ret_type)
{
	static const struct {
		const char *word;
		uint8_t type;
	} types[] = { { "card", 1 }, { "phone", 2 }, { "app", 3 } };
	char *end;
	unsigned long number;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strlen(types[i].word) == bytes &&
		    strncasecmp(word, types[i].word, bytes) == 0) {
			*ret_type = types[i].type;
			return true;
		}
	}
	number = strtoul(word, &end, 10);
	*ret_type = (uint8_t)number;
	return word[0] >= '0' && word[0] <= '9' && end == word + bytes && number >= 1 &&
	       number <= UINT8_MAX;
}

bool
ask_member(struct command_call *call, const char *text, struct ledger_request *request)
{
	const char *colon = strchr(text, ':');
	uint8_t type;
	enum tg_status status;

	if (colon == NULL)
		return ask_number(call, text, 1, INT64_MAX, &request->member);
	if (!identifier_type(text, (size_t)(colon - text), &type)) {
		command_fail(call, "an identifier is card:..., phone:..., app:... or N:...");
		return false;
	}
	status = call->host->hash_identifier(call->host->context, type, colon + 1,
					     &request->identifier);
	if (status != TG_OK)
		ask_fail(call, status);
	return status == TG_OK;
}

static void
copy_programme(const struct ledger *ledger, void *argument)
{
	*(struct programme_config *)argument = *ledger_programme(ledger);
}

bool
ask_programme(struct command_call *call, struct programme_config *ret_programme)
{
	return ask_look(call, copy_programme, ret_programme);
}

static bool note(struct command_call *call, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static bool
note(struct command_call *call, const char *format, va_list arguments)
{
	struct ledger_request request;
	struct ledger_answer answer;
	char text[RECORD_TEXT_BYTES_MAX + 1];
	size_t bytes;

	if (vsnprintf(text, sizeof(text), format, arguments) < 0)
		text[0] = '\0';
	/* What was cut in the middle of a character loses it whole. */
	bytes = strlen(text);
	while (bytes > 0 && u8_check((const uint8_t *)text, bytes) != NULL)
		bytes--;
	ask_init(call, &request, REQUEST_NOTE);
	request.text_bytes = (uint8_t)bytes;
	memcpy(request.text, text, bytes);
	return ask_ledger(call, &request, &answer);
}

bool
ask_note(struct command_call *call, const char *format, ...)
{
	va_list arguments;
	bool is_good;

	va_start(arguments, format);
	is_good = note(call, format, arguments);
	va_end(arguments);
	return is_good;
}

void
ask_note_if_able(struct command_call *call, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)note(call, format, arguments);
	va_end(arguments);
}
