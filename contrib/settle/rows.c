/*
 * rows.c - lines of a partner's file as transactions.
 */
#include "contrib/settle/rows.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "contrib/common/day.h"
#include "contrib/common/when.h"
#include "contrib/common/word.h"
#include "protocol/assert.h"
#include "protocol/decode.h"
#include "protocol/encode.h"

/* What a column is: a field's number, or one of these. */
enum {
	KIND_OPERATION = 1000,
	KIND_TIME,
	KIND_MEMBER,
	KIND_NEW_IDENTIFIER,
	KIND_REFERENCE,
};

static const struct {
	const char *name;
	uint16_t kind;
} named_kinds[] = {
	{ "operation", KIND_OPERATION },
	{ "time", KIND_TIME },
	{ "member", KIND_MEMBER },
	{ "new_identifier", KIND_NEW_IDENTIFIER },
	{ "reference", KIND_REFERENCE },
	{ "terminal", TG_FIELD_TERMINAL },
	{ "store", TG_FIELD_STORE },
	{ "amount", TG_FIELD_AMOUNT },
	{ "covered", TG_FIELD_COVERED },
	{ "points", TG_FIELD_POINTS },
	{ "original", TG_FIELD_ORIGINAL },
	{ "original_burn", TG_FIELD_ORIGINAL_BURN },
	{ "reason", TG_FIELD_REASON },
	{ "receipt", TG_FIELD_RECEIPT },
	{ "till", TG_FIELD_TILL },
	{ "till_day", TG_FIELD_TILL_DAY },
	{ "tender", TG_FIELD_TENDER },
	{ "channel", TG_FIELD_CHANNEL },
	{ "campaign", TG_FIELD_CAMPAIGN },
	{ "late", TG_FIELD_LATE },
	{ "hold_seconds", TG_FIELD_HOLD_SECONDS },
	{ "skip_limited", TG_FIELD_SKIP_LIMITED },
};

#define KIND_COUNT (sizeof(named_kinds) / sizeof(named_kinds[0]))

static const struct {
	const char *word;
	int64_t number;
} reasons[] = {
	{ "timeout", TG_REASON_TIME_OUT },
	{ "voided", TG_REASON_VOIDED },
	{ "returned", TG_REASON_RETURNED },
	{ "other", TG_REASON_OTHER },
};

/* A line being read. */
struct reading {
	const struct rows *rows;
	uint32_t index;
	struct upload_item *item;
	const char *reference;	 /* its cell; NULL: none */
	const char *column;	 /* at fault; NULL: the whole line */
	struct failure *failure; /* what is wrong */
};

static bool
find_columns(struct rows *rows, struct failure *failure)
{
	const struct table *table = rows->table;
	bool has_operation = false, has_time = false;

	rows->reference_column = table->column_count;
	for (uint32_t i = 0; i < table->column_count; i++) {
		size_t k = 0;

		while (k < KIND_COUNT && strcasecmp(named_kinds[k].name, table->columns[i]) != 0)
			k++;
		if (k == KIND_COUNT)
			return failure_set(failure, "%s:%u: there is no column \"%s\"", table->path,
					   table->header.number, table->columns[i]);
		rows->kinds[i] = named_kinds[k].kind;
		has_operation = has_operation || rows->kinds[i] == KIND_OPERATION;
		has_time = has_time || rows->kinds[i] == KIND_TIME;
		if (rows->kinds[i] == KIND_REFERENCE)
			rows->reference_column = i;
	}
	if (!has_operation || !has_time)
		return failure_set(failure, "%s:%u: column \"%s\" is missing", table->path,
				   table->header.number, has_operation ? "time" : "operation");
	return true;
}

static bool
take_operation(struct reading *r, const char *cell)
{
	for (uint32_t number = tg_operation_next(0); number != 0;
	     number = tg_operation_next(number)) {
		const struct tg_operation_info *info = tg_operation_info(number);

		if (info->has_transaction_id && strcasecmp(info->name, cell) == 0) {
			r->item->request.code = number;
			return true;
		}
	}
	return failure_set(r->failure, "\"%.40s\" is no operation that a file can have", cell);
}

static bool
take_original(struct reading *r, enum tg_field field, const char *cell)
{
	uint8_t *id = field == TG_FIELD_ORIGINAL ? r->item->original : r->item->original_burn;
	struct tg_message *request = &r->item->request;
	int64_t number, time_ms;

	if (strncasecmp(cell, "line:", 5) == 0) {
		const struct table *table = r->rows->table;
		uint32_t index = word_number(cell + 5, 1, UINT32_MAX, &number)
					 ? table_index(table, (uint32_t)number)
					 : table->line_count;

		if (index >= r->index)
			return failure_set(r->failure, "\"%.40s\" is no earlier line of the file",
					   cell);
		if (!r->rows->facts[index].is_good)
			return failure_set(r->failure, "\"%.40s\" is a line that is bad", cell);
		memcpy(id, r->rows->facts[index].id, TG_TRANSACTION_ID_BYTES);
		time_ms = r->rows->facts[index].time_ms;
	} else if (!word_transaction(cell, id, &time_ms, r->failure)) {
		return false;
	}
	tg_message_set_bytes(request, field, id, TG_TRANSACTION_ID_BYTES);
	if (field == TG_FIELD_ORIGINAL || !tg_message_has(request, TG_FIELD_ORIGINAL_TIME))
		tg_message_set_integer(request, TG_FIELD_ORIGINAL_TIME, time_ms);
	return true;
}

static bool
take_identifier(struct reading *r, const char *cell)
{
	struct upload_item *item = r->item;
	const char *identifier;
	int64_t type;

	if (!word_identifier(cell, &type, &identifier, r->failure))
		return false;
	snprintf(item->new_identifier, sizeof(item->new_identifier), "%s", identifier);
	tg_message_set_integer(&item->request, TG_FIELD_NEW_TYPE, type);
	tg_message_set_text(&item->request, TG_FIELD_NEW_IDENTIFIER, item->new_identifier);
	return true;
}

static bool
take_member(struct reading *r, const char *cell)
{
	struct upload_item *item = r->item;

	if (!word_member(cell, &item->request, r->failure))
		return false;
	if (tg_message_has(&item->request, TG_FIELD_IDENTIFIER)) {
		const struct tg_value *value = &item->request.values[TG_FIELD_IDENTIFIER];

		memcpy(item->identifier, value->data, value->bytes);
		item->identifier[value->bytes] = '\0';
		tg_message_set_text(&item->request, TG_FIELD_IDENTIFIER, item->identifier);
	}
	return true;
}

/* A number, a day, a word for a reason, or yes and no. */
static bool
take_number(struct reading *r, const struct tg_field_info *info, const char *cell)
{
	const enum tg_field field = (enum tg_field)info->number;
	int64_t number;
	int32_t day;

	if (field == TG_FIELD_TILL_DAY) {
		if (!day_parse(cell, &day))
			return failure_set(r->failure, "\"%.40s\" is no day as in 1997-01-31",
					   cell);
		number = day;
	} else if (info->type == TG_TYPE_BOOL) {
		number = strcasecmp(cell, "yes") == 0;
		if (number == 0 && strcasecmp(cell, "no") != 0)
			return failure_set(r->failure, "\"%.40s\" is neither yes nor no", cell);
		if (number == 0)
			return true;
	} else if (!word_number(cell, info->low, info->high, &number)) {
		number = 0;
		for (size_t i = 0;
		     field == TG_FIELD_REASON && i < sizeof(reasons) / sizeof(*reasons); i++)
			if (strcasecmp(reasons[i].word, cell) == 0)
				number = reasons[i].number;
		if (number == 0)
			return failure_set(r->failure,
					   "\"%.40s\" is no whole number from %" PRId64
					   " to %" PRId64,
					   cell, info->low, info->high);
	}
	tg_message_set_integer(&r->item->request, field, number);
	return true;
}

static bool
take_cell(struct reading *r, uint16_t kind, const char *cell)
{
	struct upload_item *item = r->item;
	int64_t time_ms;

	switch (kind) {
	case KIND_OPERATION:
		return take_operation(r, cell);
	case KIND_TIME:
		if (!when_parse(cell, &time_ms))
			return failure_set(r->failure,
					   "\"%.40s\" is no time as in 1997-01-31T09:30:00Z", cell);
		tg_message_set_integer(&item->request, TG_FIELD_BUSINESS_TIME, time_ms);
		return true;
	case KIND_MEMBER:
		return take_member(r, cell);
	case KIND_NEW_IDENTIFIER:
		return take_identifier(r, cell);
	case KIND_REFERENCE:
		r->reference = cell;
		return true;
	case TG_FIELD_ORIGINAL:
	case TG_FIELD_ORIGINAL_BURN:
		return take_original(r, (enum tg_field)kind, cell);
	case TG_FIELD_RECEIPT:
		if (strlen(cell) > TG_RECEIPT_BYTES_MAX)
			return failure_set(r->failure, "has more than %d bytes",
					   TG_RECEIPT_BYTES_MAX);
		snprintf(item->receipt, sizeof(item->receipt), "%s", cell);
		tg_message_set_text(&item->request, TG_FIELD_RECEIPT, item->receipt);
		return true;
	default:
		return take_number(r, tg_field_info(kind), cell);
	}
}

/* The name of the column that sets a field. */
static const char *
column_of(uint32_t field)
{
	if (field == TG_FIELD_MEMBER || field == TG_FIELD_IDENTIFIER ||
	    field == TG_FIELD_IDENTIFIER_TYPE)
		return "member";
	if (field == TG_FIELD_NEW_TYPE || field == TG_FIELD_NEW_IDENTIFIER)
		return "new_identifier";
	if (field == TG_FIELD_BUSINESS_TIME)
		return "time";
	if (field == TG_FIELD_ORIGINAL_TIME)
		return "original";
	for (size_t k = 0; k < KIND_COUNT; k++)
		if (named_kinds[k].kind == field)
			return named_kinds[k].name;
	return NULL;
}

/* The same check that the gateway makes, by the same decoder. */
static bool
check_request(struct reading *r)
{
	struct tg_message *request = &r->item->request, decoded;
	uint8_t frame[1024];
	struct tg_writer writer;
	uint32_t field = 0;
	enum tg_status status;
	const bool is_named = tg_message_has(request, TG_FIELD_MEMBER) ||
			      tg_message_has(request, TG_FIELD_IDENTIFIER);

	request->request_id = 1;
	tg_writer_init(&writer, frame, sizeof(frame));
	if (!tg_encode(&writer, request))
		return failure_set(r->failure, "is too long");
	status = tg_decode_request(frame + TG_FRAME_HEADER_BYTES,
				   writer.used_bytes - TG_FRAME_HEADER_BYTES, &decoded, &field);
	r->column = column_of(field);
	if (status == TG_MISSING_FIELD)
		return failure_set(r->failure, "%s needs it", tg_operation_name(request->code));
	if (status == TG_UNKNOWN_FIELD)
		return failure_set(r->failure, "%s has no such field",
				   tg_operation_name(request->code));
	if (status != TG_OK)
		return failure_set(r->failure, "%s", tg_status_text(status));
	r->column = "member";
	if (!is_named)
		return failure_set(r->failure, "%s needs it", tg_operation_name(request->code));
	return true;
}

/* Make the transaction of a line.  False: column and failure tell what is wrong. */
static bool
read_row(struct reading *r)
{
	const struct table *table = r->rows->table;
	struct csv_row row;

	tg_message_init(&r->item->request, 1, 0);
	r->column = NULL;
	if (table_row(table, r->index, &row) != CSV_ROW) {
		if (row.bad_cell < table->column_count)
			r->column = table->columns[row.bad_cell];
		return failure_set(r->failure, "%s", row.why);
	}
	for (uint32_t i = 0; i < row.count; i++) {
		r->column = table->columns[i];
		if (row.cells[i][0] != '\0' && !take_cell(r, r->rows->kinds[i], row.cells[i]))
			return false;
	}
	if (r->item->request.code == 0) {
		r->column = "operation";
		return failure_set(r->failure, "is missing");
	}
	r->column = "reference";
	if (r->reference == NULL && r->rows->reference_column < table->column_count)
		return failure_set(r->failure, "is missing");
	table_make_id(table, r->index, "tallygate settlement line v1", r->reference != NULL,
		      r->reference, r->item->id);
	tg_message_set_bytes(&r->item->request, TG_FIELD_TRANSACTION_ID, r->item->id,
			     TG_TRANSACTION_ID_BYTES);
	return check_request(r);
}

/* An id and its line. */
struct id_line {
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	uint32_t index;
};

static int
compare_ids(const void *left, const void *right)
{
	const struct id_line *a = left, *b = right;
	const int order = memcmp(a->id, b->id, sizeof(a->id));

	return order != 0 ? order : a->index < b->index ? -1 : 1;
}

/* A reference that stands in two lines is a mistake, not one transaction. */
static void
find_doubles(struct rows *rows, struct mistakes *mistakes)
{
	const struct table *table = rows->table;
	struct id_line *ids = calloc((size_t)table->line_count + 1, sizeof(*ids));
	struct failure failure;

	TG_ASSERT(ids != NULL);
	for (uint32_t i = 0; i < table->line_count; i++) {
		memcpy(ids[i].id, rows->facts[i].id, sizeof(ids[i].id));
		ids[i].index = i;
	}
	qsort(ids, table->line_count, sizeof(*ids), compare_ids);
	for (uint32_t i = 1; i < table->line_count; i++) {
		struct row_facts *facts = &rows->facts[ids[i].index];

		if (memcmp(ids[i].id, ids[i - 1].id, sizeof(ids[i].id)) != 0 || !facts->is_good)
			continue;
		failure_set(&failure, "stands in line %u already",
			    table->lines[ids[i - 1].index].number);
		mistakes_add(mistakes, table->lines[ids[i].index].number, "reference",
			     failure.text);
		facts->is_good = false;
		rows->bad_count++;
	}
	free(ids);
}

bool
rows_check(struct rows *rows, const struct table *table, struct mistakes *mistakes,
	   struct failure *failure)
{
	struct upload_item *item = calloc(1, sizeof(*item));
	struct failure why;

	memset(rows, 0, sizeof(*rows));
	rows->table = table;
	rows->facts = calloc((size_t)table->line_count + 1, sizeof(*rows->facts));
	TG_ASSERT(rows->facts != NULL && item != NULL);
	if (!find_columns(rows, failure)) {
		free(item);
		return false;
	}
	for (uint32_t i = 0; i < table->line_count; i++) {
		struct reading r = { rows, i, item, NULL, NULL, &why };
		struct row_facts *facts = &rows->facts[i];

		facts->is_good = read_row(&r);
		if (!facts->is_good) {
			mistakes_add(mistakes, table->lines[i].number, r.column, why.text);
			rows->bad_count++;
			continue;
		}
		memcpy(facts->id, item->id, sizeof(facts->id));
		facts->time_ms = item->request.values[TG_FIELD_BUSINESS_TIME].integer;
	}
	if (rows->reference_column < table->column_count)
		find_doubles(rows, mistakes);
	free(item);
	return true;
}

void
rows_deinit(struct rows *rows)
{
	free(rows->facts);
	rows->facts = NULL;
}

const struct row_facts *
rows_named(const struct rows *rows, uint32_t column, const char *cell)
{
	const uint16_t kind = rows->kinds[column];
	int64_t number;
	uint32_t index;

	if ((kind != TG_FIELD_ORIGINAL && kind != TG_FIELD_ORIGINAL_BURN) ||
	    strncasecmp(cell, "line:", 5) != 0 || !word_number(cell + 5, 1, UINT32_MAX, &number))
		return NULL;
	index = table_index(rows->table, (uint32_t)number);
	return index < rows->table->line_count && rows->facts[index].is_good ? &rows->facts[index]
									     : NULL;
}

void
rows_make(const struct rows *rows, uint32_t index, struct upload_item *item)
{
	struct failure why;
	struct reading r = { rows, index, item, NULL, NULL, &why };

	const bool is_read = rows->facts[index].is_good && read_row(&r);

	TG_ASSERT(is_read);
	item->request.request_id = 0;
}
