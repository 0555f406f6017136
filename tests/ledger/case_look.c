/*
 * case_look.c - lines of money cases that look at accounts, rows and the last decision.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ledger/state.h"
#include "tests/ledger/case_run.h"
#include "tests/ledger/case_words.h"

static const struct record *
last_record(const struct case_run *run)
{
	const struct decision *d = run->ledger.decision;

	if (d->record_count == 0)
		case_complain(run, "the last request made no record");
	return &d->records[d->record_count - 1];
}

/* account NAME [PARTNER] = points */
static void
look_at_account(struct case_run *run, char *words[], unsigned count)
{
	uint8_t account = count > 1 ? words_account(words[1]) : 0;
	uint32_t partner = count == 5 ? (uint32_t)case_number(run, words[2]) : 0;
	int64_t points;

	if (account == 0 || (count != 4 && count != 5))
		case_complain(run, "account NAME [PARTNER] = POINTS");
	points = ledger_account_points(run->ledger.ledger, (enum account)account,
				       account_unit((enum account)account), partner);
	if (points != case_number(run, words[count - 1]))
		case_complain(run, "%s of %u holds %" PRId64 ", expected %s", words[1], partner,
			      points, words[count - 1]);
}

/* The last record of that kind that the last request made. */
static const struct record *
record_of_kind(const struct case_run *run, const char *word)
{
	const struct decision *d = run->ledger.decision;

	for (uint32_t i = d->record_count; i > 0; i--) {
		if (d->records[i - 1].kind == words_record_kind(word))
			return &d->records[i - 1];
	}
	case_complain(run, "no %s was recorded", word);
}

/* posted [KIND] NAME=POINTS NAME/PARTNER=POINTS ...: all postings of one record */
static void
look_at_postings(struct case_run *run, char *words[], unsigned count)
{
	bool has_kind = count > 1 && strchr(words[1], '=') == NULL;
	const struct record *r = has_kind ? record_of_kind(run, words[1]) : last_record(run);
	uint32_t posting_count = RECORD_HAS(r, POSTINGS) ? r->posting_count : 0;
	unsigned found = 0;

	words += has_kind;
	count -= has_kind;
	for (unsigned i = 1; i < count; i++) {
		char name[40] = "";
		unsigned partner = 0;
		char *equals = strchr(words[i], '=');
		int64_t points = equals == NULL ? 0 : case_number(run, equals + 1);

		if (sscanf(words[i], "%39[^/=]/%u", name, &partner) < 1 || equals == NULL)
			case_complain(run, "not a posting: %s", words[i]);
		for (uint32_t j = 0; j < posting_count; j++) {
			const struct posting *p = &r->postings[j];

			found += p->account == words_account(name) && p->partner == partner &&
				 p->points == points;
		}
		if (found < i)
			case_complain(run, "not posted: %s", words[i]);
	}
	if (posting_count != count - 1)
		case_complain(run, "%u postings, expected %u", posting_count, count - 1);
}

/* "lot/2" or "lot", as a move of a record: kind, and whose points a new row has */
static bool
is_move(struct case_run *run, const char *word, const struct move *m)
{
	static const char *const kinds[] = {
		[MOVE_REGULAR] = "regular", [MOVE_LOT] = "lot",	      [MOVE_PENDING] = "pending",
		[MOVE_DEBT] = "debt",	    [MOVE_PORTION] = "portion", [MOVE_COVER] = "cover",
		[MOVE_STOPPED] = "stopped",
	};
	const char *equals = strchr(word, '=');
	char name[40] = "";
	unsigned partner = 0;
	const bool has_partner = sscanf(word, "%39[^/=]/%u", name, &partner) == 2;

	return equals != NULL && m->kind < sizeof(kinds) / sizeof(kinds[0]) &&
	       strcmp(name, kinds[m->kind]) == 0 && m->points == case_number(run, equals + 1) &&
	       (!has_partner || ((m->flags & MOVE_NEW) != 0 && m->partner == partner));
}

/* moved KIND=POINTS KIND/PARTNER=POINTS ...: all moves of the last record, each once */
static void
look_at_moves(struct case_run *run, char *words[], unsigned count)
{
	const struct record *r = last_record(run);
	const uint32_t move_count = RECORD_HAS(r, MOVES) ? r->move_count : 0;
	bool is_seen[RECORD_MOVES_MAX] = { false };

	for (unsigned i = 1; i < count; i++) {
		uint32_t at = 0;

		while (at < move_count && (is_seen[at] || !is_move(run, words[i], &r->moves[at])))
			at++;
		if (at == move_count)
			case_complain(run, "not moved: %s", words[i]);
		is_seen[at] = true;
	}
	if (move_count != count - 1)
		case_complain(run, "%u moves, expected %u", move_count, count - 1);
}

/* records KIND ...: all records of the last request, in order */
static void
look_at_records(struct case_run *run, char *words[], unsigned count)
{
	const struct decision *d = run->ledger.decision;

	if (d->record_count != count - 1)
		case_complain(run, "%u records, expected %u", d->record_count, count - 1);
	for (unsigned i = 1; i < count; i++) {
		const char *kind = record_kind_name(d->records[i - 1].kind);

		if (strcasecmp(words[i], kind) != 0)
			case_complain(run, "record %u is %s, expected %s", i, kind, words[i]);
	}
}

/* record FIELD=VALUE ...: of the last record */
static void
look_at_record(struct case_run *run, char *words[], unsigned count)
{
	const struct record *r = last_record(run);

	for (unsigned i = 1; i < count; i++) {
		const struct named_field *field = words_field(&record_words, words[i]);

		if (field == NULL)
			case_complain(run, "no such field: %s", words[i]);
		if (words_load(r, field) != case_number(run, strchr(words[i], '=') + 1))
			case_complain(run, "%s is %" PRId64 ", expected %s", field->name,
				      words_load(r, field), words[i]);
	}
}

/* total [declined] KIND = count points amount: of the last TOTALS */
static void
look_at_total(struct case_run *run, char *words[], unsigned count)
{
	const struct ledger_answer *a = &run->ledger.decision->answer;
	bool is_declined = count > 1 && strcmp(words[1], "declined") == 0;
	uint8_t kind = count == 6u + is_declined ? words_record_kind(words[1 + is_declined]) : 0;

	if (kind == 0)
		case_complain(run, "total [declined] KIND = COUNT POINTS AMOUNT");
	for (uint32_t i = 0; i < a->total_count; i++) {
		const struct answer_total *t = &a->totals[i];

		if (t->kind != kind || t->is_declined != is_declined)
			continue;
		if (t->count != case_number(run, words[count - 3]) ||
		    t->points != case_number(run, words[count - 2]) ||
		    t->amount != case_number(run, words[count - 1]))
			case_complain(run, "total is %" PRId64 " %" PRId64 " %" PRId64, t->count,
				      t->points, t->amount);
		return;
	}
	case_complain(run, "there is no such total");
}

/*
 * component N CAMPAIGN[/RATE] = POINTS [REFUSAL]: of the last answer, from 1; campaign 0 is base,
 * rate 0 the partner's own, or none
 */
static void
look_at_part(struct case_run *run, char *words[], unsigned count)
{
	const struct ledger_answer *a = &run->ledger.decision->answer;
	int64_t nth = count >= 5 ? case_number(run, words[1]) : 0;
	const struct answer_component *part;
	char *rate = count >= 5 ? strchr(words[2], '/') : NULL;

	if (nth < 1 || nth > a->component_count)
		case_complain(run, "there are %u parts", a->component_count);
	part = &a->components[nth - 1];
	if (rate != NULL) {
		*rate = '\0';
		if (part->rate != case_number(run, rate + 1))
			case_complain(run, "part is by rate %u", part->rate);
	}
	if (part->campaign != case_number(run, words[2]) ||
	    part->points != case_number(run, words[4]) ||
	    part->refusal != (count > 5 ? case_number(run, words[5]) : 0))
		case_complain(run, "part is %u = %" PRId64 " refusal %u", part->campaign,
			      part->points, part->refusal);
}

/* spent N = POINTS LEFT: what campaigns gave out of a budget, and what is free in it */
static void
look_at_budget(struct case_run *run, char *words[], unsigned count)
{
	const struct ledger *l = run->ledger.ledger;
	uint32_t row = count == 5 ? state_find_budget(l, (uint32_t)case_number(run, words[1])) :
				    TABLE_NONE;
	const struct budget_row *b;
	int64_t left;

	if (row == TABLE_NONE)
		case_complain(run, "spent BUDGET = POINTS LEFT, of one that is there");
	b = ledger_budget_row(l, row);
	left = b->budget.granted_points - b->budget.passed_points - b->used_points;
	if (b->used_points != case_number(run, words[3]) || left != case_number(run, words[4]))
		case_complain(run, "budget has given %" PRId64 ", left %" PRId64, b->used_points,
			      left);
}

/* entry N KIND = points, expiry N = day points: of the last INQUIRY, counted from 1 */
static void
look_at_list(struct case_run *run, char *words[], unsigned count)
{
	const struct ledger_answer *a = &run->ledger.decision->answer;
	bool is_entry = strcmp(words[0], "entry") == 0;
	int64_t nth = count == 5 ? case_number(run, words[1]) : 0;

	if (nth < 1 || nth > (is_entry ? a->entry_count : a->expiry_count))
		case_complain(run, "there is no such %s", words[0]);
	if (is_entry) {
		const struct answer_entry *e = &a->entries[nth - 1];

		if (e->kind != words_record_kind(words[2]) ||
		    e->points != case_number(run, words[4]))
			case_complain(run, "it is %s = %" PRId64, record_kind_name(e->kind),
				      e->points);
	} else {
		const struct answer_expiry *e = &a->expiries[nth - 1];

		if (e->last_day != case_number(run, words[3]) ||
		    e->points != case_number(run, words[4]))
			case_complain(run, "it is day %d, %" PRId64 " points", e->last_day,
				      e->points);
	}
}

/* rows TABLE = count: live ones */
static void
look_at_rows(struct case_run *run, char *words[], unsigned count)
{
	if (count != 4)
		case_complain(run, "rows TABLE = COUNT");
#define MATCH_TABLE(name, id, version, row, rows_max) \
	if (strcmp(words[1], #name) == 0) { \
		if (run->ledger.ledger->name.live_count != case_number(run, words[3])) \
			case_complain(run, "%u live rows", run->ledger.ledger->name.live_count); \
		return; \
	}
	LEDGER_TABLE_LIST(MATCH_TABLE)
#undef MATCH_TABLE
	case_complain(run, "no such table: %s", words[1]);
}

/* blocks N = LEFT ...: what is left of each of a partner's blocks, as they were bought */
static void
look_at_blocks(struct case_run *run, char *words[], unsigned count)
{
	const struct ledger *l = run->ledger.ledger;
	const uint32_t partner =
		count > 2 ? state_find_partner(l, (uint32_t)case_number(run, words[1])) : 0;
	const uint32_t row = partner != 0 ? ledger_partner_row(l, partner)->funding : 0;
	unsigned at = 3;

	if (row == TABLE_NONE)
		case_complain(run, "blocks N = LEFT ..., of a partner with terms");
	for (uint32_t block = ledger_funding_row(l, row)->oldest_cover; block != TABLE_NONE;
	     block = ledger_cover_row(l, block)->next, at++) {
		const struct cover_row *c = ledger_cover_row(l, block);
		int64_t left = c->bought_points - c->used_points - c->released_points;

		if (at >= count || left != case_number(run, words[at]))
			case_complain(run, "block %u has %" PRId64 " left", at - 2, left);
	}
	if (at != count)
		case_complain(run, "there are %u blocks", at - 3);
}

struct look_line {
	const char *word;
	void (*look)(struct case_run *run, char *words[], unsigned count);
};

static const struct look_line look_lines[] = {
	{ "account", look_at_account }, { "posted", look_at_postings },
	{ "moved", look_at_moves },
	{ "records", look_at_records }, { "record", look_at_record },
	{ "total", look_at_total },	{ "entry", look_at_list },
	{ "expiry", look_at_list },	{ "rows", look_at_rows },
	{ "component", look_at_part },	{ "spent", look_at_budget },
	{ "blocks", look_at_blocks },
};

bool
case_look_line(struct case_run *run, char *words[], unsigned count)
{
	for (size_t i = 0; i < sizeof(look_lines) / sizeof(look_lines[0]); i++) {
		if (strcmp(words[0], look_lines[i].word) == 0) {
			look_lines[i].look(run, words, count);
			return true;
		}
	}
	return false;
}
