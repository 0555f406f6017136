/*
 * gen_example.c - worked examples for the protocol reference, computed by the code they describe.
 */
#include "protocol/gen_example.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/auth.h"
#include "protocol/encode.h"

#define EXAMPLE_TERMINAL 1001
#define EXAMPLE_GENERATION 2
#define EXAMPLE_INSTANCE "demo"
#define HEX_PER_LINE 32

/* All that the examples are made from. */
struct example {
	uint8_t key[TG_KEY_BYTES];
	struct tg_auth_input input;
	uint8_t terminal_proof[TG_PROOF_BYTES];
	uint8_t server_proof[TG_PROOF_BYTES];
};

/* Stop: a generator has nobody to tell. */
static void
die(const char *what)
{
	fprintf(stderr, "gen_reference: %s\n", what);
	exit(1);
}

/* Print bytes as hex, in lines under a name. */
static void
print_hex(const char *name, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i % HEX_PER_LINE == 0)
			printf("%s    %-15s ", i == 0 ? "" : "\n", i == 0 ? name : "");
		printf("%02x", bytes[i]);
	}
	printf("\n");
}

/* Fill the parts with bytes that are easy to recognise, and make key and proofs from them. */
static void
make_example(struct example *example, uint8_t master[TG_MASTER_KEY_BYTES_MIN])
{
	struct tg_auth_input *input = &example->input;

	for (unsigned i = 0; i < TG_MASTER_KEY_BYTES_MIN; i++)
		master[i] = (uint8_t)i;
	input->version = TG_PROTOCOL_VERSION;
	input->terminal = EXAMPLE_TERMINAL;
	input->generation = EXAMPLE_GENERATION;
	memset(input->client_nonce, 0xc1, sizeof(input->client_nonce));
	memset(input->server_nonce, 0x5e, sizeof(input->server_nonce));
	memset(input->exporter, 0xe0, sizeof(input->exporter));
	if (tg_auth_derive_key(master, TG_MASTER_KEY_BYTES_MIN, EXAMPLE_INSTANCE, EXAMPLE_TERMINAL,
			       EXAMPLE_GENERATION, example->key) != TG_OK ||
	    tg_auth_make_proof(TG_AUTH_TERMINAL, example->key, input, example->terminal_proof) !=
		    TG_OK ||
	    tg_auth_make_proof(TG_AUTH_SERVER, example->key, input, example->server_proof) != TG_OK)
		die("OpenSSL failed");
}

void
gen_print_vector(void)
{
	uint8_t master[TG_MASTER_KEY_BYTES_MIN];
	struct example example;

	make_example(&example, master);
	printf("An example to test against, instance `%s`, terminal %d, generation %d:\n\n",
	       EXAMPLE_INSTANCE, EXAMPLE_TERMINAL, EXAMPLE_GENERATION);
	print_hex("master key", master, sizeof(master));
	print_hex("key", example.key, sizeof(example.key));
	print_hex("client nonce", example.input.client_nonce, TG_NONCE_BYTES);
	print_hex("server nonce", example.input.server_nonce, TG_NONCE_BYTES);
	print_hex("exporter", example.input.exporter, TG_EXPORTER_BYTES);
	print_hex("terminal proof", example.terminal_proof, TG_PROOF_BYTES);
	print_hex("server proof", example.server_proof, TG_PROOF_BYTES);
}

/* Print a value in words. */
static void
print_value(const struct tg_field_info *info, const struct tg_value *value)
{
	switch (info->type) {
	case TG_TYPE_INT:
		printf("%" PRId64, value->integer);
		break;
	case TG_TYPE_BOOL:
		printf("%s", value->integer ? "true" : "false");
		break;
	case TG_TYPE_STR:
		printf("\"%.*s\"", (int)value->bytes, (const char *)value->data);
		break;
	case TG_TYPE_BIN:
		printf("h'");
		for (uint32_t i = 0; i < value->bytes; i++)
			printf("%02x", value->data[i]);
		printf("'");
		break;
	case TG_TYPE_LINES:
	case TG_TYPE_ITEMS:
	case TG_TYPE_EXPIRIES:
	case TG_TYPE_ENTRIES:
	case TG_TYPE_TOTALS:
	case TG_TYPE_HISTORY:
	case TG_TYPE_BUCKETS:
	case TG_TYPE_COMPONENTS:
		die("the examples have no array fields");
		break;
	}
}

/* Print a message in words, then its frame. */
static void
print_message(const char *who, const char *code_name, const struct tg_message *message)
{
	const char *comma = "";
	struct tg_writer writer;
	uint8_t frame[1024];

	printf("%s:\n\n    [%" PRIu32 ", %s, {", who, message->request_id, code_name);
	for (enum tg_field f = tg_field_set_next(&message->present, 0); f < TG_FIELD_COUNT;
	     f = tg_field_set_next(&message->present, f + 1)) {
		printf("%s\n        %s: ", comma, tg_field_info(f)->name);
		print_value(tg_field_info(f), &message->values[f]);
		comma = ",";
	}
	printf("}]\n\n");
	tg_writer_init(&writer, frame, sizeof(frame));
	if (!tg_encode(&writer, message))
		die("the examples do not fit");
	print_hex("", frame, writer.used_bytes);
	printf("\n");
}

/* Print HELLO and AUTH with their answers. */
static void
print_opening(const struct example *example)
{
	struct tg_message m;

	tg_message_init(&m, 1, TG_OP_HELLO);
	tg_message_set_integer(&m, TG_FIELD_VERSION, TG_PROTOCOL_VERSION);
	tg_message_set_bytes(&m, TG_FIELD_CLIENT_NONCE, example->input.client_nonce,
			     TG_NONCE_BYTES);
	tg_message_set_text(&m, TG_FIELD_SOFTWARE, "example 1.0");
	print_message("The client greets", "HELLO", &m);
	tg_message_init(&m, 1, TG_OK);
	tg_message_set_integer(&m, TG_FIELD_VERSION, TG_PROTOCOL_VERSION);
	tg_message_set_bytes(&m, TG_FIELD_SERVER_NONCE, example->input.server_nonce,
			     TG_NONCE_BYTES);
	tg_message_set_text(&m, TG_FIELD_INSTANCE, EXAMPLE_INSTANCE);
	tg_message_set_integer(&m, TG_FIELD_FRAME_BYTES_MAX, TG_FRAME_BYTES_MAX);
	tg_message_set_integer(&m, TG_FIELD_IN_FLIGHT_MAX, 32);
	tg_message_set_integer(&m, TG_FIELD_SERVER_TIME, INT64_C(1767225600000));
	tg_message_set_integer(&m, TG_FIELD_BUSINESS_DATE, 20454);
	tg_message_set_integer(&m, TG_FIELD_BATCH_BYTES_MAX, TG_FRAME_BYTES_MAX_BATCH);
	print_message("The server answers", "OK", &m);
	tg_message_init(&m, 2, TG_OP_AUTH);
	tg_message_set_integer(&m, TG_FIELD_TERMINAL, EXAMPLE_TERMINAL);
	tg_message_set_integer(&m, TG_FIELD_KEY_GENERATION, EXAMPLE_GENERATION);
	tg_message_set_bytes(&m, TG_FIELD_PROOF, example->terminal_proof, TG_PROOF_BYTES);
	print_message("The client proves who it is", "AUTH", &m);
	tg_message_init(&m, 2, TG_OK);
	tg_message_set_integer(&m, TG_FIELD_TERMINAL, EXAMPLE_TERMINAL);
	tg_message_set_integer(&m, TG_FIELD_STORE, 17);
	tg_message_set_bytes(&m, TG_FIELD_PROOF, example->server_proof, TG_PROOF_BYTES);
	tg_message_set_integer(&m, TG_FIELD_PARTNER, 3);
	tg_message_set_integer(&m, TG_FIELD_RIGHTS,
			       TG_RIGHT_INQUIRY | TG_RIGHT_EARN | TG_RIGHT_BURN);
	print_message("The server proves who it is", "OK", &m);
}

void
gen_print_frames(void)
{
	static const uint8_t id[TG_TRANSACTION_ID_BYTES] = { 0,	   0, 3, 0xe9, 0, 0, 0, 0,
							     0x12, 0, 0, 0,    0, 0, 0, 7 };
	uint8_t master[TG_MASTER_KEY_BYTES_MIN];
	struct example example;
	struct tg_message m;

	make_example(&example, master);
	print_opening(&example);
	tg_message_init(&m, 3, TG_OP_EARN);
	tg_message_set_bytes(&m, TG_FIELD_TRANSACTION_ID, id, sizeof(id));
	tg_message_set_integer(&m, TG_FIELD_BUSINESS_TIME, INT64_C(1767225605123));
	tg_message_set_integer(&m, TG_FIELD_IDENTIFIER_TYPE, 1);
	tg_message_set_text(&m, TG_FIELD_IDENTIFIER, "4900000012345");
	tg_message_set_integer(&m, TG_FIELD_AMOUNT, 1980);
	tg_message_set_text(&m, TG_FIELD_RECEIPT, "000123");
	tg_message_set_integer(&m, TG_FIELD_TILL, 4);
	tg_message_set_integer(&m, TG_FIELD_TILL_DAY, 20454);
	print_message("The client asks for points for a purchase of 1,980", "EARN", &m);
	tg_message_init(&m, 3, TG_OK);
	tg_message_set_integer(&m, TG_FIELD_MEMBER, 42);
	tg_message_set_integer(&m, TG_FIELD_POINTS, 19);
	tg_message_set_integer(&m, TG_FIELD_BUSINESS_DATE, 20454);
	tg_message_set_integer(&m, TG_FIELD_SEQUENCE, 100234);
	tg_message_set_integer(&m, TG_FIELD_BOOKED_AT, INT64_C(1767225605150));
	tg_message_set_integer(&m, TG_FIELD_AVAILABLE, 1234);
	tg_message_set_integer(&m, TG_FIELD_EXPIRES_DAY, 20818);
	tg_message_set_integer(&m, TG_FIELD_EXPIRES_POINTS, 1234);
	tg_message_set_integer(&m, TG_FIELD_BASE_POINTS, 19);
	print_message("The server has booked 19 points", "OK", &m);
}
