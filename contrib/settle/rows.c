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
	KIND_ORIGINAL_REFERENCE,
};

#define ID_LABEL "tallygate settlement line v1"

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
	{ "original_reference", KIND_ORIGINAL_REFERENCE },
	{ "original_time", TG_FIELD_ORIGINAL_TIME },
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
	{ "direction", TG_FIELD_DIRECTION },
	{ "own_units", TG_FIELD_OWN_UNITS },
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
	struct layout_row *row;	 /* its cells */
	const char *column;	 /* at fault; NULL: the whole line */
	struct failure *failure; /* what is wrong */
};

/* What a column of that name is; 0: nothing. */
static uint16_t
kind_named(const char *name)
{
	for (size_t k = 0; k < KIND_COUNT; k++)
		if (strcasecmp(named_kinds[k].name, name) == 0)
			return named_kinds[k].kind;
	return 0;
}

static bool
find_columns(struct rows *rows, struct failure *failure)
{
	const struct layout *layout = rows->layout;
	const char *path = layout->path != NULL ? layout->path : rows->table->path;
	const uint32_t line = layout->path != NULL ? 0 : rows->table->header.number;
	bool has_operation = false, has_time = false;

	rows->reference_column = layout->column_count;
	for (uint32_t i = 0; i < layout->column_count; i++) {
		const struct layout_column *column = &layout->columns[i];

		rows->kinds[i] = kind_named(column->name);
		if (rows->kinds[i] == 0 &&
		    (!layout->is_loose || strcasecmp(column->name, column->source) != 0))
			return failure_set(failure, "%s:%u: there is no column \"%s\"", path, line,
					   column->name);
		has_operation = has_operation || rows->kinds[i] == KIND_OPERATION;
		has_time = has_time || rows->kinds[i] == KIND_TIME;
		if (rows->kinds[i] == KIND_REFERENCE)
			rows->reference_column = i;
	}
	if (!has_operation || !has_time)
		return failure_set(failure, "%s:%u: column \"%s\" is missing", path, line,
				   has_operation ? "time" : "operation");
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

	if (strncasecmp(cell, "line:", 5) == 0 && r->rows->layout->path != NULL)
		return failure_set(r->failure, "\"%.40s\": a file with a layout names originals "
				   "as ID@TIME, or by original_reference", cell);
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

/* A line of this or another file by its reference: its id follows from that. */
static bool
take_original_reference(struct reading *r, const char *cell)
{
	table_make_id(r->rows->table, r->index, ID_LABEL, true, cell, r->item->original);
	tg_message_set_bytes(&r->item->request, TG_FIELD_ORIGINAL, r->item->original,
			     TG_TRANSACTION_ID_BYTES);
	return true;
}

static bool
take_time(struct reading *r, enum tg_field field, const char *cell)
{
	int64_t time_ms;

	if (!when_parse(cell, &time_ms))
		return failure_set(r->failure, "\"%.40s\" is no time as in 1997-01-31T09:30:00Z",
				   cell);
	tg_message_set_integer(&r->item->request, field, time_ms);
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

	switch (kind) {
	case KIND_OPERATION:
		return take_operation(r, cell);
	case KIND_TIME:
		return take_time(r, TG_FIELD_BUSINESS_TIME, cell);
	case TG_FIELD_ORIGINAL_TIME:
		return take_time(r, TG_FIELD_ORIGINAL_TIME, cell);
	case KIND_ORIGINAL_REFERENCE:
		return take_original_reference(r, cell);
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
name_of(uint32_t field)
{
	if (field == TG_FIELD_MEMBER || field == TG_FIELD_IDENTIFIER ||
	    field == TG_FIELD_IDENTIFIER_TYPE)
		return "member";
	if (field == TG_FIELD_NEW_TYPE || field == TG_FIELD_NEW_IDENTIFIER)
		return "new_identifier";
	if (field == TG_FIELD_BUSINESS_TIME)
		return "time";
	if (field == TG_FIELD_ORIGINAL_TIME)
		return "original_time";
	for (size_t k = 0; k < KIND_COUNT; k++)
		if (named_kinds[k].kind == field)
			return named_kinds[k].name;
	return NULL;
}

/* What the file calls the column of ours; its name where it has none. */
static const char *
source_of(const struct rows *rows, const char *name)
{
	for (uint32_t i = 0; name != NULL && i < rows->layout->column_count; i++)
		if (strcasecmp(rows->layout->columns[i].name, name) == 0)
			return rows->layout->columns[i].source;
	return name;
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
	r->column = source_of(r->rows, name_of(field));
	if (status == TG_MISSING_FIELD)
		return failure_set(r->failure, "%s needs it", tg_operation_name(request->code));
	if (status == TG_UNKNOWN_FIELD)
		return failure_set(r->failure, "%s has no such field",
				   tg_operation_name(request->code));
	if (status != TG_OK)
		return failure_set(r->failure, "%s", tg_status_text(status));
	r->column = source_of(r->rows, "member");
	if (!is_named)
		return failure_set(r->failure, "%s needs it", tg_operation_name(request->code));
	return true;
}

/* Make the transaction of a line.  False: column and failure tell what is wrong. */
static bool
read_row(struct reading *r)
{
	const struct table *table = r->rows->table;
	const struct layout *layout = r->rows->layout;

	tg_message_init(&r->item->request, 1, 0);
	if (!layout_row(layout, table, r->index, r->row)) {
		r->column = r->row->column;
		return failure_set(r->failure, "%s", r->row->why.text);
	}
	for (uint32_t i = 0; i < layout->column_count; i++) {
		const char *cell = r->row->cells[i];

		r->column = layout->columns[i].source;
		if (r->rows->kinds[i] != 0 && cell[0] != '\0' &&
		    !take_cell(r, r->rows->kinds[i], cell))
			return false;
	}
	if (r->item->request.code == 0) {
		r->column = source_of(r->rows, "operation");
		return failure_set(r->failure, "is missing");
	}
	r->column = source_of(r->rows, "reference");
	if (r->reference == NULL && r->rows->reference_column < layout->column_count)
		return failure_set(r->failure, "is missing");
	table_make_id(table, r->index, ID_LABEL, r->reference != NULL,
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
rows_check(struct rows *rows, const struct layout *layout, const struct table *table,
	   struct mistakes *mistakes, struct failure *failure)
{
	struct upload_item *item = calloc(1, sizeof(*item));
	struct layout_row *row = calloc(1, sizeof(*row));
	struct failure why;

	memset(rows, 0, sizeof(*rows));
	rows->table = table;
	rows->layout = layout;
	rows->facts = calloc((size_t)table->line_count + 1, sizeof(*rows->facts));
	TG_ASSERT(rows->facts != NULL && item != NULL && row != NULL);
	if (!find_columns(rows, failure)) {
		free(item);
		free(row);
		return false;
	}
	for (uint32_t i = 0; i < table->line_count; i++) {
		struct reading r = { rows, i, item, NULL, row, NULL, &why };
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
	if (rows->reference_column < layout->column_count)
		find_doubles(rows, mistakes);
	free(item);
	free(row);
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
	const struct layout *layout = rows->layout;
	uint16_t kind = 0;
	int64_t number;
	uint32_t index;

	for (uint32_t i = 0; i < layout->column_count; i++)
		if (layout->columns[i].place.column[0] != '\0' &&
		    layout->columns[i].place.cell == column)
			kind = rows->kinds[i];
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
	struct layout_row row;
	struct failure why;
	struct reading r = { rows, index, item, NULL, &row, NULL, &why };

	const bool is_read = rows->facts[index].is_good && read_row(&r);

	TG_ASSERT(is_read);
	item->request.request_id = 0;
}
