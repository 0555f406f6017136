/*
 * book.c - booking, and what is told of it.
 */
#include "contrib/certify/book.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "protocol/fingerprint.h"
#include "protocol/tallygate.h"

#define POINTS_PER_AMOUNT 100

_Static_assert(BOOK_PRINT_BYTES == TG_FINGERPRINT_BYTES, "an entry keeps a fingerprint");

void
book_init(struct book *book)
{
	memset(book, 0, sizeof(*book));
}

struct book_entry *
book_find(struct book *book, const uint8_t *id)
{
	for (uint32_t i = 0; i < book->entry_count; i++) {
		if (memcmp(book->entries[i].id, id, TG_TRANSACTION_ID_BYTES) == 0)
			return &book->entries[i];
	}
	return NULL;
}

/* The member that a request names, made when it is new; when there is no more room, the last. */
static uint32_t
find_member(struct book *book, const struct tg_message *request)
{
	const struct tg_value *text = &request->values[TG_FIELD_IDENTIFIER];
	char name[sizeof(book->members[0].identifier)];
	int64_t reference = tg_message_integer(request, TG_FIELD_MEMBER, 0);

	if (reference > 0 && reference <= book->member_count)
		return (uint32_t)reference - 1;
	if (tg_message_has(request, TG_FIELD_IDENTIFIER))
		snprintf(name, sizeof(name), "%d:%.*s",
			 (int)tg_message_integer(request, TG_FIELD_IDENTIFIER_TYPE, 0),
			 (int)text->bytes, (const char *)text->data);
	else
		snprintf(name, sizeof(name), "%" PRId64, reference);
	for (uint32_t i = 0; i < book->member_count; i++) {
		if (strcmp(book->members[i].identifier, name) == 0)
			return i;
	}
	if (book->member_count == BOOK_MEMBERS_MAX)
		return BOOK_MEMBERS_MAX - 1;
	memcpy(book->members[book->member_count].identifier, name, sizeof(name));
	book->members[book->member_count].available = BOOK_POINTS_AT_FIRST;
	return book->member_count++;
}

static void
tell(const struct tg_operation_info *info, struct tg_message *answer, enum tg_field field,
     int64_t value)
{
	if (tg_field_set_has(&info->replied, field))
		tg_message_set_integer(answer, field, value);
}

/* A new entry; when there is no more room, the last again. */
static struct book_entry *
add_entry(struct book *book, const uint8_t *id)
{
	struct book_entry *entry =
		&book->entries[book->entry_count < BOOK_ENTRIES_MAX ? book->entry_count++
								    : BOOK_ENTRIES_MAX - 1];

	memset(entry, 0, sizeof(*entry));
	memcpy(entry->id, id, sizeof(entry->id));
	return entry;
}

/* Undo a transaction.  The status; *ret_points: what it changes. */
static enum tg_status
reverse(struct book *book, const struct tg_message *request, int64_t *ret_points)
{
	const uint8_t *id = request->values[TG_FIELD_ORIGINAL].data;
	struct book_entry *original = book_find(book, id);
	bool is_time_out = tg_message_integer(request, TG_FIELD_REASON, 0) == TG_REASON_TIME_OUT;

	if (original == NULL && is_time_out) {
		(void)add_entry(book, id);
		return TG_ORIGINAL_UNKNOWN;
	}
	if (original == NULL)
		return TG_UNKNOWN_ORIGINAL;
	if (original->is_reversed)
		return TG_ALREADY_REVERSED;
	original->is_reversed = true;
	*ret_points = -original->points;
	return TG_OK;
}

/* What a capture or release gives back of its hold. */
static enum tg_status
resolve(struct book *book, const struct tg_message *request, int64_t *ret_points)
{
	struct book_entry *hold = book_find(book, request->values[TG_FIELD_ORIGINAL].data);

	if (hold == NULL || hold->operation != TG_OP_HOLD)
		return TG_UNKNOWN_ORIGINAL;
	if (hold->is_reversed)
		return TG_HOLD_RELEASED;
	hold->is_reversed = true;
	*ret_points = -hold->points;
	if (request->code == TG_OP_CAPTURE)
		*ret_points -= tg_message_integer(request, TG_FIELD_POINTS, 0);
	return TG_OK;
}

/* One for one. */
static enum tg_status
exchange(const struct tg_message *request, int64_t available, int64_t *ret_points)
{
	bool is_out = tg_message_integer(request, TG_FIELD_DIRECTION, 0) == TG_DIRECTION_OUT;
	int64_t given =
		tg_message_integer(request, is_out ? TG_FIELD_POINTS : TG_FIELD_OWN_UNITS, 0);

	if (given <= 0)
		return TG_EXCHANGE_STEP;
	if (is_out && given > available)
		return TG_NO_POINTS;
	*ret_points = is_out ? -given : given;
	return TG_OK;
}

/* Decide: the status, and by how much available points change. */
static enum tg_status
decide(struct book *book, const struct tg_message *request, int64_t available, int64_t *ret_points)
{
	int64_t amount = tg_message_integer(request, TG_FIELD_AMOUNT, 0);
	int64_t points = tg_message_integer(request, TG_FIELD_POINTS, 0);

	*ret_points = 0;
	switch (request->code) {
	case TG_OP_EARN:
		*ret_points = amount / POINTS_PER_AMOUNT;
		return TG_OK;
	case TG_OP_BURN:
	case TG_OP_HOLD:
		if (points > available)
			return TG_NO_POINTS;
		*ret_points = -points;
		return TG_OK;
	case TG_OP_EXCHANGE:
		return exchange(request, available, ret_points);
	case TG_OP_REFUND:
		*ret_points = -(amount / POINTS_PER_AMOUNT);
		return TG_OK;
	case TG_OP_CAPTURE:
	case TG_OP_RELEASE:
		return resolve(book, request, ret_points);
	case TG_OP_REVERSE:
		return reverse(book, request, ret_points);
	default:
		return TG_OK;
	}
}

/* Tell what an entry is. */
static void
answer_entry(const struct book *book, const struct book_entry *entry, struct tg_message *answer)
{
	const struct tg_operation_info *info = tg_operation_info(entry->operation);
	uint64_t sequence = (uint64_t)(entry - book->entries) + 1;

	answer->code = entry->status;
	tell(info, answer, TG_FIELD_SEQUENCE, (int64_t)sequence);
	tell(info, answer, TG_FIELD_BOOKED_AT, tg_utc_ms());
	tell(info, answer, TG_FIELD_MEMBER, (int64_t)entry->member + 1);
	tell(info, answer, TG_FIELD_AVAILABLE, entry->available);
	if (entry->status != TG_OK || entry->points == 0)
		return;
	tell(info, answer, TG_FIELD_POINTS, entry->points < 0 ? -entry->points : entry->points);
	if (entry->direction != 0) {
		tell(info, answer, TG_FIELD_DIRECTION, entry->direction);
		tell(info, answer, TG_FIELD_OWN_UNITS,
		     entry->points < 0 ? -entry->points : entry->points);
	}
}

/* A transaction: booked, or known. */
static void
answer_transaction(struct book *book, const struct tg_message *request, enum tg_status decline,
		   struct tg_message *answer)
{
	const uint8_t *id = request->values[TG_FIELD_TRANSACTION_ID].data;
	struct book_entry *entry = book_find(book, id);
	uint8_t print[BOOK_PRINT_BYTES];
	uint32_t member = find_member(book, request);
	enum tg_status status;
	int64_t points = 0;

	tg_fingerprint(request, print);
	if (entry != NULL) {
		if (entry->operation == 0)
			answer->code = TG_REVERSED_BEFORE;
		else if (memcmp(entry->print, print, sizeof(print)) != 0)
			answer->code = TG_CONFLICT;
		else
			answer_entry(book, entry, answer);
		if (answer->code == entry->status && entry->operation != 0)
			tell(tg_operation_info(entry->operation), answer, TG_FIELD_REPLAY, 1);
		return;
	}
	status = decline != TG_OK
			 ? decline
			 : decide(book, request, book->members[member].available, &points);
	if (!tg_status_is_recorded(status)) {
		answer->code = (uint32_t)status;
		return;
	}
	entry = add_entry(book, id);
	memcpy(entry->print, print, sizeof(print));
	entry->operation = request->code;
	entry->status = (uint32_t)status;
	entry->member = member;
	entry->direction = (uint8_t)tg_message_integer(request, TG_FIELD_DIRECTION, 0);
	entry->points = points;
	book->members[member].available += points;
	entry->available = book->members[member].available;
	answer_entry(book, entry, answer);
}

/* What became of a transaction. */
static void
answer_status(struct book *book, const struct tg_message *request, struct tg_message *answer)
{
	const struct book_entry *entry =
		book_find(book, request->values[TG_FIELD_ORIGINAL].data);

	if (entry == NULL) {
		answer->code = TG_UNKNOWN_TRANSACTION;
		return;
	}
	tg_message_set_integer(answer, TG_FIELD_OUTCOME,
			       entry->operation == 0 ? TG_REVERSED_BEFORE : (int64_t)entry->status);
	tg_message_set_integer(answer, TG_FIELD_KIND, entry->operation);
	tg_message_set_integer(answer, TG_FIELD_STATE,
			       entry->is_reversed ? TG_STATE_REVERSED : TG_STATE_STANDING);
}

void
book_answer(struct book *book, const struct tg_message *request, enum tg_status decline,
	    struct tg_message *ret_answer)
{
	const struct tg_operation_info *info = tg_operation_info(request->code);

	tg_message_init(ret_answer, request->request_id, TG_OK);
	if (info->has_transaction_id) {
		answer_transaction(book, request, decline, ret_answer);
	} else if (request->code == TG_OP_STATUS) {
		answer_status(book, request, ret_answer);
	} else if (request->code == TG_OP_PING) {
		tg_message_set_integer(ret_answer, TG_FIELD_SERVER_TIME, tg_utc_ms());
	} else if (tg_field_set_has(&info->requested, TG_FIELD_MEMBER)) {
		uint32_t member = find_member(book, request);

		tell(info, ret_answer, TG_FIELD_MEMBER, (int64_t)member + 1);
		tell(info, ret_answer, TG_FIELD_AVAILABLE, book->members[member].available);
	}
}
