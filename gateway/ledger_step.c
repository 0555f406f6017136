/*
 * ledger_step.c - the one place where requests meet the ledger.
 *
 * Lanes have their turn in this order: what comes back from the archive, the terminal lanes of
 * all ports, a few of the control port's and the batch items.  So terminals go first and nobody
 * starves.
 */
#include "gateway/ledger_step.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

#define TERMINAL_TURN 64	/* jobs of one port's terminal lane in a round */
#define BATCH_TURN 16		/* jobs of one port's batch lane in a round */
/* A job's first lines are asked for so many jobs ahead, before its first stage needs them. */
#define LOOK_AHEAD_JOBS (LEDGER_PREFETCH_STAGES + 2)
/* Own fields, and a request's up to the original's. */
#define LOOK_AHEAD_BYTES \
	(offsetof(struct pipeline_job, request) + offsetof(struct ledger_request, original_id))
#define TELL_TABLES_US 100000	/* about so often, while there is work */
#define SETTLED_ROWS_PER_ROUND 8192 /* more than a round edits, see table_set_settle() */

/* Write down how full the tables are, and how partners stand that may run out of points. */
static void
tell_tables(struct ledger_step *step)
{
	uint32_t fundings[FUNDING_LEVEL_COUNT];
	const struct table_set *set = ledger_tables(step->config.ledger);

	for (uint32_t id = 0; id < TABLE_SET_MAX; id++) {
		const struct table *table = set->tables[id];

		if (table == NULL)
			continue;
		atomic_store_explicit(&step->figures.tables[id].live, table->live_count,
				      memory_order_relaxed);
		atomic_store_explicit(&step->figures.tables[id].used, table->rows_used,
				      memory_order_relaxed);
	}
	ledger_funding_counts(step->config.ledger, fundings);
	for (uint32_t level = 0; level < FUNDING_LEVEL_COUNT; level++)
		atomic_store_explicit(&step->figures.fundings[level], fundings[level],
				      memory_order_relaxed);
}

enum tg_status
ledger_step_init(struct ledger_step *step, const struct ledger_step_config *config)
{
	memset(step, 0, sizeof(*step));
	step->config = *config;
	step->now_batch = UINT64_MAX;
	step->filled_batch = UINT64_MAX;
	step->business_date = ledger_business_date(config->ledger);
	step->decision = decision_new();
	step->page_partners = calloc((size_t)config->evidence_max[PIPELINE_PAGES] + 1,
				     sizeof(*step->page_partners));
	if (step->decision == NULL || step->page_partners == NULL ||
	    queue_init(&step->evidence_out[PIPELINE_ORIGINALS],
		       config->evidence_max[PIPELINE_ORIGINALS] + 1) != TG_OK ||
	    queue_init(&step->evidence_out[PIPELINE_PAGES],
		       config->evidence_max[PIPELINE_PAGES] + 1) != TG_OK ||
	    queue_init(&step->evidence_in, config->evidence_max[PIPELINE_ORIGINALS] +
						   config->evidence_max[PIPELINE_PAGES] + 1) !=
		    TG_OK)
		return TG_NO_MEMORY;
	tell_tables(step);
	return TG_OK;
}

void
ledger_step_deinit(struct ledger_step *step)
{
	decision_free(step->decision);
	free(step->page_partners);
	for (uint32_t lane = 0; lane < PIPELINE_ARCHIVE_LANE_COUNT; lane++)
		queue_deinit(&step->evidence_out[lane]);
	queue_deinit(&step->evidence_in);
}

/* Fix the time of the open batch, if it is a new one since the last call. */
static void
fix_now(struct ledger_step *step)
{
	uint64_t number = atomic_load(&step->config.open->number);

	if (number == step->now_batch)
		return;
	step->now_batch = number;
	step->now.utc_ms = clock_now_utc_ms(step->config.clock);
	step->now.day = zone_day(step->config.zone, step->now.utc_ms);
	step->now.minute = zone_minute(step->config.zone, step->now.utc_ms);
}

/* The decision's answer becomes one that tells a status and nothing else. */
static void
refuse(struct ledger_step *step, enum tg_status status)
{
	struct ledger_answer *answer = &step->decision->answer;
	uint8_t kind = answer->kind;

	memset(answer, 0, sizeof(*answer));
	answer->kind = kind;
	answer->status = (uint16_t)status;
	answer->business_date = ledger_business_date(step->config.ledger);
}

/* An operator moves the clock; the record that notes it is booked at the new time. */
static enum tg_status
move_clock(struct ledger_step *step, struct ledger_request *request)
{
	struct clock *clock = step->config.clock;
	enum tg_status status;

	if (!step->config.has_room(step->config.context))
		return TG_JOURNAL_FULL;
	if (clock->is_stepped)
		status = clock_step(clock, request->clock_utc_ms);
	else
		status = clock_accept(clock);
	if (status != TG_OK)
		return status;
	step->now_batch = UINT64_MAX;
	fix_now(step);
	request->clock_utc_ms = step->now.utc_ms;
	return TG_OK;
}

/* Encode all records of the decision into the open batch, which has room for them. */
static void
append_records(struct ledger_step *step)
{
	const struct decision *decision = step->decision;
	struct open_batch *open = step->config.open;
	struct batch *batch = open_batch_lock(open, LEDGER_STEP_ROOM_BYTES);
	bool is_first;

	TG_ASSERT(batch != NULL);
	is_first = batch->count == 0;
	if (is_first) {
		batch->first_sequence = decision->records[0].sequence;
		batch->opened_at_utc_ms = step->now.utc_ms;
	}
	for (uint32_t i = 0; i < decision->record_count; i++) {
		size_t bytes = record_encode(&decision->records[i],
					     batch->bytes + batch->used_bytes,
					     open->capacity_bytes - batch->used_bytes);

		TG_ASSERT(bytes > 0);
		TG_ASSERT(decision->records[i].sequence == batch->first_sequence + batch->count);
		batch->used_bytes += bytes;
		batch->count++;
		if (decision->records[i].kind == RECORD_CUTOVER)
			step->business_date = decision->records[i].next_business_date;
	}
	batch->business_date = step->business_date;
	step->filled_batch = atomic_load(&open->number);
	step->filled_bytes = batch->used_bytes;
	open_batch_commit(open);
	if (is_first)
		waker_wake(step->config.journal_waker);
}

/* Bring the decision about: journal and apply its records. */
static void
carry_out(struct ledger_step *step)
{
	const struct decision *decision = step->decision;

	append_records(step);
	for (uint32_t i = 0; i < decision->record_count; i++) {
		const struct record *record = &decision->records[i];

		ledger_apply(step->config.ledger, record);
		if (record->kind != RECORD_PARTNER && record->kind != RECORD_STORE &&
		    record->kind != RECORD_TERMINAL)
			continue;
		for (uint32_t port = 0; port < step->config.port_count; port++)
			port_notify(&step->config.ports[port], record);
	}
	figure_add(&step->figures.records, decision->record_count);
}

/* Copy the answer without the unused ends of its lists. */
static void
copy_answer(struct ledger_answer *to, const struct ledger_answer *from)
{
	static_assert(offsetof(struct ledger_answer, components) +
				      sizeof(from->components) == sizeof(*from),
		      "each list is copied below");

	memcpy(to, from, offsetof(struct ledger_answer, expiries));
	memcpy(to->expiries, from->expiries, from->expiry_count * sizeof(from->expiries[0]));
	memcpy(to->entries, from->entries, from->entry_count * sizeof(from->entries[0]));
	memcpy(to->totals, from->totals, from->total_count * sizeof(from->totals[0]));
	memcpy(to->components, from->components,
	       from->component_count * sizeof(from->components[0]));
}

/* Is the archive to divide a day? */
static bool
is_proof(const struct pipeline_job *job)
{
	return job->request.kind == REQUEST_BUCKETS || job->request.kind == REQUEST_PART ||
	       job->request.kind == REQUEST_COUNTERSIGN;
}

/* Is the archive to write a text? */
static bool
is_document(const struct pipeline_job *job)
{
	return job->request.kind == REQUEST_STATEMENT || job->request.kind == REQUEST_DISPUTES ||
	       job->request.kind == REQUEST_ACKNOWLEDGE;
}

/* In which lane of the archive a job waits. */
static enum pipeline_archive_lane
archive_lane(const struct pipeline_job *job)
{
	bool is_page = job->request.kind == REQUEST_HISTORY ||
		       job->request.kind == REQUEST_ENTRIES || is_proof(job) ||
		       is_document(job);

	return is_page ? PIPELINE_PAGES : PIPELINE_ORIGINALS;
}

/* How many pages wait at the archive. */
static uint32_t
page_count(const struct ledger_step *step)
{
	return (uint32_t)atomic_load(&step->figures.evidence_waiting[PIPELINE_PAGES]);
}

/* May the partner have another page wait?  Half of the room is for all others. */
static bool
partner_has_room(const struct ledger_step *step, uint32_t partner)
{
	uint32_t most = (step->config.evidence_max[PIPELINE_PAGES] + 1) / 2, waiting = 0;

	for (uint32_t i = 0; i < page_count(step); i++)
		waiting += step->page_partners[i] == partner;
	return waiting < most;
}

/* A page came back: its partner has room for another. */
static void
forget_page(struct ledger_step *step, uint32_t partner)
{
	uint32_t last = page_count(step) - 1, i = 0;

	while (step->page_partners[i] != partner) {
		i++;
		TG_ASSERT(i <= last);
	}
	step->page_partners[i] = step->page_partners[last];
}

/* May another job of the partner wait for the archive?  If not, the answer says so. */
static bool
archive_has_room(struct ledger_step *step, enum pipeline_archive_lane lane, uint32_t partner)
{
	struct ledger_step_figures *figures = &step->figures;
	uint32_t most = step->config.evidence_max[lane];

	if (atomic_load(&figures->evidence_waiting[lane]) < most &&
	    (lane != PIPELINE_PAGES || partner_has_room(step, partner)))
		return true;
	if (most > 0)
		figure_add(&figures->evidence_full[lane], 1);
	if (lane == PIPELINE_PAGES)
		refuse(step, most > 0 ? TG_BUSY : TG_UNKNOWN_OPERATION);
	return false;
}

/* How the archive is to divide what is asked for, if it is. */
static void
set_proof(const struct ledger_step *step, struct pipeline_job *job)
{
	const struct ledger_request *request = &job->request;

	memset(&job->archive_proof, 0, sizeof(job->archive_proof));
	if (!is_proof(job))
		return;
	job->archive_proof = (struct archive_proof_question){
		.is_asked = true,
		.divide = request->kind == REQUEST_COUNTERSIGN ? TG_DIVIDE_HOURS : request->divide,
		.basis = request->total_basis,
		.scope = request->total_scope,
		.owner = step->decision->answer.proof_owner,
		.selection = request->selection,
	};
}

/*
 * Send the job for evidence or a page, if it wants one and did not have its try.  False: answer it
 * now.
 */
static bool
ask_archive(struct ledger_step *step, struct pipeline_job *job)
{
	enum pipeline_archive_lane lane = archive_lane(job);
	const struct terminal_config *principal;
	bool is_pushed;

	if (!step->decision->answer.wants_archive || job->has_archive)
		return false;
	principal = ledger_terminal_find(step->config.ledger, job->request.principal);
	job->archive_partner = principal != NULL ? principal->partner : job->request.partner;
	if (!archive_has_room(step, lane, job->archive_partner))
		return false;
	job->archive_member = step->decision->answer.member;
	set_proof(step, job);
	job->archive_sequence = ledger_sequence(step->config.ledger);
	job->archive_utc_ms = step->now.utc_ms;
	job->archive_mono_us = clock_mono_us();
	if (lane == PIPELINE_PAGES)
		step->page_partners[page_count(step)] = job->archive_partner;
	is_pushed = queue_push(&step->evidence_out[lane], job);
	TG_ASSERT(is_pushed);
	atomic_fetch_add(&step->figures.evidence_waiting[lane], 1);
	waker_wake(step->config.evidence_waker);
	return true;
}

/* Decide and, if records may be made, carry out.  False: they may not, the answer says why. */
static bool
decide(struct ledger_step *step, const struct ledger_request *request)
{
	ledger_decide(step->config.ledger, request, &step->now, step->decision);
	if (step->decision->record_count == 0)
		return true;
	if (!step->config.has_room(step->config.context)) {
		refuse(step, TG_JOURNAL_FULL);
		figure_add(&step->figures.refused_full, 1);
		return false;
	}
	if (!clock_may_record(step->config.clock)) {
		refuse(step, TG_BUSY);
		figure_add(&step->figures.refused_clock, 1);
		return false;
	}
	carry_out(step);
	return true;
}

/* Evidence opens an original again, as a record of its own; then the request is decided anew. */
static void
decide_with_evidence(struct ledger_step *step, const struct ledger_request *request)
{
	for (uint32_t i = 0; i < LEDGER_STEP_DECISIONS_MAX; i++) {
		if (!decide(step, request) || !step->decision->answer.has_more)
			return;
	}
}

static void
decide_job(struct ledger_step *step, struct pipeline_job *job)
{
	struct ledger_request *request = &job->request;
	enum tg_status status = TG_OK;

	fix_now(step);
	step->decision->answer.kind = request->kind;
	if (request->kind == REQUEST_CLOCK && job->read == NULL)
		status = move_clock(step, request);
	if (job->read != NULL) {
		refuse(step, TG_OK);
		job->read(step->config.ledger, job->read_argument);
	} else if (status != TG_OK)
		refuse(step, status);
	else if (request->archived != NULL || request->archived_burn != NULL)
		decide_with_evidence(step, request);
	else if (decide(step, request) && ask_archive(step, job))
		return;
	figure_add(&step->figures.requests, 1);
	copy_answer(&job->answer, &step->decision->answer);
	job->wait_sequence = ledger_sequence(step->config.ledger);
	port_answer(job);
}

/* Is there room for so many decisions in the open batch, and for the notices they may bring? */
static bool
has_room(const struct ledger_step *step, const struct pipeline_port *from, uint32_t decisions)
{
	const struct open_batch *open = step->config.open;

	if (atomic_load(&open->number) == step->filled_batch &&
	    open->capacity_bytes - step->filled_bytes < decisions * LEDGER_STEP_ROOM_BYTES)
		return false;
	/* Only the console changes partners, stores and terminals. */
	for (uint32_t i = 0; from->config.is_control && i < step->config.port_count; i++) {
		if (queue_room(&step->config.ports[i].notices) < DECISION_RECORDS_MAX)
			return false;
	}
	return true;
}

/* The same; if not, the step is woken when there is. */
static bool
may_decide(struct ledger_step *step, const struct pipeline_port *from, uint32_t decisions)
{
	if (has_room(step, from, decisions))
		return true;
	atomic_store(&step->wants_room, true);
	return has_room(step, from, decisions);
}

static void
note_delay(struct ledger_step *step, const struct pipeline_job *job)
{
	int64_t now_us = clock_mono_us(), delay_us = now_us - job->queued_mono_us;

	histogram_add(&step->figures.delays, histogram_us, delay_us);
	if (now_us - step->told_tables_us >= TELL_TABLES_US) {
		step->told_tables_us = now_us;
		tell_tables(step);
	}
	if (delay_us > atomic_load_explicit(&step->figures.delay_us_max, memory_order_relaxed))
		atomic_store_explicit(&step->figures.delay_us_max, delay_us, memory_order_relaxed);
}

/*
 * Ask for what the next jobs of a lane will read, before one of them is decided: their first lines,
 * which another thread wrote, and what the ledger has for them, stage by stage.
 */
static void
look_ahead(const struct ledger_step *step, const struct pipeline_port *port,
	   enum pipeline_lane lane)
{
	const struct queue *queue = &port->lanes[lane];
	const struct pipeline_job *job = queue_peek(queue, LOOK_AHEAD_JOBS);

	if (job != NULL) {
		const uint8_t *line = (const uint8_t *)job;

		for (size_t at = 0; at < LOOK_AHEAD_BYTES; at += CACHE_LINE_BYTES)
			__builtin_prefetch(line + at);
	}
	for (uint32_t stage = 0; stage < LEDGER_PREFETCH_STAGES; stage++) {
		job = queue_peek(queue, LEDGER_PREFETCH_STAGES - stage);
		if (job != NULL && job->read == NULL)
			ledger_prefetch(step->config.ledger, &job->request, stage);
	}
}

/* Up to turn jobs of a lane.  False: no room, or the lane is empty. */
static bool
run_lane(struct ledger_step *step, struct pipeline_port *port, enum pipeline_lane lane,
	 uint32_t turn)
{
	for (uint32_t i = 0; i < turn; i++) {
		struct pipeline_job *job;

		if (!may_decide(step, port, 1))
			return false;
		job = port_next(port, lane);
		if (job == NULL)
			return false;
		if (i == 0)
			note_delay(step, job);
		look_ahead(step, port, lane);
		decide_job(step, job);
	}
	return true;
}

/* Jobs with evidence. */
static void
run_evidence(struct ledger_step *step)
{
	struct pipeline_job *job;

	while ((job = queue_front(&step->evidence_in)) != NULL &&
	       may_decide(step, job->port, LEDGER_STEP_DECISIONS_MAX)) {
		(void)queue_pop(&step->evidence_in);
		if (archive_lane(job) == PIPELINE_PAGES)
			forget_page(step, job->archive_partner);
		atomic_fetch_sub(&step->figures.evidence_waiting[archive_lane(job)], 1);
		decide_job(step, job);
	}
}

/*
 * Wake the ports that have answers which may be told at once; the journal thread sees to the
 * rest.
 */
static void
signal_ports(struct ledger_step *step)
{
	uint64_t durable_sequence = step->config.durable_sequence(step->config.context);

	for (uint32_t i = 0; i < step->config.port_count; i++) {
		struct pipeline_port *port = &step->config.ports[i];

		if (port->signal_at != PORT_NO_SIGNAL && port->signal_at <= durable_sequence)
			port_signal(port);
		port->signal_at = PORT_NO_SIGNAL;
	}
}

bool
ledger_step_run(struct ledger_step *step, int64_t until_mono_us)
{
	bool has_more;

	do {
		has_more = false;
		if (atomic_exchange(&step->wants_mark, false))
			ledger_step_leave_mark(step);
		run_evidence(step);
		for (uint32_t i = 0; i < step->config.port_count; i++)
			has_more |= run_lane(step, &step->config.ports[i], PIPELINE_TERMINAL,
					     TERMINAL_TURN);
		for (uint32_t i = 0; i < step->config.port_count; i++)
			has_more |= run_lane(step, &step->config.ports[i], PIPELINE_BATCH,
					     BATCH_TURN);
		table_set_settle(ledger_tables(step->config.ledger), SETTLED_ROWS_PER_ROUND);
		if (step->config.between != NULL)
			has_more |= step->config.between(step->config.between_context,
							 step->config.ledger);
		signal_ports(step);
	} while (has_more && clock_mono_us() < until_mono_us);
	return has_more;
}

bool
ledger_step_is_drained(const struct ledger_step *step)
{
	for (uint32_t i = 0; i < step->config.port_count; i++) {
		if (port_has_work(&step->config.ports[i]))
			return false;
	}
	return atomic_load(&step->figures.evidence_waiting[PIPELINE_ORIGINALS]) == 0 &&
	       atomic_load(&step->figures.evidence_waiting[PIPELINE_PAGES]) == 0;
}

void
ledger_step_leave_mark(struct ledger_step *step)
{
	struct batch_mark mark = { .sequence = ledger_sequence(step->config.ledger) };

	if (mark.sequence != step->config.durable_sequence(step->config.context))
		return;
	mark.hash = ledger_state_hash(step->config.ledger);
	mark.utc_ms = clock_now_utc_ms(step->config.clock);
	open_batch_set_mark(step->config.open, &mark);
	waker_wake(step->config.journal_waker);
}
