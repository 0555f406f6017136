/*
 * test_status.c - the list of statuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/status.h"

static const unsigned numbers[] = {
#define NUMBER(name, number, retry, recorded, text) number,
	TG_STATUS_LIST(NUMBER)
#undef NUMBER
};

#define COUNT (sizeof(numbers) / sizeof(numbers[0]))

/* What: names and texts come from the list, without the prefix.  How: a few, then all by rule. */
static void
every_status_has_name_and_text(void **state)
{
	(void)state;
	assert_string_equal(tg_status_name(TG_OK), "OK");
	assert_string_equal(tg_status_name(TG_NO_POINTS), "NO_POINTS");
	assert_string_equal(tg_status_text(TG_NO_POINTS), "available points too low");
	for (size_t i = 0; i < COUNT; i++) {
		assert_true(tg_status_is_known(numbers[i]));
		assert_true(strlen(tg_status_name((enum tg_status)numbers[i])) > 1);
		assert_true(strlen(tg_status_text((enum tg_status)numbers[i])) > 3);
	}
}

/* What: a number of a newer version is answered safely.  How: numbers outside the list. */
static void
unknown_number_is_told_apart(void **state)
{
	(void)state;
	assert_false(tg_status_is_known(9));
	assert_false(tg_status_is_known(UINT64_MAX));
	assert_string_equal(tg_status_name((enum tg_status)9), "?");
	assert_true(strlen(tg_status_text((enum tg_status)9)) > 3);
	assert_false(tg_status_is_retryable((enum tg_status)9));
	assert_false(tg_status_is_recorded((enum tg_status)9));
}

/* What: no answer that stays for ever invites a retry.  How: both columns of all rows. */
static void
recorded_status_is_not_retryable(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		enum tg_status status = (enum tg_status)numbers[i];

		assert_false(tg_status_is_retryable(status) && tg_status_is_recorded(status));
	}
	assert_true(tg_status_is_retryable(TG_BUSY));
	assert_true(tg_status_is_recorded(TG_NO_POINTS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_name_and_text),
		cmocka_unit_test(unknown_number_is_told_apart),
		cmocka_unit_test(recorded_status_is_not_retryable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
