/*
 * test_sink.c - the sink against a real server: every record once, in every table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/storage/sink_fixture.h"

/* What: every kind of record has its rows, and the rows are the record.
 * How:  one record of each kind, twice, compared column by column. */
static void
every_kind_of_record_has_its_rows(void **state)
{
	struct sink_fixture f;

	sink_fixture_init(&f, *state, 1);
	sink_fixture_add_all_kinds(&f);
	sink_fixture_add_all_kinds(&f);
	sink_fixture_run(&f);
	sink_fixture_assert_equal(&f);
	sink_fixture_deinit(&f);
}

/* What: rows equal the records, many batches long, over several days.
 * How:  20,000 random records. */
static void
rows_equal_records(void **state)
{
	struct sink_fixture f;

	sink_fixture_init(&f, *state, 2);
	sink_fixture_add(&f, 20000);
	sink_fixture_run(&f);
	sink_fixture_assert_equal(&f);
	sink_fixture_deinit(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_record_has_its_rows),
		cmocka_unit_test(rows_equal_records),
	};

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	return cmocka_run_group_tests_name("sink", tests, sink_fixture_group_setup,
					   sink_fixture_group_teardown);
}
