/*
 * pki.h - a certificate authority for tests, in a directory of its own under /tmp.
 */
#ifndef TG_TESTS_GATEWAY_PKI_H
#define TG_TESTS_GATEWAY_PKI_H

#include <stdbool.h>

#define PKI_PATH_BYTES 128

struct pki; /* made by pki_new() */

/* What a certificate says and who signs it. */
struct pki_request {
	const char *file;	 /* name.pem and name.key are written */
	const char *common_name; /* of the subject; NULL: none */
	const char *second_name; /* another CN; NULL: none */
	long from_s, until_s;	 /* from now */
	const char *purpose;	 /* extended key usage: "clientAuth"; NULL: none said */
	bool is_rsa;		 /* else ECDSA on P-256 */
	bool is_stranger;	 /* signed by an authority that nobody knows */
	bool is_revoked;	 /* in the revocation list that pki_write_crl() writes next */
};

/* Authority "ca.pem", and "server.pem" for 127.0.0.1 and localhost signed by it. */
struct pki *pki_new(void);

/* Remove the files too; fails when they cannot be removed, or somebody else did. */
void pki_free(struct pki *pki);

/* Path of a file in the directory. */
const char *pki_path(const struct pki *pki, const char *file, char path[PKI_PATH_BYTES]);

/* Issue a certificate. */
void pki_issue(struct pki *pki, const struct pki_request *request);

/* Write "crl.pem" with all that are revoked by now. */
void pki_write_crl(struct pki *pki);

/* Write a file of so many equal bytes that only its owner may read: a key file. */
void pki_write_secret(const struct pki *pki, const char *file, int byte, unsigned count);

#endif
