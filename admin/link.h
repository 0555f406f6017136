/*
 * link.h - the bytes of one console connection, plain or TLS, with deadlines.
 *
 * For the thread that serves the connection, and for a client's side of one.  Never waits without a
 * deadline.
 */
#ifndef TG_ADMIN_LINK_H
#define TG_ADMIN_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"

struct link {
	int	 fd;			/* borrowed; a connected socket */
	void	*ssl;			/* owned OpenSSL SSL; NULL: plain */
	void	*context;		/* owned SSL_CTX; NULL: plain */
};

/* What a read came to. */
enum link_result {
	LINK_BYTES,
	LINK_NOTHING,			/* the deadline has passed */
	LINK_CLOSED,			/* by the peer, or broken */
};

/* Monotonic ms, as deadlines are given. */
int64_t link_now_ms(void);

/* A plain connection; fd stays the caller's. */
void link_init(struct link *link, int fd);

/*
 * Shake hands as a TLS server with the certificate chain and key in these PEM files, read now.
 * TG_OK; TG_CONFIG: the files are no good; TG_IO: the peer is.
 */
TG_MUST_CHECK enum tg_status link_start_tls(struct link *link, const char *certificate_file,
					    const char *key_file, int64_t deadline_ms);

/*
 * Shake hands as a TLS client.  ca_file: PEM of who vouches for the server, NULL: the system's
 * authorities; name: host or address that the certificate must be for.  ret_why: static, for
 * people, set unless TG_OK.
 * TG_OK; TG_CONFIG: ca_file or name are no good; TG_IO: the server is.
 */
TG_MUST_CHECK enum tg_status link_join_tls(struct link *link, const char *ca_file,
					   const char *name, int64_t deadline_ms,
					   const char **ret_why);

/* Are the files a certificate and its key? */
bool link_has_tls(const char *certificate_file, const char *key_file);

void link_deinit(struct link *link);

/* Read what is there, waiting until the deadline for the first byte. */
enum link_result link_read(struct link *link, uint8_t *bytes, size_t capacity, int64_t deadline_ms,
			   size_t *ret_count);

/* Write all before the deadline.  False: not all was written, and nothing more can be. */
bool link_write(struct link *link, const char *bytes, size_t count, int64_t deadline_ms);

#endif
