/*
 * run_show.c - figures and sessions, as the host tells them.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "admin/handlers.h"
#include "admin/text_table.h"

#define SESSIONS_SLICE 64

static void
show_figures(struct command_call *call, enum host_topic topic)
{
	static const char *const titles[] = { "what", ">value", "unit" };
	struct host_figure *figures = calloc(HOST_FIGURES_MAX, sizeof(*figures));
	struct text_table table;
	uint32_t count;

	if (figures == NULL) {
		command_fail(call, "out of memory");
		return;
	}
	count = call->host->figures(call->host->context, topic, figures);
	text_table_init(&table, call->out, titles, 3);
	for (uint32_t i = 0; i < count; i++) {
		text_table_cell(&table, "%s", figures[i].name);
		if (figures[i].is_text)
			text_table_cell(&table, "%s", figures[i].text);
		else
			text_table_cell(&table, "%" PRId64, figures[i].number);
		text_table_cell(&table, "%s", figures[i].unit);
	}
	text_table_end(&table);
	free(figures);
	command_done(call, "%s", "");
}

void
run_show_stats(struct command_call *call)
{
	show_figures(call, HOST_STATS);
}

void
run_show_journal(struct command_call *call)
{
	show_figures(call, HOST_JOURNAL);
}

void
run_show_sink(struct command_call *call)
{
	show_figures(call, HOST_SINK);
}

void
run_show_version(struct command_call *call)
{
	show_figures(call, HOST_VERSION);
}

void
run_show_memory(struct command_call *call)
{
	show_figures(call, HOST_MEMORY);
}

void
run_show_threads(struct command_call *call)
{
	show_figures(call, HOST_THREADS);
}

void
run_show_limits(struct command_call *call)
{
	show_figures(call, HOST_LIMITS);
}

void
run_show_snapshots(struct command_call *call)
{
	show_figures(call, HOST_SNAPSHOTS);
}

static void
print_session(struct text_table *table, const struct host_session *row)
{
	text_table_cell(table, "%" PRIu64, row->id);
	text_table_cell(table, "%s", row->peer);
	text_table_cell(table, "%s", row->state);
	text_table_cell(table, "%s", row->tls);
	text_table_cell(table, "%" PRIu32, row->partner);
	text_table_cell(table, "%" PRIu32, row->store);
	text_table_cell(table, "%" PRIu32, row->terminal);
	text_table_cell(table, "%" PRIu32, row->in_flight);
	text_table_cell(table, "%" PRIu64, row->requests);
	text_table_cell(table, "%" PRId64, row->open_ms / 1000);
	text_table_cell(table, "%" PRId64, row->idle_ms / 1000);
}

void
run_show_sessions(struct command_call *call)
{
	static const char *const titles[] = { ">id",	   "peer",	 "state",     "tls",
					      ">partner",  ">store",	 ">terminal", ">in flight",
					      ">requests", ">open s", ">idle s" };
	struct host_session *rows = calloc(SESSIONS_SLICE, sizeof(*rows));
	struct text_table table;
	uint64_t after_id = 0;
	uint32_t count, total = 0;

	if (rows == NULL) {
		command_fail(call, "out of memory");
		return;
	}
	text_table_init(&table, call->out, titles, sizeof(titles) / sizeof(titles[0]));
	do {
		count = call->host->sessions(call->host->context, after_id, rows, SESSIONS_SLICE);
		for (uint32_t i = 0; i < count; i++)
			print_session(&table, &rows[i]);
		total += count;
		after_id = count > 0 ? rows[count - 1].id : 0;
	} while (count == SESSIONS_SLICE && !call->out->is_broken);
	text_table_end(&table);
	free(rows);
	command_done(call, "%" PRIu32 " sessions", total);
}
