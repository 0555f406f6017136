/*
 * packet_proxy.h - a Unix socket before that of MariaDB, which cuts the connection on demand.
 *
 * It counts the packets of the clients' side, and cuts once: before the n-th reaches the server, or
 * after the server has answered it and before the client hears.  Other connections pass, up to four
 * at a time.
 */
#ifndef TG_TESTS_PACKET_PROXY_H
#define TG_TESTS_PACKET_PROXY_H

#include <stdbool.h>
#include <stdint.h>

enum packet_cut {
	CUT_REQUEST,	/* the packet never reaches the server */
	CUT_ANSWER,	/* the server has done it, the client does not learn that */
};

struct packet_proxy;

/* Listen on path and pass on to server_path, in a thread of its own. */
struct packet_proxy *packet_proxy_new(const char *path, const char *server_path);
void packet_proxy_free(struct packet_proxy *proxy);

/* Count from 0 again, and cut at the n-th packet, from 1; 0: never. */
void packet_proxy_cut_at(struct packet_proxy *proxy, uint32_t n, enum packet_cut cut);

/* Packets of clients counted so far.  Was the connection cut since packet_proxy_cut_at()? */
uint32_t packet_proxy_packets(struct packet_proxy *proxy);
bool packet_proxy_has_cut(struct packet_proxy *proxy);

#endif
