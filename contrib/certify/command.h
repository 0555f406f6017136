/*
 * command.h - the terminal's software under test, started by the shell for one round.
 */
#ifndef TG_CONTRIB_CERTIFY_COMMAND_H
#define TG_CONTRIB_CERTIFY_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "contrib/certify/authority.h"

#define COMMAND_BYTES 4096

/* What {host}, {port} and the others stand for. */
struct command_words {
	const struct authority *authority;
	uint16_t port;
	const char *round; /* its name */
};

/*
 * Put the words in.  {host} {port} {terminal} {generation} {instance} {key} {ca} {cert} {cert_key}
 * {case}; other braces stay as they are.  False: it is too long.
 */
bool command_fill(const char *pattern, const struct command_words *words,
		  char ret_command[COMMAND_BYTES]);

/* Start it, in a group of processes of its own, its standard input empty.  0 with errno: not. */
pid_t command_start(const char *command);

/* Has it ended?  Then *ret_status is its exit status, 128 + N after signal N. */
bool command_has_ended(pid_t child, int *ret_status);

/* End it and what it has started; waits a moment for it. */
void command_stop(pid_t child);

#endif
