/*
 * operators.h - who may log in at the console: names, roles, hashed passwords.
 *
 * A text file, one operator a line, made by tally-passwd:
 *
 *	ann:operator:scrypt:32768:8:3:<salt, hexadecimal>:<hash, hexadecimal>
 *
 * Passwords are hashed with scrypt (RFC 7914); its parameters stand in each line, so that they may
 * be raised without making old lines worthless.  Owns nothing beyond the calls; takes no locks.
 */
#ifndef TG_ADMIN_OPERATORS_H
#define TG_ADMIN_OPERATORS_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/command.h"
#include "ledger/record.h"
#include "protocol/status.h"

#define OPERATORS_MAX 64
#define OPERATORS_WHY_BYTES 256
#define OPERATOR_SALT_BYTES 16
#define OPERATOR_HASH_BYTES 32
#define OPERATOR_PASSWORD_BYTES_MIN 10
#define OPERATOR_PASSWORD_BYTES_MAX 128

/* What a hash costs: 128 * n * r bytes of memory, and time as n * r * p. */
struct operator_cost {
	uint64_t n;			/* power of two */
	uint32_t r, p;
};

struct operator_entry {
	char	 name[OPERATOR_BYTES + 1]; /* a-z, 0-9, '.', '_', '-'; begins with a letter */
	enum command_right right;
	struct operator_cost cost;
	uint8_t	 salt[OPERATOR_SALT_BYTES];
	uint8_t	 hash[OPERATOR_HASH_BYTES];
};

/* Invariant: count <= OPERATORS_MAX; names are unique. */
struct operators {
	uint32_t count;
	struct operator_entry entries[OPERATORS_MAX];
};

/* What new passwords are hashed with: 32 MiB, about a third of a second. */
struct operator_cost operators_cost(void);

/* "viewer", "operator", "admin".  False: it is none. */
bool operators_right(const char *word, enum command_right *ret_right);

bool operators_is_name(const char *name);

/* The operator of that name, NULL: none. */
struct operator_entry *operators_find(struct operators *operators, const char *name);

/*
 * Read the file.  why: OPERATORS_WHY_BYTES, set on failure; it never holds a hash.
 * TG_OK; TG_IO: errno says why not; TG_CONFIG: a line is wrong, or others than its owner may change
 * the file.
 */
TG_MUST_CHECK enum tg_status operators_read(const char *path, struct operators *ret_operators,
					    char *why);

/*
 * Write the file anew, at once: readers see the old one or the new one.  A file that is there keeps
 * owner and mode; a new one has mode 0600, in a folder that gives files its group (set-group-ID)
 * 0640.  TG_OK; TG_IO: errno says why not.
 */
TG_MUST_CHECK enum tg_status operators_write(const char *path, const struct operators *operators);

/*
 * Give an operator a password, with a new salt.  Takes as long and as much memory as cost says.
 * TG_OK; TG_BAD_FIELD: its length is out of bounds; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status operators_set_password(struct operator_entry *entry,
						    const char *password,
						    struct operator_cost cost);

/*
 * Is it the operator's password?  entry NULL: no, after as much time as a yes would take.
 * Compares in constant time.  False also when there is no memory for the hash.
 */
bool operators_check(const struct operator_entry *entry, const char *password);

#endif
