/*
 * answer.c - shows the gateway's answer for people, and what it means for a script.
 */
#include "contrib/tally/answer.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "contrib/tally/look.h"
#include "protocol/rows.h"

#define NAME_COLUMN 18

enum tally_exit
answer_exit(const struct result *result)
{
	if (result->is_stored)
		return TALLY_STORED;
	if (result->status == TG_OK || result->status == TG_ORIGINAL_UNKNOWN)
		return TALLY_DONE;
	if (result->answer != NULL) {
		if (tg_status_is_recorded(result->status))
			return TALLY_DECLINED;
		return tg_status_is_retryable(result->status) ? TALLY_LATER : TALLY_REFUSED;
	}
	if (!result->is_open)
		return TALLY_UNREACHED;
	switch ((int)result->status) {
	case TG_TIMEOUT:
	case TG_CLOSED:
		return TALLY_UNKNOWN;
	case TG_MISSING_FIELD:
	case TG_BAD_FIELD:
	case TG_UNKNOWN_FIELD:
	case TG_UNKNOWN_OPERATION:
		return TALLY_USAGE;
	default:
		return TALLY_UNREACHED;
	}
}

/* A field's name as people read it: "paid debt". */
static void
print_name(FILE *file, enum tg_field field)
{
	char name[40];
	size_t i;

	look_name(field, name, sizeof(name));
	for (i = 0; name[i] != '\0'; i++)
		if (name[i] == '_')
			name[i] = ' ';
	fprintf(file, "  %-*s", NAME_COLUMN, name);
}

static void
print_expiries(FILE *file, const struct tg_value *value)
{
	char day[LOOK_TEXT_BYTES];
	struct tg_expiry expiry;
	struct tg_rows rows;

	fputc('\n', file);
	tg_rows_start(value, &rows);
	while (tg_rows_next_expiry(&rows, &expiry)) {
		look_day(expiry.day, day);
		fprintf(file, "    %s  %" PRId64 " points\n", day, expiry.points);
	}
}

static void
print_entries(FILE *file, const struct tg_value *value)
{
	char when[LOOK_TEXT_BYTES];
	struct tg_entry entry;
	struct tg_rows rows;

	fputc('\n', file);
	tg_rows_start(value, &rows);
	while (tg_rows_next_entry(&rows, &entry)) {
		look_time(entry.booked_at_utc_ms, when);
		fprintf(file, "    %s  %-8s %+9" PRId64 "  partner %u store %u  record %" PRId64,
			when, look_kind(entry.kind), entry.points, entry.partner, entry.store,
			entry.sequence);
		if (entry.status != TG_OK)
			fprintf(file, "  %s", tg_status_name((enum tg_status)entry.status));
		fputc('\n', file);
	}
}

static void
print_totals(FILE *file, const struct tg_value *value)
{
	struct tg_total total;
	struct tg_rows rows;

	fprintf(file, "\n    %-20s %10s %15s %15s\n", "", "count", "points", "amount");
	tg_rows_start(value, &rows);
	while (tg_rows_next_total(&rows, &total))
		fprintf(file, "    %-8s %-11s %10" PRId64 " %15" PRId64 " %15" PRId64 "\n",
			look_kind(total.kind), total.is_declined ? "declined" : "done", total.count,
			total.points, total.amount);
}

static void
print_history(FILE *file, const struct tg_value *value)
{
	char when[LOOK_TEXT_BYTES], date[LOOK_TEXT_BYTES];
	struct tg_history entry;
	struct tg_rows rows;

	fputc('\n', file);
	tg_rows_start(value, &rows);
	while (tg_rows_next_history(&rows, &entry)) {
		look_time(entry.booked_at_utc_ms, when);
		look_day(entry.business_date, date);
		fprintf(file,
			"    %s  %s  %-8s %+9" PRId64 "  amount %" PRId64 "  member %" PRId64
			"  store %u till %u  receipt %.*s  record %" PRId64,
			date, when, look_kind(entry.kind), entry.change, entry.amount, entry.member,
			entry.store, entry.till,
			entry.receipt_bytes > 0 ? (int)entry.receipt_bytes : 1,
			entry.receipt_bytes > 0 ? entry.receipt : "-", entry.sequence);
		if (entry.status != TG_OK)
			fprintf(file, "  %s", tg_status_name((enum tg_status)entry.status));
		fputc('\n', file);
	}
}

static void
print_components(FILE *file, const struct tg_value *value)
{
	static const char *const refusals[] = { "", "  the member has had its share",
						"  the partner's cap", "  the budget is spent",
						"  no room", "  the sponsor's cover" };
	struct tg_component part;
	struct tg_rows rows;

	fputc('\n', file);
	tg_rows_start(value, &rows);
	while (tg_rows_next_component(&rows, &part))
		fprintf(file,
			"    campaign %-10u rate %-5u %+9" PRId64 "  of amount %" PRId64
			"  by partner %u%s\n",
			part.campaign, part.rate, part.points, part.amount, part.sponsor,
			part.refusal < sizeof(refusals) / sizeof(refusals[0]) ?
				refusals[part.refusal] :
				"  refused");
}

/* One field on its line. */
static void
print_field(FILE *file, enum tg_field field, const struct tg_value *value)
{
	char text[LOOK_TEXT_BYTES];

	print_name(file, field);
	switch (tg_field_info(field)->type) {
	case TG_TYPE_EXPIRIES:
		print_expiries(file, value);
		break;
	case TG_TYPE_ENTRIES:
		print_entries(file, value);
		break;
	case TG_TYPE_TOTALS:
		print_totals(file, value);
		break;
	case TG_TYPE_HISTORY:
		print_history(file, value);
		break;
	case TG_TYPE_COMPONENTS:
		print_components(file, value);
		break;
	case TG_TYPE_STR:
		fprintf(file, "%.*s\n", (int)value->bytes, (const char *)value->data);
		break;
	case TG_TYPE_INT:
	case TG_TYPE_BOOL:
		look_integer(field, value->integer, text);
		fprintf(file, "%s\n", text);
		break;
	case TG_TYPE_BIN:
	case TG_TYPE_LINES:
	case TG_TYPE_ITEMS:
	case TG_TYPE_BUCKETS:
		fprintf(file, "%u bytes\n", value->bytes);
		break;
	}
}

/* What to do about an outcome that is not known. */
static void
print_unknown(const struct result *result, FILE *file)
{
	char token[ORDER_TOKEN_BYTES];

	order_token(result->order, token);
	fprintf(file,
		"The outcome is unknown: it may have been done.  The same again with\n"
		"--id %s\ngives the outcome, and does nothing twice.\n",
		token);
}

void
answer_print(const struct result *result, FILE *file)
{
	const struct tg_message *answer = result->answer;
	char token[ORDER_TOKEN_BYTES];

	if (result->is_stored)
		fprintf(file, "%s: stored, to be sent later",
			tg_operation_name((uint64_t)result->order->operation));
	else if (result->answer != NULL || result->error[0] == '\0')
		fprintf(file, "%s: %s", tg_operation_name((uint64_t)result->order->operation),
			tg_status_text(result->status));
	else
		fputs(result->error, file);
	if (result->status != TG_OK)
		fprintf(file, " (%s)", tg_status_name(result->status));
	fputc('\n', file);
	if (answer != NULL)
		for (enum tg_field field = tg_field_set_next(&answer->present, 0);
		     field < TG_FIELD_COUNT;
		     field = tg_field_set_next(&answer->present, (unsigned)field + 1))
			print_field(file, field, &answer->values[field]);
	if (!result->order->is_transaction)
		return;
	order_token(result->order, token);
	if (answer != NULL || result->is_stored)
		fprintf(file, "  %-*s%s\n", NAME_COLUMN, "transaction", token);
	else if (answer_exit(result) == TALLY_UNKNOWN)
		print_unknown(result, file);
}

void
answer_show(const struct result *result, bool is_json, FILE *file)
{
	if (is_json)
		answer_print_json(result, file);
	else
		answer_print(result, file);
}
