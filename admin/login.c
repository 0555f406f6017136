/*
 * login.c - the order of a judgement: look up, hash, then say.
 *
 * The file is read each time, also before each command: it is short, operators type slowly, and one
 * that is removed or has another role is so at once.
 */
#include "admin/login.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

void
login_init(struct login *login, const char *path, uint32_t failures_max, int64_t lockout_ms)
{
	TG_ASSERT(failures_max >= 1);
	memset(login, 0, sizeof(*login));
	if (path != NULL)
		snprintf(login->path, sizeof(login->path), "%s", path);
	login->failures_max = failures_max;
	login->lockout_ms = lockout_ms;
	pthread_mutex_init(&login->lock, NULL);
	pthread_mutex_init(&login->hash_lock, NULL);
}

void
login_deinit(struct login *login)
{
	pthread_mutex_destroy(&login->hash_lock);
	pthread_mutex_destroy(&login->lock);
}

const char *
login_verdict_text(enum login_verdict verdict)
{
	switch (verdict) {
	case LOGIN_TAKEN:
		return "ok";
	case LOGIN_NO_NAME:
		return "no such operator";
	case LOGIN_WRONG:
		return "wrong password";
	case LOGIN_LOCKED:
		return "locked out";
	case LOGIN_NO_FILE:
		return "no operators' file";
	}
	TG_ASSERT(false);
}

/*
 * The row of a name, "" for what nobody is called: made if there is none, out of the one that was
 * used longest ago.  There are as many rows as operators.  login->lock is held.
 */
static struct login_row *
row_of(struct login *login, const char *name)
{
	struct login_row *oldest = &login->rows[0];

	if (name[0] == '\0')
		return &login->rows[OPERATORS_MAX];
	for (uint32_t i = 0; i < OPERATORS_MAX; i++) {
		if (strcmp(login->rows[i].name, name) == 0)
			return &login->rows[i];
		if (login->rows[i].last_ms < oldest->last_ms)
			oldest = &login->rows[i];
	}
	*oldest = (struct login_row){ .failures = 0 };
	snprintf(oldest->name, sizeof(oldest->name), "%s", name);
	return oldest;
}

static bool
is_locked(struct login *login, const char *name, int64_t now_ms)
{
	struct login_row *row;
	bool is_so;

	pthread_mutex_lock(&login->lock);
	row = row_of(login, name);
	if (row->until_ms != 0 && row->until_ms <= now_ms) {
		row->until_ms = 0;
		row->failures = 0;
	}
	is_so = row->until_ms != 0;
	pthread_mutex_unlock(&login->lock);
	return is_so;
}

static void
note(struct login *login, const char *name, bool is_taken, int64_t now_ms)
{
	struct login_row *row;

	pthread_mutex_lock(&login->lock);
	row = row_of(login, name);
	row->last_ms = now_ms;
	row->failures = is_taken ? 0 : row->failures + 1;
	if (row->failures >= login->failures_max)
		row->until_ms = now_ms + login->lockout_ms;
	pthread_mutex_unlock(&login->lock);
}

/* One at a time: looked at and counted without another attempt in between. */
static enum login_verdict
judge(struct login *login, struct operators *operators, const char *name, const char *password,
      int64_t now_ms, enum command_right *ret_right)
{
	const struct operator_entry *entry = operators_find(operators, name);
	const char *row_name = entry != NULL ? name : "";
	const bool was_locked = is_locked(login, row_name, now_ms);
	const bool is_right = operators_check(entry, password);

	if (was_locked)
		return LOGIN_LOCKED;
	note(login, row_name, is_right, now_ms);
	if (entry == NULL)
		return LOGIN_NO_NAME;
	if (!is_right)
		return LOGIN_WRONG;
	*ret_right = entry->right;
	return LOGIN_TAKEN;
}

enum login_verdict
login_role(struct login *login, const char *name, char *why, enum command_right *ret_right)
{
	struct operators *operators = calloc(1, sizeof(*operators));
	const struct operator_entry *entry;
	enum login_verdict verdict = LOGIN_NO_FILE;

	snprintf(why, OPERATORS_WHY_BYTES, "no operators' file is configured");
	if (operators != NULL && login->path[0] != '\0' &&
	    operators_read(login->path, operators, why) == TG_OK) {
		entry = operators_find(operators, name);
		verdict = entry != NULL ? LOGIN_TAKEN : LOGIN_NO_NAME;
		if (entry != NULL)
			*ret_right = entry->right;
	}
	if (operators != NULL)
		OPENSSL_cleanse(operators, sizeof(*operators));
	free(operators);
	return verdict;
}

enum login_verdict
login_check(struct login *login, const char *name, const char *password, int64_t now_ms, char *why,
	    enum command_right *ret_right)
{
	struct operators *operators = calloc(1, sizeof(*operators));
	enum login_verdict verdict = LOGIN_NO_FILE;

	snprintf(why, OPERATORS_WHY_BYTES, "no operators' file is configured");
	if (operators == NULL)
		return LOGIN_NO_FILE;
	pthread_mutex_lock(&login->hash_lock);
	if (login->path[0] != '\0' && operators_read(login->path, operators, why) == TG_OK)
		verdict = judge(login, operators, name, password, now_ms, ret_right);
	pthread_mutex_unlock(&login->hash_lock);
	OPENSSL_cleanse(operators, sizeof(*operators));
	free(operators);
	return verdict;
}
