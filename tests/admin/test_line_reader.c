/*
 * test_line_reader.c - bytes of a connection become clean lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "admin/line_reader.h"

/*
 * Feed bytes; the event of the last one comes back, all before it must be LINE_MORE or LINE_REPLY.
 */
static enum line_event
feed(struct line_reader *reader, const char *bytes, size_t count)
{
	enum line_event event = LINE_MORE;

	for (size_t i = 0; i < count; i++) {
		assert_true(event == LINE_MORE || event == LINE_REPLY);
		event = line_reader_take(reader, (uint8_t)bytes[i]);
	}
	return event;
}

/* A line of a fresh connection must be read as wanted. */
static void
expect_line(const char *bytes, size_t count, const char *wanted)
{
	struct line_reader reader;

	line_reader_init(&reader);
	assert_int_equal(feed(&reader, bytes, count), LINE_READY);
	assert_string_equal(reader.line, wanted);
}

#define EXPECT_LINE(bytes, wanted) expect_line(bytes, sizeof(bytes) - 1, wanted)

/* What: lines end with LF or CR LF; each begins empty.
 * How:  two lines after each other. */
static void
lines_are_told_apart(void **state)
{
	struct line_reader reader;

	(void)state;
	line_reader_init(&reader);
	assert_int_equal(feed(&reader, "show stats\r\n", 12), LINE_READY);
	assert_string_equal(reader.line, "show stats");
	assert_int_equal(feed(&reader, "\n", 1), LINE_READY);
	assert_string_equal(reader.line, "");
}

/* What: telnet's negotiation is dropped, wherever it stands.
 * How:  options, a subnegotiation with a line end and a doubled IAC in it, a command. */
static void
telnet_bytes_are_dropped(void **state)
{
	(void)state;
	EXPECT_LINE("\xff\xfb\x1f\xff\xfd\x03he\xff\xf1lp\r\n", "help");
	EXPECT_LINE("he\xff\xfa\x1f\nx\xff\xff\xff\xf0lp\r\n", "help");
	EXPECT_LINE("he\xff\xfflp\n", "help");
}

/* What: telnet's questions are refused, once; the echo that was offered is taken without a word,
 *       and a line may end with CR NUL. */
static void
telnet_options_are_answered(void **state)
{
	struct line_reader reader;

	(void)state;
	line_reader_init(&reader);
	assert_int_equal(feed(&reader, "\xff\xfb\x1f", 3), LINE_REPLY);
	assert_memory_equal(reader.reply, "\xff\xfe\x1f", 3);
	assert_int_equal(feed(&reader, "\xff\xfd\x01", 3), LINE_REPLY);
	assert_memory_equal(reader.reply, "\xff\xfc\x01", 3);
	assert_int_equal(feed(&reader, "\xff\xfc\x1f\xff\xfe\x03", 6), LINE_MORE);
	assert_memory_equal(line_reader_echo(&reader, true), "\xff\xfb\x01", 3);
	assert_int_equal(feed(&reader, "\xff\xfd\x01", 3), LINE_MORE);
	assert_int_equal(feed(&reader, "secret\r\0", 8), LINE_READY);
	assert_string_equal(reader.line, "secret");
	assert_memory_equal(line_reader_echo(&reader, false), "\xff\xfc\x01", 3);
	assert_int_equal(feed(&reader, "\xff\xfd\x01", 3), LINE_REPLY);
}

/* What: Ctrl-C, as a byte or as telnet says it, throws away what was typed and nothing else.
 * How:  in the middle of a line, of one that is too long, and between lines. */
static void
an_interrupt_drops_the_line(void **state)
{
	static const char *const interrupts[] = { "\x03", "\xff\xf4", "\xff\xf3" };
	struct line_reader reader;

	(void)state;
	for (size_t i = 0; i < sizeof(interrupts) / sizeof(interrupts[0]); i++) {
		const size_t bytes = strlen(interrupts[i]);

		line_reader_init(&reader);
		assert_int_equal(feed(&reader, interrupts[i], bytes), LINE_INTERRUPT);
		assert_int_equal(feed(&reader, "shutdown", 8), LINE_MORE);
		assert_int_equal(feed(&reader, interrupts[i], bytes), LINE_INTERRUPT);
		for (int k = 0; k <= LINE_READER_BYTES_MAX; k++)
			assert_int_equal(feed(&reader, "a", 1), LINE_MORE);
		assert_int_equal(feed(&reader, interrupts[i], bytes), LINE_INTERRUPT);
		assert_int_equal(feed(&reader, "\xff\xfd\x06", 3), LINE_REPLY);
		assert_memory_equal(reader.reply, "\xff\xfc\x06", 3);
		assert_int_equal(feed(&reader, "help\n", 5), LINE_READY);
		assert_string_equal(reader.line, "help");
	}
}

/* What: control bytes and escape sequences never reach a command or the log; a tab is a blank.
 * How:  cursor keys, colours, a sequence that a line end cuts, DEL, C1 controls, NUL. */
static void
control_bytes_are_dropped(void **state)
{
	(void)state;
	EXPECT_LINE("he\x1b[Alp\n", "help");
	EXPECT_LINE("\x1b[1;31mhelp\x1b[0m\n", "help");
	EXPECT_LINE("help\x1b[1;\n", "help");
	EXPECT_LINE("help\x1b\n", "help");
	EXPECT_LINE("he\x7f\x08\0lp\n", "help");
	EXPECT_LINE("he\xc2\x9blp\n", "help");
	EXPECT_LINE("show\tstats\n", "show stats");
	EXPECT_LINE("name=\xe4\xb9\xa6\xe5\xba\x97\n", "name=\xe4\xb9\xa6\xe5\xba\x97");
}

/* What: a line is bounded, and the next one is read again.
 * How:  exactly the bound, then one byte more. */
static void
long_lines_are_refused(void **state)
{
	struct line_reader reader;
	char line[LINE_READER_BYTES_MAX + 2];

	(void)state;
	memset(line, 'a', sizeof(line));
	line_reader_init(&reader);
	line[LINE_READER_BYTES_MAX] = '\n';
	assert_int_equal(feed(&reader, line, LINE_READER_BYTES_MAX + 1), LINE_READY);
	assert_int_equal(strlen(reader.line), LINE_READER_BYTES_MAX);
	line[LINE_READER_BYTES_MAX] = 'a';
	line[LINE_READER_BYTES_MAX + 1] = '\n';
	assert_int_equal(feed(&reader, line, LINE_READER_BYTES_MAX + 2), LINE_TOO_LONG);
	assert_int_equal(feed(&reader, "help\n", 5), LINE_READY);
	assert_string_equal(reader.line, "help");
}

/* What: what is not UTF-8 is refused. */
static void
other_encodings_are_refused(void **state)
{
	struct line_reader reader;

	(void)state;
	line_reader_init(&reader);
	assert_int_equal(feed(&reader, "caf\xe9\n", 5), LINE_NOT_TEXT);
	assert_int_equal(feed(&reader, "\xed\xa0\x80\n", 4), LINE_NOT_TEXT);
	assert_int_equal(feed(&reader, "help\n", 5), LINE_READY);
}

/* What: a browser that is made to speak to the console is sent away before its body is read.
 * How:  request lines, a Host: line, a TLS handshake; words that only look alike are commands. */
static void
browsers_are_strangers(void **state)
{
	static const char *const strangers[] = {
		"POST / HTTP/1.1\r\n", "GET /\n", "OPTIONS * HTTP/1.1\n",
		"Host: localhost\r\n", "hOsT:x\n", "PRI * HTTP/2.0\r\n",
	};
	struct line_reader reader;

	(void)state;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		line_reader_init(&reader);
		assert_int_equal(feed(&reader, strangers[i], strlen(strangers[i])),
				 LINE_STRANGER);
	}
	line_reader_init(&reader);
	assert_int_equal(line_reader_take(&reader, 0x16), LINE_STRANGER);
	EXPECT_LINE("get x\n", "get x");
	EXPECT_LINE("POSTER\n", "POSTER");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_told_apart),
		cmocka_unit_test(telnet_bytes_are_dropped),
		cmocka_unit_test(telnet_options_are_answered),
		cmocka_unit_test(an_interrupt_drops_the_line),
		cmocka_unit_test(control_bytes_are_dropped),
		cmocka_unit_test(long_lines_are_refused),
		cmocka_unit_test(other_encodings_are_refused),
		cmocka_unit_test(browsers_are_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
