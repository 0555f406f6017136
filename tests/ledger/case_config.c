/*
 * case_config.c - lines of money cases that change programme, partners, rules, stores, terminals.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/state.h"
#include "tests/ledger/case_run.h"
#include "tests/ledger/case_words.h"

/* Read "name=value" into a struct; complains about a name that is not in the list. */
static void
read_pair(const struct case_run *run, void *base, const struct named_fields *list, const char *word)
{
	const struct named_field *field = words_field(list, word);

	if (field == NULL)
		case_complain(run, "no such field: %s", word);
	words_store(base, field, case_number(run, strchr(word, '=') + 1));
}

static void
read_programme(struct case_run *run, struct ledger_request *q, char *words[], unsigned count)
{
	struct programme_config programme = run->programme;

	for (unsigned i = 1; i < count; i++)
		read_pair(run, &programme, &programme_words, words[i]);
	q->kind = REQUEST_SET_PROGRAMME;
	q->programme = programme;
}

static void
read_partner(struct case_run *run, struct ledger_request *q, char *words[], unsigned count)
{
	q->kind = REQUEST_SET_PARTNER;
	if (q->partner < CASE_PARTNERS_MAX && run->partners[q->partner].number != 0)
		q->partner_image = run->partners[q->partner];
	else
		q->partner_image = fixture_partner(q->partner);
	for (unsigned i = 2; i < count; i++)
		read_pair(run, &q->partner_image, &partner_words, words[i]);
}

static void
read_rule(struct case_run *run, struct ledger_request *q, char *words[], unsigned count)
{
	q->kind = REQUEST_ADD_RULE;
	q->rule = fixture_rule(q->partner);
	for (unsigned i = 2; i < count; i++) {
		const char *partner = words_value(words[i], "only");
		const char *store = words_value(words[i], "only_store");

		if (partner != NULL)
			q->rule.bonus_usable_at = (uint32_t)case_number(run, partner);
		else if (store != NULL)
			q->rule.bonus_usable_at = USABLE_AT_STORE |
						  (uint32_t)case_number(run, store);
		else
			read_pair(run, &q->rule, &rule_words, words[i]);
	}
}

static void
read_store(struct case_run *run, struct ledger_request *q, char *words[], unsigned count)
{
	q->kind = REQUEST_SET_STORE;
	q->store_image.number = q->partner;
	for (unsigned i = 2; i < count; i++) {
		const char *partner = words_value(words[i], "partner");

		if (partner != NULL)
			q->store_image.partner = (uint32_t)case_number(run, partner);
		else if (words_value(words[i], "groups") != NULL)
			q->store_image.groups =
				(uint64_t)case_number(run, words_value(words[i], "groups"));
		else if (strcmp(words[i], "blocked") == 0)
			q->store_image.flags = STORE_BLOCKED;
		else
			case_complain(run, "not understood: %s", words[i]);
	}
}

static void
read_terminal(struct case_run *run, struct ledger_request *q, char *words[], unsigned count)
{
	q->kind = REQUEST_SET_TERMINAL;
	q->terminal_image = (struct terminal_config){ .number = q->partner,
						      .key_generation = 1,
						      .rights = 0xffff };
	for (unsigned i = 2; i < count; i++) {
		const char *partner = words_value(words[i], "partner");
		const char *store = words_value(words[i], "store");
		const char *key = words_value(words[i], "key_generation");
		const char *rights = words_value(words[i], "rights");

		if (partner != NULL)
			q->terminal_image.partner = (uint32_t)case_number(run, partner);
		else if (store != NULL)
			q->terminal_image.store = (uint32_t)case_number(run, store);
		else if (key != NULL)
			q->terminal_image.key_generation = (uint16_t)case_number(run, key);
		else if (rights != NULL)
			q->terminal_image.rights = (uint32_t)case_number(run, rights);
		else if (strcmp(words[i], "blocked") == 0)
			q->terminal_image.flags |= TERMINAL_BLOCKED;
		else if (strcmp(words[i], "test") == 0)
			q->terminal_image.flags |= TERMINAL_TEST;
		else
			case_complain(run, "not understood: %s", words[i]);
	}
}

/* Terms are said whole: what a line does not name is 0. */
static void
read_terms(struct case_run *run, struct ledger_request *q, char *words[], unsigned count)
{
	q->kind = REQUEST_SET_FUNDING;
	q->funding.partner = q->partner;
	for (unsigned i = 2; i < count; i++)
		read_pair(run, &q->funding, &funding_words, words[i]);
}

/* fund N POINTS [price=N], unfund N [POINTS] */
static void
read_fund(struct case_run *run, struct ledger_request *q, char *words[], unsigned count)
{
	q->kind = REQUEST_FUND;
	q->is_debit = strcmp(words[0], "unfund") == 0;
	q->points = count > 2 ? case_number(run, words[2]) : 0;
	q->price_micro = -1;
	if (count > 3 && words_value(words[3], "price") != NULL)
		q->price_micro = case_number(run, words_value(words[3], "price"));
}

/* cycle N PERIOD [ENDS_ON]: of settlement; PERIOD as in enum cycle_period */
static void
read_cycle(struct case_run *run, struct ledger_request *q, char *words[], unsigned count)
{
	q->kind = REQUEST_SET_CYCLE;
	q->cycle_image.partner = q->partner;
	q->cycle_image.period = count > 2 ? (uint32_t)case_number(run, words[2]) : CYCLE_DAILY;
	q->cycle_image.ends_on = count > 3 ? (uint32_t)case_number(run, words[3]) : 0;
}

/* What was accepted is what the next line changes. */
static void
keep(struct case_run *run, const struct ledger_request *q)
{
	if (q->kind == REQUEST_SET_PROGRAMME)
		run->programme = q->programme;
	else if (q->kind == REQUEST_SET_PARTNER && q->partner < CASE_PARTNERS_MAX)
		run->partners[q->partner] = q->partner_image;
}

struct config_line {
	const char *word;
	void (*read)(struct case_run *run, struct ledger_request *q, char *words[], unsigned count);
};

static const struct config_line config_lines[] = {
	{ "programme", read_programme }, { "partner", read_partner },   { "rule", read_rule },
	{ "store", read_store },	 { "terminal", read_terminal },
	{ "earn_rule", case_read_earn_rule }, { "rulebook", case_read_rulebook },
	{ "budget", case_read_budget },
	{ "store", read_store },	 { "terminal", read_terminal }, { "terms", read_terms },
	{ "fund", read_fund },		 { "unfund", read_fund },	{ "cycle", read_cycle },
};

/* Other sizes of tables: a ledger of that kind in place of the one there is. */
static void
change_limits(struct case_run *run, char *words[], unsigned count)
{
	struct ledger_limits limits = fixture_limits();

	if (run->request_count > 0)
		case_complain(run, "limits come first");
	for (unsigned i = 1; i < count; i++)
		read_pair(run, &limits, &limits_words, words[i]);
	fixture_deinit(&run->ledger);
	fixture_init_limits(&run->ledger, &limits);
}

/* The member of that name in the case; 0: none. */
static uint64_t
find_member(const struct case_run *run, const char *name)
{
	for (unsigned i = 0; i < run->member_count; i++) {
		if (strcmp(run->members[i], name) == 0)
			return run->references[i];
	}
	return 0;
}

/*
 * member NAME blocked|free: no request blocks members yet, so that their rows are changed.
 */
static void
block_member(struct case_run *run, char *words[], unsigned count)
{
	struct ledger *ledgers[] = { run->ledger.ledger, run->ledger.twin, run->ledger.blind,
				     run->ledger.mirror.ledger };
	const uint64_t reference = count == 3 ? find_member(run, words[1]) : 0;

	if (reference == 0)
		case_complain(run, "member NAME blocked|free");
	for (unsigned i = 0; i < sizeof(ledgers) / sizeof(ledgers[0]); i++) {
		struct member_row *row =
			table_edit(&ledgers[i]->members, state_find_member(ledgers[i], reference));

		row->flags &= (uint16_t)~MEMBER_BLOCKED;
		row->flags |= strcmp(words[2], "blocked") == 0 ? MEMBER_BLOCKED : 0;
	}
}

/* value NAME registered|bearer|frozen|free: as an operator says */
static void
set_value(struct case_run *run, char *words[], unsigned count)
{
	static const struct {
		const char *word;
		uint8_t on, off;
	} states[] = { { "registered", VALUE_REGISTERED, 0 },
		       { "bearer", 0, VALUE_REGISTERED },
		       { "frozen", VALUE_FROZEN, 0 },
		       { "free", 0, VALUE_FROZEN } };
	struct ledger_request q = { .kind = REQUEST_SET_VALUE, .operator_name = "test" };

	if (count == 3)
		q.member = find_member(run, words[1]);
	for (size_t i = 0; count == 3 && i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(states[i].word, words[2]) != 0)
			continue;
		q.value_flags_on = states[i].on;
		q.value_flags_off = states[i].off;
	}
	if (q.member == 0 || (q.value_flags_on | q.value_flags_off) == 0 ||
	    fixture_ask(&run->ledger, &q)->status != TG_OK)
		case_complain(run, "value NAME registered|bearer|frozen|free");
}

bool
case_config_line(struct case_run *run, char *words[], unsigned count)
{
	static char ok[] = "ok";
	static char *accepted[] = { ok };

	if (strcmp(words[0], "limits") == 0) {
		change_limits(run, words, count);
		return true;
	}
	if (strcmp(words[0], "value") == 0) {
		set_value(run, words, count);
		return true;
	}
	if (strcmp(words[0], "member") == 0) {
		block_member(run, words, count);
		return true;
	}
	for (size_t i = 0; i < sizeof(config_lines) / sizeof(config_lines[0]); i++) {
		struct ledger_request q = { .operator_name = "test" };
		unsigned own = 1;

		if (strcmp(words[0], config_lines[i].word) != 0)
			continue;
		while (own < count && strcmp(words[own], "=") != 0)
			own++;
		q.partner = own > 1 ? (uint32_t)strtoul(words[1], NULL, 10) : 0;
		config_lines[i].read(run, &q, words, own);
		if (own < count)
			case_check_answer(run, fixture_ask(&run->ledger, &q), words + own + 1,
					  count - own - 1);
		else
			case_check_answer(run, fixture_ask(&run->ledger, &q), accepted, 1);
		if (run->ledger.decision->answer.status == TG_OK)
			keep(run, &q);
		return true;
	}
	return false;
}
