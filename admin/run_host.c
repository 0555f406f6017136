/*
 * run_host.c - the gateway's own affairs: configuration, connections, log, who is here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/handlers.h"
#include "admin/link.h"
#include "admin/operators.h"
#include "admin/text_table.h"

#define SETTINGS_SLICE 32
#define TOP_ROWS 20
#define TOP_SLICE 256
#define TOP_SESSIONS_MAX 200000
#define TOP_MS 1000

void
run_show_config(struct command_call *call)
{
	static const char *const titles[] = { "key", "value", "unit", "in force" };
	struct host_setting *rows = calloc(SETTINGS_SLICE, sizeof(*rows));
	struct text_table table;
	uint32_t count, first = 0;

	if (rows == NULL) {
		command_fail(call, "out of memory");
		return;
	}
	text_table_init(&table, call->out, titles, 4);
	do {
		count = call->host->settings(call->host->context, first, rows, SETTINGS_SLICE);
		for (uint32_t i = 0; i < count; i++) {
			text_table_cell(&table, "%s", rows[i].name);
			text_table_cell(&table, "%s", rows[i].value);
			text_table_cell(&table, "%s", rows[i].unit);
			text_table_cell(&table, rows[i].is_reloadable ? "after reload or set" :
									"after a restart");
		}
		first += count;
	} while (count == SETTINGS_SLICE);
	text_table_end(&table);
	free(rows);
	command_done(call, "%" PRIu32 " keys", first);
}

static void
set(struct command_call *call, const char *key, const char *value)
{
	char why[HOST_WHY_BYTES] = "";
	enum tg_status status;

	if (!ask_note(call, "set %s %s", key, value))
		return;
	status = call->host->set(call->host->context, key, value, why);
	if (status == TG_OK)
		command_done(call, "record=%" PRIu64, call->sequence);
	else if (why[0] != '\0')
		command_fail(call, "%s", why);
	else
		ask_fail(call, status);
}

void
run_set(struct command_call *call)
{
	set(call, call->arguments[0], call->arguments[1]);
}

void
run_log_level(struct command_call *call)
{
	set(call, "log.level", call->arguments[0]);
}

void
run_reload(struct command_call *call)
{
	char why[HOST_WHY_BYTES] = "";
	enum tg_status status;

	if (!ask_note(call, "reload"))
		return;
	status = call->host->reload(call->host->context, why);
	if (status == TG_OK)
		command_done(call, "record=%" PRIu64, call->sequence);
	else if (why[0] != '\0')
		command_fail(call, "%s", why);
	else
		ask_fail(call, status);
}

void
run_kill_session(struct command_call *call)
{
	struct host_session row;
	uint64_t id;

	if (!ask_number(call, call->arguments[0], 1, INT64_MAX, &id))
		return;
	if (call->host->sessions(call->host->context, id - 1, &row, 1) == 0 || row.id != id) {
		command_fail(call, "there is no session %" PRIu64, id);
		return;
	}
	if (!ask_note(call, "kill session %" PRIu64 " of terminal %" PRIu32, id, row.terminal))
		return;
	call->host->kill_session(call->host->context, id);
	command_done(call, "record=%" PRIu64, call->sequence);
}

/* A session's requests at two moments. */
struct top_row {
	uint64_t id;
	uint64_t before;
	uint64_t made;			/* between the two */
	struct host_session now;
};

struct top {
	struct top_row *rows;		/* owned; by id until they are ranked */
	uint32_t count, capacity;
};

static bool
add_top(struct top *top, const struct host_session *session)
{
	if (top->count == top->capacity) {
		const uint32_t capacity = top->capacity == 0 ? 256 : 2 * top->capacity;
		struct top_row *rows = reallocarray(top->rows, capacity, sizeof(*rows));

		if (rows == NULL || capacity > TOP_SESSIONS_MAX)
			return false;
		top->rows = rows;
		top->capacity = capacity;
	}
	top->rows[top->count++] =
		(struct top_row){ .id = session->id, .before = session->requests };
	return true;
}

/* Call over all sessions, in order of id; the second time a session's row is looked for. */
static void
call_over(struct command_call *call, struct top *top, struct host_session *rows, bool is_second)
{
	uint64_t after_id = 0;
	uint32_t count, at = 0;
	bool has_room = true;

	do {
		count = call->host->sessions(call->host->context, after_id, rows, TOP_SLICE);
		for (uint32_t i = 0; i < count && has_room; i++) {
			if (!is_second) {
				has_room = add_top(top, &rows[i]);
				continue;
			}
			while (at < top->count && top->rows[at].id < rows[i].id)
				at++;
			if (at == top->count || top->rows[at].id != rows[i].id)
				continue;
			top->rows[at].made = rows[i].requests - top->rows[at].before;
			top->rows[at].now = rows[i];
		}
		after_id = count > 0 ? rows[count - 1].id : 0;
	} while (count == TOP_SLICE && has_room);
}

static int
compare_top(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	if (x->made != y->made)
		return x->made > y->made ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void
print_top(struct command_call *call, struct top *top)
{
	static const char *const titles[] = { ">session",  "peer",	 ">partner",   ">store",
					      ">terminal", ">requests/s", ">in flight" };
	struct text_table table;

	if (top->count > 0)
		qsort(top->rows, top->count, sizeof(*top->rows), compare_top);
	text_table_init(&table, call->out, titles, 7);
	for (uint32_t i = 0; i < top->count && i < TOP_ROWS; i++) {
		const struct host_session *now = &top->rows[i].now;

		text_table_cell(&table, "%" PRIu64, top->rows[i].id);
		text_table_cell(&table, "%s", now->peer);
		text_table_cell(&table, "%" PRIu32, now->partner);
		text_table_cell(&table, "%" PRIu32, now->store);
		text_table_cell(&table, "%" PRIu32, now->terminal);
		text_table_cell(&table, "%" PRIu64, top->rows[i].made * 1000 / TOP_MS);
		text_table_cell(&table, "%" PRIu32, now->in_flight);
	}
	text_table_end(&table);
}

void
run_show_top(struct command_call *call)
{
	struct host_session *rows = calloc(TOP_SLICE, sizeof(*rows));
	struct top top = { NULL, 0, 0 };

	if (rows == NULL) {
		command_fail(call, "out of memory");
		return;
	}
	call_over(call, &top, rows, false);
	if (call->pause(call->pause_context, TOP_MS)) {
		call_over(call, &top, rows, true);
		print_top(call, &top);
		command_done(call, "%" PRIu32 " sessions", top.count);
	} else {
		command_fail(call, "ended");
	}
	free(top.rows);
	free(rows);
}

static uint32_t
print_here(struct command_call *call)
{
	static const char *const titles[] = { "here",	 "role",     "origin",
					      ">open s", ">idle s", ">commands" };
	struct roster_row rows[ROSTER_ROWS_MAX];
	const int64_t now_ms = link_now_ms();
	struct text_table table;
	uint32_t count = 0;

	roster_copy(&call->shared->roster, rows);
	text_table_init(&table, call->out, titles, 6);
	for (uint32_t i = 0; i < ROSTER_ROWS_MAX; i++) {
		if (!rows[i].is_open)
			continue;
		text_table_cell(&table, "%s", rows[i].is_known ? rows[i].name : "(logging in)");
		text_table_cell(&table, "%s", rows[i].right);
		text_table_cell(&table, "%s", rows[i].origin);
		text_table_cell(&table, "%" PRId64, (now_ms - rows[i].since_ms) / 1000);
		text_table_cell(&table, "%" PRId64, (now_ms - rows[i].last_ms) / 1000);
		text_table_cell(&table, "%" PRIu64, rows[i].commands);
		count++;
	}
	text_table_end(&table);
	return count;
}

void
run_show_operators(struct command_call *call)
{
	static const char *const titles[] = { "operator", "role" };
	struct operators *operators = calloc(1, sizeof(*operators));
	const char *path = call->shared->operators_path;
	char why[OPERATORS_WHY_BYTES];
	struct text_table table;
	uint32_t here = print_here(call);

	if (operators == NULL) {
		command_fail(call, "out of memory");
		return;
	}
	if (path == NULL || path[0] == '\0') {
		command_done(call, "here=%" PRIu32 "; no operators' file is configured", here);
	} else if (operators_read(path, operators, why) != TG_OK) {
		command_fail(call, "%s", why);
	} else {
		text_table_init(&table, call->out, titles, 2);
		for (uint32_t i = 0; i < operators->count; i++) {
			text_table_cell(&table, "%s", operators->entries[i].name);
			text_table_cell(&table, "%s",
					command_right_name(operators->entries[i].right));
		}
		text_table_end(&table);
		command_done(call, "here=%" PRIu32 " operators=%" PRIu32, here, operators->count);
	}
	free(operators);
}
