/*
 * terminal.c - a till in C: cc terminal.c $(pkg-config --cflags --libs tallygate) -o terminal
 */
#include <err.h>
#include <stdio.h>
#include <tallygate.h>

/* Make a request about a card.  A real till has it on its disk, id and all, before it is sent. */
static void
make(struct tg_message *request, enum tg_operation operation, const char *card, uint8_t id[16])
{
	tg_message_init(request, 0, operation);
	tg_message_set_integer(request, TG_FIELD_IDENTIFIER_TYPE, 1);
	tg_message_set_text(request, TG_FIELD_IDENTIFIER, card);
	if (operation == TG_OP_INQUIRY || tg_transaction_id_new(id) != TG_OK)
		return; /* an inquiry changes nothing and needs no id */
	tg_message_set_bytes(request, TG_FIELD_TRANSACTION_ID, id, 16);
	tg_message_set_integer(request, TG_FIELD_BUSINESS_TIME, tg_utc_ms());
}

/* Send a request, if it has an id until it is answered; show the answer. */
static void
ask(struct tg_client *client, const struct tg_message *request)
{
	struct tg_message answer;
	if ((tg_message_has(request, TG_FIELD_TRANSACTION_ID)
		     ? tg_client_transact(client, request, 30000, &answer)
		     : tg_client_call(client, request, 5000, &answer)) != TG_OK)
		errx(1, "%s", tg_client_error(client));
	printf("%s OK available=%d%s\n", tg_operation_name(request->code),
	       (int)tg_message_integer(&answer, TG_FIELD_AVAILABLE, 0),
	       tg_message_integer(&answer, TG_FIELD_REPLAY, 0) ? " replay" : "");
}

int
main(int argc, char *argv[])
{
	FILE *key = argc == 6 ? fopen(argv[4], "re") : NULL;
	struct tg_options options;
	struct tg_client *client;
	struct tg_message request, reversal;
	uint8_t id[16], reversal_id[16];
	tg_options_init(&options);
	if (key == NULL || fread(options.key, sizeof(options.key), 1, key) != 1 ||
	    sscanf(argv[3], "%u", &options.terminal) != 1)
		errx(2, "usage: terminal HOST:PORT CA-FILE TERMINAL KEY-FILE CARD");
	options.host = argv[1], options.ca_file = argv[2], options.key_generation = 1;
	if (tg_client_new(&options, NULL, 0, &client) != TG_OK)
		errx(2, "the options cannot be used");
	make(&request, TG_OP_ENROLL, argv[5], id);
	ask(client, &request);
	make(&request, TG_OP_EARN, argv[5], id);
	tg_message_set_integer(&request, TG_FIELD_AMOUNT, 1980);
	ask(client, &request);
	ask(client, &request); /* the same id: booked once */
	make(&request, TG_OP_BURN, argv[5], id);
	tg_message_set_integer(&request, TG_FIELD_POINTS, 9);
	ask(client, &request);
	make(&reversal, TG_OP_REVERSE, argv[5], reversal_id);
	tg_reversal_of(&request, reversal_id, TG_REASON_VOIDED, &reversal);
	ask(client, &reversal);
	make(&request, TG_OP_INQUIRY, argv[5], id);
	ask(client, &request);
	tg_client_free(client);
	return fclose(key);
}
