/*
 * authority.c - making keys and certificates by OpenSSL.
 */
#include "contrib/certify/authority.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_S (24L * 3600)

static const char *const files[] = { "ca.pem", "terminal.pem", "terminal.key", "key" };

/* A certificate and its key. */
struct pair {
	X509 *certificate;
	EVP_PKEY *key;
};

static void
free_pair(struct pair *pair)
{
	X509_free(pair->certificate);
	EVP_PKEY_free(pair->key);
}

static bool
add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool is_added;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	is_added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return is_added;
}

static bool
add_name(X509 *certificate, const char *name)
{
	return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
					  (const unsigned char *)name, -1, -1, 0) == 1;
}

/* What a certificate says besides its name. */
struct wording {
	const char *name;
	const char *purpose; /* extended key usage; NULL: an authority's */
	const char *places;  /* alternative names; NULL: none */
};

/* issuer NULL: it signs itself. */
static bool
make_pair(struct pair *pair, const struct pair *issuer, const struct wording *wording)
{
	const struct pair *signer = issuer != NULL ? issuer : pair;
	uint64_t serial;
	X509 *c;

	pair->key = EVP_EC_gen("P-256");
	pair->certificate = c = X509_new();
	if (pair->key == NULL || c == NULL || RAND_bytes((void *)&serial, sizeof(serial)) != 1)
		return false;
	return X509_set_version(c, 2) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(c), serial >> 1 | 1) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(c), -3600) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(c), 30 * DAY_S) != NULL &&
	       X509_set_pubkey(c, pair->key) == 1 && add_name(c, wording->name) &&
	       X509_set_issuer_name(c, X509_get_subject_name(signer->certificate)) == 1 &&
	       add_extension(c, signer->certificate, NID_basic_constraints,
			     wording->purpose == NULL ? "critical,CA:TRUE" : "CA:FALSE") &&
	       (wording->purpose == NULL ||
		add_extension(c, signer->certificate, NID_ext_key_usage, wording->purpose)) &&
	       (wording->places == NULL ||
		add_extension(c, signer->certificate, NID_subject_alt_name, wording->places)) &&
	       X509_sign(c, signer->key, EVP_sha256()) > 0;
}

/* A file of the folder for its owner only; NULL with the reason. */
static FILE *
create(const struct authority *authority, const char *file, struct failure *failure)
{
	char path[AUTHORITY_PATH_BYTES + 16];
	FILE *stream;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", authority->folder, file);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	stream = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (stream == NULL)
		(void)failure_set_errno(failure, errno, "%s", path);
	return stream;
}

static bool
write_certificate(const struct authority *authority, const char *file, X509 *certificate,
		  struct failure *failure)
{
	FILE *stream = create(authority, file, failure);
	bool is_written = stream != NULL && PEM_write_X509(stream, certificate) == 1;

	return stream != NULL && fclose(stream) == 0 && is_written;
}

static bool
write_private_key(const struct authority *authority, const char *file, EVP_PKEY *key,
		  struct failure *failure)
{
	FILE *stream = create(authority, file, failure);
	bool is_written = stream != NULL &&
			  PEM_write_PrivateKey(stream, key, NULL, NULL, 0, NULL, NULL) == 1;

	return stream != NULL && fclose(stream) == 0 && is_written;
}

/* The terminal's own key, 64 hexadecimal digits. */
static bool
write_key(struct authority *authority, struct failure *failure)
{
	FILE *stream = create(authority, "key", failure);

	if (stream == NULL)
		return false;
	for (size_t i = 0; i < sizeof(authority->key); i++)
		fprintf(stream, "%02x", authority->key[i]);
	fputc('\n', stream);
	return fclose(stream) == 0;
}

/* What the harness speaks TLS with; ca: whose clients' certificates it takes. */
static SSL_CTX *
make_context(const struct pair *pair, X509 *ca)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context == NULL)
		return NULL;
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_use_certificate(context, pair->certificate) == 1 &&
	    SSL_CTX_use_PrivateKey(context, pair->key) == 1 &&
	    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca) == 1 &&
	    SSL_CTX_add_client_CA(context, ca) == 1)
		return context;
	SSL_CTX_free(context);
	return NULL;
}

/* A server's certificate, and the context that shows it. */
static bool
make_face(struct authority *authority, enum authority_face face, const struct pair *signer,
	  const struct pair *ca)
{
	const struct wording wording = {
		.name = "tally-certify",
		.purpose = "serverAuth",
		.places = face == FACE_OTHER ? "DNS:elsewhere.invalid"
					     : "IP:127.0.0.1,IP:::1,DNS:localhost",
	};
	struct pair pair = { NULL, NULL };

	if (make_pair(&pair, signer, &wording))
		authority->faces[face] = make_context(&pair, ca->certificate);
	free_pair(&pair);
	return authority->faces[face] != NULL;
}

/* Certificates of all sides. */
static bool
make_certificates(struct authority *authority, struct failure *failure)
{
	char name[32];
	const struct wording own = { .name = "tally-certify authority" };
	const struct wording other = { .name = "strange authority" };
	const struct wording terminal = { .name = name, .purpose = "clientAuth" };
	struct pair ca = { NULL, NULL }, stranger = { NULL, NULL }, client = { NULL, NULL };
	bool is_made;

	snprintf(name, sizeof(name), "terminal:%u", authority->terminal);
	is_made = make_pair(&ca, NULL, &own) && make_pair(&stranger, NULL, &other) &&
		  make_pair(&client, &ca, &terminal) &&
		  make_face(authority, FACE_TRUE, &ca, &ca) &&
		  make_face(authority, FACE_STRANGER, &stranger, &ca) &&
		  make_face(authority, FACE_OTHER, &ca, &ca);
	if (!is_made)
		(void)failure_set(failure, "OpenSSL cannot make certificates");
	is_made = is_made && write_certificate(authority, "ca.pem", ca.certificate, failure) &&
		  write_certificate(authority, "terminal.pem", client.certificate, failure) &&
		  write_private_key(authority, "terminal.key", client.key, failure);
	free_pair(&ca);
	free_pair(&stranger);
	free_pair(&client);
	return is_made;
}

bool
authority_make(struct authority *authority, const char *folder, uint32_t terminal,
	       struct failure *failure)
{
	memset(authority, 0, sizeof(*authority));
	authority->terminal = terminal;
	authority->is_own_folder = folder == NULL;
	if (snprintf(authority->folder, sizeof(authority->folder), "%s",
		     folder != NULL ? folder : "/tmp/tally-certify-XXXXXX") >=
	    (int)sizeof(authority->folder))
		return failure_set(failure, "the name of the folder is too long");
	if (authority->is_own_folder && mkdtemp(authority->folder) == NULL) {
		authority->is_own_folder = false;
		return failure_set_errno(failure, errno, "%s", authority->folder);
	}
	if (RAND_bytes(authority->key, sizeof(authority->key)) != 1)
		return failure_set(failure, "there are no random numbers");
	return write_key(authority, failure) && make_certificates(authority, failure);
}

void
authority_free(struct authority *authority)
{
	char path[AUTHORITY_PATH_BYTES + 16];

	for (int face = 0; face < FACE_COUNT; face++)
		SSL_CTX_free(authority->faces[face]);
	tg_auth_clear(authority->key, sizeof(authority->key));
	if (!authority->is_own_folder)
		return;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", authority->folder, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(authority->folder);
}
