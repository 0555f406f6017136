/*
 * address.c - reading and printing numeric network addresses.
 */
#include "gateway/address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "protocol/assert.h"

/* Read a decimal port; false when text is not one. */
static bool
parse_port(const char *text, uint16_t *ret_port)
{
	uint32_t port = 0;
	size_t digit_count = strlen(text);

	if (digit_count == 0 || digit_count > 5)
		return false;
	for (size_t i = 0; i < digit_count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (uint32_t)(text[i] - '0');
	}
	if (port > UINT16_MAX)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

enum tg_status
address_parse(const char *text, struct address *ret_address)
{
	char host[ADDRESS_TEXT_BYTES];
	const char *colon = strrchr(text, ':');
	bool is_bracketed = text[0] == '[';
	size_t host_bytes;
	uint16_t port;

	TG_ASSERT(ret_address != NULL);
	if (colon == NULL || !parse_port(colon + 1, &port))
		return TG_CONFIG;
	host_bytes = (size_t)(colon - text);
	if (is_bracketed) {
		if (host_bytes < 3 || text[host_bytes - 1] != ']')
			return TG_CONFIG;
		host_bytes -= 2;
	}
	if (host_bytes >= sizeof(host))
		return TG_CONFIG;
	memcpy(host, text + (is_bracketed ? 1 : 0), host_bytes);
	host[host_bytes] = '\0';

	memset(ret_address, 0, sizeof(*ret_address));
	if (is_bracketed) {
		struct sockaddr_in6 *six = &ret_address->storage.six;

		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		ret_address->bytes = sizeof(*six);
		return inet_pton(AF_INET6, host, &six->sin6_addr) == 1 ? TG_OK : TG_CONFIG;
	}
	struct sockaddr_in *four = &ret_address->storage.four;

	four->sin_family = AF_INET;
	four->sin_port = htons(port);
	ret_address->bytes = sizeof(*four);
	return inet_pton(AF_INET, host, &four->sin_addr) == 1 ? TG_OK : TG_CONFIG;
}

bool
address_is_loopback(const struct address *address)
{
	if (address->storage.any.sa_family == AF_INET) {
		const struct sockaddr_in *four = &address->storage.four;

		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	}
	if (address->storage.any.sa_family == AF_INET6) {
		const struct sockaddr_in6 *six = &address->storage.six;

		return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
	}
	return false;
}

void
address_print(const struct address *address, char text[ADDRESS_TEXT_BYTES])
{
	char host[INET6_ADDRSTRLEN];

	if (address->storage.any.sa_family == AF_INET) {
		const struct sockaddr_in *four = &address->storage.four;

		inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
		snprintf(text, ADDRESS_TEXT_BYTES, "%s:%u", host, ntohs(four->sin_port));
	} else if (address->storage.any.sa_family == AF_INET6) {
		const struct sockaddr_in6 *six = &address->storage.six;

		inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
		snprintf(text, ADDRESS_TEXT_BYTES, "[%s]:%u", host, ntohs(six->sin6_port));
	} else {
		snprintf(text, ADDRESS_TEXT_BYTES, "?");
	}
}
