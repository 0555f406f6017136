/*
 * test_mix.c - weights are read as written, and draws follow them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "contrib/load/mix.h"

/* What: weights are read, and kinds not named have none. */
static void
weights_are_read(void **state)
{
	struct failure failure;
	struct mix mix;

	(void)state;
	assert_true(mix_parse("earn=60,burn=0,status=40", &mix, &failure));
	assert_int_equal(mix.total, 100);
	assert_int_equal(mix.weights[MIX_EARN], 60);
	assert_int_equal(mix.weights[MIX_STATUS], 40);
	assert_int_equal(mix.weights[MIX_BURN], 0);
	assert_int_equal(mix.weights[MIX_INQUIRY], 0);
}

/* What: what is no mix is refused, naming the word at fault. */
static void
what_is_no_mix_is_refused(void **state)
{
	static const struct {
		const char *text, *named;
	} bad[] = {
		{ "", "\"\"" },
		{ "earn", "earn=10" },
		{ "earn=", "earn=10" },
		{ "earn=-1", "earn=10" },
		{ "earn=1x", "earn" },
		{ "earn=1,", "\"\"" },
		{ "earn=1,earn=2", "twice" },
		{ "earnings=1", "earnings" },
		{ "earn=1000001", "1000000" },
		{ "earn=0", "no kind" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct failure failure = { "" };
		struct mix mix;

		assert_false(mix_parse(bad[i].text, &mix, &failure));
		assert_non_null(strstr(failure.text, bad[i].named));
	}
}

/* What: each kind is drawn as often as its weight says.
 * How:  200,000 draws of the standing mix; each share within half a point. */
static void
draws_follow_the_weights(void **state)
{
	enum { DRAWS = 200000 };
	int64_t counts[MIX_COUNT] = { 0 };
	struct prng prng;
	struct mix mix;

	(void)state;
	mix_init(&mix);
	prng_init(&prng, 7);
	for (int i = 0; i < DRAWS; i++)
		counts[mix_draw(&mix, &prng)]++;
	for (int i = 0; i < MIX_COUNT; i++) {
		int64_t expected = (int64_t)DRAWS * mix.weights[i] / mix.total;
		int64_t off = counts[i] - expected;

		assert_true(off < DRAWS / 200 && -off < DRAWS / 200);
	}
}

/* What: the same seed gives the same draws, another seed others. */
static void
a_seed_repeats_its_draws(void **state)
{
	struct prng one, same, other;
	int equal_count = 0;

	(void)state;
	prng_init(&one, 42);
	prng_init(&same, 42);
	prng_init(&other, 43);
	for (int i = 0; i < 1000; i++) {
		uint64_t drawn = prng_next(&one);

		assert_true(drawn == prng_next(&same));
		equal_count += drawn == prng_next(&other);
	}
	assert_int_equal(equal_count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_are_read),
		cmocka_unit_test(what_is_no_mix_is_refused),
		cmocka_unit_test(draws_follow_the_weights),
		cmocka_unit_test(a_seed_repeats_its_draws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
