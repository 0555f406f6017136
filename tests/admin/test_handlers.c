/*
 * test_handlers.c - commands against a real ledger.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/admin/fake_host.h"

/* Enrol a member and let it earn points; its reference comes back. */
static uint64_t
member_with_points(struct fake_host *fake, const char *card, int64_t points)
{
	struct ledger_request request =
		fixture_request(&fake->ledger, REQUEST_ENROLL, "enroll");
	struct ledger_answer answer;

	request.identifier = fixture_identifier(card);
	assert_int_equal(fake->host.submit(fake, &request, &answer), TG_OK);
	assert_int_equal(answer.status, TG_OK);
	request = fixture_request(&fake->ledger, REQUEST_EARN, "earn");
	request.member = answer.member;
	request.amount = points * 100;
	assert_int_equal(fake->host.submit(fake, &request, &answer), TG_OK);
	assert_int_equal(answer.status, TG_OK);
	assert_int_equal(answer.points, points);
	return answer.member;
}

/* What: a partner is added with its fields, shown, changed, and every step is a record of "ann".
 * How:  the commands; the row in the ledger; the operator in the record. */
static void
partners_are_added_and_changed(void **state)
{
	struct fake_host *fake = *state;
	const struct partner_config *partner;
	char line[64];

	fake_host_expect(fake, "partner add 7 name=\"Book shop\" group=2 burn_step_points=100",
			 "ok", "record=");
	partner = ledger_partner_find(fake->ledger.ledger, 7);
	assert_non_null(partner);
	assert_string_equal((const char *)partner->name, "Book shop");
	assert_int_equal(partner->group, 2);
	assert_int_equal(partner->burn_step_points, 100);
	assert_true(partner->earn_transaction_points == LIMIT_NONE);
	snprintf(line, sizeof(line), "record %llu", (unsigned long long)fake->call.sequence);
	fake_host_expect(fake, "partner change 7 blocked=yes", "ok", "record=");
	assert_int_equal(partner->flags, PARTNER_BLOCKED);
	assert_int_equal(partner->group, 2);
	fake_host_expect(fake, "partner show 7", "ok", "Book shop");
	fake_host_expect(fake, "show partners", "ok", "blocked");
	fake_host_expect(fake, line, "ok", "PARTNER");
	fake_host_expect(fake, line, "ok", "ann");
	fake_host_expect(fake, line, "ok", "console uid=1000 pid=42");
}

/* What: what does not fit is refused, and nothing becomes a record.
 * How:  a table of lines and reasons. */
static void
bad_changes_are_refused(void **state)
{
	static const struct {
		const char *line;
		const char *why;
	} rows[] = {
		{ "partner add 1", "already a partner 1" },
		{ "partner change 9 group=1", "no partner 9" },
		{ "partner add x", "no number" },
		{ "partner add 9 colour=red", "no field=value" },
		{ "partner add 9 number=8", "no field=value" },
		{ "partner add 9 group", "no field=value" },
		{ "partner add 9 group=1 group=2", "said twice" },
		{ "partner add 9 group=many", "group: not 0..4294967295" },
		{ "store add 12", "say: store add" },
		{ "store add 12 name=x", "partner= must be said" },
		{ "store add 12 partner=9", "UNKNOWN_PARTNER" },
		{ "store change 11 partner=2", "BAD_FIELD" },
		{ "terminal add 102 partner=1 store=21", "UNKNOWN_STORE" },
		{ "terminal rotate 999", "no terminal 999" },
		{ "terminal rotate 101 now", "is no number from 1 to 720" },
		{ "rule add 9 base=1/100", "UNKNOWN_PARTNER" },
		{ "rule add 1 bonus_sponsor=9", "UNKNOWN_PARTNER" },
		{ "clock step tomorrow", "is no time" },
		{ "clock step 1997-02-29", "is no time" },
		{ "clock step 1997-01-01", "BAD_FIELD" },
		{ "member 0", "no number" },
		{ "member fax:123", "an identifier is" },
		{ "member 281474976710999", "UNKNOWN_MEMBER" },
		{ "transaction 1 00", "32 hexadecimal digits" },
		{ "transaction 1 0000000000000000000000000000000g", "32 hexadecimal digits" },
		{ "record 4000", "no record 4000" },
		{ "show stores one", "no number" },
	};
	struct fake_host *fake = *state;
	const uint64_t before = ledger_sequence(fake->ledger.ledger);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fake_host_expect(fake, rows[i].line, "error", rows[i].why);
	assert_int_equal(ledger_sequence(fake->ledger.ledger), before);
}

/* What: a new rule carries on from the one in force, and the old version stays. */
static void
rules_get_versions(void **state)
{
	struct fake_host *fake = *state;
	const struct rule_config *rule;

	fake_host_expect(fake, "rule add 1 bonus=1/50 bonus_days=30", "ok", "record=");
	rule = ledger_rule_newest(fake->ledger.ledger, 1);
	assert_int_equal(rule->version, 2);
	assert_int_equal(rule->base_den, 100);
	assert_int_equal(rule->bonus_den, 50);
	assert_int_equal(ledger_rule_find(fake->ledger.ledger, 1, 1)->bonus_num, 0);
	assert_null(ledger_rule_find(fake->ledger.ledger, 1, 3));
	assert_null(ledger_rule_newest(fake->ledger.ledger, 9));
	fake_host_expect(fake, "show rules", "ok", "1/50");
	fake_host_expect(fake, "partner show 1", "ok", "earning rule, version 2");
}

/* What: a terminal's key is rotated in two steps; it is blocked and gets rights by change. */
static void
terminals_are_rotated_and_blocked(void **state)
{
	struct fake_host *fake = *state;
	const struct terminal_config *terminal =
		ledger_terminal_find(fake->ledger.ledger, 101);

	fake_host_expect(fake, "terminal rotate 101", "ok", "generation=2 generation_old=1");
	assert_int_equal(terminal->key_generation, 2);
	assert_int_equal(terminal->key_generation_old, 1);
	assert_int_equal(terminal->old_key_until_utc_ms, 0);
	fake_host_expect(fake, "terminal rotate 101 48", "ok", "generation=3 generation_old=2");
	assert_int_equal(terminal->old_key_until_utc_ms,
			 fake->ledger.now.utc_ms + INT64_C(48) * 3600000);
	fake_host_expect(fake, "terminal rotate 101 0", "error", "");
	fake_host_expect(fake, "terminal rotate 101 721", "error", "");
	fake_host_expect(fake, "terminal rotate 101 end", "error", "");
	assert_int_equal(terminal->key_generation, 3);
	fake_host_expect(fake, "terminal rotate 101 end-old", "ok", "generation_old=0");
	assert_int_equal(terminal->key_generation_old, 0);
	assert_int_equal(terminal->old_key_until_utc_ms, 0);
	fake_host_expect(fake, "terminal change 101 blocked=yes rights=inquiry", "ok", "");
	assert_int_equal(terminal->flags, TERMINAL_BLOCKED);
	assert_int_equal(terminal->rights, TG_RIGHT_INQUIRY);
	fake_host_expect(fake, "show terminals 1", "ok", "blocked");
	fake_host_expect(fake, "show terminals 1", "ok", "ok 1 terminals");
	fake_host_expect(fake, "show stores", "ok", "ok 2 stores");
}

/* What: a terminal's one-time code is shown once, gives the first key when the terminal is new and
 *       the next one later, and can be ended. */
static void
terminals_get_one_time_codes(void **state)
{
	struct fake_host *fake = *state;
	const struct ledger *ledger = fake->ledger.ledger;

	fake_host_expect(fake, "terminal add 109 partner=1 store=11 code=721", "error", "721");
	assert_null(ledger_terminal_find(ledger, 109));
	fake_host_expect(fake, "terminal add 109 partner=1 store=11 code=2", "ok", FAKE_CODE);
	assert_int_equal(ledger_activation_find(ledger, 109)->key_generation, 1);
	assert_int_equal(ledger_activation_find(ledger, 109)->expires_utc_ms,
			 fake->ledger.now.utc_ms + 2 * 3600000);
	fake_host_expect(fake, "terminal show 109", "ok", "open");
	fake_host_expect(fake, "terminal code 109", "ok", "generation=2");
	assert_int_equal(ledger_activation_find(ledger, 109)->key_generation, 2);
	assert_int_equal(ledger_terminal_find(ledger, 109)->key_generation, 1);
	fake_host_expect(fake, "terminal code 109 end", "ok", "record=");
	fake_host_expect(fake, "terminal show 109", "ok", "ended");
	fake_host_expect(fake, "terminal code 109 0", "error", "");
	fake_host_expect(fake, "terminal code 999", "error", "no terminal 999");
	fake_host_expect(fake, "terminal show 101", "ok", "");
	assert_null(ledger_activation_find(ledger, 101));
}

/* What: a member is found by card and by reference; balances, expiries and entries are shown. */
static void
members_are_shown(void **state)
{
	struct fake_host *fake = *state;
	const uint64_t member = member_with_points(fake, "4912345678", 250);
	char line[64], wanted[64];

	snprintf(wanted, sizeof(wanted), "member %llu", (unsigned long long)member);
	fake_host_expect(fake, "member card:4912345678", "ok", wanted);
	snprintf(line, sizeof(line), "member %llu", (unsigned long long)member);
	fake_host_expect(fake, line, "ok", "available     250");
	fake_host_expect(fake, line, "ok", "2025-03-31     250");
	fake_host_expect(fake, line, "ok", "EARN");
}

/* What: an identifier tells its member, and what is blocked: the card, the member, or both. */
static void
identifiers_are_shown(void **state)
{
	struct fake_host *fake = *state;
	const uint64_t member = member_with_points(fake, "4912345678", 250);
	char wanted[64], block[64];

	snprintf(wanted, sizeof(wanted), "member           %llu", (unsigned long long)member);
	fake_host_expect(fake, "identifier card:4912345678", "ok", wanted);
	fake_host_expect(fake, "identifier card:4912345678", "ok", "identifier       good");
	fake_host_expect(fake, "block identifier card:4912345678 lost", "ok", "record=");
	fake_host_expect(fake, "identifier card:4912345678", "ok", "identifier       blocked");
	fake_host_expect(fake, "identifier card:4912345678", "ok", "its member       good");
	snprintf(block, sizeof(block), "block member %llu found dead", (unsigned long long)member);
	fake_host_expect(fake, block, "ok", "record=");
	fake_host_expect(fake, "identifier card:4912345678", "ok", "its member       blocked");
	snprintf(wanted, sizeof(wanted), "member %llu, 1 identifier, blocked",
		 (unsigned long long)member);
	fake_host_expect(fake, "member card:4912345678", "ok", wanted);
	fake_host_expect(fake, "identifier 1", "error", "an identifier is said as");
}

/* What: a transaction is spelled out: outcome, record, postings. */
static void
transactions_are_spelled_out(void **state)
{
	struct fake_host *fake = *state;
	uint8_t id[16];
	char line[96];

	member_with_points(fake, "4912345678", 250);
	fixture_id(id, "earn");
	snprintf(line, sizeof(line), "transaction 1 ");
	for (size_t i = 0; i < sizeof(id); i++)
		snprintf(line + strlen(line), 3, "%02X", id[i]);
	fake_host_expect(fake, line, "ok", "EARN: OK (done), now standing");
	fake_host_expect(fake, line, "ok", "ISSUED           1    -250");
	fake_host_expect(fake, line, "ok", "AVAILABLE        0    +250");
	fake_host_expect(fake, line, "ok", "available after");
	snprintf(line + strlen(line), sizeof(line) - strlen(line), "@1711972800000");
	fake_host_expect(fake, line, "ok", "now standing");
	fake_host_expect(fake, "transaction 1 00000000000000000000000000000001", "error",
			 "ARCHIVED");
}

/* What: partners show what they issued; accounts sum to zero. */
static void
accounts_sum_to_zero(void **state)
{
	struct fake_host *fake = *state;

	member_with_points(fake, "4912345678", 250);
	fake_host_expect(fake, "show partners", "ok", "250         0       250");
	fake_host_expect(fake, "show accounts", "ok", "AVAILABLE        0     250");
	fake_host_expect(fake, "show accounts", "ok", "ISSUED           1    -250");
	fake_host_expect(fake, "show accounts", "ok sum=0 record=12", "");
	fake_host_expect(fake, "show programme", "ok", "life of regular points");
}

/* What: the business date moves by a record, the clock by milliseconds or by a date. */
static void
day_and_clock_are_moved(void **state)
{
	struct fake_host *fake = *state;
	const int32_t before = ledger_business_date(fake->ledger.ledger);

	fake_host_expect(fake, "cutover yes", "ok", "business_date=");
	assert_int_equal(ledger_business_date(fake->ledger.ledger), before + 1);
	fake_host_expect(fake, "clock step 2030-01-02", "ok", "utc_ms=1893542400000");
	fake_host_expect(fake, "clock step 1893542400001", "ok", "utc_ms=1893542400001");
	fake_host_expect(fake, "clock step 2030-01-02T00:00:01.5Z", "ok", "utc_ms=1893542401500");
	fake_host_expect(fake, "clock accept yes", "ok", "record=");
	assert_non_null(strstr(fake->audit, "|clock accept yes|ok|"));
}

/* What: lists of any length come in slices, whole and once.
 * How:  1,000 stores; sessions across slices. */
static void
long_lists_are_whole(void **state)
{
	struct fake_host *fake = *state;
	char line[64];

	for (unsigned i = 0; i < 300; i++) {
		snprintf(line, sizeof(line), "store add %u partner=%u", 1000 + i, 1 + i % 2);
		fake_host_expect(fake, line, "ok", "record=");
	}
	fake_host_expect(fake, "show stores", "ok", "ok 302 stores");
	fake_host_expect(fake, "show stores 2", "ok", "ok 151 stores");
	fake_host_expect(fake, "show stores 2", "ok", "  1299");
	fake->session_count = 130;
	fake_host_expect(fake, "show sessions", "ok", "ok 130 sessions");
	fake->session_count = 128;
	fake_host_expect(fake, "show sessions", "ok", "ok 128 sessions");
	fake->session_count = 0;
	fake_host_expect(fake, "show sessions", "ok", "ok 0 sessions");
}

/* A member of the fixture with this card, which earned for 10000: 100 points. */
static uint64_t
enroll(struct fake_host *fake, const char *card)
{
	struct ledger_request q = fixture_request(&fake->ledger, REQUEST_ENROLL, card);
	const struct ledger_answer *answer;
	uint64_t member;

	q.identifier = fixture_identifier(card);
	answer = fixture_ask(&fake->ledger, &q);
	assert_int_equal(answer->status, TG_OK);
	member = answer->member;
	return member;
}

static enum tg_status
ask_till(struct fake_host *fake, uint8_t kind, const char *id, const char *card)
{
	struct ledger_request q = fixture_request(&fake->ledger, kind, id);

	q.identifier = fixture_identifier(card);
	q.amount = kind == REQUEST_EARN ? 10000 : 0;
	q.points = kind == REQUEST_BURN ? 1 : 0;
	return (enum tg_status)fixture_ask(&fake->ledger, &q)->status;
}

/* What: an operator gives and takes points for a reason that the record keeps; nobody can be taken
 *       more than there is, and a reason is needed. */
static void
points_are_adjusted_for_a_reason(void **state)
{
	struct fake_host *fake = *state;

	enroll(fake, "4711");
	fake_host_expect(fake, "adjust card:4711 +500 goodwill, ticket 12", "ok",
			 "ok available=500 debt=0 record=");
	fake_host_expect(fake, "adjust card:4711 -200 booked twice", "ok", "available=300");
	fake_host_expect(fake, "adjust card:4711 -301 too much", "error", "NO_POINTS");
	fake_host_expect(fake, "adjust card:4711 500 why", "error", "say +N");
	fake_host_expect(fake, "adjust card:4711 +0 why", "error", "no number");
	fake_host_expect(fake, "adjust card:4711 +5", "error", "say: adjust");
	fake_host_expect(fake, "adjust card:4712 +5 why", "error", "UNKNOWN_MEMBER");
	fake_host_expect(fake, "adjust card:4711 +5 "
			       "0123456789012345678901234567890123456789012345678901234567890123456"
			       "789012345678901234567890123456", "error", "at most 96 bytes");
	fake_host_expect(fake, "show audit 2", "ok", "booked twice");
	fake_host_expect(fake, "show audit 1", "ok", "ok 1 records");
	assert_null(strstr(fake->printed, "goodwill"));
	fake_host_expect(fake, "show accounts", "ok", "ADJUSTMENTS");
	fixture_audit(&fake->ledger);
}

/* What: a blocked member neither earns nor burns, a blocked card finds nobody while another card of
 *       the member does; unblocked, both are as before. */
static void
members_and_cards_are_blocked(void **state)
{
	struct fake_host *fake = *state;
	struct ledger_request q;
	char line[64];
	uint64_t member = enroll(fake, "4711");

	q = fixture_request(&fake->ledger, REQUEST_LINK, "link");
	q.identifier = fixture_identifier("4711");
	q.new_identifier = fixture_identifier("4712");
	assert_int_equal(fixture_ask(&fake->ledger, &q)->status, TG_OK);
	snprintf(line, sizeof(line), "block member %llu lost", (unsigned long long)member);
	fake_host_expect(fake, line, "ok", "record=");
	assert_int_equal(ask_till(fake, REQUEST_EARN, "e1", "4711"), TG_MEMBER_BLOCKED);
	snprintf(line, sizeof(line), "unblock member %llu", (unsigned long long)member);
	fake_host_expect(fake, line, "ok", "record=");
	assert_int_equal(ask_till(fake, REQUEST_EARN, "e2", "4711"), TG_OK);
	fake_host_expect(fake, "block identifier card:4711 stolen", "ok", "record=");
	assert_non_null(strstr(fake->audit, "card:4711"));
	assert_int_equal(ask_till(fake, REQUEST_EARN, "e3", "4711"), TG_MEMBER_BLOCKED);
	assert_int_equal(ask_till(fake, REQUEST_BURN, "b1", "4711"), TG_MEMBER_BLOCKED);
	assert_int_equal(ask_till(fake, REQUEST_EARN, "e4", "4712"), TG_OK);
	fake_host_expect(fake, "unblock identifier card:4711", "ok", "record=");
	assert_int_equal(ask_till(fake, REQUEST_BURN, "b2", "4711"), TG_OK);
	fake_host_expect(fake, "block identifier 1", "error", "say the identifier");
	fake_host_expect(fake, "block identifier card:9", "error", "UNKNOWN_MEMBER");
}

/* What: burns are switched off and on, at a partner and at all, and stay so by a record. */
static void
burns_are_switched(void **state)
{
	struct fake_host *fake = *state;

	enroll(fake, "4711");
	fake_host_expect(fake, "adjust card:4711 +500 start", "ok", "");
	fake_host_expect(fake, "burn off 1", "ok", "record=");
	assert_int_equal(ask_till(fake, REQUEST_BURN, "b1", "4711"), TG_BURN_OFF);
	fake_host_expect(fake, "burn on 1", "ok", "record=");
	assert_int_equal(ask_till(fake, REQUEST_BURN, "b2", "4711"), TG_OK);
	fake_host_expect(fake, "burn off all", "ok", "record=");
	assert_int_equal(ask_till(fake, REQUEST_BURN, "b3", "4711"), TG_BURN_OFF);
	fake_host_expect(fake, "burn on all", "ok", "record=");
	assert_int_equal(ask_till(fake, REQUEST_BURN, "b4", "4711"), TG_OK);
	fake_host_expect(fake, "burn off 9", "error", "no partner 9");
	fake_host_expect(fake, "block store 11", "ok", "record=");
	assert_int_equal(ask_till(fake, REQUEST_BURN, "b5", "4711"), TG_BLOCKED);
	fake_host_expect(fake, "unblock store 11", "ok", "record=");
	fake_host_expect(fake, "block terminal 101", "ok", "record=");
	assert_int_equal(ask_till(fake, REQUEST_BURN, "b6", "4711"), TG_BLOCKED);
}

/* What: a tail shows what comes after it began, only what its filters let through, and is ended by
 *       what is said. */
static void
a_tail_is_filtered(void **state)
{
	struct fake_host *fake = *state;

	fake_host_expect(fake, "tail", "ok", "ok shown=0 dropped=0");
	assert_int_equal(fake->pauses, 3);
	fake_host_expect(fake, "tail kind=none", "error", "is no filter");
	fake_host_expect(fake, "tail colour=red", "error", "is no filter");
	fake_host_expect(fake, "tail partner=x", "error", "no number");
	fake_host_expect(fake, "tail member=card:1", "error", "UNKNOWN_MEMBER");
	fake_host_expect(fake, "tail kind=earn status=ok partner=1 store=2 terminal=3", "ok",
			 "shown=0");
}

/* What: an export is a file that an import takes as saying nothing new; none is overwritten. */
static void
an_export_can_be_imported(void **state)
{
	static const char *const nouns[] = { "partners", "rules", "stores", "terminals" };
	struct fake_host *fake = *state;
	char folder[] = "/tmp/test_export.XXXXXX";
	char path[64], line[128];

	assert_non_null(mkdtemp(folder));
	/* The fixture's terminals have rights that there are no words for. */
	fake_host_expect(fake, "terminal change 101 rights=all", "ok", "");
	fake_host_expect(fake, "terminal change 201 rights=earn+burn", "ok", "");
	fake_host_expect(fake, "store add 12 partner=1 name=\"A \\\"B\\\", C\"", "ok", "");
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s.csv", folder, nouns[i]);
		snprintf(line, sizeof(line), "export %s %s", nouns[i], path);
		fake_host_expect(fake, line, "ok", i == 2 ? "rows=3" : "rows=2");
		fake_host_expect(fake, line, "error", "File exists");
		snprintf(line, sizeof(line), "import %s %s", nouns[i], path);
		fake_host_expect(fake, line, "ok", "added=0 changed=0");
		assert_int_equal(unlink(path), 0);
	}
	fake_host_expect(fake, "export stores stores.csv", "error", "must begin with /");
	assert_int_equal(rmdir(folder), 0);
}

/* What: a session may ask for each row as a JSON object, with numbers as numbers, and text in one,
 *       too; the line that ends an answer stays. */
static void
rows_are_told_as_json(void **state)
{
	struct fake_host *fake = *state;

	fake_host_expect(fake, "format yaml", "error", "say: format text|json");
	fake_host_expect(fake, "format json", "ok", "ok json");
	fake_host_expect(fake, "show stores 1", "ok",
			 "  {\"number\":11,\"partner\":1,\"name\":\"\",\"flags\":\"\"}\n");
	fake_host_expect(fake, "partner show 1", "ok",
			 "  {\"text\":\"earning rule, version 1\"}\n");
	fake_host_expect(fake, "help", "ok", "  {\"command\":\"help\",\"arguments\":");
	fake_host_expect(fake, "show version", "ok", "\"value\":\"fine\\u001B[31m\"");
	fake_host_expect(fake, "format text", "ok", "");
	fake_host_expect(fake, "show stores 1", "ok", "number");
}

/* What: a command that looks is repeated until something is said; others are not repeated, and what
 *       is wrong ends it. */
static void
looks_are_repeated(void **state)
{
	struct fake_host *fake = *state;

	fake_host_expect(fake, "every 2s show version", "ok", "ok runs=3");
	assert_non_null(strstr(fake->audit, "|every 2s show version|ok|"));
	fake_host_expect(fake, "every 100ms member card:12345678", "error", "UNKNOWN_MEMBER");
	assert_non_null(strstr(fake->audit, "|every 100ms member card:****5678|"));
	fake_host_expect(fake, "every 10ms show version", "error", "an interval");
	fake_host_expect(fake, "every x show version", "error", "an interval");
	fake_host_expect(fake, "every 2s partner add 9", "error", "cannot be repeated");
	fake_host_expect(fake, "every 2s every 2s show version", "error", "cannot be repeated");
	fake_host_expect(fake, "every 2s tail", "error", "cannot be repeated");
	fake_host_expect(fake, "every 2s quit", "error", "cannot be repeated");
	fake_host_expect(fake, "every 2s nonsense", "error", "no command");
	fake_host_expect(fake, "every 2s partner show", "error", "say: partner show");
}

/* What: what an operator does to the gateway itself is a record before it is done, and audit tells
 *       it. */
static void
the_gateways_own_affairs_are_noted(void **state)
{
	struct fake_host *fake = *state;

	fake->session_count = 3;
	fake_host_expect(fake, "kill session 2", "ok", "record=");
	assert_int_equal(fake->killed, 2);
	fake_host_expect(fake, "kill session 9", "error", "no session 9");
	fake_host_expect(fake, "set limits.in_flight 8", "ok", "record=");
	assert_string_equal(fake->set, "limits.in_flight=8");
	fake_host_expect(fake, "set limits.in_flight bad", "error", "out of bounds");
	fake_host_expect(fake, "log level debug", "ok", "record=");
	assert_string_equal(fake->set, "log.level=debug");
	fake_host_expect(fake, "reload", "ok", "record=");
	fake_host_expect(fake, "show audit", "ok", "kill session 2 of terminal 101");
	assert_non_null(strstr(fake->printed, "set limits.in_flight 8"));
	assert_non_null(strstr(fake->printed, "ann"));
	assert_non_null(strstr(fake->printed, "reload"));
	fake_host_expect(fake, "show config", "ok", "ok 40 keys");
	fake_host_expect(fake, "show operators", "ok", "no operators' file");
	fake_host_expect(fake, "show memory", "ok", "fine");
	fake_host_expect(fake, "show threads", "ok", "fine");
	fake_host_expect(fake, "show limits", "ok", "fine");
	fake_host_expect(fake, "show snapshots", "ok", "fine");
	fake->pauses = 0;
	fake_host_expect(fake, "show top", "ok", "ok 3 sessions");
	fake->refusal = TG_BUSY;
	fake_host_expect(fake, "set limits.in_flight 9", "error", "BUSY");
	assert_string_equal(fake->set, "file=read");
}

/* What: a drain returns when the last connection is closed, or when something is said; it and its
 *       end are records, and lists tell who is out of service. */
static void
drains_are_awaited_and_noted(void **state)
{
	struct fake_host *fake = *state;

	fake->connections = 2;
	fake_host_expect(fake, "drain partner 2", "ok", "ok connections=0 record=");
	assert_int_equal(fake->drained_partner, 2);
	assert_false(fake->is_drained);
	fake_host_expect(fake, "show partners", "ok", "drained");
	fake_host_expect(fake, "resume partner 2", "ok", "record=");
	assert_int_equal(fake->drained_partner, 0);
	fake_host_run(fake, "show partners");
	assert_null(strstr(fake->printed, "drained"));
	fake_host_expect(fake, "drain partner 9", "error", "no partner 9");
	fake_host_expect(fake, "drain all", "error", "say: drain all yes");
	assert_false(fake->is_drained);
	fake->pauses = 0;
	fake->connections = 9;
	fake_host_expect(fake, "drain all yes", "ok", "ok connections=6 record=");
	assert_true(fake->is_drained);
	fake_host_expect(fake, "resume all", "ok", "record=");
	assert_false(fake->is_drained);
	fake_host_expect(fake, "show audit", "ok", "drain partner 2");
	assert_non_null(strstr(fake->printed, "resume partner 2"));
	assert_non_null(strstr(fake->printed, "drain all"));
	assert_non_null(strstr(fake->printed, "resume all"));
	assert_null(strstr(fake->printed, "partner 9"));
}

/* What: what must be possible with a full disk is done without a record, and says so. */
static void
a_gateway_without_records_can_be_stopped(void **state)
{
	struct fake_host *fake = *state;

	fake->refusal = TG_JOURNAL_FULL;
	fake_host_expect(fake, "drain all yes", "ok", "record=0");
	assert_true(fake->is_drained);
	fake_host_expect(fake, "resume all", "ok", "record=0");
	fake_host_expect(fake, "snapshot", "ok", "record=0");
	fake_host_expect(fake, "shutdown yes", "ok", "record=0");
	assert_true(fake->was_shut_down);
	assert_non_null(strstr(fake->audit, "ann|console uid=1000 pid=42|shutdown yes|ok|0"));
}

/* What: files written and the gateway's end are records, too, that name the operator. */
static void
snapshots_exports_and_the_end_are_noted(void **state)
{
	struct fake_host *fake = *state;
	char folder[] = "/tmp/test_noted.XXXXXX";
	char path[64], line[128];

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/stores.csv", folder);
	snprintf(line, sizeof(line), "export stores %s", path);
	fake_host_expect(fake, line, "ok", "record=");
	fake_host_expect(fake, "show audit", "ok", line);
	fake->refusal = TG_JOURNAL_FULL;
	snprintf(line, sizeof(line), "export partners %s/partners.csv", folder);
	fake_host_expect(fake, line, "error", "JOURNAL_FULL");
	fake->refusal = TG_OK;
	fake_host_expect(fake, "snapshot", "ok", "sequence=");
	fake_host_expect(fake, "shutdown yes", "ok", "ok stopping record=");
	fake_host_expect(fake, "show audit 2", "ok", "snapshot");
	assert_non_null(strstr(fake->printed, "shutdown"));
	assert_non_null(strstr(fake->printed, "ann"));
	assert_non_null(strstr(fake->printed, "uid=1000"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* What: the totals of a business date are told by partner, done and declined apart. */
static void
totals_are_told_by_partner(void **state)
{
	struct fake_host *fake = *state;

	enroll(fake, "4711");
	assert_int_equal(ask_till(fake, REQUEST_EARN, "e1", "4711"), TG_OK);
	fake_host_expect(fake, "block member card:4711", "ok", "");
	assert_int_equal(ask_till(fake, REQUEST_EARN, "e2", "4711"), TG_MEMBER_BLOCKED);
	fake_host_expect(fake, "show totals", "ok", "rows=3");
	assert_non_null(strstr(fake->printed, "declined"));
	fake_host_expect(fake, "show totals 1997-01-31", "ok", "rows=0");
	fake_host_expect(fake, "show totals yesterday", "error", "is no day");
}

/* What: a gateway that is busy or stopping says so; nothing hangs and nothing is half shown. */
static void
refusals_of_the_host_are_told(void **state)
{
	struct fake_host *fake = *state;

	fake->refusal = TG_BUSY;
	fake_host_expect(fake, "partner add 7", "error", "BUSY");
	fake_host_expect(fake, "show partners", "error", "BUSY");
	fake->refusal = TG_SHUTTING_DOWN;
	fake_host_expect(fake, "member 1", "error", "SHUTTING_DOWN");
	fake->refusal = TG_OK;
	fake_host_expect(fake, "partner add 7", "ok", "");
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_host_setup, fake_host_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FAKE(partners_are_added_and_changed),
		WITH_FAKE(bad_changes_are_refused),
		WITH_FAKE(rules_get_versions),
		WITH_FAKE(terminals_are_rotated_and_blocked),
		WITH_FAKE(terminals_get_one_time_codes),
		WITH_FAKE(members_are_shown),
		WITH_FAKE(identifiers_are_shown),
		WITH_FAKE(transactions_are_spelled_out),
		WITH_FAKE(accounts_sum_to_zero),
		WITH_FAKE(day_and_clock_are_moved),
		WITH_FAKE(long_lists_are_whole),
		WITH_FAKE(points_are_adjusted_for_a_reason),
		WITH_FAKE(members_and_cards_are_blocked),
		WITH_FAKE(burns_are_switched),
		WITH_FAKE(a_tail_is_filtered),
		WITH_FAKE(an_export_can_be_imported),
		WITH_FAKE(rows_are_told_as_json),
		WITH_FAKE(looks_are_repeated),
		WITH_FAKE(the_gateways_own_affairs_are_noted),
		WITH_FAKE(drains_are_awaited_and_noted),
		WITH_FAKE(a_gateway_without_records_can_be_stopped),
		WITH_FAKE(snapshots_exports_and_the_end_are_noted),
		WITH_FAKE(totals_are_told_by_partner),
		WITH_FAKE(refusals_of_the_host_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
