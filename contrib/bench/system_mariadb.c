/*
 * system_mariadb.c - MariaDB: CALL earn, or CALL earn_many with a JSON array, a request.
 *
 * The protocol is that of Connector/C, by its functions that do not block, in the same event loop.
 * One request in flight a connection: that is all that the protocol allows.
 */
#include <errno.h>
#include <event2/event.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contrib/bench/bench.h"
#include "protocol/assert.h"

enum lane_step { LANE_QUERY, LANE_NEXT };

/* One connection, and what it is waiting for. */
struct lane {
	struct bench *bench;
	MYSQL	     *mysql;
	struct event *event;
	enum lane_step step;
	uint64_t      due_ns;
	struct bench_buffer sql; /* the request */
};

static void on_ready(evutil_socket_t fd, short what, void *context);

static void
fail(struct lane *lane)
{
	if (!lane->bench->has_failed)
		failure_set(&lane->bench->failure, "mariadb: %s", mysql_error(lane->mysql));
	lane->bench->has_failed = true;
	event_base_loopbreak(lane->bench->base);
}

static void
make_sql(struct lane *lane)
{
	uint64_t batch = lane->bench->options->batch;
	struct bench_buffer *sql = &lane->sql;
	struct bench_earn earn;

	sql->from_bytes = sql->to_bytes = 0;
	bench_print(sql, batch == 1 ? "CALL earn(" : "CALL earn_many('[");
	for (uint64_t i = 0; i < batch; i++) {
		bench_draw(lane->bench, &earn);
		bench_print(sql, batch == 1 ? "X'" : i == 0 ? "[\"" : ",[\"");
		bench_put_hex(sql, earn.id, sizeof(earn.id));
		bench_print(sql, batch == 1 ? "',%s,%lld)" : "\",\"%s\",%lld]", earn.card,
			    (long long)earn.amount);
	}
	if (batch > 1)
		bench_print(sql, "]')");
}

/* Watch for what the library waits for. */
static void
watch(struct lane *lane, int wanted)
{
	short what = 0;

	if ((wanted & MYSQL_WAIT_READ) != 0)
		what |= EV_READ;
	if ((wanted & MYSQL_WAIT_WRITE) != 0)
		what |= EV_WRITE;
	event_assign(lane->event, lane->bench->base, (evutil_socket_t)mysql_get_socket(lane->mysql),
		     what, on_ready, lane);
	event_add(lane->event, NULL);
}

/* Read the one row with the balance, which has come with the answer. */
static void
pass_rows(MYSQL *mysql)
{
	MYSQL_RES *rows = mysql_use_result(mysql);

	if (rows == NULL)
		return;
	while (mysql_fetch_row(rows) != NULL)
		;
	mysql_free_result(rows);
}

/* Go on until the library waits; ready: what it waited for, 0 to begin a request. */
static void
go_on(struct lane *lane, int ready)
{
	while (!lane->bench->has_failed) {
		int error = 0, wanted;

		if (lane->step == LANE_QUERY && ready == 0) {
			make_sql(lane);
			lane->due_ns = bench_now_ns();
			wanted = mysql_real_query_start(&error, lane->mysql,
							(const char *)lane->sql.base,
							lane->sql.to_bytes);
		} else if (lane->step == LANE_QUERY) {
			wanted = mysql_real_query_cont(&error, lane->mysql, ready);
		} else if (ready == 0) {
			pass_rows(lane->mysql);
			wanted = mysql_next_result_start(&error, lane->mysql);
		} else {
			wanted = mysql_next_result_cont(&error, lane->mysql, ready);
		}
		if (wanted != 0) {
			watch(lane, wanted);
			return;
		}
		ready = 0;
		if (error > 0) {
			fail(lane);
		} else if (mysql_more_results(lane->mysql)) {
			lane->step = LANE_NEXT;
		} else {
			bench_count(lane->bench, lane->due_ns, bench_now_ns(),
				    lane->bench->options->batch, 0);
			lane->step = LANE_QUERY;
		}
	}
}

static void
on_ready(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	go_on(context, ((what & EV_READ) != 0 ? MYSQL_WAIT_READ : 0) |
			       ((what & EV_WRITE) != 0 ? MYSQL_WAIT_WRITE : 0));
}

static bool
open_lane(struct bench *bench, struct lane *lane, struct failure *failure)
{
	lane->bench = bench;
	lane->mysql = mysql_init(NULL);
	lane->event = event_new(bench->base, -1, 0, on_ready, lane);
	TG_ASSERT(lane->mysql != NULL && lane->event != NULL);
	mysql_options(lane->mysql, MYSQL_OPT_NONBLOCK, 0);
	if (mysql_real_connect(lane->mysql, NULL, "root", NULL, "bench", 0, bench->options->port,
			       CLIENT_MULTI_RESULTS) == NULL)
		return failure_set(failure, "mariadb: %s", mysql_error(lane->mysql));
	return true;
}

bool
bench_mariadb_run(struct bench *bench, struct failure *failure)
{
	uint64_t count = bench->options->connections;
	struct lane *lanes = calloc(count, sizeof(*lanes));
	bool is_ok = true;

	bench->base = event_base_new();
	TG_ASSERT(lanes != NULL && bench->base != NULL);
	if (bench->options->depth != 1 || bench->options->rate != 0)
		is_ok = failure_set(failure, "mariadb has one request in flight, in a closed loop");
	for (uint64_t i = 0; is_ok && i < count; i++)
		is_ok = open_lane(bench, &lanes[i], failure);
	bench->started_ns = bench_now_ns();
	for (uint64_t i = 0; is_ok && i < count; i++)
		go_on(&lanes[i], 0);
	is_ok = is_ok && bench_measure(bench, failure);
	for (uint64_t i = 0; i < count && lanes[i].mysql != NULL; i++) {
		event_free(lanes[i].event);
		mysql_close(lanes[i].mysql);
		free(lanes[i].sql.base);
	}
	free(lanes);
	event_base_free(bench->base);
	return is_ok;
}
