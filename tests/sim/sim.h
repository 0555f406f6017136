/*
 * sim.h - a whole coalition in one thread: gateway, disk, clock, network and tills, by one seed.
 *
 * A run is a list of actions, each with chance of its own, so that leaving one out does not change
 * the others: that is how the history of a failing seed is shortened.  Time passes only where an
 * action lets it.
 */
#ifndef TG_TESTS_SIM_SIM_H
#define TG_TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "storage/io.h"
#include "tests/sim/chance.h"
#include "tests/storage/sim_disk.h"

#define SIM_ACTIONS_MAX 4096
#define SIM_STATUSES 256
#define SIM_CARD_BYTES 96
#define SIM_MEMBERS 20	  /* cards that tills read */
#define SIM_WHY_BYTES 700
#define SIM_START_DAY 19814 /* 2024-04-01 */
#define SIM_DAY_MS INT64_C(86400000)

struct asked;
struct audit;
struct coalition;
struct model;
struct node;
struct settle;
struct stranger;
struct till;

/* What runs come to, added up over seeds. */
struct sim_figures {
	uint64_t seeds, failures;
	uint64_t simulated_ms, leaped_ms; /* in all, and of it with nobody about */
	uint64_t requests;	 /* sent for the first time */
	uint64_t sends;		 /* frames that tills sent */
	uint64_t answers;	 /* that tills got */
	uint64_t records;	 /* durable, and held against the model */
	uint64_t replays;	 /* outcomes told again */
	uint64_t lives;		 /* of the gateway */
	uint64_t power_failures, kills, disk_failures;
	uint64_t snapshots;
	uint64_t damages, damages_named; /* tried on copies of the disk; refused for it */
	uint64_t full_disks, slow_disks, clock_jumps, stops, strangers, desk_acts;
	uint64_t database_faults, failovers;
	uint64_t originals, pages; /* that the database told of the past */
	uint64_t statuses[SIM_STATUSES];	/* of answers, by number */
	uint64_t kinds[SIM_STATUSES];		/* of records, by number */
	uint64_t digest; /* of all records and answers: the same for the same seed */
};

/* How to run. */
struct sim_options {
	uint64_t seed;
	const uint8_t *is_left_out; /* of each action; NULL: none */
	FILE	*story;		    /* a line for each thing that happens; NULL: no story */
	struct sim_figures *figures;
};

struct sim {
	struct sim_options options;
	struct sim_figures *figures; /* options.figures */
	struct chance chance;	     /* of the action under way */
	uint32_t action;	     /* which */
	int64_t	 now_us;	     /* since the machine's start; never falls */
	int64_t	 wall_error_ms;	     /* what the gateway's wall clock shows too much; jumps */
	bool	 is_leaping;	     /* hours pass in which nobody does anything */
	bool	 is_disk_full;	     /* but for what an operator frees */
	int64_t	 slow_until_us;	     /* the disk takes seconds */
	char	 blocked_card[SIM_CARD_BYTES]; /* that an operator blocked or unblocked last */
	char	 replacing_card[SIM_CARD_BYTES]; /* that an operator linked for a lost one last */
	struct sim_disk *disk;
	struct storage_io io;
	struct coalition *coalition;
	struct node *node;
	struct till *tills; /* coalition's number of them */
	struct settle *settle;
	struct stranger *stranger;
	struct model *model;
	struct audit *audit;
	struct asked **asked; /* every request; owned */
	uint32_t asked_count, asked_capacity;
	bool	 is_calm;    /* no more faults: what was begun comes to its end */
	bool	 is_failed;
	char	 why[SIM_WHY_BYTES];
};

/* Run a seed.  False: something was not as it should be; why, of SIM_WHY_BYTES, says what. */
bool sim_run(const struct sim_options *options, char *why);

/* How many actions a seed has. */
uint32_t sim_action_count(uint64_t seed);

/* Let the run fail; the first reason stays. */
void sim_fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Tell a line of the story. */
void sim_tell(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Let time pass, with all that happens in it. */
void sim_pass(struct sim *sim, int64_t ms);

/* The same, hours in which nobody asks anything. */
void sim_leap(struct sim *sim, int64_t ms);

/* Count the status of an answer, or the reason of a notice. */
struct tg_message;
void sim_count_status(struct sim *sim, const struct tg_message *answer);

/* What happened goes into the digest of the run. */
void sim_digest(struct sim *sim, uint64_t number);

/* Wall time, ms UTC: what a good clock shows. */
int64_t sim_wall_ms(const struct sim *sim);

/* For the parts: the running simulation, whose clock is the machine's. */
struct sim *sim_running(void);

#endif
