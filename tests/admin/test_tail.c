/*
 * test_tail.c - live records at the console: which are shown, and what a slow reader misses.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/console.h"
#include "tests/admin/fake_host.h"

#define FIRST 1000			/* durable before a tail begins */
#define BEHIND_MAX 20000		/* as run_tail.c has it */
#define KNOWN_MEMBER 7
#define STEPS_MAX 16

/* A host whose records are made from their sequence; the rest is that of fake_host. */
struct tail_fixture {
	struct fake_host fake;		/* first: it is the host's context */
	uint64_t durable;		/* guarded by fake.lock */
	uint32_t looks;			/* at durable so far; guarded by fake.lock */
	uint64_t steps[STEPS_MAX];	/* what each pause adds to durable; 0: the end */
	uint32_t step_count;		/* taken */
	uint8_t	 bytes[RECORD_BYTES_MAX];
	struct console *console;
	char	 folder[64], path[96];
};

static uint64_t
durable_sequence(void *context)
{
	struct tail_fixture *f = context;
	uint64_t durable;

	pthread_mutex_lock(&f->fake.lock);
	durable = f->durable;
	f->looks++;
	pthread_mutex_unlock(&f->fake.lock);
	return durable;
}

static enum tg_status
open_records(void *context, uint64_t sequence, void **ret_reader)
{
	uint64_t *reader = malloc(sizeof(*reader));

	(void)context;
	assert_non_null(reader);
	*reader = sequence;
	*ret_reader = reader;
	return TG_OK;
}

/* Who asked what: each field has a period of its own. */
static struct record
record_of(uint64_t sequence)
{
	return (struct record){
		.sequence = sequence,
		.booked_at_utc_ms = INT64_C(1772438400000) + (int64_t)sequence,
		.kind = sequence % 2 == 0 ? RECORD_EARN : RECORD_BURN,
		.version = RECORD_VERSION,
		.status = sequence % 7 == 0 ? TG_NO_POINTS : TG_OK,
		.sections = RECORD_HAS_BIT(PRINCIPAL) | RECORD_HAS_BIT(MEMBER),
		.partner = (uint32_t)(1 + sequence % 3),
		.store = (uint32_t)(10 + sequence % 5),
		.terminal = (uint32_t)(100 + sequence % 11),
		.member = sequence % 13 == 0 ? KNOWN_MEMBER : 8,
	};
}

static enum tg_status
next_record(void *context, void *reader, const uint8_t **ret_bytes, uint32_t *ret_count)
{
	struct tail_fixture *f = context;
	uint64_t *next = reader;
	struct record record;
	bool is_there;

	pthread_mutex_lock(&f->fake.lock);
	is_there = *next <= f->durable;
	pthread_mutex_unlock(&f->fake.lock);
	*ret_count = 0;
	if (!is_there)
		return TG_OK;
	record = record_of((*next)++);
	*ret_count = (uint32_t)record_encode(&record, f->bytes, sizeof(f->bytes));
	*ret_bytes = f->bytes;
	return TG_OK;
}

static enum tg_status
submit(void *context, const struct ledger_request *request, struct ledger_answer *ret_answer)
{
	(void)context;
	assert_int_equal(request->kind, REQUEST_SHOW_MEMBER);
	memset(ret_answer, 0, sizeof(*ret_answer));
	ret_answer->member = KNOWN_MEMBER;
	return TG_OK;
}

/* command_pause_fn: more records become durable meanwhile. */
static bool
pause_for_records(void *context, int32_t ms)
{
	struct tail_fixture *f = context;
	const uint64_t step = f->step_count < STEPS_MAX ? f->steps[f->step_count++] : 0;

	(void)ms;
	f->durable += step;
	return step > 0;
}

static int
setup(void **state)
{
	struct tail_fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	fake_host_init(&f->fake);
	f->durable = FIRST;
	f->fake.host.durable_sequence = durable_sequence;
	f->fake.host.open_records = open_records;
	f->fake.host.next_record = next_record;
	f->fake.host.submit = submit;
	f->fake.call.pause = pause_for_records;
	f->fake.call.pause_context = f;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct tail_fixture *f = *state;

	console_stop(f->console);
	if (f->folder[0] != '\0')
		(void)rmdir(f->folder);
	fake_host_deinit(&f->fake);
	free(f);
	return 0;
}

/* Run a tail over count records after its start; how it ended. */
static const char *
tail(struct tail_fixture *f, const char *line, uint64_t count)
{
	const char *end;

	f->durable = FIRST;
	f->steps[0] = count;
	f->steps[1] = 0;
	f->step_count = 0;
	fake_host_run(&f->fake, line);
	end = strstr(f->fake.printed, "\nok ");
	return end != NULL ? end + 1 : f->fake.printed;
}

/* What: each filter lets through what it names and nothing else; several must all fit.
 * How:  records whose fields have periods of their own, counted. */
static void
each_filter_shows_what_it_names(void **state)
{
	static const struct {
		const char *line;
		uint32_t periods[5];	/* a record is shown if its sequence modulo each is that */
		uint32_t rests[5];
	} rows[] = {
		{ "tail", { 0 }, { 0 } },
		{ "tail partner=2", { 3 }, { 1 } },
		{ "tail store=14", { 5 }, { 4 } },
		{ "tail terminal=107", { 11 }, { 7 } },
		{ "tail member=7", { 13 }, { 0 } },
		{ "tail member=card:12345678", { 13 }, { 0 } },
		{ "tail kind=burn", { 2 }, { 1 } },
		{ "tail kind=EARN", { 2 }, { 0 } },
		{ "tail status=NO_POINTS", { 7 }, { 0 } },
		{ "tail status=no_points kind=earn", { 7, 2 }, { 0, 0 } },
		{ "tail partner=1 store=10 kind=burn", { 3, 5, 2 }, { 0, 0, 1 } },
		{ "tail partner=1 store=10 terminal=100 kind=earn", { 3, 5, 11, 2 }, { 0 } },
		{ "tail p=1 sto=10 ki=burn", { 3, 5, 2 }, { 0, 0, 1 } },
		{ "tail partner=9", { 1 }, { 1 } },
	};
	const uint64_t count = 400;	/* their text fits what fake_host keeps */
	struct tail_fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t wanted = 0;
		char end[64];

		for (uint64_t s = FIRST + 1; s <= FIRST + count; s++) {
			bool is_shown = true;

			for (size_t k = 0; k < 5 && rows[i].periods[k] != 0; k++)
				is_shown = is_shown &&
					   s % rows[i].periods[k] == rows[i].rests[k];
			wanted += is_shown ? 1 : 0;
		}
		snprintf(end, sizeof(end), "ok shown=%u dropped=0\n", (unsigned)wanted);
		assert_string_equal(tail(f, rows[i].line, count), end);
	}
}

/* What: a word that may be several is no filter. */
static void
a_filter_is_shortened_while_it_is_unique(void **state)
{
	struct tail_fixture *f = *state;

	fake_host_expect(&f->fake, "tail st=1", "error \"st=1\" is no filter", "");
	fake_host_expect(&f->fake, "tail =1", "error \"=1\" is no filter", "");
	fake_host_expect(&f->fake, "tail partners=1", "error \"partners=1\" is no filter", "");
	fake_host_run(&f->fake, "tail mem=card:4912345678901234");
	assert_non_null(strstr(f->fake.audit, "|tail mem=card:************1234|"));
}

/* What: a row shows the record's fields. */
static void
a_row_shows_the_record(void **state)
{
	struct tail_fixture *f = *state;

	tail(f, "tail status=OK", 1);
	assert_null(strstr(f->fake.printed, "1001"));
	tail(f, "tail", 1);
	assert_non_null(strstr(f->fake.printed, "BURN"));
	assert_non_null(strstr(f->fake.printed, "NO_POINTS"));
	fake_host_run(&f->fake, "format json");
	tail(f, "tail", 1);
	assert_non_null(strstr(f->fake.printed,
			       "\"partner\":3,\"store\":11,\"terminal\":100,\"member\":7"));
}

/* What: who is more than a bound behind misses what there is, is told how much, and goes on with
 *       what comes then; at the bound nothing is missed. */
static void
what_is_too_far_behind_is_dropped_and_told(void **state)
{
	struct tail_fixture *f = *state;

	assert_string_equal(tail(f, "tail partner=9", BEHIND_MAX), "ok shown=0 dropped=0\n");
	assert_string_equal(tail(f, "tail", BEHIND_MAX + 1), "ok shown=0 dropped=20001\n");
	assert_non_null(strstr(f->fake.printed, "  dropped=20001 records: read faster\n"));
	f->durable = FIRST;
	memcpy(f->steps, (uint64_t[]){ 10, 30000, 5, 25000, 1, 0 }, 6 * sizeof(f->steps[0]));
	f->step_count = 0;
	fake_host_expect(&f->fake, "tail", "ok shown=16 dropped=55000",
			 "  dropped=30000 records: read faster\n");
	assert_non_null(strstr(f->fake.printed, "  dropped=25000 records: read faster\n"));
}

/* Connect to a console over this host. */
static int
dial(struct tail_fixture *f)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct console_config config = { .mode = 0600 };
	int fd;

	snprintf(f->folder, sizeof(f->folder), "/tmp/test_tail.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/console.sock", f->folder);
	config.socket_path = f->path;
	assert_int_equal(console_start(&config, &f->fake.host, &f->console), TG_OK);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Read lines until one that begins so. */
static void
hear(FILE *in, const char *start, char *line, size_t bytes)
{
	do {
		assert_non_null(fgets(line, (int)bytes, in));
	} while (strncmp(line, start, strlen(start)) != 0);
}

static uint32_t
looks(struct tail_fixture *f)
{
	uint32_t count;

	pthread_mutex_lock(&f->fake.lock);
	count = f->looks;
	pthread_mutex_unlock(&f->fake.lock);
	return count;
}

static void
set_durable(struct tail_fixture *f, uint64_t durable)
{
	pthread_mutex_lock(&f->fake.lock);
	f->durable = durable;
	pthread_mutex_unlock(&f->fake.lock);
}

/* What: a reader that does not read for a while misses records, is told how many, and every record
 *       is either shown or counted.
 * How:  more records than the socket holds, unread; meanwhile far more; then all is read. */
static void
a_slow_reader_is_told_what_it_missed(void **state)
{
	struct tail_fixture *f = *state;
	const int fd = dial(f);
	FILE *in = fdopen(fd, "r");
	char line[1024];
	unsigned long long shown, dropped;

	assert_non_null(in);
	hear(in, "ok", line, sizeof(line));
	assert_int_equal(send(fd, "tail\n", 5, MSG_NOSIGNAL), 5);
	while (looks(f) < 2)
		(void)poll(NULL, 0, 10);
	set_durable(f, FIRST + 10000);
	/* Its first rows are there: it is in the middle of them, and has no room for the last. */
	hear(in, "  ", line, sizeof(line));
	set_durable(f, FIRST + 90000);
	hear(in, "  dropped=", line, sizeof(line));
	assert_int_equal(send(fd, "\x03", 1, MSG_NOSIGNAL), 1);
	hear(in, "ok", line, sizeof(line));
	assert_int_equal(sscanf(line, "ok shown=%llu dropped=%llu", &shown, &dropped), 2);
	assert_true(dropped > BEHIND_MAX);
	assert_true(shown > 0);
	assert_int_equal(shown + dropped, 90000);
	fclose(in);
}

#define WITH_RECORDS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RECORDS(each_filter_shows_what_it_names),
		WITH_RECORDS(a_filter_is_shortened_while_it_is_unique),
		WITH_RECORDS(a_row_shows_the_record),
		WITH_RECORDS(what_is_too_far_behind_is_dropped_and_told),
		WITH_RECORDS(a_slow_reader_is_told_what_it_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
