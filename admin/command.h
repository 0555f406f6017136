/*
 * command.h - the console's grammar: rows of commands, and one way to run them.
 *
 * A row is the whole truth about a command.  The dispatcher finds it by unique prefixes of its
 * words, checks the right and the arguments once, runs it, prints the line that ends its output and
 * tells the host for the log.  Help and admin/CONSOLE.md are printed from the rows.
 */
#ifndef TG_ADMIN_COMMAND_H
#define TG_ADMIN_COMMAND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "admin/host.h"
#include "admin/output.h"
#include "admin/roster.h"

#define COMMAND_WORDS_MAX 32		/* of a line */
#define COMMAND_LINE_BYTES_MAX 1024
#define COMMAND_RESULT_BYTES 256
#define COMMAND_ROWS_MAX 128
#define COMMAND_NAME_WORDS_MAX 2	/* of a row's words */
/* arguments that are literals, or members of what needs a second operator, are among the first */
#define COMMAND_LITERALS_MAX 2
#define COMMAND_LITERAL_BYTES 24	/* or a reference of a member */

/* How the reason begins when a line is no command: clients tell it from a refusal by this. */
#define COMMAND_UNKNOWN "no command"

/* Each includes the ones before it. */
enum command_right {
	RIGHT_VIEWER,		/* look */
	RIGHT_OPERATOR,		/* members, stores, terminals; the day's work */
	RIGHT_ADMIN,		/* partners, rules, clock, stopping */
};

/*
 * Added to a row's right: where the configuration says so, a second operator has to approve the
 * command before it is done.  Not for commands that name a member: they propose by reference.
 */
#define RIGHT_SECOND 0x10u
#define COMMAND_RIGHT(command) ((enum command_right)((command)->right & ~RIGHT_SECOND))

/* What all sessions of a console share. */
struct command_shared {
	pthread_mutex_t change_lock;	/* held while rows are read, changed and set */
	_Atomic uint32_t change_waiters; /* who want it: an import lets them go first */
	pthread_mutex_t import_lock;	/* held for the whole of an import */
	struct roster roster;		/* who is here */
	const char *operators_path;	/* borrowed; NULL or "": none */
};

void command_shared_init(struct command_shared *shared);
void command_shared_deinit(struct command_shared *shared);

/* Wait so long.  False: something was said meanwhile, or the peer is gone: the command ends. */
typedef bool command_pause_fn(void *context, int32_t ms);

/* One run of a command.  Texts are borrowed for the run. */
struct command_call {
	const struct console_host *host;
	struct command_shared *shared;
	struct output *out;
	const char *operator_name;	/* at most OPERATOR_BYTES bytes */
	const char *origin;		/* at most ORIGIN_BYTES bytes */
	enum command_right right;	/* of the operator */
	command_pause_fn *pause;
	void	*pause_context;
	uint64_t approves;		/* the proposal that is being carried out; 0: none */

	/* Set by the dispatcher: what came after the command's words. */
	uint32_t argument_count;
	const char *arguments[COMMAND_WORDS_MAX];
	char	 literals[COMMAND_LITERALS_MAX][COMMAND_LITERAL_BYTES]; /* spelled out, of them */

	/* Set by the handler; failed and empty before it runs. */
	bool	 is_done;		/* the line that ends it says ok */
	bool	 wants_close;		/* the session ends after it */
	uint64_t sequence;		/* of the record it became, 0: none */
	char	 result[COMMAND_RESULT_BYTES];
};

/*
 * Take the change lock, waiting a moment for who has it: an import gives it up after each slice of
 * its file.  False: another session keeps it; the call says so.
 */
bool command_change_begin(struct command_call *call);
void command_change_end(struct command_call *call);

typedef void command_run_fn(struct command_call *call);

/*
 * arguments: a grammar, see grammar.h.  Literals are checked before the handler runs, and spelled
 * out for it where they are shortened; a single one ("yes" confirms what cannot be undone) is said
 * whole.  An argument <member> is masked in the log.  <field=value> and <word=value> are explained:
 * the first by the fields of the noun, the second by the words that end with = in help.
 */
struct command {
	const char *words;		/* "show stats": COMMAND_NAME_WORDS_MAX at most */
	const char *arguments;
	uint32_t right;			/* enum command_right, perhaps with RIGHT_SECOND */
	command_run_fn *run;
	const char *help;		/* one line */
};

/* All rows, in the order of help. */
extern const struct command command_rows[];
extern const uint32_t command_row_count;

/* How many arguments a grammar takes, at least and at most. */
struct command_arity {
	uint32_t least;
	uint32_t most;
};
struct command_arity command_arity(const char *grammar);

/*
 * Split a line into words at blanks; double quotes hold blanks together, \ takes the next character
 * as it is inside them.  words point into line, which is changed.  False, with why (static) set:
 * a quote is open, or there are too many words.
 */
bool command_split(char *line, const char *words[COMMAND_WORDS_MAX], uint32_t *ret_count,
		   const char **ret_why);

/* What a search came to: one row, or the reason in why, and a family where words are missing. */
struct command_search {
	const struct command *command;	/* NULL: none, or more than one */
	const struct command *family;	/* family_count rows that begin so; NULL: none */
	uint32_t family_count;
	uint32_t word_count;		/* of the line that belong to the command */
	char	 why[COMMAND_RESULT_BYTES]; /* begins with COMMAND_UNKNOWN */
};
void command_find(const char *const *words, uint32_t count, struct command_search *ret_search);

/*
 * Run a line.  call: host, shared, out, operator_name, origin and right are set; the rest comes
 * back as the run left it.  line is changed.  An empty line does nothing but print its end.
 */
void command_run(struct command_call *call, char *line);

/*
 * Run another command inside of one, which only looks: one for viewers, that neither repeats nor
 * ends the session.  False: it was refused or failed; the call says why.
 */
bool command_run_look(struct command_call *call, const char *const *words, uint32_t count);

/*
 * Carry out a proposal's command with call->approves set, by who may do that.  line is changed.
 * The call says how it ended.
 */
void command_run_approved(struct command_call *call, char *line);

/* For handlers: how it ended. */
void command_done(struct command_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void command_fail(struct command_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "viewer", "operator", "admin". */
const char *command_right_name(enum command_right right);

#endif
