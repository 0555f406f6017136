/*
 * tally_console.c - a person's or a script's end of the console.
 *
 * Sends lines, prints answers without their indent.  With words on the command line it runs that
 * one command; with a terminal at both ends it offers a prompt; else it runs the lines of standard
 * input.  Knows how the console speaks, not what its commands are.
 */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "admin/command.h"
#include "admin/completion.h"
#include "admin/credentials.h"
#include "admin/prompt.h"
#include "admin/talk.h"

#define DEFAULT_SOCKET "/var/lib/tallygate/console.sock"
#define COMMAND_BYTES_MAX 1024
#define LOGIN_TRIES 3			/* of a person; a file's password is tried once */
#define LOOK_MS 100			/* between two looks for Ctrl-C */
#define GREETING_MS 10000
#define LOGIN_MS 60000			/* passwords are checked one after the other */

/* How the program ends; the manual page tells of each. */
enum {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,		/* a command ended with error */
	EXIT_LOST = 2,			/* no console there, or the connection ended */
	EXIT_UNKNOWN = 3,		/* a line was no command */
	EXIT_LOGIN = 4,			/* the login was refused, or there is none to try */
	EXIT_USAGE = 5,			/* the program was called wrongly */
	EXIT_INTERRUPTED = 130,		/* Ctrl-C while a command did not end */
};

struct settings {
	const char *socket;
	char	*connect;		/* [HOST:]PORT; NULL: the socket */
	const char *host, *port;	/* of connect */
	bool	 has_tls, is_json, stops_on_error;
	const char *ca_file, *server_name, *user, *password_file;
};

struct client {
	struct settings settings;
	struct talk talk;
	int	 signal_fd;		/* of SIGINT, which is blocked while a command runs */
	bool	 is_session;		/* with a prompt: then it is blocked throughout */
	uint32_t interrupts;		/* of the command under way */
};

static bool
begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* SIGINT is a byte to read while a command runs, and ends the program else. */
static void
block_interrupts(bool is_blocked)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	(void)sigprocmask(is_blocked ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static bool
was_interrupted(struct client *client)
{
	struct signalfd_siginfo info;

	return read(client->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info);
}

/* How the line that ends an answer ends the program. */
static int
end_of(const char *line)
{
	if (begins_with(line, "ok"))
		return EXIT_DONE;
	return begins_with(line, "error " COMMAND_UNKNOWN) ? EXIT_UNKNOWN : EXIT_REFUSED;
}

/* A line of an answer.  True: it was the last one, and *ret_result says how it ended. */
static bool
print_line(const char *line, int *ret_result)
{
	if (begins_with(line, "  ")) {
		puts(line + 2);
		return false;
	}
	*ret_result = end_of(line);
	fflush(stdout);
	if (*ret_result != EXIT_DONE)
		fprintf(stderr, "%s\n", line);
	else if (begins_with(line, "ok "))
		puts(line + strlen("ok "));
	return true;
}

/* Print an answer up to its end.  Ctrl-C ends what repeats; a second one does not wait for that. */
static int
print_answer(struct client *client)
{
	int result = EXIT_LOST;

	client->interrupts = 0;
	for (;;) {
		const enum talk_event event = talk_hear(&client->talk, LOOK_MS);

		if (was_interrupted(client)) {
			if (++client->interrupts > 1)
				return EXIT_INTERRUPTED;
			(void)talk_interrupt(&client->talk);
		}
		if (event == TALK_LOST) {
			fprintf(stderr, "tally-console: the console closed the connection\n");
			return EXIT_LOST;
		}
		if (event == TALK_LINE && client->talk.line[0] != '\0' &&
		    print_line(client->talk.line, &result))
			return result;
		if (ferror(stdout))
			return EXIT_LOST;
	}
}

static int
run_line(struct client *client, const char *line)
{
	int result;

	if (strlen(line) >= COMMAND_BYTES_MAX) {
		fprintf(stderr, "tally-console: the line is too long\n");
		return EXIT_REFUSED;
	}
	block_interrupts(true);
	if (talk_say(&client->talk, line)) {
		result = print_answer(client);
	} else {
		fprintf(stderr, "tally-console: the connection is lost\n");
		result = EXIT_LOST;
	}
	block_interrupts(client->is_session);
	return result;
}

/* Append a word to a command, in quotes where it needs them.  False: too long. */
static bool
append_word(char *command, const char *word)
{
	const bool is_quoted = word[0] == '\0' || strpbrk(word, " \"\\\t") != NULL;
	size_t used = strlen(command);

	if (used + 2 * strlen(word) + 4 > COMMAND_BYTES_MAX)
		return false;
	if (used > 0)
		command[used++] = ' ';
	if (is_quoted)
		command[used++] = '"';
	for (; *word != '\0'; word++) {
		if (is_quoted && (*word == '"' || *word == '\\'))
			command[used++] = '\\';
		command[used++] = *word;
	}
	if (is_quoted)
		command[used++] = '"';
	command[used] = '\0';
	return true;
}

static int
run_words(struct client *client, char **words)
{
	char command[COMMAND_BYTES_MAX] = "";

	for (; *words != NULL; words++) {
		if (!append_word(command, *words)) {
			fprintf(stderr, "tally-console: the command is too long\n");
			return EXIT_REFUSED;
		}
	}
	return run_line(client, command);
}

static bool
ends_program(const struct client *client, int result)
{
	return result == EXIT_LOST || result == EXIT_INTERRUPTED ||
	       (result != EXIT_DONE && client->settings.stops_on_error);
}

/* Run lines of standard input.  The first one that was not done is how the program ends. */
static int
run_input(struct client *client)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t bytes;
	int first = EXIT_DONE, result = EXIT_DONE;

	while (!ends_program(client, result) && (bytes = getline(&line, &capacity, stdin)) >= 0) {
		while (bytes > 0 && (line[bytes - 1] == '\n' || line[bytes - 1] == '\r'))
			line[--bytes] = '\0';
		if (line[strspn(line, " \t")] == '\0' || line[0] == '#')
			continue;
		result = run_line(client, line);
		first = first != EXIT_DONE ? first : result;
		if (strcmp(line, "quit") == 0)
			break;
	}
	free(line);
	return ends_program(client, result) ? result : first;
}

/* Run a line that is the program's own; what it prints goes to completion, which may be NULL. */
static bool
ask_quietly(struct client *client, const char *line, struct completion *completion)
{
	enum talk_event event;

	if (!talk_say(&client->talk, line))
		return false;
	while ((event = talk_hear(&client->talk, GREETING_MS)) == TALK_LINE) {
		if (begins_with(client->talk.line, "ok") || begins_with(client->talk.line, "error"))
			return begins_with(client->talk.line, "ok");
		if (completion != NULL)
			completion_take(completion, client->talk.line);
	}
	return false;
}

/* Let the console say what its commands are. */
static bool
learn_commands(struct client *client, struct completion *completion)
{
	return ask_quietly(client, "format json", NULL) &&
	       ask_quietly(client, "help", completion) &&
	       (client->settings.is_json || ask_quietly(client, "format text", NULL));
}

static int
run_prompt(struct client *client, const struct completion *completion)
{
	const struct prompt_config config = { &client->talk, completion, client->signal_fd };
	struct prompt *prompt = prompt_new(&config);
	enum prompt_event event = PROMPT_END;
	char line[PROMPT_LINE_BYTES];
	int result = EXIT_DONE;

	if (prompt == NULL)
		return run_input(client);
	printf("Tallygate console; \"help\" lists the commands, Tab completes them.\n");
	while (result != EXIT_LOST && result != EXIT_INTERRUPTED) {
		event = prompt_next(prompt, line);
		if (event != PROMPT_LINE)
			break;
		result = run_line(client, line);
		if (strcmp(line, "quit") == 0)
			break;
	}
	prompt_free(prompt);
	if (event == PROMPT_LOST)
		fprintf(stderr, "tally-console: the console closed the connection\n");
	if (event == PROMPT_LOST || result == EXIT_LOST || result == EXIT_INTERRUPTED)
		return event == PROMPT_LOST ? EXIT_LOST : result;
	return EXIT_DONE;
}

static int
run_session(struct client *client)
{
	struct completion completion;
	int result;

	client->is_session = true;
	block_interrupts(true);
	if (!completion_init(&completion) || !learn_commands(client, &completion)) {
		fprintf(stderr, "tally-console: the console does not tell its commands\n");
		result = EXIT_LOST;
	} else {
		result = run_prompt(client, &completion);
	}
	completion_deinit(&completion);
	return result;
}

/* Answer what the console asks, for the n-th time from 0.  False: there is no answer. */
static bool
say_name(struct client *client)
{
	char name[CREDENTIALS_NAME_BYTES];

	if (!client->talk.is_private) {
		fprintf(stderr, "tally-console: no password goes there without TLS\n");
		return false;
	}
	if (client->settings.user != NULL)
		return talk_say(&client->talk, client->settings.user);
	if (!credentials_ask("login: ", false, name, sizeof(name))) {
		fprintf(stderr, "tally-console: say who logs in, with --user\n");
		return false;
	}
	return talk_say(&client->talk, name);
}

static bool
say_password(struct client *client)
{
	const char *path = client->settings.password_file, *why = "";
	char password[CREDENTIALS_PASSWORD_BYTES];
	bool is_said;

	if (path != NULL && !credentials_read(path, password, &why)) {
		fprintf(stderr, "tally-console: %s: %s\n", path, why);
		return false;
	}
	if (path == NULL && !credentials_ask("password: ", true, password, sizeof(password))) {
		fprintf(stderr, "tally-console: no terminal to ask for the password, and no "
				"--password-file\n");
		return false;
	}
	is_said = talk_say(&client->talk, password);
	OPENSSL_cleanse(password, sizeof(password));
	return is_said;
}

/* From the connection to the end of the greeting. */
static int
enter(struct client *client)
{
	const uint32_t tries = client->settings.password_file != NULL ? 1 : LOGIN_TRIES;
	uint32_t refused = 0;
	bool has_answered = false;

	for (;;) {
		const enum talk_event event =
			talk_hear(&client->talk, has_answered ? LOGIN_MS : GREETING_MS);
		const char *line = client->talk.line;

		if (event == TALK_NAME && (refused == tries || !say_name(client)))
			return EXIT_LOGIN;
		if (event == TALK_PASSWORD && !say_password(client))
			return EXIT_LOGIN;
		if (event == TALK_LOST || event == TALK_NOTHING) {
			if (refused == 0)
				fprintf(stderr, "tally-console: no greeting\n");
			return refused > 0 ? EXIT_LOGIN : EXIT_LOST;
		}
		has_answered = true;
		if (event == TALK_LINE && begins_with(line, "ok"))
			return EXIT_DONE;
		if (event == TALK_LINE && begins_with(line, "error")) {
			fprintf(stderr, "tally-console: %s\n", line);
			if (!begins_with(line, "error login refused"))
				return EXIT_LOST;
			refused++;
		}
	}
}

static int
open_talk(struct client *client)
{
	const struct settings *settings = &client->settings;
	const bool is_open =
		settings->connect == NULL ?
			talk_open_socket(&client->talk, settings->socket) :
			talk_open_port(&client->talk, settings->host, settings->port) &&
				(!settings->has_tls ||
				 talk_join_tls(&client->talk, settings->ca_file,
					       settings->server_name != NULL ?
						       settings->server_name :
						       settings->host));

	if (!is_open)
		fprintf(stderr, "tally-console: %s\n", client->talk.why);
	return is_open ? enter(client) : EXIT_LOST;
}

/* words: of the command to run, ended by NULL; none: a prompt, or standard input. */
static int
run(struct client *client, char **words)
{
	const bool is_person = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	const bool is_session = *words == NULL && is_person;

	if (!is_session && client->settings.is_json &&
	    !ask_quietly(client, "format json", NULL)) {
		fprintf(stderr, "tally-console: the console speaks no JSON\n");
		return EXIT_LOST;
	}
	if (*words != NULL)
		return run_words(client, words);
	return is_session ? run_session(client) : run_input(client);
}

static int
usage(FILE *file)
{
	fprintf(file,
		"usage: tally-console [OPTION...] [COMMAND...]\n\n"
		"  -s, --socket SOCKET       the gateway's console; else $TALLYGATE_CONSOLE,\n"
		"                            else %s\n"
		"  -c, --connect ADDRESS     its port instead: [HOST:]PORT\n"
		"  -t, --tls                 speak TLS there\n"
		"      --ca FILE             who vouches for the server; else the system's\n"
		"      --server-name NAME    that its certificate is for; else HOST\n"
		"  -u, --user NAME           who logs in\n"
		"  -p, --password-file FILE  whose first line is the password; - standard input\n"
		"  -j, --json                print rows as JSON\n"
		"  -e, --exit-on-error       end with the first line that is not done\n"
		"  -h, --help                this text\n"
		"  -V, --version             the version\n\n"
		"A COMMAND is run; without one there is a prompt, or the lines of standard input\n"
		"are run.  The command help tells what there is.\n",
		DEFAULT_SOCKET);
	return file == stdout ? EXIT_DONE : EXIT_USAGE;
}

/* Take [HOST:]PORT apart; an address with colons stands in []. */
static void
split_address(struct settings *settings)
{
	char *colon = strrchr(settings->connect, ':');
	char *host = settings->connect;

	settings->host = "127.0.0.1";
	settings->port = settings->connect;
	if (colon == NULL)
		return;
	*colon = '\0';
	settings->port = colon + 1;
	if (host[0] == '[' && colon[-1] == ']') {
		host++;
		colon[-1] = '\0';
	}
	settings->host = host;
}

/* The program goes on with the words from optind on if EXIT_DONE and not *ret_is_over. */
static int
take_options(int argc, char **argv, struct settings *settings, bool *ret_is_over)
{
	enum { OPTION_CA = 256, OPTION_NAME };
	static const struct option known[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "connect", required_argument, NULL, 'c' },
		{ "tls", no_argument, NULL, 't' },
		{ "ca", required_argument, NULL, OPTION_CA },
		{ "server-name", required_argument, NULL, OPTION_NAME },
		{ "user", required_argument, NULL, 'u' },
		{ "password-file", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "exit-on-error", no_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*ret_is_over = false;
	while ((option = getopt_long(argc, argv, "+c:ehjp:s:tu:V", known, NULL)) != -1) {
		switch (option) {
		case 's': settings->socket = optarg; break;
		case 'c': settings->connect = optarg; break;
		case 't': settings->has_tls = true; break;
		case OPTION_CA: settings->ca_file = optarg; break;
		case OPTION_NAME: settings->server_name = optarg; break;
		case 'u': settings->user = optarg; break;
		case 'p': settings->password_file = optarg; break;
		case 'j': settings->is_json = true; break;
		case 'e': settings->stops_on_error = true; break;
		case 'V':
			puts("tally-console " PACKAGE_VERSION);
			*ret_is_over = true;
			return EXIT_DONE;
		default:
			*ret_is_over = true;
			return usage(option == 'h' ? stdout : stderr);
		}
	}
	if (settings->connect == NULL && settings->has_tls) {
		fprintf(stderr, "tally-console: --tls is for --connect\n");
		return EXIT_USAGE;
	}
	if (settings->connect != NULL)
		split_address(settings);
	return EXIT_DONE;
}

/* Connect, run, hang up. */
static int
serve(struct client *client, char **words)
{
	sigset_t set;
	int result;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	talk_init(&client->talk);
	client->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (client->signal_fd < 0) {
		fprintf(stderr, "tally-console: %s\n", strerror(errno));
		return EXIT_LOST;
	}
	result = open_talk(client);
	if (result == EXIT_DONE)
		result = run(client, words);
	talk_close(&client->talk);
	close(client->signal_fd);
	return result;
}

int
main(int argc, char **argv)
{
	struct client *client = calloc(1, sizeof(*client));
	const char *socket = getenv("TALLYGATE_CONSOLE");
	bool is_over;
	int result;

	if (client == NULL)
		return EXIT_LOST;
	setlocale(LC_CTYPE, "");
	client->settings.socket = socket != NULL && socket[0] != '\0' ? socket : DEFAULT_SOCKET;
	result = take_options(argc, argv, &client->settings, &is_over);
	if (!is_over && result == EXIT_DONE) {
		(void)signal(SIGPIPE, SIG_IGN);
		setvbuf(stdout, NULL, _IOLBF, 0);
		result = serve(client, argv + optind);
	}
	free(client);
	return result;
}
