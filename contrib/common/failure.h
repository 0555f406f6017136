/*
 * failure.h - why something could not be done, in words for the person at the keyboard.
 *
 * Functions that can fail for a reason that a person must know take a struct failure and return
 * false; main() prints it, once.
 */
#ifndef TG_CONTRIB_COMMON_FAILURE_H
#define TG_CONTRIB_COMMON_FAILURE_H

#include <stdbool.h>

#include "protocol/status.h"

#define FAILURE_TEXT_BYTES 512

/* One line without a full stop; written on failure only. */
struct failure {
	char text[FAILURE_TEXT_BYTES];
};

/*
 * Say why.  format: as printf; the line is cut at FAILURE_TEXT_BYTES.
 * Returns false, so that callers can return what this returns.
 */
bool failure_set(struct failure *failure, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Say why, followed by ": " and what errno_value means.  Returns false. */
bool failure_set_errno(struct failure *failure, int errno_value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
