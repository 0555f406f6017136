/*
 * statement_print.c - JSON, CSV, HTML.
 *
 * All that is printed are numbers, dates and words of our own: nothing needs escaping.
 */
#include "storage/statement_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "ledger/calendar.h"
#include "ledger/request.h"

#define DATE_BYTES 32
#define DAY_MS INT64_C(86400000)
#define DIGEST_DIGITS (2 * STATEMENT_DIGEST_BYTES + 1)

static const char *const item_texts[] = {
#define ITEM_TEXT(name, number, word, pooled, traced, by, text) [number] = text,
	CLEARING_ITEM_LIST(ITEM_TEXT)
#undef ITEM_TEXT
};

/* "2026-11-22"; empty before the first business date. */
static const char *
date_text(int32_t day, char *text)
{
	struct civil_date date;

	text[0] = '\0';
	if (day == DAY_NONE)
		return text;
	date = calendar_date(day);
	(void)snprintf(text, DATE_BYTES, "%04d-%02d-%02d", (int)date.year, (int)date.month,
		       (int)date.day);
	return text;
}

static const char *
digest_text(const uint8_t *digest, char *text)
{
	for (int i = 0; i < STATEMENT_DIGEST_BYTES; i++)
		(void)snprintf(text + 2 * (size_t)i, 3, "%02x", digest[i]);
	return text;
}

/* "2026-11-22T10:00:00.000Z" */
static json_t *
time_json(int64_t utc_ms)
{
	const int32_t day = (int32_t)(utc_ms / DAY_MS);
	const int ms = (int)(utc_ms % DAY_MS);
	char date[DATE_BYTES], text[2 * DATE_BYTES];

	(void)snprintf(text, sizeof text, "%sT%02d:%02d:%02d.%03dZ", date_text(day, date),
		       ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
	return json_string(text);
}

static json_t *
lines_json(const struct statement *s)
{
	json_t *lines = json_array();
	char date[DATE_BYTES];

	for (uint32_t i = 0; i < s->line_count; i++) {
		const struct clearing_line *line = &s->lines[i];

		(void)json_array_append_new(
			lines, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "business_date",
					 date_text(line->business_date, date), "item",
					 clearing_item_word(line->item), "other",
					 (json_int_t)line->other, "terms",
					 (json_int_t)line->terms.version, "records",
					 (json_int_t)line->records, "points",
					 (json_int_t)line->points, "amount",
					 (json_int_t)line->amount));
	}
	return lines;
}

static json_t *
sums_json(const struct statement *s)
{
	json_t *sums = json_array();

	for (uint8_t item = 1; item <= CLEARING_ITEMS; item++)
		(void)json_array_append_new(
			sums, json_pack("{s:s, s:I, s:I}", "item", clearing_item_word(item),
					"points", (json_int_t)s->points[item], "amount",
					(json_int_t)s->amounts[item]));
	return sums;
}

json_t *
statement_json(const struct signed_statement *statement)
{
	const struct statement *s = &statement->statement;
	char first[DATE_BYTES], last[DATE_BYTES], digest[DIGEST_DIGITS];

	return json_pack("{s:I, s:I, s:s, s:s, s:I, s:o, s:s, s:I, s:o, s:I, s:I, s:I, s:s, s:o}",
			 "partner", (json_int_t)s->cycle.partner, "cycle",
			 (json_int_t)s->cycle.number, "first_date",
			 date_text(s->cycle.first_day, first), "last_date",
			 date_text(s->cycle.last_day, last), "closed_sequence",
			 (json_int_t)s->closed_sequence, "closed_at",
			 time_json(s->closed_at_utc_ms), "model",
			 s->terms.is_traced != 0 ? "traced" : "pooled", "opening_amount",
			 (json_int_t)s->opening_amount, "sums", sums_json(s), "net_amount",
			 (json_int_t)s->net_amount, "carried_amount", (json_int_t)s->carried_amount,
			 "payable_amount", (json_int_t)s->payable_amount, "digest",
			 digest_text(statement->digest, digest), "lines", lines_json(s));
}

void
statement_print_json(FILE *file, const struct signed_statement *statement)
{
	json_t *json = statement_json(statement);

	if (json != NULL)
		(void)json_dumpf(json, file, JSON_COMPACT);
	(void)fprintf(file, "\n");
	json_decref(json);
}

static void
csv_amount(FILE *file, const struct statement *s, const char *row, int64_t amount)
{
	(void)fprintf(file, "%" PRIu32 ",%" PRIu32 ",%s,,,,,,,%" PRId64 "\n", s->cycle.partner,
		     s->cycle.number, row, amount);
}

void
statement_print_csv(FILE *file, const struct signed_statement *statement)
{
	const struct statement *s = &statement->statement;
	char date[DATE_BYTES], digest[DIGEST_DIGITS];

	(void)fprintf(file,
		      "partner,cycle,row,business_date,item,other,terms,records,points,amount\n");
	csv_amount(file, s, "opening", s->opening_amount);
	for (uint32_t i = 0; i < s->line_count; i++) {
		const struct clearing_line *line = &s->lines[i];

		(void)fprintf(file, "%" PRIu32 ",%" PRIu32 ",line,%s,%s,%" PRIu32 ",%" PRIu32
			     ",%" PRIu64 ",%" PRId64 ",%" PRId64 "\n",
			     s->cycle.partner, s->cycle.number,
			     date_text(line->business_date, date), clearing_item_word(line->item),
			     line->other, line->terms.version, line->records, line->points,
			     line->amount);
	}
	for (uint8_t item = 1; item <= CLEARING_ITEMS; item++)
		(void)fprintf(file, "%" PRIu32 ",%" PRIu32 ",sum,,%s,,,,%" PRId64 ",%" PRId64 "\n",
			     s->cycle.partner, s->cycle.number, clearing_item_word(item),
			     s->points[item], s->amounts[item]);
	csv_amount(file, s, "net", s->net_amount);
	csv_amount(file, s, "carried", s->carried_amount);
	csv_amount(file, s, "payable", s->payable_amount);
	(void)fprintf(file, "%" PRIu32 ",%" PRIu32 ",digest,,%s,,,,,\n", s->cycle.partner,
		     s->cycle.number, digest_text(statement->digest, digest));
}

static void
html_amount(FILE *file, const char *text, int64_t amount)
{
	(void)fprintf(file, "<tr class=sum><td colspan=5>%s<td>%" PRId64 "\n", text, amount);
}

static void
html_lines(FILE *file, const struct statement *s)
{
	char date[DATE_BYTES];

	(void)fprintf(file, "<table><tr><th>date<th>item<th>other party<th>records<th>points"
		     "<th>amount\n");
	html_amount(file, "carried over from the cycle before", s->opening_amount);
	for (uint32_t i = 0; i < s->line_count; i++) {
		const struct clearing_line *line = &s->lines[i];

		(void)fprintf(file, "<tr><td>%s<td class=text>%s<td>",
			     date_text(line->business_date, date),
			     clearing_item_word(line->item));
		if (line->other != 0)
			(void)fprintf(file, "%" PRIu32, line->other);
		(void)fprintf(file, "<td>%" PRIu64 "<td>%" PRId64 "<td>%" PRId64 "\n",
			     line->records, line->points, line->amount);
	}
	html_amount(file, "net", s->net_amount);
	html_amount(file, "carried over to the next cycle", s->carried_amount);
	html_amount(file, s->payable_amount < 0 ? "to be paid to the partner" :
					    "to be paid by the partner",
		    s->payable_amount < 0 ? -s->payable_amount : s->payable_amount);
	(void)fprintf(file, "</table>\n");
}

static void
html_sums(FILE *file, const struct statement *s)
{
	(void)fprintf(file, "<h2>Sums</h2>\n<table><tr><th>item<th><th>points<th>amount\n");
	for (uint8_t item = 1; item <= CLEARING_ITEMS; item++) {
		if (s->points[item] != 0 || s->amounts[item] != 0)
			(void)fprintf(file, "<tr><td class=text>%s<td class=text>%s<td>%" PRId64
				     "<td>%" PRId64 "\n",
				     clearing_item_word(item), item_texts[item], s->points[item],
				     s->amounts[item]);
	}
	(void)fprintf(file, "</table>\n");
}

void
statement_print_html(FILE *file, const struct signed_statement *statement)
{
	const struct statement *s = &statement->statement;
	char first[DATE_BYTES], last[DATE_BYTES], digest[DIGEST_DIGITS];

	(void)fprintf(file, "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8>\n"
		     "<title>Partner %" PRIu32 ", cycle %" PRIu32 "</title>\n<style>\n"
		     "body { font: 11pt sans-serif; margin: 2em }\n"
		     "table { border-collapse: collapse } td, th { padding: .2em .6em; "
		     "border-bottom: 1px solid #ccc; text-align: right }\n"
		     ".text { text-align: left } .sum td { font-weight: bold }\n"
		     "code { font-size: 9pt }\n</style>\n",
		     s->cycle.partner, s->cycle.number);
	(void)fprintf(file, "<h1>Partner %" PRIu32 ", cycle %" PRIu32 "</h1>\n<p>Business dates %s "
		     "to %s. "
		     "Closed by record %" PRIu64 ". %s Amounts are in minor units of money; "
		     "positive ones the partner owes.</p>\n",
		     s->cycle.partner, s->cycle.number,
		     s->cycle.first_day == DAY_NONE ? "(from the beginning)" :
						      date_text(s->cycle.first_day, first),
		     date_text(s->cycle.last_day, last), s->closed_sequence,
		     s->terms.is_traced != 0 ?
			     "Issuers pay redeemers when points are burned." :
			     "A pool is paid for points issued, and pays for points burned.");
	html_lines(file, s);
	html_sums(file, s);
	(void)fprintf(file, "<p>Digest, with that of the cycle before: <code>%s</code></p>\n"
		     "</html>\n", digest_text(statement->digest, digest));
}
