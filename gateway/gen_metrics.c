/*
 * gen_metrics.c - prints gateway/METRICS.md from the metric table.
 */
#include <stdio.h>

#include "gateway/metrics.h"

/* Print the names of a row's labels, each as code. */
static void
print_labels(const char *labels)
{
	if (labels[0] == '\0')
		return;
	putchar('`');
	for (; *labels != '\0'; labels++) {
		if (*labels == ',')
			fputs("`, `", stdout);
		else
			putchar(*labels);
	}
	putchar('`');
}

int
main(void)
{
	printf("# Metrics\n\n"
	       "Printed by `gateway/gen_metrics` from the metric table; `make check` compares.\n\n"
	       "With `http.listen` set the gateway answers GET and HEAD on loopback:\n\n"
	       "| path | status | says |\n| --- | --- | --- |\n"
	       "| `/healthz` | 200 | the process lives |\n"
	       "| `/readyz` | 200 or 503 | connections are accepted and records can be made; "
	       "else each reason why not, a line each |\n"
	       "| `/metrics` | 200 | what follows, for Prometheus (text format 0.0.4) |\n\n"
	       "These are answered by a thread of their own: during recovery, under overload and "
	       "while the gateway drains, too.\n"
	       "Counters begin at 0 with the process. Metrics of parts that do not run (yet) are "
	       "left out.\n\n"
	       "| metric | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n");
	for (int i = 0; i < METRIC_INDEX_COUNT; i++) {
		const struct metric *row = metrics_row((enum metric_index)i);

		printf("| `%s` | %s | %s | ", row->name, metric_type_word(row->type),
		       metric_unit_word(row->unit));
		print_labels(row->labels);
		printf(" | %s |\n", row->help);
	}
	printf("\n## Headroom\n\n"
	       "`tallygate_request_rate_reachable` is measured, not configured. Each second the "
	       "processor time of every thread is read\n"
	       "(`CLOCK_THREAD_CPUTIME_ID`). An I/O or ledger thread works or waits, so its share "
	       "of the last minute is its load:\n\n"
	       "    reachable = requests decided a second / the highest of these loads\n\n"
	       "The journal thread waits for the disk, and what arrives while a batch is written "
	       "makes the next one. Its load is the share\n"
	       "of the minute in which a batch was being written "
	       "(`tallygate_journal_writing_ratio`), times how full batches were on\n"
	       "average (of `journal.batch_bytes`); it counts among the loads above. Below a load "
	       "of %d %% nothing is said. The figure holds\n"
	       "for the mix of requests of that minute, and for processors that are the "
	       "gateway's when it needs them: what other programs\n"
	       "take from it is not seen. `tallygate_headroom_ratio` tells 1 less the load as "
	       "`rate` and `journal`; of the disk what lies\n"
	       "between free space and `journal.low_water_bytes`; of `window` and tables the free "
	       "rows.\n",
	       LOAD_MILLIONTHS_MIN / 10000);
	return fflush(stdout) == 0 ? 0 : 1;
}
