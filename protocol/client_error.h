/*
 * client_error.h - the line of text that tells a caller of the client library what went wrong.
 */
#ifndef TG_PROTOCOL_CLIENT_ERROR_H
#define TG_PROTOCOL_CLIENT_ERROR_H

#define CLIENT_ERROR_BYTES 256

struct client_error {
	char text[CLIENT_ERROR_BYTES]; /* "" when nothing went wrong; ends in NUL */
};

/* Set the text, cut if it is too long. */
void client_error_set(struct client_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
