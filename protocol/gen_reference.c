/*
 * gen_reference.c - prints the protocol reference, its manual page, or a fuzzer's dictionary, from
 * the tables.
 *
 * Without arguments: protocol/PROTOCOL.md.in, found in $top_srcdir or the folder above the program,
 * with each line that is a marker between two @ replaced by what the table says.  With "manual" the
 * same of protocol/tallygate-protocol.7.scd.in, with "dictionary" tokens for libFuzzer.
 */
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/gen_example.h"
#include "protocol/gen_manual.h"
#include "protocol/message.h"
#include "protocol/status.h"
#include "protocol/writer.h"

#define LINE_BYTES 256
#define COLUMNS_MAX 99
#define PATH_BYTES 1024

/* What has been printed of the template. */
struct reference {
	uint64_t operations; /* bit n: the operation with number n has its table */
};

/* Print the bounds of a value in words. */
static void
print_bounds(const struct tg_field_info *info)
{
	const char *unit = info->type == TG_TYPE_BIN || info->type == TG_TYPE_STR ? " bytes"
			   : info->type == TG_TYPE_INT				  ? ""
										  : " rows";

	if (info->type == TG_TYPE_BOOL)
		return;
	if (info->low == info->high)
		printf("%" PRId64 "%s", info->low, unit);
	else
		printf("%" PRId64 " to %" PRId64 "%s", info->low, info->high, unit);
}

/* Print the heading of an operation's section. */
static void
print_heading(const struct tg_operation_info *info)
{
	printf("### %s\n\nOperation %" PRIu32 ": %s. ", info->name, info->number, info->text);
	if (info->right != 0)
		printf("Needs the right `%s`.", tg_right_name(info->right));
	else
		printf("Needs no right.");
	if (info->has_transaction_id)
		printf(" A transaction.");
	printf("\n");
}

/* Print the fields of an operation's requests, one row each. */
static void
print_request(const struct tg_operation_info *info)
{
	const char *heading = "| request | number | type | | |\n| --- | --- | --- | --- | --- |\n";

	for (enum tg_field f = tg_field_set_next(&info->requested, 0); f < TG_FIELD_COUNT;
	     f = tg_field_set_next(&info->requested, f + 1)) {
		const struct tg_field_info *field = tg_field_info(f);
		bool is_required = tg_field_set_has(&info->required, f);
		bool is_content = info->has_transaction_id && tg_field_set_has(&info->printed, f);

		printf("%s| %s | %" PRIu32 " | %s | %s | %s |\n", heading, field->name,
		       field->number, tg_type_name(field->type), is_required ? "must" : "may",
		       is_content ? "counts" : "");
		heading = "";
	}
	if (*heading == '\0')
		printf("\n");
}

/* Print the fields of an operation's answers in one paragraph, without those of all answers. */
static void
print_answer(const struct tg_operation_info *info)
{
	const char *separator = info->number == TG_OP_NOTICE ? "It tells" : "Answer:";
	int column = printf("%s", separator);

	separator = " ";
	for (enum tg_field f = tg_field_set_next(&info->replied, 0); f < TG_FIELD_COUNT;
	     f = tg_field_set_next(&info->replied, f + 1)) {
		const struct tg_field_info *field = tg_field_info(f);
		int bytes = (int)strlen(field->name) + (field->number < 100 ? 7 : 8);

		if (info->number != TG_OP_NOTICE &&
		    (f == TG_FIELD_FIELD || f == TG_FIELD_RETRY_AFTER || f == TG_FIELD_MESSAGE))
			continue;
		if (column + bytes > COLUMNS_MAX) {
			printf("%.*s\n", (int)strlen(separator) - 1, separator);
			column = 0;
			separator = "";
		}
		column += printf("%s%s (%" PRIu32 ")", separator, field->name, field->number);
		separator = ", ";
	}
	printf("%s\n", *separator == ',' ? "." : " nothing more than any answer.");
}

/* Print the fields of an operation. */
static void
print_operation(const struct tg_operation_info *info)
{
	print_request(info);
	print_answer(info);
}

/* Print a table of fields or columns. */
static void
print_field(const struct tg_field_info *info, bool is_column)
{
	if (is_column)
		printf("| %s | ", info->name);
	else
		printf("| %" PRIu32 " | %s | ", info->number, info->name);
	printf("%s | ", tg_type_name(info->type));
	print_bounds(info);
	printf(" | %s |\n", info->text);
}

/* Print what fields there are, and their types. */
static void
print_fields(void)
{
	printf("| number | field | type | bounds | unit and meaning |\n");
	printf("| --- | --- | --- | --- | --- |\n");
	for (uint32_t f = tg_field_next(0); f != 0; f = tg_field_next(f))
		print_field(tg_field_info(f), false);
	printf("\n| type | what it is |\n| --- | --- |\n");
#define PRINT_TYPE(name, text) printf("| %s | %s |\n", #name, text);
	TG_TYPE_LIST(PRINT_TYPE)
#undef PRINT_TYPE
}

/* Print the rows of array fields. */
static void
print_rows(void)
{
	static const enum tg_type types[] = { TG_TYPE_LINES, TG_TYPE_EXPIRIES, TG_TYPE_ENTRIES,
					      TG_TYPE_TOTALS, TG_TYPE_HISTORY,
					      TG_TYPE_BUCKETS, TG_TYPE_COMPONENTS };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		uint32_t count;
		const struct tg_field_info *columns = tg_type_columns(types[i], &count);

		printf("%s### Rows of %s\n\n", i == 0 ? "" : "\n", tg_type_name(types[i]));
		printf("| value | type | bounds | unit and meaning |\n| --- | --- | --- | --- |\n");
		for (uint32_t c = 0; c < count; c++)
			print_field(&columns[c], true);
	}
}

/* Print the statuses. */
static void
print_statuses(void)
{
	printf("| number | status | again | recorded | meaning |\n");
	printf("| --- | --- | --- | --- | --- |\n");
#define PRINT_STATUS(name, number, retry, recorded, text) \
	printf("| %d | %s | %s | %s | %s |\n", number, tg_status_name(name), \
	       (retry) ? "again" : "", (recorded) ? "recorded" : "", text);
	TG_STATUS_LIST(PRINT_STATUS)
#undef PRINT_STATUS
}

/* Print the rights. */
static void
print_rights(void)
{
	printf("| bit of RIGHTS | right | allows to |\n| --- | --- | --- |\n");
#define PRINT_RIGHT(name, word, bit, text) printf("| %d | `%s` | %s |\n", bit, #word, text);
	TG_RIGHT_LIST(PRINT_RIGHT)
#undef PRINT_RIGHT
}

/* Print the limits that no operator can change. */
static void
print_limits(void)
{
	static const struct {
		int64_t value;
		const char *text;
	} limits[] = {
		{ TG_FRAME_BYTES_MAX, "bytes of a frame's payload" },
		{ TG_FRAME_BYTES_MAX_BATCH, "the same with the right `batch`" },
		{ TG_BATCH_ITEMS_MAX, "items of a batch" },
		{ TG_LINES_MAX, "lines of a receipt" },
		{ TG_AMOUNT_MAX, "amount, covered amount or points of one request" },
		{ TG_BALANCE_MAX, "any balance, either way: exact in a double, too" },
		{ TG_FIELD_NUMBER_MAX, "highest field number" },
	};

	printf("| at most | of what |\n| --- | --- |\n");
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		printf("| %" PRId64 " | %s |\n", limits[i].value, limits[i].text);
	printf("\nIN_FLIGHT_MAX is told in the answer to HELLO. What else an operator limits shows "
	       "in "
	       "statuses.\n");
}

/* Find the operation that a marker names; NULL when there is none. */
static const struct tg_operation_info *
operation_by_name(const char *name)
{
	for (uint32_t n = tg_operation_next(0); n != 0; n = tg_operation_next(n))
		if (strcmp(tg_operation_name(n), name) == 0)
			return tg_operation_info(n);
	return NULL;
}

/* Print what a marker stands for; false when nobody knows it. */
static bool
print_marker(struct reference *reference, char *marker)
{
	static const struct {
		const char *word;
		void (*print)(void);
	} parts[] = {
		{ "fields", print_fields },	{ "rows", print_rows },
		{ "statuses", print_statuses }, { "rights", print_rights },
		{ "limits", print_limits },	{ "vector", gen_print_vector },
		{ "frames", gen_print_frames }, { "manual_operations", gen_manual_operations },
		{ "manual_fields", gen_manual_fields }, { "manual_statuses", gen_manual_statuses },
		{ "manual_rights", gen_manual_rights },
	};
	const struct tg_operation_info *info;
	char *name = strchr(marker, ' ');

	for (size_t i = 0; name == NULL && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i].word, marker) == 0) {
			parts[i].print();
			return true;
		}
	if (name == NULL)
		return false;
	*name++ = '\0';
	info = operation_by_name(name);
	if (info == NULL)
		return false;
	if (strcmp(marker, "heading") == 0) {
		print_heading(info);
	} else if (strcmp(marker, "operation") == 0) {
		print_operation(info);
		reference->operations |= UINT64_C(1) << info->number;
	} else {
		return false;
	}
	return true;
}

/* Print the template with its markers replaced.  False, with a line to say why, if one is wrong. */
static bool
print_template(struct reference *reference, FILE *template)
{
	char line[LINE_BYTES];

	while (fgets(line, sizeof(line), template) != NULL) {
		size_t bytes = strlen(line);

		if (line[0] != '@' || bytes < 3 || line[bytes - 2] != '@') {
			fputs(line, stdout);
			continue;
		}
		line[bytes - 2] = '\0';
		if (!print_marker(reference, line + 1)) {
			fprintf(stderr, "gen_reference: no such marker: %s\n", line + 1);
			return false;
		}
	}
	return true;
}

/* Has every operation been printed?  If not, a line says so. */
static bool
is_whole(const struct reference *reference)
{
	for (uint32_t n = tg_operation_next(0); n != 0; n = tg_operation_next(n))
		if (!(reference->operations >> n & 1)) {
			fprintf(stderr, "gen_reference: %s is missing\n", tg_operation_name(n));
			return false;
		}
	return true;
}

/* Open the template of that name beside the sources. */
static FILE *
open_template(const char *program, const char *name)
{
	const char *root = getenv("top_srcdir");
	char folder[PATH_BYTES], path[PATH_BYTES];

	if (root == NULL) {
		snprintf(folder, sizeof(folder), "%s", program);
		root = dirname(dirname(folder));
	}
	if (snprintf(path, sizeof(path), "%s/protocol/%s", root, name) >= PATH_BYTES)
		return NULL;
	return fopen(path, "r");
}

/* Print one token of a dictionary: a value as msgpack has it. */
static void
print_token(const char *name, int64_t integer)
{
	uint8_t bytes[16];
	struct tg_writer writer;

	tg_writer_init(&writer, bytes, sizeof(bytes));
	tg_write_integer(&writer, integer);
	printf("%s=\"", name);
	for (size_t i = 0; i < writer.used_bytes; i++)
		printf("\\x%02x", bytes[i]);
	printf("\"\n");
}

/* Print tokens that a frame is made of: field numbers, operations, bounds, heads. */
static void
print_dictionary(void)
{
	static const char *const heads[] = {
		"\\x93\\x01",
		"\\x94",
		"\\x80",
		"\\x81",
		"\\x90",
		"\\x91",
		"\\x92",
		"\\xc0",
		"\\xc1",
		"\\xc2",
		"\\xc3",
		"\\xc4\\x10",
		"\\xc4\\x20",
		"\\xc5\\x00\\x10",
		"\\xca",
		"\\xcb",
		"\\xd4",
		"\\xd9\\x20",
		"\\xdb\\xff\\xff\\xff\\xff",
		"\\xdc\\x00\\x64",
		"\\xdd\\xff\\xff\\xff\\xff",
		"\\xde\\x00\\x02",
		"\\xdf\\xff\\xff\\xff\\xff",
		"\\xcf\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff",
		"\\xd3\\x80\\x00\\x00\\x00\\x00\\x00\\x00\\x00",
	};
	char name[64];

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		printf("head_%zu=\"%s\"\n", i, heads[i]);
	for (uint32_t n = tg_operation_next(0); n != 0; n = tg_operation_next(n))
		print_token(tg_operation_name(n), n);
	for (uint32_t f = tg_field_next(0); f != 0; f = tg_field_next(f)) {
		const struct tg_field_info *info = tg_field_info(f);

		snprintf(name, sizeof(name), "field_%s", info->name);
		print_token(name, info->number);
		if (info->type != TG_TYPE_INT)
			continue;
		snprintf(name, sizeof(name), "high_%s", info->name);
		print_token(name, info->high);
	}
}

int
main(int argc, char **argv)
{
	bool is_manual = argc == 2 && strcmp(argv[1], "manual") == 0;
	const char *name = is_manual ? "tallygate-protocol.7.scd.in" : "PROTOCOL.md.in";
	struct reference reference = { 0 };
	FILE *template;
	bool is_well;

	if (argc == 2 && strcmp(argv[1], "dictionary") == 0) {
		print_dictionary();
		return 0;
	}
	if (argc != 1 && !is_manual) {
		fprintf(stderr, "usage: gen_reference [manual|dictionary]\n");
		return 2;
	}
	template = open_template(argv[0], name);
	if (template == NULL) {
		fprintf(stderr, "gen_reference: protocol/%s not found; set top_srcdir\n", name);
		return 1;
	}
	is_well = print_template(&reference, template) && (is_manual || is_whole(&reference));
	fclose(template);
	return is_well ? 0 : 1;
}
