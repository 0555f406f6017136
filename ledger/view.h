/*
 * view.h - a working copy of one member's points while a request is decided.
 *
 * Decisions change the view, never the rows.  What differs from the rows at the end of a record
 * becomes the record's moves (plan.h), so that one request may make several records, each deciding
 * on what the one before it left.
 *
 * For the files of this folder only.
 */
#ifndef TG_LEDGER_VIEW_H
#define TG_LEDGER_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/state.h"

/*
 * Bounds per member; a member that would pass one gets TG_LOTS_FULL or TG_HOLDS_FULL.  New lots are
 * refused from MEMBER_LOTS_NEW on, so that what is pending or held can always come back as lots.
 */
#define MEMBER_LOTS_MAX 64
#define MEMBER_PORTIONS_MAX (MEMBER_LOTS_MAX + 1) /* of one burn: regular points may be one, too */
#define MEMBER_LOTS_NEW 48
#define MEMBER_PENDINGS_MAX 64
#define MEMBER_DEBTS_MAX 8
#define MEMBER_HOLDS_MAX 12

/*
 * before: points when the record was begun, 0 if the row is new then; now: points at this moment.
 */
struct view_lot {
	uint32_t row;			/* TABLE_NONE until the record is finished, for a new one */
	uint32_t usable_at;
	uint32_t issuer;
	int32_t	 last_day;
	uint64_t serial;
	int64_t	 before;
	int64_t	 now;
	uint32_t campaign;
	uint16_t lot_flags;
};

struct view_pending {
	uint32_t row;
	uint32_t usable_at;
	uint32_t issuer;
	int32_t	 matures_day;
	int32_t	 life_days;
	uint32_t campaign;
	uint64_t serial;
	int64_t	 before;
	int64_t	 now;
};

struct view_debt {
	uint32_t row;
	uint32_t partner;
	int32_t	 since_day;
	int64_t	 before;		/* owed, >= 0 */
	int64_t	 now;
};

struct view {
	const struct ledger *ledger;	/* borrowed */
	uint32_t member_row;		/* TABLE_NONE: no member */
	uint64_t reference;
	uint16_t flags;			/* MEMBER_* */
	int64_t	 regular_before, regular;
	int32_t	 regular_last_day_before, regular_last_day;
	uint8_t	 regular_life_before, regular_life;
	int64_t	 held;			/* in open holds */
	uint32_t held_portions;		/* lots that open holds may give back */
	int64_t	 held_value;		/* stored value in open holds */
	int64_t	 value_moved;		/* of its stored value, by records of this decision */
	uint32_t lot_count, pending_count, debt_count, hold_count;
	uint32_t expired_count;		/* lots that this decision let expire; see expired below */
	struct view_lot lots[MEMBER_LOTS_MAX];
	struct view_pending pendings[MEMBER_PENDINGS_MAX];
	struct view_debt debts[MEMBER_DEBTS_MAX]; /* oldest first */
	/* Not in the rows yet: what an earn's row will count as expired, by the lot's serial. */
	struct view_expired {
		uint64_t serial;
		int64_t points;
	} expired[MEMBER_LOTS_MAX];
};

/* Copy what the rows say of a live member. */
void view_load(struct view *v, const struct ledger *l, uint32_t member_row);

/* Sums of what the view holds now. */
int64_t view_pending_points(const struct view *v);
int64_t view_debt_points(const struct view *v);

/* Points whose last day is today or later, usable anywhere or not. */
int64_t view_available(const struct view *v, int32_t today);

/* Where points are to be used: for the restrictions of limited lots. */
struct view_place {
	uint32_t partner;
	uint32_t store;		/* 0: none */
	bool	 skip_limited;
	bool	 is_anywhere;	/* the console's look: restrictions do not count */
};

bool view_lot_is_usable(const struct view_lot *lot, const struct view_place *place, int32_t today);
int64_t view_usable(const struct view *v, const struct view_place *place, int32_t today);

/*
 * Lots in the order in which a burn takes them (domain decision 4): by last day, on ties the ones
 * usable only here, then the oldest.  ret_order has room for MEMBER_LOTS_MAX indexes; returns how
 * many are usable.
 */
uint32_t view_burn_order(const struct view *v, const struct view_place *place, int32_t today,
			 uint32_t *ret_order);

/* May another limited lot be made, now or by points that become pending now? */
bool view_has_room_for_lot(const struct view *v);

/* Add points to the lot of that serial and last day, or as a new one.  False: too many lots. */
bool view_give_lot(struct view *v, const struct view_lot *like, int64_t points);

/* The same for points that come back: what is held or pending must have room after it. */
bool view_restore_lot(struct view *v, const struct view_lot *like, int64_t points);

bool view_give_pending(struct view *v, const struct view_pending *like, int64_t points);

/* Owe more to a partner.  False: too many debts. */
bool view_owe(struct view *v, uint32_t partner, int32_t since_day, int64_t points);

/* Remember that points of a lot expire with the record being made. */
void view_note_expired(struct view *v, uint64_t serial, int64_t points);

/* The day of the points that expire next (INT32_MAX: none) and how many do so then. */
int32_t view_next_expiry(const struct view *v, int32_t today, int64_t *ret_points);

#endif
