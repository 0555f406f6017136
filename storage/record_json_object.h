/*
 * record_json_object.h - a JSON object in the making, for the files of record_json.
 */
#ifndef TG_STORAGE_RECORD_JSON_OBJECT_H
#define TG_STORAGE_RECORD_JSON_OBJECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ledger/record.h"

/* The object being made.  Once something failed it is not shown. */
struct object {
	json_t *json;
	bool has_failed;
};

static inline void
put(struct object *o, const char *name, json_t *value)
{
	if (json_object_set_new(o->json, name, value) != 0)
		o->has_failed = true;
}

static inline void
put_int(struct object *o, const char *name, int64_t value)
{
	put(o, name, json_integer(value));
}

static inline void
put_number(struct object *o, const char *name, uint64_t value)
{
	put(o, name, json_integer((json_int_t)value));
}

/* A limit, where INT64_MAX means none. */
static inline void
put_limit(struct object *o, const char *name, int64_t value)
{
	put(o, name, value == LIMIT_NONE ? json_null() : json_integer(value));
}

/* Text padded with zeros; what is no UTF-8 is shown in hexadecimal. */
void record_json_put_text(struct object *o, const char *name, const uint8_t *bytes,
			  size_t bytes_max);

/* A day as 1997-01-31, null for none; a time in UTC. */
void record_json_put_day(struct object *o, const char *name, int32_t day);
void record_json_put_time(struct object *o, const char *name, int64_t utc_ms);

/* Add element to an array of o. */
void record_json_append(struct object *o, json_t *array, struct object *element);

/* What a record set of the configuration (record_json_config.c). */
void record_json_put_config(struct object *o, const struct record *r);
void record_json_put_funded(struct object *o, const struct record *r);
void record_json_put_budgets(struct object *o, const struct record *r);
void record_json_put_components(struct object *o, const struct record *r);

#endif
