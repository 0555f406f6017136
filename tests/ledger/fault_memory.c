/*
 * fault_memory.c - a ledger that is being made when memory or address space runs out.
 *
 * The linker leads the ledger's calls here.  Each call fails once, and with all that follow it,
 * until a ledger is made; one that is not made leaves nothing behind.  Later a ledger takes no
 * memory, so that there is nothing that could fail in the middle of a record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "ledger/state.h"
#include "tests/ledger/fixture.h"

#define CALLS_MAX 1000

/* What is to fail, and what is held. */
struct fault {
	int64_t calls_left;		/* until one fails; negative: none will */
	bool is_sticky;
	bool has_failed;
	uint64_t calls;
	int64_t maps;			/* mapped and not yet unmapped */
};

static struct fault fault = { .calls_left = -1 };

void *__real_calloc(size_t count, size_t bytes);
void *__real_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *address, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset);
int __wrap_munmap(void *address, size_t bytes);

static bool
fails(void)
{
	fault.calls++;
	if (fault.calls_left < 0)
		return false;
	if (fault.calls_left > 0) {
		fault.calls_left--;
		return false;
	}
	if (!fault.is_sticky)
		fault.calls_left = -1;
	fault.has_failed = true;
	return true;
}

void *
__wrap_calloc(size_t count, size_t bytes)
{
	return fails() ? NULL : __real_calloc(count, bytes);
}

void *
__wrap_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	if (fails())
		return MAP_FAILED;
	fault.maps++;
	return __real_mmap(address, bytes, protection, flags, fd, offset);
}

int
__wrap_munmap(void *address, size_t bytes)
{
	fault.maps--;
	return __real_munmap(address, bytes);
}

/* What: a ledger without memory is not made, and gives back what it had (R38).
 * How:  fail each call, once and from then on, until it is made; count what is mapped. */
static void
a_ledger_without_memory_is_not_made(void **state)
{
	const struct ledger_limits limits = fixture_limits();

	(void)state;
	for (int is_sticky = 0; is_sticky <= 1; is_sticky++) {
		for (int64_t nth = 0;; nth++) {
			struct ledger *ledger;

			assert_true(nth < CALLS_MAX);
			fault = (struct fault){ .calls_left = nth, .is_sticky = is_sticky != 0 };
			ledger = ledger_new(&limits);
			fault.calls_left = -1;
			if (!fault.has_failed) {
				assert_non_null(ledger);
				assert_true(nth > 2 * 20);
				ledger_free(ledger);
				assert_int_equal(fault.maps, 0);
				break;
			}
			assert_null(ledger);
			assert_int_equal(fault.maps, 0);
		}
	}
}

/* What: deciding takes memory once, when it is made ready.
 * How:  fail each call; then none is made by a day's requests. */
static void
a_decision_without_memory_is_not_made(void **state)
{
	(void)state;
	for (int64_t nth = 0;; nth++) {
		struct decision *decision;

		assert_true(nth < CALLS_MAX);
		fault = (struct fault){ .calls_left = nth };
		decision = decision_new();
		fault.calls_left = -1;
		if (!fault.has_failed) {
			assert_non_null(decision);
			decision_free(decision);
			break;
		}
		assert_null(decision);
	}
}

/* What: records that are applied take no memory, so that none can be half applied (R38).
 * How:  requests of some kinds, ticks and an audit; count the calls. */
static void
requests_take_no_memory(void **state)
{
	struct ledger_fixture f;
	struct ledger_request q;
	uint64_t calls, member;

	(void)state;
	fault = (struct fault){ .calls_left = -1 };
	fixture_init(&f);
	q = fixture_request(&f, REQUEST_ENROLL, "enroll");
	q.identifier = fixture_identifier("ann");
	assert_int_equal(fixture_ask(&f, &q)->status, TG_OK);
	member = f.decision->answer.member;
	calls = fault.calls;
	for (int i = 0; i < 50; i++) {
		const char id[] = { (char)('a' + i % 26), (char)('a' + i / 26), '\0' };

		q = fixture_request(&f, i % 5 == 4 ? REQUEST_BURN : REQUEST_EARN, id);
		q.member = member;
		q.amount = 10000;
		q.points = 10;
		assert_int_equal(fixture_ask(&f, &q)->status, TG_OK);
		fixture_tick(&f);
	}
	assert_int_equal(fault.calls, calls);
	fixture_deinit(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ledger_without_memory_is_not_made),
		cmocka_unit_test(a_decision_without_memory_is_not_made),
		cmocka_unit_test(requests_take_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
