/*
 * fake_host.c - the host's functions over a ledger in memory.
 */
#include "tests/admin/fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/record.h"

/* Keep what the last decision made, as the journal would. */
static void
keep_records(struct fake_host *fake)
{
	const struct decision *decision = fake->ledger.decision;

	for (uint32_t i = 0; i < decision->record_count; i++) {
		const struct record *record = &decision->records[i];
		uint8_t *bytes = malloc(RECORD_BYTES_MAX);

		assert_non_null(bytes);
		assert_true(record->sequence < FAKE_RECORDS_MAX);
		fake->record_bytes[record->sequence] =
			(uint32_t)record_encode(record, bytes, RECORD_BYTES_MAX);
		fake->records[record->sequence] = bytes;
	}
}

static enum tg_status
fake_submit(void *context, const struct ledger_request *request, struct ledger_answer *ret_answer)
{
	struct fake_host *fake = context;

	if (fake->refusal != TG_OK)
		return fake->refusal;
	pthread_mutex_lock(&fake->lock);
	*ret_answer = *fixture_ask(&fake->ledger, request);
	keep_records(fake);
	pthread_mutex_unlock(&fake->lock);
	return TG_OK;
}

static enum tg_status
fake_submit_bulk(void *context, const struct ledger_request *requests, uint32_t count,
		 struct ledger_answer *ret_answers)
{
	struct fake_host *fake = context;

	for (uint32_t i = 0; i < count; i++) {
		if (fake->refusal != TG_OK)
			return fake->refusal;
		(void)fake_submit(context, &requests[i], &ret_answers[i]);
	}
	return TG_OK;
}

static enum tg_status
fake_set_clock(void *context, const struct ledger_request *request,
	       struct ledger_answer *ret_answer)
{
	struct fake_host *fake = context;

	if (request->clock_utc_ms != 0 && request->clock_utc_ms < fake->ledger.now.utc_ms)
		return TG_BAD_FIELD;
	if (request->clock_utc_ms != 0)
		fixture_set_time(&fake->ledger, request->clock_utc_ms);
	return fake_submit(context, request, ret_answer);
}

static enum tg_status
fake_run_on_ledger(void *context, host_ledger_fn *fn, void *argument)
{
	struct fake_host *fake = context;

	if (fake->refusal != TG_OK)
		return fake->refusal;
	pthread_mutex_lock(&fake->lock);
	fn(fake->ledger.ledger, argument);
	pthread_mutex_unlock(&fake->lock);
	return TG_OK;
}

static enum tg_status
fake_hash_identifier(void *context, uint8_t type, const char *text,
		     struct identifier_hash *ret_hash)
{
	(void)context;
	if (text[0] == '\0')
		return TG_BAD_FIELD;
	*ret_hash = fixture_identifier(text);
	ret_hash->type = type;
	return TG_OK;
}

static enum tg_status
fake_make_code(void *context, uint32_t terminal, char *ret_code, uint8_t *ret_hash)
{
	(void)context;
	memcpy(ret_code, FAKE_CODE, sizeof(FAKE_CODE));
	memset(ret_hash, (int)(terminal & 0xff), 16);
	return TG_OK;
}

static enum tg_status
fake_read_record(void *context, uint64_t sequence, uint8_t *bytes, uint32_t capacity,
		 uint32_t *ret_bytes)
{
	const struct fake_host *fake = context;

	if (sequence >= FAKE_RECORDS_MAX || fake->records[sequence] == NULL)
		return TG_UNKNOWN_TRANSACTION;
	assert_true(fake->record_bytes[sequence] <= capacity);
	memcpy(bytes, fake->records[sequence], fake->record_bytes[sequence]);
	*ret_bytes = fake->record_bytes[sequence];
	return TG_OK;
}

static uint64_t
fake_durable_sequence(void *context)
{
	struct fake_host *fake = context;
	uint64_t sequence;

	pthread_mutex_lock(&fake->lock);
	sequence = ledger_sequence(fake->ledger.ledger);
	pthread_mutex_unlock(&fake->lock);
	return sequence;
}

/* A reader is the next sequence.  Records before the first that the console made are not kept. */
static enum tg_status
fake_open_records(void *context, uint64_t sequence, void **ret_reader)
{
	uint64_t *reader = malloc(sizeof(*reader));

	(void)context;
	assert_non_null(reader);
	*reader = sequence;
	*ret_reader = reader;
	return TG_OK;
}

static enum tg_status
fake_next_record(void *context, void *reader, const uint8_t **ret_bytes, uint32_t *ret_count)
{
	struct fake_host *fake = context;
	uint64_t *next = reader;

	pthread_mutex_lock(&fake->lock);
	while (*next < FAKE_RECORDS_MAX && fake->records[*next] == NULL &&
	       *next <= ledger_sequence(fake->ledger.ledger))
		(*next)++;
	*ret_count = 0;
	if (*next <= ledger_sequence(fake->ledger.ledger)) {
		*ret_bytes = fake->records[*next];
		*ret_count = fake->record_bytes[*next];
		(*next)++;
	}
	pthread_mutex_unlock(&fake->lock);
	return TG_OK;
}

static void
fake_close_records(void *context, void *reader)
{
	(void)context;
	free(reader);
}

static bool
fake_pause(void *context, int32_t ms)
{
	struct fake_host *fake = context;

	(void)ms;
	return fake->pauses++ < 2;
}

static uint32_t
fake_figures(void *context, enum host_topic topic, struct host_figure *figures)
{
	(void)context;
	figures[0] = (struct host_figure){ .name = "topic", .unit = "", .number = topic };
	figures[1] = (struct host_figure){ .name = "state", .unit = "", .is_text = true };
	snprintf(figures[1].text, sizeof(figures[1].text), "fine\x1b[31m");
	return 2;
}

static uint32_t
fake_sessions(void *context, uint64_t after_id, struct host_session *rows, uint32_t rows_max)
{
	const struct fake_host *fake = context;
	uint32_t count = 0;

	for (uint64_t id = after_id + 1; id <= fake->session_count && count < rows_max; id++) {
		memset(&rows[count], 0, sizeof(rows[count]));
		rows[count].id = id;
		rows[count].terminal = 101;
		snprintf(rows[count].peer, sizeof(rows[count].peer), "192.0.2.1:%u", (unsigned)id);
		snprintf(rows[count].state, sizeof(rows[count].state), "open");
		snprintf(rows[count].tls, sizeof(rows[count].tls), "TLSv1.3");
		count++;
	}
	return count;
}

static void
fake_kill_session(void *context, uint64_t id)
{
	((struct fake_host *)context)->killed = id;
}

static uint32_t
fake_settings(void *context, uint32_t first, struct host_setting *rows, uint32_t rows_max)
{
	uint32_t count = 0;

	(void)context;
	for (; first + count < 40 && count < rows_max; count++) {
		rows[count] = (struct host_setting){ .unit = "ms" };
		rows[count].is_reloadable = first + count == 0;
		snprintf(rows[count].name, sizeof(rows[count].name), "key.%u", first + count);
		snprintf(rows[count].value, sizeof(rows[count].value), "\"x\"");
	}
	return count;
}

static enum tg_status
fake_set(void *context, const char *key, const char *value, char *why)
{
	struct fake_host *fake = context;

	if (strcmp(value, "bad") == 0) {
		snprintf(why, HOST_WHY_BYTES, "%s: bad is out of bounds", key);
		return TG_CONFIG;
	}
	snprintf(fake->set, sizeof(fake->set), "%s=%s", key, value);
	return TG_OK;
}

static enum tg_status
fake_reload(void *context, char *why)
{
	return fake_set(context, "file", "read", why);
}

static bool
fake_terminal(void *context, uint32_t number, struct host_terminal *ret_row)
{
	const struct fake_host *fake = context;

	for (int i = 0; i < FAKE_FLEET_MAX; i++) {
		if (fake->fleet[i].terminal == number) {
			*ret_row = fake->fleet[i];
			return true;
		}
	}
	return false;
}

static enum tg_status
fake_snapshot(void *context, uint64_t *ret_sequence)
{
	struct fake_host *fake = context;

	*ret_sequence = ledger_sequence(fake->ledger.ledger);
	return TG_OK;
}

static enum tg_status
fake_serve(void *context, uint32_t partner, bool is_served)
{
	struct fake_host *fake = context;

	if (partner == 0)
		fake->is_drained = !is_served;
	else
		fake->drained_partner = is_served ? 0 : partner;
	return TG_OK;
}

static struct host_service
fake_service(void *context, uint32_t partner)
{
	struct fake_host *fake = context;

	fake->connections -= fake->connections > 0 ? 1 : 0;
	return (struct host_service){
		.is_drained = partner == 0 ? fake->is_drained : fake->drained_partner == partner,
		.connections = fake->connections,
		.drain_ms = 1000,
	};
}

static void
fake_shutdown(void *context)
{
	((struct fake_host *)context)->was_shut_down = true;
}

static int64_t
fake_utc_ms(void *context)
{
	return ((struct fake_host *)context)->ledger.now.utc_ms;
}

static int32_t
fake_business_date(void *context)
{
	return ledger_business_date(((struct fake_host *)context)->ledger.ledger);
}

static void
fake_audit(void *context, const struct host_audit *audit)
{
	struct fake_host *fake = context;

	pthread_mutex_lock(&fake->lock);
	fake->audit_count++;
	snprintf(fake->audit, sizeof(fake->audit), "%s|%s|%s|%s|%llu", audit->operator_name,
		 audit->origin, audit->command, audit->result,
		 (unsigned long long)audit->sequence);
	pthread_mutex_unlock(&fake->lock);
}

static bool
keep_printed(void *context, const char *bytes, size_t count)
{
	struct fake_host *fake = context;

	assert_true(fake->printed_bytes + count < sizeof(fake->printed));
	memcpy(fake->printed + fake->printed_bytes, bytes, count);
	fake->printed_bytes += count;
	fake->printed[fake->printed_bytes] = '\0';
	return true;
}

void
fake_host_init(struct fake_host *fake)
{
	memset(fake, 0, sizeof(*fake));
	fixture_init(&fake->ledger);
	pthread_mutex_init(&fake->lock, NULL);
	command_shared_init(&fake->shared);
	fake->host = (struct console_host){
		.context = fake,
		.submit = fake_submit,
		.submit_bulk = fake_submit_bulk,
		.set_clock = fake_set_clock,
		.run_on_ledger = fake_run_on_ledger,
		.hash_identifier = fake_hash_identifier,
		.make_code = fake_make_code,
		.read_record = fake_read_record,
		.durable_sequence = fake_durable_sequence,
		.open_records = fake_open_records,
		.next_record = fake_next_record,
		.close_records = fake_close_records,
		.figures = fake_figures,
		.sessions = fake_sessions,
		.kill_session = fake_kill_session,
		.settings = fake_settings,
		.reload = fake_reload,
		.set = fake_set,
		.terminal = fake_terminal,
		.snapshot = fake_snapshot,
		.serve = fake_serve,
		.service = fake_service,
		.shutdown = fake_shutdown,
		.utc_ms = fake_utc_ms,
		.business_date = fake_business_date,
		.audit = fake_audit,
	};
	output_init(&fake->out, keep_printed, fake);
	fake->call = (struct command_call){
		.host = &fake->host,
		.shared = &fake->shared,
		.out = &fake->out,
		.operator_name = "ann",
		.origin = "console uid=1000 pid=42",
		.right = RIGHT_ADMIN,
		.pause = fake_pause,
		.pause_context = fake,
	};
}

void
fake_host_deinit(struct fake_host *fake)
{
	for (size_t i = 0; i < FAKE_RECORDS_MAX; i++)
		free(fake->records[i]);
	command_shared_deinit(&fake->shared);
	pthread_mutex_destroy(&fake->lock);
	fixture_deinit(&fake->ledger);
}

int
fake_host_setup(void **state)
{
	struct fake_host *fake = malloc(sizeof(*fake));

	if (fake == NULL)
		return -1;
	fake_host_init(fake);
	*state = fake;
	return 0;
}

int
fake_host_teardown(void **state)
{
	fake_host_deinit(*state);
	free(*state);
	return 0;
}

const char *
fake_host_run(struct fake_host *fake, const char *line)
{
	char copy[COMMAND_LINE_BYTES_MAX + 1];

	assert_true(strlen(line) < sizeof(copy));
	memcpy(copy, line, strlen(line) + 1);
	fake->printed_bytes = 0;
	fake->printed[0] = '\0';
	command_run(&fake->call, copy);
	return fake->printed;
}

void
fake_host_expect(struct fake_host *fake, const char *line, const char *end, const char *part)
{
	const char *printed = fake_host_run(fake, line);
	const char *last = strrchr(printed, '\n');

	assert_non_null(last);
	while (last > printed && last[-1] != '\n')
		last--;
	if (strncmp(last, end, strlen(end)) != 0 || strstr(printed, part) == NULL)
		fail_msg("\"%s\" does not end with %s and \"%s\":\n%s", line, end, part, printed);
}
