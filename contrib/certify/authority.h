/*
 * authority.h - certificates, and a terminal's key, of one run's own.
 *
 * Everything a terminal's software needs to know the harness by, and one certificate of a stranger
 * and one for another name, which it must refuse.  Made anew each run, in a folder that the
 * software under test reads from.
 */
#ifndef TG_CONTRIB_CERTIFY_AUTHORITY_H
#define TG_CONTRIB_CERTIFY_AUTHORITY_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "contrib/common/failure.h"
#include "protocol/auth.h"

#define AUTHORITY_PATH_BYTES 256
#define AUTHORITY_GENERATION 1
#define AUTHORITY_INSTANCE "certify"

/* Which certificate the harness shows. */
enum authority_face {
	FACE_TRUE,     /* as it should be */
	FACE_STRANGER, /* signed by somebody whom nobody knows */
	FACE_OTHER,    /* signed as it should be, for another name */
	FACE_COUNT,
};

struct authority {
	char folder[AUTHORITY_PATH_BYTES]; /* with ca.pem, terminal.pem, terminal.key, key */
	bool is_own_folder;		   /* made by us: removed in the end */
	uint32_t terminal;		   /* number of the terminal under test */
	uint8_t key[TG_KEY_BYTES];	   /* its key, as in the file: 64 hexadecimal digits */
	SSL_CTX *faces[FACE_COUNT];	   /* owned */
};

/*
 * Make all of it.  folder: where the files go, it must be there; NULL: one of our own.
 * False with the reason; authority_free() in either case.
 */
bool authority_make(struct authority *authority, const char *folder, uint32_t terminal,
		    struct failure *failure);
void authority_free(struct authority *authority);

#endif
