/*
 * breach.c - counting what was looked at and what was broken.
 */
#include "contrib/certify/breach.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	const char *word, *text;
} rules[RULE_COUNT] = {
#define RULE_ROW(name, word, text) { word, text },
	RULE_LIST(RULE_ROW)
#undef RULE_ROW
};

void
breach_look(struct breaches *breaches, enum rule rule)
{
	breaches->rules[rule].looked_count++;
}

void
breach_note(struct breaches *breaches, enum rule rule, const char *format, ...)
{
	char *first = breaches->rules[rule].first;
	va_list arguments;
	int bytes;

	if (breaches->rules[rule].broken_count++ > 0)
		return;
	bytes = snprintf(first, BREACH_TEXT_BYTES, "in %s: ", breaches->present);
	va_start(arguments, format);
	vsnprintf(first + bytes, BREACH_TEXT_BYTES - (size_t)bytes, format, arguments);
	va_end(arguments);
}

const char *
breach_word(enum rule rule)
{
	return rules[rule].word;
}

const char *
breach_text(enum rule rule)
{
	return rules[rule].text;
}
