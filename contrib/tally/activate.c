/*
 * activate.c - asking for a key, and storing it.
 */
#include "contrib/tally/activate.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contrib/common/identity.h"
#include "protocol/auth.h"
#include "protocol/tallygate.h"

#define PATH_BYTES 1024
#define CODE_BYTES 128 /* of a line with a code, at most */

/* The files that the command makes. */
struct places {
	char settings[PATH_BYTES]; /* absolute, as those below */
	char key[PATH_BYTES + 8];
	char nonce[PATH_BYTES + 8];
};

static enum tally_exit
complain(enum tally_exit exit, const char *text)
{
	fprintf(stderr, "tally: %s\n", text);
	return exit;
}

/* Where the files belong.  False with the reason: there is a settings file already. */
static bool
find_places(const struct settings *settings, struct places *ret_places, struct failure *failure)
{
	const char *home = getenv("HOME");
	char folder[PATH_BYTES];
	int bytes;

	if (settings->write != NULL && settings->write[0] == '/')
		bytes = snprintf(ret_places->settings, PATH_BYTES, "%s", settings->write);
	else if (settings->write != NULL && getcwd(folder, sizeof(folder)) != NULL)
		bytes = snprintf(ret_places->settings, PATH_BYTES, "%s/%s", folder,
				 settings->write);
	else if (settings->write == NULL && home != NULL && home[0] == '/')
		bytes = snprintf(ret_places->settings, PATH_BYTES, "%s/.tally", home);
	else
		return failure_set(failure, "--write FILE is needed: where the settings belong");
	if (bytes >= PATH_BYTES)
		return failure_set(failure, "the name of the settings file is too long");
	snprintf(ret_places->key, sizeof(ret_places->key), "%s.key", ret_places->settings);
	snprintf(ret_places->nonce, sizeof(ret_places->nonce), "%s.nonce", ret_places->settings);
	if (access(ret_places->settings, F_OK) == 0)
		return failure_set(failure, "%s is there already: move it away, or name another "
					    "file with --write",
				   ret_places->settings);
	return true;
}

/* Make the folder know of the file's new name. */
static bool
sync_folder(const char *path)
{
	char folder[PATH_BYTES + 8];
	bool is_synced;
	int fd;

	snprintf(folder, sizeof(folder), "%s", path);
	*(strrchr(folder, '/') + 1) = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	is_synced = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return is_synced;
}

/* Write a file for the owner only: it is there whole, on the disk, or not at all. */
static bool
write_file(const char *path, const void *bytes, size_t count, struct failure *failure)
{
	char fresh[PATH_BYTES + 16];
	bool is_written;
	int fd;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	(void)unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return failure_set_errno(failure, errno, "%s", fresh);
	is_written = write(fd, bytes, count) == (ssize_t)count && fsync(fd) == 0;
	if (close(fd) != 0 || !is_written || rename(fresh, path) != 0 || !sync_folder(path)) {
		(void)failure_set_errno(failure, errno, "%s", path);
		(void)unlink(fresh);
		return false;
	}
	return true;
}

/* The nonce of an earlier try, else a new one, stored before it is used. */
static bool
keep_nonce(const struct places *places, uint8_t ret_nonce[TG_ACTIVATION_NONCE_BYTES],
	   struct failure *failure)
{
	FILE *file = fopen(places->nonce, "rbe");
	size_t count = 0;

	static_assert(TG_ACTIVATION_NONCE_BYTES == TG_TRANSACTION_ID_BYTES, "made the same way");
	if (file != NULL) {
		count = fread(ret_nonce, 1, TG_ACTIVATION_NONCE_BYTES, file);
		fclose(file);
	}
	if (count == TG_ACTIVATION_NONCE_BYTES)
		return true;
	if (tg_transaction_id_new(ret_nonce) != TG_OK)
		return failure_set(failure, "there are no random numbers");
	return write_file(places->nonce, ret_nonce, TG_ACTIVATION_NONCE_BYTES, failure);
}

/* A setting as a line of libconfig. */
static void
print_text(FILE *file, const char *name, const char *text)
{
	if (text == NULL)
		return;
	fprintf(file, "%s = \"", name);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', file);
		fputc(*text, file);
	}
	fprintf(file, "\";\n");
}

/* The settings from now on.  The caller frees; NULL: no memory. */
static char *
make_settings(const struct identity *identity, const struct places *places,
	      const struct tg_activation *activation)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *file = open_memstream(&text, &bytes);

	if (file == NULL)
		return NULL;
	print_text(file, "host", identity->host);
	print_text(file, "port", identity->port);
	print_text(file, "ca", identity->ca);
	print_text(file, "server_name", identity->server_name);
	print_text(file, "instance", activation->instance);
	fprintf(file, "terminal = %uL;\n", activation->terminal);
	print_text(file, "key_file", places->key);
	fprintf(file, "generation = %u;\n", (unsigned)activation->key_generation);
	if (fclose(file) == 0)
		return text;
	free(text);
	return NULL;
}

/* Store the key, then the settings that name it. */
static bool
store(const struct identity *identity, const struct places *places,
      const struct tg_activation *activation, struct failure *failure)
{
	char digits[2 * TG_TERMINAL_KEY_BYTES + 2];
	char *text = make_settings(identity, places, activation);
	bool is_stored;

	if (text == NULL)
		return failure_set(failure, "out of memory");
	for (size_t i = 0; i < TG_TERMINAL_KEY_BYTES; i++)
		snprintf(digits + 2 * i, 3, "%02x", activation->key[i]);
	digits[sizeof(digits) - 2] = '\n';
	is_stored = write_file(places->key, digits, sizeof(digits) - 1, failure) &&
		    write_file(places->settings, text, strlen(text), failure);
	tg_auth_clear(digits, sizeof(digits));
	free(text);
	if (is_stored)
		(void)unlink(places->nonce);
	return is_stored;
}

/* How it ends without a key. */
static enum tally_exit
exit_of(enum tg_status status)
{
	switch ((int)status) {
	case TG_AUTH_FAILED:
	case TG_BLOCKED:
	case TG_FORBIDDEN:
		return TALLY_REFUSED;
	case TG_CONFIG:
		return TALLY_USAGE;
	case TG_TIMEOUT:
	case TG_CLOSED:
		return TALLY_UNKNOWN;
	default:
		return tg_status_is_retryable(status) ? TALLY_LATER : TALLY_UNREACHED;
	}
}

/*
 * Read the code: the first line of the file, or of the standard input.  Never an argument, which
 * everybody on the machine could read in the list of processes.
 */
static bool
read_code(const char *path, char code[CODE_BYTES], struct failure *failure)
{
	FILE *file = path == NULL ? stdin : fopen(path, "re");
	bool is_read;

	if (file == NULL)
		return failure_set(failure, "%s: %s", path, strerror(errno));
	if (path == NULL && isatty(STDIN_FILENO) == 1)
		fputs("code: ", stderr);
	is_read = fgets(code, CODE_BYTES, file) != NULL;
	if (path != NULL)
		fclose(file);
	if (is_read)
		code[strcspn(code, "\r\n")] = '\0';
	return (is_read && code[0] != '\0') ||
	       failure_set(failure, "%s has no code in its first line",
			   path != NULL ? path : "the standard input");
}

enum tally_exit
activate(const struct settings *settings, int word_count, char *const words[])
{
	uint32_t timeout_ms = (uint32_t)settings->identity.timeout * 1000;
	uint8_t nonce[TG_ACTIVATION_NONCE_BYTES];
	struct tg_activation activation;
	struct tg_options options;
	struct failure failure;
	struct places places;
	char code[CODE_BYTES];
	enum tg_status status;

	if (word_count > 2)
		return complain(TALLY_USAGE, "say: activate [FILE]");
	if (!read_code(word_count == 2 ? words[1] : NULL, code, &failure) ||
	    !identity_place(&settings->identity, "tally/" PACKAGE_VERSION, &options, &failure) ||
	    !find_places(settings, &places, &failure) || !keep_nonce(&places, nonce, &failure))
		return complain(TALLY_USAGE, failure.text);
	status = tg_activate(&options, code, nonce, timeout_ms, &activation, failure.text,
			     sizeof(failure.text));
	if (status != TG_OK) {
		if (exit_of(status) == TALLY_REFUSED)
			(void)unlink(places.nonce);
		return complain(exit_of(status), failure.text);
	}
	if (!store(&settings->identity, &places, &activation, &failure)) {
		tg_activation_clear(&activation);
		fprintf(stderr, "tally: the key is not stored; the same command tries again\n");
		return complain(TALLY_LATER, failure.text);
	}
	printf("terminal %u of partner %u activated%s; settings: %s\n", activation.terminal,
	       activation.partner, activation.is_sandbox ? ", in a sandbox" : "", places.settings);
	tg_activation_clear(&activation);
	return TALLY_DONE;
}
