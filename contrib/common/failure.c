/*
 * failure.c - why something could not be done, in words for the person at the keyboard.
 */
#include "contrib/common/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool
failure_set(struct failure *failure, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(failure->text, sizeof(failure->text), format, arguments);
	va_end(arguments);
	return false;
}

bool
failure_set_errno(struct failure *failure, int errno_value, const char *format, ...)
{
	const char *reason = strerrordesc_np(errno_value);
	va_list arguments;
	size_t used;

	va_start(arguments, format);
	vsnprintf(failure->text, sizeof(failure->text), format, arguments);
	va_end(arguments);
	used = strlen(failure->text);
	snprintf(failure->text + used, sizeof(failure->text) - used, ": %s",
		 reason != NULL ? reason : "unknown error");
	return false;
}
