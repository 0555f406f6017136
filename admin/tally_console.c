/*
 * tally_console.c - a person's or a script's end of the console.
 *
 * Sends lines, prints answers without their indent.  With words on the command line it runs that
 * one command; with standard input from a terminal it offers a prompt with editing and history;
 * else it runs the lines of standard input.  Knows the console's lines, not its commands.
 */
#include <errno.h>
#include <getopt.h>
#include <histedit.h>
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/var/lib/tallygate/console.sock"
#define COMMAND_BYTES_MAX 1024
#define HISTORY_LINES 500

/* How the program ends. */
enum {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,	/* a command ended with error */
	EXIT_BROKEN = 2,	/* no console there, or the connection ended */
};

/* A connection: what comes is read by lines through in, which owns the socket. */
struct peer {
	int	 fd;
	FILE	*in;
};

static bool
dial(const char *path, struct peer *ret_peer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "tally-console: %s: path too long\n", path);
		return false;
	}
	memcpy(address.sun_path, path, strlen(path));
	ret_peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (ret_peer->fd < 0 ||
	    connect(ret_peer->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    (ret_peer->in = fdopen(ret_peer->fd, "r")) == NULL) {
		fprintf(stderr, "tally-console: %s: %s\n", path, strerror(errno));
		if (ret_peer->fd >= 0)
			close(ret_peer->fd);
		return false;
	}
	return true;
}

/* Send a line whole. */
static bool
send_line(const struct peer *peer, const char *line)
{
	char text[COMMAND_BYTES_MAX + 2];
	size_t rest = strlen(line) + 1;
	const char *at = text;

	if (rest >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%s\n", line);
	while (rest > 0) {
		const ssize_t sent = send(peer->fd, at, rest, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			return false;
		at += sent > 0 ? sent : 0;
		rest -= sent > 0 ? (size_t)sent : 0;
	}
	return true;
}

/* Print an answer up to its end. */
static int
print_answer(const struct peer *peer)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t bytes;
	int result = EXIT_BROKEN;

	while ((bytes = getline(&line, &capacity, peer->in)) > 0) {
		if (strncmp(line, "  ", 2) == 0) {
			fputs(line + 2, stdout);
			continue;
		}
		result = strncmp(line, "ok", 2) == 0 ? EXIT_DONE : EXIT_REFUSED;
		fflush(stdout);
		if (result == EXIT_REFUSED)
			fputs(line, stderr);
		else if (strncmp(line, "ok ", 3) == 0)
			fputs(line + 3, stdout);
		break;
	}
	free(line);
	fflush(stdout);
	return result;
}

/* Pass over the greeting. */
static int
hear_greeting(const struct peer *peer)
{
	char *line = NULL;
	size_t capacity = 0;
	int result = EXIT_BROKEN;

	while (result == EXIT_BROKEN && getline(&line, &capacity, peer->in) > 0) {
		if (strncmp(line, "ok", 2) == 0)
			result = EXIT_DONE;
		else if (strncmp(line, "  ", 2) != 0)
			break;
	}
	if (result == EXIT_BROKEN)
		fprintf(stderr, "tally-console: %s",
			line != NULL && line[0] != '\0' ? line : "no greeting\n");
	free(line);
	return result;
}

static int
run_line(const struct peer *peer, const char *line)
{
	int result;

	if (!send_line(peer, line)) {
		fprintf(stderr, "tally-console: line too long, or connection lost\n");
		return EXIT_BROKEN;
	}
	result = print_answer(peer);
	if (result == EXIT_BROKEN)
		fprintf(stderr, "tally-console: the console closed the connection\n");
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
run_words(const struct peer *peer, char **words)
{
	char command[COMMAND_BYTES_MAX] = "";

	for (; *words != NULL; words++) {
		if (!append_word(command, *words)) {
			fprintf(stderr, "tally-console: command too long\n");
			return EXIT_BROKEN;
		}
	}
	return run_line(peer, command);
}

/* Run lines of standard input; a refused one is told and does not keep others from running. */
static int
run_input(const struct peer *peer)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t bytes;
	int worst = EXIT_DONE;

	while (worst != EXIT_BROKEN && (bytes = getline(&line, &capacity, stdin)) >= 0) {
		int result;

		if (bytes > 0 && line[bytes - 1] == '\n')
			line[bytes - 1] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		result = run_line(peer, line);
		worst = result > worst ? result : worst;
		if (strcmp(line, "quit") == 0)
			break;
	}
	free(line);
	return worst;
}

static char *
prompt(EditLine *editor)
{
	(void)editor;
	return (char *)(uintptr_t)"tallygate> "; /* libedit does not write there */
}

static int
run_prompt(const struct peer *peer)
{
	EditLine *editor = el_init("tally-console", stdin, stdout, stderr);
	History *past = history_init();
	HistEvent event;
	const char *line;
	int count, result = EXIT_DONE;

	if (editor == NULL || past == NULL)
		return run_input(peer);
	history(past, &event, H_SETSIZE, HISTORY_LINES);
	history(past, &event, H_SETUNIQUE, 1);
	el_set(editor, EL_PROMPT, prompt);
	el_set(editor, EL_EDITOR, "emacs");
	el_set(editor, EL_HIST, history, past);
	el_set(editor, EL_SIGNAL, 1);
	el_source(editor, NULL);
	printf("Tallygate console; \"help\" lists the commands.\n");
	while (result != EXIT_BROKEN && (line = el_gets(editor, &count)) != NULL && count > 0) {
		char command[COMMAND_BYTES_MAX];

		snprintf(command, sizeof(command), "%.*s", (int)strcspn(line, "\n"), line);
		if (command[strspn(command, " ")] == '\0')
			continue;
		history(past, &event, H_ENTER, line);
		result = run_line(peer, command);
		if (strcmp(command, "quit") == 0)
			break;
	}
	history_end(past);
	el_end(editor);
	return result == EXIT_BROKEN ? EXIT_BROKEN : EXIT_DONE;
}

static int
usage(FILE *file)
{
	fprintf(file,
		"usage: tally-console [OPTION...] [COMMAND...]\n\n"
		"  -s, --socket SOCKET  the gateway's console; else $TALLYGATE_CONSOLE,\n"
		"                       else %s\n"
		"  -h, --help           this text\n"
		"  -V, --version        the version\n\n"
		"A COMMAND is run; without one there is a prompt, or the lines of standard input\n"
		"are run.  The command help tells what there is.\n",
		DEFAULT_SOCKET);
	return file == stdout ? EXIT_DONE : EXIT_BROKEN;
}

int
main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = getenv("TALLYGATE_CONSOLE");
	struct peer peer;
	int option, result;

	setlocale(LC_CTYPE, "");
	while ((option = getopt_long(argc, argv, "+hs:V", known, NULL)) != -1) {
		if (option == 'V') {
			puts("tally-console " PACKAGE_VERSION);
			return EXIT_DONE;
		}
		if (option != 's')
			return usage(option == 'h' ? stdout : stderr);
		path = optarg;
	}
	if (!dial(path != NULL && path[0] != '\0' ? path : DEFAULT_SOCKET, &peer))
		return EXIT_BROKEN;
	result = hear_greeting(&peer);
	if (result == EXIT_DONE && optind < argc)
		result = run_words(&peer, argv + optind);
	else if (result == EXIT_DONE)
		result = isatty(STDIN_FILENO) ? run_prompt(&peer) : run_input(&peer);
	fclose(peer.in);
	return result;
}
