/*
 * field.h - what an operator may say of a partner, rule, store, terminal or cycle, as tables.
 *
 * A row is the whole truth about a field: the word on the console and in the first line of a CSV
 * file, how its value reads, its bounds, its default, its help.  `partner add`, `import partners`,
 * `show partners` and the reference all come from it.  Pure.
 */
#ifndef TG_ADMIN_FIELD_H
#define TG_ADMIN_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/config_rows.h"

#define FIELD_TEXT_BYTES 256		/* holds any field's value as text, or why it was refused */
#define FIELDS_MAX 32			/* of one noun: a mask of them is a uint32_t */

enum field_kind {
	FIELD_INT,		/* whole number, or the field's word for a special value */
	FIELD_FLAG,		/* yes or no: a bit of a uint32_t */
	FIELD_RATIO,		/* N/D or N: two int64_t, one after the other */
	FIELD_NAME,		/* UTF-8, at most NAME_BYTES bytes */
	FIELD_RIGHTS,		/* words of TG_RIGHT_LIST joined by +, all, none */
	FIELD_PLACE,		/* anywhere, partner:N, store:N */
	FIELD_CHOICE,		/* one of the words of `word`: a|b|c stand for 1, 2, 3 */
	FIELD_DAY,		/* 1997-01-31, or none: an int32_t, 0 */
};

/* Static memory throughout. */
struct field {
	const char *name;	/* as in the struct where there is a member of its own */
	enum field_kind kind;
	size_t	 offset;	/* of the member in the image */
	size_t	 bytes;		/* of the member: 2, 4 or 8 for INT */
	bool	 is_signed;	/* INT: the member's type */
	int64_t	 low, high;	/* INT: bounds; FLAG: low is the bit; RATIO: bounds of N */
	/* INT: stands for word_value; NULL: there is none.  CHOICE: the words */
	const char *word;
	int64_t	 word_value;
	const char *fallback;	/* the default as text; NULL: must be said */
	const char *help;
};

/* The fields of one noun.  The first is its key: its number, or the partner of a rule. */
struct field_set {
	const char *noun;	/* "partner" */
	const struct field *fields;
	uint32_t count;		/* <= FIELDS_MAX */
	size_t	 image_bytes;	/* of the struct */
};

extern const struct field_set partner_field_set; /* struct partner_config */
extern const struct field_set rule_field_set;	 /* struct rule_config */
extern const struct field_set funding_field_set; /* struct funding_config */
extern const struct field_set store_field_set;	 /* struct store_config */
extern const struct field_set terminal_field_set; /* struct terminal_config */
extern const struct field_set cycle_field_set; /* struct cycle_config */

/* The index of the field of that name; set->count when there is none. */
uint32_t field_find(const struct field_set *set, const char *name);

/* The same for what a person types: the name may be shortened while it is unique. */
uint32_t field_match(const struct field_set *set, const char *typed);

/* Set everything to its default; fields that must be said are zero. */
void field_set_defaults(const struct field_set *set, void *image);

/*
 * Read a value into the image.  why: FIELD_TEXT_BYTES, set to the reason of a refusal, which leaves
 * the image as it was.
 */
bool field_assign(const struct field *field, void *image, const char *value, char *why);

/* Write the image's value as field_assign() reads it.  text: FIELD_TEXT_BYTES. */
void field_format(const struct field *field, const void *image, char *text);

/* Copy the fields whose bits (1 << index) are in mask from one image to another. */
void field_copy(const struct field_set *set, uint32_t mask, const void *from, void *to);

/* What a value may be, for help: "0..100 or none".  text: FIELD_TEXT_BYTES. */
void field_bounds(const struct field *field, char *text);

/* The flags that are set, by their fields: "blocked test".  text: FIELD_TEXT_BYTES. */
void field_flags_text(const struct field_set *set, const void *image, char *text);

/* A fixed-size name as a string.  text: NAME_BYTES + 1. */
void field_name_text(const uint8_t name[NAME_BYTES], char *text);

#endif
