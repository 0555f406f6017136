/*
 * fault_reload.c - memory runs out at the nth step of a reload, for every n, while threads serve.
 *
 * The linker leads the gateway's calls of malloc() and its kin here, and OpenSSL has hooks for its
 * own.  Only the thread that reloads meets failures.  What a failed reload has read is freed at
 * once, as the daemon does it; a thread that looked at it would show under AddressSanitizer.
 */
#include <openssl/crypto.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/gateway/network_fixture.h"

#define RELOADS_MAX 20000

/* Whose calls fail. */
enum caller { GATEWAY, OPENSSL };

/* What is to fail, of this thread. */
struct fault {
	enum caller caller;
	int64_t calls_left; /* until one fails; negative: none will */
	bool is_sticky;	    /* all after it fail, too */
	bool has_failed;
};

static _Thread_local struct fault fault = { .calls_left = -1 };

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
char *__wrap_strdup(const char *text);

/* Is this call to fail? */
static bool
fails(enum caller caller)
{
	if (fault.calls_left < 0 || caller != fault.caller)
		return false;
	if (fault.calls_left > 0) {
		fault.calls_left--;
		return false;
	}
	if (!fault.is_sticky)
		fault.calls_left = -1;
	fault.has_failed = true;
	return true;
}

void *
__wrap_malloc(size_t bytes)
{
	return fails(GATEWAY) ? NULL : __real_malloc(bytes);
}

void *
__wrap_calloc(size_t count, size_t bytes)
{
	return fails(GATEWAY) ? NULL : __real_calloc(count, bytes);
}

void *
__wrap_realloc(void *old, size_t bytes)
{
	return fails(GATEWAY) ? NULL : __real_realloc(old, bytes);
}

char *
__wrap_strdup(const char *text)
{
	return fails(GATEWAY) ? NULL : __real_strdup(text);
}

static void *
openssl_malloc(size_t bytes, const char *file, int line)
{
	(void)file, (void)line;
	return fails(OPENSSL) ? NULL : __real_malloc(bytes);
}

static void *
openssl_realloc(void *old, size_t bytes, const char *file, int line)
{
	(void)file, (void)line;
	return fails(OPENSSL) ? NULL : __real_realloc(old, bytes);
}

static void
openssl_free(void *memory, const char *file, int line)
{
	(void)file, (void)line;
	free(memory);
}

/* Configurations that were in force: threads may look at them until the end. */
struct past {
	struct config *configs[RELOADS_MAX];
	uint32_t count;
};

/* Write a configuration as its file. */
static void
write_file(const struct config *config)
{
	FILE *file = fopen(config->path, "w");

	assert_non_null(file);
	config_print(config, file);
	assert_int_equal(fclose(file), 0);
}

/* Write the configuration in force as its file, but with another limit. */
static void
write_other(struct network_fixture *f)
{
	struct config other = *f->config; /* its texts are borrowed */

	other.limits_in_flight = other.limits_in_flight % 100 + 1;
	write_file(&other);
}

/* Put f's configuration into a file, and have it from there. */
static void
load_file(struct network_fixture *f)
{
	char path[PKI_PATH_BYTES];
	struct config_error error;
	struct config *made = f->config;

	made->path = strdup(pki_path(f->pki, "gateway.conf", path));
	fixture_set_path(f, &made->tls_ca_file, "ca.pem");
	pki_write_crl(f->pki);
	fixture_set_path(f, &made->tls_crl_file, "crl.pem");
	pki_write_secret(f->pki, "ticket.key", 't', 32);
	fixture_set_path(f, &made->tls_ticket_file, "ticket.key");
	write_file(made);
	if (config_load(made->path, &error, &f->config) != TG_OK)
		fail_msg("%s", error.text);
	config_free(made);
}

/* Reload as the daemon does, and meet the fault on the way. */
static enum tg_status
reload(struct network_fixture *f, const struct fault *wanted, struct past *past)
{
	struct config_changes changes;
	struct config_error error;
	struct config *next = NULL;
	enum tg_status status;

	fault = *wanted;
	status = config_reload(f->config, &error, &changes, &next);
	if (status == TG_OK)
		status = network_reload(f->network, next, &error);
	fault.calls_left = -1;
	if (status != TG_OK) {
		config_free(next);
		return status;
	}
	assert_true(past->count < RELOADS_MAX);
	past->configs[past->count++] = f->config;
	f->config = next;
	return TG_OK;
}

/* Every thread serves, and by the configuration in force. */
static void
look(struct network_fixture *f, bool is_tls)
{
	struct tg_message answer;

	fixture_ping(f, &f->peers[0]);
	fixture_ping(f, &f->peers[1]);
	for (int i = 0; i < 2; i++) {
		struct peer *peer = fixture_connect(f, is_tls);

		fixture_hello(f, peer, &answer);
		assert_int_equal(answer.values[TG_FIELD_IN_FLIGHT_MAX].integer,
				 f->config->limits_in_flight);
		peer_close(peer);
	}
}

/* A network from a file, with a session on each thread. */
static struct past *
begin(struct network_fixture *f)
{
	struct past *past = calloc(1, sizeof(*past));
	struct tg_message answer;

	assert_non_null(past);
	load_file(f);
	fixture_start(f);
	for (int i = 0; i < 2; i++)
		fixture_auth(f, fixture_connect(f, true), 123, &answer);
	return past;
}

/* A reload that can be is carried out; then the end. */
static void
end(struct network_fixture *f, struct past *past)
{
	write_other(f);
	assert_int_equal(reload(f, &(struct fault){ .calls_left = -1 }, past), TG_OK);
	look(f, true);
	fixture_stop(f);
	for (uint32_t i = 0; i < past->count; i++)
		config_free(past->configs[i]);
	free(past);
}

/* What: whichever step of a reload fails, once or from there on, the old configuration stays in
 *       force with all threads and connections.
 * How:  a failure one call later each time, until a reload runs without meeting it. */
static void
a_reload_that_fails_anywhere_changes_nothing(void **state)
{
	struct network_fixture *f = *state;
	struct past *past = begin(f);

	for (int is_sticky = 0; is_sticky < 2; is_sticky++) {
		uint32_t failures = 0;
		int64_t nth = 0;

		do {
			const struct fault wanted = { GATEWAY, nth++, is_sticky != 0, false };

			write_other(f);
			if (reload(f, &wanted, past) != TG_OK)
				failures++;
			else
				assert_false(fault.has_failed);
			look(f, nth % 8 == 0);
		} while (fault.has_failed);
		assert_true(failures > 20);
	}
	end(f, past);
}

/* What: the same of the calls inside OpenSSL.
 * How:  of thousands of calls each 23rd.  OpenSSL passes over some failures, and then gives a
 *       context that may not be good for much; so plain connections look. */
static void
a_reload_that_fails_in_openssl_changes_nothing(void **state)
{
	struct network_fixture *f = *state;
	struct past *past = begin(f);

	for (int is_sticky = 0; is_sticky < 2; is_sticky++) {
		uint32_t failures = 0;
		int64_t nth = 0;

		do {
			const struct fault wanted = { OPENSSL, nth, is_sticky != 0, false };

			nth += 23;
			write_other(f);
			if (reload(f, &wanted, past) != TG_OK)
				failures++;
			look(f, false);
		} while (fault.has_failed);
		assert_true(failures > 20);
	}
	end(f, past);
}

/* What: the same of files that are there no more or say something else: nothing changes. */
static void
a_reload_of_bad_files_changes_nothing(void **state)
{
	static const char *const files[] = { "server.pem", "server.key", "ca.pem",
					     "crl.pem",	   "ticket.key", "gateway.conf" };
	struct network_fixture *f = *state;
	struct past *past = begin(f);

	for (size_t i = 0; i < 2 * sizeof(files) / sizeof(files[0]); i++) {
		char path[PKI_PATH_BYTES], aside[PKI_PATH_BYTES];

		write_other(f);
		pki_path(f->pki, files[i / 2], path);
		pki_path(f->pki, "aside", aside);
		assert_int_equal(rename(path, aside), 0);
		if (i % 2 == 0)
			pki_write_secret(f->pki, files[i / 2], '{', 20);
		assert_int_equal(reload(f, &(struct fault){ .calls_left = -1 }, past), TG_CONFIG);
		/* A handshake of the test's own needs the authority. */
		assert_int_equal(rename(aside, path), 0);
		look(f, true);
	}
	end(f, past);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_reload_that_fails_anywhere_changes_nothing,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_reload_that_fails_in_openssl_changes_nothing,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_reload_of_bad_files_changes_nothing,
						fixture_setup, fixture_teardown),
	};

	/* Before OpenSSL has asked for anything. */
	if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
