/*
 * report.c - printing and collecting.
 */
#include "contrib/certify/report.h"

#include <inttypes.h>

#include "protocol/assert.h"

static const char side_signs[] = { [TRACE_TERMINAL] = '>', [TRACE_HARNESS] = '<',
				   [TRACE_EVENT] = '*' };
static const char *const side_names[] = { [TRACE_TERMINAL] = "terminal",
					  [TRACE_HARNESS] = "harness",
					  [TRACE_EVENT] = "event" };

bool
report_init(struct report *report, FILE *out)
{
	*report = (struct report){ .out = out, .cases = json_array() };
	return report->cases != NULL;
}

void
report_deinit(struct report *report)
{
	json_decref(report->cases);
	report->cases = NULL;
}

/* One line for people: FAILED stands out. */
static void
print_verdict(FILE *out, const char *name, const char *expected, const struct judgement *j)
{
	fprintf(out, "%-14s %-20s %s\n",
		j->verdict == VERDICT_FAILED ? "FAILED" : judge_verdict_name(j->verdict), name,
		expected);
	if (j->text[0] != '\0')
		fprintf(out, "%-14s %-20s %s\n", "", "", j->text);
}

static void
print_trace(FILE *out, const struct trace *trace)
{
	for (uint32_t i = 0; i < trace->count; i++) {
		const struct trace_line *line = &trace->lines[i];

		fprintf(out, "    %7" PRId64 " ms  %2u %c %s\n", line->at_ms, line->connection,
			side_signs[line->side], line->text);
		if (line->hex[0] != '\0')
			fprintf(out, "%20s%s\n", "", line->hex);
	}
	if (trace->lost > 0)
		fprintf(out, "    ... and %u lines more\n", trace->lost);
}

static json_t *
trace_json(const struct trace *trace)
{
	json_t *lines = json_array();

	for (uint32_t i = 0; i < trace->count; i++) {
		const struct trace_line *line = &trace->lines[i];
		json_t *row = json_pack("{s:I, s:i, s:s}", "at_ms", (json_int_t)line->at_ms,
					"connection", (int)line->connection, "by",
					side_names[line->side]);
		json_t *text = json_string(line->text);

		/* What a terminal sends need not be UTF-8. */
		json_object_set_new(row, "text", text != NULL ? text : json_string("(not UTF-8)"));
		if (line->hex[0] != '\0')
			json_object_set_new(row, "payload", json_string(line->hex));
		json_array_append_new(lines, row);
	}
	return lines;
}

/* One case or rule as JSON.  wire: given away; NULL: it has none. */
static void
add(struct report *report, const char *name, const char *expected, const struct judgement *j,
    json_t *wire)
{
	json_t *row = json_pack("{s:s, s:s, s:s, s:s}", "name", name, "expected", expected,
				"verdict", judge_verdict_name(j->verdict), "seen", j->text);

	TG_ASSERT(row != NULL);
	if (wire != NULL)
		json_object_set_new(row, "wire", wire);
	json_array_append_new(report->cases, row);
	report->counts[j->verdict]++;
}

void
report_case(struct report *report, const struct judge_case *judge_case,
	    const struct judgement *judgement, const struct round *round)
{
	print_verdict(report->out, judge_case->name, judge_case->expected, judgement);
	if (judgement->verdict == VERDICT_FAILED || report->is_wire_shown)
		print_trace(report->out, &round->trace);
	fflush(report->out);
	add(report, judge_case->name, judge_case->expected, judgement,
	    trace_json(&round->trace));
}

void
report_rule(struct report *report, const struct breaches *breaches, enum rule rule)
{
	struct judgement j = { .verdict = VERDICT_PASSED };

	if (breaches->rules[rule].looked_count == 0)
		j.verdict = VERDICT_NOT_EXERCISED;
	if (breaches->rules[rule].broken_count > 0) {
		j.verdict = VERDICT_FAILED;
		snprintf(j.text, sizeof(j.text), "%s (%u times)", breaches->rules[rule].first,
			 breaches->rules[rule].broken_count);
	}
	print_verdict(report->out, breach_word(rule), breach_text(rule), &j);
	add(report, breach_word(rule), breach_text(rule), &j, NULL);
}

void
report_end(const struct report *report)
{
	fprintf(report->out, "\n%u passed, %u failed, %u not exercised\n",
		report->counts[VERDICT_PASSED], report->counts[VERDICT_FAILED],
		report->counts[VERDICT_NOT_EXERCISED]);
}

bool
report_write(const struct report *report, FILE *file)
{
	json_t *root = json_pack("{s:s, s:s?, s:i, s:i, s:i, s:O}", "program",
				 "tally-certify " PACKAGE_VERSION, "command", report->command,
				 "passed", (int)report->counts[VERDICT_PASSED], "failed",
				 (int)report->counts[VERDICT_FAILED], "not_exercised",
				 (int)report->counts[VERDICT_NOT_EXERCISED], "cases",
				 report->cases);
	bool is_written = root != NULL && json_dumpf(root, file, JSON_INDENT(1)) == 0 &&
			  fputc('\n', file) != EOF;

	json_decref(root);
	return is_written;
}
