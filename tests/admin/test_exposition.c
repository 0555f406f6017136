/*
 * test_exposition.c - the form of metrics: heads, labels, numbers, histograms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "admin/exposition.h"

/* What is printed, for assert_printed(). */
struct printed {
	struct exposition exposition;
	char	*text;
	size_t	 bytes;
	FILE	*file;
};

static struct exposition *
begin(struct printed *printed)
{
	*printed = (struct printed){ .text = NULL };
	printed->file = open_memstream(&printed->text, &printed->bytes);
	assert_non_null(printed->file);
	exposition_init(&printed->exposition, printed->file);
	return &printed->exposition;
}

static void
assert_printed(struct printed *printed, const char *wanted)
{
	assert_int_equal(fclose(printed->file), 0);
	assert_string_equal(printed->text, wanted);
	free(printed->text);
}

/* What: help, type and unit stand before the first sample, and not without one. */
static void
a_head_is_printed_once_and_only_before_samples(void **state)
{
	static const struct metric unused = { "a_total", METRIC_COUNTER, METRIC_COUNT, "", "no" };
	static const struct metric used = { "b_bytes", METRIC_GAUGE, METRIC_BYTES, "disk", "a \\" };
	struct printed printed;
	struct exposition *e = begin(&printed);

	(void)state;
	exposition_metric(e, &unused);
	exposition_metric(e, &used);
	exposition_sample(e, 7, "one", NULL);
	exposition_sample(e, -8, "two", NULL);
	assert_printed(&printed, "# HELP b_bytes a \\\\\n# TYPE b_bytes gauge\n"
				 "# UNIT b_bytes bytes\n"
				 "b_bytes{disk=\"one\"} 7\nb_bytes{disk=\"two\"} -8\n");
}

/* What: us become seconds and millionths ratios, exactly; the largest numbers are whole. */
static void
numbers_are_exact(void **state)
{
	static const struct metric seconds = { "s_seconds", METRIC_GAUGE, METRIC_SECONDS, "v",
					       "s" };
	static const struct metric count = { "c", METRIC_GAUGE, METRIC_COUNT, "v", "c" };
	struct printed printed;
	struct exposition *e = begin(&printed);

	(void)state;
	exposition_metric(e, &seconds);
	exposition_sample(e, 0, "", NULL);
	exposition_sample(e, 1, "", NULL);
	exposition_sample(e, 1500000, "", NULL);
	exposition_sample(e, -20, "", NULL);
	exposition_sample(e, INT64_MIN, "", NULL);
	exposition_metric(e, &count);
	exposition_sample(e, INT64_MAX, "", NULL);
	exposition_sample(e, INT64_MIN, "", NULL);
	assert_printed(&printed, "# HELP s_seconds s\n# TYPE s_seconds gauge\n"
				 "# UNIT s_seconds seconds\n"
				 "s_seconds{v=\"\"} 0\n"
				 "s_seconds{v=\"\"} 0.000001\n"
				 "s_seconds{v=\"\"} 1.5\n"
				 "s_seconds{v=\"\"} -0.00002\n"
				 "s_seconds{v=\"\"} -9223372036854.775808\n"
				 "# HELP c c\n# TYPE c gauge\n"
				 "c{v=\"\"} 9223372036854775807\n"
				 "c{v=\"\"} -9223372036854775808\n");
}

/* What: whatever a label's value holds, it ends where it should. */
static void
values_of_labels_are_escaped(void **state)
{
	static const struct metric metric = { "m", METRIC_GAUGE, METRIC_COUNT, "a,b", "m" };
	struct printed printed;
	struct exposition *e = begin(&printed);

	(void)state;
	exposition_metric(e, &metric);
	exposition_sample(e, 1, "x\"} 9\nm{a=\"y", "\\é");
	assert_printed(&printed, "# HELP m m\n# TYPE m gauge\n"
				 "m{a=\"x\\\"} 9\\nm{a=\\\"y\",b=\"\\\\é\"} 1\n");
}

/* What: buckets are cumulative, the last holds all. */
static void
a_histogram_is_cumulative(void **state)
{
	static const struct metric metric = { "h_seconds", METRIC_HISTOGRAM, METRIC_SECONDS,
					      "operation", "h" };
	static const struct metric plain = { "p", METRIC_HISTOGRAM, METRIC_COUNT, "", "p" };
	static const int64_t bounds[] = { 10, 2000000 };
	static const uint64_t counts[] = { 2, 0, 1 };
	const struct exposition_buckets buckets = {
		.bounds = bounds, .counts = counts, .bound_count = 2, .sum = 3000011
	};
	struct printed printed;
	struct exposition *e = begin(&printed);

	(void)state;
	exposition_metric(e, &metric);
	exposition_histogram(e, &buckets, "EARN", NULL);
	exposition_metric(e, &plain);
	exposition_histogram(e, &buckets, NULL, NULL);
	assert_printed(&printed, "# HELP h_seconds h\n# TYPE h_seconds histogram\n"
				 "# UNIT h_seconds seconds\n"
				 "h_seconds_bucket{operation=\"EARN\",le=\"0.00001\"} 2\n"
				 "h_seconds_bucket{operation=\"EARN\",le=\"2\"} 2\n"
				 "h_seconds_bucket{operation=\"EARN\",le=\"+Inf\"} 3\n"
				 "h_seconds_sum{operation=\"EARN\"} 3.000011\n"
				 "h_seconds_count{operation=\"EARN\"} 3\n"
				 "# HELP p p\n# TYPE p histogram\n"
				 "p_bucket{le=\"10\"} 2\n"
				 "p_bucket{le=\"2000000\"} 2\n"
				 "p_bucket{le=\"+Inf\"} 3\n"
				 "p_sum 3000011\n"
				 "p_count 3\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_is_printed_once_and_only_before_samples),
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(values_of_labels_are_escaped),
		cmocka_unit_test(a_histogram_is_cumulative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
