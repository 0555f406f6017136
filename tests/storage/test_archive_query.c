/*
 * test_archive_query.c - originals that left the window, found in MariaDB with what was done to
 * them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "storage/archive_query.h"
#include "tests/storage/sink_fixture.h"

#define MEMBER 42

/* A sound record of a kind about MEMBER, id made of one byte; not yet in the journal. */
static struct record *
begin(struct sink_fixture *f, enum record_kind kind, uint32_t partner, uint8_t id)
{
	struct record *r = f->record;

	record_maker_earn(&f->maker, r);
	r->kind = (uint8_t)kind;
	r->member = MEMBER;
	r->partner = partner;
	memset(r->transaction_id, id, sizeof r->transaction_id);
	r->sections |= RECORD_HAS_BIT(DETAILS);
	memset(&r->covered, 0,
	       offsetof(struct record, original_id) - offsetof(struct record, covered));
	return r;
}

/* ... that undoes: with an original, perhaps a burn besides, and figures. */
static struct record *
begin_undoing(struct sink_fixture *f, enum record_kind kind, uint8_t id, uint8_t original,
	      uint8_t original_burn)
{
	struct record *r = begin(f, kind, 1, id);

	r->sections |= RECORD_HAS_BIT(ORIGINAL) | RECORD_HAS_BIT(REFUNDED);
	memset(r->original_id, original, sizeof r->original_id);
	memset(r->original_burn_id, original_burn, sizeof r->original_burn_id);
	r->original_time_utc_ms = 1000;
	memset(&r->returned_money, 0,
	       offsetof(struct record, regular_last_day) - offsetof(struct record, returned_money));
	return r;
}

static void
add(struct sink_fixture *f)
{
	sink_fixture_add_record(f, f->record);
}

/* Ask for the transaction of an id, and expect a status. */
static struct archived_transaction
ask(struct sink_fixture *f, uint32_t partner, uint8_t id, uint64_t through, enum tg_status expected)
{
	struct archive_query *query = archive_query_new(mariadb_config(f->server), 0);
	struct archive_question question = { .partner = partner, .through_sequence = through };
	struct archived_transaction found = { .is_found = true, .sequence = 77 };
	struct storage_error error = { .text = "" };
	enum tg_status status;

	assert_non_null(query);
	memset(question.transaction_id, id, sizeof question.transaction_id);
	status = archive_query_transaction(query, &question, &found, &error);
	if (status != expected)
		fail_msg("%s", error.text);
	archive_query_free(query);
	return found;
}

/* What: an archived earn comes back with all its figures.
 * How:  one earn among others; asked by its partner and by another. */
static void
original_is_found_by_its_partner(void **state)
{
	struct sink_fixture *f = *state;
	struct archived_transaction found;
	struct record *r;

	sink_fixture_add(f, 50);
	r = begin(f, RECORD_EARN, 1, 0xa1);
	r->covered = 12;
	r->flags = RECORD_LATE | RECORD_GROSS;
	r->rule_version = 3;
	add(f);
	sink_fixture_run(f);
	found = ask(f, 1, 0xa1, r->sequence, TG_OK);
	assert_true(found.is_found);
	assert_int_equal(found.sequence, r->sequence);
	assert_int_equal(found.kind, RECORD_EARN);
	assert_int_equal(found.status, TG_OK);
	assert_int_equal(found.partner, 1);
	assert_int_equal(found.store, r->store);
	assert_int_equal(found.terminal, r->terminal);
	assert_int_equal(found.member, MEMBER);
	assert_memory_equal(found.fingerprint, r->fingerprint, sizeof found.fingerprint);
	assert_int_equal(found.booked_at_utc_ms, r->booked_at_utc_ms);
	assert_int_equal(found.business_time_utc_ms, r->business_time_utc_ms);
	assert_int_equal(found.amount, r->amount);
	assert_int_equal(found.covered, 12);
	assert_int_equal(found.points, r->points);
	assert_int_equal(found.rule_version, 3);
	assert_int_equal(found.flags, RECORD_LATE | RECORD_GROSS);
	assert_int_equal(found.taken_points, 0);
	assert_false(found.is_reversed);
	assert_false(ask(f, 2, 0xa1, 0, TG_OK).is_found);
	assert_false(ask(f, 1, 0xa2, 0, TG_OK).is_found);
}

/* What: refunds of an earn and of the burn that paid a part are summed, declined ones are not.
 * How:  two refunds that name both, one declined, one of another earn. */
static void
what_was_returned_is_summed(void **state)
{
	struct sink_fixture *f = *state;
	struct archived_transaction found;

	begin(f, RECORD_EARN, 1, 0xe1);
	add(f);
	begin(f, RECORD_BURN, 1, 0xb1);
	add(f);
	for (uint8_t i = 1; i <= 4; i++) {
		struct record *r = begin_undoing(f, RECORD_REFUND, i, i == 4 ? 0xe2 : 0xe1, 0xb1);

		r->status = i == 3 ? TG_OVER_REFUND : TG_OK;
		r->returned_money = 100;
		r->returned_covered = 10;
		r->taken_points = 7;
		r->absorbed_points = 3;
		r->restored_points = 5;
		r->lost_points = 2;
		add(f);
	}
	sink_fixture_run(f);
	found = ask(f, 1, 0xe1, 0, TG_OK);
	assert_int_equal(found.returned_money, 200);
	assert_int_equal(found.taken_points, 14);
	assert_int_equal(found.absorbed_points, 6);
	assert_int_equal(found.returned_covered, 20);
	assert_int_equal(found.restored_points, 0);
	assert_int_equal(found.lost_points, 0);
	assert_false(found.is_reversed);
	found = ask(f, 1, 0xb1, 0, TG_OK);
	assert_int_equal(found.returned_covered, 30);
	assert_int_equal(found.restored_points, 15);
	assert_int_equal(found.lost_points, 6);
	assert_int_equal(found.returned_money, 0);
	assert_int_equal(found.taken_points, 0);
	assert_int_equal(found.absorbed_points, 0);
}

/* A move of a lot, of the record that is being made. */
static struct move *
add_lot_move(struct record *r, uint8_t flags, uint32_t row, int64_t points)
{
	struct move *m = &r->moves[r->move_count++];

	r->sections |= RECORD_HAS_BIT(MOVES);
	*m = (struct move){ .kind = MOVE_LOT, .flags = flags, .row = row, .points = points };
	return m;
}

/* What: points of an earn that have expired since are told, whichever row they were in then.
 * How:  its lot in row 7, and another earn's in row 8; of the first some expires, of the second
 *       all, and its row gets points of the first one back, which expire, too. */
static void
what_has_expired_of_an_earn_is_told(void **state)
{
	struct sink_fixture *f = *state;
	struct record *r = begin(f, RECORD_EARN, 1, 0xf1);
	uint64_t sequence;

	r->move_count = 0;
	sequence = r->sequence;
	add_lot_move(r, MOVE_NEW, 7, 50)->serial = sequence << 8 | 2;
	add(f);
	r = begin(f, RECORD_EARN, 1, 0xf2);
	r->move_count = 0;
	add_lot_move(r, MOVE_NEW, 8, 20)->serial = r->sequence << 8 | 2;
	add(f);
	r = begin(f, RECORD_EXPIRE, 1, 0);
	r->move_count = 0;
	add_lot_move(r, 0, 7, -30);
	add_lot_move(r, MOVE_GONE, 8, -20);
	add(f);
	r = begin(f, RECORD_REVERSE, 1, 0xf3);
	r->move_count = 0;
	add_lot_move(r, MOVE_NEW, 8, 5)->serial = sequence << 8 | 2;
	add(f);
	r = begin(f, RECORD_EXPIRE, 1, 0);
	r->move_count = 0;
	add_lot_move(r, MOVE_GONE, 8, -5);
	add(f);
	sink_fixture_run(f);
	assert_int_equal(ask(f, 1, 0xf1, 0, TG_OK).expired_points, 35);
	assert_int_equal(ask(f, 1, 0xf2, 0, TG_OK).expired_points, 20);
}

/* What: a reversed original says so; that it was opened again does not hide it, nor count.
 * How:  a burn, a reversal of it, and a record that opened it. */
static void
reversal_and_reopening_are_told_apart(void **state)
{
	struct sink_fixture *f = *state;
	struct archived_transaction found;
	struct record *r;

	begin(f, RECORD_BURN, 1, 0xb1);
	add(f);
	r = begin(f, RECORD_REOPEN, 1, 0xb1);
	r->sections |= RECORD_HAS_BIT(REOPENED) | RECORD_HAS_BIT(REFUNDED);
	memset(&r->returned_money, 1,
	       offsetof(struct record, regular_last_day) - offsetof(struct record, returned_money));
	r->returned_money = r->returned_covered = r->taken_points = r->restored_points = 9;
	r->reopened_sequence = 1;
	add(f);
	sink_fixture_run(f);
	found = ask(f, 1, 0xb1, 0, TG_OK);
	assert_int_equal(found.sequence, 1);
	assert_int_equal(found.kind, RECORD_BURN);
	assert_int_equal(found.restored_points, 0);
	assert_false(found.is_reversed);
	r = begin_undoing(f, RECORD_REVERSE, 2, 0xb1, 0);
	r->restored_points = 33;
	add(f);
	sink_fixture_run(f);
	found = ask(f, 1, 0xb1, 0, TG_OK);
	assert_true(found.is_reversed);
	assert_int_equal(found.restored_points, 33);
}

static void
add_move(struct record *r, enum move_kind kind, uint8_t flags, int64_t points,
	 const struct archived_portion *lot)
{
	struct move *m = &r->moves[r->move_count++];

	r->sections |= RECORD_HAS_BIT(MOVES);
	memset(m, 0, sizeof *m);
	m->kind = (uint8_t)kind;
	m->flags = flags;
	m->row = kind == MOVE_REGULAR ? 0 : 5 + r->move_count;
	m->points = points;
	m->serial = lot->serial;
	m->last_day = lot->last_day;
	m->usable_at = lot->usable_at;
	m->partner = lot->issuer;
	m->lot_flags = lot->lot_flags;
	m->campaign = lot->campaign;
}

/* What: what a burn took from lots comes back as it was taken, with every attribute.
 * How:  a capture that takes from a hold's three portions and from regular points, among moves of
 *       other kinds; then a reversal whose moves are not the capture's, and one more opening. */
static void
portions_of_a_burn_are_found(void **state)
{
	static const struct archived_portion lots[] = {
		{ .serial = 300 << 8 | 2, .points = 7, .last_day = 19814, .issuer = 1 },
		{ .serial = 7 << 8 | 3, .points = 11, .last_day = 19800, .issuer = 2,
		  .usable_at = 12 | USABLE_AT_STORE, .lot_flags = 1, .campaign = 9 },
		{ .serial = UINT64_C(1) << 62, .points = 13, .last_day = INT32_MAX, .issuer = 3,
		  .usable_at = 3 },
	};
	struct sink_fixture *f = *state;
	struct archived_transaction found;
	struct record *r = begin(f, RECORD_CAPTURE, 1, 0xb1);

	r->move_count = 0;
	add_move(r, MOVE_REGULAR, 0, -4, &lots[0]);
	for (int i = 0; i < 3; i++) {
		add_move(r, MOVE_PORTION, MOVE_GONE | MOVE_OF_HOLD, -20, &lots[i]);
		add_move(r, MOVE_PORTION, MOVE_NEW, lots[i].points, &lots[i]);
		add_move(r, MOVE_LOT, i == 1 ? MOVE_NEW : 0, 20 - lots[i].points, &lots[i]);
	}
	add_move(r, MOVE_PORTION, MOVE_NEW | MOVE_OF_HOLD, 9, &lots[0]);
	add_move(r, MOVE_DEBT, MOVE_NEW, -1, &lots[0]);
	add(f);
	r = begin_undoing(f, RECORD_REVERSE, 2, 0xb1, 0);
	r->move_count = 0;
	add_move(r, MOVE_PORTION, MOVE_GONE, -13, &lots[2]);
	add(f);
	r = begin(f, RECORD_REOPEN, 1, 0xb1);
	r->move_count = 0;
	add_move(r, MOVE_PORTION, MOVE_NEW, 7, &lots[0]);
	add(f);
	sink_fixture_run(f);
	found = ask(f, 1, 0xb1, 0, TG_OK);
	assert_int_equal(found.sequence, 1);
	assert_int_equal(found.portion_count, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(found.portions[i].serial, lots[i].serial);
		assert_int_equal(found.portions[i].points, lots[i].points);
		assert_int_equal(found.portions[i].last_day, lots[i].last_day);
		assert_int_equal(found.portions[i].usable_at, lots[i].usable_at);
		assert_int_equal(found.portions[i].issuer, lots[i].issuer);
		assert_int_equal(found.portions[i].lot_flags, lots[i].lot_flags);
		assert_int_equal(found.portions[i].campaign, lots[i].campaign);
	}
}

/* What: moves that the sink cannot have written are no evidence, and say where.
 * How:  one portion too many, and one whose lot somebody has taken away. */
static void
damaged_moves_are_no_evidence(void **state)
{
	struct sink_fixture *f = *state;
	struct record *r = begin(f, RECORD_BURN, 1, 0xb1);
	struct archived_portion lot = { .serial = 300, .points = 1, .last_day = 19814 };

	r->move_count = 0;
	for (int i = 0; i < ARCHIVED_PORTIONS_MAX; i++)
		add_move(r, MOVE_PORTION, MOVE_NEW, 1, &lot);
	add(f);
	sink_fixture_run(f);
	assert_int_equal(ask(f, 1, 0xb1, 0, TG_OK).portion_count, ARCHIVED_PORTIONS_MAX);
	mariadb_run(f->server, "UPDATE lot_move SET lot = NULL WHERE sequence = 1 AND line = 5");
	assert_int_equal(ask(f, 1, 0xb1, 0, TG_DATABASE).sequence, 77);
	mariadb_run(f->server, "UPDATE lot_move SET lot = 300 WHERE sequence = 1 AND line = 5");
	mariadb_run(f->server, "INSERT INTO lot_move SELECT business_date, sequence, 100, kind,"
			       " flags, member, slot, points, lot, last_day, matures_day,"
			       " life_days, partner, usable_partner, usable_store, lot_flags,"
			       " campaign"
			       " FROM lot_move WHERE sequence = 1 AND line = 5");
	assert_int_equal(ask(f, 1, 0xb1, 0, TG_DATABASE).sequence, 77);
}

/* What: an original of a partner of the same group is found, the partner's own comes first.
 * How:  two partners of a group, one outside, ids used by one and by both. */
static void
group_is_searched_after_the_partner(void **state)
{
	struct sink_fixture *f = *state;

	for (uint32_t partner = 1; partner <= 3; partner++) {
		record_maker_make(&f->maker, RECORD_PARTNER, f->record);
		f->record->partner_image.number = partner;
		f->record->partner_image.group = partner == 3 ? 0 : 8;
		add(f);
	}
	begin(f, RECORD_EARN, 1, 0xc1);
	add(f);
	begin(f, RECORD_EARN, 1, 0xc2);
	add(f);
	begin(f, RECORD_EARN, 2, 0xc1);
	add(f);
	sink_fixture_run(f);
	assert_int_equal(ask(f, 1, 0xc1, 0, TG_OK).sequence, 4);
	assert_int_equal(ask(f, 2, 0xc1, 0, TG_OK).sequence, 6);
	assert_int_equal(ask(f, 2, 0xc2, 0, TG_OK).partner, 1);
	assert_false(ask(f, 3, 0xc1, 0, TG_OK).is_found);
}

/* What: evidence is refused while MariaDB lags behind what is asked for.
 * How:  records that were not written yet. */
static void
lagging_mariadb_gives_no_evidence(void **state)
{
	struct sink_fixture *f = *state;

	begin(f, RECORD_EARN, 1, 0xa1);
	add(f);
	sink_fixture_run(f);
	assert_true(ask(f, 1, 0xa1, 1, TG_OK).is_found);
	assert_int_equal(ask(f, 1, 0xa1, 2, TG_ORIGINAL_ARCHIVED).sequence, 77);
}

/* What: a connection that the server closed meanwhile is opened again by the next question.
 * How:  one query over a restart, and with the server stopped. */
static void
closed_connection_is_opened_again(void **state)
{
	struct sink_fixture *f = *state;
	struct archive_query *query = archive_query_new(mariadb_config(f->server), 0);
	struct archive_question question = { .partner = 1 };
	struct archived_transaction found;
	struct storage_error error;

	assert_non_null(query);
	begin(f, RECORD_EARN, 1, 0xa1);
	add(f);
	sink_fixture_run(f);
	memset(question.transaction_id, 0xa1, sizeof question.transaction_id);
	assert_int_equal(archive_query_transaction(query, &question, &found, &error), TG_OK);
	mariadb_stop(f->server);
	assert_int_equal(archive_query_transaction(query, &question, &found, &error), TG_DATABASE);
	mariadb_start(f->server);
	assert_int_equal(archive_query_transaction(query, &question, &found, &error), TG_OK);
	assert_true(archive_query_is_open(query));
	mariadb_stop(f->server);
	mariadb_start(f->server);
	assert_int_equal(archive_query_transaction(query, &question, &found, &error), TG_DATABASE);
	assert_false(archive_query_is_open(query));
	assert_int_equal(archive_query_transaction(query, &question, &found, &error), TG_OK);
	assert_true(found.is_found);
	archive_query_free(query);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, sink_fixture_setup, sink_fixture_teardown)

/* What: an earn's parts come back in their order, with what refunds did to each.
 * How:  an earn of two parts; two refunds, one declined, one of another earn. */
static void
parts_of_an_earn_come_with_what_was_undone(void **state)
{
	struct sink_fixture *f = *state;
	struct archived_transaction found;
	struct record *r = begin(f, RECORD_EARN, 1, 0xe1);

	r->flags = RECORD_PARTS;
	r->sections |= RECORD_HAS_BIT(COMPONENTS);
	r->rulebook_version = 3;
	r->component_count = 2;
	r->components[0] = (struct record_component){
		.campaign_position = EARN_RULE_NONE, .rate_position = 4, .sponsor = 1,
		.amount = 5000, .points = 50,
	};
	r->components[1] = (struct record_component){
		.campaign_position = 7, .rate_position = EARN_RULE_NONE, .sponsor = 2,
		.campaign = 70, .budget = 9, .amount = 5000, .points = 500,
	};
	add(f);
	for (uint8_t i = 1; i <= 4; i++) {
		r = begin_undoing(f, RECORD_REFUND, i, i == 4 ? 0xe2 : 0xe1, 0);
		r->status = i == 3 ? TG_OVER_REFUND : TG_OK;
		r->sections |= RECORD_HAS_BIT(COMPONENTS);
		r->rulebook_version = 3;
		r->component_count = 2;
		r->components[0] = (struct record_component){ .sponsor = 1, .amount = 1000,
							      .points = 10 };
		r->components[1] = (struct record_component){ .sponsor = 2, .amount = 1000,
							      .points = i * 7 };
		add(f);
	}
	sink_fixture_run(f);
	found = ask(f, 1, 0xe1, 0, TG_OK);
	assert_int_equal(found.rulebook_version, 3);
	assert_int_equal(found.component_count, 2);
	assert_int_equal(found.components[0].campaign, 0);
	assert_int_equal(found.components[0].campaign_position, EARN_RULE_NONE);
	assert_int_equal(found.components[0].rate_position, 4);
	assert_int_equal(found.components[0].points, 50);
	assert_int_equal(found.components[0].undone.amount, 2000);
	assert_int_equal(found.components[0].undone.points, 20);
	assert_int_equal(found.components[1].campaign, 70);
	assert_int_equal(found.components[1].campaign_position, 7);
	assert_int_equal(found.components[1].rate_position, EARN_RULE_NONE);
	assert_int_equal(found.components[1].sponsor, 2);
	assert_int_equal(found.components[1].undone.points, 21);
	mariadb_run(f->server, "DELETE FROM component WHERE sequence = 1 AND line = 1");
	(void)ask(f, 1, 0xe1, 0, TG_DATABASE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(original_is_found_by_its_partner),
		TEST(what_was_returned_is_summed),
		TEST(what_has_expired_of_an_earn_is_told),
		TEST(reversal_and_reopening_are_told_apart),
		TEST(portions_of_a_burn_are_found),
		TEST(damaged_moves_are_no_evidence),
		TEST(parts_of_an_earn_come_with_what_was_undone),
		TEST(group_is_searched_after_the_partner),
		TEST(lagging_mariadb_gives_no_evidence),
		TEST(closed_connection_is_opened_again),
	};

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	return cmocka_run_group_tests_name("archive query", tests, sink_fixture_group_setup,
					   sink_fixture_group_teardown);
}
