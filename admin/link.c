/*
 * link.c - poll, then try, until done or late.
 */
#include "admin/link.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "protocol/assert.h"

int64_t
link_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
link_init(struct link *link, int fd)
{
	*link = (struct link){ .fd = fd };
}

void
link_deinit(struct link *link)
{
	if (link->ssl != NULL)
		(void)SSL_shutdown(link->ssl); /* says goodbye; does not wait for an answer */
	SSL_free(link->ssl);
	SSL_CTX_free(link->context);
	link->ssl = NULL;
	link->context = NULL;
	ERR_clear_error();
}

/* Wait for events on the socket until a moment.  False: it has passed. */
static bool
wait_for(int fd, short events, int64_t deadline_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	for (;;) {
		const int64_t rest_ms = deadline_ms - link_now_ms();
		const int wait_ms = rest_ms > INT_MAX ? INT_MAX : rest_ms > 0 ? (int)rest_ms : 0;
		const int ready = poll(&poll_fd, 1, wait_ms);

		if (ready > 0)
			return true;
		if (ready == 0 || errno != EINTR)
			return false;
	}
}

/*
 * After a TLS call that gave result: wait for what it wants.  LINK_BYTES: try again; else the read
 * or write is over so.
 */
static enum link_result
wait_for_tls(struct link *link, int result, int64_t deadline_ms)
{
	const int want = SSL_get_error(link->ssl, result);
	const short events = want == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;

	if (want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE)
		return LINK_CLOSED;
	return wait_for(link->fd, events, deadline_ms) ? LINK_BYTES : LINK_NOTHING;
}

static SSL_CTX *
make_context(const char *certificate_file, const char *key_file)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_use_certificate_chain_file(context, certificate_file) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(context) != 1) {
		SSL_CTX_free(context);
		ERR_clear_error();
		return NULL;
	}
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(context, 0);
	return context;
}

bool
link_has_tls(const char *certificate_file, const char *key_file)
{
	SSL_CTX *context = make_context(certificate_file, key_file);

	SSL_CTX_free(context);
	return context != NULL;
}

/* After link->ssl was told its side. */
static enum tg_status
shake_hands(struct link *link, int64_t deadline_ms)
{
	for (;;) {
		int result;

		ERR_clear_error();
		result = SSL_do_handshake(link->ssl);
		if (result == 1)
			return TG_OK;
		if (wait_for_tls(link, result, deadline_ms) != LINK_BYTES)
			return TG_IO;
	}
}

/* A failed handshake has no goodbye. */
static void
drop_tls(struct link *link)
{
	SSL_free(link->ssl);
	link->ssl = NULL;
}

enum tg_status
link_start_tls(struct link *link, const char *certificate_file, const char *key_file,
	       int64_t deadline_ms)
{
	TG_ASSERT(link->ssl == NULL);
	link->context = make_context(certificate_file, key_file);
	if (link->context == NULL)
		return TG_CONFIG;
	link->ssl = SSL_new(link->context);
	if (link->ssl == NULL || SSL_set_fd(link->ssl, link->fd) != 1)
		return TG_IO;
	SSL_set_accept_state(link->ssl);
	if (shake_hands(link, deadline_ms) == TG_OK)
		return TG_OK;
	drop_tls(link);
	return TG_IO;
}

static SSL_CTX *
make_client_context(const char *ca_file)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    (ca_file != NULL ? SSL_CTX_load_verify_file(context, ca_file) :
			       SSL_CTX_set_default_verify_paths(context)) != 1) {
		SSL_CTX_free(context);
		ERR_clear_error();
		return NULL;
	}
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return context;
}

/* The certificate must be for this address or host. */
static bool
set_name(SSL *ssl, const char *name)
{
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1)
		return true;
	ERR_clear_error();
	return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

enum tg_status
link_join_tls(struct link *link, const char *ca_file, const char *name, int64_t deadline_ms,
	      const char **ret_why)
{
	long verdict;

	TG_ASSERT(link->ssl == NULL);
	*ret_why = "no certificates of authorities there";
	link->context = make_client_context(ca_file);
	if (link->context == NULL)
		return TG_CONFIG;
	*ret_why = "not possible as a name";
	link->ssl = SSL_new(link->context);
	if (link->ssl == NULL || !set_name(link->ssl, name))
		return TG_CONFIG;
	*ret_why = "no TLS there";
	if (SSL_set_fd(link->ssl, link->fd) != 1)
		return TG_IO;
	SSL_set_connect_state(link->ssl);
	if (shake_hands(link, deadline_ms) == TG_OK)
		return TG_OK;
	verdict = SSL_get_verify_result(link->ssl);
	if (verdict != X509_V_OK)
		*ret_why = X509_verify_cert_error_string(verdict);
	drop_tls(link);
	return TG_IO;
}

static enum link_result
read_tls(struct link *link, uint8_t *bytes, size_t capacity, int64_t deadline_ms,
	 size_t *ret_count)
{
	for (;;) {
		enum link_result next;
		int result;

		ERR_clear_error();
		result = SSL_read(link->ssl, bytes, (int)capacity);
		if (result > 0) {
			*ret_count = (size_t)result;
			return LINK_BYTES;
		}
		next = wait_for_tls(link, result, deadline_ms);
		if (next != LINK_BYTES)
			return next;
	}
}

enum link_result
link_read(struct link *link, uint8_t *bytes, size_t capacity, int64_t deadline_ms,
	  size_t *ret_count)
{
	if (link->ssl != NULL)
		return read_tls(link, bytes, capacity, deadline_ms, ret_count);
	for (;;) {
		const ssize_t count = recv(link->fd, bytes, capacity, MSG_DONTWAIT);

		if (count > 0) {
			*ret_count = (size_t)count;
			return LINK_BYTES;
		}
		if (count == 0 || (errno != EINTR && errno != EAGAIN))
			return LINK_CLOSED;
		if (errno == EAGAIN && !wait_for(link->fd, POLLIN, deadline_ms))
			return LINK_NOTHING;
	}
}

/* Some of the bytes; 0: try again; -1: broken or late. */
static ssize_t
write_some(struct link *link, const char *bytes, size_t count, int64_t deadline_ms)
{
	ssize_t sent;

	if (link->ssl != NULL) {
		ERR_clear_error();
		sent = SSL_write(link->ssl, bytes, (int)count);
		if (sent > 0)
			return sent;
		return wait_for_tls(link, (int)sent, deadline_ms) == LINK_BYTES ? 0 : -1;
	}
	sent = send(link->fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent >= 0)
		return sent;
	if (errno != EINTR && errno != EAGAIN)
		return -1;
	return errno == EINTR || wait_for(link->fd, POLLOUT, deadline_ms) ? 0 : -1;
}

bool
link_write(struct link *link, const char *bytes, size_t count, int64_t deadline_ms)
{
	while (count > 0) {
		const ssize_t sent = write_some(link, bytes, count, deadline_ms);

		if (sent < 0)
			return false;
		bytes += sent;
		count -= (size_t)sent;
	}
	return true;
}
