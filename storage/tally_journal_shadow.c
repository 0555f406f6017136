/*
 * tally_journal_shadow.c - what another programme would have made of a period.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ledger/calendar.h"
#include "storage/shadow.h"
#include "storage/tally_journal.h"

#define MS_PER_SECOND 1000
#define KINDS 256

/* Day and minute in the zone that TZ tells. */
static void
calendar(int64_t utc_ms, int32_t *ret_day, uint16_t *ret_minute)
{
	const time_t utc_s = (time_t)(utc_ms / MS_PER_SECOND);
	struct tm local;

	(void)localtime_r(&utc_s, &local);
	*ret_day = calendar_day((struct civil_date){ local.tm_year + 1900, local.tm_mon + 1,
						     local.tm_mday });
	*ret_minute = (uint16_t)(local.tm_hour * 60 + local.tm_min);
}

static void
print_programme_error(void *context, unsigned line, const char *text)
{
	(void)fprintf(stderr, "tally-journal: %s:%u: %s\n", (const char *)context, line, text);
}

/* A run under way. */
struct trying {
	const char *path;
	int64_t	 until_utc_ms;		/* the period's end */
	struct shadow *shadow;
	struct record *record;		/* owned */
};

static enum tg_status
try_each(void *context, const struct journal_reader *reader, const struct journal_item *item,
	 struct storage_error *error)
{
	const struct trying *trying = context;
	size_t bytes_count;
	unsigned line;
	enum tg_status status;

	(void)reader;
	if (item->kind != JOURNAL_RECORD)
		return TG_OK;
	status = record_decode(item->bytes, item->bytes_count, trying->record, &bytes_count);
	if (status != TG_OK)
		return storage_fail(error, status, "record %" PRIu64 ": %s", item->sequence,
				    tg_status_text(status));
	if (trying->record->booked_at_utc_ms >= trying->until_utc_ms)
		return TG_OK;
	status = shadow_take(trying->shadow, trying->record, &line);
	if (status != TG_OK)
		return storage_fail(error, status, "%s:%u: %s", trying->path, line,
				    tg_status_text(status));
	return TG_OK;
}

static json_t *
sums_json(const struct shadow_sums *s)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "earns", (json_int_t)s->earns,
			 "declines", (json_int_t)s->declines, "issued_points",
			 (json_int_t)s->issued_points, "redeemed_points",
			 (json_int_t)s->redeemed_points, "members_points",
			 (json_int_t)s->held_by_members, "debt_points",
			 (json_int_t)s->debt_points);
}

static json_t *
difference_json(const struct shadow_sums sums[2])
{
	const struct shadow_sums difference = {
		.earns = sums[1].earns - sums[0].earns,
		.declines = sums[1].declines - sums[0].declines,
		.issued_points = sums[1].issued_points - sums[0].issued_points,
		.redeemed_points = sums[1].redeemed_points - sums[0].redeemed_points,
		.held_by_members = sums[1].held_by_members - sums[0].held_by_members,
		.debt_points = sums[1].debt_points - sums[0].debt_points,
	};

	return sums_json(&difference);
}

static json_t *
partners_json(const struct shadow *shadow)
{
	json_t *rows = json_array();
	struct shadow_partner p;

	for (uint32_t i = 0; shadow_partner_at(shadow, i, &p); i++)
		(void)json_array_append_new(
			rows,
			json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "partner",
				  (json_int_t)p.partner, "issued", (json_int_t)p.issued_points[0],
				  "issued_new", (json_int_t)p.issued_points[1], "redeemed",
				  (json_int_t)p.redeemed_points[0], "redeemed_new",
				  (json_int_t)p.redeemed_points[1], "pays",
				  (json_int_t)p.pays[0], "pays_new", (json_int_t)p.pays[1],
				  "pays_more", (json_int_t)(p.pays[1] - p.pays[0])));
	return rows;
}

static json_t *
left_out_json(const struct shadow *shadow)
{
	json_t *rows = json_array();

	for (uint32_t kind = 0; kind < KINDS; kind++) {
		const uint32_t count = shadow_left_out(shadow, (uint8_t)kind);

		if (count > 0)
			(void)json_array_append_new(
				rows, json_pack("{s:s, s:I}", "kind",
						record_kind_name((uint8_t)kind), "records",
						(json_int_t)count));
	}
	return rows;
}

static enum tool_exit
print_result(const struct tool_options *options, const struct shadow *shadow)
{
	struct shadow_sums sums[2];
	json_t *result;

	shadow_result(shadow, sums);
	if (!options->is_json) {
		/* One table after the other. */
		enum tool_exit code = tool_print(
			options, json_pack("{s:o}", "recorded, new and difference",
					   json_pack("[o, o, o]", sums_json(&sums[0]),
						     sums_json(&sums[1]),
						     difference_json(sums))));

		if (code == TOOL_OK)
			code = tool_print(options,
					  json_pack("{s:o}", "partners", partners_json(shadow)));
		if (code == TOOL_OK)
			code = tool_print(options,
					  json_pack("{s:o}", "left out", left_out_json(shadow)));
		return code;
	}
	result = json_pack("{s:o, s:o, s:o, s:o, s:o}", "recorded", sums_json(&sums[0]), "new",
			   sums_json(&sums[1]), "difference", difference_json(sums), "partners",
			   partners_json(shadow), "left_out", left_out_json(shadow));
	return tool_print(options, result);
}

enum tool_exit
run_shadow(const struct tool_options *options)
{
	struct tool_options wanted = *options;
	struct trying trying = { .path = options->programme,
				 .until_utc_ms = options->filter.to_utc_ms };
	struct storage_error error = { 0 };
	struct programme_file programme;
	char name[STORAGE_PATH_BYTES_MAX];
	enum tool_exit code = TOOL_FAILED;
	enum tg_status status;

	if (options->programme == NULL || options->filter.from_utc_ms == INT64_MIN) {
		(void)fprintf(stderr, "tally-journal: shadow needs --programme FILE and --since "
				      "TIME\n");
		return TOOL_FAILED;
	}
	(void)snprintf(name, sizeof name, "%s", options->programme);
	if (programme_file_read(options->programme, print_programme_error, name, &programme) !=
	    TG_OK)
		return TOOL_FAILED;
	if (setenv("TZ", options->zone != NULL ? options->zone : "UTC", 1) == 0)
		tzset();
	trying.record = malloc(sizeof *trying.record);
	trying.shadow = shadow_new(&programme, options->filter.from_utc_ms, calendar);
	/* From the first record on, to have what was before the period. */
	wanted.filter.from_sequence = 1;
	if (trying.record == NULL || trying.shadow == NULL)
		status = storage_fail(&error, TG_NO_MEMORY, "no memory for the ledgers");
	else
		status = tool_walk(&wanted, try_each, &trying, &error);
	code = status == TG_OK ? print_result(options, trying.shadow) : tool_complain(&error);
	shadow_free(trying.shadow);
	free(trying.record);
	programme_file_deinit(&programme);
	return code;
}
