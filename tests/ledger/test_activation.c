/*
 * test_activation.c - one-time codes of terminals.  The fixture replays every record on a twin.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/ledger/fixture.h"

#define TERMINAL 101
#define HOUR_MS INT64_C(3600000)

static int
setup(void **state)
{
	static struct ledger_fixture fixture;

	fixture_init(&fixture);
	*state = &fixture;
	return 0;
}

static int
teardown(void **state)
{
	fixture_audit(*state);
	fixture_deinit(*state);
	return 0;
}

/* Set the terminal as it is, with a code whose hash is all of one byte; 0: with none. */
static enum tg_status
make_code(struct ledger_fixture *f, uint8_t hash, uint16_t generation)
{
	struct ledger_request q = fixture_request(f, REQUEST_SET_TERMINAL, "");

	q.principal = 0;
	q.terminal_image = *ledger_terminal_find(f->ledger, TERMINAL);
	q.has_activation = true;
	q.activation = (struct activation){ .key_generation = generation,
					    .expires_utc_ms = f->now.utc_ms + HOUR_MS };
	memset(q.activation.code_hash, hash, sizeof(q.activation.code_hash));
	return (enum tg_status)fixture_ask(f, &q)->status;
}

/* Use a code as the till that has the nonce. */
static const struct ledger_answer *
use_code(struct ledger_fixture *f, uint32_t terminal, uint8_t hash, uint8_t nonce)
{
	struct ledger_request q = { .kind = REQUEST_ACTIVATE, .principal = terminal };

	memset(q.activation.code_hash, hash, sizeof(q.activation.code_hash));
	memset(q.activation.nonce, nonce, sizeof(q.activation.nonce));
	return fixture_ask(f, &q);
}

/* What: the right code gives the terminal its generation once, the old one ends, and the same till
 *       gets the same answer without another record. */
static void
a_code_gives_its_generation_once(void **state)
{
	struct ledger_fixture *f = *state;
	const struct terminal_config *terminal = ledger_terminal_find(f->ledger, TERMINAL);
	const struct ledger_answer *a;
	uint64_t records;

	assert_int_equal(make_code(f, 7, 2), TG_OK);
	assert_int_equal(terminal->key_generation, 1);
	a = use_code(f, TERMINAL, 7, 1);
	assert_int_equal(a->status, TG_OK);
	assert_int_equal(a->key_generation, 2);
	assert_int_equal(a->partner, 1);
	assert_false(a->is_replay);
	assert_int_equal(terminal->key_generation, 2);
	assert_int_equal(terminal->key_generation_old, 0);
	records = f->record_count;
	a = use_code(f, TERMINAL, 7, 1);
	assert_int_equal(a->status, TG_OK);
	assert_true(a->is_replay);
	assert_int_equal(use_code(f, TERMINAL, 7, 2)->status, TG_CONFLICT);
	assert_int_equal(f->record_count, records);
}

/* What: whoever has not the code learns nothing: whatever is wrong, it is AUTH_FAILED.
 * How:  another hash, another terminal, one that is not there, no code at all, an ended one. */
static void
without_the_code_everything_is_the_same(void **state)
{
	struct ledger_fixture *f = *state;

	assert_int_equal(use_code(f, TERMINAL, 7, 1)->status, TG_AUTH_FAILED);
	assert_int_equal(use_code(f, TERMINAL, 0, 1)->status, TG_AUTH_FAILED);
	assert_int_equal(make_code(f, 7, 1), TG_OK);
	assert_int_equal(use_code(f, TERMINAL, 8, 1)->status, TG_AUTH_FAILED);
	assert_int_equal(use_code(f, 201, 7, 1)->status, TG_AUTH_FAILED);
	assert_int_equal(use_code(f, 999, 7, 1)->status, TG_AUTH_FAILED);
	assert_int_equal(make_code(f, 0, 1), TG_OK);
	assert_int_equal(use_code(f, TERMINAL, 7, 1)->status, TG_AUTH_FAILED);
	assert_int_equal(use_code(f, TERMINAL, 0, 1)->status, TG_AUTH_FAILED);
}

/* What: at its end a code gives nothing, not again either. */
static void
a_code_ends_at_its_time(void **state)
{
	struct ledger_fixture *f = *state;

	assert_int_equal(make_code(f, 7, 1), TG_OK);
	fixture_set_time(f, f->now.utc_ms + HOUR_MS - 1);
	assert_int_equal(use_code(f, TERMINAL, 7, 1)->status, TG_OK);
	fixture_set_time(f, f->now.utc_ms + 1);
	assert_int_equal(use_code(f, TERMINAL, 7, 1)->status, TG_TOO_OLD);
}

/* What: a code never brings an older key back.
 * How:  the terminal is rotated after the code was made, and after it was used. */
static void
a_code_brings_no_older_key_back(void **state)
{
	struct ledger_fixture *f = *state;
	struct ledger_request q = fixture_request(f, REQUEST_SET_TERMINAL, "");

	q.principal = 0;
	assert_int_equal(make_code(f, 7, 2), TG_OK);
	q.terminal_image = *ledger_terminal_find(f->ledger, TERMINAL);
	q.terminal_image.key_generation = 3;
	assert_int_equal(fixture_ask(f, &q)->status, TG_OK);
	assert_int_equal(use_code(f, TERMINAL, 7, 1)->status, TG_CONFLICT);
	assert_int_equal(make_code(f, 7, 2), TG_BAD_FIELD);
	assert_int_equal(make_code(f, 9, 4), TG_OK);
	assert_int_equal(use_code(f, TERMINAL, 9, 1)->status, TG_OK);
	q.terminal_image.key_generation = 5;
	assert_int_equal(fixture_ask(f, &q)->status, TG_OK);
	assert_int_equal(use_code(f, TERMINAL, 9, 1)->status, TG_CONFLICT);
}

/* What: a blocked terminal gets no key, and is told so only with the right code. */
static void
a_blocked_terminal_gets_no_key(void **state)
{
	struct ledger_fixture *f = *state;
	struct ledger_request q = fixture_request(f, REQUEST_SET_TERMINAL, "");

	q.principal = 0;
	assert_int_equal(make_code(f, 7, 1), TG_OK);
	q.terminal_image = *ledger_terminal_find(f->ledger, TERMINAL);
	q.terminal_image.flags |= TERMINAL_BLOCKED;
	assert_int_equal(fixture_ask(f, &q)->status, TG_OK);
	assert_int_equal(use_code(f, TERMINAL, 8, 1)->status, TG_AUTH_FAILED);
	assert_int_equal(use_code(f, TERMINAL, 7, 1)->status, TG_BLOCKED);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_code_gives_its_generation_once),
		CASE(without_the_code_everything_is_the_same),
		CASE(a_code_ends_at_its_time),
		CASE(a_code_brings_no_older_key_back),
		CASE(a_blocked_terminal_gets_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
