/*
 * stream.c - SSL_read and SSL_write on a session's socket, or read and write.
 */
#include "gateway/stream.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/tls.h"
#include "protocol/assert.h"

#define HANDSHAKE_KEY_UPDATE 24 /* RFC 8446, section 4 */

/*
 * Sees every TLS message that goes by, to count KeyUpdates, and renegotiations by the alert that
 * refuses them.  SSL_read() takes one after the other for as long as more of them come; at the next
 * record it believes that the peer has closed, and returns.
 */
static void
on_message(int is_written, int version, int content_type, const void *bytes, size_t count, SSL *ssl,
	   void *argument)
{
	struct stream *stream = argument;
	const uint8_t *message = bytes;
	bool is_update = is_written == 0 && content_type == SSL3_RT_HANDSHAKE && count > 0 &&
			 message[0] == HANDSHAKE_KEY_UPDATE;
	bool is_refusal = is_written != 0 && content_type == SSL3_RT_ALERT && count > 1 &&
			  message[1] == SSL_AD_NO_RENEGOTIATION;

	(void)version;
	if (!is_update && !is_refusal)
		return;
	if (++stream->rekeys_count > STREAM_REKEYS_MAX)
		SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
}

enum tg_status
stream_open(struct stream *stream, int fd, struct ssl_st *ssl)
{
	TG_ASSERT(fd >= 0);
	memset(stream, 0, sizeof(*stream));
	stream->fd = fd;
	stream->ssl = ssl;
	if (ssl == NULL)
		return TG_OK;
	if (SSL_set_fd(ssl, fd) != 1) {
		stream_close(stream);
		return TG_NO_MEMORY;
	}
	SSL_set_msg_callback(ssl, on_message);
	SSL_set_msg_callback_arg(ssl, stream);
	return TG_OK;
}

void
stream_close(struct stream *stream)
{
	tls_connection_free(stream->ssl);
	stream->ssl = NULL;
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}

static enum stream_result
fail(struct stream *stream, const char *why)
{
	stream->error = why;
	return STREAM_FAILED;
}

/* Translate what a call of OpenSSL returned. */
static enum stream_result
translate(struct stream *stream, int returned)
{
	const char *reason;

	if (stream->rekeys_count > STREAM_REKEYS_MAX)
		return fail(stream, "too many key updates or renegotiations");
	if (returned > 0)
		return STREAM_DONE;
	switch (SSL_get_error(stream->ssl, returned)) {
	case SSL_ERROR_WANT_READ:
		return STREAM_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return STREAM_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return STREAM_CLOSED;
	case SSL_ERROR_SYSCALL:
		return fail(stream, "connection broken");
	default:
		reason = ERR_reason_error_string(ERR_peek_last_error());
		return fail(stream, reason != NULL ? reason : "TLS failed");
	}
}

/* Translate what a call of the system returned. */
static enum stream_result
translate_errno(struct stream *stream, ssize_t returned, enum stream_result wanted)
{
	if (returned > 0)
		return STREAM_DONE;
	if (returned == 0)
		return STREAM_CLOSED;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return wanted;
	return fail(stream, "connection broken");
}

enum stream_result
stream_handshake(struct stream *stream)
{
	if (stream->ssl == NULL)
		return STREAM_DONE;
	ERR_clear_error();
	return translate(stream, SSL_do_handshake(stream->ssl));
}

enum stream_result
stream_read(struct stream *stream, uint8_t *base, size_t capacity, size_t *ret_bytes)
{
	enum stream_result result;
	size_t got = 0;

	TG_ASSERT(capacity > 0);
	if (stream->ssl != NULL) {
		ERR_clear_error();
		result = translate(stream, SSL_read_ex(stream->ssl, base, capacity, &got));
		stream->is_drained = SSL_has_pending(stream->ssl) == 0;
	} else {
		ssize_t returned = recv(stream->fd, base, capacity, 0);

		result = translate_errno(stream, returned, STREAM_WANT_READ);
		got = returned > 0 ? (size_t)returned : 0;
		stream->is_drained = got < capacity;
	}
	if (result == STREAM_DONE)
		*ret_bytes = got;
	return result;
}

enum stream_result
stream_write(struct stream *stream, const uint8_t *base, size_t bytes, size_t *ret_bytes)
{
	enum stream_result result;
	size_t taken = 0;

	TG_ASSERT(bytes > 0 && !stream->is_shut);
	if (bytes > STREAM_WRITE_BYTES_MAX)
		bytes = STREAM_WRITE_BYTES_MAX;
	if (stream->ssl != NULL) {
		ERR_clear_error();
		result = translate(stream, SSL_write_ex(stream->ssl, base, bytes, &taken));
	} else {
		ssize_t returned = send(stream->fd, base, bytes, MSG_NOSIGNAL);

		result = translate_errno(stream, returned, STREAM_WANT_WRITE);
		taken = returned > 0 ? (size_t)returned : 0;
	}
	if (result == STREAM_DONE)
		*ret_bytes = taken;
	return result;
}

void
stream_shut(struct stream *stream)
{
	if (stream->is_shut || stream->fd < 0)
		return;
	stream->is_shut = true;
	if (stream->ssl != NULL && stream->error == NULL && SSL_is_init_finished(stream->ssl)) {
		ERR_clear_error();
		(void)SSL_shutdown(stream->ssl);
		ERR_clear_error();
	}
	(void)shutdown(stream->fd, SHUT_WR);
}

const char *
stream_error(const struct stream *stream)
{
	return stream->error != NULL ? stream->error : "none";
}

bool
stream_exporter(const struct stream *stream, uint8_t ret_exporter[TG_EXPORTER_BYTES])
{
	memset(ret_exporter, 0, TG_EXPORTER_BYTES);
	if (stream->ssl == NULL)
		return true;
	ERR_clear_error();
	return SSL_export_keying_material(stream->ssl, ret_exporter, TG_EXPORTER_BYTES,
					  TG_EXPORTER_LABEL, strlen(TG_EXPORTER_LABEL), NULL, 0,
					  0) == 1;
}

/* Read "terminal:<number>", all of it, without leading zeros. */
static bool
parse_terminal(const unsigned char *text, int bytes, uint32_t *ret_terminal)
{
	static const char prefix[] = "terminal:";
	const int prefix_bytes = sizeof(prefix) - 1;
	uint64_t number = 0;

	if (bytes <= prefix_bytes || bytes > prefix_bytes + 10 ||
	    memcmp(text, prefix, (size_t)prefix_bytes) != 0 || text[prefix_bytes] == '0')
		return false;
	for (int i = prefix_bytes; i < bytes; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	if (number > UINT32_MAX)
		return false;
	*ret_terminal = (uint32_t)number;
	return true;
}

/* The terminal that the subject's common name says; a subject with two names says none. */
static bool
find_terminal(const X509 *certificate, uint32_t *ret_terminal)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *text = NULL;
	bool is_found = false;
	int bytes;

	if (index < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, index) >= 0)
		return false;
	bytes = ASN1_STRING_to_UTF8(&text,
				    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
	if (bytes > 0)
		is_found = parse_terminal(text, bytes, ret_terminal);
	OPENSSL_free(text);
	return is_found;
}

enum stream_identity
stream_identity(const struct stream *stream, uint32_t *ret_terminal)
{
	const X509 *certificate =
		stream->ssl == NULL ? NULL : SSL_get0_peer_certificate(stream->ssl);
	uint32_t terminal;

	if (certificate == NULL || SSL_get_verify_result(stream->ssl) != X509_V_OK ||
	    !find_terminal(certificate, &terminal))
		return STREAM_ANONYMOUS;
	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0)
		return STREAM_EXPIRED;
	*ret_terminal = terminal;
	return STREAM_TERMINAL;
}

const char *
stream_version(const struct stream *stream)
{
	return stream->ssl == NULL ? "plain" : SSL_get_version(stream->ssl);
}
