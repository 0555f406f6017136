/*
 * history.c - a purchase history: reading, generating, writing.
 */
#include "contrib/load/history.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "contrib/common/day.h"
#include "contrib/load/prng.h"
#include "protocol/assert.h"
#include "protocol/message.h"

#define LINE_BYTES_MAX 256
#define FIRST_PURCHASE_DAYS 90
#define PURCHASE_COUNT_FIRST 1024

/* Purchases being collected. */
struct collector {
	struct purchase *purchases;
	size_t count;
	size_t capacity;
};

/* Allocate or stop: a harness that has no memory for its input has nothing to go on with. */
static void *
resize(void *old, size_t count, size_t bytes)
{
	void *memory = reallocarray(old, count > 0 ? count : 1, bytes);

	TG_ASSERT(memory != NULL);
	return memory;
}

static void
collect(struct collector *collector, const struct purchase *purchase)
{
	if (collector->count == collector->capacity) {
		collector->capacity =
			collector->capacity == 0 ? PURCHASE_COUNT_FIRST : 2 * collector->capacity;
		collector->purchases = resize(collector->purchases, collector->capacity,
					      sizeof(*collector->purchases));
	}
	collector->purchases[collector->count++] = *purchase;
}

/* Read digits up to max; false when there are none or the number is larger. */
static bool
parse_number(const char **at, int64_t max, int64_t *ret_number)
{
	int64_t number = 0;

	if (!isdigit((unsigned char)**at))
		return false;
	while (isdigit((unsigned char)**at)) {
		number = number * 10 + (**at - '0');
		if (number > max)
			return false;
		(*at)++;
	}
	*ret_number = number;
	return true;
}

/* Read money: digits, then maybe a point and one or two digits. */
static bool
parse_cents(const char **at, int64_t *ret_cents)
{
	int64_t units, cents = 0;

	if (!parse_number(at, TG_AMOUNT_MAX / 100 - 1, &units))
		return false;
	if (**at == '.') {
		(*at)++;
		for (int i = 0; i < 2; i++) {
			cents *= 10;
			if (isdigit((unsigned char)**at))
				cents += *(*at)++ - '0';
			else if (i == 0)
				return false;
		}
	}
	*ret_cents = units * 100 + cents;
	return true;
}

/* Skip blanks; false when there are none. */
static bool
skip_blanks(const char **at)
{
	const char *start = *at;

	while (**at == ' ' || **at == '\t')
		(*at)++;
	return *at > start;
}

/* Read one line without its end. */
static bool
parse_line(const char *at, struct purchase *ret_purchase)
{
	int64_t customer, date, item_count;
	struct civil_day civil;

	skip_blanks(&at);
	if (!parse_number(&at, UINT32_MAX, &customer) || !skip_blanks(&at) ||
	    !parse_number(&at, 99991231, &date) || !skip_blanks(&at) ||
	    !parse_number(&at, UINT32_MAX, &item_count) || !skip_blanks(&at) ||
	    !parse_cents(&at, &ret_purchase->amount_cents))
		return false;
	skip_blanks(&at);
	civil.year = (int)(date / 10000);
	civil.month = (int)(date / 100 % 100);
	civil.day = (int)(date % 100);
	if (*at != '\0' || !day_is_civil(civil))
		return false;
	ret_purchase->customer = (uint32_t)customer;
	ret_purchase->item_count = (uint32_t)item_count;
	ret_purchase->day = day_from_civil(civil);
	return true;
}

static int
compare_customers(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

/* Number the customers densely, and tell each purchase its member. */
static void
number_members(struct history *history)
{
	uint32_t *customers = resize(NULL, history->purchase_count, sizeof(*customers));
	uint32_t count = 0;

	for (size_t i = 0; i < history->purchase_count; i++)
		customers[i] = history->purchases[i].customer;
	qsort(customers, history->purchase_count, sizeof(*customers), compare_customers);
	for (size_t i = 0; i < history->purchase_count; i++)
		if (i == 0 || customers[i] != customers[count - 1])
			customers[count++] = customers[i];
	for (size_t i = 0; i < history->purchase_count; i++) {
		struct purchase *purchase = &history->purchases[i];
		const uint32_t *found = bsearch(&purchase->customer, customers, count,
						sizeof(*customers), compare_customers);

		TG_ASSERT(found != NULL);
		purchase->member = (uint32_t)(found - customers);
	}
	history->customers = customers;
	history->member_count = count;
}

/* Put purchases in order of day; those of one day keep their order (counting sort). */
static void
sort_by_day(struct collector *collector)
{
	struct purchase *sorted = resize(NULL, collector->count, sizeof(*sorted));
	int32_t first = INT32_MAX, last = INT32_MIN;
	size_t *starts, at = 0;
	size_t day_count;

	for (size_t i = 0; i < collector->count; i++) {
		int32_t day = collector->purchases[i].day;

		first = day < first ? day : first;
		last = day > last ? day : last;
	}
	day_count = (size_t)(last - first) + 1;
	starts = resize(NULL, day_count, sizeof(*starts));
	memset(starts, 0, day_count * sizeof(*starts));
	for (size_t i = 0; i < collector->count; i++)
		starts[collector->purchases[i].day - first]++;
	for (size_t i = 0; i < day_count; i++) {
		size_t count = starts[i];

		starts[i] = at;
		at += count;
	}
	for (size_t i = 0; i < collector->count; i++)
		sorted[starts[collector->purchases[i].day - first]++] = collector->purchases[i];
	free(starts);
	free(collector->purchases);
	collector->purchases = sorted;
}

/* Make a history of what was collected; at least one purchase. */
static void
finish(struct collector *collector, struct history *ret_history)
{
	sort_by_day(collector);
	ret_history->purchases = collector->purchases;
	ret_history->purchase_count = collector->count;
	number_members(ret_history);
}

bool
history_read(FILE *file, const char *name, struct history *ret_history, struct failure *failure)
{
	struct collector collector = { .purchases = NULL };
	char line[LINE_BYTES_MAX];
	size_t line_number = 0;

	while (fgets(line, sizeof(line), file) != NULL) {
		struct purchase purchase = { .customer = 0 };
		size_t end = strcspn(line, "\r\n");
		bool is_whole = line[end] != '\0' || feof(file);

		line_number++;
		line[end] = '\0';
		if (line[strspn(line, " \t")] == '\0' && is_whole)
			continue;
		if (!is_whole || !parse_line(line, &purchase)) {
			free(collector.purchases);
			return failure_set(failure, "%s:%zu: not a purchase: \"%.60s\"", name,
					   line_number, line);
		}
		collect(&collector, &purchase);
	}
	if (ferror(file) != 0 || collector.count == 0) {
		free(collector.purchases);
		return ferror(file) != 0 ? failure_set_errno(failure, errno, "%s", name)
					 : failure_set(failure, "%s: no purchases", name);
	}
	finish(&collector, ret_history);
	return true;
}

void
history_deinit(struct history *history)
{
	free(history->purchases);
	free(history->customers);
	memset(history, 0, sizeof(*history));
}

/* How many draws until one of one in odds succeeds, from 1 to max. */
static uint32_t
draw_geometric(struct prng *prng, uint32_t odds, uint32_t max)
{
	uint32_t count = 1;

	while (count < max && prng_below(prng, odds) != 0)
		count++;
	return count;
}

/* Fill a basket: most hold one or two pieces, one in a thousand costs nothing. */
static void
draw_basket(struct prng *prng, struct purchase *purchase)
{
	static const int64_t prices_cents[] = { 1149, 1177, 1249, 1299, 1397, 1449,
						1499, 1699, 1999, 2496, 2999 };
	const size_t price_count = sizeof(prices_cents) / sizeof(prices_cents[0]);

	purchase->item_count = 1;
	while (purchase->item_count < 99 && prng_chance(prng, 580000))
		purchase->item_count++;
	purchase->amount_cents = 0;
	if (prng_chance(prng, 1000))
		return;
	for (uint32_t i = 0; i < purchase->item_count; i++)
		purchase->amount_cents += prices_cents[prng_below(prng, price_count)];
}

void
history_generate(const struct history_shape *shape, struct history *ret_history)
{
	struct collector collector = { .purchases = NULL };
	int32_t end_day = shape->first_day + shape->day_count;
	struct prng prng;

	TG_ASSERT(shape->customer_count >= 1 && shape->day_count >= FIRST_PURCHASE_DAYS);
	prng_init(&prng, shape->seed);
	for (uint32_t customer = 1; customer <= shape->customer_count; customer++) {
		/* Eager customers come back sooner and more often. */
		uint32_t gap_days = 20u << prng_below(&prng, 3);
		struct purchase purchase = { .customer = customer };

		purchase.day = shape->first_day + (int32_t)prng_below(&prng, FIRST_PURCHASE_DAYS);
		draw_basket(&prng, &purchase);
		collect(&collector, &purchase);
		if (prng_chance(&prng, 510000))
			continue;
		do {
			purchase.day += (int32_t)draw_geometric(&prng, gap_days, 400) - 1;
			if (purchase.day >= end_day)
				break;
			draw_basket(&prng, &purchase);
			collect(&collector, &purchase);
			gap_days += gap_days / 8;
		} while (prng_chance(&prng, 850000));
	}
	finish(&collector, ret_history);
}

bool
history_write(const struct history *history, FILE *file)
{
	for (size_t i = 0; i < history->purchase_count; i++) {
		const struct purchase *purchase = &history->purchases[i];
		struct civil_day civil = day_to_civil(purchase->day);

		if (fprintf(file, " %05u %04d%02d%02d %2u %4lld.%02lld\n", purchase->customer,
			    civil.year, civil.month, civil.day, purchase->item_count,
			    (long long)(purchase->amount_cents / 100),
			    (long long)(purchase->amount_cents % 100)) < 0)
			return false;
	}
	return true;
}
