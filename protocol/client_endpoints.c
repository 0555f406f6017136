/*
 * client_endpoints.c - the gateways that a client may go to, and whose turn it is.
 */
#include "protocol/client_endpoints.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

/* One entry of the list, not ended by NUL. */
struct piece {
	const char *text;
	size_t bytes;
};

/* Without the blanks around it. */
static struct piece
trim(struct piece piece)
{
	while (piece.bytes > 0 && piece.text[0] == ' ') {
		piece.text++;
		piece.bytes--;
	}
	while (piece.bytes > 0 && piece.text[piece.bytes - 1] == ' ')
		piece.bytes--;
	return piece;
}

/*
 * Part an entry into host and port; no port gives an empty one.  Two colons and no brackets are an
 * IPv6 address.  False when it is none of the forms.
 */
static bool
part(struct piece entry, struct piece *ret_host, struct piece *ret_port)
{
	const char *end = entry.text + entry.bytes;
	const char *colon = memchr(entry.text, ':', entry.bytes);

	ret_port->bytes = 0;
	ret_port->text = end;
	*ret_host = entry;
	if (entry.bytes > 0 && entry.text[0] == '[') {
		const char *bracket = memchr(entry.text, ']', entry.bytes);

		if (bracket == NULL)
			return false;
		ret_host->text = entry.text + 1;
		ret_host->bytes = (size_t)(bracket - ret_host->text);
		colon = bracket + 1;
		if (colon != end && *colon != ':')
			return false;
	} else if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon - 1)) == NULL) {
		ret_host->bytes = (size_t)(colon - entry.text);
	} else {
		colon = end;
	}
	if (colon != end) {
		ret_port->text = colon + 1;
		ret_port->bytes = (size_t)(end - colon - 1);
	}
	return ret_host->bytes > 0 && (colon == end || ret_port->bytes > 0);
}

/* Add one endpoint to the list. */
static enum tg_status
add(struct client_endpoints *endpoints, struct piece entry, const char *port,
    struct client_error *error)
{
	struct client_endpoint *row = &endpoints->rows[endpoints->count];
	struct piece host, own_port;

	if (endpoints->count == CLIENT_ENDPOINTS_MAX) {
		client_error_set(error, "option host: more than %d endpoints",
				 CLIENT_ENDPOINTS_MAX);
		return TG_CONFIG;
	}
	if (!part(entry, &host, &own_port)) {
		client_error_set(error, "option host: '%.*s' is not HOST or HOST:PORT",
				 (int)entry.bytes, entry.text);
		return TG_CONFIG;
	}
	endpoints->count++;
	row->host = strndup(host.text, host.bytes);
	row->port = own_port.bytes > 0 ? strndup(own_port.text, own_port.bytes) : strdup(port);
	if (row->host != NULL && row->port != NULL)
		return TG_OK;
	client_error_set(error, "out of memory");
	return TG_NO_MEMORY;
}

enum tg_status
client_endpoints_parse(const char *hosts, const char *port, struct client_error *error,
		       struct client_endpoints *ret_endpoints)
{
	enum tg_status status = TG_OK;
	const char *comma;

	memset(ret_endpoints, 0, sizeof(*ret_endpoints));
	do {
		comma = strchrnul(hosts, ',');
		status = add(ret_endpoints, trim((struct piece){ hosts, (size_t)(comma - hosts) }),
			     port, error);
		hosts = comma + 1;
	} while (status == TG_OK && *comma == ',');
	client_endpoints_settle(ret_endpoints);
	return status;
}

void
client_endpoints_deinit(struct client_endpoints *endpoints)
{
	for (uint32_t i = 0; i < endpoints->count; i++) {
		free(endpoints->rows[i].host);
		free(endpoints->rows[i].port);
	}
	memset(endpoints, 0, sizeof(*endpoints));
}

/* How many places on the next one stands that lets us come; else the one that does first. */
static uint32_t
steps_to_next(const struct client_endpoints *endpoints, int64_t now_ms)
{
	uint32_t best = endpoints->count;

	for (uint32_t step = 1; step <= endpoints->count; step++) {
		const struct client_endpoint *row =
			&endpoints->rows[(endpoints->at + step) % endpoints->count];

		if (row->not_before_ms <= now_ms)
			return step;
		if (row->not_before_ms <
		    endpoints->rows[(endpoints->at + best) % endpoints->count].not_before_ms)
			best = step;
	}
	return best;
}

const struct client_endpoint *
client_endpoints_choose(struct client_endpoints *endpoints, int64_t now_ms)
{
	TG_ASSERT(endpoints->count > 0);
	if (endpoints->is_left) {
		uint32_t steps = steps_to_next(endpoints, now_ms);

		endpoints->at = (endpoints->at + steps) % endpoints->count;
		endpoints->untried = endpoints->untried >= steps ? endpoints->untried - steps
								 : endpoints->count - 1;
		endpoints->is_left = false;
	}
	return &endpoints->rows[endpoints->at];
}

void
client_endpoints_leave(struct client_endpoints *endpoints, int64_t not_before_ms)
{
	endpoints->is_left = true;
	endpoints->rows[endpoints->at].not_before_ms = not_before_ms;
}

void
client_endpoints_settle(struct client_endpoints *endpoints)
{
	endpoints->untried = endpoints->count > 0 ? endpoints->count - 1 : 0;
	endpoints->is_left = false;
}

bool
client_endpoints_has_next(const struct client_endpoints *endpoints)
{
	return endpoints->is_left && endpoints->untried > 0;
}

uint32_t
client_endpoints_in_round(const struct client_endpoints *endpoints)
{
	if (!endpoints->is_left)
		return endpoints->untried + 1;
	return endpoints->untried > 0 ? endpoints->untried : endpoints->count;
}
