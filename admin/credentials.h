/*
 * credentials.h - the name and the password of who logs in at the console.
 *
 * From a person at his terminal, who does not see the password, or from a file for scripts; never
 * from the command line, where every user of the machine reads it.
 */
#ifndef TG_ADMIN_CREDENTIALS_H
#define TG_ADMIN_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

#define CREDENTIALS_NAME_BYTES 64
#define CREDENTIALS_PASSWORD_BYTES 512

/*
 * Ask for a line at the terminal.  False: there is none, or neither standard input nor standard
 * error is one; or nothing was said.
 */
bool credentials_ask(const char *question, bool is_hidden, char *text, size_t bytes);

/*
 * Read the first line of a file, "-" for standard input, byte by byte: what follows is left.
 * password: CREDENTIALS_PASSWORD_BYTES.  False: ret_why (static, or of errno) says why.
 */
bool credentials_read(const char *path, char *password, const char **ret_why);

#endif
