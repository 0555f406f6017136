/*
 * populate.c - a coalition of any size in the data directory of a gateway that has not started yet:
 * members with cards and limited points, partners, stores, terminals, transactions in the window.
 *
 *   populate CONFIG MEMBERS [PARTNERS STORES TERMINALS TRANSACTIONS]
 *
 * Everything is decided and applied as the gateway does it, but nothing goes through a journal:
 * what comes out is a snapshot, and a journal that begins behind it.  Cards are the numbers that
 * bench-load draws, every third member has a second one.  On standard output comes the CSV of the
 * first terminals, on standard error progress.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/identifier.h"
#include "gateway/programme.h"
#include "ledger/calendar.h"
#include "ledger/ledger.h"
#include "protocol/message.h"
#include "storage/io.h"
#include "storage/segment.h"
#include "storage/snapshot.h"
#include "tests/ledger/fixture.h"

#define MS_PER_DAY INT64_C(86400000)
#define WINDOW_DAYS 4	     /* after so many a transaction is out of the window */
#define CHUNK 10000000	     /* transactions before the window passes over them */
#define CARD_DIGITS 16
#define CARD_TYPE 1
#define PHONE_TYPE 2
#define LOT_DAYS 365
#define LOT_POINTS 7
#define TERMINALS_TOLD 200
#define PAST_DAYS 120	     /* before today it begins */
#define SLICE_BYTES (1 << 20)

struct population {
	struct config *config;
	struct identifier_keys keys;
	struct identifier_hasher hasher;
	struct ledger *ledger;
	struct decision *decision;
	struct ledger_now now;
	uint64_t members, partners, stores, terminals, transactions;
	uint64_t id;	  /* of the last transaction */
	bool	 is_window; /* transactions stay */
	time_t told_at;
};

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "populate: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static void
tell(struct population *p, const char *what, uint64_t done, uint64_t of)
{
	time_t now = time(NULL);

	if (now == p->told_at && done != of)
		return;
	p->told_at = now;
	fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 "   %s", what, done, of,
		done == of ? "\n" : "");
}

/* Decide and apply; it must succeed.  Returns whether more is due. */
static bool
ask(struct population *p, const struct ledger_request *request)
{
	ledger_decide(p->ledger, request, &p->now, p->decision);
	if (p->decision->answer.status != TG_OK)
		die("the ledger says",
		    tg_status_name((enum tg_status)p->decision->answer.status));
	for (uint32_t i = 0; i < p->decision->record_count; i++)
		ledger_apply(p->ledger, &p->decision->records[i]);
	return p->decision->answer.has_more;
}

static struct ledger_request
request_of(struct population *p, uint8_t kind)
{
	struct ledger_request request = {
		.kind = kind,
		.business_time_utc_ms = p->now.utc_ms,
		.business_day = p->now.day,
		.till_day = DAY_NONE,
	};

	return request;
}

static struct ledger_request
transaction_of(struct population *p, uint8_t kind)
{
	struct ledger_request request = request_of(p, kind);

	p->id++;
	request.principal = (uint32_t)(1 + p->id % p->terminals);
	memcpy(request.transaction_id, &p->id, sizeof(p->id));
	request.transaction_id[15] = 0xff; /* bench-load's are random */
	memcpy(request.fingerprint, &p->id, sizeof(p->id));
	return request;
}

static void
tick(struct population *p)
{
	const struct ledger_request request = { .kind = REQUEST_TICK, .till_day = DAY_NONE };

	while (ask(p, &request))
		continue;
}

/* So many days later all that fell due has been done. */
static void
pass_days(struct population *p, int32_t days)
{
	const struct ledger_request cutover = { .kind = REQUEST_CUTOVER, .till_day = DAY_NONE };

	for (int32_t i = 0; i < days; i++) {
		p->now.utc_ms += MS_PER_DAY;
		p->now.day++;
		(void)ask(p, &cutover);
		tick(p);
	}
}

/* Another transaction: now and then the window passes over those before. */
static void
count_transaction(struct population *p)
{
	if (!p->is_window && p->id % CHUNK == 0)
		pass_days(p, WINDOW_DAYS);
}

static void
hash(struct population *p, uint8_t type, uint64_t number, struct identifier_hash *ret_hash)
{
	char text[CARD_DIGITS + 8];
	int length = snprintf(text, sizeof(text), "%0*" PRIu64, CARD_DIGITS, number);

	if (identifier_hash(&p->hasher, type, (const uint8_t *)text, (size_t)length, ret_hash) !=
	    TG_OK)
		die("hashing", "OpenSSL failed");
}

static void
set_up(struct population *p)
{
	struct ledger_request request = request_of(p, REQUEST_SET_PROGRAMME);

	request.programme = programme_of(p->config);
	(void)ask(p, &request);
	request = request_of(p, REQUEST_CUTOVER);
	(void)ask(p, &request);
	for (uint32_t i = 1; i <= p->partners; i++) {
		request = request_of(p, REQUEST_SET_PARTNER);
		request.partner_image = fixture_partner(i);
		(void)snprintf((char *)request.partner_image.name, NAME_BYTES, "Partner %u", i);
		(void)ask(p, &request);
	}
	for (uint32_t i = 1; i <= p->stores; i++) {
		request = request_of(p, REQUEST_SET_STORE);
		request.store_image.number = i;
		request.store_image.partner = (uint32_t)(1 + i % p->partners);
		(void)ask(p, &request);
		tell(p, "stores", i, p->stores);
	}
}

static void
set_terminals(struct population *p)
{
	puts("number,store,partner,name");
	for (uint32_t i = 1; i <= p->terminals; i++) {
		struct ledger_request request = request_of(p, REQUEST_SET_TERMINAL);
		uint32_t store = (uint32_t)(1 + i % p->stores);

		request.terminal_image = (struct terminal_config){
			.number = i,
			.partner = (uint32_t)(1 + store % p->partners),
			.store = store,
			.key_generation = 1,
			.rights = TG_RIGHT_ENROLL | TG_RIGHT_INQUIRY | TG_RIGHT_EARN |
				  TG_RIGHT_BURN | TG_RIGHT_BATCH,
		};
		(void)ask(p, &request);
		if (i <= TERMINALS_TOLD)
			printf("%u,%u,%u,Till\n", i, store, request.terminal_image.partner);
		tell(p, "terminals", i, p->terminals);
	}
}

/* Each purchase earns limited points, or regular ones. */
static void
set_rules(struct population *p, bool is_limited)
{
	for (uint32_t i = 1; i <= p->partners; i++) {
		struct ledger_request request = request_of(p, REQUEST_ADD_RULE);

		request.rule = (struct rule_config){
			.partner = i,
			.base_num = 1,
			.base_den = 100,
			.bonus_den = 1,
			.bonus_fixed_points = is_limited ? LOT_POINTS : 0,
			.bonus_days = is_limited ? LOT_DAYS : 0,
		};
		(void)ask(p, &request);
	}
}

static void
enroll(struct population *p)
{
	for (uint64_t i = 0; i < p->members; i++) {
		struct ledger_request request = transaction_of(p, REQUEST_ENROLL);

		hash(p, CARD_TYPE, i, &request.identifier);
		if (i % 10 < 3)
			hash(p, PHONE_TYPE, i, &request.new_identifier);
		(void)ask(p, &request);
		count_transaction(p);
		tell(p, "members", i + 1, p->members);
	}
}

/* One purchase of each of the members from..to, by reference as a till that has inquired. */
static void
earn(struct population *p, uint64_t count, const char *what)
{
	for (uint64_t i = 0; i < count; i++) {
		struct ledger_request request = transaction_of(p, REQUEST_EARN);

		hash(p, CARD_TYPE, i % p->members, &request.identifier);
		request.amount = (int64_t)(100 + i % 50 * 100);
		(void)ask(p, &request);
		count_transaction(p);
		tell(p, what, i + 1, count);
	}
}

static void
write_snapshot(struct population *p, const struct storage_io *io)
{
	const struct snapshot_config config = {
		.io = io,
		.directory = p->config->data_directory,
		.instance = p->config->gateway_instance,
		.set = ledger_tables(p->ledger),
		.is_inline = true,
	};
	struct snapshot *snapshot = snapshot_new(&config);
	uint64_t sequence = ledger_sequence(p->ledger);

	if (snapshot == NULL || snapshot_begin(snapshot, sequence, NULL, 0) != TG_OK)
		die("snapshot", "out of memory");
	snapshot_finish(snapshot, sequence);
	while (snapshot_step(snapshot, SLICE_BYTES) != SNAPSHOT_IDLE)
		snapshot_finish(snapshot, sequence);
	if (snapshot_result(snapshot)->status != TG_OK)
		die("snapshot", snapshot_result(snapshot)->error.text);
	fprintf(stderr, "snapshot: sequence %" PRIu64 ", %" PRIu64 " bytes\n", sequence,
		snapshot_result(snapshot)->bytes);
	snapshot_free(snapshot);
}

/* An empty segment for the records behind the snapshot, as if older ones had been archived. */
static void
begin_journal(struct population *p, const struct storage_io *io)
{
	struct segment_header header = {
		.incarnation = 1,
		.first_sequence = ledger_sequence(p->ledger) + 1,
		.salt = 1,
		.segment_bytes = (uint64_t)p->config->journal_segment_bytes,
	};
	const struct segment_name name = { .first_sequence = header.first_sequence,
					   .incarnation = 1 };
	static uint8_t block[JOURNAL_BLOCK_BYTES];
	struct storage_error error;
	char file_name[64], path[512];
	int file;

	(void)snprintf(header.instance, sizeof(header.instance), "%s",
		       p->config->gateway_instance);
	segment_header_encode(&header, block);
	segment_name_format(&name, file_name);
	(void)snprintf(path, sizeof(path), "%s/%s", p->config->data_directory, file_name);
	if (io->open(io->context, path, STORAGE_CREATE, &file, &error) != TG_OK ||
	    storage_write(io, file, block, sizeof(block), 0, &error) != TG_OK ||
	    io->sync(io->context, file, &error) != TG_OK ||
	    truncate(path, (off_t)header.segment_bytes) != 0)
		die("journal", error.text);
	io->close(io->context, file);
}

static void
populate(struct population *p)
{
	struct storage_io io;

	storage_io_posix(&io);
	p->now.utc_ms = (int64_t)time(NULL) * 1000 - PAST_DAYS * MS_PER_DAY;
	p->now.day = (int32_t)(p->now.utc_ms / MS_PER_DAY);
	set_up(p);
	set_terminals(p);
	set_rules(p, true);
	enroll(p);
	pass_days(p, WINDOW_DAYS);
	earn(p, p->members, "first lots");
	pass_days(p, WINDOW_DAYS);
	earn(p, p->members, "second lots");
	set_rules(p, false);
	pass_days(p, (int32_t)(time(NULL) / 86400) - p->now.day - 1);
	p->is_window = true;
	earn(p, p->transactions, "transactions");
	write_snapshot(p, &io);
	begin_journal(p, &io);
}

static uint64_t
argument(int argc, char *argv[], int at, uint64_t fallback)
{
	char *end;
	uint64_t value = argc > at ? strtoull(argv[at], &end, 10) : fallback;

	if (argc > at && (*end != '\0' || value == 0 || value > UINT32_MAX))
		die(argv[at], "not a count");
	return value;
}

int
main(int argc, char *argv[])
{
	struct population p = { 0 };
	struct config_error error;
	struct ledger_limits limits;

	if (argc < 3 || argc > 7) {
		fprintf(stderr, "usage: populate CONFIG MEMBERS"
				" [PARTNERS STORES TERMINALS TRANSACTIONS]\n");
		return EXIT_FAILURE;
	}
	p.members = argument(argc, argv, 2, 0);
	p.partners = argument(argc, argv, 3, 6);
	p.stores = argument(argc, argv, 4, 100);
	p.terminals = argument(argc, argv, 5, 1000);
	p.transactions = argument(argc, argv, 6, p.members);
	if (config_load(argv[1], &error, &p.config) != TG_OK ||
	    identifier_keys_init(&p.keys, p.config, &error) != TG_OK)
		die(argv[1], error.text);
	limits = ledger_limits_of(p.config);
	p.ledger = ledger_new(&limits);
	p.decision = decision_new();
	if (p.ledger == NULL || p.decision == NULL ||
	    identifier_hasher_init(&p.hasher, &p.keys) != TG_OK)
		die("ledger", "out of memory");
	populate(&p);
	decision_free(p.decision);
	ledger_free(p.ledger);
	identifier_hasher_deinit(&p.hasher);
	identifier_keys_deinit(&p.keys);
	config_free(p.config);
	return EXIT_SUCCESS;
}
