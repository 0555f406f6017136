/*
 * node.c - the gateway of a run.
 */
#include "tests/sim/node.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/cut_off.h"
#include "gateway/fleet.h"
#include "gateway/log.h"
#include "gateway/pipeline.h"
#include "gateway/zone.h"
#include "protocol/assert.h"
#include "tests/sim/archive.h"
#include "tests/sim/audit.h"
#include "tests/sim/coalition.h"
#include "tests/sim/settle.h"
#include "tests/sim/sim.h"

#define TICK_US 1000000
#define LEAPING_TICK_US INT64_C(900000000)
#define SLOW_US 6000000 /* of a write, while the disk is slow */
#define UPKEEP_US 3000000
#define QUIET_TURNS 2
#define ASK_ROUNDS_MAX 100

int64_t __wrap_clock_mono_us(void);

/* What cannot be had here is no finding. */
static void
must(bool is_so)
{
	TG_ASSERT(is_so);
}

/* Linked in place of clock_mono_us(): the machine's time is the simulation's. */
int64_t
__wrap_clock_mono_us(void)
{
	return sim_running()->now_us;
}

static int64_t
wall_ms(void *context)
{
	const struct sim *sim = context;

	return sim_wall_ms(sim) + sim->wall_error_ms;
}

static int64_t
boot_ms(void *context)
{
	return ((struct sim *)context)->now_us / 1000;
}

static void
fill_secret(struct secret *secret, int byte)
{
	secret->bytes = SECRET_BYTES_MIN;
	secret->base = malloc(SECRET_BYTES_MAX);
	TG_ASSERT(secret->base != NULL);
	memset(secret->base, byte, secret->bytes);
}

struct node *
node_new(struct sim *sim)
{
	struct node *node = calloc(1, sizeof(*node));

	TG_ASSERT(node != NULL);
	node->config = config_new();
	node->log = log_new(&(struct log_options){ .fd = open("/dev/null", O_WRONLY | O_CLOEXEC),
						   .level = LEVEL_ERROR });
	TG_ASSERT(node->config != NULL && node->log != NULL);
	must(zone_new("UTC", &node->zone) == TG_OK);
	node->config->limits_connections = 128;
	memcpy(node->auth_keys.instance, "sim", sizeof("sim"));
	fill_secret(&node->auth_keys.master, 'm');
	fill_secret(&node->identifier_keys.newer, 'i');
	node->identifier_keys.newer_number = 1;
	node->recovery_config.journal = (struct journal_config){
		.io = &sim->io,
		.directory = NODE_DIRECTORY,
		.archive_directory = NODE_DIRECTORY "/archive",
		.instance = "sim",
		.segment_bytes = 2 * 1024 * 1024,
		.low_water_bytes = 1024 * 1024,
		.reserve_bytes = 512 * 1024,
	};
	node->recovery_config.is_inline = true;
	node->recovery_config.limits = sim->coalition->limits;
	return node;
}

void
node_free(struct node *node)
{
	log_free(node->log);
	zone_free(node->zone);
	secret_deinit(&node->auth_keys.master);
	secret_deinit(&node->identifier_keys.newer);
	config_free(node->config);
	free(node);
}

static void
on_dead(void *context, const struct storage_error *error)
{
	struct sim *sim = context;

	sim->node->is_dead = true;
	sim_tell(sim, "the journal is lost: %s", error->text);
}

/* Between requests: a slice of the snapshot that is being made, if one is. */
static bool
between(void *context, struct ledger *ledger)
{
	struct sim *sim = context;
	struct node *node = sim->node;
	enum snapshot_phase phase = snapshot_phase(node->snapshot);

	if (phase == SNAPSHOT_IDLE) {
		if (!node->is_snapshot_wanted)
			return false;
		node->is_snapshot_wanted = false;
		(void)!snapshot_begin(node->snapshot, ledger_sequence(ledger), NULL, 0);
	}
	snapshot_finish(node->snapshot, pipeline_durable_sequence(node->pipeline));
	phase = snapshot_step(node->snapshot, 0);
	if (phase == SNAPSHOT_IDLE && snapshot_result(node->snapshot)->status == TG_OK) {
		sim->figures->snapshots++;
		sim_tell(sim, "snapshot of %llu",
			 (unsigned long long)snapshot_result(node->snapshot)->sequence);
	}
	return phase == SNAPSHOT_COPYING;
}

/* The parts that a life has besides what recovery brought. */
static void
make_parts(struct sim *sim)
{
	struct node *node = sim->node;
	const struct snapshot_config snapshot = {
		.io = &sim->io,
		.directory = NODE_DIRECTORY,
		.instance = "sim",
		.set = ledger_tables(node->recovery.ledger),
		.block_bytes = SNAPSHOT_BLOCK_BYTES_MIN,
		.is_inline = true,
	};
	const struct pipeline_config pipeline = {
		.ledger = node->recovery.ledger,
		.journal = node->recovery.journal,
		.clock = &node->clock,
		.zone = node->zone,
		.io_threads = 1,
		.is_inline = true,
		.requests_max = 64,
		.requests_reserved = 16,
		.between = between,
		.archive = archive_original,
		.page = archive_pages,
		.archive_context = sim,
		.archive_max = 4,
		.pages_max = 4,
		.on_dead = on_dead,
		.context = sim,
	};
	struct io_options io = {
		.count = 1,
		.config = node->config,
		.auth_keys = &node->auth_keys,
		.identifier_keys = &node->identifier_keys,
		.census = &node->census,
		.log = node->log,
		.all = node->all,
		.mono_ms = boot_ms,
		.context = sim,
	};

	clock_start(&node->clock, (struct clock_source){ wall_ms, boot_ms, sim }, false,
		    ledger_booked_at_utc_ms(node->recovery.ledger), INT64_MIN);
	node->snapshot = snapshot_new(&snapshot);
	TG_ASSERT(node->snapshot != NULL);
	must(pipeline_new(&pipeline, &node->pipeline) == TG_OK);
	must(census_init(&node->census, 100) == TG_OK);
	must(fleet_new(100, &node->fleet) == TG_OK);
	io.fleet = node->fleet;
	io.pipeline = node->pipeline;
	io.port = pipeline_io_port(node->pipeline, 0);
	must(io_new(&io, &node->io) == TG_OK);
	node->all[0] = node->io;
}

/* The journal has something to write: the disk takes its time. */
static void
begin_write(struct sim *sim)
{
	struct node *node = sim->node;

	if (node->journal_us == 0)
		node->journal_us = sim->now_us + chance_between(&sim->chance, 100, 20000) +
				   (sim->slow_until_us > sim->now_us
					    ? chance_between(&sim->chance, 0, SLOW_US)
					    : 0);
}

/* Do the journal's turns that are due; tell the audit what is durable. */
static void
write_journal(struct sim *sim)
{
	struct node *node = sim->node;
	enum pipeline_turn turn;
	uint64_t before;

	if (node->journal_us == 0 || node->journal_us > sim->now_us || node->is_dead)
		return;
	node->journal_us = 0;
	before = pipeline_durable_sequence(node->pipeline);
	turn = pipeline_turn(node->pipeline);
	if (pipeline_durable_sequence(node->pipeline) != before)
		node->batch_before = before;
	switch (turn) {
	case PIPELINE_TURN_WORKED:
		begin_write(sim);
		break;
	case PIPELINE_TURN_FULL:
		node->journal_us = sim->now_us + 100000;
		break;
	case PIPELINE_TURN_IDLE:
		if (chance_once_in(&sim->chance, 3))
			pipeline_rest(node->pipeline);
		break;
	case PIPELINE_TURN_DEAD:
		break;
	}
	if (!node->is_dead)
		audit_follow(sim);
}

/* Take what came back to the control port. */
static void
take_control(struct sim *sim)
{
	struct pipeline_port *port = pipeline_control_port(sim->node->pipeline);
	struct pipeline_job *job;
	struct pipeline_notice notice;

	while ((job = pipeline_job_done(port)) != NULL) {
		if (job->session == 0) {
			sim->node->is_asking = false;
			if (job->answer.status == TG_OK &&
			    (job->answer.has_more || job->request.kind == REQUEST_CUTOVER))
				sim->node->tick_us = sim->now_us;
		} else
			*(int *)(uintptr_t)job->session = job->answer.status;
		pipeline_job_give(port, job);
	}
	while (pipeline_notice_next(port, &notice))
		continue;
}

/* A second has passed: what the gateway asks by itself. */
static void
tick(struct sim *sim)
{
	struct node *node = sim->node;
	struct pipeline_port *port = pipeline_control_port(node->pipeline);
	int32_t date = pipeline_business_date(node->pipeline);
	uint8_t kind = REQUEST_TICK;
	struct pipeline_job *job;

	if (node->is_asking || node->tick_us > sim->now_us)
		return;
	node->tick_us = sim->now_us + (sim->is_leaping ? LEAPING_TICK_US : TICK_US);
	if (!pipeline_may_record(node->pipeline))
		return;
	if (date == DAY_NONE ||
	    date < cut_off_date(node->zone, 0, pipeline_utc_ms(node->pipeline)))
		kind = REQUEST_CUTOVER;
	job = pipeline_job_take(port, kind);
	if (job == NULL)
		return;
	job->session = 0;
	job->lane = PIPELINE_BATCH;
	if (pipeline_submit(port, job) != TG_OK)
		pipeline_job_give(port, job);
	else
		node->is_asking = true;
	pipeline_flush(port);
}

/* What the helper thread does: segments ahead, old snapshots and segments out of the way. */
static void
keep_up(struct sim *sim)
{
	struct node *node = sim->node;
	struct snapshot_list list = { .count = 0 };
	struct storage_error error;
	uint32_t count;

	if (node->upkeep_us > sim->now_us)
		return;
	node->upkeep_us = sim->now_us + UPKEEP_US;
	(void)!journal_tend(node->recovery.journal, &error);
	(void)!snapshot_prune(&sim->io, NODE_DIRECTORY, SNAPSHOT_KEEP_MIN, &error);
	if (snapshot_list(&sim->io, NODE_DIRECTORY, &list, &error) == TG_OK && list.count > 1)
		(void)!journal_archive(node->recovery.journal, list.sequences[1] + 1, &count,
				       &error);
}

void
node_settle(struct sim *sim)
{
	struct node *node = sim->node;

	if (!node->is_up)
		return;
	tick(sim);
	keep_up(sim);
	for (int quiet = 0; quiet < QUIET_TURNS && !node->is_dead; quiet++) {
		write_journal(sim);
		io_turn(node->io, false);
		take_control(sim);
		if (!TAILQ_EMPTY(&node->io->work) || !TAILQ_EMPTY(&node->io->handshake))
			quiet = 0;
	}
	if (ledger_sequence(node->recovery.ledger) !=
	    pipeline_durable_sequence(node->pipeline))
		begin_write(sim);
}

int64_t
node_next_us(const struct sim *sim)
{
	const struct node *node = sim->node;

	if (!node->is_up || node->is_dead)
		return INT64_MAX;
	return node->journal_us != 0 && node->journal_us < node->tick_us ? node->journal_us
									   : node->tick_us;
}

int
node_ask(struct sim *sim, struct ledger_request *request)
{
	struct node *node = sim->node;
	struct pipeline_port *port = pipeline_control_port(node->pipeline);
	struct pipeline_job *job = pipeline_job_take(port, request->kind);
	int status = -1;

	TG_ASSERT(job != NULL);
	if (request->operator_name[0] == 0)
		memcpy(request->operator_name, "sim", sizeof("sim"));
	job->request = *request;
	job->session = (uintptr_t)&status;
	if (pipeline_submit(port, job) != TG_OK) {
		pipeline_job_give(port, job);
		return TG_BUSY;
	}
	pipeline_flush(port);
	for (int round = 0; status == -1 && !node->is_dead; round++) {
		TG_ASSERT(round < ASK_ROUNDS_MAX);
		node_settle(sim);
		if (node->journal_us > sim->now_us)
			sim->now_us = node->journal_us;
	}
	return status;
}

/* Set what the ledger does not have.  False: the node died. */
static bool
found(struct sim *sim)
{
	const struct coalition *c = sim->coalition;
	const struct ledger *ledger = sim->node->recovery.ledger;
	struct ledger_request q = { .kind = REQUEST_SET_PROGRAMME };
	int status = TG_OK;

	q.programme = c->programme;
	if (ledger_programme(ledger)->version == 0)
		status = node_ask(sim, &q);
	q.kind = REQUEST_CUTOVER;
	if (status == TG_OK && ledger_business_date(ledger) == DAY_NONE)
		status = node_ask(sim, &q);
	for (uint32_t i = 0; status == TG_OK && i < COALITION_PARTNERS; i++) {
		q.kind = REQUEST_SET_PARTNER;
		q.partner_image = c->partners[i];
		if (ledger_partner_find(ledger, q.partner_image.number) == NULL)
			status = node_ask(sim, &q);
		q.kind = REQUEST_SET_STORE;
		q.store_image = c->stores[i];
		if (status == TG_OK && ledger_store_find(ledger, q.store_image.number) == NULL)
			status = node_ask(sim, &q);
	}
	for (uint32_t i = 0; status == TG_OK && i < COALITION_PARTNERS; i++) {
		q.kind = REQUEST_ADD_RULE;
		q.rule = c->rules[i];
		if (ledger_rule_newest(ledger, q.rule.partner) == NULL)
			status = node_ask(sim, &q);
	}
	for (uint32_t i = 0; status == TG_OK && i < COALITION_TILLS; i++) {
		q.kind = REQUEST_SET_TERMINAL;
		q.terminal_image = c->terminals[i];
		if (ledger_terminal_find(ledger, q.terminal_image.number) == NULL)
			status = node_ask(sim, &q);
	}
	if (status != TG_OK && status != -1 && status != TG_BUSY && status != TG_JOURNAL_FULL)
		sim_fail(sim, "founding: %s", tg_status_name((enum tg_status)status));
	return status != -1;
}

bool
node_start(struct sim *sim)
{
	struct node *node = sim->node;
	enum tg_status status;

	TG_ASSERT(!node->is_up);
	node->recovery_config.journal.salt = chance_next(&sim->chance);
	node->is_dead = node->is_asking = node->is_snapshot_wanted = false;
	node->journal_us = 0;
	node->tick_us = node->upkeep_us = sim->now_us;
	memset(&node->error, 0, sizeof(node->error));
	memset(&node->recovery, 0, sizeof(node->recovery));
	sim->figures->lives++;
	status = recovery_run(&node->recovery_config, &node->recovery, &node->error);
	if (status != TG_OK) {
		memset(&node->recovery, 0, sizeof(node->recovery));
		sim_tell(sim, "no start: %s", node->error.text);
		sim->figures->statuses[status]++;
		if (!sim_disk_has_failed(sim->disk) &&
		    !(sim->is_disk_full && status == TG_JOURNAL_FULL))
			sim_fail(sim, "recovery: %s", node->error.text);
		return false;
	}
	make_parts(sim);
	node->is_up = true;
	sim_tell(sim, "the gateway starts, with %llu records",
		 (unsigned long long)ledger_sequence(node->recovery.ledger));
	/* What was found in the files beyond what was told may lack its mark, too. */
	if (node->batch_before > node->recovery.opened.last_sequence)
		node->batch_before = node->recovery.opened.last_sequence;
	audit_begin(sim);
	settle_begin(sim);
	return found(sim) && !node->is_dead;
}

void
node_end(struct sim *sim, bool is_power_failure)
{
	struct node *node = sim->node;

	/* A process that dies does not tidy up: what these still write is to fail. */
	sim_disk_fail_call(sim->disk, 1, SIM_STICKY, TG_IO);
	if (node->is_up) {
		audit_end(sim);
		settle_end(sim);
		io_free(node->io);
		pipeline_free(node->pipeline);
		snapshot_free(node->snapshot);
		journal_close(node->recovery.journal);
		ledger_free(node->recovery.ledger);
		census_deinit(&node->census);
		fleet_free(node->fleet);
	}
	node->is_up = node->is_dead = false;
	sim_disk_fail_call(sim->disk, 0, SIM_ONCE, TG_IO);
	if (is_power_failure)
		sim_disk_crash(sim->disk);
	else
		sim_disk_kill(sim->disk);
}

void
node_stop(struct sim *sim)
{
	struct node *node = sim->node;

	io_drain(node->io);
	pipeline_drain(node->pipeline);
	sim_pass(sim, 1000);
	for (int round = 0; node->is_up && !node->is_dead && round < ASK_ROUNDS_MAX; round++) {
		if (ledger_sequence(node->recovery.ledger) ==
		    pipeline_durable_sequence(node->pipeline))
			break;
		node->journal_us = sim->now_us;
		node_settle(sim);
	}
	if (!node->is_up || node->is_dead)
		return;
	if (pipeline_stop(node->pipeline) == TG_OK)
		audit_follow(sim);
	sim_tell(sim, "the gateway stops");
	node_end(sim, false);
}

int
node_connect(struct sim *sim, const char *from)
{
	struct node *node = sim->node;
	struct address address;
	int fds[2];

	if (!node->is_up || node->is_dead)
		return -1;
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	must(address_parse(from, &address) == TG_OK);
	if (!census_enter(&node->census.connections, 128)) {
		close(fds[0]);
		close(fds[1]);
		return -1;
	}
	must(io_adopt(node->io, fds[0], &address, false) == TG_OK);
	return fds[1];
}
