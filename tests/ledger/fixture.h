/*
 * fixture.h - a ledger under test, with a twin that only ever sees the journal's bytes.
 *
 * Every record that a decision makes is encoded, decoded and applied to both; the state hashes must
 * stay equal, so each test is a replay test as well.  A mirror decides the same on other rows.  A
 * blind ledger never sees a rate, a limit or a flag, and yet comes to the same points: apply holds
 * no rule.
 */
#ifndef TG_TESTS_LEDGER_FIXTURE_H
#define TG_TESTS_LEDGER_FIXTURE_H

#include "ledger/ledger.h"

/*
 * A ledger that is asked the same, but whose free rows lie in another order: what it decides may
 * differ in row numbers only, so nothing is decided by where a row happens to lie.
 */
struct mirror {
	struct ledger	*ledger;	/* owned */
	struct decision *decision;	/* owned; of the last request */
};

struct ledger_fixture {
	struct ledger *ledger;		/* decides and applies */
	struct ledger *twin;		/* applies what was encoded and decoded */
	struct ledger *blind;		/* applies the same, with every rule taken out; or NULL */
	struct mirror mirror;		/* decides the same on other rows; or its ledger is NULL */
	struct decision *decision;	/* of the last request */
	struct record *decoded;		/* room for one record */
	struct ledger_now now;
	uint64_t record_count;		/* made so far */
	size_t last_bytes;		/* length of the last record's encoding */
};

/* Partners 1 and 2 (1 point per 100), stores 11 and 21, terminals 101 and 201, on 2024-04-01. */
void fixture_init(struct ledger_fixture *f);

/* The same with tables of other sizes than fixture_limits() says. */
void fixture_init_limits(struct ledger_fixture *f, const struct ledger_limits *limits);
struct ledger_limits fixture_limits(void);
void fixture_deinit(struct ledger_fixture *f);

/* The programme, partner and rule that fixture_init() sets: to change one thing and set again. */
struct programme_config fixture_programme(void);
struct partner_config fixture_partner(uint32_t number);
struct rule_config fixture_rule(uint32_t partner);

/* Move the clock; utc_ms must not fall. */
void fixture_set_time(struct ledger_fixture *f, int64_t utc_ms);

/*
 * Decide, journal, apply.  The answer stays valid until the next call.  Fails the test when replay
 * or conservation does not hold.
 */
const struct ledger_answer *fixture_ask(struct ledger_fixture *f, const struct ledger_request *q);

/* Fail the test when two decisions differ; are_rows_compared: also in the numbers of rows. */
void fixture_compare(const struct decision *a, const struct decision *b, bool are_rows_compared);

/* Ticks until nothing more is due. */
void fixture_tick(struct ledger_fixture *f);

/* A request of terminal 101 at the present time with this transaction id (a short text). */
struct ledger_request fixture_request(const struct ledger_fixture *f, uint8_t kind,
				      const char *id);

/* A transaction id out of a short text: its first 16 bytes, padded with zeros. */
void fixture_id(uint8_t ret_id[16], const char *text);

/* An identifier hash made of a short text: stands for the gateway's keyed hash. */
struct identifier_hash fixture_identifier(const char *text);

/* Rows against accounts, hash against rows, twin against ledger. */
void fixture_audit(struct ledger_fixture *f);

#endif
