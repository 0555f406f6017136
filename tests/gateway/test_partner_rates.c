/*
 * test_partner_rates.c - who is told by name, and that no sum ever falls; how busy threads were.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/load.h"
#include "gateway/partner_rates.h"

#define MINUTE_US INT64_C(60000000)
#define PARTNERS 8

/* A census with partners 1..PARTNERS, and rates over it. */
struct world {
	struct census census;
	struct partner_rates *rates;
	int64_t	 now_us;
	uint64_t told_answers[PARTNERS + 1]; /* when last looked, by number; 0: the others */
};

static struct world
world_new(uint32_t names_max)
{
	struct world w = { .now_us = MINUTE_US };

	assert_int_equal(census_init(&w.census, 100), TG_OK);
	assert_int_equal(partner_rates_new(names_max, &w.rates), TG_OK);
	return w;
}

static void
world_free(struct world *w)
{
	partner_rates_free(w->rates);
	census_deinit(&w->census);
}

/* A partner gets so many answers. */
static void
answer(struct world *w, uint32_t number, uint64_t count)
{
	census_find(&w->census, number)->answers += count;
}

/* A minute later, look.  Sums must not fall; returns how many have a name. */
static uint32_t
look(struct world *w)
{
	struct partner_rate rate;
	uint32_t count = 0;

	w->now_us += MINUTE_US;
	assert_int_equal(partner_rates_look(w->rates, &w->census, w->now_us), TG_OK);
	while (partner_rates_at(w->rates, &w->census, count, &rate)) {
		assert_true(rate.answers >= w->told_answers[rate.number]);
		w->told_answers[rate.number] = rate.answers;
		count++;
	}
	assert_int_equal(rate.number, 0);
	return count - 1;
}

static bool
has_name(const struct world *w, uint32_t number)
{
	struct partner_rate rate;

	for (uint32_t i = 0; partner_rates_at(w->rates, &w->census, i, &rate); i++) {
		if (rate.number == number)
			return true;
	}
	return false;
}

/* What: as long as there are names, each partner has one, and all of its answers. */
static void
few_partners_all_have_a_name(void **state)
{
	struct world w = world_new(PARTNERS);
	struct partner_rate rate;

	(void)state;
	assert_int_equal(look(&w), 0);
	for (uint32_t i = 1; i <= PARTNERS; i++)
		answer(&w, i, i);
	census_find(&w.census, 3)->refusals += 2;
	census_find(&w.census, 3)->connections = 7;
	assert_int_equal(look(&w), PARTNERS);
	for (uint32_t i = 0; i < PARTNERS; i++) {
		assert_true(partner_rates_at(w.rates, &w.census, i, &rate));
		assert_int_equal(rate.answers, rate.number);
		assert_int_equal(rate.refusals, rate.number == 3 ? 2 : 0);
		assert_int_equal(rate.connections, rate.number == 3 ? 7 : 0);
	}
	assert_int_equal(w.told_answers[0], 0);
	world_free(&w);
}

/* What: who becomes twice as busy takes the name of the idlest; others keep theirs; the sum of all
 * is that of the census. */
static void
a_busier_partner_takes_the_name_of_the_idlest(void **state)
{
	struct world w = world_new(2);
	uint64_t sum = 0, named = 0;
	struct partner_rate rate;

	(void)state;
	answer(&w, 1, 100);
	answer(&w, 2, 50);
	assert_int_equal(look(&w), 2);
	answer(&w, 3, 90); /* more, but not twice as much */
	assert_int_equal(look(&w), 2);
	assert_true(has_name(&w, 1) && has_name(&w, 2));
	assert_int_equal(w.told_answers[0], 90);
	answer(&w, 3, 900);
	answer(&w, 1, 10);
	assert_int_equal(look(&w), 2);
	assert_true(has_name(&w, 1) && has_name(&w, 3));
	/* What it did without a name stays with the others. */
	assert_int_equal(w.told_answers[0], 990);
	answer(&w, 2, 5);
	answer(&w, 3, 5);
	assert_int_equal(look(&w), 2);
	assert_int_equal(w.told_answers[0], 995);
	assert_int_equal(w.told_answers[3], 5);
	/* Back again, it goes on from where its name was taken. */
	answer(&w, 2, 100000);
	assert_int_equal(look(&w), 2);
	assert_true(has_name(&w, 2));
	answer(&w, 2, 1);
	(void)look(&w);
	assert_int_equal(w.told_answers[2], 51);
	for (uint32_t i = 0; i <= w.census.mask; i++)
		sum += w.census.partners[i].answers;
	for (uint32_t i = 0; partner_rates_at(w.rates, &w.census, i, &rate); i++)
		named += rate.answers;
	/* Partner 1 has lost its name, and with it the 110 that it had. */
	assert_int_equal(named + (has_name(&w, 1) ? 0 : 110) + (has_name(&w, 3) ? 0 : 5), sum);
	world_free(&w);
}

/* What: without names all are told together. */
static void
no_names_means_all_together(void **state)
{
	struct world w = world_new(0);

	(void)state;
	answer(&w, 1, 5);
	answer(&w, 2, 6);
	census_find(&w.census, 2)->in_flight = 3;
	assert_int_equal(look(&w), 0);
	assert_int_equal(w.told_answers[0], 11);
	world_free(&w);
}

/* What: the busiest thread says what can be reached; idle ones say nothing. */
static void
the_busiest_thread_limits_the_rate(void **state)
{
	struct load load = { .count = 0 };
	struct load_sample sample = { .mono_us = 0, .cpu_us = { 0, 0, -1 } };

	(void)state;
	load_add(&load, &sample);
	assert_int_equal(load_busy(&load, 0), -1);
	assert_int_equal(load_rate(&load), 0);
	assert_int_equal(load_reachable_rate(&load, 2, 1000), -1);
	for (int i = 0; i < 10; i++) {
		sample.mono_us += 1000000;
		sample.requests += 5000;
		sample.cpu_us[0] += 100000;
		sample.cpu_us[1] += 250000;
		load_add(&load, &sample);
	}
	assert_int_equal(load_busy(&load, 0), 100000);
	assert_int_equal(load_busy(&load, 1), 250000);
	assert_int_equal(load_busy(&load, 2), -1);
	assert_int_equal(load_rate(&load), 5000);
	assert_int_equal(load_reachable_rate(&load, 2, 1000), 20000);
	assert_int_equal(load_reachable_rate(&load, 1, 1000), 50000);
}

/* What: a journal that writes all the time is no limit while its batches have room. */
static void
the_journal_limits_the_rate_when_batches_are_full(void **state)
{
	struct load load = { .count = 0 };
	struct load_sample sample = { .cpu_us = { 0 } };

	(void)state;
	assert_int_equal(load_writing(&load), -1);
	assert_int_equal(load_journal(&load, 1000), -1);
	load_add(&load, &sample);
	for (int i = 0; i < 10; i++) {
		sample.mono_us += 1000000;
		sample.requests += 1000;
		sample.cpu_us[0] += 100000;
		sample.writing_us += 800000;
		sample.batches += 100;
		sample.batch_bytes += 50000;
		load_add(&load, &sample);
	}
	assert_int_equal(load_writing(&load), 800000);
	/* Batches of 500 bytes: half full, an eightieth full. */
	assert_int_equal(load_journal(&load, 1000), 400000);
	assert_int_equal(load_reachable_rate(&load, 1, 1000), 2500);
	assert_int_equal(load_journal(&load, 40000), 10000);
	assert_int_equal(load_reachable_rate(&load, 1, 40000), 10000);
}

/* What: after a minute without work nothing is left of the work before. */
static void
only_the_last_minute_counts(void **state)
{
	struct load load = { .count = 0 };
	struct load_sample sample = { .cpu_us = { 0 } };

	(void)state;
	for (int i = 0; i < 200; i++) {
		sample.mono_us += 1000000;
		if (i < 100) {
			sample.requests += 1000;
			sample.cpu_us[0] += 2000000; /* more than there is: cut */
		}
		load_add(&load, &sample);
		if (i == 99) {
			assert_int_equal(load_rate(&load), 1000);
			assert_int_equal(load_busy(&load, 0), 1000000);
		}
	}
	assert_int_equal(load_rate(&load), 0);
	assert_int_equal(load_busy(&load, 0), 0);
	assert_int_equal(load_reachable_rate(&load, 1, 1000), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_partners_all_have_a_name),
		cmocka_unit_test(a_busier_partner_takes_the_name_of_the_idlest),
		cmocka_unit_test(no_names_means_all_together),
		cmocka_unit_test(the_busiest_thread_limits_the_rate),
		cmocka_unit_test(the_journal_limits_the_rate_when_batches_are_full),
		cmocka_unit_test(only_the_last_minute_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
