/*
 * test_client_tls.c - who proves what to whom: certificates, keys, versions, resumption.
 */
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/tallygate.h"
#include "tests/protocol/client_fixture.h"

/* The client opens a session and an earn is answered. */
static void
assert_works(struct client_fixture *f)
{
	struct tg_message request, answer;

	client_fixture_earn(f, 1, &request);
	if (tg_client_call(f->client, &request, 10000, &answer) != TG_OK)
		fail_msg("%s", tg_client_error(f->client));
}

/* The session does not open, with this status and these words. */
static void
assert_refused(struct client_fixture *f, enum tg_status expected, const char *words)
{
	enum tg_status status = tg_client_open(f->client, 10000);

	if (status != expected || strstr(tg_client_error(f->client), words) == NULL)
		fail_msg("%s: %s", tg_status_name(status), tg_client_error(f->client));
	assert_null(tg_client_session(f->client));
}

/* What: a terminal with its key earns over TLS.  How: TLS 1.3, then 1.2. */
static void
key_proves_the_terminal(void **state)
{
	struct client_fixture *f = *state;

	client_fixture_start(f, true);
	assert_works(f);
}

static void
key_proves_the_terminal_over_tls_1_2(void **state)
{
	struct client_fixture *f = *state;

	f->server.tls_version_max = TLS1_2_VERSION;
	client_fixture_start(f, true);
	assert_works(f);
}

/* What: a terminal with a certificate needs no key.  How: the server asks for it and its name. */
static void
certificate_proves_the_terminal(void **state)
{
	struct client_fixture *f = *state;
	char certificate[PKI_PATH_BYTES], key[PKI_PATH_BYTES];

	client_fixture_need_pki(f);
	pki_issue(f->pki, &(struct pki_request){ .file = "terminal",
						 .common_name = "terminal:1001",
						 .until_s = 3600,
						 .purpose = "clientAuth" });
	f->server.wants_certificate = true;
	f->server.key = NULL;
	f->options.key_generation = 0;
	f->options.certificate_file = pki_path(f->pki, "terminal.pem", certificate);
	f->options.key_file = pki_path(f->pki, "terminal.key", key);
	client_fixture_start(f, true);
	assert_works(f);
}

/* What: a refused certificate is told as such.  How: none is shown where one is wanted. */
static void
missing_certificate_is_named(void **state)
{
	struct client_fixture *f = *state;

	f->server.wants_certificate = true;
	client_fixture_start(f, true);
	assert_refused(f, TG_AUTH_FAILED, "certificate required");
}

/* What: a server of another authority is not talked to.  How: a certificate from a stranger. */
static void
server_of_a_stranger_is_refused(void **state)
{
	struct client_fixture *f = *state;

	client_fixture_need_pki(f);
	pki_issue(f->pki, &(struct pki_request){ .file = "false",
						 .common_name = "127.0.0.1",
						 .until_s = 3600,
						 .is_stranger = true });
	f->server.certificate_file = "false";
	client_fixture_start(f, true);
	assert_refused(f, TG_AUTH_FAILED, "the certificate of 127.0.0.1 cannot be trusted");
}

/* What: a certificate for another name is not enough.  How: two names that it does not carry. */
static void
server_of_another_name_is_refused(void **state)
{
	struct client_fixture *f = *state;

	f->options.server_name = "gateway.example";
	client_fixture_start(f, true);
	assert_refused(f, TG_AUTH_FAILED, "gateway.example cannot be trusted");
}

static void
server_of_another_address_is_refused(void **state)
{
	struct client_fixture *f = *state;

	f->options.server_name = "127.0.0.2";
	client_fixture_start(f, true);
	assert_refused(f, TG_AUTH_FAILED, "127.0.0.2 cannot be trusted");
}

/* What: a server that does not know the key is found out.  How: one bit of its proof is wrong. */
static void
server_without_the_key_is_refused(void **state)
{
	struct client_fixture *f = *state;

	f->server.is_liar = true;
	client_fixture_start(f, true);
	assert_refused(f, TG_AUTH_FAILED, "did not prove");
}

/* What: a wrong key is refused by the server, and not tried again.  How: one bit of it is wrong. */
static void
wrong_key_is_refused_and_not_tried_again(void **state)
{
	struct client_fixture *f = *state;
	uint8_t key[TG_TERMINAL_KEY_BYTES] = { 0 };
	struct tg_message request, answer;

	f->server.key = key;
	client_fixture_start(f, true);
	assert_refused(f, TG_AUTH_FAILED, "refused AUTH: AUTH_FAILED");
	client_fixture_earn(f, 1, &request);
	assert_int_equal(tg_client_transact(f->client, &request, 20000, &answer), TG_AUTH_FAILED);
	fake_gateway_stop(f->gateway);
	assert_int_equal(fake_gateway_connections(f->gateway), 2);
}

/* What: a blocked terminal is told so.  How: AUTH is answered with it. */
static void
blocked_terminal_is_told(void **state)
{
	struct client_fixture *f = *state;

	f->server.auth_status = TG_BLOCKED;
	client_fixture_start(f, true);
	assert_refused(f, TG_BLOCKED, "terminal, store or partner is blocked");
}

/* What: the coalition meant is the coalition met.  How: another instance than wanted. */
static void
gateway_of_another_instance_is_refused(void **state)
{
	struct client_fixture *f = *state;

	f->options.instance = "elsewhere";
	client_fixture_start(f, true);
	assert_refused(f, TG_AUTH_FAILED, "of instance fake, not elsewhere");
}

/* What: a second connection resumes TLS, and proves again who speaks.  How: closed between. */
static void
second_connection_resumes(void **state)
{
	struct client_fixture *f = *state;

	client_fixture_start(f, true);
	assert_works(f);
	tg_client_close(f->client);
	assert_works(f);
	fake_gateway_stop(f->gateway);
	assert_int_equal(fake_gateway_connections(f->gateway), 2);
	assert_int_equal(fake_gateway_resumed(f->gateway), 1);
}

/* What: a peer without TLS is no gateway.  How: a TLS client at a plain server, and the reverse. */
static void
plain_server_is_not_talked_to_over_tls(void **state)
{
	struct client_fixture *f = *state;
	struct tg_options options = f->options;

	client_fixture_start(f, false);
	tg_client_free(f->client);
	f->client = NULL;
	options.port = fake_gateway_port(f->gateway);
	options.open_timeout_ms = 500;
	assert_int_equal(tg_client_new(&options, NULL, 0, &f->client), TG_OK);
	assert_int_equal(tg_client_open(f->client, 5000), TG_IO);
}

/* What: options that cannot work are named.  How: a table. */
static void
unusable_options_are_named(void **state)
{
	struct client_fixture *f = *state;
	struct tg_options good = f->options;
	struct tg_client *client;
	char error[200];
	struct {
		const char *words;
		struct tg_options options;
	} cases[] = {
		{ "host", good },	    { "port", good },
		{ "terminal", good },	    { "neither a key", good },
		{ "no use for", good },	    { "key_file", good },
		{ "too long", good },	    { "time-out", good },
		{ "/nowhere.pem: ", good }, { "certificate_file", good },
	};

	cases[0].options.host = NULL;
	cases[1].options.port = "";
	cases[2].options.terminal = 0;
	cases[3].options.key_generation = 0;
	cases[4].options.is_plain = true;
	cases[4].options.ca_file = "ca.pem";
	cases[5].options.key_file = "key.pem";
	cases[6].options.instance = "a-name-of-more-than-sixty-four-bytes-a-name-of-more-than-"
				    "sixty-four-bytes";
	cases[7].options.open_timeout_ms = 0;
	cases[8].options.ca_file = "/nowhere.pem";
	cases[9].options.certificate_file = "/nowhere.pem";
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(tg_client_new(&cases[i].options, error, sizeof(error), &client),
				 TG_CONFIG);
		if (strstr(error, cases[i].words) == NULL)
			fail_msg("%s is not in: %s", cases[i].words, error);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		client_test(key_proves_the_terminal),
		client_test(key_proves_the_terminal_over_tls_1_2),
		client_test(certificate_proves_the_terminal),
		client_test(missing_certificate_is_named),
		client_test(server_of_a_stranger_is_refused),
		client_test(server_of_another_name_is_refused),
		client_test(server_of_another_address_is_refused),
		client_test(server_without_the_key_is_refused),
		client_test(wrong_key_is_refused_and_not_tried_again),
		client_test(blocked_terminal_is_told),
		client_test(gateway_of_another_instance_is_refused),
		client_test(second_connection_resumes),
		client_test(plain_server_is_not_talked_to_over_tls),
		client_test(unusable_options_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
