/*
 * client_error.c - the line of text that tells a caller of the client library what went wrong.
 */
#include "protocol/client_error.h"

#include <stdarg.h>
#include <stdio.h>

void
client_error_set(struct client_error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
}
