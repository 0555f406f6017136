/*
 * main.c - tally: a terminal on the command line.
 *
 * One command, one request.  The transaction's id and time are told on standard error before the
 * first sending, so that whoever reads it can repeat the request under the same id, whatever
 * happens.
 */
#include <signal.h>
#include <stdio.h>
#include <strings.h>

#include "contrib/common/identity.h"
#include "contrib/tally/activate.h"
#include "contrib/tally/answer.h"
#include "contrib/tally/order.h"
#include "contrib/tally/settings.h"
#include "protocol/auth.h"
#include "protocol/tallygate.h"

static enum tally_exit
complain(enum tally_exit exit, const char *text)
{
	fprintf(stderr, "tally: %s\n", text);
	if (exit == TALLY_USAGE)
		fprintf(stderr, "tally --help tells more\n");
	return exit;
}

static void
print_help(void)
{
	puts("usage: tally [OPTION...] COMMAND [WORD...]\n\n"
	     "A store terminal on the command line.\n\nCommands:");
	order_help(stdout);
	printf("  %-8s%-27s%s\n", "activate", " CODE", "get this terminal's key by its code");
	puts("\nA MEMBER is a card number, card:NUMBER, phone:NUMBER, app:ID or member:REFERENCE.\n"
	     "A TRANSACTION is named as it was printed: its id, @, its time.  Amounts are in "
	     "minor\n"
	     "units of money.");
	settings_print_help(&tally_settings, stdout);
}

/* The time for a transaction: the gateway's where its clock is moved by hand. */
static int64_t
transaction_time_ms(const struct tg_session *session)
{
	return tg_utc_ms() + (session->is_clock_stepped ? session->clock_ahead_ms : 0);
}

/* Send the order and print what became of it. */
static enum tally_exit
carry_out(struct tg_client *client, struct order *order, const struct settings *settings)
{
	uint32_t timeout_ms = (uint32_t)settings->identity.timeout * 1000;
	const struct tg_session *session;
	struct result result = { .order = order };
	char token[ORDER_TOKEN_BYTES];
	struct failure failure;
	struct tg_message answer;

	result.status = tg_client_open(client, timeout_ms);
	if (result.status != TG_OK) {
		result.error = tg_client_error(client);
		fprintf(stderr, "tally: %s\n", result.error);
		if (settings->is_json)
			answer_print_json(&result, stdout);
		return TALLY_UNREACHED;
	}
	result.is_open = true;
	session = tg_client_session(client);
	if (!order_finish(order, transaction_time_ms(session), session->business_date, &failure))
		return complain(TALLY_USAGE, failure.text);
	order_token(order, token);
	if (order->is_transaction && !settings->is_quiet)
		fprintf(stderr, "transaction %s\n", token);
	answer.code = UINT32_MAX;
	if (order->is_transaction)
		result.status = tg_client_transact(client, &order->request, timeout_ms, &answer);
	else
		result.status = tg_client_call(client, &order->request, timeout_ms, &answer);
	result.answer = answer.code == (uint32_t)result.status ? &answer : NULL;
	result.error = tg_client_error(client);
	if (settings->is_json)
		answer_print_json(&result, stdout);
	else
		answer_print(&result, stdout);
	return answer_exit(&result);
}

/* Do what the settings and words say. */
static enum tally_exit
run(const struct settings *settings, int word_count, char *const words[])
{
	struct order order;
	struct tg_options options;
	struct tg_client *client;
	struct failure failure;
	enum tally_exit exit;
	enum tg_status status;

	if (word_count > 0 && strcasecmp(words[0], "activate") == 0)
		return activate(settings, word_count, words);
	if (!order_read(&order, word_count, words, settings, &failure) ||
	    !identity_options(&settings->identity, "tally/" PACKAGE_VERSION, &options, &failure))
		return complain(TALLY_USAGE, failure.text);
	status = tg_client_new(&options, failure.text, sizeof(failure.text), &client);
	tg_auth_clear(options.key, sizeof(options.key));
	if (status != TG_OK)
		return complain(TALLY_USAGE,
				status == TG_CONFIG ? failure.text : tg_status_text(status));
	exit = carry_out(client, &order, settings);
	tg_client_free(client);
	return exit;
}

int
main(int argc, char *argv[])
{
	struct settings settings;
	struct failure failure = { "" };
	enum tally_exit exit = TALLY_DONE;
	int first = argc;
	void *file;

	signal(SIGPIPE, SIG_IGN);
	if (!settings_load(&tally_settings, &settings, argc, argv, &first, &file, &failure))
		exit = complain(TALLY_USAGE, failure.text);
	else if (settings.is_help)
		print_help();
	else if (settings.is_version)
		puts("tally " PACKAGE_VERSION);
	else
		exit = run(&settings, argc - first, argv + first);
	settings_file_free(file);
	return (int)exit;
}
