/*
 * client_transact.c - one transaction, sent until it is answered; and the requests about another.
 */
#include "protocol/client_internal.h"
#include "protocol/tallygate.h"

/* Mark a request as sent before, attempt times. */
static void
mark_repeated(struct tg_message *request, uint32_t attempt)
{
	tg_message_set_integer(request, TG_FIELD_REPEAT, 1);
	tg_message_set_integer(request, TG_FIELD_ATTEMPT,
			       attempt < UINT16_MAX ? attempt : UINT16_MAX);
}

/* Send once on a connection that is open or opens in time. */
static enum tg_status
send_once(struct tg_client *client, const struct tg_message *request, int64_t until_ms,
	  uint32_t *ret_request_id)
{
	enum tg_status status;

	do {
		status = client_open_until(client, until_ms);
		if (status == TG_OK) {
			client_tend_queue(client, until_ms);
			status = client_open_until(client, until_ms);
		}
		if (status != TG_OK)
			return status;
		status = tg_link_send(client->link, request, ret_request_id);
	} while (status == TG_SHUTTING_DOWN);
	if (status != TG_OK)
		client_error_set(&client->error, "%s", tg_link_error(client->link));
	return status;
}

enum tg_status
tg_client_transact(struct tg_client *client, const struct tg_message *request, uint32_t timeout_ms,
		   struct tg_message *ret_answer)
{
	const struct tg_operation_info *info = tg_operation_info(request->code);
	int64_t until_ms = client_now_ms() + timeout_ms;
	struct tg_message message = *request;
	bool is_unknown = false;

	if (info == NULL || !info->has_transaction_id || tg_client_in_flight(client) > 0) {
		client_error_set(&client->error,
				 info == NULL || !info->has_transaction_id
					 ? "not a transaction"
					 : "answers to earlier requests are still to come");
		return TG_OUT_OF_TURN;
	}
	for (uint32_t attempt = 1;; attempt++) {
		uint32_t request_id;
		int64_t answer_ms;
		enum tg_status status = send_once(client, &message, until_ms, &request_id);

		if (status != TG_OK)
			return is_unknown ? TG_TIMEOUT : status;
		answer_ms = client_now_ms() + client->answer_timeout_ms;
		status =
			client_wait_answer(client, request_id,
					   answer_ms < until_ms ? answer_ms : until_ms, ret_answer);
		if (status != TG_OK) {
			is_unknown = true;
			client_give_up(client);
			if (client_now_ms() >= until_ms)
				return TG_TIMEOUT;
		} else {
			status = client_note_answer(client, request, ret_answer);
			if (!client_is_passing(ret_answer->code)) {
				client_settle(client);
				return status;
			}
			if (!client_wait_out(client, ret_answer, until_ms))
				return is_unknown ? TG_TIMEOUT : status;
		}
		mark_repeated(&message, attempt);
	}
}

/* Copy what names the member, store and terminal. */
static void
copy_names(const struct tg_message *request, struct tg_message *copy)
{
	static const enum tg_field names[] = { TG_FIELD_TERMINAL, TG_FIELD_STORE, TG_FIELD_MEMBER,
					       TG_FIELD_IDENTIFIER_TYPE, TG_FIELD_IDENTIFIER };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (tg_message_has(request, names[i])) {
			copy->values[names[i]] = request->values[names[i]];
			tg_field_set_add(&copy->present, names[i]);
		}
}

/* Name the transaction as the original of another request. */
static void
name_original(const struct tg_message *request, struct tg_message *other)
{
	const struct tg_value *id = &request->values[TG_FIELD_TRANSACTION_ID];

	if (tg_message_has(request, TG_FIELD_TRANSACTION_ID))
		tg_message_set_bytes(other, TG_FIELD_ORIGINAL, id->data, id->bytes);
	if (tg_message_has(request, TG_FIELD_BUSINESS_TIME))
		tg_message_set_integer(other, TG_FIELD_ORIGINAL_TIME,
				       request->values[TG_FIELD_BUSINESS_TIME].integer);
}

void
tg_reversal_of(const struct tg_message *request, const uint8_t id[TG_TRANSACTION_ID_BYTES],
	       enum tg_reason reason, struct tg_message *ret_reversal)
{
	tg_message_init(ret_reversal, 0, TG_OP_REVERSE);
	tg_message_set_bytes(ret_reversal, TG_FIELD_TRANSACTION_ID, id, TG_TRANSACTION_ID_BYTES);
	tg_message_set_integer(ret_reversal, TG_FIELD_BUSINESS_TIME, tg_utc_ms());
	tg_message_set_integer(ret_reversal, TG_FIELD_REASON, reason);
	copy_names(request, ret_reversal);
	name_original(request, ret_reversal);
}

void
tg_status_request_of(const struct tg_message *request, struct tg_message *ret_request)
{
	tg_message_init(ret_request, 0, TG_OP_STATUS);
	copy_names(request, ret_request);
	name_original(request, ret_request);
}
