/*
 * test_golden.c - files of every released form are read to the same state.
 */
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "storage/journal_file.h"
#include "storage/snapshot.h"
#include "tests/golden/golden_history.h"

#define INSTANCE "golden"
#define PATH_BYTES 4000
#define FORMS_MAX 50

static const char *
folder_of(const char *form, const char *name)
{
	static _Thread_local char path[PATH_BYTES];
	const char *top = getenv("top_srcdir");

	snprintf(path, sizeof(path), "%s/tests/golden/%s/%s", top != NULL ? top : ".", form, name);
	return path;
}

/* What the file `expected` of a form says. */
struct expected {
	uint64_t snapshot_sequence;
	struct state_hash snapshot_hash;
	uint64_t sequence;
	struct state_hash hash;
	int64_t available;
};

static void
read_expected(const char *form, struct expected *e)
{
	FILE *file = fopen(folder_of(form, "expected"), "r");

	assert_non_null(file);
	assert_int_equal(fscanf(file,
				"snapshot %" SCNu64 " %16" SCNx64 "%16" SCNx64 " end %" SCNu64
				" %16" SCNx64 "%16" SCNx64 " available %" SCNd64,
				&e->snapshot_sequence, &e->snapshot_hash.high,
				&e->snapshot_hash.low, &e->sequence, &e->hash.high, &e->hash.low,
				&e->available),
			 7);
	fclose(file);
}

/* Apply everything from the ledger's sequence on; count the kinds seen. */
static void
replay(const char *form, struct ledger *ledger, unsigned kinds[256])
{
	struct storage_error error = { 0 };
	struct storage_io io;
	struct journal_source source = {
		.io = &io,
		.directory = folder_of(form, "journal"),
		.instance = INSTANCE,
		.is_unconfirmed_wanted = true,
	};
	struct journal_reader *reader;
	struct journal_item item;
	struct record *r = calloc(1, sizeof(*r));
	size_t bytes;

	assert_non_null(r);
	storage_io_posix(&io);
	assert_int_equal(
		journal_file_read_from(&source, ledger_sequence(ledger) + 1, &reader, &error),
		TG_OK);
	for (;;) {
		assert_int_equal(journal_reader_next(reader, &item, &error), TG_OK);
		if (item.kind == JOURNAL_NOTHING)
			break;
		if (item.kind == JOURNAL_MARK) {
			assert_true(state_hash_equal(item.hash, ledger_state_hash(ledger)));
			continue;
		}
		assert_int_equal(record_decode(item.bytes, item.bytes_count, r, &bytes), TG_OK);
		kinds[r->kind]++;
		ledger_apply(ledger, r);
	}
	journal_reader_close(reader);
	free(r);
}

static void
check_end(struct ledger *ledger, const struct expected *e)
{
	char why[200] = "";

	assert_true(ledger_sequence(ledger) == e->sequence);
	assert_true(state_hash_equal(ledger_state_hash(ledger), e->hash));
	assert_true(ledger_account_points(ledger, ACCOUNT_AVAILABLE, UNIT_POINTS, 0) ==
		    e->available);
	if (!ledger_audit(ledger, why, sizeof(why)))
		fail_msg("%s", why);
}

/* Kinds that the history has: all of the first, of funding, of settlement and what is about it. */
static bool
is_met(unsigned kind)
{
	return kind < RECORD_NOTE || (kind >= RECORD_REPLACE && kind <= RECORD_TRANSFER) ||
	       (kind >= RECORD_FUNDING && kind <= RECORD_WRITE_OFF) ||
	       (kind >= RECORD_CYCLE && kind <= RECORD_DISPUTE_END);
}

/* What: a journal of this form, replayed from its first record, ends in the expected state.
 * How:  every mark's hash on the way, the hash and the audit at the end, every kind met that is as
 *       old as the form. */
static void
journal_replays_to_the_expected_state(void **state)
{
	const char *form = *state;
	struct ledger_limits limits = golden_limits();
	struct ledger *ledger = ledger_new(&limits);
	unsigned kinds[256] = { 0 };
	struct expected e;

	assert_non_null(ledger);
	read_expected(form, &e);
	replay(form, ledger, kinds);
	check_end(ledger, &e);
#define KIND_WAS_MET(name, number, text) \
	if (is_met(number) && kinds[number] == 0) \
		fail_msg("no record of kind %s", #name);
	RECORD_KIND_LIST(KIND_WAS_MET)
#undef KIND_WAS_MET
	ledger_free(ledger);
}

/* What: a snapshot of this form, with the journal behind it, ends in the same state. */
static void
snapshot_and_rest_give_the_same(void **state)
{
	const char *form = *state;
	struct ledger_limits limits = golden_limits();
	struct ledger *ledger = ledger_new(&limits);
	struct storage_error error = { 0 };
	struct storage_io io;
	struct snapshot_load_config config = { .io = &io, .instance = INSTANCE };
	unsigned kinds[256] = { 0 };
	struct snapshot_info *info = calloc(1, sizeof(*info));
	struct expected e;

	assert_non_null(ledger);
	assert_non_null(info);
	storage_io_posix(&io);
	read_expected(form, &e);
	config.set = ledger_tables(ledger);
	config.directory = folder_of(form, "snapshot");
	if (snapshot_load(&config, e.snapshot_sequence, info, &error) != TG_OK)
		fail_msg("%s", error.text);
	assert_true(state_hash_equal(info->hash, e.snapshot_hash));
	ledger_rebuild(ledger);
	assert_true(ledger_sequence(ledger) == e.snapshot_sequence);
	replay(form, ledger, kinds);
	check_end(ledger, &e);
	free(info);
	ledger_free(ledger);
}

/* Making a form. */
struct maker {
	struct journal *journal;
	struct snapshot *snapshot;
	struct ledger *ledger;
	const char *form;
	struct expected expected;
	uint8_t bytes[20 * RECORD_BYTES_MAX];
	size_t bytes_used;
	uint64_t first_sequence;
	uint32_t count;
	bool has_failed;
};

/* Write what was gathered as one batch. */
static void
write_batch(struct maker *m, int64_t written_at_utc_ms)
{
	struct storage_error error = { 0 };
	struct journal_batch batch = {
		.records = m->bytes,
		.records_bytes = m->bytes_used,
		.first_sequence = m->first_sequence,
		.count = m->count,
		.written_at_utc_ms = written_at_utc_ms,
	};

	if (m->count > 0 && journal_append(m->journal, &batch, &error) != TG_OK)
		m->has_failed = true;
	m->first_sequence += m->count;
	m->bytes_used = 0;
	m->count = 0;
}

/* Between two records: a batch of twenty is written, every fifth followed by a mark. */
static void
keep_journal(struct maker *m, uint64_t sequence, int64_t written_at_utc_ms)
{
	struct storage_error error = { 0 };

	if (sequence == 0 || sequence % 20 != 0)
		return;
	write_batch(m, written_at_utc_ms);
	if (sequence % 100 == 0 && journal_mark(m->journal, sequence, ledger_state_hash(m->ledger),
						written_at_utc_ms, &error) != TG_OK)
		m->has_failed = true;
}

static void
keep_record(void *context, const struct record *r)
{
	struct maker *m = context;
	uint64_t before = r->sequence - 1;

	keep_journal(m, before, r->booked_at_utc_ms);
	if (before == 160) {
		m->expected.snapshot_sequence = before;
		m->expected.snapshot_hash = ledger_state_hash(m->ledger);
		if (snapshot_begin(m->snapshot, before, "", 0) != TG_OK)
			m->has_failed = true;
	}
	if (snapshot_phase(m->snapshot) != SNAPSHOT_IDLE) {
		snapshot_step(m->snapshot, 4096);
		snapshot_finish(m->snapshot, before);
	}
	m->bytes_used +=
		record_encode(r, m->bytes + m->bytes_used, sizeof(m->bytes) - m->bytes_used);
	m->count++;
}

static int
write_expected(struct maker *m)
{
	FILE *file = fopen(folder_of(m->form, "expected"), "w");
	struct state_hash hash = ledger_state_hash(m->ledger);

	if (file == NULL || m->has_failed)
		return 1;
	fprintf(file, "snapshot %" PRIu64 " %016" PRIx64 "%016" PRIx64 "\n",
		m->expected.snapshot_sequence, m->expected.snapshot_hash.high,
		m->expected.snapshot_hash.low);
	fprintf(file, "end %" PRIu64 " %016" PRIx64 "%016" PRIx64 "\n", ledger_sequence(m->ledger),
		hash.high, hash.low);
	fprintf(file, "available %" PRId64 "\n",
		ledger_account_points(m->ledger, ACCOUNT_AVAILABLE, UNIT_POINTS, 0));
	return fclose(file);
}

/* Write a new form's folder; the form must not be there yet. */
static int
make_form(const char *form)
{
	static struct maker m;
	struct ledger_limits limits = golden_limits();
	struct storage_error error = { 0 };
	struct journal_opened opened;
	char directory[PATH_BYTES];
	struct storage_io io;
	struct journal_config journal = {
		.io = &io,
		.directory = directory,
		.archive_directory = directory,
		.instance = INSTANCE,
		.epoch = 1,
		.salt = 4711,
		.segment_bytes = 128 * 1024,
	};
	struct snapshot_config snapshot = {
		.io = &io,
		.instance = INSTANCE,
		.is_inline = true,
	};

	storage_io_posix(&io);
	m.form = form;
	m.ledger = ledger_new(&limits);
	if (mkdir(folder_of(form, ""), 0755) != 0 || m.ledger == NULL)
		return 1;
	snprintf(directory, sizeof(directory), "%s", folder_of(form, "journal"));
	if (mkdir(folder_of(form, "snapshot"), 0755) != 0 ||
	    journal_file_open(&journal, &m.journal, &opened, &error) != TG_OK) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	snapshot.directory = folder_of(form, "snapshot");
	snapshot.set = ledger_tables(m.ledger);
	m.snapshot = snapshot_new(&snapshot);
	m.first_sequence = 1;
	golden_play(m.ledger, keep_record, &m);
	write_batch(&m, ledger_booked_at_utc_ms(m.ledger));
	if (journal_mark(m.journal, ledger_sequence(m.ledger), ledger_state_hash(m.ledger), 0,
			 &error) != TG_OK)
		return 1;
	journal_close(m.journal);
	snapshot_free(m.snapshot);
	return write_expected(&m);
}

static int
is_form(const struct dirent *entry)
{
	return entry->d_name[0] == 'v' && strchr("0123456789", entry->d_name[1]) != NULL;
}

int
main(int argc, char **argv)
{
	static struct CMUnitTest tests[2 * FORMS_MAX];
	struct dirent **forms;
	size_t count = 0;
	int found;

	if (argc == 3 && strcmp(argv[1], "--make") == 0)
		return make_form(argv[2]);
	found = scandir(folder_of("", ""), &forms, is_form, alphasort);
	if (found <= 0 || found > FORMS_MAX) {
		fprintf(stderr, "no golden files in %s\n", folder_of("", ""));
		return 1;
	}
	for (int i = 0; i < found; i++) {
		char *form = forms[i]->d_name;

		tests[count++] = (struct CMUnitTest){ "journal_replays_to_the_expected_state",
						      journal_replays_to_the_expected_state, NULL,
						      NULL, form };
		tests[count++] =
			(struct CMUnitTest){ "snapshot_and_rest_give_the_same",
					     snapshot_and_rest_give_the_same, NULL, NULL, form };
	}
	found = _cmocka_run_group_tests("golden files", tests, count, NULL, NULL);
	free(forms);
	return found;
}
