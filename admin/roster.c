/*
 * roster.c - a lock around eight rows.
 */
#include "admin/roster.h"

#include <stdio.h>
#include <string.h>

#include "protocol/assert.h"

void
roster_init(struct roster *roster)
{
	memset(roster, 0, sizeof(*roster));
	pthread_mutex_init(&roster->lock, NULL);
}

void
roster_deinit(struct roster *roster)
{
	pthread_mutex_destroy(&roster->lock);
}

void
roster_open(struct roster *roster, uint32_t index, const char *origin, int64_t now_ms)
{
	struct roster_row *row = &roster->rows[index];

	TG_ASSERT(index < ROSTER_ROWS_MAX);
	pthread_mutex_lock(&roster->lock);
	*row = (struct roster_row){ .is_open = true, .since_ms = now_ms, .last_ms = now_ms };
	snprintf(row->origin, sizeof(row->origin), "%s", origin);
	row->right = "";
	pthread_mutex_unlock(&roster->lock);
}

void
roster_name(struct roster *roster, uint32_t index, const char *name, const char *right)
{
	struct roster_row *row = &roster->rows[index];

	TG_ASSERT(index < ROSTER_ROWS_MAX);
	pthread_mutex_lock(&roster->lock);
	row->is_known = true;
	snprintf(row->name, sizeof(row->name), "%s", name);
	row->right = right;
	pthread_mutex_unlock(&roster->lock);
}

void
roster_count(struct roster *roster, uint32_t index, int64_t now_ms)
{
	TG_ASSERT(index < ROSTER_ROWS_MAX);
	pthread_mutex_lock(&roster->lock);
	roster->rows[index].commands++;
	roster->rows[index].last_ms = now_ms;
	pthread_mutex_unlock(&roster->lock);
}

void
roster_close(struct roster *roster, uint32_t index)
{
	TG_ASSERT(index < ROSTER_ROWS_MAX);
	pthread_mutex_lock(&roster->lock);
	roster->rows[index].is_open = false;
	pthread_mutex_unlock(&roster->lock);
}

void
roster_copy(struct roster *roster, struct roster_row rows[ROSTER_ROWS_MAX])
{
	pthread_mutex_lock(&roster->lock);
	memcpy(rows, roster->rows, sizeof(roster->rows));
	pthread_mutex_unlock(&roster->lock);
}
