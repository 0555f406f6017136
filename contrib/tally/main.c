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
#include "contrib/tally/queue.h"
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
	printf("  %-8s%-27s%s\n", "activate", " [FILE]", "get this terminal's key by its code");
	printf("  %-8s%-27s%s\n", "queue", "LIST|SEND|RETRY|DROP",
	       "what waits in --queue FILE or is aside there");
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

/* There is no session: say so. */
static enum tally_exit
not_open(struct result *result, struct tg_client *client, const struct settings *settings)
{
	result->error = tg_client_error(client);
	fprintf(stderr, "tally: %s\n", result->error);
	if (settings->is_json)
		answer_print_json(result, stdout);
	return TALLY_UNREACHED;
}

/* Give the order its id and time, and tell them before it is sent. */
static bool
name_order(struct order *order, const struct tg_session *session, const struct settings *settings,
	   struct failure *failure)
{
	int64_t time_ms = session != NULL ? transaction_time_ms(session) : tg_utc_ms();
	char token[ORDER_TOKEN_BYTES];

	if (!order_finish(order, time_ms, session != NULL ? session->business_date : -1, failure))
		return false;
	order_token(order, token);
	if (order->is_transaction && !settings->is_quiet)
		fprintf(stderr, "transaction %s\n", token);
	return true;
}

/* Send the order and print what became of it. */
static enum tally_exit
carry_out(struct tg_client *client, struct order *order, struct till_queue *q,
	  const struct settings *settings, struct failure *failure)
{
	uint32_t timeout_ms = (uint32_t)settings->identity.timeout * 1000;
	struct result result = { .order = order };
	struct tg_message answer;
	bool is_stored = queue_wants(q, order);

	result.status = tg_client_open(client, timeout_ms);
	result.is_open = result.status == TG_OK;
	if (!result.is_open && !is_stored)
		return not_open(&result, client, settings);
	if (!name_order(order, tg_client_session(client), settings, failure))
		return TALLY_USAGE;
	if (is_stored)
		return queue_order(q, client, order, result.is_open, failure);
	queue_attach(q, client);
	answer.code = UINT32_MAX;
	if (order->is_transaction)
		result.status = tg_client_transact(client, &order->request, timeout_ms, &answer);
	else
		result.status = tg_client_call(client, &order->request, timeout_ms, &answer);
	result.answer = answer.code == (uint32_t)result.status ? &answer : NULL;
	result.error = tg_client_error(client);
	answer_show(&result, settings->is_json, stdout);
	return answer_exit(&result);
}

/* Make the client that the settings say. */
static bool
make_client(const struct settings *settings, struct tg_client **ret_client, struct failure *failure)
{
	struct tg_options options;
	enum tg_status status;

	if (!identity_options(&settings->identity, "tally/" PACKAGE_VERSION, &options, failure))
		return false;
	status = tg_client_new(&options, failure->text, sizeof(failure->text), ret_client);
	tg_auth_clear(options.key, sizeof(options.key));
	if (status != TG_OK && status != TG_CONFIG)
		failure_set(failure, "%s", tg_status_text(status));
	return status == TG_OK;
}

/* Do what the words say about the queue, or the order; the queue is open if it is named. */
static enum tally_exit
run_words(const struct settings *settings, struct till_queue *q, struct order *order,
	  int word_count, char *const words[], struct failure *failure)
{
	struct tg_client *client;
	bool is_send = false;
	enum tally_exit exit;

	if (order == NULL) {
		exit = queue_command(q, word_count - 1, words + 1, &is_send, failure);
		if (exit != TALLY_DONE || !is_send)
			return exit;
	}
	if (!make_client(settings, &client, failure))
		return TALLY_USAGE;
	exit = order == NULL ? queue_send(q, client, failure)
			     : carry_out(client, order, q, settings, failure);
	tg_client_free(client);
	return exit;
}

/* Do what the settings and words say. */
static enum tally_exit
run(const struct settings *settings, int word_count, char *const words[])
{
	bool is_queue = word_count > 0 && queue_is_command(words[0]);
	struct failure failure = { "" };
	struct till_queue q = { .queue = NULL };
	struct order order;
	enum tally_exit exit = TALLY_USAGE;

	if (word_count > 0 && strcasecmp(words[0], "activate") == 0)
		return activate(settings, word_count, words);
	if (is_queue || order_read(&order, word_count, words, settings, &failure))
		exit = queue_open(&q, settings,
				  is_queue || tg_queue_takes((uint32_t)order.operation), &failure);
	if (exit == TALLY_DONE)
		exit = run_words(settings, &q, is_queue ? NULL : &order, word_count, words,
				 &failure);
	queue_close(&q);
	return failure.text[0] != '\0' ? complain(exit, failure.text) : exit;
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
