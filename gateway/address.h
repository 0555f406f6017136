/*
 * address.h - numeric network addresses: "192.0.2.7:7411", "[::1]:7411".
 *
 * Host names are not looked up: an address in the configuration means one thing only.
 */
#ifndef TG_GATEWAY_ADDRESS_H
#define TG_GATEWAY_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "protocol/status.h"

#define ADDRESS_TEXT_BYTES 64 /* of the longest text, with its final zero */

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} storage;	 /* AF_INET or AF_INET6 */
	socklen_t bytes; /* of storage in use */
};

/*
 * Read "host:port", host numeric, IPv6 in brackets, port 0..65535 (0: any free one).
 * TG_OK; TG_CONFIG: not such a text.
 */
TG_MUST_CHECK enum tg_status address_parse(const char *text, struct address *ret_address);

/* Is it of this machine only (127.0.0.0/8, ::1)? */
bool address_is_loopback(const struct address *address);

/* Write "host:port" into text; "?" when the family is neither of the two. */
void address_print(const struct address *address, char text[ADDRESS_TEXT_BYTES]);

#endif
