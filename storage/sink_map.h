/*
 * sink_map.h - what a record means in each table.
 *
 * For sink_batch.c.  Each function claims rows for one record; there must be room.  False: a value
 * has no place in its column; what was claimed is then to be given back.
 */
#ifndef TG_STORAGE_SINK_MAP_H
#define TG_STORAGE_SINK_MAP_H

#include "ledger/record.h"
#include "storage/sink_batch.h"

/* Set a number unless it is 0, which means none. */
static inline void
sink_map_u8_or_none(struct cell_u8 *cell, uint8_t value)
{
	if (value != 0)
		cell_set_u8(cell, value);
}

static inline void
sink_map_u32_or_none(struct cell_u32 *cell, uint32_t value)
{
	if (value != 0)
		cell_set_u32(cell, value);
}

/* No limit is NULL. */
static inline void
sink_map_limit(struct cell_i64 *cell, int64_t points)
{
	if (points != LIMIT_NONE)
		cell_set_i64(cell, points);
}

TG_MUST_CHECK bool sink_map_entry(struct sink_batch *batch, const struct record *record);
TG_MUST_CHECK bool sink_map_postings(struct sink_batch *batch, const struct record *record);
TG_MUST_CHECK bool sink_map_moves(struct sink_batch *batch, const struct record *record);
TG_MUST_CHECK bool sink_map_purchase(struct sink_batch *batch, const struct record *record);
TG_MUST_CHECK bool sink_map_member(struct sink_batch *batch, const struct record *record);
TG_MUST_CHECK bool sink_map_business_day(struct sink_batch *batch, const struct record *record);

/* Cycles, holidays, statements' states, items (sink_map_settlement.c). */
TG_MUST_CHECK bool sink_map_settlement(struct sink_batch *batch, const struct record *record);

/* Countersigned days, proposals, disputes (sink_map_matters.c). */
TG_MUST_CHECK bool sink_map_matters(struct sink_batch *batch, const struct record *record);

/* Components, rulebook, budgets and what was spent of them (sink_map_rulebook.c). */
TG_MUST_CHECK bool sink_map_rulebook(struct sink_batch *batch, const struct record *record);

/* Programme, partner and its terms, rule, store, terminal. */
TG_MUST_CHECK bool sink_map_configuration(struct sink_batch *batch, const struct record *record);

/* Blocks of cover: sold, used, given back, released. */
TG_MUST_CHECK bool sink_map_blocks(struct sink_batch *batch, const struct record *record);

/*
 * The business date of a record.  Before the first business day there is none: such records have
 * the date 1000-01-01, because the column is part of keys.
 */
TG_MUST_CHECK bool sink_map_business_date(struct cell_day *cell, int32_t business_date);

/* Did the record do what was asked?  Else it is a decline. */
bool sink_map_is_done(const struct record *record);

/* Number of the record's moves that have a row: those not of regular points. */
uint16_t sink_map_move_count(const struct record *record);

/* Number of its components that have a row: those of a REOPEN repeat the earn's. */
uint8_t sink_map_component_count(const struct record *record);

#endif
