/*
 * golden_history.h - a fixed history that makes every kind of record.
 */
#ifndef TG_TESTS_GOLDEN_GOLDEN_HISTORY_H
#define TG_TESTS_GOLDEN_GOLDEN_HISTORY_H

#include "ledger/ledger.h"

/* Limits that hold the history, with room for later forms. */
struct ledger_limits golden_limits(void);

/* Called with each record, before it is applied. */
typedef void golden_record_fn(void *context, const struct record *r);

/* Play the whole history into an empty ledger. */
void golden_play(struct ledger *ledger, golden_record_fn *on_record, void *context);

#endif
