/*
 * order.c - what the person at the keyboard asks for, made a request.
 */
#include "contrib/tally/order.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "contrib/common/day.h"
#include "contrib/common/word.h"
#include "protocol/assert.h"

#define WORDS_MAX 4

static const struct command {
	const char *word;
	enum tg_operation operation;
	const char *words; /* that follow */
	const char *help;
} commands[] = {
#define COMMAND_ROW(word, operation, words, help) { #word, TG_OP_##operation, words, help },
	COMMAND_LIST(COMMAND_ROW)
#undef COMMAND_ROW
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* Words for numbers of a field. */
static const struct {
	enum tg_field field;
	const char *word;
	int64_t number;
} named_values[] = {
	{ TG_FIELD_REASON, "timeout", TG_REASON_TIME_OUT },
	{ TG_FIELD_REASON, "voided", TG_REASON_VOIDED },
	{ TG_FIELD_REASON, "returned", TG_REASON_RETURNED },
	{ TG_FIELD_REASON, "other", TG_REASON_OTHER },
	{ TG_FIELD_SCOPE, "terminal", TG_SCOPE_TERMINAL },
	{ TG_FIELD_SCOPE, "store", TG_SCOPE_STORE },
	{ TG_FIELD_SCOPE, "partner", TG_SCOPE_PARTNER },
	{ TG_FIELD_BASIS, "business", TG_BASIS_BUSINESS_DATE },
	{ TG_FIELD_BASIS, "till", TG_BASIS_TILL_DAY },
};

static bool
take_member(struct order *order, const char *text, struct failure *failure)
{
	return word_member(text, &order->request, failure);
}

/* The identifier to link or unlink; of ENROLL, the first. */
static bool
take_identifier(struct order *order, const char *text, struct failure *failure)
{
	bool is_first = order->operation == TG_OP_ENROLL &&
			!tg_message_has(&order->request, TG_FIELD_IDENTIFIER);
	const char *identifier;
	int64_t type;

	if (!word_identifier(text, &type, &identifier, failure))
		return false;
	tg_message_set_integer(&order->request,
			       is_first ? TG_FIELD_IDENTIFIER_TYPE : TG_FIELD_NEW_TYPE, type);
	tg_message_set_text(&order->request,
			    is_first ? TG_FIELD_IDENTIFIER : TG_FIELD_NEW_IDENTIFIER, identifier);
	return true;
}

static bool
take_transaction(struct order *order, const char *text, struct failure *failure)
{
	int64_t time_ms;

	if (!word_transaction(text, order->room.original, &time_ms, failure))
		return false;
	tg_message_set_bytes(&order->request, TG_FIELD_ORIGINAL, order->room.original,
			     TG_TRANSACTION_ID_BYTES);
	tg_message_set_integer(&order->request, TG_FIELD_ORIGINAL_TIME, time_ms);
	return true;
}

/* A number into a field; what: for the reason of a failure. */
static bool
take_number(struct order *order, const char *text, enum tg_field field, const char *what,
	    struct failure *failure)
{
	int64_t number;

	if (!word_number(text, 0, TG_AMOUNT_MAX, &number))
		return failure_set(failure, "\"%s\": %s is a whole number up to %" PRId64, text,
				   what, TG_AMOUNT_MAX);
	tg_message_set_integer(&order->request, field, number);
	return true;
}

static bool
take_direction(struct order *order, const char *text, struct failure *failure)
{
	const bool is_in = strcasecmp(text, "in") == 0;

	if (!is_in && strcasecmp(text, "out") != 0)
		return failure_set(failure, "\"%s\": own currency comes in, or goes out", text);
	tg_message_set_integer(&order->request, TG_FIELD_DIRECTION,
			       is_in ? TG_DIRECTION_IN : TG_DIRECTION_OUT);
	return true;
}

/* What is exchanged: own units in, points out. */
static bool
take_given(struct order *order, const char *text, struct failure *failure)
{
	if (order->request.values[TG_FIELD_DIRECTION].integer == TG_DIRECTION_IN)
		return take_number(order, text, TG_FIELD_OWN_UNITS,
				   "a number of the partner's own units", failure);
	return take_number(order, text, TG_FIELD_POINTS, "a number of points", failure);
}

static bool
take_quoted(struct order *order, const char *text, struct failure *failure)
{
	const bool is_earn = strcasecmp(text, "earn") == 0;
	enum tg_operation quoted = is_earn ? TG_OP_EARN : TG_OP_BURN;

	if (!is_earn && strcasecmp(text, "burn") != 0) {
		if (!take_direction(order, text, failure))
			return failure_set(failure, "\"%s\": earn, burn, in or out is quoted",
					   text);
		quoted = TG_OP_EXCHANGE;
	}
	tg_message_set_integer(&order->request, TG_FIELD_QUOTED_OPERATION, quoted);
	return true;
}

/* How much of what is quoted. */
static bool
take_quoted_number(struct order *order, const char *text, struct failure *failure)
{
	switch (order->request.values[TG_FIELD_QUOTED_OPERATION].integer) {
	case TG_OP_EARN:
		return take_number(order, text, TG_FIELD_AMOUNT, "an amount, in minor units,",
				   failure);
	case TG_OP_EXCHANGE:
		return take_given(order, text, failure);
	default:
		return take_number(order, text, TG_FIELD_POINTS, "a number of points", failure);
	}
}

static bool
take_day(struct order *order, const char *text, struct failure *failure)
{
	int32_t day;

	if (!day_parse(text, &day))
		return failure_set(failure, "\"%s\" is no day as in 1997-01-31", text);
	tg_message_set_integer(&order->request, TG_FIELD_DAY, day);
	return true;
}

/* Take one word of a command; kind: what stands in its row of the list. */
static bool
take_word(struct order *order, const char *kind, const char *text, struct failure *failure)
{
	if (strcmp(kind, "MEMBER") == 0)
		return take_member(order, text, failure);
	if (strcmp(kind, "IDENTIFIER") == 0)
		return take_identifier(order, text, failure);
	if (strcmp(kind, "TRANSACTION") == 0)
		return take_transaction(order, text, failure);
	if (strcmp(kind, "AMOUNT") == 0)
		return take_number(order, text, TG_FIELD_AMOUNT, "an amount, in minor units,",
				   failure);
	if (strcmp(kind, "POINTS") == 0)
		return take_number(order, text, TG_FIELD_POINTS, "a number of points", failure);
	if (strcmp(kind, "EARN|BURN|IN|OUT") == 0)
		return take_quoted(order, text, failure);
	if (strcmp(kind, "IN|OUT") == 0)
		return take_direction(order, text, failure);
	if (strcmp(kind, "GIVEN") == 0)
		return take_given(order, text, failure);
	if (strcmp(kind, "DAY") == 0)
		return take_day(order, text, failure);
	TG_ASSERT(strcmp(kind, "NUMBER") == 0);
	return take_quoted_number(order, text, failure);
}

/* Take all words of a command. */
static bool
take_words(struct order *order, const struct command *command, int count, char *const words[],
	   struct failure *failure)
{
	char kinds[64], *rest = kinds, *kind;
	int taken = 0;

	snprintf(kinds, sizeof(kinds), "%s", command->words);
	while ((kind = strsep(&rest, " ")) != NULL && kind[0] != '\0') {
		bool may_lack = kind[0] == '[';

		kind += may_lack;
		kind[strcspn(kind, "]")] = '\0';
		if (taken == count && may_lack)
			break;
		if (taken == count)
			return failure_set(failure, "%s: %s is missing; %s %s", command->word, kind,
					   command->word, command->words);
		if (!take_word(order, kind, words[taken++], failure))
			return false;
	}
	if (taken < count)
		return failure_set(failure, "%s: \"%s\" is too much; %s %s", command->word,
				   words[taken], command->word, command->words);
	return true;
}

/* Read the lines of a receipt. */
static bool
take_lines(struct order *order, const struct setting_lines *lines, struct failure *failure)
{
	struct tg_line parsed[SETTINGS_LINES_MAX];
	struct tg_writer writer;

	for (uint32_t i = 0; i < lines->count; i++) {
		const char *text = lines->texts[i];
		int64_t numbers[3];
		size_t item_bytes = strcspn(text, ":");
		char copy[128], *rest = copy;

		snprintf(copy, sizeof(copy), "%s", text + item_bytes);
		rest += copy[0] == ':';
		for (int k = 0; k < 3; k++) {
			const char *part = strsep(&rest, ":");
			int64_t low = k == 2 ? -TG_AMOUNT_MAX : 0;
			int64_t high = k == 0	? UINT32_MAX
				       : k == 1 ? UINT32_MAX / 1000
						: TG_AMOUNT_MAX;

			if (part == NULL || !word_number(part, low, high, &numbers[k]) ||
			    (k == 2 && rest != NULL) || item_bytes > TG_ITEM_BYTES_MAX)
				return failure_set(failure,
						   "--line: \"%s\" is not ITEM:CATEGORY:PIECES:"
						   "AMOUNT",
						   text);
		}
		parsed[i] = (struct tg_line){ .item = text,
					      .item_bytes = (uint32_t)item_bytes,
					      .category = (uint32_t)numbers[0],
					      .quantity = (uint32_t)numbers[1] * 1000,
					      .amount = numbers[2] };
	}
	tg_writer_init(&writer, order->room.lines, sizeof(order->room.lines));
	if (!tg_lines_write(&writer, parsed, lines->count, &order->request))
		return failure_set(failure, "--line: too many lines");
	return true;
}

/* A text that stands for a number, or that is the field. */
static bool
take_text_setting(struct order *order, const struct setting_field *setting, struct failure *failure)
{
	const char *text = *(const char *const *)setting->value;
	bool is_named = false;
	int64_t time_ms;

	if (setting->field == TG_FIELD_NEW_IDENTIFIER)
		return take_identifier(order, text, failure);
	if (setting->field == TG_FIELD_ORIGINAL_BURN) {
		if (!word_transaction(text, order->room.original_burn, &time_ms, failure))
			return false;
		tg_message_set_bytes(&order->request, TG_FIELD_ORIGINAL_BURN,
				     order->room.original_burn, TG_TRANSACTION_ID_BYTES);
		return true;
	}
	for (size_t i = 0; i < sizeof(named_values) / sizeof(named_values[0]); i++) {
		if (named_values[i].field != setting->field)
			continue;
		is_named = true;
		if (strcasecmp(named_values[i].word, text) == 0) {
			tg_message_set_integer(&order->request, setting->field,
					       named_values[i].number);
			return true;
		}
	}
	if (is_named)
		return failure_set(failure, "--%s: \"%s\" is none of its words", setting->name,
				   text);
	tg_message_set_text(&order->request, setting->field, text);
	return true;
}

/* Put the settings that are about the request into it. */
static bool
take_settings(struct order *order, const struct settings *settings, struct failure *failure)
{
	const struct tg_operation_info *info = tg_operation_info(order->operation);
	struct setting_field setting;

	for (uint32_t i = 0; settings_nth_field(&tally_settings, settings, i, &setting); i++) {
		bool is_ok = true;

		if (!tg_field_set_has(&info->requested, setting.field))
			return failure_set(failure, "--%s has no meaning for this command",
					   setting.name);
		if (tg_message_has(&order->request, setting.field))
			return failure_set(failure, "--%s is said already by the command's words",
					   setting.name);
		if (setting.kind == SETTING_TEXT)
			is_ok = take_text_setting(order, &setting, failure);
		else if (setting.kind == SETTING_LINES)
			is_ok = take_lines(order, setting.value, failure);
		else if (setting.kind == SETTING_FLAG)
			tg_message_set_integer(&order->request, setting.field, 1);
		else
			tg_message_set_integer(&order->request, setting.field,
					       *(const int64_t *)setting.value);
		if (!is_ok)
			return false;
	}
	return true;
}

/* What is needed and was not said. */
static void
set_defaults(struct order *order)
{
	struct tg_message *request = &order->request;

	if (order->operation == TG_OP_REVERSE && !tg_message_has(request, TG_FIELD_REASON))
		tg_message_set_integer(request, TG_FIELD_REASON, TG_REASON_VOIDED);
	if (order->operation != TG_OP_TOTALS)
		return;
	if (!tg_message_has(request, TG_FIELD_BASIS))
		tg_message_set_integer(request, TG_FIELD_BASIS, TG_BASIS_BUSINESS_DATE);
	if (!tg_message_has(request, TG_FIELD_SCOPE))
		tg_message_set_integer(request, TG_FIELD_SCOPE, TG_SCOPE_TERMINAL);
}

bool
order_read(struct order *order, int word_count, char *const words[],
	   const struct settings *settings, struct failure *failure)
{
	const struct command *command = NULL;

	memset(order, 0, sizeof(*order));
	if (word_count == 0)
		return failure_set(failure, "a command is missing");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcasecmp(commands[i].word, words[0]) == 0)
			command = &commands[i];
	if (command == NULL)
		return failure_set(failure, "there is no command \"%s\"", words[0]);
	order->operation = command->operation;
	order->is_transaction = tg_operation_info(command->operation)->has_transaction_id;
	order->time_ms = settings->time;
	tg_message_init(&order->request, 0, (uint32_t)command->operation);
	if (!take_words(order, command, word_count - 1, words + 1, failure) ||
	    !take_settings(order, settings, failure))
		return false;
	set_defaults(order);
	if (settings->id == NULL)
		return true;
	if (!order->is_transaction)
		return failure_set(failure, "--id has no meaning for %s", command->word);
	if (settings->time != -1)
		return failure_set(failure, "--id says the time already; leave --time out");
	order->is_repeat = true;
	return word_transaction(settings->id, order->room.transaction_id, &order->time_ms, failure);
}

bool
order_finish(struct order *order, int64_t now_ms, int32_t day, struct failure *failure)
{
	struct transaction_ids ids;

	if (order->time_ms == -1)
		order->time_ms = now_ms;
	if ((order->operation == TG_OP_TOTALS || order->operation == TG_OP_ENTRIES) &&
	    !tg_message_has(&order->request, TG_FIELD_DAY)) {
		if (day < 0)
			return failure_set(failure,
					   "the gateway tells no business date; say a DAY");
		tg_message_set_integer(&order->request, TG_FIELD_DAY, day);
	}
	if (!order->is_transaction)
		return true;
	if (order->is_repeat) {
		tg_message_set_integer(&order->request, TG_FIELD_REPEAT, 1);
	} else {
		if (!transaction_ids_init(&ids))
			return failure_set(failure, "the system gives no random bytes");
		transaction_ids_next(&ids, order->room.transaction_id);
	}
	tg_message_set_bytes(&order->request, TG_FIELD_TRANSACTION_ID, order->room.transaction_id,
			     TG_TRANSACTION_ID_BYTES);
	tg_message_set_integer(&order->request, TG_FIELD_BUSINESS_TIME, order->time_ms);
	return true;
}

void
order_token(const struct order *order, char ret_text[ORDER_TOKEN_BYTES])
{
	char id[TRANSACTION_ID_TEXT_BYTES];

	transaction_id_format(order->room.transaction_id, id);
	snprintf(ret_text, ORDER_TOKEN_BYTES, "%s@%" PRId64, id, order->time_ms);
}

void
order_help(FILE *file)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(file, "  %-8s%-27s%s\n", commands[i].word, commands[i].words,
			commands[i].help);
}
