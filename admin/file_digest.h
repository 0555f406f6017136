/*
 * file_digest.h - what a file said, so that it can be known again.
 */
#ifndef TG_ADMIN_FILE_DIGEST_H
#define TG_ADMIN_FILE_DIGEST_H

#include <stdbool.h>

#define FILE_DIGEST_TEXT_BYTES 65	/* with the NUL */

/*
 * SHA-256 of a regular file in hexadecimal digits.  path: absolute.  Blocks for reading.
 * False: it is none, or cannot be read.
 */
bool file_digest(const char *path, char ret_text[FILE_DIGEST_TEXT_BYTES]);

#endif
