/*
 * exposition.h - metrics as text, in the format that Prometheus scrapes (version 0.0.4).
 *
 * Owns the form: HELP, TYPE, UNIT, names of labels, escapes, numbers.  Knows nothing of what is
 * measured.  Values are whole numbers in the unit of the metric's row; none is floating point.
 */
#ifndef TG_ADMIN_EXPOSITION_H
#define TG_ADMIN_EXPOSITION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define EXPOSITION_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define EXPOSITION_LABELS_MAX 2

enum metric_type {
	METRIC_COUNTER,			/* only grows, from the start of the process */
	METRIC_GAUGE,
	METRIC_HISTOGRAM,
};

/* Columns: name, word, digits that a value has after the point. */
/* clang-format off */
#define METRIC_UNIT_LIST(X) \
	X(COUNT,   "",        0) \
	X(BYTES,   "bytes",   0) \
	X(SECONDS, "seconds", 6) \
	X(RATIO,   "ratio",   6)
/* clang-format on */

/* COUNT: a number of things, named in the metric's name.  SECONDS: told as us.  RATIO: in 10^-6. */
enum metric_unit {
#define METRIC_UNIT_ENUM(name, word, digits) METRIC_##name,
	METRIC_UNIT_LIST(METRIC_UNIT_ENUM)
#undef METRIC_UNIT_ENUM
};

/* What is known of a metric beforehand.  Static. */
struct metric {
	const char *name;		/* "tallygate_requests_total" */
	enum metric_type type;
	enum metric_unit unit;
	const char *labels;		/* "operation,status"; "" for none */
	const char *help;		/* one sentence part */
};

/* "counter", "seconds". */
const char *metric_type_word(enum metric_type type);
const char *metric_unit_word(enum metric_unit unit);

struct exposition {
	FILE	*file;			/* borrowed */
	const struct metric *metric;	/* being told */
	bool	 has_head;		/* HELP and TYPE of it are written */
};

/* Begin: everything is printed into file, whose errors are the caller's to see. */
void exposition_init(struct exposition *exposition, FILE *file);

/* The samples that follow are of this metric.  Without a sample nothing is printed of it. */
void exposition_metric(struct exposition *exposition, const struct metric *metric);

/* A sample of a metric without labels. */
void exposition_number(struct exposition *exposition, int64_t value);

/*
 * A sample of a metric with labels: their values in the order of the row, second NULL if there is
 * one only.  Any UTF-8 text; the set of different ones must be small.
 */
void exposition_sample(struct exposition *exposition, int64_t value, const char *first,
		       const char *second);

/* A distribution: how many values lie in each bucket. */
struct exposition_buckets {
	const int64_t *bounds;		/* bound_count upper bounds, ascending, each inclusive */
	const uint64_t *counts;		/* bound_count + 1; the last: above all bounds */
	uint32_t bound_count;
	uint64_t sum;			/* of the values */
};

/* A histogram with the values of up to two labels, NULL for none. */
void exposition_histogram(struct exposition *exposition, const struct exposition_buckets *buckets,
			  const char *first, const char *second);

#endif
