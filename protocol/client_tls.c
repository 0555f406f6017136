/*
 * client_tls.c - TLS of the client library: one context, one connection at a time.
 *
 * The socket is read and written by a BIO of our own, because OpenSSL's raises SIGPIPE, and a
 * library must not ask its caller to ignore signals.
 */
#include "protocol/client_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct client_tls {
	SSL_CTX *context;	/* owned */
	BIO_METHOD *bio_method; /* owned; after every BIO made from it */
	SSL *ssl;		/* owned; NULL between connections */
	SSL_SESSION *session;	/* owned; to resume with, NULL at first */
	char *name;		/* owned; that the certificate must carry, NULL at first */
	bool is_name_address;	/* it is an address, not a host name */
};

/* BIO: write to the socket. */
static int
on_bio_write(BIO *bio, const char *data, int bytes)
{
	ssize_t written = send((int)(intptr_t)BIO_get_data(bio), data, (size_t)bytes, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_retry_write(bio);
	return (int)written;
}

/* BIO: read from the socket. */
static int
on_bio_read(BIO *bio, char *data, int bytes)
{
	ssize_t count = recv((int)(intptr_t)BIO_get_data(bio), data, (size_t)bytes, 0);

	BIO_clear_retry_flags(bio);
	if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_retry_read(bio);
	if (count == 0)
		BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
	return (int)count;
}

/* BIO: the few controls that OpenSSL asks for. */
static long
on_bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_FLUSH)
		return 1;
	if (command == BIO_CTRL_EOF)
		return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
	return 0;
}

/* OpenSSL: a session has come that a later connection can resume. */
static int
on_new_session(SSL *ssl, SSL_SESSION *session)
{
	struct client_tls *tls = SSL_get_app_data(ssl);

	SSL_SESSION_free(tls->session);
	tls->session = session;
	return 1; /* ours now */
}

/* The last error of OpenSSL as text. */
static const char *
openssl_text(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = code != 0 ? ERR_reason_error_string(code) : NULL;

	return text != NULL ? text : "unknown error";
}

/* Read the CA's certificate and one's own. */
static enum tg_status
load_files(struct client_tls *tls, const struct tg_options *options, struct client_error *error)
{
	const char *key_file =
		options->key_file != NULL ? options->key_file : options->certificate_file;

	if (options->ca_file == NULL) {
		if (SSL_CTX_set_default_verify_paths(tls->context) != 1) {
			client_error_set(error, "the system's CA certificates: %s", openssl_text());
			return TG_CONFIG;
		}
	} else if (SSL_CTX_load_verify_file(tls->context, options->ca_file) != 1) {
		client_error_set(error, "ca_file %s: %s", options->ca_file, openssl_text());
		return TG_CONFIG;
	}
	if (options->certificate_file == NULL)
		return TG_OK;
	if (SSL_CTX_use_certificate_chain_file(tls->context, options->certificate_file) != 1) {
		client_error_set(error, "certificate_file %s: %s", options->certificate_file,
				 openssl_text());
		return TG_CONFIG;
	}
	if (SSL_CTX_use_PrivateKey_file(tls->context, key_file, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(tls->context) != 1) {
		client_error_set(error, "key_file %s: %s", key_file, openssl_text());
		return TG_CONFIG;
	}
	return TG_OK;
}

/* Make the BIO method. */
static bool
make_bio_method(struct client_tls *tls)
{
	tls->bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tallygate");
	return tls->bio_method != NULL && BIO_meth_set_write(tls->bio_method, on_bio_write) == 1 &&
	       BIO_meth_set_read(tls->bio_method, on_bio_read) == 1 &&
	       BIO_meth_set_ctrl(tls->bio_method, on_bio_ctrl) == 1;
}

enum tg_status
client_tls_new(const struct tg_options *options, struct client_error *error,
	       struct client_tls **ret_tls)
{
	struct client_tls *tls = calloc(1, sizeof(*tls));
	enum tg_status status = TG_NO_MEMORY;

	ERR_clear_error();
	client_error_set(error, "out of memory");
	if (tls == NULL)
		return TG_NO_MEMORY;
	tls->context = SSL_CTX_new(TLS_client_method());
	if (tls->context == NULL || !make_bio_method(tls))
		goto out;
	SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
	SSL_CTX_set_options(tls->context, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					       SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(tls->context,
				       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(tls->context, on_new_session);
	status = load_files(tls, options, error);
out:
	if (status != TG_OK) {
		client_tls_free(tls);
		return status;
	}
	*ret_tls = tls;
	return TG_OK;
}

void
client_tls_free(struct client_tls *tls)
{
	if (tls == NULL)
		return;
	client_tls_stop(tls);
	SSL_SESSION_free(tls->session);
	SSL_CTX_free(tls->context);
	BIO_meth_free(tls->bio_method);
	free(tls->name);
	free(tls);
}

/* Take another name; what was said to the one before is of no use with it. */
static bool
take_name(struct client_tls *tls, const char *name)
{
	uint8_t address[16];
	char *copy;

	if (tls->name != NULL && strcmp(tls->name, name) == 0)
		return true;
	copy = strdup(name);
	if (copy == NULL)
		return false;
	free(tls->name);
	tls->name = copy;
	tls->is_name_address =
		inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
	SSL_SESSION_free(tls->session);
	tls->session = NULL;
	return true;
}

/* Say which name the certificate must carry. */
static bool
set_name(struct client_tls *tls)
{
	if (tls->is_name_address)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), tls->name) == 1;
	return SSL_set1_host(tls->ssl, tls->name) == 1 &&
	       SSL_set_tlsext_host_name(tls->ssl, tls->name) == 1;
}

bool
client_tls_start(struct client_tls *tls, int fd, const char *name, struct client_error *error)
{
	BIO *bio = BIO_new(tls->bio_method);

	ERR_clear_error();
	client_tls_stop(tls);
	tls->ssl = SSL_new(tls->context);
	if (bio == NULL || tls->ssl == NULL || !take_name(tls, name) || !set_name(tls)) {
		client_error_set(error, "TLS: %s", openssl_text());
		BIO_free(bio);
		client_tls_stop(tls);
		return false;
	}
	BIO_set_data(bio, (void *)(intptr_t)fd);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio); /* takes the BIO */
	SSL_set_app_data(tls->ssl, tls);
	SSL_set_connect_state(tls->ssl);
	if (tls->session != NULL && SSL_SESSION_is_resumable(tls->session))
		SSL_set_session(tls->ssl, tls->session);
	return true;
}

/* Is this the other side's refusal of the certificate, or of its absence? */
static bool
is_certificate_alert(int reason)
{
	switch (reason) {
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return true;
	default:
		return false;
	}
}

/* What a call that did not succeed means. */
static enum client_progress
progress_of(struct client_tls *tls, int result, struct client_error *error)
{
	long verified;

	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return CLIENT_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return CLIENT_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		client_error_set(error, "the gateway closed the connection");
		return CLIENT_ENDED;
	case SSL_ERROR_SYSCALL:
		client_error_set(error, "connection lost: %s",
				 errno != 0 ? strerror(errno) : "end of stream");
		return CLIENT_ENDED;
	default:
		break;
	}
	verified = SSL_get_verify_result(tls->ssl);
	if (verified != X509_V_OK) {
		client_error_set(error, "the certificate of %s cannot be trusted: %s", tls->name,
				 X509_verify_cert_error_string(verified));
		return CLIENT_UNTRUSTED;
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		client_error_set(error, "connection lost: end of stream");
		return CLIENT_ENDED;
	}
	client_error_set(error, "TLS: %s", openssl_text());
	return is_certificate_alert(ERR_GET_REASON(ERR_peek_last_error())) ? CLIENT_UNTRUSTED
									   : CLIENT_FAILED;
}

enum client_progress
client_tls_handshake(struct client_tls *tls, struct client_error *error)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_do_handshake(tls->ssl);
	return result == 1 ? CLIENT_DONE : progress_of(tls, result, error);
}

enum client_progress
client_tls_read(struct client_tls *tls, void *data, size_t bytes, size_t *ret_bytes,
		struct client_error *error)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_read_ex(tls->ssl, data, bytes, ret_bytes);
	return result == 1 ? CLIENT_DONE : progress_of(tls, result, error);
}

enum client_progress
client_tls_write(struct client_tls *tls, const void *data, size_t bytes, size_t *ret_bytes,
		 struct client_error *error)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_write_ex(tls->ssl, data, bytes, ret_bytes);
	return result == 1 ? CLIENT_DONE : progress_of(tls, result, error);
}

bool
client_tls_export(struct client_tls *tls, uint8_t ret_exporter[TG_EXPORTER_BYTES],
		  struct client_error *error)
{
	ERR_clear_error();
	if (SSL_export_keying_material(tls->ssl, ret_exporter, TG_EXPORTER_BYTES, TG_EXPORTER_LABEL,
				       sizeof(TG_EXPORTER_LABEL) - 1, NULL, 0, 0) == 1)
		return true;
	client_error_set(error, "TLS exporter: %s", openssl_text());
	return false;
}

void
client_tls_stop(struct client_tls *tls)
{
	if (tls->ssl == NULL)
		return;
	ERR_clear_error();
	if (SSL_is_init_finished(tls->ssl))
		(void)SSL_shutdown(tls->ssl); /* sent if the socket takes it */
	ERR_clear_error();
	SSL_free(tls->ssl);
	tls->ssl = NULL;
}
