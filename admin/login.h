/*
 * login.h - names and passwords at the console, and who is locked out.
 *
 * Owns how often each operator's password was wrong.  After so many times in a row the name is
 * locked for a while.  Every refusal is the same to the other end, takes the same time, and tells
 * the log apart: no such name, wrong password, locked.
 */
#ifndef TG_ADMIN_LOGIN_H
#define TG_ADMIN_LOGIN_H

#include <pthread.h>
#include <stdint.h>

#include "admin/operators.h"

/* Wrong passwords of one name.  A name that nobody has shares the row of the empty name. */
struct login_row {
	char	 name[OPERATOR_BYTES + 1];
	uint32_t failures;		/* in a row */
	int64_t	 until_ms;		/* locked until then; 0: not locked */
	int64_t	 last_ms;		/* of the last failure */
};

struct login {
	char	 path[512];		/* of the operators' file; "": nobody may log in */
	uint32_t failures_max;		/* in a row, then locked */
	int64_t	 lockout_ms;
	pthread_mutex_t lock;		/* over rows */
	pthread_mutex_t hash_lock;	/* one hash at a time: each takes memory */
	struct login_row rows[OPERATORS_MAX + 1]; /* the last one is of names that nobody has */
};

enum login_verdict {
	LOGIN_TAKEN,
	LOGIN_NO_NAME,			/* nobody has the name */
	LOGIN_WRONG,			/* password */
	LOGIN_LOCKED,			/* too many wrong ones */
	LOGIN_NO_FILE,			/* no operators, or the file cannot be read */
};

/* path: copied; NULL or "": nobody may log in.  failures_max >= 1. */
void login_init(struct login *login, const char *path, uint32_t failures_max, int64_t lockout_ms);
void login_deinit(struct login *login);

/*
 * Judge a name and a password.  Blocks for the time of a hash, and of those before it.  now_ms:
 * monotonic.  why: OPERATORS_WHY_BYTES, for the log, set with LOGIN_NO_FILE.  ret_right: untouched
 * unless taken.
 */
enum login_verdict login_check(struct login *login, const char *name, const char *password,
			       int64_t now_ms, char *why, enum command_right *ret_right);

/*
 * The role of somebody who has logged in, as the file says now.  Reads the file.  ret_right:
 * untouched unless LOGIN_TAKEN; LOGIN_NO_NAME: nobody has the name any more; LOGIN_NO_FILE, why as
 * above.
 */
enum login_verdict login_role(struct login *login, const char *name, char *why,
			      enum command_right *ret_right);

/* For the log: "locked out". */
const char *login_verdict_text(enum login_verdict verdict);

#endif
