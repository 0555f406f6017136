/*
 * fuzz_layout.c - a partner's file of any bytes, and a layout of any bytes that tells how it reads.
 *
 * An input is the layout, a line of four dashes, and the file; without that line, a file with
 * columns of our names.  What is read to the end gives for each good line a transaction that can be
 * sent as it is, the same whenever it is made.
 */
#include "tests/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "contrib/settle/rows.h"
#include "protocol/assert.h"
#include "protocol/decode.h"
#include "protocol/encode.h"

#define PARTING "\n----\n"
#define PATH_BYTES 64

/* What ASan asks for: leaks are not told, as libconfig loses a string that does not end. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* A file without a name of its own; path: as which it can be opened. */
static int
make_file(const uint8_t *bytes, size_t count, char path[PATH_BYTES])
{
	const int fd = memfd_create("layout", MFD_CLOEXEC);

	TG_ASSERT(fd >= 0 && write(fd, bytes, count) == (ssize_t)count);
	snprintf(path, PATH_BYTES, "/proc/self/fd/%d", fd);
	return fd;
}

/* A good line's transaction is one that the gateway decodes. */
static void
check_item(const struct rows *rows, uint32_t index)
{
	static struct upload_item item, same;
	static struct tg_message decoded;
	uint8_t frame[4096];
	struct tg_writer writer;
	struct tg_cursor bytes;
	uint32_t field;

	rows_make(rows, index, &item);
	rows_make(rows, index, &same);
	TG_ASSERT(memcmp(item.id, same.id, sizeof(item.id)) == 0);
	TG_ASSERT(memcmp(item.id, rows->facts[index].id, sizeof(item.id)) == 0);
	tg_writer_init(&writer, frame, sizeof(frame));
	TG_ASSERT(tg_encode_item(&writer, &item.request));
	bytes = (struct tg_cursor){ frame, frame + writer.used_bytes };
	TG_ASSERT(tg_decode_item_request(bytes, &decoded, &field) == TG_OK);
}

static void
read_rows(struct layout *layout, const char *path)
{
	struct table table = { .path = NULL };
	struct failure failure = { .text = "" };
	struct mistakes mistakes;
	struct rows rows = { .facts = NULL };
	uint32_t good_count = 0;

	if (!layout_open(layout, &table, path, &failure)) {
		TG_ASSERT(failure.text[0] != '\0');
		table_deinit(&table);
		return;
	}
	mistakes_init(&mistakes, path, NULL);
	if (rows_check(&rows, layout, &table, &mistakes, &failure)) {
		for (uint32_t i = 0; i < table.line_count; i++) {
			if (rows.facts[i].is_good)
				check_item(&rows, i);
			good_count += rows.facts[i].is_good;
		}
		TG_ASSERT(good_count + rows.bad_count == table.line_count);
		TG_ASSERT(rows.bad_count <= mistakes.count);
	} else {
		TG_ASSERT(failure.text[0] != '\0');
	}
	rows_deinit(&rows);
	(void)mistakes_close(&mistakes, &failure);
	table_deinit(&table);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	const uint8_t *parting = memmem(data, data_bytes, PARTING, strlen(PARTING));
	const uint8_t *rest = parting != NULL ? parting + strlen(PARTING) : data;
	struct layout layout = { .path = NULL };
	struct failure failure = { .text = "" };
	char layout_path[PATH_BYTES], path[PATH_BYTES];
	int layout_fd = -1, fd;
	bool is_read;

	/* Another file's text would not be the input's any more. */
	if (memmem(data, data_bytes, "@include", 8) != NULL)
		return 0;
	fd = make_file(rest, data_bytes - (size_t)(rest - data), path);
	if (parting != NULL) {
		layout_fd = make_file(data, (size_t)(parting - data), layout_path);
		is_read = layout_read(&layout, layout_path, &failure);
	} else {
		is_read = layout_init(&layout, ',', NULL, &failure);
	}
	if (is_read)
		read_rows(&layout, path);
	else
		TG_ASSERT(failure.text[0] != '\0');
	layout_deinit(&layout);
	close(fd);
	if (layout_fd >= 0)
		close(layout_fd);
	return 0;
}

/* Every field as a column, of our names and of a layout's. */
void
fuzz_seeds(const struct fuzz_sink *sink)
{
	static const char *const keys[] = {
		"name", "column", "and_column", "bytes", "and_bytes", "constant", "format",
		"prefix", "words", "decimal_sign", "group_sign", "drop_sign", "drop_zeros",
		"decimals", "fixed", "columns", "zone", "skip_lines", "delimiter", "names",
		"record_bytes", "record", "operation", "time", "member", "new_identifier",
		"reference", "original_reference", "card:", "line:", "earn", "refund", "DD.MM.YYYY",
		"YYYYMMDDhhmmss", "2026-03-02T10:00:00Z", "Europe/Berlin", "+09:00", PARTING,
	};
	char text[400], name[64];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		fuzz_word_text(sink, keys[i]);
	for (uint32_t number = tg_field_next(0); number != 0; number = tg_field_next(number)) {
		snprintf(name, sizeof(name), "%s", tg_field_name(number));
		for (char *c = name; *c != '\0'; c++)
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
		fuzz_word_text(sink, name);
		snprintf(text, sizeof(text),
			 "operation,time,member,%s\nearn,2026-03-02T10:00:00Z,card:49,1\n", name);
		fuzz_seed_text(sink, text);
		snprintf(text, sizeof(text),
			 "columns = ( { name = \"operation\"; constant = \"earn\"; },\n"
			 " { name = \"time\"; column = \"a\"; format = \"DD.MM.YYYY\"; },\n"
			 " { name = \"member\"; column = \"b\"; prefix = \"card:\"; },\n"
			 " { name = \"%s\"; column = \"c\"; decimals = 2; } );" PARTING
			 "a,b,c\n02.03.2026,49,1.00\n",
			 name);
		fuzz_seed_text(sink, text);
	}
}
