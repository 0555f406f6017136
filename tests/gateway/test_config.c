/*
 * test_config.c - the key table, reading, refusing, printing and reloading a configuration.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/config.h"

/* The least that a configuration must say. */
#define REQUIRED \
	"keys: { master_file = \"m\"; identifier_file = \"i\"; };\n" \
	"tls: { certificate_file = \"c\"; key_file = \"k\"; };\n"

/* Load text that must be good. */
static struct config *
load(const char *text)
{
	struct config_error error = { "" };
	struct config *config = NULL;

	if (config_load_text(text, "test.conf", &error, &config) != TG_OK)
		fail_msg("%s", error.text);
	return config;
}

/* Load text that must be refused with a complaint that holds all of part. */
static void
assert_refused(const char *text, const char *part)
{
	struct config_error error = { "" };
	struct config *config = NULL;

	assert_int_equal(config_load_text(text, "test.conf", &error, &config), TG_CONFIG);
	assert_null(config);
	if (strstr(error.text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.text, part);
}

/* What: every row of the table is sound: rows of a group stand together, no key twice, a default
 *       that fits its own bounds, a help text.
 * How:  config_new() asserts the defaults; the rest by looking at all pairs. */
static void
every_key_is_sound(void **state)
{
	struct config *config = config_new();

	(void)state;
	assert_non_null(config);
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = config_key((enum config_key_index)i);

		assert_true(strlen(key->help) > 0);
		assert_true(key->low <= key->high);
		for (size_t j = 0; j < i; j++) {
			const struct config_key *other = config_key((enum config_key_index)j);
			const struct config_key *before =
				config_key((enum config_key_index)(i - 1));

			if (strcmp(key->group, other->group) == 0) {
				assert_string_not_equal(key->name, other->name);
				assert_string_equal(key->group, before->group);
			}
		}
	}
	config_free(config);
}

/* What: every type of value is read, and what is not said has its default.
 * How:  one key of each type. */
static void
every_type_is_read(void **state)
{
	struct config *config =
		load(REQUIRED "gateway: { io_threads = 4; ledger_thread = \"own\"; };\n"
			      "listen: { tls = [ \"[::1]:1\", \"10.0.0.1:65535\" ];\n"
			      "plain = ( \"127.0.0.9:0\" ); };\n"
			      "sink: { enabled = false; };\n"
			      "journal: { low_water_bytes = 5000000000L; };\n"
			      "programme: { cut_off = \"23:59\"; };\n"
			      "console: { mode = \"0600\"; };\n");

	(void)state;
	assert_int_equal(config->gateway_io_threads, 4);
	assert_int_equal(config->gateway_ledger_thread, LEDGER_THREAD_OWN);
	assert_int_equal(config->listen_tls.count, 2);
	assert_string_equal(config->listen_tls.entries[1], "10.0.0.1:65535");
	assert_string_equal(config->listen_plain.entries[0], "127.0.0.9:0");
	assert_false(config->sink_enabled);
	assert_int_equal(config->journal_low_water_bytes, INT64_C(5000000000));
	assert_int_equal(config->programme_cut_off, 23 * 60 + 59);
	assert_int_equal(config->console_mode, 0600);
	assert_int_equal(config->limits_in_flight, 32);
	assert_string_equal(config->keys_master_file, "m");
	config_free(config);
}

/* What: what is wrong is named with file, line and key. */
static void
a_wrong_file_is_refused_by_line_and_key(void **state)
{
	static const struct {
		const char *text;
		const char *part;
	} cases[] = {
		{ "\n\nlimits: {\n in_fligt = 3; };", "test.conf:4: limits.in_fligt: unknown key" },
		{ "bogus: { };", "test.conf:1: bogus: unknown key" },
		{ "bogus = 3;", "unknown key" },
		{ "limits = 3;", "wanted: a group" },
		{ "limits: { in_flight = 0; };", "limits.in_flight: wanted: 1..4096 requests" },
		{ "limits: { in_flight = 4097; };", "wanted: 1..4096" },
		{ "limits: { in_flight = \"32\"; };", "wanted: 1..4096" },
		{ "limits: { in_flight = 32.0; };", "wanted: 1..4096" },
		{ "limits: { in_flight = true; };", "wanted: 1..4096" },
		{ "limits: { in_flight = [ 32 ]; };", "wanted: 1..4096" },
		{ "limits: { in_flight: { x = 1; }; };", "wanted: 1..4096" },
		{ "journal: { segment_bytes = 4294967396; };", "test.conf:1: a number" },
		{ "journal: { segment_bytes = 99999999999999999999L; };", "a number" },
		{ "journal: { segment_bytes = 0x1000000f0; };", "a number" },
		{ "sink: { enabled = 1; };", "wanted: true or false" },
		{ "clock: { source = \"sundial\"; };", "wanted: system or stepped" },
		{ "clock: { source = \"\"; };", "wanted: system or stepped" },
		{ "programme: { cut_off = \"24:00\"; };", "wanted: hh:mm" },
		{ "programme: { cut_off = \"1:00\"; };", "wanted: hh:mm" },
		{ "programme: { cut_off = \"12:60\"; };", "wanted: hh:mm" },
		{ "programme: { cut_off = \"12-00\"; };", "wanted: hh:mm" },
		{ "programme: { cut_off = \"1a:00\"; };", "wanted: hh:mm" },
		{ "programme: { cut_off = \":1:00\"; };", "wanted: hh:mm" },
		{ "programme: { cut_off = \"1::00\"; };", "wanted: hh:mm" },
		{ "programme: { cut_off = \"10::0\"; };", "wanted: hh:mm" },
		{ "programme: { cut_off = \"10:0:\"; };", "wanted: hh:mm" },
		{ "console: { mode = \"66\"; };", "wanted: octal" },
		{ "console: { mode = \"06600\"; };", "wanted: octal" },
		{ "console: { mode = \"0668\"; };", "wanted: octal" },
		{ "console: { mode = \"1777\"; };", "wanted: octal" },
		{ "listen: { tls = \"0.0.0.0:1\"; };", "wanted: list" },
		{ "listen: { tls = [ 1 ]; };", "wanted: list" },
		{ "listen: { tls = [ \"a:1\" ]; };", "no numeric address" },
		{ "gateway: { instance = \"\"; };", "at most 64 bytes" },
		{ "limits: { in_flight = 1 ", "test.conf:" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i].text, cases[i].part);
}

/* Beginnings of a group, without its end. */
#define PAIR "tls: { certificate_file = \"c\"; "
#define KEYS PAIR "key_file = \"k\"; }; keys: { master_file = \"m\"; identifier_file = \"i\"; "

/* What: combinations that make no sense are refused, among them plain TCP beyond this machine. */
static void
a_senseless_combination_is_refused(void **state)
{
	(void)state;
	assert_refused("", "tls.certificate_file");
	assert_refused("tls: { certificate_file = \"c\"; key_file = \"k\"; };", "keys.master_file");
	assert_refused(REQUIRED "listen: { plain = [ \"192.0.2.1:1\" ]; };", "loopback");
	assert_refused(REQUIRED "listen: { plain = [ \"[2001:db8::1]:1\" ]; };", "loopback");
	assert_refused(REQUIRED "listen: { plain = [ \"0.0.0.0:1\" ]; };", "loopback");
	assert_refused(REQUIRED "http: { listen = [ \"0.0.0.0:1\" ]; };", "http.listen");
	assert_refused(REQUIRED "http: { listen = [ \"192.0.2.1:1\" ]; };", "loopback");
	assert_refused(REQUIRED "http: { listen = [ \"::1\" ]; };", "numeric");
	assert_refused(REQUIRED "listen: { tls = [ ]; };", "neither");
	assert_refused(REQUIRED "queue: { requests = 1000; reserved = 1000; };", "queue.reserved");
	assert_refused(REQUIRED "console: { tcp = \"localhost:1\"; };", "console.tcp");
	assert_refused(REQUIRED "console: { tcp = \"192.0.2.1:1\"; };", "loopback");
	assert_refused(REQUIRED "console: { tcp = \"127.0.0.1:1\"; };", "operators_file");
	assert_refused(REQUIRED "programme: { hold_s = 3600; hold_max_s = 60; };", "hold_max_s");
	assert_refused(REQUIRED "mariadb: { tls = true; };", "mariadb.ca_file");
	assert_refused(PAIR "key_file = \"k\"; crl_file = \"r\"; };", "tls.crl_file");
	assert_refused(PAIR "};", "tls.key_file");
	assert_refused(PAIR "key_file = \"k\"; }; keys: { master_file = \"m\"; };",
		       "keys.identifier_file");
	assert_refused(KEYS "identifier_old_number = 7; };", "set together");
	assert_refused(KEYS "identifier_old_file = \"o\"; };", "set together");
	assert_refused(KEYS "identifier_old_file = \"o\"; identifier_number = 7; "
			    "identifier_old_number = 7; };",
		       "equals keys.identifier_number");
	assert_refused(REQUIRED "gateway: { io_threads = 2; ledger_thread = \"inline\"; };",
		       "ledger_thread");
}

/* What: a clock that is moved by hand is refused where another machine could see its times. */
static void
a_stepped_clock_stays_on_loopback(void **state)
{
	static const char clock[] = "clock: { source = \"stepped\"; };";
	static const struct {
		const char *listen;
		bool is_fine;
	} cases[] = {
		{ "", false }, /* the default is every address */
		{ "listen: { tls = [ \"127.0.0.1:7411\", \"[::1]:7411\" ]; };", true },
		{ "listen: { tls = [ \"127.0.0.1:7411\", \"192.0.2.1:7411\" ]; };", false },
		{ "listen: { tls = [ \"[::]:7411\" ]; };", false },
		{ "listen: { tls = [ ]; plain = [ \"127.0.0.1:7412\" ]; };", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text), "%s%s%s", REQUIRED, cases[i].listen, clock);
		if (cases[i].is_fine)
			config_free(load(text));
		else
			assert_refused(text, "a stepped clock is for loopback addresses only");
	}
}

/* What: a number that is no number, in a comment, a text or a name, disturbs nobody. */
static void
numbers_are_looked_for_where_numbers_are(void **state)
{
	struct config *config =
		load("# 4294967396\n/* 4294967396 *//* 4294967396 */ // 99999999999\n" REQUIRED
		     "gateway: { instance = \"a\\\"99999999999\"; };\n");

	(void)state;
	assert_string_equal(config->gateway_instance, "a\"99999999999");
	config_free(config);
}

/* What: what config_print() prints gives the same configuration again.
 * How:  print, load, print, compare. */
static void
what_is_printed_can_be_loaded(void **state)
{
	struct config *config =
		load(REQUIRED "gateway: { instance = \"a \\\"b\\\" \\\\\"; };\n"
			      "journal: { low_water_bytes = 5000000000L; };\n"
			      "listen: { plain = [ \"127.0.0.1:7\", \"[::1]:7\" ]; };\n");
	char *texts[2] = { NULL, NULL };
	size_t sizes[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		FILE *file = open_memstream(&texts[i], &sizes[i]);

		config_print(config, file);
		fclose(file);
		config_free(config);
		config = load(texts[i]);
	}
	assert_string_equal(texts[0], texts[1]);
	assert_string_equal(config->gateway_instance, "a \"b\" \\");
	config_free(config);
	free(texts[0]);
	free(texts[1]);
}

/* What: sample file and reference have every key, and the sample file can be loaded as it is. */
static void
every_key_is_documented(void **state)
{
	char *sample = NULL, *reference = NULL;
	size_t sample_bytes, reference_bytes;
	FILE *file = open_memstream(&sample, &sample_bytes);

	(void)state;
	config_print_sample(file);
	fclose(file);
	file = open_memstream(&reference, &reference_bytes);
	config_print_reference(file);
	fclose(file);
	config_free(load(sample));
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = config_key((enum config_key_index)i);
		char text[128];

		snprintf(text, sizeof(text), "| %s.%s |", key->group, key->name);
		assert_non_null(strstr(reference, text));
		snprintf(text, sizeof(text), "%s = ", key->name);
		assert_non_null(strstr(sample, text));
	}
	free(sample);
	free(reference);
}

/* Replace the contents of the file at path. */
static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* What: a reload takes the keys that may change, keeps the others, and tells both; a broken file
 *       changes nothing.
 * How:  the same file, written three times. */
static void
a_reload_swaps_what_may_be_swapped(void **state)
{
	char path[] = "/tmp/tg-config-XXXXXX";
	int fd = mkstemp(path);
	struct config_changes changes;
	struct config_error error;
	struct config *config = NULL, *next = NULL;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	write_file(path, REQUIRED "limits: { in_flight = 5; };\n");
	assert_int_equal(config_load(path, &error, &config), TG_OK);

	write_file(path,
		   REQUIRED "limits: { in_flight = 6; };\nlisten: { tls = [ \"[::1]:1\" ]; };\n"
			    "data: { directory = \"/else\"; };\n");
	assert_int_equal(config_reload(config, &error, &changes, &next), TG_OK);
	assert_int_equal(config->limits_in_flight, 5);
	assert_int_equal(next->limits_in_flight, 6);
	assert_string_equal(next->data_directory, config->data_directory);
	assert_string_equal(next->listen_tls.entries[0], config->listen_tls.entries[0]);
	assert_string_equal(next->path, path);
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		assert_int_equal(changes.is_applied[i], i == CONFIG_KEY_limits_in_flight);
		assert_int_equal(changes.is_kept[i],
				 i == CONFIG_KEY_data_directory || i == CONFIG_KEY_listen_tls);
	}
	config_free(config);

	write_file(path, REQUIRED "limits: { in_flight = 6; journal = 4294967396; };\n");
	config = next;
	next = NULL;
	assert_int_equal(config_reload(config, &error, &changes, &next), TG_CONFIG);
	assert_null(next);
	assert_non_null(strstr(error.text, path));
	unlink(path);
	assert_int_equal(config_reload(config, &error, &changes, &next), TG_CONFIG);
	config_free(config);
}

/* What: an operator sets one key that may change while it runs, within its bounds, and no other.
 * How:  what is typed after "set"; what was in force stays as it was. */
static void
one_key_is_set_as_it_is_typed(void **state)
{
	static const struct {
		const char *name, *value;
		const char *part;	/* of the error; NULL: it is set */
	} cases[] = {
		{ "gateway.drain_ms", "7", NULL },
		{ "gateway.drain_ms", "", "out of bounds" },
		{ "gateway.drain_ms", "7s", "out of bounds" },
		{ "gateway.drain_ms", "600001", "out of bounds" },
		{ "gateway.drain_ms", "99999999999999999999", "out of bounds" },
		{ "gateway.snapshot_at_end", "true", NULL },
		{ "gateway.snapshot_at_end", "false", NULL },
		{ "gateway.snapshot_at_end", "1", "out of bounds" },
		{ "tls.version_min", "1.3", NULL },
		{ "tls.version_min", "1.1", "out of bounds" },
		{ "tls.certificate_file", "c2", NULL },
		{ "tls.certificate_file", "", "tls.certificate_file" },
		{ "listen.tls", "127.0.0.1:1", "restart" },
		{ "drain_ms", "7", "no key" },
		{ "gateway.drain", "7", "no key" },
		{ "a_group_with_a_name_of_more_than_31.key", "7", "no key" },
	};
	struct config *config = load(REQUIRED);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_error error = { "" };
		struct config *next = NULL;
		enum tg_status status =
			config_with(config, cases[i].name, cases[i].value, &error, &next);

		assert_int_equal(status, cases[i].part == NULL ? TG_OK : TG_CONFIG);
		assert_true((next != NULL) == (cases[i].part == NULL));
		if (cases[i].part != NULL)
			assert_non_null(strstr(error.text, cases[i].part));
		assert_int_equal(config->gateway_drain_ms, 10000);
		if (next != NULL)
			config_free(next);
	}
	config_free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_sound),
		cmocka_unit_test(every_type_is_read),
		cmocka_unit_test(a_wrong_file_is_refused_by_line_and_key),
		cmocka_unit_test(a_senseless_combination_is_refused),
		cmocka_unit_test(a_stepped_clock_stays_on_loopback),
		cmocka_unit_test(numbers_are_looked_for_where_numbers_are),
		cmocka_unit_test(what_is_printed_can_be_loaded),
		cmocka_unit_test(every_key_is_documented),
		cmocka_unit_test(a_reload_swaps_what_may_be_swapped),
		cmocka_unit_test(one_key_is_set_as_it_is_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
