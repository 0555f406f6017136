/*
 * test_network.c - the network side as a whole: threads, listening sockets, reload, drain.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/host.h"
#include "gateway/address.h"
#include "gateway/listener.h"
#include "ledger/request.h"
#include "tests/gateway/network_fixture.h"

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* CPU time of the whole process, or time that passed; ms. */
static int64_t
clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait until the server has closed a connection. */
static void
await_close(struct network_fixture *f, struct peer *peer)
{
	fixture_until(f, peer->is_closed);
}

/* What: connections are shared out over the threads, listed for the console in the order of their
 *       numbers, a page at a time. */
static void
connections_are_shared_out_and_listed(void **state)
{
	struct network_fixture *f = *state;
	struct host_session rows[4];
	struct tg_message answer;
	uint64_t last = 0;
	uint32_t total = 0, count, of_first = 0;

	fixture_start(f);
	for (int i = 0; i < 10; i++)
		fixture_hello(f, fixture_connect(f, i % 2 == 0), &answer);
	do {
		count = network_sessions(f->network, last, rows, 4);
		for (uint32_t i = 0; i < count; i++) {
			assert_true(rows[i].id > last);
			last = rows[i].id;
			of_first += rows[i].id % 2;
			assert_string_equal(rows[i].state, "challenge");
			assert_non_null(strstr(rows[i].peer, "127.0.0.1:"));
			assert_true(strcmp(rows[i].tls, "TLSv1.3") == 0 ||
				    strcmp(rows[i].tls, "plain") == 0);
			assert_int_equal(rows[i].requests, 1);
		}
		total += count;
	} while (count == 4);
	assert_int_equal(total, 10);
	assert_int_equal(of_first, 5);
	assert_int_equal(network_figures(f->network).connections, 10);
	assert_int_equal(network_figures(f->network).accepted, 10);
}

/* Make another certificate for the server, "renewed.pem" and "renewed.key". */
static void
renew(struct network_fixture *f)
{
	pki_issue(f->pki, &(struct pki_request){ .file = "renewed",
						 .common_name = "127.0.0.1",
						 .from_s = -60,
						 .until_s = 3600,
						 .purpose = "serverAuth" });
}

/* A configuration whose I/O side is that of f->config, but for limit and certificate. */
static struct config *
next_config(struct network_fixture *f, int64_t in_flight, const char *certificate, const char *key)
{
	struct config *next = config_new();

	assert_non_null(next);
	fixture_set_path(f, &next->tls_certificate_file, certificate);
	fixture_set_path(f, &next->tls_key_file, key);
	next->limits_in_flight = in_flight;
	return next;
}

/* What: a reload changes limits and certificate for what comes after it, and nothing for those
 *       who are connected; with a bad file the old stays. */
static void
a_reload_goes_on_without_a_pause(void **state)
{
	struct network_fixture *f = *state;
	struct config *first = f->config, *next;
	struct peer *old[2], *fresh;
	struct config_error error;
	struct tg_message answer;
	X509 *certificates[2];

	fixture_start(f);
	for (int i = 0; i < 2; i++) {
		old[i] = fixture_connect(f, true);
		fixture_hello(f, old[i], &answer);
		assert_int_equal(answer.values[TG_FIELD_IN_FLIGHT_MAX].integer, 32);
	}
	renew(f);
	next = next_config(f, 5, "renewed.pem", "server.key");
	assert_int_equal(network_reload(f->network, next, &error), TG_CONFIG);
	assert_non_null(strstr(error.text, "server.key"));
	fixture_set_path(f, &next->tls_key_file, "renewed.key");
	assert_int_equal(network_reload(f->network, next, &error), TG_OK);
	f->config = next;

	fresh = fixture_connect(f, true);
	fixture_hello(f, fresh, &answer);
	assert_int_equal(answer.values[TG_FIELD_IN_FLIGHT_MAX].integer, 5);
	certificates[0] = SSL_get1_peer_certificate(old[0]->ssl);
	certificates[1] = SSL_get1_peer_certificate(fresh->ssl);
	assert_int_not_equal(X509_cmp(certificates[0], certificates[1]), 0);
	X509_free(certificates[0]);
	X509_free(certificates[1]);
	fixture_ping(f, old[0]);
	fixture_ping(f, old[1]);
	fixture_stop(f);
	config_free(first);
}

/* What: reloads while connections come, shake hands, work and go: nobody is refused, and everybody
 *       gets one configuration or the other.
 * How:  thirty reloads, each in the middle of two handshakes.  A thread that is late may have the
 *       one before. */
static void
reloads_meet_handshakes(void **state)
{
	enum { RELOADS = 30 };
	struct network_fixture *f = *state;
	struct config *used[RELOADS + 1];
	struct tg_message answer;
	struct peer *working;

	fixture_start(f);
	renew(f);
	working = fixture_connect(f, true);
	fixture_auth(f, working, 123, &answer);
	used[0] = f->config;
	for (uint32_t i = 1; i <= RELOADS; i++) {
		bool is_odd = i % 2 != 0;
		struct peer *peers[2] = { fixture_connect(f, true), fixture_connect(f, true) };
		struct config_error error;
		struct tg_message earn;

		used[i] = next_config(f, 32 + i, is_odd ? "renewed.pem" : "server.pem",
				      is_odd ? "renewed.key" : "server.key");
		peer_make_earn(f->next_id++, i, f->pipeline->utc_ms, &earn);
		peer_put_message(working, &earn);
		fixture_step(f);
		assert_int_equal(network_reload(f->network, used[i], &error), TG_OK);
		f->config = used[i];
		for (uint32_t k = 0; k < 2; k++) {
			fixture_hello(f, peers[k], &answer);
			assert_in_range(answer.values[TG_FIELD_IN_FLIGHT_MAX].integer, 32 + i - 1,
					32 + i);
			peer_close(peers[k]);
		}
		fixture_await(f, working, &answer);
		assert_int_equal(answer.request_id, earn.request_id);
		assert_int_equal(answer.code, TG_OK);
	}
	fixture_stop(f);
	for (uint32_t i = 0; i < RELOADS; i++)
		config_free(used[i]);
}

/* Is there nobody who accepts? */
static bool
is_refused(struct network_fixture *f)
{
	struct address address;
	char text[ADDRESS_TEXT_BYTES];
	bool is_tls;
	int fd = fixture_socket(), result;

	network_address(f->network, 0, text, sizeof(text), &is_tls);
	assert_int_equal(address_parse(text, &address), TG_OK);
	result = connect(fd, &address.storage.any, address.bytes);
	close(fd);
	return result != 0;
}

/* What: a drain reaches the sessions of all threads, and then there is no connection left and
 *       none is accepted. */
static void
a_drain_reaches_all_threads(void **state)
{
	struct network_fixture *f = *state;
	struct tg_message answer;

	fixture_start(f);
	for (int i = 0; i < 6; i++)
		fixture_hello(f, fixture_connect(f, i % 2 == 0), &answer);
	assert_false(network_is_drained(f->network));
	network_drain(f->network);
	for (int i = 0; i < 6; i++) {
		fixture_await(f, &f->peers[i], &answer);
		assert_int_equal(answer.code, TG_OP_NOTICE);
		assert_int_equal(answer.values[TG_FIELD_OUTCOME].integer, TG_SHUTTING_DOWN);
		await_close(f, &f->peers[i]);
		peer_close(&f->peers[i]);
	}
	fixture_until(f, network_is_drained(f->network));
	assert_true(is_refused(f));
}

/* What: whoever has requests in flight when a drain begins gets every answer, whichever thread he
 *       is with, and only then is closed.
 * How:  three threads, nine sessions with eight EARNs each; the pipeline answers none of them
 *       until all sessions have their notice. */
static void
a_drain_tells_every_answer(void **state)
{
	enum { PEERS = 9, EARNS = 8 };
	struct network_fixture *f = *state;
	struct tg_message message;
	uint32_t before, first_ids[PEERS];

	f->config->gateway_io_threads = 3;
	fixture_start(f);
	for (uint32_t i = 0; i < PEERS; i++)
		fixture_auth(f, fixture_connect(f, i % 2 == 0), 120 + i, &message);
	f->pipeline->is_holding = true;
	before = f->pipeline->submits;
	for (uint32_t i = 0; i < PEERS; i++) {
		first_ids[i] = f->next_id;
		for (uint32_t k = 0; k < EARNS; k++) {
			peer_make_earn(f->next_id++, i * EARNS + k, f->pipeline->utc_ms, &message);
			peer_put_message(&f->peers[i], &message);
		}
	}
	fixture_until(f, f->pipeline->submits == before + PEERS * EARNS);
	network_drain(f->network);
	for (uint32_t i = 0; i < PEERS; i++) {
		fixture_await(f, &f->peers[i], &message);
		assert_int_equal(message.code, TG_OP_NOTICE);
	}
	assert_int_equal(network_figures(f->network).connections, PEERS);
	f->pipeline->is_holding = false;
	for (uint32_t i = 0; i < PEERS; i++) {
		uint32_t told = 0; /* a bit for each answer */

		for (uint32_t k = 0; k < EARNS; k++) {
			fixture_await(f, &f->peers[i], &message);
			assert_int_equal(message.code, TG_OK);
			assert_in_range(message.request_id, first_ids[i], first_ids[i] + EARNS - 1);
			told |= 1u << (message.request_id - first_ids[i]);
		}
		assert_int_equal(told, (1u << EARNS) - 1);
		await_close(f, &f->peers[i]);
		assert_int_equal(f->peers[i].error, 0);
		peer_close(&f->peers[i]);
	}
	fixture_until(f, network_is_drained(f->network));
	assert_true(is_refused(f));
}

/* What: a partner is out of service with every thread, and only it; then everybody; and both come
 *       back. */
static void
who_is_out_of_service_is_so_with_all_threads(void **state)
{
	enum { PEERS = 6 };
	struct network_fixture *f = *state;
	struct tg_message message;
	uint32_t connections;

	f->config->gateway_io_threads = 3;
	fixture_start(f);
	for (uint32_t i = 0; i < PEERS; i++)
		fixture_auth(f, fixture_connect(f, i % 3 == 0), (i % 2 == 0 ? 120 : 220) + i,
			     &message);
	assert_false(network_is_out(f->network, 1, &connections));
	assert_int_equal(connections, PEERS / 2);
	assert_int_equal(network_serve(f->network, 1, false), TG_OK);
	for (uint32_t i = 0; i < PEERS; i += 2) {
		fixture_await(f, &f->peers[i], &message);
		assert_int_equal(message.code, TG_OP_NOTICE);
		assert_int_equal(message.values[TG_FIELD_OUTCOME].integer, TG_SHUTTING_DOWN);
		await_close(f, &f->peers[i]);
		peer_close(&f->peers[i]);
	}
	fixture_until(f, network_is_out(f->network, 1, &connections) && connections == 0);
	assert_false(network_is_out(f->network, 2, &connections));
	assert_int_equal(connections, PEERS / 2);
	assert_false(network_is_out(f->network, 0, &connections));
	assert_int_equal(network_serve(f->network, 0, false), TG_OK);
	for (uint32_t i = 1; i < PEERS; i += 2) {
		fixture_await(f, &f->peers[i], &message);
		assert_int_equal(message.code, TG_OP_NOTICE);
		await_close(f, &f->peers[i]);
		peer_close(&f->peers[i]);
	}
	fixture_until(f, network_is_out(f->network, 0, &connections) && connections == 0);
	assert_int_equal(network_serve(f->network, 0, true), TG_OK);
	assert_int_equal(network_serve(f->network, 1, true), TG_OK);
	fixture_auth(f, fixture_connect(f, true), 120, &message);
	assert_int_equal(message.code, TG_OK);
}

/* What: more connections than there may be are closed at once, and those who are in stay. */
static void
too_many_connections_are_refused(void **state)
{
	struct network_fixture *f = *state;
	struct tg_message answer;
	struct peer *in[2];

	f->config->limits_connections = 2;
	fixture_start(f);
	for (int i = 0; i < 2; i++) {
		in[i] = fixture_connect(f, true);
		fixture_hello(f, in[i], &answer);
	}
	for (uint64_t i = 1; i <= 20; i++) {
		struct peer *out = fixture_connect(f, i % 2 == 0);

		await_close(f, out);
		peer_close(out);
		assert_int_equal(network_figures(f->network).refused, i);
	}
	fixture_ping(f, in[0]);
	fixture_ping(f, in[1]);
	assert_non_null(strstr(fixture_log(f), "event=connections_full"));
	peer_close(in[1]);
	fixture_until(f, network_figures(f->network).connections == 1);
	fixture_hello(f, fixture_connect(f, true), &answer);
}

/* What: in a storm of connections without a descriptor left, who is in is served, a few of those
 *       who wait are refused, nothing spins, and with descriptors again all the others get in.
 * How:  the process's own limit is lowered while connections wait to be accepted.  A listener
 *       refuses one and pauses; what spins would burn as much CPU time as passes. */
static void
a_storm_without_descriptors_is_survived(void **state)
{
	enum { STORM = 40 };
	struct network_fixture *f = *state;
	struct rlimit low = f->limit;
	int64_t since_ms, cpu_ms;
	struct tg_message answer;
	struct peer *in[2];
	uint64_t refused;
	uint32_t served = 0;
	int fds[STORM];

	fixture_start(f);
	for (int i = 0; i < 2; i++) {
		in[i] = fixture_connect(f, i == 0);
		fixture_auth(f, in[i], 123, &answer);
	}
	for (int i = 0; i < STORM; i++)
		fds[i] = fixture_socket();
	low.rlim_cur = (rlim_t)fds[STORM - 1] + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	since_ms = clock_ms(CLOCK_MONOTONIC);
	for (int i = 0; i < STORM; i++)
		fixture_connect_socket(f, fds[i], false);
	cpu_ms = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < NETWORK_WAIT_STEPS && network_figures(f->network).refused < 5; i++)
		poll(NULL, 0, 20);
	assert_true(clock_ms(CLOCK_MONOTONIC) - since_ms >= 4 * LISTENER_PAUSE_MS);
	cpu_ms = clock_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu_ms;
	assert_true(cpu_ms < (clock_ms(CLOCK_MONOTONIC) - since_ms) / 2);
	fixture_ping(f, in[0]);
	fixture_ping(f, in[1]);
	assert_non_null(strstr(fixture_log(f), "event=accept_failed"));

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &f->limit), 0);
	fixture_until(f, network_figures(f->network).accepted +
					 network_figures(f->network).refused ==
				 STORM + 2);
	refused = network_figures(f->network).refused;
	for (uint32_t i = 2; i < f->peer_count; i++) {
		peer_put_hello(&f->peers[i], 1);
		fixture_until(f, f->peers[i].is_closed || peer_take(&f->peers[i], &answer));
		if (!f->peers[i].is_closed)
			served++;
	}
	assert_int_equal(served + refused, STORM);
}

/* What: the console's hash of an identifier is the one that requests get; what is none is
 *       refused. */
static void
the_console_hashes_like_a_request(void **state)
{
	struct network_fixture *f = *state;
	struct identifier_hash hash, other;
	char text[TG_IDENTIFIER_BYTES_MAX + 2];

	fixture_make(f);
	assert_int_equal(network_hash_identifier(f->network, 1, "4902530", &hash), TG_OK);
	assert_int_equal(network_hash_identifier(f->network, 2, "4902530", &other), TG_OK);
	assert_int_equal(hash.type, 1);
	assert_int_equal(hash.key, 1);
	assert_memory_not_equal(hash.hash, other.hash, sizeof(hash.hash));
	memset(text, '1', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(network_hash_identifier(f->network, 1, text, &hash), TG_BAD_FIELD);
	assert_int_equal(network_hash_identifier(f->network, 1, "", &hash), TG_BAD_FIELD);
	assert_int_equal(network_hash_identifier(f->network, 0, "1", &hash), TG_BAD_FIELD);
}

/* What: keys that others may read, or that are too short, and addresses in use are refused by
 *       name. */
static void
a_start_that_cannot_be_is_refused(void **state)
{
	struct network_fixture *f = *state;
	const struct network_options options = { .config = f->config,
						 .pipeline = f->pipeline,
						 .log = f->log };
	struct network *second = NULL;
	struct config_error error;
	char path[PKI_PATH_BYTES], text[ADDRESS_TEXT_BYTES];
	bool is_tls;

	pki_path(f->pki, "master.key", path);
	chmod(path, 0644);
	assert_int_equal(network_new(&options, &error, &second), TG_CONFIG);
	assert_non_null(strstr(error.text, "master.key: a key file must not be open to others"));
	pki_write_secret(f->pki, "master.key", 'm', 31);
	chmod(path, 0600);
	assert_int_equal(network_new(&options, &error, &second), TG_CONFIG);
	assert_non_null(strstr(error.text, "at least 32 bytes"));
	pki_write_secret(f->pki, "master.key", 'm', 32);
	fixture_make(f);
	network_address(f->network, 0, text, sizeof(text), &is_tls);
	free(f->config->listen_tls.entries[0]);
	f->config->listen_tls.entries[0] = strdup(text);
	assert_int_equal(network_new(&options, &error, &second), TG_CONFIG);
	assert_non_null(strstr(error.text, "in use"));
	assert_null(second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(connections_are_shared_out_and_listed),
		CASE(a_reload_goes_on_without_a_pause),
		CASE(reloads_meet_handshakes),
		CASE(a_drain_reaches_all_threads),
		CASE(a_drain_tells_every_answer),
		CASE(who_is_out_of_service_is_so_with_all_threads),
		CASE(too_many_connections_are_refused),
		CASE(a_storm_without_descriptors_is_survived),
		CASE(the_console_hashes_like_a_request),
		CASE(a_start_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
