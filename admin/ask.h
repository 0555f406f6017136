/*
 * ask.h - how handlers of commands ask the ledger.
 */
#ifndef TG_ADMIN_ASK_H
#define TG_ADMIN_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/command.h"

#define MS_PER_HOUR INT64_C(3600000)

/* For how long a one-time code or an old key may be good, at most, as a word of a command. */
#define HOURS_MAX 720

/* Begin a request of a kind (enum ledger_request_kind) that names the operator and the origin. */
void ask_init(const struct command_call *call, struct ledger_request *request, uint8_t kind);

/*
 * Ask and wait.  False: not answered, or refused; the call says why.  True: the answer is TG_OK,
 * and its sequence, if any, is the call's.
 */
bool ask_ledger(struct command_call *call, const struct ledger_request *request,
		struct ledger_answer *ret_answer);

/* Name in a request the member that text says: a reference, or type:identifier. */
bool ask_member(struct command_call *call, const char *text, struct ledger_request *request);

/* The programme in force. */
bool ask_programme(struct command_call *call, struct programme_config *ret_programme);

/*
 * Record what an operator does that is none of the ledger's, before it is done: without the record
 * it is not.
 */
bool ask_note(struct command_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* How the origin of records that an import made begins; the sequence of its note follows. */
#define ORIGIN_OF_IMPORT "import="

/*
 * The same for what must be possible while there can be no record, with a full disk or a clock that
 * waits: it is done without one then, call->sequence is 0, and the log has the operator's line.
 */
void ask_note_if_able(struct command_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Propose a command to a second operator instead of doing it; the call says how to go on.  The text
 * is the command as it is run again: with no identifier in clear.
 */
void ask_proposal(struct command_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Run fn on the ledger's thread.  False: it did not run; the call says why. */
bool ask_look(struct command_call *call, host_ledger_fn *fn, void *argument);

/*
 * Read all records up to the last one, out of archive and journal, and hand each to fn, until that
 * does not say TG_OK or nobody listens any more.  Blocks for reading.
 * TG_OK; TG_NO_MEMORY; as the host's next_record() and as fn.
 */
typedef enum tg_status ask_record_fn(void *context, const struct record *record);
TG_MUST_CHECK enum tg_status ask_records(struct command_call *call, uint64_t last,
					 ask_record_fn *fn, void *context);

/* Say why by a status: "BUSY: overloaded; ...". */
void ask_fail(struct command_call *call, enum tg_status status);

/*
 * Judge what the host returned and, if that is TG_OK, the answer, as ask_ledger() does; for host
 * functions other than submit().
 */
bool ask_judge(struct command_call *call, enum tg_status status,
	       const struct ledger_answer *answer);

/* A number >= low from an argument.  False, with the call saying so, when it is none. */
bool ask_number(struct command_call *call, const char *text, uint64_t low, uint64_t high,
		uint64_t *ret_number);

#endif
