/*
 * case_words.h - the words of money cases: numbers, dates, and the names of fields and figures.
 */
#ifndef TG_TESTS_LEDGER_CASE_WORDS_H
#define TG_TESTS_LEDGER_CASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a name in a case stands for in a struct. */
struct named_field {
	const char *name;
	size_t offset;
	size_t bytes;		/* 1, 2, 4 or 8 */
};

/* Names and the struct that they are of. */
struct named_fields {
	const struct named_field *fields;
	size_t count;
};

/*
 * The lists: struct ledger_request, ledger_answer, record, ledger_limits, the configuration, and
 * archived_transaction with its first portion and part.
 */
extern const struct named_fields request_words;
extern const struct named_fields answer_words;
extern const struct named_fields record_words;
extern const struct named_fields limits_words;
extern const struct named_fields programme_words;
extern const struct named_fields partner_words;
extern const struct named_fields rule_words;
extern const struct named_fields earn_rule_words;
extern const struct named_fields funding_words;
extern const struct named_fields archived_words;

/*
 * A number: "1234", "-5", "1e12", a date "2024-04-01" (as a day), "none" (no limit), "confirmed"
 * and "always" (INT32_MAX).  False: it is none of these.
 */
bool words_number(const char *text, int64_t *ret_value);

/* A time: "2024-04-01T12:30:00", or "2024-04-01" for its noon, in ms. */
bool words_time(const char *text, int64_t *ret_utc_ms);

/* The text after "name=", or NULL when the word is not of that name. */
const char *words_value(const char *word, const char *name);

/* The field of a word "name=value", NULL when there is none of that name. */
const struct named_field *words_field(const struct named_fields *list, const char *word);

void words_store(void *base, const struct named_field *field, int64_t value);
int64_t words_load(const void *base, const struct named_field *field);

/* Numbers of names: a request's, record's or account's kind; 0 when there is none of that name. */
uint8_t words_request_kind(const char *word);
uint8_t words_record_kind(const char *word);
uint8_t words_account(const char *word);

#endif
