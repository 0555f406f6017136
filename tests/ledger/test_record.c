/*
 * test_record.c - the bytes of a record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/ledger/fixture.h"
#include "tests/ledger/record_sample.h"

#define LARGE (2 * RECORD_BYTES_MAX)

struct bytes {
	struct record *record;
	struct record *decoded;
	uint8_t first[LARGE];
	uint8_t second[LARGE];
	uint8_t lines[RECORD_SAMPLE_LINES_BYTES];
};

static int
setup(void **state)
{
	struct bytes *b = calloc(1, sizeof(*b));

	*state = b;
	if (b == NULL)
		return 1;
	b->record = calloc(1, sizeof(*b->record));
	b->decoded = calloc(1, sizeof(*b->decoded));
	return b->record == NULL || b->decoded == NULL;
}

static int
teardown(void **state)
{
	struct bytes *b = *state;

	free(b->record);
	free(b->decoded);
	free(b);
	return 0;
}

/* What: every section comes back as it was.
 * How:  each alone and all together: encode, decode, encode again, compare the bytes. */
static void
every_section_comes_back(void **state)
{
	struct bytes *b = *state;

	for (uint32_t i = 0; i <= RECORD_INDEX_END; i++) {
		size_t length, decoded_bytes;

		record_sample_fill(b->record, b->lines,
				   i < RECORD_INDEX_END ? RECORD_SECTIONS_ALL & UINT64_C(1) << i
							: RECORD_SECTIONS_ALL);
		length = record_encode(b->record, b->first, LARGE);
		assert_int_not_equal(length, 0);
		assert_int_equal(length % 8, 0);
		assert_int_equal(record_peek_bytes(b->first, length), length);
		assert_int_equal(record_decode(b->first, length, b->decoded, &decoded_bytes),
				 TG_OK);
		assert_int_equal(decoded_bytes, length);
		assert_true(b->decoded->sections == b->record->sections);
		assert_int_equal(record_encode(b->decoded, b->second, LARGE), length);
		assert_memory_equal(b->first, b->second, length);
	}
}

/* What: what apply copies whole is told by the record's bytes alone.
 * How:  decode into memory full of one byte, and of another: the images are the same. */
static void
images_keep_nothing_of_the_memory_before(void **state)
{
#define IMAGE(name) { offsetof(struct record, name), sizeof(((struct record *)NULL)->name), #name }
	static const struct {
		size_t at, bytes;
		const char *name;
	} images[] = {
		IMAGE(programme),   IMAGE(partner_image), IMAGE(rule),	      IMAGE(store_image),
		IMAGE(earn_rule),   IMAGE(terminal_image), IMAGE(activation), IMAGE(rulebook),
		IMAGE(budgets),	    IMAGE(cycle_image),	  IMAGE(cycle_open),  IMAGE(holiday),
		IMAGE(exchange),    IMAGE(shared),	  IMAGE(value),
		IMAGE(closed),	    IMAGE(terms),	  IMAGE(item),	      IMAGE(funding),
	};
#undef IMAGE
	struct bytes *b = *state;
	struct record *other = malloc(sizeof(*other));
	size_t length, decoded_bytes;

	assert_non_null(other);
	record_sample_fill(b->record, b->lines, RECORD_SECTIONS_ALL);
	length = record_encode(b->record, b->first, LARGE);
	memset(b->decoded, 0xaa, sizeof(*b->decoded));
	memset(other, 0x55, sizeof(*other));
	assert_int_equal(record_decode(b->first, length, b->decoded, &decoded_bytes), TG_OK);
	assert_int_equal(record_decode(b->first, length, other, &decoded_bytes), TG_OK);
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
		if (memcmp((uint8_t *)b->decoded + images[i].at, (uint8_t *)other + images[i].at,
			   images[i].bytes) != 0)
			fail_msg("%s is not told whole", images[i].name);
	}
	free(other);
}

/* What: the header's places are those that the journal relies on.
 * How:  length at 0, kind at 2, version at 3, sequence at 8, little endian. */
static void
header_stands_where_the_journal_reads_it(void **state)
{
	struct bytes *b = *state;
	size_t length;

	record_sample_fill(b->record, b->lines, 0);
	length = record_encode(b->record, b->first, LARGE);
	assert_int_equal(length, RECORD_HEADER_BYTES);
	assert_int_equal(b->first[0] | b->first[1] << 8, RECORD_HEADER_BYTES);
	assert_int_equal(b->first[2], RECORD_EARN);
	assert_int_equal(b->first[3], RECORD_VERSION);
	assert_int_equal(b->first[8], 0x88);
	assert_int_equal(b->first[15], 0x11);
}

/* What: a record's second list of sections costs nothing where none of them is in the record.
 * How:  with a section of it the header's last bit and four bytes more; without, neither; the bit
 *       with four zero bytes, or with a section that does not exist, is refused. */
static void
second_list_takes_room_only_where_used(void **state)
{
	struct bytes *b = *state;
	size_t length, decoded_bytes;

	record_sample_fill(b->record, b->lines, 0);
	length = record_encode(b->record, b->first, LARGE);
	assert_int_equal(length, RECORD_HEADER_BYTES);
	assert_int_equal(b->first[7] & 0x80, 0);
	record_sample_fill(b->record, b->lines, RECORD_HAS_BIT(COMPONENTS));
	b->record->component_count = 0;
	length = record_encode(b->record, b->first, LARGE);
	assert_int_equal(length, RECORD_HEADER_BYTES + 16);
	assert_int_equal(b->first[7], 0x80);
	assert_int_equal(b->first[RECORD_HEADER_BYTES], 1);
	b->first[RECORD_HEADER_BYTES] = 0;
	assert_int_equal(record_decode(b->first, length, b->decoded, &decoded_bytes), TG_CORRUPT);
	b->first[RECORD_HEADER_BYTES + 3] = 0x80;
	assert_int_equal(record_decode(b->first, length, b->decoded, &decoded_bytes), TG_CORRUPT);
}

/* What: a record cut anywhere is refused.
 * How:  every length below the whole, with and without the length field mended. */
static void
cut_records_are_refused(void **state)
{
	struct bytes *b = *state;
	size_t length, decoded_bytes;

	record_sample_fill(b->record, b->lines, RECORD_SECTIONS_ALL);
	length = record_encode(b->record, b->first, LARGE);
	for (size_t cut = 0; cut < length; cut++) {
		memcpy(b->second, b->first, length);
		assert_int_equal(record_decode(b->second, cut, b->decoded, &decoded_bytes),
				 TG_CORRUPT);
		b->second[0] = (uint8_t)cut;
		b->second[1] = (uint8_t)(cut >> 8);
		assert_int_equal(record_decode(b->second, cut, b->decoded, &decoded_bytes),
				 TG_CORRUPT);
	}
}

/* What: flipped bits never lead outside the record or over its arrays.
 * How:  every bit of a full record; what still decodes must encode again.  Sanitizers watch. */
static void
flipped_bits_stay_inside(void **state)
{
	struct bytes *b = *state;
	size_t length, decoded_bytes;

	record_sample_fill(b->record, b->lines, RECORD_SECTIONS_ALL);
	length = record_encode(b->record, b->first, LARGE);
	for (size_t bit = 0; bit < length * 8; bit++) {
		enum tg_status status;

		memcpy(b->second, b->first, length);
		b->second[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		status = record_decode(b->second, length, b->decoded, &decoded_bytes);
		if (status != TG_OK) {
			assert_true(status == TG_CORRUPT || status == TG_TOO_NEW);
			continue;
		}
		assert_int_not_equal(record_encode(b->decoded, b->first + RECORD_BYTES_MAX,
						   LARGE - RECORD_BYTES_MAX),
				     0);
	}
}

/* What: a record of a later version is refused by name, not misread. */
static void
newer_version_is_refused(void **state)
{
	struct bytes *b = *state;
	size_t length, decoded_bytes;

	record_sample_fill(b->record, b->lines, 0);
	length = record_encode(b->record, b->first, LARGE);
	b->first[3] = RECORD_VERSION + 1;
	assert_int_equal(record_decode(b->first, length, b->decoded, &decoded_bytes), TG_TOO_NEW);
}

/* What: the largest record fits its bound, one byte less room is refused.
 * How:  all sections with arrays and lines at their maxima. */
static void
largest_record_fits(void **state)
{
	struct bytes *b = *state;
	size_t length;

	record_sample_fill(b->record, b->lines, RECORD_SECTIONS_ALL);
	b->record->receipt_bytes = TG_RECEIPT_BYTES_MAX;
	b->record->posting_count = RECORD_POSTINGS_MAX;
	b->record->move_count = RECORD_MOVES_MAX;
	for (uint32_t i = 0; i < RECORD_MOVES_MAX; i++)
		b->record->moves[i].flags = MOVE_NEW;
	b->record->component_count = RECORD_COMPONENTS_MAX;
	b->record->line_count = TG_LINES_MAX;
	b->record->lines_bytes = sizeof(b->lines);
	length = record_encode(b->record, b->first, LARGE);
	assert_int_not_equal(length, 0);
	assert_true(length <= RECORD_BYTES_MAX);
	assert_int_equal(record_encode(b->record, b->first, length - 1), 0);
}

/* What: a plain earn takes at most 192 bytes, so that millions a second fit a disk.
 * How:  an earn by identifier, without receipt, of a member with regular points only. */
static void
plain_earn_takes_192_bytes(void **state)
{
	struct ledger_fixture f;
	struct ledger_request q;

	(void)state;
	fixture_init(&f);
	q = fixture_request(&f, REQUEST_ENROLL, "enrol");
	q.identifier = fixture_identifier("ann");
	assert_int_equal(fixture_ask(&f, &q)->status, TG_OK);
	q = fixture_request(&f, REQUEST_EARN, "earn");
	q.identifier = fixture_identifier("ann");
	q.amount = 123456;
	assert_int_equal(fixture_ask(&f, &q)->status, TG_OK);
	assert_int_equal(f.decision->record_count, 1);
	assert_true(f.last_bytes <= 192);
	fixture_deinit(&f);
}

/* What: lines come back in order; damaged ones end the walk. */
static void
lines_are_walked_in_order(void **state)
{
	struct bytes *b = *state;
	struct purchase_line line;
	size_t offset = 0;
	uint32_t count = 0;

	record_sample_fill(b->record, b->lines, RECORD_HAS_BIT(LINES));
	while (record_line_next(b->record, &offset, &line)) {
		assert_int_equal(line.category, count);
		assert_true(line.amount == -12345678901 * (int64_t)count);
		assert_memory_equal(line.item, "tea", 3);
		count++;
	}
	assert_int_equal(count, 3);
	b->lines[0] = LINE_ITEM_BYTES_MAX + 1;
	offset = 0;
	assert_false(record_line_next(b->record, &offset, &line));
}

/* What: each kind and each account has a name of its own, and no other number has one.
 * How:  all numbers of a byte against each other. */
static void
every_kind_and_account_has_its_name(void **state)
{
	static const char *(*const names[])(uint8_t) = { record_kind_name, account_name };

	(void)state;
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		unsigned named = 0;

		for (unsigned number = 0; number <= UINT8_MAX; number++) {
			const char *name = names[n]((uint8_t)number);

			named += strcmp(name, "?") != 0;
			for (unsigned other = 0; other < number && strcmp(name, "?") != 0; other++)
				assert_string_not_equal(name, names[n]((uint8_t)other));
		}
#define ONE_KIND(name, number, text) +1
#define ONE_ACCOUNT(name, number, sign, per_partner, text) +1
		assert_int_equal(named, n == 0 ? 0 RECORD_KIND_LIST(ONE_KIND)
					       : 0 ACCOUNT_LIST(ONE_ACCOUNT));
#undef ONE_KIND
#undef ONE_ACCOUNT
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_section_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(images_keep_nothing_of_the_memory_before, setup,
						teardown),
		cmocka_unit_test_setup_teardown(header_stands_where_the_journal_reads_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(second_list_takes_room_only_where_used, setup,
						teardown),
		cmocka_unit_test_setup_teardown(cut_records_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(flipped_bits_stay_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(newer_version_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(largest_record_fits, setup, teardown),
		cmocka_unit_test(plain_earn_takes_192_bytes),
		cmocka_unit_test(every_kind_and_account_has_its_name),
		cmocka_unit_test_setup_teardown(lines_are_walked_in_order, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
