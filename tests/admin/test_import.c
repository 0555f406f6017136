/*
 * test_import.c - CSV files: what is read, what is refused by line and column, what is done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/import.h"
#include "tests/admin/fake_host.h"

/* Complaints of a file, one a line: "3 partner not 1..2147483647". */
struct complaints {
	char text[4096];
};

static void
on_error(void *context, uint32_t line, const char *column, const char *why)
{
	struct complaints *complaints = context;
	const size_t used = strlen(complaints->text);

	snprintf(complaints->text + used, sizeof(complaints->text) - used, "%u %s %s\n",
		 (unsigned)line, column != NULL ? column : "-", why);
}

/* Read a text as stores; complaints come back in *complaints, the rows stay in *import. */
static void
read_stores(const char *text, struct import *import, struct complaints *complaints)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

	assert_non_null(file);
	complaints->text[0] = '\0';
	import_init(import, &store_noun, on_error, complaints);
	assert_int_equal(import_read(import, file), TG_OK);
	fclose(file);
}

/* What: columns come in any order, quotes hold commas, comments and empty lines are passed over.
 * How:  a file with all of these, CR LF and a byte order mark. */
static void
files_are_read_as_people_write_them(void **state)
{
	struct import import;
	struct import_row row;
	struct complaints complaints;

	(void)state;
	read_stores("\xef\xbb\xbfpartner,name,number\r\n"
		    "# the south\r\n"
		    "\r\n"
		    "1,\"Market, \"\"the\"\" corner\",31\r\n"
		    "2,,32\n"
		    "2, Station ,33",
		    &import, &complaints);
	assert_string_equal(complaints.text, "");
	assert_int_equal(import.row_count, 3);
	import_row(&import, 0, &row);
	assert_int_equal(row.line, 4);
	assert_int_equal(row.image.store.number, 31);
	assert_string_equal((char *)row.image.store.name, "Market, \"the\" corner");
	import_row(&import, 1, &row);
	assert_int_equal(row.image.store.partner, 2);
	assert_int_equal(row.given & (1u << field_find(&store_field_set, "name")), 0);
	import_row(&import, 2, &row);
	assert_string_equal((char *)row.image.store.name, "Station");
	import_deinit(&import);
}

/* What: everything wrong is told by line and column, and the rest of the file is still checked.
 * How:  a table of files and complaints. */
static void
mistakes_are_told_by_line_and_column(void **state)
{
	static const struct {
		const char *text;
		const char *complaints;
	} rows[] = {
		{ "", "1 - should name the columns\n" },
		{ "# nothing\n", "1 - should name the columns\n" },
		{ "name,partner\nA,1\n", "1 number must be one of the columns\n"
					 "2 number is missing\n" },
		{ "number,colour\n31,red\n", "1 2 is no field; see help import\n" },
		{ "number,number\n31,31\n", "1 number stands twice\n" },
		{ "number,partner\nx,y\n31,0\n",
		  "2 number not 1..2147483647\n2 partner not 1..2147483647\n"
		  "3 partner not 1..2147483647\n" },
		{ "number,partner\n31,1,9,9\n",
		  "2 - has more cells than the first line has columns\n" },
		{ "number,partner\n,1\n", "2 number is missing\n" },
		{ "number,partner\n31,1\n32,1\n31,2\n",
		  "4 number 31 stands in line 2 already\n" },
		{ "number,blocked\n31,maybe\n", "2 blocked not yes or no\n" },
		{ "number,name\n31,\"open\n32,x\n",
		  "2 - has a quote that is out of place or not closed\n" },
		{ "number,name\n31,a\"b\n",
		  "2 - has a quote that is out of place or not closed\n" },
		{ "number,name\n31,caf\xe9\n",
		  "2 name is no clean UTF-8\n" },
		{ "number,name\n31,a\x07\n",
		  "2 name is no clean UTF-8\n" },
		{ "number,name\n31,a\r32,b\n", "2 - has a line end in it\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct import import;
		struct complaints complaints;

		if (rows[i].text[0] == '\0')
			read_stores("\n", &import, &complaints);
		else
			read_stores(rows[i].text, &import, &complaints);
		assert_string_equal(complaints.text, rows[i].complaints);
		assert_true(import.error_count > 0);
		import_deinit(&import);
	}
}

/* What: a flood of mistakes is counted, not printed. */
static void
few_mistakes_are_shown(void **state)
{
	struct import import;
	struct complaints complaints;
	char text[2048] = "number,partner\n";
	size_t shown = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d,x\n", i + 1);
	read_stores(text, &import, &complaints);
	for (const char *at = complaints.text; *at != '\0'; at++)
		shown += *at == '\n' ? 1 : 0;
	assert_int_equal(shown, IMPORT_ERRORS_SHOWN);
	assert_int_equal(import.error_count, 100);
	import_deinit(&import);
}

/* A fake host with a folder of its own for files. */
struct import_fixture {
	struct fake_host fake;
	char folder[64];
	char path[96];
	/* Of the fake, where a test puts itself in front of them. */
	enum tg_status (*submit)(void *context, const struct ledger_request *request,
				 struct ledger_answer *ret_answer);
	enum tg_status (*submit_bulk)(void *context, const struct ledger_request *requests,
				      uint32_t count, struct ledger_answer *ret_answers);
	enum tg_status (*run_on_ledger)(void *context, host_ledger_fn *fn, void *argument);
};

static int
setup(void **state)
{
	struct import_fixture *f = malloc(sizeof(*f));

	if (f == NULL)
		return -1;
	snprintf(f->folder, sizeof(f->folder), "/tmp/test_import.XXXXXX");
	if (mkdtemp(f->folder) == NULL)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/file.csv", f->folder);
	fake_host_init(&f->fake);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct import_fixture *f = *state;

	(void)unlink(f->path);
	(void)rmdir(f->folder);
	fake_host_deinit(&f->fake);
	free(f);
	return 0;
}

/* Write a file and import it; it must end and print as said. */
static void
expect_import(struct import_fixture *f, const char *noun, const char *text, const char *end,
	      const char *part)
{
	char line[160];
	FILE *file = fopen(f->path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	snprintf(line, sizeof(line), "import %s %s", noun, f->path);
	fake_host_expect(&f->fake, line, end, part);
}

/* What: a file adds, changes, and leaves alone; the same again is no record.
 * How:  three kinds of rows, then the file once more. */
static void
rows_are_added_changed_or_left_alone(void **state)
{
	struct import_fixture *f = *state;
	const struct store_config *store;
	static const char text[] = "number,partner,name\n11,1,\n21,2,Renamed\n31,1,New\n";
	uint64_t before;

	expect_import(f, "stores", text, "ok", "added=1 changed=1 same=1");
	store = ledger_store_find(f->fake.ledger.ledger, 21);
	assert_string_equal((const char *)store->name, "Renamed");
	before = ledger_sequence(f->fake.ledger.ledger);
	expect_import(f, "stores", text, "ok", "added=0 changed=0 same=3");
	assert_int_equal(ledger_sequence(f->fake.ledger.ledger), before);
	expect_import(f, "stores", "number,blocked\n21,yes\n", "ok", "changed=1");
	assert_string_equal((const char *)store->name, "Renamed");
	assert_int_equal(store->flags, STORE_BLOCKED);
}

/* What: a file is decided whole before its first row is set.
 * How:  good rows around one that only the ledger can refuse, and one that lacks a field. */
static void
nothing_is_set_of_a_bad_file(void **state)
{
	struct import_fixture *f = *state;
	const uint64_t before = ledger_sequence(f->fake.ledger.ledger);

	expect_import(f, "stores", "number,partner\n31,1\n32,9\n33,1\n", "error",
		      "line 3: partner not known");
	expect_import(f, "stores", "number,name\n31,A\n", "error",
		      "line 2, column partner: must be said");
	expect_import(f, "terminals", "number,partner,store\n301,1,11\n302,1,21\n", "error",
		      "nothing imported, errors: 1");
	assert_int_equal(ledger_sequence(f->fake.ledger.ledger), before);
	assert_null(ledger_store_find(f->fake.ledger.ledger, 31));
}

/* What: partners, rules, stores and terminals all come in by files. */
static void
a_programme_can_be_imported(void **state)
{
	struct import_fixture *f = *state;
	const struct terminal_config *terminal;

	expect_import(f, "partners", "number,name,test\n5,Five,no\n6,Six,yes\n", "ok", "added=2");
	expect_import(f, "rules", "partner,base,bonus\n5,1/100,\n6,2/100,1/100\n", "ok",
		      "added=2");
	expect_import(f, "rules", "partner,base\n5,1/100\n6,3/100\n", "ok", "changed=1 same=1");
	assert_int_equal(ledger_rule_newest(f->fake.ledger.ledger, 6)->version, 2);
	assert_int_equal(ledger_rule_newest(f->fake.ledger.ledger, 6)->bonus_den, 100);
	expect_import(f, "stores", "number,partner\n51,5\n", "ok", "added=1");
	expect_import(f, "terminals",
		      "number,partner,store,rights,generation\n501,5,51,all,3\n502,5,,,\n", "ok",
		      "added=2");
	terminal = ledger_terminal_find(f->fake.ledger.ledger, 501);
	assert_int_equal(terminal->key_generation, 3);
	assert_int_equal(terminal->rights & TG_RIGHT_BATCH, TG_RIGHT_BATCH);
	assert_int_equal(ledger_terminal_find(f->fake.ledger.ledger, 502)->store, 0);
}

/* What: what is no file does not hold up or hurt anything. */
static void
other_things_than_files_are_refused(void **state)
{
	struct import_fixture *f = *state;
	char line[160];

	fake_host_expect(&f->fake, "import stores file.csv", "error", "must begin with /");
	fake_host_expect(&f->fake, "import stores /no/such/file", "error", "No such file");
	fake_host_expect(&f->fake, "import stores /tmp", "error", "not a file");
	fake_host_expect(&f->fake, "import stores /dev/zero", "error", "not a file");
	assert_int_equal(mkfifo(f->path, 0600), 0);
	snprintf(line, sizeof(line), "import stores %s", f->path);
	fake_host_expect(&f->fake, line, "error", "not a file");
}

/* Asked between the check of a file and its setting: by the note, which is the first request. */
static enum tg_status
block_first(void *context, const struct ledger_request *request, struct ledger_answer *ret_answer)
{
	struct import_fixture *f = context;
	struct ledger_request block = *request;
	const struct store_config *store = ledger_store_find(f->fake.ledger.ledger, 21);

	if (request->kind == REQUEST_NOTE && store->flags == 0) {
		block.kind = REQUEST_SET_STORE;
		block.store_image = *store;
		block.store_image.flags = STORE_BLOCKED;
		assert_int_equal(f->submit(&f->fake, &block, ret_answer), TG_OK);
		assert_int_equal(ret_answer->status, TG_OK);
	}
	return f->submit(&f->fake, request, ret_answer);
}

static enum tg_status
run_on_ledger(void *context, host_ledger_fn *fn, void *argument)
{
	struct import_fixture *f = context;

	return f->run_on_ledger(&f->fake, fn, argument);
}

static enum tg_status
submit_bulk(void *context, const struct ledger_request *requests, uint32_t count,
	    struct ledger_answer *ret_answers)
{
	struct import_fixture *f = context;

	return f->submit_bulk(&f->fake, requests, count, ret_answers);
}

static int64_t
utc_ms(void *context)
{
	return ((struct import_fixture *)context)->fake.ledger.now.utc_ms;
}

static void
audit(void *context, const struct host_audit *audit)
{
	(void)context;
	(void)audit;
}

/* What: what another operator does while a file is imported is not undone by it.
 * How:  a store is blocked after the file was checked; the file gives the store a name. */
static void
a_block_during_an_import_stays(void **state)
{
	struct import_fixture *f = *state;
	const struct store_config *store;
	struct console_host host = { .context = f,
				     .submit = block_first,
				     .submit_bulk = submit_bulk,
				     .run_on_ledger = run_on_ledger,
				     .utc_ms = utc_ms,
				     .audit = audit };

	f->submit = f->fake.host.submit;
	f->submit_bulk = f->fake.host.submit_bulk;
	f->run_on_ledger = f->fake.host.run_on_ledger;
	f->fake.call.host = &host;
	expect_import(f, "stores", "number,name\n11,Eleven\n21,Renamed\n", "ok", "changed=2");
	store = ledger_store_find(f->fake.ledger.ledger, 21);
	assert_string_equal((const char *)store->name, "Renamed");
	assert_int_equal(store->flags, STORE_BLOCKED);
	f->fake.call.host = &f->fake.host;
}

/* What: a file of many slices is whole, is one note for the audit, and is no record the second
 *       time. */
static void
a_long_file_is_set_in_slices(void **state)
{
	enum { ROWS = 3 * HOST_BULK_MAX + 7 };
	struct import_fixture *f = *state;
	char *text = malloc(ROWS * 16 + 32), line[64];
	size_t bytes = 0;
	uint64_t before;

	assert_non_null(text);
	bytes += (size_t)snprintf(text, 32, "number,partner\n");
	for (int i = 0; i < ROWS; i++)
		bytes += (size_t)snprintf(text + bytes, 16, "%d,1\n", 1000 + i);
	before = ledger_sequence(f->fake.ledger.ledger);
	expect_import(f, "stores", text, "ok", "added=391 changed=0 same=0");
	assert_int_equal(ledger_sequence(f->fake.ledger.ledger), before + ROWS + 1);
	fake_host_expect(&f->fake, "show audit 1000", "ok", f->path);
	assert_non_null(strstr(f->fake.printed, "import stores, 391 to set, "));
	assert_null(strstr(f->fake.printed, "store 1000"));
	snprintf(line, sizeof(line), "record %llu", (unsigned long long)before + 2);
	fake_host_expect(&f->fake, line, "ok", "import=");
	assert_non_null(strstr(f->fake.printed, "ann"));
	expect_import(f, "stores", text, "ok", "added=0 changed=0 same=391");
	assert_int_equal(ledger_sequence(f->fake.ledger.ledger), before + ROWS + 1);
	assert_int_equal(ledger_store_find(f->fake.ledger.ledger, 1000 + ROWS - 1)->partner, 1);
	free(text);
}

/* What: two sessions do not change the configuration at once. */
static void
changes_exclude_each_other(void **state)
{
	struct import_fixture *f = *state;

	pthread_mutex_lock(&f->fake.shared.change_lock);
	expect_import(f, "stores", "number,partner\n31,1\n", "error", "another session");
	fake_host_expect(&f->fake, "partner add 7", "error", "another session");
	fake_host_expect(&f->fake, "terminal rotate 101", "error", "another session");
	pthread_mutex_unlock(&f->fake.shared.change_lock);
	pthread_mutex_lock(&f->fake.shared.import_lock);
	expect_import(f, "stores", "number,partner\n31,1\n", "error", "another session");
	pthread_mutex_unlock(&f->fake.shared.import_lock);
	expect_import(f, "stores", "number,partner\n31,1\n", "ok", "added=1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read_as_people_write_them),
		cmocka_unit_test(mistakes_are_told_by_line_and_column),
		cmocka_unit_test(few_mistakes_are_shown),
		cmocka_unit_test_setup_teardown(rows_are_added_changed_or_left_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nothing_is_set_of_a_bad_file, setup, teardown),
		cmocka_unit_test_setup_teardown(a_programme_can_be_imported, setup, teardown),
		cmocka_unit_test_setup_teardown(other_things_than_files_are_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_block_during_an_import_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_file_is_set_in_slices, setup, teardown),
		cmocka_unit_test_setup_teardown(changes_exclude_each_other, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
