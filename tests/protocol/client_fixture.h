/*
 * client_fixture.h - a scripted server and a client for it, for each test anew.
 */
#ifndef TG_TESTS_PROTOCOL_CLIENT_FIXTURE_H
#define TG_TESTS_PROTOCOL_CLIENT_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/tallygate.h"
#include "tests/gateway/pki.h"
#include "tests/protocol/fake_gateway.h"

/* A cmocka row: the test between setup and teardown of a fixture. */
#define client_test(f) \
	cmocka_unit_test_setup_teardown(f, client_fixture_setup, client_fixture_teardown)

struct client_fixture {
	struct fake_options server; /* set before client_fixture_start() */
	struct tg_options options;  /* the same, but for the port */
	struct pki *pki;	    /* NULL until the first start with TLS */
	char ca_path[PKI_PATH_BYTES];
	struct fake_gateway *gateway;
	struct tg_client *client;
};

/* Defaults: terminal 1001 with a key that both sides know. */
int client_fixture_setup(void **state);
int client_fixture_teardown(void **state);

/* Make the authority, so that certificates can be issued before the start. */
void client_fixture_need_pki(struct client_fixture *f);

/* Start the server and make the client, with TLS or without. */
void client_fixture_start(struct client_fixture *f, bool with_tls);

/* Make an earn of 100 with a transaction id of its own for each number. */
void client_fixture_earn(struct client_fixture *f, uint32_t number, struct tg_message *ret_request);

#endif
