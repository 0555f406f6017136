/*
 * tally_passwd.c - adds, changes, removes and lists operators of the console.
 *
 * Passwords are asked for on the terminal, twice and unseen, or read from the first line of
 * standard input; never from the command line, where everybody on the machine could see them.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#include "admin/operators.h"

#define DEFAULT_FILE SYSCONFDIR "/tallygate/operators"

/* How the program ends. */
enum {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,	/* said on standard error */
	EXIT_USAGE = 2,
};

static int
complain(const char *what, const char *why)
{
	fprintf(stderr, "tally-passwd: %s%s%s\n", what, why[0] != '\0' ? ": " : "", why);
	return EXIT_REFUSED;
}

/* A line of standard input without its end.  False: none, or too long. */
static bool
read_line(char *line, size_t bytes)
{
	if (fgets(line, (int)bytes, stdin) == NULL || strchr(line, '\n') == NULL)
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	return true;
}

/* Ask on a terminal without showing what is typed. */
static bool
ask(const char *question, char *answer, size_t bytes)
{
	struct termios before, hidden;
	bool is_read;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "%s", question);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	is_read = read_line(answer, bytes);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fprintf(stderr, "\n");
	return is_read;
}

/* The new password; the reason why not on standard error. */
static bool
get_password(char *password, size_t bytes)
{
	char again[OPERATOR_PASSWORD_BYTES_MAX + 2];
	bool is_same;

	if (!isatty(STDIN_FILENO)) {
		if (read_line(password, bytes))
			return true;
		(void)complain("no password on standard input, or it is too long", "");
		return false;
	}
	is_same = ask("password: ", password, bytes) && ask("again: ", again, sizeof(again)) &&
		  strcmp(password, again) == 0;
	OPENSSL_cleanse(again, sizeof(again));
	if (!is_same)
		(void)complain("not the same twice, or too long", "");
	return is_same;
}

static bool
set_password(struct operator_entry *entry)
{
	char password[OPERATOR_PASSWORD_BYTES_MAX + 2];
	enum tg_status status;

	if (!get_password(password, sizeof(password)))
		return false;
	status = operators_set_password(entry, password, operators_cost());
	OPENSSL_cleanse(password, sizeof(password));
	if (status == TG_BAD_FIELD)
		fprintf(stderr, "tally-passwd: a password has %d to %d bytes\n",
			OPERATOR_PASSWORD_BYTES_MIN, OPERATOR_PASSWORD_BYTES_MAX);
	else if (status != TG_OK)
		(void)complain("out of memory", "");
	return status == TG_OK;
}

static int
add(struct operators *operators, char **words)
{
	struct operator_entry *entry = &operators->entries[operators->count];
	struct operator_entry fresh = { .right = RIGHT_VIEWER };

	if (!operators_is_name(words[0]))
		return complain(words[0], "a name begins with a letter and has at most 32 of a-z, "
					  "0-9, '.', '_' and '-'");
	if (operators_find(operators, words[0]) != NULL)
		return complain(words[0], "is there already");
	if (operators->count == OPERATORS_MAX)
		return complain("there are too many operators", "");
	if (!operators_right(words[1], &fresh.right))
		return complain(words[1], "a role is viewer, operator or admin");
	snprintf(fresh.name, sizeof(fresh.name), "%s", words[0]);
	if (!set_password(&fresh))
		return EXIT_REFUSED;
	*entry = fresh;
	operators->count++;
	return EXIT_DONE;
}

static int
change(struct operators *operators, char **words)
{
	struct operator_entry *entry = operators_find(operators, words[0]);

	if (entry == NULL)
		return complain(words[0], "there is no such operator");
	return set_password(entry) ? EXIT_DONE : EXIT_REFUSED;
}

static int
change_role(struct operators *operators, char **words)
{
	struct operator_entry *entry = operators_find(operators, words[0]);

	if (entry == NULL)
		return complain(words[0], "there is no such operator");
	if (!operators_right(words[1], &entry->right))
		return complain(words[1], "a role is viewer, operator or admin");
	return EXIT_DONE;
}

static int
remove_one(struct operators *operators, char **words)
{
	struct operator_entry *entry = operators_find(operators, words[0]);

	if (entry == NULL)
		return complain(words[0], "there is no such operator");
	*entry = operators->entries[--operators->count];
	return EXIT_DONE;
}

static int
list(struct operators *operators, char **words)
{
	(void)words;
	for (uint32_t i = 0; i < operators->count; i++)
		printf("%-32s %s\n", operators->entries[i].name,
		       command_right_name(operators->entries[i].right));
	return EXIT_DONE;
}

/* What can be done. */
struct deed {
	const char *word;
	const char *arguments;
	int	 argument_count;
	bool	 is_change;		/* the file is written anew */
	int	 (*run)(struct operators *operators, char **words);
};

static const struct deed deeds[] = {
	{ "add", "NAME viewer|operator|admin", 2, true, add },
	{ "change", "NAME", 1, true, change },
	{ "role", "NAME viewer|operator|admin", 2, true, change_role },
	{ "remove", "NAME", 1, true, remove_one },
	{ "list", "", 0, false, list },
};

static int
usage(FILE *file)
{
	fprintf(file, "usage: tally-passwd [OPTION...] COMMAND\n\n");
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		fprintf(file, "  %s %s\n", deeds[i].word, deeds[i].arguments);
	fprintf(file,
		"\n"
		"  -f, --file FILE  the operators' file, else %s\n"
		"  -h, --help       this text\n"
		"  -V, --version    the version\n\n"
		"add and change ask for a password, or read it from standard input\n",
		DEFAULT_FILE);
	return file == stdout ? EXIT_DONE : EXIT_USAGE;
}

/* One change at a time: between reading and writing nobody else writes. */
static int
lock_beside(const char *path)
{
	char beside[512];
	int fd;

	if (snprintf(beside, sizeof(beside), "%s.lock", path) >= (int)sizeof(beside))
		return -1;
	fd = open(beside, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
run(const struct deed *deed, const char *path, char **words)
{
	struct operators operators = { .count = 0 };
	char why[OPERATORS_WHY_BYTES];
	const int lock = deed->is_change ? lock_beside(path) : -1;
	enum tg_status status;
	int result;

	if (deed->is_change && lock < 0)
		return complain(path, strerror(errno));
	status = operators_read(path, &operators, why);
	if (status != TG_OK && !(status == TG_IO && errno == ENOENT && deed->is_change)) {
		result = complain(why, "");
	} else {
		result = deed->run(&operators, words);
		if (result == EXIT_DONE && deed->is_change &&
		    operators_write(path, &operators) != TG_OK)
			result = complain(path, strerror(errno));
	}
	if (lock >= 0)
		close(lock);
	OPENSSL_cleanse(&operators, sizeof(operators));
	return result;
}

int
main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = DEFAULT_FILE;
	int option;

	while ((option = getopt_long(argc, argv, "+hf:V", known, NULL)) != -1) {
		if (option == 'V') {
			puts("tally-passwd " PACKAGE_VERSION);
			return EXIT_DONE;
		}
		if (option != 'f')
			return usage(option == 'h' ? stdout : stderr);
		path = optarg;
	}
	for (size_t i = 0; optind < argc && i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		if (strcmp(argv[optind], deeds[i].word) == 0 &&
		    argc - optind - 1 == deeds[i].argument_count)
			return run(&deeds[i], path, argv + optind + 1);
	}
	return usage(stderr);
}
