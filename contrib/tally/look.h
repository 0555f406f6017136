/*
 * look.h - how the numbers of an answer look: days, times, states, rights, in words.
 */
#ifndef TG_CONTRIB_TALLY_LOOK_H
#define TG_CONTRIB_TALLY_LOOK_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/message.h"

#define LOOK_TEXT_BYTES 128

/* What a field's number stands for. */
enum look {
	LOOK_NUMBER,
	LOOK_FLAG,   /* yes or no */
	LOOK_DAY,    /* days since 1970-01-01 */
	LOOK_TIME,   /* ms UTC */
	LOOK_STATUS, /* enum tg_status */
	LOOK_KIND,   /* operation, or what happened by itself */
	LOOK_STATE,  /* enum tg_state */
	LOOK_RIGHTS, /* bits of enum tg_right */
	LOOK_FIELD,  /* number of a field */
};

enum look look_of(enum tg_field field);

/* The field's name in lower case, cut to bytes. */
void look_name(enum tg_field field, char *ret_text, size_t bytes);

/* The field's number in words, as it looks. */
void look_integer(enum tg_field field, int64_t integer, char ret_text[LOOK_TEXT_BYTES]);

/* "1997-01-31", and "1997-01-31T08:15:00.000Z". */
void look_day(int64_t day, char ret_text[LOOK_TEXT_BYTES]);
void look_time(int64_t utc_ms, char ret_text[LOOK_TEXT_BYTES]);

/* The word for a kind of entry: an operation in lower case, or expired, matured, lapsed. */
const char *look_kind(uint32_t kind);

/* The word for a state, "?" for a number that is none. */
const char *look_state(int64_t state);

#endif
