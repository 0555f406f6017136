/*
 * sim.c - a run: time, actions, and the calm at the end in which everything must come out right.
 */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "protocol/value.h"
#include "tests/sim/audit.h"
#include "tests/sim/coalition.h"
#include "tests/sim/damage.h"
#include "tests/sim/desk.h"
#include "tests/sim/model.h"
#include "tests/sim/node.h"
#include "tests/sim/settle.h"
#include "tests/sim/stranger.h"
#include "tests/sim/till.h"
#include "tests/sim/work.h"

#define DISK_BYTES (256 * 1024 * 1024)
#define ACTIONS_MIN 60
#define ACTIONS_SPAN 240
#define SETTING_UP 16 /* actions, many of them operators' */
#define CALM_MS 600000
#define CALLS_MAX 400 /* before the disk fails, at most */
#define MS 1000
#define HOUR_MS INT64_C(3600000)

static struct sim *running;

struct sim *
sim_running(void)
{
	return running;
}

int64_t
sim_wall_ms(const struct sim *sim)
{
	return sim->now_us / MS + SIM_START_DAY * SIM_DAY_MS;
}

void
sim_fail(struct sim *sim, const char *format, ...)
{
	va_list arguments;

	if (sim->is_failed)
		return;
	sim->is_failed = true;
	va_start(arguments, format);
	(void)vsnprintf(sim->why, sizeof(sim->why), format, arguments);
	va_end(arguments);
	sim_tell(sim, "FAILED: %s", sim->why);
}

void
sim_tell(struct sim *sim, const char *format, ...)
{
	FILE *story = sim->options.story;
	va_list arguments;

	if (story == NULL)
		return;
	fprintf(story, "%4u %12.3f s  ", sim->action, (double)sim->now_us / 1e6);
	va_start(arguments, format);
	vfprintf(story, format, arguments);
	va_end(arguments);
	fputc('\n', story);
}

void
sim_digest(struct sim *sim, uint64_t number)
{
	struct chance mix = { sim->figures->digest ^ number };

	sim->figures->digest = chance_next(&mix);
}

void
sim_count_status(struct sim *sim, const struct tg_message *answer)
{
	int64_t status = answer->code;

	if (answer->request_id == 0)
		status = tg_message_integer(answer, TG_FIELD_OUTCOME, TG_OK);
	if (status >= 0 && status < SIM_STATUSES)
		sim->figures->statuses[status]++;
}

uint32_t
sim_action_count(uint64_t seed)
{
	struct chance chance = chance_of(seed, 0);

	return (uint32_t)(ACTIONS_MIN + chance_below(&chance, ACTIONS_SPAN));
}

/* The process is gone: who saw to it does not matter here. */
static void
end_life(struct sim *sim, bool is_power_failure)
{
	sim_tell(sim, "%s", is_power_failure ? "power fails" : "the gateway is killed");
	node_end(sim, is_power_failure);
}

/* The tills take what has come, and send what is due.  True: there was something. */
static bool
run_tills(struct sim *sim)
{
	struct wire *wires[COALITION_TILLS + 1] = { &sim->stranger->wire };
	bool has_moved = false;

	for (uint32_t i = 0; i < COALITION_TILLS; i++)
		wires[i + 1] = &sim->tills[i].wire;
	wire_look(wires, COALITION_TILLS + 1);
	for (uint32_t i = 0; i < COALITION_TILLS; i++)
		till_run(sim, &sim->tills[i]);
	stranger_run(sim, sim->stranger);
	for (uint32_t i = 0; i <= COALITION_TILLS; i++) {
		has_moved |= wires[i]->has_moved;
		wires[i]->has_moved = false;
	}
	return has_moved;
}

/* Everything that happens at this moment. */
static void
settle(struct sim *sim)
{
	node_settle(sim);
	if (run_tills(sim)) {
		node_settle(sim);
		(void)run_tills(sim);
	}
	settle_run(sim);
	if (sim->node->is_dead) {
		sim->figures->disk_failures++;
		end_life(sim, chance_once_in(&sim->chance, 2));
	}
}

static int64_t
next_us(const struct sim *sim)
{
	int64_t next = node_next_us(sim);

	for (uint32_t i = 0; i < COALITION_TILLS; i++) {
		int64_t of_till = till_next_us(&sim->tills[i]);

		if (of_till < next)
			next = of_till;
	}
	if (stranger_next_us(sim->stranger) < next)
		next = stranger_next_us(sim->stranger);
	if (settle_next_us(sim) < next)
		next = settle_next_us(sim);
	return next;
}

void
sim_pass(struct sim *sim, int64_t ms)
{
	int64_t end_us = sim->now_us + ms * MS;

	settle(sim);
	while (!sim->is_failed && sim->now_us < end_us) {
		int64_t next = next_us(sim);

		if (next <= sim->now_us)
			next = sim->now_us + MS;
		sim->now_us = next < end_us ? next : end_us;
		settle(sim);
	}
}

void
sim_leap(struct sim *sim, int64_t ms)
{
	int64_t began_us;

	sim_pass(sim, 1);
	sim->is_leaping = true;
	began_us = sim->now_us;
	sim_tell(sim, "%.1f hours pass", (double)ms / 3600000);
	sim_pass(sim, ms);
	sim->is_leaping = false;
	sim->node->tick_us = sim->now_us;
	settle_hurry(sim);
	for (uint32_t i = 0; i < COALITION_TILLS; i++) {
		if (sim->tills[i].state == TILL_CLOSED)
			sim->tills[i].due_us = sim->now_us;
	}
	sim->figures->leaped_ms += (uint64_t)(sim->now_us - began_us) / MS;
}

/* ---- actions ---- */

static void
act_ask(struct sim *sim)
{
	int64_t count = chance_between(&sim->chance, 1, 6);

	while (count-- > 0) {
		struct till *till = &sim->tills[chance_below(&sim->chance, COALITION_TILLS)];

		work_ask(sim, till);
		if (chance_once_in(&sim->chance, 4))
			work_ask_again(sim, till);
	}
}

static void
act_power_failure(struct sim *sim)
{
	if (!sim->node->is_up)
		return;
	sim->figures->power_failures++;
	end_life(sim, true);
}

static void
act_kill(struct sim *sim)
{
	if (!sim->node->is_up)
		return;
	sim->figures->kills++;
	end_life(sim, false);
}

/* From some call on nothing works any more. */
static void
act_disk_failure(struct sim *sim)
{
	int64_t calls = chance_between(&sim->chance, 1, CALLS_MAX);

	sim_tell(sim, "the disk will fail after %d calls", (int)calls);
	sim_disk_fail_call(sim->disk, (uint64_t)calls, SIM_STICKY, TG_IO);
}

static void
act_snapshot(struct sim *sim)
{
	sim->node->is_snapshot_wanted = true;
}

static void
act_wait(struct sim *sim)
{
	sim_pass(sim, chance_between(&sim->chance, 1000, 120000));
}

/* A night, or days. */
static void
act_leap(struct sim *sim)
{
	int64_t hours = chance_once_in(&sim->chance, 3) ? 24 * chance_between(&sim->chance, 1, 14)
							 : chance_between(&sim->chance, 1, 20);

	sim_leap(sim, hours * HOUR_MS);
}

/* Nearly no room, until an operator makes some. */
static void
act_disk_full(struct sim *sim)
{
	sim->is_disk_full = !sim->is_disk_full;
	sim_tell(sim, "the disk %s", sim->is_disk_full ? "is full" : "has room");
	sim->figures->full_disks += sim->is_disk_full;
	sim_disk_set_capacity(sim->disk,
			      sim->is_disk_full
				      ? sim_disk_used_bytes(sim->disk) +
						(uint64_t)chance_below(&sim->chance, 3000000)
				      : DISK_BYTES);
}

static void
act_disk_slow(struct sim *sim)
{
	sim->slow_until_us = sim->now_us + chance_between(&sim->chance, 1000, 40000) * MS;
	sim->figures->slow_disks++;
	sim_tell(sim, "the disk is slow");
}

static void
act_damage(struct sim *sim)
{
	act_kill(sim);
	if (!sim->node->is_up)
		damage_try(sim);
}

/* The wall clock jumps; or it is right again. */
static void
act_clock_jump(struct sim *sim)
{
	sim->figures->clock_jumps++;
	sim->wall_error_ms = chance_once_in(&sim->chance, 3)
				     ? 0
				     : chance_between(&sim->chance, -7200000, 7200000);
	sim_tell(sim, "the wall clock is %d s off", (int)(sim->wall_error_ms / 1000));
}

static void
act_stop(struct sim *sim)
{
	if (!sim->node->is_up || sim->node->is_dead)
		return;
	sim->figures->stops++;
	node_stop(sim);
}

static void
act_stranger(struct sim *sim)
{
	sim->figures->strangers++;
	stranger_call(sim, sim->stranger);
}

static void
act_fail_over(struct sim *sim)
{
	sim->figures->failovers++;
	settle_fail_over(sim);
}

static void
act_desk(struct sim *sim)
{
	sim->figures->desk_acts++;
	desk_act(sim);
}

static const struct {
	int64_t share;
	void (*act)(struct sim *sim);
} actions[] = {
	{ 240, act_ask },	{ 3, act_power_failure }, { 3, act_kill },
	{ 3, act_disk_failure }, { 8, act_snapshot },	  { 8, act_wait },
	{ 6, act_leap },	{ 4, act_disk_full },	  { 3, act_disk_slow },
	{ 4, act_damage },	{ 3, act_clock_jump },	  { 3, act_stop },
	{ 8, act_stranger },	{ 20, act_desk },
	{ 4, act_fail_over },
};

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static void
act(struct sim *sim)
{
	int64_t drawn, sum = 0;
	size_t which = 0;

	if (!sim->node->is_up && !node_start(sim) && !sim->is_failed)
		end_life(sim, chance_once_in(&sim->chance, 2));
	if (sim->is_failed)
		return;
	if (!chance_once_in(&sim->chance, 3))
		desk_accept_clock(sim);
	for (size_t i = 0; i < ACTIONS; i++)
		sum += actions[i].share;
	drawn = chance_below(&sim->chance, sum);
	while (drawn >= actions[which].share)
		drawn -= actions[which++].share;
	/* At first much is set up. */
	if (sim->action <= SETTING_UP && chance_once_in(&sim->chance, 2))
		act_desk(sim);
	else
		actions[which].act(sim);
	sim_pass(sim, chance_between(&sim->chance, 1, 3000));
}

/* No more faults: everybody gets an answer, and it is right. */
static void
come_to_rest(struct sim *sim)
{
	sim_tell(sim, "calm");
	sim->is_calm = true;
	sim_disk_fail_call(sim->disk, 0, SIM_ONCE, TG_IO);
	sim_disk_set_capacity(sim->disk, DISK_BYTES);
	sim->is_disk_full = false;
	sim->slow_until_us = sim->wall_error_ms = 0;
	if (sim->node->is_dead)
		end_life(sim, false);
	if (!sim->node->is_up && !node_start(sim) && !sim->is_failed)
		sim_fail(sim, "no start though all is well: %s", sim->node->error.text);
	if (!sim->is_failed) {
		sim_pass(sim, 5000);
		desk_accept_clock(sim);
		desk_restore(sim);
		sim_pass(sim, CALM_MS);
	}
	for (uint32_t i = 0; i < COALITION_TILLS && !sim->is_failed; i++) {
		if (sim->tills[i].pending_count > 0)
			sim_fail(sim, "till %u never got an answer to #%u",
				 sim->tills[i].terminal, sim->tills[i].pending[0]->index);
	}
	if (!sim->is_failed)
		audit_rest(sim);
	if (!sim->is_failed)
		settle_compare(sim);
	for (uint32_t i = 0; i < sim->asked_count && !sim->is_failed; i++) {
		if (sim->asked[i]->is_booked && !sim->asked[i]->is_told)
			sim_tell(sim, "#%u is booked, and its till does not know", i);
	}
}

static void
begin(struct sim *sim, const struct sim_options *options)
{
	memset(sim, 0, sizeof(*sim));
	sim->options = *options;
	sim->figures = options->figures;
	sim->chance = chance_of(options->seed, 0);
	sim->now_us = 1000000;
	sim->disk = sim_disk_new(options->seed, DISK_BYTES);
	sim_disk_io(sim->disk, &sim->io);
	sim->coalition = calloc(1, sizeof(*sim->coalition));
	sim->tills = calloc(COALITION_TILLS, sizeof(*sim->tills));
	sim->stranger = calloc(1, sizeof(*sim->stranger));
	TG_ASSERT(sim->coalition != NULL && sim->tills != NULL && sim->stranger != NULL);
	sim->stranger->wire.fd = -1;
	coalition_draw(sim->coalition, &sim->chance);
	sim->node = node_new(sim);
	sim->settle = settle_new(sim);
	sim->model = model_new();
	sim->audit = audit_new(sim);
	for (uint32_t i = 0; i < COALITION_TILLS; i++)
		till_init(sim, &sim->tills[i], i);
}

static void
end(struct sim *sim)
{
	for (uint32_t i = 0; i < COALITION_TILLS; i++)
		till_deinit(&sim->tills[i]);
	node_end(sim, false);
	settle_free(sim->settle);
	audit_free(sim->audit);
	model_free(sim->model);
	node_free(sim->node);
	for (uint32_t i = 0; i < sim->asked_count; i++)
		free(sim->asked[i]);
	free(sim->asked);
	wire_close(&sim->stranger->wire);
	free(sim->stranger);
	free(sim->tills);
	free(sim->coalition);
	sim_disk_free(sim->disk);
}

bool
sim_run(const struct sim_options *options, char *why)
{
	struct sim sim;
	uint32_t count = sim_action_count(options->seed);

	begin(&sim, options);
	running = &sim;
	for (uint32_t i = 0; i < count && !sim.is_failed; i++) {
		sim.action = i + 1;
		sim.chance = chance_of(options->seed, sim.action);
		if (options->is_left_out == NULL || !options->is_left_out[i])
			act(&sim);
	}
	sim.action = count + 1;
	sim.chance = chance_of(options->seed, sim.action);
	if (!sim.is_failed)
		come_to_rest(&sim);
	sim.figures->seeds++;
	sim.figures->failures += sim.is_failed;
	sim.figures->simulated_ms += (uint64_t)(sim.now_us / MS);
	memcpy(why, sim.why, sizeof(sim.why));
	end(&sim);
	running = NULL;
	return !sim.is_failed;
}
