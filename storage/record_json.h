/*
 * record_json.h - a record as JSON, for people and their tools.
 *
 * Every section of a record is shown under the names of record.h; identifiers stay hashes.  Amounts
 * and points are exact, days are "2025-01-31", times "2025-01-31T12:00:00.000Z".
 */
#ifndef TG_STORAGE_RECORD_JSON_H
#define TG_STORAGE_RECORD_JSON_H

#include <jansson.h>

#include "ledger/record.h"
#include "ledger/table.h"

/* A new object, the caller's; NULL when out of memory. */
json_t *record_json(const struct record *record);

/* A state hash as 32 hexadecimal digits, high half first: a new string. */
json_t *record_json_hash(struct state_hash hash);

/* A time in ms UTC as ISO 8601: a new string. */
json_t *record_json_time(int64_t utc_ms);

#endif
