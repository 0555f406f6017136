/*
 * client_fixture.c - a scripted server and a client for it, for each test anew.
 */
#include "tests/protocol/client_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Ids live as long as the program, because messages borrow them. */
#define IDS_MAX 10000
static uint8_t ids[IDS_MAX][TG_TRANSACTION_ID_BYTES];

int
client_fixture_setup(void **state)
{
	struct client_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	tg_options_init(&f->options);
	f->options.host = "127.0.0.1";
	f->options.terminal = 1001;
	f->options.key_generation = 1;
	memset(f->options.key, 0x77, sizeof(f->options.key));
	f->server.key = f->options.key;
	*state = f;
	return 0;
}

int
client_fixture_teardown(void **state)
{
	struct client_fixture *f = *state;

	tg_client_free(f->client);
	fake_gateway_free(f->gateway);
	if (f->pki != NULL)
		pki_free(f->pki);
	free(f);
	return 0;
}

void
client_fixture_need_pki(struct client_fixture *f)
{
	if (f->pki == NULL)
		f->pki = pki_new();
}

void
client_fixture_start(struct client_fixture *f, bool with_tls)
{
	char error[200] = "";

	if (with_tls) {
		client_fixture_need_pki(f);
		f->server.pki = f->pki;
		if (f->options.ca_file == NULL)
			f->options.ca_file = pki_path(f->pki, "ca.pem", f->ca_path);
	} else {
		f->options.is_plain = true;
	}
	f->gateway = fake_gateway_start(&f->server);
	f->options.port = fake_gateway_port(f->gateway);
	if (tg_client_new(&f->options, error, sizeof(error), &f->client) != TG_OK)
		fail_msg("%s", error);
}

void
client_fixture_earn(struct client_fixture *f, uint32_t number, struct tg_message *ret_request)
{
	(void)f;
	assert_true(number < IDS_MAX);
	memset(ids[number], 0x1d, sizeof(ids[number]));
	memcpy(ids[number], &number, sizeof(number));
	tg_message_init(ret_request, 0, TG_OP_EARN);
	tg_message_set_bytes(ret_request, TG_FIELD_TRANSACTION_ID, ids[number],
			     sizeof(ids[number]));
	tg_message_set_integer(ret_request, TG_FIELD_BUSINESS_TIME, INT64_C(1700000000000));
	tg_message_set_integer(ret_request, TG_FIELD_MEMBER, 42);
	tg_message_set_integer(ret_request, TG_FIELD_AMOUNT, 100);
}
