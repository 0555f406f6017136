/*
 * record_filter.h - which records are wanted.
 */
#ifndef TG_STORAGE_RECORD_FILTER_H
#define TG_STORAGE_RECORD_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/record.h"

/* All that is set must hold.  Begin with record_filter_all(). */
struct record_filter {
	uint64_t from_sequence;	/* 0: the oldest */
	uint64_t to_sequence;	/* inclusive; UINT64_MAX: to the end */
	int64_t	 from_utc_ms;	/* of booking; INT64_MIN: any */
	int64_t	 to_utc_ms;	/* exclusive; INT64_MAX: any */
	uint64_t member;	/* 0: any */
	uint32_t partner;	/* 0: any; also a record that sets it */
	uint32_t store;		/* 0: any; also a record that sets it */
	uint32_t terminal;	/* 0: any; also a record that sets it */
	uint8_t	 kind;		/* enum record_kind; 0: any */
	bool	 has_status;
	uint16_t status;	/* enum tg_status, with has_status */
};

/* A filter that takes every record. */
struct record_filter record_filter_all(void);

bool record_filter_takes(const struct record_filter *filter, const struct record *record);

/* Read "EARN"; false: no such kind. */
bool record_filter_parse_kind(const char *text, uint8_t *ret_kind);

/* Read "NO_POINTS"; false: no such status. */
bool record_filter_parse_status(const char *text, uint16_t *ret_status);

/*
 * Read a time: "2026-03-02", "2026-03-02T10:00", "2026-03-02T10:00:00.000Z" (always UTC), or ms
 * since 1970.  False: it is none.
 */
bool record_filter_parse_time(const char *text, int64_t *ret_utc_ms);

#endif
