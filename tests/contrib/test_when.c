/*
 * test_when.c - times as files of partners write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "contrib/common/cell.h"
#include "contrib/common/when.h"

/* What: times with a zone are read to the millisecond. */
static void
times_with_a_zone_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t utc_ms;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-03-02T10:00:00Z", 1772445600000 },
		{ "2026-03-02 10:00:00Z", 1772445600000 },
		{ "2026-03-02t10:00:00z", 1772445600000 },
		{ "2026-03-02T19:00:00+09:00", 1772445600000 },
		{ "2026-03-02T19:00:00+0900", 1772445600000 },
		{ "2026-03-02T06:30:00-03:30", 1772445600000 },
		{ "2026-03-02T10:00:00.5Z", 1772445600500 },
		{ "2026-03-02T10:00:00.1239Z", 1772445600123 },
		{ "2024-02-29T23:59:59Z", 1709251199000 },
		{ "1772445600000", 1772445600000 },
	};
	int64_t utc_ms;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(when_parse(rows[i].text, &utc_ms));
		assert_int_equal(utc_ms, rows[i].utc_ms);
	}
}

/* What: what could be meant in two ways, or is no time, is refused. */
static void
other_texts_are_no_times(void **state)
{
	static const char *const texts[] = {
		"",
		"now",
		"2026-03-02",
		"2026-03-02T10:00:00",
		"2026-03-02T10:00Z",
		"2026-03-02T24:00:00Z",
		"2026-03-02T10:60:00Z",
		"2026-03-02T10:00:60Z",
		"2026-02-30T10:00:00Z",
		"2026-03-02T10:00:00.Z",
		"2026-03-02T10:00:00+",
		"2026-03-02T10:00:00+9",
		"2026-03-02T10:00:00+09:",
		"2026-03-02T10:00:00+09:00Z",
		"2026-03-02T10:00:00Zulu",
		"2026-3-2T10:00:00Z",
		"1969-12-31T23:59:59Z",
		"20260302",
		"-1772445600000",
		"1772445600000.5",
		"99999999999999999999",
	};
	int64_t utc_ms = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (when_parse(texts[i], &utc_ms))
			fail_msg("%s is taken for a time", texts[i]);
	assert_int_equal(utc_ms, 77);
}

/* What: a cell is written in quotes where it needs them, and only there. */
static void
cells_are_quoted_where_they_must(void **state)
{
	static const struct {
		const char *text, *cell;
	} rows[] = {
		{ "", "" },
		{ "plain text", "plain text" },
		{ " leading", "\" leading\"" },
		{ "a,b", "\"a,b\"" },
		{ "a;b", "\"a;b\"" },
		{ "say \"no\"", "\"say \"\"no\"\"\"" },
	};
	char bytes[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		FILE *file = fmemopen(bytes, sizeof(bytes), "w");

		assert_non_null(file);
		cell_write(file, rows[i].text);
		fputc('\0', file);
		assert_int_equal(fclose(file), 0);
		assert_string_equal(bytes, rows[i].cell);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_with_a_zone_are_read),
		cmocka_unit_test(other_texts_are_no_times),
		cmocka_unit_test(cells_are_quoted_where_they_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
