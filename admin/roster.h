/*
 * roster.h - who is at the console now.
 *
 * One row for each place; a session fills its own, others read.  Any thread.
 */
#ifndef TG_ADMIN_ROSTER_H
#define TG_ADMIN_ROSTER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "ledger/record.h"

#define ROSTER_ROWS_MAX 8

struct roster_row {
	bool	 is_open;
	bool	 is_known;		/* logged in, or needs not to; name and right are set */
	char	 name[OPERATOR_BYTES + 1];
	char	 origin[ORIGIN_BYTES + 1]; /* "console uid=1000 pid=4711" */
	const char *right;		/* static: "admin" */
	int64_t	 since_ms;		/* monotonic */
	int64_t	 last_ms;		/* of the last command */
	uint64_t commands;
};

struct roster {
	pthread_mutex_t lock;		/* over rows */
	struct roster_row rows[ROSTER_ROWS_MAX];
};

void roster_init(struct roster *roster);
void roster_deinit(struct roster *roster);

/* index: of the place. */
void roster_open(struct roster *roster, uint32_t index, const char *origin, int64_t now_ms);
void roster_name(struct roster *roster, uint32_t index, const char *name, const char *right);
void roster_count(struct roster *roster, uint32_t index, int64_t now_ms);
void roster_close(struct roster *roster, uint32_t index);

/* Copy all rows; those that are not open have is_open false. */
void roster_copy(struct roster *roster, struct roster_row rows[ROSTER_ROWS_MAX]);

#endif
