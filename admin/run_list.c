/*
 * run_list.c - what the ledger holds of the programme, in slices.
 *
 * A slice of rows is copied on the ledger's thread, then printed on the session's: a list is not of
 * one moment, a row is.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/config_noun.h"
#include "admin/handlers.h"
#include "admin/text_table.h"
#include "admin/when.h"

#define LIST_SLICE 128

/* A row with what belongs to it. */
struct list_row {
	union config_image image;
	bool	 has_rule;		/* partner: rule is set */
	struct rule_config rule;	/* partner: in force */
	int64_t	 issued_points;		/* partner; >= 0 */
	int64_t	 redeemed_points;	/* partner */
	int64_t	 debt_points;		/* partner: owed by members to it; >= 0 */
	struct host_service service;	/* partner */
};

/* One slice, filled on the ledger's thread. */
struct list_slice {
	const struct config_noun *noun;
	uint32_t partner;		/* only of this one; 0: all */
	uint32_t next;			/* row to look at next; moves on */
	bool	 is_over;
	uint32_t count;			/* of rows */
	struct list_row rows[LIST_SLICE];
};

static const void *
row_at(const struct ledger *ledger, const struct config_noun *noun, uint32_t nth)
{
	if (noun == &partner_noun)
		return ledger_partner_at(ledger, nth);
	if (noun == &store_noun)
		return ledger_store_at(ledger, nth);
	return ledger_terminal_at(ledger, nth);
}

static uint32_t
partner_of(const struct config_noun *noun, const void *image)
{
	if (noun == &store_noun)
		return ((const struct store_config *)image)->partner;
	if (noun == &terminal_noun)
		return ((const struct terminal_config *)image)->partner;
	return ((const struct partner_config *)image)->number;
}

static void
fill_partner(const struct ledger *ledger, struct list_row *row)
{
	const uint32_t number = row->image.partner.number;
	const struct rule_config *rule = ledger_rule_newest(ledger, number);

	row->has_rule = rule != NULL;
	if (rule != NULL)
		row->rule = *rule;
	row->issued_points = -ledger_account_points(ledger, ACCOUNT_ISSUED, UNIT_POINTS, number);
	row->redeemed_points =
		ledger_account_points(ledger, ACCOUNT_REDEEMED, UNIT_POINTS, number);
	row->debt_points = -ledger_account_points(ledger, ACCOUNT_DEBT, UNIT_POINTS, number);
}

/* Looks at LIST_SLICE rows, so that a filter does not make it long. */
static void
fill_slice(const struct ledger *ledger, void *argument)
{
	struct list_slice *slice = argument;

	slice->count = 0;
	for (uint32_t looked = 0; looked < LIST_SLICE && !slice->is_over; looked++) {
		const void *image = row_at(ledger, slice->noun, slice->next);
		struct list_row *row = &slice->rows[slice->count];

		slice->is_over = image == NULL;
		slice->next++;
		if (image == NULL ||
		    (slice->partner != 0 && partner_of(slice->noun, image) != slice->partner))
			continue;
		memcpy(&row->image, image, slice->noun->fields->image_bytes);
		if (slice->noun == &partner_noun)
			fill_partner(ledger, row);
		slice->count++;
	}
}

typedef void list_print_fn(struct text_table *table, const struct list_row *row);

/* What a list command shows. */
struct list {
	const struct config_noun *noun;
	const char *const *titles;
	uint32_t column_count;
	list_print_fn *print;
	const char *plural;
};

static void
run_list(struct command_call *call, const struct list *list)
{
	struct list_slice *slice;
	struct text_table table;
	uint64_t partner = 0;
	uint32_t total = 0;
	bool is_good = true;

	if (call->argument_count > 0 &&
	    !ask_number(call, call->arguments[0], 1, UINT32_MAX, &partner))
		return;
	slice = calloc(1, sizeof(*slice));
	if (slice == NULL) {
		command_fail(call, "out of memory");
		return;
	}
	slice->noun = list->noun;
	slice->partner = (uint32_t)partner;
	text_table_init(&table, call->out, list->titles, list->column_count);
	while (is_good && !slice->is_over && !call->out->is_broken) {
		is_good = ask_look(call, fill_slice, slice);
		for (uint32_t i = 0; is_good && i < slice->count; i++) {
			struct list_row *row = &slice->rows[i];

			if (list->noun == &partner_noun)
				row->service = call->host->service(call->host->context,
								   row->image.partner.number);
			list->print(&table, row);
		}
		total += is_good ? slice->count : 0;
	}
	text_table_end(&table);
	free(slice);
	if (is_good)
		command_done(call, "%" PRIu32 " %s", total, list->plural);
}

static void
print_flags(struct text_table *table, const struct field_set *fields, const void *image)
{
	char flags[FIELD_TEXT_BYTES];

	field_flags_text(fields, image, flags);
	text_table_cell(table, "%s", flags);
}

static void
print_name(struct text_table *table, const uint8_t *name)
{
	char text[NAME_BYTES + 1];

	field_name_text(name, text);
	text_table_cell(table, "%s", text);
}

static void
print_partner(struct text_table *table, const struct list_row *row)
{
	const struct partner_config *partner = &row->image.partner;

	text_table_cell(table, "%" PRIu32, partner->number);
	print_name(table, partner->name);
	text_table_cell(table, "%" PRId64, row->issued_points);
	text_table_cell(table, "%" PRId64, row->redeemed_points);
	text_table_cell(table, "%" PRId64, row->issued_points - row->redeemed_points);
	text_table_cell(table, "%" PRId64, row->debt_points);
	text_table_cell(table, "%" PRIu32, partner->group);
	text_table_cell(table, "%" PRIu32, row->service.connections);
	text_table_cell(table, row->service.is_drained ? "drained" : "serving");
	print_flags(table, &partner_field_set, partner);
}

void
run_show_partners(struct command_call *call)
{
	static const char *const titles[] = { ">number",   "name",	   ">issued",
					      ">redeemed", ">net owed",	   ">debt",
					      ">group",	   ">connections", "service",
					      "flags" };
	static const struct list list = { &partner_noun, titles, 10, print_partner, "partners" };

	run_list(call, &list);
}

static void
print_rule(struct text_table *table, const struct list_row *row)
{
	char text[FIELD_TEXT_BYTES];

	text_table_cell(table, "%" PRIu32, row->image.partner.number);
	print_name(table, row->image.partner.name);
	text_table_cell(table, "%" PRIu32, row->has_rule ? row->rule.version : 0);
	for (uint32_t i = 1; i < rule_field_set.count; i++) {
		if (row->has_rule)
			field_format(&rule_field_set.fields[i], &row->rule, text);
		text_table_cell(table, "%s", row->has_rule ? text : "-");
	}
}

void
run_show_rules(struct command_call *call)
{
	const char *titles[TEXT_TABLE_COLUMNS_MAX] = { ">partner", "name", ">version" };
	const struct list list = { &partner_noun, titles, 3 + rule_field_set.count - 1, print_rule,
				   "partners" };

	for (uint32_t i = 1; i < rule_field_set.count; i++)
		titles[2 + i] = rule_field_set.fields[i].name;
	run_list(call, &list);
}

static void
print_store(struct text_table *table, const struct list_row *row)
{
	const struct store_config *store = &row->image.store;

	text_table_cell(table, "%" PRIu32, store->number);
	text_table_cell(table, "%" PRIu32, store->partner);
	print_name(table, store->name);
	print_flags(table, &store_field_set, store);
}

void
run_show_stores(struct command_call *call)
{
	static const char *const titles[] = { ">number", ">partner", "name", "flags" };
	static const struct list list = { &store_noun, titles, 4, print_store, "stores" };

	run_list(call, &list);
}

static void
copy_programme(const struct ledger *ledger, void *argument)
{
	*(struct programme_config *)argument = *ledger_programme(ledger);
}

void
run_show_programme(struct command_call *call)
{
	static const char *const titles[] = { "what", ">value", "unit" };
	struct programme_config p;
	struct text_table table;

	if (!ask_look(call, copy_programme, &p))
		return;
	const struct {
		const char *name;
		int64_t value;
		const char *unit;
	} rows[] = {
		{ "version", p.version, "" },
		{ "window", p.window_ms, "ms" },
		{ "clock ahead", p.clock_ahead_ms, "ms" },
		{ "clock of a burn", p.burn_clock_ms, "ms" },
		{ "point value, numerator", p.point_value_num, "" },
		{ "point value, denominator", p.point_value_den, "minor units of money" },
		{ "life of regular points", p.expiry_months, "months" },
		{ "they end", p.expiry_shape, "0 rolling, 1 never, 2 by vintage" },
		{ "vintage", p.vintage_months, "months" },
		{ "sweep day", p.sweep_month * 100 + p.sweep_day, "month and day, 0: none" },
		{ "expires on anniversary",
		  (p.flags & PROGRAMME_EXPIRES_ON_ANNIVERSARY) != 0 ? 1 : 0, "1 yes, 0 no" },
		{ "sandbox", (p.flags & PROGRAMME_SANDBOX) != 0 ? 1 : 0, "1 yes, 0 no" },
		{ "traced", (p.flags & PROGRAMME_TRACED) != 0 ? 1 : 0, "1 yes, 0 no" },
		{ "hold", p.hold_seconds_default, "s" },
		{ "longest hold", p.hold_seconds_max, "s" },
		{ "declines kept", p.declines_per_terminal_day, "a terminal and day" },
		{ "debt written off after", p.debt_days, "days, 0: never" },
		{ "or after", p.debt_cycles, "closed cycles, 0: never" },
		{ "member earns", p.member_day_earn_points, "points a day" },
		{ "member burns", p.member_day_burn_points, "points a day" },
		{ "stored value up to", p.value_registered_max, "minor units, 0: none" },
		{ "... of a bearer", p.value_bearer_max, "minor units" },
		{ "member pays", p.value_day_max, "minor units of stored value a day" },
	};

	text_table_init(&table, call->out, titles, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text_table_cell(&table, "%s", rows[i].name);
		if (rows[i].value == LIMIT_NONE)
			text_table_cell(&table, "no limit");
		else
			text_table_cell(&table, "%" PRId64, rows[i].value);
		text_table_cell(&table, "%s", rows[i].unit);
	}
	text_table_end(&table);
	command_done(call, "%s", "");
}

#define TOTALS_MAX 4096

/* Totals of a day that are not zero. */
struct totals {
	int32_t	 day;
	uint32_t count;			/* of rows */
	struct {
		uint32_t partner;
		struct answer_total total;
	} rows[TOTALS_MAX];
};

static void
copy_total(const struct ledger *ledger, struct totals *totals, uint32_t partner,
	   struct answer_total total)
{
	if (totals->count == TOTALS_MAX ||
	    !ledger_partner_total(ledger, totals->day, partner, &total))
		return;
	totals->rows[totals->count].partner = partner;
	totals->rows[totals->count++].total = total;
}

static void
copy_totals(const struct ledger *ledger, void *argument)
{
	struct totals *totals = argument;
	const struct partner_config *partner;

	for (uint32_t i = 0; (partner = ledger_partner_at(ledger, i)) != NULL; i++) {
#define COPY_TOTAL(name, kind_number, text) \
	if (tg_proof_has_kind(kind_number)) { \
		copy_total(ledger, totals, partner->number, \
			   (struct answer_total){ .kind = (kind_number) }); \
		copy_total(ledger, totals, partner->number, \
			   (struct answer_total){ .kind = (kind_number), .is_declined = true }); \
	}
		RECORD_KIND_LIST(COPY_TOTAL)
#undef COPY_TOTAL
	}
}

static void
print_totals(struct command_call *call, const struct totals *totals)
{
	static const char *const titles[] = { ">partner", "kind",     "outcome",
					      ">count",	  ">points", ">amount" };
	struct text_table table;
	char day[WHEN_BYTES];

	text_table_init(&table, call->out, titles, 6);
	for (uint32_t i = 0; i < totals->count; i++) {
		const struct answer_total *total = &totals->rows[i].total;

		text_table_cell(&table, "%" PRIu32, totals->rows[i].partner);
		text_table_cell(&table, "%s", record_kind_name(total->kind));
		text_table_cell(&table, total->is_declined ? "declined" : "done");
		text_table_cell(&table, "%" PRId64, total->count);
		text_table_cell(&table, "%" PRId64, total->points);
		text_table_cell(&table, "%" PRId64, total->amount);
	}
	text_table_end(&table);
	command_done(call, "business_date=%s rows=%" PRIu32, when_day(totals->day, day),
		     totals->count);
}

void
run_show_totals(struct command_call *call)
{
	struct totals *totals = calloc(1, sizeof(*totals));
	int64_t utc_ms;

	if (totals == NULL) {
		command_fail(call, "out of memory");
		return;
	}
	totals->day = call->host->business_date(call->host->context);
	if (call->argument_count > 0 && (strlen(call->arguments[0]) != strlen("1997-01-31") ||
					 !when_parse_utc(call->arguments[0], &utc_ms)))
		command_fail(call, "\"%.40s\" is no day: say 1997-01-31", call->arguments[0]);
	else {
		if (call->argument_count > 0)
			totals->day = (int32_t)(utc_ms / INT64_C(86400000));
		if (ask_look(call, copy_totals, totals))
			print_totals(call, totals);
	}
	free(totals);
}

#define BALANCES_MAX 16384

/* Balances of all accounts that are not zero, of one moment. */
struct balances {
	int64_t	 sum;			/* over all accounts: zero */
	uint64_t sequence;		/* of the last record in them */
	uint32_t count;			/* of rows */
	struct {
		uint32_t partner;	/* 0: none, or the account is not per partner */
		uint8_t account;	/* enum account */
		int64_t points;
	} rows[BALANCES_MAX];
};

static void
copy_balance(const struct ledger *ledger, struct balances *balances, enum account account,
	     uint32_t partner)
{
	const int64_t points = ledger_account_points(ledger, account, UNIT_POINTS, partner);

	if (points == 0 || balances->count == BALANCES_MAX)
		return;
	balances->rows[balances->count].account = (uint8_t)account;
	balances->rows[balances->count].partner = partner;
	balances->rows[balances->count].points = points;
	balances->count++;
}

static void
copy_balances(const struct ledger *ledger, void *argument)
{
	struct balances *balances = argument;
	const struct partner_config *partner;

/* Of adjustments those that no partner bears, too. */
#define COPY_OWN(name, account, sign, per_partner, text) \
	copy_balance(ledger, balances, account, 0);
#define COPY_PARTNERS(name, account, sign, per_partner, text) \
	if (per_partner) \
		copy_balance(ledger, balances, account, partner->number);
	ACCOUNT_LIST(COPY_OWN)
	for (uint32_t i = 0; (partner = ledger_partner_at(ledger, i)) != NULL; i++) {
		ACCOUNT_LIST(COPY_PARTNERS)
	}
#undef COPY_PARTNERS
#undef COPY_OWN
	balances->sum = ledger_conservation(ledger, UNIT_POINTS);
	balances->sequence = ledger_sequence(ledger);
}

void
run_show_accounts(struct command_call *call)
{
	static const char *const titles[] = { "account", ">partner", ">points" };
	struct balances *balances = calloc(1, sizeof(*balances));
	struct text_table table;

	if (balances == NULL) {
		command_fail(call, "out of memory");
		return;
	}
	if (!ask_look(call, copy_balances, balances)) {
		free(balances);
		return;
	}
	text_table_init(&table, call->out, titles, 3);
	for (uint32_t i = 0; i < balances->count; i++) {
		text_table_cell(&table, "%s", account_name(balances->rows[i].account));
		text_table_cell(&table, "%" PRIu32, balances->rows[i].partner);
		text_table_cell(&table, "%" PRId64, balances->rows[i].points);
	}
	text_table_end(&table);
	command_done(call, "sum=%" PRId64 " record=%" PRIu64, balances->sum, balances->sequence);
	free(balances);
}
