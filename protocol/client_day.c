/*
 * client_day.c - the end of a day: totals, and then the parts that differ, down to transactions.
 *
 * Items are sorted by hour, kind and place once; so every part that the gateway may tell of is a
 * range of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocol/assert.h"
#include "protocol/client_internal.h"
#include "protocol/day.h"
#include "protocol/tallygate.h"

/* An item and where it lies. */
struct placed {
	uint32_t hour;
	uint32_t kind;
	uint8_t place[TG_PREFIX_BYTES_MAX];
	const struct tg_proof_item *item;
	bool is_there; /* the gateway has told of it */
};

/* A range of them. */
struct range {
	struct placed *first;
	uint32_t count;
};

struct proving {
	const struct tg_day *day;
	const struct tg_day_callbacks *callbacks;
	struct tg_day_result *result;
	struct placed *placed;	 /* owned */
	int64_t booked_sequence; /* when the archive was first asked */
};

/* A question's answer in parts: kept, as its bytes live until the next question. */
struct parts {
	uint32_t count;
	struct tg_bucket buckets[TG_BUCKETS_MAX];
};

static int
compare_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->hour != y->hour)
		return x->hour < y->hour ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return memcmp(x->place, y->place, sizeof(x->place));
}

static enum tg_status
sort_items(struct proving *proving)
{
	const struct tg_day *day = proving->day;

	proving->placed = calloc((size_t)day->item_count + 1, sizeof(*proving->placed));
	if (proving->placed == NULL)
		return TG_NO_MEMORY;
	for (uint32_t i = 0; i < day->item_count; i++) {
		struct placed *placed = &proving->placed[i];

		placed->item = &day->items[i];
		placed->hour = tg_proof_hour(placed->item->business_time_utc_ms);
		placed->kind = placed->item->kind;
		tg_proof_place(placed->item->id, placed->place);
	}
	qsort(proving->placed, day->item_count, sizeof(*proving->placed), compare_placed);
	return TG_OK;
}

void
tg_day_digest(const struct tg_day *day, uint8_t ret_digest[TG_DIGEST_BYTES])
{
	memset(ret_digest, 0, TG_DIGEST_BYTES);
	for (uint32_t i = 0; i < day->item_count; i++)
		tg_proof_add(ret_digest, &day->items[i]);
}

/* Begin a question about the day. */
static void
begin_question(const struct proving *proving, enum tg_operation operation,
	       struct tg_message *request)
{
	const struct tg_day *day = proving->day;

	tg_message_init(request, 0, operation);
	tg_message_set_integer(request, TG_FIELD_DAY, day->day);
	tg_message_set_integer(request, TG_FIELD_BASIS, day->basis);
	tg_message_set_integer(request, TG_FIELD_SCOPE, day->scope);
	if (day->store != 0)
		tg_message_set_integer(request, TG_FIELD_STORE, day->store);
	if (day->terminal != 0)
		tg_message_set_integer(request, TG_FIELD_TERMINAL, day->terminal);
}

static enum tg_status
ask(struct proving *proving, const struct tg_message *request, struct tg_message *ret_answer)
{
	proving->result->question_count++;
	return proving->callbacks->ask(proving->callbacks->context, request, ret_answer);
}

static void
tell(struct proving *proving, enum tg_difference difference, const struct tg_proof_item *here,
     const struct tg_history *there)
{
	proving->result->difference_count++;
	proving->callbacks->on_difference(proving->callbacks->context, difference, here, there);
}

/* What the day's items come to, by kind. */
static uint32_t
sum_items(const struct tg_day *day, struct tg_total totals[TG_PROOF_KINDS])
{
	uint32_t count = 0;

	for (uint32_t k = 0; k < TG_PROOF_KINDS; k++) {
		struct tg_total total = { .kind = tg_proof_kinds[k] };

		for (uint32_t i = 0; i < day->item_count; i++) {
			if (day->items[i].kind != total.kind)
				continue;
			total.count++;
			total.points += day->items[i].points;
			total.amount += day->items[i].amount;
		}
		if (total.count > 0)
			totals[count++] = total;
	}
	return count;
}

static enum tg_status
compare_totals(struct proving *proving)
{
	struct tg_total totals[TG_PROOF_KINDS];
	const uint32_t count = sum_items(proving->day, totals);
	uint8_t bytes[TG_PROOF_KINDS * 64];
	struct tg_message request, answer;
	struct tg_writer writer;
	enum tg_status status;
	bool is_written;

	begin_question(proving, TG_OP_DAY_END, &request);
	tg_writer_init(&writer, bytes, sizeof(bytes));
	is_written = tg_claimed_write(&writer, totals, count, &request);
	TG_ASSERT(is_written);
	status = ask(proving, &request, &answer);
	if (status != TG_OK)
		return status;
	if (!tg_message_has(&answer, TG_FIELD_RESULT))
		return TG_BAD_FRAME;
	proving->result->result = (enum tg_result)answer.values[TG_FIELD_RESULT].integer;
	return TG_OK;
}

/* A question about a part of the transactions. */
static void
begin_part(const struct proving *proving, enum tg_operation operation,
	   const struct tg_selection *selection, struct tg_message *request)
{
	begin_question(proving, operation, request);
	if (selection->has_hour)
		tg_message_set_integer(request, TG_FIELD_OF_HOUR, selection->hour);
	if (selection->kind != 0)
		tg_message_set_integer(request, TG_FIELD_OF_KIND, selection->kind);
	if (selection->prefix_bytes != 0)
		tg_message_set_bytes(request, TG_FIELD_PREFIX, selection->prefix,
				     selection->prefix_bytes);
}

/* How far the archive was when it answered.  False: it lacks what may belong to the day. */
static bool
has_caught_up(struct proving *proving, const struct tg_message *answer)
{
	struct tg_day_result *result = proving->result;
	const int64_t held = tg_message_integer(answer, TG_FIELD_HELD_SEQUENCE, 0);

	if (!result->is_divided)
		proving->booked_sequence =
			held + tg_message_integer(answer, TG_FIELD_LAG_RECORDS, 0);
	result->is_divided = true;
	result->lag_records = held < proving->booked_sequence ? proving->booked_sequence - held : 0;
	result->is_complete = tg_message_integer(answer, TG_FIELD_COMPLETE, 0) != 0;
	/* A till's own day may get more from a queue, a business date that is over does not. */
	return result->lag_records == 0 ||
	       (result->is_complete && proving->day->basis == TG_BASIS_BUSINESS_DATE);
}

static enum tg_status
ask_parts(struct proving *proving, const struct tg_selection *selection, enum tg_divide divide,
	  struct parts *ret_parts)
{
	const struct tg_day_callbacks *callbacks = proving->callbacks;
	struct tg_message request, answer;
	struct tg_rows rows;

	begin_part(proving, TG_OP_BUCKETS, selection, &request);
	tg_message_set_integer(&request, TG_FIELD_DIVIDE, divide);
	for (;;) {
		const enum tg_status status = ask(proving, &request, &answer);

		if (status != TG_OK)
			return status;
		if (has_caught_up(proving, &answer) || callbacks->wait == NULL)
			break;
		if (!callbacks->wait(callbacks->context))
			return TG_TIMEOUT;
	}
	ret_parts->count = 0;
	if (!tg_message_has(&answer, TG_FIELD_BUCKETS))
		return TG_OK;
	tg_rows_start(&answer.values[TG_FIELD_BUCKETS], &rows);
	while (ret_parts->count < TG_BUCKETS_MAX &&
	       tg_rows_next_bucket(&rows, &ret_parts->buckets[ret_parts->count]))
		ret_parts->count++;
	return TG_OK;
}

/* Which of the range the gateway tells of here; NULL: none. */
static struct placed *
find_placed(const struct range *range, const struct tg_history *there)
{
	if (there->id_bytes != TG_TRANSACTION_ID_BYTES)
		return NULL;
	for (uint32_t i = 0; i < range->count; i++) {
		if (memcmp(range->first[i].item->id, there->id, TG_TRANSACTION_ID_BYTES) == 0)
			return &range->first[i];
	}
	return NULL;
}

static void
compare_entry(struct proving *proving, const struct range *range, const struct tg_history *there)
{
	struct placed *placed = find_placed(range, there);

	if (placed == NULL) {
		tell(proving, TG_DIFFERENCE_ONLY_THERE, NULL, there);
		return;
	}
	placed->is_there = true;
	if (placed->item->kind != there->kind || placed->item->points != there->points ||
	    placed->item->amount != there->amount ||
	    placed->item->business_time_utc_ms != there->business_time_utc_ms)
		tell(proving, TG_DIFFERENCE_FIGURES, placed->item, there);
}

/* Compare transaction by transaction. */
static enum tg_status
list_part(struct proving *proving, const struct tg_selection *selection,
	  const struct range *range)
{
	struct tg_message request, answer;
	struct tg_history there = { .sequence = 0 };
	struct tg_rows rows;
	enum tg_status status;

	do {
		begin_part(proving, TG_OP_PART, selection, &request);
		tg_message_set_integer(&request, TG_FIELD_AFTER, there.sequence);
		status = ask(proving, &request, &answer);
		if (status != TG_OK)
			return status;
		if (!tg_message_has(&answer, TG_FIELD_HISTORY))
			break;
		tg_rows_start(&answer.values[TG_FIELD_HISTORY], &rows);
		while (tg_rows_next_history(&rows, &there))
			compare_entry(proving, range, &there);
	} while (tg_message_integer(&answer, TG_FIELD_MORE, 0) != 0);
	for (uint32_t i = 0; i < range->count; i++) {
		if (!range->first[i].is_there)
			tell(proving, TG_DIFFERENCE_ONLY_HERE, range->first[i].item, NULL);
	}
	return TG_OK;
}

static enum tg_status divide_part(struct proving *proving, const struct tg_selection *selection,
				  const struct range *range);

/* A part of which one side has own and the other told (NULL: nothing). */
static enum tg_status
compare_part(struct proving *proving, const struct tg_selection *selection,
	     const struct range *own, const struct tg_bucket *told)
{
	uint8_t digest[TG_DIGEST_BYTES] = { 0 };

	for (uint32_t i = 0; i < own->count; i++)
		tg_proof_add(digest, own->first[i].item);
	if (told == NULL) {
		for (uint32_t i = 0; i < own->count; i++)
			tell(proving, TG_DIFFERENCE_ONLY_HERE, own->first[i].item, NULL);
		return TG_OK;
	}
	if (own->count == told->count && memcmp(digest, told->digest, sizeof(digest)) == 0)
		return TG_OK;
	if ((own->count > TG_HISTORY_MAX || told->count > TG_HISTORY_MAX) &&
	    selection->prefix_bytes < TG_PREFIX_BYTES_MAX)
		return divide_part(proving, selection, own);
	return list_part(proving, selection, own);
}

/* The range's next items of that hour and kind, or of that next byte of the place. */
static struct range
take_hour(struct range *left, uint32_t hour, uint32_t kind)
{
	struct range taken = { .first = left->first };

	while (taken.count < left->count && taken.first[taken.count].hour == hour &&
	       taken.first[taken.count].kind == kind)
		taken.count++;
	left->first += taken.count;
	left->count -= taken.count;
	return taken;
}

static struct range
take_byte(struct range *left, uint32_t at, uint32_t byte)
{
	struct range taken = { .first = left->first };

	while (taken.count < left->count && taken.first[taken.count].place[at] == byte)
		taken.count++;
	left->first += taken.count;
	left->count -= taken.count;
	return taken;
}

/* What the gateway told of an hour and kind, or of a byte; NULL: it has nothing there. */
static const struct tg_bucket *
find_bucket(const struct parts *parts, uint32_t hour, uint32_t kind, uint32_t part)
{
	for (uint32_t i = 0; i < parts->count; i++) {
		const struct tg_bucket *bucket = &parts->buckets[i];

		if (bucket->hour == hour && bucket->kind == kind && bucket->part == part)
			return bucket;
	}
	return NULL;
}

static enum tg_status
divide_part(struct proving *proving, const struct tg_selection *selection,
	    const struct range *range)
{
	struct parts *parts = malloc(sizeof(*parts));
	struct range left = *range;
	enum tg_status status;

	if (parts == NULL)
		return TG_NO_MEMORY;
	status = ask_parts(proving, selection, TG_DIVIDE_PARTS, parts);
	for (uint32_t byte = 0; status == TG_OK && byte < 256; byte++) {
		const struct range own = take_byte(&left, selection->prefix_bytes, byte);
		struct tg_selection inner = *selection;

		inner.prefix[inner.prefix_bytes++] = (uint8_t)byte;
		status = compare_part(proving, &inner, &own, find_bucket(parts, 0, 0, byte));
	}
	free(parts);
	return status;
}

static enum tg_status
divide_day(struct proving *proving)
{
	struct parts *parts = malloc(sizeof(*parts));
	struct range left = { proving->placed, proving->day->item_count };
	const struct tg_selection all = { .kind = 0 };
	enum tg_status status;

	if (parts == NULL)
		return TG_NO_MEMORY;
	status = ask_parts(proving, &all, TG_DIVIDE_HOURS, parts);
	for (uint32_t hour = 0; status == TG_OK && hour < 24; hour++) {
		for (uint32_t kind = 0; status == TG_OK && kind <= UINT8_MAX; kind++) {
			const struct tg_selection selection = { .has_hour = true,
								.hour = hour,
								.kind = kind };
			const struct range own = take_hour(&left, hour, kind);

			status = compare_part(proving, &selection, &own,
					      find_bucket(parts, hour, kind, 0));
		}
	}
	free(parts);
	return status;
}

enum tg_status
tg_day_end(const struct tg_day *day, const struct tg_day_callbacks *callbacks,
	   struct tg_day_result *ret_result)
{
	struct proving proving = { .day = day, .callbacks = callbacks, .result = ret_result };
	enum tg_status status;

	memset(ret_result, 0, sizeof(*ret_result));
	status = compare_totals(&proving);
	if (status == TG_TOO_OLD && day->is_divided)
		status = TG_OK;
	if (status != TG_OK || (ret_result->result != TG_RESULT_OUT_OF_BALANCE && !day->is_divided))
		return status;
	status = sort_items(&proving);
	if (status == TG_OK)
		status = divide_day(&proving);
	free(proving.placed);
	return status;
}

/* How often the archive is looked at, ms: it is some tens behind, as a rule. */
#define WAIT_MS_FIRST 20
#define WAIT_MS_MAX 1000

/* A client that asks, and who wants to know. */
struct asking {
	struct tg_client *client;
	uint32_t timeout_ms;
	tg_difference_fn *on_difference;
	void *context;
	int64_t wait_until_ms; /* 0: it was not waited yet */
	int64_t wait_ms;       /* the next one */
};

static enum tg_status
ask_client(void *context, const struct tg_message *request, struct tg_message *ret_answer)
{
	const struct asking *asking = context;
	const int64_t until_ms = client_now_ms() + asking->timeout_ms;

	for (;;) {
		enum tg_status status;

		ret_answer->code = UINT32_MAX;
		status = tg_client_call(asking->client, request, asking->timeout_ms, ret_answer);
		if (status == TG_OK || !tg_status_is_retryable(status) ||
		    client_now_ms() >= until_ms)
			return status;
		if (ret_answer->code == (uint32_t)status) {
			if (!client_wait_out(asking->client, ret_answer, until_ms))
				return status;
		} else if (client_open_until(asking->client, until_ms) != TG_OK) {
			return status;
		}
	}
}

/* Longer each time: an archive that is far behind is not asked in vain all the time. */
static bool
wait_for_archive(void *context)
{
	struct asking *asking = context;
	struct timespec rest;
	int64_t left_ms;

	if (asking->wait_until_ms == 0) {
		asking->wait_until_ms = client_now_ms() + asking->timeout_ms;
		asking->wait_ms = WAIT_MS_FIRST;
	}
	left_ms = asking->wait_until_ms - client_now_ms();
	if (left_ms <= 0)
		return false;
	if (left_ms > asking->wait_ms)
		left_ms = asking->wait_ms;
	rest = (struct timespec){ .tv_sec = left_ms / 1000, .tv_nsec = left_ms % 1000 * 1000000 };
	while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
		continue;
	asking->wait_ms = asking->wait_ms * 2 > WAIT_MS_MAX ? WAIT_MS_MAX : asking->wait_ms * 2;
	return true;
}

static void
pass_on(void *context, enum tg_difference difference, const struct tg_proof_item *here,
	const struct tg_history *there)
{
	struct asking *asking = context;

	asking->on_difference(asking->context, difference, here, there);
}

enum tg_status
tg_client_day_end(struct tg_client *client, const struct tg_day *day, uint32_t timeout_ms,
		  tg_difference_fn *on_difference, void *context,
		  struct tg_day_result *ret_result)
{
	struct asking asking = { .client = client,
				 .timeout_ms = timeout_ms,
				 .on_difference = on_difference,
				 .context = context };
	const struct tg_day_callbacks callbacks = { ask_client, pass_on, &asking,
						    wait_for_archive };
	const enum tg_status status = tg_day_end(day, &callbacks, ret_result);

	if (status == TG_TIMEOUT && ret_result->lag_records > 0)
		client_error_set(&client->error, "the archive lacks %lld records that were booked "
				 "when it was first asked",
				 (long long)ret_result->lag_records);
	return status;
}
