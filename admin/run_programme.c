/*
 * run_programme.c - programme files loaded, and budgets of points.
 *
 * A file's rules are set one by one as the rulebook's next version, and then it is started: what
 * breaks off before that has changed nothing that counts, and the same file again does the rest.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/handlers.h"
#include "admin/text_table.h"
#include "admin/when.h"
#include "ledger/ledger.h"
#include "programme/programme.h"

static void
show_error(void *context, unsigned line, const char *text)
{
	struct command_call *call = context;

	if (line > 0)
		output_print(call->out, "line %u: %s\n", line, text);
	else
		output_print(call->out, "%s\n", text);
}

/* Stores whose groups the file changes. */
struct regrouping {
	const struct programme_file *file;
	uint32_t next;			/* store to look at */
	bool	 is_found;
	struct store_config store;	/* as it shall be */
	uint64_t changed;		/* its groups that are not as before */
	uint64_t in_use;		/* groups that rules in force, or to come, look at */
};

/* The next store of which the file says otherwise than the ledger: a slice on its thread. */
static void
find_regrouped(const struct ledger *ledger, void *argument)
{
	struct regrouping *r = argument;
	const struct store_config *store;

	r->is_found = false;
	while (!r->is_found && (store = ledger_store_at(ledger, r->next)) != NULL) {
		const uint64_t groups = programme_store_groups(r->file, store->number);

		r->next++;
		if (groups == store->groups)
			continue;
		r->store = *store;
		r->store.groups = groups;
		r->changed = groups ^ store->groups;
		r->in_use = ledger_groups_in_use(ledger);
		r->is_found = true;
	}
}

/*
 * Stores have one set of groups, which changes with the load.  What begins later therefore may not
 * touch a group that counts until then.
 */
static bool
may_regroup_early(struct command_call *call, const struct programme_file *file)
{
	struct regrouping r = { .file = file };

	do {
		if (!ask_look(call, find_regrouped, &r))
			return false;
	} while (r.is_found && (r.changed & r.in_use) == 0);
	if (r.is_found)
		command_fail(call,
			     "store %" PRIu32 " would come to, or leave, group %d at once, "
			     "which counts until then: give what begins later a group of its own",
			     r.store.number, __builtin_ffsll((long long)(r.changed & r.in_use)));
	return !r.is_found;
}

/* Every store gets the groups that the file says, and no others. */
static bool
set_groups(struct command_call *call, const struct programme_file *file, uint32_t *ret_count)
{
	struct regrouping r = { .file = file };
	struct ledger_request request;
	struct ledger_answer answer;

	*ret_count = 0;
	for (;;) {
		if (!ask_look(call, find_regrouped, &r))
			return false;
		if (!r.is_found)
			return true;
		ask_init(call, &request, REQUEST_SET_STORE);
		request.approves = 0;
		request.store_image = r.store;
		if (!ask_ledger(call, &request, &answer))
			return false;
		(*ret_count)++;
	}
}

static bool
set_rules(struct command_call *call, const struct programme_file *file)
{
	struct ledger_request request;
	struct ledger_answer answer;

	for (uint32_t i = 0; i < file->rule_count; i++) {
		ask_init(call, &request, REQUEST_SET_EARN_RULE);
		request.approves = 0; /* nothing counts before the start, which has both names */
		request.earn_rule = file->rules[i].rule;
		if (!ask_ledger(call, &request, &answer)) {
			output_print(call->out, "stopped at line %u; nothing of the file counts\n",
				     file->rules[i].line);
			return false;
		}
	}
	return true;
}

static void
load(struct command_call *call, const struct programme_file *file, int64_t starts_at_utc_ms)
{
	struct ledger_request request;
	struct ledger_answer answer;
	uint32_t store_count;

	if (starts_at_utc_ms > call->host->utc_ms(call->host->context) &&
	    !may_regroup_early(call, file))
		return;
	if (!set_rules(call, file) || !set_groups(call, file, &store_count))
		return;
	ask_init(call, &request, REQUEST_START_RULEBOOK);
	request.rulebook.rule_count = file->rule_count;
	request.rulebook.starts_at_utc_ms = starts_at_utc_ms;
	if (ask_ledger(call, &request, &answer))
		command_done(call, "rules=%" PRIu32 " stores=%" PRIu32 " record=%" PRIu64,
			     file->rule_count, store_count, answer.sequence);
}

void
run_programme_load(struct command_call *call)
{
	struct programme_file file;
	int64_t starts_at_utc_ms = 0;
	enum tg_status status;

	if (call->arguments[0][0] != '/') {
		command_fail(call, "the file's path must begin with / (it is read by the gateway)");
		return;
	}
	if (call->argument_count > 1 && !when_parse_utc(call->arguments[1], &starts_at_utc_ms)) {
		command_fail(call, "\"%.40s\" is no time: 2024-04-01T00:00:00Z",
			     call->arguments[1]);
		return;
	}
	status = programme_file_read(call->arguments[0], show_error, call, &file);
	if (status == TG_CONFIG)
		command_fail(call, "nothing loaded");
	else if (status != TG_OK)
		ask_fail(call, status);
	if (status != TG_OK)
		return;
	if (command_change_begin(call)) {
		load(call, &file, starts_at_utc_ms);
		command_change_end(call);
	}
	programme_file_deinit(&file);
}

/* parent=, from=, name= behind the points that are asked for. */
static bool
read_asking(struct command_call *call, struct ledger_request *request)
{
	for (uint32_t i = 2; i < call->argument_count; i++) {
		const char *word = call->arguments[i];
		uint64_t number;

		if (strncmp(word, "name=", 5) == 0) {
			snprintf((char *)request->budget.name, sizeof(request->budget.name), "%s",
				 word + 5);
		} else if (strncmp(word, "parent=", 7) == 0) {
			if (!ask_number(call, word + 7, 1, INT32_MAX, &number))
				return false;
			request->budget.parent = (uint32_t)number;
		} else if (strncmp(word, "from=", 5) == 0) {
			if (!ask_number(call, word + 5, 1, INT32_MAX, &number))
				return false;
			request->budget.asked_from = (uint32_t)number;
		} else {
			command_fail(call, "\"%.40s\": parent=, from= or name=", word);
			return false;
		}
	}
	return true;
}

static void
change_budget(struct command_call *call, enum budget_action action)
{
	const bool has_points = action == BUDGET_ASK || action == BUDGET_RELEASE;
	struct ledger_request request;
	struct ledger_answer answer;
	uint64_t number, points = 0;

	ask_init(call, &request, REQUEST_BUDGET);
	if (!ask_number(call, call->arguments[0], 1, INT32_MAX, &number) ||
	    (has_points && !ask_number(call, call->arguments[1], 1, TG_AMOUNT_MAX, &points)) ||
	    (action == BUDGET_ASK && !read_asking(call, &request)))
		return;
	request.budget.number = (uint32_t)number;
	request.budget_action = (uint8_t)action;
	request.points = (int64_t)points;
	if (ask_ledger(call, &request, &answer))
		command_done(call, "record=%" PRIu64, answer.sequence);
}

void
run_budget_ask(struct command_call *call)
{
	change_budget(call, BUDGET_ASK);
}

void
run_budget_approve(struct command_call *call)
{
	change_budget(call, BUDGET_APPROVE);
}

void
run_budget_refuse(struct command_call *call)
{
	change_budget(call, BUDGET_REFUSE);
}

void
run_budget_release(struct command_call *call)
{
	change_budget(call, BUDGET_RELEASE);
}

void
run_budget_stop(struct command_call *call)
{
	change_budget(call, BUDGET_STOP);
}

void
run_budget_resume(struct command_call *call)
{
	change_budget(call, BUDGET_RESUME);
}

#define SHOWN_MAX 256

/* What is shown, copied on the ledger's thread. */
struct shown_budgets {
	uint32_t count;
	struct budget budgets[SHOWN_MAX];
	int64_t	 used_points[SHOWN_MAX];
};

static void
copy_budgets(const struct ledger *ledger, void *argument)
{
	struct shown_budgets *shown = argument;
	const struct budget *budget;

	while (shown->count < SHOWN_MAX &&
	       (budget = ledger_budget_at(ledger, shown->count,
					  &shown->used_points[shown->count])) != NULL)
		shown->budgets[shown->count++] = *budget;
}

void
run_show_budgets(struct command_call *call)
{
	static const char *const titles[] = { ">budget", ">above", ">granted", ">passed on",
					      ">given",	 ">left",  ">asked",   "by",
					      "state",	 "name" };
	struct shown_budgets *shown = calloc(1, sizeof(*shown));
	struct text_table table;

	if (shown == NULL) {
		ask_fail(call, TG_NO_MEMORY);
		return;
	}
	if (ask_look(call, copy_budgets, shown)) {
		text_table_init(&table, call->out, titles, 10);
		for (uint32_t i = 0; i < shown->count; i++) {
			const struct budget *b = &shown->budgets[i];

			text_table_cell(&table, "%" PRIu32, b->number);
			text_table_cell(&table, "%" PRIu32, b->parent);
			text_table_cell(&table, "%" PRId64, b->granted_points);
			text_table_cell(&table, "%" PRId64, b->passed_points);
			text_table_cell(&table, "%" PRId64, shown->used_points[i]);
			text_table_cell(&table, "%" PRId64,
					b->granted_points - b->passed_points -
						shown->used_points[i]);
			text_table_cell(&table, "%" PRId64, b->asked_points);
			text_table_cell(&table, "%.32s", (const char *)b->asked_by);
			text_table_cell(&table, "%s",
					(b->flags & BUDGET_STOPPED) != 0 ? "stopped" : "");
			text_table_cell(&table, "%.32s", (const char *)b->name);
		}
		text_table_end(&table);
		command_done(call, "budgets=%" PRIu32, shown->count);
	}
	free(shown);
}

/* The versions of the rulebook, newest first. */
struct shown_rulebooks {
	uint32_t count;
	struct rulebook rulebooks[SHOWN_MAX];
};

static void
copy_rulebooks(const struct ledger *ledger, void *argument)
{
	struct shown_rulebooks *shown = argument;
	const struct rulebook *rulebook;

	while (shown->count < SHOWN_MAX &&
	       (rulebook = ledger_rulebook_at(ledger, shown->count)) != NULL)
		shown->rulebooks[shown->count++] = *rulebook;
}

void
run_show_rulebook(struct command_call *call)
{
	static const char *const titles[] = { ">version", ">rules", "holds from" };
	struct shown_rulebooks *shown = calloc(1, sizeof(*shown));
	struct text_table table;
	char text[WHEN_BYTES];

	if (shown == NULL) {
		ask_fail(call, TG_NO_MEMORY);
		return;
	}
	if (ask_look(call, copy_rulebooks, shown)) {
		text_table_init(&table, call->out, titles, 3);
		for (uint32_t i = 0; i < shown->count; i++) {
			text_table_cell(&table, "%" PRIu32, shown->rulebooks[i].version);
			text_table_cell(&table, "%" PRIu32, shown->rulebooks[i].rule_count);
			text_table_cell(&table, "%s",
					when_utc(shown->rulebooks[i].starts_at_utc_ms, text));
		}
		text_table_end(&table);
		command_done(call, "versions=%" PRIu32, shown->count);
	}
	free(shown);
}
