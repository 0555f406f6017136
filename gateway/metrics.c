/*
 * metrics.c - the gateway's figures, printed for Prometheus from the metric table.
 */
#include "gateway/metrics.h"

#include "protocol/assert.h"

static const struct metric rows[METRIC_INDEX_COUNT] = {
#define METRIC_ROW(name_, type_, unit_, labels_, source, help_) \
	{ \
		.name = #name_, \
		.type = METRIC_##type_, \
		.unit = METRIC_##unit_, \
		.labels = labels_, \
		.help = help_, \
	},
	METRIC_LIST(METRIC_ROW)
#undef METRIC_ROW
};

const struct metric *
metrics_row(enum metric_index index)
{
	TG_ASSERT(index < METRIC_INDEX_COUNT);
	return &rows[index];
}

static const char *const phase_words[GATEWAY_PHASE_COUNT] = {
#define PHASE_WORD(name, word, unready) [GATEWAY_##name] = word,
	GATEWAY_PHASE_LIST(PHASE_WORD)
#undef PHASE_WORD
};

const char *
gateway_phase_word(enum gateway_phase phase)
{
	TG_ASSERT((unsigned)phase < GATEWAY_PHASE_COUNT);
	return phase_words[phase];
}

static void
tell_build(const struct metrics_view *v, struct exposition *e)
{
	exposition_sample(e, 1, PACKAGE_VERSION, v->instance);
}

static void
tell_phase(const struct metrics_view *v, struct exposition *e)
{
	for (int phase = 0; phase < GATEWAY_PHASE_COUNT; phase++)
		exposition_sample(e, v->phase == (enum gateway_phase)phase, phase_words[phase],
				  NULL);
}

/* A count as a sample has it. */
#define AS_VALUE(value) ((int64_t)(value))
#define NUMBER(condition, value) \
	if (condition) \
		exposition_number(e, AS_VALUE(value))
#define FAMILY(function) function(v, e)

void
metrics_print(const struct metrics_view *v, FILE *file)
{
	struct exposition exposition, *e = &exposition;

	exposition_init(e, file);
#define METRIC_TELL(name, type, unit, labels, source, help) \
	exposition_metric(e, &rows[METRIC_INDEX_##name]); \
	source;
	METRIC_LIST(METRIC_TELL)
#undef METRIC_TELL
}
