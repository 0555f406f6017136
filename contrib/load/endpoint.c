/*
 * endpoint.c - where the gateway is and how to be sure that it is the gateway.
 */
#include "contrib/load/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Say what was being done and why OpenSSL could not.  Returns false. */
static bool
tls_failure(struct failure *failure, const char *what, const char *file)
{
	char reason[160] = "unknown error";
	unsigned long code = ERR_peek_last_error();

	if (code != 0)
		ERR_error_string_n(code, reason, sizeof(reason));
	ERR_clear_error();
	return failure_set(failure, "%s%s%s: %s", what, file != NULL ? " " : "",
			   file != NULL ? file : "", reason);
}

static bool
set_up_tls(SSL_CTX *tls, const struct endpoint_options *options, struct failure *failure)
{
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	if (options->ca_file == NULL) {
		if (SSL_CTX_set_default_verify_paths(tls) != 1)
			return tls_failure(failure, "the system's certificates", NULL);
	} else if (SSL_CTX_load_verify_file(tls, options->ca_file) != 1) {
		return tls_failure(failure, "CA certificate", options->ca_file);
	}
	if (options->certificate_file == NULL)
		return true;
	if (SSL_CTX_use_certificate_chain_file(tls, options->certificate_file) != 1)
		return tls_failure(failure, "client certificate", options->certificate_file);
	if (options->key_file == NULL)
		return failure_set(failure, "a client certificate needs its key");
	if (SSL_CTX_use_PrivateKey_file(tls, options->key_file, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(tls) != 1)
		return tls_failure(failure, "client key", options->key_file);
	return true;
}

/* Find the first address of the host. */
static bool
look_up(struct endpoint *endpoint, const struct endpoint_options *options, struct failure *failure)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int error = getaddrinfo(options->host, options->port, &hints, &found);

	if (error != 0)
		return failure_set(failure, "%s port %s: %s", options->host, options->port,
				   gai_strerror(error));
	memcpy(&endpoint->address, found->ai_addr, found->ai_addrlen);
	endpoint->address_bytes = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

bool
endpoint_init(struct endpoint *endpoint, const struct endpoint_options *options,
	      struct failure *failure)
{
	memset(endpoint, 0, sizeof(*endpoint));
	if (!look_up(endpoint, options, failure))
		return false;
	snprintf(endpoint->server_name, sizeof(endpoint->server_name), "%s",
		 options->server_name != NULL ? options->server_name : options->host);
	if (options->is_plain)
		return true;
	endpoint->tls = SSL_CTX_new(TLS_client_method());
	if (endpoint->tls == NULL)
		return tls_failure(failure, "TLS", NULL);
	if (!set_up_tls(endpoint->tls, options, failure)) {
		endpoint_deinit(endpoint);
		return false;
	}
	return true;
}

void
endpoint_deinit(struct endpoint *endpoint)
{
	SSL_CTX_free(endpoint->tls);
	endpoint->tls = NULL;
}

int
endpoint_connect(const struct endpoint *endpoint)
{
	int one = 1;
	int fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->address_bytes) !=
		    0 &&
	    errno != EINPROGRESS) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

SSL *
endpoint_start_tls(const struct endpoint *endpoint, int socket)
{
	unsigned char address[sizeof(struct in6_addr)];
	const char *name = endpoint->server_name;
	SSL *tls = SSL_new(endpoint->tls);
	bool is_ok;

	if (tls == NULL)
		return NULL;
	if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
		is_ok = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), name) == 1;
	else
		is_ok = SSL_set1_host(tls, name) == 1 && SSL_set_tlsext_host_name(tls, name) == 1;
	if (!is_ok || SSL_set_fd(tls, socket) != 1) {
		SSL_free(tls);
		return NULL;
	}
	SSL_set_connect_state(tls);
	return tls;
}

void
endpoint_tls_reason(const SSL *tls, char *text, size_t bytes)
{
	unsigned long code = ERR_peek_last_error();
	long verdict = SSL_get_verify_result(tls);

	if (verdict != X509_V_OK)
		snprintf(text, bytes, "certificate of the server: %s",
			 X509_verify_cert_error_string(verdict));
	else if (code != 0 && ERR_reason_error_string(code) != NULL)
		snprintf(text, bytes, "TLS: %s", ERR_reason_error_string(code));
	else
		snprintf(text, bytes, "TLS: connection closed");
	ERR_clear_error();
}
