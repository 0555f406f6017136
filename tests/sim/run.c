/*
 * run.c - seeds of the simulation: run them, count, and shorten the history of one that fails.
 *
 *	tests/sim/run				the short form; prints TAP
 *	tests/sim/run --seed N [--story]	one seed; a failing one is told, shortened
 *	tests/sim/run --seeds A-B		all of them
 *	tests/sim/run --for SECONDS [--from N]	as many as fit
 *	tests/sim/run ... -jN			in N processes side by side
 *
 * Each seed runs in a process of its own, so that an assertion of the gateway is a failure like any
 * other and takes nothing with it.
 */
#include <assert.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol/assert.h"
#include "protocol/status.h"
#include "tests/sim/sim.h"

#define SHORT_SEEDS 20
#define SHRINK_RUNS_MAX 300
#define SHORT_SHRINK_RUNS_MAX 60
#define FAILURES_MAX 5 /* then it is enough */
#define WORKERS_MAX 64
#define HEAP_STEP_BYTES (32 * 1024 * 1024)

/* What a child tells its parent. */
struct shared {
	struct sim_figures figures;
	uint8_t is_left_out[SIM_ACTIONS_MAX];
	char why[SIM_WHY_BYTES];
};

/* Statuses that no run can come to, and why. */
static const struct {
	enum tg_status status;
	const char *why;
} unseen[] = {
	{ TG_BAD_VERSION, "version 1 is the lowest" },
	{ TG_IO, "a lost journal is no answer" },
	{ TG_TIMEOUT, "said by the client library; the archive's is told as ORIGINAL_ARCHIVED" },
	{ TG_FENCED, "one process" },
	{ TG_CLOSED, "said by the client library" },
	{ TG_NO_MEMORY, "memory is taken at the start" },
};

static struct shared *shared; /* of this process and its children */

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Run a seed, in a child.  True: all was well. */
static bool
run_seed(uint64_t seed, FILE *story)
{
	const struct sim_options options = {
		.seed = seed,
		.is_left_out = shared->is_left_out,
		.story = story,
		.figures = &shared->figures,
	};
	int status = 0;
	pid_t child;

	fflush(NULL);
	(void)snprintf(shared->why, sizeof(shared->why), "the process died");
	child = fork();
	TG_ASSERT(child >= 0);
	if (child == 0) {
		bool is_right = sim_run(&options, shared->why);

		if (story != NULL)
			fflush(story);
		_exit(is_right ? 0 : 1);
	}
	if (waitpid(child, &status, 0) != child)
		return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Leave out the actions [first, first + count); keep them out if the seed still fails. */
static bool
try_without(uint64_t seed, uint32_t first, uint32_t count)
{
	uint8_t before[SIM_ACTIONS_MAX];

	memcpy(before, shared->is_left_out, sizeof(before));
	memset(shared->is_left_out + first, 1, count);
	if (memcmp(before, shared->is_left_out, sizeof(before)) != 0 && !run_seed(seed, NULL))
		return true;
	memcpy(shared->is_left_out, before, sizeof(before));
	return false;
}

/* Fewer and fewer actions that still fail, and their story. */
static void
shrink(uint64_t seed, uint32_t runs_max)
{
	const uint32_t count = sim_action_count(seed);
	struct sim_figures figures = shared->figures;
	uint32_t runs = 0, kept = 0;

	for (uint32_t part = (count + 1) / 2; part > 0; part /= 2) {
		for (uint32_t first = 0; first < count && runs < runs_max; first += part) {
			uint32_t left = count - first;

			(void)try_without(seed, first, part < left ? part : left);
			runs++;
		}
	}
	for (uint32_t i = 0; i < count; i++)
		kept += !shared->is_left_out[i];
	printf("# seed %" PRIu64 ", %u of %u actions (%u runs):\n", seed, kept, count, runs);
	(void)run_seed(seed, stdout);
	printf("# seed %" PRIu64 ": %s\n", seed, shared->why);
	memset(shared->is_left_out, 0, sizeof(shared->is_left_out));
	shared->figures = figures;
}

/* NULL: it should have been. */
static const char *
why_unseen(uint32_t status)
{
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
		if ((uint32_t)unseen[i].status == status)
			return unseen[i].why;
	}
	return NULL;
}

static void
report(int64_t took_ms)
{
	const struct sim_figures *f = &shared->figures;
	double hours = (double)(f->simulated_ms - f->leaped_ms) / 3600000.0;

	printf("# %" PRIu64 " seeds, %" PRIu64 " failures; %" PRIu64 " requests, %" PRIu64
	       " frames, %" PRIu64 " answers, %" PRIu64 " told again, %" PRIu64 " records\n",
	       f->seeds, f->failures, f->requests, f->sends, f->answers, f->replays, f->records);
	printf("# %" PRIu64 " lives: %" PRIu64 " power failures, %" PRIu64 " kills, %" PRIu64
	       " disk failures; %" PRIu64 " snapshots\n",
	       f->lives, f->power_failures, f->kills, f->disk_failures, f->snapshots);
	printf("# %" PRIu64 " damages on copies, %" PRIu64 " of them named; %" PRIu64
	       " full and %" PRIu64 " slow disks; %" PRIu64 " clock jumps, %" PRIu64
	       " stops, %" PRIu64 " strangers, %" PRIu64 " acts of operators\n",
	       f->damages, f->damages_named, f->full_disks, f->slow_disks, f->clock_jumps,
	       f->stops, f->strangers, f->desk_acts);
	printf("# %" PRIu64 " faults of the database, %" PRIu64
	       " times it was away; it told %" PRIu64 " originals and %" PRIu64 " pages\n",
	       f->database_faults, f->failovers, f->originals, f->pages);
	printf("# %.1f hours at work and %.0f in which nobody asked, in %.1f s: %.0f hours at work"
	       " in an hour\n",
	       hours, (double)f->leaped_ms / 3600000.0, (double)took_ms / 1000,
	       took_ms > 0 ? hours * 3600000.0 / (double)took_ms : 0);
	printf("# statuses:");
	for (uint32_t i = 0; i < SIM_STATUSES; i++) {
		if (f->statuses[i] > 0)
			printf(" %s %" PRIu64, tg_status_name((enum tg_status)i), f->statuses[i]);
	}
	printf("\n# never seen:");
	for (uint32_t i = 0; i < SIM_STATUSES; i++) {
		if (tg_status_is_known(i) && f->statuses[i] == 0 && why_unseen(i) == NULL)
			printf(" %s", tg_status_name((enum tg_status)i));
	}
	printf("\n# not to be seen here:");
	for (uint32_t i = 0; i < SIM_STATUSES; i++) {
		if (f->statuses[i] == 0 && why_unseen(i) != NULL)
			printf(" %s (%s)", tg_status_name((enum tg_status)i), why_unseen(i));
	}
	printf("\n");
}

/* Which seeds, and how. */
struct work {
	uint64_t first, last, step;
	int64_t	 until_ms;
	bool	 is_short;
};

static uint64_t
run_seeds(const struct work *work)
{
	const uint64_t failures_max = work->is_short ? 1 : FAILURES_MAX;
	uint64_t failures = 0;

	for (uint64_t seed = work->first;
	     seed <= work->last && now_ms() < work->until_ms && failures < failures_max;
	     seed += work->step) {
		if (run_seed(seed, NULL))
			continue;
		failures++;
		printf("# seed %" PRIu64 " failed: %s\n", seed, shared->why);
		shrink(seed, work->is_short ? SHORT_SHRINK_RUNS_MAX : SHRINK_RUNS_MAX);
	}
	return failures;
}

static struct shared *
share(uint32_t count)
{
	void *base = mmap(NULL, count * sizeof(struct shared), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	TG_ASSERT(base != MAP_FAILED);
	return base;
}

/* All figures are counters, but for the digest, which nobody wants of more than one. */
static void
add_figures(struct sim_figures *sum, const struct sim_figures *more)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)more;

	static_assert(sizeof(*sum) % sizeof(uint64_t) == 0, "figures are 64 bits each");
	for (size_t i = 0; i < sizeof(*sum) / sizeof(uint64_t); i++)
		to[i] += from[i];
}

/* Every so manieth seed to each of some processes.  Returns how many failed. */
static uint64_t
run_workers(const struct work *work, uint32_t workers)
{
	struct shared *all = share(workers), *mine = shared;
	pid_t children[WORKERS_MAX];
	uint64_t failures = 0;

	fflush(NULL);
	for (uint32_t i = 0; i < workers; i++) {
		struct work part = *work;

		part.first += i;
		part.step = workers;
		children[i] = fork();
		TG_ASSERT(children[i] >= 0);
		if (children[i] == 0) {
			shared = &all[i];
			failures = run_seeds(&part);
			fflush(NULL);
			_exit((int)failures);
		}
	}
	for (uint32_t i = 0; i < workers; i++) {
		int status = 0;

		if (waitpid(children[i], &status, 0) != children[i] || !WIFEXITED(status))
			failures++;
		else
			failures += (uint64_t)WEXITSTATUS(status);
		add_figures(&mine->figures, &all[i].figures);
	}
	munmap(all, workers * sizeof(*all));
	return failures;
}

/* Does the same seed tell the same story? */
static bool
is_repeated(uint64_t seed)
{
	uint64_t digests[2];

	for (int i = 0; i < 2; i++) {
		memset(&shared->figures, 0, sizeof(shared->figures));
		(void)run_seed(seed, NULL);
		digests[i] = shared->figures.digest;
	}
	memset(&shared->figures, 0, sizeof(shared->figures));
	return digests[0] == digests[1];
}

static uint64_t
number(const char *text)
{
	return strtoull(text, NULL, 10);
}

int
main(int argc, char **argv)
{
	struct work work = { 1, SHORT_SEEDS, 1, INT64_MAX, argc == 1 };
	bool is_told = false, is_same;
	uint32_t workers = 1;
	int64_t began_ms;
	uint64_t failures;

	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--story") == 0) {
			is_told = true;
			continue;
		}
		if (strncmp(argv[i], "-j", 2) == 0 && number(argv[i] + 2) - 1 < WORKERS_MAX) {
			workers = (uint32_t)number(argv[i] + 2);
			continue;
		}
		if (strcmp(argv[i], "--seed") == 0) {
			work.first = work.last = number(value);
		} else if (strcmp(argv[i], "--seeds") == 0) {
			work.first = number(value);
			work.last = strchr(value, '-') != NULL ? number(strchr(value, '-') + 1)
							       : work.first;
		} else if (strcmp(argv[i], "--for") == 0) {
			work.until_ms = now_ms() + (int64_t)number(value) * 1000;
			work.last = UINT64_MAX - WORKERS_MAX;
		} else if (strcmp(argv[i], "--from") == 0) {
			work.first = number(value);
		} else {
			fprintf(stderr, "see the head of tests/sim/run.c\n");
			return 2;
		}
		i++;
	}
	/* Disks and tables come and go with each life: what one gives back the next one takes. */
	(void)mallopt(M_MMAP_MAX, 0);
	(void)mallopt(M_TRIM_THRESHOLD, INT32_MAX);
	(void)mallopt(M_TOP_PAD, HEAP_STEP_BYTES);
	shared = share(1);
	if (is_told)
		return run_seed(work.first, stdout) ? 0 : 1;
	printf("1..2\n");
	is_same = is_repeated(work.first);
	printf("%sok 1 - the same seed tells the same story\n", is_same ? "" : "not ");
	began_ms = now_ms();
	failures = workers > 1 ? run_workers(&work, workers) : run_seeds(&work);
	report(now_ms() - began_ms);
	printf("%sok 2 - the coalition comes out right\n", failures == 0 ? "" : "not ");
	return failures == 0 && is_same ? 0 : 1;
}
