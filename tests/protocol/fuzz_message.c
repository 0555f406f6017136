/*
 * fuzz_message.c - bodies of every operation, field by field, in any encoding.
 *
 * An input says what to put into a message, so that none is lost to a wrong length: the first byte
 * where it stands (request, answer, item of a batch) and in which order, the second its operation,
 * then a choice for each field of the table, and the width of its encoding.  The message is written
 * twice: with the choices' widths, and as narrow as can be.  Both must be judged alike, and a
 * request that is taken says what was put into it, with one fingerprint for both.
 */
#include "tests/fuzz.h"

#include <string.h>

#include "protocol/assert.h"
#include "protocol/decode.h"
#include "protocol/fingerprint.h"
#include "protocol/rows.h"
#include "tests/protocol/wide_writer.h"

#define ROWS_MAX 3
#define PAYLOAD_BYTES_MAX (256 * 1024)

/* Bits of the first byte. */
enum {
	IS_ANSWER = 1,
	IS_ITEM = 2,
	IS_BACKWARDS = 4,
	HAS_STRANGER = 8,
};

/* What a field gets; the low bits of its byte. */
enum choice {
	CHOICE_SOUND,	/* its lower bound if it must be there, else nothing */
	CHOICE_LOW,
	CHOICE_HIGH,
	CHOICE_INSIDE,
	CHOICE_NONE,
	CHOICE_BELOW,
	CHOICE_ABOVE,
	CHOICE_OTHER_TYPE,
	CHOICE_MASK = 7,
	WIDTH_SHIFT = 3,
	WIDTH_MASK = 3,
};

/* A field as the input wants it. */
struct wish {
	uint32_t number;
	const struct tg_field_info *info; /* NULL: a stranger */
	enum choice choice;
	unsigned width;
	int64_t integer;	/* INT and BOOL */
};

struct plan {
	uint32_t how, operation;
	uint32_t wish_count;
	struct wish wishes[TG_FIELD_NUMBER_MAX + 2];
	bool is_wrong;		/* a value that no decoder may take is in it */
};

/* Bytes of the input; zeros when they are used up. */
struct choices {
	const uint8_t *at;
	size_t left;
};

static uint8_t
next(struct choices *choices)
{
	if (choices->left == 0)
		return 0;
	choices->left--;
	return *choices->at++;
}

/* The operation of an index, a number without one for the last of them. */
static uint32_t
operation_of(uint8_t index)
{
	uint32_t number = 0, count = 0;

	while ((number = tg_operation_next(number)) != 0)
		count++;
	index = (uint8_t)(index % (count + 1));
	number = tg_operation_next(0);
	while (number != 0 && index-- > 0)
		number = tg_operation_next(number);
	return number != 0 ? number : TG_FIELD_NUMBER_MAX;
}

static bool
is_integer(enum tg_type type)
{
	return type == TG_TYPE_INT || type == TG_TYPE_BOOL;
}

/* A value between the bounds, by eight bytes of the input. */
static int64_t
inside(struct choices *choices, int64_t low, int64_t high)
{
	uint64_t range = (uint64_t)high - (uint64_t)low, number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | next(choices);
	return (int64_t)((uint64_t)low + (range == UINT64_MAX ? number : number % (range + 1)));
}

/* What the choice is where these are the bounds. */
static void
set_integer(struct choices *choices, struct wish *wish, int64_t low, int64_t high)
{
	if (wish->choice == CHOICE_INSIDE)
		wish->integer = inside(choices, low, high);
	else if (wish->choice == CHOICE_BELOW)
		wish->integer = low - 1;
	else if (wish->choice == CHOICE_ABOVE)
		wish->integer = high + 1;
	else
		wish->integer = wish->choice == CHOICE_HIGH ? high : low;
}

/* The value of an INT; a bound that cannot be passed makes the wish sound again. */
static void
choose_integer(struct choices *choices, struct wish *wish)
{
	const int64_t low = wish->info->low, high = wish->info->high;

	if ((wish->choice == CHOICE_BELOW && low == INT64_MIN) ||
	    (wish->choice == CHOICE_ABOVE && high == INT64_MAX) ||
	    (wish->info->type == TG_TYPE_BOOL && wish->choice >= CHOICE_BELOW &&
	     wish->choice <= CHOICE_ABOVE))
		wish->choice = CHOICE_LOW;
	set_integer(choices, wish, low, high);
}

/* How long text, bytes or arrays are. */
static void
choose_length(struct choices *choices, struct wish *wish)
{
	const int64_t low = wish->info->low;
	const bool has_rows = wish->info->type != TG_TYPE_BIN && wish->info->type != TG_TYPE_STR;
	int64_t high = wish->info->high;

	if (wish->choice == CHOICE_BELOW && low == 0)
		wish->choice = CHOICE_LOW;
	if (has_rows && wish->choice != CHOICE_ABOVE && high > ROWS_MAX)
		high = ROWS_MAX;
	if (has_rows && wish->info->high > TG_LINES_MAX && wish->choice == CHOICE_ABOVE)
		wish->choice = CHOICE_HIGH;
	set_integer(choices, wish, low, high);
}

/* Read the choice for a field of the table; nothing is wished for where it says so. */
static void
choose(struct choices *choices, const struct tg_operation_info *operation, uint32_t number,
       struct plan *plan)
{
	const uint8_t byte = next(choices);
	const bool is_answer = (plan->how & IS_ANSWER) != 0;
	struct wish wish = { .number = number,
			     .info = tg_field_info(number),
			     .choice = (enum choice)(byte & CHOICE_MASK),
			     .width = byte >> WIDTH_SHIFT & WIDTH_MASK };

	if (wish.choice == CHOICE_SOUND)
		wish.choice = !is_answer && operation != NULL &&
					      tg_field_set_has(&operation->required,
							       (enum tg_field)number) ?
				      CHOICE_LOW :
				      CHOICE_NONE;
	if (wish.choice == CHOICE_NONE)
		return;
	if (is_integer(wish.info->type))
		choose_integer(choices, &wish);
	else
		choose_length(choices, &wish);
	plan->is_wrong |= wish.choice == CHOICE_OTHER_TYPE ||
			  (!is_answer &&
			   (wish.choice == CHOICE_BELOW || wish.choice == CHOICE_ABOVE));
	plan->wishes[plan->wish_count++] = wish;
}

static void
read_plan(const uint8_t *data, size_t data_bytes, struct plan *plan)
{
	struct choices choices = { data, data_bytes };
	const struct tg_operation_info *operation;
	const struct tg_field_set *fields;

	memset(plan, 0, sizeof(*plan));
	plan->how = next(&choices);
	plan->operation = operation_of(next(&choices));
	operation = tg_operation_info(plan->operation);
	if (operation != NULL) {
		fields = (plan->how & IS_ANSWER) != 0 ? &operation->replied : &operation->requested;
		for (uint32_t f = tg_field_set_next(fields, 0); f < TG_FIELD_COUNT;
		     f = tg_field_set_next(fields, f + 1))
			choose(&choices, operation, f, plan);
	}
	/* An item is decoded without its pre-scan here, which would find a field said twice. */
	if ((plan->how & HAS_STRANGER) != 0 && (plan->how & IS_ITEM) == 0)
		plan->wishes[plan->wish_count++] = (struct wish){ .number = next(&choices) };
}

/* Write a bound of a column, or of a field that is bytes. */
static void
write_bytes(struct wide_writer *writer, enum tg_type type, uint32_t length, unsigned width)
{
	static const char letters[TG_DOCUMENT_BYTES_MAX + 16] = "Tally";

	TG_ASSERT(length < sizeof(letters));
	if (type == TG_TYPE_STR)
		wide_str(writer, NULL, length, width);
	else
		wide_bin(writer, letters, length, width);
}

static void
write_row(struct wide_writer *writer, enum tg_type type, unsigned width)
{
	uint32_t column_count;
	const struct tg_field_info *columns = tg_type_columns(type, &column_count);

	if (type == TG_TYPE_ITEMS) {
		wide_array(writer, 2, width);
		wide_integer(writer, TG_OP_EARN, width);
		wide_map(writer, 0, width);
		return;
	}
	wide_array(writer, column_count, width);
	for (uint32_t i = 0; i < column_count; i++) {
		if (columns[i].type == TG_TYPE_INT)
			wide_integer(writer, columns[i].low, width);
		else if (columns[i].type == TG_TYPE_BOOL)
			wide_bool(writer, true);
		else
			write_bytes(writer, columns[i].type, (uint32_t)columns[i].low, width);
	}
}

static void
write_wish(struct wide_writer *writer, const struct wish *wish, unsigned width)
{
	wide_integer(writer, wish->number, width);
	if (wish->info == NULL || wish->choice == CHOICE_OTHER_TYPE) {
		if (wish->info != NULL && is_integer(wish->info->type))
			wide_bin(writer, "x", 1, width);
		else
			wide_bool(writer, true);
	} else if (wish->info->type == TG_TYPE_INT) {
		wide_integer(writer, wish->integer, width);
	} else if (wish->info->type == TG_TYPE_BOOL) {
		wide_bool(writer, wish->integer != 0);
	} else if (wish->info->type == TG_TYPE_BIN || wish->info->type == TG_TYPE_STR) {
		write_bytes(writer, wish->info->type, (uint32_t)wish->integer, width);
	} else {
		wide_array(writer, (uint32_t)wish->integer, width);
		for (int64_t i = 0; i < wish->integer; i++)
			write_row(writer, wish->info->type, width);
	}
}

/* Returns the payload's length.  is_wide: by the choices; else narrow, in the table's order. */
static size_t
write_payload(const struct plan *plan, bool is_wide, uint8_t *payload)
{
	struct wide_writer writer = { .base = payload, .capacity_bytes = PAYLOAD_BYTES_MAX };
	const uint32_t count = plan->wish_count;
	const unsigned width = is_wide && count > 0 ? plan->wishes[0].width : 0;

	if ((plan->how & IS_ITEM) != 0) {
		wide_array(&writer, 2, width);
	} else {
		wide_array(&writer, 3, width);
		wide_integer(&writer, 7, width);
	}
	wide_integer(&writer, plan->operation, width);
	wide_map(&writer, count, width);
	for (uint32_t i = 0; i < count; i++) {
		const bool is_backwards = is_wide && (plan->how & IS_BACKWARDS) != 0;
		const struct wish *wish = &plan->wishes[is_backwards ? count - 1 - i : i];

		write_wish(&writer, wish, is_wide ? wish->width : 0);
	}
	TG_ASSERT(writer.used_bytes <= PAYLOAD_BYTES_MAX);
	return writer.used_bytes;
}

static enum tg_status
decode(const struct plan *plan, const uint8_t *payload, size_t bytes, struct tg_message *message,
       uint32_t *ret_field)
{
	const struct tg_cursor item = { payload, payload + bytes };
	const bool is_answer = (plan->how & IS_ANSWER) != 0;

	if ((plan->how & IS_ITEM) == 0)
		return is_answer ? tg_decode_answer(payload, bytes, message, ret_field) :
				   tg_decode_request(payload, bytes, message, ret_field);
	return is_answer ? tg_decode_item_answer(item, message, ret_field) :
			   tg_decode_item_request(item, message, ret_field);
}

/* What was decoded is what was put in. */
static void
check_values(const struct plan *plan, const struct tg_message *message)
{
	for (uint32_t i = 0; i < plan->wish_count; i++) {
		const struct wish *wish = &plan->wishes[i];
		const struct tg_value *value = &message->values[wish->number % TG_FIELD_COUNT];

		if (wish->info == NULL)
			continue;
		TG_ASSERT(tg_message_has(message, (enum tg_field)wish->number));
		if (is_integer(wish->info->type))
			TG_ASSERT(value->integer == wish->integer);
		else if (wish->info->type == TG_TYPE_BIN || wish->info->type == TG_TYPE_STR)
			TG_ASSERT(value->bytes == wish->integer);
		else
			TG_ASSERT(value->count == wish->integer);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	static uint8_t wide[PAYLOAD_BYTES_MAX], narrow[PAYLOAD_BYTES_MAX];
	static struct tg_message message, same;
	uint8_t print[TG_FINGERPRINT_BYTES], same_print[TG_FINGERPRINT_BYTES];
	uint32_t field, same_field;
	enum tg_status status, same_status;
	struct plan plan;

	read_plan(data, data_bytes, &plan);
	status = decode(&plan, wide, write_payload(&plan, true, wide), &message, &field);
	same_status = decode(&plan, narrow, write_payload(&plan, false, narrow), &same,
			     &same_field);
	TG_ASSERT((status == TG_OK) == (same_status == TG_OK));
	if ((plan.how & IS_BACKWARDS) == 0)
		TG_ASSERT(status == same_status && field == same_field);
	if (plan.is_wrong)
		TG_ASSERT(status != TG_OK);
	if (status != TG_OK)
		return 0;
	check_values(&plan, &message);
	check_values(&plan, &same);
	if ((plan.how & IS_ANSWER) == 0) {
		tg_fingerprint(&message, print);
		tg_fingerprint(&same, same_print);
		TG_ASSERT(memcmp(print, same_print, sizeof(print)) == 0);
	}
	return 0;
}

/* Every operation in every place, with each choice for all of its fields. */
void
fuzz_seeds(const struct fuzz_sink *sink)
{
	uint8_t seed[2 + TG_FIELD_COUNT];

	for (uint8_t how = 0; how <= (IS_ANSWER | IS_ITEM | IS_BACKWARDS); how++) {
		for (uint8_t index = 0; index == 0 || operation_of(index) != operation_of(0);
		     index++) {
			for (uint8_t choice = 0; choice <= CHOICE_MASK; choice++) {
				seed[0] = how;
				seed[1] = index;
				memset(seed + 2, choice | (how & WIDTH_MASK) << WIDTH_SHIFT,
				       sizeof(seed) - 2);
				sink->seed(sink->context, seed,
					   choice == 0 ? 2 : sizeof(seed));
			}
		}
	}
}
