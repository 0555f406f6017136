/*
 * sink_partition.h - monthly partitions by business date, made before they are needed.
 *
 * The tables begin with one partition that takes every date, p_rest.  Months are split off from it
 * while it is still empty of them; what has no month of its own stays there and is found all the
 * same.  Its name then tells from which month on: p_rest_2027_03.
 */
#ifndef TG_STORAGE_SINK_PARTITION_H
#define TG_STORAGE_SINK_PARTITION_H

#include <stdint.h>

#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"

/*
 * See that every partitioned table has partitions for the month of day and for months_ahead (<= 24)
 * more.  Commits; call it outside of a transaction.
 * TG_OK; TG_DATABASE: some may lack; writing can go on.
 */
TG_MUST_CHECK enum tg_status sink_partition_ahead(struct database *database, int32_t day,
						  uint32_t months_ahead,
						  struct storage_error *error);

/* A number that is the same for all days of a month, and greater for later ones; -1: no date. */
int32_t sink_partition_month(int32_t day);

#endif
