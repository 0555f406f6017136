/*
 * day_end.c - proves a till's own log of a day against the gateway, and signs it.
 */
#include "contrib/settle/day_end.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "contrib/common/day.h"
#include "contrib/common/transaction_id.h"
#include "contrib/settle/ask.h"
#include "contrib/settle/day_log.h"
#include "protocol/day.h"

static void
print_figures(const char *way, const uint8_t *id, int64_t time_ms, uint32_t kind)
{
	char text[TRANSACTION_ID_TEXT_BYTES];

	transaction_id_format(id, text);
	printf("%s,%s@%" PRId64 ",%s,", way, text, time_ms, tg_operation_name(kind));
}

static void
on_difference(void *context, enum tg_difference difference, const struct tg_proof_item *here,
	      const struct tg_history *there)
{
	uint32_t *count = context;

	if ((*count)++ == 0)
		puts("way,transaction,operation,points,points_there,amount,amount_there");
	if (difference == TG_DIFFERENCE_ONLY_HERE) {
		print_figures("missing there", here->id, here->business_time_utc_ms, here->kind);
		printf("%" PRId64 ",,%" PRId64 ",\n", here->points, here->amount);
	} else if (difference == TG_DIFFERENCE_ONLY_THERE) {
		print_figures("missing here", there->id, there->business_time_utc_ms,
			      there->kind);
		printf(",%" PRId64 ",,%" PRId64 "\n", there->points, there->amount);
	} else {
		print_figures("differs", here->id, here->business_time_utc_ms, here->kind);
		printf("%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "\n", here->points,
		       there->points, here->amount, there->amount);
	}
}

/* Whose day it is: the till's own, or all of the partner's, if not said. */
static bool
take_scope(const struct settle_settings *settings, const struct tg_session *session,
	   enum tg_scope *ret_scope, struct failure *failure)
{
	*ret_scope = session->store != 0 ? TG_SCOPE_TERMINAL : TG_SCOPE_PARTNER;
	if (settings->scope == NULL)
		return true;
	if (strcasecmp(settings->scope, "terminal") == 0)
		*ret_scope = TG_SCOPE_TERMINAL;
	else if (strcasecmp(settings->scope, "partner") == 0)
		*ret_scope = TG_SCOPE_PARTNER;
	else
		return failure_set(failure, "--scope: say terminal or partner");
	return true;
}

/* Sign what the log has; the gateway confirms it, or says why not. */
static enum settle_exit
sign(struct tg_client *client, const struct tg_day *day, uint32_t timeout_ms,
     struct failure *failure)
{
	uint8_t digest[TG_DIGEST_BYTES];
	char chain[TRANSACTION_ID_TEXT_BYTES];
	struct tg_message request, answer;
	struct failure why;

	tg_day_digest(day, digest);
	tg_message_init(&request, 0, TG_OP_COUNTERSIGN);
	tg_message_set_integer(&request, TG_FIELD_DAY, day->day);
	tg_message_set_integer(&request, TG_FIELD_BASIS, day->basis);
	tg_message_set_integer(&request, TG_FIELD_SCOPE, day->scope);
	tg_message_set_bytes(&request, TG_FIELD_DIGEST, digest, sizeof(digest));
	if (!ask_gateway(client, &request, timeout_ms, &answer, &why)) {
		failure_set(failure, "not signed: %s; run it again", why.text);
		return SETTLE_UNFINISHED;
	}
	transaction_id_format(answer.values[TG_FIELD_CHAIN].data, chain);
	printf("signed as record %" PRId64 ", chain %s\n",
	       tg_message_integer(&answer, TG_FIELD_SEQUENCE, 0), chain);
	return SETTLE_DONE;
}

/* Say how it stands. */
static enum settle_exit
judge(const struct tg_day_result *result)
{
	if (result->result == TG_RESULT_NOTHING) {
		puts("nothing to settle");
		return SETTLE_DONE;
	}
	printf("%s; %u differ, found with %u questions\n",
	       result->difference_count == 0 ? "agreed" : "out of balance",
	       result->difference_count, result->question_count);
	return result->difference_count == 0 ? SETTLE_DONE : SETTLE_REFUSED;
}

static enum settle_exit
prove(const struct settle_settings *settings, struct tg_client *client, const struct tg_day *day,
      struct failure *failure)
{
	const uint32_t timeout_ms = (uint32_t)settings->identity.timeout * 1000;
	struct tg_day_result result;
	enum settle_exit exit;
	uint32_t told = 0;

	if (tg_client_day_end(client, day, timeout_ms, on_difference, &told, &result) != TG_OK) {
		failure_set(failure, "%s; run it again", tg_client_error(client));
		return SETTLE_UNFINISHED;
	}
	exit = judge(&result);
	if (exit == SETTLE_DONE && settings->is_sign && result.result != TG_RESULT_NOTHING)
		exit = sign(client, day, timeout_ms, failure);
	return exit;
}

enum settle_exit
day_end_run(const struct settle_settings *settings, struct tg_client *client, const char *day_text,
	    const char *path, struct failure *failure)
{
	struct day_log_options options = { .path = path,
					   .delimiter = settings->delimiter[0],
					   .map = settings->columns,
					   .is_till_day = settings->is_till_day };
	struct tg_day day = { .is_divided = true,
			      .basis = settings->is_till_day ? TG_BASIS_TILL_DAY
							      : TG_BASIS_BUSINESS_DATE };
	enum settle_exit exit = SETTLE_BAD_FILE;
	struct day_log log = { .items = NULL };

	if (strcasecmp(settings->delimiter, "tab") == 0)
		options.delimiter = '\t';
	if (!day_parse(day_text, &options.day)) {
		failure_set(failure, "\"%s\" is no day as in 1997-01-31", day_text);
		return SETTLE_USAGE;
	}
	day.day = options.day;
	if (!take_scope(settings, tg_client_session(client), &day.scope, failure))
		return SETTLE_USAGE;
	if (day_log_read(&log, &options, failure)) {
		day.items = log.items;
		day.item_count = log.item_count;
		exit = prove(settings, client, &day, failure);
	}
	day_log_deinit(&log);
	return exit;
}
