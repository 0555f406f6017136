/*
 * file_digest.c - OpenSSL's SHA-256 over a file, read piece by piece.
 */
#include "admin/file_digest.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES 16384

static bool
digest_open(int fd, EVP_MD_CTX *context, uint8_t ret_digest[EVP_MAX_MD_SIZE])
{
	uint8_t piece[PIECE_BYTES];
	ssize_t bytes;

	if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		return false;
	while ((bytes = read(fd, piece, sizeof(piece))) > 0) {
		if (EVP_DigestUpdate(context, piece, (size_t)bytes) != 1)
			return false;
	}
	return bytes == 0 && EVP_DigestFinal_ex(context, ret_digest, NULL) == 1;
}

bool
file_digest(const char *path, char ret_text[FILE_DIGEST_TEXT_BYTES])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context;
	struct stat about;
	/* Not to wait for the other end of a pipe. */
	const int fd = path[0] == '/' ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	bool is_good = fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);

	if (is_good) {
		context = EVP_MD_CTX_new();
		is_good = digest_open(fd, context, digest);
		EVP_MD_CTX_free(context);
	}
	if (fd >= 0)
		close(fd);
	for (size_t i = 0; is_good && i < (FILE_DIGEST_TEXT_BYTES - 1) / 2; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", digest[i]);
	return is_good;
}
