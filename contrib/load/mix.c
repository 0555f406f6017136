/*
 * mix.c - which kinds of work a load is made of, by weights.
 */
#include "contrib/load/mix.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

#define WEIGHT_MAX 1000000

static const struct {
	const char *word;
	const char *text;
	uint32_t weight;
} rows[MIX_COUNT] = {
#define MIX_ROW(name, word, weight, text) [MIX_##name] = { #word, text, weight },
	MIX_LIST(MIX_ROW)
#undef MIX_ROW
};

void
mix_init(struct mix *mix)
{
	mix->total = 0;
	for (int i = 0; i < MIX_COUNT; i++) {
		mix->weights[i] = rows[i].weight;
		mix->total += rows[i].weight;
	}
}

/* The kind whose word is the first bytes of text; MIX_COUNT when there is none. */
static enum mix_kind
find_word(const char *text, size_t bytes)
{
	for (int i = 0; i < MIX_COUNT; i++)
		if (strlen(rows[i].word) == bytes && memcmp(rows[i].word, text, bytes) == 0)
			return (enum mix_kind)i;
	return MIX_COUNT;
}

/* Read "word=weight" at the front of text; ret_end points behind it. */
static bool
parse_item(const char *text, struct mix *mix, const char **ret_end, struct failure *failure)
{
	size_t bytes = strcspn(text, "=,");
	enum mix_kind kind = find_word(text, bytes);
	unsigned long weight;
	char *end;

	if (kind == MIX_COUNT)
		return failure_set(failure, "no kind of work is called \"%.*s\"", (int)bytes, text);
	if (text[bytes] != '=' || text[bytes + 1] < '0' || text[bytes + 1] > '9')
		return failure_set(failure, "\"%s\" needs a weight, as in %s=10", rows[kind].word,
				   rows[kind].word);
	if (mix->weights[kind] != 0)
		return failure_set(failure, "\"%s\" is named twice", rows[kind].word);
	weight = strtoul(text + bytes + 1, &end, 10);
	if (weight > WEIGHT_MAX || (*end != ',' && *end != '\0'))
		return failure_set(failure, "the weight of \"%s\" is not a number up to %d",
				   rows[kind].word, WEIGHT_MAX);
	mix->weights[kind] = (uint32_t)weight;
	mix->total += (uint32_t)weight;
	*ret_end = end;
	return true;
}

bool
mix_parse(const char *text, struct mix *ret_mix, struct failure *failure)
{
	struct mix mix = { .total = 0 };

	for (;;) {
		if (!parse_item(text, &mix, &text, failure))
			return false;
		if (*text == '\0')
			break;
		text++;
	}
	if (mix.total == 0)
		return failure_set(failure, "no kind of work has weight");
	*ret_mix = mix;
	return true;
}

enum mix_kind
mix_draw(const struct mix *mix, struct prng *prng)
{
	uint64_t at = prng_below(prng, mix->total);

	for (int i = 0; i < MIX_COUNT; i++) {
		if (at < mix->weights[i])
			return (enum mix_kind)i;
		at -= mix->weights[i];
	}
	TG_ASSERT(false);
	return MIX_EARN;
}

const char *
mix_word(enum mix_kind kind)
{
	return rows[kind].word;
}

uint32_t
mix_weight(enum mix_kind kind)
{
	return rows[kind].weight;
}

const char *
mix_text(enum mix_kind kind)
{
	return rows[kind].text;
}
