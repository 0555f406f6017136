/*
 * pki.c - keys, certificates and revocation lists by OpenSSL, for tests.
 */
#include "tests/gateway/pki.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct authority {
	EVP_PKEY *key;
	X509 *certificate;
};

struct pki {
	char directory[32];
	struct authority own, stranger;
	X509_CRL *crl;
	long serial;
};

const char *
pki_path(const struct pki *pki, const char *file, char path[PKI_PATH_BYTES])
{
	snprintf(path, PKI_PATH_BYTES, "%s/%s", pki->directory, file);
	return path;
}

/* Open a file of the directory for writing, for its owner only. */
static FILE *
create(const struct pki *pki, const char *file)
{
	char path[PKI_PATH_BYTES];
	int fd = open(pki_path(pki, file, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *stream;

	assert_true(fd >= 0);
	stream = fdopen(fd, "w");
	assert_non_null(stream);
	return stream;
}

static void
add_name(X509_NAME *name, const char *text)
{
	if (text != NULL)
		assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
							    (const unsigned char *)text, -1, -1, 0),
				 1);
}

static void
add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* A certificate without a signature, valid for so long. */
static X509 *
begin_certificate(struct pki *pki, EVP_PKEY *key, long from_s, long until_s)
{
	X509 *certificate = X509_new();

	assert_non_null(certificate);
	assert_int_equal(X509_set_version(certificate, 2), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++pki->serial);
	X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
	X509_gmtime_adj(X509_getm_notAfter(certificate), until_s);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	return certificate;
}

static void
make_authority(struct pki *pki, const char *name, struct authority *authority)
{
	authority->key = EVP_EC_gen("P-256");
	assert_non_null(authority->key);
	authority->certificate = begin_certificate(pki, authority->key, -7200, 1L << 24);
	add_name(X509_get_subject_name(authority->certificate), name);
	assert_int_equal(X509_set_issuer_name(authority->certificate,
					      X509_get_subject_name(authority->certificate)),
			 1);
	add_extension(authority->certificate, authority->certificate, NID_basic_constraints,
		      "critical,CA:TRUE");
	add_extension(authority->certificate, authority->certificate, NID_key_usage,
		      "critical,keyCertSign,cRLSign");
	assert_true(X509_sign(authority->certificate, authority->key, EVP_sha256()) > 0);
}

struct pki *
pki_new(void)
{
	struct pki *pki = calloc(1, sizeof(*pki));
	FILE *file;

	assert_non_null(pki);
	snprintf(pki->directory, sizeof(pki->directory), "/tmp/tg-pki-XXXXXX");
	assert_non_null(mkdtemp(pki->directory));
	make_authority(pki, "test authority", &pki->own);
	make_authority(pki, "strange authority", &pki->stranger);
	file = create(pki, "ca.pem");
	assert_int_equal(PEM_write_X509(file, pki->own.certificate), 1);
	fclose(file);
	pki->crl = X509_CRL_new();
	assert_non_null(pki->crl);
	pki_issue(pki, &(struct pki_request){ .file = "server",
					      .common_name = "127.0.0.1",
					      .from_s = -3600,
					      .until_s = 1L << 20,
					      .purpose = "serverAuth" });
	return pki;
}

static void
free_authority(struct authority *authority)
{
	X509_free(authority->certificate);
	EVP_PKEY_free(authority->key);
}

/* Remove the directory and its files.  0, or why it is still there or was gone already. */
static int
remove_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (directory == NULL)
		return errno;
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
	closedir(directory);
	return rmdir(path) == 0 ? 0 : errno;
}

void
pki_free(struct pki *pki)
{
	struct pki copy = *pki;
	int error = remove_directory(pki->directory);

	X509_CRL_free(pki->crl);
	free_authority(&pki->own);
	free_authority(&pki->stranger);
	free(pki);
	/* Last, as it does not return. */
	if (error != 0)
		fail_msg("%s cannot be removed: %s", copy.directory, strerror(error));
}

/* Put a certificate on the list of those revoked. */
static void
put_on_list(struct pki *pki, X509 *certificate)
{
	X509_REVOKED *revoked = X509_REVOKED_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, -60);

	assert_int_equal(X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(certificate)),
			 1);
	assert_int_equal(X509_REVOKED_set_revocationDate(revoked, now), 1);
	assert_int_equal(X509_CRL_add0_revoked(pki->crl, revoked), 1);
	ASN1_TIME_free(now);
}

void
pki_issue(struct pki *pki, const struct pki_request *request)
{
	const struct authority *authority = request->is_stranger ? &pki->stranger : &pki->own;
	EVP_PKEY *key = request->is_rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	X509 *certificate = begin_certificate(pki, key, request->from_s, request->until_s);
	char name[64];
	FILE *file;

	add_name(X509_get_subject_name(certificate), request->common_name);
	add_name(X509_get_subject_name(certificate), request->second_name);
	X509_set_issuer_name(certificate, X509_get_subject_name(authority->certificate));
	add_extension(certificate, authority->certificate, NID_basic_constraints, "CA:FALSE");
	if (request->purpose != NULL)
		add_extension(certificate, authority->certificate, NID_ext_key_usage,
			      request->purpose);
	if (request->purpose != NULL && strcmp(request->purpose, "serverAuth") == 0)
		add_extension(certificate, authority->certificate, NID_subject_alt_name,
			      "IP:127.0.0.1,DNS:localhost");
	assert_true(X509_sign(certificate, authority->key, EVP_sha256()) > 0);
	if (request->is_revoked)
		put_on_list(pki, certificate);

	snprintf(name, sizeof(name), "%s.pem", request->file);
	file = create(pki, name);
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	fclose(file);
	snprintf(name, sizeof(name), "%s.key", request->file);
	file = create(pki, name);
	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

void
pki_write_crl(struct pki *pki)
{
	ASN1_TIME *from = X509_gmtime_adj(NULL, -60), *until = X509_gmtime_adj(NULL, 86400);
	FILE *file = create(pki, "crl.pem");

	X509_CRL_set_version(pki->crl, 1);
	X509_CRL_set_issuer_name(pki->crl, X509_get_subject_name(pki->own.certificate));
	X509_CRL_set1_lastUpdate(pki->crl, from);
	X509_CRL_set1_nextUpdate(pki->crl, until);
	X509_CRL_sort(pki->crl);
	assert_true(X509_CRL_sign(pki->crl, pki->own.key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509_CRL(file, pki->crl), 1);
	fclose(file);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
}

void
pki_write_secret(const struct pki *pki, const char *name, int byte, unsigned count)
{
	FILE *file = create(pki, name);

	while (count-- > 0)
		fputc(byte, file);
	fclose(file);
}
