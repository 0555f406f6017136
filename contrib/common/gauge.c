/*
 * gauge.c - shows how far a long run is.
 */
#include "contrib/common/gauge.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR_COLUMNS 30
#define TERMINAL_MS 200
#define LINE_MS 10000

static int64_t
mono_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
gauge_begin(struct gauge *gauge, FILE *file, const char *label, uint64_t first, uint64_t total)
{
	memset(gauge, 0, sizeof(*gauge));
	gauge->file = file;
	gauge->is_terminal = file != NULL && isatty(fileno(file)) == 1;
	gauge->label = label;
	gauge->first = first;
	gauge->total = total;
	gauge->start_ms = gauge->shown_ms = mono_ms();
}

static void
show(struct gauge *gauge, uint64_t done, int64_t now_ms)
{
	const double share = gauge->total > 0 ? (double)done / (double)gauge->total : 1;
	const double seconds = (double)(now_ms - gauge->start_ms) / 1000;
	const double rate = seconds > 0 ? (double)(done - gauge->first) / seconds : 0;
	const int64_t left_s = rate > 0 ? (int64_t)((double)(gauge->total - done) / rate) : 0;
	char bar[BAR_COLUMNS + 1];

	for (int i = 0; i < BAR_COLUMNS; i++)
		bar[i] = i < (int)(share * BAR_COLUMNS) ? '#' : ' ';
	bar[BAR_COLUMNS] = '\0';
	if (gauge->is_terminal)
		fprintf(gauge->file, "\r%s [%s] ", gauge->label, bar);
	else
		fprintf(gauge->file, "%s ", gauge->label);
	fprintf(gauge->file, "%3d%%  %" PRIu64 " of %" PRIu64 "  %.0f/s  %d:%02d left",
		(int)(share * 100), done, gauge->total, rate, (int)(left_s / 60),
		(int)(left_s % 60));
	fputs(gauge->is_terminal ? "\033[K" : "\n", gauge->file);
	fflush(gauge->file);
	gauge->is_standing = gauge->is_terminal;
	gauge->shown_ms = now_ms;
}

void
gauge_set(struct gauge *gauge, uint64_t done)
{
	const int64_t now_ms = mono_ms();

	if (gauge->file != NULL &&
	    now_ms - gauge->shown_ms >= (gauge->is_terminal ? TERMINAL_MS : LINE_MS))
		show(gauge, done, now_ms);
}

double
gauge_end(struct gauge *gauge, uint64_t done)
{
	const int64_t now_ms = mono_ms();

	if (gauge->file != NULL && gauge->is_terminal)
		show(gauge, done, now_ms);
	if (gauge->is_standing)
		fputc('\n', gauge->file);
	gauge->is_standing = false;
	return (double)(now_ms - gauge->start_ms) / 1000;
}
