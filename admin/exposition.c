/*
 * exposition.c - metrics as text, in the format that Prometheus scrapes (version 0.0.4).
 */
#include "admin/exposition.h"

#include <inttypes.h>
#include <string.h>

#include "protocol/assert.h"

static const struct {
	const char *word;
	int	 digits;		/* after the point */
} units[] = {
#define METRIC_UNIT_ROW(name, word, digits) [METRIC_##name] = { word, digits },
	METRIC_UNIT_LIST(METRIC_UNIT_ROW)
#undef METRIC_UNIT_ROW
};

const char *
metric_type_word(enum metric_type type)
{
	switch (type) {
	case METRIC_COUNTER:
		return "counter";
	case METRIC_GAUGE:
		return "gauge";
	case METRIC_HISTOGRAM:
		break;
	}
	return "histogram";
}

const char *
metric_unit_word(enum metric_unit unit)
{
	return units[unit].word;
}

void
exposition_init(struct exposition *exposition, FILE *file)
{
	*exposition = (struct exposition){ .file = file };
}

void
exposition_metric(struct exposition *exposition, const struct metric *metric)
{
	exposition->metric = metric;
	exposition->has_head = false;
}

/* HELP, TYPE and UNIT, before the first sample. */
static void
print_head(struct exposition *exposition)
{
	const struct metric *metric = exposition->metric;

	TG_ASSERT(metric != NULL);
	if (exposition->has_head)
		return;
	exposition->has_head = true;
	fprintf(exposition->file, "# HELP %s ", metric->name);
	for (const char *at = metric->help; *at != '\0'; at++) {
		if (*at == '\\')
			fputc('\\', exposition->file);
		fputc(*at, exposition->file);
	}
	fprintf(exposition->file, "\n# TYPE %s %s\n", metric->name, metric_type_word(metric->type));
	if (metric->unit != METRIC_COUNT)
		fprintf(exposition->file, "# UNIT %s %s\n", metric->name,
			metric_unit_word(metric->unit));
}

/* A value with the digits of its unit, without the zeros at its end. */
static void
print_value(struct exposition *exposition, int64_t value)
{
	int digits = units[exposition->metric->unit].digits;
	uint64_t whole = value < 0 ? -(uint64_t)value : (uint64_t)value;
	uint64_t scale = 1, rest;

	for (int i = 0; i < digits; i++)
		scale *= 10;
	rest = whole % scale;
	fprintf(exposition->file, "%s%" PRIu64, value < 0 ? "-" : "", whole / scale);
	if (rest == 0)
		return;
	for (; rest % 10 == 0; rest /= 10)
		digits--;
	fprintf(exposition->file, ".%0*" PRIu64, digits, rest);
}

/* The value of a label, in quotes. */
static void
print_quoted(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			fputs("\\n", file);
			continue;
		}
		if (*text == '"' || *text == '\\')
			fputc('\\', file);
		fputc(*text, file);
	}
	fputc('"', file);
}

/*
 * name{label="value",...} of a sample, up to and with the brace.  suffix: after the name.  has_le:
 * another label follows, which the caller prints with the brace.
 */
static void
print_name(struct exposition *exposition, const char *suffix, const char *first,
	   const char *second, bool has_le)
{
	const char *values[EXPOSITION_LABELS_MAX] = { first, second };
	const char *label = exposition->metric->labels;
	bool has_labels = label[0] != '\0';

	print_head(exposition);
	fprintf(exposition->file, "%s%s%s", exposition->metric->name, suffix,
		has_labels || has_le ? "{" : "");
	for (int i = 0; i < EXPOSITION_LABELS_MAX; i++) {
		size_t bytes = strcspn(label, ",");

		TG_ASSERT((bytes > 0) == (values[i] != NULL));
		if (values[i] == NULL)
			break;
		fprintf(exposition->file, "%s%.*s=", i > 0 ? "," : "", (int)bytes, label);
		print_quoted(exposition->file, values[i]);
		label += bytes + (label[bytes] == ',');
	}
	if (has_le)
		fputs(has_labels ? ",le=" : "le=", exposition->file);
	else if (has_labels)
		fputc('}', exposition->file);
}

void
exposition_sample(struct exposition *exposition, int64_t value, const char *first,
		  const char *second)
{
	print_name(exposition, "", first, second, false);
	fputc(' ', exposition->file);
	print_value(exposition, value);
	fputc('\n', exposition->file);
}

void
exposition_number(struct exposition *exposition, int64_t value)
{
	exposition_sample(exposition, value, NULL, NULL);
}

void
exposition_histogram(struct exposition *exposition, const struct exposition_buckets *buckets,
		     const char *first, const char *second)
{
	uint64_t count = 0;

	TG_ASSERT(exposition->metric->type == METRIC_HISTOGRAM);
	for (uint32_t i = 0; i <= buckets->bound_count; i++) {
		count += buckets->counts[i];
		print_name(exposition, "_bucket", first, second, true);
		fputc('"', exposition->file);
		if (i < buckets->bound_count)
			print_value(exposition, buckets->bounds[i]);
		else
			fputs("+Inf", exposition->file);
		fprintf(exposition->file, "\"} %" PRIu64 "\n", count);
	}
	print_name(exposition, "_sum", first, second, false);
	fputc(' ', exposition->file);
	print_value(exposition, (int64_t)buckets->sum);
	fputc('\n', exposition->file);
	print_name(exposition, "_count", first, second, false);
	fprintf(exposition->file, " %" PRIu64 "\n", count);
}
