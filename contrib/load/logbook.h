/*
 * logbook.h - what a log says: the transactions that were asked for, and what was answered.
 *
 * Reads a trace whole.  Every transaction id is one entry, whoever sent it how often, with the
 * outcome that was acknowledged; every identifier is an account.  Answers to one id that
 * contradict each other are counted and described.
 */
#ifndef TG_CONTRIB_LOAD_LOGBOOK_H
#define TG_CONTRIB_LOAD_LOGBOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"
#include "contrib/load/map.h"
#include "contrib/load/members.h"
#include "contrib/load/trace.h"
#include "protocol/value.h"

#define LOGBOOK_NONE UINT32_MAX

/* How sure it is what became of a transaction. */
enum certainty {
	CERTAIN_UNKNOWN,      /* a sending was never answered: it may have been done */
	CERTAIN_REFUSED,      /* each sending was refused for now or for its form: not done */
	CERTAIN_ACKNOWLEDGED, /* the outcome was answered */
	CERTAIN_FOUND,	      /* it was unknown; STATUS tells the outcome */
	CERTAIN_ABSENT,	      /* it was unknown; STATUS does not know it */
};

/* What was decided, as far as it was told; -1 where it was not. */
struct outcome {
	uint16_t status;
	int64_t	 sequence;
	int64_t	 booked_at_ms; /* ms UTC */
	int32_t	 business_date;
	int64_t	 points, base_points, bonus_points;
	int64_t	 own_units; /* exchanged */
	int64_t	 taken_points, restored_points, lost_points, paid_points;
	int64_t	 deadline_ms; /* of a hold, ms UTC */
	bool	 has_after;   /* the balances right after it are told below */
	int64_t	 available, pending, held, debt;
	int32_t	 expires_day;
};

/* One transaction id of one partner. */
struct transaction {
	uint8_t	 id[TG_TRANSACTION_ID_BYTES];
	uint8_t	 original[TG_TRANSACTION_ID_BYTES];
	uint8_t	 operation; /* enum tg_operation */
	uint8_t	 reason;
	uint8_t	 direction; /* of an exchange, enum tg_direction; 0: none */
	bool	 has_original;
	uint32_t partner;
	uint32_t account;	   /* index in accounts */
	uint32_t next_alike;	   /* next with the same key in the map, LOGBOOK_NONE: none */
	int64_t	 business_time_ms; /* ms UTC */
	int64_t	 original_time_ms;
	int64_t	 amount, covered, points; /* asked for; -1: not told */
	int64_t	 sent_us;		  /* first sending, us UTC */
	uint32_t sending_count;
	uint32_t refusal_count; /* answers that are no outcome */
	uint32_t answer_count;	/* answers with the outcome */
	enum certainty certainty;
	struct outcome outcome; /* ACKNOWLEDGED and FOUND */
	/* The model's: what became of it later. */
	uint8_t state;		/* enum tg_state */
	int64_t returned_amount; /* of an earn, by refunds */
	/* of an earn or own currency: taken; of a burn or points for own currency: given back */
	int64_t returned_points;
};

struct logbook {
	struct members	   *accounts;	  /* borrowed: identifier of each account */
	struct transaction *transactions; /* owned */
	uint32_t	    count;
	uint32_t	    capacity;
	struct map	    by_id;	  /* partner and id, hashed, to the first of its chain */
	struct map	    by_text;	  /* identifier, hashed, to account */
	struct map	    by_reference; /* member reference to account */
	uint32_t	    run_count;
	uint64_t	    sending_count, answer_count;
	uint64_t	    skipped_bytes; /* of the log, cut off or damaged */
	uint64_t	    contradiction_count;
	char		   *contradictions; /* owned: texts, a line each; the first few */
	size_t		    contradictions_bytes;
};

/* Read a log; its accounts are added to what is empty.  False with the reason; deinit it anyway. */
bool logbook_read(struct logbook *logbook, const char *path, struct members *accounts,
		  struct failure *failure);

void logbook_deinit(struct logbook *logbook);

/* Make a transaction findable; it stands in the array, its partner and id are set. */
void logbook_index(struct logbook *logbook, uint32_t index);

/* The transaction of a partner with this id; LOGBOOK_NONE when there is none. */
uint32_t logbook_find(const struct logbook *logbook, uint32_t partner,
		      const uint8_t id[TG_TRANSACTION_ID_BYTES]);

/* Is its outcome known, and a record of its own?  What was reversed before it arrived has none. */
bool logbook_has_record(const struct transaction *transaction);

/* Take an outcome out of an answer to the transaction, or to a STATUS of it. */
void logbook_read_outcome(const struct tg_message *answer, uint32_t status,
			  struct outcome *ret_outcome);

/* Do two tellings of one outcome agree?  What one of them does not tell is left aside. */
bool logbook_agrees(const struct outcome *one, const struct outcome *other);

/* Note a contradiction about a transaction; text says what. */
void logbook_contradict(struct logbook *logbook, const struct transaction *transaction,
			const char *text);

#endif
