/*
 * status.h - the one list of answers that a request can get.
 *
 * Every layer of the project returns these codes; foreign codes (errno, OpenSSL, MariaDB) are
 * translated in the file that makes the call.  Numbers are never re-used: a retired row stays as a
 * comment.
 */
#ifndef TG_PROTOCOL_STATUS_H
#define TG_PROTOCOL_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#define TG_MUST_CHECK __attribute__((warn_unused_result))

/*
 * Columns: name, number on the wire, may sending the same request again succeed, is the answer kept
 * as a record (and so given again to every duplicate), text.
 */
/* clang-format off */
#define TG_STATUS_LIST(X) \
	X(TG_OK,                   0, false, true,  "done") \
	X(TG_ORIGINAL_UNKNOWN,     1, false, true,  "original never seen; it will be refused if it still arrives") \
	/* the frame and its fields */ \
	X(TG_BAD_FRAME,           10, false, false, "malformed frame") \
	X(TG_FRAME_TOO_LARGE,     11, false, false, "frame larger than the session may send") \
	X(TG_UNKNOWN_OPERATION,   12, false, false, "operation number not known") \
	X(TG_UNKNOWN_FIELD,       13, false, false, "a field below 64 is not known to this operation") \
	X(TG_MISSING_FIELD,       14, false, false, "a required field is missing") \
	X(TG_BAD_FIELD,           15, false, false, "a field has the wrong type or is out of bounds") \
	X(TG_BAD_VERSION,         16, false, false, "protocol version not spoken here") \
	/* who asks */ \
	X(TG_AUTH_REQUIRED,       20, false, false, "authenticate first") \
	X(TG_AUTH_FAILED,         21, false, false, "authentication failed") \
	X(TG_FORBIDDEN,           22, false, false, "the principal lacks the right for this") \
	X(TG_BLOCKED,             23, false, false, "terminal, store or partner is blocked") \
	X(TG_OUT_OF_TURN,         24, false, false, "operation not possible in this state of the session") \
	/* not now */ \
	X(TG_BUSY,                30, true,  false, "overloaded; send again later under the same id") \
	X(TG_SHUTTING_DOWN,       31, true,  false, "the server is stopping; reconnect and send again") \
	X(TG_WINDOW_FULL,         32, true,  false, "no room to remember another transaction") \
	X(TG_MEMBERS_FULL,        33, true,  false, "no room for another member") \
	X(TG_IDENTIFIERS_FULL,    34, true,  false, "no room for another identifier") \
	X(TG_LOTS_FULL,           35, true,  false, "no room for another lot") \
	X(TG_HOLDS_FULL,          36, true,  false, "no room for another hold") \
	X(TG_TABLE_FULL,          37, true,  false, "no room in a table of the programme") \
	X(TG_JOURNAL_FULL,        38, true,  false, "journal disk nearly full") \
	X(TG_LIMITED,             39, true,  false, "too many declines from this terminal today") \
	/* time */ \
	X(TG_TOO_OLD,             40, false, false, "business time lies before the window") \
	X(TG_CLOCK_AHEAD,         41, false, false, "business time lies in the future") \
	X(TG_CLOCK_OFF,           42, false, false, "a burn or hold needs a clock within five minutes") \
	/* what the request names */ \
	X(TG_CONFLICT,            50, false, false, "transaction id already used with other fields") \
	X(TG_UNKNOWN_MEMBER,      51, true,  false, "member or identifier not known") \
	X(TG_UNKNOWN_ORIGINAL,    52, true,  false, "original transaction not known") \
	X(TG_UNKNOWN_PARTNER,     53, false, false, "partner not known") \
	X(TG_UNKNOWN_STORE,       54, false, false, "store not known") \
	X(TG_UNKNOWN_TERMINAL,    55, false, false, "terminal not known") \
	X(TG_UNKNOWN_TRANSACTION, 56, true,  false, "not seen (so far)") \
	X(TG_ORIGINAL_ARCHIVED,   57, true,  false, "original is older than the window and the archive cannot be read now") \
	X(TG_IDENTIFIER_TAKEN,    58, false, false, "identifier belongs to another member") \
	X(TG_LAST_IDENTIFIER,     59, false, false, "a member keeps at least one identifier") \
	/* decided against, and remembered */ \
	X(TG_NO_POINTS,           60, false, true,  "available points too low") \
	X(TG_LIMIT_TRANSACTION,   61, false, true,  "over the limit of one transaction") \
	X(TG_LIMIT_MEMBER_DAY,    62, false, true,  "over the member's limit of the day") \
	X(TG_LIMIT_TERMINAL_DAY,  63, false, true,  "over the terminal's limit of the day") \
	X(TG_LIMIT_BALANCE,       64, false, true,  "a balance would leave its bounds") \
	X(TG_BURN_STEP,           65, false, true,  "points below the partner's minimum or off its step") \
	X(TG_RECEIPT_USED,        66, false, true,  "receipt has earned already") \
	X(TG_HOLD_CAPTURED,       67, false, true,  "hold is captured already") \
	X(TG_HOLD_RELEASED,       68, false, true,  "hold is released already") \
	X(TG_HOLD_EXPIRED,        69, false, true,  "hold is past its deadline") \
	X(TG_HOLD_EXCEEDED,       70, false, true,  "capture exceeds the hold") \
	X(TG_ALREADY_REVERSED,    71, false, true,  "original is reversed already") \
	X(TG_OVER_REFUND,         72, false, true,  "more returned than the purchase has left") \
	X(TG_REVERSED_BEFORE,     73, false, true,  "reversed before it arrived") \
	X(TG_NOT_REVERSIBLE,      74, false, true,  "the original cannot be undone by this operation") \
	X(TG_RETURN_FORBIDDEN,    76, false, true,  "the partner takes no returns of this kind, or too late") \
	X(TG_MEMBER_BLOCKED,      77, false, true,  "member is blocked") \
	X(TG_EARN_OFF,            78, false, true,  "the partner does not issue points") \
	X(TG_BURN_OFF,            79, false, true,  "the partner does not take points") \
	X(TG_OTHER_MEMBER,        80, false, true,  "original belongs to another member") \
	X(TG_TEST_MISMATCH,       81, false, true,  "a test member meets only test partners and the reverse") \
	X(TG_NO_COVER,           105, false, true,  "the partner's points to issue are used up") \
	X(TG_EXCHANGE_OFF,       106, false, true,  "the partner exchanges nothing in this direction") \
	X(TG_NO_RATE,            107, false, true,  "no rate of exchange is valid on this day") \
	X(TG_EXCHANGE_STEP,      108, false, true,  "below the rate's minimum, off its step, or too little for anything") \
	X(TG_RATE_DIFFERS,       109, false, true,  "the exchange gives something else than the request expects") \
	/* settlement, at the console */ \
	X(TG_UNKNOWN_STATEMENT,  110, false, false, "no such statement, or too old to change") \
	X(TG_STATEMENT_STATE,    111, false, false, "not possible in the present state of the statement") \
	X(TG_NO_CYCLE,           112, false, false, "the partner has no cycle of settlement") \
	X(TG_CYCLE_EMPTY,        113, false, false, "no business date of the cycle has ended yet") \
	/* the end of a day, second operators, disputes */ \
	X(TG_OUT_OF_BALANCE,     115, false, false, "the day's transactions are not those that the digest is of") \
	X(TG_DAY_OPEN,           116, true,  false, "the business date is not over yet") \
	X(TG_UNKNOWN_MATTER,     117, false, false, "proposal or dispute not known, or ended already") \
	X(TG_PROPOSAL_EXPIRED,   118, false, false, "the proposal was not approved in time") \
	/* members that are one person */ \
	X(TG_MERGED,             120, false, false, "the member is merged with another already") \
	X(TG_NOT_MERGED,         121, false, false, "the member is not merged with another") \
	/* stored value */ \
	X(TG_NO_VALUE,           130, false, true,  "stored value too low") \
	X(TG_VALUE_CAP,          131, false, true,  "stored value would go past its cap") \
	X(TG_VALUE_OFF,          132, false, true,  "the programme has no stored value") \
	X(TG_VALUE_FROZEN,       133, false, true,  "the member's stored value is frozen") \
	/* inside the server: on a wire why a connection closed; DATABASE is an answer, too */ \
	X(TG_IO,                  90, false, false, "file or network operation failed") \
	X(TG_CORRUPT,             91, false, false, "stored bytes are damaged") \
	X(TG_FENCED,              92, false, false, "another process owns this data") \
	X(TG_CONFIG,              93, false, false, "configuration is not usable") \
	X(TG_DATABASE,            94, true,  false, "settlement database not usable") \
	X(TG_TIMEOUT,             95, true,  false, "no answer in time; the outcome is unknown") \
	X(TG_CLOSED,              96, true,  false, "connection closed; the outcome is unknown") \
	X(TG_NO_MEMORY,           97, true,  false, "out of memory") \
	X(TG_TOO_NEW,             98, false, false, "file is of a newer version than this program reads") \
	/* budgets, from the console */ \
	X(TG_UNKNOWN_BUDGET,     100, false, false, "budget not known") \
	X(TG_BUDGET_SHORT,       101, false, false, "the budget that is to give has fewer points left") \
	X(TG_SAME_OPERATOR,      102, false, false, "another operator than the one who asked has to approve") \
	X(TG_NOT_ASKED,          103, false, false, "nothing was asked for")
/* clang-format on */

enum tg_status {
#define TG_STATUS_ENUM(name, number, retry, recorded, text) name = (number),
	TG_STATUS_LIST(TG_STATUS_ENUM)
#undef TG_STATUS_ENUM
};

/* The name without its prefix ("NO_POINTS"), or "?" for a number that is not in the list. */
const char *tg_status_name(enum tg_status status);

/* One English sentence part for people; never NULL. */
const char *tg_status_text(enum tg_status status);

/* May the same request, sent again later under the same transaction id, succeed? */
bool tg_status_is_retryable(enum tg_status status);

/* Is this answer a record, given again to every duplicate? */
bool tg_status_is_recorded(enum tg_status status);

/* Is number the wire number of a row of the list? */
bool tg_status_is_known(uint64_t number);

#endif
