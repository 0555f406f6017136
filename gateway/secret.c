/*
 * secret.c - reading, making and wiping secrets.
 */
#include "gateway/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/assert.h"

/* A page of its own, so that nothing else shares its flags. */
static uint8_t *
allocate(void)
{
	uint8_t *base = mmap(NULL, SECRET_BYTES_MAX, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	madvise(base, SECRET_BYTES_MAX, MADV_DONTDUMP);
	madvise(base, SECRET_BYTES_MAX, MADV_WIPEONFORK);
	mlock(base, SECRET_BYTES_MAX); /* best effort: the limit may be small */
	return base;
}

static enum tg_status
fail(struct config_error *error, const char *path, const char *why)
{
	snprintf(error->text, sizeof(error->text), "%s: %s", path, why);
	return TG_CONFIG;
}

/* Read all of the open file into secret, one byte more than allowed to notice. */
static enum tg_status
read_all(int fd, const char *path, struct config_error *error, struct secret *secret)
{
	uint8_t excess;

	for (;;) {
		size_t room = SECRET_BYTES_MAX - secret->bytes;
		ssize_t got = room > 0 ? read(fd, secret->base + secret->bytes, room)
				       : read(fd, &excess, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(error, path, strerror(errno));
		if (got == 0)
			break;
		if (room == 0)
			return fail(error, path, "a key file has at most 4096 bytes");
		secret->bytes += (size_t)got;
	}
	if (secret->bytes < SECRET_BYTES_MIN)
		return fail(error, path, "a key file has at least 32 bytes");
	return TG_OK;
}

enum tg_status
secret_read(const char *path, struct config_error *error, struct secret *ret_secret)
{
	struct secret secret = { .base = allocate() };
	enum tg_status status;
	struct stat about;
	int fd;

	if (secret.base == NULL)
		return fail(error, path, "out of memory");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		status = fail(error, path, strerror(errno));
		secret_deinit(&secret);
		return status;
	}
	if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
		status = fail(error, path, "is not a regular file");
	else if ((about.st_mode & 07) != 0)
		status = fail(error, path, "a key file must not be open to others (chmod o=)");
	else
		status = read_all(fd, path, error, &secret);
	close(fd);
	if (status != TG_OK)
		secret_deinit(&secret);
	else
		*ret_secret = secret;
	return status;
}

enum tg_status
secret_make(struct secret *ret_secret)
{
	struct secret secret = { .base = allocate(), .bytes = SECRET_BYTES_MIN };

	if (secret.base == NULL)
		return TG_NO_MEMORY;
	if (RAND_priv_bytes(secret.base, SECRET_BYTES_MIN) != 1) {
		secret_deinit(&secret);
		return TG_NO_MEMORY;
	}
	*ret_secret = secret;
	return TG_OK;
}

void
secret_deinit(struct secret *secret)
{
	if (secret->base != NULL) {
		OPENSSL_cleanse(secret->base, SECRET_BYTES_MAX);
		munmap(secret->base, SECRET_BYTES_MAX);
	}
	secret->base = NULL;
	secret->bytes = 0;
}
