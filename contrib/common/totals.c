/*
 * totals.c - sums of a file's outcomes, and those of the gateway beside them.
 */
#include "contrib/common/totals.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "contrib/common/day.h"
#include "protocol/assert.h"
#include "protocol/rows.h"

void
totals_deinit(struct totals *totals)
{
	free(totals->sums);
	memset(totals, 0, sizeof(*totals));
}

static bool
is_same(const struct total_sum *a, const struct total_sum *b)
{
	return a->day == b->day && a->terminal == b->terminal && a->kind == b->kind &&
	       a->is_declined == b->is_declined;
}

/* The sum that another one goes into; NULL: none yet. */
static struct total_sum *
find(const struct totals *totals, const struct total_sum *sum)
{
	if (totals->last < totals->count && is_same(&totals->sums[totals->last], sum))
		return &totals->sums[totals->last];
	for (uint32_t i = 0; i < totals->count; i++)
		if (is_same(&totals->sums[i], sum))
			return &totals->sums[i];
	return NULL;
}

void
totals_add(struct totals *totals, const struct total_sum *sum)
{
	struct total_sum *found = find(totals, sum);

	if (found == NULL) {
		totals->sums = reallocarray(totals->sums, totals->count + 1, sizeof(*found));
		TG_ASSERT(totals->sums != NULL);
		totals->sums[totals->count++] = *sum;
		return;
	}
	found->count += sum->count;
	found->points += sum->points;
	found->amount += sum->amount;
	totals->last = (uint32_t)(found - totals->sums);
}

static int
compare_sums(const void *left, const void *right)
{
	const struct total_sum *a = left, *b = right;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	if (a->terminal != b->terminal)
		return a->terminal < b->terminal ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return (int)a->is_declined - (int)b->is_declined;
}

bool
totals_ask(struct totals *totals, struct tg_client *client, const struct total_scope *scope,
	   uint32_t timeout_ms, struct failure *failure)
{
	struct tg_message request, answer;
	struct tg_total total;
	struct tg_rows rows;

	tg_message_init(&request, 0, TG_OP_TOTALS);
	tg_message_set_integer(&request, TG_FIELD_DAY, scope->day);
	tg_message_set_integer(&request, TG_FIELD_BASIS, TG_BASIS_BUSINESS_DATE);
	tg_message_set_integer(&request, TG_FIELD_SCOPE, scope->scope);
	if (scope->scope == TG_SCOPE_TERMINAL && scope->terminal != scope->own)
		tg_message_set_integer(&request, TG_FIELD_TERMINAL, scope->terminal);
	if (tg_client_call(client, &request, timeout_ms, &answer) != TG_OK)
		return failure_set(failure, "totals: %s", tg_client_error(client));
	if (!tg_message_has(&answer, TG_FIELD_TOTALS))
		return true;
	tg_rows_start(&answer.values[TG_FIELD_TOTALS], &rows);
	while (tg_rows_next_total(&rows, &total))
		totals_add(totals, &(struct total_sum){ .day = scope->day,
							.terminal = scope->terminal,
							.kind = total.kind,
							.is_declined = total.is_declined,
							.count = total.count,
							.points = total.points,
							.amount = total.amount });
	return true;
}

void
totals_write(const struct totals *totals, FILE *file)
{
	char day[DAY_TEXT_BYTES];

	fputs("business_date,operation,declined,count,points,amount\n", file);
	for (uint32_t i = 0; i < totals->count; i++) {
		const struct total_sum *sum = &totals->sums[i];

		day_format(sum->day, day);
		fprintf(file, "%s,%s,%s,%" PRId64 ",%" PRId64 ",%" PRId64 "\n", day,
			tg_operation_name(sum->kind), sum->is_declined ? "yes" : "", sum->count,
			sum->points, sum->amount);
	}
}

/* Print one kind; is it the same on both sides? */
static bool
print_pair(const struct total_sum *ours, const struct total_sum *theirs, FILE *file)
{
	const bool is_equal = ours->count == theirs->count && ours->amount == theirs->amount &&
			      (ours->is_declined || ours->points == theirs->points);
	char day[DAY_TEXT_BYTES], kind[32];

	day_format(ours->day, day);
	snprintf(kind, sizeof(kind), "%s%s", tg_operation_name(ours->kind),
		 ours->is_declined ? " declined" : "");
	fprintf(file,
		"%s  %8" PRIu32 "  %-16s  %10" PRId64 " %14" PRId64 " %16" PRId64 "  %10" PRId64
		" %14" PRId64 " %16" PRId64 "  %s\n",
		day, ours->terminal, kind, ours->count, ours->points, ours->amount, theirs->count,
		theirs->points, theirs->amount, is_equal ? "" : "DIFFERS");
	return is_equal;
}

static void
sort(struct totals *totals)
{
	if (totals->count > 0)
		qsort(totals->sums, totals->count, sizeof(*totals->sums), compare_sums);
}

uint32_t
totals_print(struct totals *ours, struct totals *theirs, FILE *file)
{
	uint32_t differences = 0;

	sort(ours);
	sort(theirs);
	fprintf(file, "%-10s  %8s  %-16s  %-42s  %s\n", "date", "terminal", "kind",
		"file: count, points, amount", "gateway: count, points, amount");
	for (uint32_t i = 0; i < theirs->count; i++) {
		const struct total_sum *sum = &theirs->sums[i];
		const struct total_sum *own = find(ours, sum);
		const struct total_sum none = { .day = sum->day,
						.terminal = sum->terminal,
						.kind = sum->kind,
						.is_declined = sum->is_declined };

		differences += !print_pair(own != NULL ? own : &none, sum, file);
	}
	for (uint32_t i = 0; i < ours->count; i++) {
		const struct total_sum none = { .count = 0 };

		if (find(theirs, &ours->sums[i]) == NULL)
			differences += !print_pair(&ours->sums[i], &none, file);
	}
	return differences;
}

bool
totals_compare(struct totals *totals, struct tg_client *client, uint32_t own,
	       uint32_t timeout_ms, FILE *file, uint32_t *ret_differences, struct failure *failure)
{
	struct totals theirs = { .sums = NULL };
	bool is_ok = true;

	*ret_differences = 0;
	sort(totals);
	for (uint32_t i = 0; is_ok && i < totals->count; i++) {
		const struct total_sum *sum = &totals->sums[i];

		if (i == 0 || sum[-1].day != sum->day || sum[-1].terminal != sum->terminal)
			is_ok = totals_ask(&theirs, client,
					   &(struct total_scope){ .day = sum->day,
								  .scope = TG_SCOPE_TERMINAL,
								  .terminal = sum->terminal,
								  .own = own },
					   timeout_ms, failure);
	}
	if (is_ok && totals->count > 0)
		*ret_differences = totals_print(totals, &theirs, file);
	totals_deinit(&theirs);
	return is_ok;
}
